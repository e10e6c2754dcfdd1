/* A trace as stacks, for flame graphs, and as a profile for speedscope. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/json_write.h"
#include "cli/show.h"
#include "cli/trace_internal.h"

#define NAMES_SIZE_MAX ((size_t)64 << 20) /* bytes */
#define STEPS_PER_GAS  1000u

/* The name of an item in a profile: what a frame calls at its contract, a function of it, or a
 * function of the host. */
static void put_name(struct au_buf *text, const struct trace_item *item)
{
    if (item->kind == TRACE_FUNCTION) {
        trace_put_function(text, item);
        return;
    }
    au_show_text(text, au_json_in_text(item->json, "function"));
    if (item->kind == TRACE_HOST) return;
    au_buf_put_u8(text, '@');
    au_show_text(text, au_json_in_text(item->json, "contract"));
}

/* The items from the outermost to this one. */
static size_t stack_of(const struct trace *trace, size_t index,
                       size_t out_stack[AU_TRACE_LEVELS_MAX])
{
    size_t level = trace->items[index].level;
    for (size_t i = level + 1; i-- > 0; index = trace->items[index].outer) {
        out_stack[i] = index;
    }
    return level + 1;
}

/* ---- stacks ---- */

/* A semicolon ends a name there: within one it becomes a comma. */
static void put_folded_name(struct au_buf *text, const struct trace_item *item)
{
    size_t from = text->size;
    put_name(text, item);
    for (size_t i = from; i < text->size; i++) {
        if (text->data[i] == ';') text->data[i] = ',';
    }
}

void trace_put_folded(const struct trace *trace, struct au_buf *text)
{
    size_t stack[AU_TRACE_LEVELS_MAX];
    for (size_t i = 0; i < trace->count; i++) {
        size_t count = stack_of(trace, i, stack);
        for (size_t j = 0; j < count; j++) {
            if (j > 0) au_buf_put_u8(text, ';');
            put_folded_name(text, &trace->items[stack[j]]);
        }
        au_buf_printf(text, " %" PRIu64 "\n", trace->items[i].rest);
    }
}

/* ---- a profile ---- */

/* What speedscope adds up as one: items of the same name, and of the same contract if they are
 * functions. */
struct label {
    struct au_bytes name;
    struct au_bytes file;
    size_t item;
    size_t number; /* in order of first items */
};

static int compare_bytes(struct au_bytes a, struct au_bytes b)
{
    if (a.size != b.size) return a.size < b.size ? -1 : 1;
    return a.size == 0 ? 0 : memcmp(a.data, b.data, a.size);
}

static int compare_labels(const void *left, const void *right)
{
    const struct label *a = left;
    const struct label *b = right;
    int order = compare_bytes(a->name, b->name);
    if (order == 0) order = compare_bytes(a->file, b->file);
    if (order == 0) order = a->item < b->item ? -1 : 1;
    return order;
}

static int compare_items(const void *left, const void *right)
{
    const struct label *a = left;
    const struct label *b = right;
    return a->item < b->item ? -1 : 1;
}

static struct au_bytes file_of(const struct trace *trace, size_t index)
{
    struct au_bytes none = {0};
    if (trace->items[index].kind != TRACE_FUNCTION) return none;
    while (trace->items[index].kind == TRACE_FUNCTION)
        index = trace->items[index].outer;
    return au_json_in_text(trace->items[index].json, "contract");
}

/* Gives each label, in the order of items, the number of the first like it. */
static void number_labels(struct label *labels, size_t count)
{
    size_t number = 0;
    if (count == 0) return;
    qsort(labels, count, sizeof(labels[0]), compare_labels);
    for (size_t i = 0, first = 0; i < count; i++) {
        bool is_like = compare_bytes(labels[i].name, labels[first].name) == 0 &&
                       compare_bytes(labels[i].file, labels[first].file) == 0;
        if (!is_like) first = i;
        labels[i].number = labels[first].item;
    }
    qsort(labels, count, sizeof(labels[0]), compare_items);
    for (size_t i = 0; i < count; i++) {
        labels[i].number = labels[i].number == i ? number++ : labels[labels[i].number].number;
    }
}

/* NULL: out of memory. */
static struct label *make_labels(const struct trace *trace, struct au_buf *names)
{
    struct au_arena *arena = &trace->client->invocation->arena;
    struct label *labels = au_arena_zero(arena, trace->count * sizeof(struct label));
    for (size_t i = 0; labels != NULL && i < trace->count; i++) {
        au_buf_clear(names);
        put_name(names, &trace->items[i]);
        labels[i] = (struct label){.file = file_of(trace, i), .item = i};
        if (names->err != AU_OK) return NULL;
        if (au_arena_copy(arena, au_buf_bytes(names), &labels[i].name) != AU_OK) return NULL;
    }
    if (labels != NULL) number_labels(labels, trace->count);
    return labels;
}

static void put_labels(const struct label *labels, size_t count, struct au_json_write *json)
{
    size_t next = 0;
    au_json_write_key(json, "shared");
    au_json_write_begin_object(json);
    au_json_write_key(json, "frames");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        if (labels[i].number != next) continue;
        next++;
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "name", labels[i].name);
        if (labels[i].file.size > 0) au_json_put_bytes(json, "file", labels[i].file);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    au_json_write_end_object(json);
}

static void put_samples(const struct trace *trace, const struct label *labels,
                        struct au_json_write *json)
{
    size_t stack[AU_TRACE_LEVELS_MAX];
    au_json_write_key(json, "samples");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < trace->count; i++) {
        size_t count = stack_of(trace, i, stack);
        au_json_write_begin_array(json);
        for (size_t j = 0; j < count; j++) {
            au_json_write_u32(json, (uint32_t)labels[stack[j]].number);
        }
        au_json_write_end_array(json);
    }
    au_json_write_end_array(json);
}

/* Weights are steps; gas where those need more than 32 bits. */
static void put_profile(const struct trace *trace, const struct label *labels,
                        struct au_json_write *json)
{
    uint64_t total = trace->count > 0 ? trace->items[0].steps : 0;
    uint64_t unit = total > UINT32_MAX ? STEPS_PER_GAS : 1;
    au_json_write_begin_object(json);
    au_json_put_text(json, "type", "sampled");
    au_json_put_text(json, "name", unit == 1 ? "steps" : "gas");
    au_json_put_text(json, "unit", "none");
    au_json_put_u32(json, "startValue", 0);
    au_json_put_u32(json, "endValue", (uint32_t)(total / unit));
    put_samples(trace, labels, json);
    au_json_write_key(json, "weights");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < trace->count; i++) {
        au_json_write_u32(json, (uint32_t)(trace->items[i].rest / unit));
    }
    au_json_write_end_array(json);
    au_json_write_end_object(json);
}

/* A profile of the kind that is called sampled there: a stack and a weight for each item. */
enum au_err trace_put_speedscope(const struct trace *trace, struct au_buf *text)
{
    struct au_json_write json;
    struct au_buf names;
    au_buf_init(&names, NAMES_SIZE_MAX);
    const struct label *labels = make_labels(trace, &names);
    au_buf_done(&names);
    if (labels == NULL) return AU_ERR_NO_MEMORY;
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_put_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    put_labels(labels, trace->count, &json);
    au_json_write_key(&json, "profiles");
    au_json_write_begin_array(&json);
    put_profile(trace, labels, &json);
    au_json_write_end_array(&json);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    return AU_OK;
}
