/* The compile helper: a process of its own that instruments and compiles modules, so that a
 * compiler that hangs, takes all memory or crashes over a hostile module does so elsewhere.
 *
 *     parent                                  helper (program compile-helper)
 *     au_helper_new --------- starts -------> limits itself, says with what it compiles
 *     au_helper_compile ----- module -------> validates, instruments, compiles
 *                       <---- compiled ------
 *
 * Invariants:
 *   1. A helper has one descriptor of its parent's, their socket, and dies with its parent.
 *   2. An answer counts only if it is one whole parcel (vm/parcel.h), about the module asked for.
 *   3. A helper that failed in any way is killed, and the next one starts clean. It is also
 *      replaced after some hundred modules.
 *   4. No process of ours outlives au_helper_free, and none that we have killed stays a zombie. One
 *      that dies idle is noticed, and replaced, at the next module or look (au_helper_tend).
 *
 * Threading: any thread; modules are compiled one after the other. The process also ends with the
 * thread that happened to start it, and is then started again. */
#ifndef AUREON_VM_HELPER_H
#define AUREON_VM_HELPER_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/hash.h"
#include "vm/host_table.h"
#include "vm/module.h"

struct au_helper;

struct au_helper_options {
    const char *program;     /* path of an aureon program; borrowed for the call */
    struct au_hash identity; /* of the engine: what the helper must say that it compiles with */
    bool optimize_none;
};

/* au_helper_new starts a helper.
 *
 * out_helper  owned by the caller: au_helper_free
 *
 * OK, NO_MEMORY (or no process, no descriptor left), ENGINE (the program cannot be run) */
AU_MUST_USE enum au_err au_helper_new(const struct au_helper_options *options,
                                      struct au_helper **out_helper);
void au_helper_free(struct au_helper *helper);

struct au_helper_request {
    struct au_bytes code; /* a module that the validator accepts */
    struct au_hash hash;  /* its SHA-256 */
    uint64_t limit_ns;    /* time that one attempt may take */
    bool is_traced;       /* the traced form is wanted (vm/rewrite.h) */
};

/* au_helper_compile compiles a module. If the helper fails it is tried once more with a new one.
 *
 * artifact    gets the compiled module; holds at least AU_PARCEL_SIZE_MAX bytes
 * out_reject  set on ENGINE
 *
 * OK
 * ENGINE      the engine refuses the module, or the helper failed twice
 * NO_MEMORY   in this process, or no process is left, or au_helper_stop was called: says nothing
 *             about the module */
AU_MUST_USE enum au_err au_helper_compile(struct au_helper *helper,
                                          const struct au_helper_request *request,
                                          struct au_buf *artifact, struct au_reject *out_reject);

/* au_helper_tend replaces a process that has died idle. Returns at once, and does nothing while a
 * module is being compiled. For a thread that lives as long as the helper. */
void au_helper_tend(struct au_helper *helper);

/* au_helper_stop kills the process, whatever it is at, and lets none be started again: whoever
 * waits for a module is answered soon. */
void au_helper_stop(struct au_helper *helper);

/* au_helper_pid gives the process, 0 if there is none right now; au_helper_started how many have
 * been started. */
pid_t au_helper_pid(struct au_helper *helper);
uint64_t au_helper_started(struct au_helper *helper);

/* The word that makes a program a helper, as its first argument. */
#define AU_HELPER_WORD "compile-helper"

/* au_helper_main is such a program from there on: it serves its standard input, a socket.
 *
 * arguments  those behind the word, up to a NULL
 *
 * Gives the exit code. */
int au_helper_main(const char *const *arguments, const struct au_host_table *host);

#endif
