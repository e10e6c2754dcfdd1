#include "contract/explain.h"

#include "base/utf8.h"
#include "contract/bind.h"
#include "contract/host.h"
#include "core/limits.h"

#define TEXT_SIZE_MAX 96u /* bytes of contract-made text in a sentence */
#define EXPORTS_NAMED 6u
#define NAME_SIZE_MAX 48u /* bytes of a function's name */

/* Text that a contract or caller made, cut short; what does not print becomes '?'. */
static void put_quoted(struct au_buf *message, struct au_bytes text)
{
    size_t size = text.size < TEXT_SIZE_MAX ? text.size : TEXT_SIZE_MAX;
    au_buf_put_u8(message, '`');
    for (size_t i = 0; i < size; i++) {
        bool prints = text.data[i] >= 0x20 && text.data[i] < 0x7f;
        au_buf_put_u8(message, prints ? text.data[i] : (uint8_t)'?');
    }
    au_buf_put_text(message, size < text.size ? "...`" : "`");
}

/* ---- where ---- */

/* A name from a module, which may hold anything: UTF-8 stays, cut between characters; what would
 * end the quotation or steer a terminal becomes '?', and so does whatever is no ASCII in a name
 * that is no UTF-8. */
static void put_name(struct au_buf *message, struct au_bytes name)
{
    bool is_utf8 = au_utf8_is_valid(name);
    size_t size = name.size;
    if (size > NAME_SIZE_MAX) {
        size = NAME_SIZE_MAX;
        while (is_utf8 && (name.data[size] & 0xc0) == 0x80)
            size--;
    }
    au_buf_put_text(message, " `");
    for (size_t i = 0; i < size;) {
        uint8_t byte = name.data[i];
        size_t steering = is_utf8
                              ? au_utf8_steering_size((struct au_bytes){name.data + i, size - i})
                              : byte < 0x20 || byte >= 0x7f;
        au_buf_put_u8(message, steering > 0 || byte == '`' ? '?' : byte);
        i += steering > 0 ? steering : 1;
    }
    au_buf_put_text(message, size < name.size ? "...`" : "`");
}

static void put_function(struct au_buf *message, const struct au_module_info *info,
                         uint32_t function, struct au_bytes name)
{
    au_buf_printf(message, "%u", (unsigned)function);
    for (size_t i = 0; i < info->export_count && name.size == 0; i++) {
        if (info->exports[i].function == function) name = info->exports[i].name;
    }
    if (name.size > 0) put_name(message, name);
}

static enum au_err put_place(struct au_buf *message, const struct au_module_info *info,
                             struct au_bytes code, const struct au_trace *trace)
{
    struct au_location location = {0};
    if (trace->count == 0) return AU_OK;
    if (code.size > 0) AU_TRY(au_trace_locate(code, &au_host_env, trace, &location));
    for (uint32_t i = 0; i < trace->count; i++) {
        if (i == 0) au_buf_put_text(message, ", in function ");
        if (i == 1) au_buf_put_text(message, ", called by ");
        if (i > 1) au_buf_put_text(message, ", ");
        if (i == AU_TRACE_FRAMES_MAX / 2 && trace->left_out > 0) {
            au_buf_printf(message, "... %u more, ", (unsigned)trace->left_out);
        }
        put_function(message, info, trace->functions[i], location.names[i]);
        if (i > 0 || code.size == 0) continue;
        au_buf_printf(message, "%s at byte %zu", location.is_block ? " in the block" : "",
                      location.offset);
    }
    if (trace->is_cut) au_buf_put_text(message, ", and more");
    return AU_OK;
}

/* ---- what ---- */

static bool is_text(struct au_bytes bytes)
{
    for (size_t i = 0; i < bytes.size; i++) {
        if (bytes.data[i] < 0x20 || bytes.data[i] >= 0x7f) return false;
    }
    return bytes.size > 0;
}

static void explain_revert(const struct au_frame_result *result, struct au_buf *message)
{
    au_buf_printf(message, "the contract reverted with code %u", (unsigned)result->revert_code);
    if (result->output.size == 0) return;
    if (is_text(result->output)) {
        au_buf_put_text(message, ": ");
        put_quoted(message, result->output);
        return;
    }
    au_buf_printf(message, " and %zu bytes of data", result->output.size);
}

static void explain_gas(const struct au_module_info *info, const struct au_call *call,
                        struct au_buf *message)
{
    long long limit = (long long)(call->steps_limit / AU_STEPS_PER_GAS);
    long long entry =
        (long long)((au_frame_entry_steps(info) + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS);
    au_buf_printf(message, "the gas limit of %lld was reached", limit);
    if (entry > limit) {
        au_buf_printf(message, ": entering this contract alone takes %lld gas", entry);
    }
}

static void explain_function(const struct au_module_info *info, const struct au_call *call,
                             struct au_buf *message)
{
    au_buf_put_text(message, "the contract exports no function ");
    put_quoted(message, call->function);
    if (info->export_count == 0) return;
    au_buf_put_text(message, "; it exports ");
    size_t count = info->export_count < EXPORTS_NAMED ? info->export_count : EXPORTS_NAMED;
    for (size_t i = 0; i < count; i++) {
        if (i > 0) au_buf_put_text(message, ", ");
        struct au_bytes name = info->exports[i].name;
        if (name.size > AU_FUNCTION_SIZE_MAX / 2) name.size = AU_FUNCTION_SIZE_MAX / 2;
        put_quoted(message, name);
    }
    if (count < info->export_count) {
        au_buf_printf(message, " and %zu more", info->export_count - count);
    }
}

static const char *type_name(uint8_t type)
{
    switch ((enum au_value_type)type) {
    case AU_TYPE_I32: return "i32";
    case AU_TYPE_I64: return "i64";
    case AU_TYPE_F32: return "f32";
    case AU_TYPE_F64: return "f64";
    }
    return "?";
}

static void put_types(struct au_buf *message, const uint8_t *types, size_t count)
{
    au_buf_put_u8(message, '(');
    for (size_t i = 0; i < count; i++) {
        if (i > 0) au_buf_put_text(message, ", ");
        au_buf_put_text(message, type_name(types[i]));
    }
    au_buf_put_u8(message, ')');
}

static void explain_arguments(const struct au_module_info *info, const struct au_call *call,
                              struct au_buf *message)
{
    const struct au_export *export_ = au_module_info_export(info, call->function);
    AU_ASSERT(export_);
    au_buf_printf(message, "%zu argument%s do%s not fit the function ", call->arg_count,
                  call->arg_count == 1 ? "" : "s", call->arg_count == 1 ? "es" : "");
    put_quoted(message, call->function);
    put_types(message, export_->type->params, export_->type->param_count);
    if (export_->type->result_count > 0) {
        au_buf_put_text(message, " -> ");
        put_types(message, export_->type->results, export_->type->result_count);
    }
    const char *obstacle = au_binding_obstacle(info, export_);
    if (obstacle != NULL) au_buf_printf(message, ": %s", obstacle);
}

static void explain_not_allowed(const struct au_call *call, const struct au_frame_result *result,
                                struct au_buf *message)
{
    if (result->host_function) {
        au_buf_printf(message, "%s is not allowed in a view", result->host_function);
        return;
    }
    if (call->is_view && call->value > 0) {
        au_buf_put_text(message, "a view takes no value");
        return;
    }
    au_buf_put_text(message, "the function ");
    put_quoted(message, call->function);
    au_buf_put_text(message, " may not be called");
}

enum au_err au_explain(const struct au_module_info *info, struct au_bytes code,
                       const struct au_call *call, const struct au_frame_result *result,
                       uint64_t balance, struct au_buf *message)
{
    switch (result->outcome) {
    case AU_OUTCOME_SUCCESS:
    case AU_OUTCOME_STACK_LIMIT:
    case AU_OUTCOME_DEPTH_LIMIT:
    case AU_OUTCOME_INVALID_MODULE:
    case AU_OUTCOME_NO_CONTRACT: au_buf_put_text(message, au_outcome_text(result->outcome)); break;
    case AU_OUTCOME_REVERTED: explain_revert(result, message); break;
    case AU_OUTCOME_OUT_OF_GAS: explain_gas(info, call, message); break;
    case AU_OUTCOME_TRAPPED:
        au_buf_printf(message, "the contract trapped: %s", au_trap_detail_text(result->detail));
        break;
    case AU_OUTCOME_HOST_REJECTED:
        au_buf_printf(message, "%s was refused: %s",
                      result->host_function ? result->host_function : "a host function",
                      au_host_detail_text(result->detail % 256));
        break;
    case AU_OUTCOME_NO_FUNCTION: explain_function(info, call, message); break;
    case AU_OUTCOME_BAD_ARGUMENTS: explain_arguments(info, call, message); break;
    case AU_OUTCOME_INSUFFICIENT_BALANCE:
        au_buf_printf(message, "the caller's balance of %llu does not cover the value of %llu",
                      (unsigned long long)balance, (unsigned long long)call->value);
        break;
    case AU_OUTCOME_NOT_ALLOWED: explain_not_allowed(call, result, message); break;
    }
    AU_TRY(put_place(message, info, code, &result->trace));
    return message->err;
}
