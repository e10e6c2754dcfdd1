/* `aureon help` and `aureon version`, from the table of commands. */
#ifndef AUREON_CLI_HELP_H
#define AUREON_CLI_HELP_H

#include "cli/invocation.h"

/* au_help_overview writes the list of commands and topics; au_help_page a command's page. */
void au_help_overview(struct au_buf *text, const struct au_cli *cli);
void au_help_page(struct au_buf *text, const struct au_command *command);

enum au_exit au_help_command(struct au_invocation *invocation);
enum au_exit au_help_version_command(struct au_invocation *invocation);

#endif
