/* Ways into the engine for its compile helper, and for tests of the engine itself. */
#ifndef AUREON_VM_ENGINE_INTERNAL_H
#define AUREON_VM_ENGINE_INTERNAL_H

#include "vm/engine.h"

/* au_engine_compile validates, instruments and compiles a module, and caches nothing.
 *
 * is_traced   the traced form
 * artifact    gets the compiled module
 * out_reject  set on INVALID_MODULE and ENGINE
 *
 * OK, INVALID_MODULE, ENGINE, TOO_LARGE (for the buffer), NO_MEMORY */
AU_MUST_USE enum au_err au_engine_compile(struct au_engine *engine, struct au_bytes code,
                                          bool is_traced, struct au_buf *artifact,
                                          struct au_reject *out_reject);

/* au_engine_identity names whatever decides, besides the code, what a compiled module is like. */
struct au_hash au_engine_identity(const struct au_engine *engine);

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
    uint64_t compiled;  /* modules, here or by the helper */
    uint64_t restored;  /* modules, from the artifact folder */
    size_t cached;      /* modules loaded, held or not */
    size_t cached_idle; /* bytes of those that nobody holds */
    uint32_t open;      /* instances */
};

struct au_engine_counts au_engine_count(struct au_engine *engine);

/* au_engine_helper gives the compile helper, or NULL. */
struct au_helper *au_engine_helper(struct au_engine *engine);

#endif
