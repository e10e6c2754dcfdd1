/* Fuzzes what light clients read: the input as a header, and as the leaves of a Merkle tree.
 *
 * A header that is read is written again, the same bytes. Every leaf of a tree has a proof, which
 * holds for no other place and with no other hash on its path. The verifier that others copy reads
 * the same headers, and says the same of each path. */
#include "aureon_verify.h"
#include "core/header.h"
#include "core/merkle.h"
#include "fuzz.h"

#define LEAVES_MAX 128u

static void check_copied_verifier(struct au_bytes bytes, const struct au_header *header)
{
    struct aureon_header found;
    const char *reason =
        aureon_verify_header((struct aureon_bytes){bytes.data, bytes.size}, NULL, &found);
    AU_ASSERT((reason == NULL) == (header != NULL));
    if (header == NULL) return;
    struct au_hash hash = au_header_hash(header);
    AU_ASSERT(memcmp(found.hash.bytes, hash.bytes, AU_HASH_SIZE) == 0);
    AU_ASSERT(found.height == header->height && found.tx_count == header->tx_count);
}

static void check_header(struct au_bytes bytes)
{
    struct au_header header;
    struct au_decode error;
    bool is_header = au_header_decode(bytes, &header, &error);
    check_copied_verifier(bytes, is_header ? &header : NULL);
    if (!is_header) {
        AU_ASSERT(error.error != NULL);
        AU_ASSERT(error.error_at <= bytes.size);
        return;
    }
    struct au_buf again;
    au_buf_init(&again, AU_HEADER_SIZE_MAX);
    au_header_encode(&again, &header);
    AU_ASSERT(again.err == AU_OK);
    AU_ASSERT(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    au_buf_done(&again);

    struct au_hash before = au_header_hash(&header);
    header.tx_count++;
    struct au_hash other = au_header_hash(&header);
    AU_ASSERT(!au_hash_is_equal(&before, &other));
}

/* Whether both verifiers say that a path leads from a leaf to a root. */
static bool is_proved(const struct au_hash *root, const struct au_hash *leaf, uint32_t index,
                      uint32_t count, const struct au_hash *path, uint32_t path_count)
{
    struct aureon_hash copies[AU_MERKLE_DEPTH_MAX + 2];
    bool is_good = au_merkle_verify(root, leaf, index, count, path, path_count);
    memcpy(copies[0].bytes, root->bytes, AU_HASH_SIZE);
    memcpy(copies[1].bytes, leaf->bytes, AU_HASH_SIZE);
    for (uint32_t i = 0; i < path_count; i++) {
        memcpy(copies[i + 2].bytes, path[i].bytes, AU_HASH_SIZE);
    }
    const char *reason =
        aureon_verify_inclusion(&copies[0], &copies[1], index, count, copies + 2, path_count);
    AU_ASSERT(is_good == (reason == NULL));
    return is_good;
}

/* The first byte chooses the leaf, the rest are leaves; a last one that is cut short has zeros. */
static void check_tree(struct fuzz_input *input)
{
    struct au_hash leaves[LEAVES_MAX] = {0};
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    uint32_t index = fuzz_u8(input);
    uint32_t count = 0;
    while (count < LEAVES_MAX && fuzz_left(input) > 0) {
        struct au_bytes leaf = fuzz_take(input, AU_HASH_SIZE);
        memcpy(leaves[count++].bytes, leaf.data, leaf.size);
    }
    struct au_hash root = au_merkle_root_of(leaves, count);
    if (count == 0) return;
    index %= count;
    uint32_t path_count = au_merkle_prove(leaves, count, index, path);
    AU_ASSERT(is_proved(&root, &leaves[index], index, count, path, path_count));
    AU_ASSERT(!is_proved(&root, &leaves[index], count, count, path, path_count));
    AU_ASSERT(!is_proved(&root, &root, index, count, path, path_count));
    for (uint32_t i = 0; i < path_count; i++) {
        path[i].bytes[i] ^= 1;
        AU_ASSERT(!is_proved(&root, &leaves[index], index, count, path, path_count));
        AU_ASSERT(!is_proved(&root, &leaves[index], index, count, path, i));
        path[i].bytes[i] ^= 1;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = {data, data + size};
    check_header((struct au_bytes){data, size});
    check_tree(&input);
    return 0;
}
