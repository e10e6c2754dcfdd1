/* What the API tells of what contracts did: of a simulation, a view, and any transaction of a block
 * whose state before it is still known. */
#include "unit/api/api_world.h"

#include "chain/chain.h"

static const char adder[] =
    "(module"
    " (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"sum\")"
    " (func $get (export \"get\") (result i64)"
    "  (drop (call $read (i32.const 0) (i32.const 3) (i32.const 8) (i32.const 8)))"
    "  (i64.load (i32.const 8)))"
    " (func (export \"add\") (param i64) (result i64)"
    "  (i64.store (i32.const 8) (i64.add (call $get) (local.get 0)))"
    "  (drop (call $write (i32.const 0) (i32.const 3) (i32.const 8) (i32.const 8)))"
    "  (if (i64.gt_u (i64.load (i32.const 8)) (i64.const 100))"
    "   (then (call $revert (i32.const 7) (i32.const 0) (i32.const 3))))"
    "  (i64.load (i32.const 8))))";

/* Deploys the adder as Alice, in block 1; the address. */
static const char *deploy(void)
{
    static char address[ADDRESS_SIZE];
    struct au_buf code;
    char message[200];
    au_buf_init(&code, 1 << 20);
    assert_ok(au_engine_wat_to_wasm(au_bytes_of(adder), &code, message, sizeof(message)));
    struct answer answer = post_bytes(202, "/contract/deploy?from=alice&gas=auto&wait=none",
                                      WASM_HEADER, au_buf_bytes(&code));
    answer_done(&answer);
    au_buf_done(&code);
    answer = post(200, "/v1/dev/mine", "{\"count\":1}");
    answer_done(&answer);
    answer = get(200, "/v1/block/1?txs=full");
    char target[200];
    snprintf(target, sizeof(target), "/v1/tx/%s/receipt", text_at(&answer, "txs.0.hash"));
    answer_done(&answer);
    answer = get(200, target);
    snprintf(address, sizeof(address), "%s", text_at(&answer, "created"));
    answer_done(&answer);
    return address;
}

/* Sends a call of add to the pool; the gas limit is given, so that it may fail. */
static void send_add(const char *from, const char *contract, const char *number)
{
    char body[400];
    snprintf(body, sizeof(body),
             "{\"from\":\"%s\",\"contract\":\"%s\",\"function\":\"add\",\"gas_limit\":\"5000\","
             "\"value\":\"5\",\"args\":[\"u64:%s\"]}",
             from, contract, number);
    struct answer answer = post(202, "/v1/contract/call?wait=none", body);
    answer_done(&answer);
}

static struct answer get_trace(int status, const char *hash)
{
    char target[200];
    snprintf(target, sizeof(target), "/v1/tx/%s/trace", hash);
    return get(status, target);
}

/* Three calls in one block: each is executed after those before it, as it was. */
static void test_in_a_block(void **state)
{
    (void)state;
    const char *contract = deploy();
    static const struct {
        const char *number;
        const char *before;
        const char *status;
    } calls[] = {{"60", "0x0000000000000000", "success"},
                 {"50", "0x3c00000000000000", "reverted"},
                 {"40", "0x3c00000000000000", "success"}};
    for (size_t i = 0; i < AU_COUNT_OF(calls); i++)
        send_add("bob", contract, calls[i].number);
    struct answer answer = post(200, "/v1/dev/mine", "{\"count\":1}");
    answer_done(&answer);
    send_add("carol", contract, "1");
    answer = post(200, "/v1/dev/mine", "{\"count\":2}");
    answer_done(&answer);

    struct answer block = get(200, "/v1/block/2");
    for (size_t i = 0; i < AU_COUNT_OF(calls); i++) {
        char path[40];
        snprintf(path, sizeof(path), "txs.%zu", i);
        const char *hash = text_at(&block, path);
        answer = get_trace(200, hash);
        expect_text(&answer, "hash", hash);
        expect_text(&answer, "height", "2");
        assert_int_equal(number_at(&answer, "index"), i);
        expect_text(&answer, "trace.0.kind", "frame");
        expect_text(&answer, "trace.0.contract", contract);
        expect_text(&answer, "trace.0.function", "add");
        expect_text(&answer, "trace.0.caller", world.addresses[BOB]);
        expect_text(&answer, "trace.0.status", calls[i].status);
        expect_text(&answer, "trace.1.function", "storage_read");
        expect_text(&answer, "trace.1.args.key", "0x73756d");
        expect_text(&answer, "trace.1.result", i == 0 ? "-1" : "8");
        if (i > 0) expect_text(&answer, "trace.1.args.value", calls[i].before);
        expect_text(&answer, "trace.2.function", "storage_write");
        assert_int_equal(count_at(&answer, "trace"), i == 1 ? 4 : 3);
        if (i == 1) expect_text(&answer, "trace.0.output", "0x73756d");
        expect_text(&answer, "status", calls[i].status);
        assert_int_equal(count_at(&answer, "storage_changes"), i == 1 ? 0 : 1);
        answer_done(&answer);
    }
    answer_done(&block);
}

/* A transaction without frames has an empty trace. */
static void test_without_frames(void **state)
{
    (void)state;
    struct au_buf bytes;
    sign_tx(ALICE, transfer_of(0, 0, 5), &bytes);
    struct answer answer = post_bytes(202, "/v1/tx?wait=none", BINARY_HEADER, au_buf_bytes(&bytes));
    char hash[100];
    snprintf(hash, sizeof(hash), "%s", text_at(&answer, "hash"));
    answer_done(&answer);
    answer = get_trace(404, hash); /* it waits */
    expect_text(&answer, "code", "unknown-tx");
    answer_done(&answer);
    answer = post(200, "/v1/dev/mine", "{\"count\":1}");
    answer_done(&answer);
    answer = get_trace(200, hash);
    assert_int_equal(count_at(&answer, "trace"), 0);
    assert_false(au_json_in_bool(find(answer.json, "trace_truncated")));
    answer_done(&answer);

    /* Until the state below the block is no longer known. */
    answer = post(200, "/v1/dev/mine", "{\"count\":1000}");
    answer_done(&answer);
    answer = post(200, "/v1/dev/mine", "{\"count\":23}");
    answer_done(&answer);
    answer = get_trace(200, hash);
    answer_done(&answer);
    answer = post(200, "/v1/dev/mine", "{\"count\":100}");
    answer_done(&answer);
    answer = get_trace(410, hash);
    expect_text(&answer, "code", "pruned");
    answer_done(&answer);
    au_buf_done(&bytes);
}

/* Puts the receipt of the only transaction of a block into the chain, changed. */
static void put_receipt(uint64_t height, void (*change)(struct au_receipt *receipt))
{
    const struct au_chain_place place = {height, 0};
    struct au_chain_reader chain;
    struct au_receipt receipt;
    struct au_kv_batch batch;
    struct au_bytes bytes;
    struct au_tx tx;
    au_chain_reader_init(&chain, &world.kv, NULL);
    assert_ok(au_chain_receipt(&chain, place, &receipt));
    assert_ok(au_chain_tx(&chain, place, &tx, &bytes));
    change(&receipt);
    au_kv_batch_init(&batch, 1 << 20);
    au_chain_put_tx(&batch, &receipt, bytes);
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
    au_chain_reader_done(&chain);
}

static void change_gas(struct au_receipt *receipt)
{
    receipt->gas_used ^= 1;
}

static void change_balances(struct au_receipt *receipt)
{
    receipt->balances = (struct au_items){0};
}

static void change_slots(struct au_receipt *receipt)
{
    receipt->slots = (struct au_items){0};
}

static void change_contracts(struct au_receipt *receipt)
{
    receipt->contracts = (struct au_items){0};
}

/* A traced run is compared with what the chain says that the transaction came to: all of it. */
static void test_against_the_chain(void **state)
{
    (void)state;
    static const struct {
        uint64_t height;
        void (*change)(struct au_receipt *receipt);
    } changes[] = {{2, change_gas}, {2, change_balances}, {2, change_slots}, {1, change_contracts}};
    char hash[100];
    for (size_t i = 0; i < AU_COUNT_OF(changes); i++) {
        if (i > 0) assert_int_equal(close_world(state), 0);
        if (i > 0) assert_int_equal(open_manual(state), 0);
        send_add("bob", deploy(), "60");
        assert_true(mine(NULL, 1));
        struct answer answer = get(200, changes[i].height == 1 ? "/v1/block/1" : "/v1/block/2");
        snprintf(hash, sizeof(hash), "%s", text_at(&answer, "txs.0"));
        answer_done(&answer);
        answer = get_trace(200, hash);
        expect_text(&answer, "status", "success");
        answer_done(&answer);
        put_receipt(changes[i].height, changes[i].change);
        assert_true(mine(NULL, 1)); /* of the last block answers share a snapshot */
        answer = get_trace(500, hash);
        answer_done(&answer);
    }
}

/* A simulation and a view tell of themselves if they are asked. */
static void test_simulated(void **state)
{
    (void)state;
    const char *contract = deploy();
    struct au_buf bytes, args;
    au_buf_init(&args, 100);
    au_buf_put_u32(&args, 8);
    au_buf_put_u64(&args, 101);
    struct au_tx tx = {.kind = AU_TX_CALL,
                       .gas_limit = 10000,
                       .function = au_bytes_of("add"),
                       .args = au_buf_bytes(&args),
                       .arg_count = 1};
    assert_null(au_address_parse(au_bytes_of(contract), &tx.to));
    sign_tx(CAROL, tx, &bytes);
    struct answer answer = post_bytes(200, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    assert_false(has(&answer, "trace"));
    char gas[40];
    snprintf(gas, sizeof(gas), "%s", text_at(&answer, "gas_used"));
    answer_done(&answer);
    answer = post_bytes(200, "/v1/tx/simulate?trace=true", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "gas_used", gas);
    expect_text(&answer, "trace.0.status", "reverted");
    assert_int_equal(number_at(&answer, "trace.0.revert_code"), 7);
    expect_text(&answer, "trace.3.function", "revert");
    expect_text(&answer, "trace.3.args.data", "0x73756d");
    answer_done(&answer);
    answer = post_bytes(400, "/v1/tx/simulate?trace=yes", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "bad-value");
    answer_done(&answer);

    char target[200];
    snprintf(target, sizeof(target), "/v1/contract/%s/view/get?trace=true", contract);
    answer = get(200, target);
    assert_true(au_json_in_bool(find(answer.json, "trace.0.view")));
    assert_int_equal(count_at(&answer, "trace"), 2);
    answer_done(&answer);
    snprintf(target, sizeof(target), "/v1/contract/%s/view/get", contract);
    answer = get(200, target);
    assert_false(has(&answer, "trace"));
    answer_done(&answer);
    au_buf_done(&bytes);
    au_buf_done(&args);
}

int main(void)
{
#define MANUAL(test) cmocka_unit_test_setup_teardown(test, open_manual, close_world)
    const struct CMUnitTest tests[] = {
        MANUAL(test_in_a_block),
        MANUAL(test_without_frames),
        MANUAL(test_against_the_chain),
        MANUAL(test_simulated),
    };
    return cmocka_run_group_tests_name("api/trace", tests, NULL, NULL);
}
