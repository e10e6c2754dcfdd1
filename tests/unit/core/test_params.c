/* Parameters of a chain: presets, ranges, encoding. The literal was made by another
 * implementation. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/params.h"

#define SIZE_MAX_OF_TEST 128u /* bytes */

static const char params_hex[] =
    "0x00093d000000000000008000000000000000100000000000e8030000000000000000000000000000"
    "00a0724e180900006400000000000000";

static struct au_bytes from_hex(const char *hex, uint8_t *out_bytes)
{
    size_t size = strlen(hex) / 2 - 1;
    assert_true(size < SIZE_MAX_OF_TEST);
    assert_ok(au_hex_parse(au_bytes_of(hex), out_bytes, size));
    return (struct au_bytes){out_bytes, size};
}

static uint64_t *value_at(struct au_params *params, size_t index)
{
    uint64_t *const values[AU_PARAM_COUNT] = {
        &params->block_gas_limit, &params->block_bytes, &params->tx_bytes,
        &params->gas_price_min,   &params->unbonding,   &params->validator_stake_min,
        &params->validators_max,
    };
    return values[index];
}

static bool decodes(struct au_bytes bytes, struct au_params *out_params)
{
    struct au_decode decode;
    au_decode_init(&decode, bytes);
    au_params_decode(&decode, out_params);
    bool is_done = au_decode_is_done(&decode);
    assert_int_equal(is_done, decode.error == NULL);
    return is_done;
}

static void test_presets_as_bytes(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(params_hex, room);
    struct au_params params = au_params_default();
    struct au_params again;
    struct au_buf buf;
    assert_null(au_params_find_bad(&params));
    au_buf_init(&buf, SIZE_MAX_OF_TEST);
    au_params_encode(&buf, &params);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), bytes));
    assert_true(decodes(bytes, &again));
    assert_memory_equal(&again, &params, sizeof(params));
    au_buf_done(&buf);
}

static void test_prefixes_and_tails(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST] = {0};
    struct au_bytes bytes = from_hex(params_hex, room);
    struct au_params params;
    for (size_t size = 0; size < bytes.size; size++) {
        assert_false(decodes((struct au_bytes){room, size}, &params));
    }
    for (unsigned tail = 0; tail < 256; tail++) {
        room[bytes.size] = (uint8_t)tail;
        assert_false(decodes((struct au_bytes){room, bytes.size + 1}, &params));
    }
}

/* Each parameter at, below and above its bounds, alone, also as bytes. */
static void check(size_t index, uint64_t value, bool is_good)
{
    struct au_params params = au_params_default();
    struct au_params again;
    struct au_buf buf;
    *value_at(&params, index) = value;
    const struct au_param_info *bad = au_params_find_bad(&params);
    assert_ptr_equal(bad, is_good ? NULL : &au_param_infos[index]);
    au_buf_init(&buf, SIZE_MAX_OF_TEST);
    au_params_encode(&buf, &params);
    assert_int_equal(decodes(au_buf_bytes(&buf), &again), is_good);
    au_buf_done(&buf);
}

static void test_ranges(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        const struct au_param_info *info = &au_param_infos[i];
        check(i, info->min, true);
        check(i, info->preset, true);
        check(i, info->max, true);
        check(i, info->max + 1, false);
        check(i, UINT64_MAX, false);
        if (info->min > 0) check(i, info->min - 1, false);
    }
}

static void test_first_bad_is_named(void **state)
{
    (void)state;
    struct au_params params = au_params_default();
    params.validators_max = 0;
    params.tx_bytes = 0;
    assert_string_equal(au_params_find_bad(&params)->name, "tx_bytes");
}

/* A block of any chain holds a transaction of any size that the chain allows. */
static void test_a_block_holds_a_transaction(void **state)
{
    (void)state;
    assert_string_equal(au_param_infos[1].name, "block_bytes");
    assert_string_equal(au_param_infos[2].name, "tx_bytes");
    assert_true(au_param_infos[1].min >= au_param_infos[2].max);
}

static void test_names_and_offsets(void **state)
{
    (void)state;
    struct au_params params = au_params_default();
    assert_int_equal(sizeof(params), AU_PARAM_COUNT * sizeof(uint64_t));
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        const struct au_param_info *info = &au_param_infos[i];
        assert_ptr_equal((uint8_t *)&params + info->offset, value_at(&params, i));
        assert_true(*value_at(&params, i) == info->preset);
        assert_true(strlen(info->text) > 0);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(info->name, au_param_infos[j].name);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_presets_as_bytes),
        cmocka_unit_test(test_prefixes_and_tails),
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_first_bad_is_named),
        cmocka_unit_test(test_a_block_holds_a_transaction),
        cmocka_unit_test(test_names_and_offsets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
