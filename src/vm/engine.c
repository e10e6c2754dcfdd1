#include "vm/engine.h"

#include <aureon_engine.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <wasmtime.h>

#include "base/mem.h"
#include "crypto/sha256.h"
#include "vm/cache.h"
#include "vm/engine_config.h"
#include "vm/engine_internal.h"
#include "vm/gas.h"
#include "vm/limits.h"
#include "vm/machine.h"
#include "vm/verdict.h"

_Static_assert(sizeof(union au_value) == sizeof(wasmtime_val_raw_t), "one is used as the other");
_Static_assert(_Alignof(union au_value) == _Alignof(wasmtime_val_raw_t), "likewise");

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
    bool can_grow; /* only a module with memory.grow changes the size behind the host's back */
    bool is_over;  /* ended otherwise than with success */
};

struct au_engine {
    const struct au_host_table *host;
    bool is_metered;
    wasm_engine_t *wasm;
    wasmtime_linker_t *linker;
    struct host_binding *bindings; /* one per entry of host */
    struct au_buf identity;        /* what a cache key has after the code hash */
    struct au_cache cache;
    atomic_uint_least64_t compiled_count;

    pthread_mutex_t pool_mutex; /* guards what follows */
    pthread_cond_t pool_freed;
    struct instance *slots;
    struct instance *free_slots;
    uint32_t open_count;
};

struct au_loaded {
    struct au_cache_entry cached; /* first: the cache gives its address */
    struct au_engine *engine;
    struct au_module_info *info;
    wasmtime_module_t *module;
    wasmtime_instance_pre_t *pre;
};

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
#include "vm/engine_config.def"
#undef AU_ENGINE_SETTING
#undef AU_CPU_FLAG

    wasmtime_pooling_allocation_config_t *pool = new_pool(options);
    wasmtime_pooling_allocation_strategy_set(config, pool);
    wasmtime_pooling_allocation_config_delete(pool);
    return wasm_engine_new_with_config(config);
}

/* Writes whatever decides, besides the code, what a compiled module looks like. */
static enum au_err write_identity(struct au_buf *out, const struct au_engine_options *options)
{
    uint8_t lock_hash[AU_HASH_SIZE];
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
    return out->err;
}

/* ---- host calls ------------------------------------------------------------------------- */

static int64_t price_of(const struct au_host_entry *entry, const union au_value *args)
{
    int64_t size = 0;
    for (uint32_t bits = entry->byte_args; bits != 0; bits &= bits - 1) {
        size += args[__builtin_ctz(bits)].u32;
    }
    return entry->base_steps + entry->byte_steps * size;
}

static void refresh_memory_size(struct instance *instance)
{
    instance->base.memory_size =
        wasmtime_memory_data_size(instance->store_context, &instance->memory);
}

/* The instance whose code this thread runs, NULL outside. The store knows it too, but asking takes
 * a fifth of a host call. */
static _Thread_local struct instance *running;

/* Gives what running is to become again afterwards: frames nest. */
static struct instance *enter(struct instance *instance)
{
    struct instance *outer = running;
    running = instance;
    return outer;
}

static AU_HOT bool run_handler(struct instance *instance, const struct au_host_entry *entry,
                               union au_value *args)
{
    instance->base.entry = entry;
    if (instance->can_grow) refresh_memory_size(instance);
    enum au_host_next next = entry->run(&instance->base, args);
    bool has_record = instance->base.has_ended || instance->base.end_err != AU_OK;
    AU_ASSERT((next == AU_HOST_STOP) == has_record);
    return next == AU_HOST_CONTINUE;
}

/* The record says why; this only makes the engine leave. */
static wasm_trap_t *stop(void)
{
    return wasmtime_trap_new_code(WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED);
}

/* Every call of a metered contract into the host. The gas counter comes as the last argument and
 * goes as the last result. */
static wasm_trap_t *call_host(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t count)
{
    (void)count;
    const struct host_binding *binding = env;
    const struct au_host_entry *entry = binding->entry;
    (void)caller;
    struct instance *instance = running;
    AU_ASSERT(instance != NULL);
    union au_value *args = (void *)raw;

    /* Contract code tests the counter at some points only: it may be below 0 already. */
    int64_t steps_left = args[binding->param_count].i64;
    int64_t price = price_of(entry, args);
    if (steps_left < price) {
        instance->base.steps_left = 0;
        (void)au_instance_end(&instance->base, AU_OUTCOME_OUT_OF_GAS, 0);
        return stop();
    }
    instance->base.steps_left = steps_left - price;
    if (!run_handler(instance, entry, args)) return stop();
    args[binding->result_count].i64 = instance->base.steps_left;
    return NULL;
}

/* The same for modules that run as they are: nothing is counted. */
static wasm_trap_t *call_host_unmetered(void *env, wasmtime_caller_t *caller,
                                        wasmtime_val_raw_t *raw, size_t count)
{
    (void)count;
    const struct host_binding *binding = env;
    (void)caller;
    struct instance *instance = running;
    AU_ASSERT(instance != NULL);
    return run_handler(instance, binding->entry, (void *)raw) ? NULL : stop();
}

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

static enum au_err define_host_function(struct au_engine *engine, struct host_binding *binding)
{
    const struct au_host_entry *entry = binding->entry;
    wasm_valtype_vec_t params;
    wasm_valtype_vec_t results;
    new_value_types(entry->params, engine->is_metered, &params);
    new_value_types(entry->results, engine->is_metered, &results);
    wasm_functype_t *type = wasm_functype_new(&params, &results);

    const char *module = engine->host->module;
    wasmtime_error_t *error = wasmtime_linker_define_func_unchecked(
        engine->linker, module, strlen(module), entry->name, strlen(entry->name), type,
        engine->is_metered ? call_host : call_host_unmetered, binding, NULL);
    wasm_functype_delete(type);
    if (error == NULL) return AU_OK;
    wasmtime_error_delete(error);
    return AU_ERR_ENGINE;
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
    return AU_OK;
}

/* ---- engine ----------------------------------------------------------------------------- */

static void free_loaded(struct au_cache_entry *entry)
{
    struct au_loaded *loaded = (struct au_loaded *)entry;
    if (loaded->pre != NULL) wasmtime_instance_pre_delete(loaded->pre);
    if (loaded->module != NULL) wasmtime_module_delete(loaded->module);
    au_module_info_free(loaded->info);
    au_mem_free(loaded);
}

static enum au_err open_pool(struct au_engine *engine, uint32_t instances_max)
{
    engine->slots = au_mem_new(instances_max * sizeof *engine->slots);
    if (engine->slots == NULL) return AU_ERR_NO_MEMORY;
    for (uint32_t i = 0; i < instances_max; i++) {
        engine->slots[i].next_free = engine->free_slots;
        engine->free_slots = &engine->slots[i];
    }
    return AU_OK;
}

static enum au_err open_engine(struct au_engine *engine, const struct au_engine_options *options)
{
    AU_TRY(write_identity(&engine->identity, options));
    AU_TRY(open_pool(engine, options->instances_max));
    engine->wasm = new_wasm_engine(options);
    if (engine->wasm == NULL) return AU_ERR_ENGINE;
    engine->linker = wasmtime_linker_new(engine->wasm);
    return define_host(engine);
}

/* The engine aborts the process over what it lacks, so it is asked for here. */
static enum au_err check_machine(const struct au_engine_options *options)
{
    uint64_t pool_size = options->instances_max * (MEMORY_RESERVATION + MEMORY_GUARD) + POOL_REST;
    if (!au_machine_has_processor()) return AU_ERR_UNSUPPORTED;
    if (!au_machine_has_maps((uint64_t)options->instances_max * MAPS_PER_INSTANCE + MAPS_REST)) {
        return AU_ERR_UNSUPPORTED;
    }
    return au_machine_has_address_space(pool_size) ? AU_OK : AU_ERR_NO_MEMORY;
}

static bool init_locks(struct au_engine *engine, uint64_t cache_size)
{
    if (pthread_mutex_init(&engine->pool_mutex, NULL) != 0) return false;
    if (pthread_cond_init(&engine->pool_freed, NULL) == 0) {
        if (au_cache_init(&engine->cache, cache_size, free_loaded)) return true;
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
    AU_TRY(check_machine(options));

    struct au_engine *engine = au_mem_new(sizeof *engine);
    if (engine == NULL) return AU_ERR_NO_MEMORY;
    if (!init_locks(engine, options->cache_size)) {
        au_mem_free(engine);
        return AU_ERR_NO_MEMORY;
    }
    engine->host = host;
    engine->is_metered = !options->skip_instrumentation;
    au_buf_init(&engine->identity, IDENTITY_SIZE_MAX);
    enum au_err err = open_engine(engine, options);
    if (err != AU_OK) {
        au_engine_free(engine);
        return err;
    }
    *out_engine = engine;
    return AU_OK;
}

void au_engine_free(struct au_engine *engine)
{
    if (engine == NULL) return;
    AU_ASSERT(engine->open_count == 0);
    au_cache_done(&engine->cache);
    if (engine->linker != NULL) wasmtime_linker_delete(engine->linker);
    if (engine->wasm != NULL) wasm_engine_delete(engine->wasm);
    AU_ASSERT(pthread_cond_destroy(&engine->pool_freed) == 0);
    AU_ASSERT(pthread_mutex_destroy(&engine->pool_mutex) == 0);
    au_buf_done(&engine->identity);
    au_mem_free(engine->bindings);
    au_mem_free(engine->slots);
    au_mem_free(engine);
}

struct au_engine_counts au_engine_count(struct au_engine *engine)
{
    struct au_engine_counts counts = {.compiled = atomic_load(&engine->compiled_count)};
    au_cache_count(&engine->cache, &counts.cached, &counts.cached_idle);
    AU_ASSERT(pthread_mutex_lock(&engine->pool_mutex) == 0);
    counts.open = engine->open_count;
    AU_ASSERT(pthread_mutex_unlock(&engine->pool_mutex) == 0);
    return counts;
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

static enum au_err compile(struct au_loaded *loaded, struct au_bytes code,
                           struct au_reject *out_reject)
{
    struct au_engine *engine = loaded->engine;
    wasmtime_error_t *error =
        wasmtime_module_new(engine->wasm, code.data, code.size, &loaded->module);
    if (error != NULL) return engine_refused(error, out_reject);
    error = wasmtime_linker_instantiate_pre(engine->linker, loaded->module, &loaded->pre);
    if (error != NULL) return engine_refused(error, out_reject);

    void *start = NULL;
    void *end = NULL;
    wasmtime_module_image_range(loaded->module, &start, &end);
    size_t image_size = (size_t)((uintptr_t)end - (uintptr_t)start);
    loaded->cached.size = image_size + loaded->info->arena.held + LOADED_OVERHEAD;
    atomic_fetch_add(&engine->compiled_count, 1);
    return AU_OK;
}

/* Takes ownership of info. */
static enum au_err new_loaded(struct au_engine *engine, struct au_bytes code,
                              struct au_module_info *info, struct au_loaded **out_loaded,
                              struct au_reject *out_reject)
{
    struct au_loaded *loaded = au_mem_new(sizeof *loaded);
    if (loaded == NULL) {
        au_module_info_free(info);
        return AU_ERR_NO_MEMORY;
    }
    loaded->engine = engine;
    loaded->info = info;
    enum au_err err = compile(loaded, code, out_reject);
    if (err != AU_OK) {
        free_loaded(&loaded->cached);
        return err;
    }
    *out_loaded = loaded;
    return AU_OK;
}

#define ARTIFACT_TAG "aureon/artifact" /* of the keys of modules that are given as they are */

/* Where a loaded module comes from. */
struct source {
    const char *tag; /* of the key */
    struct au_bytes code;
    struct au_module_info *info; /* of code that is instrumented already, else NULL; owned */
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
        au_buf_bytes(&engine->identity),
    };
    return au_sha256_parts(parts, AU_COUNT_OF(parts));
}

static enum au_err make_loaded(struct au_engine *engine, const struct source *source,
                               struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct au_bytes code = source->code;
    struct au_module_info *info = source->info;
    if (info != NULL) return new_loaded(engine, code, info, out_loaded, out_reject);
    if (!engine->is_metered) {
        AU_TRY(au_module_prepare(code, engine->host, NULL, &info, out_reject));
        return new_loaded(engine, code, info, out_loaded, out_reject);
    }
    struct au_buf prepared;
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    enum au_err err = au_module_prepare(code, engine->host, &prepared, &info, out_reject);
    if (err == AU_OK) {
        err = new_loaded(engine, au_buf_bytes(&prepared), info, out_loaded, out_reject);
    }
    au_buf_done(&prepared);
    return err;
}

static enum au_err load(struct au_engine *engine, const struct source *source,
                        struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct au_hash code_hash = au_sha256(source->code);
    struct au_hash key = key_of(engine, source->tag, &code_hash);
    struct au_cache_flight flight;
    struct au_cache_entry *cached = au_cache_take(&engine->cache, &key, &flight);
    if (cached != NULL) {
        au_module_info_free(source->info);
        *out_loaded = (struct au_loaded *)cached;
        return AU_OK;
    }
    struct au_loaded *loaded = NULL;
    enum au_err err = make_loaded(engine, source, &loaded, out_reject);
    if (err != AU_OK) {
        au_cache_land(&engine->cache, &flight, NULL);
        return err;
    }
    loaded->cached.key = key;
    au_cache_land(&engine->cache, &flight, &loaded->cached);
    *out_loaded = loaded;
    return AU_OK;
}

enum au_err au_engine_load(struct au_engine *engine, struct au_bytes code,
                           struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct source source = {.tag = ARTIFACT_TAG, .code = code};
    return load(engine, &source, out_loaded, out_reject);
}

bool au_engine_find(struct au_engine *engine, const struct au_hash *code_hash,
                    struct au_loaded **out_loaded)
{
    struct au_hash key = key_of(engine, ARTIFACT_TAG, code_hash);
    struct au_cache_flight flight;
    struct au_cache_entry *cached = au_cache_take(&engine->cache, &key, &flight);
    if (cached == NULL) au_cache_land(&engine->cache, &flight, NULL);
    *out_loaded = (struct au_loaded *)cached;
    return cached != NULL;
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
    au_cache_release(&loaded->engine->cache, &loaded->cached);
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

/* ---- instances -------------------------------------------------------------------------- */

static struct instance *take_slot(struct au_engine *engine)
{
    AU_ASSERT(pthread_mutex_lock(&engine->pool_mutex) == 0);
    while (engine->free_slots == NULL) {
        AU_ASSERT(pthread_cond_wait(&engine->pool_freed, &engine->pool_mutex) == 0);
    }
    struct instance *instance = engine->free_slots;
    engine->free_slots = instance->next_free;
    engine->open_count++;
    AU_ASSERT(pthread_mutex_unlock(&engine->pool_mutex) == 0);
    return instance;
}

static void give_slot(struct au_engine *engine, struct instance *instance)
{
    AU_ASSERT(pthread_mutex_lock(&engine->pool_mutex) == 0);
    AU_ASSERT(engine->open_count > 0);
    engine->open_count--;
    instance->next_free = engine->free_slots;
    engine->free_slots = instance;
    AU_ASSERT(pthread_cond_signal(&engine->pool_freed) == 0);
    AU_ASSERT(pthread_mutex_unlock(&engine->pool_mutex) == 0);
}

/* Traps that contract code may cause. */
static const uint32_t trap_details[] = {
    [WASMTIME_TRAP_CODE_MEMORY_OUT_OF_BOUNDS] = AU_TRAP_MEMORY_BOUNDS,
    [WASMTIME_TRAP_CODE_TABLE_OUT_OF_BOUNDS] = AU_TRAP_TABLE_BOUNDS,
    [WASMTIME_TRAP_CODE_INDIRECT_CALL_TO_NULL] = AU_TRAP_NULL_INDIRECT_CALL,
    [WASMTIME_TRAP_CODE_BAD_SIGNATURE] = AU_TRAP_SIGNATURE_MISMATCH,
    [WASMTIME_TRAP_CODE_INTEGER_OVERFLOW] = AU_TRAP_INTEGER_OVERFLOW,
    [WASMTIME_TRAP_CODE_INTEGER_DIVISION_BY_ZERO] = AU_TRAP_DIVISION_BY_ZERO,
    [WASMTIME_TRAP_CODE_BAD_CONVERSION_TO_INTEGER] = AU_TRAP_BAD_CONVERSION,
    [WASMTIME_TRAP_CODE_UNREACHABLE_CODE_REACHED] = AU_TRAP_UNREACHABLE,
};

/* Takes what a call into the engine gave back, and frees it. */
static struct au_frame_end take_end(wasmtime_error_t *error, wasm_trap_t *trap)
{
    struct au_frame_end end = {.kind = AU_FRAME_RETURNED};
    if (trap != NULL) {
        end.kind = AU_FRAME_TRAPPED;
        wasmtime_trap_code_t code = 0;
        if (wasmtime_trap_code(trap, &code) && code < AU_COUNT_OF(trap_details)) {
            end.trap_detail = trap_details[code];
        }
        wasm_trap_delete(trap);
    }
    if (error != NULL) {
        end.kind = AU_FRAME_FAILED;
        wasmtime_error_delete(error);
    }
    return end;
}

/* The same for calls that nothing but a fault of the engine can make fail. */
static enum au_err check_end(wasmtime_error_t *error, wasm_trap_t *trap)
{
    return take_end(error, trap).kind == AU_FRAME_RETURNED ? AU_OK : AU_ERR_ENGINE;
}

static bool find_export(struct instance *instance, struct au_bytes name,
                        wasmtime_extern_kind_t kind, wasmtime_extern_t *out_item)
{
    return wasmtime_instance_export_get(instance->store_context, &instance->handle,
                                        (const char *)name.data, name.size, out_item) &&
           out_item->kind == kind;
}

static enum au_err find_counters(struct instance *instance)
{
    wasmtime_extern_t item;
    if (!find_export(instance, au_bytes_of(AU_EXPORT_GAS), WASMTIME_EXTERN_GLOBAL, &item)) {
        return AU_ERR_ENGINE;
    }
    instance->gas = item.of.global;
    if (!find_export(instance, au_bytes_of(AU_EXPORT_STACK), WASMTIME_EXTERN_GLOBAL, &item)) {
        return AU_ERR_ENGINE;
    }
    instance->stack = item.of.global;
    return AU_OK;
}

static enum au_err find_memory(struct instance *instance)
{
    bool is_metered = instance->engine->is_metered;
    struct au_bytes name = au_bytes_of(is_metered ? AU_EXPORT_MEMORY : "memory");
    wasmtime_extern_t item;
    if (!find_export(instance, name, WASMTIME_EXTERN_MEMORY, &item)) {
        return is_metered ? AU_ERR_ENGINE : AU_OK; /* as it is, a contract may keep it to itself */
    }
    instance->memory = item.of.memory;
    instance->base.memory = wasmtime_memory_data(instance->store_context, &instance->memory);
    instance->can_grow = instance->loaded->info->has_memory_size;
    refresh_memory_size(instance);
    return AU_OK;
}

static enum au_err instantiate(struct instance *instance)
{
    struct au_engine *engine = instance->engine;
    instance->store = wasmtime_store_new(engine->wasm, NULL, NULL);
    instance->store_context = wasmtime_store_context(instance->store);
    wasmtime_store_limiter(instance->store, MEMORY_SIZE_MAX, AU_TABLE_SIZE_MAX, 1, 1, 1);

    wasm_trap_t *trap = NULL;
    struct instance *outer = enter(instance); /* a module that runs as it is may have a start */
    wasmtime_error_t *error = wasmtime_instance_pre_instantiate(
        instance->loaded->pre, instance->store_context, &instance->handle, &trap);
    running = outer;
    AU_TRY(check_end(error, trap));
    if (engine->is_metered) AU_TRY(find_counters(instance));
    return instance->loaded->info->has_memory ? find_memory(instance) : AU_OK;
}

enum au_err au_instance_open(struct au_loaded *loaded, int64_t steps, void *context,
                             struct au_instance **out_instance)
{
    AU_ASSERT(steps >= 0);
    if (!au_machine_has_stack(STACK_SIZE_MIN)) return AU_ERR_UNSUPPORTED;

    struct instance *instance = take_slot(loaded->engine);
    *instance = (struct instance){
        .base = {.context = context, .steps_left = steps},
        .engine = loaded->engine,
        .loaded = loaded,
    };
    enum au_err err = instantiate(instance);
    if (err != AU_OK) {
        au_instance_close(&instance->base);
        return err;
    }
    *out_instance = &instance->base;
    return AU_OK;
}

void au_instance_close(struct au_instance *base)
{
    struct instance *instance = (struct instance *)base;
    wasmtime_store_delete(instance->store);
    give_slot(instance->engine, instance);
}

enum au_err au_instance_grow(struct au_instance *base, uint32_t pages)
{
    struct instance *instance = (struct instance *)base;
    AU_ASSERT(base->memory != NULL);
    AU_ASSERT(pages <= AU_PAGES_MAX - base->memory_size / AU_PAGE_SIZE);

    uint64_t old_pages = 0;
    wasmtime_error_t *error =
        wasmtime_memory_grow(instance->store_context, &instance->memory, pages, &old_pages);
    AU_TRY(check_end(error, NULL));
    AU_ASSERT(old_pages == base->memory_size / AU_PAGE_SIZE);
    refresh_memory_size(instance);
    return AU_OK;
}

/* ---- calls ------------------------------------------------------------------------------ */

static int64_t read_counter(const struct instance *instance, const wasmtime_global_t *global)
{
    wasmtime_val_t value;
    wasmtime_global_get(instance->store_context, global, &value);
    return value.kind == WASMTIME_I64 ? value.of.i64 : value.of.i32;
}

static enum au_err write_gas(struct instance *instance)
{
    wasmtime_val_t value = {.kind = WASMTIME_I64, .of = {.i64 = instance->base.steps_left}};
    return check_end(wasmtime_global_set(instance->store_context, &instance->gas, &value), NULL);
}

static enum au_err run(struct instance *instance, struct au_bytes name, union au_value *values,
                       size_t value_count, struct au_verdict *out_verdict)
{
    AU_ASSERT(!instance->is_over);
    instance->is_over = true;

    wasmtime_extern_t item;
    if (!find_export(instance, name, WASMTIME_EXTERN_FUNC, &item)) return AU_ERR_ENGINE;
    if (instance->engine->is_metered) AU_TRY(write_gas(instance));

    wasm_trap_t *trap = NULL;
    struct instance *outer = enter(instance);
    wasmtime_error_t *error = wasmtime_func_call_unchecked(instance->store_context, &item.of.func,
                                                           (void *)values, value_count, &trap);
    running = outer;
    struct au_frame_end end = take_end(error, trap);
    end.steps_left = instance->base.steps_left;
    if (instance->engine->is_metered) {
        end.steps_left = read_counter(instance, &instance->gas);
        end.units_left = (int32_t)read_counter(instance, &instance->stack);
    }
    AU_TRY(au_verdict_of(&instance->base, &end, out_verdict));
    if (instance->base.memory != NULL) refresh_memory_size(instance);
    instance->is_over = out_verdict->outcome != AU_OUTCOME_SUCCESS;
    return AU_OK;
}

enum au_err au_instance_start(struct au_instance *base, enum au_outcome *out_outcome,
                              uint32_t *out_detail)
{
    struct instance *instance = (struct instance *)base;
    struct au_verdict verdict = {AU_OUTCOME_SUCCESS, 0};
    /* A module that runs as it is has been started by the engine. */
    if (instance->loaded->info->has_start && instance->engine->is_metered) {
        union au_value none = {0};
        AU_TRY(run(instance, au_bytes_of(AU_EXPORT_START), &none, 0, &verdict));
    }
    *out_outcome = verdict.outcome;
    *out_detail = verdict.detail;
    return AU_OK;
}

enum au_err au_instance_call(struct au_instance *base, const struct au_export *export_,
                             union au_value *values, enum au_outcome *out_outcome,
                             uint32_t *out_detail)
{
    struct instance *instance = (struct instance *)base;
    const struct au_func_type *type = export_->type;
    size_t count = type->param_count > type->result_count ? type->param_count : type->result_count;
    struct au_verdict verdict;
    AU_TRY(run(instance, export_->name, values, count, &verdict));
    *out_outcome = verdict.outcome;
    *out_detail = verdict.detail;
    return AU_OK;
}
