#include "vm/rewrite.h"

#include <string.h>

#include "vm/emit.h"
#include "vm/gas.h"

_Static_assert(REWRITE_SIZE_MAX(AU_CODE_SIZE_MAX, AU_METERED_BLOCKS_MAX, AU_FUNCTIONS_MAX) <=
                   AU_PREPARED_SIZE_MAX,
               "the public bound covers every module");

/* The decoder has checked these bytes, so reading them again can't fail. */
static uint32_t reread_u32(struct au_reader *reader)
{
    uint32_t value = 0;
    bool is_read = au_reader_u32(reader, &value);
    AU_ASSERT(is_read);
    return value;
}

/* ---- indices --------------------------------------------------------------------------------- */

static uint32_t gas_global(const struct wasm_module *module)
{
    return module->global_count;
}
static uint32_t stack_global(const struct wasm_module *module)
{
    return module->global_count + 1;
}

/* The import that the functions of the traced form call; there is none in the other. */
static uint32_t tell_index(const struct wasm_module *module)
{
    return module->import_count;
}

static uint32_t tell_count(const struct wasm_module *module)
{
    return module->is_traced ? 1 : 0;
}

static uint32_t wrapper_index(const struct wasm_module *module, uint32_t import)
{
    return module->import_count + tell_count(module) + module->function_count + import;
}

static uint32_t grow_index(const struct wasm_module *module)
{
    return wrapper_index(module, module->import_count);
}

static uint32_t bulk_index(const struct wasm_module *module)
{
    return grow_index(module) + 1;
}

/* The function that stands for index outside of the imports themselves. */
static uint32_t map_function(const struct wasm_module *module, uint32_t index)
{
    return index < module->import_count ? wrapper_index(module, index) : index + tell_count(module);
}

/* The helper that calls it, if somebody still looks. */
static uint32_t teller_index(const struct wasm_module *module)
{
    return grow_index(module) + (module->has_memory ? 2 : 0);
}

static uint32_t looks_global(const struct wasm_module *module)
{
    return module->global_count + 2;
}

/* Types after the module's own: one per import, one for the helpers, two for telling, then those of
 * blocks. */
static uint32_t import_type(const struct wasm_module *module, uint32_t import)
{
    return module->type_count + import;
}

static uint32_t helper_type(const struct wasm_module *module)
{
    return module->type_count + module->import_count;
}

static uint32_t tell_type(const struct wasm_module *module)
{
    return helper_type(module) + 1;
}

static uint32_t teller_type(const struct wasm_module *module)
{
    return tell_type(module) + 1;
}

/* ---- pieces of code -------------------------------------------------------------------------- */

/* The gas counter onto the stack. */
static void put_gas(struct rewrite *rewrite)
{
    if (rewrite->has_gas_local) {
        put_op_u32(rewrite->out, OP_LOCAL_GET, rewrite->gas_local);
    } else {
        put_op_u32(rewrite->out, OP_GLOBAL_GET, gas_global(rewrite->module));
    }
}

/* The gas counter from the stack. */
static void put_set_gas(struct rewrite *rewrite)
{
    if (rewrite->has_gas_local) {
        put_op_u32(rewrite->out, OP_LOCAL_SET, rewrite->gas_local);
    } else {
        put_op_u32(rewrite->out, OP_GLOBAL_SET, gas_global(rewrite->module));
    }
}

/* The global from the copy. */
static void put_store(struct rewrite *rewrite)
{
    if (!rewrite->has_gas_local) return;
    put_op_u32(rewrite->out, OP_LOCAL_GET, rewrite->gas_local);
    put_op_u32(rewrite->out, OP_GLOBAL_SET, gas_global(rewrite->module));
}

/* The copy from the global. */
static void put_reload(struct rewrite *rewrite)
{
    if (!rewrite->has_gas_local) return;
    put_op_u32(rewrite->out, OP_GLOBAL_GET, gas_global(rewrite->module));
    put_op_u32(rewrite->out, OP_LOCAL_SET, rewrite->gas_local);
}

static void put_subtract(struct rewrite *rewrite, int64_t steps)
{
    if (steps == 0) return;
    put_gas(rewrite);
    put_const(rewrite->out, OP_I64_CONST, steps);
    au_buf_put_u8(rewrite->out, OP_I64_SUB);
    put_set_gas(rewrite);
}

/* Traps if the i64 on the stack is negative. */
static void put_sign_test(struct rewrite *rewrite)
{
    static const uint8_t head[] = {OP_I64_CONST, 0, OP_I64_LT_S, OP_IF, TYPE_EMPTY};
    static const uint8_t tail[] = {OP_UNREACHABLE, OP_END};
    au_buf_put(rewrite->out, head, sizeof head);
    put_store(rewrite);
    au_buf_put(rewrite->out, tail, sizeof tail);
}

static void put_gas_test(struct rewrite *rewrite)
{
    put_gas(rewrite);
    put_sign_test(rewrite);
}

static void put_charge(struct rewrite *rewrite, const struct body_edit *edit, bool has_test)
{
    put_subtract(rewrite, edit->value);
    if (has_test) put_gas_test(rewrite);
    if (edit->is_observed) put_store(rewrite);
}

/* stack +- units */
static void put_stack(struct au_buf *out, const struct wasm_module *module, uint8_t op,
                      int64_t units)
{
    put_op_u32(out, OP_GLOBAL_GET, stack_global(module));
    put_const(out, OP_I32_CONST, units);
    au_buf_put_u8(out, op);
    put_op_u32(out, OP_GLOBAL_SET, stack_global(module));
}

/* Tells who looks that a function begins, or with -1 that it returns. The global is right there. */
static void put_tell(struct rewrite *rewrite, int64_t function)
{
    if (!rewrite->module->is_traced) return;
    put_const(rewrite->out, OP_I32_CONST, function);
    put_op_u32(rewrite->out, OP_CALL, teller_index(rewrite->module));
}

/* One test for both counters: the sign of their or. */
static void put_gas_and_stack_test(struct rewrite *rewrite)
{
    struct au_buf *out = rewrite->out;
    put_gas(rewrite);
    put_op_u32(out, OP_GLOBAL_GET, stack_global(rewrite->module));
    au_buf_put_u8(out, OP_I64_EXTEND_I32_S);
    au_buf_put_u8(out, OP_I64_OR);
    put_sign_test(rewrite);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

static void put_edit(struct rewrite *rewrite, const struct body_edit *edit, const uint8_t *body,
                     bool has_exit)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    switch ((enum body_edit_kind)edit->kind) {
    case BODY_EDIT_CHARGE: put_charge(rewrite, edit, /* has_test = */ false); return;
    case BODY_EDIT_LOOP_CHARGE: put_charge(rewrite, edit, /* has_test = */ true); return;
    case BODY_EDIT_BRANCH:
    case BODY_EDIT_REPEAT: au_buf_put(out, body + edit->pos, edit->size); return;
    case BODY_EDIT_CALL: put_op_u32(out, OP_CALL, map_function(module, edit->value)); return;
    case BODY_EDIT_RETURN:
        if (has_exit) {
            put_op_u32(out, OP_BR, edit->value);
        } else {
            au_buf_put(out, body + edit->pos, edit->size);
        }
        return;
    case BODY_EDIT_GROW: put_op_u32(out, OP_CALL, grow_index(module)); return;
    case BODY_EDIT_BULK: put_op_u32(out, OP_CALL, bulk_index(module)); return;
    case BODY_EDIT_RELOAD: put_reload(rewrite); return;
    case BODY_EDIT_DROP: return;
    case BODY_EDIT_DROP_AFTER_END: au_buf_put_u8(out, OP_UNREACHABLE); return;
    }
}

static void put_block_type(struct rewrite *rewrite, const struct au_func_type *type)
{
    if (type->result_count == 0) {
        au_buf_put_u8(rewrite->out, TYPE_EMPTY);
    } else if (type->result_count == 1) {
        au_buf_put_u8(rewrite->out, type->results[0]);
    } else {
        put_s64(rewrite->out, rewrite->block_types[type - rewrite->module->types]);
    }
}

static void put_entry(struct rewrite *rewrite, const struct body_check *check, int64_t units)
{
    const struct body_edit *first = &check->edits[0];
    put_tell(rewrite, check->function);
    put_reload(rewrite);
    if (!check->has_call) {
        put_charge(rewrite, first, /* has_test = */ first->value != 0);
        return;
    }
    put_subtract(rewrite, first->value);
    put_stack(rewrite->out, rewrite->module, OP_I32_SUB, units);
    put_gas_and_stack_test(rewrite);
    if (first->is_observed) put_store(rewrite);
}

/* What a function does wherever it returns. */
static void put_exit(struct rewrite *rewrite, const struct body_check *check, int64_t units)
{
    put_store(rewrite);
    if (check->has_call) put_stack(rewrite->out, rewrite->module, OP_I32_ADD, units);
    put_tell(rewrite, -1);
}

/* The locals of a body, and one more if the gas counter has a copy. */
static void put_locals(struct rewrite *rewrite, const struct body_check *check)
{
    static const uint8_t one_i64[] = {1, AU_TYPE_I64};
    struct au_bytes locals = {check->start, (size_t)(check->code - check->start)};
    if (!rewrite->has_gas_local) {
        au_buf_put_bytes(rewrite->out, locals);
        return;
    }
    struct au_reject reject;
    struct au_reader reader = {.start = locals.data,
                               .pos = locals.data,
                               .end = locals.data + locals.size,
                               .reject = &reject};
    uint32_t group_count = reread_u32(&reader);
    put_u32(rewrite->out, group_count + 1);
    au_buf_put(rewrite->out, reader.pos, (size_t)(reader.end - reader.pos));
    au_buf_put(rewrite->out, one_i64, sizeof one_i64);
}

enum piece { PIECE_COPY, PIECE_CHARGE, PIECE_OTHER };

static enum piece piece_of(const struct body_edit *edit)
{
    bool is_charge = edit->kind == BODY_EDIT_CHARGE || edit->kind == BODY_EDIT_LOOP_CHARGE;
    return is_charge ? PIECE_CHARGE : PIECE_OTHER;
}

/* What was written from `from` on stands for the byte at pos, or is a copy of those from there. */
static void match_probe(struct rewrite *rewrite, size_t from, size_t pos, enum piece piece)
{
    struct rewrite_probe *probe = rewrite->probe;
    if (probe == NULL) return;
    size_t at = rewrite->body_start + probe->offset;
    if (at < from || at >= rewrite->out->size) return;
    probe->pos = pos + (piece == PIECE_COPY ? at - from : 0);
    probe->is_charge = piece == PIECE_CHARGE;
}

/* The bytes of the body from pos up to end, as they are. */
static void put_source(struct rewrite *rewrite, const struct body_check *check, size_t pos,
                       size_t end)
{
    size_t from = rewrite->out->size;
    AU_ASSERT(pos <= end);
    au_buf_put(rewrite->out, check->start + pos, end - pos);
    match_probe(rewrite, from, pos, PIECE_COPY);
}

/* An edit of a run, in its copy. */
static void put_edit_again(struct rewrite *rewrite, const struct body_edit *edit, uint32_t deeper)
{
    size_t from = rewrite->out->size;
    if (edit->kind == BODY_EDIT_BRANCH) {
        put_op_u32(rewrite->out, OP_BR_IF, edit->value + deeper);
    } else {
        put_charge(rewrite, edit, /* has_test = */ false);
    }
    match_probe(rewrite, from, edit->pos, piece_of(edit));
}

/* Before the branch back at the end of a run: the run again, and what begins and ends it. A br_if
 * becomes an `if` around the copy, which is one construct deeper then; turned round, since that
 * spares the compiler the value that is tested. */
static void put_run_again(struct rewrite *rewrite, const struct body_check *check,
                          const struct body_edit *end)
{
    static const uint8_t begin_if[] = {OP_I32_EQZ, OP_IF, TYPE_EMPTY, OP_ELSE};
    static const uint8_t end_if[] = {OP_BR_IF, 1, OP_END};
    bool is_conditional = check->start[end->pos] == OP_BR_IF;
    const struct body_edit *edit = &check->edits[end->value];
    size_t pos = edit->pos;
    if (is_conditional) au_buf_put(rewrite->out, begin_if, sizeof begin_if);
    for (; edit != end; edit++) {
        put_source(rewrite, check, pos, edit->pos);
        put_edit_again(rewrite, edit, is_conditional ? 1 : 0);
        pos = edit->pos + edit->size;
    }
    put_source(rewrite, check, pos, end->pos);
    if (is_conditional) {
        au_buf_put(rewrite->out, end_if, sizeof end_if);
    } else {
        au_buf_put(rewrite->out, check->start + end->pos, end->size);
    }
}

static void put_edits(struct rewrite *rewrite, const struct body_check *check, bool has_exit,
                      size_t body_size)
{
    size_t pos = (size_t)(check->code - check->start);
    for (size_t i = 1; i < check->edit_count; i++) {
        const struct body_edit *edit = &check->edits[i];
        put_source(rewrite, check, pos, edit->pos);
        size_t from = rewrite->out->size;
        if (edit->kind == BODY_EDIT_REPEAT) {
            put_run_again(rewrite, check, edit);
        } else {
            put_edit(rewrite, edit, check->start, has_exit);
            match_probe(rewrite, from, edit->pos, piece_of(edit));
        }
        pos = edit->pos + edit->size;
    }
    AU_ASSERT(pos < body_size);
    put_source(rewrite, check, pos, body_size);
}

void rewrite_body(struct rewrite *rewrite, const struct body_check *check, size_t body_size)
{
    struct au_buf *out = rewrite->out;
    int64_t units = body_stack_units(check, body_size);
    rewrite->body_start = begin_size(out);
    rewrite->gas_local = check->local_count;
    rewrite->has_gas_local =
        check->loop_count != 0 && (size_t)check->reload_count * REWRITE_RELOAD_SHARE <= body_size;
    bool has_exit = check->has_call || rewrite->has_gas_local || rewrite->module->is_traced;
    put_locals(rewrite, check);
    size_t from = out->size;
    put_entry(rewrite, check, units);
    if (has_exit) {
        au_buf_put_u8(out, OP_BLOCK);
        put_block_type(rewrite, check->type);
    }
    match_probe(rewrite, from, (size_t)(check->code - check->start), PIECE_CHARGE);
    put_edits(rewrite, check, has_exit, body_size);
    if (has_exit) { /* the body's own end closed the block */
        put_exit(rewrite, check, units);
        au_buf_put_u8(out, OP_END);
    }
    end_size(out, rewrite->body_start);
    rewrite->has_gas_local = false;
}

/* ---- sections -------------------------------------------------------------------------------- */

static void put_func_type(struct au_buf *out, const struct au_func_type *type, bool with_gas)
{
    uint32_t extra = with_gas ? 1 : 0;
    au_buf_put_u8(out, 0x60);
    put_u32(out, type->param_count + extra);
    au_buf_put(out, type->params, type->param_count);
    if (with_gas) au_buf_put_u8(out, AU_TYPE_I64);
    put_u32(out, type->result_count + extra);
    au_buf_put(out, type->results, type->result_count);
    if (with_gas) au_buf_put_u8(out, AU_TYPE_I64);
}

static void put_types(struct rewrite *rewrite)
{
    static const uint8_t i32_to_i32[] = {0x60, 1, AU_TYPE_I32, 1, AU_TYPE_I32};
    static const uint8_t tell[] = {0x60,        2,    AU_TYPE_I32, AU_TYPE_I64, 1,
                                   AU_TYPE_I32, 0x60, 1,           AU_TYPE_I32, 0};
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    uint32_t count = helper_type(module) + 1 + 2 * tell_count(module);
    for (uint32_t i = 0; i < module->type_count; i++) {
        if (module->types[i].result_count >= 2) rewrite->block_types[i] = count++;
    }
    size_t section = begin_section(out, 1);
    put_u32(out, count);
    au_buf_put_bytes(out, module->types_raw);
    for (uint32_t i = 0; i < module->import_count; i++) {
        put_func_type(out, &module->types[module->imports[i].type], /* with_gas = */ true);
    }
    au_buf_put(out, i32_to_i32, sizeof i32_to_i32);
    if (module->is_traced) au_buf_put(out, tell, sizeof tell);
    for (uint32_t i = 0; i < module->type_count; i++) {
        struct au_func_type type = module->types[i];
        if (type.result_count < 2) continue;
        type.param_count = 0;
        put_func_type(out, &type, /* with_gas = */ false);
    }
    end_size(out, section);
}

static void put_name(struct au_buf *out, struct au_bytes name)
{
    put_u32(out, (uint32_t)name.size);
    au_buf_put_bytes(out, name);
}

static void put_imports(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    uint32_t count = module->import_count + tell_count(module);
    if (count == 0) return;
    size_t section = begin_section(out, 2);
    put_u32(out, count);
    for (uint32_t i = 0; i < module->import_count; i++) {
        put_name(out, au_bytes_of(module->host->module));
        put_name(out, au_bytes_of(module->imports[i].entry->name));
        put_op_u32(out, WASM_FUNCTION, import_type(module, i));
    }
    if (module->is_traced) {
        put_name(out, au_bytes_of(AU_IMPORT_MODULE));
        put_name(out, au_bytes_of(AU_IMPORT_TELL));
        put_op_u32(out, WASM_FUNCTION, tell_type(module));
    }
    end_size(out, section);
}

/* Helpers and wrappers. */
static uint32_t added_count(const struct wasm_module *module)
{
    return module->import_count + (module->has_memory ? 2 : 0) + tell_count(module);
}

static void put_functions(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    size_t section = begin_section(out, 3);
    put_u32(out, module->function_count + added_count(module));
    au_buf_put_bytes(out, module->functions_raw);
    for (uint32_t i = 0; i < module->import_count; i++) {
        put_u32(out, module->imports[i].type);
    }
    for (uint32_t i = 0; module->has_memory && i < 2; i++) {
        put_u32(out, helper_type(module));
    }
    if (module->is_traced) put_u32(out, teller_type(module));
    end_size(out, section);
}

static void put_table_and_memory(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    if (module->has_table) {
        static const uint8_t head[] = {1, 0x70, 0};
        size_t section = begin_section(out, 4);
        au_buf_put(out, head, sizeof head);
        put_u32(out, module->table_size);
        end_size(out, section);
    }
    if (module->has_memory) {
        static const uint8_t head[] = {1, 0};
        size_t section = begin_section(out, 5);
        au_buf_put(out, head, sizeof head);
        put_u32(out, module->pages_min);
        end_size(out, section);
    }
}

static void put_globals(struct rewrite *rewrite)
{
    static const uint8_t gas[] = {AU_TYPE_I64, 1, OP_I64_CONST, 0, OP_END};
    static const uint8_t stack_head[] = {AU_TYPE_I32, 1};
    static const uint8_t looks[] = {AU_TYPE_I32, 1, OP_I32_CONST, 1, OP_END};
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    size_t section = begin_section(out, 6);
    put_u32(out, module->global_count + 2 + tell_count(module));
    au_buf_put_bytes(out, module->globals_raw);
    au_buf_put(out, gas, sizeof gas);
    au_buf_put(out, stack_head, sizeof stack_head);
    put_const(out, OP_I32_CONST, AU_STACK_UNITS);
    au_buf_put_u8(out, OP_END);
    if (module->is_traced) au_buf_put(out, looks, sizeof looks);
    end_size(out, section);
}

static void put_export(struct au_buf *out, struct au_bytes name, uint8_t kind, uint32_t index)
{
    put_name(out, name);
    put_op_u32(out, kind, index);
}

static void put_exports(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    size_t section = begin_section(out, 7);
    put_u32(out,
            module->export_count + 2 + (module->has_memory ? 1 : 0) + (module->has_start ? 1 : 0));
    put_export(out, au_bytes_of(AU_EXPORT_GAS), WASM_GLOBAL, gas_global(module));
    put_export(out, au_bytes_of(AU_EXPORT_STACK), WASM_GLOBAL, stack_global(module));
    if (module->has_memory) put_export(out, au_bytes_of(AU_EXPORT_MEMORY), WASM_MEMORY, 0);
    if (module->has_start) {
        put_export(out, au_bytes_of(AU_EXPORT_START), WASM_FUNCTION,
                   map_function(module, module->start));
    }
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct wasm_export *export_ = &module->exports[i];
        uint32_t index =
            export_->kind == WASM_FUNCTION ? map_function(module, export_->index) : export_->index;
        put_export(out, export_->name, export_->kind, index);
    }
    end_size(out, section);
}

static void put_elements(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    struct au_reject reject;
    struct au_reader reader = {.start = module->elements_raw.data,
                               .pos = module->elements_raw.data,
                               .end = module->elements_raw.data + module->elements_raw.size,
                               .reject = &reject};
    size_t section = begin_section(out, 9);
    put_u32(out, module->element_count);
    for (uint32_t i = 0; i < module->element_count; i++) {
        uint32_t flags = reread_u32(&reader);
        int64_t offset = 0;
        if (flags == 2) (void)reread_u32(&reader); /* table 0 */
        reader.pos++;                              /* i32.const */
        bool is_read = au_reader_signed(&reader, 32, &offset);
        AU_ASSERT(is_read);
        reader.pos++;                 /* end */
        if (flags == 2) reader.pos++; /* kind: functions */
        uint32_t count = reread_u32(&reader);
        put_u32(out, 0);
        put_const(out, OP_I32_CONST, offset);
        au_buf_put_u8(out, OP_END);
        put_u32(out, count);
        for (uint32_t k = 0; k < count; k++) {
            put_u32(out, map_function(module, reread_u32(&reader)));
        }
    }
    end_size(out, section);
}

void rewrite_begin(struct rewrite *rewrite)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    au_buf_put(out, magic, sizeof magic);
    put_types(rewrite);
    put_imports(rewrite);
    put_functions(rewrite);
    put_table_and_memory(rewrite);
    put_globals(rewrite);
    put_exports(rewrite);
    if (module->element_count != 0) put_elements(rewrite);
    if (module->has_data_count) {
        size_t section = begin_section(out, 12);
        put_u32(out, module->data_count);
        end_size(out, section);
    }
    rewrite->code_start = begin_section(out, 10);
    put_u32(out, module->function_count + added_count(module));
}

static void put_wrapper(struct rewrite *rewrite, uint32_t import)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    const struct au_func_type *type = wasm_function_type(module, import);
    size_t body = begin_size(out);
    put_u32(out, 0); /* no locals */
    for (uint32_t i = 0; i < type->param_count; i++) {
        put_op_u32(out, OP_LOCAL_GET, i);
    }
    put_op_u32(out, OP_GLOBAL_GET, gas_global(module));
    put_op_u32(out, OP_CALL, import);
    put_op_u32(out, OP_GLOBAL_SET, gas_global(module));
    au_buf_put_u8(out, OP_END);
    end_size(out, body);
}

/* The helpers charge by their parameter: what comes between turns it into units of price. */
static void begin_parameter_charge(struct rewrite *rewrite)
{
    put_gas(rewrite);
    put_op_u32(rewrite->out, OP_LOCAL_GET, 0);
    au_buf_put_u8(rewrite->out, OP_I64_EXTEND_I32_U);
}

static void end_parameter_charge(struct rewrite *rewrite, int64_t price)
{
    put_const(rewrite->out, OP_I64_CONST, price);
    au_buf_put_u8(rewrite->out, OP_I64_MUL);
    au_buf_put_u8(rewrite->out, OP_I64_SUB);
    put_set_gas(rewrite);
    put_gas_test(rewrite);
}

/* pages -> pages before, or -1 past the limit. A refusal of the engine within the limit is a fault
 * of the node: the least stack counter says so. */
static void put_grow_helper(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    size_t body = begin_size(out);
    put_u32(out, 0);
    put_op_u32(out, OP_LOCAL_GET, 0);
    put_const(out, OP_I32_CONST, module->pages_max);
    put_op_u32(out, OP_MEMORY_SIZE, 0);
    au_buf_put_u8(out, OP_I32_SUB);
    au_buf_put_u8(out, OP_I32_GT_U);
    put_op_u32(out, OP_IF, TYPE_EMPTY);
    put_const(out, OP_I32_CONST, -1);
    au_buf_put_u8(out, OP_RETURN);
    au_buf_put_u8(out, OP_END);

    begin_parameter_charge(rewrite);
    end_parameter_charge(rewrite, AU_GAS_GROW_PAGE);

    put_op_u32(out, OP_LOCAL_GET, 0);
    put_op_u32(out, OP_MEMORY_GROW, 0);
    put_op_u32(out, OP_LOCAL_TEE, 0);
    put_const(out, OP_I32_CONST, -1);
    au_buf_put_u8(out, OP_I32_EQ);
    put_op_u32(out, OP_IF, TYPE_EMPTY);
    put_const(out, OP_I32_CONST, INT32_MIN);
    put_op_u32(out, OP_GLOBAL_SET, stack_global(module));
    au_buf_put_u8(out, OP_UNREACHABLE);
    au_buf_put_u8(out, OP_END);
    put_op_u32(out, OP_LOCAL_GET, 0);
    au_buf_put_u8(out, OP_END);
    end_size(out, body);
}

_Static_assert(AU_GAS_BULK_8_BYTES == 1, "the helper counts both in units of 8 bytes");

/* size -> size, charged: AU_GAS_BULK + ceil(size / 8) steps */
static void put_bulk_helper(struct rewrite *rewrite)
{
    struct au_buf *out = rewrite->out;
    size_t body = begin_size(out);
    put_u32(out, 0);
    begin_parameter_charge(rewrite);
    put_const(out, OP_I64_CONST, 7 + 8 * AU_GAS_BULK);
    au_buf_put_u8(out, OP_I64_ADD);
    put_const(out, OP_I64_CONST, 3);
    au_buf_put_u8(out, OP_I64_SHR_U);
    end_parameter_charge(rewrite, AU_GAS_BULK_8_BYTES);
    put_op_u32(out, OP_LOCAL_GET, 0);
    au_buf_put_u8(out, OP_END);
    end_size(out, body);
}

/* A function or -1 -> told, until who looks has seen enough. */
static void put_teller(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    size_t body = begin_size(out);
    put_u32(out, 0);
    put_op_u32(out, OP_GLOBAL_GET, looks_global(module));
    put_op_u32(out, OP_IF, TYPE_EMPTY);
    put_op_u32(out, OP_LOCAL_GET, 0);
    put_op_u32(out, OP_GLOBAL_GET, gas_global(module));
    put_op_u32(out, OP_CALL, tell_index(module));
    put_op_u32(out, OP_GLOBAL_SET, looks_global(module));
    au_buf_put_u8(out, OP_END);
    au_buf_put_u8(out, OP_END);
    end_size(out, body);
}

void rewrite_end(struct rewrite *rewrite)
{
    const struct wasm_module *module = rewrite->module;
    struct au_buf *out = rewrite->out;
    for (uint32_t i = 0; i < module->import_count; i++) {
        put_wrapper(rewrite, i);
    }
    if (module->has_memory) {
        put_grow_helper(rewrite);
        put_bulk_helper(rewrite);
    }
    if (module->is_traced) put_teller(rewrite);
    end_size(out, rewrite->code_start);
    if (module->data_raw.size != 0) {
        size_t section = begin_section(out, 11);
        au_buf_put_bytes(out, module->data_raw);
        end_size(out, section);
    }
}
