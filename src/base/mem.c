#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

#include "aureon.h"

/* libc may answer size 0 with NULL, which here means that the heap is used up. */
static size_t at_least_one(size_t size)
{
    return size > 0 ? size : 1;
}

void *au_mem_new(size_t size)
{
    return calloc(1, at_least_one(size));
}

void *au_mem_resize(void *block, size_t new_size)
{
    return realloc(block, at_least_one(new_size));
}

void au_mem_free(void *block)
{
    free(block);
}

/* Takes const because it is given what struct au_bytes points to; the block itself never was. */
void au_free(const void *data)
{
    void *block;
    memcpy(&block, &data, sizeof(block));
    au_mem_free(block);
}
