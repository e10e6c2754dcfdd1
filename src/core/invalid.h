/* Why a transaction may not be in a block (abi/invalid.def): data about a transaction, apart from
 * outcomes, which are data in a receipt.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_INVALID_H
#define AUREON_CORE_INVALID_H

#include "base/base.h"

enum au_invalid {
    AU_INVALID_NONE = 0,
#define AU_INVALID(number, NAME, name, text) AU_INVALID_##NAME = (number),
#include "abi/invalid.def"
#undef AU_INVALID
};

/* au_invalid_name gives the word ("nonce_low"), au_invalid_text the sentence; "none" for NONE. */
const char *au_invalid_name(enum au_invalid invalid);
const char *au_invalid_text(enum au_invalid invalid);

#endif
