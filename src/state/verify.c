#include "state/verify.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "state/flat.h"
#include "state/trie.h"
#include "store/memkv.h"

#define MEMORY_MAX    ((size_t)32 << 30) /* bytes of a trie's leaves, and of its records */
#define LEAF_SIZE_MAX (1u << 20)         /* bytes */
#define CAPACITY_MIN  1024u              /* leaves */

/* A family whose keys begin with an account's hash, walked over beside the accounts. */
struct beside {
    struct au_kv_iter iter;
    struct au_kv_entry entry; /* that it has come to, unless is_done */
    bool is_done;
};

struct work {
    const struct au_kv *kv;
    const struct au_progress *progress; /* NULL: nobody is told */
    struct au_buf *message;
    struct au_verified *result;
    struct au_kv rebuilt;       /* the records of the tries that were built */
    struct au_kv_batch mending; /* what makes the store's like those */
    struct au_arena arena;
    struct au_buf leaf;
    struct beside slots;
    struct beside keys; /* raw keys of all slots */
    uint64_t leaf_count;
    bool has_codes;      /* code is proved too */
    struct au_buf codes; /* the hashes of all code, ascending */
};

/* The leaves of one trie, in the order of keys. */
struct leaves {
    struct au_trie_update *items;
    size_t count;
    size_t capacity;
};

static enum au_err add_leaf(struct work *work, struct leaves *leaves, const uint8_t *key)
{
    if (leaves->count == leaves->capacity) {
        size_t capacity = leaves->capacity == 0 ? CAPACITY_MIN : leaves->capacity * 2;
        void *grown = au_mem_resize(leaves->items, capacity * sizeof(*leaves->items));
        if (!grown) return AU_ERR_NO_MEMORY;
        leaves->items = grown;
        leaves->capacity = capacity;
    }
    AU_TRY(work->leaf.err);
    struct au_trie_update *item = &leaves->items[leaves->count++];
    memcpy(item->key.bytes, key, AU_HASH_SIZE);
    item->existed = false;
    au_progress_step(work->progress, &work->leaf_count);
    return au_arena_copy(&work->arena, au_buf_bytes(&work->leaf), &item->value);
}

/* Builds a trie from nothing; its records go into the rebuilt store. */
static enum au_err build(struct work *work, const struct au_hash *owner,
                         const struct leaves *leaves, struct au_trie_root *out_root)
{
    static const struct au_seed seed; /* no contract chooses when a store is verified */
    struct au_trie_cache cache;
    struct au_trie_batch batch = {
        .owner = *owner, .updates = leaves->items, .update_count = leaves->count};
    enum au_err err = au_trie_cache_init(&cache, &work->rebuilt, &seed, 0);
    if (err == AU_OK) err = au_trie_apply(&cache, &batch, out_root);
    if (err == AU_OK) {
        au_trie_cache_commit(&cache);
        err = au_trie_cache_flush(&cache, 0);
    }
    au_trie_cache_done(&cache);
    return err;
}

static enum au_err fail(struct work *work, const char *what, const struct au_bytes key)
{
    au_buf_put_text(work->message, what);
    if (key.size > 0) {
        au_buf_put_text(work->message, " ");
        au_hex_put(work->message, key);
    }
    return AU_ERR_MALFORMED;
}

/* ---- beside the accounts ---- */

static enum au_err step_beside(struct beside *beside)
{
    enum au_err err = au_kv_iter_next(&beside->iter, &beside->entry);
    beside->is_done = err == AU_ERR_NOT_FOUND;
    return beside->is_done ? AU_OK : err;
}

static enum au_err open_beside(struct work *work, enum au_cf cf, struct beside *beside)
{
    const struct au_kv_range range = {.cf = cf};
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &beside->iter));
    enum au_err err = step_beside(beside);
    if (err != AU_OK) au_kv_iter_close(&beside->iter);
    return err;
}

/* ---- storage ---- */

/* The slots of an account; those before it are of none. */
static enum au_err take_slots(struct work *work, const struct au_hash *owner, struct leaves *leaves)
{
    while (!work->slots.is_done) {
        struct au_bytes value, key = work->slots.entry.key;
        if (key.size != AU_FLAT_SLOT_KEY_SIZE) return fail(work, "damaged slot", key);
        int order = memcmp(key.data, owner->bytes, AU_HASH_SIZE);
        if (order > 0) break;
        if (order < 0) return fail(work, "a slot of no account:", key);
        if (!au_flat_decode_slot(work->slots.entry.value, &value)) {
            return fail(work, "damaged slot", key);
        }
        au_buf_clear(&work->leaf);
        au_flat_slot_leaf(&work->leaf, value);
        AU_TRY(add_leaf(work, leaves, key.data + AU_HASH_SIZE));
        AU_TRY(step_beside(&work->slots));
    }
    return AU_OK;
}

/* ---- raw keys ---- */

static int compare_keys(const void *a, const void *b)
{
    const struct au_trie_update *left = a;
    const struct au_trie_update *right = b;
    return memcmp(left->key.bytes, right->key.bytes, AU_HASH_SIZE);
}

static bool has_slot(const struct leaves *leaves, struct au_bytes raw_key)
{
    struct au_trie_update wanted = {.key = au_flat_key_hash(raw_key)};
    return leaves->count > 0 &&
           bsearch(&wanted, leaves->items, leaves->count, sizeof(wanted), compare_keys) != NULL;
}

/* An account has as many raw keys as slots, and each is that of a slot. */
static enum au_err verify_raw_keys(struct work *work, const struct au_hash *owner,
                                   const struct leaves *leaves)
{
    size_t count = 0;
    for (; !work->keys.is_done; count++) {
        struct au_bytes key = work->keys.entry.key;
        if (key.size <= AU_HASH_SIZE) return fail(work, "a damaged raw key:", key);
        int order = memcmp(key.data, owner->bytes, AU_HASH_SIZE);
        if (order > 0) break;
        struct au_bytes raw_key = {key.data + AU_HASH_SIZE, key.size - AU_HASH_SIZE};
        if (order < 0 || work->keys.entry.value.size > 0 || !has_slot(leaves, raw_key)) {
            return fail(work, "a raw key that no slot has:", key);
        }
        AU_TRY(step_beside(&work->keys));
    }
    struct au_bytes account = {owner->bytes, AU_HASH_SIZE};
    return count == leaves->count ? AU_OK : fail(work, "raw keys are missing of account", account);
}

static enum au_err verify_storage(struct work *work, const struct au_hash *owner,
                                  const struct au_account *account)
{
    struct leaves leaves = {0};
    struct au_trie_root root = {.is_empty = true};
    enum au_err err = take_slots(work, owner, &leaves);
    if (err == AU_OK) err = build(work, owner, &leaves, &root);
    bool fits = root.is_empty != account->has_storage &&
                (root.is_empty || au_hash_is_equal(&root.hash, &account->storage_root));
    struct au_bytes key = {owner->bytes, AU_HASH_SIZE};
    if (err == AU_OK && !fits) {
        err = fail(work, "the slots do not give the storage root of account", key);
    }
    if (err == AU_OK) err = verify_raw_keys(work, owner, &leaves);
    work->result->slot_count += leaves.count;
    au_mem_free(leaves.items);
    return err;
}

/* ---- code ---- */

static enum au_err take_codes(struct work *work)
{
    const struct au_kv_range range = {.cf = AU_CF_COD};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    enum au_err err;
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &iter));
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        struct au_hash hash = au_sha256(entry.value);
        struct au_bytes expected = {hash.bytes, AU_HASH_SIZE};
        if (!au_bytes_is_equal(entry.key, expected)) {
            err = fail(work, "code that has another hash than", entry.key);
            break;
        }
        au_buf_put(&work->codes, hash.bytes, AU_HASH_SIZE);
    }
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? work->codes.err : err;
}

static int compare_hashes(const void *a, const void *b)
{
    return memcmp(a, b, AU_HASH_SIZE);
}

static enum au_err verify_code(struct work *work, const struct au_account *account)
{
    const struct au_buf *codes = &work->codes;
    if (!work->has_codes || !account->has_code) return AU_OK;
    const uint8_t *hash = account->code_hash.bytes;
    bool is_there = codes->size > 0 && bsearch(hash, codes->data, codes->size / AU_HASH_SIZE,
                                               AU_HASH_SIZE, compare_hashes) != NULL;
    return is_there ? AU_OK : fail(work, "code is missing:", (struct au_bytes){hash, AU_HASH_SIZE});
}

/* ---- accounts ---- */

/* Whether the slots have come to an account, or are behind. */
static bool is_slot_of(const struct work *work, const struct au_hash *key)
{
    const struct beside *slots = &work->slots;
    if (slots->is_done) return false;
    return slots->entry.key.size < AU_HASH_SIZE ||
           memcmp(slots->entry.key.data, key->bytes, AU_HASH_SIZE) <= 0;
}

static enum au_err take_accounts(struct work *work, struct au_kv_iter *iter, struct leaves *leaves)
{
    struct au_kv_entry entry;
    enum au_err err;
    while ((err = au_kv_iter_next(iter, &entry)) == AU_OK) {
        struct au_account account;
        struct au_hash key;
        if (entry.key.size != AU_HASH_SIZE || !au_flat_decode_account(entry.value, &account)) {
            return fail(work, "damaged account", entry.key);
        }
        memcpy(key.bytes, entry.key.data, AU_HASH_SIZE);
        AU_TRY(verify_code(work, &account));
        au_buf_clear(&work->leaf);
        au_flat_account_leaf(&work->leaf, &account);
        AU_TRY(add_leaf(work, leaves, key.bytes));
        if (account.has_storage || is_slot_of(work, &key)) {
            struct au_arena_mark mark = au_arena_mark(&work->arena);
            AU_TRY(verify_storage(work, &key, &account));
            au_arena_rewind(&work->arena, mark);
        }
    }
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

/* What no account has come to. */
static enum au_err verify_rest(struct work *work)
{
    const struct au_kv_entry *slot = &work->slots.entry;
    if (!work->slots.is_done) {
        bool is_slot = slot->key.size == AU_FLAT_SLOT_KEY_SIZE;
        return fail(work, is_slot ? "a slot of no account:" : "damaged slot", slot->key);
    }
    if (work->keys.is_done) return AU_OK;
    return fail(work, "a raw key that no slot has:", work->keys.entry.key);
}

static enum au_err verify_accounts(struct work *work, const struct au_hash *root)
{
    static const struct au_hash account_trie;
    struct au_kv_range range = {.cf = AU_CF_ACC};
    struct leaves leaves = {0};
    struct au_trie_root rebuilt;
    struct au_kv_iter iter;
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &iter));
    enum au_err err = take_accounts(work, &iter, &leaves);
    au_kv_iter_close(&iter);
    if (err == AU_OK) err = verify_rest(work);
    if (err == AU_OK) err = build(work, &account_trie, &leaves, &rebuilt);
    work->result->account_count = leaves.count;
    au_mem_free(leaves.items);
    AU_TRY(err);
    work->result->root = rebuilt.hash;
    if (au_hash_is_equal(&rebuilt.hash, root)) return AU_OK;
    return fail(work, "the accounts do not give the state root of the head, but",
                (struct au_bytes){rebuilt.hash.bytes, AU_HASH_SIZE});
}

static enum au_err verify_flat(struct work *work, const struct au_hash *root)
{
    AU_TRY(open_beside(work, AU_CF_STO, &work->slots));
    enum au_err err = open_beside(work, AU_CF_KEY, &work->keys);
    if (err == AU_OK) {
        err = verify_accounts(work, root);
        au_kv_iter_close(&work->keys.iter);
    }
    au_kv_iter_close(&work->slots.iter);
    return err;
}

/* ---- records ---- */

/* A record that one of the stores lacks, or has otherwise. */
struct difference {
    const struct au_kv_entry *stored;  /* NULL: none */
    const struct au_kv_entry *rebuilt; /* likewise */
};

/* What is done about it. */
typedef enum au_err (*differ_fn)(struct work *work, struct difference difference);

static enum au_err tell(struct work *work, struct difference difference)
{
    if (!difference.stored) return fail(work, "a branch is missing:", difference.rebuilt->key);
    if (difference.rebuilt) return fail(work, "a damaged branch:", difference.stored->key);
    return fail(work, "a branch that is no part of a trie:", difference.stored->key);
}

static enum au_err mend(struct work *work, struct difference difference)
{
    const struct au_kv_entry *rebuilt = difference.rebuilt;
    if (rebuilt) au_kv_batch_put(&work->mending, AU_CF_TRI, rebuilt->key, rebuilt->value);
    if (!rebuilt) au_kv_batch_del(&work->mending, AU_CF_TRI, difference.stored->key);
    return work->mending.ops.err;
}

/* A store's records, one by one. */
struct walk {
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    bool is_done;
};

static enum au_err step(struct walk *walk)
{
    enum au_err err = au_kv_iter_next(&walk->iter, &walk->entry);
    walk->is_done = err == AU_ERR_NOT_FOUND;
    return walk->is_done ? AU_OK : err;
}

/* Less than zero: the stored record comes first, which the rebuilt ones do not have. */
static int compare_walks(const struct walk *stored, const struct walk *rebuilt)
{
    struct au_bytes a = stored->entry.key, b = rebuilt->entry.key;
    if (stored->is_done || rebuilt->is_done) return stored->is_done - rebuilt->is_done;
    size_t size = a.size < b.size ? a.size : b.size;
    int order = memcmp(a.data, b.data, size);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

static enum au_err compare_records(struct work *work, struct walk *stored, struct walk *rebuilt,
                                   differ_fn differ)
{
    AU_TRY(step(stored));
    AU_TRY(step(rebuilt));
    while (!stored->is_done || !rebuilt->is_done) {
        int order = compare_walks(stored, rebuilt);
        struct difference difference = {order <= 0 ? &stored->entry : NULL,
                                        order >= 0 ? &rebuilt->entry : NULL};
        bool is_same = order == 0 && au_bytes_is_equal(stored->entry.value, rebuilt->entry.value);
        if (!is_same) AU_TRY(differ(work, difference));
        if (order >= 0) work->result->record_count++;
        if (order <= 0) AU_TRY(step(stored));
        if (order >= 0) AU_TRY(step(rebuilt));
    }
    return AU_OK;
}

static enum au_err walk_records(struct work *work, differ_fn differ)
{
    struct au_kv_range range = {.cf = AU_CF_TRI};
    struct walk stored = {0}, rebuilt = {0};
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &stored.iter));
    enum au_err err = au_kv_iter_open(&work->rebuilt, NULL, &range, &rebuilt.iter);
    if (err == AU_OK) {
        err = compare_records(work, &stored, &rebuilt, differ);
        au_kv_iter_close(&rebuilt.iter);
    }
    au_kv_iter_close(&stored.iter);
    return err;
}

static enum au_err verify_records(struct work *work, uint64_t height)
{
    static const struct au_bytes no_key;
    struct au_trie_heights heights;
    enum au_err err = au_trie_get_heights(work->kv, NULL, &heights);
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    if (err == AU_ERR_MALFORMED) return fail(work, "a damaged height of branches", no_key);
    AU_TRY(err);
    work->result->are_records_current = heights.first == height && !heights.is_mixed;
    return work->result->are_records_current ? walk_records(work, tell) : AU_OK;
}

static enum au_err mend_records(struct work *work, uint64_t height)
{
    au_kv_batch_init(&work->mending, MEMORY_MAX);
    enum au_err err = walk_records(work, mend);
    au_trie_put_flushed_height(&work->mending, height);
    if (err == AU_OK) err = au_kv_write(work->kv, &work->mending, /* is_synced */ true);
    au_kv_batch_done(&work->mending);
    return err;
}

/* ---- all of it ---- */

static enum au_err work_on(struct work *work, uint64_t height, const struct au_hash *root,
                           bool is_mended)
{
    AU_TRY(au_memkv_open(&work->rebuilt));
    au_arena_init(&work->arena, MEMORY_MAX);
    au_buf_init(&work->leaf, LEAF_SIZE_MAX);
    au_buf_init(&work->codes, MEMORY_MAX);
    enum au_err err = work->has_codes ? take_codes(work) : AU_OK;
    if (err == AU_OK) err = verify_flat(work, root);
    if (err == AU_OK) err = is_mended ? mend_records(work, height) : verify_records(work, height);
    au_buf_done(&work->codes);
    au_buf_done(&work->leaf);
    au_arena_done(&work->arena);
    au_kv_close(&work->rebuilt);
    return err;
}

enum au_err au_state_verify(const struct au_kv *kv, uint64_t height, const struct au_hash *root,
                            const struct au_progress *progress, struct au_buf *message,
                            struct au_verified *out_verified)
{
    struct au_verified result = {0};
    struct work work = {
        .kv = kv, .progress = progress, .message = message, .result = &result, .has_codes = true};
    AU_TRY(work_on(&work, height, root, /* is_mended */ false));
    *out_verified = result;
    return AU_OK;
}

enum au_err au_state_rebuild(const struct au_kv *kv, uint64_t height, const struct au_hash *root,
                             struct au_buf *message)
{
    struct au_verified result = {0};
    struct work work = {.kv = kv, .message = message, .result = &result};
    return work_on(&work, height, root, /* is_mended */ true);
}
