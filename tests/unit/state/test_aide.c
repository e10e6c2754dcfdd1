/* Goal: a part is done once, whole before it is no longer waited for, by the aide where it comes to
 * it and by the caller where it does not.
 * Method: many parts, each awaited at once, so that either comes first; a part that is awaited only
 * when the aide is at it; an aide that is never asked. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sched.h>
#include <stdatomic.h>

#include "state/aide.h"

#define PARTS 20000u

struct part {
    unsigned count; /* of times that it was done */
    pthread_t thread;
    atomic_bool has_begun;
    atomic_bool may_end;
};

static void count_part(void *context)
{
    struct part *part = context;
    part->count++;
}

static void test_each_part_is_done_once(void **state)
{
    struct au_aide aide;
    (void)state;
    assert_int_equal(au_aide_init(&aide), AU_OK);
    for (unsigned i = 0; i < PARTS; i++) {
        struct part part = {0};
        au_aide_ask(&aide, count_part, &part);
        if (i % 2 == 0) (void)sched_yield();
        au_aide_await(&aide);
        assert_int_equal(part.count, 1);
    }
    au_aide_done(&aide);
}

static void stay_at_part(void *context)
{
    struct part *part = context;
    part->thread = pthread_self();
    atomic_store(&part->has_begun, true);
    while (!atomic_load(&part->may_end)) {
        (void)sched_yield();
    }
    part->count++;
}

static void test_aide_does_it_beside(void **state)
{
    struct au_aide aide;
    (void)state;
    assert_int_equal(au_aide_init(&aide), AU_OK);
    for (unsigned i = 0; i < 3; i++) {
        struct part part = {0};
        au_aide_ask(&aide, stay_at_part, &part);
        while (!atomic_load(&part.has_begun)) {
            (void)sched_yield();
        }
        atomic_store(&part.may_end, true);
        au_aide_await(&aide);
        assert_int_equal(part.count, 1);
        assert_false(pthread_equal(part.thread, pthread_self()));
    }
    au_aide_done(&aide);
}

static void test_unasked_aide_goes(void **state)
{
    struct au_aide aide;
    (void)state;
    assert_int_equal(au_aide_init(&aide), AU_OK);
    assert_false(aide.has_thread);
    au_aide_done(&aide);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_part_is_done_once),
        cmocka_unit_test(test_aide_does_it_beside),
        cmocka_unit_test(test_unasked_aide_goes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
