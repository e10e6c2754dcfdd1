/* Files of the tree that the program has in it, made by cmake/embed.cmake: the kit of sdk/c,
 * and the folders of contracts/, which are what `aureon new` begins with.
 *
 * Threading: constant. */
#ifndef AUREON_CLI_EMBEDDED_H
#define AUREON_CLI_EMBEDDED_H

#include "base/bytes.h"

#define AU_EMBEDDED_KIT "c" /* the folder of the kit */

struct au_embedded_file {
    const char *folder;
    const char *name;
    struct au_bytes content;
};

extern const struct au_embedded_file au_embedded[]; /* by folder, then name */
extern const size_t au_embedded_count;

#endif
