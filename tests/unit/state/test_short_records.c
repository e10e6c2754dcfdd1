/* Goal: the readers of what the store keeps accept what the writers write, and nothing else.
 * Method: all inputs of up to three bytes, and every valid record here with each of its bytes made
 * each other one, cut at each place and made longer: what is accepted is written anew and is the
 * same bytes. */
#include "trie_fixture.h"

#include "state/undo_record.h"

#define SIZE_MAX_TESTED 1024u

/* A reader and its writer: reads a record and writes it again; false if it is refused. */
typedef bool again_fn(struct au_bytes record, struct au_buf *out);

static bool trie_again(struct au_bytes record, struct au_buf *out)
{
    static const struct au_hash path;
    struct au_trie_node node;
    uint8_t bytes[AU_TRIE_RECORD_SIZE_MAX];
    if (!au_trie_record_decode(record, &path, 3, &node)) return false;
    au_buf_put_bytes(out, (struct au_bytes){bytes, au_trie_record_encode(bytes, &node, 3)});
    return true;
}

static bool key_again(struct au_bytes key, struct au_buf *out)
{
    struct au_trie_start start;
    uint8_t bytes[AU_TRIE_KEY_SIZE_MAX];
    if (!au_trie_key_parse(key, &start)) return false;
    size_t size = au_trie_key(bytes, &start.owner, &start.path, start.start);
    au_buf_put_bytes(out, (struct au_bytes){bytes, size});
    return true;
}

static bool account_again(struct au_bytes record, struct au_buf *out)
{
    struct au_account account;
    if (!au_flat_decode_account(record, &account)) return false;
    au_flat_encode_account(out, &account);
    return true;
}

static bool slot_again(struct au_bytes record, struct au_buf *out)
{
    struct au_bytes value;
    if (!au_flat_decode_slot(record, &value)) return false;
    au_flat_encode_slot(out, value);
    return true;
}

static bool undo_again(struct au_bytes record, struct au_buf *out)
{
    struct au_decode decode;
    struct au_undo_record entry;
    au_decode_init(&decode, record);
    while (au_undo_record_next(&decode, &entry)) {
        au_undo_record_put(out, &entry);
    }
    return !decode.error;
}

static bool rlp_again(struct au_bytes record, struct au_buf *out)
{
    struct au_rlp_item item;
    while (record.size > 0) {
        if (!au_rlp_next(&record, &item)) return false;
        if (!item.is_list) {
            au_rlp_put_bytes(out, item.payload);
            continue;
        }
        struct au_rlp_list list = au_rlp_begin_list(out);
        au_buf_put_bytes(out, item.payload);
        au_rlp_end_list(out, list);
    }
    return true;
}

/* Whether a record is accepted; then it must be the only one of what it says. */
static bool check(again_fn *again, struct au_bytes record, struct au_buf *out)
{
    au_buf_clear(out);
    if (!again(record, out)) return false;
    assert_ok(out->err);
    if (!au_bytes_is_equal(au_buf_bytes(out), record)) fail_msg("%zu bytes", record.size);
    return true;
}

/* How many of all inputs of up to three bytes are accepted. */
static size_t check_short(again_fn *again)
{
    struct au_buf out;
    size_t accepted_count = 0;
    au_buf_init(&out, SIZE_MAX_TESTED);
    for (size_t size = 0; size <= 3; size++) {
        for (uint32_t i = 0; i < 1u << 8 * size; i++) {
            const uint8_t bytes[3] = {(uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16)};
            accepted_count += check(again, (struct au_bytes){bytes, size}, &out);
        }
    }
    au_buf_done(&out);
    return accepted_count;
}

/* How many changes of one byte of a valid record are accepted. */
static size_t check_changes(again_fn *again, struct au_bytes record)
{
    struct au_buf out;
    uint8_t bytes[SIZE_MAX_TESTED];
    size_t accepted_count = 0;
    au_buf_init(&out, 2 * SIZE_MAX_TESTED);
    assert_true(record.size < sizeof(bytes));
    assert_true(check(again, record, &out));
    for (size_t at = 0; at < record.size; at++) {
        for (unsigned by = 1; by < 256; by++) {
            memcpy(bytes, record.data, record.size);
            bytes[at] ^= (uint8_t)by;
            accepted_count += check(again, (struct au_bytes){bytes, record.size}, &out);
        }
        (void)check(again, (struct au_bytes){record.data, at}, &out);
    }
    memcpy(bytes, record.data, record.size);
    for (unsigned last = 0; last < 256; last++) {
        bytes[record.size] = (uint8_t)last;
        (void)check(again, (struct au_bytes){bytes, record.size + 1}, &out);
    }
    au_buf_done(&out);
    return accepted_count;
}

static void test_short_inputs(void **state)
{
    (void)state;
    assert_int_equal(check_short(trie_again), 0);
    assert_int_equal(check_short(key_again), 0);
    assert_int_equal(check_short(account_again), 0);
    assert_int_equal(check_short(slot_again), 1 + 256 + 65536); /* one first byte */
    assert_int_equal(check_short(undo_again), 1);               /* no entry at all */
    /* Items of one byte: 130; of two: 384; of three: 131072; and all rows of them. */
    assert_int_equal(check_short(rlp_again), 2445327);
}

/* A node with hashes, inlined leaves and an inlined branch. */
static void test_trie_record(void **state)
{
    (void)state;
    struct au_trie_node node = {.depth = 5, .leaves = 0x8102};
    uint8_t bytes[AU_TRIE_RECORD_SIZE_MAX];
    static const uint8_t leaf[] = {0xc2, 0x20, 0x01};
    static const uint8_t pair[] = {0xd5, 0xc2, 0x20, 1,    0xc2, 0x20, 2,    0x80,
                                   0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                   0x80, 0x80, 0x80, 0x80, 0x80, 0x80};
    const struct au_hash hash = hash_of_number(4);
    const struct {
        unsigned index;
        struct au_bytes ref;
    } children[] = {{1, {leaf, sizeof(leaf)}},
                    {2, {hash.bytes, AU_HASH_SIZE}},
                    {7, {pair, sizeof(pair)}},
                    {8, {hash.bytes, AU_HASH_SIZE}},
                    {15, {leaf, sizeof(leaf)}}};
    for (size_t i = 0; i < AU_COUNT_OF(children); i++) {
        node.ref_sizes[children[i].index] = (uint8_t)children[i].ref.size;
        memcpy(node.refs[children[i].index], children[i].ref.data, children[i].ref.size);
    }
    au_nibble_set(&node.path, 3, 9);
    au_nibble_set(&node.path, 4, 14);
    struct au_bytes record = {bytes, au_trie_record_encode(bytes, &node, 3)};
    size_t accepted_count = check_changes(trie_again, record);
    /* Those of hashes are seen by no reader of one record. None is accepted of the version, the
     * path's size, the five sizes, and the three heads of what is inlined. */
    assert_in_range(accepted_count, 2 * AU_HASH_SIZE * 255, 255 * (record.size - 10));
}

/* Any owner, and nibbles. */
static void test_trie_key(void **state)
{
    (void)state;
    const struct au_hash owner = hash_of_number(5);
    const struct au_hash path = hash_of_number(6);
    for (size_t start = 0; start < AU_NIBBLE_COUNT; start += 7) {
        uint8_t bytes[AU_TRIE_KEY_SIZE_MAX];
        struct au_bytes key = {bytes, au_trie_key(bytes, &owner, &path, start)};
        size_t nibbles_size = key.size - AU_HASH_SIZE;
        assert_int_equal(nibbles_size, start);
        assert_int_equal(check_changes(key_again, key), 255 * AU_HASH_SIZE + 15 * nibbles_size);
    }
}

/* Any numbers, hashes and addresses, and no flags but those of the fields that are there. */
static void test_accounts(void **state)
{
    (void)state;
    for (unsigned flags = 0; flags < 8; flags++) {
        struct au_buf record;
        const struct au_account account = {.exists = true,
                                           .nonce = 1,
                                           .balance = UINT64_MAX,
                                           .stake = 77,
                                           .has_storage = (flags & 1) != 0,
                                           .has_code = (flags & 2) != 0,
                                           .has_admin = (flags & 4) != 0};
        au_buf_init(&record, AU_FLAT_ACCOUNT_SIZE_MAX);
        au_flat_encode_account(&record, &account);
        assert_ok(record.err);
        size_t accepted_count = check_changes(account_again, au_buf_bytes(&record));
        assert_true(accepted_count >= 255 * (record.size - 2));
        /* Other fields of the same size in the place of those that are there. */
        assert_true(accepted_count <= 255 * (record.size - 2) + 2);
        au_buf_done(&record);
    }
}

static void test_undo_record(void **state)
{
    (void)state;
    struct au_buf bytes;
    const struct au_hash keys[3] = {hash_of_number(1), hash_of_number(2), hash_of_number(3)};
    const struct au_undo_record entries[] = {
        {AU_CF_ACC, {keys[0].bytes, AU_HASH_SIZE}, true, au_bytes_of("an account")},
        {AU_CF_STO, {keys[0].bytes, AU_FLAT_SLOT_KEY_SIZE}, true, au_bytes_of("a slot")},
        {AU_CF_STO, {keys[0].bytes, AU_FLAT_SLOT_KEY_SIZE}, false, {NULL, 0}},
        {AU_CF_KEY, {keys[1].bytes, AU_HASH_SIZE + 1}, true, {NULL, 0}},
        {AU_CF_KEY, {keys[0].bytes, AU_HASH_SIZE + 5}, false, {NULL, 0}},
    };
    au_buf_init(&bytes, SIZE_MAX_TESTED);
    for (size_t i = 0; i < AU_COUNT_OF(entries); i++) {
        au_undo_record_put(&bytes, &entries[i]);
    }
    assert_ok(bytes.err);
    assert_true(check_changes(undo_again, au_buf_bytes(&bytes)) > 0);
    au_buf_done(&bytes);
}

static void test_rlp(void **state)
{
    (void)state;
    struct au_buf bytes;
    static const uint8_t zeros[300];
    static const size_t sizes[] = {0, 1, 2, 55, 56, 255, 256};
    for (size_t i = 0; i < AU_COUNT_OF(sizes); i++) {
        au_buf_init(&bytes, SIZE_MAX_TESTED);
        struct au_rlp_list list = au_rlp_begin_list(&bytes);
        au_rlp_put_bytes(&bytes, (struct au_bytes){zeros, sizes[i]});
        au_rlp_put_u64(&bytes, 1000);
        au_rlp_end_list(&bytes, list);
        au_rlp_put_bytes(&bytes, (struct au_bytes){zeros, sizes[i]});
        assert_ok(bytes.err);
        assert_true(check_changes(rlp_again, au_buf_bytes(&bytes)) > 0);
        au_buf_done(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_short_inputs), cmocka_unit_test(test_trie_record),
        cmocka_unit_test(test_trie_key),     cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_undo_record),  cmocka_unit_test(test_rlp),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
