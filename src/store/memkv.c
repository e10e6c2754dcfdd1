#include "store/memkv.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"

/* One key with its value, shared by all versions that have it. */
struct item {
    atomic_size_t refs;
    size_t key_size;
    size_t value_size;
    uint8_t bytes[]; /* key, value */
};

/* A family at one moment: items in the order of their keys. */
struct run {
    atomic_size_t refs;
    size_t count;
    struct item *items[];
};

/* All families at one moment. */
struct version {
    atomic_size_t refs;
    struct run *runs[AU_CF_COUNT]; /* NULL: empty */
};

struct memkv {
    pthread_mutex_t writers; /* one replaces present at a time; taken before lock */
    pthread_rwlock_t lock;   /* over present: the pointer and the taking of references */
    struct version *present;
    atomic_size_t views; /* snapshots and iterators that are open */
};

struct cursor {
    struct version *version;
    const struct run *run; /* NULL: nothing to walk */
    size_t next;
    size_t end;
    bool is_downward; /* from end to next */
};

/* A change on its way into a run. */
struct edit {
    enum au_cf cf;
    size_t order;
    struct au_bytes key;
    struct item *item; /* NULL: delete */
};

static struct au_bytes key_of(const struct item *item)
{
    return (struct au_bytes){item->bytes, item->key_size};
}

static struct au_bytes value_of(const struct item *item)
{
    return (struct au_bytes){item->bytes + item->key_size, item->value_size};
}

static int compare_edits(const void *left, const void *right)
{
    const struct edit *a = left;
    const struct edit *b = right;
    if (a->cf != b->cf) return a->cf < b->cf ? -1 : 1;
    int order = au_bytes_compare(a->key, b->key);
    return order != 0 ? order : (a->order > b->order) - (a->order < b->order);
}

static struct item *item_new(const struct au_kv_op *op)
{
    struct item *item = au_mem_new(sizeof(*item) + op->key.size + op->value.size);
    if (!item) return NULL;
    atomic_init(&item->refs, 1);
    item->key_size = op->key.size;
    item->value_size = op->value.size;
    if (op->key.size > 0) memcpy(item->bytes, op->key.data, op->key.size);
    if (op->value.size > 0) memcpy(item->bytes + op->key.size, op->value.data, op->value.size);
    return item;
}

static void item_drop(struct item *item)
{
    if (item && atomic_fetch_sub(&item->refs, 1) == 1) au_mem_free(item);
}

static void run_drop(struct run *run)
{
    if (!run || atomic_fetch_sub(&run->refs, 1) != 1) return;
    for (size_t i = 0; i < run->count; i++) {
        item_drop(run->items[i]);
    }
    au_mem_free(run);
}

static void version_drop(struct version *version)
{
    if (!version || atomic_fetch_sub(&version->refs, 1) != 1) return;
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        run_drop(version->runs[i]);
    }
    au_mem_free(version);
}

static struct version *version_take(struct memkv *memkv)
{
    AU_ASSERT(pthread_rwlock_rdlock(&memkv->lock) == 0);
    struct version *version = memkv->present;
    atomic_fetch_add(&version->refs, 1);
    AU_ASSERT(pthread_rwlock_unlock(&memkv->lock) == 0);
    return version;
}

/* Gives the index of the first item whose key is not below key. */
static size_t lower_bound(const struct run *run, struct au_bytes key)
{
    size_t low = 0;
    size_t high = run->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (au_bytes_compare(key_of(run->items[middle]), key) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static void append(struct run *run, struct item *item)
{
    atomic_fetch_add(&item->refs, 1);
    run->items[run->count++] = item;
}

/* Gives old with count sorted edits applied, NULL without memory. Of edits of one key, which stand
 * together, the last wins. */
static struct run *run_edit(const struct run *old, const struct edit *edits, size_t count)
{
    size_t old_count = old ? old->count : 0;
    size_t items_max = old_count + count;
    struct run *run = au_mem_new(sizeof(*run) + items_max * sizeof(struct item *));
    if (!run) return NULL;
    atomic_init(&run->refs, 1);

    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        bool is_last = i + 1 == count || au_bytes_compare(edits[i].key, edits[i + 1].key) != 0;
        if (!is_last) continue;
        int order = -1;
        while (from < old_count &&
               (order = au_bytes_compare(key_of(old->items[from]), edits[i].key)) < 0) {
            append(run, old->items[from++]);
        }
        if (from < old_count && order == 0) from++;
        if (edits[i].item) append(run, edits[i].item);
    }
    while (from < old_count) {
        append(run, old->items[from++]);
    }
    AU_ASSERT(run->count <= items_max);
    return run;
}

static enum au_err version_edit(const struct version *old, const struct edit *edits, size_t count,
                                struct version **out_version)
{
    struct version *version = au_mem_new(sizeof(*version));
    if (!version) return AU_ERR_NO_MEMORY;
    atomic_init(&version->refs, 1);
    for (size_t i = 0; i < AU_CF_COUNT; i++) {
        version->runs[i] = old->runs[i];
        if (version->runs[i]) atomic_fetch_add(&version->runs[i]->refs, 1);
    }

    for (size_t begin = 0, end = 0; begin < count; begin = end) {
        enum au_cf cf = edits[begin].cf;
        while (end < count && edits[end].cf == cf) {
            end++;
        }
        struct run *run = run_edit(old->runs[cf], edits + begin, end - begin);
        if (!run) {
            version_drop(version);
            return AU_ERR_NO_MEMORY;
        }
        run_drop(version->runs[cf]);
        version->runs[cf] = run;
    }
    *out_version = version;
    return AU_OK;
}

static enum au_err edits_fill(const struct au_kv_batch *batch, struct edit *edits)
{
    struct au_kv_op op;
    size_t offset = 0;
    for (size_t i = 0; au_kv_batch_next(batch, &offset, &op); i++) {
        AU_ASSERT(i < batch->count);
        edits[i] = (struct edit){.cf = op.cf, .order = i, .key = op.key};
        if (op.is_del) continue;
        edits[i].item = item_new(&op);
        if (!edits[i].item) return AU_ERR_NO_MEMORY;
    }
    return AU_OK;
}

static enum au_err memkv_write(void *ctx, const struct au_kv_batch *batch, bool is_synced)
{
    (void)is_synced;
    struct memkv *memkv = ctx;
    if (batch->count == 0) return AU_OK;
    struct edit *edits = au_mem_new(batch->count * sizeof(*edits));
    if (!edits) return AU_ERR_NO_MEMORY;

    struct version *version = NULL;
    enum au_err err = edits_fill(batch, edits);
    au_lock(&memkv->writers);
    if (err == AU_OK) {
        qsort(edits, batch->count, sizeof(*edits), compare_edits);
        err = version_edit(memkv->present, edits, batch->count, &version);
    }
    if (err == AU_OK) {
        AU_ASSERT(pthread_rwlock_wrlock(&memkv->lock) == 0);
        struct version *past = memkv->present;
        memkv->present = version;
        AU_ASSERT(pthread_rwlock_unlock(&memkv->lock) == 0);
        version_drop(past);
    }
    au_unlock(&memkv->writers);
    for (size_t i = 0; i < batch->count; i++) {
        item_drop(edits[i].item);
    }
    au_mem_free(edits);
    return err;
}

/* NULL: there is none under the key. */
static const struct item *version_find(const struct version *version, enum au_cf cf,
                                       struct au_bytes key)
{
    const struct run *run = version->runs[cf];
    size_t index = run ? lower_bound(run, key) : 0;
    if (!run || index == run->count) return NULL;
    return au_bytes_is_equal(key_of(run->items[index]), key) ? run->items[index] : NULL;
}

static enum au_err version_get(const struct version *version, enum au_cf cf, struct au_bytes key,
                               struct au_buf *out_value)
{
    const struct item *item = version_find(version, cf, key);
    if (!item) return AU_ERR_NOT_FOUND;
    au_buf_put_bytes(out_value, value_of(item));
    return AU_OK;
}

static enum au_err memkv_get(void *ctx, const void *snapshot, enum au_cf cf, struct au_bytes key,
                             struct au_buf *out_value)
{
    if (snapshot) return version_get(snapshot, cf, key, out_value);
    struct version *version = version_take(ctx);
    enum au_err err = version_get(version, cf, key, out_value);
    version_drop(version);
    return err;
}

static enum au_err memkv_get_many(void *ctx, const void *snapshot, const struct au_kv_many *many)
{
    struct version *own = snapshot ? NULL : version_take(ctx);
    const struct version *version = snapshot ? snapshot : own;
    enum au_err err = AU_OK;
    for (size_t i = 0; err == AU_OK && i < many->count; i++) {
        const struct item *item = version_find(version, many->cf, many->keys[i]);
        struct au_bytes value = item ? value_of(item) : (struct au_bytes){0};
        err = many->take(many->context, i, item ? &value : NULL);
    }
    version_drop(own);
    return err;
}

static enum au_err memkv_snapshot_open(void *ctx, void **out_state)
{
    struct memkv *memkv = ctx;
    atomic_fetch_add(&memkv->views, 1);
    *out_state = version_take(memkv);
    return AU_OK;
}

static void memkv_snapshot_close(void *ctx, void *state)
{
    struct memkv *memkv = ctx;
    version_drop(state);
    AU_ASSERT(atomic_fetch_sub(&memkv->views, 1) > 0);
}

static enum au_err memkv_iter_open(void *ctx, const void *snapshot, const struct au_kv_range *range,
                                   void **out_state)
{
    struct memkv *memkv = ctx;
    struct cursor *cursor = au_mem_new(sizeof(*cursor));
    if (!cursor) return AU_ERR_NO_MEMORY;
    /* A snapshot outlives its iterators, so it is read without a reference of our own. */
    const struct version *version = snapshot;
    if (!version) version = cursor->version = version_take(memkv);
    cursor->run = version->runs[range->cf];
    if (cursor->run) {
        cursor->next = lower_bound(cursor->run, range->lower);
        cursor->end =
            range->upper.size > 0 ? lower_bound(cursor->run, range->upper) : cursor->run->count;
    }
    cursor->is_downward = range->is_downward;
    atomic_fetch_add(&memkv->views, 1);
    *out_state = cursor;
    return AU_OK;
}

static enum au_err memkv_iter_next(void *ctx, void *state, struct au_kv_entry *out_entry)
{
    (void)ctx;
    struct cursor *cursor = state;
    if (!cursor->run || cursor->next >= cursor->end) return AU_ERR_NOT_FOUND;
    size_t at = cursor->is_downward ? --cursor->end : cursor->next++;
    const struct item *item = cursor->run->items[at];
    *out_entry = (struct au_kv_entry){key_of(item), value_of(item)};
    return AU_OK;
}

static void memkv_iter_close(void *ctx, void *state)
{
    struct memkv *memkv = ctx;
    struct cursor *cursor = state;
    version_drop(cursor->version);
    au_mem_free(cursor);
    AU_ASSERT(atomic_fetch_sub(&memkv->views, 1) > 0);
}

static void memkv_message(void *ctx, char out_text[AU_KV_MESSAGE_SIZE])
{
    (void)ctx;
    out_text[0] = 0;
}

static void memkv_close(void *ctx)
{
    struct memkv *memkv = ctx;
    AU_ASSERT(atomic_load(&memkv->views) == 0);
    version_drop(memkv->present);
    AU_ASSERT(pthread_rwlock_destroy(&memkv->lock) == 0);
    AU_ASSERT(pthread_mutex_destroy(&memkv->writers) == 0);
    au_mem_free(memkv);
}

static const struct au_kv_ops memkv_ops = {
    .get = memkv_get,
    .get_many = memkv_get_many,
    .write = memkv_write,
    .snapshot_open = memkv_snapshot_open,
    .snapshot_close = memkv_snapshot_close,
    .iter_open = memkv_iter_open,
    .iter_next = memkv_iter_next,
    .iter_close = memkv_iter_close,
    .message = memkv_message,
    .close = memkv_close,
};

static bool init_locks(struct memkv *memkv)
{
    if (pthread_mutex_init(&memkv->writers, NULL) != 0) return false;
    if (pthread_rwlock_init(&memkv->lock, NULL) == 0) return true;
    AU_ASSERT(pthread_mutex_destroy(&memkv->writers) == 0);
    return false;
}

enum au_err au_memkv_open(struct au_kv *out_kv)
{
    struct memkv *memkv = au_mem_new(sizeof(*memkv));
    struct version *empty = au_mem_new(sizeof(*empty));
    if (!memkv || !empty || !init_locks(memkv)) {
        au_mem_free(memkv);
        au_mem_free(empty);
        return AU_ERR_NO_MEMORY;
    }
    atomic_init(&empty->refs, 1);
    memkv->present = empty;
    *out_kv = (struct au_kv){&memkv_ops, memkv};
    return AU_OK;
}
