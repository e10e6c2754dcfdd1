#include "core/header.h"

#include "core/genesis.h"
#include "crypto/sha256.h"

void au_header_encode(struct au_buf *buf, const struct au_header *header)
{
    au_buf_put_u32(buf, header->version);
    au_buf_put_u32(buf, header->chain_id_size);
    au_buf_put(buf, header->chain_id, header->chain_id_size);
    au_buf_put_u64(buf, header->height);
    au_buf_put(buf, header->parent.bytes, AU_HASH_SIZE);
    au_buf_put_u64(buf, header->time_ms);
    au_buf_put(buf, header->proposer.bytes, AU_ADDRESS_SIZE);
    au_buf_put(buf, header->state_root.bytes, AU_HASH_SIZE);
    au_buf_put(buf, header->tx_root.bytes, AU_HASH_SIZE);
    au_buf_put(buf, header->receipts_root.bytes, AU_HASH_SIZE);
    au_buf_put_u64(buf, header->gas_used);
    au_buf_put_u64(buf, header->gas_limit);
    au_buf_put_u32(buf, header->tx_count);
}

bool au_header_decode(struct au_bytes bytes, struct au_header *out_header,
                      struct au_decode *out_error)
{
    struct au_decode *decode = out_error;
    struct au_header header = {0};
    au_decode_init(decode, bytes);
    header.version = au_decode_u32(decode);
    if (header.version != AU_HEADER_VERSION) au_decode_fail(decode, "a version that is not 1");
    struct au_bytes chain_id = au_decode_bytes(decode, AU_CHAIN_ID_SIZE_MAX);
    if (!au_chain_id_is_valid(chain_id)) {
        au_decode_fail(decode, "a chain id that is not 1..50 of a-z 0-9 -");
    }
    if (!decode->error) {
        header.chain_id_size = (uint32_t)chain_id.size;
        memcpy(header.chain_id, chain_id.data, chain_id.size);
    }
    header.height = au_decode_u64(decode);
    au_decode_raw(decode, header.parent.bytes, AU_HASH_SIZE);
    header.time_ms = au_decode_u64(decode);
    au_decode_raw(decode, header.proposer.bytes, AU_ADDRESS_SIZE);
    au_decode_raw(decode, header.state_root.bytes, AU_HASH_SIZE);
    au_decode_raw(decode, header.tx_root.bytes, AU_HASH_SIZE);
    au_decode_raw(decode, header.receipts_root.bytes, AU_HASH_SIZE);
    header.gas_used = au_decode_u64(decode);
    header.gas_limit = au_decode_u64(decode);
    header.tx_count = au_decode_u32(decode);
    *out_header = header;
    return au_decode_is_done(decode);
}

/* Hashed by parts: nothing is taken from the heap. */
struct au_hash au_header_hash(const struct au_header *header)
{
    static const char tag[] = "\x0d"
                              "aureon/header"; /* its size in front */
    struct au_bytes parts[] = {
        {(const uint8_t *)tag, sizeof(tag) - 1},
        {(const uint8_t *)&header->version, sizeof(header->version)},
        {(const uint8_t *)&header->chain_id_size, sizeof(header->chain_id_size)},
        {(const uint8_t *)header->chain_id, header->chain_id_size},
        {(const uint8_t *)&header->height, sizeof(header->height)},
        {header->parent.bytes, AU_HASH_SIZE},
        {(const uint8_t *)&header->time_ms, sizeof(header->time_ms)},
        {header->proposer.bytes, AU_ADDRESS_SIZE},
        {header->state_root.bytes, AU_HASH_SIZE},
        {header->tx_root.bytes, AU_HASH_SIZE},
        {header->receipts_root.bytes, AU_HASH_SIZE},
        {(const uint8_t *)&header->gas_used, sizeof(header->gas_used)},
        {(const uint8_t *)&header->gas_limit, sizeof(header->gas_limit)},
        {(const uint8_t *)&header->tx_count, sizeof(header->tx_count)},
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}
