/* Metering against the model, on random valid modules that the test tools make. They are the
 * same in every run, unless the program is given a seed and a count of modules. */
#include "unit/unit.h"

#include "base/file.h"
#include "cmocka_signals.h"
#include "model/compare.h"

#define SEED         "20260101"
#define MODULE_COUNT "40"
#define MODULE_MAX   (512u << 10)

static const struct au_compare_options options = {
    .steps_max = 100000,
    .staircase_max = 150,
    .sample_count = 2,
    .argument_sets = 2,
};

/* Of the program: other modules than the usual ones, for a longer search. */
static const char *seed = SEED;
static const char *module_count = MODULE_COUNT;

/* Runs a program to its end, without a shell. */
static void run_tool(const char *const arguments[])
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        char *copies[16] = {NULL};
        for (size_t i = 0; arguments[i] != NULL; i++)
            copies[i] = strdup(arguments[i]);
        execv(copies[0], copies);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void test_random_modules(void **state)
{
    (void)state;
    const char *tool = getenv("AUREON_TESTTOOLS");
    if (tool == NULL || access(tool, X_OK) != 0) {
        print_message("# AUREON_TESTTOOLS names no program\n");
        skip();
    }
    char folder[] = "/tmp/aureon-smith-XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *const arguments[] = {tool,   "smith",      seed,        module_count,
                                     folder, "--accepted", "--imports", "tests/tools/imports.wat",
                                     NULL};
    run_tool(arguments);

    struct au_compare *compare = au_compare_new(&options);
    assert_non_null(compare);
    bool is_equal = true;
    for (int i = 0; i < atoi(module_count); i++) {
        char path[128];
        struct au_buf code;
        (void)snprintf(path, sizeof(path), "%s/%s-%d.wasm", folder, seed, i);
        au_buf_init(&code, MODULE_MAX);
        assert_int_equal(au_file_read(path, &code), AU_OK);
        is_equal = au_compare_code(compare, path, au_buf_bytes(&code)) && is_equal;
        au_buf_done(&code);
        if (is_equal) (void)unlink(path);
    }
    const struct au_compare_counts *counts = au_compare_counts(compare);
    assert_true(counts->ends[0] > 0 && counts->ends[1] > 0 && counts->ends[2] > 0);
    print_message(
        "# %llu modules, %llu runs, %llu staircases; ends: %llu success, %llu out of gas, "
        "%llu trapped, %llu other\n",
        (unsigned long long)counts->modules, (unsigned long long)counts->runs,
        (unsigned long long)counts->staircases, (unsigned long long)counts->ends[0],
        (unsigned long long)counts->ends[1], (unsigned long long)counts->ends[2],
        (unsigned long long)counts->ends[3]);
    au_compare_free(compare);
    if (is_equal) assert_int_equal(rmdir(folder), 0);
    assert_true(is_equal);
}

int main(int argument_count, char **arguments)
{
    if (argument_count == 3) {
        seed = arguments[1];
        module_count = arguments[2];
    }

    const struct CMUnitTest tests[] = {cmocka_unit_test(test_random_modules)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
