#include "mempool/mempool_internal.h"

bool au_pool_rank_is_before(const struct au_pool_rank *a, const struct au_pool_rank *b)
{
    return a->price != b->price ? a->price > b->price : a->sequence < b->sequence;
}

static void put(struct au_pool_heap *heap, size_t at, struct au_pool_rank rank)
{
    heap->ranks[at] = rank;
    if (heap->side != AU_POOL_NO_SIDE) rank.sender->at[heap->side] = at;
}

/* Puts rank at a free place, then moves it to where it belongs. */
static void settle(struct au_pool_heap *heap, size_t at, struct au_pool_rank rank)
{
    while (at > 0 && au_pool_rank_is_before(&rank, &heap->ranks[(at - 1) / 2])) {
        put(heap, at, heap->ranks[(at - 1) / 2]);
        at = (at - 1) / 2;
    }
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= heap->count) break;
        if (child + 1 < heap->count &&
            au_pool_rank_is_before(&heap->ranks[child + 1], &heap->ranks[child])) {
            child++;
        }
        if (!au_pool_rank_is_before(&heap->ranks[child], &rank)) break;
        put(heap, at, heap->ranks[child]);
        at = child;
    }
    put(heap, at, rank);
}

void au_pool_heap_add(struct au_pool_heap *heap, struct au_pool_rank rank)
{
    heap->count++;
    settle(heap, heap->count - 1, rank);
}

void au_pool_heap_change(struct au_pool_heap *heap, size_t at, struct au_pool_rank rank)
{
    AU_ASSERT(at < heap->count);
    settle(heap, at, rank);
}

void au_pool_heap_remove(struct au_pool_heap *heap, size_t at)
{
    AU_ASSERT(at < heap->count);
    if (heap->side != AU_POOL_NO_SIDE) heap->ranks[at].sender->at[heap->side] = AU_POOL_NOWHERE;
    struct au_pool_rank last = heap->ranks[--heap->count];
    if (at < heap->count) settle(heap, at, last);
}
