/* The logs of a store on disk: every end, every damaged bit and every place in the folder that a
 * log can have. The logs are RocksDB's own. */
#include "store/wal.h"

#include <sys/stat.h>

#include "store/rocks.h"
#include "support/folder.h"
#include "unit/store/lock_holder.h"

#define BLOCK_SIZE   32768u /* of a log */
#define LOG_SIZE_MAX (5u * BLOCK_SIZE)
#define RECORDS_MAX  8u
#define FULL_HEADER  7u

/* A log and where its records end. */
struct sample {
    uint8_t bytes[LOG_SIZE_MAX];
    size_t size;
    size_t ends[RECORDS_MAX + 1]; /* from 0 on */
    size_t count;                 /* ends */
};

/* The sizes of values that the logs are made of, a record each; 0 ends them. The second log has
 * fragments of all four types, three zeros behind its third block, and a first fragment of no bytes
 * at the end of its fourth. */
static const size_t small_values[] = {1, 20, 5, 0};
static const size_t large_values[] = {100, 70000, 28105, 32733, 10, 0};

static struct sample small, large;
static char folder[64];
static char path[128]; /* of the log in it */

/* ---- samples ---- */

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/aureon-wal-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof(path), "%s/000007.log", folder);
    return 0;
}

static void log_name(uint64_t number, char out_path[128])
{
    snprintf(out_path, 128, "%s/%06u.log", folder, (unsigned)number);
}

/* Gives the size of the one log of the store that has bytes, and its path. */
static size_t find_log(char out_path[128])
{
    for (unsigned number = 1; number < 100; number++) {
        struct stat info;
        log_name(number, out_path);
        if (stat(out_path, &info) == 0 && info.st_size > 0) return (size_t)info.st_size;
    }
    return 0;
}

static void read_sample(struct sample *sample)
{
    char log[128];
    sample->size = find_log(log);
    FILE *file = fopen(log, "rb");
    assert_non_null(file);
    assert_true(sample->size <= sizeof(sample->bytes));
    assert_int_equal(fread(sample->bytes, 1, sample->size, file), sample->size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(sample->ends[sample->count - 1], sample->size);
}

/* Lets RocksDB write a log. */
static void make_sample(struct sample *sample, const size_t *values)
{
    static uint8_t value[LOG_SIZE_MAX];
    struct au_rocks_options options = au_rocks_options_default();
    char log[128], message[AU_KV_MESSAGE_SIZE];
    struct au_kv kv;
    struct au_kv_batch batch;
    assert_int_equal(make_folder(NULL), 0);
    assert_ok(au_rocks_open(folder, &options, message, &kv));
    au_kv_batch_init(&batch, LOG_SIZE_MAX);
    memset(value, 0xa7, sizeof(value));
    sample->count = 1;
    for (; *values > 0; values++) {
        au_kv_batch_clear(&batch);
        au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("key"), (struct au_bytes){value, *values});
        assert_ok(au_kv_write(&kv, &batch, false));
        sample->ends[sample->count++] = find_log(log);
    }
    au_kv_batch_done(&batch);
    au_kv_close(&kv);
    read_sample(sample);
    assert_int_equal(remove_folder(NULL), 0);
}

static int make_samples(void **state)
{
    (void)state;
    make_sample(&small, small_values);
    make_sample(&large, large_values);
    return 0;
}

static void write_log(const char *log, const uint8_t *bytes, size_t size)
{
    (void)unlink(log); /* a new file: some systems write a shortened one to disk at once */
    FILE *file = fopen(log, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
}

static size_t log_size(const char *log)
{
    struct stat info;
    assert_int_equal(stat(log, &info), 0);
    return (size_t)info.st_size;
}

/* ---- what is expected ---- */

static void expect_whole(bool is_torn)
{
    char message[AU_KV_MESSAGE_SIZE];
    bool found = !is_torn;
    assert_ok(au_wal_check(folder, message, &found));
    assert_int_equal(found, is_torn);
}

static void expect_damaged(void)
{
    char message[AU_KV_MESSAGE_SIZE];
    bool is_torn;
    assert_err(au_wal_check(folder, message, &is_torn), AU_ERR_MALFORMED);
    assert_non_null(strstr(message, "Corruption"));
}

static void expect_mended(size_t size)
{
    char message[AU_KV_MESSAGE_SIZE];
    assert_ok(au_wal_mend(folder, message));
    assert_int_equal(log_size(path), size);
    expect_whole(false);
}

/* ---- ends ---- */

/* Cuts a log at a size: what is left of a record is torn. */
static void expect_cut(const struct sample *sample, size_t size, size_t *out_kept)
{
    size_t kept = 0;
    for (size_t i = 0; i < sample->count && sample->ends[i] <= size; i++)
        kept = sample->ends[i];
    /* The zeros behind a block belong to what is before them. */
    size_t left = BLOCK_SIZE - kept % BLOCK_SIZE;
    if (left < FULL_HEADER && kept + left <= size) kept += left;
    write_log(path, sample->bytes, size);
    expect_whole(size != kept);
    *out_kept = kept;
}

static void test_every_cut(void **state)
{
    size_t kept;
    (void)state;
    for (size_t size = 0; size <= small.size; size++)
        expect_cut(&small, size, &kept);
}

static void test_cuts_at_blocks_and_records(void **state)
{
    size_t kept;
    (void)state;
    for (size_t i = 0; i < large.count; i++) {
        for (size_t near = 0; near <= 16; near++) {
            if (large.ends[i] >= near) expect_cut(&large, large.ends[i] - near, &kept);
            if (large.ends[i] + near <= large.size) expect_cut(&large, large.ends[i] + near, &kept);
        }
    }
    for (size_t at = BLOCK_SIZE; at < large.size; at += BLOCK_SIZE) {
        for (size_t near = 0; near <= 16; near++) {
            expect_cut(&large, at - near, &kept);
            expect_cut(&large, at + near, &kept);
        }
    }
}

/* What is torn goes, and nothing else. A mend syncs: only a few. */
static void test_mend(void **state)
{
    const size_t cuts[] = {0,
                           1,
                           large.ends[1] - 1,
                           large.ends[1],
                           large.ends[1] + 1,
                           BLOCK_SIZE,
                           2 * BLOCK_SIZE + 100,
                           large.ends[2],
                           large.ends[3] + 1,
                           3 * BLOCK_SIZE,
                           3 * BLOCK_SIZE + 8,
                           4 * BLOCK_SIZE,
                           large.size - 1,
                           large.size};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cuts); i++) {
        size_t kept;
        expect_cut(&large, cuts[i], &kept);
        expect_mended(kept);
    }
}

/* ---- damage ---- */

static void expect_flips(struct sample *sample, size_t from, size_t to)
{
    for (size_t at = from; at < to; at++) {
        for (unsigned bit = 0; bit < 8; bit++) {
            sample->bytes[at] ^= (uint8_t)(1u << bit);
            write_log(path, sample->bytes, sample->size);
            sample->bytes[at] ^= (uint8_t)(1u << bit);
            expect_damaged();
        }
    }
}

static void test_every_bit(void **state)
{
    char message[AU_KV_MESSAGE_SIZE];
    (void)state;
    expect_flips(&small, 0, small.size);
    assert_err(au_wal_mend(folder, message), AU_ERR_MALFORMED);
    assert_int_equal(log_size(path), small.size);
    write_log(path, small.bytes, small.size);
    expect_whole(false);
}

/* Headers and first bytes of fragments, and what is before them, in a log of several blocks. */
static void test_bits_at_blocks_and_records(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < large.count; i++) {
        size_t end = large.ends[i];
        expect_flips(&large, end > 8 ? end - 8 : 0, end + FULL_HEADER + 1);
    }
    for (size_t at = BLOCK_SIZE; at < large.size; at += BLOCK_SIZE) {
        expect_flips(&large, at - 8, at + FULL_HEADER + 1);
    }
}

static void test_zeros(void **state)
{
    static const struct {
        size_t at, size;
    } cases[] = {{0, 16}, {0, 4096}, {4096, 4096}, {32768, 4096}, {0, BLOCK_SIZE}, {65536, 32768}};
    static uint8_t bytes[LOG_SIZE_MAX];
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        memcpy(bytes, large.bytes, large.size);
        memset(bytes + cases[i].at, 0, cases[i].size);
        write_log(path, bytes, large.size);
        expect_damaged();
    }
    memcpy(bytes, small.bytes, small.size);
    memset(bytes + small.size, 0, 64);
    write_log(path, bytes, small.size + 64);
    expect_damaged();
}

/* The layout that the large log was made for, or its cuts and flips would miss it. */
static void test_layout(void **state)
{
    static const uint8_t zeros[3];
    const uint8_t *first = large.bytes + 4 * (size_t)BLOCK_SIZE - FULL_HEADER;
    (void)state;
    assert_int_equal(large.ends[3], 3 * BLOCK_SIZE - sizeof(zeros));
    assert_memory_equal(large.bytes + large.ends[3], zeros, sizeof(zeros));
    assert_int_equal(large.ends[4], 4 * BLOCK_SIZE - FULL_HEADER);
    assert_int_equal(first[4] | first[5], 0);
    assert_int_equal(first[6], 2);
}

/* Without its first block a log begins within a record. */
static void test_block_missing(void **state)
{
    (void)state;
    write_log(path, large.bytes + BLOCK_SIZE, large.size - BLOCK_SIZE);
    expect_damaged();
}

/* ---- folders ---- */

static void test_no_folder_and_no_log(void **state)
{
    char message[AU_KV_MESSAGE_SIZE];
    bool is_torn = true;
    (void)state;
    expect_whole(false);
    assert_ok(au_wal_check("/no/such/folder", message, &is_torn));
    assert_false(is_torn);
    write_log(path, small.bytes, 1);
    snprintf(message, sizeof(message), "%s/x", path);
    assert_err(au_wal_check(message, message, &is_torn), AU_ERR_IO);
}

static void test_foreign_files(void **state)
{
    static const char *const names[] = {"LOG",    "7.logs",          ".log",
                                        "7x.log", "MANIFEST-000007", "99999999999999999999999.log"};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        char log[128];
        snprintf(log, sizeof(log), "%s/%s", folder, names[i]);
        write_log(log, (const uint8_t *)"damaged", 7);
    }
    write_log(path, small.bytes, small.size - 1);
    expect_whole(true);
}

static void test_torn_before_the_newest(void **state)
{
    char newer[128], message[AU_KV_MESSAGE_SIZE];
    (void)state;
    log_name(8, newer);
    write_log(path, small.bytes, small.size - 1);
    write_log(newer, small.bytes, small.size);
    expect_damaged();
    assert_err(au_wal_mend(folder, message), AU_ERR_MALFORMED);
    assert_int_equal(log_size(path), small.size - 1);

    /* One that was begun and has no bytes does not count. */
    write_log(newer, small.bytes, 0);
    expect_whole(true);
    expect_mended(small.ends[small.count - 2]);
}

static void test_damage_before_the_newest(void **state)
{
    char newer[128];
    (void)state;
    log_name(123456, newer);
    write_log(newer, small.bytes, small.size - 1);
    expect_flips(&small, 0, 16);
    write_log(path, small.bytes, small.size);
    expect_whole(true);
}

/* What another process writes is not cut. */
static void test_lock(void **state)
{
    char message[AU_KV_MESSAGE_SIZE];
    (void)state;
    write_log(path, small.bytes, small.size - 1);
    struct lock_holder holder = lock_hold(folder);
    enum au_err err = au_wal_mend(folder, message);
    lock_let_go(holder);
    assert_err(err, AU_ERR_IO);
    assert_non_null(strstr(message, "LOCK"));
    assert_int_equal(log_size(path), small.size - 1);
    expect_mended(small.ends[small.count - 2]);
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_layout),
        CASE(test_every_cut),
        CASE(test_cuts_at_blocks_and_records),
        CASE(test_mend),
        CASE(test_every_bit),
        CASE(test_bits_at_blocks_and_records),
        CASE(test_zeros),
        CASE(test_block_missing),
        CASE(test_no_folder_and_no_log),
        CASE(test_foreign_files),
        CASE(test_torn_before_the_newest),
        CASE(test_damage_before_the_newest),
        CASE(test_lock),
    };
    return cmocka_run_group_tests_name("wal", tests, make_samples, NULL);
}
