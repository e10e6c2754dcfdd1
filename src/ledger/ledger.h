/* The state machine: a chain's committed state, and the door to it.
 *
 *     au_ledger_open -> { blocks (ledger/block.h), reads } -> au_ledger_close
 *
 * Invariants:
 *   1. The store holds the state after exactly the head's transactions: a block's state, undo and
 *      head are one synced batch. Records of tries come later, and are made up for at opening.
 *   2. The state root is that of the head's header.
 *   3. A chain's genesis hash never changes: a store with another one is refused.
 *
 * Threading: one thread at a time has a block that it will commit. Everything else may be called
 * from any thread; it sees committed heights only. */
#ifndef AUREON_LEDGER_LEDGER_H
#define AUREON_LEDGER_LEDGER_H

#include "core/genesis.h"
#include "core/header.h"
#include "core/tx.h"
#include "state/flat.h"
#include "state/keep.h"
#include "state/trie.h"
#include "store/kv.h"
#include "vm/engine.h"

#define AU_PAST_SIZE_MAX   (128u << 20) /* bytes of what changed since an older height */
#define AU_PAST_READ_MAX   (1u << 30)   /* bytes of undo that are read to go back to one */
#define AU_PAST_BLOCKS_MAX 64u          /* blocks for which an older height stays open */
#define AU_PAST_TRIES_MAX  (128u << 20) /* bytes of older heights' tries that stay open */

/* Accounts and slots that may have changed between an older height and that of the tries in the
 * store for there to be proofs of it: three seconds' work, 70 MB for the tries
 * and three times that while they are made. */
#define AU_PAST_CHANGES_MAX 200000u

struct au_ledger;
struct au_ledger_view;

struct au_ledger_options {
    struct au_kv kv;          /* outlives the ledger */
    struct au_engine *engine; /* likewise; offers au_host_env */
    struct au_bytes genesis;  /* encoded; borrowed for the call */
    size_t past_changes_max;  /* 0: AU_PAST_CHANGES_MAX */
    uint64_t keep;            /* blocks whose undo is kept from now on (state/keep.h), AU_KEEP_ALL:
                                 all; 0: as many as the store says */
};

/* au_ledger_open opens a chain; in an empty store it begins one.
 *
 * message      gets the cause of MALFORMED and INVALID_ARG
 * out_ledger   owned by the caller: au_ledger_close, after all its blocks and reads
 *
 * OK
 * INVALID_ARG   the store holds another chain, or a part of a snapshot
 * MALFORMED     the genesis is not valid, or the store is damaged
 * NO_MEMORY, IO
 *
 * au_ledger_close writes what is left to be written. */
AU_MUST_USE enum au_err au_ledger_open(const struct au_ledger_options *options,
                                       struct au_buf *message, struct au_ledger **out_ledger);
void au_ledger_close(struct au_ledger *ledger);

const struct au_hash *au_ledger_genesis_hash(const struct au_ledger *ledger);
const struct au_params *au_ledger_params(const struct au_ledger *ledger);

/* au_ledger_keys gives the keys that have signed lately, for au_check_signatures; from any thread.
 */
struct au_ed25519_keys *au_ledger_keys(const struct au_ledger *ledger);

/* au_ledger_head gives the last committed block. */
struct au_header au_ledger_head(struct au_ledger *ledger);

/* How far back the state can be read. */
struct au_kept {
    uint64_t first; /* the lowest height */
    uint64_t count; /* blocks whose undo is kept; AU_KEEP_ALL: all */
};

/* au_ledger_kept tells it, as of the head. */
struct au_kept au_ledger_kept(struct au_ledger *ledger);

/* au_ledger_stored_head reads the last committed block of a store that no ledger has open.
 * OK, NOT_FOUND (no chain), MALFORMED, or what the store failed with. */
AU_MUST_USE enum au_err au_ledger_stored_head(const struct au_kv *kv, struct au_header *out_head);

/* A look at one committed height. Those at the same height share one snapshot of the store. */
struct au_read {
    struct au_ledger *ledger;
    struct au_ledger_view *view;
    struct au_kv_snapshot snapshot;    /* the view's; at an older height it has later records too */
    struct au_header head;             /* of the height */
    bool is_past;                      /* the height was not the last when the view was opened */
    uint64_t validator_count;          /* with a validator key and enough stake; 0 if is_past */
    struct au_flat flat;               /* au_flat_account, _slot, _code: of the height */
    const struct au_trie_cache *tries; /* of the height, to prove from; NULL: not asked for */
};

/* au_ledger_account reads an account at the last committed height. OK, NO_MEMORY, IO, MALFORMED */
AU_MUST_USE enum au_err au_ledger_account(struct au_ledger *ledger,
                                          const struct au_address *address,
                                          struct au_account *out_account);

/* au_ledger_warm reads the accounts that transactions come from and go to into memory, on a thread
 * that has the time, so that the one that executes them need not. Errors are left to that one. */
void au_ledger_warm(struct au_ledger *ledger, const struct au_tx *const *txs, size_t count);

/* au_read_open takes a look at the last committed height; close it soon. OK, NO_MEMORY, IO,
 * MALFORMED (the store is damaged). */
AU_MUST_USE enum au_err au_read_open(struct au_ledger *ledger, struct au_read *out_read);

/* au_read_open_to_prove takes a look from which au_read_prove may be called. No block is committed
 * until it is closed: close it at once, on the thread that opened it, which opens no other such
 * look meanwhile. Errors as above. */
AU_MUST_USE enum au_err au_read_open_to_prove(struct au_ledger *ledger, struct au_read *out_read);

/* au_read_begin_proving makes a look at an older height one from which au_read_prove may be called;
 * that keeps no block from being committed.
 *
 * message   gets the cause of MALFORMED, where there is more to say
 *
 * OK
 * TOO_LARGE   more than past_changes_max accounts and slots, or AU_PAST_SIZE_MAX bytes, were
 *             changed between the height and that of the tries in the store
 * else as au_read_open
 *
 * Cost: where it is the first such look at a height that is open, reads the undo of the blocks in
 * between, and about 15 us for each change; no two are made ready at once. What is made stays with
 * the height, of all heights at most about AU_PAST_TRIES_MAX bytes. */
AU_MUST_USE enum au_err au_read_begin_proving(struct au_read *read, struct au_buf *message);

/* au_read_prove appends a proof of what a trie has under a key to out; see au_proof_make_of.
 *
 * owner   of the trie: zero for the accounts', or the SHA-256 of a contract
 * leaf    what the trie has, as was read; no bytes: nothing */
AU_MUST_USE enum au_err au_read_prove(struct au_read *read, const struct au_hash *owner,
                                      const struct au_hash *key, struct au_bytes leaf,
                                      struct au_buf *out);

/* au_read_prove_account does so for an account, which it reads for that: as au_flat_account. */
AU_MUST_USE enum au_err au_read_prove_account(struct au_read *read,
                                              const struct au_address *address, struct au_buf *out,
                                              struct au_account *out_account);

/* au_read_close ends a look. */
void au_read_close(struct au_read *read);

/* au_read_open_at takes a look at a height that is not above the last committed one.
 *
 * OK
 * NOT_FOUND   it is below the first that au_ledger_kept tells
 * TOO_LARGE   it is not, but more was changed since than AU_PAST_SIZE_MAX bytes hold, or more than
 *             AU_PAST_READ_MAX would have to be read
 * else as au_read_open
 *
 * Cost: for an older height reads the undo of every block since, unless it was one of the last few
 * that were asked for: these stay open until AU_PAST_BLOCKS_MAX blocks have come. */
AU_MUST_USE enum au_err au_read_open_at(struct au_ledger *ledger, uint64_t height,
                                        struct au_read *out_read);

#endif
