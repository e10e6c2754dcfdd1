/* The store on disk: the cases of every store, then what a disk is for: reopening, the lock, a
 * process killed after a synced batch, and logs that are torn, damaged or gone. The process to be
 * killed is this program started anew, as RocksDB's threads do not survive a fork. */
#include "store/rocks.h"

#include <dirent.h>
#include <sys/stat.h>

#include "base/file.h"
#include "kv_cases.h"
#include "support/folder.h"

#define WRITER "--write"

struct fixture {
    struct au_kv kv; /* first: the cases see a struct au_kv */
    char folder[64];
    char path[80];
    char message[AU_KV_MESSAGE_SIZE];
};

static struct fixture fixture;

static enum au_err open_at(const char *path, char message[AU_KV_MESSAGE_SIZE], struct au_kv *out_kv)
{
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 20, .wal_size_max = 4u << 20};
    return au_rocks_open(path, &options, message, out_kv);
}

static int make_folder(void **state)
{
    *state = &fixture;
    snprintf(fixture.folder, sizeof(fixture.folder), "/tmp/aureon-rocks-XXXXXX");
    if (!mkdtemp(fixture.folder)) return -1;
    snprintf(fixture.path, sizeof(fixture.path), "%s/store", fixture.folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(fixture.folder);
}

static int open_kv(void **state)
{
    if (make_folder(state) != 0) return -1;
    return open_at(fixture.path, fixture.message, &fixture.kv) == AU_OK ? 0 : -1;
}

static int close_kv(void **state)
{
    au_kv_close(&fixture.kv);
    return remove_folder(state);
}

static void reopen(void)
{
    au_kv_close(&fixture.kv);
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
}

static void test_get_many_of_tables(void **state)
{
    const struct au_kv *kv = *state;
    kv_put_many(kv);
    reopen();
    kv_check_many(kv);
}

static void test_reopen_keeps(void **state)
{
    const struct au_kv *kv = *state;
    for (int cf = 0; cf < AU_CF_COUNT; cf++) {
        kv_put(kv, (enum au_cf)cf, "key", au_cf_name((enum au_cf)cf));
    }
    kv_put(kv, AU_CF_KEY, "slot", "");
    kv_del(kv, AU_CF_TXI, "key");
    for (int round = 0; round < 2; round++) {
        reopen();
        for (int cf = 0; cf < AU_CF_COUNT; cf++) {
            const char *name = au_cf_name((enum au_cf)cf);
            kv_expect(kv, NULL, (enum au_cf)cf, "key", cf == AU_CF_TXI ? NULL : name);
        }
        kv_expect(kv, NULL, AU_CF_KEY, "slot", "");
    }
}

/* suffix: NULL for all. */
static size_t count_files(const char *suffix)
{
    DIR *folder = opendir(fixture.path);
    assert_non_null(folder);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        const char *end = strrchr(entry->d_name, '.');
        if (!suffix || (end && strcmp(end, suffix) == 0)) count++;
    }
    closedir(folder);
    return count;
}

/* Besides logs and tables: RocksDB keeps the options of the last two openings. */
static void test_reopen_leaves_no_files(void **state)
{
    (void)state;
    size_t count = 0;
    for (int round = 0; round < 6; round++) {
        reopen();
        assert_int_equal(count_files(".dbtmp"), 0);
        size_t others = count_files(NULL) - count_files(".log") - count_files(".sst");
        if (round > 1) assert_int_equal(others, count);
        count = others;
    }
}

/* More than the write buffers hold, so that tables on disk are read as well. */
static void test_flushed_values(void **state)
{
    const struct au_kv *kv = *state;
    static uint8_t value[4096];
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%05u", i);
        memset(value, (int)(i % 251), sizeof(value));
        au_kv_batch_clear(&batch);
        au_kv_batch_put(&batch, i % 2 ? AU_CF_BLK : AU_CF_ACC, au_bytes_of(key),
                        (struct au_bytes){value, sizeof(value)});
        assert_ok(au_kv_write(kv, &batch, false));
    }
    au_kv_batch_done(&batch);
    reopen();
    assert_true(count_files(".sst") > 0);

    struct au_buf read;
    au_buf_init(&read, sizeof(value));
    for (uint32_t i = 0; i < 2000; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%05u", i);
        memset(value, (int)(i % 251), sizeof(value));
        enum au_cf cf = i % 2 ? AU_CF_BLK : AU_CF_ACC;
        assert_ok(au_kv_get(kv, NULL, cf, au_bytes_of(key), &read));
        assert_int_equal(read.size, sizeof(value));
        assert_memory_equal(read.data, value, sizeof(value));
    }
    au_buf_done(&read);
}

/* What a family takes of the memory for changes is about what was written to it, so that nothing is
 * flushed while there is half as much. */
static void test_memory_is_for_changes(void **state)
{
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 16u << 20, .wal_size_max = 64u << 20};
    static uint8_t value[1000];
    struct au_kv_batch batch;
    struct au_kv kv;
    char key[16];
    (void)state;
    assert_ok(au_rocks_open(fixture.path, &options, fixture.message, &kv));
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t i = 0; i < 4500; i++) {
        snprintf(key, sizeof(key), "key %08u", i);
        au_kv_batch_clear(&batch);
        for (size_t cf = 0; cf < AU_CF_COUNT; cf++) {
            size_t size = cf == AU_CF_BLK ? sizeof(value) : 100;
            au_kv_batch_put(&batch, (enum au_cf)cf, au_bytes_of(key),
                            (struct au_bytes){value, size});
        }
        assert_ok(au_kv_write(&kv, &batch, false));
    }
    assert_int_equal(count_files(".sst"), 0);
    assert_int_equal(count_files(".log"), 1);
    au_kv_batch_done(&batch);
    au_kv_close(&kv);
}

static off_t size_of_logs(void)
{
    DIR *folder = opendir(fixture.path);
    assert_non_null(folder);
    off_t size = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[512];
        struct stat info;
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".log") != 0) continue;
        snprintf(path, sizeof(path), "%s/%s", fixture.path, entry->d_name);
        assert_int_equal(stat(path, &info), 0);
        size += info.st_size;
    }
    closedir(folder);
    return size;
}

/* Fills all families in turn with values of 64 KiB, in memory that holds them all. */
static void fill_and_close(uint32_t count)
{
    static uint8_t value[65536];
    const struct au_rocks_options options = au_rocks_options_default();
    struct au_kv_batch batch;
    assert_ok(au_rocks_open(fixture.path, &options, fixture.message, &fixture.kv));
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (uint32_t i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%05u", i);
        memset(value, (int)(i % 251), sizeof(value));
        au_kv_batch_clear(&batch);
        au_kv_batch_put(&batch, (enum au_cf)(i % AU_CF_COUNT), au_bytes_of(key),
                        (struct au_bytes){value, sizeof(value)});
        assert_ok(au_kv_write(&fixture.kv, &batch, true));
    }
    au_kv_batch_done(&batch);
    au_kv_close(&fixture.kv);
}

static void expect_filled(uint32_t count)
{
    struct au_buf read;
    au_buf_init(&read, 65536);
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    for (uint32_t i = 0; i < count; i++) {
        char key[16];
        snprintf(key, sizeof(key), "%05u", i);
        assert_ok(
            au_kv_get(&fixture.kv, NULL, (enum au_cf)(i % AU_CF_COUNT), au_bytes_of(key), &read));
        assert_int_equal(read.size, 65536);
        assert_int_equal(read.data[0], i % 251);
        assert_int_equal(read.data[65535], i % 251);
    }
    au_buf_done(&read);
    au_kv_close(&fixture.kv);
}

/* After much was written a close leaves no log to replay; after little it leaves the log alone. */
static void test_close_leaves_no_long_log(void **state)
{
    const uint32_t few = 8, many = 288; /* 512 KiB, 18 MiB */
    (void)state;
    fill_and_close(few);
    assert_true(size_of_logs() > (off_t)few * 65536);
    expect_filled(few);
    fill_and_close(many);
    assert_int_equal(size_of_logs(), 0);
    expect_filled(many);
}

/* ---- tables that cannot be read ---- */

struct told {
    unsigned count;
    enum au_err err;
};

static void count_told(void *context, enum au_err err)
{
    struct told *told = context;
    told->count++;
    told->err = err;
}

/* Flips a bit in the first block of every table. */
static void damage_tables(void)
{
    DIR *folder = opendir(fixture.path);
    assert_non_null(folder);
    for (struct dirent *entry; (entry = readdir(folder));) {
        char path[512];
        uint8_t byte;
        const char *end = strrchr(entry->d_name, '.');
        if (!end || strcmp(end, ".sst") != 0) continue;
        snprintf(path, sizeof(path), "%s/%s", fixture.path, entry->d_name);
        int file = open(path, O_RDWR);
        assert_true(file >= 0);
        assert_int_equal(pread(file, &byte, 1, 100), 1);
        byte ^= 1;
        assert_int_equal(pwrite(file, &byte, 1, 100), 1);
        assert_int_equal(close(file), 0);
    }
    closedir(folder);
}

enum way { BY_GET, BY_GET_MANY, BY_WALK, WAY_COUNT };

static enum au_err take_none(void *context, size_t index, const struct au_bytes *value)
{
    (void)context, (void)index, (void)value;
    return AU_OK;
}

/* Reads the first key of the family in one of the ways there are. */
static enum au_err read_first(const struct au_kv *kv, enum way way)
{
    struct au_bytes key = au_bytes_of("00000");
    if (way == BY_GET_MANY) {
        struct au_kv_many many = {AU_CF_META, &key, 1, NULL, take_none};
        return au_kv_get_many(kv, NULL, &many);
    }
    if (way == BY_WALK) {
        struct au_kv_range range = {.cf = AU_CF_META};
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        assert_ok(au_kv_iter_open(kv, NULL, &range, &iter));
        enum au_err err = au_kv_iter_next(&iter, &entry);
        au_kv_iter_close(&iter);
        return err;
    }
    struct au_buf value;
    au_buf_init(&value, 65536);
    enum au_err err = au_kv_get(kv, NULL, AU_CF_META, key, &value);
    au_buf_done(&value);
    return err;
}

/* The first read that fails is told, in whichever way it is read; what is absent is no failure. */
static void test_unreadable_is_told(void **state)
{
    (void)state;
    fill_and_close(288);
    damage_tables();
    for (enum way way = 0; way < WAY_COUNT; way++) {
        struct told told = {0};
        struct au_rocks_options options = au_rocks_options_default();
        char message[AU_KV_MESSAGE_SIZE];
        struct au_buf value;
        options.context = &told;
        options.on_unreadable = count_told;
        assert_ok(au_rocks_open(fixture.path, &options, fixture.message, &fixture.kv));
        au_buf_init(&value, 16);
        assert_err(au_kv_get(&fixture.kv, NULL, AU_CF_META, au_bytes_of("~"), &value),
                   AU_ERR_NOT_FOUND);
        au_buf_done(&value);
        assert_int_equal(told.count, 0);
        for (unsigned i = 0; i < 2; i++) {
            assert_err(read_first(&fixture.kv, way), AU_ERR_MALFORMED);
            assert_int_equal(told.count, 1);
        }
        assert_int_equal(told.err, AU_ERR_MALFORMED);
        au_kv_message(&fixture.kv, message);
        assert_non_null(strstr(message, ".sst"));
        au_kv_close(&fixture.kv);
    }
}

/* What a walk reads is read from memory next time, but for what a scan reads. */
static void test_scan_keeps_nothing(void **state)
{
    (void)state;
    fill_and_close(288);
    for (unsigned is_scan = 0; is_scan < 2; is_scan++) {
        const struct au_rocks_options options = au_rocks_options_default();
        const struct au_kv_range range = {.cf = AU_CF_META, .is_scan = is_scan == 1};
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        assert_ok(au_rocks_open(fixture.path, &options, fixture.message, &fixture.kv));
        assert_ok(au_kv_iter_open(&fixture.kv, NULL, &range, &iter));
        assert_ok(au_kv_iter_next(&iter, &entry));
        au_kv_iter_close(&iter);
        damage_tables();
        assert_err(read_first(&fixture.kv, BY_GET), is_scan ? AU_ERR_MALFORMED : AU_OK);
        damage_tables(); /* whole again */
        au_kv_close(&fixture.kv);
    }
}

/* ---- the schema ---- */

#define SCHEMA "aureon-store 3\n"

static void schema_path(char out_path[128])
{
    snprintf(out_path, 128, "%s/SCHEMA", fixture.path);
}

static void expect_schema(const char *expected)
{
    char path[128];
    struct au_buf content;
    schema_path(path);
    au_buf_init(&content, 64);
    assert_ok(au_file_read(path, &content));
    assert_int_equal(content.size, strlen(expected));
    assert_memory_equal(content.data, expected, content.size);
    au_buf_done(&content);
}

static void test_schema_is_noted(void **state)
{
    const struct au_kv *kv = *state;
    char path[128], message[AU_KV_MESSAGE_SIZE];
    struct au_kv old = {0};
    schema_path(path);
    expect_schema(SCHEMA);
    kv_put(kv, AU_CF_ACC, "a", "1");
    au_kv_close(&fixture.kv);

    /* A store from before stores said what they are. */
    assert_int_equal(unlink(path), 0);
    assert_err(open_at(fixture.path, message, &old), AU_ERR_UNSUPPORTED);
    if (!strstr(message, "the store has schema 1, ")) fail_msg("%s", message);
    assert_int_not_equal(access(path, F_OK), 0);

    assert_ok(au_file_write(path, au_bytes_of(SCHEMA)));
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    kv_expect(kv, NULL, AU_CF_ACC, "a", "1");
}

/* Refused, with words in the message, and left as it was. */
static void expect_schema_refused(const char *content, enum au_err expected, const char *words)
{
    struct au_kv kv = {0};
    char path[128], message[AU_KV_MESSAGE_SIZE];
    schema_path(path);
    assert_ok(au_file_write(path, au_bytes_of(content)));
    assert_err(open_at(fixture.path, message, &kv), expected);
    assert_null(kv.ops);
    if (!strstr(message, words)) fail_msg("'%s' is not in '%s'", words, message);
    expect_schema(content);
    assert_ok(au_file_write(path, au_bytes_of(SCHEMA)));
}

static void test_other_schema_refused(void **state)
{
    const struct au_kv *kv = *state;
    static const char *const damaged[] = {"",
                                          "\n",
                                          "aureon-store 3",
                                          "aureon-store \n",
                                          "aureon-store 0\n",
                                          "aureon-store 02\n",
                                          "aureon-store -2\n",
                                          "aureon-store 3 \n",
                                          "aureon-store 3\n\n",
                                          "aureon-storf 2\n",
                                          "aureon-store 4294967296\n"};
    kv_put(kv, AU_CF_ACC, "a", "1");
    au_kv_close(&fixture.kv);
    expect_schema_refused("aureon-store 1\n", AU_ERR_UNSUPPORTED,
                          "the store has schema 1, and this program reads schema 3: use ");
    expect_schema_refused("aureon-store 4294967295\n", AU_ERR_UNSUPPORTED, "schema 4294967295");
    for (size_t i = 0; i < AU_COUNT_OF(damaged); i++) {
        expect_schema_refused(damaged[i], AU_ERR_MALFORMED, "SCHEMA: expected the line");
    }
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    kv_expect(kv, NULL, AU_CF_ACC, "a", "1");
}

static void test_schema_too_large(void **state)
{
    (void)state;
    struct au_kv kv = {0};
    char path[128], message[AU_KV_MESSAGE_SIZE], content[66];
    au_kv_close(&fixture.kv);
    schema_path(path);
    memset(content, '1', sizeof(content) - 1);
    content[sizeof(content) - 1] = 0;
    assert_ok(au_file_write(path, au_bytes_of(content)));
    assert_err(open_at(fixture.path, message, &kv), AU_ERR_MALFORMED);
    assert_null(kv.ops);
    assert_ok(au_file_write(path, au_bytes_of(SCHEMA)));
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
}

static void test_second_open_refused(void **state)
{
    struct au_kv second = {0};
    char message[AU_KV_MESSAGE_SIZE];
    assert_err(open_at(fixture.path, message, &second), AU_ERR_IO);
    assert_non_null(strstr(message, "LOCK"));
    assert_null(second.ops);
    kv_put(*state, AU_CF_ACC, "a", "1");
    kv_expect(*state, NULL, AU_CF_ACC, "a", "1");
}

static void test_open_without_parent(void **state)
{
    (void)state;
    struct au_kv kv;
    char path[128], message[AU_KV_MESSAGE_SIZE];
    snprintf(path, sizeof(path), "%s/no/such", fixture.folder);
    assert_err(open_at(path, message, &kv), AU_ERR_IO);
    assert_non_null(strstr(message, "/no/such"));
}

static void test_options(void **state)
{
    (void)state;
    struct au_kv kv;
    char message[AU_KV_MESSAGE_SIZE];
    for (int zero = 0; zero < 3; zero++) {
        struct au_rocks_options options = au_rocks_options_default();
        if (zero == 0) options.cache_size = 0;
        if (zero == 1) options.write_buffer_size = 0;
        if (zero == 2) options.wal_size_max = 0;
        assert_err(au_rocks_open(fixture.path, &options, message, &kv), AU_ERR_INVALID_ARG);
        assert_string_equal(message, "");
    }
    struct au_rocks_options options = au_rocks_options_default();
    assert_ok(au_rocks_open(fixture.path, &options, message, &kv));
    au_kv_close(&kv);
}

/* The program that is killed: writes, says so on stdout, waits. */
static int write_and_wait(const char *path)
{
    struct au_kv kv;
    struct au_kv_batch batch;
    char message[AU_KV_MESSAGE_SIZE];
    if (open_at(path, message, &kv) != AU_OK) return 1;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("a"), au_bytes_of("first"));
    if (au_kv_write(&kv, &batch, true) != AU_OK) return 1;
    au_kv_batch_clear(&batch);
    au_kv_batch_put(&batch, AU_CF_ACC, au_bytes_of("a"), au_bytes_of("second"));
    au_kv_batch_put(&batch, AU_CF_BLK, au_bytes_of("b"), au_bytes_of("second"));
    if (au_kv_write(&kv, &batch, true) != AU_OK) return 1;
    if (write(STDOUT_FILENO, "w", 1) != 1) return 1;
    for (;;) {
        pause();
    }
}

/* Starts the writer and gives its pid once it has written. */
static pid_t writer_start(void)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    pid_t writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        if (dup2(ends[1], STDOUT_FILENO) < 0) _exit(1);
        close(ends[0]);
        close(ends[1]);
        execl("/proc/self/exe", "test_rocks", WRITER, fixture.path, (char *)NULL);
        _exit(1);
    }
    close(ends[1]);
    char word;
    assert_int_equal(read(ends[0], &word, 1), 1);
    close(ends[0]);
    return writer;
}

static void writer_kill(pid_t writer)
{
    int status;
    assert_int_equal(kill(writer, SIGKILL), 0);
    assert_int_equal(waitpid(writer, &status, 0), writer);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

static void test_kill_keeps_synced(void **state)
{
    const struct au_kv *kv = *state;
    writer_kill(writer_start());
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    kv_expect(kv, NULL, AU_CF_ACC, "a", "second");
    kv_expect(kv, NULL, AU_CF_BLK, "b", "second");
    au_kv_close(&fixture.kv);
}

static void test_other_process_holds_lock(void **state)
{
    (void)state;
    pid_t writer = writer_start();
    struct au_kv kv;
    char message[AU_KV_MESSAGE_SIZE];
    enum au_err err = open_at(fixture.path, message, &kv);
    writer_kill(writer);
    assert_err(err, AU_ERR_IO);
    assert_non_null(strstr(message, "LOCK"));
}

/* Gives path and size of the one log that is not empty. */
static off_t find_log(char out_path[512])
{
    DIR *folder = opendir(fixture.path);
    assert_non_null(folder);
    off_t size = 0;
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t length = strlen(entry->d_name);
        if (length < 4 || strcmp(entry->d_name + length - 4, ".log") != 0) continue;
        char path[512];
        struct stat info;
        snprintf(path, sizeof(path), "%s/%s", fixture.path, entry->d_name);
        assert_int_equal(stat(path, &info), 0);
        if (info.st_size == 0) continue;
        assert_int_equal(size, 0);
        size = info.st_size;
        memcpy(out_path, path, sizeof(path));
    }
    closedir(folder);
    assert_true(size > 0);
    return size;
}

static void expect_damaged(void)
{
    struct au_kv kv = {0};
    char message[AU_KV_MESSAGE_SIZE];
    assert_err(open_at(fixture.path, message, &kv), AU_ERR_MALFORMED);
    assert_non_null(strstr(message, "Corruption"));
    assert_null(kv.ops);
}

/* Cuts within the last record, of 41 bytes: what a kill in the midst of writing leaves. The record
 * goes once for all: what is written next stays. */
static void test_torn_end_dropped(void **state)
{
    const struct au_kv *kv = *state;
    const off_t cuts[] = {1, 40};
    for (size_t i = 0; i < AU_COUNT_OF(cuts); i++) {
        char log[512];
        writer_kill(writer_start());
        assert_int_equal(truncate(log, find_log(log) - cuts[i]), 0);
        assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
        assert_string_equal(fixture.message, "");
        kv_expect(kv, NULL, AU_CF_ACC, "a", "first");
        kv_expect(kv, NULL, AU_CF_BLK, "b", NULL);
        kv_put(kv, AU_CF_BLK, "b", "third");
        reopen();
        kv_expect(kv, NULL, AU_CF_ACC, "a", "first");
        kv_expect(kv, NULL, AU_CF_BLK, "b", "third");
        au_kv_close(&fixture.kv);
        assert_int_equal(remove_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
    }
}

/* Flips of one bit: in the last record, and in the first at those places where RocksDB alone would
 * take what follows for the end of the log. */
static void test_changed_log_refused(void **state)
{
    (void)state;
    writer_kill(writer_start());
    char log[512];
    off_t size = find_log(log);
    const struct {
        off_t at;
        uint8_t bit;
    } flips[] = {{size - 1, 1}, {20, 1}, {6, 4} /* type */, {5, 1} /* size */, {0, 1}};
    int file = open(log, O_RDWR);
    assert_true(file >= 0);
    for (size_t i = 0; i < AU_COUNT_OF(flips); i++) {
        uint8_t byte;
        assert_int_equal(pread(file, &byte, 1, flips[i].at), 1);
        byte ^= flips[i].bit;
        assert_int_equal(pwrite(file, &byte, 1, flips[i].at), 1);
        expect_damaged();
        assert_int_equal(find_log(log), size);
        byte ^= flips[i].bit;
        assert_int_equal(pwrite(file, &byte, 1, flips[i].at), 1);
    }
    close(file);
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    kv_expect(&fixture.kv, NULL, AU_CF_ACC, "a", "second");
    kv_expect(&fixture.kv, NULL, AU_CF_BLK, "b", "second");
    au_kv_close(&fixture.kv);
}

/* Gives the paths of the logs that have bytes, the oldest first. */
static size_t find_logs(char out_paths[][512], size_t count_max)
{
    size_t count = 0;
    for (unsigned number = 1; number < 100 && count < count_max; number++) {
        struct stat info;
        snprintf(out_paths[count], 512, "%s/%06u.log", fixture.path, number);
        if (stat(out_paths[count], &info) == 0 && info.st_size > 0) count++;
    }
    return count;
}

/* Fills two families until the first of them is flushed: its log is closed, and kept for what the
 * second has in it. Gives the size of that log before its last record. */
static off_t write_two_logs(char out_logs[2][512])
{
    static uint8_t value[65536];
    off_t sizes[2] = {0};
    struct stat info;
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KV_BATCH_MAX);
    for (unsigned i = 0; find_logs(out_logs, 2) < 2; i++) {
        char key[16];
        assert_true(i < 64);
        snprintf(key, sizeof(key), "%u", i);
        au_kv_batch_clear(&batch);
        au_kv_batch_put(&batch, i % 2 ? AU_CF_BLK : AU_CF_ACC, au_bytes_of(key),
                        (struct au_bytes){value, sizeof(value)});
        assert_ok(au_kv_write(&fixture.kv, &batch, true));
        assert_int_equal(find_logs(out_logs, 1), 1);
        assert_int_equal(stat(out_logs[0], &info), 0);
        if (info.st_size == sizes[1]) continue;
        sizes[0] = sizes[1];
        sizes[1] = info.st_size;
    }
    au_kv_batch_done(&batch);
    return sizes[0];
}

static void test_closed_log_gone_or_short_refused(void **state)
{
    char logs[2][512], away[600];
    (void)state;
    assert_ok(open_at(fixture.path, fixture.message, &fixture.kv));
    off_t kept = write_two_logs(logs);
    au_kv_close(&fixture.kv);
    snprintf(away, sizeof(away), "%s-away", logs[0]);
    assert_int_equal(rename(logs[0], away), 0);
    expect_damaged();
    assert_int_equal(rename(away, logs[0]), 0);

    /* Cut exactly before its last record: nothing in the log tells. */
    assert_true(kept > 0);
    assert_int_equal(truncate(logs[0], kept), 0);
    expect_damaged();
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], WRITER) == 0) return write_and_wait(argv[2]);
    const struct CMUnitTest tests[] = {
        KV_CASES(open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_get_many_of_tables, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_reopen_keeps, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_reopen_leaves_no_files, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_flushed_values, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_close_leaves_no_long_log, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_unreadable_is_told, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_scan_keeps_nothing, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_schema_is_noted, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_other_schema_refused, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_schema_too_large, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_second_open_refused, open_kv, close_kv),
        cmocka_unit_test_setup_teardown(test_open_without_parent, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_options, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_memory_is_for_changes, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_kill_keeps_synced, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_other_process_holds_lock, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_torn_end_dropped, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_changed_log_refused, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(test_closed_log_gone_or_short_refused, make_folder,
                                        remove_folder),
    };
    return cmocka_run_group_tests_name("rocks", tests, NULL, NULL);
}
