/* Goal: an instance sees nothing of an earlier one.
 * Method: the pool has one place, so every instance gets the one that the instance before left, in
 * whatever way it ended: memory at its largest and full of marks, globals changed, data segments
 * dropped. The next one must be in its module's initial state, which the model knows. */
#include "unit/unit.h"

#include "cmocka_signals.h"
#include "model/model.h"
#include "model/test_host.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define STEPS    INT64_C(100000000)
#define CODE_MAX (64u << 10)
#define MARK     0xa7
#define ROUNDS   3

/* Fills everything that it has, then ends as its argument says. */
static const char dirty_text[] =
    "(module\n"
    "  (import \"env\" \"reject\" (func $reject (param i32)))\n"
    "  (memory 2)\n"
    "  (table 3 funcref) (elem (i32.const 1) $seven)\n"
    "  (data (i32.const 100) \"initial\") (data (i32.const 131070) \"ab\")\n"
    "  (data $passive \"passive bytes\")\n"
    "  (global $i32 (mut i32) (i32.const 11)) (global $i64 (mut i64) (i64.const 12))\n"
    "  (global $f32 (mut f32) (f32.const 1.5)) (global $f64 (mut f64) (f64.const nan:0x123))\n"
    "  (func $seven (result i32) (i32.const 7))\n"
    "  (func $deeper (call $deeper))\n"
    "  (func (export \"dirty\") (param $end i32)\n"
    "    (drop (memory.grow (i32.const 254)))\n"
    "    (memory.fill (i32.const 0) (i32.const 0xa7) (i32.const 0x1000000))\n"
    "    (data.drop $passive)\n"
    "    (global.set $i32 (i32.const -1)) (global.set $i64 (i64.const -1))\n"
    "    (global.set $f32 (f32.const -1)) (global.set $f64 (f64.const -1))\n"
    "    (block $none (block $gas (block $stack (block $host (block $trap\n"
    "      (br_table $none $trap $host $stack $gas (local.get $end)))\n"
    "      (unreachable))\n"
    "      (call $reject (i32.const 0)))\n"
    "      (call $deeper))\n"
    "      (loop (br 0))))\n"
    "  (func (export \"look\") (param $at i32) (result i32 i64 f32 f64 i32 i32 i32)\n"
    "    (global.get $i32) (global.get $i64) (global.get $f32) (global.get $f64)\n"
    "    (call_indirect (result i32) (i32.const 1)) (memory.size)\n"
    "    (memory.init $passive (i32.const 0) (i32.const 0) (i32.const 13))\n"
    "    (drop (memory.grow (i32.const 254))) (i32.load8_u (local.get $at))))\n";

/* Another module, with memory of its own and none of the first one's content. */
static const char other_text[] =
    "(module (memory 256) (table 4096 funcref) (global $g (mut i64) (i64.const 0))\n"
    "  (func (export \"global\") (result i64) (global.get $g))\n"
    "  (func (export \"entry\") (param i32) (call_indirect (local.get 0))))\n";

struct world {
    struct au_engine *engine;
    struct au_loaded *dirty;
    struct au_loaded *other;
    struct au_model *dirty_model;
    struct au_model *other_model;
    struct au_buf dirty_code;
    struct au_buf other_code;
};

static struct world world;

static void load(const char *text, struct au_buf *code, struct au_loaded **out_loaded,
                 struct au_model **out_model)
{
    char message[256] = "";
    struct au_reject reject = {0};
    au_buf_init(code, CODE_MAX);
    if (au_engine_wat_to_wasm(au_bytes_of(text), code, message, sizeof(message)) != AU_OK) {
        fail_msg("%s", message);
    }
    if (au_engine_load(world.engine, au_buf_bytes(code), out_loaded, &reject) != AU_OK) {
        fail_msg("%s", reject.message);
    }
    assert_ok(au_model_new(au_buf_bytes(code), au_test_host(), out_model));
}

static int start(void **state)
{
    (void)state;
    struct au_engine_options options = {.instances_max = 1, .cache_size = 1u << 20};
    assert_ok(au_engine_new(&options, au_test_host(), &world.engine));
    load(dirty_text, &world.dirty_code, &world.dirty, &world.dirty_model);
    load(other_text, &world.other_code, &world.other, &world.other_model);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    au_model_free(world.dirty_model);
    au_model_free(world.other_model);
    au_loaded_release(world.dirty);
    au_loaded_release(world.other);
    au_engine_free(world.engine);
    au_buf_done(&world.dirty_code);
    au_buf_done(&world.other_code);
    return 0;
}

static enum au_outcome call(struct au_instance *instance, const struct au_loaded *loaded,
                            const char *name, union au_value *values)
{
    const struct au_export *function =
        au_module_info_export(au_loaded_info(loaded), au_bytes_of(name));
    enum au_outcome outcome;
    uint32_t detail;
    assert_non_null(function);
    assert_ok(au_instance_call(instance, function, values, &outcome, &detail));
    return outcome;
}

/* Leaves an instance as dirty as it gets. */
static void leave_dirt(uint32_t end)
{
    static const enum au_outcome outcomes[] = {
        AU_OUTCOME_SUCCESS,     AU_OUTCOME_TRAPPED,    AU_OUTCOME_HOST_REJECTED,
        AU_OUTCOME_STACK_LIMIT, AU_OUTCOME_OUT_OF_GAS,
    };
    struct au_test_record record = {0};
    struct au_instance *instance;
    union au_value value = {.u32 = end};
    assert_ok(au_instance_open(world.dirty, STEPS, &record, &instance));
    assert_int_equal(call(instance, world.dirty, "dirty", &value), outcomes[end]);
    assert_int_equal(instance->memory_size, AU_PAGES_MAX * AU_PAGE_SIZE);
    assert_int_equal(instance->memory[0xffffff], MARK);
    au_instance_close(instance);
}

static void check_memory(struct au_loaded *loaded, const struct au_model *model)
{
    struct au_test_record record = {0};
    struct au_instance *instance;
    struct au_model_instance *initial = au_model_instance_open(model, STEPS, &record);
    assert_non_null(initial);
    assert_ok(au_instance_open(loaded, STEPS, &record, &instance));
    struct au_bytes memory = au_model_memory(initial);
    assert_int_equal(instance->memory_size, memory.size);
    assert_memory_equal(instance->memory, memory.data, memory.size);
    au_instance_close(instance);
    au_model_instance_close(initial);
}

/* Everything that the instance itself can see is what the model sees. */
static void check_look(uint32_t at)
{
    struct au_test_record record = {0};
    struct au_instance *instance;
    struct au_model_instance *model = au_model_instance_open(world.dirty_model, STEPS, &record);
    union au_value seen[AU_RESULTS_MAX] = {{.u32 = at}};
    union au_value expected[AU_RESULTS_MAX] = {{.u32 = at}};
    assert_non_null(model);
    assert_ok(au_instance_open(world.dirty, STEPS, &record, &instance));
    assert_int_equal(call(instance, world.dirty, "look", seen), AU_OUTCOME_SUCCESS);
    struct au_model_end end = au_model_call(model, au_bytes_of("look"), expected);
    assert_int_equal(end.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(seen[0].u32, 11);
    for (size_t i = 0; i < 7; i++) {
        bool is_wide = i == 1 || i == 3;
        assert_int_equal(is_wide ? seen[i].u64 : seen[i].u32, expected[i].u64);
    }
    struct au_bytes memory = au_model_memory(model);
    assert_int_equal(instance->memory_size, memory.size);
    assert_memory_equal(instance->memory, memory.data, memory.size);
    au_instance_close(instance);
    au_model_instance_close(model);
}

static void test_same_module(void **state)
{
    (void)state;
    for (uint32_t end = 0; end < 5; end++) {
        for (uint32_t round = 0; round < ROUNDS; round++) {
            leave_dirt(end);
            check_memory(world.dirty, world.dirty_model);
            leave_dirt(end);
            check_look(0xffffff - round);
        }
    }
}

static void test_other_module(void **state)
{
    (void)state;
    struct au_test_record record = {0};
    for (uint32_t end = 0; end < 5; end++) {
        struct au_instance *instance;
        union au_value value = {0};
        leave_dirt(end);
        check_memory(world.other, world.other_model);
        leave_dirt(end);
        assert_ok(au_instance_open(world.other, STEPS, &record, &instance));
        assert_int_equal(call(instance, world.other, "global", &value), AU_OUTCOME_SUCCESS);
        assert_int_equal(value.u64, 0);
        value.u32 = 1; /* where the first module's table has a function */
        assert_int_equal(call(instance, world.other, "entry", &value), AU_OUTCOME_TRAPPED);
        au_instance_close(instance);
    }
}

/* The host grows a memory past its declared size: those pages are clean as well. */
static void test_pages_that_the_host_adds(void **state)
{
    (void)state;
    struct au_test_record record = {0};
    struct au_instance *instance;
    leave_dirt(0);
    assert_ok(au_instance_open(world.dirty, STEPS, &record, &instance));
    assert_ok(au_instance_grow(instance, AU_PAGES_MAX - 2));
    assert_int_equal(instance->memory_size, AU_PAGES_MAX * AU_PAGE_SIZE);
    for (size_t at = 2 * AU_PAGE_SIZE; at < instance->memory_size; at++) {
        if (instance->memory[at] != 0) fail_msg("byte %zu is %u", at, instance->memory[at]);
    }
    au_instance_close(instance);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_same_module),
        cmocka_unit_test(test_other_module),
        cmocka_unit_test(test_pages_that_the_host_adds),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
