/* The cache of accounts and slots: what is in it is true at its height, and nobody at another
 * height sees or changes anything. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "state/object_cache.h"

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
    return au_object_cache_new(&seed, 64, 64, (struct au_object_cache **)state) == AU_OK ? 0 : -1;
}

static int close_cache(void **state)
{
    au_object_cache_free(*state);
    return 0;
}

static void expect(struct au_object_cache *cache, uint64_t height, uint32_t number,
                   uint64_t balance)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_true(au_object_cache_get_account(cache, height, &address, &account));
    assert_int_equal(account.balance, balance);
}

static void expect_none(struct au_object_cache *cache, uint64_t height, uint32_t number)
{
    struct au_account account;
    struct au_address address = address_of(number);
    assert_false(au_object_cache_get_account(cache, height, &address, &account));
}

static void put(struct au_object_cache *cache, uint64_t height, uint32_t number, uint64_t balance)
{
    struct au_address address = address_of(number);
    struct au_account account = account_of(balance);
    au_object_cache_put_account(cache, height, &address, &account);
}

static void test_heights_are_apart(void **state)
{
    struct au_object_cache *cache = *state;
    struct au_account_update update = {address_of(1), account_of(20)};
    const struct au_object_updates updates = {.accounts = &update, .account_count = 1};
    put(cache, 0, 1, 10);
    put(cache, 0, 2, 11);
    put(cache, 1, 3, 12); /* not there yet */
    expect(cache, 0, 1, 10);
    expect_none(cache, 1, 1);
    au_object_cache_advance(cache, 1, &updates);
    put(cache, 0, 1, 10); /* read before, come late */
    expect(cache, 1, 1, 20);
    expect(cache, 1, 2, 11);
    expect_none(cache, 1, 3);
    expect_none(cache, 0, 1);
    expect_none(cache, 0, 2);
}

static void test_absence_is_kept(void **state)
{
    struct au_object_cache *cache = *state;
    struct au_account_update gone = {address_of(1), {0}};
    const struct au_object_updates updates = {.accounts = &gone, .account_count = 1};
    struct au_account account;
    put(cache, 0, 1, 10);
    au_object_cache_advance(cache, 1, &updates);
    assert_true(au_object_cache_get_account(cache, 1, &gone.address, &account));
    assert_false(account.exists);
}

/* Many more accounts than there is room for: what is there is right, what was used last is there.
 */
static void test_room_is_bounded(void **state)
{
    struct au_object_cache *cache = *state;
    size_t found = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        put(cache, 0, i, i);
        expect(cache, 0, i, i);
        expect(cache, 0, i > 0 ? i - 1 : 0, i > 0 ? i - 1 : 0);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        struct au_address address = address_of(i);
        struct au_account account;
        if (!au_object_cache_get_account(cache, 0, &address, &account)) continue;
        assert_int_equal(account.balance, i);
        found++;
    }
    assert_in_range(found, 32, 64);
}

/* What was used last stays, by whichever way it was used, and what was used least lately goes. */
static void test_the_oldest_goes(void **state)
{
    enum use { GETS, ASKS, PUTS };
    struct au_object_cache *cache;
    (void)state;
    assert_int_equal(au_object_cache_new(&seed, 8, 8, &cache), AU_OK); /* one set */
    for (uint32_t i = 0; i < 8; i++) {
        put(cache, 0, i, i);
    }
    for (uint32_t i = 8; i < 300; i++) {
        struct au_address kept = address_of(0);
        const struct au_address *address = &kept;
        const struct au_address *lacks[1];
        switch ((enum use)(i % 3)) {
        case GETS: expect(cache, 0, 0, 0); break;
        case ASKS: assert_int_equal(au_object_cache_lacks(cache, 0, &address, 1, lacks), 0); break;
        case PUTS: put(cache, 0, 0, 0); break;
        }
        put(cache, 0, i, i);
        for (uint32_t j = i - 6; j <= i; j++) {
            if (j > 7) expect(cache, 0, j, j);
        }
        if (i > 14) expect_none(cache, 0, i - 7);
    }
    expect(cache, 0, 0, 0);
    au_object_cache_free(cache);
}

/* Some of many are here, at one height alone. */
static void test_what_it_lacks(void **state)
{
    enum { COUNT = 40 };
    struct au_object_cache *cache = *state;
    struct au_address addresses[COUNT];
    const struct au_address *pointers[COUNT];
    const struct au_address *lacks[COUNT];
    for (uint32_t i = 0; i < COUNT; i++) {
        addresses[i] = address_of(i);
        pointers[i] = &addresses[i];
        if (i % 4 == 0) put(cache, 0, i, i);
    }
    assert_int_equal(au_object_cache_lacks(cache, 1, pointers, COUNT, lacks), COUNT);
    assert_memory_equal(lacks, pointers, sizeof(lacks));
    assert_int_equal(au_object_cache_lacks(cache, 0, pointers, COUNT, lacks), 30);
    for (uint32_t i = 0; i < 30; i++) {
        assert_ptr_equal(lacks[i], &addresses[i / 3 * 4 + i % 3 + 1]);
    }
    assert_int_equal(au_object_cache_lacks(cache, 0, pointers, 0, lacks), 0);
}

/* ---- slots ---- */

static uint8_t bytes[AU_OBJECT_CACHE_VALUE_MAX + 1]; /* of keys and values; their sizes differ */

/* A slot of a contract whose value is so many zeros; -1: it does not exist. */
static struct au_slot slot_of(int size)
{
    return (struct au_slot){size >= 0, {bytes, size > 0 ? (size_t)size : 0}};
}

static void put_slot(struct au_object_cache *cache, uint64_t height, uint32_t contract,
                     size_t key_size, int size)
{
    struct au_address address = address_of(contract);
    const struct au_slot_id id = {&address, {bytes, key_size}};
    const struct au_slot slot = slot_of(size);
    au_object_cache_put_slot(cache, height, &id, &slot);
}

static void advance_slot(struct au_object_cache *cache, uint64_t height, uint32_t contract,
                         size_t key_size, int size)
{
    struct au_address address = address_of(contract);
    struct au_slot_update update = {{&address, {bytes, key_size}}, slot_of(size)};
    au_object_cache_advance(cache, height,
                            &(struct au_object_updates){.slots = &update, .slot_count = 1});
}

#define NO_SLOT (-2) /* it is not in the cache */

static int slot_in(struct au_object_cache *cache, uint64_t height, uint32_t contract,
                   size_t key_size)
{
    struct au_address address = address_of(contract);
    const struct au_slot_id id = {&address, {bytes, key_size}};
    struct au_slot slot;
    struct au_buf value;
    int size = NO_SLOT;
    au_buf_init(&value, AU_OBJECT_CACHE_VALUE_MAX);
    if (au_object_cache_get_slot(cache, height, &id, &value, &slot)) {
        size = slot.exists ? (int)slot.value.size : -1;
    }
    au_buf_done(&value);
    return size;
}

static void test_heights_of_slots_are_apart(void **state)
{
    struct au_object_cache *cache = *state;
    put_slot(cache, 0, 1, 4, 10);
    put_slot(cache, 0, 1, 5, 11); /* the first key begins this one */
    put_slot(cache, 0, 2, 4, 12);
    put_slot(cache, 1, 3, 4, 13); /* not there yet */
    assert_int_equal(slot_in(cache, 0, 1, 4), 10);
    assert_int_equal(slot_in(cache, 1, 1, 4), NO_SLOT);
    advance_slot(cache, 1, 1, 4, 20);
    put_slot(cache, 0, 1, 4, 10); /* read before, come late */
    assert_int_equal(slot_in(cache, 1, 1, 4), 20);
    assert_int_equal(slot_in(cache, 1, 1, 5), 11);
    assert_int_equal(slot_in(cache, 1, 2, 4), 12);
    assert_int_equal(slot_in(cache, 1, 3, 4), NO_SLOT);
    assert_int_equal(slot_in(cache, 0, 1, 4), NO_SLOT);
}

/* A slot that is not there, one that is there with no bytes, and one that is not known. */
static void test_absence_of_slots_is_kept(void **state)
{
    struct au_object_cache *cache = *state;
    put_slot(cache, 0, 1, 0, -1);
    put_slot(cache, 0, 1, 1, 0);
    assert_int_equal(slot_in(cache, 0, 1, 0), -1);
    assert_int_equal(slot_in(cache, 0, 1, 1), 0);
    assert_int_equal(slot_in(cache, 0, 1, 2), NO_SLOT);
    advance_slot(cache, 1, 1, 0, 7);
    assert_int_equal(slot_in(cache, 1, 1, 0), 7);
    advance_slot(cache, 2, 1, 0, -1);
    assert_int_equal(slot_in(cache, 2, 1, 0), -1);
}

/* What is too long is not kept, nor is what was there before it. */
static void test_long_slots_are_not_kept(void **state)
{
    struct au_object_cache *cache = *state;
    const int value_max = AU_OBJECT_CACHE_VALUE_MAX;
    put_slot(cache, 0, 1, AU_OBJECT_CACHE_KEY_MAX, value_max);
    put_slot(cache, 0, 1, AU_OBJECT_CACHE_KEY_MAX + 1, 1);
    put_slot(cache, 0, 1, 3, 1);
    assert_int_equal(slot_in(cache, 0, 1, AU_OBJECT_CACHE_KEY_MAX), value_max);
    assert_int_equal(slot_in(cache, 0, 1, AU_OBJECT_CACHE_KEY_MAX + 1), NO_SLOT);
    advance_slot(cache, 1, 1, 3, value_max + 1);
    assert_int_equal(slot_in(cache, 1, 1, 3), NO_SLOT);
    advance_slot(cache, 2, 1, AU_OBJECT_CACHE_KEY_MAX + 1, 1);
    assert_int_equal(slot_in(cache, 2, 1, AU_OBJECT_CACHE_KEY_MAX + 1), NO_SLOT);
    assert_int_equal(slot_in(cache, 2, 1, AU_OBJECT_CACHE_KEY_MAX), value_max);
}

/* Many more slots than there is room for; the accounts stay. */
static void test_room_of_slots_is_bounded(void **state)
{
    struct au_object_cache *cache = *state;
    size_t found = 0;
    put(cache, 0, 1, 10);
    for (uint32_t i = 0; i < 10000; i++) {
        put_slot(cache, 0, i, 4, (int)(i % 80));
        assert_int_equal(slot_in(cache, 0, i, 4), i % 80);
    }
    for (uint32_t i = 0; i < 10000; i++) {
        int size = slot_in(cache, 0, i, 4);
        if (size == NO_SLOT) continue;
        assert_int_equal(size, i % 80);
        found++;
    }
    assert_in_range(found, 32, 64);
    expect(cache, 0, 1, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_heights_are_apart, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_absence_is_kept, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_room_is_bounded, open_cache, close_cache),
        cmocka_unit_test(test_the_oldest_goes),
        cmocka_unit_test_setup_teardown(test_what_it_lacks, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_heights_of_slots_are_apart, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_absence_of_slots_is_kept, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_long_slots_are_not_kept, open_cache, close_cache),
        cmocka_unit_test_setup_teardown(test_room_of_slots_is_bounded, open_cache, close_cache),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
