/* Fuzzes how a call meets a function: names, arguments, value, gas limit, through
 * au_execute_contract.
 *
 * The contracts export one function for each of many parameter lists; a function mixes its
 * parameters and the ends of its byte arguments into one number. A model written from the
 * protocol's words on binding tells the outcome and the number.
 *
 * Input: contract, flags, function (an index, or a name), gas limit, value, then arguments. */
#include "contract/frame.h"
#include "contract/runtime.h"
#include "fuzz.h"

#define FUNCTIONS_MAX  256u
#define NAME_SIZE      48
#define PAGES_MAX      256u
#define ENOUGH_GAS     30000u /* for any of the functions */
#define CALLER_BALANCE 1000u
#define ARGS_MAX       70u
#define PATTERN_SIZE   (AU_ARGS_SIZE_MAX + 16u)

/* What the contracts differ in. */
struct shape {
    const char *fields; /* besides the functions */
    uint32_t pages;
    bool has_memory;
    bool has_memory_size;
};

static const struct shape shapes[] = {
    {"(memory 1)", 1, true, false},
    {"", 0, false, false},
    {"(memory 1) (func (unreachable) (drop (memory.size)))", 1, true, true},
    {"(memory 255)", 255, true, false},
    {"(memory 0 0) (func $s) (start $s)", 0, true, false},
    {"(memory 1 1) (global $g (mut i32) (i32.const 0)) (func $s (global.set $g (i32.load8_u\n"
     "(i32.const 65535)))) (start $s)",
     1, true, false},
};

/* A function's name is its result's letter and its parameters' letters: i32, I64, f32, F64; results
 * also v for none and m for two. */
static char names[FUNCTIONS_MAX][NAME_SIZE];
static size_t name_count;
static struct au_module *modules[AU_COUNT_OF(shapes)];
static uint8_t pattern[PATTERN_SIZE];

static const char *type_of(char letter)
{
    switch (letter) {
    case 'i': return "i32";
    case 'I': return "i64";
    case 'f': return "f32";
    case 'F': return "f64";
    case 'm': return "i64 i64";
    default: return "";
    }
}

static bool is_pair(const char *params, size_t i)
{
    return params[i] == 'i' && params[i + 1] == 'i';
}

/* ---- the contracts --------------------------------------------------------------------------- */

static void add_name(char result, const char *params)
{
    AU_ASSERT(name_count < FUNCTIONS_MAX);
    int size = snprintf(names[name_count++], NAME_SIZE, "%c%s", result, params);
    AU_ASSERT(size > 0 && size < NAME_SIZE);
}

/* Every list of up to three parameters, and some long ones. */
static void make_names(void)
{
    static const char letters[] = "iIf";
    static const char *const lists[] = {"iiii",
                                        "iiIii",
                                        "iIiIi",
                                        "Iiiii",
                                        "iiiii",
                                        "IIII",
                                        "iiiiii",
                                        "iiFii",
                                        "iiiiiiiiiiiiiiiiiiiiiiiiiiiiiiii",
                                        "IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII"};
    for (size_t i = 0; i < 3 * 3 * 3; i++) {
        char params[4] = {letters[i / 9], letters[i / 3 % 3], letters[i % 3], 0};
        add_name('I', params);
        if (i < 9) add_name('v', params + 1);
        if (i < 9) add_name('i', params + 1);
        if (i < 3) add_name('I', params + 2);
    }
    for (size_t i = 0; i < AU_COUNT_OF(lists); i++) {
        add_name('I', lists[i]);
        add_name('v', lists[i]);
    }
    for (const char *result = "vifFm"; *result; result++) {
        add_name(*result, "");
        add_name(*result, "iii");
    }
    add_name('I', "");
}

/* sum = sum * 31 + a value that put_end closes */
static void put_begin(struct au_buf *text)
{
    au_buf_put_text(text, "(local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) ");
}

static void put_end(struct au_buf *text)
{
    au_buf_put_text(text, "))\n");
}

static void put_param(struct au_buf *text, char letter, size_t index)
{
    put_begin(text);
    switch (letter) {
    case 'i': au_buf_printf(text, "(i64.extend_i32_u (local.get %zu))", index); break;
    case 'I': au_buf_printf(text, "(local.get %zu)", index); break;
    default: au_buf_put_text(text, "(i64.const 0)"); break; /* floats never get here */
    }
    put_end(text);
}

/* The first and the last byte of the pair at index, 0 if it is empty. */
static void put_ends(struct au_buf *text, size_t index)
{
    put_begin(text);
    au_buf_printf(text,
                  "(if (result i64) (local.get %zu) (then (i64.load8_u (local.get %zu)))"
                  " (else (i64.const 0)))",
                  index + 1, index);
    put_end(text);
    put_begin(text);
    au_buf_printf(text,
                  "(if (result i64) (local.get %zu) (then (i64.load8_u (i32.sub (i32.add"
                  " (local.get %zu) (local.get %zu)) (i32.const 1)))) (else (i64.const 0)))",
                  index + 1, index, index + 1);
    put_end(text);
}

static void put_result(struct au_buf *text, char result)
{
    switch (result) {
    case 'i': au_buf_put_text(text, "(i32.wrap_i64 (local.get $sum))"); break;
    case 'I': au_buf_put_text(text, "(local.get $sum)"); break;
    case 'f': au_buf_put_text(text, "(f32.const 0)"); break;
    case 'F': au_buf_put_text(text, "(f64.const 0)"); break;
    case 'm': au_buf_put_text(text, "(i64.const 0) (i64.const 0)"); break;
    default: break;
    }
}

static void put_function(struct au_buf *text, const char *name, bool has_memory)
{
    const char *params = name + 1;
    size_t count = strlen(params);
    au_buf_printf(text, "(func (export \"%s\") (param", name);
    for (size_t i = 0; i < count; i++)
        au_buf_printf(text, " %s", type_of(params[i]));
    au_buf_printf(text, ") (result %s) (local $sum i64)\n", type_of(name[0]));
    for (size_t i = 0; i < count; i++) {
        put_param(text, params[i], i);
        if (!is_pair(params, i)) continue;
        put_param(text, params[i + 1], i + 1);
        if (has_memory) put_ends(text, i);
        i++;
    }
    put_result(text, name[0]);
    au_buf_put_text(text, ")\n");
}

static void init(void)
{
    struct au_runtime *runtime = fuzz_runtime(/* optimize_none */ true);
    make_names();
    for (size_t i = 0; i < PATTERN_SIZE; i++)
        pattern[i] = (uint8_t)(i * 7 + i / 256);
    for (size_t i = 0; i < AU_COUNT_OF(shapes); i++) {
        struct au_buf text;
        au_buf_init(&text, 1u << 20);
        au_buf_printf(&text, "(module %s\n", shapes[i].fields);
        for (size_t j = 0; j < name_count; j++)
            put_function(&text, names[j], shapes[i].has_memory);
        au_buf_put_text(&text, "(func (export \"init\")) (func (export \"migrate\"))\n"
                               "(func (export \"__x\")) (func (export \"a-b\")))");
        modules[i] = fuzz_load(runtime, &text);
        au_buf_done(&text);
    }
}

/* ---- the model ------------------------------------------------------------------------------- */

struct expected {
    enum au_outcome outcome; /* with gas enough */
    uint64_t sum;
};

static uint64_t little(struct au_bytes arg)
{
    uint64_t number = 0;
    for (size_t i = arg.size; i > 0; i--)
        number = number << 8 | arg.data[i - 1];
    return number;
}

static struct expected bind(const struct shape *shape, const char *name,
                            const struct au_execute_options *options)
{
    const struct expected bad = {.outcome = AU_OUTCOME_BAD_ARGUMENTS};
    const char *params = name + 1;
    uint64_t place = (uint64_t)shape->pages << 16;
    uint64_t sum = 0;
    size_t used = 0;
    if (strchr("fFm", name[0]) != NULL) return bad;
    for (size_t i = 0; params[i] != 0; i++) {
        if (used == options->arg_count) return bad;
        struct au_bytes arg = options->args[used++];
        if (is_pair(params, i)) {
            if (!shape->has_memory || shape->has_memory_size) return bad;
            if (arg.size > 0) place = (place + 7) / 8 * 8;
            sum = (sum * 31 + (arg.size > 0 ? place : 0)) * 31 + arg.size;
            sum = sum * 31 + (arg.size > 0 ? arg.data[0] : 0);
            sum = sum * 31 + (arg.size > 0 ? arg.data[arg.size - 1] : 0);
            place += arg.size;
            i++;
        } else {
            size_t size = params[i] == 'i' ? 4 : params[i] == 'I' ? 8 : SIZE_MAX;
            if (arg.size != size) return bad;
            sum = sum * 31 + little(arg);
        }
    }
    if (params[0] != 0 && used != options->arg_count) return bad;
    if (place > (uint64_t)PAGES_MAX << 16) return bad;
    return (struct expected){AU_OUTCOME_SUCCESS, sum};
}

static struct expected expect(size_t contract, const struct au_execute_options *options)
{
    const char *name = options->function;
    const struct shape *shape = &shapes[contract];
    struct expected expected = {.outcome = AU_OUTCOME_NO_FUNCTION};
    if (options->is_view && options->value > 0) expected.outcome = AU_OUTCOME_NOT_ALLOWED;
    if (strcmp(name, "migrate") == 0 || strncmp(name, "__", 2) == 0)
        expected.outcome = AU_OUTCOME_NOT_ALLOWED;
    if (expected.outcome == AU_OUTCOME_NOT_ALLOWED) return expected;
    if (strcmp(name, "init") == 0) {
        expected.outcome = AU_OUTCOME_SUCCESS;
    } else {
        for (size_t i = 0; i < name_count; i++) {
            if (strcmp(names[i], name) == 0) expected = bind(shape, name, options);
        }
    }
    if (expected.outcome == AU_OUTCOME_SUCCESS && options->value > CALLER_BALANCE)
        expected.outcome = AU_OUTCOME_INSUFFICIENT_BALANCE;
    return expected;
}

static bool is_in_range(const struct au_execute_options *options)
{
    size_t size = 0;
    for (size_t i = 0; i < options->arg_count; i++)
        size += options->args[i].size;
    return options->gas_limit <= AU_GAS_LIMIT_MAX && options->arg_count <= AU_ARG_COUNT_MAX &&
           size <= AU_ARGS_SIZE_MAX;
}

/* ---- the input ------------------------------------------------------------------------------- */

struct call {
    char name[UINT8_MAX + 1];
    struct au_bytes args[ARGS_MAX];
    struct au_balance balance;
    struct au_execute_options options;
};

static uint64_t read_gas(struct fuzz_input *input)
{
    static const uint64_t limits[] = {
        0, 1, 10, 10050, ENOUGH_GAS, AU_GAS_LIMIT_MAX, UINT64_MAX, AU_GAS_LIMIT_MAX + 1};
    uint8_t choice = fuzz_u8(input);
    if (choice < AU_COUNT_OF(limits)) return limits[choice];
    return choice < 128 ? fuzz_number(input, 2) : fuzz_number(input, 8);
}

static struct au_bytes read_arg(struct fuzz_input *input)
{
    static const uint32_t sizes[] = {65535, 65536, 65537, 131072, 196608, 262140, 262144, 262145};
    uint8_t choice = fuzz_u8(input);
    if (choice < 64) return fuzz_take(input, choice);
    if (choice < 72) return (struct au_bytes){pattern, sizes[choice - 64]};
    return (struct au_bytes){pattern, choice};
}

static void read_name(struct fuzz_input *input, bool is_free, char *name)
{
    uint8_t choice = fuzz_u8(input);
    if (!is_free) {
        memcpy(name, names[choice % name_count], NAME_SIZE);
        return;
    }
    struct au_bytes taken = fuzz_take(input, choice);
    if (taken.size > 0) memcpy(name, taken.data, taken.size);
    name[taken.size] = 0;
}

static void read_call(struct fuzz_input *input, struct call *call)
{
    uint8_t flags = fuzz_u8(input);
    read_name(input, flags & 1, call->name);
    call->balance = (struct au_balance){au_bytes_of("caller"), CALLER_BALANCE};
    call->options = (struct au_execute_options){
        .function = call->name,
        .gas_limit = read_gas(input),
        .value = flags & 2 ? fuzz_number(input, flags & 4 ? 8 : 2) : 0,
        .args = call->args,
        .is_view = flags & 8,
        .balances = &call->balance,
        .balance_count = 1,
    };
    while (fuzz_left(input) > 0 && call->options.arg_count < ARGS_MAX)
        call->args[call->options.arg_count++] = read_arg(input);
}

/* A function of which is said that nobody can call it is called by nobody; the deployment's, whose
 * part this runs, aside. */
static void check_obstacle(size_t contract, const struct call *call, bool is_success)
{
    const struct au_module_info *info = au_loaded_info(modules[contract]->loaded);
    struct au_bytes name = au_bytes_of(call->name);
    for (size_t i = 0; i < info->export_count; i++) {
        if (!au_bytes_is_equal(info->exports[i].name, name)) continue;
        const char *obstacle = au_frame_obstacle(info, &info->exports[i]);
        AU_ASSERT(!obstacle || !is_success || strcmp(call->name, "init") == 0);
    }
}

static void check(size_t contract, const struct call *call, const struct au_result *result)
{
    const struct au_execute_options *options = &call->options;
    struct expected expected = expect(contract, options);
    fuzz_check_result(options, result);
    check_obstacle(contract, call, result->success);
    if (result->outcome == AU_OUTCOME_OUT_OF_GAS) {
        AU_ASSERT(options->gas_limit < ENOUGH_GAS);
        AU_ASSERT(expected.outcome == AU_OUTCOME_SUCCESS);
        return;
    }
    AU_ASSERT(result->outcome == expected.outcome);
    if (!result->success) {
        AU_ASSERT(result->gas_used == 0);
        return;
    }
    char kind = strcmp(call->name, "init") == 0 ? 'v' : call->name[0];
    size_t size = kind == 'i' ? 4 : kind == 'I' ? 8 : 0;
    AU_ASSERT(result->output.size == size);
    if (size == 8) AU_ASSERT(little(result->output) == expected.sum);
    if (size == 4) AU_ASSERT(little(result->output) == (uint32_t)expected.sum);
    AU_ASSERT(result->state_change_count == (options->value > 0 ? 2 : 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct call call;
    if (name_count == 0) init();
    struct fuzz_input input = {data, data + size};
    size_t contract = fuzz_u8(&input) % AU_COUNT_OF(shapes);
    read_call(&input, &call);

    struct au_result result;
    enum au_err err = au_execute_contract(modules[contract], &call.options, &result);
    AU_ASSERT((err == AU_OK) == is_in_range(&call.options));
    if (err != AU_OK) {
        AU_ASSERT(err == AU_ERR_INVALID_ARG);
        return 0;
    }
    check(contract, &call, &result);
    au_result_free(&result);
    return 0;
}
