/* What the sandbox costs: a frame, a host call, metering, preparing and compiling a module.
 *
 *     bench_vm [folder of the compiled programs, build/contracts if none is given]
 *
 * Programs are C, compiled as contracts are; what has no C form is bench/wat/.
 * Metered and unmetered runs take turns, so that a disturbance meets both. */
#include "bench/bench.h"
#include "bench/module.h"

#include <inttypes.h>

#include "contract/host.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define RUNS 21
#define WAT  "bench/wat"

static enum au_host_next gas_left(struct au_instance *instance, union au_value *args)
{
    args[0].i64 = instance->steps_left / 1000;
    return AU_HOST_CONTINUE;
}

static const struct au_host_entry entries[] = {
    {.name = "gas_left", .number = 19, .params = "", .results = "I", .run = gas_left},
};
static const struct au_host_table host = {"env", entries, AU_COUNT_OF(entries)};

static bool all_met = true;

static void report(struct bench_figure figure)
{
    all_met &= bench_report(&figure);
}

/* ---- engines and modules -------------------------------------------------------------------- */

static struct au_engine *new_engine(bool is_metered)
{
    struct au_engine_options options = {.instances_max = 4, .skip_instrumentation = !is_metered};
    struct au_engine *engine = NULL;
    AU_ASSERT(au_engine_new(&options, &host, &engine) == AU_OK);
    return engine;
}

static struct au_loaded *load(struct au_engine *engine, struct au_bytes code)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    if (au_engine_load(engine, code, &loaded, &reject) != AU_OK) {
        (void)fprintf(stderr, "%s at %zu: %s\n", reject.rule, reject.offset, reject.message);
        exit(1);
    }
    return loaded;
}

static struct au_loaded *load_file(struct au_engine *engine, const char *folder, const char *name)
{
    char message[256];
    struct au_buf text;
    struct au_buf code;
    au_buf_init(&text, 1 << 20);
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    bench_read_file(folder, name, &text);
    if (!bench_put_code(&code, au_buf_bytes(&text), message)) {
        (void)fprintf(stderr, "%s: %s\n", name, message);
        exit(1);
    }
    struct au_loaded *loaded = load(engine, au_buf_bytes(&code));
    au_buf_done(&code);
    au_buf_done(&text);
    return loaded;
}

static const struct au_export *find(const struct au_loaded *loaded, const char *name)
{
    const struct au_export *export_ =
        au_module_info_export(au_loaded_info(loaded), au_bytes_of(name));
    AU_ASSERT(export_ != NULL);
    return export_;
}

static int64_t call(struct au_instance *instance, const struct au_export *export_, int64_t argument)
{
    union au_value value = {.i64 = argument};
    enum au_outcome outcome = AU_OUTCOME_TRAPPED;
    uint32_t detail = 0;
    AU_ASSERT(au_instance_call(instance, export_, &value, &outcome, &detail) == AU_OK);
    AU_ASSERT(outcome == AU_OUTCOME_SUCCESS);
    return value.i64;
}

/* ---- frames and host calls ------------------------------------------------------------------ */

#define STEPS ((int64_t)1 << 60)

static double frame_ns(struct au_loaded *loaded, const struct au_export *export_, int count)
{
    double start = bench_now_ns();
    for (int i = 0; i < count; i++) {
        struct au_instance *instance = NULL;
        AU_ASSERT(au_instance_open(loaded, STEPS, NULL, &instance) == AU_OK);
        AU_ASSERT(call(instance, export_, i) == i);
        au_instance_close(instance);
    }
    return (bench_now_ns() - start) / count;
}

static void bench_frame(struct au_engine *engine)
{
    struct au_loaded *loaded = load_file(engine, WAT, "host.wat");
    const struct au_export *four = find(loaded, "four");
    double values[RUNS];
    double warm[RUNS];
    struct au_instance *instance = NULL;
    AU_ASSERT(au_instance_open(loaded, STEPS, NULL, &instance) == AU_OK);
    for (int run = 0; run < RUNS; run++) {
        values[run] = frame_ns(loaded, four, 2000) / 1000;
        double start = bench_now_ns();
        for (int i = 0; i < 2000; i++) {
            AU_ASSERT(call(instance, four, i) == i);
        }
        warm[run] = (bench_now_ns() - start) / 2000 / 1000;
    }
    report((struct bench_figure){"frame with 4 host calls, 1 page", bench_median(values, RUNS),
                                 "us", "the same call in an open instance",
                                 bench_median(warm, RUNS), 3, BENCH_AT_MOST});
    au_instance_close(instance);
    au_loaded_release(loaded);
}

static double run_ns(struct au_loaded *loaded, int64_t argument, int64_t *out_result)
{
    const struct au_export *export_ = find(loaded, "run");
    struct au_instance *instance = NULL;
    AU_ASSERT(au_instance_open(loaded, STEPS, NULL, &instance) == AU_OK);
    double start = bench_now_ns();
    *out_result = call(instance, export_, argument);
    double end = bench_now_ns();
    au_instance_close(instance);
    return end - start;
}

static void bench_host_call(struct au_engine *metered, struct au_engine *plain)
{
    const int64_t rounds = 500000;
    struct au_loaded *metered_loaded = load_file(metered, WAT, "host.wat");
    struct au_loaded *plain_loaded = load_file(plain, WAT, "host.wat");
    double metered_ns[RUNS];
    double plain_ns[RUNS];
    int64_t result = 0;
    for (int run = 0; run < RUNS; run++) {
        metered_ns[run] = run_ns(metered_loaded, rounds, &result) / (double)rounds;
        plain_ns[run] = run_ns(plain_loaded, rounds, &result) / (double)rounds;
    }
    report((struct bench_figure){"empty host call", bench_median(metered_ns, RUNS), "ns",
                                 "unmetered host call", bench_median(plain_ns, RUNS), 9,
                                 BENCH_AT_MOST});
    au_loaded_release(plain_loaded);
    au_loaded_release(metered_loaded);
}

/* ---- metering ------------------------------------------------------------------------------- */

struct program {
    const char *name;
    const char *file;
    int64_t argument;
    int64_t small_argument; /* and its result, known from elsewhere */
    int64_t small_result;
    double target; /* of the ratio */
};

static const struct program programs[] = {
    {"metering: integer loop", "integer.wat", 5000000, 1, 8748534153485358512, 1.03},
    {"metering: memory loop", "bench_memory.wasm", 800, 2, 9217489632695058433, 1.03},
    {"metering: SHA-256", "bench_sha256.wasm", 10000, 1, -5010229573455851542, 1.1},
    {"metering: sieve", "bench_sieve.wasm", 50, 1, 3512, 1.15},
    {"metering: recursion", "fib.wat", 27, 20, 6765, 1.9},
    /* the worst for a counter in memory: a loop that is nothing but stores */
    {"metering: stores", "bench_store.wasm", 2000, 2, 12288, 1.75},
};

static void bench_program(struct au_engine *metered, struct au_engine *plain, const char *folder,
                          const struct program *program)
{
    bool is_text = strstr(program->file, ".wat") != NULL;
    struct au_loaded *metered_loaded = load_file(metered, is_text ? WAT : folder, program->file);
    struct au_loaded *plain_loaded = load_file(plain, is_text ? WAT : folder, program->file);
    int64_t metered_result = 0;
    int64_t plain_result = 0;
    (void)run_ns(metered_loaded, program->small_argument, &metered_result);
    if (metered_result != program->small_result) {
        (void)fprintf(stderr, "%s: %" PRId64 "\n", program->file, metered_result);
        exit(1);
    }
    double metered_ms[RUNS];
    double plain_ms[RUNS];
    for (int run = 0; run < RUNS; run++) {
        double metered_ns = run_ns(metered_loaded, program->argument, &metered_result);
        double plain_ns = run_ns(plain_loaded, program->argument, &plain_result);
        AU_ASSERT(metered_result == plain_result);
        metered_ms[run] = metered_ns / 1e6;
        plain_ms[run] = plain_ns / 1e6;
    }
    report((struct bench_figure){program->name, bench_median(metered_ms, RUNS), "ms", "unmetered",
                                 bench_median(plain_ms, RUNS), program->target,
                                 BENCH_RATIO_AT_MOST});
    au_loaded_release(plain_loaded);
    au_loaded_release(metered_loaded);
}

/* ---- preparing and compiling ---------------------------------------------------------------- */

#define FUNCTIONS 310 /* of about 1 kB each */

static double prepare_ns(struct au_bytes code, bool is_instrumented)
{
    struct au_buf prepared;
    struct au_module_info *info = NULL;
    struct au_reject reject;
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    double start = bench_now_ns();
    if (au_module_prepare(code, &host, is_instrumented ? &prepared : NULL, &info, &reject) !=
        AU_OK) {
        (void)fprintf(stderr, "%s at %zu: %s\n", reject.rule, reject.offset, reject.message);
        exit(1);
    }
    double end = bench_now_ns();
    au_module_info_free(info);
    au_buf_done(&prepared);
    return end - start;
}

static void bench_prepare(void)
{
    struct au_buf code;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    bench_make_module(&code, FUNCTIONS, 1);
    double megabytes = (double)code.size / 1e6;
    double speed[RUNS];
    double check_speed[RUNS];
    for (int run = 0; run < RUNS; run++) {
        speed[run] = megabytes / (prepare_ns(au_buf_bytes(&code), true) / 1e9);
        check_speed[run] = megabytes / (prepare_ns(au_buf_bytes(&code), false) / 1e9);
    }
    report((struct bench_figure){"prepare a 310 kB module", bench_median(speed, RUNS), "MB/s",
                                 "validate only", bench_median(check_speed, RUNS), 100,
                                 BENCH_AT_LEAST});
    au_buf_done(&code);
}

static double load_ms_per_kb(struct au_engine *engine, uint32_t seed)
{
    struct au_buf code;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    bench_make_module(&code, FUNCTIONS, seed);
    double start = bench_now_ns();
    struct au_loaded *loaded = load(engine, au_buf_bytes(&code));
    double milliseconds = (bench_now_ns() - start) / 1e6;
    double per_kb = milliseconds / ((double)code.size / 1e3);
    au_loaded_release(loaded);
    au_buf_done(&code);
    return per_kb;
}

static void bench_compile(struct au_engine *metered, struct au_engine *plain)
{
    enum { COMPILE_RUNS = 5 };
    double metered_ms[COMPILE_RUNS];
    double plain_ms[COMPILE_RUNS];
    for (uint32_t run = 0; run < COMPILE_RUNS;
         run++) { /* another module each, or the cache has it */
        metered_ms[run] = load_ms_per_kb(metered, run + 1);
        plain_ms[run] = load_ms_per_kb(plain, run + 1);
    }
    report((struct bench_figure){"load a 310 kB module", bench_median(metered_ms, COMPILE_RUNS),
                                 "ms/kB", "unmetered", bench_median(plain_ms, COMPILE_RUNS), 1.5,
                                 BENCH_AT_MOST});
}

#define WARM_FUNCTIONS 150 /* what they are compiled to has 300 kB */

/* From the folder of compiled modules, where a node finds what it compiled before. */
static void bench_warm(void)
{
    char folder[] = "/tmp/aureon-bench-XXXXXX";
    char compiled[sizeof folder + 16];
    char command[sizeof folder + 16];
    const char *given = getenv("AUREON");
    struct au_engine *engine = NULL;
    struct au_buf code;
    double warm_ms[RUNS];
    double check_ms[RUNS];
    AU_ASSERT(mkdtemp(folder) != NULL);
    (void)snprintf(compiled, sizeof compiled, "%s/compiled", folder);
    struct au_engine_options options = {
        .instances_max = 4,
        .helper = given != NULL ? given : "build/aureon",
        .artifact_folder = compiled,
        .artifact_size = 64u << 20,
    };
    AU_ASSERT(au_engine_new(&options, &au_host_env, &engine) == AU_OK);
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    bench_make_module(&code, WARM_FUNCTIONS, 1);
    au_loaded_release(load(engine, au_buf_bytes(&code))); /* no cache in memory: nothing stays */
    for (int run = 0; run < RUNS; run++) {
        double start = bench_now_ns();
        au_loaded_release(load(engine, au_buf_bytes(&code)));
        warm_ms[run] = (bench_now_ns() - start) / 1e6;
        check_ms[run] = prepare_ns(au_buf_bytes(&code), false) / 1e6;
    }
    report((struct bench_figure){"load a 300 kB artifact", bench_median(warm_ms, RUNS), "ms",
                                 "validate only", bench_median(check_ms, RUNS), 1.5,
                                 BENCH_AT_MOST});
    au_buf_done(&code);
    au_engine_free(engine);
    (void)snprintf(command, sizeof command, "rm -r %s", folder);
    AU_ASSERT(system(command) == 0);
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "build/contracts";
    struct au_engine *metered = new_engine(true);
    struct au_engine *plain = new_engine(false);
    bench_frame(metered);
    bench_host_call(metered, plain);
    for (size_t i = 0; i < AU_COUNT_OF(programs); i++) {
        bench_program(metered, plain, folder, &programs[i]);
    }
    bench_prepare();
    bench_compile(metered, plain);
    bench_warm();
    au_engine_free(plain);
    au_engine_free(metered);
    return all_met ? 0 : 2;
}
