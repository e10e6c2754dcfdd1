#include "vm/engine.h"

#include <aureon_engine.h>
#include <errno.h>
#include <stdio.h>

#include "base/lock.h"
#include "base/mem.h"
#include "crypto/sha256.h"
#include "vm/engine_config.h"
#include "vm/engine_internal.h"
#include "vm/engine_parts.h"
#include "vm/gas.h"
#include "vm/limits.h"
#include "vm/machine.h"
#include "vm/parcel.h"

/* ---- configuration ---------------------------------------------------------------------- */

static wasmtime_pooling_allocation_config_t *new_pool(const struct au_engine_options *options)
{
    wasmtime_pooling_allocation_config_t *pool = wasmtime_pooling_allocation_config_new();
#define AU_POOL_SETTING(name, value) wasmtime_pooling_allocation_config_##name##_set(pool, (value));
#define AU_POOL_COUNT(name, value)   AU_POOL_SETTING(name, value)
#include "vm/engine_config.def"
#undef AU_POOL_COUNT
#undef AU_POOL_SETTING
    return pool;
}

/* Gives NULL if the engine does not know the target. Any other mistake aborts the process. */
static wasm_engine_t *new_wasm_engine(const struct au_engine_options *options)
{
    wasm_config_t *config = wasm_config_new();
    wasmtime_error_t *error = wasmtime_config_target_set(config, ENGINE_TARGET);
    if (error != NULL) {
        wasmtime_error_delete(error);
        wasm_config_delete(config);
        return NULL;
    }
#define AU_CPU_FLAG(name, bit)         wasmtime_config_cranelift_flag_enable(config, #name);
#define AU_ENGINE_SETTING(name, value) wasmtime_config_##name##_set(config, (value));
#define AU_ENGINE_MANNER(name, value)  AU_ENGINE_SETTING(name, value)
#include "vm/engine_config.def"
#undef AU_ENGINE_MANNER
#undef AU_ENGINE_SETTING
#undef AU_CPU_FLAG

    wasmtime_pooling_allocation_config_t *pool = new_pool(options);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
    return wasm_engine_new_with_config(config);
}

/* The hash of whatever decides, besides the code, what a compiled module looks like. */
static enum au_err set_identity(struct au_engine *engine, const struct au_engine_options *options)
{
    uint8_t lock_hash[AU_HASH_SIZE];
    struct au_buf text;
    struct au_buf *out = &text;
    au_buf_init(out, IDENTITY_SIZE_MAX);
    aureon_engine_lock_hash(lock_hash);
    au_buf_put_u32(out, AU_INSTRUMENTER_VERSION);
    au_buf_put_u32(out, AU_GAS_SCHEDULE_VERSION);
    au_buf_put_text(out, aureon_engine_version());
    au_buf_put(out, lock_hash, sizeof lock_hash);
    au_buf_put_text(out, "target=" ENGINE_TARGET "\n");
    au_buf_put_text(out, options->skip_instrumentation ? "form=plain\n" : "form=instrumented\n");
#define AU_CPU_FLAG(name, bit) au_buf_put_text(out, #name "\n");
#define AU_ENGINE_SETTING(name, value) \
    au_buf_printf(out, #name "=%llu\n", (unsigned long long)(value));
#define AU_POOL_SETTING(name, value) AU_ENGINE_SETTING(name, value)
#include "vm/engine_config.def"
#undef AU_POOL_SETTING
#undef AU_ENGINE_SETTING
#undef AU_CPU_FLAG
    enum au_err err = out->err;
    engine->identity = au_sha256_tagged("aureon/engine", au_buf_bytes(out));
    au_buf_done(out);
    return err;
}

/* ---- host functions ----------------------------------------------------------------------- */

static wasm_valtype_t *new_value_type(char letter)
{
    switch (letter) {
    case 'i': return wasm_valtype_new(WASM_I32);
    case 'I': return wasm_valtype_new(WASM_I64);
    case 'f': return wasm_valtype_new(WASM_F32);
    default: AU_ASSERT(letter == 'F'); return wasm_valtype_new(WASM_F64);
    }
}

static void new_value_types(const char *letters, bool has_gas, wasm_valtype_vec_t *out_types)
{
    size_t count = strlen(letters);
    wasm_valtype_vec_new_uninitialized(out_types, count + has_gas);
    for (size_t i = 0; i < count; i++) {
        out_types->data[i] = new_value_type(letters[i]);
    }
    if (has_gas) out_types->data[count] = wasm_valtype_new(WASM_I64);
}

/* Offers a function to modules. Takes the type. */
static enum au_err define(struct au_engine *engine, const char *module, const char *name,
                          wasm_functype_t *type, wasmtime_func_unchecked_callback_t run, void *env)
{
    wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
        engine->linker, module, strlen(module), name, strlen(name), type, run, env, NULL);
    wasm_functype_delete(type);
    if (error == NULL) return AU_OK;
    wasmtime_error_delete(error);
    return AU_ERR_ENGINE;
}

static enum au_err define_host_function(struct au_engine *engine, struct host_binding *binding)
{
    const struct au_host_entry *entry = binding->entry;
    wasm_valtype_vec_t params;
    wasm_valtype_vec_t results;
    new_value_types(entry->params, engine->is_metered, &params);
    new_value_types(entry->results, engine->is_metered, &results);
    return define(engine, engine->host->module, entry->name, wasm_functype_new(&params, &results),
                  engine->is_metered ? engine_call_host : engine_call_host_unmetered, binding);
}

static enum au_err define_tell(struct au_engine *engine)
{
    wasm_valtype_vec_t params;
    wasm_valtype_vec_t results;
    new_value_types("i", /* has_gas = */ true, &params);
    new_value_types("i", /* has_gas = */ false, &results);
    return define(engine, AU_IMPORT_MODULE, AU_IMPORT_TELL, wasm_functype_new(&params, &results),
                  engine_call_tell, NULL);
}

static enum au_err define_host(struct au_engine *engine)
{
    const struct au_host_table *host = engine->host;
    AU_ASSERT(host->count <= AU_IMPORTS_MAX);
    engine->bindings = au_mem_new(host->count * sizeof *engine->bindings);
    if (engine->bindings == NULL) return AU_ERR_NO_MEMORY;

    for (size_t i = 0; i < host->count; i++) {
        const struct au_host_entry *entry = &host->entries[i];
        size_t param_count = strlen(entry->params);
        size_t result_count = strlen(entry->results);
        AU_ASSERT(param_count <= AU_PARAMS_MAX && result_count <= AU_RESULTS_MAX);
        AU_ASSERT(((uint64_t)entry->byte_args >> param_count) == 0);
        AU_ASSERT(entry->base_steps >= 0 && entry->base_steps <= BASE_STEPS_MAX);
        AU_ASSERT(entry->byte_steps >= 0 && entry->byte_steps < BYTE_STEPS_MAX);
        engine->bindings[i] =
            (struct host_binding){entry, (uint32_t)param_count, (uint32_t)result_count};
        AU_TRY(define_host_function(engine, &engine->bindings[i]));
    }
    return engine->is_metered ? define_tell(engine) : AU_OK;
}

/* ---- engine ----------------------------------------------------------------------------- */

static void empty_loaded(struct au_loaded *loaded)
{
    if (loaded->pre != NULL) wasmtime_instance_pre_delete(loaded->pre);
    if (loaded->module != NULL) wasmtime_module_delete(loaded->module);
    au_module_info_free(loaded->info);
    loaded->pre = NULL;
    loaded->module = NULL;
    loaded->info = NULL;
}

static void free_loaded(struct au_cache_entry *entry)
{
    struct au_loaded *loaded = (struct au_loaded *)entry;
    empty_loaded(loaded);
    au_mem_free(loaded);
}

static enum au_err open_pool(struct au_engine *engine, uint32_t outer_max)
{
    uint32_t count = outer_max * AU_DEPTH_MAX;
    engine->outer_max = outer_max;
    engine->slots = au_mem_new(count * sizeof *engine->slots);
    if (engine->slots == NULL) return AU_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        engine->slots[i].next_free = engine->free_slots;
        engine->free_slots = &engine->slots[i];
    }
    return AU_OK;
}

static enum au_err open_helper(struct au_engine *engine, const struct au_engine_options *options)
{
    struct au_helper_options helper = {
        .program = options->helper,
        .identity = engine->identity,
        .optimize_none = options->optimize_none,
    };
    if (options->artifact_folder != NULL) {
        AU_TRY(au_artifacts_open(options->artifact_folder, options->artifact_size, &helper.identity,
                                 &engine->artifacts));
    }
    return au_helper_new(&helper, &engine->helper);
}

static enum au_err open_engine(struct au_engine *engine, const struct au_engine_options *options)
{
    AU_TRY(set_identity(engine, options));
    AU_TRY(open_pool(engine, options->instances_max));
    engine->wasm = new_wasm_engine(options);
    if (engine->wasm == NULL) return AU_ERR_ENGINE;
    engine->linker = wasmtime_linker_new(engine->wasm);
    AU_TRY(define_host(engine));
    return options->helper != NULL ? open_helper(engine, options) : AU_OK;
}

/* The engine aborts the process over what it lacks, so it is asked for here. */
static enum au_err check_machine(const struct au_engine_options *options)
{
    uint64_t instances = (uint64_t)options->instances_max * AU_DEPTH_MAX;
    uint64_t pool_size = instances * (MEMORY_RESERVATION + MEMORY_GUARD) + POOL_REST;
    if (!au_machine_has_processor()) return AU_ERR_UNSUPPORTED;
    if (!au_machine_has_maps(instances * MAPS_PER_INSTANCE + MAPS_REST)) {
        return AU_ERR_UNSUPPORTED;
    }
    return au_machine_has_address_space(pool_size) ? AU_OK : AU_ERR_NO_MEMORY;
}

static bool init_caches(struct au_engine *engine, uint64_t cache_size)
{
    uint64_t traced_size = cache_size < TRACED_CACHE_SIZE ? cache_size : TRACED_CACHE_SIZE;
    if (!au_cache_init(&engine->cache, cache_size, free_loaded)) return false;
    if (au_cache_init(&engine->traced, traced_size, free_loaded)) return true;
    au_cache_done(&engine->cache);
    return false;
}

static bool init_locks(struct au_engine *engine, uint64_t cache_size)
{
    if (pthread_mutex_init(&engine->pool_mutex, NULL) != 0) return false;
    if (pthread_cond_init(&engine->pool_freed, NULL) == 0) {
        if (init_caches(engine, cache_size)) return true;
        (void)pthread_cond_destroy(&engine->pool_freed);
    }
    (void)pthread_mutex_destroy(&engine->pool_mutex);
    return false;
}

enum au_err au_engine_new(const struct au_engine_options *options, const struct au_host_table *host,
                          struct au_engine **out_engine)
{
    if (options->instances_max == 0 || options->instances_max > INSTANCES_MAX) {
        return AU_ERR_INVALID_ARG;
    }
    if (options->helper == NULL ? options->artifact_folder != NULL
                                : options->skip_instrumentation) {
        return AU_ERR_INVALID_ARG;
    }
    AU_TRY(check_machine(options));

    struct au_engine *engine = au_mem_new(sizeof *engine);
    if (engine == NULL) return AU_ERR_NO_MEMORY;
    if (!init_locks(engine, options->cache_size)) {
        au_mem_free(engine);
        return AU_ERR_NO_MEMORY;
    }
    engine->host = host;
    engine->is_metered = !options->skip_instrumentation;
    enum au_err err = open_engine(engine, options);
    if (err != AU_OK) {
        int cause = errno;
        au_engine_free(engine);
        errno = cause;
        return err;
    }
    *out_engine = engine;
    return AU_OK;
}

void au_engine_free(struct au_engine *engine)
{
    if (engine == NULL) return;
    AU_ASSERT(engine->open_count == 0);
    au_helper_free(engine->helper);
    au_artifacts_close(engine->artifacts);
    au_cache_done(&engine->cache);
    au_cache_done(&engine->traced);
    if (engine->linker != NULL) wasmtime_linker_delete(engine->linker);
    if (engine->wasm != NULL) wasm_engine_delete(engine->wasm);
    AU_ASSERT(pthread_cond_destroy(&engine->pool_freed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&engine->pool_mutex) == 0);
    au_mem_free(engine->bindings);
    au_mem_free(engine->slots);
    au_mem_free(engine);
}

struct au_engine_counts au_engine_count(struct au_engine *engine)
{
    struct au_engine_counts counts = {
        .compiled = atomic_load(&engine->compiled_count),
        .restored = atomic_load(&engine->restored_count),
    };
    au_cache_count(&engine->cache, &counts.cached, &counts.cached_idle);
    au_lock(&engine->pool_mutex);
    counts.open = engine->open_count;
    au_unlock(&engine->pool_mutex);
    return counts;
}

struct au_helper *au_engine_helper(struct au_engine *engine)
{
    return engine->helper;
}

void au_engine_tend(struct au_engine *engine)
{
    if (engine->helper != NULL) au_helper_tend(engine->helper);
}

void au_engine_stop_compiling(struct au_engine *engine)
{
    if (engine->helper != NULL) au_helper_stop(engine->helper);
}

struct au_hash au_engine_identity(const struct au_engine *engine)
{
    return engine->identity;
}

/* ---- modules ---------------------------------------------------------------------------- */

/* Copies what the engine says, and frees it. */
static void take_message(wasmtime_error_t *error, char *out_message, size_t message_size)
{
    wasm_name_t message;
    wasmtime_error_message(error, &message);
    (void)snprintf(out_message, message_size, "%.*s", (int)message.size, message.data);
    wasm_name_delete(&message);
    wasmtime_error_delete(error);
}

static enum au_err engine_refused(wasmtime_error_t *error, struct au_reject *out_reject)
{
    *out_reject = (struct au_reject){.rule = "engine", .function = AU_REJECT_NO_FUNCTION};
    take_message(error, out_reject->message, sizeof out_reject->message);
    return AU_ERR_ENGINE;
}

static enum au_err link_module(struct au_loaded *loaded, struct au_reject *out_reject)
{
    wasmtime_error_t *error =
        wasmtime_linker_instantiate_pre(loaded->engine->linker, loaded->module, &loaded->pre);
    if (error != NULL) return engine_refused(error, out_reject);

    void *start = NULL;
    void *end = NULL;
    wasmtime_module_image_range(loaded->module, &start, &end);
    size_t image_size = (size_t)((uintptr_t)end - (uintptr_t)start);
    loaded->cached.size = image_size + loaded->info->arena.held + LOADED_OVERHEAD;
    return AU_OK;
}

static enum au_err prepare(struct au_loaded *loaded, struct au_bytes code, struct au_buf *out_code,
                           struct au_reject *out_reject)
{
    const struct au_host_table *host = loaded->engine->host;
    return loaded->is_traced
               ? au_module_prepare_traced(code, host, out_code, &loaded->info, out_reject)
               : au_module_prepare(code, host, out_code, &loaded->info, out_reject);
}

/* ---- compiled in this process ---- */

static enum au_err compile(struct au_loaded *loaded, struct au_bytes code,
                           struct au_reject *out_reject)
{
    struct au_engine *engine = loaded->engine;
    wasmtime_error_t *error =
        wasmtime_module_new(engine->wasm, code.data, code.size, &loaded->module);
    if (error != NULL) return engine_refused(error, out_reject);
    AU_TRY(link_module(loaded, out_reject));
    atomic_fetch_add(&engine->compiled_count, 1);
    return AU_OK;
}

static enum au_err compile_here(struct au_loaded *loaded, struct au_bytes code,
                                struct au_reject *out_reject)
{
    struct au_engine *engine = loaded->engine;
    struct au_buf prepared;
    if (loaded->info != NULL) return compile(loaded, code, out_reject);
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    struct au_buf *out_code = engine->is_metered ? &prepared : NULL;
    enum au_err err = prepare(loaded, code, out_code, out_reject);
    if (err == AU_OK) {
        err = compile(loaded, out_code != NULL ? au_buf_bytes(out_code) : code, out_reject);
    }
    au_buf_done(&prepared);
    return err;
}

enum au_err au_engine_compile(struct au_engine *engine, struct au_bytes code, bool is_traced,
                              struct au_buf *artifact, struct au_reject *out_reject)
{
    struct au_loaded *loaded = au_mem_new(sizeof *loaded);
    if (loaded == NULL) return AU_ERR_NO_MEMORY;
    loaded->engine = engine;
    loaded->is_traced = is_traced;
    wasm_byte_vec_t bytes;
    enum au_err err = compile_here(loaded, code, out_reject);
    if (err == AU_OK) {
        wasmtime_error_t *error = wasmtime_module_serialize(loaded->module, &bytes);
        if (error != NULL) {
            err = engine_refused(error, out_reject);
        } else {
            au_buf_put(artifact, bytes.data, bytes.size);
            wasm_byte_vec_delete(&bytes);
            err = artifact->err;
        }
    }
    free_loaded(&loaded->cached);
    return err;
}

/* ---- compiled elsewhere ---- */

/* Only for bytes that our own compiler has written, and that a seal has kept as they were. */
static enum au_err restore(struct au_loaded *loaded, struct au_bytes artifact,
                           struct au_reject *out_reject)
{
    wasmtime_error_t *error = wasmtime_module_deserialize(loaded->engine->wasm, artifact.data,
                                                          artifact.size, &loaded->module);
    if (error != NULL) return engine_refused(error, out_reject);
    return link_module(loaded, out_reject);
}

#define ARTIFACT_TAG "aureon/artifact" /* of the keys of modules that are given as they are */
#define TRACED_TAG   "aureon/traced"   /* of their traced forms */

/* Where a loaded module comes from. */
struct source {
    const char *tag; /* of the key */
    struct au_bytes code;
    struct au_module_info *info; /* of code that is instrumented already, else NULL; owned */
    struct au_hash code_hash;
    struct au_hash key;
    bool is_kept;
    bool is_traced; /* its compiled form is not put into files */
};

/* H(tag, code hash || identity) */
static struct au_hash key_of(const struct au_engine *engine, const char *tag_text,
                             const struct au_hash *code_hash)
{
    struct au_bytes tag = au_bytes_of(tag_text);
    uint8_t tag_size = (uint8_t)tag.size;
    struct au_bytes parts[] = {
        {&tag_size, 1},
        tag,
        {code_hash->bytes, sizeof code_hash->bytes},
        {engine->identity.bytes, sizeof engine->identity.bytes},
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

/* false: it is not in the folder, or of no use. */
static bool take_artifact(struct au_loaded *loaded, const struct source *source,
                          struct au_buf *file)
{
    struct au_engine *engine = loaded->engine;
    struct au_reject reject;
    struct au_bytes artifact;
    if (engine->artifacts == NULL) return false;
    if (au_artifacts_get(engine->artifacts, &source->key, file, &artifact) != AU_OK) return false;
    if (restore(loaded, artifact, &reject) == AU_OK) {
        atomic_fetch_add(&engine->restored_count, 1);
        return true;
    }
    au_artifacts_drop(engine->artifacts, &source->key);
    if (loaded->module != NULL) wasmtime_module_delete(loaded->module);
    loaded->module = NULL;
    return false;
}

static enum au_err ask_helper(struct au_loaded *loaded, const struct source *source,
                              struct au_buf *artifact, struct au_reject *out_reject)
{
    struct au_engine *engine = loaded->engine;
    struct au_helper_request request = {
        .code = source->code,
        .hash = source->code_hash,
        .limit_ns = source->is_kept ? COMPILE_KEPT_NS : COMPILE_NS,
        .is_traced = source->is_traced,
    };
    AU_TRY(au_helper_compile(engine->helper, &request, artifact, out_reject));
    AU_TRY(restore(loaded, au_buf_bytes(artifact), out_reject));
    atomic_fetch_add(&engine->compiled_count, 1);
    if (engine->artifacts != NULL && !source->is_traced) {
        au_artifacts_put(engine->artifacts, &source->key, au_buf_bytes(artifact));
    }
    return AU_OK;
}

static enum au_err compile_elsewhere(struct au_loaded *loaded, const struct source *source,
                                     struct au_reject *out_reject)
{
    struct au_buf file;
    AU_TRY(prepare(loaded, source->code, NULL, out_reject));
    au_buf_init(&file, AU_PARCEL_HEAD_SIZE + AU_PARCEL_SIZE_MAX);
    enum au_err err = AU_OK;
    if (!take_artifact(loaded, source, &file)) {
        err = ask_helper(loaded, source, &file, out_reject);
    }
    au_buf_done(&file);
    return err;
}

/* ---- from where it is soonest ---- */

static enum au_err make_loaded(struct au_engine *engine, const struct source *source,
                               struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct au_loaded *loaded = au_mem_new(sizeof *loaded);
    if (loaded == NULL) {
        au_module_info_free(source->info);
        return AU_ERR_NO_MEMORY;
    }
    loaded->cached.key = source->key;
    loaded->engine = engine;
    loaded->cache = source->is_traced ? &engine->traced : &engine->cache;
    loaded->code_hash = source->code_hash;
    loaded->info = source->info;
    loaded->is_traced = source->is_traced;
    bool is_here = engine->helper == NULL || source->info != NULL;
    enum au_err err = is_here ? compile_here(loaded, source->code, out_reject)
                              : compile_elsewhere(loaded, source, out_reject);
    if (err == AU_ERR_ENGINE && source->is_traced) {
        empty_loaded(loaded);
        loaded->is_refused = true;
        loaded->cached.size = LOADED_OVERHEAD;
    } else if (err != AU_OK) {
        free_loaded(&loaded->cached);
        return err;
    }
    *out_loaded = loaded;
    return AU_OK;
}

static enum au_err load(struct au_engine *engine, struct source *source,
                        struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    source->code_hash = au_sha256(source->code);
    source->key = key_of(engine, source->tag, &source->code_hash);
    struct au_cache *cache = source->is_traced ? &engine->traced : &engine->cache;
    struct au_cache_flight flight;
    struct au_cache_entry *cached = au_cache_take(cache, &source->key, &flight);
    if (cached != NULL) {
        au_module_info_free(source->info);
        *out_loaded = (struct au_loaded *)cached;
        return AU_OK;
    }
    struct au_loaded *loaded = NULL;
    enum au_err err = make_loaded(engine, source, &loaded, out_reject);
    if (err != AU_OK) {
        au_cache_land(cache, &flight, NULL);
        return err;
    }
    au_cache_land(cache, &flight, &loaded->cached);
    *out_loaded = loaded;
    return AU_OK;
}

enum au_err au_engine_load(struct au_engine *engine, struct au_bytes code,
                           struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct source source = {.tag = ARTIFACT_TAG, .code = code};
    return load(engine, &source, out_loaded, out_reject);
}

enum au_err au_engine_load_kept(struct au_engine *engine, struct au_bytes code,
                                struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct source source = {.tag = ARTIFACT_TAG, .code = code, .is_kept = true};
    AU_TRY(load(engine, &source, out_loaded, out_reject));
    if (engine->artifacts != NULL) au_artifacts_keep(engine->artifacts, &source.key);
    return AU_OK;
}

void au_engine_keep(struct au_engine *engine, const struct au_hash *code_hash)
{
    struct au_hash key = key_of(engine, ARTIFACT_TAG, code_hash);
    if (engine->artifacts != NULL) au_artifacts_keep(engine->artifacts, &key);
}

static bool find(struct au_cache *cache, const struct au_hash *key, struct au_loaded **out_loaded)
{
    struct au_cache_flight flight;
    struct au_cache_entry *cached = au_cache_take(cache, key, &flight);
    if (cached == NULL) au_cache_land(cache, &flight, NULL);
    *out_loaded = (struct au_loaded *)cached;
    return cached != NULL;
}

bool au_engine_find(struct au_engine *engine, const struct au_hash *code_hash,
                    struct au_loaded **out_loaded)
{
    struct au_hash key = key_of(engine, ARTIFACT_TAG, code_hash);
    return find(&engine->cache, &key, out_loaded);
}

/* NULL instead of one that there is no module of. */
static void drop_refused(struct au_loaded **loaded)
{
    if (*loaded == NULL || !(*loaded)->is_refused) return;
    au_loaded_release(*loaded);
    *loaded = NULL;
}

enum au_err au_engine_load_traced(struct au_engine *engine, struct au_bytes code,
                                  struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct source source = {.tag = TRACED_TAG, .code = code, .is_traced = true};
    AU_ASSERT(engine->is_metered);
    AU_TRY(load(engine, &source, out_loaded, out_reject));
    drop_refused(out_loaded);
    return AU_OK;
}

bool au_engine_find_traced(struct au_engine *engine, const struct au_hash *code_hash,
                           struct au_loaded **out_loaded)
{
    struct au_hash key = key_of(engine, TRACED_TAG, code_hash);
    bool is_found = find(&engine->traced, &key, out_loaded);
    drop_refused(out_loaded);
    return is_found;
}

enum au_err au_engine_load_prepared(struct au_engine *engine, struct au_bytes prepared,
                                    struct au_module_info *info, struct au_loaded **out_loaded,
                                    struct au_reject *out_reject)
{
    struct source source = {.tag = "aureon/prepared", .code = prepared, .info = info};
    return load(engine, &source, out_loaded, out_reject);
}

void au_loaded_release(struct au_loaded *loaded)
{
    au_cache_release(loaded->cache, &loaded->cached);
}

const struct au_hash *au_loaded_code_hash(const struct au_loaded *loaded)
{
    return &loaded->code_hash;
}

const struct au_module_info *au_loaded_info(const struct au_loaded *loaded)
{
    return loaded->info;
}

enum au_err au_engine_wat_to_wasm(struct au_bytes text, struct au_buf *out_code, char *out_message,
                                  size_t message_size)
{
    if (text.size > WAT_SIZE_MAX) return AU_ERR_TOO_LARGE;
    wasm_byte_vec_t code;
    /* The engine takes no NULL, not even for no text. */
    const char *data = text.size > 0 ? (const char *)text.data : "";
    wasmtime_error_t *error = wasmtime_wat2wasm(data, text.size, &code);
    if (error != NULL) {
        take_message(error, out_message, message_size);
        return AU_ERR_MALFORMED;
    }
    au_buf_put(out_code, code.data, code.size);
    wasm_byte_vec_delete(&code);
    return out_code->err;
}
