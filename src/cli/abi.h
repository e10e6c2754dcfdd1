/* `aureon abi`: what a contract says that it offers. */
#ifndef AUREON_CLI_ABI_H
#define AUREON_CLI_ABI_H

#include "cli/invocation.h"

/* DONE · REJECTED: the ABI is malformed, or the file is no module · NOT_FOUND: no such file or
 * contract, or no ABI in it · USAGE, UNREACHABLE, TIMED_OUT: of a node · INTERNAL */
enum au_exit au_abi_command(struct au_invocation *invocation);

#endif
