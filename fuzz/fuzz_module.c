/* Fuzzes the validator and instrumenter with the bytes of a module.
 *
 * What is refused is refused with a reason, with or without an instrumented form. What is accepted
 * must be accepted by the engine, and its functions must run to an outcome that does not depend on
 * optimisation. A sample also runs in the slow model of tests/model, which must agree on all of it:
 * blocks, steps, results, memory, globals. */
#include "contract/host.h"
#include "contract/runtime.h"
#include "fuzz.h"
#include "model/compare.h"
#include "model/test_host.h"
#include "vm/limits.h"

#define LOADED_SIZE_MAX   16384u /* bytes: larger modules take the engine too long to compile */
#define COMPARED_SIZE_MAX 2048u  /* bytes */
#define COMPARED_PAGES    4u
#define COMPARED_STEPS    20000
#define FUNCTIONS_MAX     6u  /* of a module are run */
#define GAS_MAX           200 /* besides the frame's entry */

static struct au_runtime *runtimes[2]; /* optimised, and not */
static struct au_compare *compare;

static void init(void)
{
    const struct au_compare_options options = {
        .steps_max = COMPARED_STEPS, .staircase_max = 8, .sample_count = 1, .argument_sets = 2};
    runtimes[0] = fuzz_runtime(/* optimize_none */ false);
    runtimes[1] = fuzz_runtime(/* optimize_none */ true);
    compare = au_compare_new(&options);
    AU_ASSERT(compare != NULL);
}

static void check_reject(const struct au_reject *reject, size_t size)
{
    static const char *const rules[] = {"malformed", "type",    "feature",
                                        "import",    "segment", "limit"};
    size_t i = 0;
    while (i < AU_COUNT_OF(rules) && strcmp(rules[i], reject->rule) != 0)
        i++;
    AU_ASSERT(i < AU_COUNT_OF(rules));
    AU_ASSERT(reject->offset <= size);
    AU_ASSERT(memchr(reject->message, 0, sizeof(reject->message)) != NULL);
    AU_ASSERT(reject->message[0] != '\0');
}

/* Arguments that fit a function's parameters, if any do. */
static size_t make_args(const struct au_func_type *type, struct au_bytes *args)
{
    static const uint8_t bytes[8] = {3, 0, 0, 0, 0xfe, 0xff, 0xff, 0x7f};
    size_t count = 0;
    for (size_t i = 0; i < type->param_count; i++) {
        bool is_i32 = type->params[i] == AU_TYPE_I32;
        bool is_pair = is_i32 && i + 1 < type->param_count && type->params[i + 1] == AU_TYPE_I32;
        size_t size = is_pair ? 5 : is_i32 ? 4 : 8;
        if (is_pair) i++;
        args[count++] = (struct au_bytes){bytes, size};
    }
    return count;
}

static uint64_t run_function(const struct au_module *module, const struct au_export *function)
{
    char name[AU_NAME_SIZE_MAX + 1] = "";
    memcpy(name, function->name.data, function->name.size);
    struct au_bytes args[AU_PARAMS_MAX];
    struct au_balance balance = {au_bytes_of("contract"), 1000};
    struct au_execute_options options = {
        .gas_limit =
            (uint64_t)au_frame_entry_steps(au_loaded_info(module->loaded)) / AU_STEPS_PER_GAS +
            GAS_MAX,
        .function = name,
        .args = args,
        .arg_count = make_args(function->type, args),
        .balances = &balance,
        .balance_count = 1,
    };
    struct au_result result;
    enum au_err err = au_execute_contract(module, &options, &result);
    AU_ASSERT(err == AU_OK);
    uint64_t digest = fuzz_check_result(&options, &result);
    au_result_free(&result);
    return digest;
}

static uint64_t run_functions(struct au_runtime *runtime, struct au_bytes code)
{
    struct au_reject reject = {0};
    struct au_module *module;
    enum au_err err = au_module_load(runtime, code, &module, &reject);
    if (err != AU_OK) fprintf(stderr, "%s: %s\n", reject.rule, reject.message);
    AU_ASSERT(err == AU_OK);

    const struct au_module_info *info = au_loaded_info(module->loaded);
    uint64_t digest = 0;
    for (size_t i = 0; i < info->export_count && i < FUNCTIONS_MAX; i++) {
        const struct au_export *function = &info->exports[i];
        if (function->name.size == 0) continue; /* run would be called */
        digest = fuzz_mix(digest, run_function(module, function));
    }
    au_module_free(module);
    return digest;
}

/* The model's runs know the host of tests/model only. */
static void compare_with_model(struct au_bytes code)
{
    struct au_module_info *info;
    struct au_reject reject;
    enum au_err err = au_module_prepare(code, au_test_host(), NULL, &info, &reject);
    if (err != AU_OK) return;
    bool is_small = info->pages_min <= COMPARED_PAGES && info->export_count <= FUNCTIONS_MAX;
    au_module_info_free(info);
    if (is_small) AU_ASSERT(au_compare_code(compare, "input", code));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (compare == NULL) init();
    struct au_bytes code = {data, size};
    struct au_buf prepared;
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    struct au_reject check_only = {0};
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    enum au_err err = au_module_prepare(code, &au_host_env, &prepared, &info, &reject);
    AU_ASSERT(au_module_check(code, &check_only) == err);
    if (err != AU_OK) {
        AU_ASSERT(err == AU_ERR_INVALID_MODULE);
        check_reject(&reject, size);
        AU_ASSERT(strcmp(reject.message, check_only.message) == 0);
    }
    au_buf_done(&prepared);
    au_module_info_free(info);
    if (err != AU_OK || size > LOADED_SIZE_MAX) return 0;

    uint64_t sample = fuzz_mix_bytes(0, code);
    uint64_t digest = run_functions(runtimes[0], code);
    if (sample % 4 == 0) AU_ASSERT(run_functions(runtimes[1], code) == digest);
    if (sample % 4 == 1 && size <= COMPARED_SIZE_MAX) compare_with_model(code);
    return 0;
}
