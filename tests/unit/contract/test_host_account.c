/* get_balance and transfer: every result in its order, prices, ids and addresses, views. */
#include "fixture.h"

#define NUMBER_GET_BALANCE 2u
#define NUMBER_TRANSFER    3u

/* Where the module's memory holds what. */
#define SELF      0u
#define SELF_HASH 64u
#define BOB       128u
#define BOB_HASH  192u
#define SYSTEM    256u
#define FULL_ID   320u
#define LONG_ID   400u

static const char full_id[] = "an-id-of-exactly-thirty-two-byte";

static void put_data(struct au_buf *wat, uint32_t offset, const void *bytes, size_t size)
{
    au_buf_printf(wat, "(data (i32.const %u) \"", offset);
    for (size_t i = 0; i < size; i++)
        au_buf_printf(wat, "\\%02x", ((const uint8_t *)bytes)[i]);
    au_buf_put_text(wat, "\")\n");
}

static int open_world(void **state)
{
    static struct fixture fx;
    struct au_address self = fixture_address("self");
    struct au_address bob = fixture_address("Bob");
    struct au_buf wat;
    fixture_open(&fx);
    au_buf_init(&wat, FIXTURE_WAT_MAX);
    put_data(&wat, SELF, "self", 4);
    put_data(&wat, SELF_HASH, self.bytes, AU_ADDRESS_SIZE);
    put_data(&wat, BOB, "Bob", 3);
    put_data(&wat, BOB_HASH, bob.bytes, AU_ADDRESS_SIZE);
    put_data(&wat, SYSTEM, au_address_system.bytes, AU_ADDRESS_SIZE);
    put_data(&wat, FULL_ID, full_id, AU_ADDRESS_SIZE);
    au_buf_put_u8(&wat, 0);
    fixture_load_hosts(&fx, 1, (const char *)wat.data);
    au_buf_done(&wat);
    *state = &fx;
    return 0;
}

static int reset_world(void **state)
{
    struct fixture *fx = *state;
    fixture_reset(fx);
    fixture_put_balance(fx, "self", 1000);
    fixture_put_balance(fx, "Bob", 500);
    return 0;
}

/* The address rule of the library, computed here by hand. */
static void test_names(void **state)
{
    (void)state;
    struct au_hash hash = au_sha256(au_bytes_of("\013aureon/nameBob"));
    struct au_address bob = fixture_address("Bob");
    struct au_address full = fixture_address(full_id);
    struct au_address unused;
    uint8_t bytes[65] = {0};
    assert_memory_equal(bob.bytes, hash.bytes, AU_ADDRESS_SIZE);
    assert_memory_equal(full.bytes, full_id, AU_ADDRESS_SIZE);
    assert_false(au_names_address((struct au_bytes){bytes, 0}, &unused));
    assert_true(au_names_address((struct au_bytes){bytes, 1}, &unused));
    assert_true(au_names_address((struct au_bytes){bytes, 64}, &unused));
    assert_false(au_names_address((struct au_bytes){bytes, 65}, &unused));
}

static void test_get_balance(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "get_balance", 500, BOB, 3);
    assert_price(fx, "get_balance", 20000);
    assert_returns(fx, "get_balance", 500, BOB_HASH, 32);
    assert_returns(fx, "get_balance", 1000, SELF, 4);
    assert_returns(fx, "get_balance", 0, FULL_ID, 32);
    assert_returns(fx, "get_balance", 0, BOB, 2);
    assert_returns(fx, "get_balance", 0, 0xffffffff, 0);
    assert_returns(fx, "get_balance", 0, LONG_ID, 65);
    assert_price(fx, "get_balance", 20000);
    fixture_put_balance(fx, full_id, AU_AMOUNT_MAX - 1500);
    assert_returns(fx, "get_balance", AU_AMOUNT_MAX - 1500, FULL_ID, 32);
    RUN(fx, "get_balance", 65536, 1);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_GET_BALANCE, AU_HOST_REJECT_POINTER));

    fx->env.names = NULL; /* on a chain an account has 32 bytes */
    assert_returns(fx, "get_balance", 0, BOB, 3);
    assert_returns(fx, "get_balance", 500, BOB_HASH, 32);
    assert_returns(fx, "get_balance", 0, BOB_HASH, 33);
}

static void assert_balances(struct fixture *fx, uint64_t self, uint64_t bob)
{
    assert_int_equal(fixture_account(fx, "self").balance, self);
    assert_int_equal(fixture_account(fx, "Bob").balance, bob);
}

static void test_transfer(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "transfer", 0, SELF, 4, BOB, 3, 100);
    assert_price(fx, "transfer", 50000);
    assert_balances(fx, 900, 600);
    assert_returns(fx, "transfer", 0, SELF_HASH, 32, BOB_HASH, 32, 100);
    assert_balances(fx, 800, 700);
    assert_returns(fx, "transfer", 0, SELF, 4, BOB, 3, 800);
    assert_balances(fx, 0, 1500);
    assert_returns(fx, "transfer", 1, SELF, 4, BOB, 3, 1);
    assert_returns(fx, "transfer", 0, SELF, 4, BOB, 3, 0);
    assert_balances(fx, 0, 1500);
}

/* A contract may name an account as often as it likes: one name is kept, the first. */
static void test_names_are_kept_once(void **state)
{
    struct fixture *fx = *state;
    for (int i = 0; i < 100; i++) {
        assert_returns(fx, "transfer", 0, SELF, 4, BOB, 3, 1);
        assert_returns(fx, "transfer", 0, SELF, 4, BOB_HASH, 32, 1);
        assert_returns(fx, "transfer", 0, SELF, 4, FULL_ID, 32, 1);
        assert_returns(fx, "get_balance", 0, LONG_ID, 64);
    }
    struct au_address bob = fixture_address("Bob");
    assert_int_equal(fx->names.table.count, 1);
    assert_true(au_bytes_is_equal(au_names_id(&fx->names, &bob), au_bytes_of("Bob")));
}

static void test_transfer_creates(void **state)
{
    struct fixture *fx = *state;
    /* amount 0 creates nothing and costs no more */
    assert_returns(fx, "transfer", 0, SELF, 4, FULL_ID, 32, 0);
    assert_price(fx, "transfer", 50000);
    assert_false(fixture_account(fx, full_id).exists);
    /* nor does one that the balance does not cover */
    assert_returns(fx, "transfer", 1, SELF, 4, FULL_ID, 32, 1001);
    assert_price(fx, "transfer", 50000);
    assert_returns(fx, "transfer", 0, SELF, 4, FULL_ID, 32, 1);
    assert_price(fx, "transfer", 100000);
    assert_true(fixture_account(fx, full_id).exists);
    assert_returns(fx, "transfer", 0, SELF, 4, FULL_ID, 32, 1);
    assert_price(fx, "transfer", 50000);
    assert_int_equal(fixture_account(fx, full_id).balance, 2);
    assert_int_equal(fixture_account(fx, "self").balance, 998);
}

static void test_transfer_refusals(void **state)
{
    struct fixture *fx = *state;
    /* 2: `from` is not exactly this contract, whatever else is wrong */
    assert_returns(fx, "transfer", 2, BOB, 3, SELF, 4, 1);
    assert_returns(fx, "transfer", 2, BOB, 3, SYSTEM, 32, 10000);
    assert_returns(fx, "transfer", 2, BOB, 3, 0, 0, 10000);
    assert_returns(fx, "transfer", 2, SELF, 3, BOB, 3, 1);
    assert_returns(fx, "transfer", 2, SELF, 0, BOB, 3, 1);
    assert_returns(fx, "transfer", 2, LONG_ID, 65, BOB, 3, 1);
    assert_price(fx, "transfer", 50000);
    /* 3: no account can be named so, or the system account; whatever the balance is */
    assert_returns(fx, "transfer", 3, SELF, 4, 0, 0, 10000);
    assert_returns(fx, "transfer", 3, SELF, 4, LONG_ID, 65, 1);
    assert_returns(fx, "transfer", 3, SELF, 4, SYSTEM, 32, 1);
    assert_returns(fx, "transfer", 3, SELF, 4, SYSTEM, 32, 0);
    assert_price(fx, "transfer", 50000);
    /* 1: amounts are unsigned */
    assert_returns(fx, "transfer", 1, SELF, 4, BOB, 3, 1001);
    assert_returns(fx, "transfer", 1, SELF, 4, BOB, 3, (uint64_t)-1);
    assert_returns(fx, "transfer", 1, SELF, 4, BOB, 3, (uint64_t)1 << 63);
    assert_balances(fx, 1000, 500);

    fx->env.names = NULL;
    assert_returns(fx, "transfer", 2, SELF, 4, BOB_HASH, 32, 1);
    assert_returns(fx, "transfer", 3, SELF_HASH, 32, BOB, 3, 1);
    assert_returns(fx, "transfer", 3, SELF_HASH, 32, SYSTEM, 32, 1);
    assert_returns(fx, "transfer", 0, SELF_HASH, 32, BOB_HASH, 32, 1);
    assert_balances(fx, 999, 501);
}

static void test_transfer_to_self(void **state)
{
    struct fixture *fx = *state;
    assert_returns(fx, "transfer", 0, SELF, 4, SELF_HASH, 32, 1000);
    assert_price(fx, "transfer", 50000);
    assert_returns(fx, "transfer", 1, SELF, 4, SELF, 4, 1001);
    assert_balances(fx, 1000, 500);
}

static void test_transfer_in_view(void **state)
{
    struct fixture *fx = *state;
    fx->call.is_view = true;
    RUN(fx, "transfer", SELF, 4, 65536, 1, 1);
    assert_ends(fx, AU_OUTCOME_HOST_REJECTED,
                fixture_reject(NUMBER_TRANSFER, AU_HOST_REJECT_POINTER));
    RUN(fx, "transfer", BOB, 3, BOB, 3, 0); /* even one that would be refused */
    assert_ends(fx, AU_OUTCOME_NOT_ALLOWED, 0);
    assert_string_equal(fx->result.host_function, "transfer");
    assert_returns(fx, "get_balance", 500, BOB, 3);
}

/* The price of creating an account is taken before anything moves. */
static void test_transfer_out_of_gas(void **state)
{
    struct fixture *fx = *state;
    RUN(fx, "transfer", SELF, 4, FULL_ID, 32, 1);
    int64_t need = fx->result.steps_used;
    for (int64_t missing = 1; missing <= 100001; missing += 50000) {
        reset_world(state);
        fx->call.steps_limit = need - missing;
        RUN(fx, "transfer", SELF, 4, FULL_ID, 32, 1);
        assert_ends(fx, AU_OUTCOME_OUT_OF_GAS, 0);
        assert_int_equal(fx->result.steps_used, need - missing);
        assert_balances(fx, 1000, 500);
        assert_false(fixture_account(fx, full_id).exists);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_names),
        cmocka_unit_test_setup(test_get_balance, reset_world),
        cmocka_unit_test_setup(test_transfer, reset_world),
        cmocka_unit_test_setup(test_names_are_kept_once, reset_world),
        cmocka_unit_test_setup(test_transfer_creates, reset_world),
        cmocka_unit_test_setup(test_transfer_refusals, reset_world),
        cmocka_unit_test_setup(test_transfer_to_self, reset_world),
        cmocka_unit_test_setup(test_transfer_in_view, reset_world),
        cmocka_unit_test_setup(test_transfer_out_of_gas, reset_world),
    };
    return cmocka_run_group_tests_name("contract/host_account", tests, open_world,
                                       fixture_close_world);
}
