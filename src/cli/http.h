/* One HTTP request and its answer, within bounds of size and time.
 *
 * A node is spoken to directly: no proxy, no redirect, no cookie, http and https alone. Bodies are
 * not compressed.
 *
 * Threading: one request at a time in the process. */
#ifndef AUREON_CLI_HTTP_H
#define AUREON_CLI_HTTP_H

#include "base/buf.h"

#define AU_HTTP_TIMEOUT_CONNECT_MS 5000u

struct au_http_request {
    const char *method;       /* "GET", "POST", ... */
    const char *url;          /* in full */
    const char *content_type; /* of the body; NULL: there is no body */
    struct au_bytes body;
    uint32_t timeout_ms; /* for all of it; > 0 */
};

struct au_http_answer {
    uint32_t status;    /* 100..999 */
    struct au_buf body; /* the caller's: initialised with its bound, and done by it */
};

enum au_http_end {
    AU_HTTP_ANSWERED,    /* whatever the status */
    AU_HTTP_UNREACHABLE, /* no connection, or it broke off before the answer was complete */
    AU_HTTP_TIMED_OUT,   /* after the connection was made */
    AU_HTTP_TOO_LARGE,   /* the answer is larger than the body's bound */
    AU_HTTP_BAD_URL,     /* not a URL, or of another protocol */
    AU_HTTP_FAILED,      /* out of memory, or something else on this side */
};

/* au_http_send sends a request and waits for the answer.
 *
 * answer     body empty; of use on ANSWERED only
 * message    gets a sentence unless ANSWERED */
AU_MUST_USE enum au_http_end au_http_send(const struct au_http_request *request,
                                          struct au_http_answer *answer, struct au_buf *message);

/* au_http_put_query writes text so that it can stand in a path or query: all but letters, digits
 * and - . _ ~ as %XX. */
void au_http_put_query(struct au_buf *url, struct au_bytes text);

#endif
