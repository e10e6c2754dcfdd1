/* A chain of one sender and many accounts, for measuring what its transactions take.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_CALIBRATE_CHAIN_H
#define AUREON_BENCH_CALIBRATE_CHAIN_H

#include "contract/host.h"
#include "crypto/sign.h"
#include "ledger/block.h"

#define CHAIN_BALANCE UINT64_C(1000000000000) /* base units of each account */

struct chain {
    char folder[256]; /* of the store; "": it is in memory */
    struct au_kv kv;
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_block *block;
    struct au_sign_key key;
    uint64_t nonce; /* of the next transaction that is signed */
};

/* chain_begin makes a chain in the caller's storage, its store in folder, or in memory if that is
 * NULL. chain_end takes all of it away. */
void chain_begin(struct chain *chain, const char *folder, uint32_t account_count);
void chain_end(struct chain *chain);

/* chain_reopen closes and opens the store, so that nothing of it is in our memory; with is_on_disk
 * no file of it is in the system's either. */
void chain_reopen(struct chain *chain, bool is_on_disk);

/* chain_address gives an account, or the key of a slot. Those whose numbers are neighbours lie far
 * from each other. */
struct au_address chain_address(uint32_t index);

/* chain_sign completes and signs a transaction of the sender; out is made here. */
void chain_sign(struct chain *chain, struct au_tx tx, struct au_buf *out);

/* chain_apply does with a transaction what a node does: decodes it, verifies its signature if
 * has_signature, executes it in the open block. The receipt lives until the block ends. */
const struct au_receipt *chain_apply(struct chain *chain, struct au_bytes bytes,
                                     bool has_signature);

#endif
