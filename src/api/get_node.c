/* The node itself: whether it is well, what it is, what it counts, what its errors mean. */
#include <inttypes.h>
#include <sys/resource.h>

#include "api/handlers.h"
#include "api/json.h"
#include "api/refusal.h"
#include "base/lock.h"

#define METRICS_MEDIA_TYPE "text/plain; version=0.0.4; charset=utf-8"
#define MINE_MAX           1000u

void au_get_health(struct au_input *input)
{
    struct au_json_write json;
    bool is_stopping = atomic_load(&input->api->is_stopping);
    const char *status = au_api_room(input->api).is_full ? "store-full" : "ok";
    au_reply_begin(&json, input->response, is_stopping ? 503 : 200);
    au_json_put_text(&json, "status", is_stopping ? "stopping" : status);
    au_json_put_u64(&json, "height", au_ledger_head(input->api->options.ledger).height);
    au_reply_end(&json);
}

static void put_history(struct au_json_write *json, struct au_kept kept)
{
    au_json_write_key(json, "history");
    au_json_write_begin_object(json);
    au_json_put_u64(json, "first_height", kept.first);
    if (kept.count == AU_KEEP_ALL) {
        au_json_put_bool(json, "archive", true);
    } else {
        au_json_put_u64(json, "keep_blocks", kept.count);
    }
    au_json_write_end_object(json);
}

static void put_status(struct au_api *api, const struct au_header *head,
                       const struct au_mempool_stats *stats, bool is_store_full,
                       struct au_response *response)
{
    struct au_json_write json;
    struct au_ledger *ledger = api->options.ledger;
    const struct au_params *params = au_ledger_params(ledger);
    struct au_hash hash = au_header_hash(head);
    au_reply_begin(&json, response, 200);
    au_json_put_text(&json, "version", au_version());
    au_json_put_bytes(&json, "chain_id",
                      (struct au_bytes){(const uint8_t *)head->chain_id, head->chain_id_size});
    au_json_put_hash(&json, "genesis_hash", au_ledger_genesis_hash(ledger));
    au_json_put_text(&json, "mode", api->options.is_dev ? "dev" : "network");
    au_json_put_u64(&json, "height", head->height);
    au_json_put_hash(&json, "hash", &hash);
    au_json_put_time(&json, "time", head->time_ms);
    au_json_put_hash(&json, "state_root", &head->state_root);
    au_json_put_u64(&json, "gas_price_min", params->gas_price_min);
    au_json_put_u64(&json, "block_gas_limit", params->block_gas_limit);
    au_json_write_key(&json, "mempool");
    au_json_write_begin_object(&json);
    au_json_put_count(&json, "count", stats->count);
    au_json_put_u64(&json, "bytes", stats->size);
    au_json_write_end_object(&json);
    put_history(&json, au_ledger_kept(ledger));
    if (is_store_full) au_json_put_text(&json, "store", "full");
    au_reply_end(&json);
}

void au_get_status(struct au_input *input)
{
    struct au_api *api = input->api;
    struct au_response *response = input->response;
    struct au_api_status *last = &api->status;
    struct au_header head = au_ledger_head(api->options.ledger);
    struct au_mempool_stats stats = au_mempool_stats(api->options.mempool);
    bool is_full = au_api_room(api).is_full;
    au_put_height(response, head.height);
    au_lock(&last->lock);
    if (last->text.size > 0 && last->height == head.height && last->pool.count == stats.count &&
        last->pool.size == stats.size && last->is_store_full == is_full) {
        au_response_set(response, 200, AU_JSON_MEDIA_TYPE);
        au_buf_put_bytes(&response->body, au_buf_bytes(&last->text));
    } else {
        put_status(api, &head, &stats, is_full, response);
        last->height = head.height;
        last->is_store_full = is_full;
        last->pool = stats;
        au_buf_clear(&last->text);
        if (response->body.err == AU_OK)
            au_buf_put_bytes(&last->text, au_buf_bytes(&response->body));
    }
    au_unlock(&last->lock);
}

/* ---- metrics ---- */

static void put_metric(struct au_buf *body, const char *name, const char *type, const char *help,
                       uint64_t value)
{
    au_buf_printf(body, "# HELP %s %s\n# TYPE %s %s\n%s %" PRIu64 "\n", name, help, name, type,
                  name, value);
}

/* A counter with a value for each reason. */
struct reasons {
    const char *name;
    const char *help;
    const atomic_ullong *counts;
    size_t first; /* reason */
    size_t end;
    const char *(*name_of)(size_t reason);
};

static void put_reasons(struct au_buf *body, const struct reasons *reasons)
{
    const char *name = reasons->name;
    au_buf_printf(body, "# HELP %s %s\n# TYPE %s counter\n", name, reasons->help, name);
    for (size_t i = reasons->first; i < reasons->end; i++) {
        au_buf_printf(body, "%s{reason=\"%s\"} %llu\n", name, reasons->name_of(i),
                      atomic_load(&reasons->counts[i]));
    }
}

static const char *invalid_name(size_t number)
{
    return au_invalid_name((enum au_invalid)number);
}

static const char *drop_name(size_t number)
{
    return au_drop_name((enum au_drop)number);
}

static void put_store(struct au_buf *body, struct au_api *api)
{
    if (api->options.room == NULL) return;
    struct au_api_room room = au_api_room(api);
    put_metric(body, "aureon_store_free_bytes", "gauge", "Free on the disk of the store.",
               room.free);
    put_metric(body, "aureon_store_full", "gauge", "1 while no blocks are made for want of room.",
               room.is_full);
}

static void put_process(struct au_buf *body)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) != 0) return;
    au_buf_printf(body,
                  "# HELP process_cpu_seconds_total Processor time used.\n"
                  "# TYPE process_cpu_seconds_total counter\n"
                  "process_cpu_seconds_total %ld.%06ld\n",
                  (long)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                      (long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1000000,
                  (long)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) % 1000000);
    put_metric(body, "aureon_resident_memory_max_bytes", "gauge", "Most memory held so far.",
               (uint64_t)usage.ru_maxrss * 1024);
}

void au_get_metrics(struct au_input *input)
{
    struct au_api *api = input->api;
    struct au_api_counts *counts = &api->counts;
    struct au_header head = au_ledger_head(api->options.ledger);
    struct au_mempool_stats stats = au_mempool_stats(api->options.mempool);
    struct au_kept kept = au_ledger_kept(api->options.ledger);
    struct au_buf *body = &input->response->body;
    const struct {
        const char *name;
        const char *type;
        const char *help;
        uint64_t value;
    } metrics[] = {
        {"aureon_chain_height", "gauge", "Height of the last block.", head.height},
        {"aureon_chain_time_seconds", "gauge", "Time of the last block.", head.time_ms / 1000},
        {"aureon_history_first_height", "gauge", "Lowest height whose state can be read.",
         kept.first},
        {"aureon_history_archive", "gauge", "1 while the state of every block is kept.",
         kept.count == AU_KEEP_ALL},
        {"aureon_blocks_total", "counter", "Blocks since the start.", atomic_load(&counts->blocks)},
        {"aureon_txs_total", "counter", "Transactions in them.", atomic_load(&counts->txs)},
        {"aureon_gas_used_total", "counter", "Gas used in them.", atomic_load(&counts->gas_used)},
        {"aureon_mempool_txs", "gauge", "Transactions that wait.", stats.count},
        {"aureon_mempool_executable_txs", "gauge", "Those that could be in the next block.",
         stats.executable_count},
        {"aureon_mempool_bytes", "gauge", "Their bytes.", stats.size},
        {"aureon_mempool_added_total", "counter", "Transactions that the pool took.",
         atomic_load(&counts->submitted)},
        {"aureon_mempool_refused_total", "counter", "Valid ones refused for room or price.",
         atomic_load(&counts->refused)},
        {"aureon_simulations_total", "counter", "Simulations and views.",
         atomic_load(&counts->simulated)},
        {"aureon_http_waiting", "gauge", "Requests that wait for a transaction.",
         au_waits_count(&api->waits)},
        {"aureon_stream_clients", "gauge", "Open streams.",
         au_watch_count(&api->watch) + au_event_watch_count(&api->event_watch)},
    };
    au_response_set(input->response, 200, METRICS_MEDIA_TYPE);
    au_buf_printf(body,
                  "# HELP aureon_build_info The program.\n# TYPE aureon_build_info gauge\n"
                  "aureon_build_info{version=\"%s\"} 1\n",
                  au_version());
    for (size_t i = 0; i < AU_COUNT_OF(metrics); i++) {
        put_metric(body, metrics[i].name, metrics[i].type, metrics[i].help, metrics[i].value);
    }
    put_reasons(body, &(struct reasons){"aureon_mempool_rejected_total",
                                        "Transactions that were not valid.", counts->invalid, 1,
                                        AU_API_INVALID_COUNT, invalid_name});
    put_reasons(body, &(struct reasons){"aureon_mempool_dropped_total",
                                        "Transactions that left the pool.", counts->dropped, 0,
                                        AU_API_DROP_COUNT, drop_name});
    au_tally_put(&api->tally, au_api_routes(), body);
    put_store(body, api);
    put_process(body);
}

/* ---- errors ---- */

void au_get_error(struct au_input *input)
{
    struct au_bytes word = au_request_param(input->request, "code");
    enum au_problem_code code = au_problem_find(word);
    if (code == AU_PROBLEM_CODE_COUNT) {
        struct au_problem problem;
        au_problem_init(&problem, AU_PROBLEM_NOT_FOUND);
        au_problem_set(&problem, "detail", "there is no such error");
        au_problem_set(&problem, "got", "%.*s", (int)word.size, (const char *)word.data);
        au_response_put_problem(input->response, &problem);
        return;
    }
    const struct au_problem_kind *kind = au_problem_kind(code);
    au_response_set(input->response, 200, "text/markdown; charset=utf-8");
    au_buf_printf(&input->response->body, "# %s\n\n`%s`, status %d: %s.\n", kind->title, kind->code,
                  kind->status, kind->text);
}

/* ---- development ---- */

/* Whether a Host header names this machine as itself: a page of another origin whose name was made
 * to point here does not. */
static bool is_own_host(struct au_bytes host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < AU_COUNT_OF(names); i++) {
        struct au_bytes name = au_bytes_of(names[i]);
        if (host.size < name.size || memcmp(host.data, name.data, name.size) != 0) continue;
        if (host.size == name.size || host.data[name.size] == ':') return true;
    }
    return false;
}

void au_post_mine(struct au_input *input)
{
    static const char *const names[] = {"count", NULL};
    struct au_api *api = input->api;
    struct au_bytes host = {0};
    struct au_json_write json;
    uint64_t count = 1;
    if (!api->options.is_dev || api->options.mine == NULL) {
        au_refuse_with(input->response, AU_PROBLEM_DEV_ONLY, NULL);
        return;
    }
    if (!au_request_header(input->request, "Host", &host) || !is_own_host(host)) {
        au_refuse_with(input->response, AU_PROBLEM_BAD_HOST, NULL);
        return;
    }
    if (input->request->body.size > 0) {
        if (!au_input_parse(input, names)) return;
        au_input_u64(input, "count", &count);
    }
    if (!input->has_failed && (count == 0 || count > MINE_MAX)) {
        au_input_fail(input, "count", "a number from 1 to 1000", au_bytes_of("another"));
    }
    if (input->has_failed) return;
    if (!api->options.mine(api->options.context, (uint32_t)count)) {
        if (au_refuse_full_store(api, input->response)) return;
        au_refuse_with(input->response, AU_PROBLEM_UNAVAILABLE, "no block could be made");
        return;
    }
    struct au_header head = au_ledger_head(api->options.ledger);
    au_put_height(input->response, head.height);
    au_reply_begin(&json, input->response, 200);
    au_json_put_u64(&json, "height", head.height);
    au_reply_end(&json);
}
