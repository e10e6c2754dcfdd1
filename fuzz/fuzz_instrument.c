/* Fuzzes what the instrumenter promises of its output: the engine accepts it, it does what the
 * module did, and a run with less gas is the beginning of a run with more. The traced form does the
 * same for the same gas.
 *
 * The input is a module, or the seed of a contract (tests/differential) and changes to its bytes.
 * Host functions record their calls, and give results that depend on the arguments alone, so that
 * they are the same in a module that is not metered. */
#include "differential/contract.h"
#include "fuzz.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define TEXT_SIZE_MAX (4u << 20)
#define CODE_SIZE_MAX 32768u /* larger modules take the engine too long */
#define EDITS_MAX     8u
#define FUNCTIONS_MAX 6u
#define STEPS_MAX     20000
#define CALLS_MAX     8192u /* a call takes steps: more than a run can make */
#define LIMITS        4u    /* below the need, tried for each function */

/* The host calls of a run, in order. */
struct record {
    uint64_t calls[CALLS_MAX];
    size_t count;
};

struct end {
    struct record record;
    uint64_t results; /* and memory, where the engine shows it */
    int64_t steps;    /* used */
    enum au_outcome outcome;
    uint32_t detail;
    bool has_memory;
    uint64_t memory;
};

static struct au_engine *engines[2]; /* metered, plain */
static struct end ends[3];           /* with all gas; plain or traced; with less */

static enum au_host_next record_call(struct au_instance *instance, union au_value *args)
{
    struct record *record = instance->context;
    const struct au_host_entry *entry = instance->entry;
    uint64_t digest = fuzz_mix(0, entry->number);
    for (size_t i = 0; entry->params[i] != 0; i++) {
        digest = fuzz_mix(digest, entry->params[i] == 'I' ? args[i].u64 : args[i].u32);
    }
    AU_ASSERT(record->count < CALLS_MAX);
    record->calls[record->count++] = digest;
    if (entry->results[0] == 'I') args[0].u64 = digest;
    if (entry->results[0] == 'i') args[0].u32 = (uint32_t)digest & 0xff;
    return AU_HOST_CONTINUE;
}

/* A step for each call at least, so that runs end. */
static const struct au_host_entry entries[] = {
#define AU_HOST(number_, name_, params_, results_, gas_, byte_steps_, byte_args_, mode_) \
    {.name = #name_,                                                                     \
     .number = (number_),                                                                \
     .params = (params_),                                                                \
     .results = (results_),                                                              \
     .base_steps = (gas_),                                                               \
     .run = record_call},
#include "abi/host.def"
#undef AU_HOST
};
static const struct au_host_table host = {"env", entries, AU_COUNT_OF(entries)};

static void init(void)
{
    for (size_t i = 0; i < AU_COUNT_OF(engines); i++) {
        struct au_engine_options options = {
            .instances_max = 1, .optimize_none = true, .skip_instrumentation = i == 1};
        enum au_err err = au_engine_new(&options, &host, &engines[i]);
        AU_ASSERT(err == AU_OK);
    }
}

/* ---- the module ------------------------------------------------------------------------------ */

static void write_contract(uint64_t seed, struct au_buf *code)
{
    char message[512] = "";
    struct au_buf text;
    au_buf_init(&text, TEXT_SIZE_MAX);
    contract_write(seed, &text);
    enum au_err err = au_engine_wat_to_wasm(au_buf_bytes(&text), code, message, sizeof(message));
    if (err != AU_OK) fprintf(stderr, "%s\n", message);
    AU_ASSERT(err == AU_OK);
    au_buf_done(&text);
}

static void make_code(struct fuzz_input input, struct au_buf *code)
{
    static const uint8_t magic[] = {0, 'a', 's', 'm'};
    if (fuzz_left(&input) >= sizeof(magic) && memcmp(input.pos, magic, sizeof(magic)) == 0) {
        au_buf_put_bytes(code, fuzz_take(&input, fuzz_left(&input)));
        return;
    }
    write_contract(fuzz_number(&input, 4), code);
    for (unsigned i = 0; i < EDITS_MAX && fuzz_left(&input) > 0; i++) {
        size_t at = (size_t)fuzz_number(&input, 3) % code->size;
        code->data[at] ^= fuzz_u8(&input);
    }
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void make_args(const struct au_func_type *type, union au_value *values)
{
    memset(values, 0, sizeof(*values) * AU_PARAMS_MAX);
    for (size_t i = 0; i < type->param_count; i++)
        values[i].u64 = type->params[i] == AU_TYPE_I64 ? i * 77 : 3 + i;
}

static uint64_t mix_results(const struct au_func_type *type, const union au_value *values)
{
    uint64_t digest = 0;
    for (size_t i = 0; i < type->result_count; i++) {
        bool is_wide = type->results[i] == AU_TYPE_I64 || type->results[i] == AU_TYPE_F64;
        digest = fuzz_mix(digest, is_wide ? values[i].u64 : values[i].u32);
    }
    return digest;
}

static void run(struct au_loaded *loaded, const struct au_export *function, int64_t steps,
                struct end *end)
{
    union au_value values[AU_PARAMS_MAX];
    struct au_instance *instance = NULL;
    make_args(function->type, values);
    end->record.count = 0;
    enum au_err err = au_instance_open(loaded, steps, &end->record, &instance);
    AU_ASSERT(err == AU_OK);
    end->outcome = AU_OUTCOME_SUCCESS;
    end->detail = 0;
    if (au_loaded_info(loaded)->has_start) {
        err = au_instance_start(instance, &end->outcome, &end->detail);
        AU_ASSERT(err == AU_OK);
    }
    if (end->outcome == AU_OUTCOME_SUCCESS) {
        err = au_instance_call(instance, function, values, &end->outcome, &end->detail);
        AU_ASSERT(err == AU_OK);
    }
    bool has_results = end->outcome == AU_OUTCOME_SUCCESS;
    end->results = has_results ? mix_results(function->type, values) : 0;
    end->steps = steps - instance->steps_left;
    end->has_memory = instance->memory != NULL;
    struct au_bytes memory = {instance->memory, instance->memory_size};
    end->memory = end->has_memory ? fuzz_mix_bytes(0, memory) : 0;
    au_instance_close(instance);
}

static bool is_beginning(const struct record *less, const struct record *more)
{
    return less->count <= more->count &&
           memcmp(less->calls, more->calls, less->count * sizeof(less->calls[0])) == 0;
}

static void must_be_the_same(const struct end *a, const struct end *b)
{
    AU_ASSERT(a->outcome == b->outcome);
    AU_ASSERT(a->detail == b->detail);
    AU_ASSERT(a->results == b->results);
    AU_ASSERT(a->record.count == b->record.count);
    AU_ASSERT(is_beginning(&a->record, &b->record));
    if (a->has_memory && b->has_memory) AU_ASSERT(a->memory == b->memory);
}

/* Exactly what was used is enough; one step less is not, nor is any other number below. */
static void check_limits(struct au_loaded *loaded, const struct au_export *function)
{
    const struct end *full = &ends[0];
    struct end *other = &ends[2];
    run(loaded, function, full->steps, other);
    must_be_the_same(full, other);
    AU_ASSERT(other->steps == full->steps);
    for (unsigned i = 0; i < LIMITS && full->steps > 0; i++) {
        int64_t steps = i == 0 ? full->steps - 1 : full->steps * i / LIMITS;
        run(loaded, function, steps, other);
        AU_ASSERT(other->outcome == AU_OUTCOME_OUT_OF_GAS);
        AU_ASSERT(other->steps == steps);
        AU_ASSERT(is_beginning(&other->record, &full->record));
    }
}

/* Whether the plain form can be run: a recursion that the stack meter ends would end otherwise
 * there, and the engine itself runs its start function, as a part of what may not fail. */
static bool has_plain_run(const struct au_loaded *loaded, const struct end *end)
{
    return end->outcome == AU_OUTCOME_SUCCESS ||
           (end->outcome != AU_OUTCOME_STACK_LIMIT && !au_loaded_info(loaded)->has_start);
}

/* The same module in all its forms. */
struct forms {
    struct au_loaded *metered;
    struct au_loaded *traced;
    struct au_loaded *plain;
};

static void check_function(const struct forms *forms, const struct au_export *function)
{
    run(forms->metered, function, STEPS_MAX, &ends[0]);
    run(forms->traced, function, STEPS_MAX, &ends[1]);
    AU_ASSERT(ends[1].steps == ends[0].steps);
    must_be_the_same(&ends[0], &ends[1]);
    if (ends[0].outcome == AU_OUTCOME_OUT_OF_GAS) {
        AU_ASSERT(ends[0].steps == STEPS_MAX);
        return;
    }
    check_limits(forms->metered, function);
    check_limits(forms->traced, function);
    if (!has_plain_run(forms->metered, &ends[0])) return;
    const struct au_module_info *info = au_loaded_info(forms->plain);
    run(forms->plain, au_module_info_export(info, function->name), STEPS_MAX, &ends[1]);
    must_be_the_same(&ends[0], &ends[1]);
}

/* NULL: the validator refuses it. That the engine refuses what comes of it is a finding. */
static struct au_loaded *load(struct au_engine *engine, struct au_bytes code)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_engine_load(engine, code, &loaded, &reject);
    if (err == AU_ERR_ENGINE) fprintf(stderr, "%s: %s\n", reject.rule, reject.message);
    AU_ASSERT(err == AU_OK || err == AU_ERR_INVALID_MODULE);
    return err == AU_OK ? loaded : NULL;
}

static struct au_loaded *load_traced(struct au_bytes code)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    enum au_err err = au_engine_load_traced(engines[0], code, &loaded, &reject);
    if (loaded == NULL) fprintf(stderr, "%s: %s\n", reject.rule, reject.message);
    AU_ASSERT(err == AU_OK && loaded != NULL);
    return loaded;
}

static void check_code(struct au_bytes code)
{
    struct forms forms = {.metered = load(engines[0], code)};
    if (forms.metered == NULL) return;
    forms.traced = load_traced(code);
    forms.plain = load(engines[1], code);
    AU_ASSERT(forms.plain != NULL);
    const struct au_module_info *info = au_loaded_info(forms.metered);
    for (size_t i = 0; i < info->export_count && i < FUNCTIONS_MAX; i++)
        check_function(&forms, &info->exports[i]);
    au_loaded_release(forms.plain);
    au_loaded_release(forms.traced);
    au_loaded_release(forms.metered);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct au_buf code;
    if (engines[0] == NULL) init();
    au_buf_init(&code, TEXT_SIZE_MAX);
    make_code((struct fuzz_input){data, data + size}, &code);
    AU_ASSERT(code.err == AU_OK);
    if (code.size <= CODE_SIZE_MAX) check_code(au_buf_bytes(&code));
    au_buf_done(&code);
    return 0;
}
