/* What a transaction came to, for who waits for it. */
#include "api/api_internal.h"
#include "api/json.h"
#include "base/hex.h"

#define HASH_TEXT_SIZE (2 * AU_HASH_SIZE + 3) /* bytes with the end */

/* Empty when the heap has none. */
static void write_hash(const struct au_hash *hash, char out_text[HASH_TEXT_SIZE])
{
    struct au_buf text;
    au_buf_init(&text, HASH_TEXT_SIZE);
    au_hex_put(&text, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
    if (text.size > 0) memcpy(out_text, text.data, text.size);
    out_text[text.size] = 0;
    au_buf_done(&text);
}

void au_answer_pending(const struct au_hash *id, struct au_response *response)
{
    struct au_json_write json;
    char hash[HASH_TEXT_SIZE];
    write_hash(id, hash);
    au_reply_begin(&json, response, 202);
    au_response_put_header(response, "Location", "/v1/tx/%s", hash);
    au_json_put_hash(&json, "hash", id);
    au_json_put_text(&json, "status", "pending");
    au_reply_end(&json);
}

void au_answer_dropped(const struct au_hash *id, enum au_drop reason, struct au_response *response)
{
    struct au_problem problem;
    char hash[HASH_TEXT_SIZE];
    write_hash(id, hash);
    au_problem_init(&problem, AU_PROBLEM_TX_DROPPED);
    au_problem_set(&problem, "detail", "%s", au_drop_text(reason));
    au_problem_set(&problem, "reason", "%s", au_drop_name(reason));
    au_problem_set(&problem, "hash", "%s", hash);
    au_response_put_problem(response, &problem);
}

static enum au_err put_tx(struct au_json_write *json, struct au_chain_reader *chain,
                          struct au_chain_place place, struct au_decoder *decoder)
{
    struct au_tx tx;
    struct au_bytes bytes;
    AU_TRY(au_chain_tx(chain, place, &tx, &bytes));
    au_json_write_key(json, "tx");
    au_json_write_begin_object(json);
    au_tx_put_json(json, bytes, &tx, au_decoder_of_tx(decoder, place));
    au_json_write_end_object(json);
    return AU_OK;
}

void au_answer_receipt(struct au_api *api, const struct au_wait_form *form,
                       struct au_chain_reader *chain, const struct au_receipt *receipt,
                       struct au_response *response)
{
    struct au_json_write json;
    struct au_decoder decoder;
    const struct au_chain_place place = {receipt->height, receipt->index};
    enum au_err err = AU_OK;
    au_put_height(response, au_ledger_head(api->options.ledger).height);
    au_reply_begin(&json, response, 200);
    au_decoder_init(&decoder, api, AU_DECODER_SIZE_MAX);
    if (form->shape == AU_WAIT_TX) err = put_tx(&json, chain, place, &decoder);
    if (err != AU_OK) {
        au_decoder_done(&decoder);
        au_fail(response, err);
        return;
    }
    if (form->shape == AU_WAIT_DEPLOY) {
        if (receipt->has_created) au_json_put_address(&json, "address", &receipt->created);
        au_json_put_hash(&json, "code_hash", &form->code_hash);
    }
    if (form->shape == AU_WAIT_RECEIPT) {
        au_receipt_put_json(&json, receipt, au_decoder_of_chain(&decoder));
    } else {
        au_json_put_receipt(&json, "receipt", receipt, au_decoder_of_chain(&decoder));
    }
    au_decoder_done(&decoder);
    au_reply_end(&json);
}

enum au_err au_answer_committed(struct au_api *api, const struct au_wait_form *form,
                                struct au_response *response)
{
    struct au_chain_reader chain;
    struct au_chain_place place;
    struct au_receipt receipt;
    au_chain_reader_init(&chain, &api->options.kv, NULL);
    enum au_err err = au_chain_place(&chain, &form->id, &place);
    if (err == AU_OK) {
        err = au_chain_receipt(&chain, place, &receipt);
        if (err == AU_ERR_NOT_FOUND) err = AU_ERR_MALFORMED;
    }
    if (err == AU_OK) au_answer_receipt(api, form, &chain, &receipt, response);
    au_chain_reader_done(&chain);
    return err;
}
