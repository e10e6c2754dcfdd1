/* Bech32m (BIP-350): bytes as text with a prefix and a checksum that finds every error of up to
 * four characters.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_BECH32_H
#define AUREON_CORE_BECH32_H

#include "base/buf.h"

#define AU_BECH32_SIZE_MAX 90u /* characters of a text */

/* au_bech32_format writes bytes in lower case.
 *
 * prefix   1..83 lower-case characters
 * bytes    so few that the text stays within AU_BECH32_SIZE_MAX */
void au_bech32_format(struct au_buf *buf, const char *prefix, struct au_bytes bytes);

/* au_bech32_parse reads exactly size bytes under a prefix. Text is all lower or all upper case.
 *
 * out_bytes   room for size bytes; written on success only
 *
 * NULL: read. Else a static sentence that says what is wrong. */
AU_MUST_USE const char *au_bech32_parse(struct au_bytes text, const char *prefix,
                                        uint8_t *out_bytes, size_t size);

#endif
