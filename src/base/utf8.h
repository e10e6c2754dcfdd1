/* Text in UTF-8: what may be shown as text, and how bytes that are none become text.
 *
 * Valid is what Unicode calls well-formed: no overlong forms, no surrogates, at most U+10FFFF.
 * What is not valid becomes U+FFFD as in the WHATWG Encoding Standard: one for each maximal part of
 * a sequence that could have become valid, one for each other byte.
 *
 * Threading: pure functions. Cost: linear. */
#ifndef AUREON_BASE_UTF8_H
#define AUREON_BASE_UTF8_H

#include "base/buf.h"

bool au_utf8_is_valid(struct au_bytes bytes);

/* au_utf8_steering_size tells whether text begins with a character that must not reach a terminal:
 * controls (C1 too), line separators and marks that change the direction of text.
 *
 * text  not empty; what is not valid in it is taken byte by byte
 *
 * Its bytes; 0 if it begins with another. */
size_t au_utf8_steering_size(struct au_bytes text);

/* au_utf8_put writes bytes as valid UTF-8: at most three times their size. */
void au_utf8_put(struct au_buf *buf, struct au_bytes bytes);

/* au_utf8_put_utf16le writes little-endian UTF-16 as UTF-8. An unpaired surrogate and a last odd
 * byte each become U+FFFD. */
void au_utf8_put_utf16le(struct au_buf *buf, struct au_bytes utf16);

#endif
