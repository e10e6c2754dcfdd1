/* The tries that commit to the state: hexary Merkle Patricia tries with SHA-256, one over the
 * accounts and one over the slots of each contract. A batch of changes is applied at once, and each
 * branch that it touches is hashed once.
 *
 *     au_trie_apply (once for each trie that changes)
 *         -> the flat state is written -> au_trie_cache_commit -> au_trie_cache_flush, now and then
 *         -> or it will not be         -> au_trie_cache_abort
 *
 * A trie is named by its owner: zero for the accounts', else the SHA-256 of a contract. What is
 * stored is described by state/trie_node.h: branches alone. Leaves are read from the flat state
 * when their place changes.
 *
 * Records are written by a flush, many batches' at once: until then what they are to be is in
 * memory alone, and what the store has is the tries of an earlier height.
 *
 * Invariants:
 *   1. A root depends on the set of keys and values alone.
 *   2. After a flush the records in the store are exactly the branches of the tries.
 *   3. What is not in memory is in the store as it is to be.
 *   4. The records in the store are of one height, or of the two that it says: from them the tries
 *      of either can be made, at any moment and after any crash (state/trie_pass.c).
 *
 * Threading: one thread applies, commits, aborts and flushes. To apply a large batch it has
 * another help it, which reads the store meanwhile and waits between batches. Between
 * au_trie_pass_begin and au_trie_pass_end one more writes records into the store. Others may read
 * the committed tries (state/proof.h) between au_trie_lock_shared and au_trie_unlock; while there
 * are any, commit and abort are called between au_trie_lock and au_trie_unlock. */
#ifndef AUREON_STATE_TRIE_H
#define AUREON_STATE_TRIE_H

#include <pthread.h>

#include "base/arena.h"
#include "state/aide.h"
#include "state/flat.h"
#include "state/key_hash.h"
#include "state/table.h"
#include "state/trie_node.h"

struct au_trie;
struct au_trie_branch;
struct au_trie_item;
struct au_trie_leaf;
struct au_trie_pass;

struct au_trie_items {
    struct au_trie_item *items;
    size_t count;
    size_t capacity;
};

/* What is not in the store yet. */
struct au_trie_dirt {
    size_t gone_count; /* records to be deleted */
    size_t size;       /* bytes, about */
};

#define AU_TRIE_PARTS 16u

/* The memory of all keys that begin with a nibble, in all tries. Each part may be worked on by a
 * thread of its own. */
struct au_trie_part {
    struct au_arena arena;                                    /* holds branches and leaves */
    struct au_trie_branch *free_branches[AU_CHILD_COUNT / 2]; /* by pairs of children */
    struct au_trie_leaf *free_leaves;
    size_t branch_count;        /* in use */
    size_t leaf_count;          /* in use */
    size_t size;                /* bytes in use */
    struct au_trie_items made;  /* by this batch */
    size_t made_hashed;         /* of these have their children's refs */
    struct au_trie_items left;  /* the committed tries' alone, once this batch is committed */
    size_t left_kept;           /* of these are left by earlier batches: a pass needs them */
    struct au_trie_start *gone; /* records to be deleted */
    size_t gone_count;
    size_t gone_capacity;
    size_t dirty_size;             /* bytes that the next flush writes, about */
    struct au_trie_dirt committed; /* at the last commit */
};

/* The tries in memory: branches, and keys of leaves, loaded as they are needed. */
struct au_trie_cache {
    struct au_flat flat;   /* the committed state; read where it is now, unless said otherwise */
    struct au_seed seed;   /* of tries */
    struct au_table tries; /* struct au_trie by owner */
    struct au_arena arena; /* holds tries */
    struct au_trie *free_tries;
    size_t tries_size; /* bytes in use */
    struct au_trie_part parts[AU_TRIE_PARTS];
    size_t size_max;     /* bytes that are kept between flushes */
    size_t parallel_min; /* updates of a batch that two threads share */
    struct au_aide aide; /* the other of these */
    size_t piece_size;   /* bytes that a pass writes at once, about */

    uint32_t now;              /* the batch: a number that goes round */
    uint32_t flushed_at;       /* the batch: earlier ones are in the store, or a pass has them */
    struct au_trie *changed;   /* by this batch */
    struct au_trie_pass *pass; /* a flush that another thread does; NULL: there is none */
    unsigned mask;             /* of a branch: which of its two is noted in */
    enum au_err pass_err;      /* a pass's failure: what it was to write is lost */

    pthread_mutex_t gate;  /* who waits to write lets no more readers in */
    pthread_rwlock_t lock; /* over the committed tries */
    bool has_locks;
};

/* A leaf's change. value is what the leaf holds: the account leaf or slot leaf of state/flat.h. No
 * bytes: the key goes; one that is absent may go, which changes nothing. existed: the committed
 * trie has the key, which spares a walk in the flat state; where the caller does not know, false.
 */
struct au_trie_update {
    struct au_hash key;
    struct au_bytes value;
    bool existed;
};

struct au_trie_batch {
    struct au_hash owner;
    const struct au_trie_update *updates; /* sorted by key, no key twice */
    size_t update_count;
    bool is_written; /* the flat state is that after the updates; see au_trie_apply */
};

struct au_trie_root {
    struct au_hash hash; /* of the empty trie: au_trie_empty_hash */
    bool is_empty;
};

/* au_trie_empty_hash gives the root of the empty trie, SHA-256(0x80). */
struct au_hash au_trie_empty_hash(void);

/* au_trie_cache_init prepares an empty cache in the caller's storage; nothing is read yet. The
 * store outlives it.
 *
 * size_max   bytes that are kept in memory between flushes
 *
 * OK, NO_MEMORY: then too it is to be done */
AU_MUST_USE enum au_err au_trie_cache_init(struct au_trie_cache *cache, const struct au_kv *kv,
                                           const struct au_seed *seed, size_t size_max);

/* au_trie_cache_done frees all that it holds; what was not flushed is not written. It waits for a
 * pass. */
void au_trie_cache_done(struct au_trie_cache *cache);

/* au_trie_apply brings a trie up to date. A batch of no updates gives the present root.
 *
 * The store holds the flat state from before the updates, with all earlier batches' changes, unless
 * the batch says otherwise. Then the records may be those of any moment since which no key has
 * changed but those of the updates, and an update says that a key existed only if it has done so
 * ever since. A trie is applied to once between commits: the leaves of a second batch might be
 * those of the first.
 *
 * OK
 * NO_MEMORY, IO   of the heap, of the store
 * MALFORMED       the records, or they and the flat state, do not fit together
 * After an error the cache is as after au_trie_cache_abort. */
AU_MUST_USE enum au_err au_trie_apply(struct au_trie_cache *cache,
                                      const struct au_trie_batch *batch,
                                      struct au_trie_root *out_root);

/* au_trie_cache_commit says that the flat state is written: the next tries are the committed ones.
 * au_trie_cache_abort says that it will not be: the committed ones are as they were. */
void au_trie_cache_commit(struct au_trie_cache *cache);
void au_trie_cache_abort(struct au_trie_cache *cache);

/* au_trie_cache_flush writes all records that the store does not have, as one batch that is not
 * synced, and gives up what was not used for longest where more is in memory than may be. Nothing
 * is applied that is not committed, and no pass is under way.
 *
 * height   that the records are of: meta "trie" says so
 *
 * OK, or what the store or an earlier pass failed with: then nothing is given up */
AU_MUST_USE enum au_err au_trie_cache_flush(struct au_trie_cache *cache, uint64_t height);

/* au_trie_pass_begin has another thread do what au_trie_cache_flush does, piece by piece, while
 * this one goes on. Nothing is applied that is not committed, and no pass is under way.
 *
 * first   the height that the store's records are of
 * last    the height that they will be of
 *
 * OK, NO_MEMORY (nothing has begun), or what an earlier pass failed with */
AU_MUST_USE enum au_err au_trie_pass_begin(struct au_trie_cache *cache, uint64_t first,
                                           uint64_t last);

/* au_trie_pass_hold has the pass, if there is one, wait once it has written the piece that it is
 * at, so that it takes no processor from a batch; au_trie_pass_resume has it go on, as
 * au_trie_pass_end does. */
void au_trie_pass_hold(struct au_trie_cache *cache);
void au_trie_pass_resume(struct au_trie_cache *cache);

/* au_trie_pass_is_done tells whether there is a pass to be ended without waiting for it. */
bool au_trie_pass_is_done(const struct au_trie_cache *cache);

/* au_trie_pass_end waits for the pass to end: the store says of which height its records are then.
 * Nothing is applied that is not committed.
 *
 * out_height   of the records
 *
 * OK, NO_MEMORY, or what the store failed with. After an error nothing can be flushed any more, and
 * what is in memory is right as before. */
AU_MUST_USE enum au_err au_trie_pass_end(struct au_trie_cache *cache, uint64_t *out_height);

/* au_trie_cache_load reads a trie's branches into memory, as many as there is room for, in one walk
 * over the records: much cheaper than one by one. Before anybody reads the tries; all is flushed.
 * OK; MALFORMED (they do not fit together: some are loaded); NO_MEMORY, or what the store failed
 * with */
AU_MUST_USE enum au_err au_trie_cache_load(struct au_trie_cache *cache,
                                           const struct au_hash *owner);

/* au_trie_cache_trim gives up what was not used for longest where more is in memory than may be. No
 * pass is under way. */
void au_trie_cache_trim(struct au_trie_cache *cache);

/* au_trie_cache_forget gives everything up, written or not: what is read next is the store's. No
 * pass is under way. */
void au_trie_cache_forget(struct au_trie_cache *cache);

/* au_trie_cache_count tells what is in memory, and what a flush is to write. */
struct au_trie_count {
    size_t branches;
    size_t leaves;
    size_t size;       /* bytes of tries, branches and leaves */
    size_t dirty_size; /* bytes that the next flush writes, about */
    size_t held;       /* bytes taken from the heap for all this */
};

struct au_trie_count au_trie_cache_count(const struct au_trie_cache *cache);

/* au_trie_cache_mend does what au_trie_cache_flush does where the store's records were of two
 * heights, and deletes those that are of no trie. It reads all records: about 1 us for each. */
AU_MUST_USE enum au_err au_trie_cache_mend(struct au_trie_cache *cache, uint64_t height);

/* Of which heights the records of a store are. */
struct au_trie_heights {
    uint64_t first;
    uint64_t last; /* at least first */
    bool is_mixed; /* a pass was under way: records may be of either, or of no trie; else both
                      heights are the same, and the records exactly its branches */
};

/* au_trie_get_heights reads of which heights the records of a store are, at a moment or (NULL) as
 * it is now. OK; NOT_FOUND (none says so); MALFORMED, or what the store failed with */
AU_MUST_USE enum au_err au_trie_get_heights(const struct au_kv *kv,
                                            const struct au_kv_snapshot *snapshot,
                                            struct au_trie_heights *out_heights);

/* au_trie_put_flushed_height has a batch say that they are of one. */
void au_trie_put_flushed_height(struct au_kv_batch *batch, uint64_t height);

#define AU_META_TRIE "trie" /* first || last if mixed, else one: u64, the highest byte first */

/* au_trie_cache_settle has a cache that nobody will change any more read what it does not have from
 * another view of the same records. Nothing is applied that is not committed; from then on it is
 * read without a lock, and neither applied to nor flushed. */
void au_trie_cache_settle(struct au_trie_cache *cache, const struct au_kv *kv,
                          const struct au_kv_snapshot *snapshot);

/* au_trie_lock_shared keeps the committed tries as they are, au_trie_lock lets nobody read them. A
 * thread takes it once. Who waits for the second lets no more readers in. */
void au_trie_lock_shared(struct au_trie_cache *cache);
void au_trie_lock(struct au_trie_cache *cache);
void au_trie_unlock(struct au_trie_cache *cache);

#endif
