/* The command line: one table of commands (cli/command.c) is parsing, help and reference page.
 *
 * Invariants:
 *   1. The result goes to out, everything else to err; out gets nothing when the command line was
 *      wrong.
 *   2. Nothing here exits or keeps state between calls; the environment is what au_cli.variable
 *      gives.
 *   3. Bytes that a contract or a module made reach a terminal escaped.
 *
 * Threading: one call per pair of streams at a time. */
#ifndef AUREON_CLI_CLI_H
#define AUREON_CLI_CLI_H

#include <stdio.h>

#include "base/base.h"

enum au_exit {
#define AU_EXIT(number, NAME, text) AU_EXIT_##NAME = (number),
#include "cli/exit.def"
#undef AU_EXIT
};

/* Where a command writes. */
struct au_streams {
    FILE *out;      /* the result */
    FILE *err;      /* everything else */
    bool has_color; /* out is a terminal that wants colour */
    bool is_shown;  /* out is a terminal */
};

struct au_command;

/* Commands that belong together (cli/command.h). */
struct au_command_table {
    const struct au_command *commands;
    size_t count;
};

/* What a program makes of the command line. */
struct au_cli {
    struct au_streams streams;
    char *(*variable)(const char *name);   /* getenv; NULL: there is no environment */
    const struct au_command_table *tables; /* commands of other layers, besides those of cli */
    size_t table_count;
    bool is_offline; /* client commands connect to nothing: no node is reachable */
};

/* au_cli_run runs one command line, as main would get it; argv[0] is ignored.
 *
 * It may read and write the files that the arguments name, and the client commands speak to a node.
 * Gives the exit code; INTERNAL also if out could not be written, which is said on err unless
 * nobody reads out any more (EPIPE; the caller ignores SIGPIPE). */
AU_MUST_USE enum au_exit au_cli_run(const struct au_cli *cli, int argc, const char *const *argv);

/* au_cli_main is au_cli_run without environment and network, with the commands of cli alone. */
AU_MUST_USE enum au_exit au_cli_main(int argc, const char *const *argv,
                                     const struct au_streams *streams);

#endif
