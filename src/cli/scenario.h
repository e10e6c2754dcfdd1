/* What a contract is tried with: a file NAME.scen.json whose steps deploy, call and compare.
 *
 *     {
 *       "format": 1,
 *       "steps": [
 *         {"deploy": "build/counter.wasm", "as": "counter", "from": "alice"},
 *         {"call": "counter", "function": "increment", "args": {"by": 5},
 *          "expect": {"output": 5, "logs": ["counter = 5"]}},
 *         {"advance": {"blocks": 2, "seconds": 60}},
 *         {"expect": {"balances": {"counter": "0"},
 *                     "storage": [{"contract": "counter", "name": "counter", "value": 5}]}}
 *       ]
 *     }
 *
 * docs/scenarios.md explains every member. Reading is strict: unknown members, wrong types, members
 * that a step does not take and names that no earlier step made are refused.
 *
 * Invariants:
 *   1. A name of a contract is given by one step, and is no development account.
 *   2. What is read needs nothing but itself to be right, but for values, whose types are known
 *      when the code is there (cli/scenario_read.h).
 *
 * Threading: a scenario that was read may be used by any thread. */
#ifndef AUREON_CLI_SCENARIO_H
#define AUREON_CLI_SCENARIO_H

#include "base/arena.h"
#include "base/buf.h"
#include "core/address.h"

#define AU_SCENARIO_FILE_SIZE_MAX (4u << 20) /* bytes */
#define AU_SCENARIO_STEPS_MAX     10000u
#define AU_SCENARIO_ITEMS_MAX     1024u       /* of a list inside a step */
#define AU_SCENARIO_BLOCKS_MAX    10000u      /* of one advance */
#define AU_SCENARIO_SECONDS_MAX   3153600000u /* of one advance: a hundred years */
#define AU_SCENARIO_CREATED_MAX   64u      /* contracts that those of a step make, and are named */
#define AU_SCENARIO_GAS_MAX       4000000u /* of a step: a block's; also what it has if not said */

enum au_step_kind {
    AU_STEP_DEPLOY,
    AU_STEP_CALL,
    AU_STEP_VIEW,
    AU_STEP_TRANSFER,
    AU_STEP_UPGRADE,
    AU_STEP_ADVANCE,
    AU_STEP_EXPECT,
};

/* Somebody who is named. */
enum au_party_kind { AU_PARTY_ADDRESS, AU_PARTY_DEV, AU_PARTY_CONTRACT };
struct au_party {
    enum au_party_kind kind;
    size_t index;              /* of the development account; of the contract's name */
    struct au_address address; /* of ADDRESS */
};

/* What a contract takes or gives, as it is written. */
struct au_scenario_value {
    struct au_bytes json; /* the value, without blanks */
    bool is_text;
    struct au_bytes text; /* of a string: what it says */
};

/* A value with its name: an argument, or a field of an event or error. */
struct au_scenario_field {
    struct au_bytes name; /* empty: the argument is given by its place */
    struct au_scenario_value value;
};

struct au_scenario_fields {
    struct au_scenario_field *items;
    size_t count;
};

struct au_expected_event {
    struct au_bytes name;
    bool has_contract;
    struct au_party contract;
    struct au_scenario_fields fields; /* of the ABI; those to be compared */
    bool has_topics;
    struct au_scenario_value *topics;
    size_t topic_count;
    bool has_data;
    struct au_scenario_value data;
};

/* What a revert means by the contract's ABI. */
struct au_expected_error {
    struct au_bytes name; /* empty: none is expected */
    struct au_scenario_fields fields;
};

struct au_expected_balance {
    struct au_bytes name; /* as it was written */
    struct au_party party;
    uint64_t amount; /* base units */
};

struct au_expected_entry {
    struct au_bytes contract_name;
    struct au_party contract;
    struct au_bytes name; /* of the ABI; empty: key and value are plain bytes */
    bool has_key;
    struct au_scenario_value key;
    bool exists;
    struct au_scenario_value value; /* if it exists */
};

struct au_expectation {
    const char *invalid; /* a word of abi/invalid.def: no block takes it; NULL: one does */
    enum au_outcome outcome;
    struct au_bytes detail; /* the word behind the outcome; empty: any */
    bool has_revert_code;
    uint32_t revert_code;
    struct au_expected_error error;
    bool has_output;
    struct au_scenario_value output;
    bool has_gas_max;
    uint64_t gas_max;
    bool has_logs;
    struct au_bytes *logs;
    size_t log_count;
    bool has_events;
    struct au_expected_event *events;
    size_t event_count;
    struct au_expected_balance *balances;
    size_t balance_count;
    struct au_expected_entry *entries;
    size_t entry_count;
};

struct au_step {
    enum au_step_kind kind;
    struct au_bytes name; /* DEPLOY: of the contract; CALL, VIEW, UPGRADE: as it was written */
    size_t name_index;    /* DEPLOY: of the name of the contract */
    bool has_created;     /* it says how many contracts others make */
    size_t created_index; /* of the name of the first of them; the rest follow */
    size_t created_count;
    struct au_bytes code;     /* DEPLOY, UPGRADE: path from the scenario's folder */
    struct au_party from;     /* who signs; VIEW: who asks */
    struct au_party to;       /* the contract, or who is paid */
    struct au_bytes to_name;  /* TRANSFER: as it was written */
    struct au_bytes function; /* CALL, VIEW */
    bool has_args;
    struct au_scenario_fields args;
    uint64_t gas;    /* limit */
    uint64_t amount; /* TRANSFER: amount; DEPLOY, CALL: value; base units */
    bool has_admin;
    struct au_party admin;
    uint64_t blocks;  /* ADVANCE */
    uint64_t seconds; /* ADVANCE */
    struct au_expectation expect;
};

struct au_scenario {
    struct au_arena arena; /* holds everything below */
    struct au_step *steps;
    size_t step_count;
    struct au_bytes *names; /* of contracts, in the order in which steps give them */
    size_t name_count;
    size_t name_capacity;
};

void au_scenario_init(struct au_scenario *scenario);
void au_scenario_done(struct au_scenario *scenario);

/* au_scenario_parse reads the text of a file into a scenario fresh from au_scenario_init.
 *
 * message   gets one sentence on MALFORMED: what, where, expected, got
 * OK, MALFORMED, TOO_LARGE, NO_MEMORY; the scenario is of no use after an error
 *
 * Cost: linear, and for each name of a contract in the steps before it. */
AU_MUST_USE enum au_err au_scenario_parse(struct au_scenario *scenario, struct au_bytes text,
                                          struct au_buf *message);

/* au_step_describe writes a step in one line: "call counter increment". */
void au_step_describe(const struct au_step *step, struct au_buf *text);

#endif
