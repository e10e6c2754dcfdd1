/* A chain for tests: people with keys and balances, and blocks made by hand. */
#ifndef AUREON_TEST_LEDGER_WORLD_H
#define AUREON_TEST_LEDGER_WORLD_H

#include <stdatomic.h>

#include "contract/host.h"
#include "crypto/sign.h"
#include "ledger/block.h"
#include "store/memkv.h"
#include "unit/unit.h"
#include "unit/vm/cmocka_signals.h"

#define PEOPLE  4u
#define RICH    UINT64_C(1000000000000000) /* base units that each of them begins with */
#define PRICE   UINT64_C(1000)
#define TIME_MS UINT64_C(1700000000000)

enum person { ALICE, BOB, CAROL, DAVE, NOBODY = PEOPLE }; /* Dave proposes; NOBODY has nothing */

struct world {
    struct au_kv kv;
    struct au_engine *engine;
    struct au_buf genesis;
    struct au_ledger *ledger;
    struct au_block *block;
    struct au_arena arena;
    struct au_sign_key keys[PEOPLE + 1];
    uint64_t nonces[PEOPLE + 1];
};

static inline struct au_address world_address(const struct world *world, enum person person)
{
    struct au_address address;
    memcpy(address.bytes, world->keys[person].public_key, AU_ADDRESS_SIZE);
    return address;
}

static inline int world_compare(const void *a, const void *b)
{
    return memcmp(a, b, AU_ADDRESS_SIZE);
}

static inline void world_make_genesis(struct world *world, const struct au_params *params)
{
    struct au_genesis_account accounts[PEOPLE];
    for (unsigned i = 0; i <= PEOPLE; i++) {
        uint8_t secret[32];
        memset(secret, (int)i + 1, sizeof(secret));
        au_sign_key_from_seed(&world->keys[i], secret);
        if (i == PEOPLE) break;
        accounts[i] = (struct au_genesis_account){world_address(world, (enum person)i), RICH};
    }
    qsort(accounts, PEOPLE, sizeof(accounts[0]), world_compare);
    struct au_genesis genesis = {
        .chain_id = au_bytes_of("test"),
        .time_ms = TIME_MS,
        .params = params ? *params : au_params_default(),
        .accounts = accounts,
        .account_count = PEOPLE,
        .proposer = world_address(world, DAVE),
    };
    au_buf_init(&world->genesis, 1 << 20);
    au_genesis_encode(&world->genesis, &genesis);
    assert_int_equal(world->genesis.err, AU_OK);
}

static inline void world_open_ledger(struct world *world)
{
    struct au_ledger_options options = {
        .kv = world->kv, .engine = world->engine, .genesis = au_buf_bytes(&world->genesis)};
    struct au_buf message;
    au_buf_init(&message, 1000);
    enum au_err err = au_ledger_open(&options, &message, &world->ledger);
    if (err != AU_OK) print_message("# %.*s\n", (int)message.size, (char *)message.data);
    assert_int_equal(err, AU_OK);
    au_buf_done(&message);
    assert_int_equal(au_block_new(world->ledger, &world->block), AU_OK);
}

static inline void world_close_ledger(struct world *world)
{
    au_block_free(world->block);
    au_ledger_close(world->ledger);
}

/* A program that compiles for the worlds that are opened from now on; NULL: this process does. */
static const char *world_helper;

/* kv: the world owns it. */
static inline void world_open_on(struct world *world, struct au_kv kv,
                                 const struct au_params *params)
{
    *world = (struct world){.kv = kv};
    struct au_engine_options options = {
        .instances_max = 2, .cache_size = 64 << 20, .helper = world_helper};
    au_arena_init(&world->arena, 1 << 30);
    assert_int_equal(au_engine_new(&options, &au_host_env, &world->engine), AU_OK);
    world_make_genesis(world, params);
    world_open_ledger(world);
}

static inline void world_open(struct world *world, const struct au_params *params)
{
    struct au_kv kv;
    assert_int_equal(au_memkv_open(&kv), AU_OK);
    world_open_on(world, kv, params);
}

static inline void world_close(struct world *world)
{
    world_close_ledger(world);
    au_engine_free(world->engine);
    au_kv_close(&world->kv);
    au_buf_done(&world->genesis);
    au_arena_done(&world->arena);
}

/* Completes a transaction (version, sender, price, and the next nonce unless one is given), signs
 * and encodes it. */
static inline struct au_bytes world_sign(struct world *world, enum person from, struct au_tx tx)
{
    struct au_buf bytes, message;
    struct au_bytes kept;
    tx.version = AU_TX_VERSION;
    tx.from = world_address(world, from);
    if (tx.nonce == 0) tx.nonce = world->nonces[from];
    if (tx.gas_price == 0) tx.gas_price = PRICE;
    au_buf_init(&bytes, 2 << 20);
    au_buf_init(&message, 2 << 20);
    au_tx_encode_body(&bytes, &tx);
    au_tx_put_signed_message(&message, au_ledger_genesis_hash(world->ledger), au_buf_bytes(&bytes));
    au_sign(&world->keys[from], au_buf_bytes(&message), tx.signature);
    au_buf_clear(&bytes);
    au_tx_encode(&bytes, &tx);
    assert_int_equal(bytes.err, AU_OK);
    assert_int_equal(au_arena_copy(&world->arena, au_buf_bytes(&bytes), &kept), AU_OK);
    au_buf_done(&bytes);
    au_buf_done(&message);
    return kept;
}

static inline struct au_checked world_check(struct world *world, struct au_bytes bytes)
{
    struct au_checked checked;
    struct au_decode error;
    bool is_valid;
    assert_int_equal(au_check_decode(au_ledger_params(world->ledger), bytes, &checked, &error), 0);
    assert_int_equal(au_check_signature(&checked, au_ledger_genesis_hash(world->ledger), &is_valid),
                     AU_OK);
    assert_true(is_valid);
    return checked;
}

static inline struct au_applied world_apply_bytes(struct world *world, struct au_bytes bytes)
{
    struct au_checked checked = world_check(world, bytes);
    struct au_applied applied;
    assert_int_equal(au_block_apply(world->block, &checked, &applied), AU_OK);
    return applied;
}

/* Applies a transaction that must get a receipt. */
static inline const struct au_receipt *world_apply(struct world *world, enum person from,
                                                   struct au_tx tx)
{
    struct au_applied applied = world_apply_bytes(world, world_sign(world, from, tx));
    assert_int_equal(applied.invalid, AU_INVALID_NONE);
    world->nonces[from]++;
    return applied.receipt;
}

static inline void world_begin(struct world *world)
{
    assert_int_equal(au_block_begin(world->block, 0), AU_OK);
}

static inline struct au_header world_commit(struct world *world)
{
    assert_int_equal(au_block_seal(world->block), AU_OK);
    struct au_header header = *au_block_header(world->block);
    assert_int_equal(au_block_commit(world->block), AU_OK);
    return header;
}

static inline struct au_account world_account(struct world *world, const struct au_address *address)
{
    struct au_read read;
    struct au_account account;
    assert_int_equal(au_read_open(world->ledger, &read), AU_OK);
    assert_int_equal(au_flat_account(&read.flat, address, &account), AU_OK);
    au_read_close(&read);
    return account;
}

static inline struct au_account world_person(struct world *world, enum person person)
{
    struct au_address address = world_address(world, person);
    return world_account(world, &address);
}

static inline struct au_bytes world_code(struct world *world, const char *text)
{
    struct au_buf code;
    struct au_bytes kept;
    char message[200] = "";
    au_buf_init(&code, 1 << 20);
    enum au_err err = au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof(message));
    if (err != AU_OK) print_message("# %s\n", message);
    assert_int_equal(err, AU_OK);
    assert_int_equal(au_arena_copy(&world->arena, au_buf_bytes(&code), &kept), AU_OK);
    au_buf_done(&code);
    return kept;
}

/* For stores that stand between: what changes the head survives a loss of power. */
static inline void world_expect_synced(const struct au_kv_batch *batch, bool is_synced)
{
    struct au_kv_op op;
    for (size_t offset = 0; au_kv_batch_next(batch, &offset, &op);) {
        bool is_head = op.cf == AU_CF_META && au_bytes_is_equal(op.key, au_bytes_of("head"));
        AU_ASSERT(!is_head || is_synced);
    }
}

/* A store whose writes fail once some have been made. There is one at a time. */
static struct {
    const struct au_kv_ops *below;
    struct au_kv_ops ops;
    atomic_size_t left; /* writes that are made still */
} world_failing;

static inline enum au_err world_write_or_fail(void *ctx, const struct au_kv_batch *batch,
                                              bool is_synced)
{
    world_expect_synced(batch, is_synced);
    if (atomic_load(&world_failing.left) == 0) return AU_ERR_IO;
    atomic_fetch_sub(&world_failing.left, 1);
    return world_failing.below->write(ctx, batch, is_synced);
}

static inline struct au_kv world_failing_kv(const struct au_kv *kv, size_t left)
{
    world_failing.below = kv->ops;
    world_failing.ops = *kv->ops;
    world_failing.ops.write = world_write_or_fail;
    atomic_store(&world_failing.left, left);
    return (struct au_kv){&world_failing.ops, kv->ctx};
}

/* A contract that stores a number under another one, and deletes it; with more fields, imports
 * before others. */
#define WORLD_SLOTS(more)                                                                   \
    "(module (import \"env\" \"storage_write\""                                             \
    "  (func $write (param i32 i32 i32 i32) (result i32)))"                                 \
    " (import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))" more \
    " (memory 1 1)"                                                                         \
    " (func (export \"put\") (param i64 i64) (i64.store (i32.const 0) (local.get 0))"       \
    "  (i64.store (i32.const 8) (local.get 1))"                                             \
    "  (drop (call $write (i32.const 0) (i32.const 8) (i32.const 8) (i32.const 8))))"       \
    " (func (export \"del\") (param i64) (i64.store (i32.const 0) (local.get 0))"           \
    "  (drop (call $delete (i32.const 0) (i32.const 8)))))"

/* Bob calls put or del of it. */
static inline void world_change_slot(struct world *world, const struct au_address *contract,
                                     bool is_put, uint64_t key, uint64_t value)
{
    uint8_t args[24] = {8};
    memcpy(args + 4, &key, 8);
    args[12] = 8;
    memcpy(args + 16, &value, 8);
    struct au_tx tx = {.kind = AU_TX_CALL,
                       .to = *contract,
                       .gas_limit = 10000,
                       .function = au_bytes_of(is_put ? "put" : "del"),
                       .args = {args, is_put ? 24 : 12},
                       .arg_count = is_put ? 2 : 1};
    assert_int_equal(world_apply(world, BOB, tx)->outcome, AU_OUTCOME_SUCCESS);
}

#endif
