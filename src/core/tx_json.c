#include "core/tx_json.h"

#include "base/time_text.h"

#define ADDRESS_TEXT_SIZE_MAX 128 /* bytes */
#define TIME_TEXT_SIZE_MAX    64  /* bytes */

/* Texts are made in a buffer of their own; what goes wrong there is the document's error. */
static void write_made_text(struct au_json_write *json, struct au_buf *text)
{
    au_json_write_bytes(json, au_buf_bytes(text));
    if (text->err != AU_OK && json->buf->err == AU_OK) json->buf->err = text->err;
    au_buf_done(text);
}

void au_json_put_address(struct au_json_write *json, const char *key,
                         const struct au_address *address)
{
    struct au_buf text;
    au_buf_init(&text, ADDRESS_TEXT_SIZE_MAX);
    au_address_format(&text, address);
    au_json_write_key(json, key);
    write_made_text(json, &text);
}

void au_json_put_time(struct au_json_write *json, const char *key, uint64_t time_ms)
{
    struct au_buf text;
    au_buf_init(&text, TIME_TEXT_SIZE_MAX);
    au_time_put(&text, time_ms);
    au_json_write_key(json, key);
    write_made_text(json, &text);
}

void au_json_put_hash(struct au_json_write *json, const char *key, const struct au_hash *hash)
{
    au_json_put_hex(json, key, (struct au_bytes){hash->bytes, AU_HASH_SIZE});
}

/* ---- transactions ---- */

static void put_args(struct au_json_write *json, const struct au_tx *tx)
{
    struct au_bytes args[AU_ARG_COUNT_MAX];
    size_t count = au_tx_args(tx, args);
    au_json_write_key(json, "args");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_hex(json, args[i]);
    }
    au_json_write_end_array(json);
}

static void put_run(struct au_json_write *json, const struct au_tx *tx,
                    const struct au_tx_teller *teller)
{
    if (tx->kind == AU_TX_CALL) au_json_put_bytes(json, "function", tx->function);
    if (tx->kind != AU_TX_CALL) au_json_put_hex(json, "code", tx->code);
    put_args(json, tx);
    if (teller != NULL) teller->args(teller->context, json, tx);
    au_json_put_u64(json, "gas_limit", tx->gas_limit);
    if (tx->kind != AU_TX_UPGRADE) au_json_put_u64(json, "value", tx->value);
    if (tx->has_admin) au_json_put_address(json, "admin", &tx->admin);
}

static void put_payload(struct au_json_write *json, const struct au_tx *tx,
                        const struct au_tx_teller *teller)
{
    switch (tx->kind) {
    case AU_TX_TRANSFER:
        au_json_put_address(json, "to", &tx->to);
        au_json_put_u64(json, "amount", tx->amount);
        break;
    case AU_TX_DEPLOY: put_run(json, tx, teller); break;
    case AU_TX_CALL:
    case AU_TX_UPGRADE:
        au_json_put_address(json, "contract", &tx->to);
        put_run(json, tx, teller);
        break;
    case AU_TX_STAKE:
    case AU_TX_UNSTAKE: au_json_put_u64(json, "amount", tx->amount); break;
    }
    if (tx->has_validator) {
        au_json_put_hex(json, "validator_key",
                        (struct au_bytes){tx->validator_key, sizeof(tx->validator_key)});
        au_json_put_hex(json, "validator_proof",
                        (struct au_bytes){tx->validator_proof, sizeof(tx->validator_proof)});
    }
}

void au_tx_put_json(struct au_json_write *json, struct au_bytes bytes, const struct au_tx *tx,
                    const struct au_tx_teller *teller)
{
    struct au_hash hash = au_tx_id(bytes);
    AU_ASSERT(bytes.size <= UINT32_MAX);
    au_json_put_hash(json, "hash", &hash);
    au_json_put_text(json, "kind", au_tx_kind_name(tx->kind));
    au_json_put_address(json, "from", &tx->from);
    au_json_put_u64(json, "nonce", tx->nonce);
    au_json_put_u64(json, "gas_price", tx->gas_price);
    au_json_put_u64(json, "valid_until", tx->valid_until);
    put_payload(json, tx, teller);
    au_json_put_hex(json, "signature", (struct au_bytes){tx->signature, AU_TX_SIGNATURE_SIZE});
    au_json_put_u32(json, "size", (uint32_t)bytes.size);
    au_json_put_u64(json, "intrinsic_steps", au_tx_intrinsic_steps(tx, bytes.size));
}

/* ---- receipts ---- */

struct detail {
    enum au_outcome outcome;
    uint32_t number; /* of a host function's reason: without the function's number */
    const char *name;
};

static const struct detail details[] = {
#define AU_TRAP_DETAIL(number, NAME, name, text) {AU_OUTCOME_TRAPPED, (number), #name},
#define AU_HOST_DETAIL(number, NAME, name, text) {AU_OUTCOME_HOST_REJECTED, (number), #name},
#include "abi/detail.def"
#undef AU_HOST_DETAIL
#undef AU_TRAP_DETAIL
};

const char *au_receipt_reason(enum au_outcome outcome, uint32_t detail)
{
    uint32_t number = outcome == AU_OUTCOME_HOST_REJECTED ? detail & 0xffu : detail;
    for (size_t i = 0; i < AU_COUNT_OF(details); i++) {
        if (details[i].outcome == outcome && details[i].number == number) return details[i].name;
    }
    return NULL;
}

void au_event_put_json(struct au_json_write *json, const struct au_receipt_event *event)
{
    au_json_put_address(json, "contract", &event->contract);
    au_json_put_bytes(json, "name", event->name);
    au_json_write_key(json, "topics");
    au_json_write_begin_array(json);
    for (size_t at = 0; at < event->topics.size; at += AU_EVENT_TOPIC_SIZE) {
        au_json_write_hex(json, (struct au_bytes){event->topics.data + at, AU_EVENT_TOPIC_SIZE});
    }
    au_json_write_end_array(json);
    au_json_put_hex(json, "data", event->data);
}

void au_events_put_json(struct au_json_write *json, const struct au_receipt *receipt,
                        const struct au_receipt_teller *teller)
{
    struct au_items events = receipt->events;
    struct au_receipt_event event;
    au_json_write_key(json, "events");
    au_json_write_begin_array(json);
    while (au_receipt_next_event(&events, &event)) {
        au_json_write_begin_object(json);
        au_event_put_json(json, &event);
        if (teller != NULL) teller->event(teller->context, json, receipt, &event);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

void au_logs_put_json(struct au_json_write *json, struct au_items logs)
{
    struct au_bytes line;
    au_json_write_key(json, "logs");
    au_json_write_begin_array(json);
    while (au_receipt_next_log(&logs, &line)) {
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "text", line);
        au_json_put_hex(json, "bytes", line);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void put_balances(struct au_json_write *json, struct au_items balances)
{
    struct au_receipt_balance change;
    au_json_write_key(json, "balance_changes");
    au_json_write_begin_array(json);
    while (au_receipt_next_balance(&balances, &change)) {
        au_json_write_begin_object(json);
        au_json_put_address(json, "address", &change.address);
        au_json_put_u64(json, "before", change.before);
        au_json_put_u64(json, "after", change.after);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void put_slots(struct au_json_write *json, const struct au_receipt *receipt,
                      const struct au_receipt_teller *teller)
{
    struct au_items slots = receipt->slots;
    struct au_receipt_slot change;
    au_json_write_key(json, "storage_changes");
    au_json_write_begin_array(json);
    while (au_receipt_next_slot(&slots, &change)) {
        au_json_write_begin_object(json);
        au_json_put_address(json, "contract", &change.contract);
        au_json_put_hex(json, "key", change.key);
        if (change.existed) au_json_put_hex(json, "before", change.before);
        if (change.exists) au_json_put_hex(json, "after", change.after);
        if (teller != NULL) teller->slot(teller->context, json, receipt, &change);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

void au_receipt_contract_put_json(struct au_json_write *json,
                                  const struct au_receipt_contract *change)
{
    if (change->existed) au_json_put_hash(json, "code_hash_before", &change->code_before);
    if (change->had_admin) au_json_put_address(json, "admin_before", &change->admin_before);
    au_json_put_hash(json, "code_hash", &change->code_after);
    if (change->has_admin) au_json_put_address(json, "admin", &change->admin_after);
}

static void put_contracts(struct au_json_write *json, struct au_items contracts)
{
    struct au_receipt_contract change;
    au_json_write_key(json, "contract_changes");
    au_json_write_begin_array(json);
    while (au_receipt_next_contract(&contracts, &change)) {
        au_json_write_begin_object(json);
        au_json_put_address(json, "contract", &change.address);
        au_receipt_contract_put_json(json, &change);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

void au_receipt_put_core_json(struct au_json_write *json, const struct au_receipt *receipt)
{
    const char *reason = au_receipt_reason(receipt->outcome, receipt->detail);
    au_json_put_text(json, "status", au_outcome_name(receipt->outcome));
    au_json_put_u32(json, "outcome", (uint32_t)receipt->outcome);
    au_json_put_u32(json, "detail", receipt->detail);
    if (reason != NULL) au_json_put_text(json, "reason", reason);
    if (receipt->outcome == AU_OUTCOME_REVERTED)
        au_json_put_u32(json, "revert_code", receipt->revert_code);
    au_json_put_u64(json, "gas_used", receipt->gas_used);
    au_json_put_u64(json, "fee", receipt->fee);
    if (receipt->has_created) au_json_put_address(json, "created", &receipt->created);
    au_json_put_hex(json, "output", receipt->output);
}

void au_receipt_put_json(struct au_json_write *json, const struct au_receipt *receipt,
                         const struct au_receipt_teller *teller)
{
    au_json_put_hash(json, "hash", &receipt->id);
    au_json_put_u64(json, "height", receipt->height);
    au_json_put_u32(json, "index", receipt->index);
    au_receipt_put_core_json(json, receipt);
    if (teller != NULL) teller->output(teller->context, json, receipt);
    if (receipt->note.size > 0) au_json_put_bytes(json, "message", receipt->note);
    au_events_put_json(json, receipt, teller);
    au_logs_put_json(json, receipt->logs);
    put_balances(json, receipt->balances);
    put_slots(json, receipt, teller);
    put_contracts(json, receipt->contracts);
}

/* ---- headers ---- */

void au_header_put_json(struct au_json_write *json, const struct au_header *header)
{
    struct au_hash hash = au_header_hash(header);
    au_json_put_u64(json, "height", header->height);
    au_json_put_hash(json, "hash", &hash);
    au_json_put_hash(json, "parent", &header->parent);
    au_json_put_time(json, "time", header->time_ms);
    au_json_put_address(json, "proposer", &header->proposer);
    au_json_put_hash(json, "state_root", &header->state_root);
    au_json_put_hash(json, "tx_root", &header->tx_root);
    au_json_put_hash(json, "receipts_root", &header->receipts_root);
    au_json_put_u64(json, "gas_used", header->gas_used);
    au_json_put_u64(json, "gas_limit", header->gas_limit);
    au_json_put_u32(json, "tx_count", header->tx_count);
}
