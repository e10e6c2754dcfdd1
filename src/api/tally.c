#include "api/tally.h"

#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_US     UINT64_C(1000)

static const int statuses[AU_TALLY_STATUS_COUNT] = {200, 202, 204, 304, 400, 403, 404, 405, 408,
                                                    409, 410, 413, 415, 422, 429, 431, 500, 503};

static const struct {
    uint64_t us; /* at most */
    const char *seconds;
} buckets[AU_TALLY_BUCKET_COUNT] = {
    {100, "0.0001"},  {250, "0.00025"}, {500, "0.0005"},  {1000, "0.001"},
    {2500, "0.0025"}, {5000, "0.005"},  {10000, "0.01"},  {25000, "0.025"},
    {50000, "0.05"},  {100000, "0.1"},  {250000, "0.25"}, {500000, "0.5"},
    {1000000, "1"},   {2500000, "2.5"}, {5000000, "5"},   {10000000, "10"},
};

static const char *const class_names[AU_TALLY_CLASS_COUNT] = {
    [AU_TALLY_READ] = "read",
    [AU_TALLY_WRITE] = "write",
    [AU_TALLY_SLOW] = "slow",
    [AU_TALLY_NONE] = "none",
};

static enum au_tally_class class_of(const struct au_route *route)
{
    if (route == NULL) return AU_TALLY_NONE;
    if (route->is_slow) return AU_TALLY_SLOW;
    return route->methods == AU_METHOD_GET ? AU_TALLY_READ : AU_TALLY_WRITE;
}

void au_tally_note(struct au_tally *tally, struct au_route_table table,
                   const struct au_route *route, int status, uint64_t time_ns)
{
    AU_ASSERT(table.count <= AU_TALLY_ROUTES_MAX);
    size_t row = route ? (size_t)(route - table.routes) : AU_TALLY_ROUTES_MAX;
    size_t column = 0;
    size_t bucket = 0;
    while (column < AU_TALLY_STATUS_COUNT && statuses[column] != status)
        column++;
    AU_ASSERT(column < AU_TALLY_STATUS_COUNT);
    while (bucket < AU_TALLY_BUCKET_COUNT && time_ns > buckets[bucket].us * NS_PER_US)
        bucket++;
    struct au_tally_times *times = &tally->times[class_of(route)];
    atomic_fetch_add_explicit(&tally->answers[row][column], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&times->counts[bucket], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&times->sum_ns, time_ns, memory_order_relaxed);
}

static void put_answers(struct au_tally *tally, struct au_route_table table, size_t row,
                        struct au_buf *buf)
{
    for (size_t i = 0; i < AU_TALLY_STATUS_COUNT; i++) {
        unsigned long long count = atomic_load(&tally->answers[row][i]);
        if (count == 0) continue;
        au_buf_printf(buf, "aureon_http_requests_total{route=\"%s\",code=\"%d\"} %llu\n",
                      row < table.count ? table.routes[row].pattern : "none", statuses[i], count);
    }
}

static void put_times(struct au_tally_times *times, const char *name, struct au_buf *buf)
{
    unsigned long long count = 0;
    for (size_t i = 0; i <= AU_TALLY_BUCKET_COUNT; i++) {
        count += atomic_load(&times->counts[i]);
        au_buf_printf(buf, "aureon_http_request_seconds_bucket{class=\"%s\",le=\"%s\"} %llu\n",
                      name, i < AU_TALLY_BUCKET_COUNT ? buckets[i].seconds : "+Inf", count);
    }
    unsigned long long sum_ns = atomic_load(&times->sum_ns);
    au_buf_printf(buf,
                  "aureon_http_request_seconds_sum{class=\"%s\"} %llu.%09llu\n"
                  "aureon_http_request_seconds_count{class=\"%s\"} %llu\n",
                  name, sum_ns / NS_PER_SECOND, sum_ns % NS_PER_SECOND, name, count);
}

void au_tally_put(struct au_tally *tally, struct au_route_table table, struct au_buf *buf)
{
    au_buf_put_text(buf, "# HELP aureon_http_requests_total Answers by route and status.\n"
                         "# TYPE aureon_http_requests_total counter\n");
    for (size_t row = 0; row < table.count; row++)
        put_answers(tally, table, row, buf);
    put_answers(tally, table, AU_TALLY_ROUTES_MAX, buf);
    au_buf_put_text(buf, "# HELP aureon_http_request_seconds Time until the answer was there.\n"
                         "# TYPE aureon_http_request_seconds histogram\n");
    for (size_t i = 0; i < AU_TALLY_CLASS_COUNT; i++)
        put_times(&tally->times[i], class_names[i], buf);
}
