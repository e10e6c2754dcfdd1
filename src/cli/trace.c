#include "cli/trace.h"

#include <inttypes.h>

#include "base/hex.h"
#include "base/json_write.h"
#include "base/text.h"
#include "cli/receipt.h"
#include "cli/show.h"
#include "contract/tracer.h"
#include "core/limits.h"

#define RESULT_SIZE_MAX ((size_t)64 << 20) /* bytes */
#define DEPTH_MAX       64u                /* entries inside one another; a node's nest less */
#define STEPS_PER_GAS   1000u
#define NAME_SIZE_MAX   512u /* bytes of the name of a contract or function */

struct entry {
    const struct au_json_in *json;
    size_t depth;
    uint64_t steps;
    uint64_t own; /* steps that nothing inside took */
    size_t outer; /* index; that of itself for the outermost */
};

struct trace {
    const struct au_client *client;
    struct entry *entries;
    size_t count;
    bool is_truncated;
    struct au_buf text;
};

/* ---- reading ---- */

static bool is_true(const struct au_json_in *object, const char *name)
{
    const struct au_json_in *value = au_json_in_get(object, name);
    return value != NULL && au_json_in_type(value) == AU_JSON_IN_BOOL && au_json_in_bool(value);
}

static bool is_frame(const struct entry *entry)
{
    return au_bytes_is_equal(au_json_in_text(entry->json, "kind"), au_bytes_of("frame"));
}

/* Reads one entry behind those that are there; false: it is none, or not where one can be. */
static bool read_entry(struct trace *trace, const struct au_json_in *json, size_t stack[DEPTH_MAX])
{
    size_t index = trace->count;
    struct entry *entry = &trace->entries[index];
    if (au_json_in_type(json) != AU_JSON_IN_OBJECT) return false;
    const struct au_json_in *depth = au_json_in_get(json, "depth");
    if (depth == NULL || au_json_in_type(depth) != AU_JSON_IN_INTEGER) return false;
    if (au_json_in_integer(depth) < 0 || au_json_in_integer(depth) >= DEPTH_MAX) return false;
    *entry = (struct entry){.json = json, .depth = (size_t)au_json_in_integer(depth)};
    if (index == 0 ? entry->depth != 0 : entry->depth > trace->entries[index - 1].depth + 1) {
        return false;
    }
    if (au_text_parse_u64(au_json_in_text(json, "steps"), &entry->steps) != AU_OK) return false;
    entry->own = entry->steps;
    entry->outer = entry->depth == 0 ? index : stack[entry->depth - 1];
    stack[entry->depth] = index;
    if (entry->depth > 0) {
        struct entry *outer = &trace->entries[entry->outer];
        outer->own -= outer->own < entry->steps ? outer->own : entry->steps;
    }
    trace->count++;
    return true;
}

static enum au_exit read_trace(struct trace *trace, const struct au_answer *answer)
{
    const struct au_client *client = trace->client;
    const struct au_json_in *list = au_json_in_get(answer->json, "trace");
    size_t stack[DEPTH_MAX] = {0};
    if (list == NULL || au_json_in_type(list) != AU_JSON_IN_ARRAY ||
        au_json_in_count(list) > AU_TRACER_ENTRIES_MAX) {
        return au_client_fail_member(client, "trace", "a list of entries");
    }
    size_t count = au_json_in_count(list);
    trace->entries = au_arena_get(&client->invocation->arena, count * sizeof(struct entry));
    if (trace->entries == NULL) {
        return au_invocation_fail(client->invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    for (size_t i = 0; i < count; i++) {
        if (!read_entry(trace, au_json_in_item(list, i), stack)) {
            return au_client_fail_member(client, "trace", "a list of entries");
        }
    }
    trace->is_truncated = is_true(answer->json, "trace_truncated");
    return AU_EXIT_DONE;
}

/* ---- as a tree ---- */

static void put_frame(struct trace *trace, const struct au_json_in *json)
{
    struct au_buf *text = &trace->text;
    const struct au_json_in *args = au_json_in_get(json, "args");
    bool has_args = args != NULL && au_json_in_type(args) == AU_JSON_IN_ARRAY;
    au_show_text(text, au_json_in_text(json, "contract"));
    au_buf_put_u8(text, ' ');
    au_show_text(text, au_json_in_text(json, "function"));
    for (size_t i = 0; has_args && i < au_json_in_count(args); i++) {
        const struct au_json_in *arg = au_json_in_item(args, i);
        au_buf_put_text(text, i == 0 ? " (" : ", ");
        if (au_json_in_type(arg) == AU_JSON_IN_STRING) au_show_told(text, au_json_in_string(arg));
    }
    if (has_args && au_json_in_count(args) > 0) au_buf_put_u8(text, ')');
    if (!au_bytes_is_equal(au_json_in_text(json, "value"), au_bytes_of("0"))) {
        au_buf_put_text(text, " value=");
        au_show_text(text, au_json_in_text(json, "value"));
    }
    if (is_true(json, "view")) au_buf_put_text(text, " in a view");
    au_buf_put_text(text, " -> ");
    au_show_text(text, au_json_in_text(json, "status"));
    au_buf_put_u8(text, ' ');
    au_show_told(text, au_json_in_text(json, "output"));
}

/* What call and deploy return is an outcome. */
static void put_result(struct trace *trace, const struct au_json_in *json)
{
    struct au_bytes function = au_json_in_text(json, "function"),
                    result = au_json_in_text(json, "result");
    bool is_outcome = au_bytes_is_equal(function, au_bytes_of("call")) ||
                      au_bytes_is_equal(function, au_bytes_of("deploy"));
    uint64_t outcome;
    au_buf_put_text(&trace->text, " -> ");
    au_show_text(&trace->text, result);
    if (is_outcome && au_text_parse_u64(result, &outcome) == AU_OK && outcome <= UINT8_MAX) {
        au_buf_printf(&trace->text, " %s", au_outcome_name((enum au_outcome)outcome));
    }
}

static void put_host(struct trace *trace, const struct au_json_in *json)
{
    struct au_buf *text = &trace->text;
    struct au_json_in_member member = {0};
    const struct au_json_in *args = au_json_in_get(json, "args");
    au_show_text(text, au_json_in_text(json, "function"));
    while (args != NULL && au_json_in_type(args) == AU_JSON_IN_OBJECT &&
           au_json_in_next(args, &member)) {
        if (au_json_in_type(member.value) != AU_JSON_IN_STRING) continue;
        au_buf_put_u8(text, ' ');
        au_show_text(text, member.key);
        au_buf_put_u8(text, '=');
        au_show_told(text, au_json_in_string(member.value));
    }
    if (au_json_in_text(json, "result").size > 0) put_result(trace, json);
    if (!is_true(json, "returned")) au_buf_put_text(text, " -> ends the call");
}

static void put_tree(struct trace *trace)
{
    for (size_t i = 0; i < trace->count; i++) {
        const struct entry *entry = &trace->entries[i];
        au_buf_printf(&trace->text, "%8" PRIu64 ".%03u  ", entry->steps / STEPS_PER_GAS,
                      (unsigned)(entry->steps % STEPS_PER_GAS));
        for (size_t depth = 0; depth < entry->depth; depth++) {
            au_buf_put_text(&trace->text, "  ");
        }
        if (is_frame(entry)) {
            put_frame(trace, entry->json);
        } else {
            put_host(trace, entry->json);
        }
        au_buf_put_u8(&trace->text, '\n');
    }
}

/* ---- as stacks ---- */

/* The name of an entry in a profile: a function at its contract, or a host function. */
static void put_name(struct au_buf *text, const struct entry *entry)
{
    au_show_text(text, au_json_in_text(entry->json, "function"));
    if (!is_frame(entry)) return;
    au_buf_put_u8(text, '@');
    au_show_text(text, au_json_in_text(entry->json, "contract"));
}

/* The entries from the outermost to this one. */
static size_t stack_of(const struct trace *trace, size_t index, size_t out_stack[DEPTH_MAX])
{
    size_t depth = trace->entries[index].depth;
    for (size_t i = depth + 1; i-- > 0; index = trace->entries[index].outer) {
        out_stack[i] = index;
    }
    return depth + 1;
}

static void put_folded(struct trace *trace)
{
    size_t stack[DEPTH_MAX];
    for (size_t i = 0; i < trace->count; i++) {
        size_t count = stack_of(trace, i, stack);
        for (size_t j = 0; j < count; j++) {
            if (j > 0) au_buf_put_u8(&trace->text, ';');
            put_name(&trace->text, &trace->entries[stack[j]]);
        }
        au_buf_printf(&trace->text, " %" PRIu64 "\n", trace->entries[i].own);
    }
}

static void put_names(const struct trace *trace, struct au_json_write *json)
{
    struct au_buf name;
    au_buf_init(&name, RESULT_SIZE_MAX);
    au_json_write_key(json, "shared");
    au_json_write_begin_object(json);
    au_json_write_key(json, "frames");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < trace->count; i++) {
        au_buf_clear(&name);
        put_name(&name, &trace->entries[i]);
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "name", au_buf_bytes(&name));
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    au_json_write_end_object(json);
    au_buf_done(&name);
}

static void put_samples(const struct trace *trace, struct au_json_write *json)
{
    size_t stack[DEPTH_MAX];
    au_json_write_key(json, "samples");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < trace->count; i++) {
        size_t count = stack_of(trace, i, stack);
        au_json_write_begin_array(json);
        for (size_t j = 0; j < count; j++) {
            au_json_write_u32(json, (uint32_t)stack[j]);
        }
        au_json_write_end_array(json);
    }
    au_json_write_end_array(json);
}

/* A profile of the kind that speedscope calls sampled: a stack and a weight for each entry. Weights
 * are steps; gas where those need more than 32 bits. */
static void put_speedscope(struct trace *trace)
{
    struct au_json_write json;
    uint64_t total = trace->count > 0 ? trace->entries[0].steps : 0;
    uint64_t unit = total > UINT32_MAX ? STEPS_PER_GAS : 1;
    au_json_write_init(&json, &trace->text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_put_text(&json, "$schema", "https://www.speedscope.app/file-format-schema.json");
    put_names(trace, &json);
    au_json_write_key(&json, "profiles");
    au_json_write_begin_array(&json);
    au_json_write_begin_object(&json);
    au_json_put_text(&json, "type", "sampled");
    au_json_put_text(&json, "name", unit == 1 ? "steps" : "gas");
    au_json_put_text(&json, "unit", "none");
    au_json_put_u32(&json, "startValue", 0);
    au_json_put_u32(&json, "endValue", (uint32_t)(total / unit));
    put_samples(trace, &json);
    au_json_write_key(&json, "weights");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < trace->count; i++) {
        au_json_write_u32(&json, (uint32_t)(trace->entries[i].own / unit));
    }
    au_json_write_end_array(&json);
    au_json_write_end_object(&json);
    au_json_write_end_array(&json);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

/* ---- what failed inside ---- */

#define CALL_REENTRY 2u /* the flag of call that consents to reentry */

/* The outcome of a call that failed; 0: it did not, or is none. */
static uint64_t failed_outcome(const struct entry *entry)
{
    uint64_t outcome = 0;
    struct au_bytes function = au_json_in_text(entry->json, "function");
    bool is_call = !is_frame(entry) && au_bytes_is_equal(function, au_bytes_of("call"));
    if (!is_call) return 0;
    if (au_text_parse_u64(au_json_in_text(entry->json, "result"), &outcome) != AU_OK) return 0;
    return outcome <= AU_OUTCOME_NOT_ALLOWED ? outcome : 0;
}

static bool consents(const struct entry *entry)
{
    uint64_t flags = 0;
    const struct au_json_in *args = au_json_in_get(entry->json, "args");
    if (args == NULL || au_json_in_type(args) != AU_JSON_IN_OBJECT) return false;
    if (au_text_parse_u64(au_json_in_text(args, "flags"), &flags) != AU_OK) return false;
    return (flags & CALL_REENTRY) != 0;
}

/* Whether a frame of the contract waits, in a call that did not consent to reentry. */
static bool waits(const struct trace *trace, size_t call, struct au_bytes contract)
{
    size_t stack[DEPTH_MAX];
    size_t count = stack_of(trace, call, stack);
    for (size_t i = 0; i + 1 < count; i++) {
        const struct entry *frame = &trace->entries[stack[i]];
        if (!is_frame(frame) || consents(&trace->entries[stack[i + 1]])) continue;
        if (au_bytes_is_equal(au_json_in_text(frame->json, "contract"), contract)) return true;
    }
    return false;
}

/* The contract and the function that a call names, as a frame tells them. */
static void put_target(const struct entry *call, struct au_buf *contract, struct au_buf *function)
{
    struct au_address address;
    uint8_t name[AU_FUNCTION_SIZE_MAX];
    const struct au_json_in *args = au_json_in_get(call->json, "args");
    if (args == NULL || au_json_in_type(args) != AU_JSON_IN_OBJECT) return;
    if (au_hex_parse(au_json_in_text(args, "contract"), address.bytes, AU_ADDRESS_SIZE) == AU_OK) {
        au_address_format(contract, &address);
    }
    struct au_bytes hex = au_json_in_text(args, "function");
    size_t size = hex.size / 2 - (hex.size > 1);
    if (size > 0 && size <= sizeof(name) && au_hex_parse(hex, name, size) == AU_OK) {
        au_show_text(function, (struct au_bytes){name, size});
    }
}

static void note_call(struct trace *trace, size_t index, enum au_outcome outcome)
{
    const struct entry *call = &trace->entries[index];
    const struct entry *frame = &trace->entries[call->outer];
    bool is_run = index + 1 < trace->count && trace->entries[index + 1].depth > call->depth;
    struct au_buf *text = &trace->text;
    struct au_buf contract;
    struct au_buf function;
    au_buf_init(&contract, NAME_SIZE_MAX);
    au_buf_init(&function, NAME_SIZE_MAX);
    put_target(call, &contract, &function);
    struct au_bytes target = au_buf_bytes(&contract);
    au_buf_put_text(text, "inside, ");
    au_show_text(text, au_json_in_text(frame->json, "contract"));
    au_buf_put_u8(text, ' ');
    au_show_text(text, au_json_in_text(frame->json, "function"));
    au_buf_put_text(text, " called ");
    au_buf_put_bytes(text, target);
    au_buf_put_u8(text, ' ');
    au_buf_put_bytes(text, au_buf_bytes(&function));
    au_buf_printf(text, is_run ? ", which ended with %s" : ", which was refused: %s",
                  au_outcome_name(outcome));
    if (!is_run && outcome == AU_OUTCOME_NOT_ALLOWED && waits(trace, index, target)) {
        au_buf_put_text(text, ", since that contract waits in a call of its own, which did not "
                              "consent to reentry");
    }
    au_buf_put_text(text, "; `aureon simulate --trace` shows all of it");
    au_buf_done(&function);
    au_buf_done(&contract);
}

void au_trace_note(const struct au_client *client, const struct au_answer *answer)
{
    struct trace trace = {.client = client};
    if (answer->json == NULL || read_trace(&trace, answer) != AU_EXIT_DONE) return;
    au_buf_init(&trace.text, RESULT_SIZE_MAX);
    for (size_t i = trace.count; i-- > 0 && trace.text.size == 0;) {
        uint64_t outcome = failed_outcome(&trace.entries[i]);
        if (outcome != 0) note_call(&trace, i, (enum au_outcome)outcome);
    }
    if (trace.text.size > 0 && trace.text.err == AU_OK) {
        au_invocation_note(client->invocation, "%.*s", (int)trace.text.size,
                           (const char *)trace.text.data);
    }
    au_buf_done(&trace.text);
}

/* ---- the result ---- */

/* Not every command that prints a trace has all forms. */
static bool has_option(const struct au_invocation *invocation, const char *name)
{
    return au_invocation_knows(invocation, name) && au_invocation_has(invocation, name);
}

enum au_exit au_trace_print(const struct au_client *client, const struct au_answer *answer)
{
    const struct au_invocation *invocation = client->invocation;
    struct trace trace = {.client = client};
    if (au_invocation_has(invocation, "json")) return au_client_print(client, answer);
    enum au_exit code = read_trace(&trace, answer);
    if (code != AU_EXIT_DONE) return code;
    au_buf_init(&trace.text, RESULT_SIZE_MAX);
    if (has_option(invocation, "folded")) {
        put_folded(&trace);
    } else if (has_option(invocation, "speedscope")) {
        put_speedscope(&trace);
    } else {
        put_tree(&trace);
    }
    if (trace.is_truncated) {
        au_invocation_note(invocation, "the trace is cut short: more happened than is kept");
    }
    code = au_invocation_write(invocation, &trace.text);
    au_buf_done(&trace.text);
    return code;
}

enum au_exit au_trace_report(const struct au_client *client, const struct au_answer *answer,
                             const char *what)
{
    enum au_exit code = au_trace_print(client, answer);
    return code == AU_EXIT_DONE ? au_receipt_check(client, answer, what) : code;
}
