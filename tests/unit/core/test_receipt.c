/* Receipts: one encoding each, and the digest. Literals were made by another implementation. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/limits.h"
#include "core/receipt.h"

#define SIZE_MAX_OF_TEST 1024u      /* bytes */
#define BUF_SIZE_MAX     (1u << 20) /* bytes */

static const char full_hex[] =
    "0x000000000000000000d20400000000000050d412000000000001c1c1c1c1c1c1c1c1c1c1c1c1c1c1"
    "c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1c1030000006f75740000000003000000030000006f6e65"
    "0000000002000000ff00d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1"
    "d1d14d000000000000000300000002000000e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1e1"
    "e1e1e1e1e1e1e1e1e1e10a000000000000000400000000000000e2e2e2e2e2e2e2e2e2e2e2e2e2e2"
    "e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e2e20000000000000000000000000000008003000000f1f1"
    "f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1010000006b0001000000"
    "00f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1f1040000006b6579"
    "3201030000006f6c6400f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2f2"
    "f2f20001000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "00000000000000000000000000000000000000000000000000000000000000000000000000000000"
    "0000000000000000000000000000000000000000000001010000007801010000007902000000e5e5"
    "e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e50000c7c7c7c7c7c7c7c7"
    "c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c701adadadadadadadadadadadadadadad"
    "adadadadadadadadadadadadadadadadade6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6"
    "e6e6e6e6e6e6e6e6e601c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7c7"
    "c7c701adadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadadc8c8c8c8c8"
    "c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8c8000e000000612073656e74656e"
    "636520e280a6";
static const char full_digest_hex[] =
    "0x798fee0c7826b1c6014c079cbe5b766e38fc05b8804d6488ac60ca24e7dfd459";
static const char reverted_hex[] =
    "0x01000000002a0000003200000000000000000000000000000000020000006e6f0000000000000000"
    "d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d2d20100000000000000"
    "0000000000000000000000000000000000000000";
static const char reverted_digest_hex[] =
    "0x761377515190ee5317a9eb68201b0753d7840162460316a3c2b75e1c691e52e5";
static const char trapped_hex[] =
    "0x030900000000000000ffffffffffffffff0000000000000080000000000000000000010000000100"
    "00006cd3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3d3ffffffffff"
    "ffffffffffffff00000000000000000000000000000000";
static const char trapped_digest_hex[] =
    "0x94026234fb1f8367aac030ce6583bdb0d27158d78d1a68530b37e94f86d889fd";

static const char events_hex[] =
    "0x00000000000000000005000000000000000a00000000000000000000000002000000c2c2c2c2c2c2"
    "c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2070000006772c3b6c39f65020000"
    "00111111111111111111111111111111111111111111111111111111111111111122222222222222"
    "222222222222222222222222222222222222222222222222220400000064617461c3c3c3c3c3c3c3"
    "c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3c3010000006500000000000000000100"
    "0000010000006cd4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d4d409"
    "000000000000000100000000000000000000000000000000000000";
static const char events_digest_hex[] =
    "0x701272bfe3e8e44c02333d69fd36788ddd521b13140a8f42a45d7830d86f6045";

static const struct {
    const char *hex;
    const char *digest;
} literals[] = {
    {full_hex, full_digest_hex},
    {reverted_hex, reverted_digest_hex},
    {trapped_hex, trapped_digest_hex},
    {events_hex, events_digest_hex},
};

static struct au_bytes from_hex(const char *hex, uint8_t *out_bytes)
{
    size_t size = strlen(hex) / 2 - 1;
    assert_true(size < SIZE_MAX_OF_TEST);
    assert_ok(au_hex_parse(au_bytes_of(hex), out_bytes, size));
    return (struct au_bytes){out_bytes, size};
}

static bool decodes(struct au_bytes bytes)
{
    struct au_receipt receipt;
    struct au_decode error;
    bool is_receipt = au_receipt_decode(bytes, &receipt, &error);
    assert_int_equal(is_receipt, error.error == NULL);
    if (!is_receipt) assert_true(error.error_at <= bytes.size);
    return is_receipt;
}

static struct au_receipt decoded(const char *hex, uint8_t *room)
{
    struct au_receipt receipt;
    struct au_decode error;
    assert_true(au_receipt_decode(from_hex(hex, room), &receipt, &error));
    return receipt;
}

static void test_literals(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(literals); i++) {
        uint8_t room[SIZE_MAX_OF_TEST];
        uint8_t digest[SIZE_MAX_OF_TEST];
        struct au_receipt receipt = decoded(literals[i].hex, room);
        struct au_buf again;
        au_buf_init(&again, SIZE_MAX_OF_TEST);
        au_receipt_encode(&again, &receipt);
        assert_true(au_bytes_is_equal(au_buf_bytes(&again),
                                      (struct au_bytes){room, strlen(literals[i].hex) / 2 - 1}));
        au_buf_done(&again);
        struct au_hash found = au_receipt_digest(&receipt);
        from_hex(literals[i].digest, digest);
        assert_memory_equal(found.bytes, digest, AU_HASH_SIZE);
    }
}

static void test_fields(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_receipt receipt = decoded(full_hex, room);
    assert_int_equal(receipt.outcome, AU_OUTCOME_SUCCESS);
    assert_true(receipt.gas_used == 1234 && receipt.fee == 1234000);
    assert_true(receipt.has_created);
    assert_int_equal(receipt.created.bytes[31], 0xc1);
    assert_bytes(receipt.output, "out");
    assert_int_equal(receipt.id.bytes[0], 0xd1);
    assert_true(receipt.height == 77);
    assert_int_equal(receipt.index, 3);
    assert_bytes(receipt.note, "a sentence \xe2\x80\xa6");

    receipt = decoded(trapped_hex, room);
    assert_int_equal(receipt.outcome, AU_OUTCOME_TRAPPED);
    assert_int_equal(receipt.detail, 9);
    assert_true(receipt.gas_used == UINT64_MAX);
    assert_false(receipt.has_created);
    assert_int_equal(receipt.logs.count, 1);
    assert_int_equal(receipt.index, UINT32_MAX);

    receipt = decoded(reverted_hex, room);
    assert_int_equal(receipt.outcome, AU_OUTCOME_REVERTED);
    assert_int_equal(receipt.revert_code, 42);
    assert_bytes(receipt.output, "no");
    assert_int_equal(receipt.balances.count + receipt.slots.count + receipt.contracts.count, 0);
}

/* Iterators work on copies: the receipt is as before and can be read again. */
static void test_items(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_receipt receipt = decoded(full_hex, room);
    struct au_items items = receipt.logs;
    struct au_bytes line;
    assert_true(au_receipt_next_log(&items, &line));
    assert_bytes(line, "one");
    assert_true(au_receipt_next_log(&items, &line));
    assert_bytes(line, "");
    assert_true(au_receipt_next_log(&items, &line));
    assert_int_equal(line.size, 2);
    assert_memory_equal(line.data, "\xff\0", 2);
    assert_false(au_receipt_next_log(&items, &line));
    assert_int_equal(receipt.logs.count, 3);

    struct au_receipt_event event;
    uint8_t other_room[SIZE_MAX_OF_TEST];
    items = decoded(events_hex, other_room).events;
    assert_true(au_receipt_next_event(&items, &event));
    assert_int_equal(event.contract.bytes[31], 0xc2);
    assert_bytes(event.name, "gr\xc3\xb6\xc3\x9f"
                             "e");
    assert_int_equal(event.topics.size, 64);
    assert_true(event.topics.data[0] == 0x11 && event.topics.data[63] == 0x22);
    assert_bytes(event.data, "data");
    assert_true(au_receipt_next_event(&items, &event));
    assert_bytes(event.name, "e");
    assert_true(event.topics.size == 0 && event.data.size == 0);
    assert_false(au_receipt_next_event(&items, &event));

    struct au_receipt_balance balance;
    items = receipt.balances;
    assert_true(au_receipt_next_balance(&items, &balance));
    assert_int_equal(balance.address.bytes[5], 0xe1);
    assert_true(balance.before == 10 && balance.after == 4);
    assert_true(au_receipt_next_balance(&items, &balance));
    assert_true(balance.before == 0 && balance.after == UINT64_C(1) << 63);
    assert_false(au_receipt_next_balance(&items, &balance));

    struct au_receipt_slot slot;
    items = receipt.slots;
    assert_true(au_receipt_next_slot(&items, &slot));
    assert_bytes(slot.key, "k");
    assert_true(!slot.existed && slot.exists);
    assert_int_equal(slot.after.size, 0);
    assert_true(au_receipt_next_slot(&items, &slot));
    assert_bytes(slot.key, "key2");
    assert_bytes(slot.before, "old");
    assert_true(slot.existed && !slot.exists);
    assert_true(au_receipt_next_slot(&items, &slot));
    assert_int_equal(slot.key.size, 256);
    assert_int_equal(slot.contract.bytes[0], 0xf2);
    assert_bytes(slot.before, "x");
    assert_bytes(slot.after, "y");
    assert_false(au_receipt_next_slot(&items, &slot));

    struct au_receipt_contract contract;
    items = receipt.contracts;
    assert_true(au_receipt_next_contract(&items, &contract));
    assert_int_equal(contract.address.bytes[31], 0xe5);
    assert_true(!contract.existed && !contract.had_admin && contract.has_admin);
    assert_int_equal(contract.code_after.bytes[0], 0xc7);
    assert_int_equal(contract.admin_after.bytes[31], 0xad);
    assert_true(au_receipt_next_contract(&items, &contract));
    assert_true(contract.existed && contract.had_admin && !contract.has_admin);
    assert_int_equal(contract.code_before.bytes[31], 0xc7);
    assert_int_equal(contract.admin_before.bytes[0], 0xad);
    assert_int_equal(contract.code_after.bytes[31], 0xc8);
    assert_int_equal(contract.admin_after.bytes[0], 0);
    assert_false(au_receipt_next_contract(&items, &contract));
}

/* What the writers make of what the iterators gave is what was there. */
static void test_writers(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_receipt receipt = decoded(full_hex, room);
    struct au_items logs = receipt.logs;
    struct au_items balances = receipt.balances;
    struct au_items slots = receipt.slots;
    struct au_items contracts = receipt.contracts;
    struct au_receipt_contract contract;
    struct au_bytes line;
    struct au_receipt_balance balance;
    struct au_receipt_slot slot;
    struct au_receipt_event event;
    uint8_t other_room[SIZE_MAX_OF_TEST];
    struct au_items events = decoded(events_hex, other_room).events;
    struct au_bytes all_events = events.bytes;
    struct au_buf buf;
    au_buf_init(&buf, SIZE_MAX_OF_TEST);
    while (au_receipt_next_event(&events, &event))
        au_receipt_put_event(&buf, &event);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), all_events));
    au_buf_clear(&buf);
    while (au_receipt_next_log(&logs, &line))
        au_receipt_put_log(&buf, line);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), receipt.logs.bytes));
    au_buf_clear(&buf);
    while (au_receipt_next_balance(&balances, &balance))
        au_receipt_put_balance(&buf, &balance);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), receipt.balances.bytes));
    au_buf_clear(&buf);
    while (au_receipt_next_slot(&slots, &slot))
        au_receipt_put_slot(&buf, &slot);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), receipt.slots.bytes));
    au_buf_clear(&buf);
    while (au_receipt_next_contract(&contracts, &contract))
        au_receipt_put_contract(&buf, &contract);
    assert_true(au_bytes_is_equal(au_buf_bytes(&buf), receipt.contracts.bytes));
    au_buf_done(&buf);
}

static void test_prefixes_and_tails(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(literals); i++) {
        uint8_t room[SIZE_MAX_OF_TEST];
        struct au_bytes bytes = from_hex(literals[i].hex, room);
        for (size_t size = 0; size < bytes.size; size++) {
            assert_false(decodes((struct au_bytes){room, size}));
        }
        for (unsigned tail = 0; tail < 256; tail++) {
            room[bytes.size] = (uint8_t)tail;
            assert_false(decodes((struct au_bytes){room, bytes.size + 1}));
        }
    }
}

/* Every value of every byte gives no receipt, or one whose encoding is the changed bytes. */
static void test_one_encoding(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(full_hex, room);
    struct au_buf again;
    au_buf_init(&again, SIZE_MAX_OF_TEST);
    for (size_t at = 0; at < bytes.size * 256; at++) {
        uint8_t kept = room[at / 256];
        struct au_receipt receipt;
        struct au_decode error;
        room[at / 256] = (uint8_t)at;
        if (au_receipt_decode(bytes, &receipt, &error)) {
            au_buf_clear(&again);
            au_receipt_encode(&again, &receipt);
            assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
        }
        room[at / 256] = kept;
    }
    au_buf_done(&again);
}

/* What is behind the digest's part is not in it; all before it is. */
static void test_what_is_in_the_digest(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(full_hex, room);
    struct au_receipt receipt = decoded(full_hex, room);
    struct au_hash before = au_receipt_digest(&receipt);
    size_t end = (size_t)(receipt.logs.bytes.data - room) + receipt.logs.bytes.size;
    size_t changed_count = 0;
    for (size_t at = 0; at < bytes.size; at++) {
        struct au_decode error;
        room[at] ^= 1;
        if (au_receipt_decode(bytes, &receipt, &error)) {
            struct au_hash digest = au_receipt_digest(&receipt);
            assert_int_equal(au_hash_is_equal(&digest, &before), at >= end);
            changed_count++;
        }
        room[at] ^= 1;
    }
    assert_true(changed_count > bytes.size / 2);
}

/* u32 sizes and counts that promise more than there is: none makes the decoder take memory. */
static void test_huge_sizes_and_counts(void **state)
{
    (void)state;
    static const uint32_t huge[] = {4097, 65537, 262145, 1u << 24, 1u << 31, UINT32_MAX};
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_receipt receipt = decoded(reverted_hex, room);
    size_t output_at = (size_t)(receipt.output.data - room) - 4;
    const size_t places[] = {
        output_at,           /* output */
        output_at + 6,       /* events */
        output_at + 10,      /* logs */
        output_at + 14 + 44, /* balances */
        output_at + 14 + 48, /* slots */
        output_at + 14 + 52, /* contracts */
        output_at + 14 + 56, /* note */
    };
    for (size_t i = 0; i < AU_COUNT_OF(places); i++) {
        for (size_t j = 0; j < AU_COUNT_OF(huge); j++) {
            struct au_bytes bytes = from_hex(reverted_hex, room);
            memcpy(room + places[i], &huge[j], sizeof(huge[j]));
            assert_false(decodes(bytes));
        }
    }
}

static void test_bounds_of_events(void **state)
{
    static const struct {
        const char *name;
        size_t name_size;
        size_t topics_size;
        size_t data_size;
        uint32_t count;
        bool is_good;
    } cases[] = {
        {NULL, AU_EVENT_NAME_SIZE_MAX, 128, AU_EVENT_DATA_SIZE_MAX, 1, true},
        {NULL, 1, 0, 0, AU_EVENTS_MAX, true},
        {NULL, 1, 0, 0, AU_EVENTS_MAX + 1, false},
        {NULL, 0, 0, 0, 1, false},
        {NULL, AU_EVENT_NAME_SIZE_MAX + 1, 0, 0, 1, false},
        {NULL, 1, 160, 0, 1, false},
        {NULL, 1, 0, AU_EVENT_DATA_SIZE_MAX + 1, 1, false},
        {"\xc3\xa9", 2, 0, 0, 1, true},
        {"\xc3\xa9", 1, 0, 0, 1, false},
        {"\xed\xa0\x80", 3, 0, 0, 1, false},
    };
    static uint8_t zeros[AU_EVENT_DATA_SIZE_MAX + 1];
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        const uint8_t *name = cases[i].name ? (const uint8_t *)cases[i].name : zeros;
        struct au_receipt_event event = {.name = {name, cases[i].name_size},
                                         .topics = {zeros, cases[i].topics_size},
                                         .data = {zeros, cases[i].data_size}};
        struct au_buf events;
        struct au_buf all;
        au_buf_init(&events, BUF_SIZE_MAX);
        au_buf_init(&all, BUF_SIZE_MAX);
        for (uint32_t k = 0; k < cases[i].count; k++)
            au_receipt_put_event(&events, &event);
        struct au_receipt receipt = {.events = {au_buf_bytes(&events), cases[i].count}};
        au_receipt_encode(&all, &receipt);
        assert_ok(all.err);
        if (decodes(au_buf_bytes(&all)) != cases[i].is_good) fail_msg("case %zu", i);
        au_buf_done(&events);
        au_buf_done(&all);
    }
}

static void test_bounds_of_items(void **state)
{
    (void)state;
    static const struct {
        size_t log_size;
        size_t key_size;
        size_t value_size;
        size_t note_size;
        bool is_good;
    } cases[] = {
        {AU_LOG_SIZE_MAX, AU_KEY_SIZE_MAX, AU_VALUE_SIZE_MAX, AU_RECEIPT_NOTE_SIZE_MAX, true},
        {0, 1, 0, 0, true},
        {AU_LOG_SIZE_MAX + 1, 1, 0, 0, false},
        {0, 0, 0, 0, false},
        {0, AU_KEY_SIZE_MAX + 1, 0, 0, false},
        {0, 1, AU_VALUE_SIZE_MAX + 1, 0, false},
        {0, 1, 0, AU_RECEIPT_NOTE_SIZE_MAX + 1, false},
    };
    static uint8_t zeros[AU_VALUE_SIZE_MAX + 1];
    for (size_t i = 0; i < AU_COUNT_OF(cases); i++) {
        struct au_buf logs;
        struct au_buf slots;
        struct au_buf all;
        struct au_receipt_slot slot = {.key = {zeros, cases[i].key_size},
                                       .exists = true,
                                       .after = {zeros, cases[i].value_size}};
        au_buf_init(&logs, BUF_SIZE_MAX);
        au_buf_init(&slots, BUF_SIZE_MAX);
        au_buf_init(&all, BUF_SIZE_MAX);
        au_receipt_put_log(&logs, (struct au_bytes){zeros, cases[i].log_size});
        au_receipt_put_slot(&slots, &slot);
        struct au_receipt receipt = {.logs = {au_buf_bytes(&logs), 1},
                                     .slots = {au_buf_bytes(&slots), 1},
                                     .note = {zeros, cases[i].note_size}};
        au_receipt_encode(&all, &receipt);
        assert_ok(all.err);
        assert_int_equal(decodes(au_buf_bytes(&all)), cases[i].is_good);
        au_buf_done(&logs);
        au_buf_done(&slots);
        au_buf_done(&all);
    }
}

static void test_refused_values(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_bytes bytes = from_hex(reverted_hex, room);
    for (unsigned outcome = 0; outcome < 256; outcome++) {
        room[0] = (uint8_t)outcome;
        assert_int_equal(decodes(bytes), outcome <= AU_OUTCOME_NOT_ALLOWED);
    }
    room[0] = 1;
    for (unsigned option = 2; option < 256; option++) {
        room[25] = (uint8_t)option;
        assert_false(decodes(bytes));
    }
    room[25] = 0;
    assert_true(decodes(bytes));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_literals),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_items),
        cmocka_unit_test(test_writers),
        cmocka_unit_test(test_prefixes_and_tails),
        cmocka_unit_test(test_one_encoding),
        cmocka_unit_test(test_what_is_in_the_digest),
        cmocka_unit_test(test_huge_sizes_and_counts),
        cmocka_unit_test(test_bounds_of_events),
        cmocka_unit_test(test_bounds_of_items),
        cmocka_unit_test(test_refused_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
