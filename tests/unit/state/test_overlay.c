/* The overlay against a slow model: a random history of writes, deletions, savepoints and returns
 * over a small world, each step compared in every account, every slot and every list of changes.
 * Once with all values preloaded, once with values from a source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "state/overlay.h"
#include "support/random.h"

#define ACCOUNTS   5u
#define CONTRACTS  2u
#define KEYS       7u
#define SLOTS      (CONTRACTS * KEYS)
#define ITEMS      (ACCOUNTS + SLOTS)
#define VALUE_MAX  400u
#define SAVES_MAX  6u
#define WRITES_MAX 4096u
#define STEPS      40000u

struct item { /* an account or a slot of the model */
    bool exists;
    uint64_t balance;
    size_t size;
    uint8_t bytes[VALUE_MAX];
};

struct model {
    struct item items[ITEMS];
    uint16_t writes[WRITES_MAX]; /* items in the order in which they were written */
    size_t write_count;
};

struct world {
    struct au_overlay overlay;
    struct model before;
    struct model now;
    struct model saved[SAVES_MAX];
    struct au_savepoint savepoints[SAVES_MAX];
    size_t save_count;
    uint64_t random;
    size_t loads;
};

static struct world world;

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)(random_next(&world.random) >> 33) % bound;
}

static struct au_address address_of(size_t index)
{
    struct au_address address = {{0}};
    address.bytes[31] = (uint8_t)index;
    return address;
}

/* Contract and key of a slot; keys share their first bytes and have 1 to 256. */
static struct au_bytes key_of(size_t slot, struct au_address *out_contract)
{
    static const uint8_t bytes[256];
    static const size_t sizes[KEYS] = {1, 2, 8, 9, 32, 255, 256};
    *out_contract = address_of(slot / KEYS);
    return (struct au_bytes){bytes, sizes[slot % KEYS]};
}

static enum au_err source_account(void *context, const struct au_address *address,
                                  struct au_account *out_account)
{
    const struct item *item = &((struct world *)context)->before.items[address->bytes[31]];
    world.loads++;
    *out_account = (struct au_account){.exists = item->exists, .balance = item->balance};
    return AU_OK;
}

static enum au_err source_slot(void *context, const struct au_address *contract,
                               struct au_bytes key, struct au_arena *arena,
                               struct au_slot *out_slot)
{
    (void)arena;
    world.loads++;
    for (size_t i = 0; i < SLOTS; i++) {
        struct au_address owner;
        struct au_bytes wanted = key_of(i, &owner);
        const struct item *item = &((struct world *)context)->before.items[ACCOUNTS + i];
        if (!au_address_is_equal(&owner, contract) || !au_bytes_is_equal(wanted, key)) continue;
        *out_slot = (struct au_slot){item->exists, {item->exists ? item->bytes : NULL, item->size}};
        return AU_OK;
    }
    fail_msg("a slot that nobody named");
    return AU_ERR_NOT_FOUND;
}

static const struct au_state_source source = {
    .context = &world, .get_account = source_account, .get_slot = source_slot};

static void draw_item(struct item *item, bool is_slot)
{
    *item = (struct item){.exists = draw(3) > 0};
    if (!item->exists) return;
    if (!is_slot) {
        item->balance = draw(1000);
        return;
    }
    item->size = draw(4) == 0 ? draw(VALUE_MAX) : draw(40);
    for (size_t i = 0; i < item->size; i++)
        item->bytes[i] = (uint8_t)draw(256);
}

static void assert_slot(const struct item *item, struct au_slot slot)
{
    assert_int_equal(slot.exists, item->exists);
    assert_int_equal(slot.value.size, item->size);
    if (item->size > 0) assert_memory_equal(slot.value.data, item->bytes, item->size);
}

static void assert_all_equal(void)
{
    for (size_t i = 0; i < ACCOUNTS; i++) {
        struct au_address address = address_of(i);
        struct au_account account;
        assert_int_equal(au_overlay_get_account(&world.overlay, &address, &account), AU_OK);
        assert_int_equal(account.exists, world.now.items[i].exists);
        assert_int_equal(account.balance, world.now.items[i].balance);
    }
    for (size_t i = 0; i < SLOTS; i++) {
        struct au_address contract;
        struct au_bytes key = key_of(i, &contract);
        struct au_slot slot;
        assert_int_equal(au_overlay_get_slot(&world.overlay, &contract, key, &slot), AU_OK);
        assert_slot(&world.now.items[ACCOUNTS + i], slot);
    }
}

static bool is_same_item(const struct item *a, const struct item *b)
{
    return a->exists == b->exists && a->balance == b->balance && a->size == b->size &&
           memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* The model's idea of a change list: items as first written since then, if they differ now. */
static void assert_changes(const struct model *then, struct au_savepoint since)
{
    bool is_seen[ITEMS] = {false};
    size_t cursor = 0;
    struct au_change change;
    for (size_t i = then->write_count; i < world.now.write_count; i++) {
        size_t index = world.now.writes[i];
        const struct item *old = &then->items[index];
        const struct item *new = &world.now.items[index];
        if (is_seen[index]) continue;
        is_seen[index] = true;
        if (is_same_item(old, new)) continue;
        assert_true(au_overlay_next_change(&world.overlay, since, &cursor, &change));
        assert_int_equal(change.is_slot, index >= ACCOUNTS);
        struct au_address address = address_of(index);
        if (change.is_slot) {
            struct au_bytes key = key_of(index - ACCOUNTS, &address);
            assert_true(au_bytes_is_equal(key, change.key));
            assert_slot(old, change.slot_before);
            assert_slot(new, change.slot_after);
        } else {
            assert_int_equal(change.account_before.balance, old->balance);
            assert_int_equal(change.account_after.balance, new->balance);
            assert_int_equal(change.account_after.exists, new->exists);
        }
        assert_true(au_address_is_equal(change.address, &address));
    }
    assert_false(au_overlay_next_change(&world.overlay, since, &cursor, &change));
}

static void write_item(void)
{
    size_t index = draw(ITEMS);
    struct item *item = &world.now.items[index];
    bool was_there = item->exists;
    struct au_address address = address_of(index);
    draw_item(item, index >= ACCOUNTS);
    if (index < ACCOUNTS) {
        struct au_account account = {.exists = item->exists, .balance = item->balance};
        assert_int_equal(au_overlay_put_account(&world.overlay, &address, account), AU_OK);
    } else {
        struct au_bytes key = key_of(index - ACCOUNTS, &address);
        struct au_bytes value = {item->bytes, item->size};
        enum au_err err = item->exists ? au_overlay_put_slot(&world.overlay, &address, key, value)
                                       : au_overlay_del_slot(&world.overlay, &address, key);
        assert_int_equal(err, AU_OK);
        if (!was_there && !item->exists) return;
    }
    world.now.writes[world.now.write_count++] = (uint16_t)index;
}

static void step(void)
{
    uint32_t what = draw(20);
    if (what < 15 && world.now.write_count < WRITES_MAX) {
        write_item();
    } else if (what < 17 && world.save_count < SAVES_MAX) {
        world.saved[world.save_count] = world.now;
        world.savepoints[world.save_count++] = au_overlay_save(&world.overlay);
    } else if (what < 18 && world.save_count > 0) {
        world.save_count--; /* let go: what came after it stays */
    } else if (world.save_count > 0) {
        size_t to = draw((uint32_t)world.save_count);
        au_overlay_restore(&world.overlay, world.savepoints[to]);
        world.now = world.saved[to];
        world.save_count = to + draw(2); /* gone back to once, or to be gone back to again */
    }
}

static void begin(bool has_source)
{
    for (size_t i = 0; i < ITEMS; i++)
        draw_item(&world.before.items[i], i >= ACCOUNTS);
    world.before.write_count = 0;
    world.now = world.before;
    world.save_count = 0;
    for (size_t i = 0; !has_source && i < ITEMS; i++) {
        const struct item *item = &world.before.items[i];
        struct au_address address = address_of(i);
        struct au_account account = {.exists = item->exists, .balance = item->balance};
        bool is_new = false;
        if (!item->exists) continue;
        for (int round = 0; round < 2; round++) { /* the second time it is there already */
            enum au_err err;
            if (i < ACCOUNTS) {
                err = au_overlay_preload_account(&world.overlay, &address, account, &is_new);
            } else {
                struct au_bytes key = key_of(i - ACCOUNTS, &address);
                struct au_bytes value = {item->bytes, item->size};
                err = au_overlay_preload_slot(&world.overlay, &address, key, value, &is_new);
            }
            assert_int_equal(err, AU_OK);
            assert_int_equal(is_new, round == 0);
        }
    }
}

static void run_history(bool has_source)
{
    struct au_seed seed = {{1, 2}};
    world = (struct world){.random = 0x243f6a8885a308d3u};
    au_overlay_init(&world.overlay, &seed, has_source ? &source : NULL, SIZE_MAX);
    begin(has_source);
    for (size_t i = 0; i < STEPS; i++) {
        step();
        assert_all_equal();
        assert_changes(&world.before, (struct au_savepoint){0});
        for (size_t k = 0; k < world.save_count; k++)
            assert_changes(&world.saved[k], world.savepoints[k]);
        if (world.now.write_count == WRITES_MAX || draw(2000) == 0) {
            au_overlay_reset(&world.overlay);
            begin(has_source);
        }
    }
    au_overlay_done(&world.overlay);
}

static void test_preloaded_history(void **state)
{
    (void)state;
    run_history(false);
    assert_int_equal(world.loads, 0);
}

static void test_sourced_history(void **state)
{
    (void)state;
    run_history(true);
    assert_true(world.loads > 0);
    assert_true(world.loads < STEPS); /* each item once per reset, not once per read */
}

/* The promise about memory: a slot written again and again keeps to four times its longest
 * value. */
static void test_rewriting_takes_no_memory(void **state)
{
    (void)state;
    static uint8_t value[65536];
    struct au_seed seed = {{1, 2}};
    struct au_address contract = address_of(9);
    struct au_bytes key = au_bytes_of("counter");
    struct au_overlay overlay;
    au_overlay_init(&overlay, &seed, NULL, (size_t)300 << 10);
    struct au_savepoint first = au_overlay_save(&overlay);
    assert_int_equal(au_overlay_put_slot(&overlay, &contract, key, au_bytes_of("1")), AU_OK);
    (void)au_overlay_save(&overlay);
    assert_int_equal(au_overlay_put_slot(&overlay, &contract, key, au_bytes_of("2")), AU_OK);
    au_overlay_restore(&overlay, first);
    for (size_t i = 0; i < 100000; i++) {
        struct au_bytes bytes = {value, i * 7919 % (sizeof(value) + 1)};
        assert_int_equal(au_overlay_put_slot(&overlay, &contract, key, bytes), AU_OK);
        if (i % 5 == 0) assert_int_equal(au_overlay_del_slot(&overlay, &contract, key), AU_OK);
    }
    assert_int_equal(overlay.journal_size, 1);
    au_overlay_done(&overlay);
}

/* When the bound is reached nothing has changed, and going back still works. */
static void test_memory_bound(void **state)
{
    (void)state;
    static const uint8_t value[1000];
    struct au_seed seed = {{1, 2}};
    struct au_address contract = address_of(9);
    struct au_overlay overlay;
    au_overlay_init(&overlay, &seed, NULL, 64u << 10);
    struct au_savepoint savepoint = au_overlay_save(&overlay);
    uint32_t count = 0;
    enum au_err err = AU_OK;
    for (; count < 1000; count++) {
        struct au_bytes key = {(const uint8_t *)&count, sizeof(count)};
        err = au_overlay_put_slot(&overlay, &contract, key, (struct au_bytes){value, 1000});
        if (err != AU_OK) break;
    }
    assert_int_equal(err, AU_ERR_NO_MEMORY);
    assert_in_range(count, 40, 64);

    struct au_slot slot;
    struct au_bytes key = {(const uint8_t *)&count, sizeof(count)};
    assert_int_equal(au_overlay_get_slot(&overlay, &contract, key, &slot), AU_OK);
    assert_false(slot.exists);
    au_overlay_restore(&overlay, savepoint);
    size_t cursor = 0;
    struct au_change change;
    assert_false(au_overlay_next_change(&overlay, savepoint, &cursor, &change));
    au_overlay_done(&overlay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preloaded_history),
        cmocka_unit_test(test_sourced_history),
        cmocka_unit_test(test_rewriting_takes_no_memory),
        cmocka_unit_test(test_memory_bound),
    };
    return cmocka_run_group_tests_name("state/overlay", tests, NULL, NULL);
}
