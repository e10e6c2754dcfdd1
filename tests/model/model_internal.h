/* What the files of the model share. */
#ifndef AUREON_TESTS_MODEL_INTERNAL_H
#define AUREON_TESTS_MODEL_INTERNAL_H

#include "base/arena.h"
#include "model/model.h"

/* Instructions by the numbers of the binary format; 0xfc and a number is 0xfc00 + number. */
enum model_code {
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
    OP_LOCAL_GET = 0x20,
    OP_LOCAL_SET = 0x21,
    OP_LOCAL_TEE = 0x22,
    OP_GLOBAL_GET = 0x23,
    OP_GLOBAL_SET = 0x24,
    OP_LOAD_FIRST = 0x28,
    OP_STORE_FIRST = 0x36,
    OP_STORE_LAST = 0x3e,
    OP_MEMORY_SIZE = 0x3f,
    OP_MEMORY_GROW = 0x40,
    OP_I32_CONST = 0x41,
    OP_I64_CONST = 0x42,
    OP_F32_CONST = 0x43,
    OP_F64_CONST = 0x44,
    OP_NUMERIC_FIRST = 0x45,
    OP_NUMERIC_LAST = 0xc4,
    OP_TRUNC_SAT = 0xfc00, /* to 0xfc07 */
    OP_MEMORY_INIT = 0xfc08,
    OP_DATA_DROP = 0xfc09,
    OP_MEMORY_COPY = 0xfc0a,
    OP_MEMORY_FILL = 0xfc0b,
};

struct model_type {
    uint8_t params[32];
    uint8_t results[32];
    uint32_t param_count;
    uint32_t result_count;
};

struct model_op {
    uint32_t code;      /* enum model_code */
    uint32_t index;     /* local, global, function, label, type; first label of a br_table */
    uint32_t count;     /* labels of a br_table, with the default */
    uint32_t opener;    /* of an else or end: the op that it belongs to; UINT32_MAX for the body */
    uint32_t else_at;   /* of an if: its else, or 0 */
    uint32_t end_at;    /* of a block, loop, if: its end */
    uint32_t params;    /* of a block, loop, if: values that it takes */
    uint32_t results;   /* likewise: values that it leaves */
    uint64_t value;     /* constant, or offset of an access */
    bool starts_block;  /* a metered block starts before this op */
    int64_t block_cost; /* of that block, in steps */
};

struct model_function {
    uint32_t type;
    uint32_t local_count; /* declared ones */
    uint32_t body_size;   /* the code entry's size field */
    uint32_t op_count;
    struct model_op *ops; /* the last one is the body's end */
    bool has_call;        /* a call or call_indirect anywhere */
    bool has_float;       /* a parameter, result, local or instruction of f32 or f64 */
    int64_t stack_units;
};

struct model_data {
    struct au_bytes bytes;
    bool is_active;
    uint32_t offset;
};

struct model_global {
    uint8_t type;
    uint64_t initial;
};

/* What the running instance works on. Kept by the model, since clearing it would cost more than
 * most runs. */
struct model_scratch;

struct au_model {
    struct au_arena arena;
    struct model_scratch *scratch;
    struct au_bytes code;
    const struct au_host_table *host;
    struct model_type *types;
    const struct au_host_entry **imports;
    uint32_t *import_types;
    struct model_function *functions;
    struct model_global *globals;
    struct au_export *exports; /* type is not set */
    uint32_t *export_functions;
    struct model_data *data;
    uint32_t *table;  /* function index, or UINT32_MAX */
    uint32_t *labels; /* of all br_table instructions */
    uint32_t type_count;
    uint32_t import_count;
    uint32_t function_count;
    uint32_t global_count;
    uint32_t export_count;
    uint32_t data_count;
    uint32_t table_size;
    uint32_t label_count;
    uint32_t pages_min;
    uint32_t pages_max;
    uint32_t block_count;
    bool has_memory;
    bool has_start;
    uint32_t start;
};

/* model_scratch_new takes the scratch from the model's arena; NULL when the heap is used up. */
AU_MUST_USE struct model_scratch *model_scratch_new(struct au_model *model);

/* model_function_type gives the type of a function by its index over imports and definitions. */
const struct model_type *model_function_type(const struct au_model *model, uint32_t index);

/* model_meter works out the metered blocks and the stack units of a function whose ops are read.
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err model_meter(struct au_model *model, struct model_function *function);

/* model_is_access tells loads and stores from other instructions. */
static inline bool model_is_access(uint32_t code)
{
    return code >= OP_LOAD_FIRST && code <= OP_STORE_LAST;
}

/* model_numeric_operands gives the operands that a numeric instruction takes: 1 or 2. */
uint32_t model_numeric_operands(uint32_t code);

/* model_numeric runs a numeric instruction on its operands; b is the upper one, or unused.
 * Returns 0, or the trap it ends in (enum au_trap_detail). */
uint32_t model_numeric(uint32_t code, uint64_t a, uint64_t b, uint64_t *out_result);

#endif
