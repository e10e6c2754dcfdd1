#include "cli/toolchain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"

#define VERSION_MIN    14u
#define VERSION_MAX    30u
#define SAID_SIZE      512
#define SIGNAL_STATUS  128
#define NS_PER_MS      1000000u
#define PACKAGES       "on Debian and Ubuntu: sudo apt-get install clang lld"
#define VERSION_PREFIX "clang version "

extern char **environ;

/* ---- running ---- */

/* fds[i] becomes the program's descriptor i + 1. */
static enum au_err spawn(const char *const *argv, const int fds[2], pid_t *out_child)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    if (posix_spawn_file_actions_init(&actions) != 0) return AU_ERR_NO_MEMORY;
    /* Of a node's threads all block signals; a compiler must hear them. */
    sigemptyset(&none);
    AU_ASSERT(posix_spawnattr_init(&attributes) == 0);
    AU_ASSERT(posix_spawnattr_setsigmask(&attributes, &none) == 0);
    AU_ASSERT(posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK) == 0);
    int problem = posix_spawn_file_actions_adddup2(&actions, fds[0], STDOUT_FILENO);
    if (problem == 0) {
        problem = posix_spawn_file_actions_adddup2(&actions, fds[1], STDERR_FILENO);
    }
    if (problem == 0) {
        problem = posix_spawn(out_child, argv[0], &actions, &attributes,
                              (char *const *)(uintptr_t)argv, environ);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    errno = problem;
    return problem == 0 ? AU_OK : AU_ERR_IO;
}

static enum au_err await(pid_t child, int *out_status)
{
    int status;
    while (waitpid(child, &status, 0) < 0) {
        if (errno != EINTR) return AU_ERR_IO;
    }
    *out_status = WIFEXITED(status) ? WEXITSTATUS(status) : SIGNAL_STATUS + WTERMSIG(status);
    return AU_OK;
}

enum au_err au_toolchain_run(const char *const *argv, int *out_status)
{
    static const int fds[2] = {STDERR_FILENO, STDERR_FILENO};
    pid_t child;
    AU_TRY(spawn(argv, fds, &child));
    return await(child, out_status);
}

/* ---- listening ---- */

struct ear {
    int end; /* of a pipe */
    char *said;
    size_t size;
    size_t count;
};

static bool is_full(const struct ear *ear)
{
    return ear->count + 1 >= ear->size;
}

/* False: there is nothing more, or nothing yet. */
static bool hear(struct ear *ear)
{
    char rest[SAID_SIZE];
    bool is_lost = is_full(ear);
    ssize_t got = is_lost ? read(ear->end, rest, sizeof(rest))
                          : read(ear->end, ear->said + ear->count, ear->size - 1 - ear->count);
    if (got > 0 && !is_lost) ear->count += (size_t)got;
    return got > 0 || (got < 0 && errno == EINTR);
}

/* For poll: -1 is for ever. */
static int left_ms(uint64_t begin_ns, uint32_t limit_ms)
{
    uint64_t gone_ms = (au_clock_ns() - begin_ns) / NS_PER_MS;
    if (limit_ms == 0) return -1;
    return gone_ms < limit_ms ? (int)(limit_ms - gone_ms) : 0;
}

/* Until the child ends: what it began itself may keep the pipe open for longer. */
static enum au_err attend(struct ear *ear, pid_t child, uint32_t limit_ms, bool *out_is_late)
{
    uint64_t begin_ns = au_clock_ns();
    int life = pidfd_open(child, 0);
    struct pollfd sources[] = {{.fd = life, .events = POLLIN}, {.fd = ear->end, .events = POLLIN}};
    enum au_err err = life < 0 ? AU_ERR_IO : AU_OK;
    bool is_late = false;
    while (err == AU_OK && !is_late && sources[0].revents == 0) {
        int left = left_ms(begin_ns, limit_ms);
        int ready = poll(sources, AU_COUNT_OF(sources), left);
        if (ready < 0 && errno != EINTR) err = AU_ERR_IO;
        if (ready > 0 && sources[1].revents != 0 && !hear(ear)) sources[1].fd = -1;
        /* One that writes all the time always has something to hear. */
        is_late = left == 0 && sources[0].revents == 0;
    }
    if (err != AU_OK || is_late) kill(child, SIGKILL);
    while (!is_full(ear) && hear(ear)) {
    }
    if (life >= 0) close(life);
    *out_is_late = is_late;
    return err;
}

enum au_err au_toolchain_listen(const char *const *argv, uint32_t limit_ms, char *said, size_t size,
                                int *out_status)
{
    int ends[2];
    pid_t child;
    bool is_late = false;
    if (pipe2(ends, O_CLOEXEC) != 0) return AU_ERR_IO;
    const int fds[2] = {ends[1], ends[1]};
    struct ear ear = {.end = ends[0], .said = said, .size = size};
    enum au_err err = fcntl(ends[0], F_SETFL, O_NONBLOCK) == 0 ? AU_OK : AU_ERR_IO;
    if (err == AU_OK) err = spawn(argv, fds, &child);
    close(ends[1]);
    if (err == AU_OK) {
        err = attend(&ear, child, limit_ms, &is_late);
        enum au_err ended = await(child, out_status);
        if (err == AU_OK) err = ended;
        if (is_late) *out_status = AU_TOOLCHAIN_LATE;
    }
    close(ends[0]);
    said[ear.count] = 0;
    return err;
}

/* ---- finding ---- */

/* A folder may have a program's name. */
static bool can_run(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

/* The first file of this name on the PATH that can be run. */
static bool find_program(const struct au_invocation *invocation, const char *name,
                         char out_path[AU_TOOLCHAIN_PATH_SIZE])
{
    const char *rest = au_invocation_variable(invocation, "PATH");
    while (rest != NULL && *rest != '\0') {
        size_t size = strcspn(rest, ":");
        int written = snprintf(out_path, AU_TOOLCHAIN_PATH_SIZE, "%.*s/%s", (int)size, rest, name);
        bool fits = written > 0 && written < AU_TOOLCHAIN_PATH_SIZE && size > 0;
        if (fits && can_run(out_path)) return true;
        rest += size + (rest[size] == ':' ? 1 : 0);
    }
    return false;
}

/* 0: it does not say a version. */
static unsigned version_of(const char *clang)
{
    const char *const argv[] = {clang, "--version", NULL};
    char said[SAID_SIZE];
    uint32_t version = 0;
    int status;
    if (au_toolchain_listen(argv, 0, said, sizeof(said), &status) != AU_OK) return 0;
    const char *number = strstr(said, VERSION_PREFIX);
    if (number == NULL) return 0;
    number += sizeof(VERSION_PREFIX) - 1;
    struct au_bytes digits = {(const uint8_t *)number, strspn(number, "0123456789")};
    return au_text_parse_u32(digits, &version) == AU_OK ? version : 0;
}

/* The plain name first; a later one may have the version in its name. */
static bool find_versioned(const struct au_invocation *invocation, const char *name,
                           char out_path[AU_TOOLCHAIN_PATH_SIZE])
{
    if (find_program(invocation, name, out_path)) return true;
    for (unsigned version = VERSION_MAX; version >= VERSION_MIN; version--) {
        char versioned[64];
        snprintf(versioned, sizeof(versioned), "%s-%u", name, version);
        if (find_program(invocation, versioned, out_path)) return true;
    }
    return false;
}

/* Beside clang itself, where a distribution's links lead. */
static bool find_beside(const char *clang, char out_path[AU_TOOLCHAIN_PATH_SIZE])
{
    char *real = realpath(clang, NULL);
    char *slash = real == NULL ? NULL : strrchr(real, '/');
    int written = -1;
    if (slash != NULL) {
        written =
            snprintf(out_path, AU_TOOLCHAIN_PATH_SIZE, "%.*s/wasm-ld", (int)(slash - real), real);
    }
    au_free(real);
    return written > 0 && written < AU_TOOLCHAIN_PATH_SIZE && can_run(out_path);
}

static enum au_exit find_clang(const struct au_invocation *invocation, struct au_toolchain *found)
{
    const char *given = au_invocation_variable(invocation, "AUREON_CLANG");
    if (given != NULL && strchr(given, '/') != NULL) {
        snprintf(found->clang, sizeof(found->clang), "%s", given);
    } else if (!find_versioned(invocation, given == NULL ? "clang" : given, found->clang)) {
        return au_invocation_fail(
            invocation, AU_EXIT_BUILD,
            "'%s' is not on the PATH: contracts in C are compiled by clang %u "
            "or later; " PACKAGES,
            given == NULL ? "clang" : given, VERSION_MIN);
    }
    found->version = version_of(found->clang);
    if (found->version >= VERSION_MIN) return AU_EXIT_DONE;
    if (found->version == 0) {
        return au_invocation_fail(invocation, AU_EXIT_BUILD, "'%s' is no clang; " PACKAGES,
                                  found->clang);
    }
    return au_invocation_fail(invocation, AU_EXIT_BUILD,
                              "'%s' is clang %u: expected %u or later; " PACKAGES, found->clang,
                              found->version, VERSION_MIN);
}

enum au_exit au_toolchain_find(const struct au_invocation *invocation,
                               struct au_toolchain *out_toolchain)
{
    enum au_exit code = find_clang(invocation, out_toolchain);
    if (code != AU_EXIT_DONE) return code;
    char path[AU_TOOLCHAIN_PATH_SIZE];
    if (!find_beside(out_toolchain->clang, path) && !find_versioned(invocation, "wasm-ld", path)) {
        return au_invocation_fail(invocation, AU_EXIT_BUILD,
                                  "'wasm-ld' is neither beside clang nor on the PATH: it links "
                                  "contracts; " PACKAGES);
    }
    /* clang takes a linker's path only if it is absolute; what a link leads to has another name, by
     * which the linker would do something else. */
    char here[AU_TOOLCHAIN_PATH_SIZE] = "";
    if (path[0] != '/' && getcwd(here, sizeof(here)) == NULL) here[0] = '\0';
    int size = snprintf(out_toolchain->linker, sizeof(out_toolchain->linker), "%s%s%s", here,
                        path[0] == '/' ? "" : "/", path);
    if (size < 0 || (size_t)size >= sizeof(out_toolchain->linker)) {
        return au_invocation_fail(invocation, AU_EXIT_BUILD, "the path of '%s' is too long", path);
    }
    return AU_EXIT_DONE;
}
