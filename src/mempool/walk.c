#include "base/lock.h"
#include "mempool/mempool_internal.h"

#include <string.h>

#include "base/mem.h"

struct au_mempool_walk {
    struct au_mempool *pool;
    struct au_pool_tx *given; /* the last one; its sender is first in the heap while may_follow */
    bool may_follow;
    struct au_pool_heap heap; /* senders by their next transaction */
    struct au_pool_rank ranks[];
};

enum au_err au_mempool_walk_begin(struct au_mempool *pool, struct au_mempool_walk **out_walk)
{
    /* A head more than there is memory for cannot come while the lock is held. */
    au_lock(&pool->lock);
    const struct au_pool_heap *heads = &pool->heaps[AU_POOL_HEADS];
    size_t size = heads->count * sizeof(struct au_pool_rank);
    struct au_mempool_walk *walk = au_mem_new(sizeof(*walk) + size);
    if (walk) {
        walk->pool = pool;
        walk->heap = (struct au_pool_heap){walk->ranks, heads->count, AU_POOL_NO_SIDE};
        memcpy(walk->ranks, heads->ranks, size);
        pool->walk_count++;
    }
    au_unlock(&pool->lock);
    if (!walk) return AU_ERR_NO_MEMORY;
    *out_walk = walk;
    return AU_OK;
}

/* Ranks the given one's sender by the nonce after it. */
static void follow(struct au_mempool_walk *walk)
{
    struct au_pool_rank rank = walk->ranks[0];
    const struct au_pool_tx *tx = au_pool_sender_find(rank.sender, ++rank.nonce);
    if (!tx) {
        au_pool_heap_remove(&walk->heap, 0);
        return;
    }
    rank.price = tx->checked.tx.gas_price;
    rank.sequence = tx->sequence;
    au_pool_heap_change(&walk->heap, 0, rank);
}

const struct au_checked *au_mempool_walk_next(struct au_mempool_walk *walk)
{
    struct au_mempool *pool = walk->pool;
    au_lock(&pool->lock);
    if (walk->may_follow) follow(walk);
    walk->given = NULL;
    while (walk->heap.count > 0 && !walk->given) {
        /* A replacement has a higher price than what it replaced: it is still the first. */
        walk->given = au_pool_sender_find(walk->ranks[0].sender, walk->ranks[0].nonce);
        if (!walk->given) au_pool_heap_remove(&walk->heap, 0);
    }
    walk->may_follow = walk->given != NULL;
    au_unlock(&pool->lock);
    return walk->given ? &walk->given->checked : NULL;
}

void au_mempool_walk_skip_sender(struct au_mempool_walk *walk)
{
    AU_ASSERT(walk->given);
    if (walk->may_follow) au_pool_heap_remove(&walk->heap, 0);
    walk->may_follow = false;
}

void au_mempool_walk_drop(struct au_mempool_walk *walk, enum au_drop reason)
{
    struct au_mempool *pool = walk->pool;
    struct au_pool_list left = {0};
    au_mempool_walk_skip_sender(walk);
    au_lock(&pool->lock);
    if (walk->given->is_pooled) au_pool_remove(pool, walk->given, reason, &left);
    au_pool_unlock(pool, &left);
}

void au_mempool_walk_end(struct au_mempool_walk *walk)
{
    struct au_mempool *pool = walk->pool;
    struct au_pool_tx *txs = NULL;
    struct au_pool_sender *senders = NULL;
    au_lock(&pool->lock);
    if (--pool->walk_count == 0) {
        txs = pool->dead_txs;
        senders = pool->dead_senders;
        pool->dead_txs = NULL;
        pool->dead_senders = NULL;
        pool->dead_size = 0;
    }
    au_unlock(&pool->lock);
    for (struct au_pool_tx *next; txs; txs = next) {
        next = txs->next;
        au_mem_free(txs);
    }
    for (struct au_pool_sender *next; senders; senders = next) {
        next = senders->next;
        au_pool_sender_free(senders);
    }
    au_mem_free(walk);
}
