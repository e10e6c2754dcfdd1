/* Time against gas, with figures worked out by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "bench/pace.h"

static void assert_pace(struct pace pace, double ns, double steps)
{
    assert_true(pace.ns == ns);
    assert_true(pace.steps == steps);
}

static void test_pace_ratio(void **state)
{
    (void)state;
    assert_true(pace_ratio((struct pace){500, 1000}) == 0.5);
    assert_true(pace_ratio((struct pace){3000, 1000}) == 3);
    assert_true(pace_ratio((struct pace){3000, 0}) == 0);
}

static void test_pace_faster(void **state)
{
    (void)state;
    struct pace slow = {300, 100};
    struct pace fast = {400, 200}; /* longer, but it pays for more */
    assert_pace(pace_faster(slow, fast), 400, 200);
    assert_pace(pace_faster(fast, slow), 400, 200);
    assert_pace(pace_faster(slow, slow), 300, 100);
}

static void test_pace_takes_away_and_divides(void **state)
{
    (void)state;
    struct pace around = {100, 40};
    assert_pace(pace_less((struct pace){700, 240}, around), 600, 200);
    assert_pace(pace_less((struct pace){90, 30}, around), 0, 0); /* chance may do that */
    assert_pace(pace_each((struct pace){600, 200}, 4), 150, 50);
}

static void test_pace_rank_has_the_worst_first(void **state)
{
    (void)state;
    struct pace list[] = {{90, 10}, {40, 10}, {20, 10}};
    assert_int_equal(pace_rank(list, 3, (struct pace){100, 10}), 0);
    assert_int_equal(pace_rank(list, 3, (struct pace){90, 10}), 1);
    assert_int_equal(pace_rank(list, 3, (struct pace){30, 10}), 2);
    assert_int_equal(pace_rank(list, 3, (struct pace){10, 10}), 3);
    assert_int_equal(pace_rank(list, 0, (struct pace){10, 10}), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pace_ratio),
        cmocka_unit_test(test_pace_faster),
        cmocka_unit_test(test_pace_takes_away_and_divides),
        cmocka_unit_test(test_pace_rank_has_the_worst_first),
    };
    return cmocka_run_group_tests_name("bench/pace", tests, NULL, NULL);
}
