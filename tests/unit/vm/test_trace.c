/* Goal: whatever ends a frame, the trace names the functions of the module as it was given, and the
 * very instruction, though what runs is the instrumented form, or the traced one.
 * Method: contracts in text, one per kind of end, in modules with imports, loops, calls, results of
 * several values and dead code, so that indices and offsets move; the instruction is found in the
 * binary by its bytes. */
#include "one_engine.h"

#include "vm/trace.h"

/* A frame that has ended, and its module's code. */
struct ended {
    struct au_buf code;
    enum au_outcome outcome;
    uint32_t detail;
    struct au_trace trace;
    struct au_location location; /* if the trace is not empty */
};

static void run_form(struct au_loaded *loaded, int64_t steps, struct ended *ended)
{
    struct fixture_result result = {0};
    struct au_instance *instance = NULL;
    assert_int_equal(au_instance_open(loaded, steps, NULL, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.err, AU_OK);
    ended->outcome = result.outcome;
    ended->detail = result.detail;
    ended->trace = instance->trace;
    au_instance_close(instance);
    au_loaded_release(loaded);
    if (ended->trace.count == 0) return;
    assert_int_equal(
        au_trace_locate(au_buf_bytes(&ended->code), &fixture_host, &ended->trace, &ended->location),
        AU_OK);
}

/* The traced form ends at the same place. */
static void run_traced(const struct ended *plain, int64_t steps)
{
    struct ended traced = {.code = plain->code};
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    assert_int_equal(au_engine_load_traced(engine, au_buf_bytes(&plain->code), &loaded, &reject),
                     AU_OK);
    assert_non_null(loaded);
    run_form(loaded, steps, &traced);
    assert_int_equal(traced.outcome, plain->outcome);
    assert_int_equal(traced.detail, plain->detail);
    assert_int_equal(traced.trace.count, plain->trace.count);
    if (plain->trace.count == 0) return;
    assert_true(traced.trace.is_traced && !plain->trace.is_traced);
    assert_memory_equal(traced.trace.functions, plain->trace.functions,
                        sizeof plain->trace.functions);
    assert_int_equal(traced.trace.left_out, plain->trace.left_out);
    assert_int_equal(traced.trace.is_cut, plain->trace.is_cut);
    assert_int_equal(traced.location.offset, plain->location.offset);
    assert_int_equal(traced.location.is_block, plain->location.is_block);
}

static struct ended run(const char *text, int64_t steps)
{
    struct ended ended = {0};
    char message[256] = "";
    au_buf_init(&ended.code, AU_CODE_SIZE_MAX);
    assert_int_equal(au_engine_wat_to_wasm(au_bytes_of(text), &ended.code, message, sizeof message),
                     AU_OK);
    run_form(fixture_load(engine, text), steps, &ended);
    run_traced(&ended, steps);
    return ended;
}

/* Where bytes stand in code; they stand there once. */
static size_t find(const struct au_buf *code, const char *bytes, size_t size)
{
    size_t found = SIZE_MAX;
    for (size_t i = 0; i + size <= code->size; i++) {
        if (memcmp(code->data + i, bytes, size) != 0) continue;
        assert_int_equal(found, SIZE_MAX);
        found = i;
    }
    assert_int_not_equal(found, SIZE_MAX);
    return found;
}

static void assert_name(struct au_bytes name, const char *text)
{
    assert_true(au_bytes_is_equal(name, au_bytes_of(text)));
}

/* The instruction of a row stands in $work, function 3 (behind two imports and $other), behind
 * what makes offsets move: a loop, calls of imports, a bulk instruction, dead code. */
#define HEAD                                                                                  \
    "(module (import \"env\" \"nop\" (func $nop)) (import \"env\" \"reject\" (func $reject))" \
    "(type $none (func)) (table 4 funcref) (elem (i32.const 1) $other) (memory 1 1)"          \
    "(func $other (param i64)) "                                                              \
    "(func $work (result i32 i64) (local $i i32) (local $f f64)"                              \
    " (loop $again (call $nop) (local.set $i (i32.add (local.get $i) (i32.const 1)))"         \
    "  (br_if $again (i32.lt_u (local.get $i) (i32.const 5))))"                               \
    " (memory.fill (i32.const 0) (i32.const 1) (i32.const 9))"                                \
    " (block (br 0) (drop (i32.const 77)))"
#define TAIL                                                           \
    " (if (local.get $i) (then (return (i32.const 1) (i64.const 2))))" \
    " (i32.const 3) (i64.const 4))"                                    \
    "(func (export \"run\") (call $nop) (call $work) (drop) (drop) (call $nop)))"

#define BYTES(text) text, sizeof(text) - 1

static void test_each_end_is_located(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum au_outcome outcome;
        uint32_t detail;
        const char *bytes; /* of the instruction and its operands */
        size_t size;
        size_t skip; /* to the instruction */
        bool is_block;
    } rows[] = {
        {HEAD "(unreachable)" TAIL, AU_OUTCOME_TRAPPED, AU_TRAP_UNREACHABLE, BYTES("\x0b\x00\x20"),
         1, false},
        {HEAD "(drop (i32.load (i32.const -5)))" TAIL, AU_OUTCOME_TRAPPED, AU_TRAP_MEMORY_BOUNDS,
         BYTES("\x41\x7b\x28"), 2, false},
        {HEAD "(i64.store8 (i32.const -6) (i64.const 1))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_MEMORY_BOUNDS, BYTES("\x41\x7a\x42\x01\x3c"), 4, false},
        {HEAD "(memory.copy (i32.const 0) (i32.const 1) (i32.const 65536))" TAIL,
         AU_OUTCOME_TRAPPED, AU_TRAP_MEMORY_BOUNDS, BYTES("\x41\x80\x80\x04\xfc\x0a"), 4, false},
        {HEAD "(drop (i32.div_s (i32.const 7) (i32.const 0)))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_DIVISION_BY_ZERO, BYTES("\x41\x07\x41\x00\x6d"), 4, false},
        {HEAD "(drop (i64.rem_u (i64.const 7) (i64.const 0)))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_DIVISION_BY_ZERO, BYTES("\x42\x07\x42\x00\x82"), 4, false},
        {HEAD "(drop (i32.div_s (i32.const 0x80000000) (i32.const -1)))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_INTEGER_OVERFLOW, BYTES("\x78\x41\x7f\x6d"), 3, false},
        {HEAD "(drop (i32.trunc_f64_s (f64.const 1e30)))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_INTEGER_OVERFLOW, BYTES("\x46\xaa"), 1, false},
        {HEAD "(drop (i32.trunc_f64_u (f64.div (local.get $f) (local.get $f))))" TAIL,
         AU_OUTCOME_TRAPPED, AU_TRAP_BAD_CONVERSION, BYTES("\xa3\xab"), 1, false},
        {HEAD "(call_indirect (type $none) (i32.const 99))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_TABLE_BOUNDS, BYTES("\x41\xe3\x00\x11"), 3, false},
        {HEAD "(call_indirect (type $none) (i32.const 2))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_NULL_INDIRECT_CALL, BYTES("\x41\x02\x11"), 2, false},
        {HEAD "(call_indirect (type $none) (i32.const 1))" TAIL, AU_OUTCOME_TRAPPED,
         AU_TRAP_SIGNATURE_MISMATCH, BYTES("\x41\x01\x11"), 2, false},
        {HEAD "(call $reject)" TAIL, AU_OUTCOME_HOST_REJECTED, AU_HOST_REJECT_POINTER,
         BYTES("\x0b\x10\x01"), 1, false},
        {HEAD "(loop $for (br $for))" TAIL, AU_OUTCOME_OUT_OF_GAS, 0, BYTES("\x03\x40\x0c\x00"), 2,
         true},
        {HEAD "(memory.fill (i32.const 0) (i32.const 2) (i32.const 0x3f000000))" TAIL,
         AU_OUTCOME_OUT_OF_GAS, 0, BYTES("\x41\x02\x41\x80\x80\x80\xf8\x03\xfc"), 8, false},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct ended ended = run(rows[i].text, FIXTURE_STEPS);
        assert_int_equal(ended.outcome, rows[i].outcome);
        if (rows[i].outcome == AU_OUTCOME_TRAPPED) assert_int_equal(ended.detail, rows[i].detail);
        assert_int_equal(ended.trace.count, 2);
        assert_false(ended.trace.is_cut);
        assert_int_equal(ended.trace.left_out, 0);
        assert_int_equal(ended.trace.functions[0], 3);
        assert_int_equal(ended.trace.functions[1], 4);
        assert_int_equal(ended.location.offset,
                         find(&ended.code, rows[i].bytes, rows[i].size) + rows[i].skip);
        assert_int_equal(ended.location.is_block, rows[i].is_block);
        assert_name(ended.location.names[0], "work");
        assert_name(ended.location.names[1], "");
        au_buf_done(&ended.code);
    }
}

/* The test of the gas counter and the instruction become one trap, unless the function has loops:
 * then the test stores the counter first. */
static void test_a_block_of_one_trap(void **state)
{
    (void)state;
    struct row {
        const char *text;
        size_t skip;
        bool is_block;
    };
    static const struct row rows[] = {
        {"(module (func (export \"run\") (drop (i32.const 77)) unreachable))", 0, true},
        {"(module (func (export \"run\") (loop (drop (i32.const 77)) unreachable)))", 4, false},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct ended ended = run(rows[i].text, FIXTURE_STEPS);
        assert_int_equal(ended.outcome, AU_OUTCOME_TRAPPED);
        assert_int_equal(ended.location.is_block, rows[i].is_block);
        assert_int_equal(ended.location.offset,
                         find(&ended.code, "\x41\xcd\x00\x1a\x00", 5) + rows[i].skip);
        au_buf_done(&ended.code);
    }
}

/* memory.grow charges in a helper, which is no function of the module. */
static void test_growth_that_costs_too_much(void **state)
{
    (void)state;
    struct ended ended = run("(module (memory 1) (func $f (export \"run\")"
                             " (drop (memory.grow (i32.const 99)))))",
                             FIXTURE_STEPS);
    assert_int_equal(ended.outcome, AU_OUTCOME_OUT_OF_GAS);
    assert_int_equal(ended.trace.count, 1);
    assert_int_equal(ended.trace.functions[0], 0);
    assert_int_equal(ended.location.offset, find(&ended.code, "\x40\x00\x1a", 3));
    au_buf_done(&ended.code);
}

static void test_stack_limit_has_no_known_depth(void **state)
{
    (void)state;
    struct ended ended = run("(module (func $deep (nop) (call $deep))"
                             "(func (export \"run\") (call $deep)))",
                             FIXTURE_STEPS);
    assert_int_equal(ended.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_true(ended.trace.is_cut);
    assert_int_equal(ended.trace.count, AU_TRACE_FRAMES_MAX);
    for (uint32_t i = 0; i < AU_TRACE_FRAMES_MAX; i++) {
        assert_int_equal(ended.trace.functions[i], 0);
        assert_name(ended.location.names[i], "deep");
    }
    assert_int_equal(ended.location.offset, find(&ended.code, "\x00\x01\x10\x00", 4) + 1);
    au_buf_done(&ended.code);
}

/* Twelve functions deep: the first four, the last four, and how many stood between. */
static void test_a_long_chain_keeps_its_ends(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, 4096);
    au_buf_put_text(&text, "(module (func $f0 unreachable)");
    for (unsigned i = 1; i < 12; i++) {
        au_buf_printf(&text, "(func $f%u (call $f%u))", i, i - 1);
    }
    au_buf_put_text(&text, "(export \"run\" (func $f11)))");
    au_buf_put_u8(&text, 0);
    struct ended ended = run((const char *)text.data, FIXTURE_STEPS);
    static const uint32_t functions[] = {0, 1, 2, 3, 8, 9, 10, 11};
    assert_int_equal(ended.trace.count, AU_COUNT_OF(functions));
    assert_memory_equal(ended.trace.functions, functions, sizeof functions);
    assert_int_equal(ended.trace.left_out, 4);
    assert_false(ended.trace.is_cut);
    assert_name(ended.location.names[7], "f11");
    au_buf_done(&ended.code);
    au_buf_done(&text);
}

static void test_success_and_revert_leave_no_trace(void **state)
{
    (void)state;
    struct ended ended = run("(module (func (export \"run\")))", FIXTURE_STEPS);
    assert_int_equal(ended.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(ended.trace.count, 0);
    au_buf_done(&ended.code);
    ended = run("(module (import \"env\" \"end\" (func $end (param i32 i32)))"
                "(func (export \"run\") (call $end (i32.const 1) (i32.const 0))))",
                FIXTURE_STEPS);
    assert_int_equal(ended.outcome, AU_OUTCOME_REVERTED);
    assert_int_equal(ended.trace.count, 0);
    au_buf_done(&ended.code);
}

/* Name sections that are cut, too long, double or of other kinds: names or none, never a fault. */
static void test_hostile_name_sections(void **state)
{
    (void)state;
    static const uint8_t module[] = {0, 'a', 's', 'm', 1, 0,  0, 0, 1, 4, 1, 0x60, 0,
                                     0, 3,   2,   1,   0, 10, 5, 1, 3, 0, 0, 0x0b};
    static const struct {
        const char *section; /* its content */
        size_t size;
        const char *name;
    } rows[] = {
        {BYTES("\4name\1\4\1\0\1f"), "f"},
        {BYTES("\4name\1\7\2\0\1f\0\1g"), "f"},
        {BYTES("\4name\0\2\1m\1\4\1\0\1f"), "f"},
        {BYTES("\4name\1\4\1\0\1\xff"), "\xff"},
        {BYTES("\4name\1\4\1\1\1f"), ""},
        {BYTES("\4name\1\4\1\0\2f"), ""},
        {BYTES("\4name\1\x7f\1\0\1f"), ""},
        {BYTES("\4name\1\6\xff\xff\xff\xff\xff\xff"), ""},
        {BYTES("\4name\2\4\1\0\1f"), ""},
        {BYTES("\4nama\1\4\1\0\1f"), ""},
        {BYTES("\4name"), ""},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_trace trace = {.count = 1, .offset = 6};
        struct au_location location;
        struct au_buf code;
        au_buf_init(&code, 256);
        au_buf_put(&code, module, sizeof module);
        au_buf_put_u8(&code, 0);
        au_buf_put_u8(&code, (uint8_t)rows[i].size);
        au_buf_put(&code, rows[i].section, rows[i].size);
        assert_int_equal(au_trace_locate(au_buf_bytes(&code), &fixture_host, &trace, &location),
                         AU_OK);
        assert_name(location.names[0], rows[i].name);
        au_buf_done(&code);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_end_is_located),
        cmocka_unit_test(test_a_block_of_one_trap),
        cmocka_unit_test(test_growth_that_costs_too_much),
        cmocka_unit_test(test_stack_limit_has_no_known_depth),
        cmocka_unit_test(test_a_long_chain_keeps_its_ends),
        cmocka_unit_test(test_success_and_revert_leave_no_trace),
        cmocka_unit_test(test_hostile_name_sections),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
