#include "base/lock.h"
#include "mempool/mempool_internal.h"

#include <string.h>

#include "base/mem.h"

void au_pool_list_add(struct au_pool_list *list, struct au_pool_tx *tx)
{
    tx->next = NULL;
    if (list->last) list->last->next = tx;
    if (!list->first) list->first = tx;
    list->last = tx;
}

/* ---- a sender's order ---- */

/* The index of the first of a sender's transactions whose nonce is not below nonce. */
static size_t seek(const struct au_pool_sender *sender, uint64_t nonce)
{
    size_t low = 0, high = sender->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sender->txs[middle]->checked.tx.nonce < nonce) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

struct au_pool_tx *au_pool_sender_find(const struct au_pool_sender *sender, uint64_t nonce)
{
    size_t at = seek(sender, nonce);
    if (at == sender->count || sender->txs[at]->checked.tx.nonce != nonce) return NULL;
    return sender->txs[at];
}

static void place_on(struct au_pool_heap *heap, struct au_pool_sender *sender)
{
    size_t at = sender->at[heap->side];
    if (sender->executable_count == 0) {
        if (at != AU_POOL_NOWHERE) au_pool_heap_remove(heap, at);
        return;
    }
    bool is_head = heap->side == AU_POOL_HEADS;
    const struct au_pool_tx *tx = sender->txs[is_head ? 0 : sender->executable_count - 1];
    uint64_t flip = is_head ? 0 : UINT64_MAX;
    struct au_pool_rank rank = {
        .price = tx->checked.tx.gas_price ^ flip,
        .sequence = tx->sequence ^ flip,
        .nonce = tx->checked.tx.nonce,
        .sender = sender,
    };
    if (at == AU_POOL_NOWHERE) {
        au_pool_heap_add(heap, rank);
    } else {
        au_pool_heap_change(heap, at, rank);
    }
}

static void place(struct au_mempool *pool, struct au_pool_sender *sender)
{
    for (size_t i = 0; i < AU_POOL_SIDE_COUNT; i++) {
        place_on(&pool->heaps[i], sender);
    }
}

static void promote(struct au_mempool *pool, struct au_pool_sender *sender)
{
    size_t at = sender->executable_count;
    while (at < sender->count && sender->txs[at]->checked.tx.nonce == sender->nonce + at) {
        pool->executable_count++;
        pool->executable_size += sender->txs[at]->checked.bytes.size;
        at++;
    }
    sender->executable_count = at;
}

static void demote(struct au_mempool *pool, struct au_pool_sender *sender, size_t count)
{
    while (sender->executable_count > count) {
        sender->executable_count--;
        pool->executable_count--;
        pool->executable_size -= sender->txs[sender->executable_count]->checked.bytes.size;
    }
}

void au_pool_attach(struct au_mempool *pool, struct au_pool_tx *tx)
{
    struct au_pool_sender *sender = tx->sender;
    size_t at = seek(sender, tx->checked.tx.nonce);
    AU_ASSERT(at >= sender->executable_count && sender->count < sender->capacity);
    struct au_pool_tx **to = &sender->txs[at];
    memmove(to + 1, to, (sender->count - at) * sizeof(struct au_pool_tx *));
    *to = tx;
    sender->count++;
    sender->cost += tx->cost;
    sender->size += tx->checked.bytes.size;
    pool->count++;
    pool->size += tx->checked.bytes.size;
    promote(pool, sender);
    place(pool, sender);
}

void au_pool_detach(struct au_mempool *pool, struct au_pool_tx *tx)
{
    struct au_pool_sender *sender = tx->sender;
    size_t at = seek(sender, tx->checked.tx.nonce);
    AU_ASSERT(at < sender->count && sender->txs[at] == tx);
    demote(pool, sender, at);
    struct au_pool_tx **from = &sender->txs[at];
    memmove(from, from + 1, (sender->count - at - 1) * sizeof(struct au_pool_tx *));
    sender->count--;
    sender->cost -= tx->cost;
    sender->size -= tx->checked.bytes.size;
    pool->count--;
    pool->size -= tx->checked.bytes.size;
    place(pool, sender);
}

/* ---- coming and leaving ---- */

void au_pool_enter(struct au_mempool *pool, struct au_pool_tx *tx)
{
    uint64_t valid_until = tx->checked.tx.valid_until;
    if (valid_until != 0 && valid_until < pool->valid_until_min) {
        pool->valid_until_min = valid_until;
    }
    au_pool_index_add(&pool->by_id, &tx->link);
    tx->older = pool->newest;
    tx->newer = NULL;
    *(pool->newest ? &pool->newest->newer : &pool->oldest) = tx;
    pool->newest = tx;
    tx->is_pooled = true;
}

void au_pool_leave(struct au_mempool *pool, struct au_pool_tx *tx, enum au_drop reason,
                   struct au_pool_list *left)
{
    AU_ASSERT(tx->is_pooled);
    au_pool_index_remove(&pool->by_id, &tx->link);
    *(tx->older ? &tx->older->newer : &pool->oldest) = tx->newer;
    *(tx->newer ? &tx->newer->older : &pool->newest) = tx->older;
    tx->is_pooled = false;
    tx->reason = reason;
    au_pool_list_add(left, tx);
}

bool au_pool_has_parked_room(const struct au_mempool *pool, size_t count, size_t size)
{
    return pool->count - pool->executable_count + count <= pool->options.count_max / 4 &&
           pool->size - pool->executable_size + size <= pool->options.size_max / 4;
}

void au_pool_sender_free(struct au_pool_sender *sender)
{
    au_mem_free(sender->txs);
    au_mem_free(sender);
}

static void take_off_last(struct au_mempool *pool, struct au_pool_sender *sender,
                          enum au_drop reason, struct au_pool_list *left)
{
    struct au_pool_tx *tx = sender->txs[sender->count - 1];
    au_pool_detach(pool, tx);
    au_pool_leave(pool, tx, reason, left);
}

void au_pool_settle(struct au_mempool *pool, struct au_pool_sender *sender,
                    struct au_pool_list *left)
{
    while (sender->count > sender->executable_count && !au_pool_has_parked_room(pool, 0, 0)) {
        take_off_last(pool, sender, AU_DROP_DISPLACED, left);
    }
    if (sender->count > 0 || sender->hold_count > 0) return;
    au_pool_index_remove(&pool->by_address, &sender->link);
    if (pool->walk_count > 0) {
        sender->next = pool->dead_senders;
        pool->dead_senders = sender;
    } else {
        au_pool_sender_free(sender);
    }
}

void au_pool_release(struct au_mempool *pool, struct au_pool_sender *sender,
                     struct au_pool_list *left)
{
    AU_ASSERT(sender->hold_count > 0);
    sender->hold_count--;
    au_pool_settle(pool, sender, left);
}

void au_pool_remove(struct au_mempool *pool, struct au_pool_tx *tx, enum au_drop reason,
                    struct au_pool_list *left)
{
    au_pool_detach(pool, tx);
    au_pool_leave(pool, tx, reason, left);
    au_pool_settle(pool, tx->sender, left);
}

void au_pool_refresh(struct au_mempool *pool, struct au_pool_sender *sender,
                     const struct au_mempool_account *account, struct au_pool_list *left)
{
    demote(pool, sender, 0);
    sender->nonce = account->nonce;
    sender->balance = account->balance;
    while (sender->count > 0 && sender->txs[0]->checked.tx.nonce < sender->nonce) {
        struct au_pool_tx *tx = sender->txs[0];
        au_pool_detach(pool, tx);
        au_pool_leave(pool, tx, AU_DROP_NONCE_USED, left);
    }
    while (sender->cost > sender->balance) {
        take_off_last(pool, sender, AU_DROP_UNFUNDED, left);
    }
    promote(pool, sender);
    place(pool, sender);
}

void au_pool_unlock(struct au_mempool *pool, struct au_pool_list *left)
{
    au_unlock(&pool->lock);
    if (!left->first) return;
    for (struct au_pool_tx *tx = left->first; tx && pool->options.on_drop; tx = tx->next) {
        pool->options.on_drop(pool->options.context, &tx->checked.id, tx->reason);
    }

    au_lock(&pool->lock);
    bool is_walked = pool->walk_count > 0;
    for (struct au_pool_tx *tx = left->first, *next; tx; tx = next) {
        next = tx->next;
        if (is_walked) {
            tx->next = pool->dead_txs;
            pool->dead_txs = tx;
            pool->dead_size += tx->checked.bytes.size;
        } else {
            au_mem_free(tx);
        }
    }
    au_unlock(&pool->lock);
}
