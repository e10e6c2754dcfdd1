#include "consensus/compiler.h"

#include <pthread.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"
#include "crypto/sha256.h"

#define QUEUE_MAX  16u /* codes */
#define BARRED_MAX 256u
#define BARRED_NS  (UINT64_C(3600) * 1000000000)
#define STACK_SIZE (16u << 20) /* bytes: compilers recurse */

struct job {
    struct job *next;
    struct au_hash hash;
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
    pthread_cond_t changed;
    struct job *jobs; /* the first one is being compiled, or is the next */
    size_t job_count;
    struct barred barred[BARRED_MAX];
    size_t barred_next;
    bool stops;
};

/* ---- the thread ---- */

static void bar(struct au_compiler *compiler, const struct au_hash *hash)
{
    compiler->barred[compiler->barred_next++ % BARRED_MAX] =
        (struct barred){*hash, au_clock_ns() + BARRED_NS};
}

static struct job *wait_for_job(struct au_compiler *compiler)
{
    while (!compiler->jobs && !compiler->stops) {
        AU_ASSERT(pthread_cond_wait(&compiler->changed, &compiler->lock) == 0);
    }
    return compiler->stops ? NULL : compiler->jobs;
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
        if (err == AU_ERR_ENGINE) bar(compiler, &job->hash);
        compiler->jobs = job->next;
        compiler->job_count--;
        au_mem_free(job);
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

static bool is_queued(const struct au_compiler *compiler, const struct au_hash *hash)
{
    const struct job *job = compiler->jobs;
    while (job && !au_hash_is_equal(&job->hash, hash)) {
        job = job->next;
    }
    return job != NULL;
}

static enum au_err enqueue(struct au_compiler *compiler, const struct au_hash *hash,
                           struct au_bytes code)
{
    struct job **last = &compiler->jobs;
    if (compiler->job_count == QUEUE_MAX) return AU_OK;
    struct job *job = au_mem_new(sizeof(*job) + code.size);
    if (!job) return AU_ERR_NO_MEMORY;
    job->hash = *hash;
    job->size = code.size;
    memcpy(job->code, code.data, code.size);
    while (*last) {
        last = &(*last)->next;
    }
    *last = job;
    compiler->job_count++;
    AU_ASSERT(pthread_cond_signal(&compiler->changed) == 0);
    return AU_OK;
}

/* What is queued or barred need not be validated again. */
static enum au_compile_state known_state(struct au_compiler *compiler, const struct au_hash *hash)
{
    enum au_compile_state state = AU_COMPILE_READY;
    au_lock(&compiler->lock);
    if (is_barred(compiler, hash)) state = AU_COMPILE_BARRED;
    if (is_queued(compiler, hash)) state = AU_COMPILE_PENDING;
    au_unlock(&compiler->lock);
    return state;
}

enum au_err au_compiler_ask(struct au_compiler *compiler, const struct au_checked *checked,
                            enum au_compile_state *out_state)
{
    bool must_compile;
    *out_state = AU_COMPILE_READY;
    if (checked->tx.code.size == 0) return AU_OK;
    struct au_hash hash = au_sha256(checked->tx.code);
    *out_state = known_state(compiler, &hash);
    if (*out_state != AU_COMPILE_READY) return AU_OK;
    AU_TRY(au_ledger_must_compile(compiler->ledger, checked, &must_compile));
    if (!must_compile) return AU_OK;

    *out_state = AU_COMPILE_PENDING;
    au_lock(&compiler->lock);
    enum au_err err = enqueue(compiler, &hash, checked->tx.code);
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

static void free_compiler(struct au_compiler *compiler)
{
    while (compiler->jobs) {
        struct job *job = compiler->jobs;
        compiler->jobs = job->next;
        au_mem_free(job);
    }
    AU_ASSERT(pthread_cond_destroy(&compiler->changed) == 0);
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
    AU_ASSERT(pthread_cond_init(&compiler->changed, NULL) == 0);
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
