/* Values by their types: text to Borsh and back to JSON, what is refused and where. */
#include "unit/unit.h"

#include "abi/value.h"
#include "base/hex.h"

#define SIZE_MAX_OF_VALUE 4096u

/* A type of each kind is that of a parameter, by its name. */
static const char abi_text[] =
    "abi 1\n"
    "type Point{x:u32,y:u32}\n"
    "enum Side{Buy,Sell(price:u64),none}\n"
    "type Order{price:u64,at:Point}\n"
    "fn f(bool:bool,u8:u8,i8:i8,u64:u64,i64:i64,u128:u128,i128:i128,bytes:bytes,b32:bytes32,"
    "string:string,address:address,ou64:option<u64>,ostring:option<string>,"
    "oo:option<option<u8>>,vec:vec<u8>,strings:vec<string>,tuple:(u8,string),point:Point,side:Side,"
    "oside:option<Side>,orders:vec<Order>,names:map<string,u16>,ints:map<i8,bool>,"
    "pairs:map<(u8,i8),string>,times:map<u64,u8>) mut\n";

struct fixture {
    struct au_arena arena;
    struct au_abi abi;
};

static void open_fixture(struct fixture *fixture)
{
    struct au_abi_error error = {0};
    au_arena_init(&fixture->arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = au_abi_parse(au_bytes_of(abi_text), &fixture->arena, &fixture->abi, &error);
    assert_string_equal(error.message, "");
    assert_ok(err);
}

static const struct au_abi_type *type_of(const struct fixture *fixture, const char *name)
{
    const struct au_abi_record *fn = au_abi_find(&fixture->abi, AU_ABI_FN, au_bytes_of("f"));
    for (size_t i = 0; i < fn->field_count; i++) {
        if (au_bytes_is_equal(fn->fields[i].name, au_bytes_of(name))) return &fn->fields[i].type;
    }
    fail_msg("no parameter %s", name);
    return NULL;
}

static bool find_bob(void *context, struct au_bytes name, struct au_address *out_address)
{
    (void)context;
    if (!au_bytes_is_equal(name, au_bytes_of("bob"))) return false;
    memset(out_address->bytes, 0xb0, AU_ADDRESS_SIZE);
    return true;
}

static enum au_err read_as(const struct au_abi_type *type, enum au_abi_form form, const char *text,
                           struct au_buf *bytes, struct au_abi_value_error *error)
{
    static const struct au_abi_names names = {.find = find_bob};
    const struct au_abi_reading how = {.form = form, .path = "v", .names = &names};
    return au_abi_value_read(&how, type, au_bytes_of(text), bytes, error);
}

#define B32 "b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0"

static const struct {
    const char *type;
    const char *text;
    const char *bytes;
    const char *json; /* NULL: not looked at */
} good[] = {
    {"bool", "true", "0x01", "true"},
    {"bool", "false", "0x00", "false"},
    {"u8", "255", "0xff", "255"},
    {"i8", "-128", "0x80", "-128"},
    {"u64", "5", "0x0500000000000000", "\"5\""},
    {"u64", "\"18446744073709551615\"", "0xffffffffffffffff", "\"18446744073709551615\""},
    {"i64", "-9223372036854775808", "0x0000000000000080", "\"-9223372036854775808\""},
    {"u128", "340282366920938463463374607431768211455", "0xffffffffffffffffffffffffffffffff",
     "\"340282366920938463463374607431768211455\""},
    {"i128", "-170141183460469231731687303715884105728", "0x00000000000000000000000000000080",
     "\"-170141183460469231731687303715884105728\""},
    {"i128", "-1", "0xffffffffffffffffffffffffffffffff", "\"-1\""},
    {"bytes", "0x00Ff", "0x0200000000ff", "\"0x00ff\""},
    {"bytes", "0x", "0x00000000", "\"0x\""},
    {"b32", "0x" B32, "0x" B32, "\"0x" B32 "\""},
    /* What looks like something else is a text all the same. */
    {"string", B32, NULL, "\"" B32 "\""},
    {"string", "a: {b}, \"c\"", "0x0b000000613a207b627d2c20226322", "\"a: {b}, \\\"c\\\"\""},
    {"string", "\"\\u00e9\\ud83d\\ude00\\n\"", "0x07000000c3a9f09f98800a", NULL},
    {"string", "", "0x00000000", "\"\""},
    {"address", "@bob", "0x" B32, NULL},
    {"address", "0x" B32, "0x" B32, NULL},
    {"ou64", "none", "0x00", "null"},
    {"ou64", "null", "0x00", "null"},
    {"ou64", "7", "0x010700000000000000", "\"7\""},
    {"ostring", "\"none\"", "0x01040000006e6f6e65", "\"none\""},
    {"ostring", "none of us", "0x010a0000006e6f6e65206f66207573", "\"none of us\""},
    {"oo", "none", "0x00", "null"},
    {"oo", "{some: none}", "0x0100", "{\"some\":null}"},
    {"oo", "{some: 3}", "0x010103", "{\"some\":3}"},
    {"vec", "[]", "0x00000000", "[]"},
    {"vec", " [ 1, 2 ] ", "0x020000000102", "[1,2]"},
    {"strings", "[a,\"b c\"]",
     "0x020000000100000061030000006220"
     "63",
     "[\"a\",\"b c\"]"},
    {"tuple", "(1,x)", "0x010100000078", "[1,\"x\"]"},
    {"tuple", "[1,\"x\"]", "0x010100000078", "[1,\"x\"]"},
    {"point", "{x:1,y:2}", "0x0100000002000000", "{\"x\":1,\"y\":2}"},
    {"point", "{y=2,x=1}", "0x0100000002000000", "{\"x\":1,\"y\":2}"},
    {"side", "Buy", "0x00", "\"Buy\""},
    {"side", "Sell(price=5)", "0x010500000000000000", "{\"Sell\":{\"price\":\"5\"}}"},
    {"side", "{\"Sell\":{\"price\":\"5\"}}", "0x010500000000000000", NULL},
    {"side", "{Buy:{}}", "0x00", "\"Buy\""},
    {"oside", "none", "0x00", "null"},
    {"oside", "\"none\"", "0x0102", "\"none\""},
    {"orders", "[{at:{x:1,y:2},price:3}]", "0x0100000003000000000000000100000002000000",
     "[{\"price\":\"3\",\"at\":{\"x\":1,\"y\":2}}]"},
    /* Keys in the order of their type. */
    {"names", "{b:1,a:2}", "0x020000000100000061020001000000620100", "{\"a\":2,\"b\":1}"},
    {"names", "[[b,1],[a,2]]", "0x020000000100000061020001000000620100", "{\"a\":2,\"b\":1}"},
    {"names", "{}", "0x00000000", "{}"},
    {"ints", "{1:true,-1:false}", "0x02000000ff000101", "{\"-1\":false,\"1\":true}"},
    {"times", "{256:1,2:2}",
     "0x0200000002000000000000000200010000000000000"
     "1",
     "{\"2\":2,\"256\":1}"},
    {"pairs", "[[[1,1],a],[[1,-1],b]]",
     "0x0200000001ff01000000620101010000"
     "0061",
     "[[[1,-1],\"b\"],[[1,1],\"a\"]]"},
};

static void test_good(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    for (size_t i = 0; i < AU_COUNT_OF(good); i++) {
        const struct au_abi_type *type = type_of(&fixture, good[i].type);
        struct au_abi_value_error error = {0};
        struct au_buf bytes;
        struct au_buf again;
        struct au_buf text;
        struct au_json_write json;
        au_buf_init(&bytes, SIZE_MAX_OF_VALUE);
        au_buf_init(&again, SIZE_MAX_OF_VALUE);
        au_buf_init(&text, SIZE_MAX_OF_VALUE);
        enum au_err err = read_as(type, AU_ABI_TYPED, good[i].text, &bytes, &error);
        assert_string_equal(error.message, "");
        assert_ok(err);
        if (good[i].bytes != NULL) {
            au_hex_put(&text, au_buf_bytes(&bytes));
            au_buf_put_u8(&text, 0);
            assert_string_equal((const char *)text.data, good[i].bytes);
            au_buf_clear(&text);
        }
        assert_true(au_abi_value_check(type, "v", au_buf_bytes(&bytes), &error));
        assert_int_equal(au_abi_value_take(type, au_buf_bytes(&bytes)), bytes.size);
        au_json_write_init(&json, &text, AU_JSON_WRITE_COMPACT);
        au_abi_value_write_json(&json, type, au_buf_bytes(&bytes));
        au_json_write_finish(&json);
        au_buf_put_u8(&text, 0);
        if (good[i].json != NULL) assert_string_equal((const char *)text.data, good[i].json);
        assert_ok(read_as(type, AU_ABI_JSON, (const char *)text.data, &again, &error));
        assert_true(au_bytes_is_equal(au_buf_bytes(&again), au_buf_bytes(&bytes)));
        au_buf_done(&bytes);
        au_buf_done(&again);
        au_buf_done(&text);
    }
    au_arena_done(&fixture.arena);
}

static const struct {
    const char *type;
    const char *text;
    const char *message;
} refused[] = {
    {"u64", "x", "v: expected u64, got \"x\""},
    {"u64", "", "v: expected u64, got \"\""},
    {"u64", "05", "v: expected u64, got \"05\""},
    {"u64", "-1", "v: expected u64 (64 bits), got \"-1\""},
    {"u64", " 5", "v: expected u64, got \" 5\""},
    {"u64", "1.5", "v: expected u64, got \"1.5\""},
    {"u64", B32, "v: expected u64, got \"b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0...\""},
    {"u8", "256", "v: expected u8 (8 bits), got \"256\""},
    {"i8", "128", "v: expected i8 (8 bits), got \"128\""},
    {"i8", "-129", "v: expected i8 (8 bits), got \"-129\""},
    {"i8", "-0", "v: expected i8, got \"-0\""},
    {"u128", "340282366920938463463374607431768211456",
     "v: expected u128 (128 bits), got \"34028236692093846346337460743176...\""},
    {"bool", "1", "v: expected bool, got \"1\""},
    {"bytes", "0x0", "v: expected bytes, 0x and hex digits, got \"0x0\""},
    {"bytes", "abcd", "v: expected bytes, 0x and hex digits, got \"abcd\""},
    {"b32", "0x00", "v: expected bytes32, 0x and 64 hex digits, got \"0x00\""},
    {"string", "\"a", "v: expected the end of a text in quotes, got nothing"},
    {"string", "\"\\ud800\"", "v: expected an escape of JSON, got \"\"\""},
    {"string", "\"a\"b", "v: expected the end of the value, got \"b\""},
    {"string", "\xff", "v: expected string in UTF-8, got \"\xff\""},
    {"address", "@eve", "v: expected address of a known @name, got \"@eve\""},
    {"address", "bob", "v: expected address, aur1.. or 0x and 64 hex digits, got \"bob\""},
    {"vec", "1,2", "v: expected a list in [ ], got \"1,2\""},
    {"vec", "[1,2", "v: expected `]`, got nothing"},
    {"vec", "[1,x]", "v[1]: expected u8, got \"x\""},
    {"tuple", "(1)", "v[1]: expected `,`, got \")\""},
    {"tuple", "(1,a,2)", "v: expected `)`, got \",2)\""},
    {"point", "{x:1}", "v.y: expected a value, got none"},
    {"point", "{x:1,x:2,y:3}", "v.x: expected once, got twice"},
    {"point", "{x:1,y:2,z:3}", "v: expected the name of a field, got \"z\""},
    {"side", "Hold", "v: expected the name of a variant, got \"Hold\""},
    {"side", "Sell", "v.Sell: expected `(`, got nothing"},
    {"side", "Sell(price=x)", "v.Sell.price: expected u64, got \"x\""},
    {"orders", "[{price:1,at:{x:1,y:2}},{price:1.5,at:{x:1,y:2}}]",
     "v[1].price: expected u64, got \"1.5\""},
    {"names", "{a:1,a:2}", "v: expected a map whose keys differ, got one twice"},
    {"names", "{a:70000}", "v[0]: expected u16 (16 bits), got \"70000\""},
};

static const struct {
    const char *type;
    const char *text;
    const char *message;
} refused_json[] = {
    {"u64", "9007199254740992",
     "v: expected u64 above 2^53-1 as a string, got \"9007199254740992\""},
    {"i64", "-9007199254740992",
     "v: expected i64 above 2^53-1 as a string, got \"-9007199254740992\""},
    {"string", "5", "v: expected string, got \"5\""},
    {"ou64", "none", "v: expected u64, got \"none\""},
};

static void test_refused(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    for (size_t i = 0; i < AU_COUNT_OF(refused) + AU_COUNT_OF(refused_json); i++) {
        bool is_json = i >= AU_COUNT_OF(refused);
        size_t k = is_json ? i - AU_COUNT_OF(refused) : i;
        const char *type = is_json ? refused_json[k].type : refused[k].type;
        const char *text = is_json ? refused_json[k].text : refused[k].text;
        struct au_abi_value_error error = {0};
        struct au_buf bytes;
        au_buf_init(&bytes, SIZE_MAX_OF_VALUE);
        enum au_err err = read_as(type_of(&fixture, type), is_json ? AU_ABI_JSON : AU_ABI_TYPED,
                                  text, &bytes, &error);
        assert_string_equal(error.message, is_json ? refused_json[k].message : refused[k].message);
        assert_err(err, AU_ERR_MALFORMED);
        au_buf_done(&bytes);
    }
    au_arena_done(&fixture.arena);
}

static const struct {
    const char *type;
    const char *bytes;
    const char *message;
} not_canonical[] = {
    {"bool", "0x02", "v: expected a byte of 0 to 1, got 2"},
    {"u64", "0x05000000", "v: expected 8 bytes, got 4"},
    {"u64", "0x050000000000000000", "v: expected 8 bytes, got 9"},
    {"string", "0x01000000ff", "v: expected UTF-8"},
    {"string", "0xffffffff", "v: expected 4294967295 bytes, got 0"},
    {"vec", "0xffffffff0102", "v[2]: expected 1 bytes, got 0"},
    {"side", "0x03", "v: expected a byte of 0 to 2, got 3"},
    {"names", "0x020000000100000062010001000000610200",
     "v[1]: keys of a map are sorted and unique, this one is not"},
    {"ints", "0x020000000101ff00", "v[1]: keys of a map are sorted and unique, this one is not"},
    {"ints", "0x0200000001010100", "v[1]: keys of a map are sorted and unique, this one is not"},
};

static void test_not_canonical(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    for (size_t i = 0; i < AU_COUNT_OF(not_canonical); i++) {
        struct au_abi_value_error error = {0};
        struct au_bytes bytes;
        assert_ok(au_hex_read(&fixture.arena, au_bytes_of(not_canonical[i].bytes), &bytes));
        assert_false(
            au_abi_value_check(type_of(&fixture, not_canonical[i].type), "v", bytes, &error));
        assert_string_equal(error.message, not_canonical[i].message);
    }
    au_arena_done(&fixture.arena);
}

/* Whatever the bound, a value is whole or TOO_LARGE. */
static void test_too_large(void **state)
{
    struct fixture fixture;
    (void)state;
    open_fixture(&fixture);
    for (size_t i = 0; i < AU_COUNT_OF(good); i++) {
        enum au_err err = AU_ERR_TOO_LARGE;
        for (size_t size = 0; err != AU_OK; size++) {
            struct au_abi_value_error error = {0};
            struct au_buf bytes;
            au_buf_init(&bytes, size);
            err = read_as(type_of(&fixture, good[i].type), AU_ABI_TYPED, good[i].text, &bytes,
                          &error);
            assert_true(err == AU_OK || err == AU_ERR_TOO_LARGE);
            if (err == AU_OK) assert_int_equal(size, bytes.size);
            au_buf_done(&bytes);
        }
    }
    au_arena_done(&fixture.arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_not_canonical),
        cmocka_unit_test(test_too_large),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
