/* The metered blocks and the stack units of a function, from the words of protocol.md section 5. */
#include "model/model_internal.h"
#include "vm/gas.h"
#include "vm/limits.h"

/* The price of an instruction that takes longer than most; 0 if it does not. */
static int64_t arithmetic_cost(uint32_t code)
{
    static const struct {
        uint8_t code;
        int64_t cost;
    } costs[] = {
        /* i32, i64: div_s, div_u, rem_s, rem_u */
        {0x6d, AU_GAS_DIVISION},
        {0x6e, AU_GAS_DIVISION},
        {0x6f, AU_GAS_DIVISION},
        {0x70, AU_GAS_DIVISION},
        {0x7f, AU_GAS_DIVISION},
        {0x80, AU_GAS_DIVISION},
        {0x81, AU_GAS_DIVISION},
        {0x82, AU_GAS_DIVISION},
        /* f32, f64: ceil, floor, trunc, nearest; demote, promote */
        {0x8d, AU_GAS_FLOAT_ROUND},
        {0x8e, AU_GAS_FLOAT_ROUND},
        {0x8f, AU_GAS_FLOAT_ROUND},
        {0x90, AU_GAS_FLOAT_ROUND},
        {0x9b, AU_GAS_FLOAT_ROUND},
        {0x9c, AU_GAS_FLOAT_ROUND},
        {0x9d, AU_GAS_FLOAT_ROUND},
        {0x9e, AU_GAS_FLOAT_ROUND},
        {0xb6, AU_GAS_FLOAT_ROUND},
        {0xbb, AU_GAS_FLOAT_ROUND},
        /* f32, f64: mul; sqrt, div */
        {0x94, AU_GAS_FLOAT_MUL},
        {0xa2, AU_GAS_FLOAT_MUL},
        {0x91, AU_GAS_FLOAT_DIV},
        {0x95, AU_GAS_FLOAT_DIV},
        {0x9f, AU_GAS_FLOAT_DIV},
        {0xa3, AU_GAS_FLOAT_DIV},
    };
    for (size_t i = 0; i < sizeof(costs) / sizeof(costs[0]); i++) {
        if (costs[i].code == code) return costs[i].cost;
    }
    return 0;
}

static int64_t cost_of(const struct au_model *model, uint32_t code)
{
    switch (code) {
    case OP_NOP:
    case OP_BLOCK:
    case OP_LOOP:
    case OP_ELSE:
    case OP_END: return AU_GAS_FREE;
    case OP_CALL: return AU_GAS_CALL;
    case OP_CALL_INDIRECT: return AU_GAS_CALL_INDIRECT;
    case OP_MEMORY_GROW: return AU_GAS_GROW;
    default: break;
    }
    int64_t arithmetic = arithmetic_cost(code);
    if (arithmetic != 0) return arithmetic;
    bool is_bulk = code == OP_MEMORY_INIT || code == OP_MEMORY_COPY || code == OP_MEMORY_FILL;
    if (!is_bulk && !model_is_access(code)) return AU_GAS_SIMPLE;
    if (model->pages_max <= 4) return AU_GAS_MEMORY_SMALL;
    return model->pages_max <= 32 ? AU_GAS_MEMORY_MEDIUM : AU_GAS_MEMORY_LARGE;
}

/* A block, loop or if that is open, and what the rules ask about it. */
struct construct {
    uint32_t code;
    bool was_live; /* when it was opened */
    bool is_named; /* by a live branch */
    bool has_else;
    bool arm_fell;       /* the end of the arm before the else was live */
    uint32_t height;     /* operands below its own */
    bool is_polymorphic; /* the rest of it can't be reached: any operand may be taken */
    uint32_t params;
    uint32_t results;
};

struct walk {
    struct au_model *model;
    struct model_function *function;
    struct construct open[AU_NESTING_MAX + 1]; /* open[0] is the body */
    uint32_t depth;                            /* of the innermost */
    bool is_live;
    struct model_op *block; /* where the current metered block starts */
    uint32_t height;
    uint32_t height_max;
};

static void open_construct(struct walk *walk, const struct model_op *op)
{
    AU_ASSERT(walk->depth < AU_NESTING_MAX);
    walk->open[++walk->depth] = (struct construct){
        .code = op->code,
        .was_live = walk->is_live,
        .height = walk->height,
        .params = op->params,
        .results = op->results,
    };
}

/* ---- Metered blocks ------------------------------------------------------------------------- */

static void start_block(struct walk *walk, struct model_op *op)
{
    op->starts_block = true;
    walk->block = op;
    walk->model->block_count++;
}

static void name_label(struct walk *walk, uint32_t label)
{
    AU_ASSERT(label <= walk->depth);
    walk->open[walk->depth - label].is_named = true;
}

/* "until the else of an if that was live" */
static bool revive_at_else(struct walk *walk)
{
    struct construct *construct = &walk->open[walk->depth];
    construct->has_else = true;
    construct->arm_fell = walk->is_live;
    walk->is_live = construct->was_live;
    return walk->is_live;
}

/* "or an end of a construct that was live at its start and that is reached by falling through (for
 * if/else: from either arm), is named by a live branch, or closes an if without else". A branch
 * that names a loop goes to its start: it does not reach the end. */
static bool revive_at_end(struct walk *walk)
{
    const struct construct *construct = &walk->open[walk->depth];
    bool is_reached = walk->is_live || construct->arm_fell;
    if (construct->is_named && construct->code != OP_LOOP) is_reached = true;
    if (construct->code == OP_IF && !construct->has_else) is_reached = true;
    walk->is_live = construct->was_live && is_reached;
    if (!walk->is_live) return false;
    return construct->code == OP_IF || (construct->code == OP_BLOCK && construct->is_named);
}

/* Does a new metered block start after op? Runs before the operands are looked at. */
static bool step_blocks(struct walk *walk, const struct model_op *op)
{
    if (op->code == OP_ELSE) return revive_at_else(walk);
    if (op->code == OP_END) return revive_at_end(walk);
    if (!walk->is_live) return false;
    walk->block->block_cost += cost_of(walk->model, op->code);
    switch (op->code) {
    case OP_LOOP:
    case OP_IF: return true;
    case OP_BR_IF: name_label(walk, op->index); return true;
    case OP_BR:
        name_label(walk, op->index);
        walk->is_live = false;
        return false;
    case OP_BR_TABLE:
        for (uint32_t i = 0; i < op->count; i++) {
            name_label(walk, walk->model->labels[op->index + i]);
        }
        walk->is_live = false;
        return false;
    case OP_RETURN:
    case OP_UNREACHABLE: walk->is_live = false; return false;
    default: return false;
    }
}

/* ---- Operand height, as the validation algorithm of the core specification keeps it --------- */

static void push(struct walk *walk, uint32_t count)
{
    walk->height += count;
    if (walk->height > walk->height_max) walk->height_max = walk->height;
}

static void pop(struct walk *walk, uint32_t count)
{
    const struct construct *construct = &walk->open[walk->depth];
    uint32_t own = walk->height - construct->height;
    AU_ASSERT(own >= count || construct->is_polymorphic);
    walk->height -= own < count ? own : count;
}

static void end_reach(struct walk *walk)
{
    walk->height = walk->open[walk->depth].height;
    walk->open[walk->depth].is_polymorphic = true;
}

static uint32_t label_arity(const struct walk *walk, uint32_t label)
{
    AU_ASSERT(label <= walk->depth);
    const struct construct *construct = &walk->open[walk->depth - label];
    return construct->code == OP_LOOP ? construct->params : construct->results;
}

static void step_branch(struct walk *walk, const struct model_op *op)
{
    switch (op->code) {
    case OP_BR: pop(walk, label_arity(walk, op->index)); break;
    case OP_BR_IF:
        pop(walk, 1);
        pop(walk, label_arity(walk, op->index));
        push(walk, label_arity(walk, op->index));
        return;
    case OP_BR_TABLE: /* looks at the labels' operands, which in dead code may not be there */
        pop(walk, 1);
        break;
    case OP_RETURN: pop(walk, walk->open[0].results); break;
    default: break;
    }
    end_reach(walk);
}

static void step_construct(struct walk *walk, const struct model_op *op)
{
    if (op->code != OP_ELSE && op->code != OP_END) {
        if (op->code == OP_IF) pop(walk, 1);
        pop(walk, op->params);
        open_construct(walk, op);
        push(walk, op->params);
        return;
    }
    struct construct *construct = &walk->open[walk->depth];
    pop(walk, construct->results);
    walk->height = construct->height;
    if (op->code == OP_ELSE) {
        construct->is_polymorphic = false;
        push(walk, construct->params);
        return;
    }
    uint32_t results = construct->results;
    if (walk->depth > 0) walk->depth--;
    push(walk, results);
}

static void step_call(struct walk *walk, const struct model_op *op)
{
    const struct model_type *type = op->code == OP_CALL
                                        ? model_function_type(walk->model, op->index)
                                        : &walk->model->types[op->index];
    if (op->code == OP_CALL_INDIRECT) pop(walk, 1);
    pop(walk, type->param_count);
    push(walk, type->result_count);
}

/* What the remaining instructions take and leave. */
static void step_plain(struct walk *walk, uint32_t code)
{
    static const struct {
        uint16_t first;
        uint16_t last;
        uint8_t pops;
        uint8_t pushes;
    } ranges[] = {
        {OP_NOP, OP_NOP, 0, 0},
        {OP_DROP, OP_DROP, 1, 0},
        {OP_SELECT, OP_SELECT, 3, 1},
        {OP_LOCAL_GET, OP_LOCAL_GET, 0, 1},
        {OP_LOCAL_SET, OP_LOCAL_SET, 1, 0},
        {OP_LOCAL_TEE, OP_LOCAL_TEE, 1, 1},
        {OP_GLOBAL_GET, OP_GLOBAL_GET, 0, 1},
        {OP_GLOBAL_SET, OP_GLOBAL_SET, 1, 0},
        {OP_LOAD_FIRST, OP_STORE_FIRST - 1, 1, 1},
        {OP_STORE_FIRST, OP_STORE_LAST, 2, 0},
        {OP_MEMORY_SIZE, OP_MEMORY_SIZE, 0, 1},
        {OP_MEMORY_GROW, OP_MEMORY_GROW, 1, 1},
        {OP_I32_CONST, OP_F64_CONST, 0, 1},
        {OP_DATA_DROP, OP_DATA_DROP, 0, 0},
        {OP_MEMORY_INIT, OP_MEMORY_INIT, 3, 0},
        {OP_MEMORY_COPY, OP_MEMORY_FILL, 3, 0},
    };
    for (size_t i = 0; i < AU_COUNT_OF(ranges); i++) {
        if (code < ranges[i].first || code > ranges[i].last) continue;
        pop(walk, ranges[i].pops);
        push(walk, ranges[i].pushes);
        return;
    }
    pop(walk, model_numeric_operands(code));
    push(walk, 1);
}

static void step_operands(struct walk *walk, const struct model_op *op)
{
    switch (op->code) {
    case OP_UNREACHABLE:
    case OP_BR:
    case OP_BR_IF:
    case OP_BR_TABLE:
    case OP_RETURN: step_branch(walk, op); break;
    case OP_BLOCK:
    case OP_LOOP:
    case OP_IF:
    case OP_ELSE:
    case OP_END: step_construct(walk, op); break;
    case OP_CALL:
    case OP_CALL_INDIRECT: step_call(walk, op); break;
    default: step_plain(walk, op->code); break;
    }
}

enum au_err model_meter(struct au_model *model, struct model_function *function)
{
    const struct model_type *type = &model->types[function->type];
    struct walk *walk = au_arena_zero(&model->arena, sizeof(*walk));
    if (walk == NULL) return AU_ERR_NO_MEMORY;
    walk->model = model;
    walk->function = function;
    walk->is_live = true;
    walk->open[0] =
        (struct construct){.code = OP_BLOCK, .was_live = true, .results = type->result_count};
    start_block(walk, &function->ops[0]);
    for (uint32_t i = 0; i < function->op_count; i++) {
        struct model_op *op = &function->ops[i];
        bool is_last = i + 1 == function->op_count;
        bool starts_next = step_blocks(walk, op);
        step_operands(walk, op);
        if (starts_next && !is_last) start_block(walk, &function->ops[i + 1]);
    }
    if (function->has_call) {
        function->stack_units = (int64_t)AU_STACK_CALL_UNITS + type->param_count +
                                function->local_count + walk->height_max +
                                (function->body_size + 3) / 4;
        if (function->has_float) function->stack_units *= 2;
    }
    return AU_OK;
}
