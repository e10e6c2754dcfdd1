/* au_execute_contract of aureon.h: a frame over a world that the caller describes. */
#include "aureon.h"
#include "base/bytes.h"
#include "contract/explain.h"
#include "contract/frame.h"
#include "contract/result.h"
#include "contract/runtime.h"
#include "core/limits.h"

/* ---- checks of the options, before anything is taken ---- */

static bool is_bytes(struct au_bytes bytes)
{
    return bytes.size == 0 || bytes.data;
}

static bool is_id_or_empty(struct au_bytes id)
{
    return is_bytes(id) && id.size <= AU_ID_SIZE_MAX;
}

static bool is_chain_id(const char *chain_id)
{
    size_t size = strnlen(chain_id, AU_CHAIN_ID_SIZE_MAX + 1);
    if (size == 0 || size > AU_CHAIN_ID_SIZE_MAX) return false;
    return strspn(chain_id, "abcdefghijklmnopqrstuvwxyz0123456789-") == size;
}

static bool has_good_args(const struct au_execute_options *options)
{
    size_t size_left = AU_ARGS_SIZE_MAX;
    if (options->arg_count > AU_ARG_COUNT_MAX) return false;
    for (size_t i = 0; i < options->arg_count; i++) {
        if (!is_bytes(options->args[i]) || options->args[i].size > size_left) return false;
        size_left -= options->args[i].size;
    }
    return true;
}

static bool has_good_balances(const struct au_execute_options *options)
{
    uint64_t amount_left = AU_AMOUNT_MAX;
    for (size_t i = 0; i < options->balance_count; i++) {
        const struct au_balance *balance = &options->balances[i];
        if (balance->account.size == 0 || !is_id_or_empty(balance->account)) return false;
        if (balance->amount > amount_left) return false;
        amount_left -= balance->amount;
    }
    return true;
}

static bool has_good_storage(const struct au_execute_options *options)
{
    for (size_t i = 0; i < options->storage_count; i++) {
        const struct au_entry *entry = &options->storage[i];
        if (entry->key.size == 0 || entry->key.size > AU_KEY_SIZE_MAX) return false;
        if (entry->value.size > AU_VALUE_SIZE_MAX) return false;
        if (!is_bytes(entry->key) || !is_bytes(entry->value)) return false;
    }
    return true;
}

static bool is_in_range(const struct au_execute_options *options)
{
    return options->gas_limit <= AU_GAS_LIMIT_MAX && is_id_or_empty(options->self) &&
           is_id_or_empty(options->caller) && is_id_or_empty(options->origin) &&
           (!options->chain_id || is_chain_id(options->chain_id)) && has_good_args(options) &&
           has_good_balances(options) && has_good_storage(options);
}

/* ---- the world and the call ---- */

/* Self has code, and caller and origin have signed or run: on a chain all three exist, whatever
 * their balance is. */
static enum au_err name_party(struct au_scratch *scratch, struct au_bytes id,
                              const char *default_id, struct au_address *out_address)
{
    struct au_bytes named = id.size > 0 ? id : au_bytes_of(default_id);
    bool is_new;
    if (!au_names_address(named, out_address)) return AU_ERR_INVALID_ARG;
    AU_TRY(au_overlay_preload_account(&scratch->overlay, out_address,
                                      (struct au_account){.exists = true}, &is_new));
    return au_names_add(&scratch->names, out_address, named);
}

/* Without a chain there is no code but the one that runs. */
static enum au_err load_named(void *context, const struct au_hash *code_hash,
                              struct au_loaded **out_loaded)
{
    const struct au_module *module = context;
    if (!au_hash_is_equal(code_hash, &module->code_hash)) return AU_ERR_NOT_FOUND;
    bool is_found = au_engine_find(module->runtime->engine, code_hash, out_loaded);
    AU_ASSERT(is_found);
    return AU_OK;
}

/* Self has the code that runs. */
static enum au_err give_code(struct au_scratch *scratch, const struct au_module *module,
                             const struct au_address *self)
{
    struct au_account account;
    AU_TRY(au_overlay_get_account(&scratch->overlay, self, &account));
    account.has_code = true;
    account.code_hash = module->code_hash;
    return au_overlay_put_account(&scratch->overlay, self, account);
}

static enum au_err preload_balances(struct au_scratch *scratch,
                                    const struct au_execute_options *options)
{
    for (size_t i = 0; i < options->balance_count; i++) {
        const struct au_balance *balance = &options->balances[i];
        struct au_address address;
        struct au_account account = {.exists = true, .balance = balance->amount};
        bool is_new;
        if (!au_names_address(balance->account, &address)) return AU_ERR_INVALID_ARG;
        AU_TRY(au_overlay_preload_account(&scratch->overlay, &address, account, &is_new));
        if (!is_new) return AU_ERR_INVALID_ARG;
        AU_TRY(au_names_add(&scratch->names, &address, balance->account));
    }
    return AU_OK;
}

static enum au_err preload_storage(struct au_scratch *scratch,
                                   const struct au_execute_options *options,
                                   const struct au_address *self)
{
    for (size_t i = 0; i < options->storage_count; i++) {
        const struct au_entry *entry = &options->storage[i];
        bool is_new;
        AU_TRY(au_overlay_preload_slot(&scratch->overlay, self, entry->key, entry->value, &is_new));
        if (!is_new) return AU_ERR_INVALID_ARG;
    }
    return AU_OK;
}

static enum au_err make_world(struct au_scratch *scratch, const struct au_execute_options *options,
                              struct au_env *env, struct au_call *call)
{
    AU_TRY(preload_balances(scratch, options));
    AU_TRY(name_party(scratch, options->self, "contract", &call->self));
    AU_TRY(name_party(scratch, options->caller, "caller", &call->caller));
    env->origin = call->caller;
    if (options->origin.size > 0) AU_TRY(name_party(scratch, options->origin, "", &env->origin));
    if (au_address_is_equal(&call->self, &au_address_system)) return AU_ERR_INVALID_ARG;
    return preload_storage(scratch, options, &call->self);
}

static enum au_err explain(const struct au_module *module, const struct au_env *env,
                           const struct au_call *call, const struct au_frame_result *frame,
                           struct au_buf *message)
{
    struct au_account caller;
    if (frame->outcome == AU_OUTCOME_SUCCESS) return AU_OK;
    AU_TRY(au_overlay_get_account(env->overlay, &call->caller, &caller));
    struct au_bytes code = {module->code, module->code_size};
    return au_explain(au_loaded_info(module->loaded), code, call, frame, caller.balance, message);
}

static enum au_err execute(const struct au_module *module, struct au_scratch *scratch,
                           const struct au_execute_options *options, struct au_result *out_result)
{
    const struct au_code_source codes = {(void *)(uintptr_t)module, load_named, NULL};
    struct au_env env = {
        .overlay = &scratch->overlay,
        .codes = &codes,
        .names = &scratch->names,
        .arena = &scratch->arena,
        .logs = &scratch->logs,
        .events = &scratch->events,
        .block_height = options->block_height,
        .block_time_ms = options->block_time_ms,
        .chain_id = au_bytes_of(options->chain_id ? options->chain_id : "local"),
    };
    struct au_call call = {
        .kind = AU_CALL_INIT, /* whoever runs a contract here is its deployer */
        .value = options->value,
        .function = au_bytes_of(options->function ? options->function : "run"),
        .args = options->args,
        .arg_count = options->arg_count,
        .is_view = options->is_view,
        .steps_limit = (int64_t)options->gas_limit * AU_STEPS_PER_GAS,
        .logs_size_max = AU_LOGS_SIZE_MAX,
        .output_size_max = AU_OUTPUT_SIZE_MAX,
        .events_max = AU_EVENTS_MAX,
        .event_data_max = AU_EVENTS_DATA_SIZE_MAX,
    };
    AU_TRY(make_world(scratch, options, &env, &call));
    AU_TRY(give_code(scratch, module, &call.self));

    struct au_frame_result frame;
    struct au_savepoint before = au_overlay_save(&scratch->overlay);
    AU_TRY(au_frame_run(module->loaded, &env, &call, &frame));
    AU_TRY(explain(module, &env, &call, &frame, &scratch->message));
    return au_result_make(&env, &frame, before, au_buf_bytes(&scratch->message), out_result);
}

enum au_err au_execute_contract(const struct au_module *module,
                                const struct au_execute_options *options,
                                struct au_result *out_result)
{
    if (!is_in_range(options)) return AU_ERR_INVALID_ARG;
    struct au_scratch *scratch;
    AU_TRY(au_scratch_get(&module->runtime->scratches, &scratch));
    enum au_err err = execute(module, scratch, options, out_result);
    au_scratch_put(&module->runtime->scratches, scratch);
    return err;
}
