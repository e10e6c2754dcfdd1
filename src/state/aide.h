/* A thread that helps another: it does a part of what the other has to do, one at a time, if it
 * comes to it in time. What it has not begun when the other waits for it, the other does itself:
 * nobody waits for a processor that is busy.
 *
 *     ask      a part is to be done                      idle -> asked
 *              the aide begins                           asked -> begun -> ended
 *     await    it is done, by the aide or by the caller  asked, begun or ended -> idle
 *
 * Threading: one thread asks and awaits. The aide's own begins with the first part, and waits for
 * the next until au_aide_done. */
#ifndef AUREON_STATE_AIDE_H
#define AUREON_STATE_AIDE_H

#include <pthread.h>

#include "base/err.h"

typedef void au_aide_fn(void *context);

struct au_aide {
    pthread_mutex_t lock; /* over all that follows */
    pthread_cond_t changed;
    enum au_aide_state { AU_AIDE_IDLE, AU_AIDE_ASKED, AU_AIDE_BEGUN, AU_AIDE_ENDED } state;
    au_aide_fn *run;
    void *context;
    bool is_leaving; /* the thread is to end */
    bool has_thread;
    pthread_t thread;
};

/* au_aide_init prepares an aide in the caller's storage, au_aide_done ends its thread; nothing is
 * asked for then. OK, NO_MEMORY: the system has no more locks */
AU_MUST_USE enum au_err au_aide_init(struct au_aide *aide);
void au_aide_done(struct au_aide *aide);

/* au_aide_ask wants run to be called with context, once, by any thread, before au_aide_await
 * returns, which is to follow. Where no thread can be had it is the caller's. */
void au_aide_ask(struct au_aide *aide, au_aide_fn *run, void *context);
void au_aide_await(struct au_aide *aide);

#endif
