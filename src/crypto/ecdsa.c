#include "crypto/ecdsa.h"

#include <aureon_engine.h>

bool au_secp256k1_is_valid(const uint8_t key[AU_ECDSA_KEY_SIZE],
                           const uint8_t sig[AU_ECDSA_SIGNATURE_SIZE],
                           const uint8_t hash[AU_HASH_SIZE])
{
    return aureon_engine_secp256k1_verify(key, sig, hash) == 1;
}

bool au_p256_is_valid(const uint8_t key[AU_ECDSA_KEY_SIZE],
                      const uint8_t sig[AU_ECDSA_SIGNATURE_SIZE], const uint8_t hash[AU_HASH_SIZE])
{
    return aureon_engine_p256_verify(key, sig, hash) == 1;
}

bool au_secp256k1_recover(const uint8_t sig[AU_ECDSA_RECOVERABLE_SIZE],
                          const uint8_t hash[AU_HASH_SIZE], uint8_t out_point[AU_ECDSA_POINT_SIZE])
{
    return aureon_engine_secp256k1_recover(sig, hash, out_point) == 1;
}

bool au_secp256k1_sign(const uint8_t secret[AU_ECDSA_SECRET_SIZE], const uint8_t hash[AU_HASH_SIZE],
                       uint8_t out_key[AU_ECDSA_KEY_SIZE], uint8_t out_sig[AU_ECDSA_SIGNATURE_SIZE])
{
    return aureon_engine_secp256k1_sign(secret, hash, out_key, out_sig) == 1;
}

bool au_p256_sign(const uint8_t secret[AU_ECDSA_SECRET_SIZE], const uint8_t hash[AU_HASH_SIZE],
                  uint8_t out_key[AU_ECDSA_KEY_SIZE], uint8_t out_sig[AU_ECDSA_SIGNATURE_SIZE])
{
    return aureon_engine_p256_sign(secret, hash, out_key, out_sig) == 1;
}
