/* A walk over the keys of a contract's slots that begin with a prefix, ascending, as they are at
 * each step: what an overlay has changed, over what its source tells.
 *
 *     au_walk_open -> { au_walk_next, any change of the overlay, savepoints } -> au_walk_close
 *
 * Invariants:
 *   1. A step depends on the last key that was given and on the slots as they are now, and on
 *      nothing else that happened since the walk began.
 *   2. What a step passes over is what was deleted since the overlay's reset, and not gone back on.
 *
 * Threading: that of the overlay. */
#ifndef AUREON_STATE_WALK_H
#define AUREON_STATE_WALK_H

#include "core/limits.h"
#include "state/overlay.h"

struct au_walk { /* by value for its owner, who does not move it; the fields are walk.c's */
    struct au_overlay *overlay;
    struct au_address contract;
    uint8_t prefix[AU_KEY_SIZE_MAX];
    size_t prefix_size;
    uint8_t last[AU_KEY_SIZE_MAX]; /* that was given, if has_last */
    size_t last_size;
    bool has_last;
    void *keys;           /* of the overlay's source; NULL: not open */
    struct au_bytes held; /* the key that keys has come to */
};

struct au_walk_step {
    bool is_end;         /* no key is left; a later step may find one */
    struct au_bytes key; /* unless is_end; valid until the next step or close */
    uint64_t passed;     /* keys passed over */
};

/* au_walk_open begins a walk. The overlay outlives it, and is not reset meanwhile; prefix is of at
 * most AU_KEY_SIZE_MAX bytes, and copied. au_walk_close frees what a walk holds. */
void au_walk_open(struct au_walk *walk, struct au_overlay *overlay,
                  const struct au_address *contract, struct au_bytes prefix);
void au_walk_close(struct au_walk *walk);

/* au_walk_next finds the least key that begins with the prefix, is above the last one given, and
 * whose slot exists.
 *
 * passed_max   it gives up once it has passed over more than these; then the step's passed is
 *              passed_max + 1, it has no key, and the walk is where it was
 *
 * OK, NO_MEMORY, or what the source failed with
 *
 * Cost: a place in the order of what was changed, a step of the source's walk; for each key passed
 * over as much again as a step. */
AU_MUST_USE enum au_err au_walk_next(struct au_walk *walk, uint64_t passed_max,
                                     struct au_walk_step *out_step);

#endif
