/* NOMT, another store of authenticated state, given the same changes: bench/nomt, which the
 * environment names. Whatever goes wrong ends the process.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_STATE_NOMT_H
#define AUREON_BENCH_STATE_NOMT_H

#include "state_run.h"

/* state_nomt_program gives the program; NULL: there is none. */
const char *state_nomt_program(void);

/* As state_run_fill and state_run_blocks; of accounts alone, none deleted. */
void state_nomt_fill(const char *folder, const struct state_run *run, struct state_outcome *out);
void state_nomt_blocks(const char *folder, const struct state_run *run, struct state_outcome *out);

#endif
