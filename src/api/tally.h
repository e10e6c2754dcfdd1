/* What the server has answered, by route and status, and how long it took: for /metrics.
 *
 * Invariants:
 *   1. The labels are those of the route table, of the statuses that the API has and of the four
 *      classes below, whatever clients send.
 *   2. A histogram's buckets and its count come from the same numbers.
 *
 * Threading: noting and putting from any thread, without locks. */
#ifndef AUREON_API_TALLY_H
#define AUREON_API_TALLY_H

#include <stdatomic.h>

#include "api/route.h"

#define AU_TALLY_ROUTES_MAX   64u
#define AU_TALLY_STATUS_COUNT 18u
#define AU_TALLY_BUCKET_COUNT 16u /* the one without a bound not counted */

enum au_tally_class {
    AU_TALLY_READ,  /* a GET that is answered at once */
    AU_TALLY_WRITE, /* another quick route: submitting, with waiting for the receipt */
    AU_TALLY_SLOW,  /* a route with is_slow */
    AU_TALLY_NONE,  /* nothing that has a route */
    AU_TALLY_CLASS_COUNT,
};

struct au_tally_times {
    atomic_ullong counts[AU_TALLY_BUCKET_COUNT + 1];
    atomic_ullong sum_ns;
};

/* Zero-initialise. */
struct au_tally {
    atomic_ullong answers[AU_TALLY_ROUTES_MAX + 1][AU_TALLY_STATUS_COUNT]; /* the last: no route */
    struct au_tally_times times[AU_TALLY_CLASS_COUNT];
};

/* au_tally_note counts an answer.
 *
 * table     at most AU_TALLY_ROUTES_MAX routes, always the same ones
 * route     of the table; NULL: none
 * time_ns   from the request line until the answer was there */
void au_tally_note(struct au_tally *tally, struct au_route_table table,
                   const struct au_route *route, int status, uint64_t time_ns);

/* au_tally_put writes the metrics in Prometheus' text format, those of answers that came up. */
void au_tally_put(struct au_tally *tally, struct au_route_table table, struct au_buf *buf);

#endif
