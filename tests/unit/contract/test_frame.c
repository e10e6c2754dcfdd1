/* A frame from refusal to result: names, binding, value, entry price, start, failures that leave no
 * trace, faults of the node, and the staircase: every limit of steps from nothing to what is
 * needed. */
#include "fixture.h"

#define BYTES(data, size) ((struct au_bytes){(const uint8_t *)(data), (size)})

/* set_args(fx, 2, BYTES("abc", 3), BYTES("", 0)) */
static void set_args(struct fixture *fx, size_t count, ...)
{
    va_list list;
    va_start(list, count);
    for (size_t i = 0; i < count; i++)
        fx->args[i] = va_arg(list, struct au_bytes);
    va_end(list);
    fx->call.args = fx->args;
    fx->call.arg_count = count;
}

static void assert_refused(struct fixture *fx, const char *function, enum au_outcome outcome)
{
    fixture_run(fx, function);
    assert_ends(fx, outcome, 0);
    assert_int_equal(fx->result.steps_used, 0);
    assert_int_equal(fx->result.output.size, 0);
    size_t cursor = 0;
    struct au_change change;
    assert_false(au_overlay_next_change(&fx->overlay, (struct au_savepoint){0}, &cursor, &change));
}

static void assert_runs(struct fixture *fx, const char *function)
{
    fixture_run(fx, function);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
}

/* ---- names ---- */

#define NAME_64 "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_X"

static void test_names(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx,
                 "(module (func $f) (export \"init\" (func $f)) (export \"migrate\" (func $f))"
                 "(export \"__x\" (func $f)) (export \"_x\" (func $f)) (export \"a-b\" (func $f))"
                 "(export \"\" (func $f)) (export \"" NAME_64 "\" (func $f))"
                 "(export \"" NAME_64 "X\" (func $f)) (export \"needs\" (func $g))"
                 "(export \"memory\" (memory 0))"
                 "(func $g (param i64)) (memory 1 1))");
    const enum au_call_kind kinds[] = {AU_CALL_FUNCTION, AU_CALL_INIT, AU_CALL_MIGRATE};
    for (size_t i = 0; i < AU_COUNT_OF(kinds); i++) {
        fx->call.kind = kinds[i];
        assert_refused(fx, "__x", AU_OUTCOME_NOT_ALLOWED);
        assert_refused(fx, "__", AU_OUTCOME_NOT_ALLOWED);
        assert_refused(fx, "__aureon_gas", AU_OUTCOME_NOT_ALLOWED);
        assert_refused(fx, "a-b", AU_OUTCOME_NO_FUNCTION);
        assert_refused(fx, "", AU_OUTCOME_NO_FUNCTION);
        assert_refused(fx, NAME_64 "X", AU_OUTCOME_NO_FUNCTION);
        assert_refused(fx, "Init", AU_OUTCOME_NO_FUNCTION);
        assert_refused(fx, "memory", AU_OUTCOME_NO_FUNCTION);
        assert_refused(fx, "needs", AU_OUTCOME_BAD_ARGUMENTS);
        assert_runs(fx, "_x");
        assert_runs(fx, NAME_64);
    }
    fx->call.kind = AU_CALL_FUNCTION;
    assert_refused(fx, "init", AU_OUTCOME_NOT_ALLOWED);
    assert_refused(fx, "migrate", AU_OUTCOME_NOT_ALLOWED);
    fx->call.kind = AU_CALL_INIT;
    assert_runs(fx, "init");
    assert_refused(fx, "migrate", AU_OUTCOME_NOT_ALLOWED);
    fx->call.kind = AU_CALL_MIGRATE;
    assert_refused(fx, "init", AU_OUTCOME_NOT_ALLOWED);
    assert_runs(fx, "migrate");
}

/* ---- binding ---- */

#define BIND_FUNCTIONS                                                                          \
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"                      \
    "(func (export \"none\"))"                                                                  \
    "(func (export \"bytes\") (param i32 i32) (call $return_data (local.get 0) (local.get 1)))" \
    "(func (export \"where\") (param i32 i32) (result i32) (local.get 0))"                      \
    "(func (export \"bytes_i32\") (param i32 i32 i32) (result i32) (local.get 2))"              \
    "(func (export \"second\") (param i32 i32 i32 i32) (result i32) (local.get 2))"             \
    "(func (export \"i64\") (param i64) (result i64) (local.get 0))"                            \
    "(func (export \"i32\") (param i32) (result i32) (local.get 0))"                            \
    "(func (export \"i32_i64_i32\") (param i32 i64 i32) (result i64)"                           \
    "  (i64.add (local.get 1) (i64.extend_i32_s (i32.sub (local.get 0) (local.get 2)))))"       \
    "(func (export \"f32\") (param f32))"                                                       \
    "(func (export \"i64_f64\") (param i64 f64))"                                               \
    "(func (export \"to_f64\") (result f64) (f64.const 0))"                                     \
    "(func (export \"to_f32\") (result f32) (f32.const 0))"                                     \
    "(func (export \"to_two\") (result i32 i32) (i32.const 0) (i32.const 0))"

static void test_bind_numbers(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 1 1))");
    set_args(fx, 1, BYTES("\xfe\xff\xff\xff\xff\xff\xff\xff", 8));
    assert_runs(fx, "i64");
    assert_int_equal(fixture_output_i64(fx), -2);
    assert_refused(fx, "i32", AU_OUTCOME_BAD_ARGUMENTS);
    set_args(fx, 1, BYTES("\xfe\xff\xff\xff", 4));
    assert_runs(fx, "i32");
    assert_int_equal(fx->result.output.size, 4);
    assert_memory_equal(fx->result.output.data, "\xfe\xff\xff\xff", 4);
    assert_refused(fx, "i64", AU_OUTCOME_BAD_ARGUMENTS);
    assert_refused(fx, "f32", AU_OUTCOME_BAD_ARGUMENTS);
    for (size_t size = 0; size < 12; size++) {
        set_args(fx, 1, BYTES("abcdefghijkl", size));
        if (size != 8) assert_refused(fx, "i64", AU_OUTCOME_BAD_ARGUMENTS);
        if (size != 4) assert_refused(fx, "i32", AU_OUTCOME_BAD_ARGUMENTS);
    }
    set_args(fx, 3, BYTES("\5\0\0\0", 4), BYTES("\x64\0\0\0\0\0\0\0", 8), BYTES("\7\0\0\0", 4));
    assert_runs(fx, "i32_i64_i32");
    assert_int_equal(fixture_output_i64(fx), 98);
    set_args(fx, 2, BYTES("12345678", 8), BYTES("12345678", 8));
    assert_refused(fx, "i64", AU_OUTCOME_BAD_ARGUMENTS); /* one too many */
    assert_refused(fx, "i64_f64", AU_OUTCOME_BAD_ARGUMENTS);
    set_args(fx, 0);
    assert_refused(fx, "i64", AU_OUTCOME_BAD_ARGUMENTS);
    assert_refused(fx, "bytes", AU_OUTCOME_BAD_ARGUMENTS);
    assert_refused(fx, "to_f64", AU_OUTCOME_BAD_ARGUMENTS);
    assert_refused(fx, "to_f32", AU_OUTCOME_BAD_ARGUMENTS);
    assert_refused(fx, "to_two", AU_OUTCOME_BAD_ARGUMENTS);
}

static void test_bind_bytes(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 1 1))");
    set_args(fx, 1, BYTES("hello", 5));
    assert_runs(fx, "bytes");
    assert_output(fx, "hello");
    assert_runs(fx, "where"); /* where memory ended, on a page beyond the declared maximum */
    assert_memory_equal(fx->result.output.data, "\0\0\1\0", 4);
    assert_runs(fx, "none");
    set_args(fx, 1, BYTES("", 0));
    assert_runs(fx, "where");
    assert_memory_equal(fx->result.output.data, "\0\0\0\0", 4);
    set_args(fx, 2, BYTES("abc", 3), BYTES("\x2a\0\0\0", 4));
    assert_runs(fx, "bytes_i32");
    assert_memory_equal(fx->result.output.data, "\x2a\0\0\0", 4);
    assert_runs(fx, "second"); /* the next multiple of 8 */
    assert_memory_equal(fx->result.output.data, "\x08\0\1\0", 4);
    set_args(fx, 2, BYTES("12345678", 8), BYTES("9", 1));
    assert_runs(fx, "second");
    assert_memory_equal(fx->result.output.data, "\x08\0\1\0", 4);
    assert_refused(fx, "bytes_i32", AU_OUTCOME_BAD_ARGUMENTS);
    set_args(fx, 2, BYTES("", 0), BYTES("9", 1));
    assert_runs(fx, "second");
    assert_memory_equal(fx->result.output.data, "\0\0\1\0", 4);
}

/* A page for each started 64 KiB, each at memory.grow's price of 40,000 steps. */
static void test_bind_pages(void **state)
{
    struct fixture *fx = *state;
    static uint8_t large[AU_ARGS_SIZE_MAX];
    static const struct {
        size_t size;
        int64_t pages;
    } rows[] = {{0, 0}, {1, 1}, {65536, 1}, {65537, 2}, {131072, 2}, {AU_ARGS_SIZE_MAX, 4}};
    memset(large, 7, sizeof(large));
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 1 1))");
    set_args(fx, 1, BYTES(large, 0));
    assert_runs(fx, "where");
    int64_t base = fx->result.steps_used;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        fixture_reset(fx);
        set_args(fx, 1, BYTES(large, rows[i].size));
        assert_runs(fx, "where");
        assert_int_equal(fx->result.steps_used - base, rows[i].pages * 40000);
        fx->call.steps_limit = fx->result.steps_used - 1;
        fixture_run(fx, "where");
        assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
        fx->call.steps_limit = base - 2 + rows[i].pages * 40000; /* not even the entry */
        fixture_run(fx, "where");
        assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
        assert_int_equal(fx->result.steps_used, fx->call.steps_limit);
    }
    fixture_reset(fx);
    set_args(fx, 1, BYTES(large, sizeof(large)));
    assert_runs(fx, "bytes");
    assert_int_equal(fx->result.output.size, sizeof(large));
    assert_memory_equal(fx->result.output.data, large, sizeof(large));
}

static void test_bind_limits(void **state)
{
    struct fixture *fx = *state;
    static const uint8_t large[65537];
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 255))");
    set_args(fx, 1, BYTES(large, 65536));
    assert_runs(fx, "where");
    set_args(fx, 1, BYTES(large, 65537));
    assert_refused(fx, "where", AU_OUTCOME_BAD_ARGUMENTS);
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 256))");
    set_args(fx, 1, BYTES(large, 1));
    assert_refused(fx, "where", AU_OUTCOME_BAD_ARGUMENTS);
    set_args(fx, 1, BYTES(large, 0));
    assert_runs(fx, "where");
    assert_memory_equal(fx->result.output.data, "\0\0\0\0", 4);
    fixture_load(fx, "(module " BIND_FUNCTIONS "(memory 0))");
    set_args(fx, 1, BYTES("abc", 3));
    assert_runs(fx, "bytes");
    assert_output(fx, "abc");
}

/* Modules that could see the added pages, or have nowhere to put them, read arg_* instead. */
static void test_bind_needs_plain_memory(void **state)
{
    struct fixture *fx = *state;
    const char *const modules[] = {
        "(module " BIND_FUNCTIONS ")",
        "(module " BIND_FUNCTIONS "(memory 1) (func (drop (memory.size))))",
        "(module " BIND_FUNCTIONS "(memory 1) (func (drop (memory.grow (i32.const 1)))))",
        "(module " BIND_FUNCTIONS "(memory 1) (func (return) (drop (memory.size))))",
    };
    for (size_t i = 0; i < AU_COUNT_OF(modules); i++) {
        fixture_load(fx, modules[i]);
        set_args(fx, 1, BYTES("abc", 3));
        assert_refused(fx, "bytes", AU_OUTCOME_BAD_ARGUMENTS);
        assert_runs(fx, "none");
        set_args(fx, 1, BYTES("", 0));
        assert_refused(fx, "bytes", AU_OUTCOME_BAD_ARGUMENTS);
        set_args(fx, 1, BYTES("\1\0\0\0", 4));
        assert_runs(fx, "i32");
    }
}

/* ---- value ---- */

static const char value_module[] =
    "(module"
    " (import \"env\" \"get_balance\" (func $get_balance (param i32 i32) (result i64)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (memory 1 1) (data (i32.const 0) \"self\")"
    " (func (export \"balance\") (result i64) (call $get_balance (i32.const 0) (i32.const 4)))"
    " (func (export \"fail\") (call $revert (i32.const 9) (i32.const 0) (i32.const 4))))";

static void test_value(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, value_module);
    fx->call.value = 5;
    assert_refused(fx, "balance", AU_OUTCOME_INSUFFICIENT_BALANCE);
    fixture_put_balance(fx, "caller", 4);
    fixture_run(fx, "balance");
    assert_ends(fx, AU_OUTCOME_INSUFFICIENT_BALANCE, 0);
    assert_int_equal(fixture_account(fx, "caller").balance, 4);

    fixture_put_balance(fx, "caller", 12);
    fixture_run(fx, "balance");
    assert_int_equal(fixture_output_i64(fx), 5); /* the code sees it */
    fixture_run(fx, "fail");
    assert_ends(fx, AU_OUTCOME_REVERTED, 0);
    assert_int_equal(fx->result.revert_code, 9);
    assert_output(fx, "self");
    assert_int_equal(fixture_account(fx, "caller").balance, 7);
    assert_int_equal(fixture_account(fx, "self").balance, 5);

    fx->call.steps_limit = 1; /* no gas to enter: the value stays too */
    fixture_run(fx, "balance");
    assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
    assert_int_equal(fixture_account(fx, "caller").balance, 7);
    fx->call.value = UINT64_MAX;
    fixture_run(fx, "balance");
    assert_ends(fx, AU_OUTCOME_INSUFFICIENT_BALANCE, 0);
}

static void test_value_special(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, value_module);
    fx->call.caller = fx->call.self;
    fx->call.value = 5;
    assert_refused(fx, "balance", AU_OUTCOME_INSUFFICIENT_BALANCE);
    fixture_put_balance(fx, "self", 5);
    fixture_run(fx, "balance");
    assert_int_equal(fixture_output_i64(fx), 5);
    fx->call.is_view = true;
    fixture_run(fx, "balance");
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
    fx->call.value = 0;
    assert_runs(fx, "balance");
}

/* ---- entry price ---- */

/* A function without an instruction takes no steps, so all there is is the entry. */
static void test_entry_price(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *module;
        int64_t steps; /* besides 1,000 per started KiB of code */
    } rows[] = {
        {"(module (func (export \"f\")))", 0},
        {"(module (func (export \"f\")) (memory 1))", 0},
        {"(module (func (export \"f\")) (memory 4))", 0},
        {"(module (func (export \"f\")) (memory 5))", 40000},
        {"(module (func (export \"f\")) (memory 256))", 252 * 40000},
        {"(module (func (export \"f\")) (table 10 funcref))", 10},
        {"(module (func (export \"f\")) (table 10 20 funcref))", 10},
        {"(module (func (export \"f\")) (memory 1) (data (i32.const 0) \"12345678\"))", 1},
        {"(module (func (export \"f\")) (memory 1) (data (i32.const 0) \"123456789\"))", 2},
        {"(module (func (export \"f\")) (memory 1) (data (i32.const 0) \"1234\")"
         "(data (i32.const 0) \"12345\"))",
         2},
        {"(module (func (export \"f\")) (memory 1) (data \"123456789\"))", 0},
        {"(module (func (export \"f\")) (memory 6) (table 3 funcref)"
         "(data (i32.const 0) \"1\"))",
         80000 + 3 + 1},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        fixture_load(fx, rows[i].module);
        assert_runs(fx, "f");
        assert_int_equal(fx->result.steps_used, 1000 + rows[i].steps);
    }
}

static void test_entry_price_of_code(void **state)
{
    struct fixture *fx = *state;
    const size_t sizes[] = {1023, 1024, 1025, 2048, 2049, 30000};
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        struct au_buf code;
        struct au_reject reject;
        au_buf_init(&code, 1u << 20);
        /* magic, version, a type, a function, an export, its body; a custom section fills
         * the rest. */
        static const char head[] = "\0asm\1\0\0\0"
                                   "\1\4\1\x60\0\0"
                                   "\3\2\1\0"
                                   "\7\5\1\1"
                                   "f\0\0"
                                   "\x0a\5\1\3\0\1\x0b";
        au_buf_put(&code, head, sizeof(head) - 1);
        size_t rest = sizes[i] - code.size - 4;
        au_buf_put_u8(&code, 0);
        au_buf_put_u8(&code, (uint8_t)(0x80 | (rest & 0x7f)));
        au_buf_put_u8(&code, (uint8_t)(0x80 | ((rest >> 7) & 0x7f)));
        au_buf_put_u8(&code, (uint8_t)(rest >> 14));
        for (size_t k = 0; k < rest; k++)
            au_buf_put_u8(&code, 0);
        assert_int_equal(code.size, sizes[i]);
        au_loaded_release(fx->loaded);
        assert_int_equal(au_engine_load(fx->engine, au_buf_bytes(&code), &fx->loaded, &reject),
                         AU_OK);
        assert_runs(fx, "f");
        assert_int_equal(fx->result.steps_used, (int64_t)(sizes[i] + 1023) / 1024 * 1000);
        au_buf_done(&code);
    }
}

/* ---- start ---- */

static void test_start(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, "(module (import \"env\" \"return_data\" (func $return (param i32 i32)))"
                     "(import \"env\" \"log\" (func $log (param i32 i32))) (memory 1 1)"
                     "(data (i32.const 0) \"started\") (global $g (mut i64) (i64.const 1))"
                     "(func $start (call $log (i32.const 0) (i32.const 7))"
                     "  (global.set $g (i64.const 42))"
                     "  (i32.store8 (i32.const 0) (i32.const 83)))"
                     "(start $start)"
                     "(func (export \"get\") (result i64) (global.get $g))"
                     "(func (export \"text\") (call $return (i32.const 0) (i32.const 7))))");
    assert_runs(fx, "get");
    assert_int_equal(fixture_output_i64(fx), 42);
    assert_runs(fx, "text");
    assert_output(fx, "Started");
    assert_int_equal(fx->env.log_count, 2); /* once for each frame */

    fixture_load(fx, "(module (func $start unreachable) (start $start) (func (export \"f\")))");
    fixture_run(fx, "f");
    assert_ends(fx, AU_OUTCOME_TRAPPED, AU_TRAP_UNREACHABLE);
    fixture_load(fx, "(module (import \"env\" \"storage_delete\" (func $d (param i32 i32)"
                     " (result i32))) (memory 1) (func $start (drop (call $d (i32.const 0)"
                     " (i32.const 1)))) (start $start) (func (export \"f\")))");
    fx->call.is_view = true; /* the start function is under the frame's mode */
    fixture_run(fx, "f");
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
}

/* ---- failures leave no trace but logs and gas ---- */

static const char failing_module[] =
    "(module"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    " (import \"env\" \"abort\" (func $abort (param i32 i32 i32 i32)))"
    " (import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    " (type $void (func)) (type $number (func (result i32)))"
    " (memory 1 1) (data (i32.const 0) \"self\") (data (i32.const 8) \"Bob\") (table 3 funcref)"
    " (elem (i32.const 0) $mess)"
    " (func $mess"
    "  (drop (call $write (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 8)))"
    "  (drop (call $write (i32.const 8) (i32.const 3) (i32.const 0) (i32.const 8)))"
    "  (drop (call $delete (i32.const 0) (i32.const 2)))"
    "  (drop (call $transfer (i32.const 0) (i32.const 4) (i32.const 8) (i32.const 3)"
    "   (i64.const 6)))"
    "  (call $return_data (i32.const 0) (i32.const 4))"
    "  (call $log (i32.const 0) (i32.const 4)))"
    " (func $deep (call $deep))"
    " (func (export \"ok\") (call $mess))"
    " (func (export \"revert\") (call $mess) (call $revert (i32.const 1) (i32.const 0)"
    "  (i32.const 0)))"
    " (func (export \"spin\") (call $mess) (loop (br 0)))"
    " (func (export \"unreachable\") (call $mess) unreachable)"
    " (func (export \"divide\") (call $mess)"
    "  (drop (i32.div_u (i32.const 1) (i32.const 0))))"
    " (func (export \"overflow\") (call $mess)"
    "  (drop (i32.div_s (i32.const 0x80000000) (i32.const -1))))"
    " (func (export \"convert\") (call $mess) (drop (i32.trunc_f64_s (f64.const nan))))"
    " (func (export \"memory\") (call $mess) (drop (i32.load (i32.const 65533))))"
    " (func (export \"table\") (call $mess) (call_indirect (type $void) (i32.const 3)))"
    " (func (export \"null\") (call $mess) (call_indirect (type $void) (i32.const 1)))"
    " (func (export \"type\") (call $mess)"
    "  (drop (call_indirect (type $number) (i32.const 0))))"
    " (func (export \"abort\") (call $mess)"
    "  (call $abort (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 2)))"
    " (func (export \"deep\") (call $mess) (call $deep))"
    " (func (export \"reject\") (call $mess) (call $log (i32.const 65536) (i32.const 1))))";

static void prepare_world(struct fixture *fx)
{
    fixture_reset(fx);
    fixture_put_balance(fx, "self", 10);
    fixture_put_balance(fx, "caller", 10);
    fixture_put_slot(fx, au_bytes_of("self"), au_bytes_of("old"));
    fixture_put_slot(fx, au_bytes_of("se"), au_bytes_of("here"));
    fx->call.value = 3;
}

static void assert_no_trace(struct fixture *fx, struct au_savepoint before)
{
    size_t cursor = 0;
    struct au_change change;
    assert_false(au_overlay_next_change(&fx->overlay, before, &cursor, &change));
    assert_int_equal(fixture_account(fx, "self").balance, 10);
    assert_int_equal(fixture_account(fx, "caller").balance, 10);
    assert_false(fixture_account(fx, "Bob").exists);
    assert_true(au_bytes_is_equal(fixture_slot(fx, au_bytes_of("self")).value, au_bytes_of("old")));
    assert_true(fixture_slot(fx, au_bytes_of("se")).exists);
    assert_false(fixture_slot(fx, au_bytes_of("Bob")).exists);
}

static void test_failures(void **state)
{
    struct fixture *fx = *state;
    static const struct {
        const char *function;
        enum au_outcome outcome;
        uint32_t detail;
    } rows[] = {
        {"revert", AU_OUTCOME_REVERTED, 0},
        {"spin", AU_OUTCOME_OUT_OF_GAS, 0},
        {"unreachable", AU_OUTCOME_TRAPPED, 1},
        {"divide", AU_OUTCOME_TRAPPED, 2},
        {"overflow", AU_OUTCOME_TRAPPED, 3},
        {"convert", AU_OUTCOME_TRAPPED, 4},
        {"memory", AU_OUTCOME_TRAPPED, 5},
        {"table", AU_OUTCOME_TRAPPED, 6},
        {"null", AU_OUTCOME_TRAPPED, 7},
        {"type", AU_OUTCOME_TRAPPED, 8},
        {"abort", AU_OUTCOME_TRAPPED, 9},
        {"deep", AU_OUTCOME_STACK_LIMIT, 0},
        {"reject", AU_OUTCOME_HOST_REJECTED, 1 * 256 + 2},
    };
    fixture_load(fx, failing_module);
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        prepare_world(fx);
        fx->call.steps_limit = 5000000;
        struct au_savepoint before = au_overlay_save(&fx->overlay);
        fixture_run(fx, rows[i].function);
        assert_ends(fx, rows[i].outcome, rows[i].detail);
        assert_int_equal(fx->result.output.size, 0);
        assert_true(fx->result.steps_used > 0);
        assert_true(fx->env.log_count >= 1);
        assert_no_trace(fx, before);
    }
    prepare_world(fx);
    struct au_savepoint before = au_overlay_save(&fx->overlay);
    fixture_run(fx, "ok");
    assert_output(fx, "self");
    size_t count = 0;
    size_t cursor = 0;
    struct au_change change;
    while (au_overlay_next_change(&fx->overlay, before, &cursor, &change))
        count++;
    assert_int_equal(count, 6); /* caller, self, two slots written, one deleted, Bob */
}

/* ---- the staircase ---- */

static void climb(struct fixture *fx, const char *function, uint64_t arg)
{
    prepare_world(fx);
    RUN(fx, function, arg);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    int64_t need = fx->result.steps_used;
    assert_in_range(need, 1000, 600000);
    for (int64_t limit = 0; limit <= need + 1; limit++) {
        prepare_world(fx);
        struct au_savepoint before = au_overlay_save(&fx->overlay);
        fx->call.steps_limit = limit;
        RUN(fx, function, arg);
        if (limit < need) {
            assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
            assert_int_equal(fx->result.steps_used, limit);
            assert_int_equal(fx->result.output.size, 0);
            assert_no_trace(fx, before);
        } else {
            assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
            assert_int_equal(fx->result.steps_used, need);
        }
    }
}

static void test_staircase(void **state)
{
    struct fixture *fx = *state;
    fixture_load(fx, failing_module);
    climb(fx, "ok", 0); /* six host functions: all of a frame's prices */

    fixture_load(fx, "(module (func $sum (param $n i64) (result i64)"
                     " (if (result i64) (i64.eqz (local.get $n)) (then (i64.const 0))"
                     " (else (i64.add (local.get $n)"
                     "  (call $sum (i64.sub (local.get $n) (i64.const 1)))))))"
                     "(export \"sum\" (func $sum)))");
    climb(fx, "sum", 50);

    fixture_load(fx, "(module (memory 1 40) (func (export \"loop\") (param $n i64) (result i64)"
                     " (local $at i32)"
                     " (loop $next"
                     "  (i64.store (local.get $at) (i64.rem_u (local.get $n) (i64.const 7)))"
                     "  (local.set $at (i32.add (local.get $at) (i32.const 8)))"
                     "  (br_if $next (i32.lt_u (local.get $at) (i32.const 100))))"
                     " (memory.fill (i32.const 8) (i32.const 1) (i32.const 1001))"
                     " (drop (memory.grow (i32.const 1)))"
                     " (i64.load (i32.const 8))))");
    climb(fx, "loop", 20);
}

/* ---- the node fails, not the contract ---- */

static enum au_err broken_account(void *context, const struct au_address *address,
                                  struct au_account *out_account)
{
    (void)address;
    *out_account = (struct au_account){.exists = true, .balance = 10};
    return *(const bool *)context ? AU_ERR_IO : AU_OK;
}

static enum au_err broken_slot(void *context, const struct au_address *contract,
                               struct au_bytes key, struct au_arena *arena,
                               struct au_slot *out_slot)
{
    (void)contract, (void)arena;
    *out_slot = (struct au_slot){0};
    if (*(const bool *)context) return AU_ERR_IO;
    return au_bytes_is_equal(key, au_bytes_of("Bob")) ? AU_ERR_NO_MEMORY : AU_OK;
}

static void test_node_faults(void **state)
{
    struct fixture *fx = *state;
    bool is_broken = false;
    const struct au_state_source source = {
        .context = &is_broken, .get_account = broken_account, .get_slot = broken_slot};
    const struct au_state_source *before = fx->overlay.source;
    fixture_load(fx, failing_module);
    fx->overlay.source = &source;
    fixture_put_handlers(fx);
    fx->call.function = au_bytes_of("ok");
    fx->call.value = 3;
    fx->result.outcome = AU_OUTCOME_DEPTH_LIMIT;
    assert_int_equal(au_frame_run(fx->loaded, &fx->env, &fx->call, &fx->result), AU_ERR_NO_MEMORY);
    assert_int_equal(fx->result.outcome, AU_OUTCOME_DEPTH_LIMIT); /* untouched */
    size_t cursor = 0;
    struct au_change change;
    assert_false(au_overlay_next_change(&fx->overlay, (struct au_savepoint){0}, &cursor, &change));

    is_broken = true;
    fixture_reset(fx);
    fx->call.function = au_bytes_of("ok");
    fx->call.value = 3;
    assert_int_equal(au_frame_run(fx->loaded, &fx->env, &fx->call, &fx->result), AU_ERR_IO);
    fx->call.value = 0;
    assert_int_equal(au_frame_run(fx->loaded, &fx->env, &fx->call, &fx->result), AU_ERR_IO);
    fx->overlay.source = before;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_names, fixture_reset_world),
        cmocka_unit_test_setup(test_bind_numbers, fixture_reset_world),
        cmocka_unit_test_setup(test_bind_bytes, fixture_reset_world),
        cmocka_unit_test_setup(test_bind_pages, fixture_reset_world),
        cmocka_unit_test_setup(test_bind_limits, fixture_reset_world),
        cmocka_unit_test_setup(test_bind_needs_plain_memory, fixture_reset_world),
        cmocka_unit_test_setup(test_value, fixture_reset_world),
        cmocka_unit_test_setup(test_value_special, fixture_reset_world),
        cmocka_unit_test_setup(test_entry_price, fixture_reset_world),
        cmocka_unit_test_setup(test_entry_price_of_code, fixture_reset_world),
        cmocka_unit_test_setup(test_start, fixture_reset_world),
        cmocka_unit_test_setup(test_failures, fixture_reset_world),
        cmocka_unit_test_setup(test_staircase, fixture_reset_world),
        cmocka_unit_test_setup(test_node_faults, fixture_reset_world),
    };
    return cmocka_run_group_tests_name("contract/frame", tests, fixture_open_world,
                                       fixture_close_world);
}
