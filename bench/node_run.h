/* A node that is started for a benchmark, and transactions for it.
 *
 * The program is the one that the environment's AUREON names, else build/aureon. Whatever goes
 * wrong ends the benchmark.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_NODE_RUN_H
#define AUREON_BENCH_NODE_RUN_H

#include "process.h"

#include "core/tx.h"
#include "crypto/sign.h"

#define NODE_TX_TYPE   "application/octet-stream"
#define NODE_GAS_PRICE UINT64_C(1000)

struct bench_conn;

struct node {
    char path[BENCH_PATH_SIZE + 32]; /* its folder */
    uint16_t port;
};

const char *node_program(void);

/* node_start runs a node until it is ready, and gives the nanoseconds that this took. args: NULL
 * ends them. */
double node_start(struct node *node, const char *const *args);

/* node_start_dev runs a development node with a store in a folder of the benchmark's. */
double node_start_dev(struct node *node, const char *name);

struct account {
    struct au_sign_key key;
    uint64_t nonce;
};

struct au_address node_address_of(const struct account *account);

/* node_put_signed completes, signs and appends a transaction, and gives its id. */
struct au_hash node_put_signed(struct au_buf *out, struct account *account,
                               const struct au_hash *genesis_hash, struct au_tx tx);

struct au_hash node_genesis_hash(struct bench_conn *conn);

#endif
