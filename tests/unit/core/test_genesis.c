/* Genesis: one encoding, and every invariant broken once. Literals were made by another
 * implementation. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/genesis.h"
#include "core/limits.h"

#define SIZE_MAX_OF_TEST 1024u      /* bytes */
#define ARENA_SIZE_MAX   (1u << 20) /* bytes */

static const char genesis_hex[] =
    "0x0d000000617572656f6e2d746573742d317b68e5cf8b01000000093d000000000000008000000000"
    "000000100000000000e803000000000000000000000000000000a0724e1809000064000000000000"
    "00020000001111111111111111111111111111111111111111111111111111111111111111050000"
    "00000000002222222222222222222222222222222222222222222222222222222222222222000000"
    "00000000400200000033333333333333333333333333333333333333333333333333333333333333"
    "3300a0724e1809000001444444444444444444444444444444444444444444444444444444444444"
    "44445555555555555555555555555555555555555555555555555555555555555555070000000000"
    "0000006666666666666666666666666666666666666666666666666666666666666666";
static const char genesis_hash_hex[] =
    "0xb8c6efd458c57c0b2052493893f038dc489fb170c075af7d31d072c260fea00f";

/* Where things are in the literal. */
#define TIME_AT     17u
#define PARAMS_AT   (TIME_AT + 8u)
#define ACCOUNTS_AT (PARAMS_AT + 56u)
#define STAKES_AT   (ACCOUNTS_AT + 4u + 2u * 40u)

static struct au_bytes from_hex(const char *hex, uint8_t *out_bytes)
{
    size_t size = strlen(hex) / 2 - 1;
    assert_true(size < SIZE_MAX_OF_TEST);
    assert_ok(au_hex_parse(au_bytes_of(hex), out_bytes, size));
    return (struct au_bytes){out_bytes, size};
}

static bool decodes(struct au_bytes bytes)
{
    struct au_arena arena;
    struct au_genesis genesis;
    struct au_decode error;
    au_arena_init(&arena, ARENA_SIZE_MAX);
    enum au_err err = au_genesis_decode(bytes, &arena, &genesis, &error);
    assert_true(err == AU_OK || err == AU_ERR_MALFORMED);
    assert_int_equal(err == AU_OK, error.error == NULL);
    assert_true(err == AU_OK || error.error_at <= bytes.size);
    au_arena_done(&arena);
    return err == AU_OK;
}

static void test_literal(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    uint8_t hash_room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(genesis_hex, room);
    struct au_arena arena;
    struct au_genesis genesis;
    struct au_decode error;
    struct au_params presets = au_params_default();
    au_arena_init(&arena, ARENA_SIZE_MAX);
    assert_ok(au_genesis_decode(bytes, &arena, &genesis, &error));
    assert_bytes(genesis.chain_id, "aureon-test-1");
    assert_true(genesis.time_ms == UINT64_C(1700000000123));
    assert_memory_equal(&genesis.params, &presets, sizeof(presets));
    assert_int_equal(genesis.account_count, 2);
    assert_int_equal(genesis.accounts[1].address.bytes[31], 0x22);
    assert_true(genesis.accounts[1].balance == UINT64_C(1) << 62);
    assert_int_equal(genesis.stake_count, 2);
    assert_true(genesis.stakes[0].has_key && !genesis.stakes[1].has_key);
    assert_int_equal(genesis.stakes[0].key[0], 0x44);
    assert_int_equal(genesis.stakes[1].key[0], 0);
    assert_true(genesis.stakes[1].amount == 7);
    assert_int_equal(genesis.proposer.bytes[0], 0x66);

    struct au_buf again;
    au_buf_init(&again, SIZE_MAX_OF_TEST);
    au_genesis_encode(&again, &genesis);
    assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
    struct au_hash hash = au_genesis_hash(au_buf_bytes(&again));
    assert_memory_equal(hash.bytes, from_hex(genesis_hash_hex, hash_room).data, AU_HASH_SIZE);
    au_buf_done(&again);
    au_arena_done(&arena);
}

static void test_prefixes_and_tails(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(genesis_hex, room);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_false(decodes((struct au_bytes){room, size}));
    }
    for (unsigned tail = 0; tail < 256; tail++) {
        room[bytes.size] = (uint8_t)tail;
        assert_false(decodes((struct au_bytes){room, bytes.size + 1}));
    }
}

static void test_one_encoding(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(genesis_hex, room);
    struct au_arena arena;
    struct au_buf again;
    au_arena_init(&arena, ARENA_SIZE_MAX);
    au_buf_init(&again, SIZE_MAX_OF_TEST);
    for (size_t at = 0; at < bytes.size * 8; at++) {
        struct au_genesis genesis;
        struct au_decode error;
        room[at / 8] ^= (uint8_t)(1u << (at % 8));
        au_arena_reset(&arena);
        enum au_err err = au_genesis_decode(bytes, &arena, &genesis, &error);
        assert_true(err == AU_OK || err == AU_ERR_MALFORMED);
        if (err == AU_OK) {
            au_buf_clear(&again);
            au_genesis_encode(&again, &genesis);
            assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
        }
        room[at / 8] ^= (uint8_t)(1u << (at % 8));
    }
    au_buf_done(&again);
    au_arena_done(&arena);
}

static void test_huge_sizes_and_counts(void **state)
{
    (void)state;
    static const uint32_t huge[] = {51, 1u << 22, (1u << 22) + 1, 1u << 31, UINT32_MAX};
    static const size_t places[] = {0, ACCOUNTS_AT, STAKES_AT};
    uint8_t room[SIZE_MAX_OF_TEST];
    for (size_t i = 0; i < AU_COUNT_OF(places); i++) {
        for (size_t j = 0; j < AU_COUNT_OF(huge); j++) {
            struct au_bytes bytes = from_hex(genesis_hex, room);
            memcpy(room + places[i], &huge[j], sizeof(huge[j]));
            assert_false(decodes(bytes));
        }
    }
}

static void test_an_option_is_0_or_1(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(genesis_hex, room);
    size_t at = STAKES_AT + 4 + 40;
    assert_int_equal(room[at], 1);
    for (unsigned option = 2; option < 256; option++) {
        room[at] = (uint8_t)option;
        assert_false(decodes(bytes));
    }
}

/* ---- invariants ---- */

/* A genesis that can be changed. Addresses and keys are one byte repeated. */
struct sample {
    char chain_id[AU_CHAIN_ID_SIZE_MAX + 1];
    struct au_genesis_account accounts[3];
    struct au_genesis_stake stakes[3];
    struct au_genesis genesis;
};

static void fill(uint8_t *bytes, uint8_t value)
{
    memset(bytes, value, AU_ADDRESS_SIZE);
}

static void make_sample(struct sample *sample)
{
    *sample = (struct sample){.chain_id = "dev"};
    for (uint8_t i = 0; i < 3; i++) {
        fill(sample->accounts[i].address.bytes, (uint8_t)(0x11 + i));
        sample->accounts[i].balance = 1;
        fill(sample->stakes[i].owner.bytes, (uint8_t)(0x11 + i));
        sample->stakes[i].amount = 1;
        sample->stakes[i].has_key = true;
        fill(sample->stakes[i].key, (uint8_t)(0x33 - i));
    }
    sample->genesis = (struct au_genesis){
        .chain_id = au_bytes_of(sample->chain_id),
        .params = au_params_default(),
        .accounts = sample->accounts,
        .account_count = 3,
        .stakes = sample->stakes,
        .stake_count = 3,
    };
    fill(sample->genesis.proposer.bytes, 0x66);
}

/* Checked as it is and through its bytes: the verdicts agree. */
static const char *wrong_of(const struct sample *sample)
{
    struct au_arena arena;
    struct au_buf buf;
    struct au_genesis again;
    struct au_decode error;
    const char *wrong = "";
    au_arena_init(&arena, ARENA_SIZE_MAX);
    au_buf_init(&buf, SIZE_MAX_OF_TEST);
    assert_ok(au_genesis_check(&sample->genesis, &arena, &wrong));
    au_genesis_encode(&buf, &sample->genesis);
    assert_err(au_genesis_decode(au_buf_bytes(&buf), &arena, &again, &error),
               wrong ? AU_ERR_MALFORMED : AU_OK);
    au_buf_done(&buf);
    au_arena_done(&arena);
    return wrong;
}

static void test_sample_is_valid(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    assert_null(wrong_of(&sample));
    sample.genesis.account_count = 0;
    assert_null(wrong_of(&sample));
    sample.genesis.stake_count = 0;
    assert_null(wrong_of(&sample));
    sample.genesis.time_ms = INT64_MAX;
    assert_null(wrong_of(&sample));
}

enum place { ACCOUNT, OWNER, KEY, PROPOSER, PLACE_COUNT };

/* The place of an address that may be as small or as large as any. */
static uint8_t *bytes_at(struct sample *sample, enum place place, bool is_last)
{
    size_t index = is_last ? 2 : 0;
    switch (place) {
    case ACCOUNT: return sample->accounts[index].address.bytes;
    case OWNER: return sample->stakes[index].owner.bytes;
    case KEY: return sample->stakes[index].key;
    case PROPOSER:
    case PLACE_COUNT: break;
    }
    return sample->genesis.proposer.bytes;
}

/* All encodings of points whose order divides 8 by their first and last bytes are in the tests of
 * signatures; here one that sorts first and one that sorts last. */
static void test_small_order_points(void **state)
{
    (void)state;
    static const char *const sentences[PLACE_COUNT] = {
        [ACCOUNT] = "an account that may not own anything",
        [OWNER] = "an owner that may not own anything",
        [KEY] = "a validator key that may not be one",
        [PROPOSER] = "a proposer that may not own anything",
    };
    for (int place = 0; place < PLACE_COUNT; place++) {
        for (int is_last = 0; is_last < 2; is_last++) {
            struct sample sample;
            make_sample(&sample);
            uint8_t *bytes = bytes_at(&sample, (enum place)place, is_last);
            fill(bytes, is_last ? 0xff : 0);
            bytes[0] = is_last ? 0xec : 1; /* p - 1 with a sign bit; the identity */
            const char *wrong = wrong_of(&sample);
            assert_non_null(wrong);
            assert_string_equal(wrong, sentences[place]);
        }
    }
}

static void test_the_system_account_owns_nothing(void **state)
{
    (void)state;
    struct sample sample;
    for (int place = 0; place < PLACE_COUNT; place++) {
        make_sample(&sample);
        sample.genesis.account_count = 1;
        sample.genesis.stake_count = 1;
        memcpy(bytes_at(&sample, (enum place)place, false), au_address_system.bytes,
               AU_ADDRESS_SIZE);
        assert_non_null(wrong_of(&sample));
    }
}

static void test_order_and_duplicates(void **state)
{
    (void)state;
    struct sample sample;
    for (int difference = 0; difference < 2; difference++) {
        make_sample(&sample);
        fill(sample.accounts[2].address.bytes, (uint8_t)(0x12 - difference));
        assert_string_equal(wrong_of(&sample), "accounts not sorted, or one twice");
        make_sample(&sample);
        fill(sample.stakes[2].owner.bytes, (uint8_t)(0x12 - difference));
        assert_string_equal(wrong_of(&sample), "stakes not sorted, or an owner twice");
    }
}

static void test_keys_are_unique(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    fill(sample.stakes[2].key, 0x33);
    assert_string_equal(wrong_of(&sample), "a validator key twice");
    sample.stakes[2].has_key = false;
    fill(sample.stakes[2].key, 0);
    assert_null(wrong_of(&sample));
}

static void test_amounts(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    sample.accounts[1].balance = 0;
    assert_string_equal(wrong_of(&sample), "an amount of 0");
    make_sample(&sample);
    sample.stakes[1].amount = 0;
    assert_string_equal(wrong_of(&sample), "an amount of 0");

    make_sample(&sample);
    sample.accounts[1].balance = AU_AMOUNT_MAX - 5;
    assert_null(wrong_of(&sample));
    sample.accounts[1].balance++;
    assert_string_equal(wrong_of(&sample), "more than 2^63-1 base units in all");
    sample.accounts[1].balance = UINT64_MAX;
    assert_string_equal(wrong_of(&sample), "more than 2^63-1 base units in all");
    make_sample(&sample);
    sample.stakes[2].amount = UINT64_MAX - 4; /* a sum that would wrap round to 0 */
    assert_string_equal(wrong_of(&sample), "more than 2^63-1 base units in all");
}

static void test_time_and_parameters(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    sample.genesis.time_ms = (uint64_t)INT64_MAX + 1;
    assert_string_equal(wrong_of(&sample), "a time past 2^63-1");
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        make_sample(&sample);
        uint64_t value = au_param_infos[i].max + 1;
        memcpy((uint8_t *)&sample.genesis.params + au_param_infos[i].offset, &value, sizeof(value));
        assert_string_equal(wrong_of(&sample), "a parameter out of its range");
    }
}

static void test_chain_id(void **state)
{
    (void)state;
    struct sample sample;
    make_sample(&sample);
    for (unsigned c = 0; c < 256; c++) {
        bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
        uint8_t text[] = {'a', (uint8_t)c, 'z'};
        assert_int_equal(au_chain_id_is_valid((struct au_bytes){text, sizeof(text)}), fits);
    }
    memset(sample.chain_id, 'x', sizeof(sample.chain_id));
    for (size_t size = 0; size <= sizeof(sample.chain_id); size++) {
        bool is_good = size >= 1 && size <= AU_CHAIN_ID_SIZE_MAX;
        sample.genesis.chain_id = (struct au_bytes){(const uint8_t *)sample.chain_id, size};
        assert_int_equal(au_chain_id_is_valid(sample.genesis.chain_id), is_good);
        assert_int_equal(wrong_of(&sample) == NULL, is_good);
    }
}

/* Lists and working memory come from the arena: without room there is an error, not a genesis. */
static void test_no_memory(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(genesis_hex, room);
    size_t failed_count = 0;
    enum au_err err = AU_ERR_NO_MEMORY;
    for (size_t size = 0; err == AU_ERR_NO_MEMORY; size += 16) {
        struct au_arena arena;
        struct au_genesis genesis;
        struct au_decode error;
        assert_true(size <= ARENA_SIZE_MAX);
        au_arena_init(&arena, size);
        err = au_genesis_decode(bytes, &arena, &genesis, &error);
        if (err == AU_ERR_NO_MEMORY) failed_count++;
        au_arena_done(&arena);
    }
    assert_ok(err);
    assert_true(failed_count > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literal),
        cmocka_unit_test(test_prefixes_and_tails),
        cmocka_unit_test(test_one_encoding),
        cmocka_unit_test(test_huge_sizes_and_counts),
        cmocka_unit_test(test_an_option_is_0_or_1),
        cmocka_unit_test(test_sample_is_valid),
        cmocka_unit_test(test_small_order_points),
        cmocka_unit_test(test_the_system_account_owns_nothing),
        cmocka_unit_test(test_order_and_duplicates),
        cmocka_unit_test(test_keys_are_unique),
        cmocka_unit_test(test_amounts),
        cmocka_unit_test(test_time_and_parameters),
        cmocka_unit_test(test_chain_id),
        cmocka_unit_test(test_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
