/* What mends a failed execution, for those who meet it for the first time.
 *
 * Threading: pure functions. */
#ifndef AUREON_CLI_ADVICE_H
#define AUREON_CLI_ADVICE_H

#include "base/bytes.h"

/* au_advice_find gives a phrase without a full stop; NULL: there is none.
 *
 * status   the outcome's word
 * reason   the word behind it; empty: none
 * message  what the node says of it */
const char *au_advice_find(struct au_bytes status, struct au_bytes reason, struct au_bytes message);

#endif
