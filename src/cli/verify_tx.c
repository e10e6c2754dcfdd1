/* Proofs of transactions and receipts. */
#include "cli/verify_internal.h"
#include "core/merkle.h"

/* Follows one path of the document: that a leaf of this name is under a root of the header. */
static enum au_exit follow_path(const struct au_verify *check, const char *leaf_name,
                                const char *path_name, const struct au_hash *root)
{
    struct au_hash leaf;
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    struct au_bytes items[AU_MERKLE_DEPTH_MAX];
    size_t count = 0;
    uint32_t index = 0;
    enum au_exit code = au_verify_hash(check, leaf_name, &leaf);
    if (code == AU_EXIT_DONE) code = au_verify_u32(check, "index", &index);
    if (code == AU_EXIT_DONE) {
        code = au_verify_list(check, path_name, AU_MERKLE_DEPTH_MAX, items, &count);
    }
    for (size_t i = 0; code == AU_EXIT_DONE && i < count; i++) {
        if (items[i].size != AU_HASH_SIZE)
            return au_verify_fail_form(check, path_name, "of hashes");
        memcpy(path[i].bytes, items[i].data, AU_HASH_SIZE);
    }
    if (code != AU_EXIT_DONE) return code;
    if (!au_merkle_verify(root, &leaf, index, check->header.tx_count, path, (uint32_t)count)) {
        return au_verify_reject(check, path_name, "it does not lead to the root in the header");
    }
    return AU_EXIT_DONE;
}

/* How many transactions the document tells of is how many the block has, or none is told. */
static enum au_exit check_count(const struct au_verify *check)
{
    uint32_t count = 0;
    if (au_json_in_get(check->object, "count") == NULL) return AU_EXIT_DONE;
    enum au_exit code = au_verify_u32(check, "count", &count);
    if (code != AU_EXIT_DONE || count == check->header.tx_count) return code;
    return au_verify_reject(check, "count", "it is not that of the header");
}

/* Both paths: a receipt does not name its transaction, so only the place does. */
static enum au_exit follow_paths(struct au_verify *check)
{
    static const char *const leaves[] = {"id", "digest"};
    enum au_exit code = au_verify_root(check, "tx_root", &check->header.tx_root);
    if (code == AU_EXIT_DONE) {
        code = au_verify_root(check, "receipts_root", &check->header.receipts_root);
    }
    if (code == AU_EXIT_DONE) code = follow_path(check, "id", "tx_path", &check->header.tx_root);
    if (code == AU_EXIT_DONE) {
        code = follow_path(check, "digest", "receipt_path", &check->header.receipts_root);
    }
    if (code == AU_EXIT_DONE) code = check_count(check);
    for (size_t i = 0; code == AU_EXIT_DONE && i < AU_COUNT_OF(leaves); i++) {
        struct au_hash leaf;
        code = au_verify_hash(check, leaves[i], &leaf);
        if (code == AU_EXIT_DONE) au_verify_put_hash(check, leaves[i], &leaf);
    }
    uint32_t index = 0;
    if (code == AU_EXIT_DONE) code = au_verify_u32(check, "index", &index);
    if (code == AU_EXIT_DONE) au_json_put_u32(&check->json, "index", index);
    return code;
}

enum au_exit au_verify_tx(struct au_verify *check)
{
    au_verify_put_block(check, "transaction and receipt");
    return follow_paths(check);
}

enum au_exit au_verify_receipt(struct au_verify *check)
{
    struct au_bytes core = {0};
    struct au_receipt receipt;
    struct au_decode error;
    struct au_hash told;
    au_verify_put_block(check, "receipt");
    enum au_exit code = follow_paths(check);
    if (code == AU_EXIT_DONE) code = au_verify_hash(check, "digest", &told);
    if (code == AU_EXIT_DONE) {
        code = au_verify_hex(check, "receipt", au_json_in_get(check->object, "receipt"), &core);
    }
    if (code != AU_EXIT_DONE) return code;
    if (!au_receipt_decode_core(core, &receipt, &error)) {
        return au_verify_reject(check, "receipt", error.error);
    }
    struct au_hash digest = au_receipt_digest(&receipt);
    if (!au_hash_is_equal(&digest, &told)) {
        return au_verify_reject(check, "receipt", "its digest is not the one that is proved");
    }
    au_receipt_put_core_json(&check->json, &receipt);
    au_events_put_json(&check->json, &receipt, NULL);
    au_logs_put_json(&check->json, receipt.logs);
    return AU_EXIT_DONE;
}
