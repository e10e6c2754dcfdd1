/* The known word that somebody probably meant. */
#ifndef AUREON_CLI_NEAREST_H
#define AUREON_CLI_NEAREST_H

#include "base/base.h"

/* Candidates are offered one by one; the best stays. */
struct au_nearest {
    const char *given;
    const char *best; /* NULL while nothing is near enough */
    size_t distance;  /* of best */
};

/* au_nearest_init starts a search for a word near given (borrowed). */
void au_nearest_init(struct au_nearest *nearest, const char *given);

/* au_nearest_offer considers a known word (borrowed). Near is an edit distance (insert, delete,
 * replace, swap neighbours) of at most 1 and a quarter of the known word. Cost: the product of the
 * sizes; words of more than 32 bytes are never near. */
void au_nearest_offer(struct au_nearest *nearest, const char *known);

#endif
