/* emit: what it puts into the receipt, its price, its limits and caps. */
#include "fixture.h"

#define NUMBER_EMIT 21u

#define NAME   0u  /* "transfer" */
#define ACCENT 16u /* U+00E9, two bytes */
#define DATA   1024u
#define TOPICS 2048u

static const char data[] = "(data (i32.const 0) \"transfer\") (data (i32.const 16) \"\\c3\\a9\")"
                           "(data (i32.const 1024) \"hello\")"
                           "(data (i32.const 2048) \"0123456789abcdef0123456789ABCDEF\")";

static int open_world(void **state)
{
    return fixture_open_hosts(state, 4, data);
}

static void test_emit(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "emit", NAME, 8, TOPICS, 1, DATA, 5);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_price(fx, "emit", 30000 + 20 * (8 + 32 + 5));
    RUN(fx, "emit", ACCENT, 2, 0xffffffff, 0, 0xffffffff, 0);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_price(fx, "emit", 30000 + 20 * 2);

    struct au_items items = {au_buf_bytes(&fx->events), fx->env.event_count};
    struct au_receipt_event event;
    assert_int_equal(items.count, 2);
    assert_true(au_receipt_next_event(&items, &event));
    assert_memory_equal(event.contract.bytes, fx->call.self.bytes, AU_ADDRESS_SIZE);
    assert_int_equal(event.name.size, 8);
    assert_memory_equal(event.name.data, "transfer", 8);
    assert_int_equal(event.topics.size, 32);
    assert_memory_equal(event.topics.data, "0123456789abcdef0123456789ABCDEF", 32);
    assert_int_equal(event.data.size, 5);
    assert_memory_equal(event.data.data, "hello", 5);
    assert_true(au_receipt_next_event(&items, &event));
    assert_int_equal(event.name.size, 2);
    assert_int_equal(event.topics.size + event.data.size, 0);
}

static void test_limits(void **state)
{
    static const struct {
        uint32_t name_at, name_size, topic_count, data_size;
        bool is_good;
    } rows[] = {
        {TOPICS, 64, 4, 16384, true}, {NAME, 0, 0, 0, false},          {TOPICS, 65, 0, 0, false},
        {NAME, 1, 5, 0, false},       {NAME, 1, UINT32_MAX, 0, false}, {NAME, 1, 0, 16385, false},
        {ACCENT, 1, 0, 0, false},     {ACCENT + 1, 1, 0, 0, false},
    };
    struct fixture *fx = *state;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        fx->call.steps_limit = INT64_C(4000000000000);
        RUN(fx, "emit", rows[i].name_at, rows[i].name_size, TOPICS, rows[i].topic_count, DATA,
            rows[i].data_size);
        if (rows[i].is_good) {
            assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
        } else {
            assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                        fixture_reject(NUMBER_EMIT, AU_HOST_REJECT_SIZE));
        }
        assert_price(fx, "emit",
                     30000 + 20 * ((int64_t)rows[i].name_size + 32 * (int64_t)rows[i].topic_count +
                                   rows[i].data_size));
    }
    assert_int_equal(fx->env.event_count, 1);
}

static void test_pointers_of_topics(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "emit", NAME, 8, 4 * 65536 - 64, 2, DATA, 5);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    RUN(fx, "emit", NAME, 8, 4 * 65536 - 63, 2, DATA, 5);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_EMIT, AU_HOST_REJECT_POINTER));
}

static void test_caps(void **state)
{
    struct fixture *fx = *state;
    uint32_t cap = fixture_reject(NUMBER_EMIT, AU_HOST_REJECT_CAP);
    for (int i = 0; i < 256; i++) {
        RUN(fx, "emit", NAME, 8, TOPICS, 4, DATA, 1024);
        assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    }
    assert_int_equal(fx->env.event_data_used, AU_EVENTS_DATA_SIZE_MAX);
    RUN(fx, "emit", NAME, 8, TOPICS, 0, DATA, 0);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, cap);
    assert_int_equal(fx->env.event_count, 256);

    fixture_reset_world(state);
    for (int i = 0; i < 15; i++) {
        RUN(fx, "emit", NAME, 8, TOPICS, 0, DATA, 16384);
        assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    }
    RUN(fx, "emit", NAME, 8, TOPICS, 0, DATA, 16383);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    RUN(fx, "emit", NAME, 8, TOPICS, 0, DATA, 2);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, cap);
    RUN(fx, "emit", NAME, 8, TOPICS, 0, DATA, 1);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
}

/* The largest events that the caps let through fit. */
static void test_room(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 256; i++) {
        RUN(fx, "emit", TOPICS, 64, TOPICS, 4, DATA, 1024);
        assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    }
    assert_int_equal(fx->events.size, AU_RECEIPT_EVENTS_SIZE_MAX);
}

static void test_view(void **state)
{
    struct fixture *fx = *state;
    fx->call.is_view = true;
    RUN(fx, "emit", NAME, 8, TOPICS, 1, DATA, 5);
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
    assert_price(fx, "emit", 30000 + 20 * (8 + 32 + 5));
    RUN(fx, "emit", NAME, 8, 0xffffffff, 1, DATA, 5);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_EMIT, AU_HOST_REJECT_POINTER));
    assert_int_equal(fx->env.event_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_emit, fixture_reset_world),
        cmocka_unit_test_setup(test_limits, fixture_reset_world),
        cmocka_unit_test_setup(test_pointers_of_topics, fixture_reset_world),
        cmocka_unit_test_setup(test_caps, fixture_reset_world),
        cmocka_unit_test_setup(test_room, fixture_reset_world),
        cmocka_unit_test_setup(test_view, fixture_reset_world),
    };
    return cmocka_run_group_tests_name("contract/events", tests, open_world, fixture_close_world);
}
