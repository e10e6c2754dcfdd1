/* What the blocks of bench_state change: kinds of work, each a stream of changes that comes again
 * from the same size and seed.
 *
 * The state before has the accounts 0 to size - 1, or contracts with size slots in all.
 *
 * Threading: a stream belongs to one thread. */
#ifndef AUREON_BENCH_STATE_WORK_H
#define AUREON_BENCH_STATE_WORK_H

#include "base/base.h"

#define STATE_CONTRACTS 10000u /* of work with slots */

/* A change of a block. */
struct state_op {
    uint32_t account;    /* or contract */
    uint32_t slot_count; /* 0: of the account; else of the slot of this number, from 1 */
    bool is_del;
};

struct state_stream {
    const struct state_work *work;
    uint64_t random;
    uint32_t size;
    uint32_t oldest; /* account */
    uint32_t next;   /* account that is new */
    double *weights; /* by account, that of all before it too; NULL: not needed */
};

struct state_work {
    const char *name;
    void (*make)(struct state_stream *stream, struct state_op *ops, size_t count);
    bool is_skewed; /* needs weights */
};

enum state_work_kind {
    STATE_CREATE,          /* accounts that are new */
    STATE_UPDATE,          /* any, all alike */
    STATE_TENKRANDOM,      /* a quarter new, a quarter of the oldest deleted, half any between */
    STATE_ZIPF,            /* any, the n-th as often as 1 / n^1.2 */
    STATE_SINGLE,          /* always the same */
    STATE_TRANSFER,        /* two of any, one in ten to a new one */
    STATE_TRANSFER_PARETO, /* four in five among a fifth of the accounts */
    STATE_FILL_SLOTS,      /* slots that are new */
    STATE_STORAGE,         /* four in five among the slots of one contract in a hundred */
    STATE_WORK_COUNT
};

extern const struct state_work state_works[STATE_WORK_COUNT];

/* state_stream_init begins the stream of a kind of work on a state of size accounts or slots;
 * state_stream_done frees what it holds. */
void state_stream_init(struct state_stream *stream, enum state_work_kind kind, uint32_t size);
void state_stream_done(struct state_stream *stream);

/* state_stream_next gives the changes of the next block. Some may be of one account. */
void state_stream_next(struct state_stream *stream, struct state_op *ops, size_t count);

#endif
