#include "cli/verify.h"

#include "base/hex.h"
#include "base/json_in.h"
#include "base/text.h"
#include "cli/page.h"
#include "core/merkle.h"
#include "core/tx_json.h"
#include "crypto/sha256.h"
#include "state/proof.h"
#include "state/rlp.h"

#define DOCUMENT_SIZE_MAX (16u << 20) /* bytes */
#define RESULT_SIZE_MAX   (16u << 20) /* bytes */
#define MESSAGE_SIZE_MAX  1024u       /* bytes */

/* A check under way. */
struct check {
    struct au_invocation *invocation;
    struct au_json_in *root; /* the document */
    struct au_header header;
    struct au_buf result;
    struct au_json_write json; /* into result; its object is open */
};

static enum au_exit fail_form(const struct check *check, const char *name, const char *expected)
{
    return au_invocation_fail(check->invocation, AU_EXIT_USAGE, "'%s' is no proof: '%s' is not %s",
                              check->invocation->operands[0], name, expected);
}

static enum au_exit reject(const struct check *check, const char *what, const char *reason)
{
    return au_invocation_fail(check->invocation, AU_EXIT_REJECTED, "nothing is proved: %s: %s",
                              what, reason);
}

/* ---- reading the document ---- */

static enum au_exit read_hex(const struct check *check, const char *name,
                             const struct au_json_in *value, struct au_bytes *out_bytes)
{
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_STRING) {
        return fail_form(check, name, "0x and hex");
    }
    enum au_err err = au_hex_read(&check->invocation->arena, au_json_in_string(value), out_bytes);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_MALFORMED) return fail_form(check, name, "0x and hex");
    return au_invocation_fail(check->invocation, AU_EXIT_INTERNAL, "%s", au_err_text(err));
}

static enum au_exit read_hash(const struct check *check, const char *name, struct au_hash *out_hash)
{
    struct au_bytes bytes = {0};
    enum au_exit code = read_hex(check, name, au_json_in_get(check->root, name), &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (bytes.size != AU_HASH_SIZE) return fail_form(check, name, "of 32 bytes");
    memcpy(out_hash->bytes, bytes.data, AU_HASH_SIZE);
    return AU_EXIT_DONE;
}

static enum au_exit read_address(const struct check *check, const char *name,
                                 struct au_address *out_address)
{
    const struct au_json_in *value = au_json_in_get(check->root, name);
    if (value != NULL && au_json_in_type(value) == AU_JSON_IN_STRING &&
        au_address_parse(au_json_in_string(value), out_address) == NULL) {
        return AU_EXIT_DONE;
    }
    return fail_form(check, name, "an address");
}

static enum au_exit read_u32(const struct check *check, const char *name, uint32_t *out_number)
{
    const struct au_json_in *value = au_json_in_get(check->root, name);
    if (value == NULL || au_json_in_type(value) != AU_JSON_IN_INTEGER ||
        au_json_in_integer(value) < 0 || au_json_in_integer(value) > UINT32_MAX) {
        return fail_form(check, name, "a number");
    }
    *out_number = (uint32_t)au_json_in_integer(value);
    return AU_EXIT_DONE;
}

/* A list of bytes, at most count_max items. */
static enum au_exit read_list(const struct check *check, const char *name, size_t count_max,
                              struct au_bytes *out_items, size_t *out_count)
{
    const struct au_json_in *list = au_json_in_get(check->root, name);
    if (list == NULL || au_json_in_type(list) != AU_JSON_IN_ARRAY ||
        au_json_in_count(list) > count_max) {
        return fail_form(check, name, "a list, or longer than any proof");
    }
    *out_count = au_json_in_count(list);
    for (size_t i = 0; i < *out_count; i++) {
        enum au_exit code = read_hex(check, name, au_json_in_item(list, i), &out_items[i]);
        if (code != AU_EXIT_DONE) return code;
    }
    return AU_EXIT_DONE;
}

static enum au_exit parse_document(struct check *check, struct au_bytes text,
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

static enum au_exit read_document(struct check *check)
{
    const char *path = check->invocation->operands[0];
    struct au_buf content;
    struct au_buf message;
    au_buf_init(&content, DOCUMENT_SIZE_MAX);
    au_buf_init(&message, MESSAGE_SIZE_MAX);
    enum au_exit code = au_invocation_read(check->invocation, path, &content);
    if (code == AU_EXIT_DONE) code = parse_document(check, au_buf_bytes(&content), &message);
    au_buf_done(&message);
    au_buf_done(&content);
    return code;
}

/* ---- the block ---- */

static enum au_exit check_block(const struct check *check)
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
    return reject(check, "the header", "its hash is not that of --block");
}

static enum au_exit check_header(struct check *check)
{
    struct au_bytes bytes = {0};
    struct au_decode error;
    enum au_exit code = read_hex(check, "header", au_json_in_get(check->root, "header"), &bytes);
    if (code != AU_EXIT_DONE) return code;
    if (!au_header_decode(bytes, &check->header, &error)) {
        return reject(check, "the header", error.error);
    }
    const struct au_json_in *height = au_json_in_get(check->root, "height");
    uint64_t told = 0;
    if (height != NULL && (au_json_in_type(height) != AU_JSON_IN_STRING ||
                           au_text_parse_u64(au_json_in_string(height), &told) != AU_OK)) {
        return fail_form(check, "height", "a decimal number in quotes");
    }
    if (height != NULL && told != check->header.height) {
        return reject(check, "height", "it is not that of the header");
    }
    return check_block(check);
}

/* A root that the document names beside the header must be the header's: else somebody who reads
 * only the document believes another one. */
static enum au_exit check_root(const struct check *check, const char *name,
                               const struct au_hash *of_header)
{
    struct au_hash named;
    if (au_json_in_get(check->root, name) == NULL) return AU_EXIT_DONE;
    enum au_exit code = read_hash(check, name, &named);
    if (code != AU_EXIT_DONE || au_hash_is_equal(&named, of_header)) return code;
    return reject(check, name, "it is not that of the header");
}

static void put_hash(struct check *check, const char *name, const struct au_hash *hash)
{
    au_json_write_key(&check->json, name);
    au_json_write_hex(&check->json, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
}

static void put_block(struct check *check, const char *what)
{
    struct au_hash hash = au_header_hash(&check->header);
    au_json_write_key(&check->json, "proved");
    au_json_write_text(&check->json, what);
    au_json_write_key(&check->json, "chain_id");
    au_json_write_bytes(&check->json, (struct au_bytes){(const uint8_t *)check->header.chain_id,
                                                        check->header.chain_id_size});
    au_json_write_key(&check->json, "height");
    au_json_write_u64(&check->json, check->header.height);
    put_hash(check, "block", &hash);
}

/* ---- accounts and slots ---- */

/* Follows one proof of the document from a root to a key. */
static enum au_exit follow(const struct check *check, const char *name, const struct au_hash *root,
                           const struct au_hash *key, struct au_proof_claim *out_claim)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    const char *reason = "";
    enum au_exit code = read_list(check, name, AU_PROOF_NODES_MAX, nodes, &count);
    if (code != AU_EXIT_DONE) return code;
    enum au_err err = au_proof_verify(root, key, nodes, count, out_claim, &reason);
    return err == AU_OK ? AU_EXIT_DONE : reject(check, name, reason);
}

enum account_field { NONCE, BALANCE, STAKE, STORAGE_ROOT, CODE_HASH, ADMIN, FIELD_COUNT };

/* Splits an account's leaf. Numbers have at most 8 bytes, hashes and addresses 32 or none. */
static bool split_account(struct au_bytes leaf, struct au_bytes out_fields[FIELD_COUNT])
{
    struct au_rlp_item item;
    if (!au_rlp_next(&leaf, &item) || !item.is_list || leaf.size != 0) return false;
    struct au_bytes rest = item.payload;
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (!au_rlp_next(&rest, &item) || item.is_list) return false;
        size_t size = item.payload.size;
        if (i < STORAGE_ROOT ? size > sizeof(uint64_t) : size != 0 && size != AU_HASH_SIZE) {
            return false;
        }
        out_fields[i] = item.payload;
    }
    return rest.size == 0;
}

static const char *const field_names[FIELD_COUNT] = {"nonce",        "balance",   "stake",
                                                     "storage_root", "code_hash", "admin"};

/* What the document says of the account in clear must be what is proved. */
static enum au_exit check_field(const struct check *check, enum account_field field,
                                const struct au_json_in *value, struct au_bytes proved)
{
    const char *name = field_names[field];
    struct au_bytes text = {0};
    struct au_address told; /* or a hash, which has as many bytes */
    uint64_t number = 0;
    if (au_json_in_type(value) == AU_JSON_IN_STRING) text = au_json_in_string(value);
    if (field < STORAGE_ROOT) {
        if (au_text_parse_u64(text, &number) != AU_OK) {
            return fail_form(check, name, "a decimal number in quotes");
        }
        return number == au_get_big_endian(proved.data, proved.size)
                   ? AU_EXIT_DONE
                   : reject(check, name, "another one is proved");
    }
    if (field == ADMIN ? au_address_parse(text, &told) != NULL
                       : au_hex_parse(text, told.bytes, AU_ADDRESS_SIZE) != AU_OK) {
        return fail_form(check, name, field == ADMIN ? "an address" : "0x and 64 hex digits");
    }
    if (au_bytes_is_equal(proved, (struct au_bytes){told.bytes, AU_ADDRESS_SIZE})) {
        return AU_EXIT_DONE;
    }
    return reject(check, name, "another one is proved, or none");
}

static enum au_exit check_claims(const struct check *check, bool exists,
                                 const struct au_bytes fields[FIELD_COUNT])
{
    const struct au_json_in *account = au_json_in_get(check->root, "account");
    if ((account != NULL) != exists) {
        return reject(check, "account",
                      exists ? "it is proved but not told" : "it is told, but proved to be absent");
    }
    if (account == NULL) return AU_EXIT_DONE;
    if (au_json_in_type(account) != AU_JSON_IN_OBJECT) return fail_form(check, "account", "one");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct au_json_in *value = au_json_in_get(account, field_names[i]);
        enum au_exit code = value == NULL
                                ? AU_EXIT_DONE
                                : check_field(check, (enum account_field)i, value, fields[i]);
        if (code != AU_EXIT_DONE) return code;
    }
    const struct au_json_in *contract = au_json_in_get(account, "contract");
    if (contract == NULL) return AU_EXIT_DONE;
    if (au_json_in_type(contract) != AU_JSON_IN_BOOL) {
        return fail_form(check, "contract", "true or false");
    }
    bool has_code = fields[CODE_HASH].size > 0;
    return au_json_in_bool(contract) == has_code
               ? AU_EXIT_DONE
               : reject(check, "contract", "the opposite is proved");
}

static void put_account(struct check *check, const struct au_bytes fields[FIELD_COUNT])
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (i >= STORAGE_ROOT && fields[i].size == 0) continue;
        if (i < STORAGE_ROOT) {
            au_json_put_u64(&check->json, field_names[i],
                            au_get_big_endian(fields[i].data, fields[i].size));
        } else if (i == ADMIN) {
            struct au_address admin;
            memcpy(admin.bytes, fields[i].data, AU_ADDRESS_SIZE);
            au_json_put_address(&check->json, field_names[i], &admin);
        } else {
            au_json_put_hex(&check->json, field_names[i], fields[i]);
        }
    }
}

/* The account that both kinds of proof go through; it is absent if all its fields are empty. */
static enum au_exit follow_account(struct check *check, const char *name,
                                   struct au_bytes out_fields[FIELD_COUNT], bool *out_exists)
{
    struct au_address address;
    struct au_proof_claim claim = {0};
    enum au_exit code = check_root(check, "state_root", &check->header.state_root);
    if (code == AU_EXIT_DONE) code = read_address(check, name, &address);
    if (code != AU_EXIT_DONE) return code;
    struct au_hash key = au_sha256((struct au_bytes){address.bytes, AU_ADDRESS_SIZE});
    code = follow(check, "account_proof", &check->header.state_root, &key, &claim);
    if (code != AU_EXIT_DONE) return code;
    if (claim.exists && !split_account(claim.value, out_fields)) {
        return reject(check, "account_proof", "its leaf is no account");
    }
    *out_exists = claim.exists;
    put_hash(check, "state_root", &check->header.state_root);
    au_json_put_address(&check->json, name, &address);
    return AU_EXIT_DONE;
}

static enum au_exit check_account(struct check *check)
{
    struct au_bytes fields[FIELD_COUNT] = {0};
    bool exists = false;
    put_block(check, "account");
    enum au_exit code = follow_account(check, "address", fields, &exists);
    if (code == AU_EXIT_DONE) code = check_claims(check, exists, fields);
    if (code != AU_EXIT_DONE) return code;
    au_json_write_key(&check->json, "exists");
    au_json_write_bool(&check->json, exists);
    if (exists) put_account(check, fields);
    return AU_EXIT_DONE;
}

/* A contract without storage has no trie to prove anything in. */
static enum au_exit follow_slot(const struct check *check, struct au_bytes storage_root,
                                struct au_bytes key, struct au_proof_claim *out_claim)
{
    struct au_hash root;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    if (storage_root.size == 0) {
        enum au_exit code = read_list(check, "storage_proof", AU_PROOF_NODES_MAX, nodes, &count);
        if (code != AU_EXIT_DONE || count == 0) return code;
        return reject(check, "storage_proof", "nodes that are not needed");
    }
    memcpy(root.bytes, storage_root.data, AU_HASH_SIZE);
    struct au_hash hash = au_sha256(key);
    return follow(check, "storage_proof", &root, &hash, out_claim);
}

static enum au_exit check_slot(struct check *check)
{
    struct au_bytes fields[FIELD_COUNT] = {0};
    struct au_bytes key = {0};
    struct au_bytes told = {0};
    struct au_proof_claim claim = {0};
    struct au_rlp_item item = {0};
    bool exists = false;
    put_block(check, "slot");
    const struct au_json_in *value = au_json_in_get(check->root, "value");
    enum au_exit code = read_hex(check, "key", au_json_in_get(check->root, "key"), &key);
    if (code == AU_EXIT_DONE && value != NULL) code = read_hex(check, "value", value, &told);
    if (code == AU_EXIT_DONE) code = follow_account(check, "contract", fields, &exists);
    if (code == AU_EXIT_DONE) code = follow_slot(check, fields[STORAGE_ROOT], key, &claim);
    if (code != AU_EXIT_DONE) return code;
    if (claim.exists &&
        (!au_rlp_next(&claim.value, &item) || item.is_list || claim.value.size != 0)) {
        return reject(check, "storage_proof", "its leaf is no value");
    }
    if (claim.exists != (value != NULL) || !au_bytes_is_equal(told, item.payload)) {
        return reject(check, "value", "another one is proved, or none");
    }
    au_json_write_key(&check->json, "key");
    au_json_write_hex(&check->json, key);
    au_json_write_key(&check->json, "exists");
    au_json_write_bool(&check->json, claim.exists);
    if (!claim.exists) return AU_EXIT_DONE;
    au_json_write_key(&check->json, "value");
    au_json_write_hex(&check->json, item.payload);
    return AU_EXIT_DONE;
}

/* ---- transactions ---- */

/* Follows one path of the document: that a leaf of this name is under a root of the header. */
static enum au_exit follow_path(const struct check *check, const char *leaf_name,
                                const char *path_name, const struct au_hash *root)
{
    struct au_hash leaf;
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    struct au_bytes items[AU_MERKLE_DEPTH_MAX];
    size_t count = 0;
    uint32_t index = 0;
    enum au_exit code = read_hash(check, leaf_name, &leaf);
    if (code == AU_EXIT_DONE) code = read_u32(check, "index", &index);
    if (code == AU_EXIT_DONE) {
        code = read_list(check, path_name, AU_MERKLE_DEPTH_MAX, items, &count);
    }
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        if (items[i].size != AU_HASH_SIZE) return fail_form(check, path_name, "of hashes");
        memcpy(path[i].bytes, items[i].data, AU_HASH_SIZE);
    }
    if (code != AU_EXIT_DONE) return code;
    if (!au_merkle_verify(root, &leaf, index, check->header.tx_count, path, (uint32_t)count)) {
        return reject(check, path_name, "it does not lead to the root in the header");
    }
    return AU_EXIT_DONE;
}

static enum au_exit check_tx(struct check *check)
{
    static const char *const leaves[] = {"id", "digest"};
    put_block(check, "transaction and receipt");
    enum au_exit code = check_root(check, "tx_root", &check->header.tx_root);
    if (code == AU_EXIT_DONE) {
        code = check_root(check, "receipts_root", &check->header.receipts_root);
    }
    if (code == AU_EXIT_DONE) code = follow_path(check, "id", "tx_path", &check->header.tx_root);
    if (code == AU_EXIT_DONE) {
        code = follow_path(check, "digest", "receipt_path", &check->header.receipts_root);
    }
    for (size_t i = 0; code == AU_EXIT_DONE && i < AU_COUNT_OF(leaves); i++) {
        struct au_hash leaf;
        code = read_hash(check, leaves[i], &leaf);
        if (code == AU_EXIT_DONE) put_hash(check, leaves[i], &leaf);
    }
    uint32_t index = 0;
    if (code == AU_EXIT_DONE) code = read_u32(check, "index", &index);
    if (code != AU_EXIT_DONE) return code;
    au_json_write_key(&check->json, "index");
    au_json_write_u32(&check->json, index);
    return AU_EXIT_DONE;
}

/* ---- all of it ---- */

static enum au_exit check_document(struct check *check)
{
    static const struct {
        const char *member;
        enum au_exit (*check)(struct check *check);
    } kinds[] = {
        {"storage_proof", check_slot}, {"account_proof", check_account}, {"tx_path", check_tx}};
    for (size_t i = 0; i < AU_COUNT_OF(kinds); i++) {
        if (au_json_in_get(check->root, kinds[i].member) == NULL) continue;
        enum au_exit code = check_header(check);
        return code == AU_EXIT_DONE ? kinds[i].check(check) : code;
    }
    return au_invocation_fail(check->invocation, AU_EXIT_USAGE,
                              "'%s' is no proof: it has no account_proof, storage_proof or tx_path",
                              check->invocation->operands[0]);
}

enum au_exit au_proof_verify_command(struct au_invocation *invocation)
{
    struct check check = {.invocation = invocation};
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
