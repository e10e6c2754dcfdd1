/* The server with real sockets: what handlers see and say, waiting, streams, start and stop, and
 * clients that do not keep to the rules. */
#include "unit/api/http_client.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>

#define HOST     "Host: localhost\r\n"
#define GET(url) "GET " url " HTTP/1.1\r\n" HOST "\r\n"

#define WAITERS_MAX 64

static struct au_server *server;
static uint16_t port;

/* What handlers left for the test: responses to give and streams to feed. */
static struct {
    pthread_mutex_t lock;
    struct au_pending *pending[WAITERS_MAX];
    size_t pending_count;
    struct au_stream *streams[WAITERS_MAX];
    size_t stream_count;
} left = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void get_status(void *context, const struct au_request *request,
                       struct au_response *response)
{
    (void)request;
    assert_ptr_equal(context, &left);
    au_response_set(response, 200, "application/json");
    au_response_put_header(response, "ETag", "\"%d\"", 7);
    au_buf_put_text(&response->body, "{\"ok\":true}");
}

static void get_item(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context;
    struct au_bytes agent = {0};
    au_response_set(response, 200, "text/plain");
    au_buf_put_bytes(&response->body, au_request_param(request, "id"));
    for (size_t i = 0; i < request->query_count; i++) {
        au_buf_put_text(&response->body, "|");
        au_buf_put_bytes(&response->body, request->query[i].name);
        au_buf_put_text(&response->body, "=");
        au_buf_put_bytes(&response->body, request->query[i].value);
    }
    if (au_request_header(request, "x-TEST", &agent)) {
        au_buf_put_text(&response->body, "|");
        au_buf_put_bytes(&response->body, agent);
    }
}

static void post_echo(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context;
    bool is_json = au_request_has_media_type(request, "application/json");
    au_response_set(response, 200, is_json ? "application/json" : "text/plain");
    au_buf_put_bytes(&response->body, request->body);
}

static void post_size(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context;
    size_t sum = 0;
    for (size_t i = 0; i < request->body.size; i++)
        sum += request->body.data[i];
    au_response_set(response, 200, "text/plain");
    au_buf_printf(&response->body, "%zu %zu", request->body.size, sum);
}

static void get_large(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context, (void)request;
    au_response_set(response, 200, "text/plain");
    for (unsigned i = 0; i < (4u << 20) / 8; i++)
        au_buf_put_text(&response->body, "01234567");
}

static void get_huge(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context, (void)request;
    au_response_set(response, 200, "text/plain");
    assert_null(au_buf_reserve(&response->body, AU_RESPONSE_BODY_SIZE_MAX + 1));
}

static unsigned query_number(const struct au_request *request, const char *name)
{
    struct au_bytes text;
    unsigned number = 0;
    if (!au_request_query(request, name, &text)) return 0;
    for (size_t i = 0; i < text.size; i++)
        number = number * 10 + (unsigned)(text.data[i] - '0');
    return number;
}

static void get_wait(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context;
    unsigned timeout_ms = query_number(request, "ms");
    au_response_set(response, 202, "text/plain");
    au_response_put_header(response, "Location", "/v1/tx/%u", timeout_ms);
    au_buf_put_text(&response->body, "later");
    struct au_pending *pending = au_response_defer(response, timeout_ms);
    if (!pending) return;
    pthread_mutex_lock(&left.lock);
    assert_true(left.pending_count < WAITERS_MAX);
    left.pending[left.pending_count++] = pending;
    pthread_mutex_unlock(&left.lock);
}

static void get_slow(void *context, const struct au_request *request, struct au_response *response)
{
    http_sleep_ms(query_number(request, "sleep"));
    if (query_number(request, "ms") > 0) {
        get_wait(context, request, response);
        return;
    }
    au_response_set(response, 200, "text/plain");
    au_buf_put_text(&response->body, "slow");
}

static void get_events(void *context, const struct au_request *request,
                       struct au_response *response)
{
    (void)context, (void)request;
    struct au_stream *stream = au_response_stream(response);
    if (!stream) return;
    pthread_mutex_lock(&left.lock);
    assert_true(left.stream_count < WAITERS_MAX);
    left.streams[left.stream_count++] = stream;
    pthread_mutex_unlock(&left.lock);
}

static const struct au_route routes[] = {
    {AU_METHOD_GET, "/v1/status", .has_alias = true, .handle = get_status},
    {AU_METHOD_GET, "/v1/item/{id}", .handle = get_item},
    {AU_METHOD_POST, "/v1/echo", .handle = post_echo},
    {AU_METHOD_POST, "/v1/small", .body_size_max = 16, .handle = post_echo},
    {AU_METHOD_POST, "/v1/size", .body_size_max = 9u << 20, .handle = post_size},
    {AU_METHOD_GET, "/v1/large", .handle = get_large},
    {AU_METHOD_GET, "/v1/huge", .handle = get_huge},
    {AU_METHOD_GET, "/v1/wait", .handle = get_wait},
    {AU_METHOD_GET | AU_METHOD_POST, "/v1/slow", .is_slow = true, .handle = get_slow},
    {AU_METHOD_GET, "/v1/events", .handle = get_events},
};

static struct au_server_options usual(void)
{
    return (struct au_server_options){
        .routes = {routes, AU_COUNT_OF(routes)},
        .context = &left,
        .stop_timeout_ms = 200,
        .allow_origin = "*",
    };
}

static void start(const struct au_server_options *options)
{
    assert_int_equal(au_server_start(options, &server), AU_LISTEN_OK);
    port = au_server_port(server);
    assert_true(port > 0);
}

static int set_up(void **state)
{
    (void)state;
    struct au_server_options options = usual();
    start(&options);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    au_server_stop(server);
    server = NULL;
    for (size_t i = 0; i < left.pending_count; i++)
        au_pending_finish(left.pending[i]);
    for (size_t i = 0; i < left.stream_count; i++)
        au_stream_end(left.streams[i]);
    left.pending_count = 0;
    left.stream_count = 0;
    return 0;
}

static void restart(const struct au_server_options *options)
{
    void *none = NULL;
    tear_down(&none);
    start(options);
}

static size_t count_of(const size_t *count)
{
    pthread_mutex_lock(&left.lock);
    size_t result = *count;
    pthread_mutex_unlock(&left.lock);
    return result;
}

static void await_count(const size_t *count, size_t wanted)
{
    for (unsigned i = 0; i < CLIENT_WAIT_MS && count_of(count) < wanted; i++)
        http_sleep_ms(1);
    assert_int_equal(count_of(count), wanted);
}

static void assert_problem(const struct http_answer *answer, const char *code)
{
    char wanted[600];
    snprintf(wanted, sizeof(wanted), "\"code\":\"%s\"", code);
    assert_non_null(strstr(answer->body, wanted));
    assert_string_equal(http_header(answer, "Content-Type"), "application/problem+json");
    snprintf(wanted, sizeof(wanted), "\"status\":%d,", answer->status);
    assert_non_null(strstr(answer->body, wanted));
    snprintf(wanted, sizeof(wanted), "\"instance\":\"%s\"", http_header(answer, "Request-Id"));
    assert_non_null(strstr(answer->body, wanted));
}

/* What a request without tricks gets ----------------------------------------------------------- */

static void test_answers(void **state)
{
    (void)state;
    struct http_answer answer;
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "{\"ok\":true}");
    assert_string_equal(http_header(&answer, "Content-Type"), "application/json");
    assert_string_equal(http_header(&answer, "ETag"), "\"7\"");
    assert_string_equal(http_header(&answer, "Access-Control-Allow-Origin"), "*");
    assert_memory_equal(http_header(&answer, "Request-Id"), "req-", 4);

    http_ask(port, GET("/status"), &answer);
    assert_int_equal(answer.status, 200);

    http_ask(port, "HEAD /v1/status HTTP/1.1\r\n" HOST "\r\n", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(http_header(&answer, "Content-Length"), "11");

    http_ask(port, "OPTIONS /v1/slow HTTP/1.1\r\n" HOST "\r\n", &answer);
    assert_int_equal(answer.status, 204);
    assert_string_equal(http_header(&answer, "Allow"), "GET, HEAD, POST, OPTIONS");
    assert_string_equal(http_header(&answer, "Access-Control-Allow-Methods"),
                        "GET, HEAD, POST, OPTIONS");

    http_ask(port, "GET /v1/item/7?a=x%20y+z&a&&b=%c3%a9& HTTP/1.1\r\n" HOST "X-Test: yes\r\n\r\n",
             &answer);
    assert_string_equal(answer.body, "7|a=x y z|a=|b=\xc3\xa9|yes");

    http_ask(port,
             "POST /v1/echo HTTP/1.1\r\n" HOST
             "Content-Type: Application/JSON ;x=y\r\nContent-Length: 2\r\n\r\n{}",
             &answer);
    assert_string_equal(answer.body, "{}");
    assert_string_equal(http_header(&answer, "Content-Type"), "application/json");

    http_ask(port,
             "POST /v1/echo HTTP/1.1\r\n" HOST
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n",
             &answer);
    assert_string_equal(answer.body, "abcde");
}

static void test_refuses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int status;
        const char *code;
    } cases[] = {
        {GET("/v1/statu"), 404, "no-route"},
        {GET("/v1/huge"), 500, "internal"},
        {GET("/v1/status/"), 404, "no-route"},
        {GET("/v1/item/"), 404, "no-route"},
        {GET("/v1/item/%41"), 400, "bad-value"},
        {GET("/v1/item/1?a=%4"), 400, "bad-value"},
        {GET("/v1/item/1?a=%zz"), 400, "bad-value"},
        {GET("/v1/item/1?a=%00"), 400, "bad-value"},
        {GET("/v1/item/1?=a"), 400, "bad-value"},
        {"DELETE /v1/status HTTP/1.1\r\n" HOST "\r\n", 405, "method-not-allowed"},
        {"BREW /v1/status HTTP/1.1\r\n" HOST "\r\n", 405, "method-not-allowed"},
        {"OPTIONS /v1/nothing HTTP/1.1\r\n" HOST "\r\n", 404, "no-route"},
        {"POST /v1/small HTTP/1.1\r\n" HOST "Content-Length: 17\r\n\r\n12345678901234567", 413,
         "body-too-large"},
        {"POST /v1/small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\nContent-Length: 17\r\n\r\n",
         413, "body-too-large"},
        {"POST /v1/small HTTP/1.1\r\n" HOST "Content-Length: 99999999999\r\n\r\n", 413,
         "body-too-large"},
        {"POST /v1/small HTTP/1.1\r\n" HOST
         "Transfer-Encoding: chunked\r\n\r\na\r\n1234567890\r\n7\r\n1234567\r\n0\r\n\r\n",
         413, "body-too-large"},
        {"POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\nContent-Length: 2\r\n\r\na", 400,
         "bad-request"},
        {"POST /v1/echo HTTP/1.1\r\n" HOST
         "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
         400, "bad-request"},
        {"POST /v1/echo HTTP/1.1\r\n" HOST "Transfer-Encoding: gzip\r\n\r\nabc", 400,
         "bad-request"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct http_answer answer;
        http_ask(port, cases[i].text, &answer);
        if (answer.status != cases[i].status)
            fail_msg("%s\ngot %d: %s", cases[i].text, answer.status, answer.body);
        assert_problem(&answer, cases[i].code);
    }
    struct http_answer answer;
    http_ask(port, GET("/v1/statu"), &answer);
    assert_non_null(strstr(answer.body, "\"nearest\":\"/v1/status\""));
    http_ask(port, "DELETE /v1/status HTTP/1.1\r\n" HOST "\r\n", &answer);
    assert_string_equal(http_header(&answer, "Allow"), "GET, HEAD, OPTIONS");
}

static void test_keeps_alive_after_refusal(void **state)
{
    (void)state;
    struct http_answer answer;
    int fd = http_connect(port);
    for (int i = 0; i < 3; i++) {
        http_send_text(fd, "POST /v1/small HTTP/1.1\r\n" HOST
                           "Content-Length: 17\r\n\r\n12345678901234567");
        http_read(fd, false, &answer);
        assert_int_equal(answer.status, 413);
        http_send_text(fd, GET("/v1/status"));
        http_read(fd, false, &answer);
        assert_int_equal(answer.status, 200);
    }
    close(fd);
}

static void test_pipelining(void **state)
{
    (void)state;
    struct http_answer answer;
    char path[64];
    int fd = http_connect(port);
    for (int i = 0; i < 50; i++) {
        snprintf(path, sizeof(path), "GET /v1/item/%d HTTP/1.1\r\n" HOST "\r\n", i);
        assert_true(http_send_text(fd, path));
    }
    for (int i = 0; i < 50; i++) {
        http_read(fd, false, &answer);
        snprintf(path, sizeof(path), "%d", i);
        assert_string_equal(answer.body, path);
    }
    close(fd);
}

static void test_large_bodies(void **state)
{
    (void)state;
    struct http_answer answer;
    http_ask(port, GET("/v1/large"), &answer);
    assert_int_equal(answer.body_size, 4u << 20);
    assert_memory_equal(answer.body + 8 * 1000, "01234567", 8);

    size_t size = 9u << 20;
    char *body = calloc(1, size);
    assert_non_null(body);
    memset(body, 1, size);
    int fd = http_connect(port);
    char head[128];
    snprintf(head, sizeof(head), "POST /v1/size HTTP/1.1\r\n" HOST "Content-Length: %zu\r\n\r\n",
             size);
    for (int i = 0; i < 2; i++) {
        assert_true(http_send_text(fd, head));
        assert_true(http_send(fd, body, size));
        http_read(fd, false, &answer);
        assert_string_equal(answer.body, "9437184 9437184");
    }
    close(fd);
    free(body);
}

/* Waiting -------------------------------------------------------------------------------------- */

static void answer_pending(struct au_pending *pending, const char *text)
{
    struct au_response *response = au_pending_claim(pending);
    assert_non_null(response);
    au_response_set(response, 200, "text/plain");
    au_buf_put_text(&response->body, text);
    au_pending_finish(pending);
}

static void test_waiting(void **state)
{
    (void)state;
    enum { WAITING = 40 };
    int fds[WAITING];
    struct http_answer answer;
    for (size_t i = 0; i < WAITING; i++) {
        fds[i] = http_connect(port);
        http_send_text(fds[i], i % 2 ? GET("/v1/wait?ms=9000") : GET("/v1/slow?sleep=1&ms=9000"));
    }
    await_count(&left.pending_count, WAITING);
    /* Nobody else waits meanwhile, on threads of either kind. */
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 200);
    http_ask(port, GET("/v1/slow"), &answer);
    assert_int_equal(answer.status, 200);
    for (size_t i = 0; i < WAITING; i++)
        answer_pending(left.pending[i], "done");
    left.pending_count = 0;
    for (size_t i = 0; i < WAITING; i++) {
        http_read(fds[i], false, &answer);
        assert_int_equal(answer.status, 200);
        assert_string_equal(answer.body, "done");
        assert_null(http_header(&answer, "Location"));
        close(fds[i]);
    }
}

static void test_deadline(void **state)
{
    (void)state;
    struct http_answer answer;
    uint64_t begin_ns = au_clock_ns();
    http_ask(port, GET("/v1/wait?ms=30"), &answer);
    uint64_t took_ms = (au_clock_ns() - begin_ns) / 1000000;
    assert_int_equal(answer.status, 202);
    assert_string_equal(answer.body, "later");
    assert_string_equal(http_header(&answer, "Location"), "/v1/tx/30");
    assert_true(took_ms >= 30 && took_ms < 5000);
    assert_null(au_pending_claim(left.pending[0]));
}

/* A given response and a deadline at the same time: one of them, and only one, is sent. */
static void test_race_with_deadline(void **state)
{
    (void)state;
    struct http_answer answer;
    int fd = http_connect(port);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(http_send_text(fd, GET("/v1/wait?ms=2")));
        await_count(&left.pending_count, 1);
        usleep(1500 + i * 10);
        left.pending_count = 0;
        struct au_response *response = au_pending_claim(left.pending[0]);
        if (response) {
            au_response_set(response, 200, "text/plain");
            au_buf_put_text(&response->body, "done");
        }
        bool is_claimed = response != NULL;
        au_pending_finish(left.pending[0]);
        http_read(fd, false, &answer);
        assert_int_equal(answer.status, is_claimed ? 200 : 202);
    }
    close(fd);
}

static void test_client_leaves_while_waiting(void **state)
{
    (void)state;
    for (size_t i = 0; i < 20; i++) {
        int fd = http_connect(port);
        http_send_text(fd, i % 2 ? GET("/v1/wait?ms=50") : GET("/v1/wait?ms=9000"));
        await_count(&left.pending_count, i + 1);
        struct linger hard = {.l_onoff = 1, .l_linger = 0};
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(fd);
    }
    http_sleep_ms(100);
    for (size_t i = 0; i < 20; i += 2)
        answer_pending(left.pending[i], "nobody listens");
    for (size_t i = 1; i < 20; i += 2)
        au_pending_finish(left.pending[i]);
    left.pending_count = 0;
    struct http_answer answer;
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 200);
}

static void test_slow_handlers(void **state)
{
    (void)state;
    struct http_answer answer;
    int fds[4];
    for (size_t i = 0; i < AU_COUNT_OF(fds); i++) {
        fds[i] = http_connect(port);
        http_send_text(fds[i], GET("/v1/slow?sleep=500"));
    }
    uint64_t begin_ns = au_clock_ns();
    for (int i = 0; i < 20; i++)
        http_ask(port, GET("/v1/status"), &answer);
    assert_true(au_clock_ns() - begin_ns < 450u * 1000000u);
    for (size_t i = 0; i < AU_COUNT_OF(fds); i++) {
        http_read(fds[i], false, &answer);
        assert_string_equal(answer.body, "slow");
        close(fds[i]);
    }
}

/* Streams -------------------------------------------------------------------------------------- */

static void test_stream(void **state)
{
    (void)state;
    char text[8192];
    struct au_server_options options = usual();
    options.beat_ms = 150;
    options.stream_max = 2;
    restart(&options);
    int fd = http_connect(port);
    http_send_text(fd, GET("/v1/events"));
    await_count(&left.stream_count, 1);
    assert_true(http_read_until(fd, "\r\n\r\n", text, sizeof(text)));
    assert_non_null(strstr(text, "Content-Type: text/event-stream\r\n"));

    for (int i = 0; i < 3; i++) {
        char event[64];
        snprintf(event, sizeof(event), "id: %d\ndata: x\n\n", i);
        assert_true(au_stream_put(left.streams[0], au_bytes_of(event)));
        assert_true(http_read_until(fd, event, text, sizeof(text)));
    }
    assert_true(http_read_until(fd, ":\n\n", text, sizeof(text)));

    int second = http_connect(port);
    http_send_text(second, GET("/v1/events"));
    await_count(&left.stream_count, 2);
    struct http_answer answer;
    http_ask(port, GET("/v1/events"), &answer);
    assert_int_equal(answer.status, 503);
    assert_problem(&answer, "too-many-connections");
    http_ask(port, "HEAD /v1/status HTTP/1.1\r\n" HOST "\r\n", &answer);
    assert_int_equal(answer.status, 200);

    au_stream_end(left.streams[0]);
    left.streams[0] = left.streams[1];
    left.stream_count = 1;
    assert_true(http_read_until(fd, "0\r\n\r\n", text, sizeof(text)));
    close(fd);

    /* A client that is gone is noticed by the next event or comment. */
    close(second);
    bool is_open = true;
    for (int i = 0; i < CLIENT_WAIT_MS / 10 && is_open; i++) {
        http_sleep_ms(10);
        is_open = au_stream_put(left.streams[0], au_bytes_of("data: y\n\n"));
    }
    assert_false(is_open);
}

static void test_stream_lagged(void **state)
{
    (void)state;
    int fd = http_connect(port);
    http_send_text(fd, GET("/v1/events"));
    await_count(&left.stream_count, 1);
    char event[1024];
    memset(event, 'x', sizeof(event));
    memcpy(event, "data: ", 6);
    memcpy(event + sizeof(event) - 2, "\n\n", 2);
    size_t taken_count = 0;
    while (au_stream_put(left.streams[0], (struct au_bytes){(uint8_t *)event, sizeof(event)})) {
        taken_count++;
        assert_true(taken_count < 100000);
    }
    assert_true(taken_count >= (AU_STREAM_QUEUE_SIZE_MAX - 1) / sizeof(event));
    assert_false(au_stream_put(left.streams[0], au_bytes_of("data: late\n\n")));

    size_t seen_count = 0;
    char piece[16384];
    char tail[64] = {0};
    for (size_t got; (got = http_receive(fd, piece, sizeof(piece))) > 0;) {
        for (size_t i = 0; i < got; i++) {
            memmove(tail, tail + 1, sizeof(tail) - 2);
            tail[sizeof(tail) - 2] = piece[i];
            seen_count += strcmp(tail + sizeof(tail) - 7, "data: ") == 0;
        }
        if (strcmp(tail + sizeof(tail) - 6, "0\r\n\r\n") == 0) break;
    }
    assert_non_null(strstr(tail, "event: lagged\ndata: {\"code\":\"lagged\"}\n\n"));
    assert_int_equal(seen_count, taken_count + 1);
    close(fd);
}

/* Start and stop ------------------------------------------------------------------------------- */

static void test_port_taken(void **state)
{
    (void)state;
    struct au_server *second = NULL;
    struct au_server_options options = usual();
    options.port = port;
    assert_int_equal(au_server_start(&options, &second), AU_LISTEN_PORT_TAKEN);
    assert_null(second);
    options.address = "localhost";
    assert_int_equal(au_server_start(&options, &second), AU_LISTEN_BAD_ADDRESS);
    options.address = "203.0.113.7";
    assert_int_equal(au_server_start(&options, &second), AU_LISTEN_NO_ADDRESS);
    options.address = "127.0.0.2";
    assert_int_equal(au_server_start(&options, &second), AU_LISTEN_OK);
    assert_int_equal(au_server_port(second), port);
    au_server_stop(second);
}

static void test_restart_on_same_port(void **state)
{
    (void)state;
    struct au_server_options options = usual();
    options.port = port;
    for (int i = 0; i < 10; i++) {
        struct http_answer answer;
        int fd = http_connect(port);
        http_send_text(fd, GET("/v1/status"));
        http_read(fd, false, &answer);
        assert_int_equal(answer.status, 200);
        options.thread_count = 1 + (unsigned)i % 3;
        options.worker_count = 1 + (unsigned)i % 2;
        restart(&options);
        assert_true(http_is_closed_within(fd, CLIENT_WAIT_MS));
        close(fd);
    }
}

static void test_stop_gives_pending(void **state)
{
    (void)state;
    struct http_answer answer;
    char text[4096];
    int waiting = http_connect(port);
    int idle = http_connect(port);
    int half = http_connect(port);
    int streaming = http_connect(port);
    int slow = http_connect(port);
    int late = http_connect(port);
    http_send_text(waiting, GET("/v1/wait?ms=60000"));
    http_send_text(half, "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 9\r\n\r\nabc");
    http_send_text(streaming, GET("/v1/events"));
    http_send_text(slow, GET("/v1/slow?sleep=100"));
    http_send_text(late, GET("/v1/slow?sleep=100&ms=60000"));
    await_count(&left.pending_count, 1);
    await_count(&left.stream_count, 1);
    http_sleep_ms(20);
    au_server_stop(server);
    server = NULL;

    http_read(waiting, false, &answer);
    assert_int_equal(answer.status, 503);
    assert_problem(&answer, "unavailable");
    assert_null(http_header(&answer, "Location"));
    http_read(slow, false, &answer);
    assert_int_equal(answer.status, 200);
    assert_int_equal(left.pending_count, 2);
    assert_null(au_pending_claim(left.pending[1]));
    http_read(late, false, &answer);
    assert_int_equal(answer.status, 503);
    assert_problem(&answer, "unavailable");
    assert_true(http_read_until(streaming, "\r\n0\r\n\r\n", text, sizeof(text)));
    assert_true(http_is_closed_within(idle, 1000));
    assert_true(http_is_closed_within(half, 1000));
    assert_null(au_pending_claim(left.pending[0]));
    assert_false(au_stream_put(left.streams[0], au_bytes_of("data: x\n\n")));
    close(waiting), close(idle), close(half), close(streaming), close(slow), close(late);
}

/* Hostile clients ------------------------------------------------------------------------------ */

/* Of this process, which the server is in; one is for counting. */
static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    assert_non_null(folder);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

static void test_slow_requests_end(void **state)
{
    (void)state;
    struct http_answer answer;
    struct au_server_options options = usual();
    options.idle_timeout_ms = 300;
    options.request_timeout_ms = 300;
    restart(&options);

    /* Bytes that keep coming do not keep a connection. */
    int line = http_connect(port);
    int head = http_connect(port);
    int body = http_connect(port);
    http_send_text(head, "GET /v1/status HTTP/1.1\r\n" HOST "X-Slow: ");
    http_send_text(body, "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\n");
    uint64_t begin_ns = au_clock_ns();
    bool is_line_open = true;
    bool is_head_open = true;
    bool is_body_open = true;
    while (is_line_open || is_head_open || is_body_open) {
        assert_true(au_clock_ns() - begin_ns < (uint64_t)CLIENT_WAIT_MS * 1000000u);
        struct pollfd pollers[] = {{is_line_open ? line : -1, POLLIN, 0},
                                   {is_head_open ? head : -1, POLLIN, 0},
                                   {is_body_open ? body : -1, POLLIN, 0}};
        assert_true(poll(pollers, 3, 20) >= 0);
        is_line_open = is_line_open && pollers[0].revents == 0 && http_send(line, "G", 1);
        is_head_open = is_head_open && pollers[1].revents == 0 && http_send(head, "x", 1);
        is_body_open = is_body_open && pollers[2].revents == 0 && http_send(body, "x", 1);
    }
    assert_true(http_is_closed_within(line, CLIENT_WAIT_MS));
    http_read(head, false, &answer);
    assert_int_equal(answer.status, 408);
    assert_problem(&answer, "timeout");
    http_read(body, false, &answer);
    assert_int_equal(answer.status, 408);
    close(line), close(head), close(body);

    /* A client that does not take its response is left, too: the server's end is closed while all
     * but what the sockets hold is still to be sent. */
    restart(&options);
    size_t before = count_descriptors();
    int reader = http_connect(port);
    http_send_text(reader, GET("/v1/large"));
    struct pollfd poller = {.fd = reader, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, CLIENT_WAIT_MS), 1);
    begin_ns = au_clock_ns();
    while (count_descriptors() > before + 1) {
        assert_true(au_clock_ns() - begin_ns < (uint64_t)CLIENT_WAIT_MS * 1000000u);
        http_sleep_ms(20);
    }
    char piece[65536];
    size_t size = 0;
    for (size_t got; (got = http_receive(reader, piece, sizeof(piece))) > 0;)
        size += got;
    assert_true(size < 4u << 20);
    close(reader);
}

static void test_oversized_heads(void **state)
{
    (void)state;
    static const struct {
        size_t size;
        int status;
        bool is_ours; /* has a problem document */
    } cases[] = {{4000, 404, true}, {9000, 431, true}, {60000, 0, false}, {4000000, 0, false}};
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        for (int is_header = 0; is_header < 2; is_header++) {
            struct http_answer answer;
            char *filler = malloc(cases[i].size + 1);
            assert_non_null(filler);
            memset(filler, 'a', cases[i].size);
            filler[cases[i].size] = 0;
            int fd = http_connect(port);
            http_send_text(fd, is_header ? "GET /v1/none HTTP/1.1\r\n" HOST "X: " : "GET /");
            http_send_text(fd, filler);
            http_send_text(fd, is_header ? "\r\n\r\n" : " HTTP/1.1\r\n" HOST "\r\n");
            char byte;
            if (cases[i].is_ours) {
                http_read(fd, false, &answer);
                assert_int_equal(answer.status, cases[i].status);
                assert_problem(&answer, answer.status == 404 ? "no-route" : "headers-too-large");
            } else {
                while (recv(fd, &byte, 1, 0) > 0)
                    ;
            }
            close(fd);
            free(filler);
        }
    }
    struct http_answer answer;
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 200);
}

static void test_garbage(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
#define CASE(text) {text, sizeof(text) - 1}
        CASE("\r\n\r\n\r\n\r\n"),
        CASE("\0\0\0\0\0\0\0\0\r\n\r\n"),
        CASE("GET /v1/st\0atus HTTP/1.1\r\n" HOST "\r\n"),
        CASE("GET /v1/status HTTP/1.1\r\nHost: a\0b\r\n\r\n"),
        CASE("GET /v1/status HTTP/1.1\r\n\r\n"),
        CASE("GET /v1/status HTTP/9.9\r\n" HOST "\r\n"),
        CASE("GET /v1/status\r\n\r\n"),
        CASE("GET\r\n\r\n"),
        CASE("GET /v1/status HTTP/1.1\r\n: x\r\n no\r\n\r\n"),
        CASE("GET http://x/v1/status HTTP/1.1\r\n" HOST "\r\n"),
        CASE("OPTIONS * HTTP/1.1\r\n" HOST "\r\n"),
        CASE("CONNECT x:1 HTTP/1.1\r\n" HOST "\r\n"),
        CASE("POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n"),
        CASE("POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n"),
        CASE("POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nabcdef\r\n\r\n"),
        CASE("POST /v1/echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\nabc"),
        CASE("POST /v1/echo HTTP/1.1\r\n" HOST
             "Transfer-Encoding: chunked\r\n\r\nffffffffffffffffff\r\nabc"),
        CASE("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
        CASE("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
#undef CASE
    };
    /* The end of what a client sends is not always noticed before the idle deadline. */
    struct au_server_options options = usual();
    options.idle_timeout_ms = 200;
    options.request_timeout_ms = 200;
    restart(&options);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        int fd = http_connect(port);
        assert_true(http_send(fd, cases[i].text, cases[i].size));
        shutdown(fd, SHUT_WR);
        char piece[4096];
        size_t size = 0;
        for (size_t got; (got = http_receive(fd, piece, sizeof(piece))) > 0;)
            size += got;
        assert_true(size < 4096);
        close(fd);
        struct http_answer answer;
        http_ask(port, GET("/v1/status"), &answer);
        assert_int_equal(answer.status, 200);
    }
}

static void test_endless_bodies(void **state)
{
    (void)state;
    int fd = http_connect(port);
    http_send_text(fd, "POST /v1/small HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n");
    char chunk[4 + 2 + 0xfff + 2 + 1];
    memset(chunk, 'x', sizeof(chunk));
    memcpy(chunk, "0fff\r\n", 6);
    memcpy(chunk + 6 + 0xfff, "\r\n", 2);
    size_t sent_size = 0;
    while (http_send(fd, chunk, 6 + 0xfff + 2)) {
        sent_size += 0xfff;
        assert_true(sent_size < 64u << 20);
    }
    close(fd);

    /* Bodies of all requests together have a bound as well. */
    struct au_server_options options = usual();
    options.body_memory_max = 1u << 20;
    restart(&options);
    struct http_answer answer;
    char body[65536] = {0};
    int big = http_connect(port);
    http_send_text(big, "POST /v1/size HTTP/1.1\r\n" HOST "Content-Length: 2097152\r\n\r\n");
    for (int i = 0; i < 32; i++)
        assert_true(http_send(big, body, sizeof(body)));
    http_read(big, false, &answer);
    assert_int_equal(answer.status, 503);
    assert_problem(&answer, "unavailable");
    assert_string_equal(http_header(&answer, "Retry-After"), "1");
    http_send_text(big, "POST /v1/size HTTP/1.1\r\n" HOST "Content-Length: 1048576\r\n\r\n");
    for (int i = 0; i < 16; i++)
        assert_true(http_send(big, body, sizeof(body)));
    http_read(big, false, &answer);
    assert_int_equal(answer.status, 200);
    close(big);
}

static void test_idle_crowd_is_pushed_out(void **state)
{
    (void)state;
    enum { MAX = 50, CROWD = 120 };
    struct http_answer answer;
    struct au_server_options options = usual();
    options.connection_max = MAX;
    restart(&options);
    int crowd[CROWD];
    int waiting = http_connect(port);
    http_send_text(waiting, GET("/v1/wait?ms=9000"));
    await_count(&left.pending_count, 1);
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = http_connect(port);
        if (i % 2) http_send_text(crowd[i], "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Le");
        if (i % 3 == 0) http_sleep_ms(1);
    }
    http_ask(port, "POST /v1/echo HTTP/1.1\r\n" HOST "Content-Length: 6\r\n\r\ndeploy", &answer);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer.body, "deploy");
    left.pending_count = 0;
    answer_pending(left.pending[0], "still here");
    http_read(waiting, false, &answer);
    assert_string_equal(answer.body, "still here");
    close(waiting);
    size_t open_count = 0;
    for (size_t i = 0; i < CROWD; i++) {
        open_count += !http_is_closed_within(crowd[i], 0);
        close(crowd[i]);
    }
    assert_true(open_count <= MAX);
    assert_true(open_count > 0);
}

static void test_busy_crowd(void **state)
{
    (void)state;
    enum { MAX = 8 };
    struct http_answer answer;
    struct au_server_options options = usual();
    options.connection_max = MAX;
    restart(&options);
    int crowd[MAX];
    for (size_t i = 0; i < MAX; i++) {
        crowd[i] = http_connect(port);
        http_send_text(crowd[i], GET("/v1/wait?ms=9000"));
        await_count(&left.pending_count, i + 1);
    }
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 503);
    assert_problem(&answer, "too-many-connections");
    for (size_t i = 0; i < MAX; i++)
        close(crowd[i]);
}

static void test_connects_and_leaves(void **state)
{
    (void)state;
    struct http_answer answer;
    struct linger hard = {.l_onoff = 1, .l_linger = 0};
    for (unsigned i = 0; i < 3000; i++) {
        int fd = http_connect(port);
        if (i % 3 == 1) http_send_text(fd, GET("/v1/status"));
        if (i % 3 == 2) http_send_text(fd, "POST /v1/echo HTTP/1.1\r\nContent-Length: 5\r\n\r\na");
        if (i % 2) setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
        close(fd);
    }
    http_ask(port, GET("/v1/status"), &answer);
    assert_int_equal(answer.status, 200);
}

int main(void)
{
#define SERVER_TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        SERVER_TEST(test_answers),
        SERVER_TEST(test_refuses),
        SERVER_TEST(test_keeps_alive_after_refusal),
        SERVER_TEST(test_pipelining),
        SERVER_TEST(test_large_bodies),
        SERVER_TEST(test_waiting),
        SERVER_TEST(test_deadline),
        SERVER_TEST(test_race_with_deadline),
        SERVER_TEST(test_client_leaves_while_waiting),
        SERVER_TEST(test_slow_handlers),
        SERVER_TEST(test_stream),
        SERVER_TEST(test_stream_lagged),
        SERVER_TEST(test_port_taken),
        SERVER_TEST(test_restart_on_same_port),
        SERVER_TEST(test_stop_gives_pending),
        SERVER_TEST(test_slow_requests_end),
        SERVER_TEST(test_oversized_heads),
        SERVER_TEST(test_garbage),
        SERVER_TEST(test_endless_bodies),
        SERVER_TEST(test_idle_crowd_is_pushed_out),
        SERVER_TEST(test_busy_crowd),
        SERVER_TEST(test_connects_and_leaves),
    };
    return cmocka_run_group_tests_name("api/server", tests, NULL, NULL);
}
