/* The WebAssembly engine behind the sandbox, and its running instances.
 *
 * engine    one per runtime: compiler or its helper, pool of instances, linked host functions,
 *           cache of modules
 * loaded    a validated, instrumented, compiled module; counted references, shared by threads
 * instance  one frame: a new store and instance from the pool, closed after one call
 *
 *     open -> (grow) -> call start -> call function -> close
 *
 * Threading: an engine and loaded modules may be used by any thread; an instance belongs to the
 * thread that opened it. Only engine*.c includes the engine's headers. */
#ifndef AUREON_VM_ENGINE_H
#define AUREON_VM_ENGINE_H

#include "base/buf.h"
#include "base/bytes.h"
#include "base/err.h"
#include "base/outcome.h"
#include "vm/host_table.h"
#include "vm/module.h"
#include "vm/trace.h"

struct au_engine;
struct au_loaded;

struct au_engine_options {
    uint32_t instances_max;    /* running at the same time, 1..1,000; others inside each of them */
    uint64_t cache_size;       /* bytes of compiled code kept for modules that nobody holds */
    bool optimize_none;        /* compile without optimisation */
    bool skip_instrumentation; /* run modules as they are, unmetered: benches only */
    bool compile_parallel;     /* functions of one module side by side: the helper itself only */

    /* Path of an aureon program that compiles in a process of its own (vm/helper.h); NULL: this
     * process does. */
    const char *helper;

    /* Folder for compiled modules (vm/artifact.h), or NULL; only with a helper. */
    const char *artifact_folder;
    uint64_t artifact_size; /* bytes there, besides those of au_engine_keep */
};

/* au_engine_new starts an engine that offers host (which outlives it).
 *
 * OK
 * INVALID_ARG  an option is out of range, or others may look into the artifact folder
 * UNSUPPORTED  the processor
 * IO           the artifact folder cannot be made or read: errno tells why
 * NO_MEMORY
 * ENGINE       the engine's, or the helper cannot be started */
AU_MUST_USE enum au_err au_engine_new(const struct au_engine_options *options,
                                      const struct au_host_table *host,
                                      struct au_engine **out_engine);

/* au_engine_free stops an engine. All its loaded modules are released before. NULL is legal. */
void au_engine_free(struct au_engine *engine);

/* au_engine_load validates, instruments and compiles code, or takes it from the cache in memory or
 * from the artifact folder, keyed by
 * H(code hash, instrumenter version, gas schedule, engine version and lock hash, configuration).
 * A helper has 6 seconds for it, and as many again if it failed.
 *
 * out_loaded  release with au_loaded_release
 * out_reject  set on INVALID_MODULE, and on ENGINE: rule "engine" and what the engine says
 *
 * OK, INVALID_MODULE, NO_MEMORY, ENGINE (the engine disagreed with our validator, or the helper
 * failed twice) */
AU_MUST_USE enum au_err au_engine_load(struct au_engine *engine, struct au_bytes code,
                                       struct au_loaded **out_loaded, struct au_reject *out_reject);

/* au_engine_load_kept is the same for code that was accepted once and must be there: a helper has
 * minutes, and the artifact folder keeps it. */
AU_MUST_USE enum au_err au_engine_load_kept(struct au_engine *engine, struct au_bytes code,
                                            struct au_loaded **out_loaded,
                                            struct au_reject *out_reject);

/* au_engine_keep tells the artifact folder to keep the compiled module of this code for good. */
void au_engine_keep(struct au_engine *engine, const struct au_hash *code_hash);

/* au_engine_find gives the module whose code has this hash if it is in the cache: no code is read
 * and nothing is compiled, but a compilation of it that is under way is waited for.
 *
 * out_loaded  release with au_loaded_release; NULL if false */
AU_MUST_USE bool au_engine_find(struct au_engine *engine, const struct au_hash *code_hash,
                                struct au_loaded **out_loaded);

/* au_engine_load_traced and au_engine_find_traced are au_engine_load and au_engine_find for the
 * traced form (vm/rewrite.h), which is never put into files. An instance of it does what one of the
 * other does, and its watch is told of functions as well.
 *
 * out_loaded  NULL on OK and true: compiling it failed, now or lately, and is not tried again
 *
 * OK, INVALID_MODULE, NO_MEMORY */
AU_MUST_USE enum au_err au_engine_load_traced(struct au_engine *engine, struct au_bytes code,
                                              struct au_loaded **out_loaded,
                                              struct au_reject *out_reject);
AU_MUST_USE bool au_engine_find_traced(struct au_engine *engine, const struct au_hash *code_hash,
                                       struct au_loaded **out_loaded);

/* au_engine_tend replaces a helper that has died idle; for a look now and then. No-op without a
 * helper, or while it compiles.
 *
 * au_engine_stop_compiling kills the helper and starts none again: what is being compiled, and what
 * would have to be from now on, fails with NO_MEMORY. Modules at hand are loaded as before. No-op
 * without a helper. */
void au_engine_tend(struct au_engine *engine);
void au_engine_stop_compiling(struct au_engine *engine);

void au_loaded_release(struct au_loaded *loaded);
const struct au_module_info *au_loaded_info(const struct au_loaded *loaded);
const struct au_hash *au_loaded_code_hash(const struct au_loaded *loaded);

/* au_engine_wat_to_wasm turns text into a binary; the message is set on MALFORMED only.
 * OK, MALFORMED, TOO_LARGE, NO_MEMORY */
AU_MUST_USE enum au_err au_engine_wat_to_wasm(struct au_bytes text, struct au_buf *out_code,
                                              char *out_message, size_t message_size);

/* The part of a running frame that handlers see. */
struct au_instance {
    void *context;                     /* the opener's */
    uint8_t *memory;                   /* base of memory 0, or NULL; never moves */
    size_t memory_size;                /* bytes now; up to date whenever a handler runs */
    int64_t steps_left;                /* up to date whenever a handler runs; >= 0 there */
    const struct au_host_entry *entry; /* the host function being called */
    const struct au_host_watch *watch; /* the opener's, NULL: nobody looks */
    bool has_ended;                    /* a handler has ended the frame */
    enum au_outcome end_outcome;
    uint32_t end_detail;
    enum au_err end_err;   /* the node failed inside a handler */
    struct au_trace trace; /* where it failed; empty after a revert */
};

/* au_instance_open takes an instance of a module from the pool. Outside of contract code it waits
 * while instances_max are in use; inside a handler it never does: the pool holds AU_DEPTH_MAX for
 * each, one inside another, and to open more is a mistake of the caller's. Each takes 4 GiB of
 * address space.
 *
 * loaded        held by the caller until the instance is closed
 * steps         gas counter to start with, in [0, 9 x 10^18]
 * context       for the handlers
 * out_instance  au_instance_close it, on this thread
 *
 * OK, UNSUPPORTED (thread's stack too small), NO_MEMORY, ENGINE */
AU_MUST_USE enum au_err au_instance_open(struct au_loaded *loaded, int64_t steps, void *context,
                                         struct au_instance **out_instance);
void au_instance_close(struct au_instance *instance);

/* au_instance_grow adds pages to memory 0 on the host's behalf, whatever maximum the module
 * declared; at most AU_PAGES_MAX in all. Takes no gas. OK, ENGINE */
AU_MUST_USE enum au_err au_instance_grow(struct au_instance *instance, uint32_t pages);

/* au_instance_start runs the start function, if the module has one; au_instance_call runs an
 * exported function.
 *
 * values       parameters in, results out; room for the greater count of both
 * out_outcome  SUCCESS; OUT_OF_GAS, TRAPPED, STACK_LIMIT; or what a handler ended it with
 * out_detail   detail of the outcome
 *
 * OK      the frame ran; instance->steps_left is what is left, 0 when out of gas. Only after
 *         SUCCESS may the instance be called again
 * others  the node is ill: a handler's error, or ENGINE for anything the engine may not do */
AU_MUST_USE enum au_err au_instance_start(struct au_instance *instance,
                                          enum au_outcome *out_outcome, uint32_t *out_detail);
AU_MUST_USE enum au_err au_instance_call(struct au_instance *instance,
                                         const struct au_export *export_, union au_value *values,
                                         enum au_outcome *out_outcome, uint32_t *out_detail);

/* au_instance_charge takes steps inside a handler. false: out of gas, the handler returns
 * AU_HOST_STOP. steps >= 0. */
AU_MUST_USE bool au_instance_charge(struct au_instance *instance, int64_t steps);

/* au_instance_end ends the frame from a handler with an outcome; au_instance_reject with
 * host_rejected and the running host function's detail; au_instance_fail with a fault of the node.
 * All return AU_HOST_STOP, so that a handler can return them. */
enum au_host_next au_instance_end(struct au_instance *instance, enum au_outcome outcome,
                                  uint32_t detail);
enum au_host_next au_instance_reject(struct au_instance *instance, enum au_host_detail reason);
enum au_host_next au_instance_fail(struct au_instance *instance, enum au_err err);

/* au_instance_has_range tells whether [pointer, pointer + size) lies in memory; size 0 always
 * does. */
static inline bool au_instance_has_range(const struct au_instance *instance, uint32_t pointer,
                                         uint32_t size)
{
    return size == 0 || (uint64_t)pointer + size <= instance->memory_size;
}

#endif
