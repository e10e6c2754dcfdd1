/* Bytes as hex text: `0x` and two digits per byte.
 *
 * Threading: pure functions. */
#ifndef AUREON_BASE_HEX_H
#define AUREON_BASE_HEX_H

#include "base/arena.h"
#include "base/buf.h"

/* au_hex_put writes bytes as `0x` and lower-case digits; no bytes give `0x`. */
void au_hex_put(struct au_buf *buf, struct au_bytes bytes);

/* au_hex_parse reads exactly size bytes. The `0x` is required, digits may be of either case.
 *
 * out_bytes   room for size bytes
 *
 * OK
 * MALFORMED   no `0x`, another number of digits than 2 x size, or a character that is no digit */
AU_MUST_USE enum au_err au_hex_parse(struct au_bytes text, uint8_t *out_bytes, size_t size);

/* au_hex_read reads what au_hex_parse does, of any size, into an arena. out_bytes is written on OK
 * only. OK, MALFORMED, NO_MEMORY */
AU_MUST_USE enum au_err au_hex_read(struct au_arena *arena, struct au_bytes text,
                                    struct au_bytes *out_bytes);

#endif
