/* Goal: a proof of an older height is, byte for byte, the one that was made when that height was
 * the last; where it cannot be made, that is said.
 * Method: a chain whose contracts come, fill and empty their storage. At each height proofs of the
 * same accounts and slots are made and kept, of those that are there and of those that are not.
 * They are asked for again after more blocks, after records of tries were written in between, whole
 * or in part, after the ledger was opened again and after blocks were taken back. */
#include "chain/chain.h"
#include "ledger/ledger_internal.h"
#include "ledger/rollback.h"
#include "state/history.h"
#include "state/past.h"
#include "state/proof.h"
#include "world.h"

#define HEAD      60u
#define FLUSHED   30u /* the height of the records that are written */
#define SLOTS     5u
#define CONTRACTS 2u /* deployed in blocks 1 and FLUSHED + 1 */
#define KEPT_MAX  ((size_t)1 << 20)

static struct world world;
static struct au_address contracts[CONTRACTS];
static struct au_buf kept[HEAD + 2]; /* all proofs of a height, one behind the other */

/* ---- blocks ---- */

static struct au_address deploy(void)
{
    struct au_tx tx = {
        .kind = AU_TX_DEPLOY, .code = world_code(&world, WORLD_SLOTS("")), .gas_limit = 1000000};
    const struct au_receipt *receipt = world_apply(&world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    return receipt->created;
}

/* Five blocks fill the storage, five empty it. */
static void call(const struct au_address *contract, unsigned n)
{
    world_change_slot(&world, contract, n % (2 * SLOTS) < SLOTS, n % SLOTS, n);
}

static struct au_address paid_in(unsigned n)
{
    struct au_address address;
    memset(address.bytes, (int)(16 + n), AU_ADDRESS_SIZE);
    return address;
}

/* pay: another amount makes another chain. */
static void make_block(uint64_t pay)
{
    unsigned n = (unsigned)au_ledger_head(world.ledger).height + 1;
    world_begin(&world);
    if (n == 1) contracts[0] = deploy();
    if (n == FLUSHED + 1) contracts[1] = deploy();
    call(&contracts[0], n);
    if (n > FLUSHED) call(&contracts[1], n + 2);
    struct au_tx tx = {.kind = AU_TX_TRANSFER, .to = paid_in(n), .amount = pay};
    world_apply(&world, ALICE, tx);
    (void)world_commit(&world);
}

/* ---- proofs ---- */

static void put_proof(struct au_read *read, const struct au_hash *owner, const struct au_hash *key,
                      const struct au_hash *root, struct au_buf *out)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    struct au_proof_claim claim;
    const char *reason = NULL;
    size_t count = 0, before = out->size;
    struct au_buf leaf;
    au_buf_init(&leaf, AU_ACCOUNT_LEAF_SIZE_MAX);
    enum au_err err = au_flat_key_leaf(&read->flat, owner, key, &leaf);
    if (err != AU_ERR_NOT_FOUND) assert_ok(err);
    assert_ok(au_read_prove(read, owner, key, au_buf_bytes(&leaf), out));
    au_buf_done(&leaf);
    struct au_bytes proof = {out->data + before, out->size - before};
    assert_true(au_proof_split(proof, nodes, &count));
    if (root) assert_ok(au_proof_verify(root, key, nodes, count, &claim, &reason));
    if (!root) assert_int_equal(count, 0);
}

static void put_account(struct au_read *read, const struct au_address *address, struct au_buf *out)
{
    static const struct au_hash account_trie;
    struct au_hash key = au_flat_account_key(address);
    put_proof(read, &account_trie, &key, &read->head.state_root, out);
}

static void put_contract(struct au_read *read, const struct au_address *address, struct au_buf *out)
{
    struct au_account account;
    struct au_hash owner = au_flat_account_key(address);
    put_account(read, address, out);
    assert_ok(au_flat_account(&read->flat, address, &account));
    for (uint64_t slot = 0; slot <= SLOTS; slot++) { /* the last is never there */
        struct au_hash key = au_flat_key_hash((struct au_bytes){(uint8_t *)&slot, sizeof(slot)});
        put_proof(read, &owner, &key, account.has_storage ? &account.storage_root : NULL, out);
    }
}

static void put_proofs(struct au_read *read, struct au_buf *out)
{
    for (enum person person = 0; person < PEOPLE; person++) {
        struct au_address address = world_address(&world, person);
        put_account(read, &address, out);
    }
    for (unsigned n = 1; n <= HEAD + 1; n += 3) { /* some are paid later, one never */
        struct au_address address = paid_in(n);
        put_account(read, &address, out);
    }
    for (size_t i = 0; i < CONTRACTS; i++) {
        put_contract(read, &contracts[i], out);
    }
    assert_ok(out->err);
}

static void keep(void)
{
    struct au_read read;
    assert_ok(au_read_open_to_prove(world.ledger, &read));
    struct au_buf *proofs = &kept[read.head.height];
    au_buf_clear(proofs);
    put_proofs(&read, proofs);
    au_read_close(&read);
}

static void expect_kept(uint64_t height)
{
    struct au_read read;
    struct au_buf proofs, message;
    au_buf_init(&proofs, KEPT_MAX);
    au_buf_init(&message, 1000);
    if (height == au_ledger_head(world.ledger).height) {
        assert_ok(au_read_open_to_prove(world.ledger, &read));
    } else {
        assert_ok(au_read_open_at(world.ledger, height, &read));
        assert_ok(au_read_begin_proving(&read, &message));
    }
    put_proofs(&read, &proofs);
    au_read_close(&read);
    assert_int_equal(proofs.size, kept[height].size);
    assert_memory_equal(proofs.data, kept[height].data, proofs.size);
    au_buf_done(&message);
    au_buf_done(&proofs);
}

static uint64_t flushed_height(void)
{
    struct au_trie_heights heights;
    assert_ok(au_trie_get_heights(&world.kv, NULL, &heights));
    assert_false(heights.is_mixed);
    return heights.first;
}

/* Closing writes the records. */
static void restart(void)
{
    world_close_ledger(&world);
    world_open_ledger(&world);
}

static void make_chain(uint64_t head, uint64_t pay)
{
    while (au_ledger_head(world.ledger).height < head) {
        make_block(pay);
        keep();
        if (au_ledger_head(world.ledger).height == FLUSHED) restart();
    }
}

static int open_chain(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(kept); i++) {
        au_buf_init(&kept[i], KEPT_MAX);
    }
    memset(contracts, 0x77, sizeof(contracts)); /* until there are any */
    world_open(&world, NULL);
    /* What contracts will be called is asked for from the beginning on. */
    make_block(1);
    make_chain(FLUSHED, 1);
    make_block(1);
    world_close(&world);
    world_open(&world, NULL);
    keep();
    make_chain(HEAD, 1);
    assert_int_equal(flushed_height(), FLUSHED);
    return 0;
}

static int close_chain(void **state)
{
    (void)state;
    world_close(&world);
    for (size_t i = 0; i < AU_COUNT_OF(kept); i++) {
        au_buf_done(&kept[i]);
    }
    return 0;
}

/* ---- tests ---- */

/* Before the records, at their height, after it, and the last one. */
static void test_every_height(void **state)
{
    (void)state;
    for (uint64_t height = 0; height <= HEAD; height++) {
        expect_kept(height);
    }
    assert_int_equal(flushed_height(), FLUSHED);
    for (unsigned i = 0; i < 4; i++) { /* those that stay open, and those that do not */
        expect_kept(7);
        expect_kept(HEAD - 7 - i);
        expect_kept(0);
        expect_kept(FLUSHED);
    }
}

static void test_proofs_after_a_restart(void **state)
{
    (void)state;
    restart();
    assert_int_equal(flushed_height(), HEAD);
    for (uint64_t height = 0; height <= HEAD; height++) {
        expect_kept(height);
    }
}

static void roll_back(uint64_t height)
{
    struct au_buf message;
    struct au_header head;
    world_close_ledger(&world);
    au_buf_init(&message, 1000);
    assert_ok(au_ledger_roll_back(&world.kv, height, &message, &head));
    au_buf_done(&message);
    world_open_ledger(&world);
    for (enum person person = 0; person < PEOPLE; person++) {
        struct au_address address = world_address(&world, person);
        world.nonces[person] = world_account(&world, &address).nonce;
    }
}

static void test_proofs_after_a_rollback(void **state)
{
    (void)state;
    const uint64_t target = HEAD - 13;
    struct au_buf before;
    au_buf_init(&before, KEPT_MAX);
    au_buf_put_bytes(&before, au_buf_bytes(&kept[HEAD]));
    roll_back(target);
    make_chain(HEAD, 2);
    assert_false(au_bytes_is_equal(au_buf_bytes(&before), au_buf_bytes(&kept[HEAD])));
    for (uint64_t height = 0; height <= HEAD; height++) {
        expect_kept(height);
    }
    au_buf_done(&before);
}

/* ---- records of two heights ---- */

/* Begins to write the records of the head, and does not come further than some of them. */
static void write_some_records(size_t count)
{
    uint64_t height;
    struct au_trie_heights heights;
    struct au_trie_cache *tries = &world.ledger->commit.tries;
    tries->flat.kv = world_failing_kv(&tries->flat.kv, count);
    tries->piece_size = 1;
    assert_ok(au_trie_pass_begin(tries, FLUSHED, HEAD));
    assert_int_equal(au_trie_pass_end(tries, &height), AU_ERR_IO);
    tries->flat.kv.ops = world_failing.below;
    assert_ok(au_trie_get_heights(&world.kv, NULL, &heights));
    assert_true(heights.is_mixed);
    assert_true(heights.first == FLUSHED && heights.last == HEAD);
}

/* Of a height before both, of each, and of those between. */
static void test_records_of_two_heights(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 3, 6, 10, 15, 20};
    for (size_t i = 0; i < AU_COUNT_OF(counts); i++) {
        if (i > 0) assert_int_equal(open_chain(state), 0);
        write_some_records(counts[i]);
        make_block(1); /* readers see the store as it is after a block */
        keep();
        for (uint64_t height = 0; height <= HEAD; height += height < FLUSHED - 3 ? 9 : 1) {
            expect_kept(height);
        }
        if (i + 1 < AU_COUNT_OF(counts)) assert_int_equal(close_chain(state), 0);
    }
}

/* ---- what cannot be made ---- */

struct
try {
    uint64_t height;
    size_t change_count_max;
    size_t size_max;
};

static enum au_err try_past(const struct try *try, struct au_buf *message)
{
    struct au_header header;
    struct au_kv history;
    struct au_past *past = NULL;
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &world.kv, NULL);
    assert_ok(au_chain_header(&chain, try->height, &header));
    au_chain_reader_done(&chain);
    const struct au_history_options at = {
        .kv = world.kv, .head = HEAD, .height = try->height, .size_max = KEPT_MAX};
    enum au_err err = au_history_open(&at, &history);
    if (err != AU_OK) return err;
    const struct au_past_options options = {.kv = world.kv,
                                            .head = HEAD,
                                            .height = try->height,
                                            .history = &history,
                                            .root = &header.state_root,
                                            .change_count_max = try->change_count_max,
                                            .size_max = try->size_max};
    err = au_past_open(&options, message, &past);
    au_past_close(past);
    au_kv_close(&history);
    return err;
}

/* A block changes three people, the proposer, a paid one, two contracts and a slot of each. */
static void test_bounds(void **state)
{
    (void)state;
    struct au_buf message;
    au_buf_init(&message, 1000);
    const struct try near = {FLUSHED - 1, 20, KEPT_MAX};
    assert_ok(try_past(&near, &message));
    const struct try same = {FLUSHED, 0, KEPT_MAX};
    assert_ok(try_past(&same, &message));
    const struct try few = {FLUSHED - 1, 3, KEPT_MAX};
    assert_int_equal(try_past(&few, &message), AU_ERR_TOO_LARGE);
    const struct try behind = {0, 20, KEPT_MAX};
    assert_int_equal(try_past(&behind, &message), AU_ERR_TOO_LARGE);
    const struct try ahead = {HEAD - 1, 20, KEPT_MAX};
    assert_int_equal(try_past(&ahead, &message), AU_ERR_TOO_LARGE);
    const struct try small = {FLUSHED - 1, 20, 100};
    assert_int_equal(try_past(&small, &message), AU_ERR_TOO_LARGE);
    assert_int_equal(message.size, 0);
    au_buf_done(&message);
}

static void write_record(enum au_cf cf, struct au_bytes key, const struct au_bytes *value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, KEPT_MAX);
    if (value) {
        au_kv_batch_put(&batch, cf, key, *value);
    } else {
        au_kv_batch_del(&batch, cf, key);
    }
    assert_ok(au_kv_write(&world.kv, &batch, true));
    au_kv_batch_done(&batch);
}

/* A store that is damaged proves nothing, and says what is wrong. */
static void test_damage(void **state)
{
    (void)state;
    struct au_read read;
    struct au_buf message, record;
    struct au_undo_key undo = au_undo_key(HEAD - 3);
    struct au_bytes key = {undo.bytes, sizeof(undo.bytes)};
    au_buf_init(&message, 1000);
    au_buf_init(&record, KEPT_MAX);
    assert_ok(au_kv_get(&world.kv, NULL, AU_CF_CHG, key, &record));
    struct au_bytes whole = au_buf_bytes(&record);
    /* The first account's balance, behind family, size and key, whether it existed, size, format,
     * flags and nonce. */
    struct au_decode decode;
    struct au_undo_record first;
    au_decode_init(&decode, whole);
    do {
        assert_true(au_undo_record_next(&decode, &first));
    } while (first.cf != AU_CF_ACC || !first.existed);
    record.data[first.value.data - record.data + 10] ^= 1;
    write_record(AU_CF_CHG, key, &whole);
    assert_ok(au_read_open_at(world.ledger, HEAD - 4, &read));
    assert_int_equal(au_read_begin_proving(&read, &message), AU_ERR_MALFORMED);
    assert_bytes(au_buf_bytes(&message), "the accounts do not give the state root of the block");
    assert_null(read.tries);
    au_read_close(&read);
    expect_kept(HEAD - 3);

    /* Without a height of the records, or what changed since, there is nothing to begin with. */
    const struct try lost = {HEAD - 2, 1000, KEPT_MAX};
    au_buf_clear(&message);
    write_record(AU_CF_META, au_bytes_of(AU_META_TRIE), NULL);
    assert_int_equal(try_past(&lost, &message), AU_ERR_NOT_FOUND);
    au_buf_done(&record);
    au_buf_done(&message);
}

#define CHAIN(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CHAIN(test_every_height),
        CHAIN(test_proofs_after_a_restart),
        CHAIN(test_proofs_after_a_rollback),
        CHAIN(test_records_of_two_heights),
        CHAIN(test_bounds),
        CHAIN(test_damage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
