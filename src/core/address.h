/* An account's or contract's address: 32 bytes (protocol.md section 1). */
#ifndef AUREON_CORE_ADDRESS_H
#define AUREON_CORE_ADDRESS_H

#include <string.h>

#include "base/base.h"

#define AU_ADDRESS_SIZE 32

struct au_address {
    uint8_t bytes[AU_ADDRESS_SIZE];
};

static inline bool au_address_is_equal(const struct au_address *a, const struct au_address *b)
{
    return memcmp(a->bytes, b->bytes, AU_ADDRESS_SIZE) == 0;
}

/* The system account, H("aureon/system", ""): nobody can call or pay it (protocol.md section 6). */
extern const struct au_address au_address_system;

#endif
