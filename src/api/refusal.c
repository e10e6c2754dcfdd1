#include "api/refusal.h"

#define DOCUMENT_SIZE_MAX 8192u /* a problem's text, each byte of it escaped */

void au_refuse(struct au_response *response, const struct au_problem *problem)
{
    au_response_clear(response);
    au_response_put_problem(response, problem);
}

void au_refuse_with(struct au_response *response, enum au_problem_code code, const char *detail)
{
    struct au_problem problem;
    au_problem_init(&problem, code);
    if (detail) au_problem_set(&problem, "detail", "%s", detail);
    au_refuse(response, &problem);
}

void au_refuse_full(struct au_response *response, enum au_problem_code code, const char *detail)
{
    au_refuse_with(response, code, detail);
    au_response_put_header(response, "Retry-After", "1");
}

void au_refuse_stopping(struct au_response *response)
{
    au_refuse_with(response, AU_PROBLEM_UNAVAILABLE, "the node is stopping");
}

static void put_allow(struct au_response *response, const char *name, unsigned methods)
{
    struct au_buf list;
    au_buf_init(&list, 128);
    au_method_put_list(&list, methods);
    au_response_put_header(response, name, "%.*s", (int)list.size, (const char *)list.data);
    au_buf_done(&list);
}

static void refuse_path(struct au_response *response, struct au_route_table routes,
                        struct au_bytes path)
{
    struct au_problem problem;
    const char *nearest = au_route_nearest(routes, path);
    au_problem_init(&problem, AU_PROBLEM_NO_ROUTE);
    au_problem_set(&problem, "got", "%.*s", (int)path.size, (const char *)path.data);
    if (nearest) au_problem_set(&problem, "nearest", "%s", nearest);
    au_refuse(response, &problem);
}

void au_refuse_route(struct au_response *response, struct au_route_table routes,
                     const struct au_request *request, enum au_route_result result)
{
    AU_ASSERT(result != AU_ROUTE_FOUND);
    if (result == AU_ROUTE_NO_PATH) {
        refuse_path(response, routes, request->path);
    } else if (result == AU_ROUTE_NO_METHOD) {
        au_refuse_with(response, AU_PROBLEM_METHOD_NOT_ALLOWED, NULL);
        put_allow(response, "Allow", request->match.methods);
    } else {
        au_refuse_with(response, AU_PROBLEM_BAD_VALUE,
                       "percent escapes are taken in the query only");
    }
}

void au_refuse_size(struct au_response *response, enum au_problem_code code, size_t size_max,
                    uint64_t got_size)
{
    struct au_problem problem;
    au_problem_init(&problem, code);
    au_problem_set(&problem, "expected", "at most %zu bytes", size_max);
    if (got_size > 0) au_problem_set(&problem, "got", "%llu bytes", (unsigned long long)got_size);
    au_refuse(response, &problem);
}

void au_answer_options(struct au_response *response, unsigned methods, bool is_shared)
{
    au_response_clear(response);
    au_response_set(response, 204, NULL);
    put_allow(response, "Allow", methods);
    if (!is_shared) return;
    put_allow(response, "Access-Control-Allow-Methods", methods);
    au_response_put_header(response, "Access-Control-Allow-Headers", "Content-Type, Last-Event-ID");
    au_response_put_header(response, "Access-Control-Max-Age", "600");
}

void au_put_bare(struct au_buf *buf, const struct au_problem *problem, const char *instance)
{
    const struct au_problem_kind *kind = au_problem_kind(problem->code);
    struct au_buf body;
    au_buf_init(&body, DOCUMENT_SIZE_MAX);
    au_problem_write(problem, instance, &body);
    au_buf_printf(buf,
                  "HTTP/1.1 %d %s\r\nContent-Type: " AU_PROBLEM_MEDIA_TYPE
                  "\r\nContent-Length: %zu\r\nRequest-Id: %s\r\nConnection: close\r\n\r\n",
                  kind->status, kind->title, body.size, instance);
    au_buf_put_bytes(buf, au_buf_bytes(&body));
    if (body.err != AU_OK) buf->err = body.err;
    au_buf_done(&body);
}
