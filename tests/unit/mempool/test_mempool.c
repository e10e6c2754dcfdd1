/* The pool's rules, each at its bound and one past it; walks; threads. */
#include <pthread.h>

#include "base/clock.h"
#include "unit/mempool/pool_fixture.h"

#define COST(price) (FIXTURE_GAS * (uint64_t)(price))
#define MS          UINT64_C(1000000)

static struct fixture *preset(void)
{
    return fixture_new(AU_MEMPOOL_COUNT_PRESET, AU_MEMPOOL_SIZE_PRESET);
}

static void assert_added(struct fixture *fixture, struct fixture_tx spec,
                         enum au_mempool_status status)
{
    assert_int_equal(fixture_add(fixture, spec, NULL).status, status);
}

static void assert_invalid(struct fixture *fixture, struct fixture_tx spec, enum au_invalid invalid,
                           uint64_t expected, uint64_t got)
{
    struct au_mempool_result result = fixture_add(fixture, spec, NULL);
    assert_int_equal(result.status, AU_MEMPOOL_INVALID);
    assert_int_equal(result.invalid, invalid);
    assert_int_equal(result.expected, expected);
    assert_int_equal(result.got, got);
}

static void assert_stats(struct fixture *fixture, size_t executable_count, size_t parked_count)
{
    struct au_mempool_stats stats = au_mempool_stats(fixture->pool);
    assert_int_equal(stats.count, executable_count + parked_count);
    assert_int_equal(stats.executable_count, executable_count);
    assert_int_equal(stats.parked_count, parked_count);
}

static void assert_drop(const struct fixture *fixture, size_t at, const struct au_hash *id,
                        enum au_drop reason)
{
    assert_true(at < fixture->drop_count);
    assert_memory_equal(fixture->drops[at].id.bytes, id->bytes, AU_HASH_SIZE);
    assert_int_equal(fixture->drops[at].reason, reason);
}

/* ---- admission ---- */

static void test_invalid_ones_stay_out(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fixture->accounts[1] = (struct au_mempool_account){5, COST(10)};
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 4, .price = 1},
                   AU_INVALID_NONCE_LOW, 5, 4);
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 70, .price = 1},
                   AU_INVALID_NONCE_HIGH, 69, 70);
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = UINT64_MAX, .price = 1},
                   AU_INVALID_NONCE_HIGH, 69, UINT64_MAX);
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 5, .price = 0},
                   AU_INVALID_PRICE_LOW, 1, 0);
    assert_invalid(fixture,
                   (struct fixture_tx){.sender = 1, .nonce = 5, .price = 1, .valid_until = 9},
                   AU_INVALID_EXPIRED, 10, 9);
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 5, .price = 10, .value = 1},
                   AU_INVALID_BALANCE, COST(10) + 1, COST(10));
    assert_stats(fixture, 0, 0);

    au_mempool_free(fixture->pool);
    fixture->options.params.block_gas_limit = FIXTURE_GAS - 1;
    assert_ok(au_mempool_new(&fixture->options, &fixture->pool));
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 5, .price = 1},
                   AU_INVALID_GAS_HIGH, FIXTURE_GAS - 1, FIXTURE_GAS);
    fixture_free(fixture);
}

static void test_bounds_are_taken(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fixture->accounts[1] = (struct au_mempool_account){5, COST(10)};
    fixture->accounts[2] = (struct au_mempool_account){5, COST(10)};
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 69, .price = 1},
                 AU_MEMPOOL_PARKED);
    assert_added(fixture,
                 (struct fixture_tx){.sender = 1, .nonce = 5, .price = 9, .valid_until = 10},
                 AU_MEMPOOL_EXECUTABLE);
    assert_added(fixture, (struct fixture_tx){.sender = 2, .nonce = 5, .price = 10},
                 AU_MEMPOOL_EXECUTABLE);
    assert_stats(fixture, 2, 1);
    fixture_free(fixture);
}

static void test_known_is_no_error(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct fixture_tx spec = {.sender = 1, .price = 3};
    assert_added(fixture, spec, AU_MEMPOOL_EXECUTABLE);
    assert_added(fixture, spec, AU_MEMPOOL_KNOWN);
    spec.salt = 1;
    assert_added(fixture, spec, AU_MEMPOOL_UNDERPRICED);
    assert_stats(fixture, 1, 0);
    fixture_free(fixture);
}

static void test_balance_covers_all_of_a_sender(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fixture->accounts[1].balance = COST(10);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 0, .price = 4},
                 AU_MEMPOOL_EXECUTABLE);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 7, .price = 5},
                 AU_MEMPOOL_PARKED);
    struct fixture_tx last = {.sender = 1, .nonce = 1, .price = 1, .value = 1};
    assert_invalid(fixture, last, AU_INVALID_BALANCE, COST(10) + 1, COST(10));
    fixture->accounts[1].balance++; /* somebody paid: no block of this sender tells */
    assert_added(fixture, last, AU_MEMPOOL_EXECUTABLE);
    /* A replacement needs its own instead of what it replaces. */
    assert_invalid(fixture, (struct fixture_tx){.sender = 1, .nonce = 7, .price = 6},
                   AU_INVALID_BALANCE, COST(11) + 1, COST(10) + 1);
    fixture->accounts[1].balance += COST(1);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 7, .price = 6},
                 AU_MEMPOOL_PARKED);
    fixture_free(fixture);
}

static void test_sender_count(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    for (uint64_t nonce = 0; nonce < AU_MEMPOOL_SENDER_COUNT_MAX; nonce++) {
        assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = nonce, .price = 10},
                     AU_MEMPOOL_EXECUTABLE);
    }
    struct au_mempool_result result =
        fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 64, .price = 99}, NULL);
    assert_int_equal(result.status, AU_MEMPOOL_SENDER_COUNT);
    assert_int_equal(result.expected, 64);
    assert_int_equal(result.got, 65);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 63, .price = 11},
                 AU_MEMPOOL_EXECUTABLE);
    uint64_t nonce;
    assert_ok(au_mempool_next_nonce(fixture->pool, &(struct au_address){{0}}, &nonce));
    struct au_address sender = fixture_address(1);
    assert_ok(au_mempool_next_nonce(fixture->pool, &sender, &nonce));
    assert_int_equal(nonce, 64);
    fixture_free(fixture);
}

static void test_sender_size(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    for (uint64_t nonce = 0; nonce < 4; nonce++) {
        assert_added(fixture,
                     (struct fixture_tx){.sender = 1, .nonce = nonce, .price = 10, .size = 250000},
                     AU_MEMPOOL_EXECUTABLE);
    }
    size_t rest = AU_MEMPOOL_SENDER_SIZE_MAX - 4 * 250000;
    struct fixture_tx last = {.sender = 1, .nonce = 4, .price = 10, .size = rest + 1};
    struct au_mempool_result result = fixture_add(fixture, last, NULL);
    assert_int_equal(result.status, AU_MEMPOOL_SENDER_SIZE);
    assert_int_equal(result.got, AU_MEMPOOL_SENDER_SIZE_MAX + 1);
    last.size = rest;
    assert_added(fixture, last, AU_MEMPOOL_EXECUTABLE);
    /* A replacement counts instead of what it replaces. */
    last.price = 11;
    assert_added(fixture, last, AU_MEMPOOL_EXECUTABLE);
    last.price = 20;
    last.size++;
    assert_added(fixture, last, AU_MEMPOOL_SENDER_SIZE);
    assert_int_equal(au_mempool_stats(fixture->pool).size, AU_MEMPOOL_SENDER_SIZE_MAX);
    fixture_free(fixture);
}

static void test_replacement_needs_a_tenth_more(void **state)
{
    (void)state;
    static const struct {
        uint64_t price;
        uint64_t least;
    } cases[] = {{1, 2},   {9, 10},   {10, 11},     {11, 13},
                 {20, 22}, {99, 109}, {1000, 1100}, {1001, 1102}};
    struct fixture *fixture = preset();
    for (uint32_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_hash old;
        struct fixture_tx spec = {.sender = i, .price = cases[i].price};
        fixture_add(fixture, spec, &old);
        spec.salt = 1;
        spec.price = cases[i].least - 1;
        struct au_mempool_result result = fixture_add(fixture, spec, NULL);
        assert_int_equal(result.status, AU_MEMPOOL_UNDERPRICED);
        assert_int_equal(result.expected, cases[i].least);
        spec.price = cases[i].least;
        assert_added(fixture, spec, AU_MEMPOOL_EXECUTABLE);
        assert_drop(fixture, i, &old, AU_DROP_REPLACED);
    }
    assert_int_equal(fixture->drop_count, AU_COUNT_OF(cases));
    fixture_free(fixture);
}

static void test_free_ones_are_not_replaced_for_free(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    au_mempool_free(fixture->pool);
    fixture->options.params.gas_price_min = 0;
    assert_ok(au_mempool_new(&fixture->options, &fixture->pool));
    assert_added(fixture, (struct fixture_tx){.sender = 1}, AU_MEMPOOL_EXECUTABLE);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .salt = 1}, AU_MEMPOOL_UNDERPRICED);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .price = 1}, AU_MEMPOOL_EXECUTABLE);
    fixture_free(fixture);
}

/* ---- a full pool ---- */

static void test_full_displaces_the_cheapest_tail(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(4, 1u << 20);
    struct au_hash tail;
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 0, .price = 2}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 1, .price = 50}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 2, .price = 5}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 3, .price = 5}, &tail);
    struct au_mempool_result result =
        fixture_add(fixture, (struct fixture_tx){.sender = 4, .price = 5}, NULL);
    assert_int_equal(result.status, AU_MEMPOOL_FULL);
    assert_int_equal(result.expected, 6);
    assert_int_equal(fixture->drop_count, 0);
    /* 2 is cheaper but no tail; of two tails at 5 the later one goes. */
    assert_added(fixture, (struct fixture_tx){.sender = 4, .price = 6}, AU_MEMPOOL_EXECUTABLE);
    assert_drop(fixture, 0, &tail, AU_DROP_DISPLACED);
    /* A parked one displaces nothing, whatever its price. */
    assert_added(fixture, (struct fixture_tx){.sender = 5, .nonce = 1, .price = 99},
                 AU_MEMPOOL_FULL);
    assert_stats(fixture, 4, 0);
    fixture_free(fixture);
}

static void test_full_spares_what_a_newcomer_follows(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(4, 1u << 20);
    struct au_hash other;
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 0, .price = 1}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 1, .price = 1}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 2, .price = 8}, NULL);
    fixture_add(fixture, (struct fixture_tx){.sender = 3, .price = 7}, &other);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 2, .price = 7},
                 AU_MEMPOOL_FULL);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 2, .price = 8},
                 AU_MEMPOOL_EXECUTABLE);
    assert_drop(fixture, 0, &other, AU_DROP_DISPLACED);
    fixture_free(fixture);
}

static void test_full_of_bytes(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(100, 4000);
    struct au_hash ids[4];
    for (uint32_t i = 0; i < 4; i++) {
        fixture_add(fixture, (struct fixture_tx){.sender = i, .price = 2 + i, .size = 1000},
                    &ids[i]);
    }
    /* Two must go, the second has price 3. */
    assert_added(fixture, (struct fixture_tx){.sender = 9, .price = 3, .size = 1001},
                 AU_MEMPOOL_FULL);
    assert_stats(fixture, 4, 0);
    assert_int_equal(fixture->drop_count, 0);
    assert_added(fixture, (struct fixture_tx){.sender = 9, .price = 4, .size = 1001},
                 AU_MEMPOOL_EXECUTABLE);
    assert_drop(fixture, 0, &ids[0], AU_DROP_DISPLACED);
    assert_drop(fixture, 1, &ids[1], AU_DROP_DISPLACED);
    assert_added(fixture, (struct fixture_tx){.sender = 10, .price = 1, .size = 999},
                 AU_MEMPOOL_EXECUTABLE);
    assert_int_equal(au_mempool_stats(fixture->pool).size, 4000);
    struct au_mempool_result result =
        fixture_add(fixture, (struct fixture_tx){.sender = 11, .price = 99, .size = 4001}, NULL);
    assert_int_equal(result.status, AU_MEMPOOL_FULL);
    assert_int_equal(result.expected, 0);
    fixture_free(fixture);
}

static void test_parked_take_a_quarter(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(8, 8000);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 1, .price = 1, .size = 1000},
                 AU_MEMPOOL_PARKED);
    assert_added(fixture, (struct fixture_tx){.sender = 2, .nonce = 1, .price = 1, .size = 1001},
                 AU_MEMPOOL_PARKED_FULL);
    assert_added(fixture, (struct fixture_tx){.sender = 2, .nonce = 1, .price = 1},
                 AU_MEMPOOL_PARKED);
    assert_added(fixture, (struct fixture_tx){.sender = 3, .nonce = 1, .price = 1},
                 AU_MEMPOOL_PARKED_FULL);
    /* The gap closes: there is room again. */
    assert_added(fixture, (struct fixture_tx){.sender = 2, .nonce = 0, .price = 1},
                 AU_MEMPOOL_EXECUTABLE);
    assert_stats(fixture, 2, 1);
    assert_added(fixture, (struct fixture_tx){.sender = 3, .nonce = 1, .price = 1},
                 AU_MEMPOOL_PARKED);
    fixture_free(fixture);
}

/* ---- blocks ---- */

static void block_done(struct fixture *fixture, uint64_t height, const struct au_hash *id,
                       uint32_t sender)
{
    struct au_mempool_included included = {*id, fixture_address(sender)};
    assert_ok(au_mempool_block_done(fixture->pool, height, &included, 1));
}

static void test_block_takes_and_promotes(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_hash ids[4];
    const uint64_t nonces[] = {0, 1, 3};
    for (size_t i = 0; i < AU_COUNT_OF(nonces); i++) {
        fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = nonces[i], .price = 1},
                    &ids[i]);
    }
    assert_stats(fixture, 2, 1);
    fixture->accounts[1].nonce = 1;
    block_done(fixture, 10, &ids[0], 1);
    assert_drop(fixture, 0, &ids[0], AU_DROP_INCLUDED);
    assert_stats(fixture, 1, 1);
    /* Others' transactions took 1 and 2. */
    fixture->accounts[1].nonce = 3;
    block_done(fixture, 11, &(struct au_hash){{1}}, 1);
    assert_drop(fixture, 1, &ids[1], AU_DROP_NONCE_USED);
    assert_stats(fixture, 1, 0);
    fixture_free(fixture);
}

static void test_block_leaves_what_is_covered(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_hash ids[3];
    for (uint64_t i = 0; i < 3; i++) {
        fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = i, .price = 2}, &ids[i]);
    }
    fixture->accounts[1] = (struct au_mempool_account){1, COST(4)};
    block_done(fixture, 10, &ids[0], 1);
    assert_stats(fixture, 2, 0);
    fixture->accounts[1] = (struct au_mempool_account){1, COST(4) - 1};
    block_done(fixture, 11, &(struct au_hash){{1}}, 1);
    assert_drop(fixture, 1, &ids[2], AU_DROP_UNFUNDED);
    assert_stats(fixture, 1, 0);
    fixture_free(fixture);
}

static void test_heights_expire(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_hash id;
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .price = 1, .valid_until = 12}, &id);
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .nonce = 1, .price = 1}, NULL);
    assert_ok(au_mempool_block_done(fixture->pool, 10, NULL, 0));
    assert_ok(au_mempool_block_done(fixture->pool, 11, NULL, 0));
    assert_stats(fixture, 2, 0);
    assert_ok(au_mempool_block_done(fixture->pool, 12, NULL, 0));
    assert_drop(fixture, 0, &id, AU_DROP_EXPIRED);
    assert_stats(fixture, 0, 1);
    fixture_free(fixture);
}

static void test_block_without_accounts_changes_nothing(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_mempool_included included = {.sender = fixture_address(1)};
    fixture_add(fixture, (struct fixture_tx){.sender = 1, .price = 1, .valid_until = 10},
                &included.id);
    fixture->read_err = AU_ERR_IO;
    assert_err(au_mempool_block_done(fixture->pool, 10, &included, 1), AU_ERR_IO);
    assert_stats(fixture, 1, 0);
    assert_int_equal(fixture->drop_count, 0);
    fixture_free(fixture);
}

static void test_clear(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    for (uint64_t i = 0; i < 6; i++) {
        fixture_add(fixture, (struct fixture_tx){.sender = i & 1, .nonce = i / 2, .price = 1},
                    NULL);
    }
    au_mempool_clear(fixture->pool);
    assert_stats(fixture, 0, 0);
    assert_int_equal(fixture->drop_count, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(fixture->drops[i].reason, AU_DROP_CLEARED);
    fixture_free(fixture);
}

/* ---- walks ---- */

static uint64_t next_salt(struct au_mempool_walk *walk)
{
    const struct au_checked *checked = au_mempool_walk_next(walk);
    uint64_t salt = 0;
    if (checked) memcpy(&salt, checked->tx.signature, sizeof(salt));
    return salt;
}

static void fill_for_walk(struct fixture *fixture)
{
    static const struct fixture_tx specs[] = {
        {.sender = 1, .nonce = 0, .price = 5, .salt = 1},
        {.sender = 1, .nonce = 1, .price = 9, .salt = 2},
        {.sender = 2, .nonce = 0, .price = 5, .salt = 3},
        {.sender = 3, .nonce = 0, .price = 7, .salt = 4},
        {.sender = 3, .nonce = 1, .price = 1, .salt = 5},
        {.sender = 4, .nonce = 1, .price = 99, .salt = 6},
    };
    for (size_t i = 0; i < AU_COUNT_OF(specs); i++)
        fixture_add(fixture, specs[i], NULL);
}

static void test_walk_order(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fill_for_walk(fixture);
    static const uint64_t order[] = {4, 1, 2, 3, 5, 0, 0};
    struct au_mempool_walk *walk;
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    for (size_t i = 0; i < AU_COUNT_OF(order); i++)
        assert_int_equal(next_salt(walk), order[i]);
    au_mempool_walk_end(walk);
    fixture_free(fixture);
}

static void test_walk_skips_and_drops(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fill_for_walk(fixture);
    struct au_mempool_walk *walk;
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    assert_int_equal(next_salt(walk), 4);
    au_mempool_walk_skip_sender(walk);
    assert_int_equal(next_salt(walk), 1);
    au_mempool_walk_drop(walk, AU_DROP_FAILED);
    assert_int_equal(next_salt(walk), 3);
    assert_int_equal(next_salt(walk), 0);
    au_mempool_walk_end(walk);
    assert_int_equal(fixture->drop_count, 1);
    assert_int_equal(fixture->drops[0].reason, AU_DROP_FAILED);
    assert_stats(fixture, 3, 2);
    fixture_free(fixture);
}

static void test_walk_keeps_what_leaves(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    fill_for_walk(fixture);
    struct au_mempool_walk *walk;
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    const struct au_checked *given = au_mempool_walk_next(walk);
    assert_non_null(given);
    /* Replaced before its turn: the replacement is given. A follower that comes now is, too. */
    assert_added(fixture, (struct fixture_tx){.sender = 1, .price = 6, .salt = 7},
                 AU_MEMPOOL_EXECUTABLE);
    assert_int_equal(next_salt(walk), 7);
    assert_added(fixture, (struct fixture_tx){.sender = 1, .nonce = 2, .price = 8, .salt = 8},
                 AU_MEMPOOL_EXECUTABLE);
    assert_int_equal(next_salt(walk), 2);
    assert_int_equal(next_salt(walk), 8);
    au_mempool_clear(fixture->pool);
    struct au_hash id = au_tx_id(given->bytes);
    assert_memory_equal(id.bytes, given->id.bytes, AU_HASH_SIZE);
    assert_bytes(given->tx.function, "f");
    assert_null(au_mempool_walk_next(walk));
    au_mempool_walk_end(walk);
    fixture_free(fixture);
}

/* ---- reads ---- */

static void test_find_and_list(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_hash ids[5];
    for (uint64_t i = 0; i < 5; i++) {
        fixture_add(fixture,
                    (struct fixture_tx){.sender = 1, .nonce = i == 4 ? 9 : i, .price = 9 - i},
                    &ids[i]);
    }
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX);
    assert_ok(au_mempool_find(fixture->pool, &ids[3], &buf));
    struct au_hash id = au_tx_id(au_buf_bytes(&buf));
    assert_memory_equal(id.bytes, ids[3].bytes, AU_HASH_SIZE);
    assert_err(au_mempool_find(fixture->pool, &(struct au_hash){{1}}, &buf), AU_ERR_NOT_FOUND);
    au_buf_done(&buf);

    struct au_mempool_entry entries[3];
    assert_int_equal(au_mempool_list(fixture->pool, 0, 3, entries), 3);
    assert_memory_equal(entries[2].id.bytes, ids[2].bytes, AU_HASH_SIZE);
    assert_true(entries[2].is_executable);
    assert_int_equal(au_mempool_list(fixture->pool, entries[2].sequence, 3, entries), 2);
    assert_memory_equal(entries[1].id.bytes, ids[4].bytes, AU_HASH_SIZE);
    assert_false(entries[1].is_executable);
    assert_int_equal(entries[1].nonce, 9);
    assert_int_equal(entries[1].gas_price, 5);
    assert_int_equal(au_mempool_list(fixture->pool, entries[1].sequence, 3, entries), 0);
    fixture_free(fixture);
}

static void test_options_and_names(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    struct au_mempool_options options = fixture->options;
    struct au_mempool *pool;
    options.count_max = 3;
    assert_err(au_mempool_new(&options, &pool), AU_ERR_INVALID_ARG);
    options.count_max = AU_MEMPOOL_COUNT_MAX + 1;
    assert_err(au_mempool_new(&options, &pool), AU_ERR_INVALID_ARG);
    assert_string_equal(au_drop_name(AU_DROP_NONCE_USED), "nonce_used");
    assert_string_equal(au_drop_text(AU_DROP_CLEARED), "the pool was emptied");
    fixture_free(fixture);
}

/* ---- threads ---- */

static void *add_later(void *argument)
{
    struct fixture *fixture = argument;
    struct fixture_made made = fixture_make(fixture, &(struct fixture_tx){.sender = 1, .price = 1});
    struct au_mempool_result result;
    bool is_added = au_mempool_add(fixture->pool, &made.checked, &result) == AU_OK;
    au_buf_done(&made.bytes);
    return is_added ? fixture : NULL;
}

static void test_wait(void **state)
{
    (void)state;
    struct fixture *fixture = preset();
    uint64_t start = au_clock_ns();
    assert_false(au_mempool_wait(fixture->pool, 20 * MS));
    assert_true(au_clock_ns() - start >= 20 * MS);
    au_mempool_wake(fixture->pool);
    assert_false(au_mempool_wait(fixture->pool, UINT64_MAX));
    /* A parked one is nothing to wait for. */
    assert_added(fixture, (struct fixture_tx){.sender = 2, .nonce = 1, .price = 1},
                 AU_MEMPOOL_PARKED);
    assert_false(au_mempool_wait(fixture->pool, 1));
    pthread_t thread;
    void *added = NULL;
    assert_int_equal(pthread_create(&thread, NULL, add_later, fixture), 0);
    assert_true(au_mempool_wait(fixture->pool, UINT64_MAX));
    assert_int_equal(pthread_join(thread, &added), 0);
    assert_non_null(added);
    assert_true(au_mempool_wait(fixture->pool, 0));
    fixture_free(fixture);
}

#define ADDERS        4u
#define ADDER_SENDERS 50u
#define ADDER_TXS     2000u

struct adder {
    struct fixture *fixture;
    uint32_t first_sender;
    size_t added_count;
    bool is_failed;
};

/* Adds and replaces; no assertion of cmocka's in a thread that is not the test's own. */
static void *run_adder(void *argument)
{
    struct adder *adder = argument;
    for (uint32_t i = 0; i < ADDER_TXS; i++) {
        struct fixture_tx spec = {
            .sender = adder->first_sender + i % ADDER_SENDERS,
            .nonce = i / ADDER_SENDERS % 8,
            .price = 1 + i / 4,
        };
        struct fixture_made made = fixture_make(adder->fixture, &spec);
        struct au_mempool_result result;
        enum au_err err = au_mempool_add(adder->fixture->pool, &made.checked, &result);
        au_buf_done(&made.bytes);
        if (err != AU_OK) adder->is_failed = true;
        if (err == AU_OK && result.status <= AU_MEMPOOL_PARKED) adder->added_count++;
    }
    return NULL;
}

/* Checks every transaction that a walk gives, by its hash, and each sender's order. */
static size_t walk_once(struct fixture *fixture, bool is_dropping)
{
    uint64_t next[ADDERS * ADDER_SENDERS] = {0};
    struct au_mempool_walk *walk;
    size_t count = 0;
    assert_ok(au_mempool_walk_begin(fixture->pool, &walk));
    for (const struct au_checked *given; (given = au_mempool_walk_next(walk)) != NULL; count++) {
        struct au_hash id = au_tx_id(given->bytes);
        assert_memory_equal(id.bytes, given->id.bytes, AU_HASH_SIZE);
        assert_int_equal(given->tx.nonce, next[fixture_sender(&given->tx.from)]++);
        if (is_dropping && count % 64 == 63) au_mempool_walk_drop(walk, AU_DROP_FAILED);
    }
    au_mempool_walk_end(walk);
    return count;
}

static void test_threads(void **state)
{
    (void)state;
    struct fixture *fixture = fixture_new(800, 1u << 20);
    struct adder adders[ADDERS];
    pthread_t threads[ADDERS];
    for (uint32_t i = 0; i < ADDERS; i++) {
        adders[i] = (struct adder){.fixture = fixture, .first_sender = i * ADDER_SENDERS};
        assert_int_equal(pthread_create(&threads[i], NULL, run_adder, &adders[i]), 0);
    }
    for (size_t i = 0; i < 60; i++) {
        walk_once(fixture, i % 2);
        assert_ok(au_mempool_block_done(fixture->pool, 10 + i, NULL, 0));
    }
    size_t added_count = 0;
    for (size_t i = 0; i < ADDERS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_false(adders[i].is_failed);
        added_count += adders[i].added_count;
    }
    /* What came is there or has left. */
    struct au_mempool_stats stats = au_mempool_stats(fixture->pool);
    assert_int_equal(added_count, stats.count + fixture->drop_count);
    assert_int_equal(walk_once(fixture, false), stats.executable_count);
    fixture_free(fixture);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_invalid_ones_stay_out),
        cmocka_unit_test(test_bounds_are_taken),
        cmocka_unit_test(test_known_is_no_error),
        cmocka_unit_test(test_balance_covers_all_of_a_sender),
        cmocka_unit_test(test_sender_count),
        cmocka_unit_test(test_sender_size),
        cmocka_unit_test(test_replacement_needs_a_tenth_more),
        cmocka_unit_test(test_free_ones_are_not_replaced_for_free),
        cmocka_unit_test(test_full_displaces_the_cheapest_tail),
        cmocka_unit_test(test_full_spares_what_a_newcomer_follows),
        cmocka_unit_test(test_full_of_bytes),
        cmocka_unit_test(test_parked_take_a_quarter),
        cmocka_unit_test(test_block_takes_and_promotes),
        cmocka_unit_test(test_block_leaves_what_is_covered),
        cmocka_unit_test(test_heights_expire),
        cmocka_unit_test(test_block_without_accounts_changes_nothing),
        cmocka_unit_test(test_clear),
        cmocka_unit_test(test_walk_order),
        cmocka_unit_test(test_walk_skips_and_drops),
        cmocka_unit_test(test_walk_keeps_what_leaves),
        cmocka_unit_test(test_find_and_list),
        cmocka_unit_test(test_options_and_names),
        cmocka_unit_test(test_wait),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests_name("mempool", tests, NULL, NULL);
}
