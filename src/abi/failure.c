#include "abi/failure.h"

#include "abi/decode.h"
#include "abi/value.h"

static void put_value(struct au_buf *text, const struct au_abi_type *type, struct au_bytes value)
{
    struct au_json_write json;
    au_json_write_init(&json, text, AU_JSON_WRITE_COMPACT);
    au_abi_value_write_json(&json, type, value);
    au_json_write_finish(&json);
}

static bool put_fields(struct au_buf *text, const struct au_abi_record *record,
                       struct au_bytes data)
{
    for (size_t i = 0; i < record->field_count; i++) {
        const struct au_abi_field *field = &record->fields[i];
        size_t size = au_abi_value_take(&field->type, data);
        if (size == 0) return false;
        au_buf_put_text(text, i == 0 ? "(" : ", ");
        au_buf_put_bytes(text, field->name);
        au_buf_put_u8(text, '=');
        put_value(text, &field->type, (struct au_bytes){data.data, size});
        data = (struct au_bytes){data.data + size, data.size - size};
    }
    if (record->field_count > 0) au_buf_put_u8(text, ')');
    return data.size == 0;
}

bool au_abi_failure_put(struct au_buf *text, const struct au_abi *abi, uint32_t code,
                        struct au_bytes data)
{
    const struct au_abi_record *record = au_abi_find_error(abi, code);
    size_t start = text->size;
    if (record == NULL) return false;
    au_buf_put_bytes(text, record->name);
    if (!put_fields(text, record, data)) {
        au_buf_cut(text, start);
        return false;
    }
    if (record->text.size > 0) au_buf_put_text(text, ": ");
    au_buf_put_bytes(text, record->text);
    return true;
}
