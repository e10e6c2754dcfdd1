/* Goal: what a contract finds when it walks over its storage is the same at the head, over an open
 * block, at an older height, for a block that is executed once more, after the ledger was opened
 * again and after blocks were taken back.
 * Method: blocks that write and delete slots, some of them by a walk; the keys that are there are
 * known from a model. */
#include "ledger/rollback.h"
#include "world.h"

#define HEAD 24u
#define KEYS 12u
#define BACK 9u /* the height that is gone back to */

/* list gives the keys in order, 8 bytes each; sweep deletes all of them while it walks. */
static const char code_text[] = WORLD_SLOTS(
    "(import \"env\" \"iter_open\" (func $open (param i32 i32) (result i32)))"
    "(import \"env\" \"iter_next\" (func $next (param i32 i32 i32 i32 i32) (result i64)))"
    "(import \"env\" \"iter_close\" (func $close (param i32)))"
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    "(func (export \"list\") (local $out i32) (local $iter i32)"
    "  (local.set $out (i32.const 1024))"
    "  (local.set $iter (call $open (i32.const 0) (i32.const 0)))"
    "  (loop $again (if (i64.ge_s (call $next (local.get $iter) (local.get $out) (i32.const 8)"
    "      (i32.const 0) (i32.const 0)) (i64.const 0))"
    "    (then (local.set $out (i32.add (local.get $out) (i32.const 8))) (br $again))))"
    "  (call $close (local.get $iter))"
    "  (call $return_data (i32.const 1024) (i32.sub (local.get $out) (i32.const 1024))))"
    "(func (export \"sweep\") (local $iter i32)"
    "  (local.set $iter (call $open (i32.const 0) (i32.const 0)))"
    "  (loop $again (if (i64.ge_s (call $next (local.get $iter) (i32.const 0) (i32.const 8)"
    "      (i32.const 0) (i32.const 0)) (i64.const 0))"
    "    (then (drop (call $delete (i32.const 0) (i32.const 8))) (br $again)))))");

struct model {
    bool has[KEYS];
};

static struct world world;
static struct model models[HEAD + 1]; /* by height */
static struct au_address contract;

static struct au_address deploy(void)
{
    struct au_tx tx = {
        .kind = AU_TX_DEPLOY, .code = world_code(&world, code_text), .gas_limit = 1000000};
    const struct au_receipt *receipt = world_apply(&world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    return receipt->created;
}

static struct au_tx call_of(const char *function)
{
    return (struct au_tx){
        .kind = AU_TX_CALL, .to = contract, .gas_limit = 100000, .function = au_bytes_of(function)};
}

/* Keys are numbers, little-endian, below 256. */
static void change(struct model *model, unsigned key, bool is_put)
{
    world_change_slot(&world, &contract, is_put, key, 7);
    model->has[key] = is_put;
}

static void make_block(void)
{
    unsigned n = (unsigned)au_ledger_head(world.ledger).height + 1;
    struct model model = models[n - 1];
    world_begin(&world);
    if (n == 1) contract = deploy();
    for (unsigned i = 0; i < 4; i++)
        change(&model, (n * 5 + i * i) % KEYS, (n + i) % 3 != 0);
    if (n % 6 == 0) {
        assert_int_equal(world_apply(&world, CAROL, call_of("sweep"))->outcome, AU_OUTCOME_SUCCESS);
        model = (struct model){0};
        change(&model, n % KEYS, true);
    }
    (void)world_commit(&world);
    models[n] = model;
}

/* What list gives, over whatever block is open. */
static void expect_listed(const struct model *model)
{
    struct au_view view = {
        .contract = contract, .function = au_bytes_of("list"), .gas_limit = 1000000};
    struct au_view_result result;
    size_t count = 0;
    assert_ok(au_block_view(world.block, &view, &result));
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    for (unsigned key = 0; key < KEYS; key++) {
        if (!model->has[key]) continue;
        uint8_t wanted[8] = {(uint8_t)key};
        assert_true(result.output.size >= 8 * (count + 1));
        assert_memory_equal(result.output.data + 8 * count++, wanted, 8);
    }
    assert_int_equal(result.output.size, 8 * count);
}

static void expect_heights(void)
{
    uint64_t head = au_ledger_head(world.ledger).height;
    for (uint64_t height = 1; height <= head; height++) {
        assert_ok(au_block_begin_past(world.block, height));
        expect_listed(&models[height]);
        au_block_abort(world.block);
    }
}

static void begin(void)
{
    world_open(&world, NULL);
    while (au_ledger_head(world.ledger).height < HEAD)
        make_block();
}

static void test_heights(void **state)
{
    (void)state;
    begin();
    expect_heights();
    world_close_ledger(&world);
    world_open_ledger(&world);
    expect_heights();
    world_close(&world);
}

/* A view sees what the open block has changed; what is aborted was never there. */
static void test_open_block(void **state)
{
    (void)state;
    begin();
    struct model model = models[HEAD];
    world_begin(&world);
    expect_listed(&model);
    for (unsigned i = 0; i < 2 * KEYS; i++) {
        change(&model, i * 7 % KEYS, i % 3 == 0);
        expect_listed(&model);
    }
    au_block_abort(world.block);
    world_begin(&world);
    expect_listed(&models[HEAD]);
    au_block_abort(world.block);
    world_close(&world);
}

static void test_rolled_back(void **state)
{
    (void)state;
    begin();
    struct au_buf message;
    struct au_header head;
    world_close_ledger(&world);
    au_buf_init(&message, 1000);
    assert_ok(au_ledger_roll_back(&world.kv, BACK, &message, &head));
    au_buf_done(&message);
    world_open_ledger(&world);
    assert_int_equal(au_ledger_head(world.ledger).height, BACK);
    expect_heights();
    world_close(&world);
}

/* The price of keys that the block deleted is the same when the block is executed again, and is not
 * there in the block after it. */
static void test_executed_again(void **state)
{
    (void)state;
    struct au_bytes txs[3];
    uint64_t gas_used[AU_COUNT_OF(txs)];
    begin();
    world_begin(&world);
    struct model model = models[HEAD];
    for (unsigned key = 0; key < KEYS; key++)
        change(&model, key, true);
    (void)world_commit(&world);
    world_begin(&world);
    static const char *const functions[] = {"list", "sweep", "list"};
    for (size_t i = 0; i < AU_COUNT_OF(txs); i++) {
        txs[i] = world_sign(&world, ALICE, call_of(functions[i]));
        world.nonces[ALICE]++;
        gas_used[i] = world_apply_bytes(&world, txs[i]).receipt->gas_used;
    }
    (void)world_commit(&world);
    world_begin(&world);
    uint64_t clean = world_apply(&world, ALICE, call_of("list"))->gas_used;
    (void)world_commit(&world);
    assert_in_range(gas_used[2] - clean, KEYS - 1, KEYS + 1); /* 1 gas each, up to rounding */
    assert_ok(au_block_begin_again(world.block, HEAD + 2));
    for (size_t i = 0; i < AU_COUNT_OF(txs); i++)
        assert_int_equal(world_apply_bytes(&world, txs[i]).receipt->gas_used, gas_used[i]);
    au_block_abort(world.block);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_heights),
        cmocka_unit_test(test_open_block),
        cmocka_unit_test(test_rolled_back),
        cmocka_unit_test(test_executed_again),
    };
    return cmocka_run_group_tests_name("ledger/walks", tests, NULL, NULL);
}
