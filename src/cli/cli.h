/* The command line: one table of commands (cli/command.c) is parsing, help and reference page.
 *
 * Invariants:
 *   1. The result goes to out, everything else to err; out gets nothing when the command line was
 *      wrong.
 *   2. Nothing here exits, reads the environment or keeps state between calls.
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
};

/* au_cli_main runs one command line, as main would get it; argv[0] is ignored.
 *
 * It may read and write the files that the arguments name. Gives the exit code; INTERNAL also if
 * out could not be written, which is said on err unless nobody reads out any more (EPIPE; the
 * caller ignores SIGPIPE). */
AU_MUST_USE enum au_exit au_cli_main(int argc, const char *const *argv,
                                     const struct au_streams *streams);

#endif
