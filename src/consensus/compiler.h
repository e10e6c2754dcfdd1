/* Compiles new code on a thread of its own, one module at a time, before it may be proposed.
 *
 * A queue of bounded length, each code once. Code that the engine refuses, or that its helper fails
 * over twice, is barred for an hour, so that nobody can keep the thread busy with it.
 *
 * Threading: any thread. */
#ifndef AUREON_CONSENSUS_COMPILER_H
#define AUREON_CONSENSUS_COMPILER_H

#include "ledger/compile.h"

struct au_compiler;

enum au_compile_state {
    AU_COMPILE_READY,   /* nothing to wait for */
    AU_COMPILE_PENDING, /* queued, or the queue is full: ask again when woken */
    AU_COMPILE_BARRED,  /* the engine refused this code, or its helper failed over it */
};

/* au_compiler_new starts the thread.
 *
 * on_done        called after each compilation, on that thread
 * out_compiler   au_compiler_free waits for the compilation that is running
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

#endif
