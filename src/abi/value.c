/* Values as bytes: looked through, and written as JSON. Types nest AU_ABI_DEPTH_MAX deep at most,
 * which bounds every recursion here. */
#include "abi/value.h"

#include "abi/number.h"
#include "abi/path.h"
#include "abi/type.h"
#include "base/hex.h"
#include "base/utf8.h"

/* ---- looking through ---- */

struct walk {
    const uint8_t *pos;
    const uint8_t *end;
    struct abi_path path;
    struct au_abi_value_error *error;
};

static bool walk_type(struct walk *walk, const struct au_abi_type *type);

static bool take(struct walk *walk, size_t size, struct au_bytes *out_bytes)
{
    size_t left = (size_t)(walk->end - walk->pos);
    if (left < size) {
        return abi_path_fail(&walk->path, walk->error, "expected %zu bytes, got %zu", size, left);
    }
    *out_bytes = (struct au_bytes){walk->pos, size};
    walk->pos += size;
    return true;
}

static uint32_t number_of(struct au_bytes bytes)
{
    uint32_t number = 0;
    for (size_t i = bytes.size; i-- > 0;)
        number = number << 8 | bytes.data[i];
    return number;
}

static bool take_number(struct walk *walk, size_t size, uint32_t *out_number)
{
    struct au_bytes bytes = {0};
    if (!take(walk, size, &bytes)) return false;
    *out_number = number_of(bytes);
    return true;
}

/* A byte that says which of a few things follows. */
static bool take_choice(struct walk *walk, size_t count, uint32_t *out_choice)
{
    if (!take_number(walk, 1, out_choice)) return false;
    if (*out_choice < count) return true;
    return abi_path_fail(&walk->path, walk->error, "expected a byte of 0 to %zu, got %u", count - 1,
                         (unsigned)*out_choice);
}

static bool walk_bool(struct walk *walk, const struct au_abi_type *type)
{
    uint32_t choice;
    (void)type;
    return take_choice(walk, 2, &choice);
}

static bool walk_fixed(struct walk *walk, const struct au_abi_type *type)
{
    struct au_bytes bytes = {0};
    return take(walk, au_abi_words[type->kind].size, &bytes);
}

static bool walk_bytes(struct walk *walk, const struct au_abi_type *type)
{
    uint32_t size;
    struct au_bytes bytes = {0};
    if (!take_number(walk, 4, &size) || !take(walk, size, &bytes)) return false;
    if (type->kind == AU_ABI_BYTES || au_utf8_is_valid(bytes)) return true;
    return abi_path_fail(&walk->path, walk->error, "expected UTF-8");
}

static bool walk_option(struct walk *walk, const struct au_abi_type *type)
{
    uint32_t choice;
    return take_choice(walk, 2, &choice) && (choice == 0 || walk_type(walk, &type->items[0]));
}

static bool walk_vec(struct walk *walk, const struct au_abi_type *type)
{
    uint32_t count;
    if (!take_number(walk, 4, &count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        size_t place = abi_path_enter_index(&walk->path, i);
        if (!walk_type(walk, &type->items[0])) return false;
        abi_path_leave(&walk->path, place);
    }
    return true;
}

static bool walk_map(struct walk *walk, const struct au_abi_type *type)
{
    uint32_t count;
    struct au_bytes last = {0};
    if (!take_number(walk, 4, &count)) return false;
    for (uint32_t i = 0; i < count; i++) {
        size_t place = abi_path_enter_index(&walk->path, i);
        struct au_bytes key = {walk->pos, 0};
        if (!walk_type(walk, &type->items[0])) return false;
        key.size = (size_t)(walk->pos - key.data);
        if (i > 0 && au_abi_value_compare(&type->items[0], last, key) >= 0) {
            return abi_path_fail(&walk->path, walk->error,
                                 "keys of a map are sorted and unique, this one is not");
        }
        if (!walk_type(walk, &type->items[1])) return false;
        last = key;
        abi_path_leave(&walk->path, place);
    }
    return true;
}

static bool walk_tuple(struct walk *walk, const struct au_abi_type *type)
{
    for (size_t i = 0; i < type->item_count; i++) {
        size_t place = abi_path_enter_index(&walk->path, i);
        if (!walk_type(walk, &type->items[i])) return false;
        abi_path_leave(&walk->path, place);
    }
    return true;
}

static bool walk_fields(struct walk *walk, const struct au_abi_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t place = abi_path_enter_name(&walk->path, fields[i].name);
        if (!walk_type(walk, &fields[i].type)) return false;
        abi_path_leave(&walk->path, place);
    }
    return true;
}

static bool walk_named(struct walk *walk, const struct au_abi_type *type)
{
    const struct au_abi_record *record = type->named;
    uint32_t choice;
    if (record->kind == AU_ABI_STRUCT) {
        return walk_fields(walk, record->fields, record->field_count);
    }
    if (!take_choice(walk, record->variant_count, &choice)) return false;
    const struct au_abi_variant *variant = &record->variants[choice];
    size_t place = abi_path_enter_name(&walk->path, variant->name);
    if (!walk_fields(walk, variant->fields, variant->field_count)) return false;
    abi_path_leave(&walk->path, place);
    return true;
}

static bool walk_type(struct walk *walk, const struct au_abi_type *type)
{
    static bool (*const walks[])(struct walk * walk, const struct au_abi_type *type) = {
        [AU_ABI_BOOL] = walk_bool,     [AU_ABI_BYTES] = walk_bytes, [AU_ABI_STRING] = walk_bytes,
        [AU_ABI_OPTION] = walk_option, [AU_ABI_VEC] = walk_vec,     [AU_ABI_MAP] = walk_map,
        [AU_ABI_TUPLE] = walk_tuple,   [AU_ABI_NAMED] = walk_named,
    };
    return (walks[type->kind] == NULL ? walk_fixed : walks[type->kind])(walk, type);
}

bool au_abi_value_check(const struct au_abi_type *type, const char *path, struct au_bytes bytes,
                        struct au_abi_value_error *out_error)
{
    struct walk walk = {.pos = bytes.data, .end = bytes.data + bytes.size, .error = out_error};
    abi_path_init(&walk.path, path);
    if (!walk_type(&walk, type)) return false;
    if (walk.pos == walk.end) return true;
    return abi_path_fail(&walk.path, out_error, "expected %zu bytes, got %zu",
                         (size_t)(walk.pos - bytes.data), bytes.size);
}

size_t au_abi_value_take(const struct au_abi_type *type, struct au_bytes bytes)
{
    struct walk walk = {.pos = bytes.data, .end = bytes.data + bytes.size};
    abi_path_init(&walk.path, "");
    return walk_type(&walk, type) ? (size_t)(walk.pos - bytes.data) : 0;
}

/* ---- as JSON ---- */

struct print {
    const uint8_t *pos;
    struct au_json_write *json;
};

static void print_type(struct print *print, const struct au_abi_type *type);

static struct au_bytes next(struct print *print, size_t size)
{
    struct au_bytes bytes = {print->pos, size};
    print->pos += size;
    return bytes;
}

static uint32_t next_number(struct print *print, size_t size)
{
    return number_of(next(print, size));
}

/* Whether values are one word: those name the members of an object. */
static bool is_word(const struct au_abi_type *type)
{
    return type->kind <= AU_ABI_ADDRESS;
}

/* The words of a value without its quotes. */
static void put_word(struct print *print, const struct au_abi_type *type, struct au_buf *text)
{
    size_t size = au_abi_words[type->kind].size;
    struct au_address address;
    if (size == 0) size = next_number(print, 4);
    struct au_bytes bytes = next(print, size);
    if (type->kind == AU_ABI_BOOL) {
        au_buf_put_text(text, bytes.data[0] != 0 ? "true" : "false");
    } else if (au_abi_type_is_integer(type)) {
        au_abi_number_format(text, bytes.data, au_abi_type_is_signed(type), bytes.size);
    } else if (type->kind == AU_ABI_STRING) {
        au_buf_put_bytes(text, bytes);
    } else if (type->kind == AU_ABI_ADDRESS) {
        memcpy(address.bytes, bytes.data, AU_ADDRESS_SIZE);
        au_address_format(text, &address);
    } else {
        au_hex_put(text, bytes);
    }
}

/* Numbers that every program reads without loss are numbers in JSON. */
static bool is_bare(const struct au_abi_type *type)
{
    return type->kind == AU_ABI_BOOL ||
           (au_abi_type_is_number(type) && au_abi_words[type->kind].size <= 4);
}

static void print_as(struct print *print, const struct au_abi_type *type, bool is_key)
{
    struct au_buf text;
    au_buf_init(&text, print->json->buf->size_max);
    put_word(print, type, &text);
    if (is_key) {
        au_json_write_key_bytes(print->json, au_buf_bytes(&text));
    } else if (is_bare(type)) {
        au_json_write_bare(print->json, au_buf_bytes(&text));
    } else {
        au_json_write_bytes(print->json, au_buf_bytes(&text));
    }
    if (print->json->buf->err == AU_OK) print->json->buf->err = text.err;
    au_buf_done(&text);
}

static void print_word(struct print *print, const struct au_abi_type *type)
{
    print_as(print, type, /* is_key */ false);
}

static void print_option(struct print *print, const struct au_abi_type *type)
{
    const struct au_abi_type *item = &type->items[0];
    if (next_number(print, 1) == 0) {
        au_json_write_null(print->json);
    } else if (item->kind != AU_ABI_OPTION) {
        print_type(print, item);
    } else {
        au_json_write_begin_object(print->json);
        au_json_write_key(print->json, "some");
        print_type(print, item);
        au_json_write_end_object(print->json);
    }
}

static void print_list(struct print *print, const struct au_abi_type *type)
{
    bool is_tuple = type->kind == AU_ABI_TUPLE;
    size_t count = is_tuple ? type->item_count : next_number(print, 4);
    au_json_write_begin_array(print->json);
    for (size_t i = 0; i < count && print->json->buf->err == AU_OK; i++) {
        print_type(print, &type->items[is_tuple ? i : 0]);
    }
    au_json_write_end_array(print->json);
}

static void print_pair(struct print *print, const struct au_abi_type *type)
{
    au_json_write_begin_array(print->json);
    print_type(print, &type->items[0]);
    print_type(print, &type->items[1]);
    au_json_write_end_array(print->json);
}

static void print_map(struct print *print, const struct au_abi_type *type)
{
    uint32_t count = next_number(print, 4);
    bool is_object = is_word(&type->items[0]);
    if (is_object) {
        au_json_write_begin_object(print->json);
    } else {
        au_json_write_begin_array(print->json);
    }
    for (uint32_t i = 0; i < count && print->json->buf->err == AU_OK; i++) {
        if (!is_object) {
            print_pair(print, type);
            continue;
        }
        print_as(print, &type->items[0], /* is_key */ true);
        print_type(print, &type->items[1]);
    }
    if (is_object) {
        au_json_write_end_object(print->json);
    } else {
        au_json_write_end_array(print->json);
    }
}

static void print_fields(struct print *print, const struct au_abi_field *fields, size_t count)
{
    au_json_write_begin_object(print->json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_key_bytes(print->json, fields[i].name);
        print_type(print, &fields[i].type);
    }
    au_json_write_end_object(print->json);
}

static void print_named(struct print *print, const struct au_abi_type *type)
{
    const struct au_abi_record *record = type->named;
    if (record->kind == AU_ABI_STRUCT) {
        print_fields(print, record->fields, record->field_count);
        return;
    }
    const struct au_abi_variant *variant = &record->variants[next_number(print, 1)];
    if (variant->field_count == 0) {
        au_json_write_bytes(print->json, variant->name);
        return;
    }
    au_json_write_begin_object(print->json);
    au_json_write_key_bytes(print->json, variant->name);
    print_fields(print, variant->fields, variant->field_count);
    au_json_write_end_object(print->json);
}

/* Where the buffer is full a list ends early, and what is next is no longer where the next value
 * begins: nothing more is read. */
static void print_type(struct print *print, const struct au_abi_type *type)
{
    static void (*const prints[])(struct print * print, const struct au_abi_type *type) = {
        [AU_ABI_OPTION] = print_option, [AU_ABI_VEC] = print_list,    [AU_ABI_MAP] = print_map,
        [AU_ABI_TUPLE] = print_list,    [AU_ABI_NAMED] = print_named,
    };
    if (print->json->buf->err != AU_OK) {
        au_json_write_null(print->json);
        return;
    }
    (prints[type->kind] == NULL ? print_word : prints[type->kind])(print, type);
}

void au_abi_value_write_json(struct au_json_write *json, const struct au_abi_type *type,
                             struct au_bytes bytes)
{
    struct print print = {.pos = bytes.data, .json = json};
    print_type(&print, type);
}
