/* The trie against a naive model: roots after random batches, with the cache dropped at random
 * times; records against those of a trie made at once; and roots known from elsewhere. */
#include "trie_fixture.h"

#define KEPT_SIZE ((size_t)64 << 20)

/* ---- roots made by another implementation ---- */

static void assert_hash(const struct au_hash *hash, const char *expected)
{
    char text[2 * AU_HASH_SIZE + 1];
    for (size_t i = 0; i < AU_HASH_SIZE; i++) {
        snprintf(text + 2 * i, 3, "%02x", hash->bytes[i]);
    }
    assert_string_equal(text, expected);
}

static void test_empty_root(void **state)
{
    (void)state;
    struct au_hash empty = au_trie_empty_hash();
    assert_hash(&empty, "76be8b528d0075f7aae98d6fa57a6d3c83ae480a8469e668d7b0af968995ac71");
    struct world *world = world_open(KEPT_SIZE);
    struct au_trie_root root = world_apply(world);
    assert_true(root.is_empty);
    assert_true(au_hash_is_equal(&root.hash, &empty));
    assert_int_equal(au_trie_cache_count(&world->cache).dirty_size, 0);
    world_close(world);
}

/* Keys SHA-256(u64 i), values "v" and i in decimal: a root of @ethereumjs/mpt with SHA-256. */
static void test_thousand_keys(void **state)
{
    (void)state;
    static char values[1000][8];
    struct world *world = world_open(KEPT_SIZE);
    for (unsigned i = 0; i < AU_COUNT_OF(values); i++) {
        snprintf(values[i], sizeof(values[i]), "v%u", i);
        world->updates[i] =
            (struct au_trie_update){.key = hash_of_number(i), .value = au_bytes_of(values[i])};
    }
    world->update_count = AU_COUNT_OF(values);
    struct au_trie_root root = world_apply(world);
    assert_false(root.is_empty);
    assert_hash(&root.hash, "310906be66b4b9281a1fc3b14973ed53d9ff3c51ae65aaeb24843b00f98b1ea5");
    world_close(world);
}

/* Values of all sizes around those at which a leaf no longer fits one piece of memory. */
static void test_large_values(void **state)
{
    (void)state;
    static uint8_t value[1000], list[1100], leaf[1200];
    struct entry entry = {.key = hash_of_number(5)};
    for (size_t size = 1; size <= sizeof(value); size += size < 100 || size > 300 ? 99 : 1) {
        struct world *world = world_open(KEPT_SIZE);
        memset(value, (int)(size % 251), size);
        world->updates[0] = (struct au_trie_update){.key = entry.key, .value = {value, size}};
        world->update_count = 1;
        struct au_trie_root root = world_apply(world);
        size_t list_size = naive_path(list, &entry, 0, 64, true);
        list_size += naive_string(list + list_size, value, size);
        struct au_bytes expected = {leaf, naive_wrap(leaf, 192, list, list_size)};
        struct au_hash hash = au_sha256(expected);
        assert_memory_equal(root.hash.bytes, hash.bytes, AU_HASH_SIZE);
        world_close(world);
    }
}

/* ---- against the model ---- */

static void assert_root(const struct world *world, struct au_trie_root root)
{
    struct au_hash expected = model_root(&world->model);
    assert_memory_equal(root.hash.bytes, expected.bytes, AU_HASH_SIZE);
    assert_int_equal(root.is_empty, world->model.count == 0);
}

/* The records in a world's store are those of a trie that is made of all entries at once. */
static void assert_records(struct world *world)
{
    world_flush(world);
    struct world *anew = world_open(KEPT_SIZE);
    const struct model *model = &world->model;
    for (size_t i = 0; i < model->count; i++) {
        const struct entry *entry = &model->entries[i];
        world_change(anew, &entry->key, entry->value, entry->size);
    }
    assert_root(world, world_apply(anew));
    world_commit(anew);
    world_flush(anew);

    const struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter left, right;
    struct au_kv_entry expected, found;
    assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &left));
    assert_ok(au_kv_iter_open(&anew->kv, NULL, &range, &right));
    enum au_err err;
    do {
        err = au_kv_iter_next(&left, &found);
        assert_err(au_kv_iter_next(&right, &expected), err);
        if (err != AU_OK) break;
        assert_true(au_bytes_is_equal(found.key, expected.key));
        assert_true(au_bytes_is_equal(found.value, expected.value));
    } while (err == AU_OK);
    assert_err(err, AU_ERR_NOT_FOUND);
    au_kv_iter_close(&left);
    au_kv_iter_close(&right);
    world_close(anew);
}

/* Begins or ends a pass, or gives up what is not dirty. */
static void pass_somehow(struct world *world, struct random *random)
{
    uint64_t height;
    size_t choice = random_below(random, 5);
    if (world->cache.pass) {
        if (choice < 2) assert_ok(au_trie_pass_end(&world->cache, &height));
    } else if (choice < 2) {
        assert_ok(au_trie_pass_begin(&world->cache, 0, world->height));
    } else if (choice == 2) {
        au_trie_cache_trim(&world->cache);
    }
}

/* Has a batch applied once or twice, by one thread or two, writes its records or not, at once or
 * beside the next batches, and gives up all, some or nothing of what is in memory. */
static void apply_somehow(struct world *world, struct random *random)
{
    world->cache.parallel_min = random_below(random, 2) == 0 ? 1 : SIZE_MAX;
    struct au_trie_root root = world_apply(world);
    assert_root(world, root);
    if (random_below(random, 4) == 0) {
        au_trie_cache_abort(&world->cache);
        assert_root(world, world_apply(world));
    }
    world_commit(world);
    const size_t sizes[] = {0, 2000, 8000, 20000, SIZE_MAX};
    world->cache.size_max = sizes[random_below(random, AU_COUNT_OF(sizes))];
    pass_somehow(world, random);
    if (random_below(random, 4) != 0) return;
    world_flush(world);
    assert_true(au_trie_cache_count(&world->cache).size <= world->cache.size_max);
    if (random_below(random, 3) == 0) au_trie_cache_forget(&world->cache);
}

static void run_batches(const struct key_space *space, uint64_t start, size_t batch_count)
{
    struct random random = {start};
    struct world *world = world_open(KEPT_SIZE);
    for (size_t i = 0; i < batch_count; i++) {
        size_t del_percent = 10 + random_below(&random, 90);
        size_t count = random_below(&random, random_below(&random, 2) == 0 ? 60 : 5);
        world_randomize(world, space, &random, count, del_percent);
        apply_somehow(world, &random);
        if (i % 8 == 0) assert_records(world);
    }
    while (world->model.count > 0) {
        struct au_hash key = world->model.entries[random_below(&random, world->model.count)].key;
        world_change(world, &key, NULL, 0);
        if (random_below(&random, 3) == 0) apply_somehow(world, &random);
    }
    apply_somehow(world, &random);
    assert_records(world);
    assert_int_equal(au_trie_cache_count(&world->cache).branches, 0);
    assert_int_equal(au_trie_cache_count(&world->cache).leaves, 0);
    world_close(world);
}

static void test_random_batches(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(key_spaces); i++) {
        for (uint64_t start = 1; start <= 6; start++) {
            run_batches(&key_spaces[i], start * 7919 + i, 60);
        }
    }
}

/* The spaces and values above make what they are there for: children of every size around that of
 * a hash that stand in their parents, leaves and branches. */
/* Puts or deletes three keys that begin with a nibble and three bytes of a kind: the branch below
 * the nibble has one below it. */
static void change_three(struct world *world, uint8_t kind, const char *value)
{
    static const uint8_t ends[] = {0x00, 0x50, 0x55};
    for (size_t i = 0; i < AU_COUNT_OF(ends); i++) {
        struct au_hash key = {{(uint8_t)(0x10 | kind), kind, kind, kind, ends[i]}};
        world_change(world, &key, value ? (const uint8_t *)value : NULL, value ? 1 : 0);
    }
}

/* Branches go, and others come in the same places, or as deep below others. */
static void test_pass_replaces_branches(void **state)
{
    (void)state;
    for (uint8_t kind = 3; kind <= 4; kind++) {
        uint64_t height;
        struct au_hash other = {{0x70}};
        struct world *world = world_open(KEPT_SIZE);
        world_change(world, &other, (const uint8_t *)"x", 1);
        change_three(world, 3, "y");
        assert_root(world, world_apply(world));
        world_commit(world);
        world_flush(world);
        change_three(world, 3, NULL);
        assert_root(world, world_apply(world));
        world_commit(world);
        change_three(world, kind, "z");
        assert_root(world, world_apply(world));
        world_commit(world);
        assert_ok(au_trie_pass_begin(&world->cache, 0, world->height));
        assert_ok(au_trie_pass_end(&world->cache, &height));
        assert_int_equal(height, world->height);
        assert_records(world);
        world_close(world);
    }
}

static void test_small_nodes_occur(void **state)
{
    (void)state;
    struct random random = {5};
    bool is_seen[AU_HASH_SIZE + 1] = {false};
    bool is_branch_inlined = false;
    for (size_t i = 0; i < 60; i++) {
        struct world *world = world_open(KEPT_SIZE);
        world_randomize(world, &key_spaces[i % AU_COUNT_OF(key_spaces)], &random, 200, 0);
        assert_root(world, world_apply(world));
        world_commit(world);
        world_flush(world);
        const struct au_kv_range range = {.cf = AU_CF_TRI};
        struct au_kv_iter iter;
        struct au_kv_entry record;
        assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &iter));
        while (au_kv_iter_next(&iter, &record) == AU_OK) {
            struct au_trie_node node;
            const struct au_hash path = {0};
            size_t start = record.key.size - AU_HASH_SIZE;
            assert_true(au_trie_record_decode(record.value, &path, start, &node));
            for (size_t j = 0; j < AU_CHILD_COUNT; j++) {
                bool is_leaf = node.leaves >> j & 1;
                size_t size = node.ref_sizes[j];
                is_seen[size] = true;
                if (!is_leaf && size > 0 && size < AU_HASH_SIZE) is_branch_inlined = true;
            }
        }
        au_kv_iter_close(&iter);
        world_close(world);
    }
    assert_true(is_seen[29] && is_seen[30] && is_seen[31] && is_seen[32] && is_branch_inlined);
}

static void test_order_is_nothing(void **state)
{
    (void)state;
    struct random random = {99};
    struct world *forward = world_open(KEPT_SIZE);
    struct world *backward = world_open(0);
    world_randomize(forward, &key_spaces[0], &random, 300, 0);
    struct au_trie_root expected = world_apply(forward), root = {0};
    for (size_t i = forward->model.count; i-- > 0;) {
        const struct entry *entry = &forward->model.entries[i];
        world_change(backward, &entry->key, entry->value, entry->size);
        root = world_apply(backward);
        world_commit(backward);
    }
    assert_memory_equal(root.hash.bytes, expected.hash.bytes, AU_HASH_SIZE);
    world_close(forward);
    world_close(backward);
}

static void test_nothing_changes(void **state)
{
    (void)state;
    struct random random = {3};
    struct world *world = world_open(KEPT_SIZE);
    world_randomize(world, &key_spaces[3], &random, 100, 0);
    struct au_trie_root before = world_apply(world);
    world_commit(world);
    world_flush(world);
    for (size_t i = 0; i < 50; i++) {
        struct au_hash key = hash_of_number(i);
        world_change(world, &key, NULL, 0);
    }
    for (size_t i = 0; i < world->model.count; i += 3) {
        struct entry entry = world->model.entries[i];
        world_change(world, &entry.key, entry.value, entry.size);
    }
    struct au_trie_root after = world_apply(world);
    assert_memory_equal(after.hash.bytes, before.hash.bytes, AU_HASH_SIZE);
    assert_int_equal(au_trie_cache_count(&world->cache).dirty_size, 0);
    world_close(world);
}

static void test_tries_are_apart(void **state)
{
    (void)state;
    struct random random = {8};
    struct world *world = world_open(KEPT_SIZE);
    struct au_trie_root roots[2];
    world_randomize(world, &key_spaces[1], &random, 100, 0);
    roots[0] = world_apply(world);
    world_write(world);
    world->owner = hash_of_number(78);
    world->model.count = 0;
    world_randomize(world, &key_spaces[1], &random, 100, 0);
    roots[1] = world_apply(world);
    assert_root(world, roots[1]);
    world_commit(world);
    world_flush(world);
    for (uint64_t i = 0; i < 4; i++) {
        if (i == 2) au_trie_cache_forget(&world->cache);
        world->owner = hash_of_number(77 + i % 2);
        struct au_trie_root root = world_apply(world);
        assert_memory_equal(root.hash.bytes, roots[i % 2].hash.bytes, AU_HASH_SIZE);
    }
    world_close(world);
}

/* The account trie, one account a block with nothing kept in memory, and all accounts at once. */
static void test_accounts(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    static uint8_t leaves[COUNT][AU_ACCOUNT_LEAF_SIZE_MAX];
    struct world *world = world_open(0);
    struct world *anew = world_open(0);
    struct au_buf buf;
    struct au_trie_root root = {0};
    au_buf_init(&buf, 1024);
    world->owner = anew->owner = (struct au_hash){0};
    for (uint64_t i = 0; i < COUNT; i++) {
        const struct au_account account = {.exists = true, .nonce = i, .balance = 1000 * i};
        struct au_trie_update *update = &anew->updates[anew->update_count++];
        au_buf_clear(&buf);
        au_flat_account_leaf(&buf, &account);
        assert_ok(buf.err);
        memcpy(leaves[i], buf.data, buf.size);
        *update = (struct au_trie_update){.key = hash_of_number(i), .value = {leaves[i], buf.size}};
        const struct au_trie_batch batch = {
            .owner = world->owner, .updates = update, .update_count = 1};
        au_kv_batch_clear(&world->batch);
        assert_ok(au_trie_apply(&world->cache, &batch, &root));
        au_buf_clear(&buf);
        au_flat_encode_account(&buf, &account);
        struct au_bytes key = {update->key.bytes, AU_HASH_SIZE};
        au_kv_batch_put(&world->batch, AU_CF_ACC, key, au_buf_bytes(&buf));
        assert_ok(au_kv_write(&world->kv, &world->batch, false));
        au_trie_cache_commit(&world->cache);
        if (i % 3 == 0) world_flush(world);
    }
    struct au_trie_root expected = world_apply(anew);
    assert_memory_equal(root.hash.bytes, expected.hash.bytes, AU_HASH_SIZE);
    au_buf_done(&buf);
    world_close(world);
    world_close(anew);
}

/* ---- damage ---- */

static void put_raw(struct world *world, enum au_cf cf, struct au_bytes key, struct au_bytes value)
{
    au_kv_batch_clear(&world->batch);
    au_kv_batch_put(&world->batch, cf, key, value);
    assert_ok(au_kv_write(&world->kv, &world->batch, false));
}

static void test_damage_is_found(void **state)
{
    (void)state;
    struct random random = {17};
    struct world *world = world_open(0);
    struct au_trie_root root;
    world_randomize(world, &key_spaces[1], &random, 100, 0);
    (void)world_apply(world);
    world_commit(world);
    world_flush(world);
    struct au_buf record;
    au_buf_init(&record, 1024);
    struct au_bytes key = {world->owner.bytes, AU_HASH_SIZE};
    assert_ok(au_kv_get(&world->kv, NULL, AU_CF_TRI, key, &record));
    const struct au_trie_batch batch = {.owner = world->owner};
    for (size_t size = 0; size < record.size; size++) {
        put_raw(world, AU_CF_TRI, key, (struct au_bytes){record.data, size});
        assert_err(au_trie_apply(&world->cache, &batch, &root), AU_ERR_MALFORMED);
    }
    put_raw(world, AU_CF_TRI, key, au_buf_bytes(&record));
    assert_ok(au_trie_apply(&world->cache, &batch, &root));
    assert_root(world, root);
    au_buf_done(&record);
    world_close(world);
}

static void test_missing_leaf_is_found(void **state)
{
    (void)state;
    struct world *world = world_open(0);
    struct au_trie_root root;
    for (size_t i = 0; i < 2; i++) {
        struct au_hash key = hash_of_number(i);
        world_change(world, &key, (const uint8_t *)"x", 1);
    }
    (void)world_apply(world);
    world_commit(world);
    world_flush(world);
    const struct au_hash halves[2] = {world->owner, hash_of_number(1)};
    au_kv_batch_clear(&world->batch);
    au_kv_batch_del(&world->batch, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)});
    assert_ok(au_kv_write(&world->kv, &world->batch, false));
    const struct au_trie_update update = {.key = hash_of_number(0)};
    const struct au_trie_batch batch = {
        .owner = world->owner, .updates = &update, .update_count = 1};
    assert_err(au_trie_apply(&world->cache, &batch, &root), AU_ERR_MALFORMED);
    world_close(world);
}

static void apply_twice(void *argument)
{
    struct world *world = argument;
    (void)world_apply(world);
    (void)world_apply(world);
}

static void test_second_batch_aborts(void **state)
{
    (void)state;
    struct world *world = world_open(KEPT_SIZE);
    struct au_hash key = hash_of_number(0);
    world_change(world, &key, (const uint8_t *)"x", 1);
    assert_true(unit_aborts(apply_twice, world));
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_empty_root),
        cmocka_unit_test(test_thousand_keys),
        cmocka_unit_test(test_large_values),
        cmocka_unit_test(test_random_batches),
        cmocka_unit_test(test_pass_replaces_branches),
        cmocka_unit_test(test_small_nodes_occur),
        cmocka_unit_test(test_order_is_nothing),
        cmocka_unit_test(test_nothing_changes),
        cmocka_unit_test(test_tries_are_apart),
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_damage_is_found),
        cmocka_unit_test(test_missing_leaf_is_found),
        cmocka_unit_test(test_second_batch_aborts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
