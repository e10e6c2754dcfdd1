/* How the arguments of a call become the WebAssembly parameters of a function (protocol.md
 * section 4, "Binding").
 *
 * Parameters are read from left to right: i32 followed by i32 is one bytes argument as pointer and
 * size, else i64 takes exactly 8 bytes and i32 exactly 4. The bytes of pairs are put behind the
 * module's memory. A function without parameters takes any arguments: it reads them by arg_*.
 *
 * Threading: pure functions. */
#ifndef AUREON_CONTRACT_BIND_H
#define AUREON_CONTRACT_BIND_H

#include "base/outcome.h"
#include "vm/limits.h"
#include "vm/module.h"

struct au_binding {
    uint32_t grow_pages;                        /* that memory grows by, to hold the bytes */
    union au_value values[AU_PARAMS_MAX];       /* the parameters */
    const struct au_bytes *data[AU_PARAMS_MAX]; /* bytes to put at values[i].u32, or NULL */
    uint8_t param_count;
};

/* au_binding_make fits arguments to a function.
 *
 * args         at most AU_ARG_COUNT_MAX, AU_ARGS_SIZE_MAX together; live as long as the binding
 * out_binding  of use on SUCCESS only; what is beyond param_count is not set: a frame is entered
 *              often, and it is large
 *
 * SUCCESS, or BAD_ARGUMENTS: the arguments do not fit, or no caller can use the function */
enum au_outcome au_binding_make(const struct au_module_info *info, const struct au_export *export_,
                                const struct au_bytes *args, size_t arg_count,
                                struct au_binding *out_binding);

/* au_binding_obstacle tells why no caller can use the function, NULL if one can. */
const char *au_binding_obstacle(const struct au_module_info *info, const struct au_export *export_);

/* au_binding_write puts the bytes of all pairs into memory, which has grown. */
void au_binding_write(const struct au_binding *binding, uint8_t *memory, size_t memory_size);

#endif
