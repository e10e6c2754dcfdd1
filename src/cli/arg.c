#include "cli/arg.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/hex.h"
#include "base/text.h"
#include "cli/show.h"
#include "core/address.h"
#include "core/arg.h"
#include "core/limits.h"

#define HASH_DIGITS 64

static enum au_err parse_file(const char *path, struct au_arena *arena, struct au_buf *message,
                              struct au_bytes *out_arg)
{
    struct au_buf content;
    au_buf_init(&content, (size_t)AU_ARGS_SIZE_MAX);
    enum au_err err = au_file_read(path, &content);
    if (err == AU_OK) err = au_arena_copy(arena, au_buf_bytes(&content), out_arg);
    if (err == AU_ERR_TOO_LARGE) {
        au_buf_printf(message, "'%s' is larger than %u bytes", path, AU_ARGS_SIZE_MAX);
    } else if (err == AU_ERR_NOT_FOUND) {
        au_buf_printf(message, "there is no file '%s'; for text write str:@%s", path, path);
    } else if (err != AU_OK) {
        au_buf_printf(message, "cannot read '%s': %s", path, au_file_err_text(err));
    }
    au_buf_done(&content);
    return err;
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_all_hex(const char *text, size_t size)
{
    for (size_t i = 0; i < size; i++) {
        char lower = (char)(text[i] | 0x20);
        if (!is_digit(text[i]) && (lower < 'a' || lower > 'f')) return false;
    }
    return true;
}

/* Says what is ambiguous about a word without a known prefix; false if nothing is. */
static bool is_ambiguous(const char *word, struct au_buf *message)
{
    size_t size = strlen(word);
    size_t start = word[0] == '-' || word[0] == '+' ? 1 : 0;
    if (size == 0) {
        au_buf_put_text(message, "'' is empty; for an empty text write str:");
    } else if (word[0] == '-' && is_digit(word[1])) {
        au_buf_printf(message, "'%s' is ambiguous; write i64:%s (8 bytes) or i32:%s (4 bytes)",
                      word, word, word);
    } else if (size == HASH_DIGITS && is_all_hex(word, size)) {
        au_buf_printf(message, "'%s' is ambiguous; for bytes write 0x%s, for text str:%s", word,
                      word, word);
    } else if (is_digit(word[start])) {
        au_buf_printf(message,
                      "'%s' begins like a number but is none from 0 to 18446744073709551615; for "
                      "text write str:%s",
                      word, word);
    } else if (strchr(word, ':') != NULL) {
        au_buf_printf(message,
                      "'%.*s' is no known prefix (u64: i64: u32: i32: bytes: raw: addr: str:); for "
                      "text write "
                      "str:%s",
                      (int)strcspn(word, ":") + 1, word, word);
    } else {
        return false;
    }
    return true;
}

enum au_err au_arg_parse(const char *text, struct au_arena *arena, struct au_buf *message,
                         struct au_bytes *out_arg)
{
    const struct au_arg_form *form;
    enum au_err err = au_arg_read(au_bytes_of(text), arena, &form, out_arg);
    if (form != NULL) {
        size_t size = strlen(form->name);
        const char *value = strncmp(text, form->name, size) == 0 ? text + size : text;
        if (err == AU_ERR_MALFORMED) {
            au_buf_printf(message, "%s expected %s, got '%s'", form->name, form->expected, value);
        }
        return err;
    }
    if (text[0] == '@') return parse_file(text + 1, arena, message, out_arg);

    struct au_bytes word = au_bytes_of(text);
    uint64_t number = 0;
    if (au_text_parse_u64(word, &number) == AU_OK) {
        word = (struct au_bytes){(const uint8_t *)&number, sizeof(number)};
    } else if (is_ambiguous(text, message)) {
        return AU_ERR_MALFORMED;
    }
    return au_arena_copy(arena, word, out_arg);
}

/* ---- and back ---- */

static void format_unsigned(struct au_bytes bytes, struct au_buf *text)
{
    au_buf_printf(text, "%" PRIu64, au_show_number(bytes));
}

static void format_i64(struct au_bytes bytes, struct au_buf *text)
{
    au_buf_printf(text, "%" PRId64, (int64_t)au_show_number(bytes));
}

static void format_i32(struct au_bytes bytes, struct au_buf *text)
{
    au_buf_printf(text, "%" PRId32, (int32_t)(uint32_t)au_show_number(bytes));
}

static void format_bytes(struct au_bytes bytes, struct au_buf *text)
{
    au_hex_put(text, bytes);
}

static void format_address(struct au_bytes bytes, struct au_buf *text)
{
    struct au_address address;
    memcpy(address.bytes, bytes.data, AU_ADDRESS_SIZE);
    au_address_format(text, &address);
}

static void format_text(struct au_bytes bytes, struct au_buf *text)
{
    au_show_text(text, bytes);
}

struct format {
    const char *name;
    size_t size; /* 0 = any */
    void (*put)(struct au_bytes bytes, struct au_buf *text);
};

static const struct format *find_format(const char *form)
{
    static const struct format formats[] = {
        {"u64", 8, format_unsigned}, {"i64", 8, format_i64},
        {"u32", 4, format_unsigned}, {"i32", 4, format_i32},
        {"bytes", 0, format_bytes},  {"addr", AU_ADDRESS_SIZE, format_address},
        {"str", 0, format_text},
    };
    for (size_t i = 0; i < AU_COUNT_OF(formats); i++) {
        if (strcmp(form, formats[i].name) == 0) return &formats[i];
    }
    return NULL;
}

bool au_arg_is_form(const char *form)
{
    return find_format(form) != NULL;
}

enum au_err au_arg_format(const char *form, struct au_bytes bytes, struct au_buf *text)
{
    const struct format *format = find_format(form);
    if (format == NULL) return AU_ERR_INVALID_ARG;
    if (format->size != 0 && format->size != bytes.size) return AU_ERR_MALFORMED;
    format->put(bytes, text);
    return AU_OK;
}
