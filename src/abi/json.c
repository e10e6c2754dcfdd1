#include "abi/json.h"

#include "abi/type.h"

static const char *const modes[] = {[AU_ABI_MUT] = "mut",
                                    [AU_ABI_VIEW] = "view",
                                    [AU_ABI_INIT] = "init",
                                    [AU_ABI_MIGRATE] = "migrate"};

static void put_type(struct au_json_write *json, const char *key, const struct au_abi_type *type)
{
    struct au_buf text;
    au_buf_init(&text, AU_ABI_TEXT_SIZE_MAX);
    au_abi_type_format(&text, type);
    au_json_put_bytes(json, key, au_buf_bytes(&text));
    if (json->buf->err == AU_OK) json->buf->err = text.err;
    au_buf_done(&text);
}

static void put_fields(struct au_json_write *json, const char *key,
                       const struct au_abi_field *fields, size_t count, bool has_topics)
{
    au_json_write_key(json, key);
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "name", fields[i].name);
        put_type(json, "type", &fields[i].type);
        if (has_topics) au_json_put_bool(json, "topic", fields[i].is_topic);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void put_variants(struct au_json_write *json, const struct au_abi_record *record)
{
    au_json_write_key(json, "variants");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < record->variant_count; i++) {
        const struct au_abi_variant *variant = &record->variants[i];
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "name", variant->name);
        put_fields(json, "fields", variant->fields, variant->field_count, false);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void put_members(struct au_json_write *json, const struct au_abi_record *record)
{
    if (record->kind == AU_ABI_FN) {
        au_json_put_text(json, "mode", modes[record->mode]);
        au_json_put_bool(json, "payable", record->is_payable);
        put_fields(json, "params", record->fields, record->field_count, false);
        if (record->has_result) put_type(json, "result", &record->result);
    } else if (record->kind == AU_ABI_ENUM) {
        put_variants(json, record);
    } else if (record->kind == AU_ABI_STORAGE) {
        put_type(json, "type", &record->result);
        au_json_put_hex(json, "key", record->key);
    } else {
        put_fields(json, "fields", record->fields, record->field_count,
                   record->kind == AU_ABI_EVENT);
    }
}

static void put_record(struct au_json_write *json, const struct au_abi_record *record)
{
    if (record->kind == AU_ABI_UNKNOWN) {
        au_json_write_bytes(json, record->text);
        return;
    }
    au_json_write_begin_object(json);
    if (record->kind == AU_ABI_ERROR) au_json_put_u32(json, "code", record->code);
    au_json_put_bytes(json, "name", record->name);
    put_members(json, record);
    if (record->text.size > 0) au_json_put_bytes(json, "text", record->text);
    au_json_write_end_object(json);
}

static void put_meta(struct au_json_write *json, const struct au_abi *abi)
{
    au_json_write_key(json, "meta");
    au_json_write_begin_object(json);
    for (size_t i = 0; i < abi->meta_count; i++) {
        au_json_write_key_bytes(json, abi->meta[i].key);
        au_json_write_bytes(json, abi->meta[i].value);
    }
    au_json_write_end_object(json);
}

void au_abi_write_json(struct au_json_write *json, const struct au_abi *abi)
{
    static const char *const lists[] = {
        [AU_ABI_FN] = "functions",    [AU_ABI_EVENT] = "events", [AU_ABI_ERROR] = "errors",
        [AU_ABI_STRUCT] = "types",    [AU_ABI_ENUM] = "enums",   [AU_ABI_STORAGE] = "storage",
        [AU_ABI_UNKNOWN] = "unknown",
    };
    size_t at = 0;
    au_json_write_begin_object(json);
    au_json_put_u32(json, "abi", 1);
    au_json_put_hex(json, "abi_hash", (struct au_bytes){abi->hash.bytes, AU_HASH_SIZE});
    put_meta(json, abi);
    for (size_t kind = 0; kind < AU_COUNT_OF(lists); kind++) {
        au_json_write_key(json, lists[kind]);
        au_json_write_begin_array(json);
        for (; at < abi->record_count && abi->records[at].kind == kind; at++) {
            put_record(json, &abi->records[at]);
        }
        au_json_write_end_array(json);
    }
    au_json_write_end_object(json);
}
