#include "cli/scenario_read.h"

#include <stdio.h>

#include "abi/type.h"
#include "base/hex.h"
#include "cli/arg.h"
#include "cli/field.h"
#include "cli/scenario_sign.h"
#include "core/limits.h"

#define PLACE_SIZE_MAX 96u /* bytes of the name of a value */
#define RAW            "raw:"
#define CODE_HASH      "code_hash:"

static bool is_raw(const struct au_scenario_value *value)
{
    struct au_bytes text = value->text;
    return value->is_text && au_bytes_skip(&text, RAW);
}

/* Keys, signatures, and the hash of a contract's code as their bytes; any other value as it is. */
static enum au_err resolve(const struct au_scenario_reader *reader, const char *where,
                           const struct au_scenario_value *value,
                           struct au_scenario_value *out_value)
{
    struct au_buf text;
    struct au_hash hash;
    AU_TRY(au_scenario_sign(reader, where, value, out_value));
    struct au_bytes name = value->text;
    if (!value->is_text || !au_bytes_skip(&name, CODE_HASH)) return AU_OK;
    if (!reader->find_code(reader->names->context, name, &hash)) {
        return au_field_fail_text(reader->message, where,
                                  "behind " CODE_HASH " the name of a contract that was deployed",
                                  name);
    }
    au_buf_init(&text, sizeof(RAW) + 2 + (size_t)2 * AU_HASH_SIZE);
    au_buf_put_text(&text, RAW);
    au_hex_put(&text, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    au_buf_put_u8(&text, 0);
    enum au_err err = text.err;
    if (err == AU_OK) err = au_arena_copy(reader->arena, au_buf_bytes(&text), &out_value->text);
    out_value->text.size--; /* the 0 stands behind it */
    au_buf_done(&text);
    return err;
}

/* ---- without a type ---- */

static enum au_err read_address(const struct au_scenario_reader *reader, const char *where,
                                struct au_bytes name, struct au_bytes *out_bytes)
{
    struct au_address address;
    if (au_address_parse(name, &address) != NULL &&
        !reader->names->find(reader->names->context, name, &address)) {
        return au_field_fail_text(reader->message, where,
                                  "an address, a development account (alice to judy), or the name "
                                  "of a contract that was deployed",
                                  name);
    }
    return au_arena_copy(reader->arena, (struct au_bytes){address.bytes, AU_ADDRESS_SIZE},
                         out_bytes);
}

/* The text has a 0 behind it. */
static enum au_err read_text(const struct au_scenario_reader *reader, const char *where,
                             struct au_bytes text, struct au_bytes *out_bytes)
{
    size_t size = reader->message->size;
    if (text.size > 0 && memchr(text.data, 0, text.size) != NULL) {
        return au_field_fail(reader->message, "%s: expected a text without U+0000", where);
    }
    struct au_bytes name = text;
    if (au_bytes_skip(&name, "addr:")) {
        return read_address(reader, where, name, out_bytes);
    }
    if (au_bytes_skip(&name, "@")) {
        return au_field_fail_text(reader->message, where,
                                  "addr:NAME for an address or str:TEXT for a text", text);
    }
    au_buf_printf(reader->message, "%s: ", where);
    AU_TRY(au_arg_parse((const char *)text.data, reader->arena, reader->message, out_bytes));
    au_buf_cut(reader->message, size);
    return AU_OK;
}

/* ---- with one ---- */

static enum au_err read_typed(const struct au_scenario_reader *reader, const char *where,
                              const struct au_abi_type *type, struct au_bytes json,
                              struct au_bytes *out_bytes)
{
    const struct au_abi_reading how = {AU_ABI_JSON, where, reader->names};
    struct au_abi_value_error error;
    struct au_buf bytes;
    au_buf_init(&bytes, AU_SCENARIO_FILE_SIZE_MAX);
    enum au_err err = au_abi_value_read(&how, type, json, &bytes, &error);
    if (err == AU_OK) err = au_arena_copy(reader->arena, au_buf_bytes(&bytes), out_bytes);
    au_buf_done(&bytes);
    if (err == AU_ERR_MALFORMED) au_buf_put_text(reader->message, error.message);
    if (err == AU_ERR_TOO_LARGE) {
        return au_field_fail(reader->message, "%s: expected at most %u bytes", where,
                             AU_SCENARIO_FILE_SIZE_MAX);
    }
    return err;
}

enum au_err au_scenario_read_value(const struct au_scenario_reader *reader, const char *where,
                                   const struct au_abi_type *type,
                                   const struct au_scenario_value *given,
                                   struct au_bytes *out_bytes)
{
    struct au_scenario_value value;
    AU_TRY(resolve(reader, where, given, &value));
    if (type != NULL && !is_raw(&value))
        return read_typed(reader, where, type, value.json, out_bytes);
    if (value.is_text) return read_text(reader, where, value.text, out_bytes);
    return au_field_fail_text(reader->message, where,
                              "a text that says its type, as \"u64:5\", since no ABI does",
                              value.json);
}

/* ---- arguments ---- */

static enum au_err fail_name(const struct au_scenario_reader *reader,
                             const struct au_abi_record *fn, struct au_bytes name)
{
    struct au_buf *message = reader->message;
    au_buf_put_text(message, "args: expected ");
    for (size_t i = 0; i < fn->field_count; i++) {
        au_buf_put_text(message, i == 0 ? "the members " : ", ");
        au_buf_put_bytes(message, fn->fields[i].name);
    }
    if (fn->field_count == 0) au_buf_put_text(message, "no member");
    au_buf_put_text(message, ", got ");
    au_field_put_quoted(message, name);
    return AU_ERR_MALFORMED;
}

static bool has_param(const struct au_abi_record *fn, struct au_bytes name)
{
    return au_abi_find_field(fn->fields, fn->field_count, name) < fn->field_count;
}

/* What au_abi_call_type takes: name=value, or the value alone. */
static enum au_err make_word(const struct au_scenario_reader *reader,
                             const struct au_scenario_field *arg, const char **out_word)
{
    struct au_scenario_value resolved;
    AU_TRY(resolve(reader, "args", &arg->value, &resolved));
    struct au_bytes value = is_raw(&resolved) ? resolved.text : resolved.json;
    char *word = au_arena_zero(reader->arena, arg->name.size + value.size + 2);
    if (word == NULL) return AU_ERR_NO_MEMORY;
    *out_word = word;
    if (arg->name.size > 0) {
        memcpy(word, arg->name.data, arg->name.size);
        word[arg->name.size] = '=';
        word += arg->name.size + 1;
    }
    memcpy(word, value.data, value.size);
    return AU_OK;
}

static enum au_err read_by_types(const struct au_scenario_reader *reader,
                                 const struct au_abi_call *call,
                                 const struct au_scenario_fields *args, struct au_bytes **out_items)
{
    struct au_abi_call typed = *call;
    struct au_abi_value_error error;
    const char **words = au_arena_get(reader->arena, args->count * sizeof(*words));
    if (words == NULL) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < args->count; i++) {
        const struct au_scenario_field *arg = &args->items[i];
        if (arg->name.size > 0 && !has_param(call->fn, arg->name)) {
            return fail_name(reader, call->fn, arg->name);
        }
        AU_TRY(make_word(reader, arg, &words[i]));
    }
    typed.names = reader->names;
    typed.form = AU_ABI_JSON;
    enum au_err err =
        au_abi_call_type(&typed, words, args->count, reader->arena, out_items, &error);
    if (err == AU_ERR_MALFORMED) au_buf_put_text(reader->message, error.message);
    return err;
}

static enum au_err read_plain(const struct au_scenario_reader *reader,
                              const struct au_scenario_fields *args, struct au_bytes **out_items)
{
    struct au_bytes *items = au_arena_zero(reader->arena, args->count * sizeof(*items));
    if (items == NULL) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < args->count; i++) {
        char where[PLACE_SIZE_MAX];
        const struct au_scenario_field *arg = &args->items[i];
        if (arg->name.size > 0) {
            return au_field_fail(reader->message, "args: expected a list, since no ABI names the "
                                                  "arguments of this function, got an object");
        }
        snprintf(where, sizeof(where), "args[%zu]", i);
        AU_TRY(au_scenario_read_value(reader, where, NULL, &arg->value, &items[i]));
    }
    *out_items = items;
    return AU_OK;
}

enum au_err au_scenario_read_args(const struct au_scenario_reader *reader,
                                  const struct au_abi_call *call,
                                  const struct au_scenario_fields *args,
                                  struct au_bytes **out_items, size_t *out_count)
{
    size_t size = 0;
    size_t count = call == NULL ? args->count : call->fn->field_count;
    enum au_err err = call == NULL ? read_plain(reader, args, out_items)
                                   : read_by_types(reader, call, args, out_items);
    for (size_t i = 0; err == AU_OK && i < count; i++) {
        size += (*out_items)[i].size;
    }
    if (err == AU_ERR_TOO_LARGE || size > (size_t)AU_ARGS_SIZE_MAX) {
        return au_field_fail(reader->message, "args: expected at most %u bytes together",
                             AU_ARGS_SIZE_MAX);
    }
    if (err == AU_OK) *out_count = count;
    return err;
}
