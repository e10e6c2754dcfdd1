#include "state/past.h"

#include "base/mem.h"
#include "state/history.h"
#include "state/retrace.h"

struct au_past {
    struct au_trie_cache tries;
};

static enum au_err count_changes(const struct au_kv *changes, size_t count_max)
{
    struct au_undo_record record;
    size_t cursor = 0, count = 0;
    while (au_history_next(changes, &cursor, &record)) {
        if (record.cf == AU_CF_ACC || record.cf == AU_CF_STO) count++;
    }
    return count > count_max ? AU_ERR_TOO_LARGE : AU_OK;
}

/* Gives what changed between the wanted height and those of the records: all keys but these are in
 * the records as they were then. */
static enum au_err open_changes(const struct au_past_options *options, struct au_kv *out_changes)
{
    struct au_trie_heights heights;
    uint64_t height = options->height;
    AU_TRY(au_trie_get_heights(&options->kv, options->snapshot, &heights));
    if (heights.last > options->head) return AU_ERR_MALFORMED;
    const struct au_history_options between = {
        .kv = options->kv,
        .snapshot = options->snapshot,
        .head = heights.last < height ? height : heights.last,
        .height = heights.first < height ? heights.first : height,
        .size_max = options->size_max,
        .seed = options->seed,
    };
    AU_TRY(au_history_open(&between, out_changes));
    enum au_err err = count_changes(out_changes, options->change_count_max);
    if (err != AU_OK) au_kv_close(out_changes);
    return err;
}

static enum au_err make_tries(const struct au_past_options *options, const struct au_kv *changes,
                              struct au_buf *message, struct au_trie_cache *tries)
{
    struct au_flat flat;
    struct au_retrace retrace;
    /* Nothing is ever given up: what was changed is nowhere else. */
    AU_TRY(au_trie_cache_init(tries, options->history, &options->seed, SIZE_MAX));
    au_flat_init(&flat, options->history, NULL);
    au_retrace_init(&retrace, tries, &flat, options->root, options->size_max);
    retrace.message = message;
    retrace.is_written = true;
    enum au_err err = au_retrace_changes(&retrace, changes);
    if (err == AU_OK) {
        au_trie_cache_commit(tries);
    } else {
        au_trie_cache_abort(tries);
    }
    au_retrace_done(&retrace);
    au_flat_done(&flat);
    au_trie_cache_settle(tries, &options->kv, options->snapshot);
    return err;
}

enum au_err au_past_open(const struct au_past_options *options, struct au_buf *message,
                         struct au_past **out_past)
{
    struct au_kv changes;
    AU_ASSERT(options->height <= options->head);
    AU_TRY(open_changes(options, &changes));
    struct au_past *past = au_mem_new(sizeof(*past));
    enum au_err err =
        past ? make_tries(options, &changes, message, &past->tries) : AU_ERR_NO_MEMORY;
    au_kv_close(&changes);
    if (err != AU_OK) {
        au_past_close(past);
        return err;
    }
    *out_past = past;
    return AU_OK;
}

void au_past_close(struct au_past *past)
{
    if (!past) return;
    au_trie_cache_done(&past->tries);
    au_mem_free(past);
}

const struct au_trie_cache *au_past_tries(const struct au_past *past)
{
    return &past->tries;
}

size_t au_past_size(const struct au_past *past)
{
    return sizeof(*past) + au_trie_cache_count(&past->tries).size;
}
