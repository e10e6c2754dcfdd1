/* Real files in a folder of their own: bounds, kinds of path, failures that leave the old content;
 * and the clock. */
#include "unit/unit.h"

#include <dirent.h>
#include <errno.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"

static char folder[64];
static char start_folder[PATH_MAX];

static int enter_folder(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/aureon-test-file-XXXXXX");
    if (getcwd(start_folder, sizeof(start_folder)) == NULL) return -1;
    return mkdtemp(folder) != NULL && chdir(folder) == 0 ? 0 : -1;
}

static size_t count_entries(void)
{
    DIR *open_folder = opendir(folder);
    assert_non_null(open_folder);
    size_t count = 0;
    while (readdir(open_folder) != NULL) {
        count++;
    }
    closedir(open_folder);
    return count - 2;
}

static int leave_folder(void **state)
{
    (void)state;
    DIR *open_folder = opendir(folder);
    if (open_folder == NULL) return -1;
    for (const struct dirent *entry; (entry = readdir(open_folder)) != NULL;) {
        if (unlink(entry->d_name) != 0) rmdir(entry->d_name);
    }
    closedir(open_folder);
    return chdir(start_folder) == 0 && rmdir(folder) == 0 ? 0 : -1;
}

static void check_content(const char *path, const char *expected)
{
    struct au_buf content;
    au_buf_init(&content, 1000);
    assert_ok(au_file_read(path, &content));
    assert_bytes(au_buf_bytes(&content), expected);
    au_buf_done(&content);
}

static void test_write_then_read(void **state)
{
    (void)state;
    char absolute[PATH_MAX];
    snprintf(absolute, sizeof(absolute), "%s/absolute", folder);
    assert_ok(au_file_write("a", au_bytes_of("one")));
    check_content("a", "one");
    assert_ok(au_file_write("./a", au_bytes_of("two and more")));
    check_content("a", "two and more");
    assert_ok(au_file_write("a", (struct au_bytes){NULL, 0}));
    check_content("a", "");
    assert_ok(au_file_write(absolute, au_bytes_of("there")));
    check_content("absolute", "there");
    assert_int_equal(count_entries(), 2);
}

static void test_read_bound_is_exact(void **state)
{
    (void)state;
    static uint8_t bytes[200000];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 31 >> 3);
    }
    static const size_t sizes[] = {0, 1, 2, 63, 64, 65, 65535, 65536, 65537, 131072, 200000};
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        struct au_bytes whole = {bytes, sizes[i]};
        assert_ok(au_file_write("sized", whole));
        struct au_buf content;
        au_buf_init(&content, sizes[i]);
        assert_ok(au_file_read("sized", &content));
        assert_true(au_bytes_is_equal(au_buf_bytes(&content), whole));
        au_buf_done(&content);
        if (sizes[i] == 0) continue;

        au_buf_init(&content, sizes[i] - 1);
        assert_err(au_file_read("sized", &content), AU_ERR_TOO_LARGE);
        assert_int_equal(content.size, 0);
        assert_int_equal(content.err, AU_OK);
        au_buf_done(&content);
    }
}

static void test_read_errors(void **state)
{
    (void)state;
    struct au_buf content;
    au_buf_init(&content, 100);
    au_buf_put_text(&content, "old");
    assert_err(au_file_read("missing", &content), AU_ERR_NOT_FOUND);
    assert_int_equal(content.size, 0);
    assert_ok(au_file_write("a", au_bytes_of("one")));
    assert_err(au_file_read("a/b", &content), AU_ERR_NOT_FOUND);
    assert_err(au_file_read("", &content), AU_ERR_NOT_FOUND);
    assert_err(au_file_read(".", &content), AU_ERR_IO);
    assert_err(au_file_read("-", &content), AU_ERR_NOT_FOUND);
    assert_ok(au_file_read("/dev/null", &content));
    assert_int_equal(content.size, 0);
    assert_err(au_file_read("/dev/zero", &content), AU_ERR_TOO_LARGE);
    au_buf_done(&content);
}

static void test_write_errors(void **state)
{
    (void)state;
    struct au_bytes content = au_bytes_of("x");
    assert_err(au_file_write("missing/a", content), AU_ERR_NOT_FOUND);
    assert_err(au_file_write("", content), AU_ERR_NOT_FOUND);
    assert_err(au_file_write(".", content), AU_ERR_INVALID_ARG);
    assert_err(au_file_write("/dev/null", content), AU_ERR_INVALID_ARG);
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    assert_err(au_file_write("dangling", content), AU_ERR_NOT_FOUND);
    assert_int_equal(count_entries(), 1);
}

static void test_permissions_and_links(void **state)
{
    (void)state;
    mode_t mask = umask(027);
    assert_ok(au_file_write("new", au_bytes_of("1")));
    umask(mask);
    struct stat info;
    assert_int_equal(stat("new", &info), 0);
    assert_int_equal(info.st_mode & 07777, 0640);

    assert_int_equal(chmod("new", 0604), 0);
    assert_ok(au_file_write("new", au_bytes_of("2")));
    assert_int_equal(stat("new", &info), 0);
    assert_int_equal(info.st_mode & 07777, 0604);

    assert_int_equal(symlink("new", "link"), 0);
    assert_ok(au_file_write("link", au_bytes_of("3")));
    check_content("new", "3");
    assert_int_equal(lstat("link", &info), 0);
    assert_true(S_ISLNK(info.st_mode));
}

/* A file size limit stands for a full disk. */
static void test_failed_write_leaves_what_was(void **state)
{
    (void)state;
    static uint8_t large[100000];
    assert_ok(au_file_write("a", au_bytes_of("old")));
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit small = {.rlim_cur = 50000, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
    enum au_err err = au_file_write("a", (struct au_bytes){large, sizeof(large)});
    enum au_err err_new = au_file_create("b", (struct au_bytes){large, sizeof(large)});
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_err(err, AU_ERR_IO);
    assert_err(err_new, AU_ERR_IO);
    check_content("a", "old");
    assert_int_equal(count_entries(), 1);
}

static void test_names_left_by_a_crash_are_passed_over(void **state)
{
    (void)state;
    char name[64];
    for (int i = 0; i < 3; i++) {
        snprintf(name, sizeof(name), "a.%ld-%d.tmp", (long)getpid(), i);
        assert_ok(au_file_write(name, au_bytes_of("left")));
    }
    assert_ok(au_file_write("a", au_bytes_of("new")));
    check_content("a", "new");
    check_content(name, "left");
    assert_int_equal(count_entries(), 4);
}

static void test_create_is_exclusive_and_private(void **state)
{
    (void)state;
    struct stat info;
    mode_t before = umask(0);
    assert_ok(au_file_create("secret", au_bytes_of("one")));
    umask(before);
    check_content("secret", "one");
    assert_int_equal(stat("secret", &info), 0);
    assert_int_equal(info.st_mode & 07777, 0600);

    assert_int_equal(symlink("elsewhere", "link"), 0);
    static const char *const taken[] = {"secret", "./secret", "link", "."};
    for (size_t i = 0; i < AU_COUNT_OF(taken); i++) {
        assert_err(au_file_create(taken[i], au_bytes_of("two")), AU_ERR_IO);
        assert_int_equal(errno, EEXIST);
        assert_string_equal(au_file_err_text(AU_ERR_IO), strerror(EEXIST));
    }
    check_content("secret", "one");
    assert_int_equal(count_entries(), 2);
    assert_err(au_file_create("missing/a", au_bytes_of("one")), AU_ERR_NOT_FOUND);
    assert_err(au_file_create("", au_bytes_of("one")), AU_ERR_NOT_FOUND);
}

static void test_a_folder_is_made_or_is_there(void **state)
{
    (void)state;
    struct stat info;
    assert_ok(au_file_make_folder("made", 0710));
    assert_int_equal(stat("made", &info), 0);
    assert_true(S_ISDIR(info.st_mode));
    assert_int_equal(info.st_mode & 0777, 0710);
    assert_ok(au_file_make_folder("made", 0700));
    assert_int_equal(stat("made", &info), 0);
    assert_int_equal(info.st_mode & 0777, 0710);
    assert_int_equal(symlink("made", "link"), 0);
    assert_ok(au_file_make_folder("link", 0700));

    assert_ok(au_file_write("file", au_bytes_of("one")));
    assert_int_equal(symlink("nowhere", "dangling"), 0);
    static const struct {
        const char *path;
        int cause;
    } refused[] = {
        {"file", EEXIST},      {"dangling", EEXIST}, {"file/a", ENOTDIR},
        {"missing/a", ENOENT}, {"", ENOENT},
    };
    for (size_t i = 0; i < AU_COUNT_OF(refused); i++) {
        assert_err(au_file_make_folder(refused[i].path, 0700), AU_ERR_IO);
        assert_int_equal(errno, refused[i].cause);
    }
    assert_int_equal(count_entries(), 4);
}

static void test_clock_goes_forward(void **state)
{
    (void)state;
    uint64_t start = au_clock_ns();
    struct timespec pause = {.tv_nsec = 20000000};
    nanosleep(&pause, NULL);
    uint64_t passed = au_clock_ns() - start;
    assert_in_range(passed, 20000000, 20000000000);
    uint64_t last = au_clock_ns();
    for (int i = 0; i < 1000; i++) {
        uint64_t now = au_clock_ns();
        assert_true(now >= last);
        last = now;
    }
}

int main(void)
{
#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, enter_folder, leave_folder)
    const struct CMUnitTest tests[] = {
        FILE_TEST(test_write_then_read),
        FILE_TEST(test_read_bound_is_exact),
        FILE_TEST(test_read_errors),
        FILE_TEST(test_write_errors),
        FILE_TEST(test_permissions_and_links),
        FILE_TEST(test_failed_write_leaves_what_was),
        FILE_TEST(test_names_left_by_a_crash_are_passed_over),
        FILE_TEST(test_create_is_exclusive_and_private),
        FILE_TEST(test_a_folder_is_made_or_is_there),
        cmocka_unit_test(test_clock_goes_forward),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
