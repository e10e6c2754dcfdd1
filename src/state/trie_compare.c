#include "state/trie_compare.h"

static enum au_err step(struct au_trie_compare *compare)
{
    enum au_err err = au_kv_iter_next(&compare->iter, &compare->next);
    compare->is_done = err == AU_ERR_NOT_FOUND;
    return compare->is_done ? AU_OK : err;
}

enum au_err au_trie_compare_open(struct au_trie_compare *compare, const struct au_kv *kv,
                                 const struct au_kv_range *range,
                                 const struct au_trie_compare_sink *sink)
{
    compare->sink = *sink;
    compare->aside_count = 0;
    compare->branch_count = 0;
    AU_TRY(au_kv_iter_open(kv, NULL, range, &compare->iter));
    enum au_err err = step(compare);
    if (err != AU_OK) au_kv_iter_close(&compare->iter);
    return err;
}

void au_trie_compare_close(struct au_trie_compare *compare)
{
    au_kv_iter_close(&compare->iter);
}

static enum au_err tell(struct au_trie_compare *compare, enum au_trie_difference_kind kind,
                        struct au_bytes key, struct au_bytes record)
{
    const struct au_trie_difference difference = {kind, key, record};
    return compare->sink.on_difference(compare->sink.context, &difference);
}

/* ---- records that were read too early ---- */

static struct au_bytes aside_key(const struct au_trie_aside *aside)
{
    return (struct au_bytes){aside->key, aside->key_size};
}

static bool begins_with(struct au_bytes key, struct au_bytes first)
{
    return key.size >= first.size && memcmp(key.data, first.data, first.size) == 0;
}

/* What is not above a key, or at it, would have come before: it is of no branch. */
static enum au_err drop_passed(struct au_trie_compare *compare, struct au_bytes key)
{
    while (compare->aside_count > 0) {
        const struct au_trie_aside *last = &compare->asides[compare->aside_count - 1];
        if (begins_with(key, aside_key(last))) break;
        compare->aside_count--;
        AU_TRY(tell(compare, AU_TRIE_EXTRA, aside_key(last), (struct au_bytes){0}));
    }
    return AU_OK;
}

/* Keys that begin with each other differ in size: there is room for all that are of branches. */
static enum au_err put_aside(struct au_trie_compare *compare)
{
    struct au_trie_start start;
    struct au_bytes key = compare->next.key, record = compare->next.value;
    if (!au_trie_key_parse(key, &start)) {
        return tell(compare, AU_TRIE_EXTRA, key, (struct au_bytes){0});
    }
    AU_TRY(drop_passed(compare, key));
    AU_ASSERT(compare->aside_count < AU_COUNT_OF(compare->asides));
    struct au_trie_aside *aside = &compare->asides[compare->aside_count++];
    aside->key_size = key.size;
    aside->size = record.size;
    memcpy(aside->key, key.data, key.size);
    size_t copied = record.size < sizeof(aside->bytes) ? record.size : sizeof(aside->bytes);
    if (copied > 0) memcpy(aside->bytes, record.data, copied);
    return AU_OK;
}

/* ---- comparing ---- */

static enum au_err compare_one(struct au_trie_compare *compare, const struct au_kv_entry *stored,
                               struct au_bytes record)
{
    if (au_bytes_is_equal(stored->value, record)) return AU_OK;
    return tell(compare, AU_TRIE_DAMAGED, stored->key, record);
}

/* The branch's own record, if there is one, is the next one or was put aside last. */
static enum au_err find(struct au_trie_compare *compare, struct au_bytes key,
                        struct au_bytes record)
{
    int order = -1;
    while (!compare->is_done && (order = au_bytes_compare(compare->next.key, key)) < 0) {
        AU_TRY(put_aside(compare));
        AU_TRY(step(compare));
    }
    if (!compare->is_done && order == 0) {
        AU_TRY(compare_one(compare, &compare->next, record));
        return step(compare);
    }
    AU_TRY(drop_passed(compare, key));
    size_t count = compare->aside_count;
    if (count == 0 || compare->asides[count - 1].key_size != key.size) {
        return tell(compare, AU_TRIE_MISSING, key, record);
    }
    const struct au_trie_aside *last = &compare->asides[--compare->aside_count];
    const struct au_kv_entry stored = {aside_key(last), {last->bytes, last->size}};
    return compare_one(compare, &stored, record);
}

enum au_err au_trie_compare_add(struct au_trie_compare *compare, const struct au_hash *owner,
                                const struct au_trie_node *node, size_t start)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX], record[AU_TRIE_RECORD_SIZE_MAX];
    size_t key_size = au_trie_key(key, owner, &node->path, start);
    size_t size = au_trie_record_encode(record, node, start);
    compare->branch_count++;
    return find(compare, (struct au_bytes){key, key_size}, (struct au_bytes){record, size});
}

enum au_err au_trie_compare_finish(struct au_trie_compare *compare)
{
    while (!compare->is_done) {
        AU_TRY(put_aside(compare));
        AU_TRY(step(compare));
    }
    return drop_passed(compare, (struct au_bytes){0});
}
