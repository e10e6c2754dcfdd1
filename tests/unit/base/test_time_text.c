/* Moments as text. Expected values are those of Python's datetime. */
#include "base/time_text.h"
#include "unit/unit.h"

static const struct {
    const char *text;
    uint64_t time_ms;
} moments[] = {
    {"1970-01-01T00:00:00.000Z", 0},
    {"1970-03-01T00:00:00.001Z", 5097600001},
    {"2000-02-29T23:59:59.999Z", 951868799999},
    {"2026-11-25T12:30:00.000Z", 1795609800000},
    {"2100-03-01T00:00:00.000Z", 4107542400000},
    {"9999-12-31T23:59:59.999Z", AU_TIME_MS_MAX},
};

static void test_round_trip(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, 64);
    for (size_t i = 0; i < AU_COUNT_OF(moments); i++) {
        uint64_t time_ms = 1;
        au_buf_clear(&text);
        au_time_put(&text, moments[i].time_ms);
        assert_true(au_bytes_is_equal(au_buf_bytes(&text), au_bytes_of(moments[i].text)));
        assert_int_equal(au_time_parse(au_bytes_of(moments[i].text), &time_ms), AU_OK);
        assert_int_equal(time_ms, moments[i].time_ms);
    }
    au_buf_clear(&text);
    au_time_put(&text, UINT64_MAX);
    assert_true(au_bytes_is_equal(au_buf_bytes(&text), au_bytes_of("9999-12-31T23:59:59.999Z")));
    au_buf_done(&text);
}

static void test_other_forms_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "2026-11-25",
        "2026-11-25T12:30:00Z",
        "2026-11-25T12:30:00.00Z",
        "2026-11-25T12:30:00.0000Z",
        "2026-11-25 12:30:00.000Z",
        "2026-11-25T12:30:00.000z",
        "2026-11-25T12:30:00.000+",
        "2026-11-25T12:30:60.000Z",
        "2026-11-25T12:60:00.000Z",
        "2026-11-25T24:00:00.000Z",
        "2026-02-29T12:30:00.000Z",
        "2026-11-31T12:30:00.000Z",
        "2026-11-00T12:30:00.000Z",
        "2026-00-25T12:30:00.000Z",
        "2026-13-25T12:30:00.000Z",
        "1969-12-31T23:59:59.999Z",
        "0000-01-01T00:00:00.000Z",
        "-026-11-25T12:30:00.000Z",
    };
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        uint64_t time_ms = 7;
        assert_int_equal(au_time_parse(au_bytes_of(texts[i]), &time_ms), AU_ERR_MALFORMED);
        assert_int_equal(time_ms, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip),
        cmocka_unit_test(test_other_forms_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
