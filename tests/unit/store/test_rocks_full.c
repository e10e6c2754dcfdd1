/* Goal: a store whose disk has no space left, or fails, says so, reads on, writes nothing more, and
 * is whole when it is opened again: with all that was written, and of the batch that failed all or
 * nothing.
 * Method: this program stands between RocksDB and write(2), and fails it after a part of the bytes
 * was written. */
#include "store/rocks.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "support/folder.h"
#include "unit/unit.h"

#define VALUE_SIZE 40000u /* bytes: a batch takes several blocks of the log */
#define CALLS_MAX  12     /* that are failed, each after another part */

static atomic_int failure; /* errno of write; 0: it does not fail */
static atomic_int parts;   /* of CALLS_MAX, that the first such write writes */

/* In place of libc's, for librocksdb too. */
ssize_t write(int fd, const void *data, size_t size)
{
    int error = atomic_load(&failure);
    if (error == 0 || fd <= STDERR_FILENO) return syscall(SYS_write, fd, data, size);
    size_t part = size * (size_t)atomic_exchange(&parts, 0) / CALLS_MAX;
    if (part > 0) return syscall(SYS_write, fd, data, part);
    errno = error;
    return -1;
}

/* RocksDB tries by itself to recover from a full disk, and loses a little memory when it is closed
 * meanwhile. AddressSanitizer asks for this list. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:rocksdb::ErrorHandler::RecoverFromBGError\n";
}

static char folder[64];
static char path[80];
static char message[AU_KV_MESSAGE_SIZE];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/aureon-full-XXXXXX");
    if (!mkdtemp(folder)) return -1;
    snprintf(path, sizeof(path), "%s/store", folder);
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    atomic_store(&failure, 0);
    return folder_remove(folder);
}

static struct au_kv open_kv(void)
{
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 20, .wal_size_max = 4u << 20};
    struct au_kv kv;
    enum au_err err = au_rocks_open(path, &options, message, &kv);
    if (err != AU_OK) print_message("# %s\n", message);
    assert_ok(err);
    return kv;
}

/* Writes a number under two keys of two families. */
static enum au_err put(const struct au_kv *kv, uint8_t number)
{
    static uint8_t value[VALUE_SIZE];
    struct au_kv_batch batch;
    memset(value, number, sizeof(value));
    au_kv_batch_init(&batch, 1 << 20);
    const struct au_bytes key = {&number, 1};
    au_kv_batch_put(&batch, AU_CF_ACC, key, (struct au_bytes){value, sizeof(value)});
    au_kv_batch_put(&batch, AU_CF_META, au_bytes_of("head"), key);
    enum au_err err = au_kv_write(kv, &batch, /* is_synced */ true);
    au_kv_batch_done(&batch);
    return err;
}

/* The number that the store says it has come to; all up to it are there, none behind it. */
static unsigned head_of(const struct au_kv *kv)
{
    struct au_buf value;
    au_buf_init(&value, 1 << 20);
    enum au_err err = au_kv_get(kv, NULL, AU_CF_META, au_bytes_of("head"), &value);
    unsigned head = err == AU_OK ? value.data[0] : 0;
    for (uint8_t number = 1; number < 2 * CALLS_MAX; number++) {
        err = au_kv_get(kv, NULL, AU_CF_ACC, (struct au_bytes){&number, 1}, &value);
        assert_err(err, number <= head ? AU_OK : AU_ERR_NOT_FOUND);
        if (err == AU_OK) assert_int_equal(value.size, VALUE_SIZE);
        if (err == AU_OK) assert_int_equal(value.data[VALUE_SIZE - 1], number);
    }
    au_buf_done(&value);
    return head;
}

static void expect_refusal(int cause, enum au_err expected, const char *text)
{
    unsigned written = 0;
    for (int calls = 0; calls < CALLS_MAX; calls++) {
        struct au_kv kv = open_kv();
        unsigned head = head_of(&kv);
        assert_in_range(head, written, written + 1);
        written = head + 1;
        assert_ok(put(&kv, (uint8_t)written));
        atomic_store(&parts, calls);
        atomic_store(&failure, cause);
        assert_err(put(&kv, (uint8_t)(written + 1)), expected);
        au_kv_message(&kv, message);
        assert_non_null(strstr(message, text));
        assert_int_equal(head_of(&kv), written);

        /* What the disk takes again the store does not, before it is opened again. */
        atomic_store(&failure, 0);
        assert_err(put(&kv, (uint8_t)(written + 1)), expected);
        assert_int_equal(head_of(&kv), written);
        au_kv_close(&kv);
    }
}

static void test_no_space(void **state)
{
    (void)state;
    expect_refusal(ENOSPC, AU_ERR_NO_SPACE, "No space left on device");
}

static void test_quota(void **state)
{
    (void)state;
    expect_refusal(EDQUOT, AU_ERR_NO_SPACE, "Disk quota exceeded");
}

static void test_failing_disk(void **state)
{
    (void)state;
    expect_refusal(EIO, AU_ERR_IO, "Input/output error");
}

/* What cannot be opened for want of space is not changed. */
static void test_open_without_space(void **state)
{
    (void)state;
    const struct au_rocks_options options = au_rocks_options_default();
    struct au_kv kv = open_kv();
    assert_ok(put(&kv, 1));
    au_kv_close(&kv);
    atomic_store(&failure, ENOSPC);
    assert_err(au_rocks_open(path, &options, message, &kv), AU_ERR_NO_SPACE);
    assert_non_null(strstr(message, "No space left on device"));
    atomic_store(&failure, 0);
    kv = open_kv();
    assert_int_equal(head_of(&kv), 1);
    assert_ok(put(&kv, 2));
    au_kv_close(&kv);
}

int main(void)
{
#define FULL(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)
    const struct CMUnitTest tests[] = {
        FULL(test_no_space),
        FULL(test_quota),
        FULL(test_failing_disk),
        FULL(test_open_without_space),
    };
    return cmocka_run_group_tests_name("store/rocks_full", tests, NULL, NULL);
}
