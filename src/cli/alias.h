/* Names of contracts, given by `aureon deploy --as`: kept for each chain, by its genesis hash, in
 * the file .aureon/aliases.json of the folder that the command is typed in.
 *
 *     {"format": 1, "chains": {"0x4b35..": {"counter": "aur1.."}}}
 *
 * A development chain in memory is another chain after each start, so a name never leads to what
 * was there before.
 *
 * Threading: one thread; of two commands that give names at the same time one may be lost. */
#ifndef AUREON_CLI_ALIAS_H
#define AUREON_CLI_ALIAS_H

#include "cli/client.h"
#include "cli/wallet.h"

#define AU_ALIAS_FILE ".aureon/aliases.json"

/* au_alias_find tells whom a word names: an address, a development account, a contract of this
 * chain, or a key (au_wallet_find), in this order.
 *
 * status   of the chain; NULL: the node is asked, if the word may be of its chain
 * DONE, USAGE, KEY, NOT_FOUND (a contract of another chain), UNREACHABLE, INTERNAL */
AU_MUST_USE enum au_exit au_alias_find(struct au_invocation *invocation,
                                       const struct au_chain_status *status, const char *word,
                                       struct au_who *out_who);

/* au_alias_is_known tells whether a word is the name of a contract, of whatever chain: DONE, USAGE,
 * INTERNAL. */
AU_MUST_USE enum au_exit au_alias_is_known(const struct au_invocation *invocation, const char *word,
                                           bool *out_is_known);

/* au_alias_of_chain gives the names of a chain's contracts, name: address; NULL: there are none, or
 * the file is no such file.
 *
 * genesis_hash   0x and hex
 * out_root       set if it gives any; the caller frees it */
const struct au_json_in *au_alias_of_chain(struct au_bytes genesis_hash,
                                           struct au_json_in **out_root);

/* au_alias_check tells before anything is sent whether the file can take a name: DONE, USAGE,
 * INTERNAL. */
AU_MUST_USE enum au_exit au_alias_check(const struct au_invocation *invocation);

/* au_alias_save gives a name to a contract; one of that name is forgotten, which is said on err. Of
 * more than 64 chains those named longest ago are forgotten.
 *
 * name   au_wallet_check_name is DONE for it
 * DONE, USAGE (the file is no such file), INTERNAL */
AU_MUST_USE enum au_exit au_alias_save(struct au_invocation *invocation,
                                       const struct au_hash *genesis_hash, const char *name,
                                       const struct au_address *address);

#endif
