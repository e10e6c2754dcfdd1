/* Records that are of no trie any more: what is left of passes that did not come to their end. */
#include "state/trie_internal.h"

#define BATCH_SIZE_MAX ((size_t)32 << 30) /* bytes of keys to be deleted */

/* The branches above a record, of which each starts below the one before. */
struct line {
    struct au_trie_node nodes[AU_NIBBLE_COUNT];
    size_t starts[AU_NIBBLE_COUNT];
    size_t count;
    struct au_hash owner;
};

static bool is_below(const struct line *line, const struct au_trie_start *start)
{
    size_t above = line->starts[line->count - 1];
    return au_hash_is_equal(&line->owner, &start->owner) && start->start > above &&
           au_nibbles_shared(&line->nodes[line->count - 1].path, &start->path) >= above;
}

/* Whether the branch above says that one starts there. */
static bool is_promised(const struct au_trie_node *above, const struct au_trie_start *start)
{
    if (above->depth + 1u != start->start) return false;
    if (au_nibbles_shared(&above->path, &start->path) < above->depth) return false;
    unsigned index = au_nibble_at(&start->path, above->depth);
    return above->ref_sizes[index] > 0 && (above->leaves >> index & 1) == 0;
}

/* Records come in the order of keys: each after all that are above it. */
static enum au_err look_at(struct line *line, const struct au_kv_entry *record,
                           struct au_kv_batch *batch)
{
    struct au_trie_start start;
    struct au_trie_node node;
    if (!au_trie_key_parse(record->key, &start)) return AU_ERR_MALFORMED;
    if (!au_trie_record_decode(record->value, &start.path, start.start, &node)) {
        return AU_ERR_MALFORMED;
    }
    while (line->count > 0 && !is_below(line, &start)) {
        line->count--;
    }
    bool is_root = start.start == 0;
    if (!is_root && (line->count == 0 || !is_promised(&line->nodes[line->count - 1], &start))) {
        au_kv_batch_del(batch, AU_CF_TRI, record->key);
        return batch->ops.err;
    }
    line->owner = start.owner;
    line->nodes[line->count] = node;
    line->starts[line->count++] = start.start;
    return AU_OK;
}

static enum au_err find_lost(const struct au_kv *kv, struct au_kv_batch *batch)
{
    const struct au_kv_range range = {.cf = AU_CF_TRI, .is_scan = true};
    struct line line = {.count = 0};
    struct au_kv_iter iter;
    struct au_kv_entry record;
    AU_TRY(au_kv_iter_open(kv, NULL, &range, &iter));
    enum au_err err = AU_OK;
    while (err == AU_OK && (err = au_kv_iter_next(&iter, &record)) == AU_OK) {
        err = look_at(&line, &record, batch);
    }
    au_kv_iter_close(&iter);
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

enum au_err au_trie_cache_mend(struct au_trie_cache *cache, uint64_t height)
{
    struct au_kv_batch batch;
    AU_TRY(au_trie_flush_as(cache, &(struct au_trie_heights){height, height, .is_mixed = true}));
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    enum au_err err = find_lost(&cache->flat.kv, &batch);
    au_trie_put_flushed_height(&batch, height);
    if (err == AU_OK) err = au_kv_write(&cache->flat.kv, &batch, /* is_synced */ false);
    au_kv_batch_done(&batch);
    return err;
}
