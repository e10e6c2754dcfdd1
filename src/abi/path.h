/* Where in a value one is: "args.orders[3].price". For messages; private to the reader and the
 * walker of values. */
#ifndef AUREON_ABI_PATH_H
#define AUREON_ABI_PATH_H

#include "abi/value.h"

#define ABI_PATH_SIZE_MAX 192u /* bytes shown; what is longer ends in dots */

struct abi_path {
    char text[ABI_PATH_SIZE_MAX + 1];
    size_t size; /* of all of it, shown or not */
};

void abi_path_init(struct abi_path *path, const char *name);

/* Each gives the size before, for abi_path_leave. */
size_t abi_path_enter_name(struct abi_path *path, struct au_bytes name);
size_t abi_path_enter_index(struct abi_path *path, size_t index);
void abi_path_leave(struct abi_path *path, size_t size);

/* abi_path_fail sets the error: the path, then the sentence, which is all that it has. Gives false.
 * error: NULL = not wanted */
AU_PRINTF(3, 4)
bool abi_path_fail(const struct abi_path *path, struct au_abi_value_error *error,
                   const char *format, ...);

/* abi_path_expect is abi_path_fail for what was expected, and the value or word that stands there
 * instead; what is long of that is left out. */
bool abi_path_expect(const struct abi_path *path, struct au_abi_value_error *error,
                     const char *expected, struct au_bytes got);

#endif
