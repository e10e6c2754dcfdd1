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
    bool has_output;        /* return_data was called, or revert */
    struct au_bytes output; /* in env's arena */
    uint32_t revert_code;
};

#endif
