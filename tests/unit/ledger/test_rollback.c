/* Goal: a chain that is taken back is, byte for byte, what it was then, and goes on to the same
 * blocks; what cannot be taken back is refused and left as it is.
 * Method: a chain of every kind of transaction that changes state in more than one place (code that
 * comes once or again, upgrades, slots that come and go, stake that waits); the whole store against
 * snapshots from then. */
#include "ledger/rollback.h"

#include "chain/chain.h"
#include "state/trie.h"
#include "state/undo_record.h"
#include "state/verify.h"
#include "world.h"

#define HEAD     1030u
#define DUMP_MAX ((size_t)1 << 30)
#define WAIT     5u /* blocks that unstaked amounts wait */
#define STAKE    UINT64_C(10000000000000)

static const char code_text[] =
    WORLD_SLOTS(" (func (export \"migrate\")) (func (export \"version_%u\"))");

/* What the maker of blocks knows after a height. */
struct known {
    uint64_t nonces[PEOPLE + 1];
    struct au_address contract;
    struct au_hash hash; /* of the block */
};

static struct world world;
static struct known known[HEAD + 1];

/* ---- blocks ---- */

static struct au_bytes code_of(unsigned version)
{
    char text[1024];
    snprintf(text, sizeof(text), code_text, version);
    return world_code(&world, text);
}

static void call(const struct au_address *contract, unsigned n)
{
    world_change_slot(&world, contract, n % 3 != 0, n % 11, n);
}

/* An owner whose validator key is the person after him. */
static void stake(enum person owner)
{
    const struct au_sign_key *key = &world.keys[owner + 1];
    struct au_tx tx = {.kind = AU_TX_STAKE, .amount = STAKE, .has_validator = true};
    struct au_address from = world_address(&world, owner);
    struct au_hash message = au_tx_proof_message(au_ledger_genesis_hash(world.ledger), &from);
    memcpy(tx.validator_key, key->public_key, AU_ADDRESS_SIZE);
    au_sign(key, (struct au_bytes){message.bytes, AU_HASH_SIZE}, tx.validator_proof);
    assert_int_equal(world_apply(&world, owner, tx)->outcome, AU_OUTCOME_SUCCESS);
}

static struct au_address put_code(unsigned n, const struct au_address *contract)
{
    bool is_upgrade = n % 50 == 11;
    struct au_tx tx = {.kind = is_upgrade ? AU_TX_UPGRADE : AU_TX_DEPLOY,
                       .code = code_of(n / 100 * 2 + is_upgrade),
                       .gas_limit = 1000000};
    if (is_upgrade) {
        tx.to = *contract;
    } else {
        tx.has_admin = true;
        tx.admin = world_address(&world, ALICE);
    }
    const struct au_receipt *receipt = world_apply(&world, ALICE, tx);
    assert_int_equal(receipt->outcome, AU_OUTCOME_SUCCESS);
    return is_upgrade ? *contract : receipt->created;
}

/* Makes the block after the head; known tells what there was before. */
static void make_block(void)
{
    unsigned n = (unsigned)au_ledger_head(world.ledger).height + 1;
    struct known next = known[n - 1];
    memcpy(world.nonces, next.nonces, sizeof(world.nonces));
    world_begin(&world);
    if (n % 50 == 1 || n % 50 == 11) next.contract = put_code(n, &next.contract);
    call(&next.contract, n);
    struct au_tx pay = {.kind = AU_TX_TRANSFER, .amount = 1000 + n};
    memset(pay.to.bytes, (int)(16 + n % 200), AU_ADDRESS_SIZE);
    world_apply(&world, ALICE, pay);
    if (n % 7 == 1) stake(n % 2 ? BOB : CAROL);
    if (n % 7 == 4 || n % 7 == 6) {
        struct au_tx unstake = {.kind = AU_TX_UNSTAKE, .amount = STAKE / 2};
        world_apply(&world, n % 3 ? BOB : CAROL, unstake);
    }
    struct au_header header = world_commit(&world);
    memcpy(next.nonces, world.nonces, sizeof(next.nonces));
    next.hash = au_header_hash(&header);
    if (known[n].nonces[ALICE] > 0) assert_memory_equal(&known[n], &next, sizeof(next));
    known[n] = next;
}

/* ---- stores ---- */

/* Records of tries are written now and then: they are verified, not compared.
 *
 * A paid record that was an owner's last is as good as none. */
static bool is_spent(const struct au_kv_entry *entry, uint64_t height)
{
    uint64_t last;
    if (entry->key.data[0] != 'u' || entry->value.size != sizeof(last)) return false;
    memcpy(&last, entry->value.data, sizeof(last));
    return last <= height;
}

static void dump(const struct au_kv_snapshot *snapshot, uint64_t height, struct au_buf *out)
{
    au_buf_clear(out);
    for (int cf = 0; cf < AU_CF_COUNT; cf++) {
        struct au_undo_key first = au_undo_key(HEAD + 1 - AU_KEEP_PRESET);
        struct au_kv_range range = {.cf = (enum au_cf)cf};
        struct au_kv_iter iter;
        struct au_kv_entry entry;
        if (cf == AU_CF_CHG) range.lower = (struct au_bytes){first.bytes, sizeof(first.bytes)};
        assert_ok(au_kv_iter_open(&world.kv, snapshot, &range, &iter));
        while (au_kv_iter_next(&iter, &entry) == AU_OK) {
            if (cf == AU_CF_TRI || au_bytes_is_equal(entry.key, au_bytes_of(AU_META_TRIE)))
                continue;
            if (cf == AU_CF_IDX && is_spent(&entry, height)) continue;
            au_buf_put_text(out, au_cf_name((enum au_cf)cf));
            au_buf_put_u32(out, (uint32_t)entry.key.size);
            au_buf_put_bytes(out, entry.key);
            au_buf_put_u32(out, (uint32_t)entry.value.size);
            au_buf_put_bytes(out, entry.value);
        }
        au_kv_iter_close(&iter);
    }
    assert_ok(out->err);
}

/* The store is what the snapshot shows, which is of a height. */
static void expect_same(const struct au_kv_snapshot *snapshot, uint64_t height)
{
    struct au_buf present, past;
    au_buf_init(&present, DUMP_MAX);
    au_buf_init(&past, DUMP_MAX);
    dump(NULL, height, &present);
    dump(snapshot, height, &past);
    assert_int_equal(present.size, past.size);
    assert_memory_equal(present.data, past.data, past.size);
    au_buf_done(&present);
    au_buf_done(&past);
}

static enum au_err try_back(uint64_t height, const char *expected)
{
    struct au_buf message;
    struct au_header head;
    au_buf_init(&message, 1000);
    enum au_err err = au_ledger_roll_back(&world.kv, height, &message, &head);
    if (err == AU_OK) assert_int_equal(head.height, height);
    assert_bytes(au_buf_bytes(&message), expected);
    au_buf_done(&message);
    return err;
}

static void expect_verified(void)
{
    struct au_header head;
    struct au_verified verified;
    struct au_buf message;
    au_buf_init(&message, 1000);
    assert_ok(au_ledger_stored_head(&world.kv, &head));
    assert_ok(au_state_verify(&world.kv, head.height, &head.state_root, NULL, &message, &verified));
    au_buf_done(&message);
}

/* ---- tests ---- */

/* A test that fails before it opens the ledger again leaves none to close. */
static void stop(void)
{
    world_close_ledger(&world);
    world.block = NULL;
    world.ledger = NULL;
}

static int open_chain(void **state)
{
    (void)state;
    struct au_params params = au_params_default();
    params.unbonding = WAIT;
    world_open(&world, &params);
    memset(known, 0, sizeof(known));
    return 0;
}

static int close_chain(void **state)
{
    (void)state;
    world_close(&world);
    return 0;
}

static void test_rollback_and_again(void **state)
{
    (void)state;
    static const unsigned depths[] = {1, 2, 3, 10, 60, 1000, 1024};
    struct au_kv_snapshot snapshots[AU_COUNT_OF(depths)], head;
    for (unsigned n = 1; n <= HEAD; n++) {
        make_block();
        for (size_t i = 0; i < AU_COUNT_OF(depths); i++) {
            if (HEAD - depths[i] == n) assert_ok(au_kv_snapshot_open(&world.kv, &snapshots[i]));
        }
    }
    assert_ok(au_kv_snapshot_open(&world.kv, &head));
    for (size_t i = 0; i < AU_COUNT_OF(depths); i++) {
        uint64_t height = HEAD - depths[i];
        stop();
        assert_ok(try_back(height, ""));
        expect_same(&snapshots[i], height);
        expect_verified();
        world_open_ledger(&world);
        assert_int_equal(au_ledger_head(world.ledger).height, height);
        for (unsigned n = 0; n < depths[i]; n++)
            make_block();
        expect_same(&head, HEAD);
        au_kv_snapshot_close(&snapshots[i]);
    }
    au_kv_snapshot_close(&head);
}

/* To the beginning, and to where the chain is. */
static void test_rollback_ends(void **state)
{
    (void)state;
    struct au_kv_snapshot first, last;
    assert_ok(au_kv_snapshot_open(&world.kv, &first));
    for (unsigned n = 0; n < 30; n++)
        make_block();
    stop();
    assert_ok(au_kv_snapshot_open(&world.kv, &last));
    assert_ok(try_back(30, ""));
    expect_same(&last, 30);
    assert_ok(try_back(0, ""));
    expect_same(&first, 0);
    world_open_ledger(&world);
    for (unsigned n = 0; n < 30; n++)
        make_block();
    expect_same(&last, 30);
    au_kv_snapshot_close(&first);
    au_kv_snapshot_close(&last);
}

static void write_record(enum au_cf cf, struct au_bytes key, const struct au_bytes *value)
{
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, DUMP_MAX);
    if (value) au_kv_batch_put(&batch, cf, key, *value);
    if (!value) au_kv_batch_del(&batch, cf, key);
    assert_ok(au_kv_write(&world.kv, &batch, false));
    au_kv_batch_done(&batch);
}

/* Damages a record, one way after the other: a byte changed, a byte less, nothing there. */
static void expect_refused(enum au_cf cf, struct au_bytes key, size_t at, enum au_err gone,
                           const char *why)
{
    struct au_buf value, damaged;
    au_buf_init(&value, DUMP_MAX);
    au_buf_init(&damaged, DUMP_MAX);
    assert_ok(au_kv_get(&world.kv, NULL, cf, key, &value));
    for (unsigned way = 0; way < 3; way++) {
        struct au_kv_snapshot before;
        struct au_buf message;
        struct au_header head;
        au_buf_clear(&damaged);
        au_buf_put_bytes(&damaged, au_buf_bytes(&value));
        if (way == 0) damaged.data[at] ^= 16;
        if (way == 1) damaged.size--;
        struct au_bytes bytes = au_buf_bytes(&damaged);
        write_record(cf, key, way < 2 ? &bytes : NULL);
        assert_ok(au_kv_snapshot_open(&world.kv, &before));
        au_buf_init(&message, 1000);
        enum au_err err = au_ledger_roll_back(&world.kv, 20, &message, &head);
        assert_err(err, way < 2 ? AU_ERR_MALFORMED : gone);
        if (why) assert_bytes(au_buf_bytes(&message), why);
        assert_true(message.size > 0);
        expect_same(&before, 30);
        au_buf_done(&message);
        au_kv_snapshot_close(&before);
        bytes = au_buf_bytes(&value);
        write_record(cf, key, &bytes);
    }
    au_buf_done(&value);
    au_buf_done(&damaged);
}

static void test_rollback_refuses(void **state)
{
    (void)state;
    for (unsigned n = 0; n < 30; n++)
        make_block();
    stop();
    assert_err(try_back(31, "the last block is 30"), AU_ERR_INVALID_ARG);
    assert_err(try_back(UINT64_MAX, "the last block is 30"), AU_ERR_INVALID_ARG);
    struct au_undo_key undo = au_undo_key(25);
    expect_refused(AU_CF_CHG, (struct au_bytes){undo.bytes, sizeof(undo.bytes)}, 60,
                   AU_ERR_NOT_FOUND, NULL);
    uint8_t place[12] = {0, 0, 0, 0, 0, 0, 0, 25};
    static const char damaged[] = "a record of a block to be taken back is damaged";
    expect_refused(AU_CF_RCP, (struct au_bytes){place, 12}, 12, AU_ERR_MALFORMED, damaged);
    expect_refused(AU_CF_BLK, (struct au_bytes){place, 12}, 20, AU_ERR_MALFORMED, damaged);
    for (size_t at = 30; at < 200; at += 17) /* chain id, parent, time, proposer, roots */
        expect_refused(AU_CF_BLK, (struct au_bytes){place, 8}, at, AU_ERR_MALFORMED, damaged);
    assert_ok(try_back(20, ""));
    world_open_ledger(&world);
}

/* Whichever write fails: what is said to be taken back is, and else nothing is. */
static void test_rollback_with_failing_writes(void **state)
{
    (void)state;
    struct au_kv_snapshot target, head;
    struct au_buf message;
    enum au_err err = AU_ERR_IO;
    for (unsigned n = 0; n < 30; n++) {
        if (n == 20) assert_ok(au_kv_snapshot_open(&world.kv, &target));
        make_block();
    }
    stop();
    assert_ok(au_kv_snapshot_open(&world.kv, &head));
    au_buf_init(&message, 1000);
    size_t writes = 0;
    while (err != AU_OK) {
        struct au_kv kv = world_failing_kv(&world.kv, writes++);
        struct au_header header;
        au_buf_clear(&message);
        err = au_ledger_roll_back(&kv, 20, &message, &header);
        if (err != AU_OK) assert_err(err, AU_ERR_IO);
        assert_int_equal(message.size > 0, err != AU_OK);
        expect_same(err == AU_OK ? &target : &head, err == AU_OK ? 20 : 30);
    }
    assert_in_range(writes, 2, 10);
    expect_verified();
    world_open_ledger(&world);
    for (unsigned n = 0; n < 10; n++)
        make_block();
    expect_same(&head, 30);
    au_buf_done(&message);
    au_kv_snapshot_close(&target);
    au_kv_snapshot_close(&head);
}

static void test_rollback_needs_a_chain(void **state)
{
    (void)state;
    struct au_kv kv;
    struct au_buf message;
    struct au_header head;
    assert_ok(au_memkv_open(&kv));
    au_buf_init(&message, 1000);
    assert_err(au_ledger_roll_back(&kv, 0, &message, &head), AU_ERR_NOT_FOUND);
    assert_bytes(au_buf_bytes(&message), "the store holds no chain");
    au_buf_done(&message);
    au_kv_close(&kv);
}

/* The undo of 1,024 blocks takes back as many. */
static void test_rollback_window(void **state)
{
    (void)state;
    for (unsigned n = 0; n < AU_KEEP_PRESET + 2; n++) {
        world_begin(&world);
        world_commit(&world);
    }
    stop();
    assert_err(try_back(1, "what blocks have changed is kept from height 2 on"), AU_ERR_NOT_FOUND);
    assert_ok(try_back(2, ""));
    assert_err(try_back(1, "what blocks have changed is kept from height 2 on"), AU_ERR_NOT_FOUND);
    world_open_ledger(&world);
}

int main(void)
{
#define CHAIN(test) cmocka_unit_test_setup_teardown(test, open_chain, close_chain)
    const struct CMUnitTest tests[] = {
        CHAIN(test_rollback_ends),      CHAIN(test_rollback_refuses),
        CHAIN(test_rollback_window),    CHAIN(test_rollback_with_failing_writes),
        CHAIN(test_rollback_and_again), cmocka_unit_test(test_rollback_needs_a_chain),
    };
    return cmocka_run_group_tests_name("ledger/rollback", tests, NULL, NULL);
}
