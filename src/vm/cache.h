/* Things that are dear to make and may be shared, kept by key: counted, made once, and dropped in
 * the order of last use when those that nobody holds grow too large.
 *
 * Invariants:
 *   1. An entry that is held is never freed; one that nobody holds may be, at any moment.
 *   2. The sizes of the entries that nobody holds sum up to at most idle_size_max.
 *   3. Of all threads that want a missing key one makes it and the others wait. If it fails, the
 *      next one tries: a failure is not kept.
 *
 * Threading: everything but init and done may be called from any thread. Entries are freed and made
 * outside the lock. */
#ifndef AUREON_VM_CACHE_H
#define AUREON_VM_CACHE_H

#include <pthread.h>

#include "base/hash.h"

#define AU_CACHE_BUCKETS 1024u

/* The cache's part of whatever is kept. Its maker sets key and size before it lands. */
struct au_cache_entry {
    struct au_hash key;
    size_t size;                 /* bytes that it keeps in memory, > 0 */
    uint32_t hold_count;         /* private, as is all that follows */
    struct au_cache_entry *next; /* in the same bucket, or in a list of what is to be freed */
    struct au_cache_entry *newer;
    struct au_cache_entry *older;
};

/* A thing being made. Lives in the maker's frame. */
struct au_cache_flight {
    struct au_hash key;
    struct au_cache_flight *next;
};

typedef void au_cache_free_fn(struct au_cache_entry *entry);

struct au_cache {
    pthread_mutex_t mutex;
    pthread_cond_t landed;
    au_cache_free_fn *free_entry;
    struct au_cache_flight *flights;
    struct au_cache_entry *newest; /* of the entries that nobody holds */
    struct au_cache_entry *oldest;
    size_t idle_size; /* of the same */
    size_t idle_size_max;
    size_t count; /* all entries */
    struct au_cache_entry *buckets[AU_CACHE_BUCKETS];
};

/* au_cache_init prepares an empty cache in the caller's storage. false: the system has no more
 * locks; the cache is then not usable. */
AU_MUST_USE bool au_cache_init(struct au_cache *cache, size_t idle_size_max,
                               au_cache_free_fn *free_entry);

/* au_cache_done frees all entries. None is held, none is being made. */
void au_cache_done(struct au_cache *cache);

/* au_cache_take gives the entry of a key, one hold more on it, or NULL: the caller then makes it
 * and calls au_cache_land with the same flight. Waits while another thread makes that key. */
AU_MUST_USE struct au_cache_entry *au_cache_take(struct au_cache *cache, const struct au_hash *key,
                                                 struct au_cache_flight *flight);

/* au_cache_land ends a flight, with an entry of the flight's key that the caller then holds once,
 * or with NULL for a failure. */
void au_cache_land(struct au_cache *cache, struct au_cache_flight *flight,
                   struct au_cache_entry *entry);

/* au_cache_release takes one hold away. */
void au_cache_release(struct au_cache *cache, struct au_cache_entry *entry);

/* au_cache_count tells how many entries there are, and the size of those that nobody holds. */
void au_cache_count(struct au_cache *cache, size_t *out_count, size_t *out_idle_size);

#endif
