/* Numbers for tests that come out the same in every run: Marsaglia's xorshift64. */
#ifndef AUREON_TESTS_RANDOM_H
#define AUREON_TESTS_RANDOM_H

#include <stdint.h>

/* random_next gives the next number, which is the state too: never 0, and at first not 0. The high
 * bits are the better ones. */
static inline uint64_t random_next(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

#endif
