#include "vm/trace.h"

#include <string.h>

#include "base/mem.h"
#include "vm/body.h"
#include "vm/rewrite.h"
#include "vm/wasm.h"

#define ARENA_SIZE_MAX (32u << 20)

#define HEADER_SIZE        8u /* magic and version */
#define NAMES_OF_FUNCTIONS 1  /* subsection of the name section */

#define ENGINE_FRAMES_MAX 20u /* of a trap: the engine's default */
#define ENDS_MAX          (AU_TRACE_FRAMES_MAX / 2)

void au_trace_add(struct au_trace *trace, const struct au_module_info *info, uint32_t function,
                  size_t offset)
{
    trace->is_cut = ++trace->seen == ENGINE_FRAMES_MAX;
    trace->is_traced = info->names != NULL;
    if (trace->is_traced) function--; /* all that can stand here come behind the import */
    /* Wrappers and helpers come after the module's own functions. */
    if (function >= info->import_count + info->function_count) return;
    if (trace->count == 0) trace->offset = (uint32_t)offset;
    if (trace->count == AU_TRACE_FRAMES_MAX) {
        uint32_t *outer = trace->functions + ENDS_MAX;
        memmove(outer, outer + 1, (ENDS_MAX - 1) * sizeof *outer);
        trace->left_out++;
        trace->count--;
    }
    trace->functions[trace->count++] = function;
}

/* ---- names ---- */

/* Who wants names gets all that there are. */
struct wanted {
    void *context;
    void (*take)(void *context, uint32_t function, struct au_bytes name);
};

/* Any bytes: a module is accepted whatever its custom sections hold. */
static void read_names(struct au_reader reader, const struct wanted *wanted)
{
    uint32_t count = 0;
    if (!au_reader_u32(&reader, &count)) return;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t function = 0;
        uint32_t size = 0;
        const uint8_t *data = NULL;
        if (!au_reader_u32(&reader, &function) || !au_reader_u32(&reader, &size)) return;
        if (!au_reader_take(&reader, size, &data)) return;
        wanted->take(wanted->context, function, (struct au_bytes){data, size});
    }
}

/* Takes a part that begins with its kind and size: a section, or a subsection. */
static bool take_part(struct au_reader *reader, uint8_t *out_kind, struct au_reader *out_part)
{
    uint32_t size = 0;
    const uint8_t *data = NULL;
    if (reader->pos == reader->end || !au_reader_u8(reader, out_kind)) return false;
    if (!au_reader_u32(reader, &size) || !au_reader_take(reader, size, &data)) return false;
    *out_part = *reader;
    out_part->pos = data;
    out_part->end = data + size;
    return true;
}

static void find_names(struct au_bytes code, const struct wanted *wanted)
{
    struct au_reject reject;
    struct au_reader reader = {.start = code.data,
                               .pos = code.data + HEADER_SIZE,
                               .end = code.data + code.size,
                               .function = AU_REJECT_NO_FUNCTION,
                               .reject = &reject};
    struct au_reader section;
    struct au_reader names;
    uint8_t kind = 0;
    if (code.size < HEADER_SIZE) return;
    while (take_part(&reader, &kind, &section)) {
        struct au_bytes name = {0};
        if (kind != 0 || !au_reader_name(&section, &name)) continue;
        if (!au_bytes_is_equal(name, au_bytes_of("name"))) continue;
        while (take_part(&section, &kind, &names)) {
            if (kind == NAMES_OF_FUNCTIONS) read_names(names, wanted);
        }
    }
}

/* The names of those in a trace. */
struct located {
    const struct au_trace *trace;
    struct au_location *location;
};

/* The first name counts. */
static void take_located(void *context, uint32_t function, struct au_bytes name)
{
    const struct located *located = context;
    for (uint32_t i = 0; i < located->trace->count; i++) {
        struct au_bytes *to = &located->location->names[i];
        if (located->trace->functions[i] == function && to->size == 0) *to = name;
    }
}

/* Names of functions that follow each other. */
struct range {
    uint32_t first;
    uint32_t count;
    struct au_bytes *names;
};

static void take_in_range(void *context, uint32_t function, struct au_bytes name)
{
    const struct range *range = context;
    if (function < range->first || function - range->first >= range->count) return;
    struct au_bytes *to = &range->names[function - range->first];
    if (to->size == 0) *to = name;
}

void au_trace_names(struct au_bytes code, uint32_t first, struct au_bytes *names, uint32_t count)
{
    struct range range = {first, count, names};
    find_names(code, &(struct wanted){&range, take_in_range});
}

struct au_bytes au_trace_name(struct au_bytes code, uint32_t function)
{
    struct au_bytes name = {0};
    au_trace_names(code, function, &name, 1);
    return name;
}

/* ---- the instruction ---- */

/* Sets reader to the body of a function. */
static void seek_body(struct au_reader *reader, const struct wasm_module *module, uint32_t function)
{
    reader->pos = module->code_raw.data;
    reader->end = module->code_raw.data + module->code_raw.size;
    for (uint32_t i = module->import_count;; i++) {
        uint32_t size = 0;
        const uint8_t *body = NULL;
        bool is_read = au_reader_u32(reader, &size) && au_reader_take(reader, size, &body);
        AU_ASSERT(is_read);
        if (i != function) continue;
        reader->pos = body;
        reader->end = body + size;
        reader->function = function;
        return;
    }
}

static enum au_err find_instruction(struct au_reader *reader, struct wasm_module *module,
                                    const struct au_trace *trace, struct body_check *check,
                                    struct au_location *location)
{
    struct au_buf written;
    struct rewrite_probe probe = {.offset = trace->offset};
    struct rewrite rewrite = {.module = module, .out = &written, .probe = &probe};
    rewrite.block_types =
        au_arena_zero(module->arena, (module->type_count + 1) * sizeof *rewrite.block_types);
    if (rewrite.block_types == NULL) return AU_ERR_NO_MEMORY;

    uint32_t function = trace->functions[0];
    seek_body(reader, module, function);
    const uint8_t *body = reader->pos;
    size_t size = (size_t)(reader->end - body);
    if (!body_check_run(check, reader, wasm_function_type(module, function))) return reader->err;
    au_buf_init(&written, AU_PREPARED_SIZE_MAX);
    rewrite_begin(&rewrite); /* numbers the types that the body may name */
    rewrite_body(&rewrite, check, size);
    enum au_err err = written.err;
    au_buf_done(&written);
    location->offset = (size_t)(body - reader->start) + probe.pos;
    location->is_block = probe.is_charge;
    return err;
}

static enum au_err locate(struct au_reader *reader, struct wasm_module *module,
                          const struct au_trace *trace, struct au_location *location)
{
    struct au_bytes code = {reader->start, (size_t)(reader->end - reader->start)};
    struct located located = {trace, location};
    find_names(code, &(struct wanted){&located, take_located});
    if (!wasm_decode(reader, module)) return reader->err;
    struct body_check *check = au_mem_new(sizeof *check);
    if (check == NULL) return AU_ERR_NO_MEMORY;
    body_check_init(check, module);
    enum au_err err = find_instruction(reader, module, trace, check, location);
    body_check_done(check);
    au_mem_free(check);
    return err;
}

enum au_err au_trace_locate(struct au_bytes code, const struct au_host_table *host,
                            const struct au_trace *trace, struct au_location *out_location)
{
    AU_ASSERT(trace->count > 0);
    struct au_reject reject = {0};
    struct au_arena arena;
    au_arena_init(&arena, ARENA_SIZE_MAX);
    struct wasm_module module = {.arena = &arena, .host = host, .is_traced = trace->is_traced};
    struct au_reader reader = {.start = code.data,
                               .pos = code.data,
                               .end = code.data + code.size,
                               .function = AU_REJECT_NO_FUNCTION,
                               .reject = &reject};
    *out_location = (struct au_location){0};
    enum au_err err = locate(&reader, &module, trace, out_location);
    AU_ASSERT(err != AU_ERR_INVALID_MODULE);
    au_arena_done(&arena);
    return err;
}
