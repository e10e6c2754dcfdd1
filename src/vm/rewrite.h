/* The instrumented form of a module. What it adds, and what the host relies on:
 *
 *   globals    __aureon_gas i64: steps left; __aureon_stack i32: units left
 *   imports    every host function takes the gas counter as one more argument and gives it back as
 *              one more result; a wrapper of the original type stands behind each, and takes its
 *              place in calls, element segments and exports
 *   blocks     each metered block subtracts its cost at its start; the sign is tested at the entry
 *              of functions, at loop heads, before bulk instructions and memory.grow. Functions
 *              with loops subtract from a copy in a local, and store it in the global where a block
 *              starts that may trap or call, where the test fails and where they end: the global
 *              is right whenever somebody can look at it
 *   loops      short runs (vm/body.h) are written twice, the second time without a test
 *   functions  with calls reserve their units of the stack at entry and release them at their exit:
 *              the body becomes one block, and return a branch to it
 *   helpers    for memory.grow (limit, charge, grow) and for the size of bulk instructions
 *   left out   custom sections, the start section (exported instead), the maximum of the memory,
 *              dead code
 *
 * Function indices do not move: wrappers and helpers come last.
 *
 * The traced form is for who looks inside, and does the same at the same price: each function of
 * the module also tells the host, by one more import, where it begins and where it returns, and
 * what the gas counter is there, until the host answers that it has seen enough. That import comes
 * behind the others, so that functions move by one. Nothing of it is charged, nor reserves of the
 * stack. */
#ifndef AUREON_VM_REWRITE_H
#define AUREON_VM_REWRITE_H

#include "base/buf.h"
#include "vm/body.h"
#include "vm/wasm.h"

/* No module's instrumented form is larger: three times its size (a run is copied; elsewhere an
 * instruction at most doubles: a `call` may gain a byte of index, dead ends gain an `unreachable`;
 * and REWRITE_RELOAD_SHARE bounds what reloads add), and what blocks, functions and the module add.
 * A block of a run is charged in the copy too; a loop's head, with its test, takes most. 12 bytes
 * of a function are the traced form's. */
#define REWRITE_BLOCK_SIZE_MAX    40u
#define REWRITE_FUNCTION_SIZE_MAX 80u
#define REWRITE_MODULE_SIZE_MAX   65536u
/* A function keeps a copy of the gas counter only if its size is at least this many bytes for each
 * call: a reload takes six. */
#define REWRITE_RELOAD_SHARE      8u

#define REWRITE_SIZE_MAX(code_size, block_count, function_count)                \
    (3 * (size_t)(code_size) + REWRITE_BLOCK_SIZE_MAX * (size_t)(block_count) + \
     REWRITE_FUNCTION_SIZE_MAX * (size_t)(function_count) + REWRITE_MODULE_SIZE_MAX)

/* Asks which byte of a body one byte of its instrumented form stands for. */
struct rewrite_probe {
    size_t offset; /* in the instrumented body, from its first byte (the locals) */
    size_t pos; /* likewise in the body, once it is written; of what is added, where it is added */
    bool is_charge; /* it is added, to charge a block and test the counters */
};

struct rewrite {
    const struct wasm_module *module;
    struct au_buf *out;
    uint32_t *block_types; /* type index of () -> results of type i, where it has two or more */
    size_t code_start;     /* of the code section's size */
    size_t body_start;     /* of the body being written */
    uint32_t gas_local; /* of the body being written: the copy of the counter, if has_gas_local */
    bool has_gas_local;
    struct rewrite_probe *probe; /* or NULL */
};

/* rewrite_begin writes everything up to the first function body. */
void rewrite_begin(struct rewrite *rewrite);

/* rewrite_body writes a checked body of body_size bytes. */
void rewrite_body(struct rewrite *rewrite, const struct body_check *check, size_t body_size);

/* rewrite_end writes wrappers, helpers and the rest. */
void rewrite_end(struct rewrite *rewrite);

#endif
