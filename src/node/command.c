#include "node/command.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/folder.h"
#include "cli/invocation.h"
#include "core/dev_key.h"
#include "node/data_path.h"
#include "node/genesis_json.h"
#include "node/node.h"
#include "node/serve.h"
#include "node/watch.h"
#include "state/keep.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

#define MESSAGE_SIZE    2048u /* bytes */
#define FOLDER_MODE     0700
#define ADDRESS_PRESET  "127.0.0.1"
#define MIN_FREE_PRESET 256u   /* MiB */
#define VERIFY_PRESET   10000u /* blocks */
#define BALANCES_MAX    1024u  /* given on a command line */

/* Paths in a data folder; options borrow them. */
struct data_paths {
    char store[AU_DATA_PATH_SIZE];
    char compiled[AU_DATA_PATH_SIZE];
    char snapshots[AU_DATA_PATH_SIZE];
};

static enum au_exit take_folder(const struct au_invocation *invocation, const char *folder,
                                struct data_paths *paths, struct au_node_options *options)
{
    enum au_exit code = au_data_path(invocation, folder, AU_NODE_STORE_NAME, paths->store);
    if (code == AU_EXIT_DONE)
        code = au_data_path(invocation, folder, AU_NODE_COMPILED_NAME, paths->compiled);
    options->store = paths->store;
    options->compiled = paths->compiled;
    return code;
}

static enum au_exit make_folder(const struct au_invocation *invocation, const char *path)
{
    if (au_file_make_folder(path, FOLDER_MODE) == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot make the folder %s: %s", path,
                              strerror(errno));
}

static enum au_exit take_keep(const struct au_invocation *invocation,
                              struct au_node_options *options)
{
    const struct au_given *count = au_invocation_option(invocation, "keep-blocks");
    bool is_archive = au_invocation_has(invocation, "archive");
    if (is_archive && count) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--archive keeps all: --keep-blocks contradicts it");
    }
    if (count && count->number == 0) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "--keep-blocks: expected a number from 1, got 0");
    }
    if (is_archive) options->keep = AU_KEEP_ALL;
    if (count) options->keep = count->number;
    return AU_EXIT_DONE;
}

static enum au_exit take_options(const struct au_invocation *invocation,
                                 struct au_node_options *options)
{
    const struct au_given *port = au_invocation_option(invocation, "port");
    const struct au_given *address = au_invocation_option(invocation, "address");
    const struct au_given *interval = au_invocation_option(invocation, "block-time");
    options->port = port ? (uint16_t)port->number : AU_NODE_PORT_PRESET;
    options->address = address ? address->text : ADDRESS_PRESET;
    options->interval_ms = interval ? interval->number : 0;
    options->reserve = au_invocation_number(invocation, "min-free", MIN_FREE_PRESET) << 20;
    return take_keep(invocation, options);
}

/* ---- dev ---- */

struct dev {
    const char *watched; /* a folder; NULL: none */
    struct au_watch *watch;
};

static void greet_dev(const struct au_invocation *invocation, const char *url, void *context)
{
    struct dev *dev = context;
    FILE *err = invocation->streams->err;
    struct au_buf text;
    au_buf_init(&text, MESSAGE_SIZE);
    fprintf(err, "Aureon %s, development chain, on %s\n\n", au_version(), url);
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        struct au_address address = au_dev_account_address(i);
        au_buf_clear(&text);
        au_address_format(&text, &address);
        fprintf(err, "  %-6s %.*s  1000000 AUR\n", au_dev_account_name(i), (int)text.size,
                (const char *)text.data);
    }
    au_buf_done(&text);
    if (dev->watched == NULL) {
        fprintf(err, "\nReady. A contract of your own, in another terminal:\n"
                     "  aureon new hello && aureon build hello\n"
                     "  aureon deploy hello/build/counter.wasm --as counter\n"
                     "  aureon call counter increment by=5\n");
        return;
    }
    fprintf(err, "\nReady. Contracts in %s are built and deployed whenever they change.\n",
            dev->watched);
    enum au_err watching = au_watch_start(invocation, dev->watched, url, &dev->watch);
    if (watching != AU_OK) {
        au_invocation_note(invocation, "cannot watch '%s': %s", dev->watched,
                           au_err_text(watching));
    }
}

static enum au_exit expect_folder(struct au_invocation *invocation, const char *path)
{
    const char **names;
    size_t count;
    enum au_err err = au_folder_list(path, ".c", &invocation->arena, &names, &count);
    return err == AU_OK ? AU_EXIT_DONE : au_invocation_fail_file(invocation, err, "watch", path);
}

static enum au_exit run_dev(struct au_invocation *invocation)
{
    const struct au_given *folder = au_invocation_option(invocation, "data-dir");
    struct au_node_options options = {
        .is_dev = true,
        .is_manual = au_invocation_has(invocation, "manual"),
    };
    struct dev dev = {.watched = au_invocation_text(invocation, "watch", NULL)};
    struct data_paths paths;
    struct au_buf genesis;
    if (dev.watched) {
        enum au_exit seen = expect_folder(invocation, dev.watched);
        if (seen != AU_EXIT_DONE) return seen;
    }
    if (folder) {
        enum au_exit made = take_folder(invocation, folder->text, &paths, &options);
        if (made == AU_EXIT_DONE) made = make_folder(invocation, folder->text);
        if (made != AU_EXIT_DONE) return made;
    }
    enum au_exit code = take_options(invocation, &options);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    /* A chain that is kept has one genesis: its time is no matter of when it was started. */
    au_node_dev_genesis(&genesis, folder ? 0 : au_clock_unix_ms());
    options.genesis = au_buf_bytes(&genesis);
    code = genesis.err == AU_OK
               ? au_serve(invocation, &options, greet_dev, &dev)
               : au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(genesis.err));
    au_watch_stop(dev.watch);
    au_buf_done(&genesis);
    return code;
}

/* ---- node init ---- */

static enum au_exit parse_address(const struct au_invocation *invocation, struct au_bytes text,
                                  struct au_address *out_address)
{
    const char *wrong = au_address_parse(text, out_address);
    if (!wrong) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE, "'%.*s' is no address: %s", (int)text.size,
                              (const char *)text.data, wrong);
}

static enum au_exit parse_balance(const struct au_invocation *invocation, const char *text,
                                  struct au_genesis_account *out_account)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "'%s': expected ADDRESS=N, N in base units", text);
    }
    struct au_bytes address = {(const uint8_t *)text, (size_t)(equals - text)};
    enum au_exit code = parse_address(invocation, address, &out_account->address);
    if (code != AU_EXIT_DONE) return code;
    if (au_text_parse_u64(au_bytes_of(equals + 1), &out_account->balance) == AU_OK) return code;
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "'%s': the balance is no decimal number of base units", text);
}

static enum au_exit take_genesis(const struct au_invocation *invocation,
                                 struct au_genesis_account accounts[BALANCES_MAX],
                                 struct au_genesis *genesis)
{
    const struct au_given *chain_id = au_invocation_option(invocation, "chain-id");
    const struct au_given *proposer = au_invocation_option(invocation, "proposer");
    if (!chain_id || !proposer) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "--%s is missing",
                                  chain_id ? "proposer" : "chain-id");
    }
    genesis->chain_id = au_bytes_of(chain_id->text);
    genesis->accounts = accounts;
    enum au_exit code = parse_address(invocation, au_bytes_of(proposer->text), &genesis->proposer);
    const struct au_given *balance = au_invocation_option(invocation, "balance");
    for (; balance && code == AU_EXIT_DONE; balance = au_invocation_next(invocation, balance)) {
        if (genesis->account_count == BALANCES_MAX) {
            return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                      "more than %u balances: write them into %s instead",
                                      BALANCES_MAX, AU_NODE_GENESIS_NAME);
        }
        code = parse_balance(invocation, balance->text, &accounts[genesis->account_count++]);
    }
    return code;
}

static enum au_exit check_new(const struct au_invocation *invocation, const char *path)
{
    struct stat info;
    if (lstat(path, &info) == 0) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "%s is there already", path);
    }
    if (errno == ENOENT) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot look for %s: %s", path,
                              strerror(errno));
}

/* Reads its own text again: what is written is what a start will take. */
static enum au_exit write_genesis(const struct au_invocation *invocation, const char *path,
                                  const struct au_genesis *genesis)
{
    struct au_buf text, message, encoded;
    enum au_exit code;
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE);
    au_buf_init(&encoded, AU_GENESIS_SIZE_MAX);
    au_genesis_put_json(&text, genesis);
    enum au_err err = text.err;
    if (err == AU_OK) err = au_genesis_parse_json(au_buf_bytes(&text), &message, &encoded);
    if (err == AU_ERR_MALFORMED) {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "%.*s", (int)message.size,
                                  (const char *)message.data);
    } else {
        code = err == AU_OK ? au_invocation_save(invocation, path, au_buf_bytes(&text))
                            : au_invocation_fail_file(invocation, err, "write", path);
    }
    if (code == AU_EXIT_DONE) {
        au_buf_clear(&text);
        au_buf_printf(&text, "%s\n", path);
        code = au_invocation_write(invocation, &text);
    }
    au_buf_done(&text);
    au_buf_done(&message);
    au_buf_done(&encoded);
    return code;
}

static enum au_exit run_init(struct au_invocation *invocation)
{
    static struct au_genesis_account accounts[BALANCES_MAX];
    struct au_genesis genesis = {.time_ms = au_clock_unix_ms(), .params = au_params_default()};
    const char *folder = invocation->operands[0];
    char path[AU_DATA_PATH_SIZE];
    enum au_exit code = take_genesis(invocation, accounts, &genesis);
    if (code == AU_EXIT_DONE) code = au_data_path(invocation, folder, AU_NODE_GENESIS_NAME, path);
    if (code == AU_EXIT_DONE) code = make_folder(invocation, folder);
    if (code == AU_EXIT_DONE) code = check_new(invocation, path);
    return code == AU_EXIT_DONE ? write_genesis(invocation, path, &genesis) : code;
}

/* ---- node start ---- */

static void greet_node(const struct au_invocation *invocation, const char *url, void *context)
{
    (void)context;
    fprintf(invocation->streams->err, "Aureon %s, chain in %s, on %s\n", au_version(),
            invocation->operands[0], url);
}

static enum au_exit read_genesis(const struct au_invocation *invocation, struct au_buf *encoded)
{
    char path[AU_DATA_PATH_SIZE];
    struct au_buf text, message;
    enum au_exit code =
        au_data_path(invocation, invocation->operands[0], AU_NODE_GENESIS_NAME, path);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE);
    code = au_invocation_read(invocation, path, &text);
    if (code == AU_EXIT_DONE) {
        enum au_err err = au_genesis_parse_json(au_buf_bytes(&text), &message, encoded);
        if (err == AU_ERR_MALFORMED) {
            code = au_invocation_fail(invocation, AU_EXIT_USAGE, "%s: %.*s", path,
                                      (int)message.size, (const char *)message.data);
        } else if (err != AU_OK) {
            code =
                au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s: %s", path, au_err_text(err));
        }
    }
    au_buf_done(&text);
    au_buf_done(&message);
    return code;
}

static enum au_exit take_snapshots(const struct au_invocation *invocation, struct data_paths *paths,
                                   struct au_node_options *options)
{
    options->snapshot_every = au_invocation_number(invocation, "snapshot-every", 0);
    if (options->snapshot_every == 0) return AU_EXIT_DONE;
    options->snapshots = paths->snapshots;
    return au_data_path(invocation, invocation->operands[0], AU_NODE_SNAPSHOTS_NAME,
                        paths->snapshots);
}

static enum au_exit run_start(struct au_invocation *invocation)
{
    struct data_paths paths;
    struct au_node_options options = {0};
    struct au_buf genesis;
    enum au_exit code = take_folder(invocation, invocation->operands[0], &paths, &options);
    if (code != AU_EXIT_DONE) return code;
    options.verify_every = au_invocation_number(invocation, "verify-every", VERIFY_PRESET);
    code = take_options(invocation, &options);
    if (code == AU_EXIT_DONE) code = take_snapshots(invocation, &paths, &options);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    code = read_genesis(invocation, &genesis);
    options.genesis = au_buf_bytes(&genesis);
    if (code == AU_EXIT_DONE) code = au_serve(invocation, &options, greet_node, NULL);
    au_buf_done(&genesis);
    return code;
}

/* ---- the table ---- */

static const char port_text[] = "port to listen on, 0 for a free one; 8080 if not given";
static const char address_text[] = "numeric address to listen on; 127.0.0.1 if not given";
static const char block_time_text[] = "least time between two blocks; 0 if not given";
static const char min_free_text[] =
    "stop making blocks below this much free disk; 256 if not given";
static const char keep_text[] = "keep the states of N blocks, from now on; 1024 at first";
static const char archive_text[] = "keep the states of all blocks, from now on";
static const char ready_text[] = "gets the node's URL when it serves";

static const struct au_option dev_options[] = {
    {"port", "N", AU_OPTION_NUMBER, false, UINT16_MAX, port_text},
    {"address", "IP", AU_OPTION_TEXT, false, 0, address_text},
    {"data-dir", "DIR", AU_OPTION_TEXT, false, 0, "keep the chain here; else it lives in memory"},
    {"block-time", "MS", AU_OPTION_NUMBER, false, 3600000, block_time_text},
    {"watch", "DIR", AU_OPTION_TEXT, false, 0,
     "build and deploy the contracts of DIR, and upgrade them when they change"},
    {"manual", NULL, AU_OPTION_FLAG, false, 0, "make blocks only by POST /v1/dev/mine"},
    {"keep-blocks", "N", AU_OPTION_NUMBER, false, UINT32_MAX, keep_text},
    {"archive", NULL, AU_OPTION_FLAG, false, 0, archive_text},
    {"min-free", "MIB", AU_OPTION_NUMBER, false, UINT32_MAX, min_free_text},
    {"ready-file", "FILE", AU_OPTION_TEXT, false, 0, ready_text},
};

static const char dev_details[] =
    "Runs a chain of one node for trying contracts out, in the foreground, until it is\n"
    "interrupted. Ten accounts, alice to judy, have a million AUR each; their keys are built\n"
    "in, and requests may name them instead of signing. A block is made as soon as a\n"
    "transaction waits. Without --data-dir nothing is kept.\n"
    "\n"
    "With --watch the C files of a folder are compiled as by `aureon build`, and each contract is\n"
    "deployed under the name of its file as by `aureon deploy --as`. When a source changes, the\n"
    "contracts that became others are upgraded: addresses and storage stay. On a chain that is\n"
    "kept, contracts of an earlier start are found by their names again.\n";

static const struct au_option init_options[] = {
    {"chain-id", "ID", AU_OPTION_TEXT, false, 0, "1 to 50 of a-z 0-9 -"},
    {"proposer", "ADDRESS", AU_OPTION_TEXT, false, 0, "the account that fees go to"},
    {"balance", "ADDRESS=N", AU_OPTION_TEXT, true, 0, "an account and its base units at the start"},
};

static const char init_details[] =
    "Writes DIR/genesis.json, from which `aureon node start DIR` begins the chain. Its\n"
    "parameters and accounts may be edited before the first start; afterwards it names the\n"
    "chain and must stay as it is.\n";

static const struct au_option start_options[] = {
    {"port", "N", AU_OPTION_NUMBER, false, UINT16_MAX, port_text},
    {"address", "IP", AU_OPTION_TEXT, false, 0, address_text},
    {"block-time", "MS", AU_OPTION_NUMBER, false, 3600000, block_time_text},
    {"snapshot-every", "N", AU_OPTION_NUMBER, false, UINT32_MAX,
     "make a snapshot in DIR/snapshots for each N blocks"},
    {"verify-every", "N", AU_OPTION_NUMBER, false, UINT32_MAX,
     "prove the state of each N-th block; 10000 if not given, 0: never"},
    {"keep-blocks", "N", AU_OPTION_NUMBER, false, UINT32_MAX, keep_text},
    {"archive", NULL, AU_OPTION_FLAG, false, 0, archive_text},
    {"min-free", "MIB", AU_OPTION_NUMBER, false, UINT32_MAX, min_free_text},
    {"ready-file", "FILE", AU_OPTION_TEXT, false, 0, ready_text},
};

static const char start_details[] =
    "Runs the chain of DIR/genesis.json, kept in DIR/store, in the foreground, until it is\n"
    "interrupted. What a client was told is committed is on disk.\n";

static const struct au_command commands[] = {
    {.name = "dev",
     .operands = "",
     .summary = "run a development chain",
     .details = dev_details,
     .example = "aureon dev",
     .needs_setup = true,
     OPTIONS(dev_options),
     .run = run_dev},
    {.name = "node init",
     .operands = "DIR",
     .summary = "write the genesis of a new chain",
     .details = init_details,
     .example = "aureon node init chain --chain-id my-chain --proposer ADDRESS",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(init_options),
     .run = run_init},
    {.name = "node start",
     .operands = "DIR",
     .summary = "run a chain's node",
     .details = start_details,
     .example = "aureon node start chain",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(start_options),
     .run = run_start},
};

const struct au_command_table au_node_commands = {commands, AU_COUNT_OF(commands)};
