/* Key files: a signing key, sealed with a password, as JSON text.
 *
 *     {"version": 1, "address": "aur1...", "kdf": "argon2id", "ops": 3, "memory": 268435456,
 *      "salt": "0x..", "cipher": "xchacha20-poly1305", "nonce": "0x..", "data": "0x.."}
 *
 * Argon2id (version 1.3, one lane) of the password and the salt, with ops passes over memory bytes,
 * gives 32 bytes; they are the key of XChaCha20-Poly1305 (IETF), which seals the seed. The address
 * is its associated data: a file opens only with the address it was sealed with.
 *
 * Invariants:
 *   1. What is accepted has exactly these members, in any order, each of its type and size.
 *   2. Cost is bounded before it is spent: AU_KEYFILE_OPS_MAX and AU_KEYFILE_MEMORY_MAX. A hostile
 *      file can cost no more than the dearest honest one.
 *   3. Neither the seed nor a key made from the password is ever on the heap; on the stack they are
 *      wiped before a function returns.
 *   4. An address is text to this layer: that it is the key's is for the caller to see to.
 *
 * Only the program links this file: it needs libsodium and base/json_in.h.
 *
 * Threading: pure functions but for fresh randomness. */
#ifndef AUREON_CRYPTO_KEYFILE_H
#define AUREON_CRYPTO_KEYFILE_H

#include "base/buf.h"
#include "crypto/sign.h"

#define AU_KEYFILE_SIZE_MAX         4096u /* bytes of the text */
#define AU_KEYFILE_ADDRESS_SIZE_MAX 128u  /* bytes */
#define AU_KEYFILE_PASSWORD_MAX     1024u /* bytes */
#define AU_KEYFILE_OPS_MAX          10u
#define AU_KEYFILE_MEMORY_MIN       (8u << 10) /* bytes */
#define AU_KEYFILE_MEMORY_MAX       (1u << 30) /* bytes */

#define AU_KEYFILE_SALT_SIZE  16
#define AU_KEYFILE_NONCE_SIZE 24
#define AU_KEYFILE_DATA_SIZE  (AU_SIGN_SEED_SIZE + 16) /* the seed and the cipher's tag */

/* What a guess of the password costs, and so does opening. */
struct au_keyfile_cost {
    uint32_t ops;         /* 1..AU_KEYFILE_OPS_MAX */
    uint32_t memory_size; /* AU_KEYFILE_MEMORY_MIN..AU_KEYFILE_MEMORY_MAX, whole KiB */
};

/* 3 passes over 256 MiB: about a second. */
extern const struct au_keyfile_cost au_keyfile_cost_default;

/* A key file's content. Nothing in it is secret as long as the password is. */
struct au_keyfile {
    uint8_t address[AU_KEYFILE_ADDRESS_SIZE_MAX];
    size_t address_size; /* at least 1; printable ASCII without spaces */
    struct au_keyfile_cost cost;
    uint8_t salt[AU_KEYFILE_SALT_SIZE];
    uint8_t nonce[AU_KEYFILE_NONCE_SIZE];
    uint8_t data[AU_KEYFILE_DATA_SIZE];
};

/* au_keyfile_parse reads the text of a key file, without its password.
 *
 * message       on MALFORMED gets what is wrong, one line; NULL = not wanted
 * out_keyfile   written on OK only
 *
 * OK
 * MALFORMED  not a key file as above, or more than AU_KEYFILE_SIZE_MAX bytes
 * NO_MEMORY */
AU_MUST_USE enum au_err au_keyfile_parse(struct au_bytes text, struct au_buf *message,
                                         struct au_keyfile *out_keyfile);

/* au_keyfile_put writes the text of a key file, whose fields are as the struct says: at most
 * AU_KEYFILE_SIZE_MAX bytes, a line for each member. Errors are the buffer's. */
void au_keyfile_put(struct au_buf *buf, const struct au_keyfile *keyfile);

/* au_keyfile_seal writes the text of a key's file, never the same twice, at the default cost.
 *
 * password   1..AU_KEYFILE_PASSWORD_MAX bytes of any kind
 * address    the key's address; 1..AU_KEYFILE_ADDRESS_SIZE_MAX bytes of printable ASCII without
 *            spaces, anything else is a bug
 *
 * OK
 * INVALID_ARG  the password is empty or too long
 * NO_MEMORY
 * TOO_LARGE    the text does not fit into buf */
AU_MUST_USE enum au_err au_keyfile_seal(const struct au_sign_key *key, struct au_bytes password,
                                        struct au_bytes address, struct au_buf *buf);

/* au_keyfile_seal_at_cost is au_keyfile_seal at another cost, within its bounds. */
AU_MUST_USE enum au_err au_keyfile_seal_at_cost(const struct au_sign_key *key,
                                                struct au_bytes password, struct au_bytes address,
                                                const struct au_keyfile_cost *cost,
                                                struct au_buf *buf);

/* au_keyfile_open gets the key out of a file's text.
 *
 * out_key   written on OK only; au_sign_key_wipe it
 * message   as for au_keyfile_parse
 *
 * OK
 * MALFORMED    not a key file; nothing was spent on it
 * INVALID_ARG  not the password (nor could be: empty or too long), or the file was changed: the two
 *              cannot be told apart
 * NO_MEMORY    the file's cost is more memory than there is
 *
 * Cost: that of the file; the dearest one takes about 12 seconds and 1 GiB. */
AU_MUST_USE enum au_err au_keyfile_open(struct au_bytes text, struct au_bytes password,
                                        struct au_sign_key *out_key, struct au_buf *message);

#endif
