/* What the engine needs of the machine, asked before the engine is, because an engine that lacks it
 * does not fail but aborts the process.
 *
 * Threading: any thread. */
#ifndef AUREON_VM_MACHINE_H
#define AUREON_VM_MACHINE_H

#include "base/base.h"
#include "base/err.h"

#define AU_DEEP_STACK_SIZE ((size_t)40 << 20) /* bytes */

/* au_machine_has_processor tells whether the processor has all that compiled code uses. */
bool au_machine_has_processor(void);

/* au_machine_has_maps tells whether one process may have count memory mappings. True where the
 * system does not say. */
bool au_machine_has_maps(uint64_t count);

/* au_machine_has_address_space tells whether size bytes of address space can be had right now. */
bool au_machine_has_address_space(size_t size);

/* au_machine_has_stack tells whether the calling thread has size bytes of stack left below the
 * caller. False on a stack that is not the thread's own.
 * Cost: a few ns, some us at a thread's first call. */
bool au_machine_has_stack(size_t size);

/* au_machine_run_deep runs a function on the calling thread's deep stack: a second stack of
 * AU_DEEP_STACK_SIZE bytes of address space, of which memory is taken as far down as it was ever
 * used, kept until the thread ends. What runs on it already goes on there.
 *
 * OK; NO_MEMORY: there is no address space for the stack, and nothing ran
 * Cost: a few ns to get there and back, some 10 us at a thread's first call. */
AU_MUST_USE enum au_err au_machine_run_deep(void (*run)(void *context), void *context);

#endif
