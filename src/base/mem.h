/* The only door to the heap. */
#ifndef AUREON_BASE_MEM_H
#define AUREON_BASE_MEM_H

#include "base/base.h"

/* au_mem_new gives size zeroed bytes, aligned for any type; free with au_mem_free.
 * NULL when the heap has none; size 0 gives a pointer that may be freed. */
AU_MUST_USE void *au_mem_new(size_t size);

/* au_mem_resize moves a block (or NULL) to new_size bytes. Bytes past the old size are
 * indeterminate. NULL when the heap has none: the old block is then unchanged. */
AU_MUST_USE void *au_mem_resize(void *block, size_t new_size);

/* au_mem_free gives a block back. NULL is legal. */
void au_mem_free(void *block);

#endif
