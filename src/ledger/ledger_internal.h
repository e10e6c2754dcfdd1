/* The ledger's inside. Only src/ledger may include this. */
#ifndef AUREON_LEDGER_LEDGER_INTERNAL_H
#define AUREON_LEDGER_LEDGER_INTERNAL_H

#include <pthread.h>

#include "ledger/ledger.h"
#include "state/commit.h"

#define AU_LEDGER_TRIES_SIZE_MAX ((size_t)768 << 20) /* bytes of the head's tries in memory */
#define AU_PAST_VIEWS_MAX        4u                  /* older heights that stay open */

struct au_ledger {
    struct au_kv kv;
    struct au_engine *engine;
    struct au_hash genesis_hash;
    struct au_params params;
    struct au_address proposer;
    struct au_seed seed; /* of tables in memory */
    size_t past_changes_max;
    struct au_ed25519_keys *keys;
    struct au_commit commit; /* the committing thread's alone */
    pthread_mutex_t lock;    /* guards head, kept, view, the views' holders */
    struct au_header head;
    struct au_kept kept;         /* as of the head */
    struct au_ledger_view *view; /* of the head; NULL until somebody reads */
    struct au_ledger_view *past_views[AU_PAST_VIEWS_MAX]; /* of older heights, the newest first */
    pthread_mutex_t past_lock;  /* over ledger->lock: one older height is opened at a time */
    pthread_mutex_t tries_lock; /* likewise: the tries of one are made at a time */
};

/* au_ledger_set_head publishes a committed head, and how far back its state can be read. */
void au_ledger_set_head(struct au_ledger *ledger, const struct au_header *head);

/* au_ledger_begin commits block 0 to an empty store. */
AU_MUST_USE enum au_err au_ledger_begin(struct au_ledger *ledger, const struct au_genesis *genesis,
                                        struct au_bytes encoded);

/* au_ledger_read_head reads the head at a moment, or (NULL) as it is now. OK, NOT_FOUND (no chain),
 * MALFORMED, or what the store failed with. */
AU_MUST_USE enum au_err au_ledger_read_head(const struct au_kv *kv,
                                            const struct au_kv_snapshot *snapshot,
                                            struct au_header *out_head,
                                            uint64_t *out_validator_count);

/* au_put_head puts a head into a batch, as it is stored. */
void au_put_head(struct au_kv_batch *batch, const struct au_header *head, uint64_t validator_count);

/* au_count_validators counts the owners with a validator key and a stake of at least stake_min. */
AU_MUST_USE enum au_err au_count_validators(struct au_flat *flat, uint64_t stake_min,
                                            uint64_t *out_count);

/* au_put_unbondings puts into a batch which record of those that wait in a store is an owner's last
 * (au_put_unbonding_index). */
AU_MUST_USE enum au_err au_put_unbondings(const struct au_kv *kv, struct au_kv_batch *batch);

/* au_restore_unbondings puts into a batch which record is an owner's last (au_put_unbonding_index)
 * at the height of a history of the store. */
AU_MUST_USE enum au_err au_restore_unbondings(const struct au_kv *history,
                                              struct au_kv_batch *batch);

/* The records of meta. */
#define AU_META_GENESIS "genesis" /* the encoded genesis */
#define AU_META_HEAD    "head"    /* validator_count u64 || header */
#define AU_META_RESTORE \
    "restore" /* a snapshot's digest[32] || the next chunk u32, until it is done */

#endif
