/* Random transactions, most of them valid.
 *
 *     draft_plan     what a person wants: one of the six payloads
 *     draft_spoil    perhaps something that makes it invalid, or just valid
 *     draft_sign     signed and encoded; perhaps bytes that are broken afterwards
 *
 * Threading: one thread at a time, as its world. */
#ifndef AUREON_TESTS_LEDGER_LOG_DRAFT_H
#define AUREON_TESTS_LEDGER_LOG_DRAFT_H

#include "ledger_log/world.h"

struct draft_fault;

struct draft {
    struct world *world;
    const struct person *person; /* the sender */
    struct au_tx tx;
    struct au_hash genesis_hash;     /* that it is signed for */
    const struct draft_fault *fault; /* NULL: none */
    struct au_bytes earlier;         /* a transaction of the same block, or empty */
};

/* draft_plan begins a draft. */
void draft_plan(struct draft *draft, struct world *world);

/* draft_gas gives the gas that such a transaction pays in any case. */
uint64_t draft_gas(const struct draft *draft);

void draft_spoil(struct draft *draft);

/* draft_sign gives the bytes, which live until the block is over. */
struct au_bytes draft_sign(struct draft *draft);

/* The 14 encodings of the points of small order: draft_small_order gives one of them. */
struct au_address draft_small_order(struct dice *dice);

#endif
