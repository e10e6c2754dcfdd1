#include "vm/body.h"

#include "base/mem.h"
#include "vm/body_edit.h"

/* No instruction pushes more than this: results of a call, or parameters of a block. */
#define PUSH_MAX 32u

static const uint8_t value_types[] = {AU_TYPE_I32, AU_TYPE_I64, AU_TYPE_F32, AU_TYPE_F64};

/* Block types of no or one result. */
static const struct au_func_type empty_type = {0};
static const struct au_func_type single_types[] = {
    {.results = &value_types[0], .result_count = 1},
    {.results = &value_types[1], .result_count = 1},
    {.results = &value_types[2], .result_count = 1},
    {.results = &value_types[3], .result_count = 1},
};

void body_check_init(struct body_check *check, const struct wasm_module *module)
{
    *check = (struct body_check){.module = module};
}

void body_check_done(struct body_check *check)
{
    au_mem_free(check->operands);
    au_mem_free(check->edits);
    *check = (struct body_check){0};
}

static struct body_label *top_label(struct body_check *check)
{
    return &check->labels[check->label_count - 1];
}

/* ---- operands -------------------------------------------------------------------------------- */

/* Room for what one instruction can push, so that push needs no check. */
static bool reserve_operands(struct body_check *check, struct au_reader *reader)
{
    if (AU_LIKELY(check->height + PUSH_MAX <= check->operand_capacity)) return true;
    size_t capacity = check->operand_capacity == 0 ? 4096 : check->operand_capacity * 2;
    uint8_t *operands = au_mem_resize(check->operands, capacity);
    if (operands == NULL) return au_reader_no_memory(reader);
    check->operands = operands;
    check->operand_capacity = capacity;
    return true;
}

static inline void push(struct body_check *check, uint8_t type)
{
    check->operands[check->height++] = type;
    if (check->height > check->height_max) check->height_max = check->height;
}

static bool is_float(uint8_t type)
{
    return type == AU_TYPE_F32 || type == AU_TYPE_F64;
}

static void note_floats(struct body_check *check, const uint8_t *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check->has_float |= is_float(types[i]);
    }
}

static void push_all(struct body_check *check, const uint8_t *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        push(check, types[i]);
    }
}

static bool fail_underflow(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                           uint8_t expected)
{
    (void)check;
    return au_reader_fail(reader, AU_RULE_TYPE, at, "type mismatch: %s expected, no operand left",
                          expected == 0 ? "an operand" : wasm_type_name(expected));
}

/* expected 0: any type. out_type may be 0 in dead code. */
static inline bool pop(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                       uint8_t expected, uint8_t *out_type)
{
    const struct body_label *label = top_label(check);
    if (AU_UNLIKELY(check->height == label->height)) {
        if (!label->is_polymorphic) return fail_underflow(check, reader, at, expected);
        *out_type = expected;
        return true;
    }
    uint8_t type = check->operands[--check->height];
    if (AU_UNLIKELY(type != expected && type != 0 && expected != 0)) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "type mismatch: %s expected, got %s",
                              wasm_type_name(expected), wasm_type_name(type));
    }
    *out_type = type;
    return true;
}

static bool pop_all(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                    const uint8_t *types, size_t count)
{
    uint8_t type = 0;
    for (size_t i = count; i > 0; i--) {
        if (!pop(check, reader, at, types[i - 1], &type)) return false;
    }
    return true;
}

/* The operands on top have these types; none is taken. */
static bool peek_all(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                     const uint8_t *types, size_t count)
{
    const struct body_label *label = top_label(check);
    size_t height = check->height;
    for (size_t i = count; i > 0; i--) {
        uint8_t expected = types[i - 1];
        if (height == label->height) {
            if (label->is_polymorphic) return true;
            return fail_underflow(check, reader, at, expected);
        }
        uint8_t type = check->operands[--height];
        if (type != expected && type != 0) {
            return au_reader_fail(reader, AU_RULE_TYPE, at, "type mismatch: %s expected, got %s",
                                  wasm_type_name(expected), wasm_type_name(type));
        }
    }
    return true;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static bool push_label(struct body_check *check, struct au_reader *reader, uint8_t kind,
                       const struct au_func_type *type)
{
    if (check->label_count > AU_NESTING_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, reader->pos,
                              "nesting too deep: at most %u open constructs", AU_NESTING_MAX);
    }
    check->labels[check->label_count++] = (struct body_label){
        .type = type,
        .height = (uint32_t)check->height,
        .kind = kind,
        .was_live = check->is_live,
    };
    push_all(check, type->params, type->param_count);
    return true;
}

/* The rest of the construct can't be reached; to be called after the last operand is taken. */
static void leave(struct body_check *check, struct au_reader *reader)
{
    struct body_label *label = top_label(check);
    check->height = label->height;
    label->is_polymorphic = true;
    if (check->is_live) body_edit_start_dead(check, reader, /* is_after_end = */ false);
}

struct arity {
    const uint8_t *types;
    size_t count;
};

/* What a branch to a label takes along. */
static struct arity label_arity(const struct body_label *label)
{
    if (label->kind == AU_KIND_LOOP) {
        return (struct arity){label->type->params, label->type->param_count};
    }
    return (struct arity){label->type->results, label->type->result_count};
}

/* Values that one edge or call moves, as far as they count (body.h). */
static uint64_t moved(size_t count)
{
    return count > BODY_FREE_VALUES ? count - BODY_FREE_VALUES : 0;
}

static bool read_label(struct body_check *check, struct au_reader *reader,
                       struct body_label **out_label)
{
    const uint8_t *at = reader->pos;
    uint32_t depth = 0;
    if (!au_reader_u32(reader, &depth)) return false;
    if (depth >= check->label_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown label %u: %u are open", depth,
                              check->label_count);
    }
    *out_label = &check->labels[check->label_count - 1 - depth];
    if (!check->is_live) return true;
    (*out_label)->is_named = true;
    check->edge_count++;
    check->edge_values += moved(label_arity(*out_label).count);
    return true;
}

static bool read_block_type(struct body_check *check, struct au_reader *reader,
                            const struct au_func_type **out_type)
{
    const struct wasm_module *module = check->module;
    const uint8_t *at = reader->pos;
    if (at < reader->end && *at == 0x40) {
        reader->pos++;
        *out_type = &empty_type;
        return true;
    }
    if (at < reader->end && (*at & 0xc0) == 0x40) {
        uint8_t type = 0;
        if (!wasm_read_value_type(reader, &type)) return false;
        *out_type = &single_types[AU_TYPE_I32 - type];
        return true;
    }
    int64_t index = 0;
    if (!au_reader_signed(reader, 33, &index)) return false;
    if (index < 0) return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed block type");
    if (index >= module->type_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown type %lld: the module has %u",
                              (long long)index, module->type_count);
    }
    *out_type = &module->types[index];
    return true;
}

static bool check_block(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                        uint8_t kind)
{
    const struct au_func_type *type = &empty_type;
    if (!read_block_type(check, reader, &type)) return false;
    if (!pop_all(check, reader, at, type->params, type->param_count)) return false;
    if (kind == AU_KIND_LOOP && ++check->loop_depth > AU_LOOP_NESTING_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at,
                              "loops nested too deep: at most %u open ones", AU_LOOP_NESTING_MAX);
    }
    if (!push_label(check, reader, kind, type)) return false;
    if (!check->is_live || kind == AU_KIND_BLOCK) return true;
    if (kind == AU_KIND_IF) return body_edit_block(check, reader, BODY_EDIT_CHARGE);
    check->loop_count++;
    return body_edit_block(check, reader, BODY_EDIT_LOOP_CHARGE);
}

/* The results of the construct are on top and nothing else is left in it. */
static bool check_results(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    const struct body_label *label = top_label(check);
    if (!pop_all(check, reader, at, label->type->results, label->type->result_count)) return false;
    if (check->height != label->height) {
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "type mismatch: %zu operands left over at the end of the construct",
                              check->height - label->height);
    }
    return true;
}

static bool check_else(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    struct body_label *label = top_label(check);
    if (label->kind != AU_KIND_IF) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "else without if");
    }
    if (!check_results(check, reader, at)) return false;
    label->kind = AU_KIND_ELSE;
    label->is_polymorphic = false;
    push_all(check, label->type->params, label->type->param_count);
    if (!label->was_live) return true;
    label->then_fell = check->is_live;
    if (!check->is_live && !body_edit_end_dead(check, reader, at)) return false;
    check->is_live = true;
    return body_edit_block(check, reader, BODY_EDIT_CHARGE);
}

/* An if without else has an empty else arm: its results are its parameters. */
static bool check_missing_else(struct au_reader *reader, const uint8_t *at,
                               const struct au_func_type *type)
{
    if (au_bytes_is_equal((struct au_bytes){type->params, type->param_count},
                          (struct au_bytes){type->results, type->result_count})) {
        return true;
    }
    return au_reader_fail(reader, AU_RULE_TYPE, at,
                          "type mismatch: if without else, parameters and results differ");
}

/* Whether the code after a live construct's end is live. fell: its last arm was left by falling. */
static bool is_revived(const struct body_label *label, bool fell)
{
    switch (label->kind) {
    case AU_KIND_LOOP: return fell;
    case AU_KIND_IF: return true;
    case AU_KIND_ELSE: return fell || label->then_fell || label->is_named;
    default: return fell || label->is_named;
    }
}

static bool check_end(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    struct body_label label = *top_label(check);
    if (label.kind == AU_KIND_IF && !check_missing_else(reader, at, label.type)) return false;
    if (!check_results(check, reader, at)) return false;
    check->label_count--;
    if (label.kind == AU_KIND_LOOP) check->loop_depth--;
    push_all(check, label.type->results, label.type->result_count);
    if (!label.was_live) return true;
    bool fell = check->is_live;
    if (!fell && !body_edit_end_dead(check, reader, at)) return false;
    if (label.kind == AU_KIND_RETURN) return true; /* the function itself: nothing follows */
    check->is_live = true;
    if (!is_revived(&label, fell)) {
        body_edit_start_dead(check, reader, /* is_after_end = */ true);
        return true;
    }
    bool is_split = label.kind == AU_KIND_IF || label.kind == AU_KIND_ELSE ||
                    (label.kind == AU_KIND_BLOCK && label.is_named);
    return !is_split || body_edit_block(check, reader, BODY_EDIT_CHARGE);
}

/* ---- branches and calls ---------------------------------------------------------------------- */

static bool check_br(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    struct body_label *label = top_label(check);
    if (!read_label(check, reader, &label)) return false;
    struct arity arity = label_arity(label);
    if (!pop_all(check, reader, at, arity.types, arity.count)) return false;
    if (!body_edit_branch(check, reader, at, label, /* is_conditional = */ false)) return false;
    leave(check, reader);
    return true;
}

static bool check_br_if(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    struct body_label *label = top_label(check);
    if (!read_label(check, reader, &label)) return false;
    struct arity arity = label_arity(label);
    if (!pop_all(check, reader, at, arity.types, arity.count)) return false;
    if (!body_edit_branch(check, reader, at, label, /* is_conditional = */ true)) return false;
    push_all(check, arity.types, arity.count);
    if (!check->is_live) return true;
    return body_edit_block(check, reader, BODY_EDIT_CHARGE);
}

static bool check_br_table(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    uint32_t count = 0;
    size_t arity_count = 0;
    const uint8_t *count_at = reader->pos;
    if (!au_reader_u32(reader, &count)) return false;
    if (count > AU_BR_TABLE_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, count_at,
                              "br_table too long: %u labels, at most %u", count, AU_BR_TABLE_MAX);
    }
    for (uint32_t i = 0; i <= count; i++) { /* the default label is the last */
        struct body_label *label = top_label(check);
        if (!read_label(check, reader, &label)) return false;
        struct arity arity = label_arity(label);
        if (i == 0) arity_count = arity.count;
        if (arity.count != arity_count) {
            return au_reader_fail(reader, AU_RULE_TYPE, at,
                                  "type mismatch: labels of br_table take %zu and %zu operands",
                                  arity_count, arity.count);
        }
        if (!peek_all(check, reader, at, arity.types, arity.count)) return false;
    }
    leave(check, reader);
    return true;
}

static bool check_return(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    const struct au_func_type *type = check->type;
    if (!pop_all(check, reader, at, type->results, type->result_count)) return false;
    if (!body_edit_replace(check, reader, at, BODY_EDIT_RETURN, check->label_count - 1))
        return false;
    leave(check, reader);
    return true;
}

static bool check_signature(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                            const struct au_func_type *type)
{
    if (!pop_all(check, reader, at, type->params, type->param_count)) return false;
    push_all(check, type->results, type->result_count);
    note_floats(check, type->results, type->result_count);
    check->has_call = true;
    if (check->is_live) check->call_values += moved((size_t)type->param_count + type->result_count);
    return body_edit_reload(check, reader);
}

static bool check_call(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    const struct wasm_module *module = check->module;
    uint32_t index = 0;
    if (!au_reader_u32(reader, &index)) return false;
    if (index >= module->import_count + module->function_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown function %u: the module has %u",
                              index, module->import_count + module->function_count);
    }
    bool is_moved = index < module->import_count || module->is_traced;
    if (is_moved && !body_edit_replace(check, reader, at, BODY_EDIT_CALL, index)) return false;
    return check_signature(check, reader, at, wasm_function_type(module, index));
}

static bool check_call_indirect(struct body_check *check, struct au_reader *reader,
                                const uint8_t *at)
{
    const struct wasm_module *module = check->module;
    uint32_t type = 0;
    uint32_t table = 0;
    if (!au_reader_u32(reader, &type)) return false;
    const uint8_t *table_at = reader->pos;
    if (!au_reader_u32(reader, &table)) return false;
    if (table != 0 || !module->has_table) {
        return au_reader_fail(reader, AU_RULE_TYPE, table_at, "unknown table %u", table);
    }
    if (type >= module->type_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown type %u: the module has %u", type,
                              module->type_count);
    }
    return check_signature(check, reader, at, &module->types[type]);
}

/* ---- variables, memory, the rest ------------------------------------------------------------- */

static bool check_select(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    uint8_t second = 0;
    uint8_t first = 0;
    if (!pop(check, reader, at, 0, &second)) return false;
    if (!pop(check, reader, at, second, &first)) return false;
    push(check, first == 0 ? second : first);
    return true;
}

static bool check_local(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                        uint8_t kind)
{
    uint32_t index = 0;
    uint8_t type = 0;
    if (!au_reader_u32(reader, &index)) return false;
    if (index >= check->local_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown local %u: the function has %u",
                              index, check->local_count);
    }
    uint8_t local = check->locals[index];
    if (kind != AU_KIND_LOCAL_GET && !pop(check, reader, at, local, &type)) return false;
    if (kind != AU_KIND_LOCAL_SET) push(check, local);
    return true;
}

static bool check_global(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                         uint8_t kind)
{
    const struct wasm_module *module = check->module;
    uint32_t index = 0;
    uint8_t type = 0;
    if (!au_reader_u32(reader, &index)) return false;
    if (index >= module->global_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown global %u: the module has %u",
                              index, module->global_count);
    }
    const struct wasm_global *global = &module->globals[index];
    if (kind == AU_KIND_GLOBAL_GET) {
        push(check, global->type);
        note_floats(check, &global->type, 1);
        return true;
    }
    if (!global->is_mutable) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "global %u is immutable", index);
    }
    return pop(check, reader, at, global->type, &type);
}

static bool need_memory(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    if (check->module->has_memory) return true;
    return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown memory 0: the module has none");
}

/* The index of memory 0, as one byte. */
static bool read_memory_index(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    const uint8_t *index_at = reader->pos;
    uint8_t index = 0;
    if (!need_memory(check, reader, at)) return false;
    if (!au_reader_u8(reader, &index)) return false;
    if (index != 0) return wasm_refuse_feature(reader, index_at, "more than one memory");
    return true;
}

static bool check_memory_access(struct body_check *check, struct au_reader *reader,
                                const uint8_t *at, const struct au_op *op)
{
    uint32_t align = 0;
    uint32_t offset = 0;
    if (!au_reader_u32(reader, &align)) return false;
    if (align >= 0x40 && align < 0x80) {
        return wasm_refuse_feature(reader, at, "more than one memory");
    }
    if (align >= 32) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed memop flags %u", align);
    }
    if (align > op->align) {
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "alignment must not be larger than natural: 2^%u, at most 2^%u",
                              align, op->align);
    }
    if (!au_reader_u32(reader, &offset)) return false;
    return need_memory(check, reader, at);
}

static bool check_segment(struct body_check *check, struct au_reader *reader, const uint8_t *at)
{
    uint32_t index = 0;
    if (!au_reader_u32(reader, &index)) return false;
    if (!check->module->has_data_count) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "data count section required");
    }
    if (index >= check->module->data_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown data segment %u", index);
    }
    return true;
}

/* memory.init, memory.copy, memory.fill; the operands are taken already. */
static bool check_bulk(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                       uint8_t kind)
{
    if (kind == AU_KIND_MEMORY_INIT && !check_segment(check, reader, at)) return false;
    if (!read_memory_index(check, reader, at)) return false;
    if (kind == AU_KIND_MEMORY_COPY && !read_memory_index(check, reader, at)) return false;
    if (!check->is_live) return true;
    return body_edit_insert(check, reader, at, BODY_EDIT_BULK) && body_edit_reload(check, reader);
}

static bool check_memory_size(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                              uint8_t kind)
{
    check->has_memory_size = true;
    if (!read_memory_index(check, reader, at)) return false;
    if (kind == AU_KIND_MEMORY_SIZE) return true;
    return body_edit_replace(check, reader, at, BODY_EDIT_GROW, 0) &&
           body_edit_reload(check, reader);
}

/* ---- one instruction ------------------------------------------------------------------------- */

static bool fail_unknown(struct au_reader *reader, const uint8_t *at, const char *feature,
                         uint32_t number)
{
    if (feature != NULL) return wasm_refuse_feature(reader, at, feature);
    return au_reader_fail(reader, AU_RULE_MALFORMED, at, "illegal opcode 0x%02x", number);
}

static bool read_op(struct au_reader *reader, const struct au_op **out_op)
{
    const uint8_t *at = reader->pos;
    uint8_t byte = 0;
    uint32_t number = 0;
    if (!au_reader_u8(reader, &byte)) return false;
    const struct au_op *op = &au_ops[byte];
    if (AU_UNLIKELY(op->kind == AU_KIND_PREFIX)) {
        if (!au_reader_u32(reader, &number)) return false;
        if (number >= AU_OP_FC_COUNT) {
            return fail_unknown(reader, at, au_op_fc_feature(number), number);
        }
        op = &au_ops_fc[number];
    } else if (AU_UNLIKELY(op->kind == AU_KIND_UNKNOWN)) {
        return fail_unknown(reader, at, au_op_feature(byte), byte);
    }
    *out_op = op;
    return true;
}

/* What is particular to a kind of instruction; op's operands are taken, its result is pushed by the
 * caller. */
static bool check_kind(struct body_check *check, struct au_reader *reader, const uint8_t *at,
                       const struct au_op *op)
{
    uint8_t type = 0;
    int64_t value = 0;
    switch ((enum au_op_kind)op->kind) {
    case AU_KIND_PLAIN:
    case AU_KIND_PARTIAL: return true;
    case AU_KIND_MEMORY: return check_memory_access(check, reader, at, op);
    case AU_KIND_CONST: return wasm_read_const(reader, op->push, &value);
    case AU_KIND_LOCAL_GET:
    case AU_KIND_LOCAL_SET:
    case AU_KIND_LOCAL_TEE: return check_local(check, reader, at, op->kind);
    case AU_KIND_GLOBAL_GET:
    case AU_KIND_GLOBAL_SET: return check_global(check, reader, at, op->kind);
    case AU_KIND_DROP: return pop(check, reader, at, 0, &type);
    case AU_KIND_SELECT: return check_select(check, reader, at);
    case AU_KIND_BLOCK:
    case AU_KIND_LOOP:
    case AU_KIND_IF: return check_block(check, reader, at, op->kind);
    case AU_KIND_ELSE: return check_else(check, reader, at);
    case AU_KIND_END: return check_end(check, reader, at);
    case AU_KIND_BR: return check_br(check, reader, at);
    case AU_KIND_BR_IF: return check_br_if(check, reader, at);
    case AU_KIND_BR_TABLE: return check_br_table(check, reader, at);
    case AU_KIND_RETURN: return check_return(check, reader, at);
    case AU_KIND_UNREACHABLE: leave(check, reader); return true;
    case AU_KIND_CALL: return check_call(check, reader, at);
    case AU_KIND_CALL_INDIRECT: return check_call_indirect(check, reader, at);
    case AU_KIND_MEMORY_SIZE:
    case AU_KIND_MEMORY_GROW: return check_memory_size(check, reader, at, op->kind);
    case AU_KIND_MEMORY_INIT:
    case AU_KIND_MEMORY_COPY:
    case AU_KIND_MEMORY_FILL: return check_bulk(check, reader, at, op->kind);
    case AU_KIND_DATA_DROP: return check_segment(check, reader, at);
    case AU_KIND_PREFIX:
    case AU_KIND_UNKNOWN:
    case AU_KIND_COUNT: break; /* read_op lets neither through */
    }
    AU_ASSERT(op->kind != AU_KIND_PREFIX && op->kind != AU_KIND_UNKNOWN &&
              op->kind != AU_KIND_COUNT);
    return false;
}

enum {
    METER_OBSERVES = 1, /* somebody may read the gas counter: the instruction may trap, or calls */
    METER_ENDS_RUN = 2, /* body.h; branches are body_edit_branch's */
};

static const uint8_t meter_facts[AU_KIND_COUNT] = {
    [AU_KIND_PARTIAL] = METER_OBSERVES,
    [AU_KIND_MEMORY] = METER_OBSERVES,
    [AU_KIND_UNREACHABLE] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_BLOCK] = METER_ENDS_RUN,
    [AU_KIND_LOOP] = METER_ENDS_RUN,
    [AU_KIND_IF] = METER_ENDS_RUN,
    [AU_KIND_ELSE] = METER_ENDS_RUN,
    [AU_KIND_END] = METER_ENDS_RUN,
    [AU_KIND_BR_TABLE] = METER_ENDS_RUN,
    [AU_KIND_RETURN] = METER_ENDS_RUN,
    [AU_KIND_CALL] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_CALL_INDIRECT] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_MEMORY_GROW] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_MEMORY_INIT] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_MEMORY_COPY] = METER_OBSERVES | METER_ENDS_RUN,
    [AU_KIND_MEMORY_FILL] = METER_OBSERVES | METER_ENDS_RUN,
};

/* What the meter makes of an instruction before it is looked at closer. */
static void meter(struct body_check *check, const struct au_op *op)
{
    uint8_t facts = meter_facts[op->kind];
    if (check->is_live) {
        struct body_edit *block = &check->edits[check->block];
        block->value += check->module->cost[op->cost];
        block->is_observed |= (facts & METER_OBSERVES) != 0;
    }
    if (facts & METER_ENDS_RUN) check->run = BODY_NO_RUN;
}

static bool check_instruction(struct body_check *check, struct au_reader *reader)
{
    const uint8_t *at = reader->pos;
    const struct au_op *op = &au_ops[0];
    uint8_t type = 0;
    if (!read_op(reader, &op)) return false;
    if (!reserve_operands(check, reader)) return false;
    meter(check, op);
    for (size_t i = op->pop_count; i > 0; i--) {
        if (!pop(check, reader, at, op->pops[i - 1], &type)) return false;
    }
    if (!check_kind(check, reader, at, op)) return false;
    if (op->push != 0) push(check, op->push);
    check->has_float |= is_float(op->push);
    return true;
}

/* ---- the body -------------------------------------------------------------------------------- */

static bool read_locals(struct body_check *check, struct au_reader *reader)
{
    const struct au_func_type *type = check->type;
    uint32_t group_count = 0;
    uint64_t declared = 0;
    check->local_count = type->param_count;
    note_floats(check, type->params, type->param_count);
    note_floats(check, type->results, type->result_count);
    for (uint32_t i = 0; i < type->param_count; i++) {
        check->locals[i] = type->params[i];
    }
    if (!au_reader_u32(reader, &group_count)) return false;
    for (uint32_t i = 0; i < group_count; i++) {
        const uint8_t *at = reader->pos;
        uint32_t count = 0;
        uint8_t local = 0;
        if (!au_reader_u32(reader, &count)) return false;
        declared += count;
        if (declared > AU_LOCALS_MAX) {
            return au_reader_fail(reader, AU_RULE_LIMIT, at, "too many locals: %llu, at most %u",
                                  (unsigned long long)declared, AU_LOCALS_MAX);
        }
        if (check->module->local_count + declared > AU_LOCALS_TOTAL_MAX) {
            return au_reader_fail(reader, AU_RULE_LIMIT, at,
                                  "too many locals in all functions: at most %u",
                                  AU_LOCALS_TOTAL_MAX);
        }
        if (!wasm_read_value_type(reader, &local)) return false;
        note_floats(check, &local, 1);
        memset(&check->locals[check->local_count], local, count);
        check->local_count += count;
    }
    return true;
}

bool body_check_run(struct body_check *check, struct au_reader *reader,
                    const struct au_func_type *type)
{
    check->function = reader->function;
    check->type = type;
    check->start = reader->pos;
    check->height = 0;
    check->height_max = 0;
    check->edit_count = 0;
    check->label_count = 0;
    check->block_count = 0;
    check->run = BODY_NO_RUN;
    check->repeat_size = 0;
    check->loop_count = 0;
    check->loop_depth = 0;
    check->reload_count = 0;
    check->edge_count = 0;
    check->edge_values = 0;
    check->call_values = 0;
    check->is_live = true;
    check->has_call = false;
    check->has_float = false;
    check->has_memory_size = false;
    if (!read_locals(check, reader)) return false;
    check->code = reader->pos;
    /* the function's own label: branches to it take its results, its parameters are locals */
    check->labels[check->label_count++] =
        (struct body_label){.type = type, .kind = AU_KIND_RETURN, .was_live = true};
    if (!body_edit_block(check, reader, BODY_EDIT_CHARGE)) return false;
    while (check->label_count != 0) {
        if (!check_instruction(check, reader)) return false;
    }
    if (reader->pos != reader->end) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "section size mismatch: code after the end of the function");
    }
    return true;
}

int64_t body_stack_units(const struct body_check *check, size_t body_size)
{
    if (!check->has_call) return 0;
    size_t units =
        AU_STACK_CALL_UNITS + check->local_count + check->height_max + (body_size + 3) / 4;
    return (int64_t)(check->has_float ? 2 * units : units);
}
