#include "cli/password.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

void au_password_wipe(struct au_password *password)
{
    explicit_bzero(password, sizeof(*password));
}

/* A line end is none of a password. */
static enum au_err trim(struct au_password *password)
{
    static const uint8_t ends[] = {'\n', '\r'};
    for (size_t i = 0; i < sizeof(ends) && password->size > 0; i++) {
        if (password->bytes[password->size - 1] == ends[i]) password->size--;
    }
    return password->size > AU_PASSWORD_SIZE_MAX ? AU_ERR_TOO_LARGE : AU_OK;
}

/* Reads to the end of the file, without a buffer that would keep a copy. */
static enum au_err read_all(int fd, struct au_password *password)
{
    password->size = 0;
    while (password->size < sizeof(password->bytes)) {
        ssize_t got =
            read(fd, password->bytes + password->size, sizeof(password->bytes) - password->size);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return AU_ERR_IO;
        if (got == 0) break;
        password->size += (size_t)got;
    }
    return trim(password);
}

/* Reads a line of the terminal; IO also if a signal is waiting at signals. */
static enum au_err read_line(int signals, struct au_password *password)
{
    struct pollfd sources[] = {{.fd = STDIN_FILENO, .events = POLLIN},
                               {.fd = signals, .events = POLLIN}};
    password->size = 0;
    while (password->size < sizeof(password->bytes)) {
        uint8_t *at = password->bytes + password->size;
        if (poll(sources, AU_COUNT_OF(sources), -1) < 0) return AU_ERR_IO;
        if (sources[1].revents != 0) return AU_ERR_IO;
        ssize_t got = read(STDIN_FILENO, at, 1);
        if (got < 0) return AU_ERR_IO;
        if (got == 0) break;
        password->size++;
        if (*at == '\n') break;
    }
    return trim(password);
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
    enum au_err err = read_all(fd, out_password);
    if (err == AU_ERR_IO) {
        au_invocation_fail(invocation, AU_EXIT_KEY, "cannot read '%s': %s", path, strerror(errno));
    }
    if (!is_stdin) close(fd);
    if (err == AU_ERR_IO) return AU_EXIT_KEY;
    if (err != AU_OK || out_password->size == 0) return fail_size(invocation, path);
    return AU_EXIT_DONE;
}

/* Asks on a terminal that shows nothing of the answer. Who ends the program meanwhile gets a
 * terminal back that shows what is typed: signals wait until it does. */
static enum au_err ask_silently(FILE *err, const char *question, const struct termios *shown,
                                struct au_password *password)
{
    static const int enders[] = {SIGINT, SIGTERM, SIGQUIT, SIGHUP};
    sigset_t waiting;
    sigset_t before;
    struct termios silent = *shown;
    silent.c_lflag &= ~(tcflag_t)ECHO;
    sigemptyset(&waiting);
    for (size_t i = 0; i < AU_COUNT_OF(enders); i++) {
        sigaddset(&waiting, enders[i]);
    }
    int signals = signalfd(-1, &waiting, SFD_CLOEXEC);
    if (signals < 0) return AU_ERR_IO;
    AU_ASSERT(pthread_sigmask(SIG_BLOCK, &waiting, &before) == 0);
    fprintf(err, "%s: ", question);
    fflush(err);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
    enum au_err result = read_line(signals, password);
    tcsetattr(STDIN_FILENO, TCSAFLUSH, shown);
    fputc('\n', err);
    close(signals);
    AU_ASSERT(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    return result;
}

static enum au_exit ask(const struct au_invocation *invocation, const char *question,
                        struct au_password *password)
{
    struct termios shown;
    enum au_err err = AU_ERR_IO;
    if (tcgetattr(STDIN_FILENO, &shown) == 0) {
        err = ask_silently(invocation->streams->err, question, &shown, password);
    }
    if (err == AU_ERR_IO) {
        return au_invocation_fail(invocation, AU_EXIT_KEY, "cannot ask for a password");
    }
    if (err != AU_OK || password->size == 0) return fail_size(invocation, "the password");
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

    struct au_password again = {.size = 0};
    code = ask(invocation, "password, once more", &again);
    if (code == AU_EXIT_DONE && (again.size != out_password->size ||
                                 memcmp(again.bytes, out_password->bytes, again.size) != 0)) {
        code = au_invocation_fail(invocation, AU_EXIT_KEY, "the two passwords differ");
    }
    au_password_wipe(&again);
    return code;
}
