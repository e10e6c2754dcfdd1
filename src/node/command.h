/* The commands that run a node: `aureon dev`, `aureon node init`, `aureon node start`. */
#ifndef AUREON_NODE_COMMAND_H
#define AUREON_NODE_COMMAND_H

#include "cli/cli.h"

extern const struct au_command_table au_node_commands;

#endif
