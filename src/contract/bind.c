#include "contract/bind.h"

#include <string.h>

#include "core/limits.h"

#define BYTES_ALIGN 8u

static bool has_usable_result(const struct au_func_type *type)
{
    if (type->result_count == 0) return true;
    if (type->result_count > 1) return false;
    return type->results[0] == AU_TYPE_I32 || type->results[0] == AU_TYPE_I64;
}

static bool is_pair(const struct au_func_type *type, size_t param)
{
    return type->params[param] == AU_TYPE_I32 && param + 1 < type->param_count &&
           type->params[param + 1] == AU_TYPE_I32;
}

/* A module that asks for its memory's size would see the pages that the host adds. */
static bool can_take_bytes(const struct au_module_info *info)
{
    return info->has_memory && !info->has_memory_size;
}

static bool bind_number(uint8_t type, struct au_bytes arg, union au_value *out_value)
{
    if (type != AU_TYPE_I32 && type != AU_TYPE_I64) return false;
    size_t size = type == AU_TYPE_I32 ? sizeof(out_value->i32) : sizeof(out_value->i64);
    if (arg.size != size) return false;
    memcpy(out_value->bytes, arg.data, size);
    return true;
}

/* The argument's place is at or after end; gives the end of the argument. */
static uint32_t bind_pair(struct au_binding *binding, size_t param, const struct au_bytes *arg,
                          uint32_t end)
{
    AU_ASSERT(arg->size <= AU_ARGS_SIZE_MAX);
    binding->values[param + 1] = (union au_value){.u32 = (uint32_t)arg->size};
    binding->data[param + 1] = NULL;
    if (arg->size == 0) return end;
    uint32_t pointer = (end + BYTES_ALIGN - 1) & ~(BYTES_ALIGN - 1);
    binding->values[param].u32 = pointer;
    binding->data[param] = arg;
    return pointer + (uint32_t)arg->size;
}

enum au_outcome au_binding_make(const struct au_module_info *info, const struct au_export *export_,
                                const struct au_bytes *args, size_t arg_count,
                                struct au_binding *out_binding)
{
    const struct au_func_type *type = export_->type;
    AU_ASSERT(type->param_count <= AU_PARAMS_MAX);
    if (!has_usable_result(type)) return AU_OUTCOME_BAD_ARGUMENTS;

    out_binding->param_count = type->param_count;
    uint32_t memory_end = info->pages_min * AU_PAGE_SIZE;
    uint32_t end = memory_end;
    size_t used = 0;
    for (size_t param = 0; param < type->param_count; param++) {
        if (used == arg_count) return AU_OUTCOME_BAD_ARGUMENTS;
        const struct au_bytes *arg = &args[used++];
        out_binding->values[param] = (union au_value){0};
        out_binding->data[param] = NULL;
        if (!is_pair(type, param)) {
            if (!bind_number(type->params[param], *arg, &out_binding->values[param])) {
                return AU_OUTCOME_BAD_ARGUMENTS;
            }
            continue;
        }
        if (!can_take_bytes(info)) return AU_OUTCOME_BAD_ARGUMENTS;
        end = bind_pair(out_binding, param++, arg, end);
    }
    if (type->param_count > 0 && used != arg_count) return AU_OUTCOME_BAD_ARGUMENTS;
    out_binding->grow_pages = (end - memory_end + AU_PAGE_SIZE - 1) / AU_PAGE_SIZE;
    if (info->pages_min + out_binding->grow_pages > AU_PAGES_MAX) return AU_OUTCOME_BAD_ARGUMENTS;
    return AU_OUTCOME_SUCCESS;
}

const char *au_binding_obstacle(const struct au_module_info *info, const struct au_export *export_)
{
    const struct au_func_type *type = export_->type;
    if (type->result_count > 1) return "it gives more than one value";
    if (!has_usable_result(type)) return "its result is a float";
    for (size_t param = 0; param < type->param_count; param++) {
        uint8_t kind = type->params[param];
        if (kind != AU_TYPE_I32 && kind != AU_TYPE_I64) return "a parameter is a float";
        if (!is_pair(type, param)) continue;
        if (!info->has_memory) return "it takes bytes, but there is no memory";
        if (info->has_memory_size) {
            return "it takes bytes, but the module uses memory.size or grow: arg_read reads them";
        }
        param++;
    }
    return NULL;
}

void au_binding_write(const struct au_binding *binding, uint8_t *memory, size_t memory_size)
{
    for (size_t param = 0; param < binding->param_count; param++) {
        const struct au_bytes *bytes = binding->data[param];
        if (!bytes) continue;
        uint32_t pointer = binding->values[param].u32;
        AU_ASSERT(pointer + bytes->size <= memory_size);
        memcpy(memory + pointer, bytes->data, bytes->size);
    }
}
