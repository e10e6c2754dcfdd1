/* An account's id as text: the id itself where it reads well, else 0x and hex. One id has one text
 * and back: an id whose text would begin with 0x is always written in hex. */
#ifndef AUREON_CLI_ACCOUNT_H
#define AUREON_CLI_ACCOUNT_H

#include "base/arena.h"
#include "base/buf.h"

/* au_account_parse reads an id from text.
 *
 * arena         holds the id if it was in hex; else it borrows text
 * OK
 * MALFORMED     not 1..AU_ID_SIZE_MAX bytes, or 0x without an even number of hex digits behind it
 * NO_MEMORY */
AU_MUST_USE enum au_err au_account_parse(struct au_bytes text, struct au_arena *arena,
                                         struct au_bytes *out_id);

/* au_account_format writes an id as text. */
void au_account_format(struct au_buf *buf, struct au_bytes id);

/* What au_account_parse takes, for messages. */
#define AU_ACCOUNT_EXPECTED "a name of 1 to 64 bytes, or 0x and as many bytes in hex"

#endif
