/* Inside the pool: what its files share. All functions here are called with the lock held.
 *
 *     index.c   who is there: transactions by id, senders by address
 *     heap.c    orders by price
 *     order.c   a sender's nonces, what is executable, leaving
 *     admit.c   who may come in
 *     walk.c    the proposer's walk
 *     mempool.c the pool: life, blocks, reads, waiting
 *
 * Threading: the pool's lock. */
#ifndef AUREON_MEMPOOL_MEMPOOL_INTERNAL_H
#define AUREON_MEMPOOL_MEMPOOL_INTERNAL_H

#include <pthread.h>

#include "mempool/mempool.h"

/* ---- index.c ---- */

struct au_pool_link {
    struct au_pool_link *next; /* in its row */
    uint64_t hash;
    void *entry;
};

/* A table of rows of links that lie within their entries: adding needs no memory. */
struct au_pool_index {
    struct au_pool_link **rows;
    size_t row_count; /* a power of two */
};

/* au_pool_hash hashes a 32-byte key: SipHash-1-3. */
uint64_t au_pool_hash(const uint64_t seed[2], const uint8_t key[32]);

void au_pool_index_add(struct au_pool_index *index, struct au_pool_link *link);
void au_pool_index_remove(struct au_pool_index *index, struct au_pool_link *link);

struct au_pool_tx *au_pool_find_tx(const struct au_mempool *pool, const struct au_hash *id);
struct au_pool_sender *au_pool_find_sender(const struct au_mempool *pool,
                                           const struct au_address *address);

/* ---- heap.c ---- */

/* The larger price comes first, then the smaller sequence. */
struct au_pool_rank {
    uint64_t price;
    uint64_t sequence;
    uint64_t nonce; /* used by walks only */
    struct au_pool_sender *sender;
};

enum au_pool_side {
    AU_POOL_HEADS, /* senders by their first executable: the best first */
    AU_POOL_TAILS, /* by their last, price and sequence inverted: the cheapest and latest first */
    AU_POOL_NO_SIDE,
};

#define AU_POOL_SIDE_COUNT 2
#define AU_POOL_NOWHERE    SIZE_MAX

/* A binary heap. With a side it keeps each sender's position in sender->at[side]. */
struct au_pool_heap {
    struct au_pool_rank *ranks;
    size_t count;
    enum au_pool_side side;
};

bool au_pool_rank_is_before(const struct au_pool_rank *a, const struct au_pool_rank *b);

/* au_pool_heap_add needs room in ranks. Cost of all three: O(log count). */
void au_pool_heap_add(struct au_pool_heap *heap, struct au_pool_rank rank);
void au_pool_heap_change(struct au_pool_heap *heap, size_t at, struct au_pool_rank rank);
void au_pool_heap_remove(struct au_pool_heap *heap, size_t at);

/* ---- order.c ---- */

struct au_pool_tx {
    struct au_pool_link link;
    struct au_pool_sender *sender;
    struct au_pool_tx *older; /* in order of arrival; of use while pooled */
    struct au_pool_tx *newer;
    struct au_pool_tx *next; /* in a list of what left or was lifted */
    uint64_t sequence;
    uint64_t cost;
    enum au_drop reason; /* of use once it left */
    bool is_pooled;
    struct au_checked checked; /* points into bytes */
    uint8_t bytes[];
};

/* Invariant: txs are sorted by nonce; the first executable_count have the nonces from nonce on
 * without a gap, and the next one, if any, leaves a gap. */
struct au_pool_sender {
    struct au_pool_link link;
    struct au_address address;
    struct au_pool_sender *next; /* in the list of the dead */
    uint64_t nonce;              /* committed */
    uint64_t balance;            /* committed */
    uint64_t cost;               /* of all */
    size_t size;                 /* bytes of all */
    size_t count;
    size_t executable_count;
    size_t capacity;
    size_t at[AU_POOL_SIDE_COUNT]; /* positions in the heaps */
    size_t hold_count;             /* not 0: somebody still needs it */
    uint64_t mark;                 /* the last round that met it */
    struct au_pool_tx **txs;
};

/* A list in order of adding. */
struct au_pool_list {
    struct au_pool_tx *first;
    struct au_pool_tx *last;
};

struct au_mempool {
    struct au_mempool_options options;
    pthread_mutex_t lock;
    pthread_cond_t is_changed; /* executable_count rose from 0, or is_woken */
    bool is_woken;
    uint64_t height; /* of the next block */
    uint64_t round;  /* rises when accounts may have changed: older reads of them are stale */
    uint64_t last_sequence;
    uint64_t valid_until_min; /* no pooled one expires before */
    struct au_pool_index by_id;
    struct au_pool_index by_address;
    struct au_pool_heap heaps[AU_POOL_SIDE_COUNT];
    size_t count;
    size_t size;
    size_t executable_count;
    size_t executable_size;
    struct au_pool_tx *oldest;
    struct au_pool_tx *newest;
    size_t walk_count; /* while not 0, what leaves is kept below */
    size_t dead_size;  /* bytes of the dead transactions */
    struct au_pool_tx *dead_txs;
    struct au_pool_sender *dead_senders;
};

void au_pool_list_add(struct au_pool_list *list, struct au_pool_tx *tx);

/* au_pool_sender_find gives the sender's transaction with a nonce, NULL if there is none. */
struct au_pool_tx *au_pool_sender_find(const struct au_pool_sender *sender, uint64_t nonce);

/* au_pool_attach puts a transaction into its sender's order, whose txs have room; au_pool_detach
 * takes it out: what follows is parked. Both keep counts and heaps right. Neither looks at bounds
 * nor at the index. */
void au_pool_attach(struct au_mempool *pool, struct au_pool_tx *tx);
void au_pool_detach(struct au_mempool *pool, struct au_pool_tx *tx);

/* au_pool_enter makes an attached transaction findable; au_pool_leave the opposite, for a detached
 * one, which it adds to a list of what left. */
void au_pool_enter(struct au_mempool *pool, struct au_pool_tx *tx);
void au_pool_leave(struct au_mempool *pool, struct au_pool_tx *tx, enum au_drop reason,
                   struct au_pool_list *left);

/* au_pool_remove detaches, lets leave and settles the sender, which may be gone afterwards. */
void au_pool_remove(struct au_mempool *pool, struct au_pool_tx *tx, enum au_drop reason,
                    struct au_pool_list *left);

/* au_pool_settle drops what a sender has parked beyond the pool's quarter, the highest nonces
 * first, and lets go of a sender without transactions that nobody holds: it may be gone
 * afterwards. au_pool_release ends a hold and settles. */
void au_pool_settle(struct au_mempool *pool, struct au_pool_sender *sender,
                    struct au_pool_list *left);
void au_pool_release(struct au_mempool *pool, struct au_pool_sender *sender,
                     struct au_pool_list *left);

/* au_pool_refresh takes over what was read of a sender's account; the caller settles. */
void au_pool_refresh(struct au_mempool *pool, struct au_pool_sender *sender,
                     const struct au_mempool_account *account, struct au_pool_list *left);

/* au_pool_has_parked_room tells whether count and size more may be parked. */
bool au_pool_has_parked_room(const struct au_mempool *pool, size_t count, size_t size);

/* au_pool_unlock gives the lock back and tells on_drop of all that left. */
void au_pool_unlock(struct au_mempool *pool, struct au_pool_list *left);

void au_pool_sender_free(struct au_pool_sender *sender);

#endif
