/* Events of contracts, as the chain's index finds them. */
#include "api/cursor.h"
#include "api/handlers.h"
#include "api/json.h"
#include "base/hex.h"
#include "base/utf8.h"

#define LIMIT_PRESET    20u
#define LIMIT_MAX       100u
#define LOOKS_MAX       2000u       /* events that a page may look at */
#define READ_SIZE_MAX   (16u << 20) /* bytes of receipts from which on a page ends */
#define EXPECTED_NAME   "the 1 to 64 bytes of an event's name"
#define EXPECTED_TOPIC  "0x and 64 hex digits"
#define EXPECTED_CURSOR "an event's `cursor`, or what `next` said"

/* ---- the query ---- */

static void read_filter(struct au_input *input, struct au_event_filter *out_filter)
{
    struct au_bytes text;
    *out_filter = (struct au_event_filter){0};
    out_filter->has_contract = au_input_address(input, "contract", &out_filter->contract);
    out_filter->has_account = au_input_address(input, "account", &out_filter->account);
    if (au_input_text(input, "name", &text)) {
        if (text.size == 0 || text.size > AU_EVENT_NAME_SIZE_MAX || !au_utf8_is_valid(text)) {
            au_input_fail(input, "name", EXPECTED_NAME, text);
            return;
        }
        memcpy(out_filter->name, text.data, text.size);
        out_filter->name_size = (uint8_t)text.size;
    }
    if (au_input_text(input, "topic", &text)) {
        out_filter->has_topic = au_hex_parse(text, out_filter->topic.bytes, AU_HASH_SIZE) == AU_OK;
        if (!out_filter->has_topic) au_input_fail(input, "topic", EXPECTED_TOPIC, text);
    }
}

static void read_range(struct au_input *input, struct au_event_range *out_range)
{
    static const char *const orders[] = {"desc", "asc", NULL};
    struct au_bytes text;
    size_t order = 0;
    *out_range = (struct au_event_range){.to_height = UINT64_MAX};
    au_input_query_u64(input, "from_height", 0, UINT64_MAX, &out_range->from_height);
    au_input_query_u64(input, "to_height", out_range->from_height, UINT64_MAX,
                       &out_range->to_height);
    au_input_query_word(input, "order", orders, &order);
    out_range->order = order == 0 ? AU_CHAIN_DOWNWARD : AU_CHAIN_UPWARD;
    out_range->has_after = au_input_text(input, "cursor", &text);
    if (out_range->has_after && !au_cursor_parse_event(text, &out_range->after)) {
        au_input_fail(input, "cursor", EXPECTED_CURSOR, text);
    }
}

/* Events before the snapshot that the node began from are not there: who asks for them by height,
 * or comes back to them, must not take that for there being none. */
static bool is_kept(struct au_input *input, struct au_look *look,
                    const struct au_event_range *range)
{
    uint64_t first;
    uint64_t from = range->from_height;
    enum au_err err = au_find_first(look, &first);
    if (err != AU_OK) {
        au_input_fail_err(input, err);
        return false;
    }
    bool comes_back = range->has_after && range->order == AU_CHAIN_UPWARD;
    bool is_given = comes_back || au_input_has(input, "from_height");
    if (comes_back && range->after.tx.height > from) from = range->after.tx.height;
    if (first == 0 || !is_given || from > first) return true;
    au_fail_pruned(input, "", from, first);
    return false;
}

/* ---- a page ---- */

/* Writes what the walk finds; out_last is where a page that is not the last ends. */
static enum au_err put_items(struct au_json_write *json, struct au_event_walk *walk, size_t limit,
                             const struct au_receipt_teller *teller,
                             struct au_event_place *out_last)
{
    struct au_receipt_event event;
    bool is_match;
    size_t count = 0;
    for (size_t i = 0; count < limit && i < LOOKS_MAX && walk->read_size < READ_SIZE_MAX; i++) {
        AU_TRY(au_event_walk_next(walk, out_last, &event, &is_match));
        if (!is_match) continue;
        au_json_write_begin_object(json);
        au_json_put_event(json, out_last, &walk->receipt, &event);
        teller->event(teller->context, json, &walk->receipt, &event);
        au_json_write_end_object(json);
        count++;
    }
    return AU_OK;
}

static enum au_err put_page(struct au_input *input, struct au_look *look,
                            const struct au_event_filter *filter,
                            const struct au_event_range *range, size_t limit)
{
    struct au_event_walk walk;
    struct au_event_place last;
    struct au_json_write json;
    struct au_decoder decoder;
    AU_TRY(au_event_walk_open(&look->chain, filter, range, &walk));
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    au_reply_begin(&json, input->response, 200);
    au_json_write_key(&json, "items");
    au_json_write_begin_array(&json);
    enum au_err err = put_items(&json, &walk, limit, au_decoder_of_chain(&decoder), &last);
    au_decoder_done(&decoder);
    au_json_write_end_array(&json);
    if (err == AU_OK) au_json_put_cursor(&json, "next", &last);
    au_event_walk_close(&walk);
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    au_reply_end(&json);
    return AU_OK;
}

void au_get_events(struct au_input *input)
{
    struct au_event_filter filter;
    struct au_event_range range;
    struct au_look look;
    uint64_t limit = LIMIT_PRESET;
    read_filter(input, &filter);
    read_range(input, &range);
    au_input_query_u64(input, "limit", 1, LIMIT_MAX, &limit);
    if (input->has_failed || !au_look_open(input->api, input->response, &look)) return;
    if (is_kept(input, &look, &range)) {
        enum au_err err = put_page(input, &look, &filter, &range, limit);
        if (err != AU_OK) au_fail(input->response, err);
    }
    au_look_close(&look);
}

/* ---- the stream ---- */

/* Where a stream goes on: behind the last event that its client saw, else at from_height, else with
 * the next block. */
static void read_start(struct au_input *input, struct au_event_range *out_range)
{
    struct au_bytes text;
    const char *name = "Last-Event-ID";
    *out_range = (struct au_event_range){.order = AU_CHAIN_UPWARD};
    out_range->has_after = au_request_header(input->request, name, &text);
    if (!out_range->has_after) {
        name = "cursor";
        out_range->has_after = au_input_text(input, name, &text);
    }
    if (out_range->has_after && !au_cursor_parse_event(text, &out_range->after)) {
        au_input_fail(input, name, EXPECTED_CURSOR, text);
    }
    bool is_given =
        au_input_query_u64(input, "from_height", 0, UINT64_MAX, &out_range->from_height);
    if (is_given || out_range->has_after) return;
    out_range->from_height = au_ledger_head(input->api->options.ledger).height + 1;
}

void au_get_events_stream(struct au_input *input)
{
    struct au_event_watcher watcher = {0};
    struct au_look look;
    read_filter(input, &watcher.filter);
    read_start(input, &watcher.range);
    if (input->has_failed || !au_look_open(input->api, input->response, &look)) return;
    bool is_there = is_kept(input, &look, &watcher.range);
    au_look_close(&look);
    if (!is_there) return;
    watcher.stream = au_response_stream(input->response);
    if (watcher.stream == NULL) return;
    (void)au_event_watch_add(&input->api->event_watch, &watcher);
    au_api_wake(input->api); /* if there is no room, too: some may have left */
}
