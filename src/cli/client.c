#include "cli/client.h"

#include "base/hex.h"
#include "base/text.h"
#include "cli/http.h"
#include "cli/page.h"
#include "cli/show.h"

#define ANSWER_SIZE_MAX  (64u << 20) /* bytes */
#define RESULT_SIZE_MAX  (1u << 30)  /* bytes */
#define MESSAGE_SIZE_MAX 8192u       /* bytes */
#define HTTP_NOT_FOUND   404u
#define HTTP_GONE        410u
#define HTTP_TIMEOUT     408u
#define HTTP_INTERNAL    500u

/* What mends a refusal, by the code of its problem document. */
static const struct hint {
    const char *code;
    const char *text;
} hints[] = {
    {"tx-nonce-low", "leave out --nonce or sign it anew; `aureon account` tells the next one"},
    {"tx-nonce-high", "leave out --nonce or sign it anew; `aureon account` tells the next one"},
    {"tx-gas-low", "leave out --gas: what it needs is then measured"},
    {"tx-gas-high", "leave out --gas: what it needs is then measured"},
    {"tx-price-low", "leave out --gas-price: the lowest price is then asked for"},
    {"tx-expired", "leave out --valid-until, or give a greater height"},
    {"tx-balance", "`aureon balance` tells what an account has"},
    {"tx-signature", "it is signed for another chain, or by another key: sign it again"},
    {"unknown-contract", "`aureon deploy` prints the address of a contract"},
    {"unknown-function", "the functions of a contract are what its code exports"},
    {"pool-full", "send it again in a moment"},
    {"sender-full", "wait until the transactions before it are in a block"},
    {"compiler-full", "send it again in a moment"},
    {"store-full", "make room on the node's disk; it goes on by itself"},
    {"replacement-underpriced", "give a --gas-price that is at least a tenth higher"},
    {"dev-only", "only `aureon dev` does this"},
};

enum au_exit au_client_init(struct au_client *client, struct au_invocation *invocation)
{
    const char *url = au_invocation_text(invocation, "url", NULL);
    if (url == NULL) url = au_invocation_variable(invocation, "AUREON_URL");
    if (url == NULL) url = AU_CLIENT_URL;
    size_t size = strlen(url);
    while (size > 0 && url[size - 1] == '/') {
        size--;
    }
    char *copy = au_arena_zero(&invocation->arena, size + 1);
    if (copy == NULL) return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "out of memory");
    memcpy(copy, url, size);
    if (strncmp(copy, "http://", 7) != 0 && strncmp(copy, "https://", 8) != 0) {
        return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                  "expected the node's address as " AU_CLIENT_URL ", got '%s'",
                                  url);
    }
    *client = (struct au_client){.invocation = invocation, .url = copy};
    client->is_dry =
        au_invocation_knows(invocation, "dry-run") && au_invocation_has(invocation, "dry-run");
    return AU_EXIT_DONE;
}

/* ---- requests ---- */

static void put_quoted(struct au_buf *text, const char *word)
{
    au_buf_put_u8(text, '\'');
    for (; *word; word++) {
        if (*word == '\'') {
            au_buf_put_text(text, "'\\''");
        } else {
            au_buf_put_u8(text, (uint8_t)*word);
        }
    }
    au_buf_put_u8(text, '\'');
}

/* A body comes from standard input: it may be larger than a word of a command line. */
static enum au_exit print_curl(const struct au_client *client, const struct au_request *request,
                               const char *url)
{
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    au_buf_put_text(&text, "curl -sS");
    if (strcmp(request->method, "GET") != 0) au_buf_printf(&text, " -X %s", request->method);
    if (request->content_type != NULL) {
        au_buf_printf(&text, " -H 'Content-Type: %s' --data-binary @-", request->content_type);
    }
    au_buf_put_u8(&text, ' ');
    put_quoted(&text, url);
    if (request->content_type != NULL) {
        au_buf_put_text(&text, " <<'END'\n");
        au_buf_put_bytes(&text, request->body);
        au_buf_put_text(&text, "\nEND");
    }
    au_buf_put_u8(&text, '\n');
    enum au_exit code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit fail_http(const struct au_client *client, const char *url, enum au_http_end end,
                              struct au_buf *message)
{
    const struct au_invocation *invocation = client->invocation;
    au_buf_put_u8(message, 0);
    const char *text = message->err == AU_OK ? (const char *)message->data : "";
    switch (end) {
    case AU_HTTP_UNREACHABLE:
        return au_invocation_fail(invocation, AU_EXIT_UNREACHABLE,
                                  "no node answers at %s (%s); `aureon dev` starts one, --url or "
                                  "AUREON_URL names another",
                                  client->url, text);
    case AU_HTTP_TIMED_OUT:
        return au_invocation_fail(invocation, AU_EXIT_TIMED_OUT, "%s: %s", client->url, text);
    case AU_HTTP_BAD_URL:
        return au_invocation_fail(invocation, AU_EXIT_USAGE, "'%s' is no URL: %s", url, text);
    case AU_HTTP_TOO_LARGE:
        return au_invocation_fail(invocation, AU_EXIT_UNREACHABLE,
                                  "what answers at %s is no node: %s", client->url, text);
    case AU_HTTP_FAILED:
    case AU_HTTP_ANSWERED: break;
    }
    return au_invocation_fail(invocation, AU_EXIT_INTERNAL, "%s: %s", client->url, text);
}

static void read_json(struct au_answer *answer)
{
    struct au_json_in *json = NULL;
    if (au_json_in_parse(au_buf_bytes(&answer->body), NULL, &json) != AU_OK) return;
    if (au_json_in_type(json) == AU_JSON_IN_OBJECT) {
        answer->json = json;
    } else {
        au_json_in_free(json);
    }
}

static enum au_exit exchange(struct au_client *client, const struct au_request *request,
                             const char *url, struct au_answer *answer)
{
    struct au_buf message;
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    const struct au_http_request http = {
        .method = request->method,
        .url = url,
        .content_type = request->content_type,
        .body = request->body,
        .timeout_ms = request->timeout_ms == 0 ? AU_CLIENT_TIMEOUT_MS : request->timeout_ms,
    };
    struct au_http_answer got = {0};
    au_buf_init(&got.body, ANSWER_SIZE_MAX);
    enum au_http_end end = au_http_send(&http, &got, &message);
    answer->status = got.status;
    answer->body = got.body;
    enum au_exit code = AU_EXIT_DONE;
    if (end == AU_HTTP_ANSWERED) {
        read_json(answer);
    } else {
        code = fail_http(client, url, end, &message);
    }
    au_buf_done(&message);
    return code;
}

enum au_exit au_client_send(struct au_client *client, const struct au_request *request,
                            struct au_answer *out_answer)
{
    struct au_buf url;
    au_buf_init(&url, MESSAGE_SIZE_MAX);
    au_buf_put_text(&url, client->url);
    au_buf_put_text(&url, request->path);
    au_buf_put_u8(&url, 0);
    enum au_exit code = AU_EXIT_DONE;
    if (url.err != AU_OK) {
        code = au_invocation_fail(client->invocation, AU_EXIT_USAGE, "the address is too long");
    } else if (client->invocation->cli->is_offline) {
        code = au_invocation_fail(client->invocation, AU_EXIT_UNREACHABLE,
                                  "no node is reachable without a network");
    }
    const char *text = (const char *)url.data;
    if (code == AU_EXIT_DONE && client->is_dry) code = print_curl(client, request, text);
    if (code == AU_EXIT_DONE && !(client->is_dry && request->is_last)) {
        code = exchange(client, request, text, out_answer);
    }
    au_buf_done(&url);
    return code;
}

/* ---- refusals ---- */

static void put_member(struct au_buf *text, const struct au_answer *answer, const char *name,
                       const char *before)
{
    const struct au_json_in *value = au_json_in_get(answer->json, name);
    if (value != NULL && au_json_in_type(value) == AU_JSON_IN_INTEGER) {
        au_buf_printf(text, "%s%lld", before, (long long)au_json_in_integer(value));
        return;
    }
    struct au_bytes string = au_answer_text(answer, name);
    if (string.size == 0) return;
    au_buf_put_text(text, before);
    au_buf_put_bytes(text, string);
}

static enum au_exit exit_of(uint32_t status)
{
    switch (status) {
    case HTTP_NOT_FOUND: return AU_EXIT_NOT_FOUND;
    case HTTP_GONE: return AU_EXIT_NOT_FOUND;
    case HTTP_TIMEOUT: return AU_EXIT_TIMED_OUT;
    case HTTP_INTERNAL: return AU_EXIT_INTERNAL;
    default: return AU_EXIT_REJECTED;
    }
}

static enum au_exit fail_problem(const struct au_client *client, const struct au_answer *answer)
{
    struct au_buf text;
    struct au_bytes code = au_answer_text(answer, "code");
    au_buf_init(&text, MESSAGE_SIZE_MAX);
    put_member(&text, answer, "title", "");
    put_member(&text, answer, "detail", ": ");
    put_member(&text, answer, "expected", "; expected ");
    put_member(&text, answer, "got", ", got ");
    put_member(&text, answer, "code", " (");
    au_buf_put_text(&text, ")");
    for (size_t i = 0; i < AU_COUNT_OF(hints); i++) {
        if (!au_bytes_is_equal(code, au_bytes_of(hints[i].code))) continue;
        au_buf_put_text(&text, "; ");
        au_buf_put_text(&text, hints[i].text);
    }
    au_buf_put_u8(&text, 0);
    const char *message = text.err == AU_OK ? (const char *)text.data : "refused";
    enum au_exit result =
        au_invocation_fail(client->invocation, exit_of(answer->status), "%s", message);
    au_buf_done(&text);
    if (!au_invocation_knows(client->invocation, "json") ||
        !au_invocation_has(client->invocation, "json")) {
        return result;
    }
    enum au_exit printed = au_client_print(client, answer);
    return printed == AU_EXIT_DONE ? result : printed;
}

enum au_exit au_client_check(const struct au_client *client, const struct au_answer *answer)
{
    if (answer->status >= 200 && answer->status < 300) return AU_EXIT_DONE;
    if (au_answer_text(answer, "code").size > 0) return fail_problem(client, answer);
    return au_invocation_fail(client->invocation, AU_EXIT_UNREACHABLE,
                              "what answers at %s is no node: status %u without a problem "
                              "document; --url or AUREON_URL names another",
                              client->url, answer->status);
}

enum au_exit au_client_ask(struct au_client *client, const struct au_request *request,
                           struct au_answer *out_answer)
{
    enum au_exit code = au_client_send(client, request, out_answer);
    if (code != AU_EXIT_DONE || out_answer->status == 0) return code;
    code = au_client_check(client, out_answer);
    if (code != AU_EXIT_DONE || out_answer->json != NULL) return code;
    return au_invocation_fail(client->invocation, AU_EXIT_UNREACHABLE,
                              "what answers at %s is no node: no JSON object", client->url);
}

enum au_exit au_client_get(struct au_client *client, const char *path, struct au_answer *out_answer)
{
    const struct au_request request = {.method = "GET", .path = path};
    return au_client_ask(client, &request, out_answer);
}

void au_answer_done(struct au_answer *answer)
{
    au_json_in_free(answer->json);
    au_buf_done(&answer->body);
    *answer = (struct au_answer){0};
}

/* ---- members ---- */

struct au_bytes au_answer_text(const struct au_answer *answer, const char *name)
{
    return answer->json == NULL ? (struct au_bytes){0} : au_json_in_text(answer->json, name);
}

enum au_exit au_client_fail_member(const struct au_client *client, const char *name,
                                   const char *expected)
{
    return au_invocation_fail(client->invocation, AU_EXIT_UNREACHABLE,
                              "%s answers otherwise than a node of this version: '%s' is not %s",
                              client->url, name, expected);
}

enum au_exit au_client_text(const struct au_client *client, const struct au_answer *answer,
                            const char *name, struct au_bytes *out_text)
{
    const struct au_json_in *value = au_json_in_get(answer->json, name);
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_STRING) {
        return au_client_fail_member(client, name, "a text");
    }
    *out_text = au_json_in_string(value);
    return AU_EXIT_DONE;
}

enum au_exit au_client_u64(const struct au_client *client, const struct au_answer *answer,
                           const char *name, uint64_t *out_number)
{
    struct au_bytes text = {0};
    enum au_exit code = au_client_text(client, answer, name, &text);
    if (code != AU_EXIT_DONE || au_text_parse_u64(text, out_number) == AU_OK) return code;
    return au_client_fail_member(client, name, "a decimal number");
}

enum au_exit au_client_hash(const struct au_client *client, const struct au_answer *answer,
                            const char *name, struct au_hash *out_hash)
{
    struct au_bytes text = {0};
    enum au_exit code = au_client_text(client, answer, name, &text);
    if (code != AU_EXIT_DONE) return code;
    if (au_hex_parse(text, out_hash->bytes, AU_HASH_SIZE) == AU_OK) return code;
    return au_client_fail_member(client, name, "a hash");
}

enum au_exit au_client_status(struct au_client *client, struct au_chain_status *out_status)
{
    struct au_answer answer = {0};
    struct au_bytes mode = {0};
    enum au_exit code = au_client_get(client, "/v1/status", &answer);
    if (code == AU_EXIT_DONE) code = au_client_text(client, &answer, "mode", &mode);
    if (code == AU_EXIT_DONE) {
        code = au_client_hash(client, &answer, "genesis_hash", &out_status->genesis_hash);
    }
    if (code == AU_EXIT_DONE) code = au_client_u64(client, &answer, "height", &out_status->height);
    if (code == AU_EXIT_DONE) {
        code = au_client_u64(client, &answer, "gas_price_min", &out_status->gas_price_min);
    }
    if (code == AU_EXIT_DONE) {
        code = au_client_u64(client, &answer, "block_gas_limit", &out_status->block_gas_limit);
    }
    out_status->is_dev = au_bytes_is_equal(mode, au_bytes_of("dev"));
    au_answer_done(&answer);
    return code;
}

enum au_exit au_client_print(const struct au_client *client, const struct au_answer *answer)
{
    if (answer->json == NULL) return AU_EXIT_DONE;
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (au_invocation_has(client->invocation, "json")) {
        au_show_json(&text, au_buf_bytes(&answer->body));
    } else {
        au_page_put(&text, answer->json);
    }
    enum au_exit code = au_invocation_write(client->invocation, &text);
    au_buf_done(&text);
    return code;
}
