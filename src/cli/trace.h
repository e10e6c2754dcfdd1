/* What contracts did in a transaction, call by call, as the node tells it (docs/api.md).
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_TRACE_H
#define AUREON_CLI_TRACE_H

#include "cli/client.h"

/* au_trace_print_tx writes the trace of a transaction of the chain as the result: the document with
 * --json; with --folded a line for each stack and the steps of its top alone; with --speedscope a
 * profile for speedscope.app; else as an indented tree with its gas, and what has changed. If it
 * failed, it says the same as au_trace_note.
 * DONE, UNREACHABLE, INTERNAL */
AU_MUST_USE enum au_exit au_trace_print_tx(const struct au_client *client,
                                           const struct au_answer *answer);

/* au_trace_report is au_trace_print_tx and au_receipt_check, for an answer that has both. */
AU_MUST_USE enum au_exit au_trace_report(const struct au_client *client,
                                         const struct au_answer *answer, const char *what);

/* au_trace_note says on err which call from contract to contract failed, if one did: of several the
 * last to begin, where the trouble was first. That a contract was not to be entered again is told
 * as such: its caller gets one of many reasons for not_allowed. Nothing else of the trace is
 * printed, so it also says how to see it. */
void au_trace_note(const struct au_client *client, const struct au_answer *answer);

#endif
