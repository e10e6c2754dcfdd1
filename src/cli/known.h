/* The names that people have for addresses: of contracts (cli/alias.h) and, on a development chain,
 * of accounts. To be read, as @name; what is typed may be the same.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_KNOWN_H
#define AUREON_CLI_KNOWN_H

#include "cli/client.h"
#include "core/dev_key.h"

struct au_known {
    struct au_json_in *aliases;    /* owned; NULL: none */
    const struct au_json_in *here; /* of these, what is of the node's chain */
    struct au_address people[AU_DEV_ACCOUNT_COUNT];
    size_t people_count; /* 0: the chain is not one for development */
};

/* au_known_open reads the names and asks the node which chain is its own; where either cannot be
 * had nobody has a name. au_known_done frees them. */
void au_known_open(struct au_known *known, const struct au_client *client);
void au_known_done(struct au_known *known);

/* au_known_put writes an address: @name if it has one. */
void au_known_put(const struct au_known *known, struct au_bytes address, struct au_buf *text);

#endif
