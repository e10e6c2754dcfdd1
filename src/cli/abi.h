/* `aureon abi`: what a contract says that it offers. */
#ifndef AUREON_CLI_ABI_H
#define AUREON_CLI_ABI_H

#include "abi/match.h"
#include "cli/invocation.h"
#include "contract/bind.h"

/* DONE · REJECTED: the ABI is malformed, or the file is no module · NOT_FOUND: no such file or
 * contract, or no ABI in it · USAGE, UNREACHABLE, TIMED_OUT: of a node · INTERNAL */
enum au_exit au_abi_command(struct au_invocation *invocation);

/* au_abi_check reads the ABI of an accepted module and compares it with the exports.
 *
 * out_abi     of use on OK; arena holds it
 * out_reject  set on INVALID_MODULE only: rule "abi"
 *
 * OK, NOT_FOUND: it has none, INVALID_MODULE: malformed, or not what is exported, NO_MEMORY */
AU_MUST_USE enum au_err au_abi_check(struct au_bytes code, const struct au_module_info *info,
                                     struct au_arena *arena, struct au_abi *out_abi,
                                     struct au_reject *out_reject);

/* au_abi_exports gives the exports of a module, in the order of info, as au_abi_match takes them.
 * arena holds them. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_abi_exports(const struct au_module_info *info, struct au_arena *arena,
                                       struct au_abi_export **out_exports);

#endif
