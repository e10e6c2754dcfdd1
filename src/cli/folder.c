#include "cli/folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"

static int compare(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool ends_in(const char *name, const char *suffix)
{
    size_t size = strlen(name);
    size_t suffix_size = strlen(suffix);
    return size > suffix_size && strcmp(name + size - suffix_size, suffix) == 0;
}

static enum au_err read_names(DIR *folder, const char *suffix, struct au_arena *arena,
                              struct au_buf *names)
{
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (entry->d_name[0] == '.' || !ends_in(entry->d_name, suffix)) continue;
        size_t size = strlen(entry->d_name) + 1;
        char *name = au_arena_get(arena, size);
        if (name == NULL) return AU_ERR_NO_MEMORY;
        memcpy(name, entry->d_name, size);
        au_buf_put(names, &name, sizeof(name));
    }
    return names->err;
}

enum au_err au_folder_list(const char *path, const char *suffix, struct au_arena *arena,
                           const char ***out_names, size_t *out_count)
{
    struct au_buf names;
    DIR *folder = opendir(path);
    if (folder == NULL) return errno == ENOENT ? AU_ERR_NOT_FOUND : AU_ERR_IO;
    au_buf_init(&names, AU_FOLDER_NAMES_MAX * sizeof(char *));
    enum au_err err = read_names(folder, suffix, arena, &names);
    closedir(folder);
    const char **list = au_arena_get(arena, names.size);
    if (err == AU_OK && list == NULL) err = AU_ERR_NO_MEMORY;
    if (err == AU_OK) {
        size_t count = names.size / sizeof(*list);
        if (count > 0) memcpy(list, names.data, names.size);
        if (count > 0) qsort(list, count, sizeof(*list), compare);
        *out_names = list;
        *out_count = count;
    }
    au_buf_done(&names);
    return err;
}
