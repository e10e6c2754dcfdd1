#include "cli/world.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hex.h"
#include "base/json_in.h"
#include "base/json_write.h"
#include "base/text.h"
#include "cli/account.h"
#include "cli/field.h"
#include "cli/show.h"
#include "core/limits.h"

#define ARENA_SIZE_MAX ((size_t)1 << 30) /* bytes */
#define CAPACITY_MIN   16
#define INTEGER_MAX    9007199254740991 /* 2^53 - 1: what every JSON parser keeps exact */

_Static_assert(offsetof(struct au_entry, key) == 0, "a list's item begins with its name");
_Static_assert(offsetof(struct au_balance, account) == 0, "a list's item begins with its name");

void au_world_init(struct au_world *world)
{
    *world = (struct au_world){
        .entries.item_size = sizeof(struct au_entry),
        .balances.item_size = sizeof(struct au_balance),
    };
    au_arena_init(&world->arena, ARENA_SIZE_MAX);
}

void au_world_done(struct au_world *world)
{
    au_arena_done(&world->arena);
    au_world_init(world);
}

/* ---- lists ----------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const struct au_bytes *left = a;
    const struct au_bytes *right = b;
    size_t size = left->size < right->size ? left->size : right->size;
    int order = size == 0 ? 0 : memcmp(left->data, right->data, size);
    if (order != 0) return order;
    return (left->size > right->size) - (left->size < right->size);
}

static void *item_at(const struct au_world_list *list, size_t index)
{
    return (uint8_t *)list->items + index * list->item_size;
}

/* The index of a name, or where it belongs. */
static size_t list_find(const struct au_world_list *list, const struct au_bytes *name)
{
    size_t first = 0;
    for (size_t last = list->count; first < last;) {
        size_t middle = first + (last - first) / 2;
        if (compare_names(item_at(list, middle), name) < 0) {
            first = middle + 1;
        } else {
            last = middle;
        }
    }
    return first;
}

static bool list_has(const struct au_world_list *list, const struct au_bytes *name, size_t index)
{
    return index < list->count && compare_names(item_at(list, index), name) == 0;
}

static enum au_err list_grow(struct au_world_list *list, struct au_arena *arena)
{
    if (list->count < list->capacity) return AU_OK;
    size_t capacity = list->capacity == 0 ? CAPACITY_MIN : 2 * list->capacity;
    void *items = au_arena_get(arena, capacity * list->item_size);
    if (items == NULL) return AU_ERR_NO_MEMORY;
    if (list->count > 0) memcpy(items, list->items, list->count * list->item_size);
    list->items = items;
    list->capacity = capacity;
    return AU_OK;
}

static enum au_err list_append(struct au_world_list *list, struct au_arena *arena, const void *item)
{
    AU_TRY(list_grow(list, arena));
    memcpy(item_at(list, list->count++), item, list->item_size);
    return AU_OK;
}

static enum au_err list_set(struct au_world_list *list, struct au_arena *arena, const void *item)
{
    size_t index = list_find(list, item);
    if (!list_has(list, item, index)) {
        AU_TRY(list_grow(list, arena));
        memmove((uint8_t *)list->items + (index + 1) * list->item_size, item_at(list, index),
                (list->count - index) * list->item_size);
        list->count++;
    }
    memcpy(item_at(list, index), item, list->item_size);
    return AU_OK;
}

/* Sorts and gives the first name that is there twice; NULL if none is. */
static const struct au_bytes *list_sort(struct au_world_list *list)
{
    if (list->count == 0) return NULL;
    qsort(list->items, list->count, list->item_size, compare_names);
    for (size_t i = 1; i < list->count; i++) {
        if (compare_names(item_at(list, i - 1), item_at(list, i)) == 0) return item_at(list, i);
    }
    return NULL;
}

/* ---- changes --------------------------------------------------------------------------------- */

enum au_err au_world_set_contract(struct au_world *world, struct au_bytes contract)
{
    return au_arena_copy(&world->arena, contract, &world->contract);
}

enum au_err au_world_set_balance(struct au_world *world, struct au_bytes account, uint64_t amount)
{
    struct au_balance balance = {.amount = amount};
    AU_TRY(au_arena_copy(&world->arena, account, &balance.account));
    return list_set(&world->balances, &world->arena, &balance);
}

enum au_err au_world_set_entry(struct au_world *world, struct au_bytes key, struct au_bytes value)
{
    struct au_entry entry;
    AU_TRY(au_arena_copy(&world->arena, key, &entry.key));
    AU_TRY(au_arena_copy(&world->arena, value, &entry.value));
    return list_set(&world->entries, &world->arena, &entry);
}

void au_world_remove_entry(struct au_world *world, struct au_bytes key)
{
    struct au_world_list *list = &world->entries;
    size_t index = list_find(list, &key);
    if (!list_has(list, &key, index)) return;
    list->count--;
    memmove(item_at(list, index), (uint8_t *)list->items + (index + 1) * list->item_size,
            (list->count - index) * list->item_size);
}

enum au_err au_world_apply(struct au_world *world, const struct au_result *result)
{
    AU_ASSERT(result->success);
    for (size_t i = 0; i < result->storage_change_count; i++) {
        const struct au_storage_change *change = &result->storage_changes[i];
        if (change->exists) {
            AU_TRY(au_world_set_entry(world, change->key, change->after));
        } else {
            au_world_remove_entry(world, change->key);
        }
    }
    for (size_t i = 0; i < result->state_change_count; i++) {
        const struct au_state_change *change = &result->state_changes[i];
        AU_TRY(au_world_set_balance(world, change->account, change->after));
    }
    return AU_OK;
}

bool au_world_has_valid_sum(const struct au_world *world)
{
    uint64_t left = AU_AMOUNT_MAX;
    for (size_t i = 0; i < world->balances.count; i++) {
        const struct au_balance *balance = item_at(&world->balances, i);
        if (balance->amount > left) return false;
        left -= balance->amount;
    }
    return true;
}

/* ---- reading --------------------------------------------------------------------------------- */

struct parser {
    struct au_world *world;
    struct au_buf *message;
};

static enum au_err parse_hex(struct parser *parser, const char *where,
                             const struct au_json_in *value, struct au_bytes *out_bytes)
{
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_STRING));
    struct au_bytes text = au_json_in_string(value);
    enum au_err err = au_hex_read(&parser->world->arena, text, out_bytes);
    if (err != AU_ERR_MALFORMED) return err;
    return au_field_fail_text(parser->message, where, "0x and an even number of hex digits", text);
}

/* Reads a key or value of storage[index]: hex under its name, text under its name and _text, or
 * both if they agree. */
static enum au_err parse_part(struct parser *parser, const struct au_json_in *object, size_t index,
                              const char *name, struct au_bytes *out_bytes)
{
    char where[64];
    char text_name[16];
    snprintf(where, sizeof(where), "storage[%zu].%s", index, name);
    snprintf(text_name, sizeof(text_name), "%s_text", name);
    const struct au_json_in *hex = au_json_in_get(object, name);
    const struct au_json_in *text = au_json_in_get(object, text_name);
    if (hex == NULL && text == NULL) {
        return au_field_fail(parser->message, "storage[%zu]: %s is missing", index, name);
    }

    struct au_bytes bytes = {0};
    if (hex != NULL) AU_TRY(parse_hex(parser, where, hex, &bytes));
    if (text != NULL) {
        snprintf(where, sizeof(where), "storage[%zu].%s", index, text_name);
        AU_TRY(au_field_type(parser->message, where, text, AU_JSON_IN_STRING));
        struct au_bytes string = au_json_in_string(text);
        if (hex == NULL) {
            AU_TRY(au_arena_copy(&parser->world->arena, string, &bytes));
        } else if (!au_bytes_is_equal(string, bytes)) {
            au_buf_printf(parser->message, "%s: ", where);
            au_field_put_quoted(parser->message, string);
            au_buf_printf(parser->message, " is not the text of %s ", name);
            au_show_value(parser->message, bytes);
            return AU_ERR_MALFORMED;
        }
    }
    *out_bytes = bytes;
    return AU_OK;
}

static enum au_err parse_entry(struct parser *parser, const struct au_json_in *value, size_t index)
{
    static const char *const names[] = {"key", "key_text", "value", "value_text", NULL};
    char where[64];
    struct au_entry entry = {0};
    snprintf(where, sizeof(where), "storage[%zu]", index);
    AU_TRY(au_field_type(parser->message, where, value, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(parser->message, where, value, names));
    AU_TRY(parse_part(parser, value, index, "key", &entry.key));
    AU_TRY(parse_part(parser, value, index, "value", &entry.value));
    if (entry.key.size == 0 || entry.key.size > AU_KEY_SIZE_MAX) {
        return au_field_fail(parser->message, "%s.key: expected 1 to %u bytes, got %zu", where,
                             AU_KEY_SIZE_MAX, entry.key.size);
    }
    if (entry.value.size > AU_VALUE_SIZE_MAX) {
        return au_field_fail(parser->message, "%s.value: expected at most %u bytes, got %zu", where,
                             AU_VALUE_SIZE_MAX, entry.value.size);
    }
    return list_append(&parser->world->entries, &parser->world->arena, &entry);
}

static enum au_err parse_entries(struct parser *parser, const struct au_json_in *array)
{
    AU_TRY(au_field_type(parser->message, "storage", array, AU_JSON_IN_ARRAY));
    for (size_t i = 0; i < au_json_in_count(array); i++) {
        AU_TRY(parse_entry(parser, au_json_in_item(array, i), i));
    }

    const struct au_bytes *twice = list_sort(&parser->world->entries);
    if (twice == NULL) return AU_OK;
    au_buf_put_text(parser->message, "storage: key ");
    au_hex_put(parser->message, *twice);
    au_buf_put_text(parser->message, " is there twice");
    return AU_ERR_MALFORMED;
}

static enum au_err parse_amount(struct parser *parser, struct au_bytes name,
                                const struct au_json_in *value, uint64_t *out_amount)
{
    enum au_err err = AU_ERR_MALFORMED;
    uint64_t amount = 0;
    if (au_json_in_type(value) == AU_JSON_IN_STRING) {
        err = au_text_parse_u64(au_json_in_string(value), &amount);
    } else if (au_json_in_type(value) == AU_JSON_IN_INTEGER) {
        int64_t integer = au_json_in_integer(value);
        if (integer >= 0 && integer <= INTEGER_MAX) err = AU_OK;
        amount = (uint64_t)integer;
    }
    if (err == AU_OK && amount <= AU_AMOUNT_MAX) {
        *out_amount = amount;
        return AU_OK;
    }

    au_buf_put_text(parser->message, "balances.");
    au_show_text(parser->message, name);
    au_buf_put_text(parser->message,
                    ": expected a decimal string of at most 9223372036854775807, got ");
    if (au_json_in_type(value) == AU_JSON_IN_STRING) {
        au_field_put_quoted(parser->message, au_json_in_string(value));
    } else {
        au_buf_put_text(parser->message, au_json_in_type_name(au_json_in_type(value)));
    }
    return AU_ERR_MALFORMED;
}

static enum au_err parse_balances(struct parser *parser, const struct au_json_in *object)
{
    struct au_world *world = parser->world;
    AU_TRY(au_field_type(parser->message, "balances", object, AU_JSON_IN_OBJECT));
    struct au_json_in_member member = {0};
    while (au_json_in_next(object, &member)) {
        struct au_balance balance;
        struct au_bytes name;
        AU_TRY(au_arena_copy(&world->arena, member.key, &name));
        enum au_err err = au_account_parse(name, &world->arena, &balance.account);
        if (err == AU_ERR_MALFORMED) {
            return au_field_fail_text(parser->message, "balances", AU_ACCOUNT_EXPECTED, name);
        }
        if (err != AU_OK) return err;
        AU_TRY(parse_amount(parser, name, member.value, &balance.amount));
        AU_TRY(list_append(&world->balances, &world->arena, &balance));
    }

    const struct au_bytes *twice = list_sort(&world->balances);
    if (twice != NULL) {
        au_buf_put_text(parser->message, "balances: account '");
        au_account_format(parser->message, *twice);
        au_buf_put_text(parser->message, "' is there twice");
        return AU_ERR_MALFORMED;
    }
    if (au_world_has_valid_sum(world)) return AU_OK;
    return au_field_fail(parser->message,
                         "balances: together they are more than 9223372036854775807");
}

static enum au_err parse_contract(struct parser *parser, const struct au_json_in *value)
{
    struct au_world *world = parser->world;
    struct au_bytes name;
    AU_TRY(au_field_type(parser->message, "contract", value, AU_JSON_IN_STRING));
    AU_TRY(au_arena_copy(&world->arena, au_json_in_string(value), &name));
    enum au_err err = au_account_parse(name, &world->arena, &world->contract);
    if (err == AU_ERR_MALFORMED)
        return au_field_fail_text(parser->message, "contract", AU_ACCOUNT_EXPECTED, name);
    return err;
}

static enum au_err parse_format(struct parser *parser, const struct au_json_in *value)
{
    if (au_json_in_type(value) != AU_JSON_IN_INTEGER) {
        return au_field_fail(parser->message, "format: expected 1, got %s",
                             au_json_in_type_name(au_json_in_type(value)));
    }
    if (au_json_in_integer(value) == 1) return AU_OK;
    return au_field_fail(parser->message, "format: expected 1, got %lld",
                         (long long)au_json_in_integer(value));
}

static enum au_err parse_root(struct parser *parser, const struct au_json_in *root)
{
    static const char *const names[] = {"format", "contract", "storage", "balances", NULL};
    AU_TRY(au_field_type(parser->message, "", root, AU_JSON_IN_OBJECT));
    AU_TRY(au_field_members(parser->message, "", root, names));
    const struct au_json_in *format = au_json_in_get(root, "format");
    const struct au_json_in *contract = au_json_in_get(root, "contract");
    const struct au_json_in *storage = au_json_in_get(root, "storage");
    const struct au_json_in *balances = au_json_in_get(root, "balances");
    if (storage == NULL) return au_field_fail(parser->message, "storage is missing");
    if (format != NULL) AU_TRY(parse_format(parser, format));
    if (contract != NULL) AU_TRY(parse_contract(parser, contract));
    if (balances != NULL) AU_TRY(parse_balances(parser, balances));
    return parse_entries(parser, storage);
}

enum au_err au_world_parse(struct au_world *world, struct au_bytes text, struct au_buf *message)
{
    struct parser parser = {world, message};
    struct au_json_in *root = NULL;
    AU_TRY(au_json_in_parse(text, message, &root));
    enum au_err err = parse_root(&parser, root);
    au_json_in_free(root);
    return err;
}

/* ---- writing --------------------------------------------------------------------------------- */

static void put_account(struct au_buf *name, struct au_bytes account)
{
    au_buf_clear(name);
    au_account_format(name, account);
}

void au_world_format(const struct au_world *world, struct au_buf *text)
{
    struct au_json_write json;
    struct au_buf name;
    au_buf_init(&name, (size_t)4 * AU_ID_SIZE_MAX);
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_json_write_key(&json, "format");
    au_json_write_u32(&json, 1);
    if (world->contract.size > 0) {
        put_account(&name, world->contract);
        au_json_write_key(&json, "contract");
        au_json_write_bytes(&json, au_buf_bytes(&name));
    }

    au_json_write_key(&json, "storage");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < world->entries.count; i++) {
        const struct au_entry *entry = item_at(&world->entries, i);
        au_json_write_begin_object(&json);
        au_show_put_json(&json, "key", entry->key);
        au_show_put_json(&json, "value", entry->value);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);

    if (world->balances.count > 0) {
        au_json_write_key(&json, "balances");
        au_json_write_begin_object(&json);
        for (size_t i = 0; i < world->balances.count; i++) {
            const struct au_balance *balance = item_at(&world->balances, i);
            put_account(&name, balance->account);
            au_json_write_key_bytes(&json, au_buf_bytes(&name));
            au_json_write_u64(&json, balance->amount);
        }
        au_json_write_end_object(&json);
    }
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    if (name.err != AU_OK && text->err == AU_OK) text->err = name.err;
    au_buf_done(&name);
}
