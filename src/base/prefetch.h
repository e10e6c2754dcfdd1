/* Memory that will be needed soon, asked for while there is other work to do. */
#ifndef AUREON_BASE_PREFETCH_H
#define AUREON_BASE_PREFETCH_H

#include "base/base.h"

#define AU_CACHE_LINE_SIZE 64u /* bytes */

/* au_prefetch has size bytes on their way; they need not be anybody's. */
static inline void au_prefetch(const void *data, size_t size)
{
    for (size_t offset = 0; offset < size; offset += AU_CACHE_LINE_SIZE) {
        __builtin_prefetch((const char *)data + offset);
    }
}

#endif
