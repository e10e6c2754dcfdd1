/* A new store's first manifest: what RocksDB makes of it, and of all that a crash may leave on the
 * way there. */
#include "store/manifest.h"

#include <dirent.h>

#include "base/file.h"
#include "store/rocks.h"
#include "support/folder.h"
#include "unit/store/lock_holder.h"

static char folder[64];
static const char *names[AU_CF_COUNT];

static int make_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/aureon-manifest-XXXXXX");
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        names[i] = au_cf_name((enum au_cf)i);
    }
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return folder_remove(folder);
}

static enum au_err open_store(struct au_kv *out_kv, char message[AU_KV_MESSAGE_SIZE])
{
    const struct au_rocks_options options = {
        .cache_size = 1u << 20, .write_buffer_size = 1u << 20, .wal_size_max = 4u << 20};
    return au_rocks_open(folder, &options, message, out_kv);
}

static void write_file(const char *name, const char *content)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    assert_ok(au_file_write(path, au_bytes_of(content)));
}

static void expect_file(const char *name, const char *expected)
{
    char path[128];
    struct au_buf content;
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    au_buf_init(&content, 4096);
    assert_err(au_file_read(path, &content), expected ? AU_OK : AU_ERR_NOT_FOUND);
    if (expected) assert_bytes(au_buf_bytes(&content), expected);
    au_buf_done(&content);
}

static size_t count_files(const char *begin)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    size_t count = 0;
    for (struct dirent *entry; (entry = readdir(dir));) {
        count += strncmp(entry->d_name, begin, strlen(begin)) == 0;
    }
    closedir(dir);
    return count;
}

static enum au_err make(size_t count)
{
    char message[AU_KV_MESSAGE_SIZE];
    return au_manifest_make(folder, names, count, message);
}

/* Opens the store twice, and finds in each family what was put there. */
static void expect_store(void)
{
    struct au_kv kv;
    struct au_kv_batch batch;
    struct au_buf value;
    char message[AU_KV_MESSAGE_SIZE];
    au_kv_batch_init(&batch, 4096);
    au_buf_init(&value, 64);
    for (int cf = 0; cf < AU_CF_COUNT; cf++) {
        au_kv_batch_put(&batch, (enum au_cf)cf, au_bytes_of("key"), au_bytes_of(names[cf]));
    }
    for (int round = 0; round < 2; round++) {
        assert_ok(open_store(&kv, message));
        if (round == 0) assert_ok(au_kv_write(&kv, &batch, true));
        for (int cf = 0; cf < AU_CF_COUNT; cf++) {
            assert_ok(au_kv_get(&kv, NULL, (enum au_cf)cf, au_bytes_of("key"), &value));
            assert_bytes(au_buf_bytes(&value), names[cf]);
        }
        au_kv_close(&kv);
    }
    au_buf_done(&value);
    au_kv_batch_done(&batch);
}

static void test_current(void **state)
{
    (void)state;
    assert_ok(make(AU_CF_COUNT));
    expect_file("CURRENT", "MANIFEST-000001\n");
    write_file("SCHEMA", "aureon-store 3\n");
    expect_store();
    assert_int_equal(count_files("MANIFEST-"), 1);
}

/* RocksDB writes its options once at each opening, and once more for each family that it makes. */
static void test_options_are_written_once(void **state)
{
    struct au_kv kv;
    char message[AU_KV_MESSAGE_SIZE];
    (void)state;
    assert_ok(open_store(&kv, message));
    assert_int_equal(count_files("OPTIONS-"), 1);
    au_kv_close(&kv);
}

/* As where RocksDB itself was interrupted, or a later version has more families. */
static void test_families_missing(void **state)
{
    (void)state;
    for (size_t count = 0; count < AU_CF_COUNT; count += 3) {
        assert_ok(make(count));
        write_file("SCHEMA", "aureon-store 3\n");
        expect_store();
        assert_int_equal(remove_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
    }
}

static void test_interrupted(void **state)
{
    static const char *const files[] = {
        "SCHEMA.12-0.tmp",          "SCHEMA",          "LOCK",
        "MANIFEST-000001.12-0.tmp", "MANIFEST-000001", "CURRENT.12-0.tmp"};
    (void)state;
    for (size_t count = 1; count <= AU_COUNT_OF(files); count++) {
        for (size_t i = 0; i < count; i++) {
            write_file(files[i], "MAN");
        }
        assert_ok(make(AU_CF_COUNT));
        expect_file("CURRENT", "MANIFEST-000001\n");
        write_file("SCHEMA", "aureon-store 3\n");
        expect_store();
        assert_int_equal(remove_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
    }
}

static void test_what_is_there_stays(void **state)
{
    static const struct {
        const char *name;
        enum au_err err;
    } files[] = {{"CURRENT", AU_OK},
                 {"IDENTITY", AU_OK},
                 {"MANIFEST-000005", AU_OK},
                 {"000003.log", AU_ERR_MALFORMED},
                 {"000003.sst", AU_ERR_MALFORMED}};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(files); i++) {
        write_file(files[i].name, "kept");
        assert_err(make(AU_CF_COUNT), files[i].err);
        expect_file(files[i].name, "kept");
        expect_file("MANIFEST-000001", NULL);
        assert_int_equal(count_files("CURRENT"), i == 0);
        assert_int_equal(remove_folder(state), 0);
        assert_int_equal(make_folder(state), 0);
    }
}

/* Its tables would be deleted as a new store's that nobody knows. */
static void test_store_without_current_refused(void **state)
{
    struct au_kv kv = {0};
    char current[128], message[AU_KV_MESSAGE_SIZE];
    (void)state;
    expect_store();
    size_t count = count_files("");
    snprintf(current, sizeof(current), "%s/CURRENT", folder);
    assert_int_equal(unlink(current), 0);
    for (int round = 0; round < 2; round++) {
        assert_err(open_store(&kv, message), AU_ERR_MALFORMED);
        assert_non_null(strstr(message, "no file CURRENT"));
        assert_null(kv.ops);
        assert_int_equal(count_files(""), count - 1);
    }
}

static void test_no_folder(void **state)
{
    char message[AU_KV_MESSAGE_SIZE];
    (void)state;
    assert_ok(au_manifest_make("/tmp/aureon-no-such/folder", names, AU_CF_COUNT, message));
}

/* What another process is making is left to it. */
static void test_lock(void **state)
{
    (void)state;
    struct lock_holder holder = lock_hold(folder);
    assert_ok(make(AU_CF_COUNT));
    expect_file("MANIFEST-000001", NULL);
    lock_let_go(holder);
    expect_store();
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_current),
        CASE(test_options_are_written_once),
        CASE(test_families_missing),
        CASE(test_interrupted),
        CASE(test_what_is_there_stays),
        CASE(test_store_without_current_refused),
        CASE(test_no_folder),
        CASE(test_lock),
    };
    return cmocka_run_group_tests_name("manifest", tests, NULL, NULL);
}
