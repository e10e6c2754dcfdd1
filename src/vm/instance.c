/* What handlers do to the frame that called them. */
#include "vm/engine.h"

bool au_instance_charge(struct au_instance *instance, int64_t steps)
{
    AU_ASSERT(steps >= 0);
    AU_ASSERT(instance->steps_left >= 0);
    if (steps <= instance->steps_left) {
        instance->steps_left -= steps;
        return true;
    }
    instance->steps_left = 0;
    (void)au_instance_end(instance, AU_OUTCOME_OUT_OF_GAS, 0);
    return false;
}

enum au_host_next au_instance_end(struct au_instance *instance, enum au_outcome outcome,
                                  uint32_t detail)
{
    instance->has_ended = true;
    instance->end_outcome = outcome;
    instance->end_detail = detail;
    return AU_HOST_STOP;
}

enum au_host_next au_instance_reject(struct au_instance *instance, enum au_host_detail reason)
{
    uint32_t detail = instance->entry->number * 256 + (uint32_t)reason;
    return au_instance_end(instance, AU_OUTCOME_HOST_REJECTED, detail);
}

enum au_host_next au_instance_fail(struct au_instance *instance, enum au_err err)
{
    AU_ASSERT(err != AU_OK);
    instance->end_err = err;
    return AU_HOST_STOP;
}
