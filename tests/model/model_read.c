/* Reads a module into lists of instructions. A cursor with a sticky error: whatever is read after
 * the bytes ran out is 0, and au_model_new looks once at the end. */
#include "model/model_internal.h"
#include "vm/limits.h"

/* Bound on the memory of one model: a module's ops are 64 bytes for each byte of code at worst. */
#define MODEL_SIZE_MAX ((size_t)256 << 20)

struct cursor {
    const uint8_t *pos;
    const uint8_t *end;
    bool has_failed;
};

static uint8_t read_u8(struct cursor *cursor)
{
    if (cursor->pos == cursor->end) {
        cursor->has_failed = true;
        return 0;
    }
    return *cursor->pos++;
}

static uint32_t read_u32(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 35; shift += 7) {
        uint8_t byte = read_u8(cursor);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) return (uint32_t)value;
    }
    cursor->has_failed = true;
    return 0;
}

static uint64_t read_signed(struct cursor *cursor)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
        uint8_t byte = read_u8(cursor);
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte >= 0x80) continue;
        if ((byte & 0x40) && shift + 7 < 64) value |= UINT64_MAX << (shift + 7);
        return value;
    }
    cursor->has_failed = true;
    return 0;
}

static uint64_t read_fixed(struct cursor *cursor, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)read_u8(cursor) << (8 * i);
    return value;
}

static struct au_bytes read_bytes(struct cursor *cursor)
{
    uint32_t size = read_u32(cursor);
    if (size > (size_t)(cursor->end - cursor->pos)) {
        cursor->has_failed = true;
        size = 0;
    }
    struct au_bytes bytes = {cursor->pos, size};
    cursor->pos += size;
    return bytes;
}

/* A count of items of at least one byte each can't be greater than the bytes that are left. */
static uint32_t read_count(struct cursor *cursor)
{
    uint32_t count = read_u32(cursor);
    if (count > (size_t)(cursor->end - cursor->pos)) {
        cursor->has_failed = true;
        count = 0;
    }
    return count;
}

static void *list(struct au_model *model, struct cursor *cursor, uint32_t count, size_t item_size)
{
    void *items = au_arena_zero(&model->arena, count * item_size);
    if (items == NULL) cursor->has_failed = true;
    return items;
}

/* An instruction that is one constant, as globals and offsets have. */
static uint64_t read_constant(struct cursor *cursor)
{
    uint64_t value = 0;
    switch (read_u8(cursor)) {
    case OP_I32_CONST: value = (uint32_t)read_signed(cursor); break;
    case OP_I64_CONST: value = read_signed(cursor); break;
    case OP_F32_CONST: value = read_fixed(cursor, 4); break;
    case OP_F64_CONST: value = read_fixed(cursor, 8); break;
    default: cursor->has_failed = true; break;
    }
    if (read_u8(cursor) != OP_END) cursor->has_failed = true;
    return value;
}

static uint32_t read_value_types(struct cursor *cursor, uint8_t out_types[32])
{
    uint32_t count = read_count(cursor);
    if (count > 32) {
        cursor->has_failed = true;
        return 0;
    }
    for (uint32_t i = 0; i < count; i++)
        out_types[i] = read_u8(cursor);
    return count;
}

static void read_types(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->types = list(model, cursor, count, sizeof(*model->types));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        if (read_u8(cursor) != 0x60) cursor->has_failed = true;
        model->types[i].param_count = read_value_types(cursor, model->types[i].params);
        model->types[i].result_count = read_value_types(cursor, model->types[i].results);
    }
    model->type_count = count;
}

static const struct au_host_entry *find_host(const struct au_host_table *host, struct au_bytes name)
{
    for (size_t i = 0; i < host->count; i++) {
        if (au_bytes_is_equal(au_bytes_of(host->entries[i].name), name)) return &host->entries[i];
    }
    return NULL;
}

static uint32_t read_type_index(const struct au_model *model, struct cursor *cursor)
{
    uint32_t index = read_u32(cursor);
    if (index < model->type_count) return index;
    cursor->has_failed = true;
    return 0;
}

static void read_imports(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->imports = list(model, cursor, count, sizeof(const struct au_host_entry *));
    model->import_types = list(model, cursor, count, sizeof(*model->import_types));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        (void)read_bytes(cursor);
        model->imports[i] = find_host(model->host, read_bytes(cursor));
        if (model->imports[i] == NULL || read_u8(cursor) != 0) cursor->has_failed = true;
        model->import_types[i] = read_type_index(model, cursor);
    }
    model->import_count = count;
}

static void read_functions(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->functions = list(model, cursor, count, sizeof(*model->functions));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        model->functions[i].type = read_type_index(model, cursor);
    }
    model->function_count = count;
}

static void read_table(struct au_model *model, struct cursor *cursor)
{
    if (read_u32(cursor) != 1) return;
    (void)read_u8(cursor);
    bool has_max = read_u8(cursor) != 0;
    model->table_size = read_u32(cursor);
    if (has_max) (void)read_u32(cursor);
    if (model->table_size > AU_TABLE_SIZE_MAX) {
        cursor->has_failed = true;
        return;
    }
    model->table = list(model, cursor, model->table_size, sizeof(*model->table));
    for (uint32_t i = 0; i < model->table_size && !cursor->has_failed; i++) {
        model->table[i] = UINT32_MAX;
    }
}

static void read_memory(struct au_model *model, struct cursor *cursor)
{
    if (read_u32(cursor) != 1) return;
    bool has_max = read_u8(cursor) != 0;
    model->has_memory = true;
    model->pages_min = read_u32(cursor);
    model->pages_max = has_max ? read_u32(cursor) : AU_PAGES_MAX;
    if (model->pages_max > AU_PAGES_MAX) model->pages_max = AU_PAGES_MAX;
    if (model->pages_min > AU_PAGES_MAX) cursor->has_failed = true;
}

static void read_globals(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->globals = list(model, cursor, count, sizeof(*model->globals));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        model->globals[i].type = read_u8(cursor);
        (void)read_u8(cursor);
        model->globals[i].initial = read_constant(cursor);
    }
    model->global_count = count;
}

static void read_exports(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->exports = list(model, cursor, count, sizeof(*model->exports));
    model->export_functions = list(model, cursor, count, sizeof(*model->export_functions));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        struct au_bytes name = read_bytes(cursor);
        uint8_t kind = read_u8(cursor);
        uint32_t index = read_u32(cursor);
        if (kind != 0) continue;
        model->exports[model->export_count].name = name;
        model->export_functions[model->export_count++] = index;
    }
}

/* The only segments that are accepted are active ones of function indices: form 0, and form 2,
 * which names its table and the kind of its items. */
static void read_elements(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        uint32_t form = read_u32(cursor);
        if (form == 2) (void)read_u32(cursor);
        uint64_t offset = read_constant(cursor);
        if (form == 2) (void)read_u8(cursor);
        if (form != 0 && form != 2) cursor->has_failed = true;
        uint32_t item_count = read_count(cursor);
        if (offset + item_count > model->table_size) {
            cursor->has_failed = true;
            return;
        }
        for (uint32_t k = 0; k < item_count; k++)
            model->table[offset + k] = read_u32(cursor);
    }
}

static void read_data(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    model->data = list(model, cursor, count, sizeof(*model->data));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        uint32_t form = read_u32(cursor);
        if (form == 2) (void)read_u32(cursor);
        model->data[i].is_active = form != 1;
        if (form != 1) model->data[i].offset = (uint32_t)read_constant(cursor);
        model->data[i].bytes = read_bytes(cursor);
    }
    model->data_count = count;
}

/* The type of a construct: none, one value, or an index. */
static void read_block_type(struct au_model *model, struct cursor *cursor, struct model_op *op)
{
    uint64_t type = read_signed(cursor);
    if ((int64_t)type < 0) {
        op->results = type == (uint64_t)-64 ? 0 : 1;
        return;
    }
    if (type >= model->type_count) {
        cursor->has_failed = true;
        return;
    }
    op->params = model->types[type].param_count;
    op->results = model->types[type].result_count;
}

static void read_labels(struct au_model *model, struct cursor *cursor, struct model_op *op)
{
    op->count = read_count(cursor) + 1;
    op->index = model->label_count;
    for (uint32_t i = 0; i < op->count; i++)
        model->labels[model->label_count++] = read_u32(cursor);
}

/* The immediates of the instructions that have any and are no constructs. */
static void read_immediates(struct au_model *model, struct cursor *cursor, struct model_op *op)
{
    switch (op->code) {
    case OP_BR:
    case OP_BR_IF:
    case OP_CALL:
    case OP_LOCAL_GET:
    case OP_LOCAL_SET:
    case OP_LOCAL_TEE:
    case OP_GLOBAL_GET:
    case OP_GLOBAL_SET:
    case OP_MEMORY_SIZE:
    case OP_MEMORY_GROW:
    case OP_DATA_DROP:
    case OP_MEMORY_FILL: op->index = read_u32(cursor); break;
    case OP_CALL_INDIRECT:
    case OP_MEMORY_INIT:
    case OP_MEMORY_COPY:
        op->index = read_u32(cursor);
        (void)read_u32(cursor);
        break;
    case OP_BR_TABLE: read_labels(model, cursor, op); break;
    case OP_I32_CONST: op->value = (uint32_t)read_signed(cursor); break;
    case OP_I64_CONST: op->value = read_signed(cursor); break;
    case OP_F32_CONST: op->value = read_fixed(cursor, 4); break;
    case OP_F64_CONST: op->value = read_fixed(cursor, 8); break;
    default: break;
    }
    if (model_is_access(op->code)) {
        (void)read_u32(cursor);
        op->value = read_u32(cursor);
    }
}

/* Reads instructions up to the end of the body and ties every else and end to its opener. */
static uint32_t read_ops(struct au_model *model, struct cursor *cursor, struct model_op *ops)
{
    uint32_t open[AU_NESTING_MAX + 1];
    uint32_t depth = 0;
    uint32_t count = 0;
    while (cursor->pos < cursor->end && !cursor->has_failed) {
        struct model_op *op = &ops[count];
        op->code = read_u8(cursor);
        if (op->code == 0xfc) op->code = 0xfc00 + (read_u32(cursor) & 0xff);
        switch (op->code) {
        case OP_BLOCK:
        case OP_LOOP:
        case OP_IF:
            read_block_type(model, cursor, op);
            if (depth == AU_NESTING_MAX) {
                cursor->has_failed = true;
                return 0;
            }
            open[depth++] = count;
            break;
        case OP_ELSE:
        case OP_END:
            op->opener = depth == 0 ? UINT32_MAX : open[depth - 1];
            if (op->code == OP_ELSE && depth > 0) ops[open[depth - 1]].else_at = count;
            if (op->code == OP_END && depth > 0) ops[open[--depth]].end_at = count;
            break;
        default: read_immediates(model, cursor, op); break;
        }
        count++;
    }
    return count;
}

static bool is_float(uint8_t type)
{
    return type == 0x7d || type == 0x7c;
}

static bool has_floats(const uint8_t *types, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        if (is_float(types[i])) return true;
    }
    return false;
}

/* Whether an instruction gives a float: load, constant, arithmetic, conversion, call, global. */
static bool gives_float(const struct au_model *model, const struct model_op *op)
{
    static const struct {
        uint16_t first;
        uint16_t last;
    } ranges[] = {
        {0x2a, 0x2b}, {0x43, 0x44}, {0x8b, 0xa6}, {0xb2, 0xbb}, {0xbe, 0xbf},
    };
    for (size_t i = 0; i < AU_COUNT_OF(ranges); i++) {
        if (op->code >= ranges[i].first && op->code <= ranges[i].last) return true;
    }
    if (op->code == OP_GLOBAL_GET) return is_float(model->globals[op->index].type);
    if (op->code != OP_CALL && op->code != OP_CALL_INDIRECT) return false;
    const struct model_type *type =
        op->code == OP_CALL ? model_function_type(model, op->index) : &model->types[op->index];
    return has_floats(type->results, type->result_count);
}

static void read_body(struct au_model *model, struct cursor *cursor,
                      struct model_function *function)
{
    struct au_bytes body = read_bytes(cursor);
    struct cursor inner = {body.data, body.data + body.size, cursor->has_failed};
    function->body_size = (uint32_t)body.size;
    uint32_t group_count = read_count(&inner);
    for (uint32_t i = 0; i < group_count; i++) {
        function->local_count += read_u32(&inner);
        function->has_float |= is_float(read_u8(&inner));
    }
    function->ops = list(model, &inner, (uint32_t)(inner.end - inner.pos), sizeof(struct model_op));
    if (!inner.has_failed) function->op_count = read_ops(model, &inner, function->ops);
    for (uint32_t i = 0; i < function->op_count; i++) {
        uint32_t code = function->ops[i].code;
        if (code == OP_CALL || code == OP_CALL_INDIRECT) function->has_call = true;
        if (gives_float(model, &function->ops[i])) function->has_float = true;
    }
    const struct model_type *type = &model->types[function->type];
    if (has_floats(type->params, type->param_count)) function->has_float = true;
    if (has_floats(type->results, type->result_count)) function->has_float = true;
    if (function->op_count == 0) inner.has_failed = true;
    cursor->has_failed = inner.has_failed;
}

static void read_code(struct au_model *model, struct cursor *cursor)
{
    uint32_t count = read_count(cursor);
    if (count != model->function_count) cursor->has_failed = true;
    /* A label takes a byte at least. */
    model->labels = list(model, cursor, (uint32_t)(cursor->end - cursor->pos), sizeof(uint32_t));
    for (uint32_t i = 0; i < count && !cursor->has_failed; i++) {
        read_body(model, cursor, &model->functions[i]);
    }
}

static void read_section(struct au_model *model, uint8_t id, struct cursor *cursor)
{
    switch (id) {
    case 1: read_types(model, cursor); break;
    case 2: read_imports(model, cursor); break;
    case 3: read_functions(model, cursor); break;
    case 4: read_table(model, cursor); break;
    case 5: read_memory(model, cursor); break;
    case 6: read_globals(model, cursor); break;
    case 7: read_exports(model, cursor); break;
    case 8:
        model->has_start = true;
        model->start = read_u32(cursor);
        break;
    case 9: read_elements(model, cursor); break;
    case 10: read_code(model, cursor); break;
    case 11: read_data(model, cursor); break;
    default: break; /* custom sections and the count of data segments mean nothing here */
    }
}

const struct model_type *model_function_type(const struct au_model *model, uint32_t index)
{
    if (index < model->import_count) return &model->types[model->import_types[index]];
    AU_ASSERT(index - model->import_count < model->function_count);
    return &model->types[model->functions[index - model->import_count].type];
}

static enum au_err read_module(struct au_model *model)
{
    struct cursor cursor = {model->code.data, model->code.data + model->code.size, false};
    (void)read_fixed(&cursor, 8);
    while (cursor.pos < cursor.end && !cursor.has_failed) {
        uint8_t id = read_u8(&cursor);
        struct au_bytes content = read_bytes(&cursor);
        struct cursor inner = {content.data, content.data + content.size, cursor.has_failed};
        if (!inner.has_failed) read_section(model, id, &inner);
        cursor.has_failed = inner.has_failed;
    }
    if (cursor.has_failed) return AU_ERR_MALFORMED;
    for (uint32_t i = 0; i < model->function_count; i++) {
        AU_TRY(model_meter(model, &model->functions[i]));
    }
    return AU_OK;
}

enum au_err au_model_new(struct au_bytes code, const struct au_host_table *host,
                         struct au_model **out_model)
{
    struct au_arena arena;
    au_arena_init(&arena, MODEL_SIZE_MAX);
    struct au_model *model = au_arena_zero(&arena, sizeof(*model));
    if (model == NULL) return AU_ERR_NO_MEMORY;
    model->arena = arena;
    model->code = code;
    model->host = host;
    model->scratch = model_scratch_new(model);
    enum au_err err = model->scratch == NULL ? AU_ERR_NO_MEMORY : read_module(model);
    if (err != AU_OK) {
        au_model_free(model);
        return err;
    }
    *out_model = model;
    return AU_OK;
}

void au_model_free(struct au_model *model)
{
    if (model == NULL) return;
    struct au_arena arena = model->arena;
    au_arena_done(&arena);
}
