#include "contract/host.h"

#include "base/utf8.h"
#include "contract/host_internal.h"
#include "core/receipt.h"

#define MODE_READ  false
#define MODE_WRITE true

static const struct au_host_entry entries[] = {
#define AU_HOST(number_, name_, params_, results_, gas, byte_steps_, byte_args_, mode) \
    {                                                                                  \
        .name = #name_,                                                                \
        .number = (number_),                                                           \
        .params = (params_),                                                           \
        .results = (results_),                                                         \
        .base_steps = (gas)*AU_STEPS_PER_GAS,                                          \
        .byte_steps = (byte_steps_),                                                   \
        .byte_args = (byte_args_),                                                     \
        .writes = MODE_##mode,                                                         \
        .run = au_host_##name_,                                                        \
    },
#include "abi/host.def"
#undef AU_HOST
};

const struct au_host_table au_host_env = {"env", entries, AU_COUNT_OF(entries)};

/* ---- log and abort ---- */

/* A line of the receipt, counted as it is encoded. */
static enum au_host_next append_log(struct au_instance *instance, struct au_bytes line)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_env *env = frame->env;
    size_t size = line.size + sizeof(uint32_t);
    AU_ASSERT(env->logs->size <= frame->call->logs_size_max);
    if (size > frame->call->logs_size_max - env->logs->size) {
        return au_instance_reject(instance, AU_HOST_REJECT_CAP);
    }
    au_buf_put_u32(env->logs, (uint32_t)line.size);
    au_buf_put_bytes(env->logs, line);
    if (env->logs->err != AU_OK) return au_instance_fail(instance, env->logs->err);
    env->log_count++;
    return AU_HOST_CONTINUE;
}

enum au_host_next au_host_log(struct au_instance *instance, union au_value *args)
{
    struct au_bytes line;
    if (args[1].u32 > AU_LOG_SIZE_MAX) return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    if (!au_host_get(instance, args[0].u32, args[1].u32, &line)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    return append_log(instance, line);
}

/* An AssemblyScript string: UTF-16LE, its size in bytes as u32 before it; 0 is none. */
static bool get_string_size(const struct au_instance *instance, uint32_t pointer,
                            uint32_t *out_size)
{
    *out_size = 0;
    if (pointer == 0) return true;
    if (pointer < sizeof(*out_size)) return false;
    if (!au_instance_has_range(instance, pointer - (uint32_t)sizeof(*out_size),
                               sizeof(*out_size))) {
        return false;
    }
    memcpy(out_size, instance->memory + pointer - sizeof(*out_size), sizeof(*out_size));
    return true;
}

static enum au_host_next log_abort(struct au_instance *instance, struct au_bytes message,
                                   struct au_bytes file, const union au_value *args)
{
    struct au_buf line;
    au_buf_init(&line, 3 * (size_t)AU_LOG_SIZE_MAX);
    au_buf_put_text(&line, "abort: ");
    au_utf8_put_utf16le(&line, message);
    au_buf_put_text(&line, " at ");
    au_utf8_put_utf16le(&line, file);
    au_buf_printf(&line, ":%u:%u", (unsigned)args[2].u32, (unsigned)args[3].u32);

    enum au_host_next next = AU_HOST_STOP;
    if (line.err != AU_OK) {
        next = au_instance_fail(instance, line.err);
    } else if (line.size > AU_LOG_SIZE_MAX) {
        next = au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    } else {
        next = append_log(instance, au_buf_bytes(&line));
    }
    au_buf_done(&line);
    return next;
}

enum au_host_next au_host_abort(struct au_instance *instance, union au_value *args)
{
    uint32_t message_size;
    uint32_t file_size;
    if (!get_string_size(instance, args[0].u32, &message_size) ||
        !get_string_size(instance, args[1].u32, &file_size)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    int64_t size = (int64_t)message_size + file_size;
    if (!au_instance_charge(instance, size * AU_HOST_GAS_ABORT_BYTE)) return AU_HOST_STOP;
    if (size > AU_LOG_SIZE_MAX) return au_instance_reject(instance, AU_HOST_REJECT_SIZE);

    struct au_bytes message;
    struct au_bytes file;
    if (!au_host_get(instance, args[0].u32, message_size, &message) ||
        !au_host_get(instance, args[1].u32, file_size, &file)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (log_abort(instance, message, file, args) == AU_HOST_STOP) return AU_HOST_STOP;
    return au_instance_end(instance, AU_OUTCOME_TRAPPED, AU_TRAP_ABORT);
}

/* ---- events ---- */

static enum au_host_next append_event(struct au_instance *instance,
                                      const struct au_receipt_event *event)
{
    const struct au_call *call = au_host_frame(instance)->call;
    struct au_env *env = au_host_frame(instance)->env;
    AU_ASSERT(env->events_used <= call->events_max);
    AU_ASSERT(env->event_data_used <= call->event_data_max);
    if (env->events_used == call->events_max ||
        event->data.size > call->event_data_max - env->event_data_used) {
        return au_instance_reject(instance, AU_HOST_REJECT_CAP);
    }
    au_receipt_put_event(env->events, event);
    if (env->events->err != AU_OK) return au_instance_fail(instance, env->events->err);
    env->event_count++;
    env->events_used++;
    env->event_data_used += (uint32_t)event->data.size;
    return AU_HOST_CONTINUE;
}

enum au_host_next au_host_emit(struct au_instance *instance, union au_value *args)
{
    struct au_receipt_event event = {.contract = au_host_frame(instance)->call->self};
    uint32_t topic_count = args[3].u32;
    if (!au_instance_charge(instance, (int64_t)topic_count * AU_HOST_GAS_EMIT_TOPIC)) {
        return AU_HOST_STOP;
    }
    if (args[1].u32 == 0 || args[1].u32 > AU_EVENT_NAME_SIZE_MAX ||
        topic_count > AU_EVENT_TOPICS_MAX || args[5].u32 > AU_EVENT_DATA_SIZE_MAX) {
        return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    }
    if (!au_host_get(instance, args[0].u32, args[1].u32, &event.name) ||
        !au_host_get(instance, args[2].u32, topic_count * AU_EVENT_TOPIC_SIZE, &event.topics) ||
        !au_host_get(instance, args[4].u32, args[5].u32, &event.data)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    /* No detail of its own is frozen for a name that is no UTF-8. */
    if (!au_utf8_is_valid(event.name)) return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    if (au_host_is_forbidden(instance)) return au_instance_end(instance, AU_OUTCOME_NOT_ALLOWED, 0);
    return append_event(instance, &event);
}

/* ---- arguments and output ---- */

enum au_host_next au_host_arg_count(struct au_instance *instance, union au_value *args)
{
    return au_host_return_i32(args, (int32_t)au_host_frame(instance)->call->arg_count);
}

enum au_host_next au_host_arg_size(struct au_instance *instance, union au_value *args)
{
    const struct au_call *call = au_host_frame(instance)->call;
    if (args[0].u32 >= call->arg_count) return au_host_return_i32(args, -1);
    return au_host_return_i32(args, (int32_t)call->args[args[0].u32].size);
}

enum au_host_next au_host_arg_read(struct au_instance *instance, union au_value *args)
{
    const struct au_call *call = au_host_frame(instance)->call;
    uint32_t index = args[0].u32;
    uint32_t offset = args[2].u32;
    if (!au_instance_has_range(instance, args[1].u32, args[3].u32)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (index >= call->arg_count) return au_host_return_i32(args, -1);

    struct au_bytes copied = {0};
    if (offset < call->args[index].size) {
        copied.data = call->args[index].data + offset;
        copied.size = call->args[index].size - offset;
    }
    if (copied.size > args[3].u32) copied.size = args[3].u32;
    if (!au_instance_charge(instance, (int64_t)copied.size * AU_HOST_GAS_ARG_COPIED_BYTE)) {
        return AU_HOST_STOP;
    }
    au_host_put(instance, args[1].u32, copied);
    return au_host_return_i32(args, (int32_t)copied.size);
}

/* The output of the frame, by return_data or revert. */
static enum au_host_next set_output(struct au_instance *instance, uint32_t pointer, uint32_t size)
{
    struct au_frame *frame = au_host_frame(instance);
    struct au_env *env = frame->env;
    struct au_bytes data;
    if (size > AU_OUTPUT_SIZE_MAX) return au_instance_reject(instance, AU_HOST_REJECT_SIZE);
    if (!au_host_get(instance, pointer, size, &data)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    AU_ASSERT(env->output_used <= frame->call->output_size_max);
    if (size > frame->call->output_size_max - env->output_used) {
        return au_instance_reject(instance, AU_HOST_REJECT_CAP);
    }

    enum au_err err = au_arena_copy(env->arena, data, &frame->output);
    if (err != AU_OK) return au_instance_fail(instance, err);
    env->output_used += size;
    frame->has_output = true;
    return AU_HOST_CONTINUE;
}

enum au_host_next au_host_return_data(struct au_instance *instance, union au_value *args)
{
    return set_output(instance, args[0].u32, args[1].u32);
}

enum au_host_next au_host_revert(struct au_instance *instance, union au_value *args)
{
    if (set_output(instance, args[1].u32, args[2].u32) == AU_HOST_STOP) return AU_HOST_STOP;
    au_host_frame(instance)->revert_code = args[0].u32;
    return au_instance_end(instance, AU_OUTCOME_REVERTED, 0);
}

/* ---- where and when ---- */

static enum au_host_next put_address(struct au_instance *instance, uint32_t pointer,
                                     const struct au_address *address)
{
    if (!au_instance_has_range(instance, pointer, AU_ADDRESS_SIZE)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    au_host_put(instance, pointer, (struct au_bytes){address->bytes, AU_ADDRESS_SIZE});
    return AU_HOST_CONTINUE;
}

enum au_host_next au_host_self_address(struct au_instance *instance, union au_value *args)
{
    return put_address(instance, args[0].u32, &au_host_frame(instance)->call->self);
}

enum au_host_next au_host_caller(struct au_instance *instance, union au_value *args)
{
    return put_address(instance, args[0].u32, &au_host_frame(instance)->call->caller);
}

enum au_host_next au_host_origin(struct au_instance *instance, union au_value *args)
{
    return put_address(instance, args[0].u32, &au_host_frame(instance)->env->origin);
}

enum au_host_next au_host_value(struct au_instance *instance, union au_value *args)
{
    return au_host_return_u64(args, au_host_frame(instance)->call->value);
}

enum au_host_next au_host_block_height(struct au_instance *instance, union au_value *args)
{
    return au_host_return_u64(args, au_host_frame(instance)->env->block_height);
}

enum au_host_next au_host_block_time(struct au_instance *instance, union au_value *args)
{
    return au_host_return_u64(args, au_host_frame(instance)->env->block_time_ms);
}

enum au_host_next au_host_gas_left(struct au_instance *instance, union au_value *args)
{
    return au_host_return_u64(args, (uint64_t)instance->steps_left / AU_STEPS_PER_GAS);
}

enum au_host_next au_host_chain_id(struct au_instance *instance, union au_value *args)
{
    struct au_bytes chain_id = au_host_frame(instance)->env->chain_id;
    struct au_bytes copied = chain_id;
    if (!au_instance_has_range(instance, args[0].u32, args[1].u32)) {
        return au_instance_reject(instance, AU_HOST_REJECT_POINTER);
    }
    if (copied.size > args[1].u32) copied.size = args[1].u32;
    au_host_put(instance, args[0].u32, copied);
    return au_host_return_i32(args, (int32_t)chain_id.size);
}
