/* What contracts did, told by an ABI: each kind of value, and each reason why not. */
#include "unit/unit.h"

#include "abi/decode.h"
#include "base/hex.h"

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"

static const char abi_text[] =
    "abi 1\n"
    "type Point{x:u32,y:u32}\n"
    "type Wide{items:vec<bool>,text:string,more:(bytes,map<u8,string>)}\n"
    "fn get()->u64 view\n"
    "fn set(by:u64) mut\n"
    "fn is()->bool view\n"
    "fn low()->i8 view\n"
    "fn move(by:i8, to:Point, name:string) mut\n"
    "event Moved(topic from:u8, to:Point, topic by:string)\n"
    "event Bare()\n"
    "error 1 Overflow(total:u64) \"too \\\"much\\\"\"\n"
    "error 2 Denied\n"
    "storage total:u64 @\"total\"\n"
    "storage balance:map<u8,u64> @\"b:\"\n"
    "storage pair:map<(u8,u8),Point> @\"b:\\x07\"\n"
    "storage seven:string @\"b:\\x08\"\n"
    "storage any:map<string,bool> @\"a:\"\n"
    "storage wide:Wide @\"wide\"\n";

struct fixture {
    struct au_arena arena;
    struct au_abi abi;
};

static int open_abi(void **state)
{
    static struct fixture fixture;
    struct au_abi_error error = {0};
    au_arena_init(&fixture.arena, AU_ABI_ARENA_SIZE_MAX);
    assert_ok(au_abi_parse(au_bytes_of(abi_text), &fixture.arena, &fixture.abi, &error));
    *state = &fixture;
    return 0;
}

static int close_abi(void **state)
{
    struct fixture *fixture = *state;
    au_arena_done(&fixture->arena);
    return 0;
}

static struct au_bytes hex(struct fixture *fixture, const char *text)
{
    struct au_bytes bytes;
    assert_ok(au_hex_read(&fixture->arena, au_bytes_of(text), &bytes));
    return bytes;
}

/* What was appended behind "x", or the reason; frees the buffer. */
static void expect(struct au_buf *json, const char *reason, const char *expected)
{
    if (reason != NULL) {
        assert_int_equal(json->size, 1);
        assert_string_equal(reason, expected);
    } else {
        assert_int_equal(json->size, 1 + strlen(expected));
        assert_memory_equal(json->data + 1, expected, strlen(expected));
    }
    au_buf_done(json);
}

static struct au_buf make_buf(size_t size_max)
{
    struct au_buf json;
    au_buf_init(&json, size_max);
    au_buf_put_text(&json, "x");
    return json;
}

static void test_events(void **state)
{
    static const struct {
        const char *name, *topics, *data, *expected;
    } cases[] = {
        {"Moved", "0x00000000000000000000000000000000000000000000000000000000000000ff" ZEROS,
         "0x0100000002000000",
         "{\"from\":255,\"to\":{\"x\":1,\"y\":2},\"by\":{\"sha256\":\"0x" ZEROS "\"}}"},
        {"Bare", "0x", "0x", "{}"},
        {"Bare", "0x" ZEROS, "0x", "the event has more topics than the ABI says"},
        {"Bare", "0x", "0x00", "the event has more data than its fields"},
        {"bare", "0x", "0x", "the ABI has no event of this name"},
        {"Moved", "0x" ZEROS, "0x0100000002000000", "a topic is no value of the event's field"},
        {"Moved", "0x01" ZEROS ZEROS, "0x0100000002000000",
         "a topic is no value of the event's field"},
        {"Moved", "0x" ZEROS ZEROS, "0x01000000020000",
         "the data is not that of the event's fields"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf json = make_buf(1024);
        struct au_bytes topics = hex(fixture, cases[i].topics);
        struct au_receipt_event event = {.name = au_bytes_of(cases[i].name),
                                         .topics = topics,
                                         .data = hex(fixture, cases[i].data)};
        if (topics.size == 65) event.topics.size = 64; /* a topic with a byte before its zeros */
        expect(&json, au_abi_decode_event(&fixture->abi, &event, &json), cases[i].expected);
    }
}

static void test_args(void **state)
{
    static const char no_value[] = "an argument is no value of the function's parameter";
    static const char no_number[] = "the function takes another number of arguments";
    static const struct {
        const char *function;
        const char *args[4];
        size_t count;
        const char *expected;
    } cases[] = {
        {"move",
         {"0xff", "0x0100000002000000", "0x020000006869"},
         3,
         "{\"by\":-1,\"to\":{\"x\":1,\"y\":2},\"name\":\"hi\"}"},
        {"move",
         {"0xffffffff", "0x0100000002000000", "0x00000000"},
         3,
         "{\"by\":-1,\"to\":{\"x\":1,\"y\":2},\"name\":\"\"}"},
        {"move", {"0xff000000", "0x0100000002000000", "0x00000000"}, 3, no_value},
        {"move", {"0xff", "0x01000000020000", "0x00000000"}, 3, no_value},
        {"move", {"0xff", "0x0100000002000000", "0x01000000"}, 3, no_value},
        {"move", {"0xff", "0x0100000002000000"}, 2, no_number},
        {"move", {"0xff", "0x0100000002000000", "0x00000000", "0x"}, 4, no_number},
        {"move", {NULL}, 0, ""},
        {"set", {"0x0500000000000000"}, 1, "{\"by\":\"5\"}"},
        {"get", {"0x05"}, 1, no_number},
        {"get", {NULL}, 0, ""},
        {"other", {NULL}, 0, ""},
        {"other", {"0x"}, 1, "the ABI has no function of this name"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf json = make_buf(1024);
        struct au_bytes args[4] = {{0}};
        for (size_t j = 0; j < cases[i].count; j++)
            args[j] = hex(fixture, cases[i].args[j]);
        const char *reason = au_abi_decode_args(&fixture->abi, au_bytes_of(cases[i].function), args,
                                                cases[i].count, &json);
        expect(&json, reason, cases[i].expected);
    }
}

static void test_results(void **state)
{
    static const struct {
        const char *function, *output, *expected;
    } cases[] = {
        {"get", "0x0500000000000000", "\"5\""},
        {"get", "0x", "the output is no value of the function's result"},
        {"get", "0x050000000000000000", "the output is no value of the function's result"},
        {"is", "0x01", "true"},
        {"is", "0x01000000", "true"},
        {"is", "0x0100000000000000", "true"},
        {"is", "0x02000000", "the output is no value of the function's result"},
        {"is", "0x010000", "the output is no value of the function's result"},
        {"is", "0x01000001", "the output is no value of the function's result"},
        {"low", "0xffffffff", "-1"},
        {"low", "0x7f000000", "127"},
        {"low", "0xff000000", "the output is no value of the function's result"},
        {"set", "0x", ""},
        {"set", "0x00", "the ABI says that the function gives nothing"},
        {"other", "0x", ""},
        {"other", "0x00", "the ABI has no function of this name"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf json = make_buf(1024);
        const char *reason = au_abi_decode_result(&fixture->abi, au_bytes_of(cases[i].function),
                                                  hex(fixture, cases[i].output), &json);
        expect(&json, reason, cases[i].expected);
    }
}

static void test_errors(void **state)
{
    static const struct {
        uint32_t code;
        const char *data, *expected;
    } cases[] = {
        {1, "0x0500000000000000",
         "{\"name\":\"Overflow\",\"fields\":{\"total\":\"5\"},\"text\":\"too \\\"much\\\"\"}"},
        {2, "0x", "{\"name\":\"Denied\",\"fields\":{}}"},
        {3, "0x", "the ABI has no error of this code"},
        {1, "0x05", "the output is not that of the error's fields"},
        {2, "0x00", "the output is not that of the error's fields"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf json = make_buf(1024);
        struct au_bytes data = hex(fixture, cases[i].data);
        expect(&json, au_abi_decode_error(&fixture->abi, cases[i].code, data, &json),
               cases[i].expected);
    }
}

static void test_slots(void **state)
{
    static const struct {
        const char *key, *value, *expected;
    } cases[] = {
        {"0x746f74616c", "0x0500000000000000", "{\"name\":\"total\",\"value\":\"5\"}"},
        {"0x746f74616c", "0x05", "what is stored is no value of the entry's type"},
        {"0x623a09", "0x0500000000000000", "{\"name\":\"balance\",\"key\":9,\"value\":\"5\"}"},
        /* the key itself before a map, the longer prefix before the shorter */
        {"0x623a08", "0x0100000061", "{\"name\":\"seven\",\"value\":\"a\"}"},
        {"0x623a070102", "0x0100000002000000",
         "{\"name\":\"pair\",\"key\":[1,2],\"value\":{\"x\":1,\"y\":2}}"},
        {"0x613a0100000061", "0x01", "{\"name\":\"any\",\"key\":\"a\",\"value\":true}"},
        {"0x613a0100000000", "0x01", "a text has U+0000"},
        {"0x623a", "0x", "the ABI has no entry of this key"},
        {"0x623a0901", "0x", "the ABI has no entry of this key"},
        {"0x00", "0x", "the ABI has no entry of this key"},
    };
    struct fixture *fixture = *state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf json = make_buf(1024);
        const struct au_abi_stored values[] = {{"value", hex(fixture, cases[i].value)}, {0}};
        struct au_bytes key = hex(fixture, cases[i].key);
        expect(&json, au_abi_decode_slot(&fixture->abi, key, values, &json), cases[i].expected);
    }
}

#define ITEMS 60u

/* A value of Wide, and what it is as JSON. */
static void make_wide(struct au_buf *value, struct au_buf *json)
{
    static const uint8_t rest[] = {0, 0, 0, 0, 2, 0, 0, 0, 0, 1, 1, 0, 0, 0, 7, 1, 0, 0, 0, 'b'};
    au_buf_init(value, 1024);
    au_buf_init(json, 1024);
    au_buf_put_u32(value, ITEMS);
    au_buf_put_text(json, "{\"name\":\"wide\",\"value\":{\"items\":[");
    for (size_t i = 0; i < ITEMS; i++) {
        au_buf_put_u8(value, 1);
        au_buf_put_text(json, i == 0 ? "true" : ",true");
    }
    au_buf_put(value, rest, sizeof(rest));
    au_buf_put_text(json, "],\"text\":\"\",\"more\":[\"0x0001\",{\"7\":\"b\"}]}}");
    assert_ok(value->err);
    assert_ok(json->err);
    au_buf_put_u8(json, 0);
}

/* A value that does not fit ends wherever it is cut: nothing is read behind its bytes. */
static void test_bounds(void **state)
{
    struct fixture *fixture = *state;
    struct au_buf wide, all;
    make_wide(&wide, &all);
    uint8_t *own = malloc(wide.size); /* its end is seen by sanitizers */
    memcpy(own, wide.data, wide.size);
    for (size_t size = 1; size <= all.size; size++) {
        struct au_buf json = make_buf(size + 1);
        const struct au_abi_stored values[] = {{"value", {own, wide.size}}, {0}};
        const char *reason = au_abi_decode_slot(&fixture->abi, au_bytes_of("wide"), values, &json);
        bool is_large = size < all.size - 1;
        assert_int_equal(reason != NULL, is_large);
        expect(&json, reason, is_large ? "too large as JSON" : (const char *)all.data);
    }
    free(own);
    au_buf_done(&wide);
    au_buf_done(&all);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_events), cmocka_unit_test(test_args),  cmocka_unit_test(test_results),
        cmocka_unit_test(test_errors), cmocka_unit_test(test_slots), cmocka_unit_test(test_bounds),
    };
    return cmocka_run_group_tests_name("abi/decode", tests, open_abi, close_abi);
}
