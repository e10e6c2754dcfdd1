/* Every error and outcome has its words, and a number outside of the tables has words too. */
#include "unit/unit.h"

#include "base/err.h"
#include "base/outcome.h"

static void test_each_error_has_words(void **state)
{
    (void)state;
    assert_string_equal(au_err_name(AU_OK), "ok");
    for (int err = AU_OK; err <= AU_ERR_NO_SPACE; err++) {
        assert_string_not_equal(au_err_name((enum au_err)err), "unknown");
        assert_true(strlen(au_err_text((enum au_err)err)) > 3);
        for (int other = AU_OK; other < err; other++) {
            assert_string_not_equal(au_err_name((enum au_err)err), au_err_name((enum au_err)other));
        }
    }
}

static void test_words_belong_to_their_error(void **state)
{
    (void)state;
    assert_string_equal(au_err_name(AU_ERR_NO_MEMORY), "no_memory");
    assert_string_equal(au_err_text(AU_ERR_NO_MEMORY), "out of memory");
    assert_string_equal(au_err_name(AU_ERR_MALFORMED), "malformed");
    assert_string_equal(au_err_name(AU_ERR_NO_SPACE), "no_space");
    assert_string_equal(au_err_name((enum au_err)99), "unknown");
    assert_string_equal(au_err_text((enum au_err)99), "unknown error");
}

static void test_outcomes(void **state)
{
    (void)state;
    assert_string_equal(au_outcome_name(AU_OUTCOME_SUCCESS), "success");
    assert_string_equal(au_outcome_name(AU_OUTCOME_OUT_OF_GAS), "out_of_gas");
    assert_string_equal(au_outcome_name(AU_OUTCOME_NOT_ALLOWED), "not_allowed");
    assert_string_equal(au_outcome_text(AU_OUTCOME_REVERTED), "the contract reverted");
    assert_string_equal(au_outcome_name((enum au_outcome)13), "unknown");
    assert_string_equal(au_outcome_text((enum au_outcome)13), "unknown");
    assert_string_equal(au_outcome_name((enum au_outcome) - 1), "unknown");
}

static void test_classes(void **state)
{
    (void)state;
    assert_int_equal(au_outcome_class(AU_OUTCOME_SUCCESS), AU_CLASS_SUCCESS);
    assert_int_equal(au_outcome_class(AU_OUTCOME_OUT_OF_GAS), AU_CLASS_OUT_OF_GAS);
    for (int outcome = 0; outcome <= AU_OUTCOME_NOT_ALLOWED; outcome++) {
        if (outcome == AU_OUTCOME_SUCCESS || outcome == AU_OUTCOME_OUT_OF_GAS) continue;
        assert_int_equal(au_outcome_class((enum au_outcome)outcome), AU_CLASS_EXECUTION_ERROR);
    }
    assert_int_equal(au_outcome_class((enum au_outcome)13), AU_CLASS_EXECUTION_ERROR);
    assert_string_equal(au_class_name(AU_CLASS_SUCCESS), "success");
    assert_string_equal(au_class_name(AU_CLASS_OUT_OF_GAS), "out_of_gas");
    assert_string_equal(au_class_name(AU_CLASS_EXECUTION_ERROR), "execution_error");
    assert_string_equal(au_class_name((enum au_class)3), "unknown");
}

static void test_details(void **state)
{
    (void)state;
    assert_string_equal(au_trap_detail_text(0), "unknown");
    assert_string_equal(au_trap_detail_text(AU_TRAP_UNREACHABLE), "unreachable instruction");
    assert_string_equal(au_trap_detail_text(9), "the contract called abort");
    assert_string_equal(au_trap_detail_text(10), "unknown");
    assert_string_equal(au_trap_detail_text(UINT32_MAX), "unknown");
    assert_string_equal(au_host_detail_text(0), "unknown");
    assert_string_equal(au_host_detail_text(AU_HOST_REJECT_POINTER),
                        "a pointer is outside the memory");
    assert_string_equal(au_host_detail_text(6), "unknown");
}

static void run_assert(void *argument)
{
    const bool *condition = argument;
    AU_ASSERT(*condition);
}

static void test_assert_aborts_only_if_false(void **state)
{
    (void)state;
    bool condition = true;
    assert_false(unit_aborts(run_assert, &condition));
    condition = false;
    assert_true(unit_aborts(run_assert, &condition));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_error_has_words),
        cmocka_unit_test(test_words_belong_to_their_error),
        cmocka_unit_test(test_outcomes),
        cmocka_unit_test(test_classes),
        cmocka_unit_test(test_details),
        cmocka_unit_test(test_assert_aborts_only_if_false),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
