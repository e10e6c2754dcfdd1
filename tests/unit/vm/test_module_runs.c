/* Goal: a loop whose run is written twice (vm/body.h) gives what it gives when it is written once:
 * the same outcome, detail, result and steps, whatever ends it and in whichever turn.
 * Method: each loop stands beside a twin with an empty block in it, which costs nothing, starts no
 * metered block and is a construct, so that the twin is not repeated. Both run for each number of
 * turns and each number of steps. That the steps are right at all is the business of the model. */
#include "one_engine.h"

#include "vm/module.h"

#define TURNS_MAX 5
#define TEXT_MAX  1024

/* $n: turns that are left; $at: where the loop is in memory; $x: what it works on. The twin's block
 * stands where @ does. */
static const char *const head = "(module (memory 1 1)"
                                " (func (export \"run\") (param $n i32) (result i32)"
                                "  (local $at i32) (local $x i32)"
                                "  (local.set $at (i32.const 65528))";
static const char *const tail = "  (local.get $x)))";

struct loop {
    const char *text;
    uint32_t detail; /* of a run that has turns enough, 0 = none */
};

static const struct loop loops[] = {
    /* back by br_if; a store that leaves the memory in the third turn */
    {"(loop $l @ (i32.store (local.get $at) (local.get $n))"
     " (local.set $at (i32.add (local.get $at) (i32.const 4)))"
     " (local.set $x (i32.add (local.get $x) (i32.const 3)))"
     " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
     AU_TRAP_MEMORY_BOUNDS},
    /* back by br; out in the middle; the trap is behind that */
    {"(block $out (loop $l @ (local.set $x (i32.add (local.get $x) (i32.const 1)))"
     " (br_if $out (i32.eqz (local.get $n)))"
     " (local.set $n (i32.sub (local.get $n) (i32.const 1)))"
     " (local.set $x (i32.add (local.get $x) (i32.load (local.get $at))))"
     " (local.set $at (i32.add (local.get $at) (i32.const 4))) (br $l)))",
     AU_TRAP_MEMORY_BOUNDS},
    /* back by br_if; two ways out in the middle, one of them never taken */
    {"(block $out (loop $l @ (br_if $out (i32.eq (local.get $n) (i32.const 1)))"
     " (local.set $x (i32.add (local.get $x) (i32.load8_u (local.get $at))))"
     " (br_if $out (i32.gt_u (local.get $x) (i32.const 1000)))"
     " (local.set $at (i32.add (local.get $at) (i32.const 3)))"
     " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))",
     AU_TRAP_MEMORY_BOUNDS},
    /* nothing that traps */
    {"(loop $l @ (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 5)) (i32.const 1)))"
     " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
     0},
    /* a division by what is left of the turns */
    {"(loop $l @ (local.set $n (i32.sub (local.get $n) (i32.const 1)))"
     " (local.set $x (i32.add (local.get $x) (i32.div_u (i32.const 99) (local.get $n))))"
     " (br_if $l (i32.const 1)))",
     AU_TRAP_DIVISION_BY_ZERO},
    /* a conversion that fails in the third turn */
    {"(loop $l @ (local.set $x (i32.add (local.get $x) (i32.const 0x28000000)))"
     " (drop (i32.trunc_f64_s (f64.mul (f64.convert_i32_s (local.get $x)) (f64.const 1.1))))"
     " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
     AU_TRAP_INTEGER_OVERFLOW},
    /* first one run, then one in a loop around it */
    {"(loop $k (local.set $at (i32.const 65528)) (loop $l @"
     " (i32.store8 (local.get $at) (i32.const 7))"
     " (br_if $l (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 3)))"
     "  (i32.const 65536))))"
     " (local.set $x (i32.add (local.get $x) (i32.load8_u (i32.const 65531))))"
     " (br_if $k (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
     0},
};

static void write_text(const struct loop *loop, const char *inside, char text[TEXT_MAX])
{
    const char *at = strchr(loop->text, '@');
    assert_non_null(at);
    int size = snprintf(text, TEXT_MAX, "%s%.*s%s%s%s", head, (int)(at - loop->text), loop->text,
                        inside, at + 1, tail);
    assert_in_range(size, 1, TEXT_MAX - 1);
}

static size_t prepared_size(const char *text)
{
    char message[256] = "";
    struct au_buf code;
    struct au_buf prepared;
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    assert_int_equal(au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof message),
                     AU_OK);
    assert_int_equal(
        au_module_prepare(au_buf_bytes(&code), &fixture_host, &prepared, &info, &reject), AU_OK);
    size_t size = prepared.size;
    au_module_info_free(info);
    au_buf_done(&prepared);
    au_buf_done(&code);
    return size;
}

static struct fixture_result run(struct au_loaded *loaded, int32_t turns, int64_t steps)
{
    struct fixture_result result = {.values = {{.i32 = turns}}};
    struct au_instance *instance = NULL;
    assert_int_equal(au_instance_open(loaded, steps, NULL, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    assert_int_equal(result.err, AU_OK);
    au_instance_close(instance);
    return result;
}

static void compare(const struct fixture_result *once, const struct fixture_result *twice)
{
    assert_int_equal(once->outcome, twice->outcome);
    assert_int_equal(once->detail, twice->detail);
    assert_int_equal(once->steps_left, twice->steps_left);
    if (once->outcome == AU_OUTCOME_SUCCESS) {
        assert_int_equal(once->values[0].i32, twice->values[0].i32);
    }
}

/* With all steps, then with each number of them that does not do. */
static struct fixture_result compare_turns(struct au_loaded *once, struct au_loaded *twice,
                                           int32_t turns)
{
    struct fixture_result result = run(once, turns, FIXTURE_STEPS);
    struct fixture_result other = run(twice, turns, FIXTURE_STEPS);
    compare(&result, &other);
    int64_t used = FIXTURE_STEPS - result.steps_left;
    for (int64_t steps = 0; steps < used; steps++) {
        struct fixture_result short_of = run(once, turns, steps);
        assert_int_equal(short_of.outcome, AU_OUTCOME_OUT_OF_GAS);
        assert_int_equal(short_of.steps_left, 0);
        other = run(twice, turns, steps);
        compare(&short_of, &other);
    }
    other = run(twice, turns, used);
    assert_int_equal(other.outcome, result.outcome);
    assert_int_equal(other.steps_left, 0);
    return result;
}

static void test_twice_is_as_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(loops); i++) {
        char text[TEXT_MAX];
        char twin[TEXT_MAX];
        write_text(&loops[i], "", text);
        write_text(&loops[i], "(block)", twin);
        assert_in_range(prepared_size(text), prepared_size(twin) + 16, SIZE_MAX);
        struct au_loaded *once = fixture_load(engine, twin);
        struct au_loaded *twice = fixture_load(engine, text);
        uint32_t detail = 0;
        for (int32_t turns = 1; turns <= TURNS_MAX; turns++) {
            struct fixture_result result = compare_turns(once, twice, turns);
            if (result.outcome == AU_OUTCOME_TRAPPED) detail = result.detail;
        }
        assert_int_equal(detail, loops[i].detail);
        au_loaded_release(once);
        au_loaded_release(twice);
    }
}

/* Values that are left under a branch back, a branch that takes one, a call, a long run: once. */
static void test_what_is_written_once(void **state)
{
    static const char *const texts[] = {
        "(loop $l @ (i32.const 5) (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))"
        " (drop))",
        "(local.set $x (block $out (result i32) (loop $l @"
        " (drop (br_if $out (i32.const 1) (i32.eqz (local.get $n))))"
        " (local.set $n (i32.sub (local.get $n) (i32.const 1))) (br $l)) (i32.const 0)))",
        "(loop $l @ (local.set $x (call 0 (local.get $x)))"
        " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        char text[TEXT_MAX];
        char twin[TEXT_MAX];
        struct loop loop = {.text = texts[i]};
        write_text(&loop, "", text);
        write_text(&loop, "(block)", twin);
        /* the block, its type, its end */
        assert_int_equal(prepared_size(text) + 3, prepared_size(twin));
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_twice_is_as_once),
        cmocka_unit_test(test_what_is_written_once),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
