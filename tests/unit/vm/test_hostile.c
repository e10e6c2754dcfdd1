/* What a stranger's module tries that no other test has: counts that ask for more memory than there
 * is, and instances without end. */
#include "unit/unit.h"

#include <dirent.h>
#include <malloc.h>

#include "contract/host.h"
#include "unit/vm/wasm_builder.h"
#include "vm/confine.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define INSTANCES   100000
#define WARM_UP     1000
#define MEMORY_SIZE (UINT64_C(64) << 20) /* that the reader of counts may take */
#define LEAK_MAX    65536u               /* bytes: what libraries keep is not ours to count */

/* ---- counts ---------------------------------------------------------------------------------- */

#define HUGE 0xff, 0xff, 0xff, 0xff, 0x0f
#define BIG  0xfe, 0xff, 0xff, 0xff, 0x07

#define HEADER       0, 'a', 's', 'm', 1, 0, 0, 0
#define TYPE_VOID    1, 4, 1, 0x60, 0, 0
#define FUNCTION_ONE 3, 2, 1, 0
#define TABLE_ONE    4, 4, 1, 0x70, 0, 1
#define MEMORY_ONE   5, 3, 1, 0, 1

#define MODULE(name_, ...)                     \
    {                                          \
        name_, BYTES_INIT(HEADER, __VA_ARGS__) \
    }
#define COUNTED(name_, section, ...)                           \
    MODULE(name_ ": 2^32 - 1", __VA_ARGS__, section, 5, HUGE), \
        MODULE(name_ ": 2^31 - 2, something follows", __VA_ARGS__, section, 6, BIG, 0)

static const struct {
    const char *name;
    struct au_bytes code;
} counts[] = {
    MODULE("types", 1, 5, HUGE),
    MODULE("types, something follows", 1, 9, HUGE, 0x60, 0, 0, 0),
    MODULE("parameters", 1, 7, 1, 0x60, HUGE),
    MODULE("results", 1, 8, 1, 0x60, 0, HUGE),
    COUNTED("imports", 2, TYPE_VOID),
    COUNTED("functions", 3, TYPE_VOID),
    COUNTED("tables", 4, TYPE_VOID),
    COUNTED("memories", 5, TYPE_VOID),
    COUNTED("globals", 6, TYPE_VOID),
    COUNTED("exports", 7, TYPE_VOID),
    COUNTED("elements", 9, TABLE_ONE),
    COUNTED("bodies", 10, TYPE_VOID, FUNCTION_ONE),
    COUNTED("data", 11, MEMORY_ONE),
    MODULE("data count", 12, 5, HUGE),
    MODULE("table entries", 4, 8, 1, 0x70, 0, HUGE),
    MODULE("pages", 5, 7, 1, 0, HUGE),
    MODULE("entries of a segment", TYPE_VOID, FUNCTION_ONE, TABLE_ONE, 9, 10, 1, 0, OP_I32_CONST, 0,
           OP_END, HUGE),
    MODULE("bytes of a segment", MEMORY_ONE, 11, 10, 1, 0, OP_I32_CONST, 0, OP_END, HUGE),
    MODULE("bytes of an import's module", TYPE_VOID, 2, 6, 1, HUGE),
    MODULE("bytes of an export's name", TYPE_VOID, 7, 6, 1, HUGE),
    MODULE("bytes of a custom section's name", 0, 5, HUGE),
    MODULE("bytes of a section", 1, HUGE),
    MODULE("bytes of a body", TYPE_VOID, FUNCTION_ONE, 10, 6, 1, HUGE),
    MODULE("groups of locals", TYPE_VOID, FUNCTION_ONE, 10, 8, 1, 6, HUGE, OP_END),
    MODULE("locals", TYPE_VOID, FUNCTION_ONE, 10, 10, 1, 8, 1, HUGE, I32, OP_END),
    MODULE("labels", TYPE_VOID, FUNCTION_ONE, 10, 12, 1, 10, 0, OP_I32_CONST, 0, OP_BR_TABLE, HUGE,
           OP_END),
};

/* Gives the number of the first that is not refused as it should, from 1; 0 = none. */
static int read_counts(void)
{
    for (size_t i = 0; i < AU_COUNT_OF(counts); i++) {
        struct au_module_info *info = NULL;
        struct au_reject reject = {0};
        struct au_buf prepared;
        au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
        enum au_err err =
            au_module_prepare(counts[i].code, &au_host_env, &prepared, &info, &reject);
        au_buf_done(&prepared);
        if (err != AU_ERR_INVALID_MODULE) return (int)i + 1;
    }
    return 0;
}

/* Where memory is short, an allocation of that many would fail, and say so. */
static void test_counts_beyond_all_memory(void **state)
{
    int status = 0;
    (void)state;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) _exit(au_confine(MEMORY_SIZE, 60) == AU_OK ? read_counts() : 255);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    int number = WEXITSTATUS(status);
    if (number == 255) fail_msg("not confined");
    if (number != 0) fail_msg("%s", counts[number - 1].name);
}

/* ---- instances ------------------------------------------------------------------------------- */

struct held {
    size_t descriptors;
    size_t threads;
    size_t maps; /* lines */
    size_t heap_size;
};

static size_t count_entries(const char *path)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    assert_non_null(folder);
    while (readdir(folder) != NULL)
        count++;
    assert_int_equal(closedir(folder), 0);
    return count;
}

static size_t count_maps(void)
{
    size_t count = 0;
    FILE *file = fopen("/proc/self/maps", "re");
    assert_non_null(file);
    for (int c = fgetc(file); c != EOF; c = fgetc(file))
        count += c == '\n';
    assert_int_equal(fclose(file), 0);
    return count;
}

static struct held held_now(void)
{
    return (struct held){
        .descriptors = count_entries("/proc/self/fd"),
        .threads = count_entries("/proc/self/task"),
        .maps = count_maps(),
        .heap_size = mallinfo2().uordblks,
    };
}

static void use_instances(struct au_loaded *loaded, int count)
{
    const struct au_export *run = au_module_info_export(au_loaded_info(loaded), au_bytes_of("run"));
    assert_non_null(run);
    for (int i = 0; i < count; i++) {
        struct au_instance *instance = NULL;
        union au_value value = {.i32 = i % 3};
        enum au_outcome outcome = AU_OUTCOME_SUCCESS;
        uint32_t detail = 0;
        assert_ok(au_instance_open(loaded, 1000, NULL, &instance));
        assert_ok(au_instance_call(instance, run, &value, &outcome, &detail));
        assert_int_equal(outcome, i % 3 == 0   ? AU_OUTCOME_SUCCESS
                                  : i % 3 == 1 ? AU_OUTCOME_TRAPPED
                                               : AU_OUTCOME_OUT_OF_GAS);
        au_instance_close(instance);
    }
}

static const char text[] = "(module (memory 1) (func (export \"run\") (param i32) (result i32)"
                           "  (if (i32.eq (local.get 0) (i32.const 1)) (then (unreachable)))"
                           "  (if (local.get 0) (then (loop (br 0))))"
                           "  (i32.load (local.get 0))))";

static void test_instances_leave_nothing(void **state)
{
    struct au_engine_options options = {.instances_max = 2, .cache_size = 1};
    struct au_engine *engine = NULL;
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    struct au_buf code;
    char message[256] = "";
    (void)state;
    au_buf_init(&code, 4096);
    assert_ok(au_engine_new(&options, &au_host_env, &engine));
    assert_ok(au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof(message)));
    assert_ok(au_engine_load(engine, au_buf_bytes(&code), &loaded, &reject));
    use_instances(loaded, WARM_UP);
    struct held before = held_now();
    use_instances(loaded, INSTANCES);
    struct held after = held_now();
    assert_int_equal(after.descriptors, before.descriptors);
    assert_int_equal(after.threads, before.threads);
    assert_int_equal(after.maps, before.maps);
    assert_in_range(after.heap_size, 0, before.heap_size + LEAK_MAX);
    au_loaded_release(loaded);
    au_engine_free(engine);
    au_buf_done(&code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts_beyond_all_memory),
        cmocka_unit_test(test_instances_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
