/* Addresses: what they are made from, and their text. */
#include "unit/unit.h"

#include "core/address.h"
#include "core/bech32.h"
#include "crypto/sha256.h"

static void test_system_account(void **state)
{
    (void)state;
    struct au_hash hash = au_sha256_tagged("aureon/system", (struct au_bytes){0});
    assert_memory_equal(au_address_system.bytes, hash.bytes, AU_ADDRESS_SIZE);
}

static struct au_address counting(uint8_t first)
{
    struct au_address address;
    for (size_t i = 0; i < AU_ADDRESS_SIZE; i++) {
        address.bytes[i] = (uint8_t)(first + i);
    }
    return address;
}

/* The literals of this file were made by another implementation. */
static const char counting_text[] =
    "aur1qqqsyqcyq5rqwzqfpg9scrgwpugpzysnzs23v9ccrydpk8qarc0sfg07xl";
static const char contract_hex[] =
    "0xf1c4c2ba334c252bceddbefbe2c23959fa6afded8a401aed9546da763068d471";

static void test_of_contract(void **state)
{
    (void)state;
    struct au_address deployer = counting(0);
    struct au_address expected;
    struct au_hash code_hash;
    memcpy(code_hash.bytes, counting(32).bytes, AU_HASH_SIZE);
    assert_null(au_address_parse(au_bytes_of(contract_hex), &expected));
    struct au_address address = au_address_of_contract(&deployer, 7, &code_hash);
    assert_true(au_address_is_equal(&address, &expected));
}

static void test_text(void **state)
{
    (void)state;
    struct au_address address = counting(0);
    struct au_address again;
    struct au_buf text;
    au_buf_init(&text, 128);
    au_address_format(&text, &address);
    assert_bytes(au_buf_bytes(&text), counting_text);
    assert_null(au_address_parse(au_buf_bytes(&text), &again));
    assert_true(au_address_is_equal(&address, &again));
    for (size_t i = 0; i < text.size; i++) { /* all in upper case is the same text */
        if (text.data[i] >= 'a') text.data[i] = (uint8_t)(text.data[i] - 'a' + 'A');
    }
    memset(&again, 0, sizeof(again));
    assert_null(au_address_parse(au_buf_bytes(&text), &again));
    assert_true(au_address_is_equal(&address, &again));
    text.data[5] = 'p';
    assert_non_null(au_address_parse(au_buf_bytes(&text), &again));
    au_buf_done(&text);
}

/* One or two wrong characters, one too many, one too few: never an address. */
static void test_damaged_text(void **state)
{
    (void)state;
    struct au_address address;
    char text[80];
    size_t size = strlen(counting_text);
    assert_int_equal(size, 62);
    for (size_t i = 0; i < size; i++) {
        for (unsigned byte = 0; byte < 256; byte++) {
            memcpy(text, counting_text, size + 1);
            if ((uint8_t)text[i] == byte) continue;
            text[i] = (char)byte;
            assert_non_null(au_address_parse((struct au_bytes){(uint8_t *)text, size}, &address));
            text[(i + 7) % size] = 'q';
            assert_non_null(au_address_parse((struct au_bytes){(uint8_t *)text, size}, &address));
        }
        assert_non_null(au_address_parse((struct au_bytes){(uint8_t *)text, i}, &address));
    }
    snprintf(text, sizeof(text), "%sq", counting_text);
    assert_non_null(au_address_parse(au_bytes_of(text), &address));
}

static void test_hex(void **state)
{
    (void)state;
    static const char good[] = "0x000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F";
    struct au_address expected = counting(0);
    struct au_address address;
    assert_null(au_address_parse(au_bytes_of(good), &address));
    assert_true(au_address_is_equal(&address, &expected));
    const struct au_bytes bad[] = {
        {NULL, 0},
        {(const uint8_t *)good, 2},
        {(const uint8_t *)good, 65},
        {(const uint8_t *)good + 2, 64},
        au_bytes_of("0xg00102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"),
        au_bytes_of("0X000102030405060708090a0b0c0d0e0f101112131415161718191A1B1C1D1E1F"),
    };
    for (size_t i = 0; i < AU_COUNT_OF(bad); i++) {
        assert_non_null(au_address_parse(bad[i], &address));
    }
}

/* Padding that is not zero, with a checksum that fits; and Bech32 instead of Bech32m. */
static void test_padding_and_kind(void **state)
{
    (void)state;
    uint8_t byte;
    struct au_buf text;
    au_buf_init(&text, 128);
    au_bech32_format(&text, "aur", (struct au_bytes){(const uint8_t *)"\xff", 1});
    assert_null(au_bech32_parse(au_buf_bytes(&text), "aur", &byte, 1));
    assert_int_equal(byte, 0xff);
    au_buf_done(&text);
    assert_string_equal(au_bech32_parse(au_bytes_of("aur1la2xzaxc"), "aur", &byte, 1),
                        "padding that is not zero");
    assert_non_null(au_bech32_parse(au_bytes_of("aur1luzvxy7g"), "aur", &byte, 1));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_system_account),
        cmocka_unit_test(test_of_contract),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_damaged_text),
        cmocka_unit_test(test_hex),
        cmocka_unit_test(test_padding_and_kind),
    };
    return cmocka_run_group_tests_name("core/address", tests, NULL, NULL);
}
