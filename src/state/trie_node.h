/* The nodes of the tries: how they are encoded, what stands for a node in its parent, and how a
 * branch is recorded in the store. Makers of tries, makers of proofs and verifiers share this file
 * and nothing else.
 *
 *     leaf       [HP(rest of the key, 1), value]
 *     extension  [HP(path, 0), ref]                 the ref is a branch's; the path is not empty
 *     branch     [ref 0, ..., ref 15, ""]           an absent child is ""
 *     ref        the node's encoding if that has less than 32 bytes, else the string of its
 *                SHA-256; the root is always hashed
 *     HP         the nibbles in bytes, behind a nibble 2 * is_leaf + is_odd and, if even, a zero
 *
 * All keys of a trie are hashes: no key is the beginning of another, so that no branch has a value.
 *
 * A branch is kept together with the extension that leads to it: such a node starts at a nibble of
 * the key (start) and branches at a later one (depth). The nibbles between are the extension.
 *
 * Record of a branch (family tri):
 *
 *     owner[32] || the nibbles before start, one per byte
 *       -> version u8 = 1 || extension's count u8 || its nibbles, one per byte
 *          || children u16 || leaves u16 || for each child in order: size u8 || ref
 *
 * Leaves have no record: their keys and values are the flat state's.
 *
 * Threading: pure functions. */
#ifndef AUREON_STATE_TRIE_NODE_H
#define AUREON_STATE_TRIE_NODE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/hash.h"

#define AU_NIBBLE_COUNT         64u  /* nibbles of a key */
#define AU_CHILD_COUNT          16u  /* places of a branch */
#define AU_TRIE_KEY_SIZE_MAX    96u  /* bytes of a record's key */
#define AU_TRIE_RECORD_SIZE_MAX 598u /* bytes of a record */
#define AU_BRANCH_SIZE_MAX      532u /* bytes of a branch's encoding */
#define AU_EXTENSION_SIZE_MAX   69u  /* bytes of an extension's encoding */
#define AU_LEAF_HEAD_SIZE_MAX   52u  /* bytes of a leaf's encoding before its value */

/* What stands for a node in its parent: the hash (32 bytes) or the encoding itself. */
struct au_trie_ref {
    uint8_t size; /* 0: no node */
    uint8_t bytes[AU_HASH_SIZE];
};

/* A branch and where it is. */
struct au_trie_node {
    struct au_hash path;               /* any key through it: its first depth nibbles count */
    uint16_t leaves;                   /* a bit for each child that is a leaf */
    uint8_t depth;                     /* the nibble that it branches at: 0..63 */
    uint8_t ref_sizes[AU_CHILD_COUNT]; /* 0: no child */
    uint8_t refs[AU_CHILD_COUNT][AU_HASH_SIZE];
};

/* Where a branch starts: after start nibbles of a path. */
struct au_trie_start {
    struct au_hash owner;
    struct au_hash path;
    size_t start;
};

/* ---- nibbles ---- */

static inline unsigned au_nibble_at(const struct au_hash *key, size_t index)
{
    unsigned byte = key->bytes[index / 2];
    return index % 2 == 0 ? byte >> 4 : byte & 15u;
}

static inline void au_nibble_set(struct au_hash *key, size_t index, unsigned nibble)
{
    unsigned byte = key->bytes[index / 2];
    byte = index % 2 == 0 ? (byte & 0x0fu) | nibble << 4 : (byte & 0xf0u) | nibble;
    key->bytes[index / 2] = (uint8_t)byte;
}

/* au_nibbles_shared counts the nibbles with which both keys begin. */
size_t au_nibbles_shared(const struct au_hash *a, const struct au_hash *b);

/* au_nibbles_put writes the first count nibbles of a key, one per byte. */
void au_nibbles_put(uint8_t *out, const struct au_hash *key, size_t count);

/* au_hex_prefix writes HP of the nibbles [start, end) of a key and tells its size, at most 33. */
size_t au_hex_prefix(uint8_t *out, const struct au_hash *key, size_t start, size_t end,
                     bool is_leaf);

/* ---- encodings ---- */

/* au_leaf_head writes the encoding of a leaf up to its value, which follows as it is. */
size_t au_leaf_head(uint8_t out[AU_LEAF_HEAD_SIZE_MAX], const struct au_hash *key, size_t start,
                    struct au_bytes value);

/* au_branch_encode writes a node's branch and tells its size. */
size_t au_branch_encode(uint8_t out[AU_BRANCH_SIZE_MAX], const struct au_trie_node *node);

/* au_extension_encode writes the extension before a node's branch; start < depth. */
size_t au_extension_encode(uint8_t out[AU_EXTENSION_SIZE_MAX], const struct au_trie_node *node,
                           size_t start, const struct au_trie_ref *branch);

/* au_ref_of gives what stands for an encoding. is_root: then it is the hash in any case. */
struct au_trie_ref au_ref_of(struct au_bytes encoding, bool is_root);

/* au_leaf_ref and au_node_ref give what stands for a leaf, and for a branch with its extension, in
 * the parent that ends before start; 0 is the root. */
struct au_trie_ref au_leaf_ref(const struct au_hash *key, size_t start, struct au_bytes value);
struct au_trie_ref au_node_ref(const struct au_trie_node *node, size_t start);

/* au_trie_ref_is_valid tells whether bytes may stand for a node: they are of a hash's size, or a
 * list, whole. */
AU_MUST_USE bool au_trie_ref_is_valid(struct au_bytes ref);

/* ---- records ---- */

/* au_trie_key writes the key of the record of the node that starts after count nibbles of path. */
size_t au_trie_key(uint8_t out[AU_TRIE_KEY_SIZE_MAX], const struct au_hash *owner,
                   const struct au_hash *path, size_t count);

/* au_trie_key_parse tells where the record of a key is of; false: of none. */
AU_MUST_USE bool au_trie_key_parse(struct au_bytes key, struct au_trie_start *out_start);

size_t au_trie_record_encode(uint8_t out[AU_TRIE_RECORD_SIZE_MAX], const struct au_trie_node *node,
                             size_t start);

/* au_trie_record_decode is strict: false for whatever au_trie_record_encode does not write. Refs of
 * hash size are not looked into. path: the node's first start nibbles. */
AU_MUST_USE bool au_trie_record_decode(struct au_bytes record, const struct au_hash *path,
                                       size_t start, struct au_trie_node *out_node);

#endif
