/* Goal: an engine shared by threads compiles a module once, lets as many instances run as it has
 * slots and makes the others wait; modules that nobody holds go when there are too many; options
 * and the machine are checked before the engine is started.
 * Method: threads with stacks of the size that the library asks for, counting what the engine
 * did. */
#include "engine_fixture.h"

#include <pthread.h>
#include <stdatomic.h>

#include "crypto/sha256.h"
#include "vm/machine.h"

#define THREADS 8

/* Instances whose maps are counted. ThreadSanitizer leaves a process addresses for some 20. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define POOL_MAPPED 16
#endif
#endif
#ifndef POOL_MAPPED
#define POOL_MAPPED 200
#endif

static const char work_text[] =
    "(module (import \"env\" \"callback\" (func $callback)) (memory 1)"
    "(func (export \"run\") (param i32 i32) (result i64) (local $i i32)"
    " (i32.store (i32.const 0) (local.get 0))"
    " (loop $next (call $callback) (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "  (br_if $next (i32.lt_u (local.get $i) (i32.const 4))))"
    " (i64.load32_u (i32.const 0))))";

struct shared {
    struct au_engine *engine;
    struct au_bytes code;
    atomic_int running;
    atomic_int running_most;
    atomic_uint serial;
};

static enum au_host_next note_running(struct au_instance *instance, void *data)
{
    struct shared *shared = data;
    (void)instance;
    int now = atomic_fetch_add(&shared->running, 1) + 1;
    int most = atomic_load(&shared->running_most);
    while (now > most && !atomic_compare_exchange_weak(&shared->running_most, &most, now)) {
    }
    atomic_fetch_sub(&shared->running, 1);
    return AU_HOST_CONTINUE;
}

/* cmocka's assertions belong to the main thread: a thread gives NULL if all was well. */
static const char *call_often(struct shared *shared, struct au_loaded *loaded)
{
    const struct au_export *run = au_module_info_export(au_loaded_info(loaded), au_bytes_of("run"));
    struct fixture_callback callback = {note_running, shared};
    for (int i = 0; i < 2000; i++) {
        union au_value values[2] = {{.u32 = atomic_fetch_add(&shared->serial, 1)}, {.u32 = 0}};
        uint32_t serial = values[0].u32;
        struct au_instance *instance = NULL;
        enum au_outcome outcome;
        uint32_t detail;
        if (au_instance_open(loaded, FIXTURE_STEPS, &callback, &instance) != AU_OK) return "open";
        if (au_instance_call(instance, run, values, &outcome, &detail) != AU_OK) return "call";
        au_instance_close(instance);
        if (outcome != AU_OUTCOME_SUCCESS) return "outcome";
        if (values[0].u64 != serial) return "another thread's memory";
    }
    return NULL;
}

static void *work(void *argument)
{
    struct shared *shared = argument;
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    static char problem[64];
    enum au_err err = au_engine_load(shared->engine, shared->code, &loaded, &reject);
    if (err != AU_OK) {
        return problem;
    }
    const char *what = call_often(shared, loaded);
    au_loaded_release(loaded);
    if (what == NULL) return NULL;
    snprintf(problem, sizeof problem, "%s", what);
    return problem;
}

static void run_threads(void *(*start)(void *), void *argument)
{
    pthread_t threads[THREADS];
    pthread_attr_t attributes;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstacksize(&attributes, AU_THREAD_STACK_SIZE), 0);
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], &attributes, start, argument), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        void *problem = NULL;
        assert_int_equal(pthread_join(threads[i], &problem), 0);
        if (problem != NULL) fail_msg("thread %d: %s", i, (const char *)problem);
    }
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
}

static void text_to_code(const char *text, struct au_buf *out_code)
{
    char message[256];
    au_buf_init(out_code, AU_CODE_SIZE_MAX);
    assert_int_equal(au_engine_wat_to_wasm(au_bytes_of(text), out_code, message, sizeof message),
                     AU_OK);
}

static void check_threads(uint32_t slots)
{
    struct au_buf code;
    text_to_code(work_text, &code);
    struct shared shared = {.engine = fixture_engine(slots, 1 << 24), .code = au_buf_bytes(&code)};
    run_threads(work, &shared);

    struct au_engine_counts counts = au_engine_count(shared.engine);
    assert_int_equal(counts.compiled, 1);
    assert_int_equal(counts.cached, 1);
    assert_true(counts.cached_idle > 0);
    assert_int_equal(counts.open, 0);
    assert_in_range(atomic_load(&shared.running_most), 1, slots);
    au_engine_free(shared.engine);
    au_buf_done(&code);
}

static void test_threads_with_slots_for_all(void **state)
{
    (void)state;
    check_threads(THREADS);
}

static void test_threads_wait_for_slots(void **state)
{
    (void)state;
    check_threads(3);
    check_threads(1);
}

/* ---- cache -------------------------------------------------------------------------------- */

static struct au_loaded *load_number(struct au_engine *engine, int number)
{
    char text[128];
    snprintf(text, sizeof text, "(module (func (export \"run\") (result i32) (i32.const %d)))",
             number);
    return fixture_load(engine, text);
}

static void test_cache_keeps_what_fits(void **state)
{
    (void)state;
    struct au_engine *engine = fixture_engine(1, 1 << 20);
    for (int i = 0; i < 200; i++) {
        au_loaded_release(load_number(engine, i));
        struct au_engine_counts counts = au_engine_count(engine);
        assert_true(counts.cached_idle <= 1 << 20);
        assert_int_equal(counts.compiled, i + 1);
    }
    struct au_engine_counts counts = au_engine_count(engine);
    assert_in_range(counts.cached, 10, 100);

    au_loaded_release(load_number(engine, 199)); /* used last: there */
    assert_int_equal(au_engine_count(engine).compiled, 200);
    au_loaded_release(load_number(engine, 0)); /* used longest ago: gone */
    assert_int_equal(au_engine_count(engine).compiled, 201);
    au_engine_free(engine);
}

static void test_cache_keeps_what_is_held(void **state)
{
    (void)state;
    struct au_engine *engine = fixture_engine(1, 0);
    struct au_loaded *held = load_number(engine, 1);
    for (int i = 2; i < 20; i++) {
        au_loaded_release(load_number(engine, i));
    }
    assert_int_equal(au_engine_count(engine).cached, 1);
    struct au_loaded *again = load_number(engine, 1);
    assert_ptr_equal(again, held);
    au_loaded_release(again);

    struct au_instance *instance = NULL;
    struct fixture_result result = {0};
    assert_int_equal(au_instance_open(held, 100, NULL, &instance), AU_OK);
    fixture_call(instance, held, "run", &result);
    assert_int_equal(result.values[0].i32, 1);
    au_instance_close(instance);
    au_loaded_release(held);
    assert_int_equal(au_engine_count(engine).cached, 0);
    au_engine_free(engine);
}

static void test_found_by_hash(void **state)
{
    (void)state;
    struct au_engine *engine = fixture_engine(1, 1 << 20);
    struct au_buf code;
    char message[128];
    au_buf_init(&code, 1 << 10);
    assert_int_equal(
        au_engine_wat_to_wasm(au_bytes_of("(module)"), &code, message, sizeof(message)), AU_OK);
    struct au_hash hash = au_sha256(au_buf_bytes(&code));
    struct au_loaded *loaded = NULL;
    struct au_loaded *found = NULL;
    struct au_reject reject;
    assert_false(au_engine_find(engine, &hash, &found));
    assert_null(found);
    assert_int_equal(au_engine_load(engine, au_buf_bytes(&code), &loaded, &reject), AU_OK);
    assert_true(au_engine_find(engine, &hash, &found));
    assert_ptr_equal(found, loaded);
    au_loaded_release(found);
    au_loaded_release(loaded);
    hash.bytes[0] ^= 1;
    assert_false(au_engine_find(engine, &hash, &found));
    assert_int_equal(au_engine_count(engine).compiled, 1);
    au_buf_done(&code);
    au_engine_free(engine);
}

static void test_refused_module_is_not_kept(void **state)
{
    (void)state;
    static const uint8_t broken[] = {0, 'a', 's', 'm', 1, 0, 0, 0, 99};
    struct au_engine *engine = fixture_engine(1, 1 << 20);
    for (int i = 0; i < 3; i++) {
        struct au_loaded *loaded = NULL;
        struct au_reject reject = {0};
        struct au_bytes code = {broken, sizeof broken};
        assert_int_equal(au_engine_load(engine, code, &loaded, &reject), AU_ERR_INVALID_MODULE);
        assert_non_null(reject.rule);
        assert_null(loaded);
    }
    assert_int_equal(au_engine_count(engine).cached, 0);
    au_engine_free(engine);
}

/* ---- options and machine ------------------------------------------------------------------ */

static void test_options_out_of_range(void **state)
{
    (void)state;
    struct au_engine *engine = NULL;
    struct au_engine_options options = {.instances_max = 0};
    assert_int_equal(au_engine_new(&options, &fixture_host, &engine), AU_ERR_INVALID_ARG);
    options.instances_max = 1001;
    assert_int_equal(au_engine_new(&options, &fixture_host, &engine), AU_ERR_INVALID_ARG);
    assert_null(engine);
    au_engine_free(NULL);
}

static void test_optimization_changes_no_result(void **state)
{
    (void)state;
    static const char text[] =
        "(module (memory 1) (func $fib (export \"run\") (param i32 i32) (result i64)"
        " (if (result i64) (i32.lt_u (local.get 0) (i32.const 2))"
        "  (then (i64.extend_i32_u (local.get 0)))"
        "  (else (i64.add (call $fib (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))"
        "   (call $fib (i32.sub (local.get 0) (i32.const 2)) (i32.const 0)))))))";
    struct fixture_result results[2];
    for (int none = 0; none < 2; none++) {
        struct au_engine_options options = {.instances_max = 1, .optimize_none = none == 1};
        struct au_engine *engine = NULL;
        assert_int_equal(au_engine_new(&options, &fixture_host, &engine), AU_OK);
        struct au_loaded *loaded = fixture_load(engine, text);
        struct au_instance *instance = NULL;
        results[none] = (struct fixture_result){.values = {{.i32 = 15}}};
        assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &instance), AU_OK);
        fixture_call(instance, loaded, "run", &results[none]);
        au_instance_close(instance);
        au_loaded_release(loaded);
        au_engine_free(engine);
    }
    assert_int_equal(results[0].outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(results[0].values[0].i64, 610);
    assert_int_equal(results[1].outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(results[1].values[0].i64, 610);
    assert_int_equal(results[1].steps_left, results[0].steps_left);
}

static void test_unmetered_runs_the_same(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"swap\" (func $swap (param i32 i64) (result i64 i32)))"
        "(memory (export \"memory\") 1)"
        "(func (export \"run\") (param i32 i64) (result i64 i32)"
        " (call $swap (local.get 0) (local.get 1)))"
        "(func (export \"trap\") (unreachable)))";
    struct au_engine_options options = {.instances_max = 1, .skip_instrumentation = true};
    struct au_engine *engine = NULL;
    assert_int_equal(au_engine_new(&options, &fixture_host, &engine), AU_OK);
    struct au_loaded *loaded = fixture_load(engine, text);
    struct au_instance *instance = NULL;
    struct fixture_result result = {.values = {{.i32 = 3}, {.i64 = 4}}};
    assert_int_equal(au_instance_open(loaded, 50, NULL, &instance), AU_OK);
    assert_int_equal(instance->memory_size, AU_PAGE_SIZE);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i64, 4);
    assert_int_equal(result.values[1].i32, 3);
    assert_int_equal(result.steps_left, 50);
    fixture_call(instance, loaded, "trap", &result);
    assert_int_equal(result.outcome, AU_OUTCOME_TRAPPED);
    assert_int_equal(result.detail, AU_TRAP_UNREACHABLE);
    au_instance_close(instance);
    au_loaded_release(loaded);
    au_engine_free(engine);
}

static void *open_on_small_stack(void *argument)
{
    struct au_instance *instance = NULL;
    enum au_err err = au_instance_open(argument, 0, NULL, &instance);
    static char problem[] = "accepted";
    return err == AU_ERR_UNSUPPORTED && instance == NULL ? NULL : problem;
}

/* A stack of our own: the library would hand out a larger one that it keeps. */
static void test_small_stack_is_refused(void **state)
{
    (void)state;
    static _Alignas(4096) uint8_t stack[AU_THREAD_STACK_SIZE / 2];
    struct au_engine *engine = fixture_engine(1, 0);
    struct au_loaded *loaded = load_number(engine, 1);
    pthread_t thread;
    pthread_attr_t attributes;
    void *problem = NULL;
    assert_int_equal(pthread_attr_init(&attributes), 0);
    assert_int_equal(pthread_attr_setstack(&attributes, stack, sizeof stack), 0);
    assert_int_equal(pthread_create(&thread, &attributes, open_on_small_stack, loaded), 0);
    assert_int_equal(pthread_join(thread, &problem), 0);
    assert_int_equal(pthread_attr_destroy(&attributes), 0);
    assert_null(problem);
    assert_int_equal(au_engine_count(engine).open, 0);
    au_loaded_release(loaded);
    au_engine_free(engine);
}

static void test_machine(void **state)
{
    (void)state;
    assert_true(au_machine_has_processor());
    assert_true(au_machine_has_maps(100));
    assert_false(au_machine_has_maps(UINT64_MAX));
    assert_true(au_machine_has_address_space(1 << 20));
    assert_false(au_machine_has_address_space(SIZE_MAX / 2));
    assert_true(au_machine_has_stack(1 << 16));
    assert_false(au_machine_has_stack(SIZE_MAX / 2));
}

/* ---- bounds --------------------------------------------------------------------------------- */

/* As many functions as there may be, all of them in the table's segments, with all globals. */
static void write_widest(struct au_buf *out)
{
    au_buf_put_text(out, "(module");
    for (uint32_t i = 0; i < AU_IMPORTS_MAX; i++) {
        au_buf_put_text(out, "(import \"env\" \"nop\" (func))");
    }
    au_buf_put_text(out, "(memory 256)(table 4096 funcref)");
    for (uint32_t i = 0; i < AU_GLOBALS_MAX; i++) {
        au_buf_put_text(out, "(global (mut i64) (i64.const 1))");
    }
    au_buf_put_text(out, "(func (export \"run\") (result i32) (i32.const 5))");
    for (uint32_t i = 1; i < AU_FUNCTIONS_MAX; i++) {
        au_buf_put_text(out, "(func)");
    }
    uint32_t next = 0;
    while (next < AU_IMPORTS_MAX + AU_FUNCTIONS_MAX) {
        au_buf_put_text(out, "(elem (i32.const 0) func");
        for (uint32_t i = 0; i < AU_TABLE_SIZE_MAX && next < AU_IMPORTS_MAX + AU_FUNCTIONS_MAX;
             i++, next++) {
            au_buf_printf(out, " %u", next);
        }
        au_buf_put_text(out, ")");
    }
    au_buf_put_text(out, ")");
}

static void test_widest_module_fits(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, 1 << 20);
    write_widest(&text);
    au_buf_put_u8(&text, 0);
    assert_int_equal(text.err, AU_OK);
    struct au_engine *engine = fixture_engine(1, 0);
    struct fixture_result result =
        fixture_run(engine, (const char *)text.data, FIXTURE_STEPS, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i32, 5);
    au_engine_free(engine);
    au_buf_done(&text);
}

static size_t count_maps(void)
{
    FILE *file = fopen("/proc/self/maps", "re");
    assert_non_null(file);
    size_t count = 0;
    for (int c = fgetc(file); c != EOF; c = fgetc(file)) {
        count += c == '\n';
    }
    (void)fclose(file);
    return count;
}

/* The start-up check against the system's limit counts four mappings per instance. */
static void test_maps_of_the_pool(void **state)
{
    (void)state;
    enum { OPEN = POOL_MAPPED };
    static const char text[] = "(module (memory 5) (table 4096 funcref) (func (export \"run\")"
                               " (drop (memory.grow (i32.const 9)))))";
    struct au_instance *instances[OPEN];
    size_t before = count_maps();
    struct au_engine *engine = fixture_engine(OPEN, 0);
    struct au_loaded *loaded = fixture_load(engine, text);
    struct fixture_result result = {0};
    for (int i = 0; i < OPEN; i++) {
        assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &instances[i]), AU_OK);
        fixture_call(instances[i], loaded, "run", &result);
        assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    }
    assert_in_range(count_maps() - before, OPEN, 4 * OPEN + 64);
    for (int i = 0; i < OPEN; i++) {
        au_instance_close(instances[i]);
    }
    assert_in_range(count_maps() - before, 1, 4 * OPEN + 64);
    au_loaded_release(loaded);
    au_engine_free(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_threads_with_slots_for_all),
        cmocka_unit_test(test_threads_wait_for_slots),
        cmocka_unit_test(test_cache_keeps_what_fits),
        cmocka_unit_test(test_cache_keeps_what_is_held),
        cmocka_unit_test(test_found_by_hash),
        cmocka_unit_test(test_refused_module_is_not_kept),
        cmocka_unit_test(test_options_out_of_range),
        cmocka_unit_test(test_optimization_changes_no_result),
        cmocka_unit_test(test_unmetered_runs_the_same),
        cmocka_unit_test(test_small_stack_is_refused),
        cmocka_unit_test(test_machine),
        cmocka_unit_test(test_widest_module_fits),
        cmocka_unit_test(test_maps_of_the_pool),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
