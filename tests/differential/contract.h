/* Random contracts that use all that a contract may: every instruction, every host function,
 * memory that grows, calls through a table, and every way in which a frame can end.
 *
 * A contract exports `run`, which takes nothing; `other`, of any type; `end`, which comes to a bad
 * end as a rule; and `deep`, which calls itself often. Threading: pure. */
#ifndef AUREON_TESTS_DIFFERENTIAL_CONTRACT_H
#define AUREON_TESTS_DIFFERENTIAL_CONTRACT_H

#include "base/buf.h"

/* contract_write writes the contract of a seed as WebAssembly text. The same seed gives the same
 * contract on every machine, as long as abi/host.def and vm/opcode.def stay as they are. */
void contract_write(uint64_t seed, struct au_buf *text);

#endif
