/* A decoded module: what the checks of function bodies and the rewriter need to know. Private to
 * the validator and instrumenter; facts that running needs are in struct au_module_info. */
#ifndef AUREON_VM_WASM_H
#define AUREON_VM_WASM_H

#include "vm/module.h"
#include "vm/opcode.h"
#include "vm/reader.h"

struct wasm_import {
    const struct au_host_entry *entry;
    uint32_t type; /* index */
};

struct wasm_global {
    uint8_t type; /* enum au_value_type */
    bool is_mutable;
};

enum wasm_extern { WASM_FUNCTION = 0, WASM_TABLE = 1, WASM_MEMORY = 2, WASM_GLOBAL = 3 };

struct wasm_export {
    struct au_bytes name;
    uint8_t kind; /* enum wasm_extern */
    uint32_t index;
};

struct wasm_module {
    struct au_arena *arena;
    const struct au_host_table *host;
    const struct au_func_type *types;
    uint32_t type_count;
    const struct wasm_import *imports; /* functions 0..import_count-1 */
    uint32_t import_count;
    const uint32_t *functions; /* type index of function import_count + i */
    uint32_t function_count;
    const struct wasm_global *globals;
    uint32_t global_count;
    const struct wasm_export *exports;
    uint32_t export_count;
    bool has_table;
    bool has_memory;
    bool has_start;
    bool has_data_count;
    uint32_t table_size;
    uint32_t pages_min;
    uint32_t pages_max;
    uint32_t start;      /* function index */
    uint32_t data_count; /* from the data count section */
    uint32_t element_count;
    uint64_t data_size;           /* of active segments */
    uint32_t cost[AU_COST_COUNT]; /* steps of each class in this module */
    struct au_bytes types_raw;    /* sections' entries without their count */
    struct au_bytes functions_raw;
    struct au_bytes globals_raw;
    struct au_bytes elements_raw;
    struct au_bytes code_raw; /* the entries of the code section, once it is reached */
    struct au_bytes data_raw; /* with its count */
    uint32_t block_count;     /* metered blocks so far */
    uint32_t local_count;     /* locals of all functions so far */
    uint64_t compile_steps;   /* of all functions so far */
    bool has_memory_size;
    bool is_traced; /* it is instrumented for who looks inside: vm/rewrite.h */
};

/* wasm_type_name gives "i32" and so on; "?" for the unknown operand of dead code. */
const char *wasm_type_name(uint8_t type);

/* wasm_function_type gives the type of a function, imported or defined. index is in range. */
const struct au_func_type *wasm_function_type(const struct wasm_module *module, uint32_t index);

/* wasm_read_value_type reads i32, i64, f32 or f64; others are refused by feature. */
bool wasm_read_value_type(struct au_reader *reader, uint8_t *out_type);

/* wasm_read_const reads the immediate of a const instruction of a type. out_value is set for
 * integers only. */
bool wasm_read_const(struct au_reader *reader, uint8_t type, int64_t *out_value);

/* wasm_refuse_feature names a feature that is not accepted and returns false. */
bool wasm_refuse_feature(struct au_reader *reader, const uint8_t *at, const char *feature);

/* wasm_decode reads every section but the bodies of functions, whose bytes it leaves in code_raw.
 * module is zeroed but for arena and host. */
bool wasm_decode(struct au_reader *reader, struct wasm_module *module);

#endif
