/* `aureon abi`: what a contract says that it offers. */
#ifndef AUREON_CLI_ABI_H
#define AUREON_CLI_ABI_H

#include "abi/abi.h"
#include "cli/invocation.h"

/* DONE · REJECTED: the ABI is malformed, or the file is no module · NOT_FOUND: no such file or
 * contract, or no ABI in it · USAGE, UNREACHABLE, TIMED_OUT: of a node · INTERNAL */
enum au_exit au_abi_command(struct au_invocation *invocation);

/* au_abi_open reads the ABI of the code of what the first operand names. arena holds it.
 * DONE · REJECTED: it is malformed · NOT_FOUND: there is none · INTERNAL */
AU_MUST_USE enum au_exit au_abi_open(struct au_invocation *invocation, struct au_bytes code,
                                     struct au_arena *arena, struct au_abi *out_abi);

/* au_abi_open_file reads that of a file, binary or text.
 * DONE · REJECTED: it is malformed, or the file is no module · NOT_FOUND: there is none, or no such
 * file · INTERNAL */
AU_MUST_USE enum au_exit au_abi_open_file(struct au_invocation *invocation, const char *path,
                                          struct au_arena *arena, struct au_abi *out_abi);

#endif
