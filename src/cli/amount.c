#include "cli/amount.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/text.h"

#define DIGITS        9u
#define UNITS_PER_AUR 1000000000u

/* The digits behind the point, as base units. Here zeros may lead. */
static enum au_err parse_fraction(struct au_bytes text, uint64_t *out_units)
{
    if (text.size == 0 || text.size > DIGITS) return AU_ERR_MALFORMED;
    uint64_t units = 0;
    for (size_t i = 0; i < DIGITS; i++) {
        uint8_t digit = i < text.size ? text.data[i] : '0';
        if (digit < '0' || digit > '9') return AU_ERR_MALFORMED;
        units = units * 10 + (digit - '0');
    }
    *out_units = units;
    return AU_OK;
}

enum au_err au_amount_parse(struct au_bytes text, uint64_t *out_amount)
{
    uint64_t amount = 0;
    if (text.size > 0 && text.data[text.size - 1] == 'u') {
        AU_TRY(au_text_parse_u64((struct au_bytes){text.data, text.size - 1}, &amount));
    } else {
        const uint8_t *point = text.size == 0 ? NULL : memchr(text.data, '.', text.size);
        size_t size = point == NULL ? text.size : (size_t)(point - text.data);
        uint64_t fraction = 0;
        AU_TRY(au_text_parse_u64((struct au_bytes){text.data, size}, &amount));
        if (point != NULL) {
            AU_TRY(parse_fraction((struct au_bytes){point + 1, text.size - size - 1}, &fraction));
        }
        if (amount > AU_AMOUNT_MAX / UNITS_PER_AUR) return AU_ERR_MALFORMED;
        amount = amount * UNITS_PER_AUR + fraction;
    }
    if (amount > AU_AMOUNT_MAX) return AU_ERR_MALFORMED;
    *out_amount = amount;
    return AU_OK;
}

void au_amount_format(struct au_buf *buf, uint64_t amount)
{
    char fraction[DIGITS + 1];
    size_t size = DIGITS;
    au_buf_printf(buf, "%" PRIu64, amount / UNITS_PER_AUR);
    snprintf(fraction, sizeof(fraction), "%0*" PRIu64, (int)DIGITS, amount % UNITS_PER_AUR);
    while (size > 0 && fraction[size - 1] == '0') {
        size--;
    }
    if (size > 0) au_buf_printf(buf, ".%.*s", (int)size, fraction);
}
