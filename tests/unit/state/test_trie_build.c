/* The builder of tries against the naive model, at each leaf and with each leaf's edge; its
 * branches against the records of the trie that grows by batches; edges that were changed. */
#include "unit/state/trie_fixture.h"

#include "state/trie_build.h"

#define EDGE_SIZE_MAX 65536u

struct cut {
    struct au_hash key;
    struct au_buf edge;
};

/* Makes the edges of all leaves, and the records of all branches. */
struct making {
    struct cut *cuts;
    size_t cut_count;
    struct au_kv_batch records;
    struct au_hash owner;
};

static enum au_err on_branch(void *context, const struct au_trie_node *node, size_t start)
{
    struct making *making = context;
    uint8_t key[AU_TRIE_KEY_SIZE_MAX], record[AU_TRIE_RECORD_SIZE_MAX];
    for (size_t i = 0; i < making->cut_count; i++) {
        struct cut *cut = &making->cuts[i];
        if (au_nibbles_shared(&cut->key, &node->path) < node->depth) continue;
        au_trie_edge_put(&cut->edge, node, &cut->key);
    }
    size_t key_size = au_trie_key(key, &making->owner, &node->path, start);
    size_t size = au_trie_record_encode(record, node, start);
    au_kv_batch_put(&making->records, AU_CF_TRI, (struct au_bytes){key, key_size},
                    (struct au_bytes){record, size});
    return AU_OK;
}

static void add(struct au_trie_build *build, const struct entry *entry)
{
    uint8_t leaf[VALUE_SIZE_MAX + 3];
    size_t size = naive_string(leaf, entry->value, entry->size);
    assert_ok(au_trie_build_add(build, &entry->key, (struct au_bytes){leaf, size}));
}

static void assert_root(const struct au_trie_build *build, struct au_bytes edge,
                        const struct au_hash *expected)
{
    struct au_hash root;
    assert_true(au_trie_build_root(build, edge, &root));
    assert_memory_equal(root.bytes, expected->bytes, AU_HASH_SIZE);
}

/* Every byte of an edge counts. */
static void check_damage(const struct au_trie_build *build, const struct au_buf *edge,
                         const struct au_hash *expected)
{
    struct au_hash root;
    for (size_t i = 0; i < edge->size; i++) {
        uint8_t old = edge->data[i];
        edge->data[i] ^= (uint8_t)(1u << i % 8);
        bool is_edge = au_trie_build_root(build, au_buf_bytes(edge), &root);
        assert_true(!is_edge || !au_hash_is_equal(&root, expected));
        edge->data[i] = old;
    }
    for (size_t size = 0; size < edge->size; size++) {
        bool is_edge = au_trie_build_root(build, (struct au_bytes){edge->data, size}, &root);
        assert_true(!is_edge || !au_hash_is_equal(&root, expected));
    }
}

static void assert_same_records(struct world *world, const struct making *making)
{
    struct au_kv built;
    struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter iters[2];
    struct au_kv_entry a, b;
    assert_ok(au_memkv_open(&built));
    assert_ok(au_kv_write(&built, &making->records, false));
    assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &iters[0]));
    assert_ok(au_kv_iter_open(&built, NULL, &range, &iters[1]));
    while (au_kv_iter_next(&iters[0], &a) == AU_OK) {
        assert_ok(au_kv_iter_next(&iters[1], &b));
        assert_true(au_bytes_is_equal(a.key, b.key));
        assert_true(au_bytes_is_equal(a.value, b.value));
    }
    assert_err(au_kv_iter_next(&iters[1], &b), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iters[0]);
    au_kv_iter_close(&iters[1]);
    au_kv_close(&built);
}

static void check_build(struct world *world, bool is_damaged)
{
    const struct model *model = &world->model;
    struct making making = {.owner = world->owner};
    const struct au_trie_build_sink sink = {&making, on_branch};
    struct au_trie_build *build = calloc(1, sizeof(*build));
    struct au_hash root = model_root(model);
    making.cuts = calloc(model->count + 1, sizeof(*making.cuts));
    assert_true(build && making.cuts);
    au_kv_batch_init(&making.records, BATCH_SIZE_MAX);
    au_trie_build_init(build, &sink);
    for (size_t i = 0; i < model->count; i++) {
        struct cut *cut = &making.cuts[making.cut_count++];
        cut->key = model->entries[i].key;
        au_buf_init(&cut->edge, EDGE_SIZE_MAX);
        add(build, &model->entries[i]);
    }
    assert_root(build, (struct au_bytes){0}, &root);
    assert_ok(au_trie_build_finish(build));
    assert_same_records(world, &making);

    build->sink.on_branch = NULL;
    au_trie_build_clear(build);
    for (size_t i = 0; i < model->count; i++) {
        struct cut *cut = &making.cuts[i];
        add(build, &model->entries[i]);
        assert_root(build, au_buf_bytes(&cut->edge), &root);
        if (is_damaged && i % 7 == 3) check_damage(build, &cut->edge, &root);
        assert_true(cut->edge.size <= AU_TRIE_EDGE_SIZE_MAX);
        assert_int_equal(cut->edge.size == 0, i + 1 == model->count);
        au_buf_done(&cut->edge);
    }
    au_kv_batch_done(&making.records);
    au_trie_build_done(build);
    free(build);
    free(making.cuts);
}

static void test_builds_as_the_model(void **state)
{
    (void)state;
    struct random random = {7};
    for (size_t turn = 0; turn < 60; turn++) {
        struct world *world = world_open(1 << 20);
        const struct key_space *space = &key_spaces[turn % AU_COUNT_OF(key_spaces)];
        for (size_t i = 0; i < turn / 8; i++) {
            world_randomize(world, space, &random, 1 + random_below(&random, 60), 10);
            world_apply(world);
            world_commit(world);
        }
        world_flush(world);
        check_build(world, turn % 5 == 0);
        world_close(world);
    }
}

/* The same leaves, some at a time. */
static void add_all(struct au_trie_build *build, const struct model *model, size_t at_once)
{
    static uint8_t values[AU_TRIE_BUILD_MANY][VALUE_SIZE_MAX + 3];
    struct au_trie_build_leaf leaves[AU_TRIE_BUILD_MANY];
    au_trie_build_clear(build);
    for (size_t i = 0; i < model->count; i += at_once) {
        size_t left = model->count - i, count = left < at_once ? left : at_once;
        for (size_t j = 0; j < count; j++) {
            const struct entry *entry = &model->entries[i + j];
            leaves[j].key = entry->key;
            leaves[j].value.data = values[j];
            leaves[j].value.size = naive_string(values[j], entry->value, entry->size);
        }
        const struct au_hash *next = count < left ? &model->entries[i + count].key : NULL;
        assert_ok(au_trie_build_add_many(build, leaves, count, next));
    }
}

static void test_first_leaves(void **state)
{
    (void)state;
    struct model *model = calloc(1, sizeof(*model));
    struct au_trie_build *build = calloc(1, sizeof(*build));
    assert_true(model && build);
    au_trie_build_init(build, NULL);
    struct random random = {3};
    for (size_t count = 0; count < 200; count++) {
        struct entry entry = {.key = key_in(&key_spaces[count % 5], &random), .size = count % 50};
        model_put(model, &entry);
        au_trie_build_clear(build);
        for (size_t i = 0; i < model->count; i++) {
            add(build, &model->entries[i]);
        }
        struct au_hash root = model_root(model);
        assert_root(build, (struct au_bytes){0}, &root);
        add_all(build, model, 1 + count % AU_TRIE_BUILD_MANY);
        assert_root(build, (struct au_bytes){0}, &root);
    }
    au_trie_build_done(build);
    free(build);
    free(model);
}

static void test_keys_rise(void **state)
{
    (void)state;
    struct au_trie_build *build = calloc(1, sizeof(*build));
    assert_non_null(build);
    struct au_hash low = {{1}}, high = {{2}}, root;
    const struct au_bytes leaf = {(const uint8_t *)"x", 1};
    au_trie_build_init(build, NULL);
    assert_false(au_trie_build_root(build, leaf, &root)); /* what hangs at the edge of nothing? */
    assert_ok(au_trie_build_add(build, &high, leaf));
    assert_err(au_trie_build_add(build, &high, leaf), AU_ERR_MALFORMED);
    assert_err(au_trie_build_add(build, &low, leaf), AU_ERR_MALFORMED);
    const struct au_trie_build_leaf leaves[] = {{low, leaf}, {high, leaf}, {low, leaf}};
    assert_err(au_trie_build_add_many(build, leaves, 2, NULL), AU_ERR_MALFORMED);
    au_trie_build_clear(build);
    assert_err(au_trie_build_add_many(build, leaves, 3, NULL), AU_ERR_MALFORMED);
    assert_err(au_trie_build_add_many(build, leaves, 2, &low), AU_ERR_MALFORMED);
    assert_ok(au_trie_build_add_many(build, leaves, 2, NULL));
    au_trie_build_done(build);
    free(build);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_builds_as_the_model),
        cmocka_unit_test(test_first_leaves),
        cmocka_unit_test(test_keys_rise),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
