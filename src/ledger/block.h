/* A block being executed: the one path by which transactions change state.
 *
 *     begin   an overlay on the committed state                              IDLE   -> OPEN
 *     apply   a receipt, or why the transaction may not be in the block      OPEN
 *     seal    fees, due unbondings; roots; everything put into one batch     OPEN   -> SEALED
 *     commit  the batch is written and synced, the head moves                SEALED -> IDLE
 *     abort   drops the overlay; legal in any state                          any    -> IDLE
 *
 * To simulate is to begin, apply and abort: there is no other processor.
 *
 * Invariants:
 *   1. A transaction that gets no receipt leaves no trace; one that fails leaves its fee, its nonce
 *      and its receipt.
 *   2. Balances, stakes and unbonding records together change by nothing in every block.
 *   3. An error (enum au_err) is a fault of the node: abort the block. It never becomes a receipt.
 *
 * Threading: a block belongs to one thread at a time. Any number of blocks may be open; only one
 * thread commits, and what others simulate is over the height that was committed when they began.
 */
#ifndef AUREON_LEDGER_BLOCK_H
#define AUREON_LEDGER_BLOCK_H

#include "core/receipt.h"
#include "ledger/check.h"
#include "ledger/ledger.h"

struct au_block;

/* au_block_new makes a place for blocks, owned by the caller: au_block_free. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_block_new(struct au_ledger *ledger, struct au_block **out_block);
void au_block_free(struct au_block *block);

/* au_block_begin opens the block after the head. Its time is time_ms, or 1 ms after the head's if
 * that is later. OK, NO_MEMORY, IO, MALFORMED */
AU_MUST_USE enum au_err au_block_begin(struct au_block *block, uint64_t time_ms);

/* au_block_begin_past opens the block that could have come 1 ms after that of an older height, for
 * views alone: to apply or to seal is a bug. Errors as au_read_open_at. */
AU_MUST_USE enum au_err au_block_begin_past(struct au_block *block, uint64_t height);

/* au_block_begin_again opens a block of the chain, at least 1, once more: over the state that it
 * was made on, with the time and the proposer that it had. Its transactions come to what they came
 * to when they are applied in their order; to seal it is a bug.
 *
 * Errors as au_read_open_at for the height below. Cost: reads all validators. */
AU_MUST_USE enum au_err au_block_begin_again(struct au_block *block, uint64_t height);

/* au_block_trace has a tracer told what contracts do from now on, until the block is over or the
 * tracer is another one or NULL. Transactions and views are then executed without it first: ENGINE
 * if they come to something else with it. Not those of a block that was opened again: the chain has
 * their receipts, and who applies them compares. */
struct au_tracer;
void au_block_trace(struct au_block *block, struct au_tracer *tracer);

/* au_block_header gives what is known of the header: all of it once the block is sealed. */
const struct au_header *au_block_header(const struct au_block *block);

/* What a transaction came to. */
struct au_applied {
    enum au_invalid invalid;          /* NONE: there is a receipt */
    const struct au_receipt *receipt; /* lives until the block is committed or aborted */
    struct au_check_sender sender;    /* as it was met: for messages */
};

/* au_block_apply executes a decoded transaction whose signature is valid (or, in a simulation, does
 * not matter).
 *
 * OK, NO_MEMORY, IO, MALFORMED, UNSUPPORTED, ENGINE: see invariant 3 */
AU_MUST_USE enum au_err au_block_apply(struct au_block *block, const struct au_checked *checked,
                                       struct au_applied *out_applied);

/* A view: a function run on the open block's state, that may not write. */
struct au_view {
    struct au_address contract;
    struct au_address caller; /* zero unless somebody asks in his name */
    struct au_bytes function;
    const struct au_bytes *args; /* at most AU_ARG_COUNT_MAX, AU_ARGS_SIZE_MAX together */
    size_t arg_count;
    uint64_t gas_limit; /* gas; at most a block's */
};

struct au_view_result {
    enum au_outcome outcome;
    uint32_t detail;
    uint32_t revert_code;
    uint64_t gas_used;
    struct au_bytes output; /* these live until the block is aborted */
    struct au_items logs;
    struct au_bytes note;
};

/* au_block_view runs a view; errors as au_block_apply. */
AU_MUST_USE enum au_err au_block_view(struct au_block *block, const struct au_view *view,
                                      struct au_view_result *out_result);

/* au_block_seal ends the block; errors as au_block_apply. */
AU_MUST_USE enum au_err au_block_seal(struct au_block *block);

/* au_block_commit makes a sealed block durable. After IO or MALFORMED it is open whether it is on
 * disk: the node must stop. OK, IO, MALFORMED; NO_MEMORY (nothing was written) */
AU_MUST_USE enum au_err au_block_commit(struct au_block *block);

void au_block_abort(struct au_block *block);

#endif
