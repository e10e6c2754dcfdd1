#include "bench/calibrate_chain.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "core/genesis.h"
#include "store/memkv.h"
#include "store/rocks.h"
#include "support/folder.h"

#define BLOCK_GAS UINT64_C(10000000000)
#define TIME_MS   UINT64_C(1700000000000)

struct au_address chain_address(uint32_t index)
{
    struct au_address address;
    uint32_t spread = index * 2654435761u;
    memset(address.bytes, 'a', sizeof(address.bytes));
    memcpy(address.bytes, &spread, sizeof(spread));
    return address;
}

static struct au_address sender_of(const struct chain *chain)
{
    struct au_address address;
    memcpy(address.bytes, chain->key.public_key, AU_ADDRESS_SIZE);
    return address;
}

static int compare_accounts(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE);
}

static void make_genesis(struct chain *chain, uint32_t count)
{
    struct au_genesis_account *accounts = au_mem_new((count + 1) * sizeof(*accounts));
    AU_ASSERT(accounts);
    for (uint32_t i = 0; i < count; i++)
        accounts[i] = (struct au_genesis_account){chain_address(i), CHAIN_BALANCE};
    accounts[count] = (struct au_genesis_account){sender_of(chain), CHAIN_BALANCE};
    qsort(accounts, count + 1, sizeof(*accounts), compare_accounts);
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("calibrate"),
        .time_ms = TIME_MS,
        .params = au_params_default(),
        .accounts = accounts,
        .account_count = count + 1,
        .proposer = sender_of(chain),
    };
    genesis.params.block_gas_limit = BLOCK_GAS;
    genesis.params.gas_price_min = 0;
    au_buf_init(&chain->genesis, AU_GENESIS_SIZE_MAX);
    au_genesis_encode(&chain->genesis, &genesis);
    AU_ASSERT(chain->genesis.err == AU_OK);
    au_mem_free(accounts);
}

static void open_store(struct chain *chain)
{
    char text[AU_KV_MESSAGE_SIZE];
    char path[sizeof(chain->folder) + 8];
    struct au_rocks_options options = au_rocks_options_default();
    if (chain->folder[0] == '\0') {
        AU_ASSERT(au_memkv_open(&chain->kv) == AU_OK);
        return;
    }
    (void)snprintf(path, sizeof(path), "%s/store", chain->folder);
    AU_ASSERT(au_rocks_open(path, &options, text, &chain->kv) == AU_OK);
}

static void open_chain(struct chain *chain)
{
    struct au_buf message;
    open_store(chain);
    au_buf_init(&message, 1000);
    struct au_ledger_options ledger = {
        .kv = chain->kv, .engine = chain->engine, .genesis = au_buf_bytes(&chain->genesis)};
    AU_ASSERT(au_ledger_open(&ledger, &message, &chain->ledger) == AU_OK);
    AU_ASSERT(au_block_new(chain->ledger, &chain->block) == AU_OK);
    au_buf_done(&message);
}

static void close_chain(struct chain *chain)
{
    au_block_free(chain->block);
    au_ledger_close(chain->ledger);
    au_kv_close(&chain->kv);
}

static int forget_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)place;
    if (type != FTW_F) return 0;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) return 0;
    (void)fsync(file);
    (void)posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED);
    return close(file);
}

void chain_reopen(struct chain *chain, bool is_on_disk)
{
    close_chain(chain);
    if (is_on_disk) (void)nftw(chain->folder, forget_one, 8, FTW_PHYS);
    open_chain(chain);
}

void chain_sign(struct chain *chain, struct au_tx tx, struct au_buf *out)
{
    struct au_buf message;
    tx.version = AU_TX_VERSION;
    tx.from = sender_of(chain);
    tx.nonce = chain->nonce++;
    au_buf_init(out, AU_TX_SIZE_MAX);
    au_buf_init(&message, 2u * AU_TX_SIZE_MAX);
    au_tx_encode_body(out, &tx);
    au_tx_put_signed_message(&message, au_ledger_genesis_hash(chain->ledger), au_buf_bytes(out));
    au_sign(&chain->key, au_buf_bytes(&message), tx.signature);
    au_buf_clear(out);
    au_tx_encode(out, &tx);
    AU_ASSERT(out->err == AU_OK && message.err == AU_OK);
    au_buf_done(&message);
}

const struct au_receipt *chain_apply(struct chain *chain, struct au_bytes bytes, bool has_signature)
{
    struct au_checked checked;
    struct au_decode error;
    struct au_applied applied;
    const struct au_hash *genesis_hash = au_ledger_genesis_hash(chain->ledger);
    const struct au_params *params = au_ledger_params(chain->ledger);
    bool is_valid = true;
    AU_ASSERT(au_check_decode(params, bytes, &checked, &error) == AU_INVALID_NONE);
    if (has_signature) AU_ASSERT(au_check_signature(&checked, genesis_hash, &is_valid) == AU_OK);
    AU_ASSERT(is_valid);
    AU_ASSERT(au_block_apply(chain->block, &checked, &applied) == AU_OK);
    AU_ASSERT(applied.invalid == AU_INVALID_NONE);
    return applied.receipt;
}

void chain_begin(struct chain *chain, const char *folder, uint32_t account_count)
{
    struct au_engine_options options = {.instances_max = 2, .cache_size = 16u << 20};
    uint8_t seed[32] = {1};
    *chain = (struct chain){0};
    if (folder) {
        (void)snprintf(chain->folder, sizeof(chain->folder), "%s/calibrate-XXXXXX", folder);
        if (!mkdtemp(chain->folder)) {
            (void)fprintf(stderr, "calibrate: cannot make a folder in %s\n", folder);
            exit(1);
        }
    }
    AU_ASSERT(au_engine_new(&options, &au_host_env, &chain->engine) == AU_OK);
    au_sign_key_from_seed(&chain->key, seed);
    make_genesis(chain, account_count);
    open_chain(chain);
}

void chain_end(struct chain *chain)
{
    close_chain(chain);
    au_engine_free(chain->engine);
    au_buf_done(&chain->genesis);
    if (chain->folder[0] != '\0' && folder_remove(chain->folder) != 0) {
        (void)fprintf(stderr, "calibrate: cannot remove %s\n", chain->folder);
    }
}
