/* Statements: they leave the operand stack as it was. */
#include "differential/code_internal.h"
#include "vm/module.h"

static void put_nothing(struct code *code, unsigned depth)
{
    (void)depth;
    au_buf_put_text(code->text, "(nop)");
}

static void put_local_set(struct code *code, unsigned depth)
{
    enum code_type type = (enum code_type)dice_below(&code->dice, CODE_TYPE_COUNT);
    au_buf_printf(code->text, "(local.set %u ", (unsigned)code_local(code, type));
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, ")");
}

static void put_global_set(struct code *code, unsigned depth)
{
    enum code_type type = (enum code_type)dice_below(&code->dice, CODE_TYPE_COUNT);
    au_buf_printf(code->text, "(global.set %u ", (unsigned)(2 * type + dice_below(&code->dice, 2)));
    code_put_value(code, type, depth);
    au_buf_put_text(code->text, ")");
}

static void put_store(struct code *code, unsigned depth)
{
    const struct au_op *op = &au_ops[0x36 + dice_below(&code->dice, 0x3f - 0x36)];
    AU_ASSERT(op->kind == AU_KIND_MEMORY && op->push == 0);
    code_begin_access(code, op, 1024);
    code_put_address(code, depth);
    code_put_value(code, (enum code_type)(AU_TYPE_I32 - op->pops[1]), depth);
    au_buf_put_text(code->text, ")");
}

/* What one instruction makes of constants and variables, bit for bit. */
static void put_result_store(struct code *code, unsigned depth)
{
    (void)depth;
    enum code_type type = (enum code_type)dice_below(&code->dice, CODE_TYPE_COUNT);
    au_buf_printf(code->text, "(%s.store (i32.const %u) ", code_type_names[type],
                  CODE_AT_RESULTS + 8 * (unsigned)dice_below(&code->dice, CODE_RESULTS));
    (void)code_put_op(code, type, CODE_DEPTH_MAX);
    au_buf_put_text(code->text, ")");
}

void code_put_spill(struct code *code)
{
    for (uint32_t i = 0; i < code->local_count; i++) {
        au_buf_printf(code->text, "(%s.store (i32.const %u) (local.get %u))\n",
                      code_type_names[code->locals[i]],
                      CODE_AT_LOCALS + 8 * (code->function * CODE_LOCALS_MAX + i), (unsigned)i);
    }
}

static void put_drop(struct code *code, unsigned depth)
{
    au_buf_put_text(code->text, "(drop ");
    code_put_value(code, (enum code_type)dice_below(&code->dice, CODE_TYPE_COUNT), depth);
    au_buf_put_text(code->text, ")");
}

static void put_if(struct code *code, unsigned depth)
{
    au_buf_put_text(code->text, "(if ");
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, "(then ");
    code_put_statements(code, depth, 3);
    if (dice_one_in(&code->dice, 2)) {
        au_buf_put_text(code->text, ") (else ");
        code_put_statements(code, depth, 3);
    }
    au_buf_put_text(code->text, "))");
}

static unsigned open_label(struct code *code)
{
    AU_ASSERT(code->label_count < AU_COUNT_OF(code->labels));
    code->labels[code->label_count++] = code->label_next;
    return code->label_next++;
}

static void close_label(struct code *code)
{
    code->label_count--;
}

static void put_block(struct code *code, unsigned depth)
{
    au_buf_printf(code->text, "(block $l%u ", open_label(code));
    code_put_statements(code, depth, 4);
    close_label(code);
    au_buf_put_text(code->text, ")");
}

/* A loop that turns a few times, by a counter of its own. Its head is no label of others. */
static void put_loop(struct code *code, unsigned depth)
{
    if (code->loop_count == CODE_LOOPS_MAX) return;
    unsigned counter = code->local_count + code->loop_count++;
    unsigned label = code->label_next++;
    au_buf_printf(code->text, "(local.set %u (i32.const %u)) (loop $l%u ", counter,
                  1 + (unsigned)dice_below(&code->dice, 6), label);
    code_put_statements(code, depth, 4);
    au_buf_printf(code->text, "(br_if $l%u (local.tee %u (i32.sub (local.get %u) (i32.const 1)))))",
                  label, counter, counter);
    code->loop_count--;
}

static void put_branch(struct code *code, unsigned depth)
{
    if (code->label_count == 0) return;
    unsigned label = code->labels[dice_below(&code->dice, code->label_count)];
    if (dice_one_in(&code->dice, 6)) {
        au_buf_printf(code->text, "(br $l%u)", label);
        return;
    }
    au_buf_printf(code->text, "(br_if $l%u ", label);
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, ")");
}

static void put_switch(struct code *code, unsigned depth)
{
    unsigned outer = open_label(code);
    unsigned inner = open_label(code);
    au_buf_printf(code->text, "(block $l%u (block $l%u (br_table $l%u $l%u", outer, inner, inner,
                  outer);
    size_t more = dice_below(&code->dice, 4);
    for (size_t i = 0; i < more; i++)
        au_buf_printf(code->text, " $l%u",
                      code->labels[dice_below(&code->dice, code->label_count)]);
    au_buf_put_text(code->text, " ");
    code_put_value(code, CODE_I32, depth);
    close_label(code);
    au_buf_put_text(code->text, "))");
    code_put_statements(code, depth, 2);
    close_label(code);
    au_buf_put_text(code->text, ")");
}

static void put_sets(struct code *code, const uint8_t *types, size_t count)
{
    while (count-- > 0) {
        if (dice_one_in(&code->dice, 4)) {
            au_buf_put_text(code->text, " drop ");
        } else {
            au_buf_printf(code->text, " local.set %u ", (unsigned)code_local(code, types[count]));
        }
    }
}

/* A block, loop or if that takes and gives values. */
static void put_values_block(struct code *code, unsigned depth)
{
    static const char *const kinds[] = {"block", "loop", "if"};
    const char *kind = DICE_PICK(&code->dice, kinds);
    unsigned type = (unsigned)dice_below(&code->dice, CODE_TYPES);
    const struct code_signature *signature = &code->signatures[type];
    bool is_if = *kind == 'i';
    code_put_args(code, signature, depth);
    if (is_if) code_put_value(code, CODE_I32, depth);
    for (int arm = 0; arm < (is_if ? 2 : 1); arm++) {
        if (arm == 0) {
            au_buf_printf(code->text, " %s (type %u) ", kind, type);
        } else {
            au_buf_put_text(code->text, " else ");
        }
        put_sets(code, signature->params, signature->param_count);
        code_put_statements(code, depth, 2);
        for (size_t i = 0; i < signature->result_count; i++)
            code_put_value(code, signature->results[i], depth);
    }
    au_buf_put_text(code->text, " end ");
    put_sets(code, signature->results, signature->result_count);
}

static void put_call(struct code *code, unsigned depth)
{
    if (code->function + 1 >= code->function_count) return;
    uint32_t later = code->function_count - code->function - 1;
    uint32_t function = code->function + 1 + (uint32_t)dice_below(&code->dice, later);
    const struct code_signature *signature = &code->signatures[code->functions[function]];
    au_buf_printf(code->text, "(call $f%u ", (unsigned)function);
    code_put_args(code, signature, depth);
    au_buf_put_text(code->text, ")");
    put_sets(code, signature->results, signature->result_count);
}

static void put_host(struct code *code, unsigned depth)
{
    static const char results[] = {0, 'i', 'i', 'I'};
    char result = DICE_PICK(&code->dice, results);
    if (result != 0) au_buf_put_text(code->text, "(drop ");
    code_put_host_call(code, result, depth);
    if (result != 0) au_buf_put_text(code->text, ")");
}

static void put_size(struct code *code, unsigned depth, unsigned max)
{
    if (dice_one_in(&code->dice, 60)) {
        code_put_value(code, CODE_I32, depth);
    } else {
        au_buf_printf(code->text, "(i32.const %u)", (unsigned)dice_below(&code->dice, max + 1));
    }
}

static void put_bulk(struct code *code, unsigned depth)
{
    switch (dice_below(&code->dice, 5)) {
    case 0:
        au_buf_put_text(code->text, "(memory.fill ");
        code_put_address(code, depth);
        code_put_value(code, CODE_I32, depth);
        put_size(code, depth, 1000);
        break;
    case 1:
        au_buf_put_text(code->text, "(memory.init $data ");
        code_put_address(code, depth);
        put_size(code, depth, CODE_DATA_SIZE / 2);
        put_size(code, depth, CODE_DATA_SIZE / 2);
        break;
    case 2:
        /* Without its bytes memory.init traps: let that be seldom. */
        if (!dice_one_in(&code->dice, 8)) return;
        au_buf_put_text(code->text, "(data.drop $data");
        break;
    default:
        au_buf_put_text(code->text, "(memory.copy ");
        code_put_address(code, depth);
        code_put_address(code, depth);
        put_size(code, depth, 1000);
        break;
    }
    au_buf_put_text(code->text, ")");
}

static void put_return(struct code *code, unsigned depth)
{
    const struct code_signature *signature = &code->signatures[code->functions[code->function]];
    au_buf_put_text(code->text, "(if ");
    code_put_value(code, CODE_I32, depth);
    au_buf_put_text(code->text, "(then (return ");
    for (size_t i = 0; i < signature->result_count; i++)
        code_put_value(code, signature->results[i], depth);
    au_buf_put_text(code->text, ")))");
}

static void put_end_seldom(struct code *code, unsigned depth)
{
    if (depth > 2 && dice_one_in(&code->dice, 20)) code_put_end(code);
}

typedef void statement_fn(struct code *code, unsigned depth);

static statement_fn *const statements[] = {
    put_local_set,    put_local_set,    put_local_set, put_global_set, put_global_set,
    put_store,        put_store,        put_store,     put_drop,       put_if,
    put_if,           put_block,        put_block,     put_loop,       put_branch,
    put_switch,       put_call,         put_call,      put_host,       put_host,
    put_host,         put_host,         put_bulk,      put_bulk,       put_result_store,
    put_result_store, put_result_store, put_nothing,   put_return,     put_values_block,
    put_values_block, put_end_seldom};

void code_put_statements(struct code *code, unsigned depth, unsigned max)
{
    size_t count = 1 + dice_below(&code->dice, max);
    for (size_t i = 0; i < count && code->budget > 0; i++) {
        statement_fn *statement = DICE_PICK(&code->dice, statements);
        if (depth < CODE_DEPTH_MAX) statement(code, depth + 1);
        au_buf_put_text(code->text, "\n");
    }
}

/* ---- ends ------------------------------------------------------------------------------------ */

/* $zero and $minus are globals that the compiler takes for any number; $deep calls itself. */
static const char *const ends[] = {
    "(unreachable)",
    "(drop (i32.div_s (i32.const 7) (global.get $zero)))",
    "(drop (i32.rem_u (i32.const 7) (i32.const 0)))",
    "(drop (i64.div_u (i64.const 7) (i64.extend_i32_s (global.get $zero))))",
    "(drop (i64.rem_s (i64.const 7) (i64.extend_i32_s (global.get $zero))))",
    "(drop (i32.div_s (i32.const 0x80000000) (global.get $minus)))",
    "(drop (i64.div_s (i64.const 0x8000000000000000) (i64.extend_i32_s (global.get $minus))))",
    "(drop (i32.trunc_f32_s (f32.const 0x1p31)))",
    "(drop (i64.trunc_f64_u (f64.convert_i32_s (global.get $minus))))",
    "(drop (i32.trunc_f64_u (f64.const -1)))",
    "(drop (i64.trunc_f32_s (f32.sqrt (f32.convert_i32_s (global.get $minus)))))",
    "(drop (i32.trunc_f64_s (f64.const nan)))",
    "(drop (i32.load offset=0xfffffff0 (i32.const 16)))",
    "(drop (i64.load8_u (global.get $minus)))",
    "(i64.store offset=0x7ffffff9 (i32.const 0x7fffffff) (i64.const -1))",
    "(f64.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 7)) (f64.const 1))",
    "(memory.fill (i32.const 100) (i32.const 7) (i32.shl (memory.size) (i32.const 16)))",
    "(memory.copy (i32.const 0) (global.get $minus) (i32.const 1))",
    "(memory.init $data (i32.const 0) (i32.const 60) (i32.const 5))",
    "(call_indirect (type 0) (i32.const 12))",
    "(call_indirect (type 0) (global.get $minus))",
    "(call_indirect (type 0) (global.get $zero))",
    "(call_indirect (type 0) (i32.const 0))",
    "(drop (call_indirect (param i64) (result f32) (i64.const 1) (i32.const 1)))",
    "(call $abort (i32.const 388) (i32.const 420) (i32.const 7) (i32.const -1))",
    "(call $revert (i32.const -5) (i32.const 64) (i32.const 40))",
    "(call $log (i32.const 0) (i32.const 4097))",
    "(call $return_data (global.get $minus) (i32.const 2))",
    "(drop (call $get_balance (i32.const 65530) (i32.const 0x7fffffff)))",
    "(loop $log (call $log (i32.const 512) (i32.const 500)) (br $log))",
    "(loop $out (call $return_data (i32.const 512) (i32.const 500)) (br $out))",
    "(loop $hang (br $hang))",
    "(drop (call $deep (global.get $minus)))",
    "(drop (call $storage_write (i32.const 512) (i32.const 8) (i32.const 0) (i32.const 3)))",
};

void code_put_end(struct code *code)
{
    au_buf_put_text(code->text, DICE_PICK(&code->dice, ends));
}
