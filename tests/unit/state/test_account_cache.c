/* The cache of accounts: what is in it is true at its height, and nobody at another height sees or
 * changes anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state/account_cache.h"

static const struct au_seed seed = {{1, 2}};

static struct au_address address_of(uint32_t number)
{
    struct au_address address = {{0}};
    memcpy(address.bytes, &number, sizeof(number));
    return address;
}

static struct au_account account_of(uint64_t balance)
{
    return (struct au_account){.exists = true, .balance = balance};
}

static int open_cache(void **state)
{
    return au_account_cache_new(&seed, 64, (struct au_account_cache **)state) == AU_OK ? 0 : -1;
}

static int close_cache(void **state)
{
    au_account_cache_free(*state);
    return 0;
}

static void expect(struct au_account_cache *cache, uint64_t height, uint32_t number,
                   uint64_t balance)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_true(au_account_cache_get(cache, height, &address, &account));
    assert_int_equal(account.balance, balance);
}

static void expect_none(struct au_account_cache *cache, uint64_t height, uint32_t number)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_false(au_account_cache_get(cache, height, &address, &account));
}

static void put(struct au_account_cache *cache, uint64_t height, uint32_t number, uint64_t balance)
{
    struct au_address address = address_of(number);
    struct au_account account = account_of(balance);
    au_account_cache_put(cache, height, &address, &account);
}

static void test_heights_are_apart(void **state)
{
    struct au_account_cache *cache = *state;
    const struct au_account_update update = {address_of(1), account_of(20)};
    put(cache, 0, 1, 10);
    put(cache, 0, 2, 11);
    put(cache, 1, 3, 12); /* not there yet */
    expect(cache, 0, 1, 10);
    expect_none(cache, 1, 1);
    au_account_cache_advance(cache, 1, &update, 1);
    put(cache, 0, 1, 10); /* read before, come late */
    expect(cache, 1, 1, 20);
    expect(cache, 1, 2, 11);
    expect_none(cache, 1, 3);
    expect_none(cache, 0, 1);
    expect_none(cache, 0, 2);
}

static void test_absence_is_kept(void **state)
{
    struct au_account_cache *cache = *state;
    const struct au_account_update gone = {address_of(1), {0}};
    struct au_account account;
    put(cache, 0, 1, 10);
    au_account_cache_advance(cache, 1, &gone, 1);
    assert_true(au_account_cache_get(cache, 1, &gone.address, &account));
    assert_false(account.exists);
}

/* Many more accounts than there is room for: what is there is right, what was used last is there.
 */
static void test_room_is_bounded(void **state)
{
    struct au_account_cache *cache = *state;
    size_t found = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        put(cache, 0, i, i);
        expect(cache, 0, i, i);
        expect(cache, 0, i > 0 ? i - 1 : 0, i > 0 ? i - 1 : 0);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        struct au_address address = address_of(i);
        struct au_account account;
        if (!au_account_cache_get(cache, 0, &address, &account)) continue;
        assert_int_equal(account.balance, i);
        found++;
    }
    assert_in_range(found, 32, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_heights_are_apart, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_absence_is_kept, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_room_is_bounded, open_cache, close_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
