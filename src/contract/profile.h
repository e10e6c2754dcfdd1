/* Gas by the functions of a module: what each took in a frame, by the path of calls that led to it.
 *
 *     begin a frame -> enter, return, pause for a host call, resume ... -> end
 *
 * Frames are inside one another, as are calls in a frame; a trap leaves calls that never return,
 * and they end with their frame. Calls by the same path are one node.
 *
 * Invariants:
 *   1. The steps of a node are its own, those of the nodes inside it, and those of the host calls
 *      made in it. Nothing is counted twice, in a recursion either.
 *   2. A frame has its nodes in the order of first calls: a node comes after the one it is in.
 *   3. Past a bound of nodes or depth a call has no node: what it takes is own steps of the node it
 *      is in. Past that of events all nodes end.
 *
 * Threading: that of the tracer whose part it is. */
#ifndef AUREON_CONTRACT_PROFILE_H
#define AUREON_CONTRACT_PROFILE_H

#include "base/arena.h"
#include "state/table.h"
#include "vm/limits.h"
#include "vm/module.h"

#define AU_PROFILE_NODES_MAX     4096u     /* of all frames */
#define AU_PROFILE_DEPTH_MAX     32u       /* calls inside one another in a frame */
#define AU_PROFILE_NAME_SIZE_MAX 128u      /* bytes; longer names are cut */
#define AU_PROFILE_EVENTS_MAX    10000000u /* calls and returns of all frames: they take time */

struct au_profile_node {
    struct au_profile_node *next;  /* of its frame */
    struct au_profile_node *outer; /* the function that called it; NULL: the host did */
    uint32_t place;                /* among those of its frame */
    uint32_t number;               /* among all */
    uint32_t function;             /* index in the module */
    struct au_bytes name;          /* any bytes; empty if it has none */
    uint64_t call_count;
    int64_t steps;
    int64_t own_steps; /* of its own code: neither of functions nor of the host */
};

/* Of a frame. */
struct au_profile {
    struct au_profile_node *first;
    struct au_profile_node *last;
    uint32_t count;
    uint32_t number;
    bool is_there; /* the module told of its functions */
    bool is_cut;   /* there were calls past a bound */
};

/* A frame that has not ended. */
struct au_profile_frame {
    struct au_profile *profile;        /* NULL: it has none, or has it no longer */
    const struct au_module_info *info; /* borrowed */
    uint32_t depth;
    uint64_t beyond; /* calls past a bound, inside the innermost node, that have not ended */
    int64_t seen;    /* steps left when something was last told */
    struct {
        struct au_profile_node *node;
        int64_t steps_left; /* at its beginning */
    } open[AU_PROFILE_DEPTH_MAX];
};

struct au_profiler { /* by value for its owner */
    struct au_arena *arena;
    struct au_table nodes; /* by number of what they are in, and function */
    uint32_t node_count;
    uint32_t number_count;
    uint32_t frame_count;
    uint32_t event_count;
    struct au_profile_frame frames[AU_DEPTH_MAX];
};

/* au_profiler_init makes an empty profiler whose nodes are in arena; au_profiler_reset forgets
 * everything, when the arena is reset; au_profiler_done frees the rest. */
void au_profiler_init(struct au_profiler *profiler, struct au_arena *arena);
void au_profiler_reset(struct au_profiler *profiler);
void au_profiler_done(struct au_profiler *profiler);

/* au_profiler_begin begins a frame, au_profiler_end ends the innermost.
 *
 * profile     zeroed, or NULL: nothing is kept of the frame
 * info        of the module, if it tells of its functions, else NULL; borrowed until the end
 * steps_left  what the frame leaves of its limit */
void au_profiler_begin(struct au_profiler *profiler, struct au_profile *profile,
                       const struct au_module_info *info);
void au_profiler_end(struct au_profiler *profiler, int64_t steps_left);

/* au_profiler_enter: a function begins in the innermost frame; au_profiler_return: the innermost
 * function returns. steps_left: may be below 0, which counts as 0. false: no more is to be told of
 * the frame */
bool au_profiler_enter(struct au_profiler *profiler, uint32_t function, int64_t steps_left);
bool au_profiler_return(struct au_profiler *profiler, int64_t steps_left);

/* au_profiler_pause: a host call begins; gives the node that makes it, or NULL. au_profiler_resume:
 * it ends. */
const struct au_profile_node *au_profiler_pause(struct au_profiler *profiler, int64_t steps_left);
void au_profiler_resume(struct au_profiler *profiler, int64_t steps_left);

#endif
