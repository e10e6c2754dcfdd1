/* What every benchmark needs: a clock, medians, files, and one JSON line per figure.
 *
 * A figure stands beside a yardstick, something measured in the same run or known for certain, so
 * that it means something on a machine that nobody has seen. */
#ifndef AUREON_BENCH_H
#define AUREON_BENCH_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/buf.h"

/* bench_now_ns gives the processor time that this thread has used: what other programs do meanwhile
 * counts little. */
static inline double bench_now_ns(void)
{
    struct timespec now;
    AU_ASSERT(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now) == 0);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

/* bench_wall_ns gives the time of the wall: what is waited for counts. */
static inline double bench_wall_ns(void)
{
    struct timespec now;
    AU_ASSERT(clock_gettime(CLOCK_MONOTONIC, &now) == 0);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static inline int bench_compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;
    return (x > y) - (x < y);
}

/* bench_median sorts values. */
static inline double bench_median(double *values, size_t count)
{
    AU_ASSERT(count > 0);
    qsort(values, count, sizeof *values, bench_compare);
    return count % 2 == 1 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* What the target bounds: the value, or its ratio to the yardstick. */
enum bench_goal { BENCH_AT_MOST, BENCH_AT_LEAST, BENCH_RATIO_AT_MOST, BENCH_RATIO_AT_LEAST };

struct bench_figure {
    const char *name;
    double value;
    const char *unit;
    const char *yardstick; /* what it is compared with */
    double yardstick_value;
    double target;
    enum bench_goal goal;
};

/* bench_report prints a figure and tells whether the target is met. */
static inline bool bench_report(const struct bench_figure *figure)
{
    double ratio = figure->value / figure->yardstick_value;
    bool is_ratio = figure->goal == BENCH_RATIO_AT_MOST || figure->goal == BENCH_RATIO_AT_LEAST;
    bool is_floor = figure->goal == BENCH_AT_LEAST || figure->goal == BENCH_RATIO_AT_LEAST;
    double judged = is_ratio ? ratio : figure->value;
    bool is_met = is_floor ? judged >= figure->target : judged <= figure->target;
    printf("{\"figure\":\"%s\",\"value\":%.4g,\"unit\":\"%s\",\"yardstick\":\"%s\","
           "\"yardstick_value\":%.4g,\"ratio\":%.4g,\"target\":%.4g,\"met\":%s}\n",
           figure->name, figure->value, figure->unit, figure->yardstick, figure->yardstick_value,
           ratio, figure->target, is_met ? "true" : "false");
    (void)fflush(stdout);
    return is_met;
}

/* bench_read_file appends a file to a buffer, or ends the program. */
static inline void bench_read_file(const char *folder, const char *name, struct au_buf *out)
{
    char path[512];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rbe");
    if (file == NULL) {
        (void)fprintf(stderr, "cannot read %s\n", path);
        exit(1);
    }
    uint8_t piece[4096];
    size_t size = 0;
    while ((size = fread(piece, 1, sizeof piece, file)) > 0) {
        au_buf_put(out, piece, size);
    }
    (void)fclose(file);
    AU_ASSERT(out->err == AU_OK);
}

#endif
