/* Reasons why a transaction is in no block: their numbers, words and sentences. */
#include "unit/unit.h"

#include "core/invalid.h"

/* The frozen order; it is also the order in which they are looked for. */
static const char *const names[] = {
    "none",     "size",      "encoding",   "version",      "bad_from", "signature",
    "expired",  "nonce_low", "nonce_high", "gas_low",      "gas_high", "price_low",
    "overflow", "balance",   "block_full", "not_compiled",
};

static void test_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        assert_string_equal(au_invalid_name((enum au_invalid)i), names[i]);
        assert_true(strlen(au_invalid_text((enum au_invalid)i)) > 10);
    }
    assert_int_equal(AU_INVALID_NOT_COMPILED, AU_COUNT_OF(names) - 1);
}

static void test_texts_differ(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(au_invalid_text((enum au_invalid)i),
                                    au_invalid_text((enum au_invalid)j));
        }
    }
}

static void name_unknown(void *argument)
{
    (void)argument;
    au_invalid_name((enum au_invalid)AU_COUNT_OF(names));
}

static void test_unknown_is_a_bug(void **state)
{
    (void)state;
    assert_true(unit_aborts(name_unknown, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_texts_differ),
        cmocka_unit_test(test_unknown_is_a_bug),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
