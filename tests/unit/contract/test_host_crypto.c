/* Host functions that hash and check ECDSA signatures: what they give, at what price. Whether the
 * verdicts are right is unit/crypto's matter. */
#include "fixture.h"

#include "crypto/digest.h"

#define TEXT      0u /* "hello" */
#define KEY       8192u
#define SIG       8256u /* 65 bytes, of which verify takes 64 */
#define HASH      8384u
#define P256_KEY  8448u
#define P256_SIG  8512u
#define P256_HASH 8640u
#define OUT       12000u

/* go-ethereum's test of recovery; RFC 6979, A.2.5, SHA-256, "test". */
static const char data[] = "(data (i32.const 0) \"hello\")"
                           "(data (i32.const 8192) \""
                           "\\02\\e3\\2d\\f4\\28\\65\\e9\\71\\35\\ac\\fb\\65\\f3\\ba\\e7\\1b"
                           "\\dc\\86\\f4\\d4\\91\\50\\ad\\6a\\44\\0b\\6f\\15\\87\\81\\09\\88"
                           "\\0a"
                           "\")"
                           "(data (i32.const 8256) \""
                           "\\90\\f2\\7b\\8b\\48\\8d\\b0\\0b\\00\\60\\67\\96\\d2\\98\\7f\\6a"
                           "\\5f\\59\\ae\\62\\ea\\05\\ef\\fe\\84\\fe\\f5\\b8\\b0\\e5\\49\\98"
                           "\\4a\\69\\11\\39\\ad\\57\\a3\\f0\\b9\\06\\63\\76\\73\\aa\\2f\\63"
                           "\\d1\\f5\\5c\\b1\\a6\\91\\99\\d4\\00\\9e\\ea\\23\\ce\\ad\\dc\\93"
                           "\\01"
                           "\")"
                           "(data (i32.const 8384) \""
                           "\\ce\\06\\77\\bb\\30\\ba\\a8\\cf\\06\\7c\\88\\db\\98\\11\\f4\\33"
                           "\\3d\\13\\1b\\f8\\bc\\f1\\2f\\e7\\06\\5d\\21\\1d\\ce\\97\\10\\08"
                           "\")"
                           "(data (i32.const 8448) \""
                           "\\03\\60\\fe\\d4\\ba\\25\\5a\\9d\\31\\c9\\61\\eb\\74\\c6\\35\\6d"
                           "\\68\\c0\\49\\b8\\92\\3b\\61\\fa\\6c\\e6\\69\\62\\2e\\60\\f2\\9f"
                           "\\b6"
                           "\")"
                           "(data (i32.const 8512) \""
                           "\\f1\\ab\\b0\\23\\51\\83\\51\\cd\\71\\d8\\81\\56\\7b\\1e\\a6\\63"
                           "\\ed\\3e\\fc\\f6\\c5\\13\\2b\\35\\4f\\28\\d3\\b0\\b7\\d3\\83\\67"
                           "\\01\\9f\\41\\13\\74\\2a\\2b\\14\\bd\\25\\92\\6b\\49\\c6\\49\\15"
                           "\\5f\\26\\7e\\60\\d3\\81\\4b\\4c\\0c\\c8\\42\\50\\e4\\6f\\00\\83"
                           "\")"
                           "(data (i32.const 8640) \""
                           "\\9f\\86\\d0\\81\\88\\4c\\7d\\65\\9a\\2f\\ea\\a0\\c5\\5a\\d0\\15"
                           "\\a3\\bf\\4f\\1b\\2b\\0b\\82\\2c\\d1\\5d\\6c\\15\\b0\\f0\\0a\\08"
                           "\")";

static int open_world(void **state)
{
    return fixture_open_hosts(state, 8, data);
}

static void check_digest(struct fixture *fx, const char *name, const char *dump,
                         struct au_hash (*digest)(struct au_bytes))
{
    struct au_hash hash = digest(au_bytes_of("hello"));
    RUN(fx, dump, TEXT, 5, TEXT + 2, TEXT + 2, 32); /* over its own input */
    assert_int_equal(fx->result.output.size, 32);
    assert_memory_equal(fx->result.output.data, hash.bytes, 32);
    RUN(fx, name, TEXT, 5, OUT);
    assert_price(fx, name, 5000 + 5 * 5);
    hash = digest((struct au_bytes){0});
    RUN(fx, dump, 0xffffffff, 0, OUT, OUT, 32);
    assert_memory_equal(fx->result.output.data, hash.bytes, 32);
}

static void test_digests(void **state)
{
    check_digest(*state, "keccak256", "keccak256_dump", au_keccak256);
    check_digest(*state, "blake2b_256", "blake2b_256_dump", au_blake2b_256);
}

static void test_ecdsa(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "secp256k1_verify", 1, KEY, SIG, HASH);
    assert_price(fx, "secp256k1_verify", 200000);
    assert_returns(fx, "secp256k1_verify", 0, KEY, SIG, HASH + 1);
    assert_price(fx, "secp256k1_verify", 200000);
    assert_returns(fx, "secp256k1_verify", 0, P256_KEY, P256_SIG, P256_HASH);
    assert_returns(fx, "p256_verify", 1, P256_KEY, P256_SIG, P256_HASH);
    assert_price(fx, "p256_verify", 400000);
    assert_returns(fx, "p256_verify", 0, P256_KEY, P256_SIG, P256_HASH + 1);
    assert_returns(fx, "p256_verify", 0, KEY, SIG, HASH);
}

static void test_recover(void **state)
{
    static const uint8_t zeros[64];
    struct fixture *fx = *state;
    assert_returns(fx, "secp256k1_recover", 1, SIG, HASH, OUT);
    assert_price(fx, "secp256k1_recover", 300000);
    RUN(fx, "secp256k1_recover_dump", SIG, HASH, OUT, OUT, 64);
    assert_int_equal(fx->result.output.size, 64);
    assert_memory_equal(fx->result.output.data, "\xe3\x2d\xf4\x28\x65\xe9\x71\x35", 8);
    RUN(fx, "secp256k1_recover_dump", SIG, HASH, SIG - 32, SIG - 32, 64); /* over its input */
    assert_memory_equal(fx->result.output.data, "\xe3\x2d\xf4\x28\x65\xe9\x71\x35", 8);

    assert_returns(fx, "secp256k1_recover", 0, TEXT, HASH, OUT);
    assert_price(fx, "secp256k1_recover", 300000);
    RUN(fx, "secp256k1_recover_dump", TEXT, HASH, OUT, OUT, 64);
    assert_memory_equal(fx->result.output.data, zeros, 64); /* nothing is written */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_digests, fixture_reset_world),
        cmocka_unit_test_setup(test_ecdsa, fixture_reset_world),
        cmocka_unit_test_setup(test_recover, fixture_reset_world),
    };
    return cmocka_run_group_tests_name("contract/host_crypto", tests, open_world,
                                       fixture_close_world);
}
