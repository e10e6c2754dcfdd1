/* Compares a store's records of branches with the branches of tries that are built from their
 * leaves (state/trie_build.h), with no more in memory than the records of branches that are open.
 *
 *     open -> { add ... } -> finish -> close
 *
 * Branches come as the builder gives them, trie after trie in the order of owners: those below a
 * branch before it. Records are in the order of keys: that of a branch before those below. What is
 * read too early is put aside, which are at most the records above the next branch.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_TRIE_COMPARE_H
#define AUREON_STATE_TRIE_COMPARE_H

#include "state/trie_node.h"
#include "store/kv.h"

enum au_trie_difference_kind {
    AU_TRIE_MISSING, /* a branch has no record */
    AU_TRIE_DAMAGED, /* it has another one than it should */
    AU_TRIE_EXTRA,   /* a record is of no branch */
};

/* Valid for the call that it is told by. */
struct au_trie_difference {
    enum au_trie_difference_kind kind;
    struct au_bytes key;    /* of the record */
    struct au_bytes record; /* that should be there; of AU_TRIE_EXTRA none */
};

/* Who is told of each difference, in no order. What is not OK ends the comparing. */
struct au_trie_compare_sink {
    void *context;
    enum au_err (*on_difference)(void *context, const struct au_trie_difference *difference);
};

/* A record that was put aside. */
struct au_trie_aside {
    size_t key_size;
    size_t size; /* of the record; more than fits: it is damaged, and has its first bytes here */
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    uint8_t bytes[AU_TRIE_RECORD_SIZE_MAX];
};

struct au_trie_compare {
    struct au_trie_compare_sink sink;
    struct au_kv_iter iter;
    struct au_kv_entry next; /* the record that was read last, unless is_done */
    bool is_done;
    struct au_trie_aside asides[AU_NIBBLE_COUNT]; /* each key begins with the one before */
    size_t aside_count;
    uint64_t branch_count; /* that were added */
};

/* au_trie_compare_open begins in the caller's storage.
 *
 * range   of the records in family tri
 *
 * OK; then it is to be closed. Else what the store failed with. */
AU_MUST_USE enum au_err au_trie_compare_open(struct au_trie_compare *compare,
                                             const struct au_kv *kv,
                                             const struct au_kv_range *range,
                                             const struct au_trie_compare_sink *sink);
void au_trie_compare_close(struct au_trie_compare *compare);

/* au_trie_compare_add compares the next branch, which starts after start nibbles.
 * OK, or what the sink gave or the store failed with. */
AU_MUST_USE enum au_err au_trie_compare_add(struct au_trie_compare *compare,
                                            const struct au_hash *owner,
                                            const struct au_trie_node *node, size_t start);

/* au_trie_compare_finish says that there are no more branches. Results as above. */
AU_MUST_USE enum au_err au_trie_compare_finish(struct au_trie_compare *compare);

#endif
