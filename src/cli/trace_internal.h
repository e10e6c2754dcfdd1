/* What the files of a trace share. Only src/cli/trace*.c may include this. */
#ifndef AUREON_CLI_TRACE_INTERNAL_H
#define AUREON_CLI_TRACE_INTERNAL_H

#include "cli/client.h"
#include "cli/known.h"

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
    struct au_known known; /* empty until trace_find_names */
    struct trace_item *items;
    size_t count;
    bool is_read;
    bool has_names; /* known was asked for */
    bool is_truncated;
    bool is_cut;    /* some functions are counted to those that call them */
    bool has_blank; /* there is a frame without its functions */
};

/* trace_read reads the trace in an answer, unless it has. The items are in the invocation's arena.
 * DONE, UNREACHABLE, INTERNAL */
AU_MUST_USE enum au_exit trace_read(struct trace *trace, const struct au_answer *answer);

/* trace_find_names asks the node for the names that lines are written with, unless it has.
 * trace_done frees them. */
void trace_find_names(struct trace *trace);
void trace_done(struct trace *trace);

/* trace_note is au_trace_note, of a trace that may be read already. is_shown: all of it is printed
 * as well. */
void trace_note(struct trace *trace, const struct au_answer *answer, bool is_shown);

/* trace_is_true tells whether an object has a member that is true. */
bool trace_is_true(const struct au_json_in *object, const char *name);

/* trace_put_function writes the name of a function: as code names it, else its index. */
void trace_put_function(struct au_buf *text, const struct trace_item *item);

/* trace_put_frame and trace_put_host write the line of a frame and of the call of a host function;
 * parts of one: trace_put_callee contract and function, trace_put_ending what it came to. */
void trace_put_frame(const struct trace *trace, const struct au_json_in *json, struct au_buf *text);
void trace_put_host(const struct trace *trace, size_t index, struct au_buf *text);
void trace_put_callee(const struct trace *trace, const struct au_json_in *frame,
                      struct au_buf *text);
void trace_put_ending(const struct trace *trace, const struct au_json_in *json,
                      struct au_buf *text);

/* trace_put_entry writes which entry of the storage a decoded one is: balance[@bob];
 * trace_put_member a decoded value that an object may have, else none. */
void trace_put_entry(const struct trace *trace, const struct au_json_in *entry,
                     struct au_buf *text);
void trace_put_member(const struct trace *trace, const struct au_json_in *object, const char *name,
                      struct au_buf *text);

/* trace_reads_call tells whether an item is how code gets at what it was called with. */
bool trace_reads_call(const struct trace_item *item);

/* trace_put_changes writes what a transaction has changed, if the answer tells. */
void trace_put_changes(const struct trace *trace, const struct au_answer *answer,
                       struct au_buf *text);

/* trace_put_folded and trace_put_speedscope write the trace as stacks and as a profile. OK (then
 * the error is text's), NO_MEMORY */
void trace_put_folded(const struct trace *trace, struct au_buf *text);
AU_MUST_USE enum au_err trace_put_speedscope(const struct trace *trace, struct au_buf *text);

#endif
