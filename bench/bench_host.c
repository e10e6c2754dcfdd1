/* What a host function costs from guest to guest on warm state: a loop in the guest calls it, the
 * same loop without the call is subtracted. Ids and keys have 32 bytes and change with every turn
 * (256 of them), values and messages 100.
 *
 * The yardstick is the emptiest host function of the same run, gas_left. Targets are those of the
 * design for the functions that contracts live on, else 1 us per gas of the price. */
#include "bench.h"

#include "contract/host.h"
#include "core/receipt.h"
#include "crypto/sha256.h"

#define ROUNDS   15u
#define ACCOUNTS 256u
#define STEPS    ((int64_t)1000000000 * AU_STEPS_PER_GAS)

/* Memory: 0 self · 64 an id or key, its first 4 bytes set by each turn · 128 a value · 1024 output
 * 256 the contract that is called, 288 its function, 292 no arguments · 4096 an AssemblyScript
 * string of 16 bytes. */
#define C0 "(i32.const 0)"
#define ID "(i32.const 64) (i32.const 32)"

static const char imports[] =
    "(import \"env\" \"log\" (func $log (param i32 i32)))"
    "(import \"env\" \"get_balance\" (func $get_balance (param i32 i32) (result i64)))"
    "(import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
    "(import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"storage_size\" (func $size (param i32 i32) (result i64)))"
    "(import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    "(import \"env\" \"arg_count\" (func $arg_count (result i32)))"
    "(import \"env\" \"arg_size\" (func $arg_size (param i32) (result i32)))"
    "(import \"env\" \"arg_read\" (func $arg_read (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"return_data\" (func $return_data (param i32 i32)))"
    "(import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    "(import \"env\" \"self_address\" (func $self_address (param i32)))"
    "(import \"env\" \"caller\" (func $caller (param i32)))"
    "(import \"env\" \"origin\" (func $origin (param i32)))"
    "(import \"env\" \"value\" (func $value (result i64)))"
    "(import \"env\" \"block_height\" (func $block_height (result i64)))"
    "(import \"env\" \"block_time\" (func $block_time (result i64)))"
    "(import \"env\" \"gas_left\" (func $gas_left (result i64)))"
    "(import \"env\" \"chain_id\" (func $chain_id (param i32 i32) (result i32)))"
    "(import \"env\" \"sha256\" (func $sha256 (param i32 i32 i32)))"
    "(import \"env\" \"ed25519_verify\" (func $verify (param i32 i32 i32 i32) (result i32)))"
    "(import \"env\" \"abort\" (func $abort (param i32 i32 i32 i32)))"
    "(import \"env\" \"call\" (func $call"
    " (param i32 i32 i32 i32 i32 i64 i64 i32) (result i32)))";

/* calls: as many as a frame's caps allow; 1 for a function that ends the frame. The first two rows
 * are what the others are compared with. A target that is no figure of its own is three times what
 * the price stands for, at 1 us per gas. */
static const struct row {
    const char *name;
    uint32_t calls;
    double target_us;
    const char *code;
} rows[] = {
    {"empty", 0, 0, ""},
    {"gas_left", 20000, 6, "(drop (call $gas_left))"},
    {"log", 1500, 0.3, "(call $log (i32.const 128) (i32.const 32))"},
    {"get_balance", 20000, 0.3, "(drop (call $get_balance " ID "))"},
    {"transfer", 20000, 0.6, "(drop (call $transfer " C0 " (i32.const 32) " ID " (i64.const 1)))"},
    {"storage_read", 20000, 0.4, "(drop (call $read " ID " (i32.const 1024) (i32.const 100)))"},
    {"storage_write", 20000, 0.8, "(drop (call $write " ID " (i32.const 128) (i32.const 100)))"},
    {"storage_size", 20000, 45, "(drop (call $size " ID "))"},
    {"storage_delete", 20000, 90, "(drop (call $delete (i32.const 65) (i32.const 32)))"},
    {"arg_count", 20000, 3, "(drop (call $arg_count))"},
    {"arg_size", 20000, 3, "(drop (call $arg_size " C0 "))"},
    {"arg_read", 20000, 6, "(drop (call $arg_read " C0 " (i32.const 1024) " C0 " (i32.const 8)))"},
    {"return_data", 2000, 6.6, "(call $return_data (i32.const 128) (i32.const 100))"},
    {"revert", 1, 6.6, "(call $revert " C0 " (i32.const 128) (i32.const 100))"},
    {"self_address", 20000, 6, "(call $self_address (i32.const 1024))"},
    {"caller", 20000, 6, "(call $caller (i32.const 1024))"},
    {"origin", 20000, 6, "(call $origin (i32.const 1024))"},
    {"value", 20000, 6, "(drop (call $value))"},
    {"block_height", 20000, 6, "(drop (call $block_height))"},
    {"block_time", 20000, 6, "(drop (call $block_time))"},
    {"chain_id", 20000, 6, "(drop (call $chain_id (i32.const 1024) (i32.const 50)))"},
    {"sha256", 20000, 16.5, "(call $sha256 (i32.const 128) (i32.const 100) (i32.const 1024))"},
    {"ed25519_verify", 200, 301.5,
     "(drop (call $verify (i32.const 128) (i32.const 1024) (i32.const 128) (i32.const 100)))"},
    {"abort", 1, 7.8,
     "(call $abort (i32.const 4100) (i32.const 4100) (i32.const 1) (i32.const 2))"},
};

/* A contract within a contract: compared with a frame of it that nobody is outside of. */
static const struct row nested = {
    "call", 2000, 6,
    "(if (call $call (i32.const 256) (i32.const 288) (i32.const 3) (i32.const 292) (i32.const 4)"
    " (i64.const 0) (i64.const 0) " C0 ") (then (unreachable)))"};
static const struct au_address callee_address = {"callee"};
static const char callee_text[] = "(module (memory 1 1) (func (export \"nop\")))";

static bool all_met = true;

struct bench {
    struct au_engine *engine;
    struct au_loaded *loaded;
    struct au_loaded *callee;
    struct au_hash callee_hash;
    struct au_code_source codes;
    struct au_overlay overlay;
    struct au_names names;
    struct au_arena arena;
    struct au_buf logs;
    struct au_buf events;
    struct au_env env;
};

static void put_loop(struct au_buf *text, const struct row *row)
{
    au_buf_printf(text,
                  "(func (export \"%s\") (param $n i64) (local $i i32) (loop $next"
                  " (i32.store (i32.const 64) (i32.and (local.get $i) (i32.const 255))) %s"
                  " (local.set $i (i32.add (local.get $i) (i32.const 1)))"
                  " (br_if $next (i32.lt_u (local.get $i) (i32.wrap_i64 (local.get $n))))))",
                  row->name, row->code);
}

static struct au_loaded *load_text(const struct bench *bench, struct au_bytes text,
                                   struct au_hash *out_hash)
{
    struct au_buf code;
    struct au_loaded *loaded;
    struct au_reject reject;
    char message[256];
    au_buf_init(&code, 1u << 20);
    AU_ASSERT(au_engine_wat_to_wasm(text, &code, message, sizeof(message)) == AU_OK);
    AU_ASSERT(au_engine_load(bench->engine, au_buf_bytes(&code), &loaded, &reject) == AU_OK);
    *out_hash = au_sha256(au_buf_bytes(&code));
    au_buf_done(&code);
    return loaded;
}

static void load(struct bench *bench)
{
    static const char rest[] = "(memory 1 1)(data (i32.const 0) \"self\")"
                               "(data (i32.const 256) \"callee\")(data (i32.const 288) \"nop\")"
                               "(data (i32.const 4096) \"\\10\\00\\00\\00a\\00b\\00c\\00d\\00\")";
    struct au_buf text;
    struct au_hash hash;
    au_buf_init(&text, 1u << 20);
    au_buf_printf(&text, "(module %s %s", imports, rest);
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++)
        put_loop(&text, &rows[i]);
    put_loop(&text, &nested);
    au_buf_put_text(&text, ")");
    bench->loaded = load_text(bench, au_buf_bytes(&text), &hash);
    bench->callee = load_text(bench, au_bytes_of(callee_text), &bench->callee_hash);
    au_buf_done(&text);
}

/* As a ledger finds code. */
static enum au_err find_code(void *context, const struct au_hash *code_hash,
                             struct au_loaded **out_loaded)
{
    const struct bench *bench = context;
    return au_engine_find(bench->engine, code_hash, out_loaded) ? AU_OK : AU_ERR_NOT_FOUND;
}

/* The world before each frame: 256 accounts and slots, self with a purse, and what it calls. */
static void make_world(struct bench *bench, struct au_call *call)
{
    static struct au_address ids[ACCOUNTS];
    static const uint8_t value[100];
    bool is_new;
    memcpy(call->self.bytes, "self", 4);
    au_overlay_reset(&bench->overlay);
    au_names_reset(&bench->names);
    au_arena_reset(&bench->arena);
    au_buf_clear(&bench->logs);
    au_buf_clear(&bench->events);
    bench->env = (struct au_env){
        .overlay = &bench->overlay,
        .names = &bench->names,
        .arena = &bench->arena,
        .logs = &bench->logs,
        .events = &bench->events,
        .chain_id = au_bytes_of("bench"),
        .codes = &bench->codes,
    };
    struct au_account rich = {.exists = true, .balance = 1000000000};
    AU_ASSERT(au_overlay_preload_account(&bench->overlay, &call->self, rich, &is_new) == AU_OK);
    struct au_account callee = {.exists = true, .has_code = true, .code_hash = bench->callee_hash};
    AU_ASSERT(au_overlay_preload_account(&bench->overlay, &callee_address, callee, &is_new) ==
              AU_OK);
    for (uint32_t i = 0; i < ACCOUNTS; i++) {
        struct au_bytes key = {ids[i].bytes, AU_ADDRESS_SIZE};
        memcpy(ids[i].bytes, &i, sizeof(i));
        AU_ASSERT(au_overlay_preload_account(&bench->overlay, &ids[i], rich, &is_new) == AU_OK);
        AU_ASSERT(au_overlay_preload_slot(&bench->overlay, &call->self, key,
                                          (struct au_bytes){value, sizeof(value)},
                                          &is_new) == AU_OK);
    }
}

static struct au_call call_of(const char *function, const struct au_bytes *args, size_t arg_count)
{
    return (struct au_call){
        .function = au_bytes_of(function),
        .args = args,
        .arg_count = arg_count,
        .steps_limit = STEPS,
        .logs_size_max = AU_LOGS_SIZE_MAX,
        .output_size_max = AU_OUTPUT_SIZE_MAX,
        .events_max = AU_EVENTS_MAX,
        .event_data_max = AU_EVENTS_DATA_SIZE_MAX,
    };
}

/* Nanoseconds of one frame that calls a function so many times. */
static double time_frame(struct bench *bench, const char *function, uint64_t calls)
{
    struct au_bytes arg = {(const uint8_t *)&calls, sizeof(calls)};
    struct au_call call = call_of(function, &arg, 1);
    struct au_frame_result result;
    make_world(bench, &call);
    double start = bench_now_ns();
    AU_ASSERT(au_frame_run(bench->loaded, &bench->env, &call, &result) == AU_OK);
    double time = bench_now_ns() - start;
    AU_ASSERT(result.outcome == AU_OUTCOME_SUCCESS || calls == 1);
    return time;
}

/* Microseconds of one call, the median of rounds; each round has its own empty loop beside it. */
static double time_call(struct bench *bench, const char *function, uint32_t calls)
{
    double times[ROUNDS];
    uint32_t frames = calls < 100 ? 200 : 1;
    for (uint32_t round = 0; round < ROUNDS; round++) {
        times[round] = 0;
        for (uint32_t i = 0; i < frames; i++)
            times[round] += time_frame(bench, function, calls) - time_frame(bench, "empty", calls);
        times[round] /= (double)calls * frames * 1000;
    }
    return bench_median(times, ROUNDS);
}

/* Microseconds of a frame of what is called, by itself; likewise. */
static double time_callee(struct bench *bench)
{
    double times[ROUNDS];
    struct au_call call = call_of("nop", NULL, 0);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        struct au_frame_result result;
        make_world(bench, &call);
        double start = bench_now_ns();
        for (uint32_t i = 0; i < nested.calls; i++) {
            AU_ASSERT(au_frame_run(bench->callee, &bench->env, &call, &result) == AU_OK);
            AU_ASSERT(result.outcome == AU_OUTCOME_SUCCESS);
        }
        times[round] = (bench_now_ns() - start) / (nested.calls * 1e3);
    }
    return bench_median(times, ROUNDS);
}

static void bench_row(struct bench *bench, const struct row *row, const char *yardstick,
                      double yardstick_us)
{
    char name[64];
    (void)snprintf(name, sizeof(name), "host_%s", row->name);
    all_met = bench_report(&(struct bench_figure){
                  .name = name,
                  .value = time_call(bench, row->name, row->calls),
                  .unit = "us",
                  .yardstick = yardstick,
                  .yardstick_value = yardstick_us,
                  .target = row->target_us,
                  .goal = BENCH_AT_MOST,
              }) &&
              all_met;
}

int main(void)
{
    struct bench bench = {0};
    struct au_seed seed = {{1, 2}};
    struct au_engine_options options = {.instances_max = 2, .cache_size = 16u << 20};
    AU_ASSERT(au_engine_new(&options, &au_host_env, &bench.engine) == AU_OK);
    au_overlay_init(&bench.overlay, &seed, NULL, SIZE_MAX);
    au_arena_init(&bench.arena, SIZE_MAX);
    au_names_init(&bench.names, &bench.arena, &seed);
    au_buf_init(&bench.logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&bench.events, AU_RECEIPT_EVENTS_SIZE_MAX);
    bench.codes = (struct au_code_source){.load = find_code, .context = &bench};
    load(&bench);

    double empty_call = time_call(&bench, rows[1].name, rows[1].calls);
    for (size_t i = 2; i < AU_COUNT_OF(rows); i++)
        bench_row(&bench, &rows[i], rows[1].name, empty_call);
    bench_row(&bench, &nested, "a frame by itself", time_callee(&bench));
    au_loaded_release(bench.loaded);
    au_loaded_release(bench.callee);
    au_overlay_done(&bench.overlay);
    au_names_done(&bench.names);
    au_arena_done(&bench.arena);
    au_buf_done(&bench.logs);
    au_buf_done(&bench.events);
    au_engine_free(bench.engine);
    return all_met ? 0 : 2;
}
