/* Goal: the producer makes a block as soon as something waits, or on demand alone, or no sooner
 * than its interval; code is compiled before it is proposed; times only grow; what cannot be
 * compiled stops nothing.
 * Method: the real ledger, pool and producer; the test waits for heights. */
#include "consensus/solo.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>

#include "chain/chain.h"
#include "crypto/sha256.h"
#include "unit/ledger/world.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"

struct solo_world {
    struct world world;
    struct au_mempool *mempool;
    struct au_solo *solo;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint64_t height;
    bool has_fault;
    atomic_bool is_full; /* nothing may be committed */
    atomic_uint refusal_count;
    unsigned failed_count; /* transactions that the node could not put into a block */
};

static enum au_err get_account(void *context, const struct au_address *address,
                               struct au_mempool_account *out_account)
{
    struct solo_world *solo = context;
    struct au_flat flat;
    struct au_account account;
    au_flat_init(&flat, &solo->world.kv, NULL);
    enum au_err err = au_flat_account(&flat, address, &account);
    au_flat_done(&flat);
    *out_account = (struct au_mempool_account){account.nonce, account.balance};
    return err;
}

static void on_block(void *context, const struct au_header *header)
{
    struct solo_world *solo = context;
    pthread_mutex_lock(&solo->lock);
    solo->height = header->height;
    pthread_cond_broadcast(&solo->changed);
    pthread_mutex_unlock(&solo->lock);
}

static void on_drop(void *context, const struct au_hash *id, enum au_drop reason)
{
    struct solo_world *solo = context;
    (void)id;
    pthread_mutex_lock(&solo->lock);
    solo->failed_count += reason == AU_DROP_FAILED;
    pthread_cond_broadcast(&solo->changed);
    pthread_mutex_unlock(&solo->lock);
}

static void on_fault(void *context, enum au_err err, const char *what)
{
    struct solo_world *solo = context;
    (void)err;
    (void)what;
    solo->has_fault = true;
}

static bool may_commit(void *context)
{
    struct solo_world *solo = context;
    bool is_full = atomic_load(&solo->is_full);
    if (is_full) atomic_fetch_add(&solo->refusal_count, 1);
    return !is_full;
}

static void open_solo(struct solo_world *solo, uint64_t interval_ms, bool is_manual)
{
    *solo = (struct solo_world){0};
    world_open(&solo->world, NULL);
    pthread_mutex_init(&solo->lock, NULL);
    pthread_cond_init(&solo->changed, NULL);
    struct au_mempool_options pool = {
        .params = *au_ledger_params(solo->world.ledger),
        .count_max = 1000,
        .size_max = 16 << 20,
        .context = solo,
        .get_account = get_account,
        .on_drop = on_drop,
    };
    assert_int_equal(au_mempool_new(&pool, &solo->mempool), AU_OK);
    struct au_solo_options options = {
        .ledger = solo->world.ledger,
        .mempool = solo->mempool,
        .interval_ms = interval_ms,
        .is_manual = is_manual,
        .context = solo,
        .may_commit = may_commit,
        .on_block = on_block,
        .on_fault = on_fault,
    };
    assert_int_equal(au_solo_new(&options, &solo->solo), AU_OK);
}

static void close_solo(struct solo_world *solo)
{
    au_solo_free(solo->solo);
    au_mempool_free(solo->mempool);
    assert_false(solo->has_fault);
    world_close(&solo->world);
    pthread_cond_destroy(&solo->changed);
    pthread_mutex_destroy(&solo->lock);
}

static struct au_hash submit(struct solo_world *solo, enum person from, struct au_tx tx)
{
    struct au_checked checked = world_check(&solo->world, world_sign(&solo->world, from, tx));
    struct au_mempool_result result;
    assert_int_equal(au_mempool_add(solo->mempool, &checked, &result), AU_OK);
    assert_int_equal(result.status, AU_MEMPOOL_EXECUTABLE);
    solo->world.nonces[from]++;
    return checked.id;
}

static void wait_for(struct solo_world *solo, uint64_t height)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&solo->lock);
    while (solo->height < height) {
        assert_int_equal(pthread_cond_timedwait(&solo->changed, &solo->lock, &until), 0);
    }
    pthread_mutex_unlock(&solo->lock);
}

/* Waits until the transaction is in a block. */
static struct au_receipt wait_for_receipt(struct solo_world *solo, const struct au_hash *id,
                                          struct au_chain_reader *chain)
{
    struct au_chain_place place;
    struct au_receipt receipt;
    for (uint64_t height = 1; au_chain_place(chain, id, &place) != AU_OK; height++) {
        wait_for(solo, height);
    }
    assert_int_equal(au_chain_receipt(chain, place, &receipt), AU_OK);
    return receipt;
}

static struct au_tx payment(struct solo_world *solo)
{
    return (struct au_tx){
        .kind = AU_TX_TRANSFER, .to = world_address(&solo->world, CAROL), .amount = 1};
}

static void test_blocks_as_needed(void **state)
{
    (void)state;
    static struct solo_world solo;
    open_solo(&solo, 0, false);
    for (int i = 0; i < 30; i++)
        submit(&solo, i % 2 == 0 ? ALICE : BOB, payment(&solo));
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &solo.world.kv, NULL);
    struct au_hash last = submit(&solo, ALICE, payment(&solo));
    assert_int_equal(wait_for_receipt(&solo, &last, &chain).outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(world_person(&solo.world, ALICE).nonce, 16);
    uint64_t height = au_ledger_head(solo.world.ledger).height, time_ms = 0;
    for (uint64_t i = 0; i <= height; i++) {
        struct au_header header;
        assert_int_equal(au_chain_header(&chain, i, &header), AU_OK);
        assert_true(header.time_ms > time_ms);
        assert_true(i == 0 || header.tx_count > 0);
        time_ms = header.time_ms;
    }
    au_chain_reader_done(&chain);
    close_solo(&solo);
}

/* While nothing may be committed transactions wait, blocks on demand are refused; afterwards the
 * producer goes on by itself, and makes no block that was refused. */
static void test_nothing_is_committed_without_room(void **state)
{
    (void)state;
    static struct solo_world solo;
    open_solo(&solo, 0, false);
    submit(&solo, ALICE, payment(&solo));
    wait_for(&solo, 1);
    atomic_store(&solo.is_full, true);
    assert_false(au_solo_mine(solo.solo, 5));
    submit(&solo, ALICE, payment(&solo));
    unsigned seen = atomic_load(&solo.refusal_count);
    while (atomic_load(&solo.refusal_count) < seen + 3) {
        sched_yield();
    }
    assert_int_equal(au_ledger_head(solo.world.ledger).height, 1);
    atomic_store(&solo.is_full, false);
    wait_for(&solo, 2);
    assert_true(au_solo_mine(solo.solo, 1));
    assert_int_equal(au_ledger_head(solo.world.ledger).height, 3);
    close_solo(&solo);
}

static void test_code_is_compiled_first(void **state)
{
    (void)state;
    static struct solo_world solo;
    static const uint8_t garbage[] = "no module";
    struct au_loaded *loaded;
    open_solo(&solo, 0, false);
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &solo.world.kv, NULL);
    struct au_tx deploy = {.kind = AU_TX_DEPLOY, .gas_limit = 1000000};
    deploy.code = world_code(&solo.world, "(module (func (export \"f\")))");
    struct au_hash good = submit(&solo, ALICE, deploy);
    deploy.code = (struct au_bytes){garbage, sizeof(garbage)};
    struct au_hash bad = submit(&solo, BOB, deploy);
    assert_int_equal(wait_for_receipt(&solo, &good, &chain).outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(wait_for_receipt(&solo, &bad, &chain).outcome, AU_OUTCOME_INVALID_MODULE);
    struct au_hash code_hash = au_sha256(world_code(&solo.world, "(module (func (export \"f\")))"));
    assert_true(au_engine_find(solo.world.engine, &code_hash, &loaded));
    au_loaded_release(loaded);
    au_chain_reader_done(&chain);
    close_solo(&solo);
}

static void wait_for_failed(struct solo_world *solo, unsigned count)
{
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    until.tv_sec += 60;
    pthread_mutex_lock(&solo->lock);
    while (solo->failed_count < count) {
        assert_int_equal(pthread_cond_timedwait(&solo->changed, &solo->lock, &until), 0);
    }
    pthread_mutex_unlock(&solo->lock);
}

/* Code that cannot be compiled here leaves the pool, without a receipt, and nothing else happens:
 * whoever sends it again fares the same. */
static void test_a_helper_that_fails(void **state)
{
    (void)state;
    static struct solo_world solo;
    struct au_chain_place place;
    world_helper = "/bin/false";
    open_solo(&solo, 0, false);
    world_helper = NULL;
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &solo.world.kv, NULL);
    struct au_tx deploy = {.kind = AU_TX_DEPLOY, .gas_limit = 1000000};
    deploy.code = world_code(&solo.world, "(module (func (export \"f\")))");
    struct au_hash first = submit(&solo, ALICE, deploy);
    wait_for_failed(&solo, 1);
    struct au_hash again = submit(&solo, BOB, deploy);
    wait_for_failed(&solo, 2);
    solo.world.nonces[ALICE]--;
    struct au_hash id = submit(&solo, ALICE, payment(&solo));
    assert_int_equal(wait_for_receipt(&solo, &id, &chain).outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(au_chain_place(&chain, &first, &place), AU_ERR_NOT_FOUND);
    assert_int_equal(au_chain_place(&chain, &again, &place), AU_ERR_NOT_FOUND);
    assert_int_equal(world_person(&solo.world, BOB).nonce, 0);
    au_chain_reader_done(&chain);
    close_solo(&solo);
}

struct simulation {
    struct solo_world *solo;
    struct au_checked checked;
    pthread_t thread;
    enum au_compile_state state;
};

static atomic_uint simulated_count;

static void *simulate(void *context)
{
    struct simulation *simulation = context;
    assert_int_equal(
        au_solo_compile(simulation->solo->solo, &simulation->checked, &simulation->state), AU_OK);
    atomic_fetch_add(&simulated_count, 1);
    return NULL;
}

/* Of four that would simulate new code at once, two of them the same, three wait and one is told
 * that there is no room. What the pool brings is compiled meanwhile, before them. */
static void test_code_that_is_simulated(void **state)
{
    (void)state;
    static struct solo_world solo;
    static struct simulation simulations[4];
    static const char *const texts[] = {
        "(module (func (export \"a\")))", "(module (func (export \"a\")))",
        "(module (func (export \"b\")))", "(module (func (export \"c\")))"};
    unsigned counts[3] = {0};
    world_helper = getenv("AUREON");
    assert_non_null(world_helper);
    open_solo(&solo, 0, false);
    world_helper = NULL;
    pid_t helper = au_helper_pid(au_engine_helper(solo.world.engine));
    struct au_tx deploy = {.kind = AU_TX_DEPLOY, .gas_limit = 1000000};
    assert_int_equal(kill(helper, SIGSTOP), 0);
    for (int i = 0; i < 4; i++) {
        deploy.code = world_code(&solo.world, texts[i]);
        simulations[i].solo = &solo;
        simulations[i].checked = world_check(&solo.world, world_sign(&solo.world, ALICE, deploy));
        assert_int_equal(pthread_create(&simulations[i].thread, NULL, simulate, &simulations[i]),
                         0);
    }
    while (atomic_load(&simulated_count) == 0) {
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
    }
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &solo.world.kv, NULL);
    deploy.code = world_code(&solo.world, "(module (func (export \"d\")))");
    struct au_hash id = submit(&solo, BOB, deploy);
    assert_int_equal(kill(helper, SIGCONT), 0);
    assert_int_equal(wait_for_receipt(&solo, &id, &chain).outcome, AU_OUTCOME_SUCCESS);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(simulations[i].thread, NULL), 0);
        counts[simulations[i].state]++;
    }
    assert_int_equal(counts[AU_COMPILE_BARRED], 0);
    assert_int_equal(counts[AU_COMPILE_PENDING], 1);
    assert_in_range(au_engine_count(solo.world.engine).compiled, 3, 4);
    simulate(&simulations[0]);
    assert_int_equal(simulations[0].state, AU_COMPILE_READY);
    au_chain_reader_done(&chain);
    close_solo(&solo);
}

static void test_on_demand(void **state)
{
    (void)state;
    static struct solo_world solo;
    open_solo(&solo, 0, true);
    submit(&solo, ALICE, payment(&solo));
    struct timespec pause = {.tv_nsec = 200000000};
    nanosleep(&pause, NULL);
    assert_int_equal(au_ledger_head(solo.world.ledger).height, 0);
    assert_true(au_solo_mine(solo.solo, 3));
    assert_int_equal(au_ledger_head(solo.world.ledger).height, 3);
    assert_int_equal(world_person(&solo.world, ALICE).nonce, 1);
    close_solo(&solo);
}

static void test_interval(void **state)
{
    (void)state;
    static struct solo_world solo;
    struct au_header first, second;
    open_solo(&solo, 300, false);
    struct au_chain_reader chain;
    au_chain_reader_init(&chain, &solo.world.kv, NULL);
    struct au_hash id = submit(&solo, ALICE, payment(&solo));
    (void)wait_for_receipt(&solo, &id, &chain);
    id = submit(&solo, ALICE, payment(&solo));
    (void)wait_for_receipt(&solo, &id, &chain);
    assert_int_equal(au_chain_header(&chain, 1, &first), AU_OK);
    assert_int_equal(au_chain_header(&chain, 2, &second), AU_OK);
    assert_true(second.time_ms >= first.time_ms + 250);
    au_chain_reader_done(&chain);
    close_solo(&solo);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_blocks_as_needed),
        cmocka_unit_test(test_nothing_is_committed_without_room),
        cmocka_unit_test(test_code_is_compiled_first),
        cmocka_unit_test(test_a_helper_that_fails),
        cmocka_unit_test(test_code_that_is_simulated),
        cmocka_unit_test(test_on_demand),
        cmocka_unit_test(test_interval),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
