/* ABIs of code that was looked at lately: read once, and shared by who decodes with them. That code
 * has none, or a malformed one, is kept as well.
 *
 * Threading: any thread, but for init and done. */
#ifndef AUREON_ABI_CACHE_H
#define AUREON_ABI_CACHE_H

#include "abi/abi.h"
#include "vm/cache.h"

#define AU_ABI_CACHE_SIZE_MAX (16u << 20) /* bytes of those that nobody holds */

struct au_abi_cache {
    struct au_cache cache;
};

/* What code says of itself; immutable. */
struct au_abi_entry {
    struct au_cache_entry entry; /* private */
    struct au_arena arena;       /* private */
    enum au_err err;             /* OK, NOT_FOUND: it has none, MALFORMED */
    struct au_abi abi;           /* of use on OK */
};

/* Where code comes from, by its hash. What read gives lives until its next call. */
struct au_abi_source {
    void *context;
    enum au_err (*read)(void *context, const struct au_hash *hash, struct au_bytes *out_code);
};

/* au_abi_cache_init prepares an empty cache; false: the system has no more locks. */
AU_MUST_USE bool au_abi_cache_init(struct au_abi_cache *cache);

/* au_abi_cache_done frees all entries; nobody holds one. */
void au_abi_cache_done(struct au_abi_cache *cache);

/* au_abi_cache_hold gives the ABI of code, which the source is asked for if it is not there: held
 * until au_abi_cache_release. OK, NO_MEMORY, or what the source failed with. */
AU_MUST_USE enum au_err au_abi_cache_hold(struct au_abi_cache *cache, const struct au_hash *hash,
                                          const struct au_abi_source *source,
                                          struct au_abi_entry **out_entry);
void au_abi_cache_release(struct au_abi_cache *cache, struct au_abi_entry *entry);

#endif
