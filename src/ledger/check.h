/* Whether a transaction may be in a block (protocol.md section 2, "Validity").
 *
 * The codes are looked for in the protocol's order, in three steps that need more and more:
 *
 *     au_check_decode      the bytes alone                          1 size .. 4 bad_from
 *     au_check_signature   the chain's genesis hash                 5 signature
 *     au_check_state       height, the sender's nonce and balance   6 expired .. 13 balance
 *
 * 14 block_full is the block's to say, 15 not_compiled the node's.
 *
 * Threading: pure functions. */
#ifndef AUREON_LEDGER_CHECK_H
#define AUREON_LEDGER_CHECK_H

#include "core/decode.h"
#include "core/invalid.h"
#include "core/params.h"
#include "core/tx.h"
#include "crypto/ed25519.h"

/* A transaction and what follows from its bytes. */
struct au_checked {
    struct au_bytes bytes; /* borrowed, as is all that tx points to */
    struct au_tx tx;
    struct au_hash id;
    uint64_t intrinsic_steps;
    uint64_t gas_limit; /* the payload's; what a payload without one may use */
};

/* au_check_decode reads a transaction.
 *
 * out_checked   of use on NONE only
 * out_error     on ENCODING and VERSION: what is wrong and where
 *
 * NONE, or 1..4. Cost: linear, and a hash. */
AU_MUST_USE enum au_invalid au_check_decode(const struct au_params *params, struct au_bytes bytes,
                                            struct au_checked *out_checked,
                                            struct au_decode *out_error);

/* au_check_signature tells whether the signature is the sender's on the chain of this genesis hash.
 * NO_MEMORY */
AU_MUST_USE enum au_err au_check_signature(const struct au_checked *checked,
                                           const struct au_hash *genesis_hash, bool *out_is_valid);

/* au_check_signatures does so for many, faster.
 *
 * count          at most AU_CHECK_BATCH_MAX
 * keys           of senders that have signed before, or NULL (crypto/ed25519.h)
 * out_is_valid   count verdicts */
#define AU_CHECK_BATCH_MAX 1024u
AU_MUST_USE enum au_err au_check_signatures(const struct au_checked *const *checked, size_t count,
                                            const struct au_hash *genesis_hash,
                                            struct au_ed25519_keys *keys, bool *out_is_valid);

/* The sender as a transaction meets it. */
struct au_check_sender {
    uint64_t height; /* of the block that it would be in */
    uint64_t nonce;
    uint64_t balance;
};

/* au_check_state judges by the state. Whoever wants to know what else is wrong with a transaction
 * whose nonce is too high gives its own nonce. */
AU_MUST_USE enum au_invalid au_check_state(const struct au_params *params,
                                           const struct au_checked *checked,
                                           const struct au_check_sender *sender);

/* au_check_cost gives the most that can leave the sender's balance: gas_limit x gas_price and the
 * amount or value. UINT64_MAX if it is more than AU_AMOUNT_MAX. */
uint64_t au_check_cost(const struct au_checked *checked);

#endif
