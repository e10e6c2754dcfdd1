#include "cli/check.h"

#include <inttypes.h>

#include "abi/interface.h"
#include "base/json_write.h"
#include "cli/code.h"
#include "cli/mend.h"
#include "cli/show.h"
#include "contract/survey.h"
#include "core/limits.h"

#define RESULT_SIZE_MAX (1u << 20) /* bytes */

/* What is told of an accepted module. */
struct verdict {
    struct au_survey survey;
    struct au_abi abi;
    bool has_abi;
};

/* What both verdicts begin with. */
static void begin_json(struct au_json_write *json, struct au_buf *text, const char *path,
                       bool is_ok)
{
    au_json_write_init(json, text, AU_JSON_WRITE_INDENTED);
    au_json_write_begin_object(json);
    au_json_put_text(json, "file", path);
    au_json_put_bool(json, "ok", is_ok);
}

static void end_json(struct au_json_write *json)
{
    au_json_write_end_object(json);
    au_json_write_finish(json);
}

/* ---- refused ---- */

static struct au_bytes name_of(const struct au_check_refusal *refusal)
{
    uint32_t function = refusal->reject.function;
    if (function == AU_REJECT_NO_FUNCTION) return (struct au_bytes){0};
    return au_trace_name(refusal->code, function);
}

static void show_refusal_json(struct au_buf *text, const struct au_check_refusal *refusal)
{
    const struct au_reject *reject = &refusal->reject;
    const struct au_mend *mend = au_mend_find(reject);
    struct au_bytes name = name_of(refusal);
    struct au_json_write json;
    begin_json(&json, text, refusal->path, /* is_ok = */ false);
    au_json_put_text(&json, "rule", reject->rule);
    if (reject->function != AU_REJECT_NO_FUNCTION)
        au_json_put_u32(&json, "function", reject->function);
    if (name.size > 0) au_json_put_bytes(&json, "function_name", name);
    au_json_put_u64(&json, "offset", reject->offset);
    au_json_put_text(&json, "message", reject->message);
    if (mend != NULL) {
        au_json_write_key(&json, "flags");
        au_json_write_begin_object(&json);
        for (size_t i = 0; i < AU_COMPILER_COUNT; i++) {
            if (mend->flags[i] != NULL)
                au_json_put_text(&json, au_compiler_names[i], mend->flags[i]);
        }
        au_json_write_end_object(&json);
    }
    end_json(&json);
}

static void show_refusal_text(struct au_buf *text, const struct au_check_refusal *refusal)
{
    const struct au_reject *reject = &refusal->reject;
    const struct au_mend *mend = au_mend_find(reject);
    struct au_bytes name = name_of(refusal);
    au_buf_put_text(text, "refused  ");
    au_show_text(text, au_bytes_of(refusal->path));
    au_buf_printf(text, "\nrule     %s\n", reject->rule);
    if (reject->function != AU_REJECT_NO_FUNCTION) {
        au_buf_printf(text, "function %u%s", (unsigned)reject->function, name.size > 0 ? " " : "");
        au_show_text(text, name);
        au_buf_put_u8(text, '\n');
    }
    au_buf_printf(text, "offset   %zu\nmessage  ", reject->offset);
    au_show_text(text, au_bytes_of(reject->message));
    au_buf_put_u8(text, '\n');
    for (size_t i = 0; mend != NULL && i < AU_COMPILER_COUNT; i++) {
        if (mend->flags[i] == NULL) continue;
        au_buf_printf(text, "%-8s %s\n", au_compiler_names[i], mend->flags[i]);
    }
}

void au_check_show_refusal(struct au_buf *text, const struct au_check_refusal *refusal,
                           bool is_json)
{
    if (is_json) {
        show_refusal_json(text, refusal);
    } else {
        show_refusal_text(text, refusal);
    }
}

/* ---- accepted, for programs ---- */

static const char *type_name(uint8_t type)
{
    static const char *const names[] = {"f64", "f32", "i64", "i32"};
    return names[type - AU_TYPE_F64];
}

static void put_types(struct au_json_write *json, const char *name, const uint8_t *types,
                      size_t count)
{
    au_json_write_key(json, name);
    au_json_write_begin_array(json);
    for (size_t i = 0; i < count; i++) {
        au_json_write_text(json, type_name(types[i]));
    }
    au_json_write_end_array(json);
}

static void put_imports(struct au_json_write *json, const struct au_module_info *info)
{
    au_json_write_key(json, "imports");
    au_json_write_begin_array(json);
    for (uint32_t i = 0; i < info->import_count; i++) {
        au_json_write_begin_object(json);
        au_json_put_text(json, "name", info->imports[i]->name);
        au_json_put_u64(json, "steps", (uint64_t)info->imports[i]->base_steps);
        au_json_put_u64(json, "steps_per_byte", (uint64_t)info->imports[i]->byte_steps);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void put_exports(struct au_json_write *json, const struct au_module_info *info)
{
    au_json_write_key(json, "exports");
    au_json_write_begin_array(json);
    for (size_t i = 0; i < info->export_count; i++) {
        const struct au_export *export_ = &info->exports[i];
        const struct au_func_type *type = export_->type;
        const char *obstacle = au_frame_obstacle(info, export_);
        au_json_write_begin_object(json);
        au_json_put_bytes(json, "name", export_->name);
        au_json_put_u32(json, "function", export_->function);
        put_types(json, "params", type->params, type->param_count);
        put_types(json, "results", type->results, type->result_count);
        au_json_put_bool(json, "callable", obstacle == NULL);
        if (obstacle != NULL) au_json_put_text(json, "obstacle", obstacle);
        au_json_write_end_object(json);
    }
    au_json_write_end_array(json);
}

static void show_accepted_json(struct au_buf *text, const char *path, const struct verdict *verdict)
{
    const struct au_survey *survey = &verdict->survey;
    const struct au_module_info *info = survey->info;
    struct au_json_write json;
    begin_json(&json, text, path, /* is_ok = */ true);
    au_json_put_u64(&json, "size", info->code_size);
    au_json_put_u64(&json, "bodies_size", info->bodies_size);
    au_json_put_u64(&json, "instrumented_size", survey->prepared_size);
    au_json_put_u32(&json, "functions", info->function_count);
    if (info->has_memory) {
        au_json_put_u32(&json, "pages_min", info->pages_min);
        au_json_put_u32(&json, "pages_max", info->pages_max);
    }
    au_json_put_u32(&json, "table_size", info->table_size);
    au_json_put_u64(&json, "data_size", info->data_size);
    au_json_put_bool(&json, "has_start", info->has_start);
    au_json_put_u64(&json, "entry_gas", survey->entry_gas);
    au_json_put_u64(&json, "compile_gas", survey->compile_gas);
    put_imports(&json, info);
    put_exports(&json, info);
    if (verdict->has_abi) {
        au_json_put_hex(&json, "abi_hash",
                        (struct au_bytes){verdict->abi.hash.bytes, AU_HASH_SIZE});
    }
    end_json(&json);
}

/* ---- accepted, for people ---- */

static void show_types(struct au_buf *text, const uint8_t *types, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        au_buf_printf(text, "%s%s", i > 0 ? ", " : "", type_name(types[i]));
    }
}

static void show_export(struct au_buf *text, const struct au_module_info *info,
                        const struct au_export *export_)
{
    const struct au_func_type *type = export_->type;
    const char *obstacle = au_frame_obstacle(info, export_);
    au_buf_put_text(text, "export   ");
    au_show_text(text, export_->name);
    au_buf_put_u8(text, '(');
    show_types(text, type->params, type->param_count);
    au_buf_put_u8(text, ')');
    if (type->result_count > 0) au_buf_put_text(text, " -> ");
    show_types(text, type->results, type->result_count);
    if (obstacle != NULL) au_buf_printf(text, ", not callable: %s", obstacle);
    au_buf_put_u8(text, '\n');
}

static void show_import(struct au_buf *text, const struct au_host_entry *entry)
{
    au_buf_printf(text, "import   %s, %" PRId64 " gas", entry->name,
                  entry->base_steps / AU_STEPS_PER_GAS);
    if (entry->byte_steps > 0)
        au_buf_printf(text, " and %" PRId64 " steps per byte", entry->byte_steps);
    au_buf_put_u8(text, '\n');
}

static void show_accepted_text(struct au_buf *text, const char *path, const struct verdict *verdict)
{
    const struct au_survey *survey = &verdict->survey;
    const struct au_module_info *info = survey->info;
    au_buf_put_text(text, "ok       ");
    au_show_text(text, au_bytes_of(path));
    au_buf_printf(text, "\nsize     %zu bytes, %zu of them functions; instrumented %zu\n",
                  info->code_size, info->bodies_size, survey->prepared_size);
    if (info->has_memory) {
        au_buf_printf(text, "memory   %" PRIu32 " of at most %" PRIu32 " pages\n", info->pages_min,
                      info->pages_max);
    }
    if (info->table_size > 0) {
        au_buf_printf(text, "table    %" PRIu32 " entr%s\n", info->table_size,
                      info->table_size == 1 ? "y" : "ies");
    }
    if (info->has_start) au_buf_put_text(text, "start    a function runs before each call\n");
    au_buf_printf(text, "entry    %" PRIu64 " gas, of each call\n", survey->entry_gas);
    au_buf_printf(text, "compile  %" PRIu64 " gas, of a deployment\n", survey->compile_gas);
    for (uint32_t i = 0; i < info->import_count; i++) {
        show_import(text, info->imports[i]);
    }
    for (size_t i = 0; i < info->export_count; i++) {
        show_export(text, info, &info->exports[i]);
    }
    if (verdict->has_abi) {
        au_buf_printf(text, "abi      %zu record%s\n", verdict->abi.record_count,
                      verdict->abi.record_count == 1 ? "" : "s");
    }
}

/* ---- the command ---- */

static void show(struct au_buf *text, const struct au_check_refusal *refusal,
                 const struct verdict *verdict, bool is_json)
{
    if (verdict == NULL) {
        au_check_show_refusal(text, refusal, is_json);
    } else if (is_json) {
        show_accepted_json(text, refusal->path, verdict);
    } else {
        show_accepted_text(text, refusal->path, verdict);
    }
}

/* arena holds the ABI. */
static enum au_err judge(struct au_check_refusal *refusal, struct au_arena *arena,
                         struct verdict *verdict)
{
    AU_TRY(au_code_load(refusal->path, &refusal->code, &refusal->reject));
    AU_TRY(au_survey_make(refusal->code, &verdict->survey, &refusal->reject));
    enum au_err err =
        au_abi_check(refusal->code, verdict->survey.info, arena, &verdict->abi, &refusal->reject);
    verdict->has_abi = err == AU_OK;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

static bool has_entry(const struct au_module_info *info)
{
    for (size_t i = 0; i < info->export_count; i++) {
        if (au_frame_obstacle(info, &info->exports[i]) == NULL) return true;
    }
    return false;
}

static void show_brief(struct au_buf *text, const char *path, const struct verdict *verdict)
{
    const struct au_survey *survey = &verdict->survey;
    au_show_text(text, au_bytes_of(path));
    au_buf_printf(text, "  ok, %zu bytes; each call %" PRIu64 " gas, a deployment %" PRIu64 "; ",
                  survey->info->code_size, survey->entry_gas, survey->compile_gas);
    if (verdict->has_abi) {
        au_buf_printf(text, "abi of %zu record%s\n", verdict->abi.record_count,
                      verdict->abi.record_count == 1 ? "" : "s");
    } else {
        au_buf_put_text(text, "no abi\n");
    }
    if (!has_entry(survey->info)) {
        au_buf_put_text(text, "         no function can be called: AUREON_EXPORT(name) in front of "
                              "one makes it an entry point\n");
    }
}

enum au_err au_check_brief(const char *path, struct au_buf *text)
{
    struct au_check_refusal refusal = {.path = path};
    struct verdict verdict = {0};
    struct au_arena arena;
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = judge(&refusal, &arena, &verdict);
    if (err == AU_OK) show_brief(text, path, &verdict);
    if (err == AU_ERR_INVALID_MODULE) show_refusal_text(text, &refusal);
    au_arena_done(&arena);
    au_survey_done(&verdict.survey);
    au_free(refusal.code.data);
    return err;
}

enum au_exit au_check_command(struct au_invocation *invocation)
{
    struct au_check_refusal refusal = {.path = invocation->operands[0]};
    struct verdict verdict = {0};
    struct au_buf text;
    struct au_arena arena;
    enum au_exit exit_code;
    au_buf_init(&text, RESULT_SIZE_MAX);
    au_arena_init(&arena, AU_ABI_ARENA_SIZE_MAX);
    enum au_err err = judge(&refusal, &arena, &verdict);
    if (err == AU_OK || err == AU_ERR_INVALID_MODULE) {
        bool is_json = au_invocation_has(invocation, "json");
        show(&text, &refusal, err == AU_OK ? &verdict : NULL, is_json);
        exit_code = au_invocation_write(invocation, &text);
        if (exit_code == AU_EXIT_DONE && err != AU_OK) exit_code = AU_EXIT_REJECTED;
    } else {
        exit_code = au_invocation_fail_file(invocation, err, "check", refusal.path);
    }
    au_buf_done(&text);
    au_arena_done(&arena);
    au_survey_done(&verdict.survey);
    au_free(refusal.code.data);
    return exit_code;
}
