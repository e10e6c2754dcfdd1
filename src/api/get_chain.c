/* Blocks. */
#include <inttypes.h>

#include "api/handlers.h"
#include "api/json.h"
#include "base/hex.h"
#include "base/mem.h"
#include "base/text.h"

#define LIMIT_PRESET 20u
#define LIMIT_MAX    100u

static const char *const txs_words[] = {"none", "hash", "full", NULL};

enum au_err au_find_first(struct au_look *look, uint64_t *out_height)
{
    enum au_err err = au_chain_pruned(&look->chain, out_height);
    if (err == AU_ERR_NOT_FOUND) *out_height = 0;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

void au_fail_pruned(struct au_input *input, const char *got, uint64_t height, uint64_t first)
{
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_PRUNED);
    au_problem_set(&problem, "got", "%s%" PRIu64, got, height);
    au_problem_set(&problem, "expected", "a height above %" PRIu64, first);
    au_response_put_problem(input->response, &problem);
}

static void put_block(struct au_input *input, struct au_look *look, const struct au_header *header)
{
    struct au_json_write json;
    struct au_decoder decoder;
    uint64_t first;
    size_t txs = AU_JSON_TXS_COUNT;
    au_input_query_word(input, "txs", txs_words, &txs);
    if (input->has_failed) return;
    enum au_err err = au_find_first(look, &first);
    if (err != AU_OK) {
        au_fail(input->response, err);
        return;
    }
    bool has_txs = first == 0 || header->height > first || header->tx_count == 0;
    if (!has_txs && txs != AU_JSON_TXS_COUNT && txs != AU_JSON_TXS_NONE) {
        au_fail_pruned(input, "the transactions of block ", header->height, first);
        return;
    }
    if (txs == AU_JSON_TXS_COUNT) txs = has_txs ? AU_JSON_TXS_HASH : AU_JSON_TXS_NONE;
    au_reply_begin(&json, input->response, 200);
    au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
    err = au_json_put_block(&json, &look->chain, &decoder, header, (enum au_json_txs)txs);
    au_decoder_done(&decoder);
    if (err != AU_OK) {
        au_fail(input->response, err);
        return;
    }
    au_reply_end(&json);
}

void au_get_head(struct au_input *input)
{
    struct au_look look;
    if (!au_look_open(input->api, input->response, &look)) return;
    put_block(input, &look, &look.read.head);
    au_look_close(&look);
}

/* Reads a block's name: a height, a hash or "latest". false: the input has failed. */
static bool find_height(struct au_input *input, struct au_look *look, uint64_t *out_height,
                        enum au_err *out_err)
{
    struct au_bytes id = au_request_param(input->request, "id");
    struct au_hash hash;
    *out_err = AU_OK;
    if (au_bytes_is_equal(id, au_bytes_of("latest"))) {
        *out_height = look->read.head.height;
    } else if (au_hex_parse(id, hash.bytes, AU_HASH_SIZE) == AU_OK) {
        *out_err = au_chain_height(&look->chain, &hash, out_height);
    } else if (au_text_parse_u64(id, out_height) != AU_OK) {
        au_input_fail(input, "id", "a height, 0x and the 64 hex digits of a hash, or latest", id);
        return false;
    }
    return true;
}

static void fail_block(struct au_input *input, struct au_look *look, uint64_t height)
{
    struct au_problem problem;
    uint64_t first;
    if (au_find_first(look, &first) == AU_OK && height < first) {
        au_fail_pruned(input, "", height, first);
        return;
    }
    struct au_bytes id = au_request_param(input->request, "id");
    au_problem_init(&problem, AU_PROBLEM_UNKNOWN_BLOCK);
    au_problem_set(&problem, "got", "%.*s", (int)id.size, (const char *)id.data);
    au_problem_set(&problem, "expected", "a height up to %" PRIu64 ", or a block's hash",
                   look->read.head.height);
    au_response_put_problem(input->response, &problem);
}

void au_get_block(struct au_input *input)
{
    struct au_look look;
    struct au_header header;
    uint64_t height = UINT64_MAX; /* a hash may be of any */
    enum au_err err;
    if (!au_look_open(input->api, input->response, &look)) return;
    if (find_height(input, &look, &height, &err)) {
        if (err == AU_OK) err = au_chain_header(&look.chain, height, &header);
        if (err == AU_OK) {
            put_block(input, &look, &header);
        } else if (err == AU_ERR_NOT_FOUND) {
            fail_block(input, &look, height);
        } else {
            au_fail(input->response, err);
        }
    }
    au_look_close(&look);
}

static void put_blocks(struct au_input *input, const struct au_header *headers, size_t count,
                       bool is_descending, bool is_last)
{
    struct au_json_write json;
    au_reply_begin(&json, input->response, 200);
    au_json_write_key(&json, "items");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_begin_object(&json);
        au_header_put_json(&json, &headers[i]);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    if (!is_last) {
        uint64_t last = headers[count - 1].height;
        au_json_put_u64(&json, "next", is_descending ? last - 1 : last + 1);
    }
    au_reply_end(&json);
}

void au_get_blocks(struct au_input *input)
{
    static const char *const orders[] = {"desc", "asc", NULL};
    struct au_header headers[LIMIT_MAX];
    struct au_look look;
    uint64_t limit = LIMIT_PRESET;
    size_t order = 0;
    size_t count = 0;
    au_input_query_u64(input, "limit", 1, LIMIT_MAX, &limit);
    au_input_query_word(input, "order", orders, &order);
    if (input->has_failed || !au_look_open(input->api, input->response, &look)) return;
    uint64_t head_height = look.read.head.height;
    bool is_descending = order == 0;
    uint64_t first = 0;
    enum au_err err = au_find_first(&look, &first);
    uint64_t from = is_descending ? head_height : first;
    au_input_query_u64(input, "cursor", 0, UINT64_MAX, &from);
    if (is_descending && from > head_height) from = head_height;
    if (!input->has_failed) {
        if (err == AU_OK) {
            err = au_chain_headers(&look.chain, from,
                                   is_descending ? AU_CHAIN_DOWNWARD : AU_CHAIN_UPWARD, limit,
                                   headers, &count);
        }
        if (err != AU_OK) {
            au_fail(input->response, err);
        } else {
            uint64_t end = is_descending ? first : head_height;
            bool is_last = count == 0 || headers[count - 1].height == end;
            put_blocks(input, headers, count, is_descending, is_last);
        }
    }
    au_look_close(&look);
}

/* false: the response is a problem. */
static bool has_blocks_from(struct au_input *input, uint64_t height)
{
    struct au_look look;
    uint64_t first;
    if (!au_look_open(input->api, input->response, &look)) return false;
    enum au_err err = au_find_first(&look, &first);
    au_look_close(&look);
    bool has_blocks = err == AU_OK && (first == 0 || height > first);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else if (!has_blocks) {
        au_fail_pruned(input, "", height, first);
    }
    return has_blocks;
}

void au_get_blocks_stream(struct au_input *input)
{
    struct au_bytes text;
    uint64_t next_height = au_ledger_head(input->api->options.ledger).height + 1;
    if (au_request_header(input->request, "Last-Event-ID", &text)) {
        uint64_t last = 0;
        if (au_text_parse_u64(text, &last) != AU_OK || last == UINT64_MAX) {
            au_input_fail(input, "Last-Event-ID", "the id of a block's event: its height", text);
            return;
        }
        next_height = last + 1;
        if (!has_blocks_from(input, next_height)) return;
    }
    struct au_stream *stream = au_response_stream(input->response);
    if (stream == NULL) return;
    if (au_watch_blocks(&input->api->watch, stream, next_height)) au_api_wake(input->api);
}
