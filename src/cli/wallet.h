/* Names of accounts, and the keys behind them.
 *
 * An account is named by its address (aur1..., or 0x and 64 hex digits), by the name of a key, or,
 * on a development chain, by the name of one of its accounts (core/dev_account.h); a name may have
 * an @ in front. Keys are files in $XDG_DATA_HOME/aureon/keys, or ~/.local/share/aureon/keys:
 * NAME.json, sealed with a password (crypto/keyfile.h), readable by their owner alone.
 *
 * Invariants:
 *   1. A key's name is 1 to 64 of a-z 0-9 - _, begins otherwise than an address, and is not that
 *      of a development account: a word means one account.
 *   2. A key's file is never replaced.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_WALLET_H
#define AUREON_CLI_WALLET_H

#include "cli/invocation.h"
#include "core/address.h"
#include "crypto/sign.h"

#define AU_WALLET_NAME_EXPECTED "a name of 1 to 64 of a-z 0-9 - _"

enum au_who_kind {
    AU_WHO_ADDRESS, /* only the address is known */
    AU_WHO_DEV,
    AU_WHO_KEY,
};

struct au_who {
    enum au_who_kind kind;
    const char *name; /* borrowed from the word; NULL for an address */
    size_t dev_index;
    struct au_address address;
};

/* au_wallet_find tells whom a word names.
 *
 * is_dev   the chain is a development chain
 * DONE, USAGE (no address and no name), KEY (no such key), INTERNAL */
AU_MUST_USE enum au_exit au_wallet_find(struct au_invocation *invocation, const char *word,
                                        bool is_dev, struct au_who *out_who);

/* au_wallet_open gives the key that signs for an account, after reading its password if it has
 * one. The command has the option --password-file.
 *
 * out_key   au_sign_key_wipe it
 * DONE, KEY, NOT_FOUND, INTERNAL */
AU_MUST_USE enum au_exit au_wallet_open(struct au_invocation *invocation, const struct au_who *who,
                                        struct au_sign_key *out_key);

/* au_wallet_is_name tells whether a word can be the name of a key or a contract. */
bool au_wallet_is_name(const char *word);

/* au_wallet_check_name says on err what is wrong with a name for a new key: DONE or USAGE. */
AU_MUST_USE enum au_exit au_wallet_check_name(const struct au_invocation *invocation,
                                              const char *name);

/* au_wallet_save seals a key with a new password and writes its file.
 *
 * name   au_wallet_check_name is DONE for it
 * DONE, KEY (there is such a key already, or no password), INTERNAL */
AU_MUST_USE enum au_exit au_wallet_save(struct au_invocation *invocation, const char *name,
                                        const struct au_sign_key *key);

/* au_wallet_names gives the names of all keys, sorted, as C strings in the invocation's arena.
 * DONE, also if there is no folder; KEY (it cannot be read), INTERNAL */
AU_MUST_USE enum au_exit au_wallet_names(struct au_invocation *invocation, const char ***out_names,
                                         size_t *out_count);

#endif
