#include "api/json.h"

#include <inttypes.h>

#include "api/cursor.h"
#include "api/decoder.h"
#include "base/mem.h"

void au_reply_begin(struct au_json_write *json, struct au_response *response, int status)
{
    au_response_set(response, status, AU_JSON_MEDIA_TYPE);
    au_buf_clear(&response->body);
    au_json_write_init(json, &response->body, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(json);
}

void au_reply_end(struct au_json_write *json)
{
    au_json_write_end_object(json);
    au_json_write_finish(json);
}

void au_json_put_count(struct au_json_write *json, const char *name, size_t count)
{
    AU_ASSERT(count <= UINT32_MAX);
    au_json_put_u32(json, name, (uint32_t)count);
}

void au_json_put_header(struct au_json_write *json, const char *name,
                        const struct au_header *header)
{
    struct au_buf bytes;
    au_buf_init(&bytes, AU_HEADER_SIZE_MAX);
    au_header_encode(&bytes, header);
    au_json_put_hex(json, name, au_buf_bytes(&bytes));
    if (bytes.err != AU_OK && json->buf->err == AU_OK) json->buf->err = bytes.err;
    au_buf_done(&bytes);
}

void au_json_put_account(struct au_json_write *json, const struct au_account *account)
{
    au_json_put_u64(json, "balance", account->balance);
    au_json_put_u64(json, "nonce", account->nonce);
    au_json_put_u64(json, "stake", account->stake);
    au_json_put_bool(json, "contract", account->has_code);
    if (account->has_code) au_json_put_hash(json, "code_hash", &account->code_hash);
    if (account->has_admin) au_json_put_address(json, "admin", &account->admin);
    if (account->has_storage) au_json_put_hash(json, "storage_root", &account->storage_root);
}

void au_json_put_receipt(struct au_json_write *json, const char *name,
                         const struct au_receipt *receipt, const struct au_receipt_teller *teller)
{
    au_json_write_key(json, name);
    au_json_write_begin_object(json);
    au_receipt_put_json(json, receipt, teller);
    au_json_write_end_object(json);
}

void au_json_put_cursor(struct au_json_write *json, const char *name,
                        const struct au_event_place *place)
{
    char text[AU_CURSOR_SIZE];
    au_cursor_format_event(place, text);
    au_json_put_text(json, name, text);
}

void au_json_put_event(struct au_json_write *json, const struct au_event_place *place,
                       const struct au_receipt *receipt, const struct au_receipt_event *event)
{
    au_json_put_cursor(json, "cursor", place);
    au_json_put_u64(json, "height", place->tx.height);
    au_json_put_count(json, "index", place->tx.index);
    au_json_put_count(json, "number", place->number);
    au_json_put_hash(json, "hash", &receipt->id);
    au_event_put_json(json, event);
}

void au_json_put_view(struct au_json_write *json, const struct au_view_result *result)
{
    const char *reason = au_receipt_reason(result->outcome, result->detail);
    au_json_put_text(json, "status", au_outcome_name(result->outcome));
    au_json_put_count(json, "outcome", (size_t)result->outcome);
    au_json_put_count(json, "detail", result->detail);
    if (reason != NULL) au_json_put_text(json, "reason", reason);
    if (result->outcome == AU_OUTCOME_REVERTED) {
        au_json_put_count(json, "revert_code", result->revert_code);
    }
    au_json_put_u64(json, "gas_used", result->gas_used);
    au_json_put_hex(json, "output", result->output);
    if (result->note.size > 0) {
        au_json_put_bytes(json, "message", result->note);
    }
    au_logs_put_json(json, result->logs);
}

void au_json_put_proof(struct au_json_write *json, const char *name, struct au_bytes proof)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    bool is_proof = au_proof_split(proof, nodes, &count);
    AU_ASSERT(is_proof);
    au_json_write_key(json, name);
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_hex(json, nodes[i]);
    }
    au_json_write_end_array(json);
}

static enum au_err put_hashes(struct au_json_write *json, struct au_chain_reader *chain,
                              const struct au_header *header)
{
    struct au_hash *ids = au_mem_new(header->tx_count * sizeof(*ids));
    if (ids == NULL) return AU_ERR_NO_MEMORY;
    enum au_err err = au_chain_leaves(chain, header, ids, NULL);
    for (uint32_t i = 0; err == AU_OK && i < header->tx_count; i++) {
        au_json_write_hex(json, (struct au_bytes){ids[i].bytes, AU_HASH_SIZE});
    }
    au_mem_free(ids);
    return err;
}

static enum au_err put_full(struct au_json_write *json, struct au_chain_reader *chain,
                            struct au_decoder *decoder, const struct au_header *header)
{
    for (uint32_t i = 0; i < header->tx_count; i++) {
        struct au_tx tx;
        struct au_bytes bytes;
        const struct au_chain_place place = {header->height, i};
        AU_TRY(au_chain_tx(chain, place, &tx, &bytes));
        au_json_write_begin_object(json);
        au_tx_put_json(json, bytes, &tx, au_decoder_of_tx(decoder, place));
        au_json_write_end_object(json);
    }
    return AU_OK;
}

enum au_err au_json_put_block(struct au_json_write *json, struct au_chain_reader *chain,
                              struct au_decoder *decoder, const struct au_header *header,
                              enum au_json_txs txs)
{
    au_header_put_json(json, header);
    if (txs == AU_JSON_TXS_NONE) return AU_OK;
    au_json_write_key(json, "txs");
    au_json_write_begin_array(json);
    AU_TRY(txs == AU_JSON_TXS_HASH ? put_hashes(json, chain, header)
                                   : put_full(json, chain, decoder, header));
    au_json_write_end_array(json);
    return AU_OK;
}
