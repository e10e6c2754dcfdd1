#include "ledger_log/graph.h"

#include <string.h>

#include "core/address.h"
#include "core/limits.h"
#include "support/puppet.h"

#define TEXT_MAX       (1u << 20) /* bytes of a module's text */
#define INNER_MAX      6u         /* programs inside programs, counted downwards */
#define INNER_SIZE     4000u      /* bytes that a program may have before calls carry no more */
#define REPEATED_SIZE  600u       /* bytes before a program may call itself, and carry no more */
#define ACTIONS_MAX    8u
#define FILLS_MAX      24u
#define ANYBODY_ONE_OF 32u /* of the admins that contracts give themselves: all could sign */

/* What a puppet's memory is used for, apart from the program. */
#define AT_SELF     64u   /* the own address, once it was asked for */
#define AT_MADE     96u   /* the address of the contract that was made last */
#define AT_HASH     128u  /* what hashes write */
#define AT_READ     1024u /* what is read */
#define READ_MAX    2048u
#define AT_OWN_ARGS (PUPPET_PROGRAM_AT - 8u) /* the program's count and size, as a vec<bytes> */

/* ---- the modules ---- */

#define ENTRIES "(export \"init\" (func $run)) (export \"migrate\" (func $run))\n"
#define TAKES                                                                           \
    "(func (export \"take\") (param i32 i32 i64) (result i64) (local.get 2))\n"         \
    "(func (export \"count\") (param i32) (result i32) (local.get 0))\n"                \
    "(func (export \"number\") (param f32))\n(func (export \"two\") (result i32 i32)\n" \
    "  (i32.const 1) (i32.const 2))\n"

/* They differ by what their frames pay, how arguments are bound, and what comes first. */
static const char *const fields[] = {
    "(memory 1 1)\n" ENTRIES TAKES,
    "(memory 6 6) (table 11 funcref) (data (i32.const 40000) \"what it costs to be here\")\n"
    "(data (i32.const 41000) \"or there\")\n" ENTRIES TAKES,
    "(memory 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 1)))\n" TAKES,
    "(memory 1 2) (data (i32.const 8) \"k1begun\")\n" ENTRIES
    "(func $begin (drop (call $storage_write (i32.const 8) (i32.const 2) (i32.const 10)\n"
    "  (i32.const 5)))) (start $begin)\n",
};

static const struct code_function functions[] = {
    {"run", "p", false}, {"init", "p", false},  {"migrate", "p", false}, {"run", "p", false},
    {"run", "p", false}, {"take", "vn", false}, {"run", "p", false},     {"run", "p", false}};

static const char plain_text[] = "(module (func (export \"run\")) (func (export \"init\")\n"
                                 "  unreachable))";
static const char refused_text[] = "(module (memory 1) (memory 1) (func (export \"run\")))";

size_t graph_codes_make(struct au_arena *arena, struct code *out_codes)
{
    struct code *code = out_codes;
    for (size_t i = 0; i < AU_COUNT_OF(fields); i++) {
        const struct puppet puppet = {.fields = fields[i], .after_call = "", .has_ops = true};
        struct au_buf text;
        au_buf_init(&text, TEXT_MAX);
        puppet_put(&text, &puppet);
        world_must(text.err);
        *code++ = code_compile(arena, au_buf_bytes(&text), functions, AU_COUNT_OF(functions));
        au_buf_done(&text);
    }
    *code++ = code_compile(arena, au_bytes_of(plain_text), functions, 2);
    *code++ = code_compile(arena, au_bytes_of(refused_text), functions, 1);
    return (size_t)(code - out_codes);
}

/* ---- programs ---- */

#define LATER_MAX 2u

struct program {
    struct draft *draft;
    struct dice *dice;
    struct au_buf bytes;
    unsigned inner_left;     /* programs that may be inside */
    bool is_dear;            /* uses all of its gas */
    bool has_walk;           /* has opened one */
    bool is_full;            /* comes near a cap */
    bool repeats;            /* calls with itself as the argument */
    size_t later[LATER_MAX]; /* where its own size is to be written, and what is added to it */
    uint32_t later_added[LATER_MAX];
    size_t later_count;
};

static void call(struct program *program, const char *host_function)
{
    puppet_put_call(&program->bytes, host_function);
}

static void number(struct program *program, uint64_t value)
{
    puppet_put_number(&program->bytes, value);
}

static void op(struct program *program, enum puppet_op which)
{
    puppet_put_op(&program->bytes, which);
}

/* A number that is the program's size, and so much more. */
static void own_size(struct program *program, uint32_t added)
{
    AU_ASSERT(program->later_count < LATER_MAX);
    number(program, UINT32_MAX); /* in its form of four bytes */
    program->later[program->later_count] = program->bytes.size - sizeof(uint32_t);
    program->later_added[program->later_count++] = added;
}

static uint32_t data(struct program *program, struct au_bytes bytes)
{
    return puppet_put_data(&program->bytes, bytes);
}

static uint32_t text(struct program *program, const char *bytes)
{
    return data(program, au_bytes_of(bytes));
}

/* Keys that have prefixes in common; hardly ever one that is none. */
static struct au_bytes pick_key(struct program *program)
{
    static const char *const keys[] = {"k",   "k0",     "k1", "k2",   "k3",      "k10",
                                       "k11", "k1\xff", "m",  "\xff", "\xff\xff"};
    static const uint8_t zeros[AU_KEY_SIZE_MAX + 1];
    if (dice_one_in(program->dice, 30)) {
        size_t size = dice_one_in(program->dice, 2) ? 0 : AU_KEY_SIZE_MAX;
        return (struct au_bytes){zeros, size + dice_below(program->dice, 2)};
    }
    return au_bytes_of(DICE_PICK(program->dice, keys));
}

static uint64_t pick_value(struct program *program)
{
    static const uint64_t values[] = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 5, 100, 100, 10000};
    if (dice_one_in(program->dice, 40)) return UINT64_MAX;
    return DICE_PICK(program->dice, values);
}

static uint32_t own_address(struct program *program)
{
    call(program, "self_address");
    number(program, AT_SELF);
    return AT_SELF;
}

/* An address in memory: of a contract mostly. */
static uint32_t pick_address(struct program *program)
{
    struct world *world = program->draft->world;
    struct au_address address = program->draft->person->address;
    switch (dice_below(program->dice, 25)) {
    case 0: address = au_address_system; break;
    case 1: address = DICE_PICK(program->dice, world->people).address; break;
    case 2: dice_fill(program->dice, address.bytes, AU_ADDRESS_SIZE); break;
    case 3: return AT_MADE;
    case 4: return own_address(program);
    default:
        if (world->contract_count == 0) break;
        address = world->contracts[dice_below(program->dice, world->contract_count)].address;
        break;
    }
    return data(program, (struct au_bytes){address.bytes, AU_ADDRESS_SIZE});
}

/* ---- actions on the own state ---- */

static void put_key(struct program *program, uint32_t at, size_t size)
{
    number(program, at);
    number(program, size);
}

static void act_write(struct program *program)
{
    static const size_t sizes[] = {0, 1, 8, 31, 32, 33, 200};
    struct au_bytes key = pick_key(program);
    uint32_t at = data(program, key);
    call(program, "storage_write");
    put_key(program, at, key.size);
    number(program, dice_below(program->dice, AT_READ)); /* whatever is there */
    number(program, DICE_PICK(program->dice, sizes));
}

static void act_delete(struct program *program)
{
    struct au_bytes key = pick_key(program);
    uint32_t at = data(program, key);
    call(program, "storage_delete");
    put_key(program, at, key.size);
}

static void act_read(struct program *program)
{
    struct au_bytes key = pick_key(program);
    uint32_t at = data(program, key);
    bool is_size = dice_one_in(program->dice, 3);
    call(program, is_size ? "storage_size" : "storage_read");
    put_key(program, at, key.size);
    if (is_size) return;
    number(program, AT_READ);
    number(program, dice_one_in(program->dice, 3) ? 3 : READ_MAX);
}

static void act_transfer(struct program *program)
{
    uint32_t to = pick_address(program);
    uint32_t from = dice_one_in(program->dice, 12) ? to : own_address(program);
    call(program, "transfer");
    number(program, from);
    number(program, AU_ADDRESS_SIZE);
    number(program, to);
    number(program, dice_one_in(program->dice, 20) ? 31 : AU_ADDRESS_SIZE);
    number(program, pick_value(program));
}

static void act_balance(struct program *program)
{
    uint32_t at = pick_address(program);
    call(program, "get_balance");
    number(program, at);
    number(program, AU_ADDRESS_SIZE);
}

static void act_emit(struct program *program)
{
    size_t topics = dice_below(program->dice, 5);
    uint32_t name = text(program, "happened");
    call(program, "emit");
    number(program, name);
    number(program, 1 + dice_below(program->dice, 8));
    number(program, 0);
    number(program, topics);
    number(program, AT_SELF);
    number(program, dice_below(program->dice, 100));
}

static void act_log(struct program *program)
{
    uint32_t line = text(program, "so it was");
    call(program, dice_one_in(program->dice, 2) ? "log" : "return_data");
    number(program, line);
    number(program, dice_below(program->dice, 10));
}

/* Asks for what a frame is told; numbers are kept at 0, where events and slots take them from. */
static void act_look(struct program *program)
{
    static const char *const plain[] = {"arg_count",  "value",    "block_height",
                                        "block_time", "gas_left", "ret_size"};
    static const char *const addresses[] = {"self_address", "caller", "origin"};
    switch (dice_below(program->dice, 4)) {
    case 0:
        call(program, DICE_PICK(program->dice, addresses));
        number(program, AT_SELF);
        break;
    case 1:
        call(program, "arg_size");
        number(program, dice_below(program->dice, 3));
        break;
    case 2:
        call(program, "chain_id");
        number(program, AT_HASH);
        number(program, dice_below(program->dice, 20));
        break;
    default: call(program, DICE_PICK(program->dice, plain)); break;
    }
}

static void act_hash(struct program *program)
{
    static const char *const hashes[] = {"sha256", "keccak256", "blake2b_256"};
    call(program, DICE_PICK(program->dice, hashes));
    number(program, 0);
    number(program, dice_below(program->dice, 200));
    number(program, AT_HASH);
}

/* Comes near the caps, or passes them. */
static void act_fill(struct program *program)
{
    size_t kind = dice_below(program->dice, 3);
    uint32_t name = text(program, "n");
    if (program->repeats) return;
    program->is_full = true;
    for (size_t i = 1 + dice_below(program->dice, FILLS_MAX); i > 0; i--) {
        if (kind == 0) {
            call(program, "log");
            number(program, AT_READ);
            number(program, AU_LOG_SIZE_MAX);
        } else if (kind == 1) {
            call(program, "return_data");
            number(program, 0);
            number(program, 20000);
        } else {
            call(program, "emit");
            put_key(program, name, 1);
            put_key(program, 0, 0);
            put_key(program, 0, dice_one_in(program->dice, 2) ? 0 : AU_EVENT_DATA_SIZE_MAX);
        }
    }
}

static void open_walk(struct program *program, struct au_bytes prefix)
{
    uint32_t at = data(program, prefix);
    call(program, "iter_open");
    put_key(program, at, prefix.size);
}

static void put_steps(struct program *program, size_t handle)
{
    for (size_t i = 1 + dice_below(program->dice, 4); i > 0; i--) {
        call(program, "iter_next");
        number(program, handle);
        number(program, AT_READ);
        number(program, dice_one_in(program->dice, 4) ? 1 : 256);
        number(program, AT_READ + 256);
        number(program, dice_one_in(program->dice, 4) ? 0 : READ_MAX);
    }
}

static void act_walk(struct program *program)
{
    struct au_bytes prefix = pick_key(program);
    size_t count = dice_one_in(program->dice, 40) ? 63 + dice_below(program->dice, 3) : 1;
    if (prefix.size > 2) prefix.size = dice_below(program->dice, 2);
    program->has_walk = true;
    for (size_t i = 0; i < count; i++)
        open_walk(program, prefix);
    if (dice_one_in(program->dice, 3)) act_delete(program);
    put_steps(program, dice_one_in(program->dice, 30) ? 1 : 0);
}

/* Goes on with a walk that may be open, or ends it. */
static void act_step(struct program *program)
{
    size_t handle = dice_one_in(program->dice, 30) ? 64 : 0;
    if (!program->has_walk) return;
    if (dice_below(program->dice, 3) > 0) {
        put_steps(program, handle);
        return;
    }
    call(program, "iter_close");
    number(program, handle);
    program->has_walk = dice_one_in(program->dice, 20);
}

static struct au_hash pick_code(struct program *program)
{
    struct world *world = program->draft->world;
    if (world->contract_count > 0 && !dice_one_in(program->dice, 6))
        return world->contracts[dice_below(program->dice, world->contract_count)].code->hash;
    return world->codes[dice_below(program->dice, world->code_count)].hash;
}

static void act_upgrade(struct program *program)
{
    struct au_hash hash = pick_code(program);
    if (!dice_one_in(program->dice, 2)) return;
    uint32_t at = data(program, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    call(program, "upgrade");
    number(program, at);
}

static void act_admin(struct program *program)
{
    struct au_address anybody = draft_small_order(program->dice);
    uint32_t at = dice_one_in(program->dice, ANYBODY_ONE_OF)
                      ? data(program, (struct au_bytes){anybody.bytes, AU_ADDRESS_SIZE})
                      : pick_address(program);
    call(program, "set_admin");
    number(program, at);
    number(program, dice_one_in(program->dice, 6) ? 0 : AU_ADDRESS_SIZE);
}

/* ---- calls ---- */

static struct au_bytes make_program(struct draft *draft, unsigned inner_left, bool *out_is_dear);

struct callee {
    const char *function;
    struct au_bytes args; /* encoded */
    uint64_t gas;
};

static void put_program_args(struct program *program, struct callee *callee, struct au_buf *args)
{
    static const uint64_t small[] = {200, 1000, 3000};
    bool is_dear = false;
    struct au_bytes inner = make_program(program->draft, program->inner_left - 1, &is_dear);
    au_buf_put_u32(args, 1);
    au_buf_put_u32(args, (uint32_t)inner.size);
    au_buf_put_bytes(args, inner);
    if (is_dear || dice_one_in(program->dice, 6)) callee->gas = DICE_PICK(program->dice, small);
    if (dice_one_in(program->dice, 40)) callee->gas = UINT64_MAX;
}

static void put_take_args(struct program *program, struct au_buf *args)
{
    size_t size = dice_below(program->dice, 100);
    au_buf_put_u32(args, 2);
    au_buf_put_u32(args, (uint32_t)size);
    for (size_t i = 0; i < size; i++)
        au_buf_put_u8(args, 't');
    au_buf_put_u32(args, dice_one_in(program->dice, 6) ? 4 : 8);
    au_buf_put_u64(args, dice_next(program->dice));
    if (dice_one_in(program->dice, 2)) args->data[4 + 4 + size] = 8;
}

/* Its size may not be what is there. */
static void put_any_args(struct program *program, struct au_buf *args)
{
    uint32_t size = (uint32_t)dice_below(program->dice, 8);
    au_buf_put_u32(args, (uint32_t)dice_below(program->dice, 2));
    if (dice_one_in(program->dice, 2)) return;
    au_buf_put_u32(args, size);
    au_buf_put_u32(args, size);
}

static struct callee pick_callee(struct program *program)
{
    static const char *const others[] = {"init", "migrate", "__x",    "absent", "a-b", "",
                                         "take", "take",    "number", "grow",   "two", "count"};
    struct callee callee = {.function = "run"};
    struct au_buf args;
    au_buf_init(&args, TEXT_MAX);
    bool has_room =
        program->inner_left > 0 && !program->repeats && program->bytes.size < INNER_SIZE;
    if (dice_one_in(program->dice, 6)) callee.function = DICE_PICK(program->dice, others);
    if (strcmp(callee.function, "take") == 0)
        put_take_args(program, &args);
    else if (has_room && !dice_one_in(program->dice, 10))
        put_program_args(program, &callee, &args);
    else
        put_any_args(program, &args);
    world_must(args.err);
    callee.args = world_copy(program->draft->world, args.data, args.size);
    au_buf_done(&args);
    return callee;
}

static uint32_t pick_flags(struct program *program)
{
    static const uint32_t flags[] = {0, 0, 2, 2, 2, 2, 2, 2, 1, 3};
    return dice_one_in(program->dice, 60) ? 4 : DICE_PICK(program->dice, flags);
}

/* What the callee left is read; a caller may go on, or pass a failure on. */
static void put_aftermath(struct program *program)
{
    if (dice_one_in(program->dice, 2)) {
        call(program, "ret_read");
        number(program, AT_READ);
        number(program, dice_below(program->dice, 3));
        number(program, READ_MAX);
    }
    if (!dice_one_in(program->dice, 8)) return;
    op(program, PUPPET_SKIP_IF);
    number(program, 1);
    op(program, PUPPET_END);
}

static void act_call(struct program *program)
{
    struct callee callee = pick_callee(program);
    uint32_t target = pick_address(program);
    uint32_t function = text(program, callee.function);
    uint32_t args = data(program, callee.args);
    call(program, "call");
    number(program, target);
    number(program, function);
    number(program, strlen(callee.function));
    number(program, args);
    number(program, callee.args.size);
    number(program, pick_value(program));
    number(program, callee.gas);
    number(program, pick_flags(program));
    put_aftermath(program);
}

/* The program again, in a frame below, and so on until something ends it. */
static void act_repeat(struct program *program)
{
    if (program->repeats || program->is_full) return;
    if (program->bytes.size > REPEATED_SIZE) return;
    program->repeats = true;
    uint32_t target = dice_one_in(program->dice, 2) ? own_address(program) : pick_address(program);
    uint32_t function = text(program, "run");
    op(program, PUPPET_STORE);
    number(program, AT_OWN_ARGS);
    number(program, 1);
    op(program, PUPPET_STORE);
    number(program, AT_OWN_ARGS + 4);
    own_size(program, 0);
    call(program, "call");
    number(program, target);
    number(program, function);
    number(program, 3);
    number(program, AT_OWN_ARGS);
    own_size(program, 8);
    number(program, dice_below(program->dice, 2));
    number(program, 0);
    number(program, 2 + dice_one_in(program->dice, 4));
    put_aftermath(program);
}

static void act_deploy(struct program *program)
{
    struct callee callee = pick_callee(program);
    struct au_hash hash = pick_code(program);
    uint32_t code = data(program, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    uint32_t args = data(program, callee.args);
    call(program, "deploy");
    number(program, code);
    number(program, args);
    number(program, callee.args.size);
    number(program, pick_value(program));
    number(program, callee.gas);
    number(program, AT_MADE);
    put_aftermath(program);
}

/* ---- ends ---- */

static void end_revert(struct program *program)
{
    call(program, "revert");
    number(program, dice_below(program->dice, 1000));
    number(program, 0);
    number(program, dice_below(program->dice, 300));
}

static void end_trap(struct program *program)
{
    switch (dice_below(program->dice, 3)) {
    case 0: op(program, PUPPET_UNREACHABLE); break;
    case 1:
        op(program, PUPPET_DIVIDE);
        number(program, 0);
        break;
    default:
        call(program, "abort");
        for (int i = 0; i < 4; i++)
            number(program, 0);
        break;
    }
}

static void end_spin(struct program *program)
{
    program->is_dear = true;
    op(program, PUPPET_SPIN);
}

static void end_sink(struct program *program)
{
    op(program, PUPPET_SINK);
}

static void end_rejected(struct program *program)
{
    call(program, "log");
    number(program, dice_one_in(program->dice, 2) ? UINT32_MAX : 0);
    number(program, AU_LOG_SIZE_MAX + dice_below(program->dice, 2));
}

struct action {
    size_t weight;
    void (*act)(struct program *program);
};

static const struct action actions[] = {
    {10, act_write}, {5, act_delete}, {6, act_read},    {6, act_transfer}, {2, act_balance},
    {5, act_emit},   {3, act_log},    {6, act_look},    {1, act_hash},     {1, act_fill},
    {6, act_walk},   {6, act_step},   {1, act_upgrade}, {1, act_admin},    {22, act_call},
    {2, act_repeat}, {4, act_deploy},
};

static const struct action ends[] = {
    {4, end_revert}, {3, end_trap}, {1, end_spin}, {1, end_sink}, {1, end_rejected},
};

static void pick(struct program *program, const struct action *table, size_t count)
{
    size_t total = 0, i = 0;
    for (size_t k = 0; k < count; k++)
        total += table[k].weight;
    for (size_t left = dice_below(program->dice, total); left >= table[i].weight; i++)
        left -= table[i].weight;
    table[i].act(program);
}

static struct au_bytes make_program(struct draft *draft, unsigned inner_left, bool *out_is_dear)
{
    struct program program = {
        .draft = draft, .dice = &draft->world->dice, .inner_left = inner_left};
    au_buf_init(&program.bytes, TEXT_MAX);
    for (size_t i = dice_below(program.dice, ACTIONS_MAX + 1); i > 0; i--)
        pick(&program, actions, AU_COUNT_OF(actions));
    if (dice_one_in(program.dice, inner_left == INNER_MAX ? 8 : 3))
        pick(&program, ends, AU_COUNT_OF(ends));
    op(&program, PUPPET_END);
    world_must(program.bytes.err);
    for (size_t i = 0; i < program.later_count; i++) {
        uint32_t size = (uint32_t)program.bytes.size + program.later_added[i];
        memcpy(program.bytes.data + program.later[i], &size, sizeof(size));
    }
    *out_is_dear = program.is_dear;
    struct au_bytes kept = world_copy(draft->world, program.bytes.data, program.bytes.size);
    au_buf_done(&program.bytes);
    return kept;
}

void graph_put_program(struct draft *draft, struct au_buf *items)
{
    bool is_dear;
    struct au_bytes program = make_program(draft, INNER_MAX, &is_dear);
    au_buf_put_u32(items, (uint32_t)program.size);
    au_buf_put_bytes(items, program);
}
