#include "base/hex.h"

static const char digits[] = "0123456789abcdef";

void au_hex_put(struct au_buf *buf, struct au_bytes bytes)
{
    if (bytes.size > (SIZE_MAX - 2) / 2) {
        buf->err = AU_ERR_TOO_LARGE;
        return;
    }
    uint8_t *to = au_buf_reserve(buf, 2 + 2 * bytes.size);
    if (to == NULL) return;
    *to++ = '0';
    *to++ = 'x';
    for (size_t i = 0; i < bytes.size; i++) {
        *to++ = (uint8_t)digits[bytes.data[i] >> 4];
        *to++ = (uint8_t)digits[bytes.data[i] & 15];
    }
    buf->size += 2 + 2 * bytes.size;
}

#define NO_DIGIT 0xffu

static unsigned digit_value(uint8_t c)
{
    if (c >= '0' && c <= '9') return (unsigned)c - '0';
    if (c >= 'a' && c <= 'f') return (unsigned)c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return (unsigned)c - 'A' + 10;
    return NO_DIGIT;
}

enum au_err au_hex_parse(struct au_bytes text, uint8_t *out_bytes, size_t size)
{
    if (text.size < 2 || text.data[0] != '0' || text.data[1] != 'x') return AU_ERR_MALFORMED;
    const uint8_t *from = text.data + 2;
    if (text.size % 2 != 0 || (text.size - 2) / 2 != size) return AU_ERR_MALFORMED;
    for (size_t i = 0; i < 2 * size; i++) {
        if (digit_value(from[i]) == NO_DIGIT) return AU_ERR_MALFORMED;
    }
    for (size_t i = 0; i < size; i++) {
        out_bytes[i] = (uint8_t)(digit_value(from[2 * i]) << 4 | digit_value(from[2 * i + 1]));
    }
    return AU_OK;
}

enum au_err au_hex_read(struct au_arena *arena, struct au_bytes text, struct au_bytes *out_bytes)
{
    size_t size = text.size < 2 ? 0 : (text.size - 2) / 2;
    uint8_t *bytes = au_arena_get(arena, size);
    if (bytes == NULL) return AU_ERR_NO_MEMORY;
    AU_TRY(au_hex_parse(text, bytes, size));
    *out_bytes = (struct au_bytes){bytes, size};
    return AU_OK;
}
