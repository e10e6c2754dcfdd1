/* An ABI as the text of a section. */
#ifndef AUREON_ABI_LINE_H
#define AUREON_ABI_LINE_H

#include "abi/abi.h"
#include "base/buf.h"

/* au_abi_format writes the lines of an ABI in the order of its canonical form, one for each record
 * and each meta key, without comments. Read again they give the same ABI, but for the hash; they
 * may be longer than AU_ABI_TEXT_SIZE_MAX, since keys of storage are written in ASCII. */
void au_abi_format(struct au_buf *buf, const struct au_abi *abi);

/* au_abi_format_fn writes a function as such a line has it, "increment(by:u64)->u64 mut", without
 * its text. record: of a function. */
void au_abi_format_fn(struct au_buf *buf, const struct au_abi_record *record);

#endif
