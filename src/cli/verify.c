#include "cli/verify.h"

#include "base/hex.h"
#include "base/text.h"
#include "cli/page.h"
#include "cli/verify_internal.h"

#define DOCUMENT_SIZE_MAX (16u << 20) /* bytes */
#define RESULT_SIZE_MAX   (16u << 20) /* bytes */
#define MESSAGE_SIZE_MAX  1024u       /* bytes */

enum au_exit au_verify_fail_form(const struct au_verify *check, const char *name,
                                 const char *expected)
{
    return au_invocation_fail(check->invocation, AU_EXIT_USAGE,
                              "'%s' is no proof: '%s%s' is not %s", check->invocation->operands[0],
                              check->place, name, expected);
}

enum au_exit au_verify_reject(const struct au_verify *check, const char *what, const char *reason)
{
    return au_invocation_fail(check->invocation, AU_EXIT_REJECTED, "nothing is proved: %s%s: %s",
                              check->place, what, reason);
}

/* ---- reading the document ---- */

enum au_exit au_verify_hex(const struct au_verify *check, const char *name,
                           const struct au_json_in *value, struct au_bytes *out_bytes)
{
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_STRING) {
        return au_verify_fail_form(check, name, "0x and hex");
    }
    enum au_err err = au_hex_read(&check->invocation->arena, au_json_in_string(value), out_bytes);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_MALFORMED) return au_verify_fail_form(check, name, "0x and hex");
    return au_invocation_fail(check->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
}

enum au_exit au_verify_hash(const struct au_verify *check, const char *name,
                            struct au_hash *out_hash)
{
    struct au_bytes bytes = {0};
    enum au_exit code = au_verify_hex(check, name, au_json_in_get(check->object, name), &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (bytes.size != AU_HASH_SIZE) return au_verify_fail_form(check, name, "of 32 bytes");
    memcpy(out_hash->bytes, bytes.data, AU_HASH_SIZE);
    return AU_EXIT_DONE;
}

enum au_exit au_verify_address(const struct au_verify *check, const char *name,
                               struct au_address *out_address)
{
    const struct au_json_in *value = au_json_in_get(check->object, name);
    if (value != NULL && au_json_in_type(value) == AU_JSON_IN_STRING &&
        au_address_parse(au_json_in_string(value), out_address) == NULL) {
        return AU_EXIT_DONE;
    }
    return au_verify_fail_form(check, name, "an address");
}

enum au_exit au_verify_u32(const struct au_verify *check, const char *name, uint32_t *out_number)
{
    const struct au_json_in *value = au_json_in_get(check->object, name);
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_INTEGER ||
        au_json_in_integer(value) < 0 || au_json_in_integer(value) > UINT32_MAX) {
        return au_verify_fail_form(check, name, "a number");
    }
    *out_number = (uint32_t)au_json_in_integer(value);
    return AU_EXIT_DONE;
}

enum au_exit au_verify_list(const struct au_verify *check, const char *name, size_t count_max,
                            struct au_bytes *out_items, size_t *out_count)
{
    const struct au_json_in *list = au_json_in_get(check->object, name);
    if (list == NULL || au_json_in_type(list) != AU_JSON_IN_ARRAY ||
        au_json_in_count(list) > count_max) {
        return au_verify_fail_form(check, name, "a list, or longer than any proof");
    }
    *out_count = au_json_in_count(list);
    for (size_t i = 0; i < *out_count; i++) {
        enum au_exit code = au_verify_hex(check, name, au_json_in_item(list, i), &out_items[i]);
        if (code != AU_EXIT_DONE) return code;
    }
    return AU_EXIT_DONE;
}

static enum au_exit parse_document(struct au_verify *check, struct au_bytes text,
                                   struct au_buf *message)
{
    enum au_err err = au_json_in_parse(text, message, &check->root);
    if (err == AU_OK) {
        enum au_json_in_type type = au_json_in_type(check->root);
        if (type == AU_JSON_IN_OBJECT) return AU_EXIT_DONE;
        au_buf_printf(message, "expected an object, got %s", au_json_in_type_name(type));
    } else if (err != AU_ERR_MALFORMED) {
        return au_invocation_fail(check->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
    }
    return au_invocation_fail(check->invocation, AU_EXIT_USAGE, "'%s' is no proof: %.*s",
                              check->invocation->operands[0], (int)message->size,
                              (const char *)message->data);
}

static enum au_exit read_document(struct au_verify *check)
{
    const char *path = check->invocation->operands[0];
    struct au_buf content;
    struct au_buf message;
    au_buf_init(&content, DOCUMENT_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_exit code = au_invocation_read(check->invocation, path, &content);
    if (code == AU_EXIT_DONE) code = parse_document(check, au_buf_bytes(&content), &message);
    check->object = check->root;
    au_buf_done(&message);
    au_buf_done(&content);
    return code;
}

/* ---- the block ---- */

static enum au_exit check_block(const struct au_verify *check)
{
    const char *block = au_invocation_text(check->invocation, "block", NULL);
    if (block == NULL) return AU_EXIT_DONE;
    struct au_hash expected;
    if (au_hex_parse(au_bytes_of(block), expected.bytes, AU_HASH_SIZE) != AU_OK) {
        return au_invocation_fail(check->invocation, AU_EXIT_USAGE,
                                  "--block: expected 0x and 64 hex digits, got '%s'", block);
    }
    struct au_hash hash = au_header_hash(&check->header);
    if (au_hash_is_equal(&hash, &expected)) return AU_EXIT_DONE;
    return au_verify_reject(check, "the header", "its hash is not that of --block");
}

static enum au_exit check_header(struct au_verify *check)
{
    struct au_bytes bytes = {0};
    struct au_decode error;
    enum au_exit code =
        au_verify_hex(check, "header", au_json_in_get(check->object, "header"), &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (!au_header_decode(bytes, &check->header, &error)) {
        return au_verify_reject(check, "the header", error.error);
    }
    const struct au_json_in *height = au_json_in_get(check->object, "height");
    uint64_t told = 0;
    if (height != NULL && (au_json_in_type(height) != AU_JSON_IN_STRING ||
                           au_text_parse_u64(au_json_in_string(height), &told) != AU_OK)) {
        return au_verify_fail_form(check, "height", "a decimal number in quotes");
    }
    if (height != NULL && told != check->header.height) {
        return au_verify_reject(check, "height", "it is not that of the header");
    }
    return check_block(check);
}

enum au_exit au_verify_root(const struct au_verify *check, const char *name,
                            const struct au_hash *proved)
{
    struct au_hash named;
    if (au_json_in_get(check->object, name) == NULL) return AU_EXIT_DONE;
    enum au_exit code = au_verify_hash(check, name, &named);
    if (code != AU_EXIT_DONE) return code;
    if (proved != NULL && au_hash_is_equal(&named, proved)) return AU_EXIT_DONE;
    return au_verify_reject(check, name, "another one is proved, or none");
}

void au_verify_put_hash(struct au_verify *check, const char *name, const struct au_hash *hash)
{
    au_json_write_key(&check->json, name);
    au_json_write_hex(&check->json, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
}

void au_verify_put_block(struct au_verify *check, const char *what)
{
    struct au_hash hash = au_header_hash(&check->header);
    au_json_write_key(&check->json, "proved");
    au_json_write_text(&check->json, what);
    au_json_write_key(&check->json, "chain_id");
    au_json_write_bytes(&check->json, (struct au_bytes){(const uint8_t *)check->header.chain_id,
                                                        check->header.chain_id_size});
    au_json_write_key(&check->json, "height");
    au_json_write_u64(&check->json, check->header.height);
    au_verify_put_hash(check, "block", &hash);
}

/* ---- all of it ---- */

static enum au_exit check_document(struct au_verify *check)
{
    static const struct {
        const char *member; /* that no kind before has */
        enum au_exit (*check)(struct au_verify *check);
    } kinds[] = {
        {"storage_proof", au_verify_slot},
        {"key", au_verify_slot}, /* one whose proof is gone proves no account instead */
        {"account_proof", au_verify_account},
        {"accounts", au_verify_accounts},
        {"receipt", au_verify_receipt},
        {"tx_path", au_verify_tx},
    };
    for (size_t i = 0; i < AU_COUNT_OF(kinds); i++) {
        if (au_json_in_get(check->object, kinds[i].member) == NULL) continue;
        enum au_exit code = check_header(check);
        return code == AU_EXIT_DONE ? kinds[i].check(check) : code;
    }
    return au_invocation_fail(
        check->invocation, AU_EXIT_USAGE,
        "'%s' is no proof: it has no account_proof, storage_proof, accounts or "
        "tx_path",
        check->invocation->operands[0]);
}

enum au_exit au_proof_verify_command(struct au_invocation *invocation)
{
    struct au_verify check = {.invocation = invocation};
    au_buf_init(&check.result, RESULT_SIZE_MAX);
    au_json_write_init(&check.json, &check.result, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(&check.json);
    enum au_exit code = read_document(&check);
    if (code == AU_EXIT_DONE) code = check_document(&check);
    if (code == AU_EXIT_DONE) {
        au_json_write_end_object(&check.json);
        au_json_write_finish(&check.json);
        code = au_page_print(invocation, &check.result);
    }
    au_json_in_free(check.root);
    au_buf_done(&check.result);
    return code;
}
