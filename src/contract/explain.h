/* One sentence about how an execution ended, for people: it names the limit, function or reason.
 * Never part of consensus: the words may change with any version.
 *
 * Threading: pure functions. */
#ifndef AUREON_CONTRACT_EXPLAIN_H
#define AUREON_CONTRACT_EXPLAIN_H

#include "base/buf.h"
#include "contract/frame.h"

#define AU_MESSAGE_SIZE_MAX 1024u /* bytes */

/* au_explain writes the sentence.
 *
 * info       of the module that ran, or was to run
 * code       its bytes: functions have their names, and the instruction is told; or empty, which
 *            is cheap: functions have their exports' names
 * balance    of the caller before the call
 * message    initialised, with a bound of at least AU_MESSAGE_SIZE_MAX; the sentence has no end
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_explain(const struct au_module_info *info, struct au_bytes code,
                                   const struct au_call *call, const struct au_frame_result *result,
                                   uint64_t balance, struct au_buf *message);

#endif
