/* What a process takes from itself before it reads anything hostile.
 *
 * Threading: before that, in a process that does nothing else; threads started earlier are bound
 * too. */
#ifndef AUREON_VM_CONFINE_H
#define AUREON_VM_CONFINE_H

#include "base/err.h"

/* au_confine leaves the process with the descriptors and threads that it has: memory_size bytes of
 * address space more than now, cpu_s seconds of processor time in all, no file, no core dump; and
 * where the kernel can filter system calls, those of memory, locks and open sockets only, so that
 * it reaches no file, no network and no other process. There is no way back.
 *
 * OK, IO (the system did not say how much memory is in use, or refused a limit) */
AU_MUST_USE enum au_err au_confine(uint64_t memory_size, uint64_t cpu_s);

#endif
