/* What a store holds, counted.
 *
 * Threading: any thread; at a moment of its own, so the store may be written meanwhile. */
#ifndef AUREON_STATE_STATS_H
#define AUREON_STATE_STATS_H

#include "store/kv.h"

/* A family's entries; sizes in bytes, as they were put. */
struct au_family_stats {
    uint64_t entry_count;
    uint64_t key_size;
    uint64_t value_size;
};

struct au_state_stats {
    struct au_family_stats families[AU_CF_COUNT];
    uint64_t contract_count; /* accounts with code */
    uint64_t depth_sum;      /* of the tries' stored branches, in nibbles of the key */
    unsigned depth_max;
    uint64_t undo_first; /* the first and the last block with an undo record, if there is any */
    uint64_t undo_last;
};

/* au_state_stats counts all entries of all families.
 *
 * OK, MALFORMED (a record that is counted by what it says is damaged), NO_MEMORY, or what the store
 * failed with. Cost: reads the whole store, about 1 us for each entry. */
AU_MUST_USE enum au_err au_state_stats(const struct au_kv *kv, struct au_state_stats *out_stats);

#endif
