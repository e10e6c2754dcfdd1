/* Values of scenarios that are keys or signatures of development accounts, for contracts that
 * verify what was signed for an address, which no file can know in advance:
 *
 *     "public_key:p256:alice"                 the key, as bytes
 *     {"sign:p256:alice": {"Order": {..}}}    her signature of a value, as bytes
 *
 * The value has a type of the ABI: a word of it as u64 or bytes, or the name of a `type` or `enum`.
 * Signed are its bytes as Borsh: Ed25519 signs them, ECDSA on secp256k1 and P-256 their SHA-256.
 * The secret of an account is its seed on each curve: known to all, good for tests alone. */
#ifndef AUREON_CLI_SCENARIO_SIGN_H
#define AUREON_CLI_SCENARIO_SIGN_H

#include "cli/scenario_read.h"

/* au_scenario_sign puts "0x.." for each of these, anywhere in a value. One without any is given as
 * it is. OK, NO_MEMORY, or MALFORMED after a sentence in reader->message */
AU_MUST_USE enum au_err au_scenario_sign(const struct au_scenario_reader *reader, const char *where,
                                         const struct au_scenario_value *value,
                                         struct au_scenario_value *out_value);

#endif
