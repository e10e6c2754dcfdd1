#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

void au_password_wipe(struct au_password *password)
{
    explicit_bzero(password, sizeof(*password));
}

/* Reads to the end of the file, or of the line on a terminal, without a buffer that would keep a
 * copy. */
static enum au_err read_all(int fd, bool is_line, struct au_password *password)
{
    password->size = 0;
    while (password->size < sizeof(password->bytes)) {
        ssize_t got = read(fd, password->bytes + password->size,
                           is_line ? 1 : sizeof(password->bytes) - password->size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return AU_ERR_IO;
        if (got == 0) break;
        password->size += (size_t)got;
        if (is_line && password->bytes[password->size - 1] == '\n') break;
    }
    for (size_t i = 0; i < 2 && password->size > 0; i++) {
        if (password->bytes[password->size - 1] != "\n\r"[i]) continue;
        password->size--;
    }
    return password->size > AU_PASSWORD_SIZE_MAX ? AU_ERR_TOO_LARGE : AU_OK;
}

static enum au_exit fail_size(const struct au_invocation *invocation, const char *what)
{
    return au_invocation_fail(invocation, AU_EXIT_KEY, "%s is empty or longer than %u bytes", what,
                              AU_PASSWORD_SIZE_MAX);
}

enum au_exit au_password_read_file(const struct au_invocation *invocation, const char *path,
                                   struct au_password *out_password)
{
    bool is_stdin = strcmp(path, "-") == 0;
    int fd = is_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        enum au_exit code = errno == ENOENT ? AU_EXIT_NOT_FOUND : AU_EXIT_KEY;
        return au_invocation_fail(invocation, code, "cannot read '%s': %s", path, strerror(errno));
    }
    enum au_err err = read_all(fd, /* is_line = */ false, out_password);
    if (err == AU_ERR_IO) {
        au_invocation_fail(invocation, AU_EXIT_KEY, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!is_stdin) close(fd);
    if (err == AU_ERR_IO) return AU_EXIT_KEY;
    if (err != AU_OK || out_password->size == 0) return fail_size(invocation, path);
    return AU_EXIT_DONE;
}

static enum au_exit ask(const struct au_invocation *invocation, const char *question,
                        struct au_password *password)
{
    struct termios before;
    if (tcgetattr(STDIN_FILENO, &before) != 0) {
        return au_invocation_fail(invocation, AU_EXIT_KEY, "cannot ask for a password: %s",
                                  strerror(errno));
    }
    struct termios silent = before;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    FILE *err = invocation->streams->err;
    fprintf(err, "%s: ", question);
    fflush(err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    enum au_err result = read_all(STDIN_FILENO, /* is_line = */ true, password);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fputc('\n', err);
    if (result != AU_OK || password->size == 0) return fail_size(invocation, "the password");
    return AU_EXIT_DONE;
}

enum au_exit au_password_read(const struct au_invocation *invocation, const char *name, bool is_new,
                              struct au_password *out_password)
{
    const char *path = au_invocation_text(invocation, "password-file", NULL);
    if (path == NULL) path = au_invocation_variable(invocation, "AUREON_PASSWORD_FILE");
    if (path != NULL) return au_password_read_file(invocation, path, out_password);
    if (isatty(STDIN_FILENO) != 1 || isatty(STDERR_FILENO) != 1) {
        return au_invocation_fail(invocation, AU_EXIT_KEY,
                                  "the key '%s' needs a password: give --password-file FILE or set "
                                  "AUREON_PASSWORD_FILE",
                                  name);
    }
    enum au_exit code = ask(invocation, "password", out_password);
    if (code != AU_EXIT_DONE || !is_new) return code;

    struct au_password again;
    code = ask(invocation, "password, once more", &again);
    if (code == AU_EXIT_DONE && (again.size != out_password->size ||
                                 memcmp(again.bytes, out_password->bytes, again.size) != 0)) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY, "the two passwords differ");
    }
    au_password_wipe(&again);
    return code;
}
