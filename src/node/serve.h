/* A node in the foreground of a command, until a signal ends it. */
#ifndef AUREON_NODE_SERVE_H
#define AUREON_NODE_SERVE_H

#include "cli/invocation.h"
#include "node/node.h"

/* Tells people about a node that serves. */
typedef void au_greet(const struct au_invocation *invocation, const char *url, void *context);

/* au_serve starts a node, writes the file of --ready-file, serves until SIGINT or SIGTERM comes or
 * the node cannot go on, and stops it. A node whose disk is full only reads; once there is room it
 * is stopped, and another one is started in its place, on the same port.
 *
 * options   with what is called back left out; the port is set
 * greet     tells people about the node, once; gets context
 *
 * DONE, or why the node did not start, or could not go on: told */
AU_MUST_USE enum au_exit au_serve(const struct au_invocation *invocation,
                                  struct au_node_options *options, au_greet *greet, void *context);

#endif
