/* What a step expects. */
#include "cli/scenario_parse.h"
#include "core/invalid.h"
#include "core/limits.h"
#include "core/tx_json.h"

#define OUTCOME_COUNT 13u
#define INVALID_COUNT 16u

typedef enum au_err parse_member(struct au_scenario_parser *parser, const char *where,
                                 const struct au_json_in *value, struct au_expectation *expect);

static const char *member(struct au_scenario_parser *parser, const char *where, const char *name)
{
    return au_scenario_member(parser, where, au_bytes_of(name));
}

static enum au_err fail_word(struct au_scenario_parser *parser, const char *where,
                             const char *const *words, size_t count, struct au_bytes got)
{
    au_buf_printf(parser->message, "%s: expected one of", where);
    for (size_t i = 0; i < count; i++) {
        au_buf_printf(parser->message, "%s %s", i > 0 ? "," : "", words[i]);
    }
    au_buf_put_text(parser->message, ", got ");
    au_field_put_quoted(parser->message, got);
    return AU_ERR_MALFORMED;
}

static enum au_err parse_word(struct au_scenario_parser *parser, const char *where,
                              const struct au_json_in *value, const char *const *words,
                              size_t count, size_t *out_index)
{
    struct au_bytes text;
    AU_TRY(au_scenario_text(parser, where, value, &text));
    for (size_t i = 0; i < count; i++) {
        if (!au_bytes_is_equal(text, au_bytes_of(words[i]))) continue;
        *out_index = i;
        return AU_OK;
    }
    return fail_word(parser, where, words, count, text);
}

static enum au_err parse_outcome(struct au_scenario_parser *parser, const char *where,
                                 const struct au_json_in *value, struct au_expectation *expect)
{
    const char *words[OUTCOME_COUNT];
    size_t index;
    for (size_t i = 0; i < OUTCOME_COUNT; i++) {
        words[i] = au_outcome_name((enum au_outcome)i);
    }
    AU_TRY(parse_word(parser, where, value, words, OUTCOME_COUNT, &index));
    expect->outcome = (enum au_outcome)index;
    return AU_OK;
}

static enum au_err parse_invalid(struct au_scenario_parser *parser, const char *where,
                                 const struct au_json_in *value, struct au_expectation *expect)
{
    const char *words[INVALID_COUNT - 1];
    size_t index;
    for (size_t i = 1; i < INVALID_COUNT; i++) {
        words[i - 1] = au_invalid_name((enum au_invalid)i);
    }
    AU_TRY(parse_word(parser, where, value, words, INVALID_COUNT - 1, &index));
    expect->invalid = words[index];
    return AU_OK;
}

static enum au_err parse_detail(struct au_scenario_parser *parser, const char *where,
                                const struct au_json_in *value, struct au_expectation *expect)
{
    static const char *const words[] = {
#define AU_TRAP_DETAIL(number, NAME, name, text) #name,
#include "abi/detail.def"
#undef AU_TRAP_DETAIL
#define AU_HOST_DETAIL(number, NAME, name, text) #name,
#include "abi/detail.def"
#undef AU_HOST_DETAIL
    };
    size_t index;
    AU_TRY(parse_word(parser, where, value, words, AU_COUNT_OF(words), &index));
    expect->detail = au_bytes_of(words[index]);
    return AU_OK;
}

static enum au_err parse_revert_code(struct au_scenario_parser *parser, const char *where,
                                     const struct au_json_in *value, struct au_expectation *expect)
{
    uint64_t code = 0;
    AU_TRY(au_scenario_number(parser, where, value, UINT32_MAX, &code));
    expect->revert_code = (uint32_t)code;
    expect->has_revert_code = true;
    return AU_OK;
}

static enum au_err parse_output(struct au_scenario_parser *parser, const char *where,
                                const struct au_json_in *value, struct au_expectation *expect)
{
    (void)where;
    expect->has_output = true;
    return au_scenario_value(parser, value, &expect->output);
}

/* A name alone, or an object of one member: the name, and fields. */
static enum au_err parse_error(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *value, struct au_expectation *expect)
{
    struct au_expected_error *error = &expect->error;
    struct au_json_in_member found = {0};
    expect->outcome = AU_OUTCOME_REVERTED;
    if (au_json_in_type(value) == AU_JSON_IN_STRING) {
        return au_scenario_text(parser, where, value, &error->name);
    }
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    if (au_json_in_count(value) != 1 || !au_json_in_next(value, &found) || found.key.size == 0) {
        return au_field_fail(parser->message,
                             "%s: expected the error's name, or {\"name\": {its fields}}", where);
    }
    AU_TRY(au_arena_copy(&parser->scenario->arena, found.key, &error->name));
    return au_scenario_named(parser, au_scenario_member(parser, where, found.key), found.value,
                             AU_ABI_FIELDS_MAX, &error->fields);
}

static enum au_err parse_gas_max(struct au_scenario_parser *parser, const char *where,
                                 const struct au_json_in *value, struct au_expectation *expect)
{
    expect->has_gas_max = true;
    return au_scenario_number(parser, where, value, AU_SCENARIO_GAS_MAX, &expect->gas_max);
}

static enum au_err parse_logs(struct au_scenario_parser *parser, const char *where,
                              const struct au_json_in *value, struct au_expectation *expect)
{
    void *items;
    AU_TRY(au_scenario_list(parser, where, value, AU_SCENARIO_ITEMS_MAX, sizeof(*expect->logs),
                            &items));
    expect->logs = items;
    expect->log_count = au_json_in_count(value);
    expect->has_logs = true;
    for (size_t i = 0; i < expect->log_count; i++) {
        const struct au_json_in *line = au_json_in_item(value, i);
        const char *place = au_scenario_item(parser, where, i);
        AU_TRY(au_field_type(parser->message, place, line, AU_JSON_IN_STRING));
        AU_TRY(au_arena_copy(&parser->scenario->arena, au_json_in_string(line), &expect->logs[i]));
    }
    return AU_OK;
}

static enum au_err parse_event(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *value, struct au_expected_event *event)
{
    static const char *const names[] = {"name", "contract", "fields", "topics", "data", NULL};
    struct au_bytes contract_name;
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(parser->message, where, value, names));
    const struct au_json_in *name = au_json_in_get(value, "name");
    const struct au_json_in *contract = au_json_in_get(value, "contract");
    const struct au_json_in *fields = au_json_in_get(value, "fields");
    const struct au_json_in *topics = au_json_in_get(value, "topics");
    const struct au_json_in *data = au_json_in_get(value, "data");
    if (name == NULL) return au_field_fail(parser->message, "%s: name is missing", where);
    if (fields != NULL && (topics != NULL || data != NULL)) {
        return au_field_fail(parser->message, "%s: fields are what topics and data say: give one",
                             where);
    }
    AU_TRY(au_scenario_text(parser, member(parser, where, "name"), name, &event->name));
    event->has_contract = contract != NULL;
    event->has_topics = topics != NULL;
    event->has_data = data != NULL;
    if (contract != NULL) {
        const char *place = member(parser, where, "contract");
        AU_TRY(au_scenario_text(parser, place, contract, &contract_name));
        AU_TRY(au_scenario_contract(parser, place, contract_name, &event->contract));
    }
    if (fields != NULL) {
        AU_TRY(au_scenario_named(parser, member(parser, where, "fields"), fields, AU_ABI_FIELDS_MAX,
                                 &event->fields));
    }
    if (topics != NULL) {
        AU_TRY(au_scenario_values(parser, member(parser, where, "topics"), topics,
                                  AU_EVENT_TOPICS_MAX, &event->topics));
        event->topic_count = au_json_in_count(topics);
    }
    if (data == NULL) return AU_OK;
    return au_scenario_value(parser, data, &event->data);
}

static enum au_err parse_events(struct au_scenario_parser *parser, const char *where,
                                const struct au_json_in *value, struct au_expectation *expect)
{
    void *items;
    AU_TRY(au_scenario_list(parser, where, value, AU_SCENARIO_ITEMS_MAX, sizeof(*expect->events),
                            &items));
    expect->events = items;
    expect->event_count = au_json_in_count(value);
    expect->has_events = true;
    for (size_t i = 0; i < expect->event_count; i++) {
        const char *place = au_scenario_item(parser, where, i);
        AU_TRY(parse_event(parser, place, au_json_in_item(value, i), &expect->events[i]));
    }
    return AU_OK;
}

static enum au_err parse_balances(struct au_scenario_parser *parser, const char *where,
                                  const struct au_json_in *value, struct au_expectation *expect)
{
    struct au_json_in_member found = {0};
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    size_t count = au_json_in_count(value);
    if (count > AU_SCENARIO_ITEMS_MAX) {
        return au_field_fail(parser->message, "%s: expected at most %u members, got %zu", where,
                             AU_SCENARIO_ITEMS_MAX, count);
    }
    expect->balances = au_arena_zero(&parser->scenario->arena, count * sizeof(*expect->balances));
    if (expect->balances == NULL) return AU_ERR_NO_MEMORY;
    while (au_json_in_next(value, &found)) {
        struct au_expected_balance *balance = &expect->balances[expect->balance_count++];
        AU_TRY(au_scenario_party(parser, where, found.key, &balance->party));
        AU_TRY(au_arena_copy(&parser->scenario->arena, found.key, &balance->name));
        const char *place = au_scenario_member(parser, where, found.key);
        AU_TRY(au_scenario_amount(parser, place, found.value, &balance->amount));
    }
    return AU_OK;
}

static enum au_err parse_entry(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *value, struct au_expected_entry *entry)
{
    static const char *const names[] = {"contract", "value", "key", "name", NULL};
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(parser->message, where, value, names));
    const struct au_json_in *name = au_json_in_get(value, "name");
    const struct au_json_in *key = au_json_in_get(value, "key");
    for (size_t i = 0; i < (name == NULL ? 3u : 2u); i++) { /* a name may do without a key */
        if (au_json_in_get(value, names[i]) == NULL) {
            return au_field_fail(parser->message, "%s: %s is missing", where, names[i]);
        }
    }
    const char *place = member(parser, where, "contract");
    AU_TRY(
        au_scenario_text(parser, place, au_json_in_get(value, "contract"), &entry->contract_name));
    AU_TRY(au_scenario_contract(parser, place, entry->contract_name, &entry->contract));
    if (name != NULL) {
        AU_TRY(au_scenario_text(parser, member(parser, where, "name"), name, &entry->name));
    }
    entry->has_key = key != NULL;
    if (key != NULL) AU_TRY(au_scenario_value(parser, key, &entry->key));
    const struct au_json_in *content = au_json_in_get(value, "value");
    entry->exists = au_json_in_type(content) != AU_JSON_IN_NULL;
    if (!entry->exists) return AU_OK;
    return au_scenario_value(parser, content, &entry->value);
}

static enum au_err parse_storage(struct au_scenario_parser *parser, const char *where,
                                 const struct au_json_in *value, struct au_expectation *expect)
{
    void *items;
    AU_TRY(au_scenario_list(parser, where, value, AU_SCENARIO_ITEMS_MAX, sizeof(*expect->entries),
                            &items));
    expect->entries = items;
    expect->entry_count = au_json_in_count(value);
    for (size_t i = 0; i < expect->entry_count; i++) {
        const char *place = au_scenario_item(parser, where, i);
        AU_TRY(parse_entry(parser, place, au_json_in_item(value, i), &expect->entries[i]));
    }
    return AU_OK;
}

/* What is about an execution is asked of steps that have one. */
static const struct {
    const char *name;
    bool is_of_run;
    parse_member *parse;
} members[] = {
    {"outcome", true, parse_outcome},  {"invalid", true, parse_invalid},
    {"detail", true, parse_detail},    {"revert_code", true, parse_revert_code},
    {"output", true, parse_output},    {"gas_max", true, parse_gas_max},
    {"logs", true, parse_logs},        {"events", true, parse_events},
    {"error", true, parse_error},      {"balances", false, parse_balances},
    {"storage", false, parse_storage},
};

/* An error of the ABI says how the execution ends. */
static enum au_err check_error(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *object)
{
    static const char *const others[] = {"outcome", "invalid", "detail", "revert_code", "output"};
    for (size_t i = 0; i < AU_COUNT_OF(others); i++) {
        if (au_json_in_get(object, others[i]) == NULL) continue;
        return au_field_fail(parser->message, "%s: beside error there is no %s", where, others[i]);
    }
    return AU_OK;
}

enum au_err au_scenario_expectation(struct au_scenario_parser *parser, const char *where,
                                    const struct au_json_in *value, enum au_step_kind kind,
                                    struct au_expectation *out_expect)
{
    const char *names[AU_COUNT_OF(members) + 1];
    size_t count = 0;
    bool is_run = kind != AU_STEP_ADVANCE && kind != AU_STEP_EXPECT;
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        if (is_run || !members[i].is_of_run) names[count++] = members[i].name;
    }
    names[count] = NULL;
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(parser->message, where, value, names));
    if (au_json_in_get(value, "error") != NULL) AU_TRY(check_error(parser, where, value));
    for (size_t i = 0; i < AU_COUNT_OF(members); i++) {
        const struct au_json_in *given = au_json_in_get(value, members[i].name);
        if (given == NULL) continue;
        AU_TRY(members[i].parse(parser, member(parser, where, members[i].name), given, out_expect));
    }
    return AU_OK;
}
