/* Contracts that call, make and change contracts: what each outcome of a callee does to state,
 * balances, logs and gas, in the order of refusals that protocol.md section 4 gives. All contracts
 * here have the same code. */
#include <stdio.h>

#include "core/address.h"
#include "fixture.h"
#include "vm/limits.h"

#define VIEW    1u
#define REENTRY 2u

#define NUMBER_CALL      22u
#define NUMBER_SET_ADMIN 27u

static const char imports_and_callees[] =
    "(module"
    "(import \"env\" \"call\" (func $call (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"deploy\" (func $deploy (param i32 i32 i32 i64 i64 i32) (result i32)))"
    "(import \"env\" \"ret_size\" (func $ret_size (result i32)))"
    "(import \"env\" \"ret_read\" (func $ret_read (param i32 i32 i32) (result i32)))"
    "(import \"env\" \"upgrade\" (func $upgrade (param i32) (result i32)))"
    "(import \"env\" \"set_admin\" (func $set_admin (param i32 i32) (result i32)))"
    "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    "(import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    "(import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    "(import \"env\" \"log\" (func $log (param i32 i32)))"
    "(import \"env\" \"gas_left\" (func $gas_left (result i64)))"
    "(import \"env\" \"value\" (func $value (result i64)))"
    "(import \"env\" \"caller\" (func $caller (param i32)))"
    "(import \"env\" \"self_address\" (func $self (param i32)))"
    "(memory 1 1)"
    "(data (i32.const 0) \"kvno\")"
    "(data (i32.const 64) \"deep\\00\\00\\00\\00\")"
    "(func $set (drop (call $write (i32.const 0) (i32.const 1) (i32.const 1) (i32.const 1)))"
    "  (call $emit (i32.const 0) (i32.const 1) (i32.const 0) (i32.const 0) (i32.const 0)"
    "    (i32.const 0)))"
    "(func (export \"init\") (call $set))"
    /* callees */
    "(func (export \"ok\") (result i64) (call $set) (i64.const 7))"
    "(func (export \"revert\") (call $set) (call $log (i32.const 0) (i32.const 2))"
    "  (call $revert (i32.const 5) (i32.const 2) (i32.const 2)))"
    "(func (export \"trap\") (call $set) unreachable)"
    "(func (export \"spin\") (call $set) (loop (br 0)))"
    "(func $down (call $down))"
    "(func (export \"stack\") (call $set) (call $down))"
    "(func (export \"reject\") (call $set) (call $log (i32.const -1) (i32.const 1)))"
    "(func (export \"read\") (result i64) (i64.const 9))"
    "(func (export \"value\") (result i64) (call $value))"
    "(func (export \"gas\") (result i64) (call $gas_left))"
    "(func (export \"caller\") (call $caller (i32.const 256))"
    "  (call $return_data (i32.const 256) (i32.const 32)))"
    "(func (export \"fill\") (call $log (i32.const 4096) (i32.const 4092)))"
    "(func (export \"emit\") (call $emit (i32.const 0) (i32.const 4) (i32.const 0) (i32.const 1)"
    "  (i32.const 4096) (i32.const 3000)))"
    "(func (export \"number\") (param i64) (result i64) (local.get 0))";

static const char callers[] =
    /* call(address, function, args, value, gas, flags): the outcome, after writing k */
    "(func $out (export \"call\") (param i32 i32 i32 i32 i32 i32 i64 i64 i32) (result i32)"
    "  (call $set) (call $call (local.get 0) (local.get 2) (local.get 3) (local.get 4)"
    "    (local.get 5) (local.get 6) (local.get 7) (local.get 8)))"
    /* the same, but the output is the callee's */
    "(func (export \"forward\") (param i32 i32 i32 i32 i32 i32 i64 i64 i32)"
    "  (drop (call $call (local.get 0) (local.get 2) (local.get 3) (local.get 4)"
    "    (local.get 5) (local.get 6) (local.get 7) (local.get 8)))"
    "  (drop (call $ret_read (i32.const 512) (i32.const 0) (i32.const 64)))"
    "  (call $return_data (i32.const 512) (call $ret_size)))"
    /* the same, but it fails after the call */
    "(func (export \"call_trap\") (param i32 i32 i32 i32 i32 i32 i64 i64 i32)"
    "  (drop (call $out (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)"
    "    (local.get 5) (local.get 6) (local.get 7) (local.get 8))) unreachable)"
    "(func (export \"call_spin\") (param i32 i32 i32 i32 i32 i32 i64 i64 i32)"
    "  (drop (call $out (local.get 0) (local.get 1) (local.get 2) (local.get 3) (local.get 4)"
    "    (local.get 5) (local.get 6) (local.get 7) (local.get 8))) (loop (br 0)))"
    /* reads nothing of the address's size */
    "(func (export \"call_at\") (param i64) (result i32) (call $call (i32.wrap_i64 (local.get 0))"
    "  (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i64.const 0)"
    "  (i32.const 4)))"
    /* recursion of the native stack in every frame, then a frame inside: how many there were */
    "(func $deeper (param i32) (result i64)"
    "  (if (result i64) (local.get 0)"
    "    (then (call $deeper (i32.sub (local.get 0) (i32.const 1))))"
    "    (else (call $self (i32.const 128))"
    "      (if (result i64) (call $call (i32.const 128) (i32.const 64) (i32.const 4)"
    "          (i32.const 68) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 2))"
    "        (then (i64.const 1))"
    "        (else (drop (call $ret_read (i32.const 192) (i32.const 0) (i32.const 8)))"
    "          (i64.add (i64.const 1) (i64.load (i32.const 192))))))))"
    "(func (export \"deep\") (result i64) (call $deeper (i32.const 1600)))"
    /* deploy(code hash, args, value, gas), upgrade(code hash), set_admin(id) */
    "(func (export \"deploy\") (param i32 i32 i32 i32 i64 i64) (result i32)"
    "  (local $outcome i32)"
    "  (local.set $outcome (call $deploy (local.get 0) (local.get 2) (local.get 3) (local.get 4)"
    "    (local.get 5) (i32.const 1024)))"
    "  (call $log (i32.const 1024) (i32.const 32)) (local.get $outcome))"
    "(func (export \"upgrade\") (param i32 i32) (result i32) (call $upgrade (local.get 0)))"
    "(func (export \"set_admin\") (param i32 i32) (result i32)"
    "  (call $set_admin (local.get 0) (local.get 1))))";

static struct au_hash code_hash;
static struct au_hash other_hash;

#define OTHER_CODE "(module (func (export \"hello\")))"

static int open_world(void **state)
{
    static struct fixture fx;
    static char code[8192];
    (void)snprintf(code, sizeof(code), "%s%s", imports_and_callees, callers);
    fixture_open(&fx);
    fixture_load(&fx, OTHER_CODE); /* stays in the engine's cache: it has no init */
    fixture_load(&fx, code);
    code_hash = fixture_code_hash(code);
    other_hash = fixture_code_hash(OTHER_CODE);
    *state = &fx;
    return 0;
}

static int reset_world(void **state)
{
    struct fixture *fx = *state;
    fixture_reset(fx);
    fixture_put_contract(fx, "self", 1000, &code_hash);
    fixture_put_contract(fx, "b", 100, &code_hash);
    fixture_put_contract(fx, "c", 10, &code_hash);
    return 0;
}

/* ---- a call and its arguments ---- */

struct target {
    const char *id;
    const char *function;
    struct au_bytes args; /* encoded; {0} = none */
    uint64_t value;
    uint64_t gas;
    uint32_t flags;
};

/* The six arguments of `call`; they live until the next reset. */
static void make_args(struct fixture *fx, struct target target, struct au_bytes out_args[6])
{
    struct au_address address = fixture_address(target.id);
    struct au_bytes none = {(const uint8_t *)"\0\0\0\0", 4};
    const struct au_bytes items[] = {
        {address.bytes, sizeof(address.bytes)}, au_bytes_of(target.function),
        target.args.data ? target.args : none,  {(const uint8_t *)&target.value, 8},
        {(const uint8_t *)&target.gas, 8},      {(const uint8_t *)&target.flags, 4},
    };
    for (size_t i = 0; i < AU_COUNT_OF(items); i++)
        assert_int_equal(au_arena_copy(&fx->arena, items[i], &out_args[i]), AU_OK);
}

/* The same as a vec<bytes>, for a call of `call`. */
static struct au_bytes encode(struct fixture *fx, struct target target)
{
    struct au_bytes items[6];
    struct au_bytes kept;
    struct au_buf buf;
    make_args(fx, target, items);
    au_buf_init(&buf, 1 << 20);
    au_buf_put_u32(&buf, 6);
    for (size_t i = 0; i < 6; i++) {
        au_buf_put_u32(&buf, (uint32_t)items[i].size);
        au_buf_put_bytes(&buf, items[i]);
    }
    assert_int_equal(au_arena_copy(&fx->arena, au_buf_bytes(&buf), &kept), AU_OK);
    au_buf_done(&buf);
    return kept;
}

static void run_target(struct fixture *fx, const char *function, struct target target)
{
    fx->call.args = fx->args;
    fx->call.arg_count = 6;
    make_args(fx, target, fx->args);
    fixture_run(fx, function);
}

static uint32_t output_u32(const struct fixture *fx)
{
    uint32_t number;
    assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(fx->result.output.size, sizeof(number));
    memcpy(&number, fx->result.output.data, sizeof(number));
    return number;
}

#define assert_calls(fx, outcome, ...)                          \
    do {                                                        \
        run_target((fx), "call", (struct target){__VA_ARGS__}); \
        assert_int_equal(output_u32(fx), AU_OUTCOME_##outcome); \
    } while (0)

static bool has_slot(struct fixture *fx, const char *id)
{
    struct au_address address = fixture_address(id);
    struct au_slot slot;
    assert_int_equal(au_overlay_get_slot(&fx->overlay, &address, au_bytes_of("k"), &slot), AU_OK);
    return slot.exists;
}

static void assert_balances(struct fixture *fx, uint64_t self, uint64_t b)
{
    assert_int_equal(fixture_account(fx, "self").balance, self);
    assert_int_equal(fixture_account(fx, "b").balance, b);
}

/* Who emitted the events that stay, by the first letters of their ids. */
static void assert_events(struct fixture *fx, const char *who)
{
    struct au_items items = {au_buf_bytes(&fx->events), fx->env.event_count};
    struct au_receipt_event event;
    assert_int_equal(fx->env.event_count, strlen(who));
    for (; au_receipt_next_event(&items, &event); who++) {
        struct au_address address = fixture_address(*who == 's' ? "self" : "b");
        assert_memory_equal(event.contract.bytes, address.bytes, sizeof(address.bytes));
        assert_int_equal(event.name.data[0], 'k');
    }
    assert_int_equal(items.bytes.size, 0);
}

/* ---- outcomes of a callee ---- */

static void test_outcomes(void **state)
{
    static const struct {
        const char *function;
        enum au_outcome outcome;
    } rows[] = {
        {"ok", AU_OUTCOME_SUCCESS},           {"revert", AU_OUTCOME_REVERTED},
        {"trap", AU_OUTCOME_TRAPPED},         {"spin", AU_OUTCOME_OUT_OF_GAS},
        {"stack", AU_OUTCOME_STACK_LIMIT},    {"reject", AU_OUTCOME_HOST_REJECTED},
        {"absent", AU_OUTCOME_NO_FUNCTION},   {"a-b", AU_OUTCOME_NO_FUNCTION},
        {"init", AU_OUTCOME_NOT_ALLOWED},     {"__x", AU_OUTCOME_NOT_ALLOWED},
        {"number", AU_OUTCOME_BAD_ARGUMENTS},
    };
    struct fixture *fx = *state;
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        for (uint64_t value = 0; value <= 30; value += 30) {
            bool is_success = rows[i].outcome == AU_OUTCOME_SUCCESS;
            reset_world(state);
            run_target(fx, "call", (struct target){"b", rows[i].function, {0}, value, 5000, 0});
            assert_int_equal(output_u32(fx), rows[i].outcome);
            assert_true(has_slot(fx, "self"));
            assert_int_equal(has_slot(fx, "b"), is_success);
            assert_events(fx, is_success ? "sb" : "s");
            assert_balances(fx, is_success ? 1000 - value : 1000, is_success ? 100 + value : 100);
            assert_int_equal(fx->env.log_count, rows[i].outcome == AU_OUTCOME_REVERTED);

            /* The caller's own failure undoes the callee's success too. */
            const char *const failing[] = {"call_trap", "call_spin"};
            for (size_t k = 0; k < AU_COUNT_OF(failing); k++) {
                reset_world(state);
                fx->call.steps_limit = 100000000;
                run_target(fx, failing[k],
                           (struct target){"b", rows[i].function, {0}, value, 5000, 0});
                assert_int_equal(fx->result.outcome,
                                 k == 0 ? AU_OUTCOME_TRAPPED : AU_OUTCOME_OUT_OF_GAS);
                assert_false(has_slot(fx, "self"));
                assert_false(has_slot(fx, "b"));
                assert_events(fx, "");
                assert_balances(fx, 1000, 100);
            }
        }
    }
}

static void test_output(void **state)
{
    struct fixture *fx = *state;
    run_target(fx, "forward", (struct target){"b", "ok", {0}, 0, 0, 0});
    assert_int_equal(fixture_output_i64(fx), 7);
    run_target(fx, "forward", (struct target){"b", "revert", {0}, 0, 0, 0});
    assert_output(fx, "no");
    run_target(fx, "forward", (struct target){"b", "trap", {0}, 0, 0, 0});
    assert_output(fx, "");
    run_target(fx, "forward", (struct target){"b", "value", {0}, 3, 0, 0});
    assert_int_equal(fixture_output_i64(fx), 3);
    run_target(fx, "forward", (struct target){"b", "caller", {0}, 0, 0, 0});
    struct au_address self = fixture_address("self");
    assert_int_equal(fx->result.output.size, 32);
    assert_memory_equal(fx->result.output.data, self.bytes, 32);
}

/* ---- refusals, in their order ---- */

static void test_refusals(void **state)
{
    struct fixture *fx = *state;
    struct au_bytes broken = {(const uint8_t *)"\1\0\0\0", 4};
    struct au_bytes trailing = {(const uint8_t *)"\0\0\0\0x", 5};
    assert_calls(fx, NO_CONTRACT, "nobody", "__x", broken, 0, 0, 0);
    assert_calls(fx, INSUFFICIENT_BALANCE, "nobody", "__x", broken, 1001, 0, 0);
    assert_calls(fx, NOT_ALLOWED, "self", "ok", broken, 1001, 0, 0);
    assert_calls(fx, NOT_ALLOWED, "b", "ok", {0}, 1001, 0, VIEW);
    assert_calls(fx, NOT_ALLOWED, "b", "__x", broken, 0, 0, 0);
    assert_calls(fx, NO_FUNCTION, "b", "absent", broken, 0, 0, 0);
    assert_calls(fx, BAD_ARGUMENTS, "b", "ok", broken, 0, 0, 0);
    assert_calls(fx, BAD_ARGUMENTS, "b", "ok", trailing, 0, 0, 0);
    assert_false(has_slot(fx, "b"));
    assert_calls(fx, SUCCESS, "b", "ok", {0}, 1000, 0, 0);
    assert_balances(fx, 0, 1100);

    RUN(fx, "call_at", UINT32_MAX); /* a flag outranks a pointer */
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED, fixture_reject(NUMBER_CALL, AU_HOST_REJECT_FLAG));
}

static void test_reentry(void **state)
{
    struct fixture *fx = *state;
    assert_calls(fx, NOT_ALLOWED, "self", "ok", {0}, 0, 0, 0);
    assert_calls(fx, SUCCESS, "self", "ok", {0}, 0, 0, REENTRY);

    /* Through b: self's own call counts, not b's. What b was told is its output. */
    for (uint32_t outer = 0; outer <= REENTRY; outer += REENTRY) {
        for (uint32_t inner = 0; inner <= REENTRY; inner += REENTRY) {
            struct au_bytes args = encode(fx, (struct target){"self", "read", {0}, 0, 0, inner});
            run_target(fx, "forward", (struct target){"b", "call", args, 0, 0, outer});
            assert_int_equal(output_u32(fx), outer ? AU_OUTCOME_SUCCESS : AU_OUTCOME_NOT_ALLOWED);
        }
    }

    /* self -> b -> self -> c -> self: every live frame of self must consent. */
    struct au_bytes last = encode(fx, (struct target){"self", "read", {0}, 0, 0, 0});
    for (uint32_t middle = 0; middle <= REENTRY; middle += REENTRY) {
        struct au_bytes to_c = encode(fx, (struct target){"c", "forward", last, 0, 0, middle});
        struct au_bytes to_self = encode(fx, (struct target){"self", "forward", to_c, 0, 0, 0});
        run_target(fx, "forward", (struct target){"b", "forward", to_self, 0, 0, REENTRY});
        assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
        assert_int_equal(fx->result.output.size, middle ? 8 : 0);
    }
}

static void test_view(void **state)
{
    struct fixture *fx = *state;
    assert_calls(fx, NOT_ALLOWED, "b", "ok", {0}, 0, 0, VIEW);
    assert_calls(fx, SUCCESS, "b", "read", {0}, 0, 0, VIEW);
    struct au_bytes args = encode(fx, (struct target){"c", "ok", {0}, 0, 0, 0});
    run_target(fx, "forward", (struct target){"b", "forward", args, 0, 0, VIEW});
    assert_output(fx, ""); /* inherited: c may not write */
    assert_false(has_slot(fx, "c"));
    fx->call.is_view = true;
    run_target(fx, "forward", (struct target){"b", "read", {0}, 2000, 0, 0});
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0); /* value ends a view, covered or not */
}

/* ---- depth, gas, caps ---- */

static void test_depth(void **state)
{
    struct fixture *fx = *state;
    fx->call.arg_count = 0;
    fixture_run(fx, "deep");
    assert_int_equal(fixture_output_i64(fx), AU_DEPTH_MAX);
    fx->call.steps_limit = 400000000; /* and again, out of gas somewhere far down */
    for (int i = 0; i < 8; i++, fx->call.steps_limit /= 3)
        fixture_run(fx, "deep");
}

/* R is what is left after the price of call; the callee pays its entry of it. */
static void test_steps(void **state)
{
    struct fixture *fx = *state;
    int64_t entry = au_frame_entry_steps(au_loaded_info(fx->loaded));
    uint64_t gas = (uint64_t)entry / 1000 + 50;
    run_target(fx, "forward", (struct target){"b", "gas", {0}, 0, gas, 0});
    int64_t left = fixture_output_i64(fx); /* what entry, code (8) and gas_left (2,000) leave */
    assert_int_equal(left, ((int64_t)gas * 1000 - entry - 8 - 2000) / 1000);

    run_target(fx, "forward", (struct target){"b", "gas", {0}, 0, 0, 0});
    int64_t most = fixture_output_i64(fx);
    run_target(fx, "forward", (struct target){"b", "gas", {0}, 0, UINT64_MAX, 0});
    assert_int_equal(fixture_output_i64(fx), most);
    int64_t all = FIXTURE_STEPS / 1000;
    assert_true(most < all - all / 64 && most > all - all / 64 - 1000);

    /* What a callee does not use comes back; all of it is gone when it runs out. The slot is there
     * already, and a name two bytes shorter costs four steps less. */
    run_target(fx, "call", (struct target){"b", "absent", {0}, 0, 7000, 0});
    run_target(fx, "call", (struct target){"b", "absent", {0}, 0, 7000, 0});
    int64_t refused = fx->result.steps_used;
    run_target(fx, "call", (struct target){"b", "spin", {0}, 0, 7000, 0});
    assert_int_equal(fx->result.steps_used - refused, 7000000 - 2 * 2);
    run_target(fx, "call", (struct target){"b", "read", {0}, 0, 7000, 0});
    assert_int_equal(fx->result.steps_used - refused, entry + 1 - 2 * 2);
}

/* A callee may use three quarters of what is left of a cap. */
static void test_caps(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 12; i++)
        assert_calls(fx, SUCCESS, "b", "fill", {0}, 0, 0, 0);
    fx->env.log_count = 0;
    fx->logs.size = 65536 - 5461; /* of which three quarters are 4,095: a line takes 4,096 */
    assert_calls(fx, HOST_REJECTED, "b", "fill", {0}, 0, 0, 0);
    fx->logs.size = 65536 - 5462;
    assert_calls(fx, SUCCESS, "b", "fill", {0}, 0, 0, 0);
    au_buf_clear(&fx->logs);

    /* The caller emits first: of the two that are left then, a callee may emit one. */
    fx->env.events_used = AU_EVENTS_MAX - 3;
    assert_calls(fx, SUCCESS, "b", "emit", {0}, 0, 0, 0);
    fx->env.events_used = AU_EVENTS_MAX - 2;
    assert_calls(fx, HOST_REJECTED, "b", "emit", {0}, 0, 0, 0);
    fx->env.events_used = 0;
    fx->env.event_data_used = AU_EVENTS_DATA_SIZE_MAX - 4000;
    assert_calls(fx, SUCCESS, "b", "emit", {0}, 0, 0, 0);
    fx->env.event_data_used = AU_EVENTS_DATA_SIZE_MAX - 3999;
    assert_calls(fx, HOST_REJECTED, "b", "emit", {0}, 0, 0, 0);
}

/* ---- deploy, upgrade, set_admin ---- */

static void run_deploy(struct fixture *fx, struct au_hash hash, const char *args, size_t size,
                       uint64_t value, uint64_t gas)
{
    fx->call.arg_count = 4;
    fx->args[0] = (struct au_bytes){hash.bytes, sizeof(hash.bytes)};
    fx->args[1] = (struct au_bytes){(const uint8_t *)args, size};
    fx->args[2] = (struct au_bytes){(const uint8_t *)&value, 8};
    fx->args[3] = (struct au_bytes){(const uint8_t *)&gas, 8};
    au_buf_clear(&fx->logs);
    fixture_run(fx, "deploy");
}

static void assert_made(struct fixture *fx, uint64_t nonce, struct au_hash hash, uint64_t balance,
                        bool has_run)
{
    struct au_address self = fixture_address("self");
    struct au_address made = au_address_of_contract(&self, nonce, &hash);
    struct au_account account;
    struct au_slot slot;
    assert_int_equal(output_u32(fx), AU_OUTCOME_SUCCESS);
    assert_memory_equal(fx->logs.data + 4, made.bytes, sizeof(made.bytes));
    assert_int_equal(au_overlay_get_account(&fx->overlay, &made, &account), AU_OK);
    assert_true(account.exists && account.has_code && !account.has_admin);
    assert_memory_equal(account.code_hash.bytes, hash.bytes, sizeof(hash.bytes));
    assert_int_equal(account.balance, balance);
    assert_int_equal(au_overlay_get_slot(&fx->overlay, &made, au_bytes_of("k"), &slot), AU_OK);
    assert_int_equal(slot.exists, has_run);
    assert_int_equal(fixture_account(fx, "self").nonce, nonce + 1);
}

static void assert_not_made(struct fixture *fx, enum au_outcome outcome, uint64_t nonce)
{
    static const uint8_t zeros[32];
    assert_int_equal(output_u32(fx), outcome);
    assert_memory_equal(fx->logs.data + 4, zeros, sizeof(zeros));
    assert_int_equal(fixture_account(fx, "self").nonce, nonce);
}

static void test_deploy(void **state)
{
    struct fixture *fx = *state;
    struct au_hash unknown = {{1}};
    run_deploy(fx, code_hash, "\0\0\0\0", 4, 40, 0);
    assert_made(fx, 0, code_hash, 40, true);
    run_deploy(fx, other_hash, "\0\0\0\0", 4, 60, 0);
    assert_made(fx, 1, other_hash, 60, false);
    assert_int_equal(fixture_account(fx, "self").balance, 900);

    run_deploy(fx, unknown, "", 0, 901, 0);
    assert_not_made(fx, AU_OUTCOME_INSUFFICIENT_BALANCE, 2);
    run_deploy(fx, unknown, "", 0, 900, 0);
    assert_not_made(fx, AU_OUTCOME_NO_CONTRACT, 2);
    run_deploy(fx, other_hash, "\1\0\0\0\0\0\0\0", 8, 0, 0);
    assert_not_made(fx, AU_OUTCOME_BAD_ARGUMENTS, 2);
    run_deploy(fx, code_hash, "", 0, 0, 0);
    assert_not_made(fx, AU_OUTCOME_BAD_ARGUMENTS, 2);
    run_deploy(fx, code_hash, "\0\0\0\0", 4, 10, 1); /* init cannot be entered */
    assert_not_made(fx, AU_OUTCOME_OUT_OF_GAS, 2);
    assert_int_equal(fixture_account(fx, "self").balance, 900);

    struct au_address self = fixture_address("self");
    struct au_address taken = au_address_of_contract(&self, 2, &code_hash);
    struct au_account account = {.exists = true, .has_code = true, .code_hash = other_hash};
    assert_int_equal(au_overlay_put_account(&fx->overlay, &taken, account), AU_OK);
    run_deploy(fx, code_hash, "", 0, 0, 0);
    assert_not_made(fx, AU_OUTCOME_NOT_ALLOWED, 2);
    fx->call.is_view = true;
    run_deploy(fx, code_hash, "\0\0\0\0", 4, 0, 0);
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
}

static void put_admin(struct fixture *fx, const char *id)
{
    struct au_account account = fixture_account(fx, "self");
    account.has_admin = id != NULL;
    account.admin = id ? fixture_address(id) : (struct au_address){0};
    struct au_address self = fixture_address("self");
    assert_int_equal(au_overlay_put_account(&fx->overlay, &self, account), AU_OK);
}

static void run_bytes(struct fixture *fx, const char *function, struct au_bytes bytes)
{
    fx->call.arg_count = 1;
    fx->args[0] = bytes;
    fixture_run(fx, function);
}

#define HASH_BYTES(hash) ((struct au_bytes){(hash).bytes, sizeof((hash).bytes)})

static void test_upgrade(void **state)
{
    struct fixture *fx = *state;
    struct au_hash unknown = {{1}};
    run_bytes(fx, "upgrade", HASH_BYTES(unknown));
    assert_int_equal(output_u32(fx), AU_OUTCOME_NOT_ALLOWED);
    put_admin(fx, "owner");
    run_bytes(fx, "upgrade", HASH_BYTES(unknown));
    assert_int_equal(output_u32(fx), AU_OUTCOME_NO_CONTRACT);
    run_bytes(fx, "upgrade", HASH_BYTES(other_hash));
    assert_int_equal(output_u32(fx), AU_OUTCOME_SUCCESS);
    struct au_account account = fixture_account(fx, "self");
    assert_memory_equal(account.code_hash.bytes, other_hash.bytes, sizeof(other_hash.bytes));
    assert_int_equal(account.balance, 1000);
    /* This frame's module goes on; a frame opened from now on has the new code. */
    assert_calls(fx, NO_FUNCTION, "self", "ok", {0}, 0, 0, REENTRY);
    assert_calls(fx, SUCCESS, "self", "hello", {0}, 0, 0, REENTRY);
    fx->call.is_view = true;
    run_bytes(fx, "upgrade", HASH_BYTES(code_hash));
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
}

static void test_set_admin(void **state)
{
    struct fixture *fx = *state;
    static const uint8_t small_order[32];
    static const char long_id[65] = "x";
    run_bytes(fx, "set_admin", au_bytes_of("carol"));
    assert_int_equal(output_u32(fx), AU_OUTCOME_NOT_ALLOWED);
    put_admin(fx, "owner");
    run_bytes(fx, "set_admin", (struct au_bytes){small_order, sizeof(small_order)});
    assert_int_equal(output_u32(fx), AU_OUTCOME_NOT_ALLOWED);
    run_bytes(fx, "set_admin", (struct au_bytes){(const uint8_t *)long_id, sizeof(long_id)});
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_SET_ADMIN, AU_HOST_REJECT_SIZE));
    run_bytes(fx, "set_admin", au_bytes_of("carol"));
    assert_int_equal(output_u32(fx), AU_OUTCOME_SUCCESS);
    struct au_address carol = fixture_address("carol");
    assert_memory_equal(fixture_account(fx, "self").admin.bytes, carol.bytes, 32);
    run_bytes(fx, "set_admin", (struct au_bytes){0});
    assert_int_equal(output_u32(fx), AU_OUTCOME_SUCCESS);
    assert_false(fixture_account(fx, "self").has_admin);
    run_bytes(fx, "set_admin", (struct au_bytes){0}); /* none is for ever */
    assert_int_equal(output_u32(fx), AU_OUTCOME_NOT_ALLOWED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_outcomes, reset_world),
        cmocka_unit_test_setup(test_output, reset_world),
        cmocka_unit_test_setup(test_refusals, reset_world),
        cmocka_unit_test_setup(test_reentry, reset_world),
        cmocka_unit_test_setup(test_view, reset_world),
        cmocka_unit_test_setup(test_depth, reset_world),
        cmocka_unit_test_setup(test_steps, reset_world),
        cmocka_unit_test_setup(test_caps, reset_world),
        cmocka_unit_test_setup(test_deploy, reset_world),
        cmocka_unit_test_setup(test_upgrade, reset_world),
        cmocka_unit_test_setup(test_set_admin, reset_world),
    };
    return cmocka_run_group_tests_name("contract/calls", tests, open_world, fixture_close_world);
}
