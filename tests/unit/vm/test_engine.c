/* Goal: a frame ends as protocol.md section 3 says, with exactly the steps that are left, and sees
 * nothing of any other frame.
 * Method: contracts in text through the whole way (validate, instrument, compile, run), one per
 * outcome, trap and thing that a handler can do. */
#include "one_engine.h"

#include "vm/gas.h"

/* ---- gas ------------------------------------------------------------------------------------ */

static void test_success_leaves_exact_gas(void **state)
{
    (void)state;
    struct fixture_result result = fixture_run(
        engine,
        "(module (func (export \"run\") (result i64) (i64.add (i64.const 40) (i64.const 2))))",
        FIXTURE_STEPS, NULL);
    assert_int_equal(result.err, AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i64, 42);
    assert_int_equal(result.steps_left, FIXTURE_STEPS - 3 * AU_GAS_SIMPLE);
}

static void test_gas_goes_through_host_calls(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"nop\" (func $nop))"
                               "(import \"env\" \"steps_left\" (func $steps_left (result i64)))"
                               "(func (export \"run\") (result i64)"
                               " (call $nop) (call $nop) (call $steps_left)))";
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    int64_t left = FIXTURE_STEPS - 3 * AU_GAS_CALL - 2 * FIXTURE_NOP_STEPS;
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i64, left);
    assert_int_equal(result.steps_left, left);
}

static void test_values_of_every_width_pass_the_host(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"swap\" (func $swap (param i32 i64) (result i64 i32)))"
        "(func (export \"run\") (param i32 i64) (result i64 i32)"
        " (call $swap (local.get 0) (local.get 1))))";
    struct au_loaded *loaded = fixture_load(engine, text);
    struct au_instance *instance = NULL;
    struct fixture_result result = {.values = {{.i32 = -7}, {.i64 = INT64_MIN + 5}}};
    assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_true(result.values[0].i64 == INT64_MIN + 5);
    assert_int_equal(result.values[1].i32, -7);
    au_instance_close(instance);
    au_loaded_release(loaded);
}

static void test_bytes_are_charged_in_64_bits(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"bytes\" (func $bytes (param i32 i32 i32)))"
        "(func (export \"run\")"
        " (call $bytes (i32.const -1) (i32.const -1) (i32.const -1))))";
    int64_t bytes = 2 * (int64_t)UINT32_MAX;
    int64_t price = FIXTURE_BYTES_STEPS + 20 * bytes + AU_GAS_CALL + 3 * AU_GAS_SIMPLE;
    struct fixture_result result = fixture_run(engine, text, price + 5, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.steps_left, 5);

    result = fixture_run(engine, text, price - 1, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
    assert_int_equal(result.steps_left, 0);
}

/* The outcome is the same wherever the counter runs out. */
static void test_out_of_gas_at_every_step(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"nop\" (func $nop))"
        "(func (export \"run\") (local i32)"
        " (loop (call $nop) (local.set 0 (i32.add (local.get 0) (i32.const 1)))"
        "  (br_if 0 (i32.lt_u (local.get 0) (i32.const 3))))))";
    struct fixture_result full = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    assert_int_equal(full.outcome, AU_OUTCOME_SUCCESS);
    int64_t used = FIXTURE_STEPS - full.steps_left;
    assert_in_range(used, 3 * FIXTURE_NOP_STEPS, 500);
    for (int64_t steps = 0; steps < used; steps++) {
        struct fixture_result result = fixture_run(engine, text, steps, NULL);
        assert_int_equal(result.err, AU_OK);
        assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
        assert_int_equal(result.detail, 0);
        assert_int_equal(result.steps_left, 0);
    }
    struct fixture_result result = fixture_run(engine, text, used, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.steps_left, 0);
}

/* Straight-line code tests nothing: the host call and the end of the frame find it. */
static void test_negative_counter_arrives(void **state)
{
    (void)state;
    static const char at_end[] = "(module (func (export \"run\") (local i32)"
                                 " (if (local.get 0) (then (unreachable)))"
                                 " (local.set 0 (i32.const 1))))";
    struct fixture_result result = fixture_run(engine, at_end, 2, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
    assert_int_equal(result.steps_left, 0);

    static const char at_host[] = "(module (import \"env\" \"fail\" (func $fail))"
                                  "(func (export \"run\") (local i32)"
                                  " (if (local.get 0) (then (unreachable)))"
                                  " (call $fail)))";
    result = fixture_run(engine, at_host, 3, NULL);
    assert_int_equal(result.err, AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
}

static void test_out_of_gas_in_handler(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"charge\" (func $charge (param i64)))"
                               "(func (export \"run\") (call $charge (i64.const 500))))";
    int64_t price = 500 + AU_GAS_CALL + AU_GAS_SIMPLE;
    struct fixture_result result = fixture_run(engine, text, price, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.steps_left, 0);
    result = fixture_run(engine, text, price - 1, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
    assert_int_equal(result.steps_left, 0);
}

/* ---- outcomes ------------------------------------------------------------------------------- */

static void test_each_trap_has_its_detail(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        uint32_t detail;
    } rows[] = {
        {"(unreachable)", AU_TRAP_UNREACHABLE},
        {"(drop (i32.div_s (i32.const 1) (local.get 0)))", AU_TRAP_DIVISION_BY_ZERO},
        {"(drop (i64.rem_u (i64.const 1) (local.get 1)))", AU_TRAP_DIVISION_BY_ZERO},
        {"(drop (i32.div_s (i32.const 0x80000000) (i32.sub (local.get 0) (i32.const 1))))",
         AU_TRAP_INTEGER_OVERFLOW},
        {"(drop (i32.trunc_f64_s (f64.const 1e30)))", AU_TRAP_INTEGER_OVERFLOW},
        {"(drop (i32.trunc_f32_s (f32.div (local.get 2) (local.get 2))))", AU_TRAP_BAD_CONVERSION},
        {"(drop (i32.load (i32.const 65533)))", AU_TRAP_MEMORY_BOUNDS},
        {"(i64.store offset=0xffffffff (i32.const -1) (i64.const 1))", AU_TRAP_MEMORY_BOUNDS},
        {"(memory.fill (i32.const 65530) (i32.const 0) (i32.const 7))", AU_TRAP_MEMORY_BOUNDS},
        {"(call_indirect (i32.const 3))", AU_TRAP_TABLE_BOUNDS},
        {"(call_indirect (i32.const 1))", AU_TRAP_NULL_INDIRECT_CALL},
        {"(drop (call_indirect (result i64) (i32.const 0)))", AU_TRAP_SIGNATURE_MISMATCH},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "(module (memory 1 1) (table 3 funcref) (elem (i32.const 0) $nop) (func $nop)"
                 "(func (export \"run\") (local i32 i64 f32) %s))",
                 rows[i].body);
        struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
        assert_int_equal(result.err, AU_OK);
        assert_int_equal(result.outcome, AU_OUTCOME_TRAPPED);
        assert_int_equal(result.detail, rows[i].detail);
        assert_in_range(result.steps_left, FIXTURE_STEPS - 60, FIXTURE_STEPS);
    }
}

static void test_trap_leaves_exact_gas(void **state)
{
    (void)state;
    struct fixture_result result = fixture_run(
        engine, "(module (func (export \"run\") (drop (i32.const 1)) (unreachable)))", 1000, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_TRAPPED);
    assert_int_equal(result.steps_left, 1000 - 3 * AU_GAS_SIMPLE);
}

static void test_endless_recursion_is_stack_limit(void **state)
{
    (void)state;
    struct fixture_result result =
        fixture_run(engine, "(module (func $f (export \"run\") (call $f)))", FIXTURE_STEPS, NULL);
    /* 8 units for the call and 1 for ceil(4 / 4) bytes of body: 7,281 fit, one more does not. */
    int64_t calls = AU_STACK_UNITS / 9 + 1;
    assert_int_equal(result.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_int_equal(result.detail, 0);
    assert_int_equal(result.steps_left, FIXTURE_STEPS - calls * AU_GAS_CALL);
}

static void test_gas_outranks_stack(void **state)
{
    (void)state;
    static const char text[] = "(module (func $f (export \"run\") (call $f)))";
    int64_t calls = AU_STACK_UNITS / 9 + 1;
    struct fixture_result result = fixture_run(engine, text, calls * AU_GAS_CALL, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_int_equal(result.steps_left, 0);
    result = fixture_run(engine, text, calls * AU_GAS_CALL - 1, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_OUT_OF_GAS);
}

static void test_handler_ends_the_frame(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"end\" (func $end (param i32 i32)))"
                               "(func (export \"run\") (call $end (i32.const 12) (i32.const 34))"
                               " (unreachable)))";
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    assert_int_equal(result.err, AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_NOT_ALLOWED);
    assert_int_equal(result.detail, 34);
    /* The whole block is paid, unreachable too. */
    assert_int_equal(result.steps_left, FIXTURE_STEPS - AU_GAS_CALL - 3 * AU_GAS_SIMPLE - 10);
}

static void test_handler_rejects(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"reject\" (func $reject))"
                               "(func (export \"run\") (call $reject)))";
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_HOST_REJECTED);
    assert_int_equal(result.detail, 7 * 256 + AU_HOST_REJECT_POINTER);
    assert_int_equal(result.steps_left, FIXTURE_STEPS - AU_GAS_CALL - 10);
}

static void test_handler_fails(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"fail\" (func $fail))"
                               "(func (export \"run\") (call $fail)))";
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    assert_int_equal(result.err, AU_ERR_IO);
}

/* ---- instances ------------------------------------------------------------------------------ */

static const char memory_text[] =
    "(module (memory 2) (global $g (mut i64) (i64.const 5)) (data (i32.const 3) \"abc\")"
    "(func (export \"dirty\") (global.set $g (i64.const 6))"
    " (memory.fill (i32.const 0) (i32.const 255) (i32.const 131072)))"
    "(func (export \"grow\") (drop (memory.grow (i32.const 6)))"
    " (memory.fill (i32.const 0) (i32.const 255) (i32.const 524288)))"
    "(func (export \"sum\") (result i64) (local $i i32) (local $sum i64)"
    " (loop $next (local.set $sum (i64.add (local.get $sum) (i64.load8_u (local.get $i))))"
    "  (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "  (br_if $next (i32.lt_u (local.get $i) (i32.mul (memory.size) (i32.const 65536)))))"
    " (i64.add (local.get $sum) (global.get $g)))"
    "(func (export \"size\") (result i32) (memory.size)))";

static int64_t call_for_sum(struct au_loaded *loaded, const char *first)
{
    struct au_instance *instance = NULL;
    struct fixture_result result = {0};
    assert_int_equal(au_instance_open(loaded, 1000000000, NULL, &instance), AU_OK);
    if (first != NULL) {
        fixture_call(instance, loaded, first, &result);
        assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    }
    fixture_call(instance, loaded, "sum", &result);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    au_instance_close(instance);
    return result.values[0].i64;
}

static void test_instances_start_clean(void **state)
{
    (void)state;
    const int64_t clean = 'a' + 'b' + 'c' + 5;
    struct au_loaded *loaded = fixture_load(engine, memory_text);
    for (int round = 0; round < 3; round++) {
        assert_int_equal(call_for_sum(loaded, NULL), clean);
        assert_int_equal(call_for_sum(loaded, "dirty"), 255 * 131072 + 6);
        assert_int_equal(call_for_sum(loaded, NULL), clean);
        assert_int_equal(call_for_sum(loaded, "grow"), 255 * 524288 + 5);
    }
    assert_int_equal(call_for_sum(loaded, NULL), clean);
    au_loaded_release(loaded);
}

static void test_open_instances_are_apart(void **state)
{
    (void)state;
    struct au_loaded *loaded = fixture_load(engine, memory_text);
    struct au_instance *first = NULL;
    struct fixture_result result = {0};
    assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &first), AU_OK);
    fixture_call(first, loaded, "dirty", &result);
    assert_int_equal(call_for_sum(loaded, NULL), 'a' + 'b' + 'c' + 5);
    au_instance_close(first);
    au_loaded_release(loaded);
}

static void test_memory_is_visible_to_the_host(void **state)
{
    (void)state;
    struct au_loaded *loaded = fixture_load(engine, memory_text);
    struct au_instance *instance = NULL;
    struct fixture_result result = {0};
    assert_int_equal(au_instance_open(loaded, 1000000000, NULL, &instance), AU_OK);
    const uint8_t *base = instance->memory;
    assert_int_equal(instance->memory_size, 2 * AU_PAGE_SIZE);
    assert_memory_equal(instance->memory + 3, "abc", 3);
    assert_true(au_instance_has_range(instance, 131071, 1));
    assert_false(au_instance_has_range(instance, 131071, 2));
    assert_false(au_instance_has_range(instance, UINT32_MAX, UINT32_MAX));
    assert_true(au_instance_has_range(instance, UINT32_MAX, 0));

    assert_int_equal(au_instance_grow(instance, 3), AU_OK);
    assert_int_equal(instance->memory_size, 5 * AU_PAGE_SIZE);
    instance->memory[5 * AU_PAGE_SIZE - 1] = 9;
    assert_int_equal(instance->steps_left, 1000000000);

    fixture_call(instance, loaded, "grow", &result);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(instance->memory_size, 11 * AU_PAGE_SIZE);
    assert_int_equal(au_instance_grow(instance, AU_PAGES_MAX - 11), AU_OK);
    assert_int_equal(instance->memory_size, AU_PAGES_MAX * AU_PAGE_SIZE);
    assert_ptr_equal(instance->memory, base);
    instance->memory[AU_PAGES_MAX * AU_PAGE_SIZE - 1] = 9;

    fixture_call(instance, loaded, "size", &result);
    assert_int_equal(result.values[0].i32, AU_PAGES_MAX);
    au_instance_close(instance);
    au_loaded_release(loaded);
}

/* The host puts arguments behind the memory of a contract whatever maximum it declared. */
static void test_host_grows_past_the_declared_maximum(void **state)
{
    (void)state;
    struct au_loaded *loaded =
        fixture_load(engine, "(module (memory 1 1) (func (export \"run\")))");
    struct au_instance *instance = NULL;
    assert_int_equal(au_instance_open(loaded, 0, NULL, &instance), AU_OK);
    assert_int_equal(au_instance_grow(instance, 4), AU_OK);
    assert_int_equal(instance->memory_size, 5 * AU_PAGE_SIZE);
    au_instance_close(instance);
    au_loaded_release(loaded);
}

static void test_handler_sees_grown_memory(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"memory_size\" (func $memory_size (result i64)))"
        "(memory 1) (func (export \"run\") (result i64)"
        " (drop (memory.grow (i32.const 2))) (call $memory_size)))";
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, NULL);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i64, 3 * AU_PAGE_SIZE);
}

static void test_start_runs_when_asked(void **state)
{
    (void)state;
    static const char text[] =
        "(module (import \"env\" \"nop\" (func $nop)) (global $g (mut i32) (i32.const 0))"
        "(func $start (global.set $g (i32.const 7)) (call $nop)) (start $start)"
        "(func (export \"run\") (result i32) (global.get $g)))";
    struct au_loaded *loaded = fixture_load(engine, text);
    struct au_instance *instance = NULL;
    struct fixture_result result = {.outcome = AU_OUTCOME_TRAPPED, .detail = 1};
    assert_int_equal(au_instance_open(loaded, FIXTURE_STEPS, NULL, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.values[0].i32, 0);

    int64_t before = instance->steps_left;
    result.outcome = AU_OUTCOME_TRAPPED;
    assert_int_equal(au_instance_start(instance, &result.outcome, &result.detail), AU_OK);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(instance->steps_left,
                     before - AU_GAS_CALL - 2 * AU_GAS_SIMPLE - FIXTURE_NOP_STEPS);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.values[0].i32, 7);
    au_instance_close(instance);
    au_loaded_release(loaded);
}

static void test_start_is_optional(void **state)
{
    (void)state;
    struct au_loaded *loaded = fixture_load(engine, "(module (func (export \"run\")))");
    struct au_instance *instance = NULL;
    enum au_outcome outcome = AU_OUTCOME_TRAPPED;
    uint32_t detail = 1;
    assert_int_equal(au_instance_open(loaded, 0, NULL, &instance), AU_OK);
    assert_null(instance->memory);
    assert_int_equal(au_instance_start(instance, &outcome, &detail), AU_OK);
    assert_int_equal(outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(detail, 0);
    au_instance_close(instance);
    au_loaded_release(loaded);
}

/* A frame inside a handler of another frame; its failure is only data to the outer one. */
static enum au_host_next run_inner(struct au_instance *outer, void *data)
{
    struct fixture_result *inner = data;
    int64_t steps = outer->steps_left;
    *inner =
        fixture_run(engine, "(module (func $f (export \"run\") (call $f)))", FIXTURE_STEPS, NULL);
    assert_int_equal(outer->steps_left, steps);
    return AU_HOST_CONTINUE;
}

static void test_frames_nest(void **state)
{
    (void)state;
    static const char text[] = "(module (import \"env\" \"callback\" (func $callback))"
                               "(func (export \"run\") (result i32)"
                               " (call $callback) (call $callback) (i32.const 3)))";
    struct fixture_result inner = {0};
    struct fixture_callback callback = {run_inner, &inner};
    struct fixture_result result = fixture_run(engine, text, FIXTURE_STEPS, &callback);
    assert_int_equal(inner.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_int_equal(result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(result.values[0].i32, 3);
    assert_int_equal(result.steps_left, FIXTURE_STEPS - 2 * AU_GAS_CALL - AU_GAS_SIMPLE);
}

/* ---- text ----------------------------------------------------------------------------------- */

static void test_wat_errors(void **state)
{
    (void)state;
    static const char *const texts[] = {"(module", "(modul)", "", "(module (func (i32.nope)))",
                                        "\xff\xfe"};
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        struct au_buf code;
        char message[64] = "";
        au_buf_init(&code, 1 << 20);
        enum au_err err =
            au_engine_wat_to_wasm(au_bytes_of(texts[i]), &code, message, sizeof message);
        assert_int_equal(err, AU_ERR_MALFORMED);
        assert_true(message[0] != 0);
        assert_int_equal(code.size, 0);
        au_buf_done(&code);
    }
}

static void test_wat_bounds(void **state)
{
    (void)state;
    static uint8_t text[(8u << 20) + 1];
    memset(text, ' ', sizeof text);
    memcpy(text, "(module)", 8);
    char message[64] = "";
    struct au_buf code;
    au_buf_init(&code, 8);
    struct au_bytes bytes = {text, sizeof text - 1};
    assert_int_equal(au_engine_wat_to_wasm(bytes, &code, message, sizeof message), AU_OK);
    bytes.size++;
    assert_int_equal(au_engine_wat_to_wasm(bytes, &code, message, sizeof message),
                     AU_ERR_TOO_LARGE);
    /* The same buffer has no room for a second module. */
    bytes.size = 8;
    assert_int_equal(au_engine_wat_to_wasm(bytes, &code, message, sizeof message),
                     AU_ERR_TOO_LARGE);
    assert_string_equal(message, "");
    au_buf_done(&code);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_success_leaves_exact_gas),
        cmocka_unit_test(test_gas_goes_through_host_calls),
        cmocka_unit_test(test_values_of_every_width_pass_the_host),
        cmocka_unit_test(test_bytes_are_charged_in_64_bits),
        cmocka_unit_test(test_out_of_gas_at_every_step),
        cmocka_unit_test(test_negative_counter_arrives),
        cmocka_unit_test(test_out_of_gas_in_handler),
        cmocka_unit_test(test_each_trap_has_its_detail),
        cmocka_unit_test(test_trap_leaves_exact_gas),
        cmocka_unit_test(test_endless_recursion_is_stack_limit),
        cmocka_unit_test(test_gas_outranks_stack),
        cmocka_unit_test(test_handler_ends_the_frame),
        cmocka_unit_test(test_handler_rejects),
        cmocka_unit_test(test_handler_fails),
        cmocka_unit_test(test_instances_start_clean),
        cmocka_unit_test(test_open_instances_are_apart),
        cmocka_unit_test(test_memory_is_visible_to_the_host),
        cmocka_unit_test(test_host_grows_past_the_declared_maximum),
        cmocka_unit_test(test_handler_sees_grown_memory),
        cmocka_unit_test(test_start_runs_when_asked),
        cmocka_unit_test(test_start_is_optional),
        cmocka_unit_test(test_frames_nest),
        cmocka_unit_test(test_wat_errors),
        cmocka_unit_test(test_wat_bounds),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
