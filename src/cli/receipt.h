/* What a node says of an execution: the result for scripts, the reason of a failure for people.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_RECEIPT_H
#define AUREON_CLI_RECEIPT_H

#include "cli/client.h"

/* What the result of a command is, if the execution succeeded. */
enum au_result_kind {
    AU_RESULT_HASH,    /* the transaction's */
    AU_RESULT_CREATED, /* the address of the new contract */
    AU_RESULT_OUTPUT,  /* what the function gave back, in the form that --as says */
    AU_RESULT_PAGE,    /* all of the receipt */
};

/* au_receipt_check_form says on err if --as names no form, for before anything is sent: DONE or
 * USAGE. The command has that option. */
AU_MUST_USE enum au_exit au_receipt_check_form(const struct au_invocation *invocation);

/* au_receipt_check looks at an outcome: DONE for success; else it is said on err how the execution
 * failed, and FAILED.
 *
 * what   the words before it: "the call" */
AU_MUST_USE enum au_exit au_receipt_check(const struct au_client *client,
                                          const struct au_answer *receipt, const char *what);

/* au_receipt_print writes the result: with --json the whole document, else what kind says, for a
 * success only. DONE, USAGE (--as does not fit), UNREACHABLE, INTERNAL */
AU_MUST_USE enum au_exit au_receipt_print(const struct au_client *client,
                                          const struct au_answer *receipt,
                                          enum au_result_kind kind);

/* au_receipt_report is both, for the answer of a command that ends with it. */
AU_MUST_USE enum au_exit au_receipt_report(const struct au_client *client,
                                           const struct au_answer *receipt, const char *what,
                                           enum au_result_kind kind);

#endif
