/* The heap used up at every place: each call of aureon.h that allocates is made with its first
 * allocation failing, then its second, and so on until it needs fewer. Each failure gives
 * NO_MEMORY, leaves outputs as they were and keeps no block, and the same handle then does the
 * whole work.
 *
 * The program is linked with --wrap for au_mem_new, au_mem_resize and au_mem_free. The engine's own
 * allocations do not come this way. */
#include "unit/unit.h"

#include "aureon.h"
#include "base/bytes.h"
#include "base/file.h"
#include "base/mem.h"
#include "crypto/sha256.h"

#define UNTOUCHED      0xa5 /* every byte of an output before a call */
#define TEXT_SIZE_MAX  (1u << 20)
#define ALLOCATION_MAX 1000u /* more than any call here makes */
#define LISTED         40u   /* accounts and entries: more than a new table holds */
#define WRITTEN        80u   /* entries that the writer writes: more than a new journal holds */
#define VALUE_SIZE     3000u /* bytes of each: together more than one chunk of an arena */
#define CODES          40u   /* in the registry: more than a new table holds */
#define GAS_ENOUGH     10000000u
#define GAS_TOO_LITTLE 20000u

/* ---- a heap that fails ---- */

static struct {
    size_t calls;   /* since armed */
    size_t fail_at; /* the call that fails; 0 = none */
    size_t live;    /* blocks not given back */
    bool has_failed;
} heap;

void *__real_au_mem_new(size_t size);
void *__real_au_mem_resize(void *block, size_t new_size);
void __real_au_mem_free(void *block);
void *__wrap_au_mem_new(size_t size);
void *__wrap_au_mem_resize(void *block, size_t new_size);
void __wrap_au_mem_free(void *block);

static bool fails_now(void)
{
    heap.calls++;
    if (heap.calls != heap.fail_at) return false;
    heap.has_failed = true;
    return true;
}

void *__wrap_au_mem_new(size_t size)
{
    void *block = fails_now() ? NULL : __real_au_mem_new(size);
    heap.live += block != NULL;
    return block;
}

void *__wrap_au_mem_resize(void *block, size_t new_size)
{
    void *moved = fails_now() ? NULL : __real_au_mem_resize(block, new_size);
    heap.live += moved != NULL && block == NULL;
    return moved;
}

void __wrap_au_mem_free(void *block)
{
    heap.live -= block != NULL;
    __real_au_mem_free(block);
}

static void heap_arm(size_t fail_at)
{
    assert_true(fail_at <= ALLOCATION_MAX);
    heap.calls = 0;
    heap.fail_at = fail_at;
    heap.has_failed = false;
}

/* Tells whether the allocation that was to fail was asked for. */
static bool heap_disarm(void)
{
    heap.fail_at = 0;
    return heap.has_failed;
}

static void assert_untouched(const void *out, size_t size)
{
    const uint8_t *bytes = out;
    for (size_t i = 0; i < size; i++)
        assert_int_equal(bytes[i], UNTOUCHED);
}

/* Makes one call, gives its error, and checks what it left in the outputs. */
typedef enum au_err try_call(void *context);

/* Makes a call that keeps nothing unless it succeeds with each of its allocations failing in turn,
 * and at last as it should be. Gives the number of allocations, and of those without which the call
 * came to its end all the same. */
static size_t exhaust_some(try_call *call, void *context, enum au_err final, size_t *out_spared)
{
    *out_spared = 0;
    for (size_t fail_at = 1;; fail_at++) {
        size_t live = heap.live;
        heap_arm(fail_at);
        enum au_err err = call(context);
        if (!heap_disarm()) {
            assert_int_equal(err, final);
            return fail_at - 1;
        }
        if (err != AU_ERR_NO_MEMORY) assert_int_equal(err, final);
        *out_spared += err != AU_ERR_NO_MEMORY;
        assert_int_equal(heap.live, live);
    }
}

/* The usual case: the call needs all its allocations. */
static size_t exhaust(try_call *call, void *context, enum au_err final)
{
    size_t spared;
    size_t count = exhaust_some(call, context, final, &spared);
    assert_int_equal(spared, 0);
    return count;
}

/* ---- code ---- */

/* Uses every host function that allocates, and many times. Memory: 0 a key · 16 an account's id ·
 * 1024 values, lines and output · 65,540 an AssemblyScript string, its size before it. */
static const char writer_text[] =
    "(module"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
    " (import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"abort\" (func $abort (param i32 i32 i32 i32)))"
    " (memory 2 8)"
    " (data (i32.const 16) \"to\") (data (i32.const 32) \"Writer\") (data (i32.const 64) \"never\")"
    " (func $fill (param $line i32) (param $size i32) (local $i i32)"
    "  (memory.fill (i32.const 1024) (i32.const 97) (i32.const 8192))"
    "  (call $log (local.get $line) (local.get $size))"
    "  (loop $next"
    "   (i32.store (i32.const 0) (local.get $i))"
    "   (drop (call $write (i32.const 0) (i32.const 4) (i32.const 1024) (i32.const 3000)))"
    "   (if (i32.lt_u (local.get $i) (i32.const 40)) (then"
    "    (i32.store (i32.const 18) (local.get $i))"
    "    (drop (call $transfer (i32.const 32) (i32.const 6) (i32.const 16) (i32.const 6)"
    "                          (i64.const 3)))"
    "    (call $log (i32.const 1024) (i32.const 200))))"
    "   (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "   (br_if $next (i32.lt_u (local.get $i) (i32.const 80)))))"
    " (func (export \"fill\") (param i32 i32)"
    "  (call $fill (local.get 0) (local.get 1))"
    "  (call $return_data (i32.const 1024) (i32.const 3000)))"
    " (func (export \"give_up\") (param i32 i32)"
    "  (call $fill (local.get 0) (local.get 1))"
    "  (call $revert (i32.const 7) (i32.const 64) (i32.const 5)))"
    " (func (export \"fail\") (param i32 i32)"
    "  (call $fill (local.get 0) (local.get 1))"
    "  (memory.fill (i32.const 65540) (i32.const 97) (i32.const 400))"
    "  (i32.store (i32.const 65536) (i32.const 400))"
    "  (call $abort (i32.const 65540) (i32.const 0) (i32.const 1) (i32.const 2))))";

enum contract { COUNTER, WRITER, CONTRACT_COUNT };

static struct au_bytes codes[CONTRACT_COUNT];

static struct au_bytes assemble(struct au_bytes text)
{
    struct au_bytes code = {0};
    char message[300] = "";
    if (au_wat_to_wasm(text, &code, message, sizeof(message)) != AU_OK) fail_msg("%s", message);
    return code;
}

/* Many blocks, operands, types and exports, so that all that grows while a module is read does. */
static struct au_bytes assemble_large(bool is_valid)
{
    struct au_buf text;
    au_buf_init(&text, TEXT_SIZE_MAX);
    au_buf_put_text(&text, "(module (import \"env\" \"log\" (func $log (param i32 i32))) (memory 1)"
                           "(func (export \"run\") ");
    for (unsigned i = 0; i < 1500; i++)
        au_buf_put_text(&text, "(block (br_if 0 (i32.const 0)))");
    for (unsigned i = 0; i < 6000; i++)
        au_buf_put_text(&text, "i32.const 0 ");
    for (unsigned i = 0; i < 6000; i++)
        au_buf_put_text(&text, "drop ");
    au_buf_put_text(&text, "block (result i32 i64) i32.const 1 i64.const 2 end drop drop)");
    for (unsigned i = 0; i < 100; i++)
        au_buf_printf(&text, "(func (export \"a_function_of_number_%u\") (param i64 i32))", i);
    if (!is_valid) au_buf_put_text(&text, "(func drop)");
    au_buf_put_text(&text, ")");
    assert_int_equal(text.err, AU_OK);
    struct au_bytes code = assemble(au_buf_bytes(&text));
    au_buf_done(&text);
    return code;
}

static int open_codes(void **state)
{
    (void)state;
    struct au_buf text;
    au_buf_init(&text, TEXT_SIZE_MAX);
    assert_ok(au_file_read("contracts/counter/counter.wat", &text));
    codes[COUNTER] = assemble(au_buf_bytes(&text));
    codes[WRITER] = assemble(au_bytes_of(writer_text));
    au_buf_done(&text);
    return 0;
}

static int close_codes(void **state)
{
    (void)state;
    for (size_t i = 0; i < CONTRACT_COUNT; i++)
        au_free(codes[i].data);
    return 0;
}

/* ---- executions ---- */

/* One contract loaded into a runtime of its own: nothing is kept from earlier executions. */
struct place {
    struct au_runtime *runtime;
    struct au_module *module;
};

static enum au_err runtime_new(struct au_runtime **out_runtime)
{
    struct au_runtime_options options = {.parallel_max = 1, .optimize_none = true};
    return au_runtime_new(&options, out_runtime);
}

static struct place place_open(enum contract contract)
{
    struct place place = {0};
    struct au_reject reject = {0};
    assert_ok(runtime_new(&place.runtime));
    if (au_module_load(place.runtime, codes[contract], &place.module, &reject) != AU_OK)
        fail_msg("%s", reject.message);
    return place;
}

static void place_close(struct place *place)
{
    au_module_free(place->module);
    au_runtime_free(place->runtime);
}

struct scenario {
    enum contract contract;
    const char *function;
    uint64_t gas_limit;
    uint64_t value;
    bool is_key_twice; /* the options are refused, after most of them were taken in */
    enum au_err final;
    enum au_outcome outcome;
    size_t storage_change_count;
    size_t state_change_count;
    size_t log_count;
    size_t allocation_min; /* it makes at least as many */
};

static const struct scenario scenarios[] = {
    {COUNTER, "increment", 10000, 0, false, AU_OK, AU_OUTCOME_SUCCESS, 1, 0, 1, 8},
    {COUNTER, "increment", 10000, 9, false, AU_OK, AU_OUTCOME_INSUFFICIENT_BALANCE, 0, 0, 0, 7},
    {COUNTER, "nothing", 10000, 0, false, AU_OK, AU_OUTCOME_NO_FUNCTION, 0, 0, 0, 7},
    {WRITER, "fill", GAS_ENOUGH, 0, false, AU_OK, AU_OUTCOME_SUCCESS, WRITTEN, LISTED + 1,
     LISTED + 1, 25},
    {WRITER, "give_up", GAS_ENOUGH, 0, false, AU_OK, AU_OUTCOME_REVERTED, 0, 0, LISTED + 1, 25},
    {WRITER, "fail", GAS_ENOUGH, 0, false, AU_OK, AU_OUTCOME_TRAPPED, 0, 0, LISTED + 2, 25},
    {WRITER, "fill", GAS_TOO_LITTLE, 0, false, AU_OK, AU_OUTCOME_OUT_OF_GAS, 0, 0, 27, 15},
    {WRITER, "fill", GAS_ENOUGH, 0, true, AU_ERR_INVALID_ARG, AU_OUTCOME_SUCCESS, 0, 0, 0, 8},
};

static enum au_err execute(const struct au_module *module, const struct scenario *scenario,
                           struct au_result *out_result)
{
    static char ids[LISTED][8];
    struct au_balance balances[LISTED + 1] = {{au_bytes_of("Writer"), 1000}};
    struct au_entry entries[LISTED + 1];
    uint32_t keys[LISTED + 1];
    for (uint32_t i = 0; i < LISTED; i++) {
        snprintf(ids[i], sizeof(ids[i]), "id %u", (unsigned)i);
        balances[i + 1] = (struct au_balance){au_bytes_of(ids[i]), i};
    }
    for (uint32_t i = 0; i <= LISTED; i++) {
        keys[i] = i;
        entries[i] = (struct au_entry){{(const uint8_t *)&keys[i], sizeof(keys[i])},
                                       au_bytes_of("a value from before")};
    }
    entries[LISTED] =
        (struct au_entry){au_bytes_of("counter"), {(const uint8_t *)"\51\0\0\0\0\0\0", 8}};
    if (scenario->is_key_twice) entries[LISTED] = entries[0];
    struct au_bytes line = au_bytes_of("a line");
    struct au_execute_options options = {
        .gas_limit = scenario->gas_limit,
        .function = scenario->function,
        .args = &line,
        .arg_count = scenario->contract == WRITER ? 1 : 0,
        .value = scenario->value,
        .self = au_bytes_of("Writer"),
        .caller = au_bytes_of("someone"),
        .origin = au_bytes_of("someone else"),
        .balances = balances,
        .balance_count = AU_COUNT_OF(balances),
        .storage = entries,
        .storage_count = AU_COUNT_OF(entries),
    };
    memset(out_result, UNTOUCHED, sizeof(*out_result));
    enum au_err err = au_execute_contract(module, &options, out_result);
    if (err != AU_OK) assert_untouched(out_result, sizeof(*out_result));
    return err;
}

static void assert_same(struct au_bytes a, struct au_bytes b)
{
    assert_true(au_bytes_is_equal(a, b));
}

static void assert_same_result(const struct au_result *a, const struct au_result *b)
{
    assert_int_equal(a->success, b->success);
    assert_int_equal(a->outcome, b->outcome);
    assert_int_equal(a->outcome_class, b->outcome_class);
    assert_int_equal(a->detail, b->detail);
    assert_int_equal(a->revert_code, b->revert_code);
    assert_string_equal(a->message, b->message);
    assert_int_equal(a->gas_used, b->gas_used);
    assert_same(a->output, b->output);
    assert_int_equal(a->log_count, b->log_count);
    for (size_t i = 0; i < a->log_count; i++)
        assert_same(a->logs[i], b->logs[i]);
    assert_int_equal(a->state_change_count, b->state_change_count);
    for (size_t i = 0; i < a->state_change_count; i++) {
        assert_same(a->state_changes[i].account, b->state_changes[i].account);
        assert_int_equal(a->state_changes[i].before, b->state_changes[i].before);
        assert_int_equal(a->state_changes[i].after, b->state_changes[i].after);
    }
    assert_int_equal(a->storage_change_count, b->storage_change_count);
    for (size_t i = 0; i < a->storage_change_count; i++) {
        assert_same(a->storage_changes[i].key, b->storage_changes[i].key);
        assert_int_equal(a->storage_changes[i].existed, b->storage_changes[i].existed);
        assert_int_equal(a->storage_changes[i].exists, b->storage_changes[i].exists);
        assert_same(a->storage_changes[i].before, b->storage_changes[i].before);
        assert_same(a->storage_changes[i].after, b->storage_changes[i].after);
    }
}

/* The whole work, on a handle that may have failed before. */
static void assert_works(const struct au_module *module, const struct scenario *scenario,
                         const struct au_result *expected)
{
    struct au_result result;
    assert_int_equal(execute(module, scenario, &result), scenario->final);
    if (scenario->final != AU_OK) return;
    assert_same_result(&result, expected);
    au_result_free(&result);
}

/* What a scenario gives where the heap never fails; zeroed if it is refused. */
static struct au_result expect(const struct scenario *scenario)
{
    struct place place = place_open(scenario->contract);
    struct au_result result;
    assert_int_equal(execute(place.module, scenario, &result), scenario->final);
    place_close(&place);
    if (scenario->final != AU_OK) return (struct au_result){0};
    assert_int_equal(result.outcome, scenario->outcome);
    assert_int_equal(result.storage_change_count, scenario->storage_change_count);
    assert_int_equal(result.state_change_count, scenario->state_change_count);
    assert_int_equal(result.log_count, scenario->log_count);
    return result;
}

/* Allocation after allocation fails in a runtime where nothing has run yet. */
static void test_execute_first(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(scenarios); i++) {
        const struct scenario *scenario = &scenarios[i];
        struct au_result expected = expect(scenario);
        size_t count = 0;
        for (bool has_failed = true; has_failed; count += has_failed) {
            size_t live = heap.live;
            struct place place = place_open(scenario->contract);
            struct au_result result;
            heap_arm(count + 1);
            enum au_err err = execute(place.module, scenario, &result);
            has_failed = heap_disarm();
            assert_int_equal(err, has_failed ? AU_ERR_NO_MEMORY : scenario->final);
            if (err == AU_OK) {
                assert_same_result(&result, &expected);
                au_result_free(&result);
            }
            assert_works(place.module, scenario, &expected);
            place_close(&place);
            assert_int_equal(heap.live, live);
        }
        assert_true(count >= scenario->allocation_min);
        au_result_free(&expected);
    }
}

/* The same in one runtime: what a call that failed had got may serve the next ones. */
static void test_execute_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(scenarios); i++) {
        const struct scenario *scenario = &scenarios[i];
        struct au_result expected = expect(scenario);
        size_t live = heap.live;
        struct place place = place_open(scenario->contract);
        struct au_result result;
        bool has_failed = true;
        for (size_t fail_at = 1; has_failed; fail_at++) {
            heap_arm(fail_at);
            enum au_err err = execute(place.module, scenario, &result);
            has_failed = heap_disarm();
            assert_int_equal(err, has_failed ? AU_ERR_NO_MEMORY : scenario->final);
            if (err != AU_OK) continue;
            assert_same_result(&result, &expected);
            au_result_free(&result);
        }
        assert_works(place.module, scenario, &expected);
        place_close(&place);
        assert_int_equal(heap.live, live);
        au_result_free(&expected);
    }
}

/* ---- runtimes and modules ---- */

static enum au_err try_runtime(void *context)
{
    struct au_runtime **out_runtime = context;
    memset(out_runtime, UNTOUCHED, sizeof(*out_runtime)); /* any pointer will do */
    enum au_err err = runtime_new(out_runtime);
    if (err != AU_OK) assert_untouched(out_runtime, sizeof(*out_runtime));
    return err;
}

static void test_runtime(void **state)
{
    (void)state;
    struct au_result expected = expect(&scenarios[0]);
    size_t live = heap.live;
    struct place place;
    struct au_reject reject;
    assert_true(exhaust(try_runtime, &place.runtime, AU_OK) >= 5);
    assert_ok(au_module_load(place.runtime, codes[COUNTER], &place.module, &reject));
    assert_works(place.module, &scenarios[0], &expected);
    place_close(&place);
    assert_int_equal(heap.live, live);
    au_result_free(&expected);
}

/* One call that reads a module, and what it gives. */
struct reading {
    struct au_bytes code;
    struct au_runtime *runtime;
    struct au_module *module;
    struct au_registry *registry;
    struct au_hash hash;
    struct au_reject reject;
};

static void reading_spoil(struct reading *reading)
{
    memset(&reading->module, UNTOUCHED, sizeof(struct au_module *));
    memset(&reading->hash, UNTOUCHED, sizeof(reading->hash));
    memset(&reading->reject, UNTOUCHED, sizeof(reading->reject));
}

static void assert_reading(const struct reading *reading, enum au_err err)
{
    if (err == AU_ERR_INVALID_MODULE) {
        assert_string_equal(reading->reject.rule, "type");
        assert_int_equal(reading->reject.function, 102);
    } else {
        assert_untouched(&reading->reject, sizeof(reading->reject));
    }
    if (err == AU_OK) return;
    assert_untouched(&reading->module, sizeof(struct au_module *));
    assert_untouched(&reading->hash, sizeof(reading->hash));
}

static enum au_err try_check(void *context)
{
    struct reading *reading = context;
    reading_spoil(reading);
    enum au_err err = au_module_check(reading->code, &reading->reject);
    assert_reading(reading, err);
    return err;
}

static enum au_err try_load(void *context)
{
    struct reading *reading = context;
    reading_spoil(reading);
    enum au_err err =
        au_module_load(reading->runtime, reading->code, &reading->module, &reading->reject);
    assert_reading(reading, err);
    return err;
}

static enum au_err try_deploy(void *context)
{
    struct reading *reading = context;
    reading_spoil(reading);
    enum au_err err =
        au_registry_deploy(reading->registry, reading->code, &reading->hash, &reading->reject);
    assert_reading(reading, err);
    return err;
}

static void test_module_check(void **state)
{
    (void)state;
    struct reading valid = {.code = assemble_large(true)};
    struct reading invalid = {.code = assemble_large(false)};
    struct reading counter = {.code = codes[COUNTER]};
    size_t live = heap.live;
    assert_true(exhaust(try_check, &counter, AU_OK) >= 4);
    assert_true(exhaust(try_check, &valid, AU_OK) >= 8);
    assert_true(exhaust(try_check, &invalid, AU_ERR_INVALID_MODULE) >= 6);
    assert_int_equal(heap.live, live);
    au_free(valid.code.data);
    au_free(invalid.code.data);
}

static void test_module_load(void **state)
{
    (void)state;
    struct au_result expected = expect(&scenarios[0]);
    struct reading large = {.code = assemble_large(true)};
    struct reading invalid = {.code = assemble_large(false)};
    struct reading counter = {.code = codes[COUNTER]};
    size_t live = heap.live;
    struct au_runtime *runtime;
    assert_ok(runtime_new(&runtime));
    large.runtime = invalid.runtime = counter.runtime = runtime;
    assert_true(exhaust(try_load, &large, AU_OK) >= 12);
    /* What breaks a rule is refused even if there is no room for its instrumented form. */
    size_t spared;
    size_t count = exhaust_some(try_load, &invalid, AU_ERR_INVALID_MODULE, &spared);
    assert_true(spared >= 1);
    assert_true(count - spared >= 8);
    assert_true(exhaust(try_load, &counter, AU_OK) >= 8);
    assert_works(counter.module, &scenarios[0], &expected);

    struct au_module *first = counter.module;
    assert_int_equal(exhaust(try_load, &counter, AU_OK), 1); /* the rest is in the cache */
    assert_works(counter.module, &scenarios[0], &expected);
    au_module_free(first);
    au_module_free(counter.module);
    au_module_free(large.module);
    au_runtime_free(runtime);
    assert_int_equal(heap.live, live);
    au_result_free(&expected);
    au_free(large.code.data);
    au_free(invalid.code.data);
}

/* ---- registry ---- */

static enum au_err try_registry(void *context)
{
    struct au_registry **out_registry = context;
    memset(out_registry, UNTOUCHED, sizeof(*out_registry));
    enum au_err err = au_registry_new(out_registry);
    if (err != AU_OK) assert_untouched(out_registry, sizeof(*out_registry));
    return err;
}

/* The number of codes kept, each of them whole. */
static size_t count_kept(const struct au_registry *registry, const struct au_bytes *deployed,
                         const struct au_hash *hashes)
{
    size_t count = 0;
    for (; count < CODES && au_registry_contract_exists(registry, &hashes[count]); count++) {
        struct au_bytes kept;
        assert_ok(au_registry_get_contract(registry, &hashes[count], &kept));
        assert_same(kept, deployed[count]);
    }
    return count;
}

/* A deployment that failed kept nothing, though the next call finds the same table. */
static enum au_err try_deploy_unseen(void *context)
{
    struct reading *reading = context;
    struct au_hash hash = au_sha256(reading->code);
    enum au_err err = try_deploy(reading);
    assert_int_equal(au_registry_contract_exists(reading->registry, &hash), err == AU_OK);
    if (err == AU_OK) assert_memory_equal(&reading->hash, &hash, sizeof(hash));
    return err;
}

static void test_registry(void **state)
{
    (void)state;
    static struct au_bytes deployed[CODES];
    static struct au_hash hashes[CODES];
    size_t growths = 0;
    for (unsigned i = 0; i < CODES; i++) {
        char text[100];
        snprintf(text, sizeof(text),
                 "(module (func (export \"get_%u\") (result i32) i32.const %u))", i, i);
        deployed[i] = assemble(au_bytes_of(text));
    }
    struct reading invalid = {.code = assemble_large(false)};
    size_t live = heap.live;
    struct reading reading = {0};
    assert_int_equal(exhaust(try_registry, &reading.registry, AU_OK), 2);
    invalid.registry = reading.registry;
    size_t usual = 0; /* allocations, unless the table grows */
    for (size_t i = 0; i < CODES; i++) {
        reading.code = deployed[i];
        size_t count = exhaust(try_deploy_unseen, &reading, AU_OK);
        hashes[i] = reading.hash;
        assert_int_equal(count_kept(reading.registry, deployed, hashes), i + 1);
        if (usual == 0) usual = count - 1; /* the first makes the table */
        growths += count > usual;
    }
    assert_int_equal(growths, 2);
    assert_int_equal(exhaust(try_deploy_unseen, &reading, AU_OK), 0); /* nothing to keep */
    assert_true(exhaust(try_deploy_unseen, &invalid, AU_ERR_INVALID_MODULE) >= 6);
    assert_int_equal(count_kept(reading.registry, deployed, hashes), CODES);
    au_registry_free(reading.registry);
    assert_int_equal(heap.live, live);
    for (size_t i = 0; i < CODES; i++)
        au_free(deployed[i].data);
    au_free(invalid.code.data);
}

/* ---- text ---- */

struct assembly {
    struct au_bytes text;
    struct au_bytes code;
    char message[100];
};

static enum au_err try_assemble(void *context)
{
    struct assembly *assembly = context;
    memset(&assembly->code, UNTOUCHED, sizeof(assembly->code));
    memset(assembly->message, UNTOUCHED, sizeof(assembly->message));
    enum au_err err = au_wat_to_wasm(assembly->text, &assembly->code, assembly->message,
                                     sizeof(assembly->message));
    if (err != AU_OK) assert_untouched(&assembly->code, sizeof(assembly->code));
    if (err != AU_ERR_MALFORMED) {
        assert_untouched(assembly->message, sizeof(assembly->message));
    }
    return err;
}

static void test_wat_to_wasm(void **state)
{
    (void)state;
    struct assembly writer = {.text = au_bytes_of(writer_text)};
    assert_int_equal(exhaust(try_assemble, &writer, AU_OK), 1);
    assert_same(writer.code, codes[WRITER]);
    au_free(writer.code.data);
    struct assembly malformed = {.text = au_bytes_of("(module (func")};
    assert_int_equal(exhaust(try_assemble, &malformed, AU_ERR_MALFORMED), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_runtime),       cmocka_unit_test(test_module_check),
        cmocka_unit_test(test_module_load),   cmocka_unit_test(test_execute_first),
        cmocka_unit_test(test_execute_again), cmocka_unit_test(test_registry),
        cmocka_unit_test(test_wat_to_wasm),
    };
    return cmocka_run_group_tests_name("contract/no_memory", tests, open_codes, close_codes);
}
