#include "cli/tx.h"

#include "base/hex.h"
#include "cli/page.h"
#include "core/limits.h"
#include "core/tx_json.h"

#define RESULT_SIZE_MAX (16u << 20) /* bytes */

enum au_exit au_tx_fail_decode(const struct au_invocation *invocation,
                               const struct au_decode *error)
{
    return au_invocation_fail(invocation, AU_EXIT_REJECTED,
                              "not a transaction: %s, at byte %zu of %zu", error->error,
                              error->error_at, error->size);
}

static enum au_exit read_hex(struct au_invocation *invocation, struct au_bytes text,
                             struct au_bytes *out_bytes)
{
    enum au_err err = au_hex_read(&invocation->arena, text, out_bytes);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_MALFORMED) {
        return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "expected 0x and an even number of hex digits, or @path");
}

/* A transaction's first byte is its version, so none begins like the text. */
static bool is_hex_text(struct au_bytes content)
{
    return content.size >= 2 && content.data[0] == '0' && content.data[1] == 'x';
}

static enum au_exit read_file(struct au_invocation *invocation, const char *path,
                              struct au_bytes *out_bytes)
{
    struct au_buf content;
    au_buf_init(&content, (size_t)2 * AU_TX_SIZE_MAX + 4); /* in hex, with a line end */
    enum au_exit code = au_invocation_read(invocation, path, &content);
    struct au_bytes bytes = au_buf_bytes(&content);
    if (code == AU_EXIT_DONE && is_hex_text(bytes)) {
        if (bytes.data[bytes.size - 1] == '\n') bytes.size--;
        code = read_hex(invocation, bytes, out_bytes);
    } else if (code == AU_EXIT_DONE &&
               au_arena_copy(&invocation->arena, bytes, out_bytes) != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    au_buf_done(&content);
    return code;
}

enum au_exit au_tx_load(struct au_invocation *invocation, const char *operand,
                        struct au_bytes *out_bytes)
{
    return operand[0] == '@' ? read_file(invocation, operand + 1, out_bytes)
                             : read_hex(invocation, au_bytes_of(operand), out_bytes);
}

enum au_exit au_tx_decode_command(struct au_invocation *invocation)
{
    struct au_bytes bytes = {0};
    struct au_tx tx;
    struct au_decode error;
    enum au_exit code = au_tx_load(invocation, invocation->operands[0], &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (!au_tx_decode(bytes, &tx, &error)) return au_tx_fail_decode(invocation, &error);

    struct au_buf document;
    struct au_json_write json;
    au_buf_init(&document, RESULT_SIZE_MAX);
    au_json_write_init(&json, &document, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_tx_put_json(&json, bytes, &tx, NULL);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    code = au_page_print(invocation, &document);
    au_buf_done(&document);
    return code;
}
