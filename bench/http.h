/* HTTP/1.1 for benchmarks: connections that are kept open, one request at a time on each. Whatever
 * goes wrong, or is not answered as expected, ends the program.
 *
 * Threading: a connection belongs to one thread. */
#ifndef AUREON_BENCH_HTTP_H
#define AUREON_BENCH_HTTP_H

#include "text.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define BENCH_CONNS_MAX 64u /* driven at once */

/* ---- connections ---- */

struct bench_conn {
    int fd;
    struct au_buf in;     /* the response, as far as it has arrived */
    size_t head_size;     /* of the response; 0: not all there */
    struct au_bytes body; /* of a response that is all there, in `in` */
    const char *expected; /* what the body must have */
    bool is_asked;        /* a response will come */
};

/* false: nothing listens there. */
static inline bool bench_conn_try(struct bench_conn *conn, uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    int one = 1;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    *conn = (struct bench_conn){.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
    if (conn->fd < 0 || connect(conn->fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        setsockopt(conn->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0) {
        if (conn->fd >= 0) (void)close(conn->fd);
        return false;
    }
    au_buf_init(&conn->in, 4u << 20);
    return true;
}

static inline void bench_conn_open(struct bench_conn *conn, uint16_t port)
{
    if (!bench_conn_try(conn, port)) bench_fail("cannot connect: %s", strerror(errno));
}

static inline void bench_conn_close(struct bench_conn *conn)
{
    (void)close(conn->fd);
    au_buf_done(&conn->in);
}

static inline void bench_send(struct bench_conn *conn, struct au_bytes request,
                              const char *expected)
{
    au_buf_clear(&conn->in);
    conn->head_size = 0;
    conn->expected = expected;
    conn->is_asked = true;
    while (request.size > 0) {
        ssize_t size = send(conn->fd, request.data, request.size, MSG_NOSIGNAL);
        if (size < 0 && errno == EINTR) continue;
        if (size <= 0) bench_fail("cannot send: %s", strerror(errno));
        request = (struct au_bytes){request.data + size, request.size - (size_t)size};
    }
}

/* Takes what has arrived. Returns whether the response is all there; it is checked then. */
static inline bool bench_receive(struct bench_conn *conn)
{
    const size_t piece = 65536;
    uint8_t *to = au_buf_reserve(&conn->in, piece);
    AU_ASSERT(to);
    ssize_t size = recv(conn->fd, to, piece, 0);
    if (size < 0 && errno == EINTR) return false;
    if (size <= 0) bench_fail("the node closed a connection");
    conn->in.size += (size_t)size;
    struct au_bytes all = au_buf_bytes(&conn->in);
    if (conn->head_size == 0) {
        struct au_bytes rest = bench_text_after(all, "\r\n\r\n");
        if (rest.data == NULL) return false;
        conn->head_size = all.size - rest.size;
    }
    struct au_bytes head = {all.data, conn->head_size};
    conn->body = (struct au_bytes){all.data + conn->head_size, all.size - conn->head_size};
    /* Each server writes the name in its own way. */
    const char *size_name =
        bench_has_text(head, "Content-Length:") ? "Content-Length:" : "content-length:";
    if (conn->body.size < bench_number_after(head, size_name)) return false;
    if (bench_number_after(head, "HTTP/1.1 ") != 200 ||
        !bench_has_text(conn->body, conn->expected)) {
        bench_fail("expected 200 and %s, got: %.*s", conn->expected, (int)all.size,
                   (const char *)all.data);
    }
    conn->is_asked = false;
    return true;
}

/* Sends a request and waits for the response, of which this is the body, valid until the next
 * request. It must have status 200 and the expected text. */
static inline struct au_bytes bench_ask(struct bench_conn *conn, struct au_bytes request,
                                        const char *expected)
{
    bench_send(conn, request, expected);
    while (!bench_receive(conn)) {
    }
    return conn->body;
}

static inline void bench_put_get(struct au_buf *out, const char *target)
{
    au_buf_printf(out, "GET %s HTTP/1.1\r\nHost: node\r\n\r\n", target);
}

static inline void bench_put_post(struct au_buf *out, const char *target, const char *media_type,
                                  struct au_bytes body)
{
    au_buf_printf(out,
                  "POST %s HTTP/1.1\r\nHost: node\r\nContent-Type: %s\r\n"
                  "Content-Length: %zu\r\n\r\n",
                  target, media_type, body.size);
    au_buf_put_bytes(out, body);
    AU_ASSERT(out->err == AU_OK);
}

static inline struct au_bytes bench_ask_get(struct bench_conn *conn, const char *target,
                                            const char *expected)
{
    struct au_buf request;
    au_buf_init(&request, 4096);
    bench_put_get(&request, target);
    struct au_bytes body = bench_ask(conn, au_buf_bytes(&request), expected);
    au_buf_done(&request);
    return body;
}

/* ---- many connections ---- */

/* Sends a connection's next request; the response before, if there was one, is in conn. false:
 * there is none. */
typedef bool bench_next(void *context, size_t index, struct bench_conn *conn);

static inline void bench_drive(struct bench_conn *conns, size_t count, bench_next *next,
                               void *context)
{
    struct epoll_event events[BENCH_CONNS_MAX];
    size_t open_count = 0;
    int poll = epoll_create1(EPOLL_CLOEXEC);
    AU_ASSERT(poll >= 0 && count <= BENCH_CONNS_MAX);
    for (size_t i = 0; i < count; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = i};
        AU_ASSERT(epoll_ctl(poll, EPOLL_CTL_ADD, conns[i].fd, &event) == 0);
        if (next(context, i, &conns[i])) open_count++;
    }
    while (open_count > 0) {
        int ready = epoll_wait(poll, events, (int)count, -1);
        if (ready < 0 && errno == EINTR) continue;
        AU_ASSERT(ready > 0);
        for (int k = 0; k < ready; k++) {
            size_t i = (size_t)events[k].data.u64;
            if (!conns[i].is_asked) bench_fail("the node closed a connection, or says too much");
            if (bench_receive(&conns[i]) && !next(context, i, &conns[i])) open_count--;
        }
    }
    (void)close(poll);
}

#endif
