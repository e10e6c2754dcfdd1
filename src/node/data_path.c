#include "node/data_path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "node/node.h"
#include "store/rocks.h"

#define FOLDER_SIZE_MAX 4000u /* bytes of its path, which leaves some for the names of files */

enum au_exit au_data_path(const struct au_invocation *invocation, const char *folder,
                          const char *name, char out_path[AU_DATA_PATH_SIZE])
{
    if (folder[0] == 0) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "expected a folder, got ''");
    }
    struct stat info;
    size_t folder_size = strlen(folder);
    if (folder_size > FOLDER_SIZE_MAX) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "the folder's path is too long: expected at most %u bytes, got "
                                  "%zu",
                                  FOLDER_SIZE_MAX, folder_size);
    }
    int size = snprintf(out_path, AU_DATA_PATH_SIZE, "%s/%s", folder, name);
    AU_ASSERT(size > 0 && (size_t)size < AU_DATA_PATH_SIZE);
    if (stat(folder, &info) != 0 || S_ISDIR(info.st_mode)) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE, "expected a folder, got the file '%s'",
                              folder);
}

enum au_exit au_data_find_store(const struct au_invocation *invocation, const char *folder,
                                char out_path[AU_DATA_PATH_SIZE])
{
    enum au_exit code = au_data_path(invocation, folder, AU_NODE_STORE_NAME, out_path);
    if (code != AU_EXIT_DONE) return code;
    enum au_err err = au_rocks_find(out_path);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_NOT_FOUND) {
        return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND, "there is no store in %s",
                                  out_path);
    }
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "cannot look for a store in %s: %s",
                              out_path, strerror(errno));
}

enum au_exit au_data_open_store(const struct au_invocation *invocation, const char *path,
                                struct au_kv *out_kv)
{
    struct au_rocks_options options = au_rocks_options_default();
    char cause[AU_KV_MESSAGE_SIZE];
    enum au_err err = au_rocks_open(path, &options, cause, out_kv);
    if (err == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(invocation,
                              err == AU_ERR_MALFORMED ? AU_EXIT_REJECTED : AU_EXIT_INTERNAL,
                              "cannot open the store in %s: %s", path, cause);
}
