/* libaureon as a program sees it (aureon.h alone): the counter and its purse, every error,
 * messages, results, the gas staircase, threads. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "aureon.h"
#include "base/file.h"
#include "core/address.h"

#define THREADS          8u
#define RUNS_PER_THREAD  10000u
#define ID(text)         ((struct au_bytes){(const uint8_t *)(text), sizeof(text) - 1})
#define RAW(data_, size) ((struct au_bytes){(const uint8_t *)(data_), (size)})

static const int signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};

struct world {
    struct au_runtime *runtime;
    struct au_module *counter;
    struct au_module *other; /* the module of the test that runs */
    struct sigaction handlers[AU_COUNT_OF(signals)];
};

static struct world world;

static struct au_module *load(const char *wat)
{
    struct au_bytes code;
    char message[300] = "";
    struct au_module *module = NULL;
    struct au_reject reject = {0};
    if (au_wat_to_wasm(au_bytes_of(wat), &code, message, sizeof(message)) != AU_OK)
        fail_msg("%s", message);
    if (au_module_load(world.runtime, code, &module, &reject) != AU_OK)
        fail_msg("%s", reject.message);
    au_free(code.data);
    return module;
}

static int open_world(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, 1u << 20);
    assert_int_equal(au_runtime_new(NULL, &world.runtime), AU_OK);
    for (size_t i = 0; i < AU_COUNT_OF(signals); i++)
        assert_int_equal(sigaction(signals[i], NULL, &world.handlers[i]), 0);
    assert_int_equal(au_file_read("contracts/counter/counter.wat", &text), AU_OK);
    au_buf_put_u8(&text, 0);
    world.counter = load((const char *)text.data);
    au_buf_done(&text);
    return 0;
}

static int close_world(void **state)
{
    (void)state;
    au_module_free(world.counter);
    au_module_free(NULL);
    au_runtime_free(world.runtime);
    au_runtime_free(NULL);
    return 0;
}

static int begin_test(void **state)
{
    (void)state;
    world.other = NULL;
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    au_module_free(world.other);
    return 0;
}

static struct au_result run(const struct au_module *module,
                            const struct au_execute_options *options)
{
    struct au_result result = {0};
    /* cmocka puts its own handlers in front of every test; the engine's go before them. */
    for (size_t i = 0; i < AU_COUNT_OF(signals); i++)
        assert_int_equal(sigaction(signals[i], &world.handlers[i], NULL), 0);
    assert_int_equal(au_execute_contract(module, options, &result), AU_OK);
    assert_true(result.gas_used <= options->gas_limit);
    assert_int_equal(result.success, result.outcome == AU_OUTCOME_SUCCESS);
    assert_int_equal(result.outcome_class, au_outcome_class(result.outcome));
    assert_non_null(result.message);
    if (!result.success) {
        assert_int_equal(result.state_change_count, 0);
        assert_int_equal(result.storage_change_count, 0);
    }
    return result;
}

#define assert_bytes(bytes_, data_, size_)                    \
    do {                                                      \
        assert_int_equal((bytes_).size, (size_));             \
        assert_memory_equal((bytes_).data, (data_), (size_)); \
    } while (0)

/* ---- the counter ---- */

static void test_counter(void **state)
{
    (void)state;
    const struct au_balance balances[] = {{ID("Alice"), 1000}, {ID("Bob"), 500}};
    struct au_execute_options options = {
        .gas_limit = 10000,
        .function = "increment",
        .balances = balances,
        .balance_count = 2,
    };
    struct au_result first = run(world.counter, &options);
    assert_true(first.success);
    assert_string_equal(first.message, "the call succeeded");
    assert_bytes(first.output, "\1\0\0\0\0\0\0\0", 8);
    assert_int_equal(first.state_change_count, 0);
    assert_int_equal(first.storage_change_count, 1);
    const struct au_storage_change *change = &first.storage_changes[0];
    assert_bytes(change->key, "counter", 7);
    assert_false(change->existed);
    assert_true(change->exists);
    assert_int_equal(change->before.size, 0);
    assert_bytes(change->after, "\1\0\0\0\0\0\0\0", 8);
    assert_int_equal(first.log_count, 1);
    assert_bytes(first.logs[0], "counter = 1", 11);

    const struct au_entry entries[] = {{change->key, change->after}};
    options.storage = entries;
    options.storage_count = 1;
    struct au_result second = run(world.counter, &options);
    assert_bytes(second.output, "\2\0\0\0\0\0\0\0", 8);
    assert_bytes(second.storage_changes[0].before, "\1\0\0\0\0\0\0\0", 8);
    assert_bytes(second.storage_changes[0].after, "\2\0\0\0\0\0\0\0", 8);
    assert_true(second.storage_changes[0].existed);
    /* 50 gas less for creating the entry, more for reading the old value */
    assert_true(second.gas_used < first.gas_used);
    au_result_free(&first);
    au_result_free(&second);
    assert_null(second.memory);
    assert_null(second.logs);
    au_result_free(&second);
}

static void test_init_is_callable(void **state)
{
    (void)state;
    struct au_execute_options options = {.gas_limit = 10000, .function = "init"};
    struct au_result result = run(world.counter, &options);
    assert_true(result.success);
    assert_bytes(result.storage_changes[0].after, "\0\0\0\0\0\0\0\0", 8);
    au_result_free(&result);
}

static void test_send_funds(void **state)
{
    (void)state;
    const struct au_balance balances[] = {{ID("Alice"), 1000}, {ID("Bob"), 500}};
    const struct au_bytes args[] = {ID("Bob"), RAW("\x64\0\0\0\0\0\0\0", 8), ID("Bob")};
    struct au_execute_options options = {
        .gas_limit = 10000,
        .function = "send_funds",
        .args = args,
        .arg_count = 2,
        .self = ID("Alice"),
        .balances = balances,
        .balance_count = 2,
    };
    struct au_result result = run(world.counter, &options);
    assert_bytes(result.output, "\0\0\0\0", 4);
    assert_int_equal(result.storage_change_count, 0);
    assert_int_equal(result.state_change_count, 2);
    assert_bytes(result.state_changes[0].account, "Alice", 5);
    assert_int_equal(result.state_changes[0].before, 1000);
    assert_int_equal(result.state_changes[0].after, 900);
    assert_bytes(result.state_changes[1].account, "Bob", 3);
    assert_int_equal(result.state_changes[1].before, 500);
    assert_int_equal(result.state_changes[1].after, 600);
    au_result_free(&result);

    options.arg_count = 3; /* from Bob: not the contract's to spend */
    result = run(world.counter, &options);
    assert_bytes(result.output, "\2\0\0\0", 4);
    assert_true(result.success);
    assert_int_equal(result.state_change_count, 0);
    au_result_free(&result);
}

/* An account that the options do not list is told by the id that the contract used. */
static void test_names_in_results(void **state)
{
    (void)state;
    const struct au_balance balances[] = {{ID("Alice"), 1000}};
    const char *const ids[] = {"Carol", "0123456789abcdef0123456789abcdef"};
    for (size_t i = 0; i < AU_COUNT_OF(ids); i++) {
        struct au_bytes args[] = {au_bytes_of(ids[i]), RAW("\1\0\0\0\0\0\0\0", 8)};
        struct au_execute_options options = {
            .gas_limit = 10000,
            .function = "send_funds",
            .args = args,
            .arg_count = 2,
            .self = ID("Alice"),
            .value = 1, /* goes from the caller, who has nothing */
            .balances = balances,
            .balance_count = 1,
        };
        struct au_result result = run(world.counter, &options);
        assert_int_equal(result.outcome, AU_OUTCOME_INSUFFICIENT_BALANCE);
        assert_string_equal(result.message,
                            "the caller's balance of 0 does not cover the value of 1");
        assert_int_equal(result.gas_used, 0);
        au_result_free(&result);
        options.value = 0;
        result = run(world.counter, &options);
        assert_int_equal(result.state_change_count, 2);
        assert_bytes(result.state_changes[1].account, ids[i], strlen(ids[i]));
        assert_int_equal(result.state_changes[1].before, 0);
        assert_int_equal(result.state_changes[1].after, 1);
        au_result_free(&result);
    }
}

/* Self, caller and origin exist whatever they own; a listed account does, with nothing too. */
static void test_who_exists(void **state)
{
    (void)state;
    const struct au_balance balances[] = {{ID("Alice"), 1000}, {ID("Empty"), 0}};
    const char *const existing[] = {"Empty", "me", "you"};
    struct au_bytes args[] = {ID("new"), RAW("\1\0\0\0\0\0\0\0", 8)};
    struct au_execute_options options = {
        .gas_limit = 10000,
        .function = "send_funds",
        .args = args,
        .arg_count = 2,
        .self = ID("Alice"),
        .caller = ID("me"),
        .origin = ID("you"),
        .balances = balances,
        .balance_count = 2,
    };
    struct au_result result = run(world.counter, &options);
    uint64_t gas_creating = result.gas_used;
    au_result_free(&result);
    for (size_t i = 0; i < AU_COUNT_OF(existing); i++) {
        args[0] = au_bytes_of(existing[i]);
        result = run(world.counter, &options);
        assert_in_range(gas_creating - result.gas_used, 49, 50);
        assert_bytes(result.state_changes[1].account, existing[i], strlen(existing[i]));
        au_result_free(&result);
    }
}

/* ---- messages ---- */

static const char messages_module[] =
    "(module"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    " (memory 1 1) (data (i32.const 0) \"out of stock\\00\")"
    " (func (export \"run\"))"
    " (func (export \"migrate\"))"
    " (func (export \"one\") (param i32 i32 i64) (result i32) (i32.const 0))"
    " (func (export \"text\") (call $revert (i32.const 7) (i32.const 0) (i32.const 12)))"
    " (func (export \"bytes\") (call $revert (i32.const 7) (i32.const 0) (i32.const 13)))"
    " (func (export \"plain\") (call $revert (i32.const 7) (i32.const 0) (i32.const 0)))"
    " (func (export \"spin\") (loop (br 0)))"
    " (func (export \"divide\") (drop (i32.div_u (i32.const 1) (i32.const 0))))"
    " (func (export \"reject\") (call $log (i32.const 65536) (i32.const 1)))"
    " (func $deep (export \"deep\") (call $deep))"
    " (func (export \"write\") (drop (call $delete (i32.const 0) (i32.const 1)))))";

static void test_messages(void **state)
{
    (void)state;
    static const struct {
        const char *function;
        uint64_t gas_limit;
        enum au_outcome outcome;
        const char *message;
    } rows[] = {
        {NULL, 10000, AU_OUTCOME_SUCCESS, "the call succeeded"},
        {"text", 10000, AU_OUTCOME_REVERTED, "the contract reverted with code 7: `out of stock`"},
        {"bytes", 10000, AU_OUTCOME_REVERTED,
         "the contract reverted with code 7 and 13 bytes of data"},
        {"plain", 10000, AU_OUTCOME_REVERTED, "the contract reverted with code 7"},
        {"spin", 10000, AU_OUTCOME_OUT_OF_GAS,
         "the gas limit of 10000 was reached, in function 9 `spin` in the block at byte 244"},
        {"run", 0, AU_OUTCOME_OUT_OF_GAS,
         "the gas limit of 0 was reached: entering this contract alone takes 2 gas"},
        {"divide", 10000, AU_OUTCOME_TRAPPED,
         "the contract trapped: integer division by zero, in function 10 `divide` at byte 254"},
        {"deep", 10000, AU_OUTCOME_STACK_LIMIT,
         "the metered stack ran out, in function 12 `deep` in the block at byte 270, called by 12 "
         "`deep`, 12 "
         "`deep`, 12 `deep`, ... 12 more, 12 `deep`, 12 `deep`, 12 `deep`, 12 `deep`, and more"},
        {"reject", 10000, AU_OUTCOME_HOST_REJECTED,
         "log was refused: a pointer is outside the memory, in function 11 `reject` at byte 265"},
        {"one", 10000, AU_OUTCOME_BAD_ARGUMENTS,
         "0 arguments do not fit the function `one`(i32, i32, i64) -> (i32)"},
        {"none\n", 10000, AU_OUTCOME_NO_FUNCTION,
         "the contract exports no function `none?`; it exports `one`, `run`, `deep`, `spin`, "
         "`text`, `bytes` and 5 more"},
        {"migrate", 10000, AU_OUTCOME_NOT_ALLOWED, "the function `migrate` may not be called"},
        {"__run", 10000, AU_OUTCOME_NOT_ALLOWED, "the function `__run` may not be called"},
        {"write", 10000, AU_OUTCOME_NOT_ALLOWED,
         "storage_delete is not allowed in a view, in function 13 `write` at byte 279"},
    };
    world.other = load(messages_module);
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        struct au_execute_options options = {
            .gas_limit = rows[i].gas_limit,
            .function = rows[i].function,
            .is_view = true,
        };
        struct au_result result = run(world.other, &options);
        assert_int_equal(result.outcome, rows[i].outcome);
        assert_string_equal(result.message, rows[i].message);
        if (rows[i].outcome == AU_OUTCOME_OUT_OF_GAS)
            assert_int_equal(result.gas_used, options.gas_limit);
        au_result_free(&result);
    }
    struct au_execute_options options = {.gas_limit = 10, .value = 1, .is_view = true};
    struct au_result result = run(world.other, &options);
    assert_int_equal(result.outcome, AU_OUTCOME_NOT_ALLOWED);
    assert_string_equal(result.message, "a view takes no value");
    au_result_free(&result);
}

/* A name section may hold anything of any size. */
static void test_hostile_names_in_messages(void **state)
{
    (void)state;
    static const struct {
        const char *name; /* as text */
        const char *shown;
    } rows[] = {
        {"divide by zero", "`divide by zero`"},
        {"gr\\c3\\b6\\c3\\9fe", "`gr\xc3\xb6\xc3\x9f"
                                "e`"},
        {"a`\\0a\\1b[31m\\7f", "`a???[31m?`"},
        {"a\\c2\\9b31m\\e2\\80\\aeb", "`a?31m?b`"}, /* CSI in one character; right to left */
        {"0123456789012345678901234567890123456789012345678", /* 49 bytes */
         "`012345678901234567890123456789012345678901234567...`"},
        {"01234567890123456789012345678901234567890123456\\c3\\b6", /* its last letter is 47, 48 */
         "`01234567890123456789012345678901234567890123456...`"},
    };
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++) {
        char text[256];
        snprintf(text, sizeof(text), "(module (func (@name \"%s\") (export \"run\") unreachable))",
                 rows[i].name);
        struct au_module *module = load(text);
        struct au_execute_options options = {.gas_limit = 1000};
        struct au_result result = run(module, &options);
        assert_int_equal(result.outcome, AU_OUTCOME_TRAPPED);
        assert_non_null(strstr(result.message, rows[i].shown));
        au_result_free(&result);
        au_module_free(module);
    }
}

/* The longest names, in the longest chain: the sentence has room for all. */
static void test_the_longest_message(void **state)
{
    (void)state;
    struct au_module *module =
        load("(module (func $f (@name \"01234567890123456789012345678901234567890123456789\")"
             " (export \"run\") (call $f)))");
    struct au_execute_options options = {.gas_limit = 100000};
    struct au_result result = run(module, &options);
    assert_int_equal(result.outcome, AU_OUTCOME_STACK_LIMIT);
    assert_non_null(strstr(result.message, "`, ... 12 more, 0 `0123"));
    assert_non_null(strstr(result.message, "567...`, and more"));
    au_result_free(&result);
    au_module_free(module);
}

/* ---- errors ---- */

static void assert_invalid(const struct au_execute_options *options)
{
    struct au_result result = {.gas_used = 12345};
    assert_int_equal(au_execute_contract(world.counter, options, &result), AU_ERR_INVALID_ARG);
    assert_int_equal(result.gas_used, 12345); /* untouched */
    assert_null(result.memory);
}

static const struct au_execute_options valid = {.gas_limit = 10000, .function = "get"};

static void test_invalid_numbers_and_ids(void **state)
{
    (void)state;
    struct au_execute_options options = valid;
    options.gas_limit = AU_GAS_LIMIT_MAX;
    struct au_result result = run(world.counter, &options);
    assert_true(result.success);
    au_result_free(&result);
    options.gas_limit++;
    assert_invalid(&options);

    static const uint8_t id[AU_ID_SIZE_MAX + 1] = {1};
    struct au_bytes *const ids[] = {&options.self, &options.caller, &options.origin};
    for (size_t i = 0; i < AU_COUNT_OF(ids); i++) {
        options = valid;
        *ids[i] = RAW(id, AU_ID_SIZE_MAX);
        result = run(world.counter, &options);
        au_result_free(&result);
        *ids[i] = RAW(id, AU_ID_SIZE_MAX + 1);
        assert_invalid(&options);
        *ids[i] = RAW(NULL, 1);
        assert_invalid(&options);
    }
    options = valid;
    options.self = RAW(au_address_system.bytes, AU_ADDRESS_SIZE);
    assert_invalid(&options);
    const char *const chain_ids[] = {
        "",    "Local",    "a_b",
        "a b", "\xc3\xa9", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", /* 51 */
    };
    options = valid;
    for (size_t i = 0; i < AU_COUNT_OF(chain_ids); i++) {
        options.chain_id = chain_ids[i];
        assert_invalid(&options);
    }
    options.chain_id = chain_ids[5] + 1; /* 50 */
    result = run(world.counter, &options);
    au_result_free(&result);
}

static void test_invalid_args(void **state)
{
    (void)state;
    static const uint8_t zeros[65537 * 4];
    struct au_bytes args[65] = {{0}};
    struct au_execute_options options = valid;
    options.args = args;
    options.arg_count = 64;
    struct au_result result = run(world.counter, &options);
    au_result_free(&result);
    options.arg_count = 65;
    assert_invalid(&options);
    options.arg_count = 2;
    args[0] = RAW(zeros, 262143);
    args[1] = RAW(zeros, 1);
    result = run(world.counter, &options);
    au_result_free(&result);
    args[1].size = 2;
    assert_invalid(&options);
    args[1] = RAW(NULL, 1);
    assert_invalid(&options);
    args[1] = RAW(zeros, SIZE_MAX);
    assert_invalid(&options);
}

static void test_invalid_balances(void **state)
{
    (void)state;
    uint8_t alice_hash[AU_ADDRESS_SIZE];
    static const uint8_t id[AU_ID_SIZE_MAX + 1] = {1};
    struct au_balance balances[2] = {{ID("Alice"), AU_AMOUNT_MAX - 1}, {ID("Bob"), 1}};
    struct au_execute_options options = valid;
    options.balances = balances;
    options.balance_count = 2;
    struct au_result result = run(world.counter, &options);
    au_result_free(&result);
    balances[1].amount = 2;
    assert_invalid(&options);
    balances[1].amount = UINT64_MAX;
    assert_invalid(&options);
    balances[1] = (struct au_balance){ID("Alice"), 0};
    assert_invalid(&options);
    balances[1].account = RAW(id, 0);
    assert_invalid(&options);
    balances[1].account = RAW(id, AU_ID_SIZE_MAX + 1);
    assert_invalid(&options);

    /* an id and its hash are the same account */
    world.other = load("(module (import \"env\" \"self_address\" (func $self (param i32)))"
                       "(import \"env\" \"return_data\" (func $return (param i32 i32)))"
                       "(memory 1 1) (func (export \"run\") (call $self (i32.const 0))"
                       "(call $return (i32.const 0) (i32.const 32))))");
    struct au_execute_options ask = {.gas_limit = 1000, .self = ID("Alice")};
    result = run(world.other, &ask);
    assert_int_equal(result.output.size, AU_ADDRESS_SIZE);
    memcpy(alice_hash, result.output.data, AU_ADDRESS_SIZE);
    au_result_free(&result);
    balances[1] = (struct au_balance){RAW(alice_hash, AU_ADDRESS_SIZE), 0};
    assert_invalid(&options);
}

static void test_invalid_storage(void **state)
{
    (void)state;
    static const uint8_t zeros[65537];
    struct au_entry entries[2] = {{ID("a"), ID("1")}, {RAW(zeros, 256), RAW(zeros, 65536)}};
    struct au_execute_options options = valid;
    options.storage = entries;
    options.storage_count = 2;
    struct au_result result = run(world.counter, &options);
    au_result_free(&result);
    entries[1].key.size = 257;
    assert_invalid(&options);
    entries[1].key.size = 0;
    assert_invalid(&options);
    entries[1] = (struct au_entry){RAW(zeros, 1), RAW(zeros, 65537)};
    assert_invalid(&options);
    entries[1] = (struct au_entry){ID("a"), ID("2")};
    assert_invalid(&options);
    entries[1] = (struct au_entry){ID("b"), RAW(NULL, 1)};
    assert_invalid(&options);
}

static void test_other_errors(void **state)
{
    (void)state;
    struct au_runtime *runtime = NULL;
    struct au_runtime_options options = {.parallel_max = 1001};
    assert_int_equal(au_runtime_new(&options, &runtime), AU_ERR_INVALID_ARG);
    assert_null(runtime);

    struct au_reject reject = {0};
    struct au_module *module = NULL;
    assert_int_equal(au_module_check(ID("no module"), &reject), AU_ERR_INVALID_MODULE);
    assert_string_equal(reject.rule, "malformed");
    reject = (struct au_reject){0};
    assert_int_equal(au_module_load(world.runtime, ID("no module"), &module, &reject),
                     AU_ERR_INVALID_MODULE);
    assert_string_equal(reject.rule, "malformed");
    assert_null(module);
    assert_int_equal(au_module_check(RAW("\0asm\1\0\0\0", 8), &reject), AU_OK);

    struct au_bytes code = {NULL, 7};
    char message[64] = "";
    assert_int_equal(au_wat_to_wasm(ID("(module"), &code, message, sizeof(message)),
                     AU_ERR_MALFORMED);
    assert_true(strlen(message) > 0);
    assert_int_equal(code.size, 7);
    size_t size = (8u << 20) + 1;
    char *text = calloc(size, 1);
    assert_non_null(text);
    memset(text, ' ', size);
    assert_int_equal(au_wat_to_wasm(RAW(text, size), &code, message, sizeof(message)),
                     AU_ERR_TOO_LARGE);
    free(text);
    assert_string_equal(au_version(), AUREON_VERSION);
}

static void *run_on_small_stack(void *context)
{
    struct au_result result;
    *(enum au_err *)context = au_execute_contract(world.counter, &valid, &result);
    return NULL;
}

static void test_small_stack(void **state)
{
    (void)state;
    pthread_attr_t attr;
    pthread_t thread;
    enum au_err err = AU_OK;
    assert_int_equal(pthread_attr_init(&attr), 0);
    assert_int_equal(pthread_attr_setstacksize(&attr, 1u << 20), 0);
    assert_int_equal(pthread_create(&thread, &attr, run_on_small_stack, &err), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_int_equal(err, AU_ERR_UNSUPPORTED);
    assert_int_equal(pthread_attr_destroy(&attr), 0);
}

/* ---- the gas staircase through the public entry ---- */

static void test_gas_staircase(void **state)
{
    (void)state;
    const struct au_balance balances[] = {{ID("Alice"), 1000}};
    const struct au_bytes args[] = {ID("Bob"), RAW("\x64\0\0\0\0\0\0\0", 8)};
    struct au_execute_options options = {
        .gas_limit = 100000,
        .self = ID("Alice"),
        .balances = balances,
        .balance_count = 1,
        .args = args,
    };
    for (size_t i = 0; i < 2; i++) {
        options.function = i == 0 ? "increment" : "send_funds";
        options.arg_count = i == 0 ? 0 : 2;
        options.gas_limit = 100000;
        struct au_result result = run(world.counter, &options);
        uint64_t need = result.gas_used;
        assert_true(result.success);
        assert_in_range(need, 50, 1000);
        au_result_free(&result);
        for (uint64_t limit = 0; limit <= need + 2; limit++) {
            options.gas_limit = limit;
            result = run(world.counter, &options);
            assert_int_equal(result.outcome,
                             limit < need ? AU_OUTCOME_OUT_OF_GAS : AU_OUTCOME_SUCCESS);
            assert_int_equal(result.gas_used, limit < need ? limit : need);
            au_result_free(&result);
        }
    }
}

/* ---- threads ---- */

struct task {
    const struct au_result *expected;
    size_t wrong; /* runs with another result */
};

static bool is_same(const struct au_result *a, const struct au_result *b)
{
    return a->outcome == b->outcome && a->gas_used == b->gas_used && a->log_count == b->log_count &&
           a->storage_change_count == b->storage_change_count &&
           au_bytes_is_equal(a->output, b->output) && au_bytes_is_equal(a->logs[0], b->logs[0]) &&
           au_bytes_is_equal(a->storage_changes[0].after, b->storage_changes[0].after);
}

static void *run_task(void *context)
{
    struct task *task = context;
    struct au_execute_options options = {.gas_limit = 10000, .function = "increment"};
    for (size_t i = 0; i < RUNS_PER_THREAD; i++) {
        struct au_result result = {0};
        if (au_execute_contract(world.counter, &options, &result) != AU_OK ||
            !is_same(&result, task->expected))
            task->wrong++;
        au_result_free(&result);
    }
    return NULL;
}

static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    struct task tasks[THREADS];
    struct au_execute_options options = {.gas_limit = 10000, .function = "increment"};
    struct au_result expected = run(world.counter, &options);
    for (size_t i = 0; i < THREADS; i++) {
        tasks[i] = (struct task){.expected = &expected};
        assert_int_equal(pthread_create(&threads[i], NULL, run_task, &tasks[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
        assert_int_equal(tasks[i].wrong, 0);
    }
    au_result_free(&expected);
}

/* A result needs nothing but itself. */
static void test_result_outlives_runtime(void **state)
{
    (void)state;
    struct au_runtime *kept = world.runtime;
    struct au_runtime_options small = {.parallel_max = 1, .optimize_none = true};
    assert_int_equal(au_runtime_new(&small, &world.runtime), AU_OK);
    struct au_module *module = load(messages_module);
    struct au_execute_options options = {.gas_limit = 100, .function = "text"};
    struct au_result result = run(module, &options);
    au_module_free(module);
    au_runtime_free(world.runtime);
    world.runtime = kept;
    assert_bytes(result.output, "out of stock", 12);
    assert_string_equal(result.message, "the contract reverted with code 7: `out of stock`");
    au_result_free(&result);
}

int main(void)
{
#define LIBRARY_TEST(name) cmocka_unit_test_setup_teardown(name, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        LIBRARY_TEST(test_counter),
        LIBRARY_TEST(test_init_is_callable),
        LIBRARY_TEST(test_send_funds),
        LIBRARY_TEST(test_names_in_results),
        LIBRARY_TEST(test_who_exists),
        LIBRARY_TEST(test_messages),
        LIBRARY_TEST(test_hostile_names_in_messages),
        LIBRARY_TEST(test_the_longest_message),
        LIBRARY_TEST(test_invalid_numbers_and_ids),
        LIBRARY_TEST(test_invalid_args),
        LIBRARY_TEST(test_invalid_balances),
        LIBRARY_TEST(test_invalid_storage),
        LIBRARY_TEST(test_other_errors),
        LIBRARY_TEST(test_small_stack),
        LIBRARY_TEST(test_gas_staircase),
        LIBRARY_TEST(test_threads),
        LIBRARY_TEST(test_result_outlives_runtime),
    };
    return cmocka_run_group_tests_name("contract/library", tests, open_world, close_world);
}
