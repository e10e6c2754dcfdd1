/* Proves a store: the tries are built again from the flat state alone and compared with what the
 * store and a header say.
 *
 * Threading: any thread; the store must not be written meanwhile. */
#ifndef AUREON_STATE_VERIFY_H
#define AUREON_STATE_VERIFY_H

#include "state/key_hash.h"
#include "store/kv.h"

struct au_verified {
    uint64_t account_count;
    uint64_t slot_count;
    uint64_t record_count; /* branches of tries */
    struct au_hash root;   /* of the flat state */
};

/* au_state_verify checks a store against the state root of its head.
 *
 * root      what the head's header says
 * message   on MALFORMED gets what does not fit
 *
 * OK, MALFORMED, NO_MEMORY, or what the store failed with. Cost: about 5 us for each account and
 * slot, and 1 kB of memory for each account. */
AU_MUST_USE enum au_err au_state_verify(const struct au_kv *kv, const struct au_hash *root,
                                        struct au_buf *message, struct au_verified *out_verified);

#endif
