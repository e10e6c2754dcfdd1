/* Executing what is not to be kept: begin, apply, abort.
 *
 * Threading: any thread; for slow handlers. */
#ifndef AUREON_API_SIMULATE_H
#define AUREON_API_SIMULATE_H

#include "api/input.h"

/* A simulated transaction. */
struct au_simulation {
    struct au_block *block; /* open: what applied points to lives in it */
    struct au_applied applied;
};

/* au_simulate executes a transaction over the head, whatever its signature says. A nonce that is
 * ahead by no more than what the pool has of the sender counts as the next one. Code that is new
 * here is compiled first, when nothing else is to be.
 *
 * is_any_nonce   the nonce is ours to choose: the one that fits is taken
 * tracer         is told what contracts do, or NULL
 *
 * true: au_simulation_done ends it. false: the response is a problem. */
AU_MUST_USE bool au_simulate(struct au_input *input, const struct au_checked *checked,
                             bool is_any_nonce, struct au_tracer *tracer,
                             struct au_simulation *out_simulation);
void au_simulation_done(struct au_api *api, struct au_simulation *simulation);

/* au_gas_suggest gives the gas limit to ask for after a simulation: a fifth more than was used, at
 * most a block's. */
uint64_t au_gas_suggest(const struct au_api *api, uint64_t gas_used);

/* au_gas_trial gives the gas limit to simulate with: a block's, or what the balance covers. */
uint64_t au_gas_trial(const struct au_api *api, const struct au_tx *tx, uint64_t balance);

#endif
