/* The commands on the store of a stopped node: `aureon state verify`, `stats`, `rollback`. */
#ifndef AUREON_NODE_STATE_COMMAND_H
#define AUREON_NODE_STATE_COMMAND_H

#include "cli/command.h"

extern const struct au_command_table au_state_commands;

#endif
