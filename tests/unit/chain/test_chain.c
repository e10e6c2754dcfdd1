/* Blocks, transactions and receipts in a store: all cases over the store in memory and over the one
 * on disk. */
#include "chain/chain.h"

#include <sys/stat.h>

#include "base/hex.h"
#include "core/merkle.h"
#include "unit/chain/store_fixture.h"

#define BATCH_MAX  ((size_t)1 << 20)
#define RECORD_MAX 4096u /* bytes of a record that a test damages */
#define ROOM       16u   /* items a test asks for */

/* Where the order of bytes and the width of numbers could go wrong. */
static const uint64_t edges[] = {
    0, 1, 255, 256, UINT32_MAX, UINT64_C(1) << 32, UINT64_MAX - 1, UINT64_MAX};

/* ---- a chain ---- */

static struct au_address address_of(uint8_t person)
{
    struct au_address address;
    memset(address.bytes, person, sizeof(address.bytes));
    return address;
}

static struct au_header header_of(uint64_t height, uint32_t tx_count)
{
    struct au_header header = {
        .version = AU_HEADER_VERSION,
        .chain_id_size = 4,
        .chain_id = "test",
        .height = height,
        .time_ms = height ^ 0x5555,
        .proposer = address_of(9),
        .gas_limit = 1000,
        .tx_count = tx_count,
    };
    return header;
}

/* An id, a signature and a receipt of their own for each place. */
struct item {
    struct au_tx tx;
    struct au_receipt receipt;
    struct au_buf bytes; /* the encoded transaction */
};

static void item_init(struct item *item, enum au_tx_kind kind, uint8_t from, uint8_t to,
                      struct au_chain_place place)
{
    *item = (struct item){
        .tx = {.version = AU_TX_VERSION,
               .from = address_of(from),
               .nonce = place.height,
               .gas_price = 1000,
               .kind = kind,
               .amount = place.index},
        .receipt = {.gas_used = 7, .fee = 7000, .height = place.height, .index = place.index},
    };
    item->receipt.note = au_bytes_of("a note");
    if (kind == AU_TX_TRANSFER || kind == AU_TX_CALL || kind == AU_TX_UPGRADE) {
        item->tx.to = address_of(to);
    }
    if (kind == AU_TX_CALL) item->tx.function = au_bytes_of("run");
    if (kind == AU_TX_CALL || kind == AU_TX_DEPLOY || kind == AU_TX_UPGRADE) {
        item->tx.gas_limit = 100;
        item->tx.amount = 0;
        item->tx.code = kind == AU_TX_CALL ? (struct au_bytes){0} : au_bytes_of("code");
    }
    if (kind == AU_TX_DEPLOY) {
        item->receipt.has_created = true;
        item->receipt.created = address_of(to);
    }
    au_buf_init(&item->bytes, AU_TX_SIZE_MAX);
    au_tx_encode(&item->bytes, &item->tx);
    assert_ok(item->bytes.err);
    item->receipt.id = au_tx_id(au_buf_bytes(&item->bytes));
}

static void write_batch(struct au_kv_batch *batch)
{
    assert_ok(au_kv_write(&fixture.kv, batch, false));
    au_kv_batch_done(batch);
}

/* Writes a transaction and gives its id. */
static struct au_hash put_tx(enum au_tx_kind kind, uint8_t from, uint8_t to,
                             struct au_chain_place place)
{
    struct item item;
    struct au_kv_batch batch;
    item_init(&item, kind, from, to, place);
    au_kv_batch_init(&batch, BATCH_MAX);
    au_chain_put_tx(&batch, &item.receipt, au_buf_bytes(&item.bytes));
    write_batch(&batch);
    au_buf_done(&item.bytes);
    return item.receipt.id;
}

static void put_block(uint64_t height, uint32_t tx_count)
{
    struct au_header header = header_of(height, tx_count);
    struct au_hash hash = au_header_hash(&header);
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    au_chain_put_block(&batch, &header, &hash);
    write_batch(&batch);
}

static void put_raw(enum au_cf cf, struct au_bytes key, struct au_bytes value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_MAX);
    au_kv_batch_put(&batch, cf, key, value);
    write_batch(&batch);
}

static bool is_same_header(const struct au_header *a, const struct au_header *b)
{
    struct au_hash x = au_header_hash(a);
    struct au_hash y = au_header_hash(b);
    return au_hash_is_equal(&x, &y);
}

/* ---- headers ---- */

static void test_headers_by_height_and_hash(void **state)
{
    struct au_chain_reader *reader = &((struct fixture *)*state)->reader;
    for (size_t i = 0; i < AU_COUNT_OF(edges); i++)
        put_block(edges[i], 0);
    for (size_t i = 0; i < AU_COUNT_OF(edges); i++) {
        struct au_header expected = header_of(edges[i], 0);
        struct au_header header;
        struct au_hash hash = au_header_hash(&expected);
        uint64_t height;
        assert_ok(au_chain_header(reader, edges[i], &header));
        assert_true(is_same_header(&header, &expected));
        assert_ok(au_chain_height(reader, &hash, &height));
        assert_true(height == edges[i]);
    }
}

static void test_unknown(void **state)
{
    struct au_chain_reader *reader = &((struct fixture *)*state)->reader;
    const struct au_hash hash = {{1}};
    const struct au_chain_place place = {1, 0};
    struct au_header header;
    struct au_chain_place found;
    struct au_tx tx;
    struct au_bytes bytes;
    struct au_receipt receipt;
    uint64_t height;
    put_block(2, 0);
    put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){1, 1});
    put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){2, 0});
    assert_err(au_chain_header(reader, 1, &header), AU_ERR_NOT_FOUND);
    assert_err(au_chain_height(reader, &hash, &height), AU_ERR_NOT_FOUND);
    assert_err(au_chain_place(reader, &hash, &found), AU_ERR_NOT_FOUND);
    assert_err(au_chain_tx(reader, place, &tx, &bytes), AU_ERR_NOT_FOUND);
    assert_err(au_chain_receipt(reader, place, &receipt), AU_ERR_NOT_FOUND);
}

/* Checks the heights that a listing gives, in order. */
static void expect_headers(uint64_t from, enum au_chain_order order, size_t count_max,
                           const uint64_t *heights, size_t count)
{
    struct au_header headers[ROOM];
    size_t found = ROOM;
    assert_true(count_max <= ROOM);
    assert_ok(au_chain_headers(&fixture.reader, from, order, count_max, headers, &found));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        struct au_header expected = header_of(heights[i], 0);
        assert_true(is_same_header(&headers[i], &expected));
    }
}

static void test_header_lists(void **state)
{
    static const struct {
        uint64_t from;
        enum au_chain_order order;
        size_t count_max;
        uint64_t heights[4];
        size_t count;
    } cases[] = {
        {0, AU_CHAIN_UPWARD, ROOM, {0, 1}, 2},
        {0, AU_CHAIN_UPWARD, 1, {0}, 1},
        {0, AU_CHAIN_UPWARD, 0, {0}, 0},
        {2, AU_CHAIN_UPWARD, ROOM, {0}, 0},
        {1, AU_CHAIN_DOWNWARD, ROOM, {1, 0}, 2},
        {1, AU_CHAIN_DOWNWARD, 1, {1}, 1},
        {0, AU_CHAIN_DOWNWARD, ROOM, {0}, 1},
        {254, AU_CHAIN_UPWARD, ROOM, {254, 255, 256, 257}, 4},
        {254, AU_CHAIN_UPWARD, 3, {254, 255, 256}, 3},
        {257, AU_CHAIN_DOWNWARD, ROOM, {257, 256, 255, 254}, 4},
        {256, AU_CHAIN_DOWNWARD, 2, {256, 255}, 2},
        {UINT32_MAX, AU_CHAIN_UPWARD, ROOM, {UINT32_MAX, UINT64_C(1) << 32}, 2},
        {UINT64_C(1) << 32, AU_CHAIN_DOWNWARD, ROOM, {UINT64_C(1) << 32, UINT32_MAX}, 2},
        {UINT64_MAX, AU_CHAIN_UPWARD, ROOM, {UINT64_MAX}, 1},
        {UINT64_MAX, AU_CHAIN_DOWNWARD, ROOM, {UINT64_MAX, UINT64_MAX - 1}, 2},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(edges); i++)
        put_block(edges[i], 0);
    put_block(254, 0);
    put_block(257, 0);
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        expect_headers(cases[i].from, cases[i].order, cases[i].count_max, cases[i].heights,
                       cases[i].count);
    }
}

/* ---- transactions and receipts ---- */

static void expect_tx(const struct item *item)
{
    struct au_chain_reader *reader = &fixture.reader;
    struct au_chain_place place;
    struct au_tx tx;
    struct au_bytes bytes;
    struct au_receipt receipt;
    assert_ok(au_chain_place(reader, &item->receipt.id, &place));
    assert_true(place.height == item->receipt.height && place.index == item->receipt.index);
    assert_ok(au_chain_tx(reader, place, &tx, &bytes));
    assert_ok(au_chain_receipt(reader, place, &receipt));

    /* A receipt and a header do not end what a transaction borrows, nor the other way round. */
    struct au_header header;
    assert_err(au_chain_header(reader, 77, &header), AU_ERR_NOT_FOUND);
    assert_true(au_bytes_is_equal(bytes, au_buf_bytes(&item->bytes)));
    assert_int_equal(tx.kind, item->tx.kind);
    assert_true(au_bytes_is_equal(tx.code, item->tx.code));
    assert_true(au_bytes_is_equal(receipt.note, item->receipt.note));
    struct au_hash expected = au_receipt_digest(&item->receipt);
    struct au_hash digest = au_receipt_digest(&receipt);
    assert_true(au_hash_is_equal(&digest, &expected));
    assert_true(au_hash_is_equal(&receipt.id, &item->receipt.id));
}

static void test_txs(void **state)
{
    static const uint32_t indices[] = {0, 1, 255, 256, UINT32_MAX};
    (void)state;
    for (int is_read = 0; is_read < 2; is_read++) {
        for (size_t i = 0; i < AU_COUNT_OF(edges) * AU_COUNT_OF(indices); i++) {
            const struct au_chain_place place = {edges[i / AU_COUNT_OF(indices)],
                                                 indices[i % AU_COUNT_OF(indices)]};
            enum au_tx_kind kind = (enum au_tx_kind)(i % AU_TX_KIND_COUNT);
            struct item item;
            item_init(&item, kind, 1, 2, place);
            if (is_read) expect_tx(&item);
            if (!is_read) (void)put_tx(kind, 1, 2, place);
            au_buf_done(&item.bytes);
        }
    }
}

static void test_leaves(void **state)
{
    struct au_chain_reader *reader = &((struct fixture *)*state)->reader;
    for (size_t i = 0; i < AU_COUNT_OF(edges); i++) {
        struct au_hash expected[3], ids[3], digests[3];
        for (uint32_t index = 0; index < 3; index++) {
            expected[index] =
                put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){edges[i], index});
        }
        struct au_header header = header_of(edges[i], 3);
        assert_ok(au_chain_leaves(reader, &header, ids, digests));
        assert_memory_equal(ids, expected, sizeof(ids));
        for (uint32_t index = 0; index < 3; index++) {
            struct au_receipt receipt;
            const struct au_chain_place place = {edges[i], index};
            assert_ok(au_chain_receipt(reader, place, &receipt));
            struct au_hash digest = au_receipt_digest(&receipt);
            assert_true(au_hash_is_equal(&digests[index], &digest));
        }
        struct au_hash root = au_merkle_root_of(expected, 3), path[AU_MERKLE_DEPTH_MAX];
        uint32_t path_count = au_merkle_prove(ids, 3, 2, path);
        assert_true(au_merkle_verify(&root, &expected[2], 2, 3, path, path_count));

        assert_ok(au_chain_leaves(reader, &header, NULL, NULL));
        header.tx_count = 2;
        assert_err(au_chain_leaves(reader, &header, ids, digests), AU_ERR_MALFORMED);
        header.tx_count = 4;
        assert_err(au_chain_leaves(reader, &header, NULL, NULL), AU_ERR_MALFORMED);
    }
    struct au_header empty = header_of(1000, 0);
    assert_ok(au_chain_leaves(reader, &empty, NULL, NULL));
}

static void test_leaves_with_a_gap(void **state)
{
    struct au_chain_reader *reader = &((struct fixture *)*state)->reader;
    struct au_hash ids[2];
    put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){5, 0});
    put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){5, 2});
    struct au_header header = header_of(5, 2);
    assert_err(au_chain_leaves(reader, &header, ids, NULL), AU_ERR_MALFORMED);
}

/* ---- histories ---- */

/* Checks one page of a history, given as places and roles. */
static void expect_history(uint8_t person, const struct au_chain_place *before, size_t count_max,
                           const struct au_chain_entry *expected, size_t count)
{
    struct au_chain_entry entries[64];
    struct au_address address = address_of(person);
    size_t found = AU_COUNT_OF(entries);
    assert_true(count_max <= AU_COUNT_OF(entries));
    assert_ok(au_chain_history(
        &fixture.reader,
        &(struct au_chain_page){.address = &address, .before = before, .count_max = count_max},
        entries, &found));
    assert_int_equal(found, count);
    for (size_t i = 0; i < count; i++) {
        assert_true(entries[i].place.height == expected[i].place.height);
        assert_int_equal(entries[i].place.index, expected[i].place.index);
        assert_int_equal(entries[i].roles, expected[i].roles);
    }
}

static void test_roles(void **state)
{
    static const struct {
        enum au_tx_kind kind;
        uint8_t from, to, from_roles, to_roles; /* to_roles 0: nobody */
    } cases[] = {
        {AU_TX_TRANSFER, 1, 2, AU_CHAIN_ROLE_SENDER, AU_CHAIN_ROLE_TARGET},
        {AU_TX_TRANSFER, 3, 3, AU_CHAIN_ROLE_SENDER | AU_CHAIN_ROLE_TARGET, 0},
        {AU_TX_DEPLOY, 4, 5, AU_CHAIN_ROLE_SENDER, AU_CHAIN_ROLE_CREATED},
        {AU_TX_CALL, 6, 7, AU_CHAIN_ROLE_SENDER, AU_CHAIN_ROLE_TARGET},
        {AU_TX_STAKE, 8, 0, AU_CHAIN_ROLE_SENDER, 0},
        {AU_TX_UNSTAKE, 10, 0, AU_CHAIN_ROLE_SENDER, 0},
        {AU_TX_UPGRADE, 11, 12, AU_CHAIN_ROLE_SENDER, AU_CHAIN_ROLE_TARGET},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        const struct au_chain_place place = {i, (uint32_t)i + 1};
        put_tx(cases[i].kind, cases[i].from, cases[i].to, place);
        expect_history(cases[i].from, NULL, ROOM,
                       &(struct au_chain_entry){place, cases[i].from_roles}, 1);
        if (cases[i].to_roles == 0) continue;
        expect_history(cases[i].to, NULL, ROOM, &(struct au_chain_entry){place, cases[i].to_roles},
                       1);
    }
    expect_history(0, NULL, ROOM, NULL, 0);
    expect_history(99, NULL, ROOM, NULL, 0);
}

/* The history of person 0xff, whose key is the last of all, over edges of heights and indices, in
 * pages of every size and from every place. */
static void test_history_pages(void **state)
{
    static const uint32_t indices[] = {UINT32_MAX, 256, 255, 1, 0};
    struct au_chain_entry all[AU_COUNT_OF(edges) * AU_COUNT_OF(indices)];
    const size_t count = AU_COUNT_OF(all);
    (void)state;
    for (size_t i = 0; i < count; i++) {
        size_t height = AU_COUNT_OF(edges) - 1 - i / AU_COUNT_OF(indices);
        all[i].place = (struct au_chain_place){edges[height], indices[i % AU_COUNT_OF(indices)]};
        all[i].roles = AU_CHAIN_ROLE_SENDER;
        put_tx(AU_TX_STAKE, 0xff, 0, all[i].place);
    }
    put_tx(AU_TX_STAKE, 0xfe, 0, (struct au_chain_place){3, 3});
    for (size_t page = 1; page <= count + 1; page++) {
        expect_history(0xff, NULL, page, all, page < count ? page : count);
    }
    for (size_t i = 0; i < count; i++) {
        size_t left = count - 1 - i;
        expect_history(0xff, &all[i].place, count, all + i + 1, left);
        expect_history(0xff, &all[i].place, 2, all + i + 1, left < 2 ? left : 2);
        expect_history(0xff, &all[i].place, 0, NULL, 0);
    }
}

static void test_history_before_a_foreign_place(void **state)
{
    const struct au_chain_entry entries[] = {{{256, 1}, AU_CHAIN_ROLE_SENDER},
                                             {{255, 1}, AU_CHAIN_ROLE_SENDER}};
    (void)state;
    put_tx(AU_TX_STAKE, 1, 0, entries[0].place);
    put_tx(AU_TX_STAKE, 1, 0, entries[1].place);
    expect_history(1, &(struct au_chain_place){256, 2}, ROOM, entries, 2);
    expect_history(1, &(struct au_chain_place){256, 0}, ROOM, entries + 1, 1);
    expect_history(1, &(struct au_chain_place){255, 2}, ROOM, entries + 1, 1);
    expect_history(1, &(struct au_chain_place){255, 0}, ROOM, NULL, 0);
    expect_history(1, &(struct au_chain_place){0, 0}, ROOM, NULL, 0);
}

/* ---- snapshots ---- */

static void test_snapshot(void **state)
{
    const struct fixture *now = *state;
    const struct au_chain_place place = {2, 0};
    const struct au_address address = address_of(1);
    struct au_kv_snapshot snapshot;
    struct au_chain_reader reader;
    put_block(1, 0);
    assert_ok(au_kv_snapshot_open(&now->kv, &snapshot));
    put_block(2, 1);
    struct au_hash id = put_tx(AU_TX_STAKE, 1, 0, place);

    struct au_header headers[2];
    struct au_chain_place found;
    struct au_tx tx;
    struct au_bytes bytes;
    struct au_receipt receipt;
    struct au_chain_entry entry;
    size_t count;
    au_chain_reader_init(&reader, &now->kv, &snapshot);
    assert_ok(au_chain_headers(&reader, 1, AU_CHAIN_UPWARD, 2, headers, &count));
    assert_int_equal(count, 1);
    assert_err(au_chain_place(&reader, &id, &found), AU_ERR_NOT_FOUND);
    assert_err(au_chain_tx(&reader, place, &tx, &bytes), AU_ERR_NOT_FOUND);
    assert_err(au_chain_receipt(&reader, place, &receipt), AU_ERR_NOT_FOUND);
    assert_ok(au_chain_history(
        &reader, &(struct au_chain_page){.address = &address, .count_max = 1}, &entry, &count));
    assert_int_equal(count, 0);
    struct au_header sealed = header_of(2, 1);
    assert_err(au_chain_leaves(&reader, &sealed, NULL, NULL), AU_ERR_MALFORMED);
    au_chain_reader_done(&reader);
    au_kv_snapshot_close(&snapshot);

    expect_history(1, NULL, 1, &(struct au_chain_entry){place, AU_CHAIN_ROLE_SENDER}, 1);
    assert_ok(au_chain_leaves(&fixture.reader, &sealed, NULL, NULL));
}

/* ---- damage ---- */

/* The records of height 5, index 0, in the encoding that the header of this layer promises. */
static const uint8_t at_5[] = {0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0};
static const struct au_bytes height_5 = {at_5, 8};
static const struct au_bytes place_5 = {at_5, 12};

enum damage { DAMAGE_EMPTY, DAMAGE_SHORT, DAMAGE_LONG, DAMAGE_FIRST, DAMAGE_COUNT };

/* Damages a record in one of the ways and writes it back. */
static void damage_record(enum au_cf cf, struct au_bytes key, struct au_bytes record,
                          enum damage damage)
{
    uint8_t bytes[RECORD_MAX];
    size_t size = record.size;
    assert_true(size > 0 && size < sizeof(bytes));
    memcpy(bytes, record.data, size);
    bytes[size] = 0;
    if (damage == DAMAGE_EMPTY) size = 0;
    if (damage == DAMAGE_SHORT) size--;
    if (damage == DAMAGE_LONG) size++;
    if (damage == DAMAGE_FIRST) bytes[0] ^= 0xff;
    put_raw(cf, key, (struct au_bytes){bytes, size});
}

/* A reading of what belongs to the transaction with an id. */
static enum au_err read_header(const struct au_hash *id)
{
    struct au_header header;
    (void)id;
    return au_chain_header(&fixture.reader, 5, &header);
}

static enum au_err read_headers(const struct au_hash *id)
{
    struct au_header headers[2];
    size_t count;
    (void)id;
    return au_chain_headers(&fixture.reader, 5, AU_CHAIN_UPWARD, 2, headers, &count);
}

static enum au_err read_tx(const struct au_hash *id)
{
    struct au_tx tx;
    struct au_bytes bytes;
    (void)id;
    return au_chain_tx(&fixture.reader, (struct au_chain_place){5, 0}, &tx, &bytes);
}

static enum au_err read_receipt(const struct au_hash *id)
{
    struct au_receipt receipt;
    (void)id;
    return au_chain_receipt(&fixture.reader, (struct au_chain_place){5, 0}, &receipt);
}

static enum au_err read_leaves(const struct au_hash *id)
{
    const struct au_header header = header_of(5, 1);
    (void)id;
    return au_chain_leaves(&fixture.reader, &header, NULL, NULL);
}

static enum au_err read_place(const struct au_hash *id)
{
    struct au_chain_place place;
    return au_chain_place(&fixture.reader, id, &place);
}

static enum au_err read_height(const struct au_hash *id)
{
    const struct au_header header = header_of(5, 1);
    struct au_hash hash = au_header_hash(&header);
    uint64_t height;
    (void)id;
    return au_chain_height(&fixture.reader, &hash, &height);
}

static enum au_err read_history(const struct au_hash *id)
{
    const struct au_address address = address_of(1);
    struct au_chain_entry entries[2];
    size_t count;
    (void)id;
    return au_chain_history(&fixture.reader,
                            &(struct au_chain_page){.address = &address, .count_max = 2}, entries,
                            &count);
}

struct record {
    enum au_cf cf;
    struct au_bytes key;
    enum au_err (*read)(const struct au_hash *id);
    bool has_first; /* another first byte shows */
};

static void expect_damage(const struct record *record, const struct au_hash *id)
{
    struct au_buf whole;
    au_buf_init(&whole, RECORD_MAX);
    assert_ok(au_kv_get(&fixture.kv, NULL, record->cf, record->key, &whole));
    for (int damage = 0; damage < DAMAGE_COUNT; damage++) {
        if (damage == DAMAGE_FIRST && !record->has_first) continue;
        assert_ok(record->read(id));
        damage_record(record->cf, record->key, au_buf_bytes(&whole), (enum damage)damage);
        assert_err(record->read(id), AU_ERR_MALFORMED);
        put_raw(record->cf, record->key, au_buf_bytes(&whole));
    }
    au_buf_done(&whole);
}

static void test_damage(void **state)
{
    (void)state;
    put_block(5, 1);
    struct au_hash id = put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){5, 0});
    const struct au_header header = header_of(5, 1);
    struct au_hash hash = au_header_hash(&header);
    uint8_t by_hash[1 + AU_HASH_SIZE] = {'b'};
    uint8_t history[1 + AU_ADDRESS_SIZE + sizeof(at_5)] = {'a'};
    memcpy(by_hash + 1, hash.bytes, AU_HASH_SIZE);
    memset(history + 1, 1, AU_ADDRESS_SIZE);
    for (size_t i = 0; i < sizeof(at_5); i++) {
        history[1 + AU_ADDRESS_SIZE + i] = (uint8_t)~at_5[i];
    }
    const struct record records[] = {
        {AU_CF_BLK, height_5, read_header, true},
        {AU_CF_BLK, height_5, read_headers, true},
        {AU_CF_BLK, place_5, read_tx, true},
        {AU_CF_RCP, place_5, read_receipt, true},
        {AU_CF_RCP, place_5, read_leaves, true},
        {AU_CF_TXI, {id.bytes, AU_HASH_SIZE}, read_place, false},
        {AU_CF_IDX, {by_hash, sizeof(by_hash)}, read_height, false},
        {AU_CF_IDX, {history, sizeof(history)}, read_history, true},
    };
    for (size_t i = 0; i < AU_COUNT_OF(records); i++)
        expect_damage(&records[i], &id);
}

/* Whole records at a place that is not theirs. */
static void test_exchanged_records(void **state)
{
    static const uint8_t at_6[] = {0, 0, 0, 0, 0, 0, 0, 6};
    struct au_chain_reader *reader = &((struct fixture *)*state)->reader;
    struct au_header header;
    struct au_buf record;
    au_buf_init(&record, RECORD_MAX);
    put_block(6, 1);
    put_tx(AU_TX_TRANSFER, 1, 2, (struct au_chain_place){5, 1});
    assert_ok(au_kv_get(&fixture.kv, NULL, AU_CF_BLK, (struct au_bytes){at_6, 8}, &record));
    put_raw(AU_CF_BLK, height_5, au_buf_bytes(&record));
    assert_err(au_chain_header(reader, 5, &header), AU_ERR_MALFORMED);

    static const uint8_t at_5_1[] = {0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 1};
    assert_ok(au_kv_get(&fixture.kv, NULL, AU_CF_RCP, (struct au_bytes){at_5_1, 12}, &record));
    put_raw(AU_CF_RCP, place_5, au_buf_bytes(&record));
    assert_err(read_receipt(NULL), AU_ERR_MALFORMED);
    assert_err(read_leaves(NULL), AU_ERR_MALFORMED);
    au_buf_done(&record);
}

/* A record larger than its kind can be. */
static void test_record_too_large(void **state)
{
    static const uint8_t zeros[AU_HEADER_SIZE_MAX + 1];
    (void)state;
    put_raw(AU_CF_BLK, height_5, (struct au_bytes){zeros, sizeof(zeros)});
    assert_err(read_header(NULL), AU_ERR_MALFORMED);
}

/* A key of a history with a byte behind it. */
static void test_history_key_too_long(void **state)
{
    uint8_t key[1 + AU_ADDRESS_SIZE + sizeof(at_5) + 1] = {'a'};
    static const uint8_t roles = AU_CHAIN_ROLE_SENDER;
    (void)state;
    memset(key + 1, 1, AU_ADDRESS_SIZE);
    put_raw(AU_CF_IDX, (struct au_bytes){key, sizeof(key) - 1}, (struct au_bytes){&roles, 1});
    assert_ok(read_history(NULL));
    put_raw(AU_CF_IDX, (struct au_bytes){key, sizeof(key)}, (struct au_bytes){&roles, 1});
    assert_err(read_history(NULL), AU_ERR_MALFORMED);
}

/* ---- writers ---- */

static void test_batch_too_small(void **state)
{
    const struct fixture *now = *state;
    struct au_header header = header_of(1, 0);
    struct au_hash hash = au_header_hash(&header);
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, 64);
    au_chain_put_block(&batch, &header, &hash);
    assert_err(au_kv_write(&now->kv, &batch, false), AU_ERR_TOO_LARGE);
    au_kv_batch_done(&batch);
    assert_err(au_chain_header(&fixture.reader, 1, &header), AU_ERR_NOT_FOUND);
}

/* A receipt that no reader would take back is the batch's error. */
static void test_receipt_too_large(void **state)
{
    const struct fixture *now = *state;
    struct item item;
    struct au_kv_batch batch;
    uint8_t *slots = calloc(1, AU_RECEIPT_SIZE_MAX);
    assert_non_null(slots);
    item_init(&item, AU_TX_STAKE, 1, 0, (struct au_chain_place){1, 0});
    item.receipt.slots = (struct au_items){{slots, AU_RECEIPT_SIZE_MAX}, 1};
    au_kv_batch_init(&batch, (size_t)AU_RECEIPT_SIZE_MAX * 2);
    au_chain_put_tx(&batch, &item.receipt, au_buf_bytes(&item.bytes));
    assert_err(au_kv_write(&now->kv, &batch, false), AU_ERR_TOO_LARGE);
    au_kv_batch_done(&batch);
    au_buf_done(&item.bytes);
    free(slots);
}

/* What must be the same on disk for ever: the changes that a deployment by 1s of 2s makes. */
static void test_record_bytes(void **state)
{
    static const struct {
        enum au_cf cf;
        const char *key, *value; /* hex; NULL: the id, or a value not looked at */
    } expected[] = {
        {AU_CF_RCP, "0x0102030405060708090a0b0c", NULL},
        {AU_CF_BLK, "0x0102030405060708090a0b0c", NULL},
        {AU_CF_TXI, NULL, "0x0102030405060708090a0b0c"},
        {AU_CF_IDX,
         "0x610101010101010101010101010101010101010101010101010101010101010101"
         "fefdfcfbfaf9f8f7f6f5f4f3",
         "0x01"},
        {AU_CF_IDX,
         "0x610202020202020202020202020202020202020202020202020202020202020202"
         "fefdfcfbfaf9f8f7f6f5f4f3",
         "0x04"},
    };
    struct item item;
    struct au_kv_batch batch;
    struct au_kv_op op;
    struct au_buf hex;
    size_t offset = 0;
    (void)state;
    item_init(&item, AU_TX_DEPLOY, 1, 2, (struct au_chain_place){0x0102030405060708u, 0x090a0b0cu});
    au_buf_init(&hex, RECORD_MAX);
    au_kv_batch_init(&batch, BATCH_MAX);
    au_chain_put_tx(&batch, &item.receipt, au_buf_bytes(&item.bytes));
    assert_int_equal(batch.count, AU_COUNT_OF(expected));
    for (size_t i = 0; i < AU_COUNT_OF(expected); i++) {
        assert_true(au_kv_batch_next(&batch, &offset, &op));
        assert_int_equal(op.cf, expected[i].cf);
        assert_false(op.is_del);
        au_buf_clear(&hex);
        au_hex_put(&hex, op.key);
        if (expected[i].key) assert_bytes(au_buf_bytes(&hex), expected[i].key);
        if (!expected[i].key) assert_memory_equal(op.key.data, item.receipt.id.bytes, AU_HASH_SIZE);
        au_buf_clear(&hex);
        au_hex_put(&hex, op.value);
        if (expected[i].value) assert_bytes(au_buf_bytes(&hex), expected[i].value);
    }
    au_kv_batch_done(&batch);
    au_buf_done(&hex);
    au_buf_done(&item.bytes);
}

#define CASE(test, open, where)                         \
    {                                                   \
        where ": " #test, test, open, close_store, NULL \
    }
#define CASES(open, where)                                                                        \
    CASE(test_headers_by_height_and_hash, open, where), CASE(test_unknown, open, where),          \
        CASE(test_header_lists, open, where), CASE(test_txs, open, where),                        \
        CASE(test_leaves, open, where), CASE(test_leaves_with_a_gap, open, where),                \
        CASE(test_roles, open, where), CASE(test_history_pages, open, where),                     \
        CASE(test_history_before_a_foreign_place, open, where), CASE(test_snapshot, open, where), \
        CASE(test_damage, open, where), CASE(test_exchanged_records, open, where),                \
        CASE(test_record_too_large, open, where), CASE(test_history_key_too_long, open, where),   \
        CASE(test_batch_too_small, open, where), CASE(test_receipt_too_large, open, where),       \
        CASE(test_record_bytes, open, where)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASES(open_memory, "memory"),
        CASES(open_disk, "disk"),
    };
    return cmocka_run_group_tests_name("chain", tests, NULL, NULL);
}
