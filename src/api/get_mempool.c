/* The pool. */
#include "api/handlers.h"
#include "api/json.h"

#define LIMIT_PRESET 100u
#define LIMIT_MAX    500u

void au_get_mempool(struct au_input *input)
{
    struct au_mempool_entry entries[LIMIT_MAX];
    struct au_mempool *pool = input->api->options.mempool;
    struct au_json_write json;
    uint64_t limit = LIMIT_PRESET;
    uint64_t after = 0;
    au_input_query_u64(input, "limit", 1, LIMIT_MAX, &limit);
    au_input_query_u64(input, "cursor", 0, UINT64_MAX, &after);
    if (input->has_failed) return;
    struct au_mempool_stats stats = au_mempool_stats(pool);
    size_t count = au_mempool_list(pool, after, limit, entries);
    au_reply_begin(&json, input->response, 200);
    au_json_put_count(&json, "count", stats.count);
    au_json_put_u64(&json, "bytes", stats.size);
    au_json_put_count(&json, "executable", stats.executable_count);
    au_json_put_count(&json, "parked", stats.parked_count);
    au_json_write_key(&json, "items");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_begin_object(&json);
        au_json_put_hash(&json, "hash", &entries[i].id);
        au_json_put_address(&json, "from", &entries[i].from);
        au_json_put_u64(&json, "nonce", entries[i].nonce);
        au_json_put_u64(&json, "gas_price", entries[i].gas_price);
        au_json_put_text(&json, "kind", au_tx_kind_name(entries[i].kind));
        au_json_put_bool(&json, "executable", entries[i].is_executable);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    if (count == limit) au_json_put_u64(&json, "next", entries[count - 1].sequence);
    au_reply_end(&json);
}

void au_get_mempool_stream(struct au_input *input)
{
    struct au_stream *stream = au_response_stream(input->response);
    if (stream != NULL) (void)au_watch_pool(&input->api->watch, stream);
}
