/* What the files of a trace share. Only src/cli/trace*.c may include this. */
#ifndef AUREON_CLI_TRACE_INTERNAL_H
#define AUREON_CLI_TRACE_INTERNAL_H

#include "cli/client.h"

#define AU_TRACE_LEVELS_MAX 2048u /* items inside one another; a node's nest less */

enum trace_kind { TRACE_FRAME, TRACE_HOST, TRACE_FUNCTION };

/* A frame, a host call, or a function of a frame by the path of calls to it. */
struct trace_item {
    const struct au_json_in *json;
    enum trace_kind kind;
    size_t outer; /* index of the item that it is inside of; its own if of none */
    size_t level; /* how many that are */
    size_t depth; /* of frames and host calls: how many of these it is inside of */
    uint64_t steps;
    uint64_t rest;         /* of the steps, what nothing inside took */
    size_t function_count; /* of a frame: they follow it */
};

struct trace {
    const struct au_client *client;
    struct trace_item *items;
    size_t count;
    bool is_truncated;
    bool is_cut;    /* some functions are counted to those that call them */
    bool has_blank; /* there is a frame without its functions */
};

/* trace_read reads the trace in an answer. The items are in the invocation's arena.
 * DONE, UNREACHABLE, INTERNAL */
AU_MUST_USE enum au_exit trace_read(struct trace *trace, const struct au_answer *answer);

/* trace_is_true tells whether an object has a member that is true. */
bool trace_is_true(const struct au_json_in *object, const char *name);

/* trace_put_function writes the name of a function: as code names it, else its index. */
void trace_put_function(struct au_buf *text, const struct trace_item *item);

/* trace_put_folded and trace_put_speedscope write the trace as stacks and as a profile. OK (then
 * the error is text's), NO_MEMORY */
void trace_put_folded(const struct trace *trace, struct au_buf *text);
AU_MUST_USE enum au_err trace_put_speedscope(const struct trace *trace, struct au_buf *text);

#endif
