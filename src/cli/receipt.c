#include "cli/receipt.h"

#include <inttypes.h>

#include "base/hex.h"
#include "cli/advice.h"
#include "cli/arg.h"
#include "cli/show.h"

#define RESULT_SIZE_MAX (4u << 20) /* bytes */
#define BY_ABI          "abi"      /* a form: what the node has decoded */

static bool has_outcome(const struct au_answer *receipt)
{
    const struct au_json_in *outcome = au_json_in_get(receipt->json, "outcome");
    return outcome != NULL && au_json_in_type(outcome) == AU_JSON_IN_INTEGER;
}

static bool is_success(const struct au_answer *receipt)
{
    return has_outcome(receipt) &&
           au_json_in_integer(au_json_in_get(receipt->json, "outcome")) == AU_OUTCOME_SUCCESS;
}

/* The bytes of a member in hex; empty if it is not there. */
static enum au_exit read_output(const struct au_client *client, const struct au_answer *receipt,
                                struct au_bytes *out_bytes)
{
    struct au_bytes text = au_answer_text(receipt, "output");
    enum au_err err = AU_OK;
    *out_bytes = (struct au_bytes){0};
    if (text.size > 0) err = au_hex_read(&client->invocation->arena, text, out_bytes);
    if (err == AU_ERR_MALFORMED) return au_client_fail_member(client, "output", "hex");
    if (err == AU_OK) return AU_EXIT_DONE;
    return au_invocation_fail(client->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
}

static void put_member(struct au_buf *text, const char *format, struct au_bytes value)
{
    if (value.size == 0) return;
    au_buf_put_text(text, format);
    au_buf_put_bytes(text, value);
}

/* What the revert meant by the contract's ABI; false: the node does not tell. */
static bool put_error(const struct au_answer *receipt, struct au_buf *text)
{
    const struct au_json_in *error = au_json_in_get(receipt->json, "error");
    if (error == NULL || au_json_in_type(error) != AU_JSON_IN_OBJECT) return false;
    struct au_bytes said = au_json_in_text(error, "text");
    au_buf_put_u8(text, ' ');
    au_show_text(text, au_json_in_text(error, "name"));
    au_show_fields(text, au_json_in_get(error, "fields"));
    if (said.size > 0) au_buf_put_text(text, ": ");
    au_show_text(text, said);
    return true;
}

/* What a contract that reverts gave: by its ABI, else the bytes. */
static void put_revert(const struct au_answer *receipt, struct au_bytes output, struct au_buf *text)
{
    const struct au_json_in *code = au_json_in_get(receipt->json, "revert_code");
    if (code != NULL && au_json_in_type(code) == AU_JSON_IN_INTEGER) {
        au_buf_printf(text, " with code %" PRId64, au_json_in_integer(code));
        if (put_error(receipt, text)) return;
    }
    if (output.size > 0) {
        au_buf_put_text(text, " and ");
        au_show_value(text, output);
    }
}

static void put_advice(const struct au_answer *receipt, struct au_buf *text)
{
    const char *advice =
        au_advice_find(au_answer_text(receipt, "status"), au_answer_text(receipt, "reason"),
                       au_answer_text(receipt, "message"));
    if (advice != NULL) au_buf_printf(text, " (%s)", advice);
}

enum au_exit au_receipt_check(const struct au_client *client, const struct au_answer *receipt,
                              const char *what)
{
    if (is_success(receipt)) return AU_EXIT_DONE;
    if (!has_outcome(receipt)) return au_client_fail_member(client, "outcome", "a number");
    struct au_bytes output = {0};
    enum au_exit code = read_output(client, receipt, &output);
    if (code != AU_EXIT_DONE) return code;

    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    au_buf_printf(&text, "%s failed", what);
    put_member(&text, ": ", au_answer_text(receipt, "status"));
    put_member(&text, ", ", au_answer_text(receipt, "reason"));
    put_revert(receipt, output, &text);
    /* Of an error that the ABI has the node's words say less. */
    if (au_json_in_get(receipt->json, "error") == NULL) {
        put_member(&text, ": ", au_answer_text(receipt, "message"));
    }
    put_member(&text, "; gas used ", au_answer_text(receipt, "gas_used"));
    put_advice(receipt, &text);
    au_buf_put_u8(&text, 0);
    code = au_invocation_fail(client->invocation, AU_EXIT_FAILED, "%s",
                              text.err == AU_OK ? (const char *)text.data : what);
    au_buf_done(&text);
    return code;
}

enum au_exit au_receipt_check_form(const struct au_invocation *invocation)
{
    const char *form = au_invocation_text(invocation, "as", "bytes");
    if (strcmp(form, BY_ABI) == 0 || au_arg_is_form(form)) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "--as: expected " BY_ABI ", " AU_ARG_FORMS ", got '%s'", form);
}

/* Who reads that a call went wrong makes it again, so a message says that it did not. */
static const char *where_is(const struct au_answer *receipt)
{
    return au_answer_text(receipt, "hash").size > 0 ? "the transaction is in a block, but " : "";
}

/* What a function gave by the contract's ABI; of one that gives nothing, nothing. */
static enum au_exit put_result(const struct au_client *client, const struct au_answer *receipt,
                               struct au_bytes output, struct au_buf *text)
{
    const struct au_json_in *result = au_json_in_get(receipt->json, "result");
    struct au_bytes why = au_answer_text(receipt, "undecoded");
    if (result != NULL && au_json_in_type(result) == AU_JSON_IN_STRING) {
        au_show_text(text, au_json_in_string(result));
    } else if (result != NULL) {
        au_show_decoded(text, result);
    } else if (output.size > 0) {
        if (why.size == 0) why = au_bytes_of("the contract has no ABI");
        return au_invocation_fail(client->invocation, AU_EXIT_USAGE,
                                  "%sthe output is not decoded: %.*s", where_is(receipt),
                                  (int)why.size, (const char *)why.data);
    }
    return AU_EXIT_DONE;
}

/* The result stands alone on its line, for scripts. */
static enum au_exit put_output(const struct au_client *client, const struct au_answer *receipt,
                               struct au_buf *text)
{
    const char *form = au_invocation_text(client->invocation, "as", "bytes");
    struct au_bytes output = {0};
    enum au_exit code = read_output(client, receipt, &output);
    if (code != AU_EXIT_DONE) return code;
    if (strcmp(form, BY_ABI) == 0) return put_result(client, receipt, output, text);
    if (au_arg_format(form, output, text) == AU_OK) return AU_EXIT_DONE;

    struct au_buf shown;
    au_buf_init(&shown, RESULT_SIZE_MAX);
    au_show_value(&shown, output);
    au_buf_put_u8(&shown, 0);
    code = au_invocation_fail(
        client->invocation, AU_EXIT_USAGE, "%sthe output is no %s: it has %zu bytes, %s",
        where_is(receipt), form, output.size, shown.err == AU_OK ? (const char *)shown.data : "");
    au_buf_done(&shown);
    return code;
}

static enum au_exit put_text(const struct au_client *client, const struct au_answer *receipt,
                             const char *name, struct au_buf *text)
{
    struct au_bytes value = {0};
    enum au_exit code = au_client_text(client, receipt, name, &value);
    au_show_text(text, value);
    return code;
}

enum au_exit au_receipt_print(const struct au_client *client, const struct au_answer *receipt,
                              enum au_result_kind kind)
{
    const struct au_invocation *invocation = client->invocation;
    if (kind == AU_RESULT_PAGE || au_invocation_has(invocation, "json")) {
        return au_client_print(client, receipt);
    }
    if (!is_success(receipt)) return AU_EXIT_DONE;

    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    enum au_exit code = AU_EXIT_DONE;
    switch (kind) {
    case AU_RESULT_HASH: code = put_text(client, receipt, "hash", &text); break;
    case AU_RESULT_CREATED: code = put_text(client, receipt, "created", &text); break;
    case AU_RESULT_OUTPUT: code = put_output(client, receipt, &text); break;
    case AU_RESULT_PAGE: break;
    }
    au_buf_put_u8(&text, '\n');
    if (code == AU_EXIT_DONE) code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_receipt_report(const struct au_client *client, const struct au_answer *receipt,
                               const char *what, enum au_result_kind kind)
{
    enum au_exit code = au_receipt_print(client, receipt, kind);
    return code == AU_EXIT_DONE ? au_receipt_check(client, receipt, what) : code;
}
