/* What the state engine does per second under blocks of changes that are sealed with their root and
 * committed to a store on disk, synced; beside the same store without a trie, a trie without a
 * store, and NOMT, which does the same work with another design.
 *
 *     bench_state [--quick | --only NAME] [folder]
 *
 *     NAME      begins those of the runs that are wanted, as update_1m or reopen_5m
 *     folder    stores are made there, else in /var/tmp: up to 8 GB
 *
 * Each state is filled once for each engine, copied for each run, and each run is a process of its
 * own, which begins with nothing in memory; the system has its files there. A run of ours goes from
 * one flush of the tries' records to a later one, so that it has its share of them. Phases and
 * memory go to stderr.
 *
 * BENCH_NOMT names the program of bench/nomt; without it NOMT is left out. --quick leaves out five
 * million accounts and most of what takes long: under three minutes. */
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "state_nomt.h"
#include "support/folder.h"
#include "text.h"

#define MILLION      1000000u
#define QUICK_SIZE   100000u
#define FILL_BATCH   50000u
#define NOMT_UPDATES 200000u /* of a run, at most */
#define NOMT_BLOCKS  500u    /* likewise */
#define FLAT_BLOCKS  10000u
#define FLAT_BATCH   100u
#define PLAIN_RATIO  0.2 /* of ours to the store without a trie, at least */
#define FLUSH_MAX_MS 5   /* of the committing thread: all else is another's */

static bool all_met = true;
static bool is_quick;
static struct au_bytes wanted; /* what names of runs begin with */
static char folder[256];

static void report(struct bench_figure figure)
{
    all_met = bench_report(&figure) && all_met;
}

/* ---- processes and folders ---- */

typedef void run_function(const char *path, const struct state_run *run, struct state_outcome *out);

static void await_child(pid_t child, const char *what)
{
    int status = 0;
    AU_ASSERT(waitpid(child, &status, 0) == child);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) bench_fail("bench_state: %s failed", what);
}

static const char *path_of(const char *name)
{
    static char paths[2][sizeof(folder) + 16];
    static unsigned next;
    char *path = paths[next++ % AU_COUNT_OF(paths)];
    (void)snprintf(path, sizeof(paths[0]), "%s/%s", folder, name);
    return path;
}

static struct state_outcome run_alone(run_function *function, const char *name,
                                      const struct state_run *run)
{
    struct state_outcome outcome = {0};
    int ends[2];
    AU_ASSERT(pipe(ends) == 0);
    pid_t child = fork();
    AU_ASSERT(child >= 0);
    if (child == 0) {
        function(path_of(name), run, &outcome);
        _exit(write(ends[1], &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome) ? 0 : 1);
    }
    (void)close(ends[1]);
    bool is_whole = read(ends[0], &outcome, sizeof(outcome)) == (ssize_t)sizeof(outcome);
    (void)close(ends[0]);
    await_child(child, "a run");
    AU_ASSERT(is_whole);
    return outcome;
}

static void remove_store(const char *name)
{
    if (folder_remove(path_of(name)) != 0) bench_fail("bench_state: cannot remove %s", name);
}

/* Holes are filled, since NOMT allocates its files in advance; and the copy is on disk, so that
 * nobody else writes while it is measured. */
static void copy_store(const char *from, const char *to)
{
    pid_t child = fork();
    AU_ASSERT(child >= 0);
    if (child == 0) {
        (void)execlp("cp", "cp", "-r", "--sparse=never", path_of(from), path_of(to), (char *)NULL);
        _exit(127);
    }
    await_child(child, "cp");
    sync();
}

/* A run on a copy of a state, which is removed. */
static struct state_outcome run_on_copy(run_function *function, const char *name,
                                        const struct state_run *run)
{
    copy_store(name, "copy");
    struct state_outcome outcome = run_alone(function, "copy", run);
    remove_store("copy");
    return outcome;
}

/* ---- what is said ---- */

static const char *size_text(uint32_t size)
{
    static char texts[2][16];
    static unsigned next;
    char *text = texts[next++ % AU_COUNT_OF(texts)];
    const char *unit = "";
    if (size % MILLION == 0) {
        size /= MILLION;
        unit = "m";
    } else if (size % 1000 == 0) {
        size /= 1000;
        unit = "k";
    }
    (void)snprintf(text, sizeof(texts[0]), "%u%s", size, unit);
    return text;
}

/* work_size_batch */
static void name_run(char out[64], const struct state_run *run)
{
    (void)snprintf(out, 64, "%s_%s_%s", state_works[run->work].name, size_text(run->size),
                   size_text(run->batch));
}

static void say(const char *name, const char *who, const struct state_outcome *outcome)
{
    (void)fprintf(
        stderr,
        "%-22s %-6s %8.0f/s, %4u blocks; ms of a block: read %.2f trie %.2f write %.2f "
        "sync %.2f flush %.2f, cpu %.2f; commit p50 %.2f p99 %.2f max %.2f; %.0f B written for an "
        "update, %.0f B a leaf, %.0f MB\n",
        name, who, outcome->updates_per_s, outcome->block_count, outcome->read_ms, outcome->trie_ms,
        outcome->write_ms, outcome->sync_ms, outcome->flush_ms, outcome->cpu_ms,
        outcome->commit_p50_ms, outcome->commit_p99_ms, outcome->commit_max_ms,
        outcome->update_size, outcome->leaf_size, outcome->resident_mb);
}

static void say_slow(const char *name, const struct state_phases *slow)
{
    (void)fprintf(stderr,
                  "%-22s slowest commits, one in a hundred, ms: trie %.2f (cpu %.2f) write %.2f "
                  "sync %.2f flush %.2f (cpu %.2f)\n",
                  name, slow->trie, slow->trie_cpu, slow->write_cpu, slow->sync, slow->flush,
                  slow->flush_cpu);
}

static void say_goal(const char *name, double value, double goal, bool is_floor)
{
    bool is_reached = is_floor ? value >= goal : value <= goal;
    (void)fprintf(stderr, "%-22s goal of %.4g %s: %.4g\n", name, goal,
                  is_reached ? "reached" : "not reached", value);
}

/* ---- runs ---- */

static struct state_outcome fill(run_function *function, const char *name,
                                 enum state_work_kind work, uint32_t size)
{
    const struct state_run run = {
        .work = work, .size = size, .batch = FILL_BATCH, .block_max = size / FILL_BATCH};
    if (mkdir(path_of(name), 0700) != 0) bench_fail("bench_state: cannot make %s", name);
    return run_alone(function, name, &run);
}

/* Where a cell runs. */
enum {
    ON_100K = 1,
    ON_1M = 2,
    ON_5M = 4,
    QUICK_ON_100K = 8,
    QUICK_ON_1M = 16,
};

static const struct state {
    uint32_t size;
    unsigned runs; /* what runs on it */
    unsigned quick_runs;
    double open_max; /* seconds: at least that fast */
    double open_goal;
} states[] = {
    {QUICK_SIZE, ON_100K, QUICK_ON_100K, 1, 0.5},
    {MILLION, ON_1M, QUICK_ON_1M, 4, 2},
    {5 * MILLION, ON_5M, 0, 20, 10},
};

static struct cell {
    enum state_work_kind work;
    uint32_t batch;
    unsigned runs;
    bool has_nomt;
    struct state_outcome ours;
    struct state_outcome plain;
    struct state_outcome disk;
    struct state_outcome nomt;
} cells[] = {
    {STATE_UPDATE, 100, ON_100K | ON_1M | ON_5M | QUICK_ON_100K, .has_nomt = true},
    {STATE_UPDATE, 1000, ON_100K | ON_1M | ON_5M | QUICK_ON_1M, .has_nomt = true},
    {STATE_UPDATE, 10000, ON_100K | ON_1M | ON_5M | QUICK_ON_100K | QUICK_ON_1M, .has_nomt = true},
    {STATE_UPDATE, 50000, ON_100K | ON_1M | ON_5M | QUICK_ON_100K, .has_nomt = true},
    {STATE_ZIPF, 10000, ON_1M | QUICK_ON_100K, .has_nomt = true},
    {STATE_CREATE, 10000, ON_1M | QUICK_ON_100K, .has_nomt = false},
    {STATE_TENKRANDOM, 10000, ON_1M, .has_nomt = false},
    {STATE_SINGLE, 1, ON_1M | QUICK_ON_100K, .has_nomt = false},
    {STATE_TRANSFER, 10000, ON_1M, .has_nomt = false},
    {STATE_TRANSFER_PARETO, 10000, ON_1M, .has_nomt = false},
};

static struct cell storage = {STATE_STORAGE, 10000, ON_1M, .has_nomt = false};

static struct state_run run_of(const struct cell *cell, uint32_t size)
{
    return (struct state_run){.work = cell->work,
                              .size = size,
                              .batch = cell->batch,
                              .block_max = STATE_BLOCKS_MAX,
                              .flush_count = is_quick ? 1 : 3};
}

static bool is_wanted(const char *name)
{
    struct au_bytes begin = au_bytes_of(name);
    if (begin.size > wanted.size) begin.size = wanted.size;
    return au_bytes_is_equal(begin, wanted);
}

/* The next cell from an index on that runs on a state; NULL: there is none. */
static struct cell *next_cell(const struct state *state, size_t *index)
{
    while (*index < AU_COUNT_OF(cells)) {
        char name[64];
        struct cell *cell = &cells[(*index)++];
        const struct state_run run = run_of(cell, state->size);
        name_run(name, &run);
        bool is_here = (cell->runs & (is_quick ? state->quick_runs : state->runs)) != 0;
        if (is_here && is_wanted(name)) return cell;
    }
    return NULL;
}

/* Ours, and the store without a trie and the disk without a store, which do as many blocks. */
static void run_cell(struct cell *cell, const char *name, uint32_t size)
{
    char run_name[64];
    struct state_run run = run_of(cell, size);
    name_run(run_name, &run);
    cell->ours = run_on_copy(state_run_blocks, name, &run);
    say(run_name, "ours", &cell->ours);
    say_slow(run_name, &cell->ours.slow);
    run.block_max = cell->ours.block_count;
    cell->plain = run_on_copy(state_run_plain, name, &run);
    say(run_name, "plain", &cell->plain);
    run.block_size = (size_t)(cell->ours.update_size * run.batch);
    run.block_ms = 1e3 * run.batch / cell->ours.updates_per_s;
    cell->disk = run_alone(state_run_disk, "disk", &run);
    say(run_name, "disk", &cell->disk);
}

static void run_nomt(const struct state *state)
{
    struct cell *cell;
    struct state_outcome filled = fill(state_nomt_fill, "nomt", STATE_CREATE, state->size);
    (void)fprintf(stderr, "%s accounts filled in: %.0f s by NOMT\n", size_text(state->size),
                  filled.once.wall_s);
    for (size_t index = 0; (cell = next_cell(state, &index));) {
        char run_name[64];
        struct state_run run = run_of(cell, state->size);
        if (!cell->has_nomt) continue;
        run.block_max = NOMT_UPDATES / cell->batch;
        if (run.block_max > NOMT_BLOCKS) run.block_max = NOMT_BLOCKS;
        cell->nomt = run_on_copy(state_nomt_blocks, "nomt", &run);
        name_run(run_name, &run);
        say(run_name, "NOMT", &cell->nomt);
    }
    remove_store("nomt");
}

/* Opening a store that is current, one that is not, and making its tries' records anew, which
 * proves the root that the blocks have led to. */
static const struct opening {
    const char *name;
    run_function *function;
    const char *yardstick;
    bool is_behind;
} openings[] = {
    {"reopen", state_run_open, "the store opened and its branches walked over", false},
    {"reopen_behind", state_run_open, "the store opened and its branches walked over", true},
    {"rebuild", state_run_rebuild, "a walk over accounts and slots", true},
};

static void name_opening(char out[64], const struct opening *opening, const struct state *state)
{
    (void)snprintf(out, 64, "%s_%s", opening->name, size_text(state->size));
}

static bool is_opening_wanted(const struct state *state)
{
    for (size_t i = 0; i < AU_COUNT_OF(openings); i++) {
        char name[64];
        name_opening(name, &openings[i], state);
        if (is_wanted(name)) return true;
    }
    return false;
}

static void run_openings(const struct state *state)
{
    for (size_t i = 0; i < AU_COUNT_OF(openings); i++) {
        char name[64], cpu_name[80];
        const struct state_run run = {.work = STATE_UPDATE, .size = state->size};
        name_opening(name, &openings[i], state);
        if (!is_wanted(name)) continue;
        const struct state_run blocks = {
            .work = STATE_UPDATE, .size = state->size, .batch = 1000, .block_max = 100};
        copy_store("ours", "copy");
        if (openings[i].is_behind) (void)run_alone(state_run_until_killed, "copy", &blocks);
        struct state_outcome outcome = run_alone(openings[i].function, "copy", &run);
        remove_store("copy");
        report((struct bench_figure){name, outcome.once.wall_s, "s", openings[i].yardstick,
                                     outcome.yard.wall_s, state->open_max, BENCH_AT_MOST});
        say_goal(name, outcome.once.wall_s, state->open_goal, false);
        (void)snprintf(cpu_name, sizeof(cpu_name), "%s_cpu", name);
        report((struct bench_figure){cpu_name, outcome.once.cpu_s, "s", openings[i].yardstick,
                                     outcome.yard.cpu_s, state->open_max, BENCH_AT_MOST});
    }
}

/* ---- figures ---- */

static void report_cell(const struct cell *cell, uint32_t size)
{
    char name[64], other[80];
    const struct state_run run = run_of(cell, size);
    double ours = cell->ours.updates_per_s;
    name_run(name, &run);
    report((struct bench_figure){name, ours, "updates/s", "the same store without a trie",
                                 cell->plain.updates_per_s, PLAIN_RATIO, BENCH_RATIO_AT_LEAST});
    if (cell->nomt.block_count == 0) return;
    (void)snprintf(other, sizeof(other), "%s_nomt", name);
    report((struct bench_figure){other, ours, "updates/s", "NOMT", cell->nomt.updates_per_s,
                                 size == MILLION ? 2 : 1, BENCH_RATIO_AT_LEAST});
}

/* The trie by itself, on one core and on two. */
static void report_trie(const struct state_outcome *ours)
{
    struct state_run run = {
        .work = STATE_UPDATE, .size = MILLION, .batch = 10000, .block_max = 50, .is_alone = true};
    struct state_outcome one = run_alone(state_run_trie, "trie", &run);
    say("trie_1m_10k", "trie", &one);
    run.is_alone = false;
    struct state_outcome two = run_alone(state_run_trie, "trie", &run);
    say("trie_1m_10k_two_cores", "trie", &two);
    report((struct bench_figure){"trie_1m_10k", one.updates_per_s, "updates/s",
                                 "the trie with the store", ours->updates_per_s, 400e3,
                                 BENCH_AT_LEAST});
    say_goal("trie_1m_10k", one.updates_per_s, 600e3, true);
    report((struct bench_figure){"trie_1m_10k_two_cores", two.updates_per_s, "updates/s",
                                 "one core", one.updates_per_s, 600e3, BENCH_AT_LEAST});
    say_goal("trie_1m_10k_two_cores", two.updates_per_s, 1e6, true);
}

/* What the state engine is to reach on a million accounts. */
static void report_million(const struct cell *cell)
{
    const struct state_outcome *ours = &cell->ours;
    if (cell->work != STATE_UPDATE) return;
    if (cell->batch == 1000) {
        report((struct bench_figure){"commit_p99_1m_1k", ours->commit_p99_ms, "ms",
                                     "the same store without a trie", cell->plain.commit_p99_ms, 12,
                                     BENCH_AT_MOST});
        say_goal("commit_p99_1m_1k", ours->commit_p99_ms, 8, false);
        report((struct bench_figure){"commit_p99_1m_1k_disk", ours->commit_p99_ms, "ms",
                                     "as many bytes appended to a file and synced",
                                     cell->disk.commit_p99_ms, 12, BENCH_AT_MOST});
        report((struct bench_figure){"flush_1m_1k_cpu_max", ours->flush_max_cpu_ms, "ms",
                                     "the trie of a block", ours->trie_ms, FLUSH_MAX_MS,
                                     BENCH_AT_MOST});
    }
    if (cell->batch != 10000) return;
    report((struct bench_figure){"durable_1m_10k", ours->updates_per_s, "updates/s",
                                 "the same store without a trie", cell->plain.updates_per_s, 60e3,
                                 BENCH_AT_LEAST});
    say_goal("durable_1m_10k", ours->updates_per_s, 100e3, true);
    report((struct bench_figure){"leaf_1m", ours->leaf_size, "bytes", "a hash", 32, 300,
                                 BENCH_AT_MOST});
    say_goal("leaf_1m", ours->leaf_size, 200, false);
    report_trie(ours);
}

static const struct state_proofs proofs[] = {
    {"proofs_1m", 0, false},
    {"proofs_1m_absent", 0, true},
    {"proofs_1m_slots", 1, false},
    {"proofs_1m_many", 49, false}, /* as many as one answer has */
};

/* All that is needed is in memory. Each key counts as a proof. */
static void report_proofs(const char *state, uint32_t size, const struct state_proofs *kind)
{
    char names[3][64];
    static const char *const suffixes[] = {"made", "verified", "verified_sdk"};
    const struct state_run run = {.work = STATE_UPDATE, .size = size, .proofs = kind};
    for (size_t i = 0; i < AU_COUNT_OF(names); i++)
        (void)snprintf(names[i], sizeof(names[i]), "%s_%s", kind->name, suffixes[i]);
    struct state_outcome outcome = run_alone(state_run_prove, state, &run);
    (void)fprintf(stderr, "%-22s %.0f bytes a proof; %.0f MB\n", kind->name, outcome.proof_size,
                  outcome.resident_mb);
    report((struct bench_figure){names[0], outcome.made_per_s, "proofs/s",
                                 "their records read alone", outcome.read_per_s, 150e3,
                                 BENCH_AT_LEAST});
    say_goal(names[0], outcome.made_per_s, 300e3, true);
    report((struct bench_figure){names[1], outcome.verified_per_s, "proofs/s",
                                 "their nodes hashed alone", outcome.hashed_per_s, 100e3,
                                 BENCH_AT_LEAST});
    say_goal(names[1], outcome.verified_per_s, 200e3, true);
    report((struct bench_figure){names[2], outcome.sdk_per_s, "proofs/s", "verified by the node",
                                 outcome.verified_per_s, 20e3, BENCH_AT_LEAST});
}

/* Those that are wanted of the kinds that are about slots, or not. */
static void bench_proofs(const char *state, uint32_t size, bool has_slots)
{
    for (size_t i = 0; i < AU_COUNT_OF(proofs); i++) {
        bool is_here = (proofs[i].slot_count > 0) == has_slots;
        if (is_here && is_wanted(proofs[i].name)) report_proofs(state, size, &proofs[i]);
    }
}

static void bench_state(const struct state *state)
{
    struct cell *cell;
    size_t first = 0;
    bool has_cells = next_cell(state, &first) != NULL;
    bool has_openings = is_opening_wanted(state) && (!is_quick || has_cells);
    bool has_proofs =
        state->size == MILLION && (is_wanted("proofs_1m") || is_wanted("proofs_1m_absent"));
    if (!has_cells && !has_openings && !has_proofs) return;
    struct state_outcome filled = fill(state_run_fill, "ours", STATE_CREATE, state->size);
    say("fill", "ours", &filled);
    for (size_t index = 0; (cell = next_cell(state, &index));) {
        run_cell(cell, "ours", state->size);
    }
    if (has_openings) run_openings(state);
    if (has_proofs) bench_proofs("ours", state->size, false);
    remove_store("ours");
    if (has_cells && state_nomt_program()) run_nomt(state);
    for (size_t index = 0; (cell = next_cell(state, &index));) {
        report_cell(cell, state->size);
        if (state->size == MILLION) report_million(cell);
    }
}

static void bench_storage(void)
{
    char name[64];
    const struct state_run run = run_of(&storage, MILLION);
    name_run(name, &run);
    bool has_cell = is_wanted(name);
    bool has_proofs = is_wanted("proofs_1m_slots") || is_wanted("proofs_1m_many");
    if (!has_cell && !has_proofs) return;
    struct state_outcome filled = fill(state_run_fill, "slots", STATE_FILL_SLOTS, MILLION);
    say("fill_slots", "ours", &filled);
    if (has_cell) run_cell(&storage, "slots", MILLION);
    if (has_proofs) bench_proofs("slots", MILLION, true);
    remove_store("slots");
    if (has_cell) report_cell(&storage, MILLION);
}

/* Buffers and caches are small, so that what grows is not one of them. */
static void bench_memory(void)
{
    static const char name[] = "resident_10000_blocks";
    const struct state_run run = {.work = STATE_UPDATE,
                                  .size = QUICK_SIZE,
                                  .batch = FLAT_BATCH,
                                  .block_max = FLAT_BLOCKS,
                                  .is_small = true};
    if (!is_wanted(name)) return;
    (void)fill(state_run_fill, "ours", STATE_CREATE, run.size);
    struct state_outcome outcome = run_alone(state_run_blocks, "ours", &run);
    say(name, "ours", &outcome);
    remove_store("ours");
    report((struct bench_figure){name, outcome.resident_mb, "MB", "after 2,000 blocks",
                                 outcome.resident_before_mb, 1.1, BENCH_RATIO_AT_MOST});
}

int main(int argc, char **argv)
{
    struct au_bytes option = au_bytes_of(argc > 1 ? argv[1] : "");
    int arg = 1;
    if (au_bytes_is_equal(option, au_bytes_of("--quick"))) {
        is_quick = true;
        arg = 2;
    } else if (argc > 2 && au_bytes_is_equal(option, au_bytes_of("--only"))) {
        wanted = au_bytes_of(argv[2]);
        arg = 3;
    }
    const char *parent = argc > arg ? argv[arg] : "/var/tmp";
    (void)snprintf(folder, sizeof(folder), "%s/bench_state-XXXXXX", parent);
    if (!mkdtemp(folder)) bench_fail("bench_state: cannot make a folder in %s", parent);
    if (!state_nomt_program()) (void)fprintf(stderr, "no NOMT: it is left out\n");
    for (size_t i = 0; i < AU_COUNT_OF(states); i++) {
        bench_state(&states[i]);
    }
    if (!is_quick) bench_storage();
    bench_memory();
    if (folder_remove(folder) != 0) bench_fail("bench_state: cannot remove %s", folder);
    return all_met ? 0 : 2;
}
