/* What the server answers by itself: refusals, and OPTIONS. Each of these replaces what the
 * response said before.
 *
 * Threading: that of the response. */
#ifndef AUREON_API_REFUSAL_H
#define AUREON_API_REFUSAL_H

#include "api/request.h"
#include "api/response.h"

/* au_refuse makes the response this problem and nothing else. */
void au_refuse(struct au_response *response, const struct au_problem *problem);

/* au_refuse_with is au_refuse for a code with a detail (NULL: the table's sentence). */
void au_refuse_with(struct au_response *response, enum au_problem_code code, const char *detail);

/* au_refuse_full is au_refuse_with for what may succeed in a second: it says so by Retry-After. */
void au_refuse_full(struct au_response *response, enum au_problem_code code, const char *detail);

void au_refuse_stopping(struct au_response *response);

/* au_refuse_route tells why a path has no handler; result is not FOUND. */
void au_refuse_route(struct au_response *response, struct au_route_table routes,
                     const struct au_request *request, enum au_route_result result);

/* au_refuse_size tells of something too large. got_size 0: not known. */
void au_refuse_size(struct au_response *response, enum au_problem_code code, size_t size_max,
                    uint64_t got_size);

/* au_answer_options lists the methods; is_shared adds what a browser asks before a request from
 * another origin. */
void au_answer_options(struct au_response *response, unsigned methods, bool is_shared);

/* au_put_bare writes a problem as a whole HTTP response that closes the connection. */
void au_put_bare(struct au_buf *buf, const struct au_problem *problem, const char *instance);

#endif
