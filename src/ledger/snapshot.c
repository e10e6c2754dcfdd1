#include "ledger/snapshot.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "crypto/sha256.h"
#include "ledger/ledger_internal.h"
#include "ledger/snapshot_internal.h"

#define FOLDER_MODE 0700

/* ---- files ---- */

static enum au_err check_path(int size, struct au_buf *message)
{
    if (size > 0 && (size_t)size < AU_SNAPSHOT_PATH_SIZE) return AU_OK;
    au_buf_printf(message, "the folder's path is too long: a file's there has %d bytes, at most %u",
                  size, AU_SNAPSHOT_PATH_SIZE - 1);
    return AU_ERR_INVALID_ARG;
}

enum au_err au_snapshot_manifest_path(const char *folder, struct au_buf *message,
                                      char out_path[AU_SNAPSHOT_PATH_SIZE])
{
    if (folder[0] == 0) {
        au_buf_put_text(message, "expected a snapshot's folder, got ''");
        return AU_ERR_INVALID_ARG;
    }
    return check_path(
        snprintf(out_path, AU_SNAPSHOT_PATH_SIZE, "%s/%s", folder, AU_SNAPSHOT_MANIFEST), message);
}

enum au_err au_snapshot_chunk_path(const char *folder, uint32_t index, struct au_buf *message,
                                   char out_path[AU_SNAPSHOT_PATH_SIZE])
{
    return check_path(
        snprintf(out_path, AU_SNAPSHOT_PATH_SIZE, "%s/chunk-%06" PRIu32, folder, index + 1),
        message);
}

enum au_err au_snapshot_fail_file(struct au_buf *message, const char *verb, const char *path,
                                  enum au_err err)
{
    au_buf_printf(message, "cannot %s %s: %s", verb, path, au_file_err_text(err));
    return err == AU_ERR_NOT_FOUND ? AU_ERR_IO : err;
}

/* ---- writing ---- */

struct creation {
    const struct au_snapshot_source *source;
    const char *folder;
    struct au_buf *message;
    struct au_buf chunk;
    struct au_buf hashes;
};

static enum au_err check_stop(const struct creation *creation)
{
    bool is_stopped = creation->source->is_stopped && atomic_load(creation->source->is_stopped);
    if (!is_stopped) return AU_OK;
    au_buf_put_text(creation->message, "it was stopped");
    return AU_ERR_UNSUPPORTED;
}

/* Chunks are written twice: their ends are known last. */
static enum au_err put_chunk(void *context, uint32_t index, struct au_bytes chunk)
{
    struct creation *creation = context;
    char path[AU_SNAPSHOT_PATH_SIZE];
    AU_TRY(check_stop(creation));
    if (index >= AU_SNAPSHOT_CHUNKS_MAX) {
        au_buf_put_text(creation->message, "the state is too large for a snapshot");
        return AU_ERR_TOO_LARGE;
    }
    AU_TRY(au_snapshot_chunk_path(creation->folder, index, creation->message, path));
    enum au_err err = au_file_write(path, chunk);
    return err == AU_OK ? AU_OK : au_snapshot_fail_file(creation->message, "write", path, err);
}

static enum au_err end_chunk(void *context, uint32_t index, struct au_bytes end)
{
    struct creation *creation = context;
    struct au_buf *chunk = &creation->chunk;
    char path[AU_SNAPSHOT_PATH_SIZE];
    AU_TRY(check_stop(creation));
    AU_TRY(au_snapshot_chunk_path(creation->folder, index, creation->message, path));
    enum au_err err = au_file_read(path, chunk);
    if (err != AU_OK) return au_snapshot_fail_file(creation->message, "read", path, err);
    au_buf_put_bytes(chunk, end);
    AU_TRY(chunk->err);
    err = au_file_write(path, au_buf_bytes(chunk));
    if (err != AU_OK) return au_snapshot_fail_file(creation->message, "write", path, err);
    struct au_hash hash = au_sha256(au_buf_bytes(chunk));
    au_buf_put(&creation->hashes, hash.bytes, AU_HASH_SIZE);
    return creation->hashes.err;
}

static enum au_err put_manifest(struct creation *creation, const struct au_manifest *manifest,
                                const char *path)
{
    struct au_buf bytes;
    au_buf_init(&bytes, AU_MANIFEST_SIZE_MAX);
    au_manifest_encode(&bytes, manifest);
    enum au_err err = bytes.err;
    if (err == AU_OK) {
        err = au_file_write(path, au_buf_bytes(&bytes));
        if (err != AU_OK) err = au_snapshot_fail_file(creation->message, "write", path, err);
    }
    au_buf_done(&bytes);
    return err;
}

static enum au_err write_all(struct creation *creation, struct au_manifest *manifest,
                             const char *path)
{
    const struct au_chunks_source source = {
        .kv = creation->source->kv,
        .snapshot = creation->source->snapshot,
        .root = manifest->header.state_root,
        .chunk_size = creation->source->chunk_size,
    };
    const struct au_chunk_sink sink = {creation, put_chunk, end_chunk};
    AU_TRY(au_chunks_write(&source, &sink, creation->message, &manifest->count));
    manifest->hashes = au_buf_bytes(&creation->hashes);
    return put_manifest(creation, manifest, path);
}

/* A snapshot that is there is never touched. */
static enum au_err make_folder(const struct creation *creation,
                               char out_path[AU_SNAPSHOT_PATH_SIZE])
{
    struct stat status;
    const char *folder = creation->folder;
    AU_TRY(au_snapshot_manifest_path(folder, creation->message, out_path));
    if (au_file_make_folder(folder, FOLDER_MODE) != AU_OK) {
        au_buf_printf(creation->message, "cannot make the folder %s: %s", folder, strerror(errno));
        return AU_ERR_IO;
    }
    if (lstat(out_path, &status) != 0) return AU_OK;
    au_buf_printf(creation->message, "%s has a snapshot already", folder);
    return AU_ERR_INVALID_ARG;
}

static enum au_err read_chain(const struct au_snapshot_source *source, struct au_header *out_head,
                              struct au_buf *genesis)
{
    uint64_t validator_count;
    AU_TRY(au_ledger_read_head(&source->kv, source->snapshot, out_head, &validator_count));
    enum au_err err =
        au_kv_get(&source->kv, source->snapshot, AU_CF_META, au_bytes_of(AU_META_GENESIS), genesis);
    return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
}

static enum au_err create(struct creation *creation, struct au_buf *genesis,
                          struct au_snapshot_info *out_info)
{
    struct au_manifest manifest = {0};
    char path[AU_SNAPSHOT_PATH_SIZE];
    AU_TRY(read_chain(creation->source, &manifest.header, genesis));
    manifest.genesis = au_buf_bytes(genesis);
    AU_TRY(make_folder(creation, path));
    AU_TRY(write_all(creation, &manifest, path));
    *out_info = (struct au_snapshot_info){manifest.header, au_header_hash(&manifest.header),
                                          manifest.count};
    return AU_OK;
}

enum au_err au_snapshot_create(const struct au_snapshot_source *source, const char *folder,
                               struct au_buf *message, struct au_snapshot_info *out_info)
{
    struct creation creation = {.source = source, .folder = folder, .message = message};
    struct au_buf genesis;
    au_buf_init(&creation.chunk, AU_CHUNK_SIZE_MAX);
    au_buf_init(&creation.hashes, (size_t)AU_SNAPSHOT_CHUNKS_MAX * AU_HASH_SIZE);
    au_buf_init(&genesis, AU_GENESIS_SIZE_MAX);
    enum au_err err = create(&creation, &genesis, out_info);
    if (err == AU_ERR_NOT_FOUND) au_buf_put_text(message, "the store holds no chain");
    if (err != AU_OK) au_kv_explain(&source->kv, err, NULL, message);
    au_buf_done(&genesis);
    au_buf_done(&creation.hashes);
    au_buf_done(&creation.chunk);
    return err;
}
