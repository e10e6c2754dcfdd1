/* A counter that is kept in storage. */
#include "aureon_contract.h"

AUREON_CONTRACT(counter, 1.0.0)

AUREON_STORAGE(counter, u64, "counter")
AUREON_ERROR(1, Overflow, "the counter would exceed 64 bits", (u64, counter), (u64, by))
AUREON_EVENT(Incremented, "by was added", (address, who, topic), (u64, by), (u64, counter))

AUREON_FN(init, void, init, "Sets the counter to 0")
{
    counter_set(0);
}

AUREON_FN(increment, u64, payable, "Adds by, or 1, and returns the sum", (u64, by, 1))
{
    uint64_t sum;
    if (!aureon_try_add(counter_get(), by, &sum)) fail_Overflow(counter_get(), by);
    counter_set(sum);
    emit_Incremented(aureon_get_caller(), by, sum);
    AUREON_LOG("counter = ", sum);
    return sum;
}

AUREON_FN(get, u64, view, "The counter; 0 before the first write")
{
    return counter_get();
}
