/* Against another decoder: every sequence of 1 to 4 bytes out of 25 that are the edges of all
 * ranges of the format, and every sequence of 4 out of 13 UTF-16 units. The digests below are of
 * the lines that Python's bytes.decode(..., 'replace').encode() gives for them, in the same order.
 */
#include "unit/unit.h"

#include "base/hex.h"
#include "base/utf8.h"
#include "crypto/sha256.h"

static const uint8_t edges[] = {0x00, 0x41, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee,
                                0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};

static void check_digest(struct au_buf *lines, const char *expected)
{
    assert_int_equal(lines->err, AU_OK);
    struct au_hash hash = au_sha256(au_buf_bytes(lines));
    struct au_buf hex;
    au_buf_init(&hex, 100);
    au_hex_put(&hex, (struct au_bytes){hash.bytes, sizeof(hash.bytes)});
    assert_bytes(au_buf_bytes(&hex), expected);
    au_buf_done(&hex);
}

static void test_every_sequence_of_edges(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        size_t valid_count;
        const char *digest;
    } cases[] = {
        {1, 3, "0xa04da38d8e119b042b6c91259ec4328856a19b013c4b7b3523ccf971ffb2493e"},
        {2, 21, "0x25b76fff65378f84ef5c41e0726ab5b1ab97df1b83405e8140c185e39d1d04c3"},
        {3, 279, "0x6b8fd67d83977fc4546f692a8edbad3ba3d7cef3d842d560abf2712fa3256443"},
        {4, 2277, "0x11becfc86aada0faaf73a1f64eabe87afe256e18789ef0e00a52c3dbc032099a"},
    };
    struct au_buf lines;
    au_buf_init(&lines, 16u << 20);
    size_t count = 1;
    for (size_t c = 0; c < AU_COUNT_OF(cases); c++) {
        count *= sizeof(edges);
        size_t valid_count = 0;
        au_buf_clear(&lines);
        for (size_t number = 0; number < count; number++) {
            uint8_t bytes[4];
            size_t rest = number;
            for (size_t i = cases[c].size; i > 0; i--) {
                bytes[i - 1] = edges[rest % sizeof(edges)];
                rest /= sizeof(edges);
            }
            struct au_bytes text = {bytes, cases[c].size};
            size_t start = lines.size;
            au_utf8_put(&lines, text);
            struct au_bytes put = {lines.data + start, lines.size - start};
            assert_true(au_utf8_is_valid(put));
            assert_int_equal(au_utf8_is_valid(text), au_bytes_is_equal(text, put));
            valid_count += au_utf8_is_valid(text);
            au_buf_put_u8(&lines, '\n');
        }
        assert_int_equal(valid_count, cases[c].valid_count);
        check_digest(&lines, cases[c].digest);
    }
    au_buf_done(&lines);
}

static void test_every_sequence_of_utf16_edges(void **state)
{
    (void)state;
    static const uint16_t units[] = {0,      0x41,   0x7f,   0x80,   0x7ff,  0x800, 0xd7ff,
                                     0xd800, 0xdbff, 0xdc00, 0xdfff, 0xe000, 0xffff};
    struct au_buf lines;
    au_buf_init(&lines, 1u << 20);
    for (size_t number = 0; number < 13 * 13 * 13 * 13; number++) {
        uint8_t bytes[8];
        size_t rest = number;
        for (size_t i = 4; i > 0; i--) {
            uint16_t unit = units[rest % 13];
            rest /= 13;
            bytes[2 * i - 2] = (uint8_t)(unit & 0xff);
            bytes[2 * i - 1] = (uint8_t)(unit >> 8);
        }
        au_utf8_put_utf16le(&lines, (struct au_bytes){bytes, sizeof(bytes)});
        au_buf_put_u8(&lines, '\n');
    }
    check_digest(&lines, "0x4447afdcba3b0026989ef28a7199e191057fe9f522238a86c36a39ff8b4c9da0");
    au_buf_done(&lines);
}

static void test_utf16_ends(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 100);
    au_utf8_put_utf16le(&buf, (struct au_bytes){NULL, 0});
    assert_int_equal(buf.size, 0);
    au_utf8_put_utf16le(&buf, (struct au_bytes){(const uint8_t *)"A\0B", 3});
    assert_bytes(au_buf_bytes(&buf), "A\xef\xbf\xbd");
    au_buf_clear(&buf);
    au_utf8_put_utf16le(&buf, (struct au_bytes){(const uint8_t *)"\x3d\xd8\x00\xde", 4});
    assert_bytes(au_buf_bytes(&buf), "\xf0\x9f\x98\x80");
    au_buf_done(&buf);
}

static void test_long_texts(void **state)
{
    (void)state;
    assert_true(au_utf8_is_valid((struct au_bytes){NULL, 0}));
    assert_true(au_utf8_is_valid(au_bytes_of("Gr\xc3\xbc\xc3\x9f\x65 \xe2\x82\xac")));
    assert_false(au_utf8_is_valid(au_bytes_of("Gr\xfc\xdf\x65")));
    struct au_buf buf;
    au_buf_init(&buf, 100);
    au_utf8_put(&buf, (struct au_bytes){NULL, 0});
    assert_int_equal(buf.size, 0);
    au_utf8_put(&buf, au_bytes_of("Gr\xfc\xdf\x65 \xe2\x82"));
    assert_bytes(au_buf_bytes(&buf), "Gr\xef\xbf\xbd\xef\xbf\xbd\x65 \xef\xbf\xbd");
    au_buf_done(&buf);
}

static void test_characters_that_steer(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"\x1f", 1},
        {" ", 0},
        {"~", 0},
        {"\x7f", 1},
        {"\xc2\x80", 2},
        {"\xc2\x9f", 2},
        {"\xc2\xa0", 0},
        {"\xd8\x9b", 0},
        {"\xd8\x9c", 2},
        {"\xd8\x9d", 0},
        {"\xe2\x80\x8d", 0},
        {"\xe2\x80\x8e", 3},
        {"\xe2\x80\x8f", 3},
        {"\xe2\x80\x90", 0},
        {"\xe2\x80\xa7", 0},
        {"\xe2\x80\xa8", 3},
        {"\xe2\x80\xae", 3},
        {"\xe2\x80\xaf", 0},
        {"\xe2\x81\xa5", 0},
        {"\xe2\x81\xa6", 3},
        {"\xe2\x81\xa9", 3},
        {"\xe2\x81\xaa", 0},
        {"\x9f\x61", 0},
        {"\xf0\x9f\x98\x80", 0},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        assert_int_equal(au_utf8_steering_size(au_bytes_of(rows[i].text)), rows[i].size);
    }
    assert_int_equal(au_utf8_steering_size(au_bytes_of("\n\n")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_sequence_of_edges),
        cmocka_unit_test(test_every_sequence_of_utf16_edges),
        cmocka_unit_test(test_utf16_ends),
        cmocka_unit_test(test_long_texts),
        cmocka_unit_test(test_characters_that_steer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
