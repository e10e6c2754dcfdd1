/* From the changes of a block to what is written: flat records, undo, and the root.
 *
 *     open -> { seal(overlay) -> batch is written by the caller -> done -> flush_if_due
 *                                                        or drop                       } -> finish
 *
 * The records of tries are not in a block's batch: they are written now and then, many blocks' at
 * once, beside the blocks that come meanwhile, and say of which height they are, or while they are
 * being written of which two. A store whose records are behind its head is brought up to date when
 * it is opened, from the undo records, which tell what has changed since.
 *
 * A block removes the undo that is older than is to be kept (state/keep.h), of AU_COMMIT_PRUNE_MAX
 * blocks at most: where the number became lower, one block after the other does. Undo that opening
 * would need stays until the records of tries are written.
 *
 * Threading: one thread at a time; see state/trie.h for who reads tries meanwhile. */
#ifndef AUREON_STATE_COMMIT_H
#define AUREON_STATE_COMMIT_H

#include "state/flat.h"
#include "state/keep.h"
#include "state/trie.h"
#include "state/undo_record.h"

#define AU_COMMIT_PRUNE_MAX  256u /* blocks whose undo one block removes */
#define AU_COMMIT_BEHIND_MAX 512u /* blocks that the records of tries may be behind */

struct au_commit {
    struct au_flat flat; /* of the committed state */
    struct au_trie_cache tries;
    struct au_object_cache *objects;  /* of the committed state, for all who read it */
    struct au_arena arena;            /* the sealing's */
    uint64_t height;                  /* that is sealed */
    struct au_object_updates updates; /* of it, for the cache; in arena and the overlay's */
    uint64_t done_height;             /* that is committed */
    bool has_flushed;                 /* the records are of a height that is known */
    uint64_t flushed_height;          /* of the records in the store; of a pass, the first */
    uint64_t unflushed_count;         /* changes since */
    uint64_t keep;                    /* blocks whose undo stays */
    uint64_t first_undo;      /* lowest block with undo in the store; done_height + 1: none */
    uint64_t first_undo_next; /* likewise, once the sealed height is committed */
    uint64_t passing_count;   /* of these, changes whose records a pass writes */
    size_t dirty_size_max;    /* bytes of records that wait to be written */
    size_t pass_size_min;     /* bytes of records that are written beside the blocks */
};

struct au_commit_sizes {
    size_t tries_size_max; /* bytes of tries kept in memory between blocks */
    size_t accounts_max;   /* accounts kept likewise, about 200 bytes each */
    size_t slots_max;      /* slots, too */
};

/* au_commit_init prepares. OK, NO_MEMORY: then too it is to be finished.
 * au_commit_finish writes the records that the store does not have, if it can, and frees. */
AU_MUST_USE enum au_err au_commit_init(struct au_commit *commit, const struct au_kv *kv,
                                       const struct au_seed *seed,
                                       const struct au_commit_sizes *sizes);
void au_commit_finish(struct au_commit *commit);

/* au_commit_open begins on the state of a head. Records that are of an earlier height, or that do
 * not give the root, are made anew; in the end they are the head's.
 *
 * height, root   of the head, as its header says
 * message        on MALFORMED gets what is damaged
 *
 * OK; MALFORMED: the accounts or slots are not those of the head; NO_MEMORY, or what the store
 * failed with */
AU_MUST_USE enum au_err au_commit_open(struct au_commit *commit, uint64_t height,
                                       const struct au_hash *root, struct au_buf *message);

/* au_commit_keep says for how many blocks undo is kept from now on, in the store too, synced. What
 * is too much goes with blocks to come. OK, NO_MEMORY, or what the store failed with. */
AU_MUST_USE enum au_err au_commit_keep(struct au_commit *commit, uint64_t count);

/* au_commit_seal puts all changes of an overlay, which lies on the committed state, into a batch.
 * The overlay stays as it is until au_commit_done or au_commit_drop, and a pass that has the time
 * waits until then.
 *
 * height     of the block: names its undo record
 * out_root   of the account trie afterwards
 *
 * OK, NO_MEMORY, or what the store failed with: then au_commit_drop */
AU_MUST_USE enum au_err au_commit_seal(struct au_commit *commit, struct au_overlay *overlay,
                                       uint64_t height, struct au_kv_batch *batch,
                                       struct au_hash *out_root);

/* au_commit_done says that the batch is written; au_commit_drop that it will not be. From the first
 * on the cache of accounts and slots is that of the sealed height. */
void au_commit_done(struct au_commit *commit);
void au_commit_drop(struct au_commit *commit);

/* au_commit_flush writes the records of tries that the store does not have, which are those of the
 * committed height then; not synced. au_commit_flush_if_due does so when enough has come together,
 * or if there is too much in memory: it has another thread write them, and waits for that one alone
 * if the next records are due before the last ones are written.
 *
 * OK, NO_MEMORY (the second tries again next time, unless the other thread had none), or what the
 * store failed with */
AU_MUST_USE enum au_err au_commit_flush(struct au_commit *commit);
AU_MUST_USE enum au_err au_commit_flush_if_due(struct au_commit *commit);

#endif
