/* Proves a store, or mends it: the tries are built again from the flat state alone and compared
 * with what the store and a header say, the raw keys with the slots, code with its hash.
 *
 * Threading: any thread; the store must not be written meanwhile, but where a snapshot is read. */
#ifndef AUREON_STATE_VERIFY_H
#define AUREON_STATE_VERIFY_H

#include <stdatomic.h>

#include "base/buf.h"
#include "base/hash.h"
#include "state/progress.h"
#include "store/kv.h"

struct au_verified {
    uint64_t account_count;
    uint64_t slot_count;
    bool are_records_current; /* the branches of tries in the store are of the head's height */
    uint64_t record_count;    /* if so: branches */
    struct au_hash root;      /* of the flat state */
};

/* au_state_catch_up brings the records of a store that nobody has open from an earlier height to
 * that of its head, if they are behind.
 *
 * OK; NOT_FOUND (no record says of which height they are, or not all changes since are known);
 * MALFORMED (what there is does not lead to the root); NO_MEMORY, or what the store failed with */
AU_MUST_USE enum au_err au_state_catch_up(const struct au_kv *kv, uint64_t height,
                                          const struct au_hash *root);

/* au_state_verify checks a store against the state root of its head. Records of tries are checked
 * if they are of the head's height.
 *
 * height, root  of the head, as its header says
 * progress      is told how many accounts and slots were read; NULL: nobody is
 * message       on MALFORMED gets what does not fit; nothing if the store failed with it, whose
 *               au_kv_message tells
 *
 * OK, MALFORMED, NO_MEMORY, or what the store failed with. Cost: a walk over the store's accounts,
 * slots and branches, about 4 us for each account and slot. Memory: less than 1 MB, and 32 bytes
 * for each code. */
AU_MUST_USE enum au_err au_state_verify(const struct au_kv *kv, uint64_t height,
                                        const struct au_hash *root,
                                        const struct au_progress *progress, struct au_buf *message,
                                        struct au_verified *out_verified);

/* A moment of a store that may be written meanwhile. */
struct au_state_moment {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot;
    struct au_hash root;           /* of its head, as the header says */
    const atomic_bool *is_stopped; /* ends the work soon, with UNSUPPORTED; NULL: nothing does */
};

/* au_state_prove does as much of au_state_verify as a running node needs: accounts, slots and raw
 * keys, not code and branches. Results, cost and memory as there; UNSUPPORTED: it was stopped. */
AU_MUST_USE enum au_err au_state_prove(const struct au_state_moment *moment, struct au_buf *message,
                                       struct au_verified *out_verified);

#define AU_REBUILD_HELD_MAX ((size_t)512 << 20) /* of some 8 million accounts */

/* au_state_rebuild makes the records of all tries anew from the flat state, whatever is there, as
 * those of a height; the rest as above. MALFORMED: the flat state does not give the root, and the
 * records are as they were.
 *
 * held_max   bytes of records that it keeps in memory until the root is proved, some 60 for each
 *            account and slot whose records are not right. What is more is found once again, by a
 *            second walk: it takes twice the time then
 *
 * What does not fit into one write of 4 MB is written piece by piece: until the last one the store
 * says of no height that its records are. */
AU_MUST_USE enum au_err au_state_rebuild(const struct au_kv *kv, uint64_t height,
                                         const struct au_hash *root, size_t held_max,
                                         struct au_buf *message);

#endif
