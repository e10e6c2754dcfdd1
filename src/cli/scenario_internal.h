/* A scenario while it runs: what its files share. */
#ifndef AUREON_CLI_SCENARIO_INTERNAL_H
#define AUREON_CLI_SCENARIO_INTERNAL_H

#include "abi/interface.h"
#include "cli/scenario_read.h"
#include "cli/scenario_run.h"
#include "core/dev_key.h"

/* A contract that a step deployed, or a contract that another made. */
struct au_stage_contract {
    struct au_address address;
    struct au_hash code_hash;      /* zero until its code was looked at */
    struct au_interface interface; /* of that code */
    uint64_t made_count;           /* contracts that it has made: its nonce */
    struct au_stage_contract *next;
};

struct au_stage {
    const struct au_scenario *scenario;
    const struct au_scenario_run *run;
    struct au_chain *chain;
    struct au_sign_key keys[AU_DEV_ACCOUNT_COUNT]; /* everybody knows them */
    struct au_stage_contract *contracts;           /* as they became known: a list */
    struct au_stage_contract *last;
    struct au_stage_contract **named; /* by the name in the scenario; NULL: not there */
    struct au_hash *codes;            /* that transactions have brought to the chain, none twice */
    size_t code_count;
    uint64_t time_ms;          /* of the last block */
    struct au_buf text;        /* what is wrong with the step; empty: nothing */
    struct au_buf *cause;      /* of an error */
    struct au_arena arena;     /* of the step */
    struct au_abi_names names; /* of the accounts and contracts there are */
};

struct au_address au_stage_address(const struct au_stage *stage, const struct au_party *party);

/* au_stage_follow takes notice of the contract that a transaction deployed, and of those that
 * contracts made, and gives them the step's names.
 *
 * code            what the transaction brought; empty: none
 * out_made_count  contracts that contracts made
 * OK, or what reading the chain failed with. Cost: a look at each contract */
AU_MUST_USE enum au_err au_stage_follow(struct au_stage *stage, const struct au_step *step,
                                        struct au_bytes code, const struct au_tx_result *tx,
                                        size_t *out_made_count);

/* au_stage_refresh takes notice of contracts whose code is another now. Until then they are known
 * by the code that ran. OK, or what reading the chain failed with. Cost: a look at each contract */
AU_MUST_USE enum au_err au_stage_refresh(struct au_stage *stage);

/* au_stage_forget gives back what is known of contracts. */
void au_stage_forget(struct au_stage *stage);

/* au_stage_interface gives what is known of the contract at an address; NULL: no step made it. */
const struct au_interface *au_stage_interface(const struct au_stage *stage,
                                              const uint8_t address[AU_ADDRESS_SIZE]);

/* au_stage_reader reads values into the step's arena; what is wrong with them is wrong with the
 * step.
 *
 * interface  of the contract that they are for; NULL: nothing is known */
struct au_scenario_reader au_stage_reader(struct au_stage *stage,
                                          const struct au_interface *interface);

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
