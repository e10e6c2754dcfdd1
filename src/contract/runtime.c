#include "contract/runtime.h"

#include <string.h>

#include "base/mem.h"
#include "contract/host.h"
#include "crypto/sha256.h"

#define PARALLEL_DEFAULT     16u
#define PARALLEL_MAX         1000u
#define MODULE_CACHE_DEFAULT ((uint64_t)256 << 20) /* bytes */

const char *au_version(void)
{
    return AUREON_VERSION;
}

enum au_err au_runtime_new(const struct au_runtime_options *options,
                           struct au_runtime **out_runtime)
{
    struct au_runtime_options wanted = options ? *options : (struct au_runtime_options){0};
    if (wanted.parallel_max == 0) wanted.parallel_max = PARALLEL_DEFAULT;
    if (wanted.module_cache_size == 0) wanted.module_cache_size = MODULE_CACHE_DEFAULT;
    if (wanted.parallel_max > PARALLEL_MAX) return AU_ERR_INVALID_ARG;

    struct au_runtime *runtime = au_mem_new(sizeof(*runtime));
    if (!runtime) return AU_ERR_NO_MEMORY;
    enum au_err err = au_scratch_pool_init(&runtime->scratches, wanted.parallel_max);
    if (err != AU_OK) goto free_runtime;
    struct au_engine_options engine_options = {
        .instances_max = wanted.parallel_max,
        .cache_size = wanted.module_cache_size,
        .optimize_none = wanted.optimize_none,
        .helper = wanted.helper,
    };
    err = au_engine_new(&engine_options, &au_host_env, &runtime->engine);
    if (err != AU_OK) goto done_scratches;
    *out_runtime = runtime;
    return AU_OK;

done_scratches:
    au_scratch_pool_done(&runtime->scratches);
free_runtime:
    au_mem_free(runtime);
    return err;
}

void au_runtime_free(struct au_runtime *runtime)
{
    if (!runtime) return;
    au_engine_free(runtime->engine);
    au_scratch_pool_done(&runtime->scratches);
    au_mem_free(runtime);
}

enum au_err au_module_check(struct au_bytes code, struct au_reject *out_reject)
{
    struct au_module_info *info;
    AU_TRY(au_module_prepare(code, &au_host_env, NULL, &info, out_reject));
    au_module_info_free(info);
    return AU_OK;
}

enum au_err au_module_load(struct au_runtime *runtime, struct au_bytes code,
                           struct au_module **out_module, struct au_reject *out_reject)
{
    struct au_module *module = au_mem_new(sizeof(*module) + code.size);
    if (!module) return AU_ERR_NO_MEMORY;
    enum au_err err = au_engine_load(runtime->engine, code, &module->loaded, out_reject);
    if (err != AU_OK) {
        au_mem_free(module);
        return err;
    }
    module->runtime = runtime;
    module->code_hash = au_sha256(code);
    module->code_size = code.size;
    memcpy(module->code, code.data, code.size);
    *out_module = module;
    return AU_OK;
}

void au_module_free(struct au_module *module)
{
    if (!module) return;
    au_loaded_release(module->loaded);
    au_mem_free(module);
}

enum au_err au_wat_to_wasm(struct au_bytes text, struct au_bytes *out_code, char *out_message,
                           size_t message_size)
{
    struct au_buf code;
    au_buf_init(&code, SIZE_MAX);
    enum au_err err = au_engine_wat_to_wasm(text, &code, out_message, message_size);
    if (err != AU_OK) {
        au_buf_done(&code);
        return err;
    }
    *out_code = au_buf_bytes(&code);
    return AU_OK;
}
