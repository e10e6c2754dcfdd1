/* Arguments by what a contract says of itself: `by=5` instead of `u64:5`.
 *
 * A function that the contract's ABI lists takes its arguments by name or by place, as its types
 * say (abi/value.h, abi/call.h). Of any other function arguments are what cli/arg.h says.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_TYPED_H
#define AUREON_CLI_TYPED_H

#include "cli/client.h"

/* The function that is called. */
struct au_typed_call {
    struct au_client *client; /* NULL: no node, and no names of keys in arguments */
    const char *contract;     /* at the node: its code is asked for if an argument needs a type */
    struct au_bytes code;     /* if there is no contract yet */
    const char *function;
};

/* au_typed_args_read is au_args_read (cli/args.h) for a call. The node's answer is believed: it is
 * also what executes the call.
 *
 * DONE, USAGE, UNREACHABLE, NOT_FOUND (a file), KEY, INTERNAL. A contract that the node does not
 * know has no ABI here. */
AU_MUST_USE enum au_exit au_typed_args_read(struct au_invocation *invocation,
                                            const struct au_typed_call *call, size_t first,
                                            const struct au_bytes **out_args, size_t *out_count);

/* au_typed_code asks a node for a contract's code. out_code is in the invocation's arena.
 * DONE, USAGE, UNREACHABLE, REJECTED, NOT_FOUND, KEY, INTERNAL */
AU_MUST_USE enum au_exit au_typed_code(struct au_client *client, const char *contract,
                                       struct au_bytes *out_code);

#endif
