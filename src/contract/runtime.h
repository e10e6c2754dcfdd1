/* The handles of aureon.h behind runs of contracts.
 *
 * Threading: both may be used by any threads at once; their functions are declared in aureon.h. */
#ifndef AUREON_CONTRACT_RUNTIME_H
#define AUREON_CONTRACT_RUNTIME_H

#include "contract/scratch.h"
#include "vm/engine.h"

struct au_runtime {
    struct au_engine *engine;
    struct au_scratch_pool scratches;
};

struct au_module {
    struct au_runtime *runtime; /* outlives the module */
    struct au_loaded *loaded;
    struct au_hash code_hash;
    size_t code_size;
    uint8_t code[]; /* a copy, to explain failures with */
};

#endif
