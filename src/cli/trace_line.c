/* What a frame or the call of a host function reads like, in a line: by the contract's ABI where
 * the node has decoded it, else as bytes. */
#include "base/hex.h"
#include "base/text.h"
#include "cli/show.h"
#include "cli/trace_internal.h"
#include "core/address.h"

#define LEAF_SIZE_MAX 256u /* bytes of a value in a line */

/* ---- values ---- */

static bool is_digits(struct au_bytes text)
{
    for (size_t i = 0; i < text.size; i++) {
        bool is_sign = i == 0 && text.size > 1 && text.data[i] == '-';
        if (!is_sign && (text.data[i] < '0' || text.data[i] > '9')) return false;
    }
    return text.size > 0;
}

static bool is_hex(struct au_bytes text)
{
    return text.size >= 2 && text.data[0] == '0' && text.data[1] == 'x';
}

/* A list or a text, cut short between characters. */
static void put_cut(const struct au_json_in *value, struct au_buf *text)
{
    size_t size = text->size + LEAF_SIZE_MAX;
    au_show_decoded(text, value);
    if (text->size <= size) return;
    while ((text->data[size] & 0xc0) == 0x80)
        size--;
    au_buf_cut(text, size);
    au_buf_put_text(text, "...");
}

static void put_leaf(const struct trace *trace, const struct au_json_in *value, struct au_buf *text)
{
    struct au_address address;
    struct au_bytes string = {0};
    if (au_json_in_type(value) == AU_JSON_IN_STRING) string = au_json_in_string(value);
    if (is_digits(string)) {
        au_show_text(text, string);
    } else if (is_hex(string)) {
        au_show_told(text, string);
    } else if (string.size > 0 && au_address_parse(string, &address) == NULL) {
        au_known_put(&trace->known, string, text);
    } else {
        put_cut(value, text);
    }
}

/* Members as (by=1, to=@bob), in these brackets. */
static void put_members(const struct trace *trace, const struct au_json_in *object,
                        const char brackets[2], struct au_buf *text)
{
    struct au_json_in_member member = {0};
    size_t count = 0;
    au_buf_put_u8(text, (uint8_t)brackets[0]);
    while (au_json_in_next(object, &member)) {
        if (count++ > 0) au_buf_put_text(text, ", ");
        au_show_text(text, member.key);
        au_buf_put_u8(text, '=');
        if (brackets[0] == '(' && au_json_in_type(member.value) == AU_JSON_IN_OBJECT) {
            put_members(trace, member.value, "{}", text);
        } else {
            put_leaf(trace, member.value, text);
        }
    }
    au_buf_put_u8(text, (uint8_t)brackets[1]);
}

static void put_value(const struct trace *trace, const struct au_json_in *value,
                      struct au_buf *text)
{
    if (au_json_in_type(value) == AU_JSON_IN_OBJECT) {
        put_members(trace, value, "{}", text);
    } else {
        put_leaf(trace, value, text);
    }
}

static const struct au_json_in *object_of(const struct au_json_in *json, const char *name)
{
    const struct au_json_in *value = au_json_in_get(json, name);
    return value != NULL && au_json_in_type(value) == AU_JSON_IN_OBJECT ? value : NULL;
}

/* What a revert meant: Full(limit=1): the words of who wrote the contract. */
static void put_error(const struct trace *trace, const struct au_json_in *error,
                      struct au_buf *text)
{
    const struct au_json_in *fields = object_of(error, "fields");
    struct au_bytes said = au_json_in_text(error, "text");
    au_show_text(text, au_json_in_text(error, "name"));
    if (fields != NULL) put_members(trace, fields, "()", text);
    if (said.size > 0) au_buf_put_text(text, ": ");
    au_show_text(text, said);
}

void trace_put_entry(const struct trace *trace, const struct au_json_in *entry, struct au_buf *text)
{
    const struct au_json_in *key = au_json_in_get(entry, "key");
    au_show_text(text, au_json_in_text(entry, "name"));
    if (key == NULL) return;
    au_buf_put_u8(text, '[');
    put_value(trace, key, text);
    au_buf_put_u8(text, ']');
}

void trace_put_member(const struct trace *trace, const struct au_json_in *object, const char *name,
                      struct au_buf *text)
{
    const struct au_json_in *value = au_json_in_get(object, name);
    if (value == NULL) {
        au_buf_put_text(text, "none");
    } else {
        put_value(trace, value, text);
    }
}

/* ---- frames ---- */

static void put_args(const struct au_json_in *json, struct au_buf *text)
{
    const struct au_json_in *args = au_json_in_get(json, "args");
    bool has_args = args != NULL && au_json_in_type(args) == AU_JSON_IN_ARRAY;
    au_buf_put_u8(text, '(');
    for (size_t i = 0; has_args && i < au_json_in_count(args); i++) {
        const struct au_json_in *arg = au_json_in_item(args, i);
        if (i > 0) au_buf_put_text(text, ", ");
        if (au_json_in_type(arg) == AU_JSON_IN_STRING) au_show_told(text, au_json_in_string(arg));
    }
    au_buf_put_u8(text, ')');
}

void trace_put_ending(const struct trace *trace, const struct au_json_in *json, struct au_buf *text)
{
    const struct au_json_in *error = object_of(json, "error");
    const struct au_json_in *result = au_json_in_get(json, "result");
    const struct au_json_in *code = au_json_in_get(json, "revert_code");
    struct au_bytes reason = au_json_in_text(json, "reason");
    struct au_bytes output = au_json_in_text(json, "output");
    au_show_text(text, au_json_in_text(json, "status"));
    if (reason.size > 0) au_buf_put_text(text, ", ");
    au_show_text(text, reason);
    if (error != NULL) {
        au_buf_put_u8(text, ' ');
        put_error(trace, error, text);
        return;
    }
    if (code != NULL && au_json_in_type(code) == AU_JSON_IN_INTEGER) {
        au_buf_printf(text, " with code %lld", (long long)au_json_in_integer(code));
    }
    if (result != NULL) {
        au_buf_put_u8(text, ' ');
        put_value(trace, result, text);
    } else if (output.size > 2) {
        au_buf_put_u8(text, ' ');
        au_show_told(text, output);
    }
}

void trace_put_callee(const struct trace *trace, const struct au_json_in *frame,
                      struct au_buf *text)
{
    au_known_put(&trace->known, au_json_in_text(frame, "contract"), text);
    au_buf_put_u8(text, ' ');
    au_show_text(text, au_json_in_text(frame, "function"));
}

static void put_number(const struct au_json_in *object, const char *name, struct au_buf *text)
{
    struct au_bytes number = au_json_in_text(object, name);
    if (number.size == 0 || au_bytes_is_equal(number, au_bytes_of("0"))) return;
    au_buf_printf(text, " %s=", name);
    au_show_text(text, number);
}

void trace_put_frame(const struct trace *trace, const struct au_json_in *json, struct au_buf *text)
{
    const struct au_json_in *arguments = object_of(json, "arguments");
    trace_put_callee(trace, json, text);
    if (arguments != NULL) {
        put_members(trace, arguments, "()", text);
    } else {
        put_args(json, text);
    }
    put_number(json, "value", text);
    if (trace_is_true(json, "view")) au_buf_put_text(text, " in a view");
    au_buf_put_text(text, " -> ");
    trace_put_ending(trace, json, text);
}

/* ---- host functions ---- */

static bool is_function(const struct au_json_in *json, const char *name)
{
    return au_bytes_is_equal(au_json_in_text(json, "function"), au_bytes_of(name));
}

/* Parameters that are addresses, whatever the function is. */
static bool is_address(struct au_bytes name)
{
    static const char *const names[] = {"account", "address", "admin", "contract", "from", "to"};
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        if (au_bytes_is_equal(name, au_bytes_of(names[i]))) return true;
    }
    return false;
}

static void put_told(const struct trace *trace, const struct au_json_in_member *member,
                     struct au_buf *text)
{
    struct au_address address;
    struct au_buf formatted;
    struct au_bytes told = au_json_in_string(member->value);
    bool is_known =
        is_address(member->key) && au_hex_parse(told, address.bytes, AU_ADDRESS_SIZE) == AU_OK;
    if (!is_known) {
        au_show_told(text, told);
        return;
    }
    au_buf_init(&formatted, 128);
    au_address_format(&formatted, &address);
    au_known_put(&trace->known, au_buf_bytes(&formatted), text);
    au_buf_done(&formatted);
}

static void put_host_args(const struct trace *trace, const struct au_json_in *args,
                          struct au_buf *text)
{
    struct au_json_in_member member = {0};
    while (args != NULL && au_json_in_next(args, &member)) {
        if (au_json_in_type(member.value) != AU_JSON_IN_STRING) continue;
        au_buf_put_u8(text, ' ');
        au_show_text(text, member.key);
        au_buf_put_u8(text, '=');
        put_told(trace, &member, text);
    }
}

/* The bytes that an argument is in hex; false: it is none, or more than a line has. */
static bool read_arg(const struct au_json_in *json, const char *name, uint8_t room[LEAF_SIZE_MAX],
                     struct au_bytes *out_bytes)
{
    const struct au_json_in *args = object_of(json, "args");
    struct au_bytes hex = args != NULL ? au_json_in_text(args, name) : (struct au_bytes){0};
    size_t size = hex.size / 2 - (hex.size > 1);
    *out_bytes = (struct au_bytes){room, size};
    return size <= LEAF_SIZE_MAX && au_hex_parse(hex, room, size) == AU_OK;
}

/* A line of the log that reads well; false: it is none. */
static bool put_log(const struct au_json_in *json, struct au_buf *text)
{
    uint8_t room[LEAF_SIZE_MAX];
    struct au_bytes line;
    bool is_text =
        is_function(json, "log") && read_arg(json, "line", room, &line) && au_show_is_text(line);
    if (!is_text) return false;
    au_buf_put_text(text, " \"");
    au_show_text(text, line);
    au_buf_put_u8(text, '"');
    return true;
}

/* What the ABI says of a call; false: nothing. */
static bool put_meaning(const struct trace *trace, const struct au_json_in *json,
                        struct au_buf *text)
{
    const struct au_json_in *entry = object_of(json, "entry");
    const struct au_json_in *fields = object_of(json, "fields");
    const struct au_json_in *error = object_of(json, "error");
    uint8_t room[LEAF_SIZE_MAX];
    struct au_bytes name;
    if (entry == NULL && fields == NULL && error == NULL) return false;
    au_buf_put_u8(text, ' ');
    if (entry != NULL) {
        trace_put_entry(trace, entry, text);
        if (au_json_in_get(entry, "value") == NULL) return true;
        au_buf_put_text(text, " = ");
        trace_put_member(trace, entry, "value", text);
    } else if (fields != NULL) {
        if (read_arg(json, "name", room, &name)) au_show_text(text, name);
        put_members(trace, fields, "()", text);
    } else {
        put_error(trace, error, text);
    }
    return true;
}

/* Whether a result says no more than the entry that stands there: how large the value is, or that
 * it was written. */
static bool is_told(const struct au_json_in *json)
{
    const struct au_json_in *entry = object_of(json, "entry");
    if (entry == NULL) return false;
    if (is_function(json, "storage_write")) {
        return au_bytes_is_equal(au_json_in_text(json, "result"), au_bytes_of("0"));
    }
    return au_json_in_get(entry, "value") != NULL;
}

/* What call and deploy return is an outcome. */
static void put_result(const struct au_json_in *json, struct au_buf *text)
{
    struct au_bytes result = au_json_in_text(json, "result");
    bool is_outcome = is_function(json, "call") || is_function(json, "deploy");
    bool is_read = is_function(json, "storage_read") || is_function(json, "storage_size");
    uint64_t outcome;
    if (result.size == 0 || is_told(json)) return;
    au_buf_put_text(text, " -> ");
    au_show_text(text, result);
    if (is_read && au_bytes_is_equal(result, au_bytes_of("-1"))) au_buf_put_text(text, " absent");
    if (is_outcome && au_text_parse_u64(result, &outcome) == AU_OK && outcome <= UINT8_MAX) {
        au_buf_printf(text, " %s", au_outcome_name((enum au_outcome)outcome));
    }
}

void trace_put_host(const struct trace *trace, size_t index, struct au_buf *text)
{
    const struct trace_item *item = &trace->items[index];
    const struct au_json_in *args = object_of(item->json, "args");
    const struct trace_item *next = index + 1 < trace->count ? item + 1 : NULL;
    bool has_frame = next != NULL && next->kind == TRACE_FRAME && next->outer == index;
    au_show_text(text, au_json_in_text(item->json, "function"));
    if (has_frame && args != NULL) { /* which tells the rest */
        put_number(args, "value", text);
        put_number(args, "gas", text);
        put_number(args, "flags", text);
    } else if (!put_meaning(trace, item->json, text) && !put_log(item->json, text)) {
        put_host_args(trace, args, text);
    }
    put_result(item->json, text);
    if (!trace_is_true(item->json, "returned")) au_buf_put_text(text, " -> ends the call");
}

bool trace_reads_call(const struct trace_item *item)
{
    static const char *const names[] = {"arg_count", "arg_size", "arg_read", "value"};
    for (size_t i = 0; item->kind == TRACE_HOST && i < AU_COUNT_OF(names); i++) {
        if (is_function(item->json, names[i])) return trace_is_true(item->json, "returned");
    }
    return false;
}
