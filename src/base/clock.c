#include "base/clock.h"

#include <time.h>

uint64_t au_clock_ns(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_MONOTONIC, &now);
    AU_ASSERT(failed == 0);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t au_clock_unix_ms(void)
{
    struct timespec now;
    int failed = clock_gettime(CLOCK_REALTIME, &now);
    AU_ASSERT(failed == 0);
    return now.tv_sec < 0 ? 0 : (uint64_t)now.tv_sec * 1000u + (uint64_t)now.tv_nsec / 1000000u;
}
