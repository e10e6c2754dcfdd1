#include "ledger/check.h"

#include "core/limits.h"

/* What a Transfer may use beyond its intrinsic steps, and does if it creates its recipient. */
#define CREATE_STEPS 50000u

/* ---- the bytes ---- */

static bool has_gas_limit(enum au_tx_kind kind)
{
    return kind == AU_TX_DEPLOY || kind == AU_TX_CALL || kind == AU_TX_UPGRADE;
}

static uint64_t gas_limit_of(const struct au_tx *tx, uint64_t intrinsic_steps)
{
    if (has_gas_limit(tx->kind)) return tx->gas_limit;
    uint64_t steps = intrinsic_steps + (tx->kind == AU_TX_TRANSFER ? CREATE_STEPS : 0);
    return (steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
}

enum au_invalid au_check_decode(const struct au_params *params, struct au_bytes bytes,
                                struct au_checked *out_checked, struct au_decode *out_error)
{
    struct au_checked checked = {.bytes = bytes};
    if (bytes.size > params->tx_bytes) return AU_INVALID_SIZE;
    if (!au_tx_decode(bytes, &checked.tx, out_error)) {
        bool is_version = out_error->error == au_tx_other_version;
        return is_version ? AU_INVALID_VERSION : AU_INVALID_ENCODING;
    }
    if (au_ed25519_is_small_order(checked.tx.from.bytes)) return AU_INVALID_BAD_FROM;
    checked.id = au_tx_id(bytes);
    checked.intrinsic_steps = au_tx_intrinsic_steps(&checked.tx, bytes.size);
    checked.gas_limit = gas_limit_of(&checked.tx, checked.intrinsic_steps);
    *out_checked = checked;
    return AU_INVALID_NONE;
}

/* ---- signatures ---- */

static struct au_bytes body_of(const struct au_checked *checked)
{
    return (struct au_bytes){checked->bytes.data, checked->bytes.size - AU_TX_SIGNATURE_SIZE};
}

enum au_err au_check_signature(const struct au_checked *checked, const struct au_hash *genesis_hash,
                               bool *out_is_valid)
{
    return au_check_signatures(&checked, 1, genesis_hash, NULL, out_is_valid);
}

/* The messages of all, one after the other. */
static enum au_err put_messages(const struct au_checked *const *checked, size_t count,
                                const struct au_hash *genesis_hash, struct au_buf *messages)
{
    for (size_t i = 0; i < count; i++) {
        au_tx_put_signed_message(messages, genesis_hash, body_of(checked[i]));
    }
    return messages->err;
}

enum au_err au_check_signatures(const struct au_checked *const *checked, size_t count,
                                const struct au_hash *genesis_hash, struct au_ed25519_keys *keys,
                                bool *out_is_valid)
{
    AU_ASSERT(count <= AU_CHECK_BATCH_MAX);
    struct au_ed25519_item items[AU_CHECK_BATCH_MAX];
    struct au_buf messages;
    au_buf_init(&messages, SIZE_MAX);
    enum au_err err = put_messages(checked, count, genesis_hash, &messages);
    const uint8_t *at = messages.data;
    for (size_t i = 0; err == AU_OK && i < count; i++) {
        struct au_bytes message = {at, au_tx_signed_message_size(body_of(checked[i]).size)};
        items[i] = (struct au_ed25519_item){
            .key = checked[i]->tx.from.bytes,
            .sig = checked[i]->tx.signature,
            .message = message,
        };
        at += message.size;
    }
    if (err == AU_OK) au_ed25519_check(keys, items, count, out_is_valid);
    au_buf_done(&messages);
    return err;
}

/* ---- the state ---- */

static uint64_t moved_by(const struct au_tx *tx)
{
    switch (tx->kind) {
    case AU_TX_TRANSFER:
    case AU_TX_STAKE: return tx->amount;
    case AU_TX_DEPLOY:
    case AU_TX_CALL: return tx->value;
    case AU_TX_UNSTAKE:
    case AU_TX_UPGRADE: break;
    }
    return 0;
}

uint64_t au_check_cost(const struct au_checked *checked)
{
    uint64_t reserve, cost;
    if (__builtin_mul_overflow(checked->gas_limit, checked->tx.gas_price, &reserve) ||
        __builtin_add_overflow(reserve, moved_by(&checked->tx), &cost) || cost > AU_AMOUNT_MAX) {
        return UINT64_MAX;
    }
    return cost;
}

enum au_invalid au_check_state(const struct au_params *params, const struct au_checked *checked,
                               const struct au_check_sender *sender)
{
    const struct au_tx *tx = &checked->tx;
    uint64_t cost = au_check_cost(checked);
    if (tx->valid_until != 0 && tx->valid_until < sender->height) return AU_INVALID_EXPIRED;
    if (tx->nonce < sender->nonce) return AU_INVALID_NONCE_LOW;
    if (tx->nonce > sender->nonce || tx->nonce == UINT64_MAX) return AU_INVALID_NONCE_HIGH;
    if (checked->gas_limit < (checked->intrinsic_steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS) {
        return AU_INVALID_GAS_LOW;
    }
    if (checked->gas_limit > params->block_gas_limit) return AU_INVALID_GAS_HIGH;
    if (tx->gas_price < params->gas_price_min) return AU_INVALID_PRICE_LOW;
    if (cost > AU_AMOUNT_MAX) return AU_INVALID_OVERFLOW;
    if (cost > sender->balance) return AU_INVALID_BALANCE;
    return AU_INVALID_NONE;
}
