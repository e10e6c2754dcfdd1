/* The tries that commit to the state: hexary Merkle Patricia tries with SHA-256, one over the
 * accounts and one over the slots of each contract. A batch of changes is applied at once, and each
 * branch that it touches is hashed once.
 *
 *     au_trie_apply (once for each trie that changes)
 *         -> the batch is written     -> au_trie_cache_commit
 *         -> or it will not be        -> au_trie_cache_abort
 *
 * A trie is named by its owner: zero for the accounts', else the SHA-256 of a contract. What is
 * stored is described by state/trie_node.h: branches alone. Leaves are read from the flat state
 * when their place changes.
 *
 * Invariants:
 *   1. A root depends on the set of keys and values alone.
 *   2. Records in the store are exactly the branches of the tries.
 *   3. Between commits the cache holds what the store holds, or less.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_TRIE_H
#define AUREON_STATE_TRIE_H

#include "base/arena.h"
#include "state/flat.h"
#include "state/key_hash.h"
#include "state/table.h"
#include "state/trie_node.h"

struct au_trie_branch; /* a branch in memory */
struct au_trie_leaf;   /* a leaf's key in memory */

/* The branches, and keys of leaves, that are in memory; loaded as they are needed. */
struct au_trie_cache {
    struct au_flat flat;   /* the committed state, read where it is now */
    struct au_seed seed;   /* of tries */
    struct au_table tries; /* struct trie by owner */
    struct au_arena arena; /* holds tries, branches and leaves */
    struct au_trie_branch *free_branches;
    struct au_trie_leaf *free_leaves;
    size_t branch_count;   /* in use */
    size_t leaf_count;     /* in use */
    size_t size_max;       /* bytes that are kept between blocks */
    uint64_t commit_count; /* tells whether a trie has changed since */
};

/* A leaf's change. value is what the leaf holds: the account leaf or slot leaf of state/flat.h. No
 * bytes: the key goes; one that is absent may go, which changes nothing. existed: the committed
 * trie has the key, which spares a walk in the flat state; where the caller does not know, false.
 */
struct au_trie_update {
    struct au_hash key;
    struct au_bytes value;
    bool existed;
};

struct au_trie_batch {
    struct au_hash owner;
    const struct au_trie_update *updates; /* sorted by key, no key twice */
    size_t update_count;
};

struct au_trie_root {
    struct au_hash hash; /* of the empty trie: au_trie_empty_hash */
    bool is_empty;
};

/* au_trie_empty_hash gives the root of the empty trie, SHA-256(0x80). */
struct au_hash au_trie_empty_hash(void);

/* au_trie_cache_init prepares an empty cache in the caller's storage; nothing is read or allocated
 * yet, so that it gives OK. The store outlives it.
 *
 * branches_max   branches that are kept between blocks, about 700 bytes each; keys of leaves count
 *                by their size. A commit that leaves more gives up everything. */
AU_MUST_USE enum au_err au_trie_cache_init(struct au_trie_cache *cache, const struct au_kv *kv,
                                           const struct au_seed *seed, size_t branches_max);

/* au_trie_cache_done frees all that it holds. */
void au_trie_cache_done(struct au_trie_cache *cache);

/* au_trie_apply brings a trie up to date and puts the records that change into out_records. A batch
 * of no updates gives the present root.
 *
 * The store holds the flat state from before the updates, with all earlier batches' changes. A trie
 * is applied to once between commits: the leaves of a second batch might be those of the first.
 *
 * OK
 * NO_MEMORY, IO   of the heap, of the store
 * MALFORMED       the records, or they and the flat state, do not fit together
 * After an error the cache is as after au_trie_cache_abort, and out_records must not be written. */
AU_MUST_USE enum au_err au_trie_apply(struct au_trie_cache *cache,
                                      const struct au_trie_batch *batch,
                                      struct au_kv_batch *out_records,
                                      struct au_trie_root *out_root);

/* au_trie_cache_commit says that flat state and records are written. What is above the bound is
 * given up. */
void au_trie_cache_commit(struct au_trie_cache *cache);

/* au_trie_cache_abort says that nothing will be written: all that is in memory is given up. */
void au_trie_cache_abort(struct au_trie_cache *cache);

#endif
