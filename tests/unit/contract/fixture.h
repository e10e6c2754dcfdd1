/* A small world for tests of contract code: one engine, a working state, an environment and a call,
 * all reached through the entry that the library and a ledger use (au_frame_run).
 *
 * The module made by fixture_load_hosts exports each host function twice: under its own name with
 * every parameter as i64 (so that pointers and sizes are passed as they are), and as NAME_dump with
 * two more parameters, a range of memory that becomes the output after the call. */
#ifndef AUREON_TESTS_CONTRACT_FIXTURE_H
#define AUREON_TESTS_CONTRACT_FIXTURE_H

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "contract/host.h"
#include "core/receipt.h"
#include "crypto/sha256.h"

#define FIXTURE_STEPS     ((int64_t)9000000000000000 * 1000)
#define FIXTURE_ARGS_MAX  12u
#define FIXTURE_WAT_MAX   (1u << 20)
#define FIXTURE_NO_MEMORY UINT32_MAX

static const int fixture_signals[] = {SIGSEGV, SIGILL, SIGFPE, SIGBUS};

struct fixture {
    struct sigaction handlers[AU_COUNT_OF(fixture_signals)]; /* the engine's */
    struct au_engine *engine;
    struct au_loaded *loaded;
    struct au_overlay overlay;
    struct au_arena arena;
    struct au_names names;
    struct au_buf logs;
    struct au_buf events;
    struct au_code_source codes;
    struct au_env env;
    struct au_call call;
    struct au_bytes args[AU_ARG_COUNT_MAX];
    uint64_t numbers[FIXTURE_ARGS_MAX];
    struct au_frame_result result;
};

static inline struct au_address fixture_address(const char *id)
{
    struct au_address address;
    assert_true(au_names_address(au_bytes_of(id), &address));
    return address;
}

/* cmocka puts its own handlers in front of every test; the engine's go before them. */
static inline void fixture_keep_handlers(struct fixture *fx)
{
    for (size_t i = 0; i < AU_COUNT_OF(fixture_signals); i++)
        assert_int_equal(sigaction(fixture_signals[i], NULL, &fx->handlers[i]), 0);
}

static inline void fixture_put_handlers(const struct fixture *fx)
{
    for (size_t i = 0; i < AU_COUNT_OF(fixture_signals); i++)
        assert_int_equal(sigaction(fixture_signals[i], &fx->handlers[i], NULL), 0);
}

/* Code that is loaded is on this chain. */
static inline enum au_err fixture_load_named(void *context, const struct au_hash *code_hash,
                                             struct au_loaded **out_loaded)
{
    const struct fixture *fx = context;
    return au_engine_find(fx->engine, code_hash, out_loaded) ? AU_OK : AU_ERR_NOT_FOUND;
}

/* Forgets all that ran; nobody has anything. */
static inline void fixture_reset(struct fixture *fx)
{
    au_overlay_reset(&fx->overlay);
    au_names_reset(&fx->names);
    au_arena_reset(&fx->arena);
    au_buf_clear(&fx->logs);
    au_buf_clear(&fx->events);
    fx->env = (struct au_env){
        .overlay = &fx->overlay,
        .codes = &fx->codes,
        .names = &fx->names,
        .arena = &fx->arena,
        .logs = &fx->logs,
        .events = &fx->events,
        .origin = fixture_address("signer"),
        .block_height = 77,
        .block_time_ms = 1700000000123,
        .chain_id = au_bytes_of("test-chain"),
    };
    fx->call = (struct au_call){
        .self = fixture_address("self"),
        .caller = fixture_address("caller"),
        .args = fx->args,
        .steps_limit = FIXTURE_STEPS,
        .logs_size_max = AU_LOGS_SIZE_MAX,
        .output_size_max = AU_OUTPUT_SIZE_MAX,
        .events_max = AU_EVENTS_MAX,
        .event_data_max = AU_EVENTS_DATA_SIZE_MAX,
    };
}

static inline void fixture_open(struct fixture *fx)
{
    struct au_seed seed = {{3, 4}};
    struct au_engine_options options = {.instances_max = 2, .cache_size = 16u << 20};
    *fx = (struct fixture){0};
    assert_int_equal(au_engine_new(&options, &au_host_env, &fx->engine), AU_OK);
    fixture_keep_handlers(fx);
    fx->codes = (struct au_code_source){fx, fixture_load_named, NULL};
    au_overlay_init(&fx->overlay, &seed, NULL, SIZE_MAX);
    au_arena_init(&fx->arena, SIZE_MAX);
    au_names_init(&fx->names, &fx->arena, &seed);
    au_buf_init(&fx->logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&fx->events, AU_RECEIPT_EVENTS_SIZE_MAX);
    fixture_reset(fx);
}

static inline void fixture_close(struct fixture *fx)
{
    if (fx->loaded) au_loaded_release(fx->loaded);
    au_overlay_done(&fx->overlay);
    au_names_done(&fx->names);
    au_arena_done(&fx->arena);
    au_buf_done(&fx->logs);
    au_buf_done(&fx->events);
    au_engine_free(fx->engine);
}

/* Loads a module given as text in place of the one before. */
static inline void fixture_load(struct fixture *fx, const char *wat)
{
    struct au_buf code;
    char message[400] = "";
    struct au_reject reject = {0};
    if (fx->loaded) au_loaded_release(fx->loaded);
    fx->loaded = NULL;
    au_buf_init(&code, FIXTURE_WAT_MAX);
    if (au_engine_wat_to_wasm(au_bytes_of(wat), &code, message, sizeof(message)) != AU_OK)
        fail_msg("%s", message);
    if (au_engine_load(fx->engine, au_buf_bytes(&code), &fx->loaded, &reject) != AU_OK)
        fail_msg("%s", reject.message);
    au_buf_done(&code);
}

static inline const char *fixture_type(char letter)
{
    return letter == 'I' ? "i64" : "i32";
}

static inline void fixture_put_import(struct au_buf *wat, const struct au_host_entry *entry)
{
    au_buf_printf(wat, "(import \"env\" \"%s\" (func $%s (param", entry->name, entry->name);
    for (const char *p = entry->params; *p; p++)
        au_buf_printf(wat, " %s", fixture_type(*p));
    au_buf_put_text(wat, ") (result");
    for (const char *r = entry->results; *r; r++)
        au_buf_printf(wat, " %s", fixture_type(*r));
    au_buf_put_text(wat, ")))\n");
}

static inline void fixture_put_wrapper(struct au_buf *wat, const struct au_host_entry *entry,
                                       bool dumps)
{
    size_t count = strlen(entry->params);
    bool returns = *entry->results && !dumps;
    au_buf_printf(wat, "(func (export \"%s%s\") (param", entry->name, dumps ? "_dump" : "");
    for (size_t i = 0; i < count + (dumps ? 2 : 0); i++)
        au_buf_put_text(wat, " i64");
    au_buf_printf(wat, ") %s\n", returns ? "(result i64)" : "");
    for (size_t i = 0; i < count; i++)
        au_buf_printf(wat, " local.get %zu %s", i, entry->params[i] == 'i' ? "i32.wrap_i64" : "");
    au_buf_printf(wat, " call $%s", entry->name);
    if (returns && entry->results[0] == 'i') au_buf_put_text(wat, " i64.extend_i32_s");
    if (dumps && *entry->results) au_buf_put_text(wat, " drop");
    if (dumps) {
        au_buf_printf(wat, " local.get %zu i32.wrap_i64 local.get %zu i32.wrap_i64", count,
                      count + 1);
        au_buf_put_text(wat, " call $return_data");
    }
    au_buf_put_text(wat, ")\n");
}

/* Loads the module described at the top.
 *
 * pages  of its memory, or FIXTURE_NO_MEMORY
 * data   more fields of the module, such as data segments */
static inline void fixture_load_hosts(struct fixture *fx, uint32_t pages, const char *data)
{
    struct au_buf wat;
    au_buf_init(&wat, FIXTURE_WAT_MAX);
    au_buf_put_text(&wat, "(module\n");
    for (size_t i = 0; i < au_host_env.count; i++)
        fixture_put_import(&wat, &au_host_env.entries[i]);
    if (pages != FIXTURE_NO_MEMORY) au_buf_printf(&wat, "(memory %u %u)\n", pages, pages);
    au_buf_put_text(&wat, data);
    for (size_t i = 0; i < au_host_env.count; i++) {
        fixture_put_wrapper(&wat, &au_host_env.entries[i], /* dumps */ false);
        fixture_put_wrapper(&wat, &au_host_env.entries[i], /* dumps */ true);
    }
    au_buf_put_text(&wat, ")\n");
    au_buf_put_u8(&wat, 0);
    assert_int_equal(wat.err, AU_OK);
    fixture_load(fx, (const char *)wat.data);
    au_buf_done(&wat);
}

/* Set-up and tear-down of groups, and set-up of tests. */
static inline int fixture_open_world(void **state)
{
    static struct fixture fx;
    fixture_open(&fx);
    *state = &fx;
    return 0;
}

static inline int fixture_open_hosts(void **state, uint32_t pages, const char *data)
{
    (void)fixture_open_world(state);
    fixture_load_hosts(*state, pages, data);
    return 0;
}

static inline int fixture_close_world(void **state)
{
    fixture_close(*state);
    return 0;
}

static inline int fixture_reset_world(void **state)
{
    fixture_reset(*state);
    return 0;
}

/* Runs a function; its arguments are in fx->call already. */
static inline void fixture_run(struct fixture *fx, const char *function)
{
    fixture_put_handlers(fx);
    fx->call.function = au_bytes_of(function);
    assert_int_equal(au_frame_run(fx->loaded, &fx->env, &fx->call, &fx->result), AU_OK);
    assert_in_range(fx->result.steps_used, 0, fx->call.steps_limit);
}

/* Runs a function with numbers of 8 bytes as arguments. */
static inline void fixture_run_numbers(struct fixture *fx, const char *function,
                                       const uint64_t *numbers, size_t count)
{
    assert_true(count <= FIXTURE_ARGS_MAX);
    for (size_t i = 0; i < count; i++) {
        fx->numbers[i] = numbers[i];
        fx->args[i] = (struct au_bytes){(const uint8_t *)&fx->numbers[i], sizeof(uint64_t)};
    }
    fx->call.args = fx->args;
    fx->call.arg_count = count;
    fixture_run(fx, function);
}

#define FIXTURE_NUMBERS(...) ((const uint64_t[]){__VA_ARGS__})
#define FIXTURE_COUNT(...)   (sizeof(FIXTURE_NUMBERS(__VA_ARGS__)) / sizeof(uint64_t))

/* RUN(fx, "log", 0, 4) runs log(0, 4). */
#define RUN(fx, function, ...) \
    fixture_run_numbers((fx), (function), FIXTURE_NUMBERS(__VA_ARGS__), FIXTURE_COUNT(__VA_ARGS__))

static inline int64_t fixture_output_i64(const struct fixture *fx)
{
    int64_t number;
    assert_int_equal(fx->result.outcome, AU_OUTCOME_SUCCESS);
    assert_int_equal(fx->result.output.size, sizeof(number));
    memcpy(&number, fx->result.output.data, sizeof(number));
    return number;
}

#define assert_returns(fx, function, value, ...)                    \
    do {                                                            \
        RUN((fx), (function), __VA_ARGS__);                         \
        assert_int_equal(fixture_output_i64(fx), (int64_t)(value)); \
    } while (0)

#define assert_ends(fx, outcome_, detail_)                  \
    do {                                                    \
        assert_int_equal((fx)->result.outcome, (outcome_)); \
        assert_int_equal((fx)->result.detail, (detail_));   \
    } while (0)

#define assert_output(fx, text)                                              \
    do {                                                                     \
        assert_int_equal((fx)->result.output.size, strlen(text));            \
        assert_memory_equal((fx)->result.output.data, (text), strlen(text)); \
    } while (0)

/* What the host function took in the last run of its wrapper: all steps less the frame's entry
 * (1,000 per started KiB of code, 1 per started 8 bytes of active data, 40,000 per page beyond
 * four) and less the wrapper's instructions (1 each, 8 for the call). */
static inline int64_t fixture_host_steps(const struct fixture *fx, const char *name)
{
    const struct au_module_info *info = au_loaded_info(fx->loaded);
    int64_t steps = fx->result.steps_used;
    steps -= (int64_t)((info->code_size + 1023) / 1024) * 1000;
    steps -= (int64_t)((info->data_size + 7) / 8);
    if (info->pages_min > 4) steps -= (int64_t)(info->pages_min - 4) * 40000;
    for (size_t i = 0; i < au_host_env.count; i++) {
        const struct au_host_entry *entry = &au_host_env.entries[i];
        if (strcmp(entry->name, name) != 0) continue;
        for (const char *p = entry->params; *p; p++)
            steps -= *p == 'i' ? 2 : 1;
        if (entry->results[0] == 'i') steps -= 1;
        return steps - 8;
    }
    fail_msg("no host function %s", name);
    return 0;
}

#define assert_price(fx, name, steps) assert_int_equal(fixture_host_steps((fx), (name)), (steps))

static inline void fixture_put_slot(struct fixture *fx, struct au_bytes key, struct au_bytes value)
{
    assert_int_equal(au_overlay_put_slot(&fx->overlay, &fx->call.self, key, value), AU_OK);
}

static inline struct au_slot fixture_slot(struct fixture *fx, struct au_bytes key)
{
    struct au_slot slot;
    assert_int_equal(au_overlay_get_slot(&fx->overlay, &fx->call.self, key, &slot), AU_OK);
    return slot;
}

static inline void fixture_put_balance(struct fixture *fx, const char *id, uint64_t balance)
{
    struct au_address address = fixture_address(id);
    struct au_account account = {.exists = true, .balance = balance};
    assert_int_equal(au_overlay_put_account(&fx->overlay, &address, account), AU_OK);
}

static inline struct au_account fixture_account(struct fixture *fx, const char *id)
{
    struct au_address address = fixture_address(id);
    struct au_account account;
    assert_int_equal(au_overlay_get_account(&fx->overlay, &address, &account), AU_OK);
    return account;
}

/* The hash of the code that a text makes. */
static inline struct au_hash fixture_code_hash(const char *wat)
{
    struct au_buf binary;
    char message[400] = "";
    au_buf_init(&binary, FIXTURE_WAT_MAX);
    if (au_engine_wat_to_wasm(au_bytes_of(wat), &binary, message, sizeof(message)) != AU_OK)
        fail_msg("%s", message);
    struct au_hash hash = au_sha256(au_buf_bytes(&binary));
    au_buf_done(&binary);
    return hash;
}

/* An account that has code. */
static inline void fixture_put_contract(struct fixture *fx, const char *id, uint64_t balance,
                                        const struct au_hash *code_hash)
{
    struct au_address address = fixture_address(id);
    struct au_account account = {
        .exists = true, .balance = balance, .has_code = true, .code_hash = *code_hash};
    assert_int_equal(au_overlay_put_account(&fx->overlay, &address, account), AU_OK);
}

static inline uint32_t fixture_reject(uint32_t number, enum au_host_detail reason)
{
    return number * 256 + (uint32_t)reason;
}

#endif
