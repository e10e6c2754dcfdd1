/* The log that tests/model/ledger.py reads: a chain's genesis and blocks with what the ledger says
 * of them. Its format is described there; contract records are of the kind made from receipts.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TESTS_LEDGER_LOG_LOG_H
#define AUREON_TESTS_LEDGER_LOG_LOG_H

#include "base/buf.h"
#include "contract/tracer.h"
#include "ledger/block.h"

/* What contracts do in a transaction: the tracer's entries, and what it does not keep. */
struct log_trace {
    struct au_tracer tracer;
    struct au_host_watch keeps; /* the tracer's own */
    struct au_buf steps_left;   /* i64 each: before the price of a host call, in order */
};

/* What a block's line is made of, while the block is open. */
struct log_block {
    uint64_t time_ms;       /* the source's */
    struct au_buf txs;      /* items of JSON arrays */
    struct au_buf invalids; /* likewise */
    struct au_buf digests;  /* likewise */
    struct log_trace trace; /* of the transaction that is noted next */
};

/* log_trace_reset forgets the transaction before. */
void log_trace_reset(struct log_trace *trace);

/* log_genesis prints the first line. */
void log_genesis(struct au_bytes genesis, const struct au_header *header);

/* log_block_init makes an empty one, which does not move; log_block_done frees what it holds. */
void log_block_init(struct log_block *log);
void log_block_done(struct log_block *log);

/* log_block_begin forgets the transactions noted so far. */
void log_block_begin(struct log_block *log, uint64_t time_ms);

/* log_block_add notes a transaction, and its trace.
 *
 * invalid   NONE, or why there is no receipt
 * receipt   NULL unless it is NONE, as is tx */
void log_block_add(struct log_block *log, struct au_bytes bytes, enum au_invalid invalid,
                   const struct au_tx *tx, const struct au_receipt *receipt);

/* log_block_print prints the line of a sealed block. validator_count: as of after it. */
void log_block_print(const struct log_block *log, const struct au_header *header,
                     uint64_t validator_count);

#endif
