/* The producer of a chain that has one node: takes transactions from the pool, executes them, and
 * commits blocks.
 *
 * A block is made as soon as something is executable, or, with an interval, when the last one is
 * that old; never an empty one unless asked for. Its time is the wall's, and always later than the
 * block's before.
 *
 * A node fault while a block is being built (heap, engine) drops the transaction that met it and
 * builds again; a fault of the store stops the producer.
 *
 * While may_commit says no, transactions stay in the pool; it is asked again every 20 ms.
 *
 * Threading: the producer is a thread; the functions may be called from any other. Callbacks are
 * called on the producer's thread, which has AU_THREAD_STACK_SIZE and more. */
#ifndef AUREON_CONSENSUS_SOLO_H
#define AUREON_CONSENSUS_SOLO_H

#include "ledger/block.h"
#include "ledger/compile.h"
#include "mempool/mempool.h"

struct au_solo;

struct au_solo_options {
    struct au_ledger *ledger;
    struct au_mempool *mempool;
    uint64_t interval_ms;              /* least time between blocks; 0: none */
    bool is_manual;                    /* blocks on demand only */
    void *context;                     /* of the callbacks */
    bool (*may_commit)(void *context); /* asked before each block; NULL: always */
    void (*on_block)(void *context, const struct au_header *header); /* committed */
    void (*on_fault)(void *context, enum au_err err,
                     const char *what); /* the producer has stopped */
};

/* au_solo_new starts the producer. OK, NO_MEMORY
 *
 * out_solo   owned by the caller: au_solo_free lets the block being made be committed and stops */
AU_MUST_USE enum au_err au_solo_new(const struct au_solo_options *options,
                                    struct au_solo **out_solo);
void au_solo_free(struct au_solo *solo);

/* au_solo_mine makes count blocks now, empty ones too, and waits for them. false: the producer has
 * stopped, or may not commit: what was not made by then is not made later. */
bool au_solo_mine(struct au_solo *solo, uint32_t count);

/* au_solo_compile has the code of a transaction compiled that is to be simulated, behind all code
 * that is to be proposed, and waits for it.
 *
 * out_state   PENDING: too much waits already, or it took too long
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_solo_compile(struct au_solo *solo, const struct au_checked *checked,
                                        enum au_compile_state *out_state);

#endif
