/* Chunks of states that the real commit made: read into another store they give the same families,
 * records of tries too, whatever the size of chunks. Then everything that chunks may not be. */
#include "unit/unit.h"

#include "core/decode.h"
#include "crypto/sha256.h"
#include "state/commit.h"
#include "state/snapshot.h"
#include "store/memkv.h"

#define MEMORY_MAX ((size_t)256 << 20)
#define CHUNKS_MAX 4096u
#define CODES      5u

/* The format of chunks, and kinds of items. */
#define FORMAT 1u
enum kind { END, ACCOUNT, SLOT, CODE };

static const struct au_seed seed = {{1, 2}};
static const struct au_commit_sizes sizes = {1 << 20, 1000, 1000};

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
    struct au_hash root;
    struct au_buf chunks[CHUNKS_MAX];
    uint32_t chunk_count;
    uint32_t end_count;
};

/* What a state is made of. */
struct shape {
    size_t account_count;
    size_t contract_count;
    size_t slots_max; /* of a contract */
    size_t value_size_max;
};

/* ---- states ---- */

static struct au_address address_of(size_t number)
{
    struct au_address address = {0};
    memcpy(address.bytes, &number, sizeof(number));
    address.bytes[31] = 1;
    return address;
}

static struct au_bytes code_of(size_t number)
{
    static const char text[] = "codes of five kinds";
    return (struct au_bytes){(const uint8_t *)text, number % CODES};
}

static void put_contract(struct au_overlay *overlay, const struct shape *shape, size_t number,
                         uint64_t *random)
{
    struct au_address address = address_of(number);
    size_t count = random_below(random, shape->slots_max + 1);
    uint8_t *value = malloc(shape->value_size_max + 1);
    assert_non_null(value);
    for (size_t i = 0; i < count; i++) {
        uint8_t key[256] = {0};
        memcpy(key, &i, sizeof(i));
        size_t key_size = random_below(random, 8) == 0 ? sizeof(key) : sizeof(i);
        size_t size = random_below(random, shape->value_size_max + 1);
        for (size_t j = 0; j < size; j++) {
            value[j] = (uint8_t)random_below(random, 256);
        }
        assert_ok(au_overlay_put_slot(overlay, &address, (struct au_bytes){key, key_size},
                                      (struct au_bytes){value, size}));
    }
    free(value);
}

static void put_all(struct au_overlay *overlay, const struct shape *shape, uint64_t *random)
{
    for (size_t i = 0; i < shape->account_count; i++) {
        struct au_address address = address_of(i);
        struct au_account account = {.exists = true, .balance = 1 + random_below(random, 1 << 30)};
        account.nonce = random_below(random, 3);
        if (i < shape->contract_count) {
            account.has_code = true;
            account.code_hash = au_sha256(code_of(i));
            account.has_admin = i % 2 == 0;
            if (account.has_admin) account.admin = address_of(i + 1);
        }
        assert_ok(au_overlay_put_account(overlay, &address, account));
        if (i < shape->contract_count) put_contract(overlay, shape, i, random);
    }
}

static void seal(struct world *world, const struct shape *shape, uint64_t *random)
{
    struct au_commit commit;
    struct au_flat flat;
    struct au_overlay overlay;
    struct au_kv_batch batch;
    au_flat_init(&flat, &world->kv, NULL);
    struct au_state_source source = au_flat_source(&flat);
    assert_ok(au_commit_init(&commit, &world->kv, &seed, &sizes));
    au_overlay_init(&overlay, &seed, &source, MEMORY_MAX);
    au_kv_batch_init(&batch, MEMORY_MAX);
    put_all(&overlay, shape, random);
    for (size_t i = 0; i < CODES && i < shape->contract_count; i++) {
        struct au_hash hash = au_sha256(code_of(i));
        au_kv_batch_put(&batch, AU_CF_COD, (struct au_bytes){hash.bytes, AU_HASH_SIZE}, code_of(i));
    }
    assert_ok(au_commit_seal(&commit, &overlay, 1, &batch, &world->root));
    assert_ok(au_kv_write(&world->kv, &batch, false));
    au_commit_done(&commit);
    assert_ok(au_commit_flush(&commit));
    au_commit_finish(&commit);
    au_kv_batch_done(&batch);
    au_overlay_done(&overlay);
    au_flat_done(&flat);
}

/* ---- chunks ---- */

static enum au_err put_chunk(void *context, uint32_t index, struct au_bytes chunk)
{
    struct world *world = context;
    assert_int_equal(index, world->chunk_count);
    assert_true(index < CHUNKS_MAX);
    au_buf_init(&world->chunks[index], AU_CHUNK_SIZE_MAX);
    au_buf_put_bytes(&world->chunks[index], chunk);
    world->chunk_count++;
    return AU_OK;
}

static enum au_err put_end(void *context, uint32_t index, struct au_bytes end)
{
    struct world *world = context;
    assert_int_equal(index, world->end_count);
    assert_true(index < world->chunk_count);
    au_buf_put_bytes(&world->chunks[index], end);
    assert_ok(world->chunks[index].err);
    world->end_count++;
    return AU_OK;
}

static void drop_chunks(struct world *world)
{
    for (size_t i = 0; i < world->chunk_count; i++) {
        au_buf_done(&world->chunks[i]);
    }
    world->chunk_count = 0;
    world->end_count = 0;
}

static struct au_chunks_count write_chunks(struct world *world, size_t chunk_size)
{
    const struct au_chunks_source source = {
        .kv = world->kv, .root = world->root, .chunk_size = chunk_size, .keys_max = 5};
    const struct au_chunk_sink sink = {world, put_chunk, put_end};
    struct au_chunks_count count;
    struct au_buf message;
    drop_chunks(world);
    au_buf_init(&message, 1024);
    assert_ok(au_chunks_write(&source, &sink, &message, &count));
    assert_int_equal(message.size, 0);
    assert_int_equal(count.chunk_count, world->chunk_count);
    assert_int_equal(count.chunk_count, world->end_count);
    au_buf_done(&message);
    return count;
}

static struct world *world_new(const struct shape *shape, uint64_t random)
{
    struct world *world = calloc(1, sizeof(*world));
    assert_non_null(world);
    assert_ok(au_memkv_open(&world->kv));
    seal(world, shape, &random);
    return world;
}

static void world_free(struct world *world)
{
    drop_chunks(world);
    au_kv_close(&world->kv);
    free(world);
}

/* ---- reading ---- */

/* Reads chunks by their numbers. Gives how many were accepted; the message tells of the next. */
static size_t read_chunks(const struct world *world, const size_t *numbers, size_t count,
                          struct au_kv *into, struct au_buf *message)
{
    struct au_chunks_reader *reader;
    size_t accepted = 0;
    assert_ok(au_chunks_reader_new(&world->root, &reader));
    while (accepted < count) {
        struct au_kv_batch batch;
        bool is_last = accepted + 1 == count;
        struct au_bytes chunk = au_buf_bytes(&world->chunks[numbers[accepted]]);
        au_kv_batch_init(&batch, MEMORY_MAX);
        enum au_err err = au_chunks_read(reader, chunk, is_last, into ? &batch : NULL, message);
        if (err == AU_OK && into) err = au_kv_write(into, &batch, false);
        au_kv_batch_done(&batch);
        if (err == AU_ERR_MALFORMED) break;
        assert_ok(err);
        accepted++;
    }
    au_chunks_reader_free(reader);
    return accepted;
}

static void assert_same_family(const struct au_kv *a, const struct au_kv *b, enum au_cf cf)
{
    struct au_kv_range range = {.cf = cf};
    struct au_kv_iter iters[2];
    struct au_kv_entry entries[2];
    assert_ok(au_kv_iter_open(a, NULL, &range, &iters[0]));
    assert_ok(au_kv_iter_open(b, NULL, &range, &iters[1]));
    while (au_kv_iter_next(&iters[0], &entries[0]) == AU_OK) {
        assert_ok(au_kv_iter_next(&iters[1], &entries[1]));
        assert_true(au_bytes_is_equal(entries[0].key, entries[1].key));
        assert_true(au_bytes_is_equal(entries[0].value, entries[1].value));
    }
    assert_err(au_kv_iter_next(&iters[1], &entries[1]), AU_ERR_NOT_FOUND);
    au_kv_iter_close(&iters[0]);
    au_kv_iter_close(&iters[1]);
}

static void check_round(struct world *world, size_t chunk_size)
{
    static const enum au_cf families[] = {AU_CF_ACC, AU_CF_STO, AU_CF_KEY, AU_CF_COD, AU_CF_TRI};
    struct au_kv into;
    struct au_buf message;
    size_t numbers[CHUNKS_MAX];
    write_chunks(world, chunk_size);
    for (size_t i = 0; i < world->chunk_count; i++) {
        numbers[i] = i;
    }
    au_buf_init(&message, 1024);
    assert_ok(au_memkv_open(&into));
    assert_int_equal(read_chunks(world, numbers, world->chunk_count, &into, &message),
                     world->chunk_count);
    assert_int_equal(message.size, 0);
    for (size_t i = 0; i < AU_COUNT_OF(families); i++) {
        assert_same_family(&world->kv, &into, families[i]);
    }
    au_kv_close(&into);
    au_buf_done(&message);
}

static void test_states_come_again(void **state)
{
    (void)state;
    static const struct shape shapes[] = {
        {0, 0, 0, 0},    {1, 0, 0, 0},    {2, 0, 0, 0},       {1, 1, 1, 1},      {2, 2, 3, 0},
        {40, 30, 6, 40}, {300, 3, 70, 3}, {20, 20, 200, 100}, {2000, 40, 20, 9}, {300, 2, 900, 300},
    };
    static const size_t chunk_sizes[] = {0, 4000, 300, 1};
    for (size_t i = 0; i < AU_COUNT_OF(shapes); i++) {
        struct world *world = world_new(&shapes[i], 11 + i);
        for (size_t j = 0; j < AU_COUNT_OF(chunk_sizes); j++) {
            check_round(world, chunk_sizes[j]);
        }
        if (i < 2) assert_int_equal(world->chunk_count, i);
        world_free(world);
    }
}

/* ---- what is refused ---- */

static const struct shape small = {12, 6, 9, 12};

static void refuse(const struct world *world, const size_t *numbers, size_t count,
                   size_t accepted_expected)
{
    struct au_buf message;
    au_buf_init(&message, 1024);
    assert_int_equal(read_chunks(world, numbers, count, NULL, &message), accepted_expected);
    assert_ok(message.err);
    assert_true(message.size > 0);
    au_buf_done(&message);
}

static void test_every_bit_counts(void **state)
{
    (void)state;
    struct world *world = world_new(&small, 5);
    write_chunks(world, 400);
    assert_true(world->chunk_count > 3);
    size_t numbers[CHUNKS_MAX];
    for (size_t i = 0; i < world->chunk_count; i++) {
        numbers[i] = i;
    }
    for (size_t i = 0; i < world->chunk_count; i++) {
        struct au_buf *chunk = &world->chunks[i];
        for (size_t bit = 0; bit < 8 * chunk->size; bit += 1 + bit % 3) {
            chunk->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
            refuse(world, numbers, world->chunk_count, i);
            chunk->data[bit / 8] ^= (uint8_t)(1u << bit % 8);
        }
        size_t size = chunk->size;
        for (chunk->size = 0; chunk->size < size; chunk->size++) {
            refuse(world, numbers, world->chunk_count, i);
        }
        au_buf_put_u8(chunk, 0);
        refuse(world, numbers, world->chunk_count, i);
        chunk->size = size;
    }
    world_free(world);
}

static void test_every_chunk_has_its_place(void **state)
{
    (void)state;
    struct world *world = world_new(&small, 6);
    write_chunks(world, 500);
    size_t count = world->chunk_count;
    assert_true(count > 3 && count < 64);
    for (size_t i = 0; i < count; i++) {
        size_t numbers[65];
        bool is_last = i + 1 == count;
        for (size_t j = 0; j <= count; j++) { /* doubled */
            numbers[j] = j <= i ? j : j - 1;
        }
        refuse(world, numbers, count + 1, i + 1);
        for (size_t j = 0; j + 1 < count; j++) { /* dropped */
            numbers[j] = j < i ? j : j + 1;
        }
        refuse(world, numbers, count - 1, i < count - 1 ? i : count - 2);
        if (is_last) break;
        for (size_t j = 0; j < count; j++) { /* swapped */
            numbers[j] = j == i ? i + 1 : j == i + 1 ? i : j;
        }
        refuse(world, numbers, count, i);
    }
    world->root.bytes[7] ^= 1;
    refuse(world, (const size_t[]){0}, 1, 0);
    world_free(world);
}

/* Wherever chunks are cut, between accounts or within a contract: without those at the end the rest
 * is no state. */
static void test_the_end_is_missed(void **state)
{
    (void)state;
    static size_t numbers[CHUNKS_MAX];
    struct world *world = world_new(&small, 7);
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        numbers[i] = i;
    for (size_t chunk_size = 1; chunk_size < 1500; chunk_size += 41) {
        write_chunks(world, chunk_size);
        for (size_t count = 1; count < world->chunk_count; count++)
            refuse(world, numbers, count, count - 1);
    }
    world_free(world);
}

/* A chunk that ends with an account, or with all of its storage, has no edge of storage: with
 * one it is refused. */
static void test_edges_of_nothing(void **state)
{
    (void)state;
    static const uint8_t none[4], longer[] = {1, 0, 0, 0, 0x80};
    static size_t numbers[CHUNKS_MAX];
    struct world *world = world_new(&small, 9);
    size_t tried_count = 0;
    for (size_t i = 0; i < CHUNKS_MAX; i++)
        numbers[i] = i;
    for (size_t chunk_size = 1; chunk_size < 600; chunk_size += 59) {
        write_chunks(world, chunk_size);
        for (size_t i = 0; i < world->chunk_count; i++) {
            struct au_buf *chunk = &world->chunks[i];
            chunk->size -= sizeof(none);
            if (memcmp(chunk->data + chunk->size, none, sizeof(none)) == 0) {
                au_buf_put(chunk, longer, sizeof(longer));
                refuse(world, numbers, world->chunk_count, i);
                chunk->size -= 1;
                memcpy(chunk->data + chunk->size - sizeof(none), none, sizeof(none));
                tried_count++;
            } else {
                chunk->size += sizeof(none);
            }
        }
    }
    assert_true(tried_count > 20);
    world_free(world);
}

/* ---- items of chunks ---- */

#define ITEMS_MAX 64u

/* A chunk: its format, accounts, slots and codes, an end. */
struct items {
    struct au_buf bytes;
    struct au_bytes items[ITEMS_MAX];
    size_t count; /* with the end */
};

static void split(const struct au_buf *chunk, struct items *items)
{
    struct au_decode decode;
    au_buf_init(&items->bytes, AU_CHUNK_SIZE_MAX);
    au_buf_put_bytes(&items->bytes, au_buf_bytes(chunk));
    au_decode_init(&decode, au_buf_bytes(&items->bytes));
    (void)au_decode_u8(&decode);
    for (items->count = 0; decode.rest.size > 0; items->count++) {
        struct au_bytes *item = &items->items[items->count];
        struct au_hash key;
        assert_true(items->count < ITEMS_MAX);
        item->data = decode.rest.data;
        uint8_t kind = au_decode_u8(&decode);
        if (kind == ACCOUNT) au_decode_raw(&decode, key.bytes, AU_HASH_SIZE);
        (void)au_decode_bytes(&decode, UINT32_MAX);
        if (kind == SLOT || kind == END) {
            (void)au_decode_bytes(&decode, UINT32_MAX);
        }
        assert_null(decode.error);
        item->size = (size_t)(decode.rest.data - item->data);
    }
    assert_true(items->count > 1);
}

/* Puts at a place of the items `put` in the place of so many; then the chunk is refused. */
static void refuse_with(struct world *world, size_t index, const struct items *items, size_t at,
                        size_t gone_count, const struct au_bytes *put, size_t put_count)
{
    static size_t numbers[CHUNKS_MAX];
    struct au_buf *chunk = &world->chunks[index];
    au_buf_clear(chunk);
    au_buf_put_u8(chunk, FORMAT);
    for (size_t i = 0; i <= items->count; i++) {
        for (size_t j = 0; i == at && j < put_count; j++)
            au_buf_put_bytes(chunk, put[j]);
        bool is_gone = i >= at && i < at + gone_count;
        if (i < items->count && !is_gone) au_buf_put_bytes(chunk, items->items[i]);
    }
    assert_ok(chunk->err);
    for (size_t i = 0; i < world->chunk_count; i++)
        numbers[i] = i;
    refuse(world, numbers, world->chunk_count, index);
    au_buf_clear(chunk);
    au_buf_put_bytes(chunk, au_buf_bytes(&items->bytes));
}

/* Each item dropped, doubled and swapped with the next one; each code before each item. */
static void change_items(struct world *world, size_t index, const struct au_bytes *codes,
                         size_t code_count)
{
    struct items items;
    split(&world->chunks[index], &items);
    for (size_t i = 0; i < items.count; i++) {
        const struct au_bytes *item = &items.items[i];
        refuse_with(world, index, &items, i, 1, NULL, 0);
        refuse_with(world, index, &items, i, 0, item, 1);
        if (i + 1 < items.count) {
            refuse_with(world, index, &items, i, 2, (struct au_bytes[]){item[1], item[0]}, 2);
        }
        for (size_t j = 0; j < code_count; j++)
            refuse_with(world, index, &items, i, 0, &codes[j], 1);
    }
    au_buf_done(&items.bytes);
}

/* A chunk of no item, with the end of the one before, is none. */
static void refuse_empty_chunk(struct world *world, size_t index)
{
    static size_t numbers[CHUNKS_MAX];
    struct items items;
    struct au_buf *chunk = &world->chunks[world->chunk_count];
    split(&world->chunks[index], &items);
    au_buf_init(chunk, AU_CHUNK_SIZE_MAX);
    au_buf_put_u8(chunk, FORMAT);
    au_buf_put_bytes(chunk, items.items[items.count - 1]);
    for (size_t i = 0; i <= world->chunk_count; i++) {
        numbers[i] = i <= index ? i : i == index + 1 ? world->chunk_count : i - 1;
    }
    refuse(world, numbers, world->chunk_count + 1, index + 1);
    au_buf_done(chunk);
    au_buf_done(&items.bytes);
}

static void test_every_item_has_its_place(void **state)
{
    (void)state;
    struct world *world = world_new(&small, 10);
    struct au_buf bytes;
    struct au_bytes codes[CODES];
    au_buf_init(&bytes, 4096);
    for (size_t i = 0; i < CODES; i++) {
        struct au_bytes code = code_of(i);
        au_buf_put_u8(&bytes, CODE);
        au_buf_put_u32(&bytes, (uint32_t)code.size);
        au_buf_put_bytes(&bytes, code);
    }
    for (size_t i = 0, at = 0; i < CODES; i++) {
        codes[i] = (struct au_bytes){bytes.data + at, 5 + code_of(i).size};
        at += codes[i].size;
    }
    for (size_t chunk_size = 200; chunk_size < 1000; chunk_size += 350) {
        write_chunks(world, chunk_size);
        assert_true(world->chunk_count > 1);
        for (size_t i = 0; i < world->chunk_count; i++) {
            change_items(world, i, codes, CODES);
            refuse_empty_chunk(world, i);
        }
    }
    au_buf_done(&bytes);
    world_free(world);
}

/* ---- stores that are damaged ---- */

static void expect_damage(struct world *world, enum au_cf cf, struct au_bytes key,
                          struct au_bytes value, const char *what)
{
    const struct au_chunks_source source = {.kv = world->kv, .root = world->root};
    const struct au_chunk_sink sink = {world, put_chunk, put_end};
    struct au_chunks_count count;
    struct au_kv_batch batch;
    struct au_buf message;
    drop_chunks(world);
    au_kv_batch_init(&batch, MEMORY_MAX);
    if (value.data) {
        au_kv_batch_put(&batch, cf, key, value);
    } else {
        au_kv_batch_del(&batch, cf, key);
    }
    assert_ok(au_kv_write(&world->kv, &batch, false));
    au_buf_init(&message, 1024);
    assert_err(au_chunks_write(&source, &sink, &message, &count), AU_ERR_MALFORMED);
    au_buf_put_u8(&message, 0);
    assert_ok(message.err);
    assert_non_null(strstr((const char *)message.data, what));
    au_buf_done(&message);
    au_kv_batch_done(&batch);
}

static void damage(enum au_cf cf, bool is_lost, const char *what)
{
    struct world *world = world_new(&small, 8);
    struct au_kv_range range = {.cf = cf};
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    uint8_t key[512], value[512];
    assert_ok(au_kv_iter_open(&world->kv, NULL, &range, &iter));
    assert_ok(au_kv_iter_next(&iter, &entry));
    size_t key_size = entry.key.size, size = entry.value.size;
    memcpy(key, entry.key.data, key_size);
    memcpy(value, entry.value.data, size);
    au_kv_iter_close(&iter);
    if (!is_lost) value[size - 1] ^= 1;
    expect_damage(world, cf, (struct au_bytes){key, key_size},
                  is_lost ? (struct au_bytes){0} : (struct au_bytes){value, size}, what);
    world_free(world);
}

static void test_damaged_stores_are_refused(void **state)
{
    (void)state;
    damage(AU_CF_ACC, false, "do not give the s");
    damage(AU_CF_STO, false, "the slots do not give the storage root of account 0x");
    damage(AU_CF_STO, true, "0x");
    damage(AU_CF_KEY, true, "the store lacks the key of slot 0x");
    damage(AU_CF_COD, true, "the store lacks code 0x");

    struct world *world = world_new(&small, 8);
    const uint8_t nobody[64] = {0}, record[] = {1, 2};
    expect_damage(world, AU_CF_STO, (struct au_bytes){nobody, sizeof(nobody)},
                  (struct au_bytes){record, sizeof(record)}, "a slot of no account: 0x");
    world_free(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_states_come_again),
        cmocka_unit_test(test_every_bit_counts),
        cmocka_unit_test(test_every_chunk_has_its_place),
        cmocka_unit_test(test_the_end_is_missed),
        cmocka_unit_test(test_edges_of_nothing),
        cmocka_unit_test(test_every_item_has_its_place),
        cmocka_unit_test(test_damaged_stores_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
