/* Runs a scenario on a chain of its own: the ledger of the node over a store in memory, a block for
 * each transaction.
 *
 * The chain begins at AU_SCENARIO_TIME_MS with the ten development accounts, a million AUR each;
 * gas costs nothing, so that balances come out even. Every block is a second after the one before.
 * The same scenario and code give the same results, everywhere.
 *
 * Threading: one thread, with AU_THREAD_STACK_SIZE bytes of stack left. */
#ifndef AUREON_CLI_SCENARIO_RUN_H
#define AUREON_CLI_SCENARIO_RUN_H

#include "cli/scenario.h"

#define AU_SCENARIO_TIME_MS UINT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

/* What a step came to; borrowed by who is told. */
struct au_step_result {
    bool is_passed;
    bool has_gas;
    uint64_t gas_used;
    struct au_bytes message; /* of a step that failed: what was expected and got */
};

struct au_scenario_run {
    struct au_runtime *runtime;
    const char *folder; /* where the paths of code begin */
    void (*on_step)(void *context, const struct au_step *step, const struct au_step_result *result);
    void *context;
};

/* au_scenario_run runs the steps up to the first that fails; each is told to on_step.
 *
 * message   gets the cause of an error
 * OK: whatever the steps came to; NO_MEMORY, IO, ENGINE, UNSUPPORTED, MALFORMED: this machine could
 * not run them */
AU_MUST_USE enum au_err au_scenario_run(const struct au_scenario *scenario,
                                        const struct au_scenario_run *run, struct au_buf *message);

#endif
