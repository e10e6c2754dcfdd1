/* One pass over the flat state writes the chunks up to their ends. An edge is known when the trie
 * right of it is built, in the end: edges are kept until then. */
#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"
#include "core/limits.h"
#include "state/snapshot_internal.h"

#define CHUNK_SIZE_PRESET ((size_t)AU_CHUNK_SIZE_MAX - 2 * AU_TRIE_EDGE_SIZE_MAX - 16)
#define BUF_SIZE_MAX      ((size_t)1 << 30) /* bytes */
#define CUTS_MIN          64u
#define KEYS_MIN          64u
#define KEYS_PRESET       (1u << 18)

/* Where a chunk ends. */
struct cut {
    struct au_hash account; /* the last one's key */
    struct au_hash slot;    /* if has_slot: the last one's, and more of the contract's follow */
    bool has_slot;
    struct au_buf account_edge;
    struct au_buf storage_edge;
};

struct raw_key {
    struct au_hash hash;
    uint16_t size;
    uint8_t bytes[AU_KEY_SIZE_MAX];
};

/* The raw keys of a contract's slots from one hash on, as many as there is room for. */
struct raw_keys {
    struct raw_key *items; /* sorted by hash */
    size_t count;
    size_t capacity;
    size_t count_max;
    size_t at; /* the next to be used */
};

struct writer {
    const struct au_chunks_source *source;
    const struct au_chunk_sink *sink;
    struct au_buf *message;
    struct au_chunks_count count;
    size_t chunk_size;
    struct au_trie_build accounts;
    struct au_trie_build storage;
    struct au_kv_iter slots;
    struct au_kv_entry slot; /* the next one */
    bool has_slot;
    struct raw_keys keys;
    struct au_chunk_codes codes;
    struct au_flat flat;
    struct au_buf chunk;
    struct au_buf group; /* items that stay together, not in a chunk yet */
    struct au_buf leaf;
    struct cut *cuts;
    size_t cut_count;
    size_t cut_capacity;
};

static enum au_err fail(struct writer *writer, const char *what, struct au_bytes key)
{
    au_buf_put_text(writer->message, what);
    au_buf_put_text(writer->message, " ");
    au_hex_put(writer->message, key);
    return AU_ERR_MALFORMED;
}

static void put_sized(struct au_buf *buf, struct au_bytes bytes)
{
    au_buf_put_u32(buf, (uint32_t)bytes.size);
    au_buf_put_bytes(buf, bytes);
}

/* ---- edges ---- */

/* The cuts below a branch that has just been closed are the last ones. */
static enum au_err on_account_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct writer *writer = context;
    (void)start;
    for (size_t i = writer->cut_count; i > 0; i--) {
        struct cut *cut = &writer->cuts[i - 1];
        if (au_nibbles_shared(&cut->account, &node->path) < node->depth) break;
        au_trie_edge_put(&cut->account_edge, node, &cut->account);
        AU_TRY(cut->account_edge.err);
    }
    return AU_OK;
}

static enum au_err on_storage_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct writer *writer = context;
    (void)start;
    for (size_t i = writer->cut_count; i > 0; i--) {
        struct cut *cut = &writer->cuts[i - 1];
        if (!cut->has_slot || !au_hash_is_equal(&cut->account, &writer->accounts.key)) break;
        if (au_nibbles_shared(&cut->slot, &node->path) < node->depth) break;
        au_trie_edge_put(&cut->storage_edge, node, &cut->slot);
        AU_TRY(cut->storage_edge.err);
    }
    return AU_OK;
}

/* ---- chunks ---- */

static enum au_err cut_here(struct writer *writer, bool is_in_storage)
{
    if (writer->cut_count == writer->cut_capacity) {
        size_t capacity = writer->cut_capacity == 0 ? CUTS_MIN : writer->cut_capacity * 2;
        struct cut *grown = au_mem_resize(writer->cuts, capacity * sizeof(*grown));
        if (!grown) return AU_ERR_NO_MEMORY;
        writer->cuts = grown;
        writer->cut_capacity = capacity;
    }
    AU_TRY(writer->chunk.err);
    AU_TRY(writer->sink->put(writer->sink->context, writer->count.chunk_count,
                             au_buf_bytes(&writer->chunk)));
    au_buf_clear(&writer->chunk);
    writer->count.chunk_count++;
    struct cut *cut = &writer->cuts[writer->cut_count++];
    *cut = (struct cut){.account = writer->accounts.key, .has_slot = is_in_storage};
    if (is_in_storage) cut->slot = writer->storage.key;
    au_buf_init(&cut->account_edge, AU_TRIE_EDGE_SIZE_MAX);
    au_buf_init(&cut->storage_edge, AU_TRIE_EDGE_SIZE_MAX);
    return AU_OK;
}

/* Moves the group into the chunk, or into the next one. The tries do not have it yet. */
static enum au_err put_group(struct writer *writer, bool is_in_storage)
{
    AU_TRY(writer->group.err);
    size_t size = writer->chunk.size + writer->group.size;
    if (writer->chunk.size > 0 && size > writer->chunk_size) {
        AU_TRY(cut_here(writer, is_in_storage));
    }
    if (writer->chunk.size == 0) au_buf_put_u8(&writer->chunk, AU_CHUNK_FORMAT);
    au_buf_put_bytes(&writer->chunk, au_buf_bytes(&writer->group));
    au_buf_clear(&writer->group);
    return writer->chunk.err;
}

static enum au_err put_ends(struct writer *writer)
{
    for (size_t i = 0; i < writer->cut_count; i++) {
        const struct cut *cut = &writer->cuts[i];
        au_buf_clear(&writer->group);
        au_buf_put_u8(&writer->group, AU_CHUNK_END);
        put_sized(&writer->group, au_buf_bytes(&cut->account_edge));
        put_sized(&writer->group, au_buf_bytes(&cut->storage_edge));
        AU_TRY(writer->group.err);
        AU_TRY(writer->sink->end(writer->sink->context, (uint32_t)i, au_buf_bytes(&writer->group)));
    }
    return AU_OK;
}

/* ---- raw keys ---- */

static int compare_raw_keys(const void *a, const void *b)
{
    return memcmp(a, b, AU_HASH_SIZE); /* a raw key begins with its hash */
}

static enum au_err add_raw_key(struct raw_keys *keys, const struct au_hash *hash,
                               struct au_bytes key)
{
    if (keys->count == keys->capacity && keys->capacity == keys->count_max) {
        /* What is above half of them is left to the next time. */
        qsort(keys->items, keys->count, sizeof(*keys->items), compare_raw_keys);
        keys->count /= 2;
    } else if (keys->count == keys->capacity) {
        size_t capacity = keys->capacity == 0 ? KEYS_MIN : keys->capacity * 2;
        if (capacity > keys->count_max) capacity = keys->count_max;
        struct raw_key *grown = au_mem_resize(keys->items, capacity * sizeof(*grown));
        if (!grown) return AU_ERR_NO_MEMORY;
        keys->items = grown;
        keys->capacity = capacity;
    }
    struct raw_key *item = &keys->items[keys->count++];
    item->hash = *hash;
    item->size = (uint16_t)key.size;
    memcpy(item->bytes, key.data, key.size);
    return AU_OK;
}

static enum au_err take_raw_keys(struct writer *writer, struct au_kv_iter *iter,
                                 const uint8_t *owner, const uint8_t *from)
{
    struct raw_keys *keys = &writer->keys;
    struct au_hash limit; /* keys from it on are left out, once half were */
    bool is_limited = false;
    struct au_kv_entry entry;
    enum au_err err;
    keys->count = 0;
    keys->at = 0;
    while ((err = au_kv_iter_next(iter, &entry)) == AU_OK) {
        bool is_owned =
            entry.key.size >= AU_HASH_SIZE && memcmp(entry.key.data, owner, AU_HASH_SIZE) == 0;
        if (!is_owned) break;
        struct au_bytes key = {entry.key.data + AU_HASH_SIZE, entry.key.size - AU_HASH_SIZE};
        if (key.size == 0 || key.size > AU_KEY_SIZE_MAX) {
            return fail(writer, "a key of a slot that is too long:", entry.key);
        }
        struct au_hash hash = au_flat_key_hash(key);
        if (memcmp(hash.bytes, from, AU_HASH_SIZE) < 0) continue;
        if (is_limited && memcmp(hash.bytes, limit.bytes, AU_HASH_SIZE) >= 0) continue;
        size_t count = keys->count;
        AU_TRY(add_raw_key(keys, &hash, key));
        if (keys->count > count) continue;
        limit = keys->items[keys->count - 2].hash; /* the last of the half that is kept */
        is_limited = true;
        if (memcmp(hash.bytes, limit.bytes, AU_HASH_SIZE) >= 0) keys->count--;
    }
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    qsort(keys->items, keys->count, sizeof(*keys->items), compare_raw_keys);
    return AU_OK;
}

/* The raw key of the next slot. */
static enum au_err find_raw_key(struct writer *writer, const struct raw_key **out_key)
{
    struct raw_keys *keys = &writer->keys;
    const uint8_t *owner = writer->slot.key.data;
    const uint8_t *hash = owner + AU_HASH_SIZE;
    if (keys->at == keys->count) {
        struct au_kv_range range = {
            .cf = AU_CF_KEY, .lower = {owner, AU_HASH_SIZE}, .is_scan = true};
        struct au_kv_iter iter;
        AU_TRY(au_kv_iter_open(&writer->source->kv, writer->source->snapshot, &range, &iter));
        enum au_err err = take_raw_keys(writer, &iter, owner, hash);
        au_kv_iter_close(&iter);
        AU_TRY(err);
    }
    if (keys->at == keys->count ||
        memcmp(keys->items[keys->at].hash.bytes, hash, AU_HASH_SIZE) != 0) {
        return fail(writer, "the store lacks the key of slot", writer->slot.key);
    }
    *out_key = &keys->items[keys->at++];
    return AU_OK;
}

/* ---- slots ---- */

static enum au_err next_slot(struct writer *writer)
{
    enum au_err err = au_kv_iter_next(&writer->slots, &writer->slot);
    writer->has_slot = err == AU_OK;
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    if (err == AU_OK && writer->slot.key.size != AU_FLAT_SLOT_KEY_SIZE) {
        return fail(writer, "damaged slot", writer->slot.key);
    }
    return err;
}

/* How the next slot's account is to an account in the order of keys; above it at the end. */
static int compare_owner(const struct writer *writer, const struct au_hash *account)
{
    return writer->has_slot ? memcmp(writer->slot.key.data, account->bytes, AU_HASH_SIZE) : 1;
}

static enum au_err put_slot(struct writer *writer, const struct au_hash *account,
                            struct au_bytes account_leaf)
{
    bool is_first = writer->storage.leaf_count == 0;
    const struct raw_key *key;
    struct au_bytes value;
    struct au_hash hash;
    if (!au_flat_decode_slot(writer->slot.value, &value)) {
        return fail(writer, "damaged slot", writer->slot.key);
    }
    AU_TRY(find_raw_key(writer, &key));
    au_buf_put_u8(&writer->group, AU_CHUNK_SLOT);
    put_sized(&writer->group, (struct au_bytes){key->bytes, key->size});
    put_sized(&writer->group, value);
    AU_TRY(put_group(writer, !is_first));
    if (is_first) AU_TRY(au_trie_build_add(&writer->accounts, account, account_leaf));
    memcpy(hash.bytes, writer->slot.key.data + AU_HASH_SIZE, AU_HASH_SIZE);
    au_buf_clear(&writer->leaf);
    au_flat_slot_leaf(&writer->leaf, value);
    AU_TRY(writer->leaf.err);
    writer->count.slot_count++;
    return au_trie_build_add(&writer->storage, &hash, au_buf_bytes(&writer->leaf));
}

static enum au_err put_storage(struct writer *writer, const struct au_hash *account,
                               struct au_bytes account_leaf, const struct au_hash *expected)
{
    struct au_hash root;
    au_trie_build_clear(&writer->storage);
    writer->keys.count = 0;
    writer->keys.at = 0;
    while (compare_owner(writer, account) == 0) {
        AU_TRY(put_slot(writer, account, account_leaf));
        AU_TRY(next_slot(writer));
    }
    bool is_root = au_trie_build_root(&writer->storage, (struct au_bytes){0}, &root);
    AU_ASSERT(is_root);
    if (writer->storage.leaf_count == 0 || !au_hash_is_equal(&root, expected)) {
        return fail(writer, "the slots do not give the storage root of account",
                    (struct au_bytes){account->bytes, AU_HASH_SIZE});
    }
    return au_trie_build_finish(&writer->storage);
}

/* ---- accounts ---- */

static enum au_err put_code(struct writer *writer, const struct au_hash *hash)
{
    struct au_bytes code;
    if (au_chunk_codes_has(&writer->codes, hash)) return AU_OK;
    enum au_err err = au_flat_code(&writer->flat, hash, &code);
    if (err == AU_ERR_NOT_FOUND) {
        return fail(writer, "the store lacks code", (struct au_bytes){hash->bytes, AU_HASH_SIZE});
    }
    AU_TRY(err);
    au_buf_put_u8(&writer->group, AU_CHUNK_CODE);
    put_sized(&writer->group, code);
    writer->count.code_count++;
    return au_chunk_codes_add(&writer->codes, hash);
}

static enum au_err put_account(struct writer *writer, const struct au_kv_entry *entry)
{
    uint8_t leaf_bytes[AU_ACCOUNT_LEAF_SIZE_MAX];
    struct au_account account;
    struct au_hash key;
    if (entry->key.size != AU_HASH_SIZE || !au_flat_decode_account(entry->value, &account)) {
        return fail(writer, "damaged account", entry->key);
    }
    memcpy(key.bytes, entry->key.data, AU_HASH_SIZE);
    if (compare_owner(writer, &key) < 0) {
        return fail(writer, "a slot of no account:", writer->slot.key);
    }
    if (account.has_code) AU_TRY(put_code(writer, &account.code_hash));
    au_buf_put_u8(&writer->group, AU_CHUNK_ACCOUNT);
    au_buf_put_bytes(&writer->group, entry->key);
    put_sized(&writer->group, entry->value);
    writer->count.account_count++;

    au_buf_clear(&writer->leaf);
    au_flat_account_leaf(&writer->leaf, &account);
    AU_TRY(writer->leaf.err);
    AU_ASSERT(writer->leaf.size <= sizeof(leaf_bytes));
    struct au_bytes leaf = {leaf_bytes, writer->leaf.size};
    memcpy(leaf_bytes, writer->leaf.data, leaf.size);
    if (account.has_storage) return put_storage(writer, &key, leaf, &account.storage_root);
    AU_TRY(put_group(writer, /* is_in_storage */ false));
    return au_trie_build_add(&writer->accounts, &key, leaf);
}

static enum au_err put_accounts(struct writer *writer, struct au_kv_iter *accounts)
{
    struct au_kv_entry entry;
    struct au_hash root;
    enum au_err err = next_slot(writer);
    while (err == AU_OK && (err = au_kv_iter_next(accounts, &entry)) == AU_OK) {
        err = put_account(writer, &entry);
    }
    if (err != AU_ERR_NOT_FOUND) return err;
    if (writer->has_slot) return fail(writer, "a slot of no account:", writer->slot.key);
    if (writer->chunk.size > 0) AU_TRY(cut_here(writer, /* is_in_storage */ false));
    AU_ASSERT(au_trie_build_root(&writer->accounts, (struct au_bytes){0}, &root));
    if (!au_hash_is_equal(&root, &writer->source->root)) {
        return fail(writer, "the accounts do not give the state root of the head, but",
                    (struct au_bytes){root.bytes, AU_HASH_SIZE});
    }
    AU_TRY(au_trie_build_finish(&writer->accounts));
    return put_ends(writer);
}

static enum au_err write_all(struct writer *writer)
{
    const struct au_kv *kv = &writer->source->kv;
    struct au_kv_range range = {.cf = AU_CF_ACC, .is_scan = true};
    struct au_kv_iter accounts;
    AU_TRY(au_kv_iter_open(kv, writer->source->snapshot, &range, &accounts));
    range.cf = AU_CF_STO;
    enum au_err err = au_kv_iter_open(kv, writer->source->snapshot, &range, &writer->slots);
    if (err == AU_OK) {
        err = put_accounts(writer, &accounts);
        au_kv_iter_close(&writer->slots);
    }
    au_kv_iter_close(&accounts);
    return err;
}

enum au_err au_chunks_write(const struct au_chunks_source *source, const struct au_chunk_sink *sink,
                            struct au_buf *message, struct au_chunks_count *out_count)
{
    struct writer *writer = au_mem_new(sizeof(*writer));
    if (!writer) return AU_ERR_NO_MEMORY;
    writer->source = source;
    writer->sink = sink;
    writer->message = message;
    writer->chunk_size = source->chunk_size == 0 ? CHUNK_SIZE_PRESET : source->chunk_size;
    writer->keys.count_max = source->keys_max == 0 ? KEYS_PRESET : source->keys_max;
    AU_ASSERT(writer->chunk_size <= CHUNK_SIZE_PRESET && writer->keys.count_max >= 4);
    au_trie_build_init(&writer->accounts, &(struct au_trie_build_sink){writer, on_account_branch});
    au_trie_build_init(&writer->storage, &(struct au_trie_build_sink){writer, on_storage_branch});
    au_chunk_codes_init(&writer->codes);
    au_flat_init(&writer->flat, &source->kv, source->snapshot);
    au_buf_init(&writer->chunk, BUF_SIZE_MAX);
    au_buf_init(&writer->group, BUF_SIZE_MAX);
    au_buf_init(&writer->leaf, BUF_SIZE_MAX);
    enum au_err err = write_all(writer);
    *out_count = writer->count;
    for (size_t i = 0; i < writer->cut_count; i++) {
        au_buf_done(&writer->cuts[i].account_edge);
        au_buf_done(&writer->cuts[i].storage_edge);
    }
    au_mem_free(writer->cuts);
    au_mem_free(writer->keys.items);
    au_buf_done(&writer->leaf);
    au_buf_done(&writer->group);
    au_buf_done(&writer->chunk);
    au_flat_done(&writer->flat);
    au_chunk_codes_done(&writer->codes);
    au_trie_build_done(&writer->storage);
    au_trie_build_done(&writer->accounts);
    au_mem_free(writer);
    return err;
}
