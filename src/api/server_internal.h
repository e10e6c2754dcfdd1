/* The insides of a server, shared by server.c, which talks to libmicrohttpd, and timer.c, which
 * looks after time and crowds.
 *
 * Threading: what says server->lock is touched with it held; what is atomic by anybody; all else
 * of a connection by the thread that has its request: one of libmicrohttpd's, or, while the
 * connection is suspended, that of the handler or of who claimed the response. */
#ifndef AUREON_API_SERVER_INTERNAL_H
#define AUREON_API_SERVER_INTERNAL_H

#include <pthread.h>
#include <stdatomic.h>

#include "api/pool.h"
#include "api/server.h"

#define AU_SERVER_NO_DEADLINE UINT64_MAX

struct MHD_Connection;
struct MHD_Daemon;

/* Where a connection is between two requests. Its thread of libmicrohttpd moves it on; the timer
 * may move it to EXPIRED, so both do it by compare and exchange: who comes second gives way. */
enum phase {
    PHASE_IDLE,      /* no request line yet */
    PHASE_HEAD,      /* a request line, but not all headers */
    PHASE_BODY,      /* reading the body, or about to */
    PHASE_HANDLING,  /* the response is being made, here or elsewhere */
    PHASE_SENDING,   /* the client is taking it */
    PHASE_STREAMING, /* the same, without end in sight */
    PHASE_EXPIRED,   /* shut down by the timer */
};

enum pending_state {
    PENDING_WAITING,
    PENDING_CLAIMED, /* by the holder of the handle */
    PENDING_GIVEN,   /* by the timer or by stop */
};

struct au_pending {
    atomic_int state;
    atomic_uint holders; /* the handle's and the connection's; freed at 0 */
    uint64_t deadline_ns;
    struct au_connection *connection; /* not to be used once GIVEN */
};

struct au_connection {
    struct au_server *server;
    struct MHD_Connection *mhd;
    struct au_connection *previous; /* the list of all: server->lock */
    struct au_connection *next;
    struct au_pool_job job;
    int fd;
    atomic_int phase;
    _Atomic(uint64_t) deadline_ns; /* of the phase */
    uint64_t start_ns;             /* when the request line came */
    bool is_evicted;               /* no longer counted: server->lock */
    bool is_excess;                /* came when nobody could be evicted */

    struct au_request request;
    struct au_response response;
    struct au_buf target; /* what request.path and request.query borrow */
    struct au_buf body;
    size_t body_size_max;
    size_t body_seen_size;    /* read, kept or not */
    size_t body_charged_size; /* of server->body_memory */
    bool is_refused;          /* the response is a problem already; the body is read for nothing */
    bool must_close;          /* where the next request begins cannot be known */

    struct au_pending *pending; /* server->lock */
    struct au_stream *stream;   /* server->lock */
    uint64_t beat_ns;           /* next comment of the stream; the timer's */
};

struct au_server {
    struct au_server_options options;
    struct MHD_Daemon *daemon;
    int listen_fd;
    uint16_t port;
    char id_prefix[AU_REQUEST_ID_SIZE - 2 * sizeof(uint64_t)]; /* of this run's requests */
    atomic_ullong request_count;
    atomic_size_t body_memory;

    pthread_mutex_t lock;
    pthread_cond_t changed; /* for the timer and for stop */
    struct au_connection *connections;
    size_t live_count;      /* connections that are not evicted */
    size_t suspended_count; /* connections whose response is made elsewhere */
    size_t stream_count;
    uint64_t wake_ns; /* when the timer wakes */
    bool is_stopping;
    bool is_done; /* the timer ends */

    pthread_t timer;
    bool has_timer;
    struct au_pool *pool;
};

static inline uint64_t au_server_after_ms(uint64_t now_ns, unsigned timeout_ms)
{
    return now_ns + (uint64_t)timeout_ms * 1000000u;
}

/* au_server_note tells on_answer. */
static inline void au_server_note(const struct au_server *server, const struct au_route *route,
                                  int status, uint64_t time_ns)
{
    const struct au_server_options *options = &server->options;
    if (options->on_answer) options->on_answer(options->context, route, status, time_ns);
}

/* au_connection_move_on goes to the next phase; false: the timer was faster. */
bool au_connection_move_on(struct au_connection *connection, enum phase from, enum phase to);

/* au_connection_send_bare tells a problem past libmicrohttpd, which cannot while a request arrives.
 * Nothing of a response has been sent then. The caller has moved the phase to EXPIRED, so nobody
 * else writes to the socket. */
void au_connection_send_bare(struct au_connection *connection, enum au_problem_code code);

/* au_connection_give sends the response as it is now. With server->lock held. */
void au_connection_give(struct au_connection *connection);

/* au_connection_shut_down ends the connection; its thread closes and frees it. With server->lock
 * held: libmicrohttpd closes the descriptor only after on_connection has taken that. */
void au_connection_shut_down(struct au_connection *connection);

/* au_pending_take_over ends the waiting; false: somebody else did. */
bool au_pending_take_over(struct au_pending *pending, enum pending_state state);

/* au_server_evict makes room for one more connection: invariant 3 of api/server.h. false: all are
 * busy. With server->lock held. */
bool au_server_evict(struct au_server *server);

/* au_server_wait gives up server->lock until the time or a signal. */
void au_server_wait(struct au_server *server, uint64_t wake_ns);

/* au_server_run_timer is the timer's thread: deadlines, and comments on quiet streams. */
void *au_server_run_timer(void *context);

#endif
