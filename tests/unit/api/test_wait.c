/* The table of who waits: its bound, and news that come before a response is attached. */
#include "unit/unit.h"

#include "api/wait.h"

static struct au_wait_form form_of(uint8_t first, uint8_t last)
{
    struct au_wait_form form = {.shape = AU_WAIT_CALL};
    form.id.bytes[0] = first;
    form.id.bytes[31] = last;
    return form;
}

static void test_is_bounded(void **state)
{
    (void)state;
    struct au_waits waits;
    struct au_hash ids[4];
    assert_ok(au_waits_init(&waits, 2));
    struct au_wait_form one = form_of(1, 1), two = form_of(1, 2), three = form_of(3, 3);
    struct au_wait *first = au_waits_open(&waits, &one);
    struct au_wait *second = au_waits_open(&waits, &two);
    assert_non_null(first);
    assert_non_null(second);
    assert_null(au_waits_open(&waits, &three));
    assert_int_equal(au_waits_count(&waits), 2);
    assert_int_equal(au_waits_ids(&waits, ids, 4), 2);
    assert_int_equal(au_waits_ids(&waits, ids, 1), 1);
    au_waits_close(&waits, first);
    assert_int_equal(au_waits_ids(&waits, ids, 4), 1);
    assert_memory_equal(&ids[0], &two.id, sizeof(ids[0]));
    struct au_wait *third = au_waits_open(&waits, &three);
    assert_non_null(third);
    au_waits_close(&waits, third);
    au_waits_close(&waits, second);
    au_waits_close(&waits, NULL);
    assert_int_equal(au_waits_count(&waits), 0);
    au_waits_done(&waits);
}

/* Nobody can be answered yet, so nothing is taken; whoever attaches later is told. */
static void test_news_before_attach(void **state)
{
    (void)state;
    struct au_waits waits;
    struct au_wait missed;
    assert_ok(au_waits_init(&waits, 8));
    struct au_wait_form one = form_of(1, 1), two = form_of(1, 2);
    struct au_wait *first = au_waits_open(&waits, &one);
    struct au_wait *again = au_waits_open(&waits, &one);
    struct au_wait *second = au_waits_open(&waits, &two);
    assert_null(au_waits_take(&waits, &one.id, true, AU_DROP_REPLACED));
    assert_false(au_waits_attach(&waits, first, NULL, 0, &missed));
    assert_true(missed.is_dropped);
    assert_int_equal(missed.reason, AU_DROP_REPLACED);
    assert_int_equal(missed.form.shape, AU_WAIT_CALL);
    assert_false(au_waits_attach(&waits, again, NULL, 0, &missed));
    assert_null(au_waits_take(&waits, &two.id, false, AU_DROP_INCLUDED));
    assert_false(au_waits_attach(&waits, second, NULL, 0, &missed));
    assert_false(missed.is_dropped);
    assert_int_equal(au_waits_count(&waits), 0);
    au_waits_done(&waits);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_is_bounded),
        cmocka_unit_test(test_news_before_attach),
    };
    return cmocka_run_group_tests_name("api/wait", tests, NULL, NULL);
}
