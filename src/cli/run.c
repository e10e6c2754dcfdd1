#include "cli/run.h"

#include <inttypes.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/account.h"
#include "cli/check.h"
#include "cli/code.h"
#include "cli/report.h"
#include "cli/typed.h"
#include "cli/world.h"
#include "core/limits.h"

#define GAS_LIMIT_DEFAULT 1000000
#define RESULT_SIZE_MAX   (1u << 30) /* bytes */
#define MESSAGE_SIZE_MAX  (1u << 20) /* bytes */

/* What one run needs; everything is in the invocation's arena but what run_done frees. */
struct run {
    struct au_invocation *invocation;
    struct au_execute_options options;
    struct au_world world;
    struct au_buf message; /* what a parser said */
    struct au_buf file;    /* the storage file as it was; empty if there was none */
    const char *storage_path;
    bool has_file;
    struct au_bytes code;
    struct au_runtime *runtime;
    struct au_module *module;
    struct au_result result;
};

static void run_done(struct run *run)
{
    au_result_free(&run->result);
    au_module_free(run->module);
    au_runtime_free(run->runtime);
    au_free(run->code.data);
    au_buf_done(&run->file);
    au_buf_done(&run->message);
    au_world_done(&run->world);
}

static enum au_exit fail_memory(const struct run *run)
{
    return au_invocation_fail(run->invocation, AU_EXIT_INTERNAL, "%s",
                              au_err_text(AU_ERR_NO_MEMORY));
}

static const char *message_text(struct run *run)
{
    au_buf_put_u8(&run->message, 0);
    return run->message.err == AU_OK ? (const char *)run->message.data : "";
}

/* Leaves out_id empty if the option was not given. */
static enum au_exit read_account(struct run *run, const char *option, struct au_bytes *out_id)
{
    const struct au_given *given = au_invocation_option(run->invocation, option);
    if (given == NULL) return AU_EXIT_DONE;
    enum au_err err = au_account_parse(au_bytes_of(given->text), &run->invocation->arena, out_id);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_MALFORMED) return fail_memory(run);
    return au_invocation_fail(run->invocation, AU_EXIT_USAGE,
                              "--%s: expected " AU_ACCOUNT_EXPECTED ", got '%s'", option,
                              given->text);
}

static enum au_exit read_storage(struct run *run)
{
    const struct au_given *given = au_invocation_option(run->invocation, "storage");
    if (given == NULL) return AU_EXIT_DONE;
    run->storage_path = given->text;

    enum au_err err = au_file_read(run->storage_path, &run->file);
    if (err == AU_ERR_NOT_FOUND) return AU_EXIT_DONE;
    if (err == AU_ERR_TOO_LARGE) {
        return au_invocation_fail(run->invocation, AU_EXIT_USAGE, "'%s' is larger than %u bytes",
                                  run->storage_path, AU_WORLD_FILE_SIZE_MAX);
    }
    if (err != AU_OK) {
        return au_invocation_fail_file(run->invocation, err, "read", run->storage_path);
    }

    run->has_file = true;
    err = au_world_parse(&run->world, au_buf_bytes(&run->file), &run->message);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err != AU_ERR_MALFORMED) return fail_memory(run);
    return au_invocation_fail(run->invocation, AU_EXIT_USAGE, "'%s': %s", run->storage_path,
                              message_text(run));
}

/* A file belongs to one contract: what another one stored under the same key means something
 * else. */
static enum au_exit read_self(struct run *run)
{
    struct au_bytes self = {0};
    enum au_exit code = read_account(run, "self", &self);
    if (code != AU_EXIT_DONE) return code;

    struct au_bytes known = run->world.contract;
    if (known.size > 0 && self.size > 0 && !au_bytes_is_equal(known, self)) {
        struct au_buf text;
        au_buf_init(&text, MESSAGE_SIZE_MAX);
        au_buf_put_text(&text, "belongs to contract '");
        au_account_format(&text, known);
        au_buf_put_text(&text, "', not to '");
        au_account_format(&text, self);
        au_buf_put(&text, "'", 2);
        code = text.err != AU_OK ? fail_memory(run)
                                 : au_invocation_fail(run->invocation, AU_EXIT_USAGE, "'%s' %s",
                                                      run->storage_path, (const char *)text.data);
        au_buf_done(&text);
        return code;
    }
    if (known.size > 0) return AU_EXIT_DONE;
    if (self.size == 0) self = au_bytes_of("contract");
    return au_world_set_contract(&run->world, self) == AU_OK ? AU_EXIT_DONE : fail_memory(run);
}

static enum au_exit read_balance(struct run *run, const char *text, struct au_bytes *out_id)
{
    const char *equals = strrchr(text, '=');
    uint64_t amount = 0;
    enum au_err err = AU_ERR_MALFORMED;
    if (equals != NULL) {
        struct au_bytes name = {(const uint8_t *)text, (size_t)(equals - text)};
        err = au_text_parse_u64(au_bytes_of(equals + 1), &amount);
        if (err == AU_OK && amount > AU_AMOUNT_MAX) err = AU_ERR_MALFORMED;
        if (err == AU_OK) err = au_account_parse(name, &run->invocation->arena, out_id);
    }
    if (err == AU_OK) err = au_world_set_balance(&run->world, *out_id, amount);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_NO_MEMORY) return fail_memory(run);
    return au_invocation_fail(run->invocation, AU_EXIT_USAGE,
                              "--balance: expected NAME=N, NAME " AU_ACCOUNT_EXPECTED
                              " and N a decimal number of at most %" PRIu64 ", got '%s'",
                              (uint64_t)AU_AMOUNT_MAX, text);
}

static bool is_among(struct au_bytes id, const struct au_bytes *ids, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (au_bytes_is_equal(ids[i], id)) return true;
    }
    return false;
}

/* A balance replaces the one in the file. Twice on one command line is a slip. */
static enum au_exit read_balances(struct run *run)
{
    struct au_invocation *invocation = run->invocation;
    struct au_bytes *ids = au_arena_get(&invocation->arena, invocation->given_count * sizeof(*ids));
    if (ids == NULL) return fail_memory(run);

    size_t count = 0;
    const struct au_given *given = au_invocation_option(invocation, "balance");
    for (; given != NULL; given = au_invocation_next(invocation, given), count++) {
        enum au_exit code = read_balance(run, given->text, &ids[count]);
        if (code != AU_EXIT_DONE) return code;
        if (is_among(ids[count], ids, count)) {
            return au_invocation_fail(invocation, AU_EXIT_USAGE,
                                      "--balance: account '%.*s' is given twice",
                                      (int)(strrchr(given->text, '=') - given->text), given->text);
        }
    }
    if (au_world_has_valid_sum(&run->world)) return AU_EXIT_DONE;
    return au_invocation_fail(invocation, AU_EXIT_USAGE,
                              "the balances together are at most %" PRIu64,
                              (uint64_t)AU_AMOUNT_MAX);
}

static enum au_exit read_options(struct run *run)
{
    struct au_execute_options *options = &run->options;
    enum au_exit code = read_account(run, "caller", &options->caller);
    if (code == AU_EXIT_DONE) code = read_storage(run);
    if (code == AU_EXIT_DONE) code = read_self(run);
    if (code == AU_EXIT_DONE) code = read_balances(run);
    if (code != AU_EXIT_DONE) return code;

    options->gas_limit = au_invocation_number(run->invocation, "gas", GAS_LIMIT_DEFAULT);
    options->function = run->invocation->operands[1];
    options->value = au_invocation_number(run->invocation, "value", 0);
    options->self = run->world.contract;
    options->block_height = au_invocation_number(run->invocation, "height", 0);
    options->block_time_ms = au_invocation_number(run->invocation, "time", 0);
    options->is_view = au_invocation_has(run->invocation, "view");
    options->balances = run->world.balances.items;
    options->balance_count = run->world.balances.count;
    options->storage = run->world.entries.items;
    options->storage_count = run->world.entries.count;
    return AU_EXIT_DONE;
}

static enum au_exit fail_reject(struct run *run, const struct au_reject *reject)
{
    struct au_invocation *invocation = run->invocation;
    const char *path = invocation->operands[0];
    if (!au_invocation_has(invocation, "json")) {
        return au_invocation_fail(invocation, AU_EXIT_REJECTED, "'%s' is refused (%s): %s", path,
                                  reject->rule, reject->message);
    }

    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    struct au_check_refusal refusal = {path, run->code, *reject};
    au_check_show_refusal(&text, &refusal, /* is_json = */ true);
    enum au_exit code = au_invocation_write(invocation, &text);
    au_buf_done(&text);
    return code == AU_EXIT_DONE ? AU_EXIT_REJECTED : code;
}

static enum au_exit load(struct run *run)
{
    struct au_reject reject;
    const char *path = run->invocation->operands[0];
    enum au_err err = au_code_load(path, &run->code, &reject);
    if (err == AU_ERR_NOT_FOUND || err == AU_ERR_IO) {
        return au_invocation_fail_file(run->invocation, err, "read", path);
    }
    if (err == AU_OK) {
        const struct au_runtime_options options = {.parallel_max = 1};
        err = au_runtime_new(&options, &run->runtime);
    }
    if (err == AU_OK) err = au_module_load(run->runtime, run->code, &run->module, &reject);
    if (err == AU_OK) return AU_EXIT_DONE;
    if (err == AU_ERR_INVALID_MODULE) return fail_reject(run, &reject);
    return au_invocation_fail(run->invocation, AU_EXIT_INTERNAL, "cannot load '%s': %s", path,
                              au_err_text(err));
}

static enum au_exit execute(struct run *run)
{
    enum au_err err = au_execute_contract(run->module, &run->options, &run->result);
    if (err == AU_OK) return run->result.success ? AU_EXIT_DONE : AU_EXIT_FAILED;
    if (err == AU_ERR_INVALID_ARG) {
        return au_invocation_fail(
            run->invocation, AU_EXIT_USAGE,
            "an account is named twice, by its name and by the hash of it, or "
            "--self is the system account");
    }
    return au_invocation_fail(run->invocation, AU_EXIT_INTERNAL, "cannot run the contract: %s",
                              au_err_text(err));
}

static enum au_exit save(struct run *run)
{
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    enum au_err err = au_world_apply(&run->world, &run->result);
    if (err == AU_OK) au_world_format(&run->world, &text);
    if (err == AU_OK) err = text.err;
    bool is_same = err == AU_OK && run->has_file &&
                   au_bytes_is_equal(au_buf_bytes(&text), au_buf_bytes(&run->file));
    enum au_exit code = AU_EXIT_DONE;
    if (err != AU_OK) {
        code = au_invocation_fail_file(run->invocation, err, "write", run->storage_path);
    } else if (!is_same) {
        code = au_invocation_save(run->invocation, run->storage_path, au_buf_bytes(&text));
    }
    au_buf_done(&text);
    return code;
}

static enum au_exit print(struct run *run, bool is_saved)
{
    const struct au_report report = {
        .result = &run->result,
        .function = run->options.function,
        .gas_limit = run->options.gas_limit,
        .storage_path = run->storage_path,
        .is_saved = is_saved,
        .has_color = run->invocation->streams->has_color,
    };
    struct au_buf text;
    au_buf_init(&text, RESULT_SIZE_MAX);
    if (au_invocation_has(run->invocation, "json")) {
        au_report_json(&text, &report);
    } else {
        au_report_text(&text, &report);
    }
    enum au_exit code = au_invocation_write(run->invocation, &text);
    au_buf_done(&text);
    return code;
}

static enum au_exit read_args(struct run *run)
{
    const struct au_typed_call call = {.code = run->code, .function = run->options.function};
    return au_typed_args_read(run->invocation, &call, 2, &run->options.args,
                              &run->options.arg_count);
}

static enum au_exit run_all(struct run *run)
{
    enum au_exit code = read_options(run);
    if (code == AU_EXIT_DONE) code = load(run);
    if (code == AU_EXIT_DONE) code = read_args(run);
    if (code != AU_EXIT_DONE) return code;

    enum au_exit outcome = execute(run);
    if (outcome != AU_EXIT_DONE && outcome != AU_EXIT_FAILED) return outcome;
    bool is_saved = run->storage_path != NULL && outcome == AU_EXIT_DONE;
    if (is_saved) code = save(run);
    if (code == AU_EXIT_DONE) code = print(run, is_saved);
    return code == AU_EXIT_DONE ? outcome : code;
}

enum au_exit au_run_command(struct au_invocation *invocation)
{
    struct run run = {.invocation = invocation};
    au_world_init(&run.world);
    au_buf_init(&run.message, MESSAGE_SIZE_MAX);
    au_buf_init(&run.file, AU_WORLD_FILE_SIZE_MAX);
    enum au_exit code = run_all(&run);
    run_done(&run);
    return code;
}
