/* An HTTP/1.1 server that knows routes and nothing of what they mean.
 *
 * It reads requests whole, finds the route, runs its handler and sends the response. Whatever is
 * wrong with a request is answered here by a problem document; so are HEAD and OPTIONS. Every
 * response has a Request-Id.
 *
 * Where handlers run, and what they may do there:
 *   - A usual handler runs on one of thread_count threads that also read and write the sockets. It
 *     must not block and should be done within some hundred microseconds.
 *   - A handler of a route with is_slow runs on one of worker_count threads of its own and may
 *     compute for seconds; others of its kind wait meanwhile, all else goes on.
 *   - A handler that has to wait for something hands its response over (au_response_defer) and
 *     returns; no thread waits.
 *   - A handler that has events to tell opens a stream (au_response_stream).
 *
 * Invariants:
 *   1. Each request gets exactly one response: the handler's, or that of who claimed it, or the one
 *      left for the deadline, or "unavailable" when the server stops.
 *   2. A request whose head and body have not arrived within request_timeout_ms, and a response
 *      that the client has not taken within that time, end the connection, however slowly bytes
 *      flow; so does idle_timeout_ms without a request line. The first is told by a problem 408.
 *   3. With connection_max open, a new connection pushes out the one that has been idle for the
 *      longest, or else that whose request has been arriving for the longest. When all are busy,
 *      the new one gets a problem 503. Idle and hostile clients keep nobody out.
 *   4. The memory of requests is bounded by body_memory_max, each body by its route, each head by
 *      AU_SERVER_HEAD_SIZE_MAX. A head of which even the double does not fit, and what is no HTTP
 *      at all, get the bare status of libmicrohttpd, or none.
 *
 * Threading: start and stop from one thread; the others as they say. */
#ifndef AUREON_API_SERVER_H
#define AUREON_API_SERVER_H

#include "api/listen.h"
#include "api/request.h"
#include "api/response.h"
#include "api/stream.h"

#define AU_SERVER_HEAD_SIZE_MAX 8192u /* bytes of request line and headers */

/* A zero stands for the default in brackets. */
struct au_server_options {
    const char *address; /* a numeric one, of either IP version ["127.0.0.1"] */
    uint16_t port;       /* 0: a free one */
    struct au_route_table routes;
    void *context;               /* for the handlers */
    unsigned thread_count;       /* that read, write and run usual handlers [2] */
    unsigned worker_count;       /* that run slow handlers [2] */
    unsigned connection_max;     /* connections open at once [1100]; each takes a descriptor */
    unsigned stream_max;         /* of these, streams [128]; each queues up to 1 MiB */
    size_t body_size_max;        /* for routes that say nothing else [1 MiB] */
    size_t body_memory_max;      /* bodies of all requests together [256 MiB] */
    unsigned idle_timeout_ms;    /* [60000] */
    unsigned request_timeout_ms; /* [30000] */
    unsigned beat_ms;            /* between comments on quiet streams [15000] */
    unsigned stop_timeout_ms;    /* for responses to be taken while stopping [2000] */
    /* Is told of each answer and of the time since its request line; NULL: nobody is. The route is
     * NULL for what has none or did not arrive whole. Any thread. Quick. */
    void (*on_answer)(void *context, const struct au_route *route, int status, uint64_t time_ns);
    const char *allow_origin; /* Access-Control-Allow-Origin of all responses; NULL: none */
};

struct au_server;

/* A response that somebody will give later. */
struct au_pending;

/* au_server_start listens and answers.
 *
 * options      read during the call; routes, context and allow_origin live until the server stops
 * out_server   owned by the caller: au_server_stop; untouched unless OK
 *
 * The results are those of au_listen: PORT_TAKEN and the like; FAILED for threads and memory
 * too. */
AU_MUST_USE enum au_listen_result au_server_start(const struct au_server_options *options,
                                                  struct au_server **out_server);

/* au_server_port gives the port that the server listens on. */
uint16_t au_server_port(const struct au_server *server);

/* au_server_stop takes no more connections, answers what is pending with "unavailable", ends
 * streams, lets responses be taken for stop_timeout_ms, closes all and frees. It waits for handlers
 * that run and for claims that are not finished. Handles of pending responses and streams that
 * others still hold stay good for their last call. NULL is legal. */
void au_server_stop(struct au_server *server);

/* au_response_defer hands the response over: it will be given by who claims the result, or, after
 * timeout_ms, it is what the response says now. The response must say something, and the handler
 * must not touch it nor the request afterwards. On the handler's thread only, once per request.
 *
 * Never NULL but when memory is out: then the response has become "unavailable", the handler
 * returns. Otherwise exactly one au_pending_finish ends the handle. */
AU_MUST_USE struct au_pending *au_response_defer(struct au_response *response, unsigned timeout_ms);

/* au_pending_claim gives the response, empty, to be written; NULL: the deadline or the server's
 * stop were faster. Once per handle. Any thread. Does not wait. */
AU_MUST_USE struct au_response *au_pending_claim(struct au_pending *pending);

/* au_pending_finish sends a claimed response and frees the handle; without a claim it only lets go:
 * the response is given at its deadline. Any thread. Does not wait. */
void au_pending_finish(struct au_pending *pending);

/* au_response_stream makes the response a stream of events with status 200; headers set before
 * stay. The caller owns the writer's half (au_stream_end). NULL: there are stream_max already or
 * memory is out, or the server stops; then the response has become a problem. On the handler's
 * thread only. */
AU_MUST_USE struct au_stream *au_response_stream(struct au_response *response);

#endif
