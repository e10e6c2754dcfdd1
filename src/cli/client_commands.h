/* The commands that speak to a node, and those around them: keys, proofs, transactions. */
#ifndef AUREON_CLI_CLIENT_COMMANDS_H
#define AUREON_CLI_CLIENT_COMMANDS_H

#include "cli/command.h"

extern const struct au_command_table au_client_commands;

#endif
