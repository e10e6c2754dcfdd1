/* Goal: every look at the ledger, and every proof, belongs to one height, while blocks come.
 * Method: each block moves one unit from Alice to Bob, so that a height tells both accounts. Many
 * threads read, prove and look back, and check each answer against the height of their look. */
#include "unit/ledger/world.h"

#include <pthread.h>
#include <stdatomic.h>

#include "state/proof.h"

#define READERS 32u
#define BLOCKS  300u
#define ROUNDS  8u /* each reader sees that many heights at least, or all blocks come */

struct readers {
    struct world *world;
    struct au_address alice;
    struct au_address bob;
    atomic_bool is_done;
    atomic_size_t answer_count;
};

struct reader {
    pthread_t thread;
    struct readers *readers;
    unsigned number;
};

static void check_look(const struct readers *readers, struct au_read *read)
{
    struct au_account alice, bob;
    AU_ASSERT(au_flat_account(&read->flat, &readers->alice, &alice) == AU_OK);
    AU_ASSERT(au_flat_account(&read->flat, &readers->bob, &bob) == AU_OK);
    AU_ASSERT(alice.nonce == read->head.height);
    AU_ASSERT(bob.balance == RICH + read->head.height);
}

/* Bob's account, proved against the root of the look's header. */
static void check_proof(const struct readers *readers, struct au_read *read, struct au_buf *out)
{
    struct au_bytes nodes[AU_PROOF_NODES_MAX];
    struct au_proof_claim claim;
    const char *reason = NULL;
    size_t count = 0;
    uint8_t leaf[AU_ACCOUNT_LEAF_SIZE_MAX];
    const struct au_account expected = {.exists = true, .balance = RICH + read->head.height};
    struct au_hash key = au_flat_account_key(&readers->bob);
    struct au_account account;
    au_buf_clear(out);
    AU_ASSERT(au_read_prove_account(read, &readers->bob, out, &account) == AU_OK);
    AU_ASSERT(au_proof_split(au_buf_bytes(out), nodes, &count));
    AU_ASSERT(au_proof_verify(&read->head.state_root, &key, nodes, count, &claim, &reason) ==
              AU_OK);
    AU_ASSERT(claim.exists && claim.value.size <= sizeof(leaf));
    memcpy(leaf, claim.value.data, claim.value.size);
    struct au_bytes proved = {leaf, claim.value.size};
    au_buf_clear(out);
    au_flat_account_leaf(out, &expected);
    AU_ASSERT(au_bytes_is_equal(proved, au_buf_bytes(out)));
}

static void *run_reader(void *argument)
{
    const struct reader *reader = argument;
    struct readers *readers = reader->readers;
    struct au_ledger *ledger = readers->world->ledger;
    struct au_read read;
    struct au_buf out;
    uint64_t height = 0;
    au_buf_init(&out, 1 << 16);
    for (unsigned i = reader->number; !atomic_load(&readers->is_done); i++) {
        bool is_proof = i % 3 == 1;
        if (i % 3 == 2) {
            AU_ASSERT(au_read_open_at(ledger, height - height % 4 / 2, &read) == AU_OK);
            is_proof = read.is_past && i % 2 == 0;
            if (is_proof) AU_ASSERT(au_read_begin_proving(&read, &out) == AU_OK);
        } else {
            AU_ASSERT((is_proof ? au_read_open_to_prove : au_read_open)(ledger, &read) == AU_OK);
            AU_ASSERT(read.head.height >= height);
            height = read.head.height;
        }
        if (is_proof) check_proof(readers, &read, &out);
        check_look(readers, &read);
        au_read_close(&read);
        atomic_fetch_add(&readers->answer_count, 1);
    }
    au_buf_done(&out);
    return NULL;
}

static void test_each_answer_has_a_height(void **state)
{
    (void)state;
    struct world world;
    struct reader threads[READERS];
    world_open(&world, NULL);
    struct readers readers = {
        .world = &world,
        .alice = world_address(&world, ALICE),
        .bob = world_address(&world, BOB),
    };
    for (unsigned i = 0; i < READERS; i++) {
        threads[i] = (struct reader){.readers = &readers, .number = i};
        assert_int_equal(pthread_create(&threads[i].thread, NULL, run_reader, &threads[i]), 0);
    }
    for (size_t i = 0; i < BLOCKS || atomic_load(&readers.answer_count) < ROUNDS * READERS; i++) {
        world_begin(&world);
        struct au_tx tx = {.kind = AU_TX_TRANSFER, .to = readers.bob, .amount = 1};
        assert_int_equal(world_apply(&world, ALICE, tx)->outcome, AU_OUTCOME_SUCCESS);
        (void)world_commit(&world);
    }
    atomic_store(&readers.is_done, true);
    for (unsigned i = 0; i < READERS; i++) {
        assert_int_equal(pthread_join(threads[i].thread, NULL), 0);
    }
    world_close(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_each_answer_has_a_height)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
