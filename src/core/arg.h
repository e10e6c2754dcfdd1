/* A contract's argument as people and requests write it:
 *
 *     u64:5 i64:-5 u32:7 i32:-1    8 or 4 bytes, little-endian
 *     bytes:0x00ff  0x00ff         these bytes
 *     raw:0x00ff                   likewise, also where a type says what the argument is
 *     addr:aur1...                 the 32 bytes of an address
 *     str:text                     the bytes of the text
 *
 * Anything else is refused: what is typed by hand is guessed at by the command line alone.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_ARG_H
#define AUREON_CORE_ARG_H

#include "base/arena.h"

#define AU_ARG_EXPECTED "0x.., or u64: i64: u32: i32: bytes: raw: addr: str: before the value"

struct au_arg_form {
    const char *name;     /* the prefix that says it in full: "u64:" */
    const char *expected; /* what a value has to be, for a message */
};

/* au_arg_read reads one argument into the arena.
 *
 * out_form   which form the text begins like, whatever comes of it; NULL: none
 *
 * OK
 * MALFORMED  not one of the forms, or out of range
 * NO_MEMORY */
AU_MUST_USE enum au_err au_arg_read(struct au_bytes text, struct au_arena *arena,
                                    const struct au_arg_form **out_form, struct au_bytes *out_arg);

#endif
