/* The store in memory: the cases of every store, and what it does with one closed too early. */
#include "store/memkv.h"

#include "kv_cases.h"

static struct au_kv kv;

static int open_kv(void **state)
{
    *state = &kv;
    return au_memkv_open(&kv) == AU_OK ? 0 : -1;
}

static int close_kv(void **state)
{
    (void)state;
    au_kv_close(&kv);
    return 0;
}

static void close_with_snapshot(void *argument)
{
    struct au_kv_snapshot snapshot;
    if (au_kv_snapshot_open(argument, &snapshot) == AU_OK) au_kv_close(argument);
}

static void close_with_iterator(void *argument)
{
    struct au_kv_iter iter;
    const struct au_kv_range all = {.cf = AU_CF_ACC};
    if (au_kv_iter_open(argument, NULL, &all, &iter) == AU_OK) au_kv_close(argument);
}

static void read_foreign_snapshot(void *argument)
{
    struct au_kv other;
    struct au_kv_snapshot snapshot;
    struct au_buf value;
    au_buf_init(&value, KV_VALUE_MAX);
    if (au_memkv_open(&other) != AU_OK) return;
    if (au_kv_snapshot_open(&other, &snapshot) != AU_OK) return;
    if (au_kv_get(argument, &snapshot, AU_CF_ACC, au_bytes_of("a"), &value) == AU_OK) return;
}

static enum au_err take_nothing(void *context, size_t index, const struct au_bytes *value)
{
    (void)context;
    (void)index;
    (void)value;
    return AU_OK;
}

static void read_unordered(void *argument)
{
    const struct au_bytes keys[] = {au_bytes_of("b"), au_bytes_of("a")};
    const struct au_kv_many many = {AU_CF_ACC, keys, 2, NULL, take_nothing};
    if (au_kv_get_many(argument, NULL, &many) == AU_OK) return;
}

static void read_twice(void *argument)
{
    const struct au_bytes keys[] = {au_bytes_of("a"), au_bytes_of("a")};
    const struct au_kv_many many = {AU_CF_ACC, keys, 2, NULL, take_nothing};
    if (au_kv_get_many(argument, NULL, &many) == AU_OK) return;
}

static void test_misuse_aborts(void **state)
{
    assert_true(unit_aborts(close_with_snapshot, *state));
    assert_true(unit_aborts(close_with_iterator, *state));
    assert_true(unit_aborts(read_foreign_snapshot, *state));
    assert_true(unit_aborts(read_unordered, *state));
    assert_true(unit_aborts(read_twice, *state));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        KV_CASES(open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_misuse_aborts, open_kv, close_kv),
    };
    return cmocka_run_group_tests_name("memkv", tests, NULL, NULL);
}
