/* A counter up to a limit: what the caller calls. */
#include "aureon_contract.h"

AUREON_CONTRACT(limited, 1.0.0)

AUREON_STORAGE(total, u64, "total")
AUREON_STORAGE(limit, u64, "limit")

AUREON_ERROR(1, Full, "the total would exceed the limit", (u64, limit))

AUREON_FN(init, void, init, "Sets the limit", (u64, limit))
{
    limit_set(limit);
}

AUREON_FN(increment, u64, payable, "Adds by and returns the total", (u64, by))
{
    uint64_t total = aureon_add(total_get(), by);
    if (total > limit_get()) fail_Full(limit_get());
    total_set(total);
    return total;
}

AUREON_FN(get, u64, view, "The total")
{
    return total_get();
}
