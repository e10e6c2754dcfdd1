#include "state/proof.h"

#include "core/decode.h"
#include "crypto/sha256.h"
#include "state/rlp.h"
#include "state/trie_internal.h"

#define LEAF_SIZE_MAX   ((size_t)16 << 20) /* bytes of a leaf's value */
#define COUNT_SIZE      4u                 /* bytes of a proof's count */
#define PREFETCHED_SIZE 704u               /* bytes of a branch: of 16 children */
#define LEAF_ITEMS      2u                 /* of a leaf or extension */
#define BRANCH_ITEMS    17u
#define FLAG_ODD        1u
#define FLAG_LEAF       2u
#define FLAGS_MAX       3u

/* ---- making ---- */

/* A proof that is being made. */
struct maker {
    const struct au_proof_source *source;
    const struct au_hash *key;
    const struct au_bytes *value; /* what the trie has under the key; NULL: is to be read */
    struct au_buf *out;
    struct au_buf leaf; /* scratch: one that was read */
    uint32_t count;     /* nodes */
};

/* Lists a node, unless it stands in its parent. */
static void put_node(struct maker *maker, struct au_bytes head, struct au_bytes rest, bool is_root)
{
    size_t size = head.size + rest.size;
    if (size < AU_HASH_SIZE && !is_root) return;
    au_buf_put_u32(maker->out, (uint32_t)size);
    au_buf_put_bytes(maker->out, head);
    au_buf_put_bytes(maker->out, rest);
    maker->count++;
}

/* The leaf at a place of the key, usually the key's: to ask for that costs least. */
static enum au_err find_leaf(struct maker *maker, size_t start, struct au_hash *out_key,
                             struct au_bytes *out_value)
{
    uint8_t nibbles[AU_NIBBLE_COUNT];
    const struct au_proof_source *source = maker->source;
    const struct au_flat_place place = {.owner = source->owner, .nibbles = {nibbles, start}};
    *out_key = *maker->key;
    if (maker->value != NULL && maker->value->size > 0) {
        *out_value = *maker->value;
        return AU_OK;
    }
    enum au_err err = AU_ERR_NOT_FOUND;
    if (maker->value == NULL) {
        err = au_flat_key_leaf(source->flat, source->owner, maker->key, &maker->leaf);
    }
    if (err == AU_ERR_NOT_FOUND) {
        au_nibbles_put(nibbles, maker->key, start);
        err = au_flat_leaf(source->flat, &place, out_key, &maker->leaf);
    }
    *out_value = au_buf_bytes(&maker->leaf);
    return err;
}

static enum au_err put_leaf(struct maker *maker, size_t start)
{
    struct au_hash found;
    struct au_bytes value;
    uint8_t head[AU_LEAF_HEAD_SIZE_MAX];
    AU_TRY(find_leaf(maker, start, &found, &value));
    size_t head_size = au_leaf_head(head, &found, start, value);
    put_node(maker, (struct au_bytes){head, head_size}, value, start == 0);
    return AU_OK;
}

static void put_branch(struct maker *maker, const struct au_trie_node *node, size_t start,
                       bool is_reached)
{
    uint8_t branch[AU_BRANCH_SIZE_MAX];
    uint8_t extension[AU_EXTENSION_SIZE_MAX];
    size_t size = au_branch_encode(branch, node);
    if (start < node->depth) {
        struct au_trie_ref ref = au_ref_of((struct au_bytes){branch, size}, false);
        size_t extension_size = au_extension_encode(extension, node, start, &ref);
        put_node(maker, (struct au_bytes){extension, extension_size}, (struct au_bytes){0},
                 start == 0);
    }
    if (!is_reached) return;
    put_node(maker, (struct au_bytes){branch, size}, (struct au_bytes){0}, node->depth == 0);
}

/* Most branches have no extension before them: they are encoded where they are to be. */
static void put_held_branch(struct maker *maker, const struct au_trie_branch *branch, size_t start,
                            bool is_reached)
{
    if (start < branch->depth) {
        struct au_trie_open open;
        au_trie_unfold(branch, &open);
        put_branch(maker, &open.node, start, is_reached);
        return;
    }
    size_t size = au_trie_encoded_size(branch);
    if (size < AU_HASH_SIZE && start > 0) return;
    au_buf_put_u32(maker->out, (uint32_t)size);
    uint8_t *at = au_buf_reserve(maker->out, size);
    if (at == NULL) return;
    au_trie_encode(branch, at);
    maker->out->size += size;
    maker->count++;
}

/* Where a branch leads the key. */
enum turn { TURN_OFF, TURN_LEAF, TURN_BRANCH };

static enum turn turn_at(unsigned children, unsigned leaves, unsigned index, bool is_reached)
{
    if (!is_reached || (children >> index & 1) == 0) return TURN_OFF;
    return leaves >> index & 1 ? TURN_LEAF : TURN_BRANCH;
}

static unsigned children_of(const struct au_trie_node *node)
{
    unsigned children = 0;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        children |= (unsigned)(node->ref_sizes[i] > 0) << i;
    }
    return children;
}

static enum au_err load_node(struct maker *maker, size_t start, struct au_trie_node *out_node)
{
    const struct au_proof_source *source = maker->source;
    const struct au_trie_start place = {*source->owner, *maker->key, start};
    const struct au_flat *from = source->tries ? &source->tries->flat : source->flat;
    return au_trie_load(&from->kv, from->snapshot, &source->flat->value, &place, out_node);
}

/* From a place on, from records. NOT_FOUND: something that a record promises is not there; at the
 * root, an empty trie. */
static enum au_err put_loaded(struct maker *maker, size_t start)
{
    struct au_trie_node node;
    for (;;) {
        enum au_err err = load_node(maker, start, &node);
        if (err == AU_ERR_NOT_FOUND && start == 0) return put_leaf(maker, 0);
        AU_TRY(err);
        bool is_reached = au_nibbles_shared(&node.path, maker->key) >= node.depth;
        unsigned index = au_nibble_at(maker->key, node.depth);
        put_branch(maker, &node, start, is_reached);
        start = node.depth + 1u;
        enum turn turn = turn_at(children_of(&node), node.leaves, index, is_reached);
        if (turn == TURN_OFF) return AU_OK;
        if (turn == TURN_LEAF) return put_leaf(maker, start);
        if (start == AU_NIBBLE_COUNT) return AU_ERR_MALFORMED;
    }
}

/* As far as branches are in memory, then from records. */
static enum au_err put_held(struct maker *maker, const struct au_trie_branch *branch)
{
    size_t start = 0;
    while (branch != NULL) {
        bool is_reached = au_nibbles_shared(&branch->path, maker->key) >= branch->depth;
        unsigned index = au_nibble_at(maker->key, branch->depth);
        enum turn turn = turn_at(branch->children, branch->leaves, index, is_reached);
        const struct au_trie_branch *below = NULL;
        if (turn == TURN_BRANCH) below = au_trie_place(branch, index)->link.branch;
        if (below != NULL) au_prefetch(below, PREFETCHED_SIZE);
        put_held_branch(maker, branch, start, is_reached);
        start = branch->depth + 1u;
        if (turn == TURN_OFF) return AU_OK;
        if (turn == TURN_LEAF) return put_leaf(maker, start);
        branch = below;
    }
    return put_loaded(maker, start);
}

static enum au_err put_nodes(struct maker *maker)
{
    const struct au_proof_source *source = maker->source;
    const struct au_trie *trie =
        source->tries != NULL ? au_trie_find(source->tries, source->owner) : NULL;
    if (trie == NULL) return put_loaded(maker, 0);
    if (trie->root.kind != AU_TRIE_BRANCH) return put_leaf(maker, 0);
    return put_held(maker, trie->root.link.branch);
}

static enum au_err make(struct maker *maker)
{
    struct au_buf *out = maker->out;
    size_t count_at = out->size;
    au_buf_init(&maker->leaf, LEAF_SIZE_MAX);
    au_buf_put_u32(out, 0);
    enum au_err err = put_nodes(maker);
    au_buf_done(&maker->leaf);
    bool is_empty = err == AU_ERR_NOT_FOUND && maker->count == 0;
    if (err == AU_ERR_NOT_FOUND && !is_empty) return AU_ERR_MALFORMED;
    if (!is_empty) AU_TRY(err);
    AU_TRY(out->err);
    for (size_t i = 0; i < COUNT_SIZE; i++) {
        out->data[count_at + i] = (uint8_t)(maker->count >> (8 * i));
    }
    return AU_OK;
}

enum au_err au_proof_make(const struct au_proof_source *source, const struct au_hash *key,
                          struct au_buf *out)
{
    struct maker maker = {.source = source, .key = key, .out = out};
    return make(&maker);
}

enum au_err au_proof_make_of(const struct au_proof_source *source, const struct au_hash *key,
                             struct au_bytes value, struct au_buf *out)
{
    struct maker maker = {.source = source, .key = key, .value = &value, .out = out};
    return make(&maker);
}

/* ---- verifying ---- */

bool au_proof_split(struct au_bytes proof, struct au_bytes out_nodes[AU_PROOF_NODES_MAX],
                    size_t *out_count)
{
    struct au_decode decode;
    au_decode_init(&decode, proof);
    uint32_t count = au_decode_u32(&decode);
    if (count > AU_PROOF_NODES_MAX) return false;
    for (uint32_t i = 0; i < count; i++) {
        out_nodes[i] = au_decode_bytes(&decode, UINT32_MAX);
    }
    *out_count = count;
    return au_decode_is_done(&decode);
}

/* A proof that is being verified. */
struct verifier {
    const struct au_hash *key;
    const struct au_bytes *nodes; /* those that were not needed yet */
    size_t count;
    size_t at; /* nibbles of the key that are behind */
    bool is_after_extension;
    struct au_bytes node; /* the present one */
    bool is_done;
    struct au_proof_claim claim;
    const char *reason;
};

static bool refuse(struct verifier *verifier, const char *reason)
{
    verifier->reason = reason;
    return false;
}

static bool finish(struct verifier *verifier, bool exists, struct au_bytes value)
{
    verifier->is_done = true;
    verifier->claim = (struct au_proof_claim){exists, value};
    return true;
}

/* Goes to the node with a hash: the next of the proof. */
static bool enter_hash(struct verifier *verifier, const struct au_hash *hash, bool is_root)
{
    if (verifier->count == 0) return refuse(verifier, "a node is missing");
    struct au_bytes node = *verifier->nodes++;
    verifier->count--;
    if (node.size < AU_HASH_SIZE && !is_root) {
        return refuse(verifier, "a node is listed that stands in its parent");
    }
    struct au_hash found = au_sha256(node);
    if (!au_hash_is_equal(&found, hash)) {
        return refuse(verifier, "a node's hash is not its parent's");
    }
    verifier->node = node;
    return true;
}

/* Whether an item may stand for a child: a hash, or a node shorter than one. */
static bool is_ref(const struct au_rlp_item *item)
{
    return item->is_list ? item->encoded.size < AU_HASH_SIZE : item->payload.size == AU_HASH_SIZE;
}

static bool enter_ref(struct verifier *verifier, const struct au_rlp_item *item)
{
    struct au_hash hash;
    if (item->is_list) {
        verifier->node = item->encoded;
        return true;
    }
    memcpy(hash.bytes, item->payload.data, AU_HASH_SIZE);
    return enter_hash(verifier, &hash, false);
}

static bool check_branch(struct verifier *verifier, const struct au_rlp_item *items)
{
    size_t child_count = 0;
    for (size_t i = 0; i < AU_CHILD_COUNT; i++) {
        if (!items[i].is_list && items[i].payload.size == 0) continue;
        if (!is_ref(&items[i])) return refuse(verifier, "a branch's child is no reference");
        child_count++;
    }
    if (items[AU_CHILD_COUNT].is_list || items[AU_CHILD_COUNT].payload.size > 0) {
        return refuse(verifier, "a branch has a value");
    }
    if (child_count < 2) return refuse(verifier, "a branch has less than two children");
    if (verifier->at >= AU_NIBBLE_COUNT) return refuse(verifier, "a branch lies below a whole key");
    return true;
}

static bool step_branch(struct verifier *verifier, const struct au_rlp_item *items)
{
    if (!check_branch(verifier, items)) return false;
    const struct au_rlp_item *child = &items[au_nibble_at(verifier->key, verifier->at++)];
    verifier->is_after_extension = false;
    if (!child->is_list && child->payload.size == 0) {
        return finish(verifier, false, (struct au_bytes){0});
    }
    return enter_ref(verifier, child);
}

/* A path of a leaf or extension. */
struct path {
    bool is_leaf;
    size_t count;     /* nibbles */
    bool is_followed; /* by the key */
};

static bool read_path(struct verifier *verifier, const struct au_rlp_item *item, struct path *path)
{
    if (item->is_list || item->payload.size == 0) return refuse(verifier, "a path is no string");
    const uint8_t *bytes = item->payload.data;
    unsigned flags = bytes[0] >> 4;
    bool is_odd = (flags & FLAG_ODD) != 0;
    if (flags > FLAGS_MAX) return refuse(verifier, "a path has unknown flags");
    if (!is_odd && (bytes[0] & 15) != 0) return refuse(verifier, "a path is padded with no zero");
    path->is_leaf = (flags & FLAG_LEAF) != 0;
    path->count = 2 * (item->payload.size - 1) + is_odd;
    path->is_followed = true;
    if (path->count > AU_NIBBLE_COUNT - verifier->at) return refuse(verifier, "a path is too long");
    for (size_t i = 0; i < path->count; i++) {
        size_t place = i + 1 + !is_odd; /* in the string's nibbles */
        unsigned nibble = place % 2 == 0 ? bytes[place / 2] >> 4 : bytes[place / 2] & 15u;
        if (nibble != au_nibble_at(verifier->key, verifier->at + i)) path->is_followed = false;
    }
    return true;
}

static bool step_leaf(struct verifier *verifier, const struct path *path,
                      const struct au_rlp_item *value)
{
    if (verifier->is_after_extension) return refuse(verifier, "an extension leads to no branch");
    if (path->count != AU_NIBBLE_COUNT - verifier->at) {
        return refuse(verifier, "a leaf's path does not end the key");
    }
    if (value->is_list || value->payload.size == 0) return refuse(verifier, "a leaf has no value");
    struct au_bytes none = {0};
    return finish(verifier, path->is_followed, path->is_followed ? value->payload : none);
}

static bool step_path(struct verifier *verifier, const struct au_rlp_item *items)
{
    struct path path;
    if (!read_path(verifier, &items[0], &path)) return false;
    if (path.is_leaf) return step_leaf(verifier, &path, &items[1]);
    if (verifier->is_after_extension) return refuse(verifier, "an extension leads to no branch");
    if (path.count == 0) return refuse(verifier, "an extension has no path");
    if (!is_ref(&items[1])) return refuse(verifier, "an extension's child is no reference");
    if (!path.is_followed) return finish(verifier, false, (struct au_bytes){0});
    verifier->at += path.count;
    verifier->is_after_extension = true;
    return enter_ref(verifier, &items[1]);
}

static bool step(struct verifier *verifier)
{
    struct au_bytes rest = verifier->node, payload;
    struct au_rlp_item items[BRANCH_ITEMS];
    size_t count = 0;
    if (!au_rlp_next_list(&rest, &payload) || rest.size > 0) {
        return refuse(verifier, "a node is no list");
    }
    while (payload.size > 0) {
        if (count == BRANCH_ITEMS || !au_rlp_next(&payload, &items[count])) {
            return refuse(verifier, "a node's items are malformed");
        }
        count++;
    }
    if (count == BRANCH_ITEMS) return step_branch(verifier, items);
    if (count == LEAF_ITEMS) return step_path(verifier, items);
    return refuse(verifier, "a node has neither 2 nor 17 items");
}

static bool is_empty_root(const struct au_hash *root)
{
    static const uint8_t empty = AU_RLP_EMPTY;
    struct au_hash hash = au_sha256((struct au_bytes){&empty, 1});
    return au_hash_is_equal(root, &hash);
}

/* Each step takes a nibble of the key at least, or is the last. */
static bool walk(struct verifier *verifier, const struct au_hash *root)
{
    if (verifier->count == 0 && is_empty_root(root)) return true;
    if (!enter_hash(verifier, root, true)) return false;
    while (!verifier->is_done) {
        if (!step(verifier)) return false;
    }
    return verifier->count == 0 || refuse(verifier, "a node is not needed");
}

enum au_err au_proof_verify(const struct au_hash *root, const struct au_hash *key,
                            const struct au_bytes *nodes, size_t count,
                            struct au_proof_claim *out_claim, const char **out_reason)
{
    struct verifier verifier = {.key = key, .nodes = nodes, .count = count};
    if (!walk(&verifier, root)) {
        *out_reason = verifier.reason;
        return AU_ERR_MALFORMED;
    }
    *out_claim = verifier.claim;
    return AU_OK;
}
