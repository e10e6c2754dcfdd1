#include "node/snapshots.h"

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/lock.h"
#include "base/mem.h"
#include "base/text.h"
#include "ledger/snapshot.h"

#define MESSAGE_SIZE 16384u /* bytes */
#define PATH_SIZE    4096u  /* bytes */
#define FOLDER_MODE  0700

struct au_snapshots {
    struct au_snapshots_options options;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool is_due;            /* under the lock */
    atomic_bool is_stopped; /* changed under the lock */
};

/* ---- removing ---- */

static void remove_folder(const char *path)
{
    char name[PATH_SIZE];
    DIR *folder = opendir(path);
    if (!folder) return;
    /* The manifest first: without it a folder is no snapshot, whatever comes in between. */
    int size = snprintf(name, sizeof(name), "%s/%s", path, AU_SNAPSHOT_MANIFEST);
    if (size > 0 && (size_t)size < sizeof(name)) (void)unlink(name);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        size = snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
        if (size > 0 && (size_t)size < sizeof(name)) (void)unlink(name);
    }
    (void)closedir(folder);
    (void)rmdir(path);
}

static bool is_snapshot(const char *path)
{
    char name[PATH_SIZE];
    struct stat status;
    int size = snprintf(name, sizeof(name), "%s/%s", path, AU_SNAPSHOT_MANIFEST);
    return size > 0 && (size_t)size < sizeof(name) && lstat(name, &status) == 0;
}

/* The highest kept heights, the lowest of them first. What falls out is removed. */
struct kept {
    uint64_t heights[AU_SNAPSHOTS_KEPT];
    size_t count;
};

static void remove_height(const struct au_snapshots *snapshots, uint64_t height)
{
    char path[PATH_SIZE];
    int size = snprintf(path, sizeof(path), "%s/%" PRIu64, snapshots->options.folder, height);
    if (size > 0 && (size_t)size < sizeof(path)) remove_folder(path);
}

static void keep(const struct au_snapshots *snapshots, struct kept *kept, uint64_t height)
{
    size_t at = kept->count;
    uint64_t lost = height;
    if (kept->count == AU_SNAPSHOTS_KEPT) {
        if (height < kept->heights[0]) {
            remove_height(snapshots, height);
            return;
        }
        lost = kept->heights[0];
        kept->count--;
        at--;
        memmove(kept->heights, kept->heights + 1, kept->count * sizeof(kept->heights[0]));
        remove_height(snapshots, lost);
    }
    for (; at > 0 && kept->heights[at - 1] > height; at--) {
        kept->heights[at] = kept->heights[at - 1];
    }
    kept->heights[at] = height;
    kept->count++;
}

static void remove_old(const struct au_snapshots *snapshots)
{
    struct kept kept = {0};
    DIR *folder = opendir(snapshots->options.folder);
    if (!folder) return;
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        char path[PATH_SIZE];
        uint64_t height;
        int size = snprintf(path, sizeof(path), "%s/%s", snapshots->options.folder, entry->d_name);
        bool is_ours = au_text_parse_u64(au_bytes_of(entry->d_name), &height) == AU_OK;
        if (!is_ours || size <= 0 || (size_t)size >= sizeof(path)) continue;
        if (is_snapshot(path)) {
            keep(snapshots, &kept, height);
        } else {
            remove_folder(path);
        }
    }
    (void)closedir(folder);
}

/* ---- making ---- */

static void note(const struct au_snapshots *snapshots, const char *path, const char *what,
                 struct au_bytes cause)
{
    char text[MESSAGE_SIZE];
    snprintf(text, sizeof(text), "snapshot %s %s%.*s", path, what, (int)cause.size,
             cause.size > 0 ? (const char *)cause.data : "");
    snapshots->options.on_note(snapshots->options.context, text);
}

static enum au_err create(struct au_snapshots *snapshots, const struct au_read *read,
                          char path[PATH_SIZE], struct au_buf *message)
{
    const char *folder = snapshots->options.folder;
    const struct au_snapshot_source source = {.kv = snapshots->options.kv,
                                              .snapshot = &read->snapshot,
                                              .is_stopped = &snapshots->is_stopped};
    struct au_snapshot_info info;
    int size = snprintf(path, PATH_SIZE, "%s/%" PRIu64, folder, read->head.height);
    if (size <= 0 || (size_t)size >= PATH_SIZE) {
        au_buf_put_text(message, "the folder's path is too long");
        return AU_ERR_INVALID_ARG;
    }
    if (au_file_make_folder(folder, FOLDER_MODE) != AU_OK) {
        au_buf_printf(message, "cannot make the folder %s: %s", folder, strerror(errno));
        return AU_ERR_IO;
    }
    if (is_snapshot(path)) return AU_ERR_UNSUPPORTED; /* nothing has happened since */
    return au_snapshot_create(&source, path, message, &info);
}

static void make_one(struct au_snapshots *snapshots)
{
    char path[PATH_SIZE] = "";
    struct au_buf message;
    struct au_read read;
    au_buf_init(&message, MESSAGE_SIZE / 2);
    enum au_err err = au_read_open(snapshots->options.ledger, &read);
    if (err == AU_OK) {
        err = create(snapshots, &read, path, &message);
        au_read_close(&read);
    }
    remove_old(snapshots);
    if (err == AU_OK) {
        note(snapshots, path, "is made", (struct au_bytes){0});
    } else if (err != AU_ERR_UNSUPPORTED) {
        if (message.size == 0) au_buf_put_text(&message, au_err_text(err));
        note(snapshots, path, "could not be made: ", au_buf_bytes(&message));
    }
    au_buf_done(&message);
}

static void *run(void *context)
{
    struct au_snapshots *snapshots = context;
    au_lock(&snapshots->lock);
    while (!atomic_load(&snapshots->is_stopped)) {
        if (!snapshots->is_due) {
            AU_ASSERT(pthread_cond_wait(&snapshots->news, &snapshots->lock) == 0);
            continue;
        }
        snapshots->is_due = false;
        au_unlock(&snapshots->lock);
        make_one(snapshots);
        au_lock(&snapshots->lock);
    }
    au_unlock(&snapshots->lock);
    return NULL;
}

/* ---- life ---- */

enum au_err au_snapshots_new(const struct au_snapshots_options *options,
                             struct au_snapshots **out_snapshots)
{
    struct au_snapshots *snapshots = au_mem_new(sizeof(*snapshots));
    if (!snapshots) return AU_ERR_NO_MEMORY;
    AU_ASSERT(options->every > 0);
    snapshots->options = *options;
    AU_ASSERT(pthread_mutex_init(&snapshots->lock, NULL) == 0);
    AU_ASSERT(pthread_cond_init(&snapshots->news, NULL) == 0);
    remove_old(snapshots);
    if (pthread_create(&snapshots->thread, NULL, run, snapshots) != 0) {
        AU_ASSERT(pthread_cond_destroy(&snapshots->news) == 0);
        AU_ASSERT(pthread_mutex_destroy(&snapshots->lock) == 0);
        au_mem_free(snapshots);
        return AU_ERR_NO_MEMORY;
    }
    *out_snapshots = snapshots;
    return AU_OK;
}

void au_snapshots_free(struct au_snapshots *snapshots)
{
    if (!snapshots) return;
    au_lock(&snapshots->lock);
    atomic_store(&snapshots->is_stopped, true);
    AU_ASSERT(pthread_cond_signal(&snapshots->news) == 0);
    au_unlock(&snapshots->lock);
    AU_ASSERT(pthread_join(snapshots->thread, NULL) == 0);
    AU_ASSERT(pthread_cond_destroy(&snapshots->news) == 0);
    AU_ASSERT(pthread_mutex_destroy(&snapshots->lock) == 0);
    au_mem_free(snapshots);
}

void au_snapshots_on_block(struct au_snapshots *snapshots, uint64_t height)
{
    if (height % snapshots->options.every != 0) return;
    au_lock(&snapshots->lock);
    snapshots->is_due = true;
    AU_ASSERT(pthread_cond_signal(&snapshots->news) == 0);
    au_unlock(&snapshots->lock);
}
