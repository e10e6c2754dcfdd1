/* The files of a folder that have a suffix.
 *
 * Threading: any thread. */
#ifndef AUREON_CLI_FOLDER_H
#define AUREON_CLI_FOLDER_H

#include "base/arena.h"

#define AU_FOLDER_NAMES_MAX 10000u

/* au_folder_list gives their names, sorted bytewise, as C strings in the arena. Names that begin
 * with a point are left out.
 *
 * OK, also if there are none
 * NOT_FOUND   no such folder
 * IO          it is no folder, or may not be read: see errno
 * TOO_LARGE   more than AU_FOLDER_NAMES_MAX
 * NO_MEMORY */
AU_MUST_USE enum au_err au_folder_list(const char *path, const char *suffix, struct au_arena *arena,
                                       const char ***out_names, size_t *out_count);

#endif
