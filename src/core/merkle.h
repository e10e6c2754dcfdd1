/* Merkle trees over lists of hashes, as in RFC 6962: the roots over a block's transactions and
 * receipts.
 *
 *     root()      = SHA-256("")
 *     root(a)     = SHA-256(0x00 || a)
 *     root(list)  = SHA-256(0x01 || root(first k) || root(rest)), k the greatest power of 2 < count
 *
 * Threading: pure functions; a builder belongs to one thread. */
#ifndef AUREON_CORE_MERKLE_H
#define AUREON_CORE_MERKLE_H

#include "base/buf.h"
#include "base/hash.h"

#define AU_MERKLE_DEPTH_MAX 32u

/* A tree being built, leaf by leaf. */
struct au_merkle {
    struct au_hash stack[AU_MERKLE_DEPTH_MAX]; /* roots of complete parts, greatest first */
    uint32_t count;                            /* leaves so far; at most 2^31 */
};

/* A zeroed struct au_merkle is an empty tree. */
void au_merkle_add(struct au_merkle *tree, const struct au_hash *leaf);

/* au_merkle_root gives the root of what was added so far. */
struct au_hash au_merkle_root(const struct au_merkle *tree);

/* au_merkle_root_of is both for a list. */
struct au_hash au_merkle_root_of(const struct au_hash *leaves, size_t count);

/* au_merkle_prove writes the path from leaf `index` up, at most AU_MERKLE_DEPTH_MAX hashes.
 * Returns their number. index < count. Cost: count hashes. */
uint32_t au_merkle_prove(const struct au_hash *leaves, uint32_t count, uint32_t index,
                         struct au_hash out_path[AU_MERKLE_DEPTH_MAX]);

/* au_merkle_verify tells whether leaf is number index of the count leaves under root. */
AU_MUST_USE bool au_merkle_verify(const struct au_hash *root, const struct au_hash *leaf,
                                  uint32_t index, uint32_t count, const struct au_hash *path,
                                  uint32_t path_count);

#endif
