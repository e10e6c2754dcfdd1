/* Measures how deep a function goes into the native stack: it runs on a thread of its own, whose
 * stack is filled with a pattern before and searched for the first changed byte afterwards.
 *
 * Threading: any thread. */
#ifndef AUREON_TESTS_NATIVE_STACK_H
#define AUREON_TESTS_NATIVE_STACK_H

#include <stddef.h>

/* au_native_stack_used runs run(argument) to its end and gives the bytes of stack that it came to
 * use, a few hundred of the thread's own included. 0: the thread could not be started. */
size_t au_native_stack_used(void (*run)(void *argument), void *argument);

#endif
