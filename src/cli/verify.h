/* `aureon proof verify`: checks, without a node, what a node says of an account, of a slot or of a
 * transaction.
 *
 * A proof leads from what is claimed up to a block's header; the header's hash is printed, or is
 * what --block says. Whether that block is in the chain is for the reader to know: the proof is as
 * good as the hash. */
#ifndef AUREON_CLI_VERIFY_H
#define AUREON_CLI_VERIFY_H

#include "cli/invocation.h"

/* DONE: proved · REJECTED: nothing is proved · USAGE: no such document · NOT_FOUND · INTERNAL */
enum au_exit au_proof_verify_command(struct au_invocation *invocation);

#endif
