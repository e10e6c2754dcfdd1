/* Writes WebAssembly modules byte by byte, for tests of the validator and the instrumenter.
 *
 * Items go to their sections in any order; builder_build puts the sections in the order of the
 * format. Nothing is checked: most callers want a broken module. Errors of the heap stick in the
 * buffers and fail builder_build.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TEST_WASM_BUILDER_H
#define AUREON_TEST_WASM_BUILDER_H

#include <string.h>

#include "base/buf.h"
#include "vm/module.h"

/* Bytes, as an initialiser of a table and as a value. */
#define BYTES_INIT(...)                                                        \
    {                                                                          \
        (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}) \
    }
#define BYTES(...) ((struct au_bytes)BYTES_INIT(__VA_ARGS__))

enum {
    BUILDER_CUSTOM = 0,
    BUILDER_TYPE = 1,
    BUILDER_IMPORT = 2,
    BUILDER_FUNCTION = 3,
    BUILDER_TABLE = 4,
    BUILDER_MEMORY = 5,
    BUILDER_GLOBAL = 6,
    BUILDER_EXPORT = 7,
    BUILDER_START = 8,
    BUILDER_ELEMENT = 9,
    BUILDER_CODE = 10,
    BUILDER_DATA = 11,
    BUILDER_DATA_COUNT = 12,
    BUILDER_SECTIONS = 13,
};

enum { EXTERN_FUNCTION = 0, EXTERN_TABLE = 1, EXTERN_MEMORY = 2, EXTERN_GLOBAL = 3 };

enum {
    OP_UNREACHABLE = 0x00,
    OP_NOP = 0x01,
    OP_BLOCK = 0x02,
    OP_LOOP = 0x03,
    OP_IF = 0x04,
    OP_ELSE = 0x05,
    OP_END = 0x0b,
    OP_BR = 0x0c,
    OP_BR_IF = 0x0d,
    OP_BR_TABLE = 0x0e,
    OP_RETURN = 0x0f,
    OP_CALL = 0x10,
    OP_CALL_INDIRECT = 0x11,
    OP_DROP = 0x1a,
    OP_SELECT = 0x1b,
    OP_GET = 0x20,
    OP_SET = 0x21,
    OP_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_I32_LOAD = 0x28,
    OP_I32_STORE = 0x36,
    OP_MEMORY_SIZE = 0x3f,
    OP_MEMORY_GROW = 0x40,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_F32_CONST = 0x43,
    OP_F64_CONST = 0x44,
    OP_I32_DIV_U = 0x6e,
    OP_I32_ADD = 0x6a,
    OP_FC = 0xfc,
    FC_MEMORY_INIT = 8,
    FC_DATA_DROP = 9,
    FC_MEMORY_COPY = 10,
    FC_MEMORY_FILL = 11,
    VOID = 0x40,
    I32 = AU_TYPE_I32,
    I64 = AU_TYPE_I64,
};

#define BUILDER_SIZE_MAX (2u << 20)
#define BUILDER_NO_MAX   UINT32_MAX /* limits without a maximum */

struct wasm_builder {
    struct au_buf items[BUILDER_SECTIONS];
    uint32_t counts[BUILDER_SECTIONS];
    struct au_buf module;
};

static inline void builder_init(struct wasm_builder *builder)
{
    *builder = (struct wasm_builder){0};
    for (int i = 0; i < BUILDER_SECTIONS; i++)
        au_buf_init(&builder->items[i], BUILDER_SIZE_MAX);
    au_buf_init(&builder->module, 2 * BUILDER_SIZE_MAX);
}

static inline void builder_done(struct wasm_builder *builder)
{
    for (int i = 0; i < BUILDER_SECTIONS; i++)
        au_buf_done(&builder->items[i]);
    au_buf_done(&builder->module);
}

static inline void put_leb(struct au_buf *out, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        au_buf_put_u8(out, (uint8_t)(value | 0x80));
    au_buf_put_u8(out, (uint8_t)value);
}

/* Constants and offsets of segments are never negative here. */
static inline void put_signed_leb(struct au_buf *out, uint32_t value)
{
    for (; value >= 0x40; value >>= 7)
        au_buf_put_u8(out, (uint8_t)(value | 0x80));
    au_buf_put_u8(out, (uint8_t)value);
}

static inline void put_text(struct au_buf *out, const char *text)
{
    put_leb(out, (uint32_t)strlen(text));
    au_buf_put_bytes(out, au_bytes_of(text));
}

static inline void put_all(struct au_buf *out, struct au_bytes bytes, uint32_t times)
{
    for (uint32_t i = 0; i < times; i++)
        au_buf_put_bytes(out, bytes);
}

/* builder_add puts bytes into a section as one more item of its vector. */
static inline void builder_add(struct wasm_builder *builder, uint8_t section, struct au_bytes bytes)
{
    au_buf_put_bytes(&builder->items[section], bytes);
    builder->counts[section]++;
}

static inline void put_types_of(struct au_buf *out, const char *letters)
{
    put_leb(out, (uint32_t)strlen(letters));
    for (const char *c = letters; *c != 0; c++) {
        au_buf_put_u8(out, *c == 'i'   ? AU_TYPE_I32
                           : *c == 'I' ? AU_TYPE_I64
                           : *c == 'f' ? AU_TYPE_F32
                                       : AU_TYPE_F64);
    }
}

/* builder_type adds a function type by letters (vm/host_table.h) and gives its index. */
static inline uint32_t builder_type(struct wasm_builder *builder, const char *params,
                                    const char *results)
{
    struct au_buf *out = &builder->items[BUILDER_TYPE];
    au_buf_put_u8(out, 0x60);
    put_types_of(out, params);
    put_types_of(out, results);
    return builder->counts[BUILDER_TYPE]++;
}

static inline void builder_import(struct wasm_builder *builder, const char *from, const char *name,
                                  struct au_bytes description)
{
    struct au_buf *out = &builder->items[BUILDER_IMPORT];
    put_text(out, from);
    put_text(out, name);
    builder_add(builder, BUILDER_IMPORT, description);
}

/* builder_body adds a function whose code entry is body, locals included. */
static inline void builder_body(struct wasm_builder *builder, uint32_t type, struct au_bytes body)
{
    put_leb(&builder->items[BUILDER_FUNCTION], type);
    builder->counts[BUILDER_FUNCTION]++;
    put_leb(&builder->items[BUILDER_CODE], (uint32_t)body.size);
    builder_add(builder, BUILDER_CODE, body);
}

/* builder_function adds a function without locals. */
static inline void builder_function(struct wasm_builder *builder, uint32_t type,
                                    struct au_bytes code)
{
    put_leb(&builder->items[BUILDER_FUNCTION], type);
    builder->counts[BUILDER_FUNCTION]++;
    put_leb(&builder->items[BUILDER_CODE], (uint32_t)code.size + 1);
    au_buf_put_u8(&builder->items[BUILDER_CODE], 0);
    builder_add(builder, BUILDER_CODE, code);
}

static inline void put_limits(struct au_buf *out, uint32_t min, uint32_t max)
{
    au_buf_put_u8(out, max == BUILDER_NO_MAX ? 0 : 1);
    put_leb(out, min);
    if (max != BUILDER_NO_MAX) put_leb(out, max);
}

static inline void builder_memory(struct wasm_builder *builder, uint32_t min, uint32_t max)
{
    put_limits(&builder->items[BUILDER_MEMORY], min, max);
    builder->counts[BUILDER_MEMORY]++;
}

static inline void builder_table(struct wasm_builder *builder, uint32_t min, uint32_t max)
{
    au_buf_put_u8(&builder->items[BUILDER_TABLE], 0x70);
    put_limits(&builder->items[BUILDER_TABLE], min, max);
    builder->counts[BUILDER_TABLE]++;
}

/* builder_global adds a mutable i32 of value 0. */
static inline void builder_global(struct wasm_builder *builder)
{
    builder_add(builder, BUILDER_GLOBAL, BYTES(I32, 1, OP_I32_CONST, 0, OP_END));
}

static inline void builder_export(struct wasm_builder *builder, const char *name, uint8_t kind,
                                  uint32_t index)
{
    struct au_buf *out = &builder->items[BUILDER_EXPORT];
    put_text(out, name);
    au_buf_put_u8(out, kind);
    put_leb(out, index);
    builder->counts[BUILDER_EXPORT]++;
}

/* builder_element adds an active segment of one function. */
static inline void builder_element(struct wasm_builder *builder, uint32_t offset, uint32_t function)
{
    struct au_buf *out = &builder->items[BUILDER_ELEMENT];
    au_buf_put_u8(out, 0);
    au_buf_put_u8(out, OP_I32_CONST);
    put_signed_leb(out, offset);
    au_buf_put_u8(out, OP_END);
    au_buf_put_u8(out, 1);
    put_leb(out, function);
    builder->counts[BUILDER_ELEMENT]++;
}

/* builder_data adds an active segment of one byte. */
static inline void builder_data(struct wasm_builder *builder, uint32_t offset)
{
    struct au_buf *out = &builder->items[BUILDER_DATA];
    au_buf_put_u8(out, 0);
    au_buf_put_u8(out, OP_I32_CONST);
    put_signed_leb(out, offset);
    builder_add(builder, BUILDER_DATA, BYTES(OP_END, 1, 0xaa));
}

/* A section with a number in place of a vector: start, data count. */
static inline void builder_number(struct wasm_builder *builder, uint8_t section, uint32_t value)
{
    au_buf_clear(&builder->items[section]);
    put_leb(&builder->items[section], value);
    builder->counts[section] = 1;
}

static inline void builder_put_section(struct wasm_builder *builder, uint8_t id)
{
    static const uint8_t no_vector[BUILDER_SECTIONS] = {
        [BUILDER_CUSTOM] = 1, [BUILDER_START] = 1, [BUILDER_DATA_COUNT] = 1};
    struct au_buf *out = &builder->module;
    struct au_buf count;
    au_buf_init(&count, 8);
    if (!no_vector[id]) put_leb(&count, builder->counts[id]);
    au_buf_put_u8(out, id);
    put_leb(out, (uint32_t)(count.size + builder->items[id].size));
    au_buf_put_bytes(out, au_buf_bytes(&count));
    au_buf_put_bytes(out, au_buf_bytes(&builder->items[id]));
    au_buf_done(&count);
}

/* builder_build gives the module; borrowed until the builder's next call. */
static inline struct au_bytes builder_build(struct wasm_builder *builder)
{
    static const uint8_t order[] = {
        BUILDER_TYPE,   BUILDER_IMPORT, BUILDER_FUNCTION, BUILDER_TABLE,   BUILDER_MEMORY,
        BUILDER_GLOBAL, BUILDER_EXPORT, BUILDER_START,    BUILDER_ELEMENT, BUILDER_DATA_COUNT,
        BUILDER_CODE,   BUILDER_DATA,   BUILDER_CUSTOM};
    au_buf_clear(&builder->module);
    au_buf_put_bytes(&builder->module, BYTES(0, 'a', 's', 'm', 1, 0, 0, 0));
    for (size_t i = 0; i < sizeof order; i++) {
        AU_ASSERT(builder->items[order[i]].err == AU_OK);
        if (builder->counts[order[i]] != 0) builder_put_section(builder, order[i]);
    }
    AU_ASSERT(builder->module.err == AU_OK);
    return au_buf_bytes(&builder->module);
}

#endif
