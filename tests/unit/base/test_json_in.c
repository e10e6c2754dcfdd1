/* What is read, what is refused and where; the verdicts of JSONTestSuite. */
#include "unit/unit.h"

#include <dirent.h>

#include "base/file.h"
#include "base/json_in.h"

static struct au_json_in *parse(const char *text)
{
    struct au_json_in *root = NULL;
    assert_ok(au_json_in_parse(au_bytes_of(text), NULL, &root));
    assert_non_null(root);
    return root;
}

static void test_types_and_values(void **state)
{
    (void)state;
    struct au_json_in *root = parse("[{}, [], \"a\\u0000b\", -9223372036854775808, "
                                    "9223372036854775807, 1.5, 1e2, true, false, null]");
    static const enum au_json_in_type types[] = {
        AU_JSON_IN_OBJECT,  AU_JSON_IN_ARRAY, AU_JSON_IN_STRING, AU_JSON_IN_INTEGER,
        AU_JSON_IN_INTEGER, AU_JSON_IN_REAL,  AU_JSON_IN_REAL,   AU_JSON_IN_BOOL,
        AU_JSON_IN_BOOL,    AU_JSON_IN_NULL};
    assert_int_equal(au_json_in_type(root), AU_JSON_IN_ARRAY);
    assert_int_equal(au_json_in_count(root), AU_COUNT_OF(types));
    for (size_t i = 0; i < AU_COUNT_OF(types); i++) {
        assert_int_equal(au_json_in_type(au_json_in_item(root, i)), types[i]);
    }
    struct au_bytes text = au_json_in_string(au_json_in_item(root, 2));
    assert_int_equal(text.size, 3);
    assert_memory_equal(text.data, "a\0b", 3);
    assert_true(au_json_in_integer(au_json_in_item(root, 3)) == INT64_MIN);
    assert_true(au_json_in_integer(au_json_in_item(root, 4)) == INT64_MAX);
    assert_true(au_json_in_bool(au_json_in_item(root, 7)));
    assert_false(au_json_in_bool(au_json_in_item(root, 8)));
    au_json_in_free(root);
    au_json_in_free(NULL);
}

static void test_members_in_order(void **state)
{
    (void)state;
    struct au_json_in *root = parse("{\"z\":1,\"a\":2,\"\":3,\"m\\u00e9\":4}");
    static const char *const keys[] = {"z", "a", "", "m\xc3\xa9"};
    struct au_json_in_member member = {0};
    size_t count = 0;
    while (au_json_in_next(root, &member)) {
        assert_true(count < AU_COUNT_OF(keys));
        assert_bytes(member.key, keys[count]);
        count++;
        assert_int_equal(au_json_in_integer(member.value), count);
    }
    assert_int_equal(count, au_json_in_count(root));
    assert_int_equal(count, 4);
    assert_int_equal(au_json_in_integer(au_json_in_get(root, "a")), 2);
    assert_null(au_json_in_get(root, "b"));
    au_json_in_free(root);

    root = parse("{}");
    member = (struct au_json_in_member){0};
    assert_false(au_json_in_next(root, &member));
    au_json_in_free(root);
}

static void test_type_names(void **state)
{
    (void)state;
    assert_string_equal(au_json_in_type_name(AU_JSON_IN_OBJECT), "an object");
    assert_string_equal(au_json_in_type_name(AU_JSON_IN_INTEGER), "an integer");
    assert_string_equal(au_json_in_type_name(AU_JSON_IN_NULL), "null");
}

static void test_messages_say_where(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *where;
        const char *what;
    } cases[] = {
        {"", "line 1, column 0: ", ""},
        {"{\"a\": 1,\n \"a\": 2}", "line 2, column ", "duplicate object key"},
        {"[1,\n2,\n}", "line 3, column 1: ", "unexpected token"},
        {"[1] 2", "line 1, column 5: ", "end of file expected"},
        {"9223372036854775808", "line 1, column ", "too big integer"},
        {"-9223372036854775809", "line 1, column ", "too big negative integer"},
        {"1e999", "line 1, column ", "real number overflow"},
        {"\"\xff\"", "line 1, column ", "decode byte 0xff"},
        {"\"\x1b[31m\"", "line 1, column ", "control character 0x1b"},
        {"{\"a\\u0000b\": 1}", "line 1, column ", "NUL"},
        {"[1, 2 // no\n]", "line 1, column ", ""},
        {"[1,]", "line 1, column ", "unexpected token"},
        {"\"\xe2\x82\xac\" \x01\x7f", "line 1, column ", "near"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf message;
        au_buf_init(&message, 1000);
        struct au_json_in *root = NULL;
        struct au_bytes text = au_bytes_of(cases[i].text);
        assert_err(au_json_in_parse(text, &message, &root), AU_ERR_MALFORMED);
        assert_null(root);
        au_buf_put_u8(&message, 0);
        const char *said = (const char *)message.data;
        if (strncmp(said, cases[i].where, strlen(cases[i].where)) != 0 ||
            strstr(said, cases[i].what) == NULL) {
            fail_msg("case %zu: %s", i, said);
        }
        for (size_t j = 0; said[j] != 0; j++) {
            assert_true((uint8_t)said[j] >= 0x20 && said[j] != 0x7f);
        }
        au_buf_done(&message);
    }
}

static void test_raw_zeros_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {"", 1}, {"1\0", 2}, {"[1\0]", 4}, {"\"a\0b\"", 5}, {"{}\0", 3}, {"[\n\n\0]", 5},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf message;
        au_buf_init(&message, 1000);
        struct au_json_in *root = NULL;
        struct au_bytes text = {(const uint8_t *)cases[i].text, cases[i].size};
        assert_err(au_json_in_parse(text, NULL, &root), AU_ERR_MALFORMED);
        assert_err(au_json_in_parse(text, &message, &root), AU_ERR_MALFORMED);
        if (i == 5) {
            assert_bytes(au_buf_bytes(&message), "line 3, column 1: a byte 0 outside of an escape");
        }
        au_buf_done(&message);
    }
}

static enum au_err parse_nested(size_t depth)
{
    struct au_buf text;
    au_buf_init(&text, 2 * depth);
    for (size_t i = 0; i < 2 * depth; i++) {
        au_buf_put_u8(&text, i < depth ? '[' : ']');
    }
    struct au_json_in *root = NULL;
    enum au_err err = au_json_in_parse(au_buf_bytes(&text), NULL, &root);
    au_json_in_free(root);
    au_buf_done(&text);
    return err;
}

static void test_bounds(void **state)
{
    (void)state;
    assert_ok(parse_nested(AU_JSON_IN_DEPTH_MAX));
    assert_err(parse_nested(AU_JSON_IN_DEPTH_MAX + 1), AU_ERR_MALFORMED);
    assert_err(parse_nested(1000000), AU_ERR_MALFORMED);

    struct au_buf text;
    au_buf_init(&text, AU_JSON_IN_SIZE_MAX + 1);
    uint8_t *to = au_buf_reserve(&text, AU_JSON_IN_SIZE_MAX + 1);
    assert_non_null(to);
    memset(to, ' ', AU_JSON_IN_SIZE_MAX + 1);
    to[0] = '7';
    struct au_json_in *root = NULL;
    assert_err(au_json_in_parse((struct au_bytes){to, AU_JSON_IN_SIZE_MAX + 1}, NULL, &root),
               AU_ERR_TOO_LARGE);
    assert_null(root);
    assert_ok(au_json_in_parse((struct au_bytes){to, AU_JSON_IN_SIZE_MAX}, NULL, &root));
    assert_int_equal(au_json_in_integer(root), 7);
    au_json_in_free(root);
    au_buf_done(&text);
}

static void ask_wrong_type(void *argument)
{
    au_json_in_integer(argument);
}

static void ask_past_the_end(void *argument)
{
    au_json_in_item(argument, 1);
}

static void ask_for_a_member(void *argument)
{
    au_json_in_get(argument, "a");
}

static void test_wrong_questions_abort(void **state)
{
    (void)state;
    struct au_json_in *root = parse("[\"1\"]");
    assert_true(unit_aborts(ask_wrong_type, root));
    assert_true(unit_aborts(ask_past_the_end, root));
    assert_true(unit_aborts(ask_for_a_member, root));
    au_json_in_free(root);
}

/* Documents that RFC 8259 allows and we refuse. */
static const char *const refused_on_purpose[] = {
    "y_object_duplicated_key.json",
    "y_object_duplicated_key_and_value.json",
    "y_object_escaped_null_in_key.json",
};

static bool is_refused_on_purpose(const char *name)
{
    for (size_t i = 0; i < AU_COUNT_OF(refused_on_purpose); i++) {
        if (strcmp(name, refused_on_purpose[i]) == 0) return true;
    }
    return false;
}

static void check_suite_file(const char *folder, const char *name)
{
    char path[PATH_MAX + 300];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    struct au_buf text;
    au_buf_init(&text, 1u << 20);
    assert_ok(au_file_read(path, &text));
    struct au_json_in *root = NULL;
    enum au_err err = au_json_in_parse(au_buf_bytes(&text), NULL, &root);
    bool is_taken = err == AU_OK;
    if (err != AU_OK && err != AU_ERR_MALFORMED) fail_msg("%s: %s", name, au_err_name(err));
    if (name[0] == 'y' && is_taken == is_refused_on_purpose(name)) fail_msg("%s: wrong", name);
    if (name[0] == 'n' && is_taken) fail_msg("%s: must be refused", name);
    au_json_in_free(root);
    au_buf_done(&text);
}

static void test_json_test_suite(void **state)
{
    (void)state;
    char folder[PATH_MAX];
    unit_vectors("json", folder);
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    size_t y_count = 0;
    size_t n_count = 0;
    for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        const char *name = entry->d_name;
        if (strlen(name) < 2 || name[1] != '_') continue;
        y_count += name[0] == 'y';
        n_count += name[0] == 'n';
        check_suite_file(folder, name);
    }
    closedir(open_folder);
    assert_int_equal(y_count, 95);
    assert_int_equal(n_count, 188);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_types_and_values),
        cmocka_unit_test(test_members_in_order),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_messages_say_where),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_raw_zeros_are_refused),
        cmocka_unit_test(test_wrong_questions_abort),
        cmocka_unit_test(test_json_test_suite),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
