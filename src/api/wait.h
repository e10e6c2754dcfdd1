/* Who waits for a transaction: a bounded table by id.
 *
 *     au_waits_open -> (the pool takes it) -> au_waits_attach -> au_waits_take -> answered
 *                   -> (the pool refuses)  -> au_waits_close
 *
 * A waiter is there before the pool has the transaction, so that nothing that happens to it is
 * missed; what happens before the response is attached is kept for au_waits_attach.
 *
 * Threading: any thread. */
#ifndef AUREON_API_WAIT_H
#define AUREON_API_WAIT_H

#include <pthread.h>

#include "api/server.h"
#include "base/hash.h"
#include "mempool/mempool.h"

#define AU_WAIT_BUCKETS 256u

/* How the answer is written. */
enum au_wait_shape {
    AU_WAIT_RECEIPT, /* the receipt alone */
    AU_WAIT_TX,      /* {"tx","receipt"} */
    AU_WAIT_DEPLOY,  /* {"address","code_hash","receipt"} */
    AU_WAIT_CALL,    /* {"receipt"} */
};

struct au_wait_form {
    struct au_hash id;
    enum au_wait_shape shape;
    struct au_hash code_hash; /* DEPLOY */
};

struct au_wait {
    struct au_wait_form form;
    struct au_pending *pending; /* NULL: not attached yet */
    uint64_t deadline_ns;       /* after which pending is given by the server */
    bool is_over;               /* something happened before pending was attached */
    bool is_dropped;            /* it left the pool without a block: reason */
    enum au_drop reason;
    struct au_wait *next; /* in its bucket, or among the free, or what was taken */
};

struct au_waits {
    pthread_mutex_t lock;
    struct au_wait *slots;
    struct au_wait *free;
    struct au_wait *buckets[AU_WAIT_BUCKETS];
    size_t count; /* in the buckets */
};

AU_MUST_USE enum au_err au_waits_init(struct au_waits *waits, size_t waiters_max);

/* au_waits_done lets go of all responses that are attached. */
void au_waits_done(struct au_waits *waits);

/* au_waits_open takes a place; NULL: all are taken. Exactly one close, or attach, ends the
 * caller's use. */
struct au_wait *au_waits_open(struct au_waits *waits, const struct au_wait_form *form);
void au_waits_close(struct au_waits *waits, struct au_wait *wait);

/* au_waits_attach gives the response to whoever takes the waiter. false: something happened
 * meanwhile, the response stays the caller's and out_wait tells what; the place is free. */
bool au_waits_attach(struct au_waits *waits, struct au_wait *wait, struct au_pending *pending,
                     uint64_t deadline_ns, struct au_wait *out_wait);

/* au_waits_take takes all who wait for a transaction: a list, whose every pending the caller
 * finishes, then au_waits_give_back. */
struct au_wait *au_waits_take(struct au_waits *waits, const struct au_hash *id, bool is_dropped,
                              enum au_drop reason);
void au_waits_give_back(struct au_waits *waits, struct au_wait *list);

/* au_waits_ids copies the ids that are waited for: up to room of them. Returns how many. Those past
 * their deadline are let go. */
size_t au_waits_ids(struct au_waits *waits, struct au_hash *out_ids, size_t room);

size_t au_waits_count(struct au_waits *waits);

#endif
