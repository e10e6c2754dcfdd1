/* Amounts as people write them: AUR with up to nine digits after the point, "1.5", or base units
 * with a `u` behind them, "1500000000u". 1 AUR is 1,000,000,000 base units.
 *
 * What au_amount_format writes, au_amount_parse reads back.
 *
 * Threading: pure functions. */
#ifndef AUREON_CLI_AMOUNT_H
#define AUREON_CLI_AMOUNT_H

#include "base/buf.h"

#define AU_AMOUNT_EXPECTED                                                                \
    "an amount in AUR, as 1.5 with up to 9 digits after the point, or in base units, as " \
    "1500000000u"

/* au_amount_parse reads an amount of at most AU_AMOUNT_MAX base units. OK, MALFORMED */
AU_MUST_USE enum au_err au_amount_parse(struct au_bytes text, uint64_t *out_amount);

/* au_amount_format writes an amount in AUR, with no more digits than it needs. */
void au_amount_format(struct au_buf *buf, uint64_t amount);

#endif
