#include "node/data_path.h"

#include <stdio.h>

enum au_exit au_data_path(const struct au_invocation *invocation, const char *folder,
                          const char *name, char out_path[AU_DATA_PATH_SIZE])
{
    if (folder[0] == 0) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "expected a folder, got ''");
    }
    int size = snprintf(out_path, AU_DATA_PATH_SIZE, "%s/%s", folder, name);
    if (size > 0 && (size_t)size < AU_DATA_PATH_SIZE) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE, "the folder's path is too long");
}
