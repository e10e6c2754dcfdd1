/* Arguments of a function that a request calls:
 *
 *     "args": ["u64:5", "0x00ff"]        a list: each as it is (core/arg.h)
 *     "args": {"by": 5, "who": "@bob"}   an object: by name, as the function's types in the
 *                                        contract's ABI say (abi/value.h)
 *
 * The query has the list as every `arg`, the object as the text `args`.
 *
 * Threading: that of the request. */
#ifndef AUREON_API_CALL_ARGS_H
#define AUREON_API_CALL_ARGS_H

#include "api/input.h"

/* The function, and whose ABI tells its types. */
struct au_call_target {
    struct au_bytes function;
    const struct au_address *contract; /* at the node; NULL: code */
    struct au_bytes code;              /* of a module that a transaction brings */
    bool is_past;                      /* the contract as it was at height, else at the head */
    uint64_t height;
};

/* au_call_args_read reads the arguments; false: the input has failed. What is refused is told by
 * its place, "args.order.price", with what was expected and what was there.
 *
 * out_args  in the input's arena
 *
 * Cost: copies; for an object, reads the contract's code and validates it (au_survey_make). */
bool au_call_args_read(struct au_input *input, const struct au_call_target *target,
                       struct au_bytes out_args[AU_ARG_COUNT_MAX], size_t *out_count);

#endif
