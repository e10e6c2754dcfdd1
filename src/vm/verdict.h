/* How a frame ended: the order of protocol.md section 3 over what the host, the counters and the
 * engine say. Threading: pure. */
#ifndef AUREON_VM_VERDICT_H
#define AUREON_VM_VERDICT_H

#include "vm/engine.h"

enum au_frame_end_kind {
    AU_FRAME_RETURNED,
    AU_FRAME_TRAPPED,
    AU_FRAME_FAILED /* the engine reports an error of its own */
};

/* What is left of a frame when the engine gives the thread back. */
struct au_frame_end {
    enum au_frame_end_kind kind;
    uint32_t trap_detail; /* enum au_trap_detail; 0 = a trap that no contract may cause */
    int64_t steps_left;   /* the gas counter; < 0 = out of gas */
    int32_t units_left;   /* the stack counter; < 0 = stack limit */
};

/* The stack counter's value when the engine refused a growth that the limits allow. */
#define AU_UNITS_GROW_REFUSED INT32_MIN

struct au_verdict {
    enum au_outcome outcome;
    uint32_t detail;
};

/* au_verdict_of judges the end of a frame; instance->steps_left becomes what is left.
 *
 * instance     with the record that handlers left in it
 *
 * OK           out_verdict set
 * others       the node is ill: the handler's error, or ENGINE */
AU_MUST_USE enum au_err au_verdict_of(struct au_instance *instance, const struct au_frame_end *end,
                                      struct au_verdict *out_verdict);

#endif
