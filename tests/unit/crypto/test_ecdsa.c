/* Published signatures (RFC 6979 A.2.5, go-ethereum's test of recovery), the rules one by one, and
 * the sets of Wycheproof. Points without a source were computed from the formulas in Python's
 * integers. */
#include "unit/unit.h"

#include "base/hex.h"
#include "crypto/ecdsa.h"
#include "crypto/sha256.h"
#include "unit/crypto/wycheproof.h"

typedef bool check_fn(const uint8_t *key, const uint8_t *sig, const uint8_t *hash);

/* n / 2, rounded down: the greatest s that is taken. */
#define SECP256K1_S_MAX "7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0"
#define SECP256K1_N     "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"
#define P256_S_MAX      "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8"
#define P256_N          "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ZERO            "0000000000000000000000000000000000000000000000000000000000000000"

static void take(const char *digits, uint8_t *bytes, size_t size)
{
    char text[2 * 65 + 3];
    assert_int_equal(strlen(digits), 2 * size);
    snprintf(text, sizeof(text), "0x%s", digits);
    assert_ok(au_hex_parse(au_bytes_of(text), bytes, size));
}

struct ecdsa_case {
    const char *name;
    const char *key;
    const char *sig;
    bool is_valid;
};

static void check_cases(check_fn *is_valid, const char *hash_digits, const struct ecdsa_case *cases,
                        size_t count)
{
    uint8_t key[AU_ECDSA_KEY_SIZE];
    uint8_t sig[AU_ECDSA_SIGNATURE_SIZE];
    uint8_t hash[AU_HASH_SIZE];
    take(hash_digits, hash, sizeof(hash));
    for (size_t i = 0; i < count; i++) {
        take(cases[i].key, key, sizeof(key));
        take(cases[i].sig, sig, sizeof(sig));
        bool valid = is_valid(key, sig, hash);
        if (valid != cases[i].is_valid) fail_msg("%s: valid = %d", cases[i].name, valid);
    }
}

#define X       "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6"
#define TEST_R  "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367"
#define TEST_S  "019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083"
#define TEST_NS "fe60beeb8bd5d4ec42da6d94b639b6ea5dc07c4cd3965338e6f1887217f424ce"

static void test_p256(void **state)
{
    static const struct ecdsa_case cases[] = {
        {"as published", "03" X, TEST_R TEST_S, true},
        {"high s", "03" X, TEST_R TEST_NS, false},
        {"the other y", "02" X, TEST_R TEST_S, false},
        {"no compressed point", "04" X, TEST_R TEST_S, false},
        {"a compact point", "05" X, TEST_R TEST_S, false},
        {"infinity", "00" X, TEST_R TEST_S, false},
        {"r = 0", "03" X, ZERO TEST_S, false},
        {"s = 0", "03" X, TEST_R ZERO, false},
        {"r = n", "03" X, P256_N TEST_S, false},
        {"s = n", "03" X, TEST_R P256_N, false},
    };
    static const struct ecdsa_case high[] = {
        {"high s, as published", "03" X,
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8",
         false},
        {"n - s in its place", "03" X,
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9",
         true},
    };
    (void)state;
    check_cases(au_p256_is_valid,
                "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", cases,
                AU_COUNT_OF(cases));
    check_cases(au_p256_is_valid,
                "af2bdbe1aa9b6ec1e2ade1d694f41fc71a831d0268e9891562113d8a62add1bf", high,
                AU_COUNT_OF(high));
}

#define ETH_HASH "ce0677bb30baa8cf067c88db9811f4333d131bf8bcf12fe7065d211dce971008"
#define ETH_X    "e32df42865e97135acfb65f3bae71bdc86f4d49150ad6a440b6f15878109880a"
#define ETH_Y    "0a2b2667f7e725ceea70c673093bf67663e0312623c8e091b13cf2c0f11ef652"
#define ETH_R    "90f27b8b488db00b00606796d2987f6a5f59ae62ea05effe84fef5b8b0e54998"
#define ETH_S    "4a691139ad57a3f0b906637673aa2f63d1f55cb1a69199d4009eea23ceaddc93"
#define ETH_NS   "b596eec652a85c0f46f99c898c55d09ae8b9803508b70667bf337469018864ae"

static void test_secp256k1(void **state)
{
    static const struct ecdsa_case cases[] = {
        {"as published", "02" ETH_X, ETH_R ETH_S, true},
        {"high s", "02" ETH_X, ETH_R ETH_NS, false},
        {"the other y", "03" ETH_X, ETH_R ETH_S, false},
        {"no compressed point", "04" ETH_X, ETH_R ETH_S, false},
        {"a compact point", "05" ETH_X, ETH_R ETH_S, false},
        {"x = 5, which no point has",
         "020000000000000000000000000000000000000000000000000000000000000005", ETH_R ETH_S, false},
        {"r = 0", "02" ETH_X, ZERO ETH_S, false},
        {"s = 0", "02" ETH_X, ETH_R ZERO, false},
        {"r = n", "02" ETH_X, SECP256K1_N ETH_S, false},
        {"s = n", "02" ETH_X, ETH_R SECP256K1_N, false},
    };
    (void)state;
    check_cases(au_secp256k1_is_valid, ETH_HASH, cases, AU_COUNT_OF(cases));
}

/* r = 2 and s = n / 2 are a signature of anything, under a key that the hash decides. */
static void test_recover(void **state)
{
    static const struct {
        const char *sig;
        const char *hash;
        const char *point; /* NULL: none */
    } cases[] = {
        {ETH_R ETH_S "01", ETH_HASH, ETH_X ETH_Y},
        {ETH_R ETH_S "00", ETH_HASH,
         "f6928faf30a8be548dcef6f86cf290ebe93d1483c0a4becb16fb110c1f9607f1"
         "3679dd1b9879e616e13f6a31fb0489800fe7d2bab79bce18c54ebb210b6bb7ee"},
        {"0000000000000000000000000000000000000000000000000000000000000002" SECP256K1_S_MAX "02",
         "7aca73158761626cf5aa5b2af7a209e77efb41796e65602c3c4d26c962f31aef",
         "27f7098636dc0cefa810bb39ab1db21647b2376ed2206a2a11754a4f7fc533fe"
         "ff7ff5b8d45ab51d4fe522f976d5408cc37d9fe78e3e7be7a3bcf4f5d23db7a5"},
        {"0000000000000000000000000000000000000000000000000000000000000002" SECP256K1_S_MAX "03",
         "7aca73158761626cf5aa5b2af7a209e77efb41796e65602c3c4d26c962f31aef",
         "986dbd70aa217f32181beb2cf04d81f61c8073108467cbe8fdc0049cd627b2f5"
         "341766355ebce56b8c09a46f0bc4d7d99d16966685559ee9a59556ce9a18bdb1"},
        {ETH_R ETH_S "02", ETH_HASH, NULL}, /* r + n is past the field */
        {ETH_R ETH_S "04", ETH_HASH, NULL},
        {ETH_R ETH_S "1c", ETH_HASH, NULL},
        {ETH_R ETH_NS "00", ETH_HASH, NULL},
        {ZERO ETH_S "00", ETH_HASH, NULL},
        {ETH_R ZERO "00", ETH_HASH, NULL},
        {SECP256K1_N ETH_S "00", ETH_HASH, NULL},
    };
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        uint8_t sig[AU_ECDSA_RECOVERABLE_SIZE];
        uint8_t hash[AU_HASH_SIZE];
        uint8_t expected[AU_ECDSA_POINT_SIZE] = {0xa5};
        uint8_t point[AU_ECDSA_POINT_SIZE] = {0xa5};
        take(cases[i].sig, sig, sizeof(sig));
        take(cases[i].hash, hash, sizeof(hash));
        if (cases[i].point) take(cases[i].point, expected, sizeof(expected));
        bool is_found = au_secp256k1_recover(sig, hash, point);
        if (is_found != (cases[i].point != NULL)) fail_msg("case %zu: %d", i, is_found);
        assert_memory_equal(point, expected, sizeof(point));
    }
}

static void test_every_changed_bit_is_invalid(void **state)
{
    uint8_t bytes[AU_ECDSA_KEY_SIZE + AU_ECDSA_SIGNATURE_SIZE + AU_HASH_SIZE];
    uint8_t *sig = bytes + AU_ECDSA_KEY_SIZE;
    uint8_t *hash = sig + AU_ECDSA_SIGNATURE_SIZE;
    (void)state;
    take("02" ETH_X, bytes, AU_ECDSA_KEY_SIZE);
    take(ETH_R ETH_S, sig, AU_ECDSA_SIGNATURE_SIZE);
    take(ETH_HASH, hash, AU_HASH_SIZE);
    assert_true(au_secp256k1_is_valid(bytes, sig, hash));
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(au_secp256k1_is_valid(bytes, sig, hash));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
}

/* ---- Wycheproof ---- */

struct set {
    check_fn *is_valid;
    const char *s_max;
    size_t count[2];
    size_t high_count; /* valid but for a high s */
};

static bool is_high(const uint8_t *sig, const char *s_max_digits)
{
    uint8_t s_max[32];
    take(s_max_digits, s_max, sizeof(s_max));
    return memcmp(sig + 32, s_max, sizeof(s_max)) > 0;
}

/* The set has uncompressed keys; a signature of another size than ours is never valid there. */
static void check_wycheproof(const struct au_json_in *test, void *context)
{
    struct set *set = context;
    struct au_bytes sig_digits = wycheproof_member(test, "sig");
    struct au_bytes result = wycheproof_member(test, "result");
    bool is_expected = au_bytes_is_equal(result, au_bytes_of("valid"));
    char text[2 * 4096 + 3];
    uint8_t point[65];
    uint8_t message[4096];
    uint8_t sig[AU_ECDSA_SIGNATURE_SIZE];
    if (sig_digits.size != 2 * sizeof(sig)) {
        assert_false(is_expected);
        return;
    }
    struct au_bytes digits = wycheproof_member(test, "key");
    snprintf(text, sizeof(text), "0x%.*s", (int)digits.size, (const char *)digits.data);
    assert_ok(au_hex_parse(au_bytes_of(text), point, sizeof(point)));
    snprintf(text, sizeof(text), "0x%.*s", (int)sig_digits.size, (const char *)sig_digits.data);
    assert_ok(au_hex_parse(au_bytes_of(text), sig, sizeof(sig)));
    digits = wycheproof_member(test, "msg");
    assert_true(digits.size / 2 <= sizeof(message));
    snprintf(text, sizeof(text), "0x%.*s", (int)digits.size, (const char *)digits.data);
    assert_ok(au_hex_parse(au_bytes_of(text), message, digits.size / 2));
    point[0] = 2 + point[64] % 2;
    if (is_expected && is_high(sig, set->s_max)) {
        is_expected = false;
        set->high_count++;
    }
    struct au_hash hash = au_sha256((struct au_bytes){message, digits.size / 2});
    if (set->is_valid(point, sig, hash.bytes) != is_expected) {
        fail_msg("signature %.*s", (int)sig_digits.size, (const char *)sig_digits.data);
    }
    set->count[is_expected]++;
}

static void check_set(const char *name, struct set set)
{
    if (!wycheproof_check(name, check_wycheproof, &set)) skip();
    print_message("# %s: %zu valid, %zu with a high s, %zu invalid\n", name, set.count[true],
                  set.high_count, set.count[false]);
    assert_in_range(set.count[true], 40, 400);
    assert_in_range(set.high_count, 20, 400);
    assert_in_range(set.count[false], 40, 400);
}

/* RFC 6979 A.2.5 (its signature of "sample" has a high s), and bitcoinjs-lib's fixtures. */
static void test_sign(void **state)
{
    static const struct {
        bool (*sign)(const uint8_t *secret, const uint8_t *hash, uint8_t *out_key,
                     uint8_t *out_sig);
        check_fn *is_valid;
        const char *secret;
        const char *message;
        const char *sig;
    } cases[] = {
        {au_p256_sign, au_p256_is_valid,
         "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "test", TEST_R TEST_S},
        {au_p256_sign, au_p256_is_valid,
         "c9afa9d845ba75166b5c215767b1d6934e50c3db36e89b127b8a622b120f6721", "sample",
         "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716"
         "0834e36ad29a83bf2bc9385e491d6099c8fdf9d1ed67aa7ea5f51f93782857a9"},
        {au_secp256k1_sign, au_secp256k1_is_valid,
         "0000000000000000000000000000000000000000000000000000000000000001", "Satoshi Nakamoto",
         "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8"
         "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5"},
    };
    static const char *const no_secrets[] = {ZERO, SECP256K1_N, P256_N};
    uint8_t secret[AU_ECDSA_SECRET_SIZE];
    uint8_t key[AU_ECDSA_KEY_SIZE];
    uint8_t sig[AU_ECDSA_SIGNATURE_SIZE];
    uint8_t expected[AU_ECDSA_SIGNATURE_SIZE];
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_hash hash = au_sha256(au_bytes_of(cases[i].message));
        take(cases[i].secret, secret, sizeof(secret));
        take(cases[i].sig, expected, sizeof(expected));
        assert_true(cases[i].sign(secret, hash.bytes, key, sig));
        assert_memory_equal(sig, expected, sizeof(sig));
        assert_true(cases[i].is_valid(key, sig, hash.bytes));
    }
    for (size_t i = 0; i < AU_COUNT_OF(no_secrets); i++) {
        take(no_secrets[i], secret, sizeof(secret));
        if (i != 2) assert_false(au_secp256k1_sign(secret, expected, key, sig));
        if (i != 1) assert_false(au_p256_sign(secret, expected, key, sig));
    }
}

static void test_wycheproof_secp256k1(void **state)
{
    (void)state;
    check_set("secp256k1", (struct set){au_secp256k1_is_valid, SECP256K1_S_MAX, {0, 0}, 0});
}

static void test_wycheproof_p256(void **state)
{
    (void)state;
    check_set("p256", (struct set){au_p256_is_valid, P256_S_MAX, {0, 0}, 0});
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_p256),
        cmocka_unit_test(test_secp256k1),
        cmocka_unit_test(test_recover),
        cmocka_unit_test(test_sign),
        cmocka_unit_test(test_every_changed_bit_is_invalid),
        cmocka_unit_test(test_wycheproof_secp256k1),
        cmocka_unit_test(test_wycheproof_p256),
    };
    return cmocka_run_group_tests_name("crypto/ecdsa", tests, NULL, NULL);
}
