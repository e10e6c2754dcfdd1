#include "core/merkle.h"

#include "crypto/sha256.h"

static struct au_hash hash_leaf(const struct au_hash *leaf)
{
    static const uint8_t prefix = 0;
    struct au_bytes parts[] = {{&prefix, 1}, {leaf->bytes, AU_HASH_SIZE}};
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

static struct au_hash hash_node(const struct au_hash *left, const struct au_hash *right)
{
    static const uint8_t prefix = 1;
    struct au_bytes parts[] = {
        {&prefix, 1}, {left->bytes, AU_HASH_SIZE}, {right->bytes, AU_HASH_SIZE}};
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

/* Complete parts that are equal in size become one: as many as the count has ones stay. */
void au_merkle_add(struct au_merkle *tree, const struct au_hash *leaf)
{
    AU_ASSERT(tree->count < (1u << (AU_MERKLE_DEPTH_MAX - 1)));
    size_t top = (size_t)__builtin_popcount(tree->count);
    struct au_hash hash = hash_leaf(leaf);
    for (uint32_t rest = tree->count; rest & 1; rest >>= 1) {
        hash = hash_node(&tree->stack[--top], &hash);
    }
    tree->stack[top] = hash;
    tree->count++;
}

struct au_hash au_merkle_root(const struct au_merkle *tree)
{
    size_t top = (size_t)__builtin_popcount(tree->count);
    if (top == 0) return au_sha256((struct au_bytes){0});
    struct au_hash hash = tree->stack[--top];
    while (top > 0) {
        hash = hash_node(&tree->stack[--top], &hash);
    }
    return hash;
}

struct au_hash au_merkle_root_of(const struct au_hash *leaves, size_t count)
{
    struct au_merkle tree = {0};
    for (size_t i = 0; i < count; i++) {
        au_merkle_add(&tree, &leaves[i]);
    }
    return au_merkle_root(&tree);
}

/* The greatest power of 2 below count, which is at least 2. */
static uint32_t left_count(uint32_t count)
{
    return 1u << (31 - __builtin_clz(count - 1));
}

/* From the root down, the sibling at each turn; then turned round. */
uint32_t au_merkle_prove(const struct au_hash *leaves, uint32_t count, uint32_t index,
                         struct au_hash out_path[AU_MERKLE_DEPTH_MAX])
{
    AU_ASSERT(index < count);
    uint32_t path_count = 0;
    while (count > 1) {
        uint32_t left = left_count(count);
        AU_ASSERT(path_count < AU_MERKLE_DEPTH_MAX);
        if (index < left) {
            out_path[path_count++] = au_merkle_root_of(leaves + left, count - left);
            count = left;
        } else {
            out_path[path_count++] = au_merkle_root_of(leaves, left);
            leaves += left;
            index -= left;
            count -= left;
        }
    }
    for (uint32_t i = 0; i < path_count / 2; i++) {
        struct au_hash first = out_path[i];
        out_path[i] = out_path[path_count - 1 - i];
        out_path[path_count - 1 - i] = first;
    }
    return path_count;
}

/* RFC 9162, section 2.1.3.2. */
bool au_merkle_verify(const struct au_hash *root, const struct au_hash *leaf, uint32_t index,
                      uint32_t count, const struct au_hash *path, uint32_t path_count)
{
    if (index >= count) return false;
    uint32_t at = index;
    uint32_t last = count - 1;
    struct au_hash hash = hash_leaf(leaf);
    for (uint32_t i = 0; i < path_count; i++) {
        if (last == 0) return false;
        if (at & 1 || at == last) {
            hash = hash_node(&path[i], &hash);
            while (!(at & 1) && at != 0) {
                at >>= 1;
                last >>= 1;
            }
        } else {
            hash = hash_node(&hash, &path[i]);
        }
        at >>= 1;
        last >>= 1;
    }
    return last == 0 && au_hash_is_equal(&hash, root);
}
