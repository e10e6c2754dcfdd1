#include "cli/field.h"

#include <stdarg.h>
#include <stdio.h>

#include "cli/show.h"

#define QUOTED_SIZE_MAX 64 /* bytes of a text in a message */

void au_field_put_quoted(struct au_buf *message, struct au_bytes text)
{
    bool is_cut = text.size > QUOTED_SIZE_MAX;
    if (is_cut) text.size = QUOTED_SIZE_MAX;
    au_buf_put_u8(message, '\'');
    au_show_text(message, text);
    au_buf_put_text(message, is_cut ? "...'" : "'");
}

enum au_err au_field_fail(struct au_buf *message, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    au_buf_put_text(message, text);
    return AU_ERR_MALFORMED;
}

enum au_err au_field_fail_text(struct au_buf *message, const char *where, const char *expected,
                               struct au_bytes got)
{
    au_buf_printf(message, "%s: expected %s, got ", where, expected);
    au_field_put_quoted(message, got);
    return AU_ERR_MALFORMED;
}

enum au_err au_field_type(struct au_buf *message, const char *where, const struct au_json_in *value,
                          enum au_json_in_type type)
{
    if (au_json_in_type(value) == type) return AU_OK;
    return au_field_fail(message, "%s%sexpected %s, got %s", where, *where ? ": " : "",
                         au_json_in_type_name(type), au_json_in_type_name(au_json_in_type(value)));
}

enum au_err au_field_members(struct au_buf *message, const char *where,
                             const struct au_json_in *object, const char *const *names)
{
    struct au_json_in_member member = {0};
    while (au_json_in_next(object, &member)) {
        size_t i = 0;
        while (names[i] != NULL && !au_bytes_is_equal(member.key, au_bytes_of(names[i]))) {
            i++;
        }
        if (names[i] != NULL) continue;
        au_buf_printf(message, "%s%sunknown member ", where, *where ? ": " : "");
        au_field_put_quoted(message, member.key);
        return AU_ERR_MALFORMED;
    }
    return AU_OK;
}
