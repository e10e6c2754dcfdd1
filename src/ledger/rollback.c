#include "ledger/rollback.h"

#include <inttypes.h>

#include "chain/chain.h"
#include "core/genesis.h"
#include "core/merkle.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"
#include "state/history.h"
#include "state/retrace.h"
#include "state/table.h"

#define MEMORY_MAX ((size_t)8 << 30) /* bytes of the history, of leaves, of the batch: each */

/* Code that a block taken back has brought. */
struct code {
    struct code *next;
    struct au_hash hash;
    bool is_older; /* an account had it at the height or before */
};

struct rollback {
    const struct au_kv *kv;
    struct au_buf *message;
    struct au_header head;   /* as long as nothing is written */
    struct au_header target; /* the head afterwards */
    struct au_hash parent;   /* of the block that was taken back last; at first the head's hash */
    struct au_kv history;
    struct au_kv_batch batch;
    struct au_commit commit; /* has the tries */
    struct au_arena arena;   /* holds codes */
    struct code *codes;
    struct au_table codes_by_hash;
};

static enum au_err fail(const struct rollback *rollback, enum au_err err, const char *why)
{
    au_kv_explain(rollback->kv, err, why, rollback->message);
    return err;
}

/* ---- state ---- */

static enum au_err put_flat(struct rollback *rollback)
{
    struct au_undo_record record;
    size_t cursor = 0;
    while (au_history_next(&rollback->history, &cursor, &record)) {
        if (record.existed) {
            au_kv_batch_put(&rollback->batch, record.cf, record.key, record.value);
        } else {
            au_kv_batch_del(&rollback->batch, record.cf, record.key);
        }
    }
    return rollback->batch.ops.err;
}

static enum au_err put_tries(struct rollback *rollback)
{
    struct au_flat flat;
    struct au_retrace retrace;
    au_flat_init(&flat, &rollback->history, NULL);
    au_retrace_init(&retrace, &rollback->commit.tries, &flat, &rollback->target.state_root,
                    MEMORY_MAX);
    retrace.message = rollback->message;
    enum au_err err = au_retrace_changes(&retrace, &rollback->history);
    au_retrace_done(&retrace);
    au_flat_done(&flat);
    return err;
}

/* ---- code ---- */

static uint64_t table_hash(const struct au_hash *hash)
{
    uint64_t value;
    memcpy(&value, hash->bytes, sizeof(value));
    return value;
}

static struct code *find_code(const struct rollback *rollback, const struct au_hash *hash)
{
    uint64_t key = table_hash(hash);
    struct au_table_cell *cell = au_table_find(&rollback->codes_by_hash, key);
    for (; cell; cell = au_table_next(&rollback->codes_by_hash, cell, key)) {
        struct code *code = cell->entry;
        if (au_hash_is_equal(&code->hash, hash)) return code;
    }
    return NULL;
}

static enum au_err note_code(struct rollback *rollback, const struct au_tx *tx)
{
    if (tx->kind != AU_TX_DEPLOY && tx->kind != AU_TX_UPGRADE) return AU_OK;
    struct au_hash hash = au_sha256(tx->code);
    if (find_code(rollback, &hash)) return AU_OK;
    struct code *code = au_arena_zero(&rollback->arena, sizeof(*code));
    if (!code) return AU_ERR_NO_MEMORY;
    *code = (struct code){.next = rollback->codes, .hash = hash};
    rollback->codes = code;
    return au_table_add(&rollback->codes_by_hash, table_hash(&hash), code);
}

static enum au_err mark_older(struct rollback *rollback, struct au_bytes record)
{
    struct au_account account;
    if (!au_flat_decode_account(record, &account)) return AU_ERR_MALFORMED;
    struct code *code = account.has_code ? find_code(rollback, &account.code_hash) : NULL;
    if (code) code->is_older = true;
    return AU_OK;
}

/* What can still be looked at before the height needs its code, too: the undo that stays. */
static enum au_err mark_undone(struct rollback *rollback)
{
    struct au_undo_key last = au_undo_key(rollback->target.height + 1);
    struct au_kv_range range = {.cf = AU_CF_CHG, .upper = {last.bytes, sizeof(last.bytes)}};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(rollback->kv, NULL, &range, &iter));
    enum au_err err = AU_OK;
    while (err == AU_OK && (err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        struct au_decode decode;
        struct au_undo_record record;
        au_decode_init(&decode, entry.value);
        while (err == AU_OK && au_undo_record_next(&decode, &record)) {
            if (record.cf == AU_CF_ACC && record.existed) err = mark_older(rollback, record.value);
        }
        if (decode.error) err = AU_ERR_MALFORMED;
    }
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err mark_accounts(struct rollback *rollback)
{
    struct au_kv_range range = {.cf = AU_CF_ACC, .is_scan = true};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    AU_TRY(au_kv_iter_open(&rollback->history, NULL, &range, &iter));
    enum au_err err = AU_OK;
    while (err == AU_OK && (err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        err = mark_older(rollback, entry.value);
    }
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err del_codes(struct rollback *rollback)
{
    if (!rollback->codes) return AU_OK;
    AU_TRY(mark_accounts(rollback));
    AU_TRY(mark_undone(rollback));
    for (const struct code *code = rollback->codes; code; code = code->next) {
        if (code->is_older) continue;
        au_kv_batch_del(&rollback->batch, AU_CF_COD,
                        (struct au_bytes){code->hash.bytes, AU_HASH_SIZE});
    }
    return AU_OK;
}

/* ---- blocks ---- */

static enum au_err del_block(struct rollback *rollback, struct au_chain_reader *chain,
                             uint64_t height)
{
    struct au_header header;
    struct au_merkle ids = {0};
    struct au_merkle digests = {0};
    AU_TRY(au_chain_header(chain, height, &header));
    struct au_hash hash = au_header_hash(&header);
    if (!au_hash_is_equal(&hash, &rollback->parent)) return AU_ERR_MALFORMED;
    rollback->parent = header.parent;
    for (uint32_t i = 0; i < header.tx_count; i++) {
        struct au_tx tx;
        struct au_bytes bytes;
        struct au_receipt receipt;
        AU_TRY(au_chain_tx(chain, (struct au_chain_place){height, i}, &tx, &bytes));
        AU_TRY(au_chain_receipt(chain, (struct au_chain_place){height, i}, &receipt));
        struct au_hash digest = au_receipt_digest(&receipt);
        struct au_hash id = au_tx_id(bytes);
        if (!au_hash_is_equal(&id, &receipt.id)) return AU_ERR_MALFORMED;
        au_merkle_add(&ids, &receipt.id);
        au_merkle_add(&digests, &digest);
        AU_TRY(note_code(rollback, &tx));
        au_chain_del_tx(&rollback->batch, &receipt, bytes);
    }
    struct au_hash tx_root = au_merkle_root(&ids);
    struct au_hash receipts_root = au_merkle_root(&digests);
    if (!au_hash_is_equal(&tx_root, &header.tx_root)) return AU_ERR_MALFORMED;
    if (!au_hash_is_equal(&receipts_root, &header.receipts_root)) return AU_ERR_MALFORMED;
    au_chain_del_block(&rollback->batch, &header, &hash);
    struct au_undo_key key = au_undo_key(height);
    au_kv_batch_del(&rollback->batch, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)});
    return rollback->batch.ops.err;
}

static enum au_err del_blocks(struct rollback *rollback)
{
    struct au_chain_reader chain;
    enum au_err err = AU_OK;
    au_chain_reader_init(&chain, rollback->kv, NULL);
    rollback->parent = au_header_hash(&rollback->head);
    for (uint64_t height = rollback->head.height; height > rollback->target.height; height--) {
        err = del_block(rollback, &chain, height);
        if (err != AU_OK) break;
    }
    au_chain_reader_done(&chain);
    struct au_hash target = au_header_hash(&rollback->target);
    if (err == AU_OK && !au_hash_is_equal(&target, &rollback->parent)) err = AU_ERR_MALFORMED;
    if (err != AU_ERR_NOT_FOUND && err != AU_ERR_MALFORMED) return err;
    return fail(rollback, AU_ERR_MALFORMED, "a record of a block to be taken back is damaged");
}

/* ---- head ---- */

static enum au_err read_stake_min(const struct rollback *rollback, uint64_t *out_stake_min)
{
    struct au_buf stored;
    struct au_arena lists;
    struct au_genesis genesis;
    struct au_decode error;
    au_buf_init(&stored, AU_GENESIS_SIZE_MAX);
    au_arena_init(&lists, MEMORY_MAX);
    enum au_err err =
        au_kv_get(rollback->kv, NULL, AU_CF_META, au_bytes_of(AU_META_GENESIS), &stored);
    if (err == AU_OK) err = au_genesis_decode(au_buf_bytes(&stored), &lists, &genesis, &error);
    if (err == AU_OK) *out_stake_min = genesis.params.validator_stake_min;
    au_arena_done(&lists);
    au_buf_done(&stored);
    return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
}

static enum au_err put_head(struct rollback *rollback)
{
    struct au_flat flat;
    uint64_t stake_min, validator_count;
    AU_TRY(read_stake_min(rollback, &stake_min));
    au_flat_init(&flat, &rollback->history, NULL);
    enum au_err err = au_count_validators(&flat, stake_min, &validator_count);
    au_flat_done(&flat);
    AU_TRY(err);
    AU_TRY(au_restore_unbondings(&rollback->history, &rollback->batch));
    au_put_head(&rollback->batch, &rollback->target, validator_count);
    return rollback->batch.ops.err;
}

/* ---- the whole ---- */

static enum au_err roll_back(struct rollback *rollback)
{
    AU_TRY(put_flat(rollback));
    AU_TRY(put_tries(rollback));
    AU_TRY(del_blocks(rollback));
    AU_TRY(del_codes(rollback));
    AU_TRY(put_head(rollback));
    au_kv_batch_del(&rollback->batch, AU_CF_META, au_bytes_of(AU_META_TRIE));
    AU_TRY(au_kv_write(rollback->kv, &rollback->batch, /* is_synced */ true));
    au_trie_cache_commit(&rollback->commit.tries);
    rollback->commit.done_height = rollback->target.height;
    /* The blocks are taken back, whatever comes of the records. */
    enum au_err err = au_commit_flush(&rollback->commit);
    (void)err;
    return AU_OK;
}

/* The records of the tries are brought to the head, then, after all else is written, to the height.
 * In between none says of which height they are: whoever opens the store makes them anew. */
static enum au_err with_tries(struct rollback *rollback)
{
    static const struct au_seed seed; /* no contract chooses when a chain is taken back */
    const struct au_commit_sizes sizes = {
        .tries_size_max = AU_LEDGER_TRIES_SIZE_MAX, .accounts_max = 1, .slots_max = 1};
    struct au_commit *commit = &rollback->commit;
    enum au_err err = au_commit_init(commit, rollback->kv, &seed, &sizes);
    if (err == AU_OK) {
        err = au_commit_open(commit, rollback->head.height, &rollback->head.state_root,
                             rollback->message);
    }
    if (err == AU_OK) {
        err = roll_back(rollback);
        if (err != AU_OK) au_trie_cache_abort(&commit->tries);
    }
    au_commit_finish(commit);
    return err;
}

static enum au_err fail_pruned(const struct rollback *rollback)
{
    uint64_t first;
    AU_TRY(au_keep_first_undo(rollback->kv, rollback->head.height, &first));
    au_buf_printf(rollback->message, "what blocks have changed is kept from height %" PRIu64 " on",
                  au_keep_first_state(first));
    return AU_ERR_NOT_FOUND;
}

static enum au_err with_history(struct rollback *rollback)
{
    const struct au_history_options options = {.kv = *rollback->kv,
                                               .head = rollback->head.height,
                                               .height = rollback->target.height,
                                               .size_max = MEMORY_MAX};
    enum au_err err = au_history_open(&options, &rollback->history);
    if (err == AU_ERR_NOT_FOUND) return fail_pruned(rollback);
    if (err == AU_ERR_MALFORMED) return fail(rollback, err, "damaged undo of a block");
    AU_TRY(err);
    au_arena_init(&rollback->arena, MEMORY_MAX);
    au_kv_batch_init(&rollback->batch, MEMORY_MAX);
    err = with_tries(rollback);
    au_table_done(&rollback->codes_by_hash);
    au_kv_batch_done(&rollback->batch);
    au_arena_done(&rollback->arena);
    au_kv_close(&rollback->history);
    return err;
}

/* Finds both ends. */
static enum au_err find_heads(struct rollback *rollback, uint64_t height)
{
    struct au_chain_reader chain;
    enum au_err err = au_ledger_stored_head(rollback->kv, &rollback->head);
    if (err == AU_ERR_NOT_FOUND) return fail(rollback, err, "the store holds no chain");
    AU_TRY(err);
    if (height > rollback->head.height) {
        au_buf_printf(rollback->message, "the last block is %" PRIu64, rollback->head.height);
        return AU_ERR_INVALID_ARG;
    }
    au_chain_reader_init(&chain, rollback->kv, NULL);
    err = au_chain_header(&chain, height, &rollback->target);
    if (err == AU_ERR_NOT_FOUND) err = au_chain_missing(&chain, height);
    au_chain_reader_done(&chain);
    if (err == AU_ERR_NOT_FOUND) {
        return fail(rollback, err, "the store began with a snapshot of a later block");
    }
    return err;
}

enum au_err au_ledger_roll_back(const struct au_kv *kv, uint64_t height, struct au_buf *message,
                                struct au_header *out_head)
{
    struct rollback rollback = {.kv = kv, .message = message};
    enum au_err err = find_heads(&rollback, height);
    if (err == AU_OK && height < rollback.head.height) err = with_history(&rollback);
    if (err == AU_OK) *out_head = rollback.target;
    if (err != AU_OK) au_kv_explain(kv, err, NULL, message);
    return err;
}
