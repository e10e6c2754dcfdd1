/* What contracts did, decoded in answers: by the code that did it, whatever the contract became. */
#include "unit/api/api_world.h"

#include "api/decoder.h"

/* set(u64) emits "Set" with the number as topic and data, stores it under "sum" and gives it back;
 * init and migrate do so too, but that init refuses 0. swap(bytes32) sets 7 and takes other code.
 * Behind that comes what the contract says of itself, for which a number is a WORD and what set
 * takes is called BY. */
static const char setter[] =
    "(module"
    " (import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"upgrade\" (func $upgrade (param i32) (result i32)))"
    " (import \"env\" \"arg_read\" (func $arg (param i32 i32 i32 i32) (result i32)))"
    " (memory 1 1) (data (i32.const 0) \"Setsum\")"
    " (func $set (export \"set\") (export \"migrate\") (param i64) (result i64)"
    "  (i64.store (i32.const 56) (local.get 0))"
    "  (i64.store (i32.const 64) (local.get 0))"
    "  (call $emit (i32.const 0) (i32.const 3) (i32.const 32) (i32.const 1) (i32.const 64)"
    "              (i32.const 8))"
    "  (drop (call $write (i32.const 3) (i32.const 3) (i32.const 64) (i32.const 8)))"
    "  (local.get 0))"
    " (func (export \"init\") (param i64) (result i64)"
    "  (if (i64.eqz (local.get 0))"
    "   (then (call $revert (i32.const 1) (i32.const 64) (i32.const 8))))"
    "  (call $set (local.get 0)))"
    " (func (export \"get\") (result i64) (i64.const 0x100000002))"
    " (func (export \"fail\") (param i64)"
    "  (call $revert (i32.wrap_i64 (local.get 0)) (i32.const 64) (i32.const 8)))"
    " (func (export \"swap\") (result i64)"
    "  (drop (call $arg (i32.const 0) (i32.const 128) (i32.const 0) (i32.const 32)))"
    "  (call $set (i64.const 7))"
    "  (drop (call $upgrade (i32.const 128))))";

#define ABI(WORD, BY)                                                                            \
    "(@custom \"aureon_abi\" \"abi 1\\0a"                                                        \
    "fn init(" BY ":u64)->" WORD " init\\0afn migrate(" BY ":u64)->" WORD " migrate\\0a"         \
    "fn set(" BY ":u64)->" WORD " mut\\0afn get()->" WORD " view\\0afn fail(code:u64) mut\\0a"   \
    "fn swap(code:bytes32)->" WORD " mut\\0a"                                                    \
    "event Set(topic by:u64, total:" WORD ")\\0aerror 1 Bad(total:" WORD ") \\22too bad\\22\\0a" \
    "storage total:" WORD " @\\22sum\\22\\0a\"))"

static const char whole[] = ABI("u64", "by");
static const char halves[] = ABI("(u32,u32)", "with");
static const char malformed[] = "(@custom \"aureon_abi\" \"abi 2\"))";
static const char silent[] = ")";

/* ---- asking ---- */

static struct au_buf compile(const char *module, const char *abi)
{
    struct au_buf code, text;
    char message[200] = "";
    au_buf_init(&text, 1 << 20);
    au_buf_init(&code, 1 << 20);
    au_buf_put_text(&text, module);
    au_buf_put_text(&text, abi);
    assert_ok(au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)));
    au_buf_done(&text);
    return code;
}

static struct answer bring(const char *target, const char *module, const char *abi)
{
    struct au_buf code = compile(module, abi);
    struct answer answer = post_bytes(200, target, WASM_HEADER, au_buf_bytes(&code));
    au_buf_done(&code);
    return answer;
}

/* Deploys as Alice, with init(5). */
static struct answer deploy(const char *abi, char out_address[ADDRESS_SIZE])
{
    struct answer answer = bring("/contract/deploy?from=alice&gas=auto&arg=u64:5", setter, abi);
    expect_text(&answer, "receipt.status", "success");
    snprintf(out_address, ADDRESS_SIZE, "%s", text_at(&answer, "address"));
    return answer;
}

static struct answer call(const char *contract, const char *function, const char *arg)
{
    char body[600];
    snprintf(body, sizeof(body),
             "{\"from\":\"bob\",\"contract\":\"%s\",\"function\":\"%s\",\"gas_limit\":\"500000\","
             "\"args\":[\"%s\"]}",
             contract, function, arg);
    return post(200, "/v1/contract/call", body);
}

static struct answer get_of(const char *contract, const char *rest)
{
    char target[512];
    snprintf(target, sizeof(target), "/v1/contract/%s%s", contract, rest);
    return get(200, target);
}

/* A value as JSON again. */
static void expect_json(const struct answer *answer, const char *path, const char *expected)
{
    const struct au_json_in *value = find(answer->json, path);
    struct au_buf text;
    if (value == NULL) fail_msg("no `%s` in %s", path, body_text(answer));
    au_buf_init(&text, 65536);
    au_json_in_put(value, &text);
    au_buf_put_u8(&text, 0);
    assert_string_equal((const char *)text.data, expected);
    au_buf_done(&text);
}

/* ---- the tests ---- */

static void test_receipt(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(whole, address);
    expect_json(&answer, "receipt.result", "\"5\"");
    expect_json(&answer, "receipt.events.0.fields", "{\"by\":\"5\",\"total\":\"5\"}");
    expect_json(&answer, "receipt.storage_changes.0.entry", "{\"name\":\"total\",\"after\":\"5\"}");
    answer_done(&answer);
    answer = call(address, "set", "u64:6");
    expect_text(&answer, "receipt.output", "0x0600000000000000");
    expect_json(&answer, "receipt.result", "\"6\"");
    expect_json(&answer, "receipt.events.0.data", "\"0x0600000000000000\"");
    expect_json(&answer, "receipt.events.0.fields", "{\"by\":\"6\",\"total\":\"6\"}");
    expect_json(&answer, "receipt.storage_changes.0.entry",
                "{\"name\":\"total\",\"before\":\"5\",\"after\":\"6\"}");
    answer_done(&answer);
    answer = call(address, "fail", "u64:1");
    expect_json(&answer, "receipt.error",
                "{\"name\":\"Bad\",\"fields\":{\"total\":\"0\"},\"text\":\"too bad\"}");
    assert_false(has(&answer, "receipt.undecoded"));
    answer_done(&answer);
    answer = call(address, "fail", "u64:2");
    expect_text(&answer, "receipt.undecoded", "the ABI has no error of this code");
    assert_int_equal(number_at(&answer, "receipt.revert_code"), 2);
    answer_done(&answer);
}

/* The code of a deployment that failed is in its transaction alone. */
static void test_failed_deployment(void **state)
{
    (void)state;
    struct answer answer = bring("/contract/deploy?from=alice&gas=100000&arg=u64:0", setter, whole);
    expect_text(&answer, "receipt.status", "reverted");
    expect_text(&answer, "receipt.error.name", "Bad");
    answer_done(&answer);
}

static void test_without(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(silent, address);
    assert_false(has(&answer, "receipt.result"));
    assert_false(has(&answer, "receipt.undecoded"));
    assert_false(has(&answer, "receipt.events.0.fields"));
    assert_false(has(&answer, "receipt.events.0.undecoded"));
    assert_false(has(&answer, "receipt.storage_changes.0.entry"));
    answer_done(&answer);
    answer = get_of(address, "/storage/0x73756d");
    assert_false(has(&answer, "entry"));
    assert_false(has(&answer, "undecoded"));
    answer_done(&answer);

    answer = deploy(malformed, address);
    expect_text(&answer, "receipt.output", "0x0500000000000000");
    expect_text(&answer, "receipt.undecoded", "the contract's ABI is malformed");
    expect_text(&answer, "receipt.events.0.undecoded", "the contract's ABI is malformed");
    answer_done(&answer);
}

static void test_views(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(whole, address);
    answer_done(&answer);
    answer = get_of(address, "/view/get");
    expect_text(&answer, "output", "0x0200000001000000");
    expect_json(&answer, "result", "\"4294967298\"");
    answer_done(&answer);
    answer = get_of(address, "/view/fail?arg=u64:1");
    expect_text(&answer, "error.name", "Bad");
    answer_done(&answer);
    answer = get_of(address, "/storage/0x73756d");
    expect_text(&answer, "value", "0x0500000000000000");
    expect_json(&answer, "entry", "{\"name\":\"total\",\"value\":\"5\"}");
    answer_done(&answer);
    answer = get_of(address, "/storage");
    expect_json(&answer, "items.0.entry", "{\"name\":\"total\",\"value\":\"5\"}");
    answer_done(&answer);
}

/* Beside the proof, which is of the bytes. */
static void test_proofs(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], target[200];
    struct answer answer = deploy(whole, address);
    answer_done(&answer);
    answer = get_of(address, "/storage/0x73756d/proof");
    expect_text(&answer, "value", "0x0500000000000000");
    expect_json(&answer, "entry", "{\"name\":\"total\",\"value\":\"5\"}");
    answer_done(&answer);
    answer = get_of(address, "/storage/0x01/proof");
    assert_false(has(&answer, "entry"));
    assert_false(has(&answer, "undecoded"));
    answer_done(&answer);
    snprintf(target, sizeof(target), "/v1/proofs?account=alice&account=%s&key=0x73756d&key=0x01",
             address);
    answer = get(200, target);
    expect_json(&answer, "accounts.1.slots.0.entry", "{\"name\":\"total\",\"value\":\"5\"}");
    assert_false(has(&answer, "accounts.1.slots.1.entry"));
    answer_done(&answer);
}

static struct answer simulate(size_t person, struct au_tx tx)
{
    struct au_buf bytes;
    sign_tx(person, tx, &bytes);
    struct answer answer = post_bytes(200, "/v1/tx/simulate", BINARY_HEADER, au_buf_bytes(&bytes));
    au_buf_done(&bytes);
    return answer;
}

static struct au_bytes vec_of(struct au_buf *room, uint64_t number)
{
    au_buf_init(room, 100);
    au_buf_put_u32(room, sizeof(number));
    au_buf_put_u64(room, number);
    return au_buf_bytes(room);
}

/* Nothing of it is in the chain, neither its code nor the transaction. */
static void test_simulated(void **state)
{
    (void)state;
    struct au_buf code = compile(setter, halves);
    struct au_buf args;
    struct au_tx tx = {.kind = AU_TX_DEPLOY,
                       .gas_limit = 100000,
                       .code = au_buf_bytes(&code),
                       .args = vec_of(&args, 5),
                       .arg_count = 1};
    struct answer answer = simulate(ALICE, tx);
    expect_json(&answer, "result", "[5,0]");
    expect_json(&answer, "events.0.fields", "{\"by\":\"5\",\"total\":[5,0]}");
    expect_json(&answer, "storage_changes.0.entry", "{\"name\":\"total\",\"after\":[5,0]}");
    answer_done(&answer);

    char address[ADDRESS_SIZE];
    answer = deploy(whole, address);
    answer_done(&answer);
    tx.kind = AU_TX_UPGRADE;
    tx.nonce = 1;
    assert_null(au_address_parse(au_bytes_of(address), &tx.to));
    answer = simulate(ALICE, tx);
    expect_text(&answer, "status", "success");
    expect_json(&answer, "result", "[5,0]");
    expect_json(&answer, "events.0.fields", "{\"by\":\"5\",\"total\":[5,0]}");
    answer_done(&answer);
    au_buf_done(&code);
    au_buf_done(&args);
}

/* The `total` of each event from the oldest on, or why it is not decoded. */
static void expect_events(const char *address, const char *order, const char *const *totals,
                          size_t count)
{
    char target[200], path[60];
    snprintf(target, sizeof(target), "/v1/events?contract=%s&order=%s", address, order);
    struct answer answer = get(200, target);
    assert_int_equal(count_at(&answer, "items"), count);
    for (size_t i = 0; i < count; i++) {
        size_t at = strcmp(order, "asc") == 0 ? i : count - 1 - i;
        snprintf(path, sizeof(path), "items.%zu.%s", at,
                 totals[i][0] == 't' ? "undecoded" : "fields.total");
        if (totals[i][0] == 't') {
            expect_text(&answer, path, totals[i]);
        } else {
            expect_json(&answer, path, totals[i]);
        }
    }
    answer_done(&answer);
}

static void upgrade(const char *address, const char *abi, const char *result)
{
    char target[256];
    snprintf(target, sizeof(target),
             "/v1/contract/upgrade?from=alice&gas=200000&arg=u64:6&contract=%s", address);
    struct answer answer = bring(target, setter, abi);
    expect_text(&answer, "receipt.status", "success");
    expect_json(&answer, "receipt.result", result);
    answer_done(&answer);
}

/* An upgrade does not change how what was before it reads. */
static void test_upgrade(void **state)
{
    (void)state;
    static const char *const totals[] = {"\"5\"", "\"1\"", "[6,0]", "[2,0]", "\"6\"", "\"3\""};
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(whole, address); /* block 1 */
    answer_done(&answer);
    answer = call(address, "set", "u64:1");
    answer_done(&answer);
    upgrade(address, halves, "[6,0]");
    answer = call(address, "set", "u64:2");
    expect_json(&answer, "receipt.result", "[2,0]");
    answer_done(&answer);
    upgrade(address, whole, "\"6\"");
    answer = call(address, "set", "u64:3");
    expect_json(&answer, "receipt.result", "\"3\"");
    answer_done(&answer);
    for (size_t i = 0; i < 2; i++) {
        expect_events(address, "asc", totals, AU_COUNT_OF(totals));
        expect_events(address, "desc", totals, AU_COUNT_OF(totals));
    }
    answer = get_of(address, "/view/get?height=4");
    expect_json(&answer, "result", "[2,1]");
    answer_done(&answer);
    answer = get_of(address, "/view/get?height=2");
    expect_json(&answer, "result", "\"4294967298\"");
    answer_done(&answer);
    answer = get_of(address, "/storage/0x73756d?height=4");
    expect_json(&answer, "entry.value", "[2,0]");
    answer_done(&answer);
}

/* The arguments of a transaction of a block, there and alone. */
static void expect_arguments(size_t height, size_t index, const char *expected)
{
    char target[200], path[60];
    snprintf(target, sizeof(target), "/v1/block/%zu?txs=full", height);
    struct answer block = get(200, target);
    snprintf(path, sizeof(path), "txs.%zu.arguments", index);
    expect_json(&block, path, expected);
    snprintf(path, sizeof(path), "txs.%zu.hash", index);
    snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&block, path));
    struct answer answer = get(200, target);
    expect_json(&answer, "tx.arguments", expected);
    assert_false(has(&answer, "tx.arguments_undecoded"));
    answer_done(&answer);
    answer_done(&block);
}

static void test_arguments(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(whole, address); /* block 1 */
    answer_done(&answer);
    answer = call(address, "set", "u64:1");
    answer_done(&answer);
    upgrade(address, halves, "[6,0]");
    answer = call(address, "set", "u64:2");
    answer_done(&answer);
    expect_arguments(1, 0, "{\"by\":\"5\"}");
    expect_arguments(2, 0, "{\"by\":\"1\"}");
    expect_arguments(3, 0, "{\"with\":\"6\"}");
    expect_arguments(4, 0, "{\"with\":\"2\"}");
}

static void send_set(const char *contract, const char *number)
{
    char body[400];
    snprintf(body, sizeof(body),
             "{\"from\":\"alice\",\"contract\":\"%s\",\"function\":\"set\",\"gas_limit\":\"50000\","
             "\"args\":[\"u64:%s\"]}",
             contract, number);
    struct answer answer = post(202, "/v1/contract/call?wait=none", body);
    answer_done(&answer);
}

static void send_code(const char *target, const char *abi)
{
    struct au_buf code = compile(setter, abi);
    struct answer answer = post_bytes(202, target, WASM_HEADER, au_buf_bytes(&code));
    answer_done(&answer);
    au_buf_done(&code);
}

/* A call of a block takes its arguments by the code that the contract had before it; one that waits
 * by what the contract has now. */
static void test_arguments_in_a_block(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], target[256];
    send_code("/contract/deploy?from=alice&gas=auto&arg=u64:5&wait=none", whole);
    assert_true(mine(NULL, 1));
    struct answer answer = get(200, "/v1/events");
    snprintf(address, sizeof(address), "%s", text_at(&answer, "items.0.contract"));
    answer_done(&answer);
    /* What is not compiled would wait for a later block. */
    send_code("/contract/deploy?from=alice&gas=auto&arg=u64:5&wait=none", halves);
    assert_true(mine(NULL, 1));

    send_set(address, "1");
    snprintf(target, sizeof(target),
             "/v1/contract/upgrade?from=alice&gas=200000&arg=u64:6&wait=none&contract=%s", address);
    send_code(target, halves);
    send_set(address, "2");
    answer = get(200, "/v1/mempool");
    snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&answer, "items.0.hash"));
    answer_done(&answer);
    answer = get(200, target);
    expect_json(&answer, "tx.arguments", "{\"by\":\"1\"}");
    assert_true(has(&answer, "pending"));
    answer_done(&answer);
    assert_true(mine(NULL, 1));
    expect_arguments(3, 0, "{\"by\":\"1\"}");
    expect_arguments(3, 1, "{\"with\":\"6\"}");
    expect_arguments(3, 2, "{\"with\":\"2\"}");
}

/* Each reason why not; the bytes are there. */
static void test_arguments_undecoded(void **state)
{
    (void)state;
    static const struct {
        const char *function, *arg, *expected;
    } cases[] = {
        {"set", "bytes:0x01", "an argument is no value of the function's parameter"},
        {"get", "u64:1", "the function takes another number of arguments"},
        {"other", "u64:1", "the ABI has no function of this name"},
    };
    char address[ADDRESS_SIZE], target[200];
    struct answer answer = deploy(whole, address);
    answer_done(&answer);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        answer = call(address, cases[i].function, cases[i].arg);
        snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&answer, "receipt.hash"));
        answer_done(&answer);
        answer = get(200, target);
        expect_text(&answer, "tx.arguments_undecoded", cases[i].expected);
        assert_false(has(&answer, "tx.arguments"));
        assert_int_equal(count_at(&answer, "tx.args"), 1);
        answer_done(&answer);
    }
    answer = call(world.addresses[BOB], "set", "u64:1");
    snprintf(target, sizeof(target), "/v1/tx/%s", text_at(&answer, "receipt.hash"));
    answer_done(&answer);
    answer = get(200, target);
    expect_text(&answer, "tx.arguments_undecoded", "there was no contract");
    answer_done(&answer);
}

/* The contract gives itself other code: its caller's output is of the code that was called, what it
 * stores of the new one, and of an event it is not known. */
static void test_swap(void **state)
{
    (void)state;
    static const char *const totals[] = {"\"5\"", "the transaction changed the contract's code",
                                         "[9,0]"};
    char address[ADDRESS_SIZE], other[ADDRESS_SIZE], hash[80];
    struct answer answer = deploy(halves, other);
    snprintf(hash, sizeof(hash), "%s", text_at(&answer, "code_hash"));
    answer_done(&answer);
    answer = deploy(whole, address);
    answer_done(&answer);
    answer = call(address, "swap", hash);
    expect_text(&answer, "receipt.status", "success");
    expect_json(&answer, "receipt.result", "\"7\"");
    expect_text(&answer, "receipt.events.0.undecoded", totals[1]);
    expect_json(&answer, "receipt.storage_changes.0.entry",
                "{\"name\":\"total\",\"before\":[5,0],\"after\":[7,0]}");
    answer_done(&answer);
    answer = call(address, "set", "u64:9");
    answer_done(&answer);
    expect_events(address, "asc", totals, AU_COUNT_OF(totals));
    expect_events(address, "desc", totals, AU_COUNT_OF(totals));
}

/* Takes away where the chain has that a contract was changed, in block 1 to height: as if the node
 * had begun from a snapshot. */
static void prune(const char *address, uint64_t height)
{
    struct au_address contract;
    struct au_kv_batch batch;
    assert_null(au_address_parse(au_bytes_of(address), &contract));
    au_kv_batch_init(&batch, 1024);
    for (; height > 0; height--) {
        uint8_t key[1 + AU_ADDRESS_SIZE + 12] = {'c'};
        memcpy(key + 1, contract.bytes, AU_ADDRESS_SIZE);
        au_put_big_endian(key + 1 + AU_ADDRESS_SIZE, ~height, 8);
        memset(key + sizeof(key) - 4, 0xff, 4);
        au_kv_batch_del(&batch, AU_CF_IDX, (struct au_bytes){key, sizeof(key)});
    }
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* What was before the first change that the chain has is read by the code that this one found. */
static void test_pruned(void **state)
{
    (void)state;
    static const char *const totals[] = {"[5,0]", "[1,0]", "\"6\"", "\"2\""};
    char address[ADDRESS_SIZE];
    struct answer answer = deploy(halves, address); /* block 1 */
    answer_done(&answer);
    answer = call(address, "set", "u64:1");
    answer_done(&answer);
    prune(address, 1);
    expect_events(address, "asc", totals, 2);
    upgrade(address, whole, "\"6\""); /* block 3 */
    answer = call(address, "set", "u64:2");
    expect_json(&answer, "receipt.result", "\"2\"");
    answer_done(&answer);
    expect_events(address, "asc", totals, AU_COUNT_OF(totals));
    expect_events(address, "desc", totals, AU_COUNT_OF(totals));
    prune(address, 3);
    answer = get_of(address, "/view/get");
    expect_json(&answer, "result", "\"4294967298\"");
    answer_done(&answer);
}

/* ---- traces ---- */

static struct answer trace(const struct answer *answer, const char *path)
{
    char target[200];
    snprintf(target, sizeof(target), "/v1/tx/%s/trace", text_at(answer, path));
    return get(200, target);
}

static void test_trace(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer called, answer = deploy(whole, address);
    answer_done(&answer);
    called = call(address, "set", "u64:6");
    answer = trace(&called, "receipt.hash");
    expect_json(&answer, "trace.0.arguments", "{\"by\":\"6\"}");
    expect_json(&answer, "trace.0.result", "\"6\"");
    expect_text(&answer, "trace.1.function", "emit");
    expect_json(&answer, "trace.1.fields", "{\"by\":\"6\",\"total\":\"6\"}");
    expect_text(&answer, "trace.2.function", "storage_write");
    expect_json(&answer, "trace.2.entry", "{\"name\":\"total\",\"value\":\"6\"}");
    expect_json(&answer, "storage_changes.0.entry",
                "{\"name\":\"total\",\"before\":\"5\",\"after\":\"6\"}");
    answer_done(&answer);
    answer_done(&called);
    answer = get_of(address, "/view/fail?arg=u64:1&trace=true");
    expect_json(&answer, "trace.0.arguments", "{\"code\":\"1\"}");
    expect_text(&answer, "trace.0.error.name", "Bad");
    expect_text(&answer, "trace.1.error.name", "Bad");
    answer_done(&answer);
    answer = get_of(address, "/view/fail?arg=bytes:0x0200000000000000&trace=true");
    expect_text(&answer, "trace.0.undecoded", "the ABI has no error of this code");
    expect_text(&answer, "trace.1.undecoded", "the ABI has no error of this code");
    answer_done(&answer);
    answer = deploy(silent, address);
    answer_done(&answer);
    answer = get_of(address, "/view/fail?arg=u64:1&trace=true");
    assert_false(has(&answer, "trace.0.arguments"));
    assert_false(has(&answer, "trace.0.arguments_undecoded"));
    assert_false(has(&answer, "trace.0.error"));
    assert_false(has(&answer, "trace.0.undecoded"));
    assert_false(has(&answer, "trace.1.error"));
    answer_done(&answer);
}

/* Code that is in the transaction alone. */
static void test_trace_of_brought(void **state)
{
    (void)state;
    struct answer brought =
        bring("/contract/deploy?from=alice&gas=100000&arg=u64:0", setter, whole);
    struct answer answer = trace(&brought, "receipt.hash");
    expect_text(&answer, "status", "reverted");
    expect_text(&answer, "error.name", "Bad");
    expect_json(&answer, "trace.0.arguments", "{\"by\":\"0\"}");
    expect_text(&answer, "trace.0.error.name", "Bad");
    answer_done(&answer);
    answer_done(&brought);
}

/* Calls swap and then set(9) of a contract: both(address, hash of the code to swap to). */
static const char both[] =
    "(module"
    " (import \"env\" \"arg_read\" (func $arg (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"call\""
    "  (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    " (memory 1 1) (data (i32.const 64) \"\\01\\00\\00\\00\\20\")"
    " (data (i32.const 128) \"\\01\\00\\00\\00\\08\\00\\00\\00\\09\") (data (i32.const 200) "
    "\"swapset\")"
    " (func (export \"both\")"
    "  (drop (call $arg (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 32)))"
    "  (drop (call $arg (i32.const 1) (i32.const 72) (i32.const 0) (i32.const 32)))"
    "  (drop (call $call (i32.const 0) (i32.const 200) (i32.const 4) (i32.const 64) (i32.const 40)"
    "                    (i64.const 0) (i64.const 0) (i32.const 0)))"
    "  (drop (call $call (i32.const 0) (i32.const 204) (i32.const 3) (i32.const 128) (i32.const 16)"
    "                    (i64.const 0) (i64.const 0) (i32.const 0)))))";

/* Each frame is told by the code that it ran, though the contract changed it in between. */
static void test_trace_of_swap(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], caller[ADDRESS_SIZE], hash[80], arguments[100], body[700];
    struct answer called, answer = deploy(halves, address);
    snprintf(hash, sizeof(hash), "%s", text_at(&answer, "code_hash"));
    answer_done(&answer);
    answer = deploy(whole, address);
    answer_done(&answer);
    answer = bring("/contract/deploy?from=alice&gas=auto", both, "");
    snprintf(caller, sizeof(caller), "%s", text_at(&answer, "address"));
    answer_done(&answer);
    snprintf(body, sizeof(body),
             "{\"from\":\"bob\",\"contract\":\"%s\",\"function\":\"both\",\"gas_limit\":\"500000\","
             "\"args\":[\"addr:%s\",\"bytes:%s\"]}",
             caller, address, hash);
    called = post(200, "/v1/contract/call", body);
    expect_text(&called, "receipt.status", "success");
    expect_json(&called, "receipt.events.0.undecoded",
                "\"the transaction changed the contract's code\"");
    answer = trace(&called, "receipt.hash");
    snprintf(arguments, sizeof(arguments), "{\"code\":\"%s\"}", hash);
    assert_false(has(&answer, "trace.0.arguments"));
    expect_text(&answer, "trace.4.function", "swap");
    expect_json(&answer, "trace.4.arguments", arguments);
    expect_json(&answer, "trace.4.result", "\"7\"");
    expect_json(&answer, "trace.6.fields", "{\"by\":\"7\",\"total\":\"7\"}");
    expect_json(&answer, "trace.7.entry", "{\"name\":\"total\",\"value\":\"7\"}");
    expect_text(&answer, "trace.10.function", "set");
    expect_json(&answer, "trace.10.arguments", "{\"with\":\"9\"}");
    expect_json(&answer, "trace.10.result", "[9,0]");
    expect_json(&answer, "trace.11.fields", "{\"by\":\"9\",\"total\":[9,0]}");
    expect_json(&answer, "trace.12.entry", "{\"name\":\"total\",\"value\":[9,0]}");
    answer_done(&answer);
    answer_done(&called);
}

/* Looks at its storage in each way that there is. */
static const char looker[] =
    "(module"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_size\" (func $size (param i32 i32) (result i64)))"
    " (import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    " (import \"env\" \"iter_open\" (func $open (param i32 i32) (result i32)))"
    " (import \"env\" \"iter_next\" (func $next (param i32 i32 i32 i32 i32) (result i64)))"
    " (memory 1 1) (data (i32.const 0) \"sum\")"
    " (func $see (param i32 i32)"
    "  (drop (call $read (i32.const 0) (local.get 0) (i32.const 72) (local.get 1))))"
    " (func (export \"look\") (param i64)"
    "  (i64.store (i32.const 64) (local.get 0))"
    "  (drop (call $write (i32.const 0) (i32.const 3) (i32.const 64) (i32.const 8)))"
    "  (call $see (i32.const 3) (i32.const 8))"
    "  (call $see (i32.const 3) (i32.const 4))"
    "  (call $see (i32.const 2) (i32.const 8))"
    "  (drop (call $size (i32.const 0) (i32.const 3)))"
    "  (drop (call $open (i32.const 0) (i32.const 0)))"
    "  (drop (call $next (i32.const 0) (i32.const 128) (i32.const 8) (i32.const 136) (i32.const "
    "8)))"
    "  (drop (call $next (i32.const 0) (i32.const 128) (i32.const 8) (i32.const 136) (i32.const "
    "8)))"
    "  (drop (call $delete (i32.const 0) (i32.const 3)))"
    "  (call $see (i32.const 3) (i32.const 8))"
    "  (drop (call $write (i32.const 0) (i32.const 3) (i32.const 64) (i32.const 7))))"
    " (@custom \"aureon_abi\" \"abi 1\\0astorage total:u64 @\\22sum\\22\"))";

/* Of what was seen in part, or is not there, the key is told alone. */
static void test_trace_of_storage(void **state)
{
    (void)state;
    static const char with_value[] = "{\"name\":\"total\",\"value\":\"5\"}";
    static const char alone[] = "{\"name\":\"total\"}";
    static const char no_entry[] = "the ABI has no entry of this key";
    static const char no_value[] = "what is stored is no value of the entry's type";
    static const struct {
        const char *function, *entry, *undecoded; /* NULL: it has none */
    } calls[] = {
        {"storage_write", with_value, NULL}, {"storage_read", with_value, NULL},
        {"storage_read", alone, NULL},       {"storage_read", NULL, no_entry},
        {"storage_size", alone, NULL},       {"iter_open", NULL, NULL},
        {"iter_next", with_value, NULL},     {"iter_next", NULL, NULL},
        {"storage_delete", alone, NULL},     {"storage_read", alone, NULL},
        {"storage_write", NULL, no_value},
    };
    char address[ADDRESS_SIZE], path[40];
    struct answer called, answer = bring("/contract/deploy?from=alice&gas=auto", looker, "");
    snprintf(address, sizeof(address), "%s", text_at(&answer, "address"));
    answer_done(&answer);
    called = call(address, "look", "u64:5");
    answer = trace(&called, "receipt.hash");
    expect_text(&answer, "trace.0.arguments_undecoded", "the ABI has no function of this name");
    assert_int_equal(count_at(&answer, "trace"), 1 + AU_COUNT_OF(calls));
    for (size_t i = 0; i < AU_COUNT_OF(calls); i++) {
        snprintf(path, sizeof(path), "trace.%zu.function", i + 1);
        expect_text(&answer, path, calls[i].function);
        snprintf(path, sizeof(path), "trace.%zu.entry", i + 1);
        assert_int_equal(has(&answer, path), calls[i].entry != NULL);
        if (calls[i].entry != NULL) expect_json(&answer, path, calls[i].entry);
        snprintf(path, sizeof(path), "trace.%zu.undecoded", i + 1);
        assert_int_equal(has(&answer, path), calls[i].undecoded != NULL);
        if (calls[i].undecoded != NULL) expect_text(&answer, path, calls[i].undecoded);
    }
    answer_done(&answer);
    answer_done(&called);
}

/* ---- limits ---- */

/* many() emits 256 events of 1 KiB, each about 64 KiB as JSON; large() one that is too large. */
static const char flood[] =
    "(module"
    " (import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"Flood\") (data (i32.const 8) \"\\fc\\03\")"
    " (data (i32.const 2048) \"\\fc\\3f\")"
    " (func (export \"many\") (param i64) (local $i i32)"
    "  (loop $more"
    "   (call $emit (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 8)"
    "               (i32.const 1024))"
    "   (br_if $more (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1)))"
    "                          (i32.const 256)))))"
    " (func (export \"large\") (param i64)"
    "  (call $emit (i32.const 0) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 2048)"
    "              (i32.const 16384)))"
    " (@custom \"aureon_abi\" \"abi 1\\0aevent Flood(words:vec<Word>)\\0aenum "
    "Word{a23456789012345678901234567890123456789012345678901234567890123}\\0a\")";

static void test_size(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct answer answer = bring("/contract/deploy?from=alice&gas=auto", flood, ")");
    snprintf(address, sizeof(address), "%s", text_at(&answer, "address"));
    answer_done(&answer);
    answer = call(address, "large", "u64:0");
    expect_text(&answer, "receipt.events.0.undecoded", "too large as JSON");
    answer_done(&answer);
    answer = call(address, "many", "u64:0");
    expect_text(&answer, "receipt.status", "success");
    assert_int_equal(count_at(&answer, "receipt.events"), 256);
    size_t decoded = 0;
    const struct au_json_in *events = find(answer.json, "receipt.events");
    for (size_t i = 0; i < 256; i++) {
        const struct au_json_in *event = au_json_in_item(events, i);
        decoded += au_json_in_get(event, "fields") != NULL;
        assert_true(decoded == i + 1 || au_json_in_get(event, "undecoded") != NULL);
    }
    assert_in_range(decoded, 50, AU_DECODER_SIZE_MAX / 65536);
    assert_true(answer.body.size < AU_DECODER_SIZE_MAX + (1u << 20));
    answer_done(&answer);
}

/* Contracts that nobody has asked for yet. */
static void make_many(size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char abi[200];
        snprintf(abi, sizeof(abi),
                 "(@custom \"aureon_abi\" \"abi 1\\0aevent Set(topic by:u64, n%zu:u64)\"))", i);
        struct au_buf code = compile(setter, abi);
        struct answer answer =
            post_bytes(202, "/contract/deploy?from=alice&gas=auto&arg=u64:5&wait=none", WASM_HEADER,
                       au_buf_bytes(&code));
        answer_done(&answer);
        au_buf_done(&code);
    }
    struct answer answer = post(200, "/v1/dev/mine", "{\"count\":1}");
    answer_done(&answer);
}

static size_t count_decoded(void)
{
    struct answer answer = get(200, "/v1/events?limit=100");
    size_t count = 0;
    for (size_t i = 0; i < count_at(&answer, "items"); i++) {
        const struct au_json_in *item = au_json_in_item(find(answer.json, "items"), i);
        count += au_json_in_get(item, "fields") != NULL;
    }
    answer_done(&answer);
    return count;
}

/* One answer reads so many codes; the next finds them read. */
static void test_codes(void **state)
{
    (void)state;
    make_many(AU_DECODER_CODES_MAX + 2);
    assert_int_equal(count_decoded(), AU_DECODER_CODES_MAX);
    assert_int_equal(count_decoded(), AU_DECODER_CODES_MAX + 2);
}

/* What the store fails to give is not told as if there were nothing: asked again, it is there. */
static void test_store_fails(void **state)
{
    (void)state;
    make_many(1);
    atomic_store(&world.is_code_out_of_reach, true);
    struct answer answer = get(500, "/v1/events");
    expect_text(&answer, "code", "internal");
    expect_text(&answer, "detail", "the response: input or output failed");
    answer_done(&answer);
    atomic_store(&world.is_code_out_of_reach, false);
    assert_int_equal(count_decoded(), 1);
}

int main(void)
{
#define DEV(test)    cmocka_unit_test_setup_teardown(test, open_dev, close_world)
#define MANUAL(test) cmocka_unit_test_setup_teardown(test, open_manual, close_world)
    const struct CMUnitTest tests[] = {
        DEV(test_receipt),
        DEV(test_failed_deployment),
        DEV(test_without),
        DEV(test_views),
        DEV(test_proofs),
        DEV(test_simulated),
        DEV(test_upgrade),
        DEV(test_arguments),
        MANUAL(test_arguments_in_a_block),
        DEV(test_arguments_undecoded),
        DEV(test_swap),
        DEV(test_pruned),
        DEV(test_trace),
        DEV(test_trace_of_brought),
        DEV(test_trace_of_swap),
        DEV(test_trace_of_storage),
        DEV(test_size),
        MANUAL(test_codes),
        MANUAL(test_store_fails),
    };
    return cmocka_run_group_tests_name("api/decoder", tests, NULL, NULL);
}
