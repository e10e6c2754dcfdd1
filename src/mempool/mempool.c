#include "base/lock.h"
#include "mempool/mempool_internal.h"

#include <errno.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"

#define COUNT_MIN  4u /* a quarter of fewer is none */
#define NS_PER_SEC 1000000000u

static const struct {
    const char *name;
    const char *text;
} drop_infos[] = {
#define AU_DROP(NAME, name, text) [AU_DROP_##NAME] = {#name, text},
#include "abi/drop.def"
#undef AU_DROP
};

const char *au_drop_name(enum au_drop reason)
{
    AU_ASSERT((unsigned)reason < AU_COUNT_OF(drop_infos));
    return drop_infos[reason].name;
}

const char *au_drop_text(enum au_drop reason)
{
    AU_ASSERT((unsigned)reason < AU_COUNT_OF(drop_infos));
    return drop_infos[reason].text;
}

/* ---- life ---- */

static void free_tables(struct au_mempool *pool)
{
    au_mem_free(pool->by_id.rows);
    au_mem_free(pool->by_address.rows);
    for (size_t i = 0; i < AU_POOL_SIDE_COUNT; i++) {
        au_mem_free(pool->heaps[i].ranks);
    }
    au_mem_free(pool);
}

/* All tables have their final size, so that nothing but a newcomer's own memory can be missing. */
static bool new_tables(struct au_mempool *pool, size_t count_max)
{
    size_t row_count = 1;
    while (row_count < count_max) {
        row_count *= 2;
    }
    struct au_pool_index *indices[] = {&pool->by_id, &pool->by_address};
    for (size_t i = 0; i < AU_COUNT_OF(indices); i++) {
        indices[i]->row_count = row_count;
        indices[i]->rows = au_mem_new(row_count * sizeof(struct au_pool_link *));
        if (!indices[i]->rows) return false;
    }
    for (size_t i = 0; i < AU_POOL_SIDE_COUNT; i++) {
        pool->heaps[i].side = (enum au_pool_side)i;
        pool->heaps[i].ranks = au_mem_new(count_max * sizeof(struct au_pool_rank));
        if (!pool->heaps[i].ranks) return false;
    }
    return true;
}

enum au_err au_mempool_new(const struct au_mempool_options *options, struct au_mempool **out_pool)
{
    if (options->count_max < COUNT_MIN || options->count_max > AU_MEMPOOL_COUNT_MAX ||
        options->size_max > SIZE_MAX / 2) {
        return AU_ERR_INVALID_ARG;
    }
    struct au_mempool *pool = au_mem_new(sizeof(*pool));
    if (!pool) return AU_ERR_NO_MEMORY;
    if (!new_tables(pool, options->count_max)) {
        free_tables(pool);
        return AU_ERR_NO_MEMORY;
    }
    pool->options = *options;
    pool->height = options->height + 1;
    pool->valid_until_min = UINT64_MAX;

    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (!failed) failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!failed) failed = pthread_cond_init(&pool->is_changed, &attributes);
    if (!failed) failed = pthread_mutex_init(&pool->lock, NULL);
    AU_ASSERT(!failed);
    pthread_condattr_destroy(&attributes);
    *out_pool = pool;
    return AU_OK;
}

void au_mempool_free(struct au_mempool *pool)
{
    if (!pool) return;
    AU_ASSERT(pool->walk_count == 0);
    for (size_t i = 0; i < pool->by_address.row_count; i++) {
        struct au_pool_link *link = pool->by_address.rows[i];
        while (link) {
            struct au_pool_sender *sender = link->entry;
            link = link->next;
            au_pool_sender_free(sender);
        }
    }
    for (struct au_pool_tx *tx = pool->oldest, *newer; tx; tx = newer) {
        newer = tx->newer;
        au_mem_free(tx);
    }
    pthread_cond_destroy(&pool->is_changed);
    pthread_mutex_destroy(&pool->lock);
    free_tables(pool);
}

/* ---- blocks ---- */

/* A sender of a block who is pooled. */
struct concerned {
    struct au_address address;
    struct au_mempool_account account;
    struct au_pool_sender *sender; /* NULL: no longer pooled */
};

/* From here on an account that was read before counts as stale: who comes now comes with the
 * account as the block left it, so only those who are here already need to be read. */
static size_t find_concerned(struct au_mempool *pool, const struct au_mempool_included *included,
                             size_t count, struct concerned *out_concerned)
{
    size_t found = 0;
    au_lock(&pool->lock);
    pool->round++;
    for (size_t i = 0; i < count; i++) {
        struct au_pool_sender *sender = au_pool_find_sender(pool, &included[i].sender);
        if (!sender || sender->mark == pool->round) continue;
        sender->mark = pool->round;
        out_concerned[found++] = (struct concerned){.address = sender->address};
    }
    au_unlock(&pool->lock);
    return found;
}

static void expire(struct au_mempool *pool, struct au_pool_list *expired)
{
    if (pool->valid_until_min >= pool->height) return;
    pool->valid_until_min = UINT64_MAX;
    for (struct au_pool_tx *tx = pool->oldest, *newer; tx; tx = newer) {
        newer = tx->newer;
        uint64_t valid_until = tx->checked.tx.valid_until;
        if (valid_until == 0) continue;
        if (valid_until >= pool->height) {
            if (valid_until < pool->valid_until_min) pool->valid_until_min = valid_until;
            continue;
        }
        tx->sender->hold_count++;
        au_pool_detach(pool, tx);
        au_pool_leave(pool, tx, AU_DROP_EXPIRED, expired);
    }
}

/* Senders are settled when all have their new accounts: until then too much seems parked. */
static void settle_all(struct au_mempool *pool, const struct concerned *concerned, size_t count,
                       struct au_pool_list *left)
{
    struct au_pool_list expired = {0};
    expire(pool, &expired);
    for (struct au_pool_tx *tx = expired.first, *next; tx; tx = next) {
        next = tx->next;
        au_pool_list_add(left, tx);
    }
    struct au_pool_tx *end = left->last;
    for (size_t i = 0; i < count; i++) {
        if (concerned[i].sender) au_pool_release(pool, concerned[i].sender, left);
    }
    for (struct au_pool_tx *tx = expired.first; tx; tx = tx == end ? NULL : tx->next) {
        au_pool_release(pool, tx->sender, left);
    }
}

static void follow_block(struct au_mempool *pool, const struct au_mempool_included *included,
                         size_t count, struct concerned *concerned, size_t concerned_count)
{
    struct au_pool_list left = {0};
    au_lock(&pool->lock);
    bool was_idle = pool->executable_count == 0;
    for (size_t i = 0; i < concerned_count; i++) {
        concerned[i].sender = au_pool_find_sender(pool, &concerned[i].address);
        if (concerned[i].sender) concerned[i].sender->hold_count++;
    }
    for (size_t i = 0; i < count; i++) {
        struct au_pool_tx *tx = au_pool_find_tx(pool, &included[i].id);
        if (!tx) continue;
        AU_ASSERT(au_address_is_equal(&tx->sender->address, &included[i].sender));
        AU_ASSERT(tx->sender->hold_count > 0);
        au_pool_detach(pool, tx);
        au_pool_leave(pool, tx, AU_DROP_INCLUDED, &left);
    }
    for (size_t i = 0; i < concerned_count; i++) {
        if (!concerned[i].sender) continue;
        au_pool_refresh(pool, concerned[i].sender, &concerned[i].account, &left);
    }
    settle_all(pool, concerned, concerned_count, &left);
    if (was_idle && pool->executable_count > 0) pthread_cond_broadcast(&pool->is_changed);
    au_pool_unlock(pool, &left);
}

enum au_err au_mempool_block_done(struct au_mempool *pool, uint64_t height,
                                  const struct au_mempool_included *included, size_t count)
{
    struct concerned *concerned = au_mem_new(count * sizeof(*concerned));
    if (!concerned) return AU_ERR_NO_MEMORY;
    size_t concerned_count = find_concerned(pool, included, count, concerned);
    enum au_err err = AU_OK;
    for (size_t i = 0; i < concerned_count && err == AU_OK; i++) {
        err = pool->options.get_account(pool->options.context, &concerned[i].address,
                                        &concerned[i].account);
    }
    if (err == AU_OK) {
        au_lock(&pool->lock);
        pool->height = height + 1;
        au_unlock(&pool->lock);
        follow_block(pool, included, count, concerned, concerned_count);
    }
    au_mem_free(concerned);
    return err;
}

void au_mempool_clear(struct au_mempool *pool)
{
    struct au_pool_list left = {0};
    au_lock(&pool->lock);
    while (pool->oldest) {
        struct au_pool_sender *sender = pool->oldest->sender;
        sender->hold_count++;
        while (sender->count > 0) {
            struct au_pool_tx *tx = sender->txs[sender->count - 1];
            au_pool_detach(pool, tx);
            au_pool_leave(pool, tx, AU_DROP_CLEARED, &left);
        }
        au_pool_release(pool, sender, &left);
    }
    au_pool_unlock(pool, &left);
}

/* ---- reads ---- */

enum au_err au_mempool_find(struct au_mempool *pool, const struct au_hash *id,
                            struct au_buf *out_bytes)
{
    au_lock(&pool->lock);
    const struct au_pool_tx *tx = au_pool_find_tx(pool, id);
    if (tx) au_buf_put_bytes(out_bytes, tx->checked.bytes);
    au_unlock(&pool->lock);
    return tx ? out_bytes->err : AU_ERR_NOT_FOUND;
}

enum au_err au_mempool_next_nonce(struct au_mempool *pool, const struct au_address *address,
                                  uint64_t *out_nonce)
{
    au_lock(&pool->lock);
    const struct au_pool_sender *sender = au_pool_find_sender(pool, address);
    if (sender) *out_nonce = sender->nonce + sender->executable_count;
    au_unlock(&pool->lock);
    if (sender) return AU_OK;
    struct au_mempool_account account;
    AU_TRY(pool->options.get_account(pool->options.context, address, &account));
    *out_nonce = account.nonce;
    return AU_OK;
}

size_t au_mempool_list(struct au_mempool *pool, uint64_t after, size_t limit,
                       struct au_mempool_entry *out_entries)
{
    size_t count = 0;
    au_lock(&pool->lock);
    for (const struct au_pool_tx *tx = pool->oldest; tx && count < limit; tx = tx->newer) {
        if (tx->sequence <= after) continue;
        const struct au_tx *fields = &tx->checked.tx;
        out_entries[count++] = (struct au_mempool_entry){
            .id = tx->checked.id,
            .from = fields->from,
            .nonce = fields->nonce,
            .gas_price = fields->gas_price,
            .valid_until = fields->valid_until,
            .sequence = tx->sequence,
            .size = tx->checked.bytes.size,
            .kind = fields->kind,
            .is_executable = fields->nonce - tx->sender->nonce < tx->sender->executable_count,
        };
    }
    au_unlock(&pool->lock);
    return count;
}

struct au_mempool_stats au_mempool_stats(struct au_mempool *pool)
{
    au_lock(&pool->lock);
    struct au_mempool_stats stats = {
        .count = pool->count,
        .size = pool->size,
        .executable_count = pool->executable_count,
        .parked_count = pool->count - pool->executable_count,
    };
    au_unlock(&pool->lock);
    return stats;
}

/* ---- waiting ---- */

bool au_mempool_wait(struct au_mempool *pool, uint64_t timeout_ns)
{
    uint64_t now = au_clock_ns();
    uint64_t end = timeout_ns > INT64_MAX - now ? INT64_MAX : now + timeout_ns;
    struct timespec until = {
        .tv_sec = (time_t)(end / NS_PER_SEC),
        .tv_nsec = (long)(end % NS_PER_SEC),
    };
    au_lock(&pool->lock);
    int failed = 0;
    while (pool->executable_count == 0 && !pool->is_woken && !failed) {
        failed = pthread_cond_timedwait(&pool->is_changed, &pool->lock, &until);
    }
    AU_ASSERT(failed == 0 || failed == ETIMEDOUT);
    pool->is_woken = false;
    bool is_executable = pool->executable_count > 0;
    au_unlock(&pool->lock);
    return is_executable;
}

void au_mempool_wake(struct au_mempool *pool)
{
    au_lock(&pool->lock);
    pool->is_woken = true;
    pthread_cond_broadcast(&pool->is_changed);
    au_unlock(&pool->lock);
}
