/* Where things lie in a node's data folder, and its store. */
#ifndef AUREON_NODE_DATA_PATH_H
#define AUREON_NODE_DATA_PATH_H

#include "cli/invocation.h"
#include "store/kv.h"

#define AU_DATA_PATH_SIZE 4096u /* bytes of a path, with its end */

/* au_data_path gives the path of a name in a folder, which need not be there yet. DONE, or USAGE,
 * told: what is there is no folder, or the path is too long. */
AU_MUST_USE enum au_exit au_data_path(const struct au_invocation *invocation, const char *folder,
                                      const char *name, char out_path[AU_DATA_PATH_SIZE]);

/* au_data_find_store gives the path of the store in a folder, or tells what is wrong: DONE, USAGE,
 * NOT_FOUND (there is none), INTERNAL (it cannot be looked for). */
AU_MUST_USE enum au_exit au_data_find_store(const struct au_invocation *invocation,
                                            const char *folder, char out_path[AU_DATA_PATH_SIZE]);

/* au_data_open_store opens the store at a path for a command that alone uses it, or tells why it
 * cannot: DONE, REJECTED (it is damaged), INTERNAL. */
AU_MUST_USE enum au_exit au_data_open_store(const struct au_invocation *invocation,
                                            const char *path, struct au_kv *out_kv);

#endif
