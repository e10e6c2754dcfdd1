/* Every pointer and size of every host function, at 0, 1, around the end of memory, at 2^31 and at
 * 2^32 - 1, in every combination, for a module without memory, with one page and with the most.
 *
 * What must happen is worked out from a table of ranges and limits that says for each function what
 * protocol.md section 4 says in words. */
#include "fixture.h"

#define RANGES_MAX 3u
#define FIXED      UINT32_MAX

/* What a size past its limit leads to. */
enum past_limit { NO_LIMIT, REJECTED, RETURNS_1, RETURNS_MINUS_1 };

struct range {
    uint32_t pointer; /* index of a parameter */
    uint32_t size;    /* likewise, or FIXED */
    uint32_t fixed_size;
    uint32_t size_min;
    uint32_t size_max;
    enum past_limit past;
};

struct row {
    const char *name;
    uint32_t number;
    enum au_outcome end; /* when nothing is wrong but that no handle is open */
    size_t range_count;
    struct range ranges[RANGES_MAX];
};

#define SIZED(pointer, size)                      \
    {                                             \
        pointer, size, 0, 0, UINT32_MAX, NO_LIMIT \
    }
#define BYTES(pointer, fixed)                          \
    {                                                  \
        pointer, FIXED, fixed, 0, UINT32_MAX, NO_LIMIT \
    }
#define KEY(pointer, size, past)       \
    {                                  \
        pointer, size, 0, 1, 256, past \
    }
#define NAME(pointer, size)               \
    {                                     \
        pointer, size, 0, 1, 64, REJECTED \
    }
#define UP_TO(pointer, size, max, past) \
    {                                   \
        pointer, size, 0, 0, max, past  \
    }

static const struct row rows[] = {
    {"log", 1, AU_OUTCOME_SUCCESS, 1, {UP_TO(0, 1, 4096, REJECTED)}},
    {"get_balance", 2, AU_OUTCOME_SUCCESS, 1, {SIZED(0, 1)}},
    {"transfer", 3, AU_OUTCOME_SUCCESS, 2, {SIZED(0, 1), SIZED(2, 3)}},
    {"storage_read", 4, AU_OUTCOME_SUCCESS, 2, {KEY(0, 1, RETURNS_MINUS_1), SIZED(2, 3)}},
    {"storage_write",
     5,
     AU_OUTCOME_SUCCESS,
     2,
     {KEY(0, 1, RETURNS_1), UP_TO(2, 3, 65536, RETURNS_1)}},
    {"storage_size", 6, AU_OUTCOME_SUCCESS, 1, {KEY(0, 1, RETURNS_MINUS_1)}},
    {"storage_delete", 7, AU_OUTCOME_SUCCESS, 1, {KEY(0, 1, RETURNS_1)}},
    {"arg_read", 10, AU_OUTCOME_SUCCESS, 1, {SIZED(1, 3)}},
    {"return_data", 11, AU_OUTCOME_SUCCESS, 1, {UP_TO(0, 1, 262144, REJECTED)}},
    {"revert", 12, AU_OUTCOME_REVERTED, 1, {UP_TO(1, 2, 262144, REJECTED)}},
    {"self_address", 13, AU_OUTCOME_SUCCESS, 1, {BYTES(0, 32)}},
    {"caller", 14, AU_OUTCOME_SUCCESS, 1, {BYTES(0, 32)}},
    {"origin", 15, AU_OUTCOME_SUCCESS, 1, {BYTES(0, 32)}},
    {"chain_id", 20, AU_OUTCOME_SUCCESS, 1, {SIZED(0, 1)}},
    {"emit", 21, AU_OUTCOME_SUCCESS, 2, {NAME(0, 1), UP_TO(4, 5, 16384, REJECTED)}},
    {"call", 22, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 32), SIZED(1, 2), SIZED(3, 4)}},
    {"deploy", 23, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 32), SIZED(1, 2), BYTES(5, 32)}},
    {"ret_read", 25, AU_OUTCOME_SUCCESS, 1, {SIZED(0, 2)}},
    {"upgrade", 26, AU_OUTCOME_SUCCESS, 1, {BYTES(0, 32)}},
    {"set_admin", 27, AU_OUTCOME_SUCCESS, 1, {UP_TO(0, 1, 64, REJECTED)}},
    {"iter_open", 28, AU_OUTCOME_SUCCESS, 1, {UP_TO(0, 1, 256, REJECTED)}},
    {"iter_next", 29, AU_OUTCOME_HOST_REJECTED, 2, {SIZED(1, 2), SIZED(3, 4)}},
    {"sha256", 31, AU_OUTCOME_SUCCESS, 2, {SIZED(0, 1), BYTES(2, 32)}},
    {"keccak256", 32, AU_OUTCOME_SUCCESS, 2, {SIZED(0, 1), BYTES(2, 32)}},
    {"blake2b_256", 33, AU_OUTCOME_SUCCESS, 2, {SIZED(0, 1), BYTES(2, 32)}},
    {"ed25519_verify", 34, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 32), BYTES(1, 64), SIZED(2, 3)}},
    {"secp256k1_verify", 35, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 33), BYTES(1, 64), BYTES(2, 32)}},
    {"secp256k1_recover", 36, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 65), BYTES(1, 32), BYTES(2, 64)}},
    {"p256_verify", 37, AU_OUTCOME_SUCCESS, 3, {BYTES(0, 33), BYTES(1, 64), BYTES(2, 32)}},
};

static const char *const without_pointers[] = {
    "arg_count",  "arg_size", "value",    "block_height",
    "block_time", "gas_left", "ret_size", "iter_close",
};

static uint32_t size_of(const struct range *range, const uint64_t *numbers)
{
    return range->size == FIXED ? range->fixed_size : (uint32_t)numbers[range->size];
}

/* true: the run must have ended as checked here. */
static bool check_sizes(const struct fixture *fx, const struct row *row, const uint64_t *numbers)
{
    for (size_t i = 0; i < row->range_count; i++) {
        const struct range *range = &row->ranges[i];
        uint32_t size = size_of(range, numbers);
        if (range->past == NO_LIMIT || (size >= range->size_min && size <= range->size_max))
            continue;
        if (range->past == REJECTED)
            assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                        fixture_reject(row->number, AU_HOST_REJECT_SIZE));
        else
            assert_int_equal(fixture_output_i64(fx), range->past == RETURNS_1 ? 1 : -1);
        return true;
    }
    return false;
}

static bool check_pointers(const struct fixture *fx, const struct row *row, const uint64_t *numbers,
                           uint64_t end)
{
    for (size_t i = 0; i < row->range_count; i++) {
        uint64_t size = size_of(&row->ranges[i], numbers);
        if (size == 0 || numbers[row->ranges[i].pointer] + size <= end) continue;
        assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                    fixture_reject(row->number, AU_HOST_REJECT_POINTER));
        return true;
    }
    return false;
}

static void run_combination(struct fixture *fx, const struct row *row, const uint64_t *numbers,
                            size_t count)
{
    uint64_t end = (uint64_t)au_loaded_info(fx->loaded)->pages_min * 65536;
    fixture_reset(fx);
    fixture_run_numbers(fx, row->name, numbers, count);
    if (check_sizes(fx, row, numbers)) return;
    if (check_pointers(fx, row, numbers, end)) return;
    bool wants_handle = row->end == AU_OUTCOME_HOST_REJECTED;
    assert_ends(fx, row->end,
                wants_handle ? fixture_reject(row->number, AU_HOST_REJECT_HANDLE) : 0);
}

static size_t find_param_count(const char *name)
{
    for (size_t i = 0; i < au_host_env.count; i++) {
        if (strcmp(au_host_env.entries[i].name, name) == 0)
            return strlen(au_host_env.entries[i].params);
    }
    fail_msg("no host function %s", name);
    return 0;
}

/* All values for every parameter that is a pointer or a size; 0 for the others. */
static void run_row(struct fixture *fx, const struct row *row)
{
    uint32_t end = au_loaded_info(fx->loaded)->pages_min * 65536;
    const uint32_t values[] = {0, 1, end - 1, end, end + 1, 0x80000000, 0xffffffff};
    uint64_t numbers[FIXTURE_ARGS_MAX] = {0};
    size_t param_count = find_param_count(row->name);
    uint32_t params[2 * RANGES_MAX];
    size_t count = 0;
    size_t combinations = 1;
    for (size_t i = 0; i < row->range_count; i++) {
        params[count++] = row->ranges[i].pointer;
        if (row->ranges[i].size != FIXED) params[count++] = row->ranges[i].size;
    }
    for (size_t i = 0; i < count; i++)
        combinations *= AU_COUNT_OF(values);
    for (size_t n = 0; n < combinations; n++) {
        size_t rest = n;
        for (size_t i = 0; i < count; i++, rest /= AU_COUNT_OF(values))
            numbers[params[i]] = values[rest % AU_COUNT_OF(values)];
        run_combination(fx, row, numbers, param_count);
    }
}

static void run_all(uint32_t pages)
{
    struct fixture fx;
    fixture_open(&fx);
    fixture_load_hosts(&fx, pages, "");
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++)
        run_row(&fx, &rows[i]);
    fixture_close(&fx);
}

static void test_no_memory(void **state)
{
    (void)state;
    run_all(FIXTURE_NO_MEMORY);
}

static void test_memory_of_no_page(void **state)
{
    (void)state;
    run_all(0);
}

static void test_one_page(void **state)
{
    (void)state;
    run_all(1);
}

static void test_most_pages(void **state)
{
    (void)state;
    run_all(256);
}

/* A function without a row here must be one that takes no pointer; abort has a test of its own. */
static void test_rows_cover_all(void **state)
{
    (void)state;
    size_t covered = AU_COUNT_OF(rows) + AU_COUNT_OF(without_pointers) + 1;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++)
        (void)find_param_count(rows[i].name);
    for (size_t i = 0; i < AU_COUNT_OF(without_pointers); i++)
        (void)find_param_count(without_pointers[i]);
    assert_int_equal(covered, au_host_env.count);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_cover_all),    cmocka_unit_test(test_no_memory),
        cmocka_unit_test(test_memory_of_no_page), cmocka_unit_test(test_one_page),
        cmocka_unit_test(test_most_pages),
    };
    return cmocka_run_group_tests_name("contract/host_pointers", tests, NULL, NULL);
}
