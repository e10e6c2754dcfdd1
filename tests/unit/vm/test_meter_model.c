/* Metering against the model, on programs written by hand: every way in which a metered block
 * starts and ends, every price, every trap, every limit of steps. And every numeric instruction
 * on numbers from the edges of its range; and what whole frames cost. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/file.h"
#include "cmocka_signals.h"
#include "model/compare.h"
#include "model/model.h"
#include "model/test_host.h"
#include "vm/module.h"
#include "vm/opcode.h"

#define TEXT_MAX (1u << 20)

static const struct au_compare_options options = {
    .steps_max = 1000000,
    .staircase_max = 3000,
    .sample_count = 12,
    .argument_sets = 5,
};

static int start(void **state)
{
    *state = au_compare_new(&options);
    return *state == NULL;
}

static int stop(void **state)
{
    au_compare_free(*state);
    return 0;
}

static void read_corpus(const char *name, struct au_buf *text)
{
    const char *root = getenv("AUREON_SOURCE_DIR");
    char path[1024];
    (void)snprintf(path, sizeof(path), "%s/tests/model/corpus/%s.wat", root ? root : ".", name);
    au_buf_init(text, TEXT_MAX);
    assert_int_equal(au_file_read(path, text), AU_OK);
}

static void compare_file(struct au_compare *compare, const char *name)
{
    struct au_buf text;
    read_corpus(name, &text);
    assert_true(au_compare_text(compare, name, au_buf_bytes(&text)));
    au_buf_done(&text);
}

static void test_control(void **state)
{
    compare_file(*state, "control");
}

static void test_memory(void **state)
{
    compare_file(*state, "memory_small");
    compare_file(*state, "memory_medium");
    compare_file(*state, "memory_large");
}

static void test_calls(void **state)
{
    compare_file(*state, "calls");
}

static void test_traps(void **state)
{
    compare_file(*state, "traps");
}

static void test_start(void **state)
{
    compare_file(*state, "start");
    compare_file(*state, "start_trap");
}

static void test_host(void **state)
{
    compare_file(*state, "host");
}

/* The programs must have ended in every way, or the tests above say nothing. */
static void test_all_ends_were_seen(void **state)
{
    const struct au_compare_counts *counts = au_compare_counts(*state);
    assert_int_equal(counts->modules, 9);
    for (size_t i = 0; i < 4; i++)
        assert_true(counts->ends[i] > 0);
    assert_true(counts->staircases > 300);
}

/* ---- Numeric instructions ------------------------------------------------------------------- */

static const char *const integers_32[] = {
    "0",  "1",          "-1",         "2",          "7",          "31",         "32",
    "33", "0x7fffffff", "0x80000000", "0x80000001", "0xffff8000", "0x00ff00ff", "0x12345678",
};
static const char *const integers_64[] = {
    "0",
    "1",
    "-1",
    "3",
    "63",
    "64",
    "65",
    "0x7fffffffffffffff",
    "0x8000000000000000",
    "0x8000000000000001",
    "0x00000000ffffffff",
    "0xffffffff80000000",
    "0x8000004000000001",
    "0x7fffffbfffffffff",
    "0x0020000000000001",
};
static const char *const floats_32[] = {
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "1.5",
    "2.5",
    "-2.5",
    "-0x1.fffffep-1",
    "0x1p-149",
    "0x1.fffffep+127",
    "-0x1.fffffep+127",
    "inf",
    "-inf",
    "nan",
    "-nan",
    "nan:0x200000",
    "-nan:0x1",
    "0x1.fffffep+30",
    "0x1p31",
    "-0x1p31",
    "-0x1.000002p31",
    "0x1.fffffep31",
    "0x1p32",
    "0x1.fffffep62",
    "0x1p63",
    "-0x1p63",
    "-0x1.000002p63",
    "0x1.fffffep63",
    "0x1p64",
    "0x1.000002p0",
    "3.14159",
};
static const char *const floats_64[] = {
    "0",
    "-0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "1.5",
    "2.5",
    "-3.5",
    "-0x1.fffffffffffffp-1",
    "0x1p-1074",
    "0x1.fffffffffffffp+1023",
    "-0x1.fffffffffffffp+1023",
    "inf",
    "-inf",
    "nan",
    "-nan",
    "nan:0x4000000000000",
    "-nan:0x1",
    "2147483647.9",
    "2147483648",
    "-2147483648.9",
    "-2147483649",
    "4294967295.9",
    "4294967296",
    "0x1.fffffffffffffp62",
    "0x1p63",
    "-0x1p63",
    "-0x1.0000000000001p63",
    "0x1.fffffffffffffp63",
    "0x1p64",
    "0x1.fffffefffffffp127",
    "0x1.ffffffp127",
    "0x1p-150",
    "0x1.0000010000001p0",
};

struct numbers {
    const char *const *texts;
    size_t count;
};

static struct numbers numbers_of(uint8_t type)
{
    switch (type) {
    case AU_TYPE_I32: return (struct numbers){integers_32, AU_COUNT_OF(integers_32)};
    case AU_TYPE_I64: return (struct numbers){integers_64, AU_COUNT_OF(integers_64)};
    case AU_TYPE_F32: return (struct numbers){floats_32, AU_COUNT_OF(floats_32)};
    default: return (struct numbers){floats_64, AU_COUNT_OF(floats_64)};
    }
}

static const char *name_of(uint8_t type)
{
    static const char *const names[] = {"f64", "f32", "i64", "i32"};
    return names[type - AU_TYPE_F64];
}

static void put_operation(struct au_buf *text, const struct au_op *op)
{
    au_buf_printf(text, "(func $op (param %s %s) (result %s) local.get 0", name_of(op->pops[0]),
                  op->pop_count == 2 ? name_of(op->pops[1]) : "", name_of(op->push));
    au_buf_printf(text, " %s %s)\n", op->pop_count == 2 ? "local.get 1" : "", op->name);
}

static bool may_trap(const struct au_op *op)
{
    if (strncmp(op->name, "f", 1) == 0 || strstr(op->name, "sat") != NULL) return false;
    return strstr(op->name, ".div") || strstr(op->name, ".rem") || strstr(op->name, ".trunc");
}

/* An instruction that never traps runs on all pairs of numbers in one function, and the results
 * go to memory, bit for bit. */
static void put_all_pairs(struct au_buf *text, const struct au_op *op)
{
    struct numbers left = numbers_of(op->pops[0]);
    struct numbers right = op->pop_count == 2 ? numbers_of(op->pops[1]) : (struct numbers){0};
    au_buf_put_text(text, "(func (export \"all\") (local $i i32) (local $j i32)\n");
    for (size_t i = 0; i < left.count; i++) {
        const char *type = name_of(op->pops[0]);
        au_buf_printf(text, "(%s.store (i32.const %zu) (%s.const %s))\n", type, 8 * i, type,
                      left.texts[i]);
    }
    for (size_t i = 0; i < right.count; i++) {
        const char *type = name_of(op->pops[1]);
        au_buf_printf(text, "(%s.store (i32.const %zu) (%s.const %s))\n", type, 512 + 8 * i, type,
                      right.texts[i]);
    }
    au_buf_printf(text,
                  "(loop $left (local.set $j (i32.const 0)) (loop $right\n"
                  "(%s.store offset=1024\n"
                  "(i32.add (i32.mul (local.get $i) (i32.const 64)) (local.get $j))\n"
                  "(call $op (%s.load (local.get $i))",
                  name_of(op->push), name_of(op->pops[0]));
    if (right.count > 0) {
        au_buf_printf(text, " (%s.load offset=512 (local.get $j))", name_of(op->pops[1]));
    }
    au_buf_printf(text,
                  "))\n"
                  "(local.set $j (i32.add (local.get $j) (i32.const 8)))\n"
                  "(br_if $right (i32.lt_u (local.get $j) (i32.const %zu))))\n"
                  "(local.set $i (i32.add (local.get $i) (i32.const 8)))\n"
                  "(br_if $left (i32.lt_u (local.get $i) (i32.const %zu)))))\n",
                  8 * right.count, 8 * left.count);
}

/* One that may trap gets a function for each pair. */
static void put_each_pair(struct au_buf *text, const struct au_op *op)
{
    struct numbers left = numbers_of(op->pops[0]);
    struct numbers right = op->pop_count == 2 ? numbers_of(op->pops[1]) : (struct numbers){0};
    size_t pair_count = left.count * (right.count > 0 ? right.count : 1);
    for (size_t i = 0; i < pair_count; i++) {
        au_buf_printf(text, "(func (export \"%zu\") (result %s) (call $op (%s.const %s)", i,
                      name_of(op->push), name_of(op->pops[0]), left.texts[i % left.count]);
        if (right.count > 0) {
            au_buf_printf(text, " (%s.const %s)", name_of(op->pops[1]),
                          right.texts[i / left.count]);
        }
        au_buf_put_text(text, "))\n");
    }
}

static void compare_operation(struct au_compare *compare, const struct au_op *op)
{
    struct au_buf text;
    au_buf_init(&text, TEXT_MAX);
    au_buf_put_text(&text, "(module (memory 1 1)\n");
    put_operation(&text, op);
    if (may_trap(op)) {
        put_each_pair(&text, op);
    } else {
        put_all_pairs(&text, op);
    }
    au_buf_put_text(&text, ")");
    assert_int_equal(text.err, AU_OK);
    assert_true(au_compare_text(compare, op->name, au_buf_bytes(&text)));
    au_buf_done(&text);
}

static void test_numbers(void **state)
{
    unsigned count = 0;
    for (unsigned code = 0x45; code <= 0xc4; code++, count++) {
        compare_operation(*state, &au_ops[code]);
    }
    for (unsigned code = 0; code <= 7; code++, count++) {
        compare_operation(*state, &au_ops_fc[code]);
    }
    assert_int_equal(count, 136);
}

/* ---- Whole frames --------------------------------------------------------------------------- */

/* What the model says that a frame costs, in gas: entry, start function and function. */
static uint64_t model_gas(struct au_bytes code, const char *function, enum au_outcome *out_outcome)
{
    struct au_model *model;
    struct au_test_record record = {0};
    union au_value values[32] = {0};
    assert_int_equal(au_model_new(code, au_test_host(), &model), AU_OK);
    int64_t entry = au_model_entry_steps(model);
    struct au_model_instance *instance =
        au_model_instance_open(model, options.steps_max * 1000 - entry, &record);
    assert_non_null(instance);
    struct au_model_end end = au_model_start(instance);
    if (end.outcome == AU_OUTCOME_SUCCESS) {
        end = au_model_call(instance, au_bytes_of(function), values);
    }
    au_model_instance_close(instance);
    au_model_free(model);
    *out_outcome = end.outcome;
    return (uint64_t)(options.steps_max * 1000 - end.steps_left + 999) / 1000;
}

static void compare_frame(struct au_runtime *runtime, const char *name, const char *function)
{
    struct au_buf text;
    struct au_bytes code;
    struct au_module *module;
    struct au_reject reject;
    struct au_result result;
    char message[256] = "";
    enum au_outcome outcome;
    struct au_execute_options frame = {
        .gas_limit = (uint64_t)options.steps_max,
        .function = function,
    };
    read_corpus(name, &text);
    assert_int_equal(au_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)), AU_OK);
    assert_int_equal(au_module_load(runtime, code, &module, &reject), AU_OK);
    assert_int_equal(au_execute_contract(module, &frame, &result), AU_OK);
    uint64_t gas = model_gas(code, function, &outcome);
    assert_int_equal(result.outcome, outcome);
    assert_int_equal(result.gas_used, gas);
    au_result_free(&result);
    au_module_free(module);
    au_free(code.data);
    au_buf_done(&text);
}

static void test_frames(void **state)
{
    static const char *const functions[][2] = {
        {"memory_small", "load_last"}, {"memory_small", "fill_sizes"},
        {"memory_small", "fill_past"}, {"memory_small", "grow_then_use"},
        {"memory_small", "grow_past"}, {"memory_medium", "to_the_maximum"},
        {"memory_large", "move"},      {"memory_large", "grow_to_the_limit"},
        {"start_trap", "never"},       {"entry", "nothing"},
    };
    struct au_runtime *runtime;
    (void)state;
    assert_int_equal(au_runtime_new(NULL, &runtime), AU_OK);
    for (size_t i = 0; i < AU_COUNT_OF(functions); i++) {
        compare_frame(runtime, functions[i][0], functions[i][1]);
    }
    au_runtime_free(runtime);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_control),
        cmocka_unit_test(test_memory),
        cmocka_unit_test(test_calls),
        cmocka_unit_test(test_traps),
        cmocka_unit_test(test_start),
        cmocka_unit_test(test_host),
        cmocka_unit_test(test_all_ends_were_seen),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_frames),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
