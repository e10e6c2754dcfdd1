/* Stands between a node and its disk, and breaks one call of those it counts.
 *
 * Loaded by LD_PRELOAD. tests/torture/crash.py shares a page with it, which says when to count and
 * what to do at which call, and gets the count. Calls on files outside of the data directory go
 * through. All calls that are counted run one after the other: a kill falls between two of them.
 *
 * A loss of power is a kill that cuts each file back to the size it had when it was last synced. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES_MAX 512u
#define TEXT_SIZE 200u

enum action {
    NOTHING,
    KILL_BEFORE,
    KILL_WITHIN,
    KILL_AFTER,
    LOSE_BEFORE,
    LOSE_AFTER,
    EIO_ONCE,
    ENOSPC_ONCE,
    ENOSPC_ON
};

/* crash.py has the same layout. */
struct control {
    uint32_t is_counting;
    uint32_t counts_reads; /* and nothing else */
    uint32_t count;
    uint32_t target;
    uint32_t action;
    uint32_t is_done;
    char told[TEXT_SIZE]; /* the call that was broken */
};

struct file {
    dev_t device;
    ino_t inode;
    int fd; /* our own */
    off_t synced_size;
};

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_size;
static struct file files[FILES_MAX];
static size_t file_count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void give_up(const char *why)
{
    dprintf(STDERR_FILENO, "crash_shim: %s\n", why);
    _exit(99);
}

__attribute__((constructor)) static void begin(void)
{
    const char *name = getenv("AUREON_CRASH_CONTROL");
    const char *path = getenv("AUREON_CRASH_FOLDER");
    unsetenv("LD_PRELOAD"); /* the node's helpers write nothing there */
    if (!name || !path || strlen(path) >= sizeof(folder)) give_up("no control or folder");
    int fd = open(name, O_RDWR | O_CLOEXEC);
    void *page = mmap(NULL, sizeof(*control), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd < 0 || page == MAP_FAILED) give_up("the control cannot be mapped");
    close(fd);
    folder_size = strlen(path);
    memcpy(folder, path, folder_size + 1);
    control = page;
}

static bool is_ours(const char *path)
{
    return control && strncmp(path, folder, folder_size) == 0 && path[folder_size] == '/';
}

static bool path_of(int fd, char path[PATH_MAX])
{
    char link[40];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size < 0) return false;
    path[size] = 0;
    return is_ours(path);
}

/* ---- what is synced ---- */

static struct file *file_of(int fd)
{
    struct stat info;
    if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return NULL;
    for (size_t i = 0; i < file_count; i++) {
        if (files[i].device == info.st_dev && files[i].inode == info.st_ino) return &files[i];
    }
    if (file_count == FILES_MAX) give_up("too many files");
    files[file_count] =
        (struct file){info.st_dev, info.st_ino, fcntl(fd, F_DUPFD_CLOEXEC, 500), info.st_size};
    return &files[file_count++];
}

static void note_synced(int fd)
{
    struct stat info;
    struct file *file = file_of(fd);
    if (file && fstat(fd, &info) == 0) file->synced_size = info.st_size;
}

static void lose_unsynced(void)
{
    int (*cut)(int, off_t) = (int (*)(int, off_t))dlsym(RTLD_NEXT, "ftruncate");
    for (size_t i = 0; i < file_count; i++) {
        struct stat info;
        const struct file *file = &files[i];
        if (fstat(file->fd, &info) != 0 || info.st_size <= file->synced_size) continue;
        if (cut(file->fd, file->synced_size) != 0) give_up("a file cannot be cut");
    }
}

/* ---- breaking ---- */

static void die(void)
{
    control->is_done = 1;
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

/* Before a call, under the lock. Returns what to do with it, after or instead. */
static enum action meet(bool is_read, const char *call, const char *path)
{
    if (!control->is_counting || is_read != (control->counts_reads != 0)) return NOTHING;
    uint32_t number = ++control->count;
    bool is_on = control->action == ENOSPC_ON && number > control->target && control->target > 0;
    if (number != control->target && !is_on) return NOTHING;
    if (!is_on) snprintf(control->told, TEXT_SIZE, "%s %s", call, path + folder_size + 1);
    if (control->action == LOSE_BEFORE) lose_unsynced();
    if (control->action == KILL_BEFORE || control->action == LOSE_BEFORE) die();
    control->is_done = 1;
    return (enum action)control->action;
}

static void part(enum action action)
{
    if (action == LOSE_AFTER) lose_unsynced();
    if (action == LOSE_AFTER || action == KILL_AFTER || action == KILL_WITHIN) die();
}

static int error_of(enum action action)
{
    if (action == EIO_ONCE) return EIO;
    return action == ENOSPC_ONCE || action == ENOSPC_ON ? ENOSPC : 0;
}

#define REAL(name)                 \
    static __typeof__(&name) real; \
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, #name)

/* A call on a descriptor: what is to be done before, the call with its size, what after. */
#define ON_FD(fd, name, is_read, before, size, within, call, after) \
    char path[PATH_MAX];                                            \
    REAL(name);                                                     \
    if (!control || !path_of(fd, path)) return call;                \
    pthread_mutex_lock(&lock);                                      \
    before;                                                         \
    enum action action = meet(is_read, #name, path);                \
    int error = error_of(action);                                   \
    if (action == KILL_WITHIN) size = within;                       \
    __typeof__(call) result = error ? -1 : call;                    \
    int cause = error ? error : errno;                              \
    if (result >= 0) after;                                         \
    part(action);                                                   \
    pthread_mutex_unlock(&lock);                                    \
    errno = cause;                                                  \
    return result

ssize_t write(int fd, const void *data, size_t size)
{
    ON_FD(fd, write, false, file_of(fd), size, size / 2, real(fd, data, size), (void)0);
}

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    ON_FD(fd, pwrite, false, file_of(fd), size, size / 2, real(fd, data, size, at), (void)0);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    ON_FD(fd, writev, false, file_of(fd), count, count / 2, real(fd, parts, count), (void)0);
}

int fsync(int fd)
{
    int unused = 0;
    ON_FD(fd, fsync, false, (void)0, unused, unused, real(fd), note_synced(fd));
}

int fdatasync(int fd)
{
    int unused = 0;
    ON_FD(fd, fdatasync, false, (void)0, unused, unused, real(fd), note_synced(fd));
}

int sync_file_range(int fd, off_t at, off_t size, unsigned flags)
{
    int unused = 0;
    /* RocksDB asks so whether there is such a call. It writes nothing, and no disk can fail it. */
    if (flags == 0) return 0;
    ON_FD(fd, sync_file_range, false, (void)0, unused, unused, real(fd, at, size, flags), (void)0);
}

int ftruncate(int fd, off_t size)
{
    int unused = 0;
    ON_FD(fd, ftruncate, false, file_of(fd), unused, unused, real(fd, size), (void)0);
}

int fallocate(int fd, int mode, off_t at, off_t size)
{
    int unused = 0;
    ON_FD(fd, fallocate, false, file_of(fd), unused, unused, real(fd, mode, at, size), (void)0);
}

ssize_t read(int fd, void *data, size_t size)
{
    ON_FD(fd, read, true, (void)0, size, size, real(fd, data, size), (void)0);
}

ssize_t pread(int fd, void *data, size_t size, off_t at)
{
    ON_FD(fd, pread, true, (void)0, size, size, real(fd, data, size, at), (void)0);
}

int rename(const char *from, const char *to)
{
    REAL(rename);
    if (!is_ours(to)) return real(from, to);
    pthread_mutex_lock(&lock);
    enum action action = meet(false, "rename", to);
    int error = error_of(action);
    int result = error ? -1 : real(from, to);
    int cause = error ? error : errno;
    part(action);
    pthread_mutex_unlock(&lock);
    errno = cause;
    return result;
}

int unlink(const char *path)
{
    REAL(unlink);
    if (!is_ours(path)) return real(path);
    pthread_mutex_lock(&lock);
    enum action action = meet(false, "unlink", path);
    int error = error_of(action);
    int result = error ? -1 : real(path);
    int cause = error ? error : errno;
    part(action);
    pthread_mutex_unlock(&lock);
    errno = cause;
    return result;
}
