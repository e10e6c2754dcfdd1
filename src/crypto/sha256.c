#include "crypto/sha256.h"

#include <aureon_engine.h>

/* A slice of the engine is our au_bytes under another name. */
_Static_assert(sizeof(struct aureon_engine_slice) == sizeof(struct au_bytes), "same size");
_Static_assert(offsetof(struct aureon_engine_slice, data) == offsetof(struct au_bytes, data),
               "same place of data");
_Static_assert(offsetof(struct aureon_engine_slice, size) == offsetof(struct au_bytes, size),
               "same place of size");

struct au_hash au_sha256(struct au_bytes bytes)
{
    struct au_hash hash;
    aureon_engine_sha256(bytes.data, bytes.size, hash.bytes);
    return hash;
}

struct au_hash au_sha256_parts(const struct au_bytes *parts, size_t count)
{
    struct au_hash hash;
    aureon_engine_sha256v((const struct aureon_engine_slice *)parts, count, hash.bytes);
    return hash;
}

struct au_hash au_sha256_tagged(const char *tag, struct au_bytes bytes)
{
    struct au_bytes tag_bytes = au_bytes_of(tag);
    AU_ASSERT(tag_bytes.size <= UINT8_MAX);
    uint8_t tag_size = (uint8_t)tag_bytes.size;
    const struct au_bytes parts[] = {{&tag_size, 1}, tag_bytes, bytes};
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}
