/* The program: what the environment decides, and the command line. */
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "contract/host.h"
#include "node/command.h"
#include "node/snapshot_command.h"
#include "node/state_command.h"
#include "vm/helper.h"

static bool wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color != NULL && *no_color != '\0') return false;
    if (term == NULL || strcmp(term, "dumb") == 0) return false;
    return isatty(STDOUT_FILENO) == 1;
}

/* A stream that the caller closed must not be the number of the next file that is opened: what is
 * said would go into the store. Each is opened the wrong way, so that its use still fails. */
static bool keep_streams(void)
{
    static const int modes[] = {O_WRONLY, O_RDONLY, O_RDONLY};
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) == -1 && open("/dev/null", modes[fd]) != fd) return false;
    }
    return true;
}

#define TUNABLES      "GLIBC_TUNABLES"
#define LARGE_PAGES   "glibc.malloc.hugetlb"
#define TUNABLES_SIZE 1024 /* bytes of all, with their end */

/* Whether a command works on a store, which is read all over. */
static bool has_store(const char *command)
{
    static const char *const commands[] = {"dev", "node", "state", "snapshot"};
    for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
        if (strcmp(command, commands[i]) == 0) return true;
    }
    return false;
}

/* Asks for large pages under the heap: a random read of a large store takes a third less with
 * them, and executing transactions as much. glibc hears that from the environment alone and when a
 * program begins, so this one begins once more. Where it cannot, it goes on without. */
static void want_large_pages(char **argv)
{
    char path[PATH_MAX], tunables[TUNABLES_SIZE];
    const char *given = getenv(TUNABLES);
    if (given != NULL && strstr(given, LARGE_PAGES) != NULL) return;
    bool has_others = given != NULL && *given != '\0';
    int size = snprintf(tunables, sizeof(tunables), "%s%s" LARGE_PAGES "=1",
                        has_others ? given : "", has_others ? ":" : "");
    if (size < 0 || (size_t)size >= sizeof(tunables)) return;
    ssize_t path_size = readlink("/proc/self/exe", path, sizeof(path));
    if (path_size <= 0 || (size_t)path_size == sizeof(path)) return;
    path[path_size] = '\0';
    if (setenv(TUNABLES, tunables, /* overwrite */ 1) == 0) execv(path, argv);
}

int main(int argc, char **argv)
{
    if (!keep_streams()) return AU_EXIT_INTERNAL;
    if (argc >= 2 && has_store(argv[1])) want_large_pages(argv);
    /* A reader that went away must end the command with an exit code, not a signal. */
    signal(SIGPIPE, SIG_IGN);
    if (argc >= 2 && strcmp(argv[1], AU_HELPER_WORD) == 0) {
        /* At once: what a library likes to do at the end of a program, a helper may not. */
        _exit(au_helper_main((const char *const *)argv + 2, &au_host_env));
    }
    const struct au_command_table tables[] = {au_node_commands, au_state_commands,
                                              au_snapshot_commands};
    const struct au_cli cli = {
        .streams = {stdout, stderr, wants_color(), isatty(STDOUT_FILENO) == 1},
        .variable = getenv,
        .tables = tables,
        .table_count = sizeof(tables) / sizeof(tables[0]),
    };
    return (int)au_cli_run(&cli, argc, (const char *const *)argv);
}
