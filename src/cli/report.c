#include "cli/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json_write.h"
#include "cli/account.h"
#include "cli/show.h"
#include "core/limits.h"

#define COLOR_GOOD "\033[32m"
#define COLOR_BAD  "\033[31m"
#define COLOR_END  "\033[0m"

static void put_label(struct au_buf *text, const char *label)
{
    au_buf_printf(text, "%-9s", label);
}

static void put_outcome(struct au_buf *text, const struct au_report *report)
{
    const struct au_result *result = report->result;
    const char *color = result->success ? COLOR_GOOD : COLOR_BAD;
    put_label(text, "outcome");
    if (report->has_color) au_buf_put_text(text, color);
    au_buf_put_text(text, au_outcome_name(result->outcome));
    if (report->has_color) au_buf_put_text(text, COLOR_END);
    au_buf_put_u8(text, '\n');

    if (!result->success) {
        put_label(text, "message");
        au_show_text(text, au_bytes_of(result->message));
        au_buf_put_u8(text, '\n');
    }
}

static void put_output(struct au_buf *text, const struct au_result *result)
{
    bool is_revert = result->outcome == AU_OUTCOME_REVERTED;
    if (result->output.size == 0 && !is_revert) return;
    put_label(text, is_revert ? "revert" : "output");
    if (is_revert) au_buf_printf(text, "%" PRIu32 "  ", result->revert_code);
    au_show_value(text, result->output);
    au_buf_put_u8(text, '\n');
}

static void put_key(struct au_buf *text, struct au_bytes key)
{
    if (au_show_is_text(key)) {
        au_buf_put_bytes(text, key);
    } else {
        au_show_value(text, key);
    }
}

static void put_entry(struct au_buf *text, bool exists, struct au_bytes value)
{
    if (exists) {
        au_show_value(text, value);
    } else {
        au_buf_put_text(text, "absent");
    }
}

static void put_storage_change(struct au_buf *text, const struct au_storage_change *change)
{
    put_label(text, "storage");
    put_key(text, change->key);
    au_buf_put_text(text, ": ");
    put_entry(text, change->existed, change->before);
    au_buf_put_text(text, " -> ");
    put_entry(text, change->exists, change->after);
    au_buf_put_u8(text, '\n');
}

static struct au_bytes topic(const struct au_event *event, size_t at)
{
    return (struct au_bytes){event->topics.data + at, AU_EVENT_TOPIC_SIZE};
}

static void put_event(struct au_buf *text, const struct au_event *event)
{
    put_label(text, "event");
    au_show_text(text, event->name);
    for (size_t at = 0; at < event->topics.size; at += AU_EVENT_TOPIC_SIZE) {
        au_buf_put_text(text, at == 0 ? " [" : " ");
        au_show_value(text, topic(event, at));
    }
    if (event->topics.size > 0) au_buf_put_u8(text, ']');
    if (event->data.size > 0) {
        au_buf_put_u8(text, ' ');
        au_show_value(text, event->data);
    }
    au_buf_put_u8(text, '\n');
}

void au_report_text(struct au_buf *text, const struct au_report *report)
{
    const struct au_result *result = report->result;
    put_outcome(text, report);
    put_label(text, "gas");
    au_buf_printf(text, "%" PRIu64 " of %" PRIu64 "\n", result->gas_used, report->gas_limit);
    put_output(text, result);

    for (size_t i = 0; i < result->log_count; i++) {
        put_label(text, "log");
        au_show_text(text, result->logs[i]);
        au_buf_put_u8(text, '\n');
    }
    for (size_t i = 0; i < result->event_count; i++) {
        put_event(text, &result->events[i]);
    }
    for (size_t i = 0; i < result->storage_change_count; i++) {
        put_storage_change(text, &result->storage_changes[i]);
    }
    for (size_t i = 0; i < result->state_change_count; i++) {
        const struct au_state_change *change = &result->state_changes[i];
        put_label(text, "balance");
        au_account_format(text, change->account);
        au_buf_printf(text, ": %" PRIu64 " -> %" PRIu64 "\n", change->before, change->after);
    }
    if (report->is_saved) {
        put_label(text, "saved");
        au_show_text(text, au_bytes_of(report->storage_path));
        au_buf_put_u8(text, '\n');
    }
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static void json_outcome(struct au_json_write *json, const struct au_report *report)
{
    const struct au_result *result = report->result;
    au_json_put_text(json, "function", report->function);
    au_json_put_bool(json, "success", result->success);
    au_json_put_text(json, "outcome", au_outcome_name(result->outcome));
    au_json_put_text(json, "class", au_class_name(result->outcome_class));
    au_json_put_u32(json, "detail", result->detail);
    au_json_put_text(json, "message", result->message);
    au_json_put_u64(json, "gas_limit", report->gas_limit);
    au_json_put_u64(json, "gas_used", result->gas_used);
    au_show_put_json(json, "output", result->output);
    if (result->output.size == 8)
        au_json_put_u64(json, "output_u64", au_show_number(result->output));
    if (result->output.size == 4) {
        au_json_put_u32(json, "output_u32", (uint32_t)au_show_number(result->output));
    }
    if (result->outcome == AU_OUTCOME_REVERTED)
        au_json_put_u32(json, "revert_code", result->revert_code);
}

static void json_logs(struct au_json_write *json, const struct au_result *result)
{
    au_json_write_key(json, "logs");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < result->log_count; i++) {
        au_json_write_begin_object(json);
        au_json_write_key(json, "data");
        au_json_write_hex(json, result->logs[i]);
        au_json_write_key(json, "text");
        au_json_write_bytes(json, result->logs[i]);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void json_events(struct au_json_write *json, const struct au_result *result)
{
    au_json_write_key(json, "events");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < result->event_count; i++) {
        const struct au_event *event = &result->events[i];
        au_json_write_begin_object(json);
        au_show_put_json(json, "contract", event->contract);
        au_json_put_bytes(json, "name", event->name);
        au_json_write_key(json, "topics");
        au_json_write_begin_array(json);
        for (size_t at = 0; at < event->topics.size; at += AU_EVENT_TOPIC_SIZE) {
            au_json_write_hex(json, topic(event, at));
        }
        au_json_write_end_array(json);
        au_show_put_json(json, "data", event->data);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void json_storage_changes(struct au_json_write *json, const struct au_result *result)
{
    au_json_write_key(json, "storage_changes");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < result->storage_change_count; i++) {
        const struct au_storage_change *change = &result->storage_changes[i];
        au_json_write_begin_object(json);
        au_show_put_json(json, "key", change->key);
        if (change->existed) au_show_put_json(json, "before", change->before);
        if (change->exists) au_show_put_json(json, "after", change->after);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void json_balance_changes(struct au_json_write *json, const struct au_result *result)
{
    struct au_buf account;
    au_buf_init(&account, (size_t)4 * AU_ID_SIZE_MAX);
    au_json_write_key(json, "balance_changes");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < result->state_change_count; i++) {
        const struct au_state_change *change = &result->state_changes[i];
        au_buf_clear(&account);
        au_account_format(&account, change->account);
        au_json_write_begin_object(json);
        au_json_write_key(json, "account");
        au_json_write_bytes(json, au_buf_bytes(&account));
        au_json_put_u64(json, "before", change->before);
        au_json_put_u64(json, "after", change->after);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
    if (account.err != AU_OK && json->buf->err == AU_OK) json->buf->err = account.err;
    au_buf_done(&account);
}

void au_report_json(struct au_buf *text, const struct au_report *report)
{
    struct au_json_write json;
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    json_outcome(&json, report);
    json_logs(&json, report->result);
    json_events(&json, report->result);
    json_storage_changes(&json, report->result);
    json_balance_changes(&json, report->result);
    if (report->storage_path != NULL) {
        au_json_write_key(&json, "storage_file");
        au_json_write_begin_object(&json);
        au_json_put_text(&json, "path", report->storage_path);
        au_json_put_bool(&json, "saved", report->is_saved);
        au_json_write_end_object(&json);
    }
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}
