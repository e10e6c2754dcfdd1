/* What each payload does, between the sender's reserve and its refund. */
#include "contract/explain.h"
#include "contract/host.h"
#include "core/limits.h"
#include "crypto/sha256.h"
#include "ledger/block_internal.h"

#define CREATE_STEPS 50000 /* a Transfer that creates its recipient */

static void refuse(struct execution *execution, enum au_outcome outcome, const char *why)
{
    execution->outcome = outcome;
    execution->why = why;
}

enum au_err au_credit(struct au_overlay *overlay, const struct au_address *address, uint64_t amount)
{
    struct au_account account;
    AU_TRY(au_overlay_get_account(overlay, address, &account));
    AU_ASSERT(account.balance <= AU_AMOUNT_MAX - amount);
    account.balance += amount;
    account.exists = true;
    return au_overlay_put_account(overlay, address, account);
}

static enum au_err move(struct au_overlay *overlay, const struct au_address *from,
                        const struct au_address *to, uint64_t amount)
{
    struct au_account account;
    if (amount == 0) return AU_OK;
    AU_TRY(au_overlay_get_account(overlay, from, &account));
    AU_ASSERT(account.balance >= amount);
    account.balance -= amount;
    AU_TRY(au_overlay_put_account(overlay, from, account));
    return au_credit(overlay, to, amount);
}

static enum au_err transfer(struct au_block *block, const struct au_tx *tx,
                            struct execution *execution)
{
    struct au_account to;
    if (au_address_is_equal(&tx->to, &au_address_system)) {
        refuse(execution, AU_OUTCOME_NOT_ALLOWED, "the system account takes no transfer");
        return AU_OK;
    }
    AU_TRY(au_overlay_get_account(&block->overlay, &tx->to, &to));
    if (!to.exists && tx->amount > 0) execution->steps_used += CREATE_STEPS;
    return move(&block->overlay, &tx->from, &tx->to, tx->amount);
}

/* ---- code ---- */

static const struct new_code *find_new_code(const struct au_block *block,
                                            const struct au_hash *hash)
{
    const struct new_code *code = block->codes;
    while (code && !au_hash_is_equal(&code->hash, hash))
        code = code->next;
    return code;
}

/* The code lives until the next read of the store. */
static enum au_err find_code(struct au_block *block, const struct au_hash *hash,
                             struct au_bytes *out_code)
{
    const struct new_code *found = find_new_code(block, hash);
    if (!found) return au_flat_code(&block->read.flat, hash, out_code);
    *out_code = found->code;
    return AU_OK;
}

/* Code of the chain: it was accepted once. */
static enum au_err load_code(struct au_block *block, const struct au_hash *hash,
                             struct au_loaded **out_loaded)
{
    struct au_engine *engine = block->ledger->engine;
    struct au_reject reject;
    struct au_bytes code;
    if (au_engine_find(engine, hash, out_loaded)) return AU_OK;
    enum au_err err = find_code(block, hash, &code);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
    err = au_engine_load_kept(engine, code, out_loaded, &reject);
    return err == AU_ERR_INVALID_MODULE ? AU_ERR_MALFORMED : err;
}

/* The same for frames inside others, which may name any code. */
static enum au_err load_named(void *context, const struct au_hash *hash,
                              struct au_loaded **out_loaded)
{
    struct au_block *block = context;
    struct au_bytes code;
    AU_TRY(find_code(block, hash, &code));
    return load_code(block, hash, out_loaded);
}

static enum au_err load_traced(void *context, const struct au_hash *hash,
                               struct au_loaded **out_loaded)
{
    struct au_block *block = context;
    struct au_engine *engine = block->ledger->engine;
    struct au_reject reject;
    struct au_bytes code;
    if (au_engine_find_traced(engine, hash, out_loaded)) return AU_OK;
    enum au_err err = find_code(block, hash, &code);
    if (err == AU_OK) err = au_engine_load_traced(engine, code, out_loaded, &reject);
    bool is_lost = err == AU_ERR_NOT_FOUND || err == AU_ERR_INVALID_MODULE;
    return is_lost ? AU_ERR_MALFORMED : err;
}

static enum au_err keep_code(struct au_block *block, const struct au_hash *hash,
                             struct au_bytes code)
{
    struct new_code *kept = au_arena_zero(&block->arena, sizeof(*kept));
    if (!kept) return AU_ERR_NO_MEMORY;
    *kept = (struct new_code){.next = block->codes, .hash = *hash};
    AU_TRY(au_arena_copy(&block->arena, code, &kept->code));
    block->codes = kept;
    return AU_OK;
}

static void note_reject(struct au_block *block, const struct au_reject *reject)
{
    au_buf_printf(&block->note, "%s: %s", reject->rule, reject->message);
    if (reject->function != AU_REJECT_NO_FUNCTION) {
        au_buf_printf(&block->note, ", in function %u", reject->function);
    }
    au_buf_printf(&block->note, ", at byte %zu", reject->offset);
}

/* The charge of compiling, taken before anything is compiled. */
static bool pay_for_compiling(const struct au_module_info *info, int64_t steps_limit,
                              struct execution *execution)
{
    uint64_t left = (uint64_t)(steps_limit - execution->steps_used);
    if (info->compile_steps > left) {
        refuse(execution, AU_OUTCOME_OUT_OF_GAS, "the gas limit does not cover compiling the code");
        execution->steps_used = steps_limit;
        return false;
    }
    execution->steps_used += (int64_t)info->compile_steps;
    return true;
}

/* New code: validated, paid for, compiled. out_loaded is NULL unless it is all three. */
static enum au_err admit_code(struct au_block *block, const struct au_checked *checked,
                              const struct au_hash *hash, struct execution *execution,
                              struct au_loaded **out_loaded)
{
    struct au_engine *engine = block->ledger->engine;
    int64_t steps_limit = (int64_t)checked->gas_limit * AU_STEPS_PER_GAS;
    struct au_bytes code = execution->code = checked->tx.code;
    struct au_reject reject;
    if (au_engine_find(engine, hash, out_loaded)) {
        if (pay_for_compiling(au_loaded_info(*out_loaded), steps_limit, execution)) return AU_OK;
        au_loaded_release(*out_loaded);
        *out_loaded = NULL;
        return AU_OK;
    }
    struct au_module_info *info;
    enum au_err err = au_module_prepare(code, &au_host_env, NULL, &info, &reject);
    if (err == AU_ERR_INVALID_MODULE) {
        refuse(execution, AU_OUTCOME_INVALID_MODULE, NULL);
        note_reject(block, &reject);
        return AU_OK;
    }
    AU_TRY(err);
    bool is_paid = pay_for_compiling(info, steps_limit, execution);
    au_module_info_free(info);
    if (!is_paid) return AU_OK;
    err = au_engine_load(engine, code, out_loaded, &reject);
    return err == AU_ERR_INVALID_MODULE ? AU_ERR_ENGINE : err;
}

/* ---- frames ---- */

/* The code of a call that failed, to tell where: empty when that can't be had, or when the block
 * has explained enough. */
static struct au_bytes code_to_explain(struct au_block *block, const struct au_loaded *loaded,
                                       const struct au_call *call,
                                       const struct execution *execution)
{
    struct au_bytes code = execution->code;
    struct au_account contract;
    size_t size = au_loaded_info(loaded)->code_size;
    if (size > block->explain_left) return (struct au_bytes){0};
    block->explain_left -= size;
    if (code.size > 0) return code;
    enum au_err err = au_overlay_get_account(&block->overlay, &call->self, &contract);
    if (err == AU_OK) err = find_code(block, &contract.code_hash, &code);
    return err == AU_OK ? code : (struct au_bytes){0};
}

static enum au_err run_frame(struct au_block *block, struct au_loaded *loaded, struct au_call *call,
                             struct execution *execution)
{
    const struct au_code_source codes = {block, load_named, load_traced};
    struct au_env env = {
        .overlay = &block->overlay,
        .codes = &codes,
        .arena = &block->arena,
        .logs = &block->logs,
        .events = &block->events,
        .origin = call->caller,
        .block_height = block->header.height,
        .block_time_ms = block->header.time_ms,
        .chain_id = {(const uint8_t *)block->header.chain_id, block->header.chain_id_size},
        .tracer = block->tracer,
    };
    call->logs_size_max = AU_LOGS_SIZE_MAX;
    call->output_size_max = AU_OUTPUT_SIZE_MAX;
    call->events_max = AU_EVENTS_MAX;
    call->event_data_max = AU_EVENTS_DATA_SIZE_MAX;

    struct au_account caller;
    AU_TRY(au_overlay_get_account(&block->overlay, &call->caller, &caller));
    struct au_frame_result frame;
    AU_TRY(au_frame_run(loaded, &env, call, &frame));
    execution->outcome = frame.outcome;
    execution->detail = frame.detail;
    execution->revert_code = frame.revert_code;
    execution->steps_used += frame.steps_used;
    execution->output = frame.output;
    execution->log_count = env.log_count;
    execution->event_count = env.event_count;
    if (frame.outcome != AU_OUTCOME_SUCCESS) {
        struct au_bytes code = {0};
        if (frame.trace.count > 0) code = code_to_explain(block, loaded, call, execution);
        AU_TRY(
            au_explain(au_loaded_info(loaded), code, call, &frame, caller.balance, &block->note));
    }
    return AU_OK;
}

/* Runs a function of the transaction's contract with what is left of its limit. */
static enum au_err run_tx_frame(struct au_block *block, const struct au_checked *checked,
                                struct au_loaded *loaded, struct au_call *call,
                                struct execution *execution)
{
    struct au_bytes args[AU_ARG_COUNT_MAX + 1];
    call->args = args;
    call->arg_count = au_tx_args(&checked->tx, args);
    call->caller = checked->tx.from;
    call->value = checked->tx.value;
    call->steps_limit = (int64_t)checked->gas_limit * AU_STEPS_PER_GAS - execution->steps_used;
    return run_frame(block, loaded, call, execution);
}

static enum au_err call(struct au_block *block, const struct au_checked *checked,
                        struct execution *execution)
{
    struct au_account contract;
    struct au_loaded *loaded;
    AU_TRY(au_overlay_get_account(&block->overlay, &checked->tx.to, &contract));
    if (!contract.has_code) {
        refuse(execution, AU_OUTCOME_NO_CONTRACT, NULL);
        return AU_OK;
    }
    AU_TRY(load_code(block, &contract.code_hash, &loaded));
    struct au_call call = {
        .kind = AU_CALL_FUNCTION, .self = checked->tx.to, .function = checked->tx.function};
    enum au_err err = run_tx_frame(block, checked, loaded, &call, execution);
    au_loaded_release(loaded);
    return err;
}

/* Runs the first function of code that an account has got, if the code exports it. */
static enum au_err begin(struct au_block *block, const struct au_checked *checked,
                         struct au_loaded *loaded, struct au_call *call,
                         struct execution *execution)
{
    const struct au_tx *tx = &checked->tx;
    if (au_module_info_export(au_loaded_info(loaded), call->function)) {
        return run_tx_frame(block, checked, loaded, call, execution);
    }
    if (tx->arg_count > 0) {
        refuse(execution, AU_OUTCOME_BAD_ARGUMENTS,
               "there are arguments, but the code exports no function that takes them");
        return AU_OK;
    }
    return move(&block->overlay, &tx->from, &call->self, tx->value);
}

/* Puts code into an account and on the chain, where its own frames find it too. */
static enum au_err install(struct au_block *block, const struct au_checked *checked,
                           struct au_account account, struct au_loaded *loaded,
                           struct au_call *call, struct execution *execution)
{
    struct new_code *codes = block->codes;
    AU_TRY(keep_code(block, &account.code_hash, checked->tx.code));
    AU_TRY(au_overlay_put_account(&block->overlay, &call->self, account));
    enum au_err err = begin(block, checked, loaded, call, execution);
    if (err != AU_OK || execution->outcome != AU_OUTCOME_SUCCESS) block->codes = codes;
    return err;
}

static enum au_err deploy(struct au_block *block, const struct au_checked *checked,
                          struct execution *execution)
{
    const struct au_tx *tx = &checked->tx;
    struct au_hash hash = au_sha256(tx->code);
    struct au_address address = au_address_of_contract(&tx->from, tx->nonce, &hash);
    struct au_account account;
    if (tx->has_admin && au_ed25519_is_small_order(tx->admin.bytes)) {
        refuse(execution, AU_OUTCOME_NOT_ALLOWED, "an admin that anyone could sign for");
        return AU_OK;
    }
    AU_TRY(au_overlay_get_account(&block->overlay, &address, &account));
    if (account.has_code) {
        refuse(execution, AU_OUTCOME_NOT_ALLOWED, "there is a contract at this address");
        return AU_OK;
    }
    struct au_loaded *loaded = NULL;
    AU_TRY(admit_code(block, checked, &hash, execution, &loaded));
    if (!loaded) return AU_OK;

    account.exists = account.has_code = true;
    account.code_hash = hash;
    account.has_admin = tx->has_admin;
    account.admin = tx->admin;
    struct au_call call = {.kind = AU_CALL_INIT, .self = address, .function = au_tx_function(tx)};
    enum au_err err = install(block, checked, account, loaded, &call, execution);
    au_loaded_release(loaded);
    if (err != AU_OK || execution->outcome != AU_OUTCOME_SUCCESS) return err;
    execution->has_created = true;
    execution->created = address;
    return AU_OK;
}

static enum au_err upgrade(struct au_block *block, const struct au_checked *checked,
                           struct execution *execution)
{
    const struct au_tx *tx = &checked->tx;
    struct au_account account;
    AU_TRY(au_overlay_get_account(&block->overlay, &tx->to, &account));
    if (!account.has_code) {
        refuse(execution, AU_OUTCOME_NO_CONTRACT, NULL);
        return AU_OK;
    }
    if (!account.has_admin || !au_address_is_equal(&account.admin, &tx->from)) {
        refuse(execution, AU_OUTCOME_NOT_ALLOWED, "the sender is not the contract's admin");
        return AU_OK;
    }
    struct au_hash hash = au_sha256(tx->code);
    struct au_loaded *loaded = NULL;
    AU_TRY(admit_code(block, checked, &hash, execution, &loaded));
    if (!loaded) return AU_OK;

    account.code_hash = hash;
    struct au_call call = {.kind = AU_CALL_MIGRATE, .self = tx->to, .function = au_tx_function(tx)};
    enum au_err err = install(block, checked, account, loaded, &call, execution);
    au_loaded_release(loaded);
    return err;
}

enum au_err au_execute_payload(struct au_block *block, const struct au_checked *checked,
                               struct execution *execution)
{
    switch (checked->tx.kind) {
    case AU_TX_TRANSFER: return transfer(block, &checked->tx, execution);
    case AU_TX_DEPLOY: return deploy(block, checked, execution);
    case AU_TX_CALL: return call(block, checked, execution);
    case AU_TX_STAKE: return au_stake(block, &checked->tx, execution);
    case AU_TX_UNSTAKE: return au_unstake(block, &checked->tx, execution);
    case AU_TX_UPGRADE: return upgrade(block, checked, execution);
    }
    return AU_OK;
}

enum au_err au_execute_view(struct au_block *block, const struct au_view *view,
                            struct execution *execution)
{
    struct au_account contract;
    struct au_loaded *loaded;
    AU_TRY(au_overlay_get_account(&block->overlay, &view->contract, &contract));
    if (!contract.has_code) {
        refuse(execution, AU_OUTCOME_NO_CONTRACT, NULL);
        return AU_OK;
    }
    AU_TRY(load_code(block, &contract.code_hash, &loaded));
    struct au_call call = {
        .kind = AU_CALL_FUNCTION,
        .self = view->contract,
        .caller = view->caller,
        .function = view->function,
        .args = view->args,
        .arg_count = view->arg_count,
        .is_view = true,
        .steps_limit = (int64_t)view->gas_limit * AU_STEPS_PER_GAS,
    };
    enum au_err err = run_frame(block, loaded, &call, execution);
    au_loaded_release(loaded);
    return err;
}
