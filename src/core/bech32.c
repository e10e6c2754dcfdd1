#include "core/bech32.h"

#define CHECKSUM_SIZE  6u
#define CHECKSUM_FINAL 0x2bc830a3u /* of Bech32m; Bech32 has 1 */
#define BITS           5u          /* per character */

static const char alphabet[] = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/* One step of the BCH code: the checksum so far and the next 5 bits. */
static uint32_t step(uint32_t sum, uint32_t value)
{
    /* By the 5 bits that leave: the sum of the code's generators at the bits that are set. */
    static const uint32_t generators[32] = {
        0x00000000, 0x3b6a57b2, 0x26508e6d, 0x1d3ad9df, 0x1ea119fa, 0x25cb4e48, 0x38f19797,
        0x039bc025, 0x3d4233dd, 0x0628646f, 0x1b12bdb0, 0x2078ea02, 0x23e32a27, 0x18897d95,
        0x05b3a44a, 0x3ed9f3f8, 0x2a1462b3, 0x117e3501, 0x0c44ecde, 0x372ebb6c, 0x34b57b49,
        0x0fdf2cfb, 0x12e5f524, 0x298fa296, 0x1756516e, 0x2c3c06dc, 0x3106df03, 0x0a6c88b1,
        0x09f74894, 0x329d1f26, 0x2fa7c6f9, 0x14cd914b,
    };
    return ((sum & 0x1ffffff) << BITS) ^ value ^ generators[sum >> 25];
}

static uint32_t start(const char *prefix)
{
    uint32_t sum = 1;
    for (const char *c = prefix; *c; c++) {
        sum = step(sum, (uint32_t)(unsigned char)*c >> BITS);
    }
    sum = step(sum, 0);
    for (const char *c = prefix; *c; c++) {
        sum = step(sum, (uint32_t)(unsigned char)*c & 31);
    }
    return sum;
}

void au_bech32_format(struct au_buf *buf, const char *prefix, struct au_bytes bytes)
{
    size_t value_count = (bytes.size * 8 + BITS - 1) / BITS;
    AU_ASSERT(strlen(prefix) + 1 + value_count + CHECKSUM_SIZE <= AU_BECH32_SIZE_MAX);
    au_buf_put_text(buf, prefix);
    au_buf_put_u8(buf, '1');
    uint8_t *to = au_buf_reserve(buf, value_count + CHECKSUM_SIZE);
    if (to == NULL) return;
    buf->size += value_count + CHECKSUM_SIZE;

    uint32_t sum = start(prefix);
    uint32_t window = 0;
    unsigned bit_count = 0;
    for (size_t i = 0, next = 0; i < value_count; i++) {
        if (bit_count < BITS) { /* at most 4 bits wait; behind the last byte come zeros */
            window = (window << 8 | (next < bytes.size ? bytes.data[next++] : 0)) & 0xfff;
            bit_count += 8;
        }
        bit_count -= BITS;
        uint32_t value = window >> bit_count & 31;
        sum = step(sum, value);
        *to++ = (uint8_t)alphabet[value];
    }

    for (size_t i = 0; i < CHECKSUM_SIZE; i++) {
        sum = step(sum, 0);
    }
    sum ^= CHECKSUM_FINAL;
    for (size_t i = CHECKSUM_SIZE; i-- > 0;) {
        *to++ = (uint8_t)alphabet[sum >> (BITS * i) & 31];
    }
}

static uint8_t to_lower(uint8_t byte)
{
    return byte >= 'A' && byte <= 'Z' ? (uint8_t)(byte - 'A' + 'a') : byte;
}

static bool has_mixed_case(struct au_bytes text)
{
    bool has_lower = false;
    bool has_upper = false;
    for (size_t i = 0; i < text.size; i++) {
        has_lower |= text.data[i] >= 'a' && text.data[i] <= 'z';
        has_upper |= text.data[i] >= 'A' && text.data[i] <= 'Z';
    }
    return has_lower && has_upper;
}

/* The values of the characters behind the prefix, checksum included. */
static const char *read_values(struct au_bytes text, uint8_t *values)
{
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = to_lower(text.data[i]);
        const char *place = byte == 0 ? NULL : strchr(alphabet, byte);
        if (!place) return "a character that Bech32m does not have";
        values[i] = (uint8_t)(place - alphabet);
    }
    return NULL;
}

static bool has_prefix(struct au_bytes text, const char *prefix, size_t size)
{
    if (text.size <= size || text.data[size] != '1') return false;
    for (size_t i = 0; i < size; i++) {
        if (to_lower(text.data[i]) != (uint8_t)prefix[i]) return false;
    }
    return true;
}

const char *au_bech32_parse(struct au_bytes text, const char *prefix, uint8_t *out_bytes,
                            size_t size)
{
    size_t prefix_size = strlen(prefix);
    size_t value_count = (size * 8 + BITS - 1) / BITS;
    uint8_t values[AU_BECH32_SIZE_MAX] = {0};
    AU_ASSERT(size <= AU_BECH32_SIZE_MAX);
    AU_ASSERT(prefix_size + 1 + value_count + CHECKSUM_SIZE <= AU_BECH32_SIZE_MAX);
    if (!has_prefix(text, prefix, prefix_size)) return "another prefix";
    if (text.size != prefix_size + 1 + value_count + CHECKSUM_SIZE) return "another length";
    if (has_mixed_case(text)) return "upper and lower case mixed";

    struct au_bytes body = {text.data + prefix_size + 1, value_count + CHECKSUM_SIZE};
    const char *error = read_values(body, values);
    if (error) return error;
    uint32_t sum = start(prefix);
    for (size_t i = 0; i < body.size; i++) {
        sum = step(sum, values[i]);
    }
    if (sum != CHECKSUM_FINAL) return "a checksum that does not fit: a character is wrong";
    unsigned padding = (unsigned)(value_count * BITS - size * 8);
    if (value_count > 0 && (values[value_count - 1] & ((1u << padding) - 1)) != 0) {
        return "padding that is not zero";
    }

    uint32_t window = 0;
    unsigned bit_count = 0;
    for (size_t i = 0, done = 0; done < size; i++) {
        window = (window << BITS | values[i]) & 0xfff;
        bit_count += BITS;
        if (bit_count < 8) continue;
        bit_count -= 8;
        out_bytes[done++] = (uint8_t)(window >> bit_count);
    }
    return NULL;
}
