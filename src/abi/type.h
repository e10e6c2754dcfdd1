/* Types of values: their words. */
#ifndef AUREON_ABI_TYPE_H
#define AUREON_ABI_TYPE_H

#include "abi/abi.h"
#include "base/buf.h"

/* A type that is one word, or a word and types in angle brackets. */
struct au_abi_word {
    const char *word;
    size_t item_count; /* types in angle brackets */
    size_t size;       /* bytes of every value; 0 if they differ */
};

/* au_abi_words is indexed by enum au_abi_type_kind, up to AU_ABI_MAP. */
#define AU_ABI_WORD_COUNT (AU_ABI_MAP + 1)
extern const struct au_abi_word au_abi_words[AU_ABI_WORD_COUNT];

/* au_abi_word_find gives the kind of a word; AU_ABI_NAMED if it is none of these words. */
enum au_abi_type_kind au_abi_word_find(struct au_bytes word);

/* au_abi_type_is_number tells whether values are bool or a number of at most 8 bytes: what fits
 * into one parameter of a WebAssembly function. */
bool au_abi_type_is_number(const struct au_abi_type *type);

/* au_abi_type_is_integer tells whether values are integers, au_abi_type_is_signed whether they may
 * be negative. */
bool au_abi_type_is_integer(const struct au_abi_type *type);
bool au_abi_type_is_signed(const struct au_abi_type *type);

/* au_abi_type_format writes a type as a section writes it, without spaces. */
void au_abi_type_format(struct au_buf *buf, const struct au_abi_type *type);

#endif
