/* Goal: the metered stack ends a recursion long before the native one could, whatever the compiler
 * makes of the code.
 * Method: programs that recurse until stack_limit, from a description of a few numbers; a climb
 * over these numbers towards the most native stack per metered unit, from fixed seeds. The worst
 * found must stay under half of the native stack, and a function without calls, which reserves
 * nothing, must fit on top of it with room to spare. With a number as argument each climb has that
 * many rounds. */
#include "unit/unit.h"

#include "cmocka_signals.h"
#include "model/model_internal.h"
#include "model/native_stack.h"
#include "model/test_host.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define NATIVE_STACK (2u << 20) /* bytes that the engine gives to contract code */
#define TEXT_MAX     (4u << 20)
#define STEPS        INT64_C(2000000000)
#define CLIMB_ROUNDS 10
#define NONE         SIZE_MAX

/* Bounds on what the worst recursion takes, alone and with the worst function on top of it. */
#define RECURSION_MAX (NATIVE_STACK / 2)
#define TOGETHER_MAX  (NATIVE_STACK * 3 / 4)

enum gene {
    INT_PARAMS,   /* i64 */
    FLOAT_PARAMS, /* f64 */
    LOCALS,       /* f64, each set to a value of its own before the call */
    INT_UNARY,    /* values kept over the call: of one parameter */
    INT_BINARY,   /* of two parameters */
    FLOAT_UNARY,  /* of a parameter or local */
    FLOAT_BINARY,
    CONVERTED, /* from integers to floats */
    RESULTS,   /* i64 */
    FORM,      /* 0: the call is in a loop; 1: values are used before and after it */
    IS_EATEN,  /* values are arguments of a call, 32 at a time; else each is added to a sum */
    IS_INDIRECT,
    GENE_COUNT
};

static const uint32_t gene_max[GENE_COUNT] = {
    32, 32, 480, 2000, 2000, 4000, 2000, 2000, 32, 1, 1, 1,
};

struct program {
    uint32_t genes[GENE_COUNT];
    bool is_leaf;       /* calls nothing, so reserves nothing; not for mutation */
    bool is_traced;     /* is to be measured in the traced form; likewise */
    size_t native_size; /* stack that a run took */
    int64_t units;      /* that one call reserves */
    size_t body_size;
};

static struct au_engine *engines[2];

/* ---- From numbers to a program -------------------------------------------------------------- */

#define GROUP 32u /* arguments and results of the functions that eat and give */

static uint32_t int_params(const struct program *program)
{
    return program->genes[INT_PARAMS];
}

static uint32_t float_params(const struct program *program)
{
    uint32_t rest = AU_PARAMS_MAX - program->genes[INT_PARAMS];
    return program->genes[FLOAT_PARAMS] < rest ? program->genes[FLOAT_PARAMS] : rest;
}

static uint32_t param_count(const struct program *program)
{
    return int_params(program) + float_params(program);
}

static void put_times(struct au_buf *text, const char *word, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        au_buf_put_text(text, word);
}

static void put_signature(const struct program *program, struct au_buf *text)
{
    au_buf_put_text(text, "(param");
    put_times(text, " i64", int_params(program));
    put_times(text, " f64", float_params(program));
    au_buf_put_text(text, ") (result");
    put_times(text, " i64", program->genes[RESULTS]);
    au_buf_put_text(text, ")");
}

/* A kind of values that depend on parameters and locals alone: a compiler may compute each once and
 * keep it. Value i is made of the sources i and i / source_count by an operation for each round. */
struct kind {
    enum gene count;
    uint32_t operands;
    uint32_t first; /* source: a parameter or local */
    uint32_t source_count;
    bool is_float;
    const char *const *operations;
    uint32_t operation_count;
};

static void put_kind(const struct program *program, const struct kind *kind, struct au_buf *text)
{
    bool is_eaten = program->genes[IS_EATEN];
    uint32_t count = kind->source_count > 0 ? program->genes[kind->count] : 0;
    const char *name = kind->is_float ? "float" : "int";
    if (!is_eaten) au_buf_printf(text, " global.get $%s", name);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t round = i / kind->source_count;
        au_buf_printf(text, " local.get %u", kind->first + i % kind->source_count);
        if (kind->operands == 2) {
            au_buf_printf(text, " local.get %u", kind->first + round % kind->source_count);
            round /= kind->source_count;
        }
        au_buf_printf(text, " %s\n", kind->operations[round % kind->operation_count]);
        if (!is_eaten) au_buf_put_text(text, kind->is_float ? " f64.add" : " i64.xor");
        if (is_eaten && (i + 1) % GROUP == 0) au_buf_printf(text, " call $eat_%s\n", name);
    }
    if (is_eaten) {
        put_times(text, " drop", count % GROUP);
    } else {
        au_buf_printf(text, " global.set $%s\n", name);
    }
}

static const char *const int_unary[] = {
    "i64.clz", "i64.ctz", "i64.popcnt", "i64.extend8_s", "i64.extend16_s", "i64.extend32_s",
};
static const char *const int_binary[] = {
    "i64.add", "i64.sub", "i64.mul", "i64.and", "i64.or", "i64.shl", "i64.shr_u", "i64.rotl",
};
static const char *const float_unary[] = {
    "f64.sqrt", "f64.neg", "f64.abs", "f64.ceil", "f64.floor", "f64.nearest", "f64.trunc",
};
static const char *const float_binary[] = {
    "f64.add", "f64.sub", "f64.mul", "f64.div", "f64.min", "f64.max", "f64.copysign",
};
static const char *const converted[] = {
    "f64.convert_i64_s",
    "f64.convert_i64_u",
    "f64.reinterpret_i64",
};

static void put_values(const struct program *program, struct au_buf *text)
{
#define OPERATIONS(list) list, AU_COUNT_OF(list)
    uint32_t ints = int_params(program);
    uint32_t floats = float_params(program) + program->genes[LOCALS];
    const struct kind kinds[] = {
        {INT_UNARY, 1, 0, ints, false, OPERATIONS(int_unary)},
        {INT_BINARY, 2, 0, ints, false, OPERATIONS(int_binary)},
        {FLOAT_UNARY, 1, ints, floats, true, OPERATIONS(float_unary)},
        {FLOAT_BINARY, 2, ints, floats, true, OPERATIONS(float_binary)},
        {CONVERTED, 1, 0, ints, true, OPERATIONS(converted)},
    };
#undef OPERATIONS
    for (size_t i = 0; i < AU_COUNT_OF(kinds); i++)
        put_kind(program, &kinds[i], text);
}

static void put_call(const struct program *program, struct au_buf *text)
{
    for (uint32_t i = 0; i < param_count(program); i++)
        au_buf_printf(text, " local.get %u", i);
    if (program->genes[IS_INDIRECT]) {
        au_buf_put_text(text, " i32.const 0 call_indirect (type $type)\n");
    } else {
        au_buf_put_text(text, " call $down\n");
    }
    put_times(text, " drop", program->genes[RESULTS]);
}

static void put_locals(const struct program *program, struct au_buf *text)
{
    uint32_t first = param_count(program);
    for (uint32_t i = 0; i < program->genes[LOCALS]; i++) {
        if (i % GROUP == 0) au_buf_put_text(text, " call $give\n");
        au_buf_printf(text, " local.set %u", first + i);
    }
    uint32_t rest = program->genes[LOCALS] % GROUP;
    if (rest > 0) put_times(text, " drop", GROUP - rest);
}

static void put_helpers(struct au_buf *text)
{
    au_buf_put_text(text, "(global $int (mut i64) (i64.const 1))\n"
                          "(global $float (mut f64) (f64.const 1.5))\n(func $eat_int (param");
    put_times(text, " i64", GROUP);
    au_buf_put_text(text, ") (global.set $int (local.get 31)))\n(func $eat_float (param");
    put_times(text, " f64", GROUP);
    au_buf_put_text(text, ") (global.set $float (local.get 31)))\n(func $give (result");
    put_times(text, " f64", GROUP);
    au_buf_put_text(text, ")");
    put_times(text, " global.get $float", GROUP);
    au_buf_put_text(text, ")\n");
}

/* The recursing function comes first: measure asks for its units. */
static void put_program(const struct program *program, struct au_buf *text)
{
    bool has_loop = program->genes[FORM] == 0;
    au_buf_put_text(text, "(module (type $type (func ");
    put_signature(program, text);
    au_buf_put_text(text, "))\n(table 1 funcref) (elem (i32.const 0) $down)\n(func $down ");
    put_signature(program, text);
    au_buf_put_text(text, "(local");
    put_times(text, " f64", program->genes[LOCALS]);
    au_buf_put_text(text, ")\n");
    put_locals(program, text);
    if (has_loop) au_buf_put_text(text, "(loop ");
    if (!has_loop) put_values(program, text);
    if (!program->is_leaf) put_call(program, text);
    put_values(program, text);
    if (has_loop) au_buf_put_text(text, "(br_if 0 (i64.eqz (global.get $int))))");
    put_times(text, " global.get $int", program->genes[RESULTS]);
    au_buf_put_text(text, ")\n");
    put_helpers(text);
    au_buf_put_text(text, "(func (export \"run\")");
    for (uint32_t i = 0; i < param_count(program); i++) {
        au_buf_printf(text, " %s.const %u", i < int_params(program) ? "i64" : "f64", 3 * i + 1);
    }
    au_buf_put_text(text, " call $down");
    put_times(text, " drop", program->genes[RESULTS]);
    au_buf_put_text(text, "))\n");
    assert_ok(text->err);
}

/* ---- Running one ---------------------------------------------------------------------------- */

struct attempt {
    struct au_loaded *loaded;
    enum au_err err;
    enum au_outcome outcome;
};

static void run_attempt(void *argument)
{
    struct attempt *attempt = argument;
    struct au_instance *instance;
    struct au_test_record record = {0};
    union au_value value = {0};
    uint32_t detail;
    attempt->err = au_instance_open(attempt->loaded, STEPS, &record, &instance);
    if (attempt->err != AU_OK) return;
    const struct au_export *run =
        au_module_info_export(au_loaded_info(attempt->loaded), au_bytes_of("run"));
    attempt->err = au_instance_call(instance, run, &value, &attempt->outcome, &detail);
    au_instance_close(instance);
}

/* Measures a program on one engine. NONE: its body is too large. */
static size_t measure_on(struct au_engine *engine, struct au_bytes code,
                         const struct program *program)
{
    enum au_outcome outcome = program->is_leaf ? AU_OUTCOME_SUCCESS : AU_OUTCOME_STACK_LIMIT;
    struct attempt attempt = {0};
    struct au_reject reject;
    enum au_err err = (program->is_traced ? au_engine_load_traced
                                          : au_engine_load)(engine, code, &attempt.loaded, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        assert_string_equal(reject.rule, "limit");
        return NONE;
    }
    assert_ok(err);
    size_t size = au_native_stack_used(run_attempt, &attempt);
    assert_ok(attempt.err); /* a fault of the node: the native stack ran out first */
    assert_int_equal(attempt.outcome, outcome);
    au_loaded_release(attempt.loaded);
    assert_true(size > 0);
    return size;
}

/* Fills in what a program takes, on the worse of both engines. false: it is no valid module. */
static bool measure(struct program *program)
{
    struct au_buf text;
    struct au_buf code;
    struct au_model *model = NULL;
    char message[256] = "";
    au_buf_init(&text, TEXT_MAX);
    au_buf_init(&code, TEXT_MAX);
    put_program(program, &text);
    if (au_engine_wat_to_wasm(au_buf_bytes(&text), &code, message, sizeof(message)) != AU_OK) {
        fail_msg("%s", message);
    }
    program->native_size = 0;
    for (size_t i = 0; i < AU_COUNT_OF(engines) && program->native_size != NONE; i++) {
        size_t size = measure_on(engines[i], au_buf_bytes(&code), program);
        if (size > program->native_size) program->native_size = size;
    }
    assert_ok(au_model_new(au_buf_bytes(&code), au_test_host(), &model));
    program->units = au_model_stack_units(model, 0);
    program->body_size = model->functions[0].body_size;
    au_model_free(model);
    au_buf_done(&text);
    au_buf_done(&code);
    return program->native_size != NONE;
}

/* Bytes per unit times 100: of the calls that fit, so that a rest at the end counts for nothing. */
static size_t rate_of(const struct program *program)
{
    if (program->units == 0) return 0;
    size_t unit_count = (size_t)(AU_STACK_UNITS / program->units * program->units);
    return unit_count == 0 ? 0 : program->native_size * 100 / unit_count;
}

static void print_program(const char *label, const struct program *program)
{
    print_message(
        "# %s: %zu bytes of native stack, %lld units a call, %zu.%02zu bytes per unit; genes",
        label, program->native_size, (long long)program->units, rate_of(program) / 100,
        rate_of(program) % 100);
    for (size_t i = 0; i < GENE_COUNT; i++)
        print_message(" %u", program->genes[i]);
    print_message("\n");
}

/* ---- Climbing ------------------------------------------------------------------------------- */

static struct program mutate(const struct program *program, uint64_t *random)
{
    struct program next = *program;
    uint32_t change_count = 1 + (uint32_t)(au_test_random(random) % 3);
    for (uint32_t i = 0; i < change_count; i++) {
        enum gene gene = (enum gene)(au_test_random(random) % GENE_COUNT);
        uint32_t value = next.genes[gene];
        switch (au_test_random(random) % 4) {
        case 0: value = (uint32_t)(au_test_random(random) % (gene_max[gene] + 1)); break;
        case 1: value = value * 5 / 4 + 1; break;
        case 2: value = value * 3 / 4; break;
        default: value = 0; break;
        }
        next.genes[gene] = value > gene_max[gene] ? gene_max[gene] : value;
    }
    return next;
}

static struct program climb(struct program best, uint32_t rounds, uint64_t random)
{
    assert_true(measure(&best));
    for (uint32_t i = 0; i < rounds; i++) {
        struct program next = mutate(&best, &random);
        if (measure(&next) && rate_of(&next) > rate_of(&best)) best = next;
    }
    return best;
}

/* Integers alone, which take 8 bytes of native stack each; floats, which take 16 and double what
 * their function reserves; values added one by one, and as arguments, which takes least code. */
static const struct program starts[] = {
    {.genes = {[INT_PARAMS] = 16, [INT_UNARY] = 96}},
    {.genes = {[INT_PARAMS] = 32, [INT_UNARY] = 192, [RESULTS] = 32, [IS_EATEN] = 1}},
    {.genes = {[INT_PARAMS] = 16, [FLOAT_PARAMS] = 16, [INT_BINARY] = 200, [FLOAT_BINARY] = 200}},
    {.genes = {[FLOAT_PARAMS] = 32, [FLOAT_UNARY] = 224, [RESULTS] = 32, [IS_EATEN] = 1}},
    {.genes = {[FLOAT_PARAMS] = 10, [LOCALS] = 121, [FLOAT_UNARY] = 841, [IS_EATEN] = 1}},
};

/* Of the program: how far each climb goes. */
static uint32_t climb_rounds = CLIMB_ROUNDS;
static size_t worst_size;

static void test_recursion(void **state)
{
    (void)state;
    for (size_t i = 0; i < AU_COUNT_OF(starts); i++) {
        struct program best = climb(starts[i], climb_rounds, i);
        print_program("worst of a climb", &best);
        if (best.native_size > worst_size) worst_size = best.native_size;
        assert_true(rate_of(&best) * AU_STACK_UNITS / 100 < RECURSION_MAX);
        best.is_traced = true;
        assert_true(measure(&best));
        print_program("traced", &best);
        if (best.native_size > worst_size) worst_size = best.native_size;
        assert_true(rate_of(&best) * AU_STACK_UNITS / 100 < RECURSION_MAX);
    }
}

/* On top of the worst recursion a function without calls: as large as a body may be, with as many
 * values kept as it can name. A smaller one is measured, since the largest takes a minute to
 * compile; what it takes grows with its body. */
static void test_leaf(void **state)
{
    (void)state;
    struct program leaf = {
        .genes = {[FLOAT_PARAMS] = 32, [FLOAT_UNARY] = 224, [FLOAT_BINARY] = 1024},
        .is_leaf = true,
    };
    assert_true(measure(&leaf));
    assert_int_equal(leaf.units, 0);
    size_t largest_size = leaf.native_size * AU_BODY_SIZE_MAX / leaf.body_size;
    print_message("# a function without calls: %zu bytes for a body of %zu\n", leaf.native_size,
                  leaf.body_size);
    assert_true(leaf.native_size > leaf.body_size); /* or it kept nothing */
    assert_true(worst_size + largest_size < TOGETHER_MAX);

    /* It calls the host there, and keeps no more for that than its parameters. */
    size_t plain_size = leaf.native_size;
    leaf.is_traced = true;
    assert_true(measure(&leaf));
    print_message("# traced: %zu bytes\n", leaf.native_size);
    largest_size += leaf.native_size > plain_size ? leaf.native_size - plain_size : 0;
    assert_true(worst_size + largest_size < TOGETHER_MAX);
}

int main(int argument_count, char **arguments)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recursion),
        cmocka_unit_test(test_leaf),
    };
    if (argument_count == 2) climb_rounds = (uint32_t)atoi(arguments[1]);
    for (size_t i = 0; i < AU_COUNT_OF(engines); i++) {
        struct au_engine_options options = {
            .instances_max = 1, .cache_size = 1, .optimize_none = i == 1};
        if (au_engine_new(&options, au_test_host(), &engines[i]) != AU_OK) return 1;
    }
    int result = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < AU_COUNT_OF(engines); i++)
        au_engine_free(engines[i]);
    return result;
}
