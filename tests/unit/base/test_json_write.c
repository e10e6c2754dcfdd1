/* Exact texts in both styles; every byte in a string; calls out of order abort. */
#include "unit/unit.h"

#include "base/json_in.h"
#include "base/json_write.h"
#include "base/utf8.h"

static void write_sample(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    au_json_write_key(json, "gas");
    au_json_write_u64(json, UINT64_MAX);
    au_json_write_key(json, "detail");
    au_json_write_u32(json, UINT32_MAX);
    au_json_write_key(json, "logs");
    au_json_write_begin_array(json);
    au_json_write_text(json, "a");
    au_json_write_null(json);
    au_json_write_begin_array(json);
    au_json_write_end_array(json);
    au_json_write_bool(json, true);
    au_json_write_end_array(json);
    au_json_write_key_bytes(json, (struct au_bytes){(const uint8_t *)"k\0y", 3});
    au_json_write_hex(json, au_bytes_of("\x01\xff"));
    au_json_write_key(json, "none");
    au_json_write_begin_object(json);
    au_json_write_end_object(json);
    au_json_write_key(json, "ok");
    au_json_write_bool(json, false);
    au_json_write_end_object(json);
    au_json_write_finish(json);
}

static void test_styles(void **state)
{
    (void)state;
    struct au_json_write json;
    struct au_buf buf;
    au_buf_init(&buf, 1000);
    au_json_write_init(&json, &buf, AU_JSON_WRITE_COMPACT);
    write_sample(&json);
    assert_bytes(
        au_buf_bytes(&buf),
        "{\"gas\":\"18446744073709551615\",\"detail\":4294967295,"
        "\"logs\":[\"a\",null,[],true],\"k\\u0000y\":\"0x01ff\",\"none\":{},\"ok\":false}");
    au_buf_clear(&buf);
    au_json_write_init(&json, &buf, AU_JSON_WRITE_INDENTED);
    write_sample(&json);
    assert_bytes(au_buf_bytes(&buf), "{\n"
                                     "  \"gas\": \"18446744073709551615\",\n"
                                     "  \"detail\": 4294967295,\n"
                                     "  \"logs\": [\n"
                                     "    \"a\",\n"
                                     "    null,\n"
                                     "    [],\n"
                                     "    true\n"
                                     "  ],\n"
                                     "  \"k\\u0000y\": \"0x01ff\",\n"
                                     "  \"none\": {},\n"
                                     "  \"ok\": false\n"
                                     "}\n");
    au_buf_done(&buf);
}

static void test_strings(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *expected;
    } cases[] = {
        {"", "\"\""},
        {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
        {"\b\f\n\r\t", "\"\\b\\f\\n\\r\\t\""},
        {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""},
        {"\xc2\x80\xc2\x9f\xc2\xa0", "\"\\u0080\\u009f\xc2\xa0\""},
        {"\xe2\xc2\x9b\xc2", "\"\xef\xbf\xbd\\u009b\xef\xbf\xbd\""},
        {"\xe2\x82\xac\xf0\x9f\x98\x80", "\"\xe2\x82\xac\xf0\x9f\x98\x80\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xe2\x82\"\x82", "\"\xef\xbf\xbd\\\"\xef\xbf\xbd\""},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_json_write json;
        struct au_buf buf;
        au_buf_init(&buf, 1000);
        au_json_write_init(&json, &buf, AU_JSON_WRITE_COMPACT);
        au_json_write_text(&json, cases[i].text);
        au_json_write_finish(&json);
        assert_bytes(au_buf_bytes(&buf), cases[i].expected);
        au_buf_done(&buf);
    }
}

/* Whatever bytes go in, another implementation reads the text back that UTF-8 makes of them. */
static void test_every_pair_of_bytes_is_read_back(void **state)
{
    (void)state;
    struct au_buf document;
    struct au_buf expected;
    au_buf_init(&document, 100);
    au_buf_init(&expected, 100);
    for (unsigned value = 0; value < 0x10000; value++) {
        uint8_t bytes[] = {(uint8_t)(value >> 8), (uint8_t)(value & 0xff)};
        struct au_bytes text = {bytes, sizeof(bytes)};
        struct au_json_write json;
        au_buf_clear(&document);
        au_json_write_init(&json, &document, AU_JSON_WRITE_COMPACT);
        au_json_write_bytes(&json, text);
        au_json_write_finish(&json);
        au_buf_clear(&expected);
        au_utf8_put(&expected, text);

        struct au_json_in *root = NULL;
        assert_ok(au_json_in_parse(au_buf_bytes(&document), NULL, &root));
        assert_true(au_bytes_is_equal(au_json_in_string(root), au_buf_bytes(&expected)));
        au_json_in_free(root);
    }
    au_buf_done(&document);
    au_buf_done(&expected);
}

static void test_bound_is_the_buffers(void **state)
{
    (void)state;
    struct au_json_write json;
    struct au_buf buf;
    au_buf_init(&buf, 50);
    au_json_write_init(&json, &buf, AU_JSON_WRITE_INDENTED);
    write_sample(&json);
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    assert_true(buf.size <= 50);
    au_buf_done(&buf);
}

static void nest(struct au_json_write *json, size_t depth)
{
    for (size_t i = 0; i < depth; i++) {
        au_json_write_begin_array(json);
    }
}

static void misuse_finish_empty(struct au_json_write *json)
{
    au_json_write_finish(json);
}

static void misuse_finish_open(struct au_json_write *json)
{
    nest(json, 1);
    au_json_write_finish(json);
}

static void misuse_second_value(struct au_json_write *json)
{
    au_json_write_null(json);
    au_json_write_null(json);
}

static void misuse_second_object(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    au_json_write_end_object(json);
    au_json_write_begin_object(json);
}

static void misuse_value_without_key(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    au_json_write_null(json);
}

static void misuse_key_in_array(struct au_json_write *json)
{
    nest(json, 1);
    au_json_write_key(json, "a");
}

static void misuse_key_at_top(struct au_json_write *json)
{
    au_json_write_key(json, "a");
}

static void misuse_two_keys(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    au_json_write_key(json, "a");
    au_json_write_key(json, "b");
}

static void misuse_end_after_key(struct au_json_write *json)
{
    au_json_write_begin_object(json);
    au_json_write_key(json, "a");
    au_json_write_end_object(json);
}

static void misuse_wrong_end(struct au_json_write *json)
{
    nest(json, 1);
    au_json_write_end_object(json);
}

static void misuse_end_at_top(struct au_json_write *json)
{
    au_json_write_end_array(json);
}

static void misuse_depth(struct au_json_write *json)
{
    nest(json, AU_JSON_WRITE_DEPTH_MAX + 1);
}

static void legal_depth(struct au_json_write *json)
{
    nest(json, AU_JSON_WRITE_DEPTH_MAX);
    for (size_t i = 0; i < AU_JSON_WRITE_DEPTH_MAX; i++) {
        au_json_write_end_array(json);
    }
    au_json_write_finish(json);
}

static void run(void *argument)
{
    void (**misuse)(struct au_json_write *) = argument;
    struct au_json_write json;
    struct au_buf buf;
    au_buf_init(&buf, 10000);
    au_json_write_init(&json, &buf, AU_JSON_WRITE_INDENTED);
    (*misuse)(&json);
    au_buf_done(&buf);
}

static void test_calls_out_of_order_abort(void **state)
{
    (void)state;
    void (*misuses[])(struct au_json_write *) = {
        misuse_finish_empty,      misuse_finish_open,  misuse_second_value, misuse_second_object,
        misuse_value_without_key, misuse_key_in_array, misuse_key_at_top,   misuse_two_keys,
        misuse_end_after_key,     misuse_wrong_end,    misuse_end_at_top,   misuse_depth,
    };
    for (size_t i = 0; i < AU_COUNT_OF(misuses); i++) {
        assert_true(unit_aborts(run, &misuses[i]));
    }
    void (*legal)(struct au_json_write *) = legal_depth;
    assert_false(unit_aborts(run, &legal));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_every_pair_of_bytes_is_read_back),
        cmocka_unit_test(test_bound_is_the_buffers),
        cmocka_unit_test(test_calls_out_of_order_abort),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
