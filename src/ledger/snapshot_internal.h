/* What the writer and the reader of snapshots' folders share. Only src/ledger may include this. */
#ifndef AUREON_LEDGER_SNAPSHOT_INTERNAL_H
#define AUREON_LEDGER_SNAPSHOT_INTERNAL_H

#include "core/genesis.h"
#include "ledger/snapshot.h"

#define AU_SNAPSHOT_CHUNKS_MAX (1u << 20)
#define AU_SNAPSHOT_PATH_SIZE  4096u /* bytes */
#define AU_MANIFEST_SIZE_MAX \
    ((size_t)AU_GENESIS_SIZE_MAX + AU_SNAPSHOT_CHUNKS_MAX * AU_HASH_SIZE + 4096)

/* au_snapshot_path writes the path of the manifest, or of a chunk: those count from 0 here.
 * OK; INVALID_ARG: it is too long, and message says so. */
AU_MUST_USE enum au_err au_snapshot_manifest_path(const char *folder, struct au_buf *message,
                                                  char out_path[AU_SNAPSHOT_PATH_SIZE]);
AU_MUST_USE enum au_err au_snapshot_chunk_path(const char *folder, uint32_t index,
                                               struct au_buf *message,
                                               char out_path[AU_SNAPSHOT_PATH_SIZE]);

/* au_snapshot_fail_file says what a file's functions failed with, which it gives back. */
AU_MUST_USE enum au_err au_snapshot_fail_file(struct au_buf *message, const char *verb,
                                              const char *path, enum au_err err);

#endif
