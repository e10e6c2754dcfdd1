/* What a tracer keeps of frames, host calls and functions, and that nothing is different for its
 * being there. */
#include "contract/tracer.h"

#include "fixture.h"
#include "support/profile_sums.h"

#define REENTRY "(i32.const 2)"

static const char code[] =
    "(module"
    "(import \"env\" \"call\" (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"self_address\" (func $self (param i32)))"
    "(import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"storage_size\" (func $size (param i32 i32) (result i64)))"
    "(import \"env\" \"iter_open\" (func $iter_open (param i32 i32) (result i32)))"
    "(import \"env\" \"iter_next\" (func $iter_next (param i32 i32 i32 i32 i32) (result i64)))"
    "(import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    "(import \"env\" \"log\" (func $log (param i32 i32)))"
    "(import \"env\" \"arg_count\" (func $arg_count (result i32)))"
    "(memory 2 2)"
    "(data (i32.const 0) \"kv\") (data (i32.const 16) \"fail\") (data (i32.const 32) \"missing\")"
    "(func $set (drop (call $write (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1))))"
    "(func $call_self (param i32 i32) (result i32)"
    "  (call $self (i32.const 128))"
    "  (call $call (i32.const 128) (local.get 0) (local.get 1) (i32.const 256) (i32.const 4)"
    "    (i64.const 0) (i64.const 0) " REENTRY "))"
    "(func (export \"outer\") (result i32)"
    "  (call $set) (drop (call $call_self (i32.const 16) (i32.const 4)))"
    "  (call $call_self (i32.const 32) (i32.const 7)))"
    "(func (export \"fail\") (call $set) (call $revert (i32.const 9) (i32.const 0) (i32.const 2)))"
    "(func (export \"read\") (param i64) (result i64)"
    "  (drop (call $read (i32.const 0) (i32.const 1) (i32.const 512) (i32.const 64)))"
    "  (call $size (i32.const 0) (i32.const 2)))"
    "(func (export \"walk\") (drop (call $iter_open (i32.const 0) (i32.const 1)))"
    "  (drop (call $iter_next (i32.const 0) (i32.const 512) (i32.const 64) (i32.const 640)"
    "    (i32.const 3)))"
    "  (drop (call $iter_next (i32.const 0) (i32.const 512) (i32.const 64) (i32.const 640)"
    "    (i32.const 3))))"
    "(func (export \"outside\") (call $log (i32.const 131072) (i32.const 1)))"
    "(func (export \"trap\") (call $set) unreachable)"
    "(func (export \"spin\") (loop (drop (call $arg_count)) (br 0)))"
    "(func (export \"many\") (param i64) (loop (drop (call $arg_count))"
    "  (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"
    "  (br_if 0 (i64.ne (local.get 0) (i64.const 0)))))"
    "(func (export \"large\") (param i64) (loop"
    "  (drop (call $write (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 65536)))"
    "  (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"
    "  (br_if 0 (i64.ne (local.get 0) (i64.const 0))))))";

struct traced {
    struct fixture fx;
    struct au_tracer tracer;
};

/* Self has the code, so that it can call itself. */
static void put_code(struct fixture *fx)
{
    struct au_account self = {.exists = true, .balance = 5, .has_code = true};
    self.code_hash = *au_loaded_code_hash(fx->loaded);
    assert_int_equal(au_overlay_put_account(&fx->overlay, &fx->call.self, self), AU_OK);
}

static enum au_err find_traced(void *context, const struct au_hash *code_hash,
                               struct au_loaded **out_loaded)
{
    const struct fixture *fx = context;
    return au_engine_find_traced(fx->engine, code_hash, out_loaded) ? AU_OK : AU_ERR_NOT_FOUND;
}

/* Loads the code in both forms. */
static void load_both(struct traced *traced, const char *text)
{
    struct fixture *fx = &traced->fx;
    struct au_buf binary;
    struct au_reject reject;
    struct au_loaded *loaded;
    char message[100];
    fixture_load(fx, text);
    au_buf_init(&binary, FIXTURE_WAT_MAX);
    assert_int_equal(au_engine_wat_to_wasm(au_bytes_of(text), &binary, message, sizeof(message)),
                     AU_OK);
    assert_int_equal(au_engine_load_traced(fx->engine, au_buf_bytes(&binary), &loaded, &reject),
                     AU_OK);
    assert_non_null(loaded);
    au_loaded_release(loaded); /* it stays in the cache */
    au_buf_done(&binary);
}

static int open_traced(void **state)
{
    static struct traced traced;
    fixture_open(&traced.fx);
    traced.fx.codes.load_traced = find_traced;
    load_both(&traced, code);
    au_tracer_init(&traced.tracer);
    *state = &traced;
    return 0;
}

static int close_traced(void **state)
{
    struct traced *traced = *state;
    au_tracer_done(&traced->tracer);
    fixture_close(&traced->fx);
    return 0;
}

static void begin(struct traced *traced, int64_t steps_limit)
{
    fixture_reset(&traced->fx);
    put_code(&traced->fx);
    traced->fx.call.steps_limit = steps_limit;
    au_tracer_reset(&traced->tracer);
}

/* Runs once without and once with the tracer; the second run's result is in the fixture. */
static void run_both(struct traced *traced, int64_t steps_limit, const char *function,
                     const uint64_t *numbers, size_t count)
{
    struct fixture *fx = &traced->fx;
    begin(traced, steps_limit);
    fixture_run_numbers(fx, function, numbers, count);
    struct au_frame_result alone = fx->result;
    uint8_t output[64];
    assert_true(alone.output.size <= sizeof(output));
    if (alone.output.size > 0) memcpy(output, alone.output.data, alone.output.size);
    size_t logs_size = fx->logs.size;

    begin(traced, steps_limit);
    fx->env.tracer = &traced->tracer;
    fixture_run_numbers(fx, function, numbers, count);
    assert_int_equal(fx->result.outcome, alone.outcome);
    assert_int_equal(fx->result.detail, alone.detail);
    assert_int_equal(fx->result.revert_code, alone.revert_code);
    assert_int_equal(fx->result.steps_used, alone.steps_used);
    assert_int_equal(fx->result.output.size, alone.output.size);
    assert_memory_equal(fx->result.output.data, output, alone.output.size);
    assert_int_equal(fx->logs.size, logs_size);
    assert_null(traced->tracer.open);
    assert_int_equal(traced->tracer.skipped, 0);
    profile_sums_check(&traced->tracer);
}

static const struct au_traced *entry_at(const struct traced *traced, size_t index)
{
    const struct au_traced *entry = traced->tracer.first;
    while (index-- > 0)
        entry = entry->next;
    return entry;
}

static void assert_frame(const struct au_traced *entry, uint32_t depth, const char *function,
                         enum au_outcome outcome)
{
    assert_true(entry->is_frame);
    assert_int_equal(entry->depth, depth);
    assert_true(au_bytes_is_equal(entry->frame.function, au_bytes_of(function)));
    assert_int_equal(entry->frame.outcome, outcome);
}

static void assert_host(const struct au_traced *entry, uint32_t depth, const char *function,
                        size_t value_count, bool has_returned)
{
    assert_false(entry->is_frame);
    assert_int_equal(entry->depth, depth);
    assert_string_equal(entry->host.entry->name, function);
    assert_int_equal(entry->host.value_count, value_count);
    assert_int_equal(entry->host.has_returned, has_returned);
}

static void assert_bytes(const struct au_traced *entry, size_t index, const char *name,
                         struct au_bytes bytes)
{
    const struct au_traced_value *value = &entry->host.values[index];
    assert_string_equal(value->name, name);
    assert_false(value->is_number);
    assert_true(au_bytes_is_equal(value->bytes, bytes));
}

/* outer: write, self, call { fail { write, revert } }, self, call { missing }. */
static void test_frames_inside(void **state)
{
    struct traced *traced = *state;
    const struct au_address *self = &traced->fx.call.self;
    struct au_bytes address = {self->bytes, AU_ADDRESS_SIZE};
    run_both(traced, FIXTURE_STEPS, "outer", NULL, 0);
    const struct au_traced *outer = entry_at(traced, 0), *call = entry_at(traced, 3);
    const struct au_traced *inner = entry_at(traced, 4), *missing = entry_at(traced, 8);
    assert_int_equal(traced->tracer.entry_count, 10);
    assert_frame(outer, 0, "outer", AU_OUTCOME_SUCCESS);
    assert_int_equal(outer->steps, traced->fx.result.steps_used);
    assert_int_equal(outer->frame.output.size, 4);
    assert_host(entry_at(traced, 1), 1, "storage_write", 2, true);
    assert_host(entry_at(traced, 2), 1, "self_address", 1, true);
    assert_bytes(entry_at(traced, 2), 0, "address", address);
    assert_host(call, 1, "call", 6, true);
    assert_bytes(call, 0, "contract", address);
    assert_bytes(call, 1, "function", au_bytes_of("fail"));
    assert_int_equal(call->host.values[5].number, 2);
    assert_int_equal(call->host.result, AU_OUTCOME_REVERTED);

    assert_frame(inner, 2, "fail", AU_OUTCOME_REVERTED);
    assert_ptr_equal(inner->outer, call);
    assert_true(inner->steps > 0 && inner->steps < call->steps && call->steps < outer->steps);
    assert_int_equal(inner->frame.revert_code, 9);
    assert_true(au_bytes_is_equal(inner->frame.output, au_bytes_of("kv")));
    assert_host(entry_at(traced, 5), 3, "storage_write", 2, true);
    assert_host(entry_at(traced, 6), 3, "revert", 2, false);

    assert_int_equal(missing->host.result, AU_OUTCOME_NO_FUNCTION);
    assert_frame(entry_at(traced, 9), 2, "missing", AU_OUTCOME_NO_FUNCTION);
    assert_int_equal(entry_at(traced, 9)->steps, 0);
}

static void test_what_is_read(void **state)
{
    struct traced *traced = *state;
    struct fixture *fx = &traced->fx;
    uint64_t number = 3;
    begin(traced, FIXTURE_STEPS);
    fx->env.tracer = &traced->tracer;
    fixture_put_slot(fx, au_bytes_of("k"), au_bytes_of("value"));
    fixture_run_numbers(fx, "read", &number, 1);
    const struct au_traced *frame = entry_at(traced, 0), *read = entry_at(traced, 1);
    assert_int_equal(frame->frame.arg_count, 1);
    assert_memory_equal(frame->frame.args[0].data, &number, sizeof(number));
    assert_int_equal(frame->frame.steps_limit, FIXTURE_STEPS);
    assert_host(read, 1, "storage_read", 2, true);
    assert_bytes(read, 0, "key", au_bytes_of("k"));
    assert_bytes(read, 1, "value", au_bytes_of("value"));
    assert_int_equal(read->host.result, 5);
    assert_int_equal(read->steps, 15000 + 6 * 10 + 5);
    assert_host(entry_at(traced, 2), 1, "storage_size", 1, true);
    assert_int_equal(entry_at(traced, 2)->host.result, UINT64_MAX);
}

/* Both halves of a result that tells two sizes. */
static void test_what_a_walk_gives(void **state)
{
    struct traced *traced = *state;
    begin(traced, FIXTURE_STEPS);
    traced->fx.env.tracer = &traced->tracer;
    fixture_put_slot(&traced->fx, au_bytes_of("key"), au_bytes_of("value"));
    fixture_run_numbers(&traced->fx, "walk", NULL, 0);
    const struct au_traced *open = entry_at(traced, 1), *next = entry_at(traced, 2);
    assert_host(open, 1, "iter_open", 1, true);
    assert_bytes(open, 0, "prefix", au_bytes_of("k"));
    assert_host(next, 1, "iter_next", 3, true);
    assert_bytes(next, 1, "key", au_bytes_of("key"));
    assert_bytes(next, 2, "value", au_bytes_of("val"));
    assert_true(next->host.result == (UINT64_C(3) << 32 | 5));
    next = entry_at(traced, 3);
    assert_bytes(next, 1, "key", au_bytes_of(""));
    assert_bytes(next, 2, "value", au_bytes_of(""));
    assert_int_equal(next->host.result, UINT64_MAX);
}

static void test_ends_alike(void **state)
{
    static const struct {
        const char *function;
        int64_t steps_limit;
        enum au_outcome outcome;
        size_t entry_count;
    } runs[] = {
        {"fail", FIXTURE_STEPS, AU_OUTCOME_REVERTED, 3},
        {"trap", FIXTURE_STEPS, AU_OUTCOME_TRAPPED, 2},
        {"outside", FIXTURE_STEPS, AU_OUTCOME_HOST_REJECTED, 2},
        {"missing", FIXTURE_STEPS, AU_OUTCOME_NO_FUNCTION, 1},
        {"fail", 0, AU_OUTCOME_OUT_OF_GAS, 1},
        {"fail", 20000, AU_OUTCOME_OUT_OF_GAS, 2}, /* the price of storage_write */
    };
    for (size_t i = 0; i < AU_COUNT_OF(runs); i++) {
        run_both(*state, runs[i].steps_limit, runs[i].function, NULL, 0);
        const struct traced *traced = *state;
        assert_int_equal(traced->tracer.entry_count, runs[i].entry_count);
        assert_frame(entry_at(traced, 0), 0, runs[i].function, runs[i].outcome);
        assert_int_equal(entry_at(traced, 0)->steps, traced->fx.result.steps_used);
        assert_false(traced->tracer.is_truncated);
    }
    for (int64_t limit = 0; limit < 300000; limit += 991)
        run_both(*state, limit, "outer", NULL, 0);
}

static void test_bounds(void **state)
{
    struct traced *traced = *state;
    uint64_t count = AU_TRACER_ENTRIES_MAX - 1;
    run_both(traced, FIXTURE_STEPS, "many", &count, 1);
    assert_int_equal(traced->tracer.entry_count, AU_TRACER_ENTRIES_MAX);
    assert_false(traced->tracer.is_truncated);
    count++;
    run_both(traced, FIXTURE_STEPS, "many", &count, 1);
    assert_int_equal(traced->tracer.entry_count, AU_TRACER_ENTRIES_MAX);
    assert_true(traced->tracer.is_truncated);
    assert_frame(entry_at(traced, 0), 0, "many", AU_OUTCOME_SUCCESS);
    assert_int_equal(entry_at(traced, 0)->steps, traced->fx.result.steps_used);

    count = AU_TRACER_BYTES_MAX / AU_VALUE_SIZE_MAX + 1;
    run_both(traced, FIXTURE_STEPS, "large", &count, 1);
    assert_true(traced->tracer.is_truncated);
    run_both(traced, 400000000, "spin", NULL, 0);
    assert_true(traced->tracer.is_truncated);
    assert_frame(entry_at(traced, 0), 0, "spin", AU_OUTCOME_OUT_OF_GAS);
}

/* ---- functions ---- */

static const struct au_profile_node *node_at(const struct au_traced *frame, uint32_t place)
{
    const struct au_profile_node *node = frame->frame.profile.first;
    while (place-- > 0)
        node = node->next;
    return node;
}

/* outer: -1 if the host called it. */
static void assert_node(const struct au_traced *frame, uint32_t place, const char *name, int outer,
                        uint64_t call_count)
{
    const struct au_profile_node *node = node_at(frame, place);
    assert_int_equal(node->place, place);
    assert_true(au_bytes_is_equal(node->name, au_bytes_of(name)));
    assert_int_equal(node->outer ? (int)node->outer->place : -1, outer);
    assert_int_equal(node->call_count, call_count);
    assert_true(node->own_steps >= 0 && node->own_steps <= node->steps);
}

/* Each frame has its own, and each host call knows what made it. */
static void test_functions_of_frames(void **state)
{
    struct traced *traced = *state;
    run_both(traced, FIXTURE_STEPS, "outer", NULL, 0);
    const struct au_traced *outer = entry_at(traced, 0), *fail = entry_at(traced, 4);
    const struct au_traced *missing = entry_at(traced, 9);
    assert_true(outer->frame.profile.is_there && !outer->frame.profile.is_cut);
    assert_int_equal(outer->frame.profile.count, 3);
    assert_node(outer, 0, "outer", -1, 1);
    assert_node(outer, 1, "set", 0, 1);
    assert_node(outer, 2, "call_self", 0, 2);
    assert_ptr_equal(entry_at(traced, 1)->host.within, node_at(outer, 1));
    assert_ptr_equal(entry_at(traced, 3)->host.within, node_at(outer, 2));
    assert_ptr_equal(entry_at(traced, 8)->host.within, node_at(outer, 2));
    assert_true(node_at(outer, 2)->steps > entry_at(traced, 3)->steps);
    assert_int_equal(fail->frame.profile.count, 2);
    assert_node(fail, 0, "fail", -1, 1);
    assert_node(fail, 1, "set", 0, 1);
    assert_ptr_equal(entry_at(traced, 6)->host.within, node_at(fail, 0));
    assert_int_equal(missing->frame.profile.count, 0);
}

static const char paths[] =
    "(module (import \"env\" \"arg_count\" (func $count (result i32)))"
    "(type $v (func)) (table 64 funcref) (elem (i32.const 0) $a $b)"
    "(func $a) (func $b (call $a))"
    "(func $fib (param i32) (result i32)"
    "  (if (i32.lt_u (local.get 0) (i32.const 2)) (then (return (local.get 0))))"
    "  (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))"
    "    (call $fib (i32.sub (local.get 0) (i32.const 2)))))"
    "(func $down (param i64) (drop (call $count))"
    "  (if (i64.ne (local.get 0) (i64.const 0))"
    "    (then (call $down (i64.sub (local.get 0) (i64.const 1))))))"
    "(func $left (param i64) (if (i64.ne (local.get 0) (i64.const 0)) (then"
    "  (call $left (i64.sub (local.get 0) (i64.const 1)))"
    "  (call $right (i64.sub (local.get 0) (i64.const 1))))))"
    "(func $right (param i64) (call $left (local.get 0)))"
    "(func $a_name_that_is_longer_than_those_that_are_kept_0123456789_0123456789_0123456789_"
    "0123456789_0123456789_0123456789_0123456789_0123456789_0123456789)"
    "(func (export \"indirect\") (call_indirect (type $v) (i32.const 1))"
    "  (call_indirect (type $v) (i32.const 1)))"
    "(func (export \"fib\") (param i64) (drop (call $fib (i32.wrap_i64 (local.get 0)))))"
    "(func (export \"down\") (param i64) (call $down (local.get 0)))"
    "(func (export \"wide\") (param i64) (call $left (local.get 0)))"
    "(func (export \"often\") (param i64) (loop (call $a)"
    "  (local.set 0 (i64.sub (local.get 0) (i64.const 1)))"
    "  (br_if 0 (i64.ne (local.get 0) (i64.const 0)))))"
    "(func (export \"null\") (call $b) (call_indirect (type $v) (i32.const 9)))"
    "(func (export \"named\") (call 7)))";

static void test_paths(void **state)
{
    struct traced *traced = *state;
    uint64_t number = 9;
    load_both(traced, paths);
    run_both(traced, FIXTURE_STEPS, "indirect", NULL, 0);
    const struct au_traced *frame = entry_at(traced, 0);
    assert_node(frame, 1, "b", 0, 2);
    assert_node(frame, 2, "a", 1, 2);

    /* 109 calls of fib, 9 deep: a node for each depth, and none counted twice. */
    run_both(traced, FIXTURE_STEPS, "fib", &number, 1);
    frame = entry_at(traced, 0);
    uint64_t calls = 0;
    assert_int_equal(frame->frame.profile.count, 1 + 9);
    for (uint32_t i = 1; i < frame->frame.profile.count; i++) {
        assert_int_equal(node_at(frame, i)->outer->place, i - 1);
        calls += node_at(frame, i)->call_count;
    }
    assert_int_equal(calls, 109);
    assert_node(frame, 9, "fib", 8, 2);

    run_both(traced, FIXTURE_STEPS, "null", NULL, 0);
    frame = entry_at(traced, 0);
    assert_frame(frame, 0, "null", AU_OUTCOME_TRAPPED);
    assert_int_equal(frame->frame.profile.count, 3);
    for (int64_t limit = 0; limit < 3000; limit += 7)
        run_both(traced, limit, "fib", &number, 1);

    run_both(traced, FIXTURE_STEPS, "named", NULL, 0);
    assert_int_equal(node_at(entry_at(traced, 0), 1)->name.size, AU_PROFILE_NAME_SIZE_MAX);
    load_both(traced, code);
}

/* Past the bounds of depth and of paths, what is not kept counts for what is. */
static void test_bounds_of_paths(void **state)
{
    struct traced *traced = *state;
    uint64_t number = AU_PROFILE_DEPTH_MAX - 2;
    load_both(traced, paths);
    run_both(traced, FIXTURE_STEPS, "down", &number, 1);
    const struct au_profile *profile = &entry_at(traced, 0)->frame.profile;
    assert_int_equal(profile->count, AU_PROFILE_DEPTH_MAX);
    assert_false(profile->is_cut);
    int64_t deepest = profile->last->own_steps;

    number += 100;
    run_both(traced, FIXTURE_STEPS, "down", &number, 1);
    profile = &entry_at(traced, 0)->frame.profile;
    assert_int_equal(profile->count, AU_PROFILE_DEPTH_MAX);
    assert_true(profile->is_cut);
    assert_int_equal(profile->last->call_count, 1);
    assert_true(profile->last->own_steps > 90 * deepest);
    assert_ptr_equal(entry_at(traced, 131)->host.within, profile->last);

    number = 12;
    run_both(traced, FIXTURE_STEPS, "wide", &number, 1);
    profile = &entry_at(traced, 0)->frame.profile;
    assert_int_equal(profile->count, AU_PROFILE_NODES_MAX);
    assert_true(profile->is_cut);
    assert_false(traced->tracer.is_truncated);

    number = AU_PROFILE_EVENTS_MAX / 2 - 1; /* calls, and two events more are told of the frame */
    run_both(traced, FIXTURE_STEPS, "often", &number, 1);
    profile = &entry_at(traced, 0)->frame.profile;
    assert_false(profile->is_cut);
    assert_int_equal(profile->last->call_count, number);
    number += 1000;
    run_both(traced, FIXTURE_STEPS, "often", &number, 1);
    profile = &entry_at(traced, 0)->frame.profile;
    assert_true(profile->is_cut);
    assert_int_equal(profile->count, 2);
    assert_int_equal(profile->last->call_count, AU_PROFILE_EVENTS_MAX / 2);
    assert_true(profile->first->steps < entry_at(traced, 0)->steps);

    /* Past them a host call in a stack that ends. */
    number = 1000000;
    run_both(traced, FIXTURE_STEPS, "down", &number, 1);
    assert_frame(entry_at(traced, 0), 0, "down", AU_OUTCOME_STACK_LIMIT);
    load_both(traced, code);
}

struct host_arg {
    const char *function;
    bool has_size; /* of another parameter */
    uint32_t value;
    uint32_t size;
};

#define HAS_SIZE_NUMBER      false
#define HAS_SIZE_BYTES       true
#define HAS_SIZE_HASHES      true
#define HAS_SIZE_FIXED       false
#define HAS_SIZE_GIVES       true
#define HAS_SIZE_GIVES_HIGH  true
#define HAS_SIZE_GIVES_LOW   true
#define HAS_SIZE_GIVES_FIXED false

/* Each parameter of each function is said once what it means; abort's are strings of another
 * language. */
static void test_every_parameter(void **state)
{
    static const struct host_arg args[] = {
#define AU_HOST_ARG(function, name, form, value, size) {#function, HAS_SIZE_##form, value, size},
#include "abi/host.def"
#undef AU_HOST_ARG
    };
    (void)state;
    for (size_t i = 0; i < au_host_env.count; i++) {
        const struct au_host_entry *entry = &au_host_env.entries[i];
        uint32_t seen = 0;
        for (size_t j = 0; j < AU_COUNT_OF(args); j++) {
            if (strcmp(args[j].function, entry->name) != 0) continue;
            assert_int_equal(seen & 1u << args[j].value, 0);
            seen |= 1u << args[j].value;
            if (args[j].has_size) assert_int_equal(seen & 1u << args[j].size, 0);
            if (args[j].has_size) seen |= 1u << args[j].size;
        }
        if (strcmp(entry->name, "abort") == 0) seen |= 3;
        assert_int_equal(seen, (1u << strlen(entry->params)) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_frames_inside),
        cmocka_unit_test(test_what_is_read),
        cmocka_unit_test(test_what_a_walk_gives),
        cmocka_unit_test(test_ends_alike),
        cmocka_unit_test(test_bounds),
        cmocka_unit_test(test_functions_of_frames),
        cmocka_unit_test(test_paths),
        cmocka_unit_test(test_bounds_of_paths),
        cmocka_unit_test(test_every_parameter),
    };
    return cmocka_run_group_tests(tests, open_traced, close_traced);
}
