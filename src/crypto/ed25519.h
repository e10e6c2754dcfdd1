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

/* au_ed25519_is_small_order tells whether a key is one of the 14 encodings of the points for which
 * anyone can sign. Bytes that are no point at all are not among them: they have no signatures. */
bool au_ed25519_is_small_order(const uint8_t key[AU_ED25519_KEY_SIZE]);

/* One signature among many. Everything is borrowed for the call it is passed to. */
struct au_ed25519_item {
    const uint8_t *key; /* AU_ED25519_KEY_SIZE bytes */
    const uint8_t *sig; /* AU_ED25519_SIGNATURE_SIZE bytes */
    struct au_bytes message;
};

/* Public keys that have signed lately, decoded, which takes a quarter of a check in a batch. Any
 * threads may share them. au_ed25519_keys_new gives an empty set of at most count_max (300 bytes
 * each; without memory the process aborts), to be ended by au_ed25519_keys_free, which takes NULL.
 * au_ed25519_keys_count tells how many it holds. */
struct au_ed25519_keys;
struct au_ed25519_keys *au_ed25519_keys_new(size_t count_max);
void au_ed25519_keys_free(struct au_ed25519_keys *keys);
size_t au_ed25519_keys_count(const struct au_ed25519_keys *keys);

/* au_ed25519_are_valid tells whether au_ed25519_is_valid holds for every item, by one equation for
 * all of them. The equation is weighed with fresh randomness of the operating system. Randomness
 * only decides how the check is done: valid items always pass, and the chance that an item that is
 * not valid gets through is 2^-128, whoever made it.
 *
 * keys        saves decoding those that it holds, and gets those of valid items; NULL for none
 * items       may be NULL when count is 0
 *
 * true        all are valid; so it is for count 0
 * false       at least one is not; au_ed25519_check finds which
 *
 * Cost: for each item about half of a single check's from 16 items on, about a quarter if all have
 * one key, a third if keys has all. Meanwhile heap, without which the process aborts: 9 kB for each
 * item of a batch of less than about 100, 2 kB for each of a larger one. count is the caller's
 * to bound. */
AU_MUST_USE bool au_ed25519_are_valid(struct au_ed25519_keys *keys,
                                      const struct au_ed25519_item *items, size_t count);

/* au_ed25519_check tells for each of count items whether it is valid: the verdict of
 * au_ed25519_is_valid, but for the chance that au_ed25519_are_valid names.
 *
 * out_is_valid    count verdicts, all written; may be NULL when count is 0
 *
 * Cost: that of au_ed25519_are_valid when all are valid. A failed equation is repeated for each
 * half; the equations hold at most 3 x count items together, after which single checks follow, so
 * that a batch made to fail costs about two and a half times its single checks, no more. */
void au_ed25519_check(struct au_ed25519_keys *keys, const struct au_ed25519_item *items,
                      size_t count, bool *out_is_valid);

#endif
