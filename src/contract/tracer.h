/* What happened inside a transaction, call by call: frames, and the host functions that they call.
 *
 *     au_tracer_init -> au_env's tracer while frames run -> au_tracer_first, next ... -> done
 *
 * Invariants:
 *   1. Whoever looks changes nothing: outcome, steps and state are those of a run without.
 *   2. Entries are in the order in which they began; depth tells which is inside which.
 *
 * Threading: that of the environment. */
#ifndef AUREON_CONTRACT_TRACER_H
#define AUREON_CONTRACT_TRACER_H

#include "base/arena.h"
#include "contract/frame.h"
#include "contract/profile.h"

#define AU_TRACER_ENTRIES_MAX 20000u     /* what comes after these is not kept */
#define AU_TRACER_BYTES_MAX   (1u << 20) /* of arguments, values and outputs: likewise */

/* A parameter of a host call as abi/host.def explains it. */
struct au_traced_value {
    const char *name;
    bool is_number;
    uint64_t number;
    struct au_bytes bytes; /* not is_number; in the tracer's arena */
};

struct au_traced_frame {
    struct au_address contract;
    struct au_hash code_hash; /* of what runs, whatever code the contract is given meanwhile */
    struct au_address caller;
    uint64_t value; /* base units */
    struct au_bytes function;
    struct au_bytes *args;
    size_t arg_count;
    int64_t steps_limit;
    bool is_view;
    enum au_outcome outcome; /* these once it has ended */
    uint32_t detail;
    uint32_t revert_code;
    struct au_bytes output;
    struct au_profile profile; /* its functions, if the module ran in its traced form */
};

struct au_traced_host {
    const struct au_host_entry *entry;
    struct au_traced_value *values;
    size_t value_count;
    bool has_returned;                    /* else it has ended its frame */
    uint64_t result;                      /* if the function has one, as it has returned */
    const struct au_profile_node *within; /* what called it, of its frame's profile; or NULL */
};

struct au_traced {
    struct au_traced *next;
    struct au_traced *outer; /* what it is inside of, or NULL */
    uint32_t depth;          /* 0: the transaction's own frame */
    int64_t steps;           /* used, with all that is inside */
    bool is_frame;
    union {
        struct au_traced_frame frame;
        struct au_traced_host host;
    };
};

struct au_tracer { /* by value for its owner */
    struct au_host_watch watch;
    struct au_arena arena;
    struct au_profiler profiler;
    struct au_traced *first;
    struct au_traced *last;
    struct au_traced *open; /* the innermost that has not ended */
    size_t entry_count;
    size_t bytes_left;
    uint32_t skipped;  /* begun, not ended, not kept */
    bool is_truncated; /* not all is there */
};

/* au_tracer_init makes an empty tracer, which does not move; au_tracer_done frees what it holds. */
void au_tracer_init(struct au_tracer *tracer);
void au_tracer_done(struct au_tracer *tracer);

/* au_tracer_reset forgets everything. */
void au_tracer_reset(struct au_tracer *tracer);

/* au_tracer_enter and au_tracer_leave are told by the frame that it begins and ends.
 *
 * code_hash  of what runs
 * info  of the traced form that runs, or NULL; borrowed until the frame ends */
void au_tracer_enter(struct au_tracer *tracer, const struct au_call *call,
                     const struct au_hash *code_hash, const struct au_module_info *info);
void au_tracer_leave(struct au_tracer *tracer, const struct au_frame_result *result);

#endif
