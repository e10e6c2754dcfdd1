/* Pieces are aligned, apart and kept; the bound holds; mark and rewind give back and reuse. */
#include "unit/unit.h"

#include "base/arena.h"

static void test_pieces_are_aligned_and_apart(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    static uint8_t *pieces[COUNT];
    struct au_arena arena;
    au_arena_init(&arena, 16u << 20);
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i * 7919 % 401;
        pieces[i] = au_arena_get(&arena, size);
        assert_non_null(pieces[i]);
        assert_int_equal((uintptr_t)pieces[i] % 16, 0);
        memset(pieces[i], (int)(i & 0xff), size);
    }
    for (size_t i = 0; i < COUNT; i++) {
        size_t size = i * 7919 % 401;
        for (size_t j = 0; j < size; j++) {
            assert_int_equal(pieces[i][j], i & 0xff);
        }
    }
    au_arena_done(&arena);
    assert_int_equal(arena.held, 0);
}

static void test_bound(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 100000);
    assert_null(au_arena_get(&arena, 100001));
    assert_null(au_arena_get(&arena, SIZE_MAX));
    assert_int_equal(arena.held, 0);
    assert_non_null(au_arena_get(&arena, 100000));
    assert_null(au_arena_get(&arena, 1));
    assert_non_null(au_arena_get(&arena, 0));
    au_arena_done(&arena);

    size_t taken = 0;
    while (au_arena_get(&arena, 1000) != NULL) {
        taken += 1000;
    }
    assert_in_range(taken, 75000, 100000);
    assert_true(arena.held <= 100000);
    au_arena_done(&arena);

    /* The next aligned place may lie behind the end. */
    au_arena_init(&arena, 100);
    assert_non_null(au_arena_get(&arena, 97));
    assert_null(au_arena_get(&arena, 1));
    au_arena_done(&arena);

    au_arena_init(&arena, 0);
    assert_null(au_arena_get(&arena, 1));
    au_arena_done(&arena);
}

static void test_zero_and_copy(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 10000);
    memset(au_arena_get(&arena, 1000), 0xff, 1000);
    au_arena_reset(&arena);
    const uint8_t *zeroed = au_arena_zero(&arena, 1000);
    assert_non_null(zeroed);
    for (size_t i = 0; i < 1000; i++) {
        assert_int_equal(zeroed[i], 0);
    }

    char text[] = "Alice";
    struct au_bytes copy = {0};
    assert_ok(au_arena_copy(&arena, au_bytes_of(text), &copy));
    text[0] = 'M';
    assert_bytes(copy, "Alice");
    struct au_bytes untouched = copy;
    struct au_bytes large = {(const uint8_t *)text, 10000};
    assert_err(au_arena_copy(&arena, large, &untouched), AU_ERR_NO_MEMORY);
    assert_bytes(untouched, "Alice");
    assert_ok(au_arena_copy(&arena, (struct au_bytes){NULL, 0}, &copy));
    assert_non_null(copy.data);
    assert_int_equal(copy.size, 0);
    au_arena_done(&arena);
}

static void test_rewind_reuses(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 1u << 20);
    uint8_t *kept = au_arena_get(&arena, 10);
    memset(kept, 0x5a, 10);
    struct au_arena_mark mark = au_arena_mark(&arena);
    const void *first = au_arena_get(&arena, 100);
    size_t held = 0;
    for (int round = 0; round < 10; round++) {
        au_arena_rewind(&arena, mark);
        assert_ptr_equal(au_arena_get(&arena, 100), first);
        for (int i = 0; i < 100; i++) {
            void *piece = au_arena_get(&arena, 3000);
            assert_non_null(piece);
            memset(piece, round, 3000);
        }
        if (round == 0) held = arena.held;
        assert_int_equal(arena.held, held);
    }
    for (size_t i = 0; i < 10; i++) {
        assert_int_equal(kept[i], 0x5a);
    }
    au_arena_done(&arena);
}

static void test_rewind_to_the_empty_arena(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 1u << 20);
    struct au_arena_mark empty = au_arena_mark(&arena);
    const void *first = au_arena_get(&arena, 1);
    assert_non_null(au_arena_get(&arena, 100000));
    size_t held = arena.held;
    au_arena_rewind(&arena, empty);
    assert_ptr_equal(au_arena_get(&arena, 1), first);
    assert_non_null(au_arena_get(&arena, 100000));
    assert_int_equal(arena.held, held);
    au_arena_done(&arena);
}

/* A chunk kept from an earlier round may be too small for a piece, but stays usable after it. */
static void test_small_chunks_are_passed_over(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 1u << 20);
    assert_non_null(au_arena_get(&arena, 4000));
    struct au_arena_mark mark = au_arena_mark(&arena);
    const void *small = au_arena_get(&arena, 4000);
    au_arena_rewind(&arena, mark);
    uint8_t *large = au_arena_get(&arena, 50000);
    assert_non_null(large);
    memset(large, 1, 50000);
    assert_ptr_equal(au_arena_get(&arena, 4000), small);
    au_arena_done(&arena);
}

static void test_reset_keeps_the_first_chunk_only(void **state)
{
    (void)state;
    struct au_arena arena;
    au_arena_init(&arena, 1u << 20);
    au_arena_reset(&arena);
    assert_int_equal(arena.held, 0);
    const void *first = au_arena_get(&arena, 1);
    size_t held = arena.held;
    assert_true(held > 0);
    assert_non_null(au_arena_get(&arena, 500000));
    assert_true(arena.held > held);
    au_arena_reset(&arena);
    assert_int_equal(arena.held, held);
    assert_ptr_equal(au_arena_get(&arena, 1), first);
    au_arena_done(&arena);
    assert_int_equal(arena.held, 0);
    assert_int_equal(arena.size_max, 1u << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pieces_are_aligned_and_apart),
        cmocka_unit_test(test_bound),
        cmocka_unit_test(test_zero_and_copy),
        cmocka_unit_test(test_rewind_reuses),
        cmocka_unit_test(test_rewind_to_the_empty_arena),
        cmocka_unit_test(test_small_chunks_are_passed_over),
        cmocka_unit_test(test_reset_keeps_the_first_chunk_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
