/* From the changes of a block to what is written: flat records, trie records, undo, and the root.
 *
 *     seal(overlay) -> batch is written by the caller -> au_commit_done
 *                                                     or au_commit_drop
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_COMMIT_H
#define AUREON_STATE_COMMIT_H

#include "state/flat.h"
#include "state/trie.h"

#define AU_UNDO_HEIGHT_COUNT 1024u /* blocks that can be taken back */

struct au_commit {
    struct au_flat flat; /* of the committed state */
    struct au_trie_cache tries;
    struct au_arena arena; /* the sealing's */
};

/* au_commit_init prepares; au_commit_finish frees.
 *
 * branches_max   branches of tries kept in memory between blocks, about 750 bytes each */
AU_MUST_USE enum au_err au_commit_init(struct au_commit *commit, const struct au_kv *kv,
                                       const struct au_seed *seed, size_t branches_max);
void au_commit_finish(struct au_commit *commit);

/* au_commit_seal puts all changes of an overlay, which lies on the committed state, into a batch.
 *
 * height     of the block: names its undo record
 * out_root   of the account trie afterwards
 *
 * OK, NO_MEMORY, or what the store failed with: then au_commit_drop */
AU_MUST_USE enum au_err au_commit_seal(struct au_commit *commit, struct au_overlay *overlay,
                                       uint64_t height, struct au_kv_batch *batch,
                                       struct au_hash *out_root);

/* au_commit_done says that the batch is written; au_commit_drop that it will not be. */
void au_commit_done(struct au_commit *commit);
void au_commit_drop(struct au_commit *commit);

#endif
