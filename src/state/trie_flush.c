/* From the tries in memory to their records, and back. */
#include "state/trie_internal.h"

#define BATCH_SIZE_MAX ((size_t)32 << 30) /* bytes of a flush */
#define HEIGHT_SIZE    8u                 /* bytes of meta "trie"; twice as many: first and last */

/* ---- writing ---- */

void au_trie_put_record(struct au_kv_batch *batch, const struct au_hash *owner,
                        const struct au_trie_branch *branch, size_t start)
{
    struct au_trie_open open;
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    uint8_t record[AU_TRIE_RECORD_SIZE_MAX];
    au_trie_unfold(branch, &open);
    size_t key_size = au_trie_key(key, owner, &open.node.path, start);
    size_t record_size = au_trie_record_encode(record, &open.node, start);
    au_kv_batch_put(batch, AU_CF_TRI, (struct au_bytes){key, key_size},
                    (struct au_bytes){record, record_size});
}

/* Above what is dirty all is. Each call is for a branch further down: at most AU_NIBBLE_COUNT. */
static void put_dirty(struct au_kv_batch *batch, const struct au_hash *owner,
                      const struct au_trie_branch *branch, size_t start, unsigned mask)
{
    au_trie_put_record(batch, owner, branch, start);
    for (unsigned left = branch->dirty[mask]; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctz(left);
        const struct au_trie_branch *below = au_trie_place(branch, index)->link.branch;
        put_dirty(batch, owner, below, branch->depth + 1u, mask);
    }
}

/* Recursion as above. */
static void clean(struct au_trie_branch *root, unsigned mask)
{
    for (unsigned left = root->dirty[mask]; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctz(left);
        clean(au_trie_place(root, index)->link.branch, mask);
    }
    root->dirty[mask] = 0;
}

static void put_gone(const struct au_trie_part *part, struct au_kv_batch *batch)
{
    for (size_t i = 0; i < part->gone_count; i++) {
        uint8_t key[AU_TRIE_KEY_SIZE_MAX];
        const struct au_trie_start *gone = &part->gone[i];
        size_t size = au_trie_key(key, &gone->owner, &gone->path, gone->start);
        au_kv_batch_del(batch, AU_CF_TRI, (struct au_bytes){key, size});
    }
}

static void put_all(const struct au_trie_cache *cache, struct au_kv_batch *batch)
{
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        put_gone(&cache->parts[i], batch);
    }
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        const struct au_trie *trie = cache->tries.cells[i].entry;
        if (!trie || !trie->root.is_dirty) continue;
        put_dirty(batch, &trie->owner, trie->root.link.branch, 0, cache->mask);
    }
}

void au_trie_put_heights(struct au_kv_batch *batch, const struct au_trie_heights *heights)
{
    uint8_t value[2 * HEIGHT_SIZE];
    au_put_big_endian(value, heights->first, HEIGHT_SIZE);
    au_put_big_endian(value + HEIGHT_SIZE, heights->last, HEIGHT_SIZE);
    size_t size = heights->is_mixed ? sizeof(value) : HEIGHT_SIZE;
    au_kv_batch_put(batch, AU_CF_META, au_bytes_of(AU_META_TRIE), (struct au_bytes){value, size});
}

void au_trie_put_flushed_height(struct au_kv_batch *batch, uint64_t height)
{
    au_trie_put_heights(batch, &(struct au_trie_heights){height, height, .is_mixed = false});
}

enum au_err au_trie_flush_as(struct au_trie_cache *cache, const struct au_trie_heights *heights)
{
    AU_ASSERT(!cache->changed && !cache->pass);
    AU_TRY(cache->pass_err);
    struct au_kv_batch batch;
    au_kv_batch_init(&batch, BATCH_SIZE_MAX);
    put_all(cache, &batch);
    au_trie_put_heights(&batch, heights);
    enum au_err err = au_kv_write(&cache->flat.kv, &batch, /* is_synced */ false);
    au_kv_batch_done(&batch);
    AU_TRY(err);
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        struct au_trie *trie = cache->tries.cells[i].entry;
        if (!trie || !trie->root.is_dirty) continue;
        clean(trie->root.link.branch, cache->mask);
        trie->root.is_dirty = false;
    }
    au_trie_forget_dirt(cache);
    au_trie_cache_trim(cache);
    return AU_OK;
}

enum au_err au_trie_cache_flush(struct au_trie_cache *cache, uint64_t height)
{
    return au_trie_flush_as(cache, &(struct au_trie_heights){height, height, .is_mixed = false});
}

/* ---- reading ---- */

static bool decode_heights(struct au_bytes value, struct au_trie_heights *out_heights)
{
    bool is_mixed = value.size == 2 * HEIGHT_SIZE;
    if (!is_mixed && value.size != HEIGHT_SIZE) return false;
    out_heights->first = au_get_big_endian(value.data, HEIGHT_SIZE);
    out_heights->last =
        is_mixed ? au_get_big_endian(value.data + HEIGHT_SIZE, HEIGHT_SIZE) : out_heights->first;
    out_heights->is_mixed = is_mixed;
    return out_heights->first <= out_heights->last;
}

enum au_err au_trie_get_heights(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                                struct au_trie_heights *out_heights)
{
    struct au_buf value;
    au_buf_init(&value, 2 * HEIGHT_SIZE);
    enum au_err err = au_kv_get(kv, snapshot, AU_CF_META, au_bytes_of(AU_META_TRIE), &value);
    bool is_bad = err == AU_ERR_TOO_LARGE ||
                  (err == AU_OK && !decode_heights(au_buf_bytes(&value), out_heights));
    au_buf_done(&value);
    return is_bad ? AU_ERR_MALFORMED : err;
}

void au_trie_cache_settle(struct au_trie_cache *cache, const struct au_kv *kv,
                          const struct au_kv_snapshot *snapshot)
{
    AU_ASSERT(!cache->changed);
    cache->flat.kv = *kv;
    cache->flat.snapshot = snapshot;
}

enum au_err au_trie_load(const struct au_kv *kv, const struct au_kv_snapshot *snapshot,
                         struct au_buf *value, const struct au_trie_start *start,
                         struct au_trie_node *out_node)
{
    uint8_t key[AU_TRIE_KEY_SIZE_MAX];
    size_t size = au_trie_key(key, &start->owner, &start->path, start->start);
    AU_TRY(au_kv_get(kv, snapshot, AU_CF_TRI, (struct au_bytes){key, size}, value));
    bool is_good = au_trie_record_decode(au_buf_bytes(value), &start->path, start->start, out_node);
    return is_good ? AU_OK : AU_ERR_MALFORMED;
}

/* ---- loading ---- */

/* The place of the branch that starts somewhere; NULL: there is none, or it is not known from
 * memory. */
static struct au_trie_place *find_place(struct au_trie_branch *branch,
                                        const struct au_trie_start *start)
{
    while (branch && branch->depth < start->start) {
        unsigned index = au_nibble_at(&start->path, branch->depth);
        unsigned branches = branch->children & ~(unsigned)branch->leaves;
        if ((branches >> index & 1) == 0) return NULL;
        struct au_trie_place *place = &branch->places[au_trie_rank(branch, index)];
        if (branch->depth + 1u == start->start) return place;
        branch = place->link.branch;
    }
    return NULL;
}

static enum au_err load_record(struct au_trie_cache *cache, struct au_trie_branch *root,
                               const struct au_kv_entry *record, const struct au_trie_start *start)
{
    struct au_trie_open open = {.dirty = 0};
    struct au_trie_place *place = find_place(root, start);
    if (!place) return AU_ERR_MALFORMED;
    if (place->link.branch) return AU_OK;
    if (!au_trie_record_decode(record->value, &start->path, start->start, &open.node)) {
        return AU_ERR_MALFORMED;
    }
    place->link.branch = au_trie_fold(cache, &open);
    return place->link.branch ? AU_OK : AU_ERR_NO_MEMORY;
}

/* A branch's record comes before those of the branches below. */
static enum au_err load_records(struct au_trie_cache *cache, struct au_kv_iter *iter,
                                const struct au_trie *trie)
{
    struct au_kv_entry record;
    struct au_trie_start start;
    while (au_trie_cache_count(cache).size < cache->size_max / 4 * 3) {
        enum au_err err = au_kv_iter_next(iter, &record);
        if (err == AU_ERR_NOT_FOUND) return AU_OK;
        AU_TRY(err);
        if (!au_trie_key_parse(record.key, &start)) return AU_ERR_MALFORMED;
        if (!au_hash_is_equal(&start.owner, &trie->owner)) return AU_OK;
        if (start.start == 0) continue;
        AU_TRY(load_record(cache, trie->root.link.branch, &record, &start));
    }
    return AU_OK;
}

enum au_err au_trie_cache_load(struct au_trie_cache *cache, const struct au_hash *owner)
{
    struct au_trie_root root;
    struct au_kv_iter iter;
    AU_ASSERT(au_trie_cache_count(cache).dirty_size == 0);
    AU_TRY(au_trie_apply(cache, &(struct au_trie_batch){.owner = *owner}, &root));
    const struct au_trie *trie = au_trie_find(cache, owner);
    if (trie->root.kind != AU_TRIE_BRANCH) return AU_OK;
    const struct au_kv_range range = {.cf = AU_CF_TRI, .lower = {owner->bytes, AU_HASH_SIZE}};
    AU_TRY(au_kv_iter_open(&cache->flat.kv, NULL, &range, &iter));
    enum au_err err = load_records(cache, &iter, trie);
    au_kv_iter_close(&iter);
    return err;
}
