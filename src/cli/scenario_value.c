/* The values of a scenario: texts, numbers, amounts, names, and what contracts take and give. */
#include <inttypes.h>

#include "base/text.h"
#include "cli/amount.h"
#include "cli/arg.h"
#include "cli/scenario_parse.h"
#include "core/dev_account.h"

#define NAME_EXPECTED                                                               \
    "an address, a development account (alice to judy), or the name of a contract " \
    "that an earlier step deploys"

#define PATH_SIZE_MAX 1024u /* bytes */

static const char address_prefix[] = "addr:";

static const char *keep_path(struct au_scenario_parser *parser, struct au_buf *path)
{
    struct au_bytes copy;
    au_buf_put_u8(path, 0);
    bool is_kept = path->err == AU_OK &&
                   au_arena_copy(&parser->scenario->arena, au_buf_bytes(path), &copy) == AU_OK;
    au_buf_done(path);
    return is_kept ? (const char *)copy.data : "?"; /* what comes next runs out of memory too */
}

const char *au_scenario_member(struct au_scenario_parser *parser, const char *where,
                               struct au_bytes name)
{
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_printf(&path, "%s.", where);
    au_buf_put_bytes(&path, name);
    return keep_path(parser, &path);
}

const char *au_scenario_item(struct au_scenario_parser *parser, const char *where, size_t index)
{
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_printf(&path, "%s[%zu]", where, index);
    return keep_path(parser, &path);
}

enum au_err au_scenario_text(struct au_scenario_parser *parser, const char *where,
                             const struct au_json_in *value, struct au_bytes *out_text)
{
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_STRING));
    struct au_bytes text = au_json_in_string(value);
    if (text.size == 0) {
        return au_field_fail(parser->message, "%s: expected a text, got an empty one", where);
    }
    if (memchr(text.data, 0, text.size) != NULL) {
        return au_field_fail(parser->message, "%s: expected a text without U+0000", where);
    }
    /* With a 0 behind it, for those that want a C string. */
    uint8_t *copy = au_arena_zero(&parser->scenario->arena, text.size + 1);
    if (copy == NULL) return AU_ERR_NO_MEMORY;
    memcpy(copy, text.data, text.size);
    *out_text = (struct au_bytes){copy, text.size};
    return AU_OK;
}

enum au_err au_scenario_number(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *value, uint64_t max, uint64_t *out_number)
{
    enum au_json_in_type type = au_json_in_type(value);
    uint64_t number = 0;
    bool is_number = false;
    if (type == AU_JSON_IN_INTEGER && au_json_in_integer(value) >= 0) {
        number = (uint64_t)au_json_in_integer(value);
        is_number = true;
    } else if (type == AU_JSON_IN_STRING) {
        is_number = au_text_parse_u64(au_json_in_string(value), &number) == AU_OK;
    }
    if (is_number && number <= max) {
        *out_number = number;
        return AU_OK;
    }
    au_buf_printf(parser->message, "%s: expected a number from 0 to %" PRIu64 ", got ", where, max);
    if (type == AU_JSON_IN_STRING) {
        au_field_put_quoted(parser->message, au_json_in_string(value));
    } else if (type == AU_JSON_IN_INTEGER) {
        au_buf_printf(parser->message, "%" PRId64, au_json_in_integer(value));
    } else {
        au_buf_put_text(parser->message, au_json_in_type_name(type));
    }
    return AU_ERR_MALFORMED;
}

enum au_err au_scenario_amount(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *value, uint64_t *out_amount)
{
    struct au_bytes text;
    AU_TRY(au_scenario_text(parser, where, value, &text));
    if (au_amount_parse(text, out_amount) == AU_OK) return AU_OK;
    return au_field_fail_text(parser->message, where, AU_AMOUNT_EXPECTED, text);
}

static bool find_party(const struct au_scenario_parser *parser, struct au_bytes name,
                       struct au_party *out_party)
{
    struct au_party party = {0};
    if (au_address_parse(name, &party.address) == NULL) {
        party.kind = AU_PARTY_ADDRESS;
        *out_party = party;
        return true;
    }
    if (au_dev_account_find(name, &party.index)) {
        party.kind = AU_PARTY_DEV;
        *out_party = party;
        return true;
    }
    for (size_t i = 0; i < parser->index; i++) {
        const struct au_step *step = &parser->scenario->steps[i];
        if (step->kind != AU_STEP_DEPLOY || !au_bytes_is_equal(step->name, name)) continue;
        *out_party = (struct au_party){.kind = AU_PARTY_CONTRACT, .index = i};
        return true;
    }
    return false;
}

enum au_err au_scenario_party(struct au_scenario_parser *parser, const char *where,
                              struct au_bytes name, struct au_party *out_party)
{
    if (find_party(parser, name, out_party)) return AU_OK;
    return au_field_fail_text(parser->message, where, NAME_EXPECTED, name);
}

enum au_err au_scenario_contract(struct au_scenario_parser *parser, const char *where,
                                 struct au_bytes name, struct au_party *out_party)
{
    struct au_party party;
    if (find_party(parser, name, &party) && party.kind != AU_PARTY_DEV) {
        *out_party = party;
        return AU_OK;
    }
    return au_field_fail_text(parser->message, where,
                              "the name of a contract that an earlier step deploys, or an address",
                              name);
}

enum au_err au_scenario_value(struct au_scenario_parser *parser, const char *where,
                              const struct au_json_in *value, struct au_scenario_value *out_value)
{
    static const size_t prefix_size = sizeof(address_prefix) - 1;
    struct au_scenario_value result = {0};
    struct au_bytes text;
    AU_TRY(au_scenario_text(parser, where, value, &text));
    if (text.size > prefix_size && memcmp(text.data, address_prefix, prefix_size) == 0) {
        struct au_bytes name = {text.data + prefix_size, text.size - prefix_size};
        result.is_party = true;
        AU_TRY(au_scenario_party(parser, where, name, &result.party));
    } else if (text.data[0] == '@') {
        return au_field_fail(parser->message,
                             "%s: expected a value, got a file's name; for text write str:", where);
    } else {
        size_t size = parser->message->size;
        au_buf_printf(parser->message, "%s: ", where);
        AU_TRY(au_arg_parse((const char *)text.data, &parser->scenario->arena, parser->message,
                            &result.bytes));
        au_buf_cut(parser->message, size);
    }
    *out_value = result;
    return AU_OK;
}

enum au_err au_scenario_list(struct au_scenario_parser *parser, const char *where,
                             const struct au_json_in *array, size_t count_max, size_t item_size,
                             void **out_items)
{
    AU_TRY(au_field_type(parser->message, where, array, AU_JSON_IN_ARRAY));
    size_t count = au_json_in_count(array);
    if (count > count_max) {
        return au_field_fail(parser->message, "%s: expected at most %zu items, got %zu", where,
                             count_max, count);
    }
    *out_items = au_arena_zero(&parser->scenario->arena, count * item_size);
    return *out_items == NULL ? AU_ERR_NO_MEMORY : AU_OK;
}

enum au_err au_scenario_values(struct au_scenario_parser *parser, const char *where,
                               const struct au_json_in *array, size_t count_max,
                               struct au_scenario_value **out_values)
{
    void *items;
    AU_TRY(au_scenario_list(parser, where, array, count_max, sizeof(**out_values), &items));
    *out_values = items;
    for (size_t i = 0; i < au_json_in_count(array); i++) {
        const char *place = au_scenario_item(parser, where, i);
        AU_TRY(au_scenario_value(parser, place, au_json_in_item(array, i), &(*out_values)[i]));
    }
    return AU_OK;
}
