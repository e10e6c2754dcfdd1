#include "state/object_cache.h"

#include <pthread.h>
#include <string.h>

#include "base/lock.h"
#include "base/mem.h"
#include "base/prefetch.h"

#define WAYS  8u  /* places where an object may be */
#define GROUP 16u /* objects whose memory is on its way at once */

struct slot {
    bool exists;
    uint8_t key_size;
    uint8_t value_size;
    uint8_t key[AU_OBJECT_CACHE_KEY_MAX];
    uint8_t value[AU_OBJECT_CACHE_VALUE_MAX];
};

struct place {
    struct au_address address;
    union {
        struct au_account account;
        struct slot slot;
    } as; /* the pool tells */
};

/* What is known of WAYS places without looking at them: nearly all that is not here is missed, and
 * what is here is found, in this one line of memory and that of the object. */
struct set {
    uint8_t tags[WAYS]; /* of the hash; 0 = free */
    uint8_t ages[WAYS]; /* xor their index: how many others were used since. Zero is an order */
};

struct pool {
    size_t set_mask;
    struct set *sets;
    struct place *places; /* WAYS of each set */
};

/* Where an object may be. */
struct spot {
    struct set *set;
    struct place *places;
    uint8_t tag;
};

struct au_object_cache {
    struct au_seed seed;
    pthread_mutex_t lock; /* guards all below */
    uint64_t height;
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
    pool->sets = au_mem_new(set_count * sizeof(struct set));
    pool->places = au_mem_new(set_count * WAYS * sizeof(struct place));
    return pool->sets && pool->places;
}

static void pool_done(struct pool *pool)
{
    au_mem_free(pool->sets);
    au_mem_free(pool->places);
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
    pool_done(&cache->accounts);
    pool_done(&cache->slots);
    au_mem_free(cache);
    return AU_ERR_NO_MEMORY;
}

void au_object_cache_free(struct au_object_cache *cache)
{
    if (!cache) return;
    AU_ASSERT(pthread_mutex_destroy(&cache->lock) == 0);
    pool_done(&cache->accounts);
    pool_done(&cache->slots);
    au_mem_free(cache);
}

/* ---- places ---- */

static struct spot spot_of(const struct pool *pool, uint64_t hash)
{
    size_t index = (size_t)hash & pool->set_mask;
    uint8_t tag = (uint8_t)(hash >> 56);
    return (struct spot){&pool->sets[index], &pool->places[index * WAYS], tag > 0 ? tag : 1};
}

/* The way of a set that is the first from a way on to have a tag; WAYS: there is none. */
static size_t tagged_from(const struct spot *spot, size_t way)
{
    while (way < WAYS && spot->set->tags[way] != spot->tag) {
        way++;
    }
    return way;
}

/* A free one, or the one that was used least lately. */
static size_t oldest_of(const struct set *set)
{
    size_t way = 0;
    while ((set->ages[way] ^ way) != WAYS - 1) {
        way++;
    }
    return way;
}

static struct place *use(const struct spot *spot, size_t way)
{
    uint8_t *ages = spot->set->ages;
    size_t before = ages[way] ^ way;
    for (size_t i = 0; i < WAYS; i++) {
        size_t age = ages[i] ^ i;
        ages[i] = (uint8_t)((age + (age < before)) ^ i);
    }
    ages[way] = (uint8_t)way;
    spot->set->tags[way] = spot->tag;
    return &spot->places[way];
}

/* Has the memory of what is at a spot, or will be, on its way. */
static void prefetch(const struct spot *spot)
{
    size_t way = tagged_from(spot, 0);
    if (way == WAYS) way = oldest_of(spot->set);
    au_prefetch(&spot->places[way], sizeof(spot->places[way]));
}

/* ---- accounts ---- */

static struct spot account_spot(const struct au_object_cache *cache,
                                const struct au_address *address)
{
    return spot_of(&cache->accounts, au_key_hash(&cache->seed, address, (struct au_bytes){0}));
}

/* WAYS: it is not here. */
static size_t find_account(const struct spot *spot, const struct au_address *address)
{
    size_t way = tagged_from(spot, 0);
    while (way < WAYS && !au_address_is_equal(&spot->places[way].address, address)) {
        way = tagged_from(spot, way + 1);
    }
    return way;
}

static void put_account(const struct spot *spot, const struct au_address *address,
                        const struct au_account *account)
{
    size_t way = find_account(spot, address);
    *use(spot, way < WAYS ? way : oldest_of(spot->set)) =
        (struct place){*address, {.account = *account}};
}

bool au_object_cache_get_account(struct au_object_cache *cache, uint64_t height,
                                 const struct au_address *address, struct au_account *out_account)
{
    const struct spot spot = account_spot(cache, address);
    au_lock(&cache->lock);
    size_t way = cache->height == height ? find_account(&spot, address) : WAYS;
    if (way < WAYS) *out_account = use(&spot, way)->as.account;
    au_unlock(&cache->lock);
    return way < WAYS;
}

void au_object_cache_put_account(struct au_object_cache *cache, uint64_t height,
                                 const struct au_address *address, const struct au_account *account)
{
    const struct spot spot = account_spot(cache, address);
    au_lock(&cache->lock);
    if (cache->height == height) put_account(&spot, address, account);
    au_unlock(&cache->lock);
}

/* Of at most GROUP accounts. */
static size_t lacks_of_group(struct au_object_cache *cache, uint64_t height,
                             const struct au_address *const *addresses, size_t count,
                             const struct au_address **out_lacks)
{
    struct spot spots[GROUP];
    size_t lack_count = 0;
    for (size_t i = 0; i < count; i++) {
        spots[i] = account_spot(cache, addresses[i]);
        au_prefetch(spots[i].set, sizeof(*spots[i].set));
    }
    au_lock(&cache->lock);
    for (size_t i = 0; i < count; i++) {
        prefetch(&spots[i]);
    }
    for (size_t i = 0; i < count; i++) {
        size_t way = cache->height == height ? find_account(&spots[i], addresses[i]) : WAYS;
        if (way < WAYS) {
            (void)use(&spots[i], way);
        } else {
            out_lacks[lack_count++] = addresses[i];
        }
    }
    au_unlock(&cache->lock);
    return lack_count;
}

size_t au_object_cache_lacks(struct au_object_cache *cache, uint64_t height,
                             const struct au_address *const *addresses, size_t count,
                             const struct au_address **out_lacks)
{
    size_t lack_count = 0;
    for (size_t at = 0; at < count; at += GROUP) {
        size_t left = count - at;
        lack_count += lacks_of_group(cache, height, addresses + at, left < GROUP ? left : GROUP,
                                     out_lacks + lack_count);
    }
    return lack_count;
}

/* ---- slots ---- */

static struct spot slot_spot(const struct au_object_cache *cache, const struct au_slot_id *id)
{
    return spot_of(&cache->slots, au_key_hash(&cache->seed, id->contract, id->key));
}

static bool is_slot(const struct place *place, const struct au_slot_id *id)
{
    const struct slot *slot = &place->as.slot;
    return slot->key_size == id->key.size && au_address_is_equal(&place->address, id->contract) &&
           au_bytes_compare((struct au_bytes){slot->key, slot->key_size}, id->key) == 0;
}

/* WAYS: it is not here. */
static size_t find_slot(const struct spot *spot, const struct au_slot_id *id)
{
    size_t way = tagged_from(spot, 0);
    while (way < WAYS && !is_slot(&spot->places[way], id)) {
        way = tagged_from(spot, way + 1);
    }
    return way;
}

/* Where a value is too long to be kept, the one before it goes all the same. */
static void put_slot(const struct spot *spot, const struct au_slot_id *id,
                     const struct au_slot *slot)
{
    size_t way = find_slot(spot, id);
    if (slot->value.size > AU_OBJECT_CACHE_VALUE_MAX) {
        if (way < WAYS) spot->set->tags[way] = 0;
        return;
    }
    struct place *place = use(spot, way < WAYS ? way : oldest_of(spot->set));
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
    const struct spot spot = slot_spot(cache, id);
    bool exists = false;
    au_lock(&cache->lock);
    size_t way = cache->height == height ? find_slot(&spot, id) : WAYS;
    if (way < WAYS) {
        const struct slot *slot = &use(&spot, way)->as.slot;
        exists = slot->exists;
        au_buf_put(value, slot->value, slot->value_size);
    }
    au_unlock(&cache->lock);
    if (way == WAYS || value->err != AU_OK) return false;
    *out_slot = (struct au_slot){exists, exists ? au_buf_bytes(value) : (struct au_bytes){0}};
    return true;
}

void au_object_cache_put_slot(struct au_object_cache *cache, uint64_t height,
                              const struct au_slot_id *id, const struct au_slot *slot)
{
    if (id->key.size > AU_OBJECT_CACHE_KEY_MAX) return;
    const struct spot spot = slot_spot(cache, id);
    au_lock(&cache->lock);
    if (cache->height == height) put_slot(&spot, id, slot);
    au_unlock(&cache->lock);
}

/* Of at most GROUP accounts. */
static void put_group(struct au_object_cache *cache, const struct au_account_update *updates,
                      size_t count)
{
    struct spot spots[GROUP];
    for (size_t i = 0; i < count; i++) {
        spots[i] = account_spot(cache, &updates[i].address);
        prefetch(&spots[i]);
    }
    for (size_t i = 0; i < count; i++) {
        put_account(&spots[i], &updates[i].address, &updates[i].account);
    }
}

void au_object_cache_advance(struct au_object_cache *cache, uint64_t height,
                             const struct au_object_updates *updates)
{
    au_lock(&cache->lock);
    cache->height = height;
    for (size_t at = 0; at < updates->account_count; at += GROUP) {
        size_t left = updates->account_count - at;
        put_group(cache, updates->accounts + at, left < GROUP ? left : GROUP);
    }
    for (size_t i = 0; i < updates->slot_count; i++) {
        const struct au_slot_update *update = &updates->slots[i];
        if (update->id.key.size > AU_OBJECT_CACHE_KEY_MAX) continue;
        const struct spot spot = slot_spot(cache, &update->id);
        put_slot(&spot, &update->id, &update->slot);
    }
    au_unlock(&cache->lock);
}
