/* One command line, parsed against the table of its command.
 *
 * Options may stand anywhere; `--` ends them. Everything parsed is borrowed from argv; memory that
 * the command needs until it ends comes from the arena.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_INVOCATION_H
#define AUREON_CLI_INVOCATION_H

#include "base/arena.h"
#include "base/buf.h"
#include "cli/command.h"

/* An option as it was given. */
struct au_given {
    const struct au_option *option;
    const char *text; /* its value; NULL for a flag */
    uint64_t number;  /* its value, if it is a number */
};

struct au_invocation {
    const struct au_cli *cli;
    const struct au_streams *streams; /* the cli's */
    const struct au_command *command;
    struct au_arena arena;
    const char **operands;
    size_t operand_count;
    struct au_given *given; /* in the order of the command line */
    size_t given_count;
    bool wants_help; /* --help or -h was given: operands are read only to be explained */
};

/* au_invocation_parse parses what follows the command's name. What is wrong is said on err.
 *
 * out_invocation   zeroed by the caller; au_invocation_done it whatever the result
 * DONE, USAGE, INTERNAL (out of memory) */
AU_MUST_USE enum au_exit au_invocation_parse(const struct au_cli *cli,
                                             const struct au_command *command, int argc,
                                             const char *const *argv,
                                             struct au_invocation *out_invocation);
void au_invocation_done(struct au_invocation *invocation);

/* au_invocation_option gives the first use of an option; NULL if it was not given. The command's
 * table must have it. au_invocation_next gives the use after one. */
const struct au_given *au_invocation_option(const struct au_invocation *invocation,
                                            const char *name);
const struct au_given *au_invocation_next(const struct au_invocation *invocation,
                                          const struct au_given *given);
bool au_invocation_has(const struct au_invocation *invocation, const char *name);

/* au_invocation_knows tells whether the command's table has an option. */
bool au_invocation_knows(const struct au_invocation *invocation, const char *name);

/* au_invocation_text and au_invocation_number give the value of an option, or otherwise. */
const char *au_invocation_text(const struct au_invocation *invocation, const char *name,
                               const char *otherwise);
uint64_t au_invocation_number(const struct au_invocation *invocation, const char *name,
                              uint64_t otherwise);

/* au_invocation_variable gives a variable of the environment; NULL if it is unset or empty. */
const char *au_invocation_variable(const struct au_invocation *invocation, const char *name);

/* au_invocation_note says something on err that is no failure, one line. */
AU_PRINTF(2, 3)
void au_invocation_note(const struct au_invocation *invocation, const char *format, ...);

/* au_invocation_fail says on err what is wrong, one sentence after the command's name, with control
 * characters escaped, and gives code back. */
AU_PRINTF(3, 4)
enum au_exit au_invocation_fail(const struct au_invocation *invocation, enum au_exit code,
                                const char *format, ...);

/* au_invocation_fail_file does so for an error of base/file.h, right after it: NOT_FOUND or
 * INTERNAL. */
enum au_exit au_invocation_fail_file(const struct au_invocation *invocation, enum au_err err,
                                     const char *verb, const char *path);

/* au_invocation_read reads a file, or says that it could not.
 *
 * content   initialised with the bound of the file
 * DONE, NOT_FOUND, USAGE (it is larger), INTERNAL */
AU_MUST_USE enum au_exit au_invocation_read(const struct au_invocation *invocation,
                                            const char *path, struct au_buf *content);

/* au_invocation_save writes a file, or says that it could not: DONE, NOT_FOUND (no such folder),
 * USAGE (it is no file) or INTERNAL. */
AU_MUST_USE enum au_exit au_invocation_save(const struct au_invocation *invocation,
                                            const char *path, struct au_bytes content);

/* au_invocation_write writes the result, or says that it could not: DONE or INTERNAL. */
enum au_exit au_invocation_write(const struct au_invocation *invocation,
                                 const struct au_buf *result);

#endif
