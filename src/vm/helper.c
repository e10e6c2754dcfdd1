/* The parent's side. */
#include "vm/helper.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "vm/parcel.h"

#define MODULES_MAX  256u /* that a helper compiles before it is replaced */
#define ATTEMPTS_MAX 2

struct au_helper {
    struct au_hash identity;
    bool optimize_none;
    pthread_mutex_t lock; /* held while a module is compiled; guards these: */
    int fd;               /* of the process, if there is one */
    bool has_greeted;
    uint32_t module_count; /* of this process */

    /* Held for moments only, the lock before it if both are. The pid changes under both, so that it
     * names our child under either. */
    pthread_mutex_t process_lock;
    pid_t pid; /* 0: no process */
    bool is_stopped;
    uint64_t started_count;
    char program[]; /* the path */
};

/* ---- the process ---- */

/* The child has the socket as its standard input, nothing to write to, and no other descriptor. */
static int set_actions(posix_spawn_file_actions_t *actions, int fd)
{
    int failed = posix_spawn_file_actions_adddup2(actions, fd, STDIN_FILENO);
    if (!failed) {
        failed = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    }
    if (!failed) failed = posix_spawn_file_actions_adddup2(actions, STDOUT_FILENO, STDERR_FILENO);
    return failed ? failed : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

/* Signals as a new program has them, and a group of its own: an interrupt typed at a terminal is
 * the parent's affair. */
static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t none;
    sigset_t all;
    AU_ASSERT(sigemptyset(&none) == 0 && sigfillset(&all) == 0);
    int failed = posix_spawnattr_setflags(
        attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (!failed) failed = posix_spawnattr_setsigmask(attributes, &none);
    if (!failed) failed = posix_spawnattr_setsigdefault(attributes, &all);
    return failed ? failed : posix_spawnattr_setpgroup(attributes, 0);
}

/* Gives an errno value. */
static int spawn(const struct au_helper *helper, int fd, pid_t *out_pid)
{
    char name[] = "aureon";
    char word[] = AU_HELPER_WORD;
    char none[] = "none";
    char *const arguments[] = {name, word, helper->optimize_none ? none : NULL, NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int failed = posix_spawn_file_actions_init(&actions);
    if (failed) return failed;
    failed = posix_spawnattr_init(&attributes);
    if (!failed) {
        failed = set_actions(&actions, fd);
        if (!failed) failed = set_attributes(&attributes);
        if (!failed) {
            failed =
                posix_spawn(out_pid, helper->program, &actions, &attributes, arguments, environ);
        }
        AU_ASSERT(posix_spawnattr_destroy(&attributes) == 0);
    }
    AU_ASSERT(posix_spawn_file_actions_destroy(&actions) == 0);
    return failed;
}

static bool is_shortage(int error)
{
    return error == ENOMEM || error == EAGAIN || error == EMFILE || error == ENFILE;
}

/* Gives an errno value. */
static int start_with(struct au_helper *helper, int fd)
{
    au_lock(&helper->process_lock);
    int failed = helper->is_stopped ? EAGAIN : spawn(helper, fd, &helper->pid);
    if (failed) {
        helper->pid = 0;
    } else {
        helper->started_count++;
    }
    au_unlock(&helper->process_lock);
    return failed;
}

static enum au_err start(struct au_helper *helper)
{
    int fds[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) return AU_ERR_NO_MEMORY;
    int failed = start_with(helper, fds[1]);
    (void)close(fds[1]);
    if (failed) {
        (void)close(fds[0]);
        return is_shortage(failed) ? AU_ERR_NO_MEMORY : AU_ERR_ENGINE;
    }
    helper->fd = fds[0];
    helper->has_greeted = false;
    helper->module_count = 0;
    return AU_OK;
}

static void end_process(struct au_helper *helper)
{
    if (helper->pid == 0) return;
    (void)close(helper->fd);
    au_lock(&helper->process_lock);
    (void)kill(helper->pid, SIGKILL);
    /* A program that ignores SIGCHLD has no zombies, and nothing to wait for. */
    while (waitpid(helper->pid, NULL, 0) < 0 && errno == EINTR) {
    }
    helper->pid = 0;
    au_unlock(&helper->process_lock);
}

/* A helper has nothing to say unless asked: an end, or bytes, tell that it is gone or mad. */
static bool is_quiet(const struct au_helper *helper)
{
    uint8_t byte;
    ssize_t count = recv(helper->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);
    return count < 0 && (errno == EAGAIN || errno == EINTR);
}

/* ---- asking ---- */

static enum au_err greet(struct au_helper *helper, uint64_t until_ns)
{
    struct au_buf nothing;
    struct au_parcel hello;
    au_buf_init(&nothing, 0);
    enum au_err err = au_parcel_receive(helper->fd, until_ns, &nothing, &hello);
    au_buf_done(&nothing);
    AU_TRY(err);
    if (hello.kind != AU_PARCEL_HELLO) return AU_ERR_MALFORMED;
    if (!au_hash_is_equal(&hello.subject, &helper->identity)) return AU_ERR_UNSUPPORTED;
    helper->has_greeted = true;
    return AU_OK;
}

static enum au_err attempt(struct au_helper *helper, const struct au_helper_request *request,
                           struct au_buf *artifact, struct au_parcel *out_answer)
{
    uint64_t until_ns = au_clock_ns() + request->limit_ns;
    if (helper->pid != 0 && helper->has_greeted && !is_quiet(helper)) end_process(helper);
    if (helper->pid == 0) AU_TRY(start(helper));
    if (!helper->has_greeted) AU_TRY(greet(helper, until_ns));
    struct au_parcel question = {request->is_traced ? AU_PARCEL_COMPILE_TRACED : AU_PARCEL_COMPILE,
                                 request->hash, request->code};
    AU_TRY(au_parcel_send(helper->fd, until_ns, &question));
    AU_TRY(au_parcel_receive(helper->fd, until_ns, artifact, out_answer));
    bool is_answer =
        out_answer->kind == AU_PARCEL_COMPILED || out_answer->kind == AU_PARCEL_REFUSED;
    bool is_ours = au_hash_is_equal(&out_answer->subject, &request->hash);
    return is_answer && is_ours ? AU_OK : AU_ERR_MALFORMED;
}

static const char *cause_of(enum au_err err)
{
    switch ((int)err) {
    case AU_ERR_NOT_FOUND: return "the compile helper ended";
    case AU_ERR_MALFORMED: return "the compile helper gave no valid answer";
    case AU_ERR_UNSUPPORTED: return "the compile helper is another version of the program";
    case AU_ERR_IO: return "the compile helper took too long";
    default: return "the compile helper cannot be started";
    }
}

static enum au_err take_answer(const struct au_parcel *answer, struct au_reject *out_reject)
{
    if (answer->kind == AU_PARCEL_COMPILED) return AU_OK;
    *out_reject = (struct au_reject){.rule = "engine", .function = AU_REJECT_NO_FUNCTION};
    (void)snprintf(out_reject->message, sizeof(out_reject->message), "%.*s", (int)answer->body.size,
                   answer->body.size > 0 ? (const char *)answer->body.data : "");
    return AU_ERR_ENGINE;
}

enum au_err au_helper_compile(struct au_helper *helper, const struct au_helper_request *request,
                              struct au_buf *artifact, struct au_reject *out_reject)
{
    struct au_parcel answer;
    enum au_err err = AU_ERR_ENGINE;
    au_lock(&helper->lock);
    if (helper->module_count == MODULES_MAX) end_process(helper);
    for (int i = 0; i < ATTEMPTS_MAX && err != AU_OK && err != AU_ERR_NO_MEMORY; i++) {
        err = attempt(helper, request, artifact, &answer);
        if (err != AU_OK) end_process(helper);
    }
    if (err == AU_OK) helper->module_count++;
    au_unlock(&helper->lock);
    if (err == AU_OK) return take_answer(&answer, out_reject);
    if (err == AU_ERR_NO_MEMORY) return err;
    *out_reject = (struct au_reject){.rule = "engine", .function = AU_REJECT_NO_FUNCTION};
    (void)snprintf(out_reject->message, sizeof(out_reject->message), "%s", cause_of(err));
    return AU_ERR_ENGINE;
}

pid_t au_helper_pid(struct au_helper *helper)
{
    au_lock(&helper->process_lock);
    pid_t pid = helper->pid;
    au_unlock(&helper->process_lock);
    return pid;
}

uint64_t au_helper_started(struct au_helper *helper)
{
    au_lock(&helper->process_lock);
    uint64_t count = helper->started_count;
    au_unlock(&helper->process_lock);
    return count;
}

/* ---- looking after it ---- */

/* One that ended before it was of use would do so again. */
static void replace_dead(struct au_helper *helper)
{
    siginfo_t end = {0};
    int failed = waitid(P_PID, (id_t)helper->pid, &end, WEXITED | WNOHANG | WNOWAIT);
    if (!failed && end.si_pid == 0) return;
    bool was_of_use = helper->has_greeted;
    end_process(helper);
    if (was_of_use) (void)start(helper); /* else the next module tries */
}

void au_helper_tend(struct au_helper *helper)
{
    if (pthread_mutex_trylock(&helper->lock) != 0) return;
    if (helper->pid != 0) replace_dead(helper);
    au_unlock(&helper->lock);
}

void au_helper_stop(struct au_helper *helper)
{
    au_lock(&helper->process_lock);
    helper->is_stopped = true;
    if (helper->pid != 0) (void)kill(helper->pid, SIGKILL);
    au_unlock(&helper->process_lock);
}

/* ---- life ---- */

enum au_err au_helper_new(const struct au_helper_options *options, struct au_helper **out_helper)
{
    size_t path_size = strlen(options->program) + 1;
    struct au_helper *helper = au_mem_new(sizeof(*helper) + path_size);
    if (!helper) return AU_ERR_NO_MEMORY;
    memcpy(helper->program, options->program, path_size);
    helper->identity = options->identity;
    helper->optimize_none = options->optimize_none;
    AU_ASSERT(pthread_mutex_init(&helper->lock, NULL) == 0);
    AU_ASSERT(pthread_mutex_init(&helper->process_lock, NULL) == 0);
    enum au_err err = start(helper);
    if (err != AU_OK) {
        au_helper_free(helper);
        return err;
    }
    *out_helper = helper;
    return AU_OK;
}

void au_helper_free(struct au_helper *helper)
{
    if (!helper) return;
    end_process(helper);
    AU_ASSERT(pthread_mutex_destroy(&helper->process_lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&helper->lock) == 0);
    au_mem_free(helper);
}
