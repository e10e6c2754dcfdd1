/* Paths against a table of routes. */
#include "unit/unit.h"

#include "api/route.h"

static void handle(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context, (void)request, (void)response;
}

static const struct au_route routes[] = {
    {AU_METHOD_GET, "/", .handle = handle},
    {AU_METHOD_GET, "/v1/status", .has_alias = true, .handle = handle},
    {AU_METHOD_POST, "/v1/contract/call", .has_alias = true, .handle = handle},
    {AU_METHOD_GET, "/v1/contract/{address}", .has_alias = true, .handle = handle},
    {AU_METHOD_GET, "/v1/contract/{address}/storage/{key}", .handle = handle},
    {AU_METHOD_GET, "/v1/tx/{hash}", .handle = handle},
    {AU_METHOD_DELETE | AU_METHOD_PUT, "/v1/tx/{hash}", .handle = handle},
};

static const struct au_route_table table = {routes, AU_COUNT_OF(routes)};

static enum au_route_result match(enum au_method method, const char *path,
                                  struct au_route_match *out_match)
{
    return au_route_match(table, method, au_bytes_of(path), out_match);
}

static void test_found(void **state)
{
    (void)state;
    static const struct {
        enum au_method method;
        const char *path;
        size_t index;
        const char *params[2];
    } cases[] = {
        {AU_METHOD_GET, "/", 0, {0}},
        {AU_METHOD_GET, "/v1/status", 1, {0}},
        {AU_METHOD_HEAD, "/v1/status", 1, {0}},
        {AU_METHOD_GET, "/status", 1, {0}},
        {AU_METHOD_POST, "/contract/call", 2, {0}},
        {AU_METHOD_GET, "/v1/contract/call", 3, {"call"}},
        {AU_METHOD_GET, "/contract/au1xyz", 3, {"au1xyz"}},
        {AU_METHOD_GET, "/v1/contract/a/storage/b", 4, {"a", "b"}},
        {AU_METHOD_GET, "/v1/tx/{hash}", 5, {"{hash}"}},
        {AU_METHOD_PUT, "/v1/tx/0x00", 6, {"0x00"}},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_route_match found;
        assert_int_equal(match(cases[i].method, cases[i].path, &found), AU_ROUTE_FOUND);
        assert_ptr_equal(found.route, &routes[cases[i].index]);
        size_t count = 0;
        while (count < 2 && cases[i].params[count]) {
            assert_bytes(found.params[count].value, cases[i].params[count]);
            count++;
        }
        assert_int_equal(found.param_count, count);
    }
    struct au_route_match found;
    assert_int_equal(match(AU_METHOD_GET, "/v1/contract/a/storage/b", &found), AU_ROUTE_FOUND);
    assert_bytes(au_route_param(&found, "address"), "a");
    assert_bytes(au_route_param(&found, "key"), "b");
}

static void ask_for_unknown(void *argument)
{
    struct au_bytes value = au_route_param(argument, "addres");
    (void)value;
}

static void test_unknown_param_is_a_bug(void **state)
{
    (void)state;
    struct au_route_match found;
    assert_int_equal(match(AU_METHOD_GET, "/v1/contract/a", &found), AU_ROUTE_FOUND);
    assert_true(unit_aborts(ask_for_unknown, &found));
}

static void test_not_found(void **state)
{
    (void)state;
    static const char *const none[] = {
        "",
        "v1/status",
        "/v1/status/",
        "/v1//status",
        "//v1/status",
        "/V1/status",
        "/v1",
        "/v1/",
        "/tx/0x00",
        "/v1/contract/",
        "/v1/contract/a/",
        "/v1/contract/a/storage",
        "/v1/contract/a/storage/",
        "/v1/status?x",
    };
    struct au_route_match found;
    for (size_t i = 0; i < AU_COUNT_OF(none); i++) {
        if (match(AU_METHOD_GET, none[i], &found) != AU_ROUTE_NO_PATH) fail_msg("%s", none[i]);
        assert_null(found.route);
    }
    assert_int_equal(match(AU_METHOD_GET, "/v1/contract/%41", &found), AU_ROUTE_HAS_ESCAPE);
    assert_int_equal(match(AU_METHOD_GET, "/v1/none/%41", &found), AU_ROUTE_HAS_ESCAPE);
}

static void test_methods(void **state)
{
    (void)state;
    static const struct {
        enum au_method method;
        const char *path;
        const char *allowed;
    } cases[] = {
        {AU_METHOD_POST, "/v1/status", "GET, HEAD, OPTIONS"},
        {AU_METHOD_OPTIONS, "/status", "GET, HEAD, OPTIONS"},
        {AU_METHOD_OTHER, "/v1/contract/call", "GET, HEAD, POST, OPTIONS"},
        {AU_METHOD_POST, "/v1/tx/1", "GET, HEAD, PUT, DELETE, OPTIONS"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_route_match found;
        assert_int_equal(match(cases[i].method, cases[i].path, &found), AU_ROUTE_NO_METHOD);
        assert_null(found.route);
        struct au_buf list;
        au_buf_init(&list, 128);
        au_method_put_list(&list, found.methods);
        assert_bytes(au_buf_bytes(&list), cases[i].allowed);
        au_buf_done(&list);
    }
    assert_int_equal(au_method_parse("GET"), AU_METHOD_GET);
    assert_int_equal(au_method_parse("OPTIONS"), AU_METHOD_OPTIONS);
    assert_int_equal(au_method_parse("get"), AU_METHOD_OTHER);
    assert_int_equal(au_method_parse(""), AU_METHOD_OTHER);
}

static void test_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        const char *nearest; /* NULL: none */
    } cases[] = {
        {"/v1/statu", "/v1/status"},
        {"/staging", NULL},
        {"/statsu", "/v1/status"},
        {"/v1/status/", "/v1/status"},
        {"/v1/contact/au1x", "/v1/contract/{address}"},
        {"/v1/contract", "/v1/contract/call"},
        {"/v1/contract/a/storag/b", "/v1/contract/{address}/storage/{key}"},
        {"/v2/tx/1", "/v1/tx/{hash}"},
        {"/completely/other/thing/here", NULL},
        {"/wordpress", NULL},
        {"", NULL},
        {"*", NULL},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        const char *nearest = au_route_nearest(table, au_bytes_of(cases[i].path));
        bool is_right = cases[i].nearest && nearest ? strcmp(nearest, cases[i].nearest) == 0
                                                    : cases[i].nearest == nearest;
        if (!is_right) fail_msg("%s: %s", cases[i].path, nearest ? nearest : "none");
    }
}

static void test_check(void **state)
{
    (void)state;
    static const struct au_route bad[] = {
        {AU_METHOD_GET, "v1/a", .handle = handle},
        {AU_METHOD_GET, "/a", .has_alias = true, .handle = handle},
        {AU_METHOD_GET, "/v1/a", .handle = NULL},
        {0, "/v1/a", .handle = handle},
        {AU_METHOD_HEAD, "/v1/a", .handle = handle},
        {AU_METHOD_GET, "/v1/{a}/{b}/{c}/{d}/{e}", .handle = handle},
        {AU_METHOD_GET, "/v1/x{a}", .handle = handle},
    };
    assert_true(au_route_check(table));
    for (size_t i = 0; i < AU_COUNT_OF(bad); i++)
        assert_false(au_route_check((struct au_route_table){&bad[i], 1}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_found),     cmocka_unit_test(test_unknown_param_is_a_bug),
        cmocka_unit_test(test_not_found), cmocka_unit_test(test_methods),
        cmocka_unit_test(test_nearest),   cmocka_unit_test(test_check),
    };
    return cmocka_run_group_tests_name("api/route", tests, NULL, NULL);
}
