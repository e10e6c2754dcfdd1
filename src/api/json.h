/* JSON for answers: an object from its status to its end, and members of one kind each.
 *
 *     struct au_json_write json;
 *     au_reply_begin(&json, response, 200);
 *     au_json_put_u64(&json, "height", height);
 *     au_reply_end(&json);
 *
 * Between begin and end the response may become a problem instead; then au_reply_end is left out.
 *
 * Threading: that of the response. */
#ifndef AUREON_API_JSON_H
#define AUREON_API_JSON_H

#include "api/response.h"
#include "chain/events.h"
#include "core/tx_json.h"
#include "ledger/block.h"
#include "state/proof.h"

#define AU_JSON_MEDIA_TYPE "application/json"

void au_reply_begin(struct au_json_write *json, struct au_response *response, int status);
void au_reply_end(struct au_json_write *json);

/* Members beside those of base/json_write.h and core/tx_json.h. */
void au_json_put_count(struct au_json_write *json, const char *name, size_t count);
void au_json_put_header(struct au_json_write *json, const char *name,
                        const struct au_header *header); /* its bytes */

/* au_json_put_account writes the members of an account, without its address. */
void au_json_put_account(struct au_json_write *json, const struct au_account *account);

/* au_json_put_receipt writes a receipt as an object. */
void au_json_put_receipt(struct au_json_write *json, const char *name,
                         const struct au_receipt *receipt, const struct au_receipt_teller *teller);

/* au_json_put_cursor writes the place of an event as text, au_json_put_event its cursor, height,
 * index, number, hash and what au_event_put_json writes.
 *
 * receipt   of its transaction */
void au_json_put_cursor(struct au_json_write *json, const char *name,
                        const struct au_event_place *place);
void au_json_put_event(struct au_json_write *json, const struct au_event_place *place,
                       const struct au_receipt *receipt, const struct au_receipt_event *event);

/* au_json_put_view writes what a view came to: the members that a receipt has too. */
void au_json_put_view(struct au_json_write *json, const struct au_view_result *result);

/* au_json_put_proof writes a proof of au_proof_make as a list of nodes. */
void au_json_put_proof(struct au_json_write *json, const char *name, struct au_bytes proof);

enum au_json_txs { AU_JSON_TXS_NONE, AU_JSON_TXS_HASH, AU_JSON_TXS_FULL, AU_JSON_TXS_COUNT };

/* au_json_put_block writes the members of a block.
 *
 * decoder   tells the arguments of transactions; NULL is legal unless txs is FULL
 *
 * OK, or what reading its transactions failed with: the document is then of no use. */
struct au_decoder;
AU_MUST_USE enum au_err au_json_put_block(struct au_json_write *json, struct au_chain_reader *chain,
                                          struct au_decoder *decoder,
                                          const struct au_header *header, enum au_json_txs txs);

#endif
