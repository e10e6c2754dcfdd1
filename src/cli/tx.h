/* `aureon tx decode`, and reading a transaction that a command line gives. */
#ifndef AUREON_CLI_TX_H
#define AUREON_CLI_TX_H

#include "cli/invocation.h"
#include "core/decode.h"

/* DONE · REJECTED: the bytes are no transaction · USAGE · NOT_FOUND · INTERNAL */
enum au_exit au_tx_decode_command(struct au_invocation *invocation);

/* au_tx_load reads the bytes that an operand stands for: 0x and hex, or @path, a file with the
 * bytes or with that text. Nothing is decoded.
 *
 * out_bytes   in the invocation's arena
 * DONE, USAGE, NOT_FOUND, INTERNAL */
AU_MUST_USE enum au_exit au_tx_load(struct au_invocation *invocation, const char *operand,
                                    struct au_bytes *out_bytes);

/* au_tx_fail_decode says on err why bytes are no transaction: REJECTED. */
enum au_exit au_tx_fail_decode(const struct au_invocation *invocation,
                               const struct au_decode *error);

#endif
