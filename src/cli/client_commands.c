#include "cli/client_commands.h"

#include "cli/functions.h"
#include "cli/keys.h"
#include "cli/logs.h"
#include "cli/query.h"
#include "cli/submit.h"
#include "cli/verify.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

#define WAIT_SECONDS_MAX 60u

/* ---- options that many commands share ---- */

#define URL_OPTION                                                                                 \
    {                                                                                              \
        "url", "URL", AU_OPTION_TEXT, false, 0, "the node; AUREON_URL, else http://127.0.0.1:8080" \
    }
#define JSON_OPTION                                                                              \
    {                                                                                            \
        "json", NULL, AU_OPTION_FLAG, false, 0, "print the node's JSON document instead of text" \
    }
#define DRY_OPTION                                           \
    {                                                        \
        "dry-run", NULL, AU_OPTION_FLAG, false, 0,           \
            "print curl command lines; the last is not sent" \
    }
#define PASSWORD_OPTION                                                      \
    {                                                                        \
        "password-file", "FILE", AU_OPTION_TEXT, false, 0,                   \
            "the key's password; AUREON_PASSWORD_FILE, else it is asked for" \
    }
#define FROM_OPTION                                                                               \
    {                                                                                             \
        "from", "NAME", AU_OPTION_TEXT, false, 0, "whose key signs; alice on a development chain" \
    }
#define WAIT_OPTIONS                                                                               \
    {"wait", "WHAT", AU_OPTION_TEXT, false, 0, "until it is committed (default), accepted, none"}, \
    {                                                                                              \
        "timeout", "SECONDS", AU_OPTION_NUMBER, false, WAIT_SECONDS_MAX, "wait so long; 10"        \
    }
#define TX_OPTIONS                                                                             \
    FROM_OPTION, PASSWORD_OPTION,                                                              \
        {"gas-price", "N",        AU_OPTION_NUMBER,                                            \
         false,       UINT64_MAX, "base units per gas; else the lowest that the chain takes"}, \
        {"nonce", "N", AU_OPTION_NUMBER, false, UINT64_MAX, "instead of the sender's next"},   \
    {                                                                                          \
        "valid-until", "HEIGHT", AU_OPTION_NUMBER, false, UINT64_MAX,                          \
            "the last block that may have it"                                                  \
    }
#define SEND_OPTIONS                                                                          \
    {"unsigned", NULL, AU_OPTION_FLAG, false, 0, "print it without signature, send nothing"}, \
        WAIT_OPTIONS, DRY_OPTION, URL_OPTION, JSON_OPTION
#define GAS_OPTION                                                           \
    {                                                                        \
        "gas", "N", AU_OPTION_NUMBER, false, AU_GAS_LIMIT_MAX,               \
            "gas limit; else a simulation says it and a failure is not sent" \
    }
#define VALUE_OPTION                                                                     \
    {                                                                                    \
        "value", "AMOUNT", AU_OPTION_TEXT, false, 0, "what the sender pays the contract" \
    }
#define AS_OPTION                                                          \
    {                                                                      \
        "as", "FORM", AU_OPTION_TEXT, false, 0,                            \
            "print the output as abi u64 i64 u32 i32 addr str; else bytes" \
    }

#define TRACE_OPTION                                                                               \
    {                                                                                              \
        "trace", NULL, AU_OPTION_FLAG, false, 0, "print what contracts did, call by call, instead" \
    }
#define CURSOR_OPTION                                                                   \
    {                                                                                   \
        "cursor", "CURSOR", AU_OPTION_TEXT, false, 0, "go on where a list before ended" \
    }
#define HEIGHT_OPTION                                             \
    {                                                             \
        "height", "N", AU_OPTION_NUMBER, false, UINT64_MAX,       \
            "as it was after this block; else after the last one" \
    }

static const struct au_option query_options[] = {DRY_OPTION, URL_OPTION, JSON_OPTION};
static const struct au_option state_options[] = {HEIGHT_OPTION, DRY_OPTION, URL_OPTION,
                                                 JSON_OPTION};
static const struct au_option proof_options[] = {HEIGHT_OPTION, DRY_OPTION, URL_OPTION};
static const struct au_option send_options[] = {TX_OPTIONS, SEND_OPTIONS};
static const struct au_option stake_options[] = {
    {"validator", "NAME", AU_OPTION_TEXT, false, 0, "register this key as the sender's validator"},
    TX_OPTIONS,
    SEND_OPTIONS};
static const struct au_option deploy_options[] = {
    {"as", "NAME", AU_OPTION_TEXT, false, 0, "the contract's name from now on, in this folder"},
    {"upgrade", "CONTRACT", AU_OPTION_TEXT, false, 0,
     "replace the code of this contract, which keeps its address"},
    {"admin", "ACCOUNT", AU_OPTION_TEXT, false, 0,
     "who may upgrade it, or none; the sender if not given"},
    VALUE_OPTION,
    GAS_OPTION,
    TX_OPTIONS,
    SEND_OPTIONS};
static const struct au_option upgrade_options[] = {GAS_OPTION, TX_OPTIONS, SEND_OPTIONS};
static const struct au_option call_options[] = {AS_OPTION, VALUE_OPTION, GAS_OPTION, TX_OPTIONS,
                                                SEND_OPTIONS};
static const struct au_option simulate_options[] = {
    TRACE_OPTION, VALUE_OPTION, GAS_OPTION, TX_OPTIONS, DRY_OPTION, URL_OPTION, JSON_OPTION};
static const struct au_option trace_options[] = {
    {"folded", NULL, AU_OPTION_FLAG, false, 0, "print stacks and their steps, for flame graphs"},
    {"speedscope", NULL, AU_OPTION_FLAG, false, 0, "print a profile for speedscope.app"},
    DRY_OPTION,
    URL_OPTION,
    JSON_OPTION};
static const struct au_option view_options[] = {
    AS_OPTION,
    TRACE_OPTION,
    {"from", "ACCOUNT", AU_OPTION_TEXT, false, 0, "the caller that the function sees"},
    {"gas", "N", AU_OPTION_NUMBER, false, AU_GAS_LIMIT_MAX, "gas limit; else the node's"},
    HEIGHT_OPTION,
    DRY_OPTION,
    URL_OPTION,
    JSON_OPTION};
static const struct au_option sign_options[] = {FROM_OPTION,
                                                PASSWORD_OPTION,
                                                {"genesis", "HASH", AU_OPTION_TEXT, false, 0,
                                                 "the chain's genesis hash; else the node says it"},
                                                URL_OPTION};
static const struct au_option resend_options[] = {WAIT_OPTIONS, DRY_OPTION, URL_OPTION,
                                                  JSON_OPTION};
static const struct au_option history_options[] = {
    {"limit", "N", AU_OPTION_NUMBER, false, 100, "at most so many entries"},
    CURSOR_OPTION,
    DRY_OPTION,
    URL_OPTION,
    JSON_OPTION};
static const struct au_option storage_options[] = {
    {"prefix", "HEX", AU_OPTION_TEXT, false, 0, "only keys that begin with these bytes"},
    {"limit", "N", AU_OPTION_NUMBER, false, 1000, "at most so many entries"},
    CURSOR_OPTION,
    HEIGHT_OPTION,
    DRY_OPTION,
    URL_OPTION,
    JSON_OPTION};
static const struct au_option logs_options[] = {
    {"name", "NAME", AU_OPTION_TEXT, false, 0, "only events of this name"},
    {"topic", "HASH", AU_OPTION_TEXT, false, 0, "only events that have this topic"},
    {"account", "ACCOUNT", AU_OPTION_TEXT, false, 0,
     "only events of transactions it sent, or with its address as a topic"},
    {"from-height", "N", AU_OPTION_NUMBER, false, UINT64_MAX, "from this block on"},
    {"to-height", "N", AU_OPTION_NUMBER, false, UINT64_MAX, "up to this block"},
    {"cursor", "CURSOR", AU_OPTION_TEXT, false, 0, "only those after this event"},
    {"follow", NULL, AU_OPTION_FLAG, false, 0, "go on with those that come"},
    DRY_OPTION,
    URL_OPTION,
    {"json", NULL, AU_OPTION_FLAG, false, 0, "print a JSON document for each, a line each"}};
static const struct au_option code_options[] = {DRY_OPTION, URL_OPTION};
static const struct au_option api_options[] = {
    {"data", "JSON", AU_OPTION_TEXT, false, 0, "the body of the request"}, DRY_OPTION, URL_OPTION};
static const struct au_option password_options[] = {PASSWORD_OPTION};
static const struct au_option list_options[] = {
    {"dev", NULL, AU_OPTION_FLAG, false, 0, "those of development chains instead"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, "print one JSON document instead of text"}};
static const struct au_option verify_options[] = {
    {"block", "HASH", AU_OPTION_TEXT, false, 0, "the hash of a block that is trusted"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, "print one JSON document instead of text"}};

/* ---- pages ---- */

static const char status_details[] =
    "Version, chain, height, roots and prices of the node, a line each.\n";

static const char deploy_details[] =
    "FILE is a WebAssembly module, binary or text; ARGUMENTs are for its function init and are\n"
    "explained by `aureon help arguments`. The result is the address of the contract.\n"
    "\n"
    "With --as the contract has a name: in this folder it may be used wherever an account is\n"
    "meant, as long as the chain is the same. The names are kept in .aureon/aliases.json. With\n"
    "--upgrade no contract is made: it is `aureon upgrade CONTRACT FILE`, and the result is the\n"
    "transaction's hash. `aureon help sending` explains the rest.\n";

static const char upgrade_details[] =
    "Replaces the code of a contract; its admin signs. ARGUMENTs are for the function migrate\n"
    "of the new code. The result is the transaction's hash.\n";

static const char call_details[] =
    "Calls a function in a transaction. The result is what it gave back, in hex or as --as says.\n"
    "A function that fails gives exit code 5; nothing was changed then, and without --gas\n"
    "nothing was sent. `aureon help sending` explains the rest.\n"
    "\n"
    "`aureon call CONTRACT --help` shows the functions as the contract's ABI tells them.\n";

static const char view_details[] =
    "Runs a function on the newest state without a transaction: it costs nothing, nobody signs,\n"
    "and a write ends it with not_allowed. The result is what it gave back.\n";

static const char simulate_details[] =
    "Runs a call as a transaction would, on the newest state, and keeps nothing. The result is\n"
    "its receipt and the gas limit that is suggested for it. No password is needed.\n";

static const char send_details[] =
    "Pays AMOUNT to an account: AUR with up to nine digits after the point, as 1.5, or base\n"
    "units with a u behind them, as 1500000000u. The result is the transaction's hash.\n";

static const char stake_details[] =
    "Moves AMOUNT, written as for `aureon send`, from the balance to the stake of the sender.\n"
    "With --validator a key of the wallet signs that it is the sender's; the stake counts for it\n"
    "from then on.\n";

static const char unstake_details[] =
    "Moves AMOUNT, written as for `aureon send`, from the stake of the sender back to the\n"
    "balance, after the chain's unbonding time.\n";

static const char balance_details[] =
    "The balance in AUR, in a form that `aureon send` takes. ACCOUNT is an address or a name; on\n"
    "a development chain alice if not given.\n";

static const char account_details[] =
    "Balance, nonces, stake, and what a contract has besides. ACCOUNT is an address or a name;\n"
    "on a development chain alice if not given.\n";

static const char tx_get_details[] =
    "A transaction and its receipt; `pending yes` if it is in no block yet.\n";

static const char trace_details[] =
    "What contracts did in a transaction of the chain, call by call: gas, which counts all that\n"
    "is inside, and functions with what they were given and gave back, by the contracts' ABIs.\n"
    "Behind fn are those of the contract's code, as they call one another. Below is what has\n"
    "changed. Addresses that have a name here are told by it. The node executes the transaction\n"
    "once more; it must still know the state before the block.\n";

static const char sign_details[] =
    "TX is a transaction, signed or not: 0x and hex, or @path. It is signed for the chain whose\n"
    "genesis hash --genesis gives; with it no node is needed. The result is the signed\n"
    "transaction in hex, for `aureon tx send`. `aureon send --unsigned` and its like make one.\n";

static const char tx_send_details[] =
    "TX is a signed transaction: 0x and hex, or @path. Sending the same one twice is harmless.\n"
    "The result is its hash.\n";

static const char block_details[] =
    "BLOCK is a height, a hash, or latest, which is also meant if it is not given.\n";

static const char history_details[] =
    "The transactions that set its code or its admin, the newest first, also those where another\n"
    "contract did. A contract without an admin can never be changed again.\n";

static const char storage_details[] =
    "Without KEY: a line for each entry, key and value in hex with a tab between them and, behind\n"
    "another tab, what they are by the contract's ABI. With KEY, written like an argument\n"
    "(`aureon help arguments`): its value.\n";

static const char logs_details[] =
    "Events that contracts emitted, the oldest first, a line each: where it is, the contract, the\n"
    "name with its fields if the contract's ABI tells them, topics in brackets, and the data.\n"
    "CONTRACT is an address or a name; events of all contracts if not given. The first word of a\n"
    "line is what --cursor takes.\n";

static const char code_details[] = "Writes the module to FILE.\n";

static const char new_details[] =
    "Makes a key, sealed with a password of at most 1024 bytes. NAME is 1 to 64 of a-z 0-9 - _.\n"
    "The result is its address. Who has the file and the password has the account; nobody can\n"
    "restore either.\n";

static const char list_details[] = "A line for each key: name and address, a tab between them.\n";

static const char import_details[] =
    "FILE holds the seed of a key, 0x and 64 hex digits; - is standard input.\n";

static const char export_details[] =
    "Prints the seed of a key, which is all of its secret, as `aureon keys import` takes it.\n";

static const char proof_account_details[] =
    "The result is a document that proves what the accounts had, or that there are none, for\n"
    "`aureon proof verify`. At most 50.\n";

static const char proof_storage_details[] =
    "The result is a document that proves what a contract stores under each KEY, or that there\n"
    "is nothing, for `aureon proof verify`. KEYs are written like arguments (`aureon help\n"
    "arguments`); at most 49.\n";

static const char proof_receipt_details[] =
    "The result is a document that proves that a block has the transaction, and what it came to,\n"
    "for `aureon proof verify`.\n";

static const char verify_details[] =
    "FILE is what the other proof commands print: what the node answers to /v1/account/A/proof,\n"
    "/v1/contract/C/storage/K/proof, /v1/proofs, /v1/tx/H/proof or /v1/tx/H/receipt/proof. No\n"
    "node is needed. What is proved is printed, and the hash of the block that it is proved\n"
    "for: compare it with one that is trusted, or give that as --block. A proof that does not\n"
    "hold gives exit code 4.\n";

static const char api_details[] =
    "Sends one request and prints the body of the answer, whatever its status; a problem\n"
    "document gives exit code 4 or 7.\n";

/* ---- the table ---- */

static const struct au_command commands[] = {
    {.name = "status",
     .operands = "",
     .summary = "show what a node says of itself",
     .details = status_details,
     .example = "aureon status",
     .needs_setup = true,
     OPTIONS(query_options),
     .run = au_status_command},
    {.name = "node status",
     .operands = "",
     .summary = "the same as status",
     .details = status_details,
     .example = "aureon node status",
     .needs_setup = true,
     OPTIONS(query_options),
     .run = au_status_command},
    {.name = "deploy",
     .operands = "FILE [ARGUMENT]...",
     .summary = "put a contract on the chain",
     .details = deploy_details,
     .example = "aureon deploy contracts/counter/counter.wat",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = SIZE_MAX,
     OPTIONS(deploy_options),
     .run = au_deploy_command},
    {.name = "upgrade",
     .operands = "CONTRACT FILE [ARGUMENT]...",
     .summary = "replace the code of a contract",
     .details = upgrade_details,
     .example = "aureon upgrade \"$counter\" contracts/counter/counter.wat",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = SIZE_MAX,
     OPTIONS(upgrade_options),
     .run = au_upgrade_command},
    {.name = "call",
     .operands = "CONTRACT FUNCTION [ARGUMENT]...",
     .summary = "call a function of a contract on the chain",
     .details = call_details,
     .example = "aureon call \"$counter\" increment",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = SIZE_MAX,
     OPTIONS(call_options),
     .run = au_call_command,
     .explain = au_explain_functions},
    {.name = "view",
     .operands = "CONTRACT FUNCTION [ARGUMENT]...",
     .summary = "run a function that only reads",
     .details = view_details,
     .example = "aureon view \"$counter\" get --as u64",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = SIZE_MAX,
     OPTIONS(view_options),
     .run = au_view_command,
     .explain = au_explain_functions},
    {.name = "simulate",
     .operands = "CONTRACT FUNCTION [ARGUMENT]...",
     .summary = "show what a call would do",
     .details = simulate_details,
     .example = "aureon simulate \"$counter\" increment",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = SIZE_MAX,
     OPTIONS(simulate_options),
     .run = au_simulate_command,
     .explain = au_explain_functions},
    {.name = "send",
     .operands = "TO AMOUNT",
     .summary = "pay an account",
     .details = send_details,
     .example = "aureon send bob 1.5",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     OPTIONS(send_options),
     .run = au_send_command},
    {.name = "stake",
     .operands = "AMOUNT",
     .summary = "move an amount into the stake",
     .details = stake_details,
     .example = "aureon stake 1000",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(stake_options),
     .run = au_stake_command},
    {.name = "unstake",
     .operands = "AMOUNT",
     .summary = "take an amount out of the stake",
     .details = unstake_details,
     .example = "aureon unstake 1000",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(send_options),
     .run = au_unstake_command},
    {.name = "balance",
     .operands = "[ACCOUNT]",
     .summary = "print what an account has",
     .details = balance_details,
     .example = "aureon balance bob",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(state_options),
     .run = au_balance_command},
    {.name = "account",
     .operands = "[ACCOUNT]",
     .summary = "show an account",
     .details = account_details,
     .example = "aureon account alice",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(state_options),
     .run = au_account_command},
    {.name = "tx get",
     .operands = "HASH",
     .summary = "show a transaction and its receipt",
     .details = tx_get_details,
     .example = "aureon tx get \"$hash\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(query_options),
     .run = au_tx_get_command},
    {.name = "tx trace",
     .operands = "HASH",
     .summary = "show what contracts did in a transaction",
     .details = trace_details,
     .example = "aureon tx trace \"$hash\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(trace_options),
     .run = au_tx_trace_command},
    {.name = "tx sign",
     .operands = "TX",
     .summary = "sign a transaction",
     .details = sign_details,
     .example = "aureon tx sign \"$tx\" --from bob",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(sign_options),
     .run = au_tx_sign_command},
    {.name = "tx send",
     .operands = "TX",
     .summary = "send a signed transaction",
     .details = tx_send_details,
     .example = "aureon tx send \"$signed\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(resend_options),
     .run = au_tx_send_command},
    {.name = "block get",
     .operands = "[BLOCK]",
     .summary = "show a block",
     .details = block_details,
     .example = "aureon block get 1",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(query_options),
     .run = au_block_get_command},
    {.name = "contract show",
     .operands = "CONTRACT",
     .summary = "show a contract",
     .details = "",
     .example = "aureon contract show \"$counter\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(state_options),
     .run = au_contract_show_command},
    {.name = "contract history",
     .operands = "CONTRACT",
     .summary = "show what set a contract's code and its admin",
     .details = history_details,
     .example = "aureon contract history \"$counter\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(history_options),
     .run = au_contract_history_command},
    {.name = "contract storage",
     .operands = "CONTRACT [KEY]",
     .summary = "list what a contract stores, or one value",
     .details = storage_details,
     .example = "aureon contract storage \"$counter\"",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 2,
     OPTIONS(storage_options),
     .run = au_contract_storage_command},
    {.name = "contract code",
     .operands = "CONTRACT FILE",
     .summary = "save the code of a contract",
     .details = code_details,
     .example = "aureon contract code \"$counter\" counter.wasm",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     OPTIONS(code_options),
     .run = au_contract_code_command},
    {.name = "logs",
     .operands = "[CONTRACT]",
     .summary = "list events of contracts",
     .details = logs_details,
     .example = "aureon logs \"$counter\"",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(logs_options),
     .run = au_logs_command},
    {.name = "keys new",
     .operands = "NAME",
     .summary = "make a key",
     .details = new_details,
     .example = "aureon keys new savings --password-file password",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(password_options),
     .run = au_keys_new_command},
    {.name = "keys list",
     .operands = "",
     .summary = "list the keys",
     .details = list_details,
     .example = "aureon keys list --dev",
     OPTIONS(list_options),
     .run = au_keys_list_command},
    {.name = "keys import",
     .operands = "NAME FILE",
     .summary = "make a key of a seed",
     .details = import_details,
     .example = "aureon keys import old seed --password-file password",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     OPTIONS(password_options),
     .run = au_keys_import_command},
    {.name = "keys export",
     .operands = "NAME",
     .summary = "print the secret of a key",
     .details = export_details,
     .example = "aureon keys export savings --password-file password",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(password_options),
     .run = au_keys_export_command},
    {.name = "proof account",
     .operands = "ACCOUNT...",
     .summary = "get a proof of accounts",
     .details = proof_account_details,
     .example = "aureon proof account bob --height 1 >proof.json",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 50,
     OPTIONS(proof_options),
     .run = au_proof_account_command},
    {.name = "proof storage",
     .operands = "CONTRACT KEY...",
     .summary = "get a proof of what a contract stores",
     .details = proof_storage_details,
     .example = "aureon proof storage \"$counter\" str:counter >proof.json",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 50,
     OPTIONS(proof_options),
     .run = au_proof_storage_command},
    {.name = "proof receipt",
     .operands = "HASH",
     .summary = "get a proof of a transaction's receipt",
     .details = proof_receipt_details,
     .example = "aureon proof receipt \"$hash\" >proof.json",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(code_options),
     .run = au_proof_receipt_command},
    {.name = "proof verify",
     .operands = "FILE",
     .summary = "check a proof without a node",
     .details = verify_details,
     .example = "aureon proof verify proof.json",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(verify_options),
     .run = au_proof_verify_command},
    {.name = "api",
     .operands = "METHOD PATH",
     .summary = "send one request to a node",
     .details = api_details,
     .example = "aureon api GET /v1/status",
     .needs_setup = true,
     .operands_min = 2,
     .operands_max = 2,
     OPTIONS(api_options),
     .run = au_api_command},
};

const struct au_command_table au_client_commands = {commands, AU_COUNT_OF(commands)};
