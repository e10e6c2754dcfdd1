/* Running: calls of contracts into the host, instances, calls into contracts. */
#include "base/lock.h"
#include "vm/engine_config.h"
#include "vm/engine_parts.h"
#include "vm/limits.h"
#include "vm/machine.h"
#include "vm/verdict.h"

/* The engine gives the memory of an instance that is closed to one that is opened.
 * ThreadSanitizer does not see how it synchronises that, and is told. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#include <sanitizer/tsan_interface.h>
#define TELL_GIVEN(engine) __tsan_release(engine)
#define TELL_TAKEN(engine) __tsan_acquire(engine)
#endif
#endif
#ifndef TELL_GIVEN
#define TELL_GIVEN(engine) ((void)(engine))
#define TELL_TAKEN(engine) ((void)(engine))
#endif

_Static_assert(sizeof(union au_value) == sizeof(wasmtime_val_raw_t), "one is used as the other");
_Static_assert(_Alignof(union au_value) == _Alignof(wasmtime_val_raw_t), "likewise");

/* ---- host calls ------------------------------------------------------------------------- */

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

/* The price, then the handler. false: the frame ends. */
static inline bool serve(struct instance *instance, const struct host_binding *binding,
                         union au_value *args)
{
    const struct au_host_entry *entry = binding->entry;
    /* Contract code tests the counter at some points only: it may be below 0 already. */
    int64_t steps_left = args[binding->param_count].i64;
    int64_t price = au_host_price(entry, args);
    if (steps_left < price) {
        instance->base.steps_left = 0;
        (void)au_instance_end(&instance->base, AU_OUTCOME_OUT_OF_GAS, 0);
        return false;
    }
    instance->base.steps_left = steps_left - price;
    if (!run_handler(instance, entry, args)) return false;
    args[binding->result_count].i64 = instance->base.steps_left;
    return true;
}

static bool serve_watched(struct instance *instance, const struct host_binding *binding,
                          union au_value *args)
{
    const struct au_host_watch *watch = instance->base.watch;
    int64_t steps_left = args[binding->param_count].i64;
    if (instance->can_grow) refresh_memory_size(instance);
    watch->begins(watch->context, &instance->base, binding->entry, args, steps_left);
    bool goes_on = serve(instance, binding, args);
    watch->ends(watch->context, &instance->base, goes_on ? args : NULL);
    return goes_on;
}

wasm_trap_t *engine_call_host(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t count)
{
    (void)count;
    const struct host_binding *binding = env;
    (void)caller;
    struct instance *instance = running;
    AU_ASSERT(instance != NULL);
    union au_value *args = (void *)raw;
    bool goes_on = instance->base.watch == NULL ? serve(instance, binding, args)
                                                : serve_watched(instance, binding, args);
    return goes_on ? NULL : stop();
}

wasm_trap_t *engine_call_tell(void *env, wasmtime_caller_t *caller, wasmtime_val_raw_t *raw,
                              size_t count)
{
    (void)env;
    (void)caller;
    (void)count;
    const struct au_host_watch *watch = running->base.watch;
    int32_t function = raw[0].i32;
    int64_t steps_left = raw[1].i64;
    bool goes_on = false;
    if (watch != NULL) {
        goes_on = function >= 0 ? watch->enters(watch->context, (uint32_t)function, steps_left)
                                : watch->returns(watch->context, steps_left);
    }
    raw[0].i32 = goes_on;
    return NULL;
}

wasm_trap_t *engine_call_host_unmetered(void *env, wasmtime_caller_t *caller,
                                        wasmtime_val_raw_t *raw, size_t count)
{
    (void)count;
    const struct host_binding *binding = env;
    (void)caller;
    struct instance *instance = running;
    AU_ASSERT(instance != NULL);
    return run_handler(instance, binding->entry, (void *)raw) ? NULL : stop();
}

/* ---- instances -------------------------------------------------------------------------- */

/* Only who holds no instance waits for one: there are enough for those inside it. */
static struct instance *take_slot(struct au_engine *engine, bool is_outer)
{
    au_lock(&engine->pool_mutex);
    while (is_outer && engine->outer_count == engine->outer_max) {
        AU_ASSERT(pthread_cond_wait(&engine->pool_freed, &engine->pool_mutex) == 0);
    }
    struct instance *instance = engine->free_slots;
    AU_ASSERT(instance != NULL);
    engine->free_slots = instance->next_free;
    engine->open_count++;
    engine->outer_count += is_outer;
    au_unlock(&engine->pool_mutex);
    return instance;
}

static void give_slot(struct au_engine *engine, struct instance *instance)
{
    au_lock(&engine->pool_mutex);
    AU_ASSERT(engine->open_count > 0);
    engine->open_count--;
    engine->outer_count -= instance->is_outer;
    instance->next_free = engine->free_slots;
    engine->free_slots = instance;
    AU_ASSERT(pthread_cond_signal(&engine->pool_freed) == 0);
    au_unlock(&engine->pool_mutex);
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

/* A revert has its own words. */
static void take_trace(struct instance *instance, const wasm_trap_t *trap)
{
    struct au_instance *base = &instance->base;
    bool is_revert = base->has_ended && base->end_outcome == AU_OUTCOME_REVERTED;
    if (is_revert || !instance->engine->is_metered) return;
    wasm_frame_vec_t frames;
    wasm_trap_trace(trap, &frames);
    for (size_t i = 0; i < frames.size; i++) {
        au_trace_add(&base->trace, instance->loaded->info, wasm_frame_func_index(frames.data[i]),
                     wasm_frame_func_offset(frames.data[i]));
    }
    wasm_frame_vec_delete(&frames);
}

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
    TELL_TAKEN(engine);
    AU_TRY(check_end(error, trap));
    if (engine->is_metered) AU_TRY(find_counters(instance));
    return instance->loaded->info->has_memory ? find_memory(instance) : AU_OK;
}

enum au_err au_instance_open(struct au_loaded *loaded, int64_t steps, void *context,
                             struct au_instance **out_instance)
{
    AU_ASSERT(steps >= 0);
    if (!au_machine_has_stack(STACK_SIZE_MIN)) return AU_ERR_UNSUPPORTED;

    bool is_outer = running == NULL;
    struct instance *instance = take_slot(loaded->engine, is_outer);
    *instance = (struct instance){
        .base = {.context = context, .steps_left = steps},
        .engine = loaded->engine,
        .loaded = loaded,
        .is_outer = is_outer,
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
    TELL_GIVEN(instance->engine);
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
    if (trap != NULL) take_trace(instance, trap);
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
