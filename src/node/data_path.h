/* Where things lie in a node's data folder. */
#ifndef AUREON_NODE_DATA_PATH_H
#define AUREON_NODE_DATA_PATH_H

#include "cli/invocation.h"

#define AU_DATA_PATH_SIZE 4096u /* bytes of a path, with its end */

/* au_data_path gives the path of a name in a folder. DONE, or USAGE, told: it is too long. */
AU_MUST_USE enum au_exit au_data_path(const struct au_invocation *invocation, const char *folder,
                                      const char *name, char out_path[AU_DATA_PATH_SIZE]);

#endif
