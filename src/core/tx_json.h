/* Transactions, receipts and headers as JSON: the one form that the HTTP API answers with and the
 * command line prints. 64-bit numbers are decimal strings, bytes 0x and hex, addresses Bech32m,
 * times RFC 3339. What does not apply is left out.
 *
 * Each function writes members into the object that is open in json, so that a caller can put
 * further ones beside them:
 *
 *     au_json_write_begin_object(&json);
 *     au_receipt_put_json(&json, &receipt);
 *     au_json_write_end_object(&json);
 *
 * Threading: one thread at a time for each writer. */
#ifndef AUREON_CORE_TX_JSON_H
#define AUREON_CORE_TX_JSON_H

#include "base/json_write.h"
#include "core/header.h"
#include "core/receipt.h"
#include "core/tx.h"

/* Members of one kind each, beside those of base/json_write.h. */
void au_json_put_hash(struct au_json_write *json, const char *key, const struct au_hash *hash);
void au_json_put_address(struct au_json_write *json, const char *key,
                         const struct au_address *address);
void au_json_put_time(struct au_json_write *json, const char *key, uint64_t time_ms);

/* What somebody who knows the contracts adds beside the bytes of a transaction: members of the
 * object that is open, behind its args. */
struct au_tx_teller {
    void *context;
    void (*args)(void *context, struct au_json_write *json, const struct au_tx *tx);
};

/* au_tx_put_json writes hash, kind, from, nonce, gas_price, valid_until, the payload's members,
 * signature, size and intrinsic_steps.
 *
 * bytes    the encoded transaction, from which hash and size are taken
 * teller   NULL: nothing is added */
void au_tx_put_json(struct au_json_write *json, struct au_bytes bytes, const struct au_tx *tx,
                    const struct au_tx_teller *teller);

/* What somebody who knows the contracts adds beside the bytes of a receipt: each function writes
 * members into the object that is open. */
struct au_receipt_teller {
    void *context;
    void (*output)(void *context, struct au_json_write *json, const struct au_receipt *receipt);
    void (*event)(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                  const struct au_receipt_event *event);
    void (*slot)(void *context, struct au_json_write *json, const struct au_receipt *receipt,
                 const struct au_receipt_slot *change);
};

/* au_receipt_put_json writes hash, height, index, status, outcome, detail, reason (the word of a
 * detail that has one), revert_code (if it reverted), gas_used, fee, created, output, message (the
 * note), events, logs, balance_changes and storage_changes.
 *
 * teller    NULL: nothing is added */
void au_receipt_put_json(struct au_json_write *json, const struct au_receipt *receipt,
                         const struct au_receipt_teller *teller);

/* au_receipt_contract_put_json writes code_hash_before, admin_before, code_hash and admin, each if
 * there is one. */
void au_receipt_contract_put_json(struct au_json_write *json,
                                  const struct au_receipt_contract *change);

/* au_receipt_put_core_json writes those from status to output: with the events and the logs, what
 * the digest is of. */
void au_receipt_put_core_json(struct au_json_write *json, const struct au_receipt *receipt);

/* au_event_put_json writes the members of an event: contract, name, topics, data. */
void au_event_put_json(struct au_json_write *json, const struct au_receipt_event *event);

/* au_events_put_json writes a receipt's events as the member events.
 *
 * teller    NULL: nothing is added */
void au_events_put_json(struct au_json_write *json, const struct au_receipt *receipt,
                        const struct au_receipt_teller *teller);

/* au_logs_put_json writes a receipt's lines as the member logs. */
void au_logs_put_json(struct au_json_write *json, struct au_items logs);

/* au_receipt_reason gives the word behind an outcome's detail, "unreachable" or "pointer"; NULL if
 * the outcome has none. */
const char *au_receipt_reason(enum au_outcome outcome, uint32_t detail);

/* au_header_put_json writes height, hash, parent, time, proposer, the three roots, gas_used,
 * gas_limit and tx_count. */
void au_header_put_json(struct au_json_write *json, const struct au_header *header);

#endif
