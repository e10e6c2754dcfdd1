/* Commands that make a transaction: it is built and signed here, and the node gets its bytes.
 *
 * Steps: what the command line says is read; the node's status and the sender's account are asked
 * for; unless --gas says what a call may use, the node simulates it; the transaction is signed,
 * sent, and waited for. A call that fails in simulation is not sent.
 *
 * Each gives DONE · USAGE · UNREACHABLE · REJECTED · FAILED: executed, or simulated, without
 * success · TIMED_OUT · NOT_FOUND · KEY · INTERNAL.
 *
 * Threading: one thread. */
#ifndef AUREON_CLI_SUBMIT_H
#define AUREON_CLI_SUBMIT_H

#include "cli/invocation.h"

enum au_exit au_send_command(struct au_invocation *invocation);
enum au_exit au_stake_command(struct au_invocation *invocation);
enum au_exit au_unstake_command(struct au_invocation *invocation);
enum au_exit au_deploy_command(struct au_invocation *invocation);
enum au_exit au_upgrade_command(struct au_invocation *invocation);
enum au_exit au_call_command(struct au_invocation *invocation);

/* `aureon simulate`: a call up to its simulation, of which the receipt is the result. */
enum au_exit au_simulate_command(struct au_invocation *invocation);

/* `aureon tx sign` and `aureon tx send`: the last steps on their own. */
enum au_exit au_tx_sign_command(struct au_invocation *invocation);
enum au_exit au_tx_send_command(struct au_invocation *invocation);

#endif
