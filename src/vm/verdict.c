#include "vm/verdict.h"

enum au_err au_verdict_of(struct au_instance *instance, const struct au_frame_end *end,
                          struct au_verdict *out_verdict)
{
    /* A handler's word comes first. Its steps count: the gas counter still has the value from
     * before the host call. */
    if (instance->end_err != AU_OK) return instance->end_err;
    if (instance->has_ended) {
        *out_verdict = (struct au_verdict){instance->end_outcome, instance->end_detail};
        return AU_OK;
    }

    instance->steps_left = end->steps_left > 0 ? end->steps_left : 0;
    if (end->steps_left < 0) {
        *out_verdict = (struct au_verdict){AU_OUTCOME_OUT_OF_GAS, 0};
        return AU_OK;
    }
    if (end->kind == AU_FRAME_RETURNED) {
        *out_verdict = (struct au_verdict){AU_OUTCOME_SUCCESS, 0};
        return AU_OK;
    }
    if (end->units_left == AU_UNITS_GROW_REFUSED) return AU_ERR_ENGINE;
    if (end->units_left < 0) {
        *out_verdict = (struct au_verdict){AU_OUTCOME_STACK_LIMIT, 0};
        return AU_OK;
    }
    if (end->kind == AU_FRAME_FAILED || end->trap_detail == 0) return AU_ERR_ENGINE;
    *out_verdict = (struct au_verdict){AU_OUTCOME_TRAPPED, end->trap_detail};
    return AU_OK;
}
