/* `aureon check`: all that can be told of a module without running it. */
#ifndef AUREON_CLI_CHECK_H
#define AUREON_CLI_CHECK_H

#include "cli/invocation.h"

/* DONE · REJECTED: the module was refused · NOT_FOUND · INTERNAL */
enum au_exit au_check_command(struct au_invocation *invocation);

/* A file that was refused. */
struct au_check_refusal {
    const char *path;
    struct au_bytes code; /* the binary, if there is one: functions have their names */
    struct au_reject reject;
};

/* au_check_show_refusal writes why as JSON, or as lines for people. */
void au_check_show_refusal(struct au_buf *text, const struct au_check_refusal *refusal,
                           bool is_json);

/* au_check_brief tells of a module what somebody who made it wants to know, in a line; of one that
 * is refused, why.
 *
 * OK, INVALID_MODULE: it is refused; NOT_FOUND, IO, NO_MEMORY: nothing is written */
AU_MUST_USE enum au_err au_check_brief(const char *path, struct au_buf *text);

#endif
