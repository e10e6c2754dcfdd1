#include "abi/match.h"

#include <stdarg.h>
#include <stdio.h>

#include "abi/type.h"

#define I32 0x7f /* of the binary format */

struct match {
    const struct au_abi_record *fn;
    struct au_abi_error *error;
};

AU_PRINTF(2, 3)
static bool fail(struct match *match, const char *format, ...)
{
    va_list list;
    struct au_bytes name = match->fn->name;
    char *message = match->error->message;
    size_t size_max = sizeof(match->error->message);
    int used = snprintf(message, size_max, "`%.*s` ", (int)name.size, (const char *)name.data);
    AU_ASSERT(used > 0 && (size_t)used < size_max);
    va_start(list, format);
    vsnprintf(message + used, size_max - (size_t)used, format, list);
    va_end(list);
    match->error->line = match->fn->line;
    return false;
}

static bool is_pair(const struct au_abi_export *export_, size_t param)
{
    return param + 1 < export_->param_count && export_->params[param] == I32 &&
           export_->params[param + 1] == I32;
}

static bool match_param(struct match *match, const struct au_abi_field *field, uint8_t type)
{
    size_t size_max = type == I32 ? 4 : 8;
    if (au_abi_type_is_number(&field->type) && au_abi_words[field->type.kind].size <= size_max)
        return true;
    return fail(match, "takes `%.*s` as %s, which its type does not fit: read it with arg_*",
                (int)field->name.size, (const char *)field->name.data, type == I32 ? "i32" : "i64");
}

static bool match_fn(struct match *match, const struct au_abi_export *export_)
{
    const struct au_abi_record *fn = match->fn;
    size_t count = 0;
    bool has_pair = false;
    if (export_->obstacle != NULL) {
        return fail(match, "cannot be called: %s; read arguments with arg_*", export_->obstacle);
    }
    if (export_->param_count == 0) return true;
    for (size_t param = 0; param < export_->param_count; param++, count++) {
        bool takes_bytes = is_pair(export_, param);
        has_pair |= takes_bytes;
        if (!takes_bytes && count < fn->field_count &&
            !match_param(match, &fn->fields[count], export_->params[param])) {
            return false;
        }
        param += takes_bytes;
    }
    if (count == fn->field_count) return true;
    return fail(match, "has %zu parameters, its export takes %zu arguments%s", fn->field_count,
                count, has_pair ? ": i32 i32 is one of bytes; pass small numbers as i64" : "");
}

bool au_abi_match(const struct au_abi *abi, const struct au_abi_export *exports,
                  size_t export_count, struct au_abi_error *out_error)
{
    for (size_t i = 0; i < abi->record_count; i++) {
        struct match match = {.fn = &abi->records[i], .error = out_error};
        if (match.fn->kind != AU_ABI_FN) continue;
        const struct au_abi_export *found = NULL;
        for (size_t k = 0; k < export_count && found == NULL; k++) {
            if (au_bytes_is_equal(exports[k].name, match.fn->name)) found = &exports[k];
        }
        if (found == NULL) return fail(&match, "is not an exported function");
        if (!match_fn(&match, found)) return false;
    }
    return true;
}
