#include "cli/trace.h"

#include <inttypes.h>

#include "base/text.h"
#include "cli/receipt.h"
#include "cli/show.h"
#include "cli/trace_internal.h"

#define RESULT_SIZE_MAX ((size_t)64 << 20) /* bytes */
#define STEPS_PER_GAS   1000u
#define SMALL_SHARE     100u /* functions that took less of a frame's gas are not in the tree */

/* ---- as a tree ---- */

static void begin_line(struct au_buf *text, uint64_t steps, size_t depth)
{
    au_buf_printf(text, "%8" PRIu64 ".%03u  ", steps / STEPS_PER_GAS,
                  (unsigned)(steps % STEPS_PER_GAS));
    for (size_t i = 0; i < depth; i++) {
        au_buf_put_text(text, "  ");
    }
}

/* ---- the functions of a frame ---- */

void trace_put_function(struct au_buf *text, const struct trace_item *item)
{
    struct au_bytes name = au_json_in_text(item->json, "name");
    const struct au_json_in *index = au_json_in_get(item->json, "index");
    bool has_index = index != NULL && au_json_in_type(index) == AU_JSON_IN_INTEGER;
    if (name.size > 0) {
        au_show_text(text, name);
    } else {
        au_buf_printf(text, "func[%" PRId64 "]", has_index ? au_json_in_integer(index) : -1);
    }
}

static void put_function(struct au_buf *text, const struct trace_item *item, size_t depth)
{
    uint64_t own = 0;
    begin_line(text, item->steps, depth);
    au_buf_put_text(text, "fn ");
    trace_put_function(text, item);
    if (au_text_parse_u64(au_json_in_text(item->json, "own_steps"), &own) == AU_OK) {
        au_buf_printf(text, " own=%" PRIu64 ".%03u", own / STEPS_PER_GAS,
                      (unsigned)(own % STEPS_PER_GAS));
    }
    au_buf_put_text(text, " calls=");
    au_show_text(text, au_json_in_text(item->json, "calls"));
    au_buf_put_u8(text, '\n');
}

/* The dearest of the functions inside of an item that come after one in this order: by steps, then
 * by place. after: an index, or that of the frame itself before the first. SIZE_MAX: there is none
 * that is worth a line. */
static size_t next_inside(const struct trace *trace, size_t frame, size_t outer, size_t after)
{
    const struct trace_item *items = trace->items;
    size_t best = SIZE_MAX;
    for (size_t i = frame + 1; i <= frame + items[frame].function_count; i++) {
        if (items[i].outer != outer || items[i].steps < items[frame].steps / SMALL_SHARE) continue;
        bool is_later = after == frame || items[i].steps < items[after].steps ||
                        (items[i].steps == items[after].steps && i > after);
        if (is_later && (best == SIZE_MAX || items[i].steps > items[best].steps)) best = i;
    }
    return best;
}

/* Those of a frame that took a share of it that counts, as they call one another: the dearest
 * first. What takes so much is inside of what does as well. */
static void put_functions(const struct trace *trace, size_t frame, struct au_buf *text)
{
    const struct trace_item *items = trace->items;
    size_t shown_count = 0;
    size_t outer = frame;
    size_t after = frame;
    for (;;) {
        size_t next = next_inside(trace, frame, outer, after);
        if (next != SIZE_MAX) {
            put_function(text, &items[next],
                         items[frame].depth + items[next].level - items[frame].level);
            shown_count++;
            outer = next;
            after = frame;
        } else if (outer != frame) {
            after = outer;
            outer = items[outer].outer;
        } else {
            break;
        }
    }
    size_t left_out = items[frame].function_count - shown_count;
    if (left_out == 0) return;
    au_buf_printf(text, "%14s", "");
    for (size_t i = 0; i <= items[frame].depth; i++) {
        au_buf_put_text(text, "  ");
    }
    au_buf_printf(text, "(%zu more of less than 1 %% each)\n", left_out);
}

/* Whether an item gets at what its frame was called with, which the frame's line tells. */
static bool is_plain(const struct trace *trace, size_t index)
{
    const struct trace_item *item = &trace->items[index];
    const struct trace_item *frame = &trace->items[item->outer];
    while (frame->kind != TRACE_FRAME && frame->level > 0)
        frame = &trace->items[frame->outer];
    bool is_decoded = au_json_in_get(frame->json, "arguments") != NULL;
    const struct au_json_in *args = au_json_in_get(frame->json, "args");
    bool has_none =
        args != NULL && au_json_in_type(args) == AU_JSON_IN_ARRAY && au_json_in_count(args) == 0;
    return trace_reads_call(item) && (is_decoded || has_none);
}

/* One line for all that stand together; gives how many that are. */
static size_t put_plain(const struct trace *trace, size_t index, struct au_buf *text)
{
    uint64_t steps = 0;
    size_t count = 0;
    while (index + count < trace->count && is_plain(trace, index + count))
        steps += trace->items[index + count++].steps;
    if (count < 2) return 0;
    begin_line(text, steps, trace->items[index].depth);
    au_buf_printf(text, "(%zu calls for its arguments and value)\n", count);
    return count;
}

static void put_tree(const struct trace *trace, struct au_buf *text)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct trace_item *item = &trace->items[i];
        if (item->kind == TRACE_FUNCTION) continue;
        size_t plain_count = put_plain(trace, i, text);
        if (plain_count > 0) {
            i += plain_count - 1;
            continue;
        }
        begin_line(text, item->steps, item->depth);
        if (item->kind == TRACE_FRAME) {
            trace_put_frame(trace, item->json, text);
        } else {
            trace_put_host(trace, i, text);
        }
        au_buf_put_u8(text, '\n');
        if (item->function_count > 0) put_functions(trace, i, text);
    }
}

/* ---- the result ---- */

/* Not every command that prints a trace has all forms. */
static bool has_option(const struct au_invocation *invocation, const char *name)
{
    return au_invocation_knows(invocation, name) && au_invocation_has(invocation, name);
}

static enum au_err put(struct trace *trace, const struct au_answer *answer, struct au_buf *text)
{
    const struct au_invocation *invocation = trace->client->invocation;
    if (has_option(invocation, "speedscope")) return trace_put_speedscope(trace, text);
    if (has_option(invocation, "folded")) {
        trace_put_folded(trace, text);
    } else {
        trace_find_names(trace);
        put_tree(trace, text);
        trace_put_changes(trace, answer, text);
    }
    return AU_OK;
}

/* What the trace does not show. */
static void put_notes(const struct trace *trace)
{
    const struct au_invocation *invocation = trace->client->invocation;
    if (trace->is_truncated) {
        au_invocation_note(invocation, "the trace is cut short: more happened than is kept");
    }
    if (trace->is_cut) {
        au_invocation_note(invocation, "functions are not told in full: there were more than 32 "
                                       "inside one another, or too many calls");
    }
    if (trace->has_blank) {
        au_invocation_note(invocation, "of some frames the node could not tell the functions");
    }
}

/* Writes the result, in the form that the command line asks for. */
static enum au_exit print(struct trace *trace, const struct au_answer *answer)
{
    const struct au_invocation *invocation = trace->client->invocation;
    struct au_buf text;
    if (au_invocation_has(invocation, "json")) return au_client_print(trace->client, answer);
    enum au_exit code = trace_read(trace, answer);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (put(trace, answer, &text) == AU_OK) {
        put_notes(trace);
        code = au_invocation_write(invocation, &text);
    } else {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    au_buf_done(&text);
    return code;
}

enum au_exit au_trace_print_tx(const struct au_client *client, const struct au_answer *answer)
{
    struct trace trace = {.client = client};
    enum au_exit code = print(&trace, answer);
    bool is_success = au_bytes_is_equal(au_answer_text(answer, "status"), au_bytes_of("success"));
    if (code == AU_EXIT_DONE && !is_success) trace_note(&trace, answer, /* is_shown = */ true);
    trace_done(&trace);
    return code;
}

enum au_exit au_trace_report(const struct au_client *client, const struct au_answer *answer,
                             const char *what)
{
    struct trace trace = {.client = client};
    enum au_exit code = print(&trace, answer);
    if (code == AU_EXIT_DONE) code = au_receipt_check(client, answer, what);
    if (code == AU_EXIT_FAILED) trace_note(&trace, answer, /* is_shown = */ true);
    trace_done(&trace);
    return code;
}
