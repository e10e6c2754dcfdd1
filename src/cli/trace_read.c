/* The trace in an answer of a node, checked: what is not as a node's is refused. */
#include "base/text.h"
#include "cli/trace_internal.h"
#include "contract/tracer.h"

#define DEPTH_MAX 64u /* entries inside one another */

static const struct au_json_in *member(const struct au_json_in *object, const char *name,
                                       enum au_json_in_type type)
{
    const struct au_json_in *value = au_json_in_get(object, name);
    return value != NULL && au_json_in_type(value) == type ? value : NULL;
}

bool trace_is_true(const struct au_json_in *object, const char *name)
{
    const struct au_json_in *value = member(object, name, AU_JSON_IN_BOOL);
    return value != NULL && au_json_in_bool(value);
}

/* false: it is there, and no index below count. out_index is count if it is not there. */
static bool read_within(const struct au_json_in *json, size_t count, size_t *out_index)
{
    const struct au_json_in *value = au_json_in_get(json, "within");
    *out_index = count;
    if (value == NULL) return true;
    if (au_json_in_type(value) != AU_JSON_IN_INTEGER || au_json_in_integer(value) < 0) return false;
    *out_index = (size_t)au_json_in_integer(value);
    return *out_index < count;
}

/* Adds an item inside of another, or of none if outer is its own index. */
static bool add(struct trace *trace, struct trace_item item)
{
    if (au_text_parse_u64(au_json_in_text(item.json, "steps"), &item.steps) != AU_OK) return false;
    item.rest = item.steps;
    if (item.outer != trace->count) {
        struct trace_item *outer = &trace->items[item.outer];
        item.level = outer->level + 1;
        outer->rest -= outer->rest < item.steps ? outer->rest : item.steps;
    }
    trace->items[trace->count++] = item;
    return item.level < AU_TRACE_LEVELS_MAX;
}

static bool read_functions(struct trace *trace, size_t frame)
{
    const struct au_json_in *json = trace->items[frame].json;
    const struct au_json_in *list = member(json, "functions", AU_JSON_IN_ARRAY);
    trace->has_blank |= list == NULL;
    trace->is_cut |= trace_is_true(json, "functions_cut");
    for (size_t i = 0; list != NULL && i < au_json_in_count(list); i++) {
        struct trace_item item = {.json = au_json_in_item(list, i), .kind = TRACE_FUNCTION};
        size_t within;
        if (au_json_in_type(item.json) != AU_JSON_IN_OBJECT) return false;
        if (!read_within(item.json, i, &within)) return false;
        item.outer = within < i ? frame + 1 + within : frame;
        if (!add(trace, item)) return false;
        trace->items[frame].function_count++;
    }
    return true;
}

/* What an entry at a depth is inside of: that entry, or the function of it that made the call. */
static bool find_outer(const struct trace *trace, const struct au_json_in *json, size_t entry,
                       size_t *out_outer)
{
    size_t count = trace->items[entry].function_count;
    size_t within;
    if (!read_within(json, count, &within)) return false;
    *out_outer = within < count ? entry + 1 + within : entry;
    return true;
}

/* Reads one entry behind those that are there; false: it is none, or not where one can be.
 * stack: the entries that the last one is inside of, and itself. */
static bool read_entry(struct trace *trace, const struct au_json_in *json, size_t stack[DEPTH_MAX],
                       size_t *depth)
{
    struct trace_item item = {.json = json, .kind = TRACE_HOST, .outer = trace->count};
    size_t index = trace->count;
    if (au_json_in_type(json) != AU_JSON_IN_OBJECT) return false;
    const struct au_json_in *number = member(json, "depth", AU_JSON_IN_INTEGER);
    if (number == NULL || au_json_in_integer(number) < 0) return false;
    if (au_json_in_integer(number) >= DEPTH_MAX) return false;
    item.depth = (size_t)au_json_in_integer(number);
    if (index == 0 ? item.depth != 0 : item.depth > *depth + 1) return false;
    if (au_bytes_is_equal(au_json_in_text(json, "kind"), au_bytes_of("frame"))) {
        item.kind = TRACE_FRAME;
    }
    if (item.depth > 0 && !find_outer(trace, json, stack[item.depth - 1], &item.outer))
        return false;
    *depth = item.depth;
    stack[item.depth] = index;
    if (!add(trace, item)) return false;
    return item.kind != TRACE_FRAME || read_functions(trace, index);
}

/* How many items there are; SIZE_MAX if there are too many. */
static size_t count_items(const struct au_json_in *list)
{
    size_t count = au_json_in_count(list);
    size_t function_count = 0;
    for (size_t i = 0; i < au_json_in_count(list); i++) {
        const struct au_json_in *entry = au_json_in_item(list, i);
        if (au_json_in_type(entry) != AU_JSON_IN_OBJECT) continue;
        const struct au_json_in *functions = member(entry, "functions", AU_JSON_IN_ARRAY);
        if (functions != NULL) function_count += au_json_in_count(functions);
    }
    bool is_possible = count <= AU_TRACER_ENTRIES_MAX && function_count <= AU_PROFILE_NODES_MAX;
    return is_possible ? count + function_count : SIZE_MAX;
}

enum au_exit trace_read(struct trace *trace, const struct au_answer *answer)
{
    const struct au_client *client = trace->client;
    const struct au_json_in *list = member(answer->json, "trace", AU_JSON_IN_ARRAY);
    size_t stack[DEPTH_MAX] = {0};
    size_t depth = 0;
    if (trace->is_read) return AU_EXIT_DONE;
    size_t count = list != NULL ? count_items(list) : SIZE_MAX;
    if (count == SIZE_MAX) return au_client_fail_member(client, "trace", "a list of entries");
    trace->items = au_arena_get(&client->invocation->arena, count * sizeof(struct trace_item));
    if (trace->items == NULL) {
        return au_invocation_fail(client->invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < au_json_in_count(list); i++) {
        if (!read_entry(trace, au_json_in_item(list, i), stack, &depth)) {
            return au_client_fail_member(client, "trace", "a list of entries");
        }
    }
    trace->is_truncated = trace_is_true(answer->json, "trace_truncated");
    trace->is_read = true;
    return AU_EXIT_DONE;
}

void trace_find_names(struct trace *trace)
{
    if (trace->has_names) return;
    au_known_open(&trace->known, trace->client);
    trace->has_names = true;
}

void trace_done(struct trace *trace)
{
    au_known_done(&trace->known);
}
