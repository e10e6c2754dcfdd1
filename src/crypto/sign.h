/* Ed25519 keys that sign (RFC 8032): deterministic, the signature of a message is always the same.
 *
 * Only the program links this file; libaureon verifies and needs no libsodium.
 *
 * Threading: pure functions. */
#ifndef AUREON_CRYPTO_SIGN_H
#define AUREON_CRYPTO_SIGN_H

#include "base/bytes.h"

#define AU_SIGN_SEED_SIZE      32 /* bytes */
#define AU_SIGN_KEY_SIZE       32
#define AU_SIGN_SIGNATURE_SIZE 64

/* A key pair. The seed is the secret: au_sign_key_wipe it when it is not needed any more. */
struct au_sign_key {
    uint8_t seed[AU_SIGN_SEED_SIZE];
    uint8_t public_key[AU_SIGN_KEY_SIZE];
};

/* au_sign_key_new makes a key of fresh randomness; without any the process aborts. */
void au_sign_key_new(struct au_sign_key *key);

/* au_sign_key_from_seed makes the one key of a seed, which may lie in key itself. */
void au_sign_key_from_seed(struct au_sign_key *key, const uint8_t seed[AU_SIGN_SEED_SIZE]);

/* au_sign_key_wipe overwrites a key with zeros, in a way that no compiler leaves out. */
void au_sign_key_wipe(struct au_sign_key *key);

/* au_sign signs a message. The key is as it was made: signing with one seed and two public keys
 * gives the seed away. Cost: 20-40 us. */
void au_sign(const struct au_sign_key *key, struct au_bytes message,
             uint8_t out_signature[AU_SIGN_SIGNATURE_SIZE]);

#endif
