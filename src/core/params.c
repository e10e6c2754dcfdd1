#include "core/params.h"

const struct au_param_info au_param_infos[AU_PARAM_COUNT] = {
#define AU_PARAM(name, preset, min, max, text) \
    {#name, text, offsetof(struct au_params, name), (preset), (min), (max)},
#include "abi/params.def"
#undef AU_PARAM
};

static uint64_t value_of(const struct au_params *params, const struct au_param_info *info)
{
    uint64_t value;
    memcpy(&value, (const uint8_t *)params + info->offset, sizeof(value));
    return value;
}

struct au_params au_params_default(void)
{
    return (struct au_params){
#define AU_PARAM(name, preset, min, max, text) .name = (preset),
#include "abi/params.def"
#undef AU_PARAM
    };
}

const struct au_param_info *au_params_find_bad(const struct au_params *params)
{
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        const struct au_param_info *info = &au_param_infos[i];
        uint64_t value = value_of(params, info);
        if (value < info->min || value > info->max) return info;
    }
    return NULL;
}

void au_params_encode(struct au_buf *buf, const struct au_params *params)
{
    for (size_t i = 0; i < AU_PARAM_COUNT; i++) {
        au_buf_put_u64(buf, value_of(params, &au_param_infos[i]));
    }
}

void au_params_decode(struct au_decode *decode, struct au_params *out_params)
{
#define AU_PARAM(name, preset, min, max, text) out_params->name = au_decode_u64(decode);
#include "abi/params.def"
#undef AU_PARAM
    if (au_params_find_bad(out_params)) au_decode_fail(decode, "a parameter out of its range");
}
