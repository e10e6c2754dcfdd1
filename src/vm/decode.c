/* Sections of a module. Bodies of functions are left to body.c. */
#include <string.h>

#include "vm/gas.h"
#include "vm/limits.h"
#include "vm/wasm.h"

enum section {
    SECTION_CUSTOM = 0,
    SECTION_TYPE = 1,
    SECTION_IMPORT = 2,
    SECTION_FUNCTION = 3,
    SECTION_TABLE = 4,
    SECTION_MEMORY = 5,
    SECTION_GLOBAL = 6,
    SECTION_EXPORT = 7,
    SECTION_START = 8,
    SECTION_ELEMENT = 9,
    SECTION_CODE = 10,
    SECTION_DATA = 11,
    SECTION_DATA_COUNT = 12,
    SECTION_TAG = 13,
};

const char *wasm_type_name(uint8_t type)
{
    switch (type) {
    case AU_TYPE_I32: return "i32";
    case AU_TYPE_I64: return "i64";
    case AU_TYPE_F32: return "f32";
    case AU_TYPE_F64: return "f64";
    default: return "?";
    }
}

const struct au_func_type *wasm_function_type(const struct wasm_module *module, uint32_t index)
{
    AU_ASSERT(index < module->import_count + module->function_count);
    uint32_t type = index < module->import_count ? module->imports[index].type
                                                 : module->functions[index - module->import_count];
    return &module->types[type];
}

bool wasm_refuse_feature(struct au_reader *reader, const uint8_t *at, const char *feature)
{
    return au_reader_fail(reader, AU_RULE_FEATURE, at, "%s: not offered to contracts", feature);
}

/* The feature that a value type belongs to, or NULL. */
static const char *type_feature(uint8_t type)
{
    switch (type) {
    case 0x7b: return "SIMD (type v128)";
    case 0x70: return "reference types (type funcref)";
    case 0x6f: return "reference types (type externref)";
    case 0x64:
    case 0x63: return "function references (type ref)";
    case 0x74:
    case 0x69: return "exceptions (type exnref)";
    case 0x73:
    case 0x72:
    case 0x71:
    case 0x6e:
    case 0x6d:
    case 0x6c:
    case 0x6b:
    case 0x6a: return "GC (type anyref and below)";
    default: return NULL;
    }
}

bool wasm_read_value_type(struct au_reader *reader, uint8_t *out_type)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_u8(reader, out_type)) return false;
    if (*out_type >= AU_TYPE_F64 && *out_type <= AU_TYPE_I32) return true;
    const char *feature = type_feature(*out_type);
    if (feature != NULL) return wasm_refuse_feature(reader, at, feature);
    return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed value type 0x%02x", *out_type);
}

bool wasm_read_const(struct au_reader *reader, uint8_t type, int64_t *out_value)
{
    const uint8_t *skipped = NULL;
    switch (type) {
    case AU_TYPE_I32: return au_reader_signed(reader, 32, out_value);
    case AU_TYPE_I64: return au_reader_signed(reader, 64, out_value);
    case AU_TYPE_F32: return au_reader_take(reader, 4, &skipped);
    default: return au_reader_take(reader, 8, &skipped);
    }
}

/* A count that a limit bounds. what: plural noun. */
static bool read_count(struct au_reader *reader, const char *what, uint32_t max, uint32_t *out)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_u32(reader, out)) return false;
    if (*out > max) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at, "too many %s: %u, at most %u", what, *out,
                              max);
    }
    return true;
}

/* NULL when the heap is used up; the failure is noted. */
static void *take_array(struct au_reader *reader, const struct wasm_module *module, size_t count,
                        size_t size)
{
    void *array = au_arena_zero(module->arena, count * size);
    if (array == NULL) (void)au_reader_no_memory(reader);
    return array;
}

static struct au_bytes raw_since(const struct au_reader *reader, const uint8_t *from)
{
    return (struct au_bytes){from, (size_t)(reader->pos - from)};
}

/* The types of parameters or results, kept where they stand in the module. */
static bool read_value_types(struct au_reader *reader, const char *what, uint32_t max,
                             const uint8_t **out_types, uint8_t *out_count)
{
    uint32_t count = 0;
    uint8_t type = 0;
    if (!read_count(reader, what, max, &count)) return false;
    *out_types = reader->pos;
    *out_count = (uint8_t)count;
    for (uint32_t i = 0; i < count; i++) {
        if (!wasm_read_value_type(reader, &type)) return false;
    }
    return true;
}

static bool read_types(struct au_reader *reader, struct wasm_module *module)
{
    if (!read_count(reader, "types", AU_TYPES_MAX, &module->type_count)) return false;
    struct au_func_type *types = take_array(reader, module, module->type_count, sizeof *types);
    if (types == NULL) return false;
    const uint8_t *from = reader->pos;
    for (uint32_t i = 0; i < module->type_count; i++) {
        const uint8_t *at = reader->pos;
        uint8_t form = 0;
        if (!au_reader_u8(reader, &form)) return false;
        if (form >= 0x4d && form <= 0x5f) return wasm_refuse_feature(reader, at, "GC types");
        if (form != 0x60) {
            return au_reader_fail(reader, AU_RULE_MALFORMED, at,
                                  "malformed type: 0x60 (function) expected, got 0x%02x", form);
        }
        struct au_func_type *type = &types[i];
        if (!read_value_types(reader, "parameters", AU_PARAMS_MAX, &type->params,
                              &type->param_count)) {
            return false;
        }
        if (!read_value_types(reader, "results", AU_RESULTS_MAX, &type->results,
                              &type->result_count)) {
            return false;
        }
    }
    module->types = types;
    module->types_raw = raw_since(reader, from);
    return true;
}

static bool read_type_index(struct au_reader *reader, const struct wasm_module *module,
                            uint32_t *out_index)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_u32(reader, out_index)) return false;
    if (*out_index >= module->type_count) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown type %u: the module has %u",
                              *out_index, module->type_count);
    }
    return true;
}

static const struct au_host_entry *find_host(const struct au_host_table *host, struct au_bytes name)
{
    for (size_t i = 0; i < host->count; i++) {
        if (au_bytes_is_equal(au_bytes_of(host->entries[i].name), name)) return &host->entries[i];
    }
    return NULL;
}

static uint8_t type_of_letter(char letter)
{
    switch (letter) {
    case 'i': return AU_TYPE_I32;
    case 'I': return AU_TYPE_I64;
    case 'f': return AU_TYPE_F32;
    default: return AU_TYPE_F64;
    }
}

static bool is_signature(const uint8_t *types, size_t count, const char *letters)
{
    if (strlen(letters) != count) return false;
    for (size_t i = 0; i < count; i++) {
        if (types[i] != type_of_letter(letters[i])) return false;
    }
    return true;
}

/* At most 64 bytes of a name from the module, for a message. */
static int shown_size(struct au_bytes name)
{
    return name.size > 64 ? 64 : (int)name.size;
}

static bool read_import_name(struct au_reader *reader, struct au_bytes *out_name)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_name(reader, out_name)) return false;
    if (out_name->size > AU_NAME_SIZE_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at, "name too long: %zu bytes, at most %u",
                              out_name->size, AU_NAME_SIZE_MAX);
    }
    return true;
}

static bool check_import(struct au_reader *reader, const struct wasm_module *module,
                         struct au_bytes from, struct au_bytes name, struct wasm_import *import,
                         const uint8_t *at)
{
    const struct au_host_table *host = module->host;
    bool is_ours = au_bytes_is_equal(from, au_bytes_of(host->module));
    import->entry = is_ours ? find_host(host, name) : NULL;
    if (import->entry == NULL) {
        return au_reader_fail(reader, AU_RULE_IMPORT, at,
                              is_ours ? "unknown import %.*s.%.*s: %s has no such function"
                                      : "unknown import %.*s.%.*s: contracts import from %s only",
                              shown_size(from), (const char *)from.data, shown_size(name),
                              (const char *)name.data, host->module);
    }
    const struct au_func_type *type = &module->types[import->type];
    if (!is_signature(type->params, type->param_count, import->entry->params) ||
        !is_signature(type->results, type->result_count, import->entry->results)) {
        return au_reader_fail(reader, AU_RULE_IMPORT, at,
                              "import %s.%s has another type: (%s) -> (%s) expected, i = i32, "
                              "I = i64",
                              host->module, import->entry->name, import->entry->params,
                              import->entry->results);
    }
    return true;
}

static bool read_import(struct au_reader *reader, const struct wasm_module *module,
                        struct wasm_import *import)
{
    static const char *const kinds[] = {"function", "table", "memory", "global", "tag"};
    const uint8_t *at = reader->pos;
    struct au_bytes from = {0};
    struct au_bytes name = {0};
    uint8_t kind = 0;
    if (!read_import_name(reader, &from)) return false;
    if (!read_import_name(reader, &name)) return false;
    const uint8_t *kind_at = reader->pos;
    if (!au_reader_u8(reader, &kind)) return false;
    if (kind >= AU_COUNT_OF(kinds)) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, kind_at, "malformed import kind 0x%02x",
                              kind);
    }
    if (kind != WASM_FUNCTION) {
        return au_reader_fail(reader, AU_RULE_IMPORT, at,
                              "imported %s %.*s.%.*s: contracts import functions only", kinds[kind],
                              shown_size(from), (const char *)from.data, shown_size(name),
                              (const char *)name.data);
    }
    if (!read_type_index(reader, module, &import->type)) return false;
    return check_import(reader, module, from, name, import, at);
}

static bool read_imports(struct au_reader *reader, struct wasm_module *module)
{
    uint32_t count = 0;
    if (!read_count(reader, "imports", AU_IMPORTS_MAX, &count)) return false;
    struct wasm_import *imports = take_array(reader, module, count, sizeof *imports);
    if (imports == NULL) return false;
    for (uint32_t i = 0; i < count; i++) {
        if (!read_import(reader, module, &imports[i])) return false;
    }
    module->imports = imports;
    module->import_count = count;
    return true;
}

static bool read_functions(struct au_reader *reader, struct wasm_module *module)
{
    if (!read_count(reader, "functions", AU_FUNCTIONS_MAX, &module->function_count)) return false;
    uint32_t *functions = take_array(reader, module, module->function_count, sizeof *functions);
    if (functions == NULL) return false;
    const uint8_t *from = reader->pos;
    for (uint32_t i = 0; i < module->function_count; i++) {
        if (!read_type_index(reader, module, &functions[i])) return false;
    }
    module->functions = functions;
    module->functions_raw = raw_since(reader, from);
    return true;
}

/* Limits of a table or memory. what: for messages. cap: the greatest value the format allows. */
static bool read_limits(struct au_reader *reader, const char *what, uint32_t cap, uint32_t *out_min,
                        uint32_t *out_max)
{
    const uint8_t *at = reader->pos;
    uint8_t flags = 0;
    if (!au_reader_u8(reader, &flags)) return false;
    if (flags > 0x0f) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed limits flags 0x%02x of %s",
                              flags, what);
    }
    if (flags & 8) return wasm_refuse_feature(reader, at, "custom page sizes");
    if (flags & 4) return wasm_refuse_feature(reader, at, "memory64");
    if (flags & 2) return wasm_refuse_feature(reader, at, "threads (shared memory)");
    if (!au_reader_u32(reader, out_min)) return false;
    *out_max = cap;
    if ((flags & 1) && !au_reader_u32(reader, out_max)) return false;
    if (*out_min > cap || *out_max > cap) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "size of %s: at most %u", what, cap);
    }
    if (*out_min > *out_max) {
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "size minimum of %s must not be greater than maximum", what);
    }
    return true;
}

static bool read_table(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    uint32_t count = 0;
    uint32_t max = 0;
    uint8_t type = 0;
    if (!au_reader_u32(reader, &count)) return false;
    if (count > 1) return wasm_refuse_feature(reader, at, "more than one table");
    if (count == 0) return true;
    at = reader->pos;
    if (!au_reader_u8(reader, &type)) return false;
    if (type == 0x40) return wasm_refuse_feature(reader, at, "table initialisers");
    const char *feature = type_feature(type);
    if (type != 0x70 && feature != NULL) return wasm_refuse_feature(reader, at, feature);
    if (type != 0x70) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed reference type 0x%02x",
                              type);
    }
    at = reader->pos;
    if (!read_limits(reader, "the table", UINT32_MAX, &module->table_size, &max)) return false;
    if (module->table_size > AU_TABLE_SIZE_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at, "table too large: %u entries, at most %u",
                              module->table_size, AU_TABLE_SIZE_MAX);
    }
    module->has_table = true;
    return true;
}

static bool read_memory(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    uint32_t count = 0;
    if (!au_reader_u32(reader, &count)) return false;
    if (count > 1) return wasm_refuse_feature(reader, at, "more than one memory");
    if (count == 0) return true;
    at = reader->pos;
    if (!read_limits(reader, "the memory", 65536, &module->pages_min, &module->pages_max)) {
        return false;
    }
    if (module->pages_min > AU_PAGES_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at,
                              "memory too large: minimum of %u pages, at most %u",
                              module->pages_min, AU_PAGES_MAX);
    }
    if (module->pages_max > AU_PAGES_MAX) module->pages_max = AU_PAGES_MAX;
    module->has_memory = true;
    return true;
}

static bool read_const_op(struct au_reader *reader, uint8_t type)
{
    const uint8_t *at = reader->pos;
    uint8_t byte = 0;
    if (!au_reader_u8(reader, &byte)) return false;
    const struct au_op *op = &au_ops[byte];
    if (op->kind != AU_KIND_CONST) {
        const char *feature = au_op_feature(byte);
        if (feature != NULL) return wasm_refuse_feature(reader, at, feature);
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "constant expression required: one const instruction, got %s",
                              op->name != NULL ? op->name : "an unknown instruction");
    }
    if (op->push != type) {
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "type mismatch in constant expression: %s expected, got %s",
                              wasm_type_name(type), wasm_type_name(op->push));
    }
    return true;
}

/* One const instruction of the type, and end. out_u32: its value, if it is an i32. */
static bool read_const_expr(struct au_reader *reader, uint8_t type, uint32_t *out_u32)
{
    uint8_t end = 0;
    int64_t value = 0;
    if (!read_const_op(reader, type)) return false;
    if (!wasm_read_const(reader, type, &value)) return false;
    *out_u32 = (uint32_t)value;
    const uint8_t *at = reader->pos;
    if (!au_reader_u8(reader, &end)) return false;
    if (end != 0x0b) {
        return au_reader_fail(reader, AU_RULE_FEATURE, at,
                              "extended constant expressions: one const instruction and end "
                              "expected");
    }
    return true;
}

static bool read_globals(struct au_reader *reader, struct wasm_module *module)
{
    if (!read_count(reader, "globals", AU_GLOBALS_MAX, &module->global_count)) return false;
    struct wasm_global *globals = take_array(reader, module, module->global_count, sizeof *globals);
    if (globals == NULL) return false;
    const uint8_t *from = reader->pos;
    for (uint32_t i = 0; i < module->global_count; i++) {
        uint8_t mutability = 0;
        uint32_t value = 0;
        if (!wasm_read_value_type(reader, &globals[i].type)) return false;
        const uint8_t *at = reader->pos;
        if (!au_reader_u8(reader, &mutability)) return false;
        if (mutability > 1) {
            return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed mutability 0x%02x",
                                  mutability);
        }
        globals[i].is_mutable = mutability == 1;
        if (!read_const_expr(reader, globals[i].type, &value)) return false;
    }
    module->globals = globals;
    module->globals_raw = raw_since(reader, from);
    return true;
}

/* How many things of a kind a module has. */
static uint32_t count_of(const struct wasm_module *module, uint8_t kind)
{
    switch ((enum wasm_extern)kind) {
    case WASM_FUNCTION: return module->import_count + module->function_count;
    case WASM_TABLE: return module->has_table ? 1 : 0;
    case WASM_MEMORY: return module->has_memory ? 1 : 0;
    case WASM_GLOBAL: return module->global_count;
    }
    return 0;
}

static bool read_export(struct au_reader *reader, const struct wasm_module *module,
                        struct wasm_export *export_)
{
    static const char *const kinds[] = {"function", "table", "memory", "global"};
    const uint8_t *at = reader->pos;
    if (!read_import_name(reader, &export_->name)) return false;
    if (export_->name.size >= 8 && memcmp(export_->name.data, "__aureon", 8) == 0) {
        return au_reader_fail(reader, AU_RULE_FEATURE, at,
                              "export names starting with __aureon are reserved");
    }
    at = reader->pos;
    if (!au_reader_u8(reader, &export_->kind)) return false;
    if (export_->kind == 4) return wasm_refuse_feature(reader, at, "exceptions (exported tag)");
    if (export_->kind > WASM_GLOBAL) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed export kind 0x%02x",
                              export_->kind);
    }
    at = reader->pos;
    if (!au_reader_u32(reader, &export_->index)) return false;
    if (export_->index >= count_of(module, export_->kind)) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown %s %u: the module has %u",
                              kinds[export_->kind], export_->index,
                              count_of(module, export_->kind));
    }
    return true;
}

static bool read_exports(struct au_reader *reader, struct wasm_module *module)
{
    uint32_t count = 0;
    if (!read_count(reader, "exports", AU_EXPORTS_MAX, &count)) return false;
    struct wasm_export *exports = take_array(reader, module, count, sizeof *exports);
    if (exports == NULL) return false;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = reader->pos;
        if (!read_export(reader, module, &exports[i])) return false;
        /* at most 256 x 256 / 2 comparisons, nearly all of them of sizes or first bytes */
        for (uint32_t k = 0; k < i; k++) {
            if (au_bytes_is_equal(exports[k].name, exports[i].name)) {
                return au_reader_fail(reader, AU_RULE_TYPE, at, "duplicate export name \"%.*s\"",
                                      shown_size(exports[i].name),
                                      (const char *)exports[i].name.data);
            }
        }
    }
    module->exports = exports;
    module->export_count = count;
    return true;
}

static bool read_function_index(struct au_reader *reader, const struct wasm_module *module,
                                uint32_t *out_index)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_u32(reader, out_index)) return false;
    if (*out_index >= count_of(module, WASM_FUNCTION)) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown function %u: the module has %u",
                              *out_index, count_of(module, WASM_FUNCTION));
    }
    return true;
}

static bool read_start(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    if (!read_function_index(reader, module, &module->start)) return false;
    const struct au_func_type *type = wasm_function_type(module, module->start);
    if (type->param_count != 0 || type->result_count != 0) {
        return au_reader_fail(reader, AU_RULE_TYPE, at,
                              "start function: no parameters and no results expected");
    }
    module->has_start = true;
    return true;
}

static bool read_segment_count(struct au_reader *reader, const struct wasm_module *module,
                               uint32_t *out_count)
{
    const uint8_t *at = reader->pos;
    if (!au_reader_u32(reader, out_count)) return false;
    if (*out_count > AU_SEGMENTS_MAX - module->element_count) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at,
                              "too many segments: %u, at most %u elements and data together",
                              *out_count + module->element_count, AU_SEGMENTS_MAX);
    }
    return true;
}

/* The head of an element segment: active, in table 0, of function indices. */
static bool read_element_head(struct au_reader *reader, const struct wasm_module *module,
                              uint32_t *out_offset)
{
    const uint8_t *at = reader->pos;
    uint32_t flags = 0;
    uint32_t table = 0;
    uint8_t kind = 0;
    if (!au_reader_u32(reader, &flags)) return false;
    if (flags > 7) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed element segment flags %u",
                              flags);
    }
    if (flags & 1) {
        return wasm_refuse_feature(reader, at, "passive and declarative element segments");
    }
    if (flags & 4) {
        return wasm_refuse_feature(reader, at, "reference types (element expressions)");
    }
    at = reader->pos;
    if (flags == 2 && !au_reader_u32(reader, &table)) return false;
    if (table != 0 || !module->has_table) {
        return au_reader_fail(reader, AU_RULE_TYPE, at, "unknown table %u", table);
    }
    if (!read_const_expr(reader, AU_TYPE_I32, out_offset)) return false;
    at = reader->pos;
    if (flags == 2 && !au_reader_u8(reader, &kind)) return false;
    if (kind != 0) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed element kind 0x%02x", kind);
    }
    return true;
}

static bool read_elements(struct au_reader *reader, struct wasm_module *module)
{
    uint32_t count = 0;
    if (!read_segment_count(reader, module, &count)) return false;
    const uint8_t *from = reader->pos;
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *at = reader->pos;
        uint32_t offset = 0;
        uint32_t size = 0;
        uint32_t index = 0;
        if (!read_element_head(reader, module, &offset)) return false;
        if (!au_reader_u32(reader, &size)) return false;
        if ((uint64_t)offset + size > module->table_size) {
            return au_reader_fail(reader, AU_RULE_SEGMENT, at,
                                  "element segment out of bounds: entries %u to %llu of a table "
                                  "of %u",
                                  offset, (unsigned long long)offset + size, module->table_size);
        }
        for (uint32_t k = 0; k < size; k++) {
            if (!read_function_index(reader, module, &index)) return false;
        }
    }
    module->element_count = count;
    module->elements_raw = raw_since(reader, from);
    return true;
}

static bool read_data_count(struct au_reader *reader, struct wasm_module *module)
{
    if (!read_segment_count(reader, module, &module->data_count)) return false;
    module->has_data_count = true;
    return true;
}

static bool read_data_segment(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    uint32_t flags = 0;
    uint32_t memory = 0;
    uint32_t offset = 0;
    uint32_t size = 0;
    const uint8_t *data = NULL;
    if (!au_reader_u32(reader, &flags)) return false;
    if (flags > 2) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed data segment flags %u",
                              flags);
    }
    const uint8_t *memory_at = reader->pos;
    if (flags == 2 && !au_reader_u32(reader, &memory)) return false;
    if (flags != 1) {
        if (memory != 0 || !module->has_memory) {
            return au_reader_fail(reader, AU_RULE_TYPE, memory_at, "unknown memory %u", memory);
        }
        if (!read_const_expr(reader, AU_TYPE_I32, &offset)) return false;
    }
    if (!au_reader_u32(reader, &size)) return false;
    if (!au_reader_take(reader, size, &data)) return false;
    if (flags == 1) return true;
    uint64_t memory_size = (uint64_t)module->pages_min * AU_PAGE_SIZE;
    if ((uint64_t)offset + size > memory_size) {
        return au_reader_fail(reader, AU_RULE_SEGMENT, at,
                              "data segment out of bounds: bytes %u to %llu of a memory of %llu",
                              offset, (unsigned long long)offset + size,
                              (unsigned long long)memory_size);
    }
    module->data_size += size;
    return true;
}

static bool read_data(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    uint32_t count = 0;
    if (!read_segment_count(reader, module, &count)) return false;
    if (module->has_data_count && count != module->data_count) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at,
                              "data count and data section have inconsistent lengths: %u and %u",
                              module->data_count, count);
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!read_data_segment(reader, module)) return false;
    }
    module->data_raw = raw_since(reader, at);
    return true;
}

static bool read_code(struct au_reader *reader, struct wasm_module *module)
{
    const uint8_t *at = reader->pos;
    uint32_t count = 0;
    if (!au_reader_u32(reader, &count)) return false;
    if (count != module->function_count) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at,
                              "function and code section have inconsistent lengths: %u and %u",
                              module->function_count, count);
    }
    module->code_raw = (struct au_bytes){reader->pos, (size_t)(reader->end - reader->pos)};
    reader->pos = reader->end;
    return true;
}

static bool read_custom(struct au_reader *reader, struct wasm_module *module)
{
    struct au_bytes name = {0};
    (void)module;
    if (!au_reader_name(reader, &name)) return false;
    reader->pos = reader->end;
    return true;
}

typedef bool section_fn(struct au_reader *reader, struct wasm_module *module);

/* order: the place of a section among the others; 0 = anywhere */
static const struct {
    section_fn *read;
    uint8_t order;
} sections[] = {
    [SECTION_CUSTOM] = {read_custom, 0},
    [SECTION_TYPE] = {read_types, 1},
    [SECTION_IMPORT] = {read_imports, 2},
    [SECTION_FUNCTION] = {read_functions, 3},
    [SECTION_TABLE] = {read_table, 4},
    [SECTION_MEMORY] = {read_memory, 5},
    [SECTION_GLOBAL] = {read_globals, 6},
    [SECTION_EXPORT] = {read_exports, 7},
    [SECTION_START] = {read_start, 8},
    [SECTION_ELEMENT] = {read_elements, 9},
    [SECTION_DATA_COUNT] = {read_data_count, 10},
    [SECTION_CODE] = {read_code, 11},
    [SECTION_DATA] = {read_data, 12},
};

static bool read_header(struct au_reader *reader)
{
    static const uint8_t magic[8] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    size_t size = (size_t)(reader->end - reader->start);
    if (size > AU_CODE_SIZE_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, reader->start,
                              "code too large: %zu bytes, at most %u", size, AU_CODE_SIZE_MAX);
    }
    if (size < sizeof magic || memcmp(reader->start, magic, 4) != 0) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->start,
                              "magic header not detected: \\0asm expected");
    }
    if (memcmp(reader->start, magic, sizeof magic) != 0) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->start + 4,
                              "unknown binary version: 1 expected");
    }
    reader->pos += sizeof magic;
    return true;
}

static bool read_section(struct au_reader *reader, struct wasm_module *module, uint8_t *last_order)
{
    const uint8_t *at = reader->pos;
    const uint8_t *module_end = reader->end;
    const uint8_t *content = NULL;
    uint8_t id = 0;
    uint32_t size = 0;
    if (!au_reader_u8(reader, &id)) return false;
    if (id == SECTION_TAG) return wasm_refuse_feature(reader, at, "exceptions (tag section)");
    if (id >= AU_COUNT_OF(sections)) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, at, "malformed section id %u", id);
    }
    if (!au_reader_u32(reader, &size)) return false;
    if (!au_reader_take(reader, size, &content)) return false;
    if (sections[id].order != 0) {
        if (sections[id].order <= *last_order) {
            return au_reader_fail(reader, AU_RULE_MALFORMED, at,
                                  "unexpected content after last section: section %u out of order",
                                  id);
        }
        *last_order = sections[id].order;
    }
    reader->pos = content;
    reader->end = content + size;
    if (!sections[id].read(reader, module)) return false;
    if (reader->pos != reader->end) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "section size mismatch: %zu bytes left over in section %u",
                              (size_t)(reader->end - reader->pos), id);
    }
    reader->end = module_end;
    return true;
}

static void set_costs(struct wasm_module *module)
{
    module->cost[AU_COST_FREE] = AU_GAS_FREE;
    module->cost[AU_COST_SIMPLE] = AU_GAS_SIMPLE;
    module->cost[AU_COST_MEMORY] = module->pages_max <= 4    ? AU_GAS_MEMORY_SMALL
                                   : module->pages_max <= 32 ? AU_GAS_MEMORY_MEDIUM
                                                             : AU_GAS_MEMORY_LARGE;
    module->cost[AU_COST_DIVISION] = AU_GAS_DIVISION;
    module->cost[AU_COST_FLOAT_ROUND] = AU_GAS_FLOAT_ROUND;
    module->cost[AU_COST_FLOAT_MUL] = AU_GAS_FLOAT_MUL;
    module->cost[AU_COST_FLOAT_DIV] = AU_GAS_FLOAT_DIV;
    module->cost[AU_COST_CALL] = AU_GAS_CALL;
    module->cost[AU_COST_CALL_INDIRECT] = AU_GAS_CALL_INDIRECT;
    module->cost[AU_COST_GROW] = AU_GAS_GROW;
}

bool wasm_decode(struct au_reader *reader, struct wasm_module *module)
{
    uint8_t last_order = 0;
    if (!read_header(reader)) return false;
    while (reader->pos != reader->end) {
        if (!read_section(reader, module, &last_order)) return false;
    }
    if (module->function_count != 0 && module->code_raw.data == NULL) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "function and code section have inconsistent lengths: %u and 0",
                              module->function_count);
    }
    if (module->data_count != 0 && module->data_raw.data == NULL) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "data count and data section have inconsistent lengths: %u and 0",
                              module->data_count);
    }
    set_costs(module);
    return true;
}
