#include "node_chain.h"

#include "module.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "base/mem.h"
#include "core/genesis.h"
#include "crypto/sha256.h"
#include "ledger/check.h"
#include "node/genesis_json.h"

#define WAIT_MAX_NS 30e9
#define POLL_US     200u
#define WINDOW      6u /* batches of a lane that are not committed: the pool has room for 16 */

#define START_BALANCE UINT64_C(1000000000000) /* base units */
#define DEPLOY_GAS    UINT64_C(1000000)
#define TIME_MS       UINT64_C(1700000000000)

struct batch {
    struct au_buf request;
    size_t body_size;
    struct au_hash last; /* the id of its last transaction */
};

/* ---- life ---- */

static void make_account(struct account *account, uint32_t index)
{
    struct au_hash seed = au_sha256((struct au_bytes){(const uint8_t *)&index, sizeof(index)});
    au_sign_key_from_seed(&account->key, seed.bytes);
    account->nonce = 0;
}

static void write_genesis(struct chain *chain)
{
    static struct au_genesis_account accounts[CHAIN_LANES * CHAIN_SENDERS + 1];
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("bench"),
        .time_ms = TIME_MS,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = CHAIN_LANES * CHAIN_SENDERS + 1,
    };
    struct au_buf text;
    char path[sizeof(chain->node.path) + 16];
    for (uint32_t i = 0; i < CHAIN_LANES * CHAIN_SENDERS; i++) {
        struct account *account = &chain->lanes[i / CHAIN_SENDERS].accounts[i % CHAIN_SENDERS];
        make_account(account, i);
        accounts[i] = (struct au_genesis_account){node_address_of(account), START_BALANCE};
    }
    make_account(&chain->founder, CHAIN_LANES * CHAIN_SENDERS);
    genesis.proposer = node_address_of(&chain->founder);
    accounts[CHAIN_LANES * CHAIN_SENDERS] =
        (struct au_genesis_account){genesis.proposer, START_BALANCE};
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

void chain_start(struct chain *chain)
{
    (void)snprintf(chain->node.path, sizeof(chain->node.path), "%s/chain", bench_folder());
    write_genesis(chain);
    const char *const args[] = {"node", "start", chain->node.path, NULL};
    (void)node_start(&chain->node, args);
    for (size_t i = 0; i < CHAIN_LANES; i++) {
        bench_conn_open(&chain->conns[i], chain->node.port);
        au_buf_init(&chain->lanes[i].wait, 4096);
    }
    chain->genesis_hash = node_genesis_hash(&chain->conns[0]);
}

void chain_stop(struct chain *chain)
{
    for (size_t i = 0; i < CHAIN_LANES; i++) {
        bench_conn_close(&chain->conns[i]);
        au_buf_done(&chain->lanes[i].wait);
    }
    bench_process_stop();
}

/* ---- batches ---- */

/* Begins the body of a batch of count transactions; each is appended by put_tx. */
static void begin_batch(struct au_buf *body, size_t count)
{
    au_buf_init(body, 1u << 20);
    au_buf_put_u32(body, (uint32_t)count);
}

static struct au_hash put_tx(struct au_buf *body, const struct chain *chain,
                             struct account *account, struct au_tx tx)
{
    struct au_buf bytes;
    au_buf_init(&bytes, 1u << 16);
    struct au_hash id = node_put_signed(&bytes, account, &chain->genesis_hash, tx);
    au_buf_put_u32(body, (uint32_t)bytes.size);
    au_buf_put_bytes(body, au_buf_bytes(&bytes));
    AU_ASSERT(body->err == AU_OK);
    au_buf_done(&bytes);
    return id;
}

/* Ends it as a request. */
static void end_batch(struct au_buf *body, struct batch *batch)
{
    au_buf_init(&batch->request, 2u << 20);
    bench_put_post(&batch->request, "/v1/txs", NODE_TX_TYPE, au_buf_bytes(body));
    batch->body_size = body->size;
    au_buf_done(body);
}

static void make_batch(struct chain *chain, size_t lane, chain_make_fn *make, struct batch *batch)
{
    struct au_buf body;
    struct au_buf args;
    au_buf_init(&args, 1000);
    begin_batch(&body, CHAIN_SENDERS);
    for (size_t i = 0; i < CHAIN_SENDERS; i++) {
        au_buf_clear(&args);
        batch->last =
            put_tx(&body, chain, &chain->lanes[lane].accounts[i], make(chain, lane, i, &args));
    }
    end_batch(&body, batch);
    au_buf_done(&args);
}

static void make_round(struct chain *chain, size_t batch_count, chain_make_fn *make)
{
    for (size_t i = 0; i < CHAIN_LANES; i++) {
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
    for (size_t i = 0; i < CHAIN_LANES; i++) {
        for (size_t k = 0; k < chain->lanes[i].batch_count; k++) {
            au_buf_done(&chain->lanes[i].batches[k].request);
        }
        au_mem_free(chain->lanes[i].batches);
    }
}

/* Appends the request that waits for the receipt of a batch's last transaction. */
static void put_wait(struct au_buf *out, const struct batch *batch)
{
    au_buf_put_text(out, "GET /v1/tx/");
    au_hex_put(out, (struct au_bytes){batch->last.bytes, AU_HASH_SIZE});
    au_buf_put_text(out, "?wait=committed&timeout=30s HTTP/1.1\r\nHost: node\r\n\r\n");
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
    au_buf_clear(&lane->wait);
    put_wait(&lane->wait, &lane->batches[lane->awaited++]);
    bench_send(conn, au_buf_bytes(&lane->wait), "\"status\":\"success\"");
    return true;
}

/* Nanoseconds of this processor for verifying a transaction of the batch. */
static double time_verify(const struct chain *chain, const struct batch *batch)
{
    struct au_params params = au_params_default();
    struct au_decode decode;
    struct au_decode error;
    const struct au_checked *pointers[CHAIN_SENDERS];
    bool is_valid[CHAIN_SENDERS];
    struct au_checked *checked = au_mem_new(CHAIN_SENDERS * sizeof(*checked));
    AU_ASSERT(checked);
    size_t head_size = batch->request.size - batch->body_size;
    double start = bench_now_ns();
    au_decode_init(&decode, (struct au_bytes){batch->request.data + head_size, batch->body_size});
    AU_ASSERT(au_decode_count(&decode, CHAIN_SENDERS, sizeof(uint32_t)) == CHAIN_SENDERS);
    for (size_t i = 0; i < CHAIN_SENDERS; i++) {
        struct au_bytes bytes = au_decode_bytes(&decode, UINT32_MAX);
        AU_ASSERT(au_check_decode(&params, bytes, &checked[i], &error) == AU_INVALID_NONE);
        pointers[i] = &checked[i];
    }
    AU_ASSERT(au_check_signatures(pointers, CHAIN_SENDERS, &chain->genesis_hash, NULL, is_valid) ==
              AU_OK);
    double time = bench_now_ns() - start;
    for (size_t i = 0; i < CHAIN_SENDERS; i++) {
        AU_ASSERT(is_valid[i]);
    }
    au_mem_free(checked);
    return time / CHAIN_SENDERS;
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

struct chain_pace chain_run(struct chain *chain, const char *name, size_t rounds,
                            size_t batch_count, chain_make_fn *make)
{
    double times[CHAIN_ROUNDS_MAX];
    double yards[CHAIN_ROUNDS_MAX];
    size_t count = batch_count * CHAIN_LANES * CHAIN_SENDERS;
    for (size_t i = 0; i < rounds; i++) {
        make_round(chain, batch_count, make);
        yards[i] = time_verify(chain, &chain->lanes[0].batches[0]);
        uint64_t committed = committed_count(chain);
        uint64_t height = read_height(chain);
        double cpu = bench_process_cpu_ns();
        double start = bench_wall_ns();
        bench_drive(chain->conns, CHAIN_LANES, next_batch, chain);
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
    return (struct chain_pace){bench_median(times, rounds), bench_median(yards, rounds)};
}

/* ---- the founder's ---- */

void chain_commit(struct chain *chain, const struct au_tx *txs, size_t count)
{
    struct au_buf body;
    struct au_buf wait;
    struct batch batch;
    char expected[32];
    begin_batch(&body, count);
    for (size_t i = 0; i < count; i++) {
        batch.last = put_tx(&body, chain, &chain->founder, txs[i]);
    }
    end_batch(&body, &batch);
    (void)snprintf(expected, sizeof(expected), "\"accepted\":%zu}", count);
    (void)bench_ask(&chain->conns[0], au_buf_bytes(&batch.request), expected);
    au_buf_init(&wait, 4096);
    put_wait(&wait, &batch);
    (void)bench_ask(&chain->conns[0], au_buf_bytes(&wait), "\"status\":\"success\"");
    au_buf_done(&wait);
    au_buf_done(&batch.request);
}

static struct au_address read_created(struct au_bytes receipt)
{
    struct au_address address;
    struct au_bytes created = bench_text_after(receipt, "\"created\":\"");
    const uint8_t *end = created.data ? memchr(created.data, '"', created.size) : NULL;
    AU_ASSERT(end);
    created.size = (size_t)(end - created.data);
    AU_ASSERT(au_address_parse(created, &address) == NULL);
    return address;
}

struct au_address chain_deploy(struct chain *chain, struct au_bytes code, struct au_tx tx)
{
    struct au_buf module;
    struct au_buf bytes;
    struct au_buf request;
    char message[256];
    au_buf_init(&module, 1u << 20);
    au_buf_init(&bytes, 1u << 20);
    au_buf_init(&request, 2u << 20);
    AU_ASSERT(bench_put_code(&module, code, message));
    tx.kind = AU_TX_DEPLOY;
    tx.code = au_buf_bytes(&module);
    tx.gas_limit = DEPLOY_GAS;
    (void)node_put_signed(&bytes, &chain->founder, &chain->genesis_hash, tx);
    bench_put_post(&request, "/v1/tx?wait=committed", NODE_TX_TYPE, au_buf_bytes(&bytes));
    struct au_address address =
        read_created(bench_ask(&chain->conns[0], au_buf_bytes(&request), "\"status\":\"success\""));
    au_buf_done(&module);
    au_buf_done(&bytes);
    au_buf_done(&request);
    return address;
}
