/* What a snapshot costs: a state of accounts and slots, half of each, written as chunks to memory,
 * and read from there into a store on disk, proved chunk by chunk and synced at the end.
 *
 *     bench_snapshot [LEAVES] */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/text.h"
#include "state/snapshot.h"
#include "state/trie_build.h"
#include "store/memkv.h"
#include "store/rocks.h"
#include "support/folder.h"

#define LEAVES_PRESET  1000000u
#define LEAVES_MAX     100000000u
#define SLOTS_PER_ONE  1000u /* slots of a contract */
#define BATCH_SIZE_MAX ((size_t)8 << 30)
#define CHUNKS_MAX     (1u << 16)

struct bench {
    char folder[64];
    struct au_kv kv;
    struct au_kv_batch batch;
    struct au_hash root;
    struct au_buf *chunks;
    uint32_t count;
};

static void check(enum au_err err)
{
    if (err == AU_OK) return;
    fprintf(stderr, "bench_snapshot: %s\n", au_err_text(err));
    exit(1);
}

static struct au_hash hash_of(uint64_t number)
{
    return au_flat_key_hash((struct au_bytes){(const uint8_t *)&number, sizeof(number)});
}

static struct au_kv open_store(struct bench *bench, const char *name)
{
    struct au_rocks_options options = au_rocks_options_default();
    char path[128], message[AU_KV_MESSAGE_SIZE];
    struct au_kv kv;
    snprintf(path, sizeof(path), "%s/%s", bench->folder, name);
    check(au_rocks_open(path, &options, message, &kv));
    return kv;
}

/* ---- the state ---- */

static int compare(const void *a, const void *b)
{
    return memcmp(a, b, AU_HASH_SIZE);
}

static struct au_hash put_slots(struct bench *bench, struct au_trie_build *build,
                                const struct au_hash *owner)
{
    static struct item {
        struct au_hash hash;
        uint64_t key;
    } items[SLOTS_PER_ONE];
    uint8_t record[33] = {1}, leaf[33] = {0xa0}; /* a value of 32 bytes, as flat and RLP have it */
    struct au_hash root;
    au_trie_build_clear(build);
    for (uint64_t i = 0; i < SLOTS_PER_ONE; i++) {
        items[i] = (struct item){hash_of(i), i};
    }
    qsort(items, SLOTS_PER_ONE, sizeof(items[0]), compare);
    for (size_t i = 0; i < SLOTS_PER_ONE; i++) {
        const struct au_hash halves[2] = {*owner, items[i].hash};
        uint8_t key[AU_HASH_SIZE + sizeof(items[i].key)];
        memcpy(key, owner->bytes, AU_HASH_SIZE);
        memcpy(key + AU_HASH_SIZE, &items[i].key, sizeof(items[i].key));
        memcpy(record + 1, items[i].hash.bytes, AU_HASH_SIZE);
        memcpy(leaf + 1, items[i].hash.bytes, AU_HASH_SIZE);
        au_kv_batch_put(&bench->batch, AU_CF_STO,
                        (struct au_bytes){halves[0].bytes, sizeof(halves)},
                        (struct au_bytes){record, sizeof(record)});
        au_kv_batch_put(&bench->batch, AU_CF_KEY, (struct au_bytes){key, sizeof(key)},
                        (struct au_bytes){0});
        check(au_trie_build_add(build, &items[i].hash, (struct au_bytes){leaf, sizeof(leaf)}));
    }
    AU_ASSERT(au_trie_build_root(build, (struct au_bytes){0}, &root));
    return root;
}

static void put_state(struct bench *bench, size_t leaf_count)
{
    static struct au_trie_build accounts, storage;
    size_t account_count = leaf_count / 2, contract_count = leaf_count / 2 / SLOTS_PER_ONE;
    struct au_hash *keys = au_mem_new((account_count + 1) * sizeof(*keys));
    struct au_buf bytes;
    AU_ASSERT(keys != NULL);
    au_buf_init(&bytes, 1024);
    au_trie_build_init(&accounts, NULL);
    au_trie_build_init(&storage, NULL);
    for (size_t i = 0; i < account_count; i++) {
        keys[i] = hash_of(i);
    }
    qsort(keys, account_count, sizeof(*keys), compare);
    for (size_t i = 0; i < account_count; i++) {
        struct au_account account = {.exists = true, .balance = 1000000 + i, .nonce = i % 100};
        account.has_storage = i < contract_count;
        if (account.has_storage) account.storage_root = put_slots(bench, &storage, &keys[i]);
        au_buf_clear(&bytes);
        au_flat_encode_account(&bytes, &account);
        au_kv_batch_put(&bench->batch, AU_CF_ACC, (struct au_bytes){keys[i].bytes, AU_HASH_SIZE},
                        au_buf_bytes(&bytes));
        au_buf_clear(&bytes);
        au_flat_account_leaf(&bytes, &account);
        check(au_trie_build_add(&accounts, &keys[i], au_buf_bytes(&bytes)));
        if (bench->batch.ops.size < ((size_t)64 << 20)) continue;
        check(au_kv_write(&bench->kv, &bench->batch, false));
        au_kv_batch_clear(&bench->batch);
    }
    check(au_kv_write(&bench->kv, &bench->batch, false));
    AU_ASSERT(au_trie_build_root(&accounts, (struct au_bytes){0}, &bench->root));
    au_trie_build_done(&accounts);
    au_trie_build_done(&storage);
    au_buf_done(&bytes);
    au_mem_free(keys);
}

/* ---- chunks ---- */

static enum au_err put_chunk(void *context, uint32_t index, struct au_bytes chunk)
{
    struct bench *bench = context;
    if (index == CHUNKS_MAX) return AU_ERR_TOO_LARGE;
    au_buf_init(&bench->chunks[index], AU_CHUNK_SIZE_MAX);
    au_buf_put_bytes(&bench->chunks[index], chunk);
    bench->count++;
    return bench->chunks[index].err;
}

static enum au_err put_end(void *context, uint32_t index, struct au_bytes end)
{
    struct bench *bench = context;
    au_buf_put_bytes(&bench->chunks[index], end);
    return bench->chunks[index].err;
}

static void write_all(struct bench *bench)
{
    const struct au_chunks_source source = {.kv = bench->kv, .root = bench->root};
    const struct au_chunk_sink sink = {bench, put_chunk, put_end};
    struct au_chunks_count count;
    struct au_buf message;
    au_buf_init(&message, 1024);
    check(au_chunks_write(&source, &sink, &message, &count));
    au_buf_done(&message);
}

/* into: NULL for proving alone. */
static void read_all(struct bench *bench, const struct au_kv *into)
{
    struct au_chunks_reader *reader;
    struct au_buf message;
    au_buf_init(&message, 1024);
    check(au_chunks_reader_new(&bench->root, &reader));
    for (uint32_t i = 0; i < bench->count; i++) {
        au_kv_batch_clear(&bench->batch);
        check(au_chunks_read(reader, au_buf_bytes(&bench->chunks[i]), i + 1 == bench->count,
                             into ? &bench->batch : NULL, &message));
        if (into) check(au_kv_write(into, &bench->batch, i + 1 == bench->count));
    }
    au_chunks_reader_free(reader);
    au_buf_done(&message);
}

static double leaves_per_s(size_t leaf_count, uint64_t begin_ns)
{
    return (double)leaf_count * 1e9 / (double)(au_clock_ns() - begin_ns);
}

static bool report(double create, double verify, double restore)
{
    const struct bench_figure figures[] = {
        {"snapshot_create", create, "leaves/s", "proved alone", verify, 300e3, BENCH_AT_LEAST},
        {"snapshot_verify", verify, "leaves/s", "written as chunks", create, 300e3, BENCH_AT_LEAST},
        {"snapshot_restore", restore, "leaves/s", "proved alone", verify, 300e3, BENCH_AT_LEAST},
    };
    bool all_met = true;
    for (size_t i = 0; i < AU_COUNT_OF(figures); i++) {
        all_met = bench_report(&figures[i]) && all_met;
    }
    return all_met;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.folder = "/tmp/aureon-bench-XXXXXX"};
    uint64_t leaf_count = LEAVES_PRESET;
    bool is_number = argc < 2 || au_text_parse_u64(au_bytes_of(argv[1]), &leaf_count) == AU_OK;
    if (!is_number || leaf_count < 2 || leaf_count > LEAVES_MAX || !mkdtemp(bench.folder)) return 1;
    bench.chunks = au_mem_new(CHUNKS_MAX * sizeof(*bench.chunks));
    AU_ASSERT(bench.chunks != NULL);
    au_kv_batch_init(&bench.batch, BATCH_SIZE_MAX);
    bench.kv = open_store(&bench, "from");
    put_state(&bench, leaf_count);

    uint64_t begin_ns = au_clock_ns();
    write_all(&bench);
    double create = leaves_per_s(leaf_count, begin_ns);
    begin_ns = au_clock_ns();
    read_all(&bench, NULL);
    double verify = leaves_per_s(leaf_count, begin_ns);
    struct au_kv into = open_store(&bench, "into");
    begin_ns = au_clock_ns();
    read_all(&bench, &into);
    double restore = leaves_per_s(leaf_count, begin_ns);

    au_kv_close(&into);
    au_kv_close(&bench.kv);
    au_kv_batch_done(&bench.batch);
    for (uint32_t i = 0; i < bench.count; i++) {
        au_buf_done(&bench.chunks[i]);
    }
    au_mem_free(bench.chunks);
    if (folder_remove(bench.folder) != 0) return 1;
    return report(create, verify, restore) ? 0 : 2;
}
