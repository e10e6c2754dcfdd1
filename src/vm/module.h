/* A contract module as the sandbox sees it: the verdict of the validator, the facts that running it
 * needs, and its instrumented form.
 *
 * au_module_prepare is the only reader of a module's bytes before the engine. It runs inside
 * consensus on hostile bytes: linear time, no recursion, memory bounded by the limits of
 * vm/limits.h. Threading: pure; an info is immutable once made. */
#ifndef AUREON_VM_MODULE_H
#define AUREON_VM_MODULE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "vm/host_table.h"

enum au_value_type { /* as in the binary format */
                     AU_TYPE_I32 = 0x7f,
                     AU_TYPE_I64 = 0x7e,
                     AU_TYPE_F32 = 0x7d,
                     AU_TYPE_F64 = 0x7c,
};

struct au_func_type {
    const uint8_t *params;  /* enum au_value_type, param_count of them */
    const uint8_t *results; /* likewise */
    uint8_t param_count;    /* <= 32 */
    uint8_t result_count;   /* <= 32 */
};

/* An exported function. */
struct au_export {
    struct au_bytes name; /* UTF-8, <= 256 bytes */
    const struct au_func_type *type;
    uint32_t function; /* index */
};

/* Facts of an accepted module. Everything lives in its arena. */
struct au_module_info {
    struct au_arena arena;
    size_t code_size;                /* bytes of the module as given */
    size_t bodies_size;              /* bytes of its functions' bodies */
    const struct au_export *exports; /* exported functions, sorted by name (size, then bytes) */
    size_t export_count;
    bool has_memory;
    bool has_start;
    bool has_memory_size; /* a memory.size or memory.grow instruction anywhere, dead code too */
    uint32_t pages_min;   /* initial memory, in pages */
    uint32_t pages_max;   /* declared maximum, or AU_PAGES_MAX */
    uint32_t table_size;  /* entries */
    uint64_t data_size;   /* bytes of all active data segments */
    const struct au_host_entry *const *imports; /* functions 0..import_count-1 */
    uint32_t import_count;
    uint32_t function_count; /* defined, those that follow */
    uint32_t block_count;    /* metered blocks */
    uint64_t compile_steps;  /* what a deployment pays for compiling (protocol.md section 2) */
    /* Of the traced form, else NULL: the name of each defined function by the name section, else by
     * an export, else empty. Any bytes. */
    const struct au_bytes *names;
};

/* Names that the instrumented module exports besides the contract's own exports. */
#define AU_EXPORT_GAS    "__aureon_gas"   /* global i64: steps left; < 0 = out of gas */
#define AU_EXPORT_STACK  "__aureon_stack" /* global i32: units left; < 0 = stack limit */
#define AU_EXPORT_MEMORY "__aureon_mem"   /* memory 0, if the module has one */
#define AU_EXPORT_START  "__aureon_start" /* the start function, if the module has one */

/* What the traced form imports: tell(function or -1, gas counter) -> whether to go on telling. */
#define AU_IMPORT_MODULE "__aureon"
#define AU_IMPORT_TELL   "tell"

/* A version of the instrumented form: part of every cache key. */
#define AU_INSTRUMENTER_VERSION 2

/* No instrumented form is larger (vm/rewrite.h has the terms). */
#define AU_PREPARED_SIZE_MAX (5u << 20)

/* au_module_prepare validates a module and, if out_code is given, writes its instrumented form.
 *
 * code        a WebAssembly binary of any size
 * host        functions that it may import; outlives the call
 * out_code    NULL, or an initialised empty buffer that may hold AU_PREPARED_SIZE_MAX bytes
 * out_info    owned by the caller: au_module_info_free
 * out_reject  set on INVALID_MODULE only
 *
 * OK
 * INVALID_MODULE   the module breaks a rule of protocol.md section 5
 * NO_MEMORY        the heap is used up: says nothing about the module
 *
 * Cost: about 20 ns per byte. */
AU_MUST_USE enum au_err au_module_prepare(struct au_bytes code, const struct au_host_table *host,
                                          struct au_buf *out_code, struct au_module_info **out_info,
                                          struct au_reject *out_reject);

/* au_module_prepare_traced is the same with the traced form (vm/rewrite.h). */
AU_MUST_USE enum au_err au_module_prepare_traced(struct au_bytes code,
                                                 const struct au_host_table *host,
                                                 struct au_buf *out_code,
                                                 struct au_module_info **out_info,
                                                 struct au_reject *out_reject);

/* au_module_info_free frees an info. NULL is legal. */
void au_module_info_free(struct au_module_info *info);

/* au_module_info_export finds an exported function by name; NULL if there is none. */
const struct au_export *au_module_info_export(const struct au_module_info *info,
                                              struct au_bytes name);

#endif
