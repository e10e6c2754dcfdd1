/* What every key-value store must do, as cmocka tests over an empty store in *state. */
#ifndef AUREON_TESTS_UNIT_STORE_KV_CASES_H
#define AUREON_TESTS_UNIT_STORE_KV_CASES_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/kv.h"
#include "unit/unit.h"

#define KV_BATCH_MAX ((size_t)1 << 20)
#define KV_VALUE_MAX 4096u

static inline void kv_put(const struct au_kv *kv, enum au_cf cf, const char *key, const char *value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    au_kv_batch_put(&batch, cf, au_bytes_of(key), au_bytes_of(value));
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
}

static inline void kv_del(const struct au_kv *kv, enum au_cf cf, const char *key)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    au_kv_batch_del(&batch, cf, au_bytes_of(key));
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* kv_expect checks the value of a key; NULL: there is none. */
static inline void kv_expect(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                             enum au_cf cf, const char *key, const char *expected)
{
    struct au_buf value;
    au_buf_init(&value, KV_VALUE_MAX);
    au_buf_put_text(&value, "left from before");
    enum au_err err = au_kv_get(kv, snapshot, cf, au_bytes_of(key), &value);
    assert_err(err, expected ? AU_OK : AU_ERR_NOT_FOUND);
    assert_bytes(au_buf_bytes(&value), expected ? expected : "");
    au_buf_done(&value);
}

/* kv_expect_keys walks a range and checks its keys, each of which is also its value, given as one
 * text with a space after each. */
static inline void kv_expect_keys(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                  const struct au_kv_range *range, const char *expected)
{
    struct au_buf keys;
    au_buf_init(&keys, KV_VALUE_MAX);
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    assert_ok(au_kv_iter_open(kv, snapshot, range, &iter));
    enum au_err err;
    while ((err = au_kv_iter_next(&iter, &entry)) == AU_OK) {
        assert_true(au_bytes_is_equal(entry.key, entry.value));
        au_buf_put_bytes(&keys, entry.key);
        au_buf_put_u8(&keys, ' ');
    }
    assert_err(err, AU_ERR_NOT_FOUND);
    assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iter);
    assert_ok(keys.err);
    assert_bytes(au_buf_bytes(&keys), expected);
    au_buf_done(&keys);
}

static void test_get_put_del(void **state)
{
    const struct au_kv *kv = *state;
    kv_expect(kv, NULL, AU_CF_ACC, "alice", NULL);
    kv_put(kv, AU_CF_ACC, "alice", "1");
    kv_expect(kv, NULL, AU_CF_ACC, "alice", "1");
    kv_expect(kv, NULL, AU_CF_ACC, "alic", NULL);
    kv_expect(kv, NULL, AU_CF_ACC, "alice ", NULL);
    kv_put(kv, AU_CF_ACC, "alice", "22");
    kv_expect(kv, NULL, AU_CF_ACC, "alice", "22");
    kv_del(kv, AU_CF_ACC, "bob");
    kv_del(kv, AU_CF_ACC, "alice");
    kv_expect(kv, NULL, AU_CF_ACC, "alice", NULL);

    char message[AU_KV_MESSAGE_SIZE];
    au_kv_message(kv, message);
    assert_string_equal(message, "");
}

static void test_families_are_apart(void **state)
{
    const struct au_kv *kv = *state;
    for (int cf = 0; cf < AU_CF_COUNT; cf++) {
        kv_put(kv, (enum au_cf)cf, "key", au_cf_name((enum au_cf)cf));
    }
    kv_del(kv, AU_CF_TRI, "key");
    for (int cf = 0; cf < AU_CF_COUNT; cf++) {
        const char *name = au_cf_name((enum au_cf)cf);
        kv_expect(kv, NULL, (enum au_cf)cf, "key", cf == AU_CF_TRI ? NULL : name);
    }
}

static void test_empty_value_and_key(void **state)
{
    const struct au_kv *kv = *state;
    kv_put(kv, AU_CF_KEY, "slot", "");
    kv_expect(kv, NULL, AU_CF_KEY, "slot", "");
    kv_expect(kv, NULL, AU_CF_KEY, "", NULL);

    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    au_kv_batch_put(&batch, AU_CF_KEY, (struct au_bytes){0}, (struct au_bytes){0});
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
    kv_expect(kv, NULL, AU_CF_KEY, "", "");
    kv_del(kv, AU_CF_KEY, "");
    kv_expect(kv, NULL, AU_CF_KEY, "", NULL);
}

static void test_value_above_bound(void **state)
{
    const struct au_kv *kv = *state;
    kv_put(kv, AU_CF_COD, "code", "12345");
    struct au_buf value;
    au_buf_init(&value, 4);
    assert_err(au_kv_get(kv, NULL, AU_CF_COD, au_bytes_of("code"), &value), AU_ERR_TOO_LARGE);
    assert_int_equal(value.size, 0);
    assert_ok(value.err);
    au_buf_done(&value);
}

/* The text that many keys come to: each with what is under it, or "-". */
struct kv_many_text {
    const struct au_bytes *keys;
    struct au_buf text;
    size_t next;
    size_t count_max; /* before it fails */
};

static enum au_err kv_take(void *context, size_t index, const struct au_bytes *value)
{
    struct kv_many_text *many = context;
    assert_int_equal(index, many->next++);
    if (index == many->count_max) return AU_ERR_TOO_LARGE;
    au_buf_put_bytes(&many->text, many->keys[index]);
    au_buf_put_u8(&many->text, '=');
    au_buf_put_bytes(&many->text, value ? *value : au_bytes_of("-"));
    au_buf_put_u8(&many->text, ' ');
    return many->text.err;
}

/* Keys given as an array, and what they come to up to the end or a failure at count_max. */
static inline void kv_expect_many(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                  const struct au_bytes *keys, size_t count, size_t count_max,
                                  const char *expected)
{
    struct kv_many_text text = {.keys = keys, .count_max = count_max};
    struct au_kv_many many = {AU_CF_ACC, keys, count, &text, kv_take};
    au_buf_init(&text.text, KV_VALUE_MAX);
    assert_err(au_kv_get_many(kv, snapshot, &many), count_max < count ? AU_ERR_TOO_LARGE : AU_OK);
    assert_int_equal(text.next, count_max < count ? count_max + 1 : count);
    assert_bytes(au_buf_bytes(&text.text), expected);
    au_buf_done(&text.text);
}

static void test_get_many(void **state)
{
    const struct au_kv *kv = *state;
    const struct au_bytes keys[] = {
        au_bytes_of("alice"), au_bytes_of("bob"),  au_bytes_of("carol"),
        au_bytes_of("dave"),  au_bytes_of("erin"),
    };
    struct au_kv_snapshot snapshot;
    kv_put(kv, AU_CF_ACC, "alice", "1");
    kv_put(kv, AU_CF_STO, "bob", "of another family");
    kv_put(kv, AU_CF_ACC, "carol", "");
    kv_put(kv, AU_CF_ACC, "erin", "4");
    assert_ok(au_kv_snapshot_open(kv, &snapshot));
    kv_put(kv, AU_CF_ACC, "bob", "2");
    kv_del(kv, AU_CF_ACC, "erin");
    kv_expect_many(kv, &snapshot, keys, 5, 5, "alice=1 bob=- carol= dave=- erin=4 ");
    kv_expect_many(kv, NULL, keys, 5, 5, "alice=1 bob=2 carol= dave=- erin=- ");
    kv_expect_many(kv, NULL, keys, 5, 2, "alice=1 bob=2 ");
    kv_expect_many(kv, NULL, keys + 1, 1, 1, "bob=2 ");
    kv_expect_many(kv, NULL, keys, 0, 0, "");
    au_kv_snapshot_close(&snapshot);
}

/* More keys than a store reads at one go, of which it has every third. */
#define KV_MANY 1000u

static enum au_err kv_take_third(void *context, size_t index, const struct au_bytes *value)
{
    size_t *next = context;
    uint32_t number;
    assert_int_equal(index, (*next)++);
    assert_int_equal(value != NULL, index % 3 == 0);
    if (!value) return AU_OK;
    assert_int_equal(value->size, sizeof(number));
    memcpy(&number, value->data, sizeof(number));
    assert_int_equal(number, index);
    return AU_OK;
}

static inline void kv_key_many(uint8_t bytes[KV_MANY][2], struct au_bytes keys[KV_MANY])
{
    for (uint32_t i = 0; i < KV_MANY; i++) {
        bytes[i][0] = (uint8_t)(i >> 8);
        bytes[i][1] = (uint8_t)i;
        keys[i] = (struct au_bytes){bytes[i], 2};
    }
}

static inline void kv_put_many(const struct au_kv *kv)
{
    uint8_t bytes[KV_MANY][2];
    struct au_bytes keys[KV_MANY];
    struct au_kv_batch batch;
    kv_key_many(bytes, keys);
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t i = 0; i < KV_MANY; i += 3) {
        struct au_bytes value = {(const uint8_t *)&i, sizeof(i)};
        au_kv_batch_put(&batch, AU_CF_ACC, keys[i], value);
    }
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
}

static inline void kv_check_many(const struct au_kv *kv)
{
    uint8_t bytes[KV_MANY][2];
    struct au_bytes keys[KV_MANY];
    size_t next = 0;
    kv_key_many(bytes, keys);
    struct au_kv_many many = {AU_CF_ACC, keys, KV_MANY, &next, kv_take_third};
    assert_ok(au_kv_get_many(kv, NULL, &many));
    assert_int_equal(next, KV_MANY);
}

static void test_get_very_many(void **state)
{
    kv_put_many(*state);
    kv_check_many(*state);
}

static void test_batch_is_one(void **state)
{
    const struct au_kv *kv = *state;
    struct au_kv_batch batch;
    kv_put(kv, AU_CF_ACC, "gone", "1");
    au_kv_batch_init(&batch, 256);
    assert_ok(au_kv_write(kv, &batch, true));

    au_kv_batch_put(&batch, AU_CF_STO, au_bytes_of("b"), au_bytes_of("1"));
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("a"), au_bytes_of("1"));
    au_kv_batch_del(&batch, AU_CF_ACC, au_bytes_of("gone"));
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("back"), au_bytes_of("1"));
    au_kv_batch_del(&batch, AU_CF_ACC, au_bytes_of("back"));
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("back"), au_bytes_of("2"));
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("c"), au_bytes_of("1"));
    au_kv_batch_del(&batch, AU_CF_ACC, au_bytes_of("c"));
    kv_expect(kv, NULL, AU_CF_STO, "b", NULL);
    assert_ok(au_kv_write(kv, &batch, true));
    kv_expect(kv, NULL, AU_CF_STO, "b", "1");
    kv_expect(kv, NULL, AU_CF_ACC, "a", "1");
    kv_expect(kv, NULL, AU_CF_ACC, "gone", NULL);
    kv_expect(kv, NULL, AU_CF_ACC, "back", "2");
    kv_expect(kv, NULL, AU_CF_ACC, "c", NULL);

    /* One change that does not fit keeps the others out too. */
    static const uint8_t large[256];
    au_kv_batch_clear(&batch);
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("a"), au_bytes_of("3"));
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("d"), (struct au_bytes){large, sizeof(large)});
    assert_err(au_kv_write(kv, &batch, true), AU_ERR_TOO_LARGE);
    kv_expect(kv, NULL, AU_CF_ACC, "a", "1");
    kv_expect(kv, NULL, AU_CF_ACC, "d", NULL);

    au_kv_batch_clear(&batch);
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("a"), au_bytes_of("4"));
    assert_ok(au_kv_write(kv, &batch, true));
    kv_expect(kv, NULL, AU_CF_ACC, "a", "4");
    au_kv_batch_done(&batch);
}

static void test_order_and_bounds(void **state)
{
    const struct au_kv *kv = *state;
    static const char *const keys[] = {"b", "\xff\xff", "a", "ab", "\x01", "\xff", "\x7f", "\x80"};
    struct au_kv_range range = {.cf = AU_CF_IDX};
    kv_expect_keys(kv, NULL, &range, "");
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++) {
        kv_put(kv, AU_CF_IDX, keys[i], keys[i]);
    }
    kv_put(kv, AU_CF_KEY, "aa", "aa");

    static const struct {
        const char *lower, *upper, *expected;
    } cases[] = {
        {"", "", "\x01 a ab b \x7f \x80 \xff \xff\xff "},
        {"a", "", "a ab b \x7f \x80 \xff \xff\xff "},
        {"", "a", "\x01 "},
        {"a", "b", "a ab "},
        {"aa", "b", "ab "},
        {"a", "a", ""},
        {"b", "a", ""},
        {"ab", "ab\x01", "ab "},
        {"b", "\x80", "b \x7f "},
        {"\xff", "", "\xff \xff\xff "},
        {"\x80", "\xff\xff", "\x80 \xff "},
        {"\xff\xff\x01", "", ""},
        {"\xff", "\xff\xff\xff", "\xff \xff\xff "},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        range.lower = au_bytes_of(cases[i].lower);
        range.upper = au_bytes_of(cases[i].upper);
        kv_expect_keys(kv, NULL, &range, cases[i].expected);
    }
}

static void test_downward(void **state)
{
    const struct au_kv *kv = *state;
    static const char *const keys[] = {"a", "ab", "b", "c"};
    static const struct {
        const char *lower, *upper, *expected;
    } cases[] = {
        {"", "", "c b ab a "}, {"ab", "", "c b ab "}, {"", "b", "ab a "},
        {"a", "ab", "a "},     {"aa", "bb", "b ab "}, {"b", "b", ""},
        {"c", "a", ""},        {"d", "", ""},         {"", "A", ""},
    };
    struct au_kv_range range = {.cf = AU_CF_IDX, .is_downward = true};
    kv_expect_keys(kv, NULL, &range, "");
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++)
        kv_put(kv, AU_CF_IDX, keys[i], keys[i]);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        range.lower = au_bytes_of(cases[i].lower);
        range.upper = au_bytes_of(cases[i].upper);
        kv_expect_keys(kv, NULL, &range, cases[i].expected);
    }
}

/* Walks that stay within the first 33 bytes, as an account's history does, and walks that do not,
 * over keys whose last byte counts up. Even prefixes are there; bounds may be of any. */
#define KV_PREFIX_SIZE  33u
#define KV_PREFIX_COUNT 6u
#define KV_PREFIX_KEYS  120u /* of each; key numbers are even, too */

static struct au_bytes kv_prefix_key(uint8_t *key, uint32_t prefix, uint32_t number)
{
    memset(key, 7, KV_PREFIX_SIZE);
    key[KV_PREFIX_SIZE - 1] = (uint8_t)prefix;
    key[KV_PREFIX_SIZE] = (uint8_t)number;
    return (struct au_bytes){key, KV_PREFIX_SIZE + 1};
}

static void kv_expect_prefix_keys(const struct au_kv *kv, struct au_bytes lower,
                                  struct au_bytes upper)
{
    uint8_t key[KV_PREFIX_SIZE + 1];
    struct au_kv_range range = {.cf = AU_CF_IDX, .lower = lower, .upper = upper};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    assert_ok(au_kv_iter_open(kv, NULL, &range, &iter));
    for (uint32_t i = 0; i < KV_PREFIX_COUNT * KV_PREFIX_KEYS; i++) {
        struct au_bytes expected =
            kv_prefix_key(key, i / KV_PREFIX_KEYS * 2, i % KV_PREFIX_KEYS * 2);
        if (memcmp(expected.data, lower.data, expected.size) < 0) continue;
        if (memcmp(expected.data, upper.data, expected.size) >= 0) continue;
        assert_ok(au_kv_iter_next(&iter, &entry));
        assert_true(au_bytes_is_equal(entry.key, expected));
    }
    assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iter);
}

static void test_walk_along_prefix(void **state)
{
    const struct au_kv *kv = *state;
    uint8_t lower[KV_PREFIX_SIZE + 1];
    uint8_t upper[KV_PREFIX_SIZE + 1];
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t i = 0; i < KV_PREFIX_COUNT * KV_PREFIX_KEYS; i++) {
        uint32_t shuffled = i * 7 % (KV_PREFIX_COUNT * KV_PREFIX_KEYS);
        struct au_bytes key =
            kv_prefix_key(lower, shuffled / KV_PREFIX_KEYS * 2, shuffled % KV_PREFIX_KEYS * 2);
        au_kv_batch_put(&batch, AU_CF_IDX, key, key);
    }
    assert_ok(au_kv_write(kv, &batch, false));
    au_kv_batch_done(&batch);
    for (uint32_t i = 0; i < 2 * KV_PREFIX_COUNT; i++) {
        for (uint32_t j = i; j < 2 * KV_PREFIX_COUNT; j++) {
            for (uint32_t k = 0; k < 256; k += 15) {
                kv_expect_prefix_keys(kv, kv_prefix_key(lower, i, k),
                                      kv_prefix_key(upper, j, 255 - k / 2));
            }
        }
    }
}

static void test_bounds_are_copied(void **state)
{
    const struct au_kv *kv = *state;
    kv_put(kv, AU_CF_IDX, "a", "a");
    kv_put(kv, AU_CF_IDX, "b", "b");
    char lower[] = "a", upper[] = "b";
    struct au_kv_range range = {
        .cf = AU_CF_IDX, .lower = au_bytes_of(lower), .upper = au_bytes_of(upper)};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    assert_ok(au_kv_iter_open(kv, NULL, &range, &iter));
    lower[0] = upper[0] = 'z';
    assert_ok(au_kv_iter_next(&iter, &entry));
    assert_bytes(entry.key, "a");
    assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iter);
}

static void test_snapshot_stays(void **state)
{
    const struct au_kv *kv = *state;
    const struct au_kv_range all = {.cf = AU_CF_STO};
    struct au_kv_snapshot empty, old;
    assert_ok(au_kv_snapshot_open(kv, &empty));
    kv_put(kv, AU_CF_STO, "a", "a");
    kv_put(kv, AU_CF_STO, "b", "b");
    assert_ok(au_kv_snapshot_open(kv, &old));
    kv_put(kv, AU_CF_STO, "a", "new");
    kv_del(kv, AU_CF_STO, "b");
    kv_put(kv, AU_CF_STO, "c", "c");

    kv_expect(kv, &old, AU_CF_STO, "a", "a");
    kv_expect(kv, &old, AU_CF_STO, "b", "b");
    kv_expect(kv, &old, AU_CF_STO, "c", NULL);
    kv_expect(kv, &empty, AU_CF_STO, "a", NULL);
    kv_expect(kv, NULL, AU_CF_STO, "a", "new");
    kv_expect(kv, NULL, AU_CF_STO, "b", NULL);
    kv_expect_keys(kv, &old, &all, "a b ");
    kv_expect_keys(kv, &empty, &all, "");
    au_kv_snapshot_close(&empty);
    kv_expect_keys(kv, &old, &all, "a b ");
    au_kv_snapshot_close(&old);
    kv_del(kv, AU_CF_STO, "a");
    kv_expect_keys(kv, NULL, &all, "c ");
}

static void test_iterator_stays(void **state)
{
    const struct au_kv *kv = *state;
    const struct au_kv_range all = {.cf = AU_CF_STO};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    kv_put(kv, AU_CF_STO, "a", "a");
    kv_put(kv, AU_CF_STO, "c", "c");
    assert_ok(au_kv_iter_open(kv, NULL, &all, &iter));
    kv_put(kv, AU_CF_STO, "b", "b");
    kv_put(kv, AU_CF_STO, "c", "new");
    kv_del(kv, AU_CF_STO, "a");
    assert_ok(au_kv_iter_next(&iter, &entry));
    assert_bytes(entry.value, "a");
    assert_ok(au_kv_iter_next(&iter, &entry));
    assert_bytes(entry.value, "c");
    assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iter);
}

/* One thread raises a number that stands in two families; readers must never see two numbers. */
#define KV_RACE_WRITES  400u
#define KV_RACE_READERS 2u

struct kv_race {
    const struct au_kv *kv;
    atomic_bool is_over;
    atomic_uint differences;
    atomic_uint reads;
};

static inline void kv_race_read(struct kv_race *race)
{
    struct au_kv_snapshot snapshot;
    struct au_buf a, b;
    au_buf_init(&a, 8);
    au_buf_init(&b, 8);
    bool is_read = au_kv_snapshot_open(race->kv, &snapshot) == AU_OK;
    if (is_read) {
        is_read = au_kv_get(race->kv, &snapshot, AU_CF_ACC, au_bytes_of("n"), &a) == AU_OK &&
                  au_kv_get(race->kv, &snapshot, AU_CF_STO, au_bytes_of("n"), &b) == AU_OK;
        au_kv_snapshot_close(&snapshot);
    }
    bool is_same = is_read && au_bytes_is_equal(au_buf_bytes(&a), au_buf_bytes(&b));
    atomic_fetch_add(&race->differences, is_same ? 0u : 1u);
    atomic_fetch_add(&race->reads, 1u);
    au_buf_done(&a);
    au_buf_done(&b);
}

static inline void *kv_race_reader(void *argument)
{
    struct kv_race *race = argument;
    do {
        kv_race_read(race);
    } while (!atomic_load(&race->is_over));
    return NULL;
}

static inline void kv_race_write(const struct kv_race *race, uint32_t number)
{
    struct au_kv_batch batch;
    struct au_bytes value = {(const uint8_t *)&number, sizeof(number)};
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("n"), value);
    au_kv_batch_put(&batch, AU_CF_STO, au_bytes_of("n"), value);
    assert_ok(au_kv_write(race->kv, &batch, false));
    au_kv_batch_done(&batch);
}

static void test_readers_see_whole_batches(void **state)
{
    struct kv_race race = {.kv = *state};
    pthread_t readers[KV_RACE_READERS];
    kv_race_write(&race, 0);
    for (size_t i = 0; i < KV_RACE_READERS; i++) {
        assert_int_equal(pthread_create(&readers[i], NULL, kv_race_reader, &race), 0);
    }
    for (uint32_t number = 1; number <= KV_RACE_WRITES; number++) {
        kv_race_write(&race, number);
    }
    atomic_store(&race.is_over, true);
    for (size_t i = 0; i < KV_RACE_READERS; i++) {
        assert_int_equal(pthread_join(readers[i], NULL), 0);
    }
    assert_true(atomic_load(&race.reads) >= KV_RACE_READERS);
    assert_int_equal(atomic_load(&race.differences), 0);
}

/* ---- two writers ---- */

#define KV_WRITES     200u
#define KV_WRITE_KEYS 100u

struct kv_writer {
    const struct au_kv *kv;
    atomic_uint failures;
    atomic_bool is_over;
};

/* Writes "k00".. with a number, over and over, but deletes the keys whose number is a multiple of
 * five. */
static inline void *kv_write_often(void *argument)
{
    struct kv_writer *writer = argument;
    struct au_kv_batch batch;
    char key[12], value[16];
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t number = 1; number <= KV_WRITES; number++) {
        au_kv_batch_clear(&batch);
        snprintf(value, sizeof(value), "%u", number);
        for (uint32_t i = 0; i < KV_WRITE_KEYS; i++) {
            snprintf(key, sizeof(key), "k%02u", i);
            if (i % 5 == 0) {
                au_kv_batch_del(&batch, AU_CF_TRI, au_bytes_of(key));
            } else {
                au_kv_batch_put(&batch, AU_CF_TRI, au_bytes_of(key), au_bytes_of(value));
            }
        }
        if (au_kv_write(writer->kv, &batch, false) != AU_OK) {
            atomic_fetch_add(&writer->failures, 1u);
        }
    }
    au_kv_batch_done(&batch);
    atomic_store(&writer->is_over, true);
    return NULL;
}

/* Neither loses what the other does, and each batch is seen whole. */
static void test_two_writers(void **state)
{
    struct kv_writer writer = {.kv = *state};
    pthread_t thread;
    struct au_buf value;
    uint32_t count = 0;
    char text[16];
    au_buf_init(&value, KV_VALUE_MAX);
    assert_int_equal(pthread_create(&thread, NULL, kv_write_often, &writer), 0);
    while (!atomic_load(&writer.is_over) || count < 50) {
        struct au_kv_snapshot snapshot;
        snprintf(text, sizeof(text), "%u", ++count);
        kv_put(writer.kv, AU_CF_ACC, text, text);
        kv_put(writer.kv, AU_CF_TRI, text, text);
        assert_ok(au_kv_snapshot_open(writer.kv, &snapshot));
        enum au_err err = au_kv_get(writer.kv, &snapshot, AU_CF_TRI, au_bytes_of("k01"), &value);
        snprintf(text, sizeof(text), "%.*s", (int)value.size, (const char *)value.data);
        kv_expect(writer.kv, &snapshot, AU_CF_TRI, "k99", err == AU_OK ? text : NULL);
        au_kv_snapshot_close(&snapshot);
    }
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(atomic_load(&writer.failures), 0);
    for (uint32_t i = 1; i <= count; i++) {
        snprintf(text, sizeof(text), "%u", i);
        kv_expect(writer.kv, NULL, AU_CF_ACC, text, text);
        kv_expect(writer.kv, NULL, AU_CF_TRI, text, text);
    }
    snprintf(text, sizeof(text), "%u", KV_WRITES);
    kv_expect(writer.kv, NULL, AU_CF_TRI, "k99", text);
    au_buf_done(&value);
}

/* Fixed changes against an array that is right by its plainness. */
#define KV_MODEL_KEYS   64u
#define KV_MODEL_ROUNDS 300u

static void test_like_a_model(void **state)
{
    const struct au_kv *kv = *state;
    uint32_t model[KV_MODEL_KEYS] = {0}; /* 0: no value */
    uint64_t seed = 7;
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t round = 1; round <= KV_MODEL_ROUNDS; round++) {
        au_kv_batch_clear(&batch);
        for (uint32_t i = 0; i < 8; i++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            uint8_t key = (uint8_t)(seed >> 58);
            bool is_del = (seed >> 40 & 3) == 0;
            model[key] = is_del ? 0 : round;
            struct au_bytes value = {(const uint8_t *)&round, sizeof(round)};
            if (is_del) au_kv_batch_del(&batch, AU_CF_TRI, (struct au_bytes){&key, 1});
            if (!is_del) au_kv_batch_put(&batch, AU_CF_TRI, (struct au_bytes){&key, 1}, value);
        }
        assert_ok(au_kv_write(kv, &batch, false));

        struct au_kv_iter iter;
        struct au_kv_entry entry;
        assert_ok(au_kv_iter_open(kv, NULL, &(struct au_kv_range){.cf = AU_CF_TRI}, &iter));
        for (uint32_t key = 0; key < KV_MODEL_KEYS; key++) {
            if (model[key] == 0) continue;
            assert_ok(au_kv_iter_next(&iter, &entry));
            assert_int_equal(entry.key.data[0], key);
            assert_memory_equal(entry.value.data, &model[key], sizeof(model[key]));
        }
        assert_err(au_kv_iter_next(&iter, &entry), AU_ERR_NOT_FOUND);
        au_kv_iter_close(&iter);
    }
    au_kv_batch_done(&batch);
}

/* KV_CASES names all of them, each with what opens and closes the store around it. */
#define KV_CASES(open, close)                                                         \
    cmocka_unit_test_setup_teardown(test_get_put_del, open, close),                   \
        cmocka_unit_test_setup_teardown(test_families_are_apart, open, close),        \
        cmocka_unit_test_setup_teardown(test_empty_value_and_key, open, close),       \
        cmocka_unit_test_setup_teardown(test_value_above_bound, open, close),         \
        cmocka_unit_test_setup_teardown(test_get_many, open, close),                  \
        cmocka_unit_test_setup_teardown(test_get_very_many, open, close),             \
        cmocka_unit_test_setup_teardown(test_batch_is_one, open, close),              \
        cmocka_unit_test_setup_teardown(test_order_and_bounds, open, close),          \
        cmocka_unit_test_setup_teardown(test_walk_along_prefix, open, close),         \
        cmocka_unit_test_setup_teardown(test_bounds_are_copied, open, close),         \
        cmocka_unit_test_setup_teardown(test_snapshot_stays, open, close),            \
        cmocka_unit_test_setup_teardown(test_downward, open, close),                  \
        cmocka_unit_test_setup_teardown(test_iterator_stays, open, close),            \
        cmocka_unit_test_setup_teardown(test_readers_see_whole_batches, open, close), \
        cmocka_unit_test_setup_teardown(test_two_writers, open, close),               \
        cmocka_unit_test_setup_teardown(test_like_a_model, open, close)

#endif
