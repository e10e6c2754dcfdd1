/* Numbers as decimal text, read strictly: one way to write each number. Digits only, with a `-`
 * before a negative number; no spaces, no `+`, no leading zeros, no `-0`, not empty, in range.
 *
 * Threading: pure functions.
 *
 * Results of all: OK, or MALFORMED for anything else, out of range too. */
#ifndef AUREON_BASE_TEXT_H
#define AUREON_BASE_TEXT_H

#include "base/bytes.h"
#include "base/err.h"

AU_MUST_USE enum au_err au_text_parse_u64(struct au_bytes text, uint64_t *out_value);
AU_MUST_USE enum au_err au_text_parse_i64(struct au_bytes text, int64_t *out_value);
AU_MUST_USE enum au_err au_text_parse_u32(struct au_bytes text, uint32_t *out_value);
AU_MUST_USE enum au_err au_text_parse_i32(struct au_bytes text, int32_t *out_value);

#endif
