#include "abi/decode.h"

#include "abi/topic.h"
#include "abi/type.h"
#include "abi/value.h"

#define NO_FUNCTION "the ABI has no function of this name"

/* One value being written, and where it begins. */
struct output {
    struct au_json_write json;
    struct au_buf *buf;
    size_t start;
};

static void begin(struct output *output, struct au_buf *buf)
{
    output->buf = buf;
    output->start = buf->size;
    au_json_write_init(&output->json, buf, AU_JSON_WRITE_COMPACT);
}

static const char *fail(struct output *output, const char *reason)
{
    au_buf_cut(output->buf, output->start);
    return reason;
}

/* As the name of a member it is valid, and more than some readers take: ours too. */
static bool has_zero(struct au_bytes json)
{
    return memmem(json.data, json.size, "\\u0000", 6) != NULL;
}

static const char *end(struct output *output)
{
    const struct au_buf *buf = output->buf;
    au_json_write_finish(&output->json);
    if (buf->err != AU_OK) {
        return fail(output, buf->err == AU_ERR_TOO_LARGE ? "too large as JSON" : "out of memory");
    }
    struct au_bytes written = {buf->data + output->start, buf->size - output->start};
    return has_zero(written) ? fail(output, "a text has U+0000") : NULL;
}

/* Writes the value of a type that rest begins with, and takes it off. */
static bool put_next(struct au_json_write *json, const struct au_abi_type *type,
                     struct au_bytes *rest)
{
    size_t size = au_abi_value_take(type, *rest);
    if (size == 0) return false;
    au_abi_value_write_json(json, type, (struct au_bytes){rest->data, size});
    *rest = (struct au_bytes){rest->data + size, rest->size - size};
    return true;
}

/* ---- events ---- */

static bool put_hash(struct au_json_write *json, struct au_bytes topic)
{
    au_json_write_begin_object(json);
    au_json_put_hex(json, "sha256", topic);
    au_json_write_end_object(json);
    return true;
}

static bool put_topic(struct au_json_write *json, const struct au_abi_type *type,
                      struct au_bytes *topics)
{
    size_t size = au_abi_topic_size(type);
    if (topics->size < AU_EVENT_TOPIC_SIZE) return false;
    struct au_bytes topic = {topics->data, AU_EVENT_TOPIC_SIZE};
    *topics = (struct au_bytes){topics->data + topic.size, topics->size - topic.size};
    if (size == 0) return put_hash(json, topic);
    struct au_bytes value = {topic.data + topic.size - size, size};
    for (const uint8_t *byte = topic.data; byte < value.data; byte++) {
        if (*byte != 0) return false;
    }
    if (!au_abi_value_check(type, "", value, NULL)) return false;
    au_abi_value_write_json(json, type, value);
    return true;
}

static const char *put_event(struct au_json_write *json, const struct au_abi_record *record,
                             const struct au_receipt_event *event)
{
    struct au_bytes topics = event->topics;
    struct au_bytes data = event->data;
    au_json_write_begin_object(json);
    for (size_t i = 0; i < record->field_count; i++) {
        const struct au_abi_field *field = &record->fields[i];
        au_json_write_key_bytes(json, field->name);
        if (field->is_topic && !put_topic(json, &field->type, &topics)) {
            return "a topic is no value of the event's field";
        }
        if (!field->is_topic && !put_next(json, &field->type, &data)) {
            return "the data is not that of the event's fields";
        }
    }
    au_json_write_end_object(json);
    if (topics.size > 0) return "the event has more topics than the ABI says";
    return data.size > 0 ? "the event has more data than its fields" : NULL;
}

const char *au_abi_decode_event(const struct au_abi *abi, const struct au_receipt_event *event,
                                struct au_buf *json)
{
    struct output output;
    const struct au_abi_record *record = au_abi_find(abi, AU_ABI_EVENT, event->name);
    if (record == NULL) return "the ABI has no event of this name";
    begin(&output, json);
    const char *reason = put_event(&output.json, record, event);
    return reason == NULL ? end(&output) : fail(&output, reason);
}

/* ---- arguments, results and errors ---- */

/* What a WebAssembly function takes or gives has 4 or 8 bytes, however few its type needs. */
static struct au_bytes narrow(const struct au_abi_type *type, struct au_bytes bytes)
{
    size_t size = au_abi_type_is_number(type) ? au_abi_words[type->kind].size : bytes.size;
    if (size >= bytes.size || (bytes.size != 4 && bytes.size != 8)) return bytes;
    bool is_negative = au_abi_type_is_signed(type) && (bytes.data[size - 1] & 0x80) != 0;
    for (size_t i = size; i < bytes.size; i++) {
        if (bytes.data[i] != (is_negative ? 0xff : 0)) return bytes;
    }
    return (struct au_bytes){bytes.data, size};
}

const char *au_abi_decode_args(const struct au_abi *abi, struct au_bytes function,
                               const struct au_bytes *args, size_t count, struct au_buf *json)
{
    struct output output;
    const struct au_abi_record *fn = au_abi_find(abi, AU_ABI_FN, function);
    if (count == 0) return NULL;
    if (fn == NULL) return NO_FUNCTION;
    if (count != fn->field_count) return "the function takes another number of arguments";
    begin(&output, json);
    au_json_write_begin_object(&output.json);
    for (size_t i = 0; i < count; i++) {
        const struct au_abi_field *field = &fn->fields[i];
        struct au_bytes arg = narrow(&field->type, args[i]);
        if (!au_abi_value_check(&field->type, "", arg, NULL)) {
            return fail(&output, "an argument is no value of the function's parameter");
        }
        au_json_write_key_bytes(&output.json, field->name);
        au_abi_value_write_json(&output.json, &field->type, arg);
    }
    au_json_write_end_object(&output.json);
    return end(&output);
}

const char *au_abi_decode_result(const struct au_abi *abi, struct au_bytes function,
                                 struct au_bytes output, struct au_buf *json)
{
    struct output value;
    const struct au_abi_record *fn = au_abi_find(abi, AU_ABI_FN, function);
    if (fn == NULL || !fn->has_result) {
        if (output.size == 0) return NULL;
        return fn == NULL ? NO_FUNCTION : "the ABI says that the function gives nothing";
    }
    output = narrow(&fn->result, output);
    if (!au_abi_value_check(&fn->result, "", output, NULL)) {
        return "the output is no value of the function's result";
    }
    begin(&value, json);
    au_abi_value_write_json(&value.json, &fn->result, output);
    return end(&value);
}

const struct au_abi_record *au_abi_find_error(const struct au_abi *abi, uint32_t code)
{
    for (size_t i = 0; i < abi->record_count; i++) {
        const struct au_abi_record *record = &abi->records[i];
        if (record->kind == AU_ABI_ERROR && record->code == code) return record;
    }
    return NULL;
}

/* Fields whose values stand one behind the other. */
static bool put_fields(struct au_json_write *json, const struct au_abi_record *record,
                       struct au_bytes data)
{
    au_json_write_begin_object(json);
    for (size_t i = 0; i < record->field_count; i++) {
        au_json_write_key_bytes(json, record->fields[i].name);
        if (!put_next(json, &record->fields[i].type, &data)) return false;
    }
    au_json_write_end_object(json);
    return data.size == 0;
}

const char *au_abi_decode_error(const struct au_abi *abi, uint32_t code, struct au_bytes data,
                                struct au_buf *json)
{
    struct output output;
    const struct au_abi_record *record = au_abi_find_error(abi, code);
    if (record == NULL) return "the ABI has no error of this code";
    begin(&output, json);
    au_json_write_begin_object(&output.json);
    au_json_put_bytes(&output.json, "name", record->name);
    au_json_write_key(&output.json, "fields");
    if (!put_fields(&output.json, record, data)) {
        return fail(&output, "the output is not that of the error's fields");
    }
    if (record->text.size > 0) au_json_put_bytes(&output.json, "text", record->text);
    au_json_write_end_object(&output.json);
    return end(&output);
}

/* ---- storage ---- */

/* What a key has behind the prefix of a map whose keys it may be of; empty: it is none. */
static struct au_bytes map_key(const struct au_abi_record *record, struct au_bytes key)
{
    size_t size = record->key.size;
    struct au_bytes rest = {0};
    if (key.size <= size || !au_bytes_is_equal((struct au_bytes){key.data, size}, record->key)) {
        return rest;
    }
    rest = (struct au_bytes){key.data + size, key.size - size};
    bool is_key = au_abi_value_check(&record->result.items[0], "", rest, NULL);
    return is_key ? rest : (struct au_bytes){0};
}

/* out_map_key  empty unless the entry is a map */
static const struct au_abi_record *find_entry(const struct au_abi *abi, struct au_bytes key,
                                              struct au_bytes *out_map_key)
{
    const struct au_abi_record *found = NULL;
    *out_map_key = (struct au_bytes){0};
    for (size_t i = 0; i < abi->record_count; i++) {
        const struct au_abi_record *record = &abi->records[i];
        if (record->kind != AU_ABI_STORAGE) continue;
        if (record->result.kind != AU_ABI_MAP) {
            if (!au_bytes_is_equal(record->key, key)) continue;
            *out_map_key = (struct au_bytes){0};
            return record;
        }
        struct au_bytes rest = map_key(record, key);
        if (rest.size == 0 || (found != NULL && found->key.size >= record->key.size)) continue;
        found = record;
        *out_map_key = rest;
    }
    return found;
}

const char *au_abi_decode_slot(const struct au_abi *abi, struct au_bytes key,
                               const struct au_abi_stored *values, struct au_buf *json)
{
    struct output output;
    struct au_bytes in_map;
    const struct au_abi_record *record = find_entry(abi, key, &in_map);
    if (record == NULL) return "the ABI has no entry of this key";
    const struct au_abi_type *type = &record->result;
    begin(&output, json);
    au_json_write_begin_object(&output.json);
    au_json_put_bytes(&output.json, "name", record->name);
    if (in_map.size > 0) {
        au_json_write_key(&output.json, "key");
        au_abi_value_write_json(&output.json, &type->items[0], in_map);
        type = &type->items[1];
    }
    for (const struct au_abi_stored *value = values; value->name != NULL; value++) {
        if (!au_abi_value_check(type, "", value->bytes, NULL)) {
            return fail(&output, "what is stored is no value of the entry's type");
        }
        au_json_write_key(&output.json, value->name);
        au_abi_value_write_json(&output.json, type, value->bytes);
    }
    au_json_write_end_object(&output.json);
    return end(&output);
}
