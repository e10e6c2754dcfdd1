/* The flat records of older heights, over random blocks of puts, deletes and re-creations, against
 * snapshots that were taken at those heights, in memory and on disk; and what opening refuses. */
#include "state/history.h"

#include <sys/stat.h>

#include "state/flat.h"
#include "store/memkv.h"
#include "store/rocks.h"
#include "support/folder.h"
#include "trie_fixture.h"

#define HEIGHTS     40u /* blocks after the first state */
#define KEYS        48u /* of each family */
#define CHANGES_MAX 30u /* of a block */
#define BUDGET      ((size_t)1 << 20)
#define VALUE_MAX   64u

static const enum au_cf families[] = {AU_CF_ACC, AU_CF_STO, AU_CF_KEY};

struct fixture {
    struct au_kv kv;
    struct random random;
    struct au_kv_snapshot snapshots[HEIGHTS + 1]; /* by height */
    char folder[64];
};

static struct fixture fixture;

/* ---- blocks ---- */

struct key {
    uint8_t bytes[AU_FLAT_SLOT_KEY_SIZE];
    size_t size;
};

/* The first byte is shared by a few keys: prefixes mean something. */
static struct key key_of(enum au_cf cf, size_t number)
{
    struct key key = {.size = AU_HASH_SIZE};
    struct au_hash hash = hash_of_number(number);
    memcpy(key.bytes, hash.bytes, AU_HASH_SIZE);
    key.bytes[0] = (uint8_t)(number % 6);
    if (cf == AU_CF_STO) key.size = AU_FLAT_SLOT_KEY_SIZE;
    if (cf == AU_CF_KEY) key.size += 1 + number % 8;
    memcpy(key.bytes + AU_HASH_SIZE, hash.bytes, key.size - AU_HASH_SIZE);
    return key;
}

static struct au_bytes bytes_of(const struct key *key)
{
    return (struct au_bytes){key->bytes, key->size};
}

/* Changes a record, and writes down what it was. */
static void change(enum au_cf cf, size_t number, struct au_kv_batch *batch, struct au_buf *undo)
{
    struct key key = key_of(cf, number);
    struct au_buf before;
    uint8_t value[VALUE_MAX];
    size_t size = cf == AU_CF_KEY ? 0 : random_below(&fixture.random, VALUE_MAX);
    bool is_del = random_below(&fixture.random, 3) == 0;
    memset(value, (int)random_below(&fixture.random, 256), sizeof(value));
    au_buf_init(&before, VALUE_MAX);
    enum au_err err = au_kv_get(&fixture.kv, NULL, cf, bytes_of(&key), &before);
    assert_true(err == AU_OK || err == AU_ERR_NOT_FOUND);
    struct au_undo_record record = {cf, bytes_of(&key), err == AU_OK, au_buf_bytes(&before)};
    au_undo_record_put(undo, &record);
    au_buf_done(&before);
    if (is_del) {
        au_kv_batch_del(batch, cf, bytes_of(&key));
    } else {
        au_kv_batch_put(batch, cf, bytes_of(&key), (struct au_bytes){value, size});
    }
}

static void put_undo(uint64_t height, struct au_kv_batch *batch, struct au_bytes undo)
{
    struct au_undo_key key = au_undo_key(height);
    au_kv_batch_put(batch, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)}, undo);
}

/* A block names each key once; some change nothing. */
static void write_block(uint64_t height)
{
    struct au_kv_batch batch;
    struct au_buf undo;
    bool is_changed[AU_COUNT_OF(families)][KEYS] = {0};
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    au_buf_init(&undo, BUDGET);
    size_t count = height == 0 ? 4 * KEYS : random_below(&fixture.random, CHANGES_MAX + 1);
    for (size_t i = 0; i < count; i++) {
        size_t family = random_below(&fixture.random, AU_COUNT_OF(families));
        size_t number = random_below(&fixture.random, KEYS);
        if (is_changed[family][number]) continue;
        is_changed[family][number] = true;
        change(families[family], number, &batch, &undo);
    }
    put_undo(height, &batch, au_buf_bytes(&undo));
    assert_ok(au_kv_write(&fixture.kv, &batch, false));
    au_buf_done(&undo);
    au_kv_batch_done(&batch);
}

static void write_blocks(void)
{
    fixture.random = (struct random){7};
    for (uint64_t height = 0; height <= HEIGHTS; height++) {
        write_block(height);
        assert_ok(au_kv_snapshot_open(&fixture.kv, &fixture.snapshots[height]));
    }
}

static int open_memory(void **state)
{
    (void)state;
    if (au_memkv_open(&fixture.kv) != AU_OK) return -1;
    write_blocks();
    return 0;
}

static int close_store(void **state)
{
    (void)state;
    for (size_t i = 0; i <= HEIGHTS; i++) {
        au_kv_snapshot_close(&fixture.snapshots[i]);
    }
    au_kv_close(&fixture.kv);
    return 0;
}

static int open_disk(void **state)
{
    (void)state;
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 20, .wal_size_max = 4u << 20};
    char path[80], message[AU_KV_MESSAGE_SIZE];
    snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/aureon-history-XXXXXX");
    if (!mkdtemp(fixture.folder)) return -1;
    snprintf(path, sizeof(path), "%s/store", fixture.folder);
    if (au_rocks_open(path, &options, message, &fixture.kv) != AU_OK) return -1;
    write_blocks();
    return 0;
}

static int close_disk(void **state)
{
    close_store(state);
    return folder_remove(fixture.folder);
}

/* ---- what a history shows ---- */

static struct au_history_options options_of(uint64_t head, uint64_t height)
{
    return (struct au_history_options){.kv = fixture.kv,
                                       .snapshot = &fixture.snapshots[head],
                                       .head = head,
                                       .height = height,
                                       .size_max = BUDGET,
                                       .seed = seed};
}

static void open_history(uint64_t head, uint64_t height, struct au_kv *out_history)
{
    struct au_history_options options = options_of(head, height);
    assert_ok(au_history_open(&options, out_history));
}

static size_t compare_range(const struct au_kv *history, const struct au_kv_snapshot *snapshot,
                            const struct au_kv_range *range)
{
    struct au_kv_iter past, saved;
    struct au_kv_entry a, b;
    size_t count = 0;
    assert_ok(au_kv_iter_open(history, NULL, range, &past));
    assert_ok(au_kv_iter_open(&fixture.kv, snapshot, range, &saved));
    for (;; count++) {
        enum au_err err = au_kv_iter_next(&past, &a);
        assert_err(au_kv_iter_next(&saved, &b), err);
        if (err == AU_ERR_NOT_FOUND) break;
        assert_ok(err);
        assert_true(au_bytes_is_equal(a.key, b.key));
        assert_true(au_bytes_is_equal(a.value, b.value));
    }
    assert_err(au_kv_iter_next(&past, &a), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&past);
    au_kv_iter_close(&saved);
    return count;
}

/* Every prefix of one byte, and ranges between any two keys. */
static void compare_walks(const struct au_kv *history, const struct au_kv_snapshot *snapshot,
                          enum au_cf cf)
{
    struct au_kv_range all = {.cf = cf};
    size_t count = compare_range(history, snapshot, &all);
    size_t sum = 0;
    for (uint8_t first = 0; first < 6; first++) {
        const uint8_t bounds[] = {first, (uint8_t)(first + 1)};
        struct au_kv_range prefix = {.cf = cf, .lower = {bounds, 1}, .upper = {bounds + 1, 1}};
        sum += compare_range(history, snapshot, &prefix);
    }
    assert_int_equal(sum, count);
    for (size_t i = 0; i < 8; i++) {
        struct key lower = key_of(cf, random_below(&fixture.random, KEYS));
        struct key upper = key_of(cf, random_below(&fixture.random, KEYS));
        struct au_kv_range range = {.cf = cf, .lower = bytes_of(&lower)};
        compare_range(history, snapshot, &range);
        if (au_bytes_compare(bytes_of(&lower), bytes_of(&upper)) > 0) continue;
        range.upper = bytes_of(&upper);
        compare_range(history, snapshot, &range);
    }
}

static void compare_gets(const struct au_kv *history, const struct au_kv_snapshot *snapshot,
                         enum au_cf cf)
{
    struct au_buf past, saved;
    au_buf_init(&past, VALUE_MAX);
    au_buf_init(&saved, VALUE_MAX);
    for (size_t i = 0; i < KEYS + 2; i++) {
        struct key key = key_of(cf, i);
        enum au_err err = au_kv_get(history, NULL, cf, bytes_of(&key), &past);
        assert_err(au_kv_get(&fixture.kv, snapshot, cf, bytes_of(&key), &saved), err);
        assert_true(au_bytes_is_equal(au_buf_bytes(&past), au_buf_bytes(&saved)));
    }
    au_buf_done(&past);
    au_buf_done(&saved);
}

static void test_history_shows_every_height(void **state)
{
    (void)state;
    const uint64_t heads[] = {HEIGHTS, HEIGHTS / 2};
    for (size_t i = 0; i < AU_COUNT_OF(heads); i++) {
        for (uint64_t height = 0; height <= heads[i]; height++) {
            struct au_kv history;
            open_history(heads[i], height, &history);
            for (size_t j = 0; j < AU_COUNT_OF(families); j++) {
                compare_gets(&history, &fixture.snapshots[height], families[j]);
                compare_walks(&history, &fixture.snapshots[height], families[j]);
            }
            compare_walks(&history, &fixture.snapshots[heads[i]], AU_CF_CHG);
            au_kv_close(&history);
        }
    }
}

/* What the walk tells, put over the head, is the older height; and nothing is told twice. */
static void test_history_tells_what_changed(void **state)
{
    (void)state;
    struct au_kv history, rebuilt;
    struct au_kv_batch batch;
    struct au_undo_record record;
    struct au_bytes last = {0};
    enum au_cf last_cf = AU_CF_META;
    size_t cursor = 0;
    open_history(HEIGHTS, HEIGHTS / 3, &history);
    assert_ok(au_memkv_open(&rebuilt));
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        struct au_kv_range range = {.cf = families[i]};
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        assert_ok(au_kv_iter_open(&fixture.kv, NULL, &range, &iter));
        while (au_kv_iter_next(&iter, &entry) == AU_OK) {
            au_kv_batch_put(&batch, families[i], entry.key, entry.value);
        }
        au_kv_iter_close(&iter);
    }
    while (au_history_next(&history, &cursor, &record)) {
        assert_true(last_cf < record.cf || au_bytes_compare(last, record.key) < 0);
        last_cf = record.cf;
        last = record.key;
        if (record.existed) au_kv_batch_put(&batch, record.cf, record.key, record.value);
        if (!record.existed) au_kv_batch_del(&batch, record.cf, record.key);
    }
    assert_false(au_history_next(&history, &cursor, &record));
    assert_ok(au_kv_write(&rebuilt, &batch, false));
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        struct au_kv_range range = {.cf = families[i]};
        assert_true(compare_range(&rebuilt, &fixture.snapshots[HEIGHTS / 3], &range) > 0);
    }
    au_kv_batch_done(&batch);
    au_kv_close(&rebuilt);
    au_kv_close(&history);
}

/* An iterator and a get at a history's own snapshot, which is itself. */
static void test_history_snapshot(void **state)
{
    (void)state;
    struct au_kv history;
    struct au_kv_snapshot snapshot;
    struct au_kv_range range = {.cf = AU_CF_ACC};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_buf value;
    au_buf_init(&value, VALUE_MAX);
    open_history(HEIGHTS, 1, &history);
    assert_ok(au_kv_snapshot_open(&history, &snapshot));
    assert_ok(au_kv_iter_open(&history, &snapshot, &range, &iter));
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
        assert_ok(au_kv_get(&history, &snapshot, AU_CF_ACC, entry.key, &value));
        assert_true(au_bytes_is_equal(au_buf_bytes(&value), entry.value));
    }
    au_kv_iter_close(&iter);
    au_kv_snapshot_close(&snapshot);
    au_kv_close(&history);
    au_buf_done(&value);
}

/* ---- what is refused ---- */

static void write_undo(uint64_t height, const struct au_bytes *undo)
{
    struct au_undo_key key = au_undo_key(height);
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    if (undo) put_undo(height, &batch, *undo);
    if (!undo) {
        au_kv_batch_del(&batch, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)});
    }
    assert_ok(au_kv_write(&fixture.kv, &batch, false));
    au_kv_batch_done(&batch);
}

static enum au_err try_open(uint64_t height, size_t size_max)
{
    struct au_history_options options = options_of(HEIGHTS, height);
    struct au_kv history;
    options.snapshot = NULL;
    options.size_max = size_max;
    enum au_err err = au_history_open(&options, &history);
    if (err == AU_OK) au_kv_close(&history);
    return err;
}

static void test_history_needs_undo(void **state)
{
    (void)state;
    write_undo(HEIGHTS / 2, NULL);
    for (uint64_t height = 0; height <= HEIGHTS; height++) {
        assert_err(try_open(height, BUDGET), height < HEIGHTS / 2 ? AU_ERR_NOT_FOUND : AU_OK);
    }
}

/* Every damaged record is refused at every height below, whole ones are not. */
static void test_history_refuses_damage(void **state)
{
    (void)state;
    static const uint8_t key[80] = {1};
    static const uint8_t value[200] = {1};
    const struct {
        enum au_cf cf;
        size_t key_size;
        size_t value_size;
        size_t cut; /* bytes of its end that are missing */
        enum au_err err;
    } cases[] = {
        {AU_CF_ACC, 32, 26, 0, AU_OK},
        {AU_CF_STO, 64, 1, 0, AU_OK},
        {AU_CF_KEY, 33, 0, 0, AU_OK},
        {AU_CF_ACC, 31, 26, 0, AU_ERR_MALFORMED},
        {AU_CF_ACC, 33, 26, 0, AU_ERR_MALFORMED},
        {AU_CF_ACC, 32, 123, 0, AU_ERR_MALFORMED},
        {AU_CF_STO, 63, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_STO, 65, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_KEY, 32, 0, 0, AU_ERR_MALFORMED},
        {AU_CF_KEY, 33, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_TRI, 32, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_META, 4, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_COUNT, 32, 1, 0, AU_ERR_MALFORMED},
        {AU_CF_ACC, 32, 26, 1, AU_ERR_MALFORMED},
        {AU_CF_ACC, 32, 26, 30, AU_ERR_MALFORMED},
        {AU_CF_ACC, 32, 26, 60, AU_ERR_MALFORMED},
    };
    struct au_buf undo;
    au_buf_init(&undo, BUDGET);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_undo_record record = {
            cases[i].cf, {key, cases[i].key_size}, true, {value, cases[i].value_size}};
        au_buf_clear(&undo);
        au_undo_record_put(&undo, &record);
        struct au_bytes cut = {undo.data, undo.size - cases[i].cut};
        write_undo(HEIGHTS - 1, &cut);
        assert_err(try_open(HEIGHTS - 2, BUDGET), cases[i].err);
        assert_err(try_open(0, BUDGET), cases[i].err);
        assert_ok(try_open(HEIGHTS - 1, BUDGET));
    }
    au_buf_done(&undo);
}

/* A budget that is one byte too small for what a larger one holds. */
static void test_history_keeps_its_budget(void **state)
{
    (void)state;
    size_t low = 0;
    size_t high = BUDGET;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        enum au_err err = try_open(0, middle);
        assert_true(err == AU_OK || err == AU_ERR_TOO_LARGE);
        *(err == AU_OK ? &high : &low) = middle;
    }
    assert_true(low > 3 * KEYS * 8);
    assert_true(high < 3 * KEYS * 400);
    assert_ok(try_open(HEIGHTS, 0));
}

static void write_through(void *argument)
{
    struct au_kv history;
    struct au_kv_batch batch;
    (void)argument;
    open_history(HEIGHTS, 3, &history);
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    au_kv_batch_del(&batch, AU_CF_ACC, au_bytes_of("a"));
    (void)!au_kv_write(&history, &batch, false);
}

static void open_future(void *argument)
{
    struct au_kv history;
    (void)argument;
    open_history(3, 4, &history);
}

static void test_history_aborts_on_bugs(void **state)
{
    (void)state;
    assert_true(unit_aborts(write_through, NULL));
    assert_true(unit_aborts(open_future, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_history_shows_every_height, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_tells_what_changed, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_snapshot, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_needs_undo, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_refuses_damage, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_keeps_its_budget, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_aborts_on_bugs, open_memory, close_store),
        cmocka_unit_test_setup_teardown(test_history_shows_every_height, open_disk, close_disk),
        cmocka_unit_test_setup_teardown(test_history_tells_what_changed, open_disk, close_disk),
    };
    return cmocka_run_group_tests_name("state/history", tests, NULL, NULL);
}
