#include "state/trie.h"

#include "crypto/sha256.h"

#define MEMORY_MAX      ((size_t)64 << 30) /* bytes of one block's branches */
#define CACHE_LINE_SIZE 64u                /* bytes */
#define PREFETCH_MAX    64u                /* keys that go down side by side */
#define LEAF_SIZE_MAX   ((size_t)16 << 20) /* bytes of a leaf's value */

struct au_trie_leaf {
    union {
        struct au_hash key;
        struct au_trie_leaf *next_free;
    };
};

/* What a child is in memory. NULL: it has not been needed yet. */
union link {
    struct au_trie_branch *branch;
    struct au_trie_leaf *leaf;
};

struct au_trie_branch {
    struct au_trie_node node;
    union link links[AU_CHILD_COUNT]; /* a free branch: the first is the next free one */
};

enum kind { NONE, LEAF, BRANCH };

/* A node as its parent sees it. */
struct child {
    enum kind kind;
    bool is_moved; /* its parent is new: it starts elsewhere than before, so that ref is wrong */
    union link link;
    struct au_trie_ref ref;
};

/* A trie that has been applied to. */
struct trie {
    struct au_hash owner;
    struct child root;
    uint64_t commit_count; /* the cache's when it changed last */
};

/* One batch being applied. */
struct work {
    struct au_trie_cache *cache;
    const struct au_trie_batch *batch;
    struct au_kv_batch *records;
    struct au_buf value; /* of the committed leaf that was read last */
};

/* Updates of a batch that share a beginning. */
struct range {
    const struct au_trie_update *first;
    size_t count;
};

struct au_hash au_trie_empty_hash(void)
{
    static const uint8_t empty = 0x80;
    return au_sha256((struct au_bytes){&empty, 1});
}

/* ---- memory ---- */

static struct au_trie_branch *new_branch(struct au_trie_cache *cache)
{
    struct au_trie_branch *branch = cache->free_branches;
    if (branch) {
        cache->free_branches = branch->links[0].branch;
        memset(branch, 0, sizeof(*branch));
    } else {
        branch = au_arena_zero(&cache->arena, sizeof(*branch));
        if (!branch) return NULL;
    }
    cache->branch_count++;
    return branch;
}

static void free_branch(struct au_trie_cache *cache, struct au_trie_branch *branch)
{
    branch->links[0].branch = cache->free_branches;
    cache->free_branches = branch;
    cache->branch_count--;
}

static struct au_trie_leaf *new_leaf(struct au_trie_cache *cache, const struct au_hash *key)
{
    struct au_trie_leaf *leaf = cache->free_leaves;
    if (leaf) {
        cache->free_leaves = leaf->next_free;
    } else {
        leaf = au_arena_get(&cache->arena, sizeof(*leaf));
        if (!leaf) return NULL;
    }
    leaf->key = *key;
    cache->leaf_count++;
    return leaf;
}

static void free_leaf(struct au_trie_cache *cache, struct au_trie_leaf *leaf)
{
    leaf->next_free = cache->free_leaves;
    cache->free_leaves = leaf;
    cache->leaf_count--;
}

static void forget_all(struct au_trie_cache *cache)
{
    au_arena_reset(&cache->arena);
    au_table_clear(&cache->tries);
    cache->free_branches = NULL;
    cache->free_leaves = NULL;
    cache->branch_count = 0;
    cache->leaf_count = 0;
}

enum au_err au_trie_cache_init(struct au_trie_cache *cache, const struct au_kv *kv,
                               const struct au_seed *seed, size_t branches_max)
{
    *cache = (struct au_trie_cache){.seed = *seed};
    au_flat_init(&cache->flat, kv, NULL);
    au_arena_init(&cache->arena, MEMORY_MAX);
    size_t branch_size = sizeof(struct au_trie_branch);
    cache->size_max = branches_max < SIZE_MAX / branch_size ? branches_max * branch_size : SIZE_MAX;
    return AU_OK;
}

void au_trie_cache_done(struct au_trie_cache *cache)
{
    au_table_done(&cache->tries);
    au_arena_done(&cache->arena);
    au_flat_done(&cache->flat);
}

void au_trie_cache_abort(struct au_trie_cache *cache)
{
    forget_all(cache);
}

void au_trie_cache_commit(struct au_trie_cache *cache)
{
    cache->commit_count++;
    if (cache->arena.held > cache->size_max) forget_all(cache);
}

/* ---- children ---- */

static struct child get_child(const struct au_trie_branch *branch, unsigned index)
{
    const struct au_trie_node *node = &branch->node;
    struct child child = {.kind = NONE};
    if (node->ref_sizes[index] == 0) return child;
    child.kind = node->leaves >> index & 1 ? LEAF : BRANCH;
    child.link = branch->links[index];
    child.ref.size = node->ref_sizes[index];
    memcpy(child.ref.bytes, node->refs[index], AU_HASH_SIZE);
    return child;
}

static void set_child(struct au_trie_branch *branch, unsigned index, const struct child *child)
{
    struct au_trie_node *node = &branch->node;
    unsigned leaves = node->leaves & ~(1u << index);
    if (child->kind == LEAF) leaves |= 1u << index;
    node->leaves = (uint16_t)leaves;
    branch->links[index] = child->link;
    node->ref_sizes[index] = child->kind == NONE ? 0 : child->ref.size;
    memcpy(node->refs[index], child->ref.bytes, AU_HASH_SIZE);
}

static bool is_same_ref(const struct child *a, const struct child *b)
{
    return a->ref.size == b->ref.size && memcmp(a->ref.bytes, b->ref.bytes, a->ref.size) == 0;
}

/* A key through a child whose link is there, and how many of its nibbles are all keys' below. */
static const struct au_hash *child_path(const struct child *child)
{
    return child->kind == LEAF ? &child->link.leaf->key : &child->link.branch->node.path;
}

static size_t child_depth(const struct child *child)
{
    return child->kind == BRANCH ? child->link.branch->node.depth : AU_NIBBLE_COUNT;
}

/* Whether an update is about a key that is not at or below a child. */
static bool is_off(const struct child *child, const struct au_trie_update *update)
{
    return child->kind == NONE ||
           au_nibbles_shared(child_path(child), &update->key) < child_depth(child);
}

/* ---- records ---- */

static void put_record(struct work *work, const struct au_trie_node *node, size_t start)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    uint8_t record[AU_TRIE_RECORD_SIZE_MAX];
    size_t key_size = au_trie_key(key, &work->batch->owner, &node->path, start);
    size_t record_size = au_trie_record_encode(record, node, start);
    au_kv_batch_put(work->records, AU_CF_TRI, (struct au_bytes){key, key_size},
                    (struct au_bytes){record, record_size});
}

static void del_record(struct work *work, const struct au_hash *path, size_t start)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    size_t key_size = au_trie_key(key, &work->batch->owner, path, start);
    au_kv_batch_del(work->records, AU_CF_TRI, (struct au_bytes){key, key_size});
}

/* ---- loading ---- */

/* NOT_FOUND when there is no record. */
static enum au_err load_branch(struct work *work, const struct au_hash *path, size_t start,
                               struct au_trie_branch **out_branch)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    struct au_flat *flat = &work->cache->flat;
    size_t key_size = au_trie_key(key, &work->batch->owner, path, start);
    AU_TRY(au_kv_get(&flat->kv, flat->snapshot, AU_CF_TRI, (struct au_bytes){key, key_size},
                     &flat->value));
    struct au_trie_branch *branch = new_branch(work->cache);
    if (!branch) return AU_ERR_NO_MEMORY;
    if (!au_trie_record_decode(au_buf_bytes(&flat->value), path, start, &branch->node)) {
        return AU_ERR_MALFORMED;
    }
    *out_branch = branch;
    return AU_OK;
}

/* A record or leaf that a branch promises is not there: the store is damaged. */
static enum au_err promised(enum au_err err)
{
    return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
}

static enum au_err read_leaf(struct work *work, const struct au_hash *path, size_t count,
                             struct au_hash *out_key)
{
    uint8_t nibbles[AU_NIBBLE_COUNT];
    au_nibbles_put(nibbles, path, count);
    au_buf_clear(&work->value);
    return au_flat_leaf(&work->cache->flat, &work->batch->owner, (struct au_bytes){nibbles, count},
                        out_key, &work->value);
}

/* The leaf at a place that all of a range comes to, if one of the range tells: a key of the
 * committed trie that leads to a leaf is that leaf's. */
static const struct au_hash *find_leaf_key(struct range range)
{
    for (size_t i = 0; i < range.count; i++) {
        if (range.first[i].existed) return &range.first[i].key;
    }
    return NULL;
}

/* Has the link of a child point to it. The child starts after start nibbles of path; range is what
 * the batch has for it.
 *
 * A leaf whose key is unknown was read from a record and never touched: a batch that comes to a
 * leaf's place learns its key first. So in the committed state too it is the only leaf that begins
 * with these nibbles, and no update of this batch is about it unless it is in range. */
static enum au_err need_link(struct work *work, const struct au_hash *path, size_t start,
                             struct range range, struct child *child)
{
    if (child->link.branch) return AU_OK;
    if (child->kind == BRANCH) return promised(load_branch(work, path, start, &child->link.branch));
    struct au_hash read_key;
    const struct au_hash *key = find_leaf_key(range);
    if (!key) {
        AU_TRY(promised(read_leaf(work, path, start, &read_key)));
        key = &read_key;
    }
    child->link.leaf = new_leaf(work->cache, key);
    return child->link.leaf ? AU_OK : AU_ERR_NO_MEMORY;
}

static const struct au_trie_update *find_update(const struct au_trie_batch *batch,
                                                const struct au_hash *key)
{
    size_t low = 0, high = batch->update_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = memcmp(batch->updates[middle].key.bytes, key->bytes, AU_HASH_SIZE);
        if (order == 0) return &batch->updates[middle];
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return NULL;
}

/* The value of a leaf of the trie as it is being made: the batch's, else the committed one. The
 * committed one is asked for by the whole key, since other leaves that begin alike may be going. */
static enum au_err leaf_value(struct work *work, const struct au_hash *key,
                              struct au_bytes *out_value)
{
    const struct au_trie_update *update = find_update(work->batch, key);
    if (update) {
        AU_ASSERT(update->value.size > 0);
        *out_value = update->value;
        return AU_OK;
    }
    struct au_hash found;
    AU_TRY(promised(read_leaf(work, key, AU_NIBBLE_COUNT, &found)));
    *out_value = au_buf_bytes(&work->value);
    return AU_OK;
}

/* ---- what a child becomes ---- */

/* Makes a child's ref, and a branch's record, for its place. Its link is there. */
static enum au_err settle(struct work *work, size_t start, struct child *child)
{
    child->is_moved = false;
    if (child->kind == LEAF) {
        struct au_bytes value;
        const struct au_hash *key = &child->link.leaf->key;
        AU_TRY(leaf_value(work, key, &value));
        child->ref = au_leaf_ref(key, start, value);
        return AU_OK;
    }
    const struct au_trie_node *node = &child->link.branch->node;
    child->ref = au_node_ref(node, start);
    put_record(work, node, start);
    return AU_OK;
}

/* A branch with one child left is none: its child takes its place. */
static enum au_err lift(struct work *work, size_t start, unsigned index, struct child *child)
{
    struct au_trie_branch *branch = child->link.branch;
    struct child only = get_child(branch, index);
    struct au_hash path = branch->node.path;
    size_t only_start = branch->node.depth + 1u;
    au_nibble_set(&path, only_start - 1, index);
    AU_TRY(need_link(work, &path, only_start, (struct range){0}, &only));
    if (only.kind == BRANCH) del_record(work, &path, only_start);
    free_branch(work->cache, branch);
    *child = only;
    return settle(work, start, child);
}

/* Gives a branch, whose children changed, its place, or whatever is left of it. */
static enum au_err finish_branch(struct work *work, size_t start, struct child *child)
{
    struct au_trie_branch *branch = child->link.branch;
    unsigned count = 0, last = 0;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        if (branch->node.ref_sizes[i] == 0) continue;
        count++;
        last = i;
    }
    if (count >= 2) return settle(work, start, child);
    if (count == 1) return lift(work, start, last, child);
    free_branch(work->cache, branch);
    *child = (struct child){.kind = NONE};
    return AU_OK;
}

/* ---- a batch ---- */

static enum au_err apply(struct work *work, size_t start, struct child *child, struct range range);

/* Has memory on its way: the branch below or the key of the leaf that a key leads to. Gives the
 * branch, NULL for none. */
static const struct au_trie_branch *prefetch_child(const struct au_trie_branch *branch,
                                                   const struct au_hash *key)
{
    unsigned index = au_nibble_at(key, branch->node.depth);
    const struct au_trie_branch *child = branch->links[index].branch;
    bool is_branch = child && (branch->node.leaves >> index & 1) == 0;
    size_t size = is_branch ? sizeof(*child) : 1;
    for (size_t offset = 0; child && offset < size; offset += CACHE_LINE_SIZE) {
        __builtin_prefetch((const char *)child + offset);
    }
    return is_branch ? child : NULL;
}

/* Most of an update's time is waiting for memory, and a key's branches are found one by the other:
 * so go down with some keys side by side before any of them is applied. */
static void prefetch_paths(const struct au_trie_branch *branch, struct range range)
{
    const struct au_trie_branch *at[PREFETCH_MAX];
    AU_ASSERT(range.count <= PREFETCH_MAX);
    for (size_t i = 0; i < range.count; i++) {
        at[i] = branch;
    }
    for (bool is_going = true; is_going;) {
        is_going = false;
        for (size_t i = 0; i < range.count; i++) {
            if (!at[i]) continue;
            at[i] = prefetch_child(at[i], &range.first[i].key);
            is_going = is_going || at[i];
        }
    }
}

/* Applies a range to the children of a branch, which all of it reaches. moved: NULL, or what the
 * branch was put above, which is not among its children yet. */
static enum au_err apply_to_children(struct work *work, struct au_trie_branch *branch,
                                     struct range range, const struct child *moved,
                                     bool *out_is_changed)
{
    size_t depth = branch->node.depth;
    unsigned moved_index = moved ? au_nibble_at(child_path(moved), depth) : AU_CHILD_COUNT;
    const struct au_trie_update *next = range.first;
    const struct au_trie_update *end = range.first + range.count;
    *out_is_changed = moved != NULL;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        struct range part = {.first = next};
        while (next < end && au_nibble_at(&next->key, depth) == i) {
            next++;
        }
        part.count = (size_t)(next - part.first);
        if (part.count == 0 && i != moved_index) continue;
        struct child before = get_child(branch, i);
        bool is_far = range.count > PREFETCH_MAX && part.count <= PREFETCH_MAX;
        if (is_far && before.kind == BRANCH && before.link.branch) {
            prefetch_paths(before.link.branch, part);
        }
        struct child after = i == moved_index ? *moved : before;
        AU_TRY(apply(work, depth + 1, &after, part));
        if (!is_same_ref(&before, &after)) *out_is_changed = true;
        set_child(branch, i, &after);
    }
    AU_ASSERT(next == end); /* else the updates were not sorted */
    return AU_OK;
}

/* Puts a new branch at a nibble above a child, or above nothing. */
static enum au_err split(struct work *work, size_t start, size_t depth, struct child *child,
                         struct range range)
{
    struct au_trie_branch *branch = new_branch(work->cache);
    if (!branch) return AU_ERR_NO_MEMORY;
    branch->node.depth = (uint8_t)depth;
    branch->node.path = range.first->key;
    bool is_changed, is_above = child->kind != NONE;
    child->is_moved = true;
    AU_TRY(apply_to_children(work, branch, range, is_above ? child : NULL, &is_changed));
    *child = (struct child){.kind = BRANCH, .link.branch = branch};
    return finish_branch(work, start, child);
}

/* Changes the leaf of an update's key, or the absence of one. */
static enum au_err change_leaf(struct work *work, size_t start, struct child *child,
                               const struct au_trie_update *update)
{
    if (update->value.size == 0) {
        free_leaf(work->cache, child->link.leaf);
        *child = (struct child){.kind = NONE};
        return AU_OK;
    }
    if (child->kind == NONE) child->link.leaf = new_leaf(work->cache, &update->key);
    if (!child->link.leaf) return AU_ERR_NO_MEMORY;
    child->kind = LEAF;
    child->is_moved = false;
    child->ref = au_leaf_ref(&update->key, start, update->value);
    return AU_OK;
}

/* Takes off both ends of a range what deletes nothing: keys that leave the child's path. */
static void trim(const struct child *child, struct range *range)
{
    while (range->count > 0 && range->first->value.size == 0 && is_off(child, range->first)) {
        range->first++;
        range->count--;
    }
    while (range->count > 0) {
        const struct au_trie_update *last = &range->first[range->count - 1];
        if (last->value.size > 0 || !is_off(child, last)) return;
        range->count--;
    }
}

static size_t size_min(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Applies a range that is not empty; each end is a value, or deletes something at or below the
 * child. Keys are sorted: of all in the range, one of the ends leaves the child's path first. */
static enum au_err change(struct work *work, size_t start, struct child *child, struct range range)
{
    const struct au_hash *first = &range.first->key;
    const struct au_hash *last = &range.first[range.count - 1].key;
    const struct au_hash *path = child->kind == NONE ? last : child_path(child);
    size_t shared = au_nibbles_shared(path, first);
    if (range.count > 1) shared = size_min(shared, au_nibbles_shared(path, last));
    if (shared < child_depth(child)) return split(work, start, shared, child, range);
    if (child->kind != BRANCH) return change_leaf(work, start, child, range.first);
    bool is_changed;
    AU_TRY(apply_to_children(work, child->link.branch, range, NULL, &is_changed));
    return is_changed || child->is_moved ? finish_branch(work, start, child) : AU_OK;
}

/* Applies a range to a child that starts at a nibble; all keys agree with it before. Each call
 * starts further on than its caller: there are at most AU_NIBBLE_COUNT + 1 of them. */
static enum au_err apply(struct work *work, size_t start, struct child *child, struct range range)
{
    AU_ASSERT(start <= AU_NIBBLE_COUNT);
    const struct au_hash *path = &range.first->key;
    bool has_record = child->kind == BRANCH && !child->is_moved;
    if (range.count > 0 && child->kind != NONE) {
        AU_TRY(need_link(work, path, start, range, child));
    }
    trim(child, &range);
    if (range.count == 0) return child->is_moved ? settle(work, start, child) : AU_OK;
    AU_TRY(change(work, start, child, range));
    if (has_record && child->kind != BRANCH) del_record(work, path, start);
    return AU_OK;
}

/* ---- tries ---- */

static enum au_err load_root(struct work *work, struct child *root)
{
    static const struct au_hash no_path;
    struct au_hash key;
    *root = (struct child){.kind = BRANCH};
    enum au_err err = load_branch(work, &no_path, 0, &root->link.branch);
    if (err == AU_OK) root->ref = au_node_ref(&root->link.branch->node, 0);
    if (err != AU_ERR_NOT_FOUND) return err;
    root->kind = NONE;
    err = read_leaf(work, &no_path, 0, &key);
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    AU_TRY(err);
    root->kind = LEAF;
    root->link.leaf = new_leaf(work->cache, &key);
    root->ref = au_leaf_ref(&key, 0, au_buf_bytes(&work->value));
    return root->link.leaf ? AU_OK : AU_ERR_NO_MEMORY;
}

static enum au_err find_trie(struct work *work, struct trie **out_trie)
{
    static const struct au_address no_address;
    struct au_trie_cache *cache = work->cache;
    const struct au_hash *owner = &work->batch->owner;
    uint64_t hash =
        au_key_hash(&cache->seed, &no_address, (struct au_bytes){owner->bytes, AU_HASH_SIZE});
    struct au_table_cell *cell = au_table_find(&cache->tries, hash);
    for (; cell; cell = au_table_next(&cache->tries, cell, hash)) {
        *out_trie = cell->entry;
        if (au_hash_is_equal(&(*out_trie)->owner, owner)) return AU_OK;
    }
    struct trie *trie = au_arena_zero(&cache->arena, sizeof(*trie));
    if (!trie) return AU_ERR_NO_MEMORY;
    trie->owner = *owner;
    trie->commit_count = UINT64_MAX;
    AU_TRY(load_root(work, &trie->root));
    AU_TRY(au_table_add(&cache->tries, hash, trie));
    *out_trie = trie;
    return AU_OK;
}

static enum au_err apply_batch(struct work *work, struct au_trie_root *out_root)
{
    struct trie *trie;
    AU_TRY(find_trie(work, &trie));
    if (work->batch->update_count > 0) {
        AU_ASSERT(trie->commit_count != work->cache->commit_count);
        trie->commit_count = work->cache->commit_count;
        struct range all = {work->batch->updates, work->batch->update_count};
        AU_TRY(apply(work, 0, &trie->root, all));
    }
    out_root->is_empty = trie->root.kind == NONE;
    out_root->hash = au_trie_empty_hash();
    if (!out_root->is_empty) memcpy(out_root->hash.bytes, trie->root.ref.bytes, AU_HASH_SIZE);
    return work->records->ops.err;
}

enum au_err au_trie_apply(struct au_trie_cache *cache, const struct au_trie_batch *batch,
                          struct au_kv_batch *out_records, struct au_trie_root *out_root)
{
    struct work work = {.cache = cache, .batch = batch, .records = out_records};
    au_buf_init(&work.value, LEAF_SIZE_MAX);
    enum au_err err = apply_batch(&work, out_root);
    au_buf_done(&work.value);
    if (err != AU_OK) forget_all(cache);
    return err;
}
