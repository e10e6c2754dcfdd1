/* `aureon build`: the contracts of a folder, compiled from C.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_BUILD_H
#define AUREON_CLI_BUILD_H

#include "cli/invocation.h"

/* DONE · BUILD: no compiler, or it found mistakes · REJECTED: a module would not be accepted ·
 * NOT_FOUND: no such folder, or no C file in it · INTERNAL */
enum au_exit au_build_command(struct au_invocation *invocation);

#define AU_BUILD_TEST_SUFFIX "_test.c" /* of a source that is no contract */

/* au_build_make_folder makes a folder, if it is not there. au_build_write_kit puts the kit for C
 * into the folder build/kit of another.
 *
 * folder  ends in a slash; empty: this one
 * DONE, INTERNAL */
AU_MUST_USE enum au_exit au_build_make_folder(struct au_invocation *invocation, const char *folder,
                                              const char *name);
AU_MUST_USE enum au_exit au_build_write_kit(struct au_invocation *invocation, const char *folder);

/* au_build_list gives the names of a folder's C files, sorted, in the arena: those that are tests,
 * or those that are not.
 * DONE, NOT_FOUND: no such folder, INTERNAL */
AU_MUST_USE enum au_exit au_build_list(struct au_invocation *invocation, const char *folder,
                                       bool are_tests, const char ***out_names, size_t *out_count);

/* au_build_is_test tells whether a source's name is that of a test. */
bool au_build_is_test(const char *name);

/* au_build_path gives a path in the arena; NULL: out of memory. */
const char *au_build_path(struct au_invocation *invocation, const char *folder,
                          const char *subfolder, const char *name, const char *suffix);

#endif
