/* The header of a block (protocol.md section 6): version u32 || chain_id string || height u64 ||
 * parent[32] || time_ms u64 || proposer[32] || state_root[32] || tx_root[32] ||
 * receipts_root[32] || gas_used u64 || gas_limit u64 || tx_count u32.
 *
 * Threading: pure functions. */
#ifndef AUREON_CORE_HEADER_H
#define AUREON_CORE_HEADER_H

#include "base/buf.h"
#include "base/hash.h"
#include "core/address.h"
#include "core/decode.h"
#include "core/limits.h"

#define AU_HEADER_VERSION  1
#define AU_HEADER_SIZE_MAX 320u /* bytes */

struct au_header {
    uint32_t version;
    uint32_t chain_id_size;              /* 1..AU_CHAIN_ID_SIZE_MAX */
    char chain_id[AU_CHAIN_ID_SIZE_MAX]; /* no end; zeros behind it: a header outlives what it was
                                            read from */
    uint64_t height;
    struct au_hash parent; /* at height 0 the genesis hash */
    uint64_t time_ms;
    struct au_address proposer;
    struct au_hash state_root;
    struct au_hash tx_root;       /* over ids */
    struct au_hash receipts_root; /* over digests */
    uint64_t gas_used;
    uint64_t gas_limit;
    uint32_t tx_count;
};

void au_header_encode(struct au_buf *buf, const struct au_header *header);

/* au_header_decode reads exactly a header; false: decode tells what is wrong. */
AU_MUST_USE bool au_header_decode(struct au_bytes bytes, struct au_header *out_header,
                                  struct au_decode *out_error);

/* au_header_hash gives the block's hash, H("aureon/header", header). */
struct au_hash au_header_hash(const struct au_header *header);

#endif
