/* Runs a module's functions in the optimising engine, in the plain one, in the traced form and in
 * the model (tests/model), and tells as a line of JSON how each run ended and what it left behind,
 * for another engine to be compared with (tests/node/differential.mjs).
 *
 * The line: {"name", "code", "global_types", "prepared": the instrumented module, "runs": [
 * {"function", "params" and "result_types": types, "args": [hex], "is_view", "limit",
 * "end": {...}}]}. What the others say is there as "plain_end", "traced_end" and "model_end" if it
 * differs; after out_of_gas the model's memory may, since engines test their counter at some
 * blocks only. A module that is refused: {"name", "code", "refused": rule and message}.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TESTS_DIFFERENTIAL_RUN_H
#define AUREON_TESTS_DIFFERENTIAL_RUN_H

#include "base/buf.h"
#include "differential/world.h"
#include "ledger_log/dice.h"
#include "vm/engine.h"

#define RUNNER_ENGINES 2u

struct runner {
    struct au_engine *engines[RUNNER_ENGINES]; /* optimising, plain */
    struct world world;
    struct dice dice;
    struct au_buf line;
};

/* runner_init prepares in the caller's storage. OK, or what the engines say: then nothing is to be
 * freed. runner_done frees what it holds. */
AU_MUST_USE enum au_err runner_init(struct runner *runner);
void runner_done(struct runner *runner);

/* runner_run runs a module and leaves the line in runner->line. What is run depends on the module
 * alone. */
void runner_run(struct runner *runner, const char *name, struct au_bytes code);

#endif
