/* Accounts that are read together: what comes into the cache is what the store has at the height of
 * the look, absence too, and nothing of another height. */
#include "state/flat.h"

#include "store/memkv.h"
#include "unit/unit.h"

static const struct au_seed seed = {{1, 2}};

struct fixture {
    struct au_kv kv;
    struct au_object_cache *cache;
    struct au_flat flat;
};

static struct fixture fixture;

static int open_fixture(void **state)
{
    *state = &fixture;
    assert_ok(au_memkv_open(&fixture.kv));
    assert_ok(au_object_cache_new(&seed, 1024, 1024, &fixture.cache));
    au_flat_init(&fixture.flat, &fixture.kv, NULL);
    au_flat_use_cache(&fixture.flat, fixture.cache, 0);
    return 0;
}

static int close_fixture(void **state)
{
    (void)state;
    au_flat_done(&fixture.flat);
    au_object_cache_free(fixture.cache);
    au_kv_close(&fixture.kv);
    return 0;
}

static struct au_address address_of(uint32_t number)
{
    struct au_address address = {{0}};
    memcpy(address.bytes, &number, sizeof(number));
    return address;
}

static void store(uint32_t number, struct au_bytes record)
{
    struct au_address address = address_of(number);
    struct au_hash key = au_flat_account_key(&address);
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, 1024);
    au_kv_batch_put(&batch, AU_CF_ACC, (struct au_bytes){key.bytes, AU_HASH_SIZE}, record);
    assert_ok(au_kv_write(&fixture.kv, &batch, false));
    au_kv_batch_done(&batch);
}

static void store_balance(uint32_t number, uint64_t balance)
{
    const struct au_account account = {.exists = true, .balance = balance};
    struct au_buf record;
    au_buf_init(&record, AU_FLAT_ACCOUNT_SIZE_MAX);
    au_flat_encode_account(&record, &account);
    store(number, au_buf_bytes(&record));
    au_buf_done(&record);
}

/* Reads the accounts of numbers 0 to count - 1, from the last one on, and each even one again. */
static enum au_err warm(uint32_t count)
{
    struct au_address addresses[AU_FLAT_WARM_MAX];
    const struct au_address *order[AU_FLAT_WARM_MAX];
    size_t order_count = 0;
    for (uint32_t i = count; i-- > 0;) {
        addresses[i] = address_of(i);
        order[order_count++] = &addresses[i];
        if (i % 2 == 0) order[order_count++] = &addresses[i];
    }
    return au_flat_warm(&fixture.flat, order, order_count);
}

static void expect(uint32_t number, bool exists, uint64_t balance)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_true(au_object_cache_get_account(fixture.cache, 0, &address, &account));
    assert_int_equal(account.exists, exists);
    assert_int_equal(account.balance, balance);
}

static void expect_none(uint32_t number)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_false(au_object_cache_get_account(fixture.cache, 0, &address, &account));
}

static void test_warm_reads_into_the_cache(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 150; i++) {
        if (i % 5 != 0) store_balance(i, 1000 + i);
    }
    assert_ok(warm(150));
    for (uint32_t i = 0; i < 150; i++) {
        expect(i, i % 5 != 0, i % 5 != 0 ? 1000 + i : 0);
    }
    expect_none(150);
    assert_ok(warm(0));
}

/* What the cache has, it has from its height: the store is not asked again. */
static void test_warm_keeps_what_is_there(void **state)
{
    (void)state;
    store_balance(1, 10);
    assert_ok(warm(2));
    store_balance(1, 11);
    store_balance(2, 12);
    assert_ok(warm(3));
    expect(0, false, 0);
    expect(1, true, 10);
    expect(2, true, 12);
}

static void test_warm_at_another_height(void **state)
{
    (void)state;
    store_balance(1, 10);
    au_flat_use_cache(&fixture.flat, fixture.cache, 1);
    assert_ok(warm(2));
    expect_none(1);
    au_flat_use_cache(&fixture.flat, NULL, 0);
    assert_ok(warm(2));
    expect_none(1);
}

static void test_warm_refuses_damage(void **state)
{
    (void)state;
    store(1, au_bytes_of("damaged"));
    assert_err(warm(2), AU_ERR_MALFORMED);
    expect_none(1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_warm_reads_into_the_cache, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(test_warm_keeps_what_is_there, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_warm_at_another_height, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(test_warm_refuses_damage, open_fixture, close_fixture),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
