#include "state/aide.h"

#include "base/lock.h"

static void wait_change(struct au_aide *aide)
{
    AU_ASSERT(pthread_cond_wait(&aide->changed, &aide->lock) == 0);
}

static void enter(struct au_aide *aide, enum au_aide_state state)
{
    aide->state = state;
    AU_ASSERT(pthread_cond_broadcast(&aide->changed) == 0);
}

static void *run_thread(void *arg)
{
    struct au_aide *aide = arg;
    au_lock(&aide->lock);
    while (!aide->is_leaving) {
        if (aide->state != AU_AIDE_ASKED) {
            wait_change(aide);
            continue;
        }
        enter(aide, AU_AIDE_BEGUN);
        au_unlock(&aide->lock);
        aide->run(aide->context);
        au_lock(&aide->lock);
        enter(aide, AU_AIDE_ENDED);
    }
    au_unlock(&aide->lock);
    return NULL;
}

enum au_err au_aide_init(struct au_aide *aide)
{
    *aide = (struct au_aide){.state = AU_AIDE_IDLE};
    if (pthread_mutex_init(&aide->lock, NULL) != 0) return AU_ERR_NO_MEMORY;
    if (pthread_cond_init(&aide->changed, NULL) == 0) return AU_OK;
    AU_ASSERT(pthread_mutex_destroy(&aide->lock) == 0);
    return AU_ERR_NO_MEMORY;
}

void au_aide_done(struct au_aide *aide)
{
    au_lock(&aide->lock);
    AU_ASSERT(aide->state == AU_AIDE_IDLE);
    aide->is_leaving = true;
    enter(aide, AU_AIDE_IDLE);
    au_unlock(&aide->lock);
    if (aide->has_thread) AU_ASSERT(pthread_join(aide->thread, NULL) == 0);
    AU_ASSERT(pthread_cond_destroy(&aide->changed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&aide->lock) == 0);
}

void au_aide_ask(struct au_aide *aide, au_aide_fn *run, void *context)
{
    if (!aide->has_thread) {
        aide->has_thread = pthread_create(&aide->thread, NULL, run_thread, aide) == 0;
    }
    au_lock(&aide->lock);
    AU_ASSERT(aide->state == AU_AIDE_IDLE);
    aide->run = run;
    aide->context = context;
    enter(aide, AU_AIDE_ASKED);
    au_unlock(&aide->lock);
}

void au_aide_await(struct au_aide *aide)
{
    au_lock(&aide->lock);
    AU_ASSERT(aide->state != AU_AIDE_IDLE);
    bool is_mine = aide->state == AU_AIDE_ASKED;
    while (aide->state == AU_AIDE_BEGUN) {
        wait_change(aide);
    }
    aide->state = AU_AIDE_IDLE;
    au_unlock(&aide->lock);
    if (is_mine) aide->run(aide->context);
}
