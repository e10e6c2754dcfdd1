/* Keccak-256 and BLAKE2b-256 around the sizes of their blocks. Digests of "" and "abc" are
 * published (Ethereum's yellow paper, RFC 7693's reference code); those of longer messages were
 * computed with Python: its hashlib, and Keccak written from its specification. */
#include "unit/unit.h"

#include "base/hex.h"
#include "crypto/digest.h"

struct digest_case {
    size_t size; /* of the message: bytes i mod 251 */
    const char *digest;
};

static void check(struct au_hash (*digest)(struct au_bytes), const struct digest_case *cases,
                  size_t count)
{
    uint8_t message[300];
    for (size_t i = 0; i < sizeof(message); i++)
        message[i] = (uint8_t)(i % 251);
    for (size_t i = 0; i < count; i++) {
        struct au_hash expected;
        assert_ok(au_hex_parse(au_bytes_of(cases[i].digest), expected.bytes, AU_HASH_SIZE));
        struct au_hash hash = digest((struct au_bytes){message, cases[i].size});
        assert_memory_equal(hash.bytes, expected.bytes, AU_HASH_SIZE);
    }
}

static void check_abc(struct au_hash (*digest)(struct au_bytes), const char *digits)
{
    struct au_hash expected;
    struct au_hash hash = digest(au_bytes_of("abc"));
    assert_ok(au_hex_parse(au_bytes_of(digits), expected.bytes, AU_HASH_SIZE));
    assert_memory_equal(hash.bytes, expected.bytes, AU_HASH_SIZE);
}

static void test_keccak256(void **state)
{
    static const struct digest_case cases[] = {
        {0, "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"},
        {135, "0xcbdfd9dee5faad3818d6b06f95a219fd290b0e1706f6a82e5a595b9ce9faca62"},
        {136, "0x7ce759f1ab7f9ce437719970c26b0a66ff11fe3e38e17df89cf5d29c7d7f807e"},
        {137, "0xac73d4fae68b8453f764007c1a20ce95994187861f0c3227a3a8e99a73a3b1db"},
        {272, "0x8e2476e65823b24d96ebe239f2c1534cdf763e689e2410c3b1cb0c74e6177bfc"},
    };
    (void)state;
    check(au_keccak256, cases, AU_COUNT_OF(cases));
    check_abc(au_keccak256, "0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
}

static void test_blake2b_256(void **state)
{
    static const struct digest_case cases[] = {
        {0, "0x0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"},
        {127, "0xf2fe67ff342e21b8f45e8f2e0bcd1d9243245d50ee6c78042e9c491388791c72"},
        {128, "0xc3582f71ebb2be66fa5dd750f80baae97554f3b015663c8be377cfcb2488c1d1"},
        {129, "0xf7f3c46ba2564ff4c4c162da1f5b605f9f1c4aa6a20652a9f9a337c1a2f5b9c9"},
        {256, "0x582f782226018ec33076bd8d1c42413530ac7e1126260ffc0f306ba3befc3f24"},
    };
    (void)state;
    check(au_blake2b_256, cases, AU_COUNT_OF(cases));
    check_abc(au_blake2b_256, "0xbddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keccak256),
        cmocka_unit_test(test_blake2b_256),
    };
    return cmocka_run_group_tests_name("crypto/digest", tests, NULL, NULL);
}
