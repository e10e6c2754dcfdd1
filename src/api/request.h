/* An HTTP request as a handler sees it: whole, checked, borrowed.
 *
 * Invariants:
 *   1. method is never HEAD, OPTIONS or OTHER: the server answers these, HEAD by the GET handler.
 *   2. Query names and values are percent-decoded, without control characters.
 *   3. All memory belongs to the server and lives until the handler returns.
 *
 * Threading: read by the one thread that runs the handler. */
#ifndef AUREON_API_REQUEST_H
#define AUREON_API_REQUEST_H

#include "api/route.h"

#define AU_REQUEST_QUERY_MAX 64
#define AU_REQUEST_ID_SIZE   32 /* bytes with the end */

struct au_connection;

struct au_request_query {
    struct au_bytes name;
    struct au_bytes value; /* empty for `name` and `name=` alike */
};

struct au_request {
    enum au_method method;
    bool is_head;                /* the client sees headers only */
    char id[AU_REQUEST_ID_SIZE]; /* the Request-Id of the answer */
    struct au_bytes path;        /* without query */
    struct au_route_match match;
    struct au_bytes body; /* whole; empty when there is none */
    size_t query_count;
    struct au_request_query query[AU_REQUEST_QUERY_MAX]; /* in the order of the request */
    struct au_connection *connection;                    /* the server's */
};

/* au_request_parse_target splits `path?query` and decodes the query in place: `%` needs two hex
 * digits, `+` is a space. The fields path, query_count and query then borrow target.
 *
 * OK
 * MALFORMED   a bad escape, a control character (escaped or not), or a name that is empty
 * TOO_LARGE   more than AU_REQUEST_QUERY_MAX parameters */
AU_MUST_USE enum au_err au_request_parse_target(struct au_request *request, char *target);

/* au_request_query finds the first parameter of the query with this name; false: there is none.
 * Parameters that may be repeated are read from the array. */
bool au_request_query(const struct au_request *request, const char *name,
                      struct au_bytes *out_value);

/* What the headers say about where the body ends. Zero-initialise. A request is framed in one way
 * or not at all: what two servers in a row read in two ways hides a second request in the first. */
struct au_framing {
    unsigned length_count;   /* Content-Length headers */
    unsigned encoding_count; /* Transfer-Encoding headers */
    bool is_expecting;       /* a 100 Continue */
    struct au_bytes length;  /* the last of each */
    struct au_bytes encoding;
};

/* au_framing_note takes a header into account; value is borrowed. */
void au_framing_note(struct au_framing *framing, const char *name, const char *value);

/* au_framing_check tells whether there is at most one Content-Length, a number, or one
 * Transfer-Encoding, which is chunked.
 *
 * out_length   0 without a Content-Length */
bool au_framing_check(const struct au_framing *framing, uint64_t *out_length);

/* au_request_has_media_type tells whether the Content-Type is this one, whatever its case and
 * parameters: "application/json" fits "Application/JSON; charset=utf-8". */
bool au_request_has_media_type(const struct au_request *request, const char *media_type);

/* au_request_param gives a parameter of the route's pattern; see au_route_param. */
static inline struct au_bytes au_request_param(const struct au_request *request, const char *name)
{
    return au_route_param(&request->match, name);
}

/* au_request_header gives a header's first value, its name in any case; false: there is none. It is
 * api/server.c's: only a request of a server has headers. */
bool au_request_header(const struct au_request *request, const char *name,
                       struct au_bytes *out_value);

#endif
