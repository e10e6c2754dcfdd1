/* What `aureon state stats` prints.
 *
 * Threading: pure functions. */
#ifndef AUREON_NODE_STATS_REPORT_H
#define AUREON_NODE_STATS_REPORT_H

#include "base/buf.h"
#include "state/stats.h"

struct au_stats_report {
    uint64_t height;
    uint64_t keep;   /* blocks whose undo is kept; AU_KEEP_ALL: all */
    uint32_t schema; /* of the store */
    struct au_state_stats stats;
};

/* au_stats_report_text appends it as lines for people, au_stats_report_json as a document. */
void au_stats_report_text(struct au_buf *buf, const struct au_stats_report *report);
void au_stats_report_json(struct au_buf *buf, const struct au_stats_report *report);

#endif
