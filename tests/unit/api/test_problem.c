/* Problem documents: table, members, what does not fit, and responses that carry them. */
#include "unit/unit.h"

#include "api/refusal.h"
#include "base/json_write.h"
#include "base/utf8.h"

static void write_document(const struct au_problem *problem, const char *instance,
                           struct au_buf *out)
{
    au_buf_init(out, 65536);
    au_problem_write(problem, instance, out);
    assert_int_equal(out->err, AU_OK);
}

static void test_table(void **state)
{
    (void)state;
    for (unsigned i = 0; i < AU_PROBLEM_CODE_COUNT; i++) {
        const struct au_problem_kind *kind = au_problem_kind((enum au_problem_code)i);
        assert_true(kind->status >= 400 && kind->status <= 599);
        assert_true(kind->title[0] >= 'A' && kind->title[0] <= 'Z');
        assert_true(strlen(kind->text) > 20);
        assert_int_equal(strspn(kind->code, "abcdefghijklmnopqrstuvwxyz-"), strlen(kind->code));
        /* A code given twice would be found at its first row. */
        assert_int_equal(au_problem_find(au_bytes_of(kind->code)), i);
    }
    assert_int_equal(au_problem_find(au_bytes_of("bad-valu")), AU_PROBLEM_CODE_COUNT);
    assert_int_equal(au_problem_find(au_bytes_of("")), AU_PROBLEM_CODE_COUNT);
}

static void test_document(void **state)
{
    (void)state;
    struct au_problem problem;
    struct au_buf text;
    au_problem_init(&problem, AU_PROBLEM_NOT_FOUND);
    write_document(&problem, NULL, &text);
    assert_bytes(au_buf_bytes(&text),
                 "{\"type\":\"/docs/errors/not-found\",\"title\":\"Not found\",\"status\":404,"
                 "\"code\":\"not-found\",\"detail\":\"there is no such thing on this chain\"}");
    au_buf_done(&text);

    au_problem_set(&problem, "detail", "no block %d of \"%s\"", 7, "x");
    au_problem_set(&problem, "expected", "%s", "");
    au_problem_set_number(&problem, "invalid", 13);
    au_problem_set(&problem, "got", "\x01\xff");
    write_document(&problem, "req-1", &text);
    assert_bytes(au_buf_bytes(&text),
                 "{\"type\":\"/docs/errors/not-found\",\"title\":\"Not found\",\"status\":404,"
                 "\"code\":\"not-found\",\"detail\":\"no block 7 of \\\"x\\\"\",\"expected\":\"\","
                 "\"invalid\":13,\"got\":\"\\u0001\xef\xbf\xbd\",\"instance\":\"req-1\"}");
    au_buf_done(&text);
}

static void test_cut(void **state)
{
    (void)state;
    char longest[4 * AU_PROBLEM_TEXT_SIZE];
    memset(longest, 'a', sizeof(longest));
    longest[sizeof(longest) - 1] = 0;
    struct au_problem problem;
    struct au_buf text;
    au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
    static const char *const keys[AU_PROBLEM_MEMBERS_MAX] = {"a", "b", "c", "d",
                                                             "e", "f", "g", "h"};
    for (size_t i = 0; i < AU_PROBLEM_MEMBERS_MAX; i++)
        au_problem_set(&problem, keys[i], "%s", longest);
    assert_int_equal(problem.text_size, AU_PROBLEM_TEXT_SIZE);
    write_document(&problem, NULL, &text);
    const char *tail =
        "\",\"b\":\"\",\"c\":\"\",\"d\":\"\",\"e\":\"\",\"f\":\"\",\"g\":\"\",\"h\":\"\"}";
    size_t tail_size = strlen(tail);
    assert_memory_equal(text.data + text.size - tail_size, tail, tail_size);
    au_buf_done(&text);

    /* A sequence cut in its middle does not make the document invalid. */
    for (size_t i = 0; i + 2 < sizeof(longest); i += 2)
        memcpy(longest + i, "\xc3\xa9", 2);
    for (size_t skipped = 0; skipped < 2; skipped++) {
        au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
        au_problem_set(&problem, "got", "%.*s%s", (int)skipped, "x", longest);
        write_document(&problem, NULL, &text);
        assert_true(au_utf8_is_valid(au_buf_bytes(&text)));
        au_buf_done(&text);
    }
}

static void set_twice(void *argument)
{
    au_problem_set(argument, "got", "1");
    au_problem_set(argument, "got", "2");
}

static void set_too_many(void *argument)
{
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i"};
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++)
        au_problem_set(argument, keys[i], "1");
}

static void test_bugs_abort(void **state)
{
    (void)state;
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_BAD_VALUE);
    assert_true(unit_aborts(set_twice, &problem));
    assert_true(unit_aborts(set_too_many, &problem));
}

static void test_response(void **state)
{
    (void)state;
    struct au_response response;
    au_response_init(&response);
    response.instance = "req-9";
    au_response_set(&response, 200, "text/plain");
    au_buf_put_text(&response.body, "half an answer");
    au_response_put_header(&response, "Location", "/v1/%s", "a\r\nSet-Cookie: \x7f\xff b");
    assert_string_equal(au_response_header(&response, 0), "/v1/aSet-Cookie:  b");

    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_INTERNAL);
    au_response_put_problem(&response, &problem);
    assert_int_equal(response.status, 500);
    assert_string_equal(response.content_type, AU_PROBLEM_MEDIA_TYPE);
    assert_int_equal(response.header_count, 1);
    assert_memory_equal(response.body.data, "{\"type\":\"/docs/errors/internal\"", 31);

    au_refuse_full(&response, AU_PROBLEM_UNAVAILABLE, "no room");
    assert_int_equal(response.status, 503);
    assert_int_equal(response.header_count, 1);
    assert_string_equal(response.header_names[0], "Retry-After");

    struct au_buf bare;
    au_buf_init(&bare, 4096);
    au_put_bare(&bare, &problem, "req-9");
    au_buf_put_u8(&bare, 0);
    const char *text = (const char *)bare.data;
    assert_memory_equal(text, "HTTP/1.1 500 Internal error\r\n", 29);
    const char *body = strstr(text, "\r\n\r\n");
    assert_non_null(body);
    char length[64];
    snprintf(length, sizeof(length), "\r\nContent-Length: %zu\r\n", strlen(body + 4));
    assert_non_null(strstr(text, length));
    au_buf_done(&bare);
    au_response_done(&response);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_table),    cmocka_unit_test(test_document),
        cmocka_unit_test(test_cut),      cmocka_unit_test(test_bugs_abort),
        cmocka_unit_test(test_response),
    };
    return cmocka_run_group_tests_name("api/problem", tests, NULL, NULL);
}
