/* Ways into the engine beside the validator: only for tests of the engine itself. */
#ifndef AUREON_VM_ENGINE_INTERNAL_H
#define AUREON_VM_ENGINE_INTERNAL_H

#include "vm/engine.h"

/* au_engine_load_prepared compiles a module that is in the instrumented form already, or takes it
 * from the cache.
 *
 * prepared    whatever vm/rewrite.h would write; the engine's own validator still checks it
 * info        what is true of it; the call takes ownership, on failure too
 * out_loaded  release with au_loaded_release
 * out_reject  set on ENGINE only: what the engine says
 *
 * OK, NO_MEMORY, ENGINE (the engine refuses it, or an export of vm/module.h is missing) */
AU_MUST_USE enum au_err au_engine_load_prepared(struct au_engine *engine, struct au_bytes prepared,
                                                struct au_module_info *info,
                                                struct au_loaded **out_loaded,
                                                struct au_reject *out_reject);

/* What the engine has done so far. */
struct au_engine_counts {
    uint64_t compiled;  /* modules */
    size_t cached;      /* modules loaded, held or not */
    size_t cached_idle; /* bytes of those that nobody holds */
    uint32_t open;      /* instances */
};

struct au_engine_counts au_engine_count(struct au_engine *engine);

#endif
