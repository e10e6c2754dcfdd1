#include "vm/cache.h"

#include "base/lock.h"

_Static_assert((AU_CACHE_BUCKETS & (AU_CACHE_BUCKETS - 1)) == 0, "a mask picks the bucket");

bool au_cache_init(struct au_cache *cache, size_t idle_size_max, au_cache_free_fn *free_entry)
{
    *cache = (struct au_cache){.free_entry = free_entry, .idle_size_max = idle_size_max};
    if (pthread_mutex_init(&cache->mutex, NULL) != 0) return false;
    if (pthread_cond_init(&cache->landed, NULL) != 0) {
        (void)pthread_mutex_destroy(&cache->mutex);
        return false;
    }
    return true;
}

/* A lock that fails is used against its rules: our bug. */
/* Keys are digests: any of their bits are as good as a hash of them. */
static struct au_cache_entry **bucket_of(struct au_cache *cache, const struct au_hash *key)
{
    uint32_t index = key->bytes[0] | (uint32_t)key->bytes[1] << 8;
    return &cache->buckets[index & (AU_CACHE_BUCKETS - 1)];
}

static struct au_cache_entry *find(struct au_cache *cache, const struct au_hash *key)
{
    struct au_cache_entry *entry = *bucket_of(cache, key);
    while (entry != NULL && !au_hash_is_equal(&entry->key, key)) {
        entry = entry->next;
    }
    return entry;
}

static bool is_in_flight(const struct au_cache *cache, const struct au_hash *key)
{
    const struct au_cache_flight *flight = cache->flights;
    while (flight != NULL && !au_hash_is_equal(&flight->key, key)) {
        flight = flight->next;
    }
    return flight != NULL;
}

/* ---- entries that nobody holds -------------------------------------------------------------- */

static void idle_add(struct au_cache *cache, struct au_cache_entry *entry)
{
    entry->newer = NULL;
    entry->older = cache->newest;
    if (cache->newest != NULL) cache->newest->newer = entry;
    cache->newest = entry;
    if (cache->oldest == NULL) cache->oldest = entry;
    cache->idle_size += entry->size;
}

static void idle_remove(struct au_cache *cache, struct au_cache_entry *entry)
{
    AU_ASSERT(cache->idle_size >= entry->size);
    *(entry->newer != NULL ? &entry->newer->older : &cache->newest) = entry->older;
    *(entry->older != NULL ? &entry->older->newer : &cache->oldest) = entry->newer;
    cache->idle_size -= entry->size;
}

/* Takes the entries used longest ago out of the cache until the rest fits, and gives their list. */
static struct au_cache_entry *evict(struct au_cache *cache)
{
    struct au_cache_entry *evicted = NULL;
    while (cache->idle_size > cache->idle_size_max) {
        struct au_cache_entry *entry = cache->oldest;
        AU_ASSERT(entry != NULL && entry->hold_count == 0);
        idle_remove(cache, entry);
        struct au_cache_entry **link = bucket_of(cache, &entry->key);
        while (*link != entry) {
            AU_ASSERT(*link != NULL);
            link = &(*link)->next;
        }
        *link = entry->next;
        entry->next = evicted;
        evicted = entry;
        cache->count--;
    }
    return evicted;
}

static void free_all(const struct au_cache *cache, struct au_cache_entry *list)
{
    while (list != NULL) {
        struct au_cache_entry *next = list->next;
        cache->free_entry(list);
        list = next;
    }
}

/* ---- taking, making, giving back ------------------------------------------------------------ */

struct au_cache_entry *au_cache_take(struct au_cache *cache, const struct au_hash *key,
                                     struct au_cache_flight *flight)
{
    au_lock(&cache->mutex);
    while (is_in_flight(cache, key)) {
        AU_ASSERT(pthread_cond_wait(&cache->landed, &cache->mutex) == 0);
    }
    struct au_cache_entry *entry = find(cache, key);
    if (entry == NULL) {
        *flight = (struct au_cache_flight){.key = *key, .next = cache->flights};
        cache->flights = flight;
    } else {
        if (entry->hold_count == 0) idle_remove(cache, entry);
        AU_ASSERT(entry->hold_count < UINT32_MAX);
        entry->hold_count++;
    }
    au_unlock(&cache->mutex);
    return entry;
}

void au_cache_land(struct au_cache *cache, struct au_cache_flight *flight,
                   struct au_cache_entry *entry)
{
    au_lock(&cache->mutex);
    struct au_cache_flight **link = &cache->flights;
    while (*link != flight) {
        AU_ASSERT(*link != NULL);
        link = &(*link)->next;
    }
    *link = flight->next;

    if (entry != NULL) {
        AU_ASSERT(au_hash_is_equal(&entry->key, &flight->key));
        AU_ASSERT(entry->size > 0);
        AU_ASSERT(find(cache, &entry->key) == NULL);
        struct au_cache_entry **bucket = bucket_of(cache, &entry->key);
        entry->hold_count = 1;
        entry->next = *bucket;
        *bucket = entry;
        cache->count++;
    }
    AU_ASSERT(pthread_cond_broadcast(&cache->landed) == 0);
    au_unlock(&cache->mutex);
}

void au_cache_release(struct au_cache *cache, struct au_cache_entry *entry)
{
    struct au_cache_entry *evicted = NULL;
    au_lock(&cache->mutex);
    AU_ASSERT(entry->hold_count > 0);
    entry->hold_count--;
    if (entry->hold_count == 0) {
        idle_add(cache, entry);
        evicted = evict(cache);
    }
    au_unlock(&cache->mutex);
    free_all(cache, evicted);
}

void au_cache_count(struct au_cache *cache, size_t *out_count, size_t *out_idle_size)
{
    au_lock(&cache->mutex);
    *out_count = cache->count;
    *out_idle_size = cache->idle_size;
    au_unlock(&cache->mutex);
}

void au_cache_done(struct au_cache *cache)
{
    AU_ASSERT(cache->flights == NULL);
    cache->idle_size_max = 0;
    free_all(cache, evict(cache));
    AU_ASSERT(cache->count == 0);
    AU_ASSERT(pthread_cond_destroy(&cache->landed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&cache->mutex) == 0);
}
