/* anvil, a development node for Ethereum's contracts, asked for the same work as ours.
 *
 * The environment's BENCH_ANVIL is the program, BENCH_ANVIL_WORK a folder of bench/node/sign.mjs;
 * tools/anvil has both. Its state is in memory alone.
 *
 * Threading: one thread. Whatever goes wrong ends the program. */
#ifndef AUREON_BENCH_ANVIL_H
#define AUREON_BENCH_ANVIL_H

#include "bench.h"

struct bench_anvil_plan {
    size_t starts;
    size_t receipts;
    size_t rounds;
};

/* Medians. Each of its ways to make blocks was tried; the fastest counts. */
struct bench_anvil {
    double start_ns;   /* until the first answer */
    double memory_mb;  /* a second later */
    double receipt_ns; /* one client that waits for each receipt */
    double transfers;  /* per second, in batches, until all are in blocks */
    double calls;      /* of a contract that counts in its storage */
    double tokens;     /* transfers of a token: two slots read and written, an event */
};

/* false: there is no anvil, says the environment. */
bool bench_anvil_measure(const struct bench_anvil_plan *plan, struct bench_anvil *out);

#endif
