#include "node/node.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "api/api.h"
#include "api/server.h"
#include "base/file.h"
#include "base/mem.h"
#include "consensus/solo.h"
#include "contract/host.h"
#include "core/dev_key.h"
#include "crypto/random.h"
#include "ledger/compile.h"
#include "node/audit.h"
#include "node/large_pages.h"
#include "node/reserve.h"
#include "node/snapshots.h"
#include "node/suspect.h"
#include "store/memkv.h"
#include "store/rocks.h"

#define CACHE_SIZE            (256u << 20) /* bytes of compiled code in memory */
#define COMPILED_SIZE         (256u << 20) /* bytes on disk of what is not on the chain */
#define OWN_PROGRAM           "/proc/self/exe"
#define SLOW_REQUESTS         4u /* views, simulations and listings at the same time */
#define DEV_CHAIN_ID          "aureon-dev"
#define DEV_BALANCE           UINT64_C(1000000000000000) /* a million AUR */
#define DEV_WRITE_BUFFER_SIZE ((size_t)16 << 20)         /* bytes */
#define FOLDER_MODE           0700

/* Contracts running at the same time. ThreadSanitizer leaves a process 1.5 TiB of addresses. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define INSTANCES_MAX 16u
#endif
#endif
#ifndef INSTANCES_MAX
#define INSTANCES_MAX 64u
#endif

enum stage { STARTING, STARTED, UNREADABLE };

struct au_node {
    struct au_node_options options;
    atomic_int stage;               /* enum stage */
    enum au_err unreadable;         /* if UNREADABLE: what reading the store has failed with */
    char cause[AU_KV_MESSAGE_SIZE]; /* likewise */
    struct au_engine *engine;
    struct au_kv kv;
    struct au_reserve reserve;
    bool is_small; /* and has no large pages; after the start the producer's alone */
    struct au_ledger *ledger;
    struct au_mempool *mempool;
    struct au_api *api;
    struct au_snapshots *snapshots; /* NULL: none are made */
    struct au_audit *audit;         /* NULL: the state is not proved meanwhile */
    struct au_solo *solo;
    struct au_server *server;
};

/* ---- the signals between layers ---- */

static enum au_err get_account(void *context, const struct au_address *address,
                               struct au_mempool_account *out_account)
{
    struct au_node *node = context;
    struct au_account account;
    AU_TRY(au_ledger_account(node->ledger, address, &account));
    *out_account = (struct au_mempool_account){account.nonce, account.balance};
    return AU_OK;
}

static void on_drop(void *context, const struct au_hash *id, enum au_drop reason)
{
    struct au_node *node = context;
    au_api_on_drop(node->api, id, reason);
}

static void on_block(void *context, const struct au_header *header)
{
    struct au_node *node = context;
    au_api_on_block(node->api, header);
    if (node->is_small) node->is_small = !au_large_pages_release(NULL);
    if (node->snapshots) au_snapshots_on_block(node->snapshots, header->height);
    if (node->audit) au_audit_on_block(node->audit, header->height);
}

static void on_note(void *context, const char *text)
{
    struct au_node *node = context;
    node->options.on_note(node->options.context, text);
}

/* What helps a node that cannot go on. */
static const char *remedy_of(enum au_err err)
{
    switch ((int)err) {
    case AU_ERR_IO:
        return "all that was confirmed is on disk: see to the disk, then start the node again";
    case AU_ERR_MALFORMED:
        return "`aureon state verify` tells more: restore a backup or a snapshot";
    default: return "all that was confirmed is on disk: start the node again";
    }
}

static void on_fault(void *context, enum au_err err, const char *what)
{
    struct au_node *node = context;
    char cause[AU_KV_MESSAGE_SIZE];
    struct au_buf text;
    au_buf_init(&text, sizeof(cause) + 512);
    au_kv_message(&node->kv, cause);
    au_buf_printf(&text, "%s: %s%s%s", what, au_err_text(err), cause[0] ? ": " : "", cause);
    void (*call)(void *, const char *) = node->options.on_fault;
    if (err == AU_ERR_NO_SPACE) {
        call = node->options.on_full;
        au_reserve_end(&node->reserve);
        au_buf_printf(&text,
                      "; what was confirmed is on disk and can be read; blocks are made again once "
                      "%" PRIu64 " MiB are free",
                      au_reserve_look(&node->reserve).wanted >> 20);
    } else {
        au_buf_printf(&text, "; %s", remedy_of(err));
    }
    au_buf_put_u8(&text, 0);
    call(node->options.context, text.err == AU_OK ? (const char *)text.data : what);
    au_buf_done(&text);
}

static void stop_unreadable(struct au_node *node, enum au_err err)
{
    on_fault(node, err, "reading the store");
}

/* The store tells once. A start that fails for it says why itself. */
static void on_unreadable(void *context, enum au_err err)
{
    struct au_node *node = context;
    au_kv_message(&node->kv, node->cause);
    au_suspect_note(node->options.store, node->cause);
    node->unreadable = err;
    if (atomic_exchange(&node->stage, UNREADABLE) == STARTED) stop_unreadable(node, err);
}

/* A start that finds it noted proves the state first, and refuses to serve it. */
static void on_damage(void *context, const char *text)
{
    struct au_node *node = context;
    if (node->options.store) au_suspect_note(node->options.store, text);
    node->options.on_damage(node->options.context, text);
}

static bool mine(void *context, uint32_t count)
{
    struct au_node *node = context;
    return au_solo_mine(node->solo, count);
}

static enum au_err compile(void *context, const struct au_checked *checked,
                           enum au_compile_state *out_state)
{
    struct au_node *node = context;
    return au_solo_compile(node->solo, checked, out_state);
}

static struct au_api_room room(void *context)
{
    struct au_node *node = context;
    return au_reserve_look(&node->reserve);
}

static bool may_commit(void *context)
{
    struct au_node *node = context;
    return !au_reserve_look(&node->reserve).is_full;
}

/* ---- starting ---- */

static enum au_err open_engine(struct au_node *node, struct au_buf *message)
{
    const char *folder = node->options.compiled;
    struct au_engine_options options = {
        .instances_max = INSTANCES_MAX,
        .cache_size = CACHE_SIZE,
        .helper = OWN_PROGRAM,
        .artifact_folder = folder,
        .artifact_size = COMPILED_SIZE,
    };
    enum au_err err = au_engine_new(&options, &au_host_env, &node->engine);
    if (err == AU_ERR_INVALID_ARG) {
        au_buf_printf(message,
                      "%s, or a folder in it, is not this user's alone: remove it, or give it to "
                      "the user with mode 0700",
                      folder);
    } else if (err == AU_ERR_IO) {
        au_buf_printf(message, "cannot make or read the folder %s: %s", folder, strerror(errno));
    }
    return err;
}

static enum au_err open_store(struct au_node *node, struct au_buf *message)
{
    const char *path = node->options.store;
    char cause[AU_KV_MESSAGE_SIZE] = "";
    if (!path) return au_memkv_open(&node->kv);
    if (au_file_make_folder(path, FOLDER_MODE) != AU_OK) {
        au_buf_printf(message, "cannot make the folder %s: %s", path, strerror(errno));
        return AU_ERR_IO;
    }
    struct au_rocks_options options = au_rocks_options_default();
    options.context = node;
    options.on_unreadable = on_unreadable;
    /* The log takes room on disk for as much as this before anything is in it. */
    if (node->options.is_dev) options.write_buffer_size = DEV_WRITE_BUFFER_SIZE;
    enum au_err err = au_rocks_open(path, &options, cause, &node->kv);
    if (err != AU_OK) au_buf_printf(message, "cannot open the store in %s: %s", path, cause);
    if (err != AU_OK || !au_suspect_is_noted(path)) return err;
    on_note(node,
            "the store was found damaged or unreadable: all of it is read before the node serves");
    return au_suspect_check(path, &node->kv, message);
}

static enum au_err open_mempool(struct au_node *node)
{
    struct au_mempool_options options = {
        .params = *au_ledger_params(node->ledger),
        .height = au_ledger_head(node->ledger).height,
        .count_max = AU_MEMPOOL_COUNT_PRESET,
        .size_max = AU_MEMPOOL_SIZE_PRESET,
        .context = node,
        .get_account = get_account,
        .on_drop = on_drop,
    };
    au_random_bytes(options.seed, sizeof(options.seed));
    return au_mempool_new(&options, &node->mempool);
}

static enum au_err open_snapshots(struct au_node *node)
{
    const struct au_snapshots_options options = {
        .ledger = node->ledger,
        .kv = node->kv,
        .folder = node->options.snapshots,
        .every = node->options.snapshot_every,
        .context = node,
        .on_note = on_note,
    };
    return options.folder ? au_snapshots_new(&options, &node->snapshots) : AU_OK;
}

static enum au_err open_audit(struct au_node *node)
{
    const struct au_audit_options options = {
        .ledger = node->ledger,
        .kv = node->kv,
        .every = node->options.verify_every,
        .context = node,
        .on_note = on_note,
        .on_damage = on_damage,
    };
    return options.every > 0 ? au_audit_new(&options, &node->audit) : AU_OK;
}

static enum au_err open_layers(struct au_node *node, struct au_buf *message)
{
    AU_TRY(open_engine(node, message));
    AU_TRY(open_store(node, message));
    struct au_ledger_options ledger = {.kv = node->kv,
                                       .engine = node->engine,
                                       .genesis = node->options.genesis,
                                       .keep = node->options.keep};
    AU_TRY(au_ledger_open(&ledger, message, &node->ledger));
    AU_TRY(au_ledger_compile_all(node->ledger));
    AU_TRY(open_mempool(node));
    struct au_api_options api = {
        .ledger = node->ledger,
        .kv = node->kv,
        .mempool = node->mempool,
        .is_dev = node->options.is_dev,
        .context = node,
        .mine = mine,
        .compile = compile,
        .room = node->options.store ? room : NULL,
    };
    AU_TRY(au_api_new(&api, &node->api));
    AU_TRY(open_snapshots(node));
    AU_TRY(open_audit(node));
    struct au_solo_options solo = {
        .ledger = node->ledger,
        .mempool = node->mempool,
        .interval_ms = node->options.interval_ms,
        .is_manual = node->options.is_manual,
        .context = node,
        .may_commit = may_commit,
        .on_block = on_block,
        .on_fault = on_fault,
    };
    return au_solo_new(&solo, &node->solo);
}

static enum au_node_result listen_on(struct au_node *node, struct au_buf *message)
{
    static const char *const words[] = {
        [AU_LISTEN_OK] = "",
        [AU_LISTEN_BAD_ADDRESS] = "that is no numeric address",
        [AU_LISTEN_NO_ADDRESS] = "this machine does not have that address",
        [AU_LISTEN_PORT_TAKEN] = "the port is taken",
        [AU_LISTEN_DENIED] = "not permitted",
        [AU_LISTEN_FAILED] = "no memory, threads or descriptors are left",
    };
    struct au_server_options options = {
        .address = node->options.address,
        .port = node->options.port,
        .routes = au_api_routes(),
        .worker_count = SLOW_REQUESTS,
        .context = node->api,
        .on_answer = au_api_on_answer,
        .allow_origin = node->options.is_dev ? "*" : NULL,
    };
    enum au_listen_result result = au_server_start(&options, &node->server);
    if (result == AU_LISTEN_OK) return AU_NODE_STARTED;
    au_buf_printf(message, "cannot listen on %s port %u: %s", options.address, options.port,
                  words[result]);
    if (result == AU_LISTEN_PORT_TAKEN) return AU_NODE_PORT_TAKEN;
    return result == AU_LISTEN_BAD_ADDRESS ? AU_NODE_BAD_ADDRESS : AU_NODE_FAILED;
}

/* What a start has failed with, in words. */
static void put_cause(struct au_node *node, enum au_err err, bool is_unreadable,
                      struct au_buf *message)
{
    if (is_unreadable) {
        au_buf_clear(message);
        au_buf_printf(message, "the store in %s cannot be read: %s; %s", node->options.store,
                      node->cause, remedy_of(node->unreadable));
    }
    if (message->size == 0) au_buf_put_text(message, au_err_text(err));
    if (err == AU_ERR_NO_SPACE) au_buf_put_text(message, "; make room, and start the node again");
}

enum au_node_result au_node_start(const struct au_node_options *options, struct au_buf *message,
                                  struct au_node **out_node)
{
    struct au_node *node = au_mem_new(sizeof(*node));
    if (!node) {
        au_buf_put_text(message, au_err_text(AU_ERR_NO_MEMORY));
        return AU_NODE_FAILED;
    }
    node->options = *options;
    node->reserve.folder = options->store;
    node->reserve.size = options->store ? options->reserve : 0;
    node->reserve.context = node;
    node->reserve.on_note = on_note;
    node->is_small = au_large_pages_are_held();
    if (node->is_small && options->store) node->is_small = !au_large_pages_release(options->store);
    enum au_err err = open_layers(node, message);
    bool is_unreadable = atomic_exchange(&node->stage, STARTED) == UNREADABLE;
    enum au_node_result result = AU_NODE_FAILED;
    if (err != AU_OK) put_cause(node, err, is_unreadable, message);
    if (err == AU_OK && is_unreadable) stop_unreadable(node, node->unreadable);
    if (err == AU_OK) result = listen_on(node, message);
    if (err == AU_ERR_MALFORMED) result = AU_NODE_DAMAGED;
    if (result != AU_NODE_STARTED) {
        au_node_stop(node);
        return result;
    }
    *out_node = node;
    return AU_NODE_STARTED;
}

uint16_t au_node_port(const struct au_node *node)
{
    return au_server_port(node->server);
}

uint64_t au_node_height(const struct au_node *node)
{
    return au_ledger_head(node->ledger).height;
}

bool au_node_has_room(struct au_node *node)
{
    return au_reserve_is_back(&node->reserve);
}

void au_node_stop(struct au_node *node)
{
    if (node->api) au_api_stop(node->api);
    if (node->ledger) au_ledger_compile_stop(node->ledger);
    au_server_stop(node->server);
    au_solo_free(node->solo);
    au_snapshots_free(node->snapshots);
    au_audit_free(node->audit);
    au_api_free(node->api);
    au_mempool_free(node->mempool);
    au_ledger_close(node->ledger);
    if (node->kv.ops) au_kv_close(&node->kv);
    au_engine_free(node->engine);
    au_mem_free(node);
}

/* ---- the development chain ---- */

static int compare_accounts(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE); /* a genesis account begins with its address */
}

void au_node_dev_genesis(struct au_buf *encoded, uint64_t time_ms)
{
    struct au_genesis_account accounts[AU_DEV_ACCOUNT_COUNT];
    struct au_genesis genesis = {
        .chain_id = au_bytes_of(DEV_CHAIN_ID),
        .time_ms = time_ms,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = AU_DEV_ACCOUNT_COUNT,
    };
    genesis.params.gas_price_min = 0;
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        accounts[i].address = au_dev_account_address(i);
        accounts[i].balance = DEV_BALANCE;
    }
    genesis.proposer = accounts[AU_DEV_ACCOUNT_COUNT - 1].address;
    qsort(accounts, AU_DEV_ACCOUNT_COUNT, sizeof(accounts[0]), compare_accounts);
    au_genesis_encode(encoded, &genesis);
}
