/* Goal: what is wrong with a scenario is said with its place, what was expected and what was got;
 * what is right is read as it was meant.
 *
 * Method: documents made of one step that varies; arguments for a function of a small ABI. */
#include "unit/unit.h"

#include "cli/scenario_read.h"
#include "crypto/ecdsa.h"
#include "crypto/ed25519.h"
#include "crypto/sha256.h"

#define BOX "{\"deploy\":\"box.wat\"}"

static void read_text(struct au_scenario *scenario, const char *text, struct au_buf *message,
                      enum au_err expected)
{
    au_scenario_init(scenario);
    au_buf_init(message, 65536);
    assert_int_equal(au_scenario_parse(scenario, au_bytes_of(text), message), expected);
}

static void test_refused(void **state)
{
    static const struct {
        const char *steps;
        const char *message;
    } cases[] = {
        {"5", "steps: expected an array, got an integer"},
        {"[5]", "steps[0]: expected an object, got an integer"},
        {"[{}]", "steps[0]: expected one of the members deploy, call, view, transfer, upgrade, "
                 "advance, expect"},
        {"[{\"deploy\":\"a.wat\",\"x\":1}]", "steps[0]: unknown member 'x'"},
        {"[{\"deploy\":\"a.wat\",\"amount\":\"1\"}]",
         "steps[0]: a step that has deploy has no amount"},
        {"[{\"deploy\":\"a.wat\",\"call\":\"a\"}]", "steps[0]: a step that has deploy has no call"},
        {"[{\"deploy\":\"\"}]", "steps[0].deploy: expected a text, got an empty one"},
        {"[{\"deploy\":\"A.wat\"}]",
         "steps[0].as: expected a name of 1 to 64 of a-z 0-9 - _ that is no development account, "
         "got 'A'"},
        {"[{\"deploy\":\"x/alice.wasm\"}]",
         "steps[0].as: expected a name of 1 to 64 of a-z 0-9 - _ that is no development account, "
         "got 'alice'"},
        {"[" BOX "," BOX "]", "steps[1].as: expected a name that no earlier step gave, got 'box'"},
        {"[{\"call\":\"box\",\"function\":\"f\"}]",
         "steps[0].call: expected the name of a contract that an earlier step deploys, or an "
         "address, got 'box'"},
        {"[" BOX ",{\"call\":\"alice\",\"function\":\"f\"}]",
         "steps[1].call: expected the name of a contract that an earlier step deploys, or an "
         "address, got 'alice'"},
        {"[{\"deploy\":\"box.wat\",\"creates\":[\"a\",\"box\"]}]",
         "steps[0].creates[1]: expected a name that no earlier step gave, got 'box'"},
        {"[{\"deploy\":\"box.wat\",\"creates\":[\"a\",\"a\"]}]",
         "steps[0].creates[1]: expected a name that no earlier step gave, got 'a'"},
        {"[" BOX ",{\"upgrade\":\"box\",\"code\":\"box.wat\",\"creates\":\"a\"}]",
         "steps[1].creates: expected an array, got a string"},
        {"[" BOX ",{\"view\":\"box\",\"function\":\"f\",\"creates\":[]}]",
         "steps[1]: a step that has view has no creates"},
        {"[" BOX ",{\"call\":\"a\",\"function\":\"f\",\"creates\":[\"a\"]}]",
         "steps[1].call: expected the name of a contract that an earlier step deploys, or an "
         "address, got 'a'"},
        {"[" BOX ",{\"call\":\"box\"}]", "steps[1]: function is missing"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"a-b\"}]",
         "steps[1].function: expected a function's name, 1 to 64 of A-Z a-z 0-9 _, got 'a-b'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"from\":\"box\"}]",
         "steps[1].from: expected a development account (alice to judy), which can sign, got "
         "'box'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"args\":5}]",
         "steps[1].args: expected an array, got an integer"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"args\":{\"\":5}}]",
         "steps[1].args: expected a name of 1 to 64 bytes, got ''"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"value\":\"1.0000000001\"}]",
         "steps[1].value: expected an amount in AUR, as 1.5 with up to 9 digits after the point, "
         "or in base units, as 1500000000u, got '1.0000000001'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"gas\":4000001}]",
         "steps[1].gas: expected a number from 0 to 4000000, got 4000001"},
        {"[{\"advance\":{\"blocks\":-1}}]",
         "steps[0].advance.blocks: expected a number from 0 to 10000, got -1"},
        {"[{\"advance\":{\"days\":1}}]", "steps[0].advance: unknown member 'days'"},
        {"[{\"expect\":{\"output\":\"u64:1\"}}]", "steps[0].expect: unknown member 'output'"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"invalid\":\"none\"}}]",
         "steps[0].expect.invalid: expected one of size, encoding, version, bad_from, signature, "
         "expired, nonce_low, nonce_high, gas_low, gas_high, price_low, overflow, balance, "
         "block_full, not_compiled, got 'none'"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"events\":[{\"data\":\"0x\"}]}}]",
         "steps[0].expect.events[0]: name is missing"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"balances\":{\"bob\":5}}}]",
         "steps[0].expect.balances.bob: expected a string, got an integer"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"storage\":[{\"contract\":\"a\",\"key\":\"k\"}]}}]",
         "steps[0].expect.storage[0]: value is missing"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"storage\":[{\"contract\":\"a\",\"value\":1}]}}]",
         "steps[0].expect.storage[0]: key is missing"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"error\":{\"A\":{},\"B\":{}}}}]",
         "steps[0].expect.error: expected the error's name, or {\"name\": {its fields}}"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"error\":\"A\",\"revert_code\":1}}]",
         "steps[0].expect: beside error there is no revert_code"},
        {"[{\"deploy\":\"a.wat\",\"expect\":{\"events\":[{\"name\":\"E\",\"fields\":{},"
         "\"data\":\"0x\"}]}}]",
         "steps[0].expect.events[0]: fields are what topics and data say: give one"},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_scenario scenario;
        struct au_buf message;
        struct au_buf text;
        au_buf_init(&text, 65536);
        au_buf_printf(&text, "{\"format\":1,\"steps\":%s}", cases[i].steps);
        au_buf_put_u8(&text, 0);
        read_text(&scenario, (const char *)text.data, &message, AU_ERR_MALFORMED);
        assert_bytes(au_buf_bytes(&message), cases[i].message);
        au_buf_done(&text);
        au_buf_done(&message);
        au_scenario_done(&scenario);
    }
}

static void test_read(void **state)
{
    struct au_scenario scenario;
    struct au_buf message;
    struct au_buf line;
    (void)state;
    read_text(&scenario,
              "{\"format\":1,\"steps\":[{\"deploy\":\"build/box.wasm\",\"from\":\"bob\","
              "\"expect\":{\"balances\":{\"box\":\"1.5\"}}},"
              "{\"call\":\"box\",\"function\":\"f\",\"args\":[\"addr:box\",\"u32:7\"],"
              "\"value\":\"3u\",\"expect\":{\"outcome\":\"trapped\",\"detail\":\"unreachable\"}}]}",
              &message, AU_OK);
    assert_int_equal(scenario.step_count, 2);
    const struct au_step *deploy = &scenario.steps[0];
    const struct au_step *call = &scenario.steps[1];
    assert_bytes(deploy->name, "box");
    assert_int_equal(deploy->from.index, 1);
    assert_true(deploy->has_admin);
    assert_int_equal(deploy->admin.index, 1); /* who signs, unless it is said */
    assert_int_equal(deploy->expect.balances[0].party.kind, AU_PARTY_CONTRACT);
    assert_int_equal(deploy->expect.balances[0].amount, 1500000000);
    assert_int_equal(call->args.count, 2);
    assert_bytes(call->args.items[0].value.text, "addr:box");
    assert_bytes(call->args.items[1].value.json, "\"u32:7\"");
    assert_int_equal(call->amount, 3);
    assert_int_equal(call->gas, AU_SCENARIO_GAS_MAX);
    assert_int_equal(call->expect.outcome, AU_OUTCOME_TRAPPED);
    assert_bytes(call->expect.detail, "unreachable");
    au_buf_init(&line, 1024);
    au_step_describe(call, &line);
    assert_bytes(au_buf_bytes(&line), "call box f");
    au_buf_done(&line);
    au_buf_done(&message);
    au_scenario_done(&scenario);
}

/* More names than there is room for at first, each of which can be used afterwards. */
static void test_names(void **state)
{
    struct au_scenario scenario;
    struct au_buf message;
    struct au_buf text;
    (void)state;
    au_buf_init(&text, 65536);
    au_buf_put_text(&text, "{\"format\":1,\"steps\":[" BOX);
    for (unsigned step = 0; step < 4; step++) {
        au_buf_put_text(&text, ",{\"call\":\"box\",\"function\":\"f\",\"creates\":[");
        for (unsigned i = 0; i < AU_SCENARIO_CREATED_MAX; i++)
            au_buf_printf(&text, "%s\"n%u-%u\"", i > 0 ? "," : "", step, i);
        au_buf_printf(&text, "],\"expect\":{\"balances\":{\"n%u-63\":\"0\"}}}", step);
    }
    au_buf_put_text(&text, ",{\"call\":\"n1-5\",\"function\":\"f\"}]}");
    au_buf_put_u8(&text, 0);
    read_text(&scenario, (const char *)text.data, &message, AU_OK);
    assert_int_equal(scenario.name_count, 1 + 4 * AU_SCENARIO_CREATED_MAX);
    const struct au_step *last = &scenario.steps[5];
    assert_int_equal(last->to.kind, AU_PARTY_CONTRACT);
    assert_int_equal(last->to.index, scenario.steps[2].created_index + 5);
    assert_bytes(scenario.names[last->to.index], "n1-5");
    assert_int_equal(scenario.steps[2].created_count, AU_SCENARIO_CREATED_MAX);
    assert_int_equal(scenario.steps[2].expect.balances[0].party.index,
                     scenario.steps[2].created_index + 63);
    au_buf_done(&text);
    au_buf_done(&message);
    au_scenario_done(&scenario);
}

/* ---- what values mean ---- */

struct fixture {
    struct au_arena arena;
    struct au_abi abi;
    struct au_buf message;
    struct au_scenario scenario;
    struct au_buf text; /* of the scenario */
};

static const char abi_text[] = "abi 1\ntype Point{x:u32,y:u32}\n"
                               "fn put(by:u64,at:Point,who:address) mut\n"
                               "fn keep(sigs:vec<bytes>) mut\n";

static bool find_bob(void *context, struct au_bytes name, struct au_address *out_address)
{
    (void)context;
    memset(out_address->bytes, 0xb0, AU_ADDRESS_SIZE);
    return au_bytes_is_equal(name, au_bytes_of("bob"));
}

static void fixture_init(struct fixture *fixture, const char *args)
{
    struct au_abi_error error;
    struct au_buf message;
    au_arena_init(&fixture->arena, AU_ABI_ARENA_SIZE_MAX);
    au_buf_init(&fixture->message, 65536);
    au_buf_init(&fixture->text, 65536);
    assert_int_equal(au_abi_parse(au_bytes_of(abi_text), &fixture->arena, &fixture->abi, &error),
                     AU_OK);
    au_buf_printf(&fixture->text,
                  "{\"format\":1,\"steps\":[" BOX ",{\"call\":\"box\",\"function\":\"put\","
                  "\"args\":%s}]}",
                  args);
    au_buf_put_u8(&fixture->text, 0);
    read_text(&fixture->scenario, (const char *)fixture->text.data, &message, AU_OK);
    au_buf_done(&message);
}

static void fixture_done(struct fixture *fixture)
{
    au_scenario_done(&fixture->scenario);
    au_buf_done(&fixture->text);
    au_buf_done(&fixture->message);
    au_arena_done(&fixture->arena);
}

static bool find_code(void *context, struct au_bytes name, struct au_hash *out_hash)
{
    (void)context;
    memset(out_hash->bytes, 0xc0, AU_HASH_SIZE);
    return au_bytes_is_equal(name, au_bytes_of("box"));
}

/* Reads the arguments for a function; NULL: its types are not known. */
static enum au_err read_call(struct fixture *fixture, const struct au_abi_record *fn,
                             struct au_bytes **out_items, size_t *out_count)
{
    static const struct au_abi_names names = {.find = find_bob};
    const struct au_abi_export export_ = {.name = fn != NULL ? fn->name : au_bytes_of("put")};
    const struct au_abi_call call = {.fn = fn, .export_ = &export_};
    const struct au_scenario_reader reader = {
        .names = &names,
        .find_code = find_code,
        .abi = &fixture->abi,
        .arena = &fixture->arena,
        .message = &fixture->message,
    };
    return au_scenario_read_args(&reader, fn != NULL ? &call : NULL,
                                 &fixture->scenario.steps[1].args, out_items, out_count);
}

/* Reads the arguments for put; is_typed: by its types. */
static enum au_err read_args(struct fixture *fixture, bool is_typed, struct au_bytes **out_items,
                             size_t *out_count)
{
    const struct au_abi_record *put = au_abi_find(&fixture->abi, AU_ABI_FN, au_bytes_of("put"));
    return read_call(fixture, is_typed ? put : NULL, out_items, out_count);
}

static void test_values(void **state)
{
    static const struct {
        const char *args;
        bool is_typed;
        const char *items; /* in hex, a blank between them */
    } cases[] = {
        {"{\"by\":5,\"at\":{\"y\":2,\"x\":1},\"who\":\"@bob\"}", true,
         "0500000000000000 0100000002000000 "
         "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0 "},
        {"[\"18446744073709551615\",{\"x\":1,\"y\":2},\"raw:0x00\"]", true,
         "ffffffffffffffff 0100000002000000 00 "},
        {"[\"u64:5\",\"u32:1\",\"0x00ff\",\"str:\",\"word\"]", false,
         "0500000000000000 01000000 00ff  776f7264 "},
        {"[\"addr:bob\"]", false,
         "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0 "},
        {"[\"code_hash:box\"]", false,
         "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 "},
        {"{\"by\":1,\"who\":\"code_hash:box\",\"at\":{\"x\":0,\"y\":0}}", true,
         "0100000000000000 0000000000000000 "
         "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0 "},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct au_bytes *items = NULL;
        size_t count = 0;
        struct au_buf got;
        fixture_init(&fixture, cases[i].args);
        assert_int_equal(read_args(&fixture, cases[i].is_typed, &items, &count), AU_OK);
        assert_int_equal(fixture.message.size, 0);
        au_buf_init(&got, 65536);
        for (size_t k = 0; k < count; k++) {
            for (size_t n = 0; n < items[k].size; n++)
                au_buf_printf(&got, "%02x", items[k].data[n]);
            au_buf_put_u8(&got, ' ');
        }
        assert_bytes(au_buf_bytes(&got), cases[i].items);
        au_buf_done(&got);
        fixture_done(&fixture);
    }
}

/* Keys and signatures are what the verifiers of the chain take. */
static void test_values_signed(void **state)
{
    static const char args[] =
        "[{\"sign:ed25519:bob\":{\"Point\":{\"x\":1,\"y\":2}}},\"public_key:ed25519:bob\","
        "{\"sign:secp256k1:judy\":{\"string\":\"\\\"\"}},\"public_key:secp256k1:judy\","
        "{\"sign:p256:alice\":{\"bytes\":\"0x00ff\"}},\"public_key:p256:alice\"]";
    struct fixture fixture;
    struct au_bytes *items = NULL;
    size_t count = 0;
    (void)state;
    fixture_init(&fixture, args);
    assert_int_equal(read_args(&fixture, false, &items, &count), AU_OK);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(items[i].size, i % 2 == 0 ? 64 : i == 1 ? 32 : 33);
    }
    struct au_bytes point = {(const uint8_t *)"\1\0\0\0\2\0\0\0", 8};
    assert_true(au_ed25519_is_valid(items[1].data, items[0].data, point));
    struct au_hash hash = au_sha256((struct au_bytes){(const uint8_t *)"\1\0\0\0\"", 5});
    assert_true(au_secp256k1_is_valid(items[3].data, items[2].data, hash.bytes));
    hash = au_sha256((struct au_bytes){(const uint8_t *)"\2\0\0\0\0\xff", 6});
    assert_true(au_p256_is_valid(items[5].data, items[4].data, hash.bytes));
    fixture_done(&fixture);
}

/* They stand inside of lists, too. */
static void test_values_signed_inside(void **state)
{
    struct fixture fixture;
    struct au_bytes *items = NULL;
    struct au_bytes bytes;
    size_t count = 0;
    (void)state;
    fixture_init(&fixture, "[[\"0x00\",{\"sign:p256:bob\":{\"u64\":5}},\"public_key:p256:bob\"]]");
    const struct au_abi_record *keep = au_abi_find(&fixture.abi, AU_ABI_FN, au_bytes_of("keep"));
    assert_int_equal(read_call(&fixture, keep, &items, &count), AU_OK);
    assert_int_equal(count, 1);
    bytes = items[0];
    assert_int_equal(bytes.size, 4 + (4 + 1) + (4 + 64) + (4 + 33));
    struct au_hash hash = au_sha256((struct au_bytes){(const uint8_t *)"\5\0\0\0\0\0\0\0", 8});
    assert_true(au_p256_is_valid(bytes.data + 81, bytes.data + 13, hash.bytes));
    fixture_done(&fixture);
}

static void test_values_refused(void **state)
{
    static const struct {
        const char *args;
        bool is_typed;
        const char *message;
    } cases[] = {
        {"{\"by\":-1}", true, "args.by: expected u64 (64 bits), got \"-1\""},
        {"{\"by\":9007199254740993}", true,
         "args.by: expected u64 above 2^53-1 as a string, got \"9007199254740993\""},
        {"{\"by\":\"18446744073709551616\"}", true,
         "args.by: expected u64 (64 bits), got \"18446744073709551616\""},
        {"{\"by\":\"u64:5\"}", true, "args.by: expected u64, got \"u64:5\""},
        {"{\"by\":1,\"at\":{\"x\":1}}", true, "args.at.y: expected a value, got none"},
        {"{\"by\":1}", true, "args.at: expected Point, got none"},
        {"{\"bi\":1}", true, "args: expected the members by, at, who, got 'bi'"},
        {"{\"who\":\"@eve\"}", true, "args.who: expected address of a known @name, got \"@eve\""},
        {"{\"who\":\"bob\"}", true,
         "args.who: expected address, aur1.. or 0x and 64 hex digits, got \"bob\""},
        {"[1,{\"x\":1,\"y\":2},\"@bob\",4]", true, "args: `put` takes 3, got one more: \"4\""},
        {"[\"raw:zz\"]", true,
         "args.by: raw: expects 0x and an even number of hex digits, got \"zz\""},
        {"{\"by\":1}", false,
         "args: expected a list, since no ABI names the arguments of this function, got an object"},
        {"[5]", false,
         "args[0]: expected a text that says its type, as \"u64:5\", since no ABI does, got '5'"},
        {"[\"u64:1\",\"u64:x\"]", false,
         "args[1]: u64: expected a decimal number from 0 to 18446744073709551615, got 'x'"},
        {"[\"\"]", false, "args[0]: '' is empty; for an empty text write str:"},
        {"[\"a\\u0000b\"]", false, "args[0]: expected a text without U+0000"},
        {"[\"addr:zed\"]", false,
         "args[0]: expected an address, a development account (alice to judy), or the name of a "
         "contract that was deployed, got 'zed'"},
        {"[\"code_hash:zed\"]", false,
         "args[0]: expected behind code_hash: the name of a contract that was deployed, got 'zed'"},
        {"[\"code_hash:\"]", true,
         "args: expected behind code_hash: the name of a contract that was deployed, got ''"},
        {"[\"public_key:p256:zed\"]", false,
         "args[0]: expected behind sign: or public_key: ed25519, secp256k1 or p256, a colon, and a "
         "development account (alice to judy), got 'p256:zed'"},
        {"[{\"sign:p384:bob\":{\"u64\":5}}]", false,
         "args[0]: expected behind sign: or public_key: ed25519, secp256k1 or p256, a colon, and a "
         "development account (alice to judy), got 'p384:bob'"},
        {"[{\"sign:p256:bob\":5}]", false, "args[0]: expected an object, got an integer"},
        {"[{\"sign:p256:bob\":{}}]", false,
         "args[0]: expected behind sign: an object of one member, the type of what is signed, got "
         "0"},
        {"[{\"sign:p256:bob\":{\"u64\":5,\"u8\":5}}]", false,
         "args[0]: expected behind sign: an object of one member, the type of what is signed, got "
         "2"},
        {"[{\"sign:p256:bob\":{\"Line\":5}}]", false,
         "args[0]: expected what is signed under its type: a word as u64 or bytes, or a type or "
         "enum "
         "of the contract's ABI, got 'Line'"},
        {"[{\"sign:p256:bob\":{\"vec\":5}}]", false,
         "args[0]: expected what is signed under its type: a word as u64 or bytes, or a type or "
         "enum "
         "of the contract's ABI, got 'vec'"},
        {"[{\"sign:p256:bob\":{\"Point\":{\"x\":1}}}]", false,
         "args[0].y: expected a value, got none"},
        {"[{\"sign:p256:bob\":{\"bytes\":{\"sign:p256:bob\":{\"u8\":1}}}}]", false,
         "args[0]: expected no signature in what is signed"},
        {"[\"@/etc/passwd\"]", false,
         "args[0]: expected addr:NAME for an address or str:TEXT for a text, got '@/etc/passwd'"},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct fixture fixture;
        struct au_bytes *items = NULL;
        size_t count = 0;
        fixture_init(&fixture, cases[i].args);
        assert_int_equal(read_args(&fixture, cases[i].is_typed, &items, &count), AU_ERR_MALFORMED);
        assert_bytes(au_buf_bytes(&fixture.message), cases[i].message);
        fixture_done(&fixture);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_values_signed),
        cmocka_unit_test(test_values_signed_inside),
        cmocka_unit_test(test_values_refused),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_read),
        cmocka_unit_test(test_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
