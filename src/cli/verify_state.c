/* Proofs of accounts and slots. */
#include <stdio.h>

#include "base/hex.h"
#include "base/text.h"
#include "cli/verify_internal.h"
#include "crypto/sha256.h"
#include "state/proof.h"
#include "state/rlp.h"

/* Follows one proof of the document from a root to a key. */
static enum au_exit follow(const struct au_verify *check, const char *name,
                           const struct au_hash *root, const struct au_hash *key,
                           struct au_proof_claim *out_claim)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    const char *reason = "";
    enum au_exit code = au_verify_list(check, name, AU_PROOF_NODES_MAX, nodes, &count);
    if (code != AU_EXIT_DONE) return code;
    enum au_err err = au_proof_verify(root, key, nodes, count, out_claim, &reason);
    return err == AU_OK ? AU_EXIT_DONE : au_verify_reject(check, name, reason);
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
static enum au_exit check_field(const struct au_verify *check, enum account_field field,
                                const struct au_json_in *value, struct au_bytes proved)
{
    const char *name = field_names[field];
    struct au_bytes text = {0};
    struct au_address told; /* or a hash, which has as many bytes */
    uint64_t number = 0;
    if (au_json_in_type(value) == AU_JSON_IN_STRING) text = au_json_in_string(value);
    if (field < STORAGE_ROOT) {
        if (au_text_parse_u64(text, &number) != AU_OK) {
            return au_verify_fail_form(check, name, "a decimal number in quotes");
        }
        return number == au_get_big_endian(proved.data, proved.size)
                   ? AU_EXIT_DONE
                   : au_verify_reject(check, name, "another one is proved");
    }
    if (field == ADMIN ? au_address_parse(text, &told) != NULL
                       : au_hex_parse(text, told.bytes, AU_ADDRESS_SIZE) != AU_OK) {
        return au_verify_fail_form(check, name,
                                   field == ADMIN ? "an address" : "0x and 64 hex digits");
    }
    if (au_bytes_is_equal(proved, (struct au_bytes){told.bytes, AU_ADDRESS_SIZE})) {
        return AU_EXIT_DONE;
    }
    return au_verify_reject(check, name, "another one is proved, or none");
}

static enum au_exit check_claims(const struct au_verify *check, bool exists,
                                 const struct au_bytes fields[FIELD_COUNT])
{
    const struct au_json_in *account = au_json_in_get(check->object, "account");
    if (account != NULL && !exists) {
        return au_verify_reject(check, "account", "it is told, but proved to be absent");
    }
    if (account == NULL) return AU_EXIT_DONE;
    if (au_json_in_type(account) != AU_JSON_IN_OBJECT)
        return au_verify_fail_form(check, "account", "one");
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
        return au_verify_fail_form(check, "contract", "true or false");
    }
    bool has_code = fields[CODE_HASH].size > 0;
    return au_json_in_bool(contract) == has_code
               ? AU_EXIT_DONE
               : au_verify_reject(check, "contract", "the opposite is proved");
}

static void put_fields(struct au_verify *check, const struct au_bytes fields[FIELD_COUNT])
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

/* An account that was proved; if it is absent all its fields are empty. */
struct account {
    struct au_address address;
    bool exists;
    struct au_bytes fields[FIELD_COUNT];
};

/* The account at the address that a member of this name tells. */
static enum au_exit follow_account(const struct au_verify *check, const char *name,
                                   struct account *out_account)
{
    struct account account = {.exists = false};
    struct au_proof_claim claim = {0};
    enum au_exit code = au_verify_address(check, name, &account.address);
    if (code != AU_EXIT_DONE) return code;
    struct au_hash key = au_sha256((struct au_bytes){account.address.bytes, AU_ADDRESS_SIZE});
    code = follow(check, "account_proof", &check->header.state_root, &key, &claim);
    if (code != AU_EXIT_DONE) return code;
    if (claim.exists && !split_account(claim.value, account.fields)) {
        return au_verify_reject(check, "account_proof", "its leaf is no account");
    }
    account.exists = claim.exists;
    *out_account = account;
    return check_claims(check, account.exists, account.fields);
}

static enum au_exit put_state_root(struct au_verify *check)
{
    au_verify_put_hash(check, "state_root", &check->header.state_root);
    return au_verify_root(check, "state_root", &check->header.state_root);
}

static void put_bool(struct au_verify *check, const char *name, bool value)
{
    au_json_write_key(&check->json, name);
    au_json_write_bool(&check->json, value);
}

static enum au_exit put_account(struct au_verify *check, struct account *out_account)
{
    enum au_exit code = follow_account(check, "address", out_account);
    if (code != AU_EXIT_DONE) return code;
    if (out_account->exists && au_json_in_get(check->object, "account") == NULL) {
        return au_verify_reject(check, "account", "it is proved but not told");
    }
    au_json_put_address(&check->json, "address", &out_account->address);
    put_bool(check, "exists", out_account->exists);
    if (out_account->exists) put_fields(check, out_account->fields);
    return AU_EXIT_DONE;
}

enum au_exit au_verify_account(struct au_verify *check)
{
    struct account account;
    au_verify_put_block(check, "account");
    enum au_exit code = put_state_root(check);
    return code == AU_EXIT_DONE ? put_account(check, &account) : code;
}

/* ---- slots ---- */

/* A contract without storage has no trie to prove anything in. */
static enum au_exit follow_slot(const struct au_verify *check, struct au_bytes storage_root,
                                struct au_bytes key, struct au_proof_claim *out_claim)
{
    struct au_hash root;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    if (storage_root.size == 0) {
        enum au_exit code =
            au_verify_list(check, "storage_proof", AU_PROOF_NODES_MAX, nodes, &count);
        if (code != AU_EXIT_DONE || count == 0) return code;
        return au_verify_reject(check, "storage_proof", "nodes that are not needed");
    }
    memcpy(root.bytes, storage_root.data, AU_HASH_SIZE);
    struct au_hash hash = au_sha256(key);
    return follow(check, "storage_proof", &root, &hash, out_claim);
}

static enum au_exit put_slot(struct au_verify *check, struct au_bytes storage_root)
{
    struct au_bytes key = {0};
    struct au_bytes told = {0};
    struct au_proof_claim claim = {0};
    struct au_rlp_item item = {0};
    const struct au_json_in *value = au_json_in_get(check->object, "value");
    enum au_exit code = au_verify_hex(check, "key", au_json_in_get(check->object, "key"), &key);
    if (code == AU_EXIT_DONE && value != NULL) code = au_verify_hex(check, "value", value, &told);
    if (code == AU_EXIT_DONE) code = follow_slot(check, storage_root, key, &claim);
    if (code != AU_EXIT_DONE) return code;
    if (claim.exists &&
        (!au_rlp_next(&claim.value, &item) || item.is_list || claim.value.size != 0)) {
        return au_verify_reject(check, "storage_proof", "its leaf is no value");
    }
    if (claim.exists != (value != NULL) || !au_bytes_is_equal(told, item.payload)) {
        return au_verify_reject(check, "value", "another one is proved, or none");
    }
    au_json_put_hex(&check->json, "key", key);
    put_bool(check, "exists", claim.exists);
    if (claim.exists) au_json_put_hex(&check->json, "value", item.payload);
    return AU_EXIT_DONE;
}

/* The storage root that the document tells of a contract is the proved one, or none is told. */
static enum au_exit check_storage_root(const struct au_verify *check, struct au_bytes storage_root)
{
    struct au_hash root;
    if (storage_root.size > 0) memcpy(root.bytes, storage_root.data, AU_HASH_SIZE);
    return au_verify_root(check, "storage_root", storage_root.size > 0 ? &root : NULL);
}

enum au_exit au_verify_slot(struct au_verify *check)
{
    struct account contract;
    struct au_address told;
    au_verify_put_block(check, "slot");
    enum au_exit code = put_state_root(check);
    if (code == AU_EXIT_DONE) code = follow_account(check, "contract", &contract);
    if (code != AU_EXIT_DONE) return code;
    if (au_json_in_get(check->object, "address") != NULL) {
        code = au_verify_address(check, "address", &told);
        if (code != AU_EXIT_DONE) return code;
        if (!au_address_is_equal(&told, &contract.address)) {
            return au_verify_reject(check, "address", "it is not that of the contract");
        }
    }
    au_json_put_address(&check->json, "contract", &contract.address);
    code = check_storage_root(check, contract.fields[STORAGE_ROOT]);
    return code == AU_EXIT_DONE ? put_slot(check, contract.fields[STORAGE_ROOT]) : code;
}

/* ---- many at once ---- */

/* The list of this name in the part that is read, which may have none. */
static enum au_exit read_objects(const struct au_verify *check, const char *name,
                                 const struct au_json_in **out_list, size_t *out_count)
{
    const struct au_json_in *list = au_json_in_get(check->object, name);
    *out_list = list;
    *out_count = 0;
    if (list == NULL) return AU_EXIT_DONE;
    if (au_json_in_type(list) != AU_JSON_IN_ARRAY) {
        return au_verify_fail_form(check, name, "a list");
    }
    *out_count = au_json_in_count(list);
    for (size_t i = 0; i < *out_count; i++) {
        if (au_json_in_type(au_json_in_item(list, i)) != AU_JSON_IN_OBJECT) {
            return au_verify_fail_form(check, name, "a list of objects");
        }
    }
    return AU_EXIT_DONE;
}

static enum au_exit put_slots(struct au_verify *check, size_t index, struct au_bytes storage_root)
{
    const struct au_json_in *list, *account = check->object;
    size_t count;
    enum au_exit code = read_objects(check, "slots", &list, &count);
    if (code != AU_EXIT_DONE || count == 0) return code;
    au_json_write_key(&check->json, "slots");
    au_json_write_begin_array(&check->json);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        check->object = au_json_in_item(list, i);
        snprintf(check->place, sizeof(check->place), "accounts[%zu].slots[%zu].", index, i);
        au_json_write_begin_object(&check->json);
        code = put_slot(check, storage_root);
        au_json_write_end_object(&check->json);
    }
    au_json_write_end_array(&check->json);
    check->object = account;
    return code;
}

static enum au_exit put_entry(struct au_verify *check, size_t index)
{
    struct account account;
    snprintf(check->place, sizeof(check->place), "accounts[%zu].", index);
    enum au_exit code = put_account(check, &account);
    if (code == AU_EXIT_DONE) code = check_storage_root(check, account.fields[STORAGE_ROOT]);
    return code == AU_EXIT_DONE ? put_slots(check, index, account.fields[STORAGE_ROOT]) : code;
}

enum au_exit au_verify_accounts(struct au_verify *check)
{
    const struct au_json_in *list;
    size_t count;
    au_verify_put_block(check, "accounts and slots");
    enum au_exit code = put_state_root(check);
    if (code == AU_EXIT_DONE) code = read_objects(check, "accounts", &list, &count);
    if (code != AU_EXIT_DONE) return code;
    if (count == 0) return au_verify_fail_form(check, "accounts", "a list of one account or more");
    au_json_write_key(&check->json, "accounts");
    au_json_write_begin_array(&check->json);
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        check->object = au_json_in_item(list, i);
        au_json_write_begin_object(&check->json);
        code = put_entry(check, i);
        au_json_write_end_object(&check->json);
    }
    au_json_write_end_array(&check->json);
    return code;
}
