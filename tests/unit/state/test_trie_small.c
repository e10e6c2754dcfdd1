/* Goal: with few keys, whatever way a trie came to be, it is the one trie of its keys.
 * Method: shapes of six keys, of which all 64 subsets are worlds. The root of each is made by the
 * naive model from the sorted keys, once. Then a trie goes from world to world: key by key in every
 * order in which six keys come, and go, and from every world to every other in one batch. Meanwhile
 * its memory keeps everything, or nothing, or is flushed and given up now and then.
 *
 * The last test takes many random steps among more keys; an argument says how many operations. */
#include "trie_fixture.h"

#define KEYS       6u
#define WORLDS     (1u << KEYS)
#define NIBBLES    4u /* of a key that differ */
#define KEPT_SIZE  ((size_t)1 << 20)
#define TINY_SIZE  ((size_t)700) /* bytes: a branch or two */
#define OPERATIONS 50000u

/* Four nibbles of each key. */
static const uint16_t shapes[][KEYS] = {
    {0x1000, 0x1100, 0x1200, 0x1300, 0x1e00, 0x1f00}, /* all share a nibble */
    {0x0000, 0x1100, 0x2200, 0x7700, 0xee00, 0xff00}, /* none does */
    {0x0300, 0x1300, 0x2300, 0x3300, 0x4300, 0xf300}, /* nor does the next one tell them apart */
    {0x0000, 0x0100, 0x1000, 0x1100, 0x2000, 0x2f00}, /* pairs */
    {0x0000, 0x0700, 0x0f00, 0xf000, 0xf700, 0xff00}, /* threes, at the ends */
    {0x0000, 0x0100, 0x0200, 0x0300, 0x1000, 0x1100}, /* four and two */
    {0x4000, 0x4100, 0x4200, 0x4300, 0x4400, 0x5000}, /* five and one */
    {0x4000, 0x4f00, 0x5000, 0x6000, 0x7000, 0x8000}, /* two and four alone */
    {0x0000, 0x0001, 0x0010, 0x0100, 0x1000, 0x1111}, /* a chain: each branch has one below */
    {0xfff0, 0xfff1, 0xfff2, 0xff00, 0xf000, 0x0000}, /* a chain with three at its end */
    {0x2220, 0x2221, 0x2230, 0x2231, 0x2240, 0x2241}, /* pairs below a long extension */
    {0x1230, 0x1231, 0x9870, 0x9871, 0x9980, 0x9981}, /* extensions below branches */
};

/* Where these nibbles are in a key, and what the others are. Late ones make nodes so small that
 * they stand in their parents. */
static const struct layout {
    uint8_t places[NIBBLES];
    uint8_t rest;
} layouts[] = {
    {{0, 1, 2, 3}, 0x00},
    {{0, 1, 41, 63}, 0x77},
    {{60, 61, 62, 63}, 0x00},
};

/* What happens between batches. */
enum mode { MODE_KEEP, MODE_FORGET, MODE_MIX, MODES };

struct walk {
    struct world *world;
    enum mode mode;
    struct random random;
    unsigned present; /* a bit for each key */
    struct entry entries[KEYS];
    struct au_hash roots[WORLDS];
    struct au_hash records[WORLDS]; /* of all records, once is_known */
    bool is_known[WORLDS];
};

static void make_entry(const struct layout *layout, uint16_t nibbles, size_t number,
                       struct entry *out)
{
    static const uint8_t sizes[KEYS] = {1, 1, 3, 2, 1, 40};
    memset(out, 0, sizeof(*out));
    memset(out->key.bytes, layout->rest, AU_HASH_SIZE);
    for (unsigned i = 0; i < NIBBLES; i++) {
        unsigned nibble = nibbles >> (4 * (NIBBLES - 1 - i)) & 15u;
        uint8_t *byte = &out->key.bytes[layout->places[i] / 2];
        bool is_high = layout->places[i] % 2 == 0;
        *byte = (uint8_t)(is_high ? (*byte & 15u) | nibble << 4 : (*byte & 0xf0u) | nibble);
    }
    out->size = sizes[number];
    memset(out->value, (int)(number == 1 ? 200 : number + 1), out->size);
}

static void walk_begin(struct walk *walk, const uint16_t *shape, const struct layout *layout,
                       enum mode mode)
{
    *walk = (struct walk){.mode = mode, .random = {shape[1] + 1u}};
    walk->world = world_open(mode == MODE_KEEP ? KEPT_SIZE : 0);
    struct model *model = calloc(1, sizeof(*model));
    assert_non_null(model);
    for (size_t i = 0; i < KEYS; i++) {
        make_entry(layout, shape[i], i, &walk->entries[i]);
    }
    for (unsigned present = 0; present < WORLDS; present++) {
        model->count = 0;
        for (size_t i = 0; i < KEYS; i++) {
            if (present >> i & 1) model_put(model, &walk->entries[i]);
        }
        walk->roots[present] = model_root(model);
    }
    free(model);
}

/* How many branches a trie of sorted keys has. */
static size_t count_branches(const struct entry *entries, size_t count, size_t depth)
{
    size_t branches = 1, first = 0;
    if (count < 2) return 0;
    while (naive_nibble(&entries[0], depth) == naive_nibble(&entries[count - 1], depth)) {
        depth++;
    }
    for (size_t i = 1; i <= count; i++) {
        if (i < count && naive_nibble(&entries[i], depth) == naive_nibble(&entries[first], depth)) {
            continue;
        }
        branches += count_branches(&entries[first], i - first, depth + 1);
        first = i;
    }
    return branches;
}

/* The records are those that were there whenever these keys were, one for each branch. */
static void check_records(struct walk *walk)
{
    struct au_buf all;
    struct au_kv_iter iter;
    struct au_kv_entry record;
    size_t count = 0;
    const struct au_kv_range range = {.cf = AU_CF_TRI};
    const struct model *model = &walk->world->model;
    au_buf_init(&all, 1 << 16);
    assert_ok(au_kv_iter_open(&walk->world->kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &record) == AU_OK; count++) {
        au_buf_put_bytes(&all, record.key);
        au_buf_put_bytes(&all, record.value);
    }
    au_kv_iter_close(&iter);
    assert_ok(all.err);
    assert_int_equal(count, count_branches(model->entries, model->count, 0));
    struct au_hash hash = au_sha256(au_buf_bytes(&all));
    au_buf_done(&all);
    if (walk->is_known[walk->present]) {
        assert_memory_equal(hash.bytes, walk->records[walk->present].bytes, AU_HASH_SIZE);
    }
    walk->records[walk->present] = hash;
    walk->is_known[walk->present] = true;
}

static void check_root(struct walk *walk, struct au_trie_root root)
{
    assert_memory_equal(root.hash.bytes, walk->roots[walk->present].bytes, AU_HASH_SIZE);
    assert_int_equal(root.is_empty, walk->present == 0);
}

static void flush(struct walk *walk)
{
    world_flush(walk->world);
    check_records(walk);
    assert_true(au_trie_cache_count(&walk->world->cache).size <= walk->world->cache.size_max);
}

/* Applies the next batch, which leads to a world. */
static void step(struct walk *walk, unsigned present)
{
    walk->present = present;
    struct world *world = walk->world;
    size_t chance = random_below(&walk->random, 16);
    check_root(walk, world_apply(world));
    if (walk->mode == MODE_MIX && chance == 15) {
        au_trie_cache_abort(&world->cache);
        check_root(walk, world_apply(world));
    }
    world_commit(world);
    if (walk->mode == MODE_FORGET) {
        flush(walk);
        assert_int_equal(au_trie_cache_count(&world->cache).branches, 0);
    } else if (walk->mode == MODE_MIX && chance < 4) {
        world->cache.size_max = chance == 0 ? 0 : chance == 1 ? TINY_SIZE : KEPT_SIZE;
        flush(walk);
        if (chance == 2) au_trie_cache_forget(&world->cache);
    }
}

static void change_key(struct walk *walk, size_t number, bool is_put)
{
    const struct entry *entry = &walk->entries[number];
    world_change(walk->world, &entry->key, is_put ? entry->value : NULL, entry->size);
}

static void flip(struct walk *walk, size_t number)
{
    unsigned next = walk->present ^ 1u << number;
    change_key(walk, number, next >> number & 1);
    step(walk, next);
}

/* Flips every key that has not been flipped yet, and then all others in every order; and back. Each
 * call is for one key less: at most KEYS. */
static void flip_in_every_order(struct walk *walk, unsigned flipped)
{
    for (size_t i = 0; i < KEYS; i++) {
        if (flipped >> i & 1) continue;
        flip(walk, i);
        flip_in_every_order(walk, flipped | 1u << i);
        flip(walk, i);
    }
}

/* One batch. has_more: it also names keys that do not change. */
static void go(struct walk *walk, unsigned present, bool has_more)
{
    for (size_t i = 0; i < KEYS; i++) {
        bool changes = (present ^ walk->present) >> i & 1;
        if (changes || has_more) change_key(walk, i, present >> i & 1);
    }
    step(walk, present);
}

static void go_everywhere(struct walk *walk)
{
    for (unsigned from = 0; from < WORLDS; from++) {
        for (unsigned to = 0; to < WORLDS; to++) {
            go(walk, from, to % 3 == 0);
            go(walk, to, (from + to) % 2 == 0);
        }
    }
}

static void walk_all(const struct layout *layout)
{
    static struct walk walk;
    for (size_t i = 0; i < AU_COUNT_OF(shapes) * MODES; i++) {
        walk_begin(&walk, shapes[i / MODES], layout, (enum mode)(i % MODES));
        flip_in_every_order(&walk, 0);
        go(&walk, WORLDS - 1, false);
        flip_in_every_order(&walk, 0);
        go_everywhere(&walk);
        go(&walk, 0, true);
        flush(&walk);
        assert_int_equal(au_trie_cache_count(&walk.world->cache).branches, 0);
        assert_int_equal(au_trie_cache_count(&walk.world->cache).leaves, 0);
        world_close(walk.world);
    }
}

static void test_early_nibbles(void **state)
{
    (void)state;
    walk_all(&layouts[0]);
}

static void test_nibbles_apart(void **state)
{
    (void)state;
    walk_all(&layouts[1]);
}

static void test_late_nibbles(void **state)
{
    (void)state;
    walk_all(&layouts[2]);
}

/* ---- many random steps ---- */

static size_t operation_count = OPERATIONS;

static void delete_all(struct world *world)
{
    while (world->model.count > 0) {
        struct au_hash key = world->model.entries[world->model.count / 2].key;
        world_change(world, &key, NULL, 0);
    }
}

static void walk_randomly(const struct key_space *space, struct random random, size_t operations)
{
    struct world *world = world_open(KEPT_SIZE);
    const size_t sizes[] = {0, TINY_SIZE, 4000, 16000, KEPT_SIZE};
    size_t empty_count = 0;
    for (size_t done = 0, count; done < operations; done += count) {
        /* Now the trie grows, now it shrinks. */
        size_t del_percent = done / 500 % 2 == 0 ? 30 : 80;
        count = 1 + random_below(&random, random_below(&random, 4) == 0 ? 40 : 4);
        world_randomize(world, space, &random, count, del_percent);
        if (random_below(&random, 200) == 0) delete_all(world);
        struct au_trie_root root = world_apply(world);
        struct au_hash expected = model_root(&world->model);
        assert_memory_equal(root.hash.bytes, expected.bytes, AU_HASH_SIZE);
        if (random_below(&random, 20) == 0) {
            au_trie_cache_abort(&world->cache);
            root = world_apply(world);
            assert_memory_equal(root.hash.bytes, expected.bytes, AU_HASH_SIZE);
        }
        world_commit(world);
        empty_count += world->model.count == 0;
        if (random_below(&random, 10) != 0) continue;
        world->cache.size_max = sizes[random_below(&random, AU_COUNT_OF(sizes))];
        world_flush(world);
        if (random_below(&random, 5) == 0) au_trie_cache_forget(&world->cache);
    }
    assert_true(empty_count > 0);
    world_close(world);
}

static void test_random_steps(void **state)
{
    (void)state;
    static const uint8_t ends[] = {0, 1, 63};
    static const uint8_t late[] = {61, 62, 63};
    static const uint8_t apart[] = {2, 20, 21, 40};
    const struct key_space spaces[] = {
        {ends, sizeof(ends), 3}, {late, sizeof(late), 5}, {apart, sizeof(apart), 9}};
    for (size_t i = 0; i < AU_COUNT_OF(spaces); i++) {
        walk_randomly(&spaces[i], (struct random){i + 1}, operation_count / AU_COUNT_OF(spaces));
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_early_nibbles),
        cmocka_unit_test(test_nibbles_apart),
        cmocka_unit_test(test_late_nibbles),
        cmocka_unit_test(test_random_steps),
    };
    if (argc > 1 && sscanf(argv[1], "%zu", &operation_count) != 1) return 2;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
