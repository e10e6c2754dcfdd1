/* An account's or contract's address: 32 bytes (protocol.md section 1). */
#ifndef AUREON_CORE_ADDRESS_H
#define AUREON_CORE_ADDRESS_H

#include <string.h>

#include "base/buf.h"
#include "base/hash.h"

#define AU_ADDRESS_SIZE   32
#define AU_ADDRESS_PREFIX "aur"

struct au_address {
    uint8_t bytes[AU_ADDRESS_SIZE];
};

static inline bool au_address_is_equal(const struct au_address *a, const struct au_address *b)
{
    return memcmp(a->bytes, b->bytes, AU_ADDRESS_SIZE) == 0;
}

/* The system account, H("aureon/system", ""): nobody can call or pay it (protocol.md section 6). */
extern const struct au_address au_address_system;

/* au_address_format writes an address as people see it: Bech32m, 62 characters. */
void au_address_format(struct au_buf *buf, const struct au_address *address);

/* au_address_parse reads that text, or `0x` and 64 hex digits.
 * NULL: read. Else a static sentence that says what is wrong. */
AU_MUST_USE const char *au_address_parse(struct au_bytes text, struct au_address *out_address);

/* au_address_of_contract gives the address of a contract: H("aureon/contract", deployer || nonce ||
 * code_hash). nonce: the deploying transaction's, or the deploying contract's own. */
struct au_address au_address_of_contract(const struct au_address *deployer, uint64_t nonce,
                                         const struct au_hash *code_hash);

#endif
