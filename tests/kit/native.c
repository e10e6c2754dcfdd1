/* Contracts on the mock: what a chain does with them, it does. */
#include "aureon_mock.h"

#include <stdio.h>
#include <stdlib.h>

#define CHECK(condition)                                                    \
    do {                                                                    \
        if (!(condition)) {                                                 \
            fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #condition); \
            exit(1);                                                        \
        }                                                                   \
    } while (0)

static aureon_address alice, bob;

static void begin(void)
{
    aureon_mock_reset();
    alice = aureon_mock_account("alice");
    bob = aureon_mock_account("bob");
    aureon_mock_set_balance(alice, 1000);
}

static void add(struct aureon_mock_args *args, const void *data, uint32_t size)
{
    args->items[args->count++] = (aureon_bytes){data, size};
}

static uint64_t number(struct aureon_mock_result result)
{
    uint64_t value;
    CHECK(result.outcome == AUREON_SUCCESS && result.data.size == sizeof(value));
    memcpy(&value, result.data.data, sizeof(value));
    return value;
}

static bool fails(struct aureon_mock_result result, uint32_t code)
{
    return result.outcome == AUREON_REVERTED && result.revert_code == code;
}

static aureon_address token_new(uint64_t supply)
{
    aureon_address token;
    struct aureon_mock_args args = {0};
    add(&args, &supply, sizeof(supply));
    CHECK(aureon_mock_deploy("token", alice, 0, &args, &token).outcome == AUREON_SUCCESS);
    return token;
}

static struct aureon_mock_result transfer(aureon_address token, aureon_address from,
                                          aureon_address to, uint64_t amount)
{
    struct aureon_mock_args args = {0};
    add(&args, &to, sizeof(to));
    add(&args, &amount, sizeof(amount));
    return aureon_mock_call(token, "transfer", from, 0, &args);
}

static uint64_t balance(aureon_address token, aureon_address owner)
{
    struct aureon_mock_args args = {0};
    add(&args, &owner, sizeof(owner));
    return number(aureon_mock_view(token, "balance_of", &args));
}

static void test_token(void)
{
    begin();
    aureon_address token = token_new(100);
    CHECK(transfer(token, alice, bob, 30).outcome == AUREON_SUCCESS);
    CHECK(balance(token, alice) == 70 && balance(token, bob) == 30);
    const struct aureon_mock_event *event = aureon_mock_event(0);
    CHECK(event != NULL && event->topic_count == 2 && event->name.size == 8);
    CHECK(memcmp(event->topics[1], bob.bytes, 32) == 0 && event->data.data[0] == 30);
    CHECK(aureon_is_equal(event->contract, token));

    struct aureon_mock_result result = transfer(token, bob, alice, 31);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == 1);
    CHECK(result.data.size == 8 && result.data.data[0] == 30);
    CHECK(balance(token, bob) == 30 && aureon_mock_event(1) == NULL);
    CHECK(aureon_mock_call(token, "init", alice, 0, NULL).outcome == AUREON_NOT_ALLOWED);
    CHECK(aureon_mock_call(token, "mint", alice, 0, NULL).outcome == AUREON_NO_FUNCTION);
    CHECK(aureon_mock_call(bob, "transfer", alice, 0, NULL).outcome == AUREON_NO_CONTRACT);
}

static void test_arguments_and_value(void)
{
    begin();
    aureon_address token = token_new(100);
    struct aureon_mock_args args = {0};
    add(&args, &bob, 31);
    struct aureon_mock_result result = aureon_mock_view(token, "balance_of", &args);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_ERROR_ARGUMENTS);
    result = aureon_mock_view(token, "balance_of", NULL);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_ERROR_ARGUMENTS);
    result = aureon_mock_call(token, "total_supply", alice, 1, NULL);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_ERROR_NOT_PAYABLE);
    CHECK(aureon_mock_balance(alice) == 1000 && aureon_mock_balance(token) == 0);
    result = aureon_mock_call(token, "total_supply", bob, 1, NULL);
    CHECK(result.outcome == AUREON_INSUFFICIENT_BALANCE);
}

/* Value may come with an init that says so, and with code that has none. */
static void test_value_of_a_deployment(void)
{
    begin();
    aureon_address escrow, other;
    uint64_t number = 100;
    struct aureon_mock_args args = {0}, supply = {0};
    add(&args, &bob, sizeof(bob));
    add(&args, &number, sizeof(number));
    add(&supply, &number, sizeof(number));
    CHECK(aureon_mock_deploy("escrow", alice, 30, &args, &escrow).outcome == AUREON_SUCCESS);
    CHECK(aureon_mock_balance(escrow) == 30 && aureon_mock_balance(alice) == 970);
    CHECK(aureon_mock_deploy("walker", alice, 20, NULL, &other).outcome == AUREON_SUCCESS);
    CHECK(aureon_mock_balance(other) == 20);
    struct aureon_mock_result result = aureon_mock_deploy("token", alice, 1, &supply, &other);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_ERROR_NOT_PAYABLE);
    CHECK(aureon_mock_balance(alice) == 950);
}

static void test_calls_between_contracts(void)
{
    begin();
    aureon_address counter, caller;
    CHECK(aureon_mock_deploy("counter", alice, 0, NULL, &counter).outcome == AUREON_SUCCESS);
    CHECK(aureon_mock_deploy("caller", alice, 0, NULL, &caller).outcome == AUREON_SUCCESS);
    struct aureon_mock_args args = {0};
    add(&args, &counter, sizeof(counter));
    CHECK(number(aureon_mock_call(caller, "increment", alice, 7, &args)) == 1);
    CHECK(aureon_mock_balance(counter) == 7 && aureon_mock_balance(caller) == 0);
    CHECK(number(aureon_mock_view(caller, "get", &args)) == 1);
    CHECK(memcmp(aureon_mock_event(0)->topics[0], caller.bytes, 32) == 0);
    CHECK(aureon_mock_log(0)->size == 11 &&
          memcmp(aureon_mock_log(0)->data, "counter = 1", 11) == 0);

    struct aureon_mock_result result =
        aureon_mock_call(caller, "increment_in_view", alice, 0, &args);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == 1);
    CHECK(result.data.size == 1 && result.data.data[0] == AUREON_NOT_ALLOWED);
    CHECK(number(aureon_mock_view(counter, "get", NULL)) == 1);

    struct aureon_mock_args itself = {0};
    add(&itself, &caller, sizeof(caller));
    result = aureon_mock_view(caller, "get", &itself);
    CHECK(result.revert_code == 1 && result.data.data[0] == AUREON_NOT_ALLOWED);
}

static void test_overflow(void)
{
    begin();
    aureon_address counter;
    uint64_t most = UINT64_MAX;
    struct aureon_mock_args args = {0};
    add(&args, &most, sizeof(most));
    CHECK(aureon_mock_deploy("counter", alice, 0, NULL, &counter).outcome == AUREON_SUCCESS);
    CHECK(number(aureon_mock_call(counter, "increment", bob, 0, &args)) == UINT64_MAX);
    struct aureon_mock_result result = aureon_mock_call(counter, "increment", bob, 0, NULL);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == 1 && result.data.size == 16);
    CHECK(number(aureon_mock_view(counter, "get", NULL)) == UINT64_MAX);
}

static void test_upgrade(void)
{
    begin();
    aureon_address contract;
    CHECK(aureon_mock_deploy("counter", alice, 0, NULL, &contract).outcome == AUREON_SUCCESS);
    CHECK(aureon_mock_upgrade(contract, "caller", bob, NULL).outcome == AUREON_NOT_ALLOWED);
    CHECK(aureon_mock_upgrade(contract, "nobody", alice, NULL).outcome == AUREON_NO_CONTRACT);
    aureon_address none;
    CHECK(aureon_mock_deploy("nobody", alice, 0, NULL, &none).outcome == AUREON_NO_CONTRACT);
    CHECK(aureon_mock_upgrade(contract, "caller", alice, NULL).outcome == AUREON_SUCCESS);
    CHECK(aureon_mock_call(contract, "increment", alice, 0, NULL).revert_code ==
          AUREON_ERROR_ARGUMENTS);
}

static aureon_address maker_new(void)
{
    aureon_address maker;
    begin();
    CHECK(aureon_mock_deploy("maker", alice, 0, NULL, &maker).outcome == AUREON_SUCCESS);
    return maker;
}

static struct aureon_mock_result make(aureon_address maker, aureon_bytes32 code, uint64_t number)
{
    struct aureon_mock_args args = {0};
    add(&args, code.bytes, sizeof(code.bytes));
    add(&args, &number, sizeof(number));
    return aureon_mock_call(maker, "make", alice, 0, &args);
}

/* What a contract makes has nobody as admin, and is undone with its maker's failure. */
static void test_contracts_that_make_contracts(void)
{
    aureon_address maker = maker_new(), made, other;
    struct aureon_mock_result result = make(maker, aureon_mock_code_hash("token"), 50);
    CHECK(result.outcome == AUREON_SUCCESS && result.data.size == sizeof(made));
    memcpy(&made, result.data.data, sizeof(made));
    CHECK(balance(made, maker) == 50 && balance(made, alice) == 0);
    result = make(maker, aureon_mock_code_hash("token"), 60);
    CHECK(result.outcome == AUREON_SUCCESS);
    memcpy(&other, result.data.data, sizeof(other));
    CHECK(!aureon_is_equal(made, other) && balance(other, maker) == 60 &&
          balance(made, maker) == 50);
    CHECK(aureon_mock_upgrade(made, "counter", alice, NULL).outcome == AUREON_NOT_ALLOWED);
    CHECK(aureon_mock_upgrade(made, "counter", maker, NULL).outcome == AUREON_NOT_ALLOWED);

    result = make(maker, aureon_mock_code_hash("nobody"), 1);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_NO_CONTRACT);
    result = make(maker, aureon_mock_code_hash("walker"), 1);
    CHECK(result.outcome == AUREON_REVERTED && result.revert_code == AUREON_BAD_ARGUMENTS);
}

static int32_t changed(aureon_address maker, const char *function, const void *data, uint32_t size)
{
    int32_t code;
    struct aureon_mock_args args = {0};
    if (size > 0) add(&args, data, size);
    struct aureon_mock_result result = aureon_mock_call(maker, function, bob, 0, &args);
    CHECK(result.outcome == AUREON_SUCCESS && result.data.size == sizeof(code));
    memcpy(&code, result.data.data, sizeof(code));
    return code;
}

/* Keys that anyone could sign for, and their neighbours, which are as good as any. */
static void check_admins_of_small_order(aureon_address maker)
{
    static const struct {
        uint8_t first, middle, last;
        bool is_small;
    } keys[] = {
        {0, 0, 0, true},           {1, 0, 0, true},           {2, 0, 0, false},
        {0, 0, 0x80, true},        {1, 0, 0x80, true},        {1, 1, 0, false},
        {0xec, 0xff, 0x7f, true},  {0xed, 0xff, 0x7f, true},  {0xee, 0xff, 0xff, true},
        {0xeb, 0xff, 0x7f, false}, {0xef, 0xff, 0x7f, false}, {0xed, 0xfe, 0x7f, false},
        {0xed, 0xff, 0x7e, false},
    };
    static const char order_8[2][33] = {
        "\x26\xe8\x95\x8f\xc2\xb2\x27\xb0\x45\xc3\xf4\x89\xf2\xef\x98\xf0"
        "\xd5\xdf\xac\x05\xd3\xc6\x33\x39\xb1\x38\x02\x88\x6d\x53\xfc\x85",
        "\xc7\x17\x6a\x70\x3d\x4d\xd8\x4f\xba\x3c\x0b\x76\x0d\x10\x67\x0f"
        "\x2a\x20\x53\xfa\x2c\x39\xcc\xc6\x4e\xc7\xfd\x77\x92\xac\x03\x7a"};
    uint8_t key[32], sig[64];
    for (int i = 0; i < 2; i++)
        CHECK(changed(maker, "give", order_8[i], sizeof(key)) == AUREON_NOT_ALLOWED);
    for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
        memset(key, keys[i].middle, sizeof(key));
        key[0] = keys[i].first;
        key[31] = keys[i].last;
        int32_t expected = keys[i].is_small ? AUREON_NOT_ALLOWED : AUREON_SUCCESS;
        CHECK(changed(maker, "give", key, sizeof(key)) == expected);
        aureon_mock_sign(key, sizeof(key), "message", 7, sig);
        CHECK(aureon_ed25519_verify(key, sig, "message", 7) == !keys[i].is_small);
    }
}

/* Whoever calls: it is the contract itself that upgrades, as long as it has an admin. */
static void test_contracts_that_change_themselves(void)
{
    aureon_address maker = maker_new();
    aureon_bytes32 counter = aureon_mock_code_hash("counter");
    aureon_bytes32 nobody = aureon_mock_code_hash("nobody");
    struct aureon_mock_args args = {0};
    add(&args, counter.bytes, sizeof(counter.bytes));
    CHECK(aureon_mock_call(maker, "upgrade_and_fail", bob, 0, &args).revert_code ==
          AUREON_ERROR_ASSERTION);
    CHECK(aureon_mock_view(maker, "upgrade", &args).outcome == AUREON_NOT_ALLOWED);
    CHECK(changed(maker, "upgrade", nobody.bytes, 32) == AUREON_NO_CONTRACT);
    CHECK(changed(maker, "upgrade", counter.bytes, 32) == 0);
    CHECK(number(aureon_mock_view(maker, "get", NULL)) == 0);

    maker = maker_new();
    CHECK(changed(maker, "give", bob.bytes, 32) == 0);
    CHECK(aureon_mock_upgrade(maker, "counter", alice, NULL).outcome == AUREON_NOT_ALLOWED);
    CHECK(aureon_mock_upgrade(maker, "maker", bob, NULL).outcome == AUREON_SUCCESS);
    check_admins_of_small_order(maker);
    CHECK(changed(maker, "freeze", NULL, 0) == 0);
    CHECK(changed(maker, "freeze", NULL, 0) == AUREON_NOT_ALLOWED);
    CHECK(changed(maker, "give", bob.bytes, 32) == AUREON_NOT_ALLOWED);
    CHECK(changed(maker, "upgrade", counter.bytes, 32) == AUREON_NOT_ALLOWED);
    CHECK(aureon_mock_upgrade(maker, "counter", bob, NULL).outcome == AUREON_NOT_ALLOWED);
}

/* Keys come in their order, as they are when a walk comes to them. */
static void test_walks(void)
{
    begin();
    aureon_address contract;
    CHECK(aureon_mock_deploy("walker", alice, 0, NULL, &contract).outcome == AUREON_SUCCESS);
    struct aureon_mock_result met = aureon_mock_call(contract, "walk", alice, 0, NULL);
    CHECK(met.outcome == AUREON_SUCCESS && memcmp(met.data.data, "cba\0", 4) == 0);
    CHECK(aureon_mock_call(contract, "use_closed", alice, 0, NULL).outcome == AUREON_HOST_REJECTED);
    struct aureon_mock_args args = {0};
    add(&args, "\0", 1);
    CHECK(aureon_mock_call(contract, "leave_open", alice, 0, &args).outcome == AUREON_SUCCESS);
    args = (struct aureon_mock_args){0};
    add(&args, "\1", 1);
    CHECK(aureon_mock_call(contract, "leave_open", alice, 0, &args).outcome ==
          AUREON_HOST_REJECTED);
}

/* Structs and lists of sixteen, checked arithmetic and formatted logs. */
static void test_types_and_texts(void)
{
    begin();
    aureon_address wide;
    CHECK(aureon_mock_deploy("wide", alice, 0, NULL, &wide).outcome == AUREON_SUCCESS);
    uint8_t fields[16];
    struct aureon_mock_args whole = {0}, each = {0};
    for (uint8_t i = 0; i < sizeof(fields); i++) {
        fields[i] = i;
        add(&each, &fields[i], 1);
    }
    add(&whole, fields, sizeof(fields));
    struct aureon_mock_result result = aureon_mock_view(wide, "ends", &whole);
    CHECK(result.outcome == AUREON_SUCCESS && result.data.size == sizeof(fields));
    CHECK(result.data.data[0] == 15 && result.data.data[1] == 1 && result.data.data[15] == 0);
    result = aureon_mock_view(wide, "last", &each);
    CHECK(result.data.size == 1 && result.data.data[0] == 15);
    each.count--;
    CHECK(aureon_mock_view(wide, "last", &each).revert_code == AUREON_ERROR_ARGUMENTS);

    int64_t below = -5;
    struct aureon_mock_args told = {0};
    add(&told, &below, sizeof(below));
    add(&told, "\2\0\0\0hi", 6);
    add(&told, alice.bytes, sizeof(alice.bytes));
    CHECK(aureon_mock_view(wide, "tell", &told).outcome == AUREON_SUCCESS);
    const aureon_string *line = aureon_mock_log(0);
    CHECK(line != NULL && line->size == 10 + 64 && memcmp(line->data, "got -5 hi ", 10) == 0);
}

/* Up to the last number that fits, and the first that does not. */
static void test_arithmetic(void)
{
    static const uint64_t most = UINT64_MAX, half = 1ull << 63, root = 1ull << 32;
    const struct {
        const char *function;
        uint64_t a, b;
        bool fits;
        uint64_t result;
    } cases[] = {
        {"sum", most, 0, true, most},        {"sum", 0, most, true, most},
        {"sum", most - 1, 1, true, most},    {"sum", most, 1, false, 0},
        {"sum", 1, most, false, 0},          {"sum", half, half, false, 0},
        {"sum", most, most, false, 0},       {"difference", most, most, true, 0},
        {"difference", most, 0, true, most}, {"difference", 0, 0, true, 0},
        {"difference", 0, 1, false, 0},      {"difference", most - 1, most, false, 0},
        {"difference", 0, most, false, 0},   {"product", most, 1, true, most},
        {"product", 1, most, true, most},    {"product", 0, most, true, 0},
        {"product", most, 0, true, 0},       {"product", root - 1, root + 1, true, most},
        {"product", root, root, false, 0},   {"product", half, 2, false, 0},
        {"product", 2, half, false, 0},      {"product", most, most, false, 0},
    };
    aureon_address wide;
    begin();
    CHECK(aureon_mock_deploy("wide", alice, 0, NULL, &wide).outcome == AUREON_SUCCESS);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct aureon_mock_args args = {0};
        add(&args, &cases[i].a, sizeof(cases[i].a));
        add(&args, &cases[i].b, sizeof(cases[i].b));
        struct aureon_mock_result result = aureon_mock_view(wide, cases[i].function, &args);
        if (cases[i].fits)
            CHECK(number(result) == cases[i].result);
        else
            CHECK(fails(result, AUREON_ERROR_ARITHMETIC));
    }
}

static aureon_address lists;

/* A view of `lists` with one argument. */
static struct aureon_mock_result look(const char *function, const char *arg, uint32_t size)
{
    struct aureon_mock_args args = {0};
    add(&args, arg, size);
    return aureon_mock_view(lists, function, &args);
}

static bool gives(struct aureon_mock_result result, const char *data, uint32_t size)
{
    return result.outcome == AUREON_SUCCESS && result.data.size == size &&
           memcmp(result.data.data, data, size) == 0;
}

static void begin_lists(void)
{
    begin();
    CHECK(aureon_mock_deploy("lists", alice, 0, NULL, &lists).outcome == AUREON_SUCCESS);
}

static void test_options(void)
{
    begin_lists();
    CHECK(
        gives(look("halve", AUREON_TEXT("\1\6\0\0\0\0\0\0\0")), AUREON_TEXT("\1\3\0\0\0\0\0\0\0")));
    CHECK(gives(look("halve", AUREON_TEXT("\1\7\0\0\0\0\0\0\0")), AUREON_TEXT("\0")));
    CHECK(gives(look("halve", AUREON_TEXT("\0")), AUREON_TEXT("\0")));
    static const struct {
        const char *data;
        uint32_t size;
    } wrong[] = {
        {AUREON_TEXT("\2\6\0\0\0\0\0\0\0")}, /* no such tag */
        {AUREON_TEXT("\1\6\0\0\0\0\0\0")},   /* the value is cut */
        {AUREON_TEXT("\0\0")},               /* one byte too many */
        {AUREON_TEXT("")},
    };
    for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
        CHECK(fails(look("halve", wrong[i].data, wrong[i].size), AUREON_ERROR_ARGUMENTS));
}

#define ITEM_A "\1\0\0\0A\1\7\0\0\0\0\0\0\0\2\0\0\0xy"
#define ITEM_B "\1\0\0\0B\0\0\0\0\0"
#define ITEM_C "\0\0\0\0\1\1\0\0\0\0\0\0\0\0\0\0\0"

static void test_lists(void)
{
    begin_lists();
    CHECK(gives(look("priced", AUREON_TEXT("\3\0\0\0" ITEM_A ITEM_B ITEM_C)),
                AUREON_TEXT("\2\0\0\0" ITEM_C ITEM_A)));
    CHECK(gives(look("priced", AUREON_TEXT("\0\0\0\0")), AUREON_TEXT("\0\0\0\0")));
    CHECK(fails(look("priced", AUREON_TEXT("\2\0\0\0" ITEM_A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("priced", AUREON_TEXT("\0\0\0\0" ITEM_A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("priced", AUREON_TEXT("\0\0\0")), AUREON_ERROR_ARGUMENTS));
    /* A count that no heap holds is seen before anything is allocated. */
    CHECK(fails(look("priced", AUREON_TEXT("\377\377\377\377" ITEM_A)), AUREON_ERROR_ARGUMENTS));

    CHECK(gives(look("all", AUREON_TEXT("\2\0\0\0\1\5\0\1\6\1")),
                AUREON_TEXT("\1\2\0\0\0\5\0\0\0\0\0\0\0\6\1\0\0\0\0\0\0")));
    CHECK(gives(look("all", AUREON_TEXT("\2\0\0\0\1\5\0\0")), AUREON_TEXT("\0")));
    /* One that has as many bytes as it says, and whose items have more than the heap. */
    enum { NONES = AUREON_HEAP_SIZE / 4 + 1 };
    static uint8_t nones[4 + NONES] = {NONES & 255, NONES >> 8};
    CHECK(fails(look("all", (const char *)nones, sizeof(nones)), AUREON_ERROR_MEMORY));
}

static void test_maps(void)
{
    begin_lists();
#define A  "\1\0\0\0a\1\0\0\0\0\0\0\0"
#define AA "\2\0\0\0aa\2\0\0\0\0\0\0\0"
#define B  "\1\0\0\0b\3\0\0\0\0\0\0\0"
    CHECK(gives(look("same", AUREON_TEXT("\3\0\0\0" A AA B)), AUREON_TEXT("\3\0\0\0" A AA B)));
    CHECK(gives(look("same", AUREON_TEXT("\0\0\0\0")), AUREON_TEXT("\0\0\0\0")));
    CHECK(fails(look("same", AUREON_TEXT("\2\0\0\0" B A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("same", AUREON_TEXT("\2\0\0\0" AA A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("same", AUREON_TEXT("\2\0\0\0" A A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("same", AUREON_TEXT("\3\0\0\0" A B)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("same", AUREON_TEXT("\377\377\377\377" A)), AUREON_ERROR_ARGUMENTS));
    CHECK(fails(aureon_mock_view(lists, "unsorted", NULL), AUREON_ERROR_ENCODING));
    /* Numbers are ordered as numbers: -1 before 256 before 257. */
    CHECK(number(look("truths", AUREON_TEXT("\3\0\0\0\377\377\1\0\0\0\1\0\1\2\0\0\0\1\0"
                                            "\1\1\1\0\0\0\1"))) == 256 + 257 - 1);
    CHECK(fails(look("truths", AUREON_TEXT("\2\0\0\0\1\0\0\0\0\0\377\377\0\0\0\0")),
                AUREON_ERROR_ARGUMENTS));
    CHECK(fails(look("truths", AUREON_TEXT("\1\0\0\0\1\0\1\0\0\0\2")), AUREON_ERROR_ARGUMENTS));
}

/* In storage, events and errors. */
static void test_lists_that_are_kept(void)
{
    begin_lists();
    struct aureon_mock_args kept = {0};
    uint8_t owners[4 + 2 * AUREON_ADDRESS_SIZE] = {2};
    memcpy(owners + 4, alice.bytes, sizeof(alice.bytes));
    memcpy(owners + 4 + sizeof(alice.bytes), bob.bytes, sizeof(bob.bytes));
    add(&kept, owners, sizeof(owners));
    add(&kept, AUREON_TEXT("\0"));
    add(&kept, AUREON_TEXT("\3\0\0\0" A AA B));
    CHECK(number(aureon_mock_call(lists, "keep", alice, 0, &kept)) == 5);
    CHECK(gives(look("owner", AUREON_TEXT("\1\0\0\0")), (const char *)bob.bytes, 32));
    CHECK(fails(look("owner", AUREON_TEXT("\2\0\0\0")), AUREON_ERROR_ASSERTION));
    add(&kept, AUREON_TEXT("\1\2\0\0\0\303"));
    CHECK(fails(aureon_mock_call(lists, "keep", alice, 0, &kept), AUREON_ERROR_ARGUMENTS));
#undef A
#undef AA
#undef B

#define NUMBERS "\2\0\0\0\1\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
    struct aureon_mock_args seen = {0};
    uint8_t topic[32];
    add(&seen, AUREON_TEXT(NUMBERS));
    add(&seen, AUREON_TEXT("\1\2\0\0\0hi"));
    CHECK(aureon_mock_call(lists, "see", alice, 0, &seen).outcome == AUREON_SUCCESS);
    const struct aureon_mock_event *event = aureon_mock_event(0);
    aureon_sha256(AUREON_TEXT(NUMBERS), topic);
    CHECK(event != NULL && event->topic_count == 1 && memcmp(event->topics[0], topic, 32) == 0);
    CHECK(event->data.size == 7 && memcmp(event->data.data, "\1\2\0\0\0hi", 7) == 0);
    event = aureon_mock_event(1);
    aureon_sha256(AUREON_TEXT("\1\0\0\0a\0\0\0\0\0"), topic);
    CHECK(event != NULL && event->topic_count == 2 && memcmp(event->topics[0], topic, 32) == 0);
    CHECK(memcmp(event->topics[1] + 28, "\0\x34\x12\1", 4) == 0);
#define EQUAL "\2\0\0\0\2\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"
    seen.items[0] = (aureon_bytes){(const uint8_t *)EQUAL, sizeof(EQUAL) - 1};
    struct aureon_mock_result result = aureon_mock_call(lists, "see", alice, 0, &seen);
    CHECK(fails(result, 1) && result.data.size == sizeof(EQUAL) - 1 &&
          memcmp(result.data.data, EQUAL, sizeof(EQUAL) - 1) == 0);
}

/* Digests of the empty text. */
static void test_hashes(void)
{
    static const uint8_t sha256[4] = {0xe3, 0xb0, 0xc4, 0x42};
    static const uint8_t keccak[4] = {0xc5, 0xd2, 0x46, 0x01};
    static const uint8_t blake2b[4] = {0x0e, 0x57, 0x51, 0xc0};
    uint8_t digest[32];
    aureon_sha256("", 0, digest);
    CHECK(memcmp(digest, sha256, 4) == 0);
    aureon_keccak256("", 0, digest);
    CHECK(memcmp(digest, keccak, 4) == 0);
    aureon_blake2b_256("", 0, digest);
    CHECK(memcmp(digest, blake2b, 4) == 0);
}

static void test_signatures(void)
{
    uint8_t sig[65], key[64], found[64], seed[32] = {7};
    aureon_mock_sign(alice.bytes, 32, "message", 7, sig);
    CHECK(aureon_ed25519_verify(alice.bytes, sig, "message", 7) == 1);
    CHECK(aureon_ed25519_verify(alice.bytes, sig, "massage", 7) == 0);
    CHECK(aureon_ed25519_verify(bob.bytes, sig, "message", 7) == 0);
    aureon_mock_sign_recoverable(seed, alice.bytes, sig, key);
    CHECK(aureon_secp256k1_recover(sig, alice.bytes, found) == 1 && memcmp(key, found, 64) == 0);
    sig[40] ^= 1;
    CHECK(aureon_secp256k1_recover(sig, alice.bytes, found) == 0);
}

int main(void)
{
    test_token();
    test_arguments_and_value();
    test_value_of_a_deployment();
    test_calls_between_contracts();
    test_overflow();
    test_upgrade();
    test_contracts_that_make_contracts();
    test_contracts_that_change_themselves();
    test_walks();
    test_types_and_texts();
    test_arithmetic();
    test_options();
    test_lists();
    test_maps();
    test_lists_that_are_kept();
    test_hashes();
    test_signatures();
    aureon_mock_reset();
    puts("ok");
    return 0;
}
