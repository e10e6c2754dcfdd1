/* Chance that repeats: the same seed gives the same throws, on every machine (SplitMix64).
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TESTS_LEDGER_LOG_DICE_H
#define AUREON_TESTS_LEDGER_LOG_DICE_H

#include "base/base.h"

struct dice {
    uint64_t state; /* begins as the seed */
};

static inline uint64_t dice_next(struct dice *dice)
{
    uint64_t mixed = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ (mixed >> 31);
}

/* dice_below gives a number in [0, bound); bound > 0. Slightly uneven, which does not matter. */
static inline size_t dice_below(struct dice *dice, size_t bound)
{
    return (size_t)(dice_next(dice) % bound);
}

static inline bool dice_one_in(struct dice *dice, size_t bound)
{
    return dice_below(dice, bound) == 0;
}

static inline void dice_fill(struct dice *dice, uint8_t *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)dice_next(dice);
}

/* DICE_PICK gives an element of an array. Not twice in one expression or initialiser, which have no
 * order. */
#define DICE_PICK(dice, array) ((array)[dice_below(dice, AU_COUNT_OF(array))])

#endif
