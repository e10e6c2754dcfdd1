/* Goal: records of tries are proved, and made anew, in memory that does not grow with the state,
 * and whatever write of it is the last one, the store says truly of which height its records are.
 * Method: accounts and slots are put as they are, with roots from the builder of tries; each record
 * is changed, lost or added; the heap, batches and writes are counted. */
#include "unit/unit.h"

#include <malloc.h>

#include "base/hex.h"
#include "crypto/sha256.h"
#include "state/flat.h"
#include "state/trie.h"
#include "state/trie_build.h"
#include "state/verify.h"
#include "store/memkv.h"

#define BATCH_MAX ((size_t)256 << 20)
#define PIECE_MAX ((size_t)6 << 20)   /* bytes of a write */
#define HEAP_MAX  ((size_t)512 << 10) /* bytes, whatever the state */
#define HEIGHT    7u
#define DEEP      9u /* nibbles: further down no small trie has a branch */

static struct {
    struct au_kv kv;
    struct au_hash root;
    struct au_kv_ops ops;
    const struct au_kv_ops *below;
    size_t writes;      /* done */
    size_t writes_left; /* then they fail */
    size_t size_max;    /* bytes of the largest */
    bool is_synced;     /* the last one was */
} world;

static enum au_err count_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    if (world.writes_left == 0) return AU_ERR_IO;
    world.writes_left--;
    world.writes++;
    world.is_synced = is_synced;
    if (batch->ops.size > world.size_max) world.size_max = batch->ops.size;
    return world.below->write(ctx, batch, is_synced);
}

static void allow_writes(size_t count)
{
    world.writes = 0;
    world.writes_left = count;
    world.size_max = 0;
}

/* ---- states ---- */

/* A raw key and its hash. */
struct key {
    struct au_hash hash;
    uint8_t raw[4];
};

static int compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, AU_HASH_SIZE);
}

static struct key *make_keys(size_t count)
{
    struct key *keys = calloc(count + 1, sizeof(*keys));
    assert_non_null(keys);
    for (size_t i = 0; i < count; i++) {
        au_put_big_endian(keys[i].raw, i, sizeof(keys[i].raw));
        keys[i].hash = au_flat_key_hash((struct au_bytes){keys[i].raw, sizeof(keys[i].raw)});
    }
    qsort(keys, count, sizeof(*keys), compare_keys);
    return keys;
}

static struct au_hash put_slots(struct au_kv_batch *batch, const struct au_hash *owner,
                                size_t count)
{
    static const struct au_bytes value = {(const uint8_t *)"\1a value", 8};
    struct au_trie_build *build = calloc(1, sizeof(*build));
    struct au_hash root;
    struct au_buf leaf;
    struct key *keys = make_keys(count);
    assert_non_null(build);
    au_trie_build_init(build, NULL);
    au_buf_init(&leaf, 1000);
    au_flat_slot_leaf(&leaf, (struct au_bytes){value.data + 1, value.size - 1});
    for (size_t i = 0; i < count; i++) {
        const struct au_hash halves[] = {*owner, keys[i].hash};
        struct au_flat_key raw = au_flat_key(owner, (struct au_bytes){keys[i].raw, 4});
        au_kv_batch_put(batch, AU_CF_STO, (struct au_bytes){halves[0].bytes, sizeof(halves)},
                        value);
        au_kv_batch_put(batch, AU_CF_KEY, (struct au_bytes){raw.bytes, raw.size},
                        (struct au_bytes){0});
        assert_ok(au_trie_build_add(build, &keys[i].hash, au_buf_bytes(&leaf)));
    }
    assert_true(au_trie_build_root(build, (struct au_bytes){0}, &root));
    au_buf_done(&leaf);
    au_trie_build_done(build);
    free(build);
    free(keys);
    return root;
}

static void put_accounts(struct au_kv_batch *batch, size_t count, size_t contract_every,
                         size_t slot_count)
{
    struct au_trie_build *build = calloc(1, sizeof(*build));
    struct key *keys = make_keys(count);
    struct au_buf record, leaf;
    assert_non_null(build);
    au_trie_build_init(build, NULL);
    au_buf_init(&record, 1000);
    au_buf_init(&leaf, 1000);
    for (size_t i = 0; i < count; i++) {
        struct au_account account = {.exists = true, .balance = i + 1};
        if (i % contract_every == contract_every / 2) {
            account.has_storage = true;
            account.storage_root = put_slots(batch, &keys[i].hash, slot_count);
        }
        au_buf_clear(&record);
        au_buf_clear(&leaf);
        au_flat_encode_account(&record, &account);
        au_flat_account_leaf(&leaf, &account);
        au_kv_batch_put(batch, AU_CF_ACC, (struct au_bytes){keys[i].hash.bytes, AU_HASH_SIZE},
                        au_buf_bytes(&record));
        assert_ok(au_trie_build_add(build, &keys[i].hash, au_buf_bytes(&leaf)));
    }
    assert_true(au_trie_build_root(build, (struct au_bytes){0}, &world.root));
    au_buf_done(&record);
    au_buf_done(&leaf);
    au_trie_build_done(build);
    free(build);
    free(keys);
}

/* One account of contract_every has slots. There are no records yet. */
static void world_begin(size_t count, size_t contract_every, size_t slot_count)
{
    struct au_kv_batch batch;
    assert_ok(au_memkv_open(&world.kv));
    world.below = world.kv.ops;
    world.ops = *world.kv.ops;
    world.ops.write = count_write;
    world.kv.ops = &world.ops;
    allow_writes(SIZE_MAX);
    au_kv_batch_init(&batch, BATCH_MAX);
    put_accounts(&batch, count, contract_every, slot_count);
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
}

static void world_end(void)
{
    world.kv.ops = world.below;
    au_kv_close(&world.kv);
}

/* ---- what is asked ---- */

static struct au_verified verify(const struct au_progress *progress)
{
    struct au_buf message;
    struct au_verified verified;
    au_buf_init(&message, 1000);
    enum au_err err =
        au_state_verify(&world.kv, HEIGHT, &world.root, progress, &message, &verified);
    if (err != AU_OK) print_message("# %.*s\n", (int)message.size, (char *)message.data);
    assert_ok(err);
    au_buf_done(&message);
    return verified;
}

static enum au_err rebuild_within(const struct au_hash *root, size_t held_max)
{
    struct au_buf message;
    au_buf_init(&message, 1000);
    enum au_err err = au_state_rebuild(&world.kv, HEIGHT, root, held_max, &message);
    assert_int_equal(message.size > 0, err == AU_ERR_MALFORMED);
    au_buf_done(&message);
    return err;
}

static enum au_err rebuild(const struct au_hash *root)
{
    return rebuild_within(root, SIZE_MAX);
}

static void expect_told(const char *what, struct au_bytes key)
{
    struct au_buf message, expected;
    struct au_verified verified;
    au_buf_init(&message, 1000);
    au_buf_init(&expected, 1000);
    assert_err(au_state_verify(&world.kv, HEIGHT, &world.root, NULL, &message, &verified),
               AU_ERR_MALFORMED);
    au_buf_put_text(&expected, what);
    au_hex_put(&expected, key);
    au_buf_put_u8(&expected, 0);
    au_buf_put_u8(&message, 0);
    assert_string_equal(message.data, expected.data);
    au_buf_done(&expected);
    au_buf_done(&message);
}

static void write_one(struct au_bytes key, const struct au_bytes *record)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    if (record) au_kv_batch_put(&batch, AU_CF_TRI, key, *record);
    if (!record) au_kv_batch_del(&batch, AU_CF_TRI, key);
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* All records, as one hash. */
static struct au_hash records_hash(void)
{
    const struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_buf all;
    au_buf_init(&all, BATCH_MAX);
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
        au_buf_put_u32(&all, (uint32_t)entry.key.size);
        au_buf_put_bytes(&all, entry.key);
        au_buf_put_u32(&all, (uint32_t)entry.value.size);
        au_buf_put_bytes(&all, entry.value);
    }
    au_kv_iter_close(&iter);
    assert_ok(all.err);
    struct au_hash hash = au_sha256(au_buf_bytes(&all));
    au_buf_done(&all);
    return hash;
}

/* ---- differences ---- */

static void expect_mended(const struct au_hash *whole)
{
    allow_writes(1);
    assert_ok(rebuild(&world.root));
    allow_writes(SIZE_MAX);
    struct au_hash hash = records_hash();
    assert_memory_equal(hash.bytes, whole->bytes, AU_HASH_SIZE);
}

static void expect_change(const char *what, struct au_bytes key, const struct au_bytes *record,
                          const struct au_hash *whole)
{
    write_one(key, record);
    expect_told(what, key);
    expect_mended(whole);
}

/* Keys beside a record's that no branch has: below it, above, and such as no branch can have. */
static void add_beside(struct au_bytes key, const struct au_hash *whole)
{
    static const char text[] = "a branch that is no part of a trie: ";
    static const struct au_bytes record = {(const uint8_t *)"x", 1};
    const size_t sizes[] = {1, AU_HASH_SIZE - 1, AU_TRIE_KEY_SIZE_MAX, 300};
    uint8_t other[301] = {0};
    memcpy(other, key.data, key.size);
    for (unsigned nibble = 0; nibble < 18; nibble++) {
        memset(other + key.size, (int)nibble, DEEP);
        expect_change(text, (struct au_bytes){other, key.size + DEEP}, &record, whole);
    }
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        expect_change(text, (struct au_bytes){other, sizes[i]}, &record, whole);
    }
    other[AU_HASH_SIZE - 1] ^= 1; /* of an owner that has no trie */
    expect_change(text, (struct au_bytes){other, key.size}, &record, whole);
}

static void test_each_record(void **state)
{
    (void)state;
    const struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    size_t count = 0, below = 0;
    world_begin(150, 30, 40);
    assert_ok(rebuild(&world.root));
    struct au_hash whole = records_hash();
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &entry) == AU_OK; count++) {
        uint8_t changed[2 * AU_TRIE_RECORD_SIZE_MAX] = {0};
        memcpy(changed, entry.value.data, entry.value.size);
        const struct au_bytes longer = {changed, sizeof(changed)};
        const struct au_bytes shorter = {changed, entry.value.size - 1};
        expect_change("a branch is missing: ", entry.key, NULL, &whole);
        expect_change("a damaged branch: ", entry.key, &longer, &whole);
        expect_change("a damaged branch: ", entry.key, &shorter, &whole);
        changed[count % entry.value.size] ^= 1;
        expect_change("a damaged branch: ", entry.key,
                      &(struct au_bytes){changed, entry.value.size}, &whole);
        if (count % 5 == 0) add_beside(entry.key, &whole);
        below += entry.key.size > AU_HASH_SIZE + 1;
    }
    au_kv_iter_close(&iter);
    assert_int_equal(verify(NULL).record_count, count);
    assert_true(count > 60 && below > 5);
    world_end();
}

/* Of many differences the one with the least key is told. */
static void test_first_difference(void **state)
{
    (void)state;
    const struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    uint8_t first[AU_TRIE_KEY_SIZE_MAX];
    size_t first_size = 0;
    world_begin(150, 30, 40);
    assert_ok(rebuild(&world.root));
    struct au_hash whole = records_hash();
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
        if (first_size == 0) memcpy(first, entry.key.data, entry.key.size);
        if (first_size == 0) first_size = entry.key.size;
        write_one(entry.key, NULL);
    }
    au_kv_iter_close(&iter);
    expect_told("a branch is missing: ", (struct au_bytes){first, first_size});
    expect_mended(&whole);
    world_end();
}

/* ---- raw keys ---- */

/* As many raw keys as slots, of which one is no slot's. */
static void test_raw_key_replaced(void **state)
{
    (void)state;
    const struct au_kv_range range = {.cf = AU_CF_KEY};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    size_t count = 0;
    world_begin(150, 30, 40);
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    for (; au_kv_iter_next(&iter, &entry) == AU_OK; count++) {
        uint8_t other[AU_HASH_SIZE + 5];
        struct au_bytes key = {other, count % 2 == 0 ? sizeof(other) : entry.key.size};
        struct au_kv_batch batch;
        memcpy(other, entry.key.data, entry.key.size);
        other[AU_HASH_SIZE + 4] = 1;
        if (count % 2 != 0) other[AU_HASH_SIZE] = 1;
        au_kv_batch_init(&batch, BATCH_MAX);
        au_kv_batch_del(&batch, AU_CF_KEY, entry.key);
        au_kv_batch_put(&batch, AU_CF_KEY, key, (struct au_bytes){0});
        assert_ok(au_kv_write(&world.kv, &batch, false));
        expect_told("a raw key that no slot has: ", key);
        au_kv_batch_clear(&batch);
        au_kv_batch_del(&batch, AU_CF_KEY, key);
        au_kv_batch_put(&batch, AU_CF_KEY, entry.key, (struct au_bytes){0});
        assert_ok(au_kv_write(&world.kv, &batch, false));
        au_kv_batch_done(&batch);
    }
    au_kv_iter_close(&iter);
    assert_int_equal(verify(NULL).slot_count, count);
    assert_int_equal(count, 200);
    world_end();
}

/* ---- while a store is written ---- */

static enum au_err prove(const struct au_kv_snapshot *snapshot, bool is_stopped, const char *text)
{
    const atomic_bool stop = is_stopped;
    const struct au_state_moment moment = {world.kv, snapshot, world.root, &stop};
    struct au_verified verified;
    struct au_buf message;
    au_buf_init(&message, 1000);
    enum au_err err = au_state_prove(&moment, &message, &verified);
    assert_int_equal(message.size > 0, err == AU_ERR_MALFORMED);
    au_buf_put_u8(&message, 0);
    if (!strstr((const char *)message.data, text)) fail_msg("%s", (const char *)message.data);
    au_buf_done(&message);
    return err;
}

/* A snapshot's state is proved, whatever the store has become; and it can be stopped. */
static void test_proved_at_a_moment(void **state)
{
    (void)state;
    const struct au_account account = {.exists = true, .balance = 1};
    static const uint8_t key[AU_HASH_SIZE] = {3};
    struct au_kv_snapshot before, after;
    struct au_kv_batch batch;
    struct au_buf record;
    world_begin(150, 30, 200);
    assert_ok(au_kv_snapshot_open(&world.kv, &before));
    au_kv_batch_init(&batch, BATCH_MAX);
    au_buf_init(&record, 1000);
    au_flat_encode_account(&record, &account);
    au_kv_batch_put(&batch, AU_CF_ACC, (struct au_bytes){key, sizeof(key)}, au_buf_bytes(&record));
    assert_ok(au_kv_write(&world.kv, &batch, false));
    assert_ok(au_kv_snapshot_open(&world.kv, &after));
    assert_ok(prove(&before, false, ""));
    assert_err(prove(&after, false, "the accounts do not give the state root of the head, but 0x"),
               AU_ERR_MALFORMED);
    assert_ok(prove(&before, true, "")); /* too little to look up */
    au_kv_snapshot_close(&before);
    au_kv_snapshot_close(&after);
    au_buf_done(&record);
    au_kv_batch_done(&batch);
    world_end();

    const size_t counts[][2] = {{9000, 1}, {3, 3000}}; /* of accounts, of one's slots */
    for (size_t i = 0; i < AU_COUNT_OF(counts); i++) {
        world_begin(counts[i][0], counts[i][0], counts[i][1]);
        assert_ok(prove(NULL, false, ""));
        assert_err(prove(NULL, true, ""), AU_ERR_UNSUPPORTED);
        world_end();
    }
}

/* ---- large states ---- */

struct heap {
    size_t before; /* bytes */
    size_t grown;  /* at most */
    size_t steps;
};

static size_t heap_size(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void look_at_heap(void *context, uint64_t entry_count)
{
    struct heap *heap = context;
    size_t size = heap_size();
    size_t grown = size > heap->before ? size - heap->before : 0;
    if (grown > heap->grown) heap->grown = grown;
    heap->steps++;
    (void)entry_count;
}

/* Behind 65,536 accounts or slots of one contract the heap has no more than at first. */
static void test_memory_is_bounded(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        size_t slot_count;
    } sizes[] = {{2 * AU_PROGRESS_STEP, 1}, {3, 2 * AU_PROGRESS_STEP}};
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        world_begin(sizes[i].count, sizes[i].count, sizes[i].slot_count);
        assert_ok(rebuild(&world.root));
        struct heap heap = {.before = heap_size()};
        const struct au_progress progress = {&heap, look_at_heap};
        struct au_verified verified = verify(&progress);
        assert_true(verified.are_records_current);
        assert_int_equal(verified.account_count, sizes[i].count);
        assert_int_equal(verified.slot_count, sizes[i].slot_count);
        assert_int_equal(heap.steps, 2);
        assert_in_range(heap.grown, 0, HEAP_MAX);
        world_end();
    }
}

static void lose_records(void)
{
    const struct au_kv_range range = {.cf = AU_CF_TRI};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    assert_ok(au_kv_iter_open(&world.kv, NULL, &range, &iter));
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
        au_kv_batch_del(&batch, AU_CF_TRI, entry.key);
    }
    au_kv_iter_close(&iter);
    au_trie_put_flushed_height(&batch, HEIGHT - 1);
    allow_writes(SIZE_MAX);
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* Records that are too many for one write, and for what is kept of them in memory: whichever write
 * is the last one, no height is said that they are not of. */
static void test_pieces(void **state)
{
    (void)state;
    static const size_t held_max[] = {SIZE_MAX, 1, 5u << 20};
    struct au_trie_heights heights;
    struct au_hash whole, other = {{1}};
    world_begin(2 * AU_PROGRESS_STEP, 1000, 3);
    struct au_hash none = records_hash();
    for (size_t i = 0; i < AU_COUNT_OF(held_max); i++) {
        assert_err(rebuild_within(&other, held_max[i]), AU_ERR_MALFORMED);
        whole = records_hash();
        assert_memory_equal(whole.bytes, none.bytes, AU_HASH_SIZE);
        allow_writes(SIZE_MAX);
        assert_ok(rebuild_within(&world.root, held_max[i]));
        size_t writes = world.writes;
        assert_true(writes > 3 && world.is_synced);
        assert_in_range(world.size_max, PIECE_MAX / 2, PIECE_MAX);
        whole = records_hash();
        for (size_t count = 0; count < writes; count++) {
            lose_records();
            allow_writes(count);
            assert_err(rebuild_within(&world.root, held_max[i]), AU_ERR_IO);
            enum au_err said = au_trie_get_heights(&world.kv, NULL, &heights);
            assert_err(said, count == 0 ? AU_OK : AU_ERR_NOT_FOUND);
            if (count == 0) assert_int_equal(heights.last, HEIGHT - 1);
            assert_false(verify(NULL).are_records_current);
            allow_writes(SIZE_MAX);
            assert_ok(rebuild_within(&world.root, held_max[i]));
            struct au_hash mended = records_hash();
            assert_memory_equal(mended.bytes, whole.bytes, AU_HASH_SIZE);
            assert_true(verify(NULL).are_records_current);
        }
        lose_records();
        none = records_hash();
    }
    world_end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_record),       cmocka_unit_test(test_first_difference),
        cmocka_unit_test(test_raw_key_replaced),  cmocka_unit_test(test_proved_at_a_moment),
        cmocka_unit_test(test_memory_is_bounded), cmocka_unit_test(test_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
