/* The tries as they were after an older block, in memory: what proofs of that height are made from.
 *
 * The records in a store are those of a height of their own, which lags behind the head, or while
 * they are being written those of two. From them, and from what changed between those heights and
 * the wanted one, the branches above the changes are made anew; all others are read from the
 * records when they are needed. Everything is read at one snapshot, and nothing is written.
 *
 * Threading: any number of threads read it. */
#ifndef AUREON_STATE_PAST_H
#define AUREON_STATE_PAST_H

#include "state/trie.h"

struct au_past;

struct au_past_options {
    struct au_kv kv;                       /* outlives the tries */
    const struct au_kv_snapshot *snapshot; /* likewise */
    uint64_t head;                         /* last block of the snapshot */
    uint64_t height;                       /* wanted; at most head */
    const struct au_kv *history;           /* of the height, at the snapshot: au_history_open */
    const struct au_hash *root;            /* of the accounts at the height */
    size_t change_count_max;               /* accounts and slots that may have changed between */
    size_t size_max;                       /* bytes of each: what they were, what they become */
    struct au_seed seed;                   /* anything that contracts cannot know */
};

/* au_past_open makes the tries of a height.
 *
 * message    gets the cause of MALFORMED, where there is more to say
 * out_past   owned by the caller: au_past_close
 *
 * OK
 * TOO_LARGE   more than change_count_max or size_max was changed between the height and those of
 *             the records
 * NOT_FOUND   no records are there to begin with, or not what was changed since
 * MALFORMED   the store is damaged: what comes out has not the root
 * NO_MEMORY, or what the store failed with
 *
 * Cost: reads the undo of the blocks between; then
 * about 15 us for each change, on two threads if there are many. */
AU_MUST_USE enum au_err au_past_open(const struct au_past_options *options, struct au_buf *message,
                                     struct au_past **out_past);

/* au_past_close frees the tries. NULL is legal. */
void au_past_close(struct au_past *past);

/* au_past_tries gives them, as struct au_proof_source takes them; no lock is needed. */
const struct au_trie_cache *au_past_tries(const struct au_past *past);

/* au_past_size tells how many bytes they take. */
size_t au_past_size(const struct au_past *past);

#endif
