#include "base/json_write.h"

#include "base/hex.h"
#include "base/utf8.h"

void au_json_write_init(struct au_json_write *json, struct au_buf *buf,
                        enum au_json_write_style style)
{
    *json = (struct au_json_write){.buf = buf, .style = style};
}

static struct au_json_write_level *top_of(struct au_json_write *json)
{
    return json->depth > 0 ? &json->levels[json->depth - 1] : NULL;
}

static void put_line(struct au_json_write *json)
{
    if (json->style != AU_JSON_WRITE_INDENTED) return;
    au_buf_put_u8(json->buf, '\n');
    for (size_t i = 0; i < json->depth; i++) {
        au_buf_put_text(json->buf, "  ");
    }
}

static void put_separator(struct au_json_write *json, struct au_json_write_level *top)
{
    if (top->has_value) au_buf_put_u8(json->buf, ',');
    put_line(json);
    top->has_value = true;
}

/* Everything that a value needs before it. A value in an object got its separator with its key. */
static void begin_value(struct au_json_write *json)
{
    struct au_json_write_level *top = top_of(json);
    AU_ASSERT(!json->is_done);
    AU_ASSERT(json->has_key == (top != NULL && top->is_object));
    if (top != NULL && !top->is_object) put_separator(json, top);
    json->has_key = false;
    json->is_done = top == NULL;
}

static void begin_level(struct au_json_write *json, bool is_object)
{
    begin_value(json);
    AU_ASSERT(json->depth < AU_JSON_WRITE_DEPTH_MAX);
    json->levels[json->depth++] = (struct au_json_write_level){.is_object = is_object};
    json->is_done = false;
    au_buf_put_u8(json->buf, is_object ? '{' : '[');
}

static void end_level(struct au_json_write *json, bool is_object)
{
    AU_ASSERT(json->depth > 0);
    AU_ASSERT(!json->has_key);
    struct au_json_write_level top = json->levels[--json->depth];
    AU_ASSERT(top.is_object == is_object);
    if (top.has_value) put_line(json);
    au_buf_put_u8(json->buf, is_object ? '}' : ']');
    json->is_done = json->depth == 0;
}

void au_json_write_begin_object(struct au_json_write *json)
{
    begin_level(json, /* is_object */ true);
}

void au_json_write_end_object(struct au_json_write *json)
{
    end_level(json, /* is_object */ true);
}

void au_json_write_begin_array(struct au_json_write *json)
{
    begin_level(json, /* is_object */ false);
}

void au_json_write_end_array(struct au_json_write *json)
{
    end_level(json, /* is_object */ false);
}

void au_json_write_finish(struct au_json_write *json)
{
    AU_ASSERT(json->is_done);
    if (json->style == AU_JSON_WRITE_INDENTED) au_buf_put_u8(json->buf, '\n');
}

/* The size of the character that text begins with if it is escaped, else 0: what JSON asks for, and
 * the controls that it lets through but a terminal obeys (U+007F to U+009F). */
static size_t escaped_size(struct au_bytes text)
{
    uint8_t byte = text.data[0];
    if (byte < 0x20 || byte == '"' || byte == '\\' || byte == 0x7f) return 1;
    return byte == 0xc2 && text.size > 1 && text.data[1] >= 0x80 && text.data[1] < 0xa0 ? 2 : 0;
}

static void put_escape(struct au_buf *buf, uint8_t byte)
{
    static const char shorts[][2] = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                     {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
    for (size_t i = 0; i < AU_COUNT_OF(shorts); i++) {
        if ((uint8_t)shorts[i][0] == byte) {
            au_buf_put_u8(buf, '\\');
            au_buf_put_u8(buf, (uint8_t)shorts[i][1]);
            return;
        }
    }
    au_buf_printf(buf, "\\u%04x", (unsigned)byte);
}

/* Whether a text is printable ASCII that stands for itself, as most are. */
static bool is_plain(struct au_bytes text)
{
    bool is_other = false;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t byte = text.data[i];
        is_other |= byte < 0x20 || byte > 0x7e || byte == '"' || byte == '\\';
    }
    return !is_other;
}

/* A character that is escaped begins with ASCII or a lead byte, so it never is in the middle of a
 * sequence: what lies between two of them can be made valid on its own. */
static void put_string(struct au_buf *buf, struct au_bytes text)
{
    size_t start = 0;
    au_buf_put_u8(buf, '"');
    if (is_plain(text)) {
        au_buf_put_bytes(buf, text);
        start = text.size;
    }
    for (size_t i = start; i < text.size; i++) {
        size_t size = escaped_size((struct au_bytes){text.data + i, text.size - i});
        if (size == 0) continue;
        au_utf8_put(buf, (struct au_bytes){text.data + start, i - start});
        start = i + size;
        put_escape(buf, text.data[start - 1]); /* of two bytes the second is the code point */
    }
    if (start < text.size) {
        au_utf8_put(buf, (struct au_bytes){text.data + start, text.size - start});
    }
    au_buf_put_u8(buf, '"');
}

void au_json_write_key_bytes(struct au_json_write *json, struct au_bytes key)
{
    struct au_json_write_level *top = top_of(json);
    AU_ASSERT(top != NULL && top->is_object);
    AU_ASSERT(!json->has_key);
    put_separator(json, top);
    put_string(json->buf, key);
    au_buf_put_text(json->buf, json->style == AU_JSON_WRITE_INDENTED ? ": " : ":");
    json->has_key = true;
}

void au_json_write_key(struct au_json_write *json, const char *key)
{
    au_json_write_key_bytes(json, au_bytes_of(key));
}

void au_json_write_bytes(struct au_json_write *json, struct au_bytes text)
{
    begin_value(json);
    put_string(json->buf, text);
}

void au_json_write_text(struct au_json_write *json, const char *text)
{
    au_json_write_bytes(json, au_bytes_of(text));
}

void au_json_write_hex(struct au_json_write *json, struct au_bytes bytes)
{
    begin_value(json);
    au_buf_put_u8(json->buf, '"');
    au_hex_put(json->buf, bytes);
    au_buf_put_u8(json->buf, '"');
}

void au_json_write_u64(struct au_json_write *json, uint64_t value)
{
    begin_value(json);
    au_buf_put_u8(json->buf, '"');
    au_buf_put_decimal(json->buf, value);
    au_buf_put_u8(json->buf, '"');
}

void au_json_write_u32(struct au_json_write *json, uint32_t value)
{
    begin_value(json);
    au_buf_put_decimal(json->buf, value);
}

void au_json_write_bare(struct au_json_write *json, struct au_bytes value)
{
    begin_value(json);
    au_buf_put_bytes(json->buf, value);
}

void au_json_write_bool(struct au_json_write *json, bool value)
{
    begin_value(json);
    au_buf_put_text(json->buf, value ? "true" : "false");
}

void au_json_write_null(struct au_json_write *json)
{
    begin_value(json);
    au_buf_put_text(json->buf, "null");
}

void au_json_put_text(struct au_json_write *json, const char *key, const char *text)
{
    au_json_write_key(json, key);
    au_json_write_text(json, text);
}

void au_json_put_bytes(struct au_json_write *json, const char *key, struct au_bytes text)
{
    au_json_write_key(json, key);
    au_json_write_bytes(json, text);
}

void au_json_put_hex(struct au_json_write *json, const char *key, struct au_bytes bytes)
{
    au_json_write_key(json, key);
    au_json_write_hex(json, bytes);
}

void au_json_put_u64(struct au_json_write *json, const char *key, uint64_t value)
{
    au_json_write_key(json, key);
    au_json_write_u64(json, value);
}

void au_json_put_u32(struct au_json_write *json, const char *key, uint32_t value)
{
    au_json_write_key(json, key);
    au_json_write_u32(json, value);
}

void au_json_put_bool(struct au_json_write *json, const char *key, bool value)
{
    au_json_write_key(json, key);
    au_json_write_bool(json, value);
}
