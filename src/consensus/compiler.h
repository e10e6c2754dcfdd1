/* Compiles new code on a thread of its own, one module at a time, before it may be proposed.
 *
 * A queue of bounded length, each code once; what transactions of the pool bring is compiled before
 * what is only simulated. Code that the engine refuses, or that its helper fails over twice, is
 * barred for an hour, so that nobody can keep the thread busy with it. Between modules the thread
 * looks after the compile helper.
 *
 * Threading: any thread. */
#ifndef AUREON_CONSENSUS_COMPILER_H
#define AUREON_CONSENSUS_COMPILER_H

#include "ledger/compile.h"

struct au_compiler;

/* au_compiler_new starts the thread.
 *
 * on_done        called after each compilation, on that thread
 * out_compiler   au_compiler_free, when nobody is in a call, waits for the compilation that is
 *                running; au_ledger_compile_stop makes that a moment
 *
 * OK, NO_MEMORY */
AU_MUST_USE enum au_err au_compiler_new(struct au_ledger *ledger, void (*on_done)(void *context),
                                        void *context, struct au_compiler **out_compiler);
void au_compiler_free(struct au_compiler *compiler);

/* au_compiler_ask tells whether a transaction may be proposed, and queues its code if it must be
 * compiled first. OK, NO_MEMORY */
AU_MUST_USE enum au_err au_compiler_ask(struct au_compiler *compiler,
                                        const struct au_checked *checked,
                                        enum au_compile_state *out_state);

/* au_compiler_await asks on behalf of who only simulates a transaction, and waits until its code is
 * compiled: for 15 seconds at most.
 *
 * out_state   PENDING: the queue is full, three others wait already, or the time was up
 *
 * OK, NO_MEMORY (also when compiling was stopped) */
AU_MUST_USE enum au_err au_compiler_await(struct au_compiler *compiler,
                                          const struct au_checked *checked,
                                          enum au_compile_state *out_state);

#endif
