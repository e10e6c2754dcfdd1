/* Goal: each payload does what the protocol says and nothing else; what may not be in a block is
 * told apart and leaves no trace.
 * Method: blocks by hand over a store in memory; balances counted by hand. */
#include "world.h"

static const char counter_text[] =
    "(module"
    " (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"count\")"
    " (func (export \"init\") (param i64)"
    "  (i64.store (i32.const 8) (local.get 0))"
    "  (drop (call $write (i32.const 0) (i32.const 5) (i32.const 8) (i32.const 8))))"
    " (func $get (export \"get\") (result i64)"
    "  (drop (call $read (i32.const 0) (i32.const 5) (i32.const 8) (i32.const 8)))"
    "  (i64.load (i32.const 8)))"
    " (func $add (export \"add\") (param i64) (result i64)"
    "  (i64.store (i32.const 8) (i64.add (call $get) (local.get 0)))"
    "  (drop (call $write (i32.const 0) (i32.const 5) (i32.const 8) (i32.const 8)))"
    "  (call $log (i32.const 0) (i32.const 5))"
    "  (i64.load (i32.const 8)))"
    " (func (export \"fail\") (drop (call $add (i64.const 1)))"
    "  (call $revert (i32.const 7) (i32.const 0) (i32.const 5)))"
    " (func (export \"trap\") (drop (call $add (i64.const 1))) unreachable)"
    " (func (export \"spin\") (loop (br 0))))";

static struct au_tx transfer(struct au_address to, uint64_t amount)
{
    return (struct au_tx){.kind = AU_TX_TRANSFER, .to = to, .amount = amount};
}

/* One u64 argument, encoded as items. */
static struct au_bytes number_arg(struct world *world, uint64_t number)
{
    uint8_t *item = au_arena_get(&world->arena, 12);
    uint32_t size = 8;
    memcpy(item, &size, 4);
    memcpy(item + 4, &number, 8);
    return (struct au_bytes){item, 12};
}

static struct au_tx deploy(struct world *world, const char *text)
{
    return (struct au_tx){
        .kind = AU_TX_DEPLOY, .code = world_code(world, text), .gas_limit = 1000000};
}

static struct au_tx call(struct au_address contract, const char *function)
{
    return (struct au_tx){
        .kind = AU_TX_CALL, .to = contract, .function = au_bytes_of(function), .gas_limit = 100000};
}

static struct au_address deploy_counter(struct world *world)
{
    struct au_tx tx = deploy(world, counter_text);
    tx.args = number_arg(world, 40);
    tx.arg_count = 1;
    const struct au_receipt *receipt = world_apply(world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    assert_true(receipt->has_created);
    return receipt->created;
}

/* ---- transfers ---- */

static void test_transfer(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_tx tx = transfer(world_address(&world, BOB), 500);
    struct au_bytes bytes = world_sign(&world, ALICE, tx);
    const struct au_receipt *receipt = world_apply(&world, ALICE, tx);
    uint64_t gas = (50000 + 100 * bytes.size + 999) / 1000;
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(receipt->gas_used, gas);
    assert_int_equal(receipt->fee, gas * PRICE);
    assert_int_equal(receipt->balances.count, 2);
    struct au_items items = receipt->balances;
    struct au_receipt_balance change;
    assert_true(au_receipt_next_balance(&items, &change));
    struct au_address alice = world_address(&world, ALICE);
    assert_true(au_address_is_equal(&change.address, &alice));
    assert_int_equal(change.before, RICH);
    assert_int_equal(change.after, RICH - 500 - gas * PRICE);
    struct au_header header = world_commit(&world);
    assert_int_equal(header.height, 1);
    assert_int_equal(header.gas_used, gas);
    assert_int_equal(header.tx_count, 1);

    assert_int_equal(world_person(&world, ALICE).balance, RICH - 500 - gas * PRICE);
    assert_int_equal(world_person(&world, ALICE).nonce, 1);
    assert_int_equal(world_person(&world, BOB).balance, RICH + 500);
    assert_int_equal(world_person(&world, DAVE).balance, RICH + gas * PRICE);
    world_close(&world);
}

static void test_transfer_that_creates(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    uint64_t usual = world_apply(&world, ALICE, transfer(world_address(&world, BOB), 1))->gas_used;
    struct au_tx tx = transfer(world_address(&world, NOBODY), 1);
    assert_int_equal(world_apply(&world, ALICE, tx)->gas_used, usual + 50);
    assert_int_equal(world_apply(&world, ALICE, tx)->gas_used, usual);
    world_commit(&world);
    assert_true(world_person(&world, NOBODY).exists);

    /* What moves nothing creates nobody; to oneself nothing happens. */
    struct au_address stranger = {{9}};
    world_begin(&world);
    assert_int_equal(world_apply(&world, ALICE, transfer(stranger, 0))->gas_used, usual);
    struct au_receipt own = *world_apply(&world, BOB, transfer(world_address(&world, BOB), 77));
    assert_int_equal(own.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(own.balances.count, 1);
    struct au_receipt system = *world_apply(&world, BOB, transfer(au_address_system, 77));
    assert_int_equal(system.outcome, AU_OUTCOME_NOT_ALLOWED);
    assert_int_equal(system.gas_used, usual);
    assert_true(system.note.size > 0);
    world_commit(&world);
    assert_false(world_account(&world, &stranger).exists);
    assert_int_equal(world_person(&world, BOB).balance, RICH + 1 - 2 * usual * PRICE);
    world_close(&world);
}

/* ---- validity ---- */

static enum au_invalid try(struct world *world, enum person from, struct au_tx tx)
{
    uint64_t gas_used = au_block_header(world->block)->gas_used;
    struct au_applied applied = world_apply_bytes(world, world_sign(world, from, tx));
    if (applied.invalid == AU_INVALID_NONE)
        world->nonces[from]++;
    else
        assert_int_equal(au_block_header(world->block)->gas_used, gas_used);
    return applied.invalid;
}

static void test_validity_by_state(void **state)
{
    (void)state;
    struct world world;
    struct au_params params = au_params_default();
    params.block_gas_limit = 1000000;
    world_open(&world, &params);
    world_begin(&world);
    world_commit(&world);
    world_begin(&world); /* height 2 */
    struct au_address bob = world_address(&world, BOB);
    struct au_tx tx = transfer(bob, 1);
    tx.valid_until = 1;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_EXPIRED);
    tx.valid_until = 2;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_NONE);
    world.nonces[ALICE] = 0;
    assert_int_equal(try(&world, ALICE, transfer(bob, 1)), AU_INVALID_NONCE_LOW);
    world.nonces[ALICE] = 2;
    assert_int_equal(try(&world, ALICE, transfer(bob, 1)), AU_INVALID_NONCE_HIGH);
    world.nonces[ALICE] = UINT64_MAX;
    assert_int_equal(try(&world, ALICE, transfer(bob, 1)), AU_INVALID_NONCE_HIGH);
    world.nonces[ALICE] = 1;
    tx = call(bob, "f");
    tx.gas_limit = 67;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_GAS_LOW);
    tx.gas_limit = 68; /* 50,000 + 100 x 179 bytes, rounded up */
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_NONE);
    tx.gas_limit = 1000001;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_GAS_HIGH);
    tx.gas_limit = 1000000;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_BLOCK_FULL);
    tx.gas_limit = 1000;
    tx.gas_price = 999;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_PRICE_LOW);
    tx.gas_price = UINT64_MAX;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_OVERFLOW);
    tx.gas_price = PRICE;
    tx.value = AU_AMOUNT_MAX;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_OVERFLOW);
    tx.value = AU_AMOUNT_MAX - 1000 * PRICE;
    assert_int_equal(try(&world, ALICE, tx), AU_INVALID_BALANCE);
    assert_int_equal(try(&world, NOBODY, transfer(bob, 1)), AU_INVALID_BALANCE);
    world_commit(&world);
    world_close(&world);
}

static void test_validity_by_bytes(void **state)
{
    (void)state;
    struct world world;
    struct au_params params = au_params_default();
    struct au_checked checked;
    struct au_decode error;
    bool is_valid;
    params.tx_bytes = 1024;
    world_open(&world, &params);
    struct au_tx tx = transfer(world_address(&world, BOB), 1);
    struct au_bytes good = world_sign(&world, ALICE, tx);
    uint8_t bytes[2000] = {0};
    memcpy(bytes, good.data, good.size);
    const struct au_hash *genesis_hash = au_ledger_genesis_hash(world.ledger);

    struct au_bytes large = {bytes, 1025};
    assert_int_equal(au_check_decode(&params, large, &checked, &error), AU_INVALID_SIZE);
    struct au_bytes longer = {bytes, good.size + 1};
    assert_int_equal(au_check_decode(&params, longer, &checked, &error), AU_INVALID_ENCODING);
    assert_non_null(error.error);
    assert_int_equal(error.error_at, good.size);
    struct au_bytes same = {bytes, good.size};
    bytes[0] = 2;
    assert_int_equal(au_check_decode(&params, same, &checked, &error), AU_INVALID_VERSION);
    bytes[0] = 1;
    memset(bytes + 1, 0, 32);
    assert_int_equal(au_check_decode(&params, same, &checked, &error), AU_INVALID_BAD_FROM);
    memcpy(bytes, good.data, good.size);
    bytes[good.size - 1] ^= 1;
    assert_int_equal(au_check_decode(&params, same, &checked, &error), AU_INVALID_NONE);
    assert_int_equal(au_check_signature(&checked, genesis_hash, &is_valid), AU_OK);
    assert_false(is_valid);
    /* The right signature for another chain. */
    struct au_hash other = *genesis_hash;
    other.bytes[0] ^= 1;
    assert_int_equal(au_check_decode(&params, good, &checked, &error), AU_INVALID_NONE);
    assert_int_equal(au_check_signature(&checked, &other, &is_valid), AU_OK);
    assert_false(is_valid);
    assert_int_equal(au_check_signature(&checked, genesis_hash, &is_valid), AU_OK);
    assert_true(is_valid);
    world_close(&world);
}

/* ---- contracts ---- */

static void test_contract(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address counter = deploy_counter(&world);
    struct au_tx tx = call(counter, "add");
    tx.args = number_arg(&world, 2);
    tx.arg_count = 1;
    tx.value = 300;
    const struct au_receipt *receipt = world_apply(&world, BOB, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    uint64_t output;
    assert_int_equal(receipt->output.size, 8);
    memcpy(&output, receipt->output.data, 8);
    assert_int_equal(output, 42);
    assert_int_equal(receipt->logs.count, 1);
    assert_int_equal(receipt->slots.count, 1);
    struct au_items items = receipt->slots;
    struct au_receipt_slot slot;
    assert_true(au_receipt_next_slot(&items, &slot));
    assert_true(slot.existed && slot.exists);
    assert_int_equal(slot.before.data[0], 40);
    assert_int_equal(slot.after.data[0], 42);
    world_commit(&world);
    assert_int_equal(world_account(&world, &counter).balance, 300);
    assert_true(world_account(&world, &counter).has_storage);

    /* Of the committed state, in another block, by a view. */
    world_begin(&world);
    struct au_view view = {.contract = counter, .function = au_bytes_of("get"), .gas_limit = 1000};
    struct au_view_result result;
    assert_int_equal(au_block_view(world.block, &view, &result), AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.output.data[0], 42);
    view.function = au_bytes_of("trap");
    assert_int_equal(au_block_view(world.block, &view, &result), AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_NOT_ALLOWED);
    assert_true(result.note.size > 0);
    world_commit(&world);
    world_close(&world);
}

struct failure {
    const char *function;
    enum au_outcome outcome;
    bool uses_all;
    const char *place; /* what the note ends with, or NULL */
};

static void assert_note_ends(const struct au_receipt *receipt, const char *text)
{
    struct au_bytes end = au_bytes_of(text);
    struct au_bytes note = receipt->note;
    assert_true(note.size > end.size);
    assert_memory_equal(note.data + note.size - end.size, end.data, end.size);
}

/* The offset is found by searching the module: explaining stops when a block has searched enough,
 * and starts again with the next. */
static void test_a_block_explains_so_much(void **state)
{
    (void)state;
    struct au_buf text;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    au_buf_init(&text, 1 << 20);
    au_buf_put_text(&text, "(module (func $f (export \"g\") unreachable) (@custom \"pad\" \"");
    for (size_t i = 0; i < 400000; i++)
        au_buf_put_u8(&text, 'x');
    au_buf_put_text(&text, "\"))");
    au_buf_put_u8(&text, 0);
    struct au_tx tx = deploy(&world, (const char *)text.data);
    tx.gas_limit = 2000000;
    struct au_receipt receipt = *world_apply(&world, ALICE, tx);
    assert_int_equal(receipt.outcome, AU_OUTCOME_SUCCESS);
    struct au_address contract = receipt.created;
    world_commit(&world);
    for (size_t i = 0; i < 2; i++) {
        world_begin(&world);
        for (size_t k = 0; k < 3; k++) {
            receipt = *world_apply(&world, BOB, call(contract, "g"));
            assert_int_equal(receipt.outcome, AU_OUTCOME_TRAPPED);
            assert_note_ends(&receipt, k < 2 ? ", in function 0 `f` in the block at byte 30"
                                             : ", in function 0 `g`");
        }
        world_commit(&world);
    }
    au_buf_done(&text);
    world_close(&world);
}

static void test_failures_leave_no_trace(void **state)
{
    (void)state;
    static const struct failure failures[] = {
        {"fail", AU_OUTCOME_REVERTED, false, NULL},
        {"trap", AU_OUTCOME_TRAPPED, false, ", in function 8 `trap` at byte 270"},
        {"spin", AU_OUTCOME_OUT_OF_GAS, true, ", in function 9 `spin` in the block at byte 276"},
        {"none", AU_OUTCOME_NO_FUNCTION, false, NULL},
        {"init", AU_OUTCOME_NOT_ALLOWED, false, NULL},
        {"add", AU_OUTCOME_BAD_ARGUMENTS, false, NULL},
    };
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address counter = deploy_counter(&world);
    world_commit(&world);
    struct au_hash storage_root = world_account(&world, &counter).storage_root;
    for (size_t i = 0; i < AU_COUNT_OF(failures); i++) {
        uint64_t before = world_person(&world, BOB).balance;
        struct au_tx tx = call(counter, failures[i].function);
        tx.value = 5;
        world_begin(&world);
        struct au_receipt receipt = *world_apply(&world, BOB, tx);
        assert_int_equal(receipt.outcome, failures[i].outcome);
        assert_int_equal(receipt.slots.count, 0);
        assert_int_equal(receipt.balances.count, 1);
        assert_true(receipt.note.size > 0);
        if (failures[i].place) assert_note_ends(&receipt, failures[i].place);
        if (failures[i].uses_all)
            assert_int_equal(receipt.gas_used, tx.gas_limit);
        else
            assert_true(receipt.gas_used < tx.gas_limit);
        world_commit(&world);
        assert_int_equal(world_person(&world, BOB).balance, before - receipt.fee);
        assert_int_equal(world_account(&world, &counter).balance, 0);
        struct au_hash root = world_account(&world, &counter).storage_root;
        assert_memory_equal(root.bytes, storage_root.bytes, AU_HASH_SIZE);
    }
    world_close(&world);
}

static enum au_outcome outcome_of(struct world *world, enum person from, struct au_tx tx)
{
    return world_apply(world, from, tx)->outcome;
}

static void test_deploy_refusals(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    static const uint8_t garbage[] = "no module";
    struct au_tx tx = {
        .kind = AU_TX_DEPLOY, .code = {garbage, sizeof(garbage)}, .gas_limit = 100000};
    struct au_receipt receipt = *world_apply(&world, ALICE, tx);
    assert_int_equal(receipt.outcome, AU_OUTCOME_INVALID_MODULE);
    assert_true(receipt.note.size > 0);
    assert_int_equal(outcome_of(&world, ALICE, call((struct au_address){{5}}, "f")),
                     AU_OUTCOME_NO_CONTRACT);
    /* Compiling the counter costs the squares of its functions' sizes. */
    tx = deploy(&world, counter_text);
    tx.args = number_arg(&world, 1);
    tx.arg_count = 1;
    tx.gas_limit = (10050000 + (tx.code.size * 2100) + 40000) / 1000;
    receipt = *world_apply(&world, ALICE, tx);
    assert_int_equal(receipt.outcome, AU_OUTCOME_OUT_OF_GAS);
    assert_int_equal(receipt.gas_used, tx.gas_limit);
    assert_false(receipt.has_created);
    tx = deploy(&world, "(module (func (export \"f\")))");
    tx.args = number_arg(&world, 1);
    tx.arg_count = 1;
    assert_int_equal(outcome_of(&world, ALICE, tx), AU_OUTCOME_BAD_ARGUMENTS);
    tx.args = (struct au_bytes){0};
    tx.arg_count = 0;
    tx.value = 11;
    receipt = *world_apply(&world, ALICE, tx);
    assert_int_equal(receipt.outcome, AU_OUTCOME_SUCCESS);
    world_commit(&world);
    assert_int_equal(world_account(&world, &receipt.created).balance, 11);
    world_close(&world);
}

static void test_upgrade(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_tx tx = deploy(&world, "(module (func (export \"f\") (result i32) (i32.const 1)))");
    tx.has_admin = true;
    tx.admin = world_address(&world, BOB);
    struct au_address contract = world_apply(&world, ALICE, tx)->created;
    struct au_tx upgrade = {.kind = AU_TX_UPGRADE, .to = contract, .gas_limit = 1000000};
    upgrade.code = world_code(&world, "(module (func (export \"migrate\"))"
                                      " (func (export \"f\") (result i32) (i32.const 2)))");
    assert_int_equal(outcome_of(&world, ALICE, upgrade), AU_OUTCOME_NOT_ALLOWED);
    assert_int_equal(world_apply(&world, ALICE, call(contract, "f"))->output.data[0], 1);
    assert_int_equal(outcome_of(&world, BOB, upgrade), AU_OUTCOME_SUCCESS);
    assert_int_equal(world_apply(&world, ALICE, call(contract, "f"))->output.data[0], 2);
    assert_int_equal(outcome_of(&world, ALICE, call(contract, "migrate")), AU_OUTCOME_NOT_ALLOWED);
    upgrade.to = world_address(&world, CAROL);
    assert_int_equal(outcome_of(&world, BOB, upgrade), AU_OUTCOME_NO_CONTRACT);
    world_commit(&world);
    world_begin(&world);
    assert_int_equal(world_apply(&world, ALICE, call(contract, "f"))->output.data[0], 2);
    world_commit(&world);
    world_close(&world);
}

static void test_same_code_apart(void **state)
{
    (void)state;
    struct world world;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address first = deploy_counter(&world);
    struct au_address second = deploy_counter(&world);
    assert_false(au_address_is_equal(&first, &second));
    struct au_tx tx = call(second, "add");
    tx.args = number_arg(&world, 1);
    tx.arg_count = 1;
    assert_int_equal(outcome_of(&world, ALICE, tx), AU_OUTCOME_SUCCESS);
    world_commit(&world);
    struct au_account a = world_account(&world, &first);
    struct au_account b = world_account(&world, &second);
    assert_memory_equal(a.code_hash.bytes, b.code_hash.bytes, AU_HASH_SIZE);
    assert_memory_not_equal(a.storage_root.bytes, b.storage_root.bytes, AU_HASH_SIZE);
    world_close(&world);
}

/* ---- simulation ---- */

static void test_simulation_is_the_same(void **state)
{
    (void)state;
    struct world world;
    struct au_block *other;
    world_open(&world, NULL);
    world_begin(&world);
    struct au_address counter = deploy_counter(&world);
    world_commit(&world);
    struct au_tx tx = call(counter, "add");
    tx.args = number_arg(&world, 3);
    tx.arg_count = 1;
    struct au_checked checked = world_check(&world, world_sign(&world, ALICE, tx));
    assert_int_equal(au_block_new(world.ledger, &other), AU_OK);
    struct au_hash first = {0};
    struct au_header head = au_ledger_head(world.ledger);
    for (int i = 0; i < 100; i++) {
        struct au_applied applied;
        assert_int_equal(au_block_begin(other, 0), AU_OK);
        assert_int_equal(au_block_apply(other, &checked, &applied), AU_OK);
        assert_int_equal(applied.invalid, AU_INVALID_NONE);
        struct au_hash digest = au_receipt_digest(applied.receipt);
        if (i == 0) first = digest;
        assert_memory_equal(digest.bytes, first.bytes, AU_HASH_SIZE);
        au_block_abort(other);
    }
    assert_int_equal(au_ledger_head(world.ledger).height, head.height);
    world_begin(&world);
    struct au_hash digest = au_receipt_digest(world_apply(&world, ALICE, tx));
    assert_memory_equal(digest.bytes, first.bytes, AU_HASH_SIZE);
    world_commit(&world);
    au_block_free(other);
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_transfer),
        cmocka_unit_test(test_transfer_that_creates),
        cmocka_unit_test(test_validity_by_state),
        cmocka_unit_test(test_validity_by_bytes),
        cmocka_unit_test(test_contract),
        cmocka_unit_test(test_failures_leave_no_trace),
        cmocka_unit_test(test_a_block_explains_so_much),
        cmocka_unit_test(test_deploy_refusals),
        cmocka_unit_test(test_upgrade),
        cmocka_unit_test(test_same_code_apart),
        cmocka_unit_test(test_simulation_is_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
