/* What the routes of contracts answer, and how every route refuses what it cannot take. */
#include "unit/api/api_world.h"

#include <inttypes.h>
#include <pthread.h>

#include "base/text.h"
#include "state/proof.h"

static const char adder[] =
    "(module"
    " (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"arg_read\" (func $arg (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"arg_size\" (func $size (param i32) (result i32)))"
    " (memory 1 1)"
    " (data (i32.const 0) \"sum\") (data (i32.const 16) \"hello\")"
    " (func $get (export \"get\") (result i64)"
    "  (i64.store (i32.const 8) (i64.const 0))"
    "  (drop (call $read (i32.const 0) (i32.const 3) (i32.const 8) (i32.const 8)))"
    "  (i64.load (i32.const 8)))"
    " (func (export \"add\") (param i64) (result i64) (local i64)"
    "  (local.set 1 (i64.add (call $get) (local.get 0)))"
    "  (i64.store (i32.const 8) (local.get 1))"
    "  (drop (call $write (i32.const 0) (i32.const 3) (i32.const 8) (i32.const 8)))"
    "  (call $log (i32.const 16) (i32.const 5))"
    "  (local.get 1))"
    " (func (export \"put\")" /* the first argument is the key, the second the value */
    "  (drop (call $arg (i32.const 0) (i32.const 1024) (i32.const 0) (i32.const 256)))"
    "  (drop (call $arg (i32.const 1) (i32.const 2048) (i32.const 0) (i32.const 256)))"
    "  (drop (call $write (i32.const 1024) (call $size (i32.const 0))"
    "                     (i32.const 2048) (call $size (i32.const 1)))))"
    " (func (export \"fail\") (call $revert (i32.const 42) (i32.const 16) (i32.const 5)))"
    " (func (export \"trap\") unreachable))";

static const char other[] = "(module (func (export \"get\") (result i64) (i64.const 77)))";

static struct au_buf compile(const char *text)
{
    struct au_buf code;
    char message[200] = "";
    au_buf_init(&code, 1 << 20);
    assert_ok(au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof(message)));
    return code;
}

/* Deploys the adder as Alice; gives its address. */
static void deploy(char out_address[ADDRESS_SIZE])
{
    struct au_buf code = compile(adder);
    struct answer answer =
        post_bytes(200, "/contract/deploy?from=alice&gas=auto", WASM_HEADER, au_buf_bytes(&code));
    expect_text(&answer, "receipt.status", "success");
    snprintf(out_address, ADDRESS_SIZE, "%s", text_at(&answer, "address"));
    expect_text(&answer, "receipt.created", out_address);
    answer_done(&answer);
    au_buf_done(&code);
}

/* A call as Bob; args is JSON. */
static struct answer call(const char *contract, const char *function, const char *args)
{
    char body[2048];
    snprintf(body, sizeof(body),
             "{\"from\":\"bob\",\"contract\":\"%s\",\"function\":\"%s\",\"args\":%s}", contract,
             function, args);
    return post(200, "/v1/contract/call", body);
}

static struct answer get_of(int status, const char *contract, const char *rest)
{
    char target[512];
    snprintf(target, sizeof(target), "/v1/contract/%s%s", contract, rest);
    return get(status, target);
}

static void test_deploy(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], tag[100];
    struct au_buf code = compile(adder);
    deploy(address);
    struct answer answer = get_of(200, address, "");
    assert_int_equal(number_at(&answer, "code_size"), code.size);
    expect_text(&answer, "admin", world.addresses[ALICE]);
    snprintf(tag, sizeof(tag), "\"%s\"", text_at(&answer, "code_hash"));
    answer_done(&answer);

    answer = get_of(200, address, "/code");
    assert_int_equal(answer.body.size, code.size);
    assert_memory_equal(answer.body.data, code.data, code.size);
    assert_string_equal(header_of(&answer, "ETag"), tag);
    answer_done(&answer);
    answer = get_of(404, world.addresses[BOB], "");
    expect_text(&answer, "code", "unknown-contract");
    expect_text(&answer, "got", world.addresses[BOB]);
    answer_done(&answer);
    au_buf_done(&code);
}

static void test_deploy_by_json(void **state)
{
    (void)state;
    struct au_buf code = compile(other);
    struct au_buf body;
    au_buf_init(&body, 1 << 20);
    au_buf_put_text(&body, "{\"from\":\"bob\",\"admin\":\"none\",\"value\":\"5\",\"code\":\"");
    au_hex_put(&body, au_buf_bytes(&code));
    au_buf_put_text(&body, "\"}");
    struct answer answer = post_bytes(200, "/v1/contract/deploy", JSON_HEADER, au_buf_bytes(&body));
    char address[ADDRESS_SIZE];
    snprintf(address, sizeof(address), "%s", text_at(&answer, "address"));
    answer_done(&answer);
    answer = get_of(200, address, "");
    assert_false(has(&answer, "admin"));
    expect_text(&answer, "balance", "5");
    answer_done(&answer);

    /* A module that is refused has a receipt too, and no address. */
    answer =
        post_bytes(200, "/v1/contract/deploy?from=alice", WASM_HEADER, au_bytes_of("no module"));
    expect_text(&answer, "receipt.status", "invalid_module");
    assert_false(has(&answer, "address"));
    answer_done(&answer);
    au_buf_done(&code);
    au_buf_done(&body);
}

static void test_call(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    deploy(address);
    struct answer answer = call(address, "add", "[\"u64:5\"]");
    expect_text(&answer, "receipt.status", "success");
    expect_text(&answer, "receipt.output", "0x0500000000000000");
    expect_text(&answer, "receipt.logs.0.text", "hello");
    expect_text(&answer, "receipt.storage_changes.0.key", "0x73756d");
    answer_done(&answer);
    answer = call(address, "add", "[\"i64:-2\"]");
    expect_text(&answer, "receipt.output", "0x0300000000000000");
    answer_done(&answer);

    /* What fails is sent all the same: the receipt tells. */
    answer = call(address, "fail", "[]");
    expect_text(&answer, "receipt.status", "reverted");
    assert_int_equal(number_at(&answer, "receipt.revert_code"), 42);
    expect_text(&answer, "receipt.output", "0x68656c6c6f");
    answer_done(&answer);
    answer = call(address, "trap", "[]");
    expect_text(&answer, "receipt.reason", "unreachable");
    answer_done(&answer);
    answer = call(address, "none", "[]");
    expect_text(&answer, "receipt.status", "no_function");
    answer_done(&answer);
    answer = get(200, "/v1/account/bob");
    expect_text(&answer, "nonce", "5");
    answer_done(&answer);
}

static void test_views(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], body[512];
    deploy(address);
    struct answer answer = call(address, "add", "[\"u64:5\"]");
    answer_done(&answer);
    answer = get_of(200, address, "/view/get");
    expect_text(&answer, "output", "0x0500000000000000");
    expect_text(&answer, "height", "2");
    answer_done(&answer);
    answer = get_of(200, address, "/view/get?gas_limit=3");
    expect_text(&answer, "status", "out_of_gas");
    answer_done(&answer);
    answer = get_of(404, address, "/view/none");
    expect_text(&answer, "code", "unknown-function");
    answer_done(&answer);
    answer = get_of(404, world.addresses[CAROL], "/view/get");
    expect_text(&answer, "code", "unknown-contract");
    expect_text(&answer, "got", world.addresses[CAROL]);
    answer_done(&answer);
    answer = post(404, "/v1/view", "{\"contract\":\"bob\",\"function\":\"get\"}");
    expect_text(&answer, "code", "unknown-contract");
    expect_text(&answer, "got", "bob");
    answer_done(&answer);
    answer = post(404, "/v1/view", "{\"contract\":\"@bob\",\"function\":\"get\",\"args\":{}}");
    expect_text(&answer, "code", "unknown-contract");
    expect_text(&answer, "got", "@bob");
    answer_done(&answer);
    snprintf(body, sizeof(body),
             "{\"contract\":\"%s\",\"function\":\"add\",\"args\":[\"u64:5\"],\"from\":\"@bob\"}",
             address);
    answer = post(200, "/v1/view", body);
    expect_text(&answer, "status", "not_allowed");
    answer_done(&answer);
    answer = get_of(200, address, "/view/get");
    expect_text(&answer, "output", "0x0500000000000000");
    answer_done(&answer);
}

/* What set the code of a contract, the newest first, a page at a time. */
static void expect_history(const char *address)
{
    char rest[64];
    struct answer answer = get_of(200, address, "/history");
    assert_int_equal(count_at(&answer, "items"), 2);
    expect_text(&answer, "items.0.code_hash_before", text_at(&answer, "items.1.code_hash"));
    expect_text(&answer, "items.0.admin_before", text_at(&answer, "items.0.admin"));
    assert_false(has(&answer, "items.1.code_hash_before"));
    assert_false(has(&answer, "next"));
    answer_done(&answer);
    answer = get_of(200, address, "/history?limit=1");
    assert_int_equal(count_at(&answer, "items"), 1);
    snprintf(rest, sizeof(rest), "/history?limit=1&cursor=%s", text_at(&answer, "next"));
    answer_done(&answer);
    answer = get_of(200, address, rest);
    assert_false(has(&answer, "items.0.code_hash_before"));
    assert_true(has(&answer, "next"));
    answer_done(&answer);
    answer = get_of(400, address, "/history?cursor=1");
    expect_text(&answer, "code", "bad-value");
    answer_done(&answer);
}

static void test_upgrade(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], target[256];
    struct au_buf code = compile(other);
    deploy(address);
    snprintf(target, sizeof(target), "/v1/contract/upgrade?from=bob&contract=%s", address);
    struct answer answer = post_bytes(200, target, WASM_HEADER, au_buf_bytes(&code));
    expect_text(&answer, "receipt.status", "not_allowed");
    answer_done(&answer);
    snprintf(target, sizeof(target), "/v1/contract/upgrade?from=alice&contract=%s", address);
    answer = post_bytes(200, target, WASM_HEADER, au_buf_bytes(&code));
    expect_text(&answer, "receipt.status", "success");
    answer_done(&answer);
    answer = get_of(200, address, "/view/get");
    expect_text(&answer, "output", "0x4d00000000000000");
    answer_done(&answer);
    expect_history(address);
    au_buf_done(&code);
}

static void test_storage(void **state)
{
    (void)state;
    static const char *const keys[] = {"0x6100", "0x61", "0x61ff", "0x62", "0x61ffff", "0x60"};
    char address[ADDRESS_SIZE], args[100], rest[100];
    deploy(address);
    struct answer answer = get_of(200, address, "/storage");
    assert_int_equal(count_at(&answer, "items"), 0);
    answer_done(&answer);
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++) {
        snprintf(args, sizeof(args), "[\"%s\",\"u32:%zu\"]", keys[i], i);
        answer = call(address, "put", args);
        expect_text(&answer, "receipt.status", "success");
        answer_done(&answer);
    }
    answer = get_of(200, address, "/storage?prefix=0x61&limit=2");
    assert_int_equal(count_at(&answer, "items"), 2);
    expect_text(&answer, "items.0.key", "0x61");
    expect_text(&answer, "items.0.value", "0x01000000");
    expect_text(&answer, "items.1.key", "0x6100");
    snprintf(rest, sizeof(rest), "/storage?prefix=0x61&limit=3&cursor=%s",
             text_at(&answer, "next"));
    answer_done(&answer);
    answer = get_of(200, address, rest);
    assert_int_equal(count_at(&answer, "items"), 2);
    expect_text(&answer, "items.0.key", "0x61ff");
    expect_text(&answer, "items.1.key", "0x61ffff");
    assert_false(has(&answer, "next"));
    answer_done(&answer);
    answer = get_of(200, address, "/storage?prefix=0x61ff");
    assert_int_equal(count_at(&answer, "items"), 2);
    answer_done(&answer);
    answer = get_of(200, address, "/storage");
    assert_int_equal(count_at(&answer, "items"), 6);
    answer_done(&answer);
    answer = get_of(200, address, "/storage/0x62");
    expect_text(&answer, "value", "0x03000000");
    answer_done(&answer);
    answer = get_of(404, address, "/storage/0x63");
    expect_text(&answer, "code", "unknown-key");
    answer_done(&answer);
}

static struct au_proof_claim prove(const struct answer *answer, const char *path,
                                   const char *root_path, const struct au_hash *key)
{
    static uint8_t room[10][1024];
    struct au_bytes nodes[10];
    struct au_hash root;
    struct au_proof_claim claim;
    const char *reason = "";
    char place[100];
    size_t count = count_at(answer, path);
    assert_true(count < AU_COUNT_OF(nodes));
    for (size_t i = 0; i < count; i++) {
        snprintf(place, sizeof(place), "%s.%zu", path, i);
        nodes[i] = bytes_at(answer, place, room[i], sizeof(room[i]));
    }
    bytes_at(answer, root_path, root.bytes, sizeof(root.bytes));
    assert_ok(au_proof_verify(&root, key, nodes, count, &claim, &reason));
    return claim;
}

static void test_slot_proof(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    struct au_address contract;
    struct au_hash root;
    struct au_buf leaf;
    uint8_t value[8];
    deploy(address);
    assert_null(au_address_parse(au_bytes_of(address), &contract));
    struct au_hash owner = au_flat_account_key(&contract);
    struct answer answer = call(address, "add", "[\"u64:5\"]");
    answer_done(&answer);
    answer = get_of(200, address, "/storage/0x73756d/proof");
    struct au_proof_claim account = prove(&answer, "account_proof", "state_root", &owner);
    assert_true(account.exists);
    bytes_at(&answer, "storage_root", root.bytes, sizeof(root.bytes));
    assert_non_null(memmem(account.value.data, account.value.size, root.bytes, 32));
    struct au_hash key = au_flat_key_hash(au_bytes_of("sum"));
    struct au_proof_claim slot = prove(&answer, "storage_proof", "storage_root", &key);
    assert_true(slot.exists);
    au_buf_init(&leaf, 100);
    au_flat_slot_leaf(&leaf, bytes_at(&answer, "value", value, sizeof(value)));
    assert_true(au_bytes_is_equal(slot.value, au_buf_bytes(&leaf)));
    au_buf_done(&leaf);
    answer_done(&answer);

    answer = get_of(200, address, "/storage/0x73/proof");
    key = au_flat_key_hash(au_bytes_of("s"));
    assert_false(prove(&answer, "storage_proof", "storage_root", &key).exists);
    assert_false(has(&answer, "value"));
    answer_done(&answer);
}

/* ---- signed by others ---- */

static struct au_bytes vec_of(struct au_buf *room, uint64_t number)
{
    au_buf_init(room, 100);
    au_buf_put_u32(room, sizeof(number));
    au_buf_put_u64(room, number);
    return au_buf_bytes(room);
}

/* Nobody has simulated this code, so the producer compiles it first. */
static void test_signed(void **state)
{
    (void)state;
    struct au_buf code = compile(adder);
    struct au_buf bytes, args;
    struct au_tx tx = {
        .kind = AU_TX_DEPLOY, .gas_price = 1000, .gas_limit = 100000, .code = au_buf_bytes(&code)};
    sign_tx(ALICE, tx, &bytes);
    struct answer answer = post_bytes(200, "/contract/deploy", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "receipt.status", "success");
    struct au_tx call_tx = {.kind = AU_TX_CALL,
                            .nonce = 1,
                            .gas_price = 1000,
                            .gas_limit = 10000,
                            .function = au_bytes_of("add"),
                            .args = vec_of(&args, 5),
                            .arg_count = 1};
    assert_null(au_address_parse(au_bytes_of(text_at(&answer, "address")), &call_tx.to));
    answer_done(&answer);
    au_buf_done(&bytes);

    sign_tx(ALICE, call_tx, &bytes);
    answer = post_bytes(200, "/contract/call", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "receipt.output", "0x0500000000000000");
    answer_done(&answer);
    answer = post_bytes(422, "/contract/deploy", BINARY_HEADER, au_buf_bytes(&bytes));
    expect_text(&answer, "code", "wrong-kind");
    expect_text(&answer, "expected", "ContractDeploy");
    answer_done(&answer);
    au_buf_done(&bytes);
    au_buf_done(&args);
    au_buf_done(&code);
}

/* ---- all at once ---- */

static char shared_address[ADDRESS_SIZE];

/* Calls by one account, each with a view behind it. Returns how many answers were not as they must
 * be: what a view says never falls behind a receipt that was given before. */
static void *call_many(void *context)
{
    static const char *const names[] = {"alice", "bob", "carol"};
    char body[300], target[200];
    size_t person = (size_t)context;
    size_t failures = 0;
    snprintf(body, sizeof(body),
             "{\"from\":\"%s\",\"contract\":\"%s\",\"function\":\"add\",\"args\":[\"u64:1\"]}",
             names[person], shared_address);
    snprintf(target, sizeof(target), "/v1/contract/%s/view/get", shared_address);
    for (unsigned i = 0; i < 10; i++) {
        struct answer answer;
        uint64_t called = 0;
        uint64_t viewed = 0;
        read_answer(send_request("POST", "/v1/contract/call", JSON_HEADER, au_bytes_of(body)),
                    &answer);
        const struct au_json_in *output = find(answer.json, "receipt.output");
        if (!output || au_hex_parse(au_json_in_string(output), (uint8_t *)&called, 8) != AU_OK)
            failures++;
        answer_done(&answer);
        read_answer(send_request("GET", target, "", (struct au_bytes){0}), &answer);
        output = find(answer.json, "output");
        if (!output || au_hex_parse(au_json_in_string(output), (uint8_t *)&viewed, 8) != AU_OK)
            failures++;
        if (viewed < called) failures++;
        answer_done(&answer);
    }
    return (void *)failures;
}

static void test_at_once(void **state)
{
    (void)state;
    pthread_t threads[3];
    deploy(shared_address);
    for (size_t i = 0; i < AU_COUNT_OF(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, call_many, (void *)i), 0);
    for (size_t i = 0; i < AU_COUNT_OF(threads); i++) {
        void *failures;
        assert_int_equal(pthread_join(threads[i], &failures), 0);
        assert_null(failures);
    }
    struct answer answer = get_of(200, shared_address, "/view/get");
    expect_text(&answer, "output", "0x1e00000000000000");
    answer_done(&answer);
}

/* ---- refusals ---- */

#define POST_JSON "POST", JSON_HEADER

static const struct refusal {
    const char *method;
    const char *headers;
    const char *target;
    const char *body;
    int status;
    const char *code;
    const char *member; /* the problem's; NULL: it has none */
} refusals[] = {
    {"GET", "", "/v1/block/9", "", 404, "unknown-block", NULL},
    {"GET", "", "/v1/block/0x00", "", 400, "bad-value", "id"},
    {"GET", "", "/v1/block/-1", "", 400, "bad-value", "id"},
    {"GET", "", "/v1/block/0?txs=all", "", 400, "bad-value", "txs"},
    {"GET", "", "/v1/blocks?limit=0", "", 400, "bad-value", "limit"},
    {"GET", "", "/v1/blocks?limit=101", "", 400, "bad-value", "limit"},
    {"GET", "", "/v1/blocks?cursor=x", "", 400, "bad-value", "cursor"},
    {"GET", "", "/v1/blocks?page=1", "", 400, "unknown-member", "page"},
    {"GET", "", "/v1/tx/0x12", "", 400, "bad-value", "hash"},
    {"GET", "", "/v1/account/nobody", "", 400, "bad-value", "address"},
    {"GET", "", "/v1/account/alice/txs?cursor=1", "", 400, "bad-value", "cursor"},
    {"GET", "", "/v1/account/alice/txs?cursor=1-", "", 400, "bad-value", "cursor"},
    {"GET", "", "/v1/contract/alice/storage?prefix=61", "", 400, "bad-value", "prefix"},
    {"GET", "", "/v1/contract/alice/storage/0x", "", 400, "bad-value", "key"},
    {"GET", "", "/v1/contract/alice/code", "", 404, "unknown-contract", NULL},
    {"GET", "", "/v1/contract/alice/view/f?arg=5", "", 400, "bad-value", "args"},
    {"GET", "Last-Event-ID: x\r\n", "/v1/blocks/stream", "", 400, "bad-value", "Last-Event-ID"},
    {"POST", "", "/v1/tx", "{}", 415, "unsupported-media-type", NULL},
    {POST_JSON, "/v1/tx", "", 400, "malformed-json", NULL},
    {POST_JSON, "/v1/tx", "{\"tx\":", 400, "malformed-json", NULL},
    {POST_JSON, "/v1/tx", "[]", 400, "bad-value", "the body"},
    {POST_JSON, "/v1/tx", "{}", 400, "missing-value", "tx"},
    {POST_JSON, "/v1/tx", "{\"tx\":7}", 400, "bad-value", "tx"},
    {POST_JSON, "/v1/tx", "{\"tx\":\"0x1\"}", 400, "bad-value", "tx"},
    {POST_JSON, "/v1/tx", "{\"tx\":\"0x00\",\"fee\":1}", 400, "unknown-member", "fee"},
    {POST_JSON, "/v1/tx?wait=long", "{}", 400, "bad-value", "wait"},
    {POST_JSON, "/v1/tx?timeout=61s", "{}", 400, "bad-value", "timeout"},
    {POST_JSON, "/v1/tx?timeout=5", "{}", 400, "bad-value", "timeout"},
    {POST_JSON, "/v1/tx", "{\"from\":\"eve\",\"kind\":\"stake\"}", 400, "bad-value", "from"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\"}", 400, "missing-value", "kind"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"burn\"}", 400, "bad-value", "kind"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"stake\"}", 400, "missing-value", "amount"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"stake\",\"amount\":-1}", 400, "bad-value",
     "amount"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"stake\",\"amount\":\"01\"}", 400,
     "bad-value", "amount"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"stake\",\"amount\":9007199254740992}", 400,
     "bad-value", "amount"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"transfer\",\"amount\":1}", 400,
     "missing-value", "to"},
    {POST_JSON, "/v1/tx", "{\"from\":\"bob\",\"kind\":\"stake\",\"amount\":1,\"to\":\"bob\"}", 400,
     "bad-value", "to"},
    {POST_JSON, "/v1/txs", "{\"txs\":7}", 400, "missing-value", "txs"},
    {"POST", BINARY_HEADER, "/v1/txs", "abc", 400, "bad-value", "the body"},
    {POST_JSON, "/v1/view", "{\"contract\":\"bob\"}", 400, "missing-value", "function"},
    {POST_JSON, "/v1/view", "{\"function\":\"f\"}", 400, "missing-value", "contract"},
    {POST_JSON, "/v1/contract/call", "{\"from\":\"bob\",\"contract\":\"bob\",\"function\":\"a-b\"}",
     400, "bad-value", "function"},
    {POST_JSON, "/v1/contract/call",
     "{\"from\":\"bob\",\"contract\":\"bob\",\"function\":\"f\",\"args\":5}", 400, "bad-value",
     "args"},
    {POST_JSON, "/v1/contract/call",
     "{\"from\":\"bob\",\"contract\":\"bob\",\"function\":\"f\",\"args\":{}}", 404,
     "unknown-contract", NULL},
    {POST_JSON, "/v1/contract/call",
     "{\"from\":\"bob\",\"contract\":\"bob\",\"function\":\"f\",\"args\":[\"u32:4294967296\"]}",
     400, "bad-value", "args"},
    {POST_JSON, "/v1/contract/call", "{\"tx\":\"0x00\",\"from\":\"bob\"}", 400, "bad-value", "tx"},
    {POST_JSON, "/v1/contract/deploy", "{\"from\":\"bob\"}", 400, "missing-value", "code"},
    {POST_JSON, "/v1/contract/deploy?from=bob", "{}", 400, "unknown-member", "from"},
    {"POST", WASM_HEADER, "/v1/contract/deploy", "x", 400, "missing-value", "from"},
    {"POST", WASM_HEADER, "/v1/contract/deploy?from=bob&gas=much", "x", 400, "bad-value", "gas"},
    {"POST", WASM_HEADER, "/v1/contract/deploy?from=bob&gas=1", "x", 422, "tx-gas-low", NULL},
    {"POST", WASM_HEADER, "/v1/contract/deploy?from=bob&gas=4000001", "x", 422, "tx-gas-high",
     NULL},
    {"POST", WASM_HEADER, "/v1/contract/upgrade?from=bob", "x", 400, "missing-value", "contract"},
    {POST_JSON, "/v1/dev/mine", "{\"count\":0}", 400, "bad-value", "count"},
    {"POST", "", "/v1/status", "", 405, "method-not-allowed", NULL},
};

static void test_refusals(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(refusals); i++) {
        const struct refusal *row = &refusals[i];
        struct answer answer;
        read_answer(send_request(row->method, row->target, row->headers, au_bytes_of(row->body)),
                    &answer);
        if (answer.status != row->status) {
            print_message("# %s %s: %s\n", row->target, row->body, body_text(&answer));
        }
        assert_int_equal(answer.status, row->status);
        expect_text(&answer, "code", row->code);
        if (row->member) expect_text(&answer, "member", row->member);
        answer_done(&answer);
    }
}

static void test_foreign_host(void **state)
{
    (void)state;
    struct answer answer;
    int fd = http_connect(world.port);
    assert_true(http_send_text(fd, "POST /v1/dev/mine HTTP/1.1\r\nHost: localhost.evil.example\r\n"
                                   "Content-Length: 0\r\n\r\n"));
    read_answer(fd, &answer);
    expect_status(&answer, 403);
    expect_text(&answer, "code", "bad-host");
    answer_done(&answer);
    assert_int_equal(au_ledger_head(world.ledger).height, 0);
}

/* ---- older heights ---- */

static uint64_t u64_at(const struct answer *answer, const char *path)
{
    uint64_t value = 0;
    assert_ok(au_text_parse_u64(au_bytes_of(text_at(answer, path)), &value));
    return value;
}

/* A block for each call, which adds 1 to the sum and is paid 1. Gives the height before them. */
static uint64_t make_past(const char *contract, unsigned count)
{
    struct answer answer = get(200, "/v1/status");
    uint64_t first = u64_at(&answer, "height");
    answer_done(&answer);
    for (unsigned i = 0; i < count; i++) {
        char body[300];
        snprintf(body, sizeof(body),
                 "{\"from\":\"bob\",\"contract\":\"%s\",\"function\":\"add\",\"value\":\"1\","
                 "\"args\":[\"i64:1\"]}",
                 contract);
        answer = post(200, "/v1/contract/call", body);
        assert_int_equal(u64_at(&answer, "receipt.height"), first + 1 + i);
        answer_done(&answer);
    }
    return first;
}

static struct answer get_at(int status, const char *path, uint64_t height)
{
    char target[512];
    snprintf(target, sizeof(target), "%s?height=%" PRIu64, path, height);
    return get(status, target);
}

/* Every route that takes a height, at a height at which the sum was of so many. */
static void expect_past(const char *contract, uint64_t height, unsigned sum)
{
    char path[256], text[32];
    snprintf(path, sizeof(path), "/v1/contract/%s/view/get", contract);
    struct answer answer = get_at(200, path, height);
    assert_int_equal(u64_at(&answer, "height"), height);
    snprintf(text, sizeof(text), "0x%02x00000000000000", sum);
    expect_text(&answer, "output", text);
    snprintf(text, sizeof(text), "%" PRIu64, height);
    assert_string_equal(header_of(&answer, "Aureon-Height"), text);
    answer_done(&answer);

    snprintf(path, sizeof(path), "/v1/contract/%s/storage/0x73756d", contract);
    answer = get_at(sum == 0 ? 404 : 200, path, height);
    assert_string_equal(header_of(&answer, "Aureon-Height"), text);
    if (sum > 0) assert_int_equal(u64_at(&answer, "height"), height);
    answer_done(&answer);

    snprintf(path, sizeof(path), "/v1/contract/%s/storage", contract);
    answer = get_at(200, path, height);
    assert_int_equal(u64_at(&answer, "height"), height);
    assert_int_equal(au_json_in_count(au_json_in_get(answer.json, "items")), sum > 0);
    answer_done(&answer);

    snprintf(path, sizeof(path), "/v1/contract/%s", contract);
    answer = get_at(200, path, height);
    assert_int_equal(u64_at(&answer, "height"), height);
    assert_int_equal(au_json_in_get(answer.json, "storage_root") != NULL, sum > 0);
    answer_done(&answer);

    snprintf(path, sizeof(path), "/v1/account/%s", world.addresses[BOB]);
    answer = get_at(200, path, height);
    assert_int_equal(u64_at(&answer, "nonce"), sum);
    assert_int_equal(u64_at(&answer, "next_nonce"), sum);
    assert_int_equal(u64_at(&answer, "balance"), RICH - sum);
    answer_done(&answer);
    snprintf(path, sizeof(path), "/v1/balance/%s", world.addresses[BOB]);
    answer = get_at(200, path, height);
    assert_int_equal(u64_at(&answer, "balance"), RICH - sum);
    answer_done(&answer);
}

/* More heights than stay open at once, there and back. */
static void test_past(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], body[300];
    deploy(address);
    uint64_t first = make_past(address, 9);
    for (unsigned i = 0; i <= 9; i++)
        expect_past(address, first + i, i);
    for (unsigned i = 10; i-- > 0;)
        expect_past(address, first + i, i);
    snprintf(body, sizeof(body),
             "{\"contract\":\"%s\",\"function\":\"get\",\"height\":%" PRIu64 "}", address,
             first + 5);
    struct answer answer = post(200, "/v1/view", body);
    expect_text(&answer, "output", "0x0500000000000000");
    answer_done(&answer);

    /* Before it was deployed. */
    snprintf(body, sizeof(body), "/v1/contract/%s", address);
    answer = get_at(404, body, 0);
    expect_text(&answer, "code", "unknown-contract");
    answer_done(&answer);
    snprintf(body, sizeof(body), "/v1/contract/%s/view/get", address);
    answer = get_at(404, body, 0);
    expect_text(&answer, "code", "unknown-contract");
    answer_done(&answer);
}

#define PROVED_COUNT 6u

/* A document of an older height is the one that was given when that was the last. */
static void test_past_proofs(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE];
    char paths[3][160];
    char *kept[PROVED_COUNT][AU_COUNT_OF(paths)];
    uint64_t first = 0;
    deploy(address);
    snprintf(paths[0], sizeof(paths[0]), "/v1/account/%s/proof", address);
    snprintf(paths[1], sizeof(paths[1]), "/v1/contract/%s/storage/0x73756d/proof", address);
    snprintf(paths[2], sizeof(paths[2]), "/v1/contract/%s/storage/0x73/proof", address);
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        struct answer answer = call(address, "add", "[\"u64:5\"]");
        answer_done(&answer);
        for (size_t j = 0; j < AU_COUNT_OF(paths); j++) {
            answer = get(200, paths[j]);
            if (i == 0) first = u64_at(&answer, "height");
            kept[i][j] = strdup((const char *)answer.body.data);
            answer_done(&answer);
        }
    }
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        for (size_t j = 0; j < AU_COUNT_OF(paths); j++) {
            struct answer answer = get_at(200, paths[j], first + i);
            assert_string_equal((const char *)answer.body.data, kept[i][j]);
            free(kept[i][j]);
            answer_done(&answer);
        }
    }
    struct answer answer = get_at(404, paths[1], 0);
    expect_text(&answer, "code", "unknown-contract");
    expect_text(&answer, "got", address);
    answer_done(&answer);
}

/* The text of a member as it stands in one document stands in another: both are of one height. */
static void expect_part(const struct answer *many, const struct answer *one, const char *name)
{
    char start[40];
    snprintf(start, sizeof(start), "\"%s\":", name);
    const char *part = strstr((const char *)one->body.data, start);
    assert_non_null(part);
    size_t size = strcspn(part, "]"); /* a list, which has no other in it */
    assert_non_null(memmem(many->body.data, many->body.size, part, size));
}

static void test_many_proofs(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], path[500], past[540];
    deploy(address);
    struct answer answer = call(address, "add", "[\"u64:5\"]");
    answer_done(&answer);
    snprintf(path, sizeof(path),
             "/v1/proofs?account=alice&account=%s&key=0x73756d&key=0x73&account=0x%064d", address,
             7);
    struct answer many = get(200, path);
    assert_int_equal(count_at(&many, "accounts"), 3);
    assert_int_equal(count_at(&many, "accounts.1.slots"), 2);
    expect_text(&many, "accounts.1.address", address);
    expect_text(&many, "accounts.1.slots.0.value", "0x0500000000000000");
    assert_false(has(&many, "accounts.1.slots.1.value"));
    assert_false(has(&many, "accounts.0.slots"));
    assert_true(has(&many, "accounts.0.account"));
    assert_false(has(&many, "accounts.2.account"));
    answer = get_of(200, address, "/storage/0x73756d/proof");
    expect_part(&many, &answer, "account_proof");
    expect_part(&many, &answer, "storage_proof");
    expect_text(&many, "accounts.1.storage_root", text_at(&answer, "storage_root"));
    answer_done(&answer);
    answer = get(200, "/v1/account/alice/proof");
    expect_part(&many, &answer, "account_proof");
    answer_done(&answer);

    uint64_t height = u64_at(&many, "height");
    answer = call(address, "add", "[\"u64:5\"]");
    answer_done(&answer);
    snprintf(past, sizeof(past), "%s&height=%" PRIu64, path, height);
    answer = get(200, past);
    assert_string_equal((const char *)answer.body.data, (const char *)many.body.data);
    answer_done(&answer);
    answer_done(&many);
}

static void test_many_proofs_refused(void **state)
{
    static const struct {
        const char *query;
        const char *code;
    } rows[] = {
        {"", "missing-value"},
        {"?height=0", "missing-value"},
        {"?key=0x00", "bad-value"},
        {"?key=0x00&account=alice", "bad-value"},
        {"?account=alice&key=", "bad-value"},
        {"?account=alice&key=0x", "bad-value"},
        {"?account=alice&key=00", "bad-value"},
        {"?account=", "bad-value"},
        {"?account=alice&height=x", "bad-value"},
        {"?account=alice&slot=0x00", "unknown-member"},
    };
    (void)state;
    char path[2000] = "/v1/proofs?height=0";
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        char target[100];
        snprintf(target, sizeof(target), "/v1/proofs%s", rows[i].query);
        struct answer answer = get(400, target);
        expect_text(&answer, "code", rows[i].code);
        answer_done(&answer);
    }
    for (size_t i = 0; i < 25; i++) {
        strcat(path, "&account=alice&key=0x00");
    }
    struct answer answer = get(200, path);
    assert_int_equal(count_at(&answer, "accounts"), 25);
    answer_done(&answer);
    strcat(path, "&account=alice");
    answer = get(400, path);
    expect_text(&answer, "expected", "at most 50 of account and key");
    answer_done(&answer);
}

static int open_forgetful(void **state)
{
    (void)state;
    open_world(&(struct world_options){.past_changes_max = 2});
    return 0;
}

static void test_too_far(void **state)
{
    (void)state;
    char address[ADDRESS_SIZE], path[200];
    deploy(address);
    for (size_t i = 0; i < 3; i++) {
        struct answer answer = call(address, "add", "[\"u64:5\"]");
        answer_done(&answer);
    }
    snprintf(path, sizeof(path), "/v1/account/%s/proof", address);
    struct answer answer = get(200, path);
    uint64_t height = u64_at(&answer, "height");
    answer_done(&answer);
    answer = get_at(200, path, height);
    answer_done(&answer);
    answer = get_at(422, path, height - 1);
    expect_text(&answer, "code", "too-far");
    answer_done(&answer);
    snprintf(path, sizeof(path), "/v1/account/%s", address);
    answer = get_at(200, path, height - 1);
    answer_done(&answer);
}

static void test_past_refused(void **state)
{
    (void)state;
    char path[256];
    snprintf(path, sizeof(path), "/v1/balance/%s", world.addresses[BOB]);
    struct answer answer = post(200, "/v1/dev/mine", "{\"count\":1000}");
    answer_done(&answer);
    answer = post(200, "/v1/dev/mine", "{\"count\":24}");
    answer_done(&answer);
    answer = get_at(200, path, 0);
    assert_int_equal(u64_at(&answer, "balance"), RICH);
    answer_done(&answer);
    answer = get_at(404, path, 1025);
    expect_text(&answer, "code", "unknown-block");
    expect_text(&answer, "expected", "a height up to 1024");
    answer_done(&answer);
    answer = post(200, "/v1/dev/mine", "{\"count\":65}");
    answer_done(&answer);
    answer = get_at(410, path, 0);
    expect_text(&answer, "code", "pruned");
    expect_text(&answer, "expected", "a height from 65 to 1089");
    answer_done(&answer);
    answer = get_at(410, path, 64);
    answer_done(&answer);
    answer = get_at(200, path, 65);
    answer_done(&answer);
    answer = get(200, "/v1/status");
    expect_text(&answer, "history.first_height", "65");
    answer_done(&answer);
    snprintf(path, sizeof(path), "/v1/balance/%s?height=-1", world.addresses[BOB]);
    answer = get(400, path);
    expect_text(&answer, "code", "bad-value");
    answer_done(&answer);
    snprintf(path, sizeof(path), "/v1/account/%s/proof", world.addresses[BOB]);
    answer = get_at(410, path, 64);
    expect_text(&answer, "code", "pruned");
    answer_done(&answer);
    answer = get_at(404, path, 1090);
    expect_text(&answer, "code", "unknown-block");
    answer_done(&answer);
    answer = get_at(200, path, 65);
    expect_text(&answer, "height", "65");
    answer_done(&answer);
}

int main(void)
{
#define DEV(test) cmocka_unit_test_setup_teardown(test, open_dev, close_world)
    const struct CMUnitTest tests[] = {
        DEV(test_deploy),
        DEV(test_deploy_by_json),
        DEV(test_call),
        DEV(test_views),
        DEV(test_upgrade),
        DEV(test_storage),
        DEV(test_slot_proof),
        cmocka_unit_test_setup_teardown(test_signed, open_network, close_world),
        DEV(test_at_once),
        DEV(test_refusals),
        DEV(test_foreign_host),
        DEV(test_past),
        DEV(test_past_proofs),
        DEV(test_many_proofs),
        DEV(test_many_proofs_refused),
        cmocka_unit_test_setup_teardown(test_too_far, open_forgetful, close_world),
        DEV(test_past_refused),
    };
    return cmocka_run_group_tests_name("api/api_contract", tests, NULL, NULL);
}
