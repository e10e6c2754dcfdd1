/* Transactions: one encoding each. The vectors were made by another implementation. */
#include "unit/unit.h"

#include "base/hex.h"
#include "core/limits.h"
#include "core/tx.h"

#define SIZE_MAX_OF_TEST 512u /* bytes */

static const struct vector {
    enum au_tx_kind kind;
    const char *hex;
    const char *id;
} vectors[] = {
    {AU_TX_TRANSFER,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f000000000000"
     "0000e803000000000000630000000000000000202122232425262728292a2b2c2d2e2f3031323334"
     "35363738393a3b3c3d3e3f0500000000000000404142434445464748494a4b4c4d4e4f5051525354"
     "55565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c"
     "7d7e7f",
     "0x0541e233aa6a43d264473122b630e2f5d9ce7643b800d1f78c1c59d68dabf174"},
    {AU_TX_DEPLOY,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f010000000000"
     "0000e803000000000000630000000000000001040000000061736d70110100000000000300000000"
     "00000002000000020000006869000000000107070707070707070707070707070707070707070707"
     "07070707070707070707404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d"
     "5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f",
     "0xe3e679d8fcd1b5c4bbd4a74551e80f9154940d0a69aeed7f8a723d36010a221d"},
    {AU_TX_CALL,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f020000000000"
     "0000e803000000000000630000000000000002202122232425262728292a2b2c2d2e2f3031323334"
     "35363738393a3b3c3d3e3f050000006164645f310100000008000000050000000000000009000000"
     "000000000200000000000000404142434445464748494a4b4c4d4e4f505152535455565758595a5b"
     "5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f",
     "0x78af0ed65b14584904f2e7c2fc5ddfee17f7099600fadbbadd3a589b1b13ab1b"},
    {AU_TX_STAKE,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f030000000000"
     "0000e803000000000000630000000000000003080000000000000001070707070707070707070707"
     "0707070707070707070707070707070707070707404142434445464748494a4b4c4d4e4f50515253"
     "5455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f707172737475767778797a7b"
     "7c7d7e7f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60616263"
     "6465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f",
     "0x328da42834c969b5b95efdbbc4971098d8fc2d0131a5496246782421a7ee12d6"},
    {AU_TX_UNSTAKE,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f040000000000"
     "0000e803000000000000630000000000000004ffffffffffffffff404142434445464748494a4b4c"
     "4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f7071727374"
     "75767778797a7b7c7d7e7f",
     "0x3c3cd2bfe8e6b4fdca80e6d941fed184c12f008c27af34e8f041273eba123be7"},
    {AU_TX_UPGRADE,
     "0x01000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f050000000000"
     "0000e803000000000000630000000000000005202122232425262728292a2b2c2d2e2f3031323334"
     "35363738393a3b3c3d3e3f050000000061736d010400000000000000000000004041424344454647"
     "48494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f606162636465666768696a6b6c6d6e6f"
     "707172737475767778797a7b7c7d7e7f",
     "0xd1f49d91199c4afbb757a35dd3aaf187e10b407fb1265b4e76acca622736c472"},
};

static struct au_bytes from_hex(const char *hex, uint8_t *out_bytes)
{
    size_t size = strlen(hex) / 2 - 1;
    assert_true(size <= SIZE_MAX_OF_TEST);
    assert_ok(au_hex_parse(au_bytes_of(hex), out_bytes, size));
    return (struct au_bytes){out_bytes, size};
}

static bool decodes(struct au_bytes bytes)
{
    struct au_tx tx;
    struct au_decode error;
    bool is_tx = au_tx_decode(bytes, &tx, &error);
    if (!is_tx) assert_non_null(error.error);
    if (!is_tx) assert_true(error.error_at <= bytes.size);
    return is_tx;
}

static void test_vectors(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(vectors); i++) {
        uint8_t room[SIZE_MAX_OF_TEST];
        uint8_t id[AU_HASH_SIZE];
        struct au_bytes bytes = from_hex(vectors[i].hex, room);
        struct au_tx tx;
        struct au_decode error;
        assert_true(au_tx_decode(bytes, &tx, &error));
        assert_int_equal(tx.kind, vectors[i].kind);
        assert_int_equal(tx.nonce, i);
        assert_int_equal(tx.gas_price, 1000);
        assert_int_equal(tx.valid_until, 99);
        assert_int_equal(tx.from.bytes[31], 31);
        assert_int_equal(tx.signature[63], 127);

        struct au_buf again;
        au_buf_init(&again, SIZE_MAX_OF_TEST);
        au_tx_encode(&again, &tx);
        assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
        au_buf_done(&again);
        struct au_hash hash = au_tx_id(bytes);
        from_hex(vectors[i].id, id);
        assert_memory_equal(hash.bytes, id, AU_HASH_SIZE);
    }
}

static void test_fields(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    struct au_tx tx;
    struct au_decode error;
    assert_true(au_tx_decode(from_hex(vectors[AU_TX_DEPLOY].hex, room), &tx, &error));
    assert_true(tx.has_admin);
    assert_int_equal(tx.admin.bytes[0], 7);
    assert_int_equal(tx.gas_limit, 70000);
    assert_int_equal(tx.value, 3);
    assert_int_equal(tx.code.size, 4);
    struct au_bytes args[AU_ARG_COUNT_MAX];
    assert_int_equal(tx.arg_count, 2);
    assert_int_equal(au_tx_args(&tx, args), 2);
    assert_bytes(args[0], "hi");
    assert_bytes(args[1], "");
    assert_bytes(au_tx_function(&tx), "init");

    assert_true(au_tx_decode(from_hex(vectors[AU_TX_CALL].hex, room), &tx, &error));
    assert_bytes(tx.function, "add_1");
    assert_bytes(au_tx_function(&tx), "add_1");
    assert_int_equal(tx.to.bytes[0], 32);
    assert_true(au_tx_decode(from_hex(vectors[AU_TX_UNSTAKE].hex, room), &tx, &error));
    assert_true(tx.amount == UINT64_MAX);
    assert_int_equal(au_tx_function(&tx).size, 0);
}

/* No part of a transaction is one, nor is one with something behind it. */
static void test_prefixes_and_tails(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(vectors); i++) {
        uint8_t room[SIZE_MAX_OF_TEST + 1] = {0};
        struct au_bytes bytes = from_hex(vectors[i].hex, room);
        for (size_t size = 0; size < bytes.size; size++) {
            assert_false(decodes((struct au_bytes){room, size}));
        }
        assert_false(decodes((struct au_bytes){room, bytes.size + 1}));
    }
}

/* Every change of a byte gives no transaction, or one with an encoding of its own: the changed. */
static void test_one_encoding(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(vectors); i++) {
        uint8_t room[SIZE_MAX_OF_TEST];
        struct au_bytes bytes = from_hex(vectors[i].hex, room);
        for (size_t at = 0; at < bytes.size * 256; at++) {
            uint8_t kept = room[at / 256];
            room[at / 256] = (uint8_t)at;
            struct au_tx tx;
            struct au_decode error;
            if (au_tx_decode(bytes, &tx, &error)) {
                struct au_buf again;
                au_buf_init(&again, SIZE_MAX_OF_TEST);
                au_tx_encode(&again, &tx);
                assert_true(au_bytes_is_equal(au_buf_bytes(&again), bytes));
                au_buf_done(&again);
            }
            room[at / 256] = kept;
        }
    }
}

static void set(uint8_t *room, size_t at, uint8_t value, size_t size)
{
    uint8_t kept = room[at];
    room[at] = value;
    assert_false(decodes((struct au_bytes){room, size}));
    room[at] = kept;
}

static void test_refused_values(void **state)
{
    (void)state;
    uint8_t room[SIZE_MAX_OF_TEST];
    size_t payload = 1 + 32 + 3 * 8; /* where the tag is */
    size_t size = from_hex(vectors[AU_TX_CALL].hex, room).size;
    set(room, 0, 0, size);
    set(room, 0, 2, size);
    set(room, 0, 255, size);
    for (unsigned tag = AU_TX_KIND_COUNT; tag < 256; tag++) {
        set(room, payload, (uint8_t)tag, size);
    }
    size_t name = payload + 1 + 32 + 4;
    for (const char *c = "-. /:@[`{\x7f\x80"; *c; c++) {
        set(room, name, (uint8_t)*c, size);
    }
    set(room, name, 0, size);
    set(room, name - 4, 0, size);        /* an empty name */
    set(room, name - 1, 0x80, size);     /* a size of 2^31 */
    set(room, name + 5 + 3, 0xff, size); /* a count of arguments near 2^32 */

    size = from_hex(vectors[AU_TX_STAKE].hex, room).size;
    set(room, payload + 1 + 8, 2, size); /* an option that is neither 0 nor 1 */
}

/* A call with that many arguments of that size. */
static bool call_decodes(uint32_t arg_count, size_t arg_size)
{
    static const uint8_t zeros[AU_ARGS_SIZE_MAX + 1];
    struct au_buf args;
    struct au_buf bytes;
    au_buf_init(&args, AU_TX_SIZE_MAX);
    au_buf_init(&bytes, 2 * AU_TX_SIZE_MAX);
    for (uint32_t i = 0; i < arg_count; i++) {
        au_buf_put_u32(&args, (uint32_t)arg_size);
        au_buf_put(&args, zeros, arg_size);
    }
    struct au_tx tx = {.version = AU_TX_VERSION,
                       .kind = AU_TX_CALL,
                       .function = au_bytes_of("f"),
                       .args = au_buf_bytes(&args),
                       .arg_count = arg_count};
    au_tx_encode(&bytes, &tx);
    assert_ok(bytes.err);
    bool is_tx = decodes(au_buf_bytes(&bytes));
    au_buf_done(&args);
    au_buf_done(&bytes);
    return is_tx;
}

static void test_argument_limits(void **state)
{
    (void)state;
    assert_true(call_decodes(0, 0));
    assert_true(call_decodes(AU_ARG_COUNT_MAX, 0));
    assert_false(call_decodes(AU_ARG_COUNT_MAX + 1, 0));
    assert_true(call_decodes(1, AU_ARGS_SIZE_MAX));
    assert_false(call_decodes(1, AU_ARGS_SIZE_MAX + 1));
    assert_true(call_decodes(64, AU_ARGS_SIZE_MAX / 64));
    assert_false(call_decodes(2, AU_ARGS_SIZE_MAX / 2 + 1));
}

/* A deploy of exactly the greatest size, and one byte more. */
static void test_size_limit(void **state)
{
    (void)state;
    struct au_tx tx = {.version = AU_TX_VERSION, .kind = AU_TX_DEPLOY};
    struct au_buf bytes;
    au_buf_init(&bytes, 2 * AU_TX_SIZE_MAX);
    au_tx_encode(&bytes, &tx);
    size_t size = AU_TX_SIZE_MAX - bytes.size;
    uint8_t *code = test_calloc(1, size + 1);
    for (size_t more = 0; more <= 1; more++) {
        au_buf_clear(&bytes);
        tx.code = (struct au_bytes){code, size + more};
        au_tx_encode(&bytes, &tx);
        assert_int_equal(bytes.size, AU_TX_SIZE_MAX + more);
        assert_int_equal(decodes(au_buf_bytes(&bytes)), more == 0);
    }
    test_free(code);
    au_buf_done(&bytes);
}

static void test_signed_message(void **state)
{
    (void)state;
    struct au_hash genesis;
    struct au_buf message;
    memset(genesis.bytes, 9, AU_HASH_SIZE);
    au_buf_init(&message, SIZE_MAX_OF_TEST);
    au_tx_put_signed_message(&message, &genesis, au_bytes_of("body"));
    assert_int_equal(message.size, 11 + AU_HASH_SIZE + 4);
    assert_memory_equal(message.data, "aureon/tx/1\t\t", 13);
    assert_memory_equal(message.data + 11 + AU_HASH_SIZE, "body", 4);
    au_buf_done(&message);
}

static void test_intrinsic_steps(void **state)
{
    (void)state;
    struct au_tx tx = {.kind = AU_TX_TRANSFER};
    assert_int_equal(au_tx_intrinsic_steps(&tx, 162), 50000 + 16200);
    tx = (struct au_tx){.kind = AU_TX_DEPLOY, .code = {NULL, 1000}};
    assert_int_equal(au_tx_intrinsic_steps(&tx, 1200), 50000 + 120000 + 10000000 + 2000000);
    tx.kind = AU_TX_UPGRADE;
    assert_int_equal(au_tx_intrinsic_steps(&tx, 1200), 50000 + 120000 + 10000000 + 2000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_vectors),
        cmocka_unit_test(test_fields),
        cmocka_unit_test(test_prefixes_and_tails),
        cmocka_unit_test(test_one_encoding),
        cmocka_unit_test(test_refused_values),
        cmocka_unit_test(test_argument_limits),
        cmocka_unit_test(test_size_limit),
        cmocka_unit_test(test_signed_message),
        cmocka_unit_test(test_intrinsic_steps),
    };
    return cmocka_run_group_tests_name("core/tx", tests, NULL, NULL);
}
