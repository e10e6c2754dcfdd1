#include "vm/module.h"

#include <stdlib.h>

#include "base/mem.h"
#include "vm/body.h"
#include "vm/rewrite.h"
#include "vm/trace.h"
#include "vm/wasm.h"

/* Above what the limits on types, functions, globals, imports and exports allow together. */
#define ARENA_SIZE_MAX      (32u << 20)
/* Compilers take time that grows faster than a function: a byte of it costs as much as there are
 * bytes around it, up to this size. */
#define COMPILE_LINEAR_SIZE 16384u
/* Where blocks and edges meet many locals, or edges and calls move many values, a unit of what
 * register allocation has to do costs this much. */
#define COMPILE_UNIT_STEPS  2500u
#define COMPILE_FREE_LOCALS 64u /* so many are no work */
#define COMPILE_CALL_UNITS  8u  /* of a value that a call moves; of one that an edge moves: 1 */

static int compare_exports(const void *left, const void *right)
{
    const struct au_export *a = left;
    const struct au_export *b = right;
    if (a->name.size != b->name.size) return a->name.size < b->name.size ? -1 : 1;
    if (a->name.size == 0) return 0;
    return memcmp(a->name.data, b->name.data, a->name.size);
}

static enum au_err copy_type(struct au_arena *arena, const struct au_func_type *type,
                             const struct au_func_type **out_type)
{
    struct au_bytes params = {type->params, type->param_count};
    struct au_bytes results = {type->results, type->result_count};
    struct au_func_type *copy = au_arena_zero(arena, sizeof *copy);
    if (copy == NULL) return AU_ERR_NO_MEMORY;
    AU_TRY(au_arena_copy(arena, params, &params));
    AU_TRY(au_arena_copy(arena, results, &results));
    *copy = (struct au_func_type){.params = params.data,
                                  .results = results.data,
                                  .param_count = type->param_count,
                                  .result_count = type->result_count};
    *out_type = copy;
    return AU_OK;
}

static enum au_err copy_exports(struct au_module_info *info, const struct wasm_module *module)
{
    struct au_export *exports = au_arena_zero(&info->arena, module->export_count * sizeof *exports);
    if (exports == NULL) return AU_ERR_NO_MEMORY;
    size_t count = 0;
    for (uint32_t i = 0; i < module->export_count; i++) {
        const struct wasm_export *from = &module->exports[i];
        if (from->kind != WASM_FUNCTION) continue;
        struct au_export *to = &exports[count++];
        to->function = from->index;
        AU_TRY(au_arena_copy(&info->arena, from->name, &to->name));
        AU_TRY(copy_type(&info->arena, wasm_function_type(module, from->index), &to->type));
    }
    if (count != 0) qsort(exports, count, sizeof *exports, compare_exports);
    info->exports = exports;
    info->export_count = count;
    return AU_OK;
}

static enum au_err copy_imports(struct au_module_info *info, const struct wasm_module *module)
{
    const struct au_host_entry **imports =
        au_arena_zero(&info->arena, module->import_count * sizeof(*imports));
    if (imports == NULL) return AU_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < module->import_count; i++) {
        imports[i] = module->imports[i].entry;
    }
    info->imports = imports;
    info->import_count = module->import_count;
    return AU_OK;
}

static enum au_err copy_names(struct au_module_info *info, struct au_bytes code)
{
    struct au_bytes *names = au_arena_zero(&info->arena, info->function_count * sizeof *names);
    if (names == NULL) return AU_ERR_NO_MEMORY;
    au_trace_names(code, info->import_count, names, info->function_count);
    for (size_t i = 0; i < info->export_count; i++) {
        uint32_t function = info->exports[i].function;
        if (function < info->import_count) continue;
        struct au_bytes *name = &names[function - info->import_count];
        if (name->size == 0) *name = info->exports[i].name;
    }
    for (uint32_t i = 0; i < info->function_count; i++) {
        AU_TRY(au_arena_copy(&info->arena, names[i], &names[i]));
    }
    info->names = names;
    return AU_OK;
}

static enum au_err make_info(const struct wasm_module *module, struct au_bytes code,
                             struct au_module_info **out_info)
{
    struct au_module_info *info = au_mem_new(sizeof *info);
    if (info == NULL) return AU_ERR_NO_MEMORY;
    au_arena_init(&info->arena, ARENA_SIZE_MAX);
    info->code_size = code.size;
    info->has_memory = module->has_memory;
    info->has_start = module->has_start;
    info->has_memory_size = module->has_memory_size;
    info->pages_min = module->pages_min;
    info->pages_max = module->pages_max;
    info->table_size = module->table_size;
    info->data_size = module->data_size;
    info->bodies_size = module->code_raw.size;
    info->function_count = module->function_count;
    info->block_count = module->block_count;
    info->compile_steps = module->compile_steps;
    enum au_err err = copy_imports(info, module);
    if (err == AU_OK) err = copy_exports(info, module);
    if (err == AU_OK && module->is_traced) err = copy_names(info, code);
    if (err != AU_OK) {
        au_module_info_free(info);
        return err;
    }
    *out_info = info;
    return AU_OK;
}

/* The price of compiling a function: of its size or of its shape, whichever is higher. */
static uint64_t body_compile_steps(const struct body_check *check, uint32_t size)
{
    uint64_t of_size = (uint64_t)size * (size < COMPILE_LINEAR_SIZE ? size : COMPILE_LINEAR_SIZE);
    uint64_t units = check->edge_values + COMPILE_CALL_UNITS * check->call_values;
    if (check->local_count > COMPILE_FREE_LOCALS) {
        units += ((uint64_t)check->block_count + check->edge_count) *
                 (check->local_count - COMPILE_FREE_LOCALS);
    }
    uint64_t of_shape = units * COMPILE_UNIT_STEPS;
    return of_size > of_shape ? of_size : of_shape;
}

/* One entry of the code section. */
static bool prepare_body(struct body_check *check, struct au_reader *reader,
                         struct wasm_module *module, struct rewrite *rewrite)
{
    const uint8_t *at = reader->pos;
    const uint8_t *section_end = reader->end;
    const uint8_t *body = NULL;
    uint32_t size = 0;
    if (!au_reader_u32(reader, &size)) return false;
    if (!au_reader_take(reader, size, &body)) return false;
    if (size > AU_BODY_SIZE_MAX) {
        return au_reader_fail(reader, AU_RULE_LIMIT, at, "body too large: %u bytes, at most %u",
                              size, AU_BODY_SIZE_MAX);
    }
    reader->pos = body;
    reader->end = body + size;
    const struct au_func_type *type = wasm_function_type(module, reader->function);
    if (!body_check_run(check, reader, type)) return false;
    reader->end = section_end;
    module->compile_steps += body_compile_steps(check, size);
    module->block_count += check->block_count;
    module->local_count += check->local_count - type->param_count;
    module->has_memory_size |= check->has_memory_size;
    if (rewrite != NULL) rewrite_body(rewrite, check, size);
    return true;
}

static bool prepare_bodies(struct body_check *check, struct au_reader *reader,
                           struct wasm_module *module, struct rewrite *rewrite)
{
    if (module->code_raw.data == NULL) return true; /* no code section: NULL + 0 is undefined */
    reader->pos = module->code_raw.data;
    reader->end = module->code_raw.data + module->code_raw.size;
    for (uint32_t i = 0; i < module->function_count; i++) {
        reader->function = module->import_count + i;
        if (!prepare_body(check, reader, module, rewrite)) return false;
    }
    reader->function = AU_REJECT_NO_FUNCTION;
    if (reader->pos != reader->end) {
        return au_reader_fail(reader, AU_RULE_MALFORMED, reader->pos,
                              "section size mismatch: %zu bytes left over in the code section",
                              (size_t)(reader->end - reader->pos));
    }
    return true;
}

static enum au_err prepare(struct au_reader *reader, struct wasm_module *module,
                           struct au_buf *out_code)
{
    struct rewrite rewrite = {.module = module, .out = out_code};
    if (!wasm_decode(reader, module)) return reader->err;
    if (out_code != NULL) {
        rewrite.block_types =
            au_arena_zero(module->arena, (module->type_count + 1) * sizeof *rewrite.block_types);
        if (rewrite.block_types == NULL) return AU_ERR_NO_MEMORY;
        rewrite_begin(&rewrite);
    }
    struct body_check *check = au_mem_new(sizeof *check);
    if (check == NULL) return AU_ERR_NO_MEMORY;
    body_check_init(check, module);
    bool is_ok = prepare_bodies(check, reader, module, out_code != NULL ? &rewrite : NULL);
    body_check_done(check);
    au_mem_free(check);
    if (!is_ok) return reader->err;
    if (out_code == NULL) return AU_OK;
    rewrite_end(&rewrite);
    return out_code->err;
}

static enum au_err prepare_form(struct au_bytes code, struct wasm_module *module,
                                struct au_buf *out_code, struct au_module_info **out_info,
                                struct au_reject *out_reject)
{
    static const uint8_t nothing[1] = {0};
    const uint8_t *start = code.size != 0 ? code.data : nothing;
    struct au_reject reject = {0};
    struct au_arena arena;
    au_arena_init(&arena, ARENA_SIZE_MAX);
    module->arena = &arena;
    struct au_reader reader = {.start = start,
                               .pos = start,
                               .end = start + code.size,
                               .function = AU_REJECT_NO_FUNCTION,
                               .reject = &reject};
    enum au_err err = prepare(&reader, module, out_code);
    if (err == AU_OK && out_code != NULL) {
        AU_ASSERT(out_code->size <=
                  REWRITE_SIZE_MAX(code.size, module->block_count, module->function_count));
    }
    if (err == AU_OK) err = make_info(module, code, out_info);
    if (err == AU_ERR_INVALID_MODULE) *out_reject = reject;
    au_arena_done(&arena);
    return err;
}

enum au_err au_module_prepare(struct au_bytes code, const struct au_host_table *host,
                              struct au_buf *out_code, struct au_module_info **out_info,
                              struct au_reject *out_reject)
{
    struct wasm_module module = {.host = host};
    return prepare_form(code, &module, out_code, out_info, out_reject);
}

enum au_err au_module_prepare_traced(struct au_bytes code, const struct au_host_table *host,
                                     struct au_buf *out_code, struct au_module_info **out_info,
                                     struct au_reject *out_reject)
{
    struct wasm_module module = {.host = host, .is_traced = true};
    return prepare_form(code, &module, out_code, out_info, out_reject);
}

void au_module_info_free(struct au_module_info *info)
{
    if (info == NULL) return;
    au_arena_done(&info->arena);
    au_mem_free(info);
}

const struct au_export *au_module_info_export(const struct au_module_info *info,
                                              struct au_bytes name)
{
    struct au_export key = {.name = name};
    if (info->export_count == 0) return NULL;
    return bsearch(&key, info->exports, info->export_count, sizeof key, compare_exports);
}
