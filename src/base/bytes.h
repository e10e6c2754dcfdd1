/* A borrowed run of bytes: a pointer that travels with its size (struct au_bytes, aureon.h). */
#ifndef AUREON_BASE_BYTES_H
#define AUREON_BASE_BYTES_H

#include <string.h>

#include "aureon.h"
#include "base/base.h"

/* au_bytes_of borrows the bytes of a C string, without its end. */
static inline struct au_bytes au_bytes_of(const char *text)
{
    return (struct au_bytes){(const uint8_t *)text, strlen(text)};
}

/* au_bytes_is_equal compares content. */
static inline bool au_bytes_is_equal(struct au_bytes a, struct au_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* au_bytes_compare orders content as unsigned bytes, a prefix before what it begins: below 0, 0 or
 * above 0, as memcmp does. */
static inline int au_bytes_compare(struct au_bytes a, struct au_bytes b)
{
    size_t shared = a.size < b.size ? a.size : b.size;
    int order = shared > 0 ? memcmp(a.data, b.data, shared) : 0;
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* au_bytes_skip takes a text off the front of bytes; false: they do not begin so. */
static inline bool au_bytes_skip(struct au_bytes *bytes, const char *text)
{
    size_t size = strlen(text);
    if (bytes->size < size || memcmp(bytes->data, text, size) != 0) return false;
    *bytes = (struct au_bytes){bytes->data + size, bytes->size - size};
    return true;
}

/* au_put_big_endian writes the low size bytes of a value, the highest first; au_get_big_endian
 * reads size bytes, at most 8. */
static inline void au_put_big_endian(uint8_t *at, uint64_t value, size_t size)
{
    for (size_t i = size; i-- > 0; value >>= 8) {
        at[i] = (uint8_t)value;
    }
}

static inline uint64_t au_get_big_endian(const uint8_t *at, size_t size)
{
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++) {
        value = value << 8 | at[i];
    }
    return value;
}

#endif
