/* The bound, the sticky error, and what each writer writes. */
#include "unit/unit.h"

#include "base/buf.h"
#include "base/mem.h"

/* Read by AddressSanitizer: a refused allocation gives NULL there too. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
    return "allocator_may_return_null=1";
}

static void test_mem_gives_zeroed_blocks(void **state)
{
    (void)state;
    uint8_t *block = au_mem_new(100);
    assert_non_null(block);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(block[i], 0);
    }
    block[0] = 7;
    block = au_mem_resize(block, 1u << 20);
    assert_non_null(block);
    assert_int_equal(block[0], 7);
    au_mem_free(block);
}

static void test_mem_refuses_and_accepts_edges(void **state)
{
    (void)state;
    volatile size_t huge = SIZE_MAX;
    assert_null(au_mem_new(huge));
    assert_null(au_mem_new(huge - 4096));
    void *block = au_mem_resize(NULL, 0);
    assert_non_null(block);
    assert_null(au_mem_resize(block, huge));
    block = au_mem_resize(block, 0);
    assert_non_null(block);
    au_free(block);
    block = au_mem_new(0);
    assert_non_null(block);
    au_mem_free(block);
    au_mem_free(NULL);
    au_free(NULL);
}

static void test_writers(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 1000);
    assert_int_equal(au_buf_bytes(&buf).size, 0);
    au_buf_put(&buf, "ab", 2);
    au_buf_put(&buf, NULL, 0);
    au_buf_put_bytes(&buf, (struct au_bytes){NULL, 0});
    au_buf_put_bytes(&buf, au_bytes_of("cd"));
    au_buf_put_u8(&buf, 'e');
    au_buf_put_u32(&buf, 0x69686766);
    au_buf_put_u64(&buf, 0x71706f6e6d6c6b6a);
    au_buf_put_text(&buf, "r");
    au_buf_printf(&buf, "%s%d%%", "s", -5);
    au_buf_put_decimal(&buf, 0);
    au_buf_put_decimal(&buf, 1009);
    au_buf_put_decimal(&buf, UINT64_MAX);
    assert_int_equal(buf.err, AU_OK);
    assert_bytes(au_buf_bytes(&buf), "abcdefghijklmnopqrs-5%0100918446744073709551615");
    au_buf_done(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.size_max, 1000);
}

static void test_bound_is_exact_and_sticky(void **state)
{
    (void)state;
    for (size_t size_max = 0; size_max < 200; size_max++) {
        struct au_buf buf;
        au_buf_init(&buf, size_max);
        for (size_t i = 0; i < size_max; i++) {
            au_buf_put_u8(&buf, 'x');
        }
        assert_int_equal(buf.err, AU_OK);
        assert_int_equal(buf.size, size_max);
        au_buf_put(&buf, "", 0);
        au_buf_printf(&buf, "%s", "");
        assert_int_equal(buf.err, AU_OK);

        au_buf_put_u8(&buf, 'y');
        assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
        assert_int_equal(buf.size, size_max);
        assert_null(au_buf_reserve(&buf, 0));

        au_buf_clear(&buf);
        assert_int_equal(buf.err, AU_OK);
        au_buf_put_u64(&buf, 0);
        assert_int_equal(buf.err, size_max < 8 ? AU_ERR_TOO_LARGE : AU_OK);
        assert_int_equal(buf.size, size_max < 8 ? 0 : 8);
        au_buf_done(&buf);
    }
}

static void test_error_is_sticky(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 4);
    au_buf_put_text(&buf, "abc");
    au_buf_put_text(&buf, "de");
    au_buf_put_text(&buf, "f");
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    assert_bytes(au_buf_bytes(&buf), "abc");
    au_buf_done(&buf);
    assert_int_equal(buf.err, AU_OK);
}

static void test_printf_fills_to_the_bound(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 70);
    au_buf_printf(&buf, "%070d", 1);
    assert_int_equal(buf.err, AU_OK);
    assert_int_equal(buf.size, 70);
    assert_int_equal(buf.data[69], '1');
    au_buf_clear(&buf);
    au_buf_printf(&buf, "%071d", 1);
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    assert_int_equal(buf.size, 0);
    au_buf_done(&buf);
}

static void test_heap_refuses(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX);
    au_buf_put_text(&buf, "kept");
    assert_null(au_buf_reserve(&buf, SIZE_MAX - 4));
    assert_int_equal(buf.err, AU_ERR_NO_MEMORY);
    au_buf_clear(&buf);
    au_buf_put_text(&buf, "kept");
    assert_null(au_buf_reserve(&buf, SIZE_MAX - 3));
    assert_int_equal(buf.err, AU_ERR_TOO_LARGE);
    assert_bytes(au_buf_bytes(&buf), "kept");
    au_buf_done(&buf);
}

static void test_reserve_then_add(void **state)
{
    (void)state;
    struct au_buf buf;
    au_buf_init(&buf, 5000);
    for (size_t i = 0; i < 50; i++) {
        uint8_t *to = au_buf_reserve(&buf, 100);
        assert_non_null(to);
        memset(to, (int)i, 100);
        buf.size += 100;
    }
    assert_null(au_buf_reserve(&buf, 1));
    for (size_t i = 0; i < 5000; i++) {
        assert_int_equal(buf.data[i], i / 100);
    }
    au_buf_done(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mem_gives_zeroed_blocks),
        cmocka_unit_test(test_mem_refuses_and_accepts_edges),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_bound_is_exact_and_sticky),
        cmocka_unit_test(test_error_is_sticky),
        cmocka_unit_test(test_printf_fills_to_the_bound),
        cmocka_unit_test(test_heap_refuses),
        cmocka_unit_test(test_reserve_then_add),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
