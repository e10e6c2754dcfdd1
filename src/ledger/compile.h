/* Compiling new code before a block has it: no block contains code that was not compiled first.
 *
 * Threading: any thread. */
#ifndef AUREON_LEDGER_COMPILE_H
#define AUREON_LEDGER_COMPILE_H

#include "ledger/check.h"
#include "ledger/ledger.h"

/* How far the code of a transaction is. */
enum au_compile_state {
    AU_COMPILE_READY,   /* nothing to wait for */
    AU_COMPILE_PENDING, /* queued, or the queue is full: ask again when woken, or later */
    AU_COMPILE_BARRED,  /* the engine refused this code, or its helper failed over it */
};

/* au_ledger_must_compile tells whether a transaction brings code that must be compiled before it is
 * proposed: code that the validator accepts, whose compiling the gas limit covers, and that is not
 * compiled yet. OK, NO_MEMORY. Cost: 20 ns per byte of code. */
AU_MUST_USE enum au_err au_ledger_must_compile(struct au_ledger *ledger,
                                               const struct au_checked *checked,
                                               bool *out_must_compile);

/* au_ledger_compile compiles code and leaves it in the engine's cache.
 *
 * OK
 * INVALID_MODULE   the validator refuses it
 * ENGINE           the engine refuses it, or its helper fails over it: nobody can deploy it here
 * NO_MEMORY        likewise when compiling was stopped
 *
 * Cost: up to a second; with a helper that fails 12. */
AU_MUST_USE enum au_err au_ledger_compile(struct au_ledger *ledger, struct au_bytes code);

/* au_ledger_compile_tend looks after the compile helper: one that has died idle is replaced. To be
 * called now and then by a thread that lives on; returns at once.
 *
 * au_ledger_compile_stop ends compiling for good: what is being compiled fails at once, with
 * NO_MEMORY, as does all that would have to be compiled later. */
void au_ledger_compile_tend(struct au_ledger *ledger);
void au_ledger_compile_stop(struct au_ledger *ledger);

/* au_ledger_compile_all compiles the code of the chain, as far as it is not in the engine's
 * artifact folder, where all of it is kept from then on. In memory stays what the cache holds.
 * OK, or what the store or the engine failed with. */
AU_MUST_USE enum au_err au_ledger_compile_all(struct au_ledger *ledger);

#endif
