/* iter_open, iter_next, iter_close: what a walk gives while the contract writes and deletes, every
 * price, limit and end. Prices are worked out by hand from protocol.md section 4. */
#include <stdio.h>

#include "fixture.h"

#define NUMBER_OPEN  28u
#define NUMBER_NEXT  29u
#define NUMBER_CLOSE 30u

/* A contract that obeys a script, its argument. A digit is a byte less '0', a word is a digit and
 * as many bytes.
 *
 *     o word    iter_open with a prefix; shows the handle as a digit
 *     n digit   iter_next; shows the key, or - at the end
 *     c digit   iter_close
 *     w word    writes a slot        d word    deletes one
 *     x digit   calls itself with flag 2 + digit, the rest of the script being the argument; shows
 *               the outcome as a digit, then the callee's output, and ends
 *     r         reverts */
static const char script_contract[] =
    "(module"
    "(import \"env\" \"iter_open\" (func $open (param i32 i32) (result i32)))"
    "(import \"env\" \"iter_next\" (func $next (param i32 i32 i32 i32 i32) (result i64)))"
    "(import \"env\" \"iter_close\" (func $close (param i32)))"
    "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    "(import \"env\" \"arg_read\" (func $arg_read (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"self_address\" (func $self (param i32)))"
    "(import \"env\" \"call\" (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"ret_size\" (func $ret_size (result i32)))"
    "(import \"env\" \"ret_read\" (func $ret_read (param i32 i32 i32) (result i32)))"
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    "(import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    "(memory 1 1) (data (i32.const 0) \"run\")"
    "(global $pos (mut i32) (i32.const 16384)) (global $out (mut i32) (i32.const 8192))"
    "(global $word (mut i32) (i32.const 0))"
    "(func $byte (result i32) (i32.load8_u (global.get $pos))"
    "  (global.set $pos (i32.add (global.get $pos) (i32.const 1))))"
    "(func $digit (result i32) (i32.sub (call $byte) (i32.const 48)))"
    /* leaves where the word is in $word, and gives its size */
    "(func $take (result i32) (local $size i32) (local.set $size (call $digit))"
    "  (global.set $word (global.get $pos))"
    "  (global.set $pos (i32.add (global.get $pos) (local.get $size))) (local.get $size))"
    "(func $show (param i32) (i32.store8 (global.get $out) (local.get 0))"
    "  (global.set $out (i32.add (global.get $out) (i32.const 1))))"
    "(func $step (local $found i64) (local $size i32)"
    "  (local.set $found (call $next (call $digit) (global.get $out) (i32.const 256)"
    "    (i32.const 4096) (i32.const 16)))"
    "  (if (i64.eq (local.get $found) (i64.const -1))"
    "    (then (call $show (i32.const 45)) (return)))"
    "  (local.set $size (i32.wrap_i64 (i64.shr_u (local.get $found) (i64.const 32))))"
    "  (global.set $out (i32.add (global.get $out) (local.get $size))))"
    "(func $inside (param $end i32) (local $flags i32)"
    "  (local.set $flags (i32.add (i32.const 2) (call $digit)))"
    "  (call $self (i32.const 64))"
    "  (i32.store (i32.const 30000) (i32.const 1))"
    "  (i32.store (i32.const 30004) (i32.sub (local.get $end) (global.get $pos)))"
    "  (memory.copy (i32.const 30008) (global.get $pos)"
    "    (i32.sub (local.get $end) (global.get $pos)))"
    "  (call $show (i32.add (i32.const 48) (call $call (i32.const 64) (i32.const 0) (i32.const 3)"
    "    (i32.const 30000) (i32.sub (i32.add (i32.const 8) (local.get $end)) (global.get $pos))"
    "    (i64.const 0) (i64.const 0) (local.get $flags))))"
    "  (global.set $out (i32.add (global.get $out)"
    "    (call $ret_read (global.get $out) (i32.const 0) (i32.const 4096))))"
    "  (global.set $pos (local.get $end)))"
    "(func $obey (param $what i32) (param $end i32)"
    "  (if (i32.eq (local.get $what) (i32.const 111)) (then (call $show (i32.add (i32.const 48)"
    "    (call $open_word (call $take))))))"
    "  (if (i32.eq (local.get $what) (i32.const 110)) (then (call $step)))"
    "  (if (i32.eq (local.get $what) (i32.const 99)) (then (call $close (call $digit))))"
    "  (if (i32.eq (local.get $what) (i32.const 119)) (then (call $write_word (call $take))))"
    "  (if (i32.eq (local.get $what) (i32.const 100)) (then (call $delete_word (call $take))))"
    "  (if (i32.eq (local.get $what) (i32.const 120)) (then (call $inside (local.get $end))))"
    "  (if (i32.eq (local.get $what) (i32.const 114))"
    "    (then (call $revert (i32.const 7) (i32.const 0) (i32.const 0)))))"
    "(func $open_word (param i32) (result i32) (call $open (global.get $word) (local.get 0)))"
    "(func $write_word (param i32)"
    "  (drop (call $write (global.get $word) (local.get 0) (i32.const 0) (i32.const 1))))"
    "(func $delete_word (param i32) (drop (call $delete (global.get $word) (local.get 0))))"
    "(func (export \"run\") (local $end i32)"
    "  (local.set $end (i32.add (i32.const 16384) (call $arg_read (i32.const 0)"
    "    (i32.const 16384) (i32.const 0) (i32.const 8192))))"
    "  (loop $again (if (i32.lt_u (global.get $pos) (local.get $end)) (then"
    "    (call $obey (call $byte) (local.get $end)) (br $again))))"
    "  (call $return_data (i32.const 8192) (i32.sub (global.get $out) (i32.const 8192)))))";

static struct au_hash script_hash;

static int open_script(void **state)
{
    static struct fixture fx;
    struct au_buf binary;
    char message[200];
    fixture_open(&fx);
    fixture_load(&fx, script_contract);
    au_buf_init(&binary, FIXTURE_WAT_MAX);
    assert_int_equal(
        au_engine_wat_to_wasm(au_bytes_of(script_contract), &binary, message, sizeof(message)),
        AU_OK);
    script_hash = au_sha256(au_buf_bytes(&binary));
    au_buf_done(&binary);
    *state = &fx;
    return 0;
}

/* The slots of each text are there, as if written by blocks before: nothing is changed yet. */
static void begin(struct fixture *fx, const char *const *keys, size_t count)
{
    bool is_new;
    fixture_reset(fx);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(au_overlay_preload_slot(&fx->overlay, &fx->call.self, au_bytes_of(keys[i]),
                                                 au_bytes_of(keys[i]), &is_new),
                         AU_OK);
    }
    struct au_account account = {.exists = true, .has_code = true, .code_hash = script_hash};
    assert_int_equal(au_overlay_put_account(&fx->overlay, &fx->call.self, account), AU_OK);
}

static void obey(struct fixture *fx, const char *script)
{
    fx->args[0] = au_bytes_of(script);
    fx->call.arg_count = 1;
    fixture_run(fx, "run");
}

/* Steps that a script takes. */
static int64_t steps_of(struct fixture *fx, const char *script)
{
    obey(fx, script);
    assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
    return fx->result.steps_used;
}

#define assert_shows(fx, script, text)                              \
    do {                                                            \
        obey((fx), (script));                                       \
        assert_int_equal((fx)->result.outcome, AU_OUTCOME_SUCCESS); \
        assert_output((fx), (text));                                \
    } while (0)

static void test_order(void **state)
{
    struct fixture *fx = *state;
    static const char *const keys[] = {"b", "ab", "a", "abc", "ac", "\xff", "b\xff\xff", "c"};
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0n0n0n0n0n0n0n0n0n0n0",
                 "0aababcacbb\xff\xff"
                 "c\xff--");
    assert_shows(fx, "o1an0n0n0n0n0", "0aababcac-");
    assert_shows(fx, "o2abn0n0n0", "0ababc-");
    assert_shows(fx, "o3abcn0n0", "0abc-");
    assert_shows(fx, "o1\xffn0n0", "0\xff-");
    assert_shows(fx, "o2\xff\xffn0", "0-");
    assert_shows(fx, "o2b\xffn0n0", "0b\xff\xff-");
    assert_shows(fx, "o1dn0", "0-");
    /* two walks at once */
    assert_shows(fx, "o1ao1bn0n1n0n1n1",
                 "01abab"
                 "b\xff\xff-");
}

/* What is written above the last key is found, what is deleted is not, at the end of a walk too. */
static void test_exists_now(void **state)
{
    struct fixture *fx = *state;
    static const char *const keys[] = {"a", "c", "e"};
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0n0w1bw1dn0d1cn0n0n0", "0abde-");
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0n0n0w1bn0n0w1fn0n0", "0ace-f-");
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0d1ad1cd1en0w1cn0n0w1en0", "0-c-e");
    /* a slot deleted and written again is where it was */
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "d1cw1co0n0n0n0n0", "0ace-");
    /* the last key given may go, and come back: it was given */
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0n0d1aw1an0", "0ac");
}

static void test_handles(void **state)
{
    struct fixture *fx = *state;
    char script[400] = "";
    static const char *const keys[] = {"a"};
    begin(fx, keys, 1);
    assert_shows(fx, "o0o0o0c1o0c0c2o0o0o0", "0121023");
    /* all of them, each with a walk of its own; the 65th is refused */
    for (int i = 0; i < 64; i++)
        strcat(script, "o0");
    obey(fx, script);
    assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(fx->result.output.size, 64);
    for (uint32_t i = 0; i < 64; i++)
        assert_int_equal(fx->result.output.data[i], '0' + i);
    strcpy(script + 128, "o0");
    obey(fx, script);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_OPEN, AU_HOST_REJECT_HANDLE));
    strcpy(script + 128, "cono0no");
    obey(fx, script);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_NEXT, AU_HOST_REJECT_HANDLE));
}

static void test_handles_not_open(void **state)
{
    struct fixture *fx = *state;
    static const char *const scripts[] = {"n0", "o0n1", "o0c0n0", "o0np", "o0n/"};
    static const char *const closes[] = {"c0", "o0c1", "o0c0c0", "o0cp", "o0c/"};
    begin(fx, NULL, 0);
    for (size_t i = 0; i < AU_COUNT_OF(scripts); i++) {
        obey(fx, scripts[i]);
        assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                    fixture_reject(NUMBER_NEXT, AU_HOST_REJECT_HANDLE));
        obey(fx, closes[i]);
        assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                    fixture_reject(NUMBER_CLOSE, AU_HOST_REJECT_HANDLE));
    }
}

/* A frame has walks of its own, though it is one of the same contract; those of the frame around it
 * go on over what it has left. */
static void test_frames(void **state)
{
    struct fixture *fx = *state;
    static const char *const keys[] = {"a", "c", "e"};
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "o0n0x0n0", "0a6"); /* handle 0 is the outer frame's */
    assert_shows(fx, "o0n0x0o0n0d1cw1d", "0a00a");
    assert_shows(fx, "o0n0n0n0n0", "0ade-"); /* what the frame inside left */
    /* reverted with open walks: nothing is left of it */
    begin(fx, keys, AU_COUNT_OF(keys));
    assert_shows(fx, "x0o0n0d1cw1dn0n0r", "1");
    assert_shows(fx, "o0n0n0n0n0", "0ace-");
    /* a view may walk */
    assert_shows(fx, "x1o0n0n0", "00ac");
    fx->call.is_view = true;
    assert_shows(fx, "o0n0n0n0n0", "0ace-");
}

/* 1 gas for each key that this block deleted, whoever wrote it, unless that was undone. */
static void test_price_of_deleted(void **state)
{
    struct fixture *fx = *state;
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    static const struct {
        const char *before; /* a transaction of the same block */
        const char *walk;
        const char *shown;
        int64_t passed;
    } rows[] = {
        {"", "o0n0", "0a", 0},
        {"d1b", "o0n0", "0a", 0},
        {"d1a", "o0n0", "0b", 1},
        {"d1ad1bd1c", "o0n0", "0d", 3},
        {"d1ad1bd1cw1b", "o0n0", "0b", 1},
        {"d1ad1bd1cd1dd1e", "o0n0", "0-", 5},
        {"d1ad1bd1cd1dd1e", "o1cn0", "0-", 1},
        {"w2aad2aa", "o2aan0", "0-", 1}, /* written in this block, too */
        {"d1z", "o1zn0", "0-", 0},       /* deleting what was absent deletes nothing */
        {"x0d1ad1br", "o0n0", "0a", 0},
        {"x0d1ad1b", "o0n0", "0c", 2},
        {"d1bx0d1aw1br", "o0n0", "0a", 0},
        {"d1ax0w1ar", "o0n0", "0b", 1},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        begin(fx, keys, AU_COUNT_OF(keys));
        obey(fx, rows[i].before);
        int64_t steps = steps_of(fx, rows[i].walk);
        assert_output(fx, rows[i].shown);
        /* the same frame, its walk over a world without deleted keys that ends alike */
        bool is_end = rows[i].shown[1] == '-';
        begin(fx, is_end ? NULL : (const char *const[]){rows[i].shown + 1}, is_end ? 0 : 1);
        int64_t clean = steps_of(fx, rows[i].walk);
        assert_output(fx, rows[i].shown);
        assert_int_equal(steps - clean, rows[i].passed * 1000);
    }
}

/* Gas that ends while keys are passed over: the frame has used all of it. */
static void test_deleted_past_the_gas(void **state)
{
    struct fixture *fx = *state;
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    begin(fx, keys, AU_COUNT_OF(keys));
    obey(fx, "d1ad1bd1cd1d");
    int64_t need = steps_of(fx, "o0n0c0");
    for (int64_t less = 0; less <= 6000; less += 500) {
        fx->call.steps_limit = need - less;
        obey(fx, "o0n0c0");
        if (less == 0) {
            assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
        } else {
            assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
        }
        assert_int_equal(fx->result.steps_used, need - less);
    }
}

/* ---- one call in each frame ---- */

static int open_hosts(void **state)
{
    return fixture_open_hosts(state, 1, "(data (i32.const 0) \"0123456789\")");
}

static void test_open_prices_and_limits(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "iter_open", 0, 0, 0);
    assert_price(fx, "iter_open", 30000);
    assert_returns(fx, "iter_open", 0, 0, 256);
    assert_price(fx, "iter_open", 30000);
    assert_returns(fx, "iter_open", 0, 0xffffffff, 0);
    RUN(fx, "iter_open", 0xffffffff, 257);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_OPEN, AU_HOST_REJECT_SIZE));
    RUN(fx, "iter_open", 65535, 2);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_OPEN, AU_HOST_REJECT_POINTER));
    RUN(fx, "iter_next", 0, 65536, 1, 0, 0);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_NEXT, AU_HOST_REJECT_POINTER));
    RUN(fx, "iter_next", 0, 0, 0, 65536, 1);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_NEXT, AU_HOST_REJECT_POINTER));
}

/* next(key_cap, value_cap): opens, goes on once, and gives the result and the first 12 bytes of
 * memory, to which key and value were written over each other. */
static const char one_step[] =
    "(module"
    "(import \"env\" \"iter_open\" (func $open (param i32 i32) (result i32)))"
    "(import \"env\" \"iter_next\" (func $next (param i32 i32 i32 i32 i32) (result i64)))"
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    "(memory 2 2) (data (i32.const 0) \"0123456789ab\")"
    "(func (export \"next\") (param i64 i64)"
    "  (drop (call $open (i32.const 0) (i32.const 0)))"
    "  (i64.store (i32.const 16) (call $next (i32.const 0) (i32.const 0)"
    "    (i32.wrap_i64 (local.get 0)) (i32.const 2) (i32.wrap_i64 (local.get 1))))"
    "  (call $return_data (i32.const 0) (i32.const 24))))";

static int open_step(void **state)
{
    (void)fixture_open_world(state);
    fixture_load(*state, one_step);
    return 0;
}

static void test_copies(void **state)
{
    struct fixture *fx = *state;
    static uint8_t value[65536];
    static const struct {
        uint64_t key_cap;
        uint64_t value_cap;
        const char *memory;
        int64_t copied;
    } rows[] = {
        {0, 0, "0123456789ab", 0},   {3, 0, "key3456789ab", 3},     {4, 0, "key-456789ab", 4},
        {9, 0, "key-456789ab", 4},   {0, 3, "01vvv56789ab", 3},     {4, 1, "kev-456789ab", 5},
        {1, 10, "k1vvvvvvvvvv", 11}, {70000, 0, "key-456789ab", 4},
    };
    memset(value, 'v', sizeof(value));
    for (size_t size = 10; size <= sizeof(value); size += sizeof(value) - 10) {
        fixture_reset(fx);
        fixture_put_slot(fx, au_bytes_of("key-"), (struct au_bytes){value, size});
        int64_t least = 0;
        for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
            uint64_t result;
            RUN(fx, "next", rows[i].key_cap, rows[i].value_cap);
            assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
            assert_memory_equal(fx->result.output.data, rows[i].memory, 12);
            memcpy(&result, fx->result.output.data + 16, sizeof(result));
            assert_true(result == ((uint64_t)4 << 32 | size));
            if (i == 0) least = fx->result.steps_used;
            assert_int_equal(fx->result.steps_used - least, rows[i].copied * 10);
        }
    }
    fixture_reset(fx);
    RUN(fx, "next", 10, 10);
    assert_ends(fx, AU_OUTCOME_SUCCESS, 0);
    assert_memory_equal(fx->result.output.data, "0123456789ab", 12);
    assert_memory_equal(fx->result.output.data + 16, "\xff\xff\xff\xff\xff\xff\xff\xff", 8);
}

/* The price of copied bytes comes before anything is written. */
static void test_copy_past_the_gas(void **state)
{
    struct fixture *fx = *state;
    fixture_put_slot(fx, au_bytes_of("key-"), au_bytes_of("v"));
    RUN(fx, "next", 4, 4);
    int64_t need = fx->result.steps_used;
    fx->call.steps_limit = need - 1;
    RUN(fx, "next", 4, 4);
    assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
}

int main(void)
{
    const struct CMUnitTest scripts[] = {
        cmocka_unit_test_setup(test_order, fixture_reset_world),
        cmocka_unit_test_setup(test_exists_now, fixture_reset_world),
        cmocka_unit_test_setup(test_handles, fixture_reset_world),
        cmocka_unit_test_setup(test_handles_not_open, fixture_reset_world),
        cmocka_unit_test_setup(test_frames, fixture_reset_world),
        cmocka_unit_test_setup(test_price_of_deleted, fixture_reset_world),
        cmocka_unit_test_setup(test_deleted_past_the_gas, fixture_reset_world),
    };
    const struct CMUnitTest hosts[] = {
        cmocka_unit_test_setup(test_open_prices_and_limits, fixture_reset_world),
    };
    const struct CMUnitTest steps[] = {
        cmocka_unit_test_setup(test_copies, fixture_reset_world),
        cmocka_unit_test_setup(test_copy_past_the_gas, fixture_reset_world),
    };
    int failed = cmocka_run_group_tests_name("contract/host_iter", scripts, open_script,
                                             fixture_close_world);
    failed +=
        cmocka_run_group_tests_name("contract/host_iter", hosts, open_hosts, fixture_close_world);
    return failed +
           cmocka_run_group_tests_name("contract/host_iter", steps, open_step, fixture_close_world);
}
