#include "store/rocks.h"

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/lock.h"
#include "base/mem.h"
#include "store/gaps.h"
#include "store/manifest.h"
#include "store/rocks_options.h"
#include "store/schema.h"
#include "store/wal.h"

#define MIB           ((size_t)1 << 20)
#define TABLE_THREADS 16 /* that open tables, at most */
#define MANY_KEYS     64 /* read together */
#define BATCH_KEPT    (16 * MIB)
#define REPLAY_MAX    (16 * MIB) /* bytes of log that a close may leave to be replayed */
#define GAPS_MAX      4096u      /* noted */

struct rocks {
    rocksdb_t *db;
    /* By enum au_cf, then "default". */
    rocksdb_column_family_handle_t *families[AU_ROCKS_FAMILY_COUNT];
    rocksdb_readoptions_t *read;
    rocksdb_writeoptions_t *write;
    rocksdb_writeoptions_t *write_synced;
    pthread_mutex_t writers;       /* over the next three; taken before lock */
    rocksdb_writebatch_t *changes; /* of the write under way; empty between writes */
    uint64_t logged_size;          /* bytes that were put into the log since opening */
    enum au_err write_err;         /* of a write: what the log ends with is not known */
    struct au_gaps gaps;           /* of the one family that has_gaps */
    atomic_size_t views;           /* snapshots and iterators that are open */
    void *context;
    void (*on_unreadable)(void *context, enum au_err err); /* NULL: nobody is told */
    atomic_bool is_unreadable;                             /* that was told */
    pthread_mutex_t lock;
    char message[AU_KV_MESSAGE_SIZE]; /* under lock */
};

struct view {
    const rocksdb_snapshot_t *snapshot;
    rocksdb_readoptions_t *read;
    uint64_t age; /* for gaps */
};

/* An upward walk where gaps are noted: RocksDB's iterator ends where the next gap begins, and
 * another one begins behind it. */
struct leap {
    rocksdb_perfcontext_t *perf;        /* counts tombstones passed over, of this thread */
    const rocksdb_snapshot_t *snapshot; /* what all iterators see */
    bool is_own;                        /* the snapshot is */
    uint64_t age;
    struct au_gap gap; /* the next one, if has_gap */
    bool has_gap;
    struct au_gap_bound from; /* no key was found since, if has_from */
    bool has_from;
    bool has_crossed; /* a gap since */
    uint64_t passed;  /* tombstones since */
};

struct cursor {
    struct leap *leap; /* NULL: gaps are not noted */
    enum au_cf cf;
    rocksdb_readoptions_t *read;
    rocksdb_iterator_t *iter;
    struct au_bytes upper; /* copies behind this struct, which read may borrow */
    struct au_bytes lower;
    bool is_downward;
    bool is_scan;
    bool is_begun;
};

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

static void tell_unreadable(struct rocks *rocks, enum au_err err)
{
    if (rocks->on_unreadable && !atomic_exchange(&rocks->is_unreadable, true)) {
        rocks->on_unreadable(rocks->context, err);
    }
}

/* check, of a read. */
static enum au_err check_read(struct rocks *rocks, char *cause)
{
    enum au_err err = check(rocks, cause);
    if (err != AU_OK) tell_unreadable(rocks, err);
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
    AU_TRY(check_read(rocks, cause));
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
            enum au_err cause_err = check_read(rocks, causes[i]);
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

static void change_gaps(struct rocks *rocks, const struct au_kv_op *op, bool *has_begun)
{
    if (!*has_begun) au_gaps_begin_write(&rocks->gaps);
    *has_begun = true;
    if (!op->is_del) au_gaps_put(&rocks->gaps, op->key);
}

/* The batch that RocksDB is given keeps its allocation, unless that is unusually large. */
static enum au_err write_batch(struct rocks *rocks, const struct au_kv_batch *batch, bool is_synced)
{
    struct au_kv_op op;
    bool changes_gaps = false;
    AU_TRY(rocks->write_err);
    for (size_t offset = 0; au_kv_batch_next(batch, &offset, &op);) {
        if (au_rocks_kinds[op.cf].has_gaps) change_gaps(rocks, &op, &changes_gaps);
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
    if (changes_gaps) au_gaps_end_write(&rocks->gaps);
    rocks->logged_size += logged_size;
    rocksdb_writebatch_clear(rocks->changes);
    if (batch->ops.size > BATCH_KEPT) {
        rocksdb_writebatch_destroy(rocks->changes);
        rocks->changes = rocksdb_writebatch_create();
    }
    rocks->write_err = check(rocks, cause);
    return rocks->write_err;
}

/* RocksDB would write for two threads at once: one might still write after the other failed. */
static enum au_err rocks_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    struct rocks *rocks = ctx;
    au_lock(&rocks->writers);
    enum au_err err = write_batch(rocks, batch, is_synced);
    au_unlock(&rocks->writers);
    /* RocksDB takes no changes once it has met damage itself, as it compacts tables. */
    if (err == AU_ERR_MALFORMED) tell_unreadable(rocks, err);
    return err;
}

static enum au_err rocks_snapshot_open(void *ctx, void **out_state)
{
    struct rocks *rocks = ctx;
    struct view *view = au_mem_new(sizeof(*view));
    if (!view) return AU_ERR_NO_MEMORY;
    view->age = au_gaps_age(&rocks->gaps);
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

static bool is_in_one_list(const struct cursor *cursor)
{
    size_t size = au_rocks_kinds[cursor->cf].prefix_size;
    return size > 0 && cursor->lower.size >= size && cursor->upper.size >= size &&
           memcmp(cursor->lower.data, cursor->upper.data, size) == 0;
}

/* Makes an iterator that ends before upper, unless that is of no bytes. Only seeking upwards can
 * keep within one prefix. */
static void open_iter(struct rocks *rocks, struct cursor *cursor,
                      const rocksdb_snapshot_t *snapshot, struct au_bytes upper)
{
    cursor->read = rocksdb_readoptions_create();
    if (snapshot) rocksdb_readoptions_set_snapshot(cursor->read, snapshot);
    rocksdb_readoptions_set_total_order_seek(cursor->read,
                                             cursor->is_downward || !is_in_one_list(cursor));
    if (cursor->is_scan) rocksdb_readoptions_set_fill_cache(cursor->read, 0);
    if (upper.size > 0) {
        rocksdb_readoptions_set_iterate_upper_bound(cursor->read, chars(upper), upper.size);
    }
    if (cursor->is_downward && cursor->lower.size > 0) {
        rocksdb_readoptions_set_iterate_lower_bound(cursor->read, chars(cursor->lower),
                                                    cursor->lower.size);
    }
    cursor->iter = rocksdb_create_iterator_cf(rocks->db, cursor->read, rocks->families[cursor->cf]);
}

static void close_iter(struct cursor *cursor)
{
    if (!cursor->iter) return;
    rocksdb_iter_destroy(cursor->iter);
    rocksdb_readoptions_destroy(cursor->read);
    cursor->iter = NULL;
    cursor->read = NULL;
}

static bool is_valid(const struct cursor *cursor)
{
    return cursor->iter && rocksdb_iter_valid(cursor->iter);
}

static bool has_failed(const struct cursor *cursor)
{
    char *cause = NULL;
    rocksdb_iter_get_error(cursor->iter, &cause);
    bool is_failed = cause != NULL;
    rocksdb_free(cause);
    return is_failed;
}

static struct au_bytes key_of(const struct cursor *cursor)
{
    size_t size;
    const char *key = rocksdb_iter_key(cursor->iter, &size);
    return (struct au_bytes){(const uint8_t *)key, size};
}

/* ---- gaps ---- */

static uint64_t tombstones(const struct leap *leap)
{
    return rocksdb_perfcontext_metric(leap->perf, rocksdb_internal_delete_skipped_count);
}

static bool is_past_end(const struct cursor *cursor, const struct au_gap_bound *bound)
{
    return cursor->upper.size > 0 && au_bytes_compare(au_gap_bytes_of(bound), cursor->upper) >= 0;
}

/* Puts at behind the gaps that it is in, and finds the next one. */
static void leave_gaps(struct rocks *rocks, struct cursor *cursor, struct au_gap_bound *at)
{
    struct leap *leap = cursor->leap;
    for (;;) {
        struct au_bytes from = au_gap_bytes_of(at);
        leap->has_gap = au_gaps_find(&rocks->gaps, leap->age, from, &leap->gap) &&
                        !is_past_end(cursor, &leap->gap.lower);
        if (!leap->has_gap) return;
        if (au_bytes_compare(au_gap_bytes_of(&leap->gap.lower), from) > 0) return;
        *at = leap->gap.upper;
        leap->has_crossed = true;
    }
}

/* Goes to the first key from a place on. Where there is none, no iterator is valid. */
static void seek_over_gaps(struct rocks *rocks, struct cursor *cursor, struct au_gap_bound at)
{
    struct leap *leap = cursor->leap;
    for (;;) {
        close_iter(cursor);
        leave_gaps(rocks, cursor, &at);
        if (is_past_end(cursor, &at)) return;
        uint64_t before = tombstones(leap);
        open_iter(rocks, cursor, leap->snapshot,
                  leap->has_gap ? au_gap_bytes_of(&leap->gap.lower) : cursor->upper);
        rocksdb_iter_seek(cursor->iter, chars(au_gap_bytes_of(&at)), at.size);
        leap->passed += tombstones(leap) - before;
        if (is_valid(cursor) || !leap->has_gap || has_failed(cursor)) return;
        at = leap->gap.upper;
        leap->has_crossed = true;
    }
}

/* Notes that there is nothing up to a key, if that was not known and is worth it. */
static void note_gap(struct rocks *rocks, struct leap *leap, struct au_bytes end)
{
    bool is_worth = leap->passed > AU_ROCKS_GAP_MIN || (leap->has_crossed && leap->passed > 0);
    if (is_worth && leap->has_from && end.size > 0) {
        au_gaps_add(&rocks->gaps, leap->age, au_gap_bytes_of(&leap->from), end, leap->passed);
    }
    leap->has_from = leap->has_crossed = false;
    leap->passed = 0;
}

static void step_over_gaps(struct rocks *rocks, struct cursor *cursor)
{
    struct leap *leap = cursor->leap;
    struct au_bytes key = key_of(cursor);
    leap->has_from = key.size < AU_GAP_KEY_SIZE_MAX;
    if (leap->has_from) {
        leap->from = au_gap_bound_of(key);
        leap->from.bytes[leap->from.size++] = 0; /* the next key that there can be */
    }
    uint64_t before = tombstones(leap);
    rocksdb_iter_next(cursor->iter);
    leap->passed += tombstones(leap) - before;
    if (is_valid(cursor) || !leap->has_gap || has_failed(cursor)) return;
    leap->has_crossed = true;
    seek_over_gaps(rocks, cursor, leap->gap.upper);
}

static enum au_err leap_new(struct rocks *rocks, const struct view *view, struct leap **out_leap)
{
    struct leap *leap = au_mem_new(sizeof(*leap));
    if (!leap) return AU_ERR_NO_MEMORY;
    leap->age = view ? view->age : au_gaps_age(&rocks->gaps);
    leap->is_own = !view;
    leap->snapshot = view ? view->snapshot : rocksdb_create_snapshot(rocks->db);
    leap->perf = rocksdb_perfcontext_create();
    *out_leap = leap;
    return AU_OK;
}

static void leap_free(struct rocks *rocks, struct leap *leap)
{
    if (!leap) return;
    rocksdb_perfcontext_destroy(leap->perf);
    if (leap->is_own) rocksdb_release_snapshot(rocks->db, leap->snapshot);
    au_mem_free(leap);
}

/* ---- walks ---- */

static void step(struct rocks *rocks, struct cursor *cursor)
{
    if (cursor->leap) {
        step_over_gaps(rocks, cursor);
    } else if (cursor->is_downward) {
        rocksdb_iter_prev(cursor->iter);
    } else {
        rocksdb_iter_next(cursor->iter);
    }
}

static struct cursor *cursor_new(const struct au_kv_range *range)
{
    struct cursor *cursor = au_mem_new(sizeof(*cursor) + range->upper.size + range->lower.size);
    if (!cursor) return NULL;
    uint8_t *upper = (uint8_t *)(cursor + 1);
    uint8_t *lower = upper + range->upper.size;
    if (range->upper.size > 0) memcpy(upper, range->upper.data, range->upper.size);
    if (range->lower.size > 0) memcpy(lower, range->lower.data, range->lower.size);
    cursor->cf = range->cf;
    cursor->upper = (struct au_bytes){upper, range->upper.size};
    cursor->lower = (struct au_bytes){lower, range->lower.size};
    cursor->is_downward = range->is_downward;
    cursor->is_scan = range->is_scan;
    return cursor;
}

static enum au_err rocks_iter_open(void *ctx, const void *snapshot, const struct au_kv_range *range,
                                   void **out_state)
{
    struct rocks *rocks = ctx;
    const struct view *view = snapshot;
    struct cursor *cursor = cursor_new(range);
    if (!cursor) return AU_ERR_NO_MEMORY;
    bool leaps = au_rocks_kinds[range->cf].has_gaps && !range->is_downward &&
                 range->lower.size <= AU_GAP_KEY_SIZE_MAX;
    if (leaps && leap_new(rocks, view, &cursor->leap) != AU_OK) {
        au_mem_free(cursor);
        return AU_ERR_NO_MEMORY;
    }
    if (leaps) {
        cursor->leap->from = au_gap_bound_of(range->lower);
        cursor->leap->has_from = true;
        seek_over_gaps(rocks, cursor, cursor->leap->from);
    } else {
        open_iter(rocks, cursor, view ? view->snapshot : NULL, cursor->upper);
        if (range->is_downward) {
            rocksdb_iter_seek_to_last(cursor->iter);
        } else {
            rocksdb_iter_seek(cursor->iter, chars(range->lower), range->lower.size);
        }
    }
    atomic_fetch_add(&rocks->views, 1);
    *out_state = cursor;
    return AU_OK;
}

static enum au_err rocks_iter_next(void *ctx, void *state, struct au_kv_entry *out_entry)
{
    struct rocks *rocks = ctx;
    struct cursor *cursor = state;
    if (cursor->is_begun && is_valid(cursor)) step(rocks, cursor);
    cursor->is_begun = true;
    if (!is_valid(cursor)) {
        /* The end and a failed read look alike but for the cause. */
        char *cause = NULL;
        if (cursor->iter) rocksdb_iter_get_error(cursor->iter, &cause);
        AU_TRY(check_read(rocks, cause));
        if (cursor->leap) note_gap(rocks, cursor->leap, cursor->upper);
        return AU_ERR_NOT_FOUND;
    }
    struct au_bytes key = key_of(cursor);
    if (cursor->leap) note_gap(rocks, cursor->leap, key);
    size_t value_size;
    const char *value = rocksdb_iter_value(cursor->iter, &value_size);
    *out_entry = (struct au_kv_entry){.key = key, .value = {(const uint8_t *)value, value_size}};
    return AU_OK;
}

static void rocks_iter_close(void *ctx, void *state)
{
    struct rocks *rocks = ctx;
    struct cursor *cursor = state;
    close_iter(cursor);
    leap_free(rocks, cursor->leap);
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
    for (size_t i = 0; i < AU_ROCKS_FAMILY_COUNT && !cause; i++) {
        rocksdb_flush_cf(rocks->db, flush, rocks->families[i], &cause);
    }
    rocksdb_free(cause);
    rocksdb_flushoptions_destroy(flush);
}

/* One that is not open. */
static enum au_err rocks_new(struct rocks **out_rocks)
{
    struct rocks *rocks = au_mem_new(sizeof(*rocks));
    if (!rocks) return AU_ERR_NO_MEMORY;
    if (au_gaps_init(&rocks->gaps, GAPS_MAX) == AU_OK) {
        *out_rocks = rocks;
        if (pthread_mutex_init(&rocks->writers, NULL) == 0) {
            if (pthread_mutex_init(&rocks->lock, NULL) == 0) return AU_OK;
            AU_ASSERT(pthread_mutex_destroy(&rocks->writers) == 0);
        }
        au_gaps_done(&rocks->gaps);
    }
    au_mem_free(rocks);
    return AU_ERR_NO_MEMORY;
}

static void rocks_free(struct rocks *rocks)
{
    AU_ASSERT(pthread_mutex_destroy(&rocks->lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&rocks->writers) == 0);
    au_gaps_done(&rocks->gaps);
    au_mem_free(rocks);
}

static void rocks_close(void *ctx)
{
    struct rocks *rocks = ctx;
    AU_ASSERT(atomic_load(&rocks->views) == 0);
    if (rocks->logged_size > REPLAY_MAX && rocks->write_err == AU_OK) flush_families(rocks);
    /* Handles before the database: RocksDB aborts over one that is left. */
    for (size_t i = 0; i < AU_ROCKS_FAMILY_COUNT; i++) {
        rocksdb_column_family_handle_destroy(rocks->families[i]);
    }
    rocksdb_close(rocks->db);
    rocksdb_readoptions_destroy(rocks->read);
    rocksdb_writeoptions_destroy(rocks->write);
    rocksdb_writeoptions_destroy(rocks->write_synced);
    rocksdb_writebatch_destroy(rocks->changes);
    rocks_free(rocks);
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

static void name_families(const char *out_names[AU_ROCKS_FAMILY_COUNT])
{
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        out_names[i] = au_cf_name((enum au_cf)i);
    }
    out_names[AU_CF_COUNT] = "default";
}

/* Counts the tables in a folder, as far as max. */
static int table_count(const char *path, int max)
{
    DIR *folder = opendir(path);
    int count = 0;
    for (struct dirent *entry; folder && count < max && (entry = readdir(folder));) {
        const char *end = strrchr(entry->d_name, '.');
        if (end && strcmp(end, ".sst") == 0) count++;
    }
    if (folder) (void)closedir(folder);
    return count;
}

static char *open_db(struct rocks *rocks, const char *path, const char *const *names,
                     const struct au_rocks_options *options)
{
    struct au_rocks_setup setup = au_rocks_setup_new(options);
    char *cause = NULL;
    /* RocksDB begins as many for each family, however few tables that has. */
    rocksdb_options_set_max_file_opening_threads(setup.db, table_count(path, TABLE_THREADS));
    rocks->db = rocksdb_open_column_families(setup.db, path, AU_ROCKS_FAMILY_COUNT, names,
                                             (const rocksdb_options_t *const *)setup.families,
                                             rocks->families, &cause);
    au_rocks_setup_free(&setup);
    return cause;
}

/* Opens the database over logs that were found whole, or torn, which RocksDB refuses once it has
 * the folder's lock: so there is nobody who could still be writing when the torn end is cut. */
static enum au_err open_mended(struct rocks *rocks, const char *path,
                               const struct au_rocks_options *options,
                               char out_message[AU_KV_MESSAGE_SIZE])
{
    bool is_torn;
    const char *names[AU_ROCKS_FAMILY_COUNT];
    name_families(names);
    AU_TRY(au_schema_claim(path, out_message));
    AU_TRY(au_manifest_make(path, names, AU_CF_COUNT, out_message));
    AU_TRY(au_wal_check(path, out_message, &is_torn));
    char *cause = open_db(rocks, path, names, options);
    enum au_err err = cause ? take_cause(cause, out_message) : AU_OK;
    if (err != AU_ERR_MALFORMED || !is_torn) return err;
    AU_TRY(au_wal_mend(path, out_message));
    out_message[0] = 0;
    cause = open_db(rocks, path, names, options);
    return cause ? take_cause(cause, out_message) : AU_OK;
}

enum au_err au_rocks_open(const char *path, const struct au_rocks_options *options,
                          char out_message[AU_KV_MESSAGE_SIZE], struct au_kv *out_kv)
{
    out_message[0] = 0;
    if (options->cache_size == 0 || options->write_buffer_size == 0) return AU_ERR_INVALID_ARG;
    if (options->wal_size_max == 0) return AU_ERR_INVALID_ARG;
    struct rocks *rocks;
    AU_TRY(rocks_new(&rocks));
    enum au_err err = open_mended(rocks, path, options, out_message);
    if (err != AU_OK) {
        rocks_free(rocks);
        return err;
    }
    rocks->read = rocksdb_readoptions_create();
    rocks->write = rocksdb_writeoptions_create();
    rocks->write_synced = rocksdb_writeoptions_create();
    rocksdb_writeoptions_set_sync(rocks->write_synced, 1);
    rocks->changes = rocksdb_writebatch_create();
    rocks->context = options->context;
    rocks->on_unreadable = options->on_unreadable;
    *out_kv = (struct au_kv){&rocks_ops, rocks};
    return AU_OK;
}

enum au_err au_rocks_find(const char *path)
{
    char name[PATH_MAX];
    int size = snprintf(name, sizeof(name), "%s/CURRENT", path);
    if (size < 0 || (size_t)size >= sizeof(name)) {
        errno = ENAMETOOLONG;
        return AU_ERR_IO;
    }
    if (access(name, F_OK) == 0) return AU_OK;
    return errno == ENOENT || errno == ENOTDIR ? AU_ERR_NOT_FOUND : AU_ERR_IO;
}
