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

void au_sign_key_from_seed(struct au_sign_key *key, const uint8_t seed[AU_SIGN_SEED_SIZE]);
void au_sign_key_wipe(struct au_sign_key *key);

/* au_sign signs a message. Cost: about 50 us. */
void au_sign(const struct au_sign_key *key, struct au_bytes message,
             uint8_t out_signature[AU_SIGN_SIGNATURE_SIZE]);

#endif
