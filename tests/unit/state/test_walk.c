/* Walks over keys against a slow model: a random history of writes, deletions, savepoints and
 * returns under open walks, each step compared with a search through all keys. Once with all values
 * preloaded, once with keys from a source. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "state/walk.h"
#include "support/random.h"

#define CONTRACTS 3u
#define KEYS      42u
#define SAVES_MAX 5u
#define WALKS     6u
#define STEPS     60000u

struct mark { /* a slot of the model */
    bool exists;
    bool is_changed; /* since the reset, and not gone back on */
};

struct model {
    struct mark marks[CONTRACTS][KEYS];
};

struct walking {
    struct au_walk walk;
    bool is_open;
    size_t contract;
    struct au_bytes prefix;
    struct au_bytes last; /* of no bytes: none; keys have at least one */
};

static struct {
    struct au_overlay overlay;
    struct model before;
    struct model now;
    struct model saved[SAVES_MAX];
    struct au_savepoint savepoints[SAVES_MAX];
    size_t save_count;
    struct walking walks[WALKS];
    uint64_t random;
    size_t open_sources;
} world;

static struct key {
    uint8_t bytes[AU_KEY_SIZE_MAX];
    size_t size;
} keys[KEYS]; /* ascending */

static struct au_bytes key_of(size_t index)
{
    return (struct au_bytes){keys[index].bytes, keys[index].size};
}

static int compare_keys(const void *a, const void *b)
{
    const struct key *left = a;
    const struct key *right = b;
    return au_bytes_compare((struct au_bytes){left->bytes, left->size},
                            (struct au_bytes){right->bytes, right->size});
}

/* All keys of 1 to 3 bytes of three kinds, and the longest of each kind. */
static void make_keys(void)
{
    static const uint8_t letters[] = {0x00, 0x61, 0xff};
    size_t count = 0;
    for (size_t size = 1, all = 3; size <= 3; size++, all *= 3) {
        for (size_t number = 0; number < all; number++) {
            struct key *key = &keys[count++];
            key->size = size;
            for (size_t i = 0, rest = number; i < size; i++, rest /= 3)
                key->bytes[i] = letters[rest % 3];
        }
    }
    for (size_t i = 0; i < 3; i++) {
        memset(keys[count].bytes, letters[i], AU_KEY_SIZE_MAX);
        keys[count++].size = AU_KEY_SIZE_MAX;
    }
    assert_int_equal(count, KEYS);
    qsort(keys, KEYS, sizeof(keys[0]), compare_keys);
}

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)(random_next(&world.random) >> 33) % bound;
}

/* The first and the last of all contracts, and the one behind the first. */
static struct au_address address_of(size_t contract)
{
    struct au_address address = {{0}};
    if (contract == 1) address.bytes[AU_ADDRESS_SIZE - 1] = 1;
    if (contract == 2) memset(address.bytes, 0xff, AU_ADDRESS_SIZE);
    return address;
}

static bool has_prefix(struct au_bytes key, struct au_bytes prefix)
{
    return key.size >= prefix.size &&
           (prefix.size == 0 || memcmp(key.data, prefix.data, prefix.size) == 0);
}

/* ---- the source ---- */

struct source_keys {
    size_t contract;
    size_t next;
    struct au_bytes prefix;
};

static enum au_err source_account(void *context, const struct au_address *address,
                                  struct au_account *out_account)
{
    (void)context;
    (void)address;
    *out_account = (struct au_account){0};
    return AU_OK;
}

static size_t contract_of(const struct au_address *address)
{
    for (size_t i = 0; i < CONTRACTS; i++) {
        struct au_address known = address_of(i);
        if (au_address_is_equal(&known, address)) return i;
    }
    fail_msg("an unknown contract");
    return 0;
}

static enum au_err source_slot(void *context, const struct au_address *contract,
                               struct au_bytes key, struct au_arena *arena,
                               struct au_slot *out_slot)
{
    (void)context;
    (void)arena;
    for (size_t i = 0; i < KEYS; i++) {
        if (!au_bytes_is_equal(key_of(i), key)) continue;
        bool exists = world.before.marks[contract_of(contract)][i].exists;
        *out_slot = (struct au_slot){exists, exists ? key_of(i) : (struct au_bytes){0}};
    }
    return AU_OK;
}

static enum au_err source_keys_open(void *context, const struct au_address *contract,
                                    struct au_bytes prefix, struct au_bytes lower, void **out_keys)
{
    (void)context;
    struct source_keys *cursor = malloc(sizeof(*cursor));
    assert_non_null(cursor);
    assert_true(has_prefix(lower, prefix));
    *cursor = (struct source_keys){contract_of(contract), 0, prefix};
    while (cursor->next < KEYS && au_bytes_compare(key_of(cursor->next), lower) < 0)
        cursor->next++;
    world.open_sources++;
    *out_keys = cursor;
    return AU_OK;
}

static enum au_err source_keys_next(void *context, struct au_bytes *out_key)
{
    struct source_keys *cursor = context;
    for (; cursor->next < KEYS; cursor->next++) {
        if (!has_prefix(key_of(cursor->next), cursor->prefix)) continue;
        if (!world.before.marks[cursor->contract][cursor->next].exists) continue;
        *out_key = key_of(cursor->next++);
        return AU_OK;
    }
    return AU_ERR_NOT_FOUND;
}

static void source_keys_close(void *context)
{
    world.open_sources--;
    free(context);
}

static const struct au_state_source source = {
    .get_account = source_account,
    .get_slot = source_slot,
    .keys_open = source_keys_open,
    .keys_next = source_keys_next,
    .keys_close = source_keys_close,
};

/* ---- a history ---- */

static void assert_step(struct walking *walking)
{
    struct au_walk_step step;
    uint64_t passed = 0;
    size_t at = 0;
    for (; at < KEYS; at++) {
        const struct mark *mark = &world.now.marks[walking->contract][at];
        if (!has_prefix(key_of(at), walking->prefix)) continue;
        if (walking->last.size > 0 && au_bytes_compare(key_of(at), walking->last) <= 0) continue;
        if (mark->exists) break;
        if (mark->is_changed) passed++;
    }
    uint64_t passed_max = draw(3) == 0 ? draw(4) : 100;
    assert_int_equal(au_walk_next(&walking->walk, passed_max, &step), AU_OK);
    if (passed > passed_max) {
        assert_int_equal(step.passed, passed_max + 1);
        assert_int_equal(au_walk_next(&walking->walk, UINT64_MAX - 1, &step), AU_OK);
    }
    assert_int_equal(step.passed, passed);
    assert_int_equal(step.is_end, at == KEYS);
    if (step.is_end) return;
    assert_true(au_bytes_is_equal(step.key, key_of(at)));
    walking->last = key_of(at);
}

static void turn_walk(void)
{
    struct walking *walking = &world.walks[draw(WALKS)];
    if (!walking->is_open) {
        static const uint8_t high[] = {0xff, 0xff, 0xff, 0xff};
        uint32_t which = draw(KEYS + 12);
        walking->prefix = (struct au_bytes){0};
        if (which < KEYS) walking->prefix = key_of(which);
        if (which >= KEYS + 10) walking->prefix = (struct au_bytes){high, sizeof(high)};
        walking->contract = draw(CONTRACTS);
        walking->last = (struct au_bytes){0};
        struct au_address address = address_of(walking->contract);
        au_walk_open(&walking->walk, &world.overlay, &address, walking->prefix);
        walking->is_open = true;
    } else if (draw(25) == 0) {
        au_walk_close(&walking->walk);
        walking->is_open = false;
    } else {
        assert_step(walking);
    }
}

static void write_slot(void)
{
    size_t contract = draw(CONTRACTS);
    size_t key = draw(KEYS);
    struct au_address address = address_of(contract);
    struct mark *mark = &world.now.marks[contract][key];
    if (draw(2) == 0) {
        assert_int_equal(au_overlay_put_slot(&world.overlay, &address, key_of(key), key_of(key)),
                         AU_OK);
        *mark = (struct mark){.exists = true, .is_changed = true};
    } else {
        assert_int_equal(au_overlay_del_slot(&world.overlay, &address, key_of(key)), AU_OK);
        mark->is_changed |= mark->exists;
        mark->exists = false;
    }
}

/* Reads are no changes, and leave nothing to be passed over. */
static void read_slot(void)
{
    size_t contract = draw(CONTRACTS);
    size_t key = draw(KEYS);
    struct au_address address = address_of(contract);
    struct au_slot slot;
    if (draw(2) == 0) {
        assert_int_equal(au_overlay_get_slot(&world.overlay, &address, key_of(key), &slot), AU_OK);
    } else {
        assert_int_equal(au_overlay_look_slot(&world.overlay, &address, key_of(key), &slot), AU_OK);
    }
    assert_int_equal(slot.exists, world.now.marks[contract][key].exists);
    if (slot.exists) assert_true(au_bytes_is_equal(slot.value, key_of(key)));
}

static void turn_savepoint(void)
{
    uint32_t what = draw(3);
    if (what == 0 && world.save_count < SAVES_MAX) {
        world.saved[world.save_count] = world.now;
        world.savepoints[world.save_count++] = au_overlay_save(&world.overlay);
    } else if (what == 1 && world.save_count > 0) {
        world.save_count--;
    } else if (world.save_count > 0) {
        size_t to = draw((uint32_t)world.save_count);
        au_overlay_restore(&world.overlay, world.savepoints[to]);
        world.now = world.saved[to];
        world.save_count = to + draw(2);
    }
}

static void close_walks(void)
{
    for (size_t i = 0; i < WALKS; i++) {
        if (world.walks[i].is_open) au_walk_close(&world.walks[i].walk);
        world.walks[i].is_open = false;
    }
    assert_int_equal(world.open_sources, 0);
}

static void begin(bool has_source)
{
    close_walks();
    au_overlay_reset(&world.overlay);
    world.save_count = 0;
    for (size_t i = 0; i < CONTRACTS; i++) {
        for (size_t j = 0; j < KEYS; j++) {
            struct au_address address = address_of(i);
            bool is_new;
            world.before.marks[i][j] = (struct mark){.exists = draw(2) == 0};
            if (has_source || !world.before.marks[i][j].exists) continue;
            assert_int_equal(
                au_overlay_preload_slot(&world.overlay, &address, key_of(j), key_of(j), &is_new),
                AU_OK);
        }
    }
    world.now = world.before;
}

static void run_history(bool has_source)
{
    struct au_seed seed = {{1, 2}};
    world.random = 0x243f6a8885a308d3u;
    make_keys();
    au_overlay_init(&world.overlay, &seed, has_source ? &source : NULL, SIZE_MAX);
    begin(has_source);
    for (size_t i = 0; i < STEPS; i++) {
        uint32_t what = draw(20);
        if (what < 8) {
            turn_walk();
        } else if (what < 14) {
            write_slot();
        } else if (what < 16) {
            read_slot();
        } else if (what < 19) {
            turn_savepoint();
        } else if (draw(30) == 0) {
            begin(has_source);
        }
    }
    close_walks();
    au_overlay_done(&world.overlay);
}

static void test_preloaded_history(void **state)
{
    (void)state;
    run_history(false);
}

static void test_sourced_history(void **state)
{
    (void)state;
    run_history(true);
}

/* What the source fails with is the step's error, and the walk can be closed. */
static enum au_err broken_keys_next(void *context, struct au_bytes *out_key)
{
    (void)context;
    (void)out_key;
    return AU_ERR_IO;
}

static void test_broken_source(void **state)
{
    (void)state;
    struct au_seed seed = {{1, 2}};
    struct au_state_source broken = source;
    struct au_address address = address_of(0);
    struct au_overlay overlay;
    struct au_walk walk;
    struct au_walk_step step;
    make_keys();
    broken.keys_next = broken_keys_next;
    au_overlay_init(&overlay, &seed, &broken, SIZE_MAX);
    au_walk_open(&walk, &overlay, &address, (struct au_bytes){0});
    assert_int_equal(au_walk_next(&walk, 0, &step), AU_ERR_IO);
    assert_int_equal(au_walk_next(&walk, 0, &step), AU_ERR_IO);
    au_walk_close(&walk);
    assert_int_equal(world.open_sources, 0);
    au_overlay_done(&overlay);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_preloaded_history),
        cmocka_unit_test(test_sourced_history),
        cmocka_unit_test(test_broken_source),
    };
    return cmocka_run_group_tests_name("state/walk", tests, NULL, NULL);
}
