/* What contracts did, decoded by their ABIs, beside the bytes of an answer:
 *
 *     arguments           of a call, of `init` or `migrate`, by name; or
 *     arguments_undecoded why not
 *     result              of a call, of `init` or `migrate`; or
 *     error               {"name", "fields", "text"} of a revert
 *     fields              of an event
 *     entry               of a slot: {"name", "key", "before", "after"} or {"name", "key", "value"}
 *     undecoded           instead of one of these: why
 *
 * A contract that has no ABI is told by its bytes alone.
 *
 * The code that an ABI is taken from is that which ran, however often the contract was upgraded
 * since: that of the contract before the transaction for what a call took and gave back, the one
 * that was brought for a deployment or an upgrade. Events are of the code that the contract had
 * then. If the transaction gave it other code by the host's `upgrade`, it is not known which code
 * an event is of, and it is not decoded. What is stored is told by the code that the contract had
 * afterwards.
 *
 * One answer decodes as much as its limits let; what comes behind is undecoded. If the store fails,
 * that becomes the error of the buffer that the answer is written to.
 *
 * Threading: one thread, that of the answer. */
#ifndef AUREON_API_DECODER_H
#define AUREON_API_DECODER_H

#include "abi/cache.h"
#include "abi/decode.h"
#include "chain/chain.h"
#include "core/tx_json.h"
#include "ledger/block.h"

#define AU_DECODER_SIZE_MAX      (4u << 20)  /* bytes of decoded JSON in an answer */
#define AU_DECODER_CODES_MAX     16u         /* codes in an answer that none has read lately */
#define AU_DECODER_READ_MAX      (16u << 20) /* bytes of receipts that changed contracts */
#define AU_DECODER_CONTRACTS_MAX 8u          /* of which is known what was looked up */

struct au_api;

/* The code that a contract had behind a place, as it was looked up last. */
struct au_decoder_contract {
    bool is_known;
    struct au_address address;
    struct au_chain_place place;
    bool has_change; /* by which it is known */
    bool is_after;   /* the code is that after the change, else that before it */
    struct au_chain_place change;
    bool has_code;
    struct au_hash code_hash;
};

struct au_decoder {
    struct au_api *api;
    struct au_chain_reader chain; /* its own: what the answer borrows from another stays */
    struct au_flat flat;
    struct au_abi_entry *entry; /* held; NULL: none yet */
    struct au_decoder_contract contracts[AU_DECODER_CONTRACTS_MAX];
    size_t contract_count;   /* that were put there */
    const struct au_tx *tx;  /* that was simulated; NULL: what is told is in the chain */
    struct au_bytes brought; /* code that is maybe not in the chain */
    struct au_buf json;      /* of one value */
    enum au_err err;         /* with which the store has failed */
    size_t size_left;
    size_t codes_left;
    size_t read_left;
    struct au_receipt_teller teller;
    struct au_tx_teller tx_teller;
    struct au_chain_place tx_place; /* of the transaction that tx_teller tells */
};

/* au_decoder_init prepares a decoder for one answer; nothing is read yet.
 *
 * size_max   bytes of JSON, at most AU_DECODER_SIZE_MAX */
void au_decoder_init(struct au_decoder *decoder, struct au_api *api, size_t size_max);
void au_decoder_done(struct au_decoder *decoder);

/* au_decoder_renew lets a decoder that is kept for another answer decode as much again. */
void au_decoder_renew(struct au_decoder *decoder, size_t size_max);

/* au_decoder_of_chain gives who decodes receipts of the chain, au_decoder_of_simulated that of a
 * transaction that was executed over the last block. Until au_decoder_done, or the next. */
const struct au_receipt_teller *au_decoder_of_chain(struct au_decoder *decoder);
const struct au_receipt_teller *au_decoder_of_simulated(struct au_decoder *decoder,
                                                        const struct au_tx *tx);

/* au_decoder_of_tx gives who decodes the arguments of the transaction at a place of the chain, or
 * of one that would be next there. Until au_decoder_done, or the next. */
const struct au_tx_teller *au_decoder_of_tx(struct au_decoder *decoder,
                                            struct au_chain_place place);

/* au_decoder_put_view adds what a view over a height came to. */
void au_decoder_put_view(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_view *view, const struct au_view_result *result,
                         uint64_t height);

/* au_decoder_bring makes code known that is maybe not in the chain: borrowed until au_decoder_done,
 * or au_decoder_of_chain or au_decoder_of_simulated. */
void au_decoder_bring(struct au_decoder *decoder, struct au_bytes code);

/* What a function was called with, and what that came to. */
struct au_decoder_call {
    struct au_bytes function;
    const struct au_bytes *args;
    size_t arg_count;
};
struct au_decoder_ending {
    enum au_outcome outcome;
    uint32_t revert_code;
    struct au_bytes function;
    struct au_bytes output;
};

/* What code with a hash was called with, came to and emitted. */
void au_decoder_put_args(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, const struct au_decoder_call *call);
void au_decoder_put_ending(struct au_decoder *decoder, struct au_json_write *json,
                           const struct au_hash *code_hash, const struct au_decoder_ending *ending);
void au_decoder_put_event(struct au_decoder *decoder, struct au_json_write *json,
                          const struct au_hash *code_hash, const struct au_receipt_event *event);

/* au_decoder_put_slot adds what is stored under a key by a contract with this code. */
void au_decoder_put_slot(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, struct au_bytes key,
                         struct au_bytes value);

/* au_decoder_put_seen adds what code saw of a slot: its value only if that is a whole one.
 *
 * value   NULL: the key alone */
void au_decoder_put_seen(struct au_decoder *decoder, struct au_json_write *json,
                         const struct au_hash *code_hash, struct au_bytes key,
                         const struct au_bytes *value);

#endif
