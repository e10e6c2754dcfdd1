/* What an execution did, for people or as JSON. */
#ifndef AUREON_CLI_REPORT_H
#define AUREON_CLI_REPORT_H

#include "base/buf.h"

struct au_report {
    const struct au_result *result;
    const char *function;
    uint64_t gas_limit;
    const char *storage_path; /* NULL without --storage */
    bool is_saved;            /* the file now holds the changes */
    bool has_color;
};

/* au_report_text and au_report_json write a report. */
void au_report_text(struct au_buf *text, const struct au_report *report);
void au_report_json(struct au_buf *text, const struct au_report *report);

#endif
