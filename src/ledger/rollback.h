/* Taking the last blocks of a chain back, in a store that no ledger has open.
 *
 * Threading: one thread, the only one that uses the store. */
#ifndef AUREON_LEDGER_ROLLBACK_H
#define AUREON_LEDGER_ROLLBACK_H

#include "core/header.h"
#include "store/kv.h"

/* au_ledger_roll_back makes a store what it was after the block of a height: state, tries, blocks,
 * receipts, indices, code and head, in one synced batch. The state must give the root of that
 * block's header; nothing is written otherwise.
 *
 * message    gets the cause of every error
 * out_head   the head from now on
 *
 * OK            height may be that of the head: nothing happens
 * INVALID_ARG   the chain has not come to the height
 * NOT_FOUND     the store holds no chain, or no undo that goes back to the height (state/keep.h)
 * MALFORMED     the store is damaged
 * TOO_LARGE     what the blocks have changed does not fit into memory
 * NO_MEMORY, or what the store failed with
 *
 * Cost: reads all that is taken back; where a block brought code, all accounts too. */
AU_MUST_USE enum au_err au_ledger_roll_back(const struct au_kv *kv, uint64_t height,
                                            struct au_buf *message, struct au_header *out_head);

#endif
