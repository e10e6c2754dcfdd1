/* Reads the words of one line of a section. Every function steps over blanks first, and says in
 * the error what it expected and what is there. Private to the parser. */
#ifndef AUREON_ABI_SCAN_H
#define AUREON_ABI_SCAN_H

#include "abi/abi.h"

struct abi_scan {
    const uint8_t *pos;
    const uint8_t *end; /* of the line */
    uint32_t line;
    struct au_arena *arena;
    struct au_abi_error *error;
    enum au_err err; /* MALFORMED or NO_MEMORY once a function gave false */
};

/* abi_fail sets the error; gives false. */
AU_PRINTF(2, 3) bool abi_fail(struct abi_scan *scan, const char *format, ...);

/* abi_expected fails with what was expected and what stands at the position. */
bool abi_expected(struct abi_scan *scan, const char *what);

/* abi_take gives size bytes of the arena, zeroed; NULL and err set if there are none. */
void *abi_take(struct abi_scan *scan, size_t size);

/* abi_copy moves count items of a size from the stack to the arena. */
bool abi_copy(struct abi_scan *scan, const void *items, size_t size, void *out_items);

/* abi_at tells whether the line goes on with text, and steps over it if so. */
bool abi_at(struct abi_scan *scan, const char *text);

/* abi_need is abi_at that fails. */
bool abi_need(struct abi_scan *scan, const char *text);

/* abi_is_end tells whether nothing but blanks and a comment is left. */
bool abi_is_end(struct abi_scan *scan);

/* abi_name reads a name: a letter or _, then letters, digits and _. what: for the error. */
bool abi_name(struct abi_scan *scan, const char *what, struct au_bytes *out_name);

/* abi_word reads bytes up to a blank, without judging them; empty at the end of the line. */
struct au_bytes abi_word(struct abi_scan *scan);

/* abi_string reads "text" with the escapes \" \\ \n. If any bytes may be meant, \xNN is one too;
 * else the text may be in several pieces, "te" "xt". */
bool abi_string(struct abi_scan *scan, bool any_bytes, struct au_bytes *out_text);

#endif
