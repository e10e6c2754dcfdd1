/* Integers of 1 to 16 bytes as decimal text. Little-endian, signed ones in two's complement.
 *
 * Threading: pure functions. */
#ifndef AUREON_ABI_NUMBER_H
#define AUREON_ABI_NUMBER_H

#include "base/buf.h"

#define AU_ABI_NUMBER_SIZE_MAX 16u

/* au_abi_number_parse reads digits, after a `-` if the number is signed and negative: no leading
 * zeros, no `-0`, no `+`, no blanks.
 *
 * out_number   room for size bytes; untouched unless OK
 *
 * OK
 * MALFORMED    not of this form
 * OUT_OF_RANGE a number that does not fit */
enum au_abi_number { AU_ABI_NUMBER_OK, AU_ABI_NUMBER_MALFORMED, AU_ABI_NUMBER_OUT_OF_RANGE };

AU_MUST_USE enum au_abi_number au_abi_number_parse(struct au_bytes text, bool is_signed,
                                                   uint8_t *out_number, size_t size);

/* au_abi_number_format writes a number as au_abi_number_parse reads it. */
void au_abi_number_format(struct au_buf *buf, const uint8_t *number, bool is_signed, size_t size);

/* au_abi_number_compare orders by value: below 0, 0 or above 0. */
int au_abi_number_compare(const uint8_t *a, const uint8_t *b, bool is_signed, size_t size);

#endif
