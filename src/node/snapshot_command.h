/* The commands on snapshots: `aureon snapshot create`, `verify`, `restore`. */
#ifndef AUREON_NODE_SNAPSHOT_COMMAND_H
#define AUREON_NODE_SNAPSHOT_COMMAND_H

#include "cli/command.h"

extern const struct au_command_table au_snapshot_commands;

#endif
