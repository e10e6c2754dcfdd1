/* What this process takes of memory, as Linux tells.
 *
 * Threading: pure functions. */
#ifndef AUREON_BASE_MEMORY_USE_H
#define AUREON_BASE_MEMORY_USE_H

#include "base/err.h"

struct au_memory_use {
    uint64_t mapped;   /* bytes of address space */
    uint64_t resident; /* bytes of them that are in memory */
};

/* au_memory_use reads it: OK, NO_MEMORY, or IO: Linux does not tell. Cost: 5 us */
AU_MUST_USE enum au_err au_memory_use_read(struct au_memory_use *out_use);

#endif
