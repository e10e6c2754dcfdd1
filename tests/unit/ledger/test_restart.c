/* Goal: what was committed is there after a restart, byte for byte, on disk as in memory; a store
 * of another chain is refused; damage is told.
 * Method: the same blocks over both stores; the one on disk is closed and opened after each. */
#include <unistd.h>

#include "chain/chain.h"
#include "state/verify.h"
#include "store/rocks.h"
#include "support/folder.h"
#include "world.h"

static struct au_kv open_rocks(const char *path)
{
    struct au_rocks_options options = au_rocks_options_default();
    char message[AU_KV_MESSAGE_SIZE];
    struct au_kv kv;
    assert_int_equal(au_rocks_open(path, &options, message, &kv), AU_OK);
    return kv;
}

static void restart(struct world *world, const char *path)
{
    world_close_ledger(world);
    au_kv_close(&world->kv);
    world->kv = open_rocks(path);
    world_open_ledger(world);
}

static struct au_verified verify(struct world *world)
{
    struct au_header head = au_ledger_head(world->ledger);
    struct au_verified verified = {0};
    struct au_buf message;
    au_buf_init(&message, 1000);
    enum au_err err =
        au_state_verify(&world->kv, head.height, &head.state_root, NULL, &message, &verified);
    if (err != AU_OK) print_message("# %.*s\n", (int)message.size, (char *)message.data);
    assert_int_equal(err, AU_OK);
    au_buf_done(&message);
    return verified;
}

/* Two u64 arguments. */
static struct au_bytes two_args(struct world *world, uint64_t a, uint64_t b)
{
    uint8_t *items = au_arena_get(&world->arena, 24);
    uint32_t size = 8;
    memcpy(items, &size, 4);
    memcpy(items + 4, &a, 8);
    memcpy(items + 12, &size, 4);
    memcpy(items + 16, &b, 8);
    return (struct au_bytes){items, 24};
}

/* Block number n of a history: a deployment, then slots that come and go, and new accounts. */
static void fill_block(struct world *world, unsigned n, struct au_address *contract)
{
    world_begin(world);
    if (n == 0) {
        struct au_tx deploy = {
            .kind = AU_TX_DEPLOY, .code = world_code(world, WORLD_SLOTS("")), .gas_limit = 1000000};
        *contract = world_apply(world, ALICE, deploy)->created;
    }
    for (uint64_t i = 0; i < 20; i++) {
        bool is_put = (i + n) % 3 != 0;
        struct au_tx call = {.kind = AU_TX_CALL,
                             .to = *contract,
                             .gas_limit = 10000,
                             .function = au_bytes_of(is_put ? "put" : "del")};
        call.args = two_args(world, i * n % 50, i + n);
        call.arg_count = is_put ? 2 : 1;
        if (!is_put) call.args.size = 12;
        assert_int_equal(world_apply(world, BOB, call)->outcome, AU_OUTCOME_SUCCESS);
        struct au_tx pay = {.kind = AU_TX_TRANSFER, .amount = 1000 + i};
        memset(pay.to.bytes, (int)(16 + (i * 7 + n) % 200), AU_ADDRESS_SIZE);
        world_apply(world, ALICE, pay);
    }
}

static struct au_header make_block(struct world *world, unsigned n, struct au_address *contract)
{
    fill_block(world, n, contract);
    return world_commit(world);
}

static void test_restart(void **state)
{
    (void)state;
    char path[] = "/tmp/aureon-test-XXXXXX";
    static struct world disk, memory;
    struct au_address a, b;
    assert_non_null(mkdtemp(path));
    world_open_on(&disk, open_rocks(path), NULL);
    world_open(&memory, NULL);
    for (unsigned n = 0; n < 12; n++) {
        struct au_header x = make_block(&disk, n, &a);
        struct au_header y = make_block(&memory, n, &b);
        struct au_hash x_hash = au_header_hash(&x);
        struct au_hash y_hash = au_header_hash(&y);
        assert_memory_equal(x_hash.bytes, y_hash.bytes, AU_HASH_SIZE);
        struct au_verified verified = verify(&disk);
        assert_memory_equal(verified.root.bytes, x.state_root.bytes, AU_HASH_SIZE);
        assert_true(verified.slot_count > 7 && verified.account_count > 5);
        (void)verify(&memory);
        restart(&disk, path);
        struct au_header head = au_ledger_head(disk.ledger);
        struct au_hash head_hash = au_header_hash(&head);
        assert_memory_equal(head_hash.bytes, x_hash.bytes, AU_HASH_SIZE);
    }
    world_close(&disk);
    world_close(&memory);
    assert_int_equal(folder_remove(path), 0);
}

/* ---- a batch that is not written ---- */

/* Whoever looks sees what the store has, whatever is in memory. */
static void expect_stored(struct world *world, const struct au_address *contract)
{
    const struct au_address addresses[] = {world_address(world, ALICE), world_address(world, BOB),
                                           *contract};
    struct au_flat stored;
    struct au_read read;
    au_flat_init(&stored, &world->kv, NULL);
    assert_ok(au_read_open(world->ledger, &read));
    for (size_t i = 0; i < AU_COUNT_OF(addresses); i++) {
        struct au_account expected, account;
        assert_ok(au_flat_account(&stored, &addresses[i], &expected));
        assert_ok(au_flat_account(&read.flat, &addresses[i], &account));
        assert_true(account.nonce == expected.nonce && account.balance == expected.balance);
        assert_memory_equal(&account.storage_root, &expected.storage_root, AU_HASH_SIZE);
    }
    for (uint64_t i = 0; i < 50; i++) {
        struct au_bytes key = {(const uint8_t *)&i, sizeof(i)};
        struct au_slot expected, slot;
        assert_ok(au_flat_slot(&stored, contract, key, &expected));
        assert_ok(au_flat_slot(&read.flat, contract, key, &slot));
        assert_int_equal(slot.exists, expected.exists);
        assert_true(au_bytes_is_equal(slot.value, expected.value));
    }
    au_read_close(&read);
    au_flat_done(&stored);
}

/* What was not written has not happened, in memory as on disk; another block can be made. */
static void test_commit_that_fails(void **state)
{
    (void)state;
    static struct world world, other;
    struct au_address contract, same;
    struct au_kv kv;
    assert_ok(au_memkv_open(&kv));
    world_open_on(&world, world_failing_kv(&kv, SIZE_MAX), NULL);
    world_open(&other, NULL);
    for (unsigned n = 0; n < 12; n++) {
        uint64_t nonces[PEOPLE + 1];
        struct au_header head = au_ledger_head(world.ledger);
        memcpy(nonces, world.nonces, sizeof(nonces));
        fill_block(&world, n == 0 ? 0 : n + 13, &contract);
        assert_ok(au_block_seal(world.block));
        atomic_store(&world_failing.left, 0);
        assert_err(au_block_commit(world.block), AU_ERR_IO);
        atomic_store(&world_failing.left, SIZE_MAX);
        struct au_header after = au_ledger_head(world.ledger);
        assert_int_equal(after.height, head.height);
        assert_memory_equal(after.state_root.bytes, head.state_root.bytes, AU_HASH_SIZE);
        expect_stored(&world, &contract);
        (void)verify(&world);
        au_block_abort(world.block);
        memcpy(world.nonces, nonces, sizeof(nonces));
        struct au_header a = make_block(&world, n, &contract);
        struct au_header b = make_block(&other, n, &same);
        struct au_hash a_hash = au_header_hash(&a), b_hash = au_header_hash(&b);
        assert_memory_equal(a_hash.bytes, b_hash.bytes, AU_HASH_SIZE);
        expect_stored(&world, &contract);
        (void)verify(&world);
    }
    world_close(&world);
    world_close(&other);
}

static void test_records_are_found(void **state)
{
    (void)state;
    static struct world world;
    struct au_address contract;
    world_open(&world, NULL);
    make_block(&world, 0, &contract);
    struct au_header header = make_block(&world, 1, &contract);
    struct au_chain_reader chain;
    struct au_tx tx;
    struct au_receipt receipt;
    struct au_bytes bytes;
    struct au_header found;
    uint64_t height;
    struct au_hash hash = au_header_hash(&header);
    au_chain_reader_init(&chain, &world.kv, NULL);
    assert_int_equal(au_chain_header(&chain, 2, &found), AU_OK);
    assert_memory_equal(found.state_root.bytes, header.state_root.bytes, AU_HASH_SIZE);
    assert_int_equal(au_chain_height(&chain, &hash, &height), AU_OK);
    assert_int_equal(height, 2);
    for (uint32_t i = 0; i < header.tx_count; i++) {
        struct au_chain_place place = {2, i}, again;
        assert_int_equal(au_chain_tx(&chain, place, &tx, &bytes), AU_OK);
        struct au_hash id = au_tx_id(bytes);
        assert_int_equal(au_chain_receipt(&chain, place, &receipt), AU_OK);
        assert_memory_equal(receipt.id.bytes, id.bytes, AU_HASH_SIZE);
        assert_int_equal(au_chain_place(&chain, &id, &again), AU_OK);
        assert_true(again.height == 2 && again.index == i);
    }
    au_chain_reader_done(&chain);
    world_close(&world);
}

static void test_other_chain_refused(void **state)
{
    (void)state;
    static struct world world;
    struct au_buf message;
    struct au_ledger *ledger;
    world_open(&world, NULL);
    world_close_ledger(&world);
    struct au_params params = au_params_default();
    params.gas_price_min = 7;
    au_buf_done(&world.genesis);
    world_make_genesis(&world, &params);
    au_buf_init(&message, 1000);
    struct au_ledger_options options = {
        .kv = world.kv, .engine = world.engine, .genesis = au_buf_bytes(&world.genesis)};
    assert_int_equal(au_ledger_open(&options, &message, &ledger), AU_ERR_INVALID_ARG);
    assert_true(message.size > 0);
    au_buf_clear(&message);
    options.genesis.size--;
    assert_int_equal(au_ledger_open(&options, &message, &ledger), AU_ERR_MALFORMED);
    assert_true(message.size > 0);
    au_buf_done(&message);
    au_engine_free(world.engine);
    au_kv_close(&world.kv);
    au_buf_done(&world.genesis);
    au_arena_done(&world.arena);
}

/* Flips a bit of the first value of a family. */
static void damage(struct au_kv *kv, enum au_cf cf)
{
    struct au_kv_range range = {.cf = cf};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_kv_batch batch;
    uint8_t value[1000];
    assert_int_equal(au_kv_iter_open(kv, NULL, &range, &iter), AU_OK);
    assert_int_equal(au_kv_iter_next(&iter, &entry), AU_OK);
    memcpy(value, entry.value.data, entry.value.size);
    value[entry.value.size - 1] ^= 1;
    au_kv_batch_init(&batch, 1 << 16);
    au_kv_batch_put(&batch, cf, entry.key, (struct au_bytes){value, entry.value.size});
    au_kv_iter_close(&iter);
    assert_int_equal(au_kv_write(kv, &batch, false), AU_OK);
    au_kv_batch_done(&batch);
}

static void test_damage_is_told(void **state)
{
    (void)state;
    static const enum au_cf families[] = {AU_CF_ACC, AU_CF_STO, AU_CF_TRI};
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        static struct world world;
        struct au_address contract;
        struct au_verified verified;
        struct au_buf message;
        au_buf_init(&message, 1000);
        world_open(&world, NULL);
        struct au_header header = make_block(&world, 0, &contract);
        world_close_ledger(&world);
        damage(&world.kv, families[i]);
        assert_int_equal(au_state_verify(&world.kv, header.height, &header.state_root, NULL,
                                         &message, &verified),
                         AU_ERR_MALFORMED);
        assert_true(message.size > 0);
        au_buf_done(&message);
        world_open_ledger(&world);
        world_close(&world);
    }
}

/* Verify's opinion of a store whose only code is another, or gone. */
static void expect_code_told(const struct au_kv *kv, const struct au_header *head, bool is_lost,
                             const char *text)
{
    const struct au_kv_range range = {.cf = AU_CF_COD};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_kv_batch batch;
    struct au_verified verified;
    struct au_buf message;
    au_buf_init(&message, 1000);
    au_kv_batch_init(&batch, 1 << 16);
    assert_ok(au_kv_iter_open(kv, NULL, &range, &iter));
    assert_ok(au_kv_iter_next(&iter, &entry));
    if (is_lost) au_kv_batch_del(&batch, AU_CF_COD, entry.key);
    if (!is_lost) au_kv_batch_put(&batch, AU_CF_COD, entry.key, au_bytes_of("another"));
    assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iter);
    assert_ok(au_kv_write(kv, &batch, false));
    assert_err(au_state_verify(kv, head->height, &head->state_root, NULL, &message, &verified),
               AU_ERR_MALFORMED);
    au_buf_put_u8(&message, 0);
    if (!strstr((const char *)message.data, text)) fail_msg("%s", (const char *)message.data);
    au_kv_batch_done(&batch);
    au_buf_done(&message);
}

static void test_damaged_code_is_told(void **state)
{
    (void)state;
    static struct world world;
    struct au_address contract;
    world_open(&world, NULL);
    struct au_header header = make_block(&world, 0, &contract);
    (void)verify(&world);
    expect_code_told(&world.kv, &header, false, "code that has another hash than 0x");
    expect_code_told(&world.kv, &header, true, "code is missing: 0x");
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_restart),           cmocka_unit_test(test_commit_that_fails),
        cmocka_unit_test(test_records_are_found), cmocka_unit_test(test_other_chain_refused),
        cmocka_unit_test(test_damage_is_told),    cmocka_unit_test(test_damaged_code_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
