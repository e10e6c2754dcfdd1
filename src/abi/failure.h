/* What a contract's revert meant, by the `error` records of its ABI.
 *
 * Threading: pure functions. */
#ifndef AUREON_ABI_FAILURE_H
#define AUREON_ABI_FAILURE_H

#include "abi/abi.h"
#include "base/buf.h"

/* au_abi_failure_put writes an error with its fields, and the author's words if there are any:
 * `Overflow(total="5"): total would exceed u64`. Values are JSON. Bytes of the contract are in it,
 * as they are.
 *
 * code, data  what revert was given: the fields' values, one behind the other
 * false: the ABI has no such error, or the data is not that of its fields; nothing is written */
bool au_abi_failure_put(struct au_buf *text, const struct au_abi *abi, uint32_t code,
                        struct au_bytes data);

#endif
