#include "ledger_chain.h"

#include "module.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/genesis.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"
#include "store/rocks.h"
#include "support/folder.h"

#define GAS_PRICE UINT64_C(1000)
#define TIME_MS   UINT64_C(1700000000000)

#define SETTLE_STEP_NS 500000000l
#define SETTLED_NS     1e6 /* of processor time in a step */

/* ---- a look at what the ledger writes ---- */

/* The store's functions, but that a batch may be written down as it passes. */
static struct {
    const struct au_kv_ops *below;
    struct au_kv_ops ops;
    struct au_kv_batch *kept; /* NULL: do not keep */
} tap;

static void copy_batch(struct au_kv_batch *to, const struct au_kv_batch *from)
{
    struct au_kv_op op;
    au_kv_batch_clear(to);
    for (size_t offset = 0; au_kv_batch_next(from, &offset, &op);) {
        if (op.is_del) {
            au_kv_batch_del(to, op.cf, op.key);
        } else {
            au_kv_batch_put(to, op.cf, op.key, op.value);
        }
    }
}

static enum au_err tap_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    if (tap.kept) copy_batch(tap.kept, batch);
    return tap.below->write(ctx, batch, is_synced);
}

void chain_keep_batches(struct au_kv_batch *batch)
{
    tap.kept = batch;
}

/* ---- life ---- */

/* Those without a key are an index and what tells which is which. */
struct au_address chain_address(const struct chain *chain, uint32_t index)
{
    struct au_address address;
    if (index < chain->sender_count) {
        memcpy(address.bytes, chain->keys[index].public_key, AU_ADDRESS_SIZE);
        return address;
    }
    memset(address.bytes, 'a', sizeof(address.bytes));
    memcpy(address.bytes, &index, sizeof(index));
    return address;
}

static int compare_accounts(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE);
}

static void make_keys(struct chain *chain)
{
    chain->keys = au_mem_new(chain->sender_count * sizeof(*chain->keys));
    chain->nonces = au_mem_new(chain->sender_count * sizeof(*chain->nonces));
    AU_ASSERT(chain->keys && chain->nonces);
    for (uint32_t i = 0; i < chain->sender_count; i++) {
        struct au_hash seed = au_sha256((struct au_bytes){(const uint8_t *)&i, sizeof(i)});
        au_sign_key_from_seed(&chain->keys[i], seed.bytes);
        chain->nonces[i] = 0;
    }
}

static void make_genesis(struct chain *chain)
{
    uint32_t count = chain->account_count;
    struct au_genesis_account *accounts = au_mem_new(count * sizeof(*accounts));
    AU_ASSERT(accounts);
    for (uint32_t i = 0; i < count; i++) {
        accounts[i] = (struct au_genesis_account){chain_address(chain, i), CHAIN_BALANCE};
    }
    qsort(accounts, count, sizeof(*accounts), compare_accounts);
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("bench"),
        .time_ms = TIME_MS,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = count,
        .proposer = chain_address(chain, count - 1),
    };
    genesis.params.block_gas_limit = 100 * CHAIN_GAS;
    au_buf_init(&chain->genesis, AU_GENESIS_SIZE_MAX);
    au_genesis_encode(&chain->genesis, &genesis);
    AU_ASSERT(chain->genesis.err == AU_OK);
    au_mem_free(accounts);
}

struct au_kv chain_open_store(const struct chain *chain, const char *name)
{
    char text[AU_KV_MESSAGE_SIZE];
    char path[sizeof(chain->folder) + 8];
    struct au_rocks_options options = au_rocks_options_default();
    struct au_kv kv;
    (void)snprintf(path, sizeof(path), "%s/%s", chain->folder, name);
    if (au_rocks_open(path, &options, text, &kv) != AU_OK) {
        (void)fprintf(stderr, "cannot open %s: %s\n", path, text);
        exit(1);
    }
    return kv;
}

static void open_chain(struct chain *chain)
{
    struct au_buf message;
    chain->kv = chain_open_store(chain, "store");
    tap.below = chain->kv.ops;
    tap.ops = *tap.below;
    tap.ops.write = tap_write;
    chain->kv.ops = &tap.ops;
    au_buf_init(&message, 1000);
    struct au_ledger_options options = {
        .kv = chain->kv, .engine = chain->engine, .genesis = au_buf_bytes(&chain->genesis)};
    AU_ASSERT(au_ledger_open(&options, &message, &chain->ledger) == AU_OK);
    /* Both processors have work: a second thread for the tries gains nothing, and has time of its
     * own, which nobody counts. */
    chain->ledger->commit.tries.parallel_min = SIZE_MAX;
    AU_ASSERT(au_block_new(chain->ledger, &chain->block) == AU_OK);
    au_buf_done(&message);
}

static void close_chain(struct chain *chain)
{
    au_block_free(chain->block);
    au_ledger_close(chain->ledger);
    au_kv_close(&chain->kv);
}

void chain_reopen(struct chain *chain)
{
    close_chain(chain);
    open_chain(chain);
}

static double process_ns(void)
{
    struct timespec now;
    AU_ASSERT(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

void chain_settle(void)
{
    static const struct timespec step = {.tv_nsec = SETTLE_STEP_NS};
    for (double before = 0, now = process_ns(); now - before > SETTLED_NS; now = process_ns()) {
        before = now;
        (void)nanosleep(&step, NULL);
    }
}

void chain_begin(struct chain *chain, const char *folder, uint32_t account_count,
                 uint32_t sender_count)
{
    struct au_engine_options options = {.instances_max = 2, .cache_size = 64u << 20};
    *chain = (struct chain){.account_count = account_count, .sender_count = sender_count};
    (void)snprintf(chain->folder, sizeof(chain->folder), "%s/bench_chain-XXXXXX", folder);
    if (!mkdtemp(chain->folder)) {
        (void)fprintf(stderr, "cannot make a folder in %s\n", folder);
        exit(1);
    }
    au_arena_init(&chain->arena, (size_t)1 << 30);
    AU_ASSERT(au_engine_new(&options, &au_host_env, &chain->engine) == AU_OK);
    make_keys(chain);
    make_genesis(chain);
    open_chain(chain);
}

void chain_end(struct chain *chain)
{
    close_chain(chain);
    au_engine_free(chain->engine);
    au_buf_done(&chain->genesis);
    au_arena_done(&chain->arena);
    au_mem_free(chain->keys);
    au_mem_free(chain->nonces);
    if (folder_remove(chain->folder) != 0) {
        (void)fprintf(stderr, "cannot remove %s\n", chain->folder);
    }
}

/* ---- transactions ---- */

struct au_bytes chain_sign(struct chain *chain, uint32_t sender, struct au_tx tx)
{
    struct au_buf bytes;
    struct au_buf message;
    struct au_bytes kept;
    tx.version = AU_TX_VERSION;
    tx.from = chain_address(chain, sender);
    tx.nonce = chain->nonces[sender]++;
    tx.gas_price = GAS_PRICE;
    au_buf_init(&bytes, AU_TX_SIZE_MAX);
    au_buf_init(&message, 2u * AU_TX_SIZE_MAX);
    au_tx_encode_body(&bytes, &tx);
    au_tx_put_signed_message(&message, au_ledger_genesis_hash(chain->ledger), au_buf_bytes(&bytes));
    au_sign(&chain->keys[sender], au_buf_bytes(&message), tx.signature);
    au_buf_clear(&bytes);
    au_tx_encode(&bytes, &tx);
    AU_ASSERT(bytes.err == AU_OK && message.err == AU_OK);
    AU_ASSERT(au_arena_copy(&chain->arena, au_buf_bytes(&bytes), &kept) == AU_OK);
    au_buf_done(&bytes);
    au_buf_done(&message);
    return kept;
}

struct au_checked chain_decode(const struct chain *chain, struct au_bytes bytes)
{
    struct au_checked checked;
    struct au_decode error;
    const struct au_params *params = au_ledger_params(chain->ledger);
    AU_ASSERT(au_check_decode(params, bytes, &checked, &error) == AU_INVALID_NONE);
    return checked;
}

const struct au_receipt *chain_apply(struct chain *chain, const struct au_checked *checked)
{
    struct au_applied applied;
    AU_ASSERT(au_block_apply(chain->block, checked, &applied) == AU_OK);
    if (applied.invalid != AU_INVALID_NONE || applied.receipt->outcome != AU_OUTCOME_SUCCESS) {
        (void)fprintf(stderr, "a transaction failed: invalid %u, outcome %u %.*s\n",
                      (unsigned)applied.invalid,
                      applied.receipt ? (unsigned)applied.receipt->outcome : 0u,
                      applied.receipt ? (int)applied.receipt->note.size : 0,
                      applied.receipt ? (const char *)applied.receipt->note.data : "");
        exit(1);
    }
    return applied.receipt;
}

struct au_address chain_commit(struct chain *chain, const struct au_tx *txs, uint32_t count)
{
    struct au_address created = {0};
    AU_ASSERT(au_block_begin(chain->block, 0) == AU_OK);
    for (uint32_t i = 0; i < count; i++) {
        struct au_checked checked = chain_decode(chain, chain_sign(chain, 0, txs[i]));
        created = chain_apply(chain, &checked)->created;
    }
    AU_ASSERT(au_block_seal(chain->block) == AU_OK);
    AU_ASSERT(au_block_commit(chain->block) == AU_OK);
    return created;
}

struct au_address chain_deploy(struct chain *chain, struct au_bytes code, struct au_tx tx)
{
    struct au_buf module;
    char message[256];
    au_buf_init(&module, 1u << 20);
    AU_ASSERT(bench_put_code(&module, code, message));
    tx.kind = AU_TX_DEPLOY;
    tx.code = au_buf_bytes(&module);
    tx.gas_limit = CHAIN_GAS;
    struct au_address address = chain_commit(chain, &tx, 1);
    au_buf_done(&module);
    return address;
}
