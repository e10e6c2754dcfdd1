/* Expressions. */
#include "differential/code_internal.h"
#include "vm/module.h"

const char *const code_type_names[CODE_TYPE_COUNT] = {"i32", "i64", "f32", "f64"};

static const char *const consts_i32[] = {
    "0", "1", "-1", "2", "7", "31", "32", "33", "0x7fffffff", "0x80000000", "65535", "0x12345678"};
static const char *const consts_i64[] = {"0",
                                         "1",
                                         "-1",
                                         "3",
                                         "63",
                                         "64",
                                         "0x7fffffffffffffff",
                                         "0x8000000000000000",
                                         "0xffffffff",
                                         "0x0020000000000001"};
static const char *const consts_f32[] = {"0",
                                         "-0",
                                         "1",
                                         "-1.5",
                                         "2.5",
                                         "0x1p-149",
                                         "0x1.fffffep127",
                                         "inf",
                                         "-inf",
                                         "nan",
                                         "-nan:0x1",
                                         "nan:0x200000",
                                         "0x1p31",
                                         "-0x1p63",
                                         "0.1",
                                         "0x1.fffffep62",
                                         "4294967296"};
static const char *const consts_f64[] = {"0",
                                         "-0",
                                         "1",
                                         "-1.5",
                                         "2.5",
                                         "0x1p-1074",
                                         "0x1.fffffffffffffp1023",
                                         "inf",
                                         "-inf",
                                         "nan",
                                         "-nan:0x1",
                                         "nan:0x4000000000000",
                                         "0x1p31",
                                         "-0x1p63",
                                         "0.1",
                                         "2147483647.9",
                                         "0x1.fffffefffffffp127"};

static const struct {
    const char *const *texts;
    size_t count;
} consts[CODE_TYPE_COUNT] = {
    {consts_i32, AU_COUNT_OF(consts_i32)},
    {consts_i64, AU_COUNT_OF(consts_i64)},
    {consts_f32, AU_COUNT_OF(consts_f32)},
    {consts_f64, AU_COUNT_OF(consts_f64)},
};

static enum code_type type_of(uint8_t byte)
{
    return (enum code_type)(AU_TYPE_I32 - byte);
}

/* ---- the instructions that give a value of a type -------------------------------------------- */

static bool gives(const struct au_op *op, enum code_type type)
{
    bool has_value =
        op->kind == AU_KIND_PLAIN || op->kind == AU_KIND_PARTIAL || op->kind == AU_KIND_MEMORY;
    if (!has_value) return false;
    return op->push != 0 && type_of(op->push) == type;
}

/* Any of them, all equally likely. */
static const struct au_op *pick_op(struct code *code, enum code_type type)
{
    const struct au_op *picked = NULL;
    size_t count = 0;
    for (size_t i = 0; i < AU_COUNT_OF(au_ops) + AU_COUNT_OF(au_ops_fc); i++) {
        bool is_plain = i < AU_COUNT_OF(au_ops);
        const struct au_op *op = is_plain ? &au_ops[i] : &au_ops_fc[i - AU_COUNT_OF(au_ops)];
        if (op->name == NULL || !gives(op, type)) continue;
        if (dice_one_in(&code->dice, ++count)) picked = op;
    }
    AU_ASSERT(picked != NULL);
    return picked;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

void code_put_const(struct code *code, enum code_type type)
{
    if (type <= CODE_I64 && dice_one_in(&code->dice, 3)) {
        uint64_t value = dice_next(&code->dice);
        value >>= dice_below(&code->dice, 64);
        uint64_t mask = type == CODE_I32 ? UINT32_MAX : UINT64_MAX;
        au_buf_printf(code->text, "(%s.const 0x%llx)", code_type_names[type],
                      (unsigned long long)(value & mask));
        return;
    }
    const char *text = consts[type].texts[dice_below(&code->dice, consts[type].count)];
    au_buf_printf(code->text, "(%s.const %s)", code_type_names[type], text);
}

uint32_t code_local(struct code *code, enum code_type type)
{
    uint32_t picked = CODE_LOCALS_MAX;
    size_t count = 0;
    for (uint32_t i = 0; i < code->local_count; i++) {
        if (code->locals[i] == type && dice_one_in(&code->dice, ++count)) picked = i;
    }
    AU_ASSERT(picked < CODE_LOCALS_MAX);
    return picked;
}

static void put_leaf(struct code *code, enum code_type type)
{
    switch (dice_below(&code->dice, 4)) {
    case 0: code_put_const(code, type); break;
    case 1:
        au_buf_printf(code->text, "(global.get %u)",
                      (unsigned)(2 * type + dice_below(&code->dice, 2)));
        break;
    default: au_buf_printf(code->text, "(local.get %u)", (unsigned)code_local(code, type)); break;
    }
}

/* ---- nodes: each writes a whole expression, or gives false and writes nothing ---------------- */

void code_put_address(struct code *code, unsigned depth)
{
    if (dice_one_in(&code->dice, 100)) {
        code_put_value(code, CODE_I32, depth);
    } else if (dice_one_in(&code->dice, 2)) {
        au_buf_printf(code->text, "(i32.const %u)", (unsigned)dice_below(&code->dice, 4096));
    } else {
        au_buf_put_text(code->text, "(i32.and (i32.const 0x3fff) ");
        code_put_value(code, CODE_I32, depth);
        au_buf_put_text(code->text, ")");
    }
}

void code_begin_access(struct code *code, const struct au_op *op, unsigned offset_min)
{
    unsigned offset = offset_min + (unsigned)dice_below(&code->dice, 300);
    unsigned align = 1u << dice_below(&code->dice, op->align + 1u);
    au_buf_printf(code->text, "(%s offset=%u align=%u ", op->name, offset, align);
}

/* Whether an operand may make the instruction trap. */
static bool is_dangerous(const struct au_op *op, unsigned operand)
{
    if (strstr(op->name, ".trunc_f") != NULL) return true;
    return op->cost == AU_COST_DIVISION && type_of(op->pops[0]) <= CODE_I64 && operand == 1;
}

static void put_operand(struct code *code, const struct au_op *op, unsigned operand, unsigned depth)
{
    enum code_type type = type_of(op->pops[operand]);
    const char *name = code_type_names[type];
    if (!is_dangerous(op, operand) || dice_one_in(&code->dice, 30)) {
        code_put_value(code, type, depth);
    } else if (type <= CODE_I64) {
        au_buf_printf(code->text, "(%s.or (%s.const 1) ", name, name);
        code_put_value(code, type, depth);
        au_buf_put_text(code->text, ")");
    } else {
        au_buf_printf(code->text, "(%s.convert_i32_u (i32.and (i32.const 0xffff) ", name);
        code_put_value(code, CODE_I32, depth);
        au_buf_put_text(code->text, "))");
    }
}

bool code_put_op(struct code *code, enum code_type type, unsigned depth)
{
    const struct au_op *op = pick_op(code, type);
    if (op->kind == AU_KIND_MEMORY) {
        code_begin_access(code, op, 0);
        code_put_address(code, depth);
    } else {
        au_buf_printf(code->text, "(%s ", op->name);
        for (unsigned i = 0; i < op->pop_count; i++)
            put_operand(code, op, i, depth);
    }
    au_buf_put_text(code->text, ")");
    return true;
}

static bool put_select(struct code *code, enum code_type type, unsigned depth)
{
    au_buf_put_text(code->text, "(select ");
    code_put_value(code, type, depth);
    code_put_value(code, type, depth);
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, ")");
    return true;
}

static bool put_tee(struct code *code, enum code_type type, unsigned depth)
{
    au_buf_printf(code->text, "(local.tee %u ", (unsigned)code_local(code, type));
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, ")");
    return true;
}

static bool put_if(struct code *code, enum code_type type, unsigned depth)
{
    au_buf_printf(code->text, "(if (result %s) ", code_type_names[type]);
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, "(then ");
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, ") (else ");
    code_put_statements(code, depth, 2);
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, "))\n");
    return true;
}

/* A block with a value, which a branch may carry out of it. */
static bool put_block(struct code *code, enum code_type type, unsigned depth)
{
    unsigned label = code->label_next++;
    au_buf_printf(code->text, "(block $l%u (result %s) ", label, code_type_names[type]);
    code_put_statements(code, depth, 2);
    switch (dice_below(&code->dice, 3)) {
    case 0:
        au_buf_printf(code->text, "(drop (br_if $l%u ", label);
        code_put_value(code, type, depth);
        code_put_value(code, CODE_I32, depth);
        au_buf_put_text(code->text, "))");
        break;
    case 1:
        au_buf_printf(code->text, "(drop (br_table $l%u $l%u ", label, label);
        code_put_value(code, type, depth);
        code_put_value(code, CODE_I32, depth);
        au_buf_put_text(code->text, "))");
        break;
    default: break;
    }
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, ")\n");
    return true;
}

static bool put_memory(struct code *code, enum code_type type, unsigned depth)
{
    if (type != CODE_I32) return false;
    if (dice_one_in(&code->dice, 2)) {
        au_buf_put_text(code->text, "(memory.size)");
        return true;
    }
    au_buf_put_text(code->text, "(memory.grow (i32.and (i32.const 1) ");
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, "))");
    return true;
}

static bool put_host(struct code *code, enum code_type type, unsigned depth)
{
    if (type > CODE_I64) return false;
    code_put_host_call(code, type == CODE_I32 ? 'i' : 'I', depth);
    return true;
}

typedef bool value_fn(struct code *code, enum code_type type, unsigned depth);

static value_fn *const nodes[] = {code_put_op, code_put_op,   code_put_op, code_put_op, code_put_op,
                                  code_put_op, code_put_op,   code_put_op, code_put_op, code_put_op,
                                  code_put_op, code_put_op,   put_select,  put_tee,     put_if,
                                  put_block,   code_put_call, put_memory,  put_host};

void code_put_value(struct code *code, enum code_type type, unsigned depth)
{
    code->budget--;
    if (depth >= CODE_DEPTH_MAX || code->budget < 0 || dice_one_in(&code->dice, 5)) {
        put_leaf(code, type);
        return;
    }
    value_fn *node = DICE_PICK(&code->dice, nodes);
    if (!node(code, type, depth + 1)) put_leaf(code, type);
}
