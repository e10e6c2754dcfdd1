#include "api/input.h"

#include <inttypes.h>
#include <stdio.h>

#include "api/json.h"
#include "base/hex.h"
#include "base/text.h"
#include "core/arg.h"
#include "core/limits.h"
#include "state/undo_record.h"

#define ARENA_SIZE_MAX   (64u << 20)
#define NUMBER_MAX       (((int64_t)1 << 53) - 1) /* of a JSON number: what every parser keeps */
#define GOT_SIZE_MAX     120u                     /* bytes of a value in a problem */
#define MESSAGE_SIZE_MAX 512u
#define NAMES_SIZE_MAX   512u
#define MS_PER_SECOND    1000u
#define EXPECTED_U64 \
    "a decimal string from \"0\" to \"18446744073709551615\", or a number up to 2^53-1"
#define EXPECTED_ADDRESS "an address, aur1... or 0x and 64 hex digits"
#define EXPECTED_HASH    "0x and 64 hex digits"
#define EXPECTED_ARG \
    "strings: " AU_ARG_EXPECTED "; by the contract's types they are an object, {\"by\": 5}"
#define EXPECTED_HEX "0x and an even number of hex digits"

void au_input_init(struct au_input *input, struct au_api *api, const struct au_request *request,
                   struct au_response *response)
{
    *input = (struct au_input){.api = api, .request = request, .response = response};
    au_arena_init(&input->arena, ARENA_SIZE_MAX);
}

void au_input_done(struct au_input *input)
{
    au_json_in_free(input->json);
    au_arena_done(&input->arena);
}

/* ---- failures ---- */

void au_input_fail_err(struct au_input *input, enum au_err err)
{
    input->has_failed = true;
    au_fail(input->response, err);
}

void au_input_fail(struct au_input *input, const char *name, const char *expected,
                   struct au_bytes got)
{
    if (input->has_failed) return;
    input->has_failed = true;
    au_fail_value(input->response, name, expected, got);
}

void au_input_need(struct au_input *input, const char *name, const char *expected)
{
    struct au_problem problem;
    if (input->has_failed) return;
    input->has_failed = true;
    au_problem_init(&problem, AU_PROBLEM_MISSING_VALUE);
    au_problem_set(&problem, "detail", "`%s` is not there", name);
    au_problem_set(&problem, "member", "%s", name);
    au_problem_set(&problem, "expected", "%s", expected);
    au_response_put_problem(input->response, &problem);
}

static bool is_known(const char *const *names, struct au_bytes name)
{
    for (; *names != NULL; names++) {
        if (au_bytes_is_equal(au_bytes_of(*names), name)) return true;
    }
    return false;
}

static void fail_unknown(struct au_input *input, const char *const *names, struct au_bytes name,
                         const char *where)
{
    struct au_problem problem;
    struct au_buf list;
    int size = (int)(name.size < GOT_SIZE_MAX ? name.size : GOT_SIZE_MAX);
    au_buf_init(&list, NAMES_SIZE_MAX);
    for (const char *const *known = names; *known != NULL; known++) {
        au_buf_printf(&list, "%s%s", known == names ? "" : ", ", *known);
    }
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_MEMBER);
    au_problem_set(&problem, "detail", "%s has a member `%.*s` that this route does not know",
                   where, size, (const char *)name.data);
    au_problem_set(&problem, "member", "%.*s", size, (const char *)name.data);
    au_problem_set(&problem, "expected", "%.*s", list.size > 0 ? (int)list.size : 4,
                   list.size > 0 ? (const char *)list.data : "none");
    au_response_put_problem(input->response, &problem);
    au_buf_done(&list);
    input->has_failed = true;
}

bool au_input_check_query(struct au_input *input, const char *const *names)
{
    const struct au_request *request = input->request;
    for (size_t i = 0; i < request->query_count && !input->has_failed; i++) {
        if (is_known(names, request->query[i].name)) continue;
        fail_unknown(input, names, request->query[i].name, "the query");
    }
    return !input->has_failed;
}

/* ---- the body ---- */

static void parse_body(struct au_input *input)
{
    struct au_buf message;
    struct au_problem problem;
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_err err = au_json_in_parse(input->request->body, &message, &input->json);
    if (err == AU_ERR_MALFORMED) {
        au_problem_init(&problem, AU_PROBLEM_MALFORMED_JSON);
        au_problem_set(&problem, "detail", "%.*s", (int)message.size,
                       message.size > 0 ? (const char *)message.data : "");
        au_response_put_problem(input->response, &problem);
        input->has_failed = true;
    } else if (err != AU_OK) {
        au_input_fail_err(input, err);
    }
    au_buf_done(&message);
}

bool au_input_parse(struct au_input *input, const char *const *names)
{
    struct au_json_in_member member = {0};
    if (input->has_failed) return false;
    if (!au_request_has_media_type(input->request, AU_JSON_MEDIA_TYPE)) {
        struct au_problem problem;
        au_problem_init(&problem, AU_PROBLEM_UNSUPPORTED_MEDIA_TYPE);
        au_problem_set(&problem, "expected", "Content-Type: application/json%s",
                       is_known(names, au_bytes_of("tx")) ? ", or application/octet-stream" : "");
        au_response_put_problem(input->response, &problem);
        input->has_failed = true;
        return false;
    }
    parse_body(input);
    if (input->has_failed) return false;
    if (au_json_in_type(input->json) != AU_JSON_IN_OBJECT) {
        const char *got = au_json_in_type_name(au_json_in_type(input->json));
        au_input_fail(input, "the body", "an object", au_bytes_of(got));
        return false;
    }
    while (!input->has_failed && au_json_in_next(input->json, &member)) {
        if (!is_known(names, member.key)) fail_unknown(input, names, member.key, "the body");
    }
    return !input->has_failed;
}

/* ---- values ---- */

static const struct au_json_in *member_of(const struct au_input *input, const char *name)
{
    return input->json == NULL ? NULL : au_json_in_get(input->json, name);
}

bool au_input_has(const struct au_input *input, const char *name)
{
    struct au_bytes value;
    if (input->json != NULL) return member_of(input, name) != NULL;
    return au_request_query(input->request, name, &value);
}

bool au_input_text(struct au_input *input, const char *name, struct au_bytes *out_text)
{
    if (input->has_failed) return false;
    if (input->json == NULL) return au_request_query(input->request, name, out_text);
    const struct au_json_in *member = member_of(input, name);
    if (member == NULL) return false;
    if (au_json_in_type(member) != AU_JSON_IN_STRING) {
        const char *got = au_json_in_type_name(au_json_in_type(member));
        au_input_fail(input, name, "a string", au_bytes_of(got));
        return false;
    }
    *out_text = au_json_in_string(member);
    return true;
}

bool au_input_u64(struct au_input *input, const char *name, uint64_t *out_value)
{
    struct au_bytes text;
    const struct au_json_in *member = member_of(input, name);
    if (input->has_failed) return false;
    if (member != NULL && au_json_in_type(member) == AU_JSON_IN_INTEGER) {
        int64_t number = au_json_in_integer(member);
        if (number >= 0 && number <= NUMBER_MAX) {
            *out_value = (uint64_t)number;
            return true;
        }
        char got[32];
        snprintf(got, sizeof(got), "%" PRId64, number);
        au_input_fail(input, name, EXPECTED_U64, au_bytes_of(got));
        return false;
    }
    if (!au_input_text(input, name, &text)) return false;
    if (au_text_parse_u64(text, out_value) == AU_OK) return true;
    au_input_fail(input, name, EXPECTED_U64, text);
    return false;
}

bool au_input_bytes(struct au_input *input, const char *name, struct au_bytes *out_bytes)
{
    struct au_bytes text;
    if (!au_input_text(input, name, &text)) return false;
    enum au_err err = au_hex_read(&input->arena, text, out_bytes);
    if (err == AU_ERR_MALFORMED) {
        au_input_fail(input, name, EXPECTED_HEX, text);
    } else if (err != AU_OK) {
        au_input_fail_err(input, err);
    }
    return err == AU_OK;
}

bool au_address_read(const struct au_api *api, struct au_bytes text, struct au_address *out_address)
{
    size_t index;
    if (au_address_parse(text, out_address) == NULL) return true;
    if (!api->options.is_dev) return false;
    if (text.size > 0 && text.data[0] == '@') {
        text.data++;
        text.size--;
    }
    if (!au_dev_account_find(text, &index)) return false;
    *out_address = api->dev_addresses[index];
    return true;
}

bool au_input_address(struct au_input *input, const char *name, struct au_address *out_address)
{
    struct au_bytes text;
    return au_input_text(input, name, &text) &&
           au_input_named_address(input, name, text, out_address);
}

/* ---- arguments ---- */

static bool put_arg(struct au_input *input, struct au_bytes text,
                    struct au_bytes out_args[AU_ARG_COUNT_MAX], size_t *out_count)
{
    if (*out_count == AU_ARG_COUNT_MAX) {
        au_input_fail(input, "args", "at most 64 arguments", au_bytes_of("more"));
        return false;
    }
    const struct au_arg_form *form;
    enum au_err err = au_arg_read(text, &input->arena, &form, &out_args[*out_count]);
    if (err == AU_ERR_MALFORMED) {
        au_input_fail(input, "args", EXPECTED_ARG, text);
    } else if (err != AU_OK) {
        au_input_fail_err(input, err);
    }
    if (err == AU_OK) (*out_count)++;
    return err == AU_OK;
}

bool au_input_check_args(struct au_input *input, const struct au_bytes *args, size_t count)
{
    if (input->has_failed) return false;
    size_t size = 0;
    for (size_t i = 0; i < count; i++)
        size += args[i].size;
    if (size <= AU_ARGS_SIZE_MAX) return true;
    au_input_fail(input, "args", "at most 262144 bytes of all arguments together",
                  au_bytes_of("more"));
    return false;
}

static bool read_json_args(struct au_input *input, struct au_bytes out_args[AU_ARG_COUNT_MAX],
                           size_t *out_count)
{
    const struct au_json_in *list = member_of(input, "args");
    if (list == NULL) return true;
    if (au_json_in_type(list) != AU_JSON_IN_ARRAY) {
        const char *got = au_json_in_type_name(au_json_in_type(list));
        au_input_fail(input, "args", "an object, the arguments by name, or an array of strings",
                      au_bytes_of(got));
        return false;
    }
    for (size_t i = 0; i < au_json_in_count(list); i++) {
        const struct au_json_in *item = au_json_in_item(list, i);
        if (au_json_in_type(item) != AU_JSON_IN_STRING) {
            const char *got = au_json_in_type_name(au_json_in_type(item));
            au_input_fail(input, "args", EXPECTED_ARG, au_bytes_of(got));
            return false;
        }
        if (!put_arg(input, au_json_in_string(item), out_args, out_count)) return false;
    }
    return true;
}

bool au_input_args(struct au_input *input, struct au_bytes out_args[AU_ARG_COUNT_MAX],
                   size_t *out_count)
{
    const struct au_request *request = input->request;
    *out_count = 0;
    if (input->has_failed) return false;
    if (input->json != NULL) {
        if (!read_json_args(input, out_args, out_count)) return false;
        return au_input_check_args(input, out_args, *out_count);
    }
    for (size_t i = 0; i < request->query_count; i++) {
        if (!au_bytes_is_equal(request->query[i].name, au_bytes_of("arg"))) continue;
        if (!put_arg(input, request->query[i].value, out_args, out_count)) return false;
    }
    return au_input_check_args(input, out_args, *out_count);
}

/* ---- of the query ---- */

bool au_input_query_u64(struct au_input *input, const char *name, uint64_t min, uint64_t max,
                        uint64_t *out_value)
{
    struct au_bytes text;
    uint64_t value = 0;
    char expected[64];
    if (input->has_failed || !au_request_query(input->request, name, &text)) return false;
    if (au_text_parse_u64(text, &value) == AU_OK && value >= min && value <= max) {
        *out_value = value;
        return true;
    }
    snprintf(expected, sizeof(expected), "a number from %" PRIu64 " to %" PRIu64, min, max);
    au_input_fail(input, name, expected, text);
    return false;
}

bool au_input_query_word(struct au_input *input, const char *name, const char *const *words,
                         size_t *out_index)
{
    struct au_bytes text;
    struct au_buf list;
    if (input->has_failed || !au_request_query(input->request, name, &text)) return false;
    au_buf_init(&list, NAMES_SIZE_MAX);
    for (size_t i = 0; words[i] != NULL; i++) {
        if (au_bytes_is_equal(au_bytes_of(words[i]), text)) {
            *out_index = i;
            au_buf_done(&list);
            return true;
        }
        au_buf_printf(&list, "%s%s", i == 0 ? "" : " or ", words[i]);
    }
    au_buf_put_u8(&list, 0);
    au_input_fail(input, name, list.err == AU_OK ? (const char *)list.data : "", text);
    au_buf_done(&list);
    return false;
}

bool au_input_query_time(struct au_input *input, const char *name, uint64_t max_ms,
                         unsigned *out_ms)
{
    struct au_bytes text;
    uint64_t value = 0;
    uint64_t unit_ms = 0;
    if (input->has_failed || !au_request_query(input->request, name, &text)) return false;
    struct au_bytes digits = text;
    if (text.size > 2 && memcmp(text.data + text.size - 2, "ms", 2) == 0) {
        unit_ms = 1;
        digits.size -= 2;
    } else if (text.size > 1 && text.data[text.size - 1] == 's') {
        unit_ms = MS_PER_SECOND;
        digits.size -= 1;
    }
    if (unit_ms > 0 && au_text_parse_u64(digits, &value) == AU_OK && value <= max_ms / unit_ms) {
        *out_ms = (unsigned)(value * unit_ms);
        return true;
    }
    char expected[64];
    snprintf(expected, sizeof(expected), "a time like 500ms or 10s, at most %" PRIu64 "s",
             max_ms / MS_PER_SECOND);
    au_input_fail(input, name, expected, text);
    return false;
}

/* ---- of the path ---- */

bool au_input_named_address(struct au_input *input, const char *name, struct au_bytes text,
                            struct au_address *out_address)
{
    if (input->has_failed) return false;
    if (au_address_read(input->api, text, out_address)) return true;
    au_input_fail(input, name, EXPECTED_ADDRESS, text);
    return false;
}

bool au_input_path_address(struct au_input *input, const char *name, struct au_address *out_address)
{
    return au_input_named_address(input, name, au_request_param(input->request, name), out_address);
}

bool au_input_slot_key(struct au_input *input, const char *name, struct au_bytes text,
                       struct au_bytes *out_key)
{
    if (input->has_failed) return false;
    if (au_hex_read(&input->arena, text, out_key) == AU_OK && out_key->size > 0 &&
        out_key->size <= AU_KEY_SIZE_MAX) {
        return true;
    }
    au_input_fail(input, name, "0x and the hex digits of 1 to 256 bytes", text);
    return false;
}

bool au_input_path_slot_key(struct au_input *input, const char *name, struct au_bytes *out_key)
{
    return au_input_slot_key(input, name, au_request_param(input->request, name), out_key);
}

void au_input_fail_contract(struct au_input *input)
{
    struct au_problem problem;
    struct au_bytes got;
    if (!au_input_text(input, "contract", &got)) got = au_request_param(input->request, "address");
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_CONTRACT);
    au_problem_set(&problem, "got", "%.*s", (int)got.size, (const char *)got.data);
    au_response_put_problem(input->response, &problem);
    input->has_failed = true;
}

bool au_input_path_hash(struct au_input *input, const char *name, struct au_hash *out_hash)
{
    struct au_bytes text = au_request_param(input->request, name);
    if (input->has_failed) return false;
    if (au_hex_parse(text, out_hash->bytes, AU_HASH_SIZE) == AU_OK) return true;
    au_input_fail(input, name, EXPECTED_HASH, text);
    return false;
}

/* ---- heights ---- */

bool au_input_height(struct au_input *input, uint64_t *out_height, bool *out_is_given)
{
    uint64_t head = au_ledger_head(input->api->options.ledger).height;
    uint64_t height = head;
    struct au_problem problem;
    *out_is_given = au_input_u64(input, "height", &height);
    if (input->has_failed) return false;
    *out_height = height;
    if (height <= head) return true;
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_BLOCK);
    au_problem_set(&problem, "got", "%" PRIu64, height);
    au_problem_set(&problem, "expected", "a height up to %" PRIu64, head);
    au_response_put_problem(input->response, &problem);
    input->has_failed = true;
    return false;
}

void au_input_fail_height(struct au_input *input, uint64_t height, enum au_err err)
{
    struct au_ledger *ledger = input->api->options.ledger;
    uint64_t head = au_ledger_head(ledger).height;
    struct au_problem problem;
    input->has_failed = true;
    if (err != AU_ERR_NOT_FOUND && err != AU_ERR_TOO_LARGE) {
        au_fail(input->response, err);
        return;
    }
    au_problem_init(&problem, AU_PROBLEM_PRUNED);
    if (err == AU_ERR_TOO_LARGE) {
        au_problem_set(&problem, "detail", "more was changed since than the node goes back over");
    } else {
        au_problem_set(&problem, "expected", "a height from %" PRIu64 " to %" PRIu64,
                       au_ledger_kept(ledger).first, head);
    }
    au_problem_set(&problem, "got", "%" PRIu64, height);
    au_response_put_problem(input->response, &problem);
}

void au_input_fail_tx(struct au_input *input)
{
    struct au_problem problem;
    struct au_bytes hash = au_request_param(input->request, "hash");
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_TX);
    au_problem_set(&problem, "got", "%.*s", (int)hash.size, (const char *)hash.data);
    au_response_put_problem(input->response, &problem);
}

bool au_input_look_at_tx(struct au_input *input, struct au_hash *out_id, struct au_look *out_look,
                         struct au_chain_place *out_place)
{
    if (!au_input_path_hash(input, "hash", out_id)) return false;
    if (!au_look_open(input->api, input->response, out_look)) return false;
    enum au_err err = au_chain_place(&out_look->chain, out_id, out_place);
    if (err == AU_OK) return true;
    if (err == AU_ERR_NOT_FOUND) {
        au_input_fail_tx(input);
    } else {
        au_fail(input->response, err);
    }
    au_look_close(out_look);
    return false;
}

bool au_input_look(struct au_input *input, struct au_look *out_look)
{
    uint64_t height;
    bool is_given;
    if (!au_input_height(input, &height, &is_given)) return false;
    if (!is_given) return au_look_open(input->api, input->response, out_look);
    enum au_err err = au_read_open_at(input->api->options.ledger, height, &out_look->read);
    if (err == AU_OK) {
        au_look_begin(input->api, input->response, out_look);
    } else {
        au_input_fail_height(input, height, err);
    }
    return err == AU_OK;
}

/* ---- proofs ---- */

static void fail_proving(struct au_input *input, uint64_t height, enum au_err err,
                         const struct au_buf *message)
{
    struct au_problem problem;
    input->has_failed = true;
    if (err == AU_ERR_TOO_LARGE) {
        au_problem_init(&problem, AU_PROBLEM_TOO_FAR);
        au_problem_set(&problem, "got", "%" PRIu64, height);
    } else if (err == AU_ERR_MALFORMED && message->size > 0) {
        au_problem_init(&problem, AU_PROBLEM_INTERNAL);
        au_problem_set(&problem, "detail", "%.*s", (int)message->size, (const char *)message->data);
    } else {
        au_fail(input->response, err);
        return;
    }
    au_response_put_problem(input->response, &problem);
}

static bool open_past_to_prove(struct au_input *input, uint64_t height, struct au_look *look)
{
    struct au_buf message;
    enum au_err err = au_read_open_at(input->api->options.ledger, height, &look->read);
    if (err != AU_OK) {
        au_input_fail_height(input, height, err);
        return false;
    }
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    err = au_read_begin_proving(&look->read, &message);
    if (err == AU_OK) {
        au_look_begin(input->api, input->response, look);
    } else {
        fail_proving(input, height, err, &message);
        au_read_close(&look->read);
    }
    au_buf_done(&message);
    return err == AU_OK;
}

bool au_input_look_to_prove(struct au_input *input, struct au_look *out_look)
{
    uint64_t height;
    bool is_given;
    if (!au_input_height(input, &height, &is_given)) return false;
    enum au_err err = au_read_open_to_prove(input->api->options.ledger, &out_look->read);
    if (err != AU_OK) {
        au_input_fail_err(input, err);
        return false;
    }
    if (!is_given || out_look->read.head.height == height) {
        au_look_begin(input->api, input->response, out_look);
        return true;
    }
    au_read_close(&out_look->read);
    return open_past_to_prove(input, height, out_look);
}
