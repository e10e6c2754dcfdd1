#include "api/pool.h"

#include <pthread.h>

#include "base/lock.h"
#include "base/mem.h"

struct au_pool {
    pthread_mutex_t lock;
    pthread_cond_t has_jobs;
    struct au_pool_job *first;
    struct au_pool_job *last;
    bool is_ending;
    void (*run)(void *context);
    unsigned thread_count; /* started */
    pthread_t threads[];
};

static void *run_thread(void *context)
{
    struct au_pool *pool = context;
    au_lock(&pool->lock);
    for (;;) {
        while (!pool->first && !pool->is_ending)
            pthread_cond_wait(&pool->has_jobs, &pool->lock);
        struct au_pool_job *job = pool->first;
        if (!job) break;
        pool->first = job->next;
        void *job_context = job->context;
        au_unlock(&pool->lock);
        pool->run(job_context);
        au_lock(&pool->lock);
    }
    au_unlock(&pool->lock);
    return NULL;
}

struct au_pool *au_pool_new(unsigned thread_count, void (*run)(void *context))
{
    AU_ASSERT(thread_count > 0);
    struct au_pool *pool = au_mem_new(sizeof(*pool) + thread_count * sizeof(pool->threads[0]));
    if (!pool) return NULL;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->has_jobs, NULL);
    pool->run = run;
    while (pool->thread_count < thread_count) {
        if (pthread_create(&pool->threads[pool->thread_count], NULL, run_thread, pool) != 0) {
            au_pool_free(pool);
            return NULL;
        }
        pool->thread_count++;
    }
    return pool;
}

void au_pool_add(struct au_pool *pool, struct au_pool_job *job, void *context)
{
    *job = (struct au_pool_job){.context = context};
    au_lock(&pool->lock);
    AU_ASSERT(!pool->is_ending);
    if (pool->first) {
        pool->last->next = job;
    } else {
        pool->first = job;
    }
    pool->last = job;
    pthread_cond_signal(&pool->has_jobs);
    au_unlock(&pool->lock);
}

void au_pool_free(struct au_pool *pool)
{
    if (!pool) return;
    au_lock(&pool->lock);
    pool->is_ending = true;
    pthread_cond_broadcast(&pool->has_jobs);
    au_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->thread_count; i++) {
        int failed = pthread_join(pool->threads[i], NULL);
        AU_ASSERT(failed == 0);
    }
    pthread_cond_destroy(&pool->has_jobs);
    pthread_mutex_destroy(&pool->lock);
    au_mem_free(pool);
}
