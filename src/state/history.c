#include "state/history.h"

#include <stdlib.h>

#include "base/arena.h"
#include "base/mem.h"
#include "state/table.h"

/* What a record costs besides its bytes: its cells of the table at their worst, its place in the
 * order, the arena's alignment. */
#define ENTRY_EXTRA_SIZE 96u

/* The entries of a family stand together. */
struct span {
    size_t begin;
    size_t end;
};

struct history {
    struct au_kv kv;
    const struct au_kv_snapshot *snapshot;
    struct au_arena arena;
    struct au_undo_record **entries; /* by family and key; in arena */
    size_t count;
    struct span spans[AU_CF_COUNT];
};

/* A history on its way: entries are found by the hash of their key until they are in order. */
struct opening {
    const struct au_history_options *options;
    struct history *history;
    struct au_table table;
    size_t used;   /* bytes, of options->size_max */
    uint64_t read; /* likewise, of options->read_max */
};

/* ---- opening ---- */

static int compare_entries(const void *left, const void *right)
{
    const struct au_undo_record *a = *(struct au_undo_record *const *)left;
    const struct au_undo_record *b = *(struct au_undo_record *const *)right;
    if (a->cf != b->cf) return a->cf < b->cf ? -1 : 1;
    return au_bytes_compare(a->key, b->key);
}

static uint64_t hash_of(const struct opening *opening, const struct au_undo_record *record)
{
    struct au_address family = {{(uint8_t)record->cf}};
    return au_key_hash(&opening->options->seed, &family, record->key);
}

static bool has(const struct opening *opening, uint64_t hash, const struct au_undo_record *record)
{
    struct au_table_cell *cell = au_table_find(&opening->table, hash);
    for (; cell; cell = au_table_next(&opening->table, cell, hash)) {
        const struct au_undo_record *entry = cell->entry;
        if (entry->cf == record->cf && au_bytes_is_equal(entry->key, record->key)) return true;
    }
    return false;
}

/* Blocks are read upwards: what a record was before the first that changed it is what it was at the
 * height. */
static enum au_err take_record(struct opening *opening, const struct au_undo_record *record)
{
    uint64_t hash = hash_of(opening, record);
    if (has(opening, hash, record)) return AU_OK;
    struct au_arena *arena = &opening->history->arena;
    size_t size =
        sizeof(struct au_undo_record) + record->key.size + record->value.size + ENTRY_EXTRA_SIZE;
    if (size > opening->options->size_max - opening->used) return AU_ERR_TOO_LARGE;
    opening->used += size;
    struct au_undo_record *entry = au_arena_get(arena, sizeof(*entry));
    if (!entry) return AU_ERR_NO_MEMORY;
    *entry = *record;
    AU_TRY(au_arena_copy(arena, record->key, &entry->key));
    AU_TRY(au_arena_copy(arena, record->value, &entry->value));
    return au_table_add(&opening->table, hash, entry);
}

static enum au_err take_block(struct opening *opening, uint64_t height, struct au_buf *stored)
{
    const struct au_history_options *options = opening->options;
    struct au_undo_key key = au_undo_key(height);
    struct au_decode decode;
    struct au_undo_record record;
    AU_TRY(au_kv_get(&options->kv, options->snapshot, AU_CF_CHG,
                     (struct au_bytes){key.bytes, sizeof(key.bytes)}, stored));
    opening->read += stored->size + AU_HISTORY_BLOCK_SIZE;
    if (options->read_max > 0 && opening->read > options->read_max) return AU_ERR_TOO_LARGE;
    au_decode_init(&decode, au_buf_bytes(stored));
    while (au_undo_record_next(&decode, &record)) {
        AU_TRY(take_record(opening, &record));
    }
    return decode.error ? AU_ERR_MALFORMED : AU_OK;
}

static enum au_err take_blocks(struct opening *opening)
{
    const struct au_history_options *options = opening->options;
    struct au_buf stored;
    enum au_err err = AU_OK;
    au_buf_init(&stored, options->size_max);
    for (uint64_t height = options->height; err == AU_OK && height < options->head; height++) {
        err = take_block(opening, height + 1, &stored);
    }
    au_buf_done(&stored);
    return err;
}

static enum au_err put_in_order(struct opening *opening)
{
    struct history *history = opening->history;
    const struct au_table *table = &opening->table;
    history->entries = au_arena_get(&history->arena, table->count * sizeof(*history->entries));
    if (!history->entries) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < table->capacity; i++) {
        if (table->cells[i].entry) history->entries[history->count++] = table->cells[i].entry;
    }
    qsort(history->entries, history->count, sizeof(struct au_undo_record *), compare_entries);
    for (size_t i = 0; i < history->count; i++) {
        struct span *span = &history->spans[history->entries[i]->cf];
        if (span->end == 0) span->begin = i;
        span->end = i + 1;
    }
    return AU_OK;
}

/* ---- reading ---- */

static bool is_overlaid(enum au_cf cf)
{
    return cf == AU_CF_ACC || cf == AU_CF_STO || cf == AU_CF_KEY;
}

/* Gives the index of the first entry of a family whose key is not below key, or the end of them. */
static size_t lower_bound(const struct history *history, enum au_cf cf, struct au_bytes key)
{
    size_t low = history->spans[cf].begin;
    size_t high = history->spans[cf].end;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (au_bytes_compare(history->entries[middle]->key, key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static enum au_err history_get(void *ctx, const void *snapshot, enum au_cf cf, struct au_bytes key,
                               struct au_buf *out_value)
{
    (void)snapshot;
    const struct history *history = ctx;
    if (is_overlaid(cf)) {
        size_t at = lower_bound(history, cf, key);
        if (at < history->spans[cf].end && au_bytes_is_equal(history->entries[at]->key, key)) {
            if (!history->entries[at]->existed) return AU_ERR_NOT_FOUND;
            au_buf_put_bytes(out_value, history->entries[at]->value);
            return AU_OK;
        }
    }
    return au_kv_get(&history->kv, history->snapshot, cf, key, out_value);
}

/* A walk over both: the store's next entry is held until the overlay has come to it. */
struct cursor {
    const struct history *history;
    struct au_kv_iter stored;
    struct au_kv_entry held;
    enum au_err held_err; /* OK: held is an entry; NOT_FOUND: the store has no more */
    bool is_held;
    size_t next; /* of the overlay */
    size_t end;
};

static enum au_err history_iter_open(void *ctx, const void *snapshot,
                                     const struct au_kv_range *range, void **out_state)
{
    (void)snapshot;
    const struct history *history = ctx;
    AU_ASSERT(!range->is_downward);
    struct cursor *cursor = au_mem_new(sizeof(*cursor));
    if (!cursor) return AU_ERR_NO_MEMORY;
    cursor->history = history;
    enum au_err err = au_kv_iter_open(&history->kv, history->snapshot, range, &cursor->stored);
    if (err != AU_OK) {
        au_mem_free(cursor);
        return err;
    }
    if (is_overlaid(range->cf)) {
        cursor->next = lower_bound(history, range->cf, range->lower);
        cursor->end = range->upper.size > 0 ? lower_bound(history, range->cf, range->upper)
                                            : history->spans[range->cf].end;
    }
    *out_state = cursor;
    return AU_OK;
}

static enum au_err history_iter_next(void *ctx, void *state, struct au_kv_entry *out_entry)
{
    (void)ctx;
    struct cursor *cursor = state;
    for (;;) {
        if (!cursor->is_held) cursor->held_err = au_kv_iter_next(&cursor->stored, &cursor->held);
        cursor->is_held = true;
        bool has_stored = cursor->held_err == AU_OK;
        if (!has_stored && cursor->held_err != AU_ERR_NOT_FOUND) return cursor->held_err;
        const struct au_undo_record *entry =
            cursor->next < cursor->end ? cursor->history->entries[cursor->next] : NULL;
        int order = 1;
        if (entry) order = has_stored ? au_bytes_compare(entry->key, cursor->held.key) : -1;
        if (order > 0) {
            cursor->is_held = !has_stored;
            if (has_stored) *out_entry = cursor->held;
            return cursor->held_err;
        }
        if (order == 0) cursor->is_held = false;
        cursor->next++;
        if (!entry->existed) continue;
        *out_entry = (struct au_kv_entry){entry->key, entry->value};
        return AU_OK;
    }
}

static void history_iter_close(void *ctx, void *state)
{
    (void)ctx;
    struct cursor *cursor = state;
    au_kv_iter_close(&cursor->stored);
    au_mem_free(cursor);
}

static enum au_err history_snapshot_open(void *ctx, void **out_state)
{
    *out_state = ctx;
    return AU_OK;
}

static void history_snapshot_close(void *ctx, void *state)
{
    AU_ASSERT(ctx == state);
}

static void history_message(void *ctx, char out_text[AU_KV_MESSAGE_SIZE])
{
    const struct history *history = ctx;
    au_kv_message(&history->kv, out_text);
}

static void history_close(void *ctx)
{
    struct history *history = ctx;
    au_arena_done(&history->arena);
    au_mem_free(history);
}

static const struct au_kv_ops history_ops = {
    .get = history_get,
    .snapshot_open = history_snapshot_open,
    .snapshot_close = history_snapshot_close,
    .iter_open = history_iter_open,
    .iter_next = history_iter_next,
    .iter_close = history_iter_close,
    .message = history_message,
    .close = history_close,
};

enum au_err au_history_open(const struct au_history_options *options, struct au_kv *out_history)
{
    AU_ASSERT(options->height <= options->head);
    struct history *history = au_mem_new(sizeof(*history));
    if (!history) return AU_ERR_NO_MEMORY;
    history->kv = options->kv;
    history->snapshot = options->snapshot;
    /* The budget is counted by the record: the arena's own bound could not tell it from the end of
     * the heap. */
    au_arena_init(&history->arena, SIZE_MAX);
    struct opening opening = {.options = options, .history = history};
    enum au_err err = take_blocks(&opening);
    if (err == AU_OK) err = put_in_order(&opening);
    au_table_done(&opening.table);
    if (err != AU_OK) {
        history_close(history);
        return err;
    }
    *out_history = (struct au_kv){&history_ops, history};
    return AU_OK;
}

bool au_history_next(const struct au_kv *history, size_t *cursor, struct au_undo_record *out_record)
{
    AU_ASSERT(history->ops == &history_ops);
    const struct history *self = history->ctx;
    if (*cursor == self->count) return false;
    *out_record = *self->entries[(*cursor)++];
    return true;
}
