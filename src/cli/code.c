#include "cli/code.h"

#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "base/utf8.h"

static enum au_err refuse(struct au_reject *out_reject, const char *rule, const char *message)
{
    *out_reject = (struct au_reject){.rule = rule, .function = AU_REJECT_NO_FUNCTION};
    snprintf(out_reject->message, sizeof(out_reject->message), "%s", message);
    return AU_ERR_INVALID_MODULE;
}

/* The message is a sentence, and then a picture of its place, which takes several lines. */
static enum au_err refuse_text(struct au_reject *out_reject, char *message)
{
    static const char before_place[] = "--> <anon>:";
    char placed[AU_REJECT_MESSAGE_SIZE];
    const char *place = strstr(message, before_place);
    if (place == NULL) return refuse(out_reject, "text", message);
    place += sizeof(before_place) - 1;
    int line_size = (int)strcspn(place, ":\n");
    const char *column = place + line_size + (place[line_size] == ':');
    snprintf(placed, sizeof(placed), "line %.*s, column %.*s: %.*s", line_size, place,
             (int)strcspn(column, "\n"), column, (int)strcspn(message, "\n"), message);
    return refuse(out_reject, "text", placed);
}

/* All text of a module begins so, or with a comment. */
static bool may_be_module(struct au_bytes text)
{
    size_t begin = 0;
    while (begin < text.size && memchr(" \t\r\n", text.data[begin], 4) != NULL)
        begin++;
    return begin == text.size || text.data[begin] == '(' || text.data[begin] == ';';
}

static enum au_err convert(struct au_bytes text, struct au_bytes *out_code,
                           struct au_reject *out_reject)
{
    char message[AU_REJECT_MESSAGE_SIZE] = "";
    if (!may_be_module(text)) {
        return refuse(out_reject, "text",
                      "the file is neither a WebAssembly binary nor its text, which begins with "
                      "`(`; `aureon build` makes binaries of sources in C");
    }
    enum au_err err = au_wat_to_wasm(text, out_code, message, sizeof(message));
    return err == AU_ERR_MALFORMED ? refuse_text(out_reject, message) : err;
}

bool au_code_is_binary(struct au_bytes code)
{
    static const uint8_t magic[4] = {0, 'a', 's', 'm'};
    return code.size >= sizeof(magic) && memcmp(code.data, magic, sizeof(magic)) == 0;
}

enum au_err au_code_load(const char *path, struct au_bytes *out_code, struct au_reject *out_reject)
{
    struct au_buf content;
    au_buf_init(&content, AU_CODE_FILE_SIZE_MAX);
    enum au_err err = au_file_read(path, &content);
    if (err == AU_ERR_TOO_LARGE) {
        err = refuse(out_reject, "limit", "the file is larger than 8 MiB");
    } else if (err == AU_OK && content.size == 0) {
        err = refuse(out_reject, "malformed", "the file is empty");
    } else if (err == AU_OK && au_code_is_binary(au_buf_bytes(&content))) {
        *out_code = au_buf_bytes(&content);
        return AU_OK; /* the caller owns what the buffer held */
    } else if (err == AU_OK && (!au_utf8_is_valid(au_buf_bytes(&content)) ||
                                memchr(content.data, 0, content.size) != NULL)) {
        err =
            refuse(out_reject, "malformed",
                   "the file is neither a WebAssembly binary, which begins with \\0asm, nor text");
    } else if (err == AU_OK) {
        err = convert(au_buf_bytes(&content), out_code, out_reject);
    }
    au_buf_done(&content);
    return err;
}
