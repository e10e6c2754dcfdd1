/* Receipts and headers as JSON: every member, and those that are left out. Transactions are shown
 * by tests/e2e/tx.bats. */
#include "unit/unit.h"

#include "core/dev_account.h"
#include "core/tx_json.h"

#define TEXT_SIZE_MAX 65536u

#define HASH_ZERO "0x0000000000000000000000000000000000000000000000000000000000000000"

static void begin(struct au_json_write *json, struct au_buf *text)
{
    au_buf_init(text, TEXT_SIZE_MAX);
    au_json_write_init(json, text, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(json);
}

static void end(struct au_json_write *json, struct au_buf *text)
{
    au_json_write_end_object(json);
    au_json_write_finish(json);
    assert_ok(text->err);
}

static void assert_receipt(const struct au_receipt *receipt, const char *expected)
{
    struct au_json_write json;
    struct au_buf text;
    begin(&json, &text);
    au_receipt_put_json(&json, receipt, NULL);
    end(&json, &text);
    assert_bytes(au_buf_bytes(&text), expected);
    au_buf_done(&text);
}

static struct au_bytes zero_address(struct au_buf *text)
{
    static const struct au_address address;
    au_buf_clear(text);
    au_address_format(text, &address);
    return au_buf_bytes(text);
}

static void test_empty_receipt(void **state)
{
    (void)state;
    const struct au_receipt receipt = {0};
    assert_receipt(&receipt, "{\"hash\":\"" HASH_ZERO "\",\"height\":\"0\",\"index\":0,"
                             "\"status\":\"success\",\"outcome\":0,\"detail\":0,\"gas_used\":\"0\","
                             "\"fee\":\"0\",\"output\":\"0x\",\"events\":[],\"logs\":[],"
                             "\"balance_changes\":[],\"storage_changes\":[],"
                             "\"contract_changes\":[]}");
}

static void test_full_receipt(void **state)
{
    (void)state;
    struct au_buf logs;
    struct au_buf balances;
    struct au_buf slots;
    struct au_buf contracts;
    struct au_buf expected;
    struct au_buf address;
    au_buf_init(&logs, 1024);
    au_buf_init(&balances, 1024);
    au_buf_init(&slots, 1024);
    au_buf_init(&contracts, 1024);
    au_buf_init(&expected, 4096);
    au_buf_init(&address, 128);
    struct au_buf events;
    au_buf_init(&events, 1024);
    au_receipt_put_event(&events,
                         &(struct au_receipt_event){
                             .name = au_bytes_of("paid"),
                             .topics = {(const uint8_t *)"0123456789abcdef0123456789ABCDEF", 32},
                             .data = au_bytes_of("x")});
    au_receipt_put_log(&logs, au_bytes_of("hi"));
    au_receipt_put_log(&logs, (struct au_bytes){(const uint8_t *)"\xff", 1});
    au_receipt_put_balance(&balances,
                           &(struct au_receipt_balance){.before = 1, .after = UINT64_MAX});
    au_receipt_put_slot(&slots, &(struct au_receipt_slot){.key = au_bytes_of("k"),
                                                          .exists = true,
                                                          .after = au_bytes_of("v")});
    au_receipt_put_slot(&slots, &(struct au_receipt_slot){.key = au_bytes_of("k"),
                                                          .existed = true,
                                                          .before = au_bytes_of("")});
    au_receipt_put_contract(&contracts, &(struct au_receipt_contract){.has_admin = true});
    au_receipt_put_contract(&contracts,
                            &(struct au_receipt_contract){.existed = true, .had_admin = true});
    const struct au_receipt receipt = {
        .outcome = AU_OUTCOME_REVERTED,
        .revert_code = 7,
        .gas_used = 5,
        .fee = 10,
        .has_created = true,
        .output = au_bytes_of("no"),
        .events = {au_buf_bytes(&events), 1},
        .logs = {au_buf_bytes(&logs), 2},
        .height = 3,
        .index = 4,
        .balances = {au_buf_bytes(&balances), 1},
        .slots = {au_buf_bytes(&slots), 2},
        .contracts = {au_buf_bytes(&contracts), 2},
        .note = au_bytes_of("it said \"no\""),
    };
    struct au_bytes zero = zero_address(&address);
    const char *who = (const char *)zero.data;
    au_buf_printf(
        &expected,
        "{\"hash\":\"" HASH_ZERO "\",\"height\":\"3\",\"index\":4,"
        "\"status\":\"reverted\",\"outcome\":1,\"detail\":0,\"revert_code\":7,"
        "\"gas_used\":\"5\",\"fee\":\"10\",\"created\":\"%.*s\",\"output\":\"0x6e6f\","
        "\"message\":\"it said \\\"no\\\"\",\"events\":[{\"contract\":\"%.*s\","
        "\"name\":\"paid\",\"topics\":[\"0x3031323334353637383961626364656630313233343536373839"
        "414243444546\"],\"data\":\"0x78\"}],\"logs\":[{\"text\":\"hi\","
        "\"bytes\":\"0x6869\"},{\"text\":\"\xef\xbf\xbd\",\"bytes\":\"0xff\"}],"
        "\"balance_changes\":[{\"address\":\"%.*s\",\"before\":\"1\","
        "\"after\":\"18446744073709551615\"}],\"storage_changes\":[{\"contract\":\"%.*s\","
        "\"key\":\"0x6b\",\"after\":\"0x76\"},{\"contract\":\"%.*s\",\"key\":\"0x6b\","
        "\"before\":\"0x\"}],\"contract_changes\":[{\"contract\":\"%.*s\","
        "\"code_hash\":\"" HASH_ZERO "\",\"admin\":\"%.*s\"},{\"contract\":\"%.*s\","
        "\"code_hash_before\":\"" HASH_ZERO "\",\"admin_before\":\"%.*s\","
        "\"code_hash\":\"" HASH_ZERO "\"}]}",
        (int)zero.size, who, (int)zero.size, who, (int)zero.size, who, (int)zero.size, who,
        (int)zero.size, who, (int)zero.size, who, (int)zero.size, who, (int)zero.size, who,
        (int)zero.size, who);
    au_buf_put_u8(&expected, 0);
    assert_ok(expected.err);
    assert_receipt(&receipt, (const char *)expected.data);
    au_buf_done(&events);
    au_buf_done(&address);
    au_buf_done(&expected);
    au_buf_done(&slots);
    au_buf_done(&contracts);
    au_buf_done(&balances);
    au_buf_done(&logs);
}

static void test_reasons(void **state)
{
    static const struct {
        enum au_outcome outcome;
        uint32_t detail;
        const char *reason;
    } cases[] = {
        {AU_OUTCOME_TRAPPED, AU_TRAP_UNREACHABLE, "unreachable"},
        {AU_OUTCOME_TRAPPED, AU_TRAP_ABORT, "abort"},
        {AU_OUTCOME_TRAPPED, 99, NULL},
        {AU_OUTCOME_HOST_REJECTED, 5 * 256 + AU_HOST_REJECT_POINTER, "pointer"},
        {AU_OUTCOME_HOST_REJECTED, 5 * 256, NULL},
        {AU_OUTCOME_SUCCESS, 0, NULL},
        {AU_OUTCOME_OUT_OF_GAS, 1, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        const char *reason = au_receipt_reason(cases[i].outcome, cases[i].detail);
        if (cases[i].reason == NULL) {
            assert_null(reason);
        } else {
            assert_string_equal(reason, cases[i].reason);
        }
    }
}

static void test_header(void **state)
{
    (void)state;
    struct au_json_write json;
    struct au_buf text;
    struct au_buf expected;
    struct au_buf address;
    struct au_header header = {.version = AU_HEADER_VERSION, .chain_id_size = 1, .height = 9};
    header.chain_id[0] = 't';
    header.time_ms = 1234;
    header.gas_used = 5;
    header.gas_limit = 6;
    header.tx_count = 7;
    struct au_hash hash = au_header_hash(&header);
    begin(&json, &text);
    au_header_put_json(&json, &header);
    end(&json, &text);
    au_buf_init(&address, 128);
    au_buf_init(&expected, 4096);
    struct au_bytes zero = zero_address(&address);
    au_buf_put_text(&expected, "{\"height\":\"9\",\"hash\":\"0x");
    for (size_t i = 0; i < AU_HASH_SIZE; i++) {
        au_buf_printf(&expected, "%02x", hash.bytes[i]);
    }
    au_buf_printf(&expected,
                  "\",\"parent\":\"" HASH_ZERO "\",\"time\":\"1970-01-01T00:00:01.234Z\","
                  "\"proposer\":\"%.*s\",\"state_root\":\"" HASH_ZERO "\",\"tx_root\":\"" HASH_ZERO
                  "\",\"receipts_root\":\"" HASH_ZERO "\",\"gas_used\":\"5\",\"gas_limit\":\"6\","
                  "\"tx_count\":7}",
                  (int)zero.size, (const char *)zero.data);
    assert_true(au_bytes_is_equal(au_buf_bytes(&text), au_buf_bytes(&expected)));
    au_buf_done(&address);
    au_buf_done(&expected);
    au_buf_done(&text);
}

/* A document that does not fit is an error of its buffer, whichever member it ends in. */
static void test_too_large(void **state)
{
    (void)state;
    const struct au_receipt receipt = {.has_created = true};
    for (size_t size_max = 0; size_max < 300; size_max += 7) {
        struct au_json_write json;
        struct au_buf text;
        au_buf_init(&text, size_max);
        au_json_write_init(&json, &text, AU_JSON_WRITE_COMPACT);
        au_json_write_begin_object(&json);
        au_receipt_put_json(&json, &receipt, NULL);
        au_json_write_end_object(&json);
        au_json_write_finish(&json);
        assert_err(text.err, AU_ERR_TOO_LARGE);
        au_buf_done(&text);
    }
}

/* The seed of alice, by another program: sha256sum of "aureon/dev/alice". */
static void test_dev_accounts(void **state)
{
    static const uint8_t alice[AU_HASH_SIZE] = {0x91, 0x7e, 0xfb, 0x23, 0x6f, 0x8b, 0xd0, 0x40,
                                                0x3b, 0x3b, 0x33, 0x5a, 0xfe, 0x9c, 0xbf, 0x6d,
                                                0xe0, 0x2d, 0xe3, 0x90, 0xd7, 0x9d, 0x59, 0xa5,
                                                0x24, 0x67, 0x99, 0x53, 0x63, 0x34, 0x35, 0x27};
    (void)state;
    for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
        size_t index = AU_DEV_ACCOUNT_COUNT;
        assert_true(au_dev_account_find(au_bytes_of(au_dev_account_name(i)), &index));
        assert_int_equal(index, i);
    }
    size_t index = 0;
    assert_false(au_dev_account_find(au_bytes_of("mallory"), &index));
    assert_false(au_dev_account_find(au_bytes_of("alic"), &index));
    assert_false(au_dev_account_find(au_bytes_of(""), &index));
    struct au_hash seed = au_dev_account_seed(0);
    assert_memory_equal(seed.bytes, alice, AU_HASH_SIZE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_receipt), cmocka_unit_test(test_full_receipt),
        cmocka_unit_test(test_reasons),       cmocka_unit_test(test_header),
        cmocka_unit_test(test_too_large),     cmocka_unit_test(test_dev_accounts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
