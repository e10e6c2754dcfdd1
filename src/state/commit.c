#include "state/commit.h"

#include <stdlib.h>

#include "crypto/sha256.h"

#define MEMORY_MAX     ((size_t)4 << 30)  /* bytes of one sealing: the largest genesis takes 3 */
#define UNDO_SIZE_MAX  ((size_t)2 << 30)  /* bytes of a block's undo record */
#define DIRTY_SIZE_MAX ((size_t)64 << 20) /* bytes of records that wait to be written */
#define PASS_SIZE_MIN  ((size_t)64 << 10) /* bytes of them that another thread writes: 1 ms */
#define CHANGES_MAX    500000u /* that opening the store may have to make up for, twice */
#define BEHIND_MAX     (AU_COMMIT_BEHIND_MAX / 2 * 3) /* blocks that records may be behind */
#define BEHIND_LATE    (AU_COMMIT_BEHIND_MAX / 4 * 5) /* where a pass no longer waits for a block */
#define KEEP_SIZE_MAX  64u /* bytes of a batch that says how much is kept */

/* A changed slot. */
struct slot_item {
    struct au_hash owner; /* SHA-256 of the contract */
    const struct au_address *contract;
    struct au_bytes key;
    struct au_slot before;
    struct au_slot after;
    struct au_trie_update update;
};

/* A changed account, or one whose storage changed. */
struct account_item {
    struct au_hash hash;
    const struct au_address *address;
    struct au_account before;
    struct au_account after;
};

struct sealing {
    struct au_commit *commit;
    struct au_overlay *overlay;
    struct au_kv_batch *batch;
    struct slot_item *slots;
    size_t slot_count;
    struct account_item *accounts;
    size_t account_count;
    struct au_trie_update *updates; /* of the trie that is being brought up to date */
    struct au_buf undo;
};

static struct au_bytes bytes_of(const struct au_hash *hash)
{
    return (struct au_bytes){hash->bytes, AU_HASH_SIZE};
}

static const struct au_hash account_trie; /* zero: the owner that no contract is */

/* ---- undo: what each record was before ---- */

static void put_undo(struct sealing *sealing, enum au_cf cf, struct au_bytes key,
                     const struct au_buf *before)
{
    struct au_undo_record record = {.cf = cf, .key = key, .existed = before != NULL};
    if (before) record.value = au_buf_bytes(before);
    au_undo_record_put(&sealing->undo, &record);
}

static void put_undo_record(struct sealing *sealing, uint64_t height)
{
    struct au_undo_key key = au_undo_key(height);
    struct au_bytes key_bytes = {key.bytes, sizeof(key.bytes)};
    au_kv_batch_put(sealing->batch, AU_CF_CHG, key_bytes, au_buf_bytes(&sealing->undo));
}

/* Records of tries are before this block in the one log: without the undo of blocks up to theirs
 * the store can be opened, whatever is lost with the power. */
static void prune(struct sealing *sealing, uint64_t height)
{
    struct au_commit *commit = sealing->commit;
    uint64_t end = height < commit->keep ? 0 : height - commit->keep + 1;
    uint64_t needed = commit->has_flushed ? commit->flushed_height + 1 : 0;
    uint64_t at = commit->first_undo;
    if (end > needed) end = needed;
    if (end > at + AU_COMMIT_PRUNE_MAX) end = at + AU_COMMIT_PRUNE_MAX;
    for (; at < end; at++) {
        struct au_undo_key key = au_undo_key(at);
        au_kv_batch_del(sealing->batch, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)});
    }
    commit->first_undo_next = at;
}

/* ---- flat records ---- */

static enum au_err put_slot(struct sealing *sealing, const struct slot_item *item)
{
    struct au_hash halves[2] = {item->owner, item->update.key};
    struct au_bytes key = {halves[0].bytes, sizeof(halves)};
    struct au_buf *record = &sealing->commit->flat.value;
    au_buf_clear(record);
    if (item->before.exists) au_flat_encode_slot(record, item->before.value);
    put_undo(sealing, AU_CF_STO, key, item->before.exists ? record : NULL);
    au_buf_clear(record);
    if (item->after.exists) {
        au_flat_encode_slot(record, item->after.value);
        au_kv_batch_put(sealing->batch, AU_CF_STO, key, au_buf_bytes(record));
    } else {
        au_kv_batch_del(sealing->batch, AU_CF_STO, key);
    }
    return record->err;
}

/* The raw key, for walks in the order of keys. */
static enum au_err put_raw_key(struct sealing *sealing, const struct slot_item *item)
{
    if (item->before.exists == item->after.exists) return AU_OK;
    struct au_buf *key = &sealing->commit->flat.value;
    au_buf_clear(key);
    au_buf_put(key, item->owner.bytes, AU_HASH_SIZE);
    au_buf_put_bytes(key, item->key);
    if (item->after.exists) {
        au_kv_batch_put(sealing->batch, AU_CF_KEY, au_buf_bytes(key), (struct au_bytes){0});
    } else {
        au_kv_batch_del(sealing->batch, AU_CF_KEY, au_buf_bytes(key));
    }
    static const struct au_buf empty;
    put_undo(sealing, AU_CF_KEY, au_buf_bytes(key), item->before.exists ? &empty : NULL);
    return key->err;
}

/* ---- the changes ---- */

static void count_changes(struct sealing *sealing)
{
    struct au_change change;
    size_t cursor = 0;
    while (au_overlay_next_change(sealing->overlay, (struct au_savepoint){0}, &cursor, &change)) {
        *(change.is_slot ? &sealing->slot_count : &sealing->account_count) += 1;
    }
}

static enum au_err take_leaf(struct sealing *sealing, struct au_bytes value,
                             struct au_bytes *out_leaf)
{
    struct au_buf *leaf = &sealing->commit->flat.value;
    au_buf_clear(leaf);
    au_flat_slot_leaf(leaf, value);
    AU_TRY(leaf->err);
    return au_arena_copy(&sealing->commit->arena, au_buf_bytes(leaf), out_leaf);
}

static enum au_err take_slot(struct sealing *sealing, const struct au_change *change,
                             const struct slot_item *last, struct slot_item *item)
{
    bool is_same = last && au_address_is_equal(last->contract, change->address);
    *item = (struct slot_item){
        .owner = is_same ? last->owner : au_flat_account_key(change->address),
        .contract = change->address,
        .key = change->key,
        .before = change->slot_before,
        .after = change->slot_after,
        .update = {.key = au_flat_key_hash(change->key), .existed = change->slot_before.exists},
    };
    if (!change->slot_after.exists) return AU_OK;
    return take_leaf(sealing, change->slot_after.value, &item->update.value);
}

static enum au_err take_changes(struct sealing *sealing)
{
    struct au_change change;
    size_t cursor = 0, slots = 0, accounts = 0;
    while (au_overlay_next_change(sealing->overlay, (struct au_savepoint){0}, &cursor, &change)) {
        if (change.is_slot) {
            struct slot_item *item = &sealing->slots[slots];
            AU_TRY(take_slot(sealing, &change, slots > 0 ? item - 1 : NULL, item));
            slots++;
        } else {
            sealing->accounts[accounts++] = (struct account_item){
                .hash = au_flat_account_key(change.address),
                .address = change.address,
                .before = change.account_before,
                .after = change.account_after,
            };
        }
    }
    return AU_OK;
}

static int compare_slots(const void *a, const void *b)
{
    const struct slot_item *left = a;
    const struct slot_item *right = b;
    int order = memcmp(left->owner.bytes, right->owner.bytes, AU_HASH_SIZE);
    if (order != 0) return order;
    return memcmp(left->update.key.bytes, right->update.key.bytes, AU_HASH_SIZE);
}

static int compare_accounts(const void *a, const void *b)
{
    const struct account_item *left = a;
    const struct account_item *right = b;
    return memcmp(left->hash.bytes, right->hash.bytes, AU_HASH_SIZE);
}

static enum au_err make_room(struct sealing *sealing)
{
    struct au_arena *arena = &sealing->commit->arena;
    /* An account may join for each slot. */
    size_t account_max = sealing->account_count + sealing->slot_count;
    sealing->slots = au_arena_get(arena, sealing->slot_count * sizeof(*sealing->slots));
    sealing->accounts = au_arena_get(arena, account_max * sizeof(*sealing->accounts));
    sealing->updates = au_arena_get(arena, account_max * sizeof(*sealing->updates));
    struct au_object_updates *objects = &sealing->commit->updates;
    objects->accounts = au_arena_get(arena, account_max * sizeof(*objects->accounts));
    objects->slots = au_arena_get(arena, sealing->slot_count * sizeof(*objects->slots));
    bool has_room = sealing->slots && sealing->accounts && sealing->updates && objects->accounts &&
                    objects->slots;
    return has_room ? AU_OK : AU_ERR_NO_MEMORY;
}

/* ---- tries ---- */

static enum au_err apply(struct sealing *sealing, const struct au_hash *owner, size_t count,
                         struct au_trie_root *out_root)
{
    struct au_commit *commit = sealing->commit;
    struct au_trie_batch trie = {
        .owner = *owner, .updates = sealing->updates, .update_count = count};
    return au_trie_apply(&commit->tries, &trie, out_root);
}

/* The account of a contract, joined to the changed ones if it is not among the first count. */
static enum au_err find_account(struct sealing *sealing, const struct slot_item *slot, size_t count,
                                struct account_item **out_item)
{
    struct account_item key = {.hash = slot->owner, .address = slot->contract};
    *out_item =
        count == 0 ? NULL : bsearch(&key, sealing->accounts, count, sizeof(key), compare_accounts);
    if (*out_item) return AU_OK;
    AU_TRY(au_overlay_get_account(sealing->overlay, slot->contract, &key.before));
    key.after = key.before;
    *out_item = &sealing->accounts[sealing->account_count++];
    **out_item = key;
    return AU_OK;
}

static void note_slots(struct sealing *sealing)
{
    struct au_object_updates *objects = &sealing->commit->updates;
    for (size_t i = 0; i < sealing->slot_count; i++) {
        const struct slot_item *item = &sealing->slots[i];
        objects->slots[i] = (struct au_slot_update){{item->contract, item->key}, item->after};
    }
    objects->slot_count = sealing->slot_count;
}

/* Records are put in the order of their keys: stores like that best. */
static enum au_err apply_slots(struct sealing *sealing)
{
    size_t account_count = sealing->account_count;
    qsort(sealing->slots, sealing->slot_count, sizeof(*sealing->slots), compare_slots);
    qsort(sealing->accounts, account_count, sizeof(*sealing->accounts), compare_accounts);
    note_slots(sealing);
    for (size_t i = 0, count; i < sealing->slot_count; i += count) {
        const struct slot_item *first = &sealing->slots[i];
        struct account_item *account;
        struct au_trie_root root;
        for (count = 0; i + count < sealing->slot_count; count++) {
            if (!au_hash_is_equal(&first[count].owner, &first->owner)) break;
            AU_TRY(put_slot(sealing, &first[count]));
            AU_TRY(put_raw_key(sealing, &first[count]));
            sealing->updates[count] = first[count].update;
        }
        AU_TRY(find_account(sealing, first, account_count, &account));
        AU_TRY(apply(sealing, &first->owner, count, &root));
        account->after.has_storage = !root.is_empty;
        account->after.storage_root = root.is_empty ? (struct au_hash){0} : root.hash;
    }
    return AU_OK;
}

static bool is_absent(const struct au_account *account)
{
    return account->nonce == 0 && account->balance == 0 && account->stake == 0 &&
           !account->has_code && !account->has_storage;
}

/* An account that is written down, or nothing, as it will be read. */
static struct au_account as_stored(const struct au_account *account)
{
    struct au_account stored = *account;
    stored.exists = true;
    return is_absent(account) ? (struct au_account){0} : stored;
}

static enum au_err put_account(struct sealing *sealing, const struct account_item *item,
                               struct au_bytes *out_leaf)
{
    struct au_buf *record = &sealing->commit->flat.value;
    struct au_bytes key = bytes_of(&item->hash);
    au_buf_clear(record);
    if (item->before.exists) au_flat_encode_account(record, &item->before);
    put_undo(sealing, AU_CF_ACC, key, item->before.exists ? record : NULL);
    *out_leaf = (struct au_bytes){0};
    if (is_absent(&item->after)) {
        au_kv_batch_del(sealing->batch, AU_CF_ACC, key);
        return record->err;
    }
    au_buf_clear(record);
    au_flat_encode_account(record, &item->after);
    au_kv_batch_put(sealing->batch, AU_CF_ACC, key, au_buf_bytes(record));
    AU_TRY(record->err);
    au_buf_clear(record);
    au_flat_account_leaf(record, &item->after);
    AU_TRY(record->err);
    return au_arena_copy(&sealing->commit->arena, au_buf_bytes(record), out_leaf);
}

static enum au_err apply_accounts(struct sealing *sealing, struct au_hash *out_root)
{
    struct au_trie_root root;
    qsort(sealing->accounts, sealing->account_count, sizeof(*sealing->accounts), compare_accounts);
    for (size_t i = 0; i < sealing->account_count; i++) {
        struct au_trie_update *update = &sealing->updates[i];
        update->key = sealing->accounts[i].hash;
        update->existed = sealing->accounts[i].before.exists;
        AU_TRY(put_account(sealing, &sealing->accounts[i], &update->value));
        sealing->commit->updates.accounts[i] = (struct au_account_update){
            *sealing->accounts[i].address, as_stored(&sealing->accounts[i].after)};
    }
    sealing->commit->updates.account_count = sealing->account_count;
    AU_TRY(apply(sealing, &account_trie, sealing->account_count, &root));
    *out_root = root.hash;
    return AU_OK;
}

static enum au_err seal(struct sealing *sealing, uint64_t height, struct au_hash *out_root)
{
    count_changes(sealing);
    AU_TRY(make_room(sealing));
    AU_TRY(take_changes(sealing));
    AU_TRY(apply_slots(sealing));
    AU_TRY(apply_accounts(sealing, out_root));
    AU_TRY(sealing->undo.err);
    put_undo_record(sealing, height);
    prune(sealing, height);
    return sealing->batch->ops.err;
}

/* How much may come together since the last flush, or since the one under way began. */
struct limits {
    size_t size;       /* bytes in memory */
    size_t dirty_size; /* bytes of records */
    uint64_t changes;
    uint64_t behind; /* blocks since the last flush */
};

static bool has_reached(const struct au_commit *commit, const struct limits *limits)
{
    const struct au_trie_count count = au_trie_cache_count(&commit->tries);
    return count.size > limits->size || count.dirty_size >= limits->dirty_size ||
           commit->unflushed_count - commit->passing_count >= limits->changes ||
           commit->done_height - commit->flushed_height >= limits->behind;
}

/* Half the way, or more, from where a pass begins to where it is waited for. */
static bool is_pass_late(const struct au_commit *commit)
{
    const struct limits half = {
        .size = commit->tries.size_max / 2 * 3,
        .dirty_size = commit->dirty_size_max / 2,
        .changes = CHANGES_MAX / 2,
        .behind = BEHIND_LATE,
    };
    return has_reached(commit, &half);
}

enum au_err au_commit_seal(struct au_commit *commit, struct au_overlay *overlay, uint64_t height,
                           struct au_kv_batch *batch, struct au_hash *out_root)
{
    struct sealing sealing = {.commit = commit, .overlay = overlay, .batch = batch};
    au_arena_reset(&commit->arena);
    commit->height = height;
    au_buf_init(&sealing.undo, UNDO_SIZE_MAX);
    if (!is_pass_late(commit)) au_trie_pass_hold(&commit->tries);
    enum au_err err = seal(&sealing, height, out_root);
    au_buf_done(&sealing.undo);
    return err;
}

/* ---- how much undo there is to be ---- */

enum au_err au_commit_keep(struct au_commit *commit, uint64_t count)
{
    struct au_kv_batch batch;
    if (count == commit->keep) return AU_OK;
    au_kv_batch_init(&batch, KEEP_SIZE_MAX);
    au_keep_put(&batch, count);
    enum au_err err = au_kv_write(&commit->flat.kv, &batch, /* is_synced */ true);
    au_kv_batch_done(&batch);
    if (err == AU_OK) commit->keep = count;
    return err;
}

/* ---- records ---- */

static enum au_err end_pass(struct au_commit *commit)
{
    uint64_t height;
    AU_TRY(au_trie_pass_end(&commit->tries, &height));
    commit->flushed_height = height;
    commit->unflushed_count -= commit->passing_count;
    commit->passing_count = 0;
    au_trie_cache_trim(&commit->tries);
    return AU_OK;
}

enum au_err au_commit_flush(struct au_commit *commit)
{
    if (commit->tries.pass) AU_TRY(end_pass(commit));
    AU_TRY(au_trie_cache_flush(&commit->tries, commit->done_height));
    commit->has_flushed = true;
    commit->flushed_height = commit->done_height;
    commit->unflushed_count = 0;
    return AU_OK;
}

static bool is_flush_due(const struct au_commit *commit)
{
    bool is_passing = commit->tries.pass != NULL;
    const struct limits whole = {
        .size = commit->tries.size_max * (is_passing ? 2 : 1),
        .dirty_size = commit->dirty_size_max,
        .changes = CHANGES_MAX,
        .behind = is_passing ? BEHIND_MAX : AU_COMMIT_BEHIND_MAX,
    };
    return !commit->has_flushed || has_reached(commit, &whole);
}

/* Little is written at once: a thread would be too much for it. */
static enum au_err begin_flush(struct au_commit *commit)
{
    const struct au_trie_count count = au_trie_cache_count(&commit->tries);
    bool is_scattered = count.held / 2 > commit->tries.size_max; /* to be mended by no pass */
    if (!commit->has_flushed || is_scattered || count.dirty_size < commit->pass_size_min) {
        return au_commit_flush(commit);
    }
    AU_TRY(au_trie_pass_begin(&commit->tries, commit->flushed_height, commit->done_height));
    commit->passing_count = commit->unflushed_count;
    return AU_OK;
}

enum au_err au_commit_flush_if_due(struct au_commit *commit)
{
    bool is_due = is_flush_due(commit);
    if (commit->tries.pass && (is_due || au_trie_pass_is_done(&commit->tries))) {
        AU_TRY(end_pass(commit));
        is_due = is_flush_due(commit);
    }
    enum au_err err = is_due && !commit->tries.pass ? begin_flush(commit) : AU_OK;
    /* There is a next time, and what is never written is made again when the store is opened. */
    return err == AU_ERR_NO_MEMORY ? AU_OK : err;
}

/* ---- life ---- */

enum au_err au_commit_init(struct au_commit *commit, const struct au_kv *kv,
                           const struct au_seed *seed, const struct au_commit_sizes *sizes)
{
    *commit = (struct au_commit){
        .keep = AU_KEEP_PRESET, .dirty_size_max = DIRTY_SIZE_MAX, .pass_size_min = PASS_SIZE_MIN};
    au_flat_init(&commit->flat, kv, NULL);
    au_arena_init(&commit->arena, MEMORY_MAX);
    AU_TRY(au_trie_cache_init(&commit->tries, kv, seed, sizes->tries_size_max));
    return au_object_cache_new(seed, sizes->accounts_max, sizes->slots_max, &commit->objects);
}

void au_commit_finish(struct au_commit *commit)
{
    bool is_behind = commit->has_flushed &&
                     (commit->tries.pass || commit->flushed_height != commit->done_height);
    enum au_err err = is_behind ? au_commit_flush(commit) : AU_OK;
    (void)err; /* what is not written is made again when the store is opened */
    au_trie_cache_done(&commit->tries);
    au_object_cache_free(commit->objects);
    au_arena_done(&commit->arena);
    au_flat_done(&commit->flat);
}

void au_commit_done(struct au_commit *commit)
{
    au_trie_cache_commit(&commit->tries);
    au_object_cache_advance(commit->objects, commit->height, &commit->updates);
    commit->done_height = commit->height;
    commit->first_undo = commit->first_undo_next;
    commit->unflushed_count += commit->updates.account_count + commit->updates.slot_count;
    au_trie_pass_resume(&commit->tries);
    au_arena_reset(&commit->arena);
}

void au_commit_drop(struct au_commit *commit)
{
    au_trie_cache_abort(&commit->tries);
    au_trie_pass_resume(&commit->tries);
    au_arena_reset(&commit->arena);
}
