/* Which label an answer counts under, and which bucket. */
#include "api/problem.h"
#include "api/tally.h"
#include "unit/unit.h"

static const struct au_route routes[] = {
    {.methods = AU_METHOD_GET, .pattern = "/v1/read/{id}"},
    {.methods = AU_METHOD_POST, .pattern = "/v1/write"},
    {.methods = AU_METHOD_GET, .pattern = "/v1/slow", .is_slow = true},
};
static const struct au_route_table table = {routes, AU_COUNT_OF(routes)};

static struct au_tally tally;
static char text[65536];

static int set_up(void **state)
{
    (void)state;
    tally = (struct au_tally){0};
    return 0;
}

static const char *put(void)
{
    struct au_buf buf;
    au_buf_init(&buf, sizeof(text) - 1);
    au_tally_put(&tally, table, &buf);
    assert_int_equal(buf.err, AU_OK);
    memcpy(text, buf.data, buf.size);
    text[buf.size] = 0;
    au_buf_done(&buf);
    return text;
}

static void expect_line(const char *line)
{
    char whole[256];
    snprintf(whole, sizeof(whole), "\n%s\n", line);
    if (!strstr(put(), whole)) fail_msg("no line `%s` in %s", line, text);
}

static void test_answers(void **state)
{
    (void)state;
    assert_null(strstr(put(), "aureon_http_requests_total{"));
    au_tally_note(&tally, table, &routes[0], 200, 0);
    au_tally_note(&tally, table, &routes[0], 200, 0);
    au_tally_note(&tally, table, &routes[0], 404, 0);
    au_tally_note(&tally, table, &routes[2], 503, 0);
    au_tally_note(&tally, table, NULL, 404, 0);
    expect_line("aureon_http_requests_total{route=\"/v1/read/{id}\",code=\"200\"} 2");
    expect_line("aureon_http_requests_total{route=\"/v1/read/{id}\",code=\"404\"} 1");
    expect_line("aureon_http_requests_total{route=\"/v1/slow\",code=\"503\"} 1");
    expect_line("aureon_http_requests_total{route=\"none\",code=\"404\"} 1");
    assert_null(strstr(text, "route=\"/v1/write\""));
}

static void test_buckets(void **state)
{
    (void)state;
    au_tally_note(&tally, table, &routes[0], 200, 100000);
    au_tally_note(&tally, table, &routes[0], 200, 100001);
    au_tally_note(&tally, table, &routes[0], 200, UINT64_C(10000000001));
    expect_line("aureon_http_request_seconds_bucket{class=\"read\",le=\"0.0001\"} 1");
    expect_line("aureon_http_request_seconds_bucket{class=\"read\",le=\"0.00025\"} 2");
    expect_line("aureon_http_request_seconds_bucket{class=\"read\",le=\"10\"} 2");
    expect_line("aureon_http_request_seconds_bucket{class=\"read\",le=\"+Inf\"} 3");
    expect_line("aureon_http_request_seconds_sum{class=\"read\"} 10.000200002");
    expect_line("aureon_http_request_seconds_count{class=\"read\"} 3");
    au_tally_note(&tally, table, &routes[1], 202, 1);
    au_tally_note(&tally, table, &routes[2], 200, 1);
    au_tally_note(&tally, table, NULL, 408, 1);
    expect_line("aureon_http_request_seconds_count{class=\"read\"} 3");
    expect_line("aureon_http_request_seconds_count{class=\"write\"} 1");
    expect_line("aureon_http_request_seconds_count{class=\"slow\"} 1");
    expect_line("aureon_http_request_seconds_sum{class=\"none\"} 0.000000001");
}

/* A status that is not known aborts. */
static void test_every_problem_counts(void **state)
{
    (void)state;
    for (int code = 0; code < AU_PROBLEM_CODE_COUNT; code++) {
        au_tally_note(&tally, table, NULL, au_problem_kind((enum au_problem_code)code)->status, 0);
    }
    char line[96];
    snprintf(line, sizeof(line), "aureon_http_request_seconds_count{class=\"none\"} %d",
             (int)AU_PROBLEM_CODE_COUNT);
    expect_line(line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_answers, set_up),
        cmocka_unit_test_setup(test_buckets, set_up),
        cmocka_unit_test_setup(test_every_problem_counts, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
