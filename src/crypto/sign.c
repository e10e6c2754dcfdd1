#include "crypto/sign.h"

#include <sodium.h>
#include <string.h>

#include "crypto/random.h"

void au_sign_key_new(struct au_sign_key *key)
{
    au_random_bytes(key->seed, sizeof(key->seed));
    au_sign_key_from_seed(key, key->seed);
}

void au_sign_key_from_seed(struct au_sign_key *key, const uint8_t seed[AU_SIGN_SEED_SIZE])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    AU_ASSERT(sodium_init() >= 0);
    memmove(key->seed, seed, AU_SIGN_SEED_SIZE);
    AU_ASSERT(crypto_sign_seed_keypair(key->public_key, secret, key->seed) == 0);
    sodium_memzero(secret, sizeof(secret));
}

void au_sign_key_wipe(struct au_sign_key *key)
{
    sodium_memzero(key, sizeof(*key));
}

/* libsodium's secret key is the seed and the public key, one after the other. */
void au_sign(const struct au_sign_key *key, struct au_bytes message,
             uint8_t out_signature[AU_SIGN_SIGNATURE_SIZE])
{
    uint8_t secret[crypto_sign_SECRETKEYBYTES];
    memcpy(secret, key->seed, AU_SIGN_SEED_SIZE);
    memcpy(secret + AU_SIGN_SEED_SIZE, key->public_key, AU_SIGN_KEY_SIZE);
    AU_ASSERT(crypto_sign_detached(out_signature, NULL, message.data, message.size, secret) == 0);
    sodium_memzero(secret, sizeof(secret));
}
