/* Snapshots: the state of a chain at a height in a folder, from which another node goes on.
 *
 *     manifest        what belongs together; written last: a folder without it is no snapshot
 *     chunk-000001    the chunks of state/snapshot.h, in order
 *     ...
 *
 *     manifest = "AUSN" || format u32 = 1 || account_count u64 || slot_count u64 ||
 *                code_count u64 || vec<SHA-256 of a chunk[32]> || header bytes ||
 *                genesis bytes || SHA-256 of all before[32]
 *
 * Chain id, height and state root are the header's; the block's hash is made of it. A folder may
 * come from anybody. What it proves is that it is whole, and that it has the state of its header:
 * that the header is the chain's is for who uses it to know, by the block's hash.
 *
 * Not in a snapshot: blocks, transactions, receipts and histories. A node that goes on from it has
 * those from the next block on; see au_chain_pruned.
 *
 * Threading: any thread; a folder belongs to one at a time. */
#ifndef AUREON_LEDGER_SNAPSHOT_H
#define AUREON_LEDGER_SNAPSHOT_H

#include <stdatomic.h>

#include "core/header.h"
#include "state/snapshot.h"
#include "store/kv.h"

#define AU_SNAPSHOT_MANIFEST "manifest"

struct au_snapshot_info {
    struct au_header header;
    struct au_hash block_hash;
    struct au_chunks_count count;
};

/* What a snapshot is made of. */
struct au_snapshot_source {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot; /* NULL: nobody writes meanwhile */
    size_t chunk_size;                     /* as au_chunks_source has it; 0: the preset */
    const atomic_bool *is_stopped; /* ends the work soon, with UNSUPPORTED; NULL: nothing does */
};

/* au_snapshot_create writes a snapshot of the last committed block into a folder, which is made, or
 * has what an earlier try left.
 *
 * message   gets the cause of whatever is not OK, a sentence
 *
 * OK            it is on disk
 * NOT_FOUND     the store has no chain
 * INVALID_ARG   the folder has a snapshot, or its path is too long
 * UNSUPPORTED   it was stopped
 * MALFORMED     the store is damaged
 * IO, NO_MEMORY */
AU_MUST_USE enum au_err au_snapshot_create(const struct au_snapshot_source *source,
                                           const char *folder, struct au_buf *message,
                                           struct au_snapshot_info *out_info);

/* au_snapshot_verify checks all of a snapshot.
 *
 * block_hash   what the block's hash has to be; NULL: anything
 * message      as above; it names the file
 *
 * OK, NOT_FOUND (no manifest), MALFORMED, INVALID_ARG (another block, or the path is too long), IO,
 * NO_MEMORY */
AU_MUST_USE enum au_err au_snapshot_verify(const char *folder, const struct au_hash *block_hash,
                                           struct au_buf *message,
                                           struct au_snapshot_info *out_info);

/* au_snapshot_restore makes a snapshot's block the head of an empty store; each chunk is checked
 * before it is written. A store in which this was ended early goes on behind the last chunk that
 * was written; no ledger opens it before it has a head.
 *
 * genesis   gets the chain's, encoded
 *
 * OK            the store has the head, and that is on disk
 * INVALID_ARG   besides the above: the store has something else already
 * others as above, and what the store failed with */
AU_MUST_USE enum au_err au_snapshot_restore(const struct au_kv *kv, const char *folder,
                                            const struct au_hash *block_hash,
                                            struct au_buf *message, struct au_buf *genesis,
                                            struct au_snapshot_info *out_info);

/* ---- manifests ---- */

/* What a manifest says; borrowed from its bytes. */
struct au_manifest {
    struct au_chunks_count count;
    struct au_header header;
    struct au_bytes genesis;
    struct au_bytes hashes; /* of the chunks */
    struct au_hash digest;  /* of the bytes before it */
};

void au_manifest_encode(struct au_buf *buf, const struct au_manifest *manifest);

/* au_manifest_decode is strict, and checks that header and genesis are of one chain.
 * OK; MALFORMED: out_wrong gets a static sentence; NO_MEMORY */
AU_MUST_USE enum au_err au_manifest_decode(struct au_bytes bytes, struct au_manifest *out_manifest,
                                           const char **out_wrong);

#endif
