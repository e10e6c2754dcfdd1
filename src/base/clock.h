/* Time that only goes forward, for measuring and timeouts: nothing that is stored or hashed may
 * depend on it. And the wall's, which goes any way it likes: a proposer's suggestion, no more.
 *
 * Threading: any thread. */
#ifndef AUREON_BASE_CLOCK_H
#define AUREON_BASE_CLOCK_H

#include "base/base.h"

/* au_clock_ns gives nanoseconds since an arbitrary start, the same for the whole machine until it
 * is started again. Cost: about 25 ns. */
uint64_t au_clock_ns(void);

/* au_clock_unix_ms gives milliseconds since 1970, 0 before. */
uint64_t au_clock_unix_ms(void);

#endif
