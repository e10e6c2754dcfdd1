/* Fuzzes values by their types. The input is the text of an ABI, a byte 0 and a value: it is read
 * as what is typed, as JSON and as bytes, by the type of every parameter and of what is stored.
 *
 * Bytes that are a value are written as JSON, which read again gives the same bytes. What is read
 * from text is such bytes. What is refused has a sentence. Whatever contracts did with these bytes
 * is decoded as JSON that can be read, or for a reason not at all, however little room there is. */
#include "abi/decode.h"
#include "abi/value.h"
#include "base/json_in.h"
#include "fuzz.h"

#define JSON_SIZE_MAX  (8u << 20)
#define VALUE_SIZE_MAX (64u << 10)

static void check_bytes(const struct au_abi_type *type, struct au_bytes bytes)
{
    const struct au_abi_reading how = {.form = AU_ABI_JSON, .path = "v"};
    struct au_abi_value_error error = {0};
    struct au_json_write write;
    struct au_buf json;
    struct au_buf again;
    au_buf_init(&json, JSON_SIZE_MAX);
    au_buf_init(&again, bytes.size);
    au_json_write_init(&write, &json, AU_JSON_WRITE_COMPACT);
    au_abi_value_write_json(&write, type, bytes);
    au_json_write_finish(&write);
    if (json.err == AU_OK) {
        AU_ASSERT(au_abi_value_read(&how, type, au_buf_bytes(&json), &again, &error) == AU_OK);
        AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    }
    AU_ASSERT(au_abi_value_compare(type, bytes, bytes) == 0);
    au_buf_done(&json);
    au_buf_done(&again);
}

static void check_text(const struct au_abi_type *type, enum au_abi_form form, struct au_bytes text)
{
    const struct au_abi_reading how = {.form = form, .path = "v"};
    struct au_abi_value_error error = {0};
    struct au_buf bytes;
    au_buf_init(&bytes, VALUE_SIZE_MAX);
    enum au_err err = au_abi_value_read(&how, type, text, &bytes, &error);
    AU_ASSERT(err == AU_OK || err == AU_ERR_MALFORMED || err == AU_ERR_TOO_LARGE);
    AU_ASSERT(err != AU_ERR_MALFORMED || strlen(error.message) > 0);
    if (err == AU_OK) {
        AU_ASSERT(au_abi_value_check(type, "v", au_buf_bytes(&bytes), NULL));
        check_bytes(type, au_buf_bytes(&bytes));
    }
    au_buf_done(&bytes);
}

static void check_type(const struct au_abi_type *type, struct au_bytes value)
{
    struct au_abi_value_error error = {0};
    check_text(type, AU_ABI_TYPED, value);
    check_text(type, AU_ABI_JSON, value);
    if (au_abi_value_check(type, "v", value, &error)) {
        AU_ASSERT(au_abi_value_take(type, value) == value.size);
        check_bytes(type, value);
    } else {
        AU_ASSERT(strlen(error.message) > 0);
    }
}

/* ---- what contracts did ---- */

static void check_decoded(const char *reason, struct au_buf *json)
{
    struct au_json_in *root = NULL;
    AU_ASSERT(reason == NULL || json->size == 0);
    if (json->size > 0) {
        AU_ASSERT(au_json_in_parse(au_buf_bytes(json), NULL, &root) == AU_OK);
        au_json_in_free(root);
    }
    au_buf_clear(json);
}

static void decode_as(const struct au_abi *abi, const struct au_abi_record *record,
                      struct au_bytes value, struct au_buf *json)
{
    const size_t topic_count = value.size % (AU_EVENT_TOPICS_MAX + 1);
    const size_t topics_size = topic_count * AU_EVENT_TOPIC_SIZE;
    const struct au_abi_stored stored[] = {{"before", value}, {"after", value}, {0}};
    check_decoded(au_abi_decode_args(abi, record->name, &value, 1, json), json);
    check_decoded(au_abi_decode_result(abi, record->name, value, json), json);
    check_decoded(au_abi_decode_error(abi, record->code, value, json), json);
    check_decoded(au_abi_decode_slot(abi, record->key, stored, json), json);
    check_decoded(au_abi_decode_slot(abi, value, stored + 2, json), json);
    if (topics_size > value.size) return;
    const struct au_receipt_event event = {
        .name = record->name,
        .topics = {value.data, topics_size},
        .data = {value.data + topics_size, value.size - topics_size}};
    check_decoded(au_abi_decode_event(abi, &event, json), json);
}

static void decode(const struct au_abi *abi, const struct au_abi_record *record,
                   struct au_bytes value)
{
    const size_t sizes[] = {value.size, AU_ABI_DECODED_SIZE_MAX};
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        struct au_buf json;
        au_buf_init(&json, sizes[i]);
        decode_as(abi, record, value, &json);
        au_buf_done(&json);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_arena arena;
    struct au_abi abi;
    struct au_abi_error error = {0};
    const uint8_t *zero = size > 0 ? memchr(data, 0, size) : NULL;
    if (zero == NULL) return 0;
    struct au_bytes text = {data, (size_t)(zero - data)};
    struct au_bytes value = {zero + 1, size - text.size - 1};
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    if (au_abi_parse(text, &arena, &abi, &error) == AU_OK) {
        for (size_t i = 0; i < abi.record_count; i++) {
            const struct au_abi_record *record = &abi.records[i];
            for (size_t k = 0; k < record->field_count; k++)
                check_type(&record->fields[k].type, value);
            if (record->kind == AU_ABI_STORAGE) check_type(&record->result, value);
            decode(&abi, record, value);
        }
    }
    au_arena_done(&arena);
    return 0;
}
