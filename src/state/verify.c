#include "state/verify.h"

#include <stdlib.h>

#include "base/hex.h"
#include "base/mem.h"
#include "core/limits.h"
#include "crypto/sha256.h"
#include "state/flat.h"
#include "state/trie.h"
#include "state/trie_build.h"
#include "state/trie_compare.h"

#define LEAF_SIZE_MAX  (1u << 20)        /* bytes */
#define CODES_SIZE_MAX ((size_t)1 << 32) /* bytes of hashes */
#define KEY_SIZE_MAX   ((size_t)1 << 20) /* bytes of a record's key, damaged or not */
#define KEY_TOLD_MAX   512u              /* bytes of a key that a message has: all of a right one */
#define PIECE_SIZE     ((size_t)4 << 20) /* bytes of records that are written at once, about */
#define QUEUE_SIZE     ((size_t)64 << 10) /* bytes of leaves, before the last one */
#define STOP_STEP      4096u              /* accounts, slots and raw keys between two looks */
#define BATCH_SIZE_MAX (PIECE_SIZE + KEY_SIZE_MAX + 2 * AU_TRIE_RECORD_SIZE_MAX)

/* A family whose keys begin with an account's hash, walked over beside the accounts. */
struct beside {
    struct au_kv_iter iter;
    struct au_kv_entry entry; /* that it has come to, unless is_done */
    bool is_done;
};

/* A set of keys, as the sums of their hashes' parts: sets that differ by accident have others. */
struct key_set {
    uint64_t count;
    uint64_t sums[AU_HASH_SIZE / sizeof(uint64_t)];
};

/* Leaves of a trie that are added to it at once. */
struct queue {
    struct au_trie_build *build;
    struct au_trie_build_leaf leaves[AU_TRIE_BUILD_MANY];
    size_t count;
    struct au_buf values; /* one behind the other */
};

/* Of what makes the records right, as much as is written at once. */
struct piece {
    struct piece *next;
    struct au_kv_batch batch;
};

struct work {
    const struct au_kv *kv;
    const struct au_kv_snapshot *snapshot; /* NULL: now */
    const struct au_progress *progress;    /* NULL: nobody is told */
    const atomic_bool *is_stopped;         /* NULL: nobody stops it */
    struct au_buf *message;
    struct au_verified result;
    struct au_trie_build accounts;
    struct au_trie_build storage; /* of the last account */
    struct au_hash owner;         /* likewise */
    struct queue account_leaves;
    struct queue storage_leaves;
    struct au_buf leaf;
    struct beside slots;
    struct beside keys; /* raw keys of all slots */
    uint64_t leaf_count;
    uint64_t step_count;
    bool has_codes;      /* code is proved too */
    struct au_buf codes; /* the hashes of all code, ascending */

    /* ---- records ---- */
    bool has_records; /* they are compared */
    struct au_trie_compare account_records;
    struct au_trie_compare storage_records;
    bool has_difference; /* verify's: the one with the least key */
    enum au_trie_difference_kind difference;
    struct au_buf difference_key;
    size_t held_max; /* rebuild's: bytes of pieces that are kept until the root is proved */
    size_t held_size;
    bool is_too_much; /* more would have to be kept */
    bool is_written;  /* it is proved already, and each piece is written once it is full */
    struct piece *first_piece;
    struct piece *last_piece;
};

static struct au_bytes to_be_told(struct au_bytes key)
{
    return (struct au_bytes){key.data, key.size < KEY_TOLD_MAX ? key.size : KEY_TOLD_MAX};
}

static enum au_err fail(struct work *work, const char *what, const struct au_bytes key)
{
    au_buf_put_text(work->message, what);
    if (key.size > 0) {
        au_buf_put_text(work->message, " ");
        au_hex_put(work->message, to_be_told(key));
    }
    return AU_ERR_MALFORMED;
}

static enum au_err look_at_stop(struct work *work)
{
    bool is_looked = ++work->step_count % STOP_STEP == 0 && work->is_stopped;
    return is_looked && atomic_load(work->is_stopped) ? AU_ERR_UNSUPPORTED : AU_OK;
}

/* next: key of the leaf that comes behind those of the queue; NULL: there is none. */
static enum au_err add_queue(struct queue *queue, const struct au_hash *next)
{
    const uint8_t *at = queue->values.data;
    AU_TRY(queue->values.err);
    for (size_t i = 0; i < queue->count; i++) {
        queue->leaves[i].value.data = at;
        at += queue->leaves[i].value.size;
    }
    AU_TRY(au_trie_build_add_many(queue->build, queue->leaves, queue->count, next));
    queue->count = 0;
    au_buf_clear(&queue->values);
    return AU_OK;
}

/* The last leaf becomes the last one of a queue. */
static enum au_err add_leaf(struct work *work, struct queue *queue, const struct au_hash *key)
{
    AU_TRY(work->leaf.err);
    AU_TRY(look_at_stop(work));
    au_progress_step(work->progress, &work->leaf_count);
    bool is_full = queue->count == AU_TRIE_BUILD_MANY || queue->values.size > QUEUE_SIZE;
    if (is_full) AU_TRY(add_queue(queue, key));
    queue->leaves[queue->count++] =
        (struct au_trie_build_leaf){.key = *key, .value.size = work->leaf.size};
    au_buf_put_bytes(&queue->values, au_buf_bytes(&work->leaf));
    return AU_OK;
}

/* ---- beside the accounts ---- */

static enum au_err step_beside(struct beside *beside)
{
    enum au_err err = au_kv_iter_next(&beside->iter, &beside->entry);
    beside->is_done = err == AU_ERR_NOT_FOUND;
    return beside->is_done ? AU_OK : err;
}

static enum au_err open_beside(const struct work *work, const struct au_kv_range *range,
                               struct beside *beside)
{
    AU_TRY(au_kv_iter_open(work->kv, work->snapshot, range, &beside->iter));
    enum au_err err = step_beside(beside);
    if (err != AU_OK) au_kv_iter_close(&beside->iter);
    return err;
}

/* ---- storage ---- */

static void add_key(struct key_set *set, const struct au_hash *hash)
{
    set->count++;
    for (size_t i = 0; i < AU_COUNT_OF(set->sums); i++) {
        uint64_t part;
        memcpy(&part, hash->bytes + i * sizeof(part), sizeof(part));
        set->sums[i] += part;
    }
}

/* The slots of an account; those before it are of none. */
static enum au_err take_slots(struct work *work, struct key_set *set)
{
    while (!work->slots.is_done) {
        struct au_bytes value, key = work->slots.entry.key;
        struct au_hash hash;
        if (key.size != AU_FLAT_SLOT_KEY_SIZE) return fail(work, "damaged slot", key);
        int order = memcmp(key.data, work->owner.bytes, AU_HASH_SIZE);
        if (order > 0) break;
        if (order < 0) return fail(work, "a slot of no account:", key);
        bool is_slot = au_flat_decode_slot(work->slots.entry.value, &value);
        if (!is_slot || value.size > AU_VALUE_SIZE_MAX) {
            return fail(work, "damaged slot", key);
        }
        memcpy(hash.bytes, key.data + AU_HASH_SIZE, AU_HASH_SIZE);
        add_key(set, &hash);
        au_buf_clear(&work->leaf);
        au_flat_slot_leaf(&work->leaf, value);
        AU_TRY(add_leaf(work, &work->storage_leaves, &hash));
        AU_TRY(step_beside(&work->slots));
    }
    work->result.slot_count += set->count;
    return AU_OK;
}

/* ---- raw keys ---- */

/* The next raw key of an account, and how it hashes. NOT_FOUND: it has no more. */
static enum au_err next_raw_key(struct work *work, struct beside *keys, struct au_hash *out_hash)
{
    if (keys->is_done) return AU_ERR_NOT_FOUND;
    AU_TRY(look_at_stop(work));
    struct au_bytes key = keys->entry.key;
    if (key.size <= AU_HASH_SIZE) return fail(work, "a damaged raw key:", key);
    int order = memcmp(key.data, work->owner.bytes, AU_HASH_SIZE);
    if (order > 0) return AU_ERR_NOT_FOUND;
    if (order < 0 || keys->entry.value.size > 0) {
        return fail(work, "a raw key that no slot has:", key);
    }
    *out_hash =
        au_flat_key_hash((struct au_bytes){key.data + AU_HASH_SIZE, key.size - AU_HASH_SIZE});
    return AU_OK;
}

static enum au_err expect_slot(struct work *work, const struct au_hash *hash, struct au_bytes key)
{
    uint8_t slot[AU_FLAT_SLOT_KEY_SIZE];
    memcpy(slot, work->owner.bytes, AU_HASH_SIZE);
    memcpy(slot + AU_HASH_SIZE, hash->bytes, AU_HASH_SIZE);
    enum au_err err = au_kv_get(work->kv, work->snapshot, AU_CF_STO,
                                (struct au_bytes){slot, sizeof(slot)}, &work->leaf);
    return err == AU_ERR_NOT_FOUND ? fail(work, "a raw key that no slot has:", key) : err;
}

/* Looks an account's raw keys up that are not those of its slots: which one has none, or else that
 * some are missing. */
static enum au_err name_raw_key(struct work *work)
{
    const struct au_kv_range range = {.cf = AU_CF_KEY, .lower = {work->owner.bytes, AU_HASH_SIZE}};
    struct beside keys;
    struct au_hash hash;
    enum au_err err;
    AU_TRY(open_beside(work, &range, &keys));
    while ((err = next_raw_key(work, &keys, &hash)) == AU_OK) {
        err = expect_slot(work, &hash, keys.entry.key);
        if (err == AU_OK) err = step_beside(&keys);
        if (err != AU_OK) break;
    }
    au_kv_iter_close(&keys.iter);
    if (err != AU_ERR_NOT_FOUND) return err;
    return fail(work, "raw keys are missing of account",
                (struct au_bytes){work->owner.bytes, AU_HASH_SIZE});
}

/* An account has as many raw keys as slots, and each is that of a slot. */
static enum au_err verify_raw_keys(struct work *work, const struct key_set *slots)
{
    struct key_set set = {0};
    struct au_hash hash;
    enum au_err err;
    while ((err = next_raw_key(work, &work->keys, &hash)) == AU_OK) {
        add_key(&set, &hash);
        AU_TRY(step_beside(&work->keys));
    }
    if (err != AU_ERR_NOT_FOUND) return err;
    return memcmp(&set, slots, sizeof(set)) == 0 ? AU_OK : name_raw_key(work);
}

static enum au_err verify_storage(struct work *work, const struct au_account *account)
{
    struct key_set slots = {0};
    struct au_hash root;
    au_trie_build_clear(&work->storage);
    AU_TRY(take_slots(work, &slots));
    AU_TRY(add_queue(&work->storage_leaves, NULL));
    AU_ASSERT(au_trie_build_root(&work->storage, (struct au_bytes){0}, &root));
    bool is_empty = slots.count == 0;
    bool fits = is_empty != account->has_storage &&
                (is_empty || au_hash_is_equal(&root, &account->storage_root));
    if (!fits) {
        return fail(work, "the slots do not give the storage root of account",
                    (struct au_bytes){work->owner.bytes, AU_HASH_SIZE});
    }
    AU_TRY(au_trie_build_finish(&work->storage));
    return verify_raw_keys(work, &slots);
}

/* ---- code ---- */

static enum au_err take_codes(struct work *work)
{
    const struct au_kv_range range = {.cf = AU_CF_COD, .is_scan = true};
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

static enum au_err verify_account(struct work *work, const struct au_kv_entry *entry)
{
    struct au_account account;
    if (entry->key.size != AU_HASH_SIZE || !au_flat_decode_account(entry->value, &account)) {
        return fail(work, "damaged account", entry->key);
    }
    work->result.account_count++;
    memcpy(work->owner.bytes, entry->key.data, AU_HASH_SIZE);
    AU_TRY(verify_code(work, &account));
    au_buf_clear(&work->leaf);
    au_flat_account_leaf(&work->leaf, &account);
    AU_TRY(add_leaf(work, &work->account_leaves, &work->owner));
    bool has_storage = account.has_storage || is_slot_of(work, &work->owner);
    return has_storage ? verify_storage(work, &account) : AU_OK;
}

static enum au_err take_accounts(struct work *work)
{
    const struct au_kv_range range = {.cf = AU_CF_ACC, .is_scan = true};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    enum au_err err;
    AU_TRY(au_kv_iter_open(work->kv, work->snapshot, &range, &iter));
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        err = verify_account(work, &entry);
        if (err != AU_OK) break;
    }
    au_kv_iter_close(&iter);
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
    AU_TRY(take_accounts(work));
    AU_TRY(add_queue(&work->account_leaves, NULL));
    AU_TRY(verify_rest(work));
    struct au_hash *rebuilt = &work->result.root;
    AU_ASSERT(au_trie_build_root(&work->accounts, (struct au_bytes){0}, rebuilt));
    if (!au_hash_is_equal(rebuilt, root)) {
        return fail(work, "the accounts do not give the state root of the head, but",
                    (struct au_bytes){rebuilt->bytes, AU_HASH_SIZE});
    }
    return au_trie_build_finish(&work->accounts);
}

static enum au_err verify_flat(struct work *work, const struct au_hash *root)
{
    const struct au_kv_range slots = {.cf = AU_CF_STO, .is_scan = true};
    const struct au_kv_range keys = {.cf = AU_CF_KEY, .is_scan = true};
    AU_TRY(open_beside(work, &slots, &work->slots));
    enum au_err err = open_beside(work, &keys, &work->keys);
    if (err == AU_OK) {
        err = verify_accounts(work, root);
        au_kv_iter_close(&work->keys.iter);
    }
    au_kv_iter_close(&work->slots.iter);
    return err;
}

/* ---- records ---- */

static const struct au_hash account_trie; /* zero: the owner that no contract is */

static enum au_err on_account_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct work *work = context;
    if (!work->has_records) return AU_OK;
    return au_trie_compare_add(&work->account_records, &account_trie, node, start);
}

static enum au_err on_storage_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct work *work = context;
    if (!work->has_records) return AU_OK;
    return au_trie_compare_add(&work->storage_records, &work->owner, node, start);
}

/* Verify's: one is told, if it is not the accounts and slots themselves that do not fit. */
static enum au_err note_least(void *context, const struct au_trie_difference *difference)
{
    struct work *work = context;
    bool is_less = !work->has_difference ||
                   au_bytes_compare(difference->key, au_buf_bytes(&work->difference_key)) < 0;
    if (!is_less) return AU_OK;
    work->has_difference = true;
    work->difference = difference->kind;
    au_buf_clear(&work->difference_key);
    au_buf_put_bytes(&work->difference_key, to_be_told(difference->key));
    return work->difference_key.err;
}

static enum au_err add_piece(struct work *work)
{
    struct piece *piece = au_mem_new(sizeof(*piece));
    if (!piece) return AU_ERR_NO_MEMORY;
    au_kv_batch_init(&piece->batch, BATCH_SIZE_MAX);
    if (work->last_piece) {
        work->last_piece->next = piece;
    } else {
        work->first_piece = piece;
    }
    work->last_piece = piece;
    return AU_OK;
}

/* Frees the first piece. */
static void drop_piece(struct work *work)
{
    struct piece *piece = work->first_piece;
    work->first_piece = piece->next;
    au_kv_batch_done(&piece->batch);
    au_mem_free(piece);
}

/* The last piece is full. */
static enum au_err next_piece(struct work *work)
{
    struct au_kv_batch *full = &work->last_piece->batch;
    if (work->is_written) {
        enum au_err err = au_kv_write(work->kv, full, /* is_synced */ false);
        au_kv_batch_clear(full);
        return err;
    }
    work->held_size += full->ops.size;
    if (work->held_size < work->held_max) return add_piece(work);
    work->is_too_much = true;
    work->has_records = false;
    return AU_OK;
}

/* Rebuild's. Before the root is known to be right nothing is written. */
static enum au_err mend(void *context, const struct au_trie_difference *difference)
{
    struct work *work = context;
    struct au_kv_batch *batch = &work->last_piece->batch;
    if (difference->kind == AU_TRIE_EXTRA) {
        au_kv_batch_del(batch, AU_CF_TRI, difference->key);
    } else {
        au_kv_batch_put(batch, AU_CF_TRI, difference->key, difference->record);
    }
    AU_TRY(batch->ops.err);
    return batch->ops.size < PIECE_SIZE ? AU_OK : next_piece(work);
}

/* The records of the account trie come first, those of contracts behind: one walk for each. */
static enum au_err open_records(struct work *work, const struct au_trie_compare_sink *sink)
{
    uint8_t first[AU_HASH_SIZE] = {[AU_HASH_SIZE - 1] = 1};
    const struct au_bytes bound = {first, sizeof(first)};
    const struct au_kv_range accounts = {.cf = AU_CF_TRI, .upper = bound, .is_scan = true};
    const struct au_kv_range storage = {.cf = AU_CF_TRI, .lower = bound, .is_scan = true};
    AU_TRY(au_trie_compare_open(&work->account_records, work->kv, &accounts, sink));
    enum au_err err = au_trie_compare_open(&work->storage_records, work->kv, &storage, sink);
    if (err != AU_OK) au_trie_compare_close(&work->account_records);
    return err;
}

/* Builds the tries beside their records; the sink gets each difference. */
static enum au_err compare_records(struct work *work, const struct au_hash *root,
                                   const struct au_trie_compare_sink *sink)
{
    AU_TRY(open_records(work, sink));
    work->has_records = true;
    enum au_err err = verify_flat(work, root);
    if (err == AU_OK && work->has_records) err = au_trie_compare_finish(&work->account_records);
    if (err == AU_OK && work->has_records) err = au_trie_compare_finish(&work->storage_records);
    work->result.record_count =
        work->account_records.branch_count + work->storage_records.branch_count;
    au_trie_compare_close(&work->storage_records);
    au_trie_compare_close(&work->account_records);
    return err;
}

/* ---- all of it ---- */

static struct work *new_work(const struct au_kv *kv, struct au_buf *message)
{
    struct work *work = au_mem_new(sizeof(*work));
    if (!work) return NULL;
    work->kv = kv;
    work->message = message;
    au_trie_build_init(&work->accounts, &(struct au_trie_build_sink){work, on_account_branch});
    au_trie_build_init(&work->storage, &(struct au_trie_build_sink){work, on_storage_branch});
    work->account_leaves.build = &work->accounts;
    work->storage_leaves.build = &work->storage;
    au_buf_init(&work->account_leaves.values, QUEUE_SIZE + 2 * LEAF_SIZE_MAX);
    au_buf_init(&work->storage_leaves.values, QUEUE_SIZE + 2 * LEAF_SIZE_MAX);
    au_buf_init(&work->leaf, LEAF_SIZE_MAX);
    au_buf_init(&work->codes, CODES_SIZE_MAX);
    au_buf_init(&work->difference_key, KEY_TOLD_MAX);
    return work;
}

static void free_work(struct work *work)
{
    while (work->first_piece) {
        drop_piece(work);
    }
    au_buf_done(&work->difference_key);
    au_buf_done(&work->codes);
    au_buf_done(&work->leaf);
    au_buf_done(&work->storage_leaves.values);
    au_buf_done(&work->account_leaves.values);
    au_trie_build_done(&work->storage);
    au_trie_build_done(&work->accounts);
    au_mem_free(work);
}

static enum au_err verify_all(struct work *work, uint64_t height, const struct au_hash *root)
{
    static const struct au_bytes no_key;
    static const char *const texts[] = {
        [AU_TRIE_MISSING] = "a branch is missing:",
        [AU_TRIE_DAMAGED] = "a damaged branch:",
        [AU_TRIE_EXTRA] = "a branch that is no part of a trie:",
    };
    struct au_trie_heights heights = {0};
    enum au_err got = au_trie_get_heights(work->kv, NULL, &heights);
    bool is_damaged = got == AU_ERR_MALFORMED;
    if (got != AU_OK && got != AU_ERR_NOT_FOUND && !is_damaged) return got;
    bool are_current = got == AU_OK && heights.first == height && !heights.is_mixed;
    AU_TRY(take_codes(work));
    const struct au_trie_compare_sink sink = {work, note_least};
    AU_TRY(are_current ? compare_records(work, root, &sink) : verify_flat(work, root));
    work->result.are_records_current = are_current;
    if (is_damaged) return fail(work, "a damaged height of branches", no_key);
    if (!work->has_difference) return AU_OK;
    return fail(work, texts[work->difference], au_buf_bytes(&work->difference_key));
}

enum au_err au_state_verify(const struct au_kv *kv, uint64_t height, const struct au_hash *root,
                            const struct au_progress *progress, struct au_buf *message,
                            struct au_verified *out_verified)
{
    struct work *work = new_work(kv, message);
    if (!work) return AU_ERR_NO_MEMORY;
    work->progress = progress;
    work->has_codes = true;
    enum au_err err = verify_all(work, height, root);
    if (err == AU_OK) *out_verified = work->result;
    free_work(work);
    return err;
}

enum au_err au_state_prove(const struct au_state_moment *moment, struct au_buf *message,
                           struct au_verified *out_verified)
{
    struct work *work = new_work(&moment->kv, message);
    if (!work) return AU_ERR_NO_MEMORY;
    work->snapshot = moment->snapshot;
    work->is_stopped = moment->is_stopped;
    enum au_err err = verify_flat(work, &moment->root);
    if (err == AU_OK) *out_verified = work->result;
    free_work(work);
    return err;
}

/* A store that does not say of which height its records are has them made anew when it is opened.
 */
static enum au_err say_no_height(struct work *work)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    au_kv_batch_del(&batch, AU_CF_META, au_bytes_of(AU_META_TRIE));
    enum au_err err = au_kv_write(work->kv, &batch, /* is_synced */ true);
    au_kv_batch_done(&batch);
    return err;
}

static enum au_err write_pieces(struct work *work, uint64_t height)
{
    while (work->first_piece != work->last_piece) {
        AU_TRY(au_kv_write(work->kv, &work->first_piece->batch, /* is_synced */ false));
        drop_piece(work);
    }
    au_trie_put_flushed_height(&work->last_piece->batch, height);
    return au_kv_write(work->kv, &work->last_piece->batch, /* is_synced */ true);
}

static enum au_err mend_records(struct work *work, uint64_t height, const struct au_hash *root)
{
    const struct au_trie_compare_sink sink = {work, mend};
    AU_TRY(add_piece(work));
    if (work->is_written) AU_TRY(say_no_height(work));
    AU_TRY(compare_records(work, root, &sink));
    if (work->is_too_much) return AU_OK;
    if (work->first_piece != work->last_piece) AU_TRY(say_no_height(work));
    return write_pieces(work, height);
}

enum au_err au_state_rebuild(const struct au_kv *kv, uint64_t height, const struct au_hash *root,
                             size_t held_max, struct au_buf *message)
{
    enum au_err err = AU_OK;
    bool is_proved = false;
    do {
        struct work *work = new_work(kv, message);
        if (!work) return AU_ERR_NO_MEMORY;
        work->held_max = held_max;
        work->is_written = is_proved;
        err = mend_records(work, height, root);
        is_proved = err == AU_OK && work->is_too_much;
        free_work(work);
    } while (is_proved);
    return err;
}
