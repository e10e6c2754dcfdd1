/* ECDSA on secp256k1 and on P-256, for signatures of other chains, wallets and devices: a node's
 * own are Ed25519.
 *
 * r and s are in 1..n-1, n the order of the group, and an s above n / 2 is refused, so that nobody
 * makes a second signature of one. Numbers are big-endian. What was signed is given by its hash,
 * whichever hash that is.
 *
 * Threading: pure functions. The time of checking depends on the input, which is public; that of
 * signing not on the secret. */
#ifndef AUREON_CRYPTO_ECDSA_H
#define AUREON_CRYPTO_ECDSA_H

#include "base/bytes.h"
#include "base/hash.h"

#define AU_ECDSA_SECRET_SIZE      32 /* a number in 1..n-1 */
#define AU_ECDSA_KEY_SIZE         33 /* a compressed point: 2 or 3 for the parity of y, x */
#define AU_ECDSA_SIGNATURE_SIZE   64 /* r, s */
#define AU_ECDSA_RECOVERABLE_SIZE 65 /* r, s, and which key of at most four: 0..3 */
#define AU_ECDSA_POINT_SIZE       64 /* x, y */

/* au_secp256k1_is_valid and au_p256_is_valid tell whether sig is key's signature of what has the
 * hash (SEC 1, 4.1.4). A key that is no compressed point has none. */
bool au_secp256k1_is_valid(const uint8_t key[AU_ECDSA_KEY_SIZE],
                           const uint8_t sig[AU_ECDSA_SIGNATURE_SIZE],
                           const uint8_t hash[AU_HASH_SIZE]);
bool au_p256_is_valid(const uint8_t key[AU_ECDSA_KEY_SIZE],
                      const uint8_t sig[AU_ECDSA_SIGNATURE_SIZE], const uint8_t hash[AU_HASH_SIZE]);

/* au_secp256k1_sign and au_p256_sign sign what has the hash: the same way each time (RFC 6979, with
 * SHA-256).
 *
 * out_key, out_sig    the public key, and its signature; untouched unless true
 *
 * true; false: the secret is out of range */
AU_MUST_USE bool au_secp256k1_sign(const uint8_t secret[AU_ECDSA_SECRET_SIZE],
                                   const uint8_t hash[AU_HASH_SIZE],
                                   uint8_t out_key[AU_ECDSA_KEY_SIZE],
                                   uint8_t out_sig[AU_ECDSA_SIGNATURE_SIZE]);
AU_MUST_USE bool au_p256_sign(const uint8_t secret[AU_ECDSA_SECRET_SIZE],
                              const uint8_t hash[AU_HASH_SIZE], uint8_t out_key[AU_ECDSA_KEY_SIZE],
                              uint8_t out_sig[AU_ECDSA_SIGNATURE_SIZE]);

/* au_secp256k1_recover finds the key of a signature (SEC 1, 4.1.6). Bit 0 of its last byte is the
 * parity of the y of R, bit 1 tells that n was taken off its x.
 *
 * out_point    the key; untouched unless true
 *
 * true; false: the signature is of no key */
AU_MUST_USE bool au_secp256k1_recover(const uint8_t sig[AU_ECDSA_RECOVERABLE_SIZE],
                                      const uint8_t hash[AU_HASH_SIZE],
                                      uint8_t out_point[AU_ECDSA_POINT_SIZE]);

#endif
