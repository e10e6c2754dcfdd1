#include "state/object_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"

#define WAYS 8u /* places where an object may be */

struct slot {
    bool exists;
    uint8_t key_size;
    uint8_t value_size;
    uint8_t key[AU_OBJECT_CACHE_KEY_MAX];
    uint8_t value[AU_OBJECT_CACHE_VALUE_MAX];
};

struct place {
    uint64_t used_at; /* turns; 0 = free */
    struct au_address address;
    union {
        struct au_account account;
        struct slot slot;
    } as; /* the pool tells */
};

struct pool {
    size_t set_mask;
    struct place *places; /* sets of WAYS */
};

struct au_object_cache {
    struct au_seed seed;
    pthread_mutex_t lock; /* guards all below */
    uint64_t height;
    uint64_t turn;
    struct pool accounts;
    struct pool slots;
};

static bool pool_init(struct pool *pool, size_t count_max)
{
    size_t set_count = 1;
    while (set_count * WAYS < count_max) {
        set_count *= 2;
    }
    pool->set_mask = set_count - 1;
    pool->places = au_mem_new(set_count * WAYS * sizeof(struct place));
    return pool->places != NULL;
}

enum au_err au_object_cache_new(const struct au_seed *seed, size_t accounts_max, size_t slots_max,
                                struct au_object_cache **out_cache)
{
    struct au_object_cache *cache = au_mem_new(sizeof(*cache));
    if (!cache) return AU_ERR_NO_MEMORY;
    cache->seed = *seed;
    if (pool_init(&cache->accounts, accounts_max) && pool_init(&cache->slots, slots_max) &&
        pthread_mutex_init(&cache->lock, NULL) == 0) {
        *out_cache = cache;
        return AU_OK;
    }
    au_mem_free(cache->accounts.places);
    au_mem_free(cache->slots.places);
    au_mem_free(cache);
    return AU_ERR_NO_MEMORY;
}

void au_object_cache_free(struct au_object_cache *cache)
{
    if (!cache) return;
    AU_ASSERT(pthread_mutex_destroy(&cache->lock) == 0);
    au_mem_free(cache->accounts.places);
    au_mem_free(cache->slots.places);
    au_mem_free(cache);
}

/* ---- places ---- */

static struct place *set_of(const struct pool *pool, uint64_t hash)
{
    return &pool->places[((size_t)hash & pool->set_mask) * WAYS];
}

/* A free one, or the one that was used least lately. */
static struct place *oldest_of(struct place *set)
{
    struct place *place = set;
    for (size_t i = 1; i < WAYS; i++) {
        if (set[i].used_at < place->used_at) place = &set[i];
    }
    return place;
}

static uint64_t account_hash(const struct au_object_cache *cache, const struct au_address *address)
{
    return au_key_hash(&cache->seed, address, (struct au_bytes){0});
}

static uint64_t slot_hash(const struct au_object_cache *cache, const struct au_slot_id *id)
{
    return au_key_hash(&cache->seed, id->contract, id->key);
}

/* ---- accounts ---- */

static struct place *find_account(struct place *set, const struct au_address *address)
{
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].used_at > 0 && au_address_is_equal(&set[i].address, address)) return &set[i];
    }
    return NULL;
}

static void put_account(struct au_object_cache *cache, struct place *set,
                        const struct au_address *address, const struct au_account *account)
{
    struct place *place = find_account(set, address);
    if (!place) place = oldest_of(set);
    *place = (struct place){++cache->turn, *address, {.account = *account}};
}

bool au_object_cache_get_account(struct au_object_cache *cache, uint64_t height,
                                 const struct au_address *address, struct au_account *out_account)
{
    struct place *set = set_of(&cache->accounts, account_hash(cache, address));
    au_lock(&cache->lock);
    struct place *place = cache->height == height ? find_account(set, address) : NULL;
    if (place) {
        place->used_at = ++cache->turn;
        *out_account = place->as.account;
    }
    au_unlock(&cache->lock);
    return place != NULL;
}

void au_object_cache_put_account(struct au_object_cache *cache, uint64_t height,
                                 const struct au_address *address, const struct au_account *account)
{
    struct place *set = set_of(&cache->accounts, account_hash(cache, address));
    au_lock(&cache->lock);
    if (cache->height == height) put_account(cache, set, address, account);
    au_unlock(&cache->lock);
}

/* ---- slots ---- */

static struct place *find_slot(struct place *set, const struct au_slot_id *id)
{
    for (size_t i = 0; i < WAYS; i++) {
        const struct slot *slot = &set[i].as.slot;
        if (set[i].used_at > 0 && slot->key_size == id->key.size &&
            au_address_is_equal(&set[i].address, id->contract) &&
            au_bytes_compare((struct au_bytes){slot->key, slot->key_size}, id->key) == 0) {
            return &set[i];
        }
    }
    return NULL;
}

/* Where a value is too long to be kept, the one before it goes all the same. */
static void put_slot(struct au_object_cache *cache, struct place *set, const struct au_slot_id *id,
                     const struct au_slot *slot)
{
    struct place *place = find_slot(set, id);
    if (slot->value.size > AU_OBJECT_CACHE_VALUE_MAX) {
        if (place) place->used_at = 0;
        return;
    }
    if (!place) place = oldest_of(set);
    place->used_at = ++cache->turn;
    place->address = *id->contract;
    place->as.slot.exists = slot->exists;
    place->as.slot.key_size = (uint8_t)id->key.size;
    place->as.slot.value_size = (uint8_t)slot->value.size;
    if (id->key.size > 0) memcpy(place->as.slot.key, id->key.data, id->key.size);
    if (slot->value.size > 0) memcpy(place->as.slot.value, slot->value.data, slot->value.size);
}

bool au_object_cache_get_slot(struct au_object_cache *cache, uint64_t height,
                              const struct au_slot_id *id, struct au_buf *value,
                              struct au_slot *out_slot)
{
    au_buf_clear(value);
    if (id->key.size > AU_OBJECT_CACHE_KEY_MAX) return false;
    struct place *set = set_of(&cache->slots, slot_hash(cache, id));
    bool exists = false;
    au_lock(&cache->lock);
    struct place *place = cache->height == height ? find_slot(set, id) : NULL;
    if (place) {
        place->used_at = ++cache->turn;
        exists = place->as.slot.exists;
        au_buf_put(value, place->as.slot.value, place->as.slot.value_size);
    }
    au_unlock(&cache->lock);
    if (!place || value->err != AU_OK) return false;
    *out_slot = (struct au_slot){exists, exists ? au_buf_bytes(value) : (struct au_bytes){0}};
    return true;
}

void au_object_cache_put_slot(struct au_object_cache *cache, uint64_t height,
                              const struct au_slot_id *id, const struct au_slot *slot)
{
    if (id->key.size > AU_OBJECT_CACHE_KEY_MAX) return;
    struct place *set = set_of(&cache->slots, slot_hash(cache, id));
    au_lock(&cache->lock);
    if (cache->height == height) put_slot(cache, set, id, slot);
    au_unlock(&cache->lock);
}

void au_object_cache_advance(struct au_object_cache *cache, uint64_t height,
                             const struct au_object_updates *updates)
{
    au_lock(&cache->lock);
    cache->height = height;
    for (size_t i = 0; i < updates->account_count; i++) {
        const struct au_account_update *update = &updates->accounts[i];
        struct place *set = set_of(&cache->accounts, account_hash(cache, &update->address));
        put_account(cache, set, &update->address, &update->account);
    }
    for (size_t i = 0; i < updates->slot_count; i++) {
        const struct au_slot_update *update = &updates->slots[i];
        if (update->id.key.size > AU_OBJECT_CACHE_KEY_MAX) continue;
        struct place *set = set_of(&cache->slots, slot_hash(cache, &update->id));
        put_slot(cache, set, &update->id, &update->slot);
    }
    au_unlock(&cache->lock);
}
