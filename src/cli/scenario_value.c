/* The values of a scenario: texts, numbers, amounts, names, and what contracts take and give. */
#include <inttypes.h>

#include "base/text.h"
#include "cli/amount.h"
#include "cli/scenario_parse.h"
#include "core/dev_account.h"

#define NAME_EXPECTED                                                               \
    "an address, a development account (alice to judy), or the name of a contract " \
    "that an earlier step deploys"

#define PATH_SIZE_MAX 1024u /* bytes */
#define NAME_SIZE_MAX 64u   /* bytes of a contract's name */
#define NAMES_FIRST   64u   /* names that there is room for at first */

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

/* With a 0 behind it, for those that want a C string. */
static enum au_err keep_text(struct au_scenario_parser *parser, struct au_bytes text,
                             struct au_bytes *out_text)
{
    uint8_t *copy = au_arena_zero(&parser->scenario->arena, text.size + 1);
    if (copy == NULL) return AU_ERR_NO_MEMORY;
    if (text.size > 0) memcpy(copy, text.data, text.size);
    *out_text = (struct au_bytes){copy, text.size};
    return AU_OK;
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
    return keep_text(parser, text, out_text);
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
    for (size_t i = 0; i < parser->scenario->name_count; i++) {
        if (!au_bytes_is_equal(parser->scenario->names[i], name)) continue;
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

static bool is_name(struct au_bytes name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-_";
    struct au_address address;
    size_t index;
    for (size_t i = 0; i < name.size; i++) {
        if (memchr(letters, name.data[i], sizeof(letters) - 1) == NULL) return false;
    }
    return name.size > 0 && name.size <= NAME_SIZE_MAX && !au_dev_account_find(name, &index) &&
           au_address_parse(name, &address) != NULL;
}

enum au_err au_scenario_add_name(struct au_scenario_parser *parser, const char *where,
                                 struct au_bytes name)
{
    struct au_party other;
    struct au_scenario *scenario = parser->scenario;
    if (!is_name(name)) {
        return au_field_fail_text(parser->message, where,
                                  "a name of 1 to 64 of a-z 0-9 - _ that is no development account",
                                  name);
    }
    if (find_party(parser, name, &other)) {
        return au_field_fail_text(parser->message, where, "a name that no earlier step gave", name);
    }
    if (scenario->name_count == scenario->name_capacity) {
        size_t capacity = 2 * scenario->name_capacity + NAMES_FIRST;
        struct au_bytes *names = au_arena_get(&scenario->arena, capacity * sizeof(*names));
        if (names == NULL) return AU_ERR_NO_MEMORY;
        for (size_t i = 0; i < scenario->name_count; i++)
            names[i] = scenario->names[i];
        scenario->names = names;
        scenario->name_capacity = capacity;
    }
    scenario->names[scenario->name_count++] = name;
    return AU_OK;
}

enum au_err au_scenario_value(struct au_scenario_parser *parser, const struct au_json_in *value,
                              struct au_scenario_value *out_value)
{
    struct au_scenario_value result = {.is_text = au_json_in_type(value) == AU_JSON_IN_STRING};
    struct au_buf json;
    if (result.is_text) AU_TRY(keep_text(parser, au_json_in_string(value), &result.text));
    au_buf_init(&json, (size_t)6 * AU_SCENARIO_FILE_SIZE_MAX); /* a byte may become six */
    au_json_in_put(value, &json);
    enum au_err err = json.err;
    if (err == AU_OK)
        err = au_arena_copy(&parser->scenario->arena, au_buf_bytes(&json), &result.json);
    au_buf_done(&json);
    if (err == AU_OK) *out_value = result;
    return err;
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
        AU_TRY(au_scenario_value(parser, au_json_in_item(array, i), &(*out_values)[i]));
    }
    return AU_OK;
}

enum au_err au_scenario_named(struct au_scenario_parser *parser, const char *where,
                              const struct au_json_in *object, size_t count_max,
                              struct au_scenario_fields *out_fields)
{
    struct au_json_in_member member = {0};
    AU_TRY(au_field_type(parser->message, where, object, AU_JSON_IN_OBJECT));
    size_t count = au_json_in_count(object);
    if (count > count_max) {
        return au_field_fail(parser->message, "%s: expected at most %zu members, got %zu", where,
                             count_max, count);
    }
    out_fields->items = au_arena_zero(&parser->scenario->arena, count * sizeof(*out_fields->items));
    if (out_fields->items == NULL) return AU_ERR_NO_MEMORY;
    while (au_json_in_next(object, &member)) {
        struct au_scenario_field *field = &out_fields->items[out_fields->count++];
        if (member.key.size == 0 || member.key.size > AU_ABI_NAME_SIZE_MAX) {
            return au_field_fail_text(parser->message, where, "a name of 1 to 64 bytes",
                                      member.key);
        }
        AU_TRY(au_arena_copy(&parser->scenario->arena, member.key, &field->name));
        AU_TRY(au_scenario_value(parser, member.value, &field->value));
    }
    return AU_OK;
}
