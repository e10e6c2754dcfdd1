/* The working state of an execution: accounts and contract storage as they are now, over what they
 * were before, with savepoints that can be gone back to.
 *
 *     init -> (preload) -> { get put del save restore changes } -> reset -> ... -> done
 *
 * Invariants:
 *   1. Every change is journaled with the value that it replaced; a savepoint is a place in the
 *      journal, and going back undoes what comes after it, last first.
 *   2. An entry that was changed since the last savepoint was journaled since then: changing it
 *      again needs no new journal entry, and a value is written over the old one if it fits.
 *   3. Changes are told in the order of first write, never in an order of hashes.
 *
 * Memory: an entry of about 200 bytes and its key for each account or slot touched; a value's
 * bytes once per savepoint after which the slot is written, at most four times that while a value
 * grows. All of it is paid for: storage_write charges per byte, and an entry costs at least a read.
 * To reach the arena's bound, given at init, is a fault of the node and never an outcome.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_STATE_OVERLAY_H
#define AUREON_STATE_OVERLAY_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/err.h"
#include "core/address.h"
#include "state/key_hash.h"
#include "state/key_order.h"
#include "state/table.h"

/* An account. All is zero unless exists; what a has_ flag denies is zero. */
struct au_account {
    bool exists;
    uint64_t balance; /* base units */
    uint64_t nonce;   /* of its next transaction */
    uint64_t stake;   /* base units, apart from balance */
    bool has_code;    /* a contract */
    bool has_admin;   /* it may be upgraded */
    bool has_storage; /* as committed: the overlay does not follow it */
    struct au_hash code_hash;
    struct au_address admin;
    struct au_hash storage_root; /* as committed, too */
};

struct au_slot {
    bool exists;
    struct au_bytes value; /* empty unless exists; 0 bytes is a value too */
};

/* Where values come from that nobody has preloaded. */
struct au_state_source {
    void *context;
    /* get_account gives an account as it was before. OK, or what the store failed with. */
    enum au_err (*get_account)(void *context, const struct au_address *address,
                               struct au_account *out_account);
    /* get_slot gives a slot as it was before; the value lives until arena is reset, or, if that is
     * NULL, until the source is asked again. OK, or what the store failed with. */
    enum au_err (*get_slot)(void *context, const struct au_address *contract, struct au_bytes key,
                            struct au_arena *arena, struct au_slot *out_slot);
    /* keys_open begins to tell the keys of a contract's slots, as they were before, that begin with
     * a prefix and are not below lower, which begins with it too; keys_next gives one after the
     * other, ascending, each until the next call; keys_close ends it.
     * OK; NOT_FOUND (keys_next: there are no more); or what the store failed with. */
    enum au_err (*keys_open)(void *context, const struct au_address *contract,
                             struct au_bytes prefix, struct au_bytes lower, void **out_keys);
    enum au_err (*keys_next)(void *keys, struct au_bytes *out_key);
    void (*keys_close)(void *keys);
};

struct au_undo; /* a journal entry */

struct au_overlay { /* by value for its owner; the fields are overlay.c's */
    struct au_arena arena;
    struct au_table accounts;
    struct au_table slots;
    struct au_key_order order; /* slots, once somebody has asked for keys in order */
    bool is_ordered;
    struct au_undo *journal;
    size_t journal_size;     /* entries */
    size_t journal_capacity; /* entries */
    size_t save_size;        /* journal entries at the last save or restore */
    struct au_seed seed;
    const struct au_state_source *source;
};

struct au_savepoint {
    size_t journal_size;
};

/* An account or a slot that is not what it was. */
struct au_change {
    bool is_slot;
    const struct au_address *address; /* the account, or the slot's contract */
    struct au_account account_before; /* accounts */
    struct au_account account_after;
    struct au_bytes key; /* slots */
    struct au_slot slot_before;
    struct au_slot slot_after;
};

/* au_overlay_init prepares an empty overlay in the caller's storage.
 *
 * seed        of the tables' hashes: anything that contracts cannot know
 * source      NULL: what is not preloaded is absent. Else it outlives the overlay
 * memory_max  bound on the arena, in bytes */
void au_overlay_init(struct au_overlay *overlay, const struct au_seed *seed,
                     const struct au_state_source *source, size_t memory_max);

/* au_overlay_done frees everything. */
void au_overlay_done(struct au_overlay *overlay);

/* au_overlay_reset forgets everything, savepoints and preloaded values too, and keeps allocations
 * of a usual execution's size for the next one. */
void au_overlay_reset(struct au_overlay *overlay);

/* au_overlay_preload_account and _slot say what was there before, without a journal entry. Only
 * before the first change.
 *
 * key, value       borrowed until the next reset
 * out_is_new       false: the account or slot is there already, and is left as it is
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_overlay_preload_account(struct au_overlay *overlay,
                                                   const struct au_address *address,
                                                   struct au_account account, bool *out_is_new);
AU_MUST_USE enum au_err au_overlay_preload_slot(struct au_overlay *overlay,
                                                const struct au_address *contract,
                                                struct au_bytes key, struct au_bytes value,
                                                bool *out_is_new);

/* au_overlay_get_account and _slot give the present value; a slot's bytes are valid until the next
 * put, del, restore or reset. key is of any size. OK, NO_MEMORY, what the source failed with. */
AU_MUST_USE enum au_err au_overlay_get_account(struct au_overlay *overlay,
                                               const struct au_address *address,
                                               struct au_account *out_account);
AU_MUST_USE enum au_err au_overlay_get_slot(struct au_overlay *overlay,
                                            const struct au_address *contract, struct au_bytes key,
                                            struct au_slot *out_slot);

/* au_overlay_look_slot is au_overlay_get_slot for a value that nobody asks for again: it is not
 * kept, and valid until the next call but of au_overlay_next_key. */
AU_MUST_USE enum au_err au_overlay_look_slot(const struct au_overlay *overlay,
                                             const struct au_address *contract, struct au_bytes key,
                                             struct au_slot *out_slot);

/* A key of a slot that was changed or preloaded; what the source has besides, it tells itself. */
struct au_listed_key {
    const struct au_key_node *node; /* NULL: there is none */
    struct au_bytes key;            /* lives until the next reset */
    bool exists;                    /* the slot does, now; else it was deleted since the reset */
};

/* au_overlay_seek_key finds the first listed key of a contract that is not below key, or is above
 * it if is_above; au_overlay_next_key goes on to the next one. What is gone back on is not listed.
 * A key is valid until the next change. OK, NO_MEMORY. Cost: O(log count) for a seek, and once for
 * each slot of the overlay where nobody has asked since the reset. */
AU_MUST_USE enum au_err au_overlay_seek_key(struct au_overlay *overlay,
                                            const struct au_address *contract, struct au_bytes key,
                                            bool is_above, struct au_listed_key *out_key);
void au_overlay_next_key(struct au_listed_key *key);

/* au_overlay_put_account, _put_slot and _del_slot change a value; deleting what is absent changes
 * nothing. key and value are copied. OK; NO_MEMORY or what the source failed with: nothing is
 * changed. */
AU_MUST_USE enum au_err au_overlay_put_account(struct au_overlay *overlay,
                                               const struct au_address *address,
                                               struct au_account account);
AU_MUST_USE enum au_err au_overlay_put_slot(struct au_overlay *overlay,
                                            const struct au_address *contract, struct au_bytes key,
                                            struct au_bytes value);
AU_MUST_USE enum au_err au_overlay_del_slot(struct au_overlay *overlay,
                                            const struct au_address *contract, struct au_bytes key);

/* au_overlay_save marks the present state. Savepoints nest: going back to one drops those after it.
 * One that is not gone back to needs no release. */
struct au_savepoint au_overlay_save(struct au_overlay *overlay);

/* au_overlay_restore goes back to a savepoint, which stays valid. Cost: one step per change. */
void au_overlay_restore(struct au_overlay *overlay, struct au_savepoint savepoint);

/* au_overlay_next_change tells the changes since a savepoint, in order of first write. Values that
 * are again what they were at the savepoint are left out.
 *
 * cursor      0 at first, then as the last call left it
 * out_change  set on true only; what it points to is valid until the next change or reset
 *
 * true: a change; false: there are no more */
bool au_overlay_next_change(const struct au_overlay *overlay, struct au_savepoint since,
                            size_t *cursor, struct au_change *out_change);

#endif
