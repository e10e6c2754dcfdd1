/* storage_read, storage_write, storage_size, storage_delete: every result, price, size limit and
 * overlap. Prices are worked out by hand from protocol.md section 4. */
#include "fixture.h"

#define NUMBER_READ   4u
#define NUMBER_WRITE  5u
#define NUMBER_SIZE   6u
#define NUMBER_DELETE 7u

/* 300 bytes of key material at 0, "value" at 1,024. */
static const char data[] =
    "(data (i32.const 0) \"key-0123456789\") (data (i32.const 1024) \"value\")";

static int open_world(void **state)
{
    return fixture_open_hosts(state, 2, data);
}

static void test_write(void **state)
{
    struct fixture *fx = *state;
    /* absent: 30 gas + 200 x (14 + 5) + 50 gas */
    assert_returns(fx, "storage_write", 0, 0, 14, 1024, 5);
    assert_price(fx, "storage_write", 30000 + 200 * 19 + 50000);
    struct au_slot slot = fixture_slot(fx, au_bytes_of("key-0123456789"));
    assert_true(slot.exists);
    assert_true(au_bytes_is_equal(slot.value, au_bytes_of("value")));

    /* there: no 50 gas; an empty value exists */
    assert_returns(fx, "storage_write", 0, 0, 14, 0, 0);
    assert_price(fx, "storage_write", 30000 + 200 * 14);
    slot = fixture_slot(fx, au_bytes_of("key-0123456789"));
    assert_true(slot.exists);
    assert_int_equal(slot.value.size, 0);
}

static void test_write_limits(void **state)
{
    struct fixture *fx = *state;
    static const uint8_t zeros[65536];
    assert_returns(fx, "storage_write", 1, 0, 0, 1024, 5);
    assert_price(fx, "storage_write", 30000 + 200 * 5);
    assert_returns(fx, "storage_write", 1, 0, 257, 1024, 5);
    assert_price(fx, "storage_write", 30000 + 200 * 262);
    assert_returns(fx, "storage_write", 1, 0, 4, 1024, 65537);
    assert_price(fx, "storage_write", 30000 + 200 * 65541);
    /* sizes come before pointers */
    assert_returns(fx, "storage_write", 1, 0xffffffff, 0, 0xffffffff, 5);
    assert_returns(fx, "storage_write", 1, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff);
    assert_price(fx, "storage_write", 30000 + 200 * 2 * (int64_t)0xffffffff);

    assert_returns(fx, "storage_write", 0, 0, 256, 65536, 65536);
    assert_price(fx, "storage_write", 30000 + 200 * (256 + 65536) + 50000);
    assert_returns(fx, "storage_write", 0, 0, 1, 1024, 1);
    struct au_slot slot = fixture_slot(fx, (struct au_bytes){(const uint8_t *)"k", 1});
    assert_int_equal(slot.value.size, 1);
    size_t cursor = 0;
    struct au_change change;
    assert_true(au_overlay_next_change(&fx->overlay, (struct au_savepoint){0}, &cursor, &change));
    assert_int_equal(change.key.size, 256);
    assert_int_equal(change.slot_after.value.size, 65536);
    assert_memory_equal(change.slot_after.value.data, zeros, 65536);
}

static void test_read(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "storage_read", -1, 0, 3, 2000, 100);
    assert_price(fx, "storage_read", 15000 + 10 * 3);

    fixture_put_slot(fx, au_bytes_of("key"), au_bytes_of("0123456789"));
    assert_returns(fx, "storage_read", 10, 0, 3, 2000, 100);
    assert_price(fx, "storage_read", 15000 + 10 * 3 + 10 + 10 * 10);
    assert_returns(fx, "storage_read", 4, 0, 3, 2000, 4);
    assert_price(fx, "storage_read", 15000 + 10 * 3 + 10 + 10 * 4);
    assert_returns(fx, "storage_read", 0, 0, 3, 0xffffffff, 0);
    assert_price(fx, "storage_read", 15000 + 10 * 3 + 10);

    RUN(fx, "storage_read_dump", 0, 3, 2000, 4, 1999, 6);
    assert_int_equal(fx->result.output.size, 6);
    assert_memory_equal(fx->result.output.data,
                        "\0"
                        "0123"
                        "\0",
                        6);
    RUN(fx, "storage_read_dump", 0, 3, 2000, 100, 1999, 12);
    assert_memory_equal(fx->result.output.data,
                        "\0"
                        "0123456789"
                        "\0",
                        12);

    fixture_put_slot(fx, au_bytes_of("key"), (struct au_bytes){0});
    assert_returns(fx, "storage_read", 0, 0, 3, 2000, 100);
}

static void test_read_limits(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "storage_read", -1, 0xffffffff, 0, 0xffffffff, 0xffffffff);
    assert_price(fx, "storage_read", 15000);
    assert_returns(fx, "storage_read", -1, 0, 257, 0xffffffff, 1);
    assert_price(fx, "storage_read", 15000 + 10 * 257);
    assert_returns(fx, "storage_read", -1, 0, 256, 0, 1);
}

static void test_size(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "storage_size", -1, 0, 3);
    assert_price(fx, "storage_size", 15000);
    fixture_put_slot(fx, au_bytes_of("key"), au_bytes_of("0123456789"));
    assert_returns(fx, "storage_size", 10, 0, 3);
    assert_price(fx, "storage_size", 15000 + 10);
    assert_returns(fx, "storage_size", -1, 0xffffffff, 0);
    assert_returns(fx, "storage_size", -1, 0xffffffff, 257);
    assert_price(fx, "storage_size", 15000);
    RUN(fx, "storage_size", 131072, 1);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_SIZE, AU_HOST_REJECT_POINTER));
}

static void test_delete(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "storage_delete", 1, 0, 3);
    assert_price(fx, "storage_delete", 30000);
    fixture_put_slot(fx, au_bytes_of("key"), au_bytes_of("0123456789"));
    assert_returns(fx, "storage_delete", 0, 0, 3);
    assert_price(fx, "storage_delete", 30000);
    assert_false(fixture_slot(fx, au_bytes_of("key")).exists);
    assert_returns(fx, "storage_delete", 1, 0, 3);
    assert_returns(fx, "storage_delete", 1, 0xffffffff, 0);
    assert_returns(fx, "storage_delete", 1, 0xffffffff, 257);
    /* what was deleted is created again at full price */
    assert_returns(fx, "storage_write", 0, 0, 3, 1024, 1);
    assert_price(fx, "storage_write", 30000 + 200 * 4 + 50000);
}

/* A view is refused after sizes and pointers were looked at, and before anything is done. */
static void test_view(void **state)
{
    struct fixture *fx = *state;
    fixture_put_slot(fx, au_bytes_of("key"), au_bytes_of("0123456789"));
    fx->call.is_view = true;
    assert_returns(fx, "storage_write", 1, 0, 0, 1024, 5);
    RUN(fx, "storage_write", 131072, 3, 1024, 5);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_WRITE, AU_HOST_REJECT_POINTER));
    RUN(fx, "storage_write", 0, 3, 1024, 5);
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
    assert_string_equal(fx->result.host_function, "storage_write");

    assert_returns(fx, "storage_delete", 1, 0, 0);
    RUN(fx, "storage_delete", 131070, 3);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_DELETE, AU_HOST_REJECT_POINTER));
    RUN(fx, "storage_delete", 0, 3);
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);

    assert_returns(fx, "storage_read", 10, 0, 3, 2000, 100);
    assert_returns(fx, "storage_size", 10, 0, 3);
    assert_true(
        au_bytes_is_equal(fixture_slot(fx, au_bytes_of("key")).value, au_bytes_of("0123456789")));
}

/* Output may lie over input: input is read first. */
static void test_overlap(void **state)
{
    struct fixture *fx = *state;
    fixture_put_slot(fx, au_bytes_of("key-"), au_bytes_of("ABCDEF"));
    RUN(fx, "storage_read_dump", 0, 4, 2, 100, 0, 10);
    assert_output(fx, "keABCDEF45");
    RUN(fx, "storage_read_dump", 0, 4, 0, 6, 0, 8);
    assert_output(fx, "ABCDEF23");
    assert_returns(fx, "storage_write", 0, 0, 8, 4, 8);
    assert_true(au_bytes_is_equal(fixture_slot(fx, au_bytes_of("key-0123")).value,
                                  au_bytes_of("01234567")));
}

/* Too little gas at each of the two prices of a function: nothing is done, all is charged. */
static void test_prices_before_effects(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "storage_write", 0, 0, 3, 1024, 5);
    int64_t need = fx->result.steps_used;
    const int64_t limits[] = {need - 1, need - 50000, need - 50001, need - 51601, need - 81600};
    for (size_t i = 0; i < AU_COUNT_OF(limits); i++) {
        fixture_reset(fx);
        fx->call.steps_limit = limits[i];
        RUN(fx, "storage_write", 0, 3, 1024, 5);
        assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
        assert_int_equal(fx->result.steps_used, limits[i]);
        assert_false(fixture_slot(fx, au_bytes_of("key")).exists);
    }
    fixture_reset(fx);
    fx->call.steps_limit = need;
    assert_returns(fx, "storage_write", 0, 0, 3, 1024, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_write, fixture_reset_world),
        cmocka_unit_test_setup(test_write_limits, fixture_reset_world),
        cmocka_unit_test_setup(test_read, fixture_reset_world),
        cmocka_unit_test_setup(test_read_limits, fixture_reset_world),
        cmocka_unit_test_setup(test_size, fixture_reset_world),
        cmocka_unit_test_setup(test_delete, fixture_reset_world),
        cmocka_unit_test_setup(test_view, fixture_reset_world),
        cmocka_unit_test_setup(test_overlap, fixture_reset_world),
        cmocka_unit_test_setup(test_prices_before_effects, fixture_reset_world),
    };
    return cmocka_run_group_tests_name("contract/host_storage", tests, open_world,
                                       fixture_close_world);
}
