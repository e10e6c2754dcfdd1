/* The program: what the environment decides, and the command line. */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "node/command.h"

static bool wants_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    if (no_color != NULL && *no_color != '\0') return false;
    if (term == NULL || strcmp(term, "dumb") == 0) return false;
    return isatty(STDOUT_FILENO) == 1;
}

int main(int argc, char **argv)
{
    /* A reader that went away must end the command with an exit code, not a signal. */
    signal(SIGPIPE, SIG_IGN);
    const struct au_cli cli = {
        .streams = {stdout, stderr, wants_color(), isatty(STDOUT_FILENO) == 1},
        .variable = getenv,
        .tables = &au_node_commands,
        .table_count = 1,
    };
    return (int)au_cli_run(&cli, argc, (const char *const *)argv);
}
