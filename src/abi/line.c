#include "abi/line.h"

#include "abi/type.h"

static void put_string(struct au_buf *buf, struct au_bytes text, bool any_bytes)
{
    au_buf_put_u8(buf, '"');
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        if (byte == '\n') {
            au_buf_put_text(buf, "\\n");
        } else if (any_bytes && (byte < ' ' || byte > '~')) {
            au_buf_printf(buf, "\\x%02x", (unsigned)byte);
        } else {
            if (byte == '"' || byte == '\\') au_buf_put_u8(buf, '\\');
            au_buf_put_u8(buf, byte);
        }
    }
    au_buf_put_u8(buf, '"');
}

static void put_fields(struct au_buf *buf, const struct au_abi_field *fields, size_t count,
                       const char *brackets)
{
    au_buf_put_u8(buf, (uint8_t)brackets[0]);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) au_buf_put_text(buf, ", ");
        if (fields[i].is_topic) au_buf_put_text(buf, "topic ");
        au_buf_put_bytes(buf, fields[i].name);
        au_buf_put_u8(buf, ':');
        au_abi_type_format(buf, &fields[i].type);
    }
    au_buf_put_u8(buf, (uint8_t)brackets[1]);
}

void au_abi_format_fn(struct au_buf *buf, const struct au_abi_record *record)
{
    static const char *const modes[] = {[AU_ABI_MUT] = "mut",
                                        [AU_ABI_VIEW] = "view",
                                        [AU_ABI_INIT] = "init",
                                        [AU_ABI_MIGRATE] = "migrate"};
    au_buf_put_bytes(buf, record->name);
    put_fields(buf, record->fields, record->field_count, "()");
    if (record->has_result) {
        au_buf_put_text(buf, "->");
        au_abi_type_format(buf, &record->result);
    }
    au_buf_printf(buf, " %s%s", record->is_payable ? "payable " : "", modes[record->mode]);
}

static void put_list(struct au_buf *buf, const struct au_abi_record *record)
{
    if (record->kind == AU_ABI_ERROR) au_buf_printf(buf, "%u ", (unsigned)record->code);
    au_buf_put_bytes(buf, record->name);
    put_fields(buf, record->fields, record->field_count,
               record->kind == AU_ABI_STRUCT ? "{}" : "()");
}

static void put_enum(struct au_buf *buf, const struct au_abi_record *record)
{
    au_buf_put_bytes(buf, record->name);
    for (size_t i = 0; i < record->variant_count; i++) {
        const struct au_abi_variant *variant = &record->variants[i];
        au_buf_put_text(buf, i == 0 ? "{" : ", ");
        au_buf_put_bytes(buf, variant->name);
        if (variant->field_count > 0) put_fields(buf, variant->fields, variant->field_count, "()");
    }
    au_buf_put_u8(buf, '}');
}

static void put_storage(struct au_buf *buf, const struct au_abi_record *record)
{
    au_buf_put_bytes(buf, record->name);
    au_buf_put_u8(buf, ':');
    au_abi_type_format(buf, &record->result);
    au_buf_put_text(buf, " @");
    put_string(buf, record->key, true);
}

static const struct {
    const char *word;
    void (*put)(struct au_buf *buf, const struct au_abi_record *record);
} writers[] = {
    [AU_ABI_FN] = {"fn ", au_abi_format_fn}, [AU_ABI_EVENT] = {"event ", put_list},
    [AU_ABI_ERROR] = {"error ", put_list},   [AU_ABI_STRUCT] = {"type ", put_list},
    [AU_ABI_ENUM] = {"enum ", put_enum},     [AU_ABI_STORAGE] = {"storage ", put_storage},
};

void au_abi_format(struct au_buf *buf, const struct au_abi *abi)
{
    au_buf_put_text(buf, "abi 1\n");
    for (size_t i = 0; i < abi->meta_count; i++) {
        au_buf_put_text(buf, "meta ");
        au_buf_put_bytes(buf, abi->meta[i].key);
        au_buf_put_u8(buf, '=');
        au_buf_put_bytes(buf, abi->meta[i].value);
        au_buf_put_u8(buf, '\n');
    }
    for (size_t i = 0; i < abi->record_count; i++) {
        const struct au_abi_record *record = &abi->records[i];
        if (record->kind == AU_ABI_UNKNOWN) {
            au_buf_put_bytes(buf, record->text);
        } else {
            au_buf_put_text(buf, writers[record->kind].word);
            writers[record->kind].put(buf, record);
            if (record->text.size > 0) au_buf_put_u8(buf, ' ');
            if (record->text.size > 0) put_string(buf, record->text, false);
        }
        au_buf_put_u8(buf, '\n');
    }
}
