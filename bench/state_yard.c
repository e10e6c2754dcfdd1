#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "bench.h"
#include "state/commit.h"
#include "state_store.h"
#include "store/memkv.h"
#include "text.h"

#define BATCH_SIZE_MAX ((size_t)2 << 30)
#define RECORD_SIZE    90u /* bytes of a contract's account */
#define LEAF_SIZE      80u /* bytes of it in the trie, about */

/* ---- a store without a trie ---- */

/* A change by what it is stored under. */
struct record {
    struct au_hash halves[2];
    struct state_op op;
};

static struct au_bytes key_of(const struct record *record)
{
    bool is_slot = record->op.slot_count > 0;
    return (struct au_bytes){record->halves[0].bytes, is_slot ? 2u * AU_HASH_SIZE : AU_HASH_SIZE};
}

static enum au_cf family_of(const struct record *record)
{
    return record->op.slot_count > 0 ? AU_CF_STO : AU_CF_ACC;
}

/* Reads all records, in the order of changes. */
static void read_all(const struct au_kv *kv, struct record *records, const struct state_op *ops,
                     size_t count)
{
    struct au_buf value;
    au_buf_init(&value, 1024);
    for (size_t i = 0; i < count; i++) {
        struct record *record = &records[i];
        struct au_address address = state_address(ops[i].account);
        uint32_t slot = ops[i].slot_count;
        record->op = ops[i];
        record->halves[0] = au_flat_account_key(&address);
        record->halves[1] =
            au_flat_key_hash((struct au_bytes){(const uint8_t *)&slot, sizeof(slot)});
        enum au_err err = au_kv_get(kv, NULL, family_of(record), key_of(record), &value);
        if (err != AU_ERR_NOT_FOUND) state_check(err, "a record");
    }
    au_buf_done(&value);
}

static int compare_records(const void *a, const void *b)
{
    return memcmp(a, b, 2u * AU_HASH_SIZE);
}

static void put_all(struct au_kv_batch *batch, struct record *records, size_t count, uint32_t block)
{
    uint8_t account[RECORD_SIZE] = {1}, slot[1 + STATE_VALUE_SIZE] = {1};
    qsort(records, count, sizeof(*records), compare_records);
    memcpy(account + 1, &block, sizeof(block));
    memcpy(slot + 1, &block, sizeof(block));
    for (size_t i = 0; i < count; i++) {
        const struct record *record = &records[i];
        bool is_slot = record->op.slot_count > 0;
        if (record->op.is_del) {
            au_kv_batch_del(batch, family_of(record), key_of(record));
        } else {
            au_kv_batch_put(batch, family_of(record), key_of(record),
                            is_slot ? (struct au_bytes){slot, sizeof(slot)}
                                    : (struct au_bytes){account, sizeof(account)});
        }
    }
}

void state_run_plain(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    static struct state_op ops[STATE_BATCH_MAX];
    static struct record records[STATE_BATCH_MAX];
    static double commits[STATE_BLOCKS_MAX];
    struct au_kv kv = state_store_open(folder, run->is_small);
    struct au_kv_batch batch;
    struct state_stream stream;
    double wall_ms = 0;
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    state_stream_init(&stream, run->work, run->size);
    double cpu_ms = state_cpu_ms();
    for (uint32_t block = 0; block < run->block_max; block++) {
        state_stream_next(&stream, ops, run->batch);
        au_kv_batch_clear(&batch);
        double start = bench_wall_ns();
        read_all(&kv, records, ops, run->batch);
        double read = bench_wall_ns();
        put_all(&batch, records, run->batch, block);
        double cpu = bench_now_ns();
        state_check(au_kv_write(&kv, &batch, /* is_synced */ true), "writing");
        cpu = bench_now_ns() - cpu;
        double end = bench_wall_ns();
        commits[block] = (end - read) / 1e6;
        wall_ms += (end - start) / 1e6;
        out->read_ms += (read - start) / 1e6;
        out->write_ms += cpu / 1e6;
        out->sync_ms += (end - read - cpu) / 1e6;
    }
    out->cpu_ms = state_cpu_ms() - cpu_ms;
    state_outcome_finish(out, commits, run->block_max);
    out->updates_per_s = 1e3 * run->block_max * run->batch / wall_ms;
    state_stream_done(&stream);
    au_kv_batch_done(&batch);
    au_kv_close(&kv);
}

/* ---- a trie without a store ---- */

static int compare_updates(const void *a, const void *b)
{
    return memcmp(a, b, AU_HASH_SIZE);
}

static size_t make_updates(struct au_trie_update *updates, const struct state_op *ops, size_t count,
                           struct au_bytes value)
{
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        struct au_address address = state_address(ops[i].account);
        updates[i] = (struct au_trie_update){.key = au_flat_account_key(&address), .value = value};
    }
    qsort(updates, count, sizeof(*updates), compare_updates);
    for (size_t i = 1; i < count; i++) {
        if (compare_updates(&updates[kept], &updates[i]) != 0) updates[++kept] = updates[i];
    }
    return kept + 1;
}

static void apply(struct au_trie_cache *tries, struct au_trie_update *updates, size_t count,
                  bool existed)
{
    struct au_trie_root root;
    for (size_t i = 0; i < count; i++) {
        updates[i].existed = existed;
    }
    const struct au_trie_batch batch = {.updates = updates, .update_count = count};
    state_check(au_trie_apply(tries, &batch, &root), "the trie");
    au_trie_cache_commit(tries);
}

void state_run_trie(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    static const struct au_seed seed = {{1, 2}};
    static struct state_op ops[STATE_BATCH_MAX];
    static double commits[STATE_BLOCKS_MAX];
    struct au_trie_update *updates = au_mem_new(run->size * sizeof(*updates));
    struct state_op *all = au_mem_new(run->size * sizeof(*all));
    struct au_trie_cache tries;
    struct au_kv kv; /* empty: all is in memory, and nothing is flushed */
    struct state_stream stream;
    uint8_t leaf[LEAF_SIZE] = {1};
    struct au_bytes value = {leaf, sizeof(leaf)};
    double trie_ms = 0, count = 0;
    double (*now_ns)(void) = run->is_alone ? bench_now_ns : bench_wall_ns;
    (void)folder;
    AU_ASSERT(updates && all);
    state_check(au_memkv_open(&kv), "memory");
    state_check(au_trie_cache_init(&tries, &kv, &seed, SIZE_MAX), "tries");
    if (run->is_alone) tries.parallel_min = SIZE_MAX;
    for (uint32_t i = 0; i < run->size; i++) {
        all[i] = (struct state_op){.account = i};
    }
    apply(&tries, updates, make_updates(updates, all, run->size, value), false);
    state_stream_init(&stream, run->work, run->size);
    for (uint32_t block = 0; block < run->block_max; block++) {
        state_stream_next(&stream, ops, run->batch);
        memcpy(leaf + 1, &block, sizeof(block));
        size_t update_count = make_updates(updates, ops, run->batch, value);
        double start = now_ns();
        apply(&tries, updates, update_count, true);
        commits[block] = (now_ns() - start) / 1e6;
        trie_ms += commits[block];
        count += (double)update_count;
    }
    out->trie_ms = trie_ms;
    state_outcome_finish(out, commits, run->block_max);
    out->updates_per_s = 1e3 * count / trie_ms;
    out->leaf_size = state_leaf_size(&tries);
    state_stream_done(&stream);
    au_trie_cache_done(&tries);
    au_kv_close(&kv);
    au_mem_free(all);
    au_mem_free(updates);
}

/* ---- a disk without a store ---- */

void state_run_disk(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    static double commits[STATE_BLOCKS_MAX];
    uint8_t *block = au_mem_new(run->block_size);
    char path[PATH_MAX];
    (void)snprintf(path, sizeof(path), "%s.log", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0 || !block) bench_fail("bench_state: cannot begin %s", path);
    double begin = bench_wall_ns();
    for (uint32_t i = 0; i < run->block_max; i++) {
        double start = bench_wall_ns();
        ssize_t size = write(fd, block, run->block_size);
        if (size != (ssize_t)run->block_size || fdatasync(fd) != 0)
            bench_fail("bench_state: cannot write %s", path);
        double end = bench_wall_ns();
        commits[i] = (end - start) / 1e6;
        out->sync_ms += commits[i];
        double left_us = (run->block_ms * 1e6 - (end - start)) / 1e3;
        if (left_us > 0) (void)usleep((useconds_t)left_us);
    }
    out->updates_per_s = 1e9 * run->block_max * run->batch / (bench_wall_ns() - begin);
    state_outcome_finish(out, commits, run->block_max);
    (void)close(fd);
    (void)unlink(path);
    au_mem_free(block);
}
