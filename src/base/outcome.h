/* How an execution ended: data in a receipt, never an error of the node.
 *
 * enum au_outcome and its words are part of the public header; abi/outcome.def and abi/detail.def
 * hold the frozen numbers. */
#ifndef AUREON_BASE_OUTCOME_H
#define AUREON_BASE_OUTCOME_H

#include "aureon.h"
#include "base/base.h"

enum au_trap_detail {
#define AU_TRAP_DETAIL(number, NAME, name, text) AU_TRAP_##NAME = (number),
#include "abi/detail.def"
#undef AU_TRAP_DETAIL
};

enum au_host_detail {
#define AU_HOST_DETAIL(number, NAME, name, text) AU_HOST_REJECT_##NAME = (number),
#include "abi/detail.def"
#undef AU_HOST_DETAIL
};

/* au_trap_detail_text and au_host_detail_text give the sentence behind a detail number ("unknown"
 * for a number outside the table). Never NULL. */
const char *au_trap_detail_text(uint32_t detail);
const char *au_host_detail_text(uint32_t reason);

#endif
