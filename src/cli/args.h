/* The arguments of a contract's function among the operands of a command line. */
#ifndef AUREON_CLI_ARGS_H
#define AUREON_CLI_ARGS_H

#include "cli/invocation.h"

/* au_args_read reads the operands from index first on (cli/arg.h) and checks what a call takes.
 * What is wrong is said on err.
 *
 * out_args   in the invocation's arena, or borrowed from its operands
 * DONE, USAGE, NOT_FOUND (a file), INTERNAL */
AU_MUST_USE enum au_exit au_args_read(struct au_invocation *invocation, size_t first,
                                      const struct au_bytes **out_args, size_t *out_count);

#endif
