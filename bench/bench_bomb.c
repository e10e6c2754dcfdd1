/* What the worst modules cost whoever reads and compiles them (tests/support/bombs.h).
 *
 *     bench_bomb [path of the aureon program, build/aureon if none is given [name of a bomb ...]]
 *
 * Named bombs alone are measured if any are named.
 * For each a remark, and for the worst of all a figure: the time that validator and instrumenter
 * take per byte at the largest size, compared with 32 KiB; and the time and memory that a
 * compile helper takes for the largest that a block can pay for. Time is processor time, of all
 * threads: with two processors the helper's clock shows half as much. */
#include "bench/text.h"

#include "contract/host.h"
#include "core/params.h"
#include "core/tx.h"
#include "support/bombs.h"
#include "vm/engine_internal.h"
#include "vm/helper.h"
#include "vm/limits.h"
#include "vm/parcel.h"

#define RUNS       9
#define SMALL_SIZE 32768u
#define LIMIT_S    12.0  /* after which a module is given up: twice the target */
#define LIMIT_MIB  512.0 /* that the helper may take */

/* The worst of all modules so far, by what its target bounds. */
struct worst {
    char name[128];
    double badness;
    struct bench_figure figure;
};

static void keep_worst(struct worst *worst, const struct bomb *bomb, double badness,
                       struct bench_figure figure)
{
    (void)fprintf(stderr, "# %s, %s: %.3g %s, %.3g %s\n", figure.name, bomb->name, figure.value,
                  figure.unit, figure.yardstick_value, figure.yardstick);
    if (badness <= worst->badness) return;
    worst->badness = badness;
    worst->figure = figure;
    (void)snprintf(worst->name, sizeof(worst->name), "%s, the worst: %s", figure.name, bomb->name);
    worst->figure.name = worst->name;
}

static double prepare_ns_per_byte(struct au_bytes code)
{
    double values[RUNS];
    for (int run = 0; run < RUNS; run++) {
        struct au_module_info *info = NULL;
        struct au_reject reject;
        struct au_buf prepared;
        au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
        double start = bench_now_ns();
        enum au_err err = au_module_prepare(code, &au_host_env, &prepared, &info, &reject);
        values[run] = (bench_now_ns() - start) / (double)code.size;
        if (err != AU_OK) {
            (void)fprintf(stderr, "%s at %zu: %s\n", reject.rule, reject.offset, reject.message);
            exit(1);
        }
        au_module_info_free(info);
        au_buf_done(&prepared);
    }
    return bench_median(values, RUNS);
}

static void bench_prepare(const struct bomb *bomb, struct au_buf *code, struct worst *worst)
{
    au_buf_clear(code);
    bomb_make(bomb, SMALL_SIZE, code);
    double small = prepare_ns_per_byte(au_buf_bytes(code));
    au_buf_clear(code);
    bomb_make(bomb, AU_CODE_SIZE_MAX, code);
    double large = prepare_ns_per_byte(au_buf_bytes(code));
    keep_worst(worst, bomb, large / small,
               (struct bench_figure){"prepare 512 KiB", large, "ns/byte", "the same at 32 KiB",
                                     small, 2, BENCH_RATIO_AT_MOST});
}

/* The processor time that the helper has used; after a failure there is none until it is asked. */
static double helper_s(struct au_helper *helper)
{
    clockid_t id;
    struct timespec used;
    if (au_helper_pid(helper) == 0) return 0;
    AU_ASSERT(clock_getcpuclockid(au_helper_pid(helper), &id) == 0);
    AU_ASSERT(clock_gettime(id, &used) == 0);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* The most memory that the helper has had, in MiB; after a failure 0. */
static double helper_mib(struct au_helper *helper)
{
    char folder[32];
    if (au_helper_pid(helper) == 0) return 0;
    (void)snprintf(folder, sizeof(folder), "/proc/%d", (int)au_helper_pid(helper));
    return bench_status_mb(folder, "VmHWM:");
}

static void bench_compile(const struct au_helper_options *options, const struct bomb *bomb,
                          struct au_buf *code, struct worst *worst, struct worst *largest)
{
    struct au_helper *helper = NULL;
    struct au_reject reject = {0};
    struct au_buf artifact;
    au_buf_clear(code);
    uint64_t steps = bomb_make_payable(bomb, code);
    struct au_helper_request request = {
        au_buf_bytes(code), {{7}}, (uint64_t)(LIMIT_S * 1e9), false};
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    if (au_helper_new(options, &helper) != AU_OK) bench_fail("cannot start %s", options->program);
    double started = helper_s(helper);
    enum au_err err = au_helper_compile(helper, &request, &artifact, &reject);
    double seconds = err == AU_OK ? helper_s(helper) - started : LIMIT_S;
    double mib = err == AU_OK ? helper_mib(helper) : LIMIT_MIB;
    au_buf_done(&artifact);
    au_helper_free(helper);
    if (err != AU_OK) (void)fprintf(stderr, "%s: %s\n", bomb->name, reject.message);
    keep_worst(largest, bomb, mib,
               (struct bench_figure){"memory to compile it", mib, "MiB", "its module",
                                     (double)code->size / (1 << 20), LIMIT_MIB, BENCH_AT_MOST});
    keep_worst(worst, bomb, seconds,
               (struct bench_figure){"compile what a block pays for", seconds, "s",
                                     "its price at 1,000,000 gas/s", (double)steps / 1e9, 6,
                                     BENCH_AT_MOST});
}

/* Every name must be of a bomb that the validator accepts: a figure of nothing would pass. */
static bool check_names(char **names, int count)
{
    for (int i = 0; i < count; i++) {
        const struct bomb *bomb = bomb_find(names[i]);
        if (bomb != NULL && bomb->rule == NULL) continue;
        (void)fprintf(stderr, "%s: %s\n", names[i],
                      bomb == NULL ? "no such bomb" : "refused by the validator");
        return false;
    }
    return true;
}

static bool is_asked_for(const struct bomb *bomb, char **names, int count)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(bomb->name, names[i]) == 0) return true;
    }
    return count == 0;
}

int main(int argc, char **argv)
{
    char **names = argc > 2 ? argv + 2 : NULL;
    int name_count = argc > 2 ? argc - 2 : 0;
    struct au_engine_options options = {.instances_max = 1};
    struct au_helper_options helper_options = {.program = argc > 1 ? argv[1] : "build/aureon"};
    struct au_engine *engine = NULL;
    struct au_buf code;
    struct worst prepare = {0}, compile = {0}, memory = {0};
    if (!check_names(names, name_count)) return 1;
    AU_ASSERT(au_engine_new(&options, &au_host_env, &engine) == AU_OK);
    helper_options.identity = au_engine_identity(engine);
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    for (size_t i = 0; i < bomb_count; i++) {
        if (bombs[i].rule != NULL || !is_asked_for(&bombs[i], names, name_count)) continue;
        bench_prepare(&bombs[i], &code, &prepare);
        bench_compile(&helper_options, &bombs[i], &code, &compile, &memory);
    }
    au_buf_done(&code);
    au_engine_free(engine);
    bool is_met = bench_report(&prepare.figure);
    is_met = bench_report(&compile.figure) && is_met;
    is_met = bench_report(&memory.figure) && is_met;
    return is_met ? 0 : 2;
}
