/* Threads that run jobs one after another, in the order they came.
 *
 * Threading: au_pool_add from any thread; new and free from one. */
#ifndef AUREON_API_POOL_H
#define AUREON_API_POOL_H

#include "base/base.h"

struct au_pool;

/* A job lives in what it is about; it is the pool's from au_pool_add until it runs. */
struct au_pool_job {
    struct au_pool_job *next; /* the pool's */
    void *context;
};

/* au_pool_new starts thread_count threads that call run for each job. NULL: no memory or
 * threads. */
AU_MUST_USE struct au_pool *au_pool_new(unsigned thread_count, void (*run)(void *context));

/* au_pool_add puts a job at the end of the queue; context is for run. Does not wait. */
void au_pool_add(struct au_pool *pool, struct au_pool_job *job, void *context);

/* au_pool_free runs what is queued, ends the threads and frees. NULL is legal. */
void au_pool_free(struct au_pool *pool);

#endif
