/* The password of a key: from the file that --password-file or AUREON_PASSWORD_FILE names, else
 * asked for on a terminal. Never from the command line, where everybody can read it.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_PASSWORD_H
#define AUREON_CLI_PASSWORD_H

#include "cli/invocation.h"

#define AU_PASSWORD_SIZE_MAX 1024u /* bytes */

struct au_password {
    uint8_t bytes[AU_PASSWORD_SIZE_MAX + 2]; /* one more than allowed, and a line end */
    size_t size;                             /* 1..AU_PASSWORD_SIZE_MAX after DONE */
};

/* au_password_read gets the password of the key of this name; a line end after it is none of it.
 * The command has the option --password-file.
 *
 * is_new   it is asked for twice
 * DONE, KEY; au_password_wipe whatever the result */
AU_MUST_USE enum au_exit au_password_read(const struct au_invocation *invocation, const char *name,
                                          bool is_new, struct au_password *out_password);
void au_password_wipe(struct au_password *password);

/* au_password_read_file fills password from a file, "-" being standard input, in place of a
 * password: a secret of another kind of at most as many bytes. DONE, NOT_FOUND, KEY */
AU_MUST_USE enum au_exit au_password_read_file(const struct au_invocation *invocation,
                                               const char *path, struct au_password *out_password);

#endif
