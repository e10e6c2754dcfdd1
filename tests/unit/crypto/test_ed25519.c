/* RFC 8032; our own cases of every rule of ZIP-215; the sets of speccheck and Wycheproof.
 *
 * Our own cases and the verdicts on both sets were computed with a second implementation, written
 * from the formulas in Python's integers. */
#include "unit/unit.h"

#include "base/arena.h"
#include "base/file.h"
#include "base/hex.h"
#include "base/json_in.h"
#include "crypto/ed25519.h"
#include "unit/crypto/wycheproof.h"

#define MESSAGE_SIZE_MAX 4096
#define SET_SIZE_MAX     (4u << 20)
#define CASES_MAX        1024

static struct au_bytes bytes_of_digits(struct au_bytes digits, uint8_t *bytes, size_t size_max)
{
    char text[2 * MESSAGE_SIZE_MAX + 3];
    size_t size = digits.size / 2;
    assert_true(size <= size_max && size_max <= MESSAGE_SIZE_MAX);
    snprintf(text, sizeof(text), "0x%.*s", (int)digits.size, (const char *)digits.data);
    assert_ok(au_hex_parse(au_bytes_of(text), bytes, size));
    return (struct au_bytes){bytes, size};
}

/* Every case that a test has seen, for the batches at the end. */
static struct {
    struct au_ed25519_item items[CASES_MAX];
    bool verdicts[CASES_MAX];
    size_t count;
    struct au_arena arena;
} seen;

static const uint8_t *copy_of(const uint8_t *bytes, size_t size)
{
    struct au_bytes copy;
    assert_ok(au_arena_copy(&seen.arena, (struct au_bytes){bytes, size}, &copy));
    return copy.data;
}

static void keep(const struct au_ed25519_item *item, bool valid)
{
    assert_true(seen.count < CASES_MAX);
    size_t size = item->message.size;
    seen.verdicts[seen.count] = valid;
    seen.items[seen.count++] = (struct au_ed25519_item){
        copy_of(item->key, AU_ED25519_KEY_SIZE),
        copy_of(item->sig, AU_ED25519_SIGNATURE_SIZE),
        {copy_of(item->message.data, size), size},
    };
}

/* Texts of hex digits without prefix. A signature or key of another size is not valid. */
static bool is_valid(struct au_bytes key_digits, struct au_bytes sig_digits,
                     struct au_bytes message_digits)
{
    uint8_t key[AU_ED25519_KEY_SIZE];
    uint8_t sig[AU_ED25519_SIGNATURE_SIZE];
    uint8_t message[MESSAGE_SIZE_MAX];
    struct au_bytes text = bytes_of_digits(message_digits, message, sizeof(message));
    if (key_digits.size != 2 * sizeof(key) || sig_digits.size != 2 * sizeof(sig)) return false;
    bytes_of_digits(key_digits, key, sizeof(key));
    bytes_of_digits(sig_digits, sig, sizeof(sig));
    bool valid = au_ed25519_is_valid(key, sig, text);
    const struct au_ed25519_item item = {key, sig, text};
    bool checked = !valid;
    au_ed25519_check(NULL, &item, 1, &checked);
    assert_int_equal(au_ed25519_are_valid(NULL, &item, 1), valid);
    assert_int_equal(checked, valid);
    keep(&item, valid);
    return valid;
}

struct signature_case {
    const char *name;
    const char *key;
    const char *sig;
    const char *message;
    bool is_valid;
};

static void check_cases(const struct signature_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bool valid = is_valid(au_bytes_of(cases[i].key), au_bytes_of(cases[i].sig),
                              au_bytes_of(cases[i].message));
        if (valid != cases[i].is_valid) fail_msg("%s: valid = %d", cases[i].name, valid);
    }
}

static const struct signature_case rfc_cases[] = {
    {"test 1", "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
     "b46bd25bf5f0595bbe24655141438e7a100b",
     "", true},
    {"test 2", "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
     "1d8c387b2eaeb4302aeeb00d291612bb0c00",
     "72", true},
    {"test 3", "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
     "c6594a7c15e9716ed28dc027beceea1ec40a",
     "af82", true},
    {"test SHA(abc)", "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431"
     "e0303dca179c138ac17ad9bef1177331a704",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fe"
     "ebbd454d4423643ce80e2a9ac94fa54ca49f",
     true},
};

static void test_rfc_8032(void **state)
{
    (void)state;
    check_cases(rfc_cases, AU_COUNT_OF(rfc_cases));
}

/* Any one bit changed, in key, signature or message. */
static void test_every_changed_bit_is_invalid(void **state)
{
    (void)state;
    uint8_t bytes[AU_ED25519_KEY_SIZE + AU_ED25519_SIGNATURE_SIZE + 2];
    uint8_t *sig = bytes + AU_ED25519_KEY_SIZE;
    uint8_t *message = sig + AU_ED25519_SIGNATURE_SIZE;
    bytes_of_digits(au_bytes_of(rfc_cases[2].key), bytes, AU_ED25519_KEY_SIZE);
    bytes_of_digits(au_bytes_of(rfc_cases[2].sig), sig, AU_ED25519_SIGNATURE_SIZE);
    bytes_of_digits(au_bytes_of(rfc_cases[2].message), message, 2);
    assert_true(au_ed25519_is_valid(bytes, sig, (struct au_bytes){message, 2}));
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
        assert_false(au_ed25519_is_valid(bytes, sig, (struct au_bytes){message, 2}));
        bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
    }
    assert_true(au_ed25519_is_valid(bytes, sig, (struct au_bytes){message, 2}));
    assert_false(au_ed25519_is_valid(bytes, sig, (struct au_bytes){message, 1}));
}

#define KEY       "bcad8f80163ec2a58004bdd1ba78bf8373de08a8e15cc8988b4028f6f551a297"
#define MIXED_KEY "9f5a5e8a49f8ead35ca1a841ea15d743e93e6d5d7ea74264a9e210ae52faaf02"
#define R         "49a95c44394d53b2fae98a53924630819992efc2fddf59ccd032cd7938198493"
#define MIXED_R   "e72db2b71736e15590364f931f8c665d469c2d98e58326f748c5f900bbdb1c94"
#define IDENTITY  "0100000000000000000000000000000000000000000000000000000000000000"
#define NO_POINT  "0200000000000000000000000000000000000000000000000000000000000000"
#define S         "0ee999f48755cff5f364a09ddf63fc3216de69cd25c712a90b501daf8882f80b"
#define MESSAGE   "617572656f6e" /* "aureon" */

static const struct signature_case own_cases[] = {
    {"plain", KEY, R S, MESSAGE, true},
    {"S + L", KEY, R "fbbc8f51a2b8e14dca019840be5ddb4716de69cd25c712a90b501daf8882f81b", MESSAGE,
     false},
    {"R with a point of order 8 added", KEY,
     MIXED_R "5151b907146e033eb8d4f7e6a88354d313f8d60c3c5690caf407eb975a40150d", MESSAGE, true},
    {"key with a point of order 8 added", MIXED_KEY,
     R "d7fc2c1d272c42e85e9283da728c341352ef3ea261fcf0a16ea1b113cfbe0307", MESSAGE, true},
    {"both with a point of order 8 added", MIXED_KEY,
     MIXED_R "f58e2a80706b9238f414d23768cc9979dbcaba050491eb44f036ffcf0ebceb04", MESSAGE, true},
    {"R is the identity", KEY,
     IDENTITY "d8829cfba82e34f9aa30ec147df98c830d9807dc1fdde032a6bf47be3d54000f", MESSAGE, true},
    {"R is the identity, y = p + 1", KEY,
     "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
     "74fdebfe7fbb06da780bd584e18d956aa2f36ba69132c3ee274eb71bae28180d",
     MESSAGE, true},
    {"R is the identity with a sign", KEY,
     "0100000000000000000000000000000000000000000000000000000000000080"
     "3b879f72eb5efcfc904dfdefd9899c5e7404ee37b7046abbcaa31ffb9d4f8f0b",
     MESSAGE, true},
    {"R has order 8", KEY,
     "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
     "e6f81a9618176c41ae0832308ad9be70c093ac7da4cfb6011ff6b628d4ddd800",
     MESSAGE, true},
    {"R is no point", KEY,
     NO_POINT "aa1263aba1f4f9a0e79d101d5695732d10b57e3e7f324a99263c4e4d8217cf06", MESSAGE, false},
    {"key is no point", NO_POINT, R S, MESSAGE, false},
    {"mixed R, plain S", KEY, MIXED_R S, MESSAGE, false},
    {"mixed key, plain S", MIXED_KEY, R S, MESSAGE, false},
};

static void test_rules_of_zip_215(void **state)
{
    (void)state;
    check_cases(own_cases, AU_COUNT_OF(own_cases));
}

/* All 14 encodings of the eight points whose order divides 8. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

/* With S = 0 the equation holds for every pair: only the rule about keys refuses them. */
static void test_small_order_keys_are_never_valid(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(small_order); i++) {
        for (size_t j = 0; j < AU_COUNT_OF(small_order); j++) {
            char sig[129];
            snprintf(sig, sizeof(sig), "%s%064d", small_order[j], 0);
            assert_false(
                is_valid(au_bytes_of(small_order[i]), au_bytes_of(sig), au_bytes_of(MESSAGE)));
        }
    }
}

static bool is_small_order(const char *digits)
{
    uint8_t key[AU_ED25519_KEY_SIZE];
    char text[2 * AU_ED25519_KEY_SIZE + 3];
    snprintf(text, sizeof(text), "0x%s", digits);
    assert_ok(au_hex_parse(au_bytes_of(text), key, sizeof(key)));
    return au_ed25519_is_small_order(key);
}

/* Bytes that are no point are no key of small order: no signature of theirs is valid anyway. */
static void test_which_keys_have_small_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(small_order); i++) {
        assert_true(is_small_order(small_order[i]));
    }
    assert_false(is_small_order(KEY));
    assert_false(is_small_order(MIXED_KEY));
    assert_false(is_small_order(NO_POINT));
}

static struct au_json_in *read_json(const char *path)
{
    struct au_buf text;
    au_buf_init(&text, SET_SIZE_MAX);
    assert_ok(au_file_read(path, &text));
    struct au_json_in *root = NULL;
    assert_ok(au_json_in_parse(au_buf_bytes(&text), NULL, &root));
    au_buf_done(&text);
    return root;
}

/* Keys of 0, 1, 10 and 11 have small order; S of 6 and 7 is not below the group order; 8 was made
 * to hold for another encoding of R than the one that is hashed. */
static void test_speccheck(void **state)
{
    (void)state;
    static const bool verdicts[12] = {false, false, true,  true, true,  true,
                                      false, false, false, true, false, false};
    char path[PATH_MAX];
    unit_vectors("ed25519/speccheck_cases.json", path);
    struct au_json_in *root = read_json(path);
    assert_int_equal(au_json_in_count(root), AU_COUNT_OF(verdicts));
    for (size_t i = 0; i < AU_COUNT_OF(verdicts); i++) {
        const struct au_json_in *item = au_json_in_item(root, i);
        bool valid =
            is_valid(wycheproof_member(item, "pub_key"), wycheproof_member(item, "signature"),
                     wycheproof_member(item, "message"));
        if (valid != verdicts[i]) fail_msg("case %zu: valid = %d", i, valid);
    }
    au_json_in_free(root);
}

/* R is the identity with a sign bit: RFC 8032 refuses it, ZIP-215 does not. */
static bool is_valid_by_zip_215_alone(struct au_bytes sig)
{
    static const char r[] = "0100000000000000000000000000000000000000000000000000000000000080";
    return sig.size == 128 && memcmp(sig.data, r, 64) == 0;
}

static void check_wycheproof(const struct au_json_in *test, struct au_bytes key, size_t *count)
{
    struct au_bytes sig = wycheproof_member(test, "sig");
    struct au_bytes result = wycheproof_member(test, "result");
    bool is_expected = au_bytes_is_equal(result, au_bytes_of("valid"));
    assert_true(is_expected || au_bytes_is_equal(result, au_bytes_of("invalid")));
    if (is_valid_by_zip_215_alone(sig)) is_expected = true;
    if (is_valid(key, sig, wycheproof_member(test, "msg")) != is_expected) {
        fail_msg("signature %.*s", (int)sig.size, (const char *)sig.data);
    }
    count[is_expected]++;
}

static void check_wycheproof_file(const char *path, size_t *count)
{
    struct au_json_in *root = read_json(path);
    const struct au_json_in *groups = au_json_in_get(root, "testGroups");
    for (size_t i = 0; i < au_json_in_count(groups); i++) {
        const struct au_json_in *group = au_json_in_item(groups, i);
        const struct au_json_in *tests = au_json_in_get(group, "tests");
        struct au_bytes key = wycheproof_member(au_json_in_get(group, "publicKey"), "pk");
        for (size_t j = 0; j < au_json_in_count(tests); j++) {
            check_wycheproof(au_json_in_item(tests, j), key, count);
        }
    }
    au_json_in_free(root);
}

static void check_wycheproof_line(const struct au_json_in *test, void *count)
{
    check_wycheproof(test, wycheproof_member(test, "key"), count);
}

/* From the test tools where they are built, otherwise from the vectors outside the tree. */
static void test_wycheproof(void **state)
{
    (void)state;
    size_t count[2] = {0, 0};
    if (!wycheproof_check("ed25519", check_wycheproof_line, count)) {
        char path[PATH_MAX];
        unit_vectors("ed25519/wycheproof_ed25519.json", path);
        check_wycheproof_file(path, count);
    }
    print_message("# %zu valid, %zu invalid\n", count[true], count[false]);
    assert_in_range(count[true], 80, 200);
    assert_in_range(count[false], 50, 200);
}

/* Runs of every size, from every third place on. */
static void test_all_seen_in_batches(void **state)
{
    (void)state;
    bool out[CASES_MAX];
    assert_true(seen.count > 200);
    for (size_t size = 2; size <= seen.count; size += size / 2) {
        for (size_t first = 0; first + size <= seen.count; first += size / 3 + 1) {
            const bool *verdicts = seen.verdicts + first;
            bool are_valid = memchr(verdicts, false, size) == NULL;
            memset(out, 2, sizeof(out));
            au_ed25519_check(NULL, seen.items + first, size, out);
            assert_memory_equal(out, verdicts, size);
            assert_int_equal(au_ed25519_are_valid(NULL, seen.items + first, size), are_valid);
        }
    }
}

static int begin(void **state)
{
    (void)state;
    au_arena_init(&seen.arena, SET_SIZE_MAX);
    return 0;
}

static int end(void **state)
{
    (void)state;
    au_arena_done(&seen.arena);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_8032),
        cmocka_unit_test(test_every_changed_bit_is_invalid),
        cmocka_unit_test(test_rules_of_zip_215),
        cmocka_unit_test(test_small_order_keys_are_never_valid),
        cmocka_unit_test(test_which_keys_have_small_order),
        cmocka_unit_test(test_speccheck),
        cmocka_unit_test(test_wycheproof),
        cmocka_unit_test(test_all_seen_in_batches),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
