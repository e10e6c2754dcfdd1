/* Runs a module in the engine and in the model and looks for any difference that the protocol does
 * not allow. Metered blocks and stack units are compared first (model/compare_blocks.h).
 *
 * Each exported function runs on a fresh instance, with several arguments, on an engine that
 * optimises and on one that does not, and on the first in the traced form, which must also tell of
 * as many returns as beginnings where all goes well, and never of more gas than before:
 *   - with a large limit: outcome, detail, steps left, results, memory, globals and the record of
 *     host calls are the model's;
 *   - with smaller limits (every one, if the run needs few steps): out of gas below the need, with
 *     exactly the host calls that the model made, and the same end from the need on.
 *
 * Threading: one thread at a time. */
#ifndef AUREON_TESTS_COMPARE_H
#define AUREON_TESTS_COMPARE_H

#include "base/bytes.h"

struct au_compare;

/* What has been looked at so far, to show that something was. */
struct au_compare_counts {
    uint64_t modules;
    uint64_t runs;       /* function, arguments and limit */
    uint64_t ends[4];    /* of runs with the large limit: success, out of gas, trapped, others */
    uint64_t staircases; /* runs for which every limit was tried */
};

struct au_compare_options {
    int64_t steps_max;      /* the large limit */
    int64_t staircase_max;  /* of steps: every limit is tried, if the memory is small too */
    uint32_t sample_count;  /* limits tried otherwise */
    uint32_t argument_sets; /* 1..5 */
};

/* au_compare_new starts both engines. NULL when they don't start. */
struct au_compare *au_compare_new(const struct au_compare_options *options);
void au_compare_free(struct au_compare *compare);

/* au_compare_code compares everything in a binary module, au_compare_text in a text module. false:
 * a difference, or a module that the sandbox refuses; it is described on stderr under label. */
AU_MUST_USE bool au_compare_code(struct au_compare *compare, const char *label,
                                 struct au_bytes code);
AU_MUST_USE bool au_compare_text(struct au_compare *compare, const char *label,
                                 struct au_bytes text);

const struct au_compare_counts *au_compare_counts(const struct au_compare *compare);

#endif
