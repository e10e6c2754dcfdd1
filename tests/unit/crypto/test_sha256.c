/* FIPS 180-4 examples; the tagged form as other tools compute it; parts against the whole. */
#include "unit/unit.h"

#include "base/hex.h"
#include "crypto/sha256.h"

static void check_hash(struct au_hash hash, const char *expected)
{
    struct au_buf hex;
    au_buf_init(&hex, 100);
    au_hex_put(&hex, (struct au_bytes){hash.bytes, sizeof(hash.bytes)});
    assert_bytes(au_buf_bytes(&hex), expected);
    au_buf_done(&hex);
}

static void test_fips_examples(void **state)
{
    (void)state;
    check_hash(au_sha256((struct au_bytes){NULL, 0}),
               "0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_hash(au_sha256(au_bytes_of("abc")),
               "0xba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    check_hash(au_sha256(au_bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
               "0x248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
    static uint8_t million[1000000];
    memset(million, 'a', sizeof(million));
    check_hash(au_sha256((struct au_bytes){million, sizeof(million)}),
               "0xcdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* As in: printf '\x0daureon/system' | openssl dgst -sha256 */
static void test_tagged(void **state)
{
    (void)state;
    check_hash(au_sha256_tagged("aureon/system", (struct au_bytes){NULL, 0}),
               "0x4c56f93762f775951860c3f04194c26cc99971168ce7443aab6b4a5eff149654");
    check_hash(au_sha256_tagged("aureon/name", au_bytes_of("Alice")),
               "0x6237df05f8a1dd0796949a423ed643e32cc467598c54a338ef27c5d7fc9c892f");
    check_hash(au_sha256_tagged("", (struct au_bytes){NULL, 0}),
               "0x6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
}

static void hash_tag(void *argument)
{
    au_sha256_tagged(argument, (struct au_bytes){NULL, 0});
}

static void test_longest_tag(void **state)
{
    (void)state;
    char tag[257] = {0};
    memset(tag, 't', 256);
    assert_true(unit_aborts(hash_tag, tag));
    tag[255] = 0;
    assert_false(unit_aborts(hash_tag, tag));
}

static void test_parts_are_the_whole(void **state)
{
    (void)state;
    uint8_t bytes[150];
    for (size_t i = 0; i < sizeof(bytes); i++) {
        bytes[i] = (uint8_t)(i * 37);
    }
    struct au_hash whole = au_sha256((struct au_bytes){bytes, sizeof(bytes)});
    for (size_t first = 0; first <= sizeof(bytes); first++) {
        for (size_t second = first; second <= sizeof(bytes); second += 7) {
            const struct au_bytes parts[] = {{bytes, first},
                                             {NULL, 0},
                                             {bytes + first, second - first},
                                             {bytes + second, sizeof(bytes) - second}};
            struct au_hash hash = au_sha256_parts(parts, AU_COUNT_OF(parts));
            assert_true(au_hash_is_equal(&hash, &whole));
        }
    }
    struct au_hash none = au_sha256_parts(NULL, 0);
    struct au_hash empty = au_sha256((struct au_bytes){NULL, 0});
    assert_true(au_hash_is_equal(&none, &empty));
    assert_false(au_hash_is_equal(&none, &whole));
}

#define MANY 40u /* messages, of all lengths of a last block */

static void fill_messages(uint8_t bytes[1000], struct au_bytes messages[MANY], size_t step)
{
    for (size_t i = 0; i < 1000; i++) {
        bytes[i] = (uint8_t)(i * 41 + step);
    }
    for (size_t i = 0; i < MANY; i++) {
        messages[i] = (struct au_bytes){bytes + i, i * step % 700};
    }
}

static void expect_each(const struct au_bytes *messages, size_t count, struct au_hash *many)
{
    for (size_t i = 0; i < count; i++) {
        struct au_hash one = au_sha256(messages[i]);
        assert_true(au_hash_is_equal(&many[i], &one));
    }
    memset(many, 0, MANY * sizeof(*many));
}

/* Of all numbers of messages, and of lengths around the ends of blocks; with all instructions that
 * there are for it. */
static void test_many_are_each(void **state)
{
    (void)state;
    uint8_t bytes[1000];
    struct au_bytes messages[MANY];
    struct au_hash many[MANY] = {0};
    for (size_t step = 0; step < 70; step++) {
        fill_messages(bytes, messages, step);
        for (size_t count = 0; count <= MANY; count += 1 + step % 3) {
            au_sha256_many(messages, count, many);
            expect_each(messages, count, many);
            for (enum au_sha256_lanes lanes = 0; lanes < AU_SHA256_LANES_COUNT; lanes++) {
                if (!au_sha256_lanes(lanes, messages, count, many)) continue;
                expect_each(messages, count, many);
            }
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fips_examples), cmocka_unit_test(test_tagged),
        cmocka_unit_test(test_longest_tag),   cmocka_unit_test(test_parts_are_the_whole),
        cmocka_unit_test(test_many_are_each),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
