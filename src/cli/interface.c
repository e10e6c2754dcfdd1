#include "cli/interface.h"

#include "cli/abi.h"

enum au_err au_interface_load(struct au_bytes code, struct au_interface *out_interface,
                              struct au_reject *out_reject)
{
    struct au_interface *interface = out_interface;
    *interface = (struct au_interface){0};
    au_arena_init(&interface->arena, AU_ABI_ARENA_SIZE_MAX);
    AU_TRY(au_survey_make(code, &interface->survey, out_reject));
    const struct au_module_info *info = interface->survey.info;
    enum au_err err = au_abi_check(code, info, &interface->arena, &interface->abi, out_reject);
    if (err == AU_ERR_NOT_FOUND) return AU_OK;
    AU_TRY(err);
    AU_TRY(au_abi_exports(info, &interface->arena, &interface->exports));
    interface->has_abi = true;
    return AU_OK;
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
