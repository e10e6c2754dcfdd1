/* Ranges of keys that are known to be empty. Deleted keys stay in a store as tombstones until they
 * are compacted away; who walks over many of them notes the gap, so that nobody else has to.
 *
 * A view of the store is of an age: the writes that had ended when it was opened.
 *
 *     age -> a view is opened -> { find, add } by readers
 *     begin_write -> put of each key -> the write -> end_write    by the writer
 *
 * Invariants:
 *   1. Gaps are apart from each other. A view that is of a gap's age or later sees no key in it, as
 *      long as the gap is there.
 *   2. Nothing is added by a view that may not see all that was written.
 *
 * Threading: any number of readers, one writer. */
#ifndef AUREON_STORE_GAPS_H
#define AUREON_STORE_GAPS_H

#include <pthread.h>

#include "base/bytes.h"
#include "base/err.h"

#define AU_GAP_KEY_SIZE_MAX 320u /* bytes; a gap with a longer bound is not noted */

struct au_gap_bound {
    uint8_t bytes[AU_GAP_KEY_SIZE_MAX];
    size_t size;
};

/* No key from lower on, up to but without upper. */
struct au_gap {
    struct au_gap_bound lower;
    struct au_gap_bound upper;
    uint64_t age;
    uint64_t weight; /* tombstones, as far as is known */
};

struct au_gaps { /* by value for its owner; the fields are gaps.c's */
    pthread_mutex_t lock;
    struct au_gap **items; /* ascending */
    size_t count;
    size_t count_max;
    uint64_t age;
    bool is_writing;
};

/* au_gaps_init prepares room for count_max gaps, of which each takes 700 bytes once it is there;
 * the lightest goes when they are too many. OK, NO_MEMORY. au_gaps_done frees. */
AU_MUST_USE enum au_err au_gaps_init(struct au_gaps *gaps, size_t count_max);
void au_gaps_done(struct au_gaps *gaps);

/* au_gaps_age gives the age of a view that is opened after the call. */
uint64_t au_gaps_age(struct au_gaps *gaps);

/* au_gaps_find gives the first gap that ends above a key, as a view of an age may use it.
 * false: there is none. */
bool au_gaps_find(struct au_gaps *gaps, uint64_t age, struct au_bytes key, struct au_gap *out_gap);

/* au_gaps_add notes what a view of an age has found empty, together with the gaps that it touches;
 * it forgets it if something was written since, or without memory.
 *
 * weight   tombstones that were passed over besides those of known gaps */
void au_gaps_add(struct au_gaps *gaps, uint64_t age, struct au_bytes lower, struct au_bytes upper,
                 uint64_t weight);

/* au_gaps_begin_write comes before the writer makes any change, au_gaps_put for each key that it is
 * going to put, au_gaps_end_write when the changes can be seen, or have failed. */
void au_gaps_begin_write(struct au_gaps *gaps);
void au_gaps_put(struct au_gaps *gaps, struct au_bytes key);
void au_gaps_end_write(struct au_gaps *gaps);

/* au_gap_bound_of copies a key, which fits; au_gap_bytes_of borrows a bound's bytes. */
struct au_gap_bound au_gap_bound_of(struct au_bytes key);

static inline struct au_bytes au_gap_bytes_of(const struct au_gap_bound *bound)
{
    return (struct au_bytes){bound->bytes, bound->size};
}

#endif
