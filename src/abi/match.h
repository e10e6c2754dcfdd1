/* Whether the functions that an ABI lists are those that the module has. */
#ifndef AUREON_ABI_MATCH_H
#define AUREON_ABI_MATCH_H

#include "abi/abi.h"

/* An exported function. */
struct au_abi_export {
    struct au_bytes name;
    const uint8_t *params; /* value types of the binary format */
    size_t param_count;
    const char *obstacle; /* why no caller can use it; NULL if one can */
};

/* au_abi_match compares each `fn` with its export. A function without WebAssembly parameters reads
 * its arguments itself and takes any; of another the parameters must be those of the call's binding
 * (protocol.md section 4): i32 followed by i32 is one argument of any type, a single i32 takes bool
 * and numbers of up to 4 bytes, i64 those of up to 8; callers widen smaller ones.
 *
 * out_error  set if it gives false: what is wrong, and what mends it */
bool au_abi_match(const struct au_abi *abi, const struct au_abi_export *exports,
                  size_t export_count, struct au_abi_error *out_error);

#endif
