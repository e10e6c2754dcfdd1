/* A scenario while it runs: what its two files share. */
#ifndef AUREON_CLI_SCENARIO_INTERNAL_H
#define AUREON_CLI_SCENARIO_INTERNAL_H

#include "abi/interface.h"
#include "cli/scenario_read.h"
#include "cli/scenario_run.h"
#include "core/dev_account.h"
#include "crypto/sign.h"

struct au_stage_contract {
    bool is_there;
    struct au_address address;
    struct au_interface interface; /* of the code that the last step gave it */
};

struct au_stage {
    const struct au_scenario *scenario;
    const struct au_scenario_run *run;
    struct au_chain *chain;
    struct au_sign_key keys[AU_DEV_ACCOUNT_COUNT]; /* everybody knows them */
    struct au_stage_contract *contracts;           /* by the step that deploys them */
    uint64_t time_ms;                              /* of the last block */
    struct au_buf text;                            /* what is wrong with the step; empty: nothing */
    struct au_buf *cause;                          /* of an error */
    struct au_arena arena;                         /* of the step */
    struct au_abi_names names;                     /* of the accounts and contracts there are */
};

struct au_address au_stage_address(const struct au_stage *stage, const struct au_party *party);

/* au_stage_interface gives what is known of the contract at an address; NULL: no step made it. */
const struct au_interface *au_stage_interface(const struct au_stage *stage,
                                              const uint8_t address[AU_ADDRESS_SIZE]);

/* au_stage_reader reads values into the step's arena; what is wrong with them is wrong with the
 * step. */
struct au_scenario_reader au_stage_reader(struct au_stage *stage);

/* au_stage_check_tx compares what a step came to with what it expects: a sentence in stage->text
 * if it is something else.
 *
 * interface  of the contract; NULL: nothing is known
 * function   that was called; empty: none
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_stage_check_tx(struct au_stage *stage, const struct au_step *step,
                                          const struct au_interface *interface,
                                          struct au_bytes function, const struct au_tx_result *tx);

/* au_stage_check_state does so for balances and storage. OK, or what reading them failed with. */
AU_MUST_USE enum au_err au_stage_check_state(struct au_stage *stage,
                                             const struct au_expectation *expect);

#endif
