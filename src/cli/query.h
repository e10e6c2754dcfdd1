/* Commands that ask a node and change nothing. The result is the node's answer, as its document
 * with --json, else as lines.
 *
 * Each gives DONE · USAGE · UNREACHABLE · REJECTED · TIMED_OUT · NOT_FOUND · KEY · INTERNAL, and
 * au_view_command FAILED as well. */
#ifndef AUREON_CLI_QUERY_H
#define AUREON_CLI_QUERY_H

#include "cli/invocation.h"

enum au_exit au_status_command(struct au_invocation *invocation);
enum au_exit au_balance_command(struct au_invocation *invocation);
enum au_exit au_account_command(struct au_invocation *invocation);
enum au_exit au_tx_get_command(struct au_invocation *invocation);
enum au_exit au_tx_trace_command(struct au_invocation *invocation);
enum au_exit au_block_get_command(struct au_invocation *invocation);
enum au_exit au_contract_show_command(struct au_invocation *invocation);
enum au_exit au_contract_history_command(struct au_invocation *invocation);
enum au_exit au_contract_storage_command(struct au_invocation *invocation);
enum au_exit au_contract_code_command(struct au_invocation *invocation);

/* `aureon proof account`, `storage`, `receipt`: the document in any case, for `proof verify`. */
enum au_exit au_proof_account_command(struct au_invocation *invocation);
enum au_exit au_proof_storage_command(struct au_invocation *invocation);
enum au_exit au_proof_receipt_command(struct au_invocation *invocation);

/* `aureon view`: runs a function without a transaction; the node does it. */
enum au_exit au_view_command(struct au_invocation *invocation);

/* au_query_put_account writes what stands for an account in a path or a query: its address, or the
 * name of a development account. DONE, or what is wrong with the word. */
AU_MUST_USE enum au_exit au_query_put_account(struct au_invocation *invocation, const char *word,
                                              struct au_buf *path);

/* `aureon api`: one request as it is given. */
enum au_exit au_api_command(struct au_invocation *invocation);

#endif
