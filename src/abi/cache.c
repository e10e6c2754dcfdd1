#include "abi/cache.h"

#include "abi/section.h"
#include "base/mem.h"

static void free_entry(struct au_cache_entry *entry)
{
    struct au_abi_entry *freed = (struct au_abi_entry *)entry;
    au_arena_done(&freed->arena);
    au_mem_free(freed);
}

_Static_assert(offsetof(struct au_abi_entry, entry) == 0, "an entry is what the cache keeps");

bool au_abi_cache_init(struct au_abi_cache *cache)
{
    return au_cache_init(&cache->cache, AU_ABI_CACHE_SIZE_MAX, free_entry);
}

void au_abi_cache_done(struct au_abi_cache *cache)
{
    au_cache_done(&cache->cache);
}

static enum au_err make(const struct au_hash *hash, const struct au_abi_source *source,
                        struct au_abi_entry **out_entry)
{
    struct au_bytes code;
    struct au_abi_error error;
    AU_TRY(source->read(source->context, hash, &code));
    struct au_abi_entry *entry = au_mem_new(sizeof(*entry));
    if (entry == NULL) return AU_ERR_NO_MEMORY;
    au_arena_init(&entry->arena, AU_ABI_ARENA_SIZE_MAX);
    entry->err = au_abi_load(code, &entry->arena, &entry->abi, &error);
    if (entry->err == AU_ERR_NO_MEMORY) {
        free_entry(&entry->entry);
        return AU_ERR_NO_MEMORY;
    }
    if (entry->err != AU_OK) au_arena_done(&entry->arena);
    entry->entry.key = *hash;
    entry->entry.size = sizeof(*entry) + entry->arena.held;
    *out_entry = entry;
    return AU_OK;
}

enum au_err au_abi_cache_hold(struct au_abi_cache *cache, const struct au_hash *hash,
                              const struct au_abi_source *source, struct au_abi_entry **out_entry)
{
    struct au_cache_flight flight;
    struct au_cache_entry *kept = au_cache_take(&cache->cache, hash, &flight);
    struct au_abi_entry *entry = (struct au_abi_entry *)kept;
    enum au_err err = AU_OK;
    if (kept == NULL) {
        err = make(hash, source, &entry);
        au_cache_land(&cache->cache, &flight, err == AU_OK ? &entry->entry : NULL);
    }
    if (err == AU_OK) *out_entry = entry;
    return err;
}

void au_abi_cache_release(struct au_abi_cache *cache, struct au_abi_entry *entry)
{
    au_cache_release(&cache->cache, &entry->entry);
}
