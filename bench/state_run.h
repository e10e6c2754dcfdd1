/* The state engine, and what it is measured against, under blocks of changes: each of these
 * functions opens a store, works, and leaves it. bench_state runs each in a process of its own.
 *
 * Whatever goes wrong ends the process.
 *
 * Threading: one thread. */
#ifndef AUREON_BENCH_STATE_RUN_H
#define AUREON_BENCH_STATE_RUN_H

#include "state_work.h"

#define STATE_BATCH_MAX  50000u
#define STATE_BLOCKS_MAX 10000u

/* Seconds of the wall, and of processor time of all threads: this counts what others do less. */
struct state_time {
    double wall_s;
    double cpu_s;
};

/* Milliseconds of the parts of a commit, and of what comes before: of the wall, but where it says
 * cpu. */
struct state_phases {
    double read; /* and what else is done before the block is sealed */
    double trie; /* from changes to what is written, with the root */
    double trie_cpu;
    double write_cpu;
    double sync;  /* what the writing waited */
    double flush; /* of tries' records, now and then */
    double flush_cpu;
};

/* What a run came to. Milliseconds are those of the wall, of a block, means; a commit is the trie,
 * the writing and the flush. */
struct state_outcome {
    uint32_t block_count;
    double updates_per_s;
    double read_ms;          /* and what else is done before the block is sealed */
    double trie_ms;          /* from changes to what is written, with the root */
    double write_ms;         /* processor time */
    double sync_ms;          /* what the writing waited */
    double flush_ms;         /* of tries' records, now and then */
    double flush_max_cpu_ms; /* the most processor time that it took from the committing thread */
    double cpu_ms;           /* processor time of all threads */
    double commit_p50_ms;
    double commit_p99_ms;
    double commit_max_ms;
    struct state_phases slow; /* means of the slowest commits, one in a hundred */
    double update_size;       /* bytes written for an update, without flushes */
    double leaf_size;         /* bytes of a leaf in memory, with the branches above */
    double resident_mb;
    double resident_before_mb; /* after a fifth of the blocks */
    struct state_time once;    /* of what is done once: to open or to rebuild */
    struct state_time yard;    /* of walking over the records that this needs at least */
    double made_per_s;         /* proofs, by processor time of one thread */
    double verified_per_s;
    double sdk_per_s;    /* verified by sdk/verify */
    double read_per_s;   /* the leaves' records alone */
    double hashed_per_s; /* the nodes of proofs alone */
    double proof_size;   /* bytes */
};

/* What is proved: accounts, each with some of its slots if it has any. */
struct state_proofs {
    const char *name;
    uint32_t slot_count; /* of an account */
    bool are_absent;     /* the accounts */
};

/* A run of blocks, an opening, or proofs. */
struct state_run {
    enum state_work_kind work;
    uint32_t size;        /* accounts or slots before */
    uint32_t batch;       /* changes of a block */
    uint32_t block_max;   /* blocks at most */
    uint32_t flush_count; /* it ends with the flush of this number; 0: with block_max */
    bool is_small;        /* the store's buffers and caches are filled soon */
    bool is_alone;     /* one thread changes the trie: its processor time; else two, by the wall */
    size_t block_size; /* bytes, and milliseconds from one block to the next: of state_run_disk */
    double block_ms;
    const struct state_proofs *proofs;
};

/* state_run_fill makes the state in an empty folder by blocks of `work`. */
void state_run_fill(const char *folder, const struct state_run *run, struct state_outcome *out);

/* state_run_blocks goes on from a state, each block committed and synced; state_run_until_killed
 * does so for a process that is to end at once afterwards: what a store that is closed would write
 * is not written. */
void state_run_blocks(const char *folder, const struct state_run *run, struct state_outcome *out);
void state_run_until_killed(const char *folder, const struct state_run *run,
                            struct state_outcome *out);

/* state_run_open opens a store as a node does when it starts, state_run_rebuild makes the records
 * of its tries anew from accounts and slots, which must give the root of its head. */
void state_run_open(const char *folder, const struct state_run *run, struct state_outcome *out);
void state_run_rebuild(const char *folder, const struct state_run *run, struct state_outcome *out);

/* state_run_prove proves random accounts and slots that were proved before, verifies that, and does
 * what either needs at least: reading records, hashing nodes. */
void state_run_prove(const char *folder, const struct state_run *run, struct state_outcome *out);

/* The yardsticks. state_run_plain reads, writes and syncs the same records with no trie over them
 * and no undo; state_run_trie changes a trie of accounts in memory, with no store under it.
 * state_run_disk appends as many bytes for a block to a file, and syncs it: there is no store. */
void state_run_plain(const char *folder, const struct state_run *run, struct state_outcome *out);
void state_run_trie(const char *folder, const struct state_run *run, struct state_outcome *out);
void state_run_disk(const char *folder, const struct state_run *run, struct state_outcome *out);

#endif
