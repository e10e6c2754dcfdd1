#include "state/trie_node.h"

#include "crypto/sha256.h"
#include "state/rlp.h"

#define VERSION        1u
#define HASH_ITEM_HEAD (AU_RLP_EMPTY + AU_HASH_SIZE)
#define CHILDREN_MIN   2
#define HEX_PREFIX_MAX 33u /* bytes */
#define MASK_SIZE      2u

_Static_assert(AU_BRANCH_SIZE_MAX == 3 + AU_CHILD_COUNT * (1 + AU_HASH_SIZE) + 1,
               "a list's head, 16 hashes, and no value");
_Static_assert(AU_EXTENSION_SIZE_MAX >= 2 + 1 + HEX_PREFIX_MAX + 1 + AU_HASH_SIZE,
               "a list's head, a path, a hash");
_Static_assert(AU_LEAF_HEAD_SIZE_MAX >= 2 * AU_RLP_HEAD_SIZE_MAX + 1 + HEX_PREFIX_MAX,
               "a list's head, a path, a value's head");
_Static_assert(AU_TRIE_KEY_SIZE_MAX == AU_HASH_SIZE + AU_NIBBLE_COUNT, "owner and nibbles");
_Static_assert(AU_TRIE_RECORD_SIZE_MAX >=
                   2 + (AU_NIBBLE_COUNT - 1) + 2 * MASK_SIZE + AU_CHILD_COUNT * (1 + AU_HASH_SIZE),
               "the longest extension and 16 hashes");

/* ---- nibbles ---- */

size_t au_nibbles_shared(const struct au_hash *a, const struct au_hash *b)
{
    for (size_t i = 0; i < AU_HASH_SIZE; i += sizeof(uint64_t)) {
        uint64_t left, right;
        memcpy(&left, a->bytes + i, sizeof(left));
        memcpy(&right, b->bytes + i, sizeof(right));
        if (left == right) continue;
        unsigned differing_bit = (unsigned)__builtin_clzll(__builtin_bswap64(left ^ right));
        return 2 * i + differing_bit / 4;
    }
    return AU_NIBBLE_COUNT;
}

void au_nibbles_put(uint8_t *out, const struct au_hash *key, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        out[i] = (uint8_t)au_nibble_at(key, i);
    }
}

size_t au_hex_prefix(uint8_t *out, const struct au_hash *key, size_t start, size_t end,
                     bool is_leaf)
{
    size_t size = 0, at = start;
    unsigned flags = is_leaf ? 0x20u : 0u;
    if ((end - start) % 2 != 0) flags |= 0x10u | au_nibble_at(key, at++);
    out[size++] = (uint8_t)flags;
    for (; at < end; at += 2) {
        out[size++] = (uint8_t)(au_nibble_at(key, at) << 4 | au_nibble_at(key, at + 1));
    }
    return size;
}

/* ---- encodings ---- */

/* The path of a leaf or extension as a string. Its first byte is below 0x80: alone it is its own
 * encoding. */
static size_t put_path(uint8_t out[1 + HEX_PREFIX_MAX], const struct au_hash *key, size_t start,
                       size_t end, bool is_leaf)
{
    size_t size = au_hex_prefix(out + 1, key, start, end, is_leaf);
    if (size == 1) {
        out[0] = out[1];
        return 1;
    }
    out[0] = (uint8_t)(AU_RLP_EMPTY + size);
    return 1 + size;
}

size_t au_leaf_head(uint8_t out[AU_LEAF_HEAD_SIZE_MAX], const struct au_hash *key, size_t start,
                    struct au_bytes value)
{
    uint8_t path[1 + HEX_PREFIX_MAX];
    uint8_t value_head[AU_RLP_HEAD_SIZE_MAX];
    size_t path_size = put_path(path, key, start, AU_NIBBLE_COUNT, true);
    bool is_own_encoding = value.size == 1 && value.data[0] < AU_RLP_EMPTY;
    size_t value_head_size = is_own_encoding ? 0 : au_rlp_head(value_head, false, value.size);
    size_t size = au_rlp_head(out, true, path_size + value_head_size + value.size);
    memcpy(out + size, path, path_size);
    size += path_size;
    memcpy(out + size, value_head, value_head_size);
    return size + value_head_size;
}

static size_t put_ref(uint8_t *out, const uint8_t *ref, size_t size)
{
    if (size == 0) {
        out[0] = AU_RLP_EMPTY;
        return 1;
    }
    if (size == AU_HASH_SIZE) {
        out[0] = HASH_ITEM_HEAD;
        memcpy(out + 1, ref, AU_HASH_SIZE);
        return 1 + AU_HASH_SIZE;
    }
    memcpy(out, ref, size);
    return size;
}

size_t au_branch_encode(uint8_t out[AU_BRANCH_SIZE_MAX], const struct au_trie_node *node)
{
    size_t payload_size = 1; /* the absent value */
    for (size_t i = 0; i < AU_CHILD_COUNT; i++) {
        size_t size = node->ref_sizes[i];
        payload_size += size == 0 || size == AU_HASH_SIZE ? size + 1 : size;
    }
    uint8_t head[AU_RLP_HEAD_SIZE_MAX];
    size_t size = au_rlp_head(head, true, payload_size);
    memcpy(out, head, size);
    for (size_t i = 0; i < AU_CHILD_COUNT; i++) {
        size += put_ref(out + size, node->refs[i], node->ref_sizes[i]);
    }
    out[size++] = AU_RLP_EMPTY;
    return size;
}

size_t au_extension_encode(uint8_t out[AU_EXTENSION_SIZE_MAX], const struct au_trie_node *node,
                           size_t start, const struct au_trie_ref *branch)
{
    uint8_t payload[AU_EXTENSION_SIZE_MAX];
    uint8_t head[AU_RLP_HEAD_SIZE_MAX];
    AU_ASSERT(start < node->depth);
    size_t payload_size = put_path(payload, &node->path, start, node->depth, false);
    payload_size += put_ref(payload + payload_size, branch->bytes, branch->size);
    size_t size = au_rlp_head(head, true, payload_size);
    memcpy(out, head, size);
    memcpy(out + size, payload, payload_size);
    return size + payload_size;
}

struct au_trie_ref au_ref_of(struct au_bytes encoding, bool is_root)
{
    struct au_trie_ref ref = {0};
    if (encoding.size < AU_HASH_SIZE && !is_root) {
        ref.size = (uint8_t)encoding.size;
        memcpy(ref.bytes, encoding.data, encoding.size);
        return ref;
    }
    struct au_hash hash = au_sha256(encoding);
    ref.size = AU_HASH_SIZE;
    memcpy(ref.bytes, hash.bytes, AU_HASH_SIZE);
    return ref;
}

struct au_trie_ref au_leaf_ref(const struct au_hash *key, size_t start, struct au_bytes value)
{
    uint8_t encoding[4 * 64];
    size_t head_size = au_leaf_head(encoding, key, start, value);
    if (head_size + value.size <= sizeof(encoding)) {
        if (value.size > 0) memcpy(encoding + head_size, value.data, value.size);
        return au_ref_of((struct au_bytes){encoding, head_size + value.size}, start == 0);
    }
    const struct au_bytes parts[] = {{encoding, head_size}, value};
    struct au_hash hash = au_sha256_parts(parts, AU_COUNT_OF(parts));
    struct au_trie_ref ref = {.size = AU_HASH_SIZE};
    memcpy(ref.bytes, hash.bytes, AU_HASH_SIZE);
    return ref;
}

struct au_trie_ref au_node_ref(const struct au_trie_node *node, size_t start)
{
    uint8_t encoding[AU_BRANCH_SIZE_MAX];
    size_t size = au_branch_encode(encoding, node);
    struct au_trie_ref ref =
        au_ref_of((struct au_bytes){encoding, size}, start == 0 && node->depth == 0);
    if (start == node->depth) return ref;
    size = au_extension_encode(encoding, node, start, &ref);
    return au_ref_of((struct au_bytes){encoding, size}, start == 0);
}

/* ---- records ---- */

size_t au_trie_key(uint8_t out[AU_TRIE_KEY_SIZE_MAX], const struct au_hash *owner,
                   const struct au_hash *path, size_t count)
{
    memcpy(out, owner->bytes, AU_HASH_SIZE);
    au_nibbles_put(out + AU_HASH_SIZE, path, count);
    return AU_HASH_SIZE + count;
}

static void put_mask(uint8_t out[MASK_SIZE], unsigned mask)
{
    out[0] = (uint8_t)mask;
    out[1] = (uint8_t)(mask >> 8);
}

bool au_trie_key_parse(struct au_bytes key, struct au_trie_start *out_start)
{
    *out_start = (struct au_trie_start){0};
    if (key.size < AU_HASH_SIZE || key.size > AU_TRIE_KEY_SIZE_MAX - 1) return false;
    memcpy(out_start->owner.bytes, key.data, AU_HASH_SIZE);
    out_start->start = key.size - AU_HASH_SIZE;
    for (size_t i = 0; i < out_start->start; i++) {
        if (key.data[AU_HASH_SIZE + i] > AU_CHILD_COUNT - 1) return false;
        au_nibble_set(&out_start->path, i, key.data[AU_HASH_SIZE + i]);
    }
    return true;
}

size_t au_trie_record_encode(uint8_t out[AU_TRIE_RECORD_SIZE_MAX], const struct au_trie_node *node,
                             size_t start)
{
    size_t size = 0;
    out[size++] = VERSION;
    out[size++] = (uint8_t)(node->depth - start);
    for (size_t i = start; i < node->depth; i++) {
        out[size++] = (uint8_t)au_nibble_at(&node->path, i);
    }
    uint8_t *children_at = out + size;
    put_mask(out + size + MASK_SIZE, node->leaves);
    size += 2 * MASK_SIZE;
    unsigned children = 0;
    for (size_t i = 0; i < AU_CHILD_COUNT; i++) {
        size_t ref_size = node->ref_sizes[i];
        if (ref_size == 0) continue;
        children |= 1u << i;
        /* All of the place's bytes are copied, which is faster than as many as count: what is too
         * much is written over, or lies behind the end. */
        out[size++] = (uint8_t)ref_size;
        memcpy(out + size, node->refs[i], AU_HASH_SIZE);
        size += ref_size;
    }
    put_mask(children_at, children);
    return size;
}

/* Takes size bytes off; NULL when there are not so many. */
static const uint8_t *take(struct au_bytes *rest, size_t size)
{
    const uint8_t *data = rest->data;
    if (size > rest->size) return NULL;
    *rest = (struct au_bytes){data + size, rest->size - size};
    return data;
}

static bool decode_path(struct au_bytes *rest, size_t start, struct au_trie_node *node)
{
    const uint8_t *head = take(rest, 2);
    if (!head || head[0] != VERSION) return false;
    size_t count = head[1];
    if (start + count >= AU_NIBBLE_COUNT) return false;
    const uint8_t *nibbles = take(rest, count);
    if (!nibbles) return false;
    for (size_t i = 0; i < count; i++) {
        if (nibbles[i] > 15) return false;
        au_nibble_set(&node->path, start + i, nibbles[i]);
    }
    node->depth = (uint8_t)(start + count);
    return true;
}

bool au_trie_ref_is_valid(struct au_bytes ref)
{
    struct au_rlp_item item;
    if (ref.size == AU_HASH_SIZE) return true;
    return ref.size < AU_HASH_SIZE && au_rlp_next(&ref, &item) && item.is_list && ref.size == 0;
}

static bool decode_children(struct au_bytes *rest, struct au_trie_node *node)
{
    const uint8_t *masks = take(rest, 2 * MASK_SIZE);
    if (!masks) return false;
    unsigned children = masks[0] | (unsigned)masks[1] << 8;
    unsigned leaves = masks[2] | (unsigned)masks[3] << 8;
    if (__builtin_popcount(children) < CHILDREN_MIN || (leaves & ~children) != 0) return false;
    node->leaves = (uint16_t)leaves;
    for (size_t i = 0; i < AU_CHILD_COUNT; i++) {
        if ((children >> i & 1) == 0) continue;
        const uint8_t *size = take(rest, 1);
        const uint8_t *ref = size ? take(rest, *size) : NULL;
        if (!ref || !au_trie_ref_is_valid((struct au_bytes){ref, *size})) return false;
        node->ref_sizes[i] = *size;
        memcpy(node->refs[i], ref, *size);
    }
    return rest->size == 0;
}

bool au_trie_record_decode(struct au_bytes record, const struct au_hash *path, size_t start,
                           struct au_trie_node *out_node)
{
    *out_node = (struct au_trie_node){.path = *path};
    return decode_path(&record, start, out_node) && decode_children(&record, out_node);
}
