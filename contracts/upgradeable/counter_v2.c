/* The same counter later: it counts calls besides, in a record that takes the old total's place. */
#include "aureon_contract.h"

AUREON_CONTRACT(counter_v2, 2.0.0)

AUREON_STRUCT(State, (u64, total), (u64, calls))
AUREON_STORAGE(total, u64, "total")
AUREON_STORAGE(state, State, "state")

AUREON_FN(migrate, void, migrate, "Moves the total of version 1 into the record")
{
    AUREON_REQUIRE(!state_has(), "version 2 was there before");
    state_set((struct State){total_get(), 0});
    total_delete();
}

AUREON_FN(increment, u64, mut, "Adds by", (u64, by))
{
    struct State state = state_get();
    state.total = aureon_add(state.total, by);
    state.calls = aureon_add(state.calls, 1);
    state_set(state);
    return state.total;
}

AUREON_FN(get, u64, view, "The total")
{
    return state_get().total;
}

AUREON_FN(calls, u64, view, "Calls of increment since version 2")
{
    return state_get().calls;
}
