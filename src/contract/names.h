/* How contracts and results name accounts.
 *
 * On a chain an account is its 32-byte address. The library's run without a ledger also takes ids
 * of 1..64 bytes: an id of 32 bytes is the address itself, any other stands for
 * H("aureon/name", id), and both forms are accepted wherever a contract names an account. This
 * keeps the ids that were used, so that results can say "Alice".
 *
 * Threading: one thread at a time. */
#ifndef AUREON_CONTRACT_NAMES_H
#define AUREON_CONTRACT_NAMES_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "core/address.h"
#include "state/key_hash.h"
#include "state/table.h"

struct au_names { /* by value for its owner */
    struct au_table table;
    struct au_arena *arena; /* holds entries and ids */
    struct au_seed seed;
};

/* au_names_init makes an empty set of names over the owner's arena; au_names_done frees its table;
 * au_names_reset forgets all names, when the arena is reset. */
void au_names_init(struct au_names *names, struct au_arena *arena, const struct au_seed *seed);
void au_names_done(struct au_names *names);
void au_names_reset(struct au_names *names);

/* au_names_address gives the address that an id stands for: true if the id has 1..64 bytes.
 * Cost: a hash, unless the id has 32 bytes. */
bool au_names_address(struct au_bytes id, struct au_address *out_address);

/* au_names_add remembers an id by which an account was named. The first one counts; an id of 32
 * bytes is no name but the address. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_names_add(struct au_names *names, const struct au_address *address,
                                     struct au_bytes id);

/* au_names_id gives the id of an account: the one remembered, or the address; lives as long as the
 * names and the address. */
struct au_bytes au_names_id(const struct au_names *names, const struct au_address *address);

#endif
