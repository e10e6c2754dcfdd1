/* Goal: what we accept behaves as the WebAssembly specification says.
 * Method: the specification's scripts, as JSON beside the modules they name, run command by command
 * through our validator, instrumenter and engine, with optimised code and with plain code. What a
 * contract may not have is refused, and then everything that a script asks of that module is left
 * out. Both counts, per script what passed and over all what was left out for which reason, are
 * fixed: nothing more is left out unseen. Writes TAP, one line per script. */
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/json_in.h"
#include "base/text.h"
#include "conformance/refusals.h"
#include "conformance/spec_dir.h"
#include "conformance/spectest.h"
#include "conformance/tap.h"
#include "vm/engine.h"
#include "vm/limits.h"

#define STEPS        INT64_C(1000000000000) /* more than any call of the scripts takes */
#define MODULES_MAX  64                     /* named ones of a script, and the current one */
#define VALUES_MAX   AU_PARAMS_MAX
#define NAN_F32      0x7fc00000u /* the one NaN that arithmetic makes here */
#define NAN_F64      0x7ff8000000000000u
#define CALL_LOG_MAX (4u << 20)

_Static_assert(AU_RESULTS_MAX <= VALUES_MAX, "values holds parameters or results");

struct counts {
    uint32_t passed;
    uint32_t failed;
    uint32_t left_out[REASON_COUNT];
};

/* A call that succeeded. */
struct call {
    struct call *next;
    const struct au_export *export_;
    union au_value args[VALUES_MAX];
};

/* A module of a script. Its instance ends with its first trap, while the script goes on with it:
 * the calls that succeeded are then repeated on a new instance. */
struct module {
    struct au_bytes name; /* "$M", or empty */
    struct au_loaded *loaded;
    struct au_instance *instance;
    enum reason reason; /* why it can't be used, if loaded is NULL */
    bool is_over;
    struct au_bytes registered_as; /* for others to import */
    bool is_shared; /* a module that was left out imports from this one, and may change it */
    struct au_arena log;
    struct call *first_call;
    struct call **last_call;
};

struct script {
    struct au_engine *engine;
    const char *folder;
    const char *name;
    int64_t line; /* of the command */
    struct counts *counts;
    struct module modules[MODULES_MAX];
    size_t module_count;
    struct module *current;
};

/* ---- counting -------------------------------------------------------------------------------- */

static void pass(struct script *script)
{
    script->counts->passed++;
}

static void leave_out(struct script *script, enum reason reason)
{
    script->counts->left_out[reason]++;
}

AU_PRINTF(2, 3) static void fail(struct script *script, const char *format, ...)
{
    va_list args;
    script->counts->failed++;
    printf("# %s:%lld: ", script->name, (long long)script->line);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
}

/* Left out by a rule of ours, or else a failure: the specification takes the module. */
static void count_refusal(struct script *script, const struct au_reject *reject)
{
    enum reason reason = reason_of(reject);
    if (reason != REASON_COUNT)
        leave_out(script, reason);
    else
        fail(script, "refused: %s: %s", reject->rule, reject->message);
}

/* ---- JSON ------------------------------------------------------------------------------------ */

static struct au_bytes text_of(const struct au_json_in *object, const char *key)
{
    const struct au_json_in *value = au_json_in_get(object, key);
    if (value == NULL) return (struct au_bytes){0};
    return au_json_in_string(value);
}

static bool is_text(struct au_bytes text, const char *expected)
{
    return au_bytes_is_equal(text, au_bytes_of(expected));
}

static bool begins_with(struct au_bytes text, const char *start)
{
    size_t size = strlen(start);
    return text.size >= size && memcmp(text.data, start, size) == 0;
}

/* A value is a number's bits in decimal, signed for integers, or a kind of NaN. */
static bool parse_bits(struct au_bytes type, struct au_bytes text, uint64_t *out_bits)
{
    int64_t number = 0;
    bool is_wide = is_text(type, "i64") || is_text(type, "f64");
    if (begins_with(text, "nan:")) {
        *out_bits = is_wide ? NAN_F64 : NAN_F32;
        return true;
    }
    if (au_text_parse_u64(text, out_bits) == AU_OK) return true;
    if (au_text_parse_i64(text, &number) != AU_OK) return false;
    *out_bits = is_wide ? (uint64_t)number : (uint32_t)number;
    return true;
}

static bool parse_values(const struct au_json_in *array, uint64_t bits[VALUES_MAX],
                         size_t *out_count)
{
    *out_count = au_json_in_count(array);
    if (*out_count > VALUES_MAX) return false;
    for (size_t i = 0; i < *out_count; i++) {
        const struct au_json_in *value = au_json_in_item(array, i);
        if (!parse_bits(text_of(value, "type"), text_of(value, "value"), &bits[i])) return false;
    }
    return true;
}

/* ---- modules --------------------------------------------------------------------------------- */

static void close_module(struct module *module)
{
    if (module->instance != NULL) au_instance_close(module->instance);
    if (module->loaded != NULL) au_loaded_release(module->loaded);
    au_arena_done(&module->log);
    *module = (struct module){0};
}

/* The place of the next module: a module without a name makes room for it. */
static struct module *new_module(struct script *script, struct au_bytes name)
{
    struct module *module = script->current;
    if (module == NULL || module->name.size != 0) {
        AU_ASSERT(script->module_count < MODULES_MAX);
        module = &script->modules[script->module_count++];
    } else {
        close_module(module);
    }
    *module = (struct module){.name = name, .reason = REASON_COUNT};
    au_arena_init(&module->log, CALL_LOG_MAX);
    module->last_call = &module->first_call;
    return module;
}

static struct module *find_module(struct script *script, struct au_bytes name)
{
    if (name.size == 0) return script->current;
    for (size_t i = script->module_count; i > 0; i--) {
        if (au_bytes_is_equal(script->modules[i - 1].name, name)) return &script->modules[i - 1];
    }
    return NULL;
}

static bool read_module(struct script *script, const struct au_json_in *command,
                        struct au_buf *out_code)
{
    char path[PATH_MAX];
    /* a module in text has its binary form beside it */
    struct au_bytes file = text_of(command, "binary_filename");
    if (file.size == 0) file = text_of(command, "filename");
    (void)snprintf(path, sizeof path, "%s/%.*s", script->folder, (int)file.size,
                   (const char *)file.data);
    enum au_err err = au_file_read(path, out_code);
    if (err != AU_OK) fail(script, "%s: %s", path, au_err_text(err));
    return err == AU_OK;
}

static enum au_err load(struct script *script, const struct au_json_in *command,
                        struct au_loaded **out_loaded, struct au_reject *out_reject)
{
    struct au_buf code;
    au_buf_init(&code, 4 * AU_CODE_SIZE_MAX);
    enum au_err err = AU_ERR_IO;
    if (read_module(script, command, &code)) {
        err = au_engine_load(script->engine, au_buf_bytes(&code), out_loaded, out_reject);
        if (err != AU_OK && err != AU_ERR_INVALID_MODULE) {
            fail(script, "%s: %s", au_err_text(err), out_reject->message);
        }
    }
    au_buf_done(&code);
    return err;
}

/* Opens an instance and starts it. */
static enum au_err open_instance(struct module *module, enum au_outcome *out_outcome)
{
    uint32_t detail = 0;
    AU_TRY(au_instance_open(module->loaded, STEPS, NULL, &module->instance));
    module->is_over = false;
    return au_instance_start(module->instance, out_outcome, &detail);
}

/* What a module imports from could be changed by it, had it not been left out. The rejection names
 * it: "imported table a.b". */
static void mark_shared(struct script *script, const struct au_reject *reject)
{
    enum reason reason = reason_of(reject);
    if (strcmp(reject->rule, "import") != 0 || reason == REASON_COUNT) return;
    const char *from = reject->message + strlen(reasons[reason].message) + 1;
    for (size_t i = 0; i < script->module_count; i++) {
        struct au_bytes as = script->modules[i].registered_as;
        if (as.size != 0 && strncmp(from, (const char *)as.data, as.size) == 0 &&
            from[as.size] == '.') {
            script->modules[i].is_shared = true;
        }
    }
}

static void run_module(struct script *script, const struct au_json_in *command)
{
    struct au_reject reject = {0};
    enum au_outcome outcome = AU_OUTCOME_SUCCESS;
    struct module *module = new_module(script, text_of(command, "name"));
    script->current = module;
    enum au_err err = load(script, command, &module->loaded, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        module->reason = reason_of(&reject);
        mark_shared(script, &reject);
        count_refusal(script, &reject);
        return;
    }
    if (err != AU_OK) return;
    err = open_instance(module, &outcome);
    if (err != AU_OK)
        fail(script, "open: %s", au_err_text(err));
    else if (outcome != AU_OUTCOME_SUCCESS)
        fail(script, "start: %s", au_outcome_name(outcome));
    else
        pass(script);
}

/* Invalid or malformed: our validator says so. */
static void run_refused(struct script *script, const struct au_json_in *command)
{
    struct au_module_info *info = NULL;
    struct au_reject reject = {0};
    struct au_buf code;
    if (is_text(text_of(command, "module_type"), "text") &&
        text_of(command, "binary_filename").size == 0) {
        leave_out(script, REASON_TEXT);
        return;
    }
    au_buf_init(&code, 4 * AU_CODE_SIZE_MAX);
    if (read_module(script, command, &code)) {
        enum au_err err =
            au_module_prepare(au_buf_bytes(&code), &spectest_host, NULL, &info, &reject);
        if (err == AU_ERR_INVALID_MODULE)
            pass(script);
        else
            fail(script, "accepted, or %s", au_err_text(err));
        au_module_info_free(info);
    }
    au_buf_done(&code);
}

/* Imports that nothing offers: refused for the import, if not for something before it. */
static void run_unlinkable(struct script *script, const struct au_json_in *command)
{
    struct au_loaded *loaded = NULL;
    struct au_reject reject = {0};
    enum au_err err = load(script, command, &loaded, &reject);
    if (err == AU_OK) {
        fail(script, "linked");
        au_loaded_release(loaded);
        return;
    }
    if (err != AU_ERR_INVALID_MODULE) return;
    if (strcmp(reject.rule, "import") == 0)
        pass(script);
    else
        count_refusal(script, &reject);
}

/* A module whose start function traps. */
static void run_uninstantiable(struct script *script, const struct au_json_in *command)
{
    struct module module = {0};
    struct au_reject reject = {0};
    enum au_outcome outcome = AU_OUTCOME_SUCCESS;
    enum au_err err = load(script, command, &module.loaded, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        mark_shared(script, &reject);
        count_refusal(script, &reject);
    }
    if (err != AU_OK) return;
    err = open_instance(&module, &outcome);
    if (err == AU_OK && outcome == AU_OUTCOME_TRAPPED)
        pass(script);
    else
        fail(script, "start: %s", err == AU_OK ? au_outcome_name(outcome) : au_err_text(err));
    close_module(&module);
}

/* ---- calls ----------------------------------------------------------------------------------- */

struct answer {
    enum au_outcome outcome;
    uint32_t detail;
    union au_value values[VALUES_MAX];
};

static bool call_once(struct script *script, struct module *module, const struct call *call,
                      struct answer *out_answer)
{
    memcpy(out_answer->values, call->args, sizeof call->args);
    module->instance->steps_left = STEPS;
    enum au_err err = au_instance_call(module->instance, call->export_, out_answer->values,
                                       &out_answer->outcome, &out_answer->detail);
    if (err != AU_OK) fail(script, "the node is ill: %s", au_err_text(err));
    module->is_over = err != AU_OK || out_answer->outcome != AU_OUTCOME_SUCCESS;
    return err == AU_OK;
}

/* A new instance in the state of one that ended. */
static bool revive(struct script *script, struct module *module)
{
    enum au_outcome outcome = AU_OUTCOME_SUCCESS;
    struct answer ignored;
    if (!module->is_over) return true;
    au_instance_close(module->instance);
    module->instance = NULL;
    enum au_err err = open_instance(module, &outcome);
    for (struct call *call = module->first_call; call != NULL && !module->is_over;
         call = call->next) {
        if (!call_once(script, module, call, &ignored)) return false;
    }
    if (err == AU_OK && outcome == AU_OUTCOME_SUCCESS && !module->is_over) return true;
    fail(script, "calls that succeeded do not succeed again");
    return false;
}

static bool make_call(struct script *script, const struct module *module,
                      const struct au_json_in *action, struct call *out_call)
{
    uint64_t bits[VALUES_MAX];
    size_t count = 0;
    struct au_bytes field = text_of(action, "field");
    out_call->export_ = au_module_info_export(au_loaded_info(module->loaded), field);
    if (out_call->export_ == NULL) {
        fail(script, "no export %.*s", (int)field.size, (const char *)field.data);
        return false;
    }
    if (!parse_values(au_json_in_get(action, "args"), bits, &count) ||
        count != out_call->export_->type->param_count) {
        fail(script, "arguments don't fit");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        out_call->args[i].u64 = bits[i];
    return true;
}

/* Calls that ask for memory beyond 256 pages, and those that ask for its size after them. */
static const struct {
    const char *script;
    int64_t line;
} beyond_pages[] = {
    {"latest/memory_grow", 10}, {"latest/memory_grow", 13}, {"v2/memory_grow", 45},
    {"v2/memory_grow", 48},     {"v2/call_indirect", 603},
};

/* Why a call is left out; REASON_COUNT: it is not. */
static enum reason reason_of_call(const struct script *script, const struct module *module,
                                  const struct au_json_in *action)
{
    if (module->loaded == NULL) return module->reason;
    if (is_text(text_of(action, "type"), "get")) return REASON_GET;
    if (module->is_shared) return REASON_SHARED;
    for (size_t i = 0; i < AU_COUNT_OF(beyond_pages); i++) {
        if (beyond_pages[i].line == script->line &&
            strcmp(beyond_pages[i].script, script->name) == 0) {
            return REASON_PAGES;
        }
    }
    return REASON_COUNT;
}

/* Runs an action; false: it was left out or failed, and is counted. */
static bool run_action(struct script *script, const struct au_json_in *action,
                       struct answer *out_answer, const struct au_func_type **out_type)
{
    struct module *module = find_module(script, text_of(action, "module"));
    struct call call = {0};
    if (module == NULL || (module->loaded == NULL && module->reason == REASON_COUNT)) {
        fail(script, "no such module");
        return false;
    }
    enum reason reason = reason_of_call(script, module, action);
    if (reason != REASON_COUNT) {
        leave_out(script, reason);
        return false;
    }
    if (!revive(script, module) || !make_call(script, module, action, &call)) return false;
    if (!call_once(script, module, &call, out_answer)) return false;
    if (!module->is_over) {
        struct call *kept = au_arena_get(&module->log, sizeof *kept);
        AU_ASSERT(kept != NULL);
        *kept = call;
        *module->last_call = kept;
        module->last_call = &kept->next;
    }
    *out_type = call.export_->type;
    return true;
}

static uint64_t bits_of(uint8_t type, const union au_value *value)
{
    return type == AU_TYPE_I32 || type == AU_TYPE_F32 ? value->u32 : value->u64;
}

static void check_results(struct script *script, const struct au_json_in *expected,
                          const struct answer *answer, const struct au_func_type *type)
{
    uint64_t bits[VALUES_MAX];
    size_t count = 0;
    if (!parse_values(expected, bits, &count) || count != type->result_count) {
        fail(script, "results don't fit");
        return;
    }
    for (size_t i = 0; i < count; i++) {
        uint64_t result = bits_of(type->results[i], &answer->values[i]);
        if (result == bits[i]) continue;
        fail(script, "result %zu: 0x%llx, not 0x%llx", i, (unsigned long long)result,
             (unsigned long long)bits[i]);
        return;
    }
    pass(script);
}

static void run_return(struct script *script, const struct au_json_in *command)
{
    const struct au_func_type *type = NULL;
    const struct au_json_in *expected = au_json_in_get(command, "expected");
    struct answer answer;
    if (!run_action(script, au_json_in_get(command, "action"), &answer, &type)) return;
    if (answer.outcome != AU_OUTCOME_SUCCESS) {
        fail(script, "%s %u", au_outcome_name(answer.outcome), answer.detail);
    } else if (expected == NULL) {
        pass(script); /* an action by itself */
    } else {
        check_results(script, expected, &answer, type);
    }
}

static const struct {
    const char *text; /* how the specification's words begin */
    uint32_t detail;
} traps[] = {
    {"unreachable", AU_TRAP_UNREACHABLE},
    {"integer divide by zero", AU_TRAP_DIVISION_BY_ZERO},
    {"integer overflow", AU_TRAP_INTEGER_OVERFLOW},
    {"invalid conversion to integer", AU_TRAP_BAD_CONVERSION},
    {"out of bounds memory access", AU_TRAP_MEMORY_BOUNDS},
    {"undefined element", AU_TRAP_TABLE_BOUNDS},
    {"uninitialized element", AU_TRAP_NULL_INDIRECT_CALL},
    {"indirect call type mismatch", AU_TRAP_SIGNATURE_MISMATCH},
};

static void run_trap(struct script *script, const struct au_json_in *command)
{
    const struct au_func_type *type = NULL;
    struct au_bytes text = text_of(command, "text");
    struct answer answer;
    if (!run_action(script, au_json_in_get(command, "action"), &answer, &type)) return;
    for (size_t i = 0; i < AU_COUNT_OF(traps); i++) {
        if (answer.outcome == AU_OUTCOME_TRAPPED && answer.detail == traps[i].detail &&
            begins_with(text, traps[i].text)) {
            pass(script);
            return;
        }
    }
    fail(script, "%s %u, not \"%.*s\"", au_outcome_name(answer.outcome), answer.detail,
         (int)text.size, (const char *)text.data);
}

/* Recursion without an end runs into the metered stack. */
static void run_exhaustion(struct script *script, const struct au_json_in *command)
{
    const struct au_func_type *type = NULL;
    struct answer answer;
    if (!run_action(script, au_json_in_get(command, "action"), &answer, &type)) return;
    if (answer.outcome == AU_OUTCOME_STACK_LIMIT)
        pass(script);
    else
        fail(script, "%s", au_outcome_name(answer.outcome));
}

/* ---- scripts --------------------------------------------------------------------------------- */

static void run_definition(struct script *script, const struct au_json_in *command)
{
    (void)command;
    leave_out(script, REASON_DEFINITION);
}

/* Nothing can be imported from the module: those that try are left out. */
static void run_register(struct script *script, const struct au_json_in *command)
{
    struct module *module = find_module(script, text_of(command, "name"));
    if (module != NULL) module->registered_as = text_of(command, "as");
}

static const struct {
    const char *type;
    void (*run)(struct script *script, const struct au_json_in *command);
} commands[] = {
    {"module", run_module},
    {"action", run_return},
    {"assert_return", run_return},
    {"assert_trap", run_trap},
    {"assert_exhaustion", run_exhaustion},
    {"assert_invalid", run_refused},
    {"assert_malformed", run_refused},
    {"assert_unlinkable", run_unlinkable},
    {"assert_uninstantiable", run_uninstantiable},
    {"register", run_register},
    {"module_definition", run_definition},
};

static void run_command(struct script *script, const struct au_json_in *command)
{
    struct au_bytes type = text_of(command, "type");
    script->line = au_json_in_integer(au_json_in_get(command, "line"));
    for (size_t i = 0; i < AU_COUNT_OF(commands); i++) {
        if (is_text(type, commands[i].type)) {
            commands[i].run(script, command);
            return;
        }
    }
    fail(script, "unknown command %.*s", (int)type.size, (const char *)type.data);
}

static struct au_json_in *read_script(const char *path)
{
    struct au_buf text;
    struct au_buf message;
    struct au_json_in *root = NULL;
    au_buf_init(&text, AU_JSON_IN_SIZE_MAX);
    au_buf_init(&message, 1024);
    if (au_file_read(path, &text) != AU_OK ||
        au_json_in_parse(au_buf_bytes(&text), &message, &root) != AU_OK) {
        printf("# %s: %.*s\n", path, (int)message.size, (const char *)message.data);
    }
    au_buf_done(&message);
    au_buf_done(&text);
    return root;
}

/* name: folder and script in one, such as "v2/i32" */
static void run_script(struct au_engine *engine, const char *spec_dir, const char *name,
                       struct counts *counts)
{
    char folder[PATH_MAX];
    char path[PATH_MAX + 256];
    const char *stem = strrchr(name, '/') + 1;
    (void)snprintf(folder, sizeof folder, "%s/%s", spec_dir, name);
    (void)snprintf(path, sizeof path, "%s/%s.json", folder, stem);
    struct script script = {.engine = engine, .folder = folder, .name = name, .counts = counts};
    struct au_json_in *root = read_script(path);
    if (root == NULL) {
        fail(&script, "can't be read");
        return;
    }
    const struct au_json_in *list = au_json_in_get(root, "commands");
    for (size_t i = 0; i < au_json_in_count(list); i++) {
        run_command(&script, au_json_in_item(list, i));
    }
    for (size_t i = 0; i < script.module_count; i++)
        close_module(&script.modules[i]);
    au_json_in_free(root);
}

static const struct {
    const char *name;
    uint32_t passed;
    uint32_t left_out;
} files[] = {
#define SPEC_FILE(name, passed, left_out) {name, passed, left_out},
#include "conformance/files.def"
#undef SPEC_FILE
};

/* ---- verdict --------------------------------------------------------------------------------- */

static uint32_t left_out_of(const struct counts *counts)
{
    uint32_t sum = 0;
    for (unsigned i = 0; i < REASON_COUNT; i++)
        sum += counts->left_out[i];
    return sum;
}

static void run_all(const char *spec_dir, bool optimize_none)
{
    struct au_engine_options options = {
        .instances_max = MODULES_MAX, .cache_size = 4 << 20, .optimize_none = optimize_none};
    const char *mode = optimize_none ? "plain" : "optimised";
    struct au_engine *engine = NULL;
    struct counts all = {0};
    enum au_err err = au_engine_new(&options, &spectest_host, &engine);
    if (err != AU_OK) {
        tap_report(false, "engine, %s: %s", mode, au_err_text(err));
        return;
    }
    for (size_t i = 0; i < AU_COUNT_OF(files); i++) {
        struct counts counts = {0};
        run_script(engine, spec_dir, files[i].name, &counts);
        uint32_t left_out = left_out_of(&counts);
        bool is_ok =
            counts.failed == 0 && counts.passed == files[i].passed && left_out == files[i].left_out;
        tap_report(is_ok, "%s, %s: %u passed, %u left out", files[i].name, mode, counts.passed,
                   left_out);
        for (unsigned k = 0; k < REASON_COUNT; k++)
            all.left_out[k] += counts.left_out[k];
    }
    for (unsigned k = 0; k < REASON_COUNT; k++) {
        tap_report(all.left_out[k] == reasons[k].count, "left out, %s: %s: %u", mode,
                   reasons[k].text, all.left_out[k]);
    }
    au_engine_free(engine);
}

/* Every script that there is has a row in the table. */
static void check_index(const char *spec_dir)
{
    char path[PATH_MAX];
    struct au_buf index;
    size_t count = 0;
    (void)snprintf(path, sizeof path, "%s/index.txt", spec_dir);
    au_buf_init(&index, 1 << 20);
    if (au_file_read(path, &index) != AU_OK) printf("# %s: can't be read\n", path);
    for (size_t i = 0; i < index.size; i++)
        count += index.data[i] == '\n';
    tap_report(count == AU_COUNT_OF(files), "%zu scripts", count);
    au_buf_done(&index);
}

int main(void)
{
    char spec_dir[PATH_MAX] = "";
    bool is_made = false;
    if (!spec_dir_open(spec_dir, &is_made)) {
        return spec_dir_missing("the specification's scripts: set AUREON_SPEC_DIR or "
                                "AUREON_TESTTOOLS");
    }
    check_index(spec_dir);
    run_all(spec_dir, /* optimize_none = */ false);
    run_all(spec_dir, /* optimize_none = */ true);
    if (is_made) spec_dir_remove(spec_dir);
    return tap_finish();
}
