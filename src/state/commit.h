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
    struct au_account_cache *accounts; /* of the committed state, for all who read it */
    struct au_arena arena;             /* the sealing's */
    uint64_t height;                   /* that is sealed */
    struct au_account_update *updates; /* of it, for the cache; in arena */
    size_t update_count;
};

/* au_commit_init prepares; au_commit_finish frees.
 *
 * branches_max   branches of tries kept in memory between blocks, about 750 bytes each
 * accounts_max   accounts kept in memory between blocks, about 200 bytes each
 *
 * OK, NO_MEMORY: then too it is to be finished */
AU_MUST_USE enum au_err au_commit_init(struct au_commit *commit, const struct au_kv *kv,
                                       const struct au_seed *seed, size_t branches_max,
                                       size_t accounts_max);
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

/* au_commit_done says that the batch is written; au_commit_drop that it will not be. From the first
 * on the cache of accounts is that of the sealed height. */
void au_commit_done(struct au_commit *commit);
void au_commit_drop(struct au_commit *commit);

#endif
