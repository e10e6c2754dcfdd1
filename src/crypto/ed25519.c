#include "crypto/ed25519.h"

#include <aureon_engine.h>

bool au_ed25519_is_valid(const uint8_t key[AU_ED25519_KEY_SIZE],
                         const uint8_t sig[AU_ED25519_SIGNATURE_SIZE], struct au_bytes message)
{
    return aureon_engine_ed25519_verify(key, sig, message.data, message.size) == 1;
}
