/* What the tests of tries and proofs share: a store with the storage of contracts in it, and a
 * naive model of a trie, which shares no code with the trie under test but SHA-256: its root is
 * made anew from all keys. */
#ifndef AUREON_TESTS_UNIT_STATE_TRIE_FIXTURE_H
#define AUREON_TESTS_UNIT_STATE_TRIE_FIXTURE_H

#include "unit/unit.h"

#include "crypto/sha256.h"
#include "state/rlp.h"
#include "state/trie.h"
#include "store/memkv.h"

#define VALUE_SIZE_MAX 300u
#define ENTRIES_MAX    2048u
#define BATCH_SIZE_MAX ((size_t)256 << 20)

/* ---- numbers that come again: xorshift64* ---- */

struct random {
    uint64_t state;
};

static inline uint64_t random_next(struct random *random)
{
    random->state ^= random->state >> 12;
    random->state ^= random->state << 25;
    random->state ^= random->state >> 27;
    return random->state * 0x2545f4914f6cdd1du;
}

static inline size_t random_below(struct random *random, size_t bound)
{
    return (size_t)(random_next(random) >> 33) % bound;
}

static inline struct au_hash hash_of_number(uint64_t number)
{
    uint8_t bytes[8];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(number >> (8 * i));
    }
    return au_sha256((struct au_bytes){bytes, sizeof(bytes)});
}

/* ---- the naive model ---- */

struct entry {
    struct au_hash key;
    uint8_t value[VALUE_SIZE_MAX]; /* of the slot: the leaf holds its encoding */
    size_t size;
};

struct model {
    struct entry entries[ENTRIES_MAX]; /* sorted */
    size_t count;
};

static inline size_t model_find(const struct model *model, const struct au_hash *key)
{
    size_t at = 0;
    while (at < model->count &&
           memcmp(model->entries[at].key.bytes, key->bytes, AU_HASH_SIZE) < 0) {
        at++;
    }
    return at;
}

static inline bool model_has(const struct model *model, const struct au_hash *key)
{
    size_t at = model_find(model, key);
    return at < model->count && au_hash_is_equal(&model->entries[at].key, key);
}

static inline void model_del(struct model *model, const struct au_hash *key)
{
    size_t at = model_find(model, key);
    if (!model_has(model, key)) return;
    model->count--;
    memmove(&model->entries[at], &model->entries[at + 1],
            (model->count - at) * sizeof(model->entries[0]));
}

static inline void model_put(struct model *model, const struct entry *entry)
{
    size_t at = model_find(model, &entry->key);
    if (!model_has(model, &entry->key)) {
        assert_true(model->count < ENTRIES_MAX);
        memmove(&model->entries[at + 1], &model->entries[at],
                (model->count - at) * sizeof(model->entries[0]));
        model->count++;
    }
    model->entries[at] = *entry;
}

static inline unsigned naive_nibble(const struct entry *entry, size_t index)
{
    unsigned byte = entry->key.bytes[index / 2];
    return index % 2 == 0 ? byte / 16 : byte % 16;
}

static inline size_t naive_wrap(uint8_t *out, unsigned base, const uint8_t *data, size_t size)
{
    size_t at = 0;
    if (size <= 55) {
        out[at++] = (uint8_t)(base + size);
    } else if (size <= 255) {
        out[at++] = (uint8_t)(base + 56);
        out[at++] = (uint8_t)size;
    } else {
        out[at++] = (uint8_t)(base + 57);
        out[at++] = (uint8_t)(size / 256);
        out[at++] = (uint8_t)(size % 256);
    }
    if (size > 0) memcpy(out + at, data, size);
    return at + size;
}

static inline size_t naive_string(uint8_t *out, const uint8_t *data, size_t size)
{
    if (size != 1 || data[0] > 127) return naive_wrap(out, 128, data, size);
    out[0] = data[0];
    return 1;
}

static inline size_t naive_path(uint8_t *out, const struct entry *entry, size_t from, size_t to,
                                bool is_leaf)
{
    uint8_t nibbles[66], bytes[33];
    size_t count = 0;
    bool is_odd = (to - from) % 2 == 1;
    nibbles[count++] = (uint8_t)((is_leaf ? 2 : 0) + (is_odd ? 1 : 0));
    if (!is_odd) nibbles[count++] = 0;
    while (from < to) {
        nibbles[count++] = (uint8_t)naive_nibble(entry, from++);
    }
    for (size_t i = 0; i < count; i += 2) {
        bytes[i / 2] = (uint8_t)(nibbles[i] * 16 + nibbles[i + 1]);
    }
    return naive_string(out, bytes, count / 2);
}

#define NAIVE_NODE_MAX 600

static inline size_t naive_node(const struct entry *entries, size_t count, size_t depth,
                                uint8_t *out);

static inline size_t naive_ref(const struct entry *entries, size_t count, size_t depth,
                               uint8_t *out)
{
    uint8_t node[NAIVE_NODE_MAX];
    size_t size = naive_node(entries, count, depth, node);
    if (size < 32) {
        memcpy(out, node, size);
        return size;
    }
    struct au_hash hash = au_sha256((struct au_bytes){node, size});
    return naive_string(out, hash.bytes, 32);
}

/* The encoding of the node over entries that agree before depth: as deep as a key has nibbles. */
static inline size_t naive_node(const struct entry *entries, size_t count, size_t depth,
                                uint8_t *out)
{
    uint8_t list[NAIVE_NODE_MAX];
    size_t size = 0, shared = depth;
    if (count == 1) {
        uint8_t leaf[NAIVE_NODE_MAX];
        size_t leaf_size = naive_string(leaf, entries->value, entries->size);
        size = naive_path(list, entries, depth, 64, true);
        size += naive_string(list + size, leaf, leaf_size);
        return naive_wrap(out, 192, list, size);
    }
    while (naive_nibble(&entries[0], shared) == naive_nibble(&entries[count - 1], shared)) {
        shared++;
    }
    if (shared > depth) {
        size = naive_path(list, entries, depth, shared, false);
        size += naive_ref(entries, count, shared, list + size);
        return naive_wrap(out, 192, list, size);
    }
    for (unsigned nibble = 0; nibble < 16; nibble++) {
        size_t first = 0, end;
        while (first < count && naive_nibble(&entries[first], depth) != nibble) {
            first++;
        }
        for (end = first; end < count && naive_nibble(&entries[end], depth) == nibble;) {
            end++;
        }
        if (first == end) {
            list[size++] = 0x80;
        } else {
            size += naive_ref(entries + first, end - first, depth + 1, list + size);
        }
    }
    list[size++] = 0x80;
    return naive_wrap(out, 192, list, size);
}

static inline struct au_hash model_root(const struct model *model)
{
    uint8_t node[NAIVE_NODE_MAX] = {0x80};
    size_t size = model->count == 0 ? 1 : naive_node(model->entries, model->count, 0, node);
    return au_sha256((struct au_bytes){node, size});
}

/* ---- a store with the storage of one contract ---- */

struct world {
    struct au_kv kv;
    struct au_trie_cache cache;
    struct au_hash owner;
    struct model model;                         /* what the next batch leads to */
    struct au_trie_update updates[ENTRIES_MAX]; /* the next batch, sorted */
    uint8_t leaves[ENTRIES_MAX][VALUE_SIZE_MAX + 3];
    size_t update_count;
    struct au_kv_batch batch;
    uint64_t height; /* batches so far */
};

static const struct au_seed seed = {{1, 2}};

static inline struct world *world_open(size_t size_max)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    world->owner = hash_of_number(77);
    assert_ok(au_memkv_open(&world->kv));
    assert_ok(au_trie_cache_init(&world->cache, &world->kv, &seed, size_max));
    au_kv_batch_init(&world->batch, BATCH_SIZE_MAX);
    return world;
}

static inline void world_close(struct world *world)
{
    au_kv_batch_done(&world->batch);
    au_trie_cache_done(&world->cache);
    au_kv_close(&world->kv);
    free(world);
}

/* Adds a change to the next batch and to the model; value NULL deletes. */
static inline void world_change(struct world *world, const struct au_hash *key,
                                const uint8_t *value, size_t size)
{
    size_t at = 0;
    struct au_trie_update *updates = world->updates;
    while (at < world->update_count && !au_hash_is_equal(&updates[at].key, key)) {
        at++;
    }
    /* Half of those who know that the trie has the key say so. */
    bool existed = at < world->update_count ? updates[at].existed
                                            : model_has(&world->model, key) && key->bytes[31] % 2;
    if (at == world->update_count) world->update_count++;
    assert_true(world->update_count <= ENTRIES_MAX);
    updates[at] = (struct au_trie_update){.key = *key, .existed = existed};
    if (value == NULL) {
        model_del(&world->model, key);
        return;
    }
    struct entry entry = {.key = *key, .size = size};
    memcpy(entry.value, value, size);
    model_put(&world->model, &entry);
    updates[at].value =
        (struct au_bytes){world->leaves[at], naive_string(world->leaves[at], value, size)};
}

static inline int compare_updates(const void *a, const void *b)
{
    const struct au_trie_update *left = a;
    const struct au_trie_update *right = b;
    return memcmp(left->key.bytes, right->key.bytes, AU_HASH_SIZE);
}

/* Applies the next batch to the trie; nothing is written yet. */
static inline struct au_trie_root world_apply(struct world *world)
{
    struct au_trie_root root;
    qsort(world->updates, world->update_count, sizeof(world->updates[0]), compare_updates);
    const struct au_trie_batch batch = {
        .owner = world->owner, .updates = world->updates, .update_count = world->update_count};
    assert_ok(au_trie_apply(&world->cache, &batch, &root));
    return root;
}

/* Writes the flat state that world_apply led to. */
static inline void world_write(struct world *world)
{
    au_kv_batch_clear(&world->batch);
    for (size_t i = 0; i < world->update_count; i++) {
        const struct au_hash halves[2] = {world->owner, world->updates[i].key};
        struct au_bytes key = {halves[0].bytes, sizeof(halves)};
        size_t at = model_find(&world->model, &halves[1]);
        if (!model_has(&world->model, &halves[1])) {
            au_kv_batch_del(&world->batch, AU_CF_STO, key);
            continue;
        }
        struct au_buf record;
        const struct entry *entry = &world->model.entries[at];
        au_buf_init(&record, VALUE_SIZE_MAX + 1);
        au_flat_encode_slot(&record, (struct au_bytes){entry->value, entry->size});
        au_kv_batch_put(&world->batch, AU_CF_STO, key, au_buf_bytes(&record));
        au_buf_done(&record);
    }
    assert_ok(au_kv_write(&world->kv, &world->batch, false));
    world->update_count = 0;
}

static inline void world_commit(struct world *world)
{
    world_write(world);
    au_trie_cache_commit(&world->cache);
    world->height++;
}

static inline void world_flush(struct world *world)
{
    uint64_t height;
    struct au_trie_heights heights;
    if (world->cache.pass) assert_ok(au_trie_pass_end(&world->cache, &height));
    assert_ok(au_trie_cache_flush(&world->cache, world->height));
    assert_int_equal(au_trie_cache_count(&world->cache).dirty_size, 0);
    assert_ok(au_trie_get_heights(&world->kv, NULL, &heights));
    assert_int_equal(heights.first, world->height);
}

/* ---- key spaces ---- */

/* Nibbles that may differ from zero: few of them make long shared beginnings, and the late ones
 * make nodes so small that they stand in their parents. */
static const uint8_t key_space_all[] = {0, 1, 2, 3, 4, 5, 6, 7, 40, 41, 61, 62, 63};
static const uint8_t key_space_early[] = {0, 1, 2};
static const uint8_t key_space_late[] = {61, 62, 63};
static const uint8_t key_space_wide[] = {0, 7, 20, 33, 62, 63};
static const uint8_t key_space_middle[] = {9, 10, 30, 31, 32};

struct key_space {
    const uint8_t *places;
    size_t place_count;
    unsigned mask; /* of each such nibble */
};

static const struct key_space key_spaces[] = {
    {key_space_all, sizeof(key_space_all), 1},       {key_space_early, sizeof(key_space_early), 7},
    {key_space_late, sizeof(key_space_late), 15},    {key_space_wide, sizeof(key_space_wide), 3},
    {key_space_middle, sizeof(key_space_middle), 9},
};

static inline struct au_hash key_in(const struct key_space *space, struct random *random)
{
    struct au_hash key = {0};
    for (size_t i = 0; i < space->place_count; i++) {
        unsigned nibble = (unsigned)random_below(random, 16) & space->mask;
        unsigned shift = space->places[i] % 2 == 0 ? 4 : 0;
        key.bytes[space->places[i] / 2] |= (uint8_t)(nibble << shift);
    }
    return key;
}

/* Adds a batch of random puts and deletes of keys of a space. */
static inline void world_randomize(struct world *world, const struct key_space *space,
                                   struct random *random, size_t count, size_t del_percent)
{
    uint8_t value[VALUE_SIZE_MAX];
    for (size_t i = 0; i < count; i++) {
        struct au_hash key = key_in(space, random);
        bool is_del = random_below(random, 100) < del_percent;
        bool is_small = random_below(random, 4) > 0;
        unsigned most = is_small ? 4 : random_below(random, 4) > 0 ? 40 : VALUE_SIZE_MAX;
        size_t size = random_below(random, most);
        for (size_t j = 0; j < size; j++) {
            value[j] = (uint8_t)random_next(random);
        }
        world_change(world, &key, is_del ? NULL : value, size);
    }
}

#endif
