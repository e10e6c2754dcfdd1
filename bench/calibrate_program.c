/* Programs as modules, and their time. */
#include <math.h>

#include "bench/bench.h"
#include "bench/calibrate.h"
#include "ledger_log/dice.h"
#include "vm/limits.h"
#include "vm/module.h"

#define BODY_GENES 120u /* of a loop's turn, at least: the loop itself hardly counts */
#define TEXT_MAX   (1u << 18)
#define RUN_NS     250000.0
#define WARM_TURNS 4.0
#define TURNS_MAX  100000.0
#define STEPS      ((int64_t)1 << 60)

/* Whole numbers, subnormals, numbers that are not: what processors are slow at differs. */
static const struct {
    const char *i32;
    const char *i64;
    const char *f32;
    const char *f64;
    const char *f32_start;
    const char *f64_start;
} operand_sets[] = {
    {"5", "0x123456789abcdef", "1.0000001", "1.0000000000000002", "3.3e10", "3.3e100"},
    {"3", "7", "1.0000001", "1.0000000000000002", "1.1e-39", "5.5e-310"},
    {"-1", "-1", "1e-40", "1e-310", "1.1e-39", "5.5e-310"},
    {"31", "63", "nan", "nan", "-3.7", "-3.7"},
};

const uint32_t program_operand_sets = AU_COUNT_OF(operand_sets);

/* conversion[from][to], by type from f64 to i32. All are cheap, and none traps. */
static const char *const conversions[4][4] = {
    {"", "f32.demote_f64", "i64.reinterpret_f64", "i64.reinterpret_f64 i32.wrap_i64"},
    {"f64.promote_f32", "", "i32.reinterpret_f32 i64.extend_i32_u", "i32.reinterpret_f32"},
    {"f64.reinterpret_i64", "i32.wrap_i64 f32.reinterpret_i32", "", "i32.wrap_i64"},
    {"i64.extend_i32_u f64.reinterpret_i64", "f32.reinterpret_i32", "i64.extend_i32_u", ""},
};

static const char *convert(uint8_t from, uint8_t to)
{
    return conversions[from - AU_TYPE_F64][to - AU_TYPE_F64];
}

static const char rest[] =
    "(type $leaf (func))"
    "(table 16 funcref)"
    "(elem (i32.const 0) $leaf0 $leaf1 $leaf2 $leaf3 $leaf4 $leaf5 $leaf6 $leaf7 $middle)"
    "(global $g (mut i32) (i32.const 1)) (global $h (mut i32) (i32.const 2))"
    "(global $d (mut f64) (f64.const 1)) (global $e (mut f32) (f32.const 1))"
    "(global $f (mut i64) (i64.const 1))"
    "(func $leaf0) (func $leaf1 (global.set $h (i32.const 1)))"
    "(func $leaf2 (global.set $h (i32.const 2))) (func $leaf3 (global.set $h (i32.const 3)))"
    "(func $leaf4 (global.set $h (i32.const 4))) (func $leaf5 (global.set $h (i32.const 5)))"
    "(func $leaf6 (global.set $h (i32.const 6))) (func $leaf7 (global.set $h (i32.const 7)))"
    "(func $middle (call $leaf0))"
    "(func $many (param i64 i64 i64) (result i64 i64 i64 i64)"
    " (local.get 2) (local.get 1) (local.get 0) (local.get 0))";

/* A function whose values all live across a call: the machine keeps and restores registers. */
static void put_locals_function(struct au_buf *text)
{
    au_buf_put_text(text, "(func $locals (param i64) (result i64)");
    for (unsigned i = 0; i < 6; i++)
        au_buf_printf(text, " (i64.rotl (local.get 0) (i64.const %u))", i + 1);
    au_buf_put_text(text, " (call $leaf0) (local.get 0)");
    for (unsigned i = 0; i < 6; i++)
        au_buf_put_text(text, " i64.xor");
    au_buf_put_text(text, ")");
}

static uint32_t genes_times(const struct program *program)
{
    return (BODY_GENES + program->gene_count - 1) / program->gene_count;
}

static uint8_t first_type(const struct program *program, const struct gene *genes)
{
    for (uint32_t i = 0; i < program->gene_count; i++) {
        if (genes[program->genes[i]].from != 0) return genes[program->genes[i]].from;
    }
    return AU_TYPE_I32;
}

static const char *local_of(uint8_t type)
{
    static const char *const names[] = {"$f64a", "$f32a", "$i64a", "$i32a"};
    return names[type - AU_TYPE_F64];
}

static void put_turn(struct au_buf *text, const struct program *program)
{
    size_t count;
    const struct gene *genes = program_genes(&count);
    uint8_t first = first_type(program, genes);
    uint8_t type = first;
    au_buf_printf(text, "local.get %s\n", local_of(first));
    for (uint32_t i = 0; i < genes_times(program) * program->gene_count; i++) {
        const struct gene *gene = &genes[program->genes[i % program->gene_count]];
        if (gene->from != 0) {
            au_buf_printf(text, "%s ", convert(type, gene->from));
            type = gene->to;
        }
        au_buf_printf(text, "%s\n", gene->text);
    }
    au_buf_printf(text, "%s local.set %s\n", convert(type, first), local_of(first));
}

/* The next run goes on along the ring: what one run reads may fit in a cache. */
static void put_module(struct au_buf *text, const struct program *program)
{
    unsigned set = program->operands;
    au_buf_printf(text, "(module (memory %u %u) (data $data \"x\") (data $kept \"y\") %s",
                  program->pages, program->pages, rest);
    /* Globals, so that the compiler does not know them. */
    au_buf_printf(text,
                  "(global $gi32 (mut i32) (i32.const %s)) (global $gi64 (mut i64) (i64.const %s))"
                  "(global $gf32 (mut f32) (f32.const %s)) (global $gf64 (mut f64) (f64.const %s))"
                  "(global $gf32a (mut f32) (f32.const %s))"
                  "(global $gf64a (mut f64) (f64.const %s))"
                  "(global $gi64a (mut i64) (i64.const 0xfedcba9876543210))"
                  "(global $gt (mut i32) (i32.const %u)) (global $gi32a (mut i32) (i32.const %u))"
                  "(global $gb (mut i32) (i32.const %u))",
                  operand_sets[set].i32, operand_sets[set].i64, operand_sets[set].f32,
                  operand_sets[set].f64, operand_sets[set].f32_start, operand_sets[set].f64_start,
                  program->offset, program->offset, (program->pages - 1) * AU_PAGE_SIZE);
    put_locals_function(text);
    au_buf_put_text(text, "(func (export \"run\") (param $n i64)"
                          " (local $i32 i32) (local $i64 i64) (local $f32 f32) (local $f64 f64)"
                          " (local $i32a i32) (local $i64a i64) (local $f32a f32) (local $f64a f64)"
                          " (local $t i32) (local $b i32) (local $x i64)\n");
    static const char *const locals[] = {"i32",  "i64",  "f32",  "f64", "i32a",
                                         "i64a", "f32a", "f64a", "t",   "b"};
    for (size_t i = 0; i < AU_COUNT_OF(locals); i++)
        au_buf_printf(text, "(local.set $%s (global.get $g%s))", locals[i], locals[i]);
    au_buf_put_text(text, "(loop $next\n");
    put_turn(text, program);
    au_buf_put_text(text, "(br_if $next (i64.ne (local.tee $n (i64.sub (local.get $n)"
                          " (i64.const 1))) (i64.const 0))))"
                          "(global.set $d (local.get $f64a)) (global.set $e (local.get $f32a))"
                          "(global.set $f (local.get $i64a))"
                          "(global.set $gi32a (local.get $i32a))))");
}

/* One ring through all addresses, in random order (Sattolo's shuffle). */
static void fill_ring(const struct program *program, uint8_t *memory)
{
    static uint32_t order[AU_PAGES_MAX * AU_PAGE_SIZE / PROGRAM_STRIDE_MIN];
    static uint32_t ordered;
    uint32_t count = (program->pages - 1) * (AU_PAGE_SIZE / program->stride);
    if (ordered != count) {
        struct dice dice = {1};
        for (uint32_t i = 0; i < count; i++)
            order[i] = i;
        for (uint32_t i = count - 1; i > 0; i--) {
            uint32_t other = (uint32_t)dice_below(&dice, i);
            uint32_t kept = order[i];
            order[i] = order[other];
            order[other] = kept;
        }
        ordered = count;
    }
    for (uint32_t i = 0; i < count; i++) {
        uint32_t next = order[i] * program->stride + program->offset;
        memcpy(memory + (size_t)i * program->stride + program->offset, &next, sizeof(next));
    }
}

static bool run_once(struct au_instance *instance, const struct au_export *run, double turns,
                     struct pace *out_pace)
{
    union au_value value = {.i64 = (int64_t)turns};
    enum au_outcome outcome;
    uint32_t detail;
    int64_t steps = instance->steps_left;
    double start = bench_now_ns();
    AU_ASSERT(au_instance_call(instance, run, &value, &outcome, &detail) == AU_OK);
    double time = bench_now_ns() - start;
    *out_pace = (struct pace){time, (double)(steps - instance->steps_left)};
    return outcome == AU_OUTCOME_SUCCESS;
}

static bool run_often(struct au_instance *instance, const struct au_export *run, uint32_t repeats,
                      uint32_t genes_times, struct pace *out_pace)
{
    struct pace pace;
    if (!run_once(instance, run, WARM_TURNS, &pace)) return false;
    if (!run_once(instance, run, WARM_TURNS, &pace)) return false;
    double turns = floor(WARM_TURNS * RUN_NS / (pace.ns > 1 ? pace.ns : 1));
    turns = turns < WARM_TURNS ? WARM_TURNS : turns > TURNS_MAX ? TURNS_MAX : turns;
    if (!run_once(instance, run, turns, out_pace)) return false;
    for (uint32_t i = 1; i < repeats; i++) {
        if (!run_once(instance, run, turns, &pace)) return false;
        *out_pace = pace_faster(*out_pace, pace);
    }
    *out_pace = pace_each(*out_pace, turns * genes_times);
    return true;
}

bool program_run(struct calibrate *calibrate, const struct program *program, uint32_t repeats,
                 struct pace *out_pace)
{
    struct au_buf text;
    struct au_instance *instance = NULL;
    au_buf_init(&text, TEXT_MAX);
    put_module(&text, program);
    AU_ASSERT(text.err == AU_OK);
    struct au_loaded *loaded = calibrate_load(calibrate, &text);
    au_buf_done(&text);
    if (!loaded) return false;
    const struct au_export *run = au_module_info_export(au_loaded_info(loaded), au_bytes_of("run"));
    AU_ASSERT(au_instance_open(loaded, STEPS, &calibrate->world.frame, &instance) == AU_OK);
    fill_ring(program, instance->memory);
    bool is_run = run_often(instance, run, repeats, genes_times(program), out_pace);
    au_instance_close(instance);
    au_loaded_release(loaded);
    return is_run;
}
