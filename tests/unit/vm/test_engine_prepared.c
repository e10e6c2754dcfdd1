/* Goal: what the engine may not do is a fault of the node and never an outcome, and the counters
 * are read as vm/module.h says.
 * Method: modules written by hand in the instrumented form, some of them as no instrumentation
 * would write them. */
#include "one_engine.h"

#include "base/mem.h"

#define COUNTERS                                                      \
    "(global $gas (export \"__aureon_gas\") (mut i64) (i64.const 0))" \
    "(global $stack (export \"__aureon_stack\") (mut i32) (i32.const 65536))"

static const struct au_func_type no_values;

static struct au_module_info *new_info(bool has_memory)
{
    struct au_module_info *info = au_mem_new(sizeof *info);
    assert_non_null(info);
    au_arena_init(&info->arena, 1 << 16);
    struct au_export *export_ = au_arena_zero(&info->arena, sizeof *export_);
    assert_non_null(export_);
    *export_ = (struct au_export){.name = au_bytes_of("run"), .type = &no_values};
    info->exports = export_;
    info->export_count = 1;
    info->has_memory = has_memory;
    return info;
}

static enum au_err load(const char *text, bool has_memory, struct au_loaded **out_loaded,
                        struct au_reject *out_reject)
{
    char message[256] = "";
    struct au_buf code;
    au_buf_init(&code, 1 << 20);
    if (au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof message) != AU_OK) {
        fail_msg("%s", message);
    }
    enum au_err err = au_engine_load_prepared(engine, au_buf_bytes(&code), new_info(has_memory),
                                              out_loaded, out_reject);
    au_buf_done(&code);
    return err;
}

static struct fixture_result run(const char *text)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    struct au_instance *instance = NULL;
    struct fixture_result result = {0};
    if (load(text, false, &loaded, &reject) != AU_OK) fail_msg("%s", reject.message);
    assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    au_instance_close(instance);
    au_loaded_release(loaded);
    return result;
}

/* ---- counters ------------------------------------------------------------------------------- */

static void test_gas_global_is_what_is_left(void **state)
{
    (void)state;
    struct fixture_result result =
        run("(module " COUNTERS "(func (export \"run\")"
            " (global.set $gas (i64.sub (global.get $gas) (i64.const 123)))))");
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.steps_left, FIXTURE_STEPS - 123);
}

static void test_negative_gas_is_out_of_gas_on_every_exit(void **state)
{
    (void)state;
    static const char *const exits[] = {"", "unreachable",
                                        "(global.set $stack (i32.const -1)) unreachable",
                                        "(global.set $stack (i32.const 0x80000000)) unreachable",
                                        "(drop (i32.div_u (i32.const 1) (i32.const 0)))"};
    for (size_t i = 0; i < AU_COUNT_OF(exits); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "(module " COUNTERS "(func (export \"run\") (global.set $gas (i64.const -1)) %s))",
                 exits[i]);
        struct fixture_result result = run(text);
        assert_int_equal(result.err, AU_OK);
        assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
        assert_int_equal(result.steps_left, 0);
    }
}

static void test_negative_gas_stops_a_host_call_first(void **state)
{
    (void)state;
    /* fail would make the node ill, end would win over the counter: neither runs. */
    struct fixture_result result =
        run("(module (import \"env\" \"fail\" (func $fail (param i64) (result i64)))" COUNTERS
            "(func (export \"run\") (drop (call $fail (i64.const -1)))))");
    assert_int_equal(result.err, AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
    result = run("(module (import \"env\" \"fail\" (func $fail (param i64) (result i64)))" COUNTERS
                 "(func (export \"run\") (drop (call $fail (i64.const 0x8000000000000000)))))");
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
}

static void test_record_outranks_the_global(void **state)
{
    (void)state;
    struct fixture_result result =
        run("(module (import \"env\" \"end\" (func $end (param i32 i32 i64) (result i64)))" COUNTERS
            "(func (export \"run\") (global.set $gas (i64.const -5))"
            " (drop (call $end (i32.const 1) (i32.const 2) (i64.const 110)))))");
    assert_int_equal(result.outcome, AU_OUTCOME_REVERTED);
    assert_int_equal(result.detail, 2);
    assert_int_equal(result.steps_left, 100);
}

static void test_negative_stack_is_stack_limit(void **state)
{
    (void)state;
    struct fixture_result result =
        run("(module " COUNTERS "(func (export \"run\")"
            " (global.set $gas (i64.const 77)) (global.set $stack (i32.const -1)) unreachable))");
    assert_int_equal(result.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_int_equal(result.steps_left, 77);
}

/* ---- faults of the engine ------------------------------------------------------------------- */

static void test_refused_growth_is_a_fault(void **state)
{
    (void)state;
    struct fixture_result result = run("(module " COUNTERS "(func (export \"run\")"
                                       " (global.set $stack (i32.const 0x80000000)) unreachable))");
    assert_int_equal(result.err, AU_ERR_ENGINE);
}

static void test_native_stack_overflow_is_a_fault(void **state)
{
    (void)state;
    struct fixture_result result =
        run("(module " COUNTERS "(func $run (export \"run\") (call $run)))");
    assert_int_equal(result.err, AU_ERR_ENGINE);
    /* The thread and the engine are none the worse. */
    result = run("(module " COUNTERS "(func (export \"run\")))");
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
}

static void check_refused(const char *text)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    assert_int_equal(load(text, false, &loaded, &reject), AU_ERR_ENGINE);
    assert_null(loaded);
    assert_string_equal(reject.rule, "engine");
    assert_true(reject.message[0] != 0);
}

/* The second check behind our validator: whatever is switched off is refused by the engine too. */
static void test_engine_refuses(void **state)
{
    (void)state;
    check_refused("(module (func (result i32) (i64.const 0)))");
    check_refused("(module (func (drop (v128.const i64x2 0 0))))");
    check_refused("(module (memory 1) (memory 1))");
    check_refused("(module (memory i64 1))");
    check_refused("(module (memory 1 1 shared))");
    check_refused("(module (func $f (return_call $f)))");
    check_refused("(module (memory 1 (pagesize 1)))");
    check_refused("(module (memory 257))");
    check_refused("(module (table 4097 funcref))");
    check_refused("(module (table 1 funcref) (table 1 funcref))");
    check_refused("(module (type (struct)))");
    check_refused("(module (tag))");
    check_refused("(module (import \"env\" \"unknown\" (func)))");
    check_refused("(module (import \"env\" \"nop\" (func)))"); /* without the gas counter */
}

static void test_missing_exports_are_a_fault(void **state)
{
    (void)state;
    static const char *const texts[] = {"(module (func (export \"run\")))",
                                        "(module (global (export \"__aureon_gas\") (mut i64) "
                                        "(i64.const 0)) (func (export \"run\")))",
                                        "(module " COUNTERS "(func (export \"__aureon_mem\")))",
                                        "(module " COUNTERS "(func (export \"run\") nop))"};
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        struct au_loaded *loaded = NULL;
        struct au_reject reject = {0};
        struct au_instance *instance = NULL;
        assert_int_equal(load(texts[i], true, &loaded, &reject), AU_OK);
        for (int round = 0; round < 5; round++) { /* more often than there are slots */
            assert_int_equal(au_instance_open(loaded, 0, NULL, &instance), AU_ERR_ENGINE);
        }
        assert_null(instance);
        au_loaded_release(loaded);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gas_global_is_what_is_left),
        cmocka_unit_test(test_negative_gas_is_out_of_gas_on_every_exit),
        cmocka_unit_test(test_negative_gas_stops_a_host_call_first),
        cmocka_unit_test(test_record_outranks_the_global),
        cmocka_unit_test(test_negative_stack_is_stack_limit),
        cmocka_unit_test(test_refused_growth_is_a_fault),
        cmocka_unit_test(test_native_stack_overflow_is_a_fault),
        cmocka_unit_test(test_engine_refuses),
        cmocka_unit_test(test_missing_exports_are_a_fault),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
