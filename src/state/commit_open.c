/* Opening a store: the records of its tries are brought to the height of its head. */
#include <stdlib.h>

#include "base/mem.h"
#include "state/commit.h"
#include "state/retrace.h"
#include "state/verify.h"

#define LEAVES_SIZE_MAX ((size_t)16 << 30)         /* bytes of one trie's */
#define UNDO_SIZE_MAX   ((size_t)2 << 30)          /* bytes of a block's undo record */
#define TRIES_SIZE_MAX  ((size_t)1 << 28)          /* bytes in memory */
#define CAPACITY_MIN    4096u                      /* items */
#define CATCH_UP_MAX    (2 * AU_COMMIT_BEHIND_MAX) /* blocks; from further back all is made anew */

/* A key that a block changed. */
struct item {
    struct au_hash owner; /* of the trie: zero for an account */
    struct au_hash key;
    uint32_t block; /* how many came before since the records were written */
    bool existed;   /* before that block and each later one that changed it */
};

struct opening {
    struct au_commit *commit;
    struct item *items;
    size_t count;
    size_t capacity;
    struct au_trie_update *updates; /* of one trie */
    struct au_retrace retrace;
    struct au_buf undo; /* of one block */
};

/* ---- what has changed since ---- */

static enum au_err add_item(struct opening *opening, const struct item *item)
{
    if (opening->count == opening->capacity) {
        size_t capacity = opening->capacity == 0 ? CAPACITY_MIN : opening->capacity * 2;
        void *grown = au_mem_resize(opening->items, capacity * sizeof(*opening->items));
        if (!grown) return AU_ERR_NO_MEMORY;
        opening->items = grown;
        opening->capacity = capacity;
    }
    opening->items[opening->count++] = *item;
    return AU_OK;
}

static enum au_err take_change(struct opening *opening, const struct au_undo_record *record,
                               uint32_t block)
{
    struct item item = {.block = block, .existed = record->existed};
    if (record->cf == AU_CF_KEY) return AU_OK;
    if (record->cf == AU_CF_STO) memcpy(item.owner.bytes, record->key.data, AU_HASH_SIZE);
    memcpy(item.key.bytes, record->key.data + record->key.size - AU_HASH_SIZE, AU_HASH_SIZE);
    return add_item(opening, &item);
}

/* NOT_FOUND: the block's changes are not known any more. */
static enum au_err take_block(struct opening *opening, uint64_t height, uint32_t block)
{
    struct au_undo_key key = au_undo_key(height);
    struct au_decode decode;
    struct au_undo_record record;
    AU_TRY(au_kv_get(&opening->commit->flat.kv, NULL, AU_CF_CHG,
                     (struct au_bytes){key.bytes, sizeof(key.bytes)}, &opening->undo));
    au_decode_init(&decode, au_buf_bytes(&opening->undo));
    while (au_undo_record_next(&decode, &record)) {
        AU_TRY(take_change(opening, &record, block));
    }
    return decode.error ? AU_ERR_MALFORMED : AU_OK;
}

static int compare_keys(const struct item *a, const struct item *b)
{
    int order = memcmp(a->owner.bytes, b->owner.bytes, AU_HASH_SIZE);
    return order != 0 ? order : memcmp(a->key.bytes, b->key.bytes, AU_HASH_SIZE);
}

static int compare_items(const void *a, const void *b)
{
    const struct item *left = a;
    const struct item *right = b;
    int order = compare_keys(left, right);
    return order != 0 ? order : (left->block > right->block) - (left->block < right->block);
}

/* Leaves one item for each key. Records may be of a later height than the first: only of a key that
 * has existed all the time is it known that they have it. */
static void drop_repeated(struct opening *opening)
{
    size_t kept = 0;
    if (opening->count == 0) return;
    qsort(opening->items, opening->count, sizeof(*opening->items), compare_items);
    for (size_t i = 1; i < opening->count; i++) {
        if (compare_keys(&opening->items[kept], &opening->items[i]) == 0) {
            opening->items[kept].existed &= opening->items[i].existed;
        } else {
            opening->items[++kept] = opening->items[i];
        }
    }
    opening->count = kept + 1;
}

/* ---- catching up ---- */

static const struct au_hash account_trie; /* zero: the owner that no contract is */

static bool is_account_trie(const struct au_hash *owner)
{
    return au_hash_is_equal(owner, &account_trie);
}

/* Brings one trie up to date with the flat state. */
static enum au_err catch_up_trie(struct opening *opening, const struct item *items, size_t count)
{
    const struct au_hash *owner = count > 0 ? &items[0].owner : &account_trie;
    for (size_t i = 0; i < count; i++) {
        opening->updates[i] =
            (struct au_trie_update){.key = items[i].key, .existed = items[i].existed};
    }
    return au_retrace_trie(&opening->retrace, owner, opening->updates, count);
}

/* Contracts that changed have the storage that they say, even those of whose slots no change is
 * known. */
static enum au_err check_contract(struct opening *opening, const struct au_hash *owner)
{
    struct au_account account;
    AU_TRY(au_retrace_account(&opening->retrace, owner, &account));
    if (!account.has_storage) return AU_OK;
    return au_retrace_trie(&opening->retrace, owner, NULL, 0);
}

static enum au_err catch_up_tries(struct opening *opening)
{
    opening->updates = au_mem_new(opening->count * sizeof(*opening->updates));
    if (!opening->updates) return AU_ERR_NO_MEMORY;
    for (size_t i = 0, count; i < opening->count; i += count) {
        const struct item *items = &opening->items[i];
        for (count = 1; i + count < opening->count; count++) {
            if (!au_hash_is_equal(&items[count].owner, &items[0].owner)) break;
        }
        AU_TRY(catch_up_trie(opening, items, count));
    }
    for (size_t i = 0; i < opening->count && is_account_trie(&opening->items[i].owner); i++) {
        AU_TRY(check_contract(opening, &opening->items[i].key));
    }
    return catch_up_trie(opening, NULL, 0); /* the account trie's root, whether it changed or not */
}

/* NOT_FOUND, MALFORMED: records and changes do not lead to the head. */
static enum au_err catch_up(struct opening *opening, uint64_t height)
{
    struct au_commit *commit = opening->commit;
    struct au_trie_heights heights;
    AU_TRY(au_trie_get_heights(&commit->flat.kv, NULL, &heights));
    if (heights.last > height || height - heights.first > CATCH_UP_MAX) return AU_ERR_MALFORMED;
    for (uint64_t at = heights.first; at < height; at++) {
        AU_TRY(take_block(opening, at + 1, (uint32_t)(at - heights.first)));
    }
    drop_repeated(opening);
    AU_TRY(catch_up_tries(opening));
    au_trie_cache_commit(&commit->tries);
    if (heights.is_mixed) AU_TRY(au_trie_cache_mend(&commit->tries, height));
    commit->has_flushed = true;
    commit->flushed_height = heights.is_mixed ? height : heights.first;
    return commit->flushed_height < height ? au_commit_flush(commit) : AU_OK;
}

static enum au_err open_records(struct au_commit *commit, uint64_t height,
                                const struct au_hash *root)
{
    struct opening opening = {.commit = commit};
    au_retrace_init(&opening.retrace, &commit->tries, &commit->flat, root, LEAVES_SIZE_MAX);
    au_buf_init(&opening.undo, UNDO_SIZE_MAX);
    opening.retrace.is_written = true;
    commit->height = commit->done_height = height;
    enum au_err err = catch_up(&opening, height);
    au_mem_free(opening.items);
    au_mem_free(opening.updates);
    au_retrace_done(&opening.retrace);
    au_buf_done(&opening.undo);
    return err;
}

static enum au_err open_keep(struct au_commit *commit, struct au_buf *message)
{
    const struct au_kv *kv = &commit->flat.kv;
    enum au_err err = au_keep_get(kv, &commit->keep);
    if (err == AU_OK) err = au_keep_first_undo(kv, commit->done_height, &commit->first_undo);
    if (err == AU_ERR_MALFORMED) {
        au_buf_put_text(message, "how many blocks' undo is kept, or of which block the oldest is");
    }
    return err;
}

static enum au_err open_tries(struct au_commit *commit, uint64_t height, const struct au_hash *root,
                              struct au_buf *message)
{
    enum au_err err = open_records(commit, height, root);
    if (err == AU_OK) err = au_trie_cache_load(&commit->tries, &account_trie);
    if (err != AU_ERR_NOT_FOUND && err != AU_ERR_MALFORMED) return err;
    au_trie_cache_forget(&commit->tries);
    AU_TRY(au_state_rebuild(&commit->flat.kv, height, root, AU_REBUILD_HELD_MAX, message));
    commit->has_flushed = true;
    commit->flushed_height = height;
    return au_trie_cache_load(&commit->tries, &account_trie);
}

enum au_err au_commit_open(struct au_commit *commit, uint64_t height, const struct au_hash *root,
                           struct au_buf *message)
{
    AU_TRY(open_tries(commit, height, root, message));
    return open_keep(commit, message);
}

enum au_err au_state_catch_up(const struct au_kv *kv, uint64_t height, const struct au_hash *root)
{
    static const struct au_commit_sizes sizes = {TRIES_SIZE_MAX, 0, 0};
    static const struct au_seed seed; /* no contract chooses when this is */
    struct au_commit commit;
    struct au_trie_heights heights;
    AU_TRY(au_trie_get_heights(kv, NULL, &heights));
    if (heights.first == height && !heights.is_mixed) return AU_OK;
    enum au_err err = au_commit_init(&commit, kv, &seed, &sizes);
    if (err == AU_OK) err = open_records(&commit, height, root);
    au_commit_finish(&commit);
    return err;
}
