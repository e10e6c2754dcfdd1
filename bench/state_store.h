/* What the runs of bench_state share: keys, the store, and the end of an outcome. */
#ifndef AUREON_BENCH_STATE_STORE_H
#define AUREON_BENCH_STATE_STORE_H

#include "core/address.h"
#include "state/trie.h"
#include "state_run.h"
#include "store/kv.h"

#define STATE_VALUE_SIZE 72u /* bytes of a slot */

/* state_check ends the process unless all is well. */
void state_check(enum au_err err, const char *what);

/* The address of an account or contract: its number, the lowest byte first, and zeros. */
struct au_address state_address(uint32_t number);

/* state_store_open opens the store in a folder. is_small: 16 MiB of changes and 16 of cache. */
struct au_kv state_store_open(const char *folder, bool is_small);

/* Milliseconds of processor time that this process has used. */
double state_cpu_ms(void);

/* Bytes in memory of a leaf, with the branches above. */
double state_leaf_size(const struct au_trie_cache *tries);

/* state_outcome_finish makes means of sums, and more of the milliseconds of commits, which it
 * sorts. */
void state_outcome_finish(struct state_outcome *outcome, double *commits, uint32_t count);

#endif
