/* A node in the foreground of a command, until a signal ends it. */
#ifndef AUREON_NODE_SERVE_H
#define AUREON_NODE_SERVE_H

#include "cli/invocation.h"
#include "node/node.h"

/* au_serve starts a node, writes the file of --ready-file, serves until SIGINT or SIGTERM comes or
 * the node cannot go on, and stops it.
 *
 * options   but for what on_fault and on_note are: these are set
 * greet     tells people about the node, once
 *
 * DONE, or why the node did not start, or could not go on: told */
AU_MUST_USE enum au_exit
au_serve(const struct au_invocation *invocation, struct au_node_options *options,
         void (*greet)(const struct au_invocation *invocation, const char *url));

#endif
