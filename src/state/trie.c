#include "state/trie_internal.h"

#include "crypto/sha256.h"

#define AHEAD_MAX     96u                /* updates that go down side by side */
#define SMALL_LEAF    256u               /* bytes of an encoding made ahead */
#define LEAF_SIZE_MAX ((size_t)16 << 20) /* bytes of a leaf's value */

/* The refs of leaves that will start where they are expected to; of others the start is 0. */
struct leaves_ahead {
    const struct au_trie_update *first; /* of which updates they are, count from here on */
    size_t count;
    uint8_t starts[AHEAD_MAX];
    struct au_hash hashes[AHEAD_MAX];
};

/* One batch being applied. */
struct work {
    struct au_trie_cache *cache;
    const struct au_trie_batch *batch;
    struct au_flat *flat; /* this thread's reader */
    struct au_buf value;  /* of the committed leaf that was read last */
    struct leaves_ahead ahead;
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

static enum au_err note_made(struct work *work, void *node, bool is_leaf)
{
    if (!node) return AU_ERR_NO_MEMORY;
    const struct au_trie_item item = {node, is_leaf};
    enum au_err err = au_trie_note_made(work->cache, item);
    if (err != AU_OK) au_trie_free(work->cache, item);
    return err;
}

static enum au_err make_branch(struct work *work, const struct au_trie_open *open,
                               struct au_trie_branch **out_branch)
{
    struct au_trie_branch *branch = au_trie_fold(work->cache, open);
    AU_TRY(note_made(work, branch, /* is_leaf */ false));
    *out_branch = branch;
    return AU_OK;
}

static enum au_err make_leaf(struct work *work, const struct au_hash *key,
                             struct au_trie_leaf **out_leaf)
{
    struct au_trie_leaf *leaf = au_trie_new_leaf(work->cache, key);
    AU_TRY(note_made(work, leaf, /* is_leaf */ true));
    *out_leaf = leaf;
    return AU_OK;
}

static enum au_err leave(struct work *work, void *node, bool is_leaf)
{
    return au_trie_note_left(work->cache, (struct au_trie_item){node, is_leaf});
}

static enum au_err del_record(struct work *work, const struct au_hash *path, size_t start)
{
    struct au_trie_start gone = {work->batch->owner, *path, start};
    return au_trie_del_record(work->cache, &gone);
}

/* ---- children ---- */

static void open_branch(const struct work *work, const struct au_trie_branch *branch,
                        struct au_trie_open *open)
{
    au_trie_unfold(branch, open);
    open->dirty = branch->dirty[work->cache->mask];
}

static struct au_trie_child get_child(const struct au_trie_open *open, unsigned index)
{
    const struct au_trie_node *node = &open->node;
    struct au_trie_child child = {.kind = AU_TRIE_NONE};
    if (node->ref_sizes[index] == 0) return child;
    child.kind = node->leaves >> index & 1 ? AU_TRIE_LEAF : AU_TRIE_BRANCH;
    child.is_dirty = open->dirty >> index & 1;
    child.link = open->links[index];
    child.ref.size = node->ref_sizes[index];
    memcpy(child.ref.bytes, node->refs[index], AU_HASH_SIZE);
    return child;
}

static uint16_t with_bit(unsigned mask, unsigned index, bool is_set)
{
    return (uint16_t)((mask & ~(1u << index)) | (unsigned)is_set << index);
}

static void set_child(struct au_trie_open *open, unsigned index, const struct au_trie_child *child)
{
    struct au_trie_node *node = &open->node;
    node->leaves = with_bit(node->leaves, index, child->kind == AU_TRIE_LEAF);
    open->dirty = with_bit(open->dirty, index, child->kind == AU_TRIE_BRANCH && child->is_dirty);
    open->links[index] = child->link;
    node->ref_sizes[index] = child->kind == AU_TRIE_NONE ? 0 : child->ref.size;
    memcpy(node->refs[index], child->ref.bytes, AU_HASH_SIZE);
}

static bool is_same_ref(const struct au_trie_child *a, const struct au_trie_child *b)
{
    return a->ref.size == b->ref.size && memcmp(a->ref.bytes, b->ref.bytes, a->ref.size) == 0;
}

/* A key through a child whose link is there, and how many of its nibbles are all keys' below. */
static const struct au_hash *child_path(const struct au_trie_child *child)
{
    return child->kind == AU_TRIE_LEAF ? &child->link.leaf->key : &child->link.branch->path;
}

static size_t child_depth(const struct au_trie_child *child)
{
    return child->kind == AU_TRIE_BRANCH ? child->link.branch->depth : AU_NIBBLE_COUNT;
}

/* Whether an update is about a key that is not at or below a child. */
static bool is_off(const struct au_trie_child *child, const struct au_trie_update *update)
{
    return child->kind == AU_TRIE_NONE ||
           au_nibbles_shared(child_path(child), &update->key) < child_depth(child);
}

/* ---- loading ---- */

/* NOT_FOUND when there is no record. The branch is nobody's yet. */
static enum au_err load_branch(struct work *work, const struct au_hash *path, size_t start,
                               struct au_trie_open *out_open)
{
    struct au_flat *flat = work->flat;
    struct au_trie_start place = {work->batch->owner, *path, start};
    *out_open = (struct au_trie_open){0};
    return au_trie_load(&flat->kv, flat->snapshot, &flat->value, &place, &out_open->node);
}

/* A record or leaf that a branch promises is not there: the store is damaged. */
static enum au_err promised(enum au_err err)
{
    return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
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

static bool is_updated(const void *batch, const struct au_hash *key)
{
    return find_update(batch, key) != NULL;
}

/* The first committed leaf that begins like a path. Where the flat state has the updates already,
 * none of those that they are about is given: NOT_FOUND, then, is that it is one of theirs. */
static enum au_err read_leaf(struct work *work, const struct au_hash *path, size_t count,
                             struct au_hash *out_key)
{
    uint8_t nibbles[AU_NIBBLE_COUNT];
    struct au_flat_filter filter = {work->batch, is_updated};
    const struct au_flat_place place = {
        .owner = &work->batch->owner,
        .nibbles = {nibbles, count},
        .filter = work->batch->is_written ? &filter : NULL,
    };
    au_nibbles_put(nibbles, path, count);
    au_buf_clear(&work->value);
    return au_flat_leaf(work->flat, &place, out_key, &work->value);
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
                             struct range range, struct au_trie_child *child)
{
    if (child->link.branch) return AU_OK;
    if (child->kind == AU_TRIE_BRANCH) {
        struct au_trie_open open;
        AU_TRY(promised(load_branch(work, path, start, &open)));
        /* It may be of a later height than the branch above, which then gets another ref. */
        if (work->batch->is_written) child->ref = au_node_ref(&open.node, start);
        return make_branch(work, &open, &child->link.branch);
    }
    struct au_hash read_key;
    const struct au_hash *key = find_leaf_key(range);
    if (!key) {
        enum au_err err = read_leaf(work, path, start, &read_key);
        bool is_updated_one = err == AU_ERR_NOT_FOUND && work->batch->is_written && range.count > 0;
        if (!is_updated_one) AU_TRY(promised(err));
        /* Whichever it is, all of the range is what the batch says in the end. */
        key = is_updated_one ? &range.first->key : &read_key;
    }
    return make_leaf(work, key, &child->link.leaf);
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
    au_buf_clear(&work->value);
    AU_TRY(promised(au_flat_key_leaf(work->flat, &work->batch->owner, key, &work->value)));
    *out_value = au_buf_bytes(&work->value);
    return AU_OK;
}

/* ---- what a child becomes ---- */

static size_t record_size(const struct au_trie_node *node)
{
    size_t size = AU_TRIE_KEY_SIZE_MAX;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        size += node->ref_sizes[i];
    }
    return size;
}

/* Has a branch's record be written at its place, and its ref be made in the end, with many others:
 * no ref that was before is like what stands for it until then. */
static void settle_branch(struct work *work, const struct au_trie_node *node,
                          struct au_trie_child *child)
{
    if (!child->is_dirty) {
        au_trie_part_of(work->cache, &node->path)->dirty_size += record_size(node);
    }
    child->is_dirty = true;
    child->is_moved = false;
    child->ref = au_trie_ref_to_come;
}

/* Does so for a child that is as it was, at another place. Its link is there. */
static enum au_err settle(struct work *work, size_t start, struct au_trie_child *child)
{
    if (child->kind == AU_TRIE_BRANCH) {
        struct au_trie_open open;
        au_trie_unfold(child->link.branch, &open);
        settle_branch(work, &open.node, child);
        return AU_OK;
    }
    struct au_bytes value;
    const struct au_hash *key = &child->link.leaf->key;
    AU_TRY(leaf_value(work, key, &value));
    child->is_moved = false;
    child->ref = au_leaf_ref(key, start, value);
    return AU_OK;
}

/* A branch with one child left is none: its child takes its place. */
static enum au_err lift(struct work *work, size_t start, const struct au_trie_open *open,
                        unsigned index, struct au_trie_child *child)
{
    struct au_trie_child only = get_child(open, index);
    struct au_hash path = open->node.path;
    size_t only_start = open->node.depth + 1u;
    au_nibble_set(&path, only_start - 1, index);
    AU_TRY(need_link(work, &path, only_start, (struct range){0}, &only));
    if (only.kind == AU_TRIE_BRANCH) AU_TRY(del_record(work, &path, only_start));
    *child = only;
    return settle(work, start, child);
}

/* Gives a branch, whose children changed, its place, or whatever is left of it. */
static enum au_err finish_branch(struct work *work, size_t start, const struct au_trie_open *open,
                                 struct au_trie_child *child)
{
    unsigned count = 0, last = 0;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        if (open->node.ref_sizes[i] == 0) continue;
        count++;
        last = i;
    }
    if (count == 1) return lift(work, start, open, last, child);
    if (count == 0) {
        *child = (struct au_trie_child){.kind = AU_TRIE_NONE};
        return AU_OK;
    }
    AU_TRY(make_branch(work, open, &child->link.branch));
    settle_branch(work, &open->node, child);
    return AU_OK;
}

/* ---- a batch ---- */

static enum au_err apply(struct work *work, size_t start, struct au_trie_child *child,
                         struct range range);

/* Has a branch's memory on its way, of which the beginning has come. */
static void prefetch_places(const struct au_trie_branch *branch)
{
    au_prefetch(branch, sizeof(*branch) + 2u * branch->pair_count * sizeof(branch->places[0]));
}

/* Has the beginning of the branch below, or the key of the leaf, that a key leads to on its way.
 * Gives the branch, NULL for none. */
static const struct au_trie_branch *prefetch_child(const struct au_trie_branch *branch,
                                                   const struct au_hash *key)
{
    unsigned index = au_nibble_at(key, branch->depth);
    if ((branch->children >> index & 1) == 0) return NULL;
    const struct au_trie_branch *child = au_trie_place(branch, index)->link.branch;
    if (child) au_prefetch(child, 1);
    return branch->leaves >> index & 1 ? NULL : child;
}

/* Most of an update's time is waiting for memory, and a key's branches are found one by the other:
 * so go down with some keys side by side before any of them is applied. out_last gets the last
 * branch that is in memory on each one's way. */
static void prefetch_paths(const struct au_trie_branch *branch, struct range range,
                           const struct au_trie_branch *out_last[AHEAD_MAX])
{
    const struct au_trie_branch *at[AHEAD_MAX];
    AU_ASSERT(range.count <= AHEAD_MAX);
    for (size_t i = 0; i < range.count; i++) {
        at[i] = branch;
    }
    for (bool is_going = true; is_going;) {
        is_going = false;
        for (size_t i = 0; i < range.count; i++) {
            if (at[i]) prefetch_places(at[i]);
        }
        for (size_t i = 0; i < range.count; i++) {
            if (!at[i]) continue;
            out_last[i] = at[i];
            at[i] = prefetch_child(at[i], &range.first[i].key);
            is_going = is_going || at[i];
        }
    }
}

/* Hashes the leaves of a range side by side, each as if it became a child of the branch where its
 * way ends. Where it does not, because branches are made or go, this was in vain. */
static void hash_ahead(struct work *work, struct range range,
                       const struct au_trie_branch *const last[AHEAD_MAX])
{
    uint8_t encodings[AHEAD_MAX][SMALL_LEAF];
    struct au_bytes messages[AHEAD_MAX] = {0};
    struct au_hash hashes[AHEAD_MAX];
    struct leaves_ahead *ahead = &work->ahead;
    size_t count = 0;
    ahead->first = range.first;
    ahead->count = range.count;
    for (size_t i = 0; i < range.count; i++) {
        const struct au_trie_update *update = &range.first[i];
        size_t start = last[i]->depth + 1u;
        ahead->starts[i] = 0;
        if (update->value.size == 0 || update->value.size > SMALL_LEAF - AU_LEAF_HEAD_SIZE_MAX) {
            continue;
        }
        size_t size = au_leaf_head(encodings[count], &update->key, start, update->value);
        memcpy(encodings[count] + size, update->value.data, update->value.size);
        size += update->value.size;
        if (size < AU_HASH_SIZE) continue;
        messages[count] = (struct au_bytes){encodings[count], size};
        ahead->starts[i] = (uint8_t)start;
        count++;
    }
    au_sha256_many(messages, count, hashes);
    for (size_t i = range.count; i > 0; i--) {
        if (ahead->starts[i - 1] > 0) ahead->hashes[i - 1] = hashes[--count];
    }
}

static struct au_trie_ref leaf_ref(const struct work *work, const struct au_trie_update *update,
                                   size_t start)
{
    const struct leaves_ahead *ahead = &work->ahead;
    bool is_ahead = ahead->count > 0 && update >= ahead->first;
    size_t index = is_ahead ? (size_t)(update - ahead->first) : 0;
    if (!is_ahead || index >= ahead->count || start == 0 || ahead->starts[index] != start) {
        return au_leaf_ref(&update->key, start, update->value);
    }
    struct au_trie_ref ref = {.size = AU_HASH_SIZE};
    memcpy(ref.bytes, ahead->hashes[index].bytes, AU_HASH_SIZE);
    return ref;
}

/* Does for a range that is not long, and comes to a branch in memory, what is done sooner for many
 * at once. */
static void look_ahead(struct work *work, const struct au_trie_child *child, struct range range)
{
    const struct au_trie_branch *last[AHEAD_MAX];
    bool has_branch = child->kind == AU_TRIE_BRANCH && child->link.branch;
    if (!has_branch || range.count > AHEAD_MAX) return;
    prefetch_paths(child->link.branch, range, last);
    hash_ahead(work, range, last);
}

/* Takes those at the front of a range that go on with a nibble. */
static struct range take_part(struct range *rest, size_t depth, unsigned nibble)
{
    struct range part = {.first = rest->first};
    while (part.count < rest->count && au_nibble_at(&part.first[part.count].key, depth) == nibble) {
        part.count++;
    }
    rest->first += part.count;
    rest->count -= part.count;
    return part;
}

/* Applies a range to the children of a branch, which all of it reaches. moved: NULL, or what the
 * branch was put above, which is not among its children yet. */
static enum au_err apply_to_children(struct work *work, struct au_trie_open *open,
                                     struct range range, const struct au_trie_child *moved,
                                     bool *out_is_changed)
{
    size_t depth = open->node.depth;
    unsigned moved_index = moved ? au_nibble_at(child_path(moved), depth) : AU_CHILD_COUNT;
    struct range rest = range;
    *out_is_changed = moved != NULL;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        struct range part = take_part(&rest, depth, i);
        if (part.count == 0 && i != moved_index) continue;
        struct au_trie_child before = get_child(open, i);
        if (range.count > AHEAD_MAX) look_ahead(work, &before, part);
        struct au_trie_child after = i == moved_index ? *moved : before;
        AU_TRY(apply(work, depth + 1, &after, part));
        if (!is_same_ref(&before, &after)) *out_is_changed = true;
        set_child(open, i, &after);
    }
    AU_ASSERT(rest.count == 0); /* else the updates were not sorted */
    return AU_OK;
}

/* Puts a new branch at a nibble above a child, or above nothing. */
static enum au_err split(struct work *work, size_t start, size_t depth, struct au_trie_child *child,
                         struct range range)
{
    struct au_trie_open open = {.node = {.path = range.first->key, .depth = (uint8_t)depth}};
    bool is_changed, is_above = child->kind != AU_TRIE_NONE;
    child->is_moved = true;
    AU_TRY(apply_to_children(work, &open, range, is_above ? child : NULL, &is_changed));
    *child = (struct au_trie_child){.kind = AU_TRIE_BRANCH};
    return finish_branch(work, start, &open, child);
}

/* Changes the leaf of an update's key, or the absence of one. */
static enum au_err change_leaf(struct work *work, size_t start, struct au_trie_child *child,
                               const struct au_trie_update *update)
{
    if (update->value.size == 0) {
        AU_TRY(leave(work, child->link.leaf, /* is_leaf */ true));
        *child = (struct au_trie_child){.kind = AU_TRIE_NONE};
        return AU_OK;
    }
    if (child->kind == AU_TRIE_NONE) AU_TRY(make_leaf(work, &update->key, &child->link.leaf));
    child->kind = AU_TRIE_LEAF;
    child->is_moved = false;
    child->ref = leaf_ref(work, update, start);
    return AU_OK;
}

/* A batch that reaches a branch at the first nibble. Two threads take a part at a time. */
struct errand {
    const struct au_trie_open *open;
    struct range ranges[AU_TRIE_PARTS];
    struct au_trie_child after[AU_TRIE_PARTS]; /* what becomes of those that have updates */
    atomic_uint next;                          /* part that nobody has taken */
};

/* Who runs it. */
struct runner {
    struct errand *errand;
    struct work *work;
    enum au_err err;
};

static enum au_err apply_part(struct work *work, struct errand *errand, unsigned index)
{
    struct range range = errand->ranges[index];
    struct au_trie_child *child = &errand->after[index];
    if (range.count == 0) return AU_OK;
    *child = get_child(errand->open, index);
    look_ahead(work, child, range);
    AU_TRY(apply(work, 1, child, range));
    return au_trie_hash_made(&work->cache->parts[index]);
}

static void run_errand(void *context)
{
    struct runner *runner = context;
    for (;;) {
        unsigned index = atomic_fetch_add(&runner->errand->next, 1);
        if (runner->err != AU_OK || index >= AU_TRIE_PARTS) return;
        runner->err = apply_part(runner->work, runner->errand, index);
    }
}

/* Has the aide run an errand beside this thread. */
static enum au_err run_with_aide(struct work *work, struct errand *errand)
{
    struct au_flat flat;
    struct work aides = {.cache = work->cache, .batch = work->batch, .flat = &flat};
    struct runner mine = {errand, work, AU_OK};
    struct runner other = {errand, &aides, AU_OK};
    au_flat_init(&flat, &work->flat->kv, work->flat->snapshot);
    au_buf_init(&aides.value, LEAF_SIZE_MAX);
    au_aide_ask(&work->cache->aide, run_errand, &other);
    run_errand(&mine);
    au_aide_await(&work->cache->aide);
    au_buf_done(&aides.value);
    au_flat_done(&flat);
    return mine.err != AU_OK ? mine.err : other.err;
}

/* Applies a range to a branch at the first nibble, by two threads. */
static enum au_err apply_to_parts(struct work *work, struct au_trie_open *open, struct range range,
                                  bool *out_is_changed)
{
    struct errand errand = {.open = open};
    for (unsigned i = 0; i < AU_TRIE_PARTS; i++) {
        errand.ranges[i] = take_part(&range, 0, i);
    }
    AU_ASSERT(range.count == 0); /* else the updates were not sorted */
    AU_TRY(run_with_aide(work, &errand));
    *out_is_changed = false;
    for (unsigned i = 0; i < AU_TRIE_PARTS; i++) {
        if (errand.ranges[i].count == 0) continue;
        struct au_trie_child before = get_child(open, i);
        if (!is_same_ref(&before, &errand.after[i])) *out_is_changed = true;
        set_child(open, i, &errand.after[i]);
    }
    return AU_OK;
}

/* Changes what is below a branch. Where nothing comes of it, links may have been found. */
static enum au_err change_branch(struct work *work, size_t start, struct au_trie_child *child,
                                 struct range range)
{
    bool is_changed;
    struct au_trie_open open;
    open_branch(work, child->link.branch, &open);
    if (open.node.depth == 0 && range.count >= work->cache->parallel_min) {
        AU_TRY(apply_to_parts(work, &open, range, &is_changed));
    } else {
        AU_TRY(apply_to_children(work, &open, range, NULL, &is_changed));
    }
    AU_TRY(leave(work, child->link.branch, /* is_leaf */ false));
    if (is_changed || child->is_moved) return finish_branch(work, start, &open, child);
    return make_branch(work, &open, &child->link.branch);
}

/* Takes off both ends of a range what deletes nothing: keys that leave the child's path. */
static void trim(const struct au_trie_child *child, struct range *range)
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
static enum au_err change(struct work *work, size_t start, struct au_trie_child *child,
                          struct range range)
{
    const struct au_hash *first = &range.first->key;
    const struct au_hash *last = &range.first[range.count - 1].key;
    const struct au_hash *path = child->kind == AU_TRIE_NONE ? last : child_path(child);
    size_t shared = au_nibbles_shared(path, first);
    if (range.count > 1) shared = size_min(shared, au_nibbles_shared(path, last));
    if (shared < child_depth(child)) return split(work, start, shared, child, range);
    if (child->kind != AU_TRIE_BRANCH) return change_leaf(work, start, child, range.first);
    return change_branch(work, start, child, range);
}

/* Applies a range to a child that starts at a nibble; all keys agree with it before. Each call
 * starts further on than its caller: there are at most AU_NIBBLE_COUNT + 1 of them. */
static enum au_err apply(struct work *work, size_t start, struct au_trie_child *child,
                         struct range range)
{
    AU_ASSERT(start <= AU_NIBBLE_COUNT);
    const struct au_hash *path = &range.first->key;
    bool has_record = child->kind == AU_TRIE_BRANCH && !child->is_moved;
    if (range.count > 0 && child->kind != AU_TRIE_NONE) {
        AU_TRY(need_link(work, path, start, range, child));
    }
    trim(child, &range);
    if (range.count == 0) return child->is_moved ? settle(work, start, child) : AU_OK;
    AU_TRY(change(work, start, child, range));
    return has_record && child->kind != AU_TRIE_BRANCH ? del_record(work, path, start) : AU_OK;
}

/* ---- tries ---- */

/* The leaf of a trie that has at most one. */
static enum au_err load_only_leaf(struct work *work, struct au_trie_child *root)
{
    static const struct au_hash no_path;
    struct au_hash read_key;
    const struct au_trie_batch *batch = work->batch;
    const struct au_hash *key = NULL;
    if (batch->is_written) key = find_leaf_key((struct range){batch->updates, batch->update_count});
    if (!key) {
        enum au_err err = read_leaf(work, &no_path, 0, &read_key);
        if (err == AU_ERR_NOT_FOUND) return AU_OK;
        AU_TRY(err);
        key = &read_key;
        root->ref = au_leaf_ref(key, 0, au_buf_bytes(&work->value));
    }
    root->kind = AU_TRIE_LEAF;
    root->link.leaf = au_trie_new_leaf(work->cache, key);
    return root->link.leaf ? AU_OK : AU_ERR_NO_MEMORY;
}

static enum au_err load_root(struct work *work, struct au_trie_child *root)
{
    static const struct au_hash no_path;
    struct au_trie_open open;
    *root = (struct au_trie_child){.kind = AU_TRIE_NONE};
    enum au_err err = load_branch(work, &no_path, 0, &open);
    if (err == AU_ERR_NOT_FOUND) return load_only_leaf(work, root);
    AU_TRY(err);
    root->kind = AU_TRIE_BRANCH;
    root->ref = au_node_ref(&open.node, 0);
    root->link.branch = au_trie_fold(work->cache, &open);
    return root->link.branch ? AU_OK : AU_ERR_NO_MEMORY;
}

static enum au_err need_trie(struct work *work, struct au_trie **out_trie)
{
    struct au_trie_cache *cache = work->cache;
    struct au_trie_child root;
    *out_trie = au_trie_find(cache, &work->batch->owner);
    if (*out_trie) return AU_OK;
    AU_TRY(load_root(work, &root));
    enum au_err err = au_trie_add(cache, &work->batch->owner, root, out_trie);
    if (err != AU_OK && root.kind != AU_TRIE_NONE) {
        bool is_leaf = root.kind == AU_TRIE_LEAF;
        au_trie_free(cache, (struct au_trie_item){root.link.branch, is_leaf});
    }
    return err;
}

/* Makes the refs that are to come, the root's last. */
static enum au_err hash_trie(struct work *work, struct au_trie_child *root)
{
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        AU_TRY(au_trie_hash_made(&work->cache->parts[i]));
    }
    if (root->kind == AU_TRIE_BRANCH) root->ref = au_trie_hash_root(root->link.branch);
    return AU_OK;
}

static enum au_err apply_batch(struct work *work, struct au_trie_root *out_root)
{
    struct au_trie *trie;
    AU_TRY(need_trie(work, &trie));
    struct au_trie_child root = trie->is_changed ? trie->next : trie->root;
    if (work->batch->update_count > 0) {
        AU_ASSERT(!trie->is_changed);
        struct range all = {work->batch->updates, work->batch->update_count};
        AU_TRY(apply(work, 0, &root, all));
        AU_TRY(hash_trie(work, &root));
        trie->next = root;
        trie->is_changed = true;
        trie->next_changed = work->cache->changed;
        work->cache->changed = trie;
    }
    out_root->is_empty = root.kind == AU_TRIE_NONE;
    out_root->hash = au_trie_empty_hash();
    if (!out_root->is_empty) memcpy(out_root->hash.bytes, root.ref.bytes, AU_HASH_SIZE);
    return AU_OK;
}

enum au_err au_trie_apply(struct au_trie_cache *cache, const struct au_trie_batch *batch,
                          struct au_trie_root *out_root)
{
    struct work work = {.cache = cache, .batch = batch, .flat = &cache->flat};
    au_buf_init(&work.value, LEAF_SIZE_MAX);
    enum au_err err = apply_batch(&work, out_root);
    au_buf_done(&work.value);
    if (err != AU_OK) au_trie_cache_abort(cache);
    return err;
}
