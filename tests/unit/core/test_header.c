/* Headers: one encoding each, and the hash of a block. Literals were made by another
 * implementation. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/header.h"

#define SIZE_MAX_OF_TEST 512u /* bytes */

static const char header_hex[] =
    "0x010000000d000000617572656f6e2d746573742d310700000000000000a1a1a1a1a1a1a1a1a1a1a1"
    "a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1a1c869e5cf8b010000a2a2a2a2a2a2a2a2a2a2a2"
    "a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3a3"
    "a3a3a3a3a3a3a3a3a3a3a3a3a3a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4a4"
    "a4a4a4a4a4a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a540e201"
    "000000000000093d000000000009000000";
static const char header_hash_hex[] =
    "0xb1afe67f98538d894a8ac27e05b55ccdfa25bb3b8126747feda1b22e63b3bbb3";

static struct au_bytes from_hex(const char *hex, uint8_t *out_bytes)
{
    size_t size = strlen(hex) / 2 - 1;
    assert_true(size < SIZE_MAX_OF_TEST);
    assert_ok(au_hex_parse(au_bytes_of(hex), out_bytes, size));
    return (struct au_bytes){out_bytes, size};
}

static bool decodes(struct au_bytes bytes)
{
    struct au_header header;
    struct au_decode error;
    bool is_header = au_header_decode(bytes, &header, &error);
    assert_int_equal(is_header, error.error == NULL);
    if (!is_header) assert_true(error.error_at <= bytes.size);
    return is_header;
}

static void test_literal(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    uint8_t hash_room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(header_hex, room);
    struct au_bytes hash = from_hex(header_hash_hex, hash_room);
    struct au_header header;
    struct au_decode error;
    assert_true(au_header_decode(bytes, &header, &error));
    assert_int_equal(header.version, AU_HEADER_VERSION);
    assert_bytes((struct au_bytes){(const uint8_t *)header.chain_id, header.chain_id_size},
                 "aureon-test-1");
    for (size_t i = header.chain_id_size; i < AU_CHAIN_ID_SIZE_MAX; i++) {
        assert_int_equal(header.chain_id[i], 0);
    }
    assert_true(header.height == 7);
    assert_int_equal(header.parent.bytes[31], 0xa1);
    assert_true(header.time_ms == UINT64_C(1700000000456));
    assert_int_equal(header.proposer.bytes[0], 0xa2);
    assert_int_equal(header.state_root.bytes[0], 0xa3);
    assert_int_equal(header.tx_root.bytes[0], 0xa4);
    assert_int_equal(header.receipts_root.bytes[0], 0xa5);
    assert_true(header.gas_used == 123456);
    assert_true(header.gas_limit == 4000000);
    assert_int_equal(header.tx_count, 9);

    struct au_hash found = au_header_hash(&header);
    assert_memory_equal(found.bytes, hash.data, AU_HASH_SIZE);
}

static void test_prefixes_and_tails(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(header_hex, room);
    for (size_t size = 0; size < bytes.size; size++) {
        assert_false(decodes((struct au_bytes){room, size}));
    }
    for (unsigned tail = 0; tail < 256; tail++) {
        room[bytes.size] = (uint8_t)tail;
        assert_false(decodes((struct au_bytes){room, bytes.size + 1}));
    }
}

/* Every value of every byte gives no header, or one with an encoding and a hash of its own. */
static void test_one_encoding(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(header_hex, room);
    struct au_header header;
    struct au_decode error;
    struct au_buf again;
    assert_true(au_header_decode(bytes, &header, &error));
    struct au_hash before = au_header_hash(&header);
    au_buf_init(&again, AU_HEADER_SIZE_MAX);
    for (size_t at = 0; at < bytes.size * 256; at++) {
        uint8_t kept = room[at / 256];
        room[at / 256] = (uint8_t)at;
        if (au_header_decode(bytes, &header, &error)) {
            struct au_hash hash = au_header_hash(&header);
            au_buf_clear(&again);
            au_header_encode(&again, &header);
            assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
            assert_int_equal(au_hash_is_equal(&hash, &before), room[at / 256] == kept);
        }
        room[at / 256] = kept;
    }
    au_buf_done(&again);
}

static void test_sizes_of_the_chain_id(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_header header;
    struct au_decode error;
    struct au_buf buf;
    assert_true(au_header_decode(from_hex(header_hex, room), &header, &error));
    au_buf_init(&buf, SIZE_MAX_OF_TEST);
    memset(header.chain_id, 'z', sizeof(header.chain_id));
    for (uint32_t size = 0; size <= AU_CHAIN_ID_SIZE_MAX; size++) {
        au_buf_clear(&buf);
        header.chain_id_size = size;
        au_header_encode(&buf, &header);
        assert_true(buf.size <= AU_HEADER_SIZE_MAX);
        assert_int_equal(decodes(au_buf_bytes(&buf)), size > 0);
    }
    static const uint32_t huge[] = {51, 255, 256, 1u << 31, UINT32_MAX};
    for (size_t i = 0; i < AU_COUNT_OF(huge); i++) {
        memcpy(buf.data + 4, &huge[i], sizeof(huge[i]));
        assert_false(decodes(au_buf_bytes(&buf)));
    }
    au_buf_done(&buf);
}

static void test_refused_values(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
    } cases[] = {{0, 0}, {0, 2}, {1, 1}, {3, 128}, {8, 'A'}, {9, '_'}, {10, 0}, {20, 0xc3}};
    uint8_t room[SIZE_MAX_OF_TEST];
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_bytes bytes = from_hex(header_hex, room);
        assert_true(decodes(bytes));
        room[cases[i].at] = cases[i].value;
        assert_false(decodes(bytes));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literal),        cmocka_unit_test(test_prefixes_and_tails),
        cmocka_unit_test(test_one_encoding),   cmocka_unit_test(test_sizes_of_the_chain_id),
        cmocka_unit_test(test_refused_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
