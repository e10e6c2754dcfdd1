/* What the worst modules cost whoever reads and compiles them (tests/support/bombs.h).
 *
 *     bench_bomb [path of the aureon program, build/aureon if none is given]
 *
 * For each: the time that validator and instrumenter take per byte at the largest size, compared
 * with 32 KiB; and what the compile helper takes for the largest that a block can pay for. All is
 * processor time, of all threads: with two processors the helper's clock shows half as much. */
#include "bench/bench.h"

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
#define LIMIT_S    12.0 /* after which a module is given up: twice the target */

static bool all_met = true;

static void report(struct bench_figure figure)
{
    all_met &= bench_report(&figure);
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

static void bench_prepare(const struct bomb *bomb, struct au_buf *code)
{
    char name[128];
    (void)snprintf(name, sizeof(name), "prepare 512 KiB: %s", bomb->name);
    au_buf_clear(code);
    bomb_make(bomb, SMALL_SIZE, code);
    double small = prepare_ns_per_byte(au_buf_bytes(code));
    au_buf_clear(code);
    bomb_make(bomb, AU_CODE_SIZE_MAX, code);
    double large = prepare_ns_per_byte(au_buf_bytes(code));
    report((struct bench_figure){name, large, "ns/byte", "the same at 32 KiB", small, 2,
                                 BENCH_RATIO_AT_MOST});
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

static void bench_compile(struct au_helper *helper, const struct bomb *bomb, struct au_buf *code)
{
    char name[128];
    struct au_reject reject = {0};
    struct au_buf artifact;
    au_buf_clear(code);
    uint64_t steps = bomb_make_payable(bomb, code);
    struct au_helper_request request = {au_buf_bytes(code), {{7}}, (uint64_t)(LIMIT_S * 1e9)};
    au_buf_init(&artifact, AU_PARCEL_SIZE_MAX);
    double started = helper_s(helper);
    enum au_err err = au_helper_compile(helper, &request, &artifact, &reject);
    double seconds = err == AU_OK ? helper_s(helper) - started : LIMIT_S;
    au_buf_done(&artifact);
    if (err != AU_OK) (void)fprintf(stderr, "%s: %s\n", bomb->name, reject.message);
    (void)snprintf(name, sizeof(name), "compile %zu kB: %s", code->size / 1000, bomb->name);
    report((struct bench_figure){name, seconds, "s", "its price at 1,000,000 gas/s",
                                 (double)steps / 1e9, 6, BENCH_AT_MOST});
}

int main(int argc, char **argv)
{
    struct au_engine_options options = {.instances_max = 1};
    struct au_helper_options helper_options = {.program = argc > 1 ? argv[1] : "build/aureon"};
    struct au_engine *engine = NULL;
    struct au_helper *helper = NULL;
    struct au_buf code;
    AU_ASSERT(au_engine_new(&options, &au_host_env, &engine) == AU_OK);
    helper_options.identity = au_engine_identity(engine);
    if (au_helper_new(&helper_options, &helper) != AU_OK) {
        (void)fprintf(stderr, "cannot start %s\n", helper_options.program);
        return 1;
    }
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    for (size_t i = 0; i < bomb_count; i++) {
        if (bombs[i].rule != NULL) continue;
        bench_prepare(&bombs[i], &code);
        bench_compile(helper, &bombs[i], &code);
    }
    au_buf_done(&code);
    au_helper_free(helper);
    au_engine_free(engine);
    return all_met ? 0 : 2;
}
