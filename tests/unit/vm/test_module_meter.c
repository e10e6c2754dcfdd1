/* Goal: metered blocks, their costs and the units of the stack are exactly those of protocol.md
 * section 5.
 * Method: small bodies with the costs of their blocks worked out by hand from the protocol's text.
 * Each body also runs, with its parameter 0 and 1: the steps that the engine counts are the sum of
 * the blocks on its path. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "base/mem.h"
#include "cmocka_signals.h"
#include "vm/body.h"
#include "vm/engine.h"
#include "vm/gas.h"
#include "wasm_builder.h"

static enum au_host_next do_nothing(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    (void)args;
    return AU_HOST_CONTINUE;
}

static const struct au_host_entry entries[] = {
    {.name = "nothing", .number = 1, .params = "", .results = "", .run = do_nothing},
};
static const struct au_host_table host = {"env", entries, AU_COUNT_OF(entries)};

static struct au_engine *engine;

static int start_engine(void **state)
{
    struct au_engine_options options = {.instances_max = 1, .cache_size = 1 << 20};
    (void)state;
    return au_engine_new(&options, &host, &engine) == AU_OK ? 0 : -1;
}

static int stop_engine(void **state)
{
    (void)state;
    au_engine_free(engine);
    return 0;
}

/* ---- one body -------------------------------------------------------------------------------- */

#define BLOCKS_MAX 16

struct meter {
    uint32_t costs[BLOCKS_MAX];
    size_t count;
    int64_t units; /* of the stack */
};

/* Function 1, with one parameter i32, is the one under test. Function 0 is an import, function 2
 * takes two i32 and gives them back. Types: 0 () -> (); 1 (i32) -> (); 2 (i32 i32) -> (i32 i32).
 * Memory of 1 to pages_max pages; table of 2 entries: empty, function 0; one passive segment. */
static void build(struct wasm_builder *builder, struct au_bytes code, uint32_t pages_max)
{
    builder_type(builder, "", "");
    builder_type(builder, "i", "");
    builder_type(builder, "ii", "ii");
    builder_import(builder, "env", "nothing", BYTES(EXTERN_FUNCTION, 0));
    builder_table(builder, 2, 2);
    builder_memory(builder, 1, pages_max);
    builder_global(builder);
    builder_export(builder, "run", EXTERN_FUNCTION, 1);
    builder_element(builder, 1, 0);
    builder_number(builder, BUILDER_DATA_COUNT, 1);
    builder_function(builder, 1, code);
    builder_function(builder, 2, BYTES(OP_GET, 0, OP_GET, 1, OP_END));
    builder_add(builder, BUILDER_DATA, BYTES(1, 8, 1, 2, 3, 4, 5, 6, 7, 8));
}

static bool is_charge(uint32_t kind)
{
    switch ((enum body_edit_kind)kind) {
    case BODY_EDIT_CHARGE:
    case BODY_EDIT_LOOP_CHARGE: return true;
    case BODY_EDIT_BRANCH:
    case BODY_EDIT_REPEAT:
    case BODY_EDIT_CALL:
    case BODY_EDIT_RETURN:
    case BODY_EDIT_GROW:
    case BODY_EDIT_BULK:
    case BODY_EDIT_RELOAD:
    case BODY_EDIT_DROP:
    case BODY_EDIT_DROP_AFTER_END: return false;
    }
    return false;
}

static void read_meter(const struct body_check *check, size_t body_size, struct meter *out_meter)
{
    *out_meter = (struct meter){.units = body_stack_units(check, body_size)};
    for (size_t i = 0; i < check->edit_count; i++) {
        const struct body_edit *edit = &check->edits[i];
        if (!is_charge(edit->kind)) continue;
        AU_ASSERT(out_meter->count < BLOCKS_MAX);
        out_meter->costs[out_meter->count++] = edit->value;
    }
    AU_ASSERT(out_meter->count == check->block_count);
}

/* What the check of bodies makes of function 1 in a module. */
static void measure(struct au_bytes module_bytes, struct meter *out_meter)
{
    struct au_arena arena;
    struct au_reject reject = {0};
    struct wasm_module module = {.arena = &arena, .host = &host};
    struct au_reader reader = {.start = module_bytes.data,
                               .pos = module_bytes.data,
                               .end = module_bytes.data + module_bytes.size,
                               .function = AU_REJECT_NO_FUNCTION,
                               .reject = &reject};
    uint32_t size = 0;
    au_arena_init(&arena, 1 << 20);
    if (!wasm_decode(&reader, &module)) fail_msg("%s: %s", reject.rule, reject.message);
    struct body_check *check = au_mem_new(sizeof *check);
    assert_non_null(check);
    body_check_init(check, &module);
    reader.pos = module.code_raw.data;
    reader.end = module.code_raw.data + module.code_raw.size;
    reader.function = 1;
    assert_true(au_reader_u32(&reader, &size));
    reader.end = reader.pos + size;
    if (!body_check_run(check, &reader, wasm_function_type(&module, 1))) {
        fail_msg("%s: %s", reject.rule, reject.message);
    }
    read_meter(check, size, out_meter);
    body_check_done(check);
    au_mem_free(check);
    au_arena_done(&arena);
}

/* Enough for any path here, little enough for one that never ends. */
#define STEPS 10000000

struct run {
    enum au_outcome outcome;
    int64_t steps;
};

static struct run run(struct au_bytes code, int32_t argument)
{
    struct au_loaded *loaded = NULL;
    struct au_instance *instance = NULL;
    struct au_reject reject = {0};
    union au_value value = {.i32 = argument};
    struct run result = {0};
    uint32_t detail = 0;
    if (au_engine_load(engine, code, &loaded, &reject) != AU_OK) {
        fail_msg("%s: %s", reject.rule, reject.message);
    }
    assert_int_equal(au_instance_open(loaded, STEPS, NULL, &instance), AU_OK);
    const struct au_export *export_ =
        au_module_info_export(au_loaded_info(loaded), au_bytes_of("run"));
    assert_non_null(export_);
    assert_int_equal(au_instance_call(instance, export_, &value, &result.outcome, &detail), AU_OK);
    result.steps = STEPS - instance->steps_left;
    au_instance_close(instance);
    au_loaded_release(loaded);
    return result;
}

/* ---- metered blocks -------------------------------------------------------------------------- */

#define FOREVER STEPS /* a path without an end takes all there is */

struct meter_case {
    const char *name;
    struct au_bytes code;
    size_t block_count;
    uint32_t blocks[BLOCKS_MAX]; /* their costs, in code order */
    int64_t steps[2];            /* of a run with parameter 0 and 1 */
};

#define CODE(...) BYTES_INIT(__VA_ARGS__)
#define COSTS(...)                                          \
    (sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)), \
    {                                                       \
        __VA_ARGS__                                         \
    }
#define RUNS(zero, one) \
    {                   \
        zero, one       \
    }
#define TWO       OP_GET, 0, OP_DROP /* two steps */
#define CONDITION OP_GET, 0

static const struct meter_case straight[] = {
    {"nothing", CODE(OP_END), COSTS(0), RUNS(0, 0)},
    {"nop", CODE(OP_NOP, OP_NOP, OP_END), COSTS(0), RUNS(0, 0)},
    {"simple", CODE(OP_I32_CONST, 1, OP_NOP, OP_DROP, OP_END), COSTS(2), RUNS(2, 2)},
    {"variables", CODE(OP_GET, 0, OP_TEE, 0, OP_SET, 0, OP_GLOBAL_GET, 0, OP_GLOBAL_SET, 0, OP_END),
     COSTS(5), RUNS(5, 5)},
    {"calls do not split", CODE(TWO, OP_CALL, 0, TWO, OP_END), COSTS(2 + 8 + 2), RUNS(12, 12)},
    {"nor do indirect calls", CODE(OP_I32_CONST, 1, OP_CALL_INDIRECT, 0, 0, TWO, OP_END),
     COSTS(1 + 12 + 2), RUNS(15, 15)},
    {"a called function has blocks of its own",
     CODE(OP_GET, 0, OP_GET, 0, OP_CALL, 2, OP_DROP, OP_DROP, OP_END), COSTS(1 + 1 + 8 + 2),
     RUNS(12 + 2, 12 + 2)},
    {"division", CODE(OP_I32_CONST, 6, OP_I32_CONST, 3, OP_I32_DIV_U, OP_DROP, OP_END),
     COSTS(1 + 1 + 8 + 1), RUNS(11, 11)},
    {"trapping instructions do not split",
     CODE(OP_I32_CONST, 6, OP_GET, 0, OP_I32_DIV_U, OP_DROP, TWO, OP_END), COSTS(1 + 1 + 8 + 1 + 2),
     RUNS(13, 13)},
    {"unreachable", CODE(OP_UNREACHABLE, OP_END), COSTS(1), RUNS(1, 1)},
    {"return", CODE(TWO, OP_RETURN, OP_END), COSTS(3), RUNS(3, 3)},
    {"select", CODE(OP_GET, 0, OP_GET, 0, OP_GET, 0, OP_SELECT, OP_DROP, OP_END), COSTS(5),
     RUNS(5, 5)},
};

static const struct meter_case blocks[] = {
    {"block that nothing names", CODE(TWO, OP_BLOCK, VOID, OP_NOP, TWO, OP_END, TWO, OP_END),
     COSTS(6), RUNS(6, 6)},
    {"block named by br_if",
     CODE(OP_BLOCK, VOID, CONDITION, OP_BR_IF, 0, TWO, TWO, OP_END, TWO, OP_END), COSTS(2, 4, 2),
     RUNS(8, 4)},
    {"block named by br", CODE(OP_BLOCK, VOID, OP_BR, 0, TWO, OP_END, TWO, OP_END), COSTS(1, 2),
     RUNS(3, 3)},
    {"inner block unnamed, outer named",
     CODE(OP_BLOCK, VOID, OP_BLOCK, VOID, CONDITION, OP_BR_IF, 1, OP_END, TWO, OP_END, TWO, TWO,
          OP_END),
     COSTS(2, 2, 4), RUNS(8, 6)},
    {"br_if to the function", CODE(OP_BLOCK, VOID, CONDITION, OP_BR_IF, 1, OP_END, TWO, OP_END),
     COSTS(2, 2), RUNS(4, 2)},
    {"br_if twice",
     CODE(OP_BLOCK, VOID, CONDITION, OP_BR_IF, 0, CONDITION, OP_BR_IF, 1, OP_END, TWO, OP_END),
     COSTS(2, 2, 0, 2), RUNS(6, 4)},
    {"br_table names all its labels",
     CODE(OP_BLOCK, VOID, OP_BLOCK, VOID, OP_BLOCK, VOID, CONDITION, OP_BR_TABLE, 1, 0, 1, TWO,
          OP_END, TWO, OP_END, TWO, TWO, OP_END, OP_CALL, 0, OP_END),
     COSTS(2, 2, 12), RUNS(16, 14)},
    {"br_table without labels but its default",
     CODE(OP_BLOCK, VOID, CONDITION, OP_BR_TABLE, 0, 0, OP_END, TWO, OP_END), COSTS(2, 2),
     RUNS(4, 4)},
    {"operands through a block",
     CODE(OP_GET, 0, OP_GET, 0, OP_BLOCK, 2, OP_DROP, OP_GET, 0, CONDITION, OP_BR_IF, 0, OP_NOP,
          OP_END, OP_DROP, OP_DROP, OP_END),
     COSTS(6, 0, 2), RUNS(8, 8)},
    {"block that returns",
     CODE(OP_BLOCK, VOID, CONDITION, OP_IF, VOID, OP_RETURN, OP_END, TWO, OP_END, TWO, OP_END),
     COSTS(2, 1, 4), RUNS(6, 3)},
};

static const struct meter_case loops[] = {
    {"loop that ends", CODE(OP_LOOP, VOID, TWO, OP_END, TWO, OP_END), COSTS(0, 4), RUNS(4, 4)},
    {"what is before a loop", CODE(TWO, OP_LOOP, VOID, OP_END, OP_END), COSTS(2, 0), RUNS(2, 2)},
    {"loop with br_if", CODE(OP_LOOP, VOID, CONDITION, OP_BR_IF, 0, OP_END, TWO, TWO, OP_END),
     COSTS(0, 2, 4), RUNS(6, FOREVER)},
    {"loop that runs twice",
     CODE(OP_LOOP, VOID, CONDITION, OP_I32_CONST, 0, OP_SET, 0, OP_BR_IF, 0, OP_END, TWO, OP_END),
     COSTS(0, 4, 2), RUNS(6, 10)},
    {"loop without an end", CODE(OP_LOOP, VOID, OP_BR, 0, OP_END, TWO, OP_END), COSTS(0, 1),
     RUNS(FOREVER, FOREVER)},
    {"loop left by the block around it",
     CODE(OP_BLOCK, VOID, OP_LOOP, VOID, CONDITION, OP_BR_IF, 1, OP_I32_CONST, 1, OP_SET, 0, OP_BR,
          0, OP_END, TWO, OP_END, TWO, TWO, OP_END),
     COSTS(0, 2, 3, 4), RUNS(2 + 3 + 2 + 4, 2 + 4)},
    {"branch to a loop is none to its end",
     CODE(OP_LOOP, VOID, CONDITION, OP_IF, VOID, OP_I32_CONST, 0, OP_SET, 0, OP_BR, 1, OP_END,
          OP_RETURN, OP_END, TWO, OP_END),
     COSTS(0, 2, 3, 1), RUNS(3, 2 + 3 + 3)},
    {"br_table to a loop and out of it",
     CODE(OP_BLOCK, VOID, OP_LOOP, VOID, CONDITION, OP_I32_CONST, 0, OP_SET, 0, OP_BR_TABLE, 1, 1,
          0, OP_END, TWO, OP_END, TWO, OP_END),
     COSTS(0, 4, 2), RUNS(6, 10)},
    {"host call in a loop",
     CODE(OP_LOOP, VOID, OP_CALL, 0, CONDITION, OP_I32_CONST, 0, OP_SET, 0, OP_BR_IF, 0, OP_END,
          TWO, OP_END),
     COSTS(0, 12, 2), RUNS(12 + 2, 12 + 12 + 2)},
    {"indirect call in a loop",
     CODE(OP_LOOP, VOID, OP_I32_CONST, 1, OP_CALL_INDIRECT, 0, 0, CONDITION, OP_I32_CONST, 0,
          OP_SET, 0, OP_BR_IF, 0, OP_END, TWO, OP_END),
     COSTS(0, 17, 2), RUNS(17 + 2, 17 + 17 + 2)},
    {"bulk instruction and memory.grow in a loop",
     CODE(OP_LOOP, VOID, OP_I32_CONST, 0, OP_I32_CONST, 0, OP_I32_CONST, 8, OP_FC, FC_MEMORY_FILL,
          0, OP_I32_CONST, 0, OP_MEMORY_GROW, 0, OP_DROP, CONDITION, OP_I32_CONST, 0, OP_SET, 0,
          OP_BR_IF, 0, OP_END, TWO, OP_END),
     COSTS(0, 7 + 34 + 4, 2), RUNS(45 + 9 + 2, 45 + 9 + 45 + 9 + 2)},
    {"trap in a loop",
     CODE(OP_LOOP, VOID, OP_CALL, 0, CONDITION, OP_IF, VOID, OP_UNREACHABLE, OP_END, OP_END,
          OP_END),
     COSTS(0, 10, 1, 0), RUNS(10, 11)},
};

static const struct meter_case ifs[] = {
    {"if without else", CODE(CONDITION, OP_IF, VOID, TWO, TWO, OP_END, TWO, OP_END), COSTS(2, 4, 2),
     RUNS(4, 8)},
    {"if and else",
     CODE(CONDITION, OP_IF, VOID, TWO, OP_ELSE, TWO, TWO, OP_END, OP_CALL, 0, OP_END),
     COSTS(2, 2, 4, 8), RUNS(14, 12)},
    {"nothing in the arms", CODE(CONDITION, OP_IF, VOID, OP_ELSE, OP_END, OP_END),
     COSTS(2, 0, 0, 0), RUNS(2, 2)},
    {"if without else, arm dead", CODE(CONDITION, OP_IF, VOID, OP_RETURN, TWO, OP_END, TWO, OP_END),
     COSTS(2, 1, 2), RUNS(4, 3)},
    {"then dead",
     CODE(CONDITION, OP_IF, VOID, OP_RETURN, TWO, OP_ELSE, TWO, TWO, OP_END, TWO, OP_END),
     COSTS(2, 1, 4, 2), RUNS(8, 3)},
    {"else dead", CODE(CONDITION, OP_IF, VOID, TWO, OP_ELSE, OP_RETURN, TWO, OP_END, TWO, OP_END),
     COSTS(2, 2, 1, 2), RUNS(3, 6)},
    {"both arms dead",
     CODE(CONDITION, OP_IF, VOID, OP_RETURN, OP_ELSE, OP_UNREACHABLE, OP_END, TWO, OP_END),
     COSTS(2, 1, 1), RUNS(3, 3)},
    {"both arms branch to the end",
     CODE(CONDITION, OP_IF, VOID, OP_BR, 0, OP_ELSE, OP_BR, 0, OP_END, TWO, OP_END),
     COSTS(2, 1, 1, 2), RUNS(5, 5)},
    {"then branches to the end, else returns",
     CODE(CONDITION, OP_IF, VOID, OP_BLOCK, VOID, OP_BR, 1, OP_END, TWO, OP_ELSE, TWO, OP_RETURN,
          OP_END, TWO, OP_END),
     COSTS(2, 1, 3, 2), RUNS(5, 5)},
    {"if of dead arms in an arm",
     CODE(CONDITION, OP_IF, VOID, CONDITION, OP_IF, VOID, OP_RETURN, OP_ELSE, OP_UNREACHABLE,
          OP_END, TWO, OP_END, TWO, TWO, OP_END),
     COSTS(2, 2, 1, 1, 4), RUNS(6, 5)},
    {"result of arms",
     CODE(CONDITION, OP_IF, I32, OP_I32_CONST, 1, OP_ELSE, OP_I32_CONST, 1, OP_I32_CONST, 1,
          OP_I32_ADD, OP_END, OP_DROP, OP_END),
     COSTS(2, 1, 3, 1), RUNS(6, 4)},
    {"br_if as the last of an arm",
     CODE(CONDITION, OP_IF, VOID, CONDITION, OP_BR_IF, 0, OP_END, TWO, OP_END), COSTS(2, 2, 0, 2),
     RUNS(4, 6)},
};

static const struct meter_case dead[] = {
    {"after return", CODE(TWO, OP_RETURN, TWO, OP_CALL, 0, OP_END), COSTS(3), RUNS(3, 3)},
    {"after br", CODE(OP_BR, 0, TWO, OP_END), COSTS(1), RUNS(1, 1)},
    {"after br_table", CODE(CONDITION, OP_BR_TABLE, 0, 0, TWO, OP_END), COSTS(2), RUNS(2, 2)},
    {"after unreachable", CODE(OP_UNREACHABLE, TWO, OP_END), COSTS(1), RUNS(1, 1)},
    {"constructs opened in dead code",
     CODE(OP_RETURN, OP_BLOCK, VOID, OP_LOOP, VOID, CONDITION, OP_IF, VOID, TWO, OP_ELSE, TWO,
          OP_END, CONDITION, OP_BR_IF, 0, OP_END, TWO, OP_END, TWO, OP_END),
     COSTS(1), RUNS(1, 1)},
    {"br_if in dead code", CODE(OP_RETURN, CONDITION, OP_BR_IF, 0, TWO, OP_END), COSTS(1),
     RUNS(1, 1)},
    {"block named by dead branches only",
     CODE(OP_BLOCK, VOID, OP_RETURN, OP_BR, 0, CONDITION, OP_BR_IF, 0, CONDITION, OP_BR_TABLE, 1, 0,
          0, OP_END, TWO, OP_END),
     COSTS(1), RUNS(1, 1)},
    {"block reached, named by a dead branch",
     CODE(OP_BLOCK, VOID, CONDITION, OP_IF, VOID, OP_RETURN, OP_BR, 1, OP_END, TWO, OP_END, TWO,
          OP_END),
     COSTS(2, 1, 4), RUNS(6, 3)},
    {"else of a dead if",
     CODE(OP_UNREACHABLE, CONDITION, OP_IF, VOID, TWO, OP_ELSE, TWO, OP_END, TWO, OP_END), COSTS(1),
     RUNS(1, 1)},
    {"end of a block that can't be passed",
     CODE(OP_BLOCK, VOID, OP_BLOCK, VOID, OP_RETURN, OP_END, TWO, OP_END, TWO, OP_END), COSTS(1),
     RUNS(1, 1)},
    {"dead to the end of a block that a live branch names",
     CODE(OP_BLOCK, VOID, OP_BLOCK, VOID, CONDITION, OP_BR_IF, 1, OP_UNREACHABLE, OP_END, TWO,
          OP_END, TWO, TWO, OP_END),
     COSTS(2, 1, 4), RUNS(3, 6)},
    {"operands of dead code",
     CODE(OP_BLOCK, I32, OP_I32_CONST, 1, OP_RETURN, OP_I32_ADD, OP_END, OP_DROP, OP_END), COSTS(2),
     RUNS(2, 2)},
    {"value of a block that can't be passed",
     CODE(OP_BLOCK, I32, OP_UNREACHABLE, OP_END, OP_I32_CONST, 1, OP_I32_ADD, OP_DROP, OP_END),
     COSTS(1), RUNS(1, 1)},
    {"memory in dead code", CODE(OP_RETURN, OP_I32_CONST, 1, OP_MEMORY_GROW, 0, OP_DROP, OP_END),
     COSTS(1), RUNS(1, 1)},
};

static void check_case(const struct meter_case *row, uint32_t pages_max)
{
    struct wasm_builder builder;
    struct meter meter;
    builder_init(&builder);
    build(&builder, row->code, pages_max);
    struct au_bytes module = builder_build(&builder);
    measure(module, &meter);
    bool is_equal = meter.count == row->block_count;
    for (size_t i = 0; is_equal && i < meter.count; i++) {
        is_equal = meter.costs[i] == row->blocks[i];
    }
    if (!is_equal) {
        for (size_t i = 0; i < meter.count; i++)
            print_error("block %zu: %u\n", i, meter.costs[i]);
        fail_msg("%s: other blocks than expected", row->name);
    }
    for (int32_t argument = 0; argument < 2; argument++) {
        struct run result = run(module, argument);
        if (result.steps != row->steps[argument]) {
            fail_msg("%s: a run with %d takes %lld steps, not %lld", row->name, argument,
                     (long long)result.steps, (long long)row->steps[argument]);
        }
        if ((result.outcome == AU_OUTCOME_OUT_OF_GAS) != (row->steps[argument] == FOREVER)) {
            fail_msg("%s: %s", row->name, au_outcome_name(result.outcome));
        }
    }
    builder_done(&builder);
}

static void check_cases(const struct meter_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check_case(&cases[i], 1);
}

static void test_straight(void **state)
{
    (void)state;
    check_cases(straight, AU_COUNT_OF(straight));
}

static void test_blocks(void **state)
{
    (void)state;
    check_cases(blocks, AU_COUNT_OF(blocks));
}

static void test_loops(void **state)
{
    (void)state;
    check_cases(loops, AU_COUNT_OF(loops));
}

static void test_ifs(void **state)
{
    (void)state;
    check_cases(ifs, AU_COUNT_OF(ifs));
}

static void test_dead(void **state)
{
    (void)state;
    check_cases(dead, AU_COUNT_OF(dead));
}

/* ---- prices ---------------------------------------------------------------------------------- */

/* A load, a store and the three bulk instructions with the price m of a memory access; the bulk
 * ones take AU_GAS_BULK steps more when they run, and one for each started 8 bytes. */
static void test_memory_access(void **state)
{
    static const struct {
        uint32_t pages_max;
        uint32_t m;
    } prices[] = {{1, 4},   {4, 4},    {5, 8},    {32, 8},
                  {33, 24}, {256, 24}, {257, 24}, {BUILDER_NO_MAX, 24}};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(prices); i++) {
        uint32_t m = prices[i].m;
        struct meter_case row = {
            .name = "memory access",
            .code = BYTES(OP_I32_CONST, 0, OP_I32_LOAD, 2, 0, OP_DROP, OP_I32_CONST, 0, OP_GET, 0,
                          OP_I32_STORE, 2, 0, OP_I32_CONST, 8, OP_I32_CONST, 0, OP_I32_CONST, 8,
                          OP_FC, FC_MEMORY_INIT, 0, 0, OP_I32_CONST, 0, OP_I32_CONST, 8,
                          OP_I32_CONST, 9, OP_FC, FC_MEMORY_COPY, 0, 0, OP_I32_CONST, 0,
                          OP_I32_CONST, 0, OP_I32_CONST, 0, OP_FC, FC_MEMORY_FILL, 0, OP_FC,
                          FC_DATA_DROP, 0, OP_MEMORY_SIZE, 0, OP_DROP, OP_END),
            .block_count = 1,
        };
        row.blocks[0] = (1 + m + 1) + (2 + m) + (3 + m) + (3 + m) + (3 + m) + 1 + 2;
        row.steps[0] = row.steps[1] = row.blocks[0] + 3 * AU_GAS_BULK + 1 + 2 + 0;
        check_case(&row, prices[i].pages_max);
    }
}

/* memory.grow takes 40 gas a page, and nothing but its base cost past the maximum. */
static void test_memory_grow(void **state)
{
    static const struct {
        uint8_t operand;
        int64_t pages; /* that memory grows by: from 1 to at most 4 */
    } cases[] = {{0, 0}, {1, 1}, {3, 3}, {4, 0}, {/* -1 */ 0x7f, 0}};
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        int64_t steps = 34 + cases[i].pages * AU_GAS_GROW_PAGE;
        struct meter_case row = {
            .name = "memory.grow",
            .code = BYTES(OP_I32_CONST, cases[i].operand, OP_MEMORY_GROW, 0, OP_DROP, OP_END),
            .block_count = 1,
            .blocks = {34},
            .steps = {steps, steps},
        };
        check_case(&row, 4);
    }
}

/* Every plain instruction, by its place in the format. Operands don't matter: what has one price as
 * dead code would have it alive, so the tables are read. */
static void test_every_price(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const struct au_op *op = &au_ops[byte];
        if (op->kind == AU_KIND_UNKNOWN) continue;
        bool is_free = byte == OP_NOP || byte == OP_BLOCK || byte == OP_LOOP || byte == OP_ELSE ||
                       byte == OP_END || byte == OP_FC;
        bool is_memory = byte >= 0x28 && byte <= 0x3e;
        bool is_division = (byte >= 0x6d && byte <= 0x70) || (byte >= 0x7f && byte <= 0x82);
        bool is_round = (byte >= 0x8d && byte <= 0x90) || (byte >= 0x9b && byte <= 0x9e) ||
                        byte == 0xb6 || byte == 0xbb;
        bool is_float_mul = byte == 0x94 || byte == 0xa2;
        bool is_float_div = byte == 0x91 || byte == 0x95 || byte == 0x9f || byte == 0xa3;
        enum au_cost cost = is_free                    ? AU_COST_FREE
                            : is_memory                ? AU_COST_MEMORY
                            : is_division              ? AU_COST_DIVISION
                            : is_round                 ? AU_COST_FLOAT_ROUND
                            : is_float_mul             ? AU_COST_FLOAT_MUL
                            : is_float_div             ? AU_COST_FLOAT_DIV
                            : byte == OP_CALL          ? AU_COST_CALL
                            : byte == OP_CALL_INDIRECT ? AU_COST_CALL_INDIRECT
                            : byte == OP_MEMORY_GROW   ? AU_COST_GROW
                                                       : AU_COST_SIMPLE;
        if (op->cost != cost) fail_msg("%s: cost %u, not %u", op->name, op->cost, cost);
    }
    for (unsigned number = 0; number < AU_OP_FC_COUNT; number++) {
        bool is_bulk =
            number == FC_MEMORY_INIT || number == FC_MEMORY_COPY || number == FC_MEMORY_FILL;
        assert_int_equal(au_ops_fc[number].cost, is_bulk ? AU_COST_MEMORY : AU_COST_SIMPLE);
    }
}

/* ---- units of the stack ---------------------------------------------------------------------- */

/* 8 + parameters + locals + greatest height + ceil(body_size / 4), if the body has a call. */
static const struct {
    const char *name;
    struct au_bytes body; /* locals included */
    int64_t units;
} stacks[] = {
    {"no call", CODE(1, 9, I64, OP_GET, 0, OP_DROP, OP_END), 0},
    {"a call", CODE(0, OP_CALL, 0, OP_END), 8 + 1 + 0 + 0 + 1},
    {"5 bytes", CODE(0, OP_CALL, 0, OP_NOP, OP_END), 8 + 1 + 0 + 0 + 2},
    {"an indirect call", CODE(0, OP_I32_CONST, 0, OP_CALL_INDIRECT, 0, 0, OP_END),
     8 + 1 + 0 + 1 + 2},
    {"a call in dead code", CODE(0, OP_RETURN, OP_CALL, 0, OP_END), 8 + 1 + 0 + 0 + 2},
    {"locals", CODE(2, 9, I64, 1, I32, OP_CALL, 0, OP_END), 8 + 1 + 10 + 0 + 2},
    {"operands before",
     CODE(0, OP_GET, 0, OP_GET, 0, OP_GET, 0, OP_DROP, OP_DROP, OP_DROP, OP_CALL, 0, OP_END),
     8 + 1 + 0 + 3 + 4},
    {"operands after", CODE(0, OP_CALL, 0, OP_GET, 0, OP_GET, 0, OP_DROP, OP_DROP, OP_END),
     8 + 1 + 0 + 2 + 3},
    {"operands of a block count with those below it",
     CODE(0, OP_CALL, 0, OP_GET, 0, OP_BLOCK, VOID, OP_GET, 0, OP_DROP, OP_END, OP_DROP, OP_END),
     8 + 1 + 0 + 2 + 4},
    {"results of a call", CODE(0, OP_GET, 0, OP_GET, 0, OP_CALL, 2, OP_DROP, OP_DROP, OP_END),
     8 + 1 + 0 + 2 + 3},
    {"operands of dead code",
     CODE(0, OP_CALL, 0, OP_RETURN, OP_GET, 0, OP_GET, 0, OP_GET, 0, OP_DROP, OP_DROP, OP_DROP,
          OP_END),
     8 + 1 + 0 + 3 + 4},
};

static void test_stack_units(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(stacks); i++) {
        struct wasm_builder builder;
        struct meter meter;
        builder_init(&builder);
        build(&builder, BYTES(OP_END), 1);
        builder.counts[BUILDER_FUNCTION] = builder.counts[BUILDER_CODE] = 0;
        au_buf_clear(&builder.items[BUILDER_FUNCTION]);
        au_buf_clear(&builder.items[BUILDER_CODE]);
        builder_body(&builder, 1, stacks[i].body);
        builder_function(&builder, 2, BYTES(OP_GET, 0, OP_GET, 1, OP_END));
        measure(builder_build(&builder), &meter);
        if (meter.units != stacks[i].units) {
            fail_msg("%s: %lld units, not %lld", stacks[i].name, (long long)meter.units,
                     (long long)stacks[i].units);
        }
        builder_done(&builder);
    }
}

/* A function that calls itself reserves 8 + 1 + 0 + 1 + 2 = 12 units a call: 5,461 calls fit in
 * 65,536 units, the next does not and has paid its first block. */
static void test_stack_limit(void **state)
{
    struct wasm_builder builder;
    int64_t depth = AU_STACK_UNITS / 12;
    (void)state;
    builder_init(&builder);
    build(&builder, BYTES(OP_GET, 0, OP_CALL, 1, OP_NOP, OP_END), 1);
    struct run result = run(builder_build(&builder), 0);
    assert_int_equal(result.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_int_equal(result.steps, (depth + 1) * (1 + 8));
    builder_done(&builder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_straight),    cmocka_unit_test(test_blocks),
        cmocka_unit_test(test_loops),       cmocka_unit_test(test_ifs),
        cmocka_unit_test(test_dead),        cmocka_unit_test(test_memory_access),
        cmocka_unit_test(test_memory_grow), cmocka_unit_test(test_every_price),
        cmocka_unit_test(test_stack_units), cmocka_unit_test(test_stack_limit),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
