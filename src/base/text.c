#include "base/text.h"

static enum au_err parse_unsigned(struct au_bytes text, uint64_t max, uint64_t *out_value)
{
    if (text.size == 0) return AU_ERR_MALFORMED;
    if (text.size > 1 && text.data[0] == '0') return AU_ERR_MALFORMED;
    uint64_t value = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9') return AU_ERR_MALFORMED;
        uint64_t digit = (uint64_t)(text.data[i] - '0');
        if (value > max / 10 || digit > max - value * 10) return AU_ERR_MALFORMED;
        value = value * 10 + digit;
    }
    *out_value = value;
    return AU_OK;
}

/* min is -(max + 1), as in two's complement. */
static enum au_err parse_signed(struct au_bytes text, uint64_t max, int64_t *out_value)
{
    uint64_t value = 0;
    if (text.size == 0 || text.data[0] != '-') {
        AU_TRY(parse_unsigned(text, max, &value));
        *out_value = (int64_t)value;
        return AU_OK;
    }
    AU_TRY(parse_unsigned((struct au_bytes){text.data + 1, text.size - 1}, max + 1, &value));
    if (value == 0) return AU_ERR_MALFORMED;
    *out_value = -(int64_t)(value - 1) - 1;
    return AU_OK;
}

enum au_err au_text_parse_u64(struct au_bytes text, uint64_t *out_value)
{
    return parse_unsigned(text, UINT64_MAX, out_value);
}

enum au_err au_text_parse_i64(struct au_bytes text, int64_t *out_value)
{
    return parse_signed(text, INT64_MAX, out_value);
}

enum au_err au_text_parse_u32(struct au_bytes text, uint32_t *out_value)
{
    uint64_t value = 0;
    AU_TRY(parse_unsigned(text, UINT32_MAX, &value));
    *out_value = (uint32_t)value;
    return AU_OK;
}

enum au_err au_text_parse_i32(struct au_bytes text, int32_t *out_value)
{
    int64_t value = 0;
    AU_TRY(parse_signed(text, INT32_MAX, &value));
    *out_value = (int32_t)value;
    return AU_OK;
}
