/* Proofs that a trie has a value under a key, or none: the encodings of the nodes on the way from
 * the root to the key, or to where the key leaves the trie, as EIP-1186 has them. A node that
 * stands in its parent is not listed; an empty trie needs no nodes.
 *
 *     proof = count u32 || { size u32 || node }       a vec<bytes> of the protocol
 *
 * A proof is made from flat state and tries: those in memory, or where all records are written,
 * those in a store. Who verifies shares nothing with who proves but the codec of nodes and RLP.
 *
 * Threading: pure functions, over a reader that belongs to one thread. */
#ifndef AUREON_STATE_PROOF_H
#define AUREON_STATE_PROOF_H

#include "state/flat.h"
#include "state/trie.h"

#define AU_PROOF_NODES_MAX 65u /* a branch or extension for each nibble, and a leaf */

/* What proofs are made from: both of one height. */
struct au_proof_source {
    struct au_flat *flat; /* at a snapshot, or at a store that nobody writes meanwhile */
    const struct au_trie_cache
        *tries;                  /* held by au_trie_lock_shared; NULL: records, as flat reads */
    const struct au_hash *owner; /* of the trie: zero, or the SHA-256 of a contract */
};

/* au_proof_make appends a proof to out. au_proof_make_of is the same for a caller who has read what
 * the trie has under the key, which saves reading it again.
 *
 * value   the leaf's (au_flat_account_leaf, au_flat_slot_leaf); no bytes: there is none
 *
 * OK
 * MALFORMED   the records, or they and the flat state, do not fit together
 * IO, NO_MEMORY, TOO_LARGE   of the store, of out
 * After an error what was appended is of no use. */
AU_MUST_USE enum au_err au_proof_make(const struct au_proof_source *source,
                                      const struct au_hash *key, struct au_buf *out);
AU_MUST_USE enum au_err au_proof_make_of(const struct au_proof_source *source,
                                         const struct au_hash *key, struct au_bytes value,
                                         struct au_buf *out);

/* au_proof_split finds the nodes of a proof, which are borrowed from it. False: it is none, or has
 * more nodes than any proof. */
AU_MUST_USE bool au_proof_split(struct au_bytes proof,
                                struct au_bytes out_nodes[AU_PROOF_NODES_MAX], size_t *out_count);

/* What a root says about a key. */
struct au_proof_claim {
    bool exists;
    struct au_bytes value; /* of the leaf; borrowed from the nodes */
};

/* au_proof_verify checks nodes, which may come from anybody, against a trusted root.
 *
 * root         of the trie; au_trie_empty_hash's for an empty one
 * out_claim    what is proved: set with OK alone
 * out_reason   of MALFORMED: a static sentence, such as "a node's hash is not its parent's"
 *
 * OK, MALFORMED: nothing is proved. Every node must be needed and be in its only form. Time is
 * linear in the size of the nodes. */
AU_MUST_USE enum au_err au_proof_verify(const struct au_hash *root, const struct au_hash *key,
                                        const struct au_bytes *nodes, size_t count,
                                        struct au_proof_claim *out_claim, const char **out_reason);

#endif
