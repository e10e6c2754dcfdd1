#include "state_run.h"

#include <string.h>

#include "state/verify.h"
#include "state_engine.h"
#include "state_store.h"
#include "text.h"

/* ---- blocks ---- */

/* A contract: an account record of 90 bytes, about the 72 that NOMT is given. */
static void change_account(struct engine *engine, const struct state_op *op)
{
    struct au_account account;
    struct au_address address = state_address(op->account);
    state_check(au_overlay_get_account(&engine->overlay, &address, &account), "an account");
    if (!account.exists) {
        account = (struct au_account){.exists = true, .has_code = true, .has_admin = true};
        account.admin = address;
        memcpy(account.code_hash.bytes, address.bytes, AU_HASH_SIZE);
    }
    account.balance += 1 + engine->head.height;
    if (op->is_del) account = (struct au_account){0};
    state_check(au_overlay_put_account(&engine->overlay, &address, account), "an account");
}

static void change_slot(struct engine *engine, const struct state_op *op)
{
    struct au_slot slot;
    uint8_t value[STATE_VALUE_SIZE] = {1};
    struct au_address address = state_address(op->account);
    struct au_bytes key = {(const uint8_t *)&op->slot_count, sizeof(op->slot_count)};
    state_check(au_overlay_get_slot(&engine->overlay, &address, key, &slot), "a slot");
    if (slot.exists) memcpy(value, slot.value.data, slot.value.size);
    value[engine->head.height % sizeof(value)]++;
    state_check(au_overlay_put_slot(&engine->overlay, &address, key,
                                    (struct au_bytes){value, sizeof(value)}),
                "a slot");
}

static double commit_ms(const struct state_phases *phases)
{
    return phases->trie + phases->write_cpu + phases->sync + phases->flush;
}

static int compare_commits(const void *a, const void *b)
{
    double x = commit_ms(a);
    double y = commit_ms(b);
    return (x > y) - (x < y);
}

static void change_all(struct engine *engine, const struct state_op *ops, size_t count)
{
    au_overlay_reset(&engine->overlay);
    au_flat_use_cache(&engine->flat, engine->commit.objects, engine->head.height);
    for (size_t i = 0; i < count; i++) {
        if (ops[i].slot_count > 0) {
            change_slot(engine, &ops[i]);
        } else {
            change_account(engine, &ops[i]);
        }
    }
}

/* Commits the changes of a block as src/ledger/finish.c does. */
static void commit_block(struct engine *engine, struct state_phases *out)
{
    struct head head = {.height = engine->head.height + 1};
    double start = bench_wall_ns();
    double cpu = bench_now_ns();
    au_kv_batch_clear(&engine->batch);
    state_check(
        au_commit_seal(&engine->commit, &engine->overlay, head.height, &engine->batch, &head.root),
        "sealing");
    au_kv_batch_put(&engine->batch, AU_CF_META, au_bytes_of("head"),
                    (struct au_bytes){(const uint8_t *)&head, sizeof(head)});
    double sealed = bench_wall_ns();
    double sealed_cpu = bench_now_ns();
    au_trie_lock(&engine->commit.tries);
    state_check(au_kv_write(&engine->kv, &engine->batch, /* is_synced */ true), "writing");
    double written = bench_wall_ns();
    double written_cpu = bench_now_ns();
    au_commit_done(&engine->commit);
    au_trie_unlock(&engine->commit.tries);
    engine->head = head;
    double flush_cpu = bench_now_ns();
    state_check(au_commit_flush_if_due(&engine->commit), "flushing");
    out->flush_cpu = (bench_now_ns() - flush_cpu) / 1e6;
    out->trie = (sealed - start) / 1e6;
    out->trie_cpu = (sealed_cpu - cpu) / 1e6;
    out->write_cpu = (written_cpu - sealed_cpu) / 1e6;
    out->sync = (written - sealed) / 1e6 - out->write_cpu;
    out->flush = (bench_wall_ns() - written) / 1e6;
}

static struct state_phases mean(const struct state_phases *phases, size_t count)
{
    struct state_phases sum = {0};
    for (size_t i = 0; i < count; i++) {
        sum.read += phases[i].read;
        sum.trie += phases[i].trie;
        sum.trie_cpu += phases[i].trie_cpu;
        sum.write_cpu += phases[i].write_cpu;
        sum.sync += phases[i].sync;
        sum.flush += phases[i].flush;
        sum.flush_cpu += phases[i].flush_cpu;
    }
    double *const parts[] = {&sum.read, &sum.trie,  &sum.trie_cpu, &sum.write_cpu,
                             &sum.sync, &sum.flush, &sum.flush_cpu};
    for (size_t i = 0; i < AU_COUNT_OF(parts); i++)
        *parts[i] /= (double)count;
    return sum;
}

static void add_phases(struct state_outcome *out, const struct state_phases *phases)
{
    out->read_ms += phases->read;
    out->trie_ms += phases->trie;
    out->write_ms += phases->write_cpu;
    out->sync_ms += phases->sync;
    out->flush_ms += phases->flush;
    if (phases->flush_cpu > out->flush_max_cpu_ms) out->flush_max_cpu_ms = phases->flush_cpu;
}

/* All blocks' phases, which are sorted. */
static void finish(struct state_outcome *out, struct state_phases *phases, uint32_t count)
{
    static double commits[STATE_BLOCKS_MAX];
    uint32_t slow_count = count / 100 > 0 ? count / 100 : 1;
    qsort(phases, count, sizeof(*phases), compare_commits);
    for (uint32_t i = 0; i < count; i++) {
        add_phases(out, &phases[i]);
        commits[i] = commit_ms(&phases[i]);
    }
    out->slow = mean(&phases[count - slow_count], slow_count);
    state_outcome_finish(out, commits, count);
}

static void run_blocks(struct engine *engine, struct state_stream *stream,
                       const struct state_run *run, struct state_outcome *out)
{
    static struct state_op ops[STATE_BATCH_MAX];
    static struct state_phases phases[STATE_BLOCKS_MAX];
    uint64_t flushed = engine->commit.flushed_height;
    uint32_t flush_count = 0, count = 0;
    double wall_ms = 0, size = 0;
    AU_ASSERT(run->batch <= STATE_BATCH_MAX && run->block_max <= STATE_BLOCKS_MAX);
    double cpu_ms = state_cpu_ms();
    while (count < run->block_max && (run->flush_count == 0 || flush_count < run->flush_count)) {
        state_stream_next(stream, ops, run->batch);
        double start = bench_wall_ns();
        change_all(engine, ops, run->batch);
        phases[count].read = (bench_wall_ns() - start) / 1e6;
        commit_block(engine, &phases[count++]);
        wall_ms += (bench_wall_ns() - start) / 1e6;
        size += (double)engine->batch.ops.size;
        if (count == run->block_max / 5) out->resident_before_mb = bench_resident_mb("/proc/self");
        if (engine->commit.flushed_height != flushed) flush_count++;
        flushed = engine->commit.flushed_height;
    }
    out->cpu_ms = state_cpu_ms() - cpu_ms;
    finish(out, phases, count);
    out->updates_per_s = 1e3 * count * run->batch / wall_ms;
    out->update_size = size / count / run->batch;
    out->leaf_size = state_leaf_size(&engine->commit.tries);
}

void state_run_fill(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct engine engine;
    struct state_stream stream;
    state_engine_open(&engine, folder, false);
    state_stream_init(&stream, run->work, run->size);
    stream.next = 0;
    run_blocks(&engine, &stream, run, out);
    state_stream_done(&stream);
    state_engine_close(&engine);
}

static void run_on(struct engine *engine, const char *folder, const struct state_run *run,
                   struct state_outcome *out)
{
    struct state_stream stream;
    state_engine_open(engine, folder, run->is_small);
    state_stream_init(&stream, run->work, run->size);
    run_blocks(engine, &stream, run, out);
    state_stream_done(&stream);
}

void state_run_blocks(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct engine engine;
    run_on(&engine, folder, run, out);
    state_engine_close(&engine);
}

void state_run_until_killed(const char *folder, const struct state_run *run,
                            struct state_outcome *out)
{
    static struct engine engine; /* what it holds is still held when the process ends */
    run_on(&engine, folder, run, out);
    AU_ASSERT(engine.commit.flushed_height < engine.head.height);
}

/* ---- once ---- */

static void walk(const struct au_kv *kv, enum au_cf cf)
{
    struct au_kv_iter iter;
    struct au_kv_entry entry;
    const struct au_kv_range range = {.cf = cf};
    state_check(au_kv_iter_open(kv, NULL, &range, &iter), "walking");
    while (au_kv_iter_next(&iter, &entry) == AU_OK) {
    }
    au_kv_iter_close(&iter);
}

static struct state_time now(void)
{
    return (struct state_time){bench_wall_ns() / 1e9, state_cpu_ms() / 1e3};
}

static struct state_time since(struct state_time start)
{
    struct state_time end = now();
    return (struct state_time){end.wall_s - start.wall_s, end.cpu_s - start.cpu_s};
}

void state_run_open(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct engine engine;
    struct state_time start = now();
    state_engine_open(&engine, folder, run->is_small);
    out->once = since(start);
    out->leaf_size = state_leaf_size(&engine.commit.tries);
    out->resident_mb = bench_resident_mb("/proc/self");
    state_engine_close(&engine);
    start = now();
    engine.kv = state_store_open(folder, run->is_small);
    walk(&engine.kv, AU_CF_TRI);
    out->yard = since(start);
    au_kv_close(&engine.kv);
}

void state_run_rebuild(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct head head;
    struct au_buf message;
    struct au_kv kv = state_store_open(folder, run->is_small);
    au_buf_init(&message, 1024);
    AU_ASSERT(state_read_head(&kv, &head));
    struct state_time start = now();
    state_check(au_state_rebuild(&kv, head.height, &head.root, AU_REBUILD_HELD_MAX, &message),
                (const char *)message.data);
    out->once = since(start);
    start = now();
    walk(&kv, AU_CF_ACC);
    walk(&kv, AU_CF_STO);
    out->yard = since(start);
    out->resident_mb = bench_resident_mb("/proc/self");
    au_buf_done(&message);
    au_kv_close(&kv);
}
