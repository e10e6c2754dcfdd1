/* Hashes that contracts compute for other chains' data; Aureon's own is crypto/sha256.h.
 *
 * Threading: pure functions. */
#ifndef AUREON_CRYPTO_DIGEST_H
#define AUREON_CRYPTO_DIGEST_H

#include "base/bytes.h"
#include "base/hash.h"

/* au_keccak256 hashes bytes of any size with Keccak-256 as Ethereum has it: the padding of the
 * submission, which SHA-3 changed. Cost: 2 ns per byte, at least those of 136. */
struct au_hash au_keccak256(struct au_bytes bytes);

/* au_blake2b_256 hashes bytes of any size with BLAKE2b, 32 bytes and no key (RFC 7693). Cost: 1 ns
 * per byte, at least those of 128. */
struct au_hash au_blake2b_256(struct au_bytes bytes);

#endif
