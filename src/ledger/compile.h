/* Compiling new code before a block has it: no block contains code that was not compiled first.
 *
 * Threading: any thread. */
#ifndef AUREON_LEDGER_COMPILE_H
#define AUREON_LEDGER_COMPILE_H

#include "ledger/check.h"
#include "ledger/ledger.h"

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
 * NO_MEMORY
 *
 * Cost: up to a second; with a helper that fails 12. */
AU_MUST_USE enum au_err au_ledger_compile(struct au_ledger *ledger, struct au_bytes code);

/* au_ledger_compile_all compiles the code of the chain, as far as it is not in the engine's
 * artifact folder, where all of it is kept from then on. In memory stays what the cache holds.
 * OK, or what the store or the engine failed with. */
AU_MUST_USE enum au_err au_ledger_compile_all(struct au_ledger *ledger);

#endif
