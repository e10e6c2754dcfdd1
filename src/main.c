/* The program: what the environment decides, and the command line. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "contract/host.h"
#include "node/command.h"
#include "node/large_pages.h"
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

int main(int argc, char **argv)
{
    if (!keep_streams()) return AU_EXIT_INTERNAL;
    if (argc >= 2) au_large_pages_ask(argv);
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
