#include "api/route.h"

#define PREFIX_SIZE      3  /* "/v1" */
#define WORD_SIZE_MAX    32 /* bytes of a segment that may be near another one */
#define SEGMENT_COST     4  /* distance of a segment too many or too few */
#define OTHER_WORD_COST  5  /* distance of a word that is no misspelling */
#define NEAREST_COST_MAX 4

static const struct {
    const char *text;
    enum au_method method;
} methods[] = {
    {"GET", AU_METHOD_GET}, {"HEAD", AU_METHOD_HEAD},     {"POST", AU_METHOD_POST},
    {"PUT", AU_METHOD_PUT}, {"DELETE", AU_METHOD_DELETE}, {"OPTIONS", AU_METHOD_OPTIONS},
};

enum au_method au_method_parse(const char *text)
{
    for (size_t i = 0; i < AU_COUNT_OF(methods); i++) {
        if (strcmp(methods[i].text, text) == 0) return methods[i].method;
    }
    return AU_METHOD_OTHER;
}

void au_method_put_list(struct au_buf *buf, unsigned mask)
{
    const char *separator = "";
    for (size_t i = 0; i < AU_COUNT_OF(methods); i++) {
        if (!(mask & methods[i].method)) continue;
        au_buf_printf(buf, "%s%s", separator, methods[i].text);
        separator = ", ";
    }
}

/* Cuts the first segment, with the slash before it, off a path; false at its end. */
static bool next_segment(struct au_bytes *path, struct au_bytes *out_segment)
{
    if (path->size == 0) return false;
    const uint8_t *begin = path->data + 1;
    const uint8_t *slash = memchr(begin, '/', path->size - 1);
    size_t size = slash ? (size_t)(slash - begin) : path->size - 1;
    *out_segment = (struct au_bytes){begin, size};
    *path = (struct au_bytes){begin + size, path->size - 1 - size};
    return true;
}

static bool is_param(struct au_bytes segment)
{
    return segment.size > 2 && segment.data[0] == '{' && segment.data[segment.size - 1] == '}';
}

static bool is_route_well_formed(const struct au_route *route)
{
    const unsigned known = AU_METHOD_GET | AU_METHOD_POST | AU_METHOD_PUT | AU_METHOD_DELETE;
    if (route->methods == 0 || (route->methods & ~known) != 0 || !route->handle) return false;
    if (route->pattern[0] != '/') return false;
    if (route->has_alias && strncmp(route->pattern, "/v1/", PREFIX_SIZE + 1) != 0) return false;

    struct au_bytes rest = au_bytes_of(route->pattern);
    struct au_bytes segment;
    size_t param_count = 0;
    while (next_segment(&rest, &segment)) {
        if (is_param(segment)) {
            param_count++;
        } else if (segment.size > 0 && memchr(segment.data, '{', segment.size)) {
            return false;
        }
    }
    return param_count <= AU_ROUTE_PARAMS_MAX;
}

bool au_route_check(struct au_route_table table)
{
    for (size_t i = 0; i < table.count; i++) {
        if (!is_route_well_formed(&table.routes[i])) return false;
    }
    return true;
}

/* Byte by byte: nearly every row differs early. */
static bool match_pattern(const char *pattern, struct au_bytes path, struct au_route_match *match)
{
    const uint8_t *at = path.data;
    const uint8_t *end = path.data + path.size;
    match->param_count = 0;
    while (*pattern != 0) {
        if (*pattern != '{') {
            if (at == end || *at++ != (uint8_t)*pattern++) return false;
            continue;
        }
        const uint8_t *slash = at < end ? memchr(at, '/', (size_t)(end - at)) : NULL;
        struct au_bytes given = {at, (size_t)((slash ? slash : end) - at)};
        struct au_bytes name = {(const uint8_t *)pattern + 1, strcspn(pattern + 1, "}")};
        if (given.size == 0) return false;
        match->params[match->param_count++] = (struct au_route_param){name, given};
        pattern += name.size + 2;
        at += given.size;
    }
    return at == end;
}

static bool match_route(const struct au_route *route, struct au_bytes path,
                        struct au_route_match *match)
{
    if (match_pattern(route->pattern, path, match)) return true;
    return route->has_alias && match_pattern(route->pattern + PREFIX_SIZE, path, match);
}

enum au_route_result au_route_match(struct au_route_table table, enum au_method method,
                                    struct au_bytes path, struct au_route_match *out_match)
{
    *out_match = (struct au_route_match){0};
    if (path.size == 0 || path.data[0] != '/') return AU_ROUTE_NO_PATH;
    if (memchr(path.data, '%', path.size)) return AU_ROUTE_HAS_ESCAPE;

    unsigned wanted = method == AU_METHOD_HEAD ? AU_METHOD_GET : method;
    unsigned taken = 0;
    for (size_t i = 0; i < table.count; i++) {
        const struct au_route *route = &table.routes[i];
        if (!match_route(route, path, out_match)) continue;
        taken |= route->methods | AU_METHOD_OPTIONS;
        if (route->methods & AU_METHOD_GET) taken |= AU_METHOD_HEAD;
        if (!(route->methods & wanted)) continue;
        out_match->route = route;
        out_match->methods = taken;
        return AU_ROUTE_FOUND;
    }
    out_match->param_count = 0;
    out_match->methods = taken;
    return taken ? AU_ROUTE_NO_METHOD : AU_ROUTE_NO_PATH;
}

struct au_bytes au_route_param(const struct au_route_match *match, const char *name)
{
    struct au_bytes wanted = au_bytes_of(name);
    size_t i = 0;
    while (i < match->param_count && !au_bytes_is_equal(match->params[i].name, wanted))
        i++;
    AU_ASSERT(i < match->param_count);
    return match->params[i].value;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Insertions, deletions and replacements, in one row of the usual table. */
static size_t word_distance(struct au_bytes a, struct au_bytes b)
{
    if (a.size > WORD_SIZE_MAX || b.size > WORD_SIZE_MAX) return OTHER_WORD_COST;
    size_t row[WORD_SIZE_MAX + 1];
    for (size_t j = 0; j <= b.size; j++) {
        row[j] = j;
    }
    for (size_t i = 1; i <= a.size; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.size; j++) {
            size_t replaced = diagonal + (a.data[i - 1] != b.data[j - 1]);
            diagonal = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[b.size] <= 1 + a.size / 4 ? row[b.size] : OTHER_WORD_COST;
}

static size_t path_distance(struct au_bytes pattern, struct au_bytes path)
{
    size_t distance = 0;
    for (;;) {
        struct au_bytes wanted;
        struct au_bytes given;
        bool is_wanted = next_segment(&pattern, &wanted);
        bool is_given = next_segment(&path, &given);
        if (!is_wanted && !is_given) return distance;
        if (!is_wanted || !is_given) {
            /* A last slash too many is the smallest of errors. */
            bool is_slash = is_given && given.size == 0 && path.size == 0;
            distance += is_slash ? 1 : SEGMENT_COST;
        } else if (!is_param(wanted)) {
            distance += word_distance(wanted, given);
        }
    }
}

const char *au_route_nearest(struct au_route_table table, struct au_bytes path)
{
    const char *nearest = NULL;
    size_t nearest_distance = NEAREST_COST_MAX + 1;
    if (path.size == 0 || path.data[0] != '/') return NULL;
    for (size_t i = 0; i < table.count; i++) {
        const struct au_route *route = &table.routes[i];
        struct au_bytes pattern = au_bytes_of(route->pattern);
        size_t distance = path_distance(pattern, path);
        if (route->has_alias) {
            struct au_bytes alias = {pattern.data + PREFIX_SIZE, pattern.size - PREFIX_SIZE};
            distance = least(distance, path_distance(alias, path));
        }
        if (distance >= nearest_distance) continue;
        nearest = route->pattern;
        nearest_distance = distance;
    }
    return nearest;
}
