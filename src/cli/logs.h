/* `aureon logs`: events of contracts, the oldest first, a line each. */
#ifndef AUREON_CLI_LOGS_H
#define AUREON_CLI_LOGS_H

#include "cli/invocation.h"

enum au_exit au_logs_command(struct au_invocation *invocation);

#endif
