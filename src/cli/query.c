#include "cli/query.h"
#include "cli/alias.h"

#include "base/hex.h"
#include "base/json_write.h"
#include "cli/amount.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/code.h"
#include "cli/http.h"
#include "cli/receipt.h"
#include "cli/show.h"
#include "cli/trace.h"
#include "cli/typed.h"
#include "cli/wallet.h"
#include "core/dev_account.h"

#define PATH_SIZE_MAX   8192u       /* bytes */
#define RESULT_SIZE_MAX (64u << 20) /* bytes */
#define BODY_SIZE_MAX   (4u << 20)  /* bytes */

/* ---- paths ---- */

/* A development account's name goes as it is: the node knows whether it is one. */
enum au_exit au_query_put_account(struct au_invocation *invocation, const char *word,
                                  struct au_buf *path)
{
    size_t index;
    const char *name = word[0] == '@' ? word + 1 : word;
    if (au_dev_account_find(au_bytes_of(name), &index)) {
        au_buf_put_text(path, name);
        return AU_EXIT_DONE;
    }
    struct au_who who;
    enum au_exit code = au_alias_find(invocation, NULL, word, &who);
    if (code == AU_EXIT_DONE) au_address_format(path, &who.address);
    return code;
}

/* The account that a command is about if none is given: whom --from would be. */
static enum au_exit put_default_account(struct au_client *client, struct au_buf *path)
{
    struct au_chain_status status = {0};
    enum au_exit code = au_client_status(client, &status);
    if (code != AU_EXIT_DONE) return code;
    if (!status.is_dev) {
        return au_invocation_fail(client->invocation, AU_EXIT_USAGE,
                                  "which account? an address, or the name of a key");
    }
    au_buf_put_text(path, "alice");
    return AU_EXIT_DONE;
}

/* What a command's answer is turned into. */
typedef enum au_exit printer(const struct au_client *client, const struct au_answer *answer);

/* What most commands are: one GET of a path with an account or a word in it, and its answer. */
struct query {
    const char *before; /* of the path, before the operand */
    bool is_account;    /* the operand is an account, and may be missing */
    bool is_bytes;      /* the answer is no JSON */
    enum au_exit (*put_rest)(struct au_invocation *invocation, struct au_buf *path); /* or NULL */
    printer *print;
};

static enum au_exit put_path(struct au_client *client, const struct query *query,
                             struct au_buf *path)
{
    struct au_invocation *invocation = client->invocation;
    const char *operand = invocation->operand_count > 0 ? invocation->operands[0] : NULL;
    enum au_exit code = AU_EXIT_DONE;
    au_buf_put_text(path, query->before);
    if (query->is_account) {
        code = operand == NULL ? put_default_account(client, path)
                               : au_query_put_account(invocation, operand, path);
    } else if (operand != NULL && *operand == '\0') {
        code = au_invocation_fail(invocation, AU_EXIT_USAGE, "expected %s, got ''",
                                  invocation->command->operands);
    } else if (operand != NULL) {
        au_http_put_query(path, au_bytes_of(operand));
    }
    if (code == AU_EXIT_DONE && query->put_rest != NULL) code = query->put_rest(invocation, path);
    au_buf_put_u8(path, 0);
    if (code != AU_EXIT_DONE || path->err == AU_OK) return code;
    return au_invocation_fail(invocation, AU_EXIT_USAGE, "an operand is too long");
}

static enum au_exit run_query(struct au_invocation *invocation, const struct query *query)
{
    struct au_client client;
    struct au_answer answer = {0};
    struct au_buf path;
    au_buf_init(&path, PATH_SIZE_MAX);
    enum au_exit code = au_client_init(&client, invocation);
    if (code == AU_EXIT_DONE) code = put_path(&client, query, &path);
    if (code == AU_EXIT_DONE) {
        const struct au_request request = {
            .method = "GET", .path = (const char *)path.data, .is_last = true};
        code = query->is_bytes ? au_client_send(&client, &request, &answer)
                               : au_client_ask(&client, &request, &answer);
    }
    if (code == AU_EXIT_DONE && answer.status != 0) code = query->print(&client, &answer);
    au_answer_done(&answer);
    au_buf_done(&path);
    return code;
}

/* Adds what the command was given of options, which are named as in the query, the first behind a
 * separator. */
static void put_query(const struct au_invocation *invocation, const char *const *options,
                      size_t count, char separator, struct au_buf *path)
{
    for (size_t i = 0; i < count; i++) {
        const char *text = au_invocation_text(invocation, options[i], NULL);
        if (text == NULL) continue;
        au_buf_printf(path, "%c%s=", separator, options[i]);
        au_http_put_query(path, au_bytes_of(text));
        separator = '&';
    }
}

static enum au_exit put_height(struct au_invocation *invocation, struct au_buf *path)
{
    static const char *const options[] = {"height"};
    put_query(invocation, options, AU_COUNT_OF(options), '?', path);
    return AU_EXIT_DONE;
}

/* ---- one GET ---- */

enum au_exit au_status_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/status", .print = au_client_print};
    return run_query(invocation, &query);
}

static enum au_exit print_balance(const struct au_client *client, const struct au_answer *answer)
{
    if (au_invocation_has(client->invocation, "json")) return au_client_print(client, answer);
    uint64_t balance = 0;
    struct au_buf text;
    au_buf_init(&text, PATH_SIZE_MAX);
    enum au_exit code = au_client_u64(client, answer, "balance", &balance);
    au_amount_format(&text, balance);
    au_buf_put_u8(&text, '\n');
    if (code == AU_EXIT_DONE) code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_balance_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/balance/",
                                       .is_account = true,
                                       .put_rest = put_height,
                                       .print = print_balance};
    return run_query(invocation, &query);
}

enum au_exit au_account_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/account/",
                                       .is_account = true,
                                       .put_rest = put_height,
                                       .print = au_client_print};
    return run_query(invocation, &query);
}

/* A transaction that ran without success is found all the same: its receipt tells. */
enum au_exit au_tx_get_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/tx/", .print = au_client_print};
    return run_query(invocation, &query);
}

static enum au_exit put_trace_path(struct au_invocation *invocation, struct au_buf *path)
{
    (void)invocation;
    au_buf_put_text(path, "/trace");
    return AU_EXIT_DONE;
}

enum au_exit au_tx_trace_command(struct au_invocation *invocation)
{
    static const struct query query = {
        .before = "/v1/tx/", .put_rest = put_trace_path, .print = au_trace_print_tx};
    return run_query(invocation, &query);
}

enum au_exit au_block_get_command(struct au_invocation *invocation)
{
    static const struct query head = {.before = "/v1/block/latest", .print = au_client_print};
    static const struct query query = {.before = "/v1/block/", .print = au_client_print};
    return run_query(invocation, invocation->operand_count == 0 ? &head : &query);
}

enum au_exit au_contract_show_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/contract/",
                                       .is_account = true,
                                       .put_rest = put_height,
                                       .print = au_client_print};
    return run_query(invocation, &query);
}

static enum au_exit put_history(struct au_invocation *invocation, struct au_buf *path)
{
    static const char *const options[] = {"limit", "cursor"};
    au_buf_put_text(path, "/history");
    put_query(invocation, options, AU_COUNT_OF(options), '?', path);
    return AU_EXIT_DONE;
}

enum au_exit au_contract_history_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/contract/",
                                       .is_account = true,
                                       .put_rest = put_history,
                                       .print = au_client_print};
    return run_query(invocation, &query);
}

/* ---- storage ---- */

/* What the node says that an entry is: `balance["aur1.."] = "5"`. */
static void put_decoded(struct au_buf *text, const struct au_json_in *entry)
{
    if (entry == NULL || au_json_in_type(entry) != AU_JSON_IN_OBJECT) return;
    const struct au_json_in *key = au_json_in_get(entry, "key");
    const struct au_json_in *value = au_json_in_get(entry, "value");
    au_buf_put_u8(text, '\t');
    au_show_text(text, au_json_in_text(entry, "name"));
    if (key != NULL) au_buf_put_u8(text, '[');
    if (key != NULL) au_show_decoded(text, key);
    au_buf_put_text(text, key != NULL ? "] = " : " = ");
    if (value != NULL) au_show_decoded(text, value);
}

/* Tells whether an item is an entry of a contract; then writes its line. */
static bool put_entry(struct au_buf *text, const struct au_json_in *item)
{
    static const char *const names[] = {"key", "value"};
    if (au_json_in_type(item) != AU_JSON_IN_OBJECT) return false;
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        const struct au_json_in *value = au_json_in_get(item, names[i]);
        if (value == NULL || au_json_in_type(value) != AU_JSON_IN_STRING) return false;
        if (i > 0) au_buf_put_u8(text, '\t');
        au_show_text(text, au_json_in_string(value));
    }
    put_decoded(text, au_json_in_get(item, "entry"));
    au_buf_put_u8(text, '\n');
    return true;
}

static enum au_exit print_items(const struct au_client *client, const struct au_answer *answer)
{
    const struct au_json_in *items = au_json_in_get(answer->json, "items");
    bool is_list = items != NULL && au_json_in_type(items) == AU_JSON_IN_ARRAY;
    size_t count = is_list ? au_json_in_count(items) : 0;
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    for (size_t i = 0; is_list && i < count; i++) {
        is_list = put_entry(&text, au_json_in_item(items, i));
    }
    enum au_exit code = is_list ? au_invocation_write(client->invocation, &text)
                                : au_client_fail_member(client, "items", "a list of entries");
    struct au_bytes cursor = au_answer_text(answer, "next");
    if (code == AU_EXIT_DONE && cursor.size > 0) {
        au_invocation_note(client->invocation, "there is more: --cursor %.*s", (int)cursor.size,
                           (const char *)cursor.data);
    }
    au_buf_done(&text);
    return code;
}

static enum au_exit print_storage(const struct au_client *client, const struct au_answer *answer)
{
    if (au_invocation_has(client->invocation, "json")) return au_client_print(client, answer);
    if (client->invocation->operand_count == 1) return print_items(client, answer);
    struct au_buf text;
    struct au_bytes value = {0};
    au_buf_init(&text, RESULT_SIZE_MAX);
    enum au_exit code = au_client_text(client, answer, "value", &value);
    au_show_text(&text, value);
    au_buf_put_u8(&text, '\n');
    if (code == AU_EXIT_DONE) code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}

/* Keys are given as the arguments of a call are, for contracts make them of the same. */
static enum au_exit put_storage_path(struct au_invocation *invocation, struct au_buf *path)
{
    static const char *const options[] = {"prefix", "limit", "cursor", "height"};
    enum au_exit code = AU_EXIT_DONE;
    if (invocation->operand_count == 2) {
        const struct au_bytes *key = NULL;
        size_t count = 0;
        code = au_args_read(invocation, 1, &key, &count);
        au_buf_put_text(path, "/storage/");
        if (code == AU_EXIT_DONE) au_hex_put(path, key[0]);
        return code == AU_EXIT_DONE ? put_height(invocation, path) : code;
    }
    au_buf_put_text(path, "/storage");
    put_query(invocation, options, AU_COUNT_OF(options), '?', path);
    return code;
}

enum au_exit au_contract_storage_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/contract/",
                                       .is_account = true,
                                       .put_rest = put_storage_path,
                                       .print = print_storage};
    return run_query(invocation, &query);
}

/* ---- proofs ---- */

/* A proof is a document, for a file: whoever reads it asks `aureon proof verify`. */
static enum au_exit print_document(const struct au_client *client, const struct au_answer *answer)
{
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    au_show_json(&text, au_buf_bytes(&answer->body));
    enum au_exit code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}

/* The rest of a path whose query has begun. */
static enum au_exit put_more_height(struct au_invocation *invocation, struct au_buf *path)
{
    static const char *const options[] = {"height"};
    put_query(invocation, options, AU_COUNT_OF(options), '&', path);
    return AU_EXIT_DONE;
}

static enum au_exit put_proof(struct au_invocation *invocation, struct au_buf *path)
{
    au_buf_put_text(path, "/proof");
    return put_height(invocation, path);
}

static enum au_exit put_more_accounts(struct au_invocation *invocation, struct au_buf *path)
{
    for (size_t i = 1; i < invocation->operand_count; i++) {
        au_buf_put_text(path, "&account=");
        enum au_exit code = au_query_put_account(invocation, invocation->operands[i], path);
        if (code != AU_EXIT_DONE) return code;
    }
    return put_more_height(invocation, path);
}

enum au_exit au_proof_account_command(struct au_invocation *invocation)
{
    static const struct query one = {.before = "/v1/account/",
                                     .is_account = true,
                                     .put_rest = put_proof,
                                     .print = print_document};
    static const struct query many = {.before = "/v1/proofs?account=",
                                      .is_account = true,
                                      .put_rest = put_more_accounts,
                                      .print = print_document};
    return run_query(invocation, invocation->operand_count > 1 ? &many : &one);
}

/* Keys are those of `aureon contract storage`. */
static enum au_exit put_keys(struct au_invocation *invocation, struct au_buf *path)
{
    const struct au_bytes *keys = NULL;
    size_t count = 0;
    enum au_exit code = au_args_read(invocation, 1, &keys, &count);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        au_buf_put_text(path, count > 1 ? "&key=" : "/storage/");
        au_hex_put(path, keys[i]);
    }
    if (code != AU_EXIT_DONE) return code;
    return count > 1 ? put_more_height(invocation, path) : put_proof(invocation, path);
}

enum au_exit au_proof_storage_command(struct au_invocation *invocation)
{
    static const struct query one = {.before = "/v1/contract/",
                                     .is_account = true,
                                     .put_rest = put_keys,
                                     .print = print_document};
    static const struct query many = {.before = "/v1/proofs?account=",
                                      .is_account = true,
                                      .put_rest = put_keys,
                                      .print = print_document};
    return run_query(invocation, invocation->operand_count > 2 ? &many : &one);
}

static enum au_exit put_receipt_proof(struct au_invocation *invocation, struct au_buf *path)
{
    (void)invocation;
    au_buf_put_text(path, "/receipt/proof");
    return AU_EXIT_DONE;
}

enum au_exit au_proof_receipt_command(struct au_invocation *invocation)
{
    static const struct query query = {
        .before = "/v1/tx/", .put_rest = put_receipt_proof, .print = print_document};
    return run_query(invocation, &query);
}

/* ---- code ---- */

static enum au_exit save_code(const struct au_client *client, const struct au_answer *answer)
{
    const char *path = client->invocation->operands[1];
    enum au_exit code = au_client_check(client, answer);
    if (code != AU_EXIT_DONE) return code;
    if (!au_code_is_binary(au_buf_bytes(&answer->body))) {
        return au_invocation_fail(client->invocation, AU_EXIT_UNREACHABLE,
                                  "what answers at %s is no node: its answer is no module",
                                  client->url);
    }
    code = au_invocation_save(client->invocation, path, au_buf_bytes(&answer->body));
    if (code != AU_EXIT_DONE) return code;
    au_invocation_note(client->invocation, "%zu bytes in %s", answer->body.size, path);
    return AU_EXIT_DONE;
}

static enum au_exit put_code_path(struct au_invocation *invocation, struct au_buf *path)
{
    (void)invocation;
    au_buf_put_text(path, "/code");
    return AU_EXIT_DONE;
}

enum au_exit au_contract_code_command(struct au_invocation *invocation)
{
    static const struct query query = {.before = "/v1/contract/",
                                       .is_account = true,
                                       .is_bytes = true,
                                       .put_rest = put_code_path,
                                       .print = save_code};
    return run_query(invocation, &query);
}

/* ---- view ---- */

static enum au_exit put_view(struct au_client *client, struct au_json_write *json)
{
    struct au_invocation *invocation = client->invocation;
    const struct au_bytes *args = NULL;
    size_t count = 0;
    struct au_buf account;
    au_buf_init(&account, PATH_SIZE_MAX);
    const struct au_typed_call call = {
        .client = client, .contract = invocation->operands[0], .function = invocation->operands[1]};
    enum au_exit code = au_typed_args_read(invocation, &call, 2, &args, &count);
    if (code == AU_EXIT_DONE)
        code = au_query_put_account(invocation, invocation->operands[0], &account);
    au_json_write_begin_object(json);
    au_json_write_key(json, "contract");
    au_json_write_bytes(json, au_buf_bytes(&account));
    au_json_write_key(json, "function");
    au_json_write_text(json, invocation->operands[1]);
    au_json_write_key(json, "args");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_hex(json, args[i]);
    }
    au_json_write_end_array(json);
    const char *from = au_invocation_text(invocation, "from", NULL);
    if (code == AU_EXIT_DONE && from != NULL) {
        au_buf_clear(&account);
        code = au_query_put_account(invocation, from, &account);
        au_json_write_key(json, "from");
        au_json_write_bytes(json, au_buf_bytes(&account));
    }
    const struct au_given *gas = au_invocation_option(invocation, "gas");
    if (gas != NULL) {
        au_json_write_key(json, "gas_limit");
        au_json_write_u64(json, gas->number);
    }
    const struct au_given *height = au_invocation_option(invocation, "height");
    if (height != NULL) {
        au_json_write_key(json, "height");
        au_json_write_u64(json, height->number);
    }
    au_json_write_end_object(json);
    au_buf_done(&account);
    return code;
}

enum au_exit au_view_command(struct au_invocation *invocation)
{
    struct au_client client;
    struct au_answer answer = {0};
    struct au_buf body;
    struct au_json_write json;
    bool is_traced = au_invocation_has(invocation, "trace");
    au_buf_init(&body, BODY_SIZE_MAX);
    au_json_write_init(&json, &body, AU_JSON_WRITE_COMPACT);
    enum au_exit code = au_receipt_check_form(invocation);
    if (code == AU_EXIT_DONE) code = au_client_init(&client, invocation);
    if (code == AU_EXIT_DONE) code = put_view(&client, &json);
    if (code == AU_EXIT_DONE && body.err != AU_OK) {
        code = au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s", au_err_text(body.err));
    }
    if (code == AU_EXIT_DONE) {
        const struct au_request request = {
            .method = "POST",
            .path = is_traced ? "/v1/view?trace=true" : "/v1/view",
            .content_type = "application/json",
            .body = au_buf_bytes(&body),
            .is_last = true,
        };
        code = au_client_ask(&client, &request, &answer);
    }
    if (code == AU_EXIT_DONE && answer.json != NULL) {
        code = is_traced ? au_trace_report(&client, &answer, "the view")
                         : au_receipt_report(&client, &answer, "the view", AU_RESULT_OUTPUT);
    }
    au_answer_done(&answer);
    au_buf_done(&body);
    return code;
}

/* ---- api ---- */

static void put_lines(struct au_buf *text, struct au_bytes body)
{
    while (body.size > 0) {
        const uint8_t *end = memchr(body.data, '\n', body.size);
        size_t size = end == NULL ? body.size : (size_t)(end - body.data);
        au_show_text(text, (struct au_bytes){body.data, size});
        au_buf_put_u8(text, '\n');
        if (end != NULL) size++;
        body = (struct au_bytes){body.data + size, body.size - size};
    }
}

static enum au_exit print_body(struct au_client *client, const struct au_answer *answer)
{
    struct au_buf text;
    struct au_json_in *json = NULL;
    struct au_bytes body = au_buf_bytes(&answer->body);
    au_buf_init(&text, (size_t)4 * RESULT_SIZE_MAX);
    if (au_json_in_parse(body, NULL, &json) == AU_OK) {
        au_show_json(&text, body);
    } else if (client->invocation->streams->is_shown) {
        put_lines(&text, body);
    } else {
        au_buf_put_bytes(&text, body); /* for a file or a pipe: what the node sent, to the byte */
    }
    au_json_in_free(json);
    enum au_exit code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}

enum au_exit au_api_command(struct au_invocation *invocation)
{
    struct au_client client;
    struct au_answer answer = {0};
    const char *data = au_invocation_text(invocation, "data", NULL);
    const struct au_request request = {
        .method = invocation->operands[0],
        .path = invocation->operands[1],
        .content_type = data == NULL ? NULL : "application/json",
        .body = data == NULL ? (struct au_bytes){0} : au_bytes_of(data),
        .is_last = true,
    };
    if (strspn(request.method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(request.method) ||
        *request.method == '\0' || request.path[0] != '/') {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected a method in capitals and a path that begins with /, as "
                                  "in: GET /v1/status");
    }
    enum au_exit code = au_client_init(&client, invocation);
    if (code == AU_EXIT_DONE) code = au_client_send(&client, &request, &answer);
    if (code == AU_EXIT_DONE && answer.status != 0) {
        code = print_body(&client, &answer);
        if (code == AU_EXIT_DONE) code = au_client_check(&client, &answer);
    }
    au_answer_done(&answer);
    return code;
}
