/* Entries that are put are counted, each in its family; what is counted by its content is looked
 * at. */
#include "unit/unit.h"

#include "base/hex.h"
#include "state/flat.h"
#include "state/stats.h"
#include "state/trie_node.h"
#include "state/undo_record.h"
#include "store/memkv.h"

static struct au_kv kv;
static struct au_buf message;

static void put(enum au_cf cf, struct au_bytes key, struct au_bytes value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, 4096);
    au_kv_batch_put(&batch, cf, key, value);
    assert_ok(au_kv_write(&kv, &batch, /* is_synced */ true));
    au_kv_batch_done(&batch);
}

static void put_account(uint8_t number, bool has_code)
{
    struct au_account account = {.exists = true, .balance = number, .has_code = has_code};
    struct au_hash key = {{number}};
    struct au_buf record;
    account.code_hash.bytes[0] = has_code;
    au_buf_init(&record, AU_FLAT_ACCOUNT_SIZE_MAX);
    au_flat_encode_account(&record, &account);
    put(AU_CF_ACC, (struct au_bytes){key.bytes, AU_HASH_SIZE}, au_buf_bytes(&record));
    au_buf_done(&record);
}

/* A branch with two leaves, at a nibble; start is behind the branch above. */
static void put_branch(uint8_t contract, uint8_t number, size_t start, uint8_t depth)
{
    struct au_trie_node node = {.path = {{number}}, .depth = depth, .leaves = 3};
    struct au_hash owner = {{contract}};
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    uint8_t record[AU_TRIE_RECORD_SIZE_MAX];
    node.ref_sizes[0] = node.ref_sizes[1] = AU_HASH_SIZE;
    size_t key_size = au_trie_key(key, &owner, &node.path, start);
    size_t size = au_trie_record_encode(record, &node, start);
    put(AU_CF_TRI, (struct au_bytes){key, key_size}, (struct au_bytes){record, size});
}

static void put_undo(uint64_t height)
{
    struct au_undo_key key = au_undo_key(height);
    put(AU_CF_CHG, (struct au_bytes){key.bytes, sizeof(key.bytes)}, au_bytes_of("entries"));
}

static void test_empty(void **state)
{
    (void)state;
    struct au_state_stats stats;
    const struct au_state_stats zeros = {0};
    assert_ok(au_state_stats(&kv, NULL, &message, &stats));
    assert_memory_equal(&stats, &zeros, sizeof(stats));
}

static void test_all_are_counted(void **state)
{
    (void)state;
    struct au_state_stats stats;
    put_account(1, false);
    put_account(2, true);
    put_account(3, true);
    put_branch(0, 0x10, 0, 0);
    put_branch(0, 0x10, 1, 7);
    put_branch(5, 0x10, 0, 0);
    put_branch(6, 0x10, 0, 63);
    for (uint64_t height = 250; height <= 260; height++) { /* over a byte's end */
        put_undo(height);
    }
    put(AU_CF_BLK, au_bytes_of("height 1"), au_bytes_of("header"));
    put(AU_CF_BLK, au_bytes_of("height 1 and index"), au_bytes_of("transaction"));
    put(AU_CF_BLK, au_bytes_of("height 2"), au_bytes_of("header"));
    put(AU_CF_STO, au_bytes_of("a key"), au_bytes_of("a value"));
    put(AU_CF_STO, au_bytes_of("b key"), au_bytes_of(""));
    assert_ok(au_state_stats(&kv, NULL, &message, &stats));
    assert_int_equal(stats.families[AU_CF_ACC].entry_count, 3);
    assert_int_equal(stats.families[AU_CF_ACC].key_size, 3 * AU_HASH_SIZE);
    assert_int_equal(stats.contract_count, 2);
    assert_int_equal(stats.families[AU_CF_TRI].entry_count, 4);
    assert_int_equal(stats.accounts_trie.trie_count, 1);
    assert_int_equal(stats.accounts_trie.branch_count, 2);
    assert_int_equal(stats.accounts_trie.by_depth[0], 1);
    assert_int_equal(stats.accounts_trie.by_depth[7], 1);
    assert_int_equal(stats.storage_tries.trie_count, 2);
    assert_int_equal(stats.storage_tries.branch_count, 2);
    assert_int_equal(stats.storage_tries.by_depth[0], 1);
    assert_int_equal(stats.storage_tries.by_depth[63], 1);
    assert_int_equal(stats.block_count, 2);
    assert_int_equal(stats.tx_count, 1);
    assert_int_equal(stats.undo_first, 250);
    assert_int_equal(stats.undo_last, 260);
    assert_int_equal(stats.families[AU_CF_STO].entry_count, 2);
    assert_int_equal(stats.families[AU_CF_STO].key_size, 10);
    assert_int_equal(stats.families[AU_CF_STO].value_size, 7);
    assert_int_equal(stats.families[AU_CF_BLK].entry_count, 3);
    assert_int_equal(stats.families[AU_CF_RCP].entry_count, 0);
}

/* The message is of a record of a family, or there is none. */
static void expect_told(const enum au_cf *cf, struct au_bytes key)
{
    struct au_buf expected;
    au_buf_init(&expected, 1000);
    if (cf) au_buf_printf(&expected, "a damaged record of family %s: ", au_cf_name(*cf));
    if (cf) au_hex_put(&expected, key);
    assert_true(au_bytes_is_equal(au_buf_bytes(&message), au_buf_bytes(&expected)));
    au_buf_done(&expected);
}

static void test_damage_is_told(void **state)
{
    (void)state;
    static const struct {
        enum au_cf cf;
        const char *key;
        const char *value;
    } damages[] = {
        {AU_CF_ACC, "an account's key", "no account"},
        {AU_CF_ACC, "a key of less than 32 bytes", "no account"},
        {AU_CF_TRI, "less than a hash", "12"},
        {AU_CF_TRI, "an owner's hash has 32 bytes ...", "1"},
        {AU_CF_TRI, "an owner's hash has 32 bytes ...", "1\x40"}, /* nibbles that no key has */
        {AU_CF_CHG, "a height", ""},
        {AU_CF_CHG, "no height", ""},
    };
    struct au_state_stats stats;
    for (size_t i = 0; i < AU_COUNT_OF(damages); i++) {
        struct au_bytes key = au_bytes_of(damages[i].key);
        put(damages[i].cf, key, au_bytes_of(damages[i].value));
        bool is_whole = damages[i].cf == AU_CF_CHG && key.size == AU_UNDO_KEY_SIZE;
        au_buf_clear(&message);
        assert_err(au_state_stats(&kv, NULL, &message, &stats),
                   is_whole ? AU_OK : AU_ERR_MALFORMED);
        expect_told(is_whole ? NULL : &damages[i].cf, key);
        au_kv_close(&kv);
        assert_ok(au_memkv_open(&kv));
    }
}

/* A record of a branch with a byte more, or of another place, is damaged. */
static void test_branches_are_decoded(void **state)
{
    (void)state;
    struct au_state_stats stats;
    struct au_trie_node node = {.path = {{0x10}}, .depth = 3, .leaves = 3};
    static const struct au_hash owner;
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    uint8_t record[AU_TRIE_RECORD_SIZE_MAX + 1] = {0};
    node.ref_sizes[0] = node.ref_sizes[1] = AU_HASH_SIZE;
    size_t key_size = au_trie_key(key, &owner, &node.path, 1);
    size_t size = au_trie_record_encode(record, &node, 1);
    put(AU_CF_TRI, (struct au_bytes){key, key_size}, (struct au_bytes){record, size + 1});
    assert_err(au_state_stats(&kv, NULL, &message, &stats), AU_ERR_MALFORMED);
    put(AU_CF_TRI, (struct au_bytes){key, key_size}, (struct au_bytes){record, size});
    assert_ok(au_state_stats(&kv, NULL, &message, &stats));
    key[AU_HASH_SIZE] = 16; /* no nibble */
    put(AU_CF_TRI, (struct au_bytes){key, key_size}, (struct au_bytes){record, size});
    assert_err(au_state_stats(&kv, NULL, &message, &stats), AU_ERR_MALFORMED);
}

static void note_count(void *context, uint64_t entry_count)
{
    uint64_t *steps = context;
    assert_int_equal(entry_count, ++*steps * AU_PROGRESS_STEP);
}

static void test_progress(void **state)
{
    (void)state;
    struct au_state_stats stats;
    struct au_kv_batch batch;
    uint64_t steps = 0;
    au_kv_batch_init(&batch, 16 << 20);
    for (uint32_t i = 0; i < 2 * AU_PROGRESS_STEP + 1; i++) {
        au_kv_batch_put(&batch, i % 2 ? AU_CF_STO : AU_CF_KEY,
                        (struct au_bytes){(const uint8_t *)&i, sizeof(i)}, (struct au_bytes){0});
    }
    assert_ok(au_kv_write(&kv, &batch, /* is_synced */ true));
    au_kv_batch_done(&batch);
    const struct au_progress progress = {&steps, note_count};
    assert_ok(au_state_stats(&kv, &progress, &message, &stats));
    assert_int_equal(steps, 2);
}

static int open_store(void **state)
{
    (void)state;
    au_buf_init(&message, 1000);
    return au_memkv_open(&kv) == AU_OK ? 0 : -1;
}

static int close_store(void **state)
{
    (void)state;
    au_buf_done(&message);
    au_kv_close(&kv);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_empty, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_all_are_counted, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_damage_is_told, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_branches_are_decoded, open_store, close_store),
        cmocka_unit_test_setup_teardown(test_progress, open_store, close_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
