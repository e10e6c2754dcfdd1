/* `aureon run`: one execution over an empty world or over a storage file. */
#ifndef AUREON_CLI_RUN_H
#define AUREON_CLI_RUN_H

#include "cli/invocation.h"

/* DONE · FAILED: the contract failed · REJECTED: the module was refused · USAGE · NOT_FOUND ·
 * INTERNAL. The storage file is written on DONE only, and before the result is printed. */
enum au_exit au_run_command(struct au_invocation *invocation);

#endif
