/* Finds the text of an ABI in a module. */
#ifndef AUREON_ABI_SECTION_H
#define AUREON_ABI_SECTION_H

#include "abi/abi.h"
#include "base/buf.h"

/* au_abi_section_read appends the content of every custom section AU_ABI_SECTION, one behind the
 * other in the module's order, as a linker would.
 *
 * code   any bytes; what follows the first thing that is no section is not looked at
 * text   initialised with a bound of AU_ABI_TEXT_SIZE_MAX
 *
 * OK
 * NOT_FOUND  no such section
 * TOO_LARGE, NO_MEMORY  of the buffer */
AU_MUST_USE enum au_err au_abi_section_read(struct au_bytes code, struct au_buf *text);

/* au_abi_load finds the ABI of a module and reads it.
 *
 * code       any bytes
 * arena      holds all of the result; bounded by AU_ABI_ARENA_SIZE_MAX or more
 * out_error  set on MALFORMED only
 *
 * OK, NOT_FOUND: the module has none, MALFORMED, NO_MEMORY */
AU_MUST_USE enum au_err au_abi_load(struct au_bytes code, struct au_arena *arena,
                                    struct au_abi *out_abi, struct au_abi_error *out_error);

#endif
