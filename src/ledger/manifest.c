#include "core/decode.h"
#include "core/genesis.h"
#include "crypto/sha256.h"
#include "ledger/snapshot.h"
#include "ledger/snapshot_internal.h"

#define MAGIC     "AUSN"
#define FORMAT    1u
#define LISTS_MAX (1u << 30) /* bytes of a genesis' lists */

void au_manifest_encode(struct au_buf *buf, const struct au_manifest *manifest)
{
    struct au_buf header;
    au_buf_init(&header, AU_HEADER_SIZE_MAX);
    au_header_encode(&header, &manifest->header);
    au_buf_put_text(buf, MAGIC);
    au_buf_put_u32(buf, FORMAT);
    au_buf_put_u64(buf, manifest->count.account_count);
    au_buf_put_u64(buf, manifest->count.slot_count);
    au_buf_put_u64(buf, manifest->count.code_count);
    au_buf_put_u32(buf, manifest->count.chunk_count);
    au_buf_put_bytes(buf, manifest->hashes);
    au_buf_put_u32(buf, (uint32_t)header.size);
    au_buf_put_bytes(buf, au_buf_bytes(&header));
    au_buf_put_u32(buf, (uint32_t)manifest->genesis.size);
    au_buf_put_bytes(buf, manifest->genesis);
    if (header.err != AU_OK && buf->err == AU_OK) buf->err = header.err;
    au_buf_done(&header);
    if (buf->err != AU_OK) return;
    struct au_hash digest = au_sha256(au_buf_bytes(buf));
    au_buf_put(buf, digest.bytes, AU_HASH_SIZE);
}

static bool decode(struct au_bytes bytes, struct au_manifest *manifest, const char **out_wrong)
{
    struct au_decode decode, error;
    au_decode_init(&decode, bytes);
    struct au_bytes magic = au_decode_take(&decode, sizeof(MAGIC) - 1);
    bool is_manifest = au_bytes_is_equal(magic, au_bytes_of(MAGIC));
    if (!is_manifest) au_decode_fail(&decode, "it does not begin as a manifest");
    if (au_decode_u32(&decode) != FORMAT) au_decode_fail(&decode, "an unknown format");
    manifest->count.account_count = au_decode_u64(&decode);
    manifest->count.slot_count = au_decode_u64(&decode);
    manifest->count.code_count = au_decode_u64(&decode);
    manifest->count.chunk_count = au_decode_count(&decode, AU_SNAPSHOT_CHUNKS_MAX, AU_HASH_SIZE);
    manifest->hashes = au_decode_take(&decode, (size_t)manifest->count.chunk_count * AU_HASH_SIZE);
    struct au_bytes header = au_decode_bytes(&decode, AU_HEADER_SIZE_MAX);
    manifest->genesis = au_decode_bytes(&decode, AU_GENESIS_SIZE_MAX);
    size_t size = bytes.size - decode.rest.size;
    au_decode_raw(&decode, manifest->digest.bytes, AU_HASH_SIZE);
    *out_wrong = decode.error;
    if (!au_decode_is_done(&decode)) {
        *out_wrong = decode.error;
        return false;
    }
    struct au_hash digest = au_sha256((struct au_bytes){bytes.data, size});
    if (!au_hash_is_equal(&digest, &manifest->digest)) {
        *out_wrong = "its SHA-256 is not the one at its end";
    } else if (!au_header_decode(header, &manifest->header, &error)) {
        *out_wrong = "its header is none";
    }
    return *out_wrong == NULL;
}

/* The header says of which chain it is by its id; that of block 0 by the hash, too. */
static const char *compare_chain(const struct au_manifest *manifest,
                                 const struct au_genesis *genesis)
{
    const struct au_header *header = &manifest->header;
    struct au_hash hash = au_genesis_hash(manifest->genesis);
    struct au_bytes chain_id = {(const uint8_t *)header->chain_id, header->chain_id_size};
    if (!au_bytes_is_equal(chain_id, genesis->chain_id)) {
        return "header and genesis are of chains with other names";
    }
    if (header->height == 0 && !au_hash_is_equal(&header->parent, &hash)) {
        return "the first header's parent is not the genesis";
    }
    return NULL;
}

enum au_err au_manifest_decode(struct au_bytes bytes, struct au_manifest *out_manifest,
                               const char **out_wrong)
{
    struct au_genesis genesis;
    struct au_decode error;
    struct au_arena lists;
    *out_manifest = (struct au_manifest){0};
    if (!decode(bytes, out_manifest, out_wrong)) return AU_ERR_MALFORMED;
    au_arena_init(&lists, LISTS_MAX);
    enum au_err err = au_genesis_decode(out_manifest->genesis, &lists, &genesis, &error);
    if (err == AU_ERR_MALFORMED) {
        *out_wrong = "its genesis is not valid";
    } else if (err == AU_OK) {
        *out_wrong = compare_chain(out_manifest, &genesis);
        if (*out_wrong) err = AU_ERR_MALFORMED;
    }
    au_arena_done(&lists);
    return err;
}
