/* RLP against encodings of other implementations (the yellow paper's examples), and the reader
 * against everything that has two or three bytes: what it accepts is what the writer writes. */
#include "unit/unit.h"

#include "base/hex.h"
#include "state/rlp.h"

#define SIZE_MAX_TESTED ((size_t)1 << 20)

static void assert_written(struct au_buf *buf, const char *hex)
{
    struct au_buf text;
    au_buf_init(&text, SIZE_MAX_TESTED);
    assert_ok(buf->err);
    au_hex_put(&text, au_buf_bytes(buf));
    assert_bytes(au_buf_bytes(&text), hex);
    au_buf_done(&text);
    au_buf_clear(buf);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *hex;
    } cases[] = {
        {"", "0x80"},
        {"\x01", "0x01"},
        {"\x7f", "0x7f"},
        {"\x80", "0x8180"},
        {"\xff", "0x81ff"},
        {"dog", "0x83646f67"},
        {"Lorem ipsum dolor sit amet, consectetur adipisicing eli",
         "0xb74c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e7365637465747572206164"
         "69706973696369"
         "6e6720656c69"},
        {"Lorem ipsum dolor sit amet, consectetur adipisicing elit",
         "0xb8384c6f72656d20697073756d20646f6c6f722073697420616d65742c20636f6e73656374657475722061"
         "646970697369636"
         "96e6720656c6974"},
    };
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX_TESTED);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        au_rlp_put_bytes(&buf, au_bytes_of(cases[i].text));
        assert_written(&buf, cases[i].hex);
    }
    au_rlp_put_bytes(&buf, (struct au_bytes){(const uint8_t *)"", 1});
    assert_written(&buf, "0x00");
    au_buf_done(&buf);
}

static const struct {
    uint64_t value;
    const char *hex;
} integers[] = {
    {0, "0x80"},
    {1, "0x01"},
    {127, "0x7f"},
    {128, "0x8180"},
    {256, "0x820100"},
    {1000, "0x8203e8"},
    {100000, "0x830186a0"},
    {UINT32_MAX, "0x84ffffffff"},
    {UINT64_MAX, "0x88ffffffffffffffff"},
};

static void test_integers(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX_TESTED);
    for (size_t i = 0; i < AU_COUNT_OF(integers); i++) {
        uint64_t value = 0;
        au_rlp_put_u64(&buf, integers[i].value);
        struct au_bytes rest = au_buf_bytes(&buf);
        assert_true(au_rlp_next_u64(&rest, &value));
        assert_true(value == integers[i].value);
        assert_int_equal(rest.size, 0);
        assert_written(&buf, integers[i].hex);
    }
    au_buf_done(&buf);
}

static void test_lists(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX_TESTED);
    au_rlp_end_list(&buf, au_rlp_begin_list(&buf));
    assert_written(&buf, "0xc0");

    struct au_rlp_list list = au_rlp_begin_list(&buf);
    au_rlp_put_bytes(&buf, au_bytes_of("dog"));
    au_rlp_put_bytes(&buf, au_bytes_of("god"));
    au_rlp_put_bytes(&buf, au_bytes_of("cat"));
    au_rlp_end_list(&buf, list);
    assert_written(&buf, "0xcc83646f6783676f6483636174");

    /* [[], [[]], [[], [[]]]] */
    list = au_rlp_begin_list(&buf);
    au_rlp_end_list(&buf, au_rlp_begin_list(&buf));
    struct au_rlp_list inner = au_rlp_begin_list(&buf);
    au_rlp_end_list(&buf, au_rlp_begin_list(&buf));
    au_rlp_end_list(&buf, inner);
    inner = au_rlp_begin_list(&buf);
    au_rlp_end_list(&buf, au_rlp_begin_list(&buf));
    struct au_rlp_list innermost = au_rlp_begin_list(&buf);
    au_rlp_end_list(&buf, au_rlp_begin_list(&buf));
    au_rlp_end_list(&buf, innermost);
    au_rlp_end_list(&buf, inner);
    au_rlp_end_list(&buf, list);
    assert_written(&buf, "0xc7c0c1c0c3c0c1c0");
    au_buf_done(&buf);
}

/* Payloads of every size around those at which the head grows come back as they were. */
static void test_sizes(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 2, 54, 55, 56, 57, 255, 256, 257, 65535, 65536, 65537};
    struct au_buf buf, payload;
    au_buf_init(&buf, SIZE_MAX_TESTED);
    au_buf_init(&payload, SIZE_MAX_TESTED);
    for (size_t i = 0; i < 2 * AU_COUNT_OF(sizes); i++) {
        bool is_list = i % 2 == 1;
        au_buf_clear(&payload);
        au_buf_clear(&buf);
        while (payload.size < sizes[i / 2]) {
            au_buf_put_u8(&payload, (uint8_t)(payload.size % 128));
        }
        struct au_rlp_list list = au_rlp_begin_list(&buf);
        if (is_list) {
            au_buf_put_bytes(&buf, au_buf_bytes(&payload));
            au_rlp_end_list(&buf, list);
        } else {
            au_rlp_put_bytes(&buf, au_buf_bytes(&payload));
        }
        assert_ok(buf.err);
        struct au_bytes rest = au_buf_bytes(&buf);
        struct au_rlp_item item;
        assert_true(au_rlp_next(&rest, &item));
        assert_int_equal(rest.size, 0);
        assert_int_equal(item.is_list, is_list);
        assert_true(au_bytes_is_equal(item.payload, au_buf_bytes(&payload)));
        assert_true(au_bytes_is_equal(item.encoded, au_buf_bytes(&buf)));
        for (size_t cut = 0; cut < buf.size; cut += buf.size / 100 + 1) {
            rest = (struct au_bytes){buf.data, cut};
            assert_false(au_rlp_next(&rest, &item));
            assert_int_equal(rest.size, cut);
        }
    }
    au_buf_done(&buf);
    au_buf_done(&payload);
}

static void test_malformed(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "0x",
        "0x8100", /* a byte below 0x80 is itself */
        "0x817f",
        "0x81", /* cut off */
        "0x83646f",
        "0xb8",
        "0xb90100",
        "0xc1",
        "0xf8",
        "0xb800", /* a long head for a short string */
        "0xb80161",
        "0xf800",
        "0xf80180",
        "0xb90038", /* a leading zero in the size */
        "0xf90038",
        "0xbfffffffffffffffff", /* past the end, and past what can be added */
        "0xffffffffffffffffff",
        "0xbf8000000000000000",
        "0xfb7fffffff",
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        uint8_t bytes[16];
        struct au_bytes whole = {bytes, strlen(cases[i]) / 2 - 1};
        struct au_rlp_item item;
        assert_ok(au_hex_parse(au_bytes_of(cases[i]), bytes, whole.size));
        struct au_bytes rest = whole;
        assert_false(au_rlp_next(&rest, &item));
        assert_true(rest.data == whole.data && rest.size == whole.size);
    }
}

/* A size with a leading zero, whose payload is all there. */
static void test_padded_size(void **state)
{
    (void)state;
    static const uint8_t heads[][3] = {{0xb9, 0, 56}, {0xf9, 0, 56}};
    for (size_t i = 0; i < AU_COUNT_OF(heads); i++) {
        uint8_t bytes[3 + 56] = {0};
        struct au_rlp_item item;
        memcpy(bytes, heads[i], sizeof(heads[i]));
        struct au_bytes rest = {bytes, sizeof(bytes)};
        assert_false(au_rlp_next(&rest, &item));
        bytes[1] = (uint8_t)(heads[i][0] - 1);
        rest = (struct au_bytes){bytes + 1, sizeof(bytes) - 1};
        assert_true(au_rlp_next(&rest, &item));
    }
}

static void test_malformed_integers(void **state)
{
    (void)state;
    static const char *const cases[] = {"0x00",   "0x820001", "0xc0", "0x89010000000000000000",
                                        "0x8100", "0x"};
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        uint8_t bytes[16];
        uint64_t value = 5;
        struct au_bytes whole = {bytes, strlen(cases[i]) / 2 - 1}, payload;
        assert_ok(au_hex_parse(au_bytes_of(cases[i]), bytes, whole.size));
        struct au_bytes rest = whole;
        assert_false(au_rlp_next_u64(&rest, &value));
        assert_true(rest.size == whole.size && value == 5);
        if (whole.size == 0 || bytes[0] != 0xc0) assert_false(au_rlp_next_list(&rest, &payload));
    }
}

/* Each of all strings of three bytes: what is taken off is what the writer makes of the payload. */
static void test_one_encoding(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 64);
    size_t accepted_count = 0;
    for (uint32_t i = 0; i < 1u << 24; i++) {
        if ((i & 0xff) > 3 && (i & 0xff) < 0x7e) continue; /* of the third byte's, the ends */
        const uint8_t bytes[3] = {(uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};
        struct au_bytes rest = {bytes, sizeof(bytes)};
        struct au_rlp_item item;
        if (!au_rlp_next(&rest, &item)) continue;
        accepted_count++;
        au_buf_clear(&buf);
        if (item.is_list) {
            struct au_rlp_list list = au_rlp_begin_list(&buf);
            au_buf_put_bytes(&buf, item.payload);
            au_rlp_end_list(&buf, list);
        } else {
            au_rlp_put_bytes(&buf, item.payload);
        }
        if (!au_bytes_is_equal(au_buf_bytes(&buf), item.encoded)) fail_msg("0x%06x", i);
        if (item.encoded.size + rest.size != sizeof(bytes)) fail_msg("0x%06x", i);
    }
    assert_true(accepted_count > 4000000);
    au_buf_done(&buf);
}

static void test_bound(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 4);
    struct au_rlp_list list = au_rlp_begin_list(&buf);
    au_rlp_put_bytes(&buf, au_bytes_of("dog"));
    au_rlp_end_list(&buf, list);
    assert_err(buf.err, AU_ERR_TOO_LARGE);
    au_rlp_end_list(&buf, list);
    assert_err(buf.err, AU_ERR_TOO_LARGE);
    au_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_sizes),
        cmocka_unit_test(test_malformed),
        cmocka_unit_test(test_padded_size),
        cmocka_unit_test(test_malformed_integers),
        cmocka_unit_test(test_one_encoding),
        cmocka_unit_test(test_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
