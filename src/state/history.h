/* The flat records of a store as they were after an older block: a store of its own, to read only.
 * What the blocks since then replaced (state/undo_record.h) lies over a snapshot of the present.
 *
 *     au_history_open -> { au_kv_get, au_kv_iter_*, au_history_next } -> au_kv_close
 *
 * Invariants:
 *   1. Families acc, sto and key are those of the height; all others are those of the snapshot.
 *   2. Nothing is written through it, nor are many keys read at once: to try is a bug of ours and
 *      aborts.
 *   3. It never changes: a snapshot of it is itself.
 *
 * Threading: any number of threads read it, with an iterator each.
 *
 * Memory: a copy of each record that changed since, as it was, and about 100 bytes; nothing for
 * what did not change. */
#ifndef AUREON_STATE_HISTORY_H
#define AUREON_STATE_HISTORY_H

#include "state/key_hash.h"
#include "state/undo_record.h"
#include "store/kv.h"

#define AU_HISTORY_BLOCK_SIZE 1024u /* bytes that take as long to read as a block to be found */

struct au_history_options {
    struct au_kv kv;                       /* outlives the history */
    const struct au_kv_snapshot *snapshot; /* likewise; NULL: now, and nobody writes meanwhile */
    uint64_t head;                         /* last block of the snapshot; or one before, where
                                              au_history_next alone is wanted */
    uint64_t height;                       /* to go back to; at most head */
    size_t size_max;                       /* bytes that it may take */
    uint64_t read_max;                     /* bytes of undo that may be read for it, with
                                              AU_HISTORY_BLOCK_SIZE for each block; 0: any */
    struct au_seed seed;                   /* anything that contracts cannot know */
};

/* au_history_open goes back to a height.
 *
 * out_history   owned by the caller: au_kv_close. A history of the head shows the snapshot.
 *
 * OK
 * NOT_FOUND   what a block since then replaced is no longer kept (state/keep.h), or the store never
 *             had the block
 * TOO_LARGE   more than size_max bytes changed since then, or one block replaced that many, or more
 *             than read_max would have to be read
 * MALFORMED   what is stored of a block's undo is damaged
 * NO_MEMORY, or what the store failed with
 *
 * Cost: reads the undo of every block since; while it does so it takes as many bytes again as the
 * largest of them. */
AU_MUST_USE enum au_err au_history_open(const struct au_history_options *options,
                                        struct au_kv *out_history);

/* au_history_next tells which records changed since the height, each once with what it was, by
 * family and key. One that is now again what it was then is among them.
 *
 * history      as au_history_open gave it
 * cursor       0 at first, then as the last call left it
 * out_record   lives as long as the history
 *
 * true: a record; false: there are no more */
AU_MUST_USE bool au_history_next(const struct au_kv *history, size_t *cursor,
                                 struct au_undo_record *out_record);

#endif
