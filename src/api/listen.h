/* The socket that an HTTP server listens on. */
#ifndef AUREON_API_LISTEN_H
#define AUREON_API_LISTEN_H

#include "base/base.h"

enum au_listen_result {
    AU_LISTEN_OK,
    AU_LISTEN_BAD_ADDRESS, /* the text is no numeric address */
    AU_LISTEN_NO_ADDRESS,  /* this machine does not have the address */
    AU_LISTEN_PORT_TAKEN,  /* somebody listens there */
    AU_LISTEN_DENIED,      /* a port below 1024 without the right to it */
    AU_LISTEN_FAILED,      /* descriptors or memory of the system */
};

/* au_listen opens a listening TCP socket that does not block and is closed by exec.
 *
 * address    a numeric address of either IP version
 * port       0: a free one
 * out_fd     owned by the caller
 * out_port   the port it got
 *
 * Threading: any thread. */
AU_MUST_USE enum au_listen_result au_listen(const char *address, uint16_t port, int *out_fd,
                                            uint16_t *out_port);

#endif
