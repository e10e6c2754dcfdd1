/* What one execution of the library needs, kept for the next: working state, names, outputs, logs.
 *
 * Scratches come from a pool, so that a usual execution takes nothing from the heap for its working
 * state.
 *
 * Threading: a pool may be used by any threads; a scratch belongs to the thread that got it. */
#ifndef AUREON_CONTRACT_SCRATCH_H
#define AUREON_CONTRACT_SCRATCH_H

#include <pthread.h>

#include "base/buf.h"
#include "contract/names.h"
#include "state/overlay.h"

struct au_scratch {
    struct au_scratch *next; /* the pool's */
    struct au_overlay overlay;
    struct au_arena arena;
    struct au_names names; /* over arena */
    struct au_buf logs;
    struct au_buf events;
    struct au_buf message;
};

struct au_scratch_pool { /* by value for its owner */
    pthread_mutex_t lock;
    struct au_scratch *idle;
    uint32_t idle_count;
    uint32_t idle_max; /* more are freed */
    struct au_seed seed;
};

/* au_scratch_pool_init makes an empty pool in the caller's storage. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_scratch_pool_init(struct au_scratch_pool *pool, uint32_t idle_max);

/* au_scratch_pool_done frees a pool, after all scratches came back. */
void au_scratch_pool_done(struct au_scratch_pool *pool);

/* au_scratch_get takes an empty scratch; au_scratch_put gives it back. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_scratch_get(struct au_scratch_pool *pool,
                                       struct au_scratch **out_scratch);
void au_scratch_put(struct au_scratch_pool *pool, struct au_scratch *scratch);

#endif
