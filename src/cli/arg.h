/* A contract's argument as people write it.
 *
 *     u64:5 i64:-5 u32:7 i32:-1    8 or 4 bytes, little-endian
 *     bytes:0x00ff  0x00ff         these bytes
 *     addr:aur1...                 the 32 bytes of an address
 *     str:text                     the bytes of the text
 *     @path                        the content of a file
 *     5                            a decimal number alone is a u64
 *     text                         a word that nothing above claims is itself
 *
 * What could mean two things is refused with the form to write instead: a negative number, a word
 * that begins like a number, one with a colon behind an unknown prefix, 64 hex digits without 0x,
 * and an empty word. */
#ifndef AUREON_CLI_ARG_H
#define AUREON_CLI_ARG_H

#include "base/arena.h"
#include "base/buf.h"

/* au_arg_parse reads one argument.
 *
 * arena        holds the argument
 * message      gets a sentence on MALFORMED and on an error with a file
 *
 * OK
 * MALFORMED    not one of the forms, out of range, or ambiguous
 * NOT_FOUND    @path: no such file
 * TOO_LARGE    @path: larger than all arguments of a call may be
 * IO           @path: it could not be read
 * NO_MEMORY */
AU_MUST_USE enum au_err au_arg_parse(const char *text, struct au_arena *arena,
                                     struct au_buf *message, struct au_bytes *out_arg);

#define AU_ARG_FORMS "u64, i64, u32, i32, bytes, addr or str"

/* au_arg_is_form tells whether a word is one of AU_ARG_FORMS. */
bool au_arg_is_form(const char *form);

/* au_arg_format writes what a contract gave back as one of the forms, without its prefix.
 *
 * form     one of AU_ARG_FORMS
 * OK
 * INVALID_ARG  there is no such form
 * MALFORMED    the bytes are not of that form's size */
AU_MUST_USE enum au_err au_arg_format(const char *form, struct au_bytes bytes, struct au_buf *text);

#endif
