/* Transactions: in blocks, and in the pool. */
#include "api/handlers.h"
#include "api/json.h"
#include "api/submit.h"
#include "base/mem.h"
#include "core/limits.h"
#include "core/merkle.h"

/* Writes {"tx", "pending": true}. OK, NOT_FOUND: the pool has no such transaction. */
static enum au_err put_pooled(struct au_input *input, const struct au_hash *id)
{
    struct au_buf bytes;
    struct au_tx tx;
    struct au_decode error;
    struct au_json_write json;
    struct au_decoder decoder;
    au_buf_init(&bytes, AU_TX_SIZE_MAX);
    enum au_err err = au_mempool_find(input->api->options.mempool, id, &bytes);
    if (err == AU_OK) {
        bool is_tx = au_tx_decode(au_buf_bytes(&bytes), &tx, &error);
        AU_ASSERT(is_tx);
        uint64_t height = au_ledger_head(input->api->options.ledger).height;
        const struct au_chain_place next = {height + 1, 0};
        au_put_height(input->response, height);
        au_decoder_init(&decoder, input->api, AU_DECODER_SIZE_MAX);
        au_reply_begin(&json, input->response, 200);
        au_json_write_key(&json, "tx");
        au_json_write_begin_object(&json);
        au_tx_put_json(&json, au_buf_bytes(&bytes), &tx, au_decoder_of_tx(&decoder, next));
        au_decoder_done(&decoder);
        au_json_write_end_object(&json);
        au_json_put_bool(&json, "pending", true);
        au_reply_end(&json);
    }
    au_buf_done(&bytes);
    return err;
}

/* Answers with the transaction as it is now. Returns whether it waits for a block. */
static bool put_now(struct au_input *input, const struct au_wait_form *form)
{
    enum au_err err = au_answer_committed(input->api, form, input->response);
    if (err != AU_ERR_NOT_FOUND) {
        if (err != AU_OK) au_fail(input->response, err);
        return false;
    }
    err = put_pooled(input, &form->id);
    if (err == AU_OK) return true;
    /* It may have gone from the pool into a block in between. */
    if (err == AU_ERR_NOT_FOUND) err = au_answer_committed(input->api, form, input->response);
    if (err == AU_ERR_NOT_FOUND) {
        au_input_fail_tx(input);
    } else if (err != AU_OK) {
        au_fail(input->response, err);
    }
    return false;
}

void au_get_tx(struct au_input *input)
{
    static const char *const waits[] = {"none", "committed", NULL};
    struct au_api *api = input->api;
    struct au_wait_form form = {.shape = AU_WAIT_TX};
    unsigned timeout_ms = AU_SUBMIT_TIMEOUT_MS;
    size_t wait = 0;
    if (!au_input_path_hash(input, "hash", &form.id)) return;
    au_input_query_word(input, "wait", waits, &wait);
    au_input_query_time(input, "timeout", AU_SUBMIT_TIMEOUT_MS_MAX, &timeout_ms);
    if (input->has_failed) return;
    struct au_wait *place = wait == 1 ? au_waits_open(&api->waits, &form) : NULL;
    bool is_pending = put_now(input, &form);
    if (is_pending && place != NULL) {
        au_submit_defer(api, input->response, place, timeout_ms);
    } else {
        au_waits_close(&api->waits, place);
    }
}

void au_get_receipt(struct au_input *input)
{
    struct au_wait_form form = {.shape = AU_WAIT_RECEIPT};
    if (!au_input_path_hash(input, "hash", &form.id)) return;
    enum au_err err = au_answer_committed(input->api, &form, input->response);
    if (err == AU_ERR_NOT_FOUND) {
        au_input_fail_tx(input);
    } else if (err != AU_OK) {
        au_fail(input->response, err);
    }
}

/* ---- proofs ---- */

static void put_path(struct au_json_write *json, const char *name, const struct au_hash *leaves,
                     uint32_t count, uint32_t index)
{
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    uint32_t path_count = au_merkle_prove(leaves, count, index, path);
    au_json_write_key(json, name);
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < path_count; i++) {
        au_json_write_hex(json, (struct au_bytes){path[i].bytes, AU_HASH_SIZE});
    }
    au_json_write_end_array(json);
}

/* What a proof is about. */
enum proved { PROVED_TX, PROVED_RECEIPT };

static enum au_err put_core(struct au_json_write *json, struct au_look *look,
                            struct au_chain_place place)
{
    struct au_receipt receipt;
    struct au_buf core;
    AU_TRY(au_chain_receipt(&look->chain, place, &receipt));
    au_buf_init(&core, AU_RECEIPT_SIZE_MAX);
    au_receipt_encode_core(&core, &receipt);
    enum au_err err = core.err;
    if (err == AU_OK) au_json_put_hex(json, "receipt", au_buf_bytes(&core));
    au_buf_done(&core);
    return err;
}

/* leaves: room for twice as many as the block has transactions. */
static enum au_err put_proof(struct au_input *input, struct au_look *look,
                             struct au_chain_place place, const struct au_header *header,
                             struct au_hash *leaves, enum proved proved)
{
    struct au_json_write json;
    struct au_hash *digests = leaves + header->tx_count;
    AU_TRY(au_chain_leaves(&look->chain, header, leaves, digests));
    if (place.index >= header->tx_count) return AU_ERR_MALFORMED;
    au_reply_begin(&json, input->response, 200);
    au_json_put_u64(&json, "height", place.height);
    au_json_put_count(&json, "index", place.index);
    au_json_put_count(&json, "count", header->tx_count);
    au_json_put_hash(&json, "tx_root", &header->tx_root);
    au_json_put_hash(&json, "receipts_root", &header->receipts_root);
    au_json_put_hash(&json, "id", &leaves[place.index]);
    au_json_put_hash(&json, "digest", &digests[place.index]);
    put_path(&json, "tx_path", leaves, header->tx_count, place.index);
    put_path(&json, "receipt_path", digests, header->tx_count, place.index);
    if (proved == PROVED_RECEIPT) AU_TRY(put_core(&json, look, place));
    au_json_put_header(&json, "header", header);
    au_reply_end(&json);
    return AU_OK;
}

static enum au_err prove(struct au_input *input, struct au_look *look, struct au_chain_place place,
                         enum proved proved)
{
    struct au_header header;
    AU_TRY(au_chain_header(&look->chain, place.height, &header));
    struct au_hash *leaves = au_mem_new(2 * (size_t)header.tx_count * sizeof(*leaves));
    if (leaves == NULL) return AU_ERR_NO_MEMORY;
    enum au_err err = put_proof(input, look, place, &header, leaves, proved);
    au_mem_free(leaves);
    return err;
}

static void get_proof(struct au_input *input, enum proved proved)
{
    struct au_hash id;
    struct au_look look;
    struct au_chain_place place;
    if (!au_input_look_at_tx(input, &id, &look, &place)) return;
    enum au_err err = prove(input, &look, place, proved);
    if (err != AU_OK) au_fail(input->response, err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err);
    au_look_close(&look);
}

void au_get_tx_proof(struct au_input *input)
{
    get_proof(input, PROVED_TX);
}

void au_get_receipt_proof(struct au_input *input)
{
    get_proof(input, PROVED_RECEIPT);
}
