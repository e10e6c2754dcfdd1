/* `aureon dev --watch DIR`: the contracts of a folder are built and deployed, and again whenever
 * their sources change.
 *
 * A thread looks at the folder five times a second and types the commands that a person would:
 * aureon build, aureon deploy --as NAME, and for a contract that is there aureon deploy --upgrade
 * NAME. What they say goes to standard error. A contract that an earlier node deployed on the same
 * chain, under this name and from this folder, is taken over: left alone if its code is the same.
 *
 * Threading: one thread starts and stops it. */
#ifndef AUREON_NODE_WATCH_H
#define AUREON_NODE_WATCH_H

#include "cli/invocation.h"

struct au_watch;

/* au_watch_start starts the thread, which sends to the node at url.
 *
 * folder      of the sources; borrowed until au_watch_stop
 * out_watch   owned by the caller: au_watch_stop
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_watch_start(const struct au_invocation *invocation, const char *folder,
                                       const char *url, struct au_watch **out_watch);

/* au_watch_stop ends the thread, after what it is at. NULL is legal. */
void au_watch_stop(struct au_watch *watch);

#endif
