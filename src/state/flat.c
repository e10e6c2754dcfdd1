#include "state/flat.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "core/decode.h"
#include "crypto/sha256.h"
#include "state/rlp.h"

#define FORMAT      1u
#define NIBBLES_MAX 64u

enum account_flag { FLAG_STORAGE = 1, FLAG_CODE = 2, FLAG_ADMIN = 4, FLAGS_ALL = 7 };

void au_flat_init(struct au_flat *flat, const struct au_kv *kv,
                  const struct au_kv_snapshot *snapshot)
{
    *flat = (struct au_flat){.kv = *kv, .snapshot = snapshot};
    au_buf_init(&flat->value, AU_FLAT_CODE_SIZE_MAX);
}

void au_flat_use_cache(struct au_flat *flat, struct au_object_cache *objects, uint64_t height)
{
    flat->objects = objects;
    flat->height = height;
}

void au_flat_done(struct au_flat *flat)
{
    au_buf_done(&flat->value);
}

/* ---- keys ---- */

struct au_hash au_flat_account_key(const struct au_address *address)
{
    return au_sha256((struct au_bytes){address->bytes, AU_ADDRESS_SIZE});
}

struct au_hash au_flat_key_hash(struct au_bytes key)
{
    return au_sha256(key);
}

struct au_flat_key au_flat_key(const struct au_hash *owner, struct au_bytes key)
{
    struct au_flat_key flat_key;
    AU_ASSERT(key.size <= AU_KEY_SIZE_MAX);
    memcpy(flat_key.bytes, owner->bytes, AU_HASH_SIZE);
    if (key.size > 0) memcpy(flat_key.bytes + AU_HASH_SIZE, key.data, key.size);
    flat_key.size = AU_HASH_SIZE + key.size;
    return flat_key;
}

void au_flat_key_pass(struct au_flat_key *key)
{
    while (key->size > 0 && key->bytes[key->size - 1] == 0xff) {
        key->size--;
    }
    if (key->size > 0) key->bytes[key->size - 1]++;
}

/* ---- records and leaves ---- */

void au_flat_encode_account(struct au_buf *buf, const struct au_account *account)
{
    unsigned flags = (account->has_storage ? FLAG_STORAGE : 0u) |
                     (account->has_code ? FLAG_CODE : 0u) | (account->has_admin ? FLAG_ADMIN : 0u);
    au_buf_put_u8(buf, FORMAT);
    au_buf_put_u8(buf, (uint8_t)flags);
    au_buf_put_u64(buf, account->nonce);
    au_buf_put_u64(buf, account->balance);
    au_buf_put_u64(buf, account->stake);
    if (account->has_storage) au_buf_put(buf, account->storage_root.bytes, AU_HASH_SIZE);
    if (account->has_code) au_buf_put(buf, account->code_hash.bytes, AU_HASH_SIZE);
    if (account->has_admin) au_buf_put(buf, account->admin.bytes, AU_ADDRESS_SIZE);
}

bool au_flat_decode_account(struct au_bytes record, struct au_account *out_account)
{
    struct au_decode decode;
    au_decode_init(&decode, record);
    *out_account = (struct au_account){.exists = true};
    if (au_decode_u8(&decode) != FORMAT) au_decode_fail(&decode, "an unknown format");
    uint8_t flags = au_decode_u8(&decode);
    if (flags > FLAGS_ALL) au_decode_fail(&decode, "unknown flags");
    out_account->nonce = au_decode_u64(&decode);
    out_account->balance = au_decode_u64(&decode);
    out_account->stake = au_decode_u64(&decode);
    out_account->has_storage = (flags & FLAG_STORAGE) != 0;
    out_account->has_code = (flags & FLAG_CODE) != 0;
    out_account->has_admin = (flags & FLAG_ADMIN) != 0;
    if (out_account->has_storage) {
        au_decode_raw(&decode, out_account->storage_root.bytes, AU_HASH_SIZE);
    }
    if (out_account->has_code) au_decode_raw(&decode, out_account->code_hash.bytes, AU_HASH_SIZE);
    if (out_account->has_admin) au_decode_raw(&decode, out_account->admin.bytes, AU_ADDRESS_SIZE);
    return au_decode_is_done(&decode);
}

void au_flat_encode_slot(struct au_buf *buf, struct au_bytes value)
{
    au_buf_put_u8(buf, FORMAT);
    au_buf_put_bytes(buf, value);
}

bool au_flat_decode_slot(struct au_bytes record, struct au_bytes *out_value)
{
    if (record.size == 0 || record.data[0] != FORMAT) return false;
    *out_value = (struct au_bytes){record.data + 1, record.size - 1};
    return true;
}

static struct au_bytes hash_or_none(bool has, const uint8_t *bytes)
{
    return has ? (struct au_bytes){bytes, AU_HASH_SIZE} : (struct au_bytes){0};
}

void au_flat_account_leaf(struct au_buf *buf, const struct au_account *account)
{
    struct au_rlp_list list = au_rlp_begin_list(buf);
    au_rlp_put_u64(buf, account->nonce);
    au_rlp_put_u64(buf, account->balance);
    au_rlp_put_u64(buf, account->stake);
    au_rlp_put_bytes(buf, hash_or_none(account->has_storage, account->storage_root.bytes));
    au_rlp_put_bytes(buf, hash_or_none(account->has_code, account->code_hash.bytes));
    au_rlp_put_bytes(buf, hash_or_none(account->has_admin, account->admin.bytes));
    au_rlp_end_list(buf, list);
}

void au_flat_slot_leaf(struct au_buf *buf, struct au_bytes value)
{
    au_rlp_put_bytes(buf, value);
}

/* ---- reading ---- */

static enum au_err read(struct au_flat *flat, enum au_cf cf, struct au_bytes key)
{
    return au_kv_get(&flat->kv, flat->snapshot, cf, key, &flat->value);
}

static enum au_err read_account(struct au_flat *flat, const struct au_address *address,
                                struct au_account *out_account)
{
    struct au_hash key = au_flat_account_key(address);
    struct au_account account = {0};
    enum au_err err = read(flat, AU_CF_ACC, (struct au_bytes){key.bytes, AU_HASH_SIZE});
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    if (err == AU_OK && !au_flat_decode_account(au_buf_bytes(&flat->value), &account)) {
        return AU_ERR_MALFORMED;
    }
    *out_account = account;
    return AU_OK;
}

enum au_err au_flat_account(struct au_flat *flat, const struct au_address *address,
                            struct au_account *out_account)
{
    if (!flat->objects) return read_account(flat, address, out_account);
    if (au_object_cache_get_account(flat->objects, flat->height, address, out_account))
        return AU_OK;
    AU_TRY(read_account(flat, address, out_account));
    au_object_cache_put_account(flat->objects, flat->height, address, out_account);
    return AU_OK;
}

/* Accounts that are to be read, in the order of their keys. */
struct warming {
    struct au_flat *flat;
    struct wanted {
        struct au_hash key;
        const struct au_address *address;
    } wanted[AU_FLAT_WARM_MAX];
    size_t count;
};

static int compare_wanted(const void *a, const void *b)
{
    const struct wanted *left = a;
    const struct wanted *right = b;
    return memcmp(left->key.bytes, right->key.bytes, AU_HASH_SIZE);
}

static void drop_doubles(struct warming *warming)
{
    struct wanted *wanted = warming->wanted;
    size_t kept = 0;
    for (size_t i = 0; i < warming->count; i++) {
        if (kept > 0 && compare_wanted(&wanted[i], &wanted[kept - 1]) == 0) continue;
        wanted[kept++] = wanted[i];
    }
    warming->count = kept;
}

static enum au_err take_account(void *context, size_t index, const struct au_bytes *record)
{
    const struct warming *warming = context;
    const struct au_flat *flat = warming->flat;
    struct au_account account = {0};
    if (record && !au_flat_decode_account(*record, &account)) return AU_ERR_MALFORMED;
    au_object_cache_put_account(flat->objects, flat->height, warming->wanted[index].address,
                                &account);
    return AU_OK;
}

enum au_err au_flat_warm(struct au_flat *flat, const struct au_address *const *addresses,
                         size_t count)
{
    AU_ASSERT(count <= AU_FLAT_WARM_MAX);
    if (!flat->objects) return AU_OK;
    struct warming warming;
    struct au_bytes keys[AU_FLAT_WARM_MAX];
    const struct au_address *lacks[AU_FLAT_WARM_MAX];
    warming.flat = flat;
    warming.count = au_object_cache_lacks(flat->objects, flat->height, addresses, count, lacks);
    for (size_t i = 0; i < warming.count; i++) {
        warming.wanted[i] = (struct wanted){au_flat_account_key(lacks[i]), lacks[i]};
    }
    qsort(warming.wanted, warming.count, sizeof(*warming.wanted), compare_wanted);
    drop_doubles(&warming);
    for (size_t i = 0; i < warming.count; i++) {
        keys[i] = (struct au_bytes){warming.wanted[i].key.bytes, AU_HASH_SIZE};
    }
    struct au_kv_many many = {AU_CF_ACC, keys, warming.count, &warming, take_account};
    return au_kv_get_many(&flat->kv, flat->snapshot, &many);
}

static enum au_err read_slot(struct au_flat *flat, const struct au_slot_id *id,
                             struct au_slot *out_slot)
{
    struct au_hash halves[2] = {au_flat_account_key(id->contract), au_flat_key_hash(id->key)};
    struct au_slot slot = {0};
    enum au_err err = read(flat, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)});
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    slot.exists = err == AU_OK;
    if (slot.exists && !au_flat_decode_slot(au_buf_bytes(&flat->value), &slot.value)) {
        return AU_ERR_MALFORMED;
    }
    *out_slot = slot;
    return AU_OK;
}

enum au_err au_flat_slot(struct au_flat *flat, const struct au_address *contract,
                         struct au_bytes key, struct au_slot *out_slot)
{
    const struct au_slot_id id = {contract, key};
    if (!flat->objects) return read_slot(flat, &id, out_slot);
    if (au_object_cache_get_slot(flat->objects, flat->height, &id, &flat->value, out_slot)) {
        return AU_OK;
    }
    AU_TRY(read_slot(flat, &id, out_slot));
    au_object_cache_put_slot(flat->objects, flat->height, &id, out_slot);
    return AU_OK;
}

enum au_err au_flat_code(struct au_flat *flat, const struct au_hash *code_hash,
                         struct au_bytes *out_code)
{
    AU_TRY(read(flat, AU_CF_COD, (struct au_bytes){code_hash->bytes, AU_HASH_SIZE}));
    *out_code = au_buf_bytes(&flat->value);
    return AU_OK;
}

/* ---- the source of an overlay ---- */

static enum au_err source_account(void *context, const struct au_address *address,
                                  struct au_account *out_account)
{
    return au_flat_account(context, address, out_account);
}

static enum au_err source_slot(void *context, const struct au_address *contract,
                               struct au_bytes key, struct au_arena *arena,
                               struct au_slot *out_slot)
{
    struct au_slot slot;
    AU_TRY(au_flat_slot(context, contract, key, &slot));
    if (arena) AU_TRY(au_arena_copy(arena, slot.value, &slot.value));
    *out_slot = slot;
    return AU_OK;
}

static enum au_err source_keys_open(void *context, const struct au_address *contract,
                                    struct au_bytes prefix, struct au_bytes lower, void **out_keys)
{
    const struct au_flat *flat = context;
    struct au_hash owner = au_flat_account_key(contract);
    struct au_flat_key from = au_flat_key(&owner, lower);
    struct au_flat_key end = au_flat_key(&owner, prefix);
    au_flat_key_pass(&end);
    struct au_kv_range range = {
        .cf = AU_CF_KEY, .lower = {from.bytes, from.size}, .upper = {end.bytes, end.size}};
    struct au_kv_iter *iter = au_mem_new(sizeof(*iter));
    if (!iter) return AU_ERR_NO_MEMORY;
    enum au_err err = au_kv_iter_open(&flat->kv, flat->snapshot, &range, iter);
    if (err != AU_OK) {
        au_mem_free(iter);
        return err;
    }
    *out_keys = iter;
    return AU_OK;
}

static enum au_err source_keys_next(void *keys, struct au_bytes *out_key)
{
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_next(keys, &entry));
    if (entry.key.size <= AU_HASH_SIZE) return AU_ERR_MALFORMED;
    *out_key = (struct au_bytes){entry.key.data + AU_HASH_SIZE, entry.key.size - AU_HASH_SIZE};
    return out_key->size <= AU_KEY_SIZE_MAX ? AU_OK : AU_ERR_MALFORMED;
}

static void source_keys_close(void *keys)
{
    au_kv_iter_close(keys);
    au_mem_free(keys);
}

struct au_state_source au_flat_source(struct au_flat *flat)
{
    return (struct au_state_source){
        .context = flat,
        .get_account = source_account,
        .get_slot = source_slot,
        .keys_open = source_keys_open,
        .keys_next = source_keys_next,
        .keys_close = source_keys_close,
    };
}

static const struct au_hash account_trie; /* zero: the owner that no contract is */

/* ---- leaves of the tries ---- */

/* The least key of the flat state that begins with nibbles. */
static size_t put_prefix(uint8_t *key, const struct au_hash *owner, const uint8_t *nibbles,
                         size_t count)
{
    size_t size = 0;
    if (!au_hash_is_equal(owner, &account_trie)) {
        memcpy(key, owner->bytes, AU_HASH_SIZE);
        size = AU_HASH_SIZE;
    }
    for (size_t i = 0; i < count; i += 2) {
        unsigned low = i + 1 < count ? nibbles[i + 1] : 0u;
        key[size++] = (uint8_t)((unsigned)nibbles[i] << 4 | low);
    }
    return size;
}

static bool has_prefix(const struct au_hash *hash, const uint8_t *nibbles, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint8_t byte = hash->bytes[i / 2];
        if ((i % 2 == 0 ? byte >> 4 : byte & 15) != nibbles[i]) return false;
    }
    return true;
}

static enum au_err put_leaf(const struct au_hash *owner, struct au_bytes record,
                            struct au_buf *leaf)
{
    if (au_hash_is_equal(owner, &account_trie)) {
        struct au_account account;
        if (!au_flat_decode_account(record, &account)) return AU_ERR_MALFORMED;
        au_flat_account_leaf(leaf, &account);
    } else {
        struct au_bytes value;
        if (!au_flat_decode_slot(record, &value)) return AU_ERR_MALFORMED;
        au_flat_slot_leaf(leaf, value);
    }
    return leaf->err;
}

/* NOT_FOUND: no leaf of the place is left. */
static enum au_err next_leaf(struct au_kv_iter *iter, const struct au_flat_place *place,
                             struct au_hash *out_key, struct au_kv_entry *out_entry)
{
    size_t owner_size = au_hash_is_equal(place->owner, &account_trie) ? 0 : AU_HASH_SIZE;
    do {
        AU_TRY(au_kv_iter_next(iter, out_entry));
        if (out_entry->key.size != owner_size + AU_HASH_SIZE ||
            memcmp(out_entry->key.data, place->owner->bytes, owner_size) != 0) {
            return AU_ERR_NOT_FOUND;
        }
        memcpy(out_key->bytes, out_entry->key.data + owner_size, AU_HASH_SIZE);
        if (!has_prefix(out_key, place->nibbles.data, place->nibbles.size)) {
            return AU_ERR_NOT_FOUND;
        }
    } while (place->filter && place->filter->is_passed(place->filter->context, out_key));
    return AU_OK;
}

enum au_err au_flat_leaf(struct au_flat *flat, const struct au_flat_place *place,
                         struct au_hash *out_key, struct au_buf *leaf)
{
    uint8_t lower[2 * AU_HASH_SIZE];
    bool is_account = au_hash_is_equal(place->owner, &account_trie);
    AU_ASSERT(place->nibbles.size <= NIBBLES_MAX);
    size_t size = put_prefix(lower, place->owner, place->nibbles.data, place->nibbles.size);
    struct au_kv_range range = {.cf = is_account ? AU_CF_ACC : AU_CF_STO, .lower = {lower, size}};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(&flat->kv, flat->snapshot, &range, &iter));
    enum au_err err = next_leaf(&iter, place, out_key, &entry);
    if (err == AU_OK) err = put_leaf(place->owner, entry.value, leaf);
    au_kv_iter_close(&iter);
    return err;
}

enum au_err au_flat_key_leaf(struct au_flat *flat, const struct au_hash *owner,
                             const struct au_hash *key, struct au_buf *leaf)
{
    struct au_hash halves[2] = {*owner, *key};
    bool is_account = au_hash_is_equal(owner, &account_trie);
    struct au_bytes slot_key = {halves[0].bytes, sizeof(halves)};
    struct au_bytes account_key = {key->bytes, AU_HASH_SIZE};
    AU_TRY(read(flat, is_account ? AU_CF_ACC : AU_CF_STO, is_account ? account_key : slot_key));
    return put_leaf(owner, au_buf_bytes(&flat->value), leaf);
}
