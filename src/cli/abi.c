#include "cli/abi.h"

#include "abi/json.h"
#include "abi/line.h"
#include "abi/section.h"
#include "base/json_write.h"
#include "cli/alias.h"
#include "cli/code.h"
#include "cli/show.h"
#include "cli/typed.h"
#include "core/address.h"

#define RESULT_SIZE_MAX (16u << 20) /* bytes */

static void show_json(struct au_buf *text, const struct au_abi *abi)
{
    struct au_json_write json;
    au_json_write_init(&json, text, AU_JSON_WRITE_INDENTED);
    au_abi_write_json(&json, abi);
    au_json_write_finish(&json);
}

/* The author's words may try to steer a terminal. */
static void show_lines(struct au_buf *text, const struct au_abi *abi)
{
    struct au_buf lines;
    au_buf_init(&lines, RESULT_SIZE_MAX);
    au_abi_format(&lines, abi);
    struct au_bytes rest = au_buf_bytes(&lines);
    while (rest.size > 0) {
        const uint8_t *end = memchr(rest.data, '\n', rest.size);
        size_t size = (size_t)(end - rest.data);
        au_show_text(text, (struct au_bytes){rest.data, size});
        au_buf_put_u8(text, '\n');
        rest.data += size + 1;
        rest.size -= size + 1;
    }
    if (lines.err != AU_OK) text->err = lines.err;
    au_buf_done(&lines);
}

static enum au_exit show(struct au_invocation *invocation, const struct au_abi *abi)
{
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (au_invocation_has(invocation, "json")) {
        show_json(&text, abi);
    } else {
        show_lines(&text, abi);
    }
    enum au_exit exit_code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return exit_code;
}

static enum au_exit fail(struct au_invocation *invocation, const char *path, enum au_err err,
                         const struct au_abi_error *error, const struct au_reject *reject)
{
    if (err == AU_ERR_MALFORMED) {
        return au_invocation_fail(invocation, AU_EXIT_REJECTED,
                                  "%s: line %u of " AU_ABI_SECTION ": %s", path,
                                  (unsigned)error->line, error->message);
    }
    if (err == AU_ERR_INVALID_MODULE) {
        return au_invocation_fail(invocation, AU_EXIT_REJECTED, "%s: %s", path, reject->message);
    }
    return au_invocation_fail_file(invocation, err, "read", path);
}

static enum au_exit ask(struct au_invocation *invocation, struct au_bytes *out_code)
{
    struct au_client client;
    enum au_exit exit_code = au_client_init(&client, invocation);
    if (exit_code != AU_EXIT_DONE) return exit_code;
    return au_typed_code(&client, invocation->operands[0], out_code);
}

/* A file's name does not look like an address; of a file and a contract of one name it is the
 * contract. */
static enum au_exit load(struct au_invocation *invocation, struct au_bytes *out_code)
{
    const char *operand = invocation->operands[0];
    struct au_address address;
    struct au_bytes code = {0};
    struct au_reject reject = {0};
    bool is_contract = au_address_parse(au_bytes_of(operand), &address) == NULL;
    if (!is_contract) {
        enum au_exit exit_code = au_alias_is_known(invocation, operand, &is_contract);
        if (exit_code != AU_EXIT_DONE) return exit_code;
    }
    if (is_contract) return ask(invocation, out_code);
    enum au_err err = au_code_load(operand, &code, &reject);
    if (err != AU_OK) return fail(invocation, operand, err, NULL, &reject);
    err = au_arena_copy(&invocation->arena, code, out_code);
    au_free(code.data);
    return err == AU_OK ? AU_EXIT_DONE : fail(invocation, operand, err, NULL, NULL);
}

static enum au_exit read_abi(struct au_invocation *invocation, const char *path,
                             struct au_bytes code, struct au_arena *arena, struct au_abi *out_abi)
{
    struct au_abi_error error = {0};
    enum au_err err = au_abi_load(code, arena, out_abi, &error);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_NOT_FOUND) return fail(invocation, path, err, &error, NULL);
    return au_invocation_fail(invocation, AU_EXIT_NOT_FOUND, "%s has no section " AU_ABI_SECTION,
                              path);
}

enum au_exit au_abi_open(struct au_invocation *invocation, struct au_bytes code,
                         struct au_arena *arena, struct au_abi *out_abi)
{
    return read_abi(invocation, invocation->operands[0], code, arena, out_abi);
}

enum au_exit au_abi_open_file(struct au_invocation *invocation, const char *path,
                              struct au_arena *arena, struct au_abi *out_abi)
{
    struct au_bytes code = {0};
    struct au_reject reject = {0};
    enum au_err err = au_code_load(path, &code, &reject);
    if (err != AU_OK) return fail(invocation, path, err, NULL, &reject);
    enum au_exit exit_code = read_abi(invocation, path, code, arena, out_abi);
    au_free(code.data);
    return exit_code;
}

enum au_exit au_abi_command(struct au_invocation *invocation)
{
    struct au_bytes code = {0};
    struct au_abi abi;
    struct au_arena arena;
    enum au_exit exit_code = load(invocation, &code);
    if (exit_code != AU_EXIT_DONE) return exit_code;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    exit_code = au_abi_open(invocation, code, &arena, &abi);
    if (exit_code == AU_EXIT_DONE) exit_code = show(invocation, &abi);
    au_arena_done(&arena);
    return exit_code;
}
