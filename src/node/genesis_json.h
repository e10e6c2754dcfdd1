/* A genesis as JSON, the form that people write and keep:
 *
 *     {"chain_id": "my-chain", "time": "2026-11-25T12:30:00.000Z", "proposer": "aur1...",
 *      "params": {"block_gas_limit": "4000000", ...},
 *      "accounts": [{"address": "aur1...", "balance": "1000"}, ...],
 *      "stakes": [{"owner": "aur1...", "amount": "1000", "validator_key": "0x..."}, ...]}
 *
 * params, accounts and stakes may be left out, as may any parameter: its preset counts. Lists may
 * come in any order: they are sorted.
 *
 * Threading: pure functions. */
#ifndef AUREON_NODE_GENESIS_JSON_H
#define AUREON_NODE_GENESIS_JSON_H

#include "core/genesis.h"

/* au_genesis_parse_json reads a genesis and encodes it.
 *
 * message   on MALFORMED gets what is wrong and where
 *
 * OK, MALFORMED, TOO_LARGE, NO_MEMORY */
AU_MUST_USE enum au_err au_genesis_parse_json(struct au_bytes text, struct au_buf *message,
                                              struct au_buf *out_encoded);

/* au_genesis_put_json writes a genesis. */
void au_genesis_put_json(struct au_buf *buf, const struct au_genesis *genesis);

#endif
