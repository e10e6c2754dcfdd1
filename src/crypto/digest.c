#include "crypto/digest.h"

#include <aureon_engine.h>

struct au_hash au_keccak256(struct au_bytes bytes)
{
    struct au_hash hash;
    aureon_engine_keccak256(bytes.data, bytes.size, hash.bytes);
    return hash;
}

struct au_hash au_blake2b_256(struct au_bytes bytes)
{
    struct au_hash hash;
    aureon_engine_blake2b_256(bytes.data, bytes.size, hash.bytes);
    return hash;
}
