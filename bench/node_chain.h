/* A node's chain of many senders, for bench_node: it is sent transactions in batches, by a few
 * connections at the same time, and all of them are in blocks at the end.
 *
 * Whatever goes wrong ends the benchmark.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_NODE_CHAIN_H
#define AUREON_BENCH_NODE_CHAIN_H

#include "http.h"
#include "node_run.h"

#define CHAIN_LANES      2u    /* connections that submit batches, each for senders of its own */
#define CHAIN_SENDERS    1000u /* of a lane: each batch has one transaction of each of them */
#define CHAIN_ROUNDS_MAX 3u

struct batch;

struct lane {
    struct account accounts[CHAIN_SENDERS];
    struct batch *batches; /* of a round */
    size_t batch_count;
    size_t sent;
    size_t awaited;
    struct au_buf wait; /* the request for the last receipt of a batch */
};

struct chain {
    struct node node;
    struct bench_conn conns[CHAIN_LANES];
    struct au_hash genesis_hash;
    struct account founder; /* gets the fees, deploys */
    struct lane lanes[CHAIN_LANES];
    struct au_address counter;
    struct au_address token;
};

/* chain_start makes a chain in the caller's storage, and runs its node. */
void chain_start(struct chain *chain);
void chain_stop(struct chain *chain);

/* chain_commit sends transactions of the founder, at most 64, and waits until they have succeeded.
 */
void chain_commit(struct chain *chain, const struct au_tx *txs, size_t count);

/* chain_deploy has the founder deploy a contract, given as a module or as text; tx has its
 * arguments. */
struct au_address chain_deploy(struct chain *chain, struct au_bytes code, struct au_tx tx);

/* The transaction that a sender is to sign; args is empty, and may hold its arguments. */
typedef struct au_tx chain_make_fn(const struct chain *chain, size_t lane, size_t sender,
                                   struct au_buf *args);

/* Nanoseconds for each transaction: medians of rounds. */
struct chain_pace {
    double all;
    double verify; /* the verification of a batch by itself, on one thread */
};

/* chain_run sends batch_count batches in each lane, rounds times (CHAIN_ROUNDS_MAX at most). */
struct chain_pace chain_run(struct chain *chain, const char *name, size_t rounds,
                            size_t batch_count, chain_make_fn *make);

#endif
