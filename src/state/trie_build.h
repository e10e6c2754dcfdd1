/* Builds a trie from its leaves in the order of keys, with no more in memory than the branches
 * that are open: those on the way to the last leaf. At any leaf it gives the root of the whole trie
 * if it is told what is right of the way: the edge. So a part of the leaves is proved as soon as
 * all before it were.
 *
 *     init -> { add ... root ... } -> finish -> clear -> ...  -> done
 *
 * Edge of a leaf: for each branch on the way to it that has children right of the way, the deepest
 * first:
 *
 *     depth u8 || children u16 (bits right of the way alone, at least one)
 *              || for each of them in order: size u8 || ref
 *
 * What a root with an edge proves: since refs are hashes or strict encodings, and are read from the
 * left, nodes of this root have left of and on the way what was added. What is right of it is not
 * looked into.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_TRIE_BUILD_H
#define AUREON_STATE_TRIE_BUILD_H

#include "state/trie_node.h"

#define AU_TRIE_BUILD_MANY 64u /* leaves that are added at once, at most */

/* Bytes of an edge at most: 15 hashes for each nibble. */
#define AU_TRIE_EDGE_SIZE_MAX (AU_NIBBLE_COUNT * (3u + 15u * (1u + AU_HASH_SIZE)))

/* Gets each branch once, when its last child is known, children before their parents. start: the
 * node's first nibble. */
struct au_trie_build_sink {
    void *context;
    enum au_err (*on_branch)(void *context, const struct au_trie_node *node, size_t start);
};

struct au_trie_build {
    struct au_trie_build_sink sink;            /* on_branch may be NULL */
    struct au_trie_node open[AU_NIBBLE_COUNT]; /* on the way to the last leaf, which they lack */
    size_t open_count;
    uint64_t leaf_count;
    struct au_hash key;  /* of the last leaf */
    struct au_buf value; /* likewise, if ref is of no bytes */
    struct au_trie_ref ref;
    struct au_buf encodings; /* of leaves that are added at once */
};

/* A leaf and what it holds, at least a byte. */
struct au_trie_build_leaf {
    struct au_hash key;
    struct au_bytes value;
};

/* au_trie_build_init begins an empty trie in the caller's storage; au_trie_build_done frees what it
 * holds, au_trie_build_clear begins again. */
void au_trie_build_init(struct au_trie_build *build, const struct au_trie_build_sink *sink);
void au_trie_build_done(struct au_trie_build *build);
void au_trie_build_clear(struct au_trie_build *build);

/* au_trie_build_add adds a leaf; value is what the leaf holds, at least a byte.
 * OK; MALFORMED: the key is not above the last one; TOO_LARGE, NO_MEMORY; what the sink gave. */
AU_MUST_USE enum au_err au_trie_build_add(struct au_trie_build *build, const struct au_hash *key,
                                          struct au_bytes value);

/* au_trie_build_add_many adds leaves in the order of keys, at most AU_TRIE_BUILD_MANY, and hashes
 * them beside one another.
 *
 * next   key of the leaf that will be added behind them; NULL: none is. No root with an edge is
 *        asked for in between.
 *
 * Results as above. */
AU_MUST_USE enum au_err au_trie_build_add_many(struct au_trie_build *build,
                                               const struct au_trie_build_leaf *leaves,
                                               size_t count, const struct au_hash *next);

/* au_trie_build_root gives the root of the leaves so far and of what an edge adds right of them.
 *
 * edge   of the last leaf, from anybody; empty: there is nothing right of it
 *
 * False: the edge is none. */
AU_MUST_USE bool au_trie_build_root(const struct au_trie_build *build, struct au_bytes edge,
                                    struct au_hash *out_root);

/* au_trie_build_finish says that the last leaf was added: the sink gets the open branches.
 * OK, or what the sink gave. */
AU_MUST_USE enum au_err au_trie_build_finish(struct au_trie_build *build);

/* au_trie_edge_put adds what a branch has right of a key to the key's edge, which is complete once
 * all branches above were added, the deepest first. */
void au_trie_edge_put(struct au_buf *edge, const struct au_trie_node *node,
                      const struct au_hash *key);

#endif
