/* What `aureon call CONTRACT --help` says: the functions, in the words of who wrote them.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_FUNCTIONS_H
#define AUREON_CLI_FUNCTIONS_H

#include "cli/invocation.h"

/* au_explain_functions prints the functions that the ABI of a contract lists, or one of them: the
 * operands are CONTRACT [FUNCTION].
 *
 * DONE, USAGE, UNREACHABLE, REJECTED, NOT_FOUND, KEY, INTERNAL */
AU_MUST_USE enum au_exit au_explain_functions(struct au_invocation *invocation);

#endif
