/* What readers take from the writer: how long a block's commit takes, synced and on disk, while
 * threads look at the last height and make proofs, beside what it takes alone. They never pause, or
 * ask as often as a node's clients can: those of 32 connections come to fewer than 32,000 a second.
 *
 *     bench_readers [folder]     the store's folder is made in folder, else in /var/tmp
 *
 * Stretches with readers and without take turns, so that both meet the same machine. */
#include "ledger_chain.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#define ACCOUNTS    20000u /* all of them send */
#define TRANSFERS   500u   /* of a block */
#define BLOCKS      20u    /* of a stretch */
#define STRETCHES   6u     /* of each kind */
#define READERS_MAX 32u
#define READS       16u /* accounts of a look without a proof */
#define PROOF_SIZE  ((size_t)1 << 16)
#define PAUSE_NS    2000000 /* between a reader's looks, two at a time: 1,000 a second at most */

static bool all_met = true;

/* ---- blocks ---- */

static void apply_transfer(struct chain *chain, uint32_t number)
{
    struct au_tx tx = {
        .kind = AU_TX_TRANSFER,
        .to = chain_address(chain, (uint32_t)((uint64_t)number * 2654435761u % ACCOUNTS)),
        .amount = 1,
    };
    struct au_checked checked = chain_decode(chain, chain_sign(chain, number % ACCOUNTS, tx));
    (void)chain_apply(chain, &checked);
}

/* Nanoseconds of the commit alone. */
static double commit_block(struct chain *chain)
{
    static uint32_t tx_count;
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    for (uint32_t i = 0; i < TRANSFERS; i++)
        apply_transfer(chain, tx_count++);
    AU_ASSERT(au_block_seal(chain->block) == AU_OK);
    double start = bench_wall_ns();
    AU_ASSERT(au_block_commit(chain->block) == AU_OK);
    return bench_wall_ns() - start;
}

/* ---- readers ---- */

struct readers {
    struct chain *chain;
    pthread_t threads[READERS_MAX];
    unsigned count;
    bool has_pauses;
    atomic_bool is_over;
    atomic_ullong looks;
};

static void look(const struct chain *chain, uint32_t number)
{
    struct au_account account;
    struct au_read read;
    AU_ASSERT(au_read_open(chain->ledger, &read) == AU_OK);
    for (uint32_t i = 0; i < READS; i++) {
        struct au_address address = chain_address(chain, (number + i) * 7919u % ACCOUNTS);
        AU_ASSERT(au_flat_account(&read.flat, &address, &account) == AU_OK);
    }
    au_read_close(&read);
}

static void prove(const struct chain *chain, uint32_t number, struct au_buf *proof)
{
    struct au_address address = chain_address(chain, number * 7919u % ACCOUNTS);
    struct au_account account;
    struct au_read read;
    au_buf_clear(proof);
    AU_ASSERT(au_read_open_to_prove(chain->ledger, &read) == AU_OK);
    AU_ASSERT(au_read_prove_account(&read, &address, proof, &account) == AU_OK);
    au_read_close(&read);
}

static void *run_reader(void *context)
{
    struct readers *readers = context;
    const struct timespec pause = {.tv_nsec = PAUSE_NS};
    struct au_buf proof;
    au_buf_init(&proof, PROOF_SIZE);
    for (uint32_t i = 0; !atomic_load(&readers->is_over); i++) {
        look(readers->chain, i);
        prove(readers->chain, i, &proof);
        atomic_fetch_add(&readers->looks, 2);
        if (readers->has_pauses) (void)nanosleep(&pause, NULL);
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

static void measure(struct chain *chain, const char *name, unsigned count, bool has_pauses)
{
    static double alone[STRETCHES * BLOCKS];
    static double beside[STRETCHES * BLOCKS];
    struct readers readers = {.chain = chain, .count = count, .has_pauses = has_pauses};
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
    chain_begin(&chain, argc > 1 ? argv[1] : "/var/tmp", ACCOUNTS, ACCOUNTS);
    measure(&chain, "commit beside 6 readers", 6, false);
    measure(&chain, "commit beside 32 readers", 32, false);
    measure(&chain, "commit beside 32 readers that pause", 32, true);
    chain_end(&chain);
    return all_met ? 0 : 2;
}
