/* Contracts of a chain that call, make and upgrade contracts: which code they find, in the same
 * block and in later ones, and what receipts say. */
#include "contract/tracer.h"
#include "core/address.h"
#include "crypto/sha256.h"
#include "world.h"

/* go(address, flags) calls "ok" of a contract with a value of 5 and gives the outcome; make(hash)
 * deploys code; swap(hash) upgrades. */
static const char caller_code[] =
    "(module"
    "(import \"env\" \"call\" (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"deploy\" (func $deploy (param i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"upgrade\" (func $upgrade (param i32) (result i32)))"
    "(memory 1 1) (data (i32.const 0) \"ok\\00\\00\\00\\00\\00\\00\")"
    "(func (export \"go\") (param i32 i32 i32) (result i32)"
    "  (call $call (local.get 0) (i32.const 0) (i32.const 2) (i32.const 4) (i32.const 4)"
    "    (i64.const 5) (i64.const 0) (local.get 2)))"
    "(func (export \"make\") (param i32 i32) (result i32)"
    "  (call $deploy (local.get 0) (i32.const 4) (i32.const 4) (i64.const 0) (i64.const 0)"
    "    (i32.const 64)))"
    "(func (export \"swap\") (param i32 i32) (result i32) (call $upgrade (local.get 0))))";

static const char callee_code[] =
    "(module (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(memory 1 1) (data (i32.const 0) \"kv\")"
    "(func (export \"ok\") (drop (call $write (i32.const 0) (i32.const 1) (i32.const 1)"
    "  (i32.const 1)))))";

/* emit() emits "one", calls "fail" and "ok" of itself, which emit too, and emits "two". */
static const char emitter_code[] =
    "(module"
    "(import \"env\" \"call\" (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    "(import \"env\" \"self_address\" (func $self (param i32)))"
    "(memory 1 1) (data (i32.const 0) \"ok\\00\\00\\00\\00onetwofail\")"
    "(func $say (param i32) (call $emit (local.get 0) (i32.const 3) (i32.const 64) (i32.const 1)"
    "  (local.get 0) (i32.const 2)))"
    "(func $try (param i32 i32) (drop (call $call (i32.const 64) (local.get 0) (local.get 1)"
    "  (i32.const 2) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 2))))"
    "(func (export \"ok\") (call $say (i32.const 8)))"
    "(func (export \"fail\") (call $say (i32.const 8)) unreachable)"
    "(func (export \"emit\") (param i32 i32) (call $self (i32.const 64)) (call $say (i32.const 6))"
    "  (call $try (i32.const 12) (i32.const 4)) (call $try (i32.const 0) (i32.const 2))"
    "  (call $say (i32.const 9)))"
    "(func (export \"lose\") (param i32 i32) (call $say (i32.const 6)) unreachable))";

static struct au_address deploy(struct world *world, struct au_bytes code, uint64_t value)
{
    struct au_tx tx = {.kind = AU_TX_DEPLOY, .code = code, .gas_limit = 900000, .value = value};
    tx.has_admin = true;
    tx.admin = world_address(world, ALICE);
    const struct au_receipt *receipt = world_apply(world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    return receipt->created;
}

/* Calls a function of a contract with one argument of 32 bytes, and flags of 4 for `go`. */
static const struct au_receipt *call(struct world *world, struct au_address to,
                                     const char *function, const uint8_t bytes[32])
{
    uint8_t args[4 + 32 + 4 + 4] = {32};
    bool has_flags = strcmp(function, "go") == 0;
    memcpy(args + 4, bytes, 32);
    args[36] = 4;
    struct au_tx tx = {.kind = AU_TX_CALL,
                       .to = to,
                       .function = au_bytes_of(function),
                       .args = {args, has_flags ? sizeof(args) : 36},
                       .arg_count = has_flags ? 2 : 1,
                       .gas_limit = 900000};
    return world_apply(world, ALICE, tx);
}

static void assert_gives(const struct au_receipt *receipt, uint32_t number)
{
    uint32_t output;
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(receipt->output.size, sizeof(output));
    memcpy(&output, receipt->output.data, sizeof(output));
    assert_int_equal(output, number);
}

/* Within the block that brought the code, and in the next. */
static void test_call(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address caller = deploy(&world, world_code(&world, caller_code), 100);
    struct au_address callee = deploy(&world, world_code(&world, callee_code), 0);
    const struct au_receipt *receipt = call(&world, caller, "go", callee.bytes);
    assert_gives(receipt, 0);
    assert_int_equal(receipt->balances.count, 3); /* Alice's fee, and the value */
    assert_int_equal(receipt->slots.count, 1);
    world_commit(&world);
    assert_int_equal(world_account(&world, &caller).balance, 95);
    assert_int_equal(world_account(&world, &callee).balance, 5);

    world_begin(&world);
    struct au_address alice = world_address(&world, ALICE);
    assert_gives(call(&world, caller, "go", callee.bytes), 0);
    assert_gives(call(&world, caller, "go", caller.bytes), AU_OUTCOME_NOT_ALLOWED);
    assert_gives(call(&world, caller, "go", alice.bytes), AU_OUTCOME_NO_CONTRACT);
    assert_gives(call(&world, caller, "go", au_address_system.bytes), AU_OUTCOME_NO_CONTRACT);
    world_commit(&world);
    assert_int_equal(world_account(&world, &caller).balance, 90);
    world_close(&world);
}

static const char looked_code[] =
    "(module (import \"env\" \"caller\" (func $caller (param i32))) (memory 1 1)"
    "(func (export \"ok\") (result i32) (call $caller (i32.const 64)) (i32.load8_u (i32.const "
    "0))))";

static struct au_host_watch looking; /* the tracer's own */

/* Who looks, and writes to the contract's memory where it may only look. */
static void meddle(void *context, const struct au_instance *instance,
                   const struct au_host_entry *entry, const union au_value *args,
                   int64_t steps_left)
{
    instance->memory[0]++;
    looking.begins(context, instance, entry, args, steps_left);
}

/* With a tracer all is as without; or it is said that it is not, and nothing has happened. */
static void test_traced(void **state)
{
    (void)state;
    struct world world;
    struct au_tracer tracer;
    struct au_applied applied;
    struct au_view_result result;
    au_tracer_init(&tracer);
    looking = tracer.watch;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address to = deploy(&world, world_code(&world, looked_code), 0);
    world_commit(&world);
    struct au_tx tx = {
        .kind = AU_TX_CALL, .to = to, .function = au_bytes_of("ok"), .gas_limit = 900000};
    struct au_checked checked = world_check(&world, world_sign(&world, ALICE, tx));
    struct au_view view = {.contract = to, .function = tx.function, .gas_limit = 900000};

    world_begin(&world);
    au_block_trace(world.block, &tracer);
    assert_int_equal(au_block_view(world.block, &view, &result), AU_OK);
    assert_int_equal(tracer.entry_count, 2);
    assert_int_equal(tracer.first->frame.profile.count, 1);
    au_tracer_reset(&tracer);
    tracer.watch.begins = meddle;
    assert_int_equal(au_block_view(world.block, &view, &result), AU_ERR_ENGINE);
    au_tracer_reset(&tracer);
    assert_int_equal(au_block_apply(world.block, &checked, &applied), AU_ERR_ENGINE);
    tracer.watch.begins = looking.begins;
    au_tracer_reset(&tracer);
    assert_int_equal(au_block_apply(world.block, &checked, &applied), AU_OK);
    struct au_hash traced = au_receipt_digest(applied.receipt);
    assert_gives(applied.receipt, 0);
    assert_int_equal(tracer.entry_count, 2);
    au_block_abort(world.block);

    world_begin(&world);
    assert_int_equal(au_block_apply(world.block, &checked, &applied), AU_OK);
    struct au_hash alone = au_receipt_digest(applied.receipt);
    assert_true(au_hash_is_equal(&traced, &alone));
    au_block_abort(world.block);
    au_tracer_done(&tracer);
    world_close(&world);
}

/* Events of frames that failed are gone; the others are in order, in the digest, and stored. */
static void test_events(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "etw", "two"};
    static const uint8_t zeros[32];
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address emitter = deploy(&world, world_code(&world, emitter_code), 0);
    struct au_receipt receipt = *call(&world, emitter, "emit", zeros);
    assert_int_equal(receipt.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(receipt.events.count, AU_COUNT_OF(names));
    struct au_items items = receipt.events;
    struct au_receipt_event event;
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        assert_true(au_receipt_next_event(&items, &event));
        assert_memory_equal(event.contract.bytes, emitter.bytes, AU_ADDRESS_SIZE);
        assert_int_equal(event.name.size, 3);
        assert_memory_equal(event.name.data, names[i], 3);
        assert_int_equal(event.topics.size, 32);
        assert_memory_equal(event.data.data, names[i], 2);
    }
    struct au_hash digest = au_receipt_digest(&receipt);
    receipt.events.bytes.size -= 1;
    struct au_hash other = au_receipt_digest(&receipt);
    assert_false(au_hash_is_equal(&digest, &other));

    const struct au_receipt *lost = call(&world, emitter, "lose", zeros);
    assert_int_equal(lost->outcome, AU_OUTCOME_TRAPPED);
    assert_int_equal(lost->events.count, 0);
    world_commit(&world);
    world_close(&world);
}

static void test_make_and_swap(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    struct au_bytes code = world_code(&world, callee_code);
    struct au_hash hash = au_sha256(code);
    world_begin(&world);
    struct au_address caller = deploy(&world, world_code(&world, caller_code), 100);
    assert_gives(call(&world, caller, "make", hash.bytes), AU_OUTCOME_NO_CONTRACT);
    assert_gives(call(&world, caller, "swap", hash.bytes), AU_OUTCOME_NO_CONTRACT);
    (void)deploy(&world, code, 0);
    assert_gives(call(&world, caller, "make", hash.bytes), 0);
    world_commit(&world);

    struct au_address made = au_address_of_contract(&caller, 0, &hash);
    struct au_account account = world_account(&world, &made);
    assert_true(account.has_code && !account.has_admin);
    assert_memory_equal(account.code_hash.bytes, hash.bytes, sizeof(hash.bytes));
    assert_int_equal(world_account(&world, &caller).nonce, 1);

    world_begin(&world);
    assert_gives(call(&world, caller, "go", made.bytes), 0);
    assert_gives(call(&world, caller, "swap", hash.bytes), 0);
    assert_int_equal(call(&world, caller, "go", made.bytes)->outcome, AU_OUTCOME_NO_FUNCTION);
    world_commit(&world);
    account = world_account(&world, &caller);
    assert_memory_equal(account.code_hash.bytes, hash.bytes, sizeof(hash.bytes));
    assert_true(account.has_admin);
    world_close(&world);
}

/* Code that a deployment brings is on the chain for its own frames, but only if it succeeds. */
static void test_code_of_a_failed_deployment(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    struct au_bytes code = world_code(&world, "(module (func (export \"init\") unreachable))");
    struct au_hash hash = au_sha256(code);
    world_begin(&world);
    struct au_address caller = deploy(&world, world_code(&world, caller_code), 100);
    struct au_tx tx = {.kind = AU_TX_DEPLOY, .code = code, .gas_limit = 900000};
    assert_int_equal(world_apply(&world, BOB, tx)->outcome, AU_OUTCOME_TRAPPED);
    assert_gives(call(&world, caller, "make", hash.bytes), AU_OUTCOME_NO_CONTRACT);
    world_commit(&world);
    assert_int_equal(world_account(&world, &caller).nonce, 0);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_call),
        cmocka_unit_test(test_traced),
        cmocka_unit_test(test_events),
        cmocka_unit_test(test_make_and_swap),
        cmocka_unit_test(test_code_of_a_failed_deployment),
    };
    return cmocka_run_group_tests_name("ledger/calls", tests, NULL, NULL);
}
