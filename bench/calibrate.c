/* Measures time against gas: what tools/calibrate runs.
 *
 *     calibrate yard                    an addition that waits for the one before it, in C
 *     calibrate code                    every instruction
 *     calibrate host                    every host function, on state in memory
 *     calibrate frame                   the beginning of a frame, and memory touched first
 *     calibrate state FOLDER            transactions, and state in a store made in FOLDER
 *     calibrate search SECONDS SEED     looks for the program that takes longest for its gas
 *     calibrate replay PROGRAM          one that was found, as it was printed
 *     calibrate audit FIRST COUNT BOUND random calls of contracts from seed FIRST on; BOUND is in
 *                                       thousandths of what they pay
 *
 * Findings are JSON lines. */
#include "bench/calibrate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "bench/bench.h"

#define YARD_ADDITIONS 1000000u
#define YARD_REPEATS   20
#define REPLAY_REPEATS 25u

/* ---- running ---- */

void calibrate_init(struct calibrate *calibrate)
{
    struct au_engine_options options = {.instances_max = 2, .cache_size = 1u << 20};
    AU_ASSERT(au_engine_new(&options, &au_host_env, &calibrate->engine) == AU_OK);
    world_init(&calibrate->world);
    world_begin(&calibrate->world, false);
}

void calibrate_done(struct calibrate *calibrate)
{
    world_done(&calibrate->world);
    au_engine_free(calibrate->engine);
}

struct au_loaded *calibrate_load(struct calibrate *calibrate, const struct au_buf *text)
{
    struct au_buf code;
    struct au_loaded *loaded = NULL;
    struct au_reject reject;
    char message[256];
    au_buf_init(&code, 1u << 20);
    enum au_err err = au_engine_wat_to_wasm(au_buf_bytes(text), &code, message, sizeof(message));
    if (err != AU_OK) {
        (void)fprintf(stderr, "calibrate: %s\n", message);
        exit(1);
    }
    if (au_engine_load(calibrate->engine, au_buf_bytes(&code), &loaded, &reject) != AU_OK) {
        (void)fprintf(stderr, "calibrate: %s\n", reject.message);
        loaded = NULL;
    }
    au_buf_done(&code);
    return loaded;
}

void calibrate_put_row(const char *table, const char *name, struct pace pace, const char *extra)
{
    printf("{\"table\":\"%s\",\"name\":\"%s\",\"ns\":%.5g,\"steps\":%.8g,\"ratio\":%.4g%s}\n",
           table, name, pace.ns, pace.steps, pace_ratio(pace), extra);
    (void)fflush(stdout);
}

/* ---- the yardstick ---- */

static double time_additions(void)
{
    uint64_t sum = 1;
    uint64_t step = 3;
    double start = bench_now_ns();
    for (uint32_t i = 0; i < YARD_ADDITIONS; i++) {
        /* The compiler may not know that the sum is one of the same number. */
        __asm__ volatile("add %1, %0" : "+r"(sum) : "r"(step));
    }
    return (bench_now_ns() - start) / YARD_ADDITIONS;
}

static void put_yard(void)
{
    double least = time_additions();
    for (int i = 1; i < YARD_REPEATS; i++) {
        double time = time_additions();
        if (time < least) least = time;
    }
    calibrate_put_row("yard", "addition", (struct pace){least, 1}, "");
}

/* ---- commands ---- */

static bool run_yard(struct calibrate *calibrate, char **words)
{
    (void)calibrate;
    (void)words;
    put_yard();
    return true;
}

static bool run_code(struct calibrate *calibrate, char **words)
{
    (void)words;
    calibrate_code(calibrate);
    return true;
}

static bool run_host(struct calibrate *calibrate, char **words)
{
    (void)words;
    calibrate_host(calibrate);
    return true;
}

static bool run_frame(struct calibrate *calibrate, char **words)
{
    (void)words;
    calibrate_frame(calibrate);
    return true;
}

static bool run_state(struct calibrate *calibrate, char **words)
{
    (void)calibrate;
    calibrate_state(words[0]);
    return true;
}

static bool read_number(const char *text, uint64_t *out_number)
{
    return au_text_parse_u64(au_bytes_of(text), out_number) == AU_OK;
}

static bool run_search(struct calibrate *calibrate, char **words)
{
    uint64_t seconds;
    uint64_t seed;
    if (!read_number(words[0], &seconds) || !read_number(words[1], &seed)) return false;
    calibrate_search(calibrate, (double)seconds, seed);
    return true;
}

static bool run_replay(struct calibrate *calibrate, char **words)
{
    struct program program;
    struct pace pace;
    if (!program_parse(words[0], &program)) return false;
    if (!program_run(calibrate, &program, REPLAY_REPEATS, &pace)) return false;
    calibrate_put_row("replay", words[0], pace, "");
    return true;
}

/* The bound in thousandths. */
static bool run_audit(struct calibrate *calibrate, char **words)
{
    uint64_t first;
    uint64_t count;
    uint64_t bound;
    if (!read_number(words[0], &first) || !read_number(words[1], &count)) return false;
    if (!read_number(words[2], &bound)) return false;
    (void)calibrate;
    return calibrate_audit(first, count, (double)bound / 1000);
}

static const struct command {
    const char *name;
    int word_count;
    bool (*run)(struct calibrate *calibrate, char **words);
} commands[] = {
    {"yard", 0, run_yard},     {"code", 0, run_code},   {"host", 0, run_host},
    {"frame", 0, run_frame},   {"state", 1, run_state}, {"search", 2, run_search},
    {"replay", 1, run_replay}, {"audit", 3, run_audit},
};

int main(int count, char **words)
{
    for (size_t i = 0; i < AU_COUNT_OF(commands); i++) {
        const struct command *command = &commands[i];
        if (count != 2 + command->word_count || strcmp(words[1], command->name) != 0) continue;
        struct calibrate calibrate;
        calibrate_init(&calibrate);
        bool is_done = command->run(&calibrate, words + 2);
        calibrate_done(&calibrate);
        return is_done ? 0 : 1;
    }
    (void)fputs("usage: see bench/calibrate.c\n", stderr);
    return 2;
}
