#include <inttypes.h>

#include "base/file.h"
#include "base/hex.h"
#include "chain/chain.h"
#include "core/decode.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"
#include "ledger/snapshot_internal.h"
#include "state/trie.h"

#define BATCH_SIZE_MAX ((size_t)1 << 30) /* bytes */
#define LISTS_MAX      (1u << 30)        /* bytes of a genesis' lists */
#define NOTE_SIZE      (AU_HASH_SIZE + 4u)

struct restoration {
    const char *folder;
    const struct au_kv *kv; /* NULL: it is only checked */
    struct au_buf *message;
    struct au_buf manifest_bytes;
    struct au_manifest manifest;
    struct au_chunks_reader *reader;
    struct au_buf chunk;
    struct au_kv_batch batch;
    uint32_t next; /* chunks before it are written */
    bool is_done;  /* the store has the head already */
};

/* ---- the manifest ---- */

static enum au_err read_manifest(struct restoration *work, const struct au_hash *block_hash)
{
    char path[AU_SNAPSHOT_PATH_SIZE];
    const char *wrong;
    AU_TRY(au_snapshot_manifest_path(work->folder, work->message, path));
    enum au_err err = au_file_read(path, &work->manifest_bytes);
    if (err == AU_ERR_NOT_FOUND) {
        au_buf_printf(work->message, "%s is no snapshot: it has no %s", work->folder,
                      AU_SNAPSHOT_MANIFEST);
        return err;
    }
    if (err == AU_ERR_TOO_LARGE) {
        au_buf_printf(work->message, "%s is larger than a manifest may be", path);
        return AU_ERR_MALFORMED;
    }
    if (err != AU_OK) return au_snapshot_fail_file(work->message, "read", path, err);
    err = au_manifest_decode(au_buf_bytes(&work->manifest_bytes), &work->manifest, &wrong);
    if (err == AU_ERR_MALFORMED) au_buf_printf(work->message, "%s is damaged: %s", path, wrong);
    AU_TRY(err);
    struct au_hash hash = au_header_hash(&work->manifest.header);
    if (!block_hash || au_hash_is_equal(block_hash, &hash)) return AU_OK;
    au_buf_put_text(work->message, "the snapshot is of block ");
    au_hex_put(work->message, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    au_buf_put_text(work->message, ", expected ");
    au_hex_put(work->message, (struct au_bytes){block_hash->bytes, AU_HASH_SIZE});
    return AU_ERR_INVALID_ARG;
}

/* ---- chunks ---- */

static enum au_err read_chunk(struct restoration *work, uint32_t index)
{
    char path[AU_SNAPSHOT_PATH_SIZE];
    AU_TRY(au_snapshot_chunk_path(work->folder, index, work->message, path));
    enum au_err err = au_file_read(path, &work->chunk);
    if (err == AU_ERR_NOT_FOUND) {
        au_buf_printf(work->message, "%s is missing", path);
        return AU_ERR_MALFORMED;
    }
    if (err == AU_ERR_TOO_LARGE) {
        au_buf_printf(work->message, "%s is larger than a chunk may be", path);
        return AU_ERR_MALFORMED;
    }
    if (err != AU_OK) return au_snapshot_fail_file(work->message, "read", path, err);
    const uint8_t *expected = work->manifest.hashes.data + (size_t)index * AU_HASH_SIZE;
    struct au_hash hash = au_sha256(au_buf_bytes(&work->chunk));
    if (memcmp(hash.bytes, expected, AU_HASH_SIZE) == 0) return AU_OK;
    au_buf_printf(work->message, "%s is damaged: expected SHA-256 ", path);
    au_hex_put(work->message, (struct au_bytes){expected, AU_HASH_SIZE});
    au_buf_put_text(work->message, ", got ");
    au_hex_put(work->message, (struct au_bytes){hash.bytes, AU_HASH_SIZE});
    return AU_ERR_MALFORMED;
}

static void put_note(struct restoration *work, uint32_t next)
{
    uint8_t note[NOTE_SIZE];
    memcpy(note, work->manifest.digest.bytes, AU_HASH_SIZE);
    for (size_t i = 0; i < sizeof(next); i++) {
        note[AU_HASH_SIZE + i] = (uint8_t)(next >> (8 * i));
    }
    au_kv_batch_put(&work->batch, AU_CF_META, au_bytes_of(AU_META_RESTORE),
                    (struct au_bytes){note, sizeof(note)});
}

static enum au_err take_chunk(struct restoration *work, uint32_t index)
{
    bool is_last = index + 1 == work->manifest.count.chunk_count;
    bool is_written = !work->kv || index < work->next;
    AU_TRY(read_chunk(work, index));
    au_kv_batch_clear(&work->batch);
    au_buf_printf(work->message, "%s/chunk-%06" PRIu32 " is not of this state: ", work->folder,
                  index + 1);
    enum au_err err = au_chunks_read(work->reader, au_buf_bytes(&work->chunk), is_last,
                                     is_written ? NULL : &work->batch, work->message);
    if (err != AU_ERR_MALFORMED) au_buf_clear(work->message);
    AU_TRY(err);
    if (is_written) return AU_OK;
    put_note(work, index + 1); /* with the chunk or not at all: the head's sync will do for all */
    return au_kv_write(work->kv, &work->batch, /* is_synced */ false);
}

static enum au_err take_chunks(struct restoration *work)
{
    const struct au_chunks_count *expected = &work->manifest.count;
    struct au_hash empty = au_trie_empty_hash();
    AU_TRY(au_chunks_reader_new(&work->manifest.header.state_root, &work->reader));
    for (uint32_t i = 0; i < expected->chunk_count; i++) {
        AU_TRY(take_chunk(work, i));
    }
    struct au_chunks_count count = au_chunks_reader_count(work->reader);
    if (count.account_count != expected->account_count ||
        count.slot_count != expected->slot_count || count.code_count != expected->code_count) {
        au_buf_printf(work->message,
                      "%s/%s: expected %" PRIu64 " accounts, %" PRIu64 " slots and %" PRIu64
                      " codes, got %" PRIu64 ", %" PRIu64 " and %" PRIu64,
                      work->folder, AU_SNAPSHOT_MANIFEST, expected->account_count,
                      expected->slot_count, expected->code_count, count.account_count,
                      count.slot_count, count.code_count);
        return AU_ERR_MALFORMED;
    }
    if (count.chunk_count == 0 && !au_hash_is_equal(&work->manifest.header.state_root, &empty)) {
        au_buf_printf(work->message, "%s/%s: no chunks, but a state", work->folder,
                      AU_SNAPSHOT_MANIFEST);
        return AU_ERR_MALFORMED;
    }
    return AU_OK;
}

/* ---- the store ---- */

static enum au_err refuse_store(struct restoration *work, const char *what)
{
    au_buf_put_text(work->message, what);
    return AU_ERR_INVALID_ARG;
}

/* What an earlier try has left; nothing if there was none. */
static enum au_err read_note(struct restoration *work, bool *out_exists)
{
    struct au_buf note;
    struct au_decode decode;
    struct au_hash digest;
    au_buf_init(&note, NOTE_SIZE);
    enum au_err err = au_kv_get(work->kv, NULL, AU_CF_META, au_bytes_of(AU_META_RESTORE), &note);
    *out_exists = err == AU_OK;
    au_decode_init(&decode, au_buf_bytes(&note));
    au_decode_raw(&decode, digest.bytes, AU_HASH_SIZE);
    work->next = au_decode_u32(&decode);
    if (err == AU_OK && !au_decode_is_done(&decode)) err = AU_ERR_MALFORMED;
    if (err == AU_OK && !au_hash_is_equal(&digest, &work->manifest.digest)) {
        err = refuse_store(work, "another snapshot is being restored into the store: go on with "
                                 "that one, or remove the store");
    }
    au_buf_done(&note);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static enum au_err check_empty(struct restoration *work)
{
    static const enum au_cf families[] = {AU_CF_META, AU_CF_ACC, AU_CF_STO, AU_CF_KEY};
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        struct au_kv_range range = {.cf = families[i]};
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        AU_TRY(au_kv_iter_open(work->kv, NULL, &range, &iter));
        enum au_err err = au_kv_iter_next(&iter, &entry);
        au_kv_iter_close(&iter);
        if (err == AU_OK) return refuse_store(work, "the store is not empty, and has no chain");
        if (err != AU_ERR_NOT_FOUND) return err;
    }
    return AU_OK;
}

static enum au_err check_store(struct restoration *work)
{
    struct au_header head;
    bool has_note;
    enum au_err err = au_ledger_stored_head(work->kv, &head);
    if (err == AU_OK) {
        struct au_hash stored = au_header_hash(&head);
        struct au_hash hash = au_header_hash(&work->manifest.header);
        work->is_done = au_hash_is_equal(&stored, &hash);
        if (work->is_done) return AU_OK;
        au_buf_printf(work->message, "the store has a chain already, at height %" PRIu64,
                      head.height);
        return AU_ERR_INVALID_ARG;
    }
    if (err != AU_ERR_NOT_FOUND) return err;
    AU_TRY(read_note(work, &has_note));
    if (has_note) return AU_OK;
    AU_TRY(check_empty(work));
    put_note(work, 0);
    return au_kv_write(work->kv, &work->batch, /* is_synced */ true);
}

static enum au_err put_stakes(struct restoration *work, uint64_t stake_min,
                              uint64_t *out_validator_count)
{
    struct au_flat flat;
    AU_TRY(au_put_unbondings(work->kv, &work->batch));
    au_flat_init(&flat, work->kv, NULL);
    enum au_err err = au_count_validators(&flat, stake_min, out_validator_count);
    au_flat_done(&flat);
    return err;
}

/* What is no part of the state, but follows from it. */
static enum au_err put_head(struct restoration *work)
{
    const struct au_header *header = &work->manifest.header;
    struct au_hash hash = au_header_hash(header);
    struct au_genesis genesis;
    struct au_decode error;
    struct au_arena lists;
    uint64_t validator_count;
    au_arena_init(&lists, LISTS_MAX);
    au_kv_batch_clear(&work->batch);
    enum au_err err = au_genesis_decode(work->manifest.genesis, &lists, &genesis, &error);
    if (err == AU_OK) {
        err = put_stakes(work, genesis.params.validator_stake_min, &validator_count);
    }
    au_arena_done(&lists);
    AU_TRY(err);
    au_chain_put_block(&work->batch, header, &hash);
    au_chain_put_pruned(&work->batch, header->height);
    au_trie_put_flushed_height(&work->batch, header->height);
    au_kv_batch_put(&work->batch, AU_CF_META, au_bytes_of(AU_META_GENESIS), work->manifest.genesis);
    au_put_head(&work->batch, header, validator_count);
    au_kv_batch_del(&work->batch, AU_CF_META, au_bytes_of(AU_META_RESTORE));
    return au_kv_write(work->kv, &work->batch, /* is_synced */ true);
}

static enum au_err run(struct restoration *work, const struct au_hash *block_hash)
{
    AU_TRY(read_manifest(work, block_hash));
    if (work->kv) AU_TRY(check_store(work));
    if (work->is_done) return AU_OK;
    AU_TRY(take_chunks(work));
    return work->kv ? put_head(work) : AU_OK;
}

static enum au_err run_on(struct restoration *work, const struct au_hash *block_hash,
                          struct au_buf *genesis, struct au_snapshot_info *out_info)
{
    au_buf_init(&work->manifest_bytes, AU_MANIFEST_SIZE_MAX);
    au_buf_init(&work->chunk, AU_CHUNK_SIZE_MAX);
    au_kv_batch_init(&work->batch, BATCH_SIZE_MAX);
    enum au_err err = run(work, block_hash);
    if (err == AU_OK) {
        const struct au_manifest *manifest = &work->manifest;
        *out_info = (struct au_snapshot_info){manifest->header, au_header_hash(&manifest->header),
                                              manifest->count};
        if (genesis) {
            au_buf_put_bytes(genesis, manifest->genesis);
            err = genesis->err;
        }
    }
    if (err != AU_OK && work->kv) au_kv_explain(work->kv, err, NULL, work->message);
    if (err != AU_OK && work->message->size == 0) {
        au_buf_put_text(work->message, au_err_text(err));
    }
    au_kv_batch_done(&work->batch);
    au_chunks_reader_free(work->reader);
    au_buf_done(&work->chunk);
    au_buf_done(&work->manifest_bytes);
    return err;
}

enum au_err au_snapshot_verify(const char *folder, const struct au_hash *block_hash,
                               struct au_buf *message, struct au_snapshot_info *out_info)
{
    struct restoration work = {.folder = folder, .message = message};
    return run_on(&work, block_hash, NULL, out_info);
}

enum au_err au_snapshot_restore(const struct au_kv *kv, const char *folder,
                                const struct au_hash *block_hash, struct au_buf *message,
                                struct au_buf *genesis, struct au_snapshot_info *out_info)
{
    struct restoration work = {.folder = folder, .kv = kv, .message = message};
    return run_on(&work, block_hash, genesis, out_info);
}
