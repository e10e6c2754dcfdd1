/* The binary format as it is written: opcodes, numbers, sizes that are known later. Private to the
 * rewriter. */
#ifndef AUREON_VM_EMIT_H
#define AUREON_VM_EMIT_H

#include "base/buf.h"

#define TYPE_EMPTY 0x40

enum {
    OP_UNREACHABLE = 0x00,
    OP_BLOCK = 0x02,
    OP_IF = 0x04,
    OP_ELSE = 0x05,
    OP_END = 0x0b,
    OP_BR = 0x0c,
    OP_BR_IF = 0x0d,
    OP_RETURN = 0x0f,
    OP_CALL = 0x10,
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_LOCAL_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_MEMORY_SIZE = 0x3f,
    OP_MEMORY_GROW = 0x40,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_I32_EQZ = 0x45,
    OP_I32_EQ = 0x46,
    OP_I32_GT_U = 0x4b,
    OP_I64_LT_S = 0x53,
    OP_I32_ADD = 0x6a,
    OP_I32_SUB = 0x6b,
    OP_I64_ADD = 0x7c,
    OP_I64_SUB = 0x7d,
    OP_I64_MUL = 0x7e,
    OP_I64_OR = 0x84,
    OP_I64_SHR_U = 0x88,
    OP_I64_EXTEND_I32_S = 0xac,
    OP_I64_EXTEND_I32_U = 0xad,
};

static inline void put_u32(struct au_buf *out, uint32_t value)
{
    while (value >= 0x80) {
        au_buf_put_u8(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    au_buf_put_u8(out, (uint8_t)value);
}

static inline void put_s64(struct au_buf *out, int64_t value)
{
    for (;;) {
        uint8_t byte = (uint8_t)(value & 0x7f);
        value = value < 0 ? ~(~value >> 7) : value >> 7;
        bool is_last = (value == 0 && !(byte & 0x40)) || (value == -1 && (byte & 0x40));
        au_buf_put_u8(out, is_last ? byte : (uint8_t)(byte | 0x80));
        if (is_last) return;
    }
}

static inline void put_op_u32(struct au_buf *out, uint8_t op, uint32_t value)
{
    au_buf_put_u8(out, op);
    put_u32(out, value);
}

static inline void put_const(struct au_buf *out, uint8_t op, int64_t value)
{
    au_buf_put_u8(out, op);
    put_s64(out, value);
}

/* A size that is known later: five bytes, filled in by end_size. */
static inline size_t begin_size(struct au_buf *out)
{
    static const uint8_t zero[5] = {0};
    au_buf_put(out, zero, sizeof zero);
    return out->size;
}

static inline void end_size(struct au_buf *out, size_t from)
{
    if (out->err != AU_OK) return;
    uint32_t size = (uint32_t)(out->size - from);
    for (size_t i = 0; i < 5; i++) {
        uint8_t more = i < 4 ? 0x80 : 0;
        out->data[from - 5 + i] = (uint8_t)(((size >> (7 * i)) & 0x7f) | more);
    }
}

static inline size_t begin_section(struct au_buf *out, uint8_t id)
{
    au_buf_put_u8(out, id);
    return begin_size(out);
}

#endif
