/* Which call from contract to contract failed, of those in a trace. */
#include "base/hex.h"
#include "base/text.h"
#include "cli/show.h"
#include "cli/trace.h"
#include "cli/trace_internal.h"
#include "core/address.h"
#include "core/limits.h"

#define NAME_SIZE_MAX 512u  /* bytes of the name of a contract or function */
#define NOTE_SIZE_MAX 4096u /* bytes */
#define CALL_REENTRY  2u    /* the flag of call that consents to reentry */

/* The outcome of a call that failed; 0: it did not, or is none. */
static uint64_t failed_outcome(const struct trace_item *item)
{
    uint64_t outcome = 0;
    struct au_bytes function = au_json_in_text(item->json, "function");
    bool is_call = item->kind == TRACE_HOST && au_bytes_is_equal(function, au_bytes_of("call"));
    if (!is_call) return 0;
    if (au_text_parse_u64(au_json_in_text(item->json, "result"), &outcome) != AU_OK) return 0;
    return outcome <= AU_OUTCOME_NOT_ALLOWED ? outcome : 0;
}

static bool consents(const struct trace_item *call)
{
    uint64_t flags = 0;
    const struct au_json_in *args = au_json_in_get(call->json, "args");
    if (args == NULL || au_json_in_type(args) != AU_JSON_IN_OBJECT) return false;
    if (au_text_parse_u64(au_json_in_text(args, "flags"), &flags) != AU_OK) return false;
    return (flags & CALL_REENTRY) != 0;
}

/* The frame that a call was made in. */
static const struct trace_item *frame_of(const struct trace *trace, const struct trace_item *call)
{
    const struct trace_item *item = &trace->items[call->outer];
    while (item->kind != TRACE_FRAME && item->level > 0)
        item = &trace->items[item->outer];
    return item;
}

/* Whether a frame of the contract waits, in a call that did not consent to reentry. */
static bool waits(const struct trace *trace, const struct trace_item *call,
                  struct au_bytes contract)
{
    while (call->level > 0) {
        const struct trace_item *frame = frame_of(trace, call);
        struct au_bytes waiting = au_json_in_text(frame->json, "contract");
        if (!consents(call) && au_bytes_is_equal(waiting, contract)) return true;
        call = &trace->items[frame->outer];
    }
    return false;
}

/* The contract and the function that a call names, as a frame tells them. */
static void put_target(const struct trace_item *call, struct au_buf *contract,
                       struct au_buf *function)
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

static void note_call(const struct trace *trace, size_t index, enum au_outcome outcome,
                      struct au_buf *text)
{
    const struct trace_item *call = &trace->items[index];
    const struct trace_item *frame = frame_of(trace, call);
    bool is_run = index + 1 < trace->count && trace->items[index + 1].outer == index;
    struct au_buf contract;
    struct au_buf function;
    au_buf_init(&contract, NAME_SIZE_MAX);
    au_buf_init(&function, NAME_SIZE_MAX);
    put_target(call, &contract, &function);
    struct au_bytes target = au_buf_bytes(&contract);
    au_buf_put_text(text, "inside, ");
    trace_put_callee(trace, frame->json, text);
    au_buf_put_text(text, " called ");
    au_known_put(&trace->known, target, text);
    au_buf_put_u8(text, ' ');
    au_buf_put_bytes(text, au_buf_bytes(&function));
    if (is_run) {
        au_buf_put_text(text, ", which ended with ");
        trace_put_ending(trace, call[1].json, text);
    } else {
        au_buf_printf(text, ", which was refused: %s", au_outcome_name(outcome));
    }
    if (!is_run && outcome == AU_OUTCOME_NOT_ALLOWED && waits(trace, call, target)) {
        au_buf_put_text(text, ", since that contract waits in a call of its own, which did not "
                              "consent to reentry");
    }
    au_buf_done(&function);
    au_buf_done(&contract);
}

void trace_note(struct trace *trace, const struct au_answer *answer, bool is_shown)
{
    struct au_buf text;
    if (answer->json == NULL || trace_read(trace, answer) != AU_EXIT_DONE) return;
    size_t end = trace->count;
    while (end > 0 && failed_outcome(&trace->items[end - 1]) == 0)
        end--;
    if (end == 0) return;
    au_buf_init(&text, NOTE_SIZE_MAX);
    trace_find_names(trace);
    note_call(trace, end - 1, (enum au_outcome)failed_outcome(&trace->items[end - 1]), &text);
    if (text.err == AU_OK) {
        au_invocation_note(trace->client->invocation, "%.*s%s", (int)text.size,
                           (const char *)text.data,
                           is_shown ? "" : "; `aureon simulate --trace` shows all of it");
    }
    au_buf_done(&text);
}

void au_trace_note(const struct au_client *client, const struct au_answer *answer)
{
    struct trace trace = {.client = client};
    trace_note(&trace, answer, /* is_shown = */ false);
    trace_done(&trace);
}
