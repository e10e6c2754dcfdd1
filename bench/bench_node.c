/* What a node does, seen from outside: the real program is started and spoken to over HTTP.
 *
 *     bench_node [--quick] [folder]     the nodes' folders are made in folder, else in /var/tmp
 *
 * The program is the one that the environment's AUREON names, else build/aureon. Its store is on
 * disk and every commit is synced. Requests are made by this one thread, on the same processors as
 * the node. Transactions are signed before they are timed.
 *
 * Where there is anvil (see anvil.h), it is asked for the same at the end.
 *
 * --quick takes fewer of everything. A run that is interrupted ends its node and leaves the folder
 * behind. */
#include "anvil.h"
#include "http.h"
#include "module.h"
#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "core/dev_account.h"
#include "core/genesis.h"
#include "crypto/sha256.h"
#include "crypto/sign.h"
#include "ledger/check.h"
#include "node/genesis_json.h"
#include "vm/engine.h"

#define ARGS_MAX       16u
#define WAIT_MAX_NS    30e9
#define POLL_US        200u
#define IDLE_US        1000000u
#define DEPLOY_IDLE_US 100000u
#define SYNCS          200u
#define SYNC_SIZE      4096u
#define TX_TYPE        "application/octet-stream"
#define WARM_UP        50u /* receipts before those that are timed */

#define LANES   2u    /* connections that submit batches, each for senders of its own */
#define SENDERS 1000u /* of a lane: each batch has one transaction of each of them */
#define WINDOW  6u    /* batches of a lane that are not committed: the pool has room for 16 */

#define START_BALANCE UINT64_C(1000000000000) /* base units */
#define GAS_PRICE     UINT64_C(1000)
#define CALL_GAS      UINT64_C(300)
#define DEPLOY_GAS    UINT64_C(1000000)
#define TIME_MS       UINT64_C(1700000000000)

/* How much of everything. */
struct plan {
    size_t starts;
    size_t receipts;
    size_t rounds;  /* of batches and of reads; their median counts */
    size_t batches; /* of a lane and round */
    double read_ns; /* of a round and kind of request */
    size_t deploys; /* of modules of one size */
};

static const struct plan whole = {5, 1000, 3, 20, 1e9, 9};
static const struct plan quick = {3, 200, 1, 10, 5e8, 3};
#define ROUNDS_MAX  3u
#define STARTS_MAX  5u
#define DEPLOYS_MAX 9u

static bool all_met = true;

/* Returns the figure's value. */
static double report(struct bench_figure figure)
{
    all_met = bench_report(&figure) && all_met;
    return figure.value;
}

/* ---- the program ---- */

static const char *program(void)
{
    const char *given = getenv("AUREON");
    return given ? given : "build/aureon";
}

struct node {
    char path[BENCH_PATH_SIZE + 32]; /* its folder */
    uint16_t port;
};

/* The port in the file that a ready node has written; 0: it has not. */
static uint16_t read_ready(const char *path)
{
    char line[128];
    FILE *file = fopen(path, "rbe");
    if (file == NULL) return 0;
    size_t size = fread(line, 1, sizeof(line), file);
    (void)fclose(file);
    struct au_bytes text = {(const uint8_t *)line, size};
    return size > 0 && line[size - 1] == '\n' ? (uint16_t)bench_number_after(text, "127.0.0.1:")
                                              : 0;
}

/* Runs a node until it is ready. Returns the nanoseconds that took. */
static double start_node(struct node *node, const char *const *args)
{
    char ready[BENCH_PATH_SIZE + 8];
    const char *all[ARGS_MAX + 1] = {program()};
    size_t count = 1;
    (void)snprintf(ready, sizeof(ready), "%s/ready", bench_folder());
    (void)unlink(ready);
    for (; args[count - 1]; count++) {
        AU_ASSERT(count + 4 < ARGS_MAX);
        all[count] = args[count - 1];
    }
    all[count++] = "--port";
    all[count++] = "0";
    all[count++] = "--ready-file";
    all[count++] = ready;
    double start = bench_wall_ns();
    bench_process_start(all);
    while ((node->port = read_ready(ready)) == 0) {
        bench_process_await_ready(start);
    }
    return bench_wall_ns() - start;
}

static void start_dev(struct node *node, const char *name, double *out_ns)
{
    (void)snprintf(node->path, sizeof(node->path), "%s/%s", bench_folder(), name);
    const char *const args[] = {"dev", "--data-dir", node->path, NULL};
    *out_ns = start_node(node, args);
}

/* ---- transactions ---- */

struct account {
    struct au_sign_key key;
    uint64_t nonce;
};

static struct au_address address_of(const struct account *account)
{
    struct au_address address;
    memcpy(address.bytes, account->key.public_key, AU_ADDRESS_SIZE);
    return address;
}

/* Completes, signs and appends a transaction; returns its id. */
static struct au_hash put_signed(struct au_buf *out, struct account *account,
                                 const struct au_hash *genesis_hash, struct au_tx tx)
{
    struct au_buf body;
    struct au_buf message;
    size_t start = out->size;
    tx.version = AU_TX_VERSION;
    tx.from = address_of(account);
    tx.nonce = account->nonce++;
    tx.gas_price = GAS_PRICE;
    au_buf_init(&body, AU_GENESIS_SIZE_MAX);
    au_buf_init(&message, AU_GENESIS_SIZE_MAX);
    au_tx_encode_body(&body, &tx);
    au_tx_put_signed_message(&message, genesis_hash, au_buf_bytes(&body));
    au_sign(&account->key, au_buf_bytes(&message), tx.signature);
    au_tx_encode(out, &tx);
    AU_ASSERT(body.err == AU_OK && message.err == AU_OK && out->err == AU_OK);
    au_buf_done(&body);
    au_buf_done(&message);
    return au_tx_id((struct au_bytes){out->data + start, out->size - start});
}

static struct au_hash read_genesis_hash(struct bench_conn *conn)
{
    struct au_hash hash;
    struct au_bytes status = bench_ask_get(conn, "/v1/status", "genesis_hash");
    struct au_bytes text = bench_text_after(status, "\"genesis_hash\":\"");
    AU_ASSERT(text.size > 2 * AU_HASH_SIZE + 2);
    text.size = 2 * AU_HASH_SIZE + 2;
    AU_ASSERT(au_hex_parse(text, hash.bytes, AU_HASH_SIZE) == AU_OK);
    return hash;
}

/* ---- a development node: start, memory, receipts ---- */

/* Nanoseconds of running the program for nothing. */
static double time_version(void)
{
    const char *const args[] = {program(), "--version", NULL};
    double start = bench_wall_ns();
    bench_process_start(args);
    bench_process_await_end();
    return bench_wall_ns() - start;
}

static double bench_start(const struct plan *plan)
{
    double starts[STARTS_MAX];
    double versions[STARTS_MAX];
    for (size_t i = 0; i < plan->starts; i++) {
        struct node node;
        char name[32];
        (void)snprintf(name, sizeof(name), "start%zu", i);
        versions[i] = time_version();
        start_dev(&node, name, &starts[i]);
        bench_process_stop();
    }
    return report((struct bench_figure){
        "node_start", bench_median(starts, plan->starts) / 1e6, "ms", "the program's --version",
        bench_median(versions, plan->starts) / 1e6, 300, BENCH_AT_MOST});
}

static double bench_memory(void)
{
    static const char *const in_memory[] = {"dev", NULL};
    struct node node;
    double ns = 0;
    (void)start_node(&node, in_memory);
    (void)usleep(IDLE_US);
    double yard = bench_process_resident();
    bench_process_stop();
    start_dev(&node, "memory", &ns);
    (void)usleep(IDLE_US);
    double size =
        report((struct bench_figure){"node_idle_memory", bench_process_resident(), "MB",
                                     "a node without a store on disk", yard, 60, BENCH_AT_MOST});
    bench_process_stop();
    return size;
}

static void time_syncs(double *out_ns, size_t count)
{
    static const uint8_t page[SYNC_SIZE] = {1};
    char path[BENCH_PATH_SIZE + 8];
    (void)snprintf(path, sizeof(path), "%s/syncs", bench_folder());
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
    for (size_t i = 0; i < count; i++) {
        double start = bench_wall_ns();
        if (fd < 0 || write(fd, page, sizeof(page)) != (ssize_t)sizeof(page) || fsync(fd) != 0) {
            bench_fail("cannot write %s: %s", path, strerror(errno));
        }
        out_ns[i] = bench_wall_ns() - start;
    }
    (void)close(fd);
}

/* One client that waits for each receipt before it sends the next transaction. */
static double bench_receipts(const struct plan *plan)
{
    struct node node;
    struct bench_conn conn;
    struct account alice = {0};
    struct au_buf tx;
    struct au_buf request;
    double ns = 0;
    double syncs[SYNCS];
    double *times = au_mem_new(plan->receipts * sizeof(*times));
    AU_ASSERT(times);
    struct au_hash seed = au_dev_account_seed(0);
    au_sign_key_from_seed(&alice.key, seed.bytes);
    start_dev(&node, "receipts", &ns);
    bench_conn_open(&conn, node.port);
    struct au_hash genesis_hash = read_genesis_hash(&conn);
    au_buf_init(&tx, 1u << 16);
    au_buf_init(&request, 1u << 16);
    time_syncs(syncs, SYNCS / 2);
    for (size_t i = 0; i < WARM_UP + plan->receipts; i++) {
        struct au_address to = address_of(&alice);
        to.bytes[0] ^= (uint8_t)(1 + i % 8);
        au_buf_clear(&tx);
        au_buf_clear(&request);
        (void)put_signed(&tx, &alice, &genesis_hash,
                         (struct au_tx){.kind = AU_TX_TRANSFER, .to = to, .amount = 1 + i});
        bench_put_post(&request, "/v1/tx?wait=committed", TX_TYPE, au_buf_bytes(&tx));
        double start = bench_wall_ns();
        (void)bench_ask(&conn, au_buf_bytes(&request), "\"status\":\"success\"");
        if (i >= WARM_UP) times[i - WARM_UP] = bench_wall_ns() - start;
    }
    time_syncs(syncs + SYNCS / 2, SYNCS / 2);
    double sync_median = bench_median(syncs, SYNCS) / 1e6;
    double median = bench_median(times, plan->receipts) / 1e6;
    report((struct bench_figure){"node_receipt_p50", median, "ms", "fsync of 4 KiB, p50",
                                 sync_median, 2, BENCH_AT_MOST});
    report((struct bench_figure){"node_receipt_p99", times[plan->receipts * 99 / 100] / 1e6, "ms",
                                 "fsync of 4 KiB, p99", syncs[SYNCS * 99 / 100] / 1e6, 15,
                                 BENCH_AT_MOST});
    au_buf_done(&tx);
    au_buf_done(&request);
    au_mem_free(times);
    bench_conn_close(&conn);
    bench_process_stop();
    return median;
}

/* ---- deploys ---- */

struct size {
    const char *name;
    uint32_t functions; /* of 1 kB each */
    double target;      /* ms */
};

/* One client that deploys a module that the node has never seen, and waits for the receipt; then
 * the next. */
static void bench_size(const struct plan *plan, const struct size *size, struct bench_conn *conn,
                       const struct au_hash *genesis_hash, struct account *from)
{
    double times[DEPLOYS_MAX];
    double yards[DEPLOYS_MAX];
    struct au_buf code;
    struct au_buf tx;
    struct au_buf request;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    au_buf_init(&tx, 1u << 20);
    au_buf_init(&request, 2u << 20);
    for (uint32_t i = 0; i < plan->deploys; i++) {
        au_buf_clear(&code);
        au_buf_clear(&tx);
        au_buf_clear(&request);
        bench_make_module(&code, size->functions, 1 + i);
        (void)put_signed(&tx, from, genesis_hash,
                         (struct au_tx){.kind = AU_TX_DEPLOY,
                                        .code = au_buf_bytes(&code),
                                        .gas_limit = DEPLOY_GAS});
        bench_put_post(&request, "/v1/tx?wait=committed", TX_TYPE, au_buf_bytes(&tx));
        (void)usleep(DEPLOY_IDLE_US);
        double start = bench_wall_ns();
        (void)bench_ask(conn, au_buf_bytes(&request), "\"status\":\"success\"");
        times[i] = bench_wall_ns() - start;
        yards[i] = bench_compile_ns(au_buf_bytes(&code));
    }
    report((struct bench_figure){
        size->name, bench_median(times, plan->deploys) / 1e6, "ms", "compiling it on one thread",
        bench_median(yards, plan->deploys) / 1e6, size->target, BENCH_AT_MOST});
    au_buf_done(&code);
    au_buf_done(&tx);
    au_buf_done(&request);
}

static void bench_deploys(const struct plan *plan)
{
    static const struct size sizes[] = {{"node_deploy_3k", 3, 15}, {"node_deploy_300k", 300, 400}};
    struct node node;
    struct bench_conn conn;
    struct account alice = {0};
    double ns = 0;
    struct au_hash seed = au_dev_account_seed(0);
    au_sign_key_from_seed(&alice.key, seed.bytes);
    start_dev(&node, "deploys", &ns);
    bench_conn_open(&conn, node.port);
    struct au_hash genesis_hash = read_genesis_hash(&conn);
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        bench_size(plan, &sizes[i], &conn, &genesis_hash, &alice);
    }
    bench_conn_close(&conn);
    bench_process_stop();
}

/* ---- a chain of many senders ---- */

struct batch {
    struct au_buf request;
    size_t body_size;
    struct au_hash last; /* the id of its last transaction */
};

struct lane {
    struct account accounts[SENDERS];
    struct batch *batches; /* of a round */
    size_t batch_count;
    size_t sent;
    size_t awaited;
    struct au_buf wait; /* the request for the last receipt of a batch */
};

struct chain {
    struct node node;
    struct bench_conn conns[LANES];
    struct au_hash genesis_hash;
    struct account founder; /* gets the fees, deploys */
    struct lane lanes[LANES];
};

static void make_account(struct account *account, uint32_t index)
{
    struct au_hash seed = au_sha256((struct au_bytes){(const uint8_t *)&index, sizeof(index)});
    au_sign_key_from_seed(&account->key, seed.bytes);
    account->nonce = 0;
}

static void write_genesis(struct chain *chain)
{
    static struct au_genesis_account accounts[LANES * SENDERS + 1];
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("bench"),
        .time_ms = TIME_MS,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = LANES * SENDERS + 1,
    };
    struct au_buf text;
    char path[sizeof(chain->node.path) + 16];
    for (uint32_t i = 0; i < LANES * SENDERS; i++) {
        struct account *account = &chain->lanes[i / SENDERS].accounts[i % SENDERS];
        make_account(account, i);
        accounts[i] = (struct au_genesis_account){address_of(account), START_BALANCE};
    }
    make_account(&chain->founder, LANES * SENDERS);
    genesis.proposer = address_of(&chain->founder);
    accounts[LANES * SENDERS] = (struct au_genesis_account){genesis.proposer, START_BALANCE};
    au_buf_init(&text, AU_GENESIS_SIZE_MAX);
    au_genesis_put_json(&text, &genesis);
    AU_ASSERT(text.err == AU_OK);
    (void)snprintf(path, sizeof(path), "%s/genesis.json", chain->node.path);
    FILE *file = mkdir(chain->node.path, 0700) == 0 ? fopen(path, "wbe") : NULL;
    if (file == NULL || fwrite(text.data, 1, text.size, file) != text.size || fclose(file) != 0) {
        bench_fail("cannot write %s", path);
    }
    au_buf_done(&text);
}

static void start_chain(struct chain *chain)
{
    (void)snprintf(chain->node.path, sizeof(chain->node.path), "%s/chain", bench_folder());
    write_genesis(chain);
    const char *const args[] = {"node", "start", chain->node.path, NULL};
    (void)start_node(&chain->node, args);
    for (size_t i = 0; i < LANES; i++) {
        bench_conn_open(&chain->conns[i], chain->node.port);
        au_buf_init(&chain->lanes[i].wait, 4096);
    }
    chain->genesis_hash = read_genesis_hash(&chain->conns[0]);
}

static void stop_chain(struct chain *chain)
{
    for (size_t i = 0; i < LANES; i++) {
        bench_conn_close(&chain->conns[i]);
        au_buf_done(&chain->lanes[i].wait);
    }
    bench_process_stop();
}

/* ---- batches ---- */

/* The transaction that a sender is to sign. */
typedef struct au_tx make_tx_fn(const struct chain *chain, size_t lane, size_t sender);

static struct au_address counter;

static struct au_tx make_transfer(const struct chain *chain, size_t lane, size_t sender)
{
    size_t to = (sender * 601 + lane + chain->lanes[lane].accounts[sender].nonce) % SENDERS;
    return (struct au_tx){.kind = AU_TX_TRANSFER,
                          .to = address_of(&chain->lanes[(lane + 1) % LANES].accounts[to]),
                          .amount = 1 + sender};
}

static struct au_tx make_call(const struct chain *chain, size_t lane, size_t sender)
{
    (void)chain;
    (void)lane;
    (void)sender;
    return (struct au_tx){.kind = AU_TX_CALL,
                          .to = counter,
                          .function = au_bytes_of("increment"),
                          .gas_limit = CALL_GAS};
}

static void make_batch(struct chain *chain, size_t lane, make_tx_fn *make, struct batch *batch)
{
    struct au_buf body;
    struct au_buf tx;
    au_buf_init(&body, 1u << 20);
    au_buf_init(&tx, 1u << 16);
    au_buf_put_u32(&body, SENDERS);
    for (size_t i = 0; i < SENDERS; i++) {
        au_buf_clear(&tx);
        batch->last = put_signed(&tx, &chain->lanes[lane].accounts[i], &chain->genesis_hash,
                                 make(chain, lane, i));
        au_buf_put_u32(&body, (uint32_t)tx.size);
        au_buf_put_bytes(&body, au_buf_bytes(&tx));
    }
    AU_ASSERT(body.err == AU_OK);
    au_buf_init(&batch->request, 2u << 20);
    bench_put_post(&batch->request, "/v1/txs", TX_TYPE, au_buf_bytes(&body));
    batch->body_size = body.size;
    au_buf_done(&body);
    au_buf_done(&tx);
}

static void make_round(struct chain *chain, size_t batch_count, make_tx_fn *make)
{
    for (size_t i = 0; i < LANES; i++) {
        struct lane *lane = &chain->lanes[i];
        lane->batches = au_mem_new(batch_count * sizeof(*lane->batches));
        AU_ASSERT(lane->batches);
        lane->batch_count = batch_count;
        lane->sent = 0;
        lane->awaited = 0;
        for (size_t k = 0; k < batch_count; k++) {
            make_batch(chain, i, make, &lane->batches[k]);
        }
    }
}

static void free_round(struct chain *chain)
{
    for (size_t i = 0; i < LANES; i++) {
        for (size_t k = 0; k < chain->lanes[i].batch_count; k++) {
            au_buf_done(&chain->lanes[i].batches[k].request);
        }
        au_mem_free(chain->lanes[i].batches);
    }
}

/* A lane sends batches until WINDOW of them are not known to be committed, then waits for the
 * oldest, so that the pool never refuses one and never lacks one. */
static bool next_batch(void *context, size_t index, struct bench_conn *conn)
{
    struct chain *chain = context;
    struct lane *lane = &chain->lanes[index];
    if (lane->sent < lane->batch_count && lane->sent - lane->awaited < WINDOW) {
        struct batch *batch = &lane->batches[lane->sent++];
        bench_send(conn, au_buf_bytes(&batch->request), "\"accepted\":1000}");
        return true;
    }
    if (lane->awaited == lane->sent) return false;
    const struct au_hash *last = &lane->batches[lane->awaited++].last;
    au_buf_clear(&lane->wait);
    au_buf_put_text(&lane->wait, "GET /v1/tx/");
    au_hex_put(&lane->wait, (struct au_bytes){last->bytes, AU_HASH_SIZE});
    au_buf_put_text(&lane->wait, "?wait=committed&timeout=30s HTTP/1.1\r\nHost: node\r\n\r\n");
    bench_send(conn, au_buf_bytes(&lane->wait), "\"status\":\"success\"");
    return true;
}

/* Nanoseconds of this processor for verifying a transaction of the batch. */
static double time_verify(const struct chain *chain, const struct batch *batch)
{
    struct au_params params = au_params_default();
    struct au_decode decode;
    struct au_decode error;
    const struct au_checked *pointers[SENDERS];
    bool is_valid[SENDERS];
    struct au_checked *checked = au_mem_new(SENDERS * sizeof(*checked));
    AU_ASSERT(checked);
    size_t head_size = batch->request.size - batch->body_size;
    double start = bench_now_ns();
    au_decode_init(&decode, (struct au_bytes){batch->request.data + head_size, batch->body_size});
    AU_ASSERT(au_decode_count(&decode, SENDERS, sizeof(uint32_t)) == SENDERS);
    for (size_t i = 0; i < SENDERS; i++) {
        struct au_bytes bytes = au_decode_bytes(&decode, UINT32_MAX);
        AU_ASSERT(au_check_decode(&params, bytes, &checked[i], &error) == AU_INVALID_NONE);
        pointers[i] = &checked[i];
    }
    AU_ASSERT(au_check_signatures(pointers, SENDERS, &chain->genesis_hash, NULL, is_valid) ==
              AU_OK);
    double time = bench_now_ns() - start;
    for (size_t i = 0; i < SENDERS; i++) {
        AU_ASSERT(is_valid[i]);
    }
    au_mem_free(checked);
    return time / SENDERS;
}

static uint64_t committed_count(struct chain *chain)
{
    return bench_number_after(bench_ask_get(&chain->conns[0], "/v1/metrics", "aureon_txs_total"),
                              "\naureon_txs_total ");
}

/* The last of a batch may be in a block before the others: what a sender adds behind its own while
 * a block is made may be in it, what another sender begins is not. */
static void await_committed(struct chain *chain, uint64_t count)
{
    double end = bench_wall_ns() + WAIT_MAX_NS;
    while (committed_count(chain) < count) {
        if (bench_wall_ns() > end) bench_fail("not all transactions are committed");
        (void)usleep(POLL_US);
    }
}

static uint64_t read_height(struct chain *chain)
{
    return bench_number_after(bench_ask_get(&chain->conns[0], "/v1/status", "height"),
                              "\"height\":\"");
}

static double bench_batches(struct chain *chain, const struct plan *plan, const char *name,
                            double target, make_tx_fn *make)
{
    double times[ROUNDS_MAX];
    double yards[ROUNDS_MAX];
    size_t count = plan->batches * LANES * SENDERS;
    for (size_t i = 0; i < plan->rounds; i++) {
        make_round(chain, plan->batches, make);
        yards[i] = time_verify(chain, &chain->lanes[0].batches[0]);
        uint64_t committed = committed_count(chain);
        uint64_t height = read_height(chain);
        double cpu = bench_process_cpu_ns();
        double start = bench_wall_ns();
        bench_drive(chain->conns, LANES, next_batch, chain);
        await_committed(chain, committed + count);
        times[i] = (bench_wall_ns() - start) / (double)count;
        cpu = (bench_process_cpu_ns() - cpu) / (double)count;
        AU_ASSERT(committed_count(chain) == committed + count);
        (void)fprintf(stderr,
                      "# %s: %zu in %.0f ms and %u blocks, %.1f us of the node's processor time "
                      "each\n",
                      name, count, times[i] * (double)count / 1e6,
                      (unsigned)(read_height(chain) - height), cpu / 1e3);
        free_round(chain);
    }
    return report((struct bench_figure){
        name, 1e9 / bench_median(times, plan->rounds), "tx/s", "verification alone",
        1e9 / bench_median(yards, plan->rounds), target, BENCH_AT_LEAST});
}

static void deploy_counter(struct chain *chain)
{
    struct au_buf text;
    struct au_buf code;
    struct au_buf tx;
    struct au_buf request;
    char message[256];
    au_buf_init(&text, 1u << 16);
    au_buf_init(&code, 1u << 16);
    au_buf_init(&tx, 1u << 20);
    au_buf_init(&request, 2u << 20);
    bench_read_file("contracts/counter", "counter.wat", &text);
    AU_ASSERT(au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)) == AU_OK);
    (void)put_signed(
        &tx, &chain->founder, &chain->genesis_hash,
        (struct au_tx){.kind = AU_TX_DEPLOY, .code = au_buf_bytes(&code), .gas_limit = DEPLOY_GAS});
    bench_put_post(&request, "/v1/tx?wait=committed", TX_TYPE, au_buf_bytes(&tx));
    struct au_bytes receipt =
        bench_ask(&chain->conns[0], au_buf_bytes(&request), "\"status\":\"success\"");
    struct au_bytes created = bench_text_after(receipt, "\"created\":\"");
    const uint8_t *end = created.data ? memchr(created.data, '"', created.size) : NULL;
    AU_ASSERT(end);
    created.size = (size_t)(end - created.data);
    AU_ASSERT(au_address_parse(created, &counter) == NULL);
    au_buf_done(&text);
    au_buf_done(&code);
    au_buf_done(&tx);
    au_buf_done(&request);
}

/* ---- reads ---- */

struct reads {
    const char *name;
    const struct au_buf *requests; /* in turn */
    size_t request_count;
    const char *expected;
    size_t sent;
    double end_ns;
};

static bool next_read(void *context, size_t index, struct bench_conn *conn)
{
    struct reads *reads = context;
    (void)index;
    if (bench_wall_ns() >= reads->end_ns) return false;
    const struct au_buf *request = &reads->requests[reads->sent++ % reads->request_count];
    bench_send(conn, au_buf_bytes(request), reads->expected);
    return true;
}

/* Responses per second. */
static double time_reads(const struct plan *plan, const struct chain *chain, struct reads reads)
{
    struct bench_conn conns[BENCH_CONNS_MAX];
    for (size_t i = 0; i < BENCH_CONNS_MAX; i++) {
        bench_conn_open(&conns[i], chain->node.port);
        (void)bench_ask(&conns[i], au_buf_bytes(&reads.requests[0]), reads.expected);
    }
    double cpu = bench_process_cpu_ns();
    double start = bench_wall_ns();
    reads.end_ns = start + plan->read_ns;
    bench_drive(conns, BENCH_CONNS_MAX, next_read, &reads);
    double rate = (double)reads.sent / (bench_wall_ns() - start) * 1e9;
    cpu = (bench_process_cpu_ns() - cpu) / (double)reads.sent;
    (void)fprintf(stderr, "# %s %.0f per second, %.1f us of the node's processor time each\n",
                  reads.name, rate, cpu / 1e3);
    for (size_t i = 0; i < BENCH_CONNS_MAX; i++) {
        bench_conn_close(&conns[i]);
    }
    return rate;
}

/* Requests for the balances of a lane's senders. */
static void put_balances(const struct chain *chain, struct au_buf *out_requests)
{
    struct au_buf target;
    au_buf_init(&target, 4096);
    for (size_t i = 0; i < SENDERS; i++) {
        struct au_address address = address_of(&chain->lanes[0].accounts[i]);
        au_buf_clear(&target);
        au_buf_put_text(&target, "/v1/balance/");
        au_address_format(&target, &address);
        au_buf_put_u8(&target, 0);
        au_buf_init(&out_requests[i], 4096);
        bench_put_get(&out_requests[i], (const char *)target.data);
    }
    au_buf_done(&target);
}

static void bench_reads(const struct plan *plan, const struct chain *chain)
{
    static struct au_buf balances[SENDERS];
    struct au_buf health;
    struct au_buf status;
    double rates[3][ROUNDS_MAX];
    const struct reads kinds[3] = {
        {"GET /health", &health, 1, "\"height\":", 0, 0},
        {"GET /v1/status", &status, 1, "\"height\":", 0, 0},
        {"GET /v1/balance", balances, SENDERS, "\"balance\":", 0, 0},
    };
    au_buf_init(&health, 4096);
    au_buf_init(&status, 4096);
    bench_put_get(&health, "/health");
    bench_put_get(&status, "/v1/status");
    put_balances(chain, balances);
    for (size_t round = 0; round < plan->rounds; round++) {
        for (size_t i = 0; i < AU_COUNT_OF(kinds); i++) {
            rates[i][round] = time_reads(plan, chain, kinds[i]);
        }
    }
    au_buf_done(&health);
    au_buf_done(&status);
    for (size_t i = 0; i < SENDERS; i++) {
        au_buf_done(&balances[i]);
    }
    double yard = bench_median(rates[0], plan->rounds);
    report((struct bench_figure){"node_status_reads", bench_median(rates[1], plan->rounds), "1/s",
                                 kinds[0].name, yard, 40000, BENCH_AT_LEAST});
    report((struct bench_figure){"node_balance_reads", bench_median(rates[2], plan->rounds), "1/s",
                                 kinds[0].name, yard, 40000, BENCH_AT_LEAST});
}

/* ---- beside another ---- */

/* Of our node, as reported. */
struct ours {
    double start_ms;
    double memory_mb;
    double receipt_ms;
    double transfers;
    double calls;
};

static void compare(const struct plan *plan, const struct ours *ours)
{
    const struct bench_anvil_plan part = {plan->starts, plan->receipts, plan->rounds};
    struct bench_anvil theirs;
    if (!bench_anvil_measure(&part, &theirs)) {
        (void)fprintf(stderr, "# without anvil: its program is not given\n");
        return;
    }
    const struct bench_figure figures[] = {
        {"node_start to anvil", ours->start_ms, "ms, ratio", "anvil", theirs.start_ns / 1e6, 1,
         BENCH_RATIO_AT_MOST},
        {"node_idle_memory to anvil", ours->memory_mb, "MB, ratio", "anvil, which stores nothing",
         theirs.memory_mb, 2, BENCH_RATIO_AT_MOST},
        {"node_receipt_p50 to anvil", ours->receipt_ms, "ms, ratio", "anvil, which syncs nothing",
         theirs.receipt_ns / 1e6, 1, BENCH_RATIO_AT_MOST},
        {"node_transfers to anvil", ours->transfers, "tx/s, ratio", "anvil", theirs.transfers, 3,
         BENCH_RATIO_AT_LEAST},
        {"node_calls to anvil", ours->calls, "tx/s, ratio", "anvil", theirs.calls, 3,
         BENCH_RATIO_AT_LEAST},
    };
    for (size_t i = 0; i < AU_COUNT_OF(figures); i++) {
        (void)report(figures[i]);
    }
}

int main(int argc, char **argv)
{
    static struct chain chain;
    struct ours ours;
    bool is_quick = argc > 1 && au_bytes_is_equal(au_bytes_of(argv[1]), au_bytes_of("--quick"));
    const struct plan *plan = is_quick ? &quick : &whole;
    bench_folder_make(argc > 1 + is_quick ? argv[1 + is_quick] : "/var/tmp");
    ours.start_ms = bench_start(plan);
    ours.memory_mb = bench_memory();
    ours.receipt_ms = bench_receipts(plan);
    bench_deploys(plan);
    start_chain(&chain);
    ours.transfers = bench_batches(&chain, plan, "node_transfers", 15000, make_transfer);
    deploy_counter(&chain);
    ours.calls = bench_batches(&chain, plan, "node_calls", 8000, make_call);
    bench_reads(plan, &chain);
    stop_chain(&chain);
    compare(plan, &ours);
    return all_met ? 0 : 2;
}
