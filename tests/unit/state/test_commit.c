/* Goal: whatever of the tries' records was written when a node died, opening its store leads to the
 * same root and to records of exactly the head; damage leads to records made anew or to a refusal.
 * Method: random blocks of accounts and slots that come, go and come again. After each, the store
 * as it is then, with nothing flushed for the occasion, is copied, opened, verified against a
 * rebuild from the flat state, and continued. */
#include "unit/unit.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>

#include "crypto/sha256.h"
#include "state/commit.h"
#include "state/proof.h"
#include "state/trie_internal.h"
#include "state/verify.h"
#include "store/memkv.h"

#define ACCOUNTS   60u
#define CONTRACTS  4u
#define SLOTS      40u
#define LONG_SIZE  (AU_OBJECT_CACHE_VALUE_MAX + 1) /* bytes of a value that no cache keeps */
#define MEMORY_MAX ((size_t)64 << 20)
#define BATCH_MAX  ((size_t)256 << 20)

static const struct au_seed seed = {{1, 2}};

/* Numbers that come again: xorshift64*. */
static size_t random_below(uint64_t *state, size_t bound)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (size_t)((*state * 0x2545f4914f6cdd1du) >> 33) % bound;
}

struct world {
    struct au_kv kv;
    struct au_commit commit;
    uint64_t height; /* of the next block */
    struct au_hash root;
    void (*look)(const struct world *); /* called while a block is sealed; NULL: nothing is */
};

static const struct au_commit_sizes sizes_large = {1 << 20, 1000, 1000};
static const struct au_commit_sizes sizes_small = {3000, 10, 10};

static struct au_address address_of(size_t number)
{
    struct au_address address = {0};
    address.bytes[0] = (uint8_t)(number + 1);
    return address;
}

static void world_begin(struct world *world, const struct au_commit_sizes *sizes)
{
    *world = (struct world){0};
    assert_ok(au_memkv_open(&world->kv));
    assert_ok(au_commit_init(&world->commit, &world->kv, &seed, sizes));
}

static void world_end(struct world *world)
{
    au_commit_finish(&world->commit);
    au_kv_close(&world->kv);
}

static void change_account(struct au_overlay *overlay, uint64_t *random)
{
    struct au_account account;
    struct au_address address = address_of(random_below(random, ACCOUNTS));
    assert_ok(au_overlay_get_account(overlay, &address, &account));
    account.balance = random_below(random, 3) == 0 ? 0 : random_below(random, 1000);
    account.exists = true;
    assert_ok(au_overlay_put_account(overlay, &address, account));
}

static void change_slot(struct au_overlay *overlay, uint64_t *random, size_t contract, bool is_del)
{
    struct au_address address = address_of(contract);
    uint8_t number = (uint8_t)random_below(random, SLOTS);
    struct au_bytes key = {&number, 1};
    if (is_del) {
        assert_ok(au_overlay_del_slot(overlay, &address, key));
    } else {
        uint8_t value[LONG_SIZE] = {0};
        uint64_t drawn = random_below(random, 5000);
        memcpy(value, &drawn, sizeof(drawn));
        size_t size = drawn % 5 == 0 ? LONG_SIZE : sizeof(drawn);
        assert_ok(au_overlay_put_slot(overlay, &address, key, (struct au_bytes){value, size}));
    }
}

static void empty_contract(struct au_overlay *overlay, size_t contract)
{
    struct au_address address = address_of(contract);
    for (uint8_t number = 0; number < SLOTS; number++) {
        assert_ok(au_overlay_del_slot(overlay, &address, (struct au_bytes){&number, 1}));
    }
}

static void change_some(struct au_overlay *overlay, uint64_t *random)
{
    size_t count = random_below(random, random_below(random, 3) == 0 ? 60 : 6);
    for (size_t i = 0; i < count; i++) {
        size_t contract = random_below(random, CONTRACTS);
        if (random_below(random, 2) == 0) change_account(overlay, random);
        if (random_below(random, 2) == 0) {
            change_slot(overlay, random, contract, random_below(random, 3) == 0);
        }
        if (random_below(random, 60) == 0) empty_contract(overlay, contract);
    }
}

static void expect_slot(struct au_flat *flat, const struct au_slot *expected,
                        const struct au_address *contract, struct au_bytes key)
{
    struct au_slot slot;
    assert_ok(au_flat_slot(flat, contract, key, &slot));
    assert_int_equal(slot.exists, expected->exists);
    assert_int_equal(au_bytes_compare(slot.value, expected->value), 0);
}

/* Whoever reads through the cache reads what the store has, twice: the second time from memory. */
static void check_cache(const struct world *world)
{
    struct au_flat store, cached;
    au_flat_init(&store, &world->kv, NULL);
    au_flat_init(&cached, &world->kv, NULL);
    au_flat_use_cache(&cached, world->commit.objects, world->height - 1);
    for (size_t i = 0; i < 2 * ACCOUNTS; i++) {
        struct au_address address = address_of(i % ACCOUNTS);
        struct au_account expected, account;
        assert_ok(au_flat_account(&store, &address, &expected));
        assert_ok(au_flat_account(&cached, &address, &account));
        assert_int_equal(account.exists, expected.exists);
        assert_int_equal(account.balance, expected.balance);
        assert_int_equal(account.has_storage, expected.has_storage);
        assert_memory_equal(&account.storage_root, &expected.storage_root, AU_HASH_SIZE);
    }
    for (size_t i = 0; i < 2 * CONTRACTS * SLOTS; i++) {
        struct au_address address = address_of(i % CONTRACTS);
        struct au_slot expected;
        uint8_t number = (uint8_t)(i / CONTRACTS % SLOTS);
        struct au_bytes key = {&number, 1};
        assert_ok(au_flat_slot(&store, &address, key, &expected));
        expect_slot(&cached, &expected, &address, key);
    }
    au_flat_done(&store);
    au_flat_done(&cached);
}

typedef void change_fn(struct au_overlay *overlay, uint64_t *random);

/* Seals a block of changes; commits it, or drops it. */
static void make_block_of(struct world *world, change_fn *change, uint64_t *random, bool is_dropped)
{
    struct au_flat flat;
    struct au_overlay overlay;
    struct au_kv_batch batch;
    struct au_hash root;
    au_flat_init(&flat, &world->kv, NULL);
    au_flat_use_cache(&flat, world->commit.objects, world->height - 1);
    struct au_state_source source = au_flat_source(&flat);
    au_overlay_init(&overlay, &seed, &source, MEMORY_MAX);
    au_kv_batch_init(&batch, BATCH_MAX);
    change(&overlay, random);
    assert_ok(au_commit_seal(&world->commit, &overlay, world->height, &batch, &root));
    if (world->look) world->look(world);
    if (is_dropped) {
        au_commit_drop(&world->commit);
    } else {
        au_trie_lock(&world->commit.tries);
        assert_ok(au_kv_write(&world->kv, &batch, true));
        au_commit_done(&world->commit);
        world->root = root;
        world->height++;
        au_trie_unlock(&world->commit.tries);
    }
    au_kv_batch_done(&batch);
    au_overlay_done(&overlay);
    au_flat_done(&flat);
    check_cache(world);
}

static void make_block(struct world *world, uint64_t *random, bool is_dropped)
{
    make_block_of(world, change_some, random, is_dropped);
}

/* A store as a node leaves it that dies now. */
static void copy_store(const struct world *from, struct world *to)
{
    struct au_kv_batch batch;
    struct au_kv_snapshot now;
    *to = (struct world){.height = from->height, .root = from->root};
    assert_ok(au_memkv_open(&to->kv));
    assert_ok(au_kv_snapshot_open(&from->kv, &now));
    au_kv_batch_init(&batch, BATCH_MAX);
    for (unsigned cf = 0; cf < AU_CF_COUNT; cf++) {
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        const struct au_kv_range range = {.cf = (enum au_cf)cf};
        assert_ok(au_kv_iter_open(&from->kv, &now, &range, &iter));
        while (au_kv_iter_next(&iter, &entry) == AU_OK) {
            au_kv_batch_put(&batch, (enum au_cf)cf, entry.key, entry.value);
        }
        au_kv_iter_close(&iter);
    }
    au_kv_snapshot_close(&now);
    assert_ok(au_kv_write(&to->kv, &batch, false));
    au_kv_batch_done(&batch);
}

static enum au_err open_store(struct world *world, char text[200])
{
    struct au_buf message;
    au_buf_init(&message, 199);
    assert_ok(au_commit_init(&world->commit, &world->kv, &seed, &sizes_large));
    enum au_err err = au_commit_open(&world->commit, world->height - 1, &world->root, &message);
    snprintf(text, 200, "%.*s", (int)message.size, (const char *)message.data);
    au_buf_done(&message);
    return err;
}

static struct au_verified verify(const struct world *world)
{
    struct au_buf message;
    struct au_verified verified;
    au_buf_init(&message, 1000);
    enum au_err err =
        au_state_verify(&world->kv, world->height - 1, &world->root, NULL, &message, &verified);
    if (err != AU_OK) print_message("# %.*s\n", (int)message.size, (char *)message.data);
    assert_ok(err);
    au_buf_done(&message);
    return verified;
}

/* Opens a copy: its records are then those of the head, and both continue alike. */
static void check_copy(struct world *world, uint64_t random)
{
    char text[200];
    struct world copy;
    copy_store(world, &copy);
    assert_ok(au_state_catch_up(&copy.kv, copy.height - 1, &copy.root));
    assert_true(verify(&copy).are_records_current);
    au_kv_close(&copy.kv);

    copy_store(world, &copy);
    assert_ok(open_store(&copy, text));
    assert_true(verify(&copy).are_records_current);
    uint64_t again = random;
    for (size_t i = 0; i < 3; i++) {
        make_block(&copy, &again, false);
        (void)verify(&copy);
    }
    world_end(&copy);
}

static void run_blocks(uint64_t random, const struct au_commit_sizes *sizes)
{
    struct world world;
    uint64_t behind_max = 0;
    world_begin(&world, sizes);
    for (size_t i = 0; i < 60; i++) {
        if (i > 0 && random_below(&random, 4) == 0) make_block(&world, &random, true);
        make_block(&world, &random, false);
        if (i == 0) assert_ok(au_commit_flush(&world.commit));
        if (random_below(&random, 10) == 0) assert_ok(au_commit_flush(&world.commit));
        if (sizes == &sizes_small) assert_ok(au_commit_flush_if_due(&world.commit));
        uint64_t behind = world.commit.done_height - world.commit.flushed_height;
        if (behind > behind_max) behind_max = behind;
        (void)verify(&world);
        check_copy(&world, random);
    }
    assert_true(behind_max > (sizes == &sizes_small ? 0 : 5));
    world_end(&world);
}

static void test_killed_at_any_block(void **state)
{
    (void)state;
    for (uint64_t start = 1; start <= 12; start++) {
        run_blocks(start * 7919, start % 3 == 0 ? &sizes_small : &sizes_large);
    }
}

static void test_flushed_in_the_end(void **state)
{
    (void)state;
    struct world world, copy;
    uint64_t random = 5;
    world_begin(&world, &sizes_large);
    for (size_t i = 0; i < 20; i++) {
        make_block(&world, &random, false);
        assert_ok(au_commit_flush_if_due(&world.commit));
    }
    struct au_trie_heights heights;
    assert_ok(au_trie_get_heights(&world.kv, NULL, &heights));
    assert_int_equal(heights.last, 0);
    copy = world;
    au_commit_finish(&world.commit);
    assert_true(verify(&copy).are_records_current);
    au_kv_close(&copy.kv);
}

/* ---- contracts with the same storage ---- */

static void fill_contract(struct au_overlay *overlay, size_t contract)
{
    struct au_address address = address_of(contract);
    for (uint8_t number = 0; number < SLOTS; number += 3) {
        assert_ok(au_overlay_put_slot(overlay, &address, (struct au_bytes){&number, 1},
                                      au_bytes_of("the same")));
    }
}

static void fill_twins(struct au_overlay *overlay, uint64_t *random)
{
    (void)random;
    fill_contract(overlay, 0);
    fill_contract(overlay, 1);
}

static void change_one(struct au_overlay *overlay, uint64_t *random)
{
    for (size_t i = 0; i < 5; i++)
        change_slot(overlay, random, 0, i % 2 == 0);
}

static void empty_one(struct au_overlay *overlay, uint64_t *random)
{
    (void)random;
    empty_contract(overlay, 0);
}

static void fill_one_again(struct au_overlay *overlay, uint64_t *random)
{
    empty_one(overlay, random);
    fill_contract(overlay, 0);
}

static struct au_account stored_account(const struct world *world, size_t number)
{
    struct au_flat flat;
    struct au_account account;
    struct au_address address = address_of(number);
    au_flat_init(&flat, &world->kv, NULL);
    assert_ok(au_flat_account(&flat, &address, &account));
    au_flat_done(&flat);
    return account;
}

/* Two contracts whose storages have one root: what becomes of one is nothing to the other, whether
 * records were written meanwhile or not. */
static void test_equal_storages(void **state)
{
    (void)state;
    static const struct {
        change_fn *change;
        bool has_storage;
        bool is_equal;
    } steps[] = {{fill_twins, true, true},
                 {change_one, true, false},
                 {fill_one_again, true, true},
                 {empty_one, false, false},
                 {fill_one_again, true, true}};
    /* The first block is flushed always, as that of a genesis. */
    for (unsigned flushes = 1; flushes < 1u << AU_COUNT_OF(steps); flushes += 2) {
        struct world world;
        uint64_t random = 9;
        world_begin(&world, flushes % 4 == 1 ? &sizes_large : &sizes_small);
        for (size_t i = 0; i < AU_COUNT_OF(steps); i++) {
            make_block_of(&world, steps[i].change, &random, false);
            if (flushes >> i & 1) assert_ok(au_commit_flush(&world.commit));
            struct au_account one = stored_account(&world, 0);
            struct au_account other = stored_account(&world, 1);
            assert_true(other.has_storage);
            assert_int_equal(one.has_storage, steps[i].has_storage);
            assert_int_equal(au_hash_is_equal(&one.storage_root, &other.storage_root),
                             steps[i].is_equal);
            (void)verify(&world);
            check_copy(&world, random);
        }
        world_end(&world);
    }
}

/* ---- flushes beside blocks ---- */

/* The store's functions, but that a pass may write no more than some pieces: then it waits, or
 * fails. */
static struct {
    const struct au_kv_ops *below;
    struct au_kv_ops ops;
    pthread_mutex_t lock;
    pthread_cond_t moved;
    pthread_t committer;
    size_t left; /* pieces */
    size_t written;
    bool is_waiting;
    enum au_err err; /* OK: it waits */
} gate = {.lock = PTHREAD_MUTEX_INITIALIZER, .moved = PTHREAD_COND_INITIALIZER};

static enum au_err gate_pass(void)
{
    AU_ASSERT(pthread_mutex_lock(&gate.lock) == 0);
    while (gate.left == 0 && gate.err == AU_OK) {
        gate.is_waiting = true;
        AU_ASSERT(pthread_cond_broadcast(&gate.moved) == 0);
        AU_ASSERT(pthread_cond_wait(&gate.moved, &gate.lock) == 0);
    }
    enum au_err err = gate.left == 0 ? gate.err : AU_OK;
    if (gate.left > 0) gate.left--;
    gate.written++;
    AU_ASSERT(pthread_mutex_unlock(&gate.lock) == 0);
    return err;
}

static enum au_err gate_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    if (!pthread_equal(pthread_self(), gate.committer)) AU_TRY(gate_pass());
    return gate.below->write(ctx, batch, is_synced);
}

static void gate_set(size_t left, enum au_err err)
{
    AU_ASSERT(pthread_mutex_lock(&gate.lock) == 0);
    gate.left = left;
    gate.err = err;
    gate.is_waiting = false;
    AU_ASSERT(pthread_cond_broadcast(&gate.moved) == 0);
    AU_ASSERT(pthread_mutex_unlock(&gate.lock) == 0);
}

/* Until a pass has written its pieces. */
static void gate_await(const struct world *world)
{
    AU_ASSERT(pthread_mutex_lock(&gate.lock) == 0);
    while (!gate.is_waiting && !au_trie_pass_is_done(&world->commit.tries)) {
        AU_ASSERT(pthread_mutex_unlock(&gate.lock) == 0);
        (void)sched_yield();
        AU_ASSERT(pthread_mutex_lock(&gate.lock) == 0);
    }
    AU_ASSERT(pthread_mutex_unlock(&gate.lock) == 0);
}

static void world_begin_gated(struct world *world)
{
    *world = (struct world){0};
    assert_ok(au_memkv_open(&world->kv));
    gate.below = world->kv.ops;
    gate.ops = *world->kv.ops;
    gate.ops.write = gate_write;
    gate.committer = pthread_self();
    world->kv.ops = &gate.ops;
    assert_ok(au_commit_init(&world->commit, &world->kv, &seed, &sizes_large));
    world->commit.pass_size_min = 0;
    world->commit.tries.piece_size = 1;
}

static bool has_dirt(const struct world *world)
{
    return au_trie_cache_count(&world->commit.tries).dirty_size > 0;
}

/* A pass that stands still behind some pieces, of which each has one record. */
static void begin_pass(struct world *world, size_t pieces)
{
    gate_set(pieces, AU_OK);
    world->commit.dirty_size_max = 0;
    assert_ok(au_commit_flush_if_due(&world->commit));
    world->commit.dirty_size_max = SIZE_MAX;
    gate_await(world);
}

static void end_pass(struct world *world, uint64_t *random)
{
    gate_set(SIZE_MAX, AU_OK);
    if (random_below(random, 3) == 0) {
        assert_ok(au_commit_flush(&world->commit));
    } else {
        while (world->commit.tries.pass) {
            assert_ok(au_commit_flush_if_due(&world->commit));
        }
    }
}

static struct au_trie_heights heights_of(const struct world *world)
{
    struct au_trie_heights heights;
    assert_ok(au_trie_get_heights(&world->kv, NULL, &heights));
    return heights;
}

/* Blocks come and are dropped while records are written; whoever opens the store then, or after any
 * of them, has the head's. */
static void test_pass_beside_blocks(void **state)
{
    (void)state;
    size_t mixed = 0, whole = 0;
    for (uint64_t start = 1; start <= 24; start++) {
        struct world world;
        uint64_t random = start * 4099;
        world_begin_gated(&world);
        make_block(&world, &random, false);
        assert_ok(au_commit_flush(&world.commit));
        world.commit.dirty_size_max = SIZE_MAX;
        for (size_t i = 0; i < 50; i++) {
            if (random_below(&random, 4) == 0) make_block(&world, &random, true);
            make_block(&world, &random, false);
            if (world.commit.tries.pass) {
                if (random_below(&random, 4) == 0) end_pass(&world, &random);
            } else if (random_below(&random, 4) == 0 && has_dirt(&world)) {
                begin_pass(&world, random_below(&random, random_below(&random, 2) ? 8 : 100));
            }
            *(heights_of(&world).is_mixed ? &mixed : &whole) += 1;
            check_copy(&world, random);
        }
        gate_set(SIZE_MAX, AU_OK);
        world_end(&world);
    }
    assert_true(mixed > 200 && whole > 200);
}

static size_t pieces_written(void)
{
    AU_ASSERT(pthread_mutex_lock(&gate.lock) == 0);
    size_t written = gate.written;
    AU_ASSERT(pthread_mutex_unlock(&gate.lock) == 0);
    return written;
}

static bool is_waiting(struct au_trie_pass *pass)
{
    AU_ASSERT(pthread_mutex_lock(&pass->lock) == 0);
    bool is_waiting = pass->is_waiting;
    AU_ASSERT(pthread_mutex_unlock(&pass->lock) == 0);
    return is_waiting;
}

/* The pass goes on with the piece that it is at, and no further. */
static void expect_held(const struct world *world)
{
    struct au_trie_pass *pass = world->commit.tries.pass;
    size_t before = pieces_written();
    gate_set(SIZE_MAX, AU_OK);
    while (!is_waiting(pass)) {
        assert_false(au_trie_pass_is_done(&world->commit.tries));
        (void)sched_yield();
    }
    assert_int_equal(pieces_written(), before + 1);
}

static void expect_done(const struct world *world)
{
    gate_set(SIZE_MAX, AU_OK);
    while (!au_trie_pass_is_done(&world->commit.tries)) {
        (void)sched_yield();
    }
}

/* A pass waits for a block from its sealing on until it is committed or dropped, but not when the
 * next pass is near. */
static void test_pass_waits_for_block(void **state)
{
    (void)state;
    static const struct {
        void (*look)(const struct world *);
        bool is_dropped;
        uint64_t unflushed;
        uint64_t behind;
        size_t dirty_size_max; /* 0: no matter */
        size_t tries_size_max; /* likewise */
    } cases[] = {
        {expect_held, .is_dropped = false},
        {expect_held, .is_dropped = true},
        {expect_held, .unflushed = 249000},
        {expect_done, .unflushed = 250000},
        {expect_held, .behind = AU_COMMIT_BEHIND_MAX},
        {expect_done, .behind = AU_COMMIT_BEHIND_MAX / 4 * 5},
        {expect_done, .dirty_size_max = 1},
        {expect_done, .tries_size_max = 1},
    };
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct world world;
        uint64_t random = 77;
        world_begin_gated(&world);
        make_block(&world, &random, false);
        assert_ok(au_commit_flush(&world.commit));
        make_block(&world, &random, false);
        begin_pass(&world, 2);
        world.commit.unflushed_count = world.commit.passing_count + cases[i].unflushed;
        world.commit.flushed_height = world.commit.done_height - cases[i].behind;
        if (cases[i].dirty_size_max) world.commit.dirty_size_max = cases[i].dirty_size_max;
        if (cases[i].tries_size_max) world.commit.tries.size_max = cases[i].tries_size_max;
        world.look = cases[i].look;
        make_block(&world, &random, cases[i].is_dropped);
        world.look = NULL;
        expect_done(&world);
        assert_ok(au_commit_flush(&world.commit));
        check_copy(&world, random);
        world_end(&world);
    }
}

/* What a pass could not write is lost: the store says so, and nothing is flushed afterwards. */
static void test_pass_fails(void **state)
{
    (void)state;
    for (size_t pieces = 0; pieces < 12; pieces++) {
        struct world world, copy;
        uint64_t random = 11 + pieces;
        world_begin_gated(&world);
        for (size_t i = 0; i < 10; i++) {
            make_block(&world, &random, false);
            if (i == 2) assert_ok(au_commit_flush(&world.commit));
        }
        gate_set(pieces, AU_ERR_IO);
        world.commit.dirty_size_max = 0;
        assert_ok(au_commit_flush_if_due(&world.commit));
        make_block(&world, &random, false);
        enum au_err err = AU_OK;
        while (err == AU_OK) {
            err = au_commit_flush_if_due(&world.commit);
        }
        assert_err(err, AU_ERR_IO);
        make_block(&world, &random, false);
        assert_err(au_commit_flush(&world.commit), AU_ERR_IO);
        check_copy(&world, random);
        copy = world;
        au_commit_finish(&world.commit);
        assert_int_equal(heights_of(&copy).first, 2);
        assert_int_equal(heights_of(&copy).is_mixed, pieces > 0);
        check_copy(&copy, random);
        au_kv_close(&copy.kv);
    }
}

/* One pass after the other, as fast as they come, with memory given up between them. */
static void test_passes_in_turn(void **state)
{
    (void)state;
    for (uint64_t start = 1; start <= 6; start++) {
        struct world world;
        uint64_t random = start * 2503;
        world_begin(&world, start % 2 == 0 ? &sizes_small : &sizes_large);
        world.commit.pass_size_min = 0;
        world.commit.dirty_size_max = 600;
        make_block(&world, &random, false);
        assert_ok(au_commit_flush(&world.commit));
        for (size_t i = 0; i < 150; i++) {
            make_block(&world, &random, i % 7 == 0);
            if (i % 7 != 0) assert_ok(au_commit_flush_if_due(&world.commit));
            if (i % 5 == 0) check_copy(&world, random);
        }
        assert_true(world.commit.flushed_height > 50);
        world_end(&world);
    }
}

/* Undo records are there for longer than records are behind. */
static void test_never_far_behind(void **state)
{
    (void)state;
    struct world world;
    uint64_t random = 6;
    world_begin(&world, &sizes_large);
    for (size_t i = 0; i < AU_KEEP_PRESET + 100; i++) {
        make_block(&world, &random, false);
        assert_ok(au_commit_flush_if_due(&world.commit));
        uint64_t behind = world.commit.done_height - world.commit.flushed_height;
        bool is_passing = world.commit.tries.pass != NULL;
        assert_true(behind < AU_COMMIT_BEHIND_MAX / 2 * (is_passing ? 3 : 2));
    }
    assert_ok(au_commit_flush(&world.commit));
    assert_int_equal(world.commit.flushed_height, world.commit.done_height);
    check_copy(&world, random);
    world_end(&world);
}

/* ---- how much undo is kept ---- */

/* Undo is that of all blocks from the first to the head, as the commit and an opened copy know. */
static void expect_first_undo(struct world *world, uint64_t first)
{
    char text[200];
    struct world copy;
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    const struct au_kv_range range = {.cf = AU_CF_CHG};
    uint64_t next = first;
    assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &entry) == AU_OK; next++) {
        assert_int_equal(au_get_big_endian(entry.key.data, entry.key.size), next);
    }
    au_kv_iter_close(&iter);
    assert_int_equal(next, world->height);
    assert_int_equal(world->commit.first_undo, first);
    copy_store(world, &copy);
    assert_ok(open_store(&copy, text));
    assert_int_equal(copy.commit.first_undo, first);
    assert_int_equal(copy.commit.keep, world->commit.keep);
    world_end(&copy);
}

static void make_blocks(struct world *world, size_t count, uint64_t *random)
{
    for (size_t i = 0; i < count; i++) {
        make_block(world, random, i % 50 == 7);
        assert_ok(au_commit_flush(&world->commit));
    }
}

/* All blocks', then 10: each block removes so many and no more. Then 20: they come to be. */
static void test_keep(void **state)
{
    (void)state;
    struct world world;
    uint64_t random = 9;
    world_begin(&world, &sizes_large);
    assert_ok(au_commit_keep(&world.commit, AU_KEEP_ALL));
    while (world.height < 2 * AU_KEEP_PRESET)
        make_blocks(&world, 1, &random);
    expect_first_undo(&world, 0);

    assert_ok(au_commit_keep(&world.commit, 10));
    expect_first_undo(&world, 0);
    uint64_t first = 0;
    while (first + 10 < world.height) {
        uint64_t end = world.height + 1 - 10;
        first = end - first > AU_COMMIT_PRUNE_MAX ? first + AU_COMMIT_PRUNE_MAX : end;
        make_block(&world, &random, true); /* what is dropped removes nothing */
        make_blocks(&world, 1, &random);
        expect_first_undo(&world, first);
    }
    assert_int_equal(first, world.height - 10);

    assert_ok(au_commit_keep(&world.commit, 20));
    make_blocks(&world, 5, &random);
    expect_first_undo(&world, first);
    make_blocks(&world, 6, &random);
    expect_first_undo(&world, first + 1);
    world_end(&world);
}

/* However little is kept, a store whose records are behind is brought up to date from undo. */
static void test_keep_what_is_needed(void **state)
{
    (void)state;
    struct world world;
    uint64_t random = 10;
    world_begin(&world, &sizes_large);
    assert_ok(au_commit_keep(&world.commit, 1));
    make_blocks(&world, 5, &random);
    for (size_t i = 0; i < 30; i++) {
        make_block(&world, &random, false);
        expect_first_undo(&world, world.commit.flushed_height + 1);
        check_copy(&world, random);
    }
    assert_ok(au_commit_flush(&world.commit));
    make_blocks(&world, 1, &random);
    expect_first_undo(&world, world.height - 1);
    world_end(&world);
}

/* ---- damage ---- */

static void write_one(struct world *world, enum au_cf cf, struct au_bytes key,
                      const struct au_bytes *value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    if (value) {
        au_kv_batch_put(&batch, cf, key, *value);
    } else {
        au_kv_batch_del(&batch, cf, key);
    }
    assert_ok(au_kv_write(&world->kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* Cuts, deletes or flips a bit of one entry after the other, in a copy; calls check for each. */
static void damage_each(const struct world *world, enum au_cf cf,
                        void (*check)(struct world *copy, enum au_cf cf))
{
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    const struct au_kv_range range = {.cf = cf};
    assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &iter));
    for (size_t i = 0; au_kv_iter_next(&iter, &entry) == AU_OK; i++) {
        static uint8_t changed[1 << 16];
        struct world copy;
        if (entry.value.size == 0) continue; /* a block that changed nothing */
        assert_true(entry.value.size < sizeof(changed));
        memcpy(changed, entry.value.data, entry.value.size);
        changed[entry.value.size - 1 - i % 7 % entry.value.size] ^= (uint8_t)(1u << i % 8);
        struct au_bytes value = {changed, entry.value.size - (i % 3 == 0)};
        copy_store(world, &copy);
        write_one(&copy, cf, entry.key, i % 3 == 2 ? NULL : &value);
        check(&copy, cf);
    }
    au_kv_iter_close(&iter);
}

/* Records and undo records are made up for; what was damaged beside the way of all changes is told
 * by verify alone. */
static void check_mended(struct world *copy, enum au_cf cf)
{
    char text[200];
    assert_ok(open_store(copy, text));
    if (cf != AU_CF_TRI) assert_true(verify(copy).are_records_current);
    world_end(copy);
}

static void check_refused(struct world *copy, enum au_cf cf)
{
    char text[200];
    static const uint8_t none[8];
    (void)cf;
    write_one(copy, AU_CF_META, au_bytes_of(AU_META_TRIE), &(struct au_bytes){none, 3});
    assert_err(open_store(copy, text), AU_ERR_MALFORMED);
    assert_true(strlen(text) > 20);
    world_end(copy);
}

static void test_damage(void **state)
{
    (void)state;
    struct world world;
    uint64_t random = 77;
    world_begin(&world, &sizes_large);
    for (size_t i = 0; i < 30; i++) {
        make_block(&world, &random, false);
        if (i == 10) assert_ok(au_commit_flush(&world.commit));
    }
    damage_each(&world, AU_CF_CHG, check_mended);
    damage_each(&world, AU_CF_TRI, check_mended);
    damage_each(&world, AU_CF_ACC, check_refused);
    damage_each(&world, AU_CF_STO, check_refused);
    world_end(&world);
}

/* Verify's opinion of a copy with one entry written or, if value is NULL, deleted. */
static void expect_found(const struct world *world, enum au_cf cf, struct au_bytes key,
                         const struct au_bytes *value, const char *text)
{
    struct world copy;
    struct au_buf message;
    struct au_verified verified;
    copy_store(world, &copy);
    write_one(&copy, cf, key, value);
    au_buf_init(&message, 1000);
    assert_err(au_state_verify(&copy.kv, copy.height - 1, &copy.root, NULL, &message, &verified),
               AU_ERR_MALFORMED);
    au_buf_put_u8(&message, 0);
    if (!strstr((const char *)message.data, text)) fail_msg("%s", (const char *)message.data);
    au_buf_done(&message);
    check_refused(&copy, cf);
}

static void expect_raw_key(const struct world *world, struct au_bytes key,
                           const struct au_bytes *value, const char *text)
{
    expect_found(world, AU_CF_KEY, key, value, text);
}

/* Contracts read slots without the trie: those of no account, or of one without storage, before,
 * between and behind the others, are told, as are keys that no slot has. */
static void test_slots_of_nobody(void **state)
{
    (void)state;
    static const struct au_bytes value = {(const uint8_t *)"\1x", 2};
    static const uint8_t large[AU_VALUE_SIZE_MAX + 2] = {1};
    static const struct au_bytes too_large = {large, sizeof(large)};
    const size_t sizes[] = {4, AU_HASH_SIZE - 1, AU_FLAT_SLOT_KEY_SIZE - 1,
                            AU_FLAT_SLOT_KEY_SIZE + 1};
    const struct au_kv_range slots = {.cf = AU_CF_STO};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct world world;
    uint64_t random = 81;
    world_begin(&world, &sizes_large);
    make_blocks(&world, 12, &random);
    (void)verify(&world);
    for (unsigned first = 0; first < 256; first += 51) {
        uint8_t key[AU_FLAT_SLOT_KEY_SIZE + 1];
        memset(key, (int)first, sizeof(key));
        expect_found(&world, AU_CF_STO, (struct au_bytes){key, AU_FLAT_SLOT_KEY_SIZE}, &value,
                     "a slot of no account: 0x");
        for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
            expect_found(&world, AU_CF_STO, (struct au_bytes){key, sizes[i]}, &value,
                         "damaged slot");
        }
    }
    assert_ok(au_kv_iter_open(&world.kv, NULL, &slots, &iter));
    assert_ok(au_kv_iter_next(&iter, &entry));
    expect_found(&world, AU_CF_STO, entry.key, &too_large, "damaged slot");
    au_kv_iter_close(&iter);
    size_t count = 0;
    for (size_t number = CONTRACTS; number < ACCOUNTS; number++) {
        const struct au_address address = address_of(number);
        struct au_hash halves[2] = {au_flat_account_key(&address), {{7}}};
        if (!stored_account(&world, number).exists) continue;
        expect_found(&world, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)}, &value,
                     "the slots do not give the storage root of account 0x");
        count++;
    }
    assert_true(count > 10);
    world_end(&world);
}

/* Contracts see raw keys: one too many, one too few and one of another are told. */
static void test_raw_keys_damaged(void **state)
{
    (void)state;
    static const struct au_bytes empty, full = {(const uint8_t *)"1", 1};
    struct world world;
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    const struct au_kv_range range = {.cf = AU_CF_KEY};
    uint64_t random = 80;
    size_t count = 0;
    world_begin(&world, &sizes_large);
    make_blocks(&world, 12, &random);
    (void)verify(&world);
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &entry) == AU_OK; count++) {
        uint8_t other[AU_HASH_SIZE + AU_KEY_SIZE_MAX + 1];
        memcpy(other, entry.key.data, entry.key.size);
        other[entry.key.size] = 'x';
        expect_raw_key(&world, entry.key, NULL, "raw keys are missing of account 0x");
        expect_raw_key(&world, entry.key, &full, "a raw key that no slot has: 0x");
        expect_raw_key(&world, (struct au_bytes){other, entry.key.size + 1}, &empty,
                       "a raw key that no slot has: 0x");
        expect_raw_key(&world, (struct au_bytes){other, AU_HASH_SIZE}, &empty,
                       "a damaged raw key: 0x");
        for (unsigned owner = 0; owner < 256; owner += 255) { /* that no account has */
            memset(other, (int)owner, AU_HASH_SIZE);
            expect_raw_key(&world, (struct au_bytes){other, entry.key.size}, &empty,
                           "a raw key that no slot has: 0x");
        }
    }
    au_kv_iter_close(&iter);
    assert_true(count > 3);
    world_end(&world);
}

static void note_count(void *context, uint64_t entry_count)
{
    uint64_t *steps = context;
    assert_int_equal(entry_count, ++*steps * AU_PROGRESS_STEP);
}

/* Whoever verifies is told how far it is: here of accounts that make two steps, and no root. */
static void test_progress(void **state)
{
    (void)state;
    struct world world = {0};
    struct au_kv_batch batch;
    struct au_buf record, message;
    struct au_verified verified;
    uint64_t steps = 0;
    const struct au_account account = {.exists = true, .balance = 1};
    const struct au_progress progress = {&steps, note_count};
    assert_ok(au_memkv_open(&world.kv));
    au_kv_batch_init(&batch, BATCH_MAX);
    au_buf_init(&record, 1000);
    au_buf_init(&message, 1000);
    au_flat_encode_account(&record, &account);
    for (uint32_t i = 0; i < 2 * AU_PROGRESS_STEP + 1; i++) {
        struct au_hash key = au_sha256((struct au_bytes){(const uint8_t *)&i, sizeof(i)});
        au_kv_batch_put(&batch, AU_CF_ACC, (struct au_bytes){key.bytes, AU_HASH_SIZE},
                        au_buf_bytes(&record));
    }
    assert_ok(au_kv_write(&world.kv, &batch, false));
    assert_err(au_state_verify(&world.kv, 0, &world.root, &progress, &message, &verified),
               AU_ERR_MALFORMED);
    assert_int_equal(steps, 2);
    au_buf_done(&message);
    au_buf_done(&record);
    au_kv_batch_done(&batch);
    au_kv_close(&world.kv);
}

/* A record of how much is kept that nothing writes, and undo of no block, are told. */
static void test_keep_damaged(void **state)
{
    (void)state;
    static const uint8_t records[][10] = {{2, 10}, {1, 0}, {1, 10}, {1, 10}};
    static const size_t sizes[] = {9, 9, 8, 10};
    static const uint8_t keys[][9] = {{0, 1}, {9}};
    struct world world;
    uint64_t random = 79;
    char text[200];
    world_begin(&world, &sizes_large);
    make_blocks(&world, 3, &random);
    for (size_t i = 0; i < AU_COUNT_OF(sizes) + AU_COUNT_OF(keys); i++) {
        struct world copy;
        copy_store(&world, &copy);
        size_t at = i - AU_COUNT_OF(sizes);
        if (i < AU_COUNT_OF(sizes)) {
            write_one(&copy, AU_CF_META, au_bytes_of("keep"),
                      &(struct au_bytes){records[i], sizes[i]});
        } else {
            for (uint64_t height = 0; height < copy.height; height++) {
                struct au_undo_key key = au_undo_key(height);
                write_one(&copy, AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)}, NULL);
            }
            write_one(&copy, AU_CF_CHG, (struct au_bytes){keys[at], 9 - at}, &(struct au_bytes){0});
        }
        assert_err(open_store(&copy, text), AU_ERR_MALFORMED);
        assert_non_null(strstr(text, "undo is kept"));
        world_end(&copy);
    }
    world_end(&world);
}

/* No record says which height they are of, or a height that is none, or the records are gone. */
static void test_made_anew(void **state)
{
    (void)state;
    static const uint8_t heights[][8] = {{0}, {0, 0, 0, 0, 0, 0, 0, 200}, {1}};
    struct world world;
    uint64_t random = 78;
    world_begin(&world, &sizes_large);
    for (size_t i = 0; i < 8; i++) {
        make_block(&world, &random, false);
    }
    for (size_t i = 0; i < 4; i++) {
        char text[200];
        struct world copy;
        copy_store(&world, &copy);
        struct au_bytes value = {heights[i % 3], 8};
        write_one(&copy, AU_CF_META, au_bytes_of(AU_META_TRIE), i == 3 ? NULL : &value);
        assert_ok(open_store(&copy, text));
        assert_true(verify(&copy).are_records_current);
        world_end(&copy);
    }
    world_end(&world);
}

/* ---- proofs meanwhile ---- */

struct provers {
    struct world *world;
    atomic_bool is_done;
    atomic_size_t count;
};

static void prove_one(struct provers *provers, const struct au_hash *owner,
                      const struct au_hash *key, struct au_buf *out)
{
    struct au_flat flat;
    struct au_kv_snapshot snapshot;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    struct au_proof_claim claim;
    struct au_account account;
    struct au_trie_root root = {.is_empty = true};
    const char *reason = NULL;
    struct world *world = provers->world;
    size_t count = 0;
    au_buf_clear(out);
    au_trie_lock_shared(&world->commit.tries);
    AU_ASSERT(au_kv_snapshot_open(&world->kv, &snapshot) == AU_OK);
    au_flat_init(&flat, &world->kv, &snapshot);
    root.hash = world->root;
    if (owner->bytes[0] != 0) {
        AU_ASSERT(au_kv_get(&world->kv, &snapshot, AU_CF_ACC,
                            (struct au_bytes){owner->bytes, AU_HASH_SIZE}, out) != AU_ERR_IO);
        bool exists = out->size > 0 && au_flat_decode_account(au_buf_bytes(out), &account);
        root.hash = exists && account.has_storage ? account.storage_root : au_trie_empty_hash();
        au_buf_clear(out);
    }
    const struct au_proof_source source = {&flat, &world->commit.tries, owner};
    AU_ASSERT(au_proof_make(&source, key, out) == AU_OK);
    au_flat_done(&flat);
    au_kv_snapshot_close(&snapshot);
    au_trie_unlock(&world->commit.tries);
    AU_ASSERT(au_proof_split(au_buf_bytes(out), nodes, &count));
    AU_ASSERT(au_proof_verify(&root.hash, key, nodes, count, &claim, &reason) == AU_OK);
}

static void *prove(void *argument)
{
    struct provers *provers = argument;
    struct au_buf out;
    static const struct au_hash account_trie;
    au_buf_init(&out, 1 << 20);
    for (size_t i = 0; !atomic_load(&provers->is_done); i++) {
        struct au_address contract = address_of(i % CONTRACTS);
        struct au_address account = address_of(i % ACCOUNTS);
        uint8_t number = (uint8_t)(i % SLOTS);
        struct au_hash owner = au_flat_account_key(&contract);
        struct au_hash slot = au_flat_key_hash((struct au_bytes){&number, 1});
        struct au_hash key = au_flat_account_key(&account);
        prove_one(provers, &account_trie, &key, &out);
        prove_one(provers, &owner, &slot, &out);
        atomic_fetch_add(&provers->count, 2);
    }
    au_buf_done(&out);
    return NULL;
}

/* Blocks are committed, flushed and given up while proofs are made: each fits its root. */
static void test_proofs_meanwhile(void **state)
{
    (void)state;
    struct world world;
    struct provers provers = {.world = &world};
    pthread_t threads[3];
    uint64_t random = 79;
    world_begin(&world, &sizes_small);
    world.commit.pass_size_min = 500;
    make_block(&world, &random, false);
    assert_ok(au_commit_flush(&world.commit));
    for (size_t i = 0; i < AU_COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, prove, &provers), 0);
    }
    for (size_t i = 0; i < 300 || atomic_load(&provers.count) < 200; i++) {
        make_block(&world, &random, i % 5 == 0);
        if (i % 4 == 0) assert_ok(au_commit_flush_if_due(&world.commit));
    }
    atomic_store(&provers.is_done, true);
    for (size_t i = 0; i < AU_COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    (void)verify(&world);
    world_end(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed_at_any_block),
        cmocka_unit_test(test_flushed_in_the_end),
        cmocka_unit_test(test_equal_storages),
        cmocka_unit_test(test_never_far_behind),
        cmocka_unit_test(test_keep),
        cmocka_unit_test(test_keep_what_is_needed),
        cmocka_unit_test(test_keep_damaged),
        cmocka_unit_test(test_damage),
        cmocka_unit_test(test_raw_keys_damaged),
        cmocka_unit_test(test_slots_of_nobody),
        cmocka_unit_test(test_progress),
        cmocka_unit_test(test_made_anew),
        cmocka_unit_test(test_proofs_meanwhile),
        cmocka_unit_test(test_pass_beside_blocks),
        cmocka_unit_test(test_pass_waits_for_block),
        cmocka_unit_test(test_pass_fails),
        cmocka_unit_test(test_passes_in_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
