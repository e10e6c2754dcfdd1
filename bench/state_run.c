#include "state_run.h"

#include <string.h>

#include "crypto/sha256.h"
#include "state/commit.h"
#include "state/proof.h"
#include "state/verify.h"
#include "state_store.h"
#include "text.h"

/* As in src/ledger. */
#define TRIES_SIZE_MAX   ((size_t)300 << 20)
#define ACCOUNTS_MAX     (1u << 18)
#define SLOTS_MAX        (1u << 18)
#define OVERLAY_SIZE_MAX ((size_t)4 << 30)
#define BATCH_SIZE_MAX   ((size_t)2 << 30)

static const struct au_seed seed = {{1, 2}};
static const struct au_commit_sizes sizes = {TRIES_SIZE_MAX, ACCOUNTS_MAX, SLOTS_MAX};

/* The last block, in the store like the header of a ledger's. */
struct head {
    uint64_t height;
    struct au_hash root;
};

struct engine {
    struct au_kv kv;
    struct au_commit commit;
    struct au_flat flat;
    struct au_state_source source;
    struct au_overlay overlay;
    struct au_kv_batch batch;
    struct head head;
};

/* ---- life ---- */

static bool read_head(const struct au_kv *kv, struct head *out_head)
{
    struct au_buf value;
    au_buf_init(&value, sizeof(*out_head));
    enum au_err err = au_kv_get(kv, NULL, AU_CF_META, au_bytes_of("head"), &value);
    if (err == AU_OK) memcpy(out_head, value.data, sizeof(*out_head));
    au_buf_done(&value);
    if (err != AU_ERR_NOT_FOUND) state_check(err, "the head");
    return err == AU_OK;
}

static void commit_open(struct engine *engine)
{
    struct au_buf message;
    au_buf_init(&message, 1024);
    state_check(au_commit_open(&engine->commit, engine->head.height, &engine->head.root, &message),
                (const char *)message.data);
    au_object_cache_advance(engine->commit.objects, engine->head.height,
                            &(struct au_object_updates){0});
    au_buf_done(&message);
}

static void engine_open(struct engine *engine, const char *folder, bool is_small)
{
    *engine = (struct engine){.kv = state_store_open(folder, is_small)};
    state_check(au_commit_init(&engine->commit, &engine->kv, &seed, &sizes), "tries");
    if (read_head(&engine->kv, &engine->head)) commit_open(engine);
    au_flat_init(&engine->flat, &engine->kv, NULL);
    engine->source = au_flat_source(&engine->flat);
    au_overlay_init(&engine->overlay, &seed, &engine->source, OVERLAY_SIZE_MAX);
    au_kv_batch_init(&engine->batch, BATCH_SIZE_MAX);
}

static void engine_close(struct engine *engine)
{
    au_kv_batch_done(&engine->batch);
    au_overlay_done(&engine->overlay);
    au_flat_done(&engine->flat);
    au_commit_finish(&engine->commit);
    au_kv_close(&engine->kv);
}

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

/* Milliseconds of a block. */
struct times {
    double read;
    double trie;
    double write;
    double sync;
    double flush;
    double flush_cpu; /* of this thread */
};

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
static void commit_block(struct engine *engine, struct times *times)
{
    struct head head = {.height = engine->head.height + 1};
    double start = bench_wall_ns();
    au_kv_batch_clear(&engine->batch);
    state_check(
        au_commit_seal(&engine->commit, &engine->overlay, head.height, &engine->batch, &head.root),
        "sealing");
    au_kv_batch_put(&engine->batch, AU_CF_META, au_bytes_of("head"),
                    (struct au_bytes){(const uint8_t *)&head, sizeof(head)});
    double sealed = bench_wall_ns();
    double cpu = bench_now_ns();
    au_trie_lock(&engine->commit.tries);
    state_check(au_kv_write(&engine->kv, &engine->batch, /* is_synced */ true), "writing");
    cpu = bench_now_ns() - cpu;
    double written = bench_wall_ns();
    au_commit_done(&engine->commit);
    au_trie_unlock(&engine->commit.tries);
    engine->head = head;
    double flush_cpu = bench_now_ns();
    state_check(au_commit_flush_if_due(&engine->commit), "flushing");
    times->flush_cpu = (bench_now_ns() - flush_cpu) / 1e6;
    times->trie = (sealed - start) / 1e6;
    times->write = cpu / 1e6;
    times->sync = (written - sealed - cpu) / 1e6;
    times->flush = (bench_wall_ns() - written) / 1e6;
}

static void run_blocks(struct engine *engine, struct state_stream *stream,
                       const struct state_run *run, struct state_outcome *out)
{
    static struct state_op ops[STATE_BATCH_MAX];
    static double commits[STATE_BLOCKS_MAX];
    uint64_t flushed = engine->commit.flushed_height;
    uint32_t flush_count = 0, count = 0;
    double wall_ms = 0, size = 0;
    AU_ASSERT(run->batch <= STATE_BATCH_MAX && run->block_max <= STATE_BLOCKS_MAX);
    double cpu_ms = state_cpu_ms();
    while (count < run->block_max && (run->flush_count == 0 || flush_count < run->flush_count)) {
        struct times times;
        state_stream_next(stream, ops, run->batch);
        double start = bench_wall_ns();
        change_all(engine, ops, run->batch);
        times.read = (bench_wall_ns() - start) / 1e6;
        commit_block(engine, &times);
        wall_ms += (bench_wall_ns() - start) / 1e6;
        commits[count++] = times.trie + times.write + times.sync + times.flush;
        out->read_ms += times.read;
        out->trie_ms += times.trie;
        out->write_ms += times.write;
        out->sync_ms += times.sync;
        out->flush_ms += times.flush;
        if (times.flush_cpu > out->flush_max_cpu_ms) out->flush_max_cpu_ms = times.flush_cpu;
        size += (double)engine->batch.ops.size;
        if (count == run->block_max / 5) out->resident_before_mb = bench_resident_mb("/proc/self");
        if (engine->commit.flushed_height != flushed) flush_count++;
        flushed = engine->commit.flushed_height;
    }
    out->cpu_ms = state_cpu_ms() - cpu_ms;
    state_outcome_finish(out, commits, count);
    out->updates_per_s = 1e3 * count * run->batch / wall_ms;
    out->update_size = size / count / run->batch;
    out->leaf_size = state_leaf_size(&engine->commit.tries);
}

void state_run_fill(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct engine engine;
    struct state_stream stream;
    engine_open(&engine, folder, false);
    state_stream_init(&stream, run->work, run->size);
    stream.next = 0;
    run_blocks(&engine, &stream, run, out);
    state_stream_done(&stream);
    engine_close(&engine);
}

static void run_on(struct engine *engine, const char *folder, const struct state_run *run,
                   struct state_outcome *out)
{
    struct state_stream stream;
    engine_open(engine, folder, run->is_small);
    state_stream_init(&stream, run->work, run->size);
    run_blocks(engine, &stream, run, out);
    state_stream_done(&stream);
}

void state_run_blocks(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    struct engine engine;
    run_on(&engine, folder, run, out);
    engine_close(&engine);
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
    engine_open(&engine, folder, run->is_small);
    out->once = since(start);
    out->leaf_size = state_leaf_size(&engine.commit.tries);
    out->resident_mb = bench_resident_mb("/proc/self");
    engine_close(&engine);
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
    AU_ASSERT(read_head(&kv, &head));
    struct state_time start = now();
    state_check(au_state_rebuild(&kv, head.height, &head.root, &message),
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

/* ---- proofs ---- */

#define PROVED_COUNT   20000u
#define PROOF_PASSES   5u
#define PROOF_SIZE_MAX ((size_t)1 << 16)

/* What is proved, and the proofs, one behind the other. */
struct proving {
    struct engine *engine;
    struct au_address addresses[PROVED_COUNT];
    struct au_hash keys[PROVED_COUNT];
    struct au_bytes proofs[PROVED_COUNT];
    struct au_buf bytes;
    struct au_buf leaf; /* scratch */
};

static const struct au_hash account_trie;

/* As a node does it: from the account that it has read. */
static void make_proof(struct proving *proving, const struct au_proof_source *source, size_t i)
{
    struct au_account account;
    au_buf_clear(&proving->leaf);
    state_check(au_flat_account(source->flat, &proving->addresses[i], &account), "an account");
    au_flat_account_leaf(&proving->leaf, &account);
    state_check(
        au_proof_make_of(source, &proving->keys[i], au_buf_bytes(&proving->leaf), &proving->bytes),
        "a proof");
}

static void make_proofs(struct proving *proving)
{
    const struct au_proof_source source = {&proving->engine->flat, &proving->engine->commit.tries,
                                           &account_trie};
    size_t starts[2] = {0, 0};
    au_buf_clear(&proving->bytes);
    au_trie_lock_shared(&proving->engine->commit.tries);
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        starts[0] = proving->bytes.size;
        make_proof(proving, &source, i);
        starts[1] = proving->bytes.size;
        proving->proofs[i] = (struct au_bytes){NULL, starts[1] - starts[0]};
    }
    au_trie_unlock(&proving->engine->commit.tries);
    const uint8_t *at = proving->bytes.data;
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        proving->proofs[i].data = at;
        at += proving->proofs[i].size;
    }
}

static void verify_proofs(struct proving *proving)
{
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        struct au_bytes nodes[AU_PROOF_NODES_MAX];
        struct au_proof_claim claim;
        const char *reason = "a list";
        size_t count;
        bool is_good = au_proof_split(proving->proofs[i], nodes, &count) &&
                       au_proof_verify(&proving->engine->head.root, &proving->keys[i], nodes, count,
                                       &claim, &reason) == AU_OK;
        if (!is_good || !claim.exists) bench_fail("bench_state: a proof does not hold: %s", reason);
    }
}

static void read_records(struct proving *proving)
{
    struct au_buf leaf;
    au_buf_init(&leaf, PROOF_SIZE_MAX);
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        au_buf_clear(&leaf);
        state_check(
            au_flat_key_leaf(&proving->engine->flat, &account_trie, &proving->keys[i], &leaf),
            "a leaf");
    }
    au_buf_done(&leaf);
}

static void hash_nodes(struct proving *proving)
{
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        struct au_bytes nodes[AU_PROOF_NODES_MAX];
        size_t count = 0;
        AU_ASSERT(au_proof_split(proving->proofs[i], nodes, &count));
        for (size_t j = 0; j < count; j++) {
            volatile uint8_t used = au_sha256(nodes[j]).bytes[0];
            (void)used;
        }
    }
}

/* Each pass does all four, so that all have the same machine. The first does not count. */
void state_run_prove(const char *folder, const struct state_run *run, struct state_outcome *out)
{
    static struct proving proving;
    static struct engine engine;
    void (*const parts[])(struct proving *) = {make_proofs, verify_proofs, read_records,
                                               hash_nodes};
    double *const rates[] = {&out->made_per_s, &out->verified_per_s, &out->read_per_s,
                             &out->hashed_per_s};
    double times[AU_COUNT_OF(parts)][PROOF_PASSES];
    struct state_stream stream;
    static struct state_op ops[PROVED_COUNT];
    engine_open(&engine, folder, run->is_small);
    proving.engine = &engine;
    au_flat_use_cache(&engine.flat, engine.commit.objects, engine.head.height);
    au_buf_init(&proving.bytes, PROVED_COUNT * PROOF_SIZE_MAX);
    au_buf_init(&proving.leaf, PROOF_SIZE_MAX);
    state_stream_init(&stream, STATE_UPDATE, run->size);
    state_stream_next(&stream, ops, PROVED_COUNT);
    for (size_t i = 0; i < PROVED_COUNT; i++) {
        proving.addresses[i] = state_address(ops[i].account);
        proving.keys[i] = au_flat_account_key(&proving.addresses[i]);
    }
    for (size_t pass = 0; pass <= PROOF_PASSES; pass++) {
        for (size_t i = 0; i < AU_COUNT_OF(parts); i++) {
            double start = bench_now_ns();
            parts[i](&proving);
            if (pass > 0) times[i][pass - 1] = bench_now_ns() - start;
        }
    }
    for (size_t i = 0; i < AU_COUNT_OF(parts); i++) {
        *rates[i] = PROVED_COUNT * 1e9 / bench_median(times[i], PROOF_PASSES);
    }
    out->proof_size = (double)proving.bytes.size / PROVED_COUNT;
    out->resident_mb = bench_resident_mb("/proc/self");
    state_stream_done(&stream);
    au_buf_done(&proving.bytes);
    au_buf_done(&proving.leaf);
    engine_close(&engine);
}
