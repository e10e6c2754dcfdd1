/* What a store holds, counted.
 *
 * Threading: any thread; at a moment of its own, so the store may be written meanwhile. */
#ifndef AUREON_STATE_STATS_H
#define AUREON_STATE_STATS_H

#include "state/progress.h"
#include "state/trie_node.h"
#include "store/kv.h"

/* A family's entries; sizes in bytes, as they were put. */
struct au_family_stats {
    uint64_t entry_count;
    uint64_t key_size;
    uint64_t value_size;
};

/* The stored branches of the tries of one kind. */
struct au_trie_stats {
    uint64_t trie_count;
    uint64_t branch_count;
    uint64_t by_depth[AU_NIBBLE_COUNT]; /* branches, by the nibbles of the key that lead to one */
};

struct au_state_stats {
    struct au_family_stats families[AU_CF_COUNT];
    uint64_t contract_count; /* accounts with code */
    uint64_t block_count;    /* headers */
    uint64_t tx_count;       /* in blocks */
    struct au_trie_stats accounts_trie;
    struct au_trie_stats storage_tries;
    uint64_t undo_first; /* the first and the last block with an undo record, if there is any */
    uint64_t undo_last;
};

/* au_state_stats counts all entries of all families. Records of accounts and branches are decoded
 * to the last byte. progress NULL: nobody is told how far it is.
 *
 * message   gets the family and the key of a record that is damaged
 *
 * OK, MALFORMED (a record that is counted by what it says is damaged), NO_MEMORY, or what the store
 * failed with. Cost: reads the whole store, about 1 us for each entry. */
AU_MUST_USE enum au_err au_state_stats(const struct au_kv *kv, const struct au_progress *progress,
                                       struct au_buf *message, struct au_state_stats *out_stats);

#endif
