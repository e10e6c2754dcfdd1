/* Where a frame stood when it failed: functions and, for the innermost, the instruction.
 *
 * The engine runs the instrumented form, whose functions have the indices of the module as given,
 * but whose bodies are longer. au_trace_locate undoes that by instrumenting the one body again:
 * nothing is kept per module for it.
 *
 * For people only: how deep the engine looks is its own affair and no part of an outcome.
 * Threading: pure. */
#ifndef AUREON_VM_TRACE_H
#define AUREON_VM_TRACE_H

#include "base/bytes.h"
#include "base/err.h"
#include "vm/module.h"

#define AU_TRACE_FRAMES_MAX 8u

struct au_trace {
    uint32_t functions[AU_TRACE_FRAMES_MAX]; /* defined ones; the innermost first */
    uint32_t count;                          /* 0: the engine saw none */
    uint32_t offset;                         /* in the innermost's instrumented body */
    uint32_t left_out;                       /* frames between the first half and the rest */
    uint32_t seen;  /* frames that the engine told of, with those of instrumentation */
    bool is_cut;    /* it tells of no more: further out there may be any number */
    bool is_traced; /* the traced form ran */
};

struct au_location {
    size_t offset; /* of the instruction, in bytes from the start of the module */
    bool is_block; /* or of the first instruction of its metered block: the counters are tested
                    * there, and the compiler makes one trap of that test and of an `unreachable`
                    * with nothing to do before it */
    struct au_bytes names[AU_TRACE_FRAMES_MAX]; /* from the name section, empty if it has none:
                                                 * any bytes, and they borrow from the code */
};

/* au_trace_add takes the next frame outwards from the engine. function and offset: in the
 * instrumented form. */
void au_trace_add(struct au_trace *trace, const struct au_module_info *info, uint32_t function,
                  size_t offset);

/* au_trace_locate finds what a trace points at.
 *
 * code   of the module that ran, as it was given; it is accepted
 * trace  its count is not 0
 *
 * OK, NO_MEMORY. Cost: 1 ns per byte of code, and 20 ns per byte of the innermost's body. */
AU_MUST_USE enum au_err au_trace_locate(struct au_bytes code, const struct au_host_table *host,
                                        const struct au_trace *trace,
                                        struct au_location *out_location);

/* au_trace_name gives the name of a function in the name section of any bytes: empty if there is
 * none, borrowed, and not checked to be text. */
struct au_bytes au_trace_name(struct au_bytes code, uint32_t function);

/* au_trace_names gives the names of count functions from `first` on in the same way.
 *
 * names  count of them, all empty; those that are found are set */
void au_trace_names(struct au_bytes code, uint32_t first, struct au_bytes *names, uint32_t count);

#endif
