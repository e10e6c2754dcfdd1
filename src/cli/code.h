/* A contract's code from a file, binary or text, told apart by content. */
#ifndef AUREON_CLI_CODE_H
#define AUREON_CLI_CODE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"

#define AU_CODE_FILE_SIZE_MAX (8u << 20) /* bytes: what au_wat_to_wasm takes */

/* au_code_is_binary tells whether bytes begin like a WebAssembly binary. */
bool au_code_is_binary(struct au_bytes code);

/* au_code_load reads a file; text is turned into a binary.
 *
 * path            of the file
 * out_code        owned by the caller: au_free its data
 * out_reject      set on INVALID_MODULE only; rule "text" for what is no WebAssembly text
 *
 * OK              begins like a binary, or is WebAssembly text; nothing more is checked
 * INVALID_MODULE  neither, or larger than AU_CODE_FILE_SIZE_MAX
 * NOT_FOUND, IO, NO_MEMORY */
AU_MUST_USE enum au_err au_code_load(const char *path, struct au_bytes *out_code,
                                     struct au_reject *out_reject);

#endif
