#include "contract/scratch.h"

#include "base/lock.h"
#include "base/mem.h"
#include "contract/explain.h"
#include "core/receipt.h"
#include "crypto/sha256.h"

/* Bound on the working state of one execution, and on its outputs and names. Gas of a sensible
 * limit pays for less; a limit that pays for more ends with NO_MEMORY, which is no outcome. */
#define MEMORY_MAX ((size_t)1 << 30) /* bytes */

/* Where the loader and the heap put things differs from process to process, which is all that a
 * seed of tables in memory needs. */
static struct au_seed make_seed(const void *heap)
{
    struct au_seed seed;
    const void *places[] = {heap, &seed, au_version()};
    struct au_hash hash = au_sha256((struct au_bytes){(const uint8_t *)places, sizeof(places)});
    memcpy(&seed, hash.bytes, sizeof(seed));
    return seed;
}

enum au_err au_scratch_pool_init(struct au_scratch_pool *pool, uint32_t idle_max)
{
    *pool = (struct au_scratch_pool){.idle_max = idle_max, .seed = make_seed(pool)};
    return pthread_mutex_init(&pool->lock, NULL) == 0 ? AU_OK : AU_ERR_NO_MEMORY;
}

static void scratch_free(struct au_scratch *scratch)
{
    au_overlay_done(&scratch->overlay);
    au_names_done(&scratch->names);
    au_arena_done(&scratch->arena);
    au_buf_done(&scratch->logs);
    au_buf_done(&scratch->events);
    au_buf_done(&scratch->message);
    au_mem_free(scratch);
}

void au_scratch_pool_done(struct au_scratch_pool *pool)
{
    while (pool->idle) {
        struct au_scratch *scratch = pool->idle;
        pool->idle = scratch->next;
        scratch_free(scratch);
    }
    AU_ASSERT(pthread_mutex_destroy(&pool->lock) == 0);
}

static enum au_err scratch_new(const struct au_seed *seed, struct au_scratch **out_scratch)
{
    struct au_scratch *scratch = au_mem_new(sizeof(*scratch));
    if (!scratch) return AU_ERR_NO_MEMORY;
    au_overlay_init(&scratch->overlay, seed, NULL, MEMORY_MAX);
    au_arena_init(&scratch->arena, MEMORY_MAX);
    au_names_init(&scratch->names, &scratch->arena, seed);
    au_buf_init(&scratch->logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&scratch->events, AU_RECEIPT_EVENTS_SIZE_MAX);
    au_buf_init(&scratch->message, AU_MESSAGE_SIZE_MAX);
    *out_scratch = scratch;
    return AU_OK;
}

enum au_err au_scratch_get(struct au_scratch_pool *pool, struct au_scratch **out_scratch)
{
    au_lock(&pool->lock);
    struct au_scratch *scratch = pool->idle;
    if (scratch) {
        pool->idle = scratch->next;
        pool->idle_count--;
    }
    au_unlock(&pool->lock);
    if (!scratch) return scratch_new(&pool->seed, out_scratch);
    *out_scratch = scratch;
    return AU_OK;
}

void au_scratch_put(struct au_scratch_pool *pool, struct au_scratch *scratch)
{
    au_overlay_reset(&scratch->overlay);
    au_names_reset(&scratch->names);
    au_arena_reset(&scratch->arena);
    au_buf_clear(&scratch->logs);
    au_buf_clear(&scratch->events);
    au_buf_clear(&scratch->message);

    au_lock(&pool->lock);
    bool is_kept = pool->idle_count < pool->idle_max;
    if (is_kept) {
        scratch->next = pool->idle;
        pool->idle = scratch;
        pool->idle_count++;
    }
    au_unlock(&pool->lock);
    if (!is_kept) scratch_free(scratch);
}
