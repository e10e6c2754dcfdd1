/* `aureon new`: the folder of a new contract. */
#ifndef AUREON_CLI_PROJECT_H
#define AUREON_CLI_PROJECT_H

#include "cli/invocation.h"

/* DONE · USAGE: the name, the template, or something has that name · INTERNAL */
enum au_exit au_new_command(struct au_invocation *invocation);

#endif
