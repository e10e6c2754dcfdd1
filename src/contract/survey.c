#include "contract/survey.h"

#include "contract/host.h"
#include "core/limits.h"

static uint64_t gas_of(uint64_t steps)
{
    return (steps + AU_STEPS_PER_GAS - 1) / AU_STEPS_PER_GAS;
}

enum au_err au_survey_make(struct au_bytes code, struct au_survey *out_survey,
                           struct au_reject *out_reject)
{
    struct au_buf prepared;
    struct au_module_info *info;
    au_buf_init(&prepared, AU_PREPARED_SIZE_MAX);
    enum au_err err = au_module_prepare(code, &au_host_env, &prepared, &info, out_reject);
    if (err == AU_OK) {
        *out_survey = (struct au_survey){
            .info = info,
            .prepared_size = prepared.size,
            .entry_gas = gas_of((uint64_t)au_frame_entry_steps(info)),
            .compile_gas = gas_of(info->compile_steps),
        };
    }
    au_buf_done(&prepared);
    return err;
}

void au_survey_done(struct au_survey *survey)
{
    au_module_info_free(survey->info);
}
