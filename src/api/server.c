#include "api/server.h"

#include <microhttpd.h>
#include <stdio.h>
#include <unistd.h>

#include "api/refusal.h"
#include "api/server_internal.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/mem.h"

#define CONNECTION_MEMORY 16384u      /* of libmicrohttpd, for a head and its answer's head */
#define DRAIN_SIZE_MAX    (16u << 20) /* of a body nobody reads, to get the answer through */
#define BODY_SIZE_KEPT    (16u << 10) /* of a buffer between two requests */
#define STREAM_BLOCK_SIZE 8192u       /* bytes written to a stream at once */
#define CLOSE_TIMEOUT_MS  1000u       /* for libmicrohttpd to see that connections are shut down */
#define CLOSE_STEP_MS     5u

/* Suspension ----------------------------------------------------------------------------------- */

/* Both with server->lock held. A connection may be resumed before the thread that suspended it has
 * returned to libmicrohttpd, which looks at it only then. */
static void suspend(struct au_connection *connection)
{
    connection->server->suspended_count++;
    MHD_suspend_connection(connection->mhd);
}

static void resume(struct au_connection *connection)
{
    struct au_server *server = connection->server;
    AU_ASSERT(server->suspended_count > 0);
    server->suspended_count--;
    MHD_resume_connection(connection->mhd);
    if (server->is_stopping) pthread_cond_broadcast(&server->changed);
}

static void let_go(struct au_pending *pending)
{
    if (atomic_fetch_sub(&pending->holders, 1) == 1) au_mem_free(pending);
}

void au_connection_give(struct au_connection *connection)
{
    let_go(connection->pending);
    connection->pending = NULL;
    resume(connection);
}

static bool is_slow(const struct au_request *request)
{
    const struct au_route *route = request->match.route;
    struct au_bytes unused;
    if (route->is_slow || route->slow_name == NULL) return route->is_slow;
    return au_request_query(request, route->slow_name, &unused);
}

struct au_pending *au_response_defer(struct au_response *response, unsigned timeout_ms)
{
    struct au_connection *connection = response->connection;
    struct au_server *server = connection->server;
    AU_ASSERT(response->status != 0);
    AU_ASSERT(!*response->is_handed_over);

    struct au_pending *pending = au_mem_new(sizeof(*pending));
    if (!pending) {
        au_refuse_full(response, AU_PROBLEM_UNAVAILABLE, "out of memory");
        return NULL;
    }
    pending->connection = connection;
    pending->deadline_ns = au_server_after_ms(au_clock_ns(), timeout_ms);

    au_lock(&server->lock);
    if (server->is_stopping) {
        au_refuse_stopping(response);
        atomic_init(&pending->state, PENDING_GIVEN);
        atomic_init(&pending->holders, 1);
    } else {
        atomic_init(&pending->state, PENDING_WAITING);
        atomic_init(&pending->holders, 2);
        *response->is_handed_over = true;
        connection->pending = pending;
        /* A slow route's connection is suspended already, and stays so. */
        if (!is_slow(&connection->request)) suspend(connection);
        if (pending->deadline_ns < server->wake_ns) pthread_cond_broadcast(&server->changed);
    }
    au_unlock(&server->lock);
    return pending;
}

struct au_response *au_pending_claim(struct au_pending *pending)
{
    if (!au_pending_take_over(pending, PENDING_CLAIMED)) return NULL;
    au_response_clear(&pending->connection->response);
    return &pending->connection->response;
}

void au_pending_finish(struct au_pending *pending)
{
    if (atomic_load(&pending->state) == PENDING_CLAIMED) {
        struct au_server *server = pending->connection->server;
        au_lock(&server->lock);
        au_connection_give(pending->connection);
        au_unlock(&server->lock);
    }
    let_go(pending);
}

/* Streams -------------------------------------------------------------------------------------- */

static void sleep_reader(void *context)
{
    MHD_suspend_connection(context);
}

static void wake_reader(void *context)
{
    MHD_resume_connection(context);
}

static ssize_t read_stream(void *context, uint64_t position, char *out_bytes, size_t size)
{
    (void)position;
    struct au_connection *connection = context;
    ssize_t result = au_stream_read(connection->stream, (uint8_t *)out_bytes, size);
    return result < 0 ? MHD_CONTENT_READER_END_OF_STREAM : result;
}

static void close_stream(void *context)
{
    struct au_connection *connection = context;
    struct au_server *server = connection->server;
    au_lock(&server->lock);
    struct au_stream *stream = connection->stream;
    connection->stream = NULL;
    server->stream_count--;
    au_unlock(&server->lock);
    au_stream_close(stream);
}

struct au_stream *au_response_stream(struct au_response *response)
{
    struct au_connection *connection = response->connection;
    struct au_server *server = connection->server;
    AU_ASSERT(!connection->stream);

    struct au_stream_reader reader = {sleep_reader, wake_reader, connection->mhd};
    struct au_stream *stream = NULL;
    au_lock(&server->lock);
    bool is_stopping = server->is_stopping;
    bool is_full = server->stream_count >= server->options.stream_max;
    if (!is_stopping && !is_full) stream = au_stream_new(reader, AU_STREAM_QUEUE_SIZE_MAX);
    if (stream) {
        connection->stream = stream;
        connection->beat_ns = au_server_after_ms(au_clock_ns(), server->options.beat_ms);
        server->stream_count++;
    }
    au_unlock(&server->lock);

    if (stream) {
        au_response_set(response, 200, AU_STREAM_MEDIA_TYPE);
    } else if (is_stopping) {
        au_refuse_stopping(response);
    } else {
        au_refuse_full(response, AU_PROBLEM_TOO_MANY_CONNECTIONS,
                       is_full ? "as many streams are open as may be" : "out of memory");
    }
    return stream;
}

/* Responses ------------------------------------------------------------------------------------ */

static struct MHD_Response *build_response(struct au_connection *connection)
{
    struct au_response *response = &connection->response;
    if (connection->stream) {
        struct MHD_Response *built = MHD_create_response_from_callback(
            MHD_SIZE_UNKNOWN, STREAM_BLOCK_SIZE, read_stream, connection, close_stream);
        if (!built) close_stream(connection);
        return built;
    }
    if (response->body.err != AU_OK) {
        struct au_problem problem;
        bool is_short = response->body.err == AU_ERR_NO_MEMORY;
        au_problem_init(&problem, is_short ? AU_PROBLEM_UNAVAILABLE : AU_PROBLEM_INTERNAL);
        au_problem_set(&problem, "detail", "the response: %s", au_err_text(response->body.err));
        au_response_put_problem(response, &problem);
    }
    /* The body is the connection's until the next request, so nothing needs to be copied. */
    return MHD_create_response_from_buffer(response->body.size, response->body.data,
                                           MHD_RESPMEM_PERSISTENT);
}

static bool add_headers(const struct au_connection *connection, struct MHD_Response *built)
{
    const struct au_response *response = &connection->response;
    const char *allow_origin = connection->server->options.allow_origin;
    bool is_complete = MHD_add_response_header(built, "Request-Id", connection->request.id);
    if (response->content_type)
        is_complete &= MHD_add_response_header(built, "Content-Type", response->content_type);
    if (allow_origin)
        is_complete &= MHD_add_response_header(built, "Access-Control-Allow-Origin", allow_origin);
    if (connection->must_close)
        is_complete &= MHD_add_response_header(built, "Connection", "close");
    for (size_t i = 0; i < response->header_count; i++) {
        /* An empty value is none to libmicrohttpd. */
        const char *value = au_response_header(response, i);
        if (value[0] == 0) continue;
        is_complete &= MHD_add_response_header(built, response->header_names[i], value);
    }
    return is_complete;
}

static enum MHD_Result send_response(struct au_connection *connection)
{
    struct au_response *response = &connection->response;
    AU_ASSERT(response->status != 0);
    bool is_stream = connection->stream != NULL;
    struct MHD_Response *built = build_response(connection);
    if (!built) return MHD_NO;

    uint64_t now_ns = au_clock_ns();
    unsigned timeout_ms = connection->server->options.request_timeout_ms;
    au_server_note(connection->server, connection->request.match.route, response->status,
                   now_ns - connection->start_ns);
    atomic_store(&connection->deadline_ns,
                 is_stream ? AU_SERVER_NO_DEADLINE : au_server_after_ms(now_ns, timeout_ms));
    atomic_store(&connection->phase, is_stream ? PHASE_STREAMING : PHASE_SENDING);
    enum MHD_Result result = MHD_NO;
    if (add_headers(connection, built)) {
        result = MHD_queue_response(connection->mhd, (unsigned)response->status, built);
    }
    MHD_destroy_response(built);
    return result;
}

/* Handlers ------------------------------------------------------------------------------------- */

/* true: the response is there. Otherwise it will come by au_pending_finish or the timer, and the
 * connection may even be at its next request: it must not be touched. */
static bool run_handler(struct au_connection *connection)
{
    bool is_handed_over = false;
    connection->response.is_handed_over = &is_handed_over;
    const struct au_request *request = &connection->request;
    request->match.route->handle(connection->server->options.context, request,
                                 &connection->response);
    return !is_handed_over;
}

static void run_job(void *context)
{
    struct au_connection *connection = context;
    struct au_server *server = connection->server;
    if (!run_handler(connection)) return;
    au_lock(&server->lock);
    resume(connection);
    au_unlock(&server->lock);
}

/* Requests ------------------------------------------------------------------------------------- */

bool au_request_header(const struct au_request *request, const char *name,
                       struct au_bytes *out_value)
{
    const char *value = NULL;
    size_t size = 0;
    if (MHD_lookup_connection_value_n(request->connection->mhd, MHD_HEADER_KIND, name, strlen(name),
                                      &value, &size) == MHD_NO)
        return false;
    *out_value = (struct au_bytes){(const uint8_t *)value, size};
    return true;
}

static enum MHD_Result note_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    (void)kind;
    au_framing_note(context, name, value ? value : "");
    return MHD_YES;
}

/* true: the head is nothing to go on with. */
static bool refuse_head(struct au_connection *connection, const struct au_framing *framing,
                        uint64_t *out_length)
{
    struct au_response *response = &connection->response;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection->mhd, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    if (!au_framing_check(framing, out_length)) {
        connection->must_close = true;
        au_refuse_with(response, AU_PROBLEM_BAD_REQUEST,
                       "one Content-Length or Transfer-Encoding: chunked tells where a body ends");
    } else if (info && info->header_size > AU_SERVER_HEAD_SIZE_MAX) {
        au_refuse_size(response, AU_PROBLEM_HEADERS_TOO_LARGE, AU_SERVER_HEAD_SIZE_MAX,
                       info->header_size);
    } else if (connection->target.err != AU_OK) {
        au_refuse_full(response, AU_PROBLEM_UNAVAILABLE, "out of memory");
    } else if (au_request_parse_target(&connection->request, (char *)connection->target.data) !=
               AU_OK) {
        au_refuse_with(response, AU_PROBLEM_BAD_VALUE,
                       "the query has a bad percent escape, a control character, a parameter "
                       "without name, or too many parameters");
    } else {
        return false;
    }
    return true;
}

static void find_route(struct au_connection *connection, enum au_method method)
{
    struct au_route_table routes = connection->server->options.routes;
    struct au_request *request = &connection->request;
    enum au_route_result result = au_route_match(routes, method, request->path, &request->match);
    if (result == AU_ROUTE_FOUND) {
        size_t body_size_max = request->match.route->body_size_max;
        if (body_size_max > 0) connection->body_size_max = body_size_max;
    } else if (result != AU_ROUTE_NO_METHOD || method != AU_METHOD_OPTIONS) {
        connection->is_refused = true;
        au_refuse_route(&connection->response, routes, request, result);
    }
}

/* All headers are there; a body may follow. */
static enum MHD_Result on_head(struct au_connection *connection, const char *method_text)
{
    struct au_server *server = connection->server;
    struct au_request *request = &connection->request;
    struct au_framing framing = {0};
    uint64_t length = 0;
    if (!au_connection_move_on(connection, PHASE_HEAD, PHASE_BODY)) return MHD_NO;
    MHD_get_connection_values(connection->mhd, MHD_HEADER_KIND, note_header, &framing);

    connection->body_size_max = server->options.body_size_max;
    enum au_method method = au_method_parse(method_text);
    request->is_head = method == AU_METHOD_HEAD;
    request->method = request->is_head ? AU_METHOD_GET : method;
    connection->is_refused = refuse_head(connection, &framing, &length);
    if (!connection->is_refused) find_route(connection, method);
    if (length > connection->body_size_max && !connection->is_refused) {
        connection->is_refused = true;
        au_refuse_size(&connection->response, AU_PROBLEM_BODY_TOO_LARGE, connection->body_size_max,
                       length);
    }

    /* Closing on a client that still writes may destroy the answer before it is read: so the body
     * is read for nothing, unless it is not on its way yet or too much even for that. */
    bool is_vain = connection->must_close || framing.is_expecting || length > DRAIN_SIZE_MAX;
    if (!connection->is_refused || !is_vain || (length == 0 && framing.encoding_count == 0))
        return MHD_YES;
    if (!au_connection_move_on(connection, PHASE_BODY, PHASE_HANDLING)) return MHD_NO;
    connection->must_close = true;
    return send_response(connection);
}

static void drop_body(struct au_connection *connection)
{
    atomic_fetch_sub(&connection->server->body_memory, connection->body_charged_size);
    connection->body_charged_size = 0;
    au_buf_clear(&connection->body);
    if (connection->body.capacity > BODY_SIZE_KEPT) au_buf_done(&connection->body);
}

static enum MHD_Result on_body(struct au_connection *connection, const char *data, size_t size)
{
    struct au_server *server = connection->server;
    connection->body_seen_size += size;
    if (!connection->is_refused && connection->body_seen_size > connection->body_size_max) {
        connection->is_refused = true;
        au_refuse_size(&connection->response, AU_PROBLEM_BODY_TOO_LARGE, connection->body_size_max,
                       0);
        drop_body(connection);
    }
    if (connection->is_refused) {
        if (connection->body_seen_size <= DRAIN_SIZE_MAX) return MHD_YES;
        if (au_connection_move_on(connection, PHASE_BODY, PHASE_EXPIRED))
            au_connection_send_bare(connection, AU_PROBLEM_BODY_TOO_LARGE);
        return MHD_NO;
    }

    connection->body_charged_size += size;
    size_t charged_before = atomic_fetch_add(&server->body_memory, size);
    if (charged_before + size <= server->options.body_memory_max) {
        au_buf_put(&connection->body, data, size);
        if (connection->body.err == AU_OK) return MHD_YES;
    }
    connection->is_refused = true;
    au_refuse_full(&connection->response, AU_PROBLEM_UNAVAILABLE,
                   "the bodies of requests take all the memory that they may");
    drop_body(connection);
    return MHD_YES;
}

/* The request is there, whole. */
static enum MHD_Result on_whole(struct au_connection *connection)
{
    struct au_server *server = connection->server;
    struct au_request *request = &connection->request;
    if (!au_connection_move_on(connection, PHASE_BODY, PHASE_HANDLING)) return MHD_NO;
    if (connection->is_refused) return send_response(connection);
    if (connection->is_excess) {
        connection->must_close = true;
        au_refuse_full(&connection->response, AU_PROBLEM_TOO_MANY_CONNECTIONS,
                       "as many connections are busy as may be");
        return send_response(connection);
    }
    if (request->method == AU_METHOD_OPTIONS) {
        au_answer_options(&connection->response, request->match.methods,
                          server->options.allow_origin != NULL);
        return send_response(connection);
    }

    request->body = au_buf_bytes(&connection->body);
    if (!is_slow(request)) {
        return run_handler(connection) ? send_response(connection) : MHD_YES;
    }
    au_lock(&server->lock);
    bool is_stopping = server->is_stopping;
    if (!is_stopping) suspend(connection);
    au_unlock(&server->lock);
    if (is_stopping) {
        connection->must_close = true;
        au_refuse_stopping(&connection->response);
        return send_response(connection);
    }
    au_pool_add(server->pool, &connection->job, connection);
    return MHD_YES;
}

/* libmicrohttpd dictates the eight parameters. It calls when all headers are there, for each piece
 * of the body, at its end, and once more after a suspension. */
#define ON_ACCESS(name)                                                                      \
    static enum MHD_Result name(void *context, struct MHD_Connection *mhd, const char *path, \
                                const char *method, const char *version, const char *data,   \
                                size_t *data_size, void **request_context)
ON_ACCESS(on_access)
{
    (void)context, (void)mhd, (void)path, (void)version;
    struct au_connection *connection = *request_context;
    if (!connection) return MHD_NO;
    enum phase phase = (enum phase)atomic_load(&connection->phase);
    if (phase == PHASE_HEAD) return on_head(connection, method);
    if (phase == PHASE_HANDLING) return send_response(connection);
    if (phase != PHASE_BODY) return MHD_NO;
    if (*data_size == 0) return on_whole(connection);
    size_t size = *data_size;
    *data_size = 0;
    return on_body(connection, data, size);
}

/* "req-", what tells the servers apart, and the number in hex. */
static void make_id(const struct au_server *server, uint64_t number, char out_id[])
{
    static const char digits[] = "0123456789abcdef";
    size_t size = strlen(server->id_prefix);
    unsigned shift = 60;
    memcpy(out_id, server->id_prefix, size);
    while (shift > 0 && number >> shift == 0)
        shift -= 4;
    for (; shift > 0; shift -= 4)
        out_id[size++] = digits[number >> shift & 15];
    out_id[size++] = digits[number & 15];
    out_id[size] = 0;
}

/* A request line has come: the request begins. */
static void *on_target(void *context, const char *target, struct MHD_Connection *mhd)
{
    struct au_server *server = context;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    struct au_connection *connection = info ? info->socket_context : NULL;
    if (!connection) return NULL;
    struct au_request *request = &connection->request;
    unsigned long long number = atomic_fetch_add(&server->request_count, 1);
    make_id(server, number, request->id);
    au_buf_clear(&connection->target);
    au_buf_put(&connection->target, target, strlen(target) + 1);
    connection->start_ns = au_clock_ns();
    atomic_store(&connection->deadline_ns,
                 au_server_after_ms(connection->start_ns, server->options.request_timeout_ms));
    return au_connection_move_on(connection, PHASE_IDLE, PHASE_HEAD) ? connection : NULL;
}

/* The response is taken, or the connection broke off. */
static void on_completed(void *context, struct MHD_Connection *mhd, void **request_context,
                         enum MHD_RequestTerminationCode code)
{
    (void)context, (void)mhd, (void)code;
    struct au_connection *connection = *request_context;
    if (!connection) return;
    drop_body(connection);
    au_response_clear(&connection->response);
    if (connection->response.body.capacity > BODY_SIZE_KEPT)
        au_buf_done(&connection->response.body);
    connection->body_seen_size = 0;
    connection->is_refused = false;
    connection->must_close = false;
    connection->request.body = (struct au_bytes){0};
    connection->request.match.route = NULL;
    uint64_t now_ns = au_clock_ns();
    if (atomic_load(&connection->phase) == PHASE_EXPIRED) return;
    atomic_store(&connection->deadline_ns,
                 au_server_after_ms(now_ns, connection->server->options.idle_timeout_ms));
    atomic_store(&connection->phase, PHASE_IDLE);
}

/* Connections ---------------------------------------------------------------------------------- */

static struct au_connection *open_connection(struct au_server *server, struct MHD_Connection *mhd)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(mhd, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct au_connection *connection = info ? au_mem_new(sizeof(*connection)) : NULL;
    if (!connection) return NULL;
    connection->server = server;
    connection->mhd = mhd;
    connection->fd = info->connect_fd;
    connection->request.connection = connection;
    au_response_init(&connection->response);
    connection->response.connection = connection;
    connection->response.instance = connection->request.id;
    au_buf_init(&connection->target, AU_SERVER_HEAD_SIZE_MAX + CONNECTION_MEMORY);
    au_buf_init(&connection->body, SIZE_MAX / 2);
    atomic_init(&connection->phase, PHASE_IDLE);
    atomic_init(&connection->deadline_ns,
                au_server_after_ms(au_clock_ns(), server->options.idle_timeout_ms));

    au_lock(&server->lock);
    bool is_full = server->live_count >= server->options.connection_max;
    connection->is_excess = is_full && !au_server_evict(server);
    connection->next = server->connections;
    if (connection->next) connection->next->previous = connection;
    server->connections = connection;
    server->live_count++;
    au_unlock(&server->lock);
    return connection;
}

static void close_connection(struct au_connection *connection)
{
    struct au_server *server = connection->server;
    AU_ASSERT(!connection->stream);
    au_lock(&server->lock);
    AU_ASSERT(!connection->pending);
    if (connection->next) connection->next->previous = connection->previous;
    if (connection->previous) {
        connection->previous->next = connection->next;
    } else {
        server->connections = connection->next;
    }
    if (!connection->is_evicted) server->live_count--;
    au_unlock(&server->lock);
    drop_body(connection);
    au_buf_done(&connection->body);
    au_buf_done(&connection->target);
    au_response_done(&connection->response);
    au_mem_free(connection);
}

/* A server that stops accepts nobody. */
static enum MHD_Result on_accept(void *context, const struct sockaddr *address, socklen_t size)
{
    (void)address, (void)size;
    struct au_server *server = context;
    au_lock(&server->lock);
    bool is_stopping = server->is_stopping;
    au_unlock(&server->lock);
    return is_stopping ? MHD_NO : MHD_YES;
}

static void on_connection(void *context, struct MHD_Connection *mhd, void **socket_context,
                          enum MHD_ConnectionNotificationCode code)
{
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        *socket_context = open_connection(context, mhd);
    } else if (*socket_context) {
        close_connection(*socket_context);
        *socket_context = NULL;
    }
}

/* Start and stop ------------------------------------------------------------------------------- */

static void set_defaults(struct au_server_options *options)
{
    if (!options->address) options->address = "127.0.0.1";
    if (!options->thread_count) options->thread_count = 2;
    if (!options->worker_count) options->worker_count = 2;
    if (!options->connection_max) options->connection_max = 1100;
    if (!options->stream_max) options->stream_max = 128;
    if (!options->body_size_max) options->body_size_max = 1u << 20;
    if (!options->body_memory_max) options->body_memory_max = 256u << 20;
    if (!options->idle_timeout_ms) options->idle_timeout_ms = 60000;
    if (!options->request_timeout_ms) options->request_timeout_ms = 30000;
    if (!options->beat_ms) options->beat_ms = 15000;
    if (!options->stop_timeout_ms) options->stop_timeout_ms = 2000;
}

static struct au_server *new_server(const struct au_server_options *options)
{
    struct au_server *server = au_mem_new(sizeof(*server));
    if (!server) return NULL;
    server->options = *options;
    set_defaults(&server->options);
    server->listen_fd = -1;
    snprintf(server->id_prefix, sizeof(server->id_prefix), "req-%08x-",
             (unsigned)(uint32_t)(au_clock_ns() >> 10));
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&server->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    pthread_mutex_init(&server->lock, NULL);
    return server;
}

/* Paths and queries stay as they came: au_request_parse_target decodes, strictly. */
static size_t leave_escaped(void *context, struct MHD_Connection *mhd, char *text)
{
    (void)context, (void)mhd;
    return strlen(text);
}

static struct MHD_Daemon *start_daemon(struct au_server *server)
{
    const struct au_server_options *options = &server->options;
    /* Each thread may have all connections, and some more while evicted ones are closed: it is the
     * server that counts. */
    unsigned thread_connection_max = options->connection_max + options->connection_max / 8 + 32;
    unsigned pool_size = options->thread_count > 1 ? options->thread_count : 0;
    return MHD_start_daemon(
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ITC, 0, on_accept,
        server, on_access, server, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_THREAD_POOL_SIZE, pool_size, MHD_OPTION_CONNECTION_LIMIT,
        thread_connection_max * options->thread_count, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_MEMORY, MHD_OPTION_CONNECTION_TIMEOUT, 0u, MHD_OPTION_STRICT_FOR_CLIENT,
        1, MHD_OPTION_UNESCAPE_CALLBACK, leave_escaped, NULL, MHD_OPTION_URI_LOG_CALLBACK,
        on_target, server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
}

/* With what there is of a server whose connections are closed. */
static void free_server(struct au_server *server)
{
    au_lock(&server->lock);
    server->is_done = true;
    pthread_cond_broadcast(&server->changed);
    au_unlock(&server->lock);
    if (server->has_timer) pthread_join(server->timer, NULL);
    au_pool_free(server->pool);
    if (server->listen_fd >= 0) close(server->listen_fd);
    AU_ASSERT(!server->connections);
    pthread_cond_destroy(&server->changed);
    pthread_mutex_destroy(&server->lock);
    au_mem_free(server);
}

enum au_listen_result au_server_start(const struct au_server_options *options,
                                      struct au_server **out_server)
{
    AU_ASSERT(au_route_check(options->routes));
    struct au_server *server = new_server(options);
    if (!server) return AU_LISTEN_FAILED;
    enum au_listen_result result =
        au_listen(server->options.address, server->options.port, &server->listen_fd, &server->port);
    if (result != AU_LISTEN_OK) {
        free_server(server);
        return result;
    }
    server->pool = au_pool_new(server->options.worker_count, run_job);
    server->has_timer = pthread_create(&server->timer, NULL, au_server_run_timer, server) == 0;
    if (server->pool && server->has_timer) {
        server->daemon = start_daemon(server);
        /* A daemon that does not start has closed the socket on nearly every way out: leaking it on
         * the others is better than closing somebody else's. */
        if (!server->daemon) server->listen_fd = -1;
    }
    if (!server->daemon) {
        free_server(server);
        return AU_LISTEN_FAILED;
    }
    *out_server = server;
    return AU_LISTEN_OK;
}

uint16_t au_server_port(const struct au_server *server)
{
    return server->port;
}

static bool has_busy(const struct au_server *server)
{
    for (struct au_connection *each = server->connections; each; each = each->next) {
        enum phase phase = (enum phase)atomic_load(&each->phase);
        if (phase > PHASE_BODY && phase != PHASE_EXPIRED) return true;
    }
    return false;
}

/* With server->lock held: nothing waits for others any more when this returns. */
static void give_all(struct au_server *server)
{
    server->is_stopping = true;
    for (struct au_connection *each = server->connections; each; each = each->next) {
        if (each->stream) au_stream_stop(each->stream);
        if (!each->pending || !au_pending_take_over(each->pending, PENDING_GIVEN)) continue;
        au_refuse_stopping(&each->response);
        au_connection_give(each);
    }
    while (server->suspended_count > 0)
        pthread_cond_wait(&server->changed, &server->lock);
}

/* libmicrohttpd may be stopped only when it reads from nobody: in version 0.9.75 a malformed
 * request that it meets while it stops makes it use a response that is not there. With server->lock
 * held. */
static void close_all(struct au_server *server)
{
    uint64_t end_ns = au_server_after_ms(au_clock_ns(), CLOSE_TIMEOUT_MS);
    do {
        for (struct au_connection *each = server->connections; each; each = each->next)
            au_connection_shut_down(each);
        /* At least once: who is being accepted has the time to appear. */
        au_server_wait(server, au_server_after_ms(au_clock_ns(), CLOSE_STEP_MS));
    } while (server->connections && au_clock_ns() < end_ns);
}

void au_server_stop(struct au_server *server)
{
    if (!server) return;
    au_lock(&server->lock);
    give_all(server);
    uint64_t end_ns = au_server_after_ms(au_clock_ns(), server->options.stop_timeout_ms);
    while (has_busy(server) && au_clock_ns() < end_ns)
        au_server_wait(server, au_server_after_ms(au_clock_ns(), CLOSE_STEP_MS));
    close_all(server);
    au_unlock(&server->lock);
    MHD_stop_daemon(server->daemon);
    server->listen_fd = -1; /* closed with the daemon */
    free_server(server);
}
