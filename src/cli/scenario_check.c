/* What a step came to, against what it expects. */
#include <inttypes.h>
#include <stdio.h>

#include "abi/failure.h"
#include "abi/topic.h"
#include "cli/amount.h"
#include "cli/field.h"
#include "cli/scenario_internal.h"
#include "cli/show.h"
#include "core/invalid.h"
#include "core/limits.h"
#include "core/tx_json.h"

#define SHOWN_SIZE_MAX   (64u << 10) /* bytes of a value that is shown */
#define WHERE_SIZE_MAX   32u         /* bytes of the name of an event */
#define EVENTS_SHOWN_MAX 4u          /* names of events that are shown */
#define PLACE_SIZE_MAX   128u        /* bytes of the name of a value */

/* ---- names ---- */

static const uint8_t *address_of(const struct au_stage *stage, const struct au_party *party)
{
    switch (party->kind) {
    case AU_PARTY_ADDRESS: break;
    case AU_PARTY_DEV: return stage->keys[party->index].public_key;
    case AU_PARTY_CONTRACT:
        if (stage->named[party->index] != NULL) return stage->named[party->index]->address.bytes;
        break;
    }
    return party->address.bytes; /* zeros for a contract that did not come about */
}

struct au_address au_stage_address(const struct au_stage *stage, const struct au_party *party)
{
    struct au_address address;
    memcpy(address.bytes, address_of(stage, party), AU_ADDRESS_SIZE);
    return address;
}

/* ---- values ---- */

/* What is compared: bytes that a contract gave, of a type or of none (NULL). */
struct compared {
    struct au_stage *stage;
    const char *where;
    const struct au_abi_type *type;
    struct au_bytes got;
};

/* What can be read by its type is shown as JSON. */
static void put_value(struct au_buf *text, const struct au_abi_type *type, struct au_bytes value)
{
    struct au_json_write json;
    struct au_buf shown;
    if (type == NULL || !au_abi_value_check(type, "", value, NULL)) {
        au_show_value(text, value);
        return;
    }
    au_buf_init(&shown, SHOWN_SIZE_MAX);
    au_json_write_init(&json, &shown, AU_JSON_WRITE_COMPACT);
    au_abi_value_write_json(&json, type, value);
    au_json_write_finish(&json);
    if (shown.err == AU_OK) {
        au_show_text(text, au_buf_bytes(&shown));
    } else {
        au_show_value(text, value);
    }
    au_buf_done(&shown);
}

/* Expectations that cannot be read are not met: a sentence is in stage->text after each of these
 * that is not. */
static enum au_err read_expected(const struct compared *compared,
                                 const struct au_scenario_value *value, struct au_bytes *out_bytes)
{
    const struct au_scenario_reader reader = au_stage_reader(compared->stage, NULL);
    enum au_err err =
        au_scenario_read_value(&reader, compared->where, compared->type, value, out_bytes);
    return err == AU_ERR_MALFORMED ? AU_OK : err;
}

static enum au_err check_value(const struct compared *compared,
                               const struct au_scenario_value *value)
{
    struct au_buf *text = &compared->stage->text;
    struct au_bytes expected = {0};
    AU_TRY(read_expected(compared, value, &expected));
    if (text->size > 0 || au_bytes_is_equal(expected, compared->got)) return AU_OK;
    au_buf_printf(text, "%s: expected ", compared->where);
    put_value(text, compared->type, expected);
    au_buf_put_text(text, ", got ");
    put_value(text, compared->type, compared->got);
    return AU_OK;
}

static bool is_topic_of(const struct compared *compared, struct au_bytes value)
{
    if (!au_abi_value_check(compared->type, "", value, NULL)) return false;
    struct au_hash topic = au_abi_topic_of(compared->type, value);
    return au_bytes_is_equal((struct au_bytes){topic.bytes, AU_HASH_SIZE}, compared->got);
}

/* A topic that is a hash is compared as such: it does not tell its value. */
static enum au_err check_topic(const struct compared *compared,
                               const struct au_scenario_value *value)
{
    struct compared part = *compared;
    struct au_buf *text = &compared->stage->text;
    struct au_bytes expected = {0};
    size_t size = au_abi_topic_size(compared->type);
    part.got.data += AU_EVENT_TOPIC_SIZE - size;
    part.got.size = size;
    if (size > 0 && is_topic_of(compared, part.got)) return check_value(&part, value);
    AU_TRY(read_expected(compared, value, &expected));
    if (text->size > 0 || is_topic_of(compared, expected)) return AU_OK;
    au_buf_printf(text, "%s: expected ", compared->where);
    put_value(text, compared->type, expected);
    au_buf_put_text(text, ", got another value, with the topic ");
    put_value(text, NULL, compared->got);
    return AU_OK;
}

/* ---- fields of events and errors ---- */

/* The bytes of one field. false: topics and data are not those of the fields, all of them. */
static bool find_field(const struct au_abi_record *record, struct au_bytes topics,
                       struct au_bytes data, size_t index, struct au_bytes *out_bytes)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct au_abi_field *field = &record->fields[i];
        struct au_bytes *from = field->is_topic ? &topics : &data;
        size_t size = AU_EVENT_TOPIC_SIZE;
        if (!field->is_topic) size = au_abi_value_take(&field->type, data);
        if (size == 0 || size > from->size) return false;
        if (i == index) *out_bytes = (struct au_bytes){from->data, size};
        from->data += size;
        from->size -= size;
    }
    return topics.size + data.size == 0;
}

/* where  "error", "events[0]" */
static enum au_err check_field(struct au_stage *stage, const char *where,
                               const struct au_abi_record *record, struct au_bytes topics,
                               struct au_bytes data, const struct au_scenario_field *expected)
{
    char place[PLACE_SIZE_MAX];
    size_t index = au_abi_find_field(record->fields, record->field_count, expected->name);
    struct compared compared = {.stage = stage, .where = place};
    if (index == record->field_count) {
        au_buf_printf(&stage->text, "%s: expected a field of ", where);
        au_show_text(&stage->text, record->name);
        au_buf_put_text(&stage->text, ", got ");
        au_field_put_quoted(&stage->text, expected->name);
        return AU_OK;
    }
    snprintf(place, sizeof(place), "%s.%.*s", where, (int)expected->name.size,
             (const char *)expected->name.data);
    if (!find_field(record, topics, data, index, &compared.got)) {
        au_buf_printf(&stage->text, "%s: what was given is not what the ABI says", where);
        return AU_OK;
    }
    compared.type = &record->fields[index].type;
    return record->fields[index].is_topic ? check_topic(&compared, &expected->value)
                                          : check_value(&compared, &expected->value);
}

static enum au_err check_fields(struct au_stage *stage, const char *where,
                                const struct au_abi_record *record, struct au_bytes topics,
                                struct au_bytes data, const struct au_scenario_fields *expected)
{
    for (size_t i = 0; i < expected->count && stage->text.size == 0; i++) {
        AU_TRY(check_field(stage, where, record, topics, data, &expected->items[i]));
    }
    return AU_OK;
}

/* What an ABI says of a name; NULL after a sentence that it says nothing. */
static const struct au_abi_record *find_record(struct au_stage *stage, const char *where,
                                               const struct au_interface *interface,
                                               enum au_abi_record_kind kind, struct au_bytes name)
{
    const struct au_abi_record *record = NULL;
    if (interface != NULL && interface->has_abi) record = au_abi_find(&interface->abi, kind, name);
    if (record != NULL) return record;
    bool has_abi = interface != NULL && interface->has_abi;
    au_buf_printf(&stage->text, has_abi ? "%s: the contract's ABI has no " : "%s: no ABI has ",
                  where);
    au_field_put_quoted(&stage->text, name);
    return NULL;
}

/* ---- executions ---- */

/* What a revert means by the ABI; false: that is not told there, and nothing is written. */
static bool put_failure(struct au_buf *text, const struct au_interface *interface,
                        const struct au_tx_result *tx)
{
    struct au_buf said;
    bool has_abi = interface != NULL && interface->has_abi;
    if (!has_abi || tx->outcome != AU_OUTCOME_REVERTED) return false;
    au_buf_init(&said, SHOWN_SIZE_MAX);
    bool is_told = au_abi_failure_put(&said, &interface->abi, tx->revert_code, tx->output) &&
                   said.err == AU_OK;
    if (is_told) au_show_text(text, au_buf_bytes(&said));
    au_buf_done(&said);
    return is_told;
}

static void put_ending(struct au_buf *text, const struct au_interface *interface,
                       const struct au_tx_result *tx)
{
    const char *reason = au_receipt_reason(tx->outcome, tx->detail);
    au_buf_put_text(text, au_outcome_name(tx->outcome));
    if (reason != NULL) au_buf_printf(text, " (%s)", reason);
    if (tx->outcome == AU_OUTCOME_REVERTED) au_buf_put_u8(text, ' ');
    if (put_failure(text, interface, tx)) return;
    if (tx->outcome == AU_OUTCOME_REVERTED) au_buf_cut(text, text->size - 1);
    if (tx->message.size > 0) au_buf_put_text(text, ": ");
    au_show_text(text, tx->message);
}

static bool check_ending(struct au_buf *text, const struct au_expectation *expect,
                         const struct au_interface *interface, const struct au_tx_result *tx)
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
        put_ending(text, interface, tx);
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

static enum au_err check_error(struct au_stage *stage, const struct au_interface *interface,
                               const struct au_expected_error *expected,
                               const struct au_tx_result *tx)
{
    struct au_buf *text = &stage->text;
    if (expected->name.size == 0) return AU_OK;
    const struct au_abi_record *record =
        find_record(stage, "error", interface, AU_ABI_ERROR, expected->name);
    if (record == NULL) return AU_OK;
    if (record->code != tx->revert_code) {
        au_buf_put_text(text, "error: expected ");
        au_show_text(text, expected->name);
        au_buf_put_text(text, ", got ");
        if (!put_failure(text, interface, tx))
            au_buf_printf(text, "code %" PRIu32, tx->revert_code);
        return AU_OK;
    }
    return check_fields(stage, "error", record, (struct au_bytes){0}, tx->output,
                        &expected->fields);
}

/* Topics and data as they are. */
static enum au_err check_event_bytes(struct au_stage *stage, const char *where,
                                     const struct au_expected_event *expected,
                                     const struct au_event *got)
{
    char place[PLACE_SIZE_MAX];
    struct compared compared = {.stage = stage, .where = place};
    size_t topic_count = got->topics.size / AU_EVENT_TOPIC_SIZE;
    if (expected->has_topics && expected->topic_count != topic_count) {
        au_buf_printf(&stage->text, "%s.topics: expected %zu, got %zu", where,
                      expected->topic_count, topic_count);
        return AU_OK;
    }
    for (size_t i = 0; i < expected->topic_count && stage->text.size == 0; i++) {
        snprintf(place, sizeof(place), "%s.topics[%zu]", where, i);
        compared.got =
            (struct au_bytes){got->topics.data + i * AU_EVENT_TOPIC_SIZE, AU_EVENT_TOPIC_SIZE};
        AU_TRY(check_value(&compared, &expected->topics[i]));
    }
    if (!expected->has_data || stage->text.size > 0) return AU_OK;
    snprintf(place, sizeof(place), "%s.data", where);
    compared.got = got->data;
    return check_value(&compared, &expected->data);
}

static enum au_err check_event(struct au_stage *stage, size_t index,
                               const struct au_expected_event *expected, const struct au_event *got)
{
    char where[WHERE_SIZE_MAX];
    snprintf(where, sizeof(where), "events[%zu]", index);
    if (!is_same(&stage->text, "events", index, ".name", expected->name, got->name)) return AU_OK;
    if (expected->has_contract) {
        struct au_bytes contract = {address_of(stage, &expected->contract), AU_ADDRESS_SIZE};
        if (!is_same(&stage->text, "events", index, ".contract", contract, got->contract)) {
            return AU_OK;
        }
    }
    if (expected->fields.count == 0) return check_event_bytes(stage, where, expected, got);
    const struct au_interface *interface = au_stage_interface(stage, got->contract.data);
    const struct au_abi_record *record =
        find_record(stage, where, interface, AU_ABI_EVENT, expected->name);
    if (record == NULL) return AU_OK;
    return check_fields(stage, where, record, got->topics, got->data, &expected->fields);
}

static enum au_err check_events(struct au_stage *stage, const struct au_expectation *expect,
                                const struct au_tx_result *tx)
{
    if (!expect->has_events) return AU_OK;
    for (size_t i = 0; i < expect->event_count && i < tx->event_count; i++) {
        AU_TRY(check_event(stage, i, &expect->events[i], &tx->events[i]));
        if (stage->text.size > 0) return AU_OK;
    }
    if (expect->event_count == tx->event_count) return AU_OK;
    au_buf_printf(&stage->text, "events: expected %zu, got %zu", expect->event_count,
                  tx->event_count);
    for (size_t i = 0; i < tx->event_count && i < EVENTS_SHOWN_MAX; i++) {
        au_buf_put_text(&stage->text, i == 0 ? ": " : ", ");
        au_show_text(&stage->text, tx->events[i].name);
    }
    if (tx->event_count > EVENTS_SHOWN_MAX) au_buf_put_text(&stage->text, ", ...");
    return AU_OK;
}

/* What a function returns has a type; what a revert says has none. */
static enum au_err check_output(struct au_stage *stage, const struct au_expectation *expect,
                                const struct au_interface *interface, struct au_bytes function,
                                const struct au_tx_result *tx)
{
    struct compared compared = {.stage = stage, .where = "output", .got = tx->output};
    struct au_abi_call call = {0};
    if (!expect->has_output) return AU_OK;
    bool is_typed = tx->outcome == AU_OUTCOME_SUCCESS && interface != NULL &&
                    au_interface_find(interface, function, &call) && call.fn->has_result;
    if (is_typed) compared.type = &call.fn->result;
    return check_value(&compared, &expect->output);
}

enum au_err au_stage_check_tx(struct au_stage *stage, const struct au_step *step,
                              const struct au_interface *interface, struct au_bytes function,
                              const struct au_tx_result *tx)
{
    const struct au_expectation *expect = &step->expect;
    struct au_buf *text = &stage->text;
    bool is_right = check_ending(text, expect, interface, tx) && check_detail(text, expect, tx) &&
                    check_revert_code(text, expect, tx) && check_gas(text, expect, tx) &&
                    check_logs(text, expect, tx);
    if (is_right) AU_TRY(check_error(stage, interface, &expect->error, tx));
    if (text->size == 0) AU_TRY(check_events(stage, expect, tx));
    return text->size == 0 ? check_output(stage, expect, interface, function, tx) : AU_OK;
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

static void put_entry(struct au_buf *text, const struct au_abi_type *type, bool exists,
                      struct au_bytes value)
{
    if (!exists) {
        au_buf_put_text(text, "none");
    } else {
        put_value(text, type, value);
    }
}

/* The key in the storage, and the type of what is there; NULL: none. What cannot be known is in
 * stage->text. */
static enum au_err find_entry(struct au_stage *stage, const struct au_expected_entry *expected,
                              struct au_bytes *out_key, const struct au_abi_type **out_type)
{
    struct compared key = {.stage = stage, .where = "storage.key"};
    struct au_bytes tail = {0};
    *out_type = NULL;
    if (expected->name.size == 0) return read_expected(&key, &expected->key, out_key);
    const struct au_abi_record *record = find_record(
        stage, "storage", au_stage_interface(stage, address_of(stage, &expected->contract)),
        AU_ABI_STORAGE, expected->name);
    if (record == NULL) return AU_OK;
    bool is_map = record->result.kind == AU_ABI_MAP;
    if (is_map != expected->has_key) {
        au_buf_put_text(&stage->text, "storage: ");
        au_show_text(&stage->text, expected->name);
        au_buf_put_text(&stage->text, is_map ? " is a map: expected a key, got none"
                                             : " is no map: expected no key, got one");
        return AU_OK;
    }
    *out_type = is_map ? &record->result.items[1] : &record->result;
    key.type = is_map ? &record->result.items[0] : NULL;
    if (is_map) AU_TRY(read_expected(&key, &expected->key, &tail));
    uint8_t *bytes = au_arena_get(&stage->arena, record->key.size + tail.size);
    if (bytes == NULL) return AU_ERR_NO_MEMORY;
    if (record->key.size > 0) memcpy(bytes, record->key.data, record->key.size);
    if (tail.size > 0) memcpy(bytes + record->key.size, tail.data, tail.size);
    *out_key = (struct au_bytes){bytes, record->key.size + tail.size};
    return AU_OK;
}

static void put_entry_name(struct au_buf *text, const struct au_expected_entry *expected,
                           struct au_bytes key)
{
    au_buf_put_text(text, "storage of ");
    au_show_text(text, expected->contract_name);
    if (expected->name.size == 0) {
        au_buf_put_text(text, ", key ");
        au_show_value(text, key);
        return;
    }
    au_buf_put_text(text, ", ");
    au_show_text(text, expected->name);
    if (!expected->has_key) return;
    au_buf_put_u8(text, '[');
    au_show_text(text, expected->key.json);
    au_buf_put_u8(text, ']');
}

static enum au_err check_entry(struct au_stage *stage, const struct au_expected_entry *expected)
{
    struct au_bytes got = {0};
    struct au_bytes key = {0};
    struct compared value = {.stage = stage, .where = "storage.value"};
    struct au_bytes wanted = {0};
    AU_TRY(find_entry(stage, expected, &key, &value.type));
    if (stage->text.size == 0 && expected->exists) {
        AU_TRY(read_expected(&value, &expected->value, &wanted));
    }
    if (stage->text.size > 0) return AU_OK;
    enum au_err err =
        au_chain_get_storage(stage->chain, address_of(stage, &expected->contract), key, &got);
    if (err != AU_OK && err != AU_ERR_NOT_FOUND) return err;
    bool exists = err == AU_OK;
    if (exists != expected->exists || !au_bytes_is_equal(wanted, got)) {
        put_entry_name(&stage->text, expected, key);
        au_buf_put_text(&stage->text, ": expected ");
        put_entry(&stage->text, value.type, expected->exists, wanted);
        au_buf_put_text(&stage->text, ", got ");
        put_entry(&stage->text, value.type, exists, got);
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
