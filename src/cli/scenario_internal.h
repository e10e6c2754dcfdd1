/* A scenario while it runs: what its two files share. */
#ifndef AUREON_CLI_SCENARIO_INTERNAL_H
#define AUREON_CLI_SCENARIO_INTERNAL_H

#include "cli/scenario_run.h"
#include "core/dev_account.h"
#include "crypto/sign.h"

struct au_stage_contract {
    bool is_there;
    struct au_address address;
};

struct au_stage {
    const struct au_scenario_run *run;
    struct au_chain *chain;
    struct au_sign_key keys[AU_DEV_ACCOUNT_COUNT]; /* everybody knows them */
    struct au_stage_contract *contracts;           /* by the step that deploys them */
    uint64_t time_ms;                              /* of the last block */
    struct au_buf text;                            /* what is wrong with the step; empty: nothing */
    struct au_buf *cause;                          /* of an error */
};

struct au_address au_stage_address(const struct au_stage *stage, const struct au_party *party);

/* au_stage_value gives bytes that live as long as the stage. */
struct au_bytes au_stage_value(const struct au_stage *stage, const struct au_scenario_value *value);

/* au_stage_check_tx compares what a step came to with what it expects: a sentence in stage->text
 * if it is something else. */
void au_stage_check_tx(struct au_stage *stage, const struct au_step *step,
                       const struct au_tx_result *tx);

/* au_stage_check_state does so for balances and storage. OK, or what reading them failed with. */
AU_MUST_USE enum au_err au_stage_check_state(struct au_stage *stage,
                                             const struct au_expectation *expect);

#endif
