#include "state_nomt.h"

#include <sys/wait.h>
#include <unistd.h>

#include "state_store.h"
#include "text.h"

const char *state_nomt_program(void)
{
    return getenv("BENCH_NOMT");
}

struct child {
    pid_t process;
    FILE *output;
};

static struct child start(const char *const *args)
{
    int ends[2];
    AU_ASSERT(pipe(ends) == 0);
    struct child child = {.process = fork()};
    AU_ASSERT(child.process >= 0);
    if (child.process == 0) {
        if (dup2(ends[1], STDOUT_FILENO) >= 0) {
            (void)close(ends[0]);
            (void)close(ends[1]);
            (void)execv(args[0], (char *const *)(uintptr_t)args);
        }
        _exit(127);
    }
    (void)close(ends[1]);
    child.output = fdopen(ends[0], "r");
    AU_ASSERT(child.output);
    return child;
}

static void await_end(struct child child)
{
    int status = 0;
    (void)fclose(child.output);
    AU_ASSERT(waitpid(child.process, &status, 0) == child.process);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) bench_fail("bench_state: NOMT has failed");
}

void state_nomt_fill(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    char count[16];
    (void)snprintf(count, sizeof(count), "%u", run->size);
    const char *const args[] = {state_nomt_program(), "fill", folder, count, NULL};
    double start_ns = bench_wall_ns();
    await_end(start(args));
    out->once.wall_s = (bench_wall_ns() - start_ns) / 1e9;
}

/* The accounts of all blocks, as the program reads them. */
static void write_ids(const char *path, const struct state_run *run)
{
    static struct state_op ops[STATE_BATCH_MAX];
    struct state_stream stream;
    FILE *file = fopen(path, "wbe");
    AU_ASSERT(file);
    state_stream_init(&stream, run->work, run->size);
    for (uint32_t block = 0; block < run->block_max; block++) {
        state_stream_next(&stream, ops, run->batch);
        for (uint32_t i = 0; i < run->batch; i++) {
            struct au_address address = state_address(ops[i].account);
            AU_ASSERT(!ops[i].is_del && ops[i].slot_count == 0);
            AU_ASSERT(fwrite(address.bytes, sizeof(ops[i].account), 1, file) == 1);
        }
    }
    AU_ASSERT(fclose(file) == 0);
    state_stream_done(&stream);
}

void state_nomt_blocks(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    char batch[16], ids[512];
    (void)snprintf(batch, sizeof(batch), "%u", run->batch);
    (void)snprintf(ids, sizeof(ids), "%s.ids", folder);
    write_ids(ids, run);
    const char *const args[] = {state_nomt_program(), "run", folder, batch, ids, NULL};
    struct child child = start(args);
    int count =
        fscanf(child.output,
               "{\"blocks\":%u,\"updates_per_s\":%lf,\"read_ms\":%lf,\"trie_ms\":%lf,"
               "\"write_ms\":%lf,\"cpu_ms\":%lf,\"p50_ms\":%lf,\"p99_ms\":%lf,\"max_ms\":%lf,"
               "\"resident_mb\":%lf}",
               &out->block_count, &out->updates_per_s, &out->read_ms, &out->trie_ms, &out->write_ms,
               &out->cpu_ms, &out->commit_p50_ms, &out->commit_p99_ms, &out->commit_max_ms,
               &out->resident_mb);
    await_end(child);
    AU_ASSERT(count == 10 && unlink(ids) == 0);
}
