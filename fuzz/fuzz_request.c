/* Fuzzes what a client's bytes go through before a handler sees them. The input:
 *
 *     method SP target, then header names and values, each ended by a zero byte
 *
 * A target that is read has a decoded query, which is encoded and read again to the same. The route
 * that is found is that of a matcher written from the words of api/route.h. Headers frame a body in
 * one way or not at all. Whatever the target was, a problem that speaks of it is one JSON object
 * with the members that were set. */
#include <stdlib.h>

#include "api/problem.h"
#include "api/request.h"
#include "base/json_in.h"
#include "base/utf8.h"
#include "fuzz.h"

#define WORD_SIZE_MAX    4096u /* bytes, with the end */
#define SEGMENTS_MAX     16u
#define METHODS_IN_ROUTE (AU_METHOD_GET | AU_METHOD_POST | AU_METHOD_PUT | AU_METHOD_DELETE)
#define DOCUMENT_MAX     (16u << 10) /* bytes */

/* ---- the table ------------------------------------------------------------------------------- */

/* No request is answered here: a handler is only told from another by its row. */
static void handle(void *context, const struct au_request *request, struct au_response *response)
{
    (void)context;
    (void)request;
    (void)response;
}

#define GET(...)                                                \
    {                                                           \
        .methods = AU_METHOD_GET, .handle = handle, __VA_ARGS__ \
    }
#define POST(...)                                                \
    {                                                            \
        .methods = AU_METHOD_POST, .handle = handle, __VA_ARGS__ \
    }

static const struct au_route routes[] = {
    GET(.pattern = "/"),
    GET(.pattern = "/v1/tx/{hash}", .has_alias = true),
    GET(.pattern = "/v1/tx/latest"),
    POST(.pattern = "/v1/tx", .has_alias = true),
    POST(.pattern = "/v1/tx/simulate"),
    GET(.pattern = "/v1/a/{b}/c/{d}/e/{f}/g/{h}", .has_alias = true),
    {.methods = AU_METHOD_GET | AU_METHOD_PUT | AU_METHOD_DELETE,
     .pattern = "/v1/{kind}/storage",
     .has_alias = true,
     .handle = handle},
    GET(.pattern = "/v1/account/"),
    GET(.pattern = "/docs/errors/{code}"),
    POST(.pattern = "/docs/errors/{word}"),
    GET(.pattern = "/{word}"),
    GET(.pattern = "/a//b"),
};

static const struct au_route_table table = {routes, AU_COUNT_OF(routes)};

/* ---- words ----------------------------------------------------------------------------------- */

/* Copies up to the next of two bytes, which is skipped; gives how many were copied. */
static size_t take_word(struct fuzz_input *input, uint8_t end, char out[WORD_SIZE_MAX])
{
    size_t size = 0;
    while (fuzz_left(input) > 0) {
        uint8_t byte = fuzz_u8(input);
        if (byte == 0 || byte == end) break;
        if (size < WORD_SIZE_MAX - 1) out[size++] = (char)byte;
    }
    out[size] = 0;
    return size;
}

static bool has_control(struct au_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < 0x20 || bytes.data[i] == 0x7f) return true;
    }
    return false;
}

/* ---- targets --------------------------------------------------------------------------------- */

static void put_encoded(struct au_buf *buf, struct au_bytes bytes)
{
    static const char digits[] = "0123456789aBcDeF";
    for (size_t i = 0; i < bytes.size; i++) {
        au_buf_put_u8(buf, '%');
        au_buf_put_u8(buf, (uint8_t)digits[bytes.data[i] >> 4]);
        au_buf_put_u8(buf, (uint8_t)digits[bytes.data[i] & 15u]);
    }
}

/* A name finds the first of its parameters. */
static void check_names(const struct au_request *request)
{
    static char name[WORD_SIZE_MAX];
    for (size_t i = 0; i < request->query_count; i++) {
        struct au_bytes wanted = request->query[i].name;
        struct au_bytes value = {0};
        size_t first = 0;
        AU_ASSERT(wanted.size < sizeof(name));
        memcpy(name, wanted.data, wanted.size);
        name[wanted.size] = 0;
        while (!au_bytes_is_equal(request->query[first].name, wanted)) {
            first++;
        }
        AU_ASSERT(au_request_query(request, name, &value));
        AU_ASSERT(value.data == request->query[first].value.data);
    }
}

static void check_again(const struct au_request *request)
{
    static struct au_request again;
    struct au_buf text;
    struct au_bytes value;
    au_buf_init(&text, (size_t)8 * WORD_SIZE_MAX);
    au_buf_put_text(&text, "/again?");
    for (size_t i = 0; i < request->query_count; i++) {
        put_encoded(&text, request->query[i].name);
        if (request->query[i].value.size > 0) au_buf_put_u8(&text, '=');
        put_encoded(&text, request->query[i].value);
        au_buf_put_u8(&text, '&');
    }
    au_buf_put_u8(&text, 0);
    AU_ASSERT(text.err == AU_OK);
    enum au_err err = au_request_parse_target(&again, (char *)text.data);
    AU_ASSERT(err == AU_OK);
    AU_ASSERT(again.query_count == request->query_count);
    for (size_t i = 0; i < request->query_count; i++) {
        AU_ASSERT(au_bytes_is_equal(again.query[i].name, request->query[i].name));
        AU_ASSERT(au_bytes_is_equal(again.query[i].value, request->query[i].value));
    }
    AU_ASSERT(!au_request_query(&again, "", &value));
    au_buf_done(&text);
}

static bool check_target(struct au_request *request, const char *target)
{
    static char copy[WORD_SIZE_MAX];
    size_t size = strlen(target);
    memcpy(copy, target, size + 1);
    enum au_err err = au_request_parse_target(request, copy);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED || err == AU_ERR_TOO_LARGE);
    if (err != AU_OK) return false;
    AU_ASSERT(request->query_count <= AU_REQUEST_QUERY_MAX);
    AU_ASSERT(request->path.size == strcspn(target, "?"));
    AU_ASSERT(au_bytes_is_equal(request->path,
                                (struct au_bytes){(const uint8_t *)target, request->path.size}));
    AU_ASSERT(!has_control(request->path));
    for (size_t i = 0; i < request->query_count; i++) {
        AU_ASSERT(request->query[i].name.size > 0);
        AU_ASSERT(!has_control(request->query[i].name));
        AU_ASSERT(!has_control(request->query[i].value));
    }
    check_names(request);
    check_again(request);
    return true;
}

/* ---- routes: a second matcher ---------------------------------------------------------------- */

struct segments {
    struct au_bytes all[SEGMENTS_MAX];
    size_t count;
};

/* Splits a path that begins with a slash; false: no pattern has so many segments. */
static bool split(struct au_bytes path, struct segments *out)
{
    out->count = 0;
    for (size_t i = 0; i < path.size; i++) {
        if (path.data[i] == '/') {
            if (out->count == SEGMENTS_MAX) return false;
            out->all[out->count++] = (struct au_bytes){path.data + i + 1, 0};
        } else {
            out->all[out->count - 1].size++;
        }
    }
    return true;
}

static bool is_param(struct au_bytes segment)
{
    return segment.size > 2 && segment.data[0] == '{';
}

static bool fits(const char *text, const struct segments *given)
{
    struct segments wanted;
    if (!split(au_bytes_of(text), &wanted) || wanted.count != given->count) return false;
    for (size_t i = 0; i < given->count; i++) {
        bool is_good = is_param(wanted.all[i]) ? given->all[i].size > 0
                                               : au_bytes_is_equal(wanted.all[i], given->all[i]);
        if (!is_good) return false;
    }
    return true;
}

static bool fits_route(const struct au_route *route, const struct segments *given)
{
    return fits(route->pattern, given) || (route->has_alias && fits(route->pattern + 3, given));
}

struct expected {
    enum au_route_result result;
    const struct au_route *route;
    unsigned methods;
};

static struct expected expect(enum au_method method, struct au_bytes path)
{
    struct expected expected = {.result = AU_ROUTE_NO_PATH};
    struct segments given;
    if (path.size == 0 || path.data[0] != '/') return expected;
    if (memchr(path.data, '%', path.size)) return (struct expected){.result = AU_ROUTE_HAS_ESCAPE};
    if (!split(path, &given)) return expected;
    for (size_t i = 0; i < table.count && !expected.route; i++) {
        unsigned methods = routes[i].methods;
        if (!fits_route(&routes[i], &given)) continue;
        if (methods & AU_METHOD_GET) methods |= AU_METHOD_HEAD;
        expected.methods |= methods | AU_METHOD_OPTIONS;
        expected.result = AU_ROUTE_NO_METHOD;
        if (methods & method) expected.route = &routes[i];
    }
    if (expected.route) expected.result = AU_ROUTE_FOUND;
    return expected;
}

static void check_params(const struct au_route_match *match, struct au_bytes path)
{
    AU_ASSERT(match->param_count <= AU_ROUTE_PARAMS_MAX);
    for (size_t i = 0; i < match->param_count; i++) {
        char name[16];
        const struct au_route_param *param = &match->params[i];
        AU_ASSERT(param->value.size > 0);
        AU_ASSERT(param->value.data >= path.data);
        AU_ASSERT(param->value.data + param->value.size <= path.data + path.size);
        AU_ASSERT(param->name.size < sizeof(name));
        memcpy(name, param->name.data, param->name.size);
        name[param->name.size] = 0;
        AU_ASSERT(au_bytes_is_equal(au_route_param(match, name), param->value));
    }
}

static void check_nearest(struct au_bytes path, enum au_route_result result)
{
    const char *nearest = au_route_nearest(table, path);
    bool is_known = nearest == NULL;
    for (size_t i = 0; i < table.count; i++) {
        is_known = is_known || nearest == routes[i].pattern;
    }
    AU_ASSERT(is_known);
    AU_ASSERT(nearest || result == AU_ROUTE_NO_PATH || result == AU_ROUTE_HAS_ESCAPE);
}

static void check_route(enum au_method method, struct au_bytes path)
{
    struct au_route_match match;
    struct au_buf list;
    struct expected expected = expect(method, path);
    enum au_route_result result = au_route_match(table, method, path, &match);
    AU_ASSERT(result == expected.result);
    AU_ASSERT(match.route == expected.route);
    AU_ASSERT(match.methods == expected.methods);
    if (result == AU_ROUTE_FOUND) check_params(&match, path);
    check_nearest(path, result);

    au_buf_init(&list, 64);
    au_method_put_list(&list, match.methods);
    AU_ASSERT(list.err == AU_OK);
    AU_ASSERT((list.size == 0) == (match.methods == 0));
    au_buf_done(&list);
}

/* ---- framing --------------------------------------------------------------------------------- */

static void check_headers(struct fuzz_input *input)
{
    static char words[16][WORD_SIZE_MAX]; /* values are borrowed to the end */
    struct au_framing framing = {0};
    char name[WORD_SIZE_MAX];
    uint64_t length;
    for (size_t i = 0; i < AU_COUNT_OF(words) && fuzz_left(input) > 0; i++) {
        take_word(input, ':', name);
        take_word(input, 0, words[i]);
        au_framing_note(&framing, name, words[i]);
    }
    bool is_good = au_framing_check(&framing, &length);
    unsigned count = framing.length_count + framing.encoding_count;
    AU_ASSERT(!is_good || count <= 1);
    AU_ASSERT(is_good || count > 0);
    if (!is_good || framing.length_count == 0) {
        AU_ASSERT(!is_good || length == 0);
        return;
    }
    char text[24];
    int size = snprintf(text, sizeof(text), "%llu", (unsigned long long)length);
    AU_ASSERT(size > 0);
    AU_ASSERT(au_bytes_is_equal(au_bytes_of(text), framing.length));
}

/* ---- problems -------------------------------------------------------------------------------- */

static const struct au_json_in *text_member(const struct au_json_in *root, const char *key)
{
    const struct au_json_in *value = au_json_in_get(root, key);
    AU_ASSERT(value != NULL);
    AU_ASSERT(au_json_in_type(value) == AU_JSON_IN_STRING);
    return value;
}

static void check_problem(const char *target, const char *method)
{
    static const char *const keys[] = {"detail", "got", "expected", "nearest"};
    struct au_problem problem;
    struct au_json_in *root;
    struct au_buf document;
    size_t size = strlen(target);
    enum au_problem_code code = (enum au_problem_code)(size % AU_PROBLEM_CODE_COUNT);
    const struct au_problem_kind *kind = au_problem_kind(code);
    size_t member_count = size % (AU_COUNT_OF(keys) + 1);
    AU_ASSERT(au_problem_find(au_bytes_of(kind->code)) == code);
    AU_ASSERT(au_problem_find(au_bytes_of(target)) <= AU_PROBLEM_CODE_COUNT);

    au_problem_init(&problem, code);
    for (size_t i = 0; i < member_count; i++) {
        au_problem_set(&problem, keys[i], "%s %s", i % 2 == 0 ? target : method, target);
    }
    au_buf_init(&document, DOCUMENT_MAX);
    au_problem_write(&problem, size % 2 == 0 ? "request-1" : NULL, &document);
    AU_ASSERT(document.err == AU_OK);
    AU_ASSERT(!has_control(au_buf_bytes(&document)));
    enum au_err err = au_json_in_parse(au_buf_bytes(&document), NULL, &root);
    AU_ASSERT(err == AU_OK);
    AU_ASSERT(au_json_in_type(root) == AU_JSON_IN_OBJECT);
    text_member(root, "type");
    text_member(root, "title");
    text_member(root, "code");
    text_member(root, "detail");
    AU_ASSERT(au_json_in_get(root, "status") != NULL);
    AU_ASSERT((au_json_in_get(root, "instance") != NULL) == (size % 2 == 0));
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++) {
        bool is_there = au_json_in_get(root, keys[i]) != NULL;
        AU_ASSERT(is_there == (i < member_count || i == 0));
    }
    au_json_in_free(root);
    au_buf_done(&document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct au_request request;
    static char method[WORD_SIZE_MAX];
    static char target[WORD_SIZE_MAX];
    struct fuzz_input input = {data, data + size};
    AU_ASSERT(au_route_check(table));
    take_word(&input, ' ', method);
    take_word(&input, 0, target);
    if (check_target(&request, target)) check_route(au_method_parse(method), request.path);
    check_headers(&input);
    check_problem(target, method);
    return 0;
}
