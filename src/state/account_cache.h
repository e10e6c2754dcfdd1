/* Accounts of the last committed height, in memory: what was read or written lately.
 *
 * Invariants:
 *   1. An account in the cache is as the store has it at the cache's height.
 *   2. Who reads at another height finds nothing and changes nothing.
 *
 * The cache moves to the next height once that is durable, never before.
 *
 * Threading: any thread. */
#ifndef AUREON_STATE_ACCOUNT_CACHE_H
#define AUREON_STATE_ACCOUNT_CACHE_H

#include "state/overlay.h"

struct au_account_cache;

/* au_account_cache_new makes an empty cache at height 0, to be freed by au_account_cache_free.
 *
 * seed        of its hashes: anything that contracts cannot know
 * count_max   accounts, rounded up to a power of two; about 200 bytes each, taken as they come
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_account_cache_new(const struct au_seed *seed, size_t count_max,
                                             struct au_account_cache **out_cache);
void au_account_cache_free(struct au_account_cache *cache); /* NULL is legal */

/* au_account_cache_get gives an account at a height; false: it is not here. An account that is
 * known not to exist is given too. */
AU_MUST_USE bool au_account_cache_get(struct au_account_cache *cache, uint64_t height,
                                      const struct au_address *address,
                                      struct au_account *out_account);

/* au_account_cache_put keeps an account as it was read at a height. */
void au_account_cache_put(struct au_account_cache *cache, uint64_t height,
                          const struct au_address *address, const struct au_account *account);

/* An account and what a block made of it. */
struct au_account_update {
    struct au_address address;
    struct au_account account;
};

/* au_account_cache_advance moves on to a height, of whose changes it is told all. */
void au_account_cache_advance(struct au_account_cache *cache, uint64_t height,
                              const struct au_account_update *updates, size_t count);

#endif
