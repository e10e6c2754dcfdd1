/* Goal: the three invariants of vm/cache.h.
 * Method: a cache of counted things without an engine; random holds and releases against a model;
 * threads that want the same missing key. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/mem.h"
#include "vm/cache.h"

struct thing {
    struct au_cache_entry cached; /* first */
    uint32_t number;
};

static atomic_int alive;
static atomic_int made;

static void free_thing(struct au_cache_entry *entry)
{
    atomic_fetch_sub(&alive, 1);
    au_mem_free(entry);
}

/* Numbers far apart share buckets: 1,024 of them are one bucket apart at most. */
static struct au_hash key_of(uint32_t number)
{
    struct au_hash key = {{0}};
    memcpy(key.bytes + 1, &number, sizeof number);
    return key;
}

static struct au_cache_entry *new_thing(uint32_t number, size_t size)
{
    struct thing *thing = au_mem_new(sizeof *thing);
    AU_ASSERT(thing != NULL);
    thing->cached.key = key_of(number);
    thing->cached.size = size;
    thing->number = number;
    atomic_fetch_add(&alive, 1);
    atomic_fetch_add(&made, 1);
    return &thing->cached;
}

static struct au_cache_entry *take(struct au_cache *cache, uint32_t number, size_t size)
{
    struct au_cache_flight flight;
    struct au_hash key = key_of(number);
    struct au_cache_entry *entry = au_cache_take(cache, &key, &flight);
    if (entry == NULL) {
        entry = new_thing(number, size);
        au_cache_land(cache, &flight, entry);
    }
    AU_ASSERT(((struct thing *)entry)->number == number);
    return entry;
}

static struct au_cache cache;

static int open_cache(void **state)
{
    (void)state;
    atomic_store(&made, 0);
    return au_cache_init(&cache, 100, free_thing) ? 0 : -1;
}

static int close_cache(void **state)
{
    (void)state;
    au_cache_done(&cache);
    return atomic_load(&alive) == 0 ? 0 : -1;
}

static void check_counts(size_t count, size_t idle_size)
{
    size_t have_count = 0;
    size_t have_size = 0;
    au_cache_count(&cache, &have_count, &have_size);
    assert_int_equal(have_count, count);
    assert_int_equal(have_size, idle_size);
    assert_int_equal(atomic_load(&alive), count);
}

static void test_drops_what_was_used_longest_ago(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 4; i++) {
        au_cache_release(&cache, take(&cache, i, 30)); /* 0 goes when 3 comes */
    }
    check_counts(3, 90);
    au_cache_release(&cache, take(&cache, 1, 30)); /* 2 is the oldest now */
    au_cache_release(&cache, take(&cache, 4, 30));
    check_counts(3, 90);
    assert_int_equal(atomic_load(&made), 5);
    au_cache_release(&cache, take(&cache, 1, 30));
    au_cache_release(&cache, take(&cache, 3, 30));
    assert_int_equal(atomic_load(&made), 5);
    au_cache_release(&cache, take(&cache, 2, 30));
    assert_int_equal(atomic_load(&made), 6);
}

static void test_bound_is_exact(void **state)
{
    (void)state;
    au_cache_release(&cache, take(&cache, 1, 40));
    au_cache_release(&cache, take(&cache, 2, 60));
    check_counts(2, 100);
    au_cache_release(&cache, take(&cache, 3, 1));
    check_counts(2, 61);
    au_cache_release(&cache, take(&cache, 4, 101)); /* too large for the cache: everything goes */
    check_counts(0, 0);
}

static void test_holds_are_counted(void **state)
{
    (void)state;
    struct au_cache_entry *first = take(&cache, 1, 1000);
    struct au_cache_entry *second = take(&cache, 1, 1000);
    assert_ptr_equal(first, second);
    check_counts(1, 0);
    au_cache_release(&cache, first);
    check_counts(1, 0);
    au_cache_release(&cache, second);
    check_counts(0, 0);
}

static void test_failure_is_not_kept(void **state)
{
    (void)state;
    struct au_cache_flight flight;
    struct au_hash key = key_of(1);
    for (int i = 0; i < 3; i++) {
        assert_null(au_cache_take(&cache, &key, &flight));
        au_cache_land(&cache, &flight, NULL);
    }
    au_cache_release(&cache, take(&cache, 1, 1));
    check_counts(1, 1);
}

/* Things of size 10 and a bound of 100: a list of the last ten released is the whole model. */
static void test_against_a_model(void **state)
{
    (void)state;
    uint32_t recent[11];
    size_t recent_count = 0;
    uint32_t random = 12345;
    for (int step = 0; step < 20000; step++) {
        random = random * 1664525 + 1013904223;
        uint32_t number = (random >> 16) % 17 * 1024; /* all in a few buckets */
        size_t at = 0;
        while (at < recent_count && recent[at] != number) {
            at++;
        }
        bool is_kept = at < recent_count;
        int before = atomic_load(&made);
        struct au_cache_entry *entry = take(&cache, number, 10);
        assert_int_equal(atomic_load(&made) - before, is_kept ? 0 : 1);
        au_cache_release(&cache, entry);

        if (is_kept) recent_count--;
        memmove(recent + 1, recent, at * sizeof recent[0]);
        recent[0] = number;
        recent_count = recent_count < 10 ? recent_count + 1 : 10;
        check_counts(recent_count, recent_count * 10);
    }
}

/* ---- threads -------------------------------------------------------------------------------- */

#define THREADS 8

static atomic_int tries;

/* Fails twice, then succeeds, slowly: the threads that wait must find one maker at a time. */
static void *take_slowly(void *argument)
{
    (void)argument;
    struct au_hash key = key_of(7);
    static atomic_int makers;
    for (;;) {
        struct au_cache_flight flight;
        struct au_cache_entry *entry = au_cache_take(&cache, &key, &flight);
        if (entry == NULL) {
            AU_ASSERT(atomic_fetch_add(&makers, 1) == 0);
            usleep(5000);
            entry = atomic_fetch_add(&tries, 1) < 2 ? NULL : new_thing(7, 10);
            AU_ASSERT(atomic_fetch_sub(&makers, 1) == 1);
            au_cache_land(&cache, &flight, entry);
        }
        if (entry != NULL) {
            au_cache_release(&cache, entry);
            return NULL;
        }
    }
}

static void *take_many(void *argument)
{
    uint32_t random = *(const uint32_t *)argument;
    for (int i = 0; i < 5000; i++) {
        random = random * 1664525 + 1013904223;
        struct au_cache_entry *entry = take(&cache, (random >> 20) % 40, 10);
        if (random & 1 << 12) au_cache_release(&cache, take(&cache, (random >> 20) % 40, 10));
        au_cache_release(&cache, entry);
    }
    return NULL;
}

static void run_threads(void *(*start)(void *))
{
    pthread_t threads[THREADS];
    uint32_t seeds[THREADS];
    for (uint32_t i = 0; i < THREADS; i++) {
        seeds[i] = i;
        assert_int_equal(pthread_create(&threads[i], NULL, start, &seeds[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
}

static void test_one_thread_makes(void **state)
{
    (void)state;
    atomic_store(&tries, 0);
    run_threads(take_slowly);
    assert_int_equal(atomic_load(&tries), 3);
    assert_int_equal(atomic_load(&made), 1);
    check_counts(1, 10);
}

static void test_threads_share(void **state)
{
    (void)state;
    run_threads(take_many);
    check_counts(10, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_drops_what_was_used_longest_ago, open_cache,
                                        close_cache),
        cmocka_unit_test_setup_teardown(test_bound_is_exact, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_holds_are_counted, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_failure_is_not_kept, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_against_a_model, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_one_thread_makes, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_threads_share, open_cache, close_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
