#include "model/compare.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "model/compare_blocks.h"
#include "model/model.h"
#include "model/probe.h"
#include "model/test_host.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define ENGINE_COUNT 2u
#define FORM_COUNT   3u /* the last one is the traced form in the first engine */
#define ENGINE_CACHE (16u << 20)
#define MODULE_MAX   (1u << 20)

#define STAIRCASE_PAGES_MAX 4u

static const char *const form_names[FORM_COUNT] = {"optimised", "plain", "traced"};

struct au_compare {
    struct au_compare_options options;
    struct au_compare_counts counts;
    struct au_engine *engines[ENGINE_COUNT];
    uint64_t random;
};

/* A module in all its forms. */
struct subject {
    const char *label;
    struct au_loaded *loaded[FORM_COUNT];
    struct au_model *model;
    uint32_t probe_count;
};

/* One run: what goes in, and what came out. */
struct run {
    const struct au_export *function;
    uint32_t argument_set;
    int64_t limit;
    struct au_model_end end;
    union au_value values[AU_PARAMS_MAX];
    struct au_test_record record;
};

/* ---- Running -------------------------------------------------------------------------------- */

static bool is_wide(uint8_t type)
{
    return type == AU_TYPE_I64 || type == AU_TYPE_F64;
}

static void set_arguments(struct run *run)
{
    static const int64_t numbers[] = {0, 1, 7, -1, 100};
    static const double fractions[] = {0.0, 1.0, 7.25, -1.5, 1e30};
    uint32_t set = run->argument_set % (uint32_t)AU_COUNT_OF(numbers);
    memset(run->values, 0, sizeof(run->values));
    for (uint32_t i = 0; i < run->function->type->param_count; i++) {
        float narrow = (float)(fractions[set] + (double)i);
        double wide = fractions[set] - (double)i;
        switch (run->function->type->params[i]) {
        case AU_TYPE_F32: memcpy(run->values[i].bytes, &narrow, sizeof(narrow)); break;
        case AU_TYPE_F64: memcpy(run->values[i].bytes, &wide, sizeof(wide)); break;
        case AU_TYPE_I32: run->values[i].u32 = (uint32_t)numbers[set] + i; break;
        default: run->values[i].u64 = (uint64_t)numbers[set] + i; break;
        }
    }
}

static struct au_model_instance *run_model(const struct subject *subject, struct run *run)
{
    set_arguments(run);
    run->record = (struct au_test_record){0};
    struct au_model_instance *instance =
        au_model_instance_open(subject->model, run->limit, &run->record);
    AU_ASSERT(instance != NULL);
    run->end = au_model_start(instance);
    if (run->end.outcome == AU_OUTCOME_SUCCESS) {
        run->end = au_model_call(instance, run->function->name, run->values);
    }
    return instance;
}

/* What the traced form has told so far. */
struct told {
    uint64_t depth;
    int64_t steps_left;
};

/* The counter never rises but by what a test was below zero. */
static void tell_steps(struct told *told, int64_t steps_left)
{
    AU_ASSERT(steps_left <= told->steps_left);
    told->steps_left = steps_left;
}

static bool tell_enters(void *context, uint32_t function, int64_t steps_left)
{
    struct told *told = context;
    (void)function;
    tell_steps(told, steps_left);
    told->depth++;
    return true;
}

static bool tell_returns(void *context, int64_t steps_left)
{
    struct told *told = context;
    tell_steps(told, steps_left);
    AU_ASSERT(told->depth > 0);
    told->depth--;
    return true;
}

static void tell_begins(void *context, const struct au_instance *instance,
                        const struct au_host_entry *entry, const union au_value *args,
                        int64_t steps_left)
{
    (void)instance;
    (void)entry;
    (void)args;
    tell_steps(context, steps_left);
}

static void tell_ends(void *context, const struct au_instance *instance,
                      const union au_value *results)
{
    if (results != NULL) tell_steps(context, instance->steps_left);
}

/* NULL: the engine reported a fault of the node. */
static struct au_instance *run_engine(struct au_loaded *loaded, struct run *run)
{
    struct told told = {.steps_left = run->limit};
    struct au_host_watch watch = {&told, tell_begins, tell_ends, tell_enters, tell_returns};
    set_arguments(run);
    run->record = (struct au_test_record){0};
    struct au_instance *instance;
    if (au_instance_open(loaded, run->limit, &run->record, &instance) != AU_OK) return NULL;
    if (au_loaded_info(loaded)->names != NULL) instance->watch = &watch;
    enum au_err err = au_instance_start(instance, &run->end.outcome, &run->end.detail);
    if (err == AU_OK && run->end.outcome == AU_OUTCOME_SUCCESS) {
        err = au_instance_call(instance, run->function, run->values, &run->end.outcome,
                               &run->end.detail);
    }
    run->end.steps_left = instance->steps_left;
    instance->watch = NULL;
    if (err == AU_OK) {
        AU_ASSERT(run->end.outcome != AU_OUTCOME_SUCCESS || told.depth == 0);
        return instance;
    }
    fprintf(stderr, "# the engine says %s\n", au_err_name(err));
    au_instance_close(instance);
    return NULL;
}

/* ---- Comparing ------------------------------------------------------------------------------ */

static bool differ(const struct subject *subject, const struct run *run, const char *engine,
                   const char *what, uint64_t model_value, uint64_t engine_value)
{
    fprintf(stderr,
            "# %s: %.*s, arguments %u, limit %" PRId64 ": %s: the model has %" PRIu64 " (%#" PRIx64
            "), the %s engine %" PRIu64 " (%#" PRIx64 ")\n",
            subject->label, (int)run->function->name.size, (const char *)run->function->name.data,
            run->argument_set, run->limit, what, model_value, model_value, engine, engine_value,
            engine_value);
    return false;
}

static bool compare_ends(const struct subject *subject, const struct run *model,
                         const struct run *engine, const char *name)
{
    const struct {
        const char *what;
        uint64_t model;
        uint64_t engine;
    } facts[] = {
        {"outcome", model->end.outcome, engine->end.outcome},
        {"detail", model->end.detail, engine->end.detail},
        {"steps left", (uint64_t)model->end.steps_left, (uint64_t)engine->end.steps_left},
        {"host calls", model->record.call_count, engine->record.call_count},
        {"digest of host calls", model->record.digest, engine->record.digest},
    };
    for (size_t i = 0; i < AU_COUNT_OF(facts); i++) {
        if (facts[i].model == facts[i].engine) continue;
        return differ(subject, model, name, facts[i].what, facts[i].model, facts[i].engine);
    }
    if (model->end.outcome != AU_OUTCOME_SUCCESS) return true;
    for (uint32_t i = 0; i < model->function->type->result_count; i++) {
        bool wide = is_wide(model->function->type->results[i]);
        uint64_t model_value = model->values[i].u64;
        uint64_t engine_value = wide ? engine->values[i].u64 : engine->values[i].u32;
        if (model_value == engine_value) continue;
        return differ(subject, model, name, "result", model_value, engine_value);
    }
    return true;
}

static bool compare_memory(const struct subject *subject, const struct run *run,
                           const struct au_model_instance *model, const struct au_instance *engine,
                           const char *name)
{
    struct au_bytes expected = au_model_memory(model);
    if (expected.size != engine->memory_size) {
        return differ(subject, run, name, "memory size", expected.size, engine->memory_size);
    }
    if (expected.size == 0 || memcmp(expected.data, engine->memory, expected.size) == 0)
        return true;
    size_t at = 0;
    while (expected.data[at] == engine->memory[at])
        at++;
    fprintf(stderr, "# the memories differ at %zu\n", at);
    return differ(subject, run, name, "memory", expected.data[at], engine->memory[at]);
}

/* Reads every global through its function. The calls need steps of their own. */
static bool compare_globals(const struct subject *subject, const struct run *run,
                            const struct au_model_instance *model, struct au_instance *engine,
                            const char *name)
{
    for (uint32_t i = 0; i < subject->probe_count; i++) {
        char probe[16];
        au_probe_name(i, probe);
        const struct au_export *getter =
            au_module_info_export(au_loaded_info(subject->loaded[0]), au_bytes_of(probe));
        AU_ASSERT(getter != NULL);
        union au_value value = {0};
        enum au_outcome outcome;
        uint32_t detail;
        engine->steps_left = 10;
        if (au_instance_call(engine, getter, &value, &outcome, &detail) != AU_OK) return false;
        if (outcome != AU_OUTCOME_SUCCESS) {
            return differ(subject, run, name, "reading a global", 0, (uint64_t)outcome);
        }
        bool wide = is_wide(au_model_global_type(model, i));
        uint64_t engine_value = wide ? value.u64 : value.u32;
        if (au_model_global(model, i) == engine_value) continue;
        return differ(subject, run, name, "a global", au_model_global(model, i), engine_value);
    }
    return true;
}

/* Runs everywhere at one limit. After out_of_gas memory and globals may differ: the engine
 * tests its counter at some blocks only, and what such a frame did is undone. */
static bool compare_run(struct au_compare *compare, const struct subject *subject, struct run *run)
{
    struct au_model_instance *model = run_model(subject, run);
    bool is_out_of_gas = run->end.outcome == AU_OUTCOME_OUT_OF_GAS;
    bool is_equal = true;
    for (uint32_t i = 0; i < FORM_COUNT && is_equal; i++) {
        struct run again = *run;
        struct au_instance *engine = run_engine(subject->loaded[i], &again);
        if (engine == NULL) {
            is_equal = differ(subject, run, form_names[i], "no verdict", run->end.outcome, 0);
            break;
        }
        is_equal = compare_ends(subject, run, &again, form_names[i]);
        if (is_equal && !is_out_of_gas) {
            is_equal = compare_memory(subject, run, model, engine, form_names[i]);
        }
        if (is_equal && run->end.outcome == AU_OUTCOME_SUCCESS) {
            is_equal = compare_globals(subject, run, model, engine, form_names[i]);
        }
        au_instance_close(engine);
    }
    au_model_instance_close(model);
    compare->counts.runs++;
    return is_equal;
}

/* What a run that ended by itself needs, it needs: with one step less it is out of gas. */
static bool check_limit(struct au_compare *compare, const struct subject *subject,
                        const struct run *whole, int64_t limit)
{
    int64_t need = whole->limit - whole->end.steps_left;
    struct run run = {
        .function = whole->function, .argument_set = whole->argument_set, .limit = limit};
    if (!compare_run(compare, subject, &run)) return false;
    if (run.record.has_asked_gas || whole->record.has_asked_gas) return true;
    enum au_outcome expected = limit < need ? AU_OUTCOME_OUT_OF_GAS : whole->end.outcome;
    if (run.end.outcome == expected) return true;
    return differ(subject, &run, "(model alone)", "outcome by the need", expected, run.end.outcome);
}

static bool compare_limits(struct au_compare *compare, const struct subject *subject,
                           const struct run *whole)
{
    int64_t need = whole->limit - whole->end.steps_left;
    /* Each run clears and compares the whole memory. */
    bool is_small = au_loaded_info(subject->loaded[0])->pages_min <= STAIRCASE_PAGES_MAX;
    if (is_small && need <= compare->options.staircase_max) {
        compare->counts.staircases++;
        for (int64_t limit = 0; limit <= need + 1; limit++) {
            if (!check_limit(compare, subject, whole, limit)) return false;
        }
        return true;
    }
    if (!check_limit(compare, subject, whole, need)) return false;
    uint32_t sample_count = need > 0 && is_small ? compare->options.sample_count : need > 0;
    for (uint32_t i = 0; i < sample_count; i++) {
        int64_t below =
            i == 0 ? 1 : 1 + (int64_t)(au_test_random(&compare->random) % (uint64_t)need);
        if (!check_limit(compare, subject, whole, need - below)) return false;
    }
    return true;
}

static bool compare_function(struct au_compare *compare, const struct subject *subject,
                             const struct au_export *function)
{
    uint32_t sets = function->type->param_count == 0 ? 1 : compare->options.argument_sets;
    for (uint32_t set = 0; set < sets; set++) {
        struct run run = {
            .function = function, .argument_set = set, .limit = compare->options.steps_max};
        if (!compare_run(compare, subject, &run)) return false;
        unsigned kind = (unsigned)run.end.outcome;
        compare->counts.ends[kind == 0 ? 0 : kind == 2 ? 1 : kind == 3 ? 2 : 3]++;
        if (!compare_limits(compare, subject, &run)) return false;
    }
    return true;
}

/* ---- Modules -------------------------------------------------------------------------------- */

static bool load(struct au_compare *compare, struct subject *subject, struct au_bytes code)
{
    struct au_reject reject;
    for (uint32_t i = 0; i < FORM_COUNT; i++) {
        struct au_loaded **loaded = &subject->loaded[i];
        enum au_err err = i < ENGINE_COUNT
                              ? au_engine_load(compare->engines[i], code, loaded, &reject)
                              : au_engine_load_traced(compare->engines[0], code, loaded, &reject);
        if (err == AU_OK && *loaded != NULL) continue;
        fprintf(stderr, "# %s: %s: %s: %s\n", subject->label, au_err_name(err), reject.rule,
                reject.message);
        return false;
    }
    enum au_err err = au_model_new(code, au_test_host(), &subject->model);
    if (err == AU_OK) return true;
    fprintf(stderr, "# %s: the model says %s\n", subject->label, au_err_name(err));
    return false;
}

static bool compare_all(struct au_compare *compare, struct subject *subject, struct au_bytes code)
{
    if (!load(compare, subject, code)) return false;
    compare->counts.modules++;
    const struct au_module_info *info = au_loaded_info(subject->loaded[0]);
    if (info->block_count != au_model_block_count(subject->model)) {
        fprintf(stderr, "# %s: metered blocks: the model has %u, the module %u\n", subject->label,
                au_model_block_count(subject->model), info->block_count);
        return false;
    }
    if (!au_compare_blocks(subject->label, code, subject->model)) return false;
    for (size_t i = 0; i < info->export_count; i++) {
        if (!compare_function(compare, subject, &info->exports[i])) return false;
    }
    return true;
}

bool au_compare_code(struct au_compare *compare, const char *label, struct au_bytes code)
{
    struct subject subject = {.label = label};
    struct au_buf probed;
    au_buf_init(&probed, MODULE_MAX);
    subject.probe_count = au_probe_globals(code, &probed);
    if (subject.probe_count > 0) code = au_buf_bytes(&probed);
    AU_ASSERT(probed.err == AU_OK);
    bool is_equal = compare_all(compare, &subject, code);
    for (uint32_t i = 0; i < FORM_COUNT; i++) {
        if (subject.loaded[i] != NULL) au_loaded_release(subject.loaded[i]);
    }
    au_model_free(subject.model);
    au_buf_done(&probed);
    return is_equal;
}

bool au_compare_text(struct au_compare *compare, const char *label, struct au_bytes text)
{
    struct au_buf code;
    char message[512] = "";
    au_buf_init(&code, MODULE_MAX);
    enum au_err err = au_engine_wat_to_wasm(text, &code, message, sizeof(message));
    bool is_equal = err == AU_OK && au_compare_code(compare, label, au_buf_bytes(&code));
    if (err != AU_OK) fprintf(stderr, "# %s: %s: %s\n", label, au_err_name(err), message);
    au_buf_done(&code);
    return is_equal;
}

struct au_compare *au_compare_new(const struct au_compare_options *options)
{
    struct au_compare *compare = au_mem_new(sizeof(*compare));
    if (compare == NULL) return NULL;
    compare->options = *options;
    for (uint32_t i = 0; i < ENGINE_COUNT; i++) {
        struct au_engine_options engine = {
            .instances_max = 1, .cache_size = ENGINE_CACHE, .optimize_none = i == 1};
        enum au_err err = au_engine_new(&engine, au_test_host(), &compare->engines[i]);
        if (err == AU_OK) continue;
        fprintf(stderr, "# no engine: %s\n", au_err_name(err));
        au_compare_free(compare);
        return NULL;
    }
    return compare;
}

void au_compare_free(struct au_compare *compare)
{
    if (compare == NULL) return;
    for (uint32_t i = 0; i < ENGINE_COUNT; i++)
        au_engine_free(compare->engines[i]);
    au_mem_free(compare);
}

const struct au_compare_counts *au_compare_counts(const struct au_compare *compare)
{
    return &compare->counts;
}
