/* The host functions that contracts import from module `env` (abi/host.def; protocol.md section 4).
 *
 * Every function does, in this order: price, size limits, pointers, mode, work. The first part of
 * the price is taken before the handler runs; parts that depend on what is found are taken when
 * they are known, before any effect and before guest memory is written.
 *
 * An output range is checked whole, however little will be written to it. Bytes that name no
 * account are no matter of size limits: get_balance and transfer look at their pointers first.
 *
 * Threading: the table is constant; a handler works on its instance's frame alone. */
#ifndef AUREON_CONTRACT_HOST_H
#define AUREON_CONTRACT_HOST_H

#include "contract/frame.h"
#include "vm/host_table.h"

/* The table for au_engine_new and au_module_prepare. */
extern const struct au_host_table au_host_env;

/* A running frame: the context of its instance. */
struct au_frame {
    struct au_env *env;
    const struct au_call *call;
    struct au_frame *outer; /* the frame that waits for this one, or NULL */
    uint32_t depth;         /* 1 without an outer one, at most AU_DEPTH_MAX */
    bool consents;          /* waiting in a call that lets its contract be entered again */
    struct au_bytes ret;    /* what ret_read reads; in env's arena */
    struct au_iters *iters; /* walks over keys, by handle; NULL: none was opened yet */
    bool has_output;        /* return_data was called, or revert */
    struct au_bytes output; /* in env's arena */
    uint32_t revert_code;
};

/* au_iters_close ends the walks over keys that a frame has left open. */
void au_iters_close(struct au_frame *frame);

/* au_frame_check_name finds the function that a call names: SUCCESS, NOT_ALLOWED, NO_FUNCTION. */
enum au_outcome au_frame_check_name(const struct au_module_info *info, const struct au_call *call,
                                    const struct au_export **out_export);

/* au_frame_move_value moves a call's value from caller to self, if the caller has it. */
AU_MUST_USE enum au_err au_frame_move_value(struct au_env *env, const struct au_call *call,
                                            bool *out_is_covered);

/* au_frame_run_inside runs a call inside a frame whose contract waits for it: au_frame_run, on the
 * thread's deep stack. */
AU_MUST_USE enum au_err au_frame_run_inside(struct au_frame *outer, struct au_loaded *loaded,
                                            const struct au_call *call,
                                            struct au_frame_result *out_result);

#endif
