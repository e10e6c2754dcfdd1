#include "anvil.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "http.h"
#include "process.h"

#define LANES      2u    /* connections, as for our node */
#define BATCH      1000u /* transactions, each of a sender of its own */
#define TURNS      5u    /* batches of a lane */
#define LINES      (LANES * BATCH * TURNS)
#define WARM_UP    50u
#define IDLE_US    1000000u
#define POLL_US    200u
#define ROUNDS_MAX 8u

/* Signed transactions in hex, as they are in a file. */
struct work {
    struct au_buf text;
    struct au_bytes lines[LINES];
};

static struct work transfers;
static struct work calls;
static struct work tokens;

static void read_work(const char *folder, const char *name, struct work *work)
{
    au_buf_init(&work->text, 16u << 20);
    bench_read_file(folder, name, &work->text);
    struct au_bytes rest = au_buf_bytes(&work->text);
    for (size_t i = 0; i < LINES; i++) {
        struct au_bytes after = bench_text_after(rest, "\n");
        if (after.data == NULL) bench_fail("%s/%s has too few lines", folder, name);
        work->lines[i] = (struct au_bytes){rest.data, rest.size - after.size - 1};
        rest = after;
    }
}

/* ---- the program ---- */

/* A port that was free a moment ago. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    AU_ASSERT(fd >= 0 && bind(fd, (struct sockaddr *)&address, size) == 0 &&
              getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    (void)close(fd);
    return ntohs(address.sin_port);
}

static void put_request(struct au_buf *out, struct au_bytes body)
{
    au_buf_clear(out);
    bench_put_post(out, "/", "application/json", body);
}

/* A call without parameters; the answer must have a text. */
static struct au_bytes ask(struct bench_conn *conn, const char *method, const char *expected)
{
    struct au_buf body;
    struct au_buf request;
    au_buf_init(&body, 4096);
    au_buf_init(&request, 8192);
    au_buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":[]}", method);
    put_request(&request, au_buf_bytes(&body));
    struct au_bytes answer = bench_ask(conn, au_buf_bytes(&request), expected);
    au_buf_done(&body);
    au_buf_done(&request);
    return answer;
}

/* Options as NULL-terminated list. Returns the nanoseconds until the first answer. */
static double start(const char *const *options, uint16_t *out_port)
{
    char port[8];
    struct bench_conn conn;
    const char *args[16] = {getenv("BENCH_ANVIL"), "--quiet", "--port", port};
    *out_port = free_port();
    (void)snprintf(port, sizeof(port), "%u", (unsigned)*out_port);
    for (size_t i = 0; options[i]; i++) {
        args[4 + i] = options[i];
    }
    double start_ns = bench_wall_ns();
    bench_process_start(args);
    while (!bench_conn_try(&conn, *out_port)) {
        bench_process_await_ready(start_ns);
    }
    (void)ask(&conn, "eth_chainId", "\"result\":\"0x7a69\"");
    start_ns = bench_wall_ns() - start_ns;
    bench_conn_close(&conn);
    return start_ns;
}

static void measure_start(size_t starts, struct bench_anvil *out)
{
    static const char *const options[] = {NULL};
    double times[ROUNDS_MAX];
    uint16_t port = 0;
    AU_ASSERT(starts <= ROUNDS_MAX);
    for (size_t i = 0; i < starts; i++) {
        times[i] = start(options, &port);
        /* It answers before it can be asked to end. */
        (void)usleep(IDLE_US);
        out->memory_mb = bench_process_resident();
        bench_process_stop();
    }
    out->start_ns = bench_median(times, starts);
}

/* ---- receipts ---- */

/* It makes a block of each transaction as it comes, and answers with the receipt. */
static void measure_receipts(const char *genesis, size_t count, struct bench_anvil *out)
{
    const char *const options[] = {"--init", genesis, NULL};
    struct bench_conn conn;
    struct au_buf body;
    struct au_buf request;
    uint16_t port = 0;
    double *times = au_mem_new(count * sizeof(*times));
    AU_ASSERT(times && WARM_UP + count <= LINES);
    (void)start(options, &port);
    bench_conn_open(&conn, port);
    au_buf_init(&body, 4096);
    au_buf_init(&request, 8192);
    for (size_t i = 0; i < WARM_UP + count; i++) {
        au_buf_clear(&body);
        au_buf_printf(&body,
                      "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_sendRawTransactionSync\","
                      "\"params\":[\"%.*s\"]}",
                      (int)transfers.lines[i].size, (const char *)transfers.lines[i].data);
        put_request(&request, au_buf_bytes(&body));
        double start_ns = bench_wall_ns();
        (void)bench_ask(&conn, au_buf_bytes(&request), "\"status\":\"0x1\"");
        if (i >= WARM_UP) times[i - WARM_UP] = bench_wall_ns() - start_ns;
    }
    out->receipt_ns = bench_median(times, count);
    au_buf_done(&body);
    au_buf_done(&request);
    au_mem_free(times);
    bench_conn_close(&conn);
    bench_process_stop();
}

/* ---- batches ---- */

struct lane {
    struct au_buf batches[TURNS];
    struct au_buf mine;
    size_t sent; /* requests: each batch is followed by one for a block */
};

static void put_batch(struct au_buf *out, const struct au_bytes *lines)
{
    struct au_buf body;
    au_buf_init(&body, 2u << 20);
    for (size_t i = 0; i < BATCH; i++) {
        au_buf_printf(&body,
                      "%s{\"jsonrpc\":\"2.0\",\"id\":%zu,\"method\":\"eth_sendRawTransaction\","
                      "\"params\":[\"%.*s\"]}",
                      i == 0 ? "[" : ",", i, (int)lines[i].size, (const char *)lines[i].data);
    }
    au_buf_put_u8(&body, ']');
    au_buf_init(out, 2u << 20);
    put_request(out, au_buf_bytes(&body));
    AU_ASSERT(body.err == AU_OK && out->err == AU_OK);
    au_buf_done(&body);
}

static void make_lanes(struct lane *lanes, const struct work *work)
{
    static const char mine[] =
        "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"evm_mine\",\"params\":[]}";
    for (size_t i = 0; i < LANES; i++) {
        lanes[i].sent = 0;
        au_buf_init(&lanes[i].mine, 4096);
        put_request(&lanes[i].mine, au_bytes_of(mine));
        for (size_t k = 0; k < TURNS; k++) {
            put_batch(&lanes[i].batches[k], &work->lines[(k * LANES + i) * BATCH]);
        }
    }
}

static void free_lanes(struct lane *lanes)
{
    for (size_t i = 0; i < LANES; i++) {
        au_buf_done(&lanes[i].mine);
        for (size_t k = 0; k < TURNS; k++) {
            au_buf_done(&lanes[i].batches[k]);
        }
    }
}

/* A batch is taken whole or the benchmark ends. */
static void check_batch(struct au_bytes answer)
{
    struct au_bytes rest = answer;
    size_t count = 0;
    while ((rest = bench_text_after(rest, "\"result\":\"0x")).data) {
        count++;
    }
    if (count != BATCH) {
        bench_fail("%zu of %u transactions are taken: %.*s", count, BATCH, (int)answer.size,
                   (const char *)answer.data);
    }
}

static bool next_request(void *context, size_t index, struct bench_conn *conn)
{
    struct lane *lane = (struct lane *)context + index;
    bool is_batch = lane->sent % 2 == 0;
    if (!is_batch) check_batch(conn->body);
    if (lane->sent == 2 * TURNS) return false;
    const struct au_buf *request = is_batch ? &lane->batches[lane->sent / 2] : &lane->mine;
    lane->sent++;
    bench_send(conn, au_buf_bytes(request), "\"result\":\"0x");
    return true;
}

/* Transactions per second, until none waits for a block. */
static double time_batches(uint16_t port, const struct work *work)
{
    static struct lane lanes[LANES];
    struct bench_conn conns[LANES];
    make_lanes(lanes, work);
    for (size_t i = 0; i < LANES; i++) {
        bench_conn_open(&conns[i], port);
    }
    double start_ns = bench_wall_ns();
    bench_drive(conns, LANES, next_request, lanes);
    while (!bench_has_text(ask(&conns[0], "txpool_status", "\"pending\""),
                           "\"pending\":\"0x0\",\"queued\":\"0x0\"")) {
        (void)usleep(POLL_US);
    }
    double rate = LINES / (bench_wall_ns() - start_ns) * 1e9;
    for (size_t i = 0; i < LANES; i++) {
        bench_conn_close(&conns[i]);
    }
    free_lanes(lanes);
    return rate;
}

/* It makes blocks when asked to, after each batch, which is how it does most: one for whatever is
 * there at each moment, or one each second, is less. A block has room for all. Only the last state
 * is kept. */
static void measure_batches(const char *genesis, size_t rounds, struct bench_anvil *out)
{
    const char *const options[] = {"--init",      genesis,      "--no-mining", "--prune-history",
                                   "--gas-limit", "1000000000", NULL};
    double transfer_rates[ROUNDS_MAX];
    double call_rates[ROUNDS_MAX];
    double token_rates[ROUNDS_MAX];
    uint16_t port = 0;
    AU_ASSERT(rounds <= ROUNDS_MAX);
    for (size_t i = 0; i < rounds; i++) {
        (void)start(options, &port);
        transfer_rates[i] = time_batches(port, &transfers);
        call_rates[i] = time_batches(port, &calls);
        token_rates[i] = time_batches(port, &tokens);
        (void)fprintf(stderr, "# anvil: %.0f transfers, %.0f calls and %.0f tokens per second\n",
                      transfer_rates[i], call_rates[i], token_rates[i]);
        bench_process_stop();
    }
    out->transfers = bench_median(transfer_rates, rounds);
    out->calls = bench_median(call_rates, rounds);
    out->tokens = bench_median(token_rates, rounds);
}

bool bench_anvil_measure(const struct bench_anvil_plan *plan, struct bench_anvil *out)
{
    char genesis[BENCH_PATH_SIZE + 16];
    const char *folder = getenv("BENCH_ANVIL_WORK");
    if (getenv("BENCH_ANVIL") == NULL || folder == NULL) return false;
    (void)snprintf(genesis, sizeof(genesis), "%s/genesis.json", folder);
    read_work(folder, "transfers", &transfers);
    read_work(folder, "calls", &calls);
    read_work(folder, "tokens", &tokens);
    measure_start(plan->starts, out);
    measure_receipts(genesis, plan->receipts, out);
    measure_batches(genesis, plan->rounds, out);
    au_buf_done(&transfers.text);
    au_buf_done(&calls.text);
    au_buf_done(&tokens.text);
    return true;
}
