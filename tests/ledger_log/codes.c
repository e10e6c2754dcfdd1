#include "ledger_log/codes.h"

#include "crypto/sha256.h"
#include "ledger_log/world.h"
#include "vm/engine.h"

#define TEXT_MAX (1u << 20) /* bytes */
#define C0       "(i32.const 0)"
#define I32S \
    "i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 "
#define SLOT "(i32.const 0) (i32.const 1)"

/* Memory: 0 the key "n" · 8 a number · 64 own address · 96 the caller's · 1024 what is read. */
static const char bank_text[] =
    "(module"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"get_balance\" (func $balance (param i32 i32) (result i64)))"
    " (import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
    " (import \"env\" \"storage_read\" (func $read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"storage_size\" (func $size (param i32 i32) (result i64)))"
    " (import \"env\" \"storage_delete\" (func $delete (param i32 i32) (result i32)))"
    " (import \"env\" \"return_data\" (func $return (param i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"self_address\" (func $self (param i32)))"
    " (import \"env\" \"caller\" (func $caller (param i32)))"
    " (memory 1 4) (data (i32.const 0) \"n\")"
    " (func (export \"init\") (call $log " SLOT "))"
    " (func (export \"migrate\") (drop (call $delete " SLOT ")) (call $log " SLOT "))"
    " (func $pay (export \"pay\") (param i64) (result i32)"
    "  (call $self (i32.const 64)) (call $caller (i32.const 96))"
    "  (call $transfer (i32.const 64) (i32.const 32) (i32.const 96) (i32.const 32)"
    "   (local.get 0)))"
    " (func (export \"pay_to\") (param i32 i32 i64) (result i32)"
    "  (call $self (i32.const 64)) (call $log (local.get 0) (local.get 1))"
    "  (call $transfer (i32.const 64) (i32.const 32) (local.get 0) (local.get 1) (local.get 2)))"
    " (func (export \"steal\") (param i32 i32) (result i32) (call $caller (i32.const 96))"
    "  (call $transfer (local.get 0) (local.get 1) (i32.const 96) (i32.const 32) (i64.const 1)))"
    " (func (export \"balance\") (param i32 i32) (result i64)"
    "  (call $balance (local.get 0) (local.get 1)))"
    " (func (export \"put\") (param i32 i32 i32 i32) (result i32)"
    "  (call $write (local.get 0) (local.get 1) (local.get 2) (local.get 3)))"
    " (func (export \"get\") (param i32 i32)"
    "  (call $return (i32.const 1024)"
    "   (call $read (local.get 0) (local.get 1) (i32.const 1024) (i32.const 4096))))"
    " (func (export \"size\") (param i32 i32) (result i64)"
    "  (call $size (local.get 0) (local.get 1)))"
    " (func (export \"delete\") (param i32 i32) (result i32)"
    "  (call $delete (local.get 0) (local.get 1)))"
    " (func $count (export \"count\") (result i64)"
    "  (drop (call $read " SLOT " (i32.const 8) (i32.const 8)))"
    "  (i64.store (i32.const 8) (i64.add (i64.load (i32.const 8)) (i64.const 1)))"
    "  (drop (call $write " SLOT " (i32.const 8) (i32.const 8)))"
    "  (i64.load (i32.const 8)))"
    " (func (export \"fill\") (param i32) (local $i i32)"
    "  (loop (i32.store8 (i32.const 9) (local.get $i))"
    "   (drop (call $write (i32.const 8) (i32.const 2) (i32.const 0) (i32.const 40)))"
    "   (local.set $i (i32.add (local.get $i) (i32.const 1)))"
    "   (br_if 0 (i32.lt_u (local.get $i) (i32.and (local.get 0) (i32.const 15))))))"
    " (func (export \"fail\") (param i32 i32) (drop (call $count)) (drop (call $pay (i64.const 1)))"
    "  (call $log (local.get 0) (local.get 1))"
    "  (call $revert (i32.const 77) (local.get 0) (local.get 1)))"
    /* compiling it is paid by its shape */
    " (func (export \"wide\") (param i32) (local " I32S I32S I32S ")"
    "  (block (loop (br_table 1 1 (local.get 0)) (br_if 0 (local.get 0)))))"
    " (func (export \"trap\") (drop (call $count)) (drop (call $pay (i64.const 1))) unreachable)"
    " (func (export \"divide\") (param i32) (result i32)"
    "  (i32.div_s (i32.const 100) (local.get 0)))"
    " (func (export \"load\") (param i32) (result i32) (i32.load (local.get 0)))"
    " (func $deep (export \"deep\") (result i32)"
    "  (drop (call $count)) (i32.add (call $deep) (i32.const 1)))"
    " (func $sink (result i32) (i32.add (call $sink) (i32.const 1)))"
    " (func (export \"sink\") (drop (call $count)) (drop (call $sink)))"
    " (func (export \"long_line\") (call $log " C0 " (i32.const 5000)))"
    " (func (export \"outside\") (drop (call $count))"
    "  (call $log (i32.const 65530) (i32.const 100)))"
    " (func (export \"number\") (param f32))"
    " (func (export \"spin\") (loop (br 0))))";

static const struct code_function bank_functions[] = {
    {"init", "", false},     {"migrate", "", false},   {"pay", "n", false},
    {"pay_to", "an", false}, {"steal", "a", false},    {"balance", "a", false},
    {"put", "kv", false},    {"put", "kv", false},     {"get", "k", false},
    {"size", "k", false},    {"delete", "k", false},   {"count", "", false},
    {"fill", "w", false},    {"fail", "v", false},     {"trap", "", false},
    {"divide", "w", false},  {"load", "w", false},     {"deep", "", true},
    {"sink", "", false},     {"long_line", "", false}, {"outside", "", false},
    {"number", "w", false},  {"spin", "", true},
};

/* How init and migrate end is up to their argument: 0 reverts, 1 traps, 5 runs out of the stack, 7
 * is rejected by a host function. */
static const char strict_text[] =
    "(module"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"log\" (func $log (param i32 i32)))"
    " (import \"env\" \"emit\" (func $emit (param i32 i32 i32 i32 i32 i32)))"
    " (import \"env\" \"revert\" (func $revert (param i32 i32 i32)))"
    " (import \"env\" \"transfer\" (func $transfer (param i32 i32 i32 i32 i64) (result i32)))"
    " (import \"env\" \"self_address\" (func $self (param i32)))"
    " (import \"env\" \"origin\" (func $origin (param i32)))"
    " (memory 1 1) (data (i32.const 0) \"n\")"
    " (func $sink (result i32) (i32.add (call $sink) (i32.const 1)))"
    " (func $begin (param i64) (result i64)"
    "  (i64.store (i32.const 8) (local.get 0))"
    "  (drop (call $write " SLOT " (i32.const 8) (i32.const 8))) (call $log " SLOT ")"
    "  (call $emit " SLOT " (i32.const 0) (i32.wrap_i64 (i64.rem_u (local.get 0) (i64.const 3)))"
    "   (i32.const 8) (i32.const 8))"
    "  (call $self (i32.const 64)) (call $origin (i32.const 96))"
    "  (drop (call $transfer (i32.const 64) (i32.const 32) (i32.const 96) (i32.const 32)"
    "   (i64.const 5)))"
    "  (if (i64.eqz (local.get 0)) (then (call $revert (i32.const 9) " SLOT ")))"
    "  (if (i64.eq (local.get 0) (i64.const 1)) (then unreachable))"
    "  (if (i64.eq (local.get 0) (i64.const 5)) (then (drop (call $sink))))"
    "  (if (i64.eq (local.get 0) (i64.const 7)) (then (call $log (i32.const -1) (i32.const 2))))"
    "  (local.get 0))"
    " (func (export \"init\") (param i64) (result i64) (call $begin (local.get 0)))"
    " (func (export \"migrate\") (param i64) (call $log " SLOT ")"
    "  (drop (call $begin (local.get 0))))"
    " (func (export \"run\") (result i64) (i64.load (i32.const 8))))";

static const struct code_function strict_functions[] = {
    {"init", "n", false}, {"migrate", "n", false}, {"run", "", false}};

static const char plain_text[] =
    "(module (func (export \"run\")) (func (export \"pair\") (param i32 i32)))";

static const struct code_function plain_functions[] = {{"run", "", false}, {"pair", "v", false}};

/* Looks at everything that a frame is told. */
static const char curious_text[] =
    "(module"
    " (import \"env\" \"arg_count\" (func $arg_count (result i32)))"
    " (import \"env\" \"arg_size\" (func $arg_size (param i32) (result i32)))"
    " (import \"env\" \"arg_read\" (func $arg_read (param i32 i32 i32 i32) (result i32)))"
    " (import \"env\" \"return_data\" (func $return (param i32 i32)))"
    " (import \"env\" \"value\" (func $value (result i64)))"
    " (import \"env\" \"block_height\" (func $height (result i64)))"
    " (import \"env\" \"block_time\" (func $time (result i64)))"
    " (import \"env\" \"gas_left\" (func $left (result i64)))"
    " (import \"env\" \"chain_id\" (func $chain_id (param i32 i32) (result i32)))"
    " (import \"env\" \"sha256\" (func $sha256 (param i32 i32 i32)))"
    " (import \"env\" \"storage_write\" (func $write (param i32 i32 i32 i32) (result i32)))"
    " (memory 1 4)"
    " (func $look (i64.store (i32.const 0) (call $value)) (i64.store (i32.const 8) (call $height))"
    "  (i64.store (i32.const 16) (call $time)) (i64.store (i32.const 24) (call $left))"
    "  (drop (call $chain_id (i32.const 32) (i32.const 60)))"
    "  (call $sha256 " C0 " (i32.const 92) (i32.const 128))"
    "  (drop (call $write " C0 " (i32.const 8) " C0 " (i32.const 160)))"
    "  (call $return " C0 " (i32.const 160)))"
    " (start $look)"
    " (func (export \"init\") (result i32) (call $arg_count))"
    " (func (export \"args\") (result i64)"
    "  (drop (call $arg_read " C0 " (i32.const 200) " C0 " (i32.const 100)))"
    "  (call $return (i32.const 200) (i32.const 100))"
    "  (i64.extend_i32_s (call $arg_size (call $arg_count)))))";

static const struct code_function curious_functions[] = {{"init", "*", false},
                                                         {"args", "*", false}};

static const char grows_text[] =
    "(module (memory 0 20) (func (export \"migrate\") unreachable)"
    " (func (export \"grow\") (param i32) (result i32) (memory.grow (local.get 0)))"
    " (func (export \"pair\") (param i32 i32)))";

static const struct code_function grows_functions[] = {
    {"migrate", "", false}, {"grow", "w", false}, {"pair", "v", false}};

static const char dies_text[] = "(module (func $die unreachable) (start $die)"
                                " (func (export \"run\")) (func (export \"init_\")))";

static const struct code_function dies_functions[] = {{"run", "", false}, {"init_", "", false}};

static const struct code_function no_functions[] = {{"run", "", false}};

struct source {
    const char *text;
    const struct code_function *functions;
    size_t function_count;
};

#define SOURCE(name)                                                 \
    {                                                                \
        name##_text, name##_functions, AU_COUNT_OF(name##_functions) \
    }
#define REFUSED(text)                                 \
    {                                                 \
        text, no_functions, AU_COUNT_OF(no_functions) \
    }

static const struct source sources[] = {
    SOURCE(bank),
    SOURCE(strict),
    SOURCE(plain),
    SOURCE(curious),
    SOURCE(grows),
    SOURCE(dies),
    REFUSED("(module (import \"env\" \"nothing\" (func)) (func (export \"run\")))"),
    REFUSED("(module (import \"env\" \"log\" (func (param i64))) (func (export \"run\")))"),
    REFUSED("(module (memory 1) (memory 1) (func (export \"run\")))"),
    REFUSED("(module (func (export \"__aureon_gas\")) (func (export \"run\")))"),
    REFUSED("(module (func (export \"run\") (drop (v128.const i32x4 1 2 3 4))))"),
};
_Static_assert(AU_COUNT_OF(sources) + 3 <= CODES_MAX, "those of text, and three others");

struct code code_compile(struct au_arena *arena, struct au_bytes text,
                         const struct code_function *functions, size_t function_count)
{
    struct code made = {.functions = functions, .function_count = function_count};
    struct au_buf code;
    char message[400] = "";
    au_buf_init(&code, TEXT_MAX);
    enum au_err err = au_engine_wat_to_wasm(text, &code, message, sizeof(message));
    if (err != AU_OK) fprintf(stderr, "%s\n", message);
    world_must(err);
    world_must(au_arena_copy(arena, au_buf_bytes(&code), &made.bytes));
    made.hash = au_sha256(made.bytes);
    au_buf_done(&code);
    return made;
}

/* Code that is dear to compile: how dear is up to the dice. */
static struct code make_heavy(struct dice *dice, struct au_arena *arena)
{
    static const size_t sizes[] = {200, 800, 1500, 3000, 20000};
    struct au_buf text;
    au_buf_init(&text, TEXT_MAX);
    au_buf_put_text(&text, "(module (func (export \"run\")");
    size_t count = DICE_PICK(dice, sizes);
    count += dice_below(dice, 100);
    for (size_t i = 0; i < count; i++)
        au_buf_put_text(&text, " nop");
    au_buf_put_text(&text, "))");
    world_must(text.err);
    struct code code = code_compile(arena, au_buf_bytes(&text), no_functions, 1);
    au_buf_done(&text);
    return code;
}

static struct code raw_code(struct au_bytes bytes)
{
    return (struct code){bytes, au_sha256(bytes), no_functions, 1};
}

size_t codes_make(struct dice *dice, struct au_arena *arena, struct code *out_codes)
{
    static const char empty_module[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    struct code *code = out_codes;
    for (size_t i = 0; i < AU_COUNT_OF(sources); i++) {
        *code++ = code_compile(arena, au_bytes_of(sources[i].text), sources[i].functions,
                               sources[i].function_count);
    }
    *code++ = make_heavy(dice, arena);
    *code++ = raw_code((struct au_bytes){(const uint8_t *)empty_module, sizeof(empty_module)});
    *code++ = raw_code(au_bytes_of(""));
    return (size_t)(code - out_codes);
}
