#include "differential/run.h"

#include <stdio.h>

#include "crypto/sha256.h"
#include "model/model.h"
#include "model/probe.h"
#include "vm/limits.h"

#define ENGINE_CACHE   (4u << 20)
#define LINE_SIZE_MAX  (64u << 20)
#define CODE_SIZE_MAX  (1u << 20)
#define STEPS_MAX      1000000
#define FUNCTIONS_MAX  6u
#define BRIEF_SIZE_MAX 64u /* more bytes are told by their hash */

/* A module in all its forms. */
struct subject {
    const struct au_module_info *info;
    struct au_loaded
        *loaded[RUNNER_ENGINES + 1]; /* the last: the traced form, in the first engine */
    struct au_model *model;
    uint32_t probe_count;
};

/* What is run. */
struct plan {
    const struct au_export *function;
    union au_value args[AU_PARAMS_MAX];
    int64_t limit;
    bool is_view;
};

/* How a run ended. The world has the rest. */
struct end {
    enum au_err err;
    enum au_outcome outcome;
    uint32_t detail;
    int64_t steps_left;
    struct au_bytes memory; /* until the instance is closed */
    union au_value values[AU_PARAMS_MAX];
    union au_value globals[AU_PROBES_MAX]; /* after success only */
};

/* ---- what a run leaves behind ---------------------------------------------------------------- */

static void put_number(struct au_json_write *json, const char *key, uint64_t number)
{
    au_json_write_key(json, key);
    au_json_write_u64(json, number);
}

static void put_brief(struct au_json_write *json, struct au_bytes bytes)
{
    struct au_hash hash;
    if (bytes.size > BRIEF_SIZE_MAX) {
        hash = au_sha256(bytes);
        bytes = (struct au_bytes){hash.bytes, sizeof(hash.bytes)};
    }
    au_json_write_hex(json, bytes);
}

static size_t value_size(uint8_t type)
{
    return type == AU_TYPE_I64 || type == AU_TYPE_F64 ? 8 : 4;
}

static void put_values(struct au_json_write *json, const char *key, const union au_value *values,
                       const uint8_t *types, size_t count)
{
    au_json_write_key(json, key);
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++)
        au_json_write_hex(json, (struct au_bytes){values[i].bytes, value_size(types[i])});
    au_json_write_end_array(json);
}

/* The hash of all pages that hold something, each after its number. */
static void put_memory(struct au_json_write *json, struct au_bytes memory)
{
    static const uint8_t zeros[AU_PAGE_SIZE];
    uint32_t numbers[AU_PAGES_MAX];
    struct au_bytes parts[2 * AU_PAGES_MAX];
    size_t count = 0;
    uint32_t pages = (uint32_t)(memory.size / AU_PAGE_SIZE);
    AU_ASSERT(pages <= AU_PAGES_MAX);
    for (uint32_t i = 0; i < pages; i++) {
        const uint8_t *page = memory.data + (size_t)i * AU_PAGE_SIZE;
        if (memcmp(page, zeros, AU_PAGE_SIZE) == 0) continue;
        numbers[count / 2] = i;
        parts[count] = (struct au_bytes){(const uint8_t *)&numbers[count / 2], sizeof(numbers[0])};
        parts[count + 1] = (struct au_bytes){page, AU_PAGE_SIZE};
        count += 2;
    }
    struct au_hash hash = au_sha256_parts(parts, count);
    au_json_write_key(json, "pages");
    au_json_write_u32(json, pages);
    au_json_write_key(json, "memory");
    au_json_write_hex(json, (struct au_bytes){hash.bytes, sizeof(hash.bytes)});
}

static const struct au_export *getter_of(const struct subject *subject, uint32_t global)
{
    char name[16];
    au_probe_name(global, name);
    const struct au_export *getter = au_module_info_export(subject->info, au_bytes_of(name));
    AU_ASSERT(getter != NULL);
    return getter;
}

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {"f64", "f32", "i64", "i32"};
    return names[type - AU_TYPE_F64];
}

static void put_global_types(struct au_json_write *json, const struct subject *subject)
{
    au_json_write_key(json, "global_types");
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < subject->probe_count; i++)
        au_json_write_text(json, type_name(getter_of(subject, i)->type->results[0]));
    au_json_write_end_array(json);
}

static void put_globals(struct au_json_write *json, const struct subject *subject,
                        const union au_value *globals)
{
    au_json_write_key(json, "globals");
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < subject->probe_count; i++) {
        size_t size = value_size(getter_of(subject, i)->type->results[0]);
        au_json_write_hex(json, (struct au_bytes){globals[i].bytes, size});
    }
    au_json_write_end_array(json);
}

/* All that changed, as it is now. */
static void put_changes(struct au_json_write *json, const struct world *world)
{
    struct au_change change;
    size_t cursor = 0;
    au_json_write_key(json, "changes");
    au_json_write_begin_array(json);
    while (au_overlay_next_change(&world->overlay, world->before, &cursor, &change)) {
        au_json_write_begin_array(json);
        if (!change.is_slot) {
            au_json_write_hex(json, (struct au_bytes){change.address->bytes, AU_ADDRESS_SIZE});
            au_json_write_u64(json, change.account_after.balance);
        } else {
            au_json_write_hex(json, change.key);
            if (change.slot_after.exists) {
                put_brief(json, change.slot_after.value);
            } else {
                au_json_write_null(json);
            }
        }
        au_json_write_end_array(json);
    }
    au_json_write_end_array(json);
}

static void put_world(struct au_json_write *json, const struct world *world)
{
    au_json_write_key(json, "logs");
    put_brief(json, au_buf_bytes(&world->logs));
    au_json_write_key(json, "events");
    put_brief(json, au_buf_bytes(&world->events));
    au_json_write_key(json, "output");
    if (world->frame.has_output) {
        put_brief(json, world->frame.output);
    } else {
        au_json_write_null(json);
    }
    au_json_write_key(json, "revert_code");
    au_json_write_u32(json, world->frame.revert_code);
    put_changes(json, world);
}

static void put_end(struct au_json_write *json, const struct subject *subject,
                    const struct world *world, const struct plan *plan, const struct end *end)
{
    const struct au_func_type *type = plan->function->type;
    au_json_write_begin_object(json);
    au_json_write_key(json, "outcome");
    au_json_write_u32(json, (uint32_t)end->outcome);
    au_json_write_key(json, "detail");
    au_json_write_u32(json, end->detail);
    put_number(json, "steps_left", (uint64_t)end->steps_left);
    put_world(json, world);
    put_memory(json, end->memory);
    if (end->outcome == AU_OUTCOME_SUCCESS) {
        put_values(json, "results", end->values, type->results, type->result_count);
        put_globals(json, subject, end->globals);
    }
    au_json_write_end_object(json);
}

/* The engine did what it may not do: so says the line. */
static void put_fault(struct au_json_write *json, enum au_err err)
{
    au_json_write_begin_object(json);
    au_json_write_key(json, "fault");
    au_json_write_text(json, au_err_name(err));
    au_json_write_end_object(json);
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* Reads every global through its function, which takes steps of its own. */
static void read_globals(const struct subject *subject, struct au_instance *instance,
                         union au_value *globals)
{
    for (uint32_t i = 0; i < subject->probe_count; i++) {
        enum au_outcome outcome;
        uint32_t detail;
        instance->steps_left = 10;
        enum au_err err =
            au_instance_call(instance, getter_of(subject, i), &globals[i], &outcome, &detail);
        AU_ASSERT(err == AU_OK && outcome == AU_OUTCOME_SUCCESS);
    }
}

static void run_instance(const struct subject *subject, struct au_instance *instance,
                         const struct plan *plan, struct end *end)
{
    end->err = au_instance_start(instance, &end->outcome, &end->detail);
    if (end->err == AU_OK && end->outcome == AU_OUTCOME_SUCCESS) {
        end->err =
            au_instance_call(instance, plan->function, end->values, &end->outcome, &end->detail);
    }
    end->steps_left = instance->steps_left;
    end->memory = (struct au_bytes){instance->memory, instance->memory_size};
    if (end->err == AU_OK && end->outcome == AU_OUTCOME_SUCCESS) {
        read_globals(subject, instance, end->globals);
    }
}

/* Each writes an object for the end of one run. */
static struct end run_in_engine(struct runner *runner, const struct subject *subject, size_t form,
                                const struct plan *plan, struct au_json_write *json)
{
    struct end end = {0};
    struct au_instance *instance;
    memcpy(end.values, plan->args, sizeof(end.values));
    world_begin(&runner->world, plan->is_view);
    enum au_err err =
        au_instance_open(subject->loaded[form], plan->limit, &runner->world.frame, &instance);
    AU_ASSERT(err == AU_OK);
    run_instance(subject, instance, plan, &end);
    if (end.err == AU_OK) {
        put_end(json, subject, &runner->world, plan, &end);
    } else {
        put_fault(json, end.err);
    }
    au_instance_close(instance);
    return end;
}

static void run_in_model(struct runner *runner, const struct subject *subject,
                         const struct plan *plan, struct au_json_write *json)
{
    struct end end = {0};
    memcpy(end.values, plan->args, sizeof(end.values));
    world_begin(&runner->world, plan->is_view);
    struct au_model_instance *instance =
        au_model_instance_open(subject->model, plan->limit, &runner->world.frame);
    AU_ASSERT(instance != NULL);
    struct au_model_end ran = au_model_start(instance);
    if (ran.outcome == AU_OUTCOME_SUCCESS) {
        ran = au_model_call(instance, plan->function->name, end.values);
    }
    end.outcome = ran.outcome;
    end.detail = ran.detail;
    end.steps_left = ran.steps_left;
    end.memory = au_model_memory(instance);
    for (uint32_t i = 0; i < subject->probe_count; i++)
        end.globals[i].u64 = au_model_global(instance, i);
    put_end(json, subject, &runner->world, plan, &end);
    au_model_instance_close(instance);
}

static void put_plan(struct au_json_write *json, const struct plan *plan)
{
    const struct au_func_type *type = plan->function->type;
    au_json_write_key(json, "function");
    au_json_write_bytes(json, plan->function->name);
    au_json_write_key(json, "params");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < type->param_count; i++)
        au_json_write_text(json, type_name(type->params[i]));
    au_json_write_end_array(json);
    au_json_write_key(json, "result_types");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < type->result_count; i++)
        au_json_write_text(json, type_name(type->results[i]));
    au_json_write_end_array(json);
    put_values(json, "args", plan->args, type->params, type->param_count);
    put_number(json, "limit", (uint64_t)plan->limit);
    au_json_write_key(json, "is_view");
    au_json_write_bool(json, plan->is_view);
}

/* Runs in the plain engine, in the traced form and in the model, and writes what they say if it is
 * not the text of the optimising engine. */
static void put_others(struct runner *runner, const struct subject *subject,
                       const struct plan *plan, struct au_json_write *json, size_t text_size)
{
    static const char *const keys[] = {"plain_end", "traced_end", "model_end"};
    struct au_buf *line = &runner->line;
    size_t text_at = line->size - text_size;
    for (size_t i = 0; i < AU_COUNT_OF(keys); i++) {
        struct au_json_write before = *json;
        size_t size = line->size;
        au_json_write_key(json, keys[i]);
        size_t start = line->size;
        if (i < RUNNER_ENGINES) {
            (void)run_in_engine(runner, subject, 1 + i, plan, json);
        } else {
            run_in_model(runner, subject, plan, json);
        }
        AU_ASSERT(line->err == AU_OK);
        struct au_bytes first = {line->data + text_at, text_size};
        struct au_bytes other = {line->data + start, line->size - start};
        if (!au_bytes_is_equal(first, other)) continue;
        *json = before;
        line->size = size;
    }
}

/* Runs everywhere and writes an object. Gives how the run ended in the optimising engine. */
static struct end put_run(struct runner *runner, const struct subject *subject,
                          const struct plan *plan, struct au_json_write *json)
{
    au_json_write_begin_object(json);
    put_plan(json, plan);
    au_json_write_key(json, "end");
    size_t start = runner->line.size;
    struct end end = run_in_engine(runner, subject, 0, plan, json);
    put_others(runner, subject, plan, json, runner->line.size - start);
    au_json_write_end_object(json);
    return end;
}

/* No NaN: its bits do not survive the way into other engines. */
static void make_args(struct dice *dice, struct plan *plan)
{
    static const int64_t numbers[] = {0, 1, 7, -1, 100, INT64_MIN, 0x7fffffff, 4096};
    static const double fractions[] = {0.0, 1.0, 7.25, -1.5, 1e30, -0.0, 0x1p31, 3e-40};
    memset(plan->args, 0, sizeof(plan->args));
    for (size_t i = 0; i < plan->function->type->param_count; i++) {
        double wide = DICE_PICK(dice, fractions);
        float narrow = (float)wide;
        switch (plan->function->type->params[i]) {
        case AU_TYPE_F32: memcpy(plan->args[i].bytes, &narrow, sizeof(narrow)); break;
        case AU_TYPE_F64: memcpy(plan->args[i].bytes, &wide, sizeof(wide)); break;
        case AU_TYPE_I32: plan->args[i].i32 = (int32_t)DICE_PICK(dice, numbers); break;
        default: plan->args[i].i64 = DICE_PICK(dice, numbers); break;
        }
    }
}

/* A function runs with much gas, and then often with less than it needs. */
static void put_function_runs(struct runner *runner, const struct subject *subject,
                              const struct au_export *function, struct au_json_write *json)
{
    struct plan plan = {.function = function, .limit = STEPS_MAX};
    make_args(&runner->dice, &plan);
    plan.is_view = dice_one_in(&runner->dice, 8);
    struct end end = put_run(runner, subject, &plan, json);
    int64_t need = plan.limit - end.steps_left;
    if (end.err != AU_OK || need < 2 || !dice_one_in(&runner->dice, 2)) return;
    plan.limit = (int64_t)(dice_next(&runner->dice) % (uint64_t)need);
    (void)put_run(runner, subject, &plan, json);
}

static bool is_probe(const struct au_export *function)
{
    return function->name.size > 7 && memcmp(function->name.data, "global ", 7) == 0;
}

static void put_runs(struct runner *runner, const struct subject *subject,
                     struct au_json_write *json)
{
    size_t count = 0;
    au_json_write_key(json, "runs");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < subject->info->export_count && count < FUNCTIONS_MAX; i++) {
        if (is_probe(&subject->info->exports[i])) continue;
        put_function_runs(runner, subject, &subject->info->exports[i], json);
        count++;
    }
    au_json_write_end_array(json);
}

/* ---- modules --------------------------------------------------------------------------------- */

static void put_prepared(struct au_json_write *json, struct au_bytes code)
{
    struct au_buf prepared;
    struct au_module_info *info;
    struct au_reject reject;
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    enum au_err err = au_module_prepare(code, &au_host_env, &prepared, &info, &reject);
    AU_ASSERT(err == AU_OK);
    au_json_write_key(json, "prepared");
    au_json_write_hex(json, au_buf_bytes(&prepared));
    au_module_info_free(info);
    au_buf_done(&prepared);
}

static bool load(struct runner *runner, struct subject *subject, struct au_bytes code,
                 struct au_json_write *json)
{
    for (size_t i = 0; i <= RUNNER_ENGINES; i++) {
        struct au_reject reject = {0};
        struct au_loaded **loaded = &subject->loaded[i];
        enum au_err err = i < RUNNER_ENGINES
                              ? au_engine_load(runner->engines[i], code, loaded, &reject)
                              : au_engine_load_traced(runner->engines[0], code, loaded, &reject);
        if (err == AU_OK && *loaded == NULL) err = AU_ERR_ENGINE;
        if (err == AU_OK) continue;
        char message[512];
        (void)snprintf(message, sizeof(message), "%s: %s: %s", au_err_name(err), reject.rule,
                       reject.message);
        au_json_write_key(json, "refused");
        au_json_write_text(json, message);
        return false;
    }
    subject->info = au_loaded_info(subject->loaded[0]);
    enum au_err err = au_model_new(code, &au_host_env, &subject->model);
    AU_ASSERT(err == AU_OK);
    return true;
}

void runner_run(struct runner *runner, const char *name, struct au_bytes code)
{
    struct subject subject = {0};
    struct au_json_write json;
    struct au_buf probed;
    struct au_hash hash = au_sha256(code);
    memcpy(&runner->dice.state, hash.bytes, sizeof(runner->dice.state));
    au_buf_clear(&runner->line);
    au_json_write_init(&json, &runner->line, AU_JSON_WRITE_COMPACT);
    au_json_write_begin_object(&json);
    au_json_write_key(&json, "name");
    au_json_write_text(&json, name);
    au_json_write_key(&json, "code");
    au_json_write_hex(&json, code);

    au_buf_init(&probed, CODE_SIZE_MAX);
    subject.probe_count = au_probe_globals(code, &probed);
    AU_ASSERT(probed.err == AU_OK);
    if (subject.probe_count > 0) code = au_buf_bytes(&probed);
    if (load(runner, &subject, code, &json)) {
        put_global_types(&json, &subject);
        put_prepared(&json, code);
        put_runs(runner, &subject, &json);
    }
    au_json_write_end_object(&json);
    au_json_write_finish(&json);
    AU_ASSERT(runner->line.err == AU_OK);
    au_model_free(subject.model);
    for (size_t i = 0; i <= RUNNER_ENGINES; i++) {
        if (subject.loaded[i] != NULL) au_loaded_release(subject.loaded[i]);
    }
    au_buf_done(&probed);
}

enum au_err runner_init(struct runner *runner)
{
    *runner = (struct runner){0};
    for (size_t i = 0; i < RUNNER_ENGINES; i++) {
        struct au_engine_options options = {
            .instances_max = 1, .cache_size = ENGINE_CACHE, .optimize_none = i == 1};
        enum au_err err = au_engine_new(&options, &au_host_env, &runner->engines[i]);
        if (err == AU_OK) continue;
        au_engine_free(runner->engines[0]);
        return err;
    }
    world_init(&runner->world);
    au_buf_init(&runner->line, LINE_SIZE_MAX);
    return AU_OK;
}

void runner_done(struct runner *runner)
{
    au_buf_done(&runner->line);
    world_done(&runner->world);
    for (size_t i = 0; i < RUNNER_ENGINES; i++)
        au_engine_free(runner->engines[i]);
}
