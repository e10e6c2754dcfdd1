/* What readers take from the writer: how long a block's commit takes, synced and on disk, while
 * threads look at the last height and make proofs, beside what it takes alone.
 *
 *     bench_readers [folder]     the store's folder is made in folder, else in /var/tmp
 *
 * Stretches with readers and without take turns, so that both meet the same machine. */
#include "bench.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/mem.h"
#include "contract/host.h"
#include "core/genesis.h"
#include "ledger/block.h"
#include "store/rocks.h"
#include "support/folder.h"

#define ACCOUNTS    20000u
#define TRANSFERS   500u /* of a block */
#define BLOCKS      20u  /* of a stretch */
#define STRETCHES   6u   /* of each kind */
#define READERS_MAX 32u
#define READS       16u /* accounts of a look without a proof */
#define PROOF_SIZE  ((size_t)1 << 16)
#define TIME_MS     UINT64_C(1700000000000)
#define BALANCE     UINT64_C(1000000000000)
#define GAS_PRICE   UINT64_C(1000)

static bool all_met = true;

/* ---- a chain ---- */

struct chain {
    char folder[256];
    struct au_kv kv;
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_block *block;
    uint64_t tx_count;
};

static struct au_address address_at(uint32_t index)
{
    struct au_address address;
    memset(address.bytes, 'a', sizeof(address.bytes));
    for (unsigned i = 0; i < sizeof(index); i++)
        address.bytes[i] = (uint8_t)(index >> 8 * (sizeof(index) - 1 - i));
    return address;
}

static void make_genesis(struct chain *chain)
{
    struct au_genesis_account *accounts = au_mem_new(ACCOUNTS * sizeof(*accounts));
    AU_ASSERT(accounts);
    for (uint32_t i = 0; i < ACCOUNTS; i++)
        accounts[i] = (struct au_genesis_account){address_at(i), BALANCE};
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("bench"),
        .time_ms = TIME_MS,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = ACCOUNTS,
        .proposer = address_at(ACCOUNTS),
    };
    au_buf_init(&chain->genesis, AU_GENESIS_SIZE_MAX);
    au_genesis_encode(&chain->genesis, &genesis);
    AU_ASSERT(chain->genesis.err == AU_OK);
    au_mem_free(accounts);
}

static void open_chain(struct chain *chain, const char *folder)
{
    struct au_rocks_options store = au_rocks_options_default();
    struct au_engine_options engine = {.instances_max = 1, .cache_size = 1u << 20};
    char path[sizeof(chain->folder) + 8];
    char cause[AU_KV_MESSAGE_SIZE];
    struct au_buf message;
    (void)snprintf(chain->folder, sizeof(chain->folder), "%s/aureon-readers-XXXXXX", folder);
    if (!mkdtemp(chain->folder)) {
        perror(chain->folder);
        exit(1);
    }
    (void)snprintf(path, sizeof(path), "%s/store", chain->folder);
    make_genesis(chain);
    AU_ASSERT(au_engine_new(&engine, &au_host_env, &chain->engine) == AU_OK);
    AU_ASSERT(au_rocks_open(path, &store, cause, &chain->kv) == AU_OK);
    struct au_ledger_options options = {
        .kv = chain->kv, .engine = chain->engine, .genesis = au_buf_bytes(&chain->genesis)};
    au_buf_init(&message, 1000);
    AU_ASSERT(au_ledger_open(&options, &message, &chain->ledger) == AU_OK);
    AU_ASSERT(au_block_new(chain->ledger, &chain->block) == AU_OK);
    au_buf_done(&message);
}

static void close_chain(struct chain *chain)
{
    au_block_free(chain->block);
    au_ledger_close(chain->ledger);
    au_kv_close(&chain->kv);
    au_engine_free(chain->engine);
    au_buf_done(&chain->genesis);
    if (folder_remove(chain->folder) != 0) perror(chain->folder);
}

/* Whoever applies a transaction has looked at its signature before; here nobody does. */
static void apply_transfer(struct chain *chain, struct au_buf *bytes)
{
    struct au_checked checked;
    struct au_decode error;
    struct au_applied applied;
    uint64_t number = chain->tx_count++;
    struct au_tx tx = {
        .version = AU_TX_VERSION,
        .kind = AU_TX_TRANSFER,
        .from = address_at((uint32_t)(number % ACCOUNTS)),
        .nonce = number / ACCOUNTS,
        .gas_price = GAS_PRICE,
        .to = address_at((uint32_t)(number * 2654435761u % ACCOUNTS)),
        .amount = 1,
    };
    au_buf_clear(bytes);
    au_tx_encode(bytes, &tx);
    AU_ASSERT(au_check_decode(au_ledger_params(chain->ledger), au_buf_bytes(bytes), &checked,
                              &error) == AU_INVALID_NONE);
    AU_ASSERT(au_block_apply(chain->block, &checked, &applied) == AU_OK);
    AU_ASSERT(applied.invalid == AU_INVALID_NONE);
}

/* Nanoseconds of the commit alone. */
static double commit_block(struct chain *chain)
{
    struct au_buf bytes;
    au_buf_init(&bytes, AU_TX_SIZE_MAX);
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    for (uint32_t i = 0; i < TRANSFERS; i++)
        apply_transfer(chain, &bytes);
    AU_ASSERT(au_block_seal(chain->block) == AU_OK);
    double start = bench_wall_ns();
    AU_ASSERT(au_block_commit(chain->block) == AU_OK);
    double time = bench_wall_ns() - start;
    au_buf_done(&bytes);
    return time;
}

/* ---- readers ---- */

struct readers {
    struct chain *chain;
    pthread_t threads[READERS_MAX];
    unsigned count;
    atomic_bool is_over;
    atomic_ullong looks;
};

static void look(struct au_ledger *ledger, uint32_t number)
{
    struct au_account account;
    struct au_read read;
    AU_ASSERT(au_read_open(ledger, &read) == AU_OK);
    for (uint32_t i = 0; i < READS; i++) {
        struct au_address address = address_at((number + i) * 7919u % ACCOUNTS);
        AU_ASSERT(au_flat_account(&read.flat, &address, &account) == AU_OK);
    }
    au_read_close(&read);
}

static void prove(struct au_ledger *ledger, uint32_t number, struct au_buf *proof)
{
    struct au_address address = address_at(number * 7919u % ACCOUNTS);
    struct au_account account;
    struct au_read read;
    au_buf_clear(proof);
    AU_ASSERT(au_read_open_to_prove(ledger, &read) == AU_OK);
    AU_ASSERT(au_read_prove_account(&read, &address, proof, &account) == AU_OK);
    au_read_close(&read);
}

static void *run_reader(void *context)
{
    struct readers *readers = context;
    struct au_ledger *ledger = readers->chain->ledger;
    struct au_buf proof;
    au_buf_init(&proof, PROOF_SIZE);
    for (uint32_t i = 0; !atomic_load(&readers->is_over); i++) {
        look(ledger, i);
        prove(ledger, i, &proof);
        atomic_fetch_add(&readers->looks, 2);
    }
    au_buf_done(&proof);
    return NULL;
}

static void begin_readers(struct readers *readers)
{
    atomic_store(&readers->is_over, false);
    for (unsigned i = 0; i < readers->count; i++)
        AU_ASSERT(pthread_create(&readers->threads[i], NULL, run_reader, readers) == 0);
}

static void end_readers(struct readers *readers)
{
    atomic_store(&readers->is_over, true);
    for (unsigned i = 0; i < readers->count; i++)
        AU_ASSERT(pthread_join(readers->threads[i], NULL) == 0);
}

/* ---- the figure ---- */

static void commit_stretch(struct chain *chain, double *out_times)
{
    for (uint32_t i = 0; i < BLOCKS; i++)
        out_times[i] = commit_block(chain);
}

static void measure(struct chain *chain, const char *name, unsigned count)
{
    static double alone[STRETCHES * BLOCKS];
    static double beside[STRETCHES * BLOCKS];
    struct readers readers = {.chain = chain, .count = count};
    for (uint32_t i = 0; i < STRETCHES; i++) {
        commit_stretch(chain, &alone[(size_t)i * BLOCKS]);
        begin_readers(&readers);
        commit_stretch(chain, &beside[(size_t)i * BLOCKS]);
        end_readers(&readers);
    }
    double value = bench_median(beside, STRETCHES * BLOCKS);
    double yard = bench_median(alone, STRETCHES * BLOCKS);
    const struct bench_figure figure = {
        name, value / 1e6, "ms, ratio", "the commit alone", yard / 1e6, 1.2, BENCH_RATIO_AT_MOST};
    all_met = bench_report(&figure) && all_met;
    (void)fprintf(stderr, "# %s: %llu looks; p99 %.3f ms, alone %.3f ms\n", name,
                  atomic_load(&readers.looks), beside[STRETCHES * BLOCKS * 99 / 100] / 1e6,
                  alone[STRETCHES * BLOCKS * 99 / 100] / 1e6);
}

int main(int argc, char **argv)
{
    static struct chain chain;
    open_chain(&chain, argc > 1 ? argv[1] : "/var/tmp");
    measure(&chain, "commit beside 6 readers", 6);
    measure(&chain, "commit beside 32 readers", 32);
    close_chain(&chain);
    return all_met ? 0 : 2;
}
