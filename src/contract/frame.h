/* One frame: a function of a contract run over the working state, with a limit of steps.
 *
 *     refusals (no gas) -> savepoint -> value moves -> frame entry charged -> instance, arguments
 *     written -> start function -> function -> result, or back to the savepoint
 *
 * Every execution of contract code goes through au_frame_run: a run of the library and a
 * transaction of a ledger differ in the state below the overlay and in who calls.
 *
 * Invariants:
 *   1. Any outcome but success leaves no trace in the overlay and no events; logs and what is
 *      counted towards caps stay.
 *   2. 0 <= steps_used <= steps_limit; on out_of_gas steps_used == steps_limit.
 *   3. An error (enum au_err) is a fault of the node, never an outcome; the overlay is as before.
 *
 * Threading: an environment and its overlay belong to one thread at a time. */
#ifndef AUREON_CONTRACT_FRAME_H
#define AUREON_CONTRACT_FRAME_H

#include "base/arena.h"
#include "base/buf.h"
#include "contract/names.h"
#include "state/overlay.h"
#include "vm/engine.h"

/* Where frames find the code of contracts other than the one they run. */
struct au_code_source {
    void *context;
    /* load gives the module of code that is on the chain; it is released with au_loaded_release.
     * OK; NOT_FOUND: there is no such code; or a fault of the node. */
    enum au_err (*load)(void *context, const struct au_hash *code_hash,
                        struct au_loaded **out_loaded);
    /* load_traced gives the traced form of code that load has given, NULL where that cannot be
     * compiled. Called for a tracer only; NULL: frames run as they are. OK, or a fault. */
    enum au_err (*load_traced)(void *context, const struct au_hash *code_hash,
                               struct au_loaded **out_loaded);
};

struct au_tracer; /* contract/tracer.h */

/* What all frames of one transaction share. */
struct au_env {
    struct au_overlay *overlay;
    const struct au_code_source *codes;
    struct au_names *names; /* ids are accepted besides addresses; NULL on a chain */
    struct au_arena *arena; /* holds outputs; bounded by the cap of output */
    struct au_buf *logs;    /* lines as the items of a vec<bytes>: u32 size, then the bytes */
    uint32_t log_count;
    struct au_buf *events;    /* the items of a receipt's vec of events */
    uint32_t event_count;     /* in events */
    uint32_t events_used;     /* emitted so far, undone ones too */
    uint32_t event_data_used; /* bytes of their data */
    uint32_t output_used;     /* bytes of all outputs so far */
    struct au_address origin;
    uint64_t block_height;
    uint64_t block_time_ms;
    struct au_bytes chain_id;
    struct au_tracer *tracer; /* is told what happens; NULL: nobody asks */
};

/* Which function may be named besides ordinary ones. */
enum au_call_kind {
    AU_CALL_FUNCTION, /* neither init nor migrate nor any name starting with __ */
    AU_CALL_INIT,     /* init too: a deployer's call */
    AU_CALL_MIGRATE   /* migrate too: an upgrading admin's call */
};

struct au_call {
    enum au_call_kind kind;
    struct au_address self;
    struct au_address caller;
    uint64_t value;              /* moved from caller to self; 0 in a view, or refused */
    struct au_bytes function;    /* of any size and content */
    const struct au_bytes *args; /* at most AU_ARG_COUNT_MAX, AU_ARGS_SIZE_MAX together */
    size_t arg_count;
    bool is_view;
    int64_t steps_limit;    /* 0..AU_GAS_LIMIT_MAX x 1,000 */
    uint32_t logs_size_max; /* caps: what env's logs and numbers of used may come to */
    uint32_t output_size_max;
    uint32_t events_max;
    uint32_t event_data_max;
};

struct au_frame_result {
    enum au_outcome outcome;
    uint32_t detail;
    uint32_t revert_code; /* 0 unless reverted */
    int64_t steps_used;
    struct au_bytes output; /* in env's arena: return data on success, revert data on reverted */
    /* for messages only */
    const char *host_function; /* the one that ended the frame, or NULL */
    struct au_trace trace;     /* where code failed */
};

/* au_frame_run runs a call.
 *
 * loaded      the code of call->self
 * out_result  the overlay holds the effects if its outcome is success, else is unchanged
 *
 * OK; UNSUPPORTED, NO_MEMORY, ENGINE, or what the overlay's source failed with */
AU_MUST_USE enum au_err au_frame_run(struct au_loaded *loaded, struct au_env *env,
                                     const struct au_call *call,
                                     struct au_frame_result *out_result);

/* au_frame_obstacle tells why a transaction or view can't call the function, NULL if it can. */
const char *au_frame_obstacle(const struct au_module_info *info, const struct au_export *export_);

/* au_frame_entry_steps gives the price of a frame of this module, without grown pages. */
int64_t au_frame_entry_steps(const struct au_module_info *info);

#endif
