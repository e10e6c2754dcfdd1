#include "state/past.h"

#include "base/mem.h"
#include "state/history.h"
#include "state/retrace.h"

struct au_past {
    struct au_trie_cache tries;
};

/* Two views of one snapshot: the flat state at the height of the records, on which the tries begin,
 * and what changed between that height and the wanted one. */
struct views {
    struct au_kv base;
    struct au_kv changes;
};

static struct au_history_options history_of(const struct au_past_options *options, uint64_t height,
                                            uint64_t head)
{
    return (struct au_history_options){
        .kv = options->kv,
        .snapshot = options->snapshot,
        .head = head,
        .height = height,
        .size_max = options->size_max,
        .seed = options->seed,
    };
}

static enum au_err count_changes(const struct au_kv *changes, size_t count_max)
{
    struct au_undo_record record;
    size_t cursor = 0, count = 0;
    while (au_history_next(changes, &cursor, &record)) {
        if (record.cf == AU_CF_ACC || record.cf == AU_CF_STO) count++;
    }
    return count > count_max ? AU_ERR_TOO_LARGE : AU_OK;
}

static enum au_err open_views(const struct au_past_options *options, struct views *views)
{
    uint64_t flushed, height = options->height;
    AU_TRY(au_trie_flushed_height(&options->kv, options->snapshot, &flushed));
    if (flushed > options->head) return AU_ERR_MALFORMED;
    const struct au_history_options changes = history_of(
        options, flushed < height ? flushed : height, flushed < height ? height : flushed);
    const struct au_history_options base = history_of(options, flushed, options->head);
    AU_TRY(au_history_open(&changes, &views->changes));
    enum au_err err = count_changes(&views->changes, options->change_count_max);
    if (err == AU_OK) err = au_history_open(&base, &views->base);
    if (err != AU_OK) au_kv_close(&views->changes);
    return err;
}

static enum au_err make_tries(const struct au_past_options *options, const struct views *views,
                              struct au_buf *message, struct au_trie_cache *tries)
{
    struct au_flat flat;
    struct au_retrace retrace;
    /* Nothing is ever given up: what was changed is nowhere else. */
    AU_TRY(au_trie_cache_init(tries, &views->base, &options->seed, SIZE_MAX));
    au_flat_init(&flat, options->history, NULL);
    au_retrace_init(&retrace, tries, &flat, options->root, options->size_max);
    retrace.message = message;
    enum au_err err = au_retrace_changes(&retrace, &views->changes);
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
    struct views views;
    AU_ASSERT(options->height <= options->head);
    AU_TRY(open_views(options, &views));
    struct au_past *past = au_mem_new(sizeof(*past));
    enum au_err err = past ? make_tries(options, &views, message, &past->tries) : AU_ERR_NO_MEMORY;
    au_kv_close(&views.base);
    au_kv_close(&views.changes);
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
