#include "abi/interface.h"

#include <stdio.h>

#include "abi/match.h"
#include "abi/section.h"
#include "contract/bind.h"

static enum au_err refuse(struct au_reject *out_reject, const struct au_abi_error *error)
{
    *out_reject = (struct au_reject){.rule = "abi", .function = AU_REJECT_NO_FUNCTION};
    snprintf(out_reject->message, sizeof(out_reject->message),
             "line %u of " AU_ABI_SECTION ": %.160s", (unsigned)error->line, error->message);
    return AU_ERR_INVALID_MODULE;
}

/* The exports of a module, in the order of info, in the arena. */
static enum au_err find_exports(const struct au_module_info *info, struct au_arena *arena,
                                struct au_abi_export **out_exports)
{
    struct au_abi_export *exports = au_arena_zero(arena, info->export_count * sizeof *exports);
    if (exports == NULL) return AU_ERR_NO_MEMORY;
    for (size_t i = 0; i < info->export_count; i++) {
        const struct au_export *from = &info->exports[i];
        exports[i] = (struct au_abi_export){.name = from->name,
                                            .params = from->type->params,
                                            .param_count = from->type->param_count,
                                            .obstacle = au_binding_obstacle(info, from)};
    }
    *out_exports = exports;
    return AU_OK;
}

static enum au_err check(struct au_bytes code, const struct au_module_info *info,
                         struct au_arena *arena, struct au_abi *out_abi,
                         struct au_abi_export **out_exports, struct au_reject *out_reject)
{
    struct au_abi_error error = {0};
    enum au_err err = au_abi_load(code, arena, out_abi, &error);
    if (err == AU_ERR_MALFORMED) return refuse(out_reject, &error);
    if (err != AU_OK) return err;
    AU_TRY(find_exports(info, arena, out_exports));
    if (au_abi_match(out_abi, *out_exports, info->export_count, &error)) return AU_OK;
    return refuse(out_reject, &error);
}

enum au_err au_abi_check(struct au_bytes code, const struct au_module_info *info,
                         struct au_arena *arena, struct au_abi *out_abi,
                         struct au_reject *out_reject)
{
    struct au_abi_export *exports;
    return check(code, info, arena, out_abi, &exports, out_reject);
}

/* ---- the interface ---- */

enum au_err au_interface_load(struct au_bytes code, struct au_interface *out_interface,
                              struct au_reject *out_reject)
{
    struct au_interface *interface = out_interface;
    *interface = (struct au_interface){0};
    au_arena_init(&interface->arena, AU_ABI_ARENA_SIZE_MAX);
    AU_TRY(au_survey_make(code, &interface->survey, out_reject));
    const struct au_module_info *info = interface->survey.info;
    enum au_err err =
        check(code, info, &interface->arena, &interface->abi, &interface->exports, out_reject);
    interface->has_abi = err == AU_OK;
    return err == AU_ERR_NOT_FOUND ? AU_OK : err;
}

void au_interface_done(struct au_interface *interface)
{
    au_survey_done(&interface->survey);
    au_arena_done(&interface->arena);
    *interface = (struct au_interface){0};
}

bool au_interface_find(const struct au_interface *interface, struct au_bytes function,
                       struct au_abi_call *out_call)
{
    if (!interface->has_abi) return false;
    const struct au_abi_record *fn = au_abi_find(&interface->abi, AU_ABI_FN, function);
    for (size_t i = 0; fn != NULL && i < interface->survey.info->export_count; i++) {
        if (!au_bytes_is_equal(interface->exports[i].name, function)) continue;
        out_call->fn = fn;
        out_call->export_ = &interface->exports[i];
        return true;
    }
    return false;
}
