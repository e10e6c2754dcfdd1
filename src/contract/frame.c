#include "contract/frame.h"

#include <string.h>

#include "contract/bind.h"
#include "contract/host.h"
#include "contract/tracer.h"
#include "core/limits.h"
#include "vm/gas.h"
#include "vm/limits.h"
#include "vm/machine.h"

static int64_t ceil_div(uint64_t size, uint64_t unit)
{
    return (int64_t)((size + unit - 1) / unit);
}

int64_t au_frame_entry_steps(const struct au_module_info *info)
{
    uint32_t pages = info->pages_min > AU_GAS_FREE_PAGES ? info->pages_min - AU_GAS_FREE_PAGES : 0;
    return ceil_div(info->code_size, 1024) * AU_GAS_ENTRY_CODE_KIB +
           ceil_div(info->data_size, 8) * AU_GAS_ENTRY_DATA_8 +
           (int64_t)info->table_size * AU_GAS_ENTRY_TABLE + (int64_t)pages * AU_GAS_ENTRY_PAGE;
}

/* ---- refusals: they cost nothing and leave no trace ---- */

static bool is_reserved(enum au_call_kind kind, struct au_bytes name)
{
    if (au_bytes_is_equal(name, au_bytes_of("init"))) return kind != AU_CALL_INIT;
    if (au_bytes_is_equal(name, au_bytes_of("migrate"))) return kind != AU_CALL_MIGRATE;
    return name.size >= 2 && memcmp(name.data, "__", 2) == 0;
}

static bool is_name_byte(uint8_t byte)
{
    return (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

static bool is_name(struct au_bytes name)
{
    if (name.size == 0 || name.size > AU_FUNCTION_SIZE_MAX) return false;
    for (size_t i = 0; i < name.size; i++) {
        if (!is_name_byte(name.data[i])) return false;
    }
    return true;
}

const char *au_frame_obstacle(const struct au_module_info *info, const struct au_export *export_)
{
    const char *obstacle = au_binding_obstacle(info, export_);
    if (obstacle) return obstacle;
    if (!is_name(export_->name)) return "names of functions are letters, digits and _, at most 64";
    if (is_reserved(AU_CALL_INIT, export_->name)) {
        return is_reserved(AU_CALL_MIGRATE, export_->name) ? "names that begin with __ are reserved"
                                                           : "only an upgrade calls it";
    }
    return is_reserved(AU_CALL_FUNCTION, export_->name) ? "only a deployment calls it" : NULL;
}

enum au_outcome au_frame_check_name(const struct au_module_info *info, const struct au_call *call,
                                    const struct au_export **out_export)
{
    if (is_reserved(call->kind, call->function)) return AU_OUTCOME_NOT_ALLOWED;
    if (!is_name(call->function)) return AU_OUTCOME_NO_FUNCTION;
    *out_export = au_module_info_export(info, call->function);
    return *out_export ? AU_OUTCOME_SUCCESS : AU_OUTCOME_NO_FUNCTION;
}

static enum au_outcome check(const struct au_module_info *info, const struct au_call *call,
                             const struct au_export **out_export, struct au_binding *out_binding)
{
    if (call->is_view && call->value > 0) return AU_OUTCOME_NOT_ALLOWED;
    enum au_outcome outcome = au_frame_check_name(info, call, out_export);
    if (outcome != AU_OUTCOME_SUCCESS) return outcome;
    return au_binding_make(info, *out_export, call->args, call->arg_count, out_binding);
}

/* ---- the run ---- */

enum au_err au_frame_move_value(struct au_env *env, const struct au_call *call,
                                bool *out_is_covered)
{
    *out_is_covered = true;
    if (call->value == 0) return AU_OK;
    struct au_account from;
    AU_TRY(au_overlay_get_account(env->overlay, &call->caller, &from));
    *out_is_covered = from.balance >= call->value;
    if (!*out_is_covered) return AU_OK;
    from.balance -= call->value;
    AU_TRY(au_overlay_put_account(env->overlay, &call->caller, from));

    struct au_account to;
    AU_TRY(au_overlay_get_account(env->overlay, &call->self, &to));
    AU_ASSERT(to.balance <= AU_AMOUNT_MAX - call->value);
    to.balance += call->value;
    to.exists = true;
    return au_overlay_put_account(env->overlay, &call->self, to);
}

/* The function's result, unless return_data was called. */
static enum au_err take_output(struct au_frame *frame, const struct au_export *export_,
                               const union au_value *values)
{
    if (frame->has_output || export_->type->result_count == 0) return AU_OK;
    bool is_i32 = export_->type->results[0] == AU_TYPE_I32;
    struct au_bytes bytes = {values[0].bytes, is_i32 ? sizeof(int32_t) : sizeof(int64_t)};
    return au_arena_copy(frame->env->arena, bytes, &frame->output);
}

static enum au_err run_instance(struct au_instance *instance, const struct au_export *export_,
                                struct au_binding *binding, struct au_frame_result *result)
{
    struct au_frame *frame = instance->context;
    if (binding->grow_pages > 0) AU_TRY(au_instance_grow(instance, binding->grow_pages));
    au_binding_write(binding, instance->memory, instance->memory_size);

    AU_TRY(au_instance_start(instance, &result->outcome, &result->detail));
    if (result->outcome == AU_OUTCOME_SUCCESS) {
        AU_TRY(au_instance_call(instance, export_, binding->values, &result->outcome,
                                &result->detail));
    }
    if (result->outcome == AU_OUTCOME_SUCCESS) AU_TRY(take_output(frame, export_, binding->values));
    return AU_OK;
}

static enum au_err run_code(struct au_loaded *loaded, struct au_frame *frame,
                            const struct au_export *export_, struct au_binding *binding,
                            struct au_frame_result *result)
{
    const struct au_call *call = frame->call;
    int64_t entry_steps = au_frame_entry_steps(au_loaded_info(loaded)) +
                          (int64_t)binding->grow_pages * AU_GAS_GROW_PAGE;
    if (entry_steps > call->steps_limit) {
        result->outcome = AU_OUTCOME_OUT_OF_GAS;
        result->steps_used = call->steps_limit;
        return AU_OK;
    }
    struct au_instance *instance;
    AU_TRY(au_instance_open(loaded, call->steps_limit - entry_steps, frame, &instance));
    if (frame->env->tracer) instance->watch = &frame->env->tracer->watch;
    enum au_err err = run_instance(instance, export_, binding, result);
    if (err == AU_OK) {
        AU_ASSERT(instance->steps_left >= 0);
        AU_ASSERT(instance->steps_left <= call->steps_limit - entry_steps);
        AU_ASSERT(result->outcome != AU_OUTCOME_OUT_OF_GAS || instance->steps_left == 0);
        result->steps_used = call->steps_limit - instance->steps_left;
        if (result->outcome != AU_OUTCOME_SUCCESS) result->trace = instance->trace;
        /* Out of gas for the price itself may come before the function is known. */
        if (instance->has_ended && instance->entry) result->host_function = instance->entry->name;
    }
    au_instance_close(instance);
    return err;
}

/* Value and code, inside the savepoint. */
static enum au_err run_frame(struct au_loaded *loaded, struct au_frame *frame,
                             const struct au_export *export_, struct au_binding *binding,
                             struct au_frame_result *result)
{
    bool is_covered;
    AU_TRY(au_frame_move_value(frame->env, frame->call, &is_covered));
    if (!is_covered) {
        result->outcome = AU_OUTCOME_INSUFFICIENT_BALANCE;
        return AU_OK;
    }
    return run_code(loaded, frame, export_, binding, result);
}

static enum au_err run_checked(struct au_loaded *loaded, struct au_frame frame,
                               struct au_frame_result *out_result)
{
    const struct au_call *call = frame.call;
    struct au_overlay *overlay = frame.env->overlay;
    AU_ASSERT(call->steps_limit >= 0);
    AU_ASSERT(call->arg_count <= AU_ARG_COUNT_MAX);
    struct au_frame_result result = {0};
    const struct au_export *export_;
    struct au_binding binding;
    result.outcome = check(au_loaded_info(loaded), call, &export_, &binding);
    if (result.outcome != AU_OUTCOME_SUCCESS) {
        *out_result = result;
        return AU_OK;
    }

    struct au_savepoint savepoint = au_overlay_save(overlay);
    size_t events_size = frame.env->events->size;
    uint32_t event_count = frame.env->event_count;
    enum au_err err = run_frame(loaded, &frame, export_, &binding, &result);
    au_iters_close(&frame);
    if (err != AU_OK || result.outcome != AU_OUTCOME_SUCCESS) {
        au_overlay_restore(overlay, savepoint);
        au_buf_cut(frame.env->events, events_size);
        frame.env->event_count = event_count;
    }
    if (err != AU_OK) return err;

    if (result.outcome == AU_OUTCOME_REVERTED) result.revert_code = frame.revert_code;
    if (result.outcome == AU_OUTCOME_SUCCESS || result.outcome == AU_OUTCOME_REVERTED) {
        result.output = frame.output;
    }
    *out_result = result;
    return AU_OK;
}

/* The same with the traced form of the module, if there is one: what it does is the same. */
static enum au_err run_traced(struct au_loaded *loaded, struct au_frame frame,
                              struct au_frame_result *out_result)
{
    struct au_tracer *tracer = frame.env->tracer;
    const struct au_code_source *codes = frame.env->codes;
    struct au_loaded *traced = NULL;
    if (codes->load_traced) {
        AU_TRY(codes->load_traced(codes->context, au_loaded_code_hash(loaded), &traced));
    }
    au_tracer_enter(tracer, frame.call, au_loaded_code_hash(loaded),
                    traced ? au_loaded_info(traced) : NULL);
    enum au_err err = run_checked(traced ? traced : loaded, frame, out_result);
    if (err == AU_OK) au_tracer_leave(tracer, out_result);
    if (traced) au_loaded_release(traced);
    return err;
}

static enum au_err run(struct au_loaded *loaded, struct au_frame frame,
                       struct au_frame_result *out_result)
{
    return frame.env->tracer ? run_traced(loaded, frame, out_result)
                             : run_checked(loaded, frame, out_result);
}

enum au_err au_frame_run(struct au_loaded *loaded, struct au_env *env, const struct au_call *call,
                         struct au_frame_result *out_result)
{
    return run(loaded, (struct au_frame){.env = env, .call = call, .depth = 1}, out_result);
}

/* ---- inside another frame ---- */

struct inside {
    struct au_frame *outer;
    struct au_loaded *loaded;
    const struct au_call *call;
    struct au_frame_result *result;
    enum au_err err;
};

static void run_inside(void *context)
{
    struct inside *inside = context;
    struct au_frame frame = {
        .env = inside->outer->env,
        .call = inside->call,
        .outer = inside->outer,
        .depth = inside->outer->depth + 1,
    };
    inside->err = run(inside->loaded, frame, inside->result);
}

enum au_err au_frame_run_inside(struct au_frame *outer, struct au_loaded *loaded,
                                const struct au_call *call, struct au_frame_result *out_result)
{
    struct inside inside = {outer, loaded, call, out_result, AU_OK};
    AU_ASSERT(outer->depth < AU_DEPTH_MAX);
    AU_TRY(au_machine_run_deep(run_inside, &inside));
    return inside.err;
}
