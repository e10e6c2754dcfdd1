/* One line of TAP per check. Threading: one thread. */
#ifndef AUREON_TESTS_TAP_H
#define AUREON_TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

#include "base/base.h"

static unsigned tap_count;
static bool tap_has_failed;

AU_PRINTF(2, 3) static inline void tap_report(bool is_ok, const char *format, ...)
{
    va_list args;
    printf("%s %u - ", is_ok ? "ok" : "not ok", ++tap_count);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    (void)fflush(stdout);
    tap_has_failed |= !is_ok;
}

/* tap_finish writes the plan and gives the exit status. */
static inline int tap_finish(void)
{
    printf("1..%u\n", tap_count);
    return tap_has_failed ? 1 : 0;
}

#endif
