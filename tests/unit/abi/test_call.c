/* Arguments of a function by its types: by name, by place, widened; and what is refused. */
#include "unit/unit.h"

#include "abi/call.h"
#include "base/hex.h"

#define I32 0x7f
#define I64 0x7e

static const char abi_text[] = "abi 1\n"
                               "fn f(a:u64,b:i16,data:bytes,c:bool) mut\n"
                               "fn g(a:u8,who:address,name:string) view\n"
                               "fn h(a:i8,b:u16,c:bool) view\n";

struct fixture {
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_value_error error;
};

static void open_fixture(struct fixture *fixture)
{
    struct au_abi_error error = {0};
    *fixture = (struct fixture){0};
    au_arena_init(&fixture->arena, AU_ABI_ARENA_SIZE_MAX);
    assert_ok(au_abi_parse(au_bytes_of(abi_text), &fixture->arena, &fixture->abi, &error));
}

/* words: separated by |; gives the items in hex, separated by |, or the error. */
static const char *call(struct fixture *fixture, const char *function,
                        const struct au_abi_export *export_, const char *words)
{
    const struct au_abi_call call = {
        .fn = au_abi_find(&fixture->abi, AU_ABI_FN, au_bytes_of(function)), .export_ = export_};
    static char text[1024];
    const char *list[16];
    size_t count = 0;
    snprintf(text, sizeof(text), "%s", words);
    for (char *word = text; *words != '\0' && word != NULL;) {
        char *bar = strchr(word, '|');
        if (bar != NULL) *bar = '\0';
        list[count++] = word;
        word = bar == NULL ? NULL : bar + 1;
    }
    struct au_bytes *items = NULL;
    enum au_err err =
        au_abi_call_type(&call, list, count, &fixture->arena, &items, &fixture->error);
    if (err == AU_ERR_MALFORMED) return fixture->error.message;
    assert_ok(err);
    struct au_buf shown;
    au_buf_init(&shown, sizeof(text));
    for (size_t i = 0; i < call.fn->field_count; i++) {
        if (i > 0) au_buf_put_u8(&shown, '|');
        au_hex_put(&shown, items[i]);
    }
    au_buf_put_u8(&shown, 0);
    memcpy(text, shown.data, shown.size);
    au_buf_done(&shown);
    return text;
}

#define A   "0x0500000000000000"
#define B   "0xfeff"
#define D   "0x0200000000ff"
#define WHO "0000000000000000000000000000000000000000000000000000000000000007"

static void test_names_and_places(void **state)
{
    static const struct au_abi_export own = {0};
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    const char *expected = A "|" B "|" D "|0x01";
    assert_string_equal(call(&fixture, "f", &own, "5|-2|0x00ff|true"), expected);
    assert_string_equal(call(&fixture, "f", &own, "a=5|b=-2|data=0x00ff|c=true"), expected);
    assert_string_equal(call(&fixture, "f", &own, "c=true|data=0x00ff|5|-2"), expected);
    assert_string_equal(call(&fixture, "f", &own, "u64:5|b=i32:-2|bytes:0x00ff|true"), expected);
    /* What is no parameter's name is a value. */
    assert_string_equal(call(&fixture, "g", &own, "7|0x" WHO "|x=y"),
                        "0x07|0x" WHO "|0x03000000783d79");
    assert_string_equal(call(&fixture, "g", &own, "7|0x" WHO "|name=u64:5"),
                        "0x07|0x" WHO "|0x050000007536343a35");
    assert_string_equal(call(&fixture, "g", &own, "7|addr:0x" WHO "|str:"),
                        "0x07|0x" WHO "|0x00000000");
    /* Bytes as they are, whatever the type is. */
    assert_string_equal(call(&fixture, "g", &own, "raw:0x|raw:0xff|name=raw:0x01"), "0x|0xff|0x01");
    au_arena_done(&fixture.arena);
}

/* A pair takes a value as it is; of two i32 that are none the second is followed by i64. */
static void test_widened(void **state)
{
    static const uint8_t params[] = {I32, I64, I32};
    static const uint8_t wide[] = {I64, I64, I32, I32, I64};
    static const struct au_abi_export export_ = {.params = params, .param_count = 3};
    static const struct au_abi_export wide_export = {.params = wide, .param_count = 5};
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    assert_string_equal(call(&fixture, "f", &wide_export, "5|-2|0x00ff|true"),
                        A "|0xfeffffffffffffff|" D "|0x0100000000000000");
    assert_string_equal(call(&fixture, "h", &export_, "-1|65535|true"),
                        "0xffffffff|0xffff000000000000|0x01000000");
    au_arena_done(&fixture.arena);
}

static void test_refused(void **state)
{
    static const struct au_abi_export own = {0};
    static const struct {
        const char *words;
        const char *message;
    } cases[] = {
        {"", "args.a: expected u64, got none"},
        {"5|c=true", "args.b: expected i16, got none"},
        {"a=x", "args.a: expected u64, got \"x\""},
        {"a=5|a=6", "args.a: expected once, got twice"},
        {"5|-2|0x|true|9", "args: `f` takes 4, got one more: \"9\""},
        {"d=5", "args: `f` has no parameter `d`: it has `a`, `b`, `data`, `c`"},
        {"str:5", "args.a: expected u64, got \"str:5\""},
        {"raw:05", "args.a: raw: expects 0x and an even number of hex digits, got \"05\""},
        {"a=raw:0x5", "args.a: raw: expects 0x and an even number of hex digits, got \"0x5\""},
        {"a=@bob", "args.a: expected u64, got \"@bob\""},
    };
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        assert_string_equal(call(&fixture, "f", &own, cases[i].words), cases[i].message);
    }
    assert_string_equal(call(&fixture, "g", &own, "1|@bob|x"),
                        "args.who: expected address of a known @name, got \"@bob\"");
    /* Not a text either. */
    assert_string_equal(
        call(&fixture, "g", &own, "1|0x" WHO "|raw:text"),
        "args.name: raw: expects 0x and an even number of hex digits, got \"text\"");
    au_arena_done(&fixture.arena);
}

/* A program's value: the type alone says what it is, and what is wrong is told part by part. */
static void test_values(void **state)
{
    static const uint8_t params[] = {I32, I64};
    static const struct au_abi_export narrow = {.params = params, .param_count = 2};
    struct fixture fixture;
    struct au_bytes item;
    (void)state;
    open_fixture(&fixture);
    const struct au_abi_call h = {.fn = au_abi_find(&fixture.abi, AU_ABI_FN, au_bytes_of("h")),
                                  .export_ = &narrow,
                                  .form = AU_ABI_JSON};
    struct au_abi_value_error *error = &fixture.error;
    assert_ok(au_abi_call_value(&h, 0, au_bytes_of("-1"), &fixture.arena, &item, error));
    assert_int_equal(item.size, 4);
    assert_memory_equal(item.data, "\xff\xff\xff\xff", 4);
    assert_int_equal(
        au_abi_call_value(&h, 1, au_bytes_of("\"u32:5\""), &fixture.arena, &item, error),
        AU_ERR_MALFORMED);
    assert_string_equal(error->message, "args.b: expected u16, got \"u32:5\"");
    assert_string_equal(error->path, "args.b");
    assert_string_equal(error->expected, "u16");
    assert_string_equal(error->got, "u32:5");
    assert_int_equal(au_abi_call_value(&h, 2, au_bytes_of(""), &fixture.arena, &item, error),
                     AU_ERR_MALFORMED);
    assert_string_equal(error->message, "args.c: expected bool, got nothing");
    assert_string_equal(error->expected, "");
    au_arena_done(&fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names_and_places),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_widened),
        cmocka_unit_test(test_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
