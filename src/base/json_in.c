#include "base/json_in.h"

#include <jansson.h>

#include "base/utf8.h"

_Static_assert(sizeof(json_int_t) == sizeof(int64_t), "integers have 64 bits");

/* A value of ours is the library's own, under a name that keeps its header in this file. Its walk
 * over members takes no const although it changes nothing. */
static json_t *json_of(const struct au_json_in *value)
{
    AU_ASSERT(value != NULL);
    union {
        const struct au_json_in *ours;
        json_t *theirs;
    } pointer = {value};
    return pointer.theirs;
}

static struct au_json_in *ours_of(json_t *json)
{
    return (struct au_json_in *)json;
}

/* The library overlooks a byte 0 after a number. */
static bool has_zero(struct au_bytes text, json_error_t *error)
{
    const uint8_t *zero = text.size > 0 ? memchr(text.data, 0, text.size) : NULL;
    if (zero == NULL) return false;
    *error = (json_error_t){.line = 1, .column = 1, .text = "a byte 0 outside of an escape"};
    for (const uint8_t *at = text.data; at < zero; at++) {
        error->column = *at == '\n' ? 1 : error->column + 1;
        error->line += *at == '\n';
    }
    return true;
}

/* The text quotes the document, which may hold anything. */
static void put_message(struct au_buf *message, const json_error_t *error)
{
    char text[sizeof(error->text)];
    size_t size = strnlen(error->text, sizeof(error->text));
    for (size_t i = 0; i < size; i++) {
        text[i] = error->text[i];
        if ((uint8_t)text[i] < 0x20 || text[i] == 0x7f) text[i] = ' ';
    }
    au_buf_printf(message, "line %d, column %d: ", error->line, error->column);
    au_utf8_put(message, (struct au_bytes){(const uint8_t *)text, size});
}

static int put_piece(const char *piece, size_t size, void *context)
{
    au_buf_put(context, piece, size);
    return 0;
}

void au_json_in_put(const struct au_json_in *value, struct au_buf *text)
{
    size_t flags = JSON_COMPACT | JSON_ENCODE_ANY;
    if (json_dump_callback(json_of(value), put_piece, text, flags) == 0) return;
    if (text->err == AU_OK) text->err = AU_ERR_NO_MEMORY; /* all else was parsed before */
}

enum au_err au_json_in_parse(struct au_bytes text, struct au_buf *message,
                             struct au_json_in **out_root)
{
    if (text.size > AU_JSON_IN_SIZE_MAX) return AU_ERR_TOO_LARGE;
    json_error_t error = {.line = 1};
    if (has_zero(text, &error)) {
        if (message != NULL) put_message(message, &error);
        return AU_ERR_MALFORMED;
    }
    const char *data = text.size > 0 ? (const char *)text.data : "";
    json_t *root = json_loadb(data, text.size,
                              JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL, &error);
    if (root == NULL) {
        if (json_error_code(&error) == json_error_out_of_memory) return AU_ERR_NO_MEMORY;
        if (message != NULL) put_message(message, &error);
        return AU_ERR_MALFORMED;
    }
    *out_root = ours_of(root);
    return AU_OK;
}

void au_json_in_free(struct au_json_in *root)
{
    if (root != NULL) json_decref(json_of(root));
}

enum au_json_in_type au_json_in_type(const struct au_json_in *value)
{
    switch (json_typeof(json_of(value))) {
    case JSON_OBJECT: return AU_JSON_IN_OBJECT;
    case JSON_ARRAY: return AU_JSON_IN_ARRAY;
    case JSON_STRING: return AU_JSON_IN_STRING;
    case JSON_INTEGER: return AU_JSON_IN_INTEGER;
    case JSON_REAL: return AU_JSON_IN_REAL;
    case JSON_TRUE:
    case JSON_FALSE: return AU_JSON_IN_BOOL;
    case JSON_NULL: break;
    }
    return AU_JSON_IN_NULL;
}

const char *au_json_in_type_name(enum au_json_in_type type)
{
    static const char *const names[] = {
        [AU_JSON_IN_OBJECT] = "an object",   [AU_JSON_IN_ARRAY] = "an array",
        [AU_JSON_IN_STRING] = "a string",    [AU_JSON_IN_INTEGER] = "an integer",
        [AU_JSON_IN_REAL] = "a real number", [AU_JSON_IN_BOOL] = "true or false",
        [AU_JSON_IN_NULL] = "null",
    };
    AU_ASSERT((size_t)type < AU_COUNT_OF(names));
    return names[type];
}

struct au_bytes au_json_in_string(const struct au_json_in *value)
{
    const json_t *json = json_of(value);
    AU_ASSERT(json_is_string(json));
    return (struct au_bytes){(const uint8_t *)json_string_value(json), json_string_length(json)};
}

int64_t au_json_in_integer(const struct au_json_in *value)
{
    const json_t *json = json_of(value);
    AU_ASSERT(json_is_integer(json));
    return json_integer_value(json);
}

bool au_json_in_bool(const struct au_json_in *value)
{
    const json_t *json = json_of(value);
    AU_ASSERT(json_is_boolean(json));
    return json_is_true(json);
}

struct au_bytes au_json_in_text(const struct au_json_in *object, const char *name)
{
    const struct au_json_in *value = au_json_in_get(object, name);
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_STRING) return (struct au_bytes){0};
    return au_json_in_string(value);
}

size_t au_json_in_count(const struct au_json_in *value)
{
    const json_t *json = json_of(value);
    AU_ASSERT(json_is_array(json) || json_is_object(json));
    return json_is_array(json) ? json_array_size(json) : json_object_size(json);
}

const struct au_json_in *au_json_in_item(const struct au_json_in *array, size_t index)
{
    AU_ASSERT(index < au_json_in_count(array));
    return ours_of(json_array_get(json_of(array), index));
}

const struct au_json_in *au_json_in_get(const struct au_json_in *object, const char *key)
{
    AU_ASSERT(json_is_object(json_of(object)));
    return ours_of(json_object_get(json_of(object), key));
}

bool au_json_in_next(const struct au_json_in *object, struct au_json_in_member *member)
{
    json_t *json = json_of(object);
    AU_ASSERT(json_is_object(json));
    void *place =
        member->place == NULL ? json_object_iter(json) : json_object_iter_next(json, member->place);
    if (place == NULL) return false;
    member->place = place;
    member->key = (struct au_bytes){(const uint8_t *)json_object_iter_key(place),
                                    json_object_iter_key_len(place)};
    member->value = ours_of(json_object_iter_value(place));
    return true;
}
