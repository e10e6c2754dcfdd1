#include "consensus/compiler.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "crypto/sha256.h"

#define QUEUE_MAX   16u /* codes */
#define BARRED_MAX  256u
#define BARRED_NS   (UINT64_C(3600) * 1000000000)
#define WAITERS_MAX 3u                          /* one less than a node has slow threads */
#define WAIT_NS     (UINT64_C(15) * 1000000000) /* that one of them waits at most */
#define TEND_NS     (UINT64_C(1000) * 1000000)  /* between looks at the helper */
#define NS_PER_S    UINT64_C(1000000000)
#define STACK_SIZE  (16u << 20) /* bytes: compilers recurse */

struct job {
    struct job *next;
    struct au_hash hash;
    bool is_proposed; /* a transaction of the pool brings it: before those that do not */
    unsigned waiter_count;
    bool is_done; /* not in the queue any more; whoever waits last frees it */
    enum au_err err;
    size_t size;
    uint8_t code[];
};

struct barred {
    struct au_hash hash;
    uint64_t until_ns; /* 0: free */
};

struct au_compiler {
    struct au_ledger *ledger;
    void (*on_done)(void *context);
    void *context;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the thread */
    pthread_cond_t done;    /* for those that wait for a job */
    struct job *jobs;       /* in the order they came, with the one that is being compiled */
    size_t job_count;
    unsigned waiter_count; /* of all jobs */
    struct barred barred[BARRED_MAX];
    size_t barred_next;
    bool stops;
};

/* Waits until the condition is signalled, or the time is up: false. */
static bool wait_until(struct au_compiler *compiler, pthread_cond_t *condition, uint64_t end_ns)
{
    struct timespec until = {(time_t)(end_ns / NS_PER_S), (long)(end_ns % NS_PER_S)};
    int failed = pthread_cond_timedwait(condition, &compiler->lock, &until);
    AU_ASSERT(failed == 0 || failed == ETIMEDOUT);
    return failed == 0;
}

/* ---- the thread ---- */

static void bar(struct au_compiler *compiler, const struct au_hash *hash)
{
    compiler->barred[compiler->barred_next++ % BARRED_MAX] =
        (struct barred){*hash, au_clock_ns() + BARRED_NS};
}

/* NULL: stop. */
static struct job *wait_for_job(struct au_compiler *compiler)
{
    while (!compiler->jobs && !compiler->stops) {
        if (wait_until(compiler, &compiler->changed, au_clock_ns() + TEND_NS)) continue;
        au_unlock(&compiler->lock);
        au_ledger_compile_tend(compiler->ledger);
        au_lock(&compiler->lock);
    }
    if (compiler->stops) return NULL;
    struct job *job = compiler->jobs;
    while (job && !job->is_proposed) {
        job = job->next;
    }
    return job ? job : compiler->jobs;
}

static void finish(struct au_compiler *compiler, struct job *job, enum au_err err)
{
    struct job **link = &compiler->jobs;
    while (*link != job) {
        link = &(*link)->next;
    }
    *link = job->next;
    compiler->job_count--;
    if (err == AU_ERR_ENGINE) bar(compiler, &job->hash);
    job->err = err;
    job->is_done = true;
    if (job->waiter_count == 0) {
        au_mem_free(job);
    } else {
        AU_ASSERT(pthread_cond_broadcast(&compiler->done) == 0);
    }
}

static void *run(void *argument)
{
    struct au_compiler *compiler = argument;
    struct job *job;
    au_lock(&compiler->lock);
    while ((job = wait_for_job(compiler)) != NULL) {
        au_unlock(&compiler->lock);
        enum au_err err =
            au_ledger_compile(compiler->ledger, (struct au_bytes){job->code, job->size});
        au_lock(&compiler->lock);
        finish(compiler, job, err);
        au_unlock(&compiler->lock);
        compiler->on_done(compiler->context);
        au_lock(&compiler->lock);
    }
    au_unlock(&compiler->lock);
    return NULL;
}

/* ---- asking ---- */

static bool is_barred(const struct au_compiler *compiler, const struct au_hash *hash)
{
    uint64_t now_ns = au_clock_ns();
    for (size_t i = 0; i < BARRED_MAX; i++) {
        const struct barred *barred = &compiler->barred[i];
        if (barred->until_ns > now_ns && au_hash_is_equal(&barred->hash, hash)) return true;
    }
    return false;
}

/* NULL: it is not queued. */
static struct job *find_job(const struct au_compiler *compiler, const struct au_hash *hash)
{
    struct job *job = compiler->jobs;
    while (job && !au_hash_is_equal(&job->hash, hash)) {
        job = job->next;
    }
    return job;
}

/* Finds the job of this code, or queues one. out_job: NULL if the queue is full. */
static enum au_err enqueue(struct au_compiler *compiler, const struct au_hash *hash,
                           struct au_bytes code, struct job **out_job)
{
    struct job **last = &compiler->jobs;
    *out_job = find_job(compiler, hash);
    if (*out_job || compiler->job_count == QUEUE_MAX) return AU_OK;
    struct job *job = au_mem_new(sizeof(*job) + code.size);
    if (!job) return AU_ERR_NO_MEMORY;
    job->hash = *hash;
    job->size = code.size;
    memcpy(job->code, code.data, code.size);
    while (*last) {
        last = &(*last)->next;
    }
    *last = *out_job = job;
    compiler->job_count++;
    AU_ASSERT(pthread_cond_signal(&compiler->changed) == 0);
    return AU_OK;
}

/* What is queued or barred need not be validated again. What a transaction of the pool brings is
 * proposed from now on. */
static enum au_compile_state known_state(struct au_compiler *compiler, const struct au_hash *hash,
                                         bool is_proposed)
{
    enum au_compile_state state = AU_COMPILE_READY;
    au_lock(&compiler->lock);
    struct job *job = find_job(compiler, hash);
    if (is_barred(compiler, hash)) state = AU_COMPILE_BARRED;
    if (job) state = AU_COMPILE_PENDING;
    if (job && is_proposed) job->is_proposed = true;
    au_unlock(&compiler->lock);
    return state;
}

/* out_state: PENDING also for what is not queued yet. */
static enum au_err look(struct au_compiler *compiler, const struct au_checked *checked,
                        bool is_proposed, struct au_hash *out_hash,
                        enum au_compile_state *out_state)
{
    bool must_compile;
    *out_state = AU_COMPILE_READY;
    if (checked->tx.code.size == 0) return AU_OK;
    *out_hash = au_sha256(checked->tx.code);
    *out_state = known_state(compiler, out_hash, is_proposed);
    if (*out_state != AU_COMPILE_READY) return AU_OK;
    AU_TRY(au_ledger_must_compile(compiler->ledger, checked, &must_compile));
    if (must_compile) *out_state = AU_COMPILE_PENDING;
    return AU_OK;
}

enum au_err au_compiler_ask(struct au_compiler *compiler, const struct au_checked *checked,
                            enum au_compile_state *out_state)
{
    struct au_hash hash;
    struct job *job;
    AU_TRY(look(compiler, checked, true, &hash, out_state));
    if (*out_state != AU_COMPILE_PENDING) return AU_OK;
    au_lock(&compiler->lock);
    enum au_err err = enqueue(compiler, &hash, checked->tx.code, &job);
    if (err == AU_OK && job) job->is_proposed = true;
    au_unlock(&compiler->lock);
    return err;
}

/* What became of a job that is done; PENDING if the time was up before. */
static enum au_err wait_for(struct au_compiler *compiler, struct job *job,
                            enum au_compile_state *out_state)
{
    uint64_t end_ns = au_clock_ns() + WAIT_NS;
    enum au_err err = AU_OK;
    compiler->waiter_count++;
    job->waiter_count++;
    while (!job->is_done && wait_until(compiler, &compiler->done, end_ns)) {
    }
    compiler->waiter_count--;
    job->waiter_count--;
    if (!job->is_done) return AU_OK;
    err = job->err;
    if (job->waiter_count == 0) au_mem_free(job);
    *out_state = err == AU_ERR_ENGINE ? AU_COMPILE_BARRED : AU_COMPILE_READY;
    return err == AU_ERR_ENGINE ? AU_OK : err;
}

enum au_err au_compiler_await(struct au_compiler *compiler, const struct au_checked *checked,
                              enum au_compile_state *out_state)
{
    struct au_hash hash;
    struct job *job = NULL;
    AU_TRY(look(compiler, checked, false, &hash, out_state));
    if (*out_state != AU_COMPILE_PENDING) return AU_OK;
    enum au_err err = AU_OK;
    au_lock(&compiler->lock);
    if (compiler->waiter_count < WAITERS_MAX) {
        err = enqueue(compiler, &hash, checked->tx.code, &job);
        if (job) err = wait_for(compiler, job, out_state);
    }
    au_unlock(&compiler->lock);
    return err;
}

/* ---- life ---- */

static enum au_err start(struct au_compiler *compiler)
{
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) return AU_ERR_NO_MEMORY;
    AU_ASSERT(pthread_attr_setstacksize(&attr, STACK_SIZE) == 0);
    int failed = pthread_create(&compiler->thread, &attr, run, compiler);
    AU_ASSERT(pthread_attr_destroy(&attr) == 0);
    return failed ? AU_ERR_NO_MEMORY : AU_OK;
}

static void init_conditions(struct au_compiler *compiler)
{
    pthread_condattr_t attributes;
    int failed = pthread_condattr_init(&attributes);
    if (!failed) failed = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    if (!failed) failed = pthread_cond_init(&compiler->changed, &attributes);
    if (!failed) failed = pthread_cond_init(&compiler->done, &attributes);
    AU_ASSERT(!failed);
    AU_ASSERT(pthread_condattr_destroy(&attributes) == 0);
}

static void free_compiler(struct au_compiler *compiler)
{
    AU_ASSERT(compiler->waiter_count == 0);
    while (compiler->jobs) {
        struct job *job = compiler->jobs;
        compiler->jobs = job->next;
        au_mem_free(job);
    }
    AU_ASSERT(pthread_cond_destroy(&compiler->changed) == 0);
    AU_ASSERT(pthread_cond_destroy(&compiler->done) == 0);
    AU_ASSERT(pthread_mutex_destroy(&compiler->lock) == 0);
    au_mem_free(compiler);
}

enum au_err au_compiler_new(struct au_ledger *ledger, void (*on_done)(void *context), void *context,
                            struct au_compiler **out_compiler)
{
    struct au_compiler *compiler = au_mem_new(sizeof(*compiler));
    if (!compiler) return AU_ERR_NO_MEMORY;
    compiler->ledger = ledger;
    compiler->on_done = on_done;
    compiler->context = context;
    AU_ASSERT(pthread_mutex_init(&compiler->lock, NULL) == 0);
    init_conditions(compiler);
    enum au_err err = start(compiler);
    if (err != AU_OK) {
        free_compiler(compiler);
        return err;
    }
    *out_compiler = compiler;
    return AU_OK;
}

void au_compiler_free(struct au_compiler *compiler)
{
    if (!compiler) return;
    au_lock(&compiler->lock);
    compiler->stops = true;
    AU_ASSERT(pthread_cond_signal(&compiler->changed) == 0);
    au_unlock(&compiler->lock);
    AU_ASSERT(pthread_join(compiler->thread, NULL) == 0);
    free_compiler(compiler);
}
