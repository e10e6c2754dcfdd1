/* The host functions by which contracts call, make and change contracts. */
#include "contract/host_internal.h"
#include "core/address.h"
#include "core/decode.h"
#include "crypto/ed25519.h"
#include "vm/limits.h"

enum call_flag {
    CALL_VIEW = 1,   /* the callee and all below it may not write */
    CALL_REENTRY = 2 /* this contract may be entered again meanwhile */
};

/* ---- arguments and limits of a frame inside this one ---- */

struct args {
    struct au_bytes items[AU_ARG_COUNT_MAX];
    size_t count;
};

/* One canonical vec<bytes>. The items stay in the caller's memory, which nobody writes before the
 * caller runs again. */
static bool take_args(struct au_bytes encoded, struct args *out_args)
{
    struct au_decode decode;
    size_t size_left = AU_ARGS_SIZE_MAX;
    au_decode_init(&decode, encoded);
    out_args->count = au_decode_count(&decode, AU_ARG_COUNT_MAX, sizeof(uint32_t));
    for (size_t i = 0; i < out_args->count; i++) {
        out_args->items[i] = au_decode_bytes(&decode, size_left);
        size_left -= out_args->items[i].size;
    }
    return au_decode_is_done(&decode);
}

/* A callee leaves its caller a sixty-fourth of what is left. gas: 0 = all that it may have. */
static int64_t inner_steps(const struct au_instance *instance, uint64_t gas)
{
    int64_t left = instance->steps_left;
    int64_t most = left - (left / 64 + (left % 64 != 0));
    if (gas == 0 || gas > (uint64_t)most / AU_STEPS_PER_GAS) return most;
    return (int64_t)gas * AU_STEPS_PER_GAS;
}

/* A callee may use three quarters of what is left of a cap. */
static uint32_t inner_cap(uint32_t cap, size_t used)
{
    AU_ASSERT(used <= cap);
    return (uint32_t)(used + (cap - used) / 4 * 3 + (cap - used) % 4 * 3 / 4);
}

static struct au_call inner_call(const struct au_instance *instance, const struct args *args,
                                 uint64_t value, uint64_t gas)
{
    const struct au_frame *frame = au_host_frame(instance);
    return (struct au_call){
        .caller = frame->call->self,
        .value = value,
        .args = args->items,
        .arg_count = args->count,
        .is_view = frame->call->is_view,
        .steps_limit = inner_steps(instance, gas),
        .logs_size_max = inner_cap(frame->call->logs_size_max, frame->env->logs->size),
        .output_size_max = inner_cap(frame->call->output_size_max, frame->env->output_used),
        .events_max = inner_cap(frame->call->events_max, frame->env->events_used),
        .event_data_max = inner_cap(frame->call->event_data_max, frame->env->event_data_used),
    };
}

/* Runs a frame inside this one and takes what it used. */
static enum au_err run_inner(struct au_instance *instance, struct au_loaded *loaded,
                             const struct au_call *call, enum au_outcome *out_outcome)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_frame_result result;
    AU_TRY(au_frame_run_inside(frame, loaded, call, &result));
    AU_ASSERT(result.steps_used <= instance->steps_left);
    instance->steps_left -= result.steps_used;
    frame->ret = result.output;
    *out_outcome = result.outcome;
    return AU_OK;
}

/* The account of the contract that runs. */
static enum au_err get_self(const struct au_frame *frame, struct au_account *out_account)
{
    return au_overlay_get_account(frame->env->overlay, &frame->call->self, out_account);
}

static enum au_err put_self(const struct au_frame *frame, struct au_account account)
{
    account.exists = true;
    return au_overlay_put_account(frame->env->overlay, &frame->call->self, account);
}

static enum au_err has_balance(const struct au_frame *frame, uint64_t value, bool *out_has)
{
    struct au_account self;
    AU_TRY(get_self(frame, &self));
    *out_has = value <= self.balance;
    return AU_OK;
}

/* ---- call ---- */

struct target {
    struct au_address address;
    struct au_bytes function;
    struct au_bytes args;
    uint64_t value;
    uint64_t gas;
    uint32_t flags;
};

/* Every live frame of a contract must consent, by the call that it waits in. */
static bool may_enter(const struct au_frame *frame, const struct au_address *address)
{
    for (; frame; frame = frame->outer) {
        if (au_address_is_equal(&frame->call->self, address) && !frame->consents) return false;
    }
    return true;
}

/* What is refused before the target's code is looked at. */
static enum au_err refuse_call(const struct au_frame *frame, const struct target *target,
                               struct au_account *out_account, enum au_outcome *out_outcome)
{
    bool is_covered;
    *out_outcome = AU_OUTCOME_DEPTH_LIMIT;
    if (frame->depth == AU_DEPTH_MAX) return AU_OK;
    *out_outcome = AU_OUTCOME_NOT_ALLOWED;
    if ((target->flags & CALL_VIEW) && target->value > 0) return AU_OK;
    if (!may_enter(frame, &target->address)) return AU_OK;
    *out_outcome = AU_OUTCOME_INSUFFICIENT_BALANCE;
    AU_TRY(has_balance(frame, target->value, &is_covered));
    if (!is_covered) return AU_OK;
    AU_TRY(au_overlay_get_account(frame->env->overlay, &target->address, out_account));
    *out_outcome = out_account->has_code ? AU_OUTCOME_SUCCESS : AU_OUTCOME_NO_CONTRACT;
    return AU_OK;
}

static enum au_err run_target(struct au_instance *instance, const struct target *target,
                              struct au_loaded *loaded, enum au_outcome *out_outcome)
{
    struct args args;
    bool has_args = take_args(target->args, &args);
    if (!has_args) args.count = 0;
    struct au_call call = inner_call(instance, &args, target->value, target->gas);
    call.self = target->address;
    call.function = target->function;
    call.is_view |= (target->flags & CALL_VIEW) != 0;
    if (!has_args) {
        const struct au_export *export_;
        *out_outcome = au_frame_check_name(au_loaded_info(loaded), &call, &export_);
        if (*out_outcome == AU_OUTCOME_SUCCESS) *out_outcome = AU_OUTCOME_BAD_ARGUMENTS;
        return AU_OK;
    }
    return run_inner(instance, loaded, &call, out_outcome);
}

static enum au_err call_target(struct au_instance *instance, const struct target *target,
                               enum au_outcome *out_outcome)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_account account;
    struct au_loaded *loaded;
    frame->ret = (struct au_bytes){0};
    frame->consents = (target->flags & CALL_REENTRY) != 0;
    AU_TRY(refuse_call(frame, target, &account, out_outcome));
    if (*out_outcome != AU_OUTCOME_SUCCESS) return AU_OK;
    enum au_err err =
        frame->env->codes->load(frame->env->codes->context, &account.code_hash, &loaded);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_ERR_MALFORMED : err;
    err = run_target(instance, target, loaded, out_outcome);
    au_loaded_release(loaded);
    return err;
}

enum au_host_next au_host_call(struct au_instance *instance, union au_value *args)
{
    struct target target = {.value = args[5].u64, .gas = args[6].u64, .flags = args[7].u32};
    struct au_bytes address;
    if ((target.flags & ~(uint32_t)(CALL_VIEW | CALL_REENTRY)) != 0) {
        return au_instance_reject(instance, AU_HOST_REJECT_FLAG);
    }
    if (!au_host_get(instance, args[0].u32, AU_ADDRESS_SIZE, &address) ||
        !au_host_get(instance, args[1].u32, args[2].u32, &target.function) ||
        !au_host_get(instance, args[3].u32, args[4].u32, &target.args)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (target.value > 0 && au_host_frame(instance)->call->is_view) {
        return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);
    }
    memcpy(target.address.bytes, address.data, AU_ADDRESS_SIZE);
    enum au_outcome outcome;
    enum au_err err = call_target(instance, &target, &outcome);
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_i32(args, (int32_t)outcome);
}

/* ---- the output of the last call ---- */

enum au_host_next au_host_ret_size(struct au_instance *instance, union au_value *args)
{
    return au_host_return_i32(args, (int32_t)au_host_frame(instance)->ret.size);
}

enum au_host_next au_host_ret_read(struct au_instance *instance, union au_value *args)
{
    struct au_bytes ret = au_host_frame(instance)->ret;
    uint32_t offset = args[1].u32;
    if (!au_instance_has_range(instance, args[0].u32, args[2].u32)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    struct au_bytes copied = {0};
    if (offset < ret.size) copied = (struct au_bytes){ret.data + offset, ret.size - offset};
    if (copied.size > args[2].u32) copied.size = args[2].u32;
    if (!au_instance_charge(instance, (int64_t)copied.size * AU_HOST_GAS_RET_COPIED_BYTE)) {
        return AU_HOST_STOP;
    }
    au_host_put(instance, args[0].u32, copied);
    return au_host_return_i32(args, (int32_t)copied.size);
}

/* ---- deploy ---- */

struct deployment {
    struct au_hash code_hash;
    struct au_bytes args;
    uint64_t value;
    uint64_t gas;
    struct au_address address; /* of the new contract, once it is known */
};

/* The nonce that names the new contract is used up; its account gets code, and nobody as admin. */
static enum au_err put_contract(const struct au_frame *frame, const struct deployment *deployment)
{
    struct au_account account;
    AU_TRY(get_self(frame, &account));
    account.nonce++;
    AU_TRY(put_self(frame, account));
    AU_TRY(au_overlay_get_account(frame->env->overlay, &deployment->address, &account));
    account.exists = account.has_code = true;
    account.code_hash = deployment->code_hash;
    return au_overlay_put_account(frame->env->overlay, &deployment->address, account);
}

/* init, or a move of the value to code that has none. */
static enum au_err begin_contract(struct au_instance *instance, struct au_loaded *loaded,
                                  const struct deployment *deployment, const struct args *args,
                                  enum au_outcome *out_outcome)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_call call = inner_call(instance, args, deployment->value, deployment->gas);
    call.kind = AU_CALL_INIT;
    call.self = deployment->address;
    call.function = au_bytes_of("init");
    if (au_module_info_export(au_loaded_info(loaded), call.function)) {
        return run_inner(instance, loaded, &call, out_outcome);
    }
    bool is_covered;
    AU_TRY(au_frame_move_value(frame->env, &call, &is_covered));
    AU_ASSERT(is_covered);
    *out_outcome = AU_OUTCOME_SUCCESS;
    return AU_OK;
}

static enum au_err make_contract(struct au_instance *instance, struct au_loaded *loaded,
                                 struct deployment *deployment, enum au_outcome *out_outcome)
{
    const struct au_frame *frame = au_host_frame(instance);
    struct au_overlay *overlay = frame->env->overlay;
    struct au_account account;
    struct args args;
    AU_TRY(get_self(frame, &account));
    deployment->address =
        au_address_of_contract(&frame->call->self, account.nonce, &deployment->code_hash);
    AU_TRY(au_overlay_get_account(overlay, &deployment->address, &account));
    *out_outcome = AU_OUTCOME_NOT_ALLOWED;
    if (account.has_code) return AU_OK;
    bool has_init = au_module_info_export(au_loaded_info(loaded), au_bytes_of("init")) != NULL;
    *out_outcome = AU_OUTCOME_BAD_ARGUMENTS;
    if (!take_args(deployment->args, &args) || (args.count > 0 && !has_init)) return AU_OK;

    struct au_savepoint savepoint = au_overlay_save(overlay);
    enum au_err err = put_contract(frame, deployment);
    if (err == AU_OK) err = begin_contract(instance, loaded, deployment, &args, out_outcome);
    if (err != AU_OK || *out_outcome != AU_OUTCOME_SUCCESS) {
        au_overlay_restore(overlay, savepoint);
    }
    return err;
}

static enum au_err deploy(struct au_instance *instance, struct deployment *deployment,
                          enum au_outcome *out_outcome)
{
    struct au_frame *frame = au_host_frame(instance);
    const struct au_code_source *codes = frame->env->codes;
    struct au_loaded *loaded;
    bool is_covered;
    frame->ret = (struct au_bytes){0};
    frame->consents = false;
    *out_outcome = AU_OUTCOME_DEPTH_LIMIT;
    if (frame->depth == AU_DEPTH_MAX) return AU_OK;
    *out_outcome = AU_OUTCOME_INSUFFICIENT_BALANCE;
    AU_TRY(has_balance(frame, deployment->value, &is_covered));
    if (!is_covered) return AU_OK;
    *out_outcome = AU_OUTCOME_NO_CONTRACT;
    enum au_err err = codes->load(codes->context, &deployment->code_hash, &loaded);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_OK : err;
    err = make_contract(instance, loaded, deployment, out_outcome);
    au_loaded_release(loaded);
    return err;
}

enum au_host_next au_host_deploy(struct au_instance *instance, union au_value *args)
{
    struct deployment deployment = {.value = args[3].u64, .gas = args[4].u64};
    uint32_t pointer = args[5].u32;
    struct au_bytes hash;
    if (!au_host_get(instance, args[0].u32, AU_HASH_SIZE, &hash) ||
        !au_host_get(instance, args[1].u32, args[2].u32, &deployment.args) ||
        !au_instance_has_range(instance, pointer, AU_ADDRESS_SIZE)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);
    memcpy(deployment.code_hash.bytes, hash.data, AU_HASH_SIZE);
    enum au_outcome outcome;
    enum au_err err = deploy(instance, &deployment, &outcome);
    if (err != AU_OK) return au_instance_fail(instance, err);
    if (outcome == AU_OUTCOME_SUCCESS) {
        au_host_put(instance, pointer,
                    (struct au_bytes){deployment.address.bytes, AU_ADDRESS_SIZE});
    }
    return au_host_return_i32(args, (int32_t)outcome);
}

/* ---- upgrade ---- */

static enum au_err upgrade(struct au_frame *frame, const struct au_hash *code_hash,
                           enum au_outcome *out_outcome)
{
    const struct au_code_source *codes = frame->env->codes;
    struct au_account self;
    struct au_loaded *loaded;
    AU_TRY(get_self(frame, &self));
    *out_outcome = AU_OUTCOME_NOT_ALLOWED;
    if (!self.has_admin) return AU_OK;
    *out_outcome = AU_OUTCOME_NO_CONTRACT;
    enum au_err err = codes->load(codes->context, code_hash, &loaded);
    if (err != AU_OK) return err == AU_ERR_NOT_FOUND ? AU_OK : err;
    au_loaded_release(loaded);
    *out_outcome = AU_OUTCOME_SUCCESS;
    self.code_hash = *code_hash;
    return put_self(frame, self);
}

enum au_host_next au_host_upgrade(struct au_instance *instance, union au_value *args)
{
    struct au_bytes bytes;
    struct au_hash code_hash;
    if (!au_host_get(instance, args[0].u32, AU_HASH_SIZE, &bytes)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);
    memcpy(code_hash.bytes, bytes.data, AU_HASH_SIZE);
    enum au_outcome outcome;
    enum au_err err = upgrade(au_host_frame(instance), &code_hash, &outcome);
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_i32(args, (int32_t)outcome);
}

/* An admin that anyone could sign for is none that a contract may have. */
static enum au_err set_admin(const struct au_frame *frame, const struct au_address *admin,
                             enum au_outcome *out_outcome)
{
    struct au_account self;
    AU_TRY(get_self(frame, &self));
    *out_outcome = AU_OUTCOME_NOT_ALLOWED;
    if (!self.has_admin) return AU_OK;
    if (admin && au_ed25519_is_small_order(admin->bytes)) return AU_OK;
    *out_outcome = AU_OUTCOME_SUCCESS;
    self.has_admin = admin != NULL;
    self.admin = admin ? *admin : (struct au_address){0};
    return put_self(frame, self);
}

enum au_host_next au_host_set_admin(struct au_instance *instance, union au_value *args)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_address admin;
    struct au_bytes id;
    uint32_t size_max = frame->env->names ? AU_ID_SIZE_MAX : AU_ADDRESS_SIZE;
    uint32_t size_min = frame->env->names ? 1 : AU_ADDRESS_SIZE;
    uint32_t size = args[1].u32;
    if (size > 0 && (size < size_min || size > size_max)) {
        return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    }
    if (!au_host_get(instance, args[0].u32, size, &id)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);
    if (size > 0) AU_ASSERT(au_host_resolve(frame->env, id, &admin));
    enum au_outcome outcome;
    enum au_err err = set_admin(frame, size > 0 ? &admin : NULL, &outcome);
    if (err != AU_OK) return au_instance_fail(instance, err);
    return au_host_return_i32(args, (int32_t)outcome);
}
