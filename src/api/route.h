/* Which handler answers a request: one table of methods and path patterns.
 *
 *     {AU_METHOD_GET, "/v1/account/{address}/proof", .handle = get_account_proof},
 *
 * A pattern is a path of segments, each a literal or a parameter in braces. A parameter takes any
 * one segment that is not empty. The first row that fits wins. A row with has_alias answers also
 * without its leading "/v1".
 *
 * Paths are matched byte by byte: case counts, a last slash counts, and percent escapes are refused
 * since no name in a path of ours needs one.
 *
 * Threading: pure functions; a table is constant. */
#ifndef AUREON_API_ROUTE_H
#define AUREON_API_ROUTE_H

#include "base/buf.h"

#define AU_ROUTE_PARAMS_MAX 4

struct au_request;
struct au_response;

/* Methods are a mask, so that a route can take several. */
enum au_method {
    AU_METHOD_GET = 1, /* a route that takes GET takes HEAD */
    AU_METHOD_POST = 2,
    AU_METHOD_PUT = 4,
    AU_METHOD_DELETE = 8,
    AU_METHOD_HEAD = 16,
    AU_METHOD_OPTIONS = 32, /* every route takes it */
    AU_METHOD_OTHER = 64,   /* no route takes it */
};

typedef void au_route_handle(void *context, const struct au_request *request,
                             struct au_response *response);

struct au_route {
    unsigned methods;      /* of GET, POST, PUT, DELETE */
    const char *pattern;   /* begins with a slash */
    bool has_alias;        /* begins with "/v1/" and answers without it too */
    bool is_slow;          /* takes more than a few hundred microseconds: see api/server.h */
    const char *slow_name; /* the parameter of a query that makes it slow; NULL: none does */
    size_t body_size_max;  /* 0: the server's default */
    au_route_handle *handle;
    const char *summary; /* one line for the API page; NULL: none */
};

struct au_route_table {
    const struct au_route *routes;
    size_t count;
};

struct au_route_param {
    struct au_bytes name;  /* of the pattern, without braces */
    struct au_bytes value; /* of the path */
};

struct au_route_match {
    const struct au_route *route;
    size_t param_count;
    struct au_route_param params[AU_ROUTE_PARAMS_MAX];
    unsigned methods; /* all that this path takes, by any row, with HEAD and OPTIONS */
};

enum au_route_result {
    AU_ROUTE_FOUND,
    AU_ROUTE_NO_PATH,    /* no row has this path */
    AU_ROUTE_NO_METHOD,  /* rows have this path, but not for this method: methods tells which */
    AU_ROUTE_HAS_ESCAPE, /* the path has a percent sign */
};

/* au_method_parse gives the method of a request line, AU_METHOD_OTHER for one that is not above. */
enum au_method au_method_parse(const char *text);

/* au_route_check tells whether a table is well formed: patterns as above, parameters at most
 * AU_ROUTE_PARAMS_MAX, handlers there. The server asserts it once. */
bool au_route_check(struct au_route_table table);

/* au_route_match finds the row for a path without query.
 *
 * path        lives as long as out_match is used
 * out_match   params and route are set for AU_ROUTE_FOUND; methods for NO_METHOD too
 *
 * Cost: linear in the table; a row that does not fit costs a few comparisons. */
enum au_route_result au_route_match(struct au_route_table table, enum au_method method,
                                    struct au_bytes path, struct au_route_match *out_match);

/* au_route_param gives a parameter of the matched pattern by its name. A name that the pattern does
 * not have is a bug of the caller. */
struct au_bytes au_route_param(const struct au_route_match *match, const char *name);

/* au_route_nearest gives the pattern that was probably meant by a path which no row has; NULL if
 * none is near. Cost: quadratic in the size of segments, so for answers with 404 only. */
const char *au_route_nearest(struct au_route_table table, struct au_bytes path);

/* au_method_put_list writes a mask for the Allow header: "GET, HEAD, OPTIONS". */
void au_method_put_list(struct au_buf *buf, unsigned methods);

#endif
