#include "abi/call.h"

#include <stdio.h>

#include "abi/path.h"
#include "abi/type.h"
#include "core/arg.h"
#include "core/limits.h"

#define I32            0x7f /* of the binary format */
#define RAW            "raw:"
#define NAMES_SIZE_MAX 256u /* bytes of names that are told */

static bool is_integer(const struct au_abi_type *type)
{
    return au_abi_type_is_integer(type);
}

static bool is_bytes(const struct au_abi_type *type)
{
    return type->kind == AU_ABI_BYTES || type->kind == AU_ABI_BYTES32;
}

static bool is_address(const struct au_abi_type *type)
{
    return type->kind == AU_ABI_ADDRESS;
}

static bool is_string(const struct au_abi_type *type)
{
    return type->kind == AU_ABI_STRING;
}

/* The forms that arguments without an ABI have, where they say no more than the type does. */
static const struct {
    const char *prefix;
    bool (*fits)(const struct au_abi_type *type);
} forms[] = {
    {"u64:", is_integer}, {"i64:", is_integer},  {"u32:", is_integer}, {"i32:", is_integer},
    {"bytes:", is_bytes}, {"addr:", is_address}, {"str:", is_string},
};

static struct au_bytes skip_form(const struct au_abi_type *type, struct au_bytes text)
{
    for (size_t i = 0; i < AU_COUNT_OF(forms); i++) {
        size_t size = strlen(forms[i].prefix);
        if (!forms[i].fits(type) || text.size < size) continue;
        if (memcmp(text.data, forms[i].prefix, size) != 0) continue;
        return (struct au_bytes){text.data + size, text.size - size};
    }
    return text;
}

/* The WebAssembly parameter of an argument: 0 if the function reads arguments itself, or takes
 * this one as a pointer and a size. */
static uint8_t param_of(const struct au_abi_export *export_, size_t index)
{
    size_t param = 0;
    for (;; param++, index--) {
        bool is_pair = param + 1 < export_->param_count && export_->params[param] == I32 &&
                       export_->params[param + 1] == I32;
        if (param >= export_->param_count) return 0;
        if (index == 0) return is_pair ? 0 : export_->params[param];
        param += is_pair;
    }
}

static void widen(const struct au_abi_type *type, uint8_t param, struct au_buf *item)
{
    size_t size = param == I32 ? 4 : 8;
    if (param == 0 || item->size == 0) return;
    bool is_negative = au_abi_type_is_signed(type) && (item->data[item->size - 1] & 0x80) != 0;
    while (item->size < size && item->err == AU_OK) {
        au_buf_put_u8(item, is_negative ? 0xff : 0);
    }
}

struct reading {
    const struct au_abi_call *call;
    struct au_arena *arena;
    struct au_bytes *items; /* without data: none yet */
    struct au_abi_value_error *error;
};

static bool is_raw(struct au_bytes text)
{
    return text.size >= sizeof(RAW) - 1 && memcmp(text.data, RAW, sizeof(RAW) - 1) == 0;
}

/* An argument's bytes as they are, whatever the type is. */
static enum au_err read_raw(struct reading *reading, size_t index, struct au_bytes text)
{
    const struct au_arg_form *form;
    struct abi_path path;
    enum au_err err = au_arg_read(text, reading->arena, &form, &reading->items[index]);
    if (err != AU_ERR_MALFORMED) return err;
    abi_path_init(&path, "args");
    abi_path_enter_name(&path, reading->call->fn->fields[index].name);
    abi_path_fail(&path, reading->error, "%s expects %s, got \"%.32s\"", form->name, form->expected,
                  (const char *)text.data + sizeof(RAW) - 1);
    return err;
}

enum au_err au_abi_call_value(const struct au_abi_call *call, size_t index, struct au_bytes text,
                              struct au_arena *arena, struct au_bytes *out_item,
                              struct au_abi_value_error *out_error)
{
    const struct au_abi_field *field = &call->fn->fields[index];
    char path[AU_ABI_NAME_SIZE_MAX + 16];
    struct au_buf item;
    snprintf(path, sizeof(path), "args.%.*s", (int)field->name.size,
             (const char *)field->name.data);
    const struct au_abi_reading how = {.form = call->form, .path = path, .names = call->names};
    au_buf_init(&item, (size_t)AU_ARGS_SIZE_MAX);
    enum au_err err = au_abi_value_read(&how, &field->type, text, &item, out_error);
    if (err == AU_OK) {
        widen(&field->type, param_of(call->export_, index), &item);
        err = item.err;
    }
    if (err == AU_OK) err = au_arena_copy(arena, au_buf_bytes(&item), out_item);
    au_buf_done(&item);
    return err;
}

static enum au_err read_item(struct reading *reading, size_t index, struct au_bytes text)
{
    if (is_raw(text)) return read_raw(reading, index, text);
    text = skip_form(&reading->call->fn->fields[index].type, text);
    return au_abi_call_value(reading->call, index, text, reading->arena, &reading->items[index],
                             reading->error);
}

/* Gives the parameter that a word names, and the value; the number of parameters if it names
 * none. */
static size_t find_named(const struct au_abi_record *fn, const char *word,
                         struct au_bytes *out_value)
{
    const char *equals = strchr(word, '=');
    if (equals == NULL) return fn->field_count;
    struct au_bytes name = {(const uint8_t *)word, (size_t)(equals - word)};
    *out_value = au_bytes_of(equals + 1);
    return au_abi_find_field(fn->fields, fn->field_count, name);
}

static size_t find_free(const struct reading *reading)
{
    size_t index = 0;
    while (index < reading->call->fn->field_count && reading->items[index].data != NULL)
        index++;
    return index;
}

/* Of a word that looks as if it named a parameter, and was no value: which there are. */
static void tell_name(struct reading *reading, const char *word)
{
    const struct au_abi_record *fn = reading->call->fn;
    struct abi_path path;
    struct au_buf names;
    size_t size = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
    if (size == 0 || word[size] != '=') return;
    au_buf_init(&names, NAMES_SIZE_MAX);
    for (size_t i = 0; i < fn->field_count; i++)
        au_buf_printf(&names, "%s`%.*s`", i > 0 ? ", " : "", (int)fn->fields[i].name.size,
                      (const char *)fn->fields[i].name.data);
    abi_path_init(&path, "args");
    abi_path_fail(&path, reading->error, "`%.*s` has no parameter `%.*s`: it has %.*s%s",
                  (int)fn->name.size, (const char *)fn->name.data, (int)size, word, (int)names.size,
                  names.size > 0 ? (const char *)names.data : "",
                  names.err == AU_OK ? "" : ", ...");
    au_buf_done(&names);
}

static enum au_err read_word(struct reading *reading, const char *word)
{
    const struct au_abi_record *fn = reading->call->fn;
    struct abi_path path;
    struct au_bytes value;
    abi_path_init(&path, "args");
    size_t index = find_named(fn, word, &value);
    if (index < fn->field_count && reading->items[index].data != NULL) {
        abi_path_enter_name(&path, fn->fields[index].name);
        abi_path_fail(&path, reading->error, "expected once, got twice");
        return AU_ERR_MALFORMED;
    }
    if (index == fn->field_count) {
        index = find_free(reading);
        value = au_bytes_of(word);
    }
    if (index < fn->field_count) {
        enum au_err err = read_item(reading, index, value);
        if (err == AU_ERR_MALFORMED && value.data == (const uint8_t *)word)
            tell_name(reading, word);
        return err;
    }
    abi_path_fail(&path, reading->error, "`%.*s` takes %zu, got one more: \"%.32s\"",
                  (int)fn->name.size, (const char *)fn->name.data, fn->field_count, word);
    return AU_ERR_MALFORMED;
}

enum au_err au_abi_call_type(const struct au_abi_call *call, const char *const *words, size_t count,
                             struct au_arena *arena, struct au_bytes **out_items,
                             struct au_abi_value_error *out_error)
{
    const struct au_abi_record *fn = call->fn;
    struct reading reading = {.call = call, .arena = arena, .error = out_error};
    struct abi_path path;
    reading.items = au_arena_zero(arena, fn->field_count * sizeof(*reading.items));
    if (reading.items == NULL) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < count; i++)
        AU_TRY(read_word(&reading, words[i]));
    size_t missing = find_free(&reading);
    if (missing == fn->field_count) {
        *out_items = reading.items;
        return AU_OK;
    }
    struct au_buf type;
    au_buf_init(&type, 128);
    au_abi_type_format(&type, &fn->fields[missing].type);
    abi_path_init(&path, "args");
    abi_path_enter_name(&path, fn->fields[missing].name);
    abi_path_fail(&path, out_error, "expected %.*s, got none", (int)type.size,
                  type.size > 0 ? (const char *)type.data : "");
    au_buf_done(&type);
    return AU_ERR_MALFORMED;
}
