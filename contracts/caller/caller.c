/* A contract that works by another one: a counter, whose address is given to it. */
#include "aureon_contract.h"

AUREON_CONTRACT(caller, 1.0.0)

AUREON_ERROR(1, CallFailed, "the call of the counter failed", (u8, outcome))

AUREON_REMOTE(counter, u64, increment, (u64, by))
AUREON_REMOTE(counter, u64, get)

static uint64_t increment_with(aureon_address contract, uint64_t value, uint32_t flags)
{
    struct aureon_target target = {contract, value, 0, flags};
    uint64_t sum = 0;
    enum aureon_outcome outcome = counter_increment(target, 1, &sum);
    if (outcome != AUREON_SUCCESS) fail_CallFailed((uint8_t)outcome);
    return sum;
}

AUREON_FN(increment, u64, payable, "Passes its value on, and has the counter add 1",
          (address, contract))
{
    return increment_with(contract, aureon_value(), 0);
}

AUREON_FN(get, u64, view, "What the counter says, which may not write", (address, contract))
{
    struct aureon_target target = {contract, 0, 0, AUREON_CALL_VIEW};
    uint64_t total = 0;
    enum aureon_outcome outcome = counter_get(target, &total);
    if (outcome != AUREON_SUCCESS) fail_CallFailed((uint8_t)outcome);
    return total;
}

AUREON_FN(increment_in_view, u64, mut, "Has the counter write in a view, which fails",
          (address, contract))
{
    return increment_with(contract, 0, AUREON_CALL_VIEW);
}
