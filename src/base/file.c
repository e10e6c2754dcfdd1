#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE        65536
#define TEMP_ATTEMPT_MAX 100

static enum au_err err_of_errno(void)
{
    if (errno == ENOENT || errno == ENOTDIR) return AU_ERR_NOT_FOUND;
    if (errno == ENOMEM) return AU_ERR_NO_MEMORY;
    return AU_ERR_IO;
}

static int open_file(const char *path, int flags, mode_t mode)
{
    int fd;
    do {
        fd = open(path, flags | O_CLOEXEC, mode);
    } while (fd < 0 && errno == EINTR);
    return fd;
}

static ssize_t read_some(int fd, void *to, size_t size)
{
    ssize_t count;
    do {
        count = read(fd, to, size);
    } while (count < 0 && errno == EINTR);
    return count;
}

static enum au_err read_all(int fd, struct au_buf *content)
{
    ssize_t count = 1;
    while (count > 0 && content->size < content->size_max) {
        size_t left = content->size_max - content->size;
        size_t room = left < READ_SIZE ? left : READ_SIZE;
        uint8_t *to = au_buf_reserve(content, room);
        if (to == NULL) return content->err;
        count = read_some(fd, to, room);
        if (count > 0) content->size += (size_t)count;
    }
    if (count > 0) { /* at the bound: only one byte more tells whether the file just fits */
        uint8_t extra;
        count = read_some(fd, &extra, 1);
        if (count > 0) return AU_ERR_TOO_LARGE;
    }
    return count == 0 ? AU_OK : err_of_errno();
}

enum au_err au_file_read(const char *path, struct au_buf *content)
{
    au_buf_clear(content);
    int fd = open_file(path, O_RDONLY, 0);
    if (fd < 0) return err_of_errno();
    enum au_err err = read_all(fd, content);
    close(fd);
    if (err != AU_OK) au_buf_clear(content);
    return err;
}

static enum au_err write_all(int fd, struct au_bytes content)
{
    while (content.size > 0) {
        ssize_t count = write(fd, content.data, content.size);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return err_of_errno();
        content.data += count;
        content.size -= (size_t)count;
    }
    return AU_OK;
}

/* Writes all that a new file holds, and closes it. */
static enum au_err fill(int fd, struct au_bytes content)
{
    enum au_err err = write_all(fd, content);
    if (err == AU_OK && fsync(fd) != 0) err = AU_ERR_IO;
    if (close(fd) != 0 && err == AU_OK) err = AU_ERR_IO;
    return err;
}

/* Opens a new file beside path, with the permissions of path if that exists. The process' number
 * and O_EXCL keep writers apart; names left behind by a crash are passed over. */
static enum au_err open_temp(const char *path, mode_t mode_wanted, struct au_buf *temp, int *out_fd)
{
    int fd = -1;
    for (int attempt = 0; fd < 0 && attempt < TEMP_ATTEMPT_MAX; attempt++) {
        au_buf_clear(temp);
        au_buf_printf(temp, "%s.%ld-%d.tmp", path, (long)getpid(), attempt);
        au_buf_put_u8(temp, 0);
        if (temp->err != AU_OK) return temp->err;
        fd = open_file((const char *)temp->data, O_WRONLY | O_CREAT | O_EXCL, 0666);
        if (fd < 0 && errno != EEXIST) return err_of_errno();
    }
    if (fd < 0) return AU_ERR_IO;
    if (mode_wanted != 0 && fchmod(fd, mode_wanted) != 0) {
        close(fd);
        unlink((const char *)temp->data);
        return AU_ERR_IO;
    }
    *out_fd = fd;
    return AU_OK;
}

static enum au_err sync_folder_of(char *path)
{
    char *slash = strrchr(path, '/');
    AU_ASSERT(slash != NULL); /* realpath and resolve give absolute paths or ./name */
    slash[slash == path ? 1 : 0] = 0;
    int fd = open_file(path, O_RDONLY | O_DIRECTORY, 0);
    if (fd < 0) return AU_ERR_IO;
    /* Some file systems cannot sync a folder, and then need not. */
    enum au_err err = fsync(fd) == 0 || errno == EINVAL ? AU_OK : AU_ERR_IO;
    close(fd);
    return err;
}

/* Gives the path of a new file, with a slash in it. */
static enum au_err put_slash(const char *path, char out_path[PATH_MAX])
{
    const char *prefix = strchr(path, '/') == NULL ? "./" : "";
    if (*path == 0) return AU_ERR_NOT_FOUND;
    int size = snprintf(out_path, PATH_MAX, "%s%s", prefix, path);
    if (size > 0 && size < PATH_MAX) return AU_OK;
    errno = ENAMETOOLONG;
    return AU_ERR_IO;
}

/* Gives the path behind links, with a slash in it, and the permissions of the file there or 0. */
static enum au_err resolve(const char *path, char resolved[PATH_MAX], mode_t *out_mode)
{
    struct stat info;
    if (lstat(path, &info) != 0) {
        if (errno != ENOENT) return err_of_errno();
        *out_mode = 0;
        return put_slash(path, resolved);
    }
    if (realpath(path, resolved) == NULL || stat(resolved, &info) != 0) return err_of_errno();
    if (!S_ISREG(info.st_mode)) return AU_ERR_INVALID_ARG;
    *out_mode = info.st_mode & 07777;
    return AU_OK;
}

enum au_err au_file_write(const char *path, struct au_bytes content)
{
    char resolved[PATH_MAX];
    mode_t mode = 0;
    AU_TRY(resolve(path, resolved, &mode));

    int fd = -1;
    struct au_buf temp;
    au_buf_init(&temp, PATH_MAX + 64);
    enum au_err err = open_temp(resolved, mode, &temp, &fd);
    if (err != AU_OK) goto done;

    const char *temp_path = (const char *)temp.data;
    err = fill(fd, content);
    if (err == AU_OK && rename(temp_path, resolved) != 0) err = AU_ERR_IO;
    if (err != AU_OK) {
        unlink(temp_path);
        goto done;
    }
    err = sync_folder_of(resolved);

done:
    au_buf_done(&temp);
    return err;
}

enum au_err au_file_create(const char *path, struct au_bytes content)
{
    char place[PATH_MAX];
    AU_TRY(put_slash(path, place));
    int fd = open_file(place, O_WRONLY | O_CREAT | O_EXCL, 0600);
    if (fd < 0) return err_of_errno();
    enum au_err err = fill(fd, content);
    if (err != AU_OK) {
        unlink(place);
        return err;
    }
    return sync_folder_of(place);
}

enum au_err au_file_make_folder(const char *path, unsigned mode)
{
    struct stat info;
    if (mkdir(path, mode) == 0) return AU_OK;
    int cause = errno;
    if (cause == EEXIST && stat(path, &info) == 0 && S_ISDIR(info.st_mode)) return AU_OK;
    errno = cause;
    return AU_ERR_IO;
}

const char *au_file_err_text(enum au_err err)
{
    return err == AU_ERR_IO && errno != 0 ? strerror(errno) : au_err_text(err);
}
