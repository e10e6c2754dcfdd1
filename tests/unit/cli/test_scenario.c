/* Goal: what is wrong with a scenario is said with its place, what was expected and what was got;
 * what is right is read as it was meant.
 *
 * Method: documents made of one step that varies. */
#include "unit/unit.h"

#include "cli/scenario.h"

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
        {"[" BOX ",{\"call\":\"box\"}]", "steps[1]: function is missing"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"a-b\"}]",
         "steps[1].function: expected a function's name, 1 to 64 of A-Z a-z 0-9 _, got 'a-b'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"from\":\"box\"}]",
         "steps[1].from: expected a development account (alice to judy), which can sign, got "
         "'box'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"args\":[\"u64:1\",\"u64:x\"]}]",
         "steps[1].args[1]: u64: expected a decimal number from 0 to 18446744073709551615, got "
         "'x'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"args\":[\"addr:zed\"]}]",
         "steps[1].args[0]: expected an address, a development account (alice to judy), or the "
         "name of a contract that an earlier step deploys, got 'zed'"},
        {"[" BOX ",{\"call\":\"box\",\"function\":\"f\",\"args\":[\"@/etc/passwd\"]}]",
         "steps[1].args[0]: expected a value, got a file's name; for text write str:"},
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
    assert_int_equal(call->arg_count, 2);
    assert_true(call->args[0].is_party);
    assert_int_equal(call->args[1].bytes.size, 4);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
