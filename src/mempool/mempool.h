/* The pool: valid transactions that wait for a block. Local policy (protocol.md section 2,
 * "Mempool"): nothing here is part of the protocol.
 *
 *     au_mempool_add -> { au_mempool_walk_begin, _next ..., _end -> au_mempool_block_done } -> ...
 *
 * A transaction is executable if its sender's pooled nonces have no gap between the committed nonce
 * and its own; else it is parked.
 *
 * Invariants:
 *   1. A sender has one transaction per nonce, at most AU_MEMPOOL_SENDER_COUNT_MAX of at most
 *      AU_MEMPOOL_SENDER_SIZE_MAX bytes together, none more than AU_MEMPOOL_AHEAD_MAX nonces ahead
 *      of the committed nonce; its balance covers the reserves and values of all of them.
 *   2. The pool is within count_max and size_max; what is parked is within a quarter of both.
 *   3. A parked transaction never displaces an executable one.
 *   4. Order depends on prices, nonces and order of arrival alone, never on a clock or a hash.
 *   5. Whatever is added leaves once, and on_drop is told why.
 *
 * Memory: copies of the bytes and about 700 bytes a transaction. What leaves during a walk is kept
 * until its end: at most size_max bytes more, and what blocks took.
 *
 * Threading: any thread, but for a walk: one thread at a time. Callbacks are called without the
 * pool's lock held and may call the pool, but for au_mempool_free. on_drop of one call comes in the
 * order of leaving; those of calls on several threads may mix. */
#ifndef AUREON_MEMPOOL_MEMPOOL_H
#define AUREON_MEMPOOL_MEMPOOL_H

#include "ledger/check.h"

#define AU_MEMPOOL_COUNT_PRESET     16384u
#define AU_MEMPOOL_SIZE_PRESET      (64u << 20)
#define AU_MEMPOOL_COUNT_MAX        (1u << 24) /* the largest count_max */
#define AU_MEMPOOL_SENDER_COUNT_MAX 64u
#define AU_MEMPOOL_SENDER_SIZE_MAX  (1u << 20)
#define AU_MEMPOOL_AHEAD_MAX        64u

struct au_mempool;
struct au_mempool_walk;

enum au_drop {
#define AU_DROP(NAME, name, text) AU_DROP_##NAME,
#include "abi/drop.def"
#undef AU_DROP
};

/* au_drop_name gives the word ("nonce_used"), au_drop_text the sentence. */
const char *au_drop_name(enum au_drop reason);
const char *au_drop_text(enum au_drop reason);

struct au_mempool_account {
    uint64_t nonce;
    uint64_t balance;
};

struct au_mempool_options {
    struct au_params params;
    uint64_t height;  /* of the last committed block */
    size_t count_max; /* transactions: 4..AU_MEMPOOL_COUNT_MAX */
    size_t size_max;  /* bytes of all transactions */
    uint64_t seed[2]; /* secret and random: against senders who choose keys that collide */
    void *context;    /* of both callbacks */
    /* Reads committed state; zeros for an account that is not there. Never older than the last
     * block that au_mempool_block_done was told of. */
    enum au_err (*get_account)(void *context, const struct au_address *address,
                               struct au_mempool_account *out_account);
    void (*on_drop)(void *context, const struct au_hash *id, enum au_drop reason); /* or NULL */
};

/* au_mempool_new makes an empty pool.
 * OK; INVALID_ARG: a bound is out of range; NO_MEMORY */
AU_MUST_USE enum au_err au_mempool_new(const struct au_mempool_options *options,
                                       struct au_mempool **out_pool);

/* au_mempool_free frees a pool that no thread uses or walks. on_drop is not called. NULL is legal.
 */
void au_mempool_free(struct au_mempool *pool);

enum au_mempool_status {
    AU_MEMPOOL_EXECUTABLE,   /* added */
    AU_MEMPOOL_PARKED,       /* added */
    AU_MEMPOOL_KNOWN,        /* these very bytes are there already */
    AU_MEMPOOL_INVALID,      /* see invalid */
    AU_MEMPOOL_UNDERPRICED,  /* does not replace its nonce's: expected, got are prices */
    AU_MEMPOOL_SENDER_COUNT, /* expected: most transactions of a sender; got: with this one */
    AU_MEMPOOL_SENDER_SIZE,  /* expected: most bytes of a sender; got: with this one */
    AU_MEMPOOL_PARKED_FULL,  /* no room for a parked one; earlier nonces first */
    AU_MEMPOOL_FULL,         /* expected: a price that displaces, 0 if none does; got: its price */
};

struct au_mempool_result {
    enum au_mempool_status status;
    enum au_invalid invalid; /* NONE unless status is INVALID */
    /* EXPIRED heights, NONCE_* nonces (expected: the lowest or highest taken), GAS_* gas, PRICE_LOW
     * prices, BALANCE the sum that all pooled ones need and the balance. */
    uint64_t expected;
    uint64_t got;
};

/* au_mempool_add offers a transaction whose signature is verified; its bytes are copied.
 *
 * out_result   of use on OK only
 *
 * OK, NO_MEMORY (nothing changed), and what get_account returns. Cost: O(log n), a read of the
 * account unless the sender is pooled; a large newcomer to a full pool as many displacements as its
 * bytes need. */
AU_MUST_USE enum au_err au_mempool_add(struct au_mempool *pool, const struct au_checked *checked,
                                       struct au_mempool_result *out_result);

/* au_mempool_walk_begin begins a walk over what is executable now, the best price first, equal
 * prices in order of arrival, each sender's in order of nonces.
 *
 * out_walk   owned by the caller: au_mempool_walk_end
 *
 * OK, NO_MEMORY. Cost: a copy of 32 bytes per sender. */
AU_MUST_USE enum au_err au_mempool_walk_begin(struct au_mempool *pool,
                                              struct au_mempool_walk **out_walk);

/* au_mempool_walk_next gives the next transaction, NULL at the end; valid until the walk's end even
 * if it leaves the pool. What leaves before its turn is not given, nor what follows it; what a
 * sender adds behind its own may be given, a sender who comes new is not. Cost: O(log n). */
const struct au_checked *au_mempool_walk_next(struct au_mempool_walk *walk);

/* au_mempool_walk_skip_sender leaves out what follows the transaction given last, for this walk:
 * the block refused it. Legal after a transaction was given. */
void au_mempool_walk_skip_sender(struct au_mempool_walk *walk);

/* au_mempool_walk_drop takes the transaction given last out of the pool and skips its sender. */
void au_mempool_walk_drop(struct au_mempool_walk *walk, enum au_drop reason);

void au_mempool_walk_end(struct au_mempool_walk *walk);

/* A transaction of a block, pooled here or not. */
struct au_mempool_included {
    struct au_hash id;
    struct au_address sender;
};

/* au_mempool_block_done tells of a committed block: its transactions leave, its senders' accounts
 * are read again, and all that cannot follow leaves too: used nonces, the highest nonces of a
 * sender whose balance no longer covers all, expired ones, and what is parked now beyond a quarter.
 *
 * Call it after the commit, in order of heights, by one thread at a time.
 * OK, NO_MEMORY, and what get_account returns: nothing has left, call again. */
AU_MUST_USE enum au_err au_mempool_block_done(struct au_mempool *pool, uint64_t height,
                                              const struct au_mempool_included *included,
                                              size_t count);

/* au_mempool_clear empties the pool. */
void au_mempool_clear(struct au_mempool *pool);

/* au_mempool_find appends the bytes of a transaction to out_bytes.
 * OK, NOT_FOUND, and the buffer's error. */
AU_MUST_USE enum au_err au_mempool_find(struct au_mempool *pool, const struct au_hash *id,
                                        struct au_buf *out_bytes);

/* au_mempool_next_nonce gives the nonce that an account would sign next: the committed one and its
 * executable transactions. OK, and what get_account returns. */
AU_MUST_USE enum au_err au_mempool_next_nonce(struct au_mempool *pool,
                                              const struct au_address *address,
                                              uint64_t *out_nonce);

struct au_mempool_entry {
    struct au_hash id;
    struct au_address from;
    uint64_t nonce;
    uint64_t gas_price;
    uint64_t valid_until;
    uint64_t sequence; /* of arrival: 1, 2, ...: the cursor of a listing */
    size_t size;
    enum au_tx_kind kind;
    bool is_executable;
};

/* au_mempool_list gives up to limit transactions in order of arrival, those after sequence `after`.
 * Returns how many; fewer than limit: these are the last. Cost: linear in count. */
size_t au_mempool_list(struct au_mempool *pool, uint64_t after, size_t limit,
                       struct au_mempool_entry *out_entries);

struct au_mempool_stats {
    size_t count;
    size_t size; /* bytes of all transactions */
    size_t executable_count;
    size_t parked_count;
};

struct au_mempool_stats au_mempool_stats(struct au_mempool *pool);

/* au_mempool_wait waits until something is executable, au_mempool_wake is called, or timeout_ns
 * passed. A wake that comes while nobody waits ends the next wait.
 *
 * Returns whether something is executable. */
bool au_mempool_wait(struct au_mempool *pool, uint64_t timeout_ns);

/* au_mempool_wake ends the wait of one thread. */
void au_mempool_wake(struct au_mempool *pool);

#endif
