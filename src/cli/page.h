/* A JSON document as lines for people: a name and what stands behind it.
 *
 *     status          success
 *     output          0x0500000000000000  u64 5
 *     balance_change
 *       address       aur1...
 *
 * Bytes are shown with what they may mean, text so that it cannot steer a terminal. The items of a
 * list stand one by one under the list's name without its s.
 *
 * Threading: pure functions. */
#ifndef AUREON_CLI_PAGE_H
#define AUREON_CLI_PAGE_H

#include "base/json_in.h"
#include "cli/invocation.h"

/* au_page_put writes the members of an object, nested at most 16 deep: what lies deeper is left
 * out. */
void au_page_put(struct au_buf *text, const struct au_json_in *object);

/* au_page_print writes a document that was made here, an object, as the result: as it is with
 * --json, else its page. So there is one list of what a result says. DONE, INTERNAL */
AU_MUST_USE enum au_exit au_page_print(const struct au_invocation *invocation,
                                       const struct au_buf *document);

#endif
