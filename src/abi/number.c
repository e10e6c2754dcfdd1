#include "abi/number.h"

#define SIGN       0x80u /* of the highest byte */
#define DIGITS_MAX 40u   /* of 16 bytes, and a sign */

static void negate(uint8_t *number, size_t size)
{
    unsigned carry = 1;
    for (size_t i = 0; i < size; i++) {
        carry += (uint8_t)~number[i];
        number[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

/* number = number x 10 + digit; false if that does not fit. */
static bool add_digit(uint8_t *number, size_t size, unsigned digit)
{
    for (size_t i = 0; i < size; i++) {
        digit += number[i] * 10u;
        number[i] = (uint8_t)digit;
        digit >>= 8;
    }
    return digit == 0;
}

/* number = number / 10; gives the rest. */
static unsigned take_digit(uint8_t *number, size_t size)
{
    unsigned rest = 0;
    for (size_t i = size; i-- > 0;) {
        rest = rest << 8 | number[i];
        number[i] = (uint8_t)(rest / 10);
        rest %= 10;
    }
    return rest;
}

static bool is_zero(const uint8_t *number, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        if (number[i] != 0) return false;
    }
    return true;
}

static bool is_decimal(struct au_bytes digits)
{
    for (size_t i = 0; i < digits.size; i++) {
        if (digits.data[i] < '0' || digits.data[i] > '9') return false;
    }
    return digits.size == 1 || (digits.size > 1 && digits.data[0] != '0');
}

enum au_abi_number au_abi_number_parse(struct au_bytes text, bool is_signed, uint8_t *out_number,
                                       size_t size)
{
    uint8_t number[AU_ABI_NUMBER_SIZE_MAX] = {0};
    AU_ASSERT(size > 0 && size <= sizeof(number));
    bool is_negative = text.size > 0 && text.data[0] == '-';
    struct au_bytes digits = is_negative ? (struct au_bytes){text.data + 1, text.size - 1} : text;
    if (!is_decimal(digits)) return AU_ABI_NUMBER_MALFORMED;
    if (is_negative && digits.data[0] == '0') return AU_ABI_NUMBER_MALFORMED;
    if (is_negative && !is_signed) return AU_ABI_NUMBER_OUT_OF_RANGE;
    for (size_t i = 0; i < digits.size; i++) {
        if (!add_digit(number, size, digits.data[i] - (unsigned)'0'))
            return AU_ABI_NUMBER_OUT_OF_RANGE;
    }
    if (is_negative) negate(number, size);
    if (is_signed && ((number[size - 1] & SIGN) != 0) != is_negative) {
        return AU_ABI_NUMBER_OUT_OF_RANGE;
    }
    memcpy(out_number, number, size);
    return AU_ABI_NUMBER_OK;
}

void au_abi_number_format(struct au_buf *buf, const uint8_t *number, bool is_signed, size_t size)
{
    uint8_t rest[AU_ABI_NUMBER_SIZE_MAX] = {0};
    char text[DIGITS_MAX];
    size_t at = sizeof(text);
    AU_ASSERT(size > 0 && size <= sizeof(rest));
    memcpy(rest, number, size);
    bool is_negative = is_signed && (rest[size - 1] & SIGN) != 0;
    if (is_negative) negate(rest, size);
    do {
        text[--at] = (char)('0' + take_digit(rest, size));
    } while (!is_zero(rest, size));
    if (is_negative) text[--at] = '-';
    au_buf_put(buf, text + at, sizeof(text) - at);
}

int au_abi_number_compare(const uint8_t *a, const uint8_t *b, bool is_signed, size_t size)
{
    uint8_t flip = is_signed ? SIGN : 0;
    for (size_t i = size; i-- > 0; flip = 0) {
        uint8_t left = a[i] ^ flip;
        uint8_t right = b[i] ^ flip;
        if (left != right) return left < right ? -1 : 1;
    }
    return 0;
}
