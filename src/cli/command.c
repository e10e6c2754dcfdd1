#include "cli/command.h"

#include <string.h>

#include "cli/abi.h"
#include "cli/build.h"
#include "cli/check.h"
#include "cli/client_commands.h"
#include "cli/help.h"
#include "cli/native.h"
#include "cli/project.h"
#include "cli/run.h"
#include "cli/test.h"
#include "cli/tx.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

static const char json_text[] = "print one JSON document instead of text";

static const struct au_option run_options[] = {
    {"gas", "N", AU_OPTION_NUMBER, false, AU_GAS_LIMIT_MAX, "gas limit; 1000000 if not given"},
    {"balance", "NAME=N", AU_OPTION_TEXT, true, 0, "an account and its base units before the run"},
    {"self", "NAME", AU_OPTION_TEXT, false, 0, "the contract's account; `contract` if not given"},
    {"caller", "NAME", AU_OPTION_TEXT, false, 0, "who calls; `caller` if not given"},
    {"value", "N", AU_OPTION_NUMBER, false, AU_AMOUNT_MAX, "base units the caller sends along"},
    {"height", "N", AU_OPTION_NUMBER, false, UINT64_MAX, "block height that the contract sees"},
    {"time", "MS", AU_OPTION_NUMBER, false, UINT64_MAX,
     "block time that it sees, Unix milliseconds"},
    {"view", NULL, AU_OPTION_FLAG, false, 0, "a write ends the run with not_allowed"},
    {"storage", "FILE", AU_OPTION_TEXT, false, 0,
     "start from this file and keep the changes in it"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, json_text},
};

static const char run_details[] =
    "FILE is a WebAssembly module, binary or text; its content decides, not its name.\n"
    "FUNCTION is a function that it exports. ARGUMENTs are explained by\n"
    "`aureon help arguments`.\n"
    "\n"
    "The run starts from an empty world unless --storage or --balance say otherwise. The\n"
    "result is the outcome, the gas used, the output, the log, and what changed. A contract\n"
    "that fails gives exit code 5 and changes nothing. `aureon help storage` explains how\n"
    "runs go on from each other.\n";

static const struct au_option json_options[] = {
    {"json", NULL, AU_OPTION_FLAG, false, 0, json_text},
};

static const struct au_option test_options[] = {
    {"timeout", "SECONDS", AU_OPTION_NUMBER, false, AU_NATIVE_SECONDS_MAX,
     "a native test may take so long; 60, 0 = for ever"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, json_text},
};

static const char check_details[] =
    "FILE is a WebAssembly module, binary or text. The verdict is the one that deploying it\n"
    "would get: `ok`, or the rule that it breaks, the function and byte offset where, a\n"
    "sentence, and the flags of clang, rustc and asc that mend it, where there are any. A\n"
    "refused module gives exit code 4. So does one whose section aureon_abi is malformed or\n"
    "lists a function that is not exported or takes other arguments (rule abi), although no\n"
    "node looks at that section.\n"
    "\n"
    "Of an accepted module the page tells its sizes, memory and table; what each call pays to\n"
    "enter it and a deployment to compile it; what its imports cost; and which exports can be\n"
    "called, or why not.\n";

static const struct au_option new_options[] = {
    {"template", "T", AU_OPTION_TEXT, false, 0, "what it begins as; counter if not given"},
};

static const char new_details[] =
    "Makes a folder NAME with a contract in C and a scenario that tries it. They are copies of\n"
    "one of this project's own contracts, for which --template has its name; a wrong one is\n"
    "answered with those that there are. NAME is 1 to 64 of a-z 0-9 - _ and must not be there\n"
    "yet.\n";

static const char build_details[] =
    "Compiles the C files of the folder DIR, this one if it is not given, each to a contract of\n"
    "its own: DIR/build/NAME.wasm of NAME.c. Files that end in _test.c are left out. The header\n"
    "aureon_contract.h is this program's and is put into DIR/build/kit, where clang finds it.\n"
    "\n"
    "It takes clang 14 or later, and its wasm-ld: the Debian packages clang and lld. The\n"
    "environment variable AUREON_CLANG names another clang than the first on the PATH. What\n"
    "clang finds wrong goes to standard error, and the exit code is 9. The modules are then\n"
    "judged as `aureon check` does: one that is refused gives exit code 4.\n";

static const struct au_option build_options[] = {
    {"names", NULL, AU_OPTION_FLAG, false, 0,
     "keep the names of functions, for traces: a larger module"},
};

static const char test_details[] =
    "The scenarios are the files of the folder DIR, this one if it is not given, whose names end\n"
    "in .scen.json: docs/scenarios.md explains them. Each runs on a chain of its own, in this\n"
    "process, by the code of the node: blocks, signatures, gas, storage. Nothing is sent\n"
    "anywhere and nothing is left behind.\n"
    "\n"
    "Files that end in _test.c are tests in C: each is compiled for this machine with the other\n"
    "C files of the folder and a chain in its own process (aureon_mock.h), under the sanitizers\n"
    "of clang if it has them, and passes if main() gives 0. They need clang, as `aureon build`\n"
    "does, and leave build/native. One that is not done in time is ended, and fails.\n"
    "\n"
    "A line is printed for each step, with its gas. A step that comes to something else than it\n"
    "expects ends its scenario and gives exit code 1. When all of a folder's passed and there is\n"
    "a folder build in it, the gas is kept in .aureon/gas.json, and the next run tells what\n"
    "became more or less.\n";

static const char abi_details[] =
    "FILE is a WebAssembly module, binary or text. Shown are the lines of its section\n"
    "aureon_abi in order: functions, events, errors, types, enums, storage. With --json they\n"
    "are the canonical form, in which the same facts are the same bytes, with the SHA-256 of\n"
    "the section. A module without the section gives exit code 7, a malformed section 4;\n"
    "`aureon check` also compares it with what the module exports. A CONTRACT is an address, or\n"
    "a name that `aureon deploy --as` gave: its code is asked for at a node. A file of such a\n"
    "name is ./NAME.\n";

static const char decode_details[] =
    "HEX is a signed transaction, 0x and hex, or @path: a file with its bytes. Shown are its\n"
    "id, sender, nonce, price, payload and signature, and its cost before anything runs.\n"
    "Whether the signature is right depends on the chain and is not looked at. Arguments are\n"
    "told by name by the ABI of the code that a deployment or an upgrade brings, those of a call\n"
    "by that of --abi. Bytes that are no transaction give exit code 4.\n";

static const struct au_option decode_options[] = {
    {"abi", "FILE", AU_OPTION_TEXT, false, 0, "the module that a call is of"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, json_text},
};

static const struct au_option abi_options[] = {
    {"url", "URL", AU_OPTION_TEXT, false, 0,
     "the node of a CONTRACT; AUREON_URL, else http://127.0.0.1:8080"},
    {"json", NULL, AU_OPTION_FLAG, false, 0, "print the canonical form"}};

static const struct au_option help_options[] = {
    {"markdown", NULL, AU_OPTION_FLAG, false, 0, "print all pages as one Markdown document"},
};

static const char help_details[] =
    "Without a NAME: the list of commands and topics. `aureon COMMAND --help` prints the same\n"
    "page.\n";

static const struct au_command offline_commands[] = {
    {.name = "run",
     .operands = "FILE FUNCTION [ARGUMENT]...",
     .summary = "run a function of a contract",
     .details = run_details,
     .example = "aureon run contracts/counter/counter.wat increment --storage counter.json",
     .operands_min = 2,
     .operands_max = SIZE_MAX,
     OPTIONS(run_options),
     .run = au_run_command},
    {.name = "check",
     .operands = "FILE",
     .summary = "tell whether a module is acceptable",
     .details = check_details,
     .example = "aureon check contracts/counter/counter.wat",
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(json_options),
     .run = au_check_command},
    {.name = "abi",
     .operands = "FILE|CONTRACT",
     .summary = "show what a contract says that it offers",
     .details = abi_details,
     .example = "aureon abi examples/abi/counter.wat",
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(abi_options),
     .run = au_abi_command},
    {.name = "new",
     .operands = "NAME",
     .summary = "begin a contract",
     .details = new_details,
     .example = "aureon new hello",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(new_options),
     .run = au_new_command},
    {.name = "build",
     .operands = "[DIR]",
     .summary = "compile contracts written in C",
     .details = build_details,
     .example = "aureon build hello",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(build_options),
     .run = au_build_command},
    {.name = "test",
     .operands = "[DIR|FILE]",
     .summary = "run the scenarios and native tests of contracts",
     .details = test_details,
     .example = "aureon test hello",
     .needs_setup = true,
     .operands_max = 1,
     OPTIONS(test_options),
     .run = au_test_command},
    {.name = "tx decode",
     .operands = "HEX",
     .summary = "show what a transaction says",
     .details = decode_details,
     .example = "aureon tx decode @examples/call.tx",
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(decode_options),
     .run = au_tx_decode_command},
};

static const struct au_command about_commands[] = {
    {.name = "version",
     .operands = "",
     .summary = "print the version",
     .details = "",
     .example = "aureon version",
     OPTIONS(json_options),
     .run = au_help_version_command},
    {.name = "help",
     .operands = "[NAME [VERB]]",
     .summary = "explain a command or a topic",
     .details = help_details,
     .example = "aureon help run",
     .operands_max = 2,
     OPTIONS(help_options),
     .run = au_help_command},
};

static const char arguments_details[] =
    "  u64:5 i64:-5      a number of 8 bytes, little-endian\n"
    "  u32:7 i32:-1      a number of 4 bytes, little-endian\n"
    "  bytes:0x00ff      these bytes; 0x00ff alone means the same\n"
    "  addr:aur1...      the 32 bytes of an address; with a node also of a name: addr:bob\n"
    "  str:text          the bytes of the text\n"
    "  @path             the content of a file\n"
    "  raw:0x00ff        these bytes, also where the contract says what the argument is\n"
    "  5                 a decimal number alone is a u64\n"
    "  text              a word that nothing above claims is itself, as an account's name\n"
    "\n"
    "A word that could mean two things is refused, with the form to write instead: a negative\n"
    "number (i64 or i32?), a word that begins like a number, a word with a colon after an\n"
    "unknown prefix, 64 hex digits without 0x, an empty word. `str:` makes a text of\n"
    "anything. A word that begins with a dash is an option unless `--` stands before it.\n"
    "\n"
    "A function that the contract's section aureon_abi lists (`aureon abi`) takes its arguments\n"
    "by name or by place, as its types say:\n"
    "\n"
    "  by=5  5           a number; u64:5 too\n"
    "  name=text         a string; data=0x00ff bytes; to=@bob or to=aur1... an address\n"
    "  at={x:1,y:2}      a type of fields, or as JSON: at='{\"x\":1,\"y\":2}'\n"
    "  list=[1,2]        a vec; pair=(1,a) a tuple; who={a:1,b:2} a map; none an empty option\n"
    "  side=Sell(price=5)  an enum; side=Buy, or as JSON: side='{\"Sell\":{\"price\":\"5\"}}'\n"
    "\n"
    "Accounts in --self, --caller and --balance are names of 1 to 64 bytes, or 0x and hex.\n"
    "A call takes at most 64 arguments and 256 KiB of them.\n";

static const char storage_details[] =
    "With --storage FILE a run starts from the storage and balances in FILE and, if the\n"
    "contract succeeds, leaves them there as it changed them: ten runs of `increment` count\n"
    "to ten. A file that is not there is an empty world and is made by the first success. A\n"
    "run that fails leaves the file as it was, to the byte. The file is replaced as a whole,\n"
    "never half written; two runs over one file at the same time are not kept apart.\n"
    "\n"
    "The file is JSON:\n"
    "\n"
    "  {\n"
    "    \"format\": 1,\n"
    "    \"contract\": \"contract\",\n"
    "    \"storage\": [\n"
    "      {\n"
    "        \"key\": \"0x636f756e746572\",\n"
    "        \"key_text\": \"counter\",\n"
    "        \"value\": \"0x0100000000000000\"\n"
    "      }\n"
    "    ],\n"
    "    \"balances\": {\n"
    "      \"Alice\": \"900\",\n"
    "      \"Bob\": \"600\"\n"
    "    }\n"
    "  }\n"
    "\n"
    "  contract   the contract's account. A later run need not repeat --self; another one is\n"
    "             refused\n"
    "  storage    its entries by key. key_text and value_text are added where the bytes read\n"
    "             well; in a file written by hand they may stand alone\n"
    "  balances   all balances known so far. Once given they are kept; --balance NAME=N\n"
    "             replaces one\n"
    "\n"
    "Unknown members, wrong types, keys given twice and bad hex are refused with exit code 2.\n";

static const char json_details[] =
    "With --json a command prints one document. 64-bit integers are decimal strings, bytes\n"
    "are lower-case 0x hex, with the text beside them where it reads well. What does not\n"
    "apply is left out. `aureon run` prints\n"
    "\n"
    "  function, success, outcome, class, detail, message\n"
    "  gas_limit, gas_used\n"
    "  output             with output_text, output_u64 (8 bytes) or output_u32 (4 bytes)\n"
    "                     beside it\n"
    "  revert_code        if the contract reverted; output then is what it said\n"
    "  logs               list of {data, text}\n"
    "  events             list of {contract, contract_text, name, topics, data, data_text}\n"
    "  storage_changes    list of {key, key_text, before, before_text, after, after_text};\n"
    "                     before or after is left out where there was no entry\n"
    "  balance_changes    list of {account, before, after}\n"
    "  storage_file       {path, saved} with --storage\n"
    "\n"
    "`aureon check` prints file, ok, size, bodies_size, instrumented_size, functions,\n"
    "pages_min and pages_max if there is a memory, table_size, data_size, has_start, entry_gas,\n"
    "compile_gas, imports as a list of {name, steps, steps_per_byte}, exports as a list of\n"
    "{name, function, params, results, callable, obstacle}, and abi_hash if there is an ABI.\n"
    "For a refused module it prints file, ok, rule, function and function_name, offset,\n"
    "message, and flags as an object of clang, rustc and asc, which is also what\n"
    "`aureon run --json` prints when it refuses one.\n"
    "Commands that speak to a node print what it answers, its problem document included; those\n"
    "that send a transaction print the receipt.\n";

static const char sending_details[] =
    "Commands that change the chain make a transaction and sign it here; the node never sees a\n"
    "key. The sender's next nonce, the price and, unless --gas is given, the gas that a call\n"
    "needs are asked for first. A call that fails in that simulation is not sent; with --gas it\n"
    "is sent unseen, and costs its fee if it fails. Then the command waits until a block has it,\n"
    "at most --timeout seconds; --wait accepted and --wait none do not.\n"
    "\n"
    "The node is http://127.0.0.1:8080, or what AUREON_URL or --url says. On a development chain\n"
    "its accounts alice, bob, carol, dave, erin, frank, grace, heidi, ivan and judy are names\n"
    "for --from and wherever an account is meant; everybody has their keys. Other names are\n"
    "those that `aureon deploy --as` gave to contracts in this folder, then those of `aureon keys\n"
    "list`, kept in $XDG_DATA_HOME/aureon/keys or ~/.local/share/aureon/keys. A name may have\n"
    "an @ in front of it.\n"
    "\n"
    "A password comes from the file that --password-file or AUREON_PASSWORD_FILE names, else it\n"
    "is asked for, if there is a terminal.\n"
    "\n"
    "With --dry-run the requests are printed as curl command lines; those that only ask are sent\n"
    "all the same, the transaction is not. With --unsigned it is printed in hex without a\n"
    "signature, for `aureon tx sign` on a machine that has the key.\n";

const struct au_topic au_topics[] = {
    {"arguments", "how arguments of a contract are written", arguments_details},
    {"sending", "how transactions are made, signed and sent", sending_details},
    {"storage", "how runs go on from each other", storage_details},
    {"json", "what --json prints", json_details},
    {
        "exit-codes",
        "what the exit codes mean",
#define AU_EXIT(number, NAME, text) "  " #number "  " text "\n"
#include "cli/exit.def"
#undef AU_EXIT
    },
};
const size_t au_topic_count = AU_COUNT_OF(au_topics);

/* The command at *index of a table; else the rest of the index, for the next table. */
static const struct au_command *take_at(const struct au_command_table *table, size_t *index)
{
    if (*index < table->count) return &table->commands[*index];
    *index -= table->count;
    return NULL;
}

const struct au_command *au_command_at(const struct au_cli *cli, size_t index)
{
    static const struct au_command_table offline = {offline_commands,
                                                    AU_COUNT_OF(offline_commands)};
    static const struct au_command_table about = {about_commands, AU_COUNT_OF(about_commands)};
    const struct au_command *command = take_at(&offline, &index);
    if (command == NULL) command = take_at(&au_client_commands, &index);
    for (size_t i = 0; command == NULL && i < cli->table_count; i++) {
        command = take_at(&cli->tables[i], &index);
    }
    return command == NULL ? take_at(&about, &index) : command;
}

bool au_command_is_noun(const struct au_cli *cli, const char *word)
{
    size_t size = strlen(word);
    const struct au_command *command;
    for (size_t i = 0; (command = au_command_at(cli, i)) != NULL; i++) {
        if (strncmp(command->name, word, size) == 0 && command->name[size] == ' ') return true;
    }
    return false;
}

const struct au_command *au_command_find(const struct au_cli *cli, const char *name)
{
    const struct au_command *command;
    for (size_t i = 0; (command = au_command_at(cli, i)) != NULL; i++) {
        if (strcmp(command->name, name) == 0) return command;
    }
    return NULL;
}

const struct au_topic *au_topic_find(const char *name)
{
    for (size_t i = 0; i < au_topic_count; i++) {
        if (strcmp(au_topics[i].name, name) == 0) return &au_topics[i];
    }
    return NULL;
}
