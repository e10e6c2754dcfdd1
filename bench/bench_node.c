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
#include "module.h"
#include "node_chain.h"
#include "token.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/dev_key.h"

#define IDLE_US        1000000u
#define DEPLOY_IDLE_US 100000u
#define SYNCS          200u
#define SYNC_SIZE      4096u
#define WARM_UP        50u /* receipts before those that are timed */

#define CALL_GAS   UINT64_C(300)
#define DEPLOY_GAS UINT64_C(1000000)
#define TOKENS     UINT64_C(1000000) /* of a sender */
#define GIFTS      64u               /* sent together */

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
#define STARTS_MAX  5u
#define DEPLOYS_MAX 9u

static bool all_met = true;

/* Returns the figure's value. */
static double report(struct bench_figure figure)
{
    all_met = bench_report(&figure) && all_met;
    return figure.value;
}

/* ---- a development node: start, memory, receipts ---- */

/* Nanoseconds of running the program for nothing. */
static double time_version(void)
{
    const char *const args[] = {node_program(), "--version", NULL};
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
        starts[i] = node_start_dev(&node, name);
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
    (void)node_start(&node, in_memory);
    (void)usleep(IDLE_US);
    double yard = bench_process_resident();
    bench_process_stop();
    (void)node_start_dev(&node, "memory");
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
    struct account alice = {.key = au_dev_account_key(0)};
    struct au_buf tx;
    struct au_buf request;
    double syncs[SYNCS];
    double *times = au_mem_new(plan->receipts * sizeof(*times));
    AU_ASSERT(times);
    (void)node_start_dev(&node, "receipts");
    bench_conn_open(&conn, node.port);
    struct au_hash genesis_hash = node_genesis_hash(&conn);
    au_buf_init(&tx, 1u << 16);
    au_buf_init(&request, 1u << 16);
    time_syncs(syncs, SYNCS / 2);
    for (size_t i = 0; i < WARM_UP + plan->receipts; i++) {
        struct au_address to = node_address_of(&alice);
        to.bytes[0] ^= (uint8_t)(1 + i % 8);
        au_buf_clear(&tx);
        au_buf_clear(&request);
        (void)node_put_signed(&tx, &alice, &genesis_hash,
                              (struct au_tx){.kind = AU_TX_TRANSFER, .to = to, .amount = 1 + i});
        bench_put_post(&request, "/v1/tx?wait=committed", NODE_TX_TYPE, au_buf_bytes(&tx));
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
        (void)node_put_signed(&tx, from, genesis_hash,
                              (struct au_tx){.kind = AU_TX_DEPLOY,
                                             .code = au_buf_bytes(&code),
                                             .gas_limit = DEPLOY_GAS});
        bench_put_post(&request, "/v1/tx?wait=committed", NODE_TX_TYPE, au_buf_bytes(&tx));
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
    struct account alice = {.key = au_dev_account_key(0)};
    (void)node_start_dev(&node, "deploys");
    bench_conn_open(&conn, node.port);
    struct au_hash genesis_hash = node_genesis_hash(&conn);
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        bench_size(plan, &sizes[i], &conn, &genesis_hash, &alice);
    }
    bench_conn_close(&conn);
    bench_process_stop();
}

/* ---- batches ---- */

/* Another for each of a sender's transactions. */
static struct au_address receiver(const struct chain *chain, size_t lane, size_t sender)
{
    size_t to = (sender * 601 + lane + chain->lanes[lane].accounts[sender].nonce) % CHAIN_SENDERS;
    return node_address_of(&chain->lanes[(lane + 1) % CHAIN_LANES].accounts[to]);
}

static struct au_tx make_transfer(const struct chain *chain, size_t lane, size_t sender,
                                  struct au_buf *args)
{
    (void)args;
    return (struct au_tx){
        .kind = AU_TX_TRANSFER, .to = receiver(chain, lane, sender), .amount = 1 + sender};
}

static struct au_tx make_call(const struct chain *chain, size_t lane, size_t sender,
                              struct au_buf *args)
{
    (void)lane;
    (void)sender;
    (void)args;
    return (struct au_tx){.kind = AU_TX_CALL,
                          .to = chain->counter,
                          .function = au_bytes_of("increment"),
                          .gas_limit = CALL_GAS};
}

static struct au_tx make_token_transfer(const struct chain *chain, size_t lane, size_t sender,
                                        struct au_buf *args)
{
    struct au_tx tx =
        bench_token_transfer(&chain->token, receiver(chain, lane, sender), 1 + sender, args);
    tx.gas_limit = CALL_GAS;
    return tx;
}

static void deploy_counter(struct chain *chain)
{
    struct au_buf text;
    au_buf_init(&text, 1u << 16);
    bench_read_file("contracts/counter", "counter.wat", &text);
    chain->counter = chain_deploy(chain, au_buf_bytes(&text), (struct au_tx){0});
    au_buf_done(&text);
}

static void give_tokens(struct chain *chain, const struct account *accounts, size_t count)
{
    struct au_buf args[GIFTS];
    struct au_tx txs[GIFTS];
    for (size_t i = 0; i < count; i++) {
        au_buf_init(&args[i], 1000);
        txs[i] =
            bench_token_transfer(&chain->token, node_address_of(&accounts[i]), TOKENS, &args[i]);
        txs[i].gas_limit = CALL_GAS;
    }
    chain_commit(chain, txs, count);
    for (size_t i = 0; i < count; i++)
        au_buf_done(&args[i]);
}

/* Every sender gets tokens. */
static void deploy_token(struct chain *chain)
{
    struct au_buf code;
    struct au_buf args;
    au_buf_init(&code, 1u << 20);
    au_buf_init(&args, 1000);
    bench_token_read(&code);
    chain->token = chain_deploy(chain, au_buf_bytes(&code),
                                bench_token_init(TOKENS * CHAIN_LANES * CHAIN_SENDERS, &args));
    for (size_t lane = 0; lane < CHAIN_LANES; lane++) {
        for (size_t i = 0; i < CHAIN_SENDERS; i += GIFTS) {
            size_t count = CHAIN_SENDERS - i < GIFTS ? CHAIN_SENDERS - i : GIFTS;
            give_tokens(chain, &chain->lanes[lane].accounts[i], count);
        }
    }
    au_buf_done(&code);
    au_buf_done(&args);
}

static double bench_batches(struct chain *chain, const struct plan *plan, const char *name,
                            double target, chain_make_fn *make)
{
    struct chain_pace pace = chain_run(chain, name, plan->rounds, plan->batches, make);
    return report((struct bench_figure){name, 1e9 / pace.all, "tx/s", "verification alone",
                                        1e9 / pace.verify, target, BENCH_AT_LEAST});
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
    for (size_t i = 0; i < CHAIN_SENDERS; i++) {
        struct au_address address = node_address_of(&chain->lanes[0].accounts[i]);
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
    static struct au_buf balances[CHAIN_SENDERS];
    struct au_buf health;
    struct au_buf status;
    double rates[3][CHAIN_ROUNDS_MAX];
    const struct reads kinds[3] = {
        {"GET /health", &health, 1, "\"height\":", 0, 0},
        {"GET /v1/status", &status, 1, "\"height\":", 0, 0},
        {"GET /v1/balance", balances, CHAIN_SENDERS, "\"balance\":", 0, 0},
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
    for (size_t i = 0; i < CHAIN_SENDERS; i++) {
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
    double tokens;
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
        {"node_tokens to anvil", ours->tokens, "tx/s, ratio", "anvil", theirs.tokens, 3,
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
    chain_start(&chain);
    ours.transfers = bench_batches(&chain, plan, "node_transfers", 15000, make_transfer);
    deploy_counter(&chain);
    ours.calls = bench_batches(&chain, plan, "node_calls", 8000, make_call);
    deploy_token(&chain);
    ours.tokens = bench_batches(&chain, plan, "node_tokens", 8000, make_token_transfer);
    bench_reads(plan, &chain);
    chain_stop(&chain);
    compare(plan, &ours);
    return all_met ? 0 : 2;
}
