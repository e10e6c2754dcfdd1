/* aureon_engine.h: what Aureon takes from Rust crates besides the WebAssembly engine's own C API.
 *
 * One static library holds both, because a program can link only one Rust static library.
 * src/crypto includes this header for hashes and signatures, src/vm/engine.c for what identifies
 * the engine; the rest of Aureon uses crypto/sha256.h, crypto/ed25519.h and vm/engine.h.
 *
 * Invariants:
 *   1. No function fails or keeps a pointer; what aureon_engine_keys_new gives is all that a caller
 *      has to free.
 *   2. The same input gives the same result on every machine: the code picks vector instructions
 *      at run time, results do not depend on them. What the batch check adds to that is at it.
 *   3. No input bytes whatever stop the process. Sizes and pointers are the caller's duty.
 *
 * Threading: every function may be called from any thread at any time. */
#ifndef AUREON_ENGINE_H
#define AUREON_ENGINE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Borrowed bytes. data may be NULL when size is 0. */
struct aureon_engine_slice {
    const uint8_t *data;
    size_t size; /* bytes */
};

/* aureon_engine_sha256 gives the SHA-256 of size bytes at data.
 *
 * data        borrowed for the call; may be NULL when size is 0
 * out         the 32 bytes of the digest; always written; may not overlap data
 *
 * Cost: about 85 ns for 64 bytes, 330 ns for 532, with the processor's SHA instructions. */
void aureon_engine_sha256(const uint8_t *data, size_t size, uint8_t out[32]);

/* aureon_engine_sha256v gives the SHA-256 of the concatenation of count parts, in order, without
 * copying them together.
 *
 * parts       borrowed for the call, as are the bytes they name; may be NULL when count is 0
 * out         the 32 bytes of the digest; always written; may not overlap any part */
void aureon_engine_sha256v(const struct aureon_engine_slice *parts, size_t count, uint8_t out[32]);

/* aureon_engine_keccak256 gives Keccak-256 (with the padding of the submission, as Ethereum has it,
 * and not of SHA-3) of size bytes at data; aureon_engine_blake2b_256 gives BLAKE2b with a digest of
 * 32 bytes and no key (RFC 7693). Arguments as those of aureon_engine_sha256. */
void aureon_engine_keccak256(const uint8_t *data, size_t size, uint8_t out[32]);
void aureon_engine_blake2b_256(const uint8_t *data, size_t size, uint8_t out[32]);

/* aureon_engine_ed25519_verify tells whether sig is the signature of msg under key, by the rules
 * of ZIP-215 and one more:
 *   - key and R (the first half of sig) must decode to points of the curve; an encoding that is not
 *     the canonical one of its point is accepted;
 *   - S (the second half of sig) must be below the group order;
 *   - the equation is the one with the cofactor: [8][S]B = [8]R + [8][k]A;
 *   - a key of small order is never valid, since anybody can sign for it.
 * A batch check by the same crates therefore agrees with this function.
 *
 * key         public key, borrowed for the call
 * sig         R || S, borrowed for the call
 * msg, size   the message, borrowed for the call; msg may be NULL when size is 0
 *
 * 1           valid
 * 0           not valid, for whatever reason; the reasons are not told apart
 *
 * Cost: about 25 us and SHA-512 of the message. Time depends on the (public) input. */
int aureon_engine_ed25519_verify(const uint8_t key[32], const uint8_t sig[64], const uint8_t *msg,
                                 size_t size);

/* One signature of a batch. key and sig are as for aureon_engine_ed25519_verify. */
struct aureon_engine_signature {
    const uint8_t *key; /* 32 bytes */
    const uint8_t *sig; /* 64 bytes */
    struct aureon_engine_slice message;
};

/* Points of public keys, decoded: a key that signs again and again is decoded once. */
struct aureon_engine_keys;

/* aureon_engine_keys_new makes an empty set, to be ended by aureon_engine_keys_free (NULL does
 * nothing). It holds those keys that were used last, at most count_max, 300 bytes each.
 * aureon_engine_keys_count tells how many it holds now. */
struct aureon_engine_keys *aureon_engine_keys_new(size_t count_max);
void aureon_engine_keys_free(struct aureon_engine_keys *keys);
size_t aureon_engine_keys_count(const struct aureon_engine_keys *keys);

/* aureon_engine_ed25519_verify_batch tells whether aureon_engine_ed25519_verify would find every
 * one of count signatures valid. It checks one equation: the sum of theirs, each times a secret
 * 128-bit number from a seed that the operating system gives for this call. Where all are valid
 * the sum holds for any numbers; where one is not, it holds for one choice in 2^128 of them. So
 * randomness decides how the check is done and not, but for that, what it finds. Without a seed
 * from the system the signatures are checked one by one.
 *
 * keys        saves decoding those of its keys that it holds, and gets all of a batch that is
 *             valid; what is found does not depend on it; NULL if there are none
 * items       borrowed for the call, as is what they name; may be NULL when count is 0
 *
 * 1           all valid; so it is for count 0
 * 0           at least one is not
 *
 * Cost: for each signature about half of aureon_engine_ed25519_verify from 16 on, about a quarter
 * if all have one key, a third if all keys are known. Meanwhile heap, without which the process
 * aborts: 9 kB for each signature of a batch of less than about 100, 2 kB for each of a larger
 * one. */
int aureon_engine_ed25519_verify_batch(struct aureon_engine_keys *keys,
                                       const struct aureon_engine_signature *items, size_t count);

/* aureon_engine_ed25519_key_is_small_order tells whether key decodes to one of the eight points
 * whose order divides 8, in whatever encoding.
 *
 * 1           small order
 * 0           another point, or bytes that decode to no point */
int aureon_engine_ed25519_key_is_small_order(const uint8_t key[32]);

/* aureon_engine_secp256k1_verify and aureon_engine_p256_verify tell whether sig is an ECDSA
 * signature of hash under key, on secp256k1 and on P-256 (SEC 1, 4.1.4):
 *   - r and s (the halves of sig, big-endian) must be in 1..n-1, n the order of the group;
 *   - an s above n / 2 is refused, so that nobody can make a second signature of one;
 *   - hash is taken as it is, a big-endian number.
 *
 * key         a compressed point: 2 or 3 for the parity of y, then x, big-endian; borrowed
 * sig, hash   borrowed for the call
 *
 * 1           valid
 * 0           not valid, for whatever reason
 *
 * Time depends on the (public) input. */
int aureon_engine_secp256k1_verify(const uint8_t key[33], const uint8_t sig[64],
                                   const uint8_t hash[32]);
int aureon_engine_p256_verify(const uint8_t key[33], const uint8_t sig[64], const uint8_t hash[32]);

/* aureon_engine_secp256k1_recover gives the key under which a signature of hash is valid (SEC 1,
 * 4.1.6), by the rules of aureon_engine_secp256k1_verify.
 *
 * sig         r || s || which of the keys, 0..3: bit 0 the parity of R's y, bit 1 whether n was
 *             taken off R's x
 * out         x || y of the key, big-endian; written on 1 only
 *
 * 1           found
 * 0           there is none */
int aureon_engine_secp256k1_recover(const uint8_t sig[65], const uint8_t hash[32], uint8_t out[64]);

/* aureon_engine_secp256k1_sign and aureon_engine_p256_sign sign what has a hash, by RFC 6979 with
 * SHA-256 and with an s of at most n / 2: the same signature each time.
 *
 * secret, hash   borrowed for the call
 * out_key        the public key, compressed
 * out_sig        r || s; both are written on 1 only
 *
 * 1              signed
 * 0              the secret is no key: not in 1..n-1
 *
 * Time does not depend on the secret. */
int aureon_engine_secp256k1_sign(const uint8_t secret[32], const uint8_t hash[32],
                                 uint8_t out_key[33], uint8_t out_sig[64]);
int aureon_engine_p256_sign(const uint8_t secret[32], const uint8_t hash[32], uint8_t out_key[33],
                            uint8_t out_sig[64]);

/* aureon_engine_version names the WebAssembly engine and its exact version, as in
 * "wasmtime 48.0.8". The text is static. */
const char *aureon_engine_version(void);

/* aureon_engine_lock_hash gives the SHA-256 of the list of crates that the library was built from.
 * It differs whenever any crate differs, so it belongs into the key of everything compiled by the
 * engine and kept on disk.
 *
 * out         32 bytes; always written
 *
 * Cost: hashes the list anew, some 20 us; call it once. */
void aureon_engine_lock_hash(uint8_t out[32]);

#ifdef __cplusplus
}
#endif

#endif
