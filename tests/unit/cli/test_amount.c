/* What people write and what scripts read: amounts, outputs, pages and documents. */
#include "unit/unit.h"

#include "cli/amount.h"
#include "cli/arg.h"
#include "cli/page.h"
#include "cli/show.h"

static void test_amounts(void **state)
{
    static const struct {
        const char *text;
        uint64_t amount;
        const char *shown;
    } cases[] = {
        {"0", 0, "0"},
        {"1", 1000000000, "1"},
        {"1.5", 1500000000, "1.5"},
        {"1.500", 1500000000, "1.5"},
        {"1.000000000", 1000000000, "1"},
        {"0.000000001", 1, "0.000000001"},
        {"1.000000001", 1000000001, "1.000000001"},
        {"0u", 0, "0"},
        {"1500000000u", 1500000000, "1.5"},
        {"9223372036.854775807", AU_AMOUNT_MAX, "9223372036.854775807"},
        {"9223372036854775807u", AU_AMOUNT_MAX, "9223372036.854775807"},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf text;
        uint64_t amount = 7;
        uint64_t again = 7;
        au_buf_init(&text, 64);
        assert_ok(au_amount_parse(au_bytes_of(cases[i].text), &amount));
        assert_int_equal(amount, cases[i].amount);
        au_amount_format(&text, amount);
        assert_bytes(au_buf_bytes(&text), cases[i].shown);
        assert_ok(au_amount_parse(au_buf_bytes(&text), &again));
        assert_int_equal(again, amount);
        au_buf_done(&text);
    }
}

static void test_no_amounts(void **state)
{
    static const char *const words[] = {
        "",
        "u",
        ".",
        "1.",
        ".5",
        "-1",
        "+1",
        "01",
        "1e3",
        "1,5",
        "1 ",
        " 1",
        "1.5u",
        "1uu",
        "1.5.5",
        "0x10",
        "1.-5",
        "1.5AUR",
        "1.0000000001",
        "9223372036.854775808",
        "9223372036854775808u",
        "9223372037",
        "18446744073709551616",
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(words); i++) {
        uint64_t amount = 7;
        assert_err(au_amount_parse(au_bytes_of(words[i]), &amount), AU_ERR_MALFORMED);
        assert_int_equal(amount, 7);
    }
}

static void test_outputs(void **state)
{
    static const uint8_t ones[32] = {
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
        255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
    };
    static const struct {
        const char *form;
        size_t size;
        const char *shown; /* NULL: not of that form */
    } cases[] = {
        {"u64", 8, "18446744073709551615"},
        {"i64", 8, "-1"},
        {"u32", 4, "4294967295"},
        {"i32", 4, "-1"},
        {"bytes", 3, "0xffffff"},
        {"bytes", 0, "0x"},
        {"str", 0, ""},
        {"str", 1, "\xef\xbf\xbd"},
        {"u64", 4, NULL},
        {"u64", 0, NULL},
        {"i32", 8, NULL},
        {"addr", 31, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf text;
        au_buf_init(&text, 256);
        struct au_bytes bytes = {ones, cases[i].size};
        enum au_err err = au_arg_format(cases[i].form, bytes, &text);
        assert_int_equal(err, cases[i].shown == NULL ? AU_ERR_MALFORMED : AU_OK);
        if (cases[i].shown != NULL) assert_bytes(au_buf_bytes(&text), cases[i].shown);
        au_buf_done(&text);
    }
    struct au_buf text;
    au_buf_init(&text, 64);
    assert_err(au_arg_format("u16", (struct au_bytes){ones, 2}, &text), AU_ERR_INVALID_ARG);
    au_buf_done(&text);
}

/* What au_arg_format writes for an address, au_arg_parse reads. */
static void test_address_round_trip(void **state)
{
    static const uint8_t bytes[32] = {1, 2, 3, 4, 5};
    (void)state;
    struct au_arena arena;
    struct au_buf text;
    struct au_buf message;
    struct au_bytes back = {0};
    au_arena_init(&arena, 4096);
    au_buf_init(&text, 256);
    au_buf_init(&message, 256);
    au_buf_put_text(&text, "addr:");
    assert_ok(au_arg_format("addr", (struct au_bytes){bytes, sizeof(bytes)}, &text));
    au_buf_put_u8(&text, 0);
    assert_ok(au_arg_parse((const char *)text.data, &arena, &message, &back));
    assert_true(au_bytes_is_equal(back, (struct au_bytes){bytes, sizeof(bytes)}));
    assert_err(au_arg_parse("addr:alice", &arena, &message, &back), AU_ERR_MALFORMED);
    assert_true(message.size > 0);
    au_buf_done(&message);
    au_buf_done(&text);
    au_arena_done(&arena);
}

static void test_page(void **state)
{
    static const char document[] =
        "{\"status\":\"success\",\"n\":5,\"valid\":true,\"output\":\"0x0500000000000000\","
        "\"odd\":\"0x123\",\"text\":\"a\\u001b[2J\",\"a_name_longer_than_the_column\":\"x\","
        "\"logs\":[{\"text\":\"hi\"},{\"text\":\"ho\"}],\"args\":[\"0x01\",\"plain\"],\"empty\":[]"
        "}";
    static const char page[] = "status          success\n"
                               "n               5\n"
                               "valid           yes\n"
                               "output          0x0500000000000000  u64 5\n"
                               "odd             0x123\n"
                               "text            a\\x1b[2J\n"
                               "a_name_longer_than_the_column x\n"
                               "log\n"
                               "  text          hi\n"
                               "log\n"
                               "  text          ho\n"
                               "arg             0x01\n"
                               "arg             plain\n";
    (void)state;
    struct au_json_in *root = NULL;
    struct au_buf text;
    au_buf_init(&text, 4096);
    assert_ok(au_json_in_parse(au_bytes_of(document), NULL, &root));
    au_page_put(&text, root);
    assert_bytes(au_buf_bytes(&text), page);
    au_buf_done(&text);
    au_json_in_free(root);
}

/* Deeper than a page goes: nothing is lost but what lies there. */
static void test_deep_page(void **state)
{
    (void)state;
    struct au_json_in *root = NULL;
    struct au_buf document;
    struct au_buf text;
    au_buf_init(&document, 65536);
    au_buf_init(&text, 65536);
    for (int i = 0; i < 1000; i++) {
        au_buf_put_text(&document, "{\"a\":");
    }
    au_buf_put_text(&document, "1");
    for (int i = 0; i < 1000; i++) {
        au_buf_put_text(&document, "}");
    }
    assert_ok(au_json_in_parse(au_buf_bytes(&document), NULL, &root));
    au_page_put(&text, root);
    assert_ok(text.err);
    assert_int_equal(memcmp(text.data, "a\n  a\n    a\n", 12), 0);
    au_json_in_free(root);
    au_buf_done(&text);
    au_buf_done(&document);
}

/* A document of somebody else reaches a terminal as the same document without controls. */
static void test_document(void **state)
{
    static const char given[] = "{\r\n\t\"a\": \"\xc2\x9b"
                                "31m\x7f\xe2\x80\xae\xc3\xa9\"\n}\n\n";
    static const char shown[] = "{\n\t\"a\": \"\\u009b31m\\u007f\\u202e\xc3\xa9\"\n}\n";
    (void)state;
    struct au_buf text;
    struct au_json_in *before = NULL;
    struct au_json_in *after = NULL;
    au_buf_init(&text, 4096);
    au_show_json(&text, au_bytes_of(given));
    assert_bytes(au_buf_bytes(&text), shown);
    assert_ok(au_json_in_parse(au_bytes_of(given), NULL, &before));
    assert_ok(au_json_in_parse(au_buf_bytes(&text), NULL, &after));
    assert_true(au_bytes_is_equal(au_json_in_string(au_json_in_get(before, "a")),
                                  au_json_in_string(au_json_in_get(after, "a"))));
    au_json_in_free(after);
    au_json_in_free(before);
    au_buf_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_amounts),  cmocka_unit_test(test_no_amounts),
        cmocka_unit_test(test_outputs),  cmocka_unit_test(test_address_round_trip),
        cmocka_unit_test(test_page),     cmocka_unit_test(test_deep_page),
        cmocka_unit_test(test_document),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
