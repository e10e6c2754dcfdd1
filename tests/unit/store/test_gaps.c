/* Gaps against a slow model, and the store on disk against the one in memory: keys that come and go
 * in runs, walked over from anywhere, at snapshots too. Nothing that a walk gives may depend on
 * what was noted; that it is noted is told by the tombstones that are passed over. */
#include "store/gaps.h"

#include <rocksdb/c.h>

#include "store/memkv.h"
#include "store/rocks.h"
#include "support/folder.h"
#include "support/random.h"
#include "unit/unit.h"

#define PLACES    200u /* keys of the model: two bytes */
#define VIEWS     4u
#define STEPS     200000u
#define COUNT_MAX 8u
#define NUMBERS   4000u /* keys of the stores */
#define SNAPSHOTS 3u

static uint64_t state_of_dice;

static uint32_t draw(uint32_t bound)
{
    return (uint32_t)(random_next(&state_of_dice) >> 33) % bound;
}

/* ---- the list of gaps ---- */

struct key {
    uint8_t bytes[2];
};

static struct key key_of(uint32_t place)
{
    return (struct key){{(uint8_t)(place >> 4), (uint8_t)(place << 4)}};
}

static struct au_bytes bytes_of(const struct key *key)
{
    return (struct au_bytes){key->bytes, sizeof(key->bytes)};
}

struct view {
    uint64_t age;
    bool has[PLACES];
};

/* No key that a view sees is in a gap that it may use. */
static void check_view(struct au_gaps *gaps, const struct view *view)
{
    for (uint32_t i = 0; i < PLACES; i++) {
        struct key key = key_of(i);
        struct au_gap gap;
        if (!au_gaps_find(gaps, view->age, bytes_of(&key), &gap)) continue;
        assert_true(au_bytes_compare(au_gap_bytes_of(&gap.upper), bytes_of(&key)) > 0);
        assert_true(au_bytes_compare(au_gap_bytes_of(&gap.lower), au_gap_bytes_of(&gap.upper)) < 0);
        bool is_inside = au_bytes_compare(au_gap_bytes_of(&gap.lower), bytes_of(&key)) <= 0;
        if (is_inside) assert_false(view->has[i]);
    }
}

/* Notes an empty range that a view sees, wherever it begins. */
static void add_gap(struct au_gaps *gaps, const struct view *view)
{
    uint32_t lower = draw(PLACES), upper = lower;
    while (upper < PLACES - 1 && !view->has[upper])
        upper++;
    struct key keys[] = {key_of(lower), key_of(upper)};
    au_gaps_add(gaps, view->age, bytes_of(&keys[0]), bytes_of(&keys[1]), draw(100));
}

static void write_places(struct au_gaps *gaps, struct view *now)
{
    au_gaps_begin_write(gaps);
    bool is_put = draw(3) == 0;
    uint32_t first = draw(PLACES), count = is_put ? 1 + draw(3) : 1 + draw(40);
    for (uint32_t i = first; i < PLACES && i < first + count; i++) {
        struct key key = key_of(i);
        if (is_put) au_gaps_put(gaps, bytes_of(&key));
        if (draw(4) == 0) add_gap(gaps, now); /* of a view from before: it is forgotten */
        now->has[i] = is_put;
    }
    au_gaps_end_write(gaps);
    now->age = au_gaps_age(gaps);
}

static void test_model(void **state)
{
    (void)state;
    static struct view now, views[VIEWS];
    struct au_gaps gaps;
    size_t most = 0;
    state_of_dice = 0x243f6a8885a308d3u;
    now = (struct view){0};
    assert_ok(au_gaps_init(&gaps, COUNT_MAX));
    for (uint32_t i = 0; i < STEPS; i++) {
        uint32_t what = draw(10);
        if (what < 2) write_places(&gaps, &now);
        if (what == 2) views[draw(VIEWS)] = now;
        if (what > 2) add_gap(&gaps, what == 3 ? &views[draw(VIEWS)] : &now);
        if (gaps.count > most) most = gaps.count;
        if (i % 20 != 0) continue;
        check_view(&gaps, &now);
        for (size_t j = 0; j < VIEWS; j++)
            check_view(&gaps, &views[j]);
    }
    assert_int_equal(most, COUNT_MAX);
    au_gaps_done(&gaps);
}

static void expect_gap(struct au_gaps *gaps, const char *key, const char *lower, const char *upper)
{
    struct au_gap gap;
    bool is_found = au_gaps_find(gaps, au_gaps_age(gaps), au_bytes_of(key), &gap);
    assert_int_equal(is_found, lower != NULL);
    if (!lower) return;
    assert_bytes(au_gap_bytes_of(&gap.lower), lower);
    assert_bytes(au_gap_bytes_of(&gap.upper), upper);
}

static void test_one_by_one(void **state)
{
    (void)state;
    struct au_gaps gaps;
    assert_ok(au_gaps_init(&gaps, 2));
#define ADD(lower, upper, weight) \
    au_gaps_add(&gaps, au_gaps_age(&gaps), au_bytes_of(lower), au_bytes_of(upper), weight)
    ADD("b", "d", 10);
    ADD("c", "c", 10); /* empty */
    expect_gap(&gaps, "a", "b", "d");
    expect_gap(&gaps, "c", "b", "d");
    expect_gap(&gaps, "d", NULL, NULL);
    ADD("d", "f", 10); /* touches it */
    ADD("a", "c", 10);
    expect_gap(&gaps, "e", "a", "f");
    au_gaps_begin_write(&gaps);
    ADD("x", "z", 10); /* what is being written may be there */
    au_gaps_put(&gaps, au_bytes_of("c"));
    au_gaps_put(&gaps, au_bytes_of("f"));
    au_gaps_end_write(&gaps);
    expect_gap(&gaps, "b", "a", "c");
    struct au_gap gap;
    assert_true(au_gaps_find(&gaps, 0, au_bytes_of("c"), &gap)); /* a view of before may use it */
    assert_int_equal(gap.lower.size, 2);                         /* "c" and a zero */
    expect_gap(&gaps, "f", NULL, NULL);
    ADD("k", "m", 1000); /* one of the lighter ones goes */
    ADD("p", "q", 2000);
    expect_gap(&gaps, "a", "k", "m");
    assert_false(au_gaps_find(&gaps, 0, au_bytes_of("a"), &gap)); /* too new for such a view */
    au_gaps_done(&gaps);
#undef ADD
}

/* ---- a store that notes them ---- */

struct number {
    uint8_t bytes[6];
};

static struct number number_of(uint32_t number)
{
    struct number key = {"k"};
    au_put_big_endian(key.bytes + 2, number, 4);
    return key;
}

static struct au_bytes number_bytes(const struct number *number)
{
    return (struct au_bytes){number->bytes, sizeof(number->bytes)};
}

struct stores {
    char folder[64];
    struct au_kv kvs[2]; /* on disk, in memory */
    struct au_kv_snapshot snapshots[SNAPSHOTS][2];
    bool has_snapshots[SNAPSHOTS];
};

static struct stores stores;

static void open_disk(void)
{
    char path[80];
    char message[AU_KV_MESSAGE_SIZE];
    struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 18, .wal_size_max = 4u << 20};
    snprintf(path, sizeof(path), "%s/store", stores.folder);
    assert_ok(au_rocks_open(path, &options, message, &stores.kvs[0]));
}

static int open_stores(void **state)
{
    (void)state;
    stores = (struct stores){.folder = "/tmp/aureon-gaps-XXXXXX"};
    if (!mkdtemp(stores.folder)) return -1;
    open_disk();
    return au_memkv_open(&stores.kvs[1]) == AU_OK ? 0 : -1;
}

static void close_snapshots(void)
{
    for (size_t i = 0; i < SNAPSHOTS; i++) {
        if (!stores.has_snapshots[i]) continue;
        for (size_t j = 0; j < 2; j++)
            au_kv_snapshot_close(&stores.snapshots[i][j]);
        stores.has_snapshots[i] = false;
    }
}

static int close_stores(void **state)
{
    (void)state;
    close_snapshots();
    for (size_t i = 0; i < 2; i++)
        au_kv_close(&stores.kvs[i]);
    return folder_remove(stores.folder);
}

static void write_run(uint32_t first, uint32_t count, bool is_put)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, 4u << 20);
    for (uint32_t i = first; i < first + count; i++) {
        struct number key = number_of(i);
        if (is_put) {
            au_kv_batch_put(&batch, AU_CF_KEY, number_bytes(&key), (struct au_bytes){0});
        } else {
            au_kv_batch_del(&batch, AU_CF_KEY, number_bytes(&key));
        }
    }
    for (size_t i = 0; i < 2; i++)
        assert_ok(au_kv_write(&stores.kvs[i], &batch, false));
    au_kv_batch_done(&batch);
}

/* The same keys from the same place on, in both stores. */
static void compare_walks(uint32_t first, uint32_t end, uint32_t count_max, const int *at,
                          bool is_written)
{
    struct number lower = number_of(first), upper = number_of(end);
    struct au_kv_range range = {.cf = AU_CF_KEY,
                                .lower = number_bytes(&lower),
                                .upper = end > 0 ? number_bytes(&upper) : (struct au_bytes){0}};
    struct au_kv_iter iters[2];
    for (size_t i = 0; i < 2; i++) {
        assert_ok(au_kv_iter_open(&stores.kvs[i], at ? &stores.snapshots[*at][i] : NULL, &range,
                                  &iters[i]));
    }
    if (is_written) write_run(draw(NUMBERS), 1 + draw(5), draw(2) == 0); /* seen by neither */
    for (uint32_t i = 0; i < count_max; i++) {
        struct au_kv_entry entries[2];
        enum au_err err = au_kv_iter_next(&iters[0], &entries[0]);
        assert_err(au_kv_iter_next(&iters[1], &entries[1]), err);
        if (err != AU_OK) {
            assert_err(err, AU_ERR_NOT_FOUND);
            break;
        }
        assert_true(au_bytes_is_equal(entries[0].key, entries[1].key));
    }
    for (size_t i = 0; i < 2; i++)
        au_kv_iter_close(&iters[i]);
}

static void turn(void)
{
    uint32_t what = draw(12);
    int at = (int)draw(SNAPSHOTS);
    uint32_t first = draw(NUMBERS);
    if (what == 0) {
        write_run(first, 1 + draw(20), true);
    } else if (what == 1) {
        write_run(first, 1 + draw(600), false);
    } else if (what == 2 && draw(4) == 0) {
        write_run(first, 1 + draw(600), true);
    } else if (what == 3 && draw(4) == 0) {
        for (size_t i = 0; i < 2 && !stores.has_snapshots[at]; i++)
            assert_ok(au_kv_snapshot_open(&stores.kvs[i], &stores.snapshots[at][i]));
        stores.has_snapshots[at] = true;
    } else if (what == 4 && draw(8) == 0) {
        close_snapshots();
    } else if (what > 4) {
        uint32_t end = draw(3) == 0 ? 0 : first + 1 + draw(NUMBERS);
        compare_walks(first, end, 1 + draw(30), stores.has_snapshots[at] && draw(2) ? &at : NULL,
                      draw(5) == 0);
    }
}

static void test_stores_agree(void **state)
{
    (void)state;
    state_of_dice = 0x13198a2e03707344u;
    write_run(0, NUMBERS, true);
    for (uint32_t i = 0; i < 20000; i++) {
        turn();
        if (i % 4000 != 3999) continue;
        close_snapshots();
        au_kv_close(&stores.kvs[0]);
        open_disk();
    }
}

/* Tombstones that a walk from one number to another passes over before its first key. */
static uint64_t passed(uint32_t first, uint32_t end)
{
    rocksdb_perfcontext_t *perf = rocksdb_perfcontext_create();
    uint64_t before = rocksdb_perfcontext_metric(perf, rocksdb_internal_delete_skipped_count);
    compare_walks(first, end, 1, NULL, false);
    uint64_t after = rocksdb_perfcontext_metric(perf, rocksdb_internal_delete_skipped_count);
    rocksdb_perfcontext_destroy(perf);
    return after - before;
}

/* Each tombstone is walked over once, wherever walks begin and whatever comes into the gap. */
static void test_walked_over_once(void **state)
{
    (void)state;
    uint64_t all = 0;
    write_run(0, NUMBERS, true);
    write_run(10, NUMBERS - 20, false);
    all = passed(2000, NUMBERS);
    assert_in_range(all, 1000, NUMBERS);
    for (uint32_t first = 2000; first-- > 10;)
        all += passed(first, NUMBERS);
    assert_in_range(all, 1, 2 * NUMBERS);
    assert_in_range(passed(10, NUMBERS), 0, 64);
    /* an end before the gap's, and one key in it */
    assert_in_range(passed(10, 3000), 0, 64);
    write_run(1500, 1, true);
    write_run(1500, 1, false);
    assert_in_range(passed(10, NUMBERS), 0, 64);
    assert_in_range(passed(10, NUMBERS), 0, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_model),
        cmocka_unit_test(test_one_by_one),
        cmocka_unit_test_setup_teardown(test_stores_agree, open_stores, close_stores),
        cmocka_unit_test_setup_teardown(test_walked_over_once, open_stores, close_stores),
    };
    return cmocka_run_group_tests_name("store/gaps", tests, NULL, NULL);
}
