/* A chain of many senders in a store on disk, for bench_ledger and bench_readers, and signed
 * transactions for it.
 *
 * Whatever goes wrong ends the program.
 *
 * Threading: one thread, but that any thread may decode. */
#ifndef AUREON_BENCH_LEDGER_CHAIN_H
#define AUREON_BENCH_LEDGER_CHAIN_H

#include "bench.h"

#include "contract/host.h"
#include "crypto/sign.h"
#include "ledger/block.h"

#define CHAIN_BALANCE UINT64_C(1000000000000) /* base units of each account */
#define CHAIN_GAS     UINT64_C(100000000)     /* more than any transaction takes */

struct chain {
    char folder[256];
    struct au_kv kv;
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_block *block;
    struct au_arena arena; /* transactions */
    struct au_sign_key *keys;
    uint64_t *nonces;
    uint32_t sender_count;
    uint32_t account_count;
    struct au_address counter;
    struct au_address token;
    struct au_address toucher;
};

/* chain_begin makes a chain of account_count accounts in the caller's storage, the first
 * sender_count of which have keys, its store in a new folder within folder. chain_end takes all of
 * it away. */
void chain_begin(struct chain *chain, const char *folder, uint32_t account_count,
                 uint32_t sender_count);
void chain_end(struct chain *chain);

/* chain_reopen closes and opens the store, so that nothing of it is in our memory. */
void chain_reopen(struct chain *chain);

/* chain_settle waits until no thread of the process does anything: RocksDB flushes and compacts on
 * threads of its own what was written. */
void chain_settle(void);

/* chain_open_store opens another store in the chain's folder, to be closed by the caller. */
struct au_kv chain_open_store(const struct chain *chain, const char *name);

/* chain_keep_batches has each batch copied that the chain writes; NULL: none. */
void chain_keep_batches(struct au_kv_batch *batch);

/* chain_address gives an account, or the key of a slot: senders first. */
struct au_address chain_address(const struct chain *chain, uint32_t index);

/* chain_sign completes and signs a transaction; the bytes live as long as the chain. */
struct au_bytes chain_sign(struct chain *chain, uint32_t sender, struct au_tx tx);
struct au_checked chain_decode(const struct chain *chain, struct au_bytes bytes);

/* chain_apply executes a transaction in the open block, which must succeed. The receipt lives until
 * the block ends. */
const struct au_receipt *chain_apply(struct chain *chain, const struct au_checked *checked);

/* chain_commit makes a block of transactions of the first sender, and gives the contract that the
 * last of them created, if it did. */
struct au_address chain_commit(struct chain *chain, const struct au_tx *txs, uint32_t count);

/* chain_deploy commits a contract, given as a module or as text; tx has its value and arguments. */
struct au_address chain_deploy(struct chain *chain, struct au_bytes code, struct au_tx tx);

#endif
