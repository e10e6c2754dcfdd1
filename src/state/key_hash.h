/* Hashes for tables in memory: SipHash-1-3 under a seed.
 *
 * Contracts choose keys, so a hash that they can compute would let them fill one row of a table;
 * the seed keeps that away. Nothing that is stored, hashed into state or shown depends on it.
 *
 * Threading: pure functions. */
#ifndef AUREON_STATE_KEY_HASH_H
#define AUREON_STATE_KEY_HASH_H

#include "base/bytes.h"
#include "core/address.h"

struct au_seed {
    uint64_t words[2];
};

/* au_key_hash hashes an address and a key; an account is the address with an empty key.
 * Cost: about 20 ns for a key of 32 bytes. */
uint64_t au_key_hash(const struct au_seed *seed, const struct au_address *address,
                     struct au_bytes key);

#endif
