/* Time against gas: how long something took, and the steps it was charged.
 *
 * 1 gas stands for 1 us on the reference machine, so a step for 1 ns: what takes twice as long as
 * it pays has ratio 2. A pace is taken from the fastest of several equal runs, since other programs
 * can only make a run slower.
 *
 * Threading: pure. */
#ifndef AUREON_BENCH_PACE_H
#define AUREON_BENCH_PACE_H

#include "base/base.h"

#define PACE_NS_PER_STEP 1.0
#define PACE_STEPS       1000.0 /* of 1 gas */

struct pace {
    double ns;
    double steps;
};

/* pace_ratio gives the time as a multiple of what the steps stand for; 0 for no steps at all. */
static inline double pace_ratio(struct pace pace)
{
    return pace.steps > 0 ? pace.ns / (pace.steps * PACE_NS_PER_STEP) : 0;
}

/* pace_faster gives the run that took less for its steps. */
static inline struct pace pace_faster(struct pace a, struct pace b)
{
    return pace_ratio(b) < pace_ratio(a) ? b : a;
}

/* pace_less takes away what was only around the work that is measured; never less than nothing. */
static inline struct pace pace_less(struct pace all, struct pace around)
{
    return (struct pace){
        .ns = all.ns > around.ns ? all.ns - around.ns : 0,
        .steps = all.steps > around.steps ? all.steps - around.steps : 0,
    };
}

/* pace_each divides a run by the number of times that it did its work. */
static inline struct pace pace_each(struct pace pace, double count)
{
    return (struct pace){pace.ns / count, pace.steps / count};
}

/* pace_rank gives the place of a pace in a list that has the worst first; behind its equals. */
static inline size_t pace_rank(const struct pace *worst_first, size_t count, struct pace pace)
{
    size_t at = count;
    while (at > 0 && pace_ratio(pace) > pace_ratio(worst_first[at - 1]))
        at--;
    return at;
}

#endif
