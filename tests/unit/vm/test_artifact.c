#include "unit/unit.h"

#include <sys/stat.h>

#include "base/file.h"
#include "vm/artifact.h"
#include "vm/parcel.h"

#define SIZE_MAX_PRESET 100000u
#define BODY            "native code"

static const struct au_hash identity = {{0xab, 0xcd}};
static const struct au_hash other_identity = {{0xab, 0xce}};

static char root[] = "/tmp/aureon-artifact-XXXXXX";
static char folder[PATH_MAX];

static struct au_hash key_of(uint8_t number)
{
    return (struct au_hash){{number, 0x77}};
}

static void path_of(const char *part, const struct au_hash *id, uint8_t number, char out[PATH_MAX])
{
    struct au_hash key = key_of(number);
    int size = snprintf(out, PATH_MAX, "%s/%s/", folder, part);
    for (int i = 0; i < 8; i++)
        size += snprintf(out + size, PATH_MAX - (size_t)size, "%02x", id->bytes[i]);
    out[size++] = '-';
    for (int i = 0; i < AU_HASH_SIZE; i++)
        size += snprintf(out + size, PATH_MAX - (size_t)size, "%02x", key.bytes[i]);
}

static bool is_there(const char *part, const struct au_hash *id, uint8_t number)
{
    char path[PATH_MAX];
    path_of(part, id, number, path);
    return access(path, F_OK) == 0;
}

static struct au_artifacts *open_store(uint64_t size_max, const struct au_hash *id)
{
    struct au_artifacts *artifacts = NULL;
    assert_ok(au_artifacts_open(folder, size_max, id, &artifacts));
    return artifacts;
}

/* Whether the module is there, as it was put. */
static bool has(struct au_artifacts *artifacts, uint8_t number)
{
    struct au_buf file;
    struct au_bytes artifact;
    struct au_hash key = key_of(number);
    au_buf_init(&file, AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX);
    enum au_err err = au_artifacts_get(artifacts, &key, &file, &artifact);
    if (err == AU_OK) {
        assert_bytes(artifact, BODY);
    } else {
        assert_err(err, AU_ERR_NOT_FOUND);
    }
    au_buf_done(&file);
    return err == AU_OK;
}

static void put(struct au_artifacts *artifacts, uint8_t number)
{
    struct au_hash key = key_of(number);
    au_artifacts_put(artifacts, &key, au_bytes_of(BODY));
}

static void keep(struct au_artifacts *artifacts, uint8_t number)
{
    struct au_hash key = key_of(number);
    au_artifacts_keep(artifacts, &key);
}

static void write_file(const char *path, struct au_bytes bytes)
{
    FILE *file = fopen(path, "wb"); /* nothing here need survive a crash */
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
    assert_int_equal(fclose(file), 0);
}

static int set_up(void **state)
{
    (void)state;
    static int count;
    snprintf(folder, sizeof(folder), "%s/%d", root, count++);
    return 0;
}

static void test_put_and_get(void **state)
{
    (void)state;
    struct stat info;
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    assert_false(has(artifacts, 1));
    put(artifacts, 1);
    put(artifacts, 1);
    assert_true(has(artifacts, 1));
    assert_false(has(artifacts, 2));
    au_artifacts_close(artifacts);
    assert_int_equal(stat(folder, &info), 0);
    assert_int_equal(info.st_mode & 07777, 0700);

    artifacts = open_store(SIZE_MAX_PRESET, &identity);
    assert_true(has(artifacts, 1));
    struct au_hash key = key_of(1);
    au_artifacts_drop(artifacts, &key);
    assert_false(has(artifacts, 1));
    au_artifacts_close(artifacts);
}

static void test_kept_are_never_evicted(void **state)
{
    (void)state;
    struct au_artifacts *artifacts = open_store(20000, &identity);
    put(artifacts, 0);
    keep(artifacts, 0);
    keep(artifacts, 99); /* is not there */
    for (uint8_t i = 1; i < 30; i++) {
        put(artifacts, i);
        assert_true(has(artifacts, 0));
        assert_true(has(artifacts, i));
    }
    unsigned count = 0;
    for (uint8_t i = 1; i < 30; i++)
        count += has(artifacts, i);
    assert_in_range(count, 1, 4); /* a file counts for its blocks on disk too */
    assert_true(is_there("chain", &identity, 0));
    au_artifacts_close(artifacts);
}

static void test_the_least_used_go_first(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    for (uint8_t i = 0; i < 10; i++) {
        struct timespec times[2] = {{.tv_sec = 1000 + i}, {.tv_sec = 1000 + i}};
        put(artifacts, i);
        path_of("other", &identity, i, path);
        assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
    }
    assert_true(has(artifacts, 0)); /* which is a use */
    au_artifacts_close(artifacts);

    artifacts = open_store(20000, &identity);
    put(artifacts, 10);
    assert_true(is_there("other", &identity, 0));
    assert_true(is_there("other", &identity, 10));
    assert_true(is_there("other", &identity, 9));
    for (uint8_t i = 1; i < 8; i++)
        assert_false(is_there("other", &identity, i));
    au_artifacts_close(artifacts);
}

/* Every bit of a file, and each shorter file: never loaded, and gone afterwards. */
static void test_damaged_files(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct au_buf good;
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    put(artifacts, 1);
    path_of("other", &identity, 1, path);
    au_buf_init(&good, 4096);
    assert_ok(au_file_read(path, &good));
    for (size_t i = 0; i < good.size * 8; i += 3) {
        good.data[i / 8] ^= (uint8_t)(1 << i % 8);
        write_file(path, au_buf_bytes(&good));
        assert_false(has(artifacts, 1));
        assert_int_not_equal(access(path, F_OK), 0);
        good.data[i / 8] ^= (uint8_t)(1 << i % 8);
    }
    for (size_t size = 0; size < good.size; size++) {
        write_file(path, (struct au_bytes){good.data, size});
        assert_false(has(artifacts, 1));
    }
    write_file(path, au_buf_bytes(&good));
    assert_true(has(artifacts, 1));

    path_of("other", &identity, 2, path); /* under another module's name */
    write_file(path, au_buf_bytes(&good));
    assert_false(has(artifacts, 2));

    struct au_parcel wrong = {AU_PARCEL_COMPILED, key_of(1), au_bytes_of(BODY)};
    au_parcel_seal(&wrong, good.data);
    path_of("other", &identity, 1, path);
    write_file(path, au_buf_bytes(&good));
    assert_false(has(artifacts, 1));
    au_buf_done(&good);
    au_artifacts_close(artifacts);
}

/* A damaged file that was kept does not hide a good one. */
static void test_a_kept_file_is_made_again(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    put(artifacts, 1);
    keep(artifacts, 1);
    path_of("chain", &identity, 1, path);
    write_file(path, au_bytes_of("garbage"));
    assert_false(has(artifacts, 1));
    put(artifacts, 1);
    assert_true(has(artifacts, 1));
    keep(artifacts, 1);
    assert_true(is_there("chain", &identity, 1));
    au_artifacts_close(artifacts);
}

static void test_other_identities_and_leftovers_go(void **state)
{
    (void)state;
    char path[PATH_MAX];
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    put(artifacts, 1);
    put(artifacts, 2);
    keep(artifacts, 2);
    path_of("other", &identity, 3, path);
    memcpy(path + strlen(path), ".1-0.tmp", sizeof(".1-0.tmp"));
    write_file(path, au_bytes_of(BODY));
    au_artifacts_close(artifacts);

    artifacts = open_store(SIZE_MAX_PRESET, &identity);
    assert_true(has(artifacts, 1));
    assert_true(has(artifacts, 2));
    assert_int_not_equal(access(path, F_OK), 0);
    au_artifacts_close(artifacts);

    artifacts = open_store(SIZE_MAX_PRESET, &other_identity);
    assert_false(has(artifacts, 1));
    assert_false(is_there("other", &identity, 1));
    assert_false(is_there("chain", &identity, 2));
    au_artifacts_close(artifacts);
}

static void test_removed_while_open(void **state)
{
    (void)state;
    char command[PATH_MAX + 16];
    struct au_artifacts *artifacts = open_store(SIZE_MAX_PRESET, &identity);
    put(artifacts, 1);
    snprintf(command, sizeof(command), "rm -r %s", folder);
    assert_int_equal(system(command), 0);
    assert_false(has(artifacts, 1));
    keep(artifacts, 1);
    put(artifacts, 1);
    assert_true(has(artifacts, 1));
    au_artifacts_close(artifacts);
}

static void test_folders_that_others_may_enter(void **state)
{
    (void)state;
    char path[PATH_MAX + 8];
    struct au_artifacts *artifacts = NULL;
    static const char *const places[] = {"", "/chain", "/other"};
    for (size_t i = 0; i < AU_COUNT_OF(places); i++) {
        au_artifacts_close(open_store(SIZE_MAX_PRESET, &identity));
        snprintf(path, sizeof(path), "%s%s", folder, places[i]);
        for (mode_t bit = 1; bit < 0100; bit *= 2) {
            assert_int_equal(chmod(path, 0700 | bit), 0);
            assert_err(au_artifacts_open(folder, SIZE_MAX_PRESET, &identity, &artifacts),
                       AU_ERR_INVALID_ARG);
        }
        assert_int_equal(chmod(path, 0700), 0);
    }
    au_artifacts_close(open_store(SIZE_MAX_PRESET, &identity));
}

static void test_folders_that_cannot_be(void **state)
{
    (void)state;
    char path[PATH_MAX + 8];
    struct au_artifacts *artifacts = NULL;
    snprintf(path, sizeof(path), "%s/a/b", folder);
    assert_err(au_artifacts_open(path, 1, &identity, &artifacts), AU_ERR_IO);
    write_file(folder, au_bytes_of(BODY));
    assert_err(au_artifacts_open(folder, 1, &identity, &artifacts), AU_ERR_INVALID_ARG);
    assert_int_equal(unlink(folder), 0);
    snprintf(path, sizeof(path), "%s-target", folder); /* a link is no folder of ours */
    assert_int_equal(mkdir(path, 0700), 0);
    assert_int_equal(symlink(path, folder), 0);
    assert_err(au_artifacts_open(folder, 1, &identity, &artifacts), AU_ERR_INVALID_ARG);
    assert_int_equal(rmdir(path), 0); /* nothing was made in it */
}

static int tear_down_all(void **state)
{
    (void)state;
    char command[PATH_MAX];
    snprintf(command, sizeof(command), "rm -rf %s", root);
    return system(command);
}

static int set_up_all(void **state)
{
    (void)state;
    return mkdtemp(root) ? 0 : -1;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_put_and_get, set_up),
        cmocka_unit_test_setup(test_kept_are_never_evicted, set_up),
        cmocka_unit_test_setup(test_the_least_used_go_first, set_up),
        cmocka_unit_test_setup(test_damaged_files, set_up),
        cmocka_unit_test_setup(test_a_kept_file_is_made_again, set_up),
        cmocka_unit_test_setup(test_other_identities_and_leftovers_go, set_up),
        cmocka_unit_test_setup(test_removed_while_open, set_up),
        cmocka_unit_test_setup(test_folders_that_others_may_enter, set_up),
        cmocka_unit_test_setup(test_folders_that_cannot_be, set_up),
    };
    return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
