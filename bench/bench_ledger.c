/* What the ledger does per second, in one process: transactions that are verified, executed, sealed
 * with their state root and committed to a store on disk, synced.
 *
 *     bench_ledger [--quick | --only sizes] [folder]     the store's folder is made in folder, else
 *                                                        in /var/tmp
 *
 * Three threads share two cores, as in a node: while one executes, seals and commits a block,
 * two admit the next one. Before each measurement the store is closed and opened again,
 * so that nothing of the state is in the process' memory but what opening loads, and RocksDB ends
 * what it does about the accounts that the chain began with: that is no part of what blocks cost.
 * The system has the store's files in memory. A sender signs every fourth block of transfers: after
 * as many its key is known to the ledger.
 *
 * Chains of 10,000, a million and five million accounts are compared, each with transfers by the
 * same 10,000 senders, in two ways:
 *
 *     transfers_at_1m           to receivers drawn from all accounts. Of a million or more none is
 *                               drawn twice: each is read from the store for the first time. Of
 *                               10,000 all are in memory after two blocks.
 *     transfers_active_at_1m    to receivers drawn from the senders: the very same transactions on
 *                               chains of all sizes, of accounts that lie scattered over the whole
 *                               state. After two blocks all are in memory. What differs is the
 *                               state around them alone.
 *
 * Both stand beside transfers_at_10k, where all accounts are senders, so that both ways are one.
 *
 * --quick leaves out the chains of a million accounts and more and takes what touches the store
 * first from that of 100,000. --only sizes measures the chains that are compared alone. */
#include "ledger_chain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "token.h"

#define SENDERS      20000u
#define SENDERS_FEW  10000u /* of the chains that are compared by their size */
#define SIZES_RATIO  0.75   /* of what the smallest of them does, at least */
#define ROUNDS       9u     /* blocks measured; one more is written down */
#define TRANSFERS    5000u  /* of a block */
#define CALLS        3000u
#define ADMITTERS    2u   /* threads */
#define ADMISSIONS   512u /* transactions verified together */
#define TOUCH_ROUNDS 5u
#define TOUCHES      2000u /* of a round */
#define YARD_ROUNDS  5u
#define FILLS        20000u /* slots that one call writes */

#define GIFTS  5000u             /* of a block */
#define TOKENS UINT64_C(1000000) /* of a sender */
#define GROUP  2000u             /* senders who send to each other */

#define CALL_GAS UINT64_C(1000)

static bool all_met = true;

static void report(struct bench_figure figure)
{
    all_met = bench_report(&figure) && all_met;
}

/* ---- blocks ---- */

/* Transactions of a block and what is known of them once they are admitted. */
struct job {
    struct chain *chain;
    const struct au_bytes *txs;
    uint32_t count;
    struct au_checked *checked;
    atomic_uint next; /* transaction that nobody has begun with */
};

_Static_assert(TOUCH_ROUNDS *TOUCHES <= SENDERS, "balances");
_Static_assert((ROUNDS + 1) * GROUP <= SENDERS, "a group for each block");
_Static_assert(ADMISSIONS <= AU_CHECK_BATCH_MAX, "a batch");

/* What a node does before it pools transactions: decodes them, verifies their signatures in batches
 * and reads the accounts that they come from and go to. */
static void admit(struct job *job, uint32_t at, uint32_t count)
{
    const struct au_checked *batch[ADMISSIONS];
    const struct au_tx *txs[ADMISSIONS];
    bool is_valid[ADMISSIONS];
    struct au_account sender;
    for (uint32_t i = 0; i < count; i++) {
        job->checked[at + i] = chain_decode(job->chain, job->txs[at + i]);
        batch[i] = &job->checked[at + i];
        txs[i] = &batch[i]->tx;
    }
    AU_ASSERT(au_check_signatures(batch, count, au_ledger_genesis_hash(job->chain->ledger),
                                  au_ledger_keys(job->chain->ledger), is_valid) == AU_OK);
    au_ledger_warm(job->chain->ledger, txs, count);
    for (uint32_t i = 0; i < count; i++) {
        AU_ASSERT(is_valid[i]);
        AU_ASSERT(au_ledger_account(job->chain->ledger, &batch[i]->tx.from, &sender) == AU_OK);
        AU_ASSERT(sender.balance > 0);
    }
}

/* One of the threads that admit a block's transactions; out_cpu_ns gets its time. */
struct admitter {
    pthread_t thread;
    struct job *job;
    double cpu_ns;
};

static void *run_admitter(void *context)
{
    struct admitter *admitter = context;
    struct job *job = admitter->job;
    double start = bench_now_ns();
    for (;;) {
        uint32_t at = atomic_fetch_add(&job->next, ADMISSIONS);
        if (at >= job->count) break;
        admit(job, at, job->count - at < ADMISSIONS ? job->count - at : ADMISSIONS);
    }
    admitter->cpu_ns = bench_now_ns() - start;
    return NULL;
}

/* Admits a block on this thread: nanoseconds. */
static double admit_alone(struct job *job)
{
    struct admitter admitter = {.job = job};
    atomic_store(&job->next, 0);
    (void)run_admitter(&admitter);
    return admitter.cpu_ns;
}

/* Nanoseconds of one block, by phase; wall is the whole, with the admission beside it. */
struct round {
    double apply_cpu;
    double seal_cpu;
    double commit_cpu;
    double commit_wall;
    double admit_cpu;
    double wall;
};

static void execute_block(struct chain *chain, const struct job *job, struct round *round)
{
    double start = bench_now_ns();
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    for (uint32_t i = 0; i < job->count; i++) {
        (void)chain_apply(chain, &job->checked[i]);
    }
    double applied = bench_now_ns();
    AU_ASSERT(au_block_seal(chain->block) == AU_OK);
    double sealed = bench_now_ns();
    double wall = bench_wall_ns();
    AU_ASSERT(au_block_commit(chain->block) == AU_OK);
    round->commit_wall = bench_wall_ns() - wall;
    round->commit_cpu = bench_now_ns() - sealed;
    round->seal_cpu = sealed - applied;
    round->apply_cpu = applied - start;
}

/* Executes a block that is admitted while the next one is being admitted. */
static void run_round(struct chain *chain, struct job *job, struct job *next, struct round *round)
{
    struct admitter admitters[ADMITTERS];
    double start = bench_wall_ns();
    atomic_store(&next->next, 0);
    for (size_t i = 0; i < ADMITTERS; i++) {
        admitters[i].job = next;
        AU_ASSERT(pthread_create(&admitters[i].thread, NULL, run_admitter, &admitters[i]) == 0);
    }
    execute_block(chain, job, round);
    round->admit_cpu = 0;
    for (size_t i = 0; i < ADMITTERS; i++) {
        AU_ASSERT(pthread_join(admitters[i].thread, NULL) == 0);
        round->admit_cpu += admitters[i].cpu_ns;
    }
    round->wall = bench_wall_ns() - start;
}

/* What a kind of block came to: medians, nanoseconds for each transaction. */
struct result {
    double admit_cpu;
    double apply_cpu;
    double seal_cpu;
    double commit_cpu;
    double commit_wall;
    double cores_wall; /* if nobody else used two processors */
    double wall;
    double verify_yard; /* the last block's verification, alone */
    double write_yard;  /* its batch written to an empty store, synced */
    double hash_yard;   /* SHA-256 of that batch's values, alone */
    size_t batch_size;  /* bytes for each transaction */
};

static double median_of(const struct round *rounds, size_t offset, uint32_t count)
{
    double values[ROUNDS];
    for (uint32_t i = 0; i < ROUNDS; i++) {
        double value;
        memcpy(&value, (const char *)&rounds[i] + offset, sizeof(value));
        values[i] = value / (double)count;
    }
    return bench_median(values, ROUNDS);
}

/* What a round takes when nobody else uses the processors: the longer of both threads' work. How
 * long the disk takes is told by the commit that waited least. */
static double cores_median(const struct round *rounds, uint32_t count)
{
    double values[ROUNDS];
    double disk = rounds[0].commit_wall - rounds[0].commit_cpu;
    for (uint32_t i = 1; i < ROUNDS; i++) {
        double wait = rounds[i].commit_wall - rounds[i].commit_cpu;
        if (wait < disk) disk = wait;
    }
    for (uint32_t i = 0; i < ROUNDS; i++) {
        double executing = rounds[i].apply_cpu + rounds[i].seal_cpu + rounds[i].commit_cpu + disk;
        double shared = (executing + rounds[i].admit_cpu) / 2;
        double longer = executing > shared ? executing : shared;
        values[i] = longer / (double)count;
    }
    return bench_median(values, ROUNDS);
}

static double hash_values_ns(const struct au_kv_batch *batch)
{
    static volatile uint8_t sink; /* has the hashes be made */
    struct au_kv_op op;
    double start = bench_now_ns();
    for (size_t offset = 0; au_kv_batch_next(batch, &offset, &op);) {
        sink = au_sha256(op.value).bytes[0];
    }
    double time = bench_now_ns() - start;
    (void)sink;
    return time;
}

static void take_yardsticks(struct chain *chain, struct job *last, const struct au_kv_batch *batch,
                            struct result *result)
{
    double verify[YARD_ROUNDS];
    double write[YARD_ROUNDS];
    double hash[YARD_ROUNDS];
    double count = (double)last->count;
    struct au_kv empty = chain_open_store(chain, "yard");
    for (uint32_t i = 0; i < YARD_ROUNDS; i++) {
        verify[i] = admit_alone(last) / count;
        double start = bench_wall_ns();
        AU_ASSERT(au_kv_write(&empty, batch, /* is_synced */ true) == AU_OK);
        write[i] = (bench_wall_ns() - start) / count;
        hash[i] = hash_values_ns(batch) / count;
    }
    au_kv_close(&empty);
    result->verify_yard = bench_median(verify, YARD_ROUNDS);
    result->write_yard = bench_median(write, YARD_ROUNDS);
    result->hash_yard = bench_median(hash, YARD_ROUNDS);
    result->batch_size = batch->ops.size / last->count;
}

/* Runs ROUNDS + 1 blocks of count transactions. */
static struct result run_blocks(struct chain *chain, const struct au_bytes *txs, uint32_t count)
{
    struct round rounds[ROUNDS + 1];
    struct au_kv_batch kept;
    struct job jobs[2];
    struct result result;
    for (uint32_t i = 0; i < 2; i++) {
        jobs[i] = (struct job){.chain = chain, .count = count};
        jobs[i].checked = au_mem_new(count * sizeof(*jobs[i].checked));
        AU_ASSERT(jobs[i].checked);
    }
    au_kv_batch_init(&kept, (size_t)1 << 30);
    jobs[0].txs = txs;
    (void)admit_alone(&jobs[0]);
    for (uint32_t i = 0; i <= ROUNDS; i++) {
        struct job *next = &jobs[(i + 1) % 2];
        next->txs = txs + (i < ROUNDS ? i + 1 : i) * count;
        chain_keep_batches(i == ROUNDS ? &kept : NULL);
        run_round(chain, &jobs[i % 2], next, &rounds[i]);
    }
    chain_keep_batches(NULL);
    take_yardsticks(chain, &jobs[ROUNDS % 2], &kept, &result);
    result.admit_cpu = median_of(rounds, offsetof(struct round, admit_cpu), count);
    result.apply_cpu = median_of(rounds, offsetof(struct round, apply_cpu), count);
    result.seal_cpu = median_of(rounds, offsetof(struct round, seal_cpu), count);
    result.commit_cpu = median_of(rounds, offsetof(struct round, commit_cpu), count);
    result.commit_wall = median_of(rounds, offsetof(struct round, commit_wall), count);
    result.wall = median_of(rounds, offsetof(struct round, wall), count);
    result.cores_wall = cores_median(rounds, count);
    au_kv_batch_done(&kept);
    au_mem_free(jobs[0].checked);
    au_mem_free(jobs[1].checked);
    return result;
}

/* The figures of a kind of block. */
static void report_blocks(const char *name, uint32_t count, double target, struct result result)
{
    char names[4][64];
    static const char *const suffixes[4] = {"", "_two_cores", "_seal", "_commit"};
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        (void)snprintf(names[i], sizeof(names[i]), "%s%s", name, suffixes[i]);
    }
    report((struct bench_figure){names[0], 1e9 / result.wall, "tx/s", "admission alone",
                                 1e9 / result.verify_yard, target, BENCH_AT_LEAST});
    report((struct bench_figure){names[1], 1e9 / result.cores_wall, "tx/s", "admission alone",
                                 1e9 / result.verify_yard, target, BENCH_AT_LEAST});
    report((struct bench_figure){names[2], result.seal_cpu / 1e3, "us/tx", "hashing alone",
                                 result.hash_yard / 1e3, 15, BENCH_AT_MOST});
    report((struct bench_figure){names[3], result.commit_wall / result.write_yard, "x",
                                 "synced write alone", 1, 1.5, BENCH_AT_MOST});
    (void)fprintf(stderr,
                  "# %s, blocks of %u, us per tx: admit %.2f apply %.2f seal %.2f commit %.2f "
                  "(waited %.2f, written alone %.2f), %zu bytes written\n",
                  name, count, result.admit_cpu / 1e3, result.apply_cpu / 1e3,
                  result.seal_cpu / 1e3, result.commit_cpu / 1e3, result.commit_wall / 1e3,
                  result.write_yard / 1e3, result.batch_size);
}

/* ---- kinds of blocks ---- */

/* The i-th transaction of all, by a sender; args is empty, and may hold its arguments. */
typedef struct au_tx make_tx_fn(const struct chain *chain, uint32_t i, uint32_t sender,
                                struct au_buf *args);

/* To one of the first count accounts. */
static struct au_tx transfer_within(const struct chain *chain, uint32_t i, uint32_t count)
{
    uint64_t to = (uint64_t)i * 2654435761u % count;
    return (struct au_tx){
        .kind = AU_TX_TRANSFER, .to = chain_address(chain, (uint32_t)to), .amount = 1 + i};
}

/* To any of all accounts. */
static struct au_tx make_transfer(const struct chain *chain, uint32_t i, uint32_t sender,
                                  struct au_buf *args)
{
    (void)sender;
    (void)args;
    return transfer_within(chain, i, chain->account_count);
}

/* To any of the senders. */
static struct au_tx make_active_transfer(const struct chain *chain, uint32_t i, uint32_t sender,
                                         struct au_buf *args)
{
    (void)sender;
    (void)args;
    return transfer_within(chain, i, chain->sender_count);
}

static struct au_tx make_call(const struct chain *chain, uint32_t i, uint32_t sender,
                              struct au_buf *args)
{
    (void)i;
    (void)sender;
    (void)args;
    return (struct au_tx){.kind = AU_TX_CALL,
                          .to = chain->counter,
                          .function = au_bytes_of("increment"),
                          .gas_limit = CALL_GAS};
}

static struct au_tx move_tokens(const struct chain *chain, uint32_t to, uint64_t amount,
                                struct au_buf *args)
{
    struct au_tx tx = bench_token_transfer(&chain->token, chain_address(chain, to), amount, args);
    tx.gas_limit = CALL_GAS;
    return tx;
}

/* To any of those who have tokens. */
static struct au_tx make_token_transfer(const struct chain *chain, uint32_t i, uint32_t sender,
                                        struct au_buf *args)
{
    (void)sender;
    return move_tokens(chain, (uint32_t)((uint64_t)i * 2654435761u % chain->sender_count),
                       1 + i % 100, args);
}

/* To another of the sender's group: each of it sends to one and gets from one. */
static struct au_tx make_group_transfer(const struct chain *chain, uint32_t i, uint32_t sender,
                                        struct au_buf *args)
{
    uint32_t first = sender - sender % GROUP;
    return move_tokens(chain, first + (sender * 601 + 1) % GROUP, 1 + i % 100, args);
}

/* Blocks of count transactions, by the senders from the first to sender_count in turn. */
static struct result bench_blocks(struct chain *chain, uint32_t count, uint32_t sender_count,
                                  make_tx_fn *make)
{
    uint32_t all = (ROUNDS + 1) * count;
    struct au_bytes *txs = au_mem_new(all * sizeof(*txs));
    struct au_buf args;
    AU_ASSERT(txs);
    au_buf_init(&args, 1000);
    for (uint32_t i = 0; i < all; i++) {
        au_buf_clear(&args);
        uint32_t sender = i % sender_count;
        txs[i] = chain_sign(chain, sender, make(chain, i, sender, &args));
    }
    chain_reopen(chain);
    chain_settle();
    struct result result = run_blocks(chain, txs, count);
    au_buf_done(&args);
    au_mem_free(txs);
    return result;
}

static void bench_transfers(struct chain *chain, const char *name)
{
    report_blocks(name, TRANSFERS, 30000,
                  bench_blocks(chain, TRANSFERS, chain->sender_count, make_transfer));
}

static void bench_calls(struct chain *chain, const char *name)
{
    report_blocks(name, CALLS, 15000, bench_blocks(chain, CALLS, chain->sender_count, make_call));
}

/* Every sender gets tokens. Those of the first are what was not given away. */
static void give_tokens(struct chain *chain)
{
    static struct au_buf args[GIFTS];
    static struct au_tx txs[GIFTS];
    for (uint32_t at = 0; at < chain->sender_count; at += GIFTS) {
        for (uint32_t i = 0; i < GIFTS; i++) {
            au_buf_init(&args[i], 1000);
            txs[i] = move_tokens(chain, at + i, TOKENS, &args[i]);
        }
        (void)chain_commit(chain, txs, GIFTS);
        for (uint32_t i = 0; i < GIFTS; i++)
            au_buf_done(&args[i]);
    }
}

static void bench_tokens(struct chain *chain, const char *name)
{
    struct au_buf code;
    struct au_buf args;
    au_buf_init(&code, 1u << 20);
    au_buf_init(&args, 1000);
    bench_token_read(&code);
    chain->token = chain_deploy(chain, au_buf_bytes(&code),
                                bench_token_init(TOKENS * chain->sender_count, &args));
    give_tokens(chain);
    report_blocks(name, CALLS, 12000,
                  bench_blocks(chain, CALLS, chain->sender_count, make_token_transfer));
    au_buf_done(&code);
    au_buf_done(&args);
}

/* The cache of slots: in each block other groups, whose balances nobody has read, or the same. */
static void bench_warm_tokens(struct chain *chain)
{
    struct result cold = bench_blocks(chain, GROUP, chain->sender_count, make_group_transfer);
    struct result warm = bench_blocks(chain, GROUP, GROUP, make_group_transfer);
    report((struct bench_figure){"token_transfers_warm", warm.apply_cpu / 1e3, "us/tx",
                                 "with balances from the store", cold.apply_cpu / 1e3, 1,
                                 BENCH_RATIO_AT_MOST});
}

/* ---- what was read before ---- */

/* Microseconds of reading one of TOUCHES balances of tokens. */
static double time_slots(const struct chain *chain, struct au_flat *flat, uint32_t from, bool exist)
{
    struct au_slot slot;
    double start = bench_now_ns();
    for (uint32_t i = 0; i < TOUCHES; i++) {
        struct au_address owner = chain_address(chain, from + i);
        uint8_t key[2 + AU_ADDRESS_SIZE] = "b:";
        memcpy(key + 2, owner.bytes, AU_ADDRESS_SIZE);
        AU_ASSERT(au_flat_slot(flat, &chain->token, (struct au_bytes){key, sizeof(key)}, &slot) ==
                  AU_OK);
        AU_ASSERT(slot.exists == exist);
    }
    return (bench_now_ns() - start) / TOUCHES / 1e3;
}

/* From the cache, and from the store, which has its blocks in memory: read for a second time. */
static void bench_slots(struct chain *chain, const char *name, uint32_t from, bool exist,
                        double target)
{
    double cached[TOUCH_ROUNDS];
    double stored[TOUCH_ROUNDS];
    for (uint32_t round = 0; round < TOUCH_ROUNDS; round++) {
        struct au_read read;
        struct au_flat flat;
        AU_ASSERT(au_read_open(chain->ledger, &read) == AU_OK);
        (void)time_slots(chain, &read.flat, from, exist);
        cached[round] = time_slots(chain, &read.flat, from, exist);
        au_read_close(&read);
        au_flat_init(&flat, &chain->kv, NULL);
        (void)time_slots(chain, &flat, from, exist);
        stored[round] = time_slots(chain, &flat, from, exist);
        au_flat_done(&flat);
        from += TOUCHES;
    }
    report((struct bench_figure){name, bench_median(cached, TOUCH_ROUNDS), "us, ratio",
                                 "the same slot read from the store",
                                 bench_median(stored, TOUCH_ROUNDS), target, BENCH_RATIO_AT_MOST});
}

/* Balances that there are, and others: for those the store has a filter in memory. */
static void bench_cached(struct chain *chain)
{
    bench_slots(chain, "cached_slot", 0, true, 0.5);
    bench_slots(chain, "cached_absent_slot", chain->sender_count, false, 1);
}

/* ---- what is touched for the first time ---- */

/* Memory: 0 self, 64 an id or key as chain_address makes them, 128 a value, 1024 output. */
#define ID "(i32.const 64) (i32.const 32)"

static const struct touch {
    const char *name;
    double target_us;
    const char *code;
} touches[] = {
    {"empty", 0, ""},
    {"get_balance", 5, "(drop (call $get_balance " ID "))"},
    {"transfer", 10, "(drop (call $transfer (i32.const 0) (i32.const 32) " ID " (i64.const 1)))"},
    {"storage_read", 10, "(drop (call $read " ID " (i32.const 1024) (i32.const 100)))"},
    {"storage_write", 15, "(drop (call $write " ID " (i32.const 128) (i32.const 100)))"},
};

static struct au_address deploy_toucher(struct chain *chain)
{
    struct au_buf text;
    au_buf_init(&text, 1u << 16);
    au_buf_put_text(&text,
                    "(module"
                    "(import \"env\" \"get_balance\" (func $get_balance (param i32 i32)"
                    " (result i64)))"
                    "(import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64)"
                    " (result i32)))"
                    "(import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32)"
                    " (result i32)))"
                    "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32)"
                    " (result i32)))"
                    "(import \"env\" \"self_address\" (func $self_address (param i32)))"
                    "(memory 1 1)"
                    "(data (i32.const 64) \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\")");
    for (size_t i = 0; i < AU_COUNT_OF(touches); i++) {
        au_buf_printf(&text,
                      "(func (export \"%s\") (param $from i64) (param $count i64)"
                      " (call $self_address (i32.const 0))"
                      " (local.set $count (i64.add (local.get $from) (local.get $count)))"
                      " (loop $next (i32.store (i32.const 64) (i32.wrap_i64 (local.get $from))) %s"
                      " (local.set $from (i64.add (local.get $from) (i64.const 1)))"
                      " (br_if $next (i64.lt_u (local.get $from) (local.get $count)))))",
                      touches[i].name, touches[i].code);
    }
    au_buf_put_text(&text, ")");
    AU_ASSERT(text.err == AU_OK);
    struct au_address address =
        chain_deploy(chain, au_buf_bytes(&text), (struct au_tx){.value = CHAIN_BALANCE / 8});
    au_buf_done(&text);
    return address;
}

/* A call that touches count accounts or slots from an index on. */
static struct au_tx touch_tx(const struct chain *chain, const char *function, uint32_t from,
                             uint32_t count, struct au_buf *args)
{
    au_buf_init(args, 64);
    au_buf_put_u32(args, sizeof(uint64_t));
    au_buf_put_u64(args, from);
    au_buf_put_u32(args, sizeof(uint64_t));
    au_buf_put_u64(args, count);
    return (struct au_tx){
        .kind = AU_TX_CALL,
        .to = chain->toucher,
        .function = au_bytes_of(function),
        .args = au_buf_bytes(args),
        .arg_count = 2,
        .gas_limit = CHAIN_GAS,
    };
}

/* Slots for all accounts that are touched. */
static void fill_slots(struct chain *chain)
{
    uint32_t count = TOUCH_ROUNDS * TOUCHES * (uint32_t)AU_COUNT_OF(touches);
    for (uint32_t at = 0; at < count; at += FILLS) {
        struct au_buf args;
        struct au_tx tx = touch_tx(chain, "storage_write", chain->sender_count + at, FILLS, &args);
        (void)chain_commit(chain, &tx, 1);
        au_buf_done(&args);
    }
}

/* Microseconds of a call's turn, on the committed state. The block is dropped. */
static double time_touches(struct chain *chain, const char *function, uint32_t from)
{
    struct au_buf args;
    struct au_tx tx = touch_tx(chain, function, from, TOUCHES, &args);
    struct au_checked checked = chain_decode(chain, chain_sign(chain, 0, tx));
    chain->nonces[0]--;
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    double start = bench_now_ns();
    (void)chain_apply(chain, &checked);
    double time = bench_now_ns() - start;
    au_block_abort(chain->block);
    au_buf_done(&args);
    return time / TOUCHES / 1e3;
}

/* Microseconds of reading an account from the store. */
static double time_reads(struct chain *chain, uint32_t from)
{
    struct au_read read;
    struct au_account account;
    AU_ASSERT(au_read_open(chain->ledger, &read) == AU_OK);
    double start = bench_now_ns();
    for (uint32_t i = 0; i < TOUCHES; i++) {
        struct au_address address = chain_address(chain, from + i);
        AU_ASSERT(au_flat_account(&read.flat, &address, &account) == AU_OK && account.exists);
    }
    double time = bench_now_ns() - start;
    au_read_close(&read);
    return time / TOUCHES / 1e3;
}

/* Each round touches other accounts and slots than those before. */
static void bench_touches(struct chain *chain)
{
    double reads[TOUCH_ROUNDS];
    double times[AU_COUNT_OF(touches)][TOUCH_ROUNDS];
    uint32_t from = chain->sender_count + 1;
    for (uint32_t round = 0; round < TOUCH_ROUNDS; round++) {
        reads[round] = time_reads(chain, from);
        from += TOUCHES;
        double empty = time_touches(chain, touches[0].name, from);
        for (size_t i = 1; i < AU_COUNT_OF(touches); i++) {
            times[i][round] = time_touches(chain, touches[i].name, from) - empty;
            from += TOUCHES;
        }
    }
    for (size_t i = 1; i < AU_COUNT_OF(touches); i++) {
        char name[64];
        (void)snprintf(name, sizeof(name), "first_touch_%s", touches[i].name);
        report((struct bench_figure){
            name, bench_median(times[i], TOUCH_ROUNDS), "us", "an account read from the store",
            bench_median(reads, TOUCH_ROUNDS), touches[i].target_us, BENCH_AT_MOST});
    }
}

/* ---- the whole ---- */

static void begin_chain(struct chain *chain, const char *folder, uint32_t account_count)
{
    struct au_buf counter;
    chain_begin(chain, folder, account_count, SENDERS);
    au_buf_init(&counter, 1u << 16);
    bench_read_file("contracts/counter", "counter.wat", &counter);
    chain->counter = chain_deploy(chain, au_buf_bytes(&counter), (struct au_tx){0});
    chain->toucher = deploy_toucher(chain);
    fill_slots(chain);
    au_buf_done(&counter);
    chain_reopen(chain);
}

/* What transfers come to beside those of the smallest chain. */
static void report_size(const char *name, const struct result *result,
                        const struct result *smallest)
{
    char two_cores[64];
    (void)snprintf(two_cores, sizeof(two_cores), "%s_two_cores", name);
    report((struct bench_figure){name, 1e9 / result->wall, "tx/s", "at 10k accounts",
                                 1e9 / smallest->wall, SIZES_RATIO, BENCH_RATIO_AT_LEAST});
    report((struct bench_figure){two_cores, 1e9 / result->cores_wall, "tx/s", "at 10k accounts",
                                 1e9 / smallest->cores_wall, SIZES_RATIO, BENCH_RATIO_AT_LEAST});
    (void)fprintf(stderr, "# %s, us per tx: admit %.2f apply %.2f seal %.2f commit %.2f\n", name,
                  result->admit_cpu / 1e3, result->apply_cpu / 1e3, result->seal_cpu / 1e3,
                  result->commit_cpu / 1e3);
}

/* Transfers on chains of more and more accounts: what is lost to the smallest. */
static void bench_sizes(const char *folder)
{
    static const struct {
        uint32_t account_count;
        const char *name;
        const char *active_name; /* NULL: all are active */
    } sizes[] = {
        {SENDERS_FEW, "transfers_at_10k", NULL},
        {1000000, "transfers_at_1m", "transfers_active_at_1m"},
        {5000000, "transfers_at_5m", "transfers_active_at_5m"},
    };
    struct result smallest;
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        struct chain chain;
        chain_begin(&chain, folder, sizes[i].account_count, SENDERS_FEW);
        struct result result = bench_blocks(&chain, TRANSFERS, SENDERS_FEW, make_transfer);
        if (i == 0) smallest = result;
        report_size(sizes[i].name, &result, &smallest);
        if (sizes[i].active_name) {
            result = bench_blocks(&chain, TRANSFERS, SENDERS_FEW, make_active_transfer);
            report_size(sizes[i].active_name, &result, &smallest);
        }
        chain_end(&chain);
    }
}

static void bench_chains(const char *folder, bool is_quick)
{
    struct chain chain;
    begin_chain(&chain, folder, 100000);
    if (is_quick) bench_touches(&chain);
    bench_transfers(&chain, "transfers_100k");
    bench_calls(&chain, "counter_calls_100k");
    bench_tokens(&chain, "token_transfers_100k");
    bench_warm_tokens(&chain);
    bench_cached(&chain);
    chain_end(&chain);
    if (is_quick) return;
    begin_chain(&chain, folder, 1000000);
    bench_touches(&chain);
    bench_transfers(&chain, "transfers_1m");
    chain_end(&chain);
}

static bool is_option(const char *arg, const char *option)
{
    return au_bytes_is_equal(au_bytes_of(arg), au_bytes_of(option));
}

int main(int argc, char **argv)
{
    bool is_quick = argc > 1 && is_option(argv[1], "--quick");
    bool has_only = argc > 1 && is_option(argv[1], "--only");
    int at = 1 + is_quick + 2 * has_only;
    const char *folder = argc > at ? argv[at] : "/var/tmp";
    if (has_only && (argc < 3 || !is_option(argv[2], "sizes"))) {
        (void)fprintf(stderr, "%s: --only sizes\n", argv[0]);
        return 1;
    }
    if (!has_only) bench_chains(folder, is_quick);
    if (!is_quick) bench_sizes(folder);
    return all_met ? 0 : 2;
}
