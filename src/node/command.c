#include "node/command.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/invocation.h"
#include "core/dev_account.h"
#include "crypto/sign.h"
#include "ledger/ledger.h"
#include "ledger/rollback.h"
#include "node/genesis_json.h"
#include "node/node.h"
#include "state/stats.h"
#include "state/verify.h"
#include "store/rocks.h"

#define OPTIONS(table) .options = (table), .option_count = AU_COUNT_OF(table)

#define PORT_PRESET     8080u
#define MESSAGE_SIZE    2048u /* bytes */
#define PATH_SIZE       4096u /* bytes */
#define FOLDER_MODE     0700
#define ADDRESS_PRESET  "127.0.0.1"
#define MIN_FREE_PRESET 256u  /* MiB */
#define BALANCES_MAX    1024u /* given on a command line */

/* ---- running in the foreground ---- */

static sigset_t stop_signals(void)
{
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    return signals;
}

/* A fault ends the program as an interrupt does, but for the exit code. */
struct fault {
    FILE *err;
    bool has_happened;
};

static void on_fault(void *context, const char *cause)
{
    struct fault *fault = context;
    fprintf(fault->err, "aureon: the node stops: %s\n", cause);
    fault->has_happened = true;
    (void)kill(getpid(), SIGTERM); /* blocked in all threads: serve takes it */
}

static void on_note(void *context, const char *text)
{
    struct fault *fault = context;
    fprintf(fault->err, "aureon: %s\n", text);
}

static enum au_exit write_ready(const struct au_invocation *invocation, const char *url)
{
    const struct au_given *given = au_invocation_option(invocation, "ready-file");
    struct au_buf line;
    if (!given) return AU_EXIT_DONE;
    au_buf_init(&line, PATH_SIZE);
    au_buf_printf(&line, "%s\n", url);
    enum au_exit code = line.err == AU_OK
                            ? au_invocation_save(invocation, given->text, au_buf_bytes(&line))
                            : au_invocation_fail_file(invocation, line.err, "write", given->text);
    au_buf_done(&line);
    return code;
}

static enum au_exit fail_start(const struct au_invocation *invocation, enum au_node_result result,
                               const struct au_node_options *options, const struct au_buf *message)
{
    if (result == AU_NODE_PORT_TAKEN) {
        return au_invocation_fail(invocation, AU_EXIT_UNREACHABLE,
                                  "%.*s; `--port 0` picks a free one, `--port %u` is another",
                                  (int)message->size, (const char *)message->data,
                                  options->port == UINT16_MAX ? PORT_PRESET : options->port + 1u);
    }
    enum au_exit code = result == AU_NODE_BAD_ADDRESS ? AU_EXIT_USAGE : AU_EXIT_INTERNAL;
    return au_invocation_fail(invocation, code, "%.*s", (int)message->size,
                              (const char *)message->data);
}

/* As many descriptors as the system lets us have: a connection takes one. */
static void raise_descriptors(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    (void)setrlimit(RLIMIT_NOFILE, &limit);
}

/* Serves until a signal comes. greet tells people about the node. */
static enum au_exit serve(const struct au_invocation *invocation, struct au_node_options *options,
                          void (*greet)(const struct au_invocation *invocation, const char *url))
{
    struct fault fault = {.err = invocation->streams->err};
    struct au_buf message;
    struct au_node *node;
    char url[128];
    sigset_t signals = stop_signals();
    /* Blocked before any thread is started, so that all of them leave the signals to sigwait. */
    AU_ASSERT(pthread_sigmask(SIG_BLOCK, &signals, NULL) == 0);
    raise_descriptors();
    options->context = &fault;
    options->on_fault = on_fault;
    options->on_note = on_note;
    au_buf_init(&message, MESSAGE_SIZE);
    enum au_node_result result = au_node_start(options, &message, &node);
    if (result != AU_NODE_STARTED) {
        enum au_exit code = fail_start(invocation, result, options, &message);
        au_buf_done(&message);
        return code;
    }
    au_buf_done(&message);
    bool is_ipv6 = strchr(options->address, ':') != NULL;
    snprintf(url, sizeof(url), is_ipv6 ? "http://[%s]:%u" : "http://%s:%u", options->address,
             au_node_port(node));
    enum au_exit code = write_ready(invocation, url);
    if (code == AU_EXIT_DONE) {
        int number;
        greet(invocation, url);
        AU_ASSERT(sigwait(&signals, &number) == 0);
        fprintf(invocation->streams->err, "aureon: stopping\n");
    }
    au_node_stop(node);
    return fault.has_happened ? AU_EXIT_INTERNAL : code;
}

static enum au_exit join(const struct au_invocation *invocation, const char *folder,
                         const char *name, char out_path[PATH_SIZE])
{
    int size = snprintf(out_path, PATH_SIZE, "%s/%s", folder, name);
    if (size > 0 && (size_t)size < PATH_SIZE) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE, "the folder's path is too long");
}

/* Paths in a data folder; options borrow them. */
struct data_paths {
    char store[PATH_SIZE];
    char compiled[PATH_SIZE];
    char snapshots[PATH_SIZE];
};

static enum au_exit take_folder(const struct au_invocation *invocation, const char *folder,
                                struct data_paths *paths, struct au_node_options *options)
{
    enum au_exit code = join(invocation, folder, AU_NODE_STORE_NAME, paths->store);
    if (code == AU_EXIT_DONE)
        code = join(invocation, folder, AU_NODE_COMPILED_NAME, paths->compiled);
    options->store = paths->store;
    options->compiled = paths->compiled;
    return code;
}

static enum au_exit make_folder(const struct au_invocation *invocation, const char *path)
{
    if (mkdir(path, FOLDER_MODE) == 0 || errno == EEXIST) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot make the folder %s: %s", path,
                              strerror(errno));
}

static void take_options(const struct au_invocation *invocation, struct au_node_options *options)
{
    const struct au_given *port = au_invocation_option(invocation, "port");
    const struct au_given *address = au_invocation_option(invocation, "address");
    const struct au_given *interval = au_invocation_option(invocation, "block-time");
    options->port = port ? (uint16_t)port->number : PORT_PRESET;
    options->address = address ? address->text : ADDRESS_PRESET;
    options->interval_ms = interval ? interval->number : 0;
    options->reserve = au_invocation_number(invocation, "min-free", MIN_FREE_PRESET) << 20;
}

/* ---- dev ---- */

static void greet_dev(const struct au_invocation *invocation, const char *url)
{
    FILE *err = invocation->streams->err;
    struct au_buf text;
    au_buf_init(&text, MESSAGE_SIZE);
    fprintf(err, "Aureon %s, development chain, on %s\n\n", au_version(), url);
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        struct au_hash seed = au_dev_account_seed(i);
        struct au_sign_key key;
        struct au_address address;
        au_sign_key_from_seed(&key, seed.bytes);
        memcpy(address.bytes, key.public_key, AU_ADDRESS_SIZE);
        au_sign_key_wipe(&key);
        au_buf_clear(&text);
        au_address_format(&text, &address);
        fprintf(err, "  %-6s %.*s  1000000 AUR\n", au_dev_account_name(i), (int)text.size,
                (const char *)text.data);
    }
    au_buf_done(&text);
    fprintf(err, "\nReady. Try: aureon deploy contracts/counter/counter.wat\n");
}

static enum au_exit run_dev(struct au_invocation *invocation)
{
    const struct au_given *folder = au_invocation_option(invocation, "data-dir");
    struct au_node_options options = {
        .is_dev = true,
        .is_manual = au_invocation_has(invocation, "manual"),
    };
    struct data_paths paths;
    struct au_buf genesis;
    if (folder) {
        enum au_exit made = take_folder(invocation, folder->text, &paths, &options);
        if (made == AU_EXIT_DONE) made = make_folder(invocation, folder->text);
        if (made != AU_EXIT_DONE) return made;
    }
    take_options(invocation, &options);
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    /* A chain that is kept has one genesis: its time is no matter of when it was started. */
    au_node_dev_genesis(&genesis, folder ? 0 : au_clock_unix_ms());
    options.genesis = au_buf_bytes(&genesis);
    enum au_exit code = genesis.err == AU_OK ? serve(invocation, &options, greet_dev)
                                             : au_invocation_fail(invocation, AU_EXIT_INTERNAL,
                                                                  "%s", au_err_text(genesis.err));
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

/* Reads its own text again: what is written is what a start will take. */
static enum au_exit write_genesis(const struct au_invocation *invocation,
                                  const struct au_genesis *genesis)
{
    char path[PATH_SIZE];
    struct au_buf text, message, encoded, old;
    enum au_exit code = join(invocation, invocation->operands[0], AU_NODE_GENESIS_NAME, path);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE);
    au_buf_init(&encoded, AU_GENESIS_SIZE_MAX);
    au_buf_init(&old, 1);
    au_genesis_put_json(&text, genesis);
    enum au_err err = text.err;
    if (err == AU_OK) err = au_genesis_parse_json(au_buf_bytes(&text), &message, &encoded);
    if (err == AU_ERR_MALFORMED) {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "%.*s", (int)message.size,
                                  (const char *)message.data);
    } else if (err == AU_OK && au_file_read(path, &old) != AU_ERR_NOT_FOUND) {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "%s is there already", path);
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
    au_buf_done(&old);
    return code;
}

static enum au_exit run_init(struct au_invocation *invocation)
{
    static struct au_genesis_account accounts[BALANCES_MAX];
    struct au_genesis genesis = {.time_ms = au_clock_unix_ms(), .params = au_params_default()};
    enum au_exit code = take_genesis(invocation, accounts, &genesis);
    if (code != AU_EXIT_DONE) return code;
    code = make_folder(invocation, invocation->operands[0]);
    return code == AU_EXIT_DONE ? write_genesis(invocation, &genesis) : code;
}

/* ---- node start ---- */

static void greet_node(const struct au_invocation *invocation, const char *url)
{
    fprintf(invocation->streams->err, "Aureon %s, chain in %s, on %s\n", au_version(),
            invocation->operands[0], url);
}

static enum au_exit read_genesis(const struct au_invocation *invocation, struct au_buf *encoded)
{
    char path[PATH_SIZE];
    struct au_buf text, message;
    enum au_exit code = join(invocation, invocation->operands[0], AU_NODE_GENESIS_NAME, path);
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
    return join(invocation, invocation->operands[0], AU_NODE_SNAPSHOTS_NAME, paths->snapshots);
}

static enum au_exit run_start(struct au_invocation *invocation)
{
    struct data_paths paths;
    struct au_node_options options = {0};
    struct au_buf genesis;
    enum au_exit code = take_folder(invocation, invocation->operands[0], &paths, &options);
    if (code != AU_EXIT_DONE) return code;
    take_options(invocation, &options);
    code = take_snapshots(invocation, &paths, &options);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    code = read_genesis(invocation, &genesis);
    options.genesis = au_buf_bytes(&genesis);
    if (code == AU_EXIT_DONE) code = serve(invocation, &options, greet_node);
    au_buf_done(&genesis);
    return code;
}

/* ---- state verify ---- */

/* Branches that were not written yet are made first, from what has changed since. */
static enum au_err verify_state(const struct au_kv *kv, const struct au_header *head,
                                struct au_buf *message, struct au_verified *out_verified)
{
    enum au_err made = au_state_catch_up(kv, head->height, &head->state_root);
    bool is_damaged = made == AU_ERR_MALFORMED;
    if (made != AU_OK && made != AU_ERR_NOT_FOUND && !is_damaged) return made;
    AU_TRY(au_state_verify(kv, head->height, &head->state_root, message, out_verified));
    if (!is_damaged) return AU_OK;
    au_buf_put_text(message, "branches, or what has changed since they were written");
    return AU_ERR_MALFORMED;
}

/* Why a store could not be read, with what is known of its damage. */
static enum au_exit fail_store(const struct au_invocation *invocation, enum au_err err,
                               const struct au_buf *damage)
{
    if (err == AU_ERR_NOT_FOUND) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND, "the store holds no chain");
    }
    if (err == AU_ERR_MALFORMED) {
        return au_invocation_fail(invocation, AU_EXIT_REJECTED, "the store is damaged: %.*s",
                                  (int)damage->size, (const char *)damage->data);
    }
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
}

static enum au_exit verify_store(const struct au_invocation *invocation, const struct au_kv *kv,
                                 struct au_buf *text)
{
    struct au_verified verified;
    struct au_header head;
    enum au_err err = au_ledger_stored_head(kv, &head);
    if (err == AU_OK) err = verify_state(kv, &head, text, &verified);
    if (err != AU_OK) return fail_store(invocation, err, text);
    au_buf_printf(text,
                  "height    %" PRIu64 "\naccounts  %" PRIu64 "\nslots     %" PRIu64
                  "\nbranches  %" PRIu64 "\nroot      ",
                  head.height, verified.account_count, verified.slot_count, verified.record_count);
    au_hex_put(text, (struct au_bytes){verified.root.bytes, AU_HASH_SIZE});
    au_buf_put_u8(text, '\n');
    return au_invocation_write(invocation, text);
}

typedef enum au_exit use_store(const struct au_invocation *invocation, const struct au_kv *kv,
                               struct au_buf *text);

/* What a command does with the store of a stopped node. */
static enum au_exit with_store(const struct au_invocation *invocation, use_store *use)
{
    struct au_rocks_options options = au_rocks_options_default();
    char cause[AU_KV_MESSAGE_SIZE];
    char path[PATH_SIZE];
    struct au_kv kv;
    struct au_buf text;
    enum au_exit code = join(invocation, invocation->operands[0], AU_NODE_STORE_NAME, path);
    if (code != AU_EXIT_DONE) return code;
    if (!au_rocks_is_store(path)) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND, "there is no store in %s", path);
    }
    enum au_err err = au_rocks_open(path, &options, cause, &kv);
    if (err != AU_OK) {
        return au_invocation_fail(invocation,
                                  err == AU_ERR_MALFORMED ? AU_EXIT_REJECTED : AU_EXIT_INTERNAL,
                                  "cannot open the store in %s: %s", path, cause);
    }
    au_buf_init(&text, MESSAGE_SIZE);
    code = use(invocation, &kv, &text);
    au_buf_done(&text);
    au_kv_close(&kv);
    return code;
}

static enum au_exit run_verify(struct au_invocation *invocation)
{
    return with_store(invocation, verify_store);
}

/* ---- state stats ---- */

static void put_families(struct au_buf *text, const struct au_state_stats *stats)
{
    au_buf_printf(text, "\n%-7s %12s %12s %12s\n", "family", "entries", "keys", "values");
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        const struct au_family_stats *family = &stats->families[i];
        au_buf_printf(text, "%-7s %12" PRIu64 " %12" PRIu64 " %12" PRIu64 "\n",
                      au_cf_name((enum au_cf)i), family->entry_count, family->key_size,
                      family->value_size);
    }
}

/* An undo record gives the state before its block; that of block 0, the empty one. */
static uint64_t first_readable(const struct au_state_stats *stats, uint64_t height)
{
    if (stats->families[AU_CF_CHG].entry_count == 0) return height;
    return stats->undo_first > 0 ? stats->undo_first - 1 : 0;
}

static enum au_exit count_store(const struct au_invocation *invocation, const struct au_kv *kv,
                                struct au_buf *text)
{
    struct au_state_stats stats;
    struct au_header head;
    enum au_err err = au_ledger_stored_head(kv, &head);
    if (err == AU_OK) err = au_state_stats(kv, &stats);
    if (err == AU_ERR_MALFORMED) au_buf_put_text(text, "`aureon state verify` says where");
    if (err != AU_OK) return fail_store(invocation, err, text);
    uint64_t branch_count = stats.families[AU_CF_TRI].entry_count;
    uint64_t mean_tenths = branch_count > 0 ? stats.depth_sum * 10 / branch_count : 0;
    au_buf_printf(text,
                  "height     %" PRIu64 "\nreadable   from %" PRIu64 "\naccounts   %" PRIu64
                  "\ncontracts  %" PRIu64 "\nslots      %" PRIu64 "\nbranches   %" PRIu64
                  "\ndepth      %" PRIu64 ".%" PRIu64 ", at most %u\n",
                  head.height, first_readable(&stats, head.height),
                  stats.families[AU_CF_ACC].entry_count, stats.contract_count,
                  stats.families[AU_CF_STO].entry_count, branch_count, mean_tenths / 10,
                  mean_tenths % 10, stats.depth_max);
    put_families(text, &stats);
    return au_invocation_write(invocation, text);
}

static enum au_exit run_stats(struct au_invocation *invocation)
{
    return with_store(invocation, count_store);
}

/* ---- state rollback ---- */

static enum au_exit exit_of(enum au_err err)
{
    switch ((int)err) {
    case AU_ERR_MALFORMED: return AU_EXIT_REJECTED;
    case AU_ERR_NOT_FOUND:
    case AU_ERR_INVALID_ARG: return AU_EXIT_NOT_FOUND;
    default: return AU_EXIT_INTERNAL;
    }
}

static enum au_exit roll_store_back(const struct au_invocation *invocation, const struct au_kv *kv,
                                    struct au_buf *text)
{
    struct au_header head;
    uint64_t height = au_invocation_number(invocation, "to", 0);
    enum au_err err = au_ledger_roll_back(kv, height, text, &head);
    if (err != AU_OK) {
        return au_invocation_fail(invocation, exit_of(err), "cannot go back to %" PRIu64 ": %.*s",
                                  height, (int)text->size, (const char *)text->data);
    }
    au_buf_printf(text, "height    %" PRIu64 "\nroot      ", head.height);
    au_hex_put(text, (struct au_bytes){head.state_root.bytes, AU_HASH_SIZE});
    au_buf_put_u8(text, '\n');
    return au_invocation_write(invocation, text);
}

static enum au_exit run_rollback(struct au_invocation *invocation)
{
    if (!au_invocation_option(invocation, "to")) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "--to is missing");
    }
    return with_store(invocation, roll_store_back);
}

/* ---- the table ---- */

static const char port_text[] = "port to listen on, 0 for a free one; 8080 if not given";
static const char address_text[] = "numeric address to listen on; 127.0.0.1 if not given";
static const char block_time_text[] = "least time between two blocks; 0 if not given";
static const char min_free_text[] =
    "stop making blocks below this much free disk; 256 if not given";
static const char ready_text[] = "gets the node's URL when it serves";

static const struct au_option dev_options[] = {
    {"port", "N", AU_OPTION_NUMBER, false, UINT16_MAX, port_text},
    {"address", "IP", AU_OPTION_TEXT, false, 0, address_text},
    {"data-dir", "DIR", AU_OPTION_TEXT, false, 0, "keep the chain here; else it lives in memory"},
    {"block-time", "MS", AU_OPTION_NUMBER, false, 3600000, block_time_text},
    {"manual", NULL, AU_OPTION_FLAG, false, 0, "make blocks only by POST /v1/dev/mine"},
    {"min-free", "MIB", AU_OPTION_NUMBER, false, UINT32_MAX, min_free_text},
    {"ready-file", "FILE", AU_OPTION_TEXT, false, 0, ready_text},
};

static const char dev_details[] =
    "Runs a chain of one node for trying contracts out, in the foreground, until it is\n"
    "interrupted. Ten accounts, alice to judy, have a million AUR each; their keys are built\n"
    "in, and requests may name them instead of signing. A block is made as soon as a\n"
    "transaction waits. Without --data-dir nothing is kept.\n";

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
    {"min-free", "MIB", AU_OPTION_NUMBER, false, UINT32_MAX, min_free_text},
    {"ready-file", "FILE", AU_OPTION_TEXT, false, 0, ready_text},
};

static const char start_details[] =
    "Runs the chain of DIR/genesis.json, kept in DIR/store, in the foreground, until it is\n"
    "interrupted. What a client was told is committed is on disk.\n";

static const char verify_details[] =
    "Builds all tries again from the accounts and slots in DIR/store and compares them with\n"
    "the stored branches and the state root of the last block. The node must not be running.\n"
    "A store that does not fit gives exit code 4 and says what is damaged.\n";

static const char stats_details[] =
    "Counts what is in DIR/store: from which block on the state can still be read, accounts,\n"
    "contracts, slots, the stored branches of the tries and how many nibbles of a key lead to\n"
    "one, then entries and bytes of each family of keys, as they were put. What the last\n"
    "blocks have changed in tries may not be among the branches yet. The node must not be\n"
    "running. It reads the whole store.\n";

static const struct au_option rollback_options[] = {
    {"to", "HEIGHT", AU_OPTION_NUMBER, false, UINT64_MAX, "the block that is to be the last"},
};

static const char rollback_details[] =
    "Takes the blocks after HEIGHT back, at most 1024: accounts, storage, receipts and what\n"
    "else they have left. All at once, and only if the state then gives the root of that\n"
    "block; else nothing changes. The node must not be running. Whoever was told that the\n"
    "blocks are committed was told wrong: keep a copy of DIR. A store that is damaged gives\n"
    "exit code 4, a height that is not there, or no longer, 7.\n";

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
    {.name = "state verify",
     .operands = "DIR",
     .summary = "prove the state that a stopped node has kept",
     .details = verify_details,
     .example = "aureon state verify chain",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     .run = run_verify},
    {.name = "state stats",
     .operands = "DIR",
     .summary = "count what a stopped node has kept",
     .details = stats_details,
     .example = "aureon state stats chain",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     .run = run_stats},
    {.name = "state rollback",
     .operands = "DIR",
     .summary = "take the last blocks of a stopped node back",
     .details = rollback_details,
     .example = "aureon state rollback chain --to 41",
     .needs_setup = true,
     .operands_min = 1,
     .operands_max = 1,
     OPTIONS(rollback_options),
     .run = run_rollback},
};

const struct au_command_table au_node_commands = {commands, AU_COUNT_OF(commands)};
