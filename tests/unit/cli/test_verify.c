/* `aureon proof verify`: proofs made from a store hold, and nothing near them does. */
#include "unit/unit.h"

#include "base/hex.h"
#include "cli/cli.h"
#include "core/merkle.h"
#include "core/tx_json.h"
#include "crypto/sha256.h"
#include "state/flat.h"
#include "state/proof.h"
#include "state/trie.h"
#include "store/memkv.h"

#define ACCOUNT_COUNT 40u
#define SLOT_COUNT    30u
#define TX_COUNT      5u
#define BATCH_SIZE    (1u << 20)
#define TEXT_SIZE_MAX (1u << 20)
#define NONE          UINT32_MAX

/* A state with accounts 0..ACCOUNT_COUNT - 1, of which number 0 is a contract with slots, and a
 * block over it. */
struct world {
    struct au_kv kv;
    struct au_trie_cache cache;
    struct au_header header;
    struct au_hash storage_root; /* of account 0 */
    struct au_hash ids[TX_COUNT];
    struct au_hash digests[TX_COUNT];
    struct au_buf document; /* the proof under test */
    char path[64];
    char block[2 * AU_HASH_SIZE + 3];
};

static struct au_hash hash_of(unsigned number, unsigned kind)
{
    const uint8_t bytes[2] = {(uint8_t)number, (uint8_t)kind};
    return au_sha256((struct au_bytes){bytes, sizeof(bytes)});
}

static struct au_address address_of(unsigned number)
{
    struct au_address address;
    struct au_hash hash = hash_of(number, 0);
    memcpy(address.bytes, hash.bytes, AU_ADDRESS_SIZE);
    return address;
}

static struct au_bytes bytes_of(const struct au_hash *hash)
{
    return (struct au_bytes){hash->bytes, AU_HASH_SIZE};
}

static int compare(const void *a, const void *b)
{
    const struct au_trie_update *left = a;
    const struct au_trie_update *right = b;
    return memcmp(left->key.bytes, right->key.bytes, AU_HASH_SIZE);
}

static struct au_hash apply(struct world *world, struct au_trie_batch *batch,
                            struct au_trie_update *updates)
{
    struct au_trie_root root;
    qsort(updates, batch->update_count, sizeof(*updates), compare);
    batch->updates = updates;
    assert_ok(au_trie_apply(&world->cache, batch, &root));
    assert_false(root.is_empty);
    return root.hash;
}

/* Slot i: key "k" and i, value i + 1 bytes. */
static struct au_hash put_slots(struct world *world, struct au_kv_batch *records)
{
    static struct au_buf leaves[SLOT_COUNT];
    struct au_trie_update updates[SLOT_COUNT];
    struct au_address contract = address_of(0);
    struct au_hash halves[2] = {au_flat_account_key(&contract)};
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        const uint8_t key[2] = {'k', (uint8_t)i};
        uint8_t value[SLOT_COUNT];
        struct au_buf record;
        memset(value, (int)i, sizeof(value));
        au_buf_init(&record, 256);
        au_buf_init(&leaves[i], 256);
        struct au_bytes bytes = {value, i + 1};
        halves[1] = au_flat_key_hash((struct au_bytes){key, sizeof(key)});
        au_flat_encode_slot(&record, bytes);
        au_flat_slot_leaf(&leaves[i], bytes);
        au_kv_batch_put(records, AU_CF_STO,
                        (struct au_bytes){halves[0].bytes, AU_FLAT_SLOT_KEY_SIZE},
                        au_buf_bytes(&record));
        updates[i] = (struct au_trie_update){.key = halves[1], .value = au_buf_bytes(&leaves[i])};
        au_buf_done(&record);
    }
    struct au_trie_batch batch = {.owner = halves[0], .update_count = SLOT_COUNT};
    struct au_hash root = apply(world, &batch, updates);
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        au_buf_done(&leaves[i]);
    }
    return root;
}

static struct au_hash put_accounts(struct world *world, const struct au_hash *storage_root,
                                   struct au_kv_batch *records)
{
    static struct au_buf leaves[ACCOUNT_COUNT];
    struct au_trie_update updates[ACCOUNT_COUNT];
    for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
        struct au_address address = address_of(i);
        struct au_hash key = au_flat_account_key(&address);
        struct au_account account = {.exists = true, .nonce = i, .balance = 1000 + i};
        struct au_buf record;
        if (i == 0) {
            account.has_storage = account.has_code = account.has_admin = true;
            account.storage_root = *storage_root;
            account.code_hash = hash_of(0, 9);
            account.admin = address_of(1);
        }
        au_buf_init(&record, 256);
        au_buf_init(&leaves[i], 256);
        au_flat_encode_account(&record, &account);
        au_flat_account_leaf(&leaves[i], &account);
        au_kv_batch_put(records, AU_CF_ACC, bytes_of(&key), au_buf_bytes(&record));
        updates[i] = (struct au_trie_update){.key = key, .value = au_buf_bytes(&leaves[i])};
        au_buf_done(&record);
    }
    struct au_trie_batch batch = {.update_count = ACCOUNT_COUNT};
    struct au_hash root = apply(world, &batch, updates);
    for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
        au_buf_done(&leaves[i]);
    }
    return root;
}

/* Receipt i: number 0 created something, number 1 reverted, all have a line. */
static struct au_receipt receipt_of(unsigned number)
{
    static const uint8_t line[] = "\x05\0\0\0hello";
    struct au_receipt receipt = {
        .outcome = number == 1 ? AU_OUTCOME_REVERTED : AU_OUTCOME_SUCCESS,
        .revert_code = number == 1 ? 7 : 0,
        .gas_used = 5000 + number,
        .fee = 9000 + number,
        .has_created = number == 0,
        .output = {(const uint8_t *)"output", 6},
        .logs = {{line, sizeof(line) - 1}, 1},
    };
    if (number == 0) receipt.created = address_of(0);
    return receipt;
}

static struct world *world_open(void)
{
    static const struct au_seed seed = {{1, 2}};
    struct world *world = calloc(1, sizeof(*world));
    struct au_kv_batch records;
    assert_non_null(world);
    assert_ok(au_memkv_open(&world->kv));
    assert_ok(au_trie_cache_init(&world->cache, &world->kv, &seed, 1 << 20));
    au_kv_batch_init(&records, BATCH_SIZE);
    world->storage_root = put_slots(world, &records);
    struct au_header header = {.version = AU_HEADER_VERSION, .chain_id_size = 4, .height = 12};
    memcpy(header.chain_id, "test", 4);
    header.state_root = put_accounts(world, &world->storage_root, &records);
    assert_ok(au_kv_write(&world->kv, &records, false));
    au_trie_cache_commit(&world->cache);
    assert_ok(au_trie_cache_flush(&world->cache, header.height));
    au_kv_batch_done(&records);

    for (unsigned i = 0; i < TX_COUNT; i++) {
        struct au_receipt receipt = receipt_of(i);
        world->ids[i] = hash_of(i, 1);
        world->digests[i] = au_receipt_digest(&receipt);
    }
    header.tx_count = TX_COUNT;
    header.tx_root = au_merkle_root_of(world->ids, TX_COUNT);
    header.receipts_root = au_merkle_root_of(world->digests, TX_COUNT);
    world->header = header;
    struct au_hash hash = au_header_hash(&header);
    memcpy(world->block, "0x", 2);
    for (size_t i = 0; i < AU_HASH_SIZE; i++) {
        snprintf(world->block + 2 + 2 * i, 3, "%02x", hash.bytes[i]);
    }
    au_buf_init(&world->document, TEXT_SIZE_MAX);
    snprintf(world->path, sizeof(world->path), "/tmp/aureon-verify-XXXXXX");
    int fd = mkstemp(world->path);
    assert_true(fd >= 0);
    close(fd);
    return world;
}

static void world_close(struct world *world)
{
    unlink(world->path);
    au_buf_done(&world->document);
    au_trie_cache_done(&world->cache);
    au_kv_close(&world->kv);
    free(world);
}

/* ---- documents, as a node makes them ---- */

static void put_hex(struct au_json_write *json, const char *name, struct au_bytes bytes)
{
    au_json_write_key(json, name);
    au_json_write_hex(json, bytes);
}

static void begin(struct world *world, struct au_json_write *json)
{
    au_buf_clear(&world->document);
    au_json_write_init(json, &world->document, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(json);
}

static void end(struct world *world, struct au_json_write *json)
{
    struct au_buf header;
    au_buf_init(&header, AU_HEADER_SIZE_MAX);
    au_header_encode(&header, &world->header);
    put_hex(json, "header", au_buf_bytes(&header));
    au_json_write_end_object(json);
    au_json_write_finish(json);
    assert_ok(world->document.err);
    au_buf_done(&header);
}

static void put_proof(struct world *world, struct au_json_write *json, const char *name,
                      const struct au_hash *owner, const struct au_hash *key)
{
    struct au_flat flat;
    struct au_buf proof;
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    size_t count = 0;
    au_flat_init(&flat, &world->kv, NULL);
    au_buf_init(&proof, TEXT_SIZE_MAX);
    const struct au_proof_source source = {&flat, NULL, owner};
    assert_ok(au_proof_make(&source, key, &proof));
    assert_true(au_proof_split(au_buf_bytes(&proof), nodes, &count));
    au_json_write_key(json, name);
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_hex(json, nodes[i]);
    }
    au_json_write_end_array(json);
    au_buf_done(&proof);
    au_flat_done(&flat);
}

static void put_claims(struct au_json_write *json, uint64_t balance)
{
    au_json_write_key(json, "account");
    au_json_write_begin_object(json);
    au_json_put_u64(json, "balance", balance);
    au_json_write_end_object(json);
}

static void make_account(struct world *world, unsigned number, uint64_t told_balance)
{
    static const struct au_hash accounts = {{0}};
    struct au_json_write json;
    struct au_address address = address_of(number);
    struct au_hash key = au_flat_account_key(&address);
    begin(world, &json);
    au_json_put_address(&json, "address", &address);
    au_json_write_key(&json, "height");
    au_json_write_u64(&json, world->header.height);
    put_hex(&json, "state_root", bytes_of(&world->header.state_root));
    put_proof(world, &json, "account_proof", &accounts, &key);
    if (number < ACCOUNT_COUNT) put_claims(&json, told_balance);
    end(world, &json);
}

/* The members of a slot of account 0's trie, or of none: then there is no value. */
static void put_slot(struct world *world, struct au_json_write *json, const struct au_hash *owner,
                     unsigned number)
{
    const uint8_t name[2] = {'k', (uint8_t)number};
    uint8_t value[SLOT_COUNT];
    struct au_address contract = address_of(0);
    struct au_hash first = au_flat_account_key(&contract);
    struct au_hash key = au_flat_key_hash((struct au_bytes){name, sizeof(name)});
    put_proof(world, json, "storage_proof", owner, &key);
    put_hex(json, "key", (struct au_bytes){name, sizeof(name)});
    if (!au_hash_is_equal(owner, &first) || number >= SLOT_COUNT) return;
    memset(value, (int)number, sizeof(value));
    put_hex(json, "value", (struct au_bytes){value, number + 1});
}

static void make_slot(struct world *world, unsigned contract, unsigned number)
{
    static const struct au_hash accounts = {{0}};
    struct au_json_write json;
    struct au_address address = address_of(contract);
    struct au_hash owner = au_flat_account_key(&address);
    begin(world, &json);
    au_json_put_address(&json, "address", &address);
    au_json_put_address(&json, "contract", &address);
    if (contract == 0) put_hex(&json, "storage_root", bytes_of(&world->storage_root));
    put_proof(world, &json, "account_proof", &accounts, &owner);
    if (contract < ACCOUNT_COUNT) put_claims(&json, 1000 + contract);
    put_slot(world, &json, &owner, number);
    end(world, &json);
}

/* Account 0 with three slots, one of which is absent, account 2, and one that is absent. */
static void make_many(struct world *world)
{
    static const struct au_hash accounts = {{0}};
    static const unsigned numbers[] = {0, 2, ACCOUNT_COUNT};
    static const unsigned slots[] = {3, SLOT_COUNT, 4};
    struct au_json_write json;
    begin(world, &json);
    put_hex(&json, "state_root", bytes_of(&world->header.state_root));
    au_json_write_key(&json, "accounts");
    au_json_write_begin_array(&json);
    for (size_t i = 0; i < AU_COUNT_OF(numbers); i++) {
        struct au_address address = address_of(numbers[i]);
        struct au_hash owner = au_flat_account_key(&address);
        au_json_write_begin_object(&json);
        au_json_put_address(&json, "address", &address);
        put_proof(world, &json, "account_proof", &accounts, &owner);
        if (numbers[i] < ACCOUNT_COUNT) put_claims(&json, 1000 + numbers[i]);
        if (i == 0) put_hex(&json, "storage_root", bytes_of(&world->storage_root));
        au_json_write_key(&json, "slots");
        au_json_write_begin_array(&json);
        for (size_t j = 0; i == 0 && j < AU_COUNT_OF(slots); j++) {
            au_json_write_begin_object(&json);
            put_slot(world, &json, &owner, slots[j]);
            au_json_write_end_object(&json);
        }
        au_json_write_end_array(&json);
        au_json_write_end_object(&json);
    }
    au_json_write_end_array(&json);
    end(world, &json);
}

static void put_path(struct au_json_write *json, const char *name, const struct au_hash *leaves,
                     uint32_t index)
{
    struct au_hash path[AU_MERKLE_DEPTH_MAX];
    uint32_t count = au_merkle_prove(leaves, TX_COUNT, index, path);
    au_json_write_key(json, name);
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < count; i++) {
        au_json_write_hex(json, bytes_of(&path[i]));
    }
    au_json_write_end_array(json);
}

static void put_core(struct au_json_write *json, uint32_t index)
{
    struct au_receipt receipt = receipt_of(index);
    struct au_buf core;
    au_buf_init(&core, 1024);
    au_receipt_encode_core(&core, &receipt);
    put_hex(json, "receipt", au_buf_bytes(&core));
    au_buf_done(&core);
}

/* receipt: the number of the one that is told; NONE: none is. */
static void make_tx(struct world *world, uint32_t index, uint32_t receipt)
{
    struct au_json_write json;
    begin(world, &json);
    au_json_write_key(&json, "index");
    au_json_write_u32(&json, index);
    au_json_write_key(&json, "count");
    au_json_write_u32(&json, TX_COUNT);
    put_hex(&json, "tx_root", bytes_of(&world->header.tx_root));
    put_hex(&json, "id", bytes_of(&world->ids[index]));
    put_hex(&json, "digest", bytes_of(&world->digests[index]));
    put_path(&json, "tx_path", world->ids, index);
    put_path(&json, "receipt_path", world->digests, index);
    if (receipt != NONE) put_core(&json, receipt);
    end(world, &json);
}

/* ---- the command ---- */

/* Verifies the document; out_text, unless NULL, gets the result, which the caller frees. */
static enum au_exit verify(struct world *world, const char *block, char **out_text)
{
    const char *argv[] = {"aureon", "proof", "verify", world->path, "--json", "--block", block};
    char *text[2] = {NULL, NULL};
    size_t sizes[2] = {0, 0};
    FILE *file = fopen(world->path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(world->document.data, 1, world->document.size, file),
                     world->document.size);
    fclose(file);
    const struct au_streams streams = {
        .out = open_memstream(&text[0], &sizes[0]),
        .err = open_memstream(&text[1], &sizes[1]),
    };
    enum au_exit code = au_cli_main(block == NULL ? 5 : 7, argv, &streams);
    fclose(streams.out);
    fclose(streams.err);
    assert_true((code == AU_EXIT_DONE) == (sizes[0] > 0));
    assert_true((code == AU_EXIT_DONE) == (sizes[1] == 0));
    free(text[1]);
    if (out_text != NULL) {
        *out_text = text[0];
    } else {
        free(text[0]);
    }
    return code;
}

static void assert_proved(struct world *world, const char *expected)
{
    char *text = NULL;
    assert_int_equal(verify(world, world->block, &text), AU_EXIT_DONE);
    assert_non_null(strstr(text, expected));
    assert_non_null(strstr(text, world->block));
    free(text);
    assert_int_equal(verify(world, NULL, NULL), AU_EXIT_DONE);
}

static bool is_digit_of_hex(uint8_t byte)
{
    return byte != 0 && strchr("0123456789abcdef", byte) != NULL;
}

/* One digit of every byte that the document has in hex, changed. */
static void assert_nothing_near(struct world *world)
{
    uint8_t *data = world->document.data;
    bool is_hex = false;
    size_t count = 0;
    for (size_t i = 2; i < world->document.size; i++) {
        if (data[i - 2] == '"' && data[i - 1] == '0' && data[i] == 'x') {
            is_hex = true;
        } else if (is_hex && is_digit_of_hex(data[i])) {
            if (i % 2 != 0) continue;
            uint8_t before = data[i];
            data[i] = before == '7' ? '8' : '7';
            assert_int_not_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
            data[i] = before;
            count++;
        } else {
            is_hex = false;
        }
    }
    assert_true(count > AU_HEADER_SIZE_MAX / 2);
    assert_int_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
}

/* Puts in the document's place what is before, middle and behind it. */
static void expect_refused_as(struct world *world, const struct au_buf *whole, size_t start,
                              struct au_bytes middle, size_t end)
{
    au_buf_clear(&world->document);
    au_buf_put(&world->document, whole->data, start);
    au_buf_put_bytes(&world->document, middle);
    au_buf_put(&world->document, whole->data + end, whole->size - end);
    assert_ok(world->document.err);
    assert_int_not_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
}

/* The nodes of all proofs: strings behind a bracket or a comma. Each is left out, put in twice and
 * changed for the one before. Gives their number. */
static size_t assert_no_part_is_spare(struct world *world)
{
    struct au_buf whole;
    struct au_bytes last = {0};
    size_t count = 0;
    au_buf_init(&whole, TEXT_SIZE_MAX);
    au_buf_put_bytes(&whole, au_buf_bytes(&world->document));
    for (size_t i = 1; i < whole.size; i++) {
        const uint8_t *at = whole.data + i;
        if (*at != '"' || (at[-1] != '[' && at[-1] != ',') || at[1] != '0' || at[2] != 'x') {
            continue;
        }
        size_t size = (size_t)((const uint8_t *)memchr(at + 1, '"', whole.size - i - 1) - at) + 1;
        bool is_first = at[-1] == '[', is_last = at[size] == ']';
        struct au_bytes twice = {at - 1, size + 1};
        expect_refused_as(world, &whole, is_first ? i : i - 1, (struct au_bytes){0},
                          i + size + (is_first && !is_last));
        if (!is_first) expect_refused_as(world, &whole, i + size, twice, i + size);
        bool is_same = last.size == size && memcmp(last.data, at, size) == 0;
        if (last.size > 0 && !is_same) expect_refused_as(world, &whole, i, last, i + size);
        last = (struct au_bytes){at, size};
        i += size;
        count++;
    }
    au_buf_clear(&world->document);
    au_buf_put_bytes(&world->document, au_buf_bytes(&whole));
    assert_int_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
    au_buf_done(&whole);
    return count;
}

static void test_accounts(void **state)
{
    (void)state;
    struct world *world = world_open();
    for (unsigned i = 0; i < ACCOUNT_COUNT; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "\"balance\": \"%u\"", 1000 + i);
        make_account(world, i, 1000 + i);
        assert_proved(world, expected);
        make_account(world, i, 1001 + i);
        assert_int_equal(verify(world, world->block, NULL), AU_EXIT_REJECTED);
    }
    for (unsigned i = ACCOUNT_COUNT; i < 2 * ACCOUNT_COUNT; i++) {
        make_account(world, i, 0);
        assert_proved(world, "\"exists\": false");
    }
    world_close(world);
}

static void test_slots(void **state)
{
    (void)state;
    struct world *world = world_open();
    for (unsigned i = 0; i < SLOT_COUNT; i++) {
        make_slot(world, 0, i);
        assert_proved(world, "\"value\": \"0x");
    }
    for (unsigned i = SLOT_COUNT; i < 2 * SLOT_COUNT; i++) {
        make_slot(world, 0, i);
        assert_proved(world, "\"exists\": false");
    }
    make_slot(world, 1, 0); /* no contract */
    assert_proved(world, "\"exists\": false");
    make_slot(world, ACCOUNT_COUNT, 0); /* no account */
    assert_proved(world, "\"exists\": false");
    world_close(world);
}

static void test_transactions(void **state)
{
    (void)state;
    struct world *world = world_open();
    for (uint32_t i = 0; i < TX_COUNT; i++) {
        make_tx(world, i, NONE);
        assert_proved(world, "\"digest\": \"0x");
    }
    world_close(world);
}

/* Of each part of a document: nothing holds without it, twice, or in another's place. */
static void test_many(void **state)
{
    (void)state;
    struct world *world = world_open();
    make_many(world);
    assert_proved(world, "\"proved\": \"accounts and slots\"");
    assert_proved(world, "\"balance\": \"1002\"");
    assert_proved(world, "\"exists\": false");
    assert_proved(world, "\"value\": \"0x03030303\"");
    assert_nothing_near(world);
    size_t count = assert_no_part_is_spare(world);
    assert_true(count > 10);
    world_close(world);
}

static void test_receipts(void **state)
{
    (void)state;
    struct world *world = world_open();
    for (uint32_t i = 0; i < TX_COUNT; i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "\"gas_used\": \"%u\"", 5000 + i);
        make_tx(world, i, i);
        assert_proved(world, expected);
        assert_proved(world, "\"hello\"");
        make_tx(world, i, (i + 1) % TX_COUNT);
        assert_int_equal(verify(world, world->block, NULL), AU_EXIT_REJECTED);
    }
    make_tx(world, 1, 1);
    assert_proved(world, "\"status\": \"reverted\"");
    assert_proved(world, "\"revert_code\": 7");
    world_close(world);
}

static void test_nothing_near(void **state)
{
    (void)state;
    struct world *world = world_open();
    make_account(world, 0, 1000);
    assert_nothing_near(world);
    make_account(world, ACCOUNT_COUNT, 0);
    assert_nothing_near(world);
    make_slot(world, 0, 5);
    assert_nothing_near(world);
    make_slot(world, 0, SLOT_COUNT);
    assert_nothing_near(world);
    make_tx(world, 3, NONE);
    assert_nothing_near(world);
    make_tx(world, 0, 0);
    assert_nothing_near(world);
    world_close(world);
}

/* A proof of one block is none of another, and its document may not say otherwise. */
static void test_other_block(void **state)
{
    (void)state;
    struct world *world = world_open();
    make_account(world, 3, 1003);
    char *text = NULL;
    assert_int_equal(verify(world, NULL, &text), AU_EXIT_DONE);
    assert_non_null(strstr(text, "\"height\": \"12\""));
    free(text);
    world->block[5] = world->block[5] == '0' ? '1' : '0';
    assert_int_equal(verify(world, world->block, NULL), AU_EXIT_REJECTED);
    assert_int_equal(verify(world, "0x00", NULL), AU_EXIT_USAGE);

    char *height = strstr((char *)world->document.data, "\"height\":\"12\"");
    assert_non_null(height);
    height[11] = '3';
    assert_int_equal(verify(world, NULL, NULL), AU_EXIT_REJECTED);
    world_close(world);
}

/* Changes the last byte of a text in the document. */
static void expect_refused_with(struct world *world, const char *text, char last)
{
    char *at = strstr((char *)world->document.data, text);
    assert_non_null(at);
    char *byte = at + strlen(text) - 1;
    char before = *byte;
    *byte = last;
    assert_int_not_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
    *byte = before;
    assert_int_equal(verify(world, world->block, NULL), AU_EXIT_DONE);
}

/* What a document tells is not left unproved because its proof is gone, or another number told. */
static void test_nothing_is_told_only(void **state)
{
    (void)state;
    struct world *world = world_open();
    const unsigned slots[] = {5, SLOT_COUNT};
    for (size_t i = 0; i < AU_COUNT_OF(slots); i++) {
        make_slot(world, 0, slots[i]);
        au_buf_put_u8(&world->document, 0);
        world->document.size--;
        expect_refused_with(world, "\"storage_proof", '_');
        expect_refused_with(world, "\"account_proof", '_');
    }
    for (uint32_t i = 0; i < TX_COUNT; i++) {
        make_tx(world, i, i);
        au_buf_put_u8(&world->document, 0);
        world->document.size--;
        expect_refused_with(world, "\"count\":5", '6');
        expect_refused_with(world, "\"tx_path", '_');
        expect_refused_with(world, "\"receipt_path", '_');
    }
    world_close(world);
}

static void test_no_proofs(void **state)
{
    static const char *const documents[] = {
        "",
        "[]",
        "{}",
        "{\"account_proof\":[]}",
        "{\"account_proof\":[],\"header\":5}",
        "{\"account_proof\":[],\"header\":\"0x0\"}",
        "{\"tx_path\":[],\"header\":\"0x\"}",
        "{\"storage_proof\":{},\"header\":\"0x01\"}",
    };
    (void)state;
    struct world *world = world_open();
    for (size_t i = 0; i < AU_COUNT_OF(documents); i++) {
        au_buf_clear(&world->document);
        au_buf_put_text(&world->document, documents[i]);
        enum au_exit code = verify(world, NULL, NULL);
        assert_true(code == AU_EXIT_USAGE || code == AU_EXIT_REJECTED);
    }
    world_close(world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_accounts),
        cmocka_unit_test(test_slots),
        cmocka_unit_test(test_transactions),
        cmocka_unit_test(test_nothing_near),
        cmocka_unit_test(test_other_block),
        cmocka_unit_test(test_no_proofs),
        cmocka_unit_test(test_receipts),
        cmocka_unit_test(test_many),
        cmocka_unit_test(test_nothing_is_told_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
