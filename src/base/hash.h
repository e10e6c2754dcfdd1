/* A 32-byte digest (struct au_hash, aureon.h). */
#ifndef AUREON_BASE_HASH_H
#define AUREON_BASE_HASH_H

#include <string.h>

#include "aureon.h"
#include "base/base.h"

static inline bool au_hash_is_equal(const struct au_hash *a, const struct au_hash *b)
{
    return memcmp(a->bytes, b->bytes, AU_HASH_SIZE) == 0;
}

#endif
