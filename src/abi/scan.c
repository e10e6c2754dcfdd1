#include "abi/scan.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/hex.h"

#define SHOWN_SIZE_MAX 24u /* bytes of what stands there instead */

bool abi_fail(struct abi_scan *scan, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    vsnprintf(scan->error->message, sizeof(scan->error->message), format, list);
    va_end(list);
    scan->error->line = scan->line;
    scan->err = AU_ERR_MALFORMED;
    return false;
}

static void skip_blanks(struct abi_scan *scan)
{
    while (scan->pos < scan->end && (*scan->pos == ' ' || *scan->pos == '\t')) {
        scan->pos++;
    }
}

static bool is_letter(uint8_t byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_';
}

static bool is_name(uint8_t byte)
{
    return is_letter(byte) || (byte >= '0' && byte <= '9');
}

bool abi_expected(struct abi_scan *scan, const char *what)
{
    if (abi_is_end(scan)) return abi_fail(scan, "expected %s, got the end of the line", what);
    size_t size = 1;
    size_t left = (size_t)(scan->end - scan->pos);
    while (size < left && size < SHOWN_SIZE_MAX && is_name(scan->pos[size - 1]) &&
           is_name(scan->pos[size])) {
        size++;
    }
    /* The rest of a character of several bytes. */
    while (size < left && (scan->pos[size] & 0xc0) == 0x80) {
        size++;
    }
    return abi_fail(scan, "expected %s, got `%.*s`", what, (int)size, (const char *)scan->pos);
}

void *abi_take(struct abi_scan *scan, size_t size)
{
    void *taken = au_arena_zero(scan->arena, size);
    if (taken == NULL) scan->err = AU_ERR_NO_MEMORY;
    return taken;
}

bool abi_copy(struct abi_scan *scan, const void *items, size_t size, void *out_items)
{
    void *copy = abi_take(scan, size);
    if (copy == NULL) return false;
    if (size > 0) memcpy(copy, items, size);
    memcpy(out_items, &copy, sizeof(copy));
    return true;
}

/* A word is not the beginning of a longer one. */
bool abi_at(struct abi_scan *scan, const char *text)
{
    size_t size = strlen(text);
    skip_blanks(scan);
    if ((size_t)(scan->end - scan->pos) < size || memcmp(scan->pos, text, size) != 0) return false;
    const uint8_t *next = scan->pos + size;
    if (is_name((uint8_t)text[size - 1]) && next < scan->end && is_name(*next)) return false;
    scan->pos = next;
    return true;
}

bool abi_need(struct abi_scan *scan, const char *text)
{
    char what[16];
    if (abi_at(scan, text)) return true;
    snprintf(what, sizeof(what), "`%s`", text);
    return abi_expected(scan, what);
}

bool abi_is_end(struct abi_scan *scan)
{
    skip_blanks(scan);
    return scan->pos == scan->end || *scan->pos == '#';
}

bool abi_name(struct abi_scan *scan, const char *what, struct au_bytes *out_name)
{
    skip_blanks(scan);
    const uint8_t *start = scan->pos;
    if (start == scan->end || !is_letter(*start)) return abi_expected(scan, what);
    const uint8_t *pos = start;
    while (pos < scan->end && is_name(*pos)) {
        pos++;
    }
    size_t size = (size_t)(pos - start);
    if (size > AU_ABI_NAME_SIZE_MAX) {
        return abi_fail(scan, "expected %s of at most %u bytes, got %zu", what,
                        AU_ABI_NAME_SIZE_MAX, size);
    }
    scan->pos = pos;
    *out_name = (struct au_bytes){start, size};
    return true;
}

struct au_bytes abi_word(struct abi_scan *scan)
{
    skip_blanks(scan);
    const uint8_t *start = scan->pos;
    while (scan->pos < scan->end && *scan->pos != ' ' && *scan->pos != '\t') {
        scan->pos++;
    }
    return (struct au_bytes){start, (size_t)(scan->pos - start)};
}

static bool read_hex(struct abi_scan *scan, uint8_t *out_byte)
{
    if (scan->end - scan->pos < 2) return false;
    const uint8_t text[4] = {'0', 'x', scan->pos[0], scan->pos[1]};
    if (au_hex_parse((struct au_bytes){text, sizeof(text)}, out_byte, 1) != AU_OK) return false;
    scan->pos += 2;
    return true;
}

/* What follows a backslash. */
static bool read_escape(struct abi_scan *scan, bool any_bytes, uint8_t *out_byte)
{
    uint8_t letter = scan->pos < scan->end ? *scan->pos++ : 0;
    switch (letter) {
    case '"':
    case '\\': *out_byte = letter; return true;
    case 'n': *out_byte = '\n'; return true;
    case 'x':
        if (any_bytes && read_hex(scan, out_byte)) return true;
        break;
    default: break;
    }
    return abi_fail(scan, "unknown escape in a string: known are %s",
                    any_bytes ? "\\\" \\\\ \\n \\xNN" : "\\\" \\\\ \\n");
}

bool abi_string(struct abi_scan *scan, bool any_bytes, struct au_bytes *out_text)
{
    if (!abi_at(scan, "\"")) return abi_expected(scan, "a string in \"");
    uint8_t *text = abi_take(scan, (size_t)(scan->end - scan->pos));
    if (text == NULL) return false;
    size_t size = 0;
    for (;;) {
        if (scan->pos == scan->end) return abi_fail(scan, "a string does not end in \"");
        uint8_t byte = *scan->pos++;
        if (byte == '"' && !any_bytes && abi_at(scan, "\"")) continue; /* one text, as in C */
        if (byte == '"') break;
        if (byte == '\\' && !read_escape(scan, any_bytes, &byte)) return false;
        text[size++] = byte;
    }
    if (size > AU_ABI_STRING_SIZE_MAX) {
        return abi_fail(scan, "a string of %zu bytes, expected at most %u", size,
                        AU_ABI_STRING_SIZE_MAX);
    }
    *out_text = (struct au_bytes){text, size};
    return true;
}
