/* A flush that another thread does: the records of one moment, piece by piece, while batches go on.
 *
 * In between, and after a crash, the store has records of two heights: of the first, which all were
 * of before, and of the last, which the pass writes. It says so from the first piece on until the
 * last (struct au_trie_heights). From such records the tries of a height are made all the same, for
 *
 *   1. A branch is written after all that are below it, and what is to be deleted after all that
 *      is written, from above. So what is below a record of the last height is of the last height,
 *      whole, and what the walk from a root reaches are the first height's branches down to some of
 *      these. A record is replaced at its place alone, so that what is reached is the trie of some
 *      set of keys: below each such place the last height's, elsewhere the first's.
 *   2. So whether a key is there, and with which value, is open for those alone that have changed
 *      between the two heights. au_trie_apply of all keys that changed between the first height or
 *      the wanted one and the last or the wanted one leads to the wanted one's trie, where leaves
 *      are read from its flat state and the keys do not say that they existed.
 *   3. A branch of the first height has refs of its time. Each above a record of the last height is
 *      above a key that has changed, and gets its refs from the records that are read.
 *   4. What is not reached is of no trie. au_trie_cache_mend deletes it.
 *
 * The store's log keeps the order of writes, over all families: after a crash it has some first
 * pieces of a pass, and its last one only if it has all. A height is committed, with the undo that
 * leads back from it, before records of it are written. */
#include <stdlib.h>

#include "base/lock.h"
#include "base/mem.h"
#include "state/trie_internal.h"

#define PIECE_SIZE_MAX ((size_t)1 << 30) /* bytes */

/* ---- what is to be written ---- */

static int compare_roots(const void *a, const void *b)
{
    const struct au_trie_root_written *left = a;
    const struct au_trie_root_written *right = b;
    return memcmp(left->owner.bytes, right->owner.bytes, AU_HASH_SIZE);
}

static struct au_bytes gone_key(const struct au_trie_start *gone,
                                uint8_t storage[AU_TRIE_KEY_SIZE_MAX])
{
    size_t size = au_trie_key(storage, &gone->owner, &gone->path, gone->start);
    return (struct au_bytes){storage, size};
}

/* The order of keys: from above. */
static int compare_gone(const void *a, const void *b)
{
    uint8_t left[AU_TRIE_KEY_SIZE_MAX], right[AU_TRIE_KEY_SIZE_MAX];
    return au_bytes_compare(gone_key(a, left), gone_key(b, right));
}

static enum au_err take_roots(struct au_trie_pass *pass, const struct au_table *tries)
{
    pass->roots = au_mem_new(tries->capacity * sizeof(*pass->roots));
    if (tries->capacity > 0 && !pass->roots) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < tries->capacity; i++) {
        const struct au_trie *trie = tries->cells[i].entry;
        if (!trie || !trie->root.is_dirty) continue;
        pass->roots[pass->root_count++] =
            (struct au_trie_root_written){trie->owner, trie->root.link.branch};
    }
    return AU_OK;
}

static enum au_err take_gone(struct au_trie_pass *pass, const struct au_trie_cache *cache)
{
    size_t count = 0;
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        count += cache->parts[i].gone_count;
    }
    if (count == 0) return AU_OK;
    pass->gone = au_mem_new(count * sizeof(*pass->gone));
    if (!pass->gone) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < AU_TRIE_PARTS; i++) {
        const struct au_trie_part *part = &cache->parts[i];
        if (part->gone_count == 0) continue;
        memcpy(pass->gone + pass->gone_count, part->gone, part->gone_count * sizeof(*pass->gone));
        pass->gone_count += part->gone_count;
    }
    return AU_OK;
}

/* ---- writing ---- */

static enum au_err write_piece(struct au_trie_pass *pass)
{
    AU_TRY(au_kv_write(&pass->kv, &pass->piece, /* is_synced */ false));
    au_kv_batch_clear(&pass->piece);
    return AU_OK;
}

/* Between two pieces is where a pass waits. */
static enum au_err write_if_large(struct au_trie_pass *pass)
{
    if (pass->piece.ops.size < pass->piece_size) return AU_OK;
    AU_TRY(write_piece(pass));
    au_lock(&pass->lock);
    while (pass->is_held) {
        pass->is_waiting = true;
        AU_ASSERT(pthread_cond_wait(&pass->resumed, &pass->lock) == 0);
    }
    pass->is_waiting = false;
    au_unlock(&pass->lock);
    return AU_OK;
}

/* Above what is dirty all is. Each call is for a branch further down: at most AU_NIBBLE_COUNT. */
static enum au_err put_branch(struct au_trie_pass *pass, const struct au_hash *owner,
                              struct au_trie_branch *branch, size_t start)
{
    for (unsigned left = branch->dirty[pass->mask]; left != 0; left &= left - 1) {
        unsigned index = (unsigned)__builtin_ctz(left);
        struct au_trie_branch *below = au_trie_place(branch, index)->link.branch;
        AU_TRY(put_branch(pass, owner, below, branch->depth + 1u));
    }
    branch->dirty[pass->mask] = 0;
    au_trie_put_record(&pass->piece, owner, branch, start);
    return write_if_large(pass);
}

static enum au_err put_branches(struct au_trie_pass *pass)
{
    if (pass->root_count > 0) {
        qsort(pass->roots, pass->root_count, sizeof(*pass->roots), compare_roots);
    }
    for (size_t i = 0; i < pass->root_count; i++) {
        AU_TRY(put_branch(pass, &pass->roots[i].owner, pass->roots[i].branch, 0));
    }
    return AU_OK;
}

/* Whether a branch starts again where one went. Then it is new, and in memory as all above is. */
static bool is_there_again(const struct au_trie_pass *pass, const struct au_trie_start *gone)
{
    const struct au_trie_root_written key = {.owner = gone->owner};
    const struct au_trie_root_written *root =
        pass->root_count == 0
            ? NULL
            : bsearch(&key, pass->roots, pass->root_count, sizeof(key), compare_roots);
    const struct au_trie_branch *branch = root ? root->branch : NULL;
    size_t start = 0;
    while (branch && start < gone->start) {
        if (au_nibbles_shared(&branch->path, &gone->path) < branch->depth) return false;
        unsigned index = au_nibble_at(&gone->path, branch->depth);
        unsigned branches = branch->children & ~(unsigned)branch->leaves;
        if ((branches >> index & 1) == 0) return false;
        start = branch->depth + 1u;
        branch = au_trie_place(branch, index)->link.branch;
    }
    return branch && start == gone->start;
}

static enum au_err put_gone(struct au_trie_pass *pass)
{
    if (pass->gone_count == 0) return AU_OK;
    qsort(pass->gone, pass->gone_count, sizeof(*pass->gone), compare_gone);
    for (size_t i = 0; i < pass->gone_count; i++) {
        uint8_t key[AU_TRIE_KEY_SIZE_MAX];
        if (is_there_again(pass, &pass->gone[i])) continue;
        au_kv_batch_del(&pass->piece, AU_CF_TRI, gone_key(&pass->gone[i], key));
        AU_TRY(write_if_large(pass));
    }
    return AU_OK;
}

static enum au_err write_pass(struct au_trie_pass *pass)
{
    au_trie_put_heights(&pass->piece, &pass->heights);
    AU_TRY(put_branches(pass));
    AU_TRY(put_gone(pass));
    au_trie_put_flushed_height(&pass->piece, pass->heights.last);
    return write_piece(pass);
}

static void *run_pass(void *arg)
{
    struct au_trie_pass *pass = arg;
    au_kv_batch_init(&pass->piece, PIECE_SIZE_MAX);
    pass->err = write_pass(pass);
    au_kv_batch_done(&pass->piece);
    atomic_store(&pass->is_done, true);
    return NULL;
}

/* ---- the other thread's side ---- */

static void free_pass(struct au_trie_pass *pass)
{
    if (!pass) return;
    AU_ASSERT(pthread_cond_destroy(&pass->resumed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&pass->lock) == 0);
    au_mem_free(pass->roots);
    au_mem_free(pass->gone);
    au_mem_free(pass);
}

static struct au_trie_pass *new_pass(const struct au_trie_cache *cache, uint64_t first,
                                     uint64_t last)
{
    struct au_trie_pass *pass = au_mem_new(sizeof(*pass));
    if (!pass) return NULL;
    AU_ASSERT(pthread_mutex_init(&pass->lock, NULL) == 0);
    AU_ASSERT(pthread_cond_init(&pass->resumed, NULL) == 0);
    pass->kv = cache->flat.kv;
    pass->heights = (struct au_trie_heights){first, last, .is_mixed = true};
    pass->began_at = cache->now;
    pass->mask = cache->mask;
    pass->piece_size = cache->piece_size;
    atomic_init(&pass->is_done, false);
    if (take_roots(pass, &cache->tries) == AU_OK && take_gone(pass, cache) == AU_OK) return pass;
    free_pass(pass);
    return NULL;
}

enum au_err au_trie_pass_begin(struct au_trie_cache *cache, uint64_t first, uint64_t last)
{
    AU_ASSERT(!cache->changed && !cache->pass);
    AU_TRY(cache->pass_err);
    struct au_trie_pass *pass = new_pass(cache, first, last);
    if (!pass) return AU_ERR_NO_MEMORY;
    if (pthread_create(&pass->thread, NULL, run_pass, pass) != 0) {
        free_pass(pass);
        return AU_ERR_NO_MEMORY;
    }
    for (size_t i = 0; i < cache->tries.capacity; i++) {
        struct au_trie *trie = cache->tries.cells[i].entry;
        if (trie) trie->root.is_dirty = false;
    }
    au_trie_forget_dirt(cache);
    cache->mask = 1 - cache->mask;
    cache->pass = pass;
    return AU_OK;
}

static void set_held(struct au_trie_pass *pass, bool is_held)
{
    au_lock(&pass->lock);
    pass->is_held = is_held;
    au_unlock(&pass->lock);
    AU_ASSERT(pthread_cond_signal(&pass->resumed) == 0);
}

void au_trie_pass_hold(struct au_trie_cache *cache)
{
    if (cache->pass) set_held(cache->pass, true);
}

void au_trie_pass_resume(struct au_trie_cache *cache)
{
    if (cache->pass) set_held(cache->pass, false);
}

bool au_trie_pass_is_done(const struct au_trie_cache *cache)
{
    return cache->pass && atomic_load(&cache->pass->is_done);
}

enum au_err au_trie_pass_end(struct au_trie_cache *cache, uint64_t *out_height)
{
    struct au_trie_pass *pass = cache->pass;
    AU_ASSERT(pass && !cache->changed);
    set_held(pass, false);
    AU_ASSERT(pthread_join(pass->thread, NULL) == 0);
    cache->pass = NULL;
    cache->pass_err = pass->err;
    au_trie_free_left(cache);
    *out_height = pass->heights.last;
    free_pass(pass);
    return cache->pass_err;
}
