/* Arguments as people and requests write them. */
#include "unit/unit.h"

#include "core/address.h"
#include "core/arg.h"

static const struct {
    const char *text;
    const char *bytes; /* NULL: refused */
    size_t size;
} rows[] = {
    {"u64:5", "\5\0\0\0\0\0\0\0", 8},
    {"u64:18446744073709551615", "\377\377\377\377\377\377\377\377", 8},
    {"u64:18446744073709551616", NULL, 0},
    {"u64:-1", NULL, 0},
    {"u64:", NULL, 0},
    {"u64:05", NULL, 0},
    {"i64:-2", "\376\377\377\377\377\377\377\377", 8},
    {"i64:9223372036854775808", NULL, 0},
    {"u32:258", "\2\1\0\0", 4},
    {"u32:4294967296", NULL, 0},
    {"i32:-1", "\377\377\377\377", 4},
    {"i32:2147483648", NULL, 0},
    {"0x", "", 0},
    {"0xFf00", "\377\0", 2},
    {"0xf", NULL, 0},
    {"0xzz", NULL, 0},
    {"bytes:0x01", "\1", 1},
    {"bytes:01", NULL, 0},
    {"raw:0x01", "\1", 1},
    {"raw:01", NULL, 0},
    {"bytes:", NULL, 0},
    {"str:", "", 0},
    {"str:u64:5", "u64:5", 5},
    {"addr:0x0101010101010101010101010101010101010101010101010101010101010101",
     "\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1\1", 32},
    {"addr:alice", NULL, 0},
    {"5", NULL, 0},
    {"text", NULL, 0},
    {"", NULL, 0},
    {"@file", NULL, 0},
};

static void test_forms(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_bytes arg = {NULL, 99};
        const struct au_arg_form *form;
        enum au_err err = au_arg_read(au_bytes_of(rows[i].text), &arena, &form, &arg);
        if (err != (rows[i].bytes ? AU_OK : AU_ERR_MALFORMED))
            print_message("# %s\n", rows[i].text);
        assert_int_equal(err, rows[i].bytes ? AU_OK : AU_ERR_MALFORMED);
        if (!rows[i].bytes) continue;
        assert_int_equal(arg.size, rows[i].size);
        if (arg.size > 0) assert_memory_equal(arg.data, rows[i].bytes, arg.size);
    }
    au_arena_done(&arena);
}

/* Which form a text begins like, also when its value is refused. */
static void test_names(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *name; /* NULL: none */
    } names[] = {
        {"u64:x", "u64:"},
        {"i32:5", "i32:"},
        {"0xf", "bytes:"},
        {"bytes:0x", "bytes:"},
        {"addr:bob", "addr:"},
        {"str:", "str:"},
        {"5", NULL},
        {"u16:5", NULL},
        {"", NULL},
    };
    struct au_arena arena;
    au_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        const struct au_arg_form *form;
        struct au_bytes arg;
        enum au_err err = au_arg_read(au_bytes_of(names[i].text), &arena, &form, &arg);
        assert_true(err == AU_OK || err == AU_ERR_MALFORMED);
        assert_int_equal(form != NULL, names[i].name != NULL);
        if (form) assert_string_equal(form->name, names[i].name);
    }
    au_arena_done(&arena);
}

static void test_memory(void **state)
{
    (void)state;
    struct au_arena arena;
    struct au_bytes arg;
    const struct au_arg_form *form;
    static char text[3 * 4096] = "str:";
    memset(text + 4, 'x', sizeof(text) - 5);
    au_arena_init(&arena, 4096);
    assert_err(au_arg_read(au_bytes_of(text), &arena, &form, &arg), AU_ERR_NO_MEMORY);
    au_arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_forms),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_memory),
    };
    return cmocka_run_group_tests_name("core/arg", tests, NULL, NULL);
}
