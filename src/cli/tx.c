#include "cli/tx.h"

#include "abi/decode.h"
#include "abi/section.h"
#include "base/hex.h"
#include "cli/abi.h"
#include "cli/page.h"
#include "core/limits.h"
#include "core/tx_json.h"

#define RESULT_SIZE_MAX (16u << 20) /* bytes */
#define TEXT_TOLD_MAX   40u         /* bytes of what is no hex */

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
    return au_invocation_fail(
        invocation, AU_EXIT_USAGE,
        "expected 0x and an even number of hex digits, or @path, got '%.*s%s'",
        (int)(text.size < TEXT_TOLD_MAX ? text.size : TEXT_TOLD_MAX), (const char *)text.data,
        text.size > TEXT_TOLD_MAX ? "..." : "");
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

/* ---- what it says ---- */

/* Whose functions a transaction calls, and what they take. */
struct telling {
    struct au_arena arena; /* of the ABI */
    struct au_abi abi;
    bool has_abi;
    const char *problem; /* why there is no ABI, if that is to be told */
};

static void tell_args(void *context, struct au_json_write *json, const struct au_tx *tx)
{
    const struct telling *telling = context;
    const char *reason = telling->problem;
    struct au_bytes args[AU_ARG_COUNT_MAX];
    struct au_buf value;
    size_t count = au_tx_args(tx, args);
    if (count == 0) return;
    au_buf_init(&value, AU_ABI_DECODED_SIZE_MAX);
    if (telling->has_abi) {
        reason = au_abi_decode_args(&telling->abi, au_tx_function(tx), args, count, &value);
    }
    if (reason != NULL) {
        au_json_put_text(json, "arguments_undecoded", reason);
    } else if (value.size > 0) {
        au_json_write_key(json, "arguments");
        au_json_write_bare(json, au_buf_bytes(&value));
    }
    au_buf_done(&value);
}

/* What a transaction brings may have any ABI, or none; a file that is named is to have one. */
static enum au_exit find_abi(struct au_invocation *invocation, const struct au_tx *tx,
                             struct telling *telling)
{
    const char *path = au_invocation_text(invocation, "abi", NULL);
    struct au_abi_error error;
    enum au_exit code = AU_EXIT_DONE;
    if (path != NULL) {
        code = au_abi_open_file(invocation, path, &telling->arena, &telling->abi);
        telling->has_abi = code == AU_EXIT_DONE;
        return code;
    }
    if (tx->code.size == 0) return code;
    enum au_err err = au_abi_load(tx->code, &telling->arena, &telling->abi, &error);
    telling->has_abi = err == AU_OK;
    if (err == AU_ERR_MALFORMED) telling->problem = "the contract's ABI is malformed";
    if (err == AU_ERR_NO_MEMORY) telling->problem = "out of memory";
    return code;
}

static enum au_exit show(struct au_invocation *invocation, struct au_bytes bytes,
                         const struct au_tx *tx, struct telling *telling)
{
    struct au_buf document;
    struct au_json_write json;
    const struct au_tx_teller teller = {telling, tell_args};
    au_buf_init(&document, RESULT_SIZE_MAX);
    au_json_write_init(&json, &document, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&json);
    au_tx_put_json(&json, bytes, tx, &teller);
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    enum au_exit code = au_page_print(invocation, &document);
    au_buf_done(&document);
    return code;
}

enum au_exit au_tx_decode_command(struct au_invocation *invocation)
{
    struct au_bytes bytes = {0};
    struct au_tx tx;
    struct au_decode error;
    struct telling telling = {0};
    enum au_exit code = au_tx_load(invocation, invocation->operands[0], &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (!au_tx_decode(bytes, &tx, &error)) return au_tx_fail_decode(invocation, &error);
    au_arena_init(&telling.arena, AU_ABI_ARENA_SIZE_MAX);
    code = find_abi(invocation, &tx, &telling);
    if (code == AU_EXIT_DONE) code = show(invocation, bytes, &tx, &telling);
    au_arena_done(&telling.arena);
    return code;
}
