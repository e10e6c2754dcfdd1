/* What it takes to begin a frame, by what its module brings, and to grow and first touch memory.
 * Each is compared with the same frame of the plainest module. */
#include "bench/calibrate.h"

#include "bench/bench.h"
#include "core/limits.h"

#define REPEATS  60u
#define TEXT_MAX (1u << 21)
#define STEPS    ((int64_t)1000000000 * AU_STEPS_PER_GAS)

/* Stores one byte in each machine page of a memory. */
#define TOUCH(before)                                                               \
    "(local $a i32)" before "(loop $next (i32.store8 (local.get $a) (i32.const 1))" \
    " (local.set $a (i32.add (local.get $a) (i32.const 4096)))"                     \
    " (br_if $next (i32.lt_u (local.get $a) (i32.shl (memory.size) (i32.const 16)))))"

static const struct row {
    const char *class;
    const char *name;
    const char *text;     /* before what is repeated */
    const char *repeated; /* or NULL */
    uint32_t times;
} rows[] = {
    {"", "the plainest", "(memory 4 4) (func (export \"run\"))", NULL, 0},
    {"ENTRY_CODE_KIB", "5,000 functions", "(memory 4 4) (func (export \"run\"))",
     "(func (result i64) (i64.const 7777777777777777))", 5000},
    {"ENTRY_CODE_KIB", "1,000 globals", "(memory 4 4) (func (export \"run\"))",
     "(global (mut i64) (i64.const 1))", 1000},
    {"ENTRY_DATA_8", "1,000 segments of 128 bytes", "(memory 4 4) (func (export \"run\"))",
     "(data (i32.const 65536) \"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
     "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\")",
     1000},
    {"ENTRY_TABLE", "4,096 entries",
     "(memory 4 4) (func (export \"run\")) (table 4096 funcref)"
     " (elem (i32.const 0) func 0)",
     NULL, 0},
    {"ENTRY_TABLE", "4,096 entries with functions",
     "(memory 4 4) (func (export \"run\"))"
     " (table 4096 funcref)",
     "(elem (i32.const 0) func 0 0 0 0)", 1000},
    {"ENTRY_PAGE", "256 pages", "(memory 256 256) (func (export \"run\"))", NULL, 0},
    {"ENTRY_PAGE", "256 pages, all touched",
     "(memory 256 256) (func (export \"run\") " TOUCH("") ")", NULL, 0},
    {"GROW_PAGE", "252 pages, all touched",
     "(memory 4 256) (func (export \"run\") " TOUCH("(drop (memory.grow (i32.const 252)))") ")",
     NULL, 0},
    {"FREE_PAGES", "4 pages, all touched", "(memory 4 4) (func (export \"run\") " TOUCH("") ")",
     NULL, 0},
};

static struct au_loaded *load_row(struct calibrate *calibrate, const struct row *row)
{
    struct au_buf text;
    au_buf_init(&text, TEXT_MAX);
    au_buf_printf(&text, "(module %s", row->text);
    for (uint32_t i = 0; i < row->times; i++)
        au_buf_put_text(&text, row->repeated);
    au_buf_put_text(&text, ")");
    AU_ASSERT(text.err == AU_OK);
    struct au_loaded *loaded = calibrate_load(calibrate, &text);
    AU_ASSERT(loaded);
    au_buf_done(&text);
    return loaded;
}

static struct pace run_frame(struct calibrate *calibrate, struct au_loaded *loaded)
{
    struct world *world = &calibrate->world;
    struct au_frame_result result;
    world_begin(world, false);
    world->call.function = au_bytes_of("run");
    world->call.steps_limit = STEPS;
    double start = bench_now_ns();
    AU_ASSERT(au_frame_run(loaded, &world->env, &world->call, &result) == AU_OK);
    double time = bench_now_ns() - start;
    AU_ASSERT(result.outcome == AU_OUTCOME_SUCCESS);
    return (struct pace){time, (double)result.steps_used};
}

static struct pace time_row(struct calibrate *calibrate, const struct row *row)
{
    struct au_loaded *loaded = load_row(calibrate, row);
    struct pace least = run_frame(calibrate, loaded);
    for (uint32_t i = 1; i < REPEATS; i++)
        least = pace_faster(least, run_frame(calibrate, loaded));
    au_loaded_release(loaded);
    return least;
}

void calibrate_frame(struct calibrate *calibrate)
{
    struct pace plain = time_row(calibrate, &rows[0]);
    calibrate_put_row("plain", rows[0].name, plain, "");
    for (size_t i = 1; i < AU_COUNT_OF(rows); i++) {
        char extra[64];
        struct pace pace = pace_less(time_row(calibrate, &rows[i]), plain);
        (void)snprintf(extra, sizeof(extra), ",\"class\":\"%s\"", rows[i].class);
        calibrate_put_row("frame", rows[i].name, pace, extra);
    }
}
