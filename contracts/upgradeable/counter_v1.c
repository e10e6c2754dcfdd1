/* A counter as it was first deployed. */
#include "aureon_contract.h"

AUREON_CONTRACT(counter_v1, 1.0.0)
AUREON_STORAGE(total, u64, "total")

AUREON_FN(increment, u64, mut, "Adds one")
{
    total_set(aureon_add(total_get(), 1));
    return total_get();
}

AUREON_FN(get, u64, view, "The total")
{
    return total_get();
}
