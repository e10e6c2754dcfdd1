/* Ed25519 under ZIP-215: S < L, A and R may be non-canonical, cofactored equation. */
#ifndef AUREON_CRYPTO_ED25519_H
#define AUREON_CRYPTO_ED25519_H

#include "base/bytes.h"

#define AU_ED25519_KEY_SIZE       32
#define AU_ED25519_SIGNATURE_SIZE 64

/* au_ed25519_is_valid tells whether sig is key's signature of message. A small-order key (anyone
 * could sign for it) is never valid. Cost: 25-40 us. */
bool au_ed25519_is_valid(const uint8_t key[AU_ED25519_KEY_SIZE],
                         const uint8_t sig[AU_ED25519_SIGNATURE_SIZE], struct au_bytes message);

#endif
