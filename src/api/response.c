#include "api/response.h"

#include <stdarg.h>
#include <stdio.h>

#define VALUE_SIZE_MAX 1024 /* bytes of a header's value with its end */

void au_response_init(struct au_response *response)
{
    *response = (struct au_response){0};
    au_buf_init(&response->body, AU_RESPONSE_BODY_SIZE_MAX);
    au_buf_init(&response->header_text, AU_RESPONSE_HEADERS_SIZE_MAX);
}

void au_response_done(struct au_response *response)
{
    au_buf_done(&response->body);
    au_buf_done(&response->header_text);
}

void au_response_clear(struct au_response *response)
{
    response->status = 0;
    response->content_type = NULL;
    response->header_count = 0;
    au_buf_clear(&response->body);
    au_buf_clear(&response->header_text);
}

void au_response_set(struct au_response *response, int status, const char *content_type)
{
    AU_ASSERT(status >= 200 && status <= 599);
    response->status = status;
    response->content_type = content_type;
}

static bool is_header_byte(char c)
{
    return (unsigned char)c >= 0x20 && (unsigned char)c < 0x7f;
}

/* The value has been written at the end of header_text, with its end. */
static void note_header(struct au_response *response, const char *name, size_t offset)
{
    AU_ASSERT(response->header_count < AU_RESPONSE_HEADERS_MAX);
    if (response->header_text.err != AU_OK) return;
    response->header_names[response->header_count] = name;
    response->header_values[response->header_count] = offset;
    response->header_count++;
}

void au_response_put_header(struct au_response *response, const char *name, const char *format, ...)
{
    char value[VALUE_SIZE_MAX];
    va_list arguments;
    va_start(arguments, format);
    int written = vsnprintf(value, sizeof(value), format, arguments);
    va_end(arguments);
    AU_ASSERT(written >= 0);

    size_t size = 0;
    for (size_t i = 0; value[i] != 0; i++) {
        if (is_header_byte(value[i])) value[size++] = value[i];
    }
    value[size++] = 0;

    size_t offset = response->header_text.size;
    au_buf_put(&response->header_text, value, size);
    note_header(response, name, offset);
}

void au_response_put_header_u64(struct au_response *response, const char *name, uint64_t value)
{
    size_t offset = response->header_text.size;
    au_buf_put_decimal(&response->header_text, value);
    au_buf_put_u8(&response->header_text, 0);
    note_header(response, name, offset);
}

const char *au_response_header(const struct au_response *response, size_t index)
{
    AU_ASSERT(index < response->header_count);
    return (const char *)response->header_text.data + response->header_values[index];
}

void au_response_put_problem(struct au_response *response, const struct au_problem *problem)
{
    au_response_set(response, au_problem_kind(problem->code)->status, AU_PROBLEM_MEDIA_TYPE);
    au_buf_clear(&response->body);
    au_problem_write(problem, response->instance, &response->body);
}
