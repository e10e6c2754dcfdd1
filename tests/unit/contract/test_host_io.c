/* Host functions besides state: log, arguments, output, revert, abort, where and when, crypto. */
#include "fixture.h"

#define NUMBER_LOG         1u
#define NUMBER_RETURN_DATA 11u
#define NUMBER_REVERT      12u
#define NUMBER_ABORT       38u

#define TEXT    0u    /* "hello" */
#define MESSAGE 1028u /* an AssemblyScript string "hi \u00e9", 8 bytes */
#define FILE_AT 1060u /* "a.ts", 8 bytes */
#define BROKEN  1092u /* a lone surrogate, "x", an odd byte: 5 bytes */
#define HUGE_AT 1124u /* says 65,536 bytes */
#define LARGE   2052u /* says 4,096 bytes */
#define KEY     8192u
#define SIG     8256u
#define SIGNED  8320u

/* RFC 8032 section 7.1, test 3. */
static const char data[] =
    "(data (i32.const 0) \"hello\")"
    "(data (i32.const 1024) \"\\08\\00\\00\\00h\\00i\\00 \\00\\e9\\00\")"
    "(data (i32.const 1056) \"\\08\\00\\00\\00a\\00.\\00t\\00s\\00\")"
    "(data (i32.const 1088) \"\\05\\00\\00\\00\\00\\d8x\\00z\")"
    "(data (i32.const 1120) \"\\00\\00\\01\\00\")"
    "(data (i32.const 2048) \"\\00\\10\\00\\00\")"
    "(data (i32.const 8192) \"\\fc\\51\\cd\\8e\\62\\18\\a1\\a3\\8d\\a4\\7e\\d0\\02\\30\\f0\\58"
    "\\08\\16\\ed\\13\\ba\\33\\03\\ac\\5d\\eb\\91\\15\\48\\90\\80\\25\")"
    "(data (i32.const 8256) \"\\62\\91\\d6\\57\\de\\ec\\24\\02\\48\\27\\e6\\9c\\3a\\be\\01\\a3"
    "\\0c\\e5\\48\\a2\\84\\74\\3a\\44\\5e\\36\\80\\d7\\db\\5a\\c3\\ac"
    "\\18\\ff\\9b\\53\\8d\\16\\f2\\90\\ae\\67\\f7\\60\\98\\4d\\c6\\59"
    "\\4a\\7c\\15\\e9\\71\\6e\\d2\\8d\\c0\\27\\be\\ce\\ea\\1e\\c4\\0a\")"
    "(data (i32.const 8320) \"\\af\\82\")";

static int open_world(void **state)
{
    return fixture_open_hosts(state, 8, data);
}

/* ---- log ---- */

static void test_log(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "log", TEXT, 5);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_price(fx, "log", 10000 + 20 * 5);
    assert_int_equal(fx->result.output.size, 0);
    RUN(fx, "log", 0xffffffff, 0);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_price(fx, "log", 10000);
    assert_int_equal(fx->env.log_count, 2);
    assert_int_equal(fx->logs.size, 4 + 5 + 4);
    assert_memory_equal(fx->logs.data, "\5\0\0\0hello\0\0\0\0", 13);

    RUN(fx, "log", TEXT, 4096);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    RUN(fx, "log", TEXT, 4097);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_LOG, AU_HOST_REJECT_SIZE));
    assert_price(fx, "log", 10000 + 20 * 4097);
    RUN(fx, "log", 0xffffffff, 0xffffffff);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_LOG, AU_HOST_REJECT_SIZE));
    assert_int_equal(fx->env.log_count, 3);
}

/* 64 KiB, four bytes per line counted; a rejected line does not count. */
static void test_log_cap(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 15; i++)
        RUN(fx, "log", TEXT, 4096);
    assert_int_equal(fx->logs.size, 15 * 4100);
    RUN(fx, "log", TEXT, 4033);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_LOG, AU_HOST_REJECT_CAP));
    RUN(fx, "log", TEXT, 4032);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_int_equal(fx->logs.size, 65536);
    RUN(fx, "log", 0, 0);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_LOG, AU_HOST_REJECT_CAP));
    assert_int_equal(fx->env.log_count, 16);
}

/* ---- arguments ---- */

static void test_arguments(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "arg_size", 8, 0);
    assert_price(fx, "arg_size", 1000);
    assert_returns(fx, "arg_size", -1, 1);
    assert_returns(fx, "arg_size", -1, 0xffffffff);
    assert_price(fx, "arg_size", 1000);

    /* argument 1 is where to: 3000 = b8 0b 00 00 .. */
    assert_returns(fx, "arg_read", 8, 1, 3000, 0, 100);
    assert_price(fx, "arg_read", 2000 + 8);
    assert_returns(fx, "arg_read", 3, 1, 3000, 5, 100);
    assert_price(fx, "arg_read", 2000 + 3);
    assert_returns(fx, "arg_read", 2, 1, 3000, 0, 2);
    assert_returns(fx, "arg_read", 0, 1, 3000, 8, 100);
    assert_returns(fx, "arg_read", 0, 1, 3000, 0xffffffff, 100);
    assert_returns(fx, "arg_read", 0, 1, 0xffffffff, 0, 0);
    assert_price(fx, "arg_read", 2000);
    assert_returns(fx, "arg_read", -1, 4, 3000, 0, 100);
    assert_returns(fx, "arg_read", -1, 0xffffffff, 3000, 0, 100);

    RUN(fx, "arg_read_dump", 1, 3000, 0, 2, 2999, 4);
    assert_int_equal(fx->result.output.size, 4);
    assert_memory_equal(fx->result.output.data, "\0\xb8\x0b\0", 4);
}

static void test_arg_count(void **state)
{
    struct fixture *fx = *state;
    fixture_run_numbers(fx, "arg_count", NULL, 0);
    assert_int_equal(fixture_output_i64(fx), 0);
    assert_price(fx, "arg_count", 1000);
    RUN(fx, "arg_count", 1, 2, 3); /* without parameters any arguments are accepted */
    assert_int_equal(fixture_output_i64(fx), 3);
}

/* ---- output ---- */

static void test_return_data(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "return_data", TEXT, 5);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_output(fx, "hello");
    assert_price(fx, "return_data", 2000 + 2 * 5);
    RUN(fx, "return_data_dump", TEXT, 5, TEXT, 2); /* the last call wins */
    assert_output(fx, "he");
    RUN(fx, "return_data", 0xffffffff, 0);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_int_equal(fx->result.output.size, 0);
    assert_int_equal(fx->env.output_used, 12);
}

static void test_output_cap(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "return_data", 0, 262145);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_RETURN_DATA, AU_HOST_REJECT_SIZE));
    RUN(fx, "revert", 1, 0, 262145);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_REVERT, AU_HOST_REJECT_SIZE));
    RUN(fx, "return_data", 0, 262143);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_int_equal(fx->result.output.size, 262143);
    RUN(fx, "return_data", 0, 2);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_RETURN_DATA, AU_HOST_REJECT_CAP));
    RUN(fx, "revert", 1, 0, 2);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_REVERT, AU_HOST_REJECT_CAP));
    RUN(fx, "revert", 1, TEXT, 1); /* what is undone counts too */
    assert_ends(fx, AU_OUTCOME_REVERTED, 0);
    assert_int_equal(fx->env.output_used, 262144);
    RUN(fx, "return_data", 0, 0);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
}

static void test_revert(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "revert", 0x80000007, TEXT, 5);
    assert_ends(fx, AU_OUTCOME_REVERTED, 0);
    assert_int_equal(fx->result.revert_code, 0x80000007);
    assert_output(fx, "hello");
    assert_price(fx, "revert", 2000 + 2 * 5);
    RUN(fx, "revert", 0, 0xffffffff, 0);
    assert_ends(fx, AU_OUTCOME_REVERTED, 0);
    assert_int_equal(fx->result.output.size, 0);
    RUN(fx, "revert", 1, 524288, 1);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_REVERT, AU_HOST_REJECT_POINTER));
    assert_int_equal(fx->result.revert_code, 0);
    assert_int_equal(fx->result.output.size, 0);
}

/* ---- abort ---- */

static void assert_line(const struct fixture *fx, const char *line)
{
    assert_int_equal(fx->logs.size, 4 + strlen(line));
    assert_memory_equal(fx->logs.data + 4, line, strlen(line));
}

static void test_abort(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "abort", MESSAGE, FILE_AT, 12, 0xffffffff);
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
    assert_price(fx, "abort", 2000 + 20 * 16);
    assert_line(fx, "abort: hi \xc3\xa9 at a.ts:12:4294967295");

    fixture_reset(fx);
    RUN(fx, "abort", 0, 0, 0, 0);
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
    assert_price(fx, "abort", 2000);
    assert_line(fx, "abort:  at :0:0");

    fixture_reset(fx);
    RUN(fx, "abort", BROKEN, 0, 1, 2);
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
    assert_price(fx, "abort", 2000 + 20 * 5);
    assert_line(fx, "abort: \xef\xbf\xbdx\xef\xbf\xbd at :1:2");
}

static void test_abort_limits(void **state)
{
    struct fixture *fx = *state;
    const uint32_t pointers[] = {1, 3, 524289, 524292, 0x7fffffff, 0x80000000, 0xffffffff};
    for (size_t i = 0; i < AU_COUNT_OF(pointers); i++) {
        for (int is_file = 0; is_file < 2; is_file++) {
            RUN(fx, "abort", is_file ? 0 : pointers[i], is_file ? pointers[i] : 0, 0, 0);
            assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                        fixture_reject(NUMBER_ABORT, AU_HOST_REJECT_POINTER));
            assert_price(fx, "abort", 2000);
        }
    }
    RUN(fx, "abort", 524288, 0, 0, 0); /* ends where memory ends: its size reads as 0 */
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
    RUN(fx, "abort", HUGE_AT, 0, 0, 0);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_ABORT, AU_HOST_REJECT_SIZE));
    assert_price(fx, "abort", 2000 + 20 * 65536);
    RUN(fx, "abort", LARGE, MESSAGE, 0, 0); /* 4,096 and 8 bytes */
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_ABORT, AU_HOST_REJECT_SIZE));
    fixture_reset(fx);
    RUN(fx, "abort", LARGE, 0, 0, 0);
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
    assert_price(fx, "abort", 2000 + 20 * 4096);
    assert_int_equal(fx->logs.size, 4 + 2048 + strlen("abort:  at :0:0"));
    fx->call.logs_size_max = (uint32_t)fx->logs.size;
    RUN(fx, "abort", 0, 0, 0, 0);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_ABORT, AU_HOST_REJECT_CAP));
    fx->call.steps_limit = fx->result.steps_used - 1;
    RUN(fx, "abort", 0, 0, 0, 0);
    assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
}

/* ---- where and when ---- */

static void test_addresses(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *function;
        const char *dump;
        const char *id;
    } rows[] = {
        {"self_address", "self_address_dump", "self"},
        {"caller", "caller_dump", "caller"},
        {"origin", "origin_dump", "signer"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_address address = fixture_address(rows[i].id);
        RUN(fx, rows[i].dump, 524288 - 32, 524288 - 33, 33);
        assert_int_equal(fx->result.output.size, 33);
        assert_int_equal(fx->result.output.data[0], 0);
        assert_memory_equal(fx->result.output.data + 1, address.bytes, 32);
        RUN(fx, rows[i].function, 0);
        assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
        assert_price(fx, rows[i].function, 2000);
    }
}

static void test_numbers(void **state)
{
    struct fixture *fx = *state;
    fixture_put_balance(fx, "caller", 15); /* 5 for each run */
    fx->call.value = 5;
    assert_returns(fx, "value", 5, 0);
    assert_price(fx, "value", 2000);
    assert_returns(fx, "block_height", 77, 0);
    assert_price(fx, "block_height", 2000);
    assert_returns(fx, "block_time", 1700000000123, 0);
    assert_price(fx, "block_time", 2000);
}

/* After its own price, rounded down; 8 steps for the wrapper's call are gone too. */
static void test_gas_left(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "gas_left", 0);
    int64_t entry = fx->result.steps_used - 2008;
    const int64_t left[] = {0, 1, 999, 1000, 1001, 123456789};
    for (size_t i = 0; i < AU_COUNT_OF(left); i++) {
        fx->call.steps_limit = entry + 2008 + left[i];
        assert_returns(fx, "gas_left", left[i] / 1000, 0);
        assert_price(fx, "gas_left", 2000);
    }
    fx->call.steps_limit = entry + 2007;
    RUN(fx, "gas_left", 0);
    assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
}

static void test_chain_id(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "chain_id", 10, 3000, 50);
    assert_price(fx, "chain_id", 2000);
    assert_returns(fx, "chain_id", 10, 0xffffffff, 0);
    RUN(fx, "chain_id_dump", TEXT, 3, TEXT, 5);
    assert_output(fx, "teslo");
    RUN(fx, "chain_id_dump", TEXT, 50, TEXT, 10);
    assert_output(fx, "test-chain");
}

/* ---- crypto ---- */

static void test_sha256(void **state)
{
    struct fixture *fx = *state;
    struct au_hash hash = au_sha256(au_bytes_of("hello"));
    RUN(fx, "sha256_dump", TEXT, 5, TEXT + 2, TEXT + 2, 32); /* over its own input */
    assert_int_equal(fx->result.output.size, 32);
    assert_memory_equal(fx->result.output.data, hash.bytes, 32);
    RUN(fx, "sha256", TEXT, 5, 3000);
    assert_price(fx, "sha256", 5000 + 5 * 5);
    hash = au_sha256((struct au_bytes){0});
    RUN(fx, "sha256_dump", 0xffffffff, 0, 3000, 3000, 32);
    assert_memory_equal(fx->result.output.data, hash.bytes, 32);
}

static void test_ed25519_verify(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "ed25519_verify", 1, KEY, SIG, SIGNED, 2);
    assert_price(fx, "ed25519_verify", 100000 + 5 * 2);
    assert_returns(fx, "ed25519_verify", 0, KEY, SIG, SIGNED, 1);
    assert_returns(fx, "ed25519_verify", 0, KEY, SIG, SIGNED, 3);
    assert_returns(fx, "ed25519_verify", 0, KEY, SIG + 1, SIGNED, 2);
    assert_returns(fx, "ed25519_verify", 0, KEY + 1, SIG, SIGNED, 2);
    assert_returns(fx, "ed25519_verify", 0, 3000, SIG, SIGNED, 2); /* a key of small order */
    assert_returns(fx, "ed25519_verify", 0, KEY, SIG, 0xffffffff, 0);
    assert_price(fx, "ed25519_verify", 100000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_log, fixture_reset_world),
        cmocka_unit_test_setup(test_log_cap, fixture_reset_world),
        cmocka_unit_test_setup(test_arguments, fixture_reset_world),
        cmocka_unit_test_setup(test_arg_count, fixture_reset_world),
        cmocka_unit_test_setup(test_return_data, fixture_reset_world),
        cmocka_unit_test_setup(test_output_cap, fixture_reset_world),
        cmocka_unit_test_setup(test_revert, fixture_reset_world),
        cmocka_unit_test_setup(test_abort, fixture_reset_world),
        cmocka_unit_test_setup(test_abort_limits, fixture_reset_world),
        cmocka_unit_test_setup(test_addresses, fixture_reset_world),
        cmocka_unit_test_setup(test_numbers, fixture_reset_world),
        cmocka_unit_test_setup(test_gas_left, fixture_reset_world),
        cmocka_unit_test_setup(test_chain_id, fixture_reset_world),
        cmocka_unit_test_setup(test_sha256, fixture_reset_world),
        cmocka_unit_test_setup(test_ed25519_verify, fixture_reset_world),
    };
    return cmocka_run_group_tests_name("contract/host_io", tests, open_world, fixture_close_world);
}
