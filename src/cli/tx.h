/* `aureon tx`: transactions without a node. */
#ifndef AUREON_CLI_TX_H
#define AUREON_CLI_TX_H

#include "cli/invocation.h"

/* DONE · REJECTED: the bytes are no transaction · USAGE · NOT_FOUND · INTERNAL */
enum au_exit au_tx_decode_command(struct au_invocation *invocation);

#endif
