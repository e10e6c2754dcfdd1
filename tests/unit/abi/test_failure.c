/* Errors of contracts by the records of their ABI. */
#include "unit/unit.h"

#include "abi/failure.h"
#include "base/hex.h"

static const char abi_text[] = "abi 1\n"
                               "error 1 Overflow(total:u64) \"total would exceed u64\"\n"
                               "error 2 Denied\n"
                               "error 4294967295 Both(a:u8,b:string)\n";

static const struct {
    uint32_t code;
    const char *data;
    const char *text; /* NULL: not told */
} cases[] = {
    {1, "0x0500000000000000", "Overflow(total=\"5\"): total would exceed u64"},
    {2, "0x", "Denied"},
    {UINT32_MAX,
     "0x0701000000"
     "61",
     "Both(a=7, b=\"a\")"},
    {3, "0x", NULL},
    {1, "0x", NULL},
    {1, "0x05000000", NULL},
    {1, "0x050000000000000000", NULL},
    {2, "0x00", NULL},
    {UINT32_MAX, "0x0701000000ff", NULL},
};

static void test_failures(void **state)
{
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_error error = {0};
    (void)state;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    assert_ok(au_abi_parse(au_bytes_of(abi_text), &arena, &abi, &error));
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_bytes data;
        struct au_buf text;
        au_buf_init(&text, 1024);
        assert_ok(au_hex_read(&arena, au_bytes_of(cases[i].data), &data));
        bool is_told = au_abi_failure_put(&text, &abi, cases[i].code, data);
        assert_int_equal(is_told, cases[i].text != NULL);
        au_buf_put_u8(&text, 0);
        assert_string_equal((const char *)text.data, is_told ? cases[i].text : "");
        au_buf_done(&text);
    }
    au_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_failures)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
