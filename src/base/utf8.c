#include "base/utf8.h"

#include <string.h>

#define REPLACEMENT 0xfffdu

/* The range of the second byte tells overlong forms, surrogates and too large values apart; all
 * later bytes are in 80..bf. */
struct lead {
    uint8_t first;
    uint8_t last;
    uint8_t size; /* of the sequence */
    uint8_t second_min;
    uint8_t second_max;
};

static const struct lead leads[] = {
    {0x00, 0x7f, 1, 0x80, 0xbf}, {0xc2, 0xdf, 2, 0x80, 0xbf}, {0xe0, 0xe0, 3, 0xa0, 0xbf},
    {0xe1, 0xec, 3, 0x80, 0xbf}, {0xed, 0xed, 3, 0x80, 0x9f}, {0xee, 0xef, 3, 0x80, 0xbf},
    {0xf0, 0xf0, 4, 0x90, 0xbf}, {0xf1, 0xf3, 4, 0x80, 0xbf}, {0xf4, 0xf4, 4, 0x80, 0x8f},
};

static const struct lead *find_lead(uint8_t byte)
{
    for (size_t i = 0; i < AU_COUNT_OF(leads); i++) {
        if (byte >= leads[i].first && byte <= leads[i].last) return &leads[i];
    }
    return NULL;
}

/* The size of the valid sequence that bytes begin with, or of the part that U+FFFD stands for. */
static size_t sequence_size(struct au_bytes bytes, bool *out_is_valid)
{
    AU_ASSERT(bytes.size > 0);
    *out_is_valid = false;
    const struct lead *lead = find_lead(bytes.data[0]);
    if (lead == NULL) return 1;
    size_t size = 1;
    uint8_t min = lead->second_min;
    uint8_t max = lead->second_max;
    while (size < lead->size) {
        if (size == bytes.size || bytes.data[size] < min || bytes.data[size] > max) return size;
        size++;
        min = 0x80;
        max = 0xbf;
    }
    *out_is_valid = true;
    return size;
}

/* How many bytes at the start are valid; bytes after it are not, or there are none. */
static size_t valid_size(struct au_bytes bytes)
{
    size_t size = 0;
    bool is_valid = true;
    while (size < bytes.size) {
        if (bytes.data[size] < 0x80) {
            size++;
            continue;
        }
        size_t step =
            sequence_size((struct au_bytes){bytes.data + size, bytes.size - size}, &is_valid);
        if (!is_valid) break;
        size += step;
    }
    return size;
}

static struct au_bytes skip(struct au_bytes bytes, size_t size)
{
    return (struct au_bytes){bytes.data + size, bytes.size - size};
}

bool au_utf8_is_valid(struct au_bytes bytes)
{
    return valid_size(bytes) == bytes.size;
}

/* UTF-8 keeps the order of code points, so a range of characters is a range of encodings. */
struct range {
    uint8_t first[3];
    uint8_t last[3];
    size_t size;
};

static const struct range steering[] = {
    {{0xc2, 0x80}, {0xc2, 0x9f}, 2},             /* U+0080..U+009F */
    {{0xd8, 0x9c}, {0xd8, 0x9c}, 2},             /* U+061C */
    {{0xe2, 0x80, 0x8e}, {0xe2, 0x80, 0x8f}, 3}, /* U+200E..U+200F */
    {{0xe2, 0x80, 0xa8}, {0xe2, 0x80, 0xae}, 3}, /* U+2028..U+202E */
    {{0xe2, 0x81, 0xa6}, {0xe2, 0x81, 0xa9}, 3}, /* U+2066..U+2069 */
};

size_t au_utf8_steering_size(struct au_bytes text)
{
    AU_ASSERT(text.size > 0);
    if (text.data[0] < 0x20 || text.data[0] == 0x7f) return 1;
    for (size_t i = 0; i < AU_COUNT_OF(steering); i++) {
        const struct range *range = &steering[i];
        if (text.size >= range->size && memcmp(text.data, range->first, range->size) >= 0 &&
            memcmp(text.data, range->last, range->size) <= 0) {
            return range->size;
        }
    }
    return 0;
}

/* code: a Unicode scalar value. */
static void put_code(struct au_buf *buf, uint32_t code)
{
    uint8_t bytes[4];
    size_t size = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t i = size - 1; i > 0; i--) {
        bytes[i] = (uint8_t)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    bytes[0] = (uint8_t)(marks[size] | code);
    au_buf_put(buf, bytes, size);
}

void au_utf8_put(struct au_buf *buf, struct au_bytes bytes)
{
    while (bytes.size > 0) {
        size_t size = valid_size(bytes);
        au_buf_put(buf, bytes.data, size);
        bytes = skip(bytes, size);
        if (bytes.size == 0) break;
        bool is_valid = true;
        size = sequence_size(bytes, &is_valid);
        AU_ASSERT(!is_valid);
        put_code(buf, REPLACEMENT);
        bytes = skip(bytes, size);
    }
}

static uint32_t utf16_unit(struct au_bytes utf16)
{
    return (uint32_t)utf16.data[0] | (uint32_t)utf16.data[1] << 8;
}

static bool is_low_surrogate(uint32_t unit)
{
    return unit >= 0xdc00 && unit <= 0xdfff;
}

static bool is_high_surrogate(uint32_t unit)
{
    return unit >= 0xd800 && unit <= 0xdbff;
}

void au_utf8_put_utf16le(struct au_buf *buf, struct au_bytes utf16)
{
    while (utf16.size >= 2) {
        uint32_t code = utf16_unit(utf16);
        utf16 = skip(utf16, 2);
        if (is_high_surrogate(code) && utf16.size >= 2 && is_low_surrogate(utf16_unit(utf16))) {
            code = 0x10000 + ((code - 0xd800) << 10) + (utf16_unit(utf16) - 0xdc00);
            utf16 = skip(utf16, 2);
        } else if (is_high_surrogate(code) || is_low_surrogate(code)) {
            code = REPLACEMENT;
        }
        put_code(buf, code);
    }
    if (utf16.size > 0) put_code(buf, REPLACEMENT);
}
