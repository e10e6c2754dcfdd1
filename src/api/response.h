/* An HTTP response as a handler makes it.
 *
 * Invariants:
 *   1. A handler leaves a status of 200 or more, or it has opened a stream (api/server.h).
 *   2. Writers do not fail: a body above its bound or the heap becomes a problem document when it
 *      is sent, "internal" or "unavailable".
 *
 * Threading: one thread at a time: the handler's, later that of who claims it (api/server.h). */
#ifndef AUREON_API_RESPONSE_H
#define AUREON_API_RESPONSE_H

#include "api/problem.h"

#define AU_RESPONSE_HEADERS_MAX      8
#define AU_RESPONSE_HEADERS_SIZE_MAX 2048
#define AU_RESPONSE_BODY_SIZE_MAX    (64u << 20)

struct au_connection;

struct au_response {
    int status; /* 0: nothing said yet */
    struct au_buf body;
    const char *content_type; /* a literal; NULL: no Content-Type */
    size_t header_count;
    const char *header_names[AU_RESPONSE_HEADERS_MAX]; /* literals */
    size_t header_values[AU_RESPONSE_HEADERS_MAX];     /* offsets into header_text */
    struct au_buf header_text;                         /* each value with its end */
    const char *instance;             /* for problem documents: the Request-Id; borrowed */
    bool *is_handed_over;             /* the server's: the handler's caller must keep away */
    struct au_connection *connection; /* the server's */
};

void au_response_init(struct au_response *response);
void au_response_done(struct au_response *response);

/* au_response_clear forgets all but instance and what the server keeps there. */
void au_response_clear(struct au_response *response);

/* au_response_set says status and type; the body is then written to response->body. */
void au_response_set(struct au_response *response, int status, const char *content_type);

/* au_response_put_header adds a header: Location, ETag, Cache-Control, Retry-After. At most
 * AU_RESPONSE_HEADERS_MAX. Bytes of the value that a header may not have are left out.
 *
 * name   a literal */
AU_PRINTF(3, 4)
void au_response_put_header(struct au_response *response, const char *name, const char *format,
                            ...);

void au_response_put_header_u64(struct au_response *response, const char *name, uint64_t value);

/* au_response_header gives the value of the header with this index. */
const char *au_response_header(const struct au_response *response, size_t index);

/* au_response_put_problem makes the response this problem document. Headers already there stay. */
void au_response_put_problem(struct au_response *response, const struct au_problem *problem);

#endif
