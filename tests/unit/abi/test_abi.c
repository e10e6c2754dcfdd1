/* The text of an ABI: what is read, what is refused and on which line, the canonical form. */
#include "unit/unit.h"

#include "abi/json.h"
#include "abi/line.h"
#include "abi/match.h"
#include "abi/section.h"
#include "crypto/sha256.h"

#define JSON_SIZE_MAX (1u << 20)

static enum au_err parse(struct au_bytes text, struct au_buf *json, struct au_abi_error *error)
{
    struct au_arena arena;
    struct au_abi abi;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = au_abi_parse(text, &arena, &abi, error);
    if (err == AU_OK) {
        struct au_json_write write;
        au_json_write_init(&write, json, AU_JSON_WRITE_COMPACT);
        au_abi_write_json(&write, &abi);
        au_json_write_finish(&write);
        assert_ok(json->err);
    }
    au_arena_done(&arena);
    return err;
}

/* ---- refused ---- */

static const struct {
    uint32_t line;
    const char *message;
    const char *text;
} refused[] = {
    {1, "expected a line `abi 1` (AUREON_CONTRACT writes it), got none", ""},
    {2, "expected a line `abi 1` (AUREON_CONTRACT writes it), got none", "# nothing\nfn a() mut"},
    {1, "expected `1`, got `2`", "abi 2"},
    {1, "expected `1`, got `10`", "abi 10"},
    {1, "expected the end of the line, got `x`", "abi 1 x"},
    {2, "expected a record's word, got `!`", "abi 1\n!"},
    {2, "expected a function's name, got the end of the line", "abi 1\nfn # none"},
    {2, "expected a function's name, got `5a`", "abi 1\nfn 5a() mut"},
    {2, "expected `(`, got `mut`", "abi 1\nfn a mut"},
    {2, "expected a field's name, got `)`", "abi 1\nfn a(x:u8,) mut"},
    {2, "expected `:`, got `u8`", "abi 1\nfn a(x u8) mut"},
    {2, "expected a type, got `)`", "abi 1\nfn a(x:) mut"},
    {2, "expected `)`, got `y`", "abi 1\nfn a(x:u8 y:u8) mut"},
    {2, "expected mut, view, init, migrate, payable mut or payable init, got the end of the line",
     "abi 1\nfn a()"},
    {2, "expected mut, view, init, migrate, payable mut or payable init, got `mutable`",
     "abi 1\nfn a() mutable"},
    {2, "expected mut or init, got `view`", "abi 1\nfn a() payable view"},
    {2, "expected mut or init, got `migrate`", "abi 1\nfn migrate() payable migrate"},
    {2, "expected mut or init, got the end of the line", "abi 1\nfn a() payable"},
    {2, "mode init is of the function `init`, and of no other", "abi 1\nfn a() payable init"},
    {2, "mode init is of the function `init`, and of no other", "abi 1\nfn init() payable mut"},
    {2, "mode init is of the function `init`, and of no other", "abi 1\nfn a() init"},
    {2, "mode init is of the function `init`, and of no other", "abi 1\nfn init() mut"},
    {2, "mode migrate is of the function `migrate`, and of no other", "abi 1\nfn migrate() mut"},
    {2, "expected a string in \", got `total`", "abi 1\nfn a() mut total"},
    {2, "a string does not end in \"", "abi 1\nfn a() mut \"total"},
    {2, "expected the end of the line, got `b`", "abi 1\nfn a() mut \"a\" b"},
    {2, "a string does not end in \"", "abi 1\nfn a() mut \"a\" \"b"},
    {2, "expected the end of the line, got `@`", "abi 1\nstorage a:u8 @\"a\" \"b\" @"},
    {2, "unknown escape in a string: known are \\\" \\\\ \\n", "abi 1\nfn a() mut \"\\x41\""},
    {2, "two fields are named `x`", "abi 1\nfn a(x:u8,x:u8) mut"},
    {2, "unknown type `f64`", "abi 1\nfn a(x:f64) mut"},
    {3, "unknown type `Side`", "abi 1\n\ntype P{x:vec<Side>}"},
    {2, "unknown type `C`", "abi 1\ntype A{b:B,c:C}\ntype B{x:u8}"},
    {2, "expected `<`, got `)`", "abi 1\nfn a(x:vec) mut"},
    {2, "expected `,`, got `>`", "abi 1\nfn a(x:map<u8>) mut"},
    {2, "a tuple of one type, expected at least 2", "abi 1\nfn a(x:(u8)) mut"},
    {2, "a tuple of more than 16 types",
     "abi 1\nfn a(x:(u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8,u8)) mut"},
    {2, "types nest deeper than 16",
     "abi 1\nfn a(x:vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<vec<u8"
     ">>>>>>>>>>>>>>>>) mut"},
    {2, "types nest deeper than 16",
     "abi 1\ntype A{x:vec<vec<vec<vec<vec<vec<vec<vec<B>>>>>>>>}\n"
     "type B{x:vec<vec<vec<vec<vec<vec<vec<u8>>>>>>>}"},
    {2, "type `Tree` contains itself", "abi 1\ntype Tree{left:option<Tree>}"},
    {3, "type `A` contains itself", "abi 1\ntype A{b:vec<B>}\nenum B{None,Some(a:A)}"},
    {2, "a type without fields", "abi 1\ntype A{}"},
    {2, "expected a variant's name, got `}`", "abi 1\nenum A{}"},
    {2, "two variants are named `B`", "abi 1\nenum A{B,B(x:u8)}"},
    {2, "`u64` is a type already", "abi 1\ntype u64{x:u8}"},
    {3, "`A` has the same name as line 2", "abi 1\nenum A{B}\ntype A{x:u8}"},
    {4, "`a` has the same name as line 2", "abi 1\nfn a() mut\n\nfn a(x:u8) view"},
    {3, "`B` has the same code as line 2", "abi 1\nerror 1 A\nerror 1 B"},
    {3, "`A` has the same name as line 2", "abi 1\nerror 1 A\nerror 2 A"},
    {3, "`b` has the same key as line 2", "abi 1\nstorage a:u8 @\"k\"\nstorage b:u8 @\"\\x6b\""},
    {2, "expected an error's code, a u32, got `A`", "abi 1\nerror A 1"},
    {2, "expected an error's code, a u32, got `4294967296`", "abi 1\nerror 4294967296 A"},
    {2, "expected an error's code, a u32, got the end of the line", "abi 1\nerror"},
    {2, "5 topic fields, expected at most 4",
     "abi 1\nevent A(topic a:u8,topic b:u8,topic c:u8,topic d:u8,topic e:u8)"},
    {2, "expected `:`, got `x`", "abi 1\nfn a(topic x:u8) mut"},
    {2, "expected `@`, got the end of the line", "abi 1\nstorage a:u8"},
    {2, "a key of 0 bytes, expected 1 to 256", "abi 1\nstorage a:u8 @\"\""},
    {2, "meta `a` has two values", "abi 1\nmeta a=1 a=2"},
    {2, "a value of 0 bytes, expected 1 to 1024", "abi 1\nmeta a="},
    {2, "the line is not UTF-8", "abi 1\n# \xff"},
    {2, "a control character, 0x1b", "abi 1\nfn a() mut \"\x1b[31m\""},
    {2, "expected a name of storage, got `\xc3\xa4`", "abi 1\nstorage \xc3\xa4:u8 @\"a\""},
};

static void test_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(refused); i++) {
        struct au_abi_error error = {0};
        print_message("# %s\n", refused[i].text);
        assert_err(parse(au_bytes_of(refused[i].text), NULL, &error), AU_ERR_MALFORMED);
        assert_string_equal(error.message, refused[i].message);
        assert_int_equal(error.line, refused[i].line);
    }
}

/* ---- limits: so many are read, one more is not ---- */

static const struct {
    const char *before;
    const char *each; /* %zu: a number of its own */
    const char *after;
    size_t count_max;
    const char *message;
} limits[] = {
    {"abi 1\n", "fn f%zu() mut\n", "", AU_ABI_RECORDS_MAX, "more than 512 records"},
    {"abi 1\n", "later %zu\n", "", AU_ABI_RECORDS_MAX, "more than 512 records"},
    {"abi 1\nmeta", " k%zu=v", "", AU_ABI_META_MAX, "more than 64 meta keys"},
    {"abi 1\ntype A{z:u8", ",f%zu:u8", "}", AU_ABI_FIELDS_MAX - 1, "more than 64 fields"},
    {"abi 1\nenum A{Z", ",V%zu", "}", AU_ABI_VARIANTS_MAX - 1, "more than 256 variants"},
    {"abi 1\nfn a() mut \"1", "\\\\", "\"", AU_ABI_STRING_SIZE_MAX - 1,
     "a string of 1025 bytes, expected at most 1024"},
    {"abi 1\nfn ", "a", "() mut", AU_ABI_NAME_SIZE_MAX,
     "expected a function's name of at most 64 bytes, got 65"},
    {"abi 1\n", " ", "", AU_ABI_TEXT_SIZE_MAX - 6,
     "the text has 65537 bytes, expected at most 65536"},
};

static void put_each(struct au_buf *text, const char *each, size_t number)
{
    const char *place = strstr(each, "%zu");
    size_t size = place == NULL ? strlen(each) : (size_t)(place - each);
    au_buf_put(text, each, size);
    if (place == NULL) return;
    au_buf_put_decimal(text, number);
    au_buf_put_text(text, place + 3);
}

static void test_limits(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * AU_COUNT_OF(limits); i++) {
        size_t row = i / 2;
        struct au_buf text;
        struct au_buf json;
        struct au_abi_error error = {0};
        au_buf_init(&text, 2 * AU_ABI_TEXT_SIZE_MAX);
        au_buf_init(&json, JSON_SIZE_MAX);
        au_buf_put_text(&text, limits[row].before);
        for (size_t k = 0; k < limits[row].count_max + i % 2; k++) {
            put_each(&text, limits[row].each, k);
        }
        au_buf_put_text(&text, limits[row].after);
        print_message("# %s\n", limits[row].message);
        assert_ok(text.err);
        assert_err(parse(au_buf_bytes(&text), &json, &error),
                   i % 2 == 0 ? AU_OK : AU_ERR_MALFORMED);
        if (i % 2 == 1) assert_string_equal(error.message, limits[row].message);
        au_buf_done(&text);
        au_buf_done(&json);
    }
}

/* ---- read ---- */

static const char whole[] =
    "storage total:u64 @\"total\"\n"
    "later what=ever (unclosed\n"
    "# a comment\r\n"
    "abi 1 # twice\n"
    "abi 1\n"
    "\n"
    "  meta sdk=c/1 name=counter\n"
    "meta name=counter\n"
    "error 2 Denied\n"
    "error 1 Overflow ( total : u64 ) \"total \\\"would\\\" exceed u64\"\n"
    "type Point{x:u32,y:u32}\n"
    "enum Side{Buy,Sell(price:u64)}\n"
    "event Moved(topic who:address,topic:u8,to:Point)\n"
    "fn put(a:option<vec<Point>>,m:map<string,(u8,i128)>) -> Side payable mut\n"
    "fn init(s:bytes32) payable init\n"
    "fn get()->u64 view \"The \" \"total\" # said\n"
    "storage balance:map<address,u64> @\"b\\x00:\"";

static const char canonical[] =
    "\"meta\":{\"name\":\"counter\",\"sdk\":\"c/1\"},"
    "\"functions\":["
    "{\"name\":\"get\",\"mode\":\"view\",\"payable\":false,\"params\":[],\"result\":\"u64\","
    "\"text\":\"The total\"},"
    "{\"name\":\"init\",\"mode\":\"init\",\"payable\":true,"
    "\"params\":[{\"name\":\"s\",\"type\":\"bytes32\"}]},"
    "{\"name\":\"put\",\"mode\":\"mut\",\"payable\":true,"
    "\"params\":[{\"name\":\"a\",\"type\":\"option<vec<Point>>\"},"
    "{\"name\":\"m\",\"type\":\"map<string,(u8,i128)>\"}],\"result\":\"Side\"}],"
    "\"events\":[{\"name\":\"Moved\",\"fields\":["
    "{\"name\":\"who\",\"type\":\"address\",\"topic\":true},"
    "{\"name\":\"topic\",\"type\":\"u8\",\"topic\":false},"
    "{\"name\":\"to\",\"type\":\"Point\",\"topic\":false}]}],"
    "\"errors\":[{\"code\":1,\"name\":\"Overflow\","
    "\"fields\":[{\"name\":\"total\",\"type\":\"u64\"}],"
    "\"text\":\"total \\\"would\\\" exceed u64\"},"
    "{\"code\":2,\"name\":\"Denied\",\"fields\":[]}],"
    "\"types\":[{\"name\":\"Point\",\"fields\":[{\"name\":\"x\",\"type\":\"u32\"},"
    "{\"name\":\"y\",\"type\":\"u32\"}]}],"
    "\"enums\":[{\"name\":\"Side\",\"variants\":[{\"name\":\"Buy\",\"fields\":[]},"
    "{\"name\":\"Sell\",\"fields\":[{\"name\":\"price\",\"type\":\"u64\"}]}]}],"
    "\"storage\":[{\"name\":\"balance\",\"type\":\"map<address,u64>\",\"key\":\"0x62003a\"},"
    "{\"name\":\"total\",\"type\":\"u64\",\"key\":\"0x746f74616c\"}],"
    "\"unknown\":[\"later what=ever (unclosed\"]}";

static void test_canonical(void **state)
{
    (void)state;
    struct au_abi_error error = {0};
    struct au_buf json;
    struct au_buf expected;
    struct au_hash hash = au_sha256(au_bytes_of(whole));
    au_buf_init(&json, JSON_SIZE_MAX);
    au_buf_init(&expected, JSON_SIZE_MAX);
    au_buf_put_text(&expected, "{\"abi\":1,\"abi_hash\":\"0x");
    for (size_t i = 0; i < AU_HASH_SIZE; i++) {
        au_buf_printf(&expected, "%02x", (unsigned)hash.bytes[i]);
    }
    au_buf_put_text(&expected, "\",");
    au_buf_put_text(&expected, canonical);
    au_buf_put_u8(&expected, 0);
    enum au_err err = parse(au_bytes_of(whole), &json, &error);
    assert_string_equal(error.message, "");
    assert_ok(err);
    assert_bytes(au_buf_bytes(&json), (const char *)expected.data);
    au_buf_done(&json);
    au_buf_done(&expected);
}

static const char lines[] = "abi 1\n"
                            "meta name=counter\n"
                            "meta sdk=c/1\n"
                            "fn get()->u64 view \"The total\"\n"
                            "fn init(s:bytes32) payable init\n"
                            "fn put(a:option<vec<Point>>, m:map<string,(u8,i128)>)->Side"
                            " payable mut\n"
                            "event Moved(topic who:address, topic:u8, to:Point)\n"
                            "error 1 Overflow(total:u64) \"total \\\"would\\\" exceed u64\"\n"
                            "error 2 Denied()\n"
                            "type Point{x:u32, y:u32}\n"
                            "enum Side{Buy, Sell(price:u64)}\n"
                            "storage balance:map<address,u64> @\"b\\x00:\"\n"
                            "storage total:u64 @\"total\"\n"
                            "later what=ever (unclosed\n";

static void test_lines(void **state)
{
    (void)state;
    struct au_abi abi;
    struct au_abi_error error = {0};
    struct au_arena arena;
    struct au_buf text;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    au_buf_init(&text, JSON_SIZE_MAX);
    assert_ok(au_abi_parse(au_bytes_of(whole), &arena, &abi, &error));
    au_abi_format(&text, &abi);
    assert_bytes(au_buf_bytes(&text), lines);
    au_buf_done(&text);
    au_arena_done(&arena);
}

/* ---- exports ---- */

#define I32 "\x7f"
#define I64 "\x7e"

static const struct {
    const char *fn;
    const char *params;
    const char *message; /* NULL: they agree */
} matches[] = {
    {"f()", "", NULL},
    {"f(a:map<u8,u8>,b:u8)", "", NULL}, /* reads its arguments itself */
    {"f(a:u64,b:u8,c:bool,d:i64)", I64 I64 I64 I64, NULL},
    {"f(a:u32)", I32, NULL},
    {"f(a:i16,b:u64)", I32 I64, NULL},
    {"f(a:string)", I32 I32, NULL},
    {"f(a:string,b:address,c:u8)", I32 I32 I32 I32 I32, NULL},
    {"f(a:u64)", I32, "`f` takes `a` as i32, which its type does not fit: read it with arg_*"},
    {"f(a:u128)", I64, "`f` takes `a` as i64, which its type does not fit: read it with arg_*"},
    {"f(a:u8,b:(u8,u8))", I64 I64,
     "`f` takes `b` as i64, which its type does not fit: read it with arg_*"},
    {"f(a:address)", I64, "`f` takes `a` as i64, which its type does not fit: read it with arg_*"},
    {"f(a:u32,b:u32)", I32 I32,
     "`f` has 2 parameters, its export takes 1 arguments: i32 i32 is one of bytes; pass small "
     "numbers as i64"},
    {"f()", I64, "`f` has 0 parameters, its export takes 1 arguments"},
    {"f(a:u64,b:u64)", I64, "`f` has 2 parameters, its export takes 1 arguments"},
    {"g()", "", "`g` is not an exported function"},
};

static bool match(const char *fn, const struct au_abi_export *export_, struct au_abi_error *error)
{
    struct au_abi abi;
    struct au_arena arena;
    struct au_buf text;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    au_buf_init(&text, AU_ABI_TEXT_SIZE_MAX);
    au_buf_printf(&text, "abi 1\n\nfn %s mut", fn);
    assert_ok(au_abi_parse(au_buf_bytes(&text), &arena, &abi, error));
    bool is_match = au_abi_match(&abi, export_, 1, error);
    au_buf_done(&text);
    au_arena_done(&arena);
    return is_match;
}

static void test_matches(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(matches); i++) {
        struct au_abi_error error = {0};
        const struct au_abi_export export_ = {.name = au_bytes_of("f"),
                                              .params = (const uint8_t *)matches[i].params,
                                              .param_count = strlen(matches[i].params)};
        print_message("# %s\n", matches[i].fn);
        assert_int_equal(match(matches[i].fn, &export_, &error), matches[i].message == NULL);
        if (matches[i].message == NULL) continue;
        assert_string_equal(error.message, matches[i].message);
        assert_int_equal(error.line, 3);
    }
}

static void test_match_obstacle(void **state)
{
    (void)state;
    struct au_abi_error error = {0};
    const struct au_abi_export export_ = {.name = au_bytes_of("f"), .obstacle = "no"};
    assert_false(match("f()", &export_, &error));
    assert_string_equal(error.message, "`f` cannot be called: no; read arguments with arg_*");
}

/* ---- sections ---- */

#define MODULE "\0asm\1\0\0\0"

static const struct {
    struct au_bytes code;
    const char *text; /* NULL: no such section */
} sections[] = {
#define ROW(code, text)                                   \
    {                                                     \
        {(const uint8_t *)(code), sizeof(code) - 1}, text \
    }
    ROW("", NULL),
    ROW(MODULE, NULL),
    ROW(MODULE "\0\13\12aureon_abi", ""),
    ROW(MODULE "\0\16\12aureon_abiabi", "abi"),
    ROW(MODULE "\1\0\0\14\12aureon_abia\2\1\0\0\14\12aureon_abib", "ab"),
    ROW(MODULE "\0\14\13aureon_abi2", NULL),
    ROW(MODULE "\1\13\12aureon_abi", NULL),
    ROW(MODULE "\0\14\12aureon_abia\0\377\377\377\377\377\1", "a"),
    ROW(MODULE "\0\20\12aureon_abia", NULL),
    ROW(MODULE "\0\1\12aureon_abi", NULL),
#undef ROW
};

static void test_sections(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(sections); i++) {
        struct au_buf text;
        au_buf_init(&text, AU_ABI_TEXT_SIZE_MAX + 1);
        print_message("# section %zu\n", i);
        enum au_err err = au_abi_section_read(sections[i].code, &text);
        assert_err(err, sections[i].text == NULL ? AU_ERR_NOT_FOUND : AU_OK);
        if (err == AU_OK) assert_bytes(au_buf_bytes(&text), sections[i].text);
        au_buf_done(&text);
    }
}

static void test_section_too_large(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, 1);
    const struct au_bytes code = {(const uint8_t *)MODULE "\0\15\12aureon_abiab", 8 + 15};
    assert_err(au_abi_section_read(code, &text), AU_ERR_TOO_LARGE);
    au_buf_done(&text);
}

/* An arena of any size: the whole, or NO_MEMORY. */
static void test_no_memory(void **state)
{
    (void)state;
    enum au_err err = AU_ERR_NO_MEMORY;
    for (size_t size = 0; err != AU_OK; size += 1024) {
        struct au_arena arena;
        struct au_abi abi;
        struct au_abi_error error = {0};
        au_arena_init(&arena, size);
        err = au_abi_parse(au_bytes_of(whole), &arena, &abi, &error);
        assert_true(err == AU_OK || err == AU_ERR_NO_MEMORY);
        assert_true(size <= AU_ABI_ARENA_SIZE_MAX);
        au_arena_done(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refused),   cmocka_unit_test(test_limits),
        cmocka_unit_test(test_canonical), cmocka_unit_test(test_lines),
        cmocka_unit_test(test_matches),   cmocka_unit_test(test_match_obstacle),
        cmocka_unit_test(test_sections),  cmocka_unit_test(test_section_too_large),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
