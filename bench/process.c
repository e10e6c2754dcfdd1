#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http.h"
#include "support/folder.h"

#define READY_MAX_NS 30e9
#define POLL_US      200u

static char folder[BENCH_PATH_SIZE];
static pid_t running; /* 0: none */

static void clean_up(void)
{
    if (running > 0) {
        (void)kill(running, SIGKILL);
        (void)waitpid(running, NULL, 0);
    }
    if (folder_remove(folder) != 0) {
        (void)fprintf(stderr, "cannot remove %s\n", folder);
    }
}

void bench_folder_make(const char *parent)
{
    (void)snprintf(folder, sizeof(folder), "%s/bench-XXXXXX", parent);
    if (!mkdtemp(folder)) bench_fail("cannot make %s: %s", folder, strerror(errno));
    AU_ASSERT(atexit(clean_up) == 0);
}

const char *bench_folder(void)
{
    return folder;
}

void bench_process_start(const char *const *args)
{
    char log[BENCH_PATH_SIZE + 8];
    AU_ASSERT(running == 0);
    (void)snprintf(log, sizeof(log), "%s/log", folder);
    running = fork();
    if (running < 0) bench_fail("cannot fork: %s", strerror(errno));
    if (running > 0) return;
    int out = open("/dev/null", O_WRONLY);
    int err = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out >= 0 && err >= 0 && dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        (void)execv(args[0], (char *const *)(uintptr_t)args);
        (void)fprintf(stderr, "cannot run %s: %s\n", args[0], strerror(errno));
    }
    _exit(127);
}

static _Noreturn void fail_with_log(const char *what)
{
    struct au_buf log;
    au_buf_init(&log, 1u << 20);
    bench_read_file(folder, "log", &log);
    bench_fail("%.*s%s", (int)log.size, (const char *)log.data, what);
}

void bench_process_await_ready(double start_ns)
{
    if (waitpid(running, NULL, WNOHANG) == running) {
        running = 0;
        fail_with_log("a program that is measured has ended");
    }
    if (bench_wall_ns() - start_ns > READY_MAX_NS) fail_with_log("it does not become ready");
    (void)usleep(POLL_US);
}

void bench_process_await_end(void)
{
    int status = 0;
    AU_ASSERT(waitpid(running, &status, 0) == running);
    running = 0;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        fail_with_log("a program that is measured ended with an error");
    }
}

void bench_process_stop(void)
{
    AU_ASSERT(kill(running, SIGTERM) == 0);
    bench_process_await_end();
}

double bench_process_cpu_ns(void)
{
    clockid_t clock;
    struct timespec used;
    AU_ASSERT(clock_getcpuclockid(running, &clock) == 0 && clock_gettime(clock, &used) == 0);
    return (double)used.tv_sec * 1e9 + (double)used.tv_nsec;
}

double bench_process_resident(void)
{
    char path[64];
    (void)snprintf(path, sizeof(path), "/proc/%d", (int)running);
    return bench_resident_mb(path);
}
