#include "base/hex.h"
#include "base/mem.h"
#include "core/decode.h"
#include "core/limits.h"
#include "crypto/sha256.h"
#include "state/snapshot_internal.h"

#define SCRATCH_SIZE_MAX (1u << 20) /* bytes */

struct au_chunks_reader {
    struct au_hash root;
    struct au_trie_build accounts;
    struct au_trie_build storage; /* of the last account */
    struct au_account account;    /* the last one */
    struct au_hash account_key;
    struct au_chunk_codes codes;
    bool has_code; /* code for the next account */
    struct au_hash code_hash;
    struct au_chunks_count count;
    struct au_buf scratch;
    struct au_kv_batch *batch; /* of the chunk that is read, or NULL */
    struct au_buf *message;
};

static const struct au_hash account_trie; /* zero: the owner that no contract is */

static struct au_bytes bytes_of(const struct au_hash *hash)
{
    return (struct au_bytes){hash->bytes, AU_HASH_SIZE};
}

/* ---- refusals ---- */

static enum au_err fail(struct au_chunks_reader *reader, const char *what)
{
    au_buf_put_text(reader->message, what);
    return AU_ERR_MALFORMED;
}

static enum au_err fail_at(struct au_chunks_reader *reader, const char *what,
                           const struct au_hash *where)
{
    au_buf_put_text(reader->message, what);
    au_buf_put_text(reader->message, " ");
    au_hex_put(reader->message, bytes_of(where));
    return AU_ERR_MALFORMED;
}

static enum au_err fail_root(struct au_chunks_reader *reader, const char *what,
                             const struct au_hash *expected, const struct au_hash *got)
{
    au_buf_put_text(reader->message, what);
    au_buf_put_text(reader->message, ": expected root ");
    au_hex_put(reader->message, bytes_of(expected));
    au_buf_put_text(reader->message, ", got ");
    au_hex_put(reader->message, bytes_of(got));
    return AU_ERR_MALFORMED;
}

/* ---- what goes into the store ---- */

static void put_branch(struct au_chunks_reader *reader, const struct au_hash *owner,
                       const struct au_trie_node *node, size_t start)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX], record[AU_TRIE_RECORD_SIZE_MAX];
    if (!reader->batch) return;
    struct au_bytes key_bytes = {key, au_trie_key(key, owner, &node->path, start)};
    struct au_bytes record_bytes = {record, au_trie_record_encode(record, node, start)};
    au_kv_batch_put(reader->batch, AU_CF_TRI, key_bytes, record_bytes);
}

static enum au_err on_account_branch(void *context, const struct au_trie_node *node, size_t start)
{
    put_branch(context, &account_trie, node, start);
    return AU_OK;
}

static enum au_err on_storage_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct au_chunks_reader *reader = context;
    put_branch(reader, &reader->account_key, node, start);
    return AU_OK;
}

static enum au_err store_slot(struct au_chunks_reader *reader, const struct au_hash *hash,
                              struct au_bytes key, struct au_bytes value)
{
    const struct au_hash halves[2] = {reader->account_key, *hash};
    struct au_buf *scratch = &reader->scratch;
    if (!reader->batch) return AU_OK;
    au_buf_clear(scratch);
    au_flat_encode_slot(scratch, value);
    AU_TRY(scratch->err);
    au_kv_batch_put(reader->batch, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)},
                    au_buf_bytes(scratch));
    au_buf_clear(scratch);
    au_buf_put(scratch, reader->account_key.bytes, AU_HASH_SIZE);
    au_buf_put_bytes(scratch, key);
    AU_TRY(scratch->err);
    au_kv_batch_put(reader->batch, AU_CF_KEY, au_buf_bytes(scratch), (struct au_bytes){0});
    return AU_OK;
}

/* ---- items ---- */

/* The last account's slots are complete. */
static enum au_err end_storage(struct au_chunks_reader *reader)
{
    struct au_hash root;
    if (!reader->account.has_storage) return AU_OK;
    bool is_root = au_trie_build_root(&reader->storage, (struct au_bytes){0}, &root);
    AU_ASSERT(is_root);
    if (!au_hash_is_equal(&root, &reader->account.storage_root)) {
        return fail_root(reader, "slots are missing or wrong", &reader->account.storage_root,
                         &root);
    }
    AU_TRY(au_trie_build_finish(&reader->storage));
    au_trie_build_clear(&reader->storage);
    return AU_OK;
}

/* Each code is once in a snapshot: before the first account that has it. */
static enum au_err match_code(struct au_chunks_reader *reader, const struct au_hash *key)
{
    const struct au_account *account = &reader->account;
    if (!reader->has_code) {
        bool is_known =
            !account->has_code || au_chunk_codes_has(&reader->codes, &account->code_hash);
        return is_known ? AU_OK : fail_at(reader, "code is missing for account", key);
    }
    reader->has_code = false;
    if (!account->has_code || !au_hash_is_equal(&account->code_hash, &reader->code_hash)) {
        return fail_at(reader, "code that is not the next account's:", &reader->code_hash);
    }
    return au_chunk_codes_add(&reader->codes, &reader->code_hash);
}

static enum au_err read_account(struct au_chunks_reader *reader, struct au_decode *decode)
{
    struct au_hash key;
    au_decode_raw(decode, key.bytes, AU_HASH_SIZE);
    struct au_bytes record = au_decode_bytes(decode, AU_CHUNK_RECORD_SIZE_MAX);
    if (decode->error) return AU_OK;
    AU_TRY(end_storage(reader));
    if (!au_flat_decode_account(record, &reader->account)) {
        return fail_at(reader, "a record that is none, of account", &key);
    }
    reader->account_key = key;
    AU_TRY(match_code(reader, &key));
    au_buf_clear(&reader->scratch);
    au_flat_account_leaf(&reader->scratch, &reader->account);
    AU_TRY(reader->scratch.err);
    enum au_err err = au_trie_build_add(&reader->accounts, &key, au_buf_bytes(&reader->scratch));
    if (err == AU_ERR_MALFORMED) return fail_at(reader, "not in the order of keys: account", &key);
    AU_TRY(err);
    reader->count.account_count++;
    if (reader->batch) au_kv_batch_put(reader->batch, AU_CF_ACC, bytes_of(&key), record);
    return AU_OK;
}

static enum au_err read_slot(struct au_chunks_reader *reader, struct au_decode *decode)
{
    struct au_bytes key = au_decode_bytes(decode, AU_KEY_SIZE_MAX);
    struct au_bytes value = au_decode_bytes(decode, AU_VALUE_SIZE_MAX);
    if (!decode->error && key.size == 0) au_decode_fail(decode, "a slot's key of no bytes");
    if (decode->error) return AU_OK;
    if (!reader->account.has_storage || reader->has_code) {
        return fail(reader, "a slot where the next account is expected");
    }
    struct au_hash hash = au_flat_key_hash(key);
    au_buf_clear(&reader->scratch);
    au_flat_slot_leaf(&reader->scratch, value);
    AU_TRY(reader->scratch.err);
    enum au_err err = au_trie_build_add(&reader->storage, &hash, au_buf_bytes(&reader->scratch));
    if (err == AU_ERR_MALFORMED) return fail_at(reader, "not in the order of keys: slot", &hash);
    AU_TRY(err);
    reader->count.slot_count++;
    return store_slot(reader, &hash, key, value);
}

static enum au_err read_code(struct au_chunks_reader *reader, struct au_decode *decode)
{
    struct au_bytes code = au_decode_bytes(decode, AU_FLAT_CODE_SIZE_MAX);
    if (decode->error) return AU_OK;
    if (reader->has_code) return fail(reader, "code where the next account is expected");
    reader->has_code = true;
    reader->code_hash = au_sha256(code);
    if (au_chunk_codes_has(&reader->codes, &reader->code_hash)) {
        return fail_at(reader, "more than once: code", &reader->code_hash);
    }
    reader->count.code_count++;
    if (reader->batch)
        au_kv_batch_put(reader->batch, AU_CF_COD, bytes_of(&reader->code_hash), code);
    return AU_OK;
}

/* ---- ends ---- */

static enum au_err check_edge(struct au_chunks_reader *reader, const struct au_trie_build *build,
                              struct au_bytes edge, const struct au_hash *expected)
{
    struct au_hash root;
    if (!au_trie_build_root(build, edge, &root)) return fail(reader, "an edge that is none");
    if (au_hash_is_equal(&root, expected)) return AU_OK;
    return fail_root(reader, "items or edge are wrong", expected, &root);
}

static enum au_err read_end(struct au_chunks_reader *reader, struct au_decode *decode, bool is_last)
{
    struct au_bytes account_edge = au_decode_bytes(decode, AU_TRIE_EDGE_SIZE_MAX);
    struct au_bytes storage_edge = au_decode_bytes(decode, AU_TRIE_EDGE_SIZE_MAX);
    if (!au_decode_is_done(decode)) return AU_OK;
    if (reader->has_code) return fail(reader, "code where the next account is expected");
    AU_TRY(check_edge(reader, &reader->accounts, account_edge, &reader->root));
    if (reader->account.has_storage) {
        AU_TRY(check_edge(reader, &reader->storage, storage_edge, &reader->account.storage_root));
    } else if (storage_edge.size > 0) {
        return fail(reader, "an edge of no storage");
    }
    if (!is_last) return AU_OK;
    if (account_edge.size > 0 || storage_edge.size > 0) {
        return fail(reader, "accounts or slots are missing behind the last chunk");
    }
    AU_TRY(end_storage(reader));
    return au_trie_build_finish(&reader->accounts);
}

static enum au_err read_items(struct au_chunks_reader *reader, struct au_decode *decode,
                              bool is_last)
{
    uint64_t count = reader->count.account_count + reader->count.slot_count;
    if (au_decode_u8(decode) != AU_CHUNK_FORMAT) au_decode_fail(decode, "an unknown format");
    while (!decode->error) {
        switch (au_decode_u8(decode)) {
        case AU_CHUNK_ACCOUNT: AU_TRY(read_account(reader, decode)); break;
        case AU_CHUNK_SLOT: AU_TRY(read_slot(reader, decode)); break;
        case AU_CHUNK_CODE: AU_TRY(read_code(reader, decode)); break;
        case AU_CHUNK_END:
            if (decode->error) break;
            if (reader->count.account_count + reader->count.slot_count == count) {
                return fail(reader, "no account and no slot");
            }
            AU_TRY(read_end(reader, decode, is_last));
            if (!decode->error) return AU_OK;
            break;
        default: au_decode_fail(decode, "an unknown kind of item");
        }
    }
    au_buf_printf(reader->message, "at byte %zu: %s", decode->error_at, decode->error);
    return AU_ERR_MALFORMED;
}

enum au_err au_chunks_read(struct au_chunks_reader *reader, struct au_bytes chunk, bool is_last,
                           struct au_kv_batch *batch, struct au_buf *message)
{
    struct au_decode decode;
    reader->batch = batch;
    reader->message = message;
    au_decode_init(&decode, chunk);
    if (chunk.size > AU_CHUNK_SIZE_MAX) return fail(reader, "larger than a chunk may be");
    AU_TRY(read_items(reader, &decode, is_last));
    reader->count.chunk_count++;
    return batch ? batch->ops.err : AU_OK;
}

/* ---- life ---- */

enum au_err au_chunks_reader_new(const struct au_hash *root, struct au_chunks_reader **out_reader)
{
    struct au_chunks_reader *reader = au_mem_new(sizeof(*reader));
    if (!reader) return AU_ERR_NO_MEMORY;
    reader->root = *root;
    au_trie_build_init(&reader->accounts, &(struct au_trie_build_sink){reader, on_account_branch});
    au_trie_build_init(&reader->storage, &(struct au_trie_build_sink){reader, on_storage_branch});
    au_chunk_codes_init(&reader->codes);
    au_buf_init(&reader->scratch, SCRATCH_SIZE_MAX);
    *out_reader = reader;
    return AU_OK;
}

void au_chunks_reader_free(struct au_chunks_reader *reader)
{
    if (!reader) return;
    au_buf_done(&reader->scratch);
    au_chunk_codes_done(&reader->codes);
    au_trie_build_done(&reader->storage);
    au_trie_build_done(&reader->accounts);
    au_mem_free(reader);
}

struct au_chunks_count au_chunks_reader_count(const struct au_chunks_reader *reader)
{
    return reader->count;
}
