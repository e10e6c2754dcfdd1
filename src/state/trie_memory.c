/* The tries' memory: what is in it, what a batch added, and what is given up. */
#include "base/lock.h"
#include "base/mem.h"
#include "state/rlp.h"
#include "state/trie_internal.h"

#define MEMORY_MAX   ((size_t)64 << 30) /* bytes of all branches and leaves */
#define CAPACITY_MIN 256u               /* items of a list */
#define PARALLEL_MIN 256u               /* updates: 1 ms; to wake a thread takes 50 us */
#define PIECE_SIZE   ((size_t)64 << 10) /* bytes: others who write wait 0.3 ms for them */
#define LEFT_AHEAD   8u                 /* of what was left, on its way while another is freed */
#define AGE_COUNT    33u                /* classes of age: 0, 1, 2..3, 4..7, ... batches */

/* ---- single pieces ---- */

static size_t branch_size(size_t pair_count)
{
    return sizeof(struct au_trie_branch) + 2 * pair_count * sizeof(struct au_trie_place);
}

static struct au_trie_branch *new_branch(struct au_trie_part *part, size_t pair_count)
{
    struct au_trie_branch **free_list = &part->free_branches[pair_count - 1];
    struct au_trie_branch *branch = *free_list;
    if (branch) {
        *free_list = branch->next_free;
        /* It was left a block ago: nothing of it is near. */
        if (*free_list) au_prefetch(*free_list, branch_size(pair_count));
    } else {
        branch = au_arena_get(&part->arena, branch_size(pair_count));
        if (!branch) return NULL;
    }
    branch->pair_count = (uint8_t)pair_count;
    part->branch_count++;
    part->size += branch_size(pair_count);
    return branch;
}

struct au_trie_leaf *au_trie_new_leaf(struct au_trie_cache *cache, const struct au_hash *key)
{
    struct au_trie_part *part = au_trie_part_of(cache, key);
    struct au_trie_leaf *leaf = part->free_leaves;
    if (leaf) {
        part->free_leaves = leaf->next_free;
    } else {
        leaf = au_arena_get(&part->arena, sizeof(*leaf));
        if (!leaf) return NULL;
    }
    leaf->key = *key;
    part->leaf_count++;
    part->size += sizeof(*leaf);
    return leaf;
}

static void free_leaf(struct au_trie_part *part, struct au_trie_leaf *leaf)
{
    leaf->next_free = part->free_leaves;
    part->free_leaves = leaf;
    part->leaf_count--;
    part->size -= sizeof(*leaf);
}

static void free_branch(struct au_trie_part *part, struct au_trie_branch *branch)
{
    size_t pair_count = branch->pair_count;
    branch->next_free = part->free_branches[pair_count - 1];
    part->free_branches[pair_count - 1] = branch;
    part->branch_count--;
    part->size -= branch_size(pair_count);
}

static struct au_trie_part *part_of_item(struct au_trie_cache *cache, struct au_trie_item item)
{
    const struct au_trie_leaf *leaf = item.node;
    const struct au_trie_branch *branch = item.node;
    return au_trie_part_of(cache, item.is_leaf ? &leaf->key : &branch->path);
}

void au_trie_free(struct au_trie_cache *cache, struct au_trie_item item)
{
    struct au_trie_part *part = part_of_item(cache, item);
    if (item.is_leaf) {
        free_leaf(part, item.node);
    } else {
        free_branch(part, item.node);
    }
}

/* ---- branches, unfolded and folded ---- */

void au_trie_unfold(const struct au_trie_branch *branch, struct au_trie_open *out_open)
{
    struct au_trie_node *node = &out_open->node;
    const struct au_trie_place *place = branch->places;
    node->path = branch->path;
    node->leaves = branch->leaves;
    node->depth = branch->depth;
    memset(node->ref_sizes, 0, sizeof(node->ref_sizes));
    memset(out_open->links, 0, sizeof(out_open->links));
    for (unsigned left = branch->children; left != 0; left &= left - 1, place++) {
        unsigned index = (unsigned)__builtin_ctz(left);
        bool is_inlined = branch->inlined >> index & 1;
        node->ref_sizes[index] =
            is_inlined ? (uint8_t)au_trie_inlined_size(place->bytes) : AU_HASH_SIZE;
        memcpy(node->refs[index], place->bytes, AU_HASH_SIZE);
        out_open->links[index] = place->link;
    }
}

/* Of a list: all but its head. */
static size_t payload_size(const struct au_trie_branch *branch)
{
    size_t size = AU_CHILD_COUNT - (size_t)__builtin_popcount(branch->children) + 1; /* no value */
    size += (1 + AU_HASH_SIZE) *
            (size_t)__builtin_popcount(branch->children & ~(unsigned)branch->inlined);
    for (unsigned left = branch->inlined; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctz(left);
        size += au_trie_inlined_size(au_trie_place(branch, index)->bytes);
    }
    return size;
}

size_t au_trie_encoded_size(const struct au_trie_branch *branch)
{
    uint8_t head[AU_RLP_HEAD_SIZE_MAX];
    size_t size = payload_size(branch);
    return au_rlp_head(head, true, size) + size;
}

void au_trie_encode(const struct au_trie_branch *branch, uint8_t *out)
{
    const struct au_trie_place *place = branch->places;
    out += au_rlp_head(out, true, payload_size(branch));
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        if ((branch->children >> i & 1) == 0) {
            *out++ = AU_RLP_EMPTY;
            continue;
        }
        size_t size = AU_HASH_SIZE;
        if (branch->inlined >> i & 1) {
            size = au_trie_inlined_size(place->bytes);
        } else {
            *out++ = AU_RLP_EMPTY + AU_HASH_SIZE;
        }
        memcpy(out, place->bytes, size);
        out += size;
        place++;
    }
    *out = AU_RLP_EMPTY;
}

struct au_trie_branch *au_trie_fold(struct au_trie_cache *cache, const struct au_trie_open *open)
{
    const struct au_trie_node *node = &open->node;
    unsigned children = 0, inlined = 0;
    for (unsigned i = 0; i < AU_CHILD_COUNT; i++) {
        if (node->ref_sizes[i] == 0) continue;
        children |= 1u << i;
        if (node->ref_sizes[i] < AU_HASH_SIZE) inlined |= 1u << i;
    }
    size_t count = (size_t)__builtin_popcount(children);
    struct au_trie_part *part = au_trie_part_of(cache, &node->path);
    struct au_trie_branch *branch = new_branch(part, (count + 1) / 2);
    if (!branch) return NULL;
    branch->path = node->path;
    branch->made_at = cache->now;
    branch->children = (uint16_t)children;
    branch->leaves = (uint16_t)(node->leaves & children);
    branch->inlined = (uint16_t)inlined;
    branch->dirty[cache->mask] = open->dirty;
    branch->dirty[1 - cache->mask] = 0;
    branch->depth = node->depth;
    struct au_trie_place *place = branch->places;
    for (unsigned left = children; left != 0; left &= left - 1, place++) {
        unsigned index = (unsigned)__builtin_ctz(left);
        place->link = open->links[index];
        memcpy(place->bytes, node->refs[index], AU_HASH_SIZE);
    }
    return branch;
}

/* ---- what a batch did ---- */

/* Makes room for one more of count items. OK, NO_MEMORY */
static enum au_err need_room(void **items, size_t item_size, size_t count, size_t *capacity)
{
    if (count < *capacity) return AU_OK;
    size_t grown_capacity = *capacity == 0 ? CAPACITY_MIN : *capacity * 2;
    if (grown_capacity > SIZE_MAX / item_size) return AU_ERR_NO_MEMORY;
    void *grown = au_mem_resize(*items, grown_capacity * item_size);
    if (!grown) return AU_ERR_NO_MEMORY;
    *items = grown;
    *capacity = grown_capacity;
    return AU_OK;
}

static enum au_err note(struct au_trie_items *items, struct au_trie_item item)
{
    void *grown = items->items;
    AU_TRY(need_room(&grown, sizeof(*items->items), items->count, &items->capacity));
    items->items = grown;
    items->items[items->count++] = item;
    return AU_OK;
}

enum au_err au_trie_note_made(struct au_trie_cache *cache, struct au_trie_item item)
{
    return note(&part_of_item(cache, item)->made, item);
}

enum au_err au_trie_note_left(struct au_trie_cache *cache, struct au_trie_item item)
{
    return note(&part_of_item(cache, item)->left, item);
}

enum au_err au_trie_del_record(struct au_trie_cache *cache, const struct au_trie_start *start)
{
    struct au_trie_part *part = au_trie_part_of(cache, &start->path);
    void *grown = part->gone;
    AU_TRY(need_room(&grown, sizeof(*part->gone), part->gone_count, &part->gone_capacity));
    part->gone = grown;
    part->gone[part->gone_count++] = *start;
    part->dirty_size += sizeof(*part->gone);
    return AU_OK;
}

static void free_items(struct au_trie_cache *cache, const struct au_trie_items *items)
{
    for (size_t i = 0; i < items->count; i++) {
        au_trie_free(cache, items->items[i]);
    }
}

/* What a pass needed once it needs until it is done. */
static void free_left(struct au_trie_cache *cache, struct au_trie_part *part)
{
    struct au_trie_items *left = &part->left;
    if (!cache->pass || au_trie_pass_is_done(cache)) part->left_kept = 0;
    for (size_t i = part->left_kept; i < left->count; i++) {
        if (i + LEFT_AHEAD < left->count) au_prefetch(left->items[i + LEFT_AHEAD].node, 1);
        if (au_trie_is_needed(cache, left->items[i])) {
            left->items[part->left_kept++] = left->items[i];
        } else {
            au_trie_free(cache, left->items[i]);
        }
    }
    left->count = part->left_kept;
}

void au_trie_free_left(struct au_trie_cache *cache)
{
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        free_left(cache, &cache->parts[i]);
    }
}

/* Ends a batch, of which the tries that it changed are left to do. */
static void end_batch(struct au_trie_cache *cache)
{
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        cache->parts[i].made.count = 0;
        cache->parts[i].made_hashed = 0;
        cache->parts[i].left.count = cache->parts[i].left_kept;
    }
    cache->changed = NULL;
    cache->now++;
}

void au_trie_cache_commit(struct au_trie_cache *cache)
{
    for (struct au_trie *trie = cache->changed; trie; trie = trie->next_changed) {
        trie->root = trie->next;
        trie->made_at = cache->now;
        trie->is_changed = false;
    }
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        struct au_trie_part *part = &cache->parts[i];
        free_left(cache, part);
        part->committed = (struct au_trie_dirt){part->gone_count, part->dirty_size};
    }
    end_batch(cache);
}

void au_trie_cache_abort(struct au_trie_cache *cache)
{
    for (struct au_trie *trie = cache->changed; trie; trie = trie->next_changed) {
        trie->is_changed = false;
    }
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        struct au_trie_part *part = &cache->parts[i];
        free_items(cache, &part->made);
        part->gone_count = part->committed.gone_count;
        part->dirty_size = part->committed.size;
    }
    end_batch(cache);
}

void au_trie_forget_dirt(struct au_trie_cache *cache)
{
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        cache->parts[i].gone_count = 0;
        cache->parts[i].dirty_size = 0;
        cache->parts[i].committed = (struct au_trie_dirt){0};
    }
    cache->flushed_at = cache->now;
}

struct au_trie_count au_trie_cache_count(const struct au_trie_cache *cache)
{
    struct au_trie_count count = {.size = cache->tries_size, .held = cache->arena.held};
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        const struct au_trie_part *part = &cache->parts[i];
        count.branches += part->branch_count;
        count.leaves += part->leaf_count;
        count.size += part->size;
        count.dirty_size += part->dirty_size;
        count.held += part->arena.held;
    }
    return count;
}

/* ---- tries ---- */

static uint64_t owner_hash(const struct au_trie_cache *cache, const struct au_hash *owner)
{
    static const struct au_address no_address;
    return au_key_hash(&cache->seed, &no_address, (struct au_bytes){owner->bytes, AU_HASH_SIZE});
}

struct au_trie *au_trie_find(const struct au_trie_cache *cache, const struct au_hash *owner)
{
    uint64_t hash = owner_hash(cache, owner);
    struct au_table_cell *cell = au_table_find(&cache->tries, hash);
    for (; cell; cell = au_table_next(&cache->tries, cell, hash)) {
        struct au_trie *trie = cell->entry;
        if (au_hash_is_equal(&trie->owner, owner)) return trie;
    }
    return NULL;
}

enum au_err au_trie_add(struct au_trie_cache *cache, const struct au_hash *owner,
                        struct au_trie_child root, struct au_trie **out_trie)
{
    struct au_trie *trie = cache->free_tries;
    if (trie) {
        cache->free_tries = trie->next_free;
    } else {
        trie = au_arena_get(&cache->arena, sizeof(*trie));
        if (!trie) return AU_ERR_NO_MEMORY;
    }
    *trie = (struct au_trie){.owner = *owner, .root = root, .made_at = cache->now};
    au_trie_lock(cache);
    enum au_err err = au_table_add(&cache->tries, owner_hash(cache, owner), trie);
    au_trie_unlock(cache);
    if (err != AU_OK) {
        trie->next_free = cache->free_tries;
        cache->free_tries = trie;
        return err;
    }
    cache->tries_size += sizeof(*trie);
    *out_trie = trie;
    return AU_OK;
}

/* ---- giving up ---- */

static unsigned age_of(const struct au_trie_cache *cache, uint32_t made_at)
{
    uint32_t age = cache->now - made_at;
    return age == 0 ? 0 : 32u - (unsigned)__builtin_clz(age);
}

static bool is_clean(const struct au_trie_cache *cache)
{
    return au_trie_cache_count(cache).dirty_size == 0;
}

static bool is_branch(const struct au_trie_branch *branch, unsigned index)
{
    return (branch->leaves >> index & 1) == 0;
}

/* Adds up sizes by age. Each call is for a branch further down: at most AU_NIBBLE_COUNT. */
static void weigh(const struct au_trie_cache *cache, const struct au_trie_branch *branch,
                  size_t sizes[AGE_COUNT])
{
    size_t *size = &sizes[age_of(cache, branch->made_at)];
    const struct au_trie_place *place = branch->places;
    *size += branch_size(branch->pair_count);
    for (unsigned left = branch->children; left != 0; left &= left - 1, place++) {
        if (!place->link.branch) continue;
        if (is_branch(branch, (unsigned)__builtin_ctz(left))) {
            weigh(cache, place->link.branch, sizes);
        } else {
            *size += sizeof(struct au_trie_leaf);
        }
    }
}

/* Gives up what is below a branch, has at least an age and is not dirty: since a branch is never
 * older than what is below, and above what is dirty all is, that is all of it or nothing. Recursion
 * as above. */
static void prune(struct au_trie_cache *cache, struct au_trie_branch *branch, unsigned age)
{
    struct au_trie_place *place = branch->places;
    bool is_old = age_of(cache, branch->made_at) >= age;
    for (unsigned left = branch->children; left != 0; left &= left - 1, place++) {
        if (!place->link.branch) continue;
        unsigned index = (unsigned)__builtin_ctz(left);
        bool is_leaf = !is_branch(branch, index);
        if (!is_leaf) prune(cache, place->link.branch, age);
        bool goes = is_leaf ? is_old : age_of(cache, place->link.branch->made_at) >= age;
        if (!goes || branch->dirty[cache->mask] >> index & 1) continue;
        au_trie_free(cache, (struct au_trie_item){place->link.branch, is_leaf});
        place->link.branch = NULL;
    }
}

/* A trie that has changed since the last flush stays: where it is not a branch any more, the store
 * has a record that is to be deleted. */
static bool goes_whole(const struct au_trie_cache *cache, const struct au_trie *trie, unsigned age)
{
    bool is_flushed = is_clean(cache) || (int32_t)(trie->made_at - cache->flushed_at) < 0;
    return is_flushed && age_of(cache, trie->made_at) >= age;
}

static void prune_trie(struct au_trie_cache *cache, struct au_trie *trie, unsigned age)
{
    bool goes = goes_whole(cache, trie, age);
    if (trie->root.kind == AU_TRIE_BRANCH) prune(cache, trie->root.link.branch, age);
    if (!goes) return;
    if (trie->root.kind != AU_TRIE_NONE) {
        au_trie_free(
            cache, (struct au_trie_item){trie->root.link.branch, trie->root.kind == AU_TRIE_LEAF});
    }
    trie->next_free = cache->free_tries;
    cache->free_tries = trie;
    cache->tries_size -= sizeof(*trie);
}

/* The least age such that without all of it at most so many bytes are left. */
static unsigned choose_age(const struct au_trie_cache *cache, size_t size_max)
{
    size_t sizes[AGE_COUNT] = {0};
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        const struct au_trie *trie = cache->tries.cells[i].entry;
        if (!trie) continue;
        sizes[age_of(cache, trie->made_at)] += sizeof(*trie);
        if (trie->root.kind == AU_TRIE_BRANCH) weigh(cache, trie->root.link.branch, sizes);
    }
    size_t kept = 0;
    for (unsigned age = 0; age < AGE_COUNT; age++) {
        kept += sizes[age];
        if (kept > size_max) return age;
    }
    return AGE_COUNT;
}

static void forget_all(struct au_trie_cache *cache)
{
    au_arena_reset(&cache->arena);
    au_table_clear(&cache->tries);
    cache->free_tries = NULL;
    cache->tries_size = 0;
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        struct au_trie_part *part = &cache->parts[i];
        au_arena_reset(&part->arena);
        memset(part->free_branches, 0, sizeof(part->free_branches));
        part->free_leaves = NULL;
        part->branch_count = 0;
        part->leaf_count = 0;
        part->size = 0;
    }
}

/* Takes tries of an age out of the table. OK, NO_MEMORY (nothing changed) */
static enum au_err prune_table(struct au_trie_cache *cache, unsigned age)
{
    struct au_table kept = {0};
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        const struct au_table_cell *cell = &cache->tries.cells[i];
        const struct au_trie *trie = cell->entry;
        if (!trie || goes_whole(cache, trie, age)) continue;
        enum au_err err = au_table_add(&kept, cell->hash, cell->entry);
        if (err == AU_OK) continue;
        au_table_done(&kept);
        return err;
    }
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        if (cache->tries.cells[i].entry) prune_trie(cache, cache->tries.cells[i].entry, age);
    }
    au_table_done(&cache->tries);
    cache->tries = kept;
    return AU_OK;
}

void au_trie_give_up(struct au_trie_cache *cache, size_t size_max)
{
    AU_ASSERT(!cache->changed && !cache->pass);
    unsigned age = choose_age(cache, size_max);
    au_trie_lock(cache);
    bool is_pruned = prune_table(cache, age) == AU_OK;
    /* Pieces that were freed are not for those of another size: where too many lie about, start
     * anew. */
    bool is_kept = age > 0 && is_pruned && au_trie_cache_count(cache).held / 2 <= cache->size_max;
    if (!is_kept && is_clean(cache)) forget_all(cache);
    au_trie_unlock(cache);
}

void au_trie_cache_trim(struct au_trie_cache *cache)
{
    bool is_full = au_trie_cache_count(cache).size > cache->size_max;
    if (is_full) au_trie_give_up(cache, cache->size_max / 2);
}

void au_trie_cache_forget(struct au_trie_cache *cache)
{
    AU_ASSERT(!cache->pass);
    au_trie_cache_abort(cache);
    au_trie_lock(cache);
    forget_all(cache);
    au_trie_unlock(cache);
    au_trie_forget_dirt(cache);
}

/* ---- readers and the writer ---- */

void au_trie_lock_shared(struct au_trie_cache *cache)
{
    au_lock(&cache->gate);
    AU_ASSERT(pthread_rwlock_rdlock(&cache->lock) == 0);
    au_unlock(&cache->gate);
}

void au_trie_lock(struct au_trie_cache *cache)
{
    au_lock(&cache->gate);
    AU_ASSERT(pthread_rwlock_wrlock(&cache->lock) == 0);
    au_unlock(&cache->gate);
}

void au_trie_unlock(struct au_trie_cache *cache)
{
    AU_ASSERT(pthread_rwlock_unlock(&cache->lock) == 0);
}

/* ---- life ---- */

static enum au_err init_locks(struct au_trie_cache *cache)
{
    AU_TRY(au_aide_init(&cache->aide));
    if (pthread_rwlock_init(&cache->lock, NULL) != 0) goto no_lock;
    if (pthread_mutex_init(&cache->gate, NULL) != 0) goto no_gate;
    cache->has_locks = true;
    return AU_OK;
no_gate:
    AU_ASSERT(pthread_rwlock_destroy(&cache->lock) == 0);
no_lock:
    au_aide_done(&cache->aide);
    return AU_ERR_NO_MEMORY;
}

enum au_err au_trie_cache_init(struct au_trie_cache *cache, const struct au_kv *kv,
                               const struct au_seed *seed, size_t size_max)
{
    *cache = (struct au_trie_cache){.seed = *seed,
                                    .size_max = size_max,
                                    .parallel_min = PARALLEL_MIN,
                                    .piece_size = PIECE_SIZE};
    au_flat_init(&cache->flat, kv, NULL);
    au_arena_init(&cache->arena, MEMORY_MAX);
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        au_arena_init(&cache->parts[i].arena, MEMORY_MAX);
    }
    return init_locks(cache);
}

void au_trie_cache_done(struct au_trie_cache *cache)
{
    uint64_t height;
    enum au_err err = cache->pass ? au_trie_pass_end(cache, &height) : AU_OK;
    (void)err; /* nobody asks any more */
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        struct au_trie_part *part = &cache->parts[i];
        au_mem_free(part->gone);
        au_mem_free(part->made.items);
        au_mem_free(part->left.items);
        au_arena_done(&part->arena);
    }
    au_table_done(&cache->tries);
    au_arena_done(&cache->arena);
    au_flat_done(&cache->flat);
    if (!cache->has_locks) return;
    au_aide_done(&cache->aide);
    AU_ASSERT(pthread_rwlock_destroy(&cache->lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&cache->gate) == 0);
}
