#include "api/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#define BACKLOG_MAX 1024 /* connections that the system accepts ahead */

union socket_address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, uint16_t port, union socket_address *out_address,
                          socklen_t *out_size)
{
    *out_address = (union socket_address){0};
    if (inet_pton(AF_INET, text, &out_address->v4.sin_addr) == 1) {
        out_address->v4.sin_family = AF_INET;
        out_address->v4.sin_port = htons(port);
        *out_size = sizeof(out_address->v4);
        return true;
    }
    *out_address = (union socket_address){0};
    out_address->v6.sin6_family = AF_INET6;
    out_address->v6.sin6_port = htons(port);
    *out_size = sizeof(out_address->v6);
    return inet_pton(AF_INET6, text, &out_address->v6.sin6_addr) == 1;
}

static enum au_listen_result result_of(int error)
{
    switch (error) {
    case 0: return AU_LISTEN_OK;
    case EADDRINUSE: return AU_LISTEN_PORT_TAKEN;
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT: return AU_LISTEN_NO_ADDRESS;
    case EACCES: return AU_LISTEN_DENIED;
    default: return AU_LISTEN_FAILED;
    }
}

/* 0, or errno of what failed. */
static int bind_and_listen(int fd, union socket_address *address, socklen_t *size)
{
    int yes = 1;
    /* Connections of an earlier run that are still dying do not keep the port; a listener does. */
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) != 0 ||
        bind(fd, &address->any, *size) != 0 || listen(fd, BACKLOG_MAX) != 0 ||
        getsockname(fd, &address->any, size) != 0)
        return errno;
    return 0;
}

enum au_listen_result au_listen(const char *address_text, uint16_t port, int *out_fd,
                                uint16_t *out_port)
{
    union socket_address address;
    socklen_t size = 0;
    if (!parse_address(address_text, port, &address, &size)) return AU_LISTEN_BAD_ADDRESS;
    int fd = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) return result_of(errno);
    int error = bind_and_listen(fd, &address, &size);
    if (error != 0) {
        close(fd);
        return result_of(error);
    }
    *out_fd = fd;
    *out_port =
        ntohs(address.any.sa_family == AF_INET ? address.v4.sin_port : address.v6.sin6_port);
    return AU_LISTEN_OK;
}
