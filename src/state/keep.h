/* For how many blocks a store keeps what they replaced (state/undo_record.h), so that the state can
 * be read as it was before them, or taken back:
 *
 *     meta  "keep"   -> version u8 = 1 || blocks u64, little-endian; all bits set: all of them
 *
 * A store that says nothing keeps AU_KEEP_PRESET. What is gone does not come back when the number
 * rises. The records that are there are those of consecutive blocks, up to the head.
 *
 * Threading: any thread. */
#ifndef AUREON_STATE_KEEP_H
#define AUREON_STATE_KEEP_H

#include "store/kv.h"

#define AU_KEEP_PRESET 1024u
#define AU_KEEP_ALL    UINT64_MAX

/* au_keep_get reads the number. OK, MALFORMED (the record is nothing that was written here), or
 * what the store failed with. */
AU_MUST_USE enum au_err au_keep_get(const struct au_kv *kv, uint64_t *out_count);

/* au_keep_put has a batch say a number, which is above 0. */
void au_keep_put(struct au_kv_batch *batch, uint64_t count);

/* au_keep_first_undo finds the lowest block that has an undo record; behind the head if none has.
 *
 * head   the last block
 *
 * OK, MALFORMED (a key that is no height up to the head's), or what the store failed with */
AU_MUST_USE enum au_err au_keep_first_undo(const struct au_kv *kv, uint64_t head,
                                           uint64_t *out_height);

/* au_keep_first_state gives the lowest height whose state can be read: the one below the block
 * first_undo. Below block 0 there is none. */
static inline uint64_t au_keep_first_state(uint64_t first_undo)
{
    return first_undo > 0 ? first_undo - 1 : 0;
}

#endif
