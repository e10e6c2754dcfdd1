/* What each host function takes with the arguments that suit it least, on state that is in memory:
 * a loop in the guest calls it, and the same loop without the call is taken away. */
#include "bench/calibrate.h"

#include <stdio.h>

#include "bench/bench.h"
#include "core/receipt.h"
#include "crypto/sha256.h"

#define REPEATS    9u
#define TEXT_MAX   (1u << 18)
#define MEMORY_MAX ((size_t)256 << 20)
#define STEPS      ((int64_t)1000000000 * AU_STEPS_PER_GAS)
#define SLOTS      2000u
#define ALONE      200u /* frames of which each ends with its one call */

/* Memory: 0 self · 64 another account · 96 none · 128 key, signature and message (RFC 8032, 7.1,
 * TEST 2) · 240 "nop", and at 244 no arguments · 256 a storage key that counts on with each turn ·
 * 512 an AssemblyScript string of 16 bytes, and at 1020 one of 16 KiB · 768 what keys that are
 * walked over begin with · 49152, 49216 and 49344 key, signature and hash of secp256k1
 * (go-ethereum's test), 49408, 49472 and 49600 the same of P-256 (RFC 6979, A.2.5) · 65536 and on:
 * 64 KiB of anything · 131072 output. */
#define C(n)    "(i32.const " #n ")"
#define KEY     C(256) " (i32.const 32)"
#define LONG    C(256) " (i32.const 256)"
#define BIG     C(65536) " (i32.const 65536)"
#define NOTHING C(65536) " (i32.const 0)"
#define NO_COPY C(0) C(0) C(0) C(0) C(0)

/* Opens a walk over keys that begin with a prefix, in the first turn. */
#define OPEN_FIRST(prefix) \
    "(if (i64.eqz (local.get $i)) (then (drop (call $iter_open " prefix "))))"

static const struct row {
    const char *name;
    const char *what;
    uint32_t calls; /* in a frame; 1: the call ends it */
    const char *code;
} rows[] = {
    {"log", "an empty line", 2000, "(call $log " NOTHING ")"},
    {"log", "4,096 bytes", 15, "(call $log " C(65536) C(4096) ")"},
    {"get_balance", "an account", 2000, "(drop (call $get_balance " C(64) C(32) "))"},
    {"get_balance", "no account", 2000, "(drop (call $get_balance " C(96) C(32) "))"},
    {"transfer", "to another account", 2000,
     "(drop (call $transfer " C(0) C(32) C(64) C(32) " (i64.const 1)))"},
    {"storage_read", "absent, a key of 32 bytes", 2000,
     "(drop (call $storage_read " KEY C(131072) C(100) "))"},
    {"storage_read", "absent, a key of 256 bytes", 2000,
     "(drop (call $storage_read " LONG C(131072) C(100) "))"},
    {"storage_read", "64 KiB, nothing copied", 200,
     "(drop (call $storage_read " C(64) C(32) C(131072) C(0) "))"},
    {"storage_read", "64 KiB, all copied", 200,
     "(drop (call $storage_read " C(64) C(32) C(131072) C(65536) "))"},
    {"storage_size", "absent", 2000, "(drop (call $storage_size " KEY "))"},
    {"storage_size", "64 KiB", 2000, "(drop (call $storage_size " C(64) C(32) "))"},
    {"storage_write", "an empty value again, a key of 1 byte", 2000,
     "(drop (call $storage_write " C(0) C(1) NOTHING "))"},
    {"storage_write", "an empty value, new keys of 32 bytes", 2000,
     "(drop (call $storage_write " KEY NOTHING "))"},
    {"storage_write", "64 KiB again", 100, "(drop (call $storage_write " C(64) C(32) BIG "))"},
    {"storage_write", "64 KiB, new keys of 256 bytes", 100,
     "(drop (call $storage_write " LONG BIG "))"},
    {"storage_delete", "absent, keys of 256 bytes", 2000, "(drop (call $storage_delete " LONG "))"},
    {"arg_count", "", 2000, "(drop (call $arg_count))"},
    {"arg_size", "", 2000, "(drop (call $arg_size " C(0) "))"},
    {"arg_read", "nothing", 2000, "(drop (call $arg_read " C(0) C(131072) C(0) C(0) "))"},
    {"arg_read", "64 KiB", 200, "(drop (call $arg_read " C(1) C(131072) C(0) C(65536) "))"},
    {"return_data", "nothing", 2000, "(call $return_data " NOTHING ")"},
    {"return_data", "64 KiB", 4, "(call $return_data " BIG ")"},
    {"revert", "nothing", 1, "(call $revert " C(0) NOTHING ")"},
    {"revert", "64 KiB", 1, "(call $revert " C(0) BIG ")"},
    {"self_address", "", 2000, "(call $self_address " C(131072) ")"},
    {"caller", "", 2000, "(call $caller " C(131072) ")"},
    {"origin", "", 2000, "(call $origin " C(131072) ")"},
    {"value", "", 2000, "(drop (call $value))"},
    {"block_height", "", 2000, "(drop (call $block_height))"},
    {"block_time", "", 2000, "(drop (call $block_time))"},
    {"gas_left", "", 2000, "(drop (call $gas_left))"},
    {"chain_id", "", 2000, "(drop (call $chain_id " C(131072) C(64) "))"},
    {"emit", "a name alone", 200, "(call $emit " C(240) C(1) NOTHING C(0) C(0) ")"},
    {"emit", "a name of 64 bytes, 4 topics", 200,
     "(call $emit " C(512) C(64) C(65536) C(4) C(0) C(0) ")"},
    {"emit", "16 KiB", 16, "(call $emit " C(240) C(1) NOTHING C(65536) C(16384) ")"},
    {"call", "an empty function", 500,
     "(drop (call $call " C(64) C(240) C(3) C(244) C(4) " (i64.const 1) (i64.const 0) " C(0) "))"},
    {"call", "no contract", 2000,
     "(drop (call $call " C(96) C(240) C(3) C(244) C(4) " (i64.const 0) (i64.const 0) " C(0) "))"},
    {"deploy", "code without init", 500,
     "(drop (call $deploy " C(65536) C(244) C(4) " (i64.const 1) (i64.const 0) " C(131072) "))"},
    {"ret_size", "", 2000, "(drop (call $ret_size))"},
    {"ret_read", "nothing", 2000, "(drop (call $ret_read " C(131072) C(0) C(64) "))"},
    {"upgrade", "", 2000, "(drop (call $upgrade " C(65536) "))"},
    {"set_admin", "", 2000, "(drop (call $set_admin " C(64) C(32) "))"},
    {"iter_open", "a prefix of 256 bytes", 64, "(drop (call $iter_open " LONG "))"},
    {"iter_close", "with iter_open", 2000, "(call $iter_close (call $iter_open " LONG "))"},
    {"sha256", "nothing", 2000, "(call $sha256 " NOTHING C(131072) ")"},
    {"sha256", "56 bytes", 2000, "(call $sha256 " C(65536) C(56) C(131072) ")"},
    {"sha256", "64 KiB", 20, "(call $sha256 " BIG C(131072) ")"},
    {"keccak256", "nothing", 2000, "(call $keccak256 " NOTHING C(131072) ")"},
    {"keccak256", "136 bytes", 2000, "(call $keccak256 " C(65536) C(136) C(131072) ")"},
    {"keccak256", "64 KiB", 20, "(call $keccak256 " BIG C(131072) ")"},
    {"blake2b_256", "nothing", 2000, "(call $blake2b_256 " NOTHING C(131072) ")"},
    {"blake2b_256", "129 bytes", 2000, "(call $blake2b_256 " C(65536) C(129) C(131072) ")"},
    {"blake2b_256", "64 KiB", 20, "(call $blake2b_256 " BIG C(131072) ")"},
    {"ed25519_verify", "a good signature", 50,
     "(drop (call $ed25519_verify " C(128) C(160) C(224) C(1) "))"},
    {"ed25519_verify", "a bad one of 64 KiB", 20,
     "(drop (call $ed25519_verify " C(128) C(160) BIG "))"},
    {"secp256k1_verify", "a good signature", 50,
     "(drop (call $secp256k1_verify " C(49152) C(49216) C(49344) "))"},
    {"secp256k1_verify", "a bad one", 50,
     "(drop (call $secp256k1_verify " C(49152) C(49216) C(49345) "))"},
    {"secp256k1_recover", "a key", 50,
     "(drop (call $secp256k1_recover " C(49216) C(49344) C(131072) "))"},
    {"p256_verify", "a good signature", 50,
     "(drop (call $p256_verify " C(49408) C(49472) C(49600) "))"},
    {"p256_verify", "a bad one", 50, "(drop (call $p256_verify " C(49408) C(49472) C(49601) "))"},
    {"abort", "no text", 1, "(call $abort " C(0) C(0) C(0) C(0) ")"},
    {"abort", "a text of 16 bytes", 1, "(call $abort " C(516) C(516) C(0) C(0) ")"},
    {"abort", "a text of 16 KiB", 1, "(call $abort " C(1024) C(0) C(0) C(0) ")"},
};

/* The same over SLOTS slots more, with keys of 32 bytes and empty values. */
static const struct walk {
    struct row row;
    bool are_deleted; /* by the block */
} walks[] = {
    {{"iter_next", "the end", 2000,
      OPEN_FIRST(C(16384) C(3)) "(drop (call $iter_next " NO_COPY "))"},
     false},
    {{"iter_next", "a key of 32 bytes, nothing copied", 2000,
      OPEN_FIRST(NOTHING) "(drop (call $iter_next " NO_COPY "))"},
     false},
    {{"iter_next", "64 KiB, all copied", 200,
      "(drop (call $iter_next (call $iter_open " C(64) C(5) ") " C(200000) C(256) C(131072)
          C(65536) ")) (call $iter_close " C(0) ")"},
     false},
    {{"iter_next", "2,000 keys that the block has deleted", 20,
      OPEN_FIRST(C(768) C(6)) "(drop (call $iter_next " NO_COPY "))"},
     true},
};

struct bench {
    struct calibrate *calibrate;
    struct au_loaded *loaded;
    struct au_hash code_hash;
    struct au_overlay overlay;
    struct au_arena arena;
    struct au_buf logs;
    struct au_buf events;
    struct au_code_source codes;
    struct au_env env;
};

/* Every contract has the code that is measured, found as a ledger finds it. */
static enum au_err load_named(void *context, const struct au_hash *code_hash,
                              struct au_loaded **out_loaded)
{
    const struct bench *bench = context;
    (void)code_hash;
    return au_engine_find(bench->calibrate->engine, &bench->code_hash, out_loaded)
               ? AU_OK
               : AU_ERR_NOT_FOUND;
}

static void put_types(struct au_buf *text, const char *what, const char *letters)
{
    au_buf_printf(text, " (%s", what);
    for (; *letters != '\0'; letters++)
        au_buf_put_text(text, *letters == 'I' ? " i64" : " i32");
    au_buf_put_text(text, ")");
}

static void put_imports(struct au_buf *text)
{
    for (size_t i = 0; i < au_host_env.count; i++) {
        const struct au_host_entry *entry = &au_host_env.entries[i];
        au_buf_printf(text, "(import \"env\" \"%s\" (func $%s", entry->name, entry->name);
        put_types(text, "param", entry->params);
        put_types(text, "result", entry->results);
        au_buf_put_text(text, "))\n");
    }
}

struct function {
    char name[16];
};

static struct function function_of(char table, size_t at)
{
    struct function function;
    (void)snprintf(function.name, sizeof(function.name), "%c%zu", table, at);
    return function;
}

static void put_loop(struct au_buf *text, const char *name, const char *code)
{
    au_buf_printf(text,
                  "(func (export \"%s\") (local $n i64) (local $i i64)"
                  " (drop (call $arg_read (i32.const 0) (i32.const 264) (i32.const 0)"
                  " (i32.const 8))) (local.set $n (i64.load (i32.const 264))) (loop $next"
                  " (i64.store (i32.const 256) (local.get $i)) %s"
                  " (local.set $i (i64.add (local.get $i) (i64.const 1)))"
                  " (br_if $next (i64.lt_u (local.get $i) (local.get $n)))))\n",
                  name, code);
}

static struct au_hash hash_of(const struct au_buf *text)
{
    struct au_buf code;
    char message[100];
    au_buf_init(&code, TEXT_MAX);
    AU_ASSERT(au_engine_wat_to_wasm(au_buf_bytes(text), &code, message, sizeof(message)) == AU_OK);
    struct au_hash hash = au_sha256(au_buf_bytes(&code));
    au_buf_done(&code);
    return hash;
}

static void load(struct bench *bench)
{
    static const char data[] =
        "(memory 4 4) (data (i32.const 0) \"self\") (data (i32.const 64) \"other\")"
        "(data (i32.const 96) \"nobody\")"
        "(data (i32.const 128) \"\\3d\\40\\17\\c3\\e8\\43\\89\\5a\\92\\b7\\0a\\a7\\4d\\1b\\7e\\bc"
        "\\9c\\98\\2c\\cf\\2e\\c4\\96\\8c\\c0\\cd\\55\\f1\\2a\\f4\\66\\0c"
        "\\92\\a0\\09\\a9\\f0\\d4\\ca\\b8\\72\\0e\\82\\0b\\5f\\64\\25\\40"
        "\\a2\\b2\\7b\\54\\16\\50\\3f\\8f\\b3\\76\\22\\23\\eb\\db\\69\\da"
        "\\08\\5a\\c1\\e4\\3e\\15\\99\\6e\\45\\8f\\36\\13\\d0\\f1\\1d\\8c"
        "\\38\\7b\\2e\\ae\\b4\\30\\2a\\ee\\b0\\0d\\29\\16\\12\\bb\\0c\\00\\72\")"
        "(data (i32.const 49152) \""
        "\\02\\e3\\2d\\f4\\28\\65\\e9\\71\\35\\ac\\fb\\65\\f3\\ba\\e7\\1b"
        "\\dc\\86\\f4\\d4\\91\\50\\ad\\6a\\44\\0b\\6f\\15\\87\\81\\09\\88"
        "\\0a"
        "\")"
        "(data (i32.const 49216) \""
        "\\90\\f2\\7b\\8b\\48\\8d\\b0\\0b\\00\\60\\67\\96\\d2\\98\\7f\\6a"
        "\\5f\\59\\ae\\62\\ea\\05\\ef\\fe\\84\\fe\\f5\\b8\\b0\\e5\\49\\98"
        "\\4a\\69\\11\\39\\ad\\57\\a3\\f0\\b9\\06\\63\\76\\73\\aa\\2f\\63"
        "\\d1\\f5\\5c\\b1\\a6\\91\\99\\d4\\00\\9e\\ea\\23\\ce\\ad\\dc\\93"
        "\\01"
        "\")"
        "(data (i32.const 49344) \""
        "\\ce\\06\\77\\bb\\30\\ba\\a8\\cf\\06\\7c\\88\\db\\98\\11\\f4\\33"
        "\\3d\\13\\1b\\f8\\bc\\f1\\2f\\e7\\06\\5d\\21\\1d\\ce\\97\\10\\08"
        "\")"
        "(data (i32.const 49408) \""
        "\\03\\60\\fe\\d4\\ba\\25\\5a\\9d\\31\\c9\\61\\eb\\74\\c6\\35\\6d"
        "\\68\\c0\\49\\b8\\92\\3b\\61\\fa\\6c\\e6\\69\\62\\2e\\60\\f2\\9f"
        "\\b6"
        "\")"
        "(data (i32.const 49472) \""
        "\\f1\\ab\\b0\\23\\51\\83\\51\\cd\\71\\d8\\81\\56\\7b\\1e\\a6\\63"
        "\\ed\\3e\\fc\\f6\\c5\\13\\2b\\35\\4f\\28\\d3\\b0\\b7\\d3\\83\\67"
        "\\01\\9f\\41\\13\\74\\2a\\2b\\14\\bd\\25\\92\\6b\\49\\c6\\49\\15"
        "\\5f\\26\\7e\\60\\d3\\81\\4b\\4c\\0c\\c8\\42\\50\\e4\\6f\\00\\83"
        "\")"
        "(data (i32.const 49600) \""
        "\\9f\\86\\d0\\81\\88\\4c\\7d\\65\\9a\\2f\\ea\\a0\\c5\\5a\\d0\\15"
        "\\a3\\bf\\4f\\1b\\2b\\0b\\82\\2c\\d1\\5d\\6c\\15\\b0\\f0\\0a\\08"
        "\")"
        "(data (i32.const 240) \"nop\") (func (export \"nop\"))"
        "(data (i32.const 512) \"\\10\\00\\00\\00a\\00b\\00c\\00d\\00e\\00f\\00g\\00h\\00\")"
        "(data (i32.const 768) \"walked\")"
        "(data (i32.const 1020) \"\\00\\40\\00\\00\")\n";
    struct au_buf text;
    au_buf_init(&text, TEXT_MAX);
    au_buf_put_text(&text, "(module ");
    put_imports(&text);
    au_buf_put_text(&text, data);
    put_loop(&text, "none", "");
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++)
        put_loop(&text, function_of('r', i).name, rows[i].code);
    for (size_t i = 0; i < AU_COUNT_OF(walks); i++)
        put_loop(&text, function_of('w', i).name, walks[i].row.code);
    au_buf_put_text(&text, ")");
    AU_ASSERT(text.err == AU_OK);
    bench->loaded = calibrate_load(bench->calibrate, &text);
    AU_ASSERT(bench->loaded);
    bench->code_hash = hash_of(&text);
    bench->codes = (struct au_code_source){bench, load_named, NULL};
    au_buf_done(&text);
}

/* The overlay borrows the keys. */
static void put_slots(struct bench *bench, const struct au_address *self, bool are_deleted)
{
    static uint8_t keys[SLOTS][32];
    bool is_new;
    for (uint32_t i = 0; i < SLOTS; i++) {
        memcpy(keys[i], "walked", 6);
        au_put_big_endian(keys[i] + 28, i, 4);
        struct au_bytes key = {keys[i], sizeof(keys[i])};
        AU_ASSERT(au_overlay_preload_slot(&bench->overlay, self, key, (struct au_bytes){0},
                                          &is_new) == AU_OK);
    }
    for (uint32_t i = 0; are_deleted && i < SLOTS; i++) {
        struct au_bytes key = {keys[i], sizeof(keys[i])};
        AU_ASSERT(au_overlay_del_slot(&bench->overlay, self, key) == AU_OK);
    }
}

/* The world before each frame: self, another account, and a slot of 64 KiB. The overlay borrows the
 * slot. */
static void make_world(struct bench *bench, struct au_call *call, const struct walk *walk)
{
    static const struct au_address other = {"other"};
    static const uint8_t value[AU_VALUE_SIZE_MAX];
    struct au_account rich = {.exists = true, .balance = 1000000000, .has_admin = true};
    struct au_account contract = rich;
    bool is_new;
    contract.has_code = true;
    memcpy(call->self.bytes, "self", 4);
    au_overlay_reset(&bench->overlay);
    au_arena_reset(&bench->arena);
    au_buf_clear(&bench->logs);
    au_buf_clear(&bench->events);
    bench->env = (struct au_env){
        .overlay = &bench->overlay,
        .codes = &bench->codes,
        .arena = &bench->arena,
        .logs = &bench->logs,
        .events = &bench->events,
        .chain_id = au_bytes_of("calibrate"),
    };
    AU_ASSERT(au_overlay_preload_account(&bench->overlay, &call->self, rich, &is_new) == AU_OK);
    AU_ASSERT(au_overlay_preload_account(&bench->overlay, &other, contract, &is_new) == AU_OK);
    AU_ASSERT(au_overlay_preload_slot(&bench->overlay, &call->self,
                                      (struct au_bytes){other.bytes, sizeof(other.bytes)},
                                      (struct au_bytes){value, sizeof(value)}, &is_new) == AU_OK);
    if (walk) put_slots(bench, &call->self, walk->are_deleted);
}

static struct pace run_frame(struct bench *bench, const struct walk *walk, const char *function,
                             uint64_t calls)
{
    static const uint8_t second[65536];
    struct au_bytes args[] = {{(const uint8_t *)&calls, sizeof(calls)}, {second, sizeof(second)}};
    struct au_call call = {
        .function = au_bytes_of(function),
        .args = args,
        .arg_count = AU_COUNT_OF(args),
        .steps_limit = STEPS,
        .logs_size_max = AU_LOGS_SIZE_MAX,
        .output_size_max = AU_OUTPUT_SIZE_MAX,
        .events_max = AU_EVENTS_MAX,
        .event_data_max = AU_EVENTS_DATA_SIZE_MAX,
    };
    struct au_frame_result result;
    make_world(bench, &call, walk);
    double start = bench_now_ns();
    AU_ASSERT(au_frame_run(bench->loaded, &bench->env, &call, &result) == AU_OK);
    double time = bench_now_ns() - start;
    AU_ASSERT(result.outcome == AU_OUTCOME_SUCCESS || calls == 1);
    return (struct pace){time, (double)result.steps_used};
}

/* The fastest of some frames; of many where one call is all there is in each. */
static struct pace run_frames(struct bench *bench, const struct walk *walk, const char *function,
                              uint32_t calls)
{
    struct pace least = run_frame(bench, walk, function, calls);
    for (uint32_t i = 1; i < (calls == 1 ? ALONE : REPEATS); i++)
        least = pace_faster(least, run_frame(bench, walk, function, calls));
    return least;
}

static void put_row(struct bench *bench, const struct row *row, const struct walk *walk,
                    struct function function)
{
    char extra[128];
    struct pace all = run_frames(bench, walk, function.name, row->calls);
    struct pace around = run_frames(bench, walk, "none", row->calls);
    struct pace pace = pace_each(pace_less(all, around), row->calls);
    (void)snprintf(extra, sizeof(extra), ",\"what\":\"%s\"", row->what);
    calibrate_put_row("host", row->name, pace, extra);
}

void calibrate_host(struct calibrate *calibrate)
{
    static const struct au_seed seed = {{1, 2}};
    struct bench bench = {.calibrate = calibrate};
    au_overlay_init(&bench.overlay, &seed, NULL, MEMORY_MAX);
    au_arena_init(&bench.arena, MEMORY_MAX);
    au_buf_init(&bench.logs, AU_LOGS_SIZE_MAX);
    au_buf_init(&bench.events, AU_RECEIPT_EVENTS_SIZE_MAX);
    load(&bench);
    for (size_t i = 0; i < AU_COUNT_OF(rows); i++)
        put_row(&bench, &rows[i], NULL, function_of('r', i));
    for (size_t i = 0; i < AU_COUNT_OF(walks); i++)
        put_row(&bench, &walks[i].row, &walks[i], function_of('w', i));
    au_loaded_release(bench.loaded);
    au_buf_done(&bench.logs);
    au_buf_done(&bench.events);
    au_arena_done(&bench.arena);
    au_overlay_done(&bench.overlay);
}
