#include "vm/artifact.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "vm/parcel.h"

#define FOLDER_MODE   0700
#define FILE_OVERHEAD 4096 /* bytes that a file takes besides its content */

/* Names: digits of the identity, a dash, digits of the key. */
#define IDENTITY_SIZE 8u /* bytes of it that are in a name */
#define PREFIX_SIZE   (2 * IDENTITY_SIZE + 1)
#define NAME_SIZE     (PREFIX_SIZE + 2 * AU_HASH_SIZE + 1) /* with the 0 */

enum part { CHAIN, OTHER, PART_COUNT };

static const char *const part_names[] = {[CHAIN] = "chain", [OTHER] = "other"};

struct au_artifacts {
    pthread_mutex_t lock; /* guards other_size, and whoever makes room */
    uint64_t other_size;  /* bytes, at least as many as there are in OTHER */
    uint64_t size_max;
    char prefix[PREFIX_SIZE + 1]; /* of all names */
    char folder[];
};

/* ---- names ---- */

/* Ends the text. */
static void put_digits(char *to, const uint8_t *bytes, size_t size)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        *to++ = digits[bytes[i] >> 4];
        *to++ = digits[bytes[i] & 15];
    }
    *to = 0;
}

static enum au_err put_path(const struct au_artifacts *artifacts, enum part part, const char *name,
                            char out_path[PATH_MAX])
{
    int size = snprintf(out_path, PATH_MAX, "%s/%s%s%s", artifacts->folder, part_names[part],
                        name[0] ? "/" : "", name);
    return size > 0 && size < PATH_MAX ? AU_OK : AU_ERR_IO;
}

static enum au_err path_of(const struct au_artifacts *artifacts, enum part part,
                           const struct au_hash *key, char out_path[PATH_MAX])
{
    char name[NAME_SIZE];
    memcpy(name, artifacts->prefix, PREFIX_SIZE);
    put_digits(name + PREFIX_SIZE, key->bytes, AU_HASH_SIZE);
    return put_path(artifacts, part, name, out_path);
}

/* ---- looking through a folder ---- */

struct found {
    struct timespec used;
    uint64_t size;
    char name[NAME_SIZE];
};

struct found_list {
    struct found *items;
    size_t count;
    size_t capacity;
};

static enum au_err note_found(struct found_list *list, const char *name, const struct stat *info)
{
    if (list->count == list->capacity) {
        size_t capacity = list->capacity * 2 + 64;
        void *grown = au_mem_resize(list->items, capacity * sizeof(*list->items));
        if (!grown) return AU_ERR_NO_MEMORY;
        list->items = grown;
        list->capacity = capacity;
    }
    struct found *item = &list->items[list->count++];
    item->used = info->st_mtim;
    item->size = (uint64_t)info->st_size + FILE_OVERHEAD;
    memcpy(item->name, name, strlen(name) + 1);
    return AU_OK;
}

/* Every file there is ours by its place. What has not the name of a module of this identity is of
 * no use any more: an older program's, or what a crash left of a file being written. */
static enum au_err look_through(const struct au_artifacts *artifacts, enum part part,
                                bool removes_rest, struct found_list *list)
{
    char path[PATH_MAX];
    struct dirent *entry;
    struct stat info;
    enum au_err err = AU_OK;
    AU_TRY(put_path(artifacts, part, "", path));
    DIR *folder = opendir(path);
    if (!folder) return AU_ERR_IO;
    while (err == AU_OK && (entry = readdir(folder)) != NULL) {
        if (fstatat(dirfd(folder), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0) continue;
        if (!S_ISREG(info.st_mode)) continue;
        if (strlen(entry->d_name) == NAME_SIZE - 1 &&
            memcmp(entry->d_name, artifacts->prefix, PREFIX_SIZE) == 0) {
            err = note_found(list, entry->d_name, &info);
        } else if (removes_rest) {
            (void)unlinkat(dirfd(folder), entry->d_name, 0);
        }
    }
    (void)closedir(folder);
    return err;
}

static int compare_found(const void *left, const void *right)
{
    const struct found *a = left;
    const struct found *b = right;
    if (a->used.tv_sec != b->used.tv_sec) return a->used.tv_sec < b->used.tv_sec ? -1 : 1;
    if (a->used.tv_nsec != b->used.tv_nsec) return a->used.tv_nsec < b->used.tv_nsec ? -1 : 1;
    return strcmp(a->name, b->name);
}

/* Removes the others that were used longest ago, until room is left for some more. */
static void make_room(struct au_artifacts *artifacts)
{
    char path[PATH_MAX];
    struct found_list list = {0};
    uint64_t size = 0;
    if (look_through(artifacts, OTHER, /* removes_rest */ false, &list) == AU_OK) {
        for (size_t i = 0; i < list.count; i++)
            size += list.items[i].size;
        if (list.count > 0) qsort(list.items, list.count, sizeof(*list.items), compare_found);
        for (size_t i = 0; i < list.count && size > artifacts->size_max / 4 * 3; i++) {
            if (put_path(artifacts, OTHER, list.items[i].name, path) != AU_OK) continue;
            if (unlink(path) == 0) size -= list.items[i].size;
        }
        artifacts->other_size = size;
    }
    au_mem_free(list.items);
}

static void add_size(struct au_artifacts *artifacts, uint64_t size)
{
    au_lock(&artifacts->lock);
    artifacts->other_size += size + FILE_OVERHEAD;
    if (artifacts->other_size > artifacts->size_max) make_room(artifacts);
    au_unlock(&artifacts->lock);
}

/* ---- files ---- */

static enum au_err read_part(struct au_artifacts *artifacts, enum part part,
                             const struct au_hash *key, struct au_buf *file,
                             struct au_bytes *out_artifact)
{
    char path[PATH_MAX];
    struct au_parcel parcel;
    AU_TRY(path_of(artifacts, part, key, path));
    enum au_err err = au_file_read(path, file);
    if (err == AU_ERR_NOT_FOUND || err == AU_ERR_NO_MEMORY) return err;
    if (err == AU_OK) err = au_parcel_open(au_buf_bytes(file), &parcel);
    if (err != AU_OK || parcel.kind != AU_PARCEL_STORED ||
        !au_hash_is_equal(&parcel.subject, key)) {
        (void)unlink(path);
        return AU_ERR_NOT_FOUND;
    }
    if (part == OTHER) (void)utimensat(AT_FDCWD, path, NULL, 0);
    *out_artifact = parcel.body;
    return AU_OK;
}

enum au_err au_artifacts_get(struct au_artifacts *artifacts, const struct au_hash *key,
                             struct au_buf *file, struct au_bytes *out_artifact)
{
    enum au_err err = read_part(artifacts, CHAIN, key, file, out_artifact);
    if (err == AU_ERR_NOT_FOUND) err = read_part(artifacts, OTHER, key, file, out_artifact);
    return err == AU_OK || err == AU_ERR_NO_MEMORY ? err : AU_ERR_NOT_FOUND;
}

/* Whoever may write in such a folder can run code in this process. */
static enum au_err make_folder(const char *path)
{
    struct stat info;
    if (mkdir(path, FOLDER_MODE) != 0 && errno != EEXIST) return AU_ERR_IO;
    if (lstat(path, &info) != 0) return AU_ERR_IO;
    bool is_ours = S_ISDIR(info.st_mode) && info.st_uid == geteuid();
    return is_ours && (info.st_mode & 077) == 0 ? AU_OK : AU_ERR_INVALID_ARG;
}

static enum au_err make_folders(const struct au_artifacts *artifacts)
{
    char path[PATH_MAX];
    AU_TRY(make_folder(artifacts->folder));
    for (int i = 0; i < PART_COUNT; i++) {
        AU_TRY(put_path(artifacts, (enum part)i, "", path));
        AU_TRY(make_folder(path));
    }
    return AU_OK;
}

void au_artifacts_put(struct au_artifacts *artifacts, const struct au_hash *key,
                      struct au_bytes artifact)
{
    char path[PATH_MAX];
    uint8_t head[AU_PARCEL_HEAD_SIZE];
    struct au_parcel parcel = {AU_PARCEL_STORED, *key, artifact};
    struct au_buf file;
    if (path_of(artifacts, OTHER, key, path) != AU_OK) return;
    au_parcel_seal(&parcel, head);
    au_buf_init(&file, AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX);
    au_buf_put(&file, head, sizeof(head));
    au_buf_put_bytes(&file, artifact);
    if (file.err == AU_OK) {
        enum au_err err = au_file_write(path, au_buf_bytes(&file));
        /* Somebody has removed the folder: it is a cache. */
        if (err == AU_ERR_NOT_FOUND && make_folders(artifacts) == AU_OK) {
            err = au_file_write(path, au_buf_bytes(&file));
        }
        if (err == AU_OK) add_size(artifacts, file.size);
    }
    au_buf_done(&file);
}

void au_artifacts_keep(struct au_artifacts *artifacts, const struct au_hash *key)
{
    char from[PATH_MAX];
    char to[PATH_MAX];
    if (path_of(artifacts, OTHER, key, from) != AU_OK) return;
    if (path_of(artifacts, CHAIN, key, to) != AU_OK) return;
    (void)rename(from, to);
}

void au_artifacts_drop(struct au_artifacts *artifacts, const struct au_hash *key)
{
    char path[PATH_MAX];
    for (int i = 0; i < PART_COUNT; i++) {
        if (path_of(artifacts, (enum part)i, key, path) == AU_OK) (void)unlink(path);
    }
}

/* ---- opening ---- */

static enum au_err open_folders(struct au_artifacts *artifacts)
{
    AU_TRY(make_folders(artifacts));
    for (int i = 0; i < PART_COUNT; i++) {
        struct found_list list = {0};
        enum au_err err = look_through(artifacts, (enum part)i, /* removes_rest */ true, &list);
        for (size_t j = 0; i == OTHER && j < list.count; j++)
            artifacts->other_size += list.items[j].size;
        au_mem_free(list.items);
        AU_TRY(err);
    }
    return AU_OK;
}

enum au_err au_artifacts_open(const char *path, uint64_t size_max, const struct au_hash *identity,
                              struct au_artifacts **out_artifacts)
{
    size_t path_size = strlen(path) + 1;
    struct au_artifacts *artifacts = au_mem_new(sizeof(*artifacts) + path_size);
    if (!artifacts) return AU_ERR_NO_MEMORY;
    memcpy(artifacts->folder, path, path_size);
    artifacts->size_max = size_max;
    AU_ASSERT(pthread_mutex_init(&artifacts->lock, NULL) == 0);
    put_digits(artifacts->prefix, identity->bytes, IDENTITY_SIZE);
    memcpy(artifacts->prefix + PREFIX_SIZE - 1, "-", 2);
    enum au_err err = open_folders(artifacts);
    if (err != AU_OK) {
        au_artifacts_close(artifacts);
        return err;
    }
    *out_artifacts = artifacts;
    return AU_OK;
}

void au_artifacts_close(struct au_artifacts *artifacts)
{
    if (!artifacts) return;
    AU_ASSERT(pthread_mutex_destroy(&artifacts->lock) == 0);
    au_mem_free(artifacts);
}
