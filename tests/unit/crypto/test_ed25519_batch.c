/* Batches say what single checks say, for signatures of mixed order above all: there an equation
 * without the cofactor would depend on what else is in the batch. */
#include "unit/unit.h"

#include "base/hex.h"
#include "crypto/ed25519.h"
#include "unit/crypto/mixed_order.h"

#define VALID_COUNT  (MIXED_SECRETS * MIXED_VARIANTS * MIXED_VARIANTS)
#define CASES_EACH   ((size_t)6) /* one valid, five not */
#define CASE_COUNT   (CASES_EACH * VALID_COUNT)
#define PLACES_MAX   33
#define BATCH_MAX    256
#define KEYS_MAX     ((size_t)20) /* fewer than there are, so that some are given up */
#define SMALL_ORDER  ((size_t)14)
#define S_SIZE       32
#define MESSAGE_SIZE 3

struct mixed_case {
    uint8_t key[AU_ED25519_KEY_SIZE];
    uint8_t sig[AU_ED25519_SIGNATURE_SIZE];
    uint8_t message[MESSAGE_SIZE];
    bool is_valid;
};

static struct mixed_case cases[CASE_COUNT];

static void read_bytes(const char *digits, size_t index, uint8_t out[32])
{
    char text[2 + 64 + 1];
    snprintf(text, sizeof(text), "0x%.64s", digits + 64 * index);
    assert_ok(au_hex_parse(au_bytes_of(text), out, 32));
}

static void make_valid(struct mixed_case *out, size_t index)
{
    size_t secret = index / (MIXED_VARIANTS * MIXED_VARIANTS);
    size_t of_key = index / MIXED_VARIANTS % MIXED_VARIANTS;
    size_t of_r = index % MIXED_VARIANTS;
    read_bytes(mixed_keys[secret], of_key, out->key);
    read_bytes(mixed_rs[secret], of_r, out->sig);
    read_bytes(mixed_ss[index / MIXED_VARIANTS], of_r, out->sig + S_SIZE);
    out->message[0] = (uint8_t)secret;
    out->message[1] = (uint8_t)of_key;
    out->message[2] = (uint8_t)of_r;
    out->is_valid = true;
}

/* Each valid signature and five that are not: R or key with another point of small order, which
 * would not matter if they were not hashed; another message; another S; another secret's key. */
static int make_cases(void **state)
{
    (void)state;
    for (size_t i = 0; i < VALID_COUNT; i++) {
        struct mixed_case *made = cases + CASES_EACH * i;
        for (size_t j = 0; j < CASES_EACH; j++) {
            make_valid(made + j, i);
            made[j].is_valid = j == 0;
        }
        size_t secret = i / (MIXED_VARIANTS * MIXED_VARIANTS);
        size_t of_key = i / MIXED_VARIANTS % MIXED_VARIANTS;
        read_bytes(mixed_rs[secret], (i + 1) % MIXED_VARIANTS, made[1].sig);
        read_bytes(mixed_keys[secret], (of_key + 1) % MIXED_VARIANTS, made[2].key);
        made[3].message[2] ^= 0x80;
        made[4].sig[S_SIZE] ^= 1;
        read_bytes(mixed_keys[(secret + 1) % MIXED_SECRETS], of_key, made[5].key);
    }
    return 0;
}

static struct au_ed25519_item item_of(const struct mixed_case *mixed)
{
    return (struct au_ed25519_item){mixed->key, mixed->sig, {mixed->message, MESSAGE_SIZE}};
}

static void test_mixed_order_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < CASE_COUNT; i++) {
        struct au_ed25519_item item = item_of(cases + i);
        assert_int_equal(au_ed25519_is_valid(item.key, item.sig, item.message), cases[i].is_valid);
        assert_int_equal(au_ed25519_are_valid(NULL, &item, 1), cases[i].is_valid);
    }
}

static uint32_t next(uint32_t *seed)
{
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Takes size cases at random, of which about one in bad_of (0: none) is not valid. */
static bool make_batch(uint32_t *seed, size_t size, uint32_t bad_of, struct au_ed25519_item *items,
                       bool *verdicts)
{
    bool are_valid = true;
    for (size_t i = 0; i < size; i++) {
        size_t valid = CASES_EACH * (next(seed) % VALID_COUNT);
        bool is_bad = bad_of != 0 && next(seed) % bad_of == 0;
        const struct mixed_case *mixed =
            cases + valid + (is_bad ? 1 + next(seed) % (CASES_EACH - 1) : 0);
        items[i] = item_of(mixed);
        verdicts[i] = mixed->is_valid;
        are_valid = are_valid && mixed->is_valid;
    }
    return are_valid;
}

static void test_mixed_order_in_batches(void **state)
{
    (void)state;
    static const uint32_t bad_ofs[] = {0, 1, 2, 8, 64};
    struct au_ed25519_item items[BATCH_MAX];
    bool verdicts[BATCH_MAX];
    bool out[BATCH_MAX];
    uint32_t seed = 1;
    struct au_ed25519_keys *keys = au_ed25519_keys_new(KEYS_MAX);
    for (size_t round = 0; round < 100; round++) {
        size_t size = round % 20 == 0 ? BATCH_MAX : 1 + next(&seed) % 64;
        uint32_t bad_of = bad_ofs[round % AU_COUNT_OF(bad_ofs)];
        bool are_valid = make_batch(&seed, size, bad_of, items, verdicts);
        assert_int_equal(au_ed25519_are_valid(NULL, items, size), are_valid);
        memset(out, 2, sizeof(out));
        au_ed25519_check(NULL, items, size, out);
        assert_memory_equal(out, verdicts, size);
        memset(out, 2, sizeof(out));
        au_ed25519_check(keys, items, size, out);
        assert_memory_equal(out, verdicts, size);
        assert_in_range(au_ed25519_keys_count(keys), 0, KEYS_MAX);
    }
    au_ed25519_keys_free(keys);
}

static void test_keys_of_valid_signatures_are_kept(void **state)
{
    (void)state;
    struct au_ed25519_keys *keys = au_ed25519_keys_new(4);
    struct au_ed25519_item items[2] = {item_of(cases), item_of(cases + 1)};
    assert_true(cases[0].is_valid && !cases[1].is_valid);
    assert_false(au_ed25519_are_valid(keys, items, 2));
    assert_int_equal(au_ed25519_keys_count(keys), 0);
    for (size_t round = 0; round < 2; round++) {
        assert_true(au_ed25519_are_valid(keys, items, 1));
        assert_int_equal(au_ed25519_keys_count(keys), 1);
    }
    au_ed25519_keys_free(keys);
    au_ed25519_keys_free(NULL);
}

/* Bit i of bad tells that item i is not valid. Nothing is written past the verdicts. */
static void check_places(size_t size, uint64_t bad)
{
    struct au_ed25519_item items[PLACES_MAX] = {0};
    uint8_t out[(PLACES_MAX + 1) * sizeof(bool)];
    for (size_t i = 0; i < size; i++) {
        items[i] = item_of(cases + CASES_EACH * i + ((bad >> i & 1) != 0 ? 4 : 0));
    }
    memset(out, 2, sizeof(out));
    au_ed25519_check(NULL, items, size, (bool *)out);
    for (size_t i = 0; i < size; i++) {
        assert_int_equal(out[i], (bad >> i & 1) == 0);
    }
    assert_int_equal(out[size], 2);
}

static void test_every_place_is_found(void **state)
{
    (void)state;
    for (size_t size = 1; size <= 8; size++) {
        for (uint64_t bad = 0; bad < (uint64_t)1 << size; bad++) {
            check_places(size, bad);
        }
    }
    for (size_t i = 0; i < PLACES_MAX; i++) {
        check_places(PLACES_MAX, (uint64_t)1 << i);
    }
}

static void test_none(void **state)
{
    (void)state;
    assert_true(au_ed25519_are_valid(NULL, NULL, 0));
    au_ed25519_check(NULL, NULL, 0, NULL);
}

static const char small_order[] =
    "0000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000000000000000000000080"
    "0100000000000000000000000000000000000000000000000000000000000000"
    "0100000000000000000000000000000000000000000000000000000000000080"
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa";

/* The 196 signatures of ZIP-215's own test: every encoding of a point of small order as the key and
 * as R, S = 0, message "Zcash". Its equation holds for all, our rule about keys refuses them. */
static void test_small_order_keys_are_never_valid(void **state)
{
    (void)state;
    static const uint8_t text[] = "Zcash";
    uint8_t sig[AU_ED25519_SIGNATURE_SIZE] = {0};
    uint8_t key[AU_ED25519_KEY_SIZE];
    bool out[3];
    for (size_t i = 0; i < SMALL_ORDER * SMALL_ORDER; i++) {
        read_bytes(small_order, i / SMALL_ORDER, key);
        read_bytes(small_order, i % SMALL_ORDER, sig);
        struct au_ed25519_item refused = {key, sig, {text, 5}};
        struct au_ed25519_item items[3] = {item_of(cases), refused, item_of(cases + CASES_EACH)};
        assert_false(au_ed25519_is_valid(key, sig, refused.message));
        assert_false(au_ed25519_are_valid(NULL, &refused, 1));
        assert_false(au_ed25519_are_valid(NULL, items, 3));
        au_ed25519_check(NULL, items, 3, out);
        assert_true(out[0] && !out[1] && out[2]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_none),
        cmocka_unit_test(test_mixed_order_alone),
        cmocka_unit_test(test_mixed_order_in_batches),
        cmocka_unit_test(test_keys_of_valid_signatures_are_kept),
        cmocka_unit_test(test_every_place_is_found),
        cmocka_unit_test(test_small_order_keys_are_never_valid),
    };
    return cmocka_run_group_tests(tests, make_cases, NULL);
}
