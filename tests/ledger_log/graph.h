/* Contracts that call one another: puppets (support/puppet.h), and random programs for them whose
 * calls carry programs in turn.
 *
 * Threading: that of the draft's world. */
#ifndef AUREON_TESTS_LEDGER_LOG_GRAPH_H
#define AUREON_TESTS_LEDGER_LOG_GRAPH_H

#include "ledger_log/draft.h"

/* graph_codes_make makes the modules; otherwise as codes_make. */
size_t graph_codes_make(struct au_arena *arena, struct code *out_codes);

/* graph_put_program puts a program as an item of a vec<bytes>. */
void graph_put_program(struct draft *draft, struct au_buf *items);

#endif
