/* Accounts and slots of the last committed height, in memory: what was read or written lately.
 *
 * Invariants:
 *   1. What is in the cache is as the store has it at the cache's height, absence too.
 *   2. Who reads at another height finds nothing and changes nothing.
 *   3. Neither kind takes the other's places: walking over much storage forgets no account.
 *
 * The cache moves to the next height once that is durable, never before. A slot with a longer key
 * or value than those below is not kept.
 *
 * Threading: any thread. */
#ifndef AUREON_STATE_OBJECT_CACHE_H
#define AUREON_STATE_OBJECT_CACHE_H

#include "base/buf.h"
#include "state/overlay.h"

#define AU_OBJECT_CACHE_KEY_MAX   72u /* bytes */
#define AU_OBJECT_CACHE_VALUE_MAX 80u /* bytes */

struct au_object_cache;

/* Which slot: a contract's, under a key. */
struct au_slot_id {
    const struct au_address *contract;
    struct au_bytes key;
};

/* au_object_cache_new makes an empty cache at height 0, to be freed by au_object_cache_free.
 *
 * seed           of its hashes: anything that contracts cannot know
 * accounts_max   accounts, rounded up to a power of two; about 200 bytes each, taken as they come
 * slots_max      slots, likewise
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_object_cache_new(const struct au_seed *seed, size_t accounts_max,
                                            size_t slots_max, struct au_object_cache **out_cache);
void au_object_cache_free(struct au_object_cache *cache); /* NULL is legal */

/* au_object_cache_get_account gives an account at a height; false: it is not here. An account that
 * is known not to exist is given too. */
AU_MUST_USE bool au_object_cache_get_account(struct au_object_cache *cache, uint64_t height,
                                             const struct au_address *address,
                                             struct au_account *out_account);

/* au_object_cache_put_account keeps an account as it was read at a height. */
void au_object_cache_put_account(struct au_object_cache *cache, uint64_t height,
                                 const struct au_address *address,
                                 const struct au_account *account);

/* au_object_cache_lacks tells which accounts are not here at a height; those that are here count as
 * used. It costs about 50 ns for each, much less than to get them one by one.
 *
 * out_lacks   gets them, in their order; has room for count
 *
 * Gives how many they are. */
AU_MUST_USE size_t au_object_cache_lacks(struct au_object_cache *cache, uint64_t height,
                                         const struct au_address *const *addresses, size_t count,
                                         const struct au_address **out_lacks);

/* au_object_cache_get_slot gives a slot at a height; false: it is not here, and value is cleared.
 * A slot that is known not to exist is given too.
 *
 * value   gets the bytes, which the slot then borrows; has room for AU_OBJECT_CACHE_VALUE_MAX */
AU_MUST_USE bool au_object_cache_get_slot(struct au_object_cache *cache, uint64_t height,
                                          const struct au_slot_id *id, struct au_buf *value,
                                          struct au_slot *out_slot);

/* au_object_cache_put_slot keeps a slot as it was read at a height. */
void au_object_cache_put_slot(struct au_object_cache *cache, uint64_t height,
                              const struct au_slot_id *id, const struct au_slot *slot);

/* What a block made of accounts and slots: all that it changed. */
struct au_object_updates {
    struct au_account_update {
        struct au_address address;
        struct au_account account;
    } * accounts;
    size_t account_count;
    struct au_slot_update {
        struct au_slot_id id;
        struct au_slot slot;
    } * slots;
    size_t slot_count;
};

/* au_object_cache_advance moves on to a height, of whose changes it is told all. */
void au_object_cache_advance(struct au_object_cache *cache, uint64_t height,
                             const struct au_object_updates *updates);

#endif
