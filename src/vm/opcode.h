/* The table of instructions: vm/opcode.def as data. */
#ifndef AUREON_VM_OPCODE_H
#define AUREON_VM_OPCODE_H

#include "base/base.h"

enum au_op_kind {
    AU_KIND_UNKNOWN, /* refused: see au_op_feature */
    AU_KIND_PLAIN,   /* no immediates, operands and result fixed */
    AU_KIND_PARTIAL, /* likewise, but not defined for all operands: it may trap */
    AU_KIND_MEMORY,  /* load or store: alignment and offset */
    AU_KIND_CONST,
    AU_KIND_UNREACHABLE,
    AU_KIND_BLOCK,
    AU_KIND_LOOP,
    AU_KIND_IF,
    AU_KIND_ELSE,
    AU_KIND_END,
    AU_KIND_BR,
    AU_KIND_BR_IF,
    AU_KIND_BR_TABLE,
    AU_KIND_RETURN,
    AU_KIND_CALL,
    AU_KIND_CALL_INDIRECT,
    AU_KIND_DROP,
    AU_KIND_SELECT,
    AU_KIND_LOCAL_GET,
    AU_KIND_LOCAL_SET,
    AU_KIND_LOCAL_TEE,
    AU_KIND_GLOBAL_GET,
    AU_KIND_GLOBAL_SET,
    AU_KIND_MEMORY_SIZE,
    AU_KIND_MEMORY_GROW,
    AU_KIND_MEMORY_INIT,
    AU_KIND_MEMORY_COPY,
    AU_KIND_MEMORY_FILL,
    AU_KIND_DATA_DROP,
    AU_KIND_PREFIX, /* 0xfc: the next number says which */
    AU_KIND_COUNT
};

enum au_cost {
    AU_COST_FREE,
    AU_COST_SIMPLE,
    AU_COST_MEMORY, /* its price depends on the declared maximum of the memory */
    AU_COST_DIVISION,
    AU_COST_FLOAT_ROUND,
    AU_COST_FLOAT_MUL,
    AU_COST_FLOAT_DIV,
    AU_COST_CALL,
    AU_COST_CALL_INDIRECT,
    AU_COST_GROW,
    AU_COST_COUNT
};

struct au_op {
    const char *name; /* NULL: not an accepted instruction */
    uint8_t kind;     /* enum au_op_kind */
    uint8_t cost;     /* enum au_cost */
    uint8_t pop_count;
    uint8_t pops[3]; /* enum au_value_type, the last one on top */
    uint8_t push;    /* enum au_value_type, or 0 */
    uint8_t align;   /* natural alignment, as a power of two */
};

#define AU_OP_FC_COUNT 12

extern const struct au_op au_ops[256];
extern const struct au_op au_ops_fc[AU_OP_FC_COUNT];

/* au_op_feature names the feature that a refused byte belongs to, or NULL for a byte that no
 * feature claims; au_op_fc_feature likewise for the number after 0xfc. */
const char *au_op_feature(uint8_t byte);
const char *au_op_fc_feature(uint32_t number);

#endif
