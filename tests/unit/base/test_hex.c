/* Every byte both ways; every way to write hex wrongly. */
#include "unit/unit.h"

#include "base/hex.h"

static void test_every_byte_both_ways(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 10);
    for (unsigned value = 0; value < 256; value++) {
        uint8_t byte = (uint8_t)value;
        char expected[8];
        snprintf(expected, sizeof(expected), "0x%02x", value);
        au_buf_clear(&buf);
        au_hex_put(&buf, (struct au_bytes){&byte, 1});
        assert_bytes(au_buf_bytes(&buf), expected);

        uint8_t parsed = (uint8_t)~byte;
        assert_ok(au_hex_parse(au_buf_bytes(&buf), &parsed, 1));
        assert_int_equal(parsed, byte);
        snprintf(expected, sizeof(expected), "0x%02X", value);
        parsed = (uint8_t)~byte;
        assert_ok(au_hex_parse(au_bytes_of(expected), &parsed, 1));
        assert_int_equal(parsed, byte);
    }
    au_buf_done(&buf);
}

static void test_sizes(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 8);
    au_hex_put(&buf, (struct au_bytes){NULL, 0});
    assert_bytes(au_buf_bytes(&buf), "0x");
    assert_ok(au_hex_parse(au_buf_bytes(&buf), NULL, 0));
    au_buf_clear(&buf);
    au_hex_put(&buf, au_bytes_of("abc"));
    assert_bytes(au_buf_bytes(&buf), "0x616263");
    au_hex_put(&buf, au_bytes_of(""));
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    assert_bytes(au_buf_bytes(&buf), "0x616263");
    au_buf_clear(&buf);
    au_hex_put(&buf, (struct au_bytes){(const uint8_t *)"", SIZE_MAX / 2});
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    au_buf_done(&buf);
}

static void test_wrong_texts(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",       "0",      "0x",     "0x0",    "0x000",  "0x00000", "0x000000", "0X0000",
        "000000", "1x0000", "0x00g0", "0x 000", "0x-001", "0x+001",  "0x0x00",   "0x00 0",
        "0x00:0", "0x00/0", "0x00@0", "0x00G0", "0x00`0", " 0x0000"};
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        uint8_t bytes[2] = {1, 2};
        assert_err(au_hex_parse(au_bytes_of(texts[i]), bytes, 2), AU_ERR_MALFORMED);
        assert_int_equal(bytes[0], 1);
        assert_int_equal(bytes[1], 2);
    }
}

static void test_no_byte_but_digits(void **state)
{
    (void)state;
    unsigned count = 0;
    for (unsigned value = 0; value < 256; value++) {
        uint8_t text[4] = {'0', 'x', '0', (uint8_t)value};
        uint8_t byte = 0;
        count += au_hex_parse((struct au_bytes){text, 4}, &byte, 1) == AU_OK;
    }
    assert_int_equal(count, 22);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_byte_both_ways),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_wrong_texts),
        cmocka_unit_test(test_no_byte_but_digits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
