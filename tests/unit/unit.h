/* What unit tests share: cmocka, bugs that must abort, a folder for files, and test vectors that
 * come from outside the tree. */
#ifndef AUREON_TESTS_UNIT_H
#define AUREON_TESTS_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/buf.h"

#define assert_ok(call)      assert_int_equal((call), AU_OK)
#define assert_err(call, er) assert_int_equal((call), (er))

/* unit_aborts tells whether run(argument) ends in an assertion of ours. */
static inline bool unit_aborts(void (*run)(void *argument), void *argument)
{
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        int null = open("/dev/null", O_WRONLY);
        if (null < 0 || dup2(null, STDERR_FILENO) < 0) _exit(1);
        signal(SIGABRT, SIG_DFL);
        run(argument);
        _exit(0);
    }
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

static inline void assert_bytes(struct au_bytes bytes, const char *expected)
{
    assert_int_equal(bytes.size, strlen(expected));
    if (bytes.size > 0) assert_memory_equal(bytes.data, expected, bytes.size);
}

/* unit_vectors gives the path of a file or folder of the vectors outside the tree. Without it
 * the test is skipped by its name; where CI is set nothing may be left out, so it fails. */
static inline void unit_vectors(const char *name, char out_path[PATH_MAX])
{
    const char *folder = getenv("AUREON_VECTORS");
    const char *ci = getenv("CI");
    if (folder == NULL || folder[0] == 0) folder = "../shared/vectors";
    snprintf(out_path, PATH_MAX, "%s/%s", folder, name);
    if (access(out_path, R_OK) == 0) return;
    if (ci != NULL && ci[0] != 0) fail_msg("no test vectors at %s; set AUREON_VECTORS", out_path);
    print_message("# no test vectors at %s; set AUREON_VECTORS\n", out_path);
    skip();
}

#endif
