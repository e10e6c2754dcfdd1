/* `aureon keys`: the keys of this user (cli/wallet.h). */
#ifndef AUREON_CLI_KEYS_H
#define AUREON_CLI_KEYS_H

#include "cli/invocation.h"

/* DONE · USAGE · NOT_FOUND · KEY · INTERNAL */
enum au_exit au_keys_new_command(struct au_invocation *invocation);
enum au_exit au_keys_list_command(struct au_invocation *invocation);
enum au_exit au_keys_import_command(struct au_invocation *invocation);
enum au_exit au_keys_export_command(struct au_invocation *invocation);

#endif
