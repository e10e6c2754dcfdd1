#include "core/address.h"

#include "base/hex.h"
#include "core/bech32.h"
#include "crypto/sha256.h"

/* Precomputed, because every transfer compares with it; a test computes it anew. */
const struct au_address au_address_system = {{
    0x4c, 0x56, 0xf9, 0x37, 0x62, 0xf7, 0x75, 0x95, 0x18, 0x60, 0xc3, 0xf0, 0x41, 0x94, 0xc2, 0x6c,
    0xc9, 0x99, 0x71, 0x16, 0x8c, 0xe7, 0x44, 0x3a, 0xab, 0x6b, 0x4a, 0x5e, 0xff, 0x14, 0x96, 0x54,
}};

void au_address_format(struct au_buf *buf, const struct au_address *address)
{
    au_bech32_format(buf, AU_ADDRESS_PREFIX, (struct au_bytes){address->bytes, AU_ADDRESS_SIZE});
}

const char *au_address_parse(struct au_bytes text, struct au_address *out_address)
{
    if (text.size >= 2 && memcmp(text.data, "0x", 2) == 0) {
        struct au_address address;
        if (au_hex_parse(text, address.bytes, AU_ADDRESS_SIZE) != AU_OK) {
            return "0x without exactly 64 hex digits after it";
        }
        *out_address = address;
        return NULL;
    }
    return au_bech32_parse(text, AU_ADDRESS_PREFIX, out_address->bytes, AU_ADDRESS_SIZE);
}

struct au_address au_address_of_contract(const struct au_address *deployer, uint64_t nonce,
                                         const struct au_hash *code_hash)
{
    uint8_t parts[AU_ADDRESS_SIZE + sizeof(nonce) + AU_HASH_SIZE];
    memcpy(parts, deployer->bytes, AU_ADDRESS_SIZE);
    memcpy(parts + AU_ADDRESS_SIZE, &nonce, sizeof(nonce));
    memcpy(parts + AU_ADDRESS_SIZE + sizeof(nonce), code_hash->bytes, AU_HASH_SIZE);
    struct au_hash hash =
        au_sha256_tagged("aureon/contract", (struct au_bytes){parts, sizeof(parts)});
    struct au_address address;
    memcpy(address.bytes, hash.bytes, AU_ADDRESS_SIZE);
    return address;
}
