/* From executed transactions to a committed block. */
#include "base/mem.h"
#include "chain/chain.h"
#include "core/merkle.h"
#include "ledger/block_internal.h"

static void make_roots(struct au_block *block)
{
    struct au_merkle ids = {0};
    struct au_merkle digests = {0};
    for (uint32_t i = 0; i < block->header.tx_count; i++) {
        const struct au_receipt *receipt = block->entries[i].receipt;
        struct au_hash digest = au_receipt_digest(receipt);
        au_merkle_add(&ids, &receipt->id);
        au_merkle_add(&digests, &digest);
    }
    block->header.tx_root = au_merkle_root(&ids);
    block->header.receipts_root = au_merkle_root(&digests);
}

void au_put_head(struct au_kv_batch *batch, const struct au_header *head, uint64_t validator_count)
{
    struct au_buf record;
    au_buf_init(&record, AU_HEADER_SIZE_MAX + sizeof(uint64_t));
    au_buf_put_u64(&record, validator_count);
    au_header_encode(&record, head);
    au_kv_batch_put(batch, AU_CF_META, au_bytes_of(AU_META_HEAD), au_buf_bytes(&record));
    if (batch->ops.err == AU_OK) batch->ops.err = record.err;
    au_buf_done(&record);
}

static void put_records(struct au_block *block)
{
    struct au_hash hash = au_header_hash(&block->header);
    au_chain_put_block(&block->batch, &block->header, &hash);
    for (uint32_t i = 0; i < block->header.tx_count; i++) {
        const struct block_entry *entry = &block->entries[i];
        au_chain_put_tx(&block->batch, entry->receipt, entry->bytes);
    }
    for (const struct new_code *code = block->codes; code; code = code->next) {
        au_kv_batch_put(&block->batch, AU_CF_COD, (struct au_bytes){code->hash.bytes, AU_HASH_SIZE},
                        code->code);
    }
    au_put_unbonding_index(block);
    au_put_head(&block->batch, &block->header, block->validator_count);
}

enum au_err au_block_finish(struct au_block *block)
{
    block->state = BLOCK_SEALED; /* from here on there is something to drop */
    make_roots(block);
    AU_TRY(au_commit_seal(&block->ledger->commit, &block->overlay, block->header.height,
                          &block->batch, &block->header.state_root));
    put_records(block);
    return block->batch.ops.err;
}

enum au_err au_block_commit(struct au_block *block)
{
    AU_ASSERT(block->state == BLOCK_SEALED);
    struct au_ledger *ledger = block->ledger;
    /* Whoever proves meanwhile would have tries of one height and a snapshot of the other. To keep
     * a snapshot for them while the batch is written lets them prove on, but takes the processors
     * from the block: beside 32 that never pause it took six times as long. */
    au_trie_lock(&ledger->commit.tries);
    enum au_err err = au_kv_write(&ledger->kv, &block->batch, /* is_synced */ true);
    if (err == AU_OK) {
        au_commit_done(&ledger->commit);
        au_ledger_set_head(ledger, &block->header);
    }
    au_trie_unlock(&ledger->commit.tries);
    AU_TRY(err);
    for (const struct new_code *code = block->codes; code; code = code->next)
        au_engine_keep(ledger->engine, &code->hash);
    au_block_close(block);
    return au_commit_flush_if_due(&ledger->commit);
}

/* ---- block 0 ---- */

static enum au_err put_genesis(struct au_block *block, const struct au_genesis *genesis)
{
    AU_TRY(au_put_params(block));
    for (uint32_t i = 0; i < genesis->account_count; i++) {
        AU_TRY(au_credit(&block->overlay, &genesis->accounts[i].address,
                         genesis->accounts[i].balance));
    }
    for (uint32_t i = 0; i < genesis->stake_count; i++) {
        AU_TRY(au_put_stake(block, &genesis->stakes[i]));
    }
    return AU_OK;
}

static struct au_header genesis_header(const struct au_ledger *ledger,
                                       const struct au_genesis *genesis)
{
    struct au_header header = {
        .version = AU_HEADER_VERSION,
        .chain_id_size = (uint32_t)genesis->chain_id.size,
        .parent = ledger->genesis_hash,
        .time_ms = genesis->time_ms,
        .proposer = genesis->proposer,
        .gas_limit = genesis->params.block_gas_limit,
    };
    memcpy(header.chain_id, genesis->chain_id.data, genesis->chain_id.size);
    return header;
}

enum au_err au_ledger_begin(struct au_ledger *ledger, const struct au_genesis *genesis,
                            struct au_bytes encoded)
{
    struct au_block *block;
    AU_TRY(au_block_new(ledger, &block));
    block->overlay.source = NULL; /* there is nothing below */
    block->header = genesis_header(ledger, genesis);
    au_kv_batch_put(&block->batch, AU_CF_META, au_bytes_of(AU_META_GENESIS), encoded);
    enum au_err err = put_genesis(block, genesis);
    if (err == AU_OK) err = au_block_finish(block);
    if (err == AU_OK) err = au_block_commit(block);
    au_block_free(block);
    return err;
}
