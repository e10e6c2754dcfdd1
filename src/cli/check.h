/* `aureon check`: the validator's verdict on a module. */
#ifndef AUREON_CLI_CHECK_H
#define AUREON_CLI_CHECK_H

#include "cli/invocation.h"

/* DONE · REJECTED: the module was refused · NOT_FOUND · INTERNAL */
enum au_exit au_check_command(struct au_invocation *invocation);

/* au_check_show_reject writes why a file was refused as JSON, or as lines for people. */
void au_check_show_reject(struct au_buf *text, const char *path, const struct au_reject *reject,
                          bool is_json);

#endif
