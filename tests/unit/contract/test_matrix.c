/* How a callee can end x value or none x how its caller ends x how the caller's caller ends: what
 * stays of state, balances and events at each depth, what each is told, and what a caller's walk
 * over its keys meets afterwards. All three have the same code, which interprets programs
 * (support/puppet.h): "outer" calls "middle", whose call is the row's. */
#include "fixture.h"
#include "support/puppet.h"
#include "vm/limits.h"

#define VALUE        30u
#define OUTER_SENT   5u
#define BALANCE      1000u
#define MIDDLE_GAS   12000u
#define INNER_GAS    4000u
#define BACK_GAS     600u
#define FRAMES_ABOVE (AU_DEPTH_MAX - 2u) /* of outer, where middle runs at the last depth */

#define VIEW    1u
#define REENTRY 2u

#define AT_KEY  1024u /* where walks put keys */
#define KEY_MAX 8u
#define READ_AT 2048u

static struct au_hash code_hash;

/* ---- programs ---- */

#define PUT(program, name, ...) \
    put_call((program), (name), FIXTURE_NUMBERS(__VA_ARGS__), FIXTURE_COUNT(__VA_ARGS__))

static void put_call(struct au_buf *program, const char *name, const uint64_t *numbers,
                     size_t count)
{
    puppet_put_call(program, name);
    for (size_t i = 0; i < count; i++)
        puppet_put_number(program, numbers[i]);
}

static void put_write(struct au_buf *program, const char *key)
{
    uint32_t at = puppet_put_data(program, au_bytes_of(key));
    PUT(program, "storage_write", at, strlen(key), at, 1);
}

static void put_delete(struct au_buf *program, const char *key)
{
    uint32_t at = puppet_put_data(program, au_bytes_of(key));
    PUT(program, "storage_delete", at, strlen(key));
}

static void put_emit(struct au_buf *program, const char *name)
{
    uint32_t at = puppet_put_data(program, au_bytes_of(name));
    PUT(program, "emit", at, strlen(name), 0, 0, 0, 0);
}

/* The key that a walk comes to, or nothing, as a line. */
static void put_step(struct au_buf *program, uint32_t handle)
{
    PUT(program, "iter_next", handle, AT_KEY, KEY_MAX, READ_AT, 0);
    PUT(program, "log", AT_KEY, 1);
}

struct target {
    const char *id;
    const char *function;
    struct au_bytes args; /* encoded */
    uint64_t value;
    uint64_t gas;
    uint32_t flags;
};

/* The outcome is at address 0 afterwards, and becomes a line. */
static void put_target(struct au_buf *program, struct target target)
{
    struct au_address address = fixture_address(target.id);
    uint32_t at = puppet_put_data(program, (struct au_bytes){address.bytes, AU_ADDRESS_SIZE});
    uint32_t function = puppet_put_data(program, au_bytes_of(target.function));
    uint32_t args = puppet_put_data(program, target.args);
    PUT(program, "call", at, function, strlen(target.function), args, target.args.size,
        target.value, target.gas, target.flags);
    PUT(program, "log", 0, 1);
}

/* A program as the arguments of a call; it is used up. The bytes live until the next reset. */
static struct au_bytes seal(struct fixture *fx, struct au_buf *program)
{
    struct au_buf args;
    struct au_bytes kept;
    puppet_put_op(program, PUPPET_END);
    au_buf_init(&args, 1 << 20);
    au_buf_put_u32(&args, 1);
    au_buf_put_u32(&args, (uint32_t)program->size);
    au_buf_put_bytes(&args, au_buf_bytes(program));
    assert_int_equal(args.err, AU_OK);
    assert_int_equal(au_arena_copy(&fx->arena, au_buf_bytes(&args), &kept), AU_OK);
    au_buf_done(&args);
    au_buf_done(program);
    return kept;
}

/* ---- how frames end ---- */

static void end_return(struct au_buf *program)
{
    puppet_put_op(program, PUPPET_END);
}

static void end_revert(struct au_buf *program)
{
    PUT(program, "revert", 7, 0, 0);
}

static void end_trap(struct au_buf *program)
{
    puppet_put_op(program, PUPPET_UNREACHABLE);
}

static void end_abort(struct au_buf *program)
{
    PUT(program, "abort", 0, 0, 0, 0);
}

static void end_spin(struct au_buf *program)
{
    puppet_put_op(program, PUPPET_SPIN);
}

static void end_sink(struct au_buf *program)
{
    puppet_put_op(program, PUPPET_SINK);
}

static void end_reject(struct au_buf *program)
{
    PUT(program, "log", 0, AU_LOG_SIZE_MAX + 1);
}

static void end_walks(struct au_buf *program)
{
    for (uint32_t i = 0; i < AU_ITERS_MAX; i++)
        PUT(program, "iter_open", 0, 0);
    PUT(program, "iter_next", AU_ITERS_MAX - 1, AT_KEY, KEY_MAX, READ_AT, 0);
}

static void end_walks_revert(struct au_buf *program)
{
    end_walks(program);
    end_revert(program);
}

static void end_a_walk_too_many(struct au_buf *program)
{
    end_walks(program);
    PUT(program, "iter_open", 0, 0);
}

struct end {
    const char *name;
    void (*put)(struct au_buf *program);
    enum au_outcome outcome;
};

static const struct end ends[] = {
    {"success", end_return, AU_OUTCOME_SUCCESS},
    {"revert", end_revert, AU_OUTCOME_REVERTED},
    {"trap", end_trap, AU_OUTCOME_TRAPPED},
    {"abort", end_abort, AU_OUTCOME_TRAPPED},
    {"out of gas", end_spin, AU_OUTCOME_OUT_OF_GAS},
    {"stack limit", end_sink, AU_OUTCOME_STACK_LIMIT},
    {"host rejected", end_reject, AU_OUTCOME_HOST_REJECTED},
    {"success with 64 walks open", end_walks, AU_OUTCOME_SUCCESS},
    {"revert with 64 walks open", end_walks_revert, AU_OUTCOME_REVERTED},
    {"a 65th walk", end_a_walk_too_many, AU_OUTCOME_HOST_REJECTED},
};

/* ---- the rows: middle's call ---- */

enum oddity {
    NONE,
    NO_ARGS, /* what is given is no vec<bytes> */
    DEEPEST, /* middle runs at the last depth */
    TOO_MUCH /* value, which is more than there is */
};

struct row {
    const char *name;
    const char *id;
    const char *function;
    uint32_t flags;
    enum au_outcome outcome;
    void (*put_end)(struct au_buf *program); /* NULL: it calls middle, and returns */
    enum oddity oddity;
};

static const struct row rows[] = {
    {"no contract", "nobody", "run", 0, AU_OUTCOME_NO_CONTRACT, end_return, NONE},
    {"no function", "inner", "absent", 0, AU_OUTCOME_NO_FUNCTION, end_return, NONE},
    {"no name of a function", "inner", "a-b", 0, AU_OUTCOME_NO_FUNCTION, end_return, NONE},
    {"init", "inner", "init", 0, AU_OUTCOME_NOT_ALLOWED, end_return, NONE},
    {"reserved name", "inner", "__x", 0, AU_OUTCOME_NOT_ALLOWED, end_return, NONE},
    {"bad arguments", "inner", "take", 0, AU_OUTCOME_BAD_ARGUMENTS, end_return, NONE},
    {"no arguments", "inner", "run", 0, AU_OUTCOME_BAD_ARGUMENTS, end_return, NO_ARGS},
    {"view", "inner", "run", VIEW, AU_OUTCOME_NOT_ALLOWED, end_return, NONE},
    {"balance", "inner", "run", 0, AU_OUTCOME_INSUFFICIENT_BALANCE, end_return, TOO_MUCH},
    {"depth limit", "inner", "run", 0, AU_OUTCOME_DEPTH_LIMIT, end_return, DEEPEST},
    {"reentrancy", "middle", "run", 0, AU_OUTCOME_NOT_ALLOWED, end_return, NONE},
    {"through a third", "inner", "run", 0, AU_OUTCOME_SUCCESS, NULL, NONE},
    {"through a third by consent", "inner", "run", REENTRY, AU_OUTCOME_SUCCESS, NULL, NONE},
};

/* What middle calls: it writes "z" and deletes "y", which middle walks over if it is middle itself,
 * and emits. */
static struct au_bytes make_callee(struct fixture *fx, const struct row *row)
{
    struct au_buf program, back;
    if (row->oddity == NO_ARGS) return au_bytes_of("\1");
    au_buf_init(&program, 1 << 20);
    put_write(&program, "z");
    put_delete(&program, "y");
    put_emit(&program, "inner");
    if (row->put_end) {
        row->put_end(&program);
        return seal(fx, &program);
    }
    au_buf_init(&back, 1 << 20);
    put_write(&back, "z");
    put_delete(&back, "y");
    put_target(&program, (struct target){"middle", "run", seal(fx, &back), 0, BACK_GAS, REENTRY});
    return seal(fx, &program);
}

struct scene {
    const struct row *row;
    bool has_value;
    const struct end *middle_end;
    const struct end *outer_end;
};

static uint64_t value_of(const struct scene *scene)
{
    if (scene->row->oddity == TOO_MUCH) return BALANCE + OUTER_SENT + 1;
    return scene->has_value ? VALUE : 0;
}

static struct au_bytes make_middle(struct fixture *fx, const struct scene *scene)
{
    struct au_buf program;
    struct target target = {
        scene->row->id, scene->row->function, make_callee(fx, scene->row), value_of(scene),
        INNER_GAS,      scene->row->flags};
    au_buf_init(&program, 1 << 20);
    put_write(&program, "k");
    put_emit(&program, "middle");
    PUT(&program, "iter_open", 0, 0);
    put_step(&program, 0);
    put_target(&program, target);
    put_step(&program, 0);
    put_step(&program, 0);
    PUT(&program, "iter_close", 0);
    scene->middle_end->put(&program);
    return seal(fx, &program);
}

static void run_scene(struct fixture *fx, const struct scene *scene)
{
    struct au_buf program;
    au_buf_init(&program, 1 << 20);
    put_write(&program, "o");
    put_emit(&program, "outer");
    put_target(&program,
               (struct target){"middle", "run", make_middle(fx, scene), OUTER_SENT, MIDDLE_GAS, 0});
    scene->outer_end->put(&program);
    struct au_bytes args = seal(fx, &program);
    for (unsigned i = 0; scene->row->oddity == DEEPEST && i < FRAMES_ABOVE; i++) {
        au_buf_init(&program, 1 << 20);
        put_target(&program, (struct target){"outer", "run", args, 0, 0, REENTRY});
        args = seal(fx, &program);
    }
    fx->args[0] = (struct au_bytes){args.data + 8, args.size - 8};
    fx->call.arg_count = 1;
    fx->call.self = fixture_address("outer");
    fx->call.steps_limit = (int64_t)MIDDLE_GAS * 2 * 1000;
    fixture_run(fx, "run");
}

/* ---- what must be ---- */

static bool has_slot(struct fixture *fx, const char *id, const char *key)
{
    struct au_address address = fixture_address(id);
    struct au_slot slot;
    assert_int_equal(au_overlay_get_slot(&fx->overlay, &address, au_bytes_of(key), &slot), AU_OK);
    return slot.exists;
}

static void put_slot(struct fixture *fx, const char *id, const char *key)
{
    struct au_address address = fixture_address(id);
    assert_int_equal(
        au_overlay_put_slot(&fx->overlay, &address, au_bytes_of(key), au_bytes_of("v")), AU_OK);
}

static void reset(struct fixture *fx)
{
    static const char *const ids[] = {"outer", "middle", "inner"};
    fixture_reset(fx);
    for (size_t i = 0; i < AU_COUNT_OF(ids); i++)
        fixture_put_contract(fx, ids[i], BALANCE, &code_hash);
    put_slot(fx, "middle", "y");
    put_slot(fx, "inner", "y");
}

/* Whether the frame that writes to middle, if there is one, has succeeded. */
static bool has_reentered(const struct row *row)
{
    return row->outcome == AU_OUTCOME_SUCCESS && row->flags == REENTRY;
}

static void check_state(struct fixture *fx, const struct scene *scene)
{
    const struct row *row = scene->row;
    bool outer = scene->outer_end->outcome == AU_OUTCOME_SUCCESS;
    bool middle = outer && scene->middle_end->outcome == AU_OUTCOME_SUCCESS;
    bool callee = middle && row->outcome == AU_OUTCOME_SUCCESS;
    bool inner = callee && strcmp(row->id, "inner") == 0;
    bool again = middle && has_reentered(row);
    uint64_t sent = middle ? OUTER_SENT : 0, value = inner ? value_of(scene) : 0;
    assert_int_equal(has_slot(fx, "outer", "o"), outer);
    assert_int_equal(has_slot(fx, "middle", "k"), middle);
    assert_int_equal(has_slot(fx, "middle", "z"), again);
    assert_int_equal(has_slot(fx, "middle", "y"), !again);
    assert_int_equal(has_slot(fx, "inner", "z"), inner);
    assert_int_equal(has_slot(fx, "inner", "y"), !inner);
    assert_int_equal(fixture_account(fx, "outer").balance, BALANCE - sent);
    assert_int_equal(fixture_account(fx, "middle").balance, BALANCE + sent - value);
    assert_int_equal(fixture_account(fx, "inner").balance, BALANCE + value);
    assert_int_equal(fx->env.event_count, outer + middle + callee);
}

#define ABORT_LINE 'A' /* stands for a whole line */

static void expect_end(struct au_buf *lines, void (*put_end)(struct au_buf *program))
{
    if (put_end == end_abort) au_buf_put_u8(lines, ABORT_LINE);
}

/* The lines, which survive whatever fails: what the callee was told, what middle was told and its
 * walk met (at its end the key before is still there), what outer was told, and those above it. */
static void expect_lines(struct au_buf *lines, const struct scene *scene)
{
    const struct row *row = scene->row;
    uint8_t next_key = has_reentered(row) ? 'z' : 'y';
    au_buf_put_u8(lines, 'k');
    if (row->put_end == NULL) {
        au_buf_put_u8(lines, has_reentered(row) ? AU_OUTCOME_SUCCESS : AU_OUTCOME_NOT_ALLOWED);
    } else {
        expect_end(lines, row->put_end);
    }
    au_buf_put_u8(lines, (uint8_t)row->outcome);
    au_buf_put_u8(lines, next_key);
    au_buf_put_u8(lines, next_key);
    expect_end(lines, scene->middle_end->put);
    au_buf_put_u8(lines, (uint8_t)scene->middle_end->outcome);
    for (unsigned i = 0; row->oddity == DEEPEST && i < FRAMES_ABOVE; i++)
        au_buf_put_u8(lines, i == 0 ? (uint8_t)scene->outer_end->outcome : AU_OUTCOME_SUCCESS);
}

static void check_lines(struct fixture *fx, const struct scene *scene)
{
    struct au_items items = {au_buf_bytes(&fx->logs), fx->env.log_count};
    struct au_bytes line;
    struct au_buf lines, expected;
    au_buf_init(&lines, 1000);
    au_buf_init(&expected, 1000);
    while (au_receipt_next_log(&items, &line))
        au_buf_put_u8(&lines, line.size == 1 ? line.data[0] : ABORT_LINE);
    expect_lines(&expected, scene);
    assert_int_equal(lines.size, expected.size);
    assert_memory_equal(lines.data, expected.data, expected.size);
    au_buf_done(&lines);
    au_buf_done(&expected);
}

/* ---- all of them ---- */

static void run_and_check(struct fixture *fx, const struct scene *scene)
{
    reset(fx);
    run_scene(fx, scene);
    enum au_outcome outcome = scene->outer_end->outcome;
    assert_int_equal(fx->result.outcome,
                     scene->row->oddity == DEEPEST ? AU_OUTCOME_SUCCESS : outcome);
    check_lines(fx, scene);
    check_state(fx, scene);
}

/* A value moves for nothing: with one a call takes as many steps as without, unless that is what it
 * is refused for. */
static void check_row(struct fixture *fx, const struct row *row)
{
    for (size_t m = 0; m < AU_COUNT_OF(ends); m++) {
        for (size_t o = 0; o < 2; o++) { /* outer returns, or reverts */
            struct scene scene = {row, false, &ends[m], &ends[o]};
            run_and_check(fx, &scene);
            int64_t steps = fx->result.steps_used;
            scene.has_value = true;
            run_and_check(fx, &scene);
            if (row->flags != VIEW) assert_int_equal(fx->result.steps_used, steps);
        }
    }
}

static void test_refusals_and_reentry(void **state)
{
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        print_message("# %s\n", rows[i].name);
        check_row(*state, &rows[i]);
    }
}

static void test_ends(void **state)
{
    for (size_t i = 0; i < AU_COUNT_OF(ends); i++) {
        struct row row = {ends[i].name, "inner", "run", 0, ends[i].outcome, ends[i].put, NONE};
        print_message("# %s\n", row.name);
        check_row(*state, &row);
        row.id = "middle"; /* by consent */
        row.flags = REENTRY;
        check_row(*state, &row);
    }
}

static int open_world(void **state)
{
    const struct puppet puppet = {
        .fields = "(memory 1 1) (export \"init\" (func $run))\n"
                  "(func (export \"take\") (param i32 i32 i64))\n",
        .after_call = "",
        .has_ops = true,
    };
    struct au_buf text;
    (void)fixture_open_world(state);
    au_buf_init(&text, FIXTURE_WAT_MAX);
    puppet_put(&text, &puppet);
    au_buf_put_u8(&text, 0);
    assert_int_equal(text.err, AU_OK);
    fixture_load(*state, (const char *)text.data);
    code_hash = fixture_code_hash((const char *)text.data);
    au_buf_done(&text);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refusals_and_reentry),
        cmocka_unit_test(test_ends),
    };
    return cmocka_run_group_tests_name("contract/matrix", tests, open_world, fixture_close_world);
}
