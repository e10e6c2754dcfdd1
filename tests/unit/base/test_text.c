/* The edges of each type, and every way to write a number differently. */
#include "unit/unit.h"

#include "base/text.h"

struct reading {
    const char *text;
    bool u64;
    bool i64;
    bool u32;
    bool i32;
};

/* Which of the types take a text. */
static const struct reading readings[] = {
    {"0", true, true, true, true},
    {"1", true, true, true, true},
    {"9", true, true, true, true},
    {"10", true, true, true, true},
    {"-1", false, true, false, true},
    {"-10", false, true, false, true},
    {"2147483647", true, true, true, true},
    {"2147483648", true, true, true, false},
    {"-2147483648", false, true, false, true},
    {"-2147483649", false, true, false, false},
    {"4294967295", true, true, true, false},
    {"4294967296", true, true, false, false},
    {"9223372036854775807", true, true, false, false},
    {"9223372036854775808", true, false, false, false},
    {"-9223372036854775808", false, true, false, false},
    {"-9223372036854775809", false, false, false, false},
    {"18446744073709551615", true, false, false, false},
    {"18446744073709551616", false, false, false, false},
    {"18446744073709551620", false, false, false, false},
    {"18446744073709551625", false, false, false, false},
    {"28446744073709551615", false, false, false, false},
    {"100000000000000000000", false, false, false, false},
    {"-18446744073709551615", false, false, false, false},
    {"", false, false, false, false},
    {"-", false, false, false, false},
    {"--1", false, false, false, false},
    {"-0", false, false, false, false},
    {"+1", false, false, false, false},
    {"00", false, false, false, false},
    {"01", false, false, false, false},
    {"-01", false, false, false, false},
    {" 1", false, false, false, false},
    {"1 ", false, false, false, false},
    {"1\n", false, false, false, false},
    {"1.0", false, false, false, false},
    {"1e1", false, false, false, false},
    {"0x1", false, false, false, false},
    {"1_0", false, false, false, false},
    {"/", false, false, false, false},
    {":", false, false, false, false},
    {"a", false, false, false, false},
};

static enum au_err expected(bool is_taken)
{
    return is_taken ? AU_OK : AU_ERR_MALFORMED;
}

static void test_readings(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(readings); i++) {
        const struct reading *reading = &readings[i];
        struct au_bytes text = au_bytes_of(reading->text);
        uint64_t u64 = 77;
        int64_t i64 = 77;
        uint32_t u32 = 77;
        int32_t i32 = 77;
        assert_err(au_text_parse_u64(text, &u64), expected(reading->u64));
        assert_err(au_text_parse_i64(text, &i64), expected(reading->i64));
        assert_err(au_text_parse_u32(text, &u32), expected(reading->u32));
        assert_err(au_text_parse_i32(text, &i32), expected(reading->i32));
        assert_int_equal(u64, reading->u64 ? strtoull(reading->text, NULL, 10) : 77);
        assert_int_equal(i64, reading->i64 ? strtoll(reading->text, NULL, 10) : 77);
        assert_int_equal(u32, reading->u32 ? strtoull(reading->text, NULL, 10) : 77);
        assert_int_equal(i32, reading->i32 ? strtoll(reading->text, NULL, 10) : 77);
    }
}

static void test_every_single_byte(void **state)
{
    (void)state;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t byte = (uint8_t)value;
        uint64_t number = 0;
        bool is_digit = value >= '0' && value <= '9';
        assert_err(au_text_parse_u64((struct au_bytes){&byte, 1}, &number), expected(is_digit));
        if (is_digit) assert_int_equal(number, value - '0');
    }
}

static void test_size_is_the_end(void **state)
{
    (void)state;
    uint64_t number = 0;
    assert_ok(au_text_parse_u64((struct au_bytes){(const uint8_t *)"1234", 2}, &number));
    assert_int_equal(number, 12);
    assert_err(au_text_parse_u64((struct au_bytes){(const uint8_t *)"12\0", 3}, &number),
               AU_ERR_MALFORMED);
    assert_err(au_text_parse_u64((struct au_bytes){NULL, 0}, &number), AU_ERR_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_readings),
        cmocka_unit_test(test_every_single_byte),
        cmocka_unit_test(test_size_is_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
