/* Goal: the traced form of a module tells where functions begin and return, and what the gas
 * counter is there; and nothing else is different for it.
 * Method: contracts in text run in both forms, with every limit of steps up to their need; what is
 * told is compared with the calls that the text makes. */
#include "one_engine.h"

#include "crypto/sha256.h"
#include "vm/helper.h"

#define EVENTS_MAX 4096u

enum { RETURNS = -1, HOST_BEGINS = -2, HOST_ENDS = -3 };

struct event {
    int64_t what; /* a function, or one of the above */
    int64_t steps_left;
};

static struct event events[EVENTS_MAX];
static size_t event_count;
/* ---- what is told ---- */

static void note(int64_t what, int64_t steps_left)
{
    if (event_count < EVENTS_MAX) events[event_count] = (struct event){what, steps_left};
    event_count++;
}

static void begins(void *context, const struct au_instance *instance,
                   const struct au_host_entry *entry, const union au_value *args,
                   int64_t steps_left)
{
    (void)context;
    (void)instance;
    (void)entry;
    (void)args;
    note(HOST_BEGINS, steps_left);
}

static void ends(void *context, const struct au_instance *instance, const union au_value *results)
{
    (void)context;
    if (results != NULL) note(HOST_ENDS, instance->steps_left);
}

static size_t events_wanted = SIZE_MAX;

static bool enters(void *context, uint32_t function, int64_t steps_left)
{
    (void)context;
    note(function, steps_left);
    return event_count < events_wanted;
}

static bool returns(void *context, int64_t steps_left)
{
    (void)context;
    note(RETURNS, steps_left);
    return event_count < events_wanted;
}

static const struct au_host_watch watch = {NULL, begins, ends, enters, returns};

/* ---- runs ---- */

struct forms {
    struct au_loaded *plain;
    struct au_loaded *traced;
};

static struct forms load(const char *text)
{
    struct forms forms = {.plain = fixture_load(engine, text)};
    struct au_reject reject;
    struct au_buf code;
    char message[256];
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    assert_int_equal(au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof message),
                     AU_OK);
    assert_int_equal(au_engine_load_traced(engine, au_buf_bytes(&code), &forms.traced, &reject),
                     AU_OK);
    assert_non_null(forms.traced);
    au_buf_done(&code);
    return forms;
}

static void release(struct forms *forms)
{
    au_loaded_release(forms->plain);
    au_loaded_release(forms->traced);
}

/* Start function and "run". */
static struct fixture_result run_form(struct au_loaded *loaded, int64_t steps)
{
    struct fixture_result result = {0};
    struct au_instance *instance = NULL;
    assert_int_equal(au_instance_open(loaded, steps, NULL, &instance), AU_OK);
    instance->watch = &watch;
    result.err = au_instance_start(instance, &result.outcome, &result.detail);
    result.steps_left = instance->steps_left;
    if (result.err == AU_OK && result.outcome == AU_OUTCOME_SUCCESS) {
        fixture_call(instance, loaded, "run", &result);
    }
    assert_int_equal(result.err, AU_OK);
    au_instance_close(instance);
    return result;
}

/* Leaves what the traced form told in events. */
static struct fixture_result run_both(const struct forms *forms, int64_t steps)
{
    struct fixture_result plain = run_form(forms->plain, steps);
    event_count = 0;
    struct fixture_result traced = run_form(forms->traced, steps);
    assert_int_equal(traced.outcome, plain.outcome);
    assert_int_equal(traced.detail, plain.detail);
    assert_int_equal(traced.steps_left, plain.steps_left);
    if (plain.outcome == AU_OUTCOME_SUCCESS) {
        assert_memory_equal(traced.values, plain.values, sizeof plain.values);
    }
    return traced;
}

/* With all limits up to the need, and beyond it. */
static void run_staircase(const struct forms *forms)
{
    int64_t need = FIXTURE_STEPS - run_both(forms, FIXTURE_STEPS).steps_left;
    for (int64_t steps = 0; steps <= need + 1 && steps < 3000; steps++) {
        (void)run_both(forms, steps);
    }
    (void)run_both(forms, FIXTURE_STEPS);
}

/* ---- tests ---- */

/* Function 0 is the import. A block is paid whole when it begins: what a function calls begins with
 * all of that gone. */
static void test_calls_and_returns(void **state)
{
    (void)state;
    struct forms forms = load("(module (import \"env\" \"nop\" (func $nop))"
                              "(func $leaf (param i32) (result i32) (local.get 0))"
                              "(func $work (result i32) (call $nop) (call $leaf (i32.const 5)))"
                              "(func (export \"run\") (result i32)"
                              "  (i32.add (call $work) (call $leaf (i32.const 2)))))");
    struct fixture_result result = run_both(&forms, FIXTURE_STEPS);
    assert_int_equal(result.values[0].i32, 7);
    const struct event *e = events;
    static const int64_t whats[] = {3,       2,       HOST_BEGINS, HOST_ENDS, 1,
                                    RETURNS, RETURNS, 1,           RETURNS,   RETURNS};
    assert_int_equal(event_count, AU_COUNT_OF(whats));
    for (size_t i = 0; i < event_count; i++) {
        assert_int_equal(e[i].what, whats[i]);
        if (i > 0) assert_true(e[i].steps_left <= e[i - 1].steps_left);
    }
    assert_int_equal(e[0].steps_left, FIXTURE_STEPS);
    assert_int_equal(e[2].steps_left - e[3].steps_left, FIXTURE_NOP_STEPS);
    assert_int_equal(e[4].steps_left, e[3].steps_left);
    /* The same function takes the same, whoever calls it; afterwards its callers pay no more. */
    assert_int_equal(e[4].steps_left - e[5].steps_left, e[7].steps_left - e[8].steps_left);
    assert_int_equal(e[5].steps_left, e[6].steps_left);
    assert_int_equal(e[8].steps_left, e[9].steps_left);
    assert_int_equal(e[9].steps_left, result.steps_left);
    run_staircase(&forms);
    release(&forms);
}

/* Loops keep the counter in a local; branches to the function's end, and returns, are returns. */
static void test_every_way_out(void **state)
{
    (void)state;
    struct forms forms = load(
        "(module (func $loop (param $i i32) (result i32)"
        "  (loop $again (local.set $i (i32.sub (local.get $i) (i32.const 1)))"
        "    (br_if $again (local.get $i))) (i32.const 3))"
        "(func $out (param i32) (result i32 i64)"
        "  (if (i32.eq (local.get 0) (i32.const 0)) (then (return (i32.const 1) (i64.const 2))))"
        "  (if (i32.eq (local.get 0) (i32.const 1)) (then (br 1 (i32.const 3) (i64.const 4))))"
        "  (i32.const 5) (i64.const 6))"
        "(func (export \"run\") (result i32 i64)"
        "  (drop (call $loop (i32.const 40)))"
        "  (call $out (i32.const 0)) (drop) (drop) (call $out (i32.const 1)) (drop) (drop)"
        "  (call $out (i32.const 2))))");
    struct fixture_result result = run_both(&forms, FIXTURE_STEPS);
    static const int64_t whats[] = {2, 0, RETURNS, 1, RETURNS, 1, RETURNS, 1, RETURNS, RETURNS};
    assert_int_equal(result.values[1].i64, 6);
    assert_int_equal(event_count, AU_COUNT_OF(whats));
    for (size_t i = 0; i < event_count; i++)
        assert_int_equal(events[i].what, whats[i]);
    assert_true(events[1].steps_left - events[2].steps_left >= 40);
    run_staircase(&forms);
    release(&forms);
}

/* Who has seen enough is told of host calls only, and all goes on as before. */
static void test_enough(void **state)
{
    (void)state;
    struct forms forms =
        load("(module (func $f (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0))"
             "  (then (i64.const 7))"
             "  (else (call $f (i64.sub (local.get 0) (i64.const 1))))))"
             "(func (export \"run\") (result i64) (call $f (i64.const 20))))");
    for (size_t wanted = 1; wanted <= 44; wanted++) {
        events_wanted = wanted;
        struct fixture_result result = run_both(&forms, FIXTURE_STEPS);
        assert_int_equal(result.values[0].i64, 7);
        assert_int_equal(event_count, wanted);
    }
    events_wanted = SIZE_MAX;
    release(&forms);
}

/* Through a table, where functions moved; with a start function, exported imports and memory that
 * grows. */
static void test_what_names_functions(void **state)
{
    (void)state;
    struct forms forms =
        load("(module (import \"env\" \"nop\" (func $nop)) (type $none (func))"
             "(table 3 funcref) (elem (i32.const 0) $first $nop $second) (memory 1 3)"
             "(export \"nop\" (func $nop)) (start $begin)"
             "(func $first (drop (memory.grow (i32.const 1))))"
             "(func $second (memory.fill (i32.const 0) (i32.const 7) (i32.const 99)))"
             "(func $begin (call_indirect (type $none) (i32.const 2)))"
             "(func (export \"run\") (result i32)"
             "  (call_indirect (type $none) (i32.const 0))"
             "  (call_indirect (type $none) (i32.const 1))"
             "  (i32.add (memory.size) (i32.load8_u (i32.const 98)))))");
    struct fixture_result result = run_both(&forms, FIXTURE_STEPS);
    static const int64_t whats[] = {3, 2,       RETURNS,     RETURNS,   4,
                                    1, RETURNS, HOST_BEGINS, HOST_ENDS, RETURNS};
    assert_int_equal(result.values[0].i32, 9);
    assert_int_equal(event_count, AU_COUNT_OF(whats));
    for (size_t i = 0; i < event_count; i++)
        assert_int_equal(events[i].what, whats[i]);
    run_staircase(&forms);
    release(&forms);
}

/* A table has what it has: one past its end is out of bounds in both forms. */
static void test_ends_in_the_middle(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(module (func $f (unreachable)) (func $g (call $f)) (func (export \"run\") (call $g)))",
        "(module (func $f (call $f)) (func (export \"run\") (call $f)))",
        "(module (func $f (param i64) (result i64) (i64.add (i64.const 1)"
        "  (call $f (i64.add (local.get 0) (i64.const 1)))))"
        "(func (export \"run\") (drop (call $f (i64.const 0)))))",
        "(module (type $t (func)) (table 1 funcref) (elem (i32.const 0) $f) (func $f)"
        "(func (export \"run\") (call_indirect (type $t) (i32.const 0))"
        "  (call_indirect (type $t) (i32.const 1))))",
        "(module (func $f (loop (br 0))) (func (export \"run\") (call $f)))",
        "(module (import \"env\" \"end\" (func $end (param i32 i32)))"
        "(func $f (call $end (i32.const 1) (i32.const 0))) (func (export \"run\") (call $f)))",
        "(module (import \"env\" \"charge\" (func $charge (param i64)))"
        "(func $f (call $charge (i64.const 999990))) (func (export \"run\") (call $f)))",
        "(module (memory 1) (func $f (result i32) (i32.load (i32.const 65536)))"
        "(start $s) (func $s (drop (call $f))) (func (export \"run\")))",
        "(module (func $f (param i32) (result i32) (i32.div_u (i32.const 1) (local.get 0)))"
        "(func (export \"run\") (loop (drop (call $f (i32.const 0))))))",
    };
    for (size_t i = 0; i < AU_COUNT_OF(texts); i++) {
        struct forms forms = load(texts[i]);
        struct fixture_result result = run_both(&forms, FIXTURE_STEPS);
        assert_int_not_equal(result.outcome, AU_OUTCOME_SUCCESS);
        assert_true(event_count >= 2);
        for (int64_t steps = 0; steps < 200; steps++)
            (void)run_both(&forms, steps);
        release(&forms);
    }
}

static void assert_name(const struct au_loaded *loaded, uint32_t function, const char *name)
{
    const struct au_module_info *info = au_loaded_info(loaded);
    assert_true(au_bytes_is_equal(info->names[function], au_bytes_of(name)));
}

static void test_names(void **state)
{
    (void)state;
    struct forms forms = load("(module (import \"env\" \"nop\" (func $nop))"
                              "(func $a (export \"one\")) (func (export \"two\")) (func)"
                              "(export \"nop\" (func $nop)) (func (export \"run\")))");
    assert_null(au_loaded_info(forms.plain)->names);
    assert_int_equal(au_loaded_info(forms.traced)->function_count, 4);
    assert_name(forms.traced, 0, "a");
    assert_name(forms.traced, 1, "two");
    assert_name(forms.traced, 2, "");
    assert_name(forms.traced, 3, "run");
    release(&forms);
}

/* Who looks displaces no module that runs for others, and is found again by the code's hash. */
static void test_kept_apart(void **state)
{
    (void)state;
    const char *text = "(module (func (export \"run\") (nop) (nop) (nop)))";
    struct au_loaded *found;
    struct au_engine_counts before = au_engine_count(engine);
    struct forms forms = load(text);
    struct au_hash hash = *au_loaded_code_hash(forms.plain);
    struct au_engine_counts after = au_engine_count(engine);
    assert_int_equal(after.cached, before.cached + 1);
    assert_int_equal(after.compiled, before.compiled + 2);
    assert_true(au_hash_is_equal(au_loaded_code_hash(forms.traced), &hash));
    assert_true(au_engine_find_traced(engine, &hash, &found));
    assert_ptr_equal(found, forms.traced);
    au_loaded_release(found);
    release(&forms);
    hash.bytes[0] ^= 1;
    assert_false(au_engine_find_traced(engine, &hash, &found));
    assert_null(found);
}

/* A module that is none is refused as ever. */
static void test_refused(void **state)
{
    (void)state;
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    assert_int_equal(au_engine_load_traced(engine, au_bytes_of("no module"), &loaded, &reject),
                     AU_ERR_INVALID_MODULE);
    assert_null(loaded);
    assert_string_equal(reject.rule, "malformed");
}

/* What cannot be compiled is not tried again: here, since the helper is no such program. */
static void test_not_compiled(void **state)
{
    (void)state;
    static const uint8_t empty[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct au_bytes code = {empty, sizeof(empty)};
    struct au_hash hash = au_sha256(code);
    struct au_engine_options options = {
        .instances_max = 1, .cache_size = 1 << 20, .helper = "/bin/false"};
    struct au_engine *other = NULL;
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    assert_int_equal(au_engine_new(&options, &fixture_host, &other), AU_OK);
    assert_false(au_engine_find_traced(other, &hash, &loaded));
    assert_int_equal(au_engine_load_traced(other, code, &loaded, &reject), AU_OK);
    assert_null(loaded);
    uint64_t started = au_helper_started(au_engine_helper(other));
    assert_true(au_engine_find_traced(other, &hash, &loaded));
    assert_null(loaded);
    assert_int_equal(au_engine_load_traced(other, code, &loaded, &reject), AU_OK);
    assert_null(loaded);
    assert_int_equal(au_helper_started(au_engine_helper(other)), started);
    assert_int_equal(au_engine_load(other, code, &loaded, &reject), AU_ERR_ENGINE);
    assert_true(au_helper_started(au_engine_helper(other)) > started);
    au_engine_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_calls_and_returns),
        cmocka_unit_test(test_every_way_out),
        cmocka_unit_test(test_what_names_functions),
        cmocka_unit_test(test_ends_in_the_middle),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_kept_apart),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_enough),
        cmocka_unit_test(test_not_compiled),
    };
    return cmocka_run_group_tests(tests, start_engine, stop_engine);
}
