#include "state/trie_build.h"

#include "core/decode.h"
#include "crypto/sha256.h"
#include "state/rlp.h"

#define VALUE_SIZE_MAX     (1u << 20) /* bytes of a leaf's value */
#define ENCODINGS_SIZE_MAX ((size_t)AU_TRIE_BUILD_MANY * (VALUE_SIZE_MAX + AU_LEAF_HEAD_SIZE_MAX))

void au_trie_build_init(struct au_trie_build *build, const struct au_trie_build_sink *sink)
{
    build->sink = sink ? *sink : (struct au_trie_build_sink){0};
    au_buf_init(&build->value, VALUE_SIZE_MAX);
    au_buf_init(&build->encodings, ENCODINGS_SIZE_MAX);
    au_trie_build_clear(build);
}

void au_trie_build_done(struct au_trie_build *build)
{
    au_buf_done(&build->encodings);
    au_buf_done(&build->value);
}

void au_trie_build_clear(struct au_trie_build *build)
{
    build->open_count = 0;
    build->leaf_count = 0;
    build->ref.size = 0;
    au_buf_clear(&build->value);
}

/* ---- what hangs below a branch ---- */

/* The last leaf, or the branch that it is the last leaf of. */
struct hanging {
    const struct au_trie_build *build;
    const struct au_trie_node *node; /* NULL: the leaf */
};

static struct au_trie_ref ref_of(const struct hanging *hanging, size_t start)
{
    if (hanging->node) return au_node_ref(hanging->node, start);
    if (hanging->build->ref.size > 0) return hanging->build->ref;
    return au_leaf_ref(&hanging->build->key, start, au_buf_bytes(&hanging->build->value));
}

static void hang(struct au_trie_node *node, const struct hanging *hanging)
{
    unsigned nibble = au_nibble_at(&hanging->build->key, node->depth);
    struct au_trie_ref ref = ref_of(hanging, node->depth + 1u);
    if (!hanging->node) node->leaves |= (uint16_t)(1u << nibble);
    node->ref_sizes[nibble] = ref.size;
    memcpy(node->refs[nibble], ref.bytes, ref.size);
}

static void begin_node(struct au_trie_node *node, const struct au_hash *key, size_t depth)
{
    node->path = *key;
    node->leaves = 0;
    node->depth = (uint8_t)depth;
    memset(node->ref_sizes, 0, sizeof(node->ref_sizes));
}

/* ---- adding ---- */

/* Closes the open branches below a depth; what is below the rest hangs there afterwards. */
static enum au_err close_below(struct au_trie_build *build, size_t depth, bool is_last,
                               struct hanging *hanging)
{
    while (build->open_count > 0) {
        struct au_trie_node *node = &build->open[build->open_count - 1];
        if (!is_last && node->depth <= depth) break;
        hang(node, hanging);
        build->open_count--;
        hanging->node = node;
        size_t start = is_last ? 0 : depth + 1;
        if (build->open_count > 0) {
            size_t above = build->open[build->open_count - 1].depth + 1u;
            if (is_last || above > start) start = above;
        }
        if (build->sink.on_branch) AU_TRY(build->sink.on_branch(build->sink.context, node, start));
    }
    return AU_OK;
}

static enum au_err open_at(struct au_trie_build *build, size_t depth)
{
    struct hanging hanging = {.build = build};
    AU_TRY(close_below(build, depth, /* is_last */ false, &hanging));
    bool is_open = build->open_count > 0 && build->open[build->open_count - 1].depth == depth;
    if (is_open) {
        hang(&build->open[build->open_count - 1], &hanging);
        return AU_OK;
    }
    /* The place of the new branch may be that of the one which hangs below it. */
    struct au_trie_node node;
    begin_node(&node, &build->key, depth);
    hang(&node, &hanging);
    build->open[build->open_count++] = node;
    return AU_OK;
}

static enum au_err add_key(struct au_trie_build *build, const struct au_hash *key)
{
    if (build->leaf_count > 0) {
        if (memcmp(build->key.bytes, key->bytes, AU_HASH_SIZE) >= 0) return AU_ERR_MALFORMED;
        AU_TRY(open_at(build, au_nibbles_shared(&build->key, key)));
    }
    build->leaf_count++;
    build->key = *key;
    return AU_OK;
}

enum au_err au_trie_build_add(struct au_trie_build *build, const struct au_hash *key,
                              struct au_bytes value)
{
    AU_ASSERT(value.size > 0);
    AU_TRY(add_key(build, key));
    build->ref.size = 0;
    au_buf_clear(&build->value);
    au_buf_put_bytes(&build->value, value);
    return build->value.err;
}

/* ---- adding many ---- */

/* Where a leaf starts: behind what it shares with the one before or with the next one. */
static size_t start_between(const struct au_hash *before, const struct au_hash *key,
                            const struct au_hash *next)
{
    size_t left = before ? au_nibbles_shared(before, key) + 1 : 0;
    size_t right = next ? au_nibbles_shared(key, next) + 1 : 0;
    return left > right ? left : right;
}

/* Where leaves start and how large their encodings are, which lie one behind the other. */
struct many {
    size_t starts[AU_TRIE_BUILD_MANY];
    size_t sizes[AU_TRIE_BUILD_MANY];
};

static enum au_err encode_many(struct au_trie_build *build, const struct au_trie_build_leaf *leaves,
                               size_t count, const struct au_hash *next, struct many *out_many)
{
    const struct au_hash *before = build->leaf_count > 0 ? &build->key : NULL;
    struct au_buf *encodings = &build->encodings;
    au_buf_clear(encodings);
    for (size_t i = 0; i < count; i++) {
        uint8_t head[AU_LEAF_HEAD_SIZE_MAX];
        const struct au_hash *key = &leaves[i].key;
        const struct au_hash *behind = i + 1 < count ? &leaves[i + 1].key : next;
        size_t size_before = encodings->size;
        if (before && memcmp(before->bytes, key->bytes, AU_HASH_SIZE) >= 0) return AU_ERR_MALFORMED;
        if (behind && memcmp(key->bytes, behind->bytes, AU_HASH_SIZE) >= 0) return AU_ERR_MALFORMED;
        out_many->starts[i] = start_between(before, key, behind);
        au_buf_put(encodings, head, au_leaf_head(head, key, out_many->starts[i], leaves[i].value));
        au_buf_put_bytes(encodings, leaves[i].value);
        out_many->sizes[i] = encodings->size - size_before;
        before = key;
    }
    return encodings->err;
}

/* A leaf alone, which is the root, is hashed however small it is. */
static bool is_hashed(const struct many *many, size_t index)
{
    return many->sizes[index] >= AU_HASH_SIZE || many->starts[index] == 0;
}

static void hash_many(const struct au_trie_build *build, const struct many *many, size_t count,
                      struct au_hash hashes[AU_TRIE_BUILD_MANY])
{
    struct au_bytes messages[AU_TRIE_BUILD_MANY];
    const uint8_t *at = build->encodings.data;
    size_t message_count = 0;
    for (size_t i = 0; i < count; at += many->sizes[i++]) {
        if (is_hashed(many, i)) messages[message_count++] = (struct au_bytes){at, many->sizes[i]};
    }
    au_sha256_many(messages, message_count, hashes);
}

enum au_err au_trie_build_add_many(struct au_trie_build *build,
                                   const struct au_trie_build_leaf *leaves, size_t count,
                                   const struct au_hash *next)
{
    struct au_hash hashes[AU_TRIE_BUILD_MANY];
    struct many many;
    AU_ASSERT(count <= AU_TRIE_BUILD_MANY);
    AU_TRY(encode_many(build, leaves, count, next, &many));
    hash_many(build, &many, count, hashes);
    const uint8_t *at = build->encodings.data;
    const struct au_hash *hash = hashes;
    for (size_t i = 0; i < count; at += many.sizes[i++]) {
        AU_TRY(add_key(build, &leaves[i].key));
        bool is_hash = is_hashed(&many, i);
        build->ref.size = (uint8_t)(is_hash ? AU_HASH_SIZE : many.sizes[i]);
        memcpy(build->ref.bytes, is_hash ? hash++->bytes : at, build->ref.size);
    }
    return AU_OK;
}

enum au_err au_trie_build_finish(struct au_trie_build *build)
{
    struct hanging hanging = {.build = build};
    return close_below(build, 0, /* is_last */ true, &hanging);
}

/* ---- edges ---- */

void au_trie_edge_put(struct au_buf *edge, const struct au_trie_node *node,
                      const struct au_hash *key)
{
    unsigned children = 0;
    unsigned first = au_nibble_at(key, node->depth) + 1;
    for (unsigned i = first; i < AU_CHILD_COUNT; i++) {
        if (node->ref_sizes[i] > 0) children |= 1u << i;
    }
    if (children == 0) return;
    au_buf_put_u8(edge, node->depth);
    au_buf_put_u8(edge, (uint8_t)children);
    au_buf_put_u8(edge, (uint8_t)(children >> 8));
    for (unsigned i = first; i < AU_CHILD_COUNT; i++) {
        if (node->ref_sizes[i] == 0) continue;
        au_buf_put_u8(edge, node->ref_sizes[i]);
        au_buf_put(edge, node->refs[i], node->ref_sizes[i]);
    }
}

/* A level of an edge that is read. */
struct level {
    size_t depth;
    unsigned children;
};

static struct level read_level(struct au_decode *decode, const struct au_hash *key,
                               size_t depth_end)
{
    struct level level = {.depth = au_decode_u8(decode)};
    level.children = au_decode_u8(decode);
    level.children |= (unsigned)au_decode_u8(decode) << 8;
    if (level.depth >= depth_end) {
        au_decode_fail(decode, "levels of an edge that do not rise");
    } else if (level.children == 0) {
        au_decode_fail(decode, "a level of an edge without children");
    } else if ((level.children & ((2u << au_nibble_at(key, level.depth)) - 1)) != 0) {
        au_decode_fail(decode, "a level of an edge that is not right of the way");
    }
    return level;
}

static void read_refs(struct au_decode *decode, unsigned children, struct au_trie_node *node)
{
    for (unsigned i = 0; i < AU_CHILD_COUNT && !decode->error; i++) {
        if ((children >> i & 1u) == 0) continue;
        size_t size = au_decode_u8(decode);
        struct au_bytes ref = au_decode_take(decode, size);
        if (decode->error) return;
        if (!au_trie_ref_is_valid(ref)) {
            au_decode_fail(decode, "a ref of an edge that is none");
            return;
        }
        node->ref_sizes[i] = (uint8_t)size;
        memcpy(node->refs[i], ref.data, size);
    }
}

/* Goes up the way, over what is open and what the edge has, which both have their depths. */
static bool climb(const struct au_trie_build *build, struct au_decode *decode,
                  struct au_hash *out_root)
{
    struct au_trie_node nodes[2];
    struct hanging hanging = {.build = build};
    size_t open_count = build->open_count, depth_end = AU_NIBBLE_COUNT;
    struct level level = {0};
    bool has_level = decode->rest.size > 0;
    if (has_level) level = read_level(decode, &build->key, depth_end);
    for (size_t turn = 0; (open_count > 0 || has_level) && !decode->error; turn++) {
        struct au_trie_node *node = &nodes[turn % 2];
        const struct au_trie_node *open = open_count > 0 ? &build->open[open_count - 1] : NULL;
        bool is_level = has_level && (!open || level.depth >= open->depth);
        if (open && (!is_level || level.depth == open->depth)) {
            *node = *open;
            open_count--;
        } else {
            begin_node(node, &build->key, level.depth);
        }
        hang(node, &hanging);
        hanging.node = node;
        if (!is_level) continue;
        read_refs(decode, level.children, node);
        depth_end = level.depth;
        has_level = decode->rest.size > 0;
        if (has_level) level = read_level(decode, &build->key, depth_end);
    }
    if (decode->error) return false;
    struct au_trie_ref root = ref_of(&hanging, 0);
    memcpy(out_root->bytes, root.bytes, AU_HASH_SIZE);
    return true;
}

bool au_trie_build_root(const struct au_trie_build *build, struct au_bytes edge,
                        struct au_hash *out_root)
{
    struct au_decode decode;
    if (build->leaf_count == 0) {
        static const uint8_t empty = AU_RLP_EMPTY;
        *out_root = au_sha256((struct au_bytes){&empty, 1});
        return edge.size == 0;
    }
    au_decode_init(&decode, edge);
    return climb(build, &decode, out_root);
}
