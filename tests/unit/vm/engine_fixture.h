/* What the tests of the engine share: a host with one function per thing that a handler can do, and
 * a way to run WebAssembly text. */
#ifndef AUREON_TESTS_ENGINE_FIXTURE_H
#define AUREON_TESTS_ENGINE_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "cmocka_signals.h"
#include "vm/engine.h"
#include "vm/engine_internal.h"
#include "vm/limits.h"

#define FIXTURE_STEPS 1000000 /* that a run starts with */

#define FIXTURE_NOP_STEPS   100
#define FIXTURE_BYTES_STEPS 1000 /* and 20 per byte */

static enum au_host_next fixture_nop(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    (void)args;
    return AU_HOST_CONTINUE;
}

static enum au_host_next fixture_steps_left(struct au_instance *instance, union au_value *args)
{
    args[0].i64 = instance->steps_left;
    return AU_HOST_CONTINUE;
}

static enum au_host_next fixture_swap(struct au_instance *instance, union au_value *args)
{
    (void)instance;
    int32_t first = args[0].i32;
    args[0].i64 = args[1].i64;
    args[1].i32 = first;
    return AU_HOST_CONTINUE;
}

static enum au_host_next fixture_charge(struct au_instance *instance, union au_value *args)
{
    return au_instance_charge(instance, args[0].i64) ? AU_HOST_CONTINUE : AU_HOST_STOP;
}

static enum au_host_next fixture_end(struct au_instance *instance, union au_value *args)
{
    return au_instance_end(instance, (enum au_outcome)args[0].u32, args[1].u32);
}

static enum au_host_next fixture_reject(struct au_instance *instance, union au_value *args)
{
    (void)args;
    return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
}

static enum au_host_next fixture_fail(struct au_instance *instance, union au_value *args)
{
    (void)args;
    return au_instance_fail(instance, AU_ERR_IO);
}

static enum au_host_next fixture_memory_size(struct au_instance *instance, union au_value *args)
{
    args[0].i64 = (int64_t)instance->memory_size;
    return AU_HOST_CONTINUE;
}

/* What the instance's context is for the function callback: the test's own handler. */
struct fixture_callback {
    enum au_host_next (*run)(struct au_instance *instance, void *data);
    void *data;
};

static enum au_host_next fixture_callback(struct au_instance *instance, union au_value *args)
{
    (void)args;
    struct fixture_callback *callback = instance->context;
    return callback->run(instance, callback->data);
}

static const struct au_host_entry fixture_entries[] = {
    {"nop", 1, "", "", FIXTURE_NOP_STEPS, 0, 0, false, fixture_nop},
    {"steps_left", 2, "", "I", 0, 0, 0, false, fixture_steps_left},
    {"swap", 3, "iI", "Ii", 0, 0, 0, false, fixture_swap},
    {"bytes", 4, "iii", "", FIXTURE_BYTES_STEPS, 20, 0x6, false, fixture_nop},
    {"charge", 5, "I", "", 0, 0, 0, false, fixture_charge},
    {"end", 6, "ii", "", 10, 0, 0, false, fixture_end},
    {"reject", 7, "", "", 10, 0, 0, false, fixture_reject},
    {"fail", 8, "", "", 10, 0, 0, false, fixture_fail},
    {"memory_size", 9, "", "I", 0, 0, 0, false, fixture_memory_size},
    {"callback", 10, "", "", 0, 0, 0, false, fixture_callback},
};
static const struct au_host_table fixture_host = {"env", fixture_entries,
                                                  AU_COUNT_OF(fixture_entries)};

/* Starts an engine or fails the test. */
static inline struct au_engine *fixture_engine(uint32_t instances_max, uint64_t cache_size)
{
    struct au_engine_options options = {.instances_max = instances_max, .cache_size = cache_size};
    struct au_engine *engine = NULL;
    assert_int_equal(au_engine_new(&options, &fixture_host, &engine), AU_OK);
    return engine;
}

/* Loads WebAssembly text or fails the test. */
static inline struct au_loaded *fixture_load(struct au_engine *engine, const char *text)
{
    char message[256] = "";
    struct au_buf code;
    struct au_reject reject = {0};
    struct au_loaded *loaded = NULL;
    au_buf_init(&code, AU_CODE_SIZE_MAX);
    if (au_engine_wat_to_wasm(au_bytes_of(text), &code, message, sizeof message) != AU_OK) {
        fail_msg("%s", message);
    }
    if (au_engine_load(engine, au_buf_bytes(&code), &loaded, &reject) != AU_OK) {
        fail_msg("%s: %s", reject.rule, reject.message);
    }
    au_buf_done(&code);
    return loaded;
}

/* What became of a call. */
struct fixture_result {
    enum au_err err;
    enum au_outcome outcome;
    uint32_t detail;
    int64_t steps_left;
    union au_value values[4]; /* parameters in, results out */
};

static inline void fixture_call(struct au_instance *instance, const struct au_loaded *loaded,
                                const char *name, struct fixture_result *result)
{
    const struct au_export *export_ =
        au_module_info_export(au_loaded_info(loaded), au_bytes_of(name));
    assert_non_null(export_);
    result->err =
        au_instance_call(instance, export_, result->values, &result->outcome, &result->detail);
    result->steps_left = instance->steps_left;
}

/* Runs "run" of a module in a new instance. */
static inline struct fixture_result fixture_run(struct au_engine *engine, const char *text,
                                                int64_t steps, void *context)
{
    struct au_loaded *loaded = fixture_load(engine, text);
    struct fixture_result result = {0};
    struct au_instance *instance = NULL;
    assert_int_equal(au_instance_open(loaded, steps, context, &instance), AU_OK);
    fixture_call(instance, loaded, "run", &result);
    au_instance_close(instance);
    au_loaded_release(loaded);
    return result;
}

#endif
