#include "state/account_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"

#define WAYS 8u /* places where an account may be */

struct place {
    uint64_t used_at; /* turns; 0 = free */
    struct au_account_update entry;
};

struct au_account_cache {
    struct au_seed seed;
    pthread_mutex_t lock; /* guards all below */
    uint64_t height;
    uint64_t turn;
    size_t set_mask;
    struct place places[]; /* sets of WAYS */
};

enum au_err au_account_cache_new(const struct au_seed *seed, size_t count_max,
                                 struct au_account_cache **out_cache)
{
    size_t set_count = 1;
    while (set_count * WAYS < count_max) {
        set_count *= 2;
    }
    struct au_account_cache *cache =
        au_mem_new(sizeof(*cache) + set_count * WAYS * sizeof(struct place));
    if (!cache) return AU_ERR_NO_MEMORY;
    if (pthread_mutex_init(&cache->lock, NULL) != 0) {
        au_mem_free(cache);
        return AU_ERR_NO_MEMORY;
    }
    cache->seed = *seed;
    cache->set_mask = set_count - 1;
    *out_cache = cache;
    return AU_OK;
}

void au_account_cache_free(struct au_account_cache *cache)
{
    if (!cache) return;
    AU_ASSERT(pthread_mutex_destroy(&cache->lock) == 0);
    au_mem_free(cache);
}

static struct place *set_of(struct au_account_cache *cache, const struct au_address *address)
{
    uint64_t hash = au_key_hash(&cache->seed, address, (struct au_bytes){0});
    return &cache->places[((size_t)hash & cache->set_mask) * WAYS];
}

static struct place *find(struct place *set, const struct au_address *address)
{
    for (size_t i = 0; i < WAYS && set[i].used_at > 0; i++) {
        if (au_address_is_equal(&set[i].entry.address, address)) return &set[i];
    }
    return NULL;
}

static void put(struct au_account_cache *cache, struct place *set, const struct au_address *address,
                const struct au_account *account)
{
    struct place *place = find(set, address);
    if (!place) {
        place = set;
        for (size_t i = 1; i < WAYS; i++) {
            if (set[i].used_at < place->used_at) place = &set[i];
        }
    }
    *place = (struct place){++cache->turn, {*address, *account}};
}

bool au_account_cache_get(struct au_account_cache *cache, uint64_t height,
                          const struct au_address *address, struct au_account *out_account)
{
    struct place *set = set_of(cache, address);
    au_lock(&cache->lock);
    struct place *place = cache->height == height ? find(set, address) : NULL;
    if (place) {
        place->used_at = ++cache->turn;
        *out_account = place->entry.account;
    }
    au_unlock(&cache->lock);
    return place != NULL;
}

void au_account_cache_put(struct au_account_cache *cache, uint64_t height,
                          const struct au_address *address, const struct au_account *account)
{
    struct place *set = set_of(cache, address);
    au_lock(&cache->lock);
    if (cache->height == height) put(cache, set, address, account);
    au_unlock(&cache->lock);
}

void au_account_cache_advance(struct au_account_cache *cache, uint64_t height,
                              const struct au_account_update *updates, size_t count)
{
    au_lock(&cache->lock);
    cache->height = height;
    for (size_t i = 0; i < count; i++) {
        put(cache, set_of(cache, &updates[i].address), &updates[i].address, &updates[i].account);
    }
    au_unlock(&cache->lock);
}
