/* `aureon build`: the contracts of a folder, compiled from C.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_BUILD_H
#define AUREON_CLI_BUILD_H

#include "cli/invocation.h"

/* DONE · BUILD: no compiler, or it found mistakes · REJECTED: a module would not be accepted ·
 * NOT_FOUND: no such folder, or no C file in it · INTERNAL */
enum au_exit au_build_command(struct au_invocation *invocation);

#endif
