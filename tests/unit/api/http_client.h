/* A client of the server tests that sends what it is told, byte by byte, over a real socket. */
#ifndef AUREON_TESTS_API_HTTP_CLIENT_H
#define AUREON_TESTS_API_HTTP_CLIENT_H

#include "unit/unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>

#include "api/server.h"
#include "base/clock.h"

#define CLIENT_WAIT_MS 10000 /* nothing of these tests takes as long */

struct http_answer {
    int status; /* 0: the server closed without an answer */
    char head[8192];
    char body[65536]; /* the first bytes */
    size_t body_size; /* all of them */
};

static inline int http_connect(uint16_t port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port)};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    int yes = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
    assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    return fd;
}

/* false: the server has closed. */
static inline bool http_send(int fd, const void *data, size_t size)
{
    const char *rest = data;
    while (size > 0) {
        ssize_t sent = send(fd, rest, size, MSG_NOSIGNAL);
        if (sent <= 0) return false;
        rest += sent;
        size -= (size_t)sent;
    }
    return true;
}

static inline bool http_send_text(int fd, const char *text)
{
    return http_send(fd, text, strlen(text));
}

/* The number of bytes, 0 at the end of the connection; fails when nothing comes. */
static inline size_t http_receive(int fd, char *out, size_t size)
{
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    assert_int_equal(poll(&poller, 1, CLIENT_WAIT_MS), 1);
    ssize_t received = recv(fd, out, size, 0);
    return received > 0 ? (size_t)received : 0;
}

static inline bool http_is_closed_within(int fd, int timeout_ms)
{
    char byte;
    struct pollfd poller = {.fd = fd, .events = POLLIN};
    if (poll(&poller, 1, timeout_ms) == 0) return false;
    return recv(fd, &byte, 1, 0) <= 0;
}

/* The header's value, up to the line's end, in a buffer of its own; NULL: not there. */
static inline const char *http_header(const struct http_answer *answer, const char *name)
{
    static char value[512];
    size_t name_size = strlen(name);
    for (const char *line = strstr(answer->head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, name_size) != 0 || line[2 + name_size] != ':') continue;
        const char *begin = line + 2 + name_size + 1;
        begin += strspn(begin, " ");
        size_t size = strcspn(begin, "\r");
        assert_true(size < sizeof(value));
        memcpy(value, begin, size);
        value[size] = 0;
        return value;
    }
    return NULL;
}

/* Reads one answer with a Content-Length, byte by byte up to the body: pipelined ones stay. */
static inline void http_read(int fd, bool is_head, struct http_answer *out)
{
    memset(out, 0, sizeof(*out));
    size_t size = 0;
    while (!strstr(out->head, "\r\n\r\n")) {
        assert_true(size + 1 < sizeof(out->head));
        if (http_receive(fd, out->head + size, 1) == 0) return;
        size++;
    }
    assert_int_equal(sscanf(out->head, "HTTP/1.1 %d ", &out->status), 1);
    unsigned long length = 0;
    const char *length_text = http_header(out, "Content-Length");
    if (!is_head && length_text) assert_int_equal(sscanf(length_text, "%lu", &length), 1);
    while (out->body_size < length) {
        char piece[16384];
        size_t wanted = length - out->body_size;
        size_t got = http_receive(fd, piece, wanted < sizeof(piece) ? wanted : sizeof(piece));
        assert_true(got > 0);
        for (size_t i = 0; i < got && out->body_size + i + 1 < sizeof(out->body); i++)
            out->body[out->body_size + i] = piece[i];
        out->body_size += got;
    }
}

/* One request on a connection of its own. */
static inline void http_ask(uint16_t port, const char *text, struct http_answer *out)
{
    int fd = http_connect(port);
    http_send_text(fd, text);
    http_read(fd, strncmp(text, "HEAD ", 5) == 0, out);
    close(fd);
}

static inline void http_sleep_ms(unsigned ms)
{
    usleep(ms * 1000);
}

/* Reads until text has come; false: the connection ended before. */
static inline bool http_read_until(int fd, const char *text, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    while (!strstr(out, text)) {
        assert_true(used + 1 < size);
        size_t got = http_receive(fd, out + used, size - used - 1);
        if (got == 0) return false;
        used += got;
        out[used] = 0;
    }
    return true;
}

#endif
