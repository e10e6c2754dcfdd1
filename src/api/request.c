#include "api/request.h"

#include <strings.h>

#include "base/text.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

static bool is_control(int c)
{
    return (c >= 0 && c < 0x20) || c == 0x7f;
}

/* Decoded text is never longer, so it takes the place of the encoded one. */
static enum au_err decode(char *text, size_t size, struct au_bytes *out_bytes)
{
    size_t decoded_size = 0;
    for (size_t i = 0; i < size; i++) {
        int c = (unsigned char)text[i];
        if (c == '%') {
            int high = size - i > 2 ? hex_digit(text[i + 1]) : -1;
            int low = size - i > 2 ? hex_digit(text[i + 2]) : -1;
            if (high < 0 || low < 0) return AU_ERR_MALFORMED;
            c = high * 16 + low;
            i += 2;
        } else if (c == '+') {
            c = ' ';
        }
        if (is_control(c)) return AU_ERR_MALFORMED;
        text[decoded_size++] = (char)c;
    }
    *out_bytes = (struct au_bytes){(const uint8_t *)text, decoded_size};
    return AU_OK;
}

static enum au_err add_query(struct au_request *request, char *text, size_t size)
{
    if (request->query_count == AU_REQUEST_QUERY_MAX) return AU_ERR_TOO_LARGE;
    struct au_request_query *query = &request->query[request->query_count];
    char *equals = memchr(text, '=', size);
    size_t name_size = equals ? (size_t)(equals - text) : size;
    *query = (struct au_request_query){0};
    if (equals) AU_TRY(decode(equals + 1, size - name_size - 1, &query->value));
    AU_TRY(decode(text, name_size, &query->name));
    if (query->name.size == 0) return AU_ERR_MALFORMED;
    request->query_count++;
    return AU_OK;
}

enum au_err au_request_parse_target(struct au_request *request, char *target)
{
    size_t size = strlen(target);
    char *mark = memchr(target, '?', size);
    size_t path_size = mark ? (size_t)(mark - target) : size;
    request->path = (struct au_bytes){(const uint8_t *)target, path_size};
    request->query_count = 0;
    for (size_t i = 0; i < path_size; i++) {
        if (is_control((unsigned char)target[i])) return AU_ERR_MALFORMED;
    }
    if (!mark) return AU_OK;

    char *rest = mark + 1;
    char *end = target + size;
    while (rest < end) {
        char *ampersand = memchr(rest, '&', (size_t)(end - rest));
        char *stop = ampersand ? ampersand : end;
        /* `a=1&&b=2` and a last `&` say nothing wrong. */
        if (stop > rest) AU_TRY(add_query(request, rest, (size_t)(stop - rest)));
        rest = stop + 1;
    }
    return AU_OK;
}

bool au_request_query(const struct au_request *request, const char *name,
                      struct au_bytes *out_value)
{
    struct au_bytes wanted = au_bytes_of(name);
    for (size_t i = 0; i < request->query_count; i++) {
        if (!au_bytes_is_equal(request->query[i].name, wanted)) continue;
        *out_value = request->query[i].value;
        return true;
    }
    return false;
}

void au_framing_note(struct au_framing *framing, const char *name, const char *value)
{
    if (strcasecmp(name, "Content-Length") == 0) {
        framing->length_count++;
        framing->length = au_bytes_of(value);
    } else if (strcasecmp(name, "Transfer-Encoding") == 0) {
        framing->encoding_count++;
        framing->encoding = au_bytes_of(value);
    } else if (strcasecmp(name, "Expect") == 0) {
        framing->is_expecting = true;
    }
}

bool au_framing_check(const struct au_framing *framing, uint64_t *out_length)
{
    *out_length = 0;
    if (framing->length_count + framing->encoding_count > 1) return false;
    if (framing->encoding_count == 1) {
        struct au_bytes encoding = framing->encoding;
        return encoding.size == 7 && strncasecmp((const char *)encoding.data, "chunked", 7) == 0;
    }
    return framing->length_count == 0 || au_text_parse_u64(framing->length, out_length) == AU_OK;
}

bool au_request_has_media_type(const struct au_request *request, const char *media_type)
{
    struct au_bytes given;
    if (!au_request_header(request, "Content-Type", &given)) return false;
    const uint8_t *semicolon = given.size > 0 ? memchr(given.data, ';', given.size) : NULL;
    size_t size = semicolon ? (size_t)(semicolon - given.data) : given.size;
    while (size > 0 && (given.data[size - 1] == ' ' || given.data[size - 1] == '\t'))
        size--;
    return size == strlen(media_type) &&
           strncasecmp((const char *)given.data, media_type, size) == 0;
}
