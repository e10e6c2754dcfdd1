/* What a step came to, against what it expects. */
#include <inttypes.h>

#include "cli/amount.h"
#include "cli/scenario_internal.h"
#include "cli/show.h"
#include "core/invalid.h"
#include "core/limits.h"
#include "core/tx_json.h"

/* ---- names ---- */

static const uint8_t *address_of(const struct au_stage *stage, const struct au_party *party)
{
    switch (party->kind) {
    case AU_PARTY_ADDRESS: break;
    case AU_PARTY_DEV: return stage->keys[party->index].public_key;
    case AU_PARTY_CONTRACT: return stage->contracts[party->index].address.bytes;
    }
    return party->address.bytes;
}

struct au_address au_stage_address(const struct au_stage *stage, const struct au_party *party)
{
    struct au_address address;
    memcpy(address.bytes, address_of(stage, party), AU_ADDRESS_SIZE);
    return address;
}

struct au_bytes au_stage_value(const struct au_stage *stage, const struct au_scenario_value *value)
{
    if (!value->is_party) return value->bytes;
    return (struct au_bytes){address_of(stage, &value->party), AU_ADDRESS_SIZE};
}

/* ---- executions ---- */

static void put_ending(struct au_buf *text, const struct au_tx_result *tx)
{
    const char *reason = au_receipt_reason(tx->outcome, tx->detail);
    au_buf_put_text(text, au_outcome_name(tx->outcome));
    if (reason != NULL) au_buf_printf(text, " (%s)", reason);
    if (tx->message.size > 0) au_buf_put_text(text, ": ");
    au_show_text(text, tx->message);
}

static bool check_ending(struct au_buf *text, const struct au_expectation *expect,
                         const struct au_tx_result *tx)
{
    bool is_invalid = tx->invalid != 0;
    bool is_right = expect->invalid != NULL
                        ? is_invalid && strcmp(expect->invalid, tx->invalid_name) == 0
                        : !is_invalid && expect->outcome == tx->outcome;
    if (is_right) return true;
    if (expect->invalid != NULL) {
        au_buf_printf(text, "expected invalid %s, got ", expect->invalid);
    } else {
        au_buf_printf(text, "expected %s, got ", au_outcome_name(expect->outcome));
    }
    if (is_invalid) {
        au_buf_printf(text, "invalid %s: %s", tx->invalid_name,
                      au_invalid_text((enum au_invalid)tx->invalid));
    } else {
        put_ending(text, tx);
    }
    return false;
}

static bool check_detail(struct au_buf *text, const struct au_expectation *expect,
                         const struct au_tx_result *tx)
{
    const char *reason = au_receipt_reason(tx->outcome, tx->detail);
    struct au_bytes got = au_bytes_of(reason == NULL ? "none" : reason);
    if (expect->detail.size == 0 || au_bytes_is_equal(expect->detail, got)) return true;
    au_buf_printf(text, "detail: expected %.*s, got ", (int)expect->detail.size,
                  (const char *)expect->detail.data);
    au_buf_put_bytes(text, got);
    return false;
}

static bool check_revert_code(struct au_buf *text, const struct au_expectation *expect,
                              const struct au_tx_result *tx)
{
    if (!expect->has_revert_code || expect->revert_code == tx->revert_code) return true;
    au_buf_printf(text, "revert_code: expected %" PRIu32 ", got %" PRIu32, expect->revert_code,
                  tx->revert_code);
    return false;
}

static bool check_gas(struct au_buf *text, const struct au_expectation *expect,
                      const struct au_tx_result *tx)
{
    if (!expect->has_gas_max || tx->gas_used <= expect->gas_max) return true;
    au_buf_printf(text, "gas_max: expected at most %" PRIu64 ", got %" PRIu64, expect->gas_max,
                  tx->gas_used);
    return false;
}

/* Item index of a list, or a part of it. */
static bool is_same(struct au_buf *text, const char *list, size_t index, const char *part,
                    struct au_bytes expected, struct au_bytes got)
{
    if (au_bytes_is_equal(expected, got)) return true;
    au_buf_printf(text, "%s[%zu]%s: expected ", list, index, part);
    au_show_value(text, expected);
    au_buf_put_text(text, ", got ");
    au_show_value(text, got);
    return false;
}

static bool check_logs(struct au_buf *text, const struct au_expectation *expect,
                       const struct au_tx_result *tx)
{
    if (!expect->has_logs) return true;
    for (size_t i = 0; i < expect->log_count && i < tx->log_count; i++) {
        if (!is_same(text, "logs", i, "", expect->logs[i], tx->logs[i])) return false;
    }
    if (expect->log_count == tx->log_count) return true;
    au_buf_printf(text, "logs: expected %zu, got %zu", expect->log_count, tx->log_count);
    return false;
}

static bool check_event(const struct au_stage *stage, struct au_buf *text, size_t index,
                        const struct au_expected_event *expected, const struct au_event *got)
{
    if (!is_same(text, "events", index, ".name", expected->name, got->name)) return false;
    if (expected->has_contract) {
        struct au_bytes contract = {address_of(stage, &expected->contract), AU_ADDRESS_SIZE};
        if (!is_same(text, "events", index, ".contract", contract, got->contract)) return false;
    }
    size_t topic_count = got->topics.size / AU_EVENT_TOPIC_SIZE;
    if (expected->has_topics && expected->topic_count != topic_count) {
        au_buf_printf(text, "events[%zu].topics: expected %zu, got %zu", index,
                      expected->topic_count, topic_count);
        return false;
    }
    for (size_t i = 0; i < expected->topic_count; i++) {
        struct au_bytes topic = {got->topics.data + i * AU_EVENT_TOPIC_SIZE, AU_EVENT_TOPIC_SIZE};
        struct au_bytes value = au_stage_value(stage, &expected->topics[i]);
        if (!is_same(text, "topics", i, "", value, topic)) return false;
    }
    return !expected->has_data || is_same(text, "events", index, ".data",
                                          au_stage_value(stage, &expected->data), got->data);
}

static bool check_events(const struct au_stage *stage, struct au_buf *text,
                         const struct au_expectation *expect, const struct au_tx_result *tx)
{
    if (!expect->has_events) return true;
    for (size_t i = 0; i < expect->event_count && i < tx->event_count; i++) {
        if (!check_event(stage, text, i, &expect->events[i], &tx->events[i])) return false;
    }
    if (expect->event_count == tx->event_count) return true;
    au_buf_printf(text, "events: expected %zu, got %zu", expect->event_count, tx->event_count);
    return false;
}

void au_stage_check_tx(struct au_stage *stage, const struct au_step *step,
                       const struct au_tx_result *tx)
{
    const struct au_expectation *expect = &step->expect;
    struct au_buf *text = &stage->text;
    bool is_right = check_ending(text, expect, tx) && check_detail(text, expect, tx) &&
                    check_revert_code(text, expect, tx) && check_gas(text, expect, tx) &&
                    check_logs(text, expect, tx) && check_events(stage, text, expect, tx);
    if (!is_right || !expect->has_output) return;
    struct au_bytes output = au_stage_value(stage, &expect->output);
    if (au_bytes_is_equal(output, tx->output)) return;
    au_buf_put_text(text, "output: expected ");
    au_show_value(text, output);
    au_buf_put_text(text, ", got ");
    au_show_value(text, tx->output);
}

/* ---- the state ---- */

static enum au_err check_balance(struct au_stage *stage, const struct au_expected_balance *expected)
{
    struct au_account_state account;
    AU_TRY(au_chain_get_account(stage->chain, address_of(stage, &expected->party), &account));
    if (account.balance == expected->amount) return AU_OK;
    au_buf_put_text(&stage->text, "balances.");
    au_show_text(&stage->text, expected->name);
    au_buf_put_text(&stage->text, ": expected ");
    au_amount_format(&stage->text, expected->amount);
    au_buf_put_text(&stage->text, ", got ");
    au_amount_format(&stage->text, account.balance);
    return AU_OK;
}

static void put_entry(struct au_buf *text, bool exists, struct au_bytes value)
{
    if (!exists) {
        au_buf_put_text(text, "none");
    } else {
        au_show_value(text, value);
    }
}

static enum au_err check_entry(struct au_stage *stage, const struct au_expected_entry *expected)
{
    struct au_bytes got = {0};
    struct au_bytes key = au_stage_value(stage, &expected->key);
    struct au_bytes value = {0};
    if (expected->exists) value = au_stage_value(stage, &expected->value);
    enum au_err err =
        au_chain_get_storage(stage->chain, address_of(stage, &expected->contract), key, &got);
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    bool exists = err == AU_OK;
    if (exists != expected->exists || !au_bytes_is_equal(value, got)) {
        au_buf_put_text(&stage->text, "storage of ");
        au_show_text(&stage->text, expected->contract_name);
        au_buf_put_text(&stage->text, ", key ");
        au_show_value(&stage->text, key);
        au_buf_put_text(&stage->text, ": expected ");
        put_entry(&stage->text, expected->exists, value);
        au_buf_put_text(&stage->text, ", got ");
        put_entry(&stage->text, exists, got);
    }
    au_free(got.data);
    return AU_OK;
}

enum au_err au_stage_check_state(struct au_stage *stage, const struct au_expectation *expect)
{
    for (size_t i = 0; i < expect->balance_count && stage->text.size == 0; i++) {
        AU_TRY(check_balance(stage, &expect->balances[i]));
    }
    for (size_t i = 0; i < expect->entry_count && stage->text.size == 0; i++) {
        AU_TRY(check_entry(stage, &expect->entries[i]));
    }
    return AU_OK;
}
