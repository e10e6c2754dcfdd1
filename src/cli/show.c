#include "cli/show.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/hex.h"
#include "base/utf8.h"

#define TEXT_SIZE_MAX  (4u << 20) /* bytes of one text with U+FFFD in it */
#define VALUE_SIZE_MAX 64         /* bytes of a value shown in full */

static struct au_bytes skip(struct au_bytes bytes, size_t size)
{
    return (struct au_bytes){bytes.data + size, bytes.size - size};
}

bool au_show_is_text(struct au_bytes bytes)
{
    if (bytes.size == 0 || !au_utf8_is_valid(bytes)) return false;
    for (; bytes.size > 0; bytes = skip(bytes, 1)) {
        if (au_utf8_steering_size(bytes) != 0) return false;
    }
    return true;
}

void au_show_text(struct au_buf *buf, struct au_bytes text)
{
    struct au_buf valid;
    au_buf_init(&valid, TEXT_SIZE_MAX);
    au_utf8_put(&valid, text);
    for (struct au_bytes rest = au_buf_bytes(&valid); rest.size > 0;) {
        size_t size = au_utf8_steering_size(rest);
        if (size == 0) {
            au_buf_put_u8(buf, rest.data[0]);
        } else {
            for (size_t i = 0; i < size; i++) {
                au_buf_printf(buf, "\\x%02x", rest.data[i]);
            }
        }
        rest = skip(rest, size == 0 ? 1 : size);
    }
    if (valid.err != AU_OK) au_buf_put_text(buf, "...");
    au_buf_done(&valid);
}

/* The code point of one of the characters that au_utf8_steering_size finds. */
static unsigned code_point(struct au_bytes text, size_t size)
{
    if (size == 1) return text.data[0];
    if (size == 2) return (text.data[0] & 0x1fu) << 6 | (text.data[1] & 0x3fu);
    return (text.data[0] & 0x0fu) << 12 | (text.data[1] & 0x3fu) << 6 | (text.data[2] & 0x3fu);
}

void au_show_json(struct au_buf *buf, struct au_bytes document)
{
    while (document.size > 0 && document.data[document.size - 1] == '\n') {
        document.size--;
    }
    while (document.size > 0) {
        size_t size = au_utf8_steering_size(document);
        uint8_t byte = document.data[0];
        if (size == 0 || byte == '\n' || byte == '\t') {
            size = 1;
            au_buf_put_u8(buf, byte);
        } else if (byte != '\r') { /* a string cannot hold one: it is between values */
            au_buf_printf(buf, "\\u%04x", code_point(document, size));
        }
        document = skip(document, size);
    }
    au_buf_put_u8(buf, '\n');
}

uint64_t au_show_number(struct au_bytes bytes)
{
    AU_ASSERT(bytes.size <= 8);
    uint64_t number = 0;
    for (size_t i = bytes.size; i-- > 0;) {
        number = number << 8 | bytes.data[i];
    }
    return number;
}

void au_show_value(struct au_buf *buf, struct au_bytes bytes)
{
    bool is_cut = bytes.size > VALUE_SIZE_MAX;
    struct au_bytes shown = {bytes.data, is_cut ? VALUE_SIZE_MAX : bytes.size};
    au_hex_put(buf, shown);
    if (is_cut) au_buf_printf(buf, "... (%zu bytes)", bytes.size);
    if (au_show_is_text(shown)) {
        au_buf_put_text(buf, "  \"");
        au_show_text(buf, shown);
        au_buf_put_text(buf, is_cut ? "...\"" : "\"");
    } else if (bytes.size == 8 || bytes.size == 4) {
        au_buf_printf(buf, "  u%zu %" PRIu64, bytes.size * 8, au_show_number(bytes));
    } else if (bytes.size == 0) {
        au_buf_put_text(buf, "  empty");
    }
}

/* Tells whether a text was hex, and then wrote what it stands for. */
static bool put_hex(struct au_buf *buf, struct au_bytes text)
{
    if (text.size < 2 || text.data[0] != '0' || text.data[1] != 'x') return false;
    struct au_buf bytes;
    size_t size = (text.size - 2) / 2;
    au_buf_init(&bytes, size);
    uint8_t *at = au_buf_reserve(&bytes, size);
    bool is_hex = (at != NULL || size == 0) && au_hex_parse(text, at, size) == AU_OK;
    if (is_hex) au_show_value(buf, (struct au_bytes){at, size});
    au_buf_done(&bytes);
    return is_hex;
}

void au_show_told(struct au_buf *buf, struct au_bytes text)
{
    if (!put_hex(buf, text)) au_show_text(buf, text);
}

void au_show_put_json(struct au_json_write *json, const char *name, struct au_bytes bytes)
{
    char text_name[32];
    snprintf(text_name, sizeof(text_name), "%s_text", name);
    au_json_put_hex(json, name, bytes);
    if (au_show_is_text(bytes)) au_json_put_bytes(json, text_name, bytes);
}

void au_show_decoded(struct au_buf *buf, const struct au_json_in *value)
{
    struct au_buf text;
    au_buf_init(&text, TEXT_SIZE_MAX);
    au_json_in_put(value, &text);
    au_show_text(buf, au_buf_bytes(&text));
    if (text.err != AU_OK) au_buf_put_text(buf, "...");
    au_buf_done(&text);
}

void au_show_fields(struct au_buf *buf, const struct au_json_in *object)
{
    struct au_json_in_member member = {0};
    const char *before = "(";
    if (object == NULL || au_json_in_type(object) != AU_JSON_IN_OBJECT) return;
    while (au_json_in_next(object, &member)) {
        au_buf_put_text(buf, before);
        au_show_text(buf, member.key);
        au_buf_put_u8(buf, '=');
        au_show_decoded(buf, member.value);
        before = ", ";
    }
    if (*before == ',') au_buf_put_u8(buf, ')');
}
