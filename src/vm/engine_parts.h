/* What the files of the engine share. Only src/vm/engine*.c may include this. */
#ifndef AUREON_VM_ENGINE_PARTS_H
#define AUREON_VM_ENGINE_PARTS_H

#include <pthread.h>
#include <stdatomic.h>
#include <wasmtime.h>

#include "vm/artifact.h"
#include "vm/cache.h"
#include "vm/engine.h"
#include "vm/helper.h"

/* A host function as the engine calls it. */
struct host_binding {
    const struct au_host_entry *entry;
    uint32_t param_count;
    uint32_t result_count;
};

struct instance {
    struct au_instance base; /* first: handlers get its address */
    struct au_engine *engine;
    const struct au_loaded *loaded;
    struct instance *next_free;
    wasmtime_store_t *store;
    wasmtime_context_t *store_context;
    wasmtime_instance_t handle;
    wasmtime_global_t gas;
    wasmtime_global_t stack;
    wasmtime_memory_t memory;
    bool is_outer; /* opened outside of any running contract */
    bool can_grow; /* only a module with memory.grow changes the size behind the host's back */
    bool is_over;  /* ended otherwise than with success */
};

struct au_engine {
    const struct au_host_table *host;
    bool is_metered;
    wasm_engine_t *wasm;
    wasmtime_linker_t *linker;
    struct host_binding *bindings; /* one per entry of host */
    struct au_hash identity;       /* what a cache key has after the code hash */
    struct au_cache cache;
    struct au_cache
        traced; /* modules in the traced form: apart, so that who looks displaces none */
    struct au_helper *helper;       /* NULL: modules are compiled in this process */
    struct au_artifacts *artifacts; /* NULL: compiled modules are kept in memory only */
    atomic_uint_least64_t compiled_count;
    atomic_uint_least64_t restored_count;

    pthread_mutex_t pool_mutex; /* guards what follows */
    pthread_cond_t pool_freed;
    struct instance *slots;
    struct instance *free_slots;
    uint32_t open_count;
    uint32_t outer_count; /* of them, those that are outer */
    uint32_t outer_max;
};

struct au_loaded {
    struct au_cache_entry cached; /* first: the cache gives its address */
    struct au_engine *engine;
    struct au_cache *cache; /* that it is in */
    struct au_hash code_hash;
    struct au_module_info *info;
    bool is_traced;
    bool is_refused; /* is_traced, and there is no module: compiling it failed */
    wasmtime_module_t *module;
    wasmtime_instance_pre_t *pre;
};

/* engine_call_host is every call of a metered contract into the host. The gas counter comes as the
 * last argument and goes as the last result. env: a struct host_binding. */
wasm_trap_t *engine_call_host(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t count);

/* engine_call_tell is every call of a module in the traced form that tells where a function begins
 * and returns. */
wasm_trap_t *engine_call_tell(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t count);

/* engine_call_host_unmetered is the same for modules that run as they are: nothing is counted. */
wasm_trap_t *engine_call_host_unmetered(void *env, wasmtime_caller_t *caller,
                                        wasmtime_val_raw_t *raw, size_t count);

#endif
