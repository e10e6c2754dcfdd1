/* Signing against RFC 8032, against the check of au_ed25519_is_valid, and what new keys are. */
#include "unit/unit.h"

#include "base/hex.h"
#include "crypto/ed25519.h"
#include "crypto/random.h"
#include "crypto/sign.h"

#define MESSAGE_SIZE_MAX 300

_Static_assert(AU_SIGN_KEY_SIZE == AU_ED25519_KEY_SIZE, "what is signed can be checked");
_Static_assert(AU_SIGN_SIGNATURE_SIZE == AU_ED25519_SIGNATURE_SIZE,
               "what is signed can be checked");

struct sign_case {
    const char *seed;
    const char *public_key;
    const char *message;
    const char *signature;
};

/* Section 7.1: tests 1, 2, 3 and SHA(abc). */
static const struct sign_case rfc_cases[] = {
    {"0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "0x",
     "0xe5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701c"
     "f9b46bd25bf5f0595bbe24655141438e7a100b"},
    {"0x4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "0x3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "0x72",
     "0x92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0"
     "f11d8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"0xc5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "0xfc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "0xaf82",
     "0x6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f76098"
     "4dc6594a7c15e9716ed28dc027beceea1ec40a"},
    {"0x833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "0xec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "0xddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3"
     "feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "0xdc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c664"
     "31e0303dca179c138ac17ad9bef1177331a704"},
};

static size_t read_hex(const char *text, uint8_t *bytes, size_t size_max)
{
    size_t size = strlen(text) / 2 - 1;
    assert_true(size <= size_max);
    assert_ok(au_hex_parse(au_bytes_of(text), bytes, size));
    return size;
}

static void test_rfc_8032(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(rfc_cases); i++) {
        uint8_t seed[AU_SIGN_SEED_SIZE];
        uint8_t public_key[AU_SIGN_KEY_SIZE];
        uint8_t message[MESSAGE_SIZE_MAX];
        uint8_t expected[AU_SIGN_SIGNATURE_SIZE];
        uint8_t signature[AU_SIGN_SIGNATURE_SIZE];
        struct au_sign_key key;
        read_hex(rfc_cases[i].seed, seed, sizeof(seed));
        read_hex(rfc_cases[i].public_key, public_key, sizeof(public_key));
        read_hex(rfc_cases[i].signature, expected, sizeof(expected));
        size_t size = read_hex(rfc_cases[i].message, message, sizeof(message));
        au_sign_key_from_seed(&key, seed);
        assert_memory_equal(key.seed, seed, sizeof(seed));
        assert_memory_equal(key.public_key, public_key, sizeof(public_key));
        au_sign(&key, (struct au_bytes){message, size}, signature);
        assert_memory_equal(signature, expected, sizeof(expected));
    }
}

/* Two implementations: libsodium signs, another library checks. */
static void test_signatures_of_every_size_are_valid(void **state)
{
    (void)state;
    uint8_t text[MESSAGE_SIZE_MAX];
    struct au_sign_key key;
    struct au_sign_key other;
    au_sign_key_new(&key);
    au_sign_key_new(&other);
    au_random_bytes(text, sizeof(text));
    for (size_t size = 0; size <= sizeof(text); size++) {
        uint8_t signature[AU_SIGN_SIGNATURE_SIZE];
        uint8_t again[AU_SIGN_SIGNATURE_SIZE];
        struct au_bytes message = {text, size};
        au_sign(&key, message, signature);
        au_sign(&key, message, again);
        assert_memory_equal(signature, again, sizeof(again));
        assert_true(au_ed25519_is_valid(key.public_key, signature, message));
        assert_false(au_ed25519_is_valid(other.public_key, signature, message));
        signature[size % sizeof(signature)] ^= 1;
        assert_false(au_ed25519_is_valid(key.public_key, signature, message));
    }
}

static void test_no_bytes_may_be_null(void **state)
{
    (void)state;
    uint8_t signature[AU_SIGN_SIGNATURE_SIZE];
    uint8_t expected[AU_SIGN_SIGNATURE_SIZE];
    struct au_sign_key key;
    read_hex(rfc_cases[0].seed, key.seed, sizeof(key.seed));
    read_hex(rfc_cases[0].signature, expected, sizeof(expected));
    au_sign_key_from_seed(&key, key.seed);
    au_sign(&key, (struct au_bytes){NULL, 0}, signature);
    assert_memory_equal(signature, expected, sizeof(expected));
}

static void test_new_keys_differ_and_are_whole(void **state)
{
    (void)state;
    struct au_sign_key keys[4];
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++) {
        struct au_sign_key same;
        au_sign_key_new(&keys[i]);
        au_sign_key_from_seed(&same, keys[i].seed);
        assert_memory_equal(same.public_key, keys[i].public_key, sizeof(same.public_key));
        assert_false(au_ed25519_is_small_order(keys[i].public_key));
        for (size_t j = 0; j < i; j++) {
            assert_memory_not_equal(keys[i].seed, keys[j].seed, sizeof(keys[i].seed));
        }
    }
}

static void test_a_wiped_key_is_zeros(void **state)
{
    (void)state;
    const struct au_sign_key zeros = {0};
    struct au_sign_key key;
    au_sign_key_new(&key);
    assert_memory_not_equal(&key, &zeros, sizeof(key));
    au_sign_key_wipe(&key);
    assert_memory_equal(&key, &zeros, sizeof(key));
}

/* That a byte stays 0 in 32 rounds has the chance 2^-256. */
static void test_random_fills_all_of_its_bytes_and_no_other(void **state)
{
    (void)state;
    for (size_t size = 0; size <= 70; size++) {
        uint8_t seen[72] = {0};
        for (size_t round = 0; round < 32; round++) {
            uint8_t bytes[72] = {0};
            au_random_bytes(bytes + 1, size);
            for (size_t i = 0; i < sizeof(bytes); i++)
                seen[i] |= bytes[i];
        }
        for (size_t i = 0; i < sizeof(seen); i++)
            assert_int_equal(seen[i] != 0, i >= 1 && i <= size);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rfc_8032),
        cmocka_unit_test(test_signatures_of_every_size_are_valid),
        cmocka_unit_test(test_no_bytes_may_be_null),
        cmocka_unit_test(test_new_keys_differ_and_are_whole),
        cmocka_unit_test(test_a_wiped_key_is_zeros),
        cmocka_unit_test(test_random_fills_all_of_its_bytes_and_no_other),
    };
    return cmocka_run_group_tests_name("crypto/sign", tests, NULL, NULL);
}
