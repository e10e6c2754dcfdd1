#include "cli/check.h"

#include "base/json_write.h"
#include "cli/code.h"
#include "cli/show.h"

#define RESULT_SIZE_MAX (1u << 20) /* bytes */

/* What both verdicts begin with. */
static void begin_json(struct au_json_write *json, struct au_buf *text, const char *path,
                       bool is_ok)
{
    au_json_write_init(json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(json);
    au_json_write_key(json, "file");
    au_json_write_text(json, path);
    au_json_write_key(json, "ok");
    au_json_write_bool(json, is_ok);
}

static void show_reject_json(struct au_buf *text, const char *path, const struct au_reject *reject)
{
    struct au_json_write json;
    begin_json(&json, text, path, /* is_ok = */ false);
    au_json_write_key(&json, "rule");
    au_json_write_text(&json, reject->rule);
    if (reject->function != AU_REJECT_NO_FUNCTION) {
        au_json_write_key(&json, "function");
        au_json_write_u32(&json, reject->function);
    }
    au_json_write_key(&json, "offset");
    au_json_write_u64(&json, reject->offset);
    au_json_write_key(&json, "message");
    au_json_write_text(&json, reject->message);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

void au_check_show_reject(struct au_buf *text, const char *path, const struct au_reject *reject,
                          bool is_json)
{
    if (is_json) {
        show_reject_json(text, path, reject);
        return;
    }
    au_buf_put_text(text, "refused  ");
    au_show_text(text, au_bytes_of(path));
    au_buf_printf(text, "\nrule     %s\n", reject->rule);
    if (reject->function != AU_REJECT_NO_FUNCTION) {
        au_buf_printf(text, "function %u\n", (unsigned)reject->function);
    }
    au_buf_printf(text, "offset   %zu\nmessage  ", reject->offset);
    au_show_text(text, au_bytes_of(reject->message));
    au_buf_put_u8(text, '\n');
}

static void show_accepted(struct au_buf *text, const char *path, size_t size, bool is_json)
{
    if (!is_json) {
        au_buf_put_text(text, "ok       ");
        au_show_text(text, au_bytes_of(path));
        au_buf_printf(text, "\nsize     %zu bytes\n", size);
        return;
    }
    struct au_json_write json;
    begin_json(&json, text, path, /* is_ok = */ true);
    au_json_write_key(&json, "size");
    au_json_write_u64(&json, size);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
}

enum au_exit au_check_command(struct au_invocation *invocation)
{
    const char *path = invocation->operands[0];
    bool is_json = au_invocation_has(invocation, "json");
    struct au_reject reject = {0};
    struct au_bytes code = {0};
    enum au_err err = au_code_load(path, &code, &reject);
    if (err == AU_OK) err = au_module_check(code, &reject);
    au_free(code.data);
    if (err != AU_OK && err != AU_ERR_INVALID_MODULE) {
        return au_invocation_fail_file(invocation, err, "check", path);
    }

    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (err == AU_OK) {
        show_accepted(&text, path, code.size, is_json);
    } else {
        au_check_show_reject(&text, path, &reject, is_json);
    }
    enum au_exit exit_code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    if (exit_code != AU_EXIT_DONE) return exit_code;
    return err == AU_OK ? AU_EXIT_DONE : AU_EXIT_REJECTED;
}
