/* Large pages under the heap of the program, where it works on a store: a random read of a large
 * store takes a third less with them, and executing transactions as much.
 *
 * Of a large page that holds a few bytes all 2 MiB are taken, and a node that has just begun has
 * many such: it took 62 MB instead of 28. So a node does without until it is large itself, or finds
 * a store that is.
 *
 * Threading: the threads of a program share the pages; one thread calls. */
#ifndef AUREON_NODE_LARGE_PAGES_H
#define AUREON_NODE_LARGE_PAGES_H

#include "base/base.h"

/* au_large_pages_ask asks glibc for them, if the command works on a store. glibc hears that from
 * the environment alone and when a program begins, so this one begins once more. Where it cannot,
 * or the environment decides on them already, it goes on.
 *
 * argv   the program's, with a command */
void au_large_pages_ask(char **argv);

/* au_large_pages_are_held tells whether there are none yet, as a node has just begun. */
AU_MUST_USE bool au_large_pages_are_held(void);

/* au_large_pages_release gives a node that is held large pages from now on, if it is large, or its
 * store; whether it did. One that begins asks for its store's sake, then for its own: NULL.
 * Cost: 5 us, or for each file of a store 1 us. */
bool au_large_pages_release(const char *store);

#endif
