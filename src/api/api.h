/* What the HTTP API says: the routes over one chain and one pool.
 *
 *     au_api_new -> au_server_start (with au_api_routes, and the api as context)
 *         -> au_api_on_block, au_api_on_drop ...
 *         -> au_api_stop -> au_server_stop -> au_api_free
 *
 * Reads are of one committed height each, which the header Aureon-Height tells. Who submits a
 * transaction may wait for its receipt: no thread waits with him. A thread of the api's own answers
 * waiters and feeds streams, so that whoever makes blocks is never held up.
 *
 * Invariants:
 *   1. Whoever waits for a transaction is answered when it is in a block, when it leaves the pool
 *      without being in one, or at his deadline: none of these is missed.
 *   2. Nothing that a request makes is ever committed but by way of the pool.
 *   3. At most AU_API_WAITERS_MAX requests wait; further ones are answered as pending at once.
 *
 * Threading: each function says. Handlers run on the threads of the server. */
#ifndef AUREON_API_API_H
#define AUREON_API_API_H

#include "api/route.h"
#include "core/header.h"
#include "ledger/compile.h"
#include "ledger/ledger.h"
#include "mempool/mempool.h"

#define AU_API_WAITERS_MAX 1024u

struct au_api;

/* What is free on the disk of the store. */
struct au_api_room {
    uint64_t free;   /* bytes */
    uint64_t wanted; /* bytes that have to be free for blocks to be made */
    bool is_full;    /* no blocks are made: transactions are refused */
};

struct au_api_options {
    struct au_ledger *ledger; /* these three outlive the api */
    struct au_kv kv;          /* the ledger's store */
    struct au_mempool *mempool;
    bool is_dev;   /* names of development accounts stand for their keys; /v1/dev is there */
    void *context; /* of what follows */
    /* Makes so many blocks, also without transactions, and returns when they are committed; false:
     * it could not. Called by slow handlers; NULL unless is_dev. */
    bool (*mine)(void *context, uint32_t count);
    /* Has the code of a transaction compiled, and waits for it; PENDING: there is no room, or no
     * time. Called by slow handlers before they simulate it. */
    enum au_err (*compile)(void *context, const struct au_checked *checked,
                           enum au_compile_state *out_state);
    /* Measures the disk. Called by all handlers: quick. NULL: the store is not on a disk. */
    struct au_api_room (*room)(void *context);
};

/* au_api_new makes an api and starts its thread. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_api_new(const struct au_api_options *options, struct au_api **out_api);

/* au_api_free ends the thread, streams and waiting. No handler runs and nobody calls the two
 * functions below: after au_server_stop and after the last block. NULL is legal. */
void au_api_free(struct au_api *api);

/* au_api_routes gives the table of all routes. Their handlers get the api as context. */
struct au_route_table au_api_routes(void);

/* au_api_on_answer counts an answer for /metrics: on_answer of the server. */
void au_api_on_answer(void *context, const struct au_route *route, int status, uint64_t time_ns);

/* au_api_on_block tells of a committed block, in order of heights, by one thread at a time. Quick:
 * it wakes the api's thread. */
void au_api_on_block(struct au_api *api, const struct au_header *header);

/* au_api_on_drop tells that a transaction has left the pool: the pool's on_drop may be this. Any
 * thread. Quick. */
void au_api_on_drop(struct au_api *api, const struct au_hash *id, enum au_drop reason);

/* au_api_stop makes every route answer "unavailable" from now on. Any thread. */
void au_api_stop(struct au_api *api);

#endif
