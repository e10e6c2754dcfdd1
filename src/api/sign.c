#include "api/sign.h"

#include "base/lock.h"
#include "core/limits.h"

#define NAMES                                                                                      \
    "the name of a development account: alice, bob, carol, dave, erin, frank, grace, heidi, ivan " \
    "or judy"

static void fail_network(struct au_input *input)
{
    struct au_problem problem;
    au_problem_init(&problem, AU_PROBLEM_SIGNATURE_REQUIRED);
    au_problem_set(&problem, "expected",
                   "{\"tx\":\"0x..\"}, or a signed transaction as " AU_BINARY_MEDIA_TYPE);
    au_response_put_problem(input->response, &problem);
    input->has_failed = true;
}

bool au_sign_find(struct au_input *input, size_t *out_index)
{
    struct au_bytes text;
    struct au_address address;
    if (input->has_failed) return false;
    if (!input->api->options.is_dev) {
        fail_network(input);
        return false;
    }
    if (!au_input_text(input, "from", &text)) {
        au_input_need(input, "from", NAMES);
        return false;
    }
    if (au_address_read(input->api, text, &address)) {
        for (size_t i = 0; i < AU_DEV_ACCOUNT_COUNT; i++) {
            *out_index = i;
            if (au_address_is_equal(&address, &input->api->dev_addresses[i])) return true;
        }
    }
    au_input_fail(input, "from", NAMES, text);
    return false;
}

enum au_err au_sign_encode(struct au_api *api, size_t index, struct au_tx *tx,
                           struct au_buf *out_bytes)
{
    tx->version = AU_TX_VERSION;
    tx->from = api->dev_addresses[index];
    tx->gas_price = au_ledger_params(api->options.ledger)->gas_price_min;
    AU_TRY(au_mempool_next_nonce(api->options.mempool, &tx->from, &tx->nonce));
    au_buf_clear(out_bytes);
    au_tx_encode(out_bytes, tx);
    return out_bytes->err;
}

/* Signs into tx and encodes it whole. */
static enum au_err sign(struct au_api *api, size_t index, struct au_tx *tx,
                        struct au_buf *out_bytes)
{
    struct au_buf message;
    au_buf_clear(out_bytes);
    au_tx_encode_body(out_bytes, tx);
    au_buf_init(&message, out_bytes->size + AU_TX_SIZE_MAX);
    au_tx_put_signed_message(&message, au_ledger_genesis_hash(api->options.ledger),
                             au_buf_bytes(out_bytes));
    enum au_err err = out_bytes->err != AU_OK ? out_bytes->err : message.err;
    if (err == AU_OK) au_sign(&api->dev_keys[index], au_buf_bytes(&message), tx->signature);
    au_buf_done(&message);
    au_buf_clear(out_bytes);
    au_tx_encode(out_bytes, tx);
    return err != AU_OK ? err : out_bytes->err;
}

void au_sign_submit(struct au_input *input, size_t index, struct au_tx *tx,
                    struct au_wait_form *form, const struct au_submit_wait *how)
{
    struct au_api *api = input->api;
    struct au_checked checked;
    struct au_buf bytes;
    au_buf_init(&bytes, 2u * AU_TX_SIZE_MAX);
    au_lock(&api->dev_lock);
    enum au_err err =
        au_mempool_next_nonce(api->options.mempool, &api->dev_addresses[index], &tx->nonce);
    if (err == AU_OK) err = sign(api, index, tx, &bytes);
    if (err != AU_OK) {
        au_fail(input->response, err);
    } else if (au_submit_decode(input, au_buf_bytes(&bytes), &checked)) {
        form->id = checked.id;
        au_submit(input, &checked, form, how);
    }
    au_unlock(&api->dev_lock);
    au_buf_done(&bytes);
}
