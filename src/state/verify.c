#include "state/verify.h"

#include "base/hex.h"
#include "base/mem.h"
#include "state/flat.h"
#include "state/trie.h"
#include "store/memkv.h"

#define MEMORY_MAX    ((size_t)32 << 30) /* bytes of a trie's leaves, and of its records */
#define LEAF_SIZE_MAX (1u << 20)         /* bytes */
#define CAPACITY_MIN  1024u              /* leaves */

struct work {
    const struct au_kv *kv;
    struct au_buf *message;
    struct au_verified *result;
    struct au_kv rebuilt; /* the records of the tries that were built */
    struct au_arena arena;
    struct au_buf leaf;
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
    return au_arena_copy(&work->arena, au_buf_bytes(&work->leaf), &item->value);
}

/* Builds a trie from nothing; its records go into the rebuilt store. */
static enum au_err build(struct work *work, const struct au_hash *owner,
                         const struct leaves *leaves, struct au_trie_root *out_root)
{
    static const struct au_seed seed; /* no contract chooses when a store is verified */
    struct au_trie_cache cache;
    struct au_kv_batch records;
    struct au_trie_batch batch = {*owner, leaves->items, leaves->count};
    au_kv_batch_init(&records, MEMORY_MAX);
    enum au_err err = au_trie_cache_init(&cache, &work->rebuilt, &seed, 0);
    if (err == AU_OK) {
        err = au_trie_apply(&cache, &batch, &records, out_root);
        if (err == AU_OK) err = au_kv_write(&work->rebuilt, &records, /* is_synced */ false);
        au_trie_cache_done(&cache);
    }
    au_kv_batch_done(&records);
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

/* ---- storage ---- */

static enum au_err take_slots(struct work *work, struct au_kv_iter *iter,
                              const struct au_hash *owner, struct leaves *leaves)
{
    struct au_kv_entry entry;
    enum au_err err;
    while ((err = au_kv_iter_next(iter, &entry)) == AU_OK) {
        struct au_bytes value;
        if (entry.key.size != AU_FLAT_SLOT_KEY_SIZE) return fail(work, "damaged slot", entry.key);
        if (memcmp(entry.key.data, owner->bytes, AU_HASH_SIZE) != 0) return AU_OK;
        if (!au_flat_decode_slot(entry.value, &value)) {
            return fail(work, "damaged slot", entry.key);
        }
        au_buf_clear(&work->leaf);
        au_flat_slot_leaf(&work->leaf, value);
        AU_TRY(add_leaf(work, leaves, entry.key.data + AU_HASH_SIZE));
    }
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err verify_storage(struct work *work, const struct au_hash *owner,
                                  const struct au_account *account)
{
    struct au_kv_range range = {.cf = AU_CF_STO, .lower = {owner->bytes, AU_HASH_SIZE}};
    struct leaves leaves = {0};
    struct au_trie_root root = {.is_empty = true};
    struct au_kv_iter iter;
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &iter));
    enum au_err err = take_slots(work, &iter, owner, &leaves);
    au_kv_iter_close(&iter);
    if (err == AU_OK) err = build(work, owner, &leaves, &root);
    work->result->slot_count += leaves.count;
    au_mem_free(leaves.items);
    AU_TRY(err);
    bool fits = root.is_empty != account->has_storage &&
                (root.is_empty || au_hash_is_equal(&root.hash, &account->storage_root));
    struct au_bytes key = {owner->bytes, AU_HASH_SIZE};
    return fits ? AU_OK : fail(work, "the slots do not give the storage root of account", key);
}

/* ---- accounts ---- */

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
        au_buf_clear(&work->leaf);
        au_flat_account_leaf(&work->leaf, &account);
        AU_TRY(add_leaf(work, leaves, key.bytes));
        if (account.has_storage) {
            struct au_arena_mark mark = au_arena_mark(&work->arena);
            AU_TRY(verify_storage(work, &key, &account));
            au_arena_rewind(&work->arena, mark);
        }
    }
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
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
    if (err == AU_OK) err = build(work, &account_trie, &leaves, &rebuilt);
    work->result->account_count = leaves.count;
    au_mem_free(leaves.items);
    AU_TRY(err);
    work->result->root = rebuilt.hash;
    if (au_hash_is_equal(&rebuilt.hash, root)) return AU_OK;
    return fail(work, "the accounts do not give the state root of the head, but",
                (struct au_bytes){rebuilt.hash.bytes, AU_HASH_SIZE});
}

/* ---- records, entries of which no slot is the reason ---- */

/* Both stores have the same records of a family. */
static enum au_err compare_records(struct work *work, struct au_kv_iter *stored,
                                   struct au_kv_iter *rebuilt)
{
    for (;; work->result->record_count++) {
        struct au_kv_entry a, b;
        enum au_err first = au_kv_iter_next(stored, &a);
        enum au_err second = au_kv_iter_next(rebuilt, &b);
        if (first != AU_OK && first != AU_ERR_NOT_FOUND) return first;
        if (second != AU_OK && second != AU_ERR_NOT_FOUND) return second;
        if (first != AU_OK && second != AU_OK) return AU_OK;
        if (first != AU_OK) return fail(work, "a branch is missing:", b.key);
        if (second != AU_OK || !au_bytes_is_equal(a.key, b.key)) {
            return fail(work,
                        "a branch that is no part of a trie, or one missing before it:", a.key);
        }
        if (!au_bytes_is_equal(a.value, b.value)) return fail(work, "a damaged branch:", a.key);
    }
}

static enum au_err verify_records(struct work *work)
{
    struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter stored, rebuilt;
    AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &stored));
    enum au_err err = au_kv_iter_open(&work->rebuilt, NULL, &range, &rebuilt);
    if (err == AU_OK) {
        err = compare_records(work, &stored, &rebuilt);
        au_kv_iter_close(&rebuilt);
    }
    au_kv_iter_close(&stored);
    return err;
}

enum au_err au_state_verify(const struct au_kv *kv, const struct au_hash *root,
                            struct au_buf *message, struct au_verified *out_verified)
{
    struct au_verified result = {0};
    struct work work = {.kv = kv, .message = message, .result = &result};
    AU_TRY(au_memkv_open(&work.rebuilt));
    au_arena_init(&work.arena, MEMORY_MAX);
    au_buf_init(&work.leaf, LEAF_SIZE_MAX);
    enum au_err err = verify_accounts(&work, root);
    if (err == AU_OK) err = verify_records(&work);
    au_buf_done(&work.leaf);
    au_arena_done(&work.arena);
    au_kv_close(&work.rebuilt);
    if (err == AU_OK) *out_verified = result;
    return err;
}
