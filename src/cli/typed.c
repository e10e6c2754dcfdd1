#include "cli/typed.h"

#include "abi/interface.h"
#include "cli/alias.h"
#include "cli/args.h"
#include "cli/query.h"
#include "core/limits.h"

#define PATH_SIZE_MAX 512u /* bytes */
#define HTTP_OK       200u

/* ---- names ---- */

/* Only a development chain has development accounts. */
static bool find_name(void *context, struct au_bytes name, struct au_address *out_address)
{
    struct au_client *client = context;
    struct au_invocation *invocation = client->invocation;
    struct au_chain_status status = {0};
    struct au_who who;
    char *word = au_arena_get(&invocation->arena, name.size + 1);
    if (word == NULL || au_client_status(client, &status) != AU_EXIT_DONE) return false;
    memcpy(word, name.data, name.size);
    word[name.size] = '\0';
    if (au_alias_find(invocation, &status, word, &who) != AU_EXIT_DONE) return false;
    *out_address = who.address;
    return true;
}

/* ---- whether types are needed ---- */

/* Arguments that have the same bytes whatever the types are. */
static bool is_plain(const char *word)
{
    static const char *const prefixes[] = {"u64:", "i64:", "u32:", "i32:", "addr:", "raw:"};
    for (size_t i = 0; i < AU_COUNT_OF(prefixes); i++) {
        if (strncmp(word, prefixes[i], strlen(prefixes[i])) == 0) return true;
    }
    return false;
}

static bool needs_types(const struct au_invocation *invocation, size_t first)
{
    for (size_t i = first; i < invocation->operand_count; i++) {
        if (!is_plain(invocation->operands[i])) return true;
    }
    return false;
}

/* ---- the contract ---- */

/* is_needed: what the node says instead of code is the command's end. */
static enum au_exit ask_code(struct au_client *client, const char *contract, bool is_needed,
                             struct au_bytes *out_code)
{
    struct au_invocation *invocation = client->invocation;
    struct au_answer answer = {0};
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    au_buf_put_text(&path, "/v1/contract/");
    enum au_exit code = au_query_put_account(invocation, contract, &path);
    au_buf_put_text(&path, "/code");
    au_buf_put_u8(&path, 0);
    if (code == AU_EXIT_DONE && path.err != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "an operand is too long");
    }
    if (code == AU_EXIT_DONE) {
        const struct au_request request = {.method = "GET", .path = (const char *)path.data};
        code = au_client_send(client, &request, &answer);
    }
    if (code == AU_EXIT_DONE && is_needed) code = au_client_check(client, &answer);
    if (code == AU_EXIT_DONE && answer.status == HTTP_OK &&
        au_arena_copy(&invocation->arena, au_buf_bytes(&answer.body), out_code) != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    }
    au_answer_done(&answer);
    au_buf_done(&path);
    return code;
}

enum au_exit au_typed_code(struct au_client *client, const char *contract,
                           struct au_bytes *out_code)
{
    return ask_code(client, contract, /* is_needed */ true, out_code);
}

static enum au_exit fail_args(struct au_invocation *invocation, enum au_err err,
                              const struct au_abi_value_error *error)
{
    if (err == AU_ERR_MALFORMED) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "%s", error->message);
    }
    if (err != AU_ERR_TOO_LARGE) {
        return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    }
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "the arguments together are at most %u bytes", AU_ARGS_SIZE_MAX);
}

static size_t size_of(const struct au_bytes *items, size_t count)
{
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += items[i].size;
    return size;
}

/* What the command line says, by the types of a function of the ABI. */
static enum au_exit read_typed(struct au_invocation *invocation, const struct au_abi_call *call,
                               size_t first, const struct au_bytes **out_args, size_t *out_count)
{
    struct au_abi_value_error error = {0};
    struct au_bytes *items = NULL;
    enum au_err err =
        au_abi_call_type(call, invocation->operands + first, invocation->operand_count - first,
                         &invocation->arena, &items, &error);
    if (err == AU_OK && size_of(items, call->fn->field_count) > (size_t)AU_ARGS_SIZE_MAX) {
        err = AU_ERR_TOO_LARGE;
    }
    if (err != AU_OK) return fail_args(invocation, err, &error);
    *out_args = items;
    *out_count = call->fn->field_count;
    return AU_EXIT_DONE;
}

static enum au_exit read_by_code(struct au_invocation *invocation,
                                 const struct au_typed_call *typed, struct au_bytes code,
                                 size_t first, const struct au_bytes **out_args, size_t *out_count)
{
    const struct au_abi_names names = {.find = find_name, .context = typed->client};
    struct au_abi_call call = {.names = typed->client == NULL ? NULL : &names};
    struct au_interface interface;
    struct au_reject reject;
    enum au_err err = au_interface_load(code, &interface, &reject);
    enum au_exit exit_code;
    if (err == AU_ERR_NO_MEMORY) {
        exit_code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    } else if (err == AU_OK && au_interface_find(&interface, au_bytes_of(typed->function), &call)) {
        exit_code = read_typed(invocation, &call, first, out_args, out_count);
    } else {
        if (err == AU_ERR_INVALID_MODULE) {
            au_invocation_note(invocation, "arguments have no types: %s", reject.message);
        }
        exit_code = au_args_read(invocation, first, out_args, out_count);
    }
    au_interface_done(&interface);
    return exit_code;
}

enum au_exit au_typed_args_read(struct au_invocation *invocation, const struct au_typed_call *call,
                                size_t first, const struct au_bytes **out_args, size_t *out_count)
{
    struct au_bytes code = call->code;
    if (needs_types(invocation, first)) {
        enum au_exit exit_code = call->contract == NULL
                                     ? AU_EXIT_DONE
                                     : ask_code(call->client, call->contract, false, &code);
        if (exit_code != AU_EXIT_DONE) return exit_code;
        if (code.size > 0) return read_by_code(invocation, call, code, first, out_args, out_count);
    }
    return au_args_read(invocation, first, out_args, out_count);
}
