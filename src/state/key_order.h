/* An ordered set of slots, by contract and raw key: a skip list whose nodes are their owner's.
 *
 * Invariants:
 *   1. Keys ascend as unsigned bytes, a prefix before what it begins; each is there once.
 *   2. How high a node's tower is depends on its hash alone, under a seed that contracts do not
 *      know: nobody can make the towers of all keys low. Nothing that is shown depends on it.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_KEY_ORDER_H
#define AUREON_STATE_KEY_ORDER_H

#include "base/arena.h"
#include "core/address.h"

#define AU_KEY_ORDER_HEIGHT_MAX 16u

struct au_key_node {
    struct au_address contract;
    struct au_bytes key;
    struct au_key_node **nexts; /* the tower, from the bottom up; NULL: it has none yet */
    uint8_t height;             /* of the tower */
    bool is_in;                 /* the set */
};

/* A zeroed set is an empty one; to forget all nodes is to zero it. */
struct au_key_order {
    struct au_key_node *firsts[AU_KEY_ORDER_HEIGHT_MAX]; /* by height */
};

/* au_key_order_prepare gives a node its tower, which it keeps; one that has one is left as it is.
 *
 * hash    of contract and key, under the seed
 * arena   outlives the set
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_key_order_prepare(struct au_key_node *node, uint64_t hash,
                                             struct au_arena *arena);

/* au_key_order_add adds a node that has its tower and is not in the set; au_key_order_remove takes
 * one out that is in it. Cost: O(log count) on average. */
void au_key_order_add(struct au_key_order *order, struct au_key_node *node);
void au_key_order_remove(struct au_key_order *order, struct au_key_node *node);

/* au_key_order_seek gives the first node of a contract whose key is not below key, or is above it
 * if is_above; NULL: there is none. Cost as above. */
struct au_key_node *au_key_order_seek(const struct au_key_order *order,
                                      const struct au_address *contract, struct au_bytes key,
                                      bool is_above);

/* au_key_order_next gives the next node of the same contract, or NULL. */
struct au_key_node *au_key_order_next(const struct au_key_node *node);

#endif
