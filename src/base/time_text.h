/* Moments as text: RFC 3339 in UTC with milliseconds, "2026-11-25T12:30:00.000Z".
 *
 * Threading: pure functions. */
#ifndef AUREON_BASE_TIME_TEXT_H
#define AUREON_BASE_TIME_TEXT_H

#include "base/buf.h"

#define AU_TIME_MS_MAX 253402300799999u /* the last millisecond of the year 9999 */

/* au_time_put writes a moment; one after AU_TIME_MS_MAX is written as that. */
void au_time_put(struct au_buf *buf, uint64_t time_ms);

/* au_time_parse reads exactly that form, of a moment from 1970 on. OK, MALFORMED */
AU_MUST_USE enum au_err au_time_parse(struct au_bytes text, uint64_t *out_time_ms);

#endif
