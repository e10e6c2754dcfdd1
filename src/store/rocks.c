#include "store/rocks.h"

#include <errno.h>
#include <pthread.h>
#include <rocksdb/c.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "store/schema.h"
#include "store/wal.h"

#define MIB                 ((size_t)1 << 20)
#define FILTER_BITS         10   /* per key: one read in a hundred for an absent key is in vain */
#define FILTER_SHARE        0.02 /* of changes in memory, for their filter: 20 bits per account */
#define TABLE_FORMAT        5
#define BACKGROUND_JOBS     2
#define MANY_KEYS           64 /* read together */
#define BATCH_KEPT          (16 * MIB)
#define ARENA_SHARE         256        /* of changes in memory, that a family takes at a time */
#define HASH_LIST_SHARE     1024       /* bytes of changes for each list, which itself takes 8 */
#define SYNC_STEP           MIB        /* bytes between syncs of a table being written */
#define REPLAY_MAX          (16 * MIB) /* bytes of log that a close may leave to be replayed */
#define INFO_LOG_COUNT      2
/* Above all: RocksDB aborts where its log cannot be written. Nor may it have a size at which it
 * begins anew: it then begins with words of every level. */
#define INFO_LOG_LEVEL_NONE 6

/* RocksDB counts families and takes "default" to exist; it stays empty. */
#define FAMILY_COUNT (AU_CF_COUNT + 1)

struct rocks {
    rocksdb_t *db;
    rocksdb_column_family_handle_t *families[FAMILY_COUNT]; /* by enum au_cf, then "default" */
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_writeoptions_t *write_synced;
    rocksdb_writebatch_t *changes; /* the writer's; empty between writes */
    uint64_t logged_size;          /* bytes that the writer has put into the log since opening */
    enum au_err write_err;         /* of a write: what the log ends with is not known */
    atomic_size_t views;           /* snapshots and iterators that are open */
    pthread_mutex_t lock;
    char message[AU_KV_MESSAGE_SIZE]; /* under lock */
};

struct view {
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *read;
};

struct cursor {
    rocksdb_readoptions_t *read;
    rocksdb_iterator_t *iter;
    struct au_bytes upper; /* borrowed by read; a copy behind this struct */
    struct au_bytes lower; /* likewise, behind upper; of a walk downward */
    bool is_downward;
    bool is_begun;
};

/* What RocksDB is opened with. It keeps its own references, so all of it goes after opening. */
struct setup {
    rocksdb_cache_t *cache;
    rocksdb_block_based_table_options_t *table;
    rocksdb_options_t *db;
    rocksdb_options_t *families[FAMILY_COUNT];
};

/* How a family is kept. Changes wait in memory in a skip list, where a key costs 3 us, or 2 if it
 * comes behind the one before it; in families that are read by key, or along one prefix, in a table
 * of lists by the hash of a prefix, at 1 us. To walk all of such a family costs a sorted copy.
 * Accounts and slots are read at random, and most are not among the changes: a filter spares the
 * search there. */
static const struct family_kind {
    bool is_compressed;
    size_t prefix_size; /* bytes of a key that choose its list; 0 = there is one list */
    bool is_filtered;   /* changes in memory have a filter, as tables do */
} kinds[FAMILY_COUNT] = {
    [AU_CF_COD] = {.is_compressed = true}, [AU_CF_CHG] = {.is_compressed = true},
    [AU_CF_BLK] = {.is_compressed = true}, [AU_CF_RCP] = {.is_compressed = true},
    [AU_CF_TRI] = {.prefix_size = 128},    [AU_CF_TXI] = {.prefix_size = 32},
    [AU_CF_IDX] = {.prefix_size = 33},     [AU_CF_ACC] = {.is_filtered = true},
    [AU_CF_STO] = {.is_filtered = true},
};

struct au_rocks_options au_rocks_options_default(void)
{
    return (struct au_rocks_options){
        .cache_size = 512 * MIB,
        .write_buffer_size = 256 * MIB,
        .wal_size_max = 512 * MIB,
    };
}

static const char *chars(struct au_bytes bytes)
{
    return bytes.size > 0 ? (const char *)bytes.data : "";
}

/* Copies a cause and frees it. The kind of a failure is told by the beginning of its text alone. */
static enum au_err take_cause(char *cause, char out_message[AU_KV_MESSAGE_SIZE])
{
    static const char corruption[] = "Corruption";
    bool is_damaged = strncmp(cause, corruption, sizeof(corruption) - 1) == 0;
    bool is_full = strstr(cause, strerror(ENOSPC)) || strstr(cause, strerror(EDQUOT));
    bool is_locked = strstr(cause, "LOCK: Resource temporarily unavailable") != NULL;
    snprintf(out_message, AU_KV_MESSAGE_SIZE, "%s%s", cause,
             is_locked ? " (another process has the store open)" : "");
    rocksdb_free(cause);
    if (is_damaged) return AU_ERR_MALFORMED;
    return is_full ? AU_ERR_NO_SPACE : AU_ERR_IO;
}

static enum au_err check(struct rocks *rocks, char *cause)
{
    if (!cause) return AU_OK;
    au_lock(&rocks->lock);
    enum au_err err = take_cause(cause, rocks->message);
    au_unlock(&rocks->lock);
    return err;
}

static enum au_err rocks_get(void *ctx, const void *snapshot, enum au_cf cf, struct au_bytes key,
                             struct au_buf *out_value)
{
    struct rocks *rocks = ctx;
    const struct view *view = snapshot;
    char *cause = NULL;
    rocksdb_pinnableslice_t *slice =
        rocksdb_get_pinned_cf(rocks->db, view ? view->read : rocks->read, rocks->families[cf],
                              chars(key), key.size, &cause);
    AU_TRY(check(rocks, cause));
    if (!slice) return AU_ERR_NOT_FOUND;

    size_t size;
    const char *value = rocksdb_pinnableslice_value(slice, &size);
    au_buf_put(out_value, value, size);
    rocksdb_pinnableslice_destroy(slice);
    return AU_OK;
}

/* Tells of count keys from index first on; frees all that was read, after a failure too. */
static enum au_err take_many(struct rocks *rocks, const struct au_kv_many *many, size_t first,
                             size_t count, rocksdb_pinnableslice_t *const *slices, char **causes)
{
    enum au_err err = AU_OK;
    for (size_t i = 0; i < count; i++) {
        if (causes[i]) {
            enum au_err cause_err = check(rocks, causes[i]);
            if (err == AU_OK) err = cause_err;
        } else if (err == AU_OK) {
            struct au_bytes value = {0};
            if (slices[i]) {
                value.data = (const uint8_t *)rocksdb_pinnableslice_value(slices[i], &value.size);
            }
            err = many->take(many->context, first + i, slices[i] ? &value : NULL);
        }
        if (slices[i]) rocksdb_pinnableslice_destroy(slices[i]);
    }
    return err;
}

static enum au_err rocks_get_many(void *ctx, const void *snapshot, const struct au_kv_many *many)
{
    struct rocks *rocks = ctx;
    const struct view *view = snapshot;
    const char *keys[MANY_KEYS];
    size_t sizes[MANY_KEYS];
    rocksdb_pinnableslice_t *slices[MANY_KEYS];
    char *causes[MANY_KEYS];
    enum au_err err = AU_OK;
    for (size_t first = 0; err == AU_OK && first < many->count; first += MANY_KEYS) {
        size_t count = many->count - first < MANY_KEYS ? many->count - first : MANY_KEYS;
        for (size_t i = 0; i < count; i++) {
            keys[i] = chars(many->keys[first + i]);
            sizes[i] = many->keys[first + i].size;
        }
        rocksdb_batched_multi_get_cf(rocks->db, view ? view->read : rocks->read,
                                     rocks->families[many->cf], count, keys, sizes, slices, causes,
                                     /* sorted_input */ true);
        err = take_many(rocks, many, first, count, slices, causes);
    }
    return err;
}

/* The batch that RocksDB is given keeps its allocation, unless that is unusually large. */
static enum au_err rocks_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    struct rocks *rocks = ctx;
    struct au_kv_op op;
    AU_TRY(rocks->write_err);
    for (size_t offset = 0; au_kv_batch_next(batch, &offset, &op);) {
        rocksdb_column_family_handle_t *family = rocks->families[op.cf];
        if (op.is_del) {
            rocksdb_writebatch_delete_cf(rocks->changes, family, chars(op.key), op.key.size);
        } else {
            rocksdb_writebatch_put_cf(rocks->changes, family, chars(op.key), op.key.size,
                                      chars(op.value), op.value.size);
        }
    }
    char *cause = NULL;
    size_t logged_size;
    (void)rocksdb_writebatch_data(rocks->changes, &logged_size);
    rocksdb_write(rocks->db, is_synced ? rocks->write_synced : rocks->write, rocks->changes,
                  &cause);
    rocks->logged_size += logged_size;
    rocksdb_writebatch_clear(rocks->changes);
    if (batch->ops.size > BATCH_KEPT) {
        rocksdb_writebatch_destroy(rocks->changes);
        rocks->changes = rocksdb_writebatch_create();
    }
    rocks->write_err = check(rocks, cause);
    return rocks->write_err;
}

static enum au_err rocks_snapshot_open(void *ctx, void **out_state)
{
    struct rocks *rocks = ctx;
    struct view *view = au_mem_new(sizeof(*view));
    if (!view) return AU_ERR_NO_MEMORY;
    view->snapshot = rocksdb_create_snapshot(rocks->db);
    view->read = rocksdb_readoptions_create();
    rocksdb_readoptions_set_snapshot(view->read, view->snapshot);
    atomic_fetch_add(&rocks->views, 1);
    *out_state = view;
    return AU_OK;
}

static void rocks_snapshot_close(void *ctx, void *state)
{
    struct rocks *rocks = ctx;
    struct view *view = state;
    rocksdb_readoptions_destroy(view->read);
    rocksdb_release_snapshot(rocks->db, view->snapshot);
    au_mem_free(view);
    AU_ASSERT(atomic_fetch_sub(&rocks->views, 1) > 0);
}

static bool is_in_one_list(const struct au_kv_range *range)
{
    size_t size = kinds[range->cf].prefix_size;
    return size > 0 && range->lower.size >= size && range->upper.size >= size &&
           memcmp(range->lower.data, range->upper.data, size) == 0;
}

/* Only seeking upwards can keep within one prefix. */
static void set_bounds(struct cursor *cursor, const struct au_kv_range *range)
{
    rocksdb_readoptions_set_total_order_seek(cursor->read,
                                             range->is_downward || !is_in_one_list(range));
    uint8_t *upper = (uint8_t *)(cursor + 1);
    if (range->upper.size > 0) {
        memcpy(upper, range->upper.data, range->upper.size);
        cursor->upper = (struct au_bytes){upper, range->upper.size};
        rocksdb_readoptions_set_iterate_upper_bound(cursor->read, chars(cursor->upper),
                                                    cursor->upper.size);
    }
    if (range->is_downward && range->lower.size > 0) {
        uint8_t *lower = upper + range->upper.size;
        memcpy(lower, range->lower.data, range->lower.size);
        cursor->lower = (struct au_bytes){lower, range->lower.size};
        rocksdb_readoptions_set_iterate_lower_bound(cursor->read, chars(cursor->lower),
                                                    cursor->lower.size);
    }
}

static void step(struct cursor *cursor)
{
    if (cursor->is_downward) {
        rocksdb_iter_prev(cursor->iter);
    } else {
        rocksdb_iter_next(cursor->iter);
    }
}

static enum au_err rocks_iter_open(void *ctx, const void *snapshot, const struct au_kv_range *range,
                                   void **out_state)
{
    struct rocks *rocks = ctx;
    const struct view *view = snapshot;
    struct cursor *cursor = au_mem_new(sizeof(*cursor) + range->upper.size + range->lower.size);
    if (!cursor) return AU_ERR_NO_MEMORY;
    cursor->read = rocksdb_readoptions_create();
    cursor->is_downward = range->is_downward;
    if (view) rocksdb_readoptions_set_snapshot(cursor->read, view->snapshot);
    set_bounds(cursor, range);
    cursor->iter = rocksdb_create_iterator_cf(rocks->db, cursor->read, rocks->families[range->cf]);
    if (range->is_downward) {
        rocksdb_iter_seek_to_last(cursor->iter);
    } else {
        rocksdb_iter_seek(cursor->iter, chars(range->lower), range->lower.size);
    }
    atomic_fetch_add(&rocks->views, 1);
    *out_state = cursor;
    return AU_OK;
}

static enum au_err rocks_iter_next(void *ctx, void *state, struct au_kv_entry *out_entry)
{
    struct rocks *rocks = ctx;
    struct cursor *cursor = state;
    if (cursor->is_begun && rocksdb_iter_valid(cursor->iter)) step(cursor);
    cursor->is_begun = true;
    if (!rocksdb_iter_valid(cursor->iter)) {
        /* The end and a failed read look alike but for the cause. */
        char *cause = NULL;
        rocksdb_iter_get_error(cursor->iter, &cause);
        AU_TRY(check(rocks, cause));
        return AU_ERR_NOT_FOUND;
    }
    size_t key_size, value_size;
    const char *key = rocksdb_iter_key(cursor->iter, &key_size);
    const char *value = rocksdb_iter_value(cursor->iter, &value_size);
    *out_entry = (struct au_kv_entry){
        .key = {(const uint8_t *)key, key_size},
        .value = {(const uint8_t *)value, value_size},
    };
    return AU_OK;
}

static void rocks_iter_close(void *ctx, void *state)
{
    struct rocks *rocks = ctx;
    struct cursor *cursor = state;
    rocksdb_iter_destroy(cursor->iter);
    rocksdb_readoptions_destroy(cursor->read);
    au_mem_free(cursor);
    AU_ASSERT(atomic_fetch_sub(&rocks->views, 1) > 0);
}

static void rocks_message(void *ctx, char out_text[AU_KV_MESSAGE_SIZE])
{
    struct rocks *rocks = ctx;
    au_lock(&rocks->lock);
    memcpy(out_text, rocks->message, AU_KV_MESSAGE_SIZE);
    au_unlock(&rocks->lock);
}

/* Writes what is in memory to tables, so that the next opening has no log to replay. What fails
 * here is in the log still. */
static void flush_families(struct rocks *rocks)
{
    rocksdb_flushoptions_t *flush = rocksdb_flushoptions_create();
    char *cause = NULL;
    for (size_t i = 0; i < FAMILY_COUNT && !cause; i++) {
        rocksdb_flush_cf(rocks->db, flush, rocks->families[i], &cause);
    }
    rocksdb_free(cause);
    rocksdb_flushoptions_destroy(flush);
}

static void rocks_close(void *ctx)
{
    struct rocks *rocks = ctx;
    AU_ASSERT(atomic_load(&rocks->views) == 0);
    if (rocks->logged_size > REPLAY_MAX && rocks->write_err == AU_OK) flush_families(rocks);
    /* Handles before the database: RocksDB aborts over one that is left. */
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        rocksdb_column_family_handle_destroy(rocks->families[i]);
    }
    rocksdb_close(rocks->db);
    rocksdb_readoptions_destroy(rocks->read);
    rocksdb_writeoptions_destroy(rocks->write);
    rocksdb_writeoptions_destroy(rocks->write_synced);
    rocksdb_writebatch_destroy(rocks->changes);
    AU_ASSERT(pthread_mutex_destroy(&rocks->lock) == 0);
    au_mem_free(rocks);
}

static const struct au_kv_ops rocks_ops = {
    .get = rocks_get,
    .get_many = rocks_get_many,
    .write = rocks_write,
    .snapshot_open = rocks_snapshot_open,
    .snapshot_close = rocks_snapshot_close,
    .iter_open = rocks_iter_open,
    .iter_next = rocks_iter_next,
    .iter_close = rocks_iter_close,
    .message = rocks_message,
    .close = rocks_close,
};

/* Options that RocksDB 7.8's C functions set by text alone. */
static rocksdb_options_t *with_text(rocksdb_options_t *options, const char *text)
{
    char *cause = NULL;
    rocksdb_options_t *changed = rocksdb_options_create();
    rocksdb_get_options_from_string(options, text, changed, &cause);
    AU_ASSERT(!cause);
    rocksdb_options_destroy(options);
    return changed;
}

static rocksdb_options_t *family_options(const struct au_rocks_options *options,
                                         rocksdb_block_based_table_options_t *table,
                                         const struct family_kind *kind)
{
    char text[80];
    rocksdb_options_t *family = rocksdb_options_create();
    rocksdb_options_set_block_based_table_factory(family, table);
    rocksdb_options_set_level_compaction_dynamic_level_bytes(family, 1);
    rocksdb_options_set_write_buffer_size(family, options->write_buffer_size);
    rocksdb_options_set_arena_block_size(family, options->write_buffer_size / ARENA_SHARE);
    rocksdb_options_set_compression(family, kind->is_compressed ? rocksdb_lz4_compression
                                                                : rocksdb_no_compression);
    if (kind->is_filtered) {
        rocksdb_options_set_memtable_whole_key_filtering(family, 1);
        rocksdb_options_set_memtable_prefix_bloom_size_ratio(family, FILTER_SHARE);
    }
    if (kind->prefix_size == 0) {
        /* In a batch that is sorted a key's place is near that of the one before it. */
        return with_text(family, "memtable_insert_with_hint_prefix_extractor=capped:1");
    }
    rocksdb_options_set_hash_link_list_rep(family,
                                           options->write_buffer_size / HASH_LIST_SHARE + 1);
    snprintf(text, sizeof(text), "prefix_extractor=capped:%zu", kind->prefix_size);
    return with_text(family, text);
}

static struct setup setup_new(const struct au_rocks_options *options)
{
    struct setup setup = {
        .cache = rocksdb_cache_create_lru(options->cache_size),
        .table = rocksdb_block_based_options_create(),
    };
    rocksdb_block_based_options_set_block_cache(setup.table, setup.cache);
    /* The table owns its filter policy. */
    rocksdb_block_based_options_set_filter_policy(
        setup.table, rocksdb_filterpolicy_create_bloom_full(FILTER_BITS));
    rocksdb_block_based_options_set_format_version(setup.table, TABLE_FORMAT);

    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        setup.families[i] = family_options(options, setup.table, &kinds[i]);
    }
    /* Logs that are synced and no longer written are noted in the manifest, so that opening misses
     * one that is gone or has become shorter. */
    setup.db = with_text(rocksdb_options_create(), "track_and_verify_wals_in_manifest=true");
    rocksdb_options_t *db = setup.db;
    rocksdb_options_set_create_if_missing(db, 1);
    rocksdb_options_set_create_missing_column_families(db, 1);
    rocksdb_options_set_paranoid_checks(db, 1);
    rocksdb_options_set_allow_concurrent_memtable_write(db, 0);
    rocksdb_options_set_wal_recovery_mode(db, rocksdb_absolute_consistency_recovery);
    rocksdb_options_set_max_total_wal_size(db, options->wal_size_max);
    rocksdb_options_set_db_write_buffer_size(db, options->write_buffer_size);
    rocksdb_options_set_bytes_per_sync(db, SYNC_STEP);
    rocksdb_options_set_max_background_jobs(db, BACKGROUND_JOBS);
    rocksdb_options_set_stats_dump_period_sec(db, 0);
    rocksdb_options_set_info_log_level(db, INFO_LOG_LEVEL_NONE);
    rocksdb_options_set_keep_log_file_num(db, INFO_LOG_COUNT);
    return setup;
}

static void setup_free(struct setup *setup)
{
    rocksdb_options_destroy(setup->db);
    for (size_t i = 0; i < FAMILY_COUNT; i++) {
        rocksdb_options_destroy(setup->families[i]);
    }
    rocksdb_block_based_options_destroy(setup->table);
    rocksdb_cache_destroy(setup->cache);
}

static char *open_db(struct rocks *rocks, const char *path, const struct au_rocks_options *options)
{
    struct setup setup = setup_new(options);
    const char *names[FAMILY_COUNT];
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        names[i] = au_cf_name((enum au_cf)i);
    }
    names[AU_CF_COUNT] = "default";

    char *cause = NULL;
    rocks->db = rocksdb_open_column_families(setup.db, path, FAMILY_COUNT, names,
                                             (const rocksdb_options_t *const *)setup.families,
                                             rocks->families, &cause);
    setup_free(&setup);
    return cause;
}

/* Opens the database over logs that were found whole, or torn, which RocksDB refuses once it has
 * the folder's lock: so there is nobody who could still be writing when the torn end is cut. */
static enum au_err open_mended(struct rocks *rocks, const char *path,
                               const struct au_rocks_options *options,
                               char out_message[AU_KV_MESSAGE_SIZE])
{
    bool is_torn;
    AU_TRY(au_schema_claim(path, out_message));
    AU_TRY(au_wal_check(path, out_message, &is_torn));
    char *cause = open_db(rocks, path, options);
    enum au_err err = cause ? take_cause(cause, out_message) : AU_OK;
    if (err != AU_ERR_MALFORMED || !is_torn) return err;
    AU_TRY(au_wal_mend(path, out_message));
    out_message[0] = 0;
    cause = open_db(rocks, path, options);
    return cause ? take_cause(cause, out_message) : AU_OK;
}

enum au_err au_rocks_open(const char *path, const struct au_rocks_options *options,
                          char out_message[AU_KV_MESSAGE_SIZE], struct au_kv *out_kv)
{
    out_message[0] = 0;
    if (options->cache_size == 0 || options->write_buffer_size == 0) return AU_ERR_INVALID_ARG;
    if (options->wal_size_max == 0) return AU_ERR_INVALID_ARG;
    struct rocks *rocks = au_mem_new(sizeof(*rocks));
    if (!rocks) return AU_ERR_NO_MEMORY;
    if (pthread_mutex_init(&rocks->lock, NULL) != 0) {
        au_mem_free(rocks);
        return AU_ERR_NO_MEMORY;
    }

    enum au_err err = open_mended(rocks, path, options, out_message);
    if (err != AU_OK) {
        AU_ASSERT(pthread_mutex_destroy(&rocks->lock) == 0);
        au_mem_free(rocks);
        return err;
    }
    rocks->read = rocksdb_readoptions_create();
    rocks->write = rocksdb_writeoptions_create();
    rocks->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(rocks->write_synced, 1);
    rocks->changes = rocksdb_writebatch_create();
    *out_kv = (struct au_kv){&rocks_ops, rocks};
    return AU_OK;
}

bool au_rocks_is_store(const char *path)
{
    char name[PATH_MAX];
    int size = snprintf(name, sizeof(name), "%s/CURRENT", path);
    return size > 0 && (size_t)size < sizeof(name) && access(name, F_OK) == 0;
}
